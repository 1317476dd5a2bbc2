"""A first staffing: tasks one after the other, the hardest first, for each the best people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pmo_solvers.named.goals import Points
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.tasks import FULL, STEP, Server, Task, Units, Work

NDArrayBool = NDArray[np.bool_]
NDArrayFloat = NDArray[np.float64]

LEFT_OVER = 0.05
"""Points of a share unit that somebody keeps while the need runs: time is filled up, so that some
stay free for needs of whole heads."""

VERSATILE_POINTS = 0.3
"""Points, in FTE-periods, of taking somebody who could serve one more scarce kind of need."""


class Builder:
    """Staffs tasks greedily.

    Parameters
    ----------
    ledger
        The staffing so far.
    points
        Goals by which people are preferred.
    """

    def __init__(self, ledger: Ledger, points: Points) -> None:
        self.ledger = ledger
        self.work: Work = ledger.work
        self.points = points
        self.phase_people: dict[tuple[int, int], set[int]] = {}
        self.versatile = self._versatility()
        self.least = np.array(self.work.least, dtype=np.int64)

    def _versatility(self) -> Units:
        """Return how many kinds of need each individual can serve."""
        problem = self.work.problem
        kinds = np.zeros(len(problem.people), dtype=np.int64)
        served = [{s for s, _ in bucket.suppliers} for bucket in problem.buckets]
        for index, person in enumerate(problem.people):
            kinds[index] = sum(person.supplier in suppliers for suppliers in served)
        return kinds

    def run(self, tasks: Sequence[Task], *, fully: bool = False) -> bool:
        """Staff tasks that nobody serves yet, the hardest first; return whether all are.

        Parameters
        ----------
        fully
            Whether to end with the first task that lacks somebody.
        """
        complete = True
        for task in sorted(tasks, key=self._hardness):
            complete = self.staff(task) and complete
            if fully and not complete:
                return False
        return complete

    def _hardness(self, task: Task) -> tuple[int, float, int]:
        """Return a key: bound tasks first, then those with few who could serve them."""
        names = task.demand.names
        kind = 0 if task.musts or task.pinned else 1 if names.heads else 2
        kind = kind if kind < 2 or names.continuous else 3
        there = self.work.available[task.crowd.numbers, task.start : task.end].sum()
        return kind, float(there) * FULL / max(task.asked, 1), task.index

    # -- one task --------------------------------------------------------------------------

    def staff(self, task: Task) -> bool:
        """Give a task people, then what pools, hires and extra supply have.

        Returns whether the task has all it needs.
        """
        lacking = self._wanted(task)
        for people in self._forced(task):
            self._add_best(task, lacking, np.array(people, dtype=np.int64))
        while lacking.any() and self._add_best(task, lacking, None):
            pass
        self._anonymous(task, lacking)
        return not self.ledger.missing(task)

    def _forced(self, task: Task) -> list[tuple[int, ...]]:
        able = set(task.people)
        return [group for group in (*task.musts, *task.pinned) if able & set(group)]

    def _wanted(self, task: Task) -> Units:
        """Return delivered units to aim at in each period; effort as evenly as may be."""
        wanted = np.array(task.rates, dtype=np.int64)
        if task.total:
            length = len(wanted)
            rest = task.total - int(wanted.sum())
            extra = np.full(length, -(-rest // length), dtype=np.int64)
            wanted = wanted + np.maximum(extra, 0)
            if task.most is not None:
                wanted = np.minimum(wanted, task.most)
        for period, got in self.ledger.delivered(task).items():
            wanted[period - task.start] -= got
        return np.maximum(wanted, 0)

    def _add_best(self, task: Task, lacking: Units, among: Units | None) -> bool:
        """Give the task whoever of some people fits best; return whether there is anybody."""
        ledger, grain = self.ledger, self.work.grain
        people, levels = task.crowd.numbers, task.crowd.percents
        taken = [s[1] for s in ledger.servers(task) if s[0] == "p"]
        wanted = np.ones(len(people), dtype=np.bool_) if among is None else np.isin(people, among)
        wanted &= ~np.isin(people, taken)
        if not wanted.any():
            return False
        people, levels = people[wanted], levels[wanted]
        least = self._least(people, task)
        window = slice(task.start, task.end)
        free = ledger.free[people, window] // grain * grain
        blocked = self._blocked(people, task)
        free = np.where(blocked, 0, free)
        asked = np.array([bool(rate) or bool(task.total) for rate in task.rates])
        use = -(-lacking[None, :] // levels[:, None])
        use = np.maximum(-(-use // grain) * grain, least[:, None])
        most = least[:, None] if task.heads else free
        shares = np.where(free >= least[:, None], np.minimum(use, most), 0)
        if task.most is not None:
            over = shares * levels[:, None] > self._room_of_effort(task)[None, :]
            shares = np.where(over, 0, shares)
        if task.demand.names.continuous:
            everywhere = ((shares > 0) | ~asked[None, :]).all(axis=1)
            shares = np.where(everywhere[:, None] & asked[None, :], shares, 0)
        else:
            shares = np.where(lacking[None, :] > 0, shares, 0)
        if self.work.limits.on(task.project):
            self._trim(people, shares, least, task)
        covered = np.minimum(shares * levels[:, None], lacking[None, :]).sum(axis=1)
        spare = (free - shares).sum(axis=1)
        score = covered - FULL * (LEFT_OVER * spare + self._dislike(people, shares, task))
        score = np.where(covered > 0, score, -np.inf)
        best = int(score.argmax())
        if not np.isfinite(score[best]):
            return False
        person = int(people[best])
        own_shares = {
            task.start + offset: int(units) for offset, units in enumerate(shares[best]) if units
        }
        ledger.give(("p", person), task, own_shares)
        lacking -= shares[best] * levels[best]
        np.maximum(lacking, 0, out=lacking)
        self.phase_people.setdefault((task.project, task.phase), set()).add(person)
        return True

    def _trim(self, people: Units, shares: Units, least: Units, task: Task) -> None:
        """Cut shares, shape (individuals, periods), down to what dedications and budgets leave."""
        spent = self.ledger.spent
        for row, person in enumerate(people):
            own = {int(t): int(shares[row, t]) for t in np.flatnonzero(shares[row])}
            wanted = {task.start + t: units for t, units in own.items()}
            if not wanted or spent.allows(int(person), task.project, wanted):
                continue
            smallest = int(least[row])
            kept = spent.trimmed(int(person), task.project, wanted, smallest)
            if task.demand.names.continuous and len(kept) < len(wanted):
                # Whoever stays for the whole phase may do so with the smallest useful share.
                kept = dict.fromkeys(wanted, smallest)
                if not spent.allows(int(person), task.project, kept):
                    kept = {}
            shares[row] = 0
            for period, units in kept.items():
                shares[row, period - task.start] = units

    def _least(self, people: Units, task: Task) -> Units:
        """Return the smallest useful share of each individual, as `Work.least_share`."""
        names = task.demand.names
        if names.heads:
            return np.full(len(people), self.work.unit(names.share), dtype=np.int64)
        return np.maximum(self.least[people], max(1, self.work.unit(names.min_share)))

    def _room_of_effort(self, task: Task) -> Units:
        """Return delivered units that effort may still get in each period."""
        got = self.ledger.delivered(task)
        most = task.most or 0
        return np.array([most - got[t] for t in range(task.start, task.end)], dtype=np.int64)

    def _blocked(self, people: Units, task: Task) -> NDArrayBool:
        """Return in which periods individuals are on as many projects as they may be."""
        ledger = self.ledger
        limits = ledger.limits[people][:, None]
        window = slice(task.start, task.end)
        full = (limits >= 0) & (ledger.projects[people, window] >= limits)
        for row, column in zip(*np.nonzero(full), strict=True):
            person, period = int(people[row]), task.start + int(column)
            full[row, column] = not ledger.may_join(person, period, task.project)
        return full

    def _dislike(self, people: Units, shares: Units, task: Task) -> NDArrayFloat:
        """Return what speaks against individuals, in share units."""
        known = self.phase_people.get((task.project, task.phase), set())
        points = np.array(
            [
                self.points.share(int(p), task) * float(units)
                + (0.0 if int(p) in known else self.points.member(int(p), task.project, task.phase))
                for p, units in zip(people, shares.sum(axis=1), strict=True)
            ]
        )
        versatile = VERSATILE_POINTS * STEP * (self.versatile[people] - 1)
        return np.asarray((points + versatile) / 10.0, dtype=float)

    def _anonymous(self, task: Task, lacking: Units) -> None:
        for server in task.anonymous:
            shares: dict[int, int] = {}
            for offset, short in enumerate(lacking):
                units = self._anonymous_share(server, task, task.start + offset, int(short))
                if units:
                    shares[task.start + offset] = units
                    lacking[offset] = max(0, short - units * FULL)
            if shares:
                self.ledger.give(server, task, shares)

    def _anonymous_share(self, server: Server, task: Task, period: int, short: int) -> int:
        left = self.ledger.left(server, period)
        wanted = -(-short // FULL)
        units = wanted if left is None else min(wanted, left)
        if task.heads:
            share = self.work.unit(task.demand.names.share)
            return min(units // share, self.work.head_limit(server, period)) * share
        return max(units, 0) // self.work.grain * self.work.grain
