"""The command `alternatives`: plans that are nearly as good, and select something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.running import Settings
from pmo_optimizer.cli.study import Common, StudyProgress, code_of_first, studied

if TYPE_CHECKING:
    from pmo_optimizer.model import Portfolio
    from pmo_scenarios import Alternatives


def find_alternatives(
    portfolio: Portfolio,
    settings: Settings,
    *,
    plans: int,
    within: float,
    differences: int,
    shown: bool,
) -> tuple[Alternatives, bool]:
    """Return the alternatives, and whether somebody asked to stop before they were there."""
    from pmo_scenarios import alternatives

    progress = StudyProgress(plans, shown=shown)

    def study(common: Common) -> Alternatives:
        return alternatives(
            portfolio,
            plans=plans,
            within=within,
            differences=differences,
            reproducible=settings.reproducible,
            staffing=settings.staffing,
            on_progress=progress.put,
            **common,
        )

    return studied(study, settings, progress)


def show_alternatives(
    portfolio: Portfolio, result: Alternatives, *, as_json: bool, everything: bool
) -> None:
    """Print alternatives on stdout, as tables or as JSON."""
    data = result.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, alternatives_report

    limit = None if everything else DEFAULT_LIMIT
    output.result(alternatives_report(portfolio, data, limit=limit))


def code_of_alternatives(result: Alternatives) -> ExitCode:
    """Return the exit code: that of the first plan, unless somebody stopped the search."""
    from pmo_scenarios import Ended

    if result.ended is Ended.STOPPED:
        return ExitCode.INTERRUPTED
    return code_of_first(result.status)
