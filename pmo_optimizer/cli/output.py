"""The two streams: results on stdout, everything else on stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from pmo_optimizer.model import Finding, Plan, Portfolio

PIPE_WIDTH = 100
"""Columns of a report that does not go to a terminal, unless COLUMNS says otherwise."""


def console(*, stderr: bool = False) -> Console:
    """Return a console on stdout or stderr; rich honours NO_COLOR and COLUMNS."""
    from rich.console import Console

    out = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not out.is_terminal and not os.environ.get("COLUMNS"):
        out.width = PIPE_WIDTH
    return out


def forgive_encodings() -> None:
    """Let a stream that cannot show a character show ``?``, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def keep_stdout() -> None:
    """Give stdout to results alone: what libraries write there by themselves goes to stderr.

    HiGHS 1.12 says a line about some solutions even where it is told to be silent (HiGHS 2783),
    which would stand in the middle of a JSON document.
    """
    try:
        number, other = sys.stdout.fileno(), sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or no files at all
        return
    sys.stdout.flush()
    own = os.dup(number)
    os.dup2(other, number)
    sys.stdout = os.fdopen(
        own, "w", 1 if os.isatty(own) else -1, sys.stdout.encoding, sys.stdout.errors
    )


def result(renderable: RenderableType) -> None:
    """Print a result for people on stdout."""
    console().print(renderable)


def result_line(text: str) -> None:
    """Print one line on stdout, however long, so that it can be searched for."""
    from rich.text import Text

    from pmo_optimizer.report import clean

    console().print(Text(clean(text)), soft_wrap=True)


def result_json(data: Mapping[str, Any]) -> None:
    """Print a result for machines: one JSON document, in ASCII, so that every pipe takes it."""
    typer.echo(json.dumps(data, indent=1, default=str))


def note(text: str, style: str = "") -> None:
    """Print one message on stderr, however long, without breaking the line."""
    console(stderr=True).print(text, style=style or None, soft_wrap=True)


def show_findings(findings: Iterable[Finding], *, stderr: bool = True) -> None:
    """Print findings, errors first, each with its fix."""
    from rich.text import Text

    from pmo_optimizer.report import clean

    out = console(stderr=stderr)
    for finding in sorted(findings):
        style = "red" if finding.severity.value == "error" else "yellow"
        head = f"{finding.severity.value} [{finding.rule}] "
        line = Text.assemble((head, style), clean(f"{finding.path}: {finding.message}"))
        out.print(line, soft_wrap=True)
        out.print(Text(f"  fix: {clean(finding.fix)}", style="dim"), soft_wrap=True)


def counted(findings: Iterable[Finding], lead: str) -> str:
    """Return how many errors and warnings there are, as ``lead: 2 errors, 1 warning.``."""
    kinds = [finding.severity.value for finding in findings]
    parts = []
    for kind in ("error", "warning"):
        number = kinds.count(kind)
        if number or kind == "error":
            parts.append(f"{number} {kind}{'' if number == 1 else 's'}")
    return f"{lead}: {', '.join(parts)}."


def show_plan(
    portfolio: Portfolio, plan: Plan, *, as_json: bool, everything: bool, loads: bool = False
) -> None:
    """Print a plan on stdout: as a report, with loads per person if wanted, or as JSON."""
    if as_json:
        result_json(plan.to_data())
        return
    from pmo_optimizer.report import DEFAULT_LIMIT, plan_report

    out = console()
    limit = None if everything else DEFAULT_LIMIT
    out.print(plan_report(portfolio, plan, width=out.width, limit=limit, loads=loads))


def writable(path: Path | None) -> Path | None:
    """Return the path if a plan can be written there.

    Raises
    ------
    typer.BadParameter
        The ending is unknown or the folder is missing: said before any solving.
    """
    return _writable(path, ".json", ".yaml", ".yml")


def writable_portfolio(path: Path | None) -> Path | None:
    """Return the path if a portfolio can be written there; errors as for `writable`."""
    return _writable(path, ".xlsx", ".json", ".yaml", ".yml")


def writable_workbook(path: Path | None) -> Path | None:
    """Return the path if a workbook can be written there; errors as for `writable`."""
    return _writable(path, ".xlsx")


def _writable(path: Path | None, *endings: str) -> Path | None:
    if path is None:
        return None
    if path.suffix.lower() not in endings:
        *most, last = endings
        known = f"{', '.join(most)} or {last}" if most else last
        raise typer.BadParameter(f"the file must end in {known}")
    if path.is_dir() or not path.parent.is_dir():
        raise typer.BadParameter(f"{path} cannot be written: its folder does not exist")
    if not os.access(path.parent, os.W_OK):
        raise typer.BadParameter(f"{path} cannot be written: the folder is read-only")
    return path
