"""Value against budget, capacity or a limit: exact points, with what each step changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pmo_optimizer import (
    Finding,
    Frozen,
    InvalidInput,
    Plan,
    Portfolio,
    Status,
    TermName,
    require_valid,
)
from pmo_scenarios.bounds import FUZZ
from pmo_scenarios.runs import THREADS, Job, Options, Step, run_jobs, shares
from pmo_scenarios.scenario import Scenario, require_distinct
from pmo_scenarios.studies.axis import Axis, Level, amount_at, axis_of, level_at, levels_of
from pmo_scenarios.studies.envelope import Best, best_plans
from pmo_scenarios.studies.figures import Figures, Interval, Move, figures_of, gain, moves
from pmo_scenarios.studies.forced import leading
from pmo_scenarios.studies.results import Study

if TYPE_CHECKING:
    import pandas

RANKING = "ranking"
"""Engine of the curve beside the frontier."""

RANKING_SECONDS = 10.0
"""Most seconds of each ranking."""

CHAIN = 4
"""Levels of a chain on an executor, which does not say how many solves it runs at once."""


class Point(Frozen):
    """One level of a frontier, or a scenario on it.

    Attributes
    ----------
    level
        In the unit of the axis; null for a scenario that has no place on it.
    amount
        What there is of it in the horizon: money of the funds in the fiscal years or periods of
        the calendar, the limit, or the mean FTE of the skill over the periods.
    current
        Whether it is today's level.
    scenario, name
        Id and name of the scenario; empty for points of the curve.
    status
        Of the plan, as in `Plan`; or ``invalid``, where the level makes a portfolio with
        errors, which are in ``message``.
    source
        Where the plan is from: its own ``solve``, the neighbour that is ``tighter``, or the
        ``ranking``, where its own solve ended with a worse one.
    value
        The objective: its first term after prices, or the weighted sum.
    bound, gap
        No plan at this level is better than the bound; a looser level's bound counts too.
    message, seconds, digest
        Of the solve, and of the portfolio that was solved.
    contradiction
        What a solve of this or a looser level claims that the plan, which the referee accepts,
        disproves: an engine is wrong, and that bound is left out. Empty where nothing is.
    figures
        Key figures; null where there is no plan.
    ranking
        What the best ranking list gives with so much or less.
    left
        How much better than the ranking the plan is, and the best possible one at most.
    selected
        Ids of the selected projects, sorted.
    enters, leaves, moves
        Against the previous point that has a plan; of a scenario, against today's level.
    gained
        How much better it is than that point.
    per_unit
        The same per unit of ``amount``; null where that does not differ.
    plan
        The plan itself; left out of JSON.
    """

    level: float | None
    amount: float | None
    current: bool = False
    scenario: str = ""
    name: str = ""
    status: Status | Literal["invalid"]
    source: Literal["solve", "tighter", "ranking"] = "solve"
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
    message: str = ""
    seconds: float = 0.0
    digest: str = ""
    contradiction: str = ""
    figures: Figures | None = None
    ranking: float | None = None
    left: Interval | None = None
    selected: tuple[str, ...] = ()
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    gained: Interval | None = None
    per_unit: Interval | None = None
    plan: Plan | None = Field(default=None, exclude=True, repr=False)


class Frontier(Study):
    """The best value at each level of a budget, a capacity or a limit.

    Attributes
    ----------
    portfolio, digest, currency
        Of the base.
    term, maximised
        The first term of the objective, and whether more of it is better.
    axis
        What is varied.
    points
        In ascending order of their levels.
    scenarios
        Scenarios, each solved as it is, at their places on the axis.
    missing
        Keys of solves that a stop left out, such as ``80 %`` or ``cut``.
    seconds
        Wall clock of all solves.
    """

    portfolio: str
    digest: str
    currency: str
    term: TermName
    maximised: bool
    axis: Axis
    points: tuple[Point, ...] = ()
    scenarios: tuple[Point, ...] = ()
    missing: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def current(self) -> Point | None:
        """The point of today; None where a stop left it out."""
        return next((point for point in self.points if point.current), None)

    def point(self, level: float) -> Point:
        """Return the point of a level; KeyError where there is none."""
        for point in self.points:
            if point.level == level:
                return point
        raise KeyError(level)

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per point, the scenarios last.

        Columns: level, amount, current, scenario, status, source, value, bound, gap, ranking,
        left, gained, gained_low, gained_high, per_unit, per_unit_low, per_unit_high, cost,
        effort, projects, enters, leaves (ids), moves (number of projects).
        """
        import pandas as pd

        return pd.DataFrame([_row(point) for point in (*self.points, *self.scenarios)])


def _row(point: Point) -> Mapping[str, object]:
    names = ("level", "amount", "current", "scenario", "status", "source")
    row: dict[str, object] = {name: getattr(point, name) for name in names}
    row["status"] = str(row["status"])
    row |= {name: getattr(point, name) for name in ("value", "bound", "gap", "ranking")}
    row["left"] = None if point.left is None else point.left.value
    for name in ("gained", "per_unit"):
        interval: Interval | None = getattr(point, name)
        row[name] = None if interval is None else interval.value
        row[f"{name}_low"] = None if interval is None else interval.low
        row[f"{name}_high"] = None if interval is None else interval.high
    figures = point.figures
    row["cost"] = None if figures is None else figures.cost
    row["effort"] = None if figures is None else figures.effort
    row["projects"] = None if figures is None else figures.selected
    row["enters"], row["leaves"] = list(point.enters), list(point.leaves)
    row["moves"] = len(point.moves)
    return row


@dataclass(frozen=True, slots=True)
class _Place:
    """A level or scenario before it is solved.

    ``portfolio`` is None where it has errors, which are in ``message``.
    """

    key: str
    level: float | None
    scenario: Scenario
    portfolio: Portfolio | None
    message: str = ""


def frontier(
    portfolio: Portfolio,
    *,
    funds: Sequence[str] = (),
    skill: str | None = None,
    limit: str | None = None,
    field: str | None = None,
    levels: Sequence[Decimal | float | str] | None = None,
    unit: Literal["percent", "amount"] = "percent",
    scenarios: Sequence[Scenario] = (),
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int | None = None,
    backend: str = "auto",
    seed: int = 0,
    reproducible: bool = False,
    staffing: Literal["capacity", "named"] = "capacity",
    executor: Executor | None = None,
    on_progress: Callable[[Step], None] | None = None,
    stop: threading.Event | None = None,
) -> Frontier:
    """Return the best value at each level of a budget, a capacity or a limit.

    Each point is solved for the first term of the objective, or for the weighted sum: later
    terms may give away some of the first, and a curve of it would go up and down. The
    loosest level comes first, as its bound holds for all; then each one begins with the
    better plan of the next tighter one and of its ranking, except in ``reproducible`` mode.
    Every plan is refereed. Where solves contradict each other, the curve is there all the
    same, and its points say so.

    Parameters
    ----------
    portfolio
        The base.
    funds
        Ids of funds that are varied together; all of them, where nothing else is asked for.
    skill
        A skill, whose capacity is varied instead.
    limit
        A rule or cap, whose limit is varied instead, such as that of average risk; an id, or
        a path such as ``caps/cloud``.
    field
        Which number of a rule that has ``min`` and ``max``.
    levels
        Where to look, in any order; today's level is added. By default 40 to 150 percent.
    unit
        Of the levels: ``percent`` of what there is today; or ``amount``: money of the funds
        together, FTE more (or less) in each period, or the limit itself.
    scenarios
        With different ids; each is solved too, and marked at its place.
    time_limit, gap, backend, seed, reproducible, staffing
        Of each solve, as in `pmo_optimizer.optimize`.
    workers
        Threads on this machine, which the solves share; all cores by default. With an
        executor: threads of each solve, 2 by default.
    executor
        Where the solves run; by default processes on this machine. Scripts then need
        ``if __name__ == "__main__":``.
    on_progress
        Called after every solve.
    stop
        Set it, or press Ctrl-C, to get what is there so far.

    Raises
    ------
    InvalidInput
        With every finding about the portfolio, or about axis, levels and scenarios.
    Unsupported
        The engine does not exist or does not support what a portfolio asks for.
    ValueError
        An option is out of range.
    """
    require_valid(portfolio)
    began = time.monotonic()
    base = leading(portfolio)
    axis, findings = axis_of(
        base, tuple(funds), skill, limit, field, unit, named=staffing == "named"
    )
    wanted: list[Level] = []
    if axis is not None:
        wanted, findings = levels_of(base, axis, levels)
    marked = _scenarios(base, axis, require_distinct(scenarios), findings)
    if axis is None or findings:
        raise InvalidInput(tuple(findings))
    places = [_place(base, axis, level) for level in wanted]
    settings = Options(time_limit, gap, THREADS, backend, seed, reproducible, staffing)
    batch = _Batch(base, axis, places, marked, settings)
    processes, threads = shares(len(places) + len(marked), workers)
    if executor is not None:
        threads, processes = workers or THREADS, -(-len(places) // CHAIN)
    jobs = batch.jobs(processes, threads)
    plans = run_jobs(
        jobs, executor=executor, processes=processes, on_progress=on_progress, stop=stop
    )
    points = batch.points(plans)
    return Frontier(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        currency=portfolio.currency,
        term=base.objective.terms[0].term,
        maximised=base.objective.maximised,
        axis=axis,
        points=points,
        scenarios=batch.scenarios(plans, next((p for p in points if p.current), None)),
        missing=tuple(job.key for job in jobs if job.key not in plans),
        seconds=time.monotonic() - began,
    )


def _place(base: Portfolio, axis: Axis, level: Level) -> _Place:
    number = f"{level.level.normalize():f}"
    key = f"{number} %" if axis.unit == "percent" else number
    at = float(level.level)
    try:
        return _Place(key, at, level.scenario, level.scenario.apply(base))
    except InvalidInput as error:
        text = " ".join(finding.message for finding in error.findings)
        return _Place(key, at, level.scenario, None, text)


def _scenarios(
    base: Portfolio, axis: Axis | None, scenarios: Sequence[Scenario], findings: list[Finding]
) -> list[_Place]:
    """Return the places of the scenarios; add what is wrong with any of them."""
    places = []
    for scenario in scenarios:
        try:
            changed = scenario.apply(base)
        except InvalidInput as error:
            findings += error.findings
            continue
        level = None if axis is None else level_at(changed, axis, base)
        places.append(_Place(f"scenario {scenario.id}", level, scenario, changed))
    return places


class _Batch:
    """The levels and scenarios, how they are solved, and what becomes of their plans."""

    def __init__(
        self,
        base: Portfolio,
        axis: Axis,
        places: Sequence[_Place],
        marked: Sequence[_Place],
        settings: Options,
    ) -> None:
        self._base = base
        self._axis = axis
        self._places = places
        self._marked = marked
        self._settings = settings
        valid = [place for place in places if place.portfolio is not None]
        self._order = valid if axis.loosens >= 0 else valid[::-1]  # from tight to loose

    def jobs(self, chains: int, threads: int) -> list[Job]:
        """Return all solves: rankings, the loosest level, then each one from its tighter one.

        With several chains, each of which begins afresh, only the last one waits for the
        bound of the loosest level: it says little about much tighter ones.
        """
        free = not self._settings.reproducible
        loosest = self._order[-1].key if self._axis.loosens and free else None
        length = max(1, -(-len(self._order) // max(1, chains)))
        jobs = []
        start: tuple[str, ...]
        for number, place in enumerate(self._order):
            last = number + length >= len(self._order)
            head = number % length == 0 or place.key == loosest
            start = (_ranked(place.key),)
            if not head:
                start = (*start, self._order[number - 1].key)
            bound = loosest if last and place.key != loosest else None
            jobs.append(self._job(place, threads, start if free else None, bound))
        if loosest:
            jobs.insert(0, jobs.pop())
        today = next((p.key for p in self._order if not p.scenario.changes), None)
        for place in self._marked:
            start = (_ranked(place.key), *([today] if today else []))
            jobs.append(self._job(place, threads, start if free else None, None))
        ranked = [self._ranking(place) for place in (*self._order[::-1], *self._marked)]
        return [*ranked, *jobs]

    def _job(
        self, place: _Place, threads: int, start: tuple[str, ...] | None, bound: str | None
    ) -> Job:
        s = self._settings
        options = Options(
            s.time_limit, s.gap, threads, s.backend, s.seed, s.reproducible, s.staffing
        )
        return Job(place.key, _solved(place), options, start, bound)

    def _ranking(self, place: _Place) -> Job:
        s = self._settings
        seconds = min(s.time_limit, RANKING_SECONDS)
        options = Options(
            seconds, 0.0, 1, RANKING, s.seed, reproducible=s.reproducible, staffing=s.staffing
        )
        return Job(_ranked(place.key), _solved(place), options)

    def points(self, plans: Mapping[str, Plan]) -> tuple[Point, ...]:
        """Return the curve, in ascending order of the levels."""
        order = [place for place in self._order if place.key in plans]
        best = best_plans(
            [_solved(place) for place in order],
            [plans[place.key] for place in order],
            [plans.get(_ranked(place.key)) for place in order],
            ordered=self._axis.loosens != 0,
        )
        found = {place.key: answer for place, answer in zip(order, best, strict=True)}
        points: list[Point] = []
        before: Point | None = None
        for place in self._places:
            if place.portfolio is None:
                points.append(self._invalid(place))
            elif place.key in found:
                point = self._compared(self._point(place, found[place.key]), before)
                points.append(point)
                before = point if point.plan is not None and point.plan.found else before
        return tuple(points)

    def scenarios(self, plans: Mapping[str, Plan], today: Point | None) -> tuple[Point, ...]:
        """Return the scenarios that were solved, compared with today's level."""
        points = []
        for place in self._marked:
            if place.key in plans:
                ranked = plans.get(_ranked(place.key))
                (best,) = best_plans([_solved(place)], [plans[place.key]], [ranked], ordered=False)
                point = self._point(place, best)
                points.append(self._compared(point, today, level=False))
        return tuple(points)

    def _amount(self, portfolio: Portfolio) -> float | None:
        amount = amount_at(portfolio, self._axis)
        return None if amount is None else float(amount)

    def _invalid(self, place: _Place) -> Point:
        return Point(
            level=place.level,
            amount=None,
            current=not place.scenario.changes,
            status="invalid",
            message=place.message,
        )

    def _point(self, place: _Place, best: Best) -> Point:
        plan, portfolio = best.plan, _solved(place)
        marked = place in self._marked
        return Point(
            level=place.level,
            amount=self._amount(portfolio),
            current=not marked and not place.scenario.changes,
            scenario=place.scenario.id if marked else "",
            name=place.scenario.name,
            status=plan.status,
            source=best.source,
            value=plan.objective,
            bound=plan.bound,
            gap=plan.gap,
            message=plan.message,
            seconds=plan.seconds,
            digest=plan.digest,
            contradiction=best.contradiction,
            figures=figures_of(plan),
            ranking=None if best.ranking is None else best.ranking.objective,
            left=None if best.ranking is None else _left(portfolio, best.ranking, plan),
            selected=plan.selected if plan.found else (),
            plan=plan,
        )

    def _compared(self, point: Point, before: Point | None, *, level: bool = True) -> Point:
        """Return a point with what is different from another one."""
        if before is None or before.plan is None or point.plan is None:
            return point
        if not (before.plan.found and point.plan.found):
            return point
        gained = gain(self._base, before.plan, point.plan)
        if gained is not None and level and self._axis.loosens:
            gained = _one_way(gained, self._axis.loosens)
        per_unit = None
        if gained is not None and None not in (point.amount, before.amount):
            per_unit = gained.per((point.amount or 0.0) - (before.amount or 0.0))
        old, new = set(before.selected), set(point.selected)
        return point.model_copy(
            update={
                "enters": tuple(sorted(new - old)),
                "leaves": tuple(sorted(old - new)),
                "moves": moves(before.plan, point.plan),
                "gained": gained,
                "per_unit": per_unit,
            }
        )


def _ranked(key: str) -> str:
    return f"{key} by ranking"


def _solved(place: _Place) -> Portfolio:
    if place.portfolio is None:
        raise ValueError(f"{place.key} has no valid portfolio")
    return place.portfolio


def _left(portfolio: Portfolio, ranking: Plan, plan: Plan) -> Interval | None:
    """Return what the ranking leaves on the table: at least that of the plan."""
    gained = gain(portfolio, ranking, plan)
    if gained is None:
        return None
    clear = gained.value > FUZZ * max(1.0, abs(plan.objective or 0.0))
    return gained.model_copy(update={"low": gained.value, "proven": clear})


def _one_way(gained: Interval, sign: int) -> Interval:
    """Return a difference that cannot be a loss, or no gain where levels tighten."""
    low, high = gained.low, gained.high
    if sign > 0:
        return gained.model_copy(update={"low": max(0.0, low or 0.0)})
    return gained.model_copy(update={"high": min(0.0, high or 0.0)})
