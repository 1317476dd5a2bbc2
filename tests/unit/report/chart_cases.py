"""Portfolios, plans and results of studies for the tests of charts, all made by hand."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report import charts
from pmo_optimizer.report.charts import Chart
from tests.cli.conftest import PLAN, PORTFOLIO

HOSTILE = "</script><script>alert(1)</script> <!-- {{ 7*7 }} \u2028 ' \" & é 好"
"""A name that would break out of careless HTML, JSON, templates and scripts."""


def made() -> tuple[Portfolio, Plan]:
    """Return the portfolio and the plan that the tests of the command line use."""
    portfolio = Portfolio.parse(PORTFOLIO)
    return portfolio, Plan.parse(PLAN).model_copy(update={"digest": portfolio.digest()})


def renamed(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return portfolio data in which everything that may have a name has this one."""
    changed = {**data, "name": name}
    for part in ("projects", "skills", "funds", "criteria"):
        changed[part] = [{**item, "name": f"{item['id']} {name}"} for item in data[part]]
    return changed


def large(projects: int = 200, periods: int = 48, skills: int = 12) -> tuple[Portfolio, Plan]:
    """Return a portfolio of that size and a plan that selects every second project."""
    portfolio = Portfolio.parse(
        {
            "name": "Large",
            "calendar": {"start": "2027-01-01", "periods": periods},
            "skills": [{"id": f"S{k}"} for k in range(skills)],
            "funds": [{"id": "main", "amounts": {"periods": [10] * periods}}],
            "projects": [
                {
                    "id": f"P{k:03}",
                    "value": k + 1,
                    "probability": 0.5 + 0.4 * (k % 2),
                    "phases": [{"id": "a", "duration": 3}, {"id": "b", "duration": 2}],
                }
                for k in range(projects)
            ],
            "links": [{"from": f"P{k:03}", "to": f"P{k + 1:03}"} for k in range(projects - 1)],
        }
    )
    plan = Plan.parse(
        {
            "status": "feasible",
            "termination": "gap",
            "objective": 1,
            "bound": 2,
            "gap": 0.5,
            "projects": [_decision(k, periods) for k in range(projects)],
            "kpis": {
                "funds": [
                    {"fund": "main", "bucket": str(t), "available": 10, "spent": 1}
                    for t in range(periods)
                ],
                "skills": [
                    {"skill": f"S{k}", "load": [0.5] * periods, "capacity": [1] * periods}
                    for k in range(skills)
                ],
            },
            "incumbents": [{"seconds": k, "value": k, "bound": 9000 - k} for k in range(3000)],
        }
    )
    return portfolio, plan


def _decision(number: int, periods: int) -> dict[str, Any]:
    name = f"P{number:03}"
    if number % 2:
        return {"project": name, "selected": False}
    start = number % (periods - 5)
    phases = [
        {"phase": "a", "mode": "normal", "start": start, "end": start + 3},
        {"phase": "b", "mode": "normal", "start": start + 3, "end": start + 5},
    ]
    decision = {"project": name, "selected": True, "start": start, "finish": start + 5}
    return {**decision, "phases": phases}


def figures(value: float, cost: float, selected: int) -> dict[str, Any]:
    """Return key figures as studies give them."""
    zero = dict.fromkeys(("benefit", "npv", "penalty", "effort"), 0.0)
    return {**zero, "value": value, "cost": cost, "selected": selected, "funds": []}


def part(project: str, value: float, cost: float) -> dict[str, Any]:
    """Return what one project adds."""
    return {
        "project": project,
        "raw_value": value,
        "value": value,
        "cost": cost,
        "benefit": 0.0,
        "effort": 0.0,
    }


COMPARISON: dict[str, Any] = {
    "portfolio": "Bank 2027",
    "digest": "d",
    "currency": "EUR",
    "term": "value",
    "maximised": True,
    "missing": [],
    "seconds": 1.0,
    "cases": [
        {
            "id": "base",
            "name": "",
            "status": "optimal",
            "objective": 10.0,
            "gap": 0.0,
            "figures": figures(10.0, 100.0, 3),
            "parts": [part("P1", 6, 50), part("P2", 3, 30), part("P3", 1, 20)],
            "enters": [],
            "leaves": [],
            "moves": [],
            "gained": None,
        },
        {
            "id": "cut",
            "name": "Less money",
            "status": "feasible",
            "objective": 8.5,
            "gap": 0.1,
            "figures": figures(8.5, 75.0, 3),
            "parts": [part("P1", 5.5, 50), part("P3", 1, 20), part("P6", 1.5, 5)],
            "enters": ["P6"],
            "leaves": ["P2"],
            "moves": [
                {
                    "project": "P1",
                    "start_before": 1,
                    "start_after": 2,
                    "finish_before": 6,
                    "finish_after": 7,
                    "modes": ["build"],
                }
            ],
            "gained": {"value": -1.5, "low": -1.5, "high": -0.5, "proven": True},
        },
        {
            "id": "none",
            "name": "",
            "status": "infeasible",
            "objective": None,
            "gap": None,
            "figures": None,
            "parts": [],
            "enters": [],
            "leaves": [],
            "moves": [],
            "gained": None,
        },
    ],
}


def point(
    amount: float, value: float | None, name: str = "", *, today: bool = False
) -> dict[str, Any]:
    """Return one level of a frontier, or a scenario on it."""
    return {
        "level": None if name else amount,
        "amount": amount,
        "current": today,
        "scenario": name,
        "status": "optimal" if value is not None else "infeasible",
        "value": value,
        "bound": value,
        "gap": 0.0,
        "ranking": None if value is None else value - 1,
        "figures": None if value is None else figures(value, amount, 2),
        "enters": ["P1"],
        "leaves": [],
        "moves": [],
    }


FRONTIER: dict[str, Any] = {
    "portfolio": "Bank 2027",
    "digest": "d",
    "currency": "EUR",
    "term": "value",
    "maximised": True,
    "axis": {"kind": "budget", "targets": ["main"], "field": "", "unit": "amount"},
    "points": [point(500, None), point(800, 6), point(1000, 9, today=True), point(1200, 9.5)],
    "scenarios": [point(900, 7, "cut")],
    "missing": ["1400"],
    "seconds": 2.0,
}

REPLAN: dict[str, Any] = {
    "portfolio": "Bank 2027",
    "term": "value",
    "maximised": True,
    "now": 2,
    "message": "",
    "least_changes": 1,
    "chosen": 0,
    "points": [
        {
            "limit": limit,
            "changes": changes,
            "objective": value,
            "bound": 9.0,
            "gap": 0.1,
            "lost": {"value": 8.5 - value, "low": None, "high": None, "proven": False},
            "enters": [],
            "leaves": ["P2"],
            "moves": [],
        }
        for limit, changes, value in ((1, 1, 7.0), (2, 2, 8.0), (None, 5, 8.5))
    ],
    "new": {"changes": 1, "enters": [], "leaves": ["P2"], "moves": []},
}

PRICES: dict[str, Any] = {
    "portfolio": "Bank 2027",
    "term": "value",
    "prices": [
        {
            "words": "1 % more of main",
            "text": "1 % more of main is worth 0.5",
            "price": {"value": 0.5, "low": 0.5, "high": 0.5, "proven": True},
            "per_unit": {"value": 0.05},
            "enables": False,
            "worthless": False,
            "enters": ["P3"],
            "leaves": [],
        },
        {
            "words": "1 FTE more of law",
            "text": "",
            "price": None,
            "per_unit": None,
            "enables": False,
            "worthless": True,
            "enters": [],
            "leaves": [],
        },
    ],
}


def every_chart(portfolio: Portfolio, plan: Plan) -> list[Chart]:
    """Return one of each chart."""
    return [
        charts.bubbles(portfolio, plan),
        charts.bubbles(portfolio),
        charts.roadmap(portfolio, plan),
        charts.load_map(portfolio, plan),
        charts.spending(portfolio, plan),
        charts.dependencies(portfolio, plan),
        charts.progress(plan),
        charts.frontier_chart(FRONTIER, portfolio=portfolio),
        charts.changes_curve(REPLAN),
        *(charts.waterfall(COMPARISON, name, portfolio=portfolio) for name in ("cut", "none")),
    ]
