"""Which limits stand in the way of a project, and which rules name it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import inf

from pmo_optimizer import (
    AverageRule,
    Cap,
    CountRule,
    Frozen,
    Measure,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    ProjectYears,
    Sense,
    ShareRule,
)
from pmo_scenarios.bounds import FUZZ
from pmo_scenarios.studies.outlay import (
    Outlay,
    amount_in,
    bucket_of,
    demand,
    outlays,
    placement,
    selected_of,
)


class Limit(Frozen):
    """What a project takes of a limit, and what the plan without it leaves.

    Attributes
    ----------
    kind, id
        ``fund``, ``cap``, ``skill`` or the type of a rule, and which one.
    where
        The tightest fiscal year or period; empty for rules about the whole plan.
    needed
        What the project takes there, in the plan with it; where there is none, as early as it
        may start, phase after phase. For rules, how far it uses up the room. Of a fund that
        carries money over, what it takes earlier and is then not carried there counts too.
    spare
        What the plan without the project leaves there. Of skills that is the capacity less the
        load, where people with several skills count for each.
    blocks
        Whether that is not enough, so that something must give way to the project.
    holds
        Whether the plan with the project, without it and otherwise as it is, would break the
        limit: the project is needed for it.
    times
        Fiscal years or periods in which there is not enough.
    soft
        Whether the limit may be exceeded at a price.
    """

    kind: str
    id: str
    where: str = ""
    needed: float
    spare: float
    blocks: bool = False
    holds: bool = False
    times: int = 0
    soft: bool = False


class Relation(Frozen):
    """A rule of the selection, or a link, that names a project.

    Attributes
    ----------
    kind, id
        ``requires``, ``excludes``, ``all_or_none``, ``choose``, ``synergies`` or ``links``, and
        which one.
    projects
        The others, groups included.
    """

    kind: str
    id: str
    projects: tuple[str, ...]


def limits_of(
    portfolio: Portfolio, name: str, inside: Plan | None, outside: Plan | None
) -> tuple[Limit, ...]:
    """Return the limits that a project takes from; those that block it first.

    Parameters
    ----------
    inside, outside
        Plans with and without the project. Where the latter is missing, only the rules are
        named that the former keeps thanks to the project.
    """
    if inside is not None and not inside.found:
        inside = None
    if outside is None or not outside.found:
        return () if inside is None else tuple(_View(portfolio, name, inside, inside).held())
    view = _View(portfolio, name, inside, outside)
    found = [*view.funds(), *view.caps(), *view.skills(), *view.rules()]
    return tuple(sorted(found, key=lambda limit: (not limit.blocks, not limit.holds)))


def relations_of(portfolio: Portfolio, name: str) -> tuple[Relation, ...]:
    """Return the rules of the selection and the links that name a project or its group."""
    groups = {group.id for group in portfolio.choose if name in group.projects}
    mine = {name, *groups}
    rows: list[tuple[str, str, Iterable[str]]] = [
        *(("requires", r.id, (r.project, *r.needs)) for r in portfolio.requires),
        *(("excludes", r.id, r.projects) for r in portfolio.excludes),
        *(("all_or_none", r.id, r.projects) for r in portfolio.all_or_none),
        *(("choose", r.id, (*r.projects, *r.unselected)) for r in portfolio.choose),
        *(("synergies", r.id, r.projects) for r in portfolio.synergies),
        *(
            ("links", x.id, (x.source.partition("/")[0], x.target.partition("/")[0]))
            for x in portfolio.links
        ),
    ]
    return tuple(
        Relation(kind=kind, id=label, projects=tuple(sorted(set(names) - mine)))
        for kind, label, names in rows
        if mine & set(names)
    )


@dataclass
class _View:
    """Two plans, with and without a project, seen from its side."""

    portfolio: Portfolio
    name: str
    inside: Plan | None
    outside: Plan

    @cached_property
    def project(self) -> Project:
        """The project."""
        return self.portfolio.project_by_id[self.name]

    @cached_property
    def placed(self) -> ProjectPlan:
        """Where it is placed."""
        return placement(self.portfolio, self.name, self.inside)

    @cached_property
    def money(self) -> tuple[Outlay, ...]:
        """What it spends."""
        return tuple(outlays(self.portfolio, self.project, self.placed))

    def funds(self) -> Iterator[Limit]:
        """Yield the funds that pay for it.

        With carry-over, what the project pays in a year or period is missing later where it
        would have been carried over: available_k falls by carry_{k-1} without the project less
        carry_{k-1} with it. That weighs on the later bucket beside what is paid there.
        """
        calendar = self.portfolio.calendar
        for fund in self.portfolio.funds:
            paid: dict[str, float] = {}
            for period, amount in self._paid_by(fund.id):
                label = bucket_of(fund.amounts, calendar, period)
                if label is not None:
                    paid[label] = paid.get(label, 0.0) + float(amount)
            limit = inf if fund.carry_limit is None else float(fund.carry_limit)
            taken, left, lost = dict[str, float](), dict[str, float](), 0.0
            for use in self.outside.kpis.funds if paid else ():
                if use.fund != fund.id:
                    continue
                taken[use.bucket] = paid.get(use.bucket, 0.0) + lost
                room = use.available - use.spent
                left[use.bucket] = max(0.0, room)
                lost = use.carried - min(limit, max(0.0, room - taken[use.bucket]))
            yield from _tightest("fund", fund.id, taken, left, soft=fund.price is not None)

    def _paid_by(self, fund: str) -> Iterator[tuple[int, Decimal]]:
        yield from ((o.period, o.amount) for o in self.money if o.fund == fund)
        if self.inside is not None:
            for item in self.inside.fund_splits:
                if item.fund == fund and item.line.startswith(f"{self.name}/"):
                    yield item.period, item.amount
            return
        for outlay in self.money:
            able = [f.id for f in self.portfolio.funds if f.pays(outlay.category)]
            if outlay.fund is None and able == [fund]:
                yield outlay.period, outlay.amount

    def caps(self) -> Iterator[Limit]:
        """Yield the caps on its cost."""
        calendar = self.portfolio.calendar
        for cap in self.portfolio.caps:
            taken = self._capped(cap, self.project, self.placed, self.money)
            if not taken:
                continue
            left = {k: float(v) for k, v in amount_in(cap.amounts, calendar).items()}
            for project, placed in selected_of(self.portfolio, self.outside):
                spent = self._capped(
                    cap, project, placed, tuple(outlays(self.portfolio, project, placed))
                )
                left = {label: room - spent.get(label, 0.0) for label, room in left.items()}
            taken = {label: amount for label, amount in taken.items() if label in left}
            left = {label: max(0.0, left[label]) for label in taken}
            yield from _tightest("cap", cap.id, taken, left, soft=cap.price is not None)

    def _capped(
        self, cap: Cap, project: Project, placed: ProjectPlan, money: tuple[Outlay, ...]
    ) -> dict[str, float]:
        """Return what a cap counts of a project, by bucket."""
        calendar, out = self.portfolio.calendar, dict[str, float]()
        if not project.matches(cap.where):
            return out
        first = 0 if cap.first is None else calendar.not_before(cap.first)
        last = calendar.periods - 1 if cap.last is None else calendar.start_not_after(cap.last)
        later = (placed.start or 0) + calendar.grain.periods_a_year
        for outlay in money:
            part = ProjectYears.FIRST if outlay.period < later else ProjectYears.LATER
            meant = cap.project_years in {None, part} and first <= outlay.period <= last
            covered = not cap.cost_categories or outlay.category in cap.cost_categories
            label = bucket_of(cap.amounts, calendar, outlay.period)
            if meant and covered and label is not None:
                out[label] = out.get(label, 0.0) + float(outlay.amount)
        return out

    def skills(self) -> Iterator[Limit]:
        """Yield the skills that it asks for."""
        loads = {load.skill: load for load in self.outside.kpis.skills}
        asked = demand(self.project, self.placed)
        calendar = self.portfolio.calendar
        for skill in self.portfolio.skills:
            taken = {t: fte for (s, t), fte in asked.items() if s == skill.id and fte > 0}
            load = loads.get(skill.id)
            taken = {t: fte for t, fte in taken.items() if 0 <= t < calendar.periods}
            if not taken or load is None:
                continue
            left = {calendar.label(t): max(0.0, load.capacity[t] - load.load[t]) for t in taken}
            named = {calendar.label(t): fte for t, fte in taken.items()}
            soft = skill.overload_price is not None
            yield from _tightest("skill", skill.id, named, left, soft=soft)

    def rules(self) -> Iterator[Limit]:
        """Yield the rules about what is selected, starts per period left out."""
        own = self._member(self.project, self.placed, self.inside)
        out = self._others(self.outside)
        rest = out if self.inside is None else self._others(self.inside)
        for rule in self.portfolio.rules:
            if not isinstance(rule, ShareRule | AverageRule | CountRule):
                continue
            for sense in Sense:
                spare = _room(rule, sense, out, self.budget)
                after = _room(rule, sense, [*out, own], self.budget)
                alone = _room(rule, sense, rest, self.budget)
                if spare is None or after is None or alone is None:
                    continue
                holds = self.inside is not None and alone < -FUZZ
                if spare - after > FUZZ or holds:
                    yield Limit(
                        kind=rule.type,
                        id=rule.id,
                        needed=spare - after,
                        spare=spare,
                        blocks=after < -FUZZ,
                        holds=holds,
                        soft=rule.price is not None,
                    )

    def held(self) -> Iterator[Limit]:
        """Yield the rules that the plan with the project would break without it."""
        rest = self._others(self.outside)
        own = self._member(self.project, self.placed, self.outside)
        for rule in self.portfolio.rules:
            if not isinstance(rule, ShareRule | AverageRule | CountRule):
                continue
            for sense in Sense:
                alone = _room(rule, sense, rest, self.budget)
                both = _room(rule, sense, [*rest, own], self.budget)
                if alone is not None and both is not None and alone < -FUZZ:
                    yield Limit(
                        kind=rule.type,
                        id=rule.id,
                        needed=alone - both,
                        spare=alone,
                        holds=True,
                        soft=rule.price is not None,
                    )

    def _others(self, plan: Plan) -> list[_Member]:
        return [
            self._member(project, placed, plan)
            for project, placed in selected_of(self.portfolio, plan)
            if project.id != self.name
        ]

    @cached_property
    def budget(self) -> float:
        """Sum of the amounts of all funds within the grid."""
        calendar = self.portfolio.calendar
        amounts = [amount_in(fund.amounts, calendar) for fund in self.portfolio.funds]
        return float(sum(sum(one.values()) for one in amounts))

    def _member(self, project: Project, placed: ProjectPlan, plan: Plan | None) -> _Member:
        kpis = () if plan is None else plan.kpis.projects
        kpi = next((k for k in kpis if k.project == project.id), None)
        if kpi is not None:
            measures = (kpi.raw_value, kpi.cost, kpi.effort)
        else:
            cost = sum(o.amount for o in outlays(self.portfolio, project, placed))
            effort = sum(demand(project, placed).values())
            measures = (float(self.portfolio.raw_value(project)), float(cost), effort)
        names = (Measure.VALUE, Measure.COST, Measure.EFFORT)
        return _Member(project, {Measure.COUNT: 1.0} | dict(zip(names, measures, strict=True)))


@dataclass(frozen=True, slots=True)
class _Member:
    """A selected project and what rules measure of it."""

    project: Project
    measures: dict[Measure, float]


def _room(
    rule: ShareRule | AverageRule | CountRule, sense: Sense, members: list[_Member], budget: float
) -> float | None:
    """Return how far a rule is from being broken, negative if it is; None for another sense."""
    inside = [m for m in members if m.project.matches(rule.where)]
    if isinstance(rule, CountRule):
        limit = rule.max if sense is Sense.AT_MOST else rule.min
        if limit is None:
            return None
        over = float(len(inside) - limit)
    elif rule.sense is not sense:
        return None
    elif isinstance(rule, ShareRule):
        over = sum(m.measures[rule.measure] for m in inside)
        over -= float(rule.share) * _total(rule, members, budget)
    else:
        over = sum(
            _weight(rule, m) * (_number(m, rule.attribute) - float(rule.limit)) for m in inside
        )
    return float(-over if sense is Sense.AT_MOST else over)


def _total(rule: ShareRule, members: list[_Member], budget: float) -> float:
    if isinstance(rule.of, Decimal):
        return float(rule.of)
    return budget if rule.of == "budget" else sum(m.measures[rule.measure] for m in members)


def _weight(rule: AverageRule, member: _Member) -> float:
    if rule.weight in {measure.value for measure in Measure}:
        return member.measures[Measure(rule.weight)]
    return _number(member, rule.weight)


def _number(member: _Member, attribute: str) -> float:
    value = member.project.attributes.get(attribute)
    return float(value) if isinstance(value, Decimal) else 0.0


def _tightest(
    kind: str, name: str, taken: dict[str, float], left: dict[str, float], *, soft: bool
) -> Iterator[Limit]:
    """Yield the tightest of the years or periods in which a limit is used."""
    short = {label: amount - left[label] for label, amount in taken.items() if amount > FUZZ}
    if not short:
        return
    blocked = [label for label in short if short[label] > FUZZ * max(1.0, taken[label])]
    worst = max(short, key=lambda label: short[label])
    yield Limit(
        kind=kind,
        id=name,
        where=worst,
        needed=taken[worst],
        spare=left[worst],
        blocks=bool(blocked),
        times=len(blocked),
        soft=soft,
    )
