"""Terms, objective and key figures, recomputed from the decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from fractions import Fraction
from math import fsum

from pmo_optimizer.model import (
    Alignment,
    Anchor,
    BaselineProject,
    FundUse,
    Kpis,
    Method,
    Objective,
    Portfolio,
    ProjectKpi,
    SkillLoad,
    State,
    TermName,
    discount,
)
from pmo_optimizer.referee.ledger import Ledger
from pmo_optimizer.referee.report import Log
from pmo_optimizer.referee.rules import Measures
from pmo_optimizer.referee.schedule import Active, Schedule


class Figures:
    """Computes the key figures of a plan.

    Parameters
    ----------
    ledger
        The books of the plan.
    measures
        Raw measures of its selected projects.
    """

    def __init__(self, ledger: Ledger, measures: Measures) -> None:
        self._ledger = ledger
        self._measures = measures
        self._schedule: Schedule = ledger.schedule
        self._portfolio: Portfolio = ledger.schedule.portfolio
        self._year = self._portfolio.calendar.grain.periods_a_year

    def kpis(self, funds: tuple[FundUse, ...], skills: tuple[SkillLoad, ...], log: Log) -> Kpis:
        """Return everything together, with the penalty of the breaches that were logged."""
        projects = tuple(self._project_kpi(name) for name in sorted(self._schedule.active))
        terms = self._terms(projects)
        penalty = float(log.penalty)
        return Kpis(
            terms=terms,
            penalty=penalty,
            objective=objective_value(self._portfolio.objective, terms, penalty),
            selected=len(projects),
            projects=projects,
            funds=funds,
            skills=skills,
            alignment=self._alignment(),
            breaches=log.sorted_breaches(),
        )

    def staffed_value(self, projects: tuple[ProjectKpi, ...], short: Set[str]) -> float:
        """Return the value term without the projects that are short of staff.

        A synergy counts if none of its members is short (formulation, section 13).
        """
        whole = (s for s in self._ledger.synergies if short.isdisjoint(s.projects))
        synergies = sum((Fraction(s.value) for s in whole), Fraction(0))
        return fsum([*(p.value for p in projects if p.project not in short), float(synergies)])

    def _terms(self, projects: tuple[ProjectKpi, ...]) -> dict[TermName, float]:
        synergies = sum((Fraction(s.value) for s in self._ledger.synergies), Fraction(0))
        benefit = fsum(project.benefit for project in projects)
        net = self._ledger.net_per_period()
        rate = self._portfolio.money_rate
        spent = fsum(float(amount) * discount(rate, t, self._year) for t, amount in net.items())
        return {
            TermName.VALUE: fsum([*(p.value for p in projects), float(synergies)]),
            TermName.BENEFIT: benefit,
            TermName.NPV: benefit - spent,
            TermName.COST: float(sum(net.values())),
            TermName.MAKESPAN: float(self._makespan()),
            TermName.DELAY: float(self.delay()),
            TermName.CHANGES: float(self._changes()),
        }

    def _project_kpi(self, name: str) -> ProjectKpi:
        active = self._schedule.active[name]
        raw = self._measures.value[name]
        adjusted = raw * Fraction(active.project.probability) if self._risk_adjusted else raw
        finish = self._schedule.on_grid(active.finish)
        factor = discount(self._portfolio.value_rate, finish, self._year)
        return ProjectKpi(
            project=name,
            raw_value=float(raw),
            value=float(adjusted) * factor,
            cost=float(self._measures.cost[name]),
            benefit=self._benefit(active),
            effort=float(self._measures.effort[name]),
        )

    @property
    def _risk_adjusted(self) -> bool:
        return self._portfolio.risk_adjusted

    def _benefit(self, active: Active) -> float:
        """Return sum of d(t) x probability x benefit of a project."""
        benefit, rate = active.project.benefit, self._portfolio.money_rate
        if benefit is None:
            return 0.0
        event = active.start if benefit.anchor is Anchor.START else active.finish
        first = self._schedule.on_grid(event)
        return fsum(
            float(active.project.probability * amount) * discount(rate, t, self._year)
            for t, amount in enumerate(benefit.profile, first)
        )

    def _makespan(self) -> int:
        finishes = (a.finish for a in self._schedule.active.values())
        return self._schedule.on_grid(max(finishes, default=0))

    def delay(self) -> int:
        """Return the periods by which selected projects finish after their due dates."""
        return sum(lateness(self._schedule, a) for a in self._schedule.active.values())

    def _changes(self) -> Fraction:
        """Return weight x number of projects that differ from the baseline."""
        baseline = {entry.project: entry for entry in self._portfolio.baseline}
        number = sum(
            self._differs(self._schedule.active.get(project.id), baseline.get(project.id))
            for project in self._portfolio.projects
            if project.state is not State.DONE
        )
        weights = [
            t.project_weight for t in self._portfolio.objective.terms if t.term is TermName.CHANGES
        ]
        return number * Fraction(weights[0] if weights else 1)

    def _differs(self, active: Active | None, baseline: BaselineProject | None) -> bool:
        was_in = baseline is not None and baseline.selected
        if active is None or baseline is None or not was_in:
            return (active is not None) != was_in
        for was in baseline.phases:
            placed = active.phases.get(was.phase)
            if placed is None:
                continue
            moved = placed.start != self._portfolio.calendar.period_of(was.start)
            if moved or was.mode not in {None, placed.mode.id}:
                return True
        return False

    def _alignment(self) -> tuple[Alignment, ...]:
        """Return what the selected projects bring to each criterion.

        Projects whose value is given directly bring nothing to a criterion, so that the parts
        add up to the raw value of the others.
        """
        parts: defaultdict[str, Fraction] = defaultdict(Fraction)
        weights = self._portfolio.criteria_weights
        for criterion in self._portfolio.criteria:
            for active in self._schedule.active.values():
                score = active.project.scores.get(criterion.id)
                if score is not None and active.project.value is None:
                    parts[criterion.id] += criterion.utility(score)
            parts[criterion.id] *= Fraction(weights[criterion.id])
        total = sum(parts.values(), Fraction(0))
        return tuple(
            Alignment(criterion=name, value=float(part), share=float(part / total) if total else 0)
            for name, part in sorted(parts.items())
        )


def lateness(schedule: Schedule, active: Active) -> int:
    """Return the periods by which a project finishes after its due date, 0 without one."""
    due = active.project.due_period(schedule.portfolio.calendar)
    return 0 if due is None else max(0, schedule.on_grid(active.finish) - due)


def price_delays(schedule: Schedule, log: Log) -> None:
    """Note every soft due date that is missed."""
    for name, active in schedule.active.items():
        late, price = lateness(schedule, active), active.project.late_price
        if late and price is not None:
            log.breach("due", name, "", late, price)


def objective_value(objective: Objective, terms: Mapping[TermName, float], penalty: float) -> float:
    """Return the first term after prices, or the weighted sum (formulation, section 7).

    Weighted: sum of s_k w_k term_k with s_k = 1 where the term has the first term's sense and
    -1 otherwise, worsened by the penalty times the first weight.
    """
    worse = -1.0 if objective.maximised else 1.0
    first = objective.terms[0]
    if objective.method is Method.LEXICOGRAPHIC:
        return terms[first.term] + worse * penalty
    signs = [1.0 if t.term.maximised == objective.maximised else -1.0 for t in objective.terms]
    parts = [
        sign * float(t.weight) * terms[t.term]
        for sign, t in zip(signs, objective.terms, strict=True)
    ]
    return fsum([*parts, worse * float(first.weight) * penalty])
