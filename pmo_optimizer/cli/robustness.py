"""The command that studies robustness: solves and simulated cases, watched, as tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode, code_of
from pmo_optimizer.cli.running import Settings
from pmo_optimizer.cli.study import Common, StudyProgress, studied

if TYPE_CHECKING:
    from rich.text import Text

    from pmo_optimizer.model import Plan, Portfolio
    from pmo_scenarios import Robustness
    from pmo_scenarios.runs import Step
    from pmo_scenarios.studies.robustness.simulation import Played


class RobustnessProgress(StudyProgress):
    """The solves of a study, then the cases that are played."""

    def __init__(self, *, shown: bool) -> None:
        super().__init__(0, shown=shown)
        self._played: Played | None = None

    def put(self, news: Step | Played) -> None:
        """Take one piece of news; called by what works, in any thread."""
        super().put(news)  # type: ignore[arg-type]

    def _take(self, news: Step | Played) -> None:
        from pmo_scenarios.runs import Step

        if isinstance(news, Step):
            self.total = news.total
            super()._take(news)
        else:
            self._played = news

    def live_line(self) -> Text:
        """Return the line for the terminal."""
        if self._played is None:
            return super().live_line()
        from pmo_optimizer.report import bar

        line = bar(self._played.done, self._played.total, 20)
        line.append(f" {self._played.done} of {self._played.total} cases played")
        return line


def study_robustness(
    portfolio: Portfolio,
    file: Path,
    plan: Plan | None,
    settings: Settings,
    *,
    cases: int,
    simulated: int,
    shown: bool,
) -> tuple[Robustness, bool]:
    """Return the study, and whether somebody asked to stop before it was done."""
    from pmo_scenarios import Uncertainty, robustness

    uncertainty = Uncertainty.load(file)
    progress = RobustnessProgress(shown=shown)

    def study(common: Common) -> Robustness:
        return robustness(
            portfolio,
            uncertainty,
            plan=plan,
            cases=cases,
            simulated=simulated,
            reproducible=settings.reproducible,
            on_progress=progress.put,
            **common,
        )

    return studied(study, settings, progress)


def show_robustness(
    portfolio: Portfolio, result: Robustness, *, as_json: bool, everything: bool
) -> None:
    """Print a study on stdout, as tables or as JSON."""
    data = result.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, robustness_report

    limit = None if everything else DEFAULT_LIMIT
    output.result(robustness_report(portfolio, data, limit=limit))


def code_of_robustness(result: Robustness, *, interrupted: bool) -> ExitCode:
    """Return the exit code: that of the studied plan, unless the study was cut short."""
    simulation = result.simulation
    if interrupted and (
        result.missing or simulation is None or simulation.cases < simulation.wanted
    ):
        return ExitCode.INTERRUPTED
    if result.plan is None:
        return ExitCode.INTERRUPTED if interrupted else ExitCode.NO_PLAN
    return code_of(result.plan, interrupted=False)


def find_robust(
    portfolio: Portfolio,
    file: Path,
    aim: str,
    settings: Settings,
    *,
    cases: int,
    shown: bool,
    as_json: bool,
) -> ExitCode:
    """Find the plan that is best for all cases together, print it, and return the exit code."""
    from pmo_optimizer.model import Status
    from pmo_scenarios import Aim, RobustPlan, Uncertainty, robust

    uncertainty = Uncertainty.load(file)
    progress = RobustnessProgress(shown=shown)

    def study(common: Common) -> RobustPlan:
        return robust(
            portfolio,
            uncertainty,
            aim=Aim(aim),
            cases=cases,
            on_progress=progress.put,
            **common,
        )

    found, interrupted = studied(study, settings, progress)
    data = found.model_dump(mode="json")
    if as_json:
        output.result_json(data)
    else:
        from pmo_optimizer.report import robust_report

        output.result(robust_report(data))
    if interrupted:
        return ExitCode.INTERRUPTED
    if found.status is Status.INFEASIBLE:
        return ExitCode.INFEASIBLE
    return ExitCode.NO_PLAN if found.value is None else ExitCode.PLAN
