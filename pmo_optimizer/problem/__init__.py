"""Portfolio -> Problem: indexed, scaled to integers, in canonical order.

The one module that engines read; see `pmo_optimizer.problem.data` for what is in it.
"""

from pmo_optimizer.problem.compile import compile_problem
from pmo_optimizer.problem.data import (
    NAMED_STAFFING,
    BaselineData,
    Bucket,
    CapData,
    Ceiling,
    CountRow,
    Demand,
    Feature,
    Flow,
    FundData,
    HireData,
    MeasureRow,
    ModeData,
    PhaseData,
    Precedence,
    Problem,
    ProjectData,
    ProjectLink,
    SelectionRow,
    Supplier,
    SynergyData,
    TermData,
)

__all__ = [
    "NAMED_STAFFING",
    "BaselineData",
    "Bucket",
    "CapData",
    "Ceiling",
    "CountRow",
    "Demand",
    "Feature",
    "Flow",
    "FundData",
    "HireData",
    "MeasureRow",
    "ModeData",
    "PhaseData",
    "Precedence",
    "Problem",
    "ProjectData",
    "ProjectLink",
    "SelectionRow",
    "Supplier",
    "SynergyData",
    "TermData",
    "compile_problem",
]
