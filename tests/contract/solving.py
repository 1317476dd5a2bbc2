"""Run an engine on plain data, and compare numbers."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.backend import backend_names, load_backend
from pmo_optimizer.model import Incumbent, Plan, Portfolio, Status, Unsupported
from tests.contract.builders import Data, parsed

TIME_LIMIT = 60.0
"""Seconds; far more than any of these portfolios takes."""

TOLERANCE = 1e-6
"""Relative and absolute difference that rounding and solvers may leave."""


def exact_engines() -> tuple[str, ...]:
    """Return the names of all registered engines that can be imported and prove bounds."""
    return tuple(name for name in backend_names() if _is_exact(name))


def _is_exact(name: str) -> bool:
    try:
        return load_backend(name).exact
    except Unsupported:
        return False


def close(number: float) -> Any:
    """Return something that equals every number within the tolerance."""
    return pytest.approx(number, rel=TOLERANCE, abs=TOLERANCE)


def run(
    subject: Portfolio | Data,
    engine: str,
    *,
    time_limit: float = TIME_LIMIT,
    gap: float = 0.0,
    reproducible: bool = False,
    start: Plan | None = None,
    on_progress: Callable[[Incumbent], None] | None = None,
    stop: Event | None = None,
) -> Plan:
    """Return the plan of an engine on one worker."""
    return optimize(
        subject if isinstance(subject, Portfolio) else parsed(subject),
        backend=engine,
        time_limit=time_limit,
        gap=gap,
        workers=1,
        reproducible=reproducible,
        start=start,
        on_progress=on_progress,
        stop=stop,
    )


def best(subject: Portfolio | Data, engine: str) -> Plan:
    """Return the optimal plan; a test fails where it is not proved."""
    plan = run(subject, engine)
    assert plan.status is Status.OPTIMAL, (plan.status, plan.termination, plan.message)
    assert plan.bound == close(_first_best(plan))
    return plan


def _first_best(plan: Plan) -> float:
    """Return the best of the first stage: later stages may worsen it within its tolerance."""
    staged = plan.terms[0].best
    assert plan.objective is not None
    return plan.objective if staged is None else staged
