"""What reading a foreign file gives: a portfolio if it can be one, and every finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pmo_optimizer.checks import check_data
from pmo_optimizer.model import Finding, Portfolio, Severity
from pmo_optimizer.model.errors import bounded


@dataclass(frozen=True, slots=True)
class Imported:
    """Result of an import.

    Attributes
    ----------
    portfolio
        None where one of the findings is an error.
    findings
        Errors first; warnings say what was left out or changed.
    """

    portfolio: Portfolio | None
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether there is a portfolio."""
        return self.portfolio is not None


def imported(data: dict[str, Any], findings: Iterable[Finding]) -> Imported:
    """Return plain data as a portfolio, with findings about the file before those about it.

    Where the file has errors, what was read is checked all the same, so that everything comes
    out at once.
    """
    found = list(findings)
    portfolio, checked = check_data(data)
    merged = (*found, *checked)
    errors = tuple(f for f in merged if f.severity is Severity.ERROR)
    warnings = tuple(f for f in merged if f.severity is not Severity.ERROR)
    if errors:
        portfolio = None
    return Imported(portfolio, bounded((*errors, *warnings)))
