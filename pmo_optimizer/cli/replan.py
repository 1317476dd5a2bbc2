"""The command `replan`: a plan made anew after what has happened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode, code_of
from pmo_optimizer.cli.options import Staffing, fraction, positive
from pmo_optimizer.cli.output import writable
from pmo_optimizer.cli.running import Settings
from pmo_optimizer.cli.study import Common, StudyProgress, studied

if TYPE_CHECKING:
    from pmo_optimizer.model import Plan, Portfolio
    from pmo_scenarios import Progress, Replan

ENDS = 2
"""Solves beside those of the curve: with the fewest changes, and without a limit."""


class Method(StrEnum):
    """What comes first."""

    CHANGES = "changes"
    OBJECTIVE = "objective"
    PRICED = "priced"


def priced(value: float | None) -> float | None:
    """Return the price; a usage error unless it is finite and above 0."""
    return None if value is None else positive(value)


ProgressFile = Annotated[
    Path | None,
    typer.Argument(help="What has happened since (.yaml, .yml or .json).", metavar="PROGRESS"),
]
First = Annotated[
    Method,
    typer.Option("--method", help="Few changes first, the objective first, or changes at a price."),
]
Extra = Annotated[
    int, typer.Option("--extra", min=0, help="So many changes more than needed (changes).")
]
Loss = Annotated[
    float,
    typer.Option("--loss", callback=fraction, help="Part of the best to give up (objective)."),
]
Price = Annotated[
    float | None,
    typer.Option("--price", callback=priced, help="Price of a change, in the objective's unit."),
]
Points = Annotated[
    int, typer.Option("--points", min=0, help="Most solves between few changes and many.")
]
SameStaffing = Annotated[
    Staffing | None,
    typer.Option("--staffing", help="Capacity or names; as in the plan by default."),
]
Changed = Annotated[
    Path | None,
    typer.Option(
        "--portfolio-output",
        callback=writable,
        help="Write the portfolio with the past fixed here; the new plan is of it.",
    ),
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for beside how to solve."""

    method: Method
    extra: int
    loss: float
    price: float | None
    points: int
    staffing: Staffing | None


def require_price(method: Method, price: float | None) -> None:
    """Refuse a price without its method, and the method without a price."""
    if (method is Method.PRICED) != (price is not None):
        raise typer.BadParameter("--price and --method priced go together", param_hint="--price")


def replan_files(
    portfolio: Portfolio,
    plan: Plan,
    file: Path | None,
    wish: Wish,
    settings: Settings,
    *,
    shown: bool,
) -> tuple[Replan, bool]:
    """Return the study of a portfolio, a plan and the progress in a file.

    Also whether somebody asked to stop before it was done. Warnings about the progress go to
    stderr.
    """
    from pmo_scenarios import Progress, replan

    progress: Progress | None = None if file is None else Progress.load(file)
    display = StudyProgress(ENDS + wish.points, shown=shown)

    def study(common: Common) -> Replan:
        return replan(
            portfolio,
            plan,
            progress,
            method=wish.method.value,
            extra=wish.extra,
            loss=wish.loss,
            price=wish.price,
            points=wish.points,
            reproducible=settings.reproducible,
            staffing=None if wish.staffing is None else wish.staffing.value,
            on_progress=display.put,
            **common,
        )

    found, interrupted = studied(study, settings, display)
    output.show_findings(found.findings)
    return found, interrupted


def show_replan(study: Replan, portfolio: Portfolio, *, as_json: bool, everything: bool) -> None:
    """Print the study on stdout, as tables or as JSON."""
    data = study.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, replan_report

    limit = None if everything else DEFAULT_LIMIT
    output.result(replan_report(portfolio, data, limit=limit))


def code_of_replan(study: Replan, *, interrupted: bool) -> ExitCode:
    """Return the exit code: that of the new plan, or that it was interrupted."""
    if study.plan is None or (interrupted and study.missing):
        return ExitCode.INTERRUPTED if interrupted else ExitCode.NO_PLAN
    return code_of(study.plan, interrupted=interrupted)
