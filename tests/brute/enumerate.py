"""The optimum of a tiny portfolio, by looking at every combination."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf, prod

from pmo_optimizer.model import Hire, Method, Plan, Portfolio, ProjectPlan, Term, TermName
from tests.brute.evaluate import Combination, Evaluator, Hiring, Known
from tests.brute.relations import blocked, selection_allowed

MAX_COMBINATIONS = 20_000
"""Portfolios with more combinations of fates and orders are refused."""

SLACK = 1e-9
"""Relative slack of comparisons between sums of floats."""


class TooLarge(ValueError):
    """The portfolio has too many combinations to try them all."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Best value of one term, given what earlier terms left; prices included in the first."""

    term: TermName
    best: float


@dataclass(frozen=True, slots=True)
class BruteResult:
    """The proven answer.

    Attributes
    ----------
    feasible
        Whether any combination keeps all hard limits.
    objective
        First term after prices, or the weighted sum; None where nothing is feasible.
    stages
        One per term of a lexicographic objective.
    terms
        Value of every listed term, without prices, in one optimal combination.
    penalty
        Price of its breaches.
    combination
        That combination.
    combinations
        How many there are.
    """

    feasible: bool
    combinations: int
    objective: float | None = None
    stages: tuple[Stage, ...] = ()
    terms: tuple[float, ...] = ()
    penalty: float = 0.0
    combination: Combination | None = None


def count_combinations(portfolio: Portfolio) -> int:
    """Return the number of combinations of fates of projects and orders of hires."""
    return _count(Evaluator(portfolio))


def _count(evaluator: Evaluator) -> int:
    hires = evaluator.portfolio.hires
    fates = prod(len(own) for own in evaluator.fates)
    return fates * prod(len(orders_of(hire, evaluator.portfolio)) for hire in hires)


def solve(portfolio: Portfolio) -> BruteResult:
    """Return the optimum of a portfolio.

    Raises
    ------
    TooLarge
        There are more than `MAX_COMBINATIONS` combinations.
    """
    evaluator = Evaluator(portfolio)
    number = _count(evaluator)
    if number > MAX_COMBINATIONS:
        raise TooLarge(f"{number:,} combinations; at most {MAX_COMBINATIONS:,} are tried")
    search = _Search(evaluator)
    if portfolio.objective.method is Method.WEIGHTED:
        return search.weighted(number)
    return search.lexicographic(number)


def combinations(evaluator: Evaluator) -> Iterator[Combination]:
    """Yield every combination that keeps selection logic and links."""
    portfolio = evaluator.portfolio
    hirings = [
        evaluator.hiring({h.id: o for h, o in zip(portfolio.hires, orders, strict=True)})
        for orders in product(*(orders_of(hire, portfolio) for hire in portfolio.hires))
    ]
    every = evaluator.fates
    for inside in product((False, True), repeat=len(every)):
        chosen = frozenset(
            p.id for p, is_in in zip(portfolio.projects, inside, strict=True) if is_in
        )
        if not selection_allowed(portfolio, chosen) or blocked(portfolio, chosen):
            continue
        left = [
            [fate for fate in own if fate.option.selected is is_in]
            for own, is_in in zip(every, inside, strict=True)
        ]
        yield from _expand(evaluator, left, hirings)


def _expand(
    evaluator: Evaluator, left: Sequence[Sequence[Known]], hirings: Sequence[Hiring]
) -> Iterator[Combination]:
    for fates in product(*left):
        if evaluator.links_hold(fates):
            for hiring in hirings:
                yield Combination(fates, hiring)


def orders_of(hire: Hire, portfolio: Portfolio) -> list[dict[int, int]]:
    """Return every way to order at most ``max_heads`` heads, as heads by period."""
    window = hire.order_window(portfolio.calendar)
    return [
        {t: n for t, n in zip(window, heads, strict=True) if n}
        for heads in product(range(hire.max_heads + 1), repeat=len(window))
        if sum(heads) <= hire.max_heads
    ]


@dataclass(slots=True)
class _Candidate:
    """A combination with its terms; the penalty is worked out when it is asked for."""

    combination: Combination
    terms: tuple[float, ...]
    hopeful: float
    known: bool = False
    penalty: float = inf


def combination_of(evaluator: Evaluator, plan: Plan) -> Combination:
    """Return the combination that a plan decides on.

    Raises
    ------
    LookupError
        The plan gives a project a fate that its own rules forbid, or orders too many heads.
    """
    portfolio = evaluator.portfolio
    decided = {entry.project: entry for entry in plan.projects}
    fates = tuple(
        _fate(own, decided[project.id])
        for project, own in zip(portfolio.projects, evaluator.fates, strict=True)
    )
    orders: dict[str, dict[int, int]] = {hire.id: {} for hire in portfolio.hires}
    for order in plan.hires:
        if order.heads:
            orders[order.hire][order.period] = order.heads
    for hire in portfolio.hires:
        if orders[hire.id] not in orders_of(hire, portfolio):
            raise LookupError(f"the orders of {hire.id} are not allowed")
    return Combination(fates, evaluator.hiring(orders))


def _fate(own: Sequence[Known], decided: ProjectPlan) -> Known:
    placed = {(p.phase, p.mode, p.start) for p in decided.phases}
    for fate in own:
        if fate.option.done:
            return fate
        theirs = {(p.phase.id, p.mode.id, p.start) for p in fate.option.placed}
        if fate.option.selected == decided.selected and theirs == placed:
            return fate
    raise LookupError(f"the plan for {decided.project} breaks a rule of its own")


class _Search:
    """Goes through candidates from the most hopeful on.

    All scores here are maximised. The score of a candidate without the penalties that are
    costly to know is at least its true score, so the first candidates decide.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        objective = evaluator.portfolio.objective
        self.terms = objective.terms
        self.sign = 1.0 if objective.maximised else -1.0
        self.priced = float(self.terms[0].weight) if objective.method is Method.WEIGHTED else 1.0

    def weighted(self, number: int) -> BruteResult:
        """Return the best weighted sum after prices."""
        candidates = self._candidates(self._weighted_sum)
        best = self._best(candidates)
        if best is None:
            return BruteResult(feasible=False, combinations=number)
        return self._result(best, number, ())

    def lexicographic(self, number: int) -> BruteResult:
        """Return the best of each term in turn, within the tolerances of the earlier ones."""
        candidates = self._candidates(lambda terms: _signed(self.terms[0], terms[0]))
        best = self._best(candidates)
        if best is None:
            return BruteResult(feasible=False, combinations=number)
        objective = self.sign * self._score(best)
        stages = [Stage(self.terms[0].term, objective)]
        floor = _floor(self.terms[0], self._score(best))
        left = [c for c in candidates if c.hopeful >= floor]
        for index, term in enumerate(self.terms[1:], start=1):
            left.sort(key=lambda c: -_signed(term, c.terms[index]))
            best = next(c for c in left if self._score(c) >= floor)
            stages.append(Stage(term.term, best.terms[index]))
            least = _floor(term, _signed(term, best.terms[index]))
            left = [c for c in left if _signed(term, c.terms[index]) >= least]
        result = self._result(best, number, tuple(stages))
        return replace(result, objective=objective)

    def _candidates(self, score: Callable[[tuple[float, ...]], float]) -> list[_Candidate]:
        found: list[_Candidate] = []
        for combination in combinations(self.evaluator):
            terms = tuple(self.evaluator.term(term, combination) for term in self.terms)
            late = self.evaluator.late_penalty(combination)
            found.append(_Candidate(combination, terms, score(terms) - self.priced * late))
        found.sort(key=lambda c: -c.hopeful)
        return found

    def _weighted_sum(self, terms: tuple[float, ...]) -> float:
        return sum(
            float(term.weight) * _signed(term, value)
            for term, value in zip(self.terms, terms, strict=True)
        )

    def _score(self, candidate: _Candidate) -> float:
        """Return the score after all prices; minus infinity where a hard limit is broken."""
        if not candidate.known:
            penalty = self.evaluator.penalty(candidate.combination)
            candidate.penalty = inf if penalty is None else penalty
            candidate.known = True
        late = self.evaluator.late_penalty(candidate.combination)
        return candidate.hopeful - self.priced * (candidate.penalty - late)

    def _best(self, candidates: Sequence[_Candidate]) -> _Candidate | None:
        best, record = None, -inf
        for candidate in candidates:
            if candidate.hopeful <= record:
                break
            if self._score(candidate) > record:
                best, record = candidate, self._score(candidate)
        return best

    def _result(self, best: _Candidate, number: int, stages: tuple[Stage, ...]) -> BruteResult:
        return BruteResult(
            feasible=True,
            combinations=number,
            objective=self.sign * self._score(best),
            stages=stages,
            terms=best.terms,
            penalty=best.penalty,
            combination=best.combination,
        )


def _signed(term: Term, value: float) -> float:
    return value if term.term.maximised else -value


def _floor(term: Term, best: float) -> float:
    """Return the least signed value that later terms must leave to a term."""
    tolerance = max(float(term.abs_tol), float(term.rel_tol) * abs(best))
    return best - tolerance - SLACK * max(1.0, abs(best))
