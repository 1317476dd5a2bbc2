"""Numbers, dates and names as people read them."""

from __future__ import annotations

from rich.text import Text

from pmo_optimizer.model import Calendar, Portfolio, Project
from pmo_optimizer.model.calendar import ONE_DAY

ABSENT = "–"
"""What stands where there is nothing to say."""

WHOLE_FROM = 100
"""Amounts from here on are shown without decimals."""

SMALL = 10
"""Values below this are shown with four decimals instead of two."""

FULL, EMPTY = "█", "░"


def clean(text: str) -> str:
    """Return a text without line breaks and control characters, which could fool a terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def clip(text: str, width: int) -> str:
    """Return a clean text of at most ``width`` characters, with an ellipsis where it is cut."""
    text = clean(text)
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def amount(value: float | None) -> str:
    """Return a number with thousands separators: at most two decimals, none from 100 on.

    Examples
    --------
    >>> amount(1234567.8), amount(12.5), amount(3.0), amount(None)
    ('1,234,568', '12.5', '3', '–')
    """
    if value is None:
        return ABSENT
    if abs(value) >= WHOLE_FROM:
        return f"{value:,.0f}"
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def score(value: float | None) -> str:
    """Return a value or bound with enough digits to tell two of them apart.

    Examples
    --------
    >>> score(1234.5678), score(0.123456), score(None)
    ('1,234.57', '0.1235', '–')
    """
    if value is None:
        return ABSENT
    decimals = 4 if abs(value) < SMALL else 2
    return f"{value:,.{decimals}f}"


def percent(part: float, whole: float) -> str:
    """Return part / whole in whole percent; a dash where the whole is 0 and the part too.

    Examples
    --------
    >>> percent(1, 3), percent(0, 0), percent(1, 0)
    ('33 %', '–', 'over')
    """
    if whole <= 0:
        return ABSENT if part <= 0 else "over"
    return f"{100 * part / whole:.0f} %"


def gap_text(gap: float | None) -> str:
    """Return a relative gap in percent, two decimals; a dash where none is known."""
    return ABSENT if gap is None else f"{100 * gap:.2f} %"


def relative_gap(value: float | None, bound: float | None) -> float | None:
    """Return |bound - value| / max(|bound|, |value|), 0 if both are 0 (formulation, section 7)."""
    if value is None or bound is None:
        return None
    largest = max(abs(value), abs(bound))
    return abs(bound - value) / largest if largest else 0.0


def first_day(calendar: Calendar, period: int | None) -> str:
    """Return the first day of a period as a date; ``period N`` outside the grid."""
    if period is None:
        return ABSENT
    if not 0 <= period <= calendar.periods:
        return f"period {period}"
    return calendar.edge(period).isoformat()


def last_day(calendar: Calendar, start: int | None, finish: int | None) -> str:
    """Return the last day of work that occupies ``start`` to ``finish`` (exclusive).

    A milestone (finish = start) ends on the day on which it starts.
    """
    if start is None or finish is None or finish <= start:
        return first_day(calendar, finish)
    if finish > calendar.periods:
        return f"period {finish - 1}"
    return (calendar.edge(finish) - ONE_DAY).isoformat()


def title_of(portfolio: Portfolio, project: str) -> str:
    """Return a project's id, followed by its name where it has one."""
    known: Project | None = portfolio.project_by_id.get(project)
    if known is None or not known.name or known.name == project:
        return clean(project)
    return clean(f"{project} {known.name}")


def bar(part: float, whole: float, width: int) -> Text:
    """Return a bar of ``width`` characters, filled to part / whole; red where that exceeds 1."""
    ratio = part / whole if whole > 0 else float(part > 0)
    # Written this way around, what is not a number fills nothing.
    filled = round(min(max(0.0, ratio), 1.0) * width)
    style = "red" if ratio > 1 + 1e-9 else "cyan"
    return Text.assemble((FULL * filled, style), (EMPTY * (width - filled), "dim"))


def heading(text: str) -> Text:
    """Return the title of a section."""
    return Text(f"\n{text}", style="bold")


def more(hidden: int, what: str) -> Text:
    """Return the line that says how many rows were left out and how to get them."""
    return Text(f"… {hidden:,} more {what}; --all lists them, --json has everything", style="dim")
