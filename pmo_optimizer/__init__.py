"""Which projects to fund, when each phase runs and who works on it, with proof.

The public names. They are loaded when they are first used, so that ``import pmo_optimizer``
costs next to nothing: no solver is imported before `optimize` runs one.

Examples
--------
>>> import pmo_optimizer as pmo
>>> portfolio = pmo.Portfolio.parse({
...     "calendar": {"start": "2027-01-01", "periods": 12},
...     "projects": [{"id": "P1", "value": 5, "phases": [{"duration": 3}]}],
... })
>>> portfolio.raw_value(portfolio.projects[0])
Fraction(5, 1)
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmo_optimizer import people, referee
    from pmo_optimizer.checks import check, check_data, require_valid, suggestion
    from pmo_optimizer.hiring import HireWorth, hire_worth
    from pmo_optimizer.model import (
        FTE_STEP,
        MAX_CONSISTENCY_RATIO,
        NEED_TOLERANCE,
        SCHEMA_VERSION,
        Absence,
        Alignment,
        Allocation,
        AllOrNone,
        Amounts,
        Anchor,
        AverageRule,
        BaselinePhase,
        BaselineProject,
        Benefit,
        Breach,
        Calendar,
        Cap,
        Choose,
        Comparison,
        CostLine,
        CountRule,
        Criterion,
        Decision,
        Dedication,
        EngineError,
        EngineInfo,
        Excludes,
        Filter,
        Finding,
        Frozen,
        Fund,
        FundSplit,
        FundUse,
        Grain,
        Hire,
        HireOrder,
        Id,
        IfUnselected,
        Incumbent,
        InvalidInput,
        Kpis,
        Link,
        LinkType,
        Measure,
        Method,
        Mode,
        Need,
        Number,
        Objective,
        Person,
        PersonClass,
        Phase,
        PhasePlan,
        Pin,
        Plan,
        PmoError,
        Pool,
        Portfolio,
        Preference,
        Project,
        ProjectKpi,
        ProjectPlan,
        ProjectYears,
        Requires,
        Rule,
        Saving,
        Sense,
        Severity,
        ShareRule,
        Site,
        Skill,
        SkillLoad,
        Staffing,
        StaffingGoals,
        StartsRule,
        State,
        Status,
        SupplierKind,
        Synergy,
        Term,
        Termination,
        TermName,
        TermResult,
        UnmetNeed,
        UnmetReason,
        Unsupported,
        UtilizationRule,
        Version,
        Violation,
        Weekday,
        When,
        discount,
        read_file,
        validated,
        write_file,
    )
    from pmo_optimizer.optimize import optimize
    from pmo_optimizer.staff import staff

__version__ = "0.1.0"

__all__ = [
    "FTE_STEP",
    "MAX_CONSISTENCY_RATIO",
    "NEED_TOLERANCE",
    "SCHEMA_VERSION",
    "Absence",
    "Alignment",
    "AllOrNone",
    "Allocation",
    "Amounts",
    "Anchor",
    "AverageRule",
    "BaselinePhase",
    "BaselineProject",
    "Benefit",
    "Breach",
    "Calendar",
    "Cap",
    "Choose",
    "Comparison",
    "CostLine",
    "CountRule",
    "Criterion",
    "Decision",
    "Dedication",
    "EngineError",
    "EngineInfo",
    "Excludes",
    "Filter",
    "Finding",
    "Frozen",
    "Fund",
    "FundSplit",
    "FundUse",
    "Grain",
    "Hire",
    "HireOrder",
    "HireWorth",
    "Id",
    "IfUnselected",
    "Incumbent",
    "InvalidInput",
    "Kpis",
    "Link",
    "LinkType",
    "Measure",
    "Method",
    "Mode",
    "Need",
    "Number",
    "Objective",
    "Person",
    "PersonClass",
    "Phase",
    "PhasePlan",
    "Pin",
    "Plan",
    "PmoError",
    "Pool",
    "Portfolio",
    "Preference",
    "Project",
    "ProjectKpi",
    "ProjectPlan",
    "ProjectYears",
    "Requires",
    "Rule",
    "Saving",
    "Sense",
    "Severity",
    "ShareRule",
    "Site",
    "Skill",
    "SkillLoad",
    "Staffing",
    "StaffingGoals",
    "StartsRule",
    "State",
    "Status",
    "SupplierKind",
    "Synergy",
    "Term",
    "TermName",
    "TermResult",
    "Termination",
    "UnmetNeed",
    "UnmetReason",
    "Unsupported",
    "UtilizationRule",
    "Version",
    "Violation",
    "Weekday",
    "When",
    "check",
    "check_data",
    "discount",
    "hire_worth",
    "optimize",
    "people",
    "read_file",
    "referee",
    "require_valid",
    "staff",
    "suggestion",
    "validated",
    "write_file",
]

_HOME = MappingProxyType(
    {
        "check": "pmo_optimizer.checks",
        "check_data": "pmo_optimizer.checks",
        "require_valid": "pmo_optimizer.checks",
        "suggestion": "pmo_optimizer.checks",
        "HireWorth": "pmo_optimizer.hiring",
        "hire_worth": "pmo_optimizer.hiring",
        "optimize": "pmo_optimizer.optimize",
        "people": "pmo_optimizer.people",
        "referee": "pmo_optimizer.referee",
        "staff": "pmo_optimizer.staff",
    }
)
"""Where a public name lives; every other one is of the model."""

_MODULES = frozenset({"people", "referee"})
"""Public names that are modules themselves."""

_FUNCTIONS = frozenset({"optimize", "staff"})
"""Public functions in a module of the same name."""


class _Package(ModuleType):
    """The package, on which ``optimize`` and ``staff`` are the functions, never their modules.

    Importing a submodule sets it as an attribute of its package; without this the modules
    ``pmo_optimizer.optimize`` and ``pmo_optimizer.staff`` would hide the functions of that name.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _FUNCTIONS and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

if not TYPE_CHECKING:  # type checkers see the imports above, and refuse unknown names

    def __getattr__(name: str) -> object:
        """Load a public name on first use."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(_HOME.get(name, "pmo_optimizer.model"))
        value = module if name in _MODULES else getattr(module, name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
