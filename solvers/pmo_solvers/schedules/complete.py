"""The interval model as a whole, in a thread beside the search: bound and polish."""

from __future__ import annotations

import threading
from math import ceil

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Options
from pmo_solvers.cp_sat.interval.model import IntervalModel
from pmo_solvers.cp_sat.interval.stages import ROUNDING
from pmo_solvers.cp_sat.interval.targets import Targets
from pmo_solvers.schedules.board import Board
from pmo_solvers.schedules.jobs import Jobs

POLL_SECONDS = 0.05
"""How often it is looked whether a solver is to stop."""


class Watcher:
    """Stops a solver soon after the board says so; a context manager."""

    def __init__(self, solver: cp_model.CpSolver, board: Board) -> None:
        self._solver = solver
        self._board = board
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            if self._board.over:
                # A stop before the search begins is ignored, so it is repeated until the end.
                self._solver.stop_search()

    def __enter__(self) -> Watcher:
        """Start watching."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._done.set()
        self._thread.join()


class Complete:
    """The interval model of a problem with a complete hint.

    Attributes
    ----------
    infeasible
        Whether it was proved, twice, that there is no schedule.
    """

    def __init__(self, jobs: Jobs, board: Board, options: Options) -> None:
        self.jobs = jobs
        self.board = board
        self.options = options
        self.infeasible = False
        self.word = ""

    def run(self, workers: int, seconds: float) -> None:
        """Search for some seconds; every schedule and bound goes to the board."""
        model = IntervalModel(self.jobs.problem)
        targets = Targets(model)
        form = self.board.score.forms[0]
        total = targets.whole(form)
        if model.infeasible:
            self.infeasible, self.word = True, f"rule {model.infeasible} cannot hold"
            self.board.end()
            return
        model.cp.minimize(total + form.offset)
        best = self.board.best
        if best is not None:
            targets.hint(self.jobs.decisions(best.ways, best.starts))
        status = self._solve(model, targets, workers, seconds, presolve=True)
        if status == cp_model.INFEASIBLE and self.board.best is None:
            # Presolve has been wrong about this (or-tools 5295): ask again without it.
            status = self._solve(model, targets, workers, seconds, presolve=False)
            if status == cp_model.INFEASIBLE:
                self.infeasible = True
                self.board.end()

    def _solve(
        self,
        model: IntervalModel,
        targets: Targets,
        workers: int,
        seconds: float,
        *,
        presolve: bool,
    ) -> cp_model.CpSolverStatus:
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.cp_model_presolve = presolve
        parameters.num_workers = workers
        parameters.max_time_in_seconds = max(0.0, seconds)
        parameters.random_seed = self.options.seed
        parameters.relative_gap_limit = self.options.gap
        parameters.absolute_gap_limit = 0.0
        parameters.catch_sigint_signal = False
        observer = _Observer(targets, self.board)
        solver.best_bound_callback = observer.on_bound
        with Watcher(solver, self.board):
            status = solver.solve(model.cp, observer)
        self.word = solver.status_name(status)
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            observer.on_bound(solver.best_objective_bound)
        return status


class _Observer(cp_model.CpSolverSolutionCallback):
    """Hands schedules and bounds to the board."""

    def __init__(self, targets: Targets, board: Board) -> None:
        super().__init__()
        self._targets = targets
        self._board = board

    def on_solution_callback(self) -> None:
        """Offer a new schedule."""
        decisions = self._targets.decode(self)
        placed = self._board.score.jobs.placed(decisions)
        if placed is not None:
            ways, starts = placed
            self._board.offer(ways, starts, self._board.score.of(decisions), "cp-sat")

    def on_bound(self, bound: float) -> None:
        """Note a new bound."""
        form = self._board.score.forms[0]
        self._board.prove(ceil(bound - ROUNDING) - form.offset, "cp-sat")
