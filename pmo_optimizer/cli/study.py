"""The commands of studies: many solves, watched, and their results as tables."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode, code_of
from pmo_optimizer.cli.documents import load_all_scenarios
from pmo_optimizer.cli.progress import Feed
from pmo_optimizer.cli.running import Display, Settings, watched

if TYPE_CHECKING:
    from rich.text import Text

    from pmo_optimizer.model import Portfolio, Status
    from pmo_scenarios import Comparison, Scenario
    from pmo_scenarios.runs import Step


class StudyProgress(Feed["Step"]):
    """The solves of a study, a line for each that has ended.

    Attributes
    ----------
    total
        How many solves there are; studies whose next solve depends on the last may raise it.
    """

    def __init__(self, total: int, *, shown: bool) -> None:
        super().__init__(shown=shown)
        self.total = total
        self._done = 0

    def _take(self, news: Step) -> None:
        from pmo_optimizer.report import gap_text, score

        self._done, self.total, plan = news.done, news.total, news.plan
        if self.shown:
            self._console.print(
                f"{news.key}: {plan.status.value} {score(plan.objective)} · gap "
                f"{gap_text(plan.gap)} · {plan.seconds:.0f} s · {news.done} of {news.total}",
                soft_wrap=True,
            )

    def live_line(self) -> Text:
        """Return the line for the terminal, with a bar over the solves and the seconds."""
        from pmo_optimizer.report import bar

        seconds = time.monotonic() - self._began
        line = bar(self._done, self.total, 20)
        line.append(f" {self._done} of {self.total} solved · {seconds:.0f} s")
        return line


class Common(TypedDict):
    """What every study takes, as its keyword arguments."""

    time_limit: float
    gap: float
    workers: int | None
    backend: str
    seed: int
    executor: Executor | None
    stop: threading.Event


Answer = TypeVar("Answer")


def studied(
    study: Callable[[Common], Answer], settings: Settings, progress: Display
) -> tuple[Answer, bool]:
    """Return the result of a study, on a cluster where one is asked for, watched as `watched` says.

    Also whether somebody asked to stop before it was done.
    """
    from pmo_scenarios import cluster

    def work(stop: threading.Event) -> Answer:
        with cluster(settings.cluster) as executor:
            return study(
                {
                    "time_limit": settings.time_limit,
                    "gap": settings.gap,
                    "workers": settings.workers,
                    "backend": settings.backend,
                    "seed": settings.seed,
                    "executor": executor,
                    "stop": stop,
                }
            )

    return watched(work, progress)


def compare_files(
    portfolio: Portfolio, files: list[Path], settings: Settings, *, shown: bool
) -> tuple[Comparison, bool]:
    """Return the comparison of a portfolio and the scenarios of files.

    Also whether somebody asked to stop before it was done. Warnings about scenarios go to
    stderr.
    """
    from pmo_scenarios import compare

    scenarios = load_all_scenarios(files)
    for scenario in scenarios:
        _warn(scenario, portfolio)
    progress = StudyProgress(len(scenarios) + 1, shown=shown)

    def study(common: Common) -> Comparison:
        return compare(
            portfolio,
            scenarios,
            reproducible=settings.reproducible,
            staffing=settings.staffing,
            on_progress=progress.put,
            **common,
        )

    return studied(study, settings, progress)


def _warn(scenario: Scenario, portfolio: Portfolio) -> None:
    from pmo_optimizer.model import Severity

    found = scenario.check(portfolio)
    output.show_findings(f for f in found if f.severity is Severity.WARNING)


def show_comparison(
    portfolio: Portfolio, comparison: Comparison, *, as_json: bool, everything: bool
) -> None:
    """Print a comparison on stdout, as tables or as JSON."""
    data = comparison.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, comparison_report

    limit = None if everything else DEFAULT_LIMIT
    output.result(comparison_report(portfolio, data, limit=limit))


def code_of_comparison(comparison: Comparison, *, interrupted: bool) -> ExitCode:
    """Return the exit code: that of the base, unless a scenario has no answer.

    That a scenario is proved infeasible is an answer.
    """
    codes = [
        code_of(case.plan, interrupted=interrupted)
        for case in comparison.cases
        if case.plan is not None
    ]
    if comparison.missing or ExitCode.INTERRUPTED in codes:
        return ExitCode.INTERRUPTED
    later = [code for code in codes[1:] if code is not ExitCode.INFEASIBLE]
    return max([codes[0], *later])


def code_of_first(status: Status | None) -> ExitCode:
    """Return the exit code of a study that stands on its first solve, by that one's status."""
    codes = {
        "optimal": ExitCode.PLAN,
        "feasible": ExitCode.PLAN,
        "infeasible": ExitCode.INFEASIBLE,
        "failed": ExitCode.INTERNAL,
    }
    return codes.get("" if status is None else status.value, ExitCode.NO_PLAN)
