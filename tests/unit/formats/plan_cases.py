"""A portfolio and plans of it by hand, with one of everything that exports show."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Plan, Portfolio

Data = dict[str, Any]

PORTFOLIO: Data = {
    "name": "Bank 2027",
    "currency": "EUR",
    "calendar": {
        "start": "2027-01-01",
        "periods": 12,
        "fiscal_start_month": 4,
        "holidays": ["2027-01-01", "2027-05-17"],
    },
    "criteria": [{"id": "growth", "name": "=Growth", "weight": 1}],
    "skills": [{"id": "dev"}, {"id": "law", "overload_price": 1}],
    "people": [
        {
            "id": "ann",
            "name": "Ann",
            "skills": {"dev": 1, "law": 0.5},
            "cost_rate": 8000,
            "absences": [{"first": "2027-02-08", "last": "2027-02-12", "reason": "leave"}],
        },
        {"id": "bob", "skills": {"dev": 1}, "fte": 0.8},
    ],
    "pools": [{"id": "lawyers", "skill": "law", "fte": 1}],
    "funds": [{"id": "main", "name": "Main budget", "amounts": {"years": {2027: 400, 2028: 90}}}],
    "projects": [
        {
            "id": "P1",
            "name": "=cmd|' /C calc'!A0",
            "scores": {"growth": 10},
            "decision": "must",
            "phases": [
                {
                    "id": "design",
                    "duration": 2,
                    "needs": [{"skill": "law", "fte": 0.5}],
                    "costs": [{"per_period": 100, "fund": "main"}],
                },
                {
                    "id": "build",
                    "name": "@Build",
                    "duration": 3,
                    "needs": [{"skill": "dev", "profile": [1, 1, 0.5]}],
                    "costs": [{"lump": 60}],
                },
                {"id": "live", "duration": 0},
            ],
        },
        {
            "id": "P2",
            "name": "-2+3",
            "scores": {"growth": 5},
            "phases": [
                {"id": "a", "duration": 2},
                {"id": "b", "duration": 1, "needs": [{"skill": "dev", "fte": 0.6}]},
                {"id": "c", "duration": 4},
            ],
            "links": [
                {"from": "a", "to": "b", "min_lag": 1, "max_lag": 3},
                {"from": "a", "to": "c", "type": "SS", "min_lag": 1},
                {"from": "b", "to": "c", "type": "FF"},
            ],
        },
        {"id": "P3", "name": "Date only", "scores": {"growth": 1}, "costs": [{"lump": 10}]},
        {"id": "P4", "name": "Rival", "scores": {"growth": 9}, "phases": [{"duration": 2}]},
        {"id": "P5", "scores": {"growth": 2}, "decision": "never", "phases": [{"duration": 1}]},
        {"id": "P6", "scores": {"growth": 2}, "costs": [{"lump": 5000}]},
        {"id": "P7", "scores": {"growth": 2}, "phases": [{"duration": 2}]},
        {
            "id": "P8",
            "scores": {"growth": 2},
            "phases": [{"duration": 10, "needs": [{"skill": "dev", "fte": 1.8}]}],
        },
        {"id": "P9", "scores": {"growth": 2}, "state": "done"},
    ],
    "links": [{"from": "P1", "to": "P2/a", "min_lag": 1}, {"from": "P4", "to": "P7"}],
    "requires": [{"project": "P2", "needs": ["P3"]}],
    "excludes": [{"projects": ["P1", "P4"]}],
}


def _phase(name: str, start: int, end: int) -> Data:
    return {"phase": name, "mode": "normal", "start": start, "end": end}


def _share(
    who: str, path: str, need: str, start: int, *shares: float, kind: str = "person"
) -> Data:
    project, phase = path.split("/")
    return {
        "kind": kind,
        "supplier": who,
        "project": project,
        "phase": phase,
        "need": need,
        "start": start,
        "shares": list(shares),
    }


PLAN: Data = {
    "portfolio": "Bank 2027",
    "status": "feasible",
    "termination": "time_limit",
    "objective": 1.6,
    "bound": 2.0,
    "gap": 0.2,
    "seconds": 1.5,
    "staffing": "named",
    "fully_staffed": True,
    "terms": [{"term": "value", "value": 1.6, "best": 1.6, "bound": 2.0, "gap": 0.2}],
    "projects": [
        {
            "project": "P1",
            "selected": True,
            "start": 0,
            "finish": 5,
            "phases": [_phase("design", 0, 2), _phase("build", 2, 5), _phase("live", 5, 5)],
        },
        {
            "project": "P2",
            "selected": True,
            "start": 6,
            "finish": 11,
            "phases": [_phase("a", 6, 8), _phase("b", 9, 10), _phase("c", 7, 11)],
        },
        {"project": "P3", "selected": True, "start": 0, "finish": 0},
        *({"project": name, "selected": False} for name in ("P4", "P5", "P6", "P7", "P8")),
        {"project": "P9", "selected": True},
    ],
    "allocations": [
        _share("lawyers", "P1/design", "law", 0, 0.5, 0.5, kind="pool"),
        _share("ann", "P1/build", "dev", 2, 1, 1, 0.2),
        _share("bob", "P1/build", "dev", 4, 0.3),
        _share("bob", "P2/b", "dev", 9, 0.6),
    ],
    "kpis": {
        "terms": {"value": 1.6},
        "objective": 1.6,
        "selected": 4,
        "projects": [
            {"project": "P1", "raw_value": 1, "value": 1, "cost": 260, "benefit": 0, "effort": 3.5},
            {"project": "P2", "raw_value": 0.5, "value": 0.5, "cost": 0, "benefit": 0, "effort": 1},
            {
                "project": "P3",
                "raw_value": 0.1,
                "value": 0.1,
                "cost": 10,
                "benefit": 0,
                "effort": 0,
            },
        ],
        "funds": [
            {"fund": "main", "bucket": "2027", "available": 400, "spent": 210},
            {"fund": "main", "bucket": "2028", "available": 90, "spent": 60},
        ],
        "skills": [
            {
                "skill": "dev",
                "load": [0, 0, 1, 1, 0.5, *[0] * 4, 0.6, 0, 0],
                "capacity": [1.8] * 12,
            },
            {"skill": "law", "load": [0.5, 0.5, *[0] * 10], "capacity": [1.5] * 12},
        ],
        "alignment": [{"criterion": "growth", "value": 1.6, "share": 1}],
    },
}

COMPARISON: Data = {
    "portfolio": "Bank 2027",
    "currency": "EUR",
    "cases": [
        {
            "id": "base",
            "status": "feasible",
            "objective": 1.6,
            "figures": {
                "value": 1.6,
                "benefit": 0,
                "npv": -260,
                "cost": 270,
                "effort": 4.1,
                "selected": 4,
                "funds": [{"fund": "main", "bucket": "2027", "available": 400, "spent": 210}],
            },
        },
        {
            "id": "cut",
            "name": "+Half the money",
            "status": "optimal",
            "objective": 1.1,
            "leaves": ["P2"],
            "moves": [{"project": "P1", "start_before": 0, "start_after": 3}],
            "gained": {"value": -0.5, "low": -0.9, "high": -0.1, "proven": True},
        },
    ],
}


def portfolio() -> Portfolio:
    """Return the portfolio."""
    return Portfolio.parse(PORTFOLIO)


def plan(**changes: Any) -> Plan:
    """Return the plan by name, with changes."""
    return Plan.parse({**PLAN, "digest": portfolio().digest(), **changes})


def without_decisions() -> Plan:
    """Return the answer that there is no plan."""
    return Plan.parse({"status": "infeasible", "termination": "proved", "message": "no way"})
