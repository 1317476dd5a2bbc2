"""Every English text of the pages, in one place; a module for each group of pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pmo_optimizer.web.text import common, plans, portfolios, studies, uploads, workshop

PARTS: tuple[Mapping[str, str], ...] = (
    common.TEXT,
    portfolios.TEXT,
    plans.TEXT,
    workshop.TEXT,
    studies.TEXT,
    uploads.TEXT,
)
"""The texts of each group; a key stands in one of them only."""


@cache
def catalogue() -> Mapping[str, str]:
    """Return every text by its key."""
    found: dict[str, str] = {}
    for part in PARTS:
        found |= part
    return MappingProxyType(found)


def text(key: str, values: Mapping[str, object] | None = None) -> str:
    """Return a text.

    Parameters
    ----------
    key
        Such as ``nav.portfolios``.
    values
        What stands in its braces.

    Raises
    ------
    KeyError
        There is no such text, or a value is missing.
    """
    found = catalogue()[key]
    return found if values is None else found.format_map(values)


def count(number: int, key: str) -> str:
    """Return a number with what is counted, as ``1 project`` or ``3 projects``.

    Parameters
    ----------
    number
        How many.
    key
        Key of the plural; that of the singular has ``.one`` after it.
    """
    return text(f"{key}.one" if number == 1 else key, {"n": f"{number:,}"})
