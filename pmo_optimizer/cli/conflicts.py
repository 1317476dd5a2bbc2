"""The command ``conflicts``: why a portfolio has no plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.running import Settings
from pmo_optimizer.cli.study import Common, StudyProgress, studied

if TYPE_CHECKING:
    from pmo_scenarios import Conflicts
    from pmo_scenarios.runs import Step


class TestProgress(StudyProgress):
    """The tests of sets of rules; how many there will be shows on the way."""

    def _take(self, news: Step) -> None:
        self._done, self.total, plan = news.done, news.total, news.plan
        if self.shown:
            line = f"{news.key}: {plan.status.value} · {plan.seconds:.1f} s"
            self._console.print(line, soft_wrap=True)


def conflicts_of(
    file: Path, settings: Settings, *, limit: int, max_solves: int, shown: bool
) -> Conflicts:
    """Return the conflicts of the portfolio of a file; warnings about it go to stderr.

    Findings that decisions and rules clash are no errors here: the answer explains them.
    """
    from pmo_optimizer.formats import opened
    from pmo_optimizer.model import Severity
    from pmo_scenarios import conflicts

    portfolio, findings = opened(file)
    output.show_findings(f for f in findings if f.severity is Severity.WARNING)
    progress = TestProgress(1, shown=shown)

    def study(common: Common) -> Conflicts:
        return conflicts(
            portfolio,
            limit=limit,
            max_solves=max_solves,
            reproducible=settings.reproducible,
            on_progress=progress.put,
            **common,
        )

    return studied(study, settings, progress)[0]


def show_conflicts(found: Conflicts, *, as_json: bool, everything: bool) -> None:
    """Print the answer on stdout, as tables or as JSON."""
    data = found.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, conflicts_report

    output.result(conflicts_report(data, limit=None if everything else DEFAULT_LIMIT))


def code_of_conflicts(found: Conflicts) -> ExitCode:
    """Return the exit code: 0 where it is known whether there is a plan and, if not, why."""
    if found.stopped:
        return ExitCode.INTERRUPTED
    return ExitCode.NO_PLAN if found.answer.value == "unknown" else ExitCode.PLAN
