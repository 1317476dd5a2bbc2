"""Named staffing as large plans get it: neighbourhoods instead of one program, no proofs."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pmo_optimizer import optimize, referee, staff
from pmo_optimizer.backend import Clock, Decisions, PhaseDecision
from pmo_optimizer.model import Portfolio, StaffingGoals
from pmo_optimizer.problem import compile_problem
from pmo_scenarios import generate
from pmo_solvers.named import joint, search
from pmo_solvers.named.goals import Points
from pmo_solvers.named.tasks import STEP, Reader
from tests.brute.draw_names import random_staffing
from tests.brute.named_plans import best_by_name, random_named
from tests.brute.names import least_unmet

SECONDS = 20.0
"""More than any of these takes."""

PER_ITEM = Fraction(1, 5_000)
"""FTE by which one need in one period may differ from brute force, whose shares are continuous."""


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of the work is one program, and no plan is staffed with proof."""
    monkeypatch.setattr(search, "SMALL_CELLS", 0)
    monkeypatch.setattr(search, "HOOD_CELLS", 20)
    monkeypatch.setattr(joint, "MOST_CELLS", 0)


@pytest.mark.parametrize("seed", range(25))
def test_neighbourhoods_leave_no_less_unmet_than_there_is(seed: int) -> None:
    """Whatever is unmet is at least what brute force says, and the referee finds the same items."""
    portfolio, dates = random_staffing(seed)
    named = staff(portfolio, dates, time_limit=SECONDS, workers=1)
    report = referee.check(portfolio, named)
    assert {v.rule for v in report.violations} <= referee.OPEN_NEEDS
    assert not referee.disagreements(named, report)
    unmet = sum((Fraction(item.fte) for item in named.unmet), Fraction(0))
    items = sum(
        len(m.needs) * m.duration for p in portfolio.projects for f in p.phases for m in f.modes
    )
    if named.projects:  # else no staffing was found in which all who must work do
        assert unmet >= least_unmet(portfolio, dates) - PER_ITEM * items


@pytest.mark.parametrize("seed", range(12))
def test_large_plans_are_no_better_than_the_best(seed: int) -> None:
    """Plans of which only a part is staffed are plans, within bounds that hold by brute force."""
    portfolio = random_named(seed)
    best = best_by_name(portfolio)
    plan = optimize(portfolio, staffing="named", time_limit=1, workers=2)
    assert not referee.disagreements(plan, referee.check(portfolio, plan))
    if best is None:
        assert not plan.found
    elif plan.found:
        assert plan.objective is not None
        assert plan.objective <= best + 1e-6
    if best is not None and plan.bound is not None:
        assert plan.bound >= best - 1e-6


def test_large_plans_are_staffed_in_full() -> None:
    """Plans with room to spare, thinned out and renewed, are accepted by the referee."""
    portfolio: Portfolio = generate(
        projects=14, periods=12, skills=4, people=16, seed=1, named=True
    )
    plan = optimize(portfolio, staffing="named", time_limit=8, workers=2)
    assert plan.found
    assert plan.fully_staffed
    report = referee.check(portfolio, plan)
    assert not report.violations
    assert not referee.disagreements(plan, report)
    assert len(plan.selected) >= 3


def test_the_cheap_project_makes_room_for_the_dear_one() -> None:
    """Of two that need the only developer the one of less value goes, also if it has them."""
    build = {"id": "build", "duration": 2, "needs": [{"skill": "dev", "fte": 1}]}
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}],
            "people": [{"id": "ann", "skills": {"dev": 1}}],
            "projects": [
                {"id": "cheap", "value": 1, "phases": [build]},
                {"id": "dear", "value": 9, "phases": [build]},
            ],
        }
    )
    problem = compile_problem(portfolio, named=True)
    place = (PhaseDecision(0, 0),)
    work = Reader(problem).work_of(Decisions((True, True), (place, place)))
    points = Points(work, StaffingGoals(), frozenset())
    one = search.Search(work, points, Clock(SECONDS), search.Terms(workers=1, seed=0))
    cheap, dear = work.tasks
    one.ledger.give(("p", 0), cheap, dict.fromkeys(cheap.periods, STEP))
    assert one.ledger.missing(dear)
    assert one.drop([1.0, 9.0], certain=()) == {0}
    assert not one.ledger.missing(dear)


def test_who_leaves_is_who_helps() -> None:
    """Half of ann's time is of no use to one who is needed in full; bob's project leaves."""
    shares = {"a": 0.5, "b": 0.5, "c": 1, "dear": 1}
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}],
            "people": [{"id": name, "skills": {"dev": 1}} for name in ("ann", "bob")],
            "projects": [
                {
                    "id": name,
                    "value": 1,
                    "phases": [
                        {"duration": 2, "needs": [{"skill": "dev", "heads": 1, "share": share}]}
                    ],
                }
                for name, share in shares.items()
            ],
        }
    )
    problem = compile_problem(portfolio, named=True)
    places = ((PhaseDecision(0, 0),),) * len(shares)
    work = Reader(problem).work_of(Decisions((True,) * len(shares), places))
    points = Points(work, StaffingGoals(), frozenset())
    one = search.Search(work, points, Clock(SECONDS), search.Terms(workers=1, seed=0))
    a, b, c, dear = work.tasks
    for person, task, share in ((0, a, 0.5), (0, b, 0.5), (1, c, 1.0)):
        one.ledger.give(("p", person), task, dict.fromkeys(task.periods, int(share * STEP)))
    assert one.ledger.missing(dear)
    # Alone, the half of ann's time that "a" has would cost less for each hour than bob's.
    assert one.drop([0.9, 1.5, 2.0, 9.0], certain=()) == {2}
    assert not one.ledger.missing(dear)
