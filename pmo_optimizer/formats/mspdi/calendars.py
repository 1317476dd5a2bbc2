"""Calendars of the file that is written: one for all, and one for each person with days off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from pmo_optimizer.formats.clock import Clock
from pmo_optimizer.formats.mspdi.xml import Element, add, add_all
from pmo_optimizer.model import Finding, Person, Plan, Portfolio, Severity, Staffing, Weekday
from pmo_optimizer.model.calendar import ONE_DAY

DAY_TYPES = (
    Weekday.SUN,
    Weekday.MON,
    Weekday.TUE,
    Weekday.WED,
    Weekday.THU,
    Weekday.FRI,
    Weekday.SAT,
)
"""Days of the week in the order of their numbers, which begin with 1."""

LAST_MINUTE = time(23, 59)


def add_calendars(
    root: Element, portfolio: Portfolio, plan: Plan, clock: Clock, findings: list[Finding]
) -> dict[str, int]:
    """Write the calendars, and return the number of that of each person entry that has one."""
    calendars = add(root, "Calendars")
    base = add(calendars, "Calendar")
    add_all(base, {"UID": 1, "Name": "Standard", "IsBaseCalendar": 1, "BaseCalendarUID": -1})
    week = add(base, "WeekDays")
    for number, day in enumerate(DAY_TYPES, start=1):
        works = day in portfolio.calendar.working_days
        element = add(week, "WeekDay")
        add_all(element, {"DayType": number, "DayWorking": int(works)})
        if works:
            times = add(element, "WorkingTimes")
            for begin, end in clock.stretches:
                stretch = add(times, "WorkingTime")
                add_all(stretch, {"FromTime": begin.isoformat(), "ToTime": end.isoformat()})
    _exceptions(base, [(d, d, "holiday") for d in _in_order(portfolio.calendar.holidays)])
    numbers: dict[str, int] = {}
    partial = 0
    for person in portfolio.people if plan.staffing is Staffing.NAMED else ():
        away = _away(person, portfolio)
        partial += any(absence.share < 1 for absence in person.absences)
        if away:
            numbers[person.id] = len(numbers) + 2
            element = add(calendars, "Calendar")
            add_all(
                element,
                {
                    "UID": numbers[person.id],
                    "Name": person.label[:255],
                    "IsBaseCalendar": 0,
                    "BaseCalendarUID": 1,
                },
            )
            _exceptions(element, away)
    if partial:
        message = f"Absences for part of the time of {partial} people cannot be said: left out."
        findings.append(
            Finding(
                Severity.WARNING,
                "schedule-absence",
                "people",
                message,
                "Nothing; the plan respects them.",
            )
        )
    return numbers


Days = tuple[date, date, str]


def _away(person: Person, portfolio: Portfolio) -> list[Days]:
    """Return the stretches of days on which a person is wholly away."""
    sites = {site.id: site.holidays for site in portfolio.calendar.sites}
    off = [*person.holidays, *sites.get(person.site or "", ())]
    away: list[Days] = [(day, day, "holiday") for day in _in_order(off)]
    away += [
        (absence.first, absence.last, absence.reason or "absence")
        for absence in person.absences
        if absence.share >= 1
    ]
    return sorted(away)


def _in_order(days: Iterable[date]) -> list[date]:
    return sorted(set(days))


def _exceptions(parent: Element, days: list[Days]) -> None:
    """Write days off, those that follow each other without a gap as one."""
    merged = _merged(days)
    if not merged:
        return
    exceptions = add(parent, "Exceptions")
    for first, last, name in merged:
        element = add(exceptions, "Exception")
        add(element, "EnteredByOccurrences", 0)
        period = add(element, "TimePeriod")
        add(period, "FromDate", datetime.combine(first, time(0)))
        add(period, "ToDate", datetime.combine(last, LAST_MINUTE))
        count = (last - first + timedelta(days=1)).days
        add_all(element, {"Occurrences": count, "Name": name[:255], "Type": 1, "DayWorking": 0})


def _merged(days: list[Days]) -> list[Days]:
    out: list[Days] = []
    for first, last, name in sorted(days):
        if out and first <= out[-1][1] + ONE_DAY and name == out[-1][2]:
            out[-1] = (out[-1][0], max(last, out[-1][1]), name)
        else:
            out.append((first, last, name))
    return _apart(out)


def _apart(days: list[Days]) -> list[Days]:
    """Shorten stretches that overlap the next one: the format has no overlapping exceptions."""
    out: list[Days] = []
    for (first, last, name), (following, _, _) in pairwise([*days, (date.max, date.max, "")]):
        begin = max(first, out[-1][1] + ONE_DAY) if out else first
        end = min(last, following - ONE_DAY) if following <= last < date.max else last
        if begin <= end:
            out.append((begin, end, name))
    return out
