"""Input whose form has errors, made readable by leaving out what cannot be read."""

from __future__ import annotations

import copy
import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from pmo_optimizer.checks.facts import Path, key_of
from pmo_optimizer.model import Phase, Portfolio
from pmo_optimizer.model.base import Frozen

MOST_ERRORS = 1000
"""Input with more errors of form is not repaired: these alone fill the list of findings."""

MAX_ROUNDS = 50
"""The input is given up when it is not readable after leaving out parts this often."""

CLOSE = 0.75
"""An unknown field this similar to a known one is taken for it, misspelt."""

ROW = 2
"""Steps to an entry of a top-level list."""

POSITIONAL = frozenset({"phases", "modes"})
"""Lists whose entries are numbered where they have no id: none of them may be left out."""

WHOLE = frozenset({"profile", "periods"})
"""Lists of numbers of which no single one may be left out."""

MAX_DEPTH = 60
"""Input that is nested deeper is not repaired; a portfolio has fewer than ten levels."""

ALIASES = MappingProxyType({"from": "source", "to": "target"})
"""Fields whose name in files is not their name in the model."""

Step = tuple[Any, Any]
"""A dict or list, and the key or index that is looked up in it."""


@dataclass(frozen=True)
class Repair:
    """A portfolio made of the readable parts of an input.

    Attributes
    ----------
    touched
        Paths of the objects from which something was left out.
    lists
        Top-level fields in which something was left out that may matter elsewhere.
    withheld
        Ids of objects that were left out, wholly or in part.
    lost
        Names of lists that were left out as a whole.
    """

    portfolio: Portfolio
    touched: tuple[Path, ...]
    lists: frozenset[str]
    withheld: frozenset[str]
    lost: frozenset[str]

    def concerns(self, path: Path) -> bool:
        """Return whether something was left out from the object of a finding or within it."""
        return path in self._around or path[:-1] in self._within

    @functools.cached_property
    def _around(self) -> frozenset[Path]:
        """Paths of the touched objects and of everything around them."""
        return frozenset(place[:n] for place in self.touched for n in range(len(place) + 1))

    @functools.cached_property
    def _within(self) -> frozenset[Path]:
        return frozenset(self.touched)


@functools.cache
def _fields() -> tuple[str, ...]:
    """Return the names of all fields of the vocabulary."""
    schema = Portfolio.model_json_schema()
    parts = (schema, *schema["$defs"].values())
    return tuple(sorted({name for part in parts for name in part.get("properties", ())}))


def _meant(key: object, fields: Iterable[str]) -> str:
    """Return the field that a key is, or that it is probably meant to be, or nothing."""
    if not isinstance(key, str):
        return ""
    begin = [f for f in fields if len(f) > 2 and key.startswith(f)]  # `due_date` for `due`
    close = difflib.get_close_matches(key, list(fields), n=1, cutoff=CLOSE)
    return (close or begin or [""])[0]


@dataclass
class _Surgery:
    """The input while parts of it are being left out."""

    data: dict[str, Any]
    containers: list[Any] = field(default_factory=list)
    lists: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)

    def remove(self, errors: list[list[Step]]) -> bool:
        """Leave out what the steps lead to; return False where there is nothing to leave out."""
        cuts: dict[tuple[int, Any], Step] = {}
        for steps in errors:
            cut = _cut(steps)
            if cut is None:
                return False
            self._note(steps[: cut + 1])
            container, key = steps[cut]
            cuts[id(container), key] = (container, key)
        # later entries of a list first, so that the indices of earlier ones stay right
        for container, key in sorted(cuts.values(), key=lambda c: _rank(c[1]), reverse=True):
            del container[key]
        return bool(cuts)

    def _note(self, steps: list[Step]) -> None:
        """Write down what is left out, so that its consequences can be told apart."""
        container, key = steps[-1]
        gone = container[key]
        self.containers += [c for c, _ in steps if isinstance(c, dict)][-1:]
        self.withheld |= _ids(gone)
        self.withheld |= {str(c["id"]) for c, _ in steps if isinstance(c, dict) and "id" in c}
        at_top = len(steps) == 1
        known = _meant(key, tuple(Portfolio.model_fields) if at_top else _fields())
        if at_top or known == "sites":
            self.lost.add(known)
        elif len(steps) == ROW and not _ids(gone):
            self.lost.add(str(steps[0][1]))
        if known or isinstance(container, list):
            self.lists.add(known if at_top else str(steps[0][1]))


def _rank(key: object) -> int:
    return key if isinstance(key, int) else -1


def _cut(steps: list[Step]) -> int | None:
    """Return which step is left out: a field, a whole entry, or the object around it."""
    index = len(steps) - 1
    while index >= 2 and isinstance(steps[index][0], list):
        around = steps[index - 1][1]
        if around in WHOLE:
            index -= 1
        elif around in POSITIONAL:
            index -= 2
        else:
            break
    return index if index >= 0 else None


def _ids(value: object) -> set[str]:
    """Return every id (and team, which needs may name) in a part of the input."""
    if isinstance(value, dict):
        own = {str(value[k]) for k in ("id", "team") if isinstance(value.get(k), str | int)}
        return own.union(*(_ids(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(_ids(item) for item in value))
    return set()


def _is_deep(data: object) -> bool:
    """Return whether data is nested too deeply to be walked; shared parts count once."""
    level, seen = [data], set[int]()
    for _ in range(MAX_DEPTH):
        boxes = [x for x in level if isinstance(x, dict | list) and id(x) not in seen]
        seen.update(map(id, boxes))
        level = [y for x in boxes for y in (x.values() if isinstance(x, dict) else x)]
    return bool(level)


def _steps(data: object, location: tuple[int | str, ...]) -> list[Step]:
    """Return the steps of a pydantic location that the input really has.

    Locations also hold names of types that were tried, and the short form of a phase is
    validated as if it had a list of modes; such steps are passed over.
    """
    steps: list[Step] = []
    here = data
    for part in location:
        if isinstance(here, list) and isinstance(part, int) and part < len(here):
            steps.append((here, part))
        elif isinstance(here, dict) and here.get("type") != part:  # the kind of a rule
            if part not in here:
                keys = [key for key in here if str(key) == str(part)]
                if not keys:
                    continue
                part = keys[0]
            steps.append((here, part))
        else:
            continue
        container, key = steps[-1]
        here = container[key]
    return steps


def repaired(data: Mapping[str, Any], found: ValidationError) -> Repair | None:
    """Return the portfolio that the readable parts of an input make, or None.

    Parameters
    ----------
    found
        What was found when it was read as it is.
    """
    if found.error_count() > MOST_ERRORS or _is_deep(data):
        return None
    surgery = _Surgery(copy.deepcopy(dict(data)))
    for _ in range(MAX_ROUNDS):
        try:
            portfolio = Portfolio.model_validate(surgery.data)
        except ValidationError as error:
            if error.error_count() > MOST_ERRORS:
                return None
            locations = (detail["loc"] for detail in error.errors(include_url=False))
            if not surgery.remove([_steps(surgery.data, location) for location in locations]):
                return None
        else:
            return _finish(surgery, portfolio)
    return None


def _finish(surgery: _Surgery, portfolio: Portfolio) -> Repair:
    touched = {id(container) for container in surgery.containers}
    return Repair(
        portfolio=portfolio,
        touched=tuple(_touched(surgery.data, portfolio, (), touched)),
        lists=frozenset(surgery.lists),
        withheld=frozenset(surgery.withheld),
        lost=frozenset(surgery.lost),
    )


def _touched(raw: object, node: object, path: Path, marks: set[int]) -> Iterator[Path]:
    """Walk input and portfolio side by side; yield the paths of marked parts."""
    if id(raw) in marks:
        yield path
    if isinstance(raw, dict) and isinstance(node, Frozen):
        for key, value in raw.items():
            yield from _touched_field(key, value, node, path, marks)


def _touched_field(
    key: object, value: object, node: Frozen, path: Path, marks: set[int]
) -> Iterator[Path]:
    name = ALIASES.get(str(key), str(key))
    if isinstance(node, Phase) and name not in type(node).model_fields:
        # the short form of a phase: its fields are those of its only mode
        yield from _touched_field(
            key, value, node.modes[0], (*path, "modes", node.modes[0].id), marks
        )
        return
    part = node.__dict__.get(name)
    if isinstance(value, list) and isinstance(part, tuple) and len(value) == len(part):
        for index, (raw, item) in enumerate(zip(value, part, strict=True)):
            yield from _touched(raw, item, (*path, name, key_of(item, index)), marks)
    else:
        yield from _touched(value, part, (*path, name), marks)
