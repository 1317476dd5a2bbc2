"""The independent referee: recomputes a plan from the portfolio and the decisions alone.

It shares no code with the engines: it imports the vocabulary and nothing else of ours. Exact
decimals and fractions decide what is feasible; floats hold discounted values only.
"""

from __future__ import annotations

from decimal import localcontext

from pmo_optimizer.model import Kpis, Plan, Portfolio, Staffing, UnmetNeed
from pmo_optimizer.referee.claims import disagreements
from pmo_optimizer.referee.figures import Figures, price_delays
from pmo_optimizer.referee.funds import check_money
from pmo_optimizer.referee.ledger import keep_books
from pmo_optimizer.referee.report import OPEN_NEEDS, Code, Log, Report, exact_context
from pmo_optimizer.referee.rules import Measures, RuleCheck
from pmo_optimizer.referee.schedule import read_schedule
from pmo_optimizer.referee.selection import check_selection
from pmo_optimizer.referee.supply import read_orders
from pmo_optimizer.referee.timing import check_timing
from pmo_optimizer.referee.unmet import explain
from pmo_optimizer.referee.work import WorkCheck

__all__ = ["OPEN_NEEDS", "Code", "Report", "check", "disagreements", "shortfalls"]


def check(portfolio: Portfolio, plan: Plan) -> Report:
    """Recompute every key figure of a plan and list every hard rule that it breaks.

    Only the decisions and the certificate are read: projects, staffing, allocations, hires,
    fund splits and the digest. What the plan claims is compared by `disagreements`.

    Parameters
    ----------
    portfolio
        A portfolio without errors (see `pmo_optimizer.check`).
    plan
        Any plan; one without decisions, for instance an infeasible one, gives an empty report.
        One of named staffing that is not fully staffed is read whatever its status: each need
        that is short is a violation, and an item of the report.

    Returns
    -------
    Report
        Key figures in the units of the portfolio. Those of a plan with violations are computed
        as far as its decisions can be read. In paths of violations periods are 0-based.
    """
    if not (plan.found or plan.short):
        return Report(Kpis(), ())
    with localcontext(exact_context()):
        return _check(portfolio, plan)


def shortfalls(portfolio: Portfolio, plan: Plan) -> tuple[UnmetNeed, ...]:
    """Return every need that a plan of named staffing leaves short, with the reason in words.

    The reason is the first that holds in the order of `UnmetReason`, worked out from the
    portfolio and the plan's decisions alone (formulation, section 13).

    Parameters
    ----------
    portfolio
        A portfolio without errors.
    plan
        A plan with decisions, of any status. One in capacity mode has no such needs.

    Returns
    -------
    tuple of UnmetNeed
        Sorted by project, phase, need and period (0-based).
    """
    if plan.staffing is not Staffing.NAMED:
        return ()
    with localcontext(exact_context()):
        log = Log()
        schedule = read_schedule(portfolio, plan, log)
        work = WorkCheck(schedule, read_orders(portfolio, plan, log), log, named=True)
        work.check(plan)
        return explain(work.gaps(), work.crew)


def _check(portfolio: Portfolio, plan: Plan) -> Report:
    log = Log()
    _check_digest(portfolio, plan, log)
    schedule = read_schedule(portfolio, plan, log)
    orders = read_orders(portfolio, plan, log)
    check_timing(schedule, log)
    check_selection(schedule, log)
    price_delays(schedule, log)
    named = plan.staffing is Staffing.NAMED
    work = WorkCheck(schedule, orders, log, named=named)
    work.check(plan)
    unmet = explain(work.gaps(), work.crew) if named else ()
    ledger = keep_books(schedule, orders)
    funds = check_money(ledger, plan, log)
    measures = Measures(ledger)
    RuleCheck(ledger, measures, log).check()
    figures = Figures(ledger, measures)
    kpis = figures.kpis(funds, work.loads(), log)
    if named:
        staffed = figures.staffed_value(kpis.projects, {item.project for item in unmet})
        kpis = kpis.model_copy(update={"staffed_value": staffed})
    return Report(kpis, log.sorted_violations(), not unmet if named else None, unmet)


def _check_digest(portfolio: Portfolio, plan: Plan, log: Log) -> None:
    digest = portfolio.digest()
    if plan.digest != digest:
        message = f"The plan is for the portfolio {plan.digest[:12]!r}, this is {digest[:12]!r}."
        log.broken(Code.WRONG_PORTFOLIO, "digest", message)
