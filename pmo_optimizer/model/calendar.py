"""The grid of periods: dates to indices, working days, fiscal years, discounting."""

from __future__ import annotations

import functools
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from pmo_optimizer.model.base import Count, Frozen, Id, Number, When

ONE_DAY = timedelta(days=1)
MONTHS_A_YEAR = 12
MONDAY_TO_FRIDAY = ("mon", "tue", "wed", "thu", "fri")
WEEKDAYS = (*MONDAY_TO_FRIDAY, "sat", "sun")


class Grain(StrEnum):
    """Length of a period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def periods_a_year(self) -> int:
        """Periods in a year, as discounting counts them: 365, 52, 12, 4 or 1."""
        return {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}[self.value]


class Weekday(StrEnum):
    """Days of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Site(Frozen):
    """A place with holidays of its own, beside those of the calendar."""

    id: Id
    name: str = ""
    holidays: tuple[date, ...] = ()


class Calendar(Frozen):
    """The time grid of a portfolio.

    Periods are 0-based; an end is exclusive. Days and weeks are counted from ``start`` on;
    months, quarters and years begin on the same day of the month as ``start`` (the last day
    of shorter months where that day is missing).

    Attributes
    ----------
    start
        First day of period 0.
    periods
        Number of periods, at least 1.
    grain
        Length of a period; a month by default.
    fiscal_start_month
        Month (1 to 12) in which the fiscal year begins; January by default. A fiscal year
        is named by the calendar year in which it ends. A period belongs to the fiscal year
        of its first day.
    working_days
        Days of the week on which people work; Monday to Friday by default.
    holidays
        Days on which nobody works.
    hours_per_day
        Working hours of a full-time day, for reports; 8 by default.
    sites
        Places with further holidays.
    """

    start: date
    periods: Count
    grain: Grain = Grain.MONTH
    fiscal_start_month: Count = 1
    working_days: tuple[Weekday, ...] = tuple(Weekday(day) for day in MONDAY_TO_FRIDAY)
    holidays: tuple[date, ...] = ()
    hours_per_day: Number = Decimal(8)
    sites: tuple[Site, ...] = ()

    def edge(self, index: int) -> date:
        """Return the first day of a period; ``periods`` gives the day after the grid.

        Parameters
        ----------
        index
            0-based period; values outside the grid are extrapolated, up to the year 9999.
        """
        if self.grain in {Grain.DAY, Grain.WEEK}:
            days = index if self.grain is Grain.DAY else 7 * index
            left = (date.max - self.start).days
            return self.start + min(days, left) * ONE_DAY
        months = {"month": 1, "quarter": 3, "year": 12}[self.grain.value] * index
        month0 = self.start.month - 1 + months
        year, month = self.start.year + month0 // MONTHS_A_YEAR, month0 % MONTHS_A_YEAR + 1
        if year > date.max.year:
            return date.max
        return date(year, month, min(self.start.day, monthrange(year, month)[1]))

    def index_of(self, day: date) -> int:
        """Return the 0-based period that contains a day; outside the grid it is extrapolated."""
        days = (day - self.start).days
        if self.grain is Grain.DAY:
            return days
        if self.grain is Grain.WEEK:
            return days // 7
        step = {"month": 1, "quarter": 3, "year": 12}[self.grain.value]
        months = (day.year - self.start.year) * MONTHS_A_YEAR + day.month - self.start.month
        guess = months // step
        while self.edge(guess) > day:
            guess -= 1
        while self.edge(guess + 1) <= day and self.edge(guess + 1) < date.max:
            guess += 1
        return guess

    def not_before(self, when: When) -> int:
        """Return the first period that begins on the day or later; an index stays itself."""
        if isinstance(when, int):
            return when
        index = self.index_of(when)
        return index if self.edge(index) == when else index + 1

    def start_not_after(self, when: When) -> int:
        """Return the last period that begins on the day or earlier; an index stays itself."""
        return when if isinstance(when, int) else self.index_of(when)

    def end_not_after(self, when: When) -> int:
        """Return the last exclusive end that lies within the day; an index stays itself.

        Work that ends at exclusive index k is done on the evening before ``edge(k)``, so a
        latest finish of 31 March allows an end at the period that begins on 1 April.
        """
        return (
            when
            if isinstance(when, int)
            else self.index_of(when if when == date.max else when + ONE_DAY)
        )

    def period_of(self, when: When) -> int:
        """Return the period that contains the day; an index stays itself."""
        return when if isinstance(when, int) else self.index_of(when)

    def fiscal_year(self, index: int) -> int:
        """Return the fiscal year of a period: the calendar year in which that year ends."""
        first = self.edge(index)
        if self.fiscal_start_month == 1:
            return first.year
        return first.year + (first.month >= self.fiscal_start_month)

    def fiscal_years(self) -> tuple[int, ...]:
        """Return the fiscal years of the grid, ascending, each once."""
        return tuple(sorted({self.fiscal_year(t) for t in range(self.periods)}))

    def label(self, index: int) -> str:
        """Return a short name of a period for people, for example ``2027-03``."""
        day = self.edge(index)
        if self.grain is Grain.YEAR:
            return f"{day:%Y}"
        if self.grain is Grain.QUARTER:
            return f"{day:%Y}-Q{(day.month - 1) // 3 + 1}"
        return f"{day:%Y-%m}" if self.grain is Grain.MONTH else f"{day:%Y-%m-%d}"

    @cached_property
    def working_days_by_period(self) -> tuple[tuple[date, ...], ...]:
        """Working days of every period of the grid."""
        return tuple(self.working_dates(t) for t in range(self.periods))

    def working_dates(self, index: int) -> tuple[date, ...]:
        """Return the working days of a period, holidays of the calendar left out."""
        working = {WEEKDAYS.index(day.value) for day in self.working_days}
        off = set(self.holidays)
        first, last = self.edge(index), self.edge(index + 1)
        days = (first + n * ONE_DAY for n in range((last - first).days))
        return tuple(day for day in days if day.weekday() in working and day not in off)


@functools.lru_cache(maxsize=65536)
def discount(rate: Decimal, index: int, periods_a_year: int) -> float:
    """Return d(t) = (1 + r)^(-t / m) (formulation, section 1).

    Parameters
    ----------
    rate
        Annual rate r; 0.05 is five percent.
    index
        0-based period t; for a finish, its exclusive end.
    periods_a_year
        m, see `Grain.periods_a_year`.
    """
    if not rate:
        return 1.0
    return float((1 + float(rate)) ** (-index / periods_a_year))
