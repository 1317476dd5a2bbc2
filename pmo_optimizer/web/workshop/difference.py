"""What differs between the plan of the base and another: projects, money, people and dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pmo_optimizer.model import Plan, Portfolio, ProjectPlan, SkillLoad
from pmo_optimizer.report.words import first_day, last_day, title_of
from pmo_optimizer.web.text import text
from pmo_optimizer.web.workshop.reasons import Reasons
from pmo_scenarios import beside
from pmo_scenarios.studies.compare import BASE, Case
from pmo_scenarios.studies.figures import Move

NOISE = 1e-6
"""Differences below this are none."""


@dataclass(frozen=True)
class Delta:
    """A figure before and after; absent where a plan does not have it."""

    label: str
    before: float | None
    after: float | None
    fine: bool = False

    @property
    def difference(self) -> float | None:
        """How much more it is."""
        if self.before is None or self.after is None:
            return None
        more = self.after - self.before
        return 0.0 if abs(more) < NOISE else more


@dataclass(frozen=True)
class Dated:
    """A date before and after."""

    before: str
    after: str

    @property
    def same(self) -> bool:
        """Whether nothing changes."""
        return self.before == self.after


@dataclass(frozen=True)
class Changed:
    """A project that enters, leaves or moves; numbers are differences to the base."""

    id: str
    name: str
    what: str
    value: float
    cost: float
    effort: float
    start: Dated
    finish: Dated
    reason: str


@dataclass(frozen=True)
class Spent:
    """What a fund pays in a year or period."""

    fund: str
    bucket: str
    available: Delta
    spent: Delta


@dataclass(frozen=True)
class Loaded:
    """What of a skill is used: means over all periods, and the fullest period."""

    skill: str
    load: Delta
    capacity: Delta
    fullest: str


@dataclass(frozen=True)
class Difference:
    """What differs between two plans.

    Attributes
    ----------
    case
        The second one as the study `compare` tells it.
    comparison
        Plain data of that comparison, for charts.
    figures, projects, funds, skills
        Rows; of money and people those that differ.
    """

    case: Case
    comparison: dict[str, Any]
    figures: tuple[Delta, ...]
    projects: tuple[Changed, ...]
    funds: tuple[Spent, ...]
    skills: tuple[Loaded, ...]

    @property
    def same(self) -> bool:
        """Whether both plans decide the same."""
        return not self.projects and not self.case.reassigned


def difference(
    before: tuple[Portfolio, Plan], after: tuple[Portfolio, Plan], id: str, name: str
) -> Difference:
    """Return what differs between two plans.

    Parameters
    ----------
    before, after
        Portfolio and plan of the base, and of the scenario.
    id, name
        Of the scenario.
    """
    comparison = beside(before[0], {BASE: before[1], id: after[1]}, {id: name})
    first, case = comparison.cases
    return Difference(
        case=case,
        comparison=comparison.to_data(),
        figures=tuple(_figures(before, after, first, case)),
        projects=tuple(_projects(before, after, case)),
        funds=tuple(_funds(before, after)),
        skills=tuple(_skills(before, after)),
    )


def _figures(
    before: tuple[Portfolio, Plan], after: tuple[Portfolio, Plan], first: Case, case: Case
) -> Iterator[Delta]:
    currency = {"currency": before[0].currency}
    yield Delta(text("workshop.figure.objective"), first.objective, case.objective, fine=True)
    old, new = first.figures, case.figures
    if old is None or new is None:
        return
    for name in ("value", "cost", "benefit", "npv", "penalty", "effort", "selected"):
        a, b = float(getattr(old, name)), float(getattr(new, name))
        if name in {"benefit", "npv", "penalty"} and not (a or b):
            continue
        fine = name in {"value", "penalty"}
        yield Delta(text(f"workshop.figure.{name}", currency), a, b, fine=fine)


def _projects(
    before: tuple[Portfolio, Plan], after: tuple[Portfolio, Plan], case: Case
) -> Iterator[Changed]:
    reasons = Reasons(before, after, set(case.enters), set(case.leaves))
    old, new = ({p.project: p for p in plan.projects} for _, plan in (before, after))
    parts = [{p.project: p for p in plan.kpis.projects} for _, plan in (before, after)]
    moves = {move.project: move for move in case.moves}
    rows = (("enters", case.enters), ("leaves", case.leaves), ("moves", tuple(moves)))
    for what, projects in rows:
        for name in projects:
            a, b = (part.get(name) for part in parts)
            yield Changed(
                id=name,
                name=title_of(after[0] if name in after[0].project_by_id else before[0], name),
                what=what,
                value=_of(b, "value") - _of(a, "value"),
                cost=_of(b, "cost") - _of(a, "cost"),
                effort=_of(b, "effort") - _of(a, "effort"),
                start=_dated(before[0], old.get(name), new.get(name), first_of),
                finish=_dated(before[0], old.get(name), new.get(name), last_of),
                reason=_shift(before[0], moves[name]) if what == "moves" else reasons.of(name),
            )


def _of(part: object, name: str) -> float:
    return 0.0 if part is None else float(getattr(part, name))


def first_of(portfolio: Portfolio, plan: ProjectPlan) -> str:
    """Return the first day of a project."""
    return first_day(portfolio.calendar, plan.start)


def last_of(portfolio: Portfolio, plan: ProjectPlan) -> str:
    """Return the last day of a project."""
    return last_day(portfolio.calendar, plan.start, plan.finish)


def _dated(
    portfolio: Portfolio,
    before: ProjectPlan | None,
    after: ProjectPlan | None,
    day: Callable[[Portfolio, ProjectPlan], str],
) -> Dated:
    def said(plan: ProjectPlan | None) -> str:
        return day(portfolio, plan) if plan is not None and plan.selected else ""

    return Dated(said(before), said(after))


def _shift(portfolio: Portfolio, move: Move) -> str:
    """Return how far a project moves, in words."""
    grain = portfolio.calendar.grain.value
    said: list[str] = []

    def tell(before: int | None, after: int | None, later: str, earlier: str) -> int:
        far = 0 if before is None or after is None else after - before
        if far:
            unit = grain if abs(far) == 1 else f"{grain}s"
            said.append(text(later if far > 0 else earlier, {"n": abs(far), "grain": unit}))
        return far

    far = tell(move.start_before, move.start_after, "reason.later", "reason.earlier")
    before = None if move.finish_before is None else move.finish_before + far
    tell(before, move.finish_after, "reason.longer", "reason.shorter")
    if move.modes:
        said.append(text("reason.modes", {"names": ", ".join(move.modes)}))
    return "; ".join(said)


def _funds(before: tuple[Portfolio, Plan], after: tuple[Portfolio, Plan]) -> Iterator[Spent]:
    old, new = ({(u.fund, u.bucket): u for u in p.kpis.funds} for _, p in (before, after))
    names = {fund.id: fund.name or fund.id for fund in after[0].funds}
    for key in dict.fromkeys([*new, *old]):
        a, b = old.get(key), new.get(key)
        available = Delta(
            text("workshop.money.available"),
            None if a is None else a.available,
            None if b is None else b.available,
        )
        spent = Delta(
            text("workshop.money.after"),
            None if a is None else a.spent,
            None if b is None else b.spent,
        )
        if spent.difference or available.difference:
            yield Spent(names.get(key[0], key[0]), key[1], available, spent)


def _skills(before: tuple[Portfolio, Plan], after: tuple[Portfolio, Plan]) -> Iterator[Loaded]:
    old, new = ({load.skill: load for load in p.kpis.skills} for _, p in (before, after))
    names = {skill.id: skill.name or skill.id for skill in after[0].skills}
    for skill, b in new.items():
        a = old.get(skill)
        load = Delta("", None if a is None else _mean(a.load), _mean(b.load))
        capacity = Delta("", None if a is None else _mean(a.capacity), _mean(b.capacity))
        if load.difference or capacity.difference:
            yield Loaded(names.get(skill, skill), load, capacity, _fullest(after[0], b))


def _mean(numbers: tuple[float, ...]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _fullest(portfolio: Portfolio, load: SkillLoad) -> str:
    """Return the period in which most of a skill is used, and how much of it."""
    parts = [
        (used / there, period)
        for period, (used, there) in enumerate(zip(load.load, load.capacity, strict=True))
        if there > NOISE
    ]
    if not parts:
        return ""
    most, period = max(parts, key=lambda part: (part[0], -part[1]))
    return f"{100 * most:.0f} % ({portfolio.calendar.label(period)})"
