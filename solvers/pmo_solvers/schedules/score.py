"""What a schedule of jobs is worth, and whether it keeps every rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pmo_optimizer.backend import Decisions
from pmo_optimizer.model import TermName
from pmo_solvers.cp_sat.interval.constants import constant_cost, selected
from pmo_solvers.cp_sat.interval.forms import figures, stage_forms
from pmo_solvers.cp_sat.interval.verify import keeps_dates
from pmo_solvers.schedules.jobs import Jobs
from pmo_solvers.schedules.setting import Setting

Key = tuple[int, ...]
"""The whole sum of every stage, in order; less is better."""


class Score:
    """Keys of schedules.

    Attributes
    ----------
    shortens
        Whether the first stage is the makespan alone.
    delays
        Whether any stage counts delay.
    """

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.forms = stage_forms(jobs.problem)
        problem = jobs.problem
        self._cost = constant_cost(problem)
        self._latest = self._late = 0
        self.due: dict[int, int] = {}
        for project in selected(problem):
            if not project.phases:
                self._latest = max(self._latest, project.first_start)
                if project.due is not None:
                    self._late += max(0, project.first_start - project.due)
            elif project.due is not None:
                self.due[project.index] = project.due
        self._members: dict[int, list[int]] = defaultdict(list)
        for number, job in enumerate(jobs.jobs):
            if job.project in self.due:
                self._members[job.project].append(number)
        self.delays = any(TermName.DELAY in form.coefs for form in self.forms)
        first = self.forms[0].coefs
        self.shortens = set(first) == {TermName.MAKESPAN}
        self.only_length = len(self.forms) == 1 and first == {TermName.MAKESPAN: 1}

    def key(self, setting: Setting, starts: Sequence[int]) -> Key:
        """Return the key of a schedule."""
        length = max(map(int.__add__, starts, setting.durations), default=0)
        length = max(length, self._latest)
        if self.only_length:
            return (length,)
        return self.whole(length, self._delay(setting, starts), self._cost + setting.cost)

    def whole(self, length: int, delay: int, cost: int) -> Key:
        """Return the key of figures."""
        found = {TermName.MAKESPAN: length, TermName.DELAY: delay, TermName.COST: cost}
        return tuple(form.whole(found) for form in self.forms)

    def _delay(self, setting: Setting, starts: Sequence[int]) -> int:
        durations = setting.durations
        late = self._late
        for project, members in self._members.items():
            finish = max([starts[job] + durations[job] for job in members])
            late += max(0, finish - self.due[project])
        return late

    def spare(self, ends: Sequence[int], length: int) -> list[int]:
        """Return the least mirrored starts with which no project ends later than it does.

        A project that is early may end when it is due. Only where delay counts.
        """
        first = [0] * len(ends)
        if not self.delays:
            return first
        for project, members in self._members.items():
            finish = max([ends[job] for job in members])
            spare = max(0, length - max(finish, self.due[project]))
            for job in members:
                first[job] = spare
        return first

    def of(self, decisions: Decisions) -> Key:
        """Return the key of decisions."""
        found = figures(self.jobs.problem, decisions)
        return tuple(form.whole(found) for form in self.forms)

    def holds(self, ways: Sequence[int], starts: Sequence[int]) -> bool:
        """Return whether a schedule keeps all windows, links, capacities and funds, exactly."""
        jobs = self.jobs
        taken = [job.ways[number] for job, number in zip(jobs.jobs, ways, strict=True)]
        for fund, most in enumerate(jobs.money):
            if sum(way.spent[fund] for way in taken) > most:
                return False
        load = list(jobs.used)
        for way, start in zip(taken, starts, strict=True):
            if not way.first <= start <= way.last:
                return False
            for piece in way.pieces:
                for t in range(start + piece.offset, start + piece.offset + piece.length):
                    load[t] += piece.rate
                    if load[t] & jobs.guard:
                        return False
        return keeps_dates(jobs.problem, jobs.decisions(ways, starts))
