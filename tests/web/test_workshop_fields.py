"""From the fields of the workshop to changes of a scenario, and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.web.workshop.controls import Controls, controls_of, plain
from pmo_optimizer.web.workshop.made import made_of, values_of
from pmo_optimizer.web.workshop.words import words_of
from pmo_scenarios import Scenario
from pmo_scenarios.packs import load_pack


@pytest.fixture(scope="module")
def sample() -> Portfolio:
    """Return the sample portfolio."""
    return load_pack("digital")


@pytest.fixture(scope="module")
def controls(sample: Portfolio) -> Controls:
    """Return its controls."""
    return controls_of(sample)


def key_of(controls: Controls, label: str) -> str:
    """Return the key of the control with a label."""
    (found,) = [slider.key for slider in controls.sliders if slider.label == label]
    return found


def changed(sample: Portfolio, controls: Controls, **values: str) -> list[dict[str, Any]]:
    """Return the changes that fields say, which the portfolio takes without an error."""
    made, wrong = made_of(controls, values)
    assert wrong == ()
    data = [one.data for one in made]
    Scenario.parse({"id": "x", "changes": data}).apply(sample)
    return data


def test_there_is_a_control_for_everything(sample: Portfolio, controls: Controls) -> None:
    """Each year of each fund, each skill, each criterion, and each project that is not done."""
    assert [s.label for s in controls.budgets[:2]] == [
        "Investment budget, 2027",
        "Investment budget, 2028",
    ]
    assert len(controls.budgets) == 10
    assert len(controls.capacities) == len(sample.skills)
    assert len(controls.weights) == len(sample.criteria)
    assert len(controls.choices) == len(sample.projects) - 1  # one is done
    keys = [slider.key for slider in controls.sliders]
    keys += [choice.key for choice in controls.choices]
    assert len(set(keys)) == len(keys)


def test_fields_as_they_are_say_nothing(controls: Controls) -> None:
    """Whoever sends the page untouched changes nothing; empty fields are untouched ones."""
    values = {slider.key: plain(slider.base) for slider in controls.sliders}
    values |= {choice.key: choice.base for choice in controls.choices}
    assert made_of(controls, values) == ((), ())
    assert made_of(controls, dict.fromkeys(values, "")) == ((), ())


def test_a_budget_becomes_what_is_typed(sample: Portfolio, controls: Controls) -> None:
    """As the change `budget` with `to`, for its year."""
    key = key_of(controls, "Investment budget, 2028")
    assert changed(sample, controls, **{key: "1,600.5"}) == [
        {"change": "budget", "fund": "capex", "year": 2028, "to": "1600.5"}
    ]
    key = key_of(controls, "Innovation fund, in total")
    assert changed(sample, controls, **{key: "0"}) == [
        {"change": "budget", "fund": "innovation", "to": "0"}
    ]


def test_more_people_are_fte_and_less_are_a_part(sample: Portfolio, controls: Controls) -> None:
    """More adds a pool; less takes the same part of everybody's time."""
    slider = next(s for s in controls.capacities if s.target == "architect")
    more = plain(slider.base + Decimal("0.5"))
    assert changed(sample, controls, **{slider.key: more}) == [
        {"change": "capacity", "skill": "architect", "fte": "0.5"}
    ]
    half = changed(sample, controls, **{slider.key: plain(slider.base / 2)})
    assert half == [{"change": "capacity", "skill": "architect", "percent": "-50"}]
    assert changed(sample, controls, **{slider.key: "0"})[0]["percent"] == "-100"


def test_points_are_shares_of_what_they_add_up_to(sample: Portfolio, controls: Controls) -> None:
    """Weights always add up to 1, whatever the points do."""
    keys = [slider.key for slider in controls.weights]
    points = dict(zip(keys, ("2", "1", "1", "0", "0"), strict=True))
    (change,) = changed(sample, controls, **points)
    assert change["weights"]["customer"] == "0.5"
    assert sum(Decimal(x) for x in change["weights"].values()) == 1
    thirds = dict(zip(keys, ("1", "1", "1", "0", "0"), strict=True))
    (change,) = changed(sample, controls, **thirds)
    assert sum(Decimal(x) for x in change["weights"].values()) == 1


def test_each_decision_is_a_change_of_its_own(sample: Portfolio, controls: Controls) -> None:
    """So that a finding about one of them stands beside it."""
    values = {c.key: "never" for c in controls.choices if c.project in {"POL", "CLM"}}
    found = changed(sample, controls, **values)
    assert sorted(x["projects"][0] for x in found) == ["CLM", "POL"]
    assert {x["decision"] for x in found} == {"never"}


def test_what_means_nothing_is_told_at_once(controls: Controls) -> None:
    """Every such field, with its name, what is wrong and what to type."""
    values = {"b0": "much", "c0": "1e99", "w0": "-1", "d0": "perhaps", "b1": "NaN"}
    made, wrong = made_of(controls, values)
    assert made == ()
    assert {one.key for one in wrong} == set(values)
    assert all(one.finding.message and one.finding.fix for one in wrong)


@pytest.mark.parametrize(
    "given",
    ["1_000", "1.000,5", "1,5", "1,00", "1.5.", ".", "٣", "1e3", "1.2345678", "1 000", "--1", ""],
)
def test_a_number_is_meant_in_one_way(controls: Controls, given: str) -> None:
    """What could mean two numbers, or has more digits than are kept, is refused."""
    made, wrong = made_of(controls, {"b0": given})
    assert made == ()
    assert [one.key for one in wrong] == (["b0"] if given else [])


def test_the_words_have_the_digits_that_were_typed(controls: Controls) -> None:
    """However small the difference is; people are counted in hundredths, and that is said."""
    slider = next(s for s in controls.budgets if s.target == "capex")
    more = slider.base + Decimal("0.002")
    (one,) = made_of(controls, {slider.key: plain(more)})[0]
    assert "(+0.002)" in one.words
    assert one.data["to"] == plain(more)
    slider = next(s for s in controls.capacities if s.target == "architect")
    made, wrong = made_of(controls, {slider.key: plain(slider.base + Decimal("0.002"))})
    assert made == ()
    assert "more than two decimals" in wrong[0].finding.message


def test_changes_come_back_into_the_fields(sample: Portfolio, controls: Controls) -> None:
    """What the fields said is said by them again, and makes the same portfolio."""
    values = {
        key_of(controls, "Investment budget, 2028"): "600",
        key_of(controls, "Innovation fund, in total"): "99.5",
        key_of(controls, "Architects"): "2.5",
        key_of(controls, "Testers"): "1",
        "w0": "60",
        "d3": "must",
    }
    first = changed(sample, controls, **values)
    scenario = Scenario.parse({"id": "x", "changes": first})
    again = values_of(controls, scenario.to_data()["changes"])
    assert again is not None
    assert {key: again[key] for key in values if key != "w0"} == {
        key: value for key, value in values.items() if key != "w0"
    }
    second = Scenario.parse({"id": "x", "changes": changed(sample, controls, **again)})
    assert second.apply(sample).digest() == scenario.apply(sample).digest()


@pytest.mark.parametrize(
    "change",
    [
        {"change": "budget", "fund": "capex", "percent": -10},
        {"change": "budget", "fund": "capex", "year": 2028, "by": 5},
        {"change": "capacity", "skill": "architect", "fte": 1, "first": "2027-06-01"},
        {"change": "capacity", "skill": "architect", "fte": -1},
        {"change": "capacity", "skill": "nobody", "fte": 1},
        {"change": "weights", "weights": {"customer": 0.5}},
        {"change": "decide", "projects": ["API"], "decision": "must"},
        {"change": "work", "targets": ["POL"], "duration": 20},
    ],
)
def test_what_has_no_control_stays_a_change(controls: Controls, change: dict[str, Any]) -> None:
    """It is not squeezed into a field that says something else."""
    assert values_of(controls, [change]) is None


def test_two_changes_of_one_field_are_no_field(controls: Controls) -> None:
    """The order of changes counts, and a field has none."""
    change = {"change": "budget", "fund": "capex", "year": 2028, "to": 5}
    assert values_of(controls, [change]) is not None
    assert values_of(controls, [change, change]) is None


def test_changes_in_words(sample: Portfolio) -> None:
    """Names instead of ids, and no end of them."""
    change = {"change": "budget", "fund": "capex", "percent": -10}
    assert words_of(sample, change) == "Budget: fund Investment budget, percent -10"
    every = {"change": "decide", "projects": [p.id for p in sample.projects], "decision": "free"}
    assert len(words_of(sample, every)) == 400


def test_budgets_per_period_are_changed_by_fiscal_year() -> None:
    """By percent, or evenly where there was nothing, and read back from it."""
    made = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 24},
            "funds": [{"id": "f", "amounts": {"periods": [10] * 12 + [0] * 12}}],
            "projects": [{"id": "A", "value": 1}],
        }
    )
    controls = controls_of(made)
    assert [(s.year, plain(s.base)) for s in controls.budgets] == [(2027, "120"), (2028, "0")]
    assert controls.weights == ()
    found = changed(made, controls, b0="60", b1="24")
    assert found == [
        {"change": "budget", "fund": "f", "year": 2027, "percent": "-50"},
        {"change": "budget", "fund": "f", "year": 2028, "by": "2"},
    ]
    amounts = Scenario.parse({"id": "x", "changes": found}).apply(made).funds[0].amounts
    assert [int(x) for x in amounts.periods or ()] == [5] * 12 + [2] * 12
    assert values_of(controls, found[:1]) == {"b0": "60"}
