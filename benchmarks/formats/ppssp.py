"""PPSSP: select projects and choose their years (Harrison et al.; instances as JSON).

Each project may start once in the planning window of years. Limits hold in every year of the
longer budget window: all cost, cost in first years of projects, and cost in later years. What a
stream spends within the planning window has a limit of its own. A prerequisite is finished
before its project starts; of two that exclude each other at most one is selected. The value
earned in a year t, 0-based, counts (1 + r)^-t times.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.items import InstanceError
from benchmarks.network import FIRST_DAY
from benchmarks.words import read_text
from pmo_optimizer import (
    Amounts,
    Anchor,
    Benefit,
    Calendar,
    Cap,
    CostLine,
    Excludes,
    Filter,
    Fund,
    Grain,
    Link,
    Mode,
    Objective,
    Phase,
    Portfolio,
    Project,
    ProjectYears,
    Rule,
    StartsRule,
    Term,
    TermName,
)

FUND = "budget"


def parts(path: Path) -> list[tuple[str, float | None]]:
    """Return the file as one part, with the best value of the solutions beside it."""
    values = []
    for file in sorted((path.parent / "solutions").glob("*.json")):
        try:
            data = json.loads(read_text(file))
            if isinstance(data, dict) and data.get("instance") == path.stem:
                values.append(float(data["value"]))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue  # it tells no value
    return [("", max(values, default=None))]


def read(path: Path, part: str = "") -> Portfolio:
    """Return a file as a portfolio whose discounted benefit is maximised.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    try:
        data = json.loads(read_text(path), parse_float=Decimal)
        return _portfolio(path.stem, data)
    except (KeyError, TypeError, IndexError) as error:
        raise InstanceError(f"{path.name}: {type(error).__name__}: {error}") from None


def _portfolio(name: str, data: dict[str, Any]) -> Portfolio:
    window, periods = data["planning_window"], data["budget_window"]
    projects = data["projects"]
    return Portfolio(
        name=name,
        calendar=Calendar(start=FIRST_DAY, periods=periods, grain=Grain.YEAR),
        money_rate=data["discount_rate"],
        funds=(Fund(id=FUND, amounts=Amounts(periods=tuple(data["budget"]))),),
        caps=(*_year_caps(data), *_stream_caps(data["stream_budgets"], window)),
        projects=tuple(_project(number, row, window) for number, row in enumerate(projects)),
        links=tuple(
            Link(source=_id(needed), target=_id(number))
            for number, row in enumerate(projects)
            for needed in sorted(set(row["prerequisites"]))
        ),
        excludes=tuple(Excludes(projects=pair) for pair in _pairs(projects)),
        rules=_starts(data["initiation_range"][1], len(projects)),
        objective=Objective(terms=(Term(term=TermName.BENEFIT),)),
    )


def _id(number: int) -> str:
    """Return the project id of a 0-based number."""
    return f"P{number + 1}"


def _project(number: int, row: dict[str, Any], window: int) -> Project:
    cost = CostLine(id="cost", profile=tuple(row["cost"]), fund=FUND)
    mode = Mode(duration=row["duration"], costs=(cost,))
    return Project(
        id=_id(number),
        name=row["name"],
        category=f"stream-{row['stream']}",
        latest_start=window - 1,
        benefit=Benefit(profile=tuple(row["value"]), anchor=Anchor.START),
        phases=(Phase(id="work", modes=(mode,)),),
    )


def _year_caps(data: dict[str, Any]) -> Iterable[Cap]:
    for years, field in (
        (ProjectYears.FIRST, "initiation_budget"),
        (ProjectYears.LATER, "ongoing_budget"),
    ):
        yield Cap(id=field, project_years=years, amounts=Amounts(periods=tuple(data[field])))


def _stream_caps(budgets: Sequence[Decimal], window: int) -> Iterable[Cap]:
    for stream, budget in enumerate(budgets):
        yield Cap(
            id=f"stream-{stream}",
            where=Filter(category=(f"stream-{stream}",)),
            first=0,
            last=window - 1,
            amounts=Amounts(total=budget),
        )


def _pairs(projects: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the pairs that exclude each other, each once."""
    pairs = {
        (min(number, other), max(number, other))
        for number, row in enumerate(projects)
        for other in row["exclusions"]
    }
    return [(_id(a), _id(b)) for a, b in sorted(pairs)]


def _starts(most: int, count: int) -> tuple[Rule, ...]:
    """Return the limit on starts per year, unless it cannot bind."""
    return () if most >= count else (StartsRule(id="starts", max=most),)
