"""Time that plans leave free, so that names can be found for them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Problem, Supplier
from pmo_solvers.named.ledger import Ledger

FIRST = 0.006
"""Part of what needs ask for that is left free beside them at first."""

LEAST = 0.01
"""Least of what is added where somebody was missed."""

MOST = 0.15
"""Most of it, for the needs of one kind in one period."""

KEPT = 0.7
"""Part of what was learned that still counts after names were found."""


class Room:
    """What is left free beside the needs of each bucket in each period, as a part of these.

    Single people cannot share their time as fractions of a class can. Where names are not found
    more is left free of those who were missed, when they were missed.

    Attributes
    ----------
    parts
        Shape (buckets, periods).
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.parts = np.full((len(problem.buckets), problem.periods), FIRST)

    def learn(self, ledger: Ledger) -> None:
        """Leave more free after a plan for which names were not found."""
        wanted = np.zeros_like(self.parts)
        lacking = np.zeros_like(self.parts)
        for task in ledger.work.tasks:
            bucket, times = task.demand.bucket, list(task.periods)
            spread = max(0, task.total - sum(task.rates))
            wanted[bucket, times] += spread / max(1, len(times))
            wanted[bucket, task.start : task.end] += task.rates
            for t, units in ledger.missing(task).items():
                where = times if t < 0 else [t]
                lacking[bucket, where] += units / len(where)
        more = np.divide(lacking, wanted, out=np.zeros_like(lacking), where=wanted > 0)
        more[lacking > 0] = np.maximum(more[lacking > 0], LEAST)
        self.parts = np.minimum(self.parts + more, MOST)

    def part(self, bucket: int, period: int) -> float:
        """Return what is left free beside the needs of a bucket in a period, relative to these."""
        return float(self.parts[bucket, period])

    def forget(self) -> None:
        """Leave less free after a plan for which names were found."""
        self.parts *= KEPT

    def clear(self) -> None:
        """Leave nothing free."""
        self.parts[:] = 0.0

    def suppliers(self) -> tuple[Supplier, ...]:
        """Return the suppliers, of which classes have less where somebody was missed."""
        problem = self.problem
        free: defaultdict[int, list[int]] = defaultdict(list)
        for index, bucket in enumerate(problem.buckets):
            for supplier, _ in bucket.suppliers:
                free[supplier].append(index)
        return tuple(
            replace(supplier, available=self._left(supplier, free[index]))
            if supplier.kind is SupplierKind.CLASS
            else supplier
            for index, supplier in enumerate(problem.suppliers)
        )

    def _left(self, supplier: Supplier, buckets: list[int]) -> tuple[int, ...]:
        part = np.maximum(self.parts[buckets].max(axis=0, initial=0.0) - FIRST, 0.0)
        return tuple(np.floor(np.array(supplier.available) / (1.0 + part)).astype(int).tolist())
