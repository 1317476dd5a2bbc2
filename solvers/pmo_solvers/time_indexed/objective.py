"""Terms of the objective over columns (formulation, section 7)."""

from __future__ import annotations

from collections.abc import Callable

from pmo_optimizer.backend import Decisions
from pmo_optimizer.model import Method, TermName
from pmo_optimizer.problem import Problem, ProjectData, TermData
from pmo_solvers.completion import span
from pmo_solvers.time_indexed.linear import LinearModel, LinearTerm
from pmo_solvers.time_indexed.money import Money
from pmo_solvers.time_indexed.schedule import Schedule

Derived = tuple[int, Callable[[Decisions], int]]
"""A column, and its value for given decisions."""


class Objective:
    """Builds every term as a linear form; prices are a form of their own."""

    def __init__(
        self,
        problem: Problem,
        model: LinearModel,
        schedule: Schedule,
        money: Money,
        synergies: list[int],
        penalty: LinearTerm,
    ) -> None:
        self.problem = problem
        self.model = model
        self.schedule = schedule
        self.money = money
        self.synergies = synergies
        self.penalty = penalty
        self.derived: list[Derived] = []

    def stages(self) -> list[LinearTerm]:
        """Return what each stage optimizes: one weighted sum, or every term in order."""
        self._add_late_prices()
        terms = self.problem.terms
        if self.problem.method is Method.WEIGHTED:
            return [self._weighted(terms)]
        stages = [self.term(term) for term in terms]
        self._add_prices(stages[0], 1.0)
        return stages

    def _add_prices(self, stage: LinearTerm, weight: float) -> None:
        sign = -weight if stage.maximised else weight
        for column, price in self.penalty.coefs.items():
            stage.add(column, sign * price)

    def _weighted(self, terms: tuple[TermData, ...]) -> LinearTerm:
        """Sum of s_k w_k term_k, s_k = -1 where a term has the other sense than the first."""
        maximised = terms[0].name.maximised
        total = LinearTerm(None, maximised)
        for data in terms:
            part = self.term(data)
            factor = data.weight if part.maximised == maximised else -data.weight
            total.constant += factor * part.constant
            for column, coef in part.coefs.items():
                total.add(column, factor * coef)
        self._add_prices(total, terms[0].weight)
        return total

    def term(self, data: TermData) -> LinearTerm:
        """Return one term, without prices."""
        makers: dict[TermName, Callable[[LinearTerm, TermData], None]] = {
            TermName.VALUE: self._value,
            TermName.BENEFIT: self._benefit,
            TermName.NPV: self._npv,
            TermName.COST: self._cost,
            TermName.MAKESPAN: self._makespan,
            TermName.DELAY: self._delay,
            TermName.CHANGES: self._changes,
        }
        term = LinearTerm(data.name, data.name.maximised)
        makers[data.name](term, data)
        return term

    def _value(self, term: LinearTerm, _data: TermData) -> None:
        """Raw value x probability x d(finish), and synergies."""
        for project in self.problem.projects:
            worth = float(project.raw_value) * project.value_factor
            if not worth:
                continue
            for finish, columns in self.schedule.event(project.index, -1, finish=True).items():
                for column in columns:
                    term.add(column, worth * self.problem.value_discount[finish])
        for synergy, column in zip(self.problem.synergies, self.synergies, strict=True):
            term.add(column, synergy.value)

    def _benefit(self, term: LinearTerm, _data: TermData) -> None:
        """Sum of d(t) x probability x benefit, from the anchor on."""
        for project in self.problem.projects:
            if not project.benefit:
                continue
            event = self.schedule.event(project.index, -1, finish=project.benefit_at_finish)
            for anchor, columns in event.items():
                worth = sum(
                    amount * self.problem.money_discount(anchor + k)
                    for k, amount in enumerate(project.benefit)
                )
                for column in columns:
                    term.add(column, worth)

    def _npv(self, term: LinearTerm, data: TermData) -> None:
        """Discounted benefit minus discounted cost."""
        self._benefit(term, data)
        for column, amount in self.money.npv_cost().items():
            term.add(column, -amount)
        term.constant -= self.money.cost_constant / self.problem.money_scale

    def _cost(self, term: LinearTerm, _data: TermData) -> None:
        """All money, undiscounted."""
        for column, amount in self.money.cost.items():
            term.add(column, amount / self.problem.money_scale)
        term.constant += self.money.cost_constant / self.problem.money_scale

    def _makespan(self, term: LinearTerm, _data: TermData) -> None:
        """Add the least z with z >= sum of t F_p(t) for every project."""
        latest = self.model.integer(self.problem.periods)
        for project in self.problem.projects:
            event = self.schedule.event(project.index, -1, finish=True)
            terms = {column: t for t, columns in event.items() for column in columns}
            if any(terms.values()):
                self.model.add("makespan", terms | {latest: -1}, None, 0)
        term.add(latest, 1.0)
        self.derived.append((latest, self._latest_finish))

    def _latest_finish(self, decisions: Decisions) -> int:
        chosen = (p.index for p in self.problem.projects if decisions.selected[p.index])
        return max((span(self.problem, decisions, index)[1] for index in chosen), default=0)

    def _delay(self, term: LinearTerm, _data: TermData) -> None:
        """Sum of max(0, t - due) F_p(t)."""
        for column, delay in self._delays():
            term.add(column, float(delay))

    def _delays(
        self, price: Callable[[ProjectData], float] | None = None
    ) -> list[tuple[int, float]]:
        out = []
        for project in self.problem.projects:
            factor = 1.0 if price is None else price(project)
            if project.due is None or not factor:
                continue
            for finish, columns in self.schedule.event(project.index, -1, finish=True).items():
                if finish > project.due:
                    out += [(column, factor * (finish - project.due)) for column in columns]
        return out

    def _add_late_prices(self) -> None:
        for column, price in self._delays(lambda project: project.late_price):
            self.penalty.add(column, price)

    def _changes(self, term: LinearTerm, data: TermData) -> None:
        """Weight x (projects out of the baseline that are in, and in ones that differ)."""
        for project in self.problem.projects:
            selected = self.schedule.selected[project.index]
            if not project.baseline.selected:
                term.add(selected, data.project_weight)
                continue
            term.constant += data.project_weight
            for column, share in self._unchanged(project).items():
                term.add(column, -data.project_weight * share)

    def _unchanged(self, project: ProjectData) -> dict[int, float]:
        """Return columns that say that a project is as in the baseline.

        For a project modelled phase by phase u <= sum of the phase's unchanged columns.
        """
        index = project.index
        wanted = {phase: (start, mode) for phase, start, mode in project.baseline.phases}

        def same(phase: int, mode: int, start: int) -> bool:
            if phase not in wanted:
                return True
            at, named = wanted[phase]
            return start == at and named in {None, project.phases[phase].modes[mode].id}

        if not wanted or not project.phases:
            return {self.schedule.selected[index]: 1.0}
        if self.schedule.patterns[index]:
            return {
                pattern.column: 1.0
                for pattern in self.schedule.patterns[index]
                if all(same(f, d.mode, d.start) for f, d in enumerate(pattern.phases))
            }
        unchanged = self.model.binary()

        def derive(decisions: Decisions) -> int:
            placed = decisions.phases[index]
            kept = all(same(f, d.mode, d.start) for f, d in enumerate(placed))
            return int(decisions.selected[index] and kept)

        self.derived.append((unchanged, derive))
        for phase in sorted(wanted):
            terms = {
                work.column: -1
                for work in self.schedule.works[index]
                if work.phase == phase and same(phase, work.mode, work.start)
            }
            self.model.add(f"unchanged:{project.id}", terms | {unchanged: 1}, None, 0)
        return {unchanged: 1.0}
