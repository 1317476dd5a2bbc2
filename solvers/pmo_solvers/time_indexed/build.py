"""Problem -> columns and rows, once, for every engine."""

from __future__ import annotations

from dataclasses import dataclass

from pmo_optimizer.backend import Clock, Decisions
from pmo_optimizer.model import Method
from pmo_optimizer.problem import Problem
from pmo_solvers.time_indexed.capacity import Capacity
from pmo_solvers.time_indexed.linear import Kind, LinearModel, LinearTerm
from pmo_solvers.time_indexed.money import Money
from pmo_solvers.time_indexed.objective import Derived, Objective
from pmo_solvers.time_indexed.relations import (
    add_conflicts,
    add_links,
    add_selection,
    add_synergies,
)
from pmo_solvers.time_indexed.rules import Rules
from pmo_solvers.time_indexed.schedule import Schedule


@dataclass(frozen=True, slots=True)
class TimeIndexed:
    """The time-indexed model of a problem.

    Attributes
    ----------
    stages
        What each stage optimizes, prices included in the first.
    heads
        Column of the heads of each (hire, order period).
    synergies
        Column of each synergy.
    penalty, penalty_weight
        Priced breaches, and the factor with which they enter the first stage.
    derived
        Whole-number columns that follow from the decisions.
    """

    problem: Problem
    model: LinearModel
    schedule: Schedule
    stages: tuple[LinearTerm, ...]
    heads: dict[tuple[int, int], int]
    synergies: tuple[int, ...]
    penalty: LinearTerm
    penalty_weight: float
    derived: tuple[Derived, ...]

    def decode(self, values: list[int]) -> Decisions:
        """Return the decisions that column values mean."""
        heads = tuple(
            (hire, period, values[column])
            for (hire, period), column in sorted(self.heads.items())
            if values[column]
        )
        return self.schedule.decode(values, heads)

    def encode(self, decisions: Decisions) -> dict[int, int] | None:
        """Return values of all columns but continuous ones, or None if they do not fit."""
        values = self.schedule.encode(decisions)
        if values is None:
            return None
        for hire, period, count in decisions.heads:
            column = self.heads.get((hire, period))
            if column is None or count > self.model.upper[column]:
                return None
            values[column] = count
        for synergy, column in zip(self.problem.synergies, self.synergies, strict=True):
            values[column] = int(all(decisions.selected[p] for p in synergy.projects))
        for column, derive in self.derived:
            values[column] = derive(decisions)
        kinds = self.model.kind
        return {c: v for c, v in values.items() if kinds[c] is not Kind.CONTINUOUS}

    @property
    def cuts_are_exact(self) -> bool:
        """Whether 0/1 columns say all that is decided: no hire option has several heads."""
        return all(self.model.upper[column] <= 1 for column in self.heads.values())

    def decision_columns(self, values: list[int]) -> tuple[list[int], list[int]]:
        """Return the 0/1 columns of selection, schedule and hires at 1, and those at 0."""
        columns = list(self.schedule.selected)
        for works in self.schedule.works:
            columns += [work.column for work in works]
        columns += [c for c in self.heads.values() if self.model.upper[c] == 1]
        columns = sorted(set(columns))
        return [c for c in columns if values[c]], [c for c in columns if not values[c]]


def build(problem: Problem, clock: Clock | None = None) -> TimeIndexed:
    """Return the time-indexed model of a problem.

    Raises
    ------
    OutOfTime
        The clock ran out, or a stop was asked for, before the model was there.
    """
    model = LinearModel(clock)
    penalty = LinearTerm(None, maximised=False)
    schedule = Schedule(problem, model)
    add_links(problem, model, schedule)
    add_selection(problem, model, schedule)
    add_conflicts(problem, model, schedule)
    synergies = add_synergies(problem, model, schedule)
    capacity = Capacity(problem, model, schedule, penalty)
    capacity.add()
    money = Money(problem, model, schedule, capacity.heads, synergies, penalty)
    money.add_funds()
    money.add_caps()
    Rules(problem, model, schedule, money.project_cost, penalty).add()
    objective = Objective(problem, model, schedule, money, synergies, penalty)
    stages = objective.stages()
    weighted = problem.method is Method.WEIGHTED
    return TimeIndexed(
        problem=problem,
        model=model,
        schedule=schedule,
        stages=tuple(stages),
        heads=capacity.heads,
        synergies=tuple(synergies),
        penalty=penalty,
        penalty_weight=problem.terms[0].weight if weighted else 1.0,
        derived=tuple(objective.derived),
    )
