"""Every limit with a price: what it is worth to break it, and the breaches one by one."""

from __future__ import annotations

import pytest

from tests.contract.cases import SOFT
from tests.contract.cases.row import Soft
from tests.contract.forms import Form, in_both_forms
from tests.contract.solving import best, close


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in SOFT])
def test_a_hard_limit_binds(row: Soft, engine: str) -> None:
    """Without a price the best plan keeps the limit."""
    plan = best(row.portfolio, engine)
    assert plan.objective == close(row.hard)


@in_both_forms(SOFT)
def test_a_price_is_paid_where_that_is_worth_it(row: Soft, form: Form, engine: str) -> None:
    """The plan breaks the soft limit, lists every breach, and its penalty is in the objective."""
    plan = best(form(row.softened), engine)
    assert plan.objective == close(row.soft)
    found = [(b.kind, b.id, b.period, b.amount) for b in plan.kpis.breaches]
    assert found == [(*breach, close(amount)) for *breach, amount in sorted(row.breaches)]
    assert [b.penalty for b in plan.kpis.breaches] == [
        close(b.price * b.amount) for b in plan.kpis.breaches
    ]
    assert plan.kpis.penalty == close(sum(b.penalty for b in plan.kpis.breaches))
