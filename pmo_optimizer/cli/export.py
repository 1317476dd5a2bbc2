"""The command that writes a plan for other programs: workbook, CSV folder, MS Project XML."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import EPILOG, app
from pmo_optimizer.cli.codes import ExitCode, exit_codes
from pmo_optimizer.cli.documents import keep, load
from pmo_optimizer.cli.options import OfPortfolio, PlanFile

if TYPE_CHECKING:
    from pmo_optimizer.model import Finding, Plan, Portfolio

WORKBOOK, PROJECT_XML = ".xlsx", ".xml"


def target(path: Path) -> Path:
    """Return where to write; a usage error, before any work, where that is not possible."""
    if path.suffix.lower() not in {WORKBOOK, PROJECT_XML, ""} and not path.is_dir():
        raise typer.BadParameter(
            "the file must end in .xlsx (workbook) or .xml (MS Project); "
            "a name without an ending is a folder of CSV files"
        )
    if path.suffix and path.is_dir() and path.suffix.lower() in {WORKBOOK, PROJECT_XML}:
        raise typer.BadParameter(f"{path} is a folder")
    if not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"{path} cannot be written: its folder does not exist")
    return path


Target = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        callback=target,
        help="Where: a workbook (.xlsx), MS Project XML (.xml), or a folder of CSV files.",
    ),
]
Compared = Annotated[
    Path | None,
    typer.Option(
        "--comparison", help="What `compare --json` printed, for sheets about the scenarios."
    ),
]
Bom = Annotated[
    bool, typer.Option("--bom", help="Begin CSV files with a byte-order mark, for old Excel.")
]


@app.command(epilog=EPILOG)
@exit_codes()
def export(
    plan_file: PlanFile,
    portfolio_file: OfPortfolio,
    output_file: Target,
    comparison: Compared = None,
    bom: Bom = False,
) -> None:
    """Write a plan as a workbook, as CSV files, or as MS Project XML.

    What the target cannot hold is listed on stderr.
    """
    from pmo_optimizer.cli.inspect import warn_if_foreign
    from pmo_optimizer.model import Plan

    if comparison is not None and output_file.suffix.lower() == PROJECT_XML:
        raise typer.BadParameter("MS Project XML holds no scenarios", param_hint="--comparison")
    if bom and output_file.suffix.lower() in {PROJECT_XML, WORKBOOK}:
        raise typer.BadParameter("only CSV files may have a byte-order mark", param_hint="--bom")
    keep(output_file, plan_file, portfolio_file, comparison, hint="--output")
    plan = Plan.load(plan_file)
    portfolio = load(portfolio_file)
    warn_if_foreign(portfolio, plan)
    compared = None if comparison is None else _comparison(portfolio, comparison)
    try:
        findings = _write(portfolio, plan, output_file, compared, bom=bom)
    except OSError as error:
        output.note(f"error: {output_file} cannot be written: {error.strerror}", style="bold red")
        raise typer.Exit(ExitCode.USAGE) from error
    output.show_findings(findings)
    output.note(f"The plan is in {output_file}.")


def _comparison(portfolio: Portfolio, path: Path) -> dict[str, Any]:
    from pmo_optimizer.formats.answers import comparison_findings
    from pmo_optimizer.model import read_file

    data = read_file(path, begin='`"portfolio":` and `"cases":`')
    output.show_findings(comparison_findings(portfolio, data))
    return data


def _write(
    portfolio: Portfolio, plan: Plan, path: Path, compared: dict[str, Any] | None, *, bom: bool
) -> Iterable[Finding]:
    """Write the plan by the ending of the path, and return what could not be said there."""
    if path.suffix.lower() == PROJECT_XML:
        from pmo_optimizer.formats.mspdi import export_schedule

        return export_schedule(portfolio, plan, path)
    if path.suffix.lower() == WORKBOOK:
        from pmo_optimizer.formats.plan_workbook import export_plan

        export_plan(portfolio, plan, path, comparison=compared)
        return ()
    from pmo_optimizer.formats.tables import write_tables

    write_tables(portfolio, plan, path, comparison=compared, bom=bom)
    return ()
