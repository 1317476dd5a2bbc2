"""No plan, however faulty, makes the referee itself fail."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pmo_optimizer.model import (
    Allocation,
    FundSplit,
    HireOrder,
    PhasePlan,
    Plan,
    ProjectPlan,
    Status,
    SupplierKind,
    Termination,
)
from pmo_optimizer.referee import check, disagreements
from tests.unit.referee_cases import ANN, BOB, base

Item = TypeVar("Item")

PERIODS = st.one_of(st.integers(-2, 14), st.sampled_from([-(10**400), 10**400]))
NUMBERS = st.one_of(
    st.sampled_from(
        [Decimal(text) for text in ("NaN", "Infinity", "-1", "1E+999", "1E-999", "0.5", "4")]
    ),
    st.decimals(-5, 5, places=3),
)


def few(item: SearchStrategy[Item]) -> SearchStrategy[tuple[Item, ...]]:
    """Return tuples of at most four."""
    return st.lists(item, max_size=4).map(tuple)


# Items are made without validation: a caller may copy and change them.
PHASES = st.builds(
    PhasePlan.model_construct,
    phase=st.sampled_from(["a1", "a2", "d1", "e1", "x"]),
    mode=st.sampled_from(["normal", "fast", "x"]),
    start=PERIODS,
    end=PERIODS,
)
PROJECTS = st.builds(
    ProjectPlan.model_construct,
    project=st.sampled_from([*"ABCDE", "x"]),
    selected=st.booleans(),
    start=st.none() | PERIODS,
    finish=st.none() | PERIODS,
    phases=few(PHASES),
)
ALLOCATIONS = st.builds(
    Allocation.model_construct,
    kind=st.sampled_from(SupplierKind),
    supplier=st.sampled_from([ANN, BOB, "ann", "bob", "temp", "dev", "x"]),
    project=st.sampled_from(["A", "D", "x"]),
    phase=st.sampled_from(["a1", "a2", "x"]),
    need=st.sampled_from(["dev", "test", "rush", "x"]),
    start=PERIODS,
    shares=few(NUMBERS),
)
HIRES = st.builds(
    HireOrder.model_construct,
    hire=st.sampled_from(["temp", "x"]),
    period=PERIODS,
    heads=st.one_of(st.integers(-1, 3), st.just(10**400)),
)
SPLITS = st.builds(
    FundSplit.model_construct,
    line=st.sampled_from(["A/a1/normal/costs/capex", "B/costs/cost", "hire/temp", "x"]),
    fund=st.sampled_from(["main", "side", "x"]),
    period=PERIODS,
    amount=NUMBERS,
)


@settings(max_examples=100, deadline=None)
@given(projects=few(PROJECTS), work=few(ALLOCATIONS), hires=few(HIRES), splits=few(SPLITS))
def test_any_plan_is_judged(
    projects: tuple[ProjectPlan, ...],
    work: tuple[Allocation, ...],
    hires: tuple[HireOrder, ...],
    splits: tuple[FundSplit, ...],
) -> None:
    """A plan of random pieces, with five projects to decide on, always gets a verdict."""
    subject, _ = base()
    plan = Plan.model_construct(
        digest=subject.digest(),
        status=Status.FEASIBLE,
        termination=Termination.GAP,
        projects=projects,
        allocations=work,
        hires=hires,
        fund_splits=splits,
    )
    report = check(subject, plan)
    # Four pieces cannot decide on five projects.
    assert report.violations
    assert all(map(isfinite, report.kpis.terms.values()))
    assert disagreements(plan, report)
