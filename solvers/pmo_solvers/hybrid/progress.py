"""Progress of a run: what is better than all before."""

from __future__ import annotations

import threading

from pmo_optimizer.backend import Options, better_of
from pmo_optimizer.model import Incumbent
from pmo_optimizer.problem import Problem
from pmo_solvers.time_indexed.driver import OPTIMAL_GAP


class Progress:
    """Hands on what is better than all before: values, bounds, first stage only."""

    def __init__(self, problem: Problem, options: Options) -> None:
        self.options = options
        self.maximised = problem.maximised
        self.value: float | None = None
        self.bound: float | None = None
        self._lock = threading.Lock()

    def add(self, value: float | None, bound: float | None, source: str) -> None:
        """Report where one of the two is better."""
        with self._lock:
            best = better_of(self.value, value, higher=self.maximised)
            tight = better_of(self.bound, bound, higher=not self.maximised)
            if best is not None and tight is not None:
                wrong = best - tight if self.maximised else tight - best
                if wrong > OPTIMAL_GAP * max(1.0, abs(best)):
                    tight = None  # a plan disproves it
            if (best, tight) != (self.value, self.bound):
                self.value, self.bound = best, tight
                self.options.report(best, tight, source)

    def listen(self, line: Incumbent) -> None:
        """Take a line of another engine."""
        self.add(line.value, line.bound, line.source)
