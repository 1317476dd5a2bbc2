"""Numbers, dates and words as pages show them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from pmo_optimizer.report.words import ABSENT, amount, gap_text, score

SAFE_JSON: Mapping[int, str] = MappingProxyType(
    {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028"}
    | {0x2029: "\\u2029"}
)
"""What could end a data block in a page, written so that it cannot."""


def number(value: float | Decimal | None) -> str:
    """Return a number with thousands separators."""
    return amount(None if value is None else float(value))


def value_text(value: float | Decimal | None) -> str:
    """Return a value or a bound with enough digits to tell two of them apart."""
    return score(None if value is None else float(value))


def gap(value: float | None) -> str:
    """Return a relative gap in percent."""
    return gap_text(value)


def share(value: float | Decimal | None) -> str:
    """Return a share in whole percent."""
    return ABSENT if value is None else f"{100 * float(value):.0f} %"


def day(value: date | None) -> str:
    """Return a date."""
    return ABSENT if value is None else value.isoformat()


def moment(value: datetime | None) -> str:
    """Return a time to the minute, in UTC."""
    return ABSENT if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def words(value: object) -> str:
    """Return the word of a state, as ``no plan found`` for ``no_plan_found``."""
    return str(getattr(value, "value", value)).replace("_", " ")


def cell(value: object) -> str:
    """Return a cell of a table: numbers as people read them, other things as they are."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float, Decimal)):
        return number(value)
    return str(value)


def is_number(value: object) -> bool:
    """Return whether a cell is a number, which stands at the right."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def data_block(value: Any) -> Markup:  # noqa: ANN401 - any JSON value
    """Return JSON that may stand in a data block of a page, whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return Markup(text.translate(SAFE_JSON))  # noqa: S704 - nothing can end the block


FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "number": number,
        "value": value_text,
        "gap": gap,
        "share": share,
        "day": day,
        "moment": moment,
        "words": words,
        "cell": cell,
        "is_number": is_number,
        "data_block": data_block,
    }
)
"""Filters of templates."""
