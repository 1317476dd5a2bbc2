"""A plan made anew after what has happened, with few changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from pmo_optimizer import (
    Finding,
    InvalidInput,
    Plan,
    Portfolio,
    Severity,
    Staffing,
    Status,
)
from pmo_scenarios.bounds import FUZZ, gap_between
from pmo_scenarios.progress import Progress
from pmo_scenarios.runs import THREADS, Job, Options, Step, shares
from pmo_scenarios.series import Batches
from pmo_scenarios.studies.figures import Interval, figures_of, moves, reassigned
from pmo_scenarios.studies.past import Situation, situation_of
from pmo_scenarios.studies.replan_results import Replan, ReplanPoint
from pmo_scenarios.studies.tradeoff import Candidate, Ceiling, Pool, Tradeoff, whole_changes

RePlanning = Literal["changes", "objective", "priced"]
"""What comes first: few changes, the objective, or the objective less a price per change."""

PLAN = "plan"
"""What the old plan is called among the solves."""

FEWEST, FREE, CHOSEN = "fewest", "free", "chosen"
"""Solves: with the fewest changes, without regard to them, and the one that was asked for."""

INFEASIBLE = (
    "No plan keeps the past, what is promised and every hard limit. Give limits a price, extend "
    "dates, or stop something."
)
"""Why there is no plan, and what may help."""

ENDS = 2
"""Solves of the first round: with the fewest changes, and with as many as one likes."""

MOST_POINTS = 6
"""So many points between the fewest changes and no limit, unless asked otherwise."""


def replan(
    portfolio: Portfolio,
    plan: Plan,
    progress: Progress | None = None,
    *,
    method: RePlanning = "changes",
    extra: int = 0,
    loss: float = 0.0,
    price: float | None = None,
    points: int = MOST_POINTS,
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int | None = None,
    backend: str = "auto",
    seed: int = 0,
    reproducible: bool = False,
    staffing: Literal["capacity", "named"] | None = None,
    executor: Executor | None = None,
    on_progress: Callable[[Step], None] | None = None,
    stop: threading.Event | None = None,
) -> Replan:
    """Return a new plan that keeps the past, and the curve of value against changes.

    What has begun is pinned, nothing else starts in the past, what was promised must come.
    A change is a project that is selected in one plan only, or has a phase at another start
    or in another mode; what has happened is none.

    Parameters
    ----------
    portfolio
        As it is today, on the calendar of the plan.
    plan
        The plan in force.
    progress
        What has happened since; nothing by default.
    method
        ``changes``: as few changes as possible, and ``extra`` more; then the best objective.
        ``objective``: the best objective, of which at most the part ``loss`` may be lost;
        then as few changes as possible. ``priced``: the best objective less ``price`` for
        each change.
    extra
        Changes, at least 0.
    loss
        From 0 to below 1.
    price
        In the unit of the first term (of the weighted sum), positive.
    points
        Most solves for the curve between the fewest changes and no limit on them; with 0
        these two are the curve.
    time_limit, gap, backend, seed, reproducible
        Of each solve, as in `pmo_optimizer.optimize`.
    staffing
        As in `pmo_optimizer.optimize`; that of the plan by default.
    workers
        Threads on this machine, which the solves share; all cores by default. With an
        executor: threads of each solve, 2 by default.
    executor
        Where the solves run; by default processes on this machine. Scripts then need
        ``if __name__ == "__main__":``.
    on_progress
        Called after every solve. How many there will be is known step by step.
    stop
        Set it, or press Ctrl-C, to get what is there so far.

    Raises
    ------
    InvalidInput
        With every finding about portfolio, plan or progress.
    Unsupported
        The engine does not exist or does not support what the portfolio asks for.
    ValueError
        An option is out of range.

    Notes
    -----
    With lexicographic objectives and hard limits only, each point is a solve in which changes
    come first with a tolerance, and hold while the objective is optimized: an exact
    epsilon-constraint (Haimes, Lasdon, Wismer 1971). Where limits have prices, or the
    objective is weighted, changes are priced instead, at slopes between neighbouring points
    (Cohon 1978): bound(price) + price x k bounds the objective with k changes. There the
    later terms of a lexicographic objective do not count.
    """
    _require_options(extra, loss, price, points, method)
    if not plan.found:
        raise InvalidInput((_no_plan(plan),))
    began = time.monotonic()
    situation = situation_of(portfolio, plan, progress or Progress())
    kind = staffing or plan.staffing.value
    options = Options(time_limit, gap, THREADS, backend, seed, reproducible, kind)
    wish = _Wish(method, extra, loss, price, points)
    with _Rounds(options, max(ENDS, points), workers, executor, on_progress, stop) as rounds:
        study = _Study(situation, wish, rounds)
        study.run()
    result = study.result()
    return result.model_copy(update={"seconds": time.monotonic() - began})


def _require_options(
    extra: int, loss: float, price: float | None, points: int, method: RePlanning
) -> None:
    if method not in {"changes", "objective", "priced"}:
        raise ValueError(f"method must be changes, objective or priced, not {method}")
    if extra < 0 or points < 0:
        raise ValueError("extra and points must be at least 0")
    if not 0 <= loss < 1:
        raise ValueError(f"loss must be from 0 to below 1, not {loss}")
    if method == "priced" and not (price is not None and 0 < price < inf):
        raise ValueError(f"the method priced needs a positive price, not {price}")


def _no_plan(plan: Plan) -> Finding:
    return Finding(
        Severity.ERROR,
        "plan-without-decisions",
        "plan",
        f"The plan has status {plan.status}, so there is nothing to keep.",
        "Give a plan that was found.",
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    method: RePlanning
    extra: int
    loss: float
    price: float | None
    points: int


class _Rounds(Batches):
    """Solves in rounds, of which each may begin with what earlier ones found."""

    def __init__(
        self,
        options: Options,
        most: int,
        workers: int | None,
        executor: Executor | None,
        on_progress: Callable[[Step], None] | None,
        stop: threading.Event | None,
    ) -> None:
        super().__init__(executor, shares(most, workers)[0], on_progress, stop)
        self.options = options
        self.plans: dict[str, Plan] = {}
        self.missing: list[str] = []
        self._workers = workers
        self._given = executor is not None

    def __enter__(self) -> _Rounds:
        return self

    def run(self, jobs: Sequence[Job]) -> dict[str, Plan]:
        """Solve a round of jobs, unless somebody wants to stop."""
        _, threads = shares(max(1, len(jobs)), self._workers)
        if self._given:
            threads = self._workers or THREADS
        options = replace(self.options, workers=threads)
        plans = super().run([replace(job, options=options) for job in jobs])
        self.plans |= plans
        self.missing += [job.key for job in jobs if job.key not in plans]
        return plans


class _Study:
    """The rounds of solves, and what they say together."""

    def __init__(self, situation: Situation, wish: _Wish, batches: _Rounds) -> None:
        self._situation = situation
        self._wish = wish
        self._batches = batches
        self._trade = Tradeoff(situation.portfolio, situation.plan)
        self._pool = Pool()
        self._limits: list[int] = []
        self._old: Candidate | None = None
        if situation.plan.staffing is Staffing(batches.options.staffing):
            self._old = self._trade.candidate(PLAN, situation.plan)
        if self._old is not None:
            self._pool.candidates.append(self._old)

    # -- solving -------------------------------------------------------------------------------

    def run(self) -> None:
        """Solve the two ends, then what is between them."""
        ends = [self._job(FREE, self._trade.free())]
        if self._trade.limitable:
            ends.append(self._job(FEWEST, self._trade.limited(0)))
        else:
            ends.append(self._job(FEWEST, self._trade.fewest()))
        self._solve(ends)
        fewest = self._batches.plans.get(FEWEST)
        if fewest is None or not self._pool.candidates:
            return
        self._pool.least = whole_changes(fewest.bound)
        if self._trade.limitable:
            self._solve([*self._asked(), *self._between()])
        else:
            self._solve(self._asked())
            self._by_prices()

    def _job(self, key: str, portfolio: Portfolio) -> Job:
        return Job(key, portfolio, self._batches.options, self._situation.plan)

    def _solve(self, jobs: Sequence[Job], prices: Sequence[float] = ()) -> None:
        """Solve a round, and take in plans and bounds."""
        self._batches.run(jobs)
        trade, sign = self._trade, self._trade.sign
        for number, job in enumerate(jobs):
            plan = self._batches.plans.get(job.key)
            if plan is None:
                continue
            found = trade.solved(job.key, plan)
            if found is not None:
                self._pool.candidates.append(found)
            if prices and plan.bound is not None:
                self._pool.ceilings.append(Ceiling(inf, prices[number], sign * plan.bound))
            elif job.key == FREE and plan.bound is not None:
                self._pool.ceilings.append(Ceiling(inf, 0.0, sign * plan.bound))
            elif trade.limitable and job.key != CHOSEN:
                self._pool.ceilings += _held(plan, sign)

    def _asked(self) -> list[Job]:
        """Return the solve of what was asked for, unless the two ends tell it."""
        wish = self._wish
        if wish.method == "objective" and wish.loss and self._trade.staged:
            return [self._again(CHOSEN, self._trade.lossy(wish.loss))]
        return []

    def _again(self, key: str, portfolio: Portfolio, limit: float = inf) -> Job:
        """Return a solve that begins with the best plan there is for it."""
        best = None if self._batches.options.reproducible else self._pool.best(limit)
        start = self._situation.plan if best is None else best.plan
        return Job(key, portfolio, self._batches.options, start)

    def _between(self) -> list[Job]:
        """Return solves with limits on changes, between the fewest and as many as one likes."""
        front = self._pool.front()
        least, most = front[0].changes, front[-1].changes
        self._limits.append(least)
        more = _steps(most - least, self._wish.points)
        if self._wish.method == "changes" and 0 < self._wish.extra < most - least:
            more = sorted({*more, self._wish.extra})
        bound = self._batches.plans[FEWEST].bound
        jobs = []
        for k in more:
            self._limits.append(least + k)
            job = self._again(f"limit {least + k}", self._trade.limited(k), least)
            jobs.append(replace(job, bound=bound))
        return jobs

    def _by_prices(self) -> None:
        """Solve at the prices of changes that may show a new point, round after round."""
        done: set[str] = set()
        wish, left = self._wish, self._wish.points
        if wish.method == "priced" and wish.price is not None:
            self._priced([wish.price], done)
        self._priced(self._steepest(), done)
        while left > 0 and not self._batches.over:
            before = len(done)
            self._priced(list(self._pool.prices())[:left], done)
            left -= len(done) - before
            if len(done) == before:
                break
        self._limits += [candidate.changes for candidate in self._pool.front()]

    def _steepest(self) -> list[float]:
        """Return a price at which no change is worth it that is not needed."""
        most, first = self._pool.at_most(inf), self._pool.front()[0]
        if most is None:
            return []
        room = most - first.score
        return [room * 1.01 + FUZZ * max(1.0, abs(most))] if room > FUZZ * abs(most) else []

    def _priced(self, prices: Sequence[float], done: set[str]) -> None:
        jobs, used = [], []
        for price in prices:
            key = f"price {price:.9g}"
            if key not in done:
                done.add(key)
                used.append(float(f"{price:.9g}"))
                jobs.append(self._again(key, self._trade.priced(price)))
        if jobs:
            self._solve(jobs, used)

    # -- what comes out ------------------------------------------------------------------------

    def result(self) -> Replan:
        """Return what was found so far."""
        portfolio, wish = self._situation.portfolio, self._wish
        trade, chosen = self._trade, self._chosen()
        points = self._points()
        out = Replan(
            portfolio=portfolio.name,
            digest=trade.target.digest(),
            currency=portfolio.currency,
            term=trade.target.objective.terms[0].term,
            maximised=trade.sign > 0,
            method=wish.method,
            extra=wish.extra,
            loss=wish.loss,
            price=wish.price,
            now=self._situation.now,
            unchanged=self._situation.unchanged,
            status=self._status(),
            message=self._message(),
            least_changes=self._pool.least,
            bound=self._signed(self._pool.at_most(inf)),
            points=points,
            missing=tuple(self._batches.missing),
            findings=self._situation.findings,
            changed=trade.target,
            plan=self._first_plan(),
        )
        if chosen is None:
            return out
        plan = self._trade.settled(chosen, self._signed(self._pool.at_most(inf)))
        plans = [point.plan for point in points]
        return out.model_copy(
            update={
                "status": plan.status,
                "message": "",
                "changes": chosen.changes,
                "objective": plan.objective,
                "chosen": plans.index(chosen.plan) if chosen.plan in plans else None,
                "new": self._point(None, chosen, limited=False),
                "plan": plan,
            }
        )

    def _first_plan(self) -> Plan | None:
        """Return the answer of the first solve that gave one, where there is no plan."""
        plans = self._batches.plans
        plan = plans.get(FEWEST) or plans.get(FREE)
        digest = self._trade.target.digest()
        return None if plan is None else plan.model_copy(update={"digest": digest})

    def _status(self) -> Status:
        plan = self._first_plan()
        every = [p.status for p in self._batches.plans.values()]
        if Status.INFEASIBLE in every:
            return Status.INFEASIBLE
        return Status.NO_PLAN_FOUND if plan is None else plan.status

    def _message(self) -> str:
        if self._status() is Status.INFEASIBLE:
            return INFEASIBLE
        plan = self._first_plan()
        return "" if plan is None else plan.message

    def _signed(self, score: float | None) -> float | None:
        return None if score is None else self._trade.sign * score + 0.0

    def _chosen(self) -> Candidate | None:
        """Return the plan that was asked for, of all that were found."""
        front, wish = self._pool.front(), self._wish
        if not front:
            return None
        if wish.method == "changes":
            if self._situation.unchanged and self._old is not None and not wish.extra:
                return self._old
            return self._pool.best(front[0].changes + wish.extra)
        if wish.method == "priced":
            price = wish.price or 0.0
            return max(front, key=lambda c: (c.score - price * c.changes, -c.changes))
        best = front[-1].score
        least = best - max(wish.loss, FUZZ) * max(abs(best), FUZZ)
        return next(candidate for candidate in front if candidate.score >= least)

    def _points(self) -> tuple[ReplanPoint, ...]:
        out: list[ReplanPoint] = []
        for limit in sorted(set(self._limits)):
            best = self._pool.best(limit)
            if best is not None:
                out.append(self._point(limit, best, limited=True))
        best = self._pool.best(inf)
        if best is not None:
            out.append(self._point(None, best, limited=True))
        return tuple(out)

    def _point(self, limit: int | None, found: Candidate, *, limited: bool) -> ReplanPoint:
        """Return a point; where it is not limited, its bound is that of as many changes."""
        most = found.changes if limit is None and not limited else inf if limit is None else limit
        bound, before = self._pool.at_most(most), self._situation.plan
        after = found.plan
        objective, proven = self._signed(found.score) or 0.0, self._signed(bound)
        gap = gap_between(objective, proven)
        old, new = set(before.selected), set(after.selected)
        judged = after.model_copy(update={"kpis": found.kpis})
        return ReplanPoint(
            limit=limit,
            changes=found.changes,
            objective=objective,
            bound=proven,
            gap=gap,
            proven=gap is not None and gap <= FUZZ,
            lost=self._lost(found, bound),
            figures=figures_of(judged),
            selected=after.selected,
            enters=tuple(sorted(new - old)),
            leaves=tuple(sorted(old - new)),
            moves=tuple(m for m in moves(before, after) if self._has_phases(m.project)),
            reassigned=reassigned(before, after),
            source=found.key,
            plan=after,
        )

    def _has_phases(self, name: str) -> bool:
        return bool(self._situation.portfolio.project_by_id[name].phases)

    def _lost(self, found: Candidate, bound: float | None) -> Interval | None:
        """Return how much less than without a limit; between the best plans at least and most."""
        best, most = self._pool.best(inf), self._pool.at_most(inf)
        if best is None:
            return None
        low = None if bound is None else max(0.0, best.score - bound)
        high = None if most is None else max(0.0, most - found.score)
        fuzz = FUZZ * max(1.0, abs(best.score))
        value = max(0.0, best.score - found.score)
        return Interval(value=value, low=low, high=high, proven=low is not None and low > fuzz)


def _steps(width: int, points: int) -> list[int]:
    """Return whole numbers between 0 and a width: all if they fit, else ever longer steps.

    Examples
    --------
    >>> _steps(5, 6), _steps(100, 6), _steps(100, 4), _steps(1, 6)
    ([1, 2, 3, 4], [1, 2, 5, 10, 22, 46], [1, 3, 10, 32], [])
    """
    if width - 1 <= points:
        return list(range(1, width))
    return sorted({round(width ** (k / points)) for k in range(points)})


def _held(plan: Plan, sign: int) -> list[Ceiling]:
    """Return what a solve with limited changes proves of the objective."""
    if not plan.found or len(plan.terms) < 2:
        return []
    changes, first = plan.terms[:2]
    if changes.best is None or first.bound is None:
        return []
    limit = round(changes.best + changes.tolerance)
    return [Ceiling(limit, 0.0, sign * first.bound)]
