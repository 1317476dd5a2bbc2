"""A valid portfolio by hand that uses every part of the vocabulary."""

from __future__ import annotations

from typing import Any

FULL: dict[str, Any] = {
    "name": "everything",
    "calendar": {
        "start": "2027-01-01",
        "periods": 24,
        "fiscal_start_month": 4,
        "holidays": ["2027-12-24"],
        "sites": [{"id": "north", "holidays": ["2027-05-17"]}],
    },
    "value_rate": 0.05,
    "money_rate": 0.03,
    "risk_adjusted": True,
    "criteria": [{"id": "growth"}, {"id": "safety"}, {"id": "cost", "worst": 5, "best": 1}],
    "comparisons": [
        {"a": "growth", "b": "safety", "ratio": 2},
        {"a": "growth", "b": "cost", "ratio": 4},
        {"a": "safety", "b": "cost", "ratio": 2},
    ],
    "skills": [
        {"id": "dev", "rate": 8, "rate_category": "labour"},
        {"id": "test", "overload_price": 3},
        {"id": "rig"},
    ],
    "people": [
        {
            "id": "ann",
            "skills": {"dev": 1, "test": 0.5},
            "site": "north",
            "team": "core",
            "absences": [{"first": "2027-07-05", "last": "2027-07-30", "share": 0.5}],
            "preferences": [{"project": "web", "score": 2}],
            "dedications": [{"project": "web", "last": "2027-12-31", "fte": 0.25}],
        },
        {"id": "bob", "skills": {"dev": 0.8}, "count": 3, "available_from": "2027-02-01"},
    ],
    "pools": [{"id": "lab", "skill": "rig", "profile": [2] * 24}],
    "hires": [{"id": "new", "skill": "dev", "max_heads": 2, "lead_time": 2, "cost_once": 10}],
    "funds": [
        {
            "id": "plan",
            "amounts": {"years": {2027: 400, 2028: 500, 2029: 300}},
            "categories": ["capex", "hiring", "exit"],
            "carry_over": "all",
        },
        {"id": "staff", "amounts": {"total": 900}, "categories": ["labour"]},
        {"id": "monthly", "amounts": {"periods": [50] * 24}, "price": 2, "carry_over": 10},
    ],
    "caps": [
        {
            "id": "early",
            "where": {"category": "digital"},
            "cost_categories": ["capex"],
            "project_years": "first",
            "first": "2027-01-01",
            "last": 11,
            "amounts": {"total": 500},
        }
    ],
    "projects": [
        {
            "id": "web",
            "name": "New web shop",
            "staff_budget": 900,
            "category": "digital",
            "tags": ["customer"],
            "attributes": {"risk": 2},
            "scores": {"growth": 8, "safety": 3, "cost": 2},
            "benefit": {"profile": [5] * 12},
            "probability": 0.8,
            "earliest_start": "2027-03-01",
            "latest_finish": "2028-12-31",
            "due": "2028-06-30",
            "late_price": 1,
            "phases": [
                {
                    "id": "design",
                    "modes": [
                        {"id": "normal", "duration": 3, "needs": [{"skill": "dev", "fte": 1}]},
                        {"id": "fast", "duration": 2, "needs": [{"skill": "dev", "fte": 2}]},
                    ],
                },
                {
                    "id": "build",
                    "duration": 4,
                    "needs": [
                        {
                            "skill": "dev",
                            "profile": [1, 2, 2, 1],
                            "charge_to": "staff",
                            "min_proficiency": 0.5,
                            "prefer": ["core"],
                        },
                        {"skill": "test", "effort": 2, "max_fte": 1, "must": ["ann"]},
                    ],
                    "costs": [{"category": "capex", "profile": [5, 5, 5, 5]}],
                },
                {"id": "live", "duration": 0},
            ],
            "costs": [{"category": "capex", "lump": 20, "fund": "plan"}],
        },
        {
            "id": "lab",
            "category": "research",
            "attributes": {"risk": 4},
            "state": "running",
            "stoppable": True,
            "exit_cost": 15,
            "exit_fund": "plan",
            "value": 3,
            "phases": [{"id": "rest", "duration": 5, "needs": [{"skill": "rig", "fte": 1}]}],
        },
        {
            "id": "net",
            "category": "digital",
            "attributes": {"risk": 1},
            "value": 4,
            "decision": "must",
            "phases": [
                {"id": "a", "duration": 2, "pin": {"start": 3, "mode": "normal"}},
                {"id": "b", "duration": 2, "needs": [{"skill": "rig", "heads": 1, "share": 0.5}]},
            ],
            "links": [{"from": "a", "to": "b", "type": "SS", "min_lag": 1, "max_lag": 4}],
        },
        {"id": "sso1", "attributes": {"risk": 3}, "value": 2, "phases": [{"duration": 3}]},
        {"id": "sso2", "attributes": {"risk": 3}, "value": 3, "phases": [{"duration": 4}]},
        {"id": "law", "attributes": {"risk": 0}, "value": 1},
        {"id": "old", "state": "done", "earliest_start": "2025-01-01"},
    ],
    "links": [
        {"from": "net/a", "to": "web", "type": "FS", "min_lag": 1},
        {"from": "sso", "to": "web/build", "if_unselected": "ignore"},
        {"from": "old", "to": "law"},
    ],
    "requires": [{"project": "web", "needs": ["sso", "old"]}],
    "excludes": [{"projects": ["law", "lab"]}],
    "all_or_none": [{"projects": ["web", "law"]}],
    "choose": [{"id": "sso", "projects": ["sso1", "sso2"]}],
    "synergies": [
        {
            "projects": ["web", "net"],
            "value": 1,
            "savings": [{"fund": "plan", "period": 3, "amount": 2}],
        }
    ],
    "rules": [
        {
            "type": "share",
            "measure": "cost",
            "where": {"category": "digital"},
            "sense": "at_least",
            "share": 0.3,
            "of": "budget",
            "price": 1,
        },
        {"type": "count", "where": {"tag": "customer"}, "max": 3},
        {"type": "starts", "max": 3, "first": "2027-01-01", "last": 20},
        {"type": "average", "attribute": "risk", "weight": "value", "limit": 3},
        {"type": "utilization", "ceiling": 0.9},
    ],
    "objective": {
        "terms": [{"term": "value", "rel_tol": 0.05}, {"term": "delay"}, {"term": "changes"}]
    },
    "baseline": [
        {"project": "net", "phases": [{"phase": "a", "start": 3, "mode": "normal"}]},
        {"project": "old", "selected": True},
    ],
}
"""Two years of months; no check finds anything."""
