"""What hires are worth."""

from __future__ import annotations

import pytest

from pmo_optimizer import hire_worth, optimize
from pmo_optimizer.model import Plan, Portfolio, Status, Termination

PARTS = {
    "calendar": {"start": "2027-01-01", "periods": 4},
    "skills": [{"id": "dev"}, {"id": "test"}],
    "people": [{"id": "ann", "skills": {"dev": 1, "test": 1}}],
    "hires": [
        {"id": "developer", "skill": "dev", "max_heads": 1, "lead_time": 1},
        {"id": "tester", "skill": "test", "max_heads": 1},
    ],
    "projects": [
        {"id": name, "value": value, "phases": [{"duration": 3, "needs": [need]}]}
        for name, value, need in (
            ("A", 5, {"skill": "dev", "fte": 1}),
            ("B", 3, {"skill": "dev", "fte": 1}),
            ("C", 1, {"skill": "test", "fte": 1}),
        )
    ],
}


@pytest.mark.parametrize("staffing", ["capacity", "named"])
def test_a_hire_is_worth_what_is_lost_without_it(staffing: str) -> None:
    """Without the developer the project worth 3 is lost, without the tester the one worth 1."""
    portfolio = Portfolio.parse(PARTS)
    plan = optimize(
        portfolio, staffing="named" if staffing == "named" else "capacity", time_limit=30, workers=2
    )
    assert plan.objective == pytest.approx(9)
    first, second = hire_worth(portfolio, plan, time_limit=30, workers=2)
    assert (first.hire, first.skill, first.heads, first.first_work) == ("developer", "dev", 1, 1)
    assert (first.low, first.estimate, first.high) == pytest.approx((3, 3, 3))
    assert second.hire == "tester"
    assert (second.low, second.high) == pytest.approx((1, 1))
    assert first.proven
    assert second.proven


def test_a_plan_without_objective_has_nothing_to_compare() -> None:
    """Where no plan was found there is an error that says so."""
    plan = Plan(status=Status.NO_PLAN_FOUND, termination=Termination.TIME_LIMIT)
    with pytest.raises(ValueError, match="no objective"):
        hire_worth(Portfolio.parse(PARTS), plan)


@pytest.mark.parametrize("staffing", ["capacity", "named"])
def test_what_only_the_hire_can_serve_is_left_out_where_it_may_be(staffing: str) -> None:
    """An optional project that needs the hire is lost without it; no plan is worth nothing."""
    parts = {
        "calendar": {"start": "2027-01-01", "periods": 2},
        "skills": [{"id": "dev"}, {"id": "ai"}],
        "people": [{"id": "ann", "skills": {"dev": 1}}],
        "hires": [{"id": "expert", "skill": "ai", "max_heads": 1}],
        "projects": [
            _job("A", 5, _way("a", "dev")),
            _job("B", 3, _way("b", "ai")),
            _job("C", 2, _way("c1", "ai"), _way("c2", "dev", duration=1)),
        ],
    }
    portfolio = Portfolio.parse(parts)
    plan = optimize(
        portfolio, staffing="named" if staffing == "named" else "capacity", time_limit=30, workers=2
    )
    assert plan.objective == pytest.approx(8)
    (worth,) = hire_worth(portfolio, plan, time_limit=30, workers=2)
    assert not worth.indispensable
    assert (worth.low, worth.estimate, worth.high) == pytest.approx((3, 3, 3))


def test_a_mandatory_project_goes_on_in_a_way_that_is_left() -> None:
    """With another mode it can do without the hire; without one the hire is indispensable."""
    ways = [_way("fast", "ai", duration=1), _way("slow", "dev")]
    found = []
    for count in (2, 1):
        job = _job("A", 5, *ways[:count]) | {"decision": "must"}
        portfolio = Portfolio.parse(
            {
                "calendar": {"start": "2027-01-01", "periods": 2},
                "skills": [{"id": "dev"}, {"id": "ai"}],
                "people": [{"id": "ann", "skills": {"dev": 1}}],
                "hires": [{"id": "expert", "skill": "ai", "max_heads": 1}],
                "projects": [job],
                "objective": {"terms": [{"term": "makespan"}]},
            }
        )
        plan = optimize(portfolio, time_limit=30, workers=2)
        assert plan.objective == pytest.approx(1)
        (worth,) = hire_worth(portfolio, plan, time_limit=30, workers=2)
        found.append((worth.indispensable, worth.low))
    assert found == [(False, pytest.approx(1)), (True, None)]


def _way(name: str, skill: str, *, duration: int = 2) -> dict[str, object]:
    return {"id": name, "duration": duration, "needs": [{"skill": skill, "fte": 1}]}


def _job(name: str, value: float, *ways: dict[str, object]) -> dict[str, object]:
    return {"id": name, "value": value, "phases": [{"id": "do", "modes": list(ways)}]}
