"""The sheets and columns of the portfolio workbook, described once.

Writer, template, reader, comments at cells and the sheet README are all made from this.
"""

from __future__ import annotations

from pmo_optimizer.formats.workbook.layout import Sheet
from pmo_optimizer.formats.workbook.sheets.limits import CAPS, FUNDS, RULES
from pmo_optimizer.formats.workbook.sheets.portfolio import (
    BASELINE,
    COMPARISONS,
    CRITERIA,
    OBJECTIVE,
    SETTINGS,
)
from pmo_optimizer.formats.workbook.sheets.scenarios import SCENARIOS
from pmo_optimizer.formats.workbook.sheets.staff import (
    ABSENCES,
    DEDICATIONS,
    HIRES,
    HOLIDAYS,
    PEOPLE,
    POOLS,
    PREFERENCES,
    SITES,
    SKILLS,
)
from pmo_optimizer.formats.workbook.sheets.work import (
    COSTS,
    GROUPS,
    LINKS,
    NEEDS,
    PHASES,
    PROJECTS,
)

SHEETS: tuple[Sheet, ...] = (
    CRITERIA,
    COMPARISONS,
    SKILLS,
    PROJECTS,
    PHASES,
    NEEDS,
    COSTS,
    PEOPLE,
    ABSENCES,
    PREFERENCES,
    DEDICATIONS,
    POOLS,
    HIRES,
    SITES,
    HOLIDAYS,
    FUNDS,
    CAPS,
    LINKS,
    GROUPS,
    RULES,
    OBJECTIVE,
    BASELINE,
)
"""Sheets of the portfolio; those of parents come first."""

README_TITLE, SETTINGS_TITLE, META_TITLE = "README", "Settings", "_meta"
"""Sheets that hold no rows of objects."""

FINDINGS_TITLE = "Findings"
"""Sheet of what is wrong, in commented copies; it is not read."""

__all__ = [
    "FINDINGS_TITLE",
    "META_TITLE",
    "README_TITLE",
    "SCENARIOS",
    "SETTINGS",
    "SETTINGS_TITLE",
    "SHEETS",
]
