"""Small portfolios as stored documents, and children that are followed to their end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pmo_optimizer import Portfolio
from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.limits import Limits
from pmo_optimizer.service.runs.messages import Message, Task
from pmo_optimizer.service.runs.process import Child, Entry, Outcome
from pmo_scenarios import generate

LIMITS = Limits(time_limit=300.0, workers=2, memory_mb=2048)
PATIENCE = 240.0
"""Seconds after which a test gives up waiting, on the slowest machine."""


@cache
def tiny() -> Portfolio:
    """Return four projects, of which funds and people allow some."""
    projects = [
        {
            "id": f"P{number}",
            "value": 10 + number,
            "phases": [
                {
                    "id": "build",
                    "duration": 2,
                    "needs": [{"skill": "dev", "fte": 1}],
                }
            ],
            "costs": [{"lump": 100, "category": "capex"}],
        }
        for number in range(1, 5)
    ]
    return Portfolio.parse(
        {
            "name": "tiny",
            "calendar": {"start": "2027-01-01", "periods": 8},
            "skills": [{"id": "dev"}],
            "people": [{"id": "ann", "skills": {"dev": 1}}],
            "funds": [{"id": "budget", "amounts": {"total": 300}}],
            "projects": projects,
        }
    )


@cache
def thrifty() -> Portfolio:
    """Return projects of which the best plan gives up some value, as much as it may, for cost."""
    projects = [
        {
            "id": f"P{number:02}",
            "value": 5 + 7 * number % 19,
            "phases": [{"id": "build", "duration": 1}],
            "costs": [{"lump": 10 + 11 * number % 17, "category": "capex"}],
        }
        for number in range(1, 15)
    ]
    return Portfolio.parse(
        {
            "name": "thrifty",
            "calendar": {"start": "2027-01-01", "periods": 4},
            "funds": [{"id": "budget", "amounts": {"total": 170}}],
            "projects": projects,
            "objective": {"terms": [{"term": "value", "rel_tol": 0.1}, {"term": "cost"}]},
        }
    )


@cache
def hard() -> Portfolio:
    """Return a portfolio whose best plan nobody proves within a test."""
    return generate(projects=120, periods=36, skills=8, seed=3)


def text_of(portfolio: Portfolio) -> str:
    """Return a portfolio as it is stored."""
    return json.dumps(portfolio.to_data())


def task_of(
    portfolio: Portfolio,
    kind: str = "solve",
    parameters: Mapping[str, Any] | None = None,
    *,
    limits: Limits = LIMITS,
    scenario: Mapping[str, Any] | None = None,
    start_plan: str | None = None,
) -> Task:
    """Return a task."""
    return Task(
        kind=kind,
        portfolio=text_of(portfolio),
        parameters={"workers": 2, "time_limit": 20.0} if parameters is None else parameters,
        scenario=None if scenario is None else json.dumps(scenario),
        start_plan=start_plan,
        limits=limits,
    )


def follow(
    task: Task,
    *,
    entry: Entry = child.main,
    stop_at: str | None = None,
    stop_grace: float = 60.0,
    kill_grace: float = 60.0,
    on_message: Callable[[Child, Message], None] | None = None,
) -> tuple[Outcome, list[Message]]:
    """Return what became of a child, and what it said; it is stopped after a certain message."""
    said: list[Message] = []
    end = time.monotonic() + PATIENCE
    with Child(task, entry=entry, stop_grace=stop_grace, kill_grace=kill_grace) as process:
        while not process.over:
            assert time.monotonic() < end, f"no end after {said}"
            for message in process.messages(0.05):
                said.append(message)
                if message[0] == stop_at:
                    process.stop()
                if on_message is not None:
                    on_message(process, message)
        return process.outcome(), said


def alive(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)
