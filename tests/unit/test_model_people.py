"""Availability, classes of people, pools and hires."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from math import floor
from random import Random
from typing import Any

import pytest

from pmo_optimizer.model import Calendar, Hire, Person, PersonClass, Pool
from pmo_optimizer.model.people import availability, person_classes

FEBRUARY = Calendar.model_validate({"start": "2027-02-01", "periods": 1})
"""One month of four full weeks: 20 working days from Monday the 1st."""


def person(**parts: Any) -> Person:
    """Return a full-time developer unless said otherwise."""
    return Person.model_validate({"id": "ann", "skills": {"dev": 1}, **parts})


def absent(first: str, last: str, share: float = 1) -> dict[str, Any]:
    """Return an absence."""
    return {"first": first, "last": last, "share": share}


AVAILABLE = [
    ({}, "1"),
    ({"fte": 0.8}, "0.8"),
    ({"count": 3}, "1"),  # availability is one head's
    ({"absences": [absent("2027-02-03", "2027-02-03")]}, "0.95"),  # 19 / 20
    ({"absences": [absent("2027-02-06", "2027-02-07")]}, "1"),  # a weekend
    ({"absences": [absent("2027-02-01", "2027-02-05", 0.5)]}, "0.87"),  # 17.5 / 20 = 0.875
    ({"fte": 0.5, "absences": [absent("2027-02-01", "2027-02-03")]}, "0.42"),  # 0.5 x 17 / 20
    ({"absences": [absent("2027-01-01", "2027-12-31")]}, "0"),
    (  # two absences on one day never take more than the day
        {"absences": [absent("2027-02-01", "2027-02-02", 0.7), absent("2027-02-02", "2027-02-03")]},
        "0.86",  # (0.3 + 0 + 0 + 17) / 20 = 0.865
    ),
    ({"holidays": ["2027-02-01", "2027-02-06"]}, "0.95"),  # the second is a Saturday
    ({"available_from": "2027-02-15"}, "0.5"),  # 10 of 20 days
    ({"available_until": "2027-02-15"}, "0.55"),  # 11 of 20 days
    ({"available_from": "2027-03-01"}, "0"),
]


@pytest.mark.parametrize(("parts", "fte"), AVAILABLE)
def test_availability_is_rounded_down_to_hundredths(parts: dict[str, Any], fte: str) -> None:
    """FTE x present working days / working days, never rounded up."""
    assert availability(person(**parts), FEBRUARY) == (Decimal(fte),)


def test_holidays_of_the_calendar_shorten_the_month_for_everybody() -> None:
    """A day on which nobody works takes nothing from anybody's availability."""
    grid = FEBRUARY.model_copy(update={"holidays": (FEBRUARY.start,)})
    assert availability(person(), grid) == (Decimal(1),)


def test_holidays_of_a_site_are_for_its_people_alone() -> None:
    """Who works at a site loses its holidays, others do not."""
    grid = Calendar.model_validate(
        {
            "start": "2027-02-01",
            "periods": 1,
            "sites": [{"id": "north", "holidays": ["2027-02-02", "2027-02-03"]}],
        }
    )
    assert availability(person(site="north"), grid) == (Decimal("0.9"),)
    assert availability(person(), grid) == (Decimal(1),)


def test_a_period_without_working_days_offers_nothing() -> None:
    """On a grid of days a weekend has availability 0."""
    grid = Calendar.model_validate({"start": "2027-02-05", "periods": 4, "grain": "day"})
    assert availability(person(), grid) == (Decimal(1), Decimal(0), Decimal(0), Decimal(1))


def by_days(subject: Person, grid: Calendar) -> tuple[Decimal, ...]:
    """Return the availability of a person, day by day and in fractions."""
    off = {*subject.holidays, *(day for site in grid.sites for day in site.holidays)}
    out = []
    for days in grid.working_days_by_period:
        present = Fraction(0)
        for day in days:
            late = subject.available_from is not None and day < subject.available_from
            gone = subject.available_until is not None and day > subject.available_until
            away = sum(Fraction(a.share) for a in subject.absences if a.first <= day <= a.last)
            present += 0 if late or gone or day in off else max(1 - away, Fraction(0))
        exact = Fraction(subject.fte) * present / len(days) if days else Fraction(0)
        out.append(Decimal(floor(exact * 100)) / 100)
    return tuple(out)


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter"])
@pytest.mark.parametrize("seed", range(10))
def test_availability_is_that_of_its_days(seed: int, grain: str) -> None:
    """Absences and limits of any length, before, in and after the grid, count by the day."""
    dice = Random(seed)

    def day() -> date:
        return date(2027, 1, 1) + timedelta(dice.randint(-200, 700))

    def away() -> dict[str, Any]:
        first, last = sorted((day(), day()))
        return absent(str(first), str(last), dice.choice((0.2, 0.5, 1)))

    periods = {"day": 60, "week": 30, "month": 14, "quarter": 6}[grain]
    site = {"id": "s", "holidays": [str(day()) for _ in range(30)]}
    data = {"start": "2027-01-05", "periods": periods, "grain": grain, "sites": [site]}
    subject = person(
        fte=dice.choice((1, 0.75)),
        site="s",
        holidays=[str(day()) for _ in range(20)],
        absences=[away() for _ in range(dice.randint(0, 4))],
        **({"available_from": str(day())} if dice.random() < 0.5 else {}),
        **({"available_until": str(day())} if dice.random() < 0.5 else {}),
    )
    grid = Calendar.model_validate(data)
    assert availability(subject, grid) == by_days(subject, grid)


def classes(
    *people: Person, ceilings: tuple[tuple[str, frozenset[str]], ...] = ()
) -> tuple[PersonClass, ...]:
    """Return the classes of some people in February."""
    return person_classes(people, FEBRUARY, ceilings)


def test_equal_proficiencies_make_one_class() -> None:
    """Availabilities of a class add up, each head rounded down by itself and times its count."""
    half_away = [absent("2027-02-01", "2027-02-05", 0.5)]
    (group,) = classes(
        person(id="zoe", skills={"test": "0.50", "dev": 1}),
        person(id="ann", skills={"dev": "1.0", "test": 0.5}, count=2, absences=half_away),
    )
    assert group.id == "class:dev@1+test@0.5"
    assert group.members == ("ann", "zoe")
    assert group.skills == (("dev", Decimal(1)), ("test", Decimal("0.5")))
    assert group.available == (Decimal("0.87") * 2 + 1,)


def test_a_proficiency_of_zero_is_no_skill() -> None:
    """Who has a skill at 0 belongs to those without it; who has none is in no class."""
    found = classes(
        person(id="ann", skills={"dev": 1, "test": 0}),
        person(id="bob", skills={"dev": 1}),
        person(id="cid", skills={"test": 0}),
    )
    assert [(group.id, group.members) for group in found] == [("class:dev@1", ("ann", "bob"))]


def test_people_under_different_ceilings_are_apart() -> None:
    """A utilization rule splits a class and shows in its id; its order does not matter."""
    limits = (("b", frozenset({"ann"})), ("a", frozenset({"ann", "cid"})))
    found = classes(person(id="ann"), person(id="bob"), person(id="cid"), ceilings=limits)
    assert [(group.id, group.members, group.ceilings) for group in found] == [
        ("class:dev@1", ("bob",), ()),
        ("class:dev@1#a", ("cid",), ("a",)),
        ("class:dev@1#a#b", ("ann",), ("a", "b")),
    ]


def test_the_order_of_people_does_not_matter() -> None:
    """Any order of rows gives the same classes in the same order."""
    people = [
        person(id="ann", skills={"dev": 1}),
        person(id="bob", skills={"dev": 0.5}),
        person(id="cid", skills={"law": 1}),
        person(id="dan", skills={"dev": 1}, fte=0.3),
    ]
    expected = classes(*people)
    assert len(expected) == 3
    for order in permutations(people):
        assert classes(*order) == expected


def test_pools_offer_a_constant_or_a_profile() -> None:
    """A profile wins over nothing, and a constant holds in every period."""
    constant = Pool.model_validate({"id": "p", "skill": "dev", "fte": 2.5})
    varying = Pool.model_validate({"id": "p", "skill": "dev", "profile": [1, 0, "0.25"]})
    assert [constant.capacity(t) for t in range(2)] == [Decimal("2.5")] * 2
    assert [varying.capacity(t) for t in range(3)] == [Decimal(1), Decimal(0), Decimal("0.25")]


YEAR = Calendar.model_validate({"start": "2027-01-01", "periods": 12})

ORDERS = [
    ({}, range(12)),
    ({"earliest_order": 3}, range(3, 12)),
    ({"latest_order": 3}, range(4)),
    ({"latest_order": 40}, range(12)),
    ({"earliest_order": -5}, range(12)),
    ({"earliest_order": "2027-02-02", "latest_order": "2027-04-30"}, range(2, 4)),
    ({"earliest_order": 5, "latest_order": 4}, range(5, 5)),
]


@pytest.mark.parametrize(("parts", "orders"), ORDERS)
def test_orders_are_possible_within_their_window(parts: dict[str, Any], orders: range) -> None:
    """The first order rounds up, the last one down, and both stay within the grid."""
    hire = Hire.model_validate({"id": "h", "skill": "dev", "max_heads": 1, **parts})
    assert list(hire.order_window(YEAR)) == list(orders)


@pytest.mark.parametrize(
    ("parts", "order", "work"),
    [
        ({}, 4, range(4, 12)),
        ({"lead_time": 3}, 4, range(7, 12)),
        ({"lead_time": 3, "term": 2}, 4, range(7, 9)),
        ({"lead_time": 3, "term": 9}, 4, range(7, 16)),  # paid beyond the grid
        ({"lead_time": 30}, 4, range(0)),  # never begins within the grid
    ],
)
def test_heads_work_from_the_lead_time_to_the_term(
    parts: dict[str, Any], order: int, work: range
) -> None:
    """A head works after its lead time, for its term or to the end of the grid."""
    hire = Hire.model_validate({"id": "h", "skill": "dev", "max_heads": 1, **parts})
    assert list(hire.work(order, YEAR)) == list(work)
