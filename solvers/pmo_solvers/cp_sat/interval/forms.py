"""Figures of a schedule in whole numbers, and the terms of the objective as forms over them.

Makespan and delay are whole periods and money comes in whole units, so that stages, holds and
bounds are exact: the only floats are constants that no decision moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from pmo_optimizer.backend import Decisions
from pmo_optimizer.model import Method, TermName
from pmo_optimizer.problem import Problem, TermData
from pmo_solvers.completion import span
from pmo_solvers.cp_sat.interval.constants import constant_cost, mode_cost, selected

Figures = Mapping[TermName, int]
"""Makespan and delay in periods, cost in money units."""

FIGURES = (TermName.MAKESPAN, TermName.DELAY, TermName.COST)
"""What decisions of a fixed selection can change; less of it is better."""

CONSTANT_TERMS = frozenset({TermName.VALUE, TermName.BENEFIT})
"""Terms that a fixed selection decides where nothing is discounted."""


def figures(problem: Problem, decisions: Decisions) -> dict[TermName, int]:
    """Return makespan, delay and cost of decisions."""
    latest = delay = 0
    cost = constant_cost(problem)
    for project in selected(problem):
        _, finish = span(problem, decisions, project.index)
        latest = max(latest, finish)
        if project.due is not None:
            delay += max(0, finish - project.due)
        placed = zip(project.phases, decisions.phases[project.index], strict=True)
        cost += sum(mode_cost(phase.modes[decision.mode]) for phase, decision in placed)
    return {TermName.MAKESPAN: latest, TermName.DELAY: delay, TermName.COST: cost}


@dataclass(frozen=True, slots=True)
class Form:
    """A term or weighted sum: constant -/+ (sum of coefs x figures) / scale.

    The sum is always to be minimised; it is subtracted where the term is maximised.
    """

    maximised: bool
    constant: float
    coefs: Mapping[TermName, int]
    scale: int = 1

    def whole(self, found: Figures) -> int:
        """Return the whole sum at given figures."""
        return sum(coef * found[name] for name, coef in self.coefs.items())

    def natural(self, whole: int) -> float:
        """Return the value of the term, in natural units, for a whole sum."""
        amount = whole / self.scale
        return self.constant - amount if self.maximised else self.constant + amount

    def limit(self, whole: int, term: TermData) -> tuple[int, float]:
        """Return the most that the sum may become in later stages, and the tolerance.

        The tolerance is max(abs_tol, rel_tol x abs(value)) (formulation, section 7).
        """
        value = abs(Fraction(self.natural(whole)))
        tolerance = max(_exact(term.abs_tol), _exact(term.rel_tol) * value)
        return whole + int(tolerance * self.scale), float(tolerance)

    @property
    def offset(self) -> int:
        """The constant in units of the sum, rounded: what relative gaps refer to."""
        shift = round(self.constant * self.scale)
        return -shift if self.maximised else shift


def _exact(number: float) -> Fraction:
    """Return the decimal that a float was read from."""
    return Fraction(repr(number))


def stage_forms(problem: Problem) -> tuple[Form, ...]:
    """Return what each stage optimizes: one weighted sum, or every term in order."""
    if problem.method is Method.WEIGHTED:
        return (_weighted(problem),)
    return tuple(term_form(problem, term) for term in problem.terms)


def term_form(problem: Problem, term: TermData) -> Form:
    """Return one term; a constant one has no coefficients."""
    name = term.name
    if name is TermName.VALUE:
        return Form(True, _value(problem), {})
    if name is TermName.BENEFIT:
        return Form(True, _benefit(problem), {})
    if name is TermName.NPV:
        return Form(True, _benefit(problem), {TermName.COST: 1}, problem.money_scale)
    scale = problem.money_scale if name is TermName.COST else 1
    return Form(False, 0.0, {name: 1}, scale)


def _value(problem: Problem) -> float:
    chosen = selected(problem)
    inside = {project.index for project in chosen}
    synergies = (s.value for s in problem.synergies if inside.issuperset(s.projects))
    return sum(float(p.raw_value) * p.value_factor for p in chosen) + sum(synergies)


def _benefit(problem: Problem) -> float:
    return sum(sum(project.benefit) for project in selected(problem))


def _weighted(problem: Problem) -> Form:
    """Sum of s_k w_k term_k, s_k = -1 where a term has the other sense than the first."""
    forms = [(term_form(problem, term), _exact(term.weight)) for term in problem.terms]
    maximised = forms[0][0].maximised
    parts: dict[TermName, Fraction] = {}
    constant = 0.0
    for form, weight in forms:
        constant += float(weight if form.maximised == maximised else -weight) * form.constant
        for name, coef in form.coefs.items():
            parts[name] = parts.get(name, Fraction(0)) + weight * Fraction(coef, form.scale)
    scale = lcm(*(part.denominator for part in parts.values()))
    return Form(maximised, constant, {n: int(part * scale) for n, part in parts.items()}, scale)


def largest(problem: Problem) -> dict[TermName, int]:
    """Return the greatest absolute value that each figure can have."""
    chosen = selected(problem)
    delay = (p.last_finish - p.due for p in chosen if p.due is not None)
    costs = (
        max((abs(mode_cost(mode)) for mode in phase.modes), default=0)
        for project in chosen
        for phase in project.phases
    )
    return {
        TermName.MAKESPAN: problem.periods,
        TermName.DELAY: sum(max(0, late) for late in delay),
        TermName.COST: abs(constant_cost(problem)) + sum(costs),
    }
