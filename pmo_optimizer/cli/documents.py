"""Files that commands read and write, with what they say where that fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode

if TYPE_CHECKING:
    from pmo_optimizer.formats.workbook.reading import Located, Reading
    from pmo_optimizer.model import Plan, Portfolio
    from pmo_scenarios import Scenario


def keep(target: Path | None, *inputs: Path | None, hint: str) -> None:
    """Refuse to write over a file that is read, or over the folder that it is in."""
    if target is None or not target.exists():
        return
    for file in inputs:
        if file is None or not file.exists():
            continue
        if target.samefile(file):
            raise typer.BadParameter(f"{file.name} would be overwritten", param_hint=hint)
        if target.is_dir() and target.resolve() in file.resolve().parents:
            raise typer.BadParameter(f"{file.name} is in this folder", param_hint=hint)


def load(file: Path) -> Portfolio:
    """Return the portfolio of a file; its warnings go to stderr, its errors end the command."""
    from pmo_optimizer.formats import load_valid

    portfolio, warnings = load_valid(file)
    output.show_findings(warnings)
    return portfolio


def load_all_scenarios(files: Iterable[Path]) -> list[Scenario]:
    """Return the scenarios of scenario files, and of sheets of workbooks."""
    return [scenario for file in files for scenario in load_scenarios(file)]


def scenarios_of(reading: Reading) -> tuple[list[Scenario], list[Located]]:
    """Return the scenarios of a workbook that can be read, and what is wrong with the others."""
    if not reading.scenarios:
        return [], []
    import pmo_scenarios
    from pmo_optimizer.model import InvalidInput

    scenarios: list[Scenario] = []
    faults: list[Located] = []
    for number, data in enumerate(reading.scenarios):
        try:
            scenarios.append(pmo_scenarios.Scenario.parse(data))
        except InvalidInput as error:
            begin = f"scenarios/{data.get('id', number)}"
            own = [replace(f, path=f"{begin}/{f.path}") for f in error.findings]
            faults += reading.at_cells(own)
    return scenarios, faults


def load_scenarios(file: Path) -> tuple[Scenario, ...]:
    """Return the scenarios of a file; those of a workbook stand on its sheet `Scenarios`.

    Raises
    ------
    InvalidInput
        With every finding about their form.
    """
    import pmo_scenarios
    from pmo_optimizer.formats import is_workbook

    if not is_workbook(file):
        return pmo_scenarios.load_scenarios(file)
    from pmo_optimizer.formats.workbook import read
    from pmo_optimizer.model import Finding, InvalidInput, Severity

    reading = read(file)
    found = [
        item.placed
        for item in reading.located
        if item.finding.severity is Severity.ERROR and item.sheet in {"", "Scenarios"}
    ]
    scenarios, faults = scenarios_of(reading)
    found += [item.placed for item in faults]
    if not found and not scenarios:
        message = f"{file.name} has no rows on a sheet `Scenarios`."
        fix = "Add a row for each change, or give a scenario file."
        found.append(Finding(Severity.ERROR, "scenario-number", "Scenarios!A1", message, fix))
    if found:
        raise InvalidInput(tuple(found))
    return tuple(scenarios)


def save(document: Portfolio | Plan, path: Path) -> None:
    """Write a document, or say why that is not possible and end the command."""
    from pmo_optimizer.formats import save_portfolio
    from pmo_optimizer.model import Portfolio

    try:
        if isinstance(document, Portfolio):
            save_portfolio(document, path)
        else:
            document.save(path)
    except OSError as error:
        output.note(f"error: {path} cannot be written: {error.strerror}", style="bold red")
        raise typer.Exit(ExitCode.USAGE) from error
