"""Named staffing of fixed dates: a first staffing, then neighbourhoods around what is missing."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pmo_optimizer.backend import Clock
from pmo_solvers.named.allowed import may_give, unbound
from pmo_solvers.named.construct import Builder
from pmo_solvers.named.goals import Points
from pmo_solvers.named.hoods import cells, is_loose, neighbourhood, parts, rivals
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.linear import is_linear, solve_linear
from pmo_solvers.named.program import Answer, Effort, Program
from pmo_solvers.named.tasks import MISS, Given, Task, Work

SMALL_CELLS = 6_000
"""Pairs of server and period of a part of the work up to which it is one program."""

HOOD_CELLS = 600
HOOD_SECONDS = 0.6
"""The same for a neighbourhood around a missing task, at first, and its longest time. Both grow
together: many small ones were seen to leave far less unmet than few large ones."""

WIDTHS = (1, 2, 4)
"""Factors on the size of a neighbourhood, drawn anew each time; the time grows as their root."""

PERIOD_SECONDS = 0.5
"""Longest time for what is staffed anew in a single period."""

POLISH_CELLS = 2_000
POLISH_SECONDS = 2.0
"""The same for a neighbourhood in which price and points are improved."""

PATIENCE = 4
"""Rounds over all missing tasks without a gain after which a search for need ends."""

TRIALS = 6
"""Projects that are tried before one of them leaves."""

DROP_PATIENCE, DROP_SHARE = 1, 0.15
"""The same after a project has left, and the part of the time left that it may take."""

POLISH_PATIENCE = 20
"""Neighbourhoods without a gain after which polishing ends."""

WORK_PER_HOOD = 2.0
"""Deterministic work for a neighbourhood in reproducible mode."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to search.

    Attributes
    ----------
    polish
        Whether price and points are improved once nothing is missing, or nothing can be.
    share
        Part of the time left that polishing may take.
    reproducible
        Count work instead of seconds.
    work
        Deterministic work after which a search that counts it begins nothing new.
    keep
        Whether tasks that are fully served to begin with stay as they are where nothing else
        is missing.
    """

    workers: int
    seed: int
    polish: bool = True
    share: float = 0.5
    reproducible: bool = False
    work: float = float("inf")
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Staffing:
    """What was found.

    Attributes
    ----------
    unmet
        Delivered units that are missing in all.
    bound
        Proven least of them, but for rounding; 0 where nothing was proved.
    proved
        Whether it is proved that no staffing leaves less.
    loose
        Whether somebody who must work on something does not.
    impossible
        Whether it is proved that musts and pins clash.
    """

    work: Work
    given: Given
    unmet: int
    bound: int = 0
    proved: bool = False
    loose: bool = False
    impossible: bool = False

    @property
    def full(self) -> bool:
        """Whether every need is served."""
        return self.unmet == 0 and not (self.loose or self.impossible)


def staff(
    work: Work, points: Points, clock: Clock, terms: Terms, begin: Given | None = None
) -> Staffing:
    """Return the best staffing found; parts that share nobody are staffed one by one.

    Parameters
    ----------
    begin
        Shares to begin with; those that fit are kept as the first staffing.
    """
    return Search(work, points, clock, terms).run(begin)


class Search:
    """One staffing."""

    def __init__(self, work: Work, points: Points, clock: Clock, terms: Terms) -> None:
        self.work = work
        self.points = points
        self.clock = clock
        self.terms = terms
        self.ledger = Ledger(work)
        self.builder = Builder(self.ledger, points)
        self.random = random.Random(terms.seed)  # noqa: S311 - no secret hangs on it
        self.bound = 0
        self.impossible = False
        self.open = 0
        self.worked = 0.0

    @property
    def _over(self) -> bool:
        """Return whether time is over, or the work is done that is counted instead."""
        return self.clock.over or (self.terms.reproducible and self.worked >= self.terms.work)

    def run(self, begin: Given | None) -> Staffing:
        """Staff, mend, polish."""
        lacking = self._build(begin)
        changed = {task.index for task in lacking}
        loose = {task.index for task in unbound(self.ledger, self.work.tasks)}
        for part in parts(self.work):
            touched = any(t.index in changed or t.index in loose for t in part)
            if touched or not self.terms.keep:
                self._staff_part(part)
        unmet = self.ledger.unmet()
        return Staffing(
            self.work,
            self.ledger.copy_given(),
            unmet,
            self.bound,
            self.open == 0 or unmet == 0,
            bool(unbound(self.ledger, self.work.tasks)),
            self.impossible,
        )

    def begin(self, given: Given) -> int:
        """Take over shares and fill up; return the delivered units that are then missing."""
        self._build(given)
        return self.ledger.unmet()

    def _build(self, begin: Given | None) -> list[Task]:
        """Take over shares that fit, and fill up; return the tasks that lacked people."""
        if begin is not None:
            self._follow(begin)
        lacking = [t for t in self.work.tasks if self.ledger.missing(t) or not self._kept(t)]
        self.builder.run(lacking)
        return lacking

    def drop(self, worth: Sequence[float], certain: Container[int]) -> set[int]:
        """Take projects out until nothing is missing, first where the least worth gives the most.

        That is one that lacks people, or one whose people can serve those that do; whom it
        leaves serve the others at once. Returns the projects that are out.

        Parameters
        ----------
        worth
            By project.
        certain
            Projects that stay in any case.
        """
        gone: set[int] = set()
        active = list(self.work.tasks)
        while True:
            relief = {p: r for p, r in self._relief(active).items() if p not in certain}
            if not relief:
                return gone
            worst = self._worst(active, worth, relief)
            gone.add(worst)
            active = self._without(worst, active)
            self._mend_for(DROP_SHARE * self.clock.left, active)

    def _worst(
        self, active: Sequence[Task], worth: Sequence[float], relief: Mapping[int, int]
    ) -> int:
        """Return the project with which the least is lost for what its people then serve.

        Those that promise most for it are tried.
        """
        order = sorted(relief, key=lambda p: (worth[p] / relief[p], p))[:TRIALS]
        before = sum(sum(self.ledger.missing(task).values()) for task in active)
        kept = self.ledger.copy_given()
        people = {phase: set(names) for phase, names in self.builder.phase_people.items()}
        ratios: dict[int, float] = {}
        for project in order:
            rest = self._without(project, active)
            after = sum(sum(self.ledger.missing(task).values()) for task in rest)
            ratios[project] = worth[project] / max(before - after, 1)
            self.ledger.restore(kept)
            self.builder.phase_people = {phase: set(names) for phase, names in people.items()}
        return min(order, key=lambda p: ratios[p])

    def _without(self, project: int, active: Sequence[Task]) -> list[Task]:
        """Take a project out, and let its people serve what lacks somebody; return the rest."""
        for task in active:
            if task.project == project:
                self.ledger.clear(task)
        rest = [task for task in active if task.project != project]
        self.builder.run([task for task in rest if self.ledger.missing(task)])
        return rest

    def _mend_for(self, seconds: float, active: Sequence[Task]) -> None:
        """Mend for some seconds at most after a project has left."""
        if self.terms.reproducible:
            self._mend(active, DROP_PATIENCE)
            return
        clock, self.clock = self.clock, Clock(seconds, self.clock.stop)
        self._mend(active, DROP_PATIENCE)
        self.clock = clock

    def _relief(self, active: Sequence[Task]) -> dict[int, int]:
        """Return by project how many of the delivered units that are missing it stands for.

        These are its own, and those which its people could deliver at the time.
        """
        relief: dict[int, int] = defaultdict(int)
        for task in active:
            missing = self.ledger.missing(task)
            if not missing:
                continue
            relief[task.project] += sum(missing.values())
            for project, could in self._could_serve(task).items():
                anywhere = sum(could.values()) if -1 in missing else 0
                there = sum(min(could.get(t, 0), units) for t, units in missing.items() if t >= 0)
                relief[project] += min(max(there, anywhere), sum(missing.values()))
        return {project: units for project, units in relief.items() if units}

    def _could_serve(self, task: Task) -> dict[int, dict[int, int]]:
        """Return by other project and period what its servers could deliver to a task instead."""
        able = set(task.people)
        out: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for (server, index), shares in self.ledger.given.items():
            project = self.work.tasks[index].project
            serves = server[1] in able if server[0] == "p" else server in task.anonymous
            if project == task.project or not serves:
                continue
            for period, units in shares.items():
                if task.start <= period < task.end:
                    out[project][period] += units * self.ledger.level(server, task)
        return out

    def _kept(self, task: Task) -> bool:
        return bool(self.ledger.servers(task)) or not task.asked

    def _follow(self, begin: Given) -> None:
        """Take over shares, as a whole for each server and task, as far as there is room."""
        for (server, index), shares in sorted(begin.items()):
            task = self.work.tasks[index]
            if may_give(self.ledger, server, task, shares):
                self.ledger.give(server, task, shares)

    # -- parts -----------------------------------------------------------------------------

    def _staff_part(self, part: Sequence[Task]) -> None:
        small = cells(part) <= SMALL_CELLS
        limited = any(self.work.limits.on(task.project) for task in part)
        if (limited or not small) and is_linear(self.ledger, part) and self._linear(part):
            self._polish_proved(part, small=small)
            return
        if small:
            if self._whole(part):
                return
        else:
            self.open += 1
            if any(self.ledger.missing(task) for task in part) or unbound(self.ledger, part):
                self._mend(part)
        if self.terms.polish:
            self._polish(part)

    def _linear(self, part: Sequence[Task]) -> bool:
        """Staff a part of which only amounts are open; return whether it is proved the best.

        Small parts are programs of whole numbers too, which may prove what this leaves open.
        """
        seconds = float("inf") if self.terms.reproducible else self.terms.share * self.clock.left
        solved = solve_linear(self.ledger, part, seconds)
        if solved is None:
            return False
        before = self._gaps(part)
        kept = self.ledger.copy_given()
        self._take(part, solved.given)
        gaps = self._gaps(part)
        if gaps >= before and before > solved.bound:
            self.ledger.restore(kept)
        if gaps > solved.bound:
            return False
        self.bound += solved.bound
        return True

    def _gaps(self, tasks: Sequence[Task]) -> int:
        """Return the delivered units that tasks lack, small misses included."""
        return sum(sum(self.ledger.missing(task, miss=0).values()) for task in tasks)

    def _polish_proved(self, part: Sequence[Task], *, small: bool) -> None:
        """Improve price and points of a part that leaves as little unmet as can be."""
        if not self.terms.polish:
            return
        if not small:
            self._polish(part, full=True)
            return
        seconds = self.terms.share * self.clock.left
        answer = self._solve(part, self.points, seconds, full=True)
        if answer.given is not None:
            self._take(part, answer.given)

    def _whole(self, part: Sequence[Task]) -> bool:
        """Staff a small part as one program; return whether that is all that can be done."""
        points = self.points if self.terms.polish else None
        seconds = self.terms.share * self.clock.left
        answer = self._solve(part, points, seconds)
        self.impossible = self.impossible or answer.infeasible
        self.bound += answer.bound
        if answer.given is None:
            self.open += not answer.infeasible
            return answer.infeasible
        self.open += answer.unmet > answer.bound
        self._take(part, answer.given)
        return True

    def _solve(
        self,
        tasks: Sequence[Task],
        points: Points | None,
        seconds: float,
        *,
        full: bool = False,
    ) -> Answer:
        """Staff some tasks anew; with ``full`` no less is unmet than now, misses included."""
        program = Program(self.ledger, tasks, points, full=full)
        least = self._gaps(tasks) if full else None
        effort = self._effort(seconds)
        answer = program.solve(effort, self.clock, polish=points is not None, least=least)
        self.worked += program.worked
        return answer

    def _effort(self, seconds: float) -> Effort:
        """Return seconds as an effort, in reproducible mode the work of a neighbourhood."""
        work = WORK_PER_HOOD if self.terms.reproducible else float("inf")
        seconds = float("inf") if self.terms.reproducible else seconds
        return Effort(seconds, self.terms.workers, self.terms.seed, work)

    def _take(self, tasks: Sequence[Task], given: Given) -> None:
        for task in tasks:
            self.ledger.clear(task)
        for (server, index), shares in given.items():
            self.ledger.give(server, self.work.tasks[index], shares)

    # -- large parts -----------------------------------------------------------------------

    def _mend(self, part: Sequence[Task], patience: int = PATIENCE) -> None:
        """Solve neighbourhoods around what is missing until nothing is, or nothing helps."""
        idle, size = 0, HOOD_CELLS
        while idle < patience and not self._over:
            missing = [t for t in part if self.ledger.missing(t)]
            missing += unbound(self.ledger, part)
            if not missing:
                return
            gained = self._in_periods(part)
            self.random.shuffle(missing)
            for task in missing:
                if self._over:
                    return
                if self.ledger.missing(task) or task in unbound(self.ledger, part):
                    wide = size * self.random.choice(WIDTHS)
                    gained = self._around(task, part, wide) or gained
            idle = 0 if gained else idle + 1
            size = size if gained else 2 * size

    @cached_property
    def loose(self) -> set[int]:
        """Tasks whose shares of one period hang on no other."""
        return {task.index for task in self.work.tasks if is_loose(self.work, task)}

    def _in_periods(self, part: Sequence[Task]) -> bool:
        """Staff single periods anew in which somebody is missing; return whether that helped."""
        missing = [(task, self.ledger.missing(task)) for task in part]
        gained = False
        for period in sorted({t for _, short in missing for t in short if t >= 0}):
            if self._over:
                break
            short = [task for task, lack in missing if period in lack and task.index in self.loose]
            if short:
                gained = self._in_period(period, short, part) or gained
        return gained

    def _in_period(self, period: int, short: Sequence[Task], part: Sequence[Task]) -> bool:
        """Staff tasks that lack people in a period, and their rivals, anew in that period.

        Only those whose shares of one period hang on no other: who stays for a whole phase, and
        how effort is spread, is left as it is.
        """
        there = [t for t in part if t.start <= period < t.end and t.index in self.loose]
        hood = rivals(short, there)
        clipped = [replace(t, start=period, rates=(t.rates[period - t.start],)) for t in hood]
        program = Program(self.ledger, clipped, teams=False)
        before = self._lacks_in(period, hood)
        kept = self._in_this(period, hood)
        answer = program.solve(self._effort(PERIOD_SECONDS), self.clock)
        self.worked += program.worked
        if answer.given is None:
            return False
        self._swap(period, kept, answer.given)
        if self._lacks_in(period, hood) < before:
            return True
        self._swap(period, answer.given, kept)
        return False

    def _in_this(self, period: int, tasks: Sequence[Task]) -> Given:
        """Return the shares of some tasks in a period."""
        keys = [(server, task.index) for task in tasks for server in self.ledger.servers(task)]
        there = {key: self.ledger.given[key].get(period, 0) for key in keys}
        return {key: {period: units} for key, units in there.items() if units}

    def _swap(self, period: int, old: Given, new: Given) -> None:
        """Take shares of a period away, and give others instead."""
        for server, index in old:
            task = self.work.tasks[index]
            shares = dict(self.ledger.given[server, index])
            del shares[period]
            self.ledger.take(server, task)
            self.ledger.give(server, task, shares)
        for (server, index), shares in new.items():
            self.ledger.give(server, self.work.tasks[index], shares)

    def _lacks_in(self, period: int, tasks: Sequence[Task]) -> int:
        return sum(self.ledger.missing(task).get(period, 0) for task in tasks)

    def _around(self, task: Task, part: Sequence[Task], size: int) -> bool:
        """Staff a neighbourhood of a task anew; return whether less is missing."""
        hood = neighbourhood(self.ledger, task, part, size, self.random)
        seconds = HOOD_SECONDS * (size / HOOD_CELLS) ** 0.5
        answer = self._solve(hood, None, min(seconds, self.clock.left))
        return self._gains(hood, answer, self._lacks)

    def _lacks(self, tasks: Sequence[Task]) -> tuple[float, ...]:
        """Return how many who must work do not, and what is missing; less is better."""
        missing = sum(sum(self.ledger.missing(task).values()) for task in tasks)
        return len(unbound(self.ledger, tasks)), missing

    def _gains(
        self,
        hood: Sequence[Task],
        answer: Answer,
        measure: Callable[[Sequence[Task]], tuple[float, ...]],
    ) -> bool:
        """Take the answer if the measure of the neighbourhood falls, else leave all as it was.

        Both sides are measured in the ledger: programs count what is missed differently.
        """
        if answer.given is None:
            return False
        mine = {task.index for task in hood}
        before = measure(hood)
        kept = {key: dict(v) for key, v in self.ledger.given.items() if key[1] in mine}
        self._take(hood, answer.given)
        if measure(hood) < before:
            return True
        self._take(hood, kept)
        return False

    def _polish(self, part: Sequence[Task], *, full: bool = False) -> None:
        """Solve neighbourhoods for price and points while that pays."""
        miss = 0 if full else MISS

        def measure(tasks: Sequence[Task]) -> tuple[float, ...]:
            missing = sum(sum(self.ledger.missing(t, miss).values()) for t in tasks)
            return len(unbound(self.ledger, tasks)), missing, self._worth(tasks)

        idle = 0
        share = 1.0 if self.terms.reproducible else self.terms.share
        limit = self.clock.elapsed + share * min(self.clock.left, 1e6)
        while idle < POLISH_PATIENCE and not self._over and self.clock.elapsed < limit:
            task = self.random.choice(list(part))
            hood = neighbourhood(self.ledger, task, part, POLISH_CELLS, self.random)
            seconds = min(POLISH_SECONDS, self.clock.left)
            answer = self._solve(hood, self.points, seconds, full=full)
            idle = 0 if self._gains(hood, answer, measure) else idle + 1

    def _worth(self, tasks: Sequence[Task]) -> float:
        """Return the points of some tasks' staffing, hand-offs and balance left out."""
        total = 0.0
        members = set()
        mine = {task.index: task for task in tasks}
        for (server, index), shares in self.ledger.given.items():
            if index not in mine or server[0] != "p":
                continue
            task = mine[index]
            total += self.points.share(server[1], task) * sum(shares.values())
            members.add((server[1], task.project, task.phase))
            times = sorted(shares)
            joins = sum(t - 1 not in shares for t in times if t > task.start)
            total += self.points.handoff * joins
        return total + sum(self.points.member(*member) for member in members)
