"""Names and numbers of the format (mspdi_pj12.xsd), and the custom fields that we use."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from pmo_optimizer.model import Grain, LinkType

NAMESPACE = "http://schemas.microsoft.com/project"

MARK = "pmo-optimizer 1"
"""Value of the first custom field of the project summary task in files that we wrote."""

LINK_TYPES = MappingProxyType({LinkType.FF: 0, LinkType.FS: 1, LinkType.SF: 2, LinkType.SS: 3})
"""Numbers of the kinds of links."""

LAG_IN_DAYS = 7
"""Format of a lag in working days; the amount itself is in tenths of a minute."""

ELAPSED = frozenset({4, 6, 8, 10, 12, 20, 36, 38, 40, 42, 44, 52})
"""Formats of durations and lags that count every hour of the day and every day."""

PERCENT = frozenset({19, 20, 51, 52})
"""Formats of lags that are a percentage of the predecessor's duration."""

START_NO_EARLIER = 4
"""Constraint: start no earlier than."""

WORK_RESOURCE = 1
"""Type of a resource whose time is planned; 0 is material, 2 is cost."""

CONTOURED = 8
"""Contour of an assignment whose work differs from period to period."""

RATE_FORMATS = MappingProxyType(
    {Grain.DAY: 3, Grain.WEEK: 4, Grain.MONTH: 5, Grain.QUARTER: 5, Grain.YEAR: 7}
)
"""Formats of a standard rate per day, week, month (also for quarters) and year."""

ACCRUAL = MappingProxyType({"start": 1, "prorated": 2, "end": 3})
"""When a fixed cost of a task falls."""

LONGEST_FIELD = 255
"""Characters of a custom text field, and of names."""


class TaskField(StrEnum):
    """Custom fields of tasks: Text1 to Text4."""

    ID = "188743731"
    MODE = "188743734"
    PERIODS = "188743737"
    LINKS = "188743740"


class ResourceField(StrEnum):
    """Custom fields of resources: Text1 to Text3."""

    ID = "205520904"
    KIND = "205520905"
    SKILLS = "205520926"


class AssignmentField(StrEnum):
    """Custom fields of assignments: Text1 and Text2."""

    NEED = "255852632"
    SKILL = "255852633"


ALIASES = MappingProxyType(
    {
        TaskField.ID: ("Text1", "PMO id"),
        TaskField.MODE: ("Text2", "PMO mode"),
        TaskField.PERIODS: ("Text3", "PMO periods"),
        TaskField.LINKS: ("Text4", "PMO links"),
        ResourceField.ID: ("Text1", "PMO id"),
        ResourceField.KIND: ("Text2", "PMO kind"),
        ResourceField.SKILLS: ("Text3", "PMO skills"),
        AssignmentField.NEED: ("Text1", "PMO need"),
        AssignmentField.SKILL: ("Text2", "PMO skill"),
    }
)
"""Name of each custom field in MS Project, and what it is called in ours."""
