"""Exit codes, and which error leads to which: no traceback is shown for what users do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from pmo_optimizer.cli import output

if TYPE_CHECKING:
    from pmo_optimizer.model import Plan

TRACEBACK_VARIABLE = "PMO_OPTIMIZER_TRACEBACK"
"""Environment variable that makes internal errors show where they happened."""


class ExitCode(IntEnum):
    """What the process says to the shell."""

    PLAN = 0
    USAGE = 2
    INVALID_INPUT = 3
    INFEASIBLE = 4
    NO_PLAN = 5
    INTERNAL = 70
    INTERRUPTED = 130


def code_of(plan: Plan, *, interrupted: bool) -> ExitCode:
    """Return the exit code for a plan.

    A plan whose proof was finished when the signal came is not an interrupted one.
    """
    from pmo_optimizer.model import Status, Termination

    if interrupted and plan.termination is Termination.STOPPED:
        return ExitCode.INTERRUPTED
    return {
        Status.OPTIMAL: ExitCode.PLAN,
        Status.FEASIBLE: ExitCode.PLAN,
        Status.INFEASIBLE: ExitCode.INFEASIBLE,
        Status.NO_PLAN_FOUND: ExitCode.NO_PLAN,
        Status.FAILED: ExitCode.INTERNAL,
    }[plan.status]


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the package's own exceptions into a message on stderr and an exit code."""
    from pmo_optimizer.model.errors import EngineError, InvalidInput, Unsupported

    try:
        yield
    except InvalidInput as error:
        output.show_findings(error.findings)
        output.note(output.counted(error.findings, "The input cannot be used"), style="bold red")
        raise typer.Exit(ExitCode.INVALID_INPUT) from error
    except Unsupported as error:
        output.note(f"error: {error}", style="bold red")
        raise typer.Exit(ExitCode.INVALID_INPUT) from error
    except EngineError as error:
        output.note(f"The engine failed: {error}", style="bold red")
        raise typer.Exit(ExitCode.INTERNAL) from error


def last_resort(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Report an error that nobody expected in two lines; for ``sys.excepthook``.

    Raises
    ------
    SystemExit
        Always, with code 70.
    """
    if os.environ.get(TRACEBACK_VARIABLE):
        sys.__excepthook__(kind, error, trace)
    else:
        text = str(error).splitlines()
        sys.stderr.write(
            f"Internal error: {kind.__name__}{f': {text[0]}' if text else ''}\n"
            f"Please report it; {TRACEBACK_VARIABLE}=1 shows where it happened.\n"
        )
    raise SystemExit(int(ExitCode.INTERNAL))
