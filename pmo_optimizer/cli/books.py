"""The commands that make workbooks: an empty one, and one of a portfolio file; and what differs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import EPILOG, app
from pmo_optimizer.cli.codes import ExitCode, exit_codes
from pmo_optimizer.cli.documents import keep, load_all_scenarios
from pmo_optimizer.cli.options import AsJson, Pack, PortfolioFile

if TYPE_CHECKING:
    from pmo_optimizer.formats.difference import Change


@app.command(epilog=EPILOG)
@exit_codes()
def template(
    file: Annotated[
        Path,
        typer.Argument(
            help="The workbook to write (.xlsx).",
            metavar="FILE",
            callback=output.writable_workbook,
        ),
    ],
    sample: Annotated[
        bool, typer.Option("--sample", help="Fill it with a sample portfolio and scenarios.")
    ] = False,
    pack: Annotated[
        Pack, typer.Option("--pack", help="Which sample portfolio, with --sample.")
    ] = Pack.DIGITAL,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there already.")
    ] = False,
) -> None:
    """Write a workbook to fill: all sheets with headers, drop-down lists and explanations."""
    from pmo_optimizer.formats import save_portfolio
    from pmo_optimizer.formats.workbook import template as write_template

    if file.exists() and not force:
        raise typer.BadParameter(
            f"{file.name} exists, and may be filled; --force replaces it", param_hint="FILE"
        )
    try:
        if sample:
            from pmo_scenarios import load_pack

            save_portfolio(load_pack(pack.value), file, scenarios=_examples(pack))
        else:
            write_template(file)
    except OSError as error:
        raise _unwritable(file, error) from error
    output.note(f"The workbook is in {file}.")


@app.command(epilog=EPILOG)
@exit_codes()
def convert(
    file: PortfolioFile,
    target: Annotated[
        Path,
        typer.Argument(
            help="The file to write (.xlsx, .yaml, .yml or .json).",
            metavar="TARGET",
            callback=output.writable_portfolio,
        ),
    ],
    scenarios: Annotated[
        list[Path] | None,
        typer.Option("--scenarios", help="Scenario files for the sheet `Scenarios` of a workbook."),
    ] = None,
) -> None:
    """Write a portfolio in another form: from YAML or JSON to a workbook, or back.

    Nothing is lost: the portfolio that is read from the new file is equal. Scenarios of a
    workbook go along into another workbook.
    """
    from pmo_optimizer.formats import is_workbook, opened, save_portfolio

    if scenarios and not is_workbook(target):
        raise typer.BadParameter("only a workbook holds scenarios", param_hint="--scenarios")
    keep(target, file, *(scenarios or ()), hint="TARGET")
    portfolio, findings = opened(file)
    output.show_findings(findings)
    data = [scenario.to_data() for scenario in load_all_scenarios(scenarios or ())]
    if is_workbook(file) and is_workbook(target) and not data:
        from pmo_optimizer.formats.workbook import read

        data = [dict(scenario) for scenario in read(file).scenarios]
    try:
        save_portfolio(portfolio, target, scenarios=data)
    except OSError as error:
        raise _unwritable(target, error) from error
    output.note(f"The portfolio is now in {target}.")


@app.command(epilog=EPILOG)
@exit_codes()
def diff(
    file: PortfolioFile,
    other: Annotated[
        Path,
        typer.Argument(
            help="The file to compare it with (.xlsx, .yaml, .yml or .json).", metavar="OTHER"
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Say what differs between two portfolios: what comes, goes and changes.

    Objects are compared by their ids and numbers exactly; the order of rows does not count.
    """
    from pmo_optimizer.formats import load_portfolio
    from pmo_optimizer.formats.difference import difference

    changes = difference(load_portfolio(file), load_portfolio(other))
    if as_json:
        output.result_json({"changes": [asdict(change) for change in changes]})
        return
    for change in changes:
        output.result_line(_said(change))
    output.note(f"{len(changes):,} differences." if changes else "The portfolios are equal.")


def _said(change: Change) -> str:
    """Return a difference as a line."""
    from pmo_optimizer.formats.difference import ChangeKind, shown

    what = " ".join(filter(None, (change.kind, change.section, change.id)))
    if change.kind is not ChangeKind.CHANGED:
        return f"{what}: {shown(change.before or change.after)}"
    return f"{what} {change.field}: {shown(change.before) or '-'} -> {shown(change.after) or '-'}"


def _examples(pack: Pack) -> list[dict[str, object]]:
    """Return scenarios that fit a sample portfolio."""
    if pack is not Pack.DIGITAL:
        return []
    return [
        {
            "id": "less-money",
            "name": "Ten percent less to invest",
            "changes": [{"change": "budget", "fund": "capex", "percent": -10}],
        },
        {
            "id": "one-more-developer",
            "name": "One developer more from July 2027",
            "changes": [
                {"change": "capacity", "skill": "developer", "fte": 1, "first": "2027-07-01"}
            ],
        },
    ]


def _unwritable(path: Path, error: OSError) -> typer.Exit:
    output.note(f"error: {path} cannot be written: {error.strerror}", style="bold red")
    return typer.Exit(ExitCode.USAGE)
