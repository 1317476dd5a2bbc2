"""Portfolio files of every kind, by their ending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmo_optimizer.model import Finding, InvalidInput, Portfolio, Severity

if TYPE_CHECKING:
    from pmo_optimizer.formats.workbook import Limits

WORKBOOK = ".xlsx"
"""Ending of portfolio workbooks."""


def is_workbook(path: str | Path) -> bool:
    """Return whether a file is a workbook by its ending."""
    return Path(path).suffix.lower() == WORKBOOK


def load_portfolio(path: str | Path, *, limits: Limits | None = None) -> Portfolio:
    """Read a portfolio from a ``.yaml``, ``.yml``, ``.json`` or ``.xlsx`` file.

    Parameters
    ----------
    limits
        How much of a workbook is read.

    Raises
    ------
    InvalidInput
        With every finding about the file's form; those about a workbook name sheet and cell.
    """
    if not is_workbook(path):
        return Portfolio.load(path)
    return opened(path, limits=limits)[0]


def opened(
    path: str | Path, *, limits: Limits | None = None
) -> tuple[Portfolio, tuple[Finding, ...]]:
    """Return the portfolio of a file, and everything that is wrong with or odd about it.

    Raises
    ------
    InvalidInput
        With every finding, where the form has errors.
    """
    if not is_workbook(path):
        from pmo_optimizer.checks import check

        portfolio = Portfolio.load(path)
        return portfolio, check(portfolio)
    from pmo_optimizer.formats.workbook import LIMITS, read

    reading = read(path, limits=limits or LIMITS)
    if reading.portfolio is None:
        raise InvalidInput(reading.findings)
    return reading.portfolio, reading.findings


def load_valid(path: str | Path) -> tuple[Portfolio, tuple[Finding, ...]]:
    """Return the portfolio of a file, and the warnings about it.

    Raises
    ------
    InvalidInput
        With every finding, where one is an error.
    """
    portfolio, findings = opened(path)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise InvalidInput(findings)
    return portfolio, findings


def save_portfolio(
    portfolio: Portfolio,
    path: str | Path,
    *,
    scenarios: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write a portfolio as YAML, JSON or workbook, by the ending; all at once or not at all.

    Parameters
    ----------
    scenarios
        Plain data of scenarios, for the sheet of a workbook; other files hold none.
    """
    if not is_workbook(path):
        portfolio.save(path)
        return
    from pmo_optimizer.formats.workbook import write

    write(portfolio, path, scenarios=scenarios)
