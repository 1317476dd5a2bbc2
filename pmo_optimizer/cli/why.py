"""The command `why`: why a project is in the best plan, or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.running import Settings
from pmo_optimizer.cli.study import Common, StudyProgress, code_of_first, studied

if TYPE_CHECKING:
    from pmo_optimizer.model import Portfolio
    from pmo_scenarios import Why


def ask_why(
    portfolio: Portfolio, project: str, settings: Settings, *, flips: bool, shown: bool
) -> tuple[Why, bool]:
    """Return the answer, and whether somebody asked to stop before it was complete."""
    from pmo_scenarios import why

    progress = StudyProgress(2, shown=shown)

    def study(common: Common) -> Why:
        return why(
            portfolio,
            project,
            flips=flips,
            reproducible=settings.reproducible,
            staffing=settings.staffing,
            on_progress=progress.put,
            **common,
        )

    return studied(study, settings, progress)


def show_why(portfolio: Portfolio, result: Why, *, as_json: bool, everything: bool) -> None:
    """Print an answer on stdout, as text and tables or as JSON."""
    data = result.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, why_report

    limit = None if everything else DEFAULT_LIMIT
    output.result(why_report(portfolio, data, limit=limit))


def code_of_why(result: Why) -> ExitCode:
    """Return the exit code: that of the portfolio itself, unless somebody stopped the study.

    That the opposite decision is proved infeasible is an answer.
    """
    if result.stopped:
        return ExitCode.INTERRUPTED
    return code_of_first(result.base.status)
