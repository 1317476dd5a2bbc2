"""Raw decisions to plans and back: ids, exact decimals, what does not fit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

import pytest

from pmo_optimizer.backend import (
    Certificate,
    Decisions,
    Outcome,
    PhaseDecision,
    Share,
    Split,
    Stage,
)
from pmo_optimizer.decode import allocations_of, decimal, plan_parts, start_of
from pmo_optimizer.model import (
    HireOrder,
    PhasePlan,
    Plan,
    Portfolio,
    ProjectPlan,
    Status,
    SupplierKind,
    Termination,
)
from pmo_optimizer.problem import compile_problem
from tests.brute.enumerate import combinations
from tests.brute.evaluate import Evaluator
from tests.brute.random_portfolio import random_portfolio
from tests.unit.problem_cases import decided, decisions_of, portfolio, project, worker

CLASS = SupplierKind.CLASS


def planned(
    subject: Portfolio, decisions: Decisions | None, certificate: Certificate | None = None
) -> Plan:
    """Return the plan that decisions mean."""
    outcome = Outcome(
        Status.FEASIBLE,
        Termination.GAP,
        (Stage(1.0, 2.0),),
        decisions,
        certificate or Certificate(),
        message="told",
    )
    return plan_parts(subject, compile_problem(subject), outcome)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 10), "0.1"),
        (Fraction(7), "7"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(12345678901234567890123, 10**12), "12345678901.234567890123"),
        (Fraction(1, 10**15), "1E-15"),
    ],
)
def test_fractions_become_exact_decimals(value: Fraction, text: str) -> None:
    """No digit is lost, also beyond what a float or Python's default precision holds."""
    assert decimal(value) == Decimal(text)
    assert Fraction(decimal(value)) == value


@pytest.mark.parametrize("seed", range(10))
def test_decisions_survive_a_plan(seed: int) -> None:
    """What a plan says leads back to the same decisions, whatever the portfolio."""
    subject = random_portfolio(seed)
    compiled = compile_problem(subject)
    found = 0
    for combination in islice(combinations(Evaluator(subject)), 0, 500, 7):
        decisions = decisions_of(compiled, combination)
        plan = planned(subject, decisions)
        assert start_of(compiled, plan) == decisions
        assert start_of(compiled, Plan.parse(plan.to_data())) == decisions
        found += 1
    assert found or seed % 2 == 0


def small() -> Portfolio:
    """Return two projects, a yes or no and a done one, with a hire."""
    return portfolio(
        skills=[{"id": "dev"}],
        hires=[{"id": "new", "skill": "dev", "max_heads": 3}],
        projects=[
            project("B", 1, 2),
            {"id": "A", "earliest_start": 2},
            project("D", 1, state="done"),
            project("C", 1),
        ],
    )


def test_plans_name_everything_by_id() -> None:
    """Projects are sorted, done ones are selected without dates, dates are exact."""
    subject = small()
    decisions = decided(compile_problem(subject), A=(), B=(1, 3))
    plan = planned(subject, Decisions(decisions.selected, decisions.phases, ((0, 2, 3),)))
    assert plan.projects == (
        ProjectPlan(project="A", selected=True, start=2, finish=2),
        ProjectPlan(
            project="B",
            selected=True,
            start=1,
            finish=5,
            phases=(
                PhasePlan(phase="f1", mode="normal", start=1, end=2),
                PhasePlan(phase="f2", mode="normal", start=3, end=5),
            ),
        ),
        ProjectPlan(project="C", selected=False),
        ProjectPlan(project="D", selected=True),
    )
    assert plan.hires == (HireOrder(hire="new", period=2, heads=3),)
    assert plan.digest == subject.digest()
    assert (plan.status, plan.termination) == (Status.FEASIBLE, Termination.GAP)
    assert plan.message == "told"


def test_no_decisions_are_no_projects() -> None:
    """An infeasible outcome says its status and nothing about projects."""
    plan = planned(small(), None)
    assert plan.projects == ()
    assert start_of(compile_problem(small()), plan) is None


def test_shares_become_runs_of_periods() -> None:
    """Shares of one supplier for one need are one row, gaps are 0, doubles add up."""
    subject = portfolio(
        skills=[{"id": "dev"}],
        people=[{"id": "p", "skills": {"dev": 1}}],
        projects=[worker("A", 0.5, duration=4)],
    )

    def share(period: int, fte: Fraction) -> Share:
        return Share(CLASS, "class:dev@1", 0, 0, "dev", period, fte)

    shares = (share(3, Fraction(1, 4)), share(1, Fraction(1, 10)), share(1, Fraction(1, 5)))
    (row,) = allocations_of(compile_problem(subject), shares)
    assert (row.kind, row.supplier, row.need) == (CLASS, "class:dev@1", "dev")
    assert (row.project, row.phase, row.start) == ("A", "phase-1", 1)
    assert row.shares == (Decimal("0.3"), Decimal(0), Decimal("0.25"))


def test_splits_are_exact_money() -> None:
    """Whole units of the money scale become the decimals of the file."""
    subject = portfolio(
        funds=[
            {"id": "G", "amounts": {"total": 1}},
            {"id": "F", "amounts": {"total": "5000000000.123456789012"}},
        ],
        projects=[project("A", 1, costs=[{"lump": "5000000000.123456789012"}])],
    )
    compiled = compile_problem(subject)
    amount = compiled.projects[0].flows[0].amounts[0][1]
    certificate = Certificate(splits=(Split("A/costs/cost", 0, 2, amount),))
    (split,) = planned(subject, decided(compiled, A=2), certificate).fund_splits
    assert (split.line, split.fund, split.period) == ("A/costs/cost", "F", 2)
    assert split.amount == Decimal("5000000000.123456789012")


# -- starts from other portfolios -------------------------------------------------------------


def started(**parts: Any) -> Decisions:
    """Return what is left of a plan of `small` for another portfolio."""
    subject = small()
    decisions = decided(compile_problem(subject), A=(), B=(1, 2))
    plan = planned(subject, Decisions(decisions.selected, decisions.phases, ((0, 2, 3),)))
    found = start_of(compile_problem(portfolio(**parts)), plan)
    assert found is not None
    return found


def test_a_plan_of_another_portfolio_gives_what_it_can() -> None:
    """Projects that both know keep their place, new ones are out, unknown hires are dropped."""
    found = started(projects=[project("B", 1, 2), project("X", 1)])
    assert found == Decisions((True, False), ((PhaseDecision(0, 1), PhaseDecision(0, 2)), ()), ())


@pytest.mark.parametrize(
    "phases",
    [
        [{"id": "f1", "duration": 1}, {"id": "new", "duration": 2}],
        [{"id": "f1", "duration": 1}, {"id": "f2", "modes": [{"id": "crash", "duration": 1}]}],
        [{"id": "f1", "duration": 1}, {"id": "f2", "duration": 2}, {"id": "f3", "duration": 1}],
    ],
)
def test_projects_with_other_phases_or_modes_are_out(phases: list[dict[str, Any]]) -> None:
    """A project that the plan does not fit any more is not part of the start."""
    assert started(projects=[{"id": "B", "phases": phases}]) == Decisions((False,), ((),))


def test_modes_are_found_by_id() -> None:
    """The index of a mode may differ between the portfolios."""
    modes = [{"id": "crash", "duration": 1}, {"id": "normal", "duration": 2}]
    phases = [{"id": "f1", "duration": 1}, {"id": "f2", "modes": modes}]
    found = started(projects=[{"id": "B", "phases": phases}])
    assert found.phases == ((PhaseDecision(0, 1), PhaseDecision(1, 2)),)


def test_no_plan_is_no_start() -> None:
    """None, or a plan without projects, starts nothing."""
    compiled = compile_problem(small())
    empty = Plan(status=Status.INFEASIBLE, termination=Termination.PROVED)
    assert start_of(compiled, None) is None
    assert start_of(compiled, empty) is None
