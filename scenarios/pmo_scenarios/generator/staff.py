"""People and pools: a capacity that is a given part of what all projects want."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from pmo_optimizer import Absence, Calendar, Hire, Person, Pool, Portfolio, Skill
from pmo_scenarios.generator.options import SITES, Options

POOL_SHARE = 0.08
"""Part of the capacity of a scarce skill that a pool of contractors offers."""

MAX_ENTRIES = 400
"""More heads than this share entries (``count``), unless single people matter."""

MARGIN = 0.05
"""Distance of the ratio of demand to capacity from the high end, as a part of the range."""

GENERAL_RATIO = (0.7, 0.9)
"""Demand over capacity of the skills that are not scarce."""

MOST_EXTRA = Decimal("0.04")
"""Capacity of a scarce skill that may come from people with another main skill, relative to
that of its own people."""

ALL_OF_IT = Decimal(1)
JUNIOR_LEVEL = Decimal("0.85")
FIRST_LEVEL = Decimal("0.7")
SECOND_LEVEL = Decimal("0.4")
THIRD_LEVEL = Decimal("0.6")
"""Proficiencies: main skill, a junior's main skill, and the further skills."""


@dataclass(slots=True)
class HeadDraft:
    """One entry of people in the making.

    Attributes
    ----------
    main
        Index of the main skill.
    levels
        Proficiency by skill index.
    duty
        Part of the time that the running business takes.
    """

    main: int
    count: int
    levels: dict[int, Decimal]
    fte: Decimal
    duty: Decimal

    def offers(self, skill: int) -> Decimal:
        """Return the FTE of a skill that the entry offers, leave not counted."""
        return self.count * self.fte * (1 - self.duty) * self.levels.get(skill, Decimal(0))


@dataclass(frozen=True, slots=True)
class Capacity:
    """What people offer of each skill, in hundredths of FTE-periods.

    Attributes
    ----------
    main
        By skill and period, each person counted at the main skill only.
    all_skills
        By skill over the horizon, each person counted at every skill.
    """

    main: tuple[tuple[int, ...], ...]
    all_skills: tuple[int, ...]


def draw_people(
    rng: Random, options: Options, calendar: Calendar, shares: Sequence[float]
) -> tuple[Person, ...]:
    """Return person entries: heads by main skill in proportion to ``shares``.

    Some know several skills; these carry more of the running business.
    """
    heads = _heads_by_skill(options.heads, shares)
    per_entry = 1 if options.named else max(1, math.ceil(options.heads / MAX_ENTRIES))
    entries = [
        (skill, min(per_entry, number - done))
        for skill, number in enumerate(heads)
        for done in range(0, number, per_entry)
    ]
    several = _multi_skilled(rng, options, [count for _, count in entries])
    profiles = _profiles(rng, options)
    drafts = [
        _head(rng, main, count, profiles[main], turn)
        for (main, count), turn in zip(entries, several, strict=True)
    ]
    for skill in range(options.num_scarce):
        _thin(drafts, skill)
    return tuple(
        _person(rng, options, calendar, f"E{number:03d}", draft)
        for number, draft in enumerate(drafts, start=1)
    )


def _heads_by_skill(heads: int, shares: Sequence[float]) -> list[int]:
    """Share out whole heads by largest remainder."""
    total = sum(shares)
    exact = [heads * share / total for share in shares]
    whole = [int(number) for number in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for index in by_rest[: heads - sum(whole)]:
        whole[index] += 1
    return whole


def _multi_skilled(rng: Random, options: Options, counts: list[int]) -> list[int]:
    """Choose the people who know several skills: at least the wanted share of the heads.

    Returns
    -------
    list of int
        By entry, 0 for one skill, else 1 and 2 in turn: which of the two profiles it has.
    """
    wanted = math.ceil(options.share_multi_skilled * sum(counts))
    chosen: set[int] = set()
    for index in rng.sample(range(len(counts)), len(counts)):
        if wanted > 0:
            chosen.add(index)
            wanted -= counts[index]
    turn = {index: 1 + number % 2 for number, index in enumerate(sorted(chosen))}
    return [turn.get(index, 0) for index in range(len(counts))]


def _profiles(rng: Random, options: Options) -> list[tuple[dict[int, Decimal], ...]]:
    """Return four profiles per main skill: expert, junior, and two with further skills.

    Few profiles keep the classes of interchangeable people few. Further skills go round, so
    that none is known by many more people than another.
    """
    scarce = rng.sample(range(options.num_scarce), options.num_scarce)
    general = [s for s in range(options.skills) if s not in scarce]
    rng.shuffle(general)
    out: list[tuple[dict[int, Decimal], ...]] = []
    for main in range(options.skills):
        first = _other(general, main, 1) or _other(scarce, main, 1)
        second = _other(scarce, main, 1)
        third = _other(general, main, 2)
        out.append(
            (
                {main: ALL_OF_IT},
                {main: JUNIOR_LEVEL},
                {main: ALL_OF_IT} | dict.fromkeys(first, FIRST_LEVEL),
                {main: ALL_OF_IT}
                | dict.fromkeys(second, SECOND_LEVEL)
                | dict.fromkeys(third, THIRD_LEVEL),
            )
        )
    return out


def _other(skills: list[int], main: int, step: int) -> list[int]:
    """Return the skill that follows ``main`` in a round of the skills, none if it is alone."""
    for further in range(len(skills)):
        other = skills[(main * step + step + further) % len(skills)]
        if other != main:
            return [other]
    return []


def _head(
    rng: Random, main: int, count: int, profiles: tuple[dict[int, Decimal], ...], turn: int
) -> HeadDraft:
    profile = profiles[turn + 1 if turn else rng.choices((0, 1), (8, 2))[0]]
    duty = rng.choice(("0.3", "0.4", "0.5") if turn else ("0", "0", "0.1", "0.2"))
    fte = rng.choice(("1", "1", "1", "0.8", "0.6"))
    return HeadDraft(main, count, dict(profile), Decimal(fte), Decimal(duty))


def _thin(drafts: list[HeadDraft], skill: int) -> None:
    """Let fewer people have a scarce skill beside their main one.

    Otherwise the skill would be scarce only as long as they stay with their main skill.
    """
    main = sum(draft.offers(skill) for draft in drafts if draft.main == skill)
    others = [draft for draft in drafts if draft.main != skill and skill in draft.levels]
    extra = sum((draft.offers(skill) for draft in others), Decimal(0))
    for draft in others:
        if extra <= MOST_EXTRA * main:
            return
        if len(draft.levels) > 2:
            extra -= draft.offers(skill)
            del draft.levels[skill]


def _person(
    rng: Random, options: Options, calendar: Calendar, name: str, draft: HeadDraft
) -> Person:
    names = options.skill_ids
    return Person(
        id=name,
        category=rng.choice(("internal", "internal", "internal", "external")),
        skills={names[skill]: level for skill, level in draft.levels.items()},
        fte=draft.fte,
        count=draft.count,
        absences=_absences(rng, calendar, draft.duty),
        site=rng.choice(SITES),
        team=f"team-{names[draft.main]}",
    )


def _absences(rng: Random, calendar: Calendar, duty: Decimal) -> tuple[Absence, ...]:
    first, after = calendar.start, calendar.edge(calendar.periods)
    absences = []
    if duty:
        absences.append(Absence(first=first, last=after, share=duty, reason="run the business"))
    if rng.random() < 0.6:
        begin = first + timedelta(days=rng.randrange((after - first).days))
        end = begin + timedelta(days=rng.choice((11, 18)))
        absences.append(Absence(first=begin, last=end, reason="leave"))
    return tuple(absences)


def capacity_of(options: Options, calendar: Calendar, people: Sequence[Person]) -> Capacity:
    """Return what the people offer, as the capacity rules count it."""
    names = options.skill_ids
    staff = Portfolio(
        calendar=calendar, skills=tuple(Skill(id=name) for name in names), people=tuple(people)
    )
    main = [[0] * calendar.periods for _ in names]
    full = [Decimal(0)] * len(names)
    for group in staff.classes:
        best, level = max(group.skills, key=lambda pair: pair[1])
        row = main[names.index(best)]
        for period, available in enumerate(group.available):
            row[period] += int(available * level * 100)
        for name, proficiency in group.skills:
            full[names.index(name)] += sum(group.available) * proficiency * 100
    return Capacity(tuple(tuple(row) for row in main), tuple(int(value) for value in full))


def usual_ratios(options: Options) -> tuple[float, ...]:
    """Return the middle of the wanted range of demand over capacity, by skill."""
    scarce = (options.tightness_low + options.tightness_high) / 2
    general = sum(GENERAL_RATIO) / 2
    return tuple(scarce if s < options.num_scarce else general for s in range(options.skills))


def demand_ratios(rng: Random, options: Options) -> tuple[float, ...]:
    """Return the wanted demand over capacity by skill, people counted at their main skill.

    For scarce skills it lies near the high end of the range, so that it is in the range also
    where people are counted at every skill they have.
    """
    low, high = options.tightness_low, options.tightness_high
    ratios = []
    for skill in range(options.skills):
        drawn = rng.random()
        if skill < options.num_scarce:
            ratios.append(high - (MARGIN + 0.1 * drawn) * (high - low))
        else:
            ratios.append(GENERAL_RATIO[0] + drawn * (GENERAL_RATIO[1] - GENERAL_RATIO[0]))
    return tuple(ratios)


def wanted_demand(
    options: Options, capacity: Capacity, ratios: Sequence[float], shares: Sequence[float]
) -> tuple[float, ...]:
    """Return the effort that all projects shall want, in hundredths of FTE-periods by skill.

    A skill that nobody has as the main one is served by a pool, as large as its share of
    the demand asks for.
    """
    main = [sum(row) for row in capacity.main]
    staffed = sum(share for share, people in zip(shares, main, strict=True) if people)
    per_share = sum(main) / staffed if staffed else 1.0
    demand = []
    for skill, ratio in enumerate(ratios):
        pool = POOL_SHARE if skill < options.num_scarce else 0.0
        people = main[skill] / (1 - pool) if main[skill] else shares[skill] * per_share
        demand.append(ratio * people)
    return tuple(demand)


def make_pools(
    options: Options,
    capacity: Capacity,
    ratios: Sequence[float],
    demand: Sequence[int],
    peaks: Sequence[int],
) -> tuple[Pool, ...]:
    """Return pools that bring each skill's capacity to demand / ratio.

    Parameters
    ----------
    demand
        What all projects want by skill, in hundredths of FTE-periods.
    peaks
        Largest rate of one project by skill: the least capacity of the emptiest period, so
        that every project fits on its own.
    """
    pools = []
    for skill, name in enumerate(options.skill_ids):
        people = capacity.main[skill]
        missing = int((demand[skill] / ratios[skill] - sum(people)) / options.periods)
        hundredths = max(missing, peaks[skill] - min(people), 0)
        if hundredths:
            scarce = ("scarce",) if skill < options.num_scarce else ()
            pools.append(
                Pool(
                    id=f"pool-{name}",
                    name=f"Contractors for {name}",
                    category="external",
                    tags=scarce,
                    skill=name,
                    fte=Decimal(hundredths) / 100,
                )
            )
    return tuple(pools)


def make_hires(rng: Random, options: Options, fund: str) -> tuple[Hire, ...]:
    """Return the wanted number of hiring options, scarce skills first."""
    names = options.skill_ids
    return tuple(
        Hire(
            id=f"hire-{number + 1}",
            name=f"Fixed-term {names[number % options.skills]}",
            skill=names[number % options.skills],
            max_heads=rng.randint(1, 2),
            lead_time=rng.randint(1, max(1, options.periods // 8)),
            term=max(1, options.periods // 2),
            cost_once=Decimal(1000 * rng.randint(5, 15)),
            cost_per_period=Decimal(1000 * rng.randint(8, 14)),
            fund=fund,
        )
        for number in range(options.hires)
    )


def holidays_of(calendar: Calendar) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Return Christmas, and the New Year's Days, of every year of the grid."""
    first, last = calendar.start, calendar.edge(calendar.periods)
    years = range(first.year, last.year + 1)
    christmas = [date(year, 12, day) for year in years for day in (25, 26)]
    new_year = [date(year, 1, 1) for year in years]
    return (
        tuple(day for day in christmas if first <= day < last),
        tuple(day for day in new_year if first <= day < last),
    )
