"""Small schedules by hand for the tests of the interval model."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.backend import Clock, Options, Outcome
from pmo_optimizer.model import Portfolio, Status
from pmo_optimizer.problem import Problem, compile_problem
from pmo_solvers.cp_sat.interval import solve_intervals
from tests.unit.problem_cases import Data


def solved(subject: Problem, **options: Any) -> Outcome:
    """Return what the interval model finds within a minute."""
    settings: dict[str, Any] = {"clock": Clock(60), "workers": 2} | options
    return solve_intervals(subject, Options(**settings))


def best(subject: Problem) -> list[float | None]:
    """Return the proved best of every stage."""
    outcome = solved(subject)
    assert outcome.status is Status.OPTIMAL
    assert [stage.bound for stage in outcome.stages] == [stage.best for stage in outcome.stages]
    return [stage.best for stage in outcome.stages]


def schedule(*projects: Data, periods: int = 40, **parts: Any) -> Problem:
    """Return projects that must be done, as early as possible, on a grid of days."""
    whole = {
        "calendar": {"start": "2027-01-04", "periods": periods, "grain": "day"},
        "skills": [{"id": "dev"}],
        "projects": [{"decision": "must", **project} for project in projects],
        "objective": {"terms": [{"term": "makespan"}]},
    }
    return compile_problem(Portfolio.parse(whole | parts))


def phase(name: str, duration: int, fte: float = 0, **parts: Any) -> Data:
    """Return a phase that needs developers."""
    needs = [{"skill": "dev", "fte": fte}] if fte else []
    return {"id": name, "duration": duration, "needs": needs, **parts}


def lone(name: str, duration: int, fte: float = 0, **parts: Any) -> Data:
    """Return a project of one such phase."""
    return {"id": name, "phases": [phase("f", duration, fte)], **parts}


def pool(*levels: float, fte: float | None = None) -> list[Data]:
    """Return the pool of developers, of that profile or always of that size."""
    size = {"profile": list(levels)} if fte is None else {"fte": fte}
    return [{"id": "devs", "skill": "dev", **size}]


def crashed(fast: int, dear: int, slow: int, **parts: Any) -> Data:
    """Return a project whose phase takes ``fast`` days for ``dear``, or ``slow`` for nothing."""
    modes = [
        {"id": "fast", "duration": fast, "costs": [{"lump": dear}]},
        {"id": "slow", "duration": slow},
    ]
    return {"id": "P", "phases": [{"id": "f", "modes": modes}], **parts}
