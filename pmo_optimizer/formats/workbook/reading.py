"""What comes out of reading a workbook: the portfolio, and findings at their cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pmo_optimizer.formats.workbook.places import Places
from pmo_optimizer.formats.workbook.sheets.scenarios import field_of_target
from pmo_optimizer.model import Finding, Portfolio, Severity

CHANGE_PATH = re.compile(
    r"(scenarios/(?P<id>[^/]*)/changes/(?P<number>\d+))/(?P<field>\w+)(?P<rest>.*)"
)
"""Path of a field of a change."""


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
    scenario_places
        Where the scenarios stand.
    """

    portfolio: Portfolio | None
    located: tuple[Located, ...]
    scenarios: tuple[Mapping[str, Any], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    scenario_places: Places = field(default_factory=Places, repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, each with sheet and cell before its path."""
        return tuple(item.placed for item in self.located)

    @property
    def has_errors(self) -> bool:
        """Whether one of the findings is an error."""
        return any(item.finding.severity is Severity.ERROR for item in self.located)

    def at_cells(self, findings: Iterable[Finding]) -> tuple[Located, ...]:
        """Return findings about the scenarios, whose paths begin with `scenarios/`, at cells."""
        return tuple(self._at_cell(finding) for finding in findings)

    def _at_cell(self, finding: Finding) -> Located:
        path = finding.path
        found = CHANGE_PATH.fullmatch(path)
        if found is not None:
            changes = [
                c for s in self.scenarios if s.get("id") == found["id"] for c in s["changes"]
            ]
            number = int(found["number"])
            if number < len(changes) and found["field"] == field_of_target(changes[number]):
                path = f"{found[1]}/target{found['rest']}"
        return Located(finding, *self.scenario_places.cell_of(path))
