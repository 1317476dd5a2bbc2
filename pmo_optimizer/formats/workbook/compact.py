"""Lists, mappings and odd texts in one cell, so that reading gives what was written.

A list is ``a; b``, a mapping ``name=value; name=value``, a list of numbers ``10; 20; 3*30``
(three times 30). What would be read otherwise stands in quotes, as JSON writes a text. An empty
list is ``[]``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

EMPTY = "[]"
"""How an empty list is written."""

PLAIN = re.compile(r"[^\s\"';=\[\]{}][^\"';=\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]*")
"""Texts that need no quotes within a list."""

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
"""What a workbook does not keep as it is in a text."""

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
"""A number with a decimal point."""

GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d+)?")
"""A number whose separators may be of thousands."""

LOCAL = re.compile(r"[+-]?\d[\d.,' \u00a0\u202f]*,[\d.,' \u00a0\u202f]*")
"""A number with a comma: decimal in some countries, of thousands in others."""

REPEATED = re.compile(r"(\d{1,5})\s*[*x×]\s*(\S+)")
"""A number that stands several times: ``3*30``."""

MOST_ENTRIES = 20_000
"""A cell holds no more entries: `99999*1` in each of them would fill the memory."""

SHORTEST_RUN = 4
"""Fewer equal numbers in a row are written out."""

TRUE, FALSE = "TRUE", "FALSE"
JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


class Unclear(ValueError):
    """A text that cannot be read without a guess; the message says why, ``fix`` what to do."""

    def __init__(self, message: str, fix: str, rule: str = "wrong-value") -> None:
        super().__init__(message)
        self.fix = fix
        self.rule = rule


# -- texts --------------------------------------------------------------------------------------


def written_text(text: str) -> str:
    """Return a text as it stands in a cell: in quotes where it would be read otherwise."""
    odd = not text or text != text.strip() or text[0] in "\"'" or text == EMPTY
    return _quoted(text) if odd or UNSAFE.search(text) else text


def _quoted(text: str) -> str:
    return json.dumps(text).replace("_x", "_\\u0078")


def read_text(text: str) -> str:
    """Return the text that a cell means."""
    text = text.strip()
    return _unquoted(text) if JSON_TEXT.fullmatch(text) else text


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise Unclear(
            f"holds {text[:40]}, which is no text in quotes",
            "Write a backslash before quotes and backslashes, or leave the quotes out.",
        ) from error


# -- lists --------------------------------------------------------------------------------------


def written_texts(texts: Iterable[str]) -> str:
    """Return a list of texts as a cell holds it."""
    return "; ".join(_entry(text) for text in texts) or EMPTY


def _entry(text: str) -> str:
    plain = PLAIN.fullmatch(text) and text == text.strip() and not UNSAFE.search(text)
    return text if plain else _quoted(text)


def read_texts(text: str) -> list[str]:
    """Return the list of texts that a cell means."""
    if text.strip() == EMPTY:
        return []
    return [read_text(part) for part in _parts(text)]


def _parts(text: str) -> list[str]:
    """Split a cell at semicolons and line breaks outside of quotes; empty parts do not count."""
    parts: list[str] = []
    current: list[str] = []
    quoted = escaped = False
    for char in text:
        if quoted:
            current.append(char)
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char in ";\n":
            parts.append("".join(current))
            current = []
        else:
            quoted = char == '"' and not "".join(current).strip().rpartition("=")[2]
            current.append(char)
    if quoted:
        raise Unclear("has a quote that is not closed", 'Close it with `"`, or leave it out.')
    parts.append("".join(current))
    found = [part.strip() for part in parts if part.strip()]
    if len(found) > MOST_ENTRIES:
        raise _too_many()
    return found


def _too_many() -> Unclear:
    return Unclear(f"has more than {MOST_ENTRIES:,} entries", "A cell holds fewer of them.")


# -- numbers ------------------------------------------------------------------------------------


def written_number(value: Decimal) -> str:
    """Return a number with all its digits, so that no point can be one of thousands."""
    text = f"{value:f}"
    return f"{text}0" if GROUPED.fullmatch(text) else text


def written_numbers(values: Sequence[Decimal]) -> str:
    """Return a list of numbers as a cell holds it; equal ones in a row are counted."""
    parts: list[str] = []
    for value, run in groupby(values):
        count = len(list(run))
        text = written_number(value)
        parts += [f"{count}*{text}"] if count >= SHORTEST_RUN else [text] * count
    return "; ".join(parts) or EMPTY


def read_number(text: str) -> Decimal | None:
    """Return the number that a text is, None where it is none.

    Raises
    ------
    Unclear
        It may be one number or another, by the country.
    """
    text = text.strip()
    grouped = GROUPED.fullmatch(text)
    if grouped or LOCAL.fullmatch(text):
        raise Unclear(
            f"is the text {text[:40]!r}, of which it is not clear which number it means",
            "Write the number with a decimal point and without separators of thousands, in a "
            "cell that is formatted as a number.",
            "ambiguous-number",
        )
    return Decimal(text) if NUMBER.fullmatch(text) else None


def read_numbers(text: str) -> list[Decimal]:
    """Return the list of numbers that a cell means."""
    if text.strip() == EMPTY:
        return []
    found: list[Decimal] = []
    for part in _parts(text):
        repeated = REPEATED.fullmatch(part)
        count, number = (int(repeated[1]), repeated[2]) if repeated else (1, part)
        value = read_number(number)
        if value is None:
            raise Unclear(
                f"has the entry {part[:40]!r}, which is no number",
                "Write numbers with semicolons between them, as `10; 20; 3*30`.",
                "wrong-type",
            )
        if len(found) + count > MOST_ENTRIES:
            raise _too_many()
        found += [value] * count
    return found


# -- mappings -----------------------------------------------------------------------------------


def written_scalars(values: Mapping[str, bool | Decimal | str]) -> str:
    """Return names with values as a cell holds them."""
    return "; ".join(f"{_entry(name)}={_scalar(value)}" for name, value in values.items()) or EMPTY


def _scalar(value: bool | Decimal | str) -> str:
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, Decimal):
        return written_number(value)
    plain = PLAIN.fullmatch(value) and value.upper() not in {TRUE, FALSE} and not _numeric(value)
    return (
        value if plain and value == value.strip() and not UNSAFE.search(value) else _quoted(value)
    )


def _numeric(text: str) -> bool:
    try:
        return read_number(text) is not None
    except Unclear:
        return True


def read_scalars(text: str) -> dict[str, bool | Decimal | str]:
    """Return the names with values that a cell means."""
    if text.strip() == EMPTY:
        return {}
    found: dict[str, bool | Decimal | str] = {}
    for part in _parts(text):
        name, value = _pair(part)
        if name in found:
            raise Unclear(f"names {name[:40]!r} twice", "Leave one of them out.")
        found[name] = value
    return found


def _pair(part: str) -> tuple[str, bool | Decimal | str]:
    quoted = JSON_TEXT.match(part)
    name = _unquoted(quoted[0]) if quoted else part.partition("=")[0].strip()
    rest = part[quoted.end() :].strip() if quoted else "=" + part.partition("=")[2]
    value = rest[1:].strip()
    if not rest.startswith("=") or not value or (not quoted and "=" not in part):
        raise Unclear(
            f"has the entry {part[:40]!r}, which is no name with a value",
            "Write names and values as `region=north; risk=3`.",
        )
    if JSON_TEXT.fullmatch(value):
        return name, _unquoted(value)
    if value.upper() in {TRUE, FALSE}:
        return name, value.upper() == TRUE
    number = read_number(value)
    return name, value if number is None else number
