"""The command that makes a portfolio of other programs' files."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import EPILOG, app
from pmo_optimizer.cli.codes import ExitCode, exit_codes
from pmo_optimizer.cli.documents import keep, save

if TYPE_CHECKING:
    from pmo_optimizer.formats.imported import Imported

SCHEDULE = ".xml"


class Grain(StrEnum):
    """Length of a period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def day(text: str | None) -> date | None:
    """Return a day; a usage error unless it is written as 2027-01-31."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter("a day is written as 2027-01-31") from None


@app.command(name="import", epilog=EPILOG)
@exit_codes()
def import_file(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="MS Project XML (.xml), or tables (.csv, .xlsx) with --mapping.", metavar="FILES"
        ),
    ],
    output_file: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            callback=output.writable_portfolio,
            help="Write the portfolio here (.xlsx, .yaml, .yml or .json).",
        ),
    ],
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping", help="Profile of the tables: a file, or jira, azure-devops or boston."
        ),
    ] = None,
    level: Annotated[
        int,
        typer.Option(
            "--project-level",
            min=0,
            max=20,
            help="MS Project: outline level of the projects; 0 takes the file for one project.",
        ),
    ] = 1,
    grain: Annotated[
        Grain | None, typer.Option("--grain", help="MS Project: length of a period.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="MS Project: first day of the grid.")
    ] = None,
    periods: Annotated[
        int | None,
        typer.Option("--periods", min=1, max=9000, help="MS Project: periods of the grid."),
    ] = None,
) -> None:
    """Make a portfolio of an MS Project schedule, or of foreign tables.

    Everything that is wrong, left out or changed is listed at once; nothing is written where
    one finding is an error.
    """
    keep(output_file, *files, None if mapping is None else Path(mapping), hint="--output")
    if mapping is not None:
        if level != 1 or grain is not None or start is not None or periods is not None:
            raise typer.BadParameter("the profile says this", param_hint="--mapping")
        from pmo_optimizer.formats.mapping import load_profile, read_tables

        found = read_tables(files, load_profile(mapping))
    else:
        found = _schedule(files, level, grain, day(start), periods)
    output.show_findings(found.findings)
    if found.portfolio is None:
        output.note(output.counted(found.findings, "Nothing was imported"), style="bold red")
        raise typer.Exit(ExitCode.INVALID_INPUT)
    save(found.portfolio, output_file)
    count = len(found.portfolio.projects)
    output.note(output.counted(found.findings, f"{count} projects are in {output_file}"))


def _schedule(
    files: list[Path], level: int, grain: Grain | None, start: date | None, periods: int | None
) -> Imported:
    from pmo_optimizer import model
    from pmo_optimizer.formats.mspdi import read_schedule

    others = [file for file in files if file.suffix.lower() != SCHEDULE]
    if others:
        raise typer.BadParameter(
            f"{others[0]} is no MS Project XML; tables need a profile", param_hint="--mapping"
        )
    if len(files) > 1:
        raise typer.BadParameter("one schedule at a time", param_hint="FILES")
    length = None if grain is None else model.Grain(grain.value)
    return read_schedule(files[0], level=level, grain=length, start=start, periods=periods)
