"""Scenarios as files, and what holds for all of them."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmo_optimizer import InvalidInput, Portfolio, TermName, optimize
from pmo_scenarios import (
    Scenario,
    baseline_of,
    load_pack,
    load_scenarios,
    save_scenarios,
)
from tests.scenarios.test_changes import BASE, EFFECTS

ALL: dict[str, Any] = {"id": "all", "name": "Everything", "changes": [e[1] for e in EFFECTS]}


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_scenarios_survive_a_file(tmp_path: Path, ending: str) -> None:
    """Every kind of change is the same after saving and loading, one scenario or several."""
    one, other = Scenario.parse(ALL), Scenario.parse({"id": "none"})
    path = tmp_path / f"scenarios.{ending}"
    one.save(path)
    assert Scenario.load(path) == one
    assert load_scenarios(path) == (one,)
    save_scenarios([one, other], path)
    assert load_scenarios(path) == (one, other)


def test_a_file_of_several_is_not_one(tmp_path: Path) -> None:
    """`Scenario.load` refuses a file of two, and two of one id are refused at all."""
    path = tmp_path / "scenarios.yaml"
    save_scenarios([Scenario(id="a"), Scenario(id="b")], path)
    with pytest.raises(InvalidInput, match="2 scenarios"):
        Scenario.load(path)
    save_scenarios([Scenario(id="a"), Scenario(id="a")], path)
    with pytest.raises(InvalidInput, match="2 scenarios have the id a"):
        load_scenarios(path)


def test_form_errors_come_all_at_once() -> None:
    """Wrong kinds, missing fields and misspelt ones are findings with place and near name."""
    with pytest.raises(InvalidInput) as caught:
        Scenario.parse({"id": "s", "chnges": [], "changes": [
            {"change": "budgt", "fund": "a"}, {"fund": "a"}, {"change": "budget", "fnd": 1}, 3,
        ]})  # fmt: skip
    found = {f.path: (f.rule, f.fix) for f in caught.value.findings}
    assert {path: rule for path, (rule, _) in found.items()} == {
        "chnges": "unknown-field",
        "changes/0/change": "wrong-value",
        "changes/1/change": "missing-field",
        "changes/2/fund": "missing-field",
        "changes/2/fnd": "unknown-field",
        "changes/3": "wrong-type",
    }
    assert "`budget`" in found["changes/0/change"][1]
    assert "`fund`" in found["changes/2/fnd"][1]
    assert any("The scenario has no field" in f.message for f in caught.value.findings)


def test_findings_survive_the_way_between_processes() -> None:
    """InvalidInput carries the same findings after pickling."""
    with pytest.raises(InvalidInput) as caught:
        Scenario.parse({"id": "s", "changes": 3})
    assert pickle.loads(pickle.dumps(caught.value)).findings == caught.value.findings


@pytest.mark.parametrize("pack", ["digital", "boston"])
def test_no_change_is_the_base(pack: str) -> None:
    """The empty scenario gives a portfolio of the same digest."""
    base = load_pack(pack)
    assert Scenario(id="none").apply(base).digest() == base.digest()


def test_a_scenario_does_not_go_stale() -> None:
    """Laid over a base that has changed since, ten percent less are ten percent of the new."""
    cut = Scenario.parse(
        {"id": "cut", "changes": [{"change": "budget", "fund": "gift", "percent": -10}]}
    )
    data = json.loads(json.dumps(BASE))
    data["funds"][1]["amounts"]["total"] = 500
    assert cut.apply(Portfolio.parse(BASE)).funds[1].amounts.total == 50 - 5
    assert cut.apply(Portfolio.parse(data)).funds[1].amounts.total == 500 - 50


CHANGES = st.lists(st.sampled_from([e[1] for e in EFFECTS]), max_size=6)


@settings(max_examples=40, deadline=None)
@given(changes=CHANGES)
def test_applying_never_changes_the_base(changes: list[dict[str, Any]]) -> None:
    """Whatever the changes, the base is as before, and equal results have equal digests."""
    base = Portfolio.parse(BASE)
    scenario = Scenario.parse({"id": "s", "changes": changes})
    outcomes = []
    for _ in range(2):
        try:
            outcomes.append(scenario.apply(base).digest())
        except InvalidInput as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
    assert base == Portfolio.parse(BASE)
    assert base.digest() == Portfolio.parse(BASE).digest()


SHOP: dict[str, Any] = {
    "calendar": {"start": "2027-01-01", "periods": 6},
    "projects": [
        {"id": "A", "value": 3, "decision": "must", "costs": [{"lump": 40}],
         "phases": [{"id": "do", "duration": 2, "costs": [{"per_period": 8}]}]},
    ],
}  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(percent=st.decimals(min_value=-90, max_value=300, places=2))
def test_cost_by_percent_is_what_the_referee_adds_up(percent: Decimal) -> None:
    """So many percent more on every line are so many percent more of the plan's cost."""
    base = Portfolio.parse(SHOP)
    change = {"change": "work", "targets": ["A"], "cost": percent}
    dearer = Scenario.parse({"id": "s", "changes": [change]}).apply(base)
    plan = optimize(dearer, time_limit=10, workers=1, backend="milp")
    expected = float((40 + 2 * 8) * (100 + percent) / 100)
    assert plan.kpis.terms[TermName.COST] == pytest.approx(expected, abs=1e-6)


def test_a_plan_becomes_the_baseline_that_freezing_keeps() -> None:
    """Frozen at the end of the grid, the plan comes out again, whatever else gets better."""
    base = Portfolio.parse(SHOP | {"value_rate": 0.5})
    late = Scenario.parse(
        {"id": "l", "changes": [{"change": "dates", "projects": ["A"], "earliest_start": 3}]}
    ).apply(base)
    plan = optimize(late, time_limit=10, workers=1, backend="milp")
    assert plan.projects[0].start == 3
    kept = [entry.model_dump(mode="json") for entry in baseline_of(plan)]
    freeze = {"change": "freeze", "until": 6, "baseline": kept}
    frozen = Scenario.parse({"id": "f", "changes": [freeze]}).apply(base)
    again = optimize(frozen, time_limit=10, workers=1, backend="milp")
    assert again.projects == plan.projects
