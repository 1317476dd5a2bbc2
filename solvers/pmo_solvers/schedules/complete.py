"""The interval model as a whole, in a thread beside the search: bound and polish."""

from __future__ import annotations

import threading
from math import ceil

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Options
from pmo_optimizer.model import EngineError
from pmo_solvers.cp_sat.interval.model import IntervalModel
from pmo_solvers.cp_sat.interval.stages import ROUNDING
from pmo_solvers.cp_sat.interval.targets import Targets
from pmo_solvers.generation.judge import Judge
from pmo_solvers.generation.shop import Shop
from pmo_solvers.schedules.board import Board
from pmo_solvers.schedules.compile import Compiled

ONE_WAY_SHARE, MANY_WAYS_SHARE = 0.3, 0.6
"""Share of the time that CP-SAT has in any case, where jobs have one way, or several."""

FEW_JOBS, FEW_SHARE = 40, 0.9
"""Jobs up to which it has nearly all the time, where some have several ways."""

LITTLE_SHARE = 0.1
"""Share where it is unlikely to be of use."""

MANY_JOBS = 300
"""Jobs from which on it is."""

SOME_JOBS, WIDE_GAP = 60, 0.25
"""Jobs and gap from which on it is where the makespan does not come first."""

CLOSER = 0.9
"""A bound pays where the gap is at most this part of what it was."""

MORE_SHARE = 0.25
"""Share of the time left that it has after each better schedule or bound."""

POLL_SECONDS = 0.05
"""How often it is looked whether a solver is to stop."""


def _share(shop: Shop, *, wide: bool) -> float:
    """Return the share of the time for CP-SAT on the whole problem."""
    count = len(shop.jobs)
    if count > MANY_JOBS or (wide and count > SOME_JOBS and not Judge(shop).shortens):
        return LITTLE_SHARE
    several = any(len(job.ways) > 1 for job in shop.jobs)
    if several:
        return FEW_SHARE if count <= FEW_JOBS else MANY_WAYS_SHARE
    return ONE_WAY_SHARE


class Patience:
    """Says how long CP-SAT may go on: for a share of the time, and while it pays.

    A better schedule pays, and so does a bound that closes a part of the gap.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._until = 0.0
        self._gap = 1.0

    def begin(self, shop: Shop) -> None:
        """Start to count."""
        gap = self._board.gap
        share = _share(shop, wide=gap is None or gap > WIDE_GAP)
        self._until = self._board.left * (1 - share)
        self._gap = 1.0 if gap is None else gap

    def paid(self) -> None:
        """Give more time for a better schedule."""
        self._until = min(self._until, self._board.left * (1 - MORE_SHARE))

    def bounded(self) -> None:
        """Give more time for a better bound, if it is much better."""
        gap = self._board.gap
        if gap is not None and gap < CLOSER * self._gap:
            self._gap = gap
            self.paid()

    @property
    def over(self) -> bool:
        """Whether CP-SAT is to end."""
        return self._board.over or self._board.left < self._until


class Watcher:
    """Stops a solver soon after it is to end; a context manager."""

    def __init__(self, solver: cp_model.CpSolver, patience: Patience) -> None:
        self._solver = solver
        self._patience = patience
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            if self._patience.over:
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

    def __init__(self, compiled: Compiled, board: Board, options: Options) -> None:
        self.compiled = compiled
        self.board = board
        self.options = options
        self.infeasible = False
        self.word = ""
        self.patience = Patience(board)

    def run(self, workers: int) -> None:
        """Search while it pays; every schedule and bound goes to the board.

        Raises
        ------
        EngineError
            CP-SAT called the model invalid.
        """
        self.patience.begin(self.compiled.shop)
        model = IntervalModel(self.compiled.problem)
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
            targets.hint(self.compiled.decisions(best.ways, best.starts))
        status = self._solve(model, targets, workers, presolve=True)
        if status == cp_model.INFEASIBLE and self.board.best is None:
            # Presolve has been wrong about this (or-tools 5295): ask again without it.
            status = self._solve(model, targets, workers, presolve=False)
            if status == cp_model.INFEASIBLE:
                self.infeasible = True
                self.board.end()

    def _solve(
        self,
        model: IntervalModel,
        targets: Targets,
        workers: int,
        *,
        presolve: bool,
    ) -> cp_model.CpSolverStatus:
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.cp_model_presolve = presolve
        parameters.num_workers = workers
        parameters.max_time_in_seconds = self.board.left
        parameters.random_seed = self.options.seed
        parameters.relative_gap_limit = self.options.gap
        parameters.absolute_gap_limit = 0.0
        parameters.catch_sigint_signal = False
        observer = _Observer(targets, self.board, self.patience)
        solver.best_bound_callback = observer.on_bound
        with Watcher(solver, self.patience):
            status = solver.solve(model.cp, observer)
        self.word = solver.status_name(status)
        if status == cp_model.MODEL_INVALID:
            raise EngineError("CP-SAT called the interval model invalid")
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            observer.on_bound(solver.best_objective_bound)
        return status


class _Observer(cp_model.CpSolverSolutionCallback):
    """Hands schedules and bounds to the board."""

    def __init__(self, targets: Targets, board: Board, patience: Patience) -> None:
        super().__init__()
        self._patience = patience
        self._targets = targets
        self._board = board

    def on_solution_callback(self) -> None:
        """Offer a new schedule."""
        decisions = self._targets.decode(self)
        placed = self._board.score.compiled.placed(decisions)
        if placed is not None:
            ways, starts = placed
            if self._board.offer(ways, starts, self._board.score.of(decisions), "cp-sat"):
                self._patience.paid()

    def on_bound(self, bound: float) -> None:
        """Note a new bound."""
        form = self._board.score.forms[0]
        if self._board.prove(ceil(bound - ROUNDING) - form.offset, "cp-sat"):
            self._patience.bounded()
