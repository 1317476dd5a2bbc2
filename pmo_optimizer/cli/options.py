"""The options that several commands share, described once."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pmo_optimizer.cli.output import writable

MAX_SEED = 2**31 - 1
"""Largest seed that every engine takes."""


class Pack(StrEnum):
    """Sample portfolios that come with the package."""

    DIGITAL = "digital"
    BOSTON = "boston"


class RobustAim(StrEnum):
    """What a plan for all cases is best at."""

    MEAN = "mean"
    WORST = "worst"
    REGRET = "regret"


class Staffing(StrEnum):
    """Who serves the needs of a plan."""

    CAPACITY = "capacity"
    NAMED = "named"


def fraction(value: float) -> float:
    """Return the number; a usage error unless it is at least 0 and below 1."""
    if not 0 <= value < 1:
        raise typer.BadParameter("a number from 0 to below 1 is expected; 0.01 is one percent")
    return value


def positive(value: float) -> float:
    """Return the number; a usage error unless it is finite and above 0."""
    if not (math.isfinite(value) and value > 0):
        raise typer.BadParameter("a number above 0 is expected")
    return value


def known_backend(name: str) -> str:
    """Return the engine's name; a usage error where there is no such engine."""
    if name == "auto":
        return name
    from pmo_optimizer.backend import backend_names

    names = ("auto", *backend_names())
    if name not in names:
        raise typer.BadParameter(f"there is no engine {name!r}; there are: {', '.join(names)}")
    return name


PortfolioFile = Annotated[
    Path, typer.Argument(help="Portfolio file (.xlsx, .yaml, .yml or .json).", metavar="FILE")
]
PlanFile = Annotated[
    Path, typer.Argument(help="Plan file that `solve --output` wrote.", metavar="PLAN")
]
ScenarioFiles = Annotated[
    list[Path],
    typer.Argument(help="Scenario files (.xlsx, .yaml, .yml or .json).", metavar="SCENARIOS"),
]
UncertaintyFile = Annotated[
    Path, typer.Argument(help="What is uncertain (.yaml, .yml or .json).", metavar="UNCERTAINTY")
]
StudiedPlan = Annotated[
    Path | None, typer.Option("--plan", help="Plan file to study, instead of solving first.")
]
Cases = Annotated[
    int, typer.Option("--cases", min=0, help="Drawn cases to solve, beside the extremes.")
]
Simulated = Annotated[
    int, typer.Option("--simulate", min=0, help="Drawn cases to play the plan through.")
]
Robust = Annotated[
    RobustAim | None,
    typer.Option(
        "--robust", help="Instead, find the plan with the best mean, worst case or regret."
    ),
]
OfPortfolio = Annotated[
    Path, typer.Option("--portfolio", "-p", help="The portfolio that the plan is of.")
]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", "-t", help="Seconds of solving.", callback=positive)
]
Gap = Annotated[
    float,
    typer.Option("--gap", callback=fraction, help="Stop at this relative gap, as 0.01 for 1 %."),
]
Backend = Annotated[
    str, typer.Option("--backend", "-b", callback=known_backend, help="Engine; see `engines`.")
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Threads; all processors by default.")
]
Seed = Annotated[
    int,
    typer.Option("--seed", min=0, max=MAX_SEED, help="Seed of the engine's random choices."),
]
Reproducible = Annotated[
    bool,
    typer.Option("--reproducible", help="Budget work instead of seconds: same input, same plan."),
]
StaffingKind = Annotated[
    Staffing,
    typer.Option("--staffing", help="Plan the capacity of skills, or people by name."),
]
StartPlan = Annotated[
    Path | None, typer.Option("--start", help="Plan file to begin with (a warm start).")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", callback=writable, help="Write the plan here (.json, .yaml or .yml)."
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="Solve on a Dask cluster, as tcp://host:8786."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
ShowProgress = Annotated[
    bool, typer.Option("--progress/--no-progress", help="Show incumbent and bound on stderr.")
]
Everything = Annotated[bool, typer.Option("--all", help="Show every row of every table.")]
Loads = Annotated[bool, typer.Option("--loads", help="Show the load of each person as well.")]
WorthOfHires = Annotated[
    bool,
    typer.Option(
        "--hires", help="Show what each hire is worth, by solving without it, and nothing else."
    ),
]
OnePerson = Annotated[
    str | None,
    typer.Option("--person", metavar="ID", help="Show what this person does, and nothing else."),
]
