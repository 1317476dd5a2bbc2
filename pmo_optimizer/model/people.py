"""Who does the work: skills, people, pools and hires, and their availability per period."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from pmo_optimizer.model.base import Count, Frozen, Id, Labelled, Number, When
from pmo_optimizer.model.calendar import Calendar

FTE_STEP = Decimal("0.01")
"""FTE data are multiples of this; availability is rounded down to it (formulation, section 9)."""

NEED_TOLERANCE = Decimal("0.0001")
"""A need is served when share x proficiency >= need - this, in FTE (formulation, section 4)."""


class Skill(Frozen):
    """What a need asks for and people can do.

    Attributes
    ----------
    rate
        Standard cost of one FTE-period; needs with ``charge_to`` cost this much.
    rate_category
        Cost category of such charges; ``labour`` by default.
    overload_price
        Price of one FTE-period beyond the capacity (anonymous extra supply), in the unit of
        the first objective term. Absent: the capacity is hard.
    """

    id: Id
    name: str = ""
    rate: Number = Decimal(0)
    rate_category: str = "labour"
    overload_price: Number | None = None


class Absence(Frozen):
    """Dates on which a person is away, or busy with the running business.

    Attributes
    ----------
    first, last
        First and last day, both included.
    share
        Part of the person's time, 1 (all of it) by default.
    reason
        Text for people, for instance ``parental leave`` or ``run the business``.
    """

    first: date
    last: date
    share: Number = Decimal(1)
    reason: str = ""


class Preference(Frozen):
    """How much a person likes or dislikes a project (named staffing)."""

    project: Id
    score: Number


class Dedication(Frozen):
    """Most time that a person gives to a project over some periods (named staffing).

    The shares of each individual of the entry on needs of the project add up to at most
    ``fte`` x the number of these periods, however they are spread.

    Attributes
    ----------
    project
        Id of the project.
    first, last
        Periods, or days in them, both included; the whole grid by default.
    fte
        Mean FTE over the periods at most; any decimal.
    """

    project: Id
    first: When | None = None
    last: When | None = None
    fte: Number

    def span(self, calendar: Calendar) -> range:
        """Return the periods of the grid (0-based) that it speaks of."""
        first = 0 if self.first is None else calendar.period_of(self.first)
        last = calendar.periods - 1 if self.last is None else calendar.period_of(self.last)
        return range(max(first, 0), min(last, calendar.periods - 1) + 1)

    def most(self, calendar: Calendar) -> Decimal:
        """Return the FTE-periods that an individual may give to the project in all of them."""
        return self.fte * len(self.span(calendar))


class Person(Labelled):
    """One member of staff, or ``count`` identical ones.

    Attributes
    ----------
    skills
        Proficiency by skill, in steps of 0.01: 1 is full, at 0.5 half is delivered.
    fte
        Contracted share of full time.
    count
        How many people this entry stands for.
    absences
        Away or busy with the running business.
    available_from, available_until
        First and last working day in the portfolio; unlimited where absent.
    site
        Place whose holidays apply.
    holidays
        Personal days off.
    team, cost_rate, max_projects, min_share, preferences, dedications
        Used by named staffing: team, cost of one FTE-period, most projects at once,
        smallest useful share of time on one need, likes and dislikes, most time for a
        project over some periods.
    """

    skills: dict[Id, Number]
    fte: Number = Decimal(1)
    count: Count = 1
    absences: tuple[Absence, ...] = ()
    available_from: date | None = None
    available_until: date | None = None
    site: Id | None = None
    holidays: tuple[date, ...] = ()
    team: str | None = None
    cost_rate: Number | None = None
    max_projects: Count | None = None
    min_share: Number | None = None
    preferences: tuple[Preference, ...] = ()
    dedications: tuple[Dedication, ...] = ()

    @property
    def individuals(self) -> tuple[str, ...]:
        """Names of the people that the entry stands for: its id, or ``id#1``, ``id#2``, ..."""
        if self.count == 1:
            return (self.id,)
        return tuple(f"{self.id}#{number}" for number in range(1, self.count + 1))


class Pool(Labelled):
    """Anonymous capacity of one skill at proficiency 1: a team, a contractor, equipment.

    Attributes
    ----------
    fte
        Capacity per period, where it is constant.
    profile
        Capacity of every period of the grid, where it is not. Exactly one of the two.
    """

    skill: Id
    fte: Number | None = None
    profile: tuple[Number, ...] | None = None

    def capacity(self, index: int) -> Decimal:
        """Return the FTE of period ``index`` (0-based)."""
        if self.profile is not None:
            return self.profile[index]
        return self.fte or Decimal(0)


class Hire(Frozen):
    """An option to take on whole heads, 1 FTE each at proficiency 1.

    A head that is ordered in period t works from t + lead_time until t + lead_time + term,
    or to the end of the grid where there is no term.

    Attributes
    ----------
    max_heads
        Most heads over the whole horizon.
    lead_time
        Periods from order to first day.
    term
        Periods of work of each head; absent: to the end of the grid.
    cost_once
        Money per head in the period of the order.
    cost_per_period
        Money per head and period of work.
    earliest_order, latest_order
        Periods or dates between which orders are possible; the whole grid by default.
    fund
        Fund that pays; absent: any eligible fund.
    cost_category
        Category of the cost; ``hiring`` by default.
    """

    id: Id
    name: str = ""
    skill: Id
    max_heads: Count
    lead_time: Count = 0
    term: Count | None = None
    cost_once: Number = Decimal(0)
    cost_per_period: Number = Decimal(0)
    earliest_order: When | None = None
    latest_order: When | None = None
    fund: Id | None = None
    cost_category: str = "hiring"

    def order_window(self, calendar: Calendar) -> range:
        """Return the periods in which heads may be ordered."""
        first = 0 if self.earliest_order is None else calendar.not_before(self.earliest_order)
        last = calendar.periods - 1
        if self.latest_order is not None:
            last = min(last, calendar.start_not_after(self.latest_order))
        return range(max(first, 0), last + 1)

    def work(self, order: int, calendar: Calendar) -> range:
        """Return the periods in which a head ordered in period ``order`` works and is paid.

        With a term the range may go beyond the grid: such costs count in money terms.
        """
        first = order + self.lead_time
        if self.term is None:
            return range(first, max(first, calendar.periods))
        return range(first, first + self.term)


def availability(person: Person, calendar: Calendar) -> tuple[Decimal, ...]:
    """Return the FTE of one head of a person entry in every period.

    FTE x present working days / working days, rounded down to 0.01 (formulation, section 9);
    absences with a share take that part of each day, together never more than the day. A
    period without working days offers nothing.
    """
    return _Attendance(calendar).fte(person)


def attendance(
    people: Sequence[Person], calendar: Calendar
) -> Iterator[tuple[Person, tuple[Decimal, ...]]]:
    """Yield every person entry with the `availability` of one head, quicker than one by one."""
    known = _Attendance(calendar)
    for person in people:
        yield person, known.fte(person)


class _Attendance:
    """Who is there on which days; people with the same holidays share their list of days."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.sites = {site.id: site.holidays for site in calendar.sites}
        self.edges = [calendar.edge(t) for t in range(calendar.periods)]
        self._days: dict[frozenset[date], tuple[tuple[date, ...], ...]] = {}

    def days(self, off: frozenset[date]) -> tuple[tuple[date, ...], ...]:
        """Return the working days of each period without those off."""
        if off not in self._days:
            working = self.calendar.working_days_by_period
            touched = {bisect_right(self.edges, day) - 1 for day in off}
            self._days[off] = tuple(
                tuple(day for day in days if day not in off) if t in touched else days
                for t, days in enumerate(working)
            )
        return self._days[off]

    def fte(self, person: Person) -> tuple[Decimal, ...]:
        """Return the FTE of one head in every period."""
        off = frozenset(person.holidays) | frozenset(self.sites.get(person.site or "", ()))
        days = self.days(off)
        partial = self._partial(person)
        known: dict[tuple[Decimal, int], Decimal] = {}
        out: list[Decimal] = []
        for t, (working, free) in enumerate(
            zip(self.calendar.working_days_by_period, days, strict=True)
        ):
            present = _present(person, free, partial[t]) if t in partial else Decimal(len(free))
            key = (present, len(working))
            if key not in known:
                exact = person.fte * present / len(working) if working else Decimal(0)
                known[key] = max(exact, Decimal(0)).quantize(FTE_STEP, rounding=ROUND_FLOOR)
            out.append(known[key])
        return tuple(out)

    def _partial(self, person: Person) -> dict[int, list[Absence]]:
        """Return the periods in which a person may miss days, with the absences in each."""
        partial: dict[int, list[Absence]] = {}
        last = self.calendar.periods
        if person.available_from is not None:
            stop = bisect_right(self.edges, person.available_from)
            partial |= {t: [] for t in range(stop)}
        if person.available_until is not None:
            start = max(bisect_right(self.edges, person.available_until) - 1, 0)
            partial |= {t: [] for t in range(start, last)}
        for absence in person.absences:
            start = max(bisect_right(self.edges, absence.first) - 1, 0)
            for t in range(start, bisect_right(self.edges, absence.last)):
                partial.setdefault(t, []).append(absence)
        return partial


def _present(person: Person, days: Sequence[date], absences: Sequence[Absence]) -> Decimal:
    """Return on how many of these days a person is there, stretch by stretch."""
    low = 0 if person.available_from is None else bisect_left(days, person.available_from)
    high = len(days)
    if person.available_until is not None:
        high = bisect_right(days, person.available_until)
    spans = [(bisect_left(days, a.first), bisect_right(days, a.last), a.share) for a in absences]
    ends = {low, high, *(cut for span in spans for cut in span[:2] if low < cut < high)}
    cuts = sorted(ends) if low < high else []
    total = Decimal(0)
    for begin, end in pairwise(cuts):
        away = sum((share for a, b, share in spans if a <= begin < b), Decimal(0))
        total += (end - begin) * max(1 - away, Decimal(0))
    return total


@dataclass(frozen=True, slots=True)
class PersonClass:
    """People who are interchangeable in capacity mode (formulation, section 4).

    Attributes
    ----------
    id
        Made from the skills, for example ``class:analyst@1+tester@0.5``.
    skills
        Proficiency by skill.
    ceilings
        Ids of the utilization rules that apply to every member.
    members
        Ids of the person entries, sorted.
    available
        FTE per period, the members' added up.
    """

    id: str
    skills: tuple[tuple[str, Decimal], ...]
    ceilings: tuple[str, ...]
    members: tuple[str, ...]
    available: tuple[Decimal, ...]


def person_classes(
    people: Sequence[Person],
    calendar: Calendar,
    ceilings: Sequence[tuple[str, frozenset[str]]] = (),
) -> tuple[PersonClass, ...]:
    """Group people by their vector of proficiencies and by the ceilings that apply to them.

    Parameters
    ----------
    people
        Person entries; those without any positive proficiency are left out.
    calendar
        The grid, for the availabilities.
    ceilings
        Utilization rules: id, and the ids of the person entries that it limits.

    Returns
    -------
    tuple of PersonClass
        Sorted by id.
    """
    groups: dict[tuple[tuple[tuple[str, Decimal], ...], tuple[str, ...]], list[Person]] = {}
    for person in sorted(people, key=lambda p: p.id):
        skills = tuple(sorted((s, Decimal(p)) for s, p in person.skills.items() if p > 0))
        rules = tuple(sorted(rule for rule, members in ceilings if person.id in members))
        if skills:
            groups.setdefault((skills, rules), []).append(person)
    classes = []
    attendance = _Attendance(calendar)
    for (skills, rules), members in groups.items():
        name = "+".join(f"{skill}@{level.normalize():f}" for skill, level in skills)
        suffix = "".join(f"#{rule}" for rule in rules)
        total = [Decimal(0)] * calendar.periods
        for person in members:
            for index, fte in enumerate(attendance.fte(person)):
                total[index] += fte * person.count
        classes.append(
            PersonClass(
                id=f"class:{name}{suffix}",
                skills=skills,
                ceilings=rules,
                members=tuple(p.id for p in members),
                available=tuple(total),
            )
        )
    return tuple(sorted(classes, key=lambda c: c.id))
