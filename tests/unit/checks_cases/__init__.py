"""For every rule code: minimal portfolios in which that code, and no other, is found."""

from __future__ import annotations

from tests.unit.checks_cases.choices import GOAL_CASES, SELECTION_CASES
from tests.unit.checks_cases.dates import DATE_CASES
from tests.unit.checks_cases.ids import ID_CASES
from tests.unit.checks_cases.numbers import NUMBER_CASES
from tests.unit.checks_cases.parts import Case, data, work
from tests.unit.checks_cases.resources import MONEY_CASES, PEOPLE_CASES, STRATEGY_CASES
from tests.unit.checks_cases.times import LINK_CASES, PROJECT_CASES, TIME_CASES

CASES = (
    *ID_CASES,
    *NUMBER_CASES,
    *DATE_CASES,
    *STRATEGY_CASES,
    *PEOPLE_CASES,
    *MONEY_CASES,
    *PROJECT_CASES,
    *TIME_CASES,
    *LINK_CASES,
    *SELECTION_CASES,
    *GOAL_CASES,
)
"""Every rule code has at least one case."""

__all__ = ["CASES", "Case", "data", "work"]
