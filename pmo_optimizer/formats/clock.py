"""From periods to working days and hours, as MS Project counts them."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from pmo_optimizer.model import Calendar
from pmo_optimizer.model.calendar import ONE_DAY, WEEKDAYS

MORNING = 8
"""Hour at which work begins, where the day is not too long for that."""

FULL_DAY = 8
"""Hours of the day that has a lunch hour after four."""

MINUTES = 60
LATEST_HOUR = 24


class Clock:
    """Working time of a calendar.

    Days of 8 hours run from 8 to 12 and from 13 to 17, all others without a break from 8 on,
    or from midnight where they have more than 16 hours.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.minutes_per_day = int(calendar.hours_per_day * MINUTES)
        self._off = set(calendar.holidays)
        self._weekdays = {WEEKDAYS.index(day.value) for day in calendar.working_days}

    @cached_property
    def stretches(self) -> tuple[tuple[time, time], ...]:
        """Working times of a day; an end at midnight is 00:00."""
        if self.minutes_per_day == FULL_DAY * MINUTES:
            return ((time(8), time(12)), (time(13), time(17)))
        first = MORNING * MINUTES
        if first + self.minutes_per_day > LATEST_HOUR * MINUTES:
            first = 0
        return ((_time(first), _time(first + self.minutes_per_day)),)

    def works(self, day: date) -> bool:
        """Return whether a day is worked."""
        return day.weekday() in self._weekdays and day not in self._off

    @cached_property
    def _days(self) -> tuple[date, ...]:
        first = self.calendar.edge(0)
        count = (self.calendar.edge(self.calendar.periods) - first).days
        days = (first + number * ONE_DAY for number in range(count))
        return tuple(day for day in days if self.works(day))

    def days_between(self, first: int, end: int) -> int:
        """Return the working days from the start of a period to that of a later one.

        Periods outside the grid are extrapolated; negative where ``end`` comes first.
        """
        if end < first:
            return -self.days_between(end, first)
        low, high = self.calendar.edge(first), self.calendar.edge(end)
        if first >= 0 and end <= self.calendar.periods:
            return bisect_left(self._days, high) - bisect_left(self._days, low)
        days = (low + number * ONE_DAY for number in range((high - low).days))
        return sum(1 for day in days if self.works(day))

    def begin(self, period: int) -> datetime:
        """Return the first working moment from the start of a period on."""
        day = self.calendar.edge(period)
        position = bisect_left(self._days, day)
        found = self._days[position] if position < len(self._days) else day
        return datetime.combine(found, self.stretches[0][0])

    def finish(self, start: int, end: int) -> datetime:
        """Return the last working moment of what occupies ``start`` to ``end`` (exclusive)."""
        if end <= start:
            return self.begin(start)
        edge = self.calendar.edge(end)
        position = bisect_left(self._days, edge)
        found = self._days[position - 1] if position else edge - ONE_DAY
        if found < self.calendar.edge(start):
            found = edge - ONE_DAY
        closing = self.stretches[-1][1]
        if closing == time(0):
            found += ONE_DAY
        return datetime.combine(found, closing)

    @property
    def days_per_period(self) -> Decimal:
        """Mean working days of a period, holidays left out of account."""
        days = {"day": 1, "week": 7, "month": 30.436875, "quarter": 91.310625, "year": 365.2425}
        mean = Decimal(str(days[self.calendar.grain.value]))
        return mean * len(self._weekdays) / 7


def _time(minutes: int) -> time:
    return (datetime.min + timedelta(minutes=minutes)).time()


def duration_text(minutes: Decimal | int) -> str:
    """Return working minutes as an ISO 8601 duration in hours, minutes and seconds.

    Examples
    --------
    >>> duration_text(480), duration_text(Decimal("90.5"))
    ('PT8H0M0S', 'PT1H30M30S')
    """
    seconds = round(Decimal(minutes) * 60)
    hours, rest = divmod(seconds, 3600)
    return f"PT{hours}H{rest // 60}M{rest % 60}S"
