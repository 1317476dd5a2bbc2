"""Needs against supply in one period: what is short, exactly, also of people with many skills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from pmo_optimizer import Mode, Need, Plan, Portfolio, SupplierKind, UtilizationRule
from pmo_scenarios.studies.robustness.retiming import Node

SHORT = 0.001
"""FTE that may be missing in a period before it is short: needs have tolerances themselves."""


class Kind(NamedTuple):
    """Work that the same suppliers can do.

    Attributes
    ----------
    least
        Least proficiency.
    heads
        Whether people count by the head.
    """

    skill: str
    least: float
    heads: bool


@dataclass(frozen=True, slots=True)
class Supplier:
    """A class of people, a pool or hired heads: proficiencies, and FTE per period."""

    skills: Mapping[str, float]
    available: tuple[float, ...]

    def level(self, kind: Kind) -> float:
        """Return what one FTE delivers to a kind of work; 0 for nothing."""
        level = self.skills.get(kind.skill, 0.0)
        if level <= 0 or level < kind.least:
            return 0.0
        return 1.0 if kind.heads else level


def suppliers_of(portfolio: Portfolio, plan: Plan) -> tuple[Supplier, ...]:
    """Return who can work, hard ceilings and the hires of the plan included."""
    ceilings = {
        r.id: float(r.ceiling)
        for r in portfolio.rules
        if isinstance(r, UtilizationRule) and r.price is None
    }
    members = dict(portfolio.ceilings)
    found = []
    for group in portfolio.classes:
        part = min([1.0, *(ceilings.get(rule, 1.0) for rule in group.ceilings)])
        skills = {skill: float(level) for skill, level in group.skills}
        found.append(Supplier(skills, tuple(part * float(fte) for fte in group.available)))
    periods = range(portfolio.calendar.periods)
    for pool in portfolio.pools:
        part = min([1.0, *(c for r, c in ceilings.items() if pool.id in members[r])])
        fte = tuple(part * float(pool.capacity(t)) for t in periods)
        found.append(Supplier({pool.skill: 1.0}, fte))
    for hire in portfolio.hires:
        heads = [0.0] * len(periods)
        for order in plan.hires:
            if order.hire == hire.id:
                for t in hire.work(order.period, portfolio.calendar):
                    if t < len(heads):
                        heads[t] += order.heads
        found.append(Supplier({hire.skill: 1.0}, tuple(heads)))
    return tuple(found)


class EffortShapes:
    """How the plan spreads the work of needs that are given as effort over their phases."""

    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        levels = {(SupplierKind.CLASS, c.id): dict(c.skills) for c in portfolio.classes}
        people = {name: p.skills for p in portfolio.people for name in (p.id, *p.individuals)}
        starts = {
            (p.project, phase.phase): (phase.start, phase.end)
            for p in plan.projects
            for phase in p.phases
        }
        skills = {
            (p.id, phase.id, need.id): need.skill
            for p in portfolio.projects
            for phase in p.phases
            for mode in phase.modes
            for need in mode.needs
            if need.effort is not None
        }
        self._shapes: dict[tuple[str, str, str], list[float]] = {}
        for item in plan.allocations:
            key = (item.project, item.phase, item.need)
            span = starts.get(key[:2])
            if key not in skills or span is None:
                continue
            own = levels.get((item.kind, item.supplier)) or people.get(item.supplier, {})
            level = float(own.get(skills[key], Decimal(1)))
            row = self._shapes.setdefault(key, [0.0] * (span[1] - span[0]))
            for t, share in enumerate(item.shares, item.start - span[0]):
                if 0 <= t < len(row):
                    row[t] += level * float(share)

    def rates(self, node: Node, need: Need, duration: int) -> list[float]:
        """Return the FTE of each period: as the plan spreads it, stretched; else evenly."""
        total = float(need.effort or 0)
        shape = self._shapes.get((*node, need.id), [])
        if not sum(shape) or not duration:
            return [total / duration] * duration
        step = len(shape) / duration
        parts = [_area(shape, k * step, (k + 1) * step) for k in range(duration)]
        whole = sum(parts)
        return [total * part / whole for part in parts]


def _area(shape: Sequence[float], begin: float, end: float) -> float:
    """Return what a step function adds up to between two points."""
    return sum(
        value * max(0.0, min(end, k + 1) - max(begin, k))
        for k, value in enumerate(shape)
        if k < end and k + 1 > begin
    )


Needs = dict[Kind, float]
"""FTE that is asked for in one period."""


def needs_of(
    placed: Iterable[tuple[Node, Mode, int]], shapes: EffortShapes, periods: int
) -> list[Needs]:
    """Return what the placed phases ask for in each period of the grid."""
    rows: list[defaultdict[Kind, float]] = [defaultdict(float) for _ in range(periods)]
    for node, mode, start in placed:
        for need in mode.needs:
            heads = need.heads is not None
            kind = Kind(need.skill, float(need.min_proficiency or 0), heads)
            if need.effort is not None:
                rates = shapes.rates(node, need, mode.duration)
            else:
                rates = [float(need.rate(k)) for k in range(mode.duration)]
            for t, rate in enumerate(rates, start):
                if rate and 0 <= t < periods:
                    rows[t][kind] += rate
    return [dict(row) for row in rows]


class Shortages:
    """Works out what cannot be served in a period, as a linear program.

    Parameters
    ----------
    suppliers
        Who can work.
    kinds
        Every kind of work that can be asked for.
    """

    def __init__(self, suppliers: Sequence[Supplier], kinds: Iterable[Kind]) -> None:
        self._suppliers = suppliers
        self._kinds = tuple(sorted(set(kinds)))
        self._able = {
            kind: tuple((i, level) for i, s in enumerate(suppliers) if (level := s.level(kind)))
            for kind in self._kinds
        }
        self._solver: Any = None
        self._supply: dict[int, Any] = {}
        self._need: dict[Kind, Any] = {}

    def short(self, period: int, needs: Needs) -> tuple[frozenset[str], frozenset[str]]:
        """Return the skills that are short in a period.

        Returns
        -------
        tuple
            First those that are short even if all who have them did nothing else; second those
            without whose work less of the rest would be short, where not all can be served.
        """
        skills = sorted({kind.skill for kind in needs})
        alone = frozenset(s for s in skills if self._missing(period, _only(needs, s)) > SHORT)
        total, saved = self._program(period, needs) if needs else (0.0, {})
        if total <= SHORT:
            return alone, frozenset()
        # What is missing is convex in the needs: at the duals, no skill saves more.
        open_ = [s for s in skills if s not in alone and saved[s] > SHORT]
        joint = {s for s in open_ if total - self._missing(period, _other(needs, s)) > SHORT}
        return alone, alone | joint

    def _missing(self, period: int, needs: Needs) -> float:
        """Return the least FTE that cannot be served."""
        if len(needs) == 1:
            ((kind, need),) = needs.items()
            able = self._able[kind]
            return need - sum(level * self._suppliers[i].available[period] for i, level in able)
        return self._program(period, needs)[0] if needs else 0.0

    def _program(self, period: int, needs: Needs) -> tuple[float, dict[str, float]]:
        """Return the least FTE that cannot be served, and need x dual of each skill."""
        if self._solver is None:
            self._build()
        for i, row in self._supply.items():
            row.SetUb(self._suppliers[i].available[period])
        for kind, row in self._need.items():
            row.SetLb(needs.get(kind, 0.0))
        self._solver.Solve()
        saved: defaultdict[str, float] = defaultdict(float)
        for kind, fte in needs.items():
            saved[kind.skill] += fte * self._need[kind].dual_value()
        return float(self._solver.Objective().Value()), saved

    def _build(self) -> None:
        """Build min sum of u with sum of level x share + u >= need and shares <= available."""
        from ortools.linear_solver import pywraplp

        solver = pywraplp.Solver.CreateSolver("GLOP")
        infinity = solver.infinity()
        for kind in self._kinds:
            self._need[kind] = need = solver.Constraint(0.0, infinity)
            unmet = solver.NumVar(0.0, infinity, "")
            need.SetCoefficient(unmet, 1.0)
            solver.Objective().SetCoefficient(unmet, 1.0)
            for i, level in self._able[kind]:
                if i not in self._supply:
                    self._supply[i] = solver.Constraint(-infinity, 0.0)
                share = solver.NumVar(0.0, infinity, "")
                need.SetCoefficient(share, level)
                self._supply[i].SetCoefficient(share, 1.0)
        solver.Objective().SetMinimization()
        self._solver = solver


def _only(needs: Needs, skill: str) -> Needs:
    return {kind: fte for kind, fte in needs.items() if kind.skill == skill}


def _other(needs: Needs, skill: str) -> Needs:
    return {kind: fte for kind, fte in needs.items() if kind.skill != skill}
