"""What solves an instance: an engine of the registry, or a peer that runs beside it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from benchmarks import pipeline
from benchmarks.items import Staffing
from benchmarks.network import FIRST_DAY
from pmo_optimizer import Calendar, Phase, Plan, Portfolio, Project, Unsupported, optimize

Solve = Callable[[Portfolio, float, int], tuple[Portfolio, Plan]]
"""Solves a portfolio within seconds, on so many workers.

The plan comes with the portfolio that it is to be judged by: the same, or, where a peer knows
of no end of the grid, the same on a longer grid.
"""

PLAIN = (("cp-sat-plain", "cp-sat"), ("highs-plain", "milp"))
"""Peers that are an engine of the registry by itself: a plain model, a plain solver."""

PYJOBSHOP = "pyjobshop"

JOINT, PIPELINE = "joint", "pipeline"
"""Selection, dates and people in one, and one after the other."""

WARM_UP_SECONDS = 60.0
"""Limit of the portfolio of one project on which an engine's libraries are loaded."""

PEERS = (PYJOBSHOP, *(name for name, _ in PLAIN))
"""Names of all peers."""


def solver_of(backend: str, staffing: Staffing = "capacity") -> Solve:
    """Return what solves under that name: a peer, or an engine of the registry.

    The libraries that it stands on are loaded, so that loading them costs no instance time.

    Raises
    ------
    ImportError
        The peer is not installed; the message says how to install it.
    Unsupported
        There is no engine of that name, or it does not staff plans in that way.
    """
    if backend == PYJOBSHOP and staffing == "named":
        raise Unsupported(f"{PYJOBSHOP} does not plan single people")
    if backend == PYJOBSHOP:
        from benchmarks.peers.pyjobshop import load

        return load()
    if backend == PIPELINE:
        pipeline.solve(_smallest(), WARM_UP_SECONDS, 2)
        return pipeline.solve
    engine = dict(PLAIN).get(backend, "auto" if backend == JOINT else backend)
    _optimized(engine, staffing, _smallest(), WARM_UP_SECONDS, 2)
    return partial(_optimized, engine, staffing)


def _smallest() -> Portfolio:
    """Return a portfolio of one project, on which engines load what they need."""
    modes = Phase.model_validate({"duration": 1})
    return Portfolio(
        calendar=Calendar(start=FIRST_DAY, periods=2),
        projects=(Project(id="P", value=Decimal(1), phases=(modes,)),),
    )


def _optimized(
    backend: str, staffing: Staffing, portfolio: Portfolio, time_limit: float, workers: int
) -> tuple[Portfolio, Plan]:
    plan = optimize(
        portfolio, time_limit=time_limit, workers=workers, backend=backend, staffing=staffing
    )
    return portfolio, plan
