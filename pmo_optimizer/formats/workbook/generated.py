"""Ids that objects get where they have none: such cells stay empty, and are found all the same."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from pmo_optimizer.model import (
    AllOrNone,
    Cap,
    CostLine,
    Excludes,
    Link,
    Need,
    Portfolio,
    Requires,
    Rule,
    Synergy,
)
from pmo_optimizer.model.base import content_hash


def _cap_id(cap: BaseModel) -> str:
    # The id of a cap is made of all that it says, while it has none.
    bare = cap.model_copy(update={"id": ""})
    return f"cap-{content_hash(bare.model_dump(mode='json'))[:6]}"


def _made(item: Any) -> str:  # noqa: ANN401 - objects of many kinds have the method
    return str(item.made_id())


Maker = Callable[[Any], str]

MAKERS: Mapping[str, tuple[Any, Maker]] = MappingProxyType(
    {
        "caps": (Cap, _cap_id),
        "links": (Link, _made),
        "requires": (Requires, _made),
        "excludes": (Excludes, _made),
        "all_or_none": (AllOrNone, _made),
        "synergies": (Synergy, _made),
        "rules": (Rule, _made),
        "needs": (Need, lambda need: str(need.skill)),
        "costs": (CostLine, _made),
    }
)
"""Kinds of objects by the list that holds them, and what makes their ids."""


def made_id(field: str, entry: Mapping[str, Any]) -> str:
    """Return the id that an object without one gets, nothing where it cannot be read.

    Parameters
    ----------
    field
        The list that it is in, as ``links``.
    entry
        Its plain data.
    """
    if field == "modes":
        return "normal"
    if field not in MAKERS:
        return ""
    kind, maker = MAKERS[field]
    try:
        return maker(_adapter(kind).validate_python(dict(entry)))
    except ValidationError:
        return ""


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a model, or several
    return TypeAdapter(kind)


def without_made_ids(portfolio: Portfolio) -> dict[str, Any]:
    """Return the plain data of a portfolio without the ids that reading makes again.

    Such an id says what the object says, and would be wrong once that is changed in a cell. Free
    attributes are exact numbers here: as JSON, those of many digits would be texts.
    """
    data = portfolio.to_data()
    for field in ("projects", "people", "pools"):
        for item, entry in zip(getattr(portfolio, field), data.get(field, ()), strict=True):
            _exact(item.attributes, entry.get("attributes", {}))
    for field in ("caps", "rules"):
        for item, entry in zip(getattr(portfolio, field), data.get(field, ()), strict=True):
            where = entry.get("where", {})
            _exact(item.where.attribute, where.get("attribute", {}))
    for field in ("caps", "links", "requires", "excludes", "all_or_none", "synergies", "rules"):
        _strip(field, getattr(portfolio, field), data.get(field, ()))
    for project, own in zip(portfolio.projects, data.get("projects", ()), strict=True):
        _strip("links", project.links, own.get("links", ()))
        _strip("costs", project.costs, own.get("costs", ()))
        for phase, part in zip(project.phases, own.get("phases", ()), strict=True):
            for mode, way in zip(phase.modes, part["modes"], strict=True):
                _strip("needs", mode.needs, way.get("needs", ()))
                _strip("costs", mode.costs, way.get("costs", ()))
    return data


def _exact(values: Mapping[str, object], data: dict[str, Any]) -> None:
    data |= {name: value for name, value in values.items() if isinstance(value, Decimal)}


def _strip(field: str, items: Sequence[Any], data: Iterable[dict[str, Any]]) -> None:
    _, maker = MAKERS[field]
    often = Counter(item.id for item in items)
    for item, entry in zip(items, data, strict=True):
        if often[item.id] == 1 and item.id == maker(item):
            entry.pop("id", None)
