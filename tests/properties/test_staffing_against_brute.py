"""Named staffing of fixed dates agrees with brute force."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pmo_optimizer import referee
from pmo_optimizer.model import Plan, Portfolio, Status, Termination
from pmo_optimizer.staff import staff
from tests.brute.draw_names import random_staffing
from tests.brute.names import least_unmet

QUICK = range(60)
DRILL = range(60, 500)

PER_ITEM = Fraction(1, 5_000)
"""FTE by which one need in one period may differ: shares here are multiples of 0.0001 FTE, there
they are continuous, and needs are served at a miss of 0.0001."""


def unmet_of(plan: Plan) -> Fraction:
    """Return what a plan leaves unmet, in FTE-periods."""
    return sum((Fraction(item.fte) for item in plan.unmet), Fraction(0))


def check(portfolio: Portfolio, dates: Plan) -> None:
    """Staff a plan and hold it against the least that can be unmet."""
    named = staff(portfolio, dates, time_limit=20, workers=2)
    least = least_unmet(portfolio, dates)
    items = sum(
        max(mode.duration, 1) * len(mode.needs)
        for project in portfolio.projects
        for phase in project.phases
        for mode in phase.modes
    )
    assert named.termination is Termination.PROVED
    assert abs(unmet_of(named) - least) <= PER_ITEM * items, (named.unmet, least)
    assert named.fully_staffed is (not named.unmet)
    assert (named.status is Status.FEASIBLE) is (not named.unmet)
    report = referee.check(portfolio, named)
    assert {v.rule for v in report.violations} <= {"need-unmet", "heads-missing"}
    assert not referee.disagreements(named, report)


@pytest.mark.parametrize("seed", QUICK)
def test_staffing_leaves_no_more_unmet_than_brute_force(seed: int) -> None:
    """The least unmet need is found and proved, and the referee agrees with every item."""
    check(*random_staffing(seed))


@pytest.mark.drill
@pytest.mark.parametrize("seed", DRILL)
def test_staffing_against_brute_force_at_length(seed: int) -> None:
    """The same on hundreds of portfolios."""
    check(*random_staffing(seed))
