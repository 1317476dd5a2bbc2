"""What each chart says: its numbers are those of the plan."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pmo_optimizer.model import Incumbent, Plan, Portfolio
from pmo_optimizer.report import charts
from pmo_optimizer.report.charts import Chart, Table
from tests.unit.report.chart_cases import COMPARISON, FRONTIER, HOSTILE, REPLAN, made


def values(chart: Chart) -> list[dict[str, Any]]:
    """Return the rows of all layers."""
    return [row for layer in chart.spec["layer"] for row in layer["data"]["values"]]


def test_bubbles_have_cost_value_and_risk_of_each_project() -> None:
    """Selected projects have their cost in the plan, others the least one; done ones are out."""
    portfolio, plan = made()
    rows = {row[0]: row[1:] for row in charts.bubbles(portfolio, plan).table.rows}
    assert rows["P1 Payments"] == ("selected: must or running", 700.0, 1.0, 0.0)
    assert rows["P6"] == ("never", 0.0, 0.9, 0.0)
    assert rows["P5"][0] == "not selected"
    assert "P4" not in rows
    assert "2 of 5 projects are selected" in charts.bubbles(portfolio, plan).summary


def test_bubbles_without_a_plan_are_candidates() -> None:
    """Nothing is selected or rejected where there is no plan."""
    portfolio, _ = made()
    chart = charts.bubbles(portfolio)
    assert {row[1] for row in chart.table.rows} == {"candidate", "never"}
    assert chart.summary.startswith("5 candidates with")


def test_risk_is_the_chance_to_fail() -> None:
    """A probability of 0.7 is a risk of 30 percent, and a legend explains the sizes."""
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 4},
            "projects": [
                {"id": "A", "value": 1, "probability": 0.7, "costs": [{"lump": 5}]},
                {"id": "B", "value": 2, "costs": [{"lump": 7}]},
            ],
        }
    )
    chart = charts.bubbles(portfolio)
    assert [(row[0], row[4]) for row in chart.table.rows] == [("B", 0.0), ("A", 30.0)]
    assert chart.spec["layer"][0]["encoding"]["size"]["legend"]["values"] == [0, 15, 30]


def test_costs_far_apart_are_on_a_logarithmic_axis() -> None:
    """A project of 5 and one of 5 billion are both seen."""
    projects = [
        {"id": f"P{k}", "value": 1, "costs": [{"lump": lump}]}
        for k, lump in enumerate((5, 6, 7, 5_000_000_000))
    ]
    calendar = {"start": "2027-01-01", "periods": 4}
    chart = charts.bubbles(Portfolio.parse({"calendar": calendar, "projects": projects}))
    x = chart.spec["layer"][0]["encoding"]["x"]
    assert x["scale"]["type"] == "log"
    assert "logarithmic" in x["axis"]["title"]


def test_roadmap_has_dates_of_phases_and_who_is_late() -> None:
    """Ends are the last day of work; a project that ends after its due date is named."""
    portfolio, plan = made()
    chart = charts.roadmap(portfolio, plan)
    rows = [row for row in chart.table.rows if row[0] == "P1 Payments"]
    assert rows[0] == ("P1 Payments", "design", "normal", "2027-02-01", "2027-03-31", 2, 2)
    assert rows[2][1:6] == ("live", "normal", "2027-07-01", "2027-07-01", 0)
    assert "P1 after the due date" in chart.summary
    kinds = {row.get("kind") for row in values(chart)}
    assert {"phase", "next phase", "milestone", "due date"} <= kinds


def test_roadmap_shows_the_projects_of_a_page() -> None:
    """With `only` it has these projects, and its axis still the whole horizon."""
    portfolio, plan = made()
    chart = charts.roadmap(portfolio, plan, only=["P1"])
    assert {row[0] for row in chart.table.rows} == {"P1 Payments"}
    ends = chart.spec["layer"][0]["data"]["values"]
    day = 86_400_000
    assert [row["from"] // day for row in ends] == [20819, 20819 + 365]


def test_roadmap_draws_links_between_selected_projects() -> None:
    """A link has its corners at the end of the one and the start of the other."""
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 12},
            "projects": [{"id": x, "phases": [{"duration": 2}]} for x in "ABC"],
            "links": [{"from": "A", "to": "B"}, {"from": "A", "to": "C"}],
        }
    )
    decisions = [("A", True, 0), ("B", True, 4), ("C", False, None)]
    plan = Plan.parse(
        {
            "status": "optimal",
            "termination": "proved",
            "projects": [
                {
                    "project": name,
                    "selected": selected,
                    "start": start,
                    "finish": None if start is None else start + 2,
                }
                for name, selected, start in decisions
            ],
        }
    )
    rows = [row for row in values(charts.roadmap(portfolio, plan)) if row.get("kind") == "link"]
    corners = [row for row in rows if "order" in row]
    heads = [row for row in rows if "words" in row]
    assert [row["row"] for row in corners] == ["A", "B", "B"]
    assert [row["words"] for row in heads] == ["Link FS: B waits for A"]


def test_load_map_marks_what_is_over_capacity() -> None:
    """A skill with 1.5 of 1 FTE is over capacity, says so in its cell, and in the sentence."""
    portfolio, plan = made()
    chart = charts.load_map(portfolio, plan)
    over = [row for row in values(chart) if row.get("text", "").startswith("▲")]
    assert {row["text"] for row in over} == {"▲150"}
    assert "Development: 150 % of 1 FTE" in chart.summary
    assert "6 are over capacity" in chart.summary
    assert ("Development", "2027-07", 1.5, 1.0, 150) in chart.table.rows


def test_load_map_of_quarters_marks_a_single_period_that_is_over() -> None:
    """In a quarter with one month over capacity the cell says so, though its mean is below."""
    periods = 40
    portfolio = Portfolio.parse(
        {"calendar": {"start": "2027-01-01", "periods": periods}, "skills": [{"id": "dev"}]}
    )
    load = [0.0, 1.5, 0.0, *[0.5] * (periods - 3)]
    skills = [{"skill": "dev", "load": load, "capacity": [1] * periods}]
    plan = Plan.parse({"status": "feasible", "termination": "gap", "kpis": {"skills": skills}})
    rows = [row for row in values(charts.load_map(portfolio, plan)) if row.get("text")]
    assert [row["when"] for row in rows if row["text"] == "▲50"] == ["27-Q1"]


def test_spending_counts_what_is_carried_over_once() -> None:
    """Of 100 and 100 with 60 carried over, 200 are available in all, not 260."""
    uses = [
        {"fund": "f", "bucket": "2027", "available": 100, "spent": 40, "carried": 60},
        {"fund": "f", "bucket": "2028", "available": 160, "spent": 100, "carried": 60},
    ]
    portfolio = Portfolio.parse(
        {
            "currency": "EUR",
            "calendar": {"start": "2027-01-01", "periods": 24},
            "funds": [{"id": "f", "amounts": {"years": {2027: 100, 2028: 100}}}],
        }
    )
    plan = Plan.parse({"status": "optimal", "termination": "proved", "kpis": {"funds": uses}})
    chart = charts.spending(portfolio, plan)
    assert chart.summary.startswith("140 of 200 EUR in 1 fund are spent (70 %)")
    assert chart.table.rows[1] == ("f", "2028", 160.0, 100.0, 60.0)


def test_spending_says_what_is_too_much() -> None:
    """An overspent fund is named with its amount, and its bar has a sign beside the colour."""
    portfolio, plan = made()
    chart = charts.spending(portfolio, plan)
    assert "Main budget overspent by 25 EUR" in chart.summary
    assert [row["text"] for row in values(chart) if "text" in row][1].endswith("▲")


def test_dependencies_put_predecessors_to_the_left() -> None:
    """In a chain each project is one layer further right, and a circle does not hang."""
    names = "ABCD"
    links = [{"from": a, "to": b} for a, b in itertools.pairwise(names)]
    data: dict[str, Any] = {
        "calendar": {"start": "2027-01-01", "periods": 12},
        "projects": [{"id": x} for x in (*names, "E", "F")],
        "links": links,
        "excludes": [{"projects": ["D", "E"]}],
    }
    chart = charts.dependencies(Portfolio.parse(data))
    x = {row["id"]: row["x"] for row in values(chart) if "kind" in row}
    assert [x[name] for name in names] == [0, 1, 2, 3]
    assert "F" not in x
    assert chart.summary.startswith("5 projects with 4 relations in 4 layers")
    circle = Portfolio.parse({**data, "links": [*links, {"from": "D", "to": "A"}]})
    assert not charts.dependencies(circle).empty


def test_progress_says_when_plans_came() -> None:
    """First and last better plan have their seconds; the gap is that of the end."""
    log = [
        Incumbent(seconds=1, value=None, bound=20),
        Incumbent(seconds=2, value=5, bound=12),
        Incumbent(seconds=3, value=8, bound=10),
    ]
    chart = charts.progress(log)
    assert chart.table.rows[-1][:3] == (3.0, 8.0, 10.0)
    assert chart.table.rows[-1][3] == pytest.approx(20)
    assert "first plan came after 2.0 s and the last of 2 after 3.0 s" in chart.summary
    assert "gap of 20.00 %" in chart.summary
    same = charts.progress([entry.model_dump() for entry in log])
    assert same.spec == chart.spec


def test_progress_without_a_plan_has_its_bound() -> None:
    """Where nothing was found, the sentence says so."""
    chart = charts.progress([{"seconds": 4, "value": None, "bound": 20}])
    assert chart.summary == "No plan was found in 4.0 s; the bound is 20.00."


def test_waterfall_adds_up() -> None:
    """From 10 by what enters, leaves and moves to 8.5; every step says why."""
    portfolio, _ = made()
    chart = charts.waterfall(COMPARISON, "cut", portfolio=portfolio)
    rows = chart.table.rows
    assert rows[0] == ("base", "", None, 10.0)
    assert [row[:3] for row in rows[1:-1]] == [
        ("P2", "leaves", -3.0),
        ("P6", "enters", 1.5),
        ("P1 Payments", "moves", -0.5),
        ("synergies and rest", "", 0.5),
    ]
    assert rows[-2][3] == rows[-1][3] == 8.5
    assert "less by 1.5000" in chart.summary


def test_waterfall_of_cost_is_in_money() -> None:
    """With `measure` it shows cost: 100 less 30 and 5 more is 75."""
    chart = charts.waterfall(COMPARISON, "cut", measure="cost")
    assert [row[2] for row in chart.table.rows[1:-1]] == [-30.0, 5.0]
    assert "cost 75 EUR against 100" in chart.summary


def test_waterfall_without_parts_still_ends_right() -> None:
    """Comparisons that do not say what each project adds have one step."""
    cases = [{k: v for k, v in case.items() if k != "parts"} for case in COMPARISON["cases"]]
    chart = charts.waterfall({**COMPARISON, "cases": cases}, "cut")
    assert chart.table.rows[1][:3] == ("projects and rest", "", -1.5)


def test_waterfall_of_many_projects_puts_small_steps_together() -> None:
    """Of 60 projects that enter, a few bars remain, which add up to the same."""
    parts = [
        {**COMPARISON["cases"][0]["parts"][0], "project": f"N{k}", "value": float(k + 1)}
        for k in range(60)
    ]
    base, case = COMPARISON["cases"][:2]
    total = sum(part["value"] for part in parts)
    entered = {
        **case,
        "parts": [*base["parts"], *parts],
        "enters": [part["project"] for part in parts],
        "leaves": [],
        "moves": [],
        "figures": {**case["figures"], "value": 10.0 + total},
    }
    chart = charts.waterfall({**COMPARISON, "cases": [base, entered]}, "cut")
    bars = chart.spec["layer"][0]["data"]["values"]
    assert len(bars) <= 22
    assert len(chart.table.rows) == 62
    assert chart.table.rows[-1][3] == pytest.approx(10 + total)
    assert "put together" in chart.note


def test_waterfall_of_an_unknown_scenario_is_an_error() -> None:
    """A case that the comparison does not have is a KeyError."""
    with pytest.raises(KeyError):
        charts.waterfall(COMPARISON, "nobody")


def test_frontier_has_today_scenarios_and_ranking() -> None:
    """The curve has its ends and today in the sentence, the scenario as a mark of its own."""
    portfolio, _ = made()
    chart = charts.frontier_chart(FRONTIER, portfolio=portfolio)
    assert "From 800 to 1,200 (budget of Main budget, EUR)" in chart.summary
    assert "today 1,000 gives 9.0000, where a ranking list gives 8.0000" in chart.summary
    kinds = [row["kind"] for row in values(chart) if "words" in row]
    assert {"best plan found", "ranking list", "scenario", "today"} <= set(kinds)
    assert "Not solved: 1400" in chart.note
    assert [row[2] for row in chart.table.rows] == ["", "", "today", "", "cut"]


def test_changes_curve_marks_the_new_plan() -> None:
    """Points go from few changes to many, and the chosen one stands out."""
    chart = charts.changes_curve(REPLAN)
    assert [row[1] for row in chart.table.rows] == [1, 2, 5]
    assert [row[-1] for row in chart.table.rows] == ["yes", "", ""]
    assert "the new plan has 1 changed project and 7.0000" in chart.summary


def test_tables_say_numbers_alike() -> None:
    """Numbers of a column have the same decimals; nothing is a dash."""
    table = Table(("a", "b", "c"), (("x", 0.25, 1234.5), ("y", 3.0, None), ("z", -1e-9, 7.0)))
    assert table.texts() == (("x", "0.25", "1,234"), ("y", "3.00", "–"), ("z", "0.00", "7"))
    assert table.numeric == (False, True, True)
    assert list(table.to_frame().columns) == ["a", "b", "c"]


def test_texts_of_tables_are_escaped() -> None:
    """A name cannot become markup in the HTML of a chart."""
    chart = Chart("n", HOSTILE, {}, Table((HOSTILE,), ((HOSTILE,),)), HOSTILE, HOSTILE)
    page = chart.to_html()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
