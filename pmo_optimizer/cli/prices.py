"""The command ``prices``: its options, its solves and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.options import positive
from pmo_optimizer.cli.running import Settings
from pmo_optimizer.cli.study import Common, StudyProgress, studied

if TYPE_CHECKING:
    from pmo_optimizer.model import Portfolio
    from pmo_scenarios import Prices
    from pmo_scenarios.runs import Step


def known_total(seconds: float | None) -> float | None:
    """Return the seconds; a usage error unless they are finite and above 0."""
    return None if seconds is None else positive(seconds)


def hundredth(value: float) -> float:
    """Return the FTE; a usage error unless they are a multiple of 0.01 above 0."""
    if round(positive(value) * 100) / 100 != value:
        raise typer.BadParameter("a multiple of 0.01 is expected")
    return value


def day_or_period(text: str | None) -> str | None:
    """Return the text; a usage error unless it is a date or a 0-based period."""
    if text is not None and not text.isdigit():
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise typer.BadParameter("a date (2027-03-01) or a period is expected") from error
    return text


Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="KIND|PATH", help="Price these only, as `skill` or `funds/capex`."
    ),
]
Percent = Annotated[
    float, typer.Option("--percent", callback=positive, help="One step of a budget or cap.")
]
Fte = Annotated[float, typer.Option("--fte", callback=hundredth, help="One step of a skill.")]
First = Annotated[
    str | None,
    typer.Option(
        "--first", callback=day_or_period, help="First day or period of the FTE of a skill."
    ),
]
Last = Annotated[
    str | None,
    typer.Option("--last", callback=day_or_period, help="Last day or period of these FTE."),
]
TotalTime = Annotated[
    float | None,
    typer.Option("--total-time", callback=known_total, help="Seconds of all solves together."),
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be priced; meaning and units are those of `pmo_scenarios.prices`."""

    only: Sequence[str] = ()
    percent: float = 1.0
    fte: float = 1.0
    first: str | None = None
    last: str | None = None
    total_time: float | None = None


def price_limits(
    portfolio: Portfolio, wish: Wish, settings: Settings, *, shown: bool
) -> tuple[Prices, bool]:
    """Return the prices, and whether somebody asked to stop before all was done."""
    from pmo_scenarios import prices

    if settings.reproducible and wish.total_time is not None:
        raise typer.BadParameter("it goes by the clock", param_hint="--total-time")
    progress = _Progress(shown=shown)

    def study(common: Common) -> Prices:
        return prices(
            portfolio,
            only=wish.only,
            percent=wish.percent,
            fte=wish.fte,
            first=_when(wish.first),
            last=_when(wish.last),
            total_time=wish.total_time,
            reproducible=settings.reproducible,
            staffing=settings.staffing,
            on_progress=progress.put,
            **common,
        )

    return studied(study, settings, progress)


class _Progress(StudyProgress):
    """The solves; how many there are comes with the first one."""

    def __init__(self, *, shown: bool) -> None:
        super().__init__(1, shown=shown)

    def _take(self, news: Step) -> None:
        self.total = news.total
        super()._take(news)


def _when(text: str | None) -> int | date | None:
    if text is None:
        return None
    return int(text) if text.isdigit() else date.fromisoformat(text)


def show_prices(prices: Prices, *, as_json: bool, everything: bool) -> None:
    """Print prices on stdout, as tables or as JSON."""
    data = prices.to_data()
    if as_json:
        output.result_json(data)
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, prices_report

    output.result(prices_report(data, limit=None if everything else DEFAULT_LIMIT))


def code_of_prices(prices: Prices, *, interrupted: bool) -> ExitCode:
    """Return the exit code: that of the portfolio as it is, unless solves failed or were cut."""
    from pmo_optimizer.model import Status, Termination

    cut = any(row.termination is Termination.STOPPED for row in prices.prices)
    if interrupted and (prices.missing or cut):
        return ExitCode.INTERRUPTED
    if any(row.status is Status.FAILED for row in prices.prices):
        return ExitCode.INTERNAL
    return {
        Status.INFEASIBLE: ExitCode.INFEASIBLE,
        Status.NO_PLAN_FOUND: ExitCode.NO_PLAN,
        Status.FAILED: ExitCode.INTERNAL,
    }.get(prices.status or Status.NO_PLAN_FOUND, ExitCode.PLAN)
