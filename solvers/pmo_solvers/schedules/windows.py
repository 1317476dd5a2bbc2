"""Large neighbourhoods: parts of the best schedule are planned anew by CP-SAT.

Where the makespan comes first a window of time is to become one period shorter, and all that
follows moves; otherwise jobs of some projects or of a window of time are placed better while the
others stay. What is found is justified.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ortools.sat.python import cp_model

from pmo_optimizer.model import EngineError
from pmo_solvers.generation.judge import Judge, Key
from pmo_solvers.generation.maker import Maker
from pmo_solvers.generation.orders import Orders
from pmo_solvers.schedules.board import Board
from pmo_solvers.schedules.compile import Compiled
from pmo_solvers.schedules.window_model import Part, WindowModel

SECONDS = 0.6
"""Most seconds of one model."""

FIRST_SIZE = 24
"""Free jobs of the first windows."""

LEAST_SIZE = 8
"""Fewest free jobs of a part."""

PROJECT_SHARE = 0.7
"""Share of parts that are whole projects, where there are several."""

GROW, SHRINK = 1.05, 0.96
"""Change of size after a model that was settled, and after one that was not."""


class Windows:
    """Plans parts of schedules anew."""

    def __init__(self, compiled: Compiled, board: Board, seed: int) -> None:
        self.compiled = compiled
        self.shop = compiled.shop
        self.board = board
        self.judge = Judge(self.shop)
        self.maker = Maker(self.shop, self.judge, Orders(self.shop))
        self.random = Random(seed)  # noqa: S311 - a search, not a secret
        self.sizes = {"window": float(FIRST_SIZE), "projects": float(FIRST_SIZE)}
        self.ways: Sequence[int] = ()
        self.starts: Sequence[int] = ()
        self.tried = 0
        self.won = 0
        self._several = len({job.project for job in self.shop.jobs}) > 1

    def run(self) -> None:
        """Go on until the run is over.

        Raises
        ------
        EngineError
            CP-SAT called a model invalid.
        """
        while not self.board.over:
            best = self.board.best
            if best is None:
                return
            if not self.starts or self._key() > best.key:
                self.ways, self.starts = best.ways, best.starts
            self._once()

    def _key(self) -> Key:
        return self.judge.key(self.maker.setting(self.ways), self.starts)

    def _once(self) -> None:
        kind, part = self._part()
        self.tried += 1
        model = WindowModel(self.compiled, self.ways, self.starts, part)
        settled = not model.possible
        found = None
        if model.possible:
            if not self.judge.shortens:
                model.improve(self._key()[0])
            status, found = self._solve(model)
            settled = status != cp_model.UNKNOWN
        if found is not None:
            self.won += 1
            self._keep(*found, kind)
            return
        size = self.sizes[kind] * (GROW if settled else SHRINK)
        self.sizes[kind] = min(max(size, LEAST_SIZE), len(self.shop.jobs))
        self._stir()

    def _solve(
        self, model: WindowModel
    ) -> tuple[cp_model.CpSolverStatus, tuple[list[int], list[int]] | None]:
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.max_time_in_seconds = min(SECONDS, self.board.left)
        parameters.random_seed = self.random.randrange(2**31)
        parameters.catch_sigint_signal = False
        status = solver.solve(model.cp)
        if status == cp_model.MODEL_INVALID:
            raise EngineError("CP-SAT called the model of a window invalid")
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return status, model.schedule(solver)
        return status, None

    def _keep(self, ways: Sequence[int], starts: Sequence[int], kind: str) -> None:
        """Go on from a schedule that keeps every rule; windows leave some links out."""
        holds = self.board.score.holds
        if not holds(ways, starts):
            self.starts = ()
            return
        setting = self.maker.setting(ways)
        self.ways, self.starts = ways, starts
        key = self.judge.key(setting, starts)
        moved, better = self.maker.improved(setting, list(starts))
        if better <= key and holds(ways, moved):
            self.starts, key = moved, better
        self.board.offer(self.ways, self.starts, key, kind)

    def _stir(self) -> None:
        """Take another schedule of the same key: one justified once more."""
        setting = self.maker.setting(self.ways)
        moved = self.maker.justified(setting, self.starts)
        same = moved is not None and self.judge.key(setting, moved) <= self._key()
        if moved is not None and same and self.board.score.holds(self.ways, moved):
            self.starts = moved

    # -- parts -----------------------------------------------------------------------------

    def _part(self) -> tuple[str, Part]:
        setting = self.maker.setting(self.ways)
        ends = list(map(int.__add__, self.starts, setting.durations))
        if self.judge.shortens:
            return "window", self._shorter(ends)
        if self._several and self.random.random() < PROJECT_SHARE:
            return "projects", self._projects(ends)
        return "window", self._in_place(ends)

    def _shorter(self, ends: Sequence[int]) -> Part:
        """Return a window of time that is to become shorter, and what follows."""
        order = self.maker.orders.by_start(self.starts)
        size = min(int(self.sizes["window"]), len(order))
        begin = max(0, self.random.randrange(-size // 2, max(1, len(order) - size // 2)))
        inside = order[begin : begin + size]
        cut = self.starts[inside[-1]]
        moving = {job for job in order[begin + size :] if self.starts[job] >= cut}
        free = set(inside)
        free |= {job for job in order[:begin] if ends[job] >= cut and ends[job] > self.starts[job]}
        high = min(max(ends[job] for job in free), max(ends) - 1)
        low = min(self.starts[job] for job in inside)
        return Part(free, moving, min(low, *(self.starts[j] for j in free)), high)

    def _in_place(self, ends: Sequence[int]) -> Part:
        """Return jobs that are close in time."""
        order = self.maker.orders.by_start(self.starts)
        size = min(int(self.sizes["window"]), len(order))
        begin = self.random.randrange(len(order) - size + 1)
        return Part(set(order[begin : begin + size]), set(), 0, max(ends))

    def _projects(self, ends: Sequence[int]) -> Part:
        """Return jobs of a few projects."""
        jobs = self.shop.jobs
        projects = sorted({job.project for job in jobs})
        self.random.shuffle(projects)
        free: set[int] = set()
        for project in projects:
            own = {number for number, job in enumerate(jobs) if job.project == project}
            if free and len(free) + len(own) > self.sizes["projects"]:
                break
            free |= own
        return Part(free, set(), 0, max(ends))
