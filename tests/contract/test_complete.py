"""The tables leave out no rule that a plan can break."""

from __future__ import annotations

import pytest

from pmo_optimizer.problem import compile_problem
from pmo_optimizer.referee import Code
from pmo_solvers.time_indexed import LinearModel
from pmo_solvers.time_indexed.schedule import Schedule
from tests.contract.builders import crowded, parsed
from tests.contract.cases import BINDING, SOFT
from tests.contract.cases.row import Binding

FORM = {
    Code.WRONG_PORTFOLIO,
    Code.ABSURD_NUMBER,
    Code.UNKNOWN_PROJECT,
    Code.UNKNOWN_PHASE,
    Code.UNKNOWN_MODE,
    Code.UNKNOWN_NEED,
    Code.UNKNOWN_SUPPLIER,
    Code.UNKNOWN_HIRE,
    Code.UNKNOWN_FUND,
    Code.UNKNOWN_LINE,
    Code.PROJECT_MISSING,
    Code.PROJECT_TWICE,
    Code.PHASE_MISSING,
    Code.PHASE_TWICE,
    Code.PHASE_END,
    Code.PROJECT_DATES,
    Code.UNSELECTED_PHASES,
    Code.DONE_DECISION,
    Code.NEGATIVE_START,
    Code.ALLOCATION_UNSELECTED,
    Code.ALLOCATION_MODE,
    Code.ALLOCATION_PERIOD,
    Code.NEGATIVE_SHARE,
    Code.SUPPLIER_LACKS_SKILL,
    Code.OVERLOAD_UNPRICED,
    Code.HIRE_HEADS,
    Code.SPLIT_CLOSED_LINE,
    Code.SPLIT_NEGATIVE,
    Code.SPLIT_SUM,
    Code.CLAIM_MISSING,
    Code.CLAIM_OBJECTIVE,
    Code.CLAIM_TERM,
    Code.CLAIM_KPI,
    Code.CLAIM_BOUND,
    Code.CLAIM_GAP,
    Code.CLAIM_OPTIMAL,
}
"""Faults of a plan's form and of its claims, which no rule of a portfolio can cause or lift."""

STAFFING = {
    Code.EFFORT_RATE,
    Code.CLASS_IN_NAMED,
    Code.SHARE_STEP,
    Code.MAX_PROJECTS,
    Code.DEDICATION,
    Code.STAFF_BUDGET,
    Code.SHARE_TOO_SMALL,
    Code.HEAD_SHARE,
    Code.HEADS_MISSING,
    Code.NOT_CONTINUOUS,
    Code.MUST_PERSON,
    Code.MUST_NOT_PERSON,
    Code.PINNED_PEOPLE,
    Code.CLAIM_STAFFED,
    Code.CLAIM_UNMET,
}
"""Rules of effort and of single people, which have tests of their own."""

SOFT_KINDS = {
    "overload",
    "utilization",
    "fund",
    "cap",
    "share",
    "count",
    "starts",
    "average",
    "due",
}
"""Everything that may have a price (formulation, sections 4 to 7)."""


def test_every_hard_rule_has_a_row() -> None:
    """What the referee may call broken is broken by the plan of some row without its rule."""
    covered = {code for row in BINDING for code in row.broken or ()}
    assert covered == set(Code) - FORM - STAFFING


def test_every_row_changes_the_best_plan() -> None:
    """A row whose two values are equal would show nothing."""
    assert [row.name for row in BINDING if row.kept == row.dropped] == []


def test_every_soft_limit_has_a_row() -> None:
    """Each kind of breach is paid for somewhere."""
    assert {breach[0] for row in SOFT for breach in row.breaches} == SOFT_KINDS


@pytest.mark.parametrize("names", [[r.name for r in BINDING], [r.name for r in SOFT]])
def test_every_row_has_a_name_of_its_own(names: list[str]) -> None:
    """Names tell rows apart."""
    assert len(names) == len(set(names))


def test_the_crowded_form_is_planned_phase_by_phase() -> None:
    """Only where the mode is pinned is there a column for every schedule, as in the plain form."""
    assert [row.name for row in BINDING if _has_patterns(row)] == ["pin of a mode"]


def _has_patterns(row: Binding) -> bool:
    problem = compile_problem(parsed(crowded(row.portfolio)))
    return any(Schedule(problem, LinearModel()).patterns)
