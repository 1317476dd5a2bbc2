"""Plans with names agree with brute force over selection, dates, hires and people."""

from __future__ import annotations

import pytest

from pmo_optimizer import optimize, referee
from pmo_optimizer.model import Status
from tests.brute.named_plans import best_by_name, random_named

QUICK = range(100)
DRILL = range(100, 1000)


def check(seed: int) -> None:
    """Plan by name and hold value, bound and proofs against the best plan there is."""
    portfolio = random_named(seed)
    best = best_by_name(portfolio)
    plan = optimize(portfolio, staffing="named", time_limit=20, workers=2)
    assert not referee.disagreements(plan, referee.check(portfolio, plan))
    if best is None:
        assert plan.status in {Status.INFEASIBLE, Status.NO_PLAN_FOUND}
        return
    assert plan.status is Status.OPTIMAL, (plan.status, plan.objective, plan.bound, best)
    assert plan.objective == pytest.approx(best)
    assert plan.bound == pytest.approx(best)


@pytest.mark.parametrize("seed", QUICK)
def test_named_plans_are_those_of_brute_force(seed: int) -> None:
    """The best plan is found and proved, and nothing is called infeasible that is not."""
    check(seed)


@pytest.mark.drill
@pytest.mark.parametrize("seed", DRILL)
def test_named_plans_against_brute_force_at_length(seed: int) -> None:
    """The same on hundreds of portfolios."""
    check(seed)
