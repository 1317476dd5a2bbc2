"""Small portfolios as plain data: a few words per project, read through `Portfolio.parse`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from enum import Enum
from itertools import product
from typing import Any

from pmo_optimizer.model import Portfolio

Data = dict[str, Any]
"""Plain data, as read from a portfolio file."""

START = "2027-01-01"
"""First day of the first period."""


MODES_ALONE, MODES_TOGETHER = 65, 21
"""Equal modes of a phase of its own, and of one among others, in a crowded portfolio."""


class Drop(Enum):
    """What `changed` does with a field beside giving it a value."""

    GONE = "gone"


GONE = Drop.GONE
"""As a new value: the field or list entry is taken out."""


def parsed(data: Mapping[str, Any]) -> Portfolio:
    """Return the portfolio that the data mean."""
    return Portfolio.parse(data)


def portfolio(periods: int, *projects: Data, **parts: Any) -> Data:
    """Return a portfolio of that many months; other calendars are given as ``calendar``."""
    return {"calendar": {"start": START, "periods": periods}, "projects": list(projects)} | parts


def calendar(periods: int, **fields: Any) -> Data:
    """Return a calendar that begins like all others."""
    return {"start": START, "periods": periods} | fields


def project(name: str, value: float = 0, duration: int = 1, **fields: Any) -> Data:
    """Return a project with a single phase ``work``; needs and costs are those of the phase."""
    work = phase("work", duration, **{k: fields.pop(k) for k in ("needs", "lines") if k in fields})
    return {"id": name, "value": value, "phases": [work]} | fields


def phases(name: str, value: float, *parts: Data, **fields: Any) -> Data:
    """Return a project with several phases."""
    return {"id": name, "value": value, "phases": list(parts)} | fields


def choice(name: str, value: float = 0, cost: float | str = 0, **fields: Any) -> Data:
    """Return a pure yes or no, with its cost in the first period of its window."""
    return {"id": name, "value": value} | ({"costs": [lump(cost)]} if cost else {}) | fields


def phase(
    name: str, duration: int, needs: list[Data] | None = None, lines: list[Data] | None = None
) -> Data:
    """Return a phase with one mode."""
    return {"id": name, "duration": duration, "needs": needs or [], "costs": lines or []}


def mode(
    name: str, duration: int, needs: list[Data] | None = None, lines: list[Data] | None = None
) -> Data:
    """Return one of several modes of a phase."""
    return {"id": name, "duration": duration, "needs": needs or [], "costs": lines or []}


def need(skill: str, fte: float | str = 1, **fields: Any) -> Data:
    """Return a constant need."""
    return {"skill": skill, "fte": fte} | fields


def lump(amount: float | str, **fields: Any) -> Data:
    """Return a cost line with one amount."""
    return {"lump": amount} | fields


def running_cost(amount: float, **fields: Any) -> Data:
    """Return a cost line that is paid in every period of the work."""
    return {"per_period": amount} | fields


def fund(name: str = "main", total: float | str | None = None, **fields: Any) -> Data:
    """Return a fund with one amount for the horizon, or with ``amounts``."""
    return {"id": name} | ({} if total is None else {"amounts": {"total": total}}) | fields


def skills(*names: str, **fields: Any) -> Data:
    """Return the part ``skills`` of a portfolio; the fields are those of every skill."""
    return {"skills": [{"id": name} | fields for name in names]}


def person(name: str, fte: float | str = 1, **fields: Any) -> Data:
    """Return a full developer, or somebody with other ``skills``."""
    return {"id": name, "fte": fte, "skills": {"dev": 1}} | fields


def pool(skill: str, *profile: float) -> Data:
    """Return a pool named like its skill with a capacity for every period of the grid."""
    return {"id": f"{skill}-pool", "skill": skill, "profile": list(profile)}


def terms(*names: str | Data, **fields: Any) -> Data:
    """Return the part ``objective`` of a portfolio."""
    listed = [{"term": name} if isinstance(name, str) else name for name in names]
    return {"objective": {"terms": listed} | fields}


def link(source: str, target: str, kind: str = "FS", **fields: Any) -> Data:
    """Return a precedence link."""
    return {"from": source, "to": target, "type": kind} | fields


def changed(data: Data, changes: Mapping[str, object]) -> Data:
    """Return data with other values at some paths; the data themselves stay as they are.

    Parameters
    ----------
    changes
        New value (or `GONE`) by path, for example ``projects/A/latest_start``. A list entry
        is named by its id, or by its 0-based index.
    """
    new: Data = copy.deepcopy(data)
    for path, value in changes.items():
        *above, last = path.split("/")
        place: Any = new
        for step in above:
            place = place[_key(place, step)]
        key = _key(place, last)
        if value is GONE:
            del place[key]
        else:
            place[key] = copy.deepcopy(value)
    return new


def _key(place: object, step: str) -> int | str:
    """Return the index of a list entry, or the key itself."""
    if not isinstance(place, list):
        return step
    ids = [entry.get("id") for entry in place]
    return ids.index(step) if step in ids else int(step)


def crowded(data: Data) -> Data:
    """Return the same portfolio with every mode in many copies, which changes nothing.

    The projects then have so many schedules that engines cannot look at each of them.
    """
    new: Data = copy.deepcopy(data)
    for entry in new["projects"]:
        parts = entry.get("phases", [])
        for part in parts:
            _add_modes(part, MODES_ALONE if len(parts) == 1 else MODES_TOGETHER)
    return new


def _add_modes(part: Data, number: int) -> None:
    """Give a phase so many modes, by copies of those that it has."""
    own = {key: part.pop(key) for key in ("duration", "needs", "costs") if key in part}
    modes = part.setdefault("modes", [{"id": "normal"} | own])
    pairs = product(range(2, number + 1), tuple(modes))
    modes += [first | {"id": f"{first['id']}-{copied}"} for copied, first in pairs]
