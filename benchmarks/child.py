"""The process of one instance: read it, solve it, referee it, say what came of it."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from benchmarks.items import Item
from benchmarks.lines import ERROR, Line, gap_to_best_known
from benchmarks.peers import Solve, solver_of
from benchmarks.suites import portfolio_of, suites
from pmo_optimizer import Plan, PmoError, Portfolio, Unsupported, Violation, referee

STDOUT, STDERR = 1, 2
"""File descriptors of the process."""

MESSAGE_LENGTH = 2000
"""Characters of an error's message that a line keeps."""

AUTO = "auto"
"""The backend by default."""

READ = "read"
"""What the process says when the instance is read and its time begins."""


@dataclass(frozen=True, slots=True)
class Job:
    """An instance, and how it is solved."""

    item: Item
    backend: str
    time_limit: float
    workers: int


def run(job: Job, connection: Connection) -> None:
    """Solve an instance and send its line; before it, word that the instance is read."""
    os.dup2(STDERR, STDOUT)  # what solver libraries print is no result
    connection.send(_line(job, lambda: connection.send(READ)))
    connection.close()


def solve_here(job: Job) -> Line:
    """Return the line of an instance that is solved in this process."""
    return _line(job, lambda: None)


def _line(job: Job, announce: Callable[[], None]) -> Line:
    try:
        portfolio = portfolio_of(job.item)
        solve = _solver(job)
    except (OSError, ValueError, LookupError, ImportError, PmoError) as error:
        return failed(job, said_by(error))
    announce()
    begin = time.perf_counter()
    try:
        judged, plan = solve(portfolio, job.time_limit, job.workers)
    except (ValueError, PmoError, MemoryError) as error:
        seconds = time.perf_counter() - begin
        return replace(failed(job, said_by(error), seconds), peak_memory=peak_memory())
    return line_of(job, judged, plan, time.perf_counter() - begin)


def _solver(job: Job) -> Solve:
    """Return what solves the job's instance.

    Raises
    ------
    Unsupported
        The suite has a way of its own, and an engine or a peer is asked for.
    """
    suite = suites().get(job.item.suite)
    if suite is None or suite.solve is None:
        return solver_of(job.backend, job.item.staffing)
    if job.backend != AUTO:
        raise Unsupported(f"{job.item.suite} is not solved by {job.backend}, but by {AUTO} only")
    return suite.solve


def said_by(error: Exception) -> str:
    """Return an error in one line, with its kind."""
    return f"{type(error).__name__}: {error}"[:MESSAGE_LENGTH]


def line_of(job: Job, portfolio: Portfolio, plan: Plan, seconds: float) -> Line:
    """Return the line of a plan, the referee's figures in it."""
    report = referee.check(portfolio, plan)
    maximised = portfolio.objective.maximised
    objective = report.kpis.objective if plan.found else None
    best_known = job.item.best_known
    line = Line(
        suite=job.item.suite,
        folder=job.item.folder,
        instance=job.item.name,
        backend=job.backend,
        status=plan.status.value,
        objective=objective,
        bound=plan.bound,
        gap=plan.gap,
        terms={t.term.value: report.kpis.terms[t.term] for t in portfolio.objective.terms}
        if plan.found
        else {},
        best_known=best_known,
        gap_to_best_known=gap_to_best_known(objective, best_known, maximised=maximised),
        maximised=maximised,
        seconds=round(seconds, 3),
        first_plan_seconds=_first_plan_seconds(plan),
        peak_memory=peak_memory(),
        violations=len(report.violations) if plan.found else None,
        time_limit=job.time_limit,
        workers=job.workers,
        message="; ".join([plan.message, *(v.message for v in report.violations[:3])]).strip("; "),
    )
    return _scored(line, job, portfolio, plan, report.violations)


def _first_plan_seconds(plan: Plan) -> float | None:
    """Return when the engine had its first plan; None where its log tells of none."""
    seconds = (line.seconds for line in plan.incumbents if line.value is not None)
    first = next(seconds, None)
    return None if first is None else round(first, 3)


def _scored(
    line: Line, job: Job, portfolio: Portfolio, plan: Plan, violations: Sequence[Violation]
) -> Line:
    """Return the line in the measure of its suite, where that has one of its own."""
    suite = suites().get(job.item.suite)
    score = suite.score(portfolio, plan) if suite is not None and suite.score is not None else None
    if score is None:
        return line
    # A suite's own measure counts the needs that are open.
    broken = [v for v in violations if v.rule not in referee.OPEN_NEEDS]
    return replace(
        line,
        objective=score.objective,
        bound=score.bound,
        gap=score.gap,
        maximised=False,
        terms=score.terms,
        gap_to_best_known=gap_to_best_known(score.objective, line.best_known, maximised=False),
        violations=len(broken),
        message="; ".join([plan.message, *(v.message for v in broken[:3])]).strip("; "),
    )


def failed(job: Job, message: str, seconds: float | None = None) -> Line:
    """Return the line of an instance that gave no answer."""
    return Line(
        suite=job.item.suite,
        folder=job.item.folder,
        instance=job.item.name,
        backend=job.backend,
        status=ERROR,
        best_known=job.item.best_known,
        seconds=None if seconds is None else round(seconds, 3),
        time_limit=job.time_limit,
        workers=job.workers,
        message=message,
    )


def peak_memory() -> float:
    """Return the most memory that this process and its largest child held so far, in MiB.

    It is rather too much: to Linux a child was as large as its parent was when it began.
    """
    most = sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(most / unit, 1)
