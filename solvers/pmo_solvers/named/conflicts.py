"""Why a staffing fails: placements of phases that people cannot staff all at once.

Only what is proved impossible becomes a conflict: in one period, where who works on what
elsewhere does not matter, or for the whole of some phases at their dates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from pmo_optimizer.backend import Clock, Decisions
from pmo_optimizer.problem import Demand, Placement, Problem
from pmo_solvers.named.hoods import cells
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.program import Effort, Program
from pmo_solvers.named.search import SMALL_CELLS, Staffing
from pmo_solvers.named.tasks import Task

PROOF_SECONDS = 5.0
"""Most seconds for one proof."""

PROOF_WORK = 5.0
"""The same in deterministic time, for reproducible runs."""

Conflict = tuple[Placement, ...]

Group = tuple[int, int]
"""Project and phase."""


class Explainer:
    """Finds conflicts behind what a staffing lacks.

    Parameters
    ----------
    decisions
        The decisions that were staffed.
    clock
        Ends the work.
    """

    def __init__(
        self, staffing: Staffing, decisions: Decisions, clock: Clock, *, reproducible: bool
    ) -> None:
        self.staffing = staffing
        self.work = staffing.work
        self.problem: Problem = staffing.work.problem
        self.decisions = decisions
        self.clock = clock
        self.reproducible = reproducible
        # Other plans may order other heads: only what no order can mend is impossible.
        self.heads = _most_heads(self.problem)
        self.ledger = Ledger(self.work)
        self.ledger.restore(staffing.given)

    def conflicts(self) -> list[Conflict]:
        """Return proved conflicts, at most one for each period and one for each part."""
        found: list[Conflict] = self._of_musts()
        missing = [(task, self.ledger.missing(task)) for task in self.work.tasks]
        periods = sorted({t for _, short in missing for t in short if t >= 0})
        for period in periods:
            if self.clock.over:
                return found
            seeds = [task for task, short in missing if period in short]
            conflict = self._in_period(period, seeds)
            if conflict and conflict not in found:
                found.append(conflict)
        if not found:
            short = [task for task, what in missing if what]
            conflict = self._as_a_whole(short or list(self.work.tasks))
            found += [conflict] if conflict else []
        return found

    def _of_musts(self) -> list[Conflict]:
        """Return phases at dates at which somebody must work on them who cannot."""
        tasks, could = self.work.tasks, self.work.could
        stuck = [
            task
            for task in tasks
            if any(not any(could(p, task) for p in people) for people in task.musts)
        ]
        for team in self.work.teams:
            members = [tasks[index] for index in team.tasks]
            if any(not any(could(p, t) for p in e for t in members) for e in team.entries):
                stuck.append(members[0])
        groups = sorted({(task.project, task.phase) for task in stuck if task.asked})
        places = [(g, self.decisions.phases[g[0]][g[1]]) for g in groups]
        return [(Placement(p, f, d.mode, (d.start,)),) for (p, f), d in places]

    # -- one period ------------------------------------------------------------------------

    def _in_period(self, period: int, seeds: Sequence[Task]) -> Conflict | None:
        """Return a conflict of phases that run in a period, or None where none is proved."""
        there = [t for t in self.work.tasks if t.start <= period < t.end]
        tasks = _connected(there, seeds)
        clipped = [_clip(task, period) for task in tasks]
        groups = self._shrink(clipped)
        if groups is None:
            return None
        return tuple(self._placement(group, period) for group in groups)

    def _placement(self, group: Group, period: int) -> Placement:
        """Return every start in which the phase asks for as much in the period as it does now."""
        project, number = group
        phase = self.problem.projects[project].phases[number]
        place = self.decisions.phases[project][number]
        mode = phase.modes[place.mode]
        now = period - place.start
        starts = tuple(
            start
            for start in phase.starts(mode)
            if 0 <= period - start < mode.duration
            and all(_as_much(demand, period - start, now) for demand in mode.demands)
        )
        return Placement(project, number, place.mode, starts)

    # -- whole phases ----------------------------------------------------------------------

    def _as_a_whole(self, seeds: Sequence[Task]) -> Conflict | None:
        """Return a conflict of phases at exactly their dates, or None."""
        tasks = _connected(self.work.tasks, seeds)
        if cells(tasks) > SMALL_CELLS:
            return None
        groups = self._shrink(tasks, teams=True)
        if groups is None:
            return None
        places = [(g, self.decisions.phases[g[0]][g[1]]) for g in groups]
        return tuple(Placement(p, f, d.mode, (d.start,)) for (p, f), d in places)

    # -- proofs ----------------------------------------------------------------------------

    def _shrink(self, tasks: Sequence[Task], *, teams: bool = False) -> list[Group] | None:
        """Return phases that cannot be staffed together, none of which can be left out.

        Each is left out in turn for good where the rest is still proved impossible; None where
        nothing is proved.
        """
        if not self._impossible(tasks, teams=teams):
            return None
        groups = sorted({(task.project, task.phase) for task in tasks})
        kept = set(groups)
        for group in groups:
            if self.clock.over:
                break
            rest = [t for t in tasks if (t.project, t.phase) in kept - {group}]
            if rest and self._impossible(rest, teams=teams):
                kept.discard(group)
        return sorted(kept)

    def _impossible(self, tasks: Sequence[Task], *, teams: bool) -> bool:
        """Return whether it is proved that nobody can staff all of some tasks."""
        numbered = tuple(replace(task, index=number) for number, task in enumerate(tasks))
        moved = {task.index: number for number, task in enumerate(tasks)}
        kept = [t for t in self.work.teams if teams and set(t.tasks) <= set(moved)]
        work = replace(
            self.work,
            tasks=numbered,
            teams=tuple(replace(t, tasks=tuple(moved[i] for i in t.tasks)) for t in kept),
            heads=self.heads,
        )
        program = Program(Ledger(work), numbered, teams=teams)
        effort = Effort(
            seconds=float("inf") if self.reproducible else PROOF_SECONDS,
            workers=1,
            seed=0,
            work=PROOF_WORK if self.reproducible else float("inf"),
        )
        answer = program.solve(effort, self.clock)
        return answer.infeasible or answer.bound > 0


def lacking_phases(staffing: Staffing) -> set[tuple[int, int]]:
    """Return project and phase of the tasks that lack people."""
    ledger = Ledger(staffing.work)
    ledger.restore(staffing.given)
    return {(t.project, t.phase) for t in staffing.work.tasks if ledger.missing(t)}


def _most_heads(problem: Problem) -> list[dict[int, int]]:
    """Return, by period and hire, the heads that any orders could have at work."""
    return [
        {
            index: hire.max_heads
            for index, hire in enumerate(problem.hires)
            if any(period in work for work in hire.work)
        }
        for period in range(problem.periods)
    ]


def _clip(task: Task, period: int) -> Task:
    """Return what a task asks for in one period, where it matters not who comes or goes."""
    names = replace(task.demand.names, continuous=False)
    rate = task.rates[period - task.start]
    return replace(
        task,
        demand=replace(task.demand, names=names, effort=None),
        start=period,
        rates=(rate,),
        total=0,
        musts=(),
    )


def _as_much(demand: Demand, then: int, now: int) -> bool:
    return demand.effort is not None or demand.rates[then] >= demand.rates[now]


def _connected(tasks: Sequence[Task], seeds: Sequence[Task]) -> list[Task]:
    """Return the tasks that share people with the seeds, at once or through others."""
    by_server: dict[tuple[str, int], list[Task]] = defaultdict(list)
    for task in tasks:
        for server in _servers(task):
            by_server[server].append(task)
    found = {task.index: task for task in seeds}
    waiting = list(seeds)
    seen: set[tuple[str, int]] = set()
    while waiting:
        for server in _servers(waiting.pop()):
            if server in seen:
                continue
            seen.add(server)
            for other in by_server[server]:
                if other.index not in found:
                    found[other.index] = other
                    waiting.append(other)
    return [found[index] for index in sorted(found)]


def _servers(task: Task) -> list[tuple[str, int]]:
    return [("p", person) for person in task.people] + [s for s in task.anonymous if s[0] != "o"]
