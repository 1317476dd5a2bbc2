"""Plans that grow project by project, each staffed by name as it enters."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pmo_optimizer.backend import Clock, Decisions, PhaseDecision
from pmo_optimizer.model import StaffingGoals
from pmo_optimizer.problem import Problem
from pmo_solvers.named.allowed import may_give, unbound
from pmo_solvers.named.construct import Builder
from pmo_solvers.named.goals import Points
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.tasks import Given, Reader, Server, Task, Team, Work, moved
from pmo_solvers.ranking.engine import hardened
from pmo_solvers.ranking.fill import Desk, Rule, decided, fill
from pmo_solvers.ranking.shapes import Candidate

MOST_FAILS = 12
"""Places of a project that are tried without finding people, in plans that follow another."""


@dataclass(frozen=True, slots=True)
class Staffed:
    """A plan with names: decisions, their work, and who gives what.

    Attributes
    ----------
    value
        Worth in the first stage before prices of breaches, more is better; NaN if not known.
    """

    decisions: Decisions
    work: Work
    given: Given
    value: float = float("nan")

    def by_project(self) -> dict[int, list[tuple[Server, Task, dict[int, int]]]]:
        """Return the shares of each project, with their tasks."""
        out: dict[int, list[tuple[Server, Task, dict[int, int]]]] = defaultdict(list)
        for (server, index), shares in sorted(self.given.items()):
            task = self.work.tasks[index]
            out[task.project].append((server, task, shares))
        return out


class Roster:
    """Who works on the projects that are in; see `pmo_solvers.ranking.fill.Names`.

    Hires are not ordered here.

    Parameters
    ----------
    known
        A plan whose projects get whom they have there, where they enter as there.
    """

    def __init__(self, reader: Reader, goals: StaffingGoals, known: Staffed | None = None) -> None:
        self.reader = reader
        self.all: list[Task] = []
        self.teams: list[Team] = []
        nobody: list[dict[int, int]] = [{}] * reader.problem.periods
        self.work: Work = reader.work(self.all, self.teams, nobody)
        self.ledger = Ledger(self.work)
        self.builder = Builder(self.ledger, Points(self.work, goals))
        self.tasks: dict[int, list[Task]] = {}
        self.places: dict[int, tuple[PhaseDecision, ...]] = {}
        self.failed: dict[int, int] = defaultdict(int)
        self.known = known
        self.before = known.by_project() if known is not None else {}

    def take(self, candidate: Candidate) -> bool:
        """Staff a project; return False, and change nothing, where somebody is missing."""
        project = candidate.shape.project.index
        if self.known is not None and self.failed[project] >= MOST_FAILS:
            return False
        places = candidate.decisions()
        tasks, teams = self.reader.tasks(project, places, len(self.all))
        self.all += tasks
        self.teams += teams
        self.tasks[project], self.places[project] = tasks, places
        same = self.known is not None and self.known.decisions.phases[project] == places
        if same and self._as_before(project, tasks):
            return True
        if self.builder.run(tasks, fully=True) and not unbound(self.ledger, tasks):
            return True
        self.failed[project] += 1
        self.release(project)
        return False

    def _as_before(self, project: int, tasks: list[Task]) -> bool:
        """Give a project whom it has in the known plan; undo that where it does not suffice."""
        own = {(task.phase, task.demand.need): task for task in tasks}
        for server, was, shares in self.before[project]:
            task = own[was.phase, was.demand.need]
            if may_give(self.ledger, server, task, shares):
                self.ledger.give(server, task, shares)
        missing = any(self.ledger.missing(task) for task in tasks)
        if not missing and not unbound(self.ledger, tasks):
            return True
        for task in tasks:
            self.ledger.clear(task)
        return False

    def alike(self, decisions: Decisions) -> int:
        """Return how many projects are in here as they are in a plan."""
        pairs = enumerate(zip(decisions.selected, decisions.phases, strict=True))
        return sum(inside and self.places.get(p) == places for p, (inside, places) in pairs)

    def release(self, project: int) -> None:
        """Take everybody off a project."""
        tasks = self.tasks.pop(project, [])
        self.places.pop(project, None)
        for task in tasks:
            self.ledger.clear(task)
            self.builder.phase_people.pop((task.project, task.phase), None)
        if tasks and tasks[-1].index == len(self.all) - 1:
            first = tasks[0].index
            del self.all[first:]
            self.teams[:] = [team for team in self.teams if team.tasks[0] < first]


class Rosters:
    """Rank-and-fill with names; what all plans share is made once."""

    def __init__(self, reader: Reader, plain: Problem, goals: StaffingGoals) -> None:
        self.reader = reader
        self.goals = goals
        self.plain = plain
        self._desk: Desk | None = None

    def plan(
        self,
        rule: Rule,
        clock: Clock,
        known: Staffed | None = None,
    ) -> Staffed | None:
        """Return a staffed plan of a rule, or None.

        Parameters
        ----------
        known
            A plan whose projects keep their people where they enter as there.
        """
        if self._desk is None:
            self._desk = Desk(hardened(self.plain), clock)
        self._desk.clock = clock
        made: list[Roster] = []

        def fresh() -> Roster:
            made.append(Roster(self.reader, self.goals, known))
            return made[-1]

        placed = fill(self._desk, rule, fresh)
        if placed is None:
            return None
        decisions = decided(self.plain, placed)
        # The list may have been gone through several times, and the last plan need not be the best.
        roster = max(made, key=lambda each: each.alike(decisions))
        work = self.reader.work_of(decisions)
        given = moved(roster.work, work, roster.ledger.given)
        value = self._desk.worth.of_plan(placed)[0]
        return Staffed(decisions, work, given, value)


def following(decisions: Decisions, scores: tuple[float, ...]) -> Rule:
    """Return the rule by which projects enter by scores, placed as in a plan where they can be."""
    wanted: tuple[tuple[PhaseDecision, ...], ...] = decisions.phases
    return Rule("named", scores=scores, wanted=wanted)
