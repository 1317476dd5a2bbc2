"""What differs between two portfolios, object by object and field by field.

Examples
--------
>>> from pmo_optimizer.model import Portfolio
>>> data = {
...     "calendar": {"start": "2027-01-01", "periods": 12},
...     "projects": [{"id": "P1", "value": 5, "phases": [{"duration": 3}]}],
... }
>>> old = Portfolio.parse(data)
>>> new = Portfolio.parse({**data, "projects": [{**data["projects"][0], "value": 7}]})
>>> for change in difference(old, new):
...     print(change.kind, change.section, change.id, change.field, change.before, change.after)
changed projects P1 value 5 7
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.model.base import ORDERED_FIELDS, content_hash

WHOLE = "portfolio"
"""Section of what is said of the portfolio as a whole."""

ORDER = "order"
"""Field of a change that only puts a list in another order."""

KEYS: tuple[tuple[str, ...], ...] = (("id",), ("project",), ("phase",), ("term",), ("a", "b"))
"""By which fields the entries of a list are known, the first that all of them have."""

NOTHING: tuple[object, ...] = (None, "", [], {})
"""Values that say nothing within a text."""


class ChangeKind(StrEnum):
    """What happens to an object or a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes
    ----------
    kind
        Whether the object is added, removed or changed; entries within an object that come or go
        are a change of it.
    section
        Field of the portfolio that holds the object, such as ``projects``; ``portfolio`` for what
        is said of the portfolio as a whole.
    id, name
        The object; empty for the portfolio as a whole.
    field
        Path of the field within the object, with slashes; empty where the object comes or goes.
    before, after
        Values as JSON holds them, exact; None for none.
    """

    kind: ChangeKind
    section: str
    id: str
    name: str
    field: str
    before: Any
    after: Any


def difference(old: Portfolio, new: Portfolio) -> tuple[Change, ...]:
    """Return what differs between two portfolios, in the order of the fields of a portfolio.

    Objects are known by their ids; the order of rows does not count where it has no meaning. There
    are no changes if and only if both have the same digest.

    Parameters
    ----------
    old, new
        The portfolio before and after.
    """
    before, after = (p.model_dump(mode="json", by_alias=True) for p in (old, new))
    changes: list[Change] = []
    for section in before:
        if _holds_objects(before[section], after[section]):
            changes += _objects(section, before[section], after[section])
            continue
        changes += (
            Change(ChangeKind.CHANGED, WHOLE, "", "", *found)
            for found in _fields(section, section, before[section], after[section])
        )
    return tuple(changes)


def shown(value: object) -> str:
    """Return a value of a change as a text for people, what says nothing left out."""
    if value in NOTHING:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        parts = (f"{name}: {_inner(item)}" for name, item in value.items() if item not in NOTHING)
        return ", ".join(parts)
    if isinstance(value, list | tuple):
        return ", ".join(_inner(item) for item in value)
    return str(value)


def _inner(value: object) -> str:
    return f"({shown(value)})" if isinstance(value, Mapping | list | tuple) else shown(value)


def _holds_objects(*values: object) -> bool:
    lists = all(isinstance(value, list) for value in values)
    return lists and any(value for value in values)


def _objects(section: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    """Return changes of a list of the portfolio."""
    key = _key(before, after)
    if key is None:
        gone, come = _apart(before, after)
        for item in gone:
            yield Change(ChangeKind.REMOVED, section, "", _name(item), "", item, None)
        for item in come:
            yield Change(ChangeKind.ADDED, section, "", _name(item), "", None, item)
        return
    olds, news = _keyed(before, key), _keyed(after, key)
    for id, item in olds.items():
        if id not in news:
            yield Change(ChangeKind.REMOVED, section, id, _name(item), "", item, None)
    for id, item in news.items():
        if id not in olds:
            yield Change(ChangeKind.ADDED, section, id, _name(item), "", None, item)
            continue
        for path, one, other in _fields("", "", olds[id], item):
            yield Change(ChangeKind.CHANGED, section, id, _name(item), path, one, other)


def _fields(path: str, name: str, before: object, after: object) -> Iterator[tuple[str, Any, Any]]:
    """Return path, old and new value of everything that differs; ``name`` is the field's own."""
    if isinstance(before, dict) and isinstance(after, dict):
        for part in dict.fromkeys((*before, *after)):
            yield from _fields(_under(path, part), part, before.get(part), after.get(part))
        return
    if not (isinstance(before, list) and isinstance(after, list)):
        # Yes is not 1, though Python has it so.
        if before != after or type(before) is not type(after):
            yield path, before, after
        return
    key = _key(before, after)
    if key is not None:
        yield from _entries(path, name, _keyed(before, key), _keyed(after, key))
    elif name in ORDERED_FIELDS or not (_plain(before) and _plain(after)):
        yield from _lists(path, name, before, after)
    elif Counter(map(content_hash, before)) != Counter(map(content_hash, after)):
        yield path, before, after


def _entries(
    path: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Return what differs between lists whose entries are known by a key."""
    for id in dict.fromkeys((*before, *after)):
        yield from _fields(_under(path, id), "", before.get(id), after.get(id))
    both = [id for id in before if id in after], [id for id in after if id in before]
    rows = all("phase" in item for item in (*before.values(), *after.values()))
    if name in ORDERED_FIELDS and not (name == "phases" and rows) and both[0] != both[1]:
        yield _under(path, ORDER), list(before), list(after)


def _lists(
    path: str, name: str, before: Sequence[Any], after: Sequence[Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Return what differs between lists without a key: the whole where their order counts."""
    if name in ORDERED_FIELDS:
        if content_hash({name: before}) != content_hash({name: after}):
            yield path, before, after
        return
    gone, come = _apart(before, after)
    yield from ((path, item, None) for item in gone)
    yield from ((path, None, item) for item in come)


def _apart(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the entries that only one of two sets holds; equal ones count as often as they are."""
    return _without(before, after), _without(after, before)


def _without(items: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    left = Counter(content_hash(item) for item in others)
    found = []
    for item in items:
        digest = content_hash(item)
        if left[digest]:
            left[digest] -= 1
        else:
            found.append(item)
    return found


def _key(*lists: Sequence[Any]) -> tuple[str, ...] | None:
    """Return the fields by which the entries of both lists are known; None where there are none."""
    items = [item for entries in lists for item in entries]
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    for key in KEYS:
        named = all(
            isinstance(item.get(part), str) and item[part] for item in items for part in key
        )
        if named and all(len(_keyed(entries, key)) == len(entries) for entries in lists):
            return key
    return None


def _keyed(items: Sequence[Any], key: Sequence[str]) -> dict[str, Any]:
    return {" : ".join(item[part] for part in key): item for item in items}


def _plain(items: Sequence[Any]) -> bool:
    return not any(isinstance(item, dict | list) for item in items)


def _name(item: object) -> str:
    return str(item.get("name") or "") if isinstance(item, dict) else ""


def _under(path: str, part: object) -> str:
    return f"{path}/{part}" if path else str(part)
