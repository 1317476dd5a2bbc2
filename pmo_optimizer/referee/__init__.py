"""The independent referee: recomputes a plan from the portfolio and the decisions alone.

It shares no code with the engines: it imports the vocabulary and nothing else of ours. Exact
decimals and fractions decide what is feasible; floats hold discounted values only.
"""

from __future__ import annotations

from decimal import localcontext

from pmo_optimizer.model import Kpis, Plan, Portfolio
from pmo_optimizer.referee.claims import disagreements
from pmo_optimizer.referee.figures import Figures, price_delays
from pmo_optimizer.referee.funds import check_money
from pmo_optimizer.referee.ledger import keep_books
from pmo_optimizer.referee.report import Code, Log, Report, exact_context
from pmo_optimizer.referee.rules import Measures, RuleCheck
from pmo_optimizer.referee.schedule import read_schedule
from pmo_optimizer.referee.selection import check_selection
from pmo_optimizer.referee.staffing import Staffing
from pmo_optimizer.referee.supply import read_orders
from pmo_optimizer.referee.timing import check_timing

__all__ = ["Code", "Report", "check", "disagreements"]


def check(portfolio: Portfolio, plan: Plan) -> Report:
    """Recompute every key figure of a plan and list every hard rule that it breaks.

    Only the decisions and the certificate are read: projects, allocations, hires, fund splits
    and the digest. What the plan claims is compared by `disagreements`.

    Parameters
    ----------
    portfolio
        A portfolio without errors (see `pmo_optimizer.check`).
    plan
        Any plan; one without decisions, for instance an infeasible one, gives an empty report.

    Returns
    -------
    Report
        Key figures in the units of the portfolio. Those of a plan with violations are computed
        as far as its decisions can be read. In paths of violations periods are 0-based.
    """
    if not plan.found:
        return Report(Kpis(), ())
    with localcontext(exact_context()):
        return _check(portfolio, plan)


def _check(portfolio: Portfolio, plan: Plan) -> Report:
    log = Log()
    _check_digest(portfolio, plan, log)
    schedule = read_schedule(portfolio, plan, log)
    orders = read_orders(portfolio, plan, log)
    check_timing(schedule, log)
    check_selection(schedule, log)
    price_delays(schedule, log)
    staffing = Staffing(schedule, orders, log)
    staffing.check(plan)
    ledger = keep_books(schedule, orders)
    funds = check_money(ledger, plan, log)
    measures = Measures(ledger)
    RuleCheck(ledger, measures, log).check()
    kpis = Figures(ledger, measures).kpis(funds, staffing.loads(), log)
    return Report(kpis, log.sorted_violations())


def _check_digest(portfolio: Portfolio, plan: Plan, log: Log) -> None:
    digest = portfolio.digest()
    if plan.digest != digest:
        message = f"The plan is for the portfolio {plan.digest[:12]!r}, this is {digest[:12]!r}."
        log.broken(Code.WRONG_PORTFOLIO, "digest", message)
