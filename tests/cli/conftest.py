"""A small portfolio and a plan of it, made by hand, that show every section of a report."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.model import Plan, Portfolio

ROOT = Path(__file__).parents[2]

PORTFOLIO: dict[str, Any] = {
    "name": "Bank 2027",
    "currency": "EUR",
    "calendar": {"start": "2027-01-01", "periods": 12, "fiscal_start_month": 4},
    "criteria": [
        {"id": "growth", "name": "Growth", "weight": 0.6},
        {"id": "risk", "weight": 0.4, "worst": 5, "best": 0},
    ],
    "skills": [
        {"id": "dev", "name": "Development", "rate": 9000, "overload_price": 0.5},
        {"id": "law"},
    ],
    "people": [{"id": "ann", "skills": {"dev": 1, "law": 0.5}}],
    "hires": [
        {"id": "extra-dev", "skill": "dev", "max_heads": 2, "lead_time": 1, "cost_once": 500}
    ],
    "funds": [{"id": "main", "name": "Main budget", "amounts": {"years": {2027: 900, 2028: 100}}}],
    "projects": [
        {
            "id": "P1",
            "name": "Payments",
            "scores": {"growth": 10, "risk": 0},
            "decision": "must",
            "due": "2027-04-30",
            "late_price": 1,
            "phases": [
                {"id": "design", "duration": 2, "costs": [{"per_period": 100, "fund": "main"}]},
                {
                    "id": "build",
                    "modes": [
                        {"id": "slow", "duration": 4, "needs": [{"skill": "dev", "fte": 1}]},
                        {"id": "fast", "duration": 3, "costs": [{"lump": 300}]},
                    ],
                },
                {"id": "live", "duration": 0},
            ],
        },
        {"id": "P2", "value": 0.25, "costs": [{"lump": 70}]},
        {
            "id": "P3",
            "name": "[red]Archive[/red]\nnow",
            "value": 0.5,
            "costs": [{"per_period": 10}],
            "phases": [{"duration": 3, "needs": [{"skill": "dev", "fte": 1, "charge_to": "main"}]}],
        },
        {"id": "P4", "value": 0.1, "state": "done"},
        {
            "id": "P5",
            "value": 0.2,
            "state": "running",
            "stoppable": True,
            "exit_cost": 25,
            "phases": [{"duration": 4}],
        },
        {"id": "P6", "value": 0.9, "decision": "never"},
    ],
}

PLAN: dict[str, Any] = {
    "portfolio": "Bank 2027",
    "status": "feasible",
    "termination": "time_limit",
    "objective": 0.75,
    "bound": 1.0,
    "gap": 0.25,
    "seconds": 12.34,
    "build_seconds": 0.1,
    "engine": {"name": "cp-sat", "versions": {"ortools": "9.15"}, "workers": 2, "seed": 7},
    "terms": [
        {"term": "value", "value": 1.25, "best": 0.75, "bound": 1.0, "gap": 0.25, "tolerance": 0.1},
        {"term": "cost", "value": 770, "best": 770, "bound": 770, "gap": 0},
    ],
    "projects": [
        {
            "project": "P1",
            "selected": True,
            "start": 1,
            "finish": 6,
            "phases": [
                {"phase": "design", "mode": "normal", "start": 1, "end": 3},
                {"phase": "build", "mode": "fast", "start": 3, "end": 6},
                {"phase": "live", "mode": "normal", "start": 6, "end": 6},
            ],
        },
        {"project": "P2", "selected": True, "start": 0, "finish": 0},
        {"project": "P3", "selected": False},
        {"project": "P4", "selected": True},
        {"project": "P5", "selected": False},
        {"project": "P6", "selected": False},
    ],
    "hires": [{"hire": "extra-dev", "period": 2, "heads": 1}],
    "kpis": {
        "penalty": 0.5,
        "objective": 0.75,
        "selected": 3,
        "projects": [
            {
                "project": "P1",
                "raw_value": 1,
                "value": 1,
                "cost": 700,
                "benefit": 0,
                "effort": 0,
            },
            {
                "project": "P2",
                "raw_value": 0.25,
                "value": 0.25,
                "cost": 70,
                "benefit": 0,
                "effort": 0,
            },
        ],
        "funds": [
            {"fund": "main", "bucket": "2027", "available": 900, "spent": 770},
            {"fund": "main", "bucket": "2028", "available": 100, "spent": 125, "overspent": 25},
        ],
        "skills": [
            {"skill": "dev", "load": [0] * 6 + [1.5] * 6, "capacity": [1] * 12},
            {"skill": "law", "load": [0.5] * 12, "capacity": [0.5] * 12},
        ],
        "alignment": [
            {"criterion": "growth", "value": 0.6, "share": 0.6},
            {"criterion": "risk", "value": 0.4, "share": 0.4},
        ],
        "breaches": [
            {
                "kind": "due",
                "id": "P1",
                "period": "2027-07",
                "amount": 1,
                "price": 0.5,
                "penalty": 0.5,
            }
        ],
    },
}


@pytest.fixture
def portfolio() -> Portfolio:
    """Return the portfolio by hand."""
    return Portfolio.parse(PORTFOLIO)


@pytest.fixture
def plan(portfolio: Portfolio) -> Plan:
    """Return a plan of it, with one of everything a report shows."""
    return Plan.parse(PLAN).model_copy(update={"digest": portfolio.digest()})


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path, portfolio: Portfolio, plan: Plan) -> Path:
    """Return a folder with ``portfolio.yaml`` and ``plan.json`` in it."""
    portfolio.save(tmp_path / "portfolio.yaml")
    plan.save(tmp_path / "plan.json")
    return tmp_path


@pytest.fixture
def run(tmp_path: Path, warm: Path) -> Run:
    """Return what runs the command line in a process of its own, in a temporary folder.

    With variables of the environment it is a fresh process, which reads them as it imports.
    """
    fresh = (sys.executable, "-m", "pmo_optimizer.cli")

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*(fresh if environment else (str(warm / "pmo-optimizer"),)), *arguments],
            cwd=tmp_path,
            env=process_environment() | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


def process_environment() -> dict[str, str]:
    """Return an environment in which the packages are found, installed or not."""
    paths = (str(ROOT), str(ROOT / "solvers"), str(ROOT / "scenarios"))
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "FORCE_COLOR"}}
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture
def run_faked(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return what starts the command line with an engine that does what a test says.

    The first argument is the body of ``act(portfolio, put, stop)``, which optimizes or staffs;
    when it staffs, ``put`` is None.
    """
    started: list[subprocess.Popen[str]] = []

    def start(body: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        script = tmp_path / "faked.py"
        script.write_text(FAKED.replace("BODY", textwrap.indent(textwrap.dedent(body), "    ")))
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            cwd=tmp_path,
            env=process_environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


FAKED = """
import sys, threading, time, types
from pmo_optimizer.model import Incumbent, Plan, Status, Termination
from pmo_optimizer.cli import main

def act(portfolio, put, stop):
BODY

def optimize(portfolio, *, time_limit, gap, backend, workers, seed, reproducible, staffing,
             start, on_progress, stop):
    return act(portfolio, on_progress, stop)

def staff(portfolio, plan, *, time_limit, workers, seed, reproducible, stop):
    return act(portfolio, None, stop)

for function in (optimize, staff):
    module = types.ModuleType(f"pmo_optimizer.{function.__name__}")
    setattr(module, function.__name__, function)
    sys.modules[module.__name__] = module
main()
"""
