"""What comes out of reading a workbook: the portfolio, and findings at their cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pmo_optimizer.model import Finding, Portfolio, Severity


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with the cell that it is about.

    Attributes
    ----------
    finding
        As the checks give it, with the path in the portfolio; a dot where it has none.
    sheet, cell
        Title of the sheet, and the cell as ``B7``; empty where the whole file is meant.
    """

    finding: Finding
    sheet: str = ""
    cell: str = ""

    @property
    def where(self) -> str:
        """Sheet and cell, as ``Phases!D7``."""
        return f"{self.sheet}!{self.cell}" if self.sheet else ""

    @property
    def placed(self) -> Finding:
        """The finding with sheet and cell before its path."""
        own = self.finding
        path = own.path
        if self.where:
            path = self.where if path in {"", ".", self.where} else f"{self.where} ({path})"
        return Finding(own.severity, own.rule, path, own.message, own.fix)


@dataclass(frozen=True)
class Reading:
    """What a workbook says.

    Attributes
    ----------
    portfolio
        None where the form has errors.
    located
        Everything that is wrong or odd, errors first.
    scenarios
        Plain data of the scenarios of the workbook, as in a scenario file.
    data
        Plain data of the portfolio, as far as it could be read.
    """

    portfolio: Portfolio | None
    located: tuple[Located, ...]
    scenarios: tuple[Mapping[str, Any], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, each with sheet and cell before its path."""
        return tuple(item.placed for item in self.located)

    @property
    def has_errors(self) -> bool:
        """Whether one of the findings is an error."""
        return any(item.finding.severity is Severity.ERROR for item in self.located)
