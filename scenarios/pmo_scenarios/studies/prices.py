"""Price of every limit: what one step more of it is worth, by solving again."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from decimal import Decimal
from typing import Literal

from pmo_optimizer import (
    Finding,
    InvalidInput,
    Plan,
    Portfolio,
    Severity,
    Status,
    Termination,
    When,
    require_valid,
    suggestion,
)
from pmo_scenarios import runs
from pmo_scenarios.bounds import gap_between
from pmo_scenarios.runs import THREADS, Job, Options, shares
from pmo_scenarios.scenario import Scenario
from pmo_scenarios.series import Batches
from pmo_scenarios.studies.forced import leading
from pmo_scenarios.studies.idle import argument
from pmo_scenarios.studies.limits import Kind, Limit, Steps, limits_of
from pmo_scenarios.studies.price_rows import Ledger, Price, Prices, Step, Unpriced, ranked

BASE = "base"
"""What the portfolio as it is is called in progress."""

BASE_PART = 0.2
"""Part of the total time for the portfolio as it is: its gap is in every price."""

PARTS = 5
"""With a total time the solves go in so many parts; what one part saves, the next ones have."""

LEAST_SECONDS = 0.5
"""With less time than that for each no solve begins."""

LIKELY = {
    Kind.FORCED: 0.9,
    Kind.CAP: 0.8,
    Kind.RULE: 0.6,
    Kind.RELATION: 0.5,
    Kind.LINK: 0.4,
    Kind.DATE: 0.3,
}
"""How soon limits are solved whose use says little; budgets and skills go by their use."""


def prices(
    portfolio: Portfolio,
    *,
    only: Sequence[str] = (),
    percent: float = 1.0,
    fte: float = 1.0,
    first: When | None = None,
    last: When | None = None,
    time_limit: float = 60.0,
    total_time: float | None = None,
    gap: float = 0.0,
    workers: int | None = None,
    backend: str = "auto",
    seed: int = 0,
    reproducible: bool = False,
    staffing: Literal["capacity", "named"] = "capacity",
    executor: Executor | None = None,
    on_progress: Callable[[runs.Step], None] | None = None,
    stop: threading.Event | None = None,
) -> Prices:
    """Return what one step more of every limit is worth, the highest price first.

    One step is a percentage of a fund or cap in a fiscal year (or in total), FTE of a skill,
    1 project or start of a count, 1 percentage point of a share or ceiling, about a tenth of
    the spread of an averaged attribute, 1 period of a date, and the freedom of a project, a
    link or a group that binds. The portfolio is solved as it is, and again after each step,
    beginning with the plan there is. The price lies between what values and bounds prove. Where
    several terms are optimized in order, prices are of the first, and the others are left out.
    Where the portfolio as it is has no plan there is no price: its status says so, and the
    steps are solved to see which of them make a plan possible.

    Parameters
    ----------
    portfolio
        As it is.
    only
        Kinds (see `pmo_scenarios.studies.limits.Kind`) or paths, such as ``skill``,
        ``funds/capex`` or ``projects/P1``; every limit by default.
    percent
        Of each amount of a fund or cap, above 0.
    fte
        Of each skill in every period from ``first`` to ``last``, both included; the whole
        grid by default. A multiple of 0.01 above 0.
    time_limit, gap, backend, seed, reproducible, staffing
        Of each solve, as in `pmo_optimizer.optimize`.
    total_time
        Seconds for all solves together, shared out over them; no limit by default. Those that
        are likely to be worth most come first.
    workers, executor, on_progress
        As in `pmo_scenarios.compare`.
    stop
        Set it, or press Ctrl-C, to get what is there so far; the rest is in ``missing``.

    Raises
    ------
    InvalidInput
        With every finding about the portfolio, or about ``only`` and the range.
    Unsupported
        The engine does not exist or does not support what the portfolio asks for.
    ValueError
        An option is out of range.
    """
    _check_options(percent, fte, total_time, reproducible=reproducible)
    require_valid(portfolio)
    began = time.monotonic()
    base = leading(portfolio)
    size = Steps(percent=Decimal(str(percent)), fte=Decimal(str(fte)), first=first, last=last)
    found = _wanted(base, size, only, named=staffing == "named")
    steps, unpriced = _apply(base, found)
    solved = [step for step in steps if not step.argument]
    side, threads = shares(max(1, len(solved)), workers)
    alone = side * threads
    if executor is not None:
        side, threads, alone = 1, workers or THREADS, workers or THREADS
    settings = Options(time_limit, gap, threads, backend, seed, reproducible, staffing)
    deadline = None if total_time is None else began + total_time
    with Batches(executor, side, on_progress, stop, len(solved) + 1) as batches:
        series = _Series(settings, batches, side, deadline)
        ledger = series.run(base, threads if reproducible else alone, solved)
    return _result(portfolio, ledger, steps, unpriced, time.monotonic() - began)


def _check_options(
    percent: float, fte: float, total_time: float | None, *, reproducible: bool
) -> None:
    for name, value in (("percent", percent), ("fte", fte), ("total_time", total_time)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} is {value}; a number above 0 is expected")
    if round(fte * 100) / 100 != fte:
        raise ValueError(f"fte is {fte}; a multiple of 0.01 is expected")
    if total_time is not None and reproducible:
        raise ValueError("total_time is a matter of the clock, which reproducible rules out")


def _wanted(base: Portfolio, size: Steps, only: Sequence[str], *, named: bool) -> list[Limit]:
    """Return the limits that are asked for; InvalidInput with all that is wrong with the wish."""
    findings = _span_findings(base, size)
    every = limits_of(base, size, named=named)
    kinds = {kind.value for kind in Kind}
    names = {limit.path for limit in every} | kinds
    for wish in dict.fromkeys(only):
        if wish not in kinds and not any(_meant(limit, wish) for limit in every):
            findings.append(
                Finding(
                    Severity.ERROR,
                    "unknown-target",
                    f"only/{wish}",
                    f"There is no limit {wish} in the portfolio, nor a kind of that name.",
                    f"{suggestion(wish, names)}Name one of {', '.join(sorted(kinds))}, or a path.",
                )
            )
    if findings:
        raise InvalidInput(tuple(findings))
    if not only:
        return list(every)
    return [limit for limit in every if any(_meant(limit, wish) for wish in only)]


def _meant(limit: Limit, wish: str) -> bool:
    return wish == limit.kind.value or wish == limit.path or limit.path.startswith(f"{wish}/")


def _span_findings(base: Portfolio, size: Steps) -> list[Finding]:
    calendar = base.calendar
    begin = 0 if size.first is None else max(0, calendar.period_of(size.first))
    end = calendar.periods - 1 if size.last is None else calendar.period_of(size.last)
    if begin <= min(end, calendar.periods - 1):
        return []
    return [
        Finding(
            Severity.ERROR,
            "change-outside",
            "first" if size.first is not None else "last",
            f"From {size.first if size.first is not None else 'the start'} to "
            f"{size.last if size.last is not None else 'the end'} there is no period.",
            f"Name days from {calendar.edge(0)} on, {calendar.periods} periods long.",
        )
    ]


def _apply(base: Portfolio, found: Sequence[Limit]) -> tuple[list[Step], list[Unpriced]]:
    """Return the steps with their portfolios, and the limits that have none, with the reason."""
    steps, unpriced = [], []
    for limit in found:
        reason = limit.reason
        if not reason:
            scenario = Scenario(id="step", changes=limit.changes)
            try:
                steps.append(Step(limit, scenario.apply(base), argument(base, limit)))
            except InvalidInput as error:
                reason = error.findings[0].message
        if reason:
            unpriced.append(Unpriced(path=limit.path, kind=limit.kind, reason=reason))
    return steps, unpriced


class _Series:
    """The solves: the portfolio as it is, then the steps, in parts where time is short."""

    def __init__(
        self,
        settings: Options,
        batches: Batches,
        side: int,
        deadline: float | None,
    ) -> None:
        self._settings = settings
        self._batches = batches
        self._side = side
        self._deadline = deadline

    def run(self, base: Portfolio, threads: int, steps: Sequence[Step]) -> Ledger:
        """Return everything that the solves found."""
        limit = self._settings.time_limit
        if self._deadline is not None:
            seconds = BASE_PART * (self._deadline - time.monotonic())
            limit = min(limit, max(LEAST_SECONDS, seconds))
        options = self._options(limit, threads)
        plans = self._batches.run([Job(BASE, base, options)])
        ledger = Ledger(base, plans.get(BASE) or _nothing(base))
        left = sorted(steps, key=lambda step: _likely(step.limit, ledger.plan))
        size = len(left) if self._deadline is None else max(1, math.ceil(len(left) / PARTS))
        while left and not self._batches.over:
            share = self._share(len(left))
            if share < LEAST_SECONDS:
                break
            part, left = left[:size], left[size:]
            start = None if self._settings.reproducible else ledger.plan
            options = self._options(share, self._settings.workers)
            plans = self._batches.run(
                [Job(s.limit.path, s.portfolio, options, start) for s in part]
            )
            for step in part:
                if step.limit.path in plans:
                    ledger.take(step, plans[step.limit.path])
        return ledger

    def _share(self, number: int) -> float:
        """Return the seconds of each solve if so many are left."""
        limit = self._settings.time_limit
        if self._deadline is None:
            return limit
        return min(limit, (self._deadline - time.monotonic()) * self._side / number)

    def _options(self, time_limit: float, threads: int) -> Options:
        own = self._settings
        return Options(
            time_limit, own.gap, threads, own.backend, own.seed, own.reproducible, own.staffing
        )


def _nothing(base: Portfolio) -> Plan:
    return Plan(
        portfolio=base.name,
        digest=base.digest(),
        status=Status.NO_PLAN_FOUND,
        termination=Termination.STOPPED,
    )


def _likely(limit: Limit, plan: Plan) -> tuple[float, str]:
    """Return the place of a limit in the order of solves: the fuller it is, the earlier."""
    name = limit.name
    used = LIKELY.get(limit.kind, 0.0)
    if limit.kind is Kind.BUDGET:
        of_fund = [f for f in plan.kpis.funds if f.fund == name]
        meant = [f for f in of_fund if f.bucket == limit.part] or of_fund
        used = max((f.spent / f.available if f.available > 0 else 1.0 for f in meant), default=0.0)
    elif limit.kind is Kind.SKILL:
        load = next((s for s in plan.kpis.skills if s.skill == name), None)
        pairs = [] if load is None else zip(load.load, load.capacity, strict=True)
        used = max((a / b if b > 0 else float(a > 0) for a, b in pairs), default=0.0)
    return -used, limit.path


def _result(
    portfolio: Portfolio,
    ledger: Ledger,
    steps: Sequence[Step],
    unpriced: Sequence[Unpriced],
    seconds: float,
) -> Prices:
    answered = [s for s in steps if s.argument or s.limit.path in ledger.solved]
    rows: list[Price] = [ledger.row(step) for step in answered]
    done = {row.path for row in rows}
    return Prices(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        currency=portfolio.currency,
        term=portfolio.objective.terms[0].term,
        maximised=portfolio.objective.maximised,
        status=ledger.status,
        objective=ledger.value,
        bound=ledger.bound,
        gap=gap_between(ledger.value, ledger.bound),
        message=ledger.message,
        prices=ranked(rows, maximised=portfolio.objective.maximised),
        unpriced=tuple(unpriced),
        missing=tuple(s.limit.path for s in steps if s.limit.path not in done),
        seconds=seconds,
    )
