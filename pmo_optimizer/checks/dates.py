"""The calendar, and dates that are absurd, rounded, out of order or outside the grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from pmo_optimizer.checks.facts import MAX_PERIODS, YEARS, Facts, Hit, Path, digits, listed, sane
from pmo_optimizer.model import (
    Absence,
    BaselinePhase,
    Cap,
    Dedication,
    Grain,
    Hire,
    Person,
    Project,
    Saving,
    Site,
    StartsRule,
    State,
    Weekday,
)
from pmo_optimizer.model.base import Frozen, When

MONTHS = range(1, 13)
HOURS_A_DAY = 24


def calendar_periods(facts: Facts) -> Iterator[Hit]:
    """Find a grid without periods, or with absurdly many."""
    periods = facts.portfolio.calendar.periods
    if not 1 <= periods <= MAX_PERIODS:
        yield Hit(
            ("calendar", "periods"),
            f"The calendar has {digits(periods)} periods; 1 to {MAX_PERIODS:,} are possible.",
            "Give the number of periods of the planning grid, or choose a coarser grain.",
        )


def calendar_fiscal_month(facts: Facts) -> Iterator[Hit]:
    """Find a fiscal year that begins in no month."""
    month = facts.portfolio.calendar.fiscal_start_month
    if month not in MONTHS:
        yield Hit(
            ("calendar", "fiscal_start_month"),
            f"The fiscal year begins in month {digits(month)}; months are 1 to 12.",
            "Give the month in which the fiscal year begins, 1 for January.",
        )


def calendar_hours(facts: Facts) -> Iterator[Hit]:
    """Find a working day without hours, or with more than 24."""
    hours = facts.portfolio.calendar.hours_per_day
    if not 0 < hours <= HOURS_A_DAY:
        yield Hit(
            ("calendar", "hours_per_day"),
            f"A full-time day has {digits(hours)} hours; more than 0 and at most 24 are possible.",
            "Give the working hours of a full-time day, for instance 8.",
        )


def calendar_working_days(facts: Facts) -> Iterator[Hit]:
    """Find a calendar on which people never work."""
    if not facts.portfolio.calendar.working_days:
        yield Hit(
            ("calendar", "working_days"),
            "The calendar has no working days, so people never work.",
            "List the working days, for instance [mon, tue, wed, thu, fri].",
        )


def calendar_idle_days(facts: Facts) -> Iterator[Hit]:
    """Find a grid of days on which people offer nothing on some days of the week."""
    calendar = facts.portfolio.calendar
    idle = [day.value for day in Weekday if day not in calendar.working_days]
    some = len(idle) < len(Weekday)
    if calendar.grain is Grain.DAY and idle and some and facts.portfolio.people:
        yield Hit(
            ("calendar", "working_days"),
            f"Periods are days, and people offer nothing on {listed(idle)}: a phase with needs "
            "cannot run over such a day.",
            "Use a grain of a week, or count working days only and list all seven days here.",
        )


def absurd_dates(facts: Facts) -> Iterator[Hit]:
    """Find dates in years that nobody plans with."""
    for path, _, field, value in facts.values:
        days = value if isinstance(value, tuple) else (value,)
        bad = [day for day in days if isinstance(day, date) and day.year not in YEARS]
        if bad:
            yield Hit(
                (*path, field),
                f"{facts.subject((*path, field))} is {listed(bad, 1)}, outside the years "
                f"{YEARS[0]} to {YEARS[-1]}.",
                "Correct the year; where no limit is meant, leave the field out.",
            )
    yield from _absurd_end(facts)


def _absurd_end(facts: Facts) -> Iterator[Hit]:
    calendar = facts.portfolio.calendar
    if calendar.start.year not in YEARS or not 1 <= calendar.periods <= MAX_PERIODS:
        return
    if facts.last_year not in YEARS:
        yield Hit(
            ("calendar", "periods"),
            f"{calendar.periods} periods of a {calendar.grain} end in the year "
            f"{facts.last_year}, after {YEARS[-1]}.",
            "Give fewer periods, or a finer grain.",
        )


class Limit(NamedTuple):
    """A date that limits something, and how it is turned into a period.

    ``period`` is the one that counts, ``exact`` whether the date is a period's edge.
    """

    path: Path
    when: When
    period: int
    exact: bool
    latest: bool


def _limits(facts: Facts) -> Iterator[Limit]:
    """Yield the limits of open projects and of hires, where they can be calculated with."""
    if not facts.calendar_ok:
        return
    for path, project in facts.every(Project):
        if project.state is State.PROPOSED:  # a running project has started already
            yield from _not_before(facts, path, project, "earliest_start")
            yield from _start_by(facts, path, project, "latest_start")
        if project.state is not State.DONE:
            yield from _end_by(facts, path, project, "latest_finish")
            yield from _end_by(facts, path, project, "due")
    for path, hire in facts.every(Hire):
        yield from _not_before(facts, path, hire, "earliest_order")
        yield from _start_by(facts, path, hire, "latest_order")


def _not_before(facts: Facts, path: Path, node: Frozen, field: str) -> Iterator[Limit]:
    when, calendar = node.__dict__[field], facts.portfolio.calendar
    if when is not None and sane(when):
        index = calendar.not_before(when)
        exact = isinstance(when, int) or calendar.edge(index) == when
        yield Limit((*path, field), when, index, exact, latest=False)


def _start_by(facts: Facts, path: Path, node: Frozen, field: str) -> Iterator[Limit]:
    when, calendar = node.__dict__[field], facts.portfolio.calendar
    if when is not None and sane(when):
        index = calendar.start_not_after(when)
        exact = isinstance(when, int) or calendar.edge(index) == when
        yield Limit((*path, field), when, index, exact, latest=True)


def _end_by(facts: Facts, path: Path, node: Frozen, field: str) -> Iterator[Limit]:
    """Yield a latest end; ``index`` is the last period of work."""
    when, calendar = node.__dict__[field], facts.portfolio.calendar
    if when is not None and sane(when):
        end = calendar.end_not_after(when)
        exact = isinstance(when, int) or calendar.index_of(when) == end - 1
        yield Limit((*path, field), when, end - 1, exact, latest=True)


def rounded_dates(facts: Facts) -> Iterator[Hit]:
    """Find limits inside a period, which are rounded inward (formulation, section 9)."""
    for limit in _limits(facts):
        if limit.exact or not 0 <= limit.period < facts.portfolio.calendar.periods:
            continue
        words = facts.subject(limit.path)
        last = "last" if limit.latest else "first"
        yield Hit(
            limit.path,
            f"{words} ({limit.when}) lies inside a period; the {last} period that counts is "
            f"{facts.when(limit.period)}.",
            "Give the first day of a period (for an end: its last day) or a period number.",
        )


def dates_without_effect(facts: Facts) -> Iterator[Hit]:
    """Find limits and ranges outside the calendar, where they say nothing."""
    if not facts.calendar_ok:
        return
    for limit in _limits(facts):
        if _says_nothing(facts, limit):
            yield _outside(facts, limit.path, limit.when, "It limits nothing.")
    yield from _ranges_outside(facts)
    yield from _people_outside(facts)
    yield from _holidays_outside(facts)
    yield from _baseline_outside(facts)


def _says_nothing(facts: Facts, limit: Limit) -> bool:
    if limit.latest:
        return limit.period >= facts.portfolio.calendar.periods
    return limit.period < 0


def _outside(facts: Facts, path: Path, when: When, effect: str) -> Hit:
    calendar = facts.portfolio.calendar
    return Hit(
        path,
        f"{facts.subject(path)} ({facts.day(when)}): outside the calendar, which runs from "
        f"{calendar.start} for {calendar.periods} periods. {effect}",
        "Check the year, extend the calendar, or remove the date.",
    )


def _off_grid(facts: Facts, first: When | None, last: When | None) -> bool:
    """Return whether a range lies wholly before or after the grid."""
    if not sane(first) or not sane(last):
        return False
    periods = facts.portfolio.calendar.periods
    too_late = first is not None and facts.period(first) >= periods
    return too_late or (last is not None and facts.period(last) < 0)


def _ranges_outside(facts: Facts) -> Iterator[Hit]:
    ranges = [(path, cap.first, cap.last) for path, cap in facts.every(Cap)]
    ranges += [(path, rule.first, rule.last) for path, rule in facts.every(StartsRule)]
    ranges += [(path, limit.first, limit.last) for path, limit in facts.every(Dedication)]
    for path, first, last in ranges:
        if _off_grid(facts, first, last):
            field, when = ("last", last) if first is None else ("first", first)
            yield _outside(facts, (*path, field), when or 0, "The range has no effect.")


def _people_outside(facts: Facts) -> Iterator[Hit]:
    for path, person in facts.every(Person):
        if _off_grid(facts, person.available_from, person.available_until):
            first, last = person.available_from, person.available_until
            field, when = ("available_until", last) if first is None else ("available_from", first)
            yield _outside(facts, (*path, field), when or date.min, "The person is never there.")
        away = [a for a in person.absences if _off_grid(facts, a.first, a.last)]
        if away:
            yield _outside(facts, (*path, "absences"), away[0].first, "It has no effect.")


def _holidays_outside(facts: Facts) -> Iterator[Hit]:
    calendar = facts.portfolio.calendar
    lists: list[tuple[Path, tuple[date, ...]]] = [(("calendar",), calendar.holidays)]
    lists += [(path, site.holidays) for path, site in facts.every(Site)]
    lists += [(path, person.holidays) for path, person in facts.every(Person)]
    for path, days in lists:
        if days and all(_off_grid(facts, day, day) for day in days):
            yield _outside(facts, (*path, "holidays"), min(days), "No such day has an effect.")


def _baseline_outside(facts: Facts) -> Iterator[Hit]:
    for path, part in facts.every(BaselinePhase):
        if _off_grid(facts, part.start, part.start):
            yield _outside(
                facts, (*path, "start"), part.start, "The phase differs from it wherever it starts."
            )


def date_order(facts: Facts) -> Iterator[Hit]:
    """Find ranges whose first day is after their last day."""
    yield from _unordered(facts, facts.every(Absence), "first", "last")
    yield from _unordered(facts, facts.every(Person), "available_from", "available_until")
    yield from _unordered(facts, facts.every(Hire), "earliest_order", "latest_order")
    yield from _unordered(facts, facts.every(Cap), "first", "last")
    yield from _unordered(facts, facts.every(StartsRule), "first", "last")
    yield from _unordered(facts, facts.every(Dedication), "first", "last")


def _unordered(
    facts: Facts, nodes: Iterable[tuple[Path, Frozen]], first: str, last: str
) -> Iterator[Hit]:
    for path, node in nodes:
        start, end = node.__dict__[first], node.__dict__[last]
        if start is not None and end is not None and _after(facts, start, end):
            yield Hit(
                (*path, first),
                f"In {facts.say(path)}, {first.replace('_', ' ')} ({facts.day(start)}) is after "
                f"{last.replace('_', ' ')} ({facts.day(end)}).",
                "Swap the two, or correct the one that is wrong.",
            )


def _after(facts: Facts, first: When, last: When) -> bool:
    if isinstance(first, date) and isinstance(last, date):
        return first > last
    if not (facts.calendar_ok and sane(first) and sane(last)):
        return False
    return facts.period(first) > facts.period(last)


def saving_outside(facts: Facts) -> Iterator[Hit]:
    """Find synergies that save money outside the grid."""
    for path, saving in facts.every(Saving):
        if facts.calendar_ok and _off_grid(facts, saving.period, saving.period):
            yield _outside(
                facts, (*path, "period"), saving.period, "The money would never be saved."
            )
