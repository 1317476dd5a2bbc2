"""Examples of requests for the OpenAPI document and the docs page; the service takes each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

PORTFOLIO_ID = "pf_Xn3gTq5w0KbYc7RmZ1dLhA"
SCENARIO_ID = "sc_Qw8eR2tYu1iOp4aSd6fGhJ"
RUN_ID = "run_mN7bVc5xZl3kJh1gFd9sAq"
PLAN_ID = "pl_Aa1Bb2Cc3Dd4Ee5Ff6Gg7H"
DECISION_ID = "de_Zz9Yy8Xx7Ww6Vv5Uu4Tt3S"

Example = Mapping[str, Any]

PORTFOLIO: Example = MappingProxyType(
    {
        "name": "Digital 2027",
        "calendar": {"start": "2027-01-01", "periods": 12, "grain": "month"},
        "skills": [{"id": "developer"}, {"id": "architect"}],
        "people": [
            {"id": "Ada", "skills": {"developer": 1, "architect": 1}},
            {"id": "Bob", "skills": {"developer": 1}},
        ],
        "funds": [{"id": "budget", "amounts": {"total": 400}}],
        "projects": [
            {
                "id": "Portal",
                "value": 8,
                "phases": [
                    {
                        "id": "build",
                        "duration": 4,
                        "needs": [{"skill": "developer", "fte": 1}],
                        "costs": [{"per_period": 40}],
                    }
                ],
            },
            {
                "id": "Archive",
                "value": 5,
                "phases": [
                    {
                        "id": "move",
                        "duration": 3,
                        "needs": [{"skill": "architect", "fte": 0.5}],
                        "costs": [{"per_period": 90}],
                    }
                ],
            },
        ],
    }
)

SCENARIO: Example = MappingProxyType(
    {
        "id": "cut",
        "name": "A tenth less money",
        "changes": [{"change": "budget", "fund": "budget", "percent": -10}],
    }
)

PORTFOLIOS: Mapping[str, Example] = MappingProxyType(
    {"two-projects": {"summary": "Two projects, two people", "value": dict(PORTFOLIO)}}
)

SCENARIOS: Mapping[str, Example] = MappingProxyType(
    {"cut": {"summary": "A smaller budget", "value": dict(SCENARIO)}}
)

RUNS: Mapping[str, Example] = MappingProxyType(
    {
        "solve": {
            "summary": "The best plan within 30 s or 1 %",
            "value": {
                "kind": "solve",
                "portfolio_id": PORTFOLIO_ID,
                "parameters": {"time_limit": 30, "gap": 0.01},
            },
        },
        "scenario": {
            "summary": "The best plan under a scenario that is written here",
            "value": {
                "kind": "solve",
                "portfolio_id": PORTFOLIO_ID,
                "scenario": dict(SCENARIO),
                "parameters": {"time_limit": 30},
            },
        },
        "prices": {
            "summary": "What one step more of each limit would be worth",
            "value": {
                "kind": "prices",
                "portfolio_id": PORTFOLIO_ID,
                "parameters": {"time_limit": 10},
            },
        },
    }
)

DECISIONS: Mapping[str, Example] = MappingProxyType(
    {
        "draft": {
            "summary": "A plan for the board",
            "value": {"plan_id": PLAN_ID, "title": "Plan of 2027", "why": "Best plan within 1 %"},
        }
    }
)

MOVES: Mapping[str, Example] = MappingProxyType(
    {
        "propose": {
            "summary": "Put before the board",
            "value": {"to": "proposed", "why": "Reviewed with finance"},
        },
        "reject": {
            "summary": "Refused, with what the board wants otherwise",
            "value": {
                "to": "rejected",
                "why": "Archive must wait",
                "overrides": [{"what": "Archive not before 2028", "project": "Archive", "cost": 5}],
            },
        },
    }
)
