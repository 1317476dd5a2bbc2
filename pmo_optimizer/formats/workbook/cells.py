"""One cell: from a value of the portfolio to what is written, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

from pmo_optimizer.formats.workbook import compact
from pmo_optimizer.formats.workbook.compact import Unclear
from pmo_optimizer.formats.workbook.layout import Column, Kind

Written = str | Decimal | int | bool | date
"""What a cell holds: a text, an exact number, yes or no, a day."""

FLOAT_DIGITS = 15
"""Decimal digits that a floating-point number always keeps."""

ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
LOCAL_DATE = re.compile(r"\d{1,4}\s*[./-]\s*\d{1,2}\s*[./-]\s*\d{1,4}")

YES = frozenset({"yes", "true", "y"})
NO = frozenset({"no", "false", "n"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a workbook holds in a cell.

    Attributes
    ----------
    value
        As openpyxl gives it.
    is_error
        Whether it is an error of a formula, such as ``#N/A``.
    is_stale
        Whether it is a formula whose result is not in the file.
    """

    value: object
    is_error: bool = False
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands in the data for a cell that cannot be read: no field takes it."""

    message: str
    fix: str
    rule: str = "wrong-type"


# -- to cells -----------------------------------------------------------------------------------


def written(column: Column, value: object) -> Written | None:
    """Return a value of JSON-like data as its cell, None where the cell cannot hold it."""
    if value is None:
        return column.null or None
    return _WRITERS[column.kind](column, value)


def fits_float(value: Decimal) -> bool:
    """Return whether a workbook's number keeps every digit."""
    # Not by `normalize`, which rounds to the digits of the context.
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    return len(digits) <= FLOAT_DIGITS and abs(value.adjusted()) < 200


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        return compact.read_number(value) if isinstance(value, str) else Decimal(str(value))
    except Unclear:
        return Decimal(str(value)) if compact.NUMBER.fullmatch(str(value)) else None


def _write_text(column: Column, value: object) -> Written | None:
    del column
    return compact.written_text(value) if isinstance(value, str) else None


def _write_number(column: Column, value: object) -> Written | None:
    del column
    return _decimal(value)


def _write_whole(column: Column, value: object) -> Written | None:
    del column
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _write_bool(column: Column, value: object) -> Written | None:
    del column
    return ("yes" if value else "no") if isinstance(value, bool) else None


def _write_date(column: Column, value: object) -> Written | None:
    del column
    return _day(value) if isinstance(value, str) and ISO.fullmatch(value) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _write_when(column: Column, value: object) -> Written | None:
    return _write_whole(column, value) if isinstance(value, int) else _write_date(column, value)


def _write_word(column: Column, value: object) -> Written | None:
    if isinstance(value, str) and value in column.options:
        return value
    return _decimal(value)


def _write_texts(column: Column, value: object) -> Written | None:
    del column
    if isinstance(value, str):
        return compact.written_texts([value])
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return compact.written_texts(value)
    return None


def _write_numbers(column: Column, value: object) -> Written | None:
    del column
    if not isinstance(value, list | tuple):
        return None
    numbers = [_decimal(item) for item in value]
    exact = [number for number in numbers if number is not None]
    return compact.written_numbers(exact) if len(exact) == len(numbers) else None


def _write_scalar(column: Column, value: object) -> Written | None:
    del column
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return compact.written_text(value)
    number = _decimal(value)
    # A text would be read as a text here, so that the exact number goes to YAML.
    return number if number is not None and fits_float(number) else None


def _write_scalars(column: Column, value: object) -> Written | None:
    del column
    if not isinstance(value, Mapping):
        return None
    exact: dict[str, bool | Decimal | str] = {}
    for name, item in value.items():
        if isinstance(item, bool | str):
            exact[str(name)] = item
        else:
            number = _decimal(item)
            if number is None:
                return None
            exact[str(name)] = number
    return compact.written_scalars(exact)


Writer = Callable[[Column, object], Written | None]

_WRITERS: Mapping[Kind, Writer] = MappingProxyType(
    {
        Kind.TEXT: _write_text,
        Kind.ID: _write_text,
        Kind.NUMBER: _write_number,
        Kind.WHOLE: _write_whole,
        Kind.YES_NO: _write_bool,
        Kind.DATE: _write_date,
        Kind.WHEN: _write_when,
        Kind.CHOICE: _write_text,
        Kind.WORD_OR_NUMBER: _write_word,
        Kind.TEXTS: _write_texts,
        Kind.NUMBERS: _write_numbers,
        Kind.DATES: _write_texts,
        Kind.SCALAR: _write_scalar,
        Kind.SCALARS: _write_scalars,
    }
)


# -- from cells ---------------------------------------------------------------------------------


def is_blank(found: Found) -> bool:
    """Return whether nothing stands in a cell."""
    if found.is_error or found.is_stale:
        return False
    return found.value is None or (isinstance(found.value, str) and not found.value.strip())


def read(column: Column, found: Found) -> object:
    """Return the value of a cell that is not blank, or `Unreadable`.

    What is merely wrong is returned as it is: the checks say more about it.
    """
    if found.is_error:
        return Unreadable(
            f"is the error {found.value}", "Mend the formula, or write the value.", "formula-error"
        )
    if found.is_stale:
        return Unreadable(
            "is a formula whose result is not in the file",
            "Open the workbook in Excel or LibreOffice, let it calculate, and save it.",
            "formula-without-value",
        )
    value = found.value
    if isinstance(value, str) and column.null and value.strip().casefold() == column.null:
        return None
    try:
        return _READERS[column.kind](column, value)
    except Unclear as error:
        return Unreadable(str(error), error.fix, error.rule)


def as_decimal(value: int | float) -> Decimal:
    """Return a number of a workbook, without what only binary fractions bring in."""
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(f"{value:.{FLOAT_DIGITS}g}")


def shown(value: object) -> str:
    """Return what stands in a cell, in a few words."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime | date):
        return f"the date {value:%Y-%m-%d}"
    if isinstance(value, time | timedelta):
        return f"the time {value}"
    if isinstance(value, int | float):
        return f"the number {as_decimal(value):f}"[:60]
    return f"the text {str(value)[:40]!r}"


def _a_number(value: object) -> Decimal | None:
    """Return the number of a cell, None where it holds none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return as_decimal(value)
    if isinstance(value, datetime | date | time | timedelta):
        raise Unclear(
            f"is {shown(value)}, where a number is expected",
            "Write the number again in a cell that is formatted as a number: programs make dates "
            "of entries such as 1.5 or 3-4.",
            "date-for-number",
        )
    return compact.read_number(value) if isinstance(value, str) else None


def _a_date(value: object) -> date | None:
    """Return the day of a cell, None where it holds none."""
    if isinstance(value, datetime):
        if value.time() != time():
            raise Unclear(
                f"is {value:%Y-%m-%d %H:%M}; a day without a time is expected",
                "Leave the time of day out.",
            )
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, time | timedelta):
        raise Unclear(f"is {shown(value)}; a day is expected", "Write the date, as 2027-03-31.")
    if isinstance(value, str):
        text = value.strip()
        if ISO.fullmatch(text):
            return _day(text)
        if LOCAL_DATE.fullmatch(text):
            raise Unclear(
                f"is the text {text[:40]!r}, of which it is not clear which day it means",
                "Write it as 2027-03-31, or in a cell that is formatted as a date.",
                "ambiguous-date",
            )
    return None


def _read_text(column: Column, value: object) -> object:
    if isinstance(value, str):
        return compact.read_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if column.kind is Kind.TEXT and isinstance(value, float):
        return f"{as_decimal(value):f}"
    raise Unclear(
        f"is {shown(value)}, where a text is expected",
        "Format the cell as text, and write it again.",
        "wrong-type",
    )


def _read_number(column: Column, value: object) -> object:
    del column
    number = _a_number(value)
    return _raw(value) if number is None else number


def _raw(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _read_whole(column: Column, value: object) -> object:
    del column
    number = _a_number(value)
    if number is None:
        return _raw(value)
    return int(number) if number == number.to_integral_value() else number


def _read_bool(column: Column, value: object) -> object:
    del column
    word = str(value).strip().casefold()
    if isinstance(value, bool):
        return value
    if word in YES or word in NO:
        return word in YES
    raise Unclear(f"is {shown(value)}; yes or no is expected", "Write `yes` or `no`.")


def _read_date(column: Column, value: object) -> object:
    del column
    day = _a_date(value)
    if day is None and isinstance(value, int | float) and not isinstance(value, bool):
        raise Unclear(
            f"is {shown(value)}, where a date is expected",
            "Format the cell as a date.",
            "number-for-date",
        )
    return _raw(value) if day is None else day


def _read_when(column: Column, value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_whole(column, value)
    day = _a_date(value)
    if day is not None:
        return day
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if re.fullmatch(r"-?\d{1,6}", text) else _raw(value)


def _read_choice(column: Column, value: object) -> object:
    if not isinstance(value, str):
        return _read_text(column, value)
    word = value.strip()
    known = {option.casefold(): option for option in column.options}
    return known.get(word.casefold(), compact.read_text(word))


def _read_word(column: Column, value: object) -> object:
    if isinstance(value, str):
        known = {option.casefold(): option for option in column.options}
        word = value.strip().casefold()
        if word in known:
            return known[word]
    return _read_number(column, value)


def _read_texts(column: Column, value: object) -> object:
    return compact.read_texts(value) if isinstance(value, str) else [_read_text(column, value)]


def _read_numbers(column: Column, value: object) -> object:
    del column
    if isinstance(value, str):
        return compact.read_numbers(value)
    number = _a_number(value)
    return _raw(value) if number is None else [number]


def _read_dates(column: Column, value: object) -> object:
    del column
    if isinstance(value, datetime | date):
        return [_a_date(value)]
    if not isinstance(value, str):
        return value
    return [_a_date(part) or part for part in compact.read_texts(value)]


def _read_scalar(column: Column, value: object) -> object:
    del column
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return as_decimal(value)
    if isinstance(value, str):
        return compact.read_text(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    raise Unclear(f"is {shown(value)}; a text or a number is expected", "Format the cell as text.")


def _read_scalars(column: Column, value: object) -> object:
    del column
    return compact.read_scalars(value) if isinstance(value, str) else value


Reader = Callable[[Column, object], object]

_READERS: Mapping[Kind, Reader] = MappingProxyType(
    {
        Kind.TEXT: _read_text,
        Kind.ID: _read_text,
        Kind.NUMBER: _read_number,
        Kind.WHOLE: _read_whole,
        Kind.YES_NO: _read_bool,
        Kind.DATE: _read_date,
        Kind.WHEN: _read_when,
        Kind.CHOICE: _read_choice,
        Kind.WORD_OR_NUMBER: _read_word,
        Kind.TEXTS: _read_texts,
        Kind.NUMBERS: _read_numbers,
        Kind.DATES: _read_dates,
        Kind.SCALAR: _read_scalar,
        Kind.SCALARS: _read_scalars,
    }
)
