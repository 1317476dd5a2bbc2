"""Rules, selection logic and links while projects are entered one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from pmo_optimizer.model import LinkType
from pmo_optimizer.problem import MeasureRow, Placement, Problem, ProjectData, ProjectLink
from pmo_solvers.ranking.journal import Journal
from pmo_solvers.ranking.shapes import Candidate, Shape

Change = tuple[int, int]
"""Number of a row, and what a project adds to it."""


@dataclass(frozen=True, slots=True)
class Row:
    """lower <= total <= upper in whole numbers; None: no limit."""

    lower: int | None
    upper: int | None

    def excess(self, total: int) -> int:
        """Return how far a total lies above the upper limit."""
        return 0 if self.upper is None else max(0, total - self.upper)

    def shortfall(self, total: int) -> int:
        """Return how far a total lies below the lower limit."""
        return 0 if self.lower is None else max(0, self.lower - total)


class Rows:
    """Totals of all hard rows over selected projects and their starts.

    Going further above an upper limit is always refused. A lower limit that is missed can be
    met by later projects, so that only rows in ``strict`` must not fall further below theirs.

    Attributes
    ----------
    signed
        Rows of rules in which projects can make room for others.
    logic
        Rows from this number on are selection logic.
    mutual
        Of those, the ones that hold again once all of a bundle is in.
    """

    def __init__(self, problem: Problem, journal: Journal) -> None:
        self.problem = problem
        self.journal = journal
        self.rows: list[Row] = []
        self.strict: frozenset[int] = frozenset()
        self.signed: set[int] = set()
        self.mutual: set[int] = set()
        self._plain: dict[int, list[Change]] = defaultdict(list)
        self._measured: dict[int, list[tuple[int, MeasureRow, int]]] = defaultdict(list)
        self._starts: dict[int, list[tuple[range, int]]] = defaultdict(list)
        self._changes: dict[Shape, list[Change]] = {}
        for measure in problem.measures:
            if measure.price is None:
                self._add_measure(measure)
        for count in problem.counts:
            if count.price is not None:
                continue
            if count.periods is None:
                self._add(dict.fromkeys(count.projects, 1), count.lower, count.upper)
                continue
            first = len(self.rows)
            self.rows += [Row(count.lower, count.upper) for _ in count.periods]
            for project in count.projects:
                self._starts[project].append((count.periods, first))
        self.logic = len(self.rows)
        for row in problem.selection:
            if any(factor < 0 for _, factor in row.terms):
                self.mutual.add(len(self.rows))
            self._add(dict(row.terms), row.lower, row.upper)
        self.totals = [0] * len(self.rows)
        self._broken = [sum(1 for number in range(len(self.rows)) if self.breach(number))]

    def _add(self, terms: dict[int, int], lower: int | None, upper: int | None) -> None:
        for project, factor in terms.items():
            self._plain[project].append((len(self.rows), factor))
        self.rows.append(Row(lower, upper))

    def _add_measure(self, rule: MeasureRow) -> None:
        """Scale a rule by the least number that makes all its amounts whole."""
        units = {"cost": self.problem.money_scale, "effort": self.problem.fte_scale}
        parts = [limit for limit in (rule.lower, rule.upper) if limit is not None]
        for project, weight in rule.weights.items():
            value = self.problem.projects[project].raw_value if rule.measure == "value" else 1
            parts.append(weight * value)
        scale = lcm(*(part.denominator for part in parts)) * units.get(rule.measure, 1)
        number = len(self.rows)
        self.rows.append(
            Row(
                None if rule.lower is None else int(rule.lower * scale),
                None if rule.upper is None else int(rule.upper * scale),
            )
        )
        for project in rule.weights:
            self._measured[project].append((number, rule, scale))
        if len({weight > 0 for weight in rule.weights.values()}) == 2:
            self.signed.add(number)

    def changes(self, shape: Shape) -> list[Change]:
        """Return what a project adds to rows, whenever it starts."""
        if shape not in self._changes:
            index = shape.project.index
            out = list(self._plain[index])
            for number, rule, scale in self._measured[index]:
                amount = rule.weights[index] * _measure(self.problem, rule.measure, shape)
                out.append((number, int(amount * scale)))
            self._changes[shape] = out
        return self._changes[shape]

    def refused(self, shape: Shape, waived: Container[int]) -> int | None:
        """Return a row that does not let a project in, whenever it starts; None if all do."""
        for number, change in self.changes(shape):
            if number in self.mutual or number in waived:
                continue
            if not self._allows(number, change):
                return number
        return None

    def _allows(self, number: int, change: int) -> bool:
        row, before = self.rows[number], self.totals[number]
        after = before + change
        if change > 0:
            return row.excess(after) <= row.excess(before)
        return number not in self.strict or row.shortfall(after) <= row.shortfall(before)

    def may_start(self, project: int, period: int) -> bool:
        """Return whether limits on starts allow one more in a period."""
        return all(
            self._allows(first + period - periods.start, 1)
            for periods, first in self._starts[project]
            if period in periods
        )

    def take(self, candidate: Candidate) -> None:
        """Count a project."""
        for number, change in self.changes(candidate.shape):
            self._add_to(number, change)
        for periods, first in self._starts[candidate.shape.project.index]:
            if candidate.start in periods:
                self._add_to(first + candidate.start - periods.start, 1)

    def _add_to(self, number: int, change: int) -> None:
        before = self.breach(number) > 0
        self.journal.set(self.totals, number, self.totals[number] + change)
        moved = (self.breach(number) > 0) - before
        if moved:
            self.journal.set(self._broken, 0, self._broken[0] + moved)

    @property
    def hold(self) -> bool:
        """Whether all rows hold."""
        return not self._broken[0]

    def broken(self) -> frozenset[int]:
        """Return all rows that do not hold."""
        return frozenset(n for n in range(len(self.rows)) if self.breach(n))

    def breach(self, number: int) -> int:
        """Return how far a row is from holding."""
        row, total = self.rows[number], self.totals[number]
        return row.excess(total) + row.shortfall(total)

    def logic_breach(self, projects: Iterable[int]) -> int:
        """Return how far selection logic of some projects is from holding, all rows together."""
        numbers = {n for project in projects for n, _ in self._plain[project] if n >= self.logic}
        return sum(self.breach(number) for number in numbers)

    def helps(self, shape: Shape, rows: Iterable[int]) -> bool:
        """Return whether a project brings some row that does not hold nearer to its limits."""
        changes = dict(self.changes(shape))
        starts = {n for ps, first in self._starts[shape.project.index] for n in _span(ps, first)}
        for number in rows:
            row, total = self.rows[number], self.totals[number]
            change = 1 if number in starts else changes.get(number, 0)
            if (row.shortfall(total) and change > 0) or (row.excess(total) and change < 0):
                return True
        return False


def _span(periods: range, first: int) -> range:
    return range(first, first + len(periods))


def _measure(problem: Problem, measure: str, shape: Shape) -> Fraction:
    """Return a measure of a project in natural units."""
    if measure == "value":
        return shape.project.raw_value
    if measure == "cost":
        return Fraction(shape.cost, problem.money_scale)
    if measure == "effort":
        return Fraction(shape.effort, problem.fte_scale)
    return Fraction(1)


class Links:
    """Precedence between projects that have been entered and one that wants to."""

    def __init__(self, problem: Problem) -> None:
        self.of: dict[int, list[ProjectLink]] = defaultdict(list)
        for link in problem.links:
            for project in {link.target[0], *(p for p, _ in link.sources)}:
                self.of[project].append(link)

    def allow(self, candidate: Candidate, placed: dict[int, Candidate]) -> bool:
        """Return whether all links to projects that have been entered hold."""
        project = candidate.shape.project
        return all(_holds(link, project, candidate, placed) for link in self.of[project.index])


class Conflicts:
    """Placements that are not possible all at once."""

    def __init__(self, problem: Problem) -> None:
        self.of: dict[int, list[tuple[Placement, ...]]] = defaultdict(list)
        for conflict in problem.conflicts:
            for project in {member.project for member in conflict}:
                self.of[project].append(conflict)

    def allow(self, candidate: Candidate, placed: dict[int, Candidate]) -> bool:
        """Return whether a project would complete no conflict with those that are in."""
        index = candidate.shape.project.index
        everything = {**placed, index: candidate} if index in self.of else placed
        return not any(
            all(_is_placed(member, everything) for member in conflict)
            for conflict in self.of.get(index, ())
        )


def _is_placed(member: Placement, placed: dict[int, Candidate]) -> bool:
    candidate = placed.get(member.project)
    if candidate is None:
        return False
    mode, start = candidate.shape.modes[member.phase], candidate.event(member.phase, finish=False)
    return mode == member.mode and start in member.starts


def _holds(
    link: ProjectLink, project: ProjectData, candidate: Candidate, placed: dict[int, Candidate]
) -> bool:
    """Return whether a link holds or says nothing yet; of a group any member will do."""

    def entered(index: int) -> Candidate | None:
        return candidate if index == project.index else placed.get(index)

    target = entered(link.target[0])
    if target is None:
        return True
    finish_a = link.type in {LinkType.FS, LinkType.FF}
    finish_b = link.type in {LinkType.FF, LinkType.SF}
    after = target.event(link.target[1], finish=finish_b)
    lags = [
        after - source.event(phase, finish=finish_a)
        for source, phase in ((entered(p), f) for p, f in link.sources)
        if source is not None
    ]
    if not lags:
        return True
    low, high = link.min_lag, link.max_lag
    return (low is None or max(lags) >= low) and (high is None or min(lags) <= high)
