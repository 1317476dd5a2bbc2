"""Needs that no one can serve, and people, skills and hires without use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from functools import cached_property

from pmo_optimizer.checks.facts import MAX_COUNT, Facts, Hit, Path, digits, listed, sane
from pmo_optimizer.model import (
    NEED_TOLERANCE,
    Hire,
    Mode,
    Need,
    Person,
    Phase,
    Pool,
    Portfolio,
    Project,
    UtilizationRule,
)


def skill_unused(facts: Facts) -> Iterator[Hit]:
    """Find skills that no need asks for."""
    asked = {need.skill for _, need in facts.every(Need)}
    for skill in facts.portfolio.skills:
        if skill.id not in asked:
            path = ("skills", skill.id)
            yield Hit(
                path,
                f"No need asks for {facts.say(path)}.",
                "Add it to the needs of some phase, or remove the skill.",
            )


def person_without_skill(facts: Facts) -> Iterator[Hit]:
    """Find people who can do nothing that is asked for here."""
    for path, person in facts.every(Person):
        if not any(level > 0 for level in person.skills.values()):
            yield Hit(
                (*path, "skills"),
                f"{facts.subject(path)} has no skill, and serves no need.",
                "List what the person can do, for instance {analyst: 1}.",
            )


def hire_useless(facts: Facts) -> Iterator[Hit]:
    """Find hires who would never start to work within the grid."""
    calendar = facts.portfolio.calendar
    for path, hire in facts.every(Hire):
        usable = facts.calendar_ok and sane(hire.earliest_order) and sane(hire.latest_order)
        if usable and 0 <= hire.lead_time < MAX_COUNT and not _hire_works(hire, facts.portfolio):
            yield Hit(
                path,
                f"Nobody can be taken on through {facts.say(path)}: no order leads to work "
                f"within the {calendar.periods} periods of the calendar.",
                "Shorten the `lead_time`, widen the order window, or raise `max_heads`.",
            )


def _hire_works(hire: Hire, portfolio: Portfolio) -> bool:
    window = hire.order_window(portfolio.calendar)
    first = window.start + hire.lead_time
    term = hire.term is None or hire.term > 0
    return hire.max_heads > 0 and term and len(window) > 0 and first < portfolio.calendar.periods


class Supply:
    """What everybody together can deliver, per skill, least proficiency and period.

    Utilization ceilings count where they are hard; skills with an overload price have no end.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.open_ended = {s.id for s in portfolio.skills if s.overload_price is not None}
        self._peaks: dict[tuple[str, Decimal, bool], Decimal] = {}

    @cached_property
    def _ceilings(self) -> Mapping[str, Decimal]:
        """Return the least hard ceiling of each person entry and pool that has one."""
        hard = {
            rule.id: rule.ceiling
            for rule in self.portfolio.rules
            if isinstance(rule, UtilizationRule) and rule.price is None
        }
        least: dict[str, Decimal] = {}
        for rule_id, members in self.portfolio.ceilings:
            for member in members if rule_id in hard else ():
                least[member] = min(least.get(member, Decimal(1)), hard[rule_id])
        return least

    def peak(self, skill: str, least: Decimal, *, heads: bool = False) -> Decimal:
        """Return the most FTE of a skill at proficiency ``least`` in any one period.

        With ``heads`` everybody counts by the head, at proficiency 1.
        """
        key = (skill, least, heads)
        if key not in self._peaks:
            self._peaks[key] = max(self._per_period(*key))
        return self._peaks[key]

    def _per_period(self, skill: str, least: Decimal, heads: bool) -> list[Decimal]:
        total = [Decimal(0)] * self.portfolio.calendar.periods
        for group in self.portfolio.classes:
            level = dict(group.skills).get(skill, Decimal(0))
            if level > 0 and level >= least:
                counted = Decimal(1) if heads else level
                factor = counted * self._ceilings.get(group.members[0], Decimal(1))
                total = [t + factor * a for t, a in zip(total, group.available, strict=True)]
        for pool in self.portfolio.pools:
            if pool.skill == skill and least <= 1:
                factor = self._ceilings.get(pool.id, Decimal(1))
                total = [t + factor * pool.capacity(i) for i, t in enumerate(total)]
        for hire in self.portfolio.hires:
            if hire.skill == skill and least <= 1 and _hire_works(hire, self.portfolio):
                total = self._with_hire(total, hire)
        return total

    def _with_hire(self, total: list[Decimal], hire: Hire) -> list[Decimal]:
        calendar = self.portfolio.calendar
        orders = hire.order_window(calendar)
        first = orders.start + hire.lead_time
        last = hire.work(orders[-1], calendar).stop
        return [t + (hire.max_heads if first <= i < last else 0) for i, t in enumerate(total)]


def supply(facts: Facts) -> Supply | None:
    """Return the supply, or None where something about it does not make sense."""
    portfolio = facts.portfolio
    if not facts.calendar_ok:
        return None
    sound = (
        all(_sound_person(person) for person in portfolio.people)
        and all(_sound_pool(pool, portfolio.calendar.periods) for pool in portfolio.pools)
        and all(_sound_hire(hire) for hire in portfolio.hires)
        and all(
            0 <= rule.ceiling <= 1 for rule in portfolio.rules if isinstance(rule, UtilizationRule)
        )
    )
    return Supply(portfolio) if sound else None


def _sound_person(person: Person) -> bool:
    days = [day for away in person.absences for day in (away.first, away.last)]
    return (
        0 < person.count < MAX_COUNT
        and 0 <= person.fte < MAX_COUNT
        and all(0 <= level <= 1 for level in person.skills.values())
        and all(0 <= away.share <= 1 for away in person.absences)
        and all(sane(day) for day in days)
    )


def _sound_pool(pool: Pool, periods: int) -> bool:
    if pool.profile is not None:
        return pool.fte is None and len(pool.profile) == periods
    return pool.fte is not None and pool.fte >= 0


def _sound_hire(hire: Hire) -> bool:
    numbers = (hire.max_heads, hire.lead_time, hire.term or 0)
    return (
        all(0 <= n < MAX_COUNT for n in numbers)
        and sane(hire.earliest_order)
        and sane(hire.latest_order)
    )


def need_contradiction(facts: Facts) -> Iterator[Hit]:
    """Find needs whose least rate is above their greatest, or that both want and bar someone."""
    for path, need in facts.every(Need):
        low, high = need.min_fte, need.max_fte
        if low is not None and high is not None and low > high:
            yield Hit(
                (*path, "min_fte"),
                f"{facts.subject(path)} asks for at least {digits(low)} and at most "
                f"{digits(high)} FTE per period.",
                "Give a minimum that is not above the maximum.",
            )
        both = sorted(set(need.must) & set(need.must_not))
        if both:
            yield Hit(
                (*path, "must"),
                f"{facts.subject(path)} lists {listed(both)} under `must` and under `must_not`.",
                "Remove them from one of the two.",
            )


def effort_unspreadable(facts: Facts) -> Iterator[Hit]:
    """Find effort that the phase is too short for, or too long, within its limits per period."""
    for path, mode in facts.every(Mode):
        for need in mode.needs if 0 <= mode.duration < MAX_COUNT else ():
            there = (*path, "needs", need.id)
            hit = _unspreadable(need, mode.duration)
            if hit is not None:
                text, fix = hit
                yield Hit((*there, "effort"), f"{facts.subject(there)} asks for {text}.", fix)


def _unspreadable(need: Need, duration: int) -> tuple[str, str] | None:
    """Return what is wrong with a need whose work has no spread, and what to do."""
    effort, low, high = need.effort, need.min_fte, need.max_fte
    contradictory = low is not None and high is not None and low > high
    if not effort or effort < 0 or contradictory:
        return None
    asked = f"{digits(effort)} FTE-periods of work"
    if not duration:
        return f"{asked} in no time: the duration is 0", "Give the phase a duration, or no effort."
    if high is not None and 0 <= high * duration < effort:
        return (
            f"{asked}, but at most {digits(high)} FTE in each of {duration} periods are "
            f"{digits(high * duration)}",
            "Lengthen the phase, raise `max_fte`, or lower the effort.",
        )
    if low is not None and low * duration > effort:
        return (
            f"{asked}, but at least {digits(low)} FTE in each of {duration} periods are "
            f"{digits(low * duration)}",
            "Shorten the phase, lower `min_fte`, or raise the effort.",
        )
    return None


def need_field_unused(facts: Facts) -> Iterator[Hit]:
    """Find limits and shares of needs whose amount is not of the kind that they belong to."""
    for path, need in facts.every(Need):
        amounts = ("fte", "profile", "effort", "heads")
        kind = next((name for name in amounts if getattr(need, name) is not None), None)
        owners = {"min_fte": "effort", "max_fte": "effort", "share": "heads"}
        for name, owner in owners.items():
            given = getattr(need, name) is not None and getattr(need, owner) is None
            if given and kind is not None:
                yield Hit(
                    (*path, name),
                    f"{facts.subject(path)} is given as `{kind}`, so its `{name}` has no effect: "
                    f"it belongs to `{owner}`.",
                    f"Remove it, or give the need as `{owner}`.",
                )


def _modes(facts: Facts) -> Iterator[tuple[Path, Project, Phase, Mode]]:
    """Yield every mode of projects that may be selected and that takes time."""
    for project in facts.candidates:
        for phase in project.phases:
            for mode in phase.modes:
                path = ("projects", project.id, "phases", phase.id, "modes", mode.id)
                if mode.duration > 0:
                    yield path, project, phase, mode


def _asks(need: Need) -> bool:
    return bool(need.fte or need.effort or need.heads or any(need.profile or ()))


def need_unservable(facts: Facts) -> Iterator[Hit]:
    """Find needs that nobody can ever serve, not even a little."""
    everybody = facts.once(supply)
    known = {skill.id for skill in facts.portfolio.skills}
    for path, _, _, mode in _modes(facts) if everybody else ():
        for need in mode.needs:
            known_need = need.skill in known and need.skill not in facts.withheld
            if everybody and known_need and _asks(need) and not _served(everybody, need):
                yield Hit(
                    (*path, "needs", need.id),
                    f"No one can serve {facts.say((*path, 'needs', need.id))}: no person, pool "
                    f"or hire offers {_wanted(need)} in any period.",
                    f"Add people, a pool or a hire for {need.skill}, lower its "
                    "`min_proficiency`, or give the skill an `overload_price`.",
                )


def _served(everybody: Supply, need: Need) -> bool:
    if need.skill in everybody.open_ended:
        return True
    return everybody.peak(need.skill, need.min_proficiency or Decimal(0)) > 0


def _wanted(need: Need) -> str:
    level = need.min_proficiency
    return need.skill + (f" at a proficiency of {digits(level)} or more" if level else "")


def _excess(everybody: Supply, mode: Mode) -> tuple[str, Decimal, Decimal] | None:
    """Return skill, demand and supply where a mode asks for more than there ever is at once."""
    needs = [need for need in mode.needs if need.skill not in everybody.open_ended]
    for skill in sorted({need.skill for need in needs}):
        own = [need for need in needs if need.skill == skill]
        for least in sorted({need.min_proficiency or Decimal(0) for need in own}):
            strict = [n for n in own if (n.min_proficiency or Decimal(0)) >= least]
            rated = [n for n in strict if n.heads is None]
            for asked, heads in ((rated, False), (strict, True)):
                demand, there = (
                    _demand(asked, mode.duration),
                    everybody.peak(skill, least, heads=heads),
                )
                if 0 < there < demand - len(asked) * NEED_TOLERANCE:
                    return skill, demand, there
    return None


def _demand(needs: list[Need], duration: int) -> Decimal:
    """Return an FTE that needs together reach in some period of a mode, or exceed.

    Work that may be spread counts with its least in every period. The mean over all periods,
    in which it counts in full, is reached in some period too. A milestone asks for nothing.
    """
    if not duration:
        return Decimal(0)
    constant = sum((_constant(need) for need in needs), Decimal(0))
    profiles = [n.profile for n in needs if n.profile is not None]
    longest = min(duration, max((len(p) for p in profiles), default=0))
    dated = [sum((p[i] for p in profiles if i < len(p)), Decimal(0)) for i in range(longest)]
    peak = constant + max(dated, default=Decimal(0))
    spread = [n for n in needs if n.effort is not None]
    steady = sum((_constant(n) for n in needs if n.effort is None), Decimal(0))
    work = sum((n.effort or Decimal(0) for n in spread), sum(dated, Decimal(0)))
    mean = steady + work / duration
    if not spread or mean <= peak:
        return peak
    return mean.quantize(NEED_TOLERANCE, ROUND_FLOOR) if mean < MAX_COUNT else mean


def _constant(need: Need) -> Decimal:
    """Return the FTE that a need asks for in every period of its phase."""
    if need.heads is not None:
        return need.heads * need.head_share
    if need.effort is not None:
        return need.min_fte or Decimal(0)
    return Decimal(0) if need.profile is not None else need.fte or Decimal(0)


def _too_large(facts: Facts) -> list[tuple[bool, Hit]]:
    """Return modes that ask for more FTE at once than there ever is.

    The flag says that a project which every plan selects has no other mode for the phase.
    """
    everybody = facts.once(supply)
    found: list[tuple[bool, Hit]] = []
    for path, project, phase, mode in _modes(facts) if everybody else ():
        excess = _excess(everybody, mode) if everybody else None
        if excess and everybody:
            others = [m for m in project.allowed_modes(phase) if not _excess(everybody, m)]
            stuck = project.id in facts.certain and not others
            found.append((stuck, _too_large_hit(facts, path, *excess)))
    return found


def _too_large_hit(facts: Facts, path: Path, skill: str, demand: Decimal, there: Decimal) -> Hit:
    return Hit(
        (*path, "needs"),
        f"{facts.subject(path)} asks for {digits(demand)} FTE of {skill} at once; all people, "
        f"pools and hires together deliver at most {digits(there)}.",
        f"Lower the need, lengthen the phase, or add capacity of {skill}.",
    )


def need_too_large(facts: Facts) -> Iterator[Hit]:
    """Find modes that can never be staffed, where the plan can do without them."""
    yield from (hit for stuck, hit in facts.once(_too_large) if not stuck)


def must_need_too_large(facts: Facts) -> Iterator[Hit]:
    """Find phases of must and running projects that can never be staffed."""
    yield from (hit for stuck, hit in facts.once(_too_large) if stuck)
