"""Plans and bounds of levels that loosen step by step: what one proves for the others."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pmo_optimizer import (
    EngineError,
    Plan,
    Portfolio,
    Status,
    Termination,
    TermResult,
    referee,
)
from pmo_scenarios.bounds import FUZZ, KnownBound


@dataclass(frozen=True, slots=True)
class Best:
    """The best that is known of one level.

    Attributes
    ----------
    plan
        The best plan, with the best bound; or the solve's answer, where there is none.
    source
        Where the plan is from.
    ranking
        The best plan of a ranking at this or a tighter level; None where there is none.
    contradiction
        What a solve claims that a refereed plan disproves; empty where nothing is.
    """

    plan: Plan
    source: Literal["solve", "tighter", "ranking"] = "solve"
    ranking: Plan | None = None
    contradiction: str = ""


def best_plans(
    portfolios: Sequence[Portfolio],
    answers: Sequence[Plan],
    rankings: Sequence[Plan | None],
    *,
    ordered: bool,
) -> list[Best]:
    """Return the best plan and the best bound of each level.

    A plan of the level before is taken where it is better and the referee accepts it. A plan
    may be better than a bound allows, or be there where none is possible: then an engine is
    wrong. As the referee vouches for plans and nobody for bounds, the plan is kept without
    that bound, and the level says what contradicts it.

    Parameters
    ----------
    portfolios
        Of the levels, the tightest first.
    answers
        What the solves found.
    rankings
        What the rankings found; None where there was none.
    ordered
        Whether every plan of a level is one of every later level, so that bounds of later
        levels hold for earlier ones too.
    """
    found: list[Best] = []
    for portfolio, answer, ranked in zip(portfolios, answers, rankings, strict=True):
        before = found[-1] if found else None
        ranking = _best_ranking(portfolio, ranked, before)
        found.append(_chosen(portfolio, answer, ranking, before))
    if not ordered:
        return found
    for number in reversed(range(len(found) - 1)):
        best, looser = found[number], found[number + 1].plan
        plan, wrong = _within(portfolios[number], best.plan, looser)
        said = best.contradiction or wrong
        found[number] = Best(plan, best.source, best.ranking, said)
    return found


def _best_ranking(portfolio: Portfolio, ranked: Plan | None, before: Best | None) -> Plan | None:
    """Return the best ranking of this level and tighter ones."""
    own = ranked if ranked is not None and ranked.found else None
    if before is None or before.ranking is None:
        return own
    moved = _moved(portfolio, before.ranking)
    if own is None or (moved is not None and _better(portfolio, moved, own)):
        return moved
    return own


def _chosen(portfolio: Portfolio, answer: Plan, ranking: Plan | None, before: Best | None) -> Best:
    """Return the best of what the solve, the ranking and the tighter level found."""
    best = Best(answer, "solve", ranking)
    if before is not None and before.plan.found and _better(portfolio, before.plan, best.plan):
        moved = _moved(portfolio, before.plan)
        if moved is not None and _better(portfolio, moved, best.plan):
            best = Best(moved, "tighter", ranking)
    if ranking is not None and _better(portfolio, ranking, best.plan):
        best = Best(_moved(portfolio, ranking) or ranking, "ranking", ranking)
    if best.source == "solve":
        return best
    update = {
        "termination": answer.termination,
        "message": answer.message,
        "seconds": answer.seconds,
    }
    plan = best.plan.model_copy(update=update)
    if answer.status is Status.INFEASIBLE:
        wrong = f"a plan of {plan.objective} where a solve proved that there is none"
    else:
        plan, wrong = _told(portfolio, plan, answer.bound)
    if wrong:
        plan = plan.model_copy(update={"termination": Termination.CRASH})
    return Best(plan, best.source, ranking, wrong)


def _within(portfolio: Portfolio, plan: Plan, looser: Plan) -> tuple[Plan, str]:
    """Return a plan with what a looser level proves for it, and what that contradicts."""
    if looser.status is not Status.INFEASIBLE:
        return _told(portfolio, plan, looser.bound)
    if plan.found:
        return plan, f"a plan of {plan.objective} where a looser level was proved infeasible"
    proof = {"status": Status.INFEASIBLE, "termination": Termination.PROVED, "bound": None}
    return plan.model_copy(update=proof), ""


def _told(portfolio: Portfolio, plan: Plan, bound: float | None) -> tuple[Plan, str]:
    """Return a plan with the better of its bound and another, and what contradicts that one."""
    if bound is None or plan.status is Status.INFEASIBLE:
        return plan, ""
    try:
        return KnownBound(portfolio, bound, 0.0, threading.Event()).told(plan), ""
    except EngineError as error:
        return plan, str(error)


def _better(portfolio: Portfolio, left: Plan, right: Plan) -> bool:
    """Return whether the first plan has a clearly better objective than the second, if any."""
    if left.objective is None or right.objective is None:
        return left.objective is not None
    sign = 1 if portfolio.objective.maximised else -1
    fuzz = FUZZ * max(1.0, abs(left.objective), abs(right.objective))
    return sign * (left.objective - right.objective) > fuzz


def _moved(portfolio: Portfolio, plan: Plan) -> Plan | None:
    """Return a plan of another level as one of this; None where the referee refuses it.

    It proves nothing but that it is feasible.
    """
    moved = plan.model_copy(update={"digest": portfolio.digest()})
    report = referee.check(portfolio, moved)
    if report.violations:
        return None
    kpis = report.kpis
    terms = [TermResult(term=t.term, value=kpis.terms[t.term]) for t in portfolio.objective.terms]
    return moved.model_copy(
        update={
            "status": Status.FEASIBLE,
            "objective": kpis.objective,
            "bound": None,
            "gap": None,
            "terms": tuple(terms),
            "kpis": kpis,
            "incumbents": (),
        }
    )
