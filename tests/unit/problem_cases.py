"""Small portfolios and problems by hand for the tests of the core and the engines' parts."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.model import Portfolio
from pmo_optimizer.problem import Problem, compile_problem
from tests.brute.evaluate import Combination

HALF_YEAR = {"start": "2027-01-01", "periods": 6}
"""Six months of 2027."""

Data = dict[str, Any]
"""Plain data as in a portfolio file."""


def portfolio(**parts: Any) -> Portfolio:
    """Return a portfolio of the given parts, on six months of 2027 unless it has a calendar."""
    return Portfolio.parse({"calendar": HALF_YEAR, **parts})


def problem(**parts: Any) -> Problem:
    """Return such a portfolio compiled."""
    return compile_problem(portfolio(**parts))


def project(name: str, *durations: int, **parts: Any) -> Data:
    """Return a project of value 1 with phases f1, f2, ... of these durations."""
    phases = [{"id": f"f{n}", "duration": d} for n, d in enumerate(durations, start=1)]
    return {"id": name, "value": 1, "phases": phases, **parts}


def worker(name: str, fte: float, duration: int = 1, skill: str = "dev", **parts: Any) -> Data:
    """Return a project with one phase that needs FTE of a skill."""
    needs = [{"skill": skill, "fte": fte}]
    return {"id": name, "value": 1, "phases": [{"duration": duration, "needs": needs}], **parts}


def decided(subject: Problem, **starts: int | tuple[int, ...]) -> Decisions:
    """Return decisions that select the named projects, each phase in its first mode.

    A number is the start of the only phase, a tuple has one start for each phase.
    """
    placed: list[tuple[PhaseDecision, ...]] = []
    for data in subject.projects:
        own = starts.get(data.id, ())
        own = (own,) if isinstance(own, int) else own
        placed.append(tuple(PhaseDecision(0, start) for start in own[: len(data.phases)]))
    return Decisions(tuple(p.id in starts for p in subject.projects), tuple(placed))


def decisions_of(subject: Problem, combination: Combination) -> Decisions:
    """Return what a combination of brute force decides, by the indices of a problem."""
    by_id = {fate.option.project.id: fate.option for fate in combination.fates}
    placed: list[tuple[PhaseDecision, ...]] = []
    for data in subject.projects:
        own = {p.phase.id: p for p in by_id[data.id].placed}
        placed.append(
            tuple(
                PhaseDecision(
                    next(i for i, m in enumerate(phase.modes) if m.id == own[phase.id].mode.id),
                    own[phase.id].start,
                )
                for phase in (data.phases if by_id[data.id].selected else ())
            )
        )
    hires = {hire.id: i for i, hire in enumerate(subject.hires)}
    heads = (
        (hires[name], period, count)
        for name, orders in combination.hiring.orders.items()
        for period, count in orders.items()
    )
    selected = tuple(by_id[data.id].selected for data in subject.projects)
    return Decisions(selected, tuple(placed), tuple(sorted(heads)))
