"""Value against number of changes: objectives that trade one for the other, and their bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from math import ceil, inf

from pmo_optimizer import (
    BaselineProject,
    EngineError,
    Kpis,
    Method,
    Objective,
    Plan,
    Portfolio,
    Status,
    Term,
    Termination,
    TermName,
    TermResult,
    referee,
)
from pmo_scenarios.bounds import FUZZ, gap_between
from pmo_scenarios.changes.rules import PRICES
from pmo_scenarios.scenario import baseline_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan that keeps every hard limit, and where it is on the curve.

    Attributes
    ----------
    key
        Of the solve that found it.
    changes
        Number of projects that differ from the old plan.
    score
        Its objective, negative where that is minimised: more is better.
    """

    key: str
    plan: Plan
    changes: int
    score: float
    kpis: Kpis


@dataclass(frozen=True, slots=True)
class Ceiling:
    """No plan with k changes, k at most ``limit``, has more than ``score + price x k``."""

    limit: float
    price: float
    score: float


class Tradeoff:
    """A portfolio, the plan that it had, and the objectives between the two.

    Attributes
    ----------
    target
        The portfolio with its own objective, without the term ``changes``.
    judge
        The same, with the plan as its baseline.
    sign
        1 where the objective is maximised, else -1.
    """

    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        goals = portfolio.objective
        kept = tuple(term for term in goals.terms if term.term is not TermName.CHANGES)
        baseline = baseline_of(plan) or tuple(
            BaselineProject(project=project.id, selected=False)
            for project in portfolio.projects[:1]
        )
        if kept != goals.terms:
            goals = goals.model_copy(update={"terms": kept or Objective().terms})
            portfolio = portfolio.model_copy(update={"objective": goals, "baseline": baseline})
        self.target = Portfolio.parse(portfolio.to_data())
        self.judge = portfolio.model_copy(update={"baseline": baseline})
        self.sign = 1 if goals.maximised else -1
        self._goals = goals

    @property
    def staged(self) -> bool:
        """Whether the terms are optimized in order."""
        return self._goals.method is Method.LEXICOGRAPHIC

    @property
    def limitable(self) -> bool:
        """Whether a stage can hold the number of changes.

        Changes would be the first term, which takes the prices of soft limits.
        """
        soft = any(
            getattr(item, price) is not None
            for name, price in PRICES.items()
            for item in getattr(self.target, name)
        )
        return self.staged and not soft

    def free(self) -> Portfolio:
        """Return the problem without regard to changes, but for ties."""
        if not self.staged:
            return self.judge
        return self._with((*self._goals.terms, _changes()))

    def limited(self, more: int) -> Portfolio:
        """Return the problem in which so many changes more than needed are allowed."""
        return self._with((_changes(more), *self._goals.terms))

    def lossy(self, loss: float) -> Portfolio:
        """Return the problem of the fewest changes that lose at most a part of the objective."""
        first, *rest = self._goals.terms
        update = {"abs_tol": Decimal(0), "rel_tol": Decimal(repr(loss))}
        return self._with((first.model_copy(update=update), _changes(), *rest))

    def fewest(self) -> Portfolio:
        """Return the problem of the fewest changes, whatever soft limits cost."""
        update: dict[str, object] = {
            name: tuple(
                item
                if getattr(item, price) is None
                else item.model_copy(update={price: Decimal(0)})
                for item in getattr(self.judge, name)
            )
            for name, price in PRICES.items()
        }
        return self._with((_changes(),)).model_copy(update=update)

    def priced(self, price: float) -> Portfolio:
        """Return the problem in which each change costs a price in the objective's unit."""
        terms = self._goals.terms
        if self.staged:
            terms = (terms[0].model_copy(update={"weight": Decimal(1)}),)
        weight = _changes().model_copy(update={"weight": Decimal(f"{price:.9g}")})
        return self._with((*terms, weight), Method.WEIGHTED)

    def _with(self, terms: tuple[Term, ...], method: Method = Method.LEXICOGRAPHIC) -> Portfolio:
        objective = Objective(method=method, terms=terms)
        return self.judge.model_copy(update={"objective": objective})

    def candidate(self, key: str, plan: Plan) -> Candidate | None:
        """Return a plan as a candidate; None where it breaks a hard limit."""
        own = plan.model_copy(update={"digest": self.judge.digest()})
        report = referee.check(self.judge, own)
        if not plan.found or report.violations:
            return None
        kpis = report.kpis
        changes = round(kpis.terms[TermName.CHANGES])
        return Candidate(key, plan, changes, self.sign * kpis.objective, kpis)

    def solved(self, key: str, plan: Plan) -> Candidate | None:
        """Return the answer of a solve as a candidate; None where there is no plan.

        Raises
        ------
        EngineError
            The referee refuses the plan.
        """
        found = self.candidate(key, plan)
        if found is None and plan.found:
            raise EngineError(f"the referee refuses the plan of {key} for the portfolio")
        return found

    def settled(self, found: Candidate, bound: float | None) -> Plan:
        """Return a plan as one of the portfolio, with what is proven of it there.

        Parameters
        ----------
        bound
            Of the portfolio's objective, without a limit on changes.
        """
        plan = found.plan.model_copy(update={"digest": self.target.digest()})
        kpis = referee.check(self.target, plan).kpis
        gap = gap_between(kpis.objective, bound)
        terms = [TermResult(term=t.term, value=kpis.terms[t.term]) for t in self._goals.terms]
        if self.staged:
            first = {"best": kpis.objective, "bound": bound, "gap": gap}
            terms[0] = terms[0].model_copy(update=first)
        single = len(terms) == 1 or not self.staged
        optimal = single and gap is not None and gap <= FUZZ
        update: dict[str, object] = {
            "portfolio": self.target.name,
            "status": Status.OPTIMAL if optimal else Status.FEASIBLE,
            "termination": Termination.PROVED if optimal else plan.termination,
            "objective": kpis.objective,
            "bound": bound,
            "gap": gap,
            "terms": tuple(terms),
            "kpis": kpis,
            "violations": (),
            "incumbents": (),
        }
        return plan.model_copy(update=update)


def _changes(tolerance: int = 0) -> Term:
    return Term(term=TermName.CHANGES, abs_tol=Decimal(tolerance))


@dataclass(slots=True)
class Pool:
    """Plans and bounds of all solves so far: each of them says something about every point."""

    candidates: list[Candidate] = field(default_factory=list)
    ceilings: list[Ceiling] = field(default_factory=list)
    least: int = 0

    def best(self, limit: float) -> Candidate | None:
        """Return the best plan with at most so many changes; of equal ones, that with fewest."""
        best: Candidate | None = None
        for new in self.candidates:
            if new.changes > limit:
                continue
            fuzz = FUZZ * max(1.0, abs(new.score))
            ahead = inf if best is None else new.score - best.score
            fewer = best is not None and new.changes < best.changes
            if ahead > fuzz or (fewer and ahead >= -fuzz):
                best = new
        return best

    def at_most(self, limit: float) -> float | None:
        """Return what no plan with at most so many changes exceeds; None where nothing says."""
        bounds = [
            c.score + (c.price * limit if c.price else 0.0)
            for c in self.ceilings
            if c.limit >= limit and (limit < inf or not c.price)
        ]
        return min(bounds, default=None)

    def front(self) -> list[Candidate]:
        """Return the plans of which none has both fewer changes and more of the objective."""
        out: list[Candidate] = []
        for count in sorted({candidate.changes for candidate in self.candidates}):
            best = self.best(count)
            if best is not None and best.changes == count:
                out.append(best)
        return out

    def prices(self) -> Iterable[float]:
        """Yield the prices at which a plan between two neighbours would be found (Cohon 1978)."""
        front = self.front()
        for a, b in pairwise(front):
            if b.changes - a.changes > 1:
                yield (b.score - a.score) / (b.changes - a.changes)


def whole_changes(bound: float | None) -> int:
    """Return the least number of changes that a bound leaves."""
    return 0 if bound is None else max(0, ceil(bound - FUZZ * max(1.0, abs(bound))))
