"""The workshop of a portfolio at one moment: what was changed, and the scenario that this is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pmo_optimizer.model import Finding, InvalidInput, Portfolio
from pmo_optimizer.service.documents import scenario_of
from pmo_optimizer.service.problems import FindingOut
from pmo_optimizer.web.read import Stored
from pmo_optimizer.web.visitors import Fields
from pmo_optimizer.web.workshop.controls import Controls, controls_of
from pmo_optimizer.web.workshop.made import WEIGHTS, Data, Made, Wrong, made_of, values_of
from pmo_optimizer.web.workshop.words import words_of
from pmo_scenarios import Scenario

ID = "workshop"
"""Id of the scenario of a run from the workshop."""

MOST_EXTRAS = 1000

NUMBER = re.compile(r"[0-9]{1,4}")

IN_CHANGE = re.compile(r"^scenarios/[^/]+/changes/([0-9]+)")
IN_RESULT = re.compile(r"^(?:scenarios/[^/]+/result/)?(projects|funds|skills|criteria)/([^/]+)")


@dataclass(frozen=True)
class Extra:
    """A change that no control says: its place, what it is, and whether it was taken out."""

    number: int
    data: Data
    words: str
    dropped: bool

    @property
    def text(self) -> str:
        """The change as a hidden field holds it."""
        return json.dumps(self.data, sort_keys=True)


@dataclass(frozen=True)
class Desk:
    """The workshop of a portfolio at one moment.

    Attributes
    ----------
    stored
        The portfolio.
    extras
        Changes that no control says; they come first.
    basis
        The portfolio with them, whose numbers the controls show.
    values
        Content of the fields by key.
    findings
        Why the extra changes do not fit, in which case the basis is without them.
    """

    stored: Stored
    extras: tuple[Extra, ...]
    basis: Portfolio
    values: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @cached_property
    def controls(self) -> Controls:
        """Every control."""
        return controls_of(self.basis)

    @cached_property
    def _made(self) -> tuple[tuple[Made, ...], tuple[Wrong, ...]]:
        return made_of(self.controls, self.values)

    @property
    def made(self) -> tuple[Made, ...]:
        """The changes that controls say."""
        return self._made[0]

    @property
    def wrong(self) -> tuple[Wrong, ...]:
        """Fields whose content means nothing."""
        return self._made[1]

    @property
    def changes(self) -> list[Data]:
        """Every change, in order."""
        kept = [extra.data for extra in self.extras if not extra.dropped]
        return [*kept, *(one.data for one in self.made)]

    def data(self, name: str = "", id: str = ID) -> Data:
        """Return the scenario as plain data."""
        named = {"name": name} if name else {}
        return {"id": id, **named, "changes": self.changes}

    def problems(self) -> Problems:
        """Return everything that is wrong with the changes or odd about them."""
        found = [*self.findings]
        if not self.wrong and not self.findings:
            try:
                found += Scenario.parse(self.data()).check(self.stored.portfolio)
            except InvalidInput as error:
                found += error.findings
        return self.placed(found)

    def placed(self, findings: Iterable[Finding]) -> Problems:
        """Return findings with the keys of the controls that they are about."""
        rows = [Problem(one.key, FindingOut.of(one.finding)) for one in self.wrong]
        rows += [Problem(self._key(finding), FindingOut.of(finding)) for finding in findings]
        return Problems(tuple(rows))

    def _key(self, finding: Finding) -> str:
        inside = IN_CHANGE.match(finding.path)
        if inside is not None:
            number = int(inside[1]) - sum(not extra.dropped for extra in self.extras)
            key = self.made[number].key if 0 <= number < len(self.made) else ""
            return self._first_weight if key == WEIGHTS else key
        about = IN_RESULT.match(finding.path)
        return "" if about is None else self._targets.get((about[1], about[2]), "")

    @property
    def _first_weight(self) -> str:
        weights = self.controls.weights
        return weights[0].key if weights else ""

    @cached_property
    def _targets(self) -> dict[tuple[str, str], str]:
        """Keys of controls by list and id of what they are about; that of a change before all."""
        changed = {one.key for one in self.made}
        found: dict[tuple[str, str], str] = {}
        lists = (
            ("funds", self.controls.budgets),
            ("skills", self.controls.capacities),
            ("criteria", self.controls.weights),
        )
        for name, sliders in lists:
            for slider in sliders:
                if (name, slider.target) not in found or slider.key in changed:
                    found[name, slider.target] = slider.key
        return found | {("projects", c.project): c.key for c in self.controls.choices}


@dataclass(frozen=True)
class Problem:
    """A finding, and the key of the control that it is about; empty where there is none."""

    key: str
    finding: FindingOut


@dataclass(frozen=True)
class Problems:
    """Everything that is wrong with the changes or odd about them."""

    rows: tuple[Problem, ...] = ()

    @property
    def blocking(self) -> bool:
        """Whether one of them is an error."""
        return any(row.finding.severity == "error" for row in self.rows)

    @cached_property
    def by_key(self) -> dict[str, list[FindingOut]]:
        """Findings by control."""
        found: dict[str, list[FindingOut]] = {}
        for row in self.rows:
            found.setdefault(row.key, []).append(row.finding)
        return found


def untouched(stored: Stored) -> Desk:
    """Return the workshop without a change."""
    return Desk(stored, (), stored.portfolio)


def from_scenario(stored: Stored, document: str) -> Desk:
    """Return the workshop with the changes of a scenario, as it is stored.

    As many of its last changes as have controls are shown in these; those before them stay as
    they are.
    """
    changes = scenario_of(document).to_data().get("changes", [])
    for first in range(len(changes) + 1):
        desk = _desk(stored, changes[:first], frozenset())
        values = values_of(desk.controls, changes[first:])
        if values is not None:
            return Desk(stored, desk.extras, desk.basis, values, desk.findings)
    return _desk(stored, changes, frozenset())


def from_fields(stored: Stored, fields: Fields) -> Desk:
    """Return the workshop as the page sends it.

    Raises
    ------
    InvalidInput
        A change that no control says is none; the page never sends one.
    """
    given = fields.all("extra")[:MOST_EXTRAS]
    read = [_read(text) for text in given]
    Scenario.parse({"id": ID, "changes": read})
    dropped = frozenset(int(text) for text in fields.all("drop") if NUMBER.fullmatch(text))
    values = {name: fields.get(name) for name in fields.values}
    desk = _desk(stored, read, dropped)
    return Desk(stored, desk.extras, desk.basis, values, desk.findings)


def _read(given: str) -> Data:
    try:
        data: Any = json.loads(given)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _desk(stored: Stored, changes: Sequence[Data], dropped: frozenset[int]) -> Desk:
    extras = tuple(
        Extra(number, data, words_of(stored.portfolio, data), number in dropped)
        for number, data in enumerate(changes)
    )
    if not changes:
        return Desk(stored, extras, stored.portfolio)
    try:
        basis = Scenario.parse({"id": ID, "changes": list(changes)}).apply(stored.portfolio)
    except InvalidInput as error:
        return Desk(stored, extras, stored.portfolio, {}, error.findings)
    return Desk(stored, extras, basis)
