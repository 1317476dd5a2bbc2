"""Sums of individuals' shares on a project that have a limit: dedications and staff budgets.

Both are one kind of row (formulation, section 13, rules 9 and 10): over some periods the shares
of some individuals on the project, each times a whole weight, add up to at most a whole cap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor, gcd, lcm

from pmo_optimizer.problem import Problem

SHARE_UNITS = 10_000
"""Share units of an FTE."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Sum over individuals, needs of the project and periods of weight x share <= cap.

    Attributes
    ----------
    project
        Index of the project.
    periods
        Periods (0-based) whose shares count.
    weights
        Whole weight by individual; others do not count.
    cap
        In weight x share units, shares being units of 1 / `SHARE_UNITS` FTE.
    """

    project: int
    periods: range
    weights: Mapping[int, int]
    cap: int

    def use(self, person: int, shares: Mapping[int, int]) -> int:
        """Return what shares of an individual, by period, take of the cap."""
        weight = self.weights.get(person, 0)
        return weight * sum(units for t, units in shares.items() if t in self.periods)


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of a problem.

    Attributes
    ----------
    rows
        The limits; others name them by their position.
    of
        Positions of the limits in which an individual's shares on a project count, by
        (individual, project).
    """

    rows: tuple[Limit, ...]
    of: Mapping[tuple[int, int], tuple[int, ...]]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.rows)

    def on(self, project: int) -> bool:
        """Return whether anything limits sums of shares on a project."""
        return any(row.project == project for row in self.rows)


def limits_of(problem: Problem) -> Limits:
    """Return dedications and staff budgets as rows of whole numbers.

    Shares are whole units, so that rounding a cap down to what whole units can reach changes
    nothing.
    """
    rows = (*_dedications(problem), *_budgets(problem))
    of: dict[tuple[int, int], tuple[int, ...]] = defaultdict(tuple)
    for number, row in enumerate(rows):
        for person in row.weights:
            of[person, row.project] += (number,)
    return Limits(rows, dict(of))


def _dedications(problem: Problem) -> Iterator[Limit]:
    for index, person in enumerate(problem.people):
        for own in person.dedications:
            yield Limit(own.project, own.periods, {index: 1}, floor(own.most * SHARE_UNITS))


def _budgets(problem: Problem) -> Iterator[Limit]:
    rates = {i: p.cost_rate for i, p in enumerate(problem.people) if p.cost_rate > 0}
    if not rates:
        return
    scale = lcm(*(rate.denominator for rate in rates.values()))
    whole = {person: int(rate * scale) for person, rate in rates.items()}
    common = gcd(*whole.values())
    for project in problem.projects:
        if project.staff_budget is not None:
            cap = floor(project.staff_budget * scale * SHARE_UNITS / Fraction(common))
            weights = {person: weight // common for person, weight in whole.items()}
            yield Limit(project.index, range(problem.periods), weights, cap)


def is_limited(problem: Problem) -> bool:
    """Return whether there are dedications or staff budgets."""
    return any(p.dedications for p in problem.people) or any(
        p.staff_budget is not None for p in problem.projects
    )


class Spent:
    """What is used of every limit.

    Parameters
    ----------
    limits
        The limits.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.used = [0] * len(limits.rows)

    def add(self, person: int, project: int, period: int, units: int) -> None:
        """Note shares of an individual on a project; negative ones are taken away."""
        for number in self.limits.of.get((person, project), ()):
            row = self.limits.rows[number]
            if period in row.periods:
                self.used[number] += row.weights[person] * units

    def allows(self, person: int, project: int, shares: Mapping[int, int]) -> bool:
        """Return whether an individual may add shares, by period, to what is given."""
        return all(
            self.used[number] + self.limits.rows[number].use(person, shares)
            <= self.limits.rows[number].cap
            for number in self.limits.of.get((person, project), ())
        )

    def trimmed(
        self, person: int, project: int, shares: Mapping[int, int], least: int
    ) -> dict[int, int]:
        """Return as much of some shares as may be added, earlier periods first.

        No share in it is below ``least``; shares that are ``least`` stay whole or go.
        """
        numbers = self.limits.of.get((person, project), ())
        rows = [self.limits.rows[number] for number in numbers]
        left = [row.cap - self.used[number] for number, row in zip(numbers, rows, strict=True)]
        out: dict[int, int] = {}
        for period, units in sorted(shares.items()):
            binding = [i for i, row in enumerate(rows) if period in row.periods]
            room = min((left[i] // rows[i].weights[person] for i in binding), default=units)
            given = min(units, room)
            if given < least or given <= 0:
                continue
            out[period] = given
            for i in binding:
                left[i] -= rows[i].weights[person] * given
        return out


def joined(limits: Limits, people: Iterable[int], project: int, periods: Iterable[int]) -> set[int]:
    """Return the limits in which shares of some individuals on a project count."""
    times = list(periods)
    return {
        number
        for person in people
        for number in limits.of.get((person, project), ())
        if any(t in limits.rows[number].periods for t in times)
    }
