"""Each kind of run, once, in a real child."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pmo_optimizer import Plan, Portfolio, optimize, referee
from pmo_optimizer.service.runs.kinds import MODELS
from tests.api.runs.helpers import follow, task_of, tiny

UNCERTAINTY = {"uncertain": [{"what": "duration", "target": "P1", "low": -25, "high": 50}]}

CUT = {"id": "cut", "changes": [{"change": "budget", "fund": "budget", "percent": -50}]}

CASES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "solve": ("solve", {"staffing": "named", "goals": {"balance": 2}, "reproducible": True}),
    "staff": ("staff", {}),
    "compare": ("compare", {"scenarios": [CUT]}),
    "frontier": ("frontier", {"funds": ["budget"], "levels": [60, 100], "scenarios": [CUT]}),
    "prices": ("prices", {"only": ["budget"], "percent": 50}),
    "why": ("why", {"project": "P1", "flips": False}),
    "conflicts": ("conflicts", {"limit": 1}),
    "alternatives": ("alternatives", {"plans": 2, "within": 0.5}),
    "robustness": ("robustness", {"uncertainty": UNCERTAINTY, "cases": 1, "simulate": 5}),
    "robust": ("robustness", {"uncertainty": UNCERTAINTY, "cases": 1, "robust": "mean"}),
    "replan": ("replan", {"progress": {"as_of": 1}, "points": 0}),
}


def test_every_kind_is_here() -> None:
    """No kind is forgotten below."""
    assert {kind for kind, _ in CASES.values()} == set(MODELS)


@pytest.mark.parametrize("case", CASES)
def test_a_kind_runs(case: str) -> None:
    """Each kind gives an answer of its own form, and only plans that the referee accepts."""
    kind, parameters = CASES[case]
    start = None
    if kind in {"staff", "replan"}:
        start = optimize(tiny(), time_limit=20, workers=2).model_dump_json()
    common = {"time_limit": 10.0, "workers": 2}
    outcome, said = follow(task_of(tiny(), kind, common | dict(parameters), start_plan=start))
    answer = outcome.answer
    assert answer is not None, outcome
    assert answer.status in {"optimal", "feasible"}
    assert json.loads(answer.to_json(), parse_constant=pytest.fail)
    for text, facts in zip(answer.plans, answer.facts, strict=True):
        plan = Plan.parse(json.loads(text))
        assert facts["digest"] == plan.digest
        if plan.digest == tiny().digest():
            assert referee.check(tiny(), plan).violations == ()
    if kind in {"solve", "staff"}:
        assert answer.result is None
        assert len(answer.plans) == 1
    else:
        assert answer.result is not None
        assert any(message[0] == "solves" for message in said)


def test_that_there_is_no_plan_is_an_answer() -> None:
    """A portfolio that cannot be done is proved so: the run has succeeded in that."""
    data = tiny().to_data()
    for project in data["projects"]:
        project["decision"] = "must"
    portfolio = Portfolio.parse(data)
    outcome, _ = follow(task_of(portfolio, "conflicts", {"time_limit": 10.0, "workers": 2}))
    assert outcome.answer is not None, outcome
    assert outcome.answer.status == "infeasible"
    assert outcome.answer.result is not None
    assert outcome.answer.result["conflicts"]
