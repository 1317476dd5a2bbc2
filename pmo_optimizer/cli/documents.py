"""Files that commands read and write, with what they say where that fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode

if TYPE_CHECKING:
    from pmo_optimizer.model import Plan, Portfolio


def spare(file: Path, output_file: Path | None) -> None:
    """Refuse to write the plan over the portfolio, before any work."""
    if output_file is not None and file.exists() and output_file.resolve() == file.resolve():
        raise typer.BadParameter("the plan would overwrite the portfolio", param_hint="--output")


def load(file: Path) -> Portfolio:
    """Return the portfolio of a file; its warnings go to stderr, its errors end the command."""
    from pmo_optimizer.checks import require_valid
    from pmo_optimizer.model import Portfolio

    portfolio = Portfolio.load(file)
    output.show_findings(require_valid(portfolio))
    return portfolio


def save(document: Portfolio | Plan, path: Path) -> None:
    """Write a document, or say why that is not possible and end the command."""
    try:
        document.save(path)
    except OSError as error:
        output.note(f"error: {path} cannot be written: {error.strerror}", style="bold red")
        raise typer.Exit(ExitCode.USAGE) from error
