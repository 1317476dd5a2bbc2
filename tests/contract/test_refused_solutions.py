"""A solution that only tolerances allow is cut off without what else its schedule allows."""

from __future__ import annotations

import pytest

from pmo_optimizer.model import Portfolio, Status
from tests.contract.solving import run


def hiring(heads: int, decision: str) -> Portfolio:
    """Return P, which takes all money, a hire that costs a cent too much, and free extra work."""
    need = {"skill": "s", "fte": 1}
    work = {"duration": 2, "needs": [need], "costs": [{"lump": 10**9}]}
    hire = {"id": "h", "skill": "s", "max_heads": heads, "cost_once": 0.01, "fund": "f"}
    return Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 4},
            "funds": [{"id": "f", "amounts": {"total": 10**9}}],
            "skills": [{"id": "s", "overload_price": 1}],
            "hires": [hire],
            "projects": [
                {"id": "P", "value": 50, "decision": decision, "phases": [work]},
                {"id": "Q", "value": 3},
            ],
        }
    )


@pytest.mark.parametrize("decision", ["free", "must"])
@pytest.mark.parametrize("heads", [1, 3])
def test_a_head_that_breaks_a_budget_by_a_cent_costs_no_schedule(
    engine: str, heads: int, decision: str
) -> None:
    """P with bought extra work and Q are worth 50 + 3 - 2; nothing else is ever proved."""
    plan = run(hiring(heads, decision), engine)
    assert plan.status is not Status.INFEASIBLE
    assert plan.bound is None or plan.bound >= 51 - 1e-6
    if plan.status is Status.OPTIMAL:
        assert plan.objective == pytest.approx(51)
    if heads == 1:
        assert plan.status is Status.OPTIMAL
