"""A plan in many drawn cases: chances of overload, of finishing in time, of overspending."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pmo_optimizer import Frozen, Plan, Portfolio, When
from pmo_scenarios.pools import Pool, deaths
from pmo_scenarios.runs import MOST_ATTEMPTS, POLL_SECONDS, stop_flag
from pmo_scenarios.studies.robustness.outcomes import Outcome, Simulator, play_cases
from pmo_scenarios.studies.robustness.uncertainty import Uncertainty

if TYPE_CHECKING:
    import pandas

Chunk = tuple[int, int]
"""First case of some that are played together, and the one after the last."""

CHUNK = 50
"""Cases that one process plays without saying anything; results do not depend on it."""

Z_95 = 1.959963984540054
"""Two-sided quantile of 95 percent of the normal distribution."""

LEVELS = (0.1, 0.5, 0.9)
"""Which quantiles are given."""


class Chance(Frozen):
    """How often something happens in the cases, and Wilson's interval of 95 percent for it."""

    times: int
    probability: float
    low: float
    high: float


class Spread(Frozen):
    """Mean and quantiles (of 10, 50 and 90 percent, by nearest rank) over the cases."""

    mean: float
    p10: float
    p50: float
    p90: float


class Finish(Frozen):
    """When a project finishes.

    Attributes
    ----------
    project
        Id; empty for the last of all.
    planned, due
        Exclusive ends, 0-based periods; due is null without a due date.
    in_plan, in_time
        Chances to finish by these.
    spread
        Of the exclusive ends.
    counts
        How many cases end at which period, ascending.
    """

    project: str
    planned: int
    due: int | None
    in_plan: Chance
    in_time: Chance | None
    spread: Spread
    counts: tuple[tuple[int, int], ...]


class Overload(Frozen):
    """How likely a skill is short of people.

    Attributes
    ----------
    any_period
        Chance of a period in which needs cannot all be served, and would be served better
        without the needs of this skill.
    alone
        Chance of a period in which the skill is short even if all who have it did nothing else.
    periods
        Probability of the first in each period.
    planned
        Periods in which the plan itself, where nothing varies, relies on soft limits.
    """

    skill: str
    any_period: Chance
    alone: Chance
    periods: tuple[float, ...]
    planned: tuple[int, ...] = ()


class Limit(Frozen):
    """How likely a fund or a cap is exceeded in a fiscal year, a period, or in total.

    Attributes
    ----------
    kind
        ``fund`` or ``cap``.
    spent
        Of funds.
    """

    kind: str
    id: str
    bucket: str
    exceeded: Chance
    spent: Spread | None = None


class Simulation(Frozen):
    """A plan, as it is, in drawn cases.

    Attributes
    ----------
    cases, wanted
        How many were played, and how many should be.
    value, benefit, npv, cost
        Terms of that name.
    finishes
        Of every selected project with dates; that of the last one first.
    skills, limits
        Chances of overload, and of overspending.
    """

    cases: int
    wanted: int
    seed: int
    value: Spread
    benefit: Spread
    npv: Spread
    cost: Spread
    finishes: tuple[Finish, ...] = ()
    skills: tuple[Overload, ...] = ()
    limits: tuple[Limit, ...] = ()

    def finish_by(self, portfolio: Portfolio, when: When, project: str = "") -> Chance:
        """Return the chance that a project, or the last of all, is finished by a date.

        Parameters
        ----------
        when
            The last day of work, or an exclusive end as a 0-based period.

        Raises
        ------
        KeyError
            The plan has no such project.
        """
        end = portfolio.calendar.end_not_after(when)
        for finish in self.finishes:
            if finish.project == project:
                return chance(sum(n for t, n in finish.counts if t <= end), self.cases)
        raise KeyError(project)

    def to_frame(self) -> pandas.DataFrame:
        """Return one row for each project, skill and limit with its chance of trouble.

        Columns: kind, id, bucket, probability, low, high, p10, p50, p90.
        """
        import pandas as pd

        return pd.DataFrame(_rows(self))


def _rows(simulation: Simulation) -> list[dict[str, object]]:
    rows = [
        _row("late", f.project, "", f.in_time or f.in_plan, f.spread, turned=True)
        for f in simulation.finishes
    ]
    rows += [_row("overload", s.skill, "", s.any_period, None) for s in simulation.skills]
    rows += [_row(x.kind, x.id, x.bucket, x.exceeded, x.spent) for x in simulation.limits]
    return rows


def _row(
    kind: str, name: str, bucket: str, of: Chance, spread: Spread | None, *, turned: bool = False
) -> dict[str, object]:
    low, high = (1 - of.high, 1 - of.low) if turned else (of.low, of.high)
    return {
        "kind": kind,
        "id": name,
        "bucket": bucket,
        "probability": 1 - of.probability if turned else of.probability,
        "low": low,
        "high": high,
        "p10": None if spread is None else spread.p10,
        "p50": None if spread is None else spread.p50,
        "p90": None if spread is None else spread.p90,
    }


def chance(times: int, cases: int) -> Chance:
    """Return a relative frequency with Wilson's score interval (1927) of 95 percent.

    Examples
    --------
    >>> chance(0, 1000).high < 0.004, round(chance(5, 10).low, 3), round(chance(5, 10).high, 3)
    (True, 0.237, 0.763)
    """
    if not cases:
        return Chance(times=0, probability=0.0, low=0.0, high=1.0)
    part, z = times / cases, Z_95
    middle = (part + z * z / (2 * cases)) / (1 + z * z / cases)
    root = math.sqrt(part * (1 - part) / cases + z * z / (4 * cases * cases))
    half = z * root / (1 + z * z / cases)
    low = 0.0 if times == 0 else max(0.0, middle - half)
    high = 1.0 if times == cases else min(1.0, middle + half)
    return Chance(times=times, probability=part, low=low, high=high)


def spread(values: Sequence[float]) -> Spread:
    """Return mean and quantiles; of no values 0."""
    if not values:
        return Spread(mean=0, p10=0, p50=0, p90=0)
    ranked = sorted(values)
    p10, p50, p90 = (ranked[max(0, math.ceil(level * len(ranked)) - 1)] for level in LEVELS)
    return Spread(mean=math.fsum(values) / len(values), p10=p10, p50=p50, p90=p90)


def summed(
    portfolio: Portfolio, plan: Plan, outcomes: Sequence[Outcome], wanted: int, seed: int
) -> Simulation:
    """Return the chances over outcomes, which are taken in the order of their cases.

    Beside them stands what becomes of the plan where nothing varies.
    """
    as_planned = Simulator(portfolio, plan, (), seed).planned()
    ordered = sorted(outcomes, key=lambda o: o.case)
    value, benefit, npv, cost = (spread([o.terms[k] for o in ordered]) for k in range(4))
    return Simulation(
        cases=len(ordered),
        wanted=wanted,
        seed=seed,
        value=value,
        benefit=benefit,
        npv=npv,
        cost=cost,
        finishes=_finishes(portfolio, plan, ordered),
        skills=_skills(portfolio, ordered, as_planned),
        limits=_limits(portfolio, ordered),
    )


def _finishes(portfolio: Portfolio, plan: Plan, outcomes: Sequence[Outcome]) -> tuple[Finish, ...]:
    dated = sorted((p for p in plan.projects if p.selected), key=lambda p: p.project)
    columns = list(zip(*(o.finishes for o in outcomes), strict=True)) or [()] * len(dated)
    last = [max(o.finishes, default=0) for o in outcomes]
    found = [_finish("", max((p.finish or 0 for p in dated), default=0), None, last)]
    for entry, ends in zip(dated, columns, strict=True):
        if entry.phases:
            due = portfolio.project_by_id[entry.project].due_period(portfolio.calendar)
            found.append(_finish(entry.project, entry.finish or 0, due, ends))
    return tuple(found)


def _finish(project: str, planned: int, due: int | None, ends: Sequence[int]) -> Finish:
    return Finish(
        project=project,
        planned=planned,
        due=due,
        in_plan=chance(sum(end <= planned for end in ends), len(ends)),
        in_time=None if due is None else chance(sum(end <= due for end in ends), len(ends)),
        spread=spread([float(end) for end in ends]),
        counts=tuple(sorted(Counter(ends).items())),
    )


def _skills(
    portfolio: Portfolio, outcomes: Sequence[Outcome], as_planned: Outcome
) -> tuple[Overload, ...]:
    found = []
    for skill in sorted(s.id for s in portfolio.skills):
        joint = [{t for name, t in o.joint if name == skill} for o in outcomes]
        alone = sum(any(name == skill for name, _ in o.alone) for o in outcomes)
        often = Counter(t for periods in joint for t in periods)
        found.append(
            Overload(
                skill=skill,
                any_period=chance(sum(map(bool, joint)), len(outcomes)),
                alone=chance(alone, len(outcomes)),
                periods=tuple(
                    often[t] / max(1, len(outcomes)) for t in range(portfolio.calendar.periods)
                ),
                planned=tuple(sorted(t for name, t in as_planned.joint if name == skill)),
            )
        )
    return tuple(found)


def _limits(portfolio: Portfolio, outcomes: Sequence[Outcome]) -> tuple[Limit, ...]:
    found = [
        Limit(
            kind="fund",
            id=uses[0].fund,
            bucket=uses[0].bucket,
            exceeded=chance(sum(use.overspent > 0 for use in uses), len(uses)),
            spent=spread([use.spent for use in uses]),
        )
        for uses in zip(*(o.funds for o in outcomes), strict=True)
    ]
    broken = Counter(cap for o in outcomes for cap in o.caps)
    whole = {(cap.id, "") for cap in portfolio.caps if cap.id not in {name for name, _ in broken}}
    for name, bucket in sorted({*broken, *whole}):
        times = chance(broken[name, bucket], len(outcomes))
        found.append(Limit(kind="cap", id=name, bucket=bucket, exceeded=times))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Played:
    """News of a simulation: so many cases of the total are played."""

    done: int
    total: int


def simulate(
    portfolio: Portfolio,
    plan: Plan,
    uncertainty: Uncertainty,
    *,
    cases: int = 1000,
    seed: int = 0,
    workers: int = 1,
    executor: Executor | None = None,
    on_progress: Callable[[Played], None] | None = None,
    stop: threading.Event | None = None,
) -> Simulation:
    """Play a plan through drawn cases, and return how likely it gets into trouble.

    Nothing is solved: phases start when they are planned, or as soon after as the links let
    them, and what they cost and need is added up, by the referee where money is meant. The
    figures depend on portfolio, plan, uncertainty and seed only, not on where cases are played.

    Parameters
    ----------
    portfolio, plan
        A portfolio, and a plan of it.
    uncertainty
        What varies.
    cases
        How many cases are drawn.
    seed
        Of the draws.
    workers
        Processes without an executor; with 1 the cases are played in this one.
    executor
        Where cases are played; it is not shut down.
    on_progress
        Called in this thread as cases are done.
    stop
        Set it, or press Ctrl-C, to get the figures of the cases played so far.

    Raises
    ------
    InvalidInput
        With every finding about the uncertainty.
    ValueError
        The plan has no decisions.
    """
    if not plan.found:
        raise ValueError(f"the plan has no decisions: {plan.status.value}")
    uncertainty.variables(portfolio)
    batch = _Batch(cases, on_progress, stop)
    if workers == 1 and executor is None:
        batch.play(Simulator(portfolio, plan, uncertainty.variables(portfolio), seed))
    else:
        with Pool(executor, workers) as pool:
            batch.share(pool, (portfolio, plan, uncertainty, seed))
    return summed(portfolio, plan, batch.outcomes, cases, seed)


class _Batch:
    """Cases that are played here or elsewhere, until all are or somebody wants to stop."""

    def __init__(
        self,
        total: int,
        on_progress: Callable[[Played], None] | None,
        stop: threading.Event | None,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self._total = total
        self._on_progress = on_progress
        self._stop = stop or threading.Event()

    def play(self, simulator: Simulator) -> None:
        """Play the cases one after the other."""
        try:
            for case in range(1, self._total + 1):
                if self._stop.is_set():
                    return
                self.outcomes.append(simulator.play(case))
                if case % CHUNK == 0 or case == self._total:
                    self._tell()
        except KeyboardInterrupt:
            return

    def share(self, pool: Pool, of: tuple[Portfolio, Plan, Uncertainty, int]) -> None:
        """Hand the cases over in chunks, and collect them.

        Chunks of processes that die are handed over again, once; then their cases are missing.
        """
        chunks = [(k, min(k + CHUNK, self._total + 1)) for k in range(1, self._total + 1, CHUNK)]
        for _ in range(1 if pool.given else MOST_ATTEMPTS):
            if chunks and not self._stop.is_set():
                chunks = self._shared(pool, of, chunks)

    def _shared(
        self, pool: Pool, of: tuple[Portfolio, Plan, Uncertainty, int], chunks: list[Chunk]
    ) -> list[Chunk]:
        """Collect chunks; return those whose processes died."""
        executor, lost = pool.executor, list[Chunk]()
        with stop_flag() as flag:
            running: dict[Future[list[Outcome]], Chunk] = {}
            try:
                for number, chunk in enumerate(chunks):
                    try:
                        call = executor.submit(play_cases, *of, chunk, str(flag))
                    except deaths():
                        lost += chunks[number:]
                        break
                    running[call] = chunk
                while running:
                    try:
                        lost += self._collect(pool, running, flag)
                    except KeyboardInterrupt:
                        if self._stop.is_set():
                            raise
                        self._stop.set()
            finally:
                flag.touch()
                for future in running:
                    future.cancel()
        if lost:
            pool.leave(executor)
        return lost

    def _collect(
        self, pool: Pool, running: dict[Future[list[Outcome]], Chunk], flag: Path
    ) -> list[Chunk]:
        """Take what is done, each chunk once; return those whose processes died."""
        if self._stop.is_set() and not flag.exists():
            flag.touch()
            for future in list(running):
                if pool.tells_what_runs and future.cancel():
                    del running[future]
        lost = []
        for future in wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done:
            chunk = running.pop(future)
            try:
                self.outcomes += future.result()
            except deaths():
                lost.append(chunk)
                continue
            self._tell()
        return lost

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(Played(len(self.outcomes), self._total))
