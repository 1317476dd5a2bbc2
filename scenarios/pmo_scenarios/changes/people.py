"""Capacity of skills; people who come and go."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Literal

from pmo_optimizer import Absence, Id, Number, Person, Pool, Portfolio, When
from pmo_scenarios.changes.amounts import CENT, BaseChange, hundredths
from pmo_scenarios.changes.draft import PEOPLE, POOLS, SKILLS, Draft
from pmo_scenarios.changes.money import periods_of
from pmo_scenarios.changes.references import References, drop_people, settle

ONE_DAY = timedelta(days=1)


class Capacity(BaseChange):
    """More or less capacity of a skill; exactly one of ``fte`` and ``percent`` is given.

    ``fte`` adds an anonymous pool of the skill; where it is negative, the pools that there
    are lose so much. ``percent`` changes the pools of the skill; where it is positive, an
    anonymous pool adds that part of what its people could deliver if they did nothing else,
    and where it is negative, everybody with the skill has that part less time, for all skills.

    Attributes
    ----------
    skill
        Id of the skill.
    fte
        FTE in each period of the range; in steps of 0.01.
    percent
        Percent of what there is in each period, rounded to 0.01 FTE.
    first, last
        First and last period, or days in them, both included; the whole grid by default.
    """

    change: Literal["capacity"] = "capacity"
    skill: Id
    fte: Number | None = None
    percent: Number | None = None
    first: When | None = None
    last: When | None = None

    def apply_to(self, draft: Draft) -> None:
        """Change pools and people."""
        skill = draft.find(SKILLS, self.skill, "skill")
        span = periods_of(draft, self.first, self.last)
        if not self._says_one(draft) or skill is None or not span:
            return
        if not (self.fte or self.percent):
            draft.idle("", "It changes the capacity by nothing.")
        elif self.fte is not None and self.fte > 0:
            periods = draft.portfolio.calendar.periods
            _add_pool(
                draft, self.skill, [self.fte if t in span else Decimal(0) for t in range(periods)]
            )
        elif self.fte is not None:
            self._take(draft, -self.fte, span)
        else:
            self._scale(draft, self.percent or Decimal(0), span)

    def _says_one(self, draft: Draft) -> bool:
        given = [name for name in ("fte", "percent") if getattr(self, name) is not None]
        if len(given) != 1:
            draft.error(
                "change-amount",
                "",
                f"The change gives {' and '.join(given) or 'no amount'}; exactly one of `fte` and "
                "`percent` is expected.",
                "Write for instance `fte: 1`.",
            )
        elif self.percent is not None and self.percent < -100:
            draft.error(
                "change-amount",
                "percent",
                f"{self.percent} percent would leave less than nothing.",
                "Give -100 or more.",
            )
            return False
        return len(given) == 1

    def _take(self, draft: Draft, fte: Decimal, span: range) -> None:
        """Take so much from the pools of the skill, in the order of their ids."""
        pools = sorted((p for p in draft.items(POOLS) if p.skill == self.skill), key=lambda p: p.id)
        least = min(sum((p.capacity(t) for p in pools), Decimal(0)) for t in span)
        if least < fte:
            draft.error(
                "change-amount",
                "fte",
                f"The pools of {self.skill} have {least} FTE in some period, less than {fte}.",
                "Take less, use `percent`, or remove people.",
            )
            return
        left = dict.fromkeys(span, fte)
        for pool in pools:
            row = _profile(pool, draft.portfolio.calendar.periods)
            for t in span:
                taken = min(left[t], row[t])
                row[t] -= taken
                left[t] -= taken
            draft.put(POOLS, pool, pool.model_copy(update={"fte": None, "profile": tuple(row)}))

    def _scale(self, draft: Draft, percent: Decimal, span: range) -> None:
        before = draft.portfolio
        people = [p for p in draft.items(PEOPLE) if p.skills.get(self.skill, 0) > 0]
        pools = [p for p in draft.items(POOLS) if p.skill == self.skill]
        for pool in pools:
            row = _profile(pool, before.calendar.periods)
            for t in span:
                row[t] = hundredths(row[t] * (100 + percent) / 100)
            draft.put(POOLS, pool, pool.model_copy(update={"fte": None, "profile": tuple(row)}))
        if not people and not pools:
            draft.idle("skill", f"Nobody has the skill {self.skill}, and no pool.")
        elif percent > 0:
            offered = _offered(before, self.skill)
            more = [
                (offered[t] * percent / 100).quantize(CENT, rounding=ROUND_FLOOR)
                if t in span
                else Decimal(0)
                for t in range(before.calendar.periods)
            ]
            if any(more):
                _add_pool(draft, self.skill, more)
        else:
            first, last = before.calendar.edge(span.start), before.calendar.edge(span.stop)
            for person in people:
                draft.put(PEOPLE, person, _less(person, -percent / 100, first, last - ONE_DAY))


def _profile(pool: Pool, periods: int) -> list[Decimal]:
    return [pool.capacity(t) for t in range(periods)]


def _offered(portfolio: Portfolio, skill: str) -> list[Decimal]:
    """Return what the people with a skill deliver per period if they do nothing else."""
    out = [Decimal(0)] * portfolio.calendar.periods
    for group in portfolio.classes:
        level = dict(group.skills).get(skill, Decimal(0))
        for t, fte in enumerate(group.available):
            out[t] += level * fte
    return out


def _add_pool(draft: Draft, skill: str, row: list[Decimal]) -> None:
    """Add an anonymous pool with an id of its own."""
    taken = {x.id for x in (*draft.items(POOLS), *draft.items(PEOPLE))}
    name, number = f"extra-{skill}", 1
    while name in taken:
        number += 1
        name = f"extra-{skill}-{number}"
    draft.set("pools", (*draft.items(POOLS), Pool(id=name, skill=skill, profile=tuple(row))))


def _less(person: Person, part: Decimal, first: date, last: date) -> Person:
    """Return a person who has a part less of the time that absences leave, from day to day."""
    cuts = {first, last + ONE_DAY}
    for absence in person.absences:
        cuts |= {day for day in (absence.first, absence.last + ONE_DAY) if first < day <= last}
    days = sorted(cuts)
    more = []
    for begin, end in pairwise(days):
        away = sum((a.share for a in person.absences if a.first <= begin <= a.last), Decimal(0))
        share = part * (1 - away)
        if share > 0:
            more.append(Absence(first=begin, last=end - ONE_DAY, share=share, reason="scenario"))
    return person.model_copy(update={"absences": (*person.absences, *more)})


class AddPeople(BaseChange):
    """People and pools that join.

    Attributes
    ----------
    people, pools
        As in a portfolio.
    """

    change: Literal["add-people"] = "add-people"
    people: tuple[Person, ...] = ()
    pools: tuple[Pool, ...] = ()

    def apply_to(self, draft: Draft) -> None:
        """Add them."""
        if not self.people and not self.pools:
            draft.idle("", "It adds nobody.")
        taken = {x.id for x in (*draft.items(POOLS), *draft.items(PEOPLE))}
        for field, entries in (("people", self.people), ("pools", self.pools)):
            for entry in entries:
                if entry.id in taken:
                    draft.error(
                        "duplicate-id",
                        f"{field}/{entry.id}",
                        f"There is a person or pool {entry.id} already.",
                        "Choose another id.",
                    )
                taken.add(entry.id)
        draft.set("people", (*draft.items(PEOPLE), *self.people))
        draft.set("pools", (*draft.items(POOLS), *self.pools))


class RemovePeople(BaseChange):
    """People and pools that leave.

    Attributes
    ----------
    people
        Ids of people or pools.
    last
        Their last working day; absent: they are not there at all.
    heads
        How many of each entry leave, of entries that stand for several; all by default.
    references
        What happens with needs and pins that name somebody who is not there at all:
        ``refuse`` (a finding) or ``drop`` (they no longer name them).
    """

    change: Literal["remove-people"] = "remove-people"
    people: tuple[Id, ...]
    last: date | None = None
    heads: int | None = None
    references: References = References.REFUSE

    def apply_to(self, draft: Draft) -> None:
        """Remove them, or end their time."""
        pools = {pool.id: pool for pool in draft.items(POOLS)}
        people = {person.id: person for person in draft.items(PEOPLE)}
        if not self.people:
            draft.idle("people", "It removes nobody.")
        gone: list[str] = []
        for name in dict.fromkeys(self.people):
            if name in pools:
                self._pool(draft, pools[name])
            elif name in people:
                gone += self._person(draft, people[name])
            else:
                draft.unknown("person or pool", name, {*pools, *people}, "people")
        if gone:
            dropped, places = drop_people(draft.portfolio, frozenset(gone))
            settle(draft, dropped, places, self.references, "people", "person", gone)

    def _pool(self, draft: Draft, pool: Pool) -> None:
        if self.heads is not None:
            draft.error(
                "change-outside",
                "heads",
                f"Pool {pool.id} is not made of heads.",
                "Change its capacity instead.",
            )
            return
        calendar = draft.portfolio.calendar
        stays = 0 if self.last is None else calendar.not_before(self.last + ONE_DAY)
        row = _profile(pool, calendar.periods)
        if stays <= 0:
            draft.set("pools", tuple(p for p in draft.items(POOLS) if p is not pool))
            return
        if not any(row[stays:]):
            draft.idle("last", f"Pool {pool.id} has nothing after {self.last} anyway.")
            return
        kept = tuple(fte if t < stays else Decimal(0) for t, fte in enumerate(row))
        draft.put(POOLS, pool, pool.model_copy(update={"fte": None, "profile": kept}))

    def _person(self, draft: Draft, person: Person) -> list[str]:
        """Let a person go; return the ids that are not there any more."""
        heads = person.count if self.heads is None else self.heads
        if not 1 <= heads <= person.count:
            draft.error(
                "change-outside",
                "heads",
                f"{person.id} stands for {person.count} heads, of which {heads} cannot leave.",
                f"Give 1 to {person.count}.",
            )
            return []
        leaving = person.model_copy(update={"count": heads})
        staying = [person.model_copy(update={"count": person.count - heads})]
        if heads == person.count:
            staying = []
        if self.last is not None:
            if person.available_until is not None and person.available_until <= self.last:
                draft.idle("last", f"{person.id} leaves on {person.available_until} anyway.")
                return []
            update: dict[str, object] = {"available_until": self.last}
            if staying:
                update["id"] = f"{person.id}-leaving"
            staying.append(leaving.model_copy(update=update))
        others = [(staying if p is person else [p]) for p in draft.items(PEOPLE)]
        draft.set("people", tuple(p for group in others for p in group))
        return [] if any(p.id == person.id for p in staying) else [person.id]
