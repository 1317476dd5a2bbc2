"""Findings about an input, and the exceptions users may catch.

::

    PmoError
    ├── InvalidInput        the portfolio (or a file) is wrong; carries every finding
    └── EngineError         an engine failed, or the referee disagreed with it
        └── Unsupported     the engine does not do what the portfolio asks for
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is: an error stops the run, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, or odd, in an input.

    Attributes
    ----------
    severity
        ``error`` or ``warning``.
    rule
        Code of the check, for example ``unknown-id``; listed in ``docs/checks.md``.
    path
        Where in the input, for example ``projects/P12/phases/build/modes/normal``. List
        entries are named by their id where they have one, else by their 0-based index.
    message
        What is wrong, naming the object.
    fix
        What to do about it.
    """

    severity: Severity
    rule: str
    path: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.severity} [{self.rule}] {self.path}: {self.message} Fix: {self.fix}"


MOST_FINDINGS = 1000
"""More findings about one input are counted, not listed."""

MORE = "more-findings"
"""Code of the finding that says how many more there are."""


def bounded(findings: tuple[Finding, ...], more: int = 0) -> tuple[Finding, ...]:
    """Return the first findings, and one that says how many more there are, if any.

    Parameters
    ----------
    findings
        In their order, errors first: those that are left out are no worse than those that stay.
    more
        How many there are beside them.
    """
    more += max(0, len(findings) - MOST_FINDINGS)
    if not more:
        return findings
    message = f"There are {more:,} more findings, which are not listed."
    last = Finding(Severity.WARNING, MORE, ".", message, "Mend those that are listed first.")
    return (*findings[:MOST_FINDINGS], last)


class PmoError(Exception):
    """Root of every exception that this package raises on purpose."""


class InvalidInput(PmoError, ValueError):
    """The input cannot be used; ``findings`` says everything that is wrong with it."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        errors = [f for f in findings if f.severity is Severity.ERROR]
        lines = "\n".join(f"  {finding}" for finding in findings)
        super().__init__(f"{len(errors)} error(s) in the input\n{lines}")

    def __reduce__(self) -> tuple[type[InvalidInput], tuple[tuple[Finding, ...]]]:
        """Keep the findings on the way between processes."""
        return type(self), (self.findings,)


class EngineError(PmoError, RuntimeError):
    """An engine failed, or the referee refused what it returned."""


class Unsupported(EngineError):
    """The engine does not do what the portfolio asks for; the message says which feature."""
