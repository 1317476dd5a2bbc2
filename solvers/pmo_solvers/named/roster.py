"""Plans that grow project by project, each staffed by name as it enters."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

from pmo_optimizer.backend import Clock, Decisions, PhaseDecision
from pmo_optimizer.model import StaffingGoals
from pmo_optimizer.problem import Problem
from pmo_solvers.named.construct import Builder
from pmo_solvers.named.goals import Points
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.program import Effort, Program
from pmo_solvers.named.search import neighbourhood, unbound
from pmo_solvers.named.tasks import Given, Reader, Task, Team, Work, work_of
from pmo_solvers.ranking.engine import hardened
from pmo_solvers.ranking.fill import Desk, Rule, decided, fill
from pmo_solvers.ranking.shapes import Candidate

HOOD_CELLS = 1_500
"""Pairs of server and period that are arranged anew for a task."""


@dataclass(slots=True)
class Pains:
    """How much is done for a project that finds nobody at first.

    Attributes
    ----------
    clock
        Ends all pains.
    tries
        Times per project that others' work is arranged anew for it.
    seconds
        Longest time for one of them.
    """

    clock: Clock
    workers: int
    seed: int
    tries: int = 3
    seconds: float = 0.5


class Roster:
    """Who works on the projects that are in; see `pmo_solvers.ranking.fill.Names`.

    Hires are not ordered here.

    Parameters
    ----------
    pains
        None: a project enters only if somebody is free for it as things are.
    """

    def __init__(
        self, reader: Reader, goals: StaffingGoals, pains: Pains | None, dice: random.Random
    ) -> None:
        self.reader = reader
        self.all: list[Task] = []
        self.teams: list[Team] = []
        self.work: Work = reader.work(self.all, self.teams, ())
        self.ledger = Ledger(self.work)
        self.builder = Builder(self.ledger, Points(self.work, goals))
        self.pains = pains
        self.dice = dice
        self.tasks: dict[int, list[Task]] = {}
        self.tried: dict[int, int] = defaultdict(int)

    def take(self, candidate: Candidate) -> bool:
        """Staff a project; return False, and change nothing, where somebody is missing."""
        project = candidate.shape.project.index
        places = candidate.decisions()
        tasks, teams = self.reader.tasks(project, places, len(self.all))
        self.all += tasks
        self.teams += teams
        self.tasks[project] = tasks
        if self.builder.run(tasks, fully=True) and not unbound(self.ledger, tasks):
            return True
        if self._with_pains(project, tasks):
            return True
        self.release(project)
        return False

    def _with_pains(self, project: int, tasks: list[Task]) -> bool:
        """Arrange the work of others anew, so that a project gets whom it needs."""
        pains = self.pains
        if pains is None or pains.clock.over or self.tried[project] >= pains.tries:
            return False
        self.tried[project] += 1
        kept = self.ledger.copy_given()
        for task in tasks:
            if not self.ledger.servers(task):
                self.builder.staff(task)
        active = [task for own in self.tasks.values() for task in own]
        for task in tasks:
            if self.ledger.missing(task) and not self._arrange(task, tasks, active, pains):
                break
        if any(self.ledger.missing(task) for task in tasks) or unbound(self.ledger, active):
            self.ledger.restore(kept)
            return False
        return True

    def _arrange(self, task: Task, tasks: list[Task], active: list[Task], pains: Pains) -> bool:
        """Solve a neighbourhood of a task that lacks people; return whether it gets them."""
        hood = neighbourhood(self.ledger, task, active, HOOD_CELLS, self.dice)
        own = {t.index for t in hood}
        hood += [t for t in tasks if t.index not in own]
        program = Program(self.ledger, hood)
        seconds = min(pains.seconds, pains.clock.left)
        answer = program.solve(Effort(seconds, pains.workers, pains.seed), pains.clock)
        if answer.given is None or answer.unmet:
            return False
        for other in hood:
            self.ledger.clear(other)
        for (server, index), shares in answer.given.items():
            self.ledger.give(server, self.all[index], shares)
        return True

    def release(self, project: int) -> None:
        """Take everybody off a project."""
        tasks = self.tasks.pop(project, [])
        for task in tasks:
            self.ledger.clear(task)
            self.builder.phase_people.pop((task.project, task.phase), None)
        if tasks and tasks[-1].index == len(self.all) - 1:
            first = tasks[0].index
            del self.all[first:]
            self.teams[:] = [team for team in self.teams if team.tasks[0] < first]

    def given(self, work: Work) -> Given:
        """Return the shares under the numbers that tasks have in the work of the whole plan."""
        places = {(t.project, t.phase, t.demand.need, t.start): t.index for t in work.tasks}
        mine = {
            task.index: places.get((task.project, task.phase, task.demand.need, task.start))
            for tasks in self.tasks.values()
            for task in tasks
        }
        out: Given = {}
        for (server, index), shares in self.ledger.given.items():
            place = mine.get(index)
            if place is not None:
                out[server, place] = dict(shares)
        return out


class Rosters:
    """Rank-and-fill with names; what all plans share is made once."""

    def __init__(self, problem: Problem, plain: Problem, goals: StaffingGoals, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self.problem = problem
        self.goals = goals
        self.reader = Reader(problem)
        self.plain = plain
        self._desk: Desk | None = None
        self._last: Roster | None = None

    def plan(
        self, rule: Rule, clock: Clock, pains: Pains | None = None
    ) -> tuple[Decisions, Work, Given] | None:
        """Return a staffed plan of a rule, its work and its shares, or None."""
        if self._desk is None:
            self._desk = Desk(hardened(self.plain), clock)
        self._desk.clock = clock
        placed = fill(self._desk, rule, lambda: self._fresh(pains))
        if placed is None or self._last is None:
            return None
        decisions = decided(self.plain, placed)
        work = work_of(self.problem, decisions)
        return decisions, work, self._last.given(work)

    def _fresh(self, pains: Pains | None) -> Roster:
        self._last = Roster(self.reader, self.goals, pains, self.dice)
        return self._last


def following(decisions: Decisions, scores: tuple[float, ...]) -> Rule:
    """Return the rule by which projects enter by scores, placed as in a plan where they can be."""
    wanted: tuple[tuple[PhaseDecision, ...], ...] = decisions.phases
    return Rule("named", scores=scores, wanted=wanted)
