"""The frontier from the command line: its options, its run, its tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode, code_of
from pmo_optimizer.cli.documents import load_all_scenarios
from pmo_optimizer.cli.running import Settings
from pmo_optimizer.cli.study import Common, StudyProgress, studied

if TYPE_CHECKING:
    from pmo_optimizer.model import Portfolio
    from pmo_scenarios import Frontier
    from pmo_scenarios.runs import Step


class Unit(StrEnum):
    """Unit of the levels."""

    PERCENT = "percent"
    AMOUNT = "amount"


Funds = Annotated[
    list[str] | None,
    typer.Option("--fund", metavar="ID", help="A fund that is varied; may be given again."),
]
Skill = Annotated[
    str | None, typer.Option("--skill", metavar="ID", help="Vary the capacity of this skill.")
]
Limit = Annotated[
    str | None,
    typer.Option("--limit", metavar="ID", help="Vary the limit of this rule or cap."),
]
Field = Annotated[
    str | None, typer.Option("--field", help="Which number of the rule, such as min or max.")
]
Levels = Annotated[
    str | None,
    typer.Option("--levels", help="Where to look, as 60,80,100; by default 40 to 150 percent."),
]
OfUnit = Annotated[
    Unit,
    typer.Option(
        "--unit",
        help="Levels are percent of today, or amounts: money in all, FTE more, the limit itself.",
    ),
]
Marked = Annotated[
    list[Path] | None,
    typer.Option(
        "--scenarios", metavar="FILE", help="Mark the scenarios of a file; may be given again."
    ),
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be varied, as it was asked for."""

    funds: list[str]
    skill: str | None
    limit: str | None
    field: str | None
    levels: str | None
    unit: Unit


class _Progress(StudyProgress):
    """The solves of a frontier, whose number is known with the first news."""

    def _take(self, news: Step) -> None:
        self.total = news.total
        super()._take(news)


def draw(
    portfolio: Portfolio, wish: Wish, files: list[Path], settings: Settings, *, shown: bool
) -> tuple[Frontier, bool]:
    """Return the frontier of a portfolio, and whether somebody asked to stop before its end."""
    from pmo_scenarios import frontier

    scenarios = load_all_scenarios(files)
    levels = None if wish.levels is None else [x for x in wish.levels.split(",") if x.strip()]
    progress = _Progress(0, shown=shown)

    def study(common: Common) -> Frontier:
        return frontier(
            portfolio,
            funds=wish.funds,
            skill=wish.skill,
            limit=wish.limit,
            field=wish.field,
            levels=levels,
            unit="percent" if wish.unit is Unit.PERCENT else "amount",
            scenarios=scenarios,
            reproducible=settings.reproducible,
            staffing=settings.staffing,
            on_progress=progress.put,
            **common,
        )

    return studied(study, settings, progress)


def show_frontier(
    portfolio: Portfolio, frontier: Frontier, *, as_json: bool, everything: bool
) -> None:
    """Print a frontier on stdout, as tables or as JSON."""
    data = frontier.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, frontier_report

    output.result(frontier_report(portfolio, data, limit=None if everything else DEFAULT_LIMIT))


def code_of_frontier(frontier: Frontier, *, interrupted: bool) -> ExitCode:
    """Return the exit code: that of today's level, unless another point has no answer.

    That a level is invalid or proved infeasible is an answer; solves that contradict each
    other are none.
    """
    solved = [
        (point.current, code_of(point.plan, interrupted=interrupted))
        for point in (*frontier.points, *frontier.scenarios)
        if point.plan is not None
    ]
    if frontier.missing or ExitCode.INTERRUPTED in {code for _, code in solved}:
        return ExitCode.INTERRUPTED
    if any(point.contradiction for point in (*frontier.points, *frontier.scenarios)):
        return ExitCode.INTERNAL
    counted = [code for today, code in solved if today or code is not ExitCode.INFEASIBLE]
    return max(counted, default=ExitCode.NO_PLAN)
