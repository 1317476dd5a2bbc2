"""The grid of periods: edges, rounding, fiscal years, working days, discounting."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmo_optimizer.model import Calendar, Grain, discount
from pmo_optimizer.model.calendar import ONE_DAY


def calendar(start: str, grain: str = "month", periods: int = 12, **parts: Any) -> Calendar:
    """Return a calendar."""
    data = {"start": start, "periods": periods, "grain": grain, **parts}
    return Calendar.model_validate(data)


EDGES = [
    ("2027-02-27", "day", ["2027-02-27", "2027-02-28", "2027-03-01"]),  # across a month's end
    ("2026-12-28", "week", ["2026-12-28", "2027-01-04", "2027-01-11"]),  # across a year's end
    ("2027-01-01", "month", ["2027-01-01", "2027-02-01", "2027-03-01"]),
    ("2027-01-31", "month", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),  # last day
    ("2028-01-30", "month", ["2028-01-30", "2028-02-29", "2028-03-30"]),  # leap year
    ("2026-11-30", "quarter", ["2026-11-30", "2027-02-28", "2027-05-30"]),
    ("2028-02-29", "year", ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
]
"""Start, grain, and the first days of the first periods."""


@pytest.mark.parametrize(("start", "grain", "edges"), EDGES)
def test_edges_of_each_grain(start: str, grain: str, edges: list[str]) -> None:
    """Periods begin on the start's day, or on the last day of a month that lacks it."""
    grid = calendar(start, grain)
    assert [grid.edge(t).isoformat() for t in range(len(edges))] == edges


@pytest.mark.parametrize(("start", "grain", "edges"), EDGES)
def test_a_period_reaches_from_its_edge_to_the_next(
    start: str, grain: str, edges: list[str]
) -> None:
    """The first and the last day of a period lie in it."""
    grid = calendar(start, grain)
    for index, (first, following) in enumerate(pairwise(map(date.fromisoformat, edges))):
        assert grid.index_of(first) == index
        assert grid.index_of(following - ONE_DAY) == index


def test_periods_before_the_start_have_negative_indices() -> None:
    """Days before the grid are extrapolated, not clipped."""
    grid = calendar("2027-01-31")
    assert grid.edge(-2) == date(2026, 11, 30)
    assert grid.index_of(date(2027, 1, 30)) == -1
    assert grid.index_of(date(2026, 11, 29)) == -3


DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
NEARBY = st.integers(-800, 800).map(lambda n: n * ONE_DAY)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(start=DAYS, shift=NEARBY, grain=st.sampled_from(Grain))
def test_rounding_follows_its_definition(start: date, shift: timedelta, grain: Grain) -> None:
    """Every rounding is the nearest edge on its side, for every grain, start and day."""
    grid = Calendar(start=start, periods=12, grain=grain)
    day = start + shift
    inside = grid.period_of(day)
    assert grid.edge(inside) <= day < grid.edge(inside + 1)
    first = grid.not_before(day)
    assert grid.edge(first - 1) < day <= grid.edge(first)
    last = grid.start_not_after(day)
    assert grid.edge(last) <= day < grid.edge(last + 1)
    end = grid.end_not_after(day)
    assert grid.edge(end) <= day + ONE_DAY < grid.edge(end + 1)


ROUNDED = [
    # day, not before, start not after, end not after, period of
    ("2027-03-01", 2, 2, 2, 2),  # a first day: work may not end on its evening
    ("2027-03-02", 3, 2, 2, 2),
    ("2027-03-30", 3, 2, 2, 2),
    ("2027-03-31", 3, 2, 3, 2),  # a last day: work that fills March ends on its evening
]


@pytest.mark.parametrize(("day", "begin", "start", "end", "inside"), ROUNDED)
def test_dates_round_to_period_edges(
    day: str, begin: int, start: int, end: int, inside: int
) -> None:
    """Not-before rounds up, not-after rounds down, and a latest finish is a last day of work."""
    grid = calendar("2027-01-01")
    when = date.fromisoformat(day)
    found = (
        grid.not_before(when),
        grid.start_not_after(when),
        grid.end_not_after(when),
        grid.period_of(when),
    )
    assert found == (begin, start, end, inside)


def test_indices_are_taken_as_they_are() -> None:
    """A period index needs no rounding in any direction, inside the grid or not."""
    grid = calendar("2027-01-15", periods=3)
    for index in (-2, 0, 5):
        assert grid.not_before(index) == index
        assert grid.start_not_after(index) == index
        assert grid.end_not_after(index) == index
        assert grid.period_of(index) == index


@pytest.mark.parametrize("grain", list(Grain))
def test_the_last_day_of_the_calendar_means_never(grain: Grain) -> None:
    """31 December 9999, as other tools write it for no limit, lies beyond every grid."""
    grid = Calendar(start=date(2027, 1, 1), periods=12, grain=grain)
    assert grid.start_not_after(date.max) >= grid.periods
    assert grid.end_not_after(date.max) >= grid.periods


@pytest.mark.parametrize(
    ("first_month", "years"),
    [
        (1, [2026, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027]),
        (4, [2027, 2027, 2027, 2027, 2028, 2028, 2028, 2028, 2028, 2028, 2028, 2028]),
        (12, [2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027, 2027]),
    ],
)
def test_fiscal_years_are_named_by_their_end(first_month: int, years: list[int]) -> None:
    """A month belongs to the fiscal year of its first day, named by the year in which it ends."""
    grid = calendar("2026-12-01", fiscal_start_month=first_month)
    assert [grid.fiscal_year(t) for t in range(12)] == years
    assert grid.fiscal_years() == tuple(sorted(set(years)))


@pytest.mark.parametrize(
    ("start", "grain", "index", "year"),
    [
        ("2027-03-29", "week", 0, 2027),  # Monday to Sunday across 1 April
        ("2027-03-29", "week", 1, 2028),
        ("2027-03-31", "day", 0, 2027),
        ("2027-03-31", "day", 1, 2028),
        ("2027-03-31", "month", 0, 2027),
        ("2027-03-31", "month", 1, 2028),  # begins on 30 April
        ("2027-02-01", "quarter", 0, 2027),  # February to April
        ("2027-02-01", "quarter", 1, 2028),
        ("2027-03-15", "year", 1, 2028),
    ],
)
def test_a_period_across_the_turn_of_the_fiscal_year(
    start: str, grain: str, index: int, year: int
) -> None:
    """Only the first day of a period decides its fiscal year."""
    assert calendar(start, grain, fiscal_start_month=4).fiscal_year(index) == year


@pytest.mark.parametrize(
    ("grain", "labels"),
    [
        ("day", ["2027-04-01", "2027-04-02"]),
        ("week", ["2027-04-01", "2027-04-08"]),
        ("month", ["2027-04", "2027-05"]),
        ("quarter", ["2027-Q2", "2027-Q3"]),
        ("year", ["2027", "2028"]),
    ],
)
def test_labels(grain: str, labels: list[str]) -> None:
    """A label says as much as the grain needs."""
    grid = calendar("2027-04-01", grain)
    assert [grid.label(0), grid.label(1)] == labels


def test_working_dates_leave_out_weekends_and_holidays() -> None:
    """February 2027 has four full weeks; of two holidays only the one on a weekday counts."""
    grid = calendar("2027-02-01", holidays=["2027-02-08", "2027-02-13"])
    days = grid.working_dates(0)
    assert len(days) == 4 * 5 - 1
    assert date(2027, 2, 8) not in days
    assert all(day.weekday() < 5 and day.month == 2 for day in days)


def test_working_days_of_the_week_are_chosen() -> None:
    """Where people work on Sundays only, four days are left of a month of 28 days."""
    grid = calendar("2027-02-01", working_days=["sun"])
    assert [day.day for day in grid.working_dates(0)] == [7, 14, 21, 28]


@pytest.mark.parametrize(
    ("grain", "a_year"), [("day", 365), ("week", 52), ("month", 12), ("quarter", 4), ("year", 1)]
)
def test_discounting_counts_periods_of_a_year(grain: str, a_year: int) -> None:
    """After as many periods as the year has, money has lost one annual rate."""
    assert Grain(grain).periods_a_year == a_year
    assert discount(Decimal("0.25"), a_year, a_year) == pytest.approx(1 / 1.25)
    assert discount(Decimal("0.25"), 2 * a_year, a_year) == pytest.approx(1 / 1.25**2)


def test_discounting_without_a_rate_or_time_changes_nothing() -> None:
    """A factor is exactly 1 at rate 0 and in period 0."""
    assert discount(Decimal(0), 7, 12) == 1.0
    assert discount(Decimal("0.1"), 0, 12) == 1.0
    assert discount(Decimal("0.21"), 6, 12) == pytest.approx(1 / 1.1)
