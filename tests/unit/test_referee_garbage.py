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
    Portfolio,
    ProjectPlan,
    Staffing,
    Status,
    SupplierKind,
    Termination,
    UnmetNeed,
    UnmetReason,
)
from pmo_optimizer.referee import check, disagreements, shortfalls
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


UNMET = st.builds(
    UnmetNeed.model_construct,
    project=st.sampled_from(["A", "x"]),
    phase=st.sampled_from(["a1", "a2"]),
    need=st.sampled_from(["dev", "test"]),
    skill=st.sampled_from(["dev", "x"]),
    period=st.none() | PERIODS,
    fte=NUMBERS,
    reason=st.sampled_from(UnmetReason),
)


def named() -> Portfolio:
    """Return the portfolio with an effort, heads, and limits of people."""
    data = base()[0].to_data()
    first, second = data["projects"][0]["phases"]
    effort = {"effort": 1, "min_fte": 0.1, "max_fte": 0.6, "must": ["ann"], "continuous": True}
    first["modes"][0]["needs"] = [{"id": "dev", "skill": "dev", **effort}]
    second["modes"][0]["needs"] = [{"id": "test", "skill": "test", "heads": 1, "share": 0.5}]
    second["pin"] = {"people": ["bob"]}
    data["people"][1] |= {"max_projects": 1, "min_share": 0.2}
    return Portfolio.parse(data)


@settings(max_examples=100, deadline=None)
@given(
    projects=few(PROJECTS),
    work=few(ALLOCATIONS),
    hires=few(HIRES),
    unmet=few(UNMET),
    fully=st.sampled_from([True, False, None]),
)
def test_any_named_plan_is_judged(
    projects: tuple[ProjectPlan, ...],
    work: tuple[Allocation, ...],
    hires: tuple[HireOrder, ...],
    unmet: tuple[UnmetNeed, ...],
    fully: bool | None,
) -> None:
    """Random pieces of a named staffing always get a verdict, and reasons for what is short."""
    subject = named()
    plan = Plan.model_construct(
        digest=subject.digest(),
        status=Status.FEASIBLE,
        termination=Termination.GAP,
        projects=projects,
        allocations=work,
        hires=hires,
        staffing=Staffing.NAMED,
        fully_staffed=fully,
        unmet=unmet,
    )
    report = check(subject, plan)
    assert report.violations
    assert all(item.message for item in report.unmet)
    assert shortfalls(subject, plan) == report.unmet
    assert disagreements(plan, report)
