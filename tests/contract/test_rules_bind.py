"""Every hard rule binds: dropping or relaxing that rule alone changes the best plan."""

from __future__ import annotations

from pmo_optimizer import referee
from pmo_optimizer.model import Plan
from pmo_optimizer.referee import Code
from tests.contract.builders import Data, parsed
from tests.contract.cases import BINDING
from tests.contract.cases.row import Binding
from tests.contract.forms import Form, in_both_forms
from tests.contract.solving import best, close


@in_both_forms(BINDING)
def test_a_rule_binds(row: Binding, form: Form, engine: str) -> None:
    """The best plan keeps the rule; without the rule there is another, which breaks just that."""
    portfolio = form(row.portfolio)
    kept, dropped = best(portfolio, engine), best(form(row.without), engine)
    assert (kept.objective, dropped.objective) == (close(row.kept), close(row.dropped))
    if row.broken is not None:
        assert _broken(portfolio, dropped) == {code.value for code in row.broken}


def _broken(portfolio: Data, plan: Plan) -> set[str]:
    """Return the rules of a portfolio that the plan of another one breaks."""
    report = referee.check(parsed(portfolio), plan)
    return {violation.rule for violation in report.violations} - {Code.WRONG_PORTFOLIO.value}
