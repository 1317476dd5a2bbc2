"""The grid of periods of a schedule that is read, and how its times become periods.

The rules, as ``docs/formats.md`` gives them: durations are rounded up, lags to the nearest
period, and work is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from pydantic import ValidationError

from pmo_optimizer.formats.clock import Clock
from pmo_optimizer.formats.mspdi.calendars import DAY_TYPES
from pmo_optimizer.formats.mspdi.fields import ELAPSED, MARK, PERCENT, TaskField
from pmo_optimizer.formats.mspdi.parse import (
    FIRST_YEAR,
    LAST_YEAR,
    Record,
    Schedule,
    WorkCalendar,
    moment,
)
from pmo_optimizer.model import Calendar, Finding, Grain, InvalidInput, Severity
from pmo_optimizer.model.calendar import ONE_DAY

MINUTES_A_DAY = 24 * 60
YEAR = re.compile(r"\d{4}-", re.ASCII)

MOST_PERIODS = 9_000
"""Longer grids are refused: a coarser grain is needed."""

SLACK = Decimal("1.5")
"""The grid is this much longer than the schedule, so that work can move."""

TENTHS = 10
"""A lag is in tenths of a minute."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Periods, and what the file counts as a day.

    Attributes
    ----------
    own
        Whether the file is one of ours: then days are the edges of periods.
    clock
        Working time, for own files as it was written.
    minutes_per_day
        Working minutes that the file takes for a day.
    """

    calendar: Calendar
    own: bool
    clock: Clock
    minutes_per_day: int

    @property
    def minutes_per_period(self) -> Decimal:
        """Working minutes of a mean period."""
        return max(self.clock.days_per_period * self.minutes_per_day, Decimal(1))

    def length(self, task: Record) -> tuple[int, bool]:
        """Return the periods that a task takes, and whether that is more than it takes itself.

        From its start on, as many periods as it takes to reach its finish; where the file has
        no dates, its working time over that of a mean period, rounded up.
        """
        minutes = task.minutes("Duration")
        if task.yes("Milestone") or (minutes is not None and minutes == 0):
            return 0, False
        start, finish = task.moment("Start"), task.moment("Finish")
        if start is not None and finish is not None and finish > start:
            return self._span(start.date(), _last_day(finish))
        if minutes is None or minutes < 0:
            return 1, True
        elapsed = task.whole("DurationFormat", 7) in ELAPSED
        share = MINUTES_A_DAY * self._days() if elapsed else self.minutes_per_period
        exact = minutes / share
        periods = int(exact.to_integral_value(ROUND_CEILING))
        return max(periods, 1), periods != exact

    def _days(self) -> Decimal:
        """Return the days of a mean period."""
        return self.clock.days_per_period * 7 / max(len(self.calendar.working_days), 1)

    def _span(self, first: date, last: date) -> tuple[int, bool]:
        ruler = self.calendar.model_copy(update={"start": first})
        periods = max(ruler.index_of(last) + 1, 1)
        following = last + ONE_DAY
        while not self.clock.works(following) and following < ruler.edge(periods):
            following += ONE_DAY
        if ruler.edge(periods) <= following:
            return periods, False
        # Work that ends before the days off at the end of a period fills it.
        edge = self.calendar.edge(self.calendar.index_of(last) + 1)
        whole = self.calendar.edge(self.calendar.index_of(first)) >= first - timedelta(days=4)
        return periods, not (whole and following >= edge)

    def lag(self, link: dict[str, str]) -> tuple[int, bool]:
        """Return the lag of a link in periods to the nearest, and whether it was rounded."""
        amount = Record(texts=link).whole("LinkLag", 0)
        style = Record(texts=link).whole("LagFormat", 7)
        if not amount or style in PERCENT:
            return 0, bool(amount)
        minutes = Decimal(amount) / TENTHS
        share = MINUTES_A_DAY * self._days() if style in ELAPSED else self.minutes_per_period
        exact = minutes / share
        periods = int(exact.to_integral_value(ROUND_HALF_UP))
        return periods, abs(exact - periods) > Decimal("0.2")


def _last_day(finish: datetime) -> date:
    """Return the last day on which work is done: an end at midnight belongs to the day before."""
    return (finish - timedelta(minutes=1)).date()


DATES = ("Start", "Finish", "Deadline", "ConstraintDate")


def require_dates(schedule: Schedule, wish: Wish) -> None:
    """Refuse dates that cannot be read, or that are too far away.

    Raises
    ------
    InvalidInput
        With every one of them.
    """
    texts = [("StartDate", schedule.texts.text("StartDate"))]
    texts += [
        (f"tasks/{task.whole('UID', -1)}/{name}", task.text(name))
        for task in schedule.tasks
        for name in DATES
    ]
    texts += [("--start", wish.start.isoformat())] if wish.start is not None else []
    wrong = [
        Finding(
            Severity.ERROR,
            "schedule-date",
            path,
            f"{text[:30]!r} is no date between {FIRST_YEAR} and {LAST_YEAR}.",
            "Correct the date.",
        )
        for path, text in texts
        if YEAR.match(text) and moment(text) is None
    ]
    if wrong:
        raise InvalidInput(tuple(wrong))


def own_mark(schedule: Schedule) -> str | None:
    """Return what a file of ours says of its grid, None for files of others."""
    for task in schedule.tasks:
        if task.attributes.get(TaskField.ID) == MARK:
            return task.attributes.get(TaskField.PERIODS, "")
    return None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user says about the grid; None leaves it to the file."""

    grain: Grain | None = None
    start: date | None = None
    periods: int | None = None


def grid_of(schedule: Schedule, wish: Wish, findings: list[Finding]) -> Grid:
    """Return the grid for a schedule, with warnings about its calendar."""
    base = _base(schedule)
    minutes = schedule.texts.whole("MinutesPerDay", 0) or _longest(base) or 480
    minutes = min(max(minutes, 1), MINUTES_A_DAY)
    days = [day for number, day in enumerate(DAY_TYPES, start=1) if base.weekdays.get(number)]
    if not days:
        days = list(DAY_TYPES[1:6])
    if base.extra:
        message = f"{base.extra} exceptions of the calendar with other working times: left out."
        findings.append(_warning("schedule-calendar", "calendar", message, "Nothing, or mend it."))
    data = {
        "start": date(2000, 1, 1),
        "periods": 1,
        "grain": Grain.WEEK,
        "working_days": [day.value for day in sorted(days, key=DAY_TYPES.index)],
        "hours_per_day": (Decimal(minutes) / 60).quantize(Decimal("0.0001")),
    }
    data["working_days"] = [d.value for d in (*DAY_TYPES[1:], DAY_TYPES[0]) if d in days]
    draft = Calendar.model_validate(data)
    mark = own_mark(schedule)
    own = None if mark is None else _own(draft, mark)
    if own is not None and wish in (Wish(), Wish(own.grain, own.start, own.periods)):
        calendar = own
    else:
        calendar = _fitted(draft if own is None else own, schedule, wish)
        own = None
    inside = tuple(
        day for day in sorted(base.off) if calendar.start <= day < calendar.edge(calendar.periods)
    )
    calendar = calendar.model_copy(update={"holidays": inside})
    return Grid(calendar, own is not None, Clock(calendar), minutes)


def _base(schedule: Schedule) -> WorkCalendar:
    calendar = schedule.calendars.get(schedule.texts.whole("CalendarUID", 1))
    if calendar is None:
        return next(iter(schedule.calendars.values()), WorkCalendar())
    return calendar


def _longest(calendar: WorkCalendar) -> int:
    return max(calendar.minutes.values(), default=0)


def _own(draft: Calendar, mark: str) -> Calendar | None:
    """Return the grid that one of our files names, None where somebody has changed it."""
    parts = mark.split(" ")
    names = ("grain", "start", "periods", "fiscal_start_month")
    try:
        values = dict(zip(names, parts, strict=True))
        return Calendar.model_validate(draft.model_dump() | values)
    except (ValueError, ValidationError):
        return None


def _fitted(draft: Calendar, schedule: Schedule, wish: Wish) -> Calendar:
    """Return a grid that holds the schedule, with room to move."""
    grain = wish.grain or draft.grain
    tasks = [task for task in schedule.tasks if task.whole("OutlineLevel", 1) > 0]
    starts = [m for task in tasks if (m := task.moment("Start")) is not None]
    finishes = [m for task in tasks if (m := task.moment("Finish")) is not None]
    first = schedule.texts.moment("StartDate")
    begin = min([*starts, *([] if first is None else [first])], default=datetime(2000, 1, 3))
    start = wish.start or _edge(begin.date(), grain)
    calendar = draft.model_copy(update={"grain": grain, "start": start, "periods": 1})
    end = max(finishes, default=begin).date()
    used = max(calendar.index_of(end) + 1, 1)
    periods = wish.periods or int(used * SLACK) + 1
    return calendar.model_copy(update={"periods": min(max(periods, 1), MOST_PERIODS)})


def _edge(day: date, grain: Grain) -> date:
    """Return the Monday, or first day of the month, quarter or year, at or before a day."""
    if grain is Grain.WEEK:
        return day - timedelta(days=day.weekday())
    if grain is Grain.MONTH:
        return day.replace(day=1)
    if grain is Grain.QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if grain is Grain.YEAR else day


def longer(grid: Grid, periods: int) -> Grid:
    """Return the grid with at least so many periods."""
    if periods <= grid.calendar.periods:
        return grid
    calendar = grid.calendar.model_copy(update={"periods": min(periods, MOST_PERIODS)})
    return replace(grid, calendar=calendar, clock=Clock(calendar))


def _warning(rule: str, path: str, message: str, fix: str) -> Finding:
    return Finding(Severity.WARNING, rule, path, message, fix)
