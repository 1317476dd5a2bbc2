"""What solves an instance: an engine of the registry, or a peer that runs beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pmo_optimizer import Plan, Portfolio, optimize

Solve = Callable[[Portfolio, float, int], Plan]
"""Solves a portfolio within seconds, on so many workers."""

PLAIN = (("cp-sat-plain", "cp-sat"), ("highs-plain", "milp"))
"""Peers that are an engine of the registry by itself: one plain model, one plain solver."""

PYJOBSHOP = "pyjobshop"

PEERS = (PYJOBSHOP, *(name for name, _ in PLAIN))
"""Names of all peers."""


def solver_of(backend: str) -> Solve:
    """Return what solves under that name: a peer, or an engine of the registry.

    Raises
    ------
    ImportError
        The peer is not installed; the message says how to install it.
    """
    if backend == PYJOBSHOP:
        from benchmarks.peers.pyjobshop import load

        return load()
    return partial(_optimized, dict(PLAIN).get(backend, backend))


def _optimized(backend: str, portfolio: Portfolio, time_limit: float, workers: int) -> Plan:
    return optimize(portfolio, time_limit=time_limit, workers=workers, backend=backend)
