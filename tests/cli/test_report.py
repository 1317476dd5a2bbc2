"""The readable plan: every section, any size, any width, no surprises from the data."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from pmo_optimizer.model import Calendar, Grain, Plan, Portfolio, ProjectPlan, Status
from pmo_optimizer.report import DEFAULT_LIMIT, plan_report, plan_text
from pmo_optimizer.report.gantt import Scale, chart_row, ticks_of
from pmo_optimizer.report.projects import least_cost
from pmo_optimizer.report.resources import buckets, fiscal_quarter
from pmo_optimizer.report.words import amount, bar, clip, first_day, last_day, relative_gap


def line_with(text: str, word: str) -> str:
    """Return the first line that contains a word."""
    return next(line for line in text.splitlines() if word in line)


def test_header_says_how_good_the_plan_is(portfolio: Portfolio, plan: Plan) -> None:
    """Status, value, bound, gap, termination, engine, time and violations stand at the top."""
    head = "\n".join(plan_text(portfolio, plan).splitlines()[:6])
    for word in ("feasible", "0.7500", "1.0000", "25.00 %", "time limit", "cp-sat", "12.3"):
        assert word in head
    assert re.search(r"violations\s+0", head)
    assert "3 of 6 projects" in head


def test_a_plan_without_a_bound_says_so(portfolio: Portfolio, plan: Plan) -> None:
    """Nothing is claimed about the quality of a plan for which there is no bound."""
    bare = plan.model_copy(update={"bound": None, "gap": None})
    assert "without a bound" in plan_text(portfolio, bare)
    assert "at most the gap" in plan_text(portfolio, plan)


def test_selected_projects_have_dates_mode_cost_value_and_score(
    portfolio: Portfolio, plan: Plan
) -> None:
    """A selected project's line gives first and last day from the calendar, and its figures."""
    text = plan_text(portfolio, plan)
    line = line_with(text, "2027-06-30")
    for word in ("P1 Payments", "2027-02-01", "fast", "700", "1.0000", "must", "late by 2"):
        assert word in line


def test_modes_are_named_only_where_there_was_a_choice(portfolio: Portfolio, plan: Plan) -> None:
    """The single mode of a phase is no news."""
    assert "normal" not in line_with(plan_text(portfolio, plan), "2027-06-30")


def test_rejected_projects_have_cost_and_score_best_first(portfolio: Portfolio, plan: Plan) -> None:
    """Rejected projects stand in order of score, with the least they would have cost."""
    text = plan_text(portfolio, plan)
    rejected = text[text.index("Rejected projects (3)") : text.index("Load against")]
    assert [rejected.index(name) for name in ("P6", "P3", "P5")] == sorted(
        rejected.index(name) for name in ("P6", "P3", "P5")
    )
    # Three periods of 10 for the project and of one developer at 9,000.
    assert f"{3 * 10 + 3 * 9000:,}" in line_with(rejected, "P3")
    assert "never" in line_with(rejected, "P6")
    assert "exit cost 25" in line_with(rejected, "P5")


def test_load_is_a_percentage_of_capacity(portfolio: Portfolio, plan: Plan) -> None:
    """Load is shown per fiscal quarter in percent; 1.5 of 1 FTE is 150 percent."""
    line = line_with(plan_text(portfolio, plan), "Development")
    assert line.split() == [
        "Development",
        "0.75",
        "1",
        *["150", "%", "0", "%", "0", "%", "150", "%", "150", "%"],
    ]


@pytest.mark.parametrize("capacity", [(), (1.0, 1.0)])
def test_a_skill_of_which_nothing_is_said_has_dashes(
    portfolio: Portfolio, plan: Plan, capacity: tuple[float, ...]
) -> None:
    """A plan file may hold no figure of a skill's load; the row then has nothing to show."""
    silent = {"load": (), "capacity": capacity}
    skills = tuple(skill.model_copy(update=silent) for skill in plan.kpis.skills)
    kpis = plan.kpis.model_copy(update={"skills": skills})
    line = line_with(plan_text(portfolio, plan.model_copy(update={"kpis": kpis})), "Development")
    assert set(line.split()[1:]) == {"–"}


def test_what_is_not_a_number_fills_no_bar() -> None:
    """Plan files may hold figures that are no numbers; they are shown all the same."""
    assert bar(float("nan"), 1, 4).plain == "░░░░"
    assert bar(float("inf"), 1, 4).plain == "████"


def test_spending_is_shown_against_each_year(portfolio: Portfolio, plan: Plan) -> None:
    """Each fund and year has what was available, spent and left."""
    text = plan_text(portfolio, plan)
    assert re.search(r"Main budget\s+2027\s+900\s+770\s+130\s+86 %", text)
    assert re.search(r"Main budget\s+2028\s+100\s+125\s+-25\s+125 %", text)


def test_breaches_hires_and_alignment_are_listed(portfolio: Portfolio, plan: Plan) -> None:
    """Soft breaches, hires (first day = order + lead time) and criteria have a table each."""
    text = plan_text(portfolio, plan)
    assert re.search(r"P1\s+due\s+2027-07\s+1\s+0\.5\s+0\.5", text)
    assert re.search(r"extra-dev\s+dev\s+1\s+2027-03-01\s+2027-04-01\s+500", text)
    assert re.search(r"Growth\s+0\.6000\s+60 %", text)


def test_terms_show_value_bound_gap_and_tolerance(portfolio: Portfolio, plan: Plan) -> None:
    """Every term of the objective has its line, and the prices paid are named."""
    text = plan_text(portfolio, plan)
    assert re.search(r"value\s+1\.2500\s+0\.7500\s+1\.0000\s+25\.00 %\s+0\.1", text)
    assert re.search(r"cost\s+770\.00\s+770\.00\s+770\.00\s+0\.00 %", text)
    assert "Prices of soft breaches: 0.5" in text


def test_gantt_scales_periods_to_columns(portfolio: Portfolio, plan: Plan) -> None:
    """P1 runs from period 1 to 6 of 12: two columns a period put it in columns 2 to 11."""
    entry = plan.projects[0]
    row = chart_row(entry, Scale(periods=12, columns=24), []).plain
    assert row == "  " + "█" * 4 + "▓" * 6 + "◆" + " " * 11


def test_gantt_shows_work_that_is_shorter_than_a_column() -> None:
    """A phase of one period of a hundred still has a character in a chart of ten."""
    phases = ({"phase": "a", "mode": "m", "start": 99, "end": 100},)
    entry = ProjectPlan.model_validate(
        {"project": "P", "selected": True, "start": 99, "finish": 100, "phases": phases}
    )
    assert chart_row(entry, Scale(periods=100, columns=10), []).plain == " " * 9 + "█"


def test_axis_marks_never_overlap() -> None:
    """Marks on the axis stand apart however small the chart is."""
    calendar = Calendar.model_validate({"start": "2027-01-01", "periods": 120})
    marks = ticks_of(calendar, Scale.fitting(120, 25))
    ends = [column + len(text) for column, text in marks]
    assert all(end < start for end, (start, _) in zip(ends, marks[1:], strict=False))
    assert marks[0] == (0, "2027")


@pytest.mark.parametrize("width", [60, 100, 160])
def test_report_keeps_to_the_width(portfolio: Portfolio, plan: Plan, width: int) -> None:
    """No line of a report is wider than asked for."""
    out = io.StringIO()
    Console(file=out, width=width).print(plan_report(portfolio, plan, width=width))
    assert max(cell_len(line) for line in out.getvalue().splitlines()) <= width


def many(portfolio: Portfolio, plan: Plan, number: int) -> tuple[Portfolio, Plan]:
    """Return a portfolio of ``number`` equal projects, half of which are selected."""
    model = portfolio.projects[1]
    projects = tuple(model.model_copy(update={"id": f"Q{i:04}"}) for i in range(number))
    entries = tuple(
        ProjectPlan(project=p.id, selected=i % 2 == 0, start=i % 12, finish=i % 12)
        for i, p in enumerate(projects)
    )
    return (
        portfolio.model_copy(update={"projects": projects}),
        plan.model_copy(update={"projects": entries}),
    )


def test_a_thousand_projects_are_cut_with_a_count(portfolio: Portfolio, plan: Plan) -> None:
    """Long tables end with how many rows are left out and how to see them."""
    text = plan_text(*many(portfolio, plan, 1000))
    assert len(text.splitlines()) < 5 * DEFAULT_LIMIT
    assert f"{500 - DEFAULT_LIMIT} more selected projects; --all lists them" in text
    assert f"{500 - DEFAULT_LIMIT} more rejected projects; --all lists them" in text


def test_everything_is_listed_on_demand(portfolio: Portfolio, plan: Plan) -> None:
    """Without a limit every project has its line."""
    text = plan_text(*many(portfolio, plan, 1000), limit=None)
    assert all(f"Q{i:04}" in text for i in range(1000))
    assert "more" not in text


def test_names_are_neither_markup_nor_control_codes(portfolio: Portfolio, plan: Plan) -> None:
    """A name with brackets or an escape sequence is shown, not obeyed."""
    text = plan_text(portfolio, plan)
    assert "[red]Archive[/red]" in text
    assert clip("a\x1b[2Jb\nc", 20) == "a�[2Jb�c"


@pytest.mark.parametrize("status", [Status.INFEASIBLE, Status.NO_PLAN_FOUND, Status.FAILED])
def test_without_a_plan_the_reason_is_shown(portfolio: Portfolio, status: Status) -> None:
    """Where there is no plan, the report is the status and the message, without empty tables."""
    plan = Plan(status=status, termination="proved", message="Rule budget cannot hold.")
    text = plan_text(portfolio, plan)
    assert status.value.replace("_", " ") in text
    assert "Rule budget cannot hold." in text
    assert "Selected" not in text


def test_violations_are_listed(portfolio: Portfolio, plan: Plan) -> None:
    """A refused plan says what it breaks."""
    broken = {"rule": "capacity", "path": "skills/dev", "message": "2 FTE of 1 in 2027-03."}
    text = plan_text(portfolio, Plan.parse(plan.to_data() | {"violations": [broken]}))
    assert "Violations (1)" in text
    assert "[capacity] skills/dev: 2 FTE of 1 in 2027-03." in text


def test_a_plan_of_other_data_is_shown_as_far_as_possible(portfolio: Portfolio, plan: Plan) -> None:
    """Ids that the portfolio does not know do not break the report."""
    bare = portfolio.model_copy(update={"projects": (), "hires": (), "criteria": ()})
    text = plan_text(bare, plan)
    assert "not in the portfolio" in line_with(text, "2027-06-30")


@pytest.mark.parametrize("period", [10**9, -(10**9)])
def test_periods_outside_the_grid_are_shown_as_numbers(portfolio: Portfolio, period: int) -> None:
    """A period that the calendar does not have is named by its index."""
    assert first_day(portfolio.calendar, period) == f"period {period}"
    assert last_day(portfolio.calendar, 0, 10**9) == f"period {10**9 - 1}"


@pytest.mark.parametrize(
    ("grain", "periods", "most", "word", "first"),
    [
        ("month", 6, 7, "period", "2027-01"),
        ("month", 24, 9, "fiscal quarter", "27-Q4"),
        ("month", 60, 9, "fiscal year", "2027"),
        ("quarter", 20, 9, "fiscal year", "2027"),
        ("year", 30, 9, "whole horizon", "all"),
    ],
)
def test_load_columns_are_the_finest_that_fit(
    grain: Grain, periods: int, most: int, word: str, first: str
) -> None:
    """Periods, fiscal quarters, fiscal years, or everything: as many columns as there is room."""
    calendar = Calendar.model_validate(
        {"start": "2027-01-01", "periods": periods, "grain": grain, "fiscal_start_month": 4}
    )
    found, runs = buckets(calendar, periods, most)
    assert (found, runs[0][0]) == (word, first)
    assert [t for _, run in runs for t in run] == list(range(periods))


def test_fiscal_quarters_begin_with_the_fiscal_year() -> None:
    """With a fiscal year from October, December 2027 is in the first quarter of FY2028."""
    calendar = Calendar.model_validate(
        {"start": "2027-10-01", "periods": 12, "fiscal_start_month": 10}
    )
    assert fiscal_quarter(calendar, 2) == "28-Q1"
    assert fiscal_quarter(calendar, 3) == "28-Q2"


def test_least_cost_takes_the_cheapest_mode(portfolio: Portfolio) -> None:
    """The cheapest modes count: the slow build is free, the fast one costs 300."""
    assert least_cost(portfolio, portfolio.project_by_id["P1"]) == 2 * 100


def test_gap_is_relative_to_the_larger_number() -> None:
    """The gap of 75 against 100 is a quarter, of nothing against nothing zero, else unknown."""
    assert relative_gap(75, 100) == (100 - 75) / 100
    assert relative_gap(0, 0) == 0
    assert relative_gap(None, 1) is None


def test_small_amounts_never_read_minus_zero() -> None:
    """A rounding error of money is shown as 0."""
    assert amount(-1e-9) == "0"
