"""From the text of a cell to a value, as the profile says; nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from pmo_optimizer.formats.clock import Clock
from pmo_optimizer.formats.mapping.profile import Kind, Numbers, Otherwise, Profile, Source, Unit
from pmo_optimizer.formats.mapping.table import Row, Sheet, Unread, Value
from pmo_optimizer.formats.mspdi.outline import slug
from pmo_optimizer.model import FTE_STEP, Calendar
from pmo_optimizer.model.base import MAX_EXPONENT

YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0"})
LONGEST = 60
"""Characters of a cell that a message shows."""

FTE_FIELDS = frozenset({"effort", "fte", "min_fte", "max_fte", "share", "min_share"})
"""Fields in hundredths of FTE: converted numbers are rounded to them."""

PLAIN = re.compile(r"[+-]?\d{1,18}(\.\d{1,15})?", re.ASCII)
TWO_WAYS = re.compile(r"[+-]?\d{1,3}\.\d{3}", re.ASCII)


class CellError(Exception):
    """A cell that cannot be read: why, how to mend it, and in which column."""

    def __init__(self, rule: str, message: str, fix: str, column: str = "") -> None:
        super().__init__(message)
        self.rule, self.message, self.fix, self.column = rule, message, fix, column


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the cells of one table.

    Attributes
    ----------
    calendar
        Grid of the portfolio: periods and hours.
    """

    profile: Profile
    sheet: Sheet
    calendar: Calendar
    clock: Clock

    def read(self, source: Source, row: Row, field: str) -> Any:  # noqa: ANN401 - any field
        """Return the value of a field, None where there is none.

        Raises
        ------
        CellError
            The cell is empty though it must not be, or not what the profile says.
        """
        if source.constant is not None:
            return source.constant
        if source.span is not None:
            return self._span(source, row)
        values = self.cells(source.column or "", row)
        if source.type is Kind.LIST:
            return self._list(source, values, field)
        if len(values) > 1:
            raise CellError(
                "mapping-several",
                f"{len(values)} columns of this name are filled: {_shown(values[0])}, ….",
                "Read it as a list (`type: list`), or fill one.",
                source.column or "",
            )
        if not values:
            if source.required:
                raise CellError(
                    "mapping-empty", "The cell is empty.", "Fill it.", source.column or ""
                )
            return source.default
        return self._one(source, values[0], field)

    def cells(self, header: str, row: Row) -> list[Value]:
        """Return the filled cells of a row under a header.

        Raises
        ------
        CellError
            A formula has no result, or an error instead of one.
        """
        found = (row.cells[i] for i in self.sheet.positions(header) if i < len(row.cells))
        filled: list[Value] = [cell for cell in found if cell is not None and cell != ""]
        for cell in filled:
            if isinstance(cell, Unread):
                raise CellError(
                    "mapping-formula",
                    f"The cell holds {cell}.",
                    "Mend the formula, open and save the file in a spreadsheet program, or "
                    "write the value.",
                    header,
                )
        return filled

    def text(self, header: str, row: Row) -> str:
        """Return the first filled cell of a row under a header as a text."""
        values = self.cells(header, row)
        return _text(values[0]) if values else ""

    def number(self, header: str, row: Row) -> Decimal | None:
        """Return the first filled cell of a row under a header as a number, for conditions."""
        values = self.cells(header, row)
        return self._number(Source(column=header), values[0]) if values else None

    def _list(self, source: Source, values: list[Value], field: str) -> list[Any] | None:
        parts = [part.strip() for value in values for part in _text(value).split(source.split)]
        read = [self._one(source, part, field) for part in parts if part]
        kept = [value for value in read if value is not None]
        if not kept and source.required:
            raise CellError("mapping-empty", "The cell is empty.", "Fill it.", source.column or "")
        return kept or source.default

    def _one(self, source: Source, value: Value, field: str) -> Any:  # noqa: ANN401
        if source.until:
            value = _text(value).split(source.until)[0].strip()
        if source.map:
            text = _text(value)
            if text in source.map:
                return source.map[text]
            if source.otherwise is Otherwise.EMPTY:
                return source.default
            if source.otherwise is Otherwise.ERROR:
                names = ", ".join(list(source.map)[:8])
                raise CellError(
                    "mapping-value",
                    f"{_shown(value)} is not in the value map ({names}).",
                    "Add it to `map` in the profile, or say `otherwise: keep` or `empty`.",
                    source.column or "",
                )
        if source.type in {Kind.NUMBER, Kind.INTEGER}:
            return self._converted(source, self._number(source, value), field)
        if source.type is Kind.DATE:
            return self._date(source, value)
        if source.type is Kind.BOOLEAN:
            return self._boolean(source, value)
        return slug(_text(value)) or None if source.slug else _text(value)

    def _number(self, source: Source, value: Value) -> Decimal:
        column = source.column or ""
        if isinstance(value, Decimal):
            number = value
        elif isinstance(value, bool | date) or value is None:
            raise CellError(
                "mapping-number", f"{_shown(value)} is no number.", "Write a number.", column
            )
        else:
            number = parse_number(value, source.numbers or self.profile.numbers, column)
        if number and number.adjusted() >= MAX_EXPONENT:
            raise CellError(
                "mapping-number", f"{_shown(value)} is absurdly large.", "Check it.", column
            )
        return number

    def _converted(self, source: Source, number: Decimal, field: str) -> Decimal | int:
        unit = source.unit
        number *= source.times
        if unit is Unit.PERCENT:
            number /= 100
        elif unit is Unit.THOUSANDS:
            number *= 1_000
        elif unit is Unit.MILLIONS:
            number *= 1_000_000
        elif unit is not None:
            number = self._periods(unit, number)
        if field == "duration":
            return int(number.to_integral_value(ROUND_CEILING))
        if unit is not None and field in FTE_FIELDS:
            rounded = number.quantize(FTE_STEP, ROUND_HALF_UP)
            return FTE_STEP if number > 0 and not rounded else rounded
        if source.type is Kind.INTEGER:
            if number != number.to_integral_value():
                raise CellError(
                    "mapping-number",
                    f"{number:f} is no whole number.",
                    "Write a whole number, or read it as `type: number`.",
                    source.column or "",
                )
            return int(number)
        return round(number, 15) if number.as_tuple().exponent != 0 else number

    def _periods(self, unit: Unit, number: Decimal) -> Decimal:
        """Return a time in mean periods: of working time, or of calendar days."""
        days = self.clock.days_per_period
        week = max(len(self.calendar.working_days), 1)
        if unit is Unit.CALENDAR_DAYS:
            return number / (days * 7 / week)
        hours = self.calendar.hours_per_day
        per_period = {
            Unit.SECONDS: days * hours * 3600,
            Unit.MINUTES: days * hours * 60,
            Unit.HOURS: days * hours,
            Unit.DAYS: days,
            Unit.WEEKS: days / week,
        }[unit]
        return number / per_period

    def _span(self, source: Source, row: Row) -> int | None:
        span = source.span
        if span is None:
            return None
        ends = []
        for header in (span.first, span.last):
            values = self.cells(header, row)
            if not values:
                if source.required:
                    raise CellError("mapping-empty", "The cell is empty.", "Fill it.", header)
                default: int | None = source.default
                return default
            ends.append(self._date(source.model_copy(update={"column": header}), values[0]))
        first, last = ends
        if last < first:
            raise CellError(
                "mapping-date", f"{last} is before {first}.", "Swap or correct them.", span.last
            )
        ruler = self.calendar.model_copy(update={"start": first})
        return ruler.index_of(last) + 1

    def _date(self, source: Source, value: Value) -> date:
        column = source.column or ""
        if isinstance(value, date):
            return value
        text = _text(value)
        found = {
            day
            for form in ("", *(source.dates or self.profile.dates))
            if (day := _day(text, form)) is not None
        }
        if len(found) == 1:
            return found.pop()
        if found:
            readings = " or ".join(sorted(map(str, found)))
            raise CellError(
                "mapping-ambiguous",
                f"{_shown(value)} may be {readings}.",
                "Give this column one date format (`dates`).",
                column,
            )
        forms = ", ".join(source.dates or self.profile.dates) or "ISO days only"
        raise CellError(
            "mapping-date",
            f"{_shown(value)} is no day in the formats of the profile ({forms}).",
            "Add its format to `dates`, for instance %d.%m.%Y.",
            column,
        )

    def _boolean(self, source: Source, value: Value) -> bool:
        if isinstance(value, bool):
            return value
        text = _text(value).lower()
        if text in YES or text in NO:
            return text in YES
        raise CellError(
            "mapping-value",
            f"{_shown(value)} is neither yes nor no.",
            "Use a value map.",
            source.column or "",
        )


def parse_number(text: str, numbers: Numbers | None, column: str = "") -> Decimal:
    """Return the number that a text says, in the notation of the profile.

    Raises
    ------
    CellError
        It is no number, or no notation is given and it could be two numbers.

    Examples
    --------
    >>> parse_number("1.234,5", Numbers(decimal=",", thousands="."))
    Decimal('1234.5')
    """
    compact = text.strip()
    if numbers is None:
        if PLAIN.fullmatch(compact) and not TWO_WAYS.fullmatch(compact):
            return Decimal(compact)
        if re.fullmatch(r"[+-]?\d[\d.,'\s]*", compact):
            raise CellError(
                "mapping-ambiguous",
                f"{_shown(text)} could be read in two ways.",
                "Say in the profile how numbers are written (`numbers: {decimal: ','}`).",
                column,
            )
    else:
        point, group = re.escape(numbers.decimal), re.escape(numbers.thousands)
        whole = rf"(\d{{1,3}}(?:{group}\d{{3}})+|\d{{1,18}})" if group else r"(\d{1,18})"
        found = re.fullmatch(rf"([+-]?){whole}(?:{point}(\d{{1,15}}))?", compact, re.ASCII)
        if found:
            digits = found.group(2).replace(numbers.thousands, "") if group else found.group(2)
            return Decimal(f"{found.group(1)}{digits}.{found.group(3) or 0}")
    raise CellError(
        "mapping-number",
        f"{_shown(text)} is no number in the notation of the profile.",
        "Correct the cell, or `numbers` in the profile.",
        column,
    )


def _day(text: str, form: str) -> date | None:
    try:
        if form:
            return datetime.strptime(text, form).date()
        iso = re.match(r"\d{4}-\d\d-\d\d(?=$|[T ]\d\d:\d\d)", text)
        return date.fromisoformat(iso.group()) if iso else None
    except ValueError:
        return None


def _text(value: Value) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= LONGEST else text[:LONGEST] + "…")
