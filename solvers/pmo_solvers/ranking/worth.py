"""What projects are worth: the objective by arithmetic, one project at a time."""

from __future__ import annotations

from dataclasses import dataclass

from pmo_optimizer.model import Method, TermName
from pmo_optimizer.problem import Problem, ProjectData, TermData
from pmo_solvers.ranking.shapes import Candidate

Figures = tuple[float, ...]
"""One number per stage of the objective; more is better."""


@dataclass(frozen=True, slots=True)
class Worth:
    """The objective, term by term (formulation, section 7).

    A weighted sum is a single stage. Prices of soft limits are left out but for delays.
    """

    problem: Problem

    def of_plan(self, placed: dict[int, Candidate], prices: float | None = None) -> Figures:
        """Return the figures of a plan; without ``prices`` late finishes alone are paid for."""
        terms = [self._term_of_plan(data, placed) for data in self.problem.terms]
        return self._stages(terms, _late(placed) if prices is None else prices)

    def of_project(self, candidate: Candidate) -> Figures:
        """Return what a project alone adds to the figures of a plan without any project."""
        placed = {candidate.shape.project.index: candidate}
        with_it = [self._own(t, candidate.shape.project, candidate) for t in self.problem.terms]
        without = [self._own(t, candidate.shape.project, None) for t in self.problem.terms]
        added = [a - b for a, b in zip(with_it, without, strict=True)]
        return self._stages(added, _late(placed))

    def _stages(self, terms: list[float], prices: float) -> Figures:
        problem = self.problem
        signed = [
            value if data.name.maximised else -value
            for data, value in zip(problem.terms, terms, strict=True)
        ]
        if problem.method is not Method.WEIGHTED:
            return (signed[0] - prices, *signed[1:])
        weights = [data.weight for data in problem.terms]
        total = sum(w * v for w, v in zip(weights, signed, strict=True))
        return (total - weights[0] * prices,)

    def _term_of_plan(self, data: TermData, placed: dict[int, Candidate]) -> float:
        if data.name is TermName.MAKESPAN:
            return float(max((c.finish for c in placed.values()), default=0))
        total = sum(self._own(data, p, placed.get(p.index)) for p in self.problem.projects)
        for synergy in self.problem.synergies:
            if all(project in placed for project in synergy.projects):
                total += self._synergy(data, synergy.value, synergy.savings)
        return total

    def _synergy(
        self, data: TermData, value: float, savings: tuple[tuple[int, int, int], ...]
    ) -> float:
        if data.name is TermName.VALUE:
            return value
        money = 1 / self.problem.money_scale
        if data.name is TermName.COST:
            return -money * sum(amount for _, _, amount in savings)
        if data.name is TermName.NPV:
            discount = self.problem.money_discount
            return money * sum(amount * discount(period) for _, period, amount in savings)
        return 0.0

    def _own(self, data: TermData, project: ProjectData, candidate: Candidate | None) -> float:
        """Return a project's part of a term, selected or not."""
        if data.name is TermName.CHANGES:
            return 0.0 if _unchanged(project, candidate) else data.project_weight
        if candidate is None:
            stopping = 0 if project.exit is None else sum(a for _, a in project.exit.amounts)
            money = stopping / self.problem.money_scale
            return {TermName.COST: money, TermName.NPV: -money}.get(data.name, 0.0)
        if data.name is TermName.VALUE:
            worth = float(project.raw_value) * project.value_factor
            return worth * self.problem.value_discount[candidate.finish]
        if data.name is TermName.BENEFIT:
            return self._benefit(candidate)
        if data.name is TermName.NPV:
            return self._benefit(candidate) - self._discounted(candidate)
        if data.name is TermName.COST:
            return candidate.shape.cost / self.problem.money_scale
        if data.name is TermName.DELAY:
            return float(_delay(candidate))
        return float(candidate.finish)

    def _benefit(self, candidate: Candidate) -> float:
        project = candidate.shape.project
        anchor = candidate.finish if project.benefit_at_finish else candidate.start
        discount = self.problem.money_discount
        return sum(amount * discount(anchor + k) for k, amount in enumerate(project.benefit))

    def _discounted(self, candidate: Candidate) -> float:
        discount, start = self.problem.money_discount, candidate.start
        total = sum(
            amount * discount(start + offset)
            for _, _, amounts in candidate.shape.money
            for offset, amount in amounts.items()
        )
        return total / self.problem.money_scale


def _late(placed: dict[int, Candidate]) -> float:
    """Return the prices of all late finishes."""
    return sum(c.shape.project.late_price * _delay(c) for c in placed.values())


def _delay(candidate: Candidate) -> int:
    due = candidate.shape.project.due
    return 0 if due is None else max(0, candidate.finish - due)


def _unchanged(project: ProjectData, candidate: Candidate | None) -> bool:
    """Return whether a project is as the baseline says: out, or with equal phases."""
    if candidate is None or not project.baseline.selected:
        return project.baseline.selected == (candidate is not None)
    placed = candidate.decisions()
    return all(
        placed[phase].start == start
        and mode in {None, project.phases[phase].modes[placed[phase].mode].id}
        for phase, start, mode in project.baseline.phases
    )
