"""Rank-and-fill: projects enter one by one, each as early as all that is in allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from pmo_optimizer.backend import Clock, Decisions, PhaseDecision
from pmo_optimizer.problem import Problem, ProjectData
from pmo_solvers.ranking.journal import Journal
from pmo_solvers.ranking.money import Caps, Funds
from pmo_solvers.ranking.people import People
from pmo_solvers.ranking.rows import Conflicts, Links, Rows
from pmo_solvers.ranking.shapes import Candidate, Schedules, Shape
from pmo_solvers.ranking.worth import Figures, Worth

ATTEMPTS = 6
"""How often a list is gone through anew after its plan broke a rule in the end."""

ALTERNATIVES = 4
"""How many ways to meet requirements that several projects can meet are tried."""

Placed = dict[int, Candidate]
"""Where each selected project is placed, by its index."""


def decided(problem: Problem, placed: Placed) -> Decisions:
    """Return what has been placed as decisions."""
    projects = problem.projects
    return Decisions(
        tuple(p.index in placed for p in projects),
        tuple(placed[p.index].decisions() if p.index in placed else () for p in projects),
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to rank.

    Attributes
    ----------
    per_cost
        By value per cost instead of by value.
    cut
        Stop at the first project that does not fit.
    usual
        Prefer the first mode of each phase to an earlier finish.
    scores
        Rank by these instead, one per project index, the highest first.
    wanted
        How each project is placed if it can be, by its index, or else near the start of that;
        empty: as early as possible.
    """

    name: str
    per_cost: bool = False
    cut: bool = False
    usual: bool = False
    scores: tuple[float, ...] | None = None
    wanted: tuple[tuple[PhaseDecision, ...], ...] | None = None


class Names(Protocol):
    """Gives names to projects as they enter, where that is asked for."""

    def take(self, candidate: Candidate) -> bool:
        """Staff a project; return False, and change nothing, where somebody is missing."""
        ...

    def release(self, project: int) -> None:
        """Take everybody off a project."""
        ...


class Desk:
    """What is the same for all rules of one problem: schedules, worths, who needs whom."""

    def __init__(self, problem: Problem, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self.schedules = Schedules(problem)
        self.worth = Worth(problem)
        self.links = Links(problem)
        self.conflicts = Conflicts(problem)
        self.first: list[Candidate | None] = [
            None if p.fixed == 0 else next(self.schedules.candidates(p, usual=True), None)
            for p in problem.projects
        ]
        self.figures: list[Figures | None] = [
            None if candidate is None else self.worth.of_project(candidate)
            for candidate in self.first
        ]
        self.needs = self._needs()

    def ranked(self, rule: Rule) -> list[ProjectData]:
        """Return the projects that are free to be chosen, best first."""
        free = [p for p in self.problem.projects if p.fixed is None and not p.running]
        return sorted(free, key=lambda p: self.rank(p, rule))

    def rank(self, project: ProjectData, rule: Rule) -> tuple[float, ...]:
        """Return what projects are sorted by: less is better."""
        if rule.scores is not None:
            return -rule.scores[project.index], project.index
        figures, candidate = self.figures[project.index], self.first[project.index]
        if figures is None or candidate is None:
            return (0.0,)
        worth = figures[0]
        if not self.problem.maximised:
            worth = float(project.raw_value) * project.value_factor
        if rule.per_cost:
            worth /= max(candidate.shape.cost, 1)
        return -worth, *(-figure for figure in figures[1:]), project.index

    def welcome(self, project: ProjectData) -> bool:
        """Return whether a project alone does the objective no harm: its first effect is good."""
        figures = self.figures[project.index]
        if figures is None:
            return False
        return next((number > 0 for number in figures if number), True)

    def _needs(self) -> dict[int, list[tuple[int, ...]]]:
        """Return what each project needs, each time one of several projects."""
        needs: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for row in self.problem.selection:
            ones = tuple(p for p, factor in row.terms if factor == 1)
            minus = [p for p, factor in row.terms if factor == -1]
            if len(minus) == 1 and row.lower == 0:
                needs[minus[0]].append(ones)
                if row.upper == 0 and len(ones) == 1:
                    needs[ones[0]].append((minus[0],))
        for link in self.problem.links:
            if link.block:
                needs[link.target[0]].append(tuple(p for p, _ in link.sources))
        return needs


class Fill:
    """A plan that grows project by project.

    Parameters
    ----------
    strict
        Numbers of rows that must not even for a time fall further below a lower limit.
    thrifty
        Whether, of the projects that help such rows, the cheapest come first.
    names
        Who must be able to staff every project by name; None: nobody needs names.
    """

    def __init__(
        self,
        desk: Desk,
        rule: Rule,
        strict: frozenset[int],
        *,
        thrifty: bool = False,
        names: Names | None = None,
    ) -> None:
        self.desk = desk
        self.rule = rule
        self.problem = desk.problem
        self.journal = Journal()
        self.people = People(self.problem, self.journal)
        self.funds = Funds(self.problem, self.journal)
        self.caps = Caps(self.problem, self.journal)
        self.rows = Rows(self.problem, self.journal)
        self.rows.strict = strict
        self.thrifty = thrifty
        self.names = names
        self.placed: Placed = {}
        self.complete: Placed | None = None
        self.waiting: list[ProjectData] = []
        self._may_fit_later = False
        self._certain = True
        self.journal.settle()

    def run(self, front: Iterable[int]) -> int | None:
        """Enter projects in order.

        Returns a mandatory project that found no place, or None. The last plan that kept all
        rules is in ``complete``.

        Parameters
        ----------
        front
            Mandatory projects that come before all others.
        """
        projects = self.problem.projects
        certain = sorted(
            (p for p in projects if p.fixed == 1),
            key=lambda p: (not p.running, p.last_start - p.first_start, p.index),
        )
        for project in (*(projects[p] for p in front), *certain):
            if not self.enter(project):
                return project.index
        stopped = [p for p in projects if p.running and p.fixed is None and not self.enter(p)]
        stopped += [p for p in projects if p.fixed == 0]
        if not all(self.funds.stop(p) and self.caps.stop(p) for p in stopped):
            return None
        self.journal.settle()
        self._certain = False
        self._look()
        ranked = self.desk.ranked(self.rule)
        for project in sorted(ranked, key=self._price) if self.thrifty else ranked:
            if self._short_of(project) and self.enter(project):
                self._look()
        self._go_through([p for p in ranked if self.desk.welcome(p)])
        return None

    def _short_of(self, project: ProjectData) -> bool:
        """Return whether a project helps a strict row that does not hold."""
        first = self.desk.first[project.index]
        return first is not None and self.rows.helps(first.shape, self.rows.strict)

    def _price(self, project: ProjectData) -> int:
        first = self.desk.first[project.index]
        return 0 if first is None else first.shape.cost

    def _go_through(self, ranked: list[ProjectData]) -> None:
        """Enter projects in order, and those that others have made room for since."""
        while ranked and not self.desk.clock.over:
            before = len(self.placed)
            self.waiting = []
            for project in ranked:
                if self.desk.clock.over:
                    return
                if self.enter(project):
                    self._look()
                elif self.rule.cut:
                    return
                elif self._may_fit_later:
                    self.waiting.append(project)
            ranked = self.waiting if len(self.placed) > before else []

    def _look(self) -> None:
        """Keep the plan if it holds all rules."""
        if self.rows.hold:
            self.complete = dict(self.placed)

    # -- enter -----------------------------------------------------------------------------

    def enter(self, project: ProjectData) -> bool:
        """Enter a project with all that it needs, or leave everything as it was."""
        self._may_fit_later = False
        if project.index in self.placed:
            return True
        for choice in range(ALTERNATIVES):
            bundle, more = self._bundle(project.index, choice)
            if bundle and self._enter_all(bundle):
                return True
            if not more:
                break
        return False

    def _enter_all(self, bundle: list[int]) -> bool:
        before = self.rows.logic_breach(bundle)
        for done, index in enumerate(bundle):
            if not self._place(self.problem.projects[index]):
                self._undo(bundle[:done])
                return False
        if self.rows.logic_breach(bundle) > before:
            self._undo(bundle)
            return False
        self.journal.settle()
        return True

    def _undo(self, entered: Iterable[int]) -> None:
        self.journal.back(0)
        for index in entered:
            del self.placed[index]
            if self.names is not None:
                self.names.release(index)

    def _bundle(self, project: int, choice: int) -> tuple[list[int], bool]:
        """Return a project and all it needs that is not in, sources of links first.

        Where several projects meet a need the ``choice``-th in the order of worth is taken;
        the second value tells whether a further one exists. Empty where a need cannot be met.
        """
        bundle, open_, more = [project], [project], False
        while open_:
            for options in self.desk.needs[open_.pop()]:
                if any(p in self.placed or p in bundle for p in options):
                    continue
                able = [p for p in options if self.desk.first[p] is not None]
                able.sort(key=lambda p: self.desk.rank(self.problem.projects[p], self.rule))
                if not able:
                    return [], False
                more = more or choice + 1 < len(able)
                chosen = able[min(choice, len(able) - 1)]
                bundle.append(chosen)
                open_.append(chosen)
        return self._sources_first(bundle), more

    def _sources_first(self, bundle: list[int]) -> list[int]:
        """Return a bundle with the sources of links before their targets, where possible."""
        out: list[int] = []
        left = bundle[::-1]
        while left:
            ready = next((p for p in left if not self._awaits(p, left)), left[0])
            out.append(ready)
            left.remove(ready)
        return out

    def _awaits(self, project: int, left: list[int]) -> bool:
        return any(
            link.target[0] == project and source != project and source in left
            for link in self.desk.links.of[project]
            for source, _ in link.sources
        )

    # -- place -----------------------------------------------------------------------------

    def _place(self, project: ProjectData) -> bool:
        """Enter one project at the first of its schedules that all limits allow."""
        shapes: dict[Shape, bool] = {}
        for candidate in self._candidates(project):
            shape = candidate.shape
            if shape not in shapes:
                shapes[shape] = self._suits(shape)
            if shapes[shape] and self._fits(candidate):
                self.placed[project.index] = candidate
                return True
        return False

    def _candidates(self, project: ProjectData) -> Iterable[Candidate]:
        """Return schedules in the order of the rule."""
        schedules = self.desk.schedules
        found = schedules.candidates(project, usual=self.rule.usual)
        wanted = () if self.rule.wanted is None else self.rule.wanted[project.index]
        if not wanted:
            return found
        first = schedules.wanted(project, wanted)
        aim = min(decision.start for decision in wanted)
        return chain([first] if first else [], schedules.near(project, aim), found)

    def _suits(self, shape: Shape) -> bool:
        """Return whether rules let a project in, whenever it starts.

        Rules that later projects can mend do not stop running and mandatory ones.
        """
        row = self.rows.refused(shape, self.rows.signed if self._certain else ())
        if row is not None and row in self.rows.signed:
            self._may_fit_later = True
        return row is None

    def _fits(self, candidate: Candidate) -> bool:
        """Take what a candidate uses, or nothing where some of it is not there."""
        project = candidate.shape.project
        if not self.rows.may_start(project.index, candidate.start):
            return False
        if self.people.hopeless(candidate) or not self.desk.links.allow(candidate, self.placed):
            return False
        if not self.desk.conflicts.allow(candidate, self.placed):
            return False
        asked = self.funds.asked(candidate)
        if self.funds.hopeless(asked):
            self._may_fit_later = self._may_fit_later or self.funds.can_grow
            return False
        mark = self.journal.mark
        if not self.caps.take(candidate):
            self.journal.back(mark)
            return False
        if not self.funds.take(project, asked):
            self.journal.back(mark)
            self.funds.pot.learn()
            self._may_fit_later = self._may_fit_later or self.funds.can_grow
            return False
        if not self.people.take(candidate):
            self.journal.back(mark)
            self.people.learn()
            return False
        if self.names is not None and not self.names.take(candidate):
            self.journal.back(mark)
            return False
        self.rows.take(candidate)
        return True


def fill(desk: Desk, rule: Rule, names: Callable[[], Names] | None = None) -> Placed | None:
    """Return the plan of a rule that keeps all hard limits, or None.

    The list is gone through as it stands. Where a mandatory project finds no place it comes
    first the next time; where a rule is broken in the end, projects that help it come first,
    at last the cheapest of them, and none may break it.

    Parameters
    ----------
    names
        Makes what staffs a plan by name, anew for each time that the list is gone through.
    """
    front: list[int] = []
    strict: frozenset[int] = frozenset()
    thrifty = False
    best: Placed | None = None
    for _ in range(ATTEMPTS):
        staff = None if names is None else names()
        attempt = Fill(desk, rule, strict, thrifty=thrifty, names=staff)
        missing = attempt.run(front)
        if attempt.complete is not None:
            best = better(desk, best, attempt.complete)
        if desk.clock.over:
            break
        if missing is not None:
            if missing in front[:1]:
                break
            front = [missing, *(p for p in front if p != missing)]
            continue
        broken = attempt.rows.broken()
        if not broken or (broken <= strict and thrifty):
            break
        thrifty = broken <= strict
        strict |= broken
    return best


def better(desk: Desk, left: Placed | None, right: Placed) -> Placed:
    """Return the plan with the better figures, the first where they are equal."""
    if left is None or desk.worth.of_plan(right) > desk.worth.of_plan(left):
        return right
    return left
