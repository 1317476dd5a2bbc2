"""The referee's key figures, by arithmetic; and its report as a whole."""

from __future__ import annotations

import ast
import re
from decimal import getcontext
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer import referee
from pmo_optimizer.model import (
    Alignment,
    Breach,
    FundUse,
    Kpis,
    Plan,
    Portfolio,
    ProjectKpi,
    Status,
    Termination,
    TermName,
)
from pmo_optimizer.referee import Code, Report, check
from tests.unit.referee_cases import (
    base,
    chosen,
    no,
    one_phase,
    phase,
    plan_of,
    planted,
    portfolio,
    yes,
)

HERE = Path(__file__).parent


def terms(subject: Portfolio, plan: Plan) -> dict[TermName, float]:
    """Return the recomputed terms of a plan without faults."""
    report = check(subject, plan)
    assert report.violations == ()
    return report.kpis.terms


def project(name: str, duration: int = 1, **parts: Any) -> dict[str, Any]:
    """Return a project of one phase."""
    return {"id": name, "phases": [{"duration": duration}], **parts}


def test_base_plan_in_full() -> None:
    """All key figures of the base plan are those that one adds up by hand."""
    subject, plan = base()
    report = check(subject, plan)
    assert report.violations == ()
    kpis = report.kpis
    capex, yes_or_no = 4 * 2, 10
    assert kpis.terms == {
        TermName.VALUE: 3 + 1 + 2,
        TermName.BENEFIT: 0,
        TermName.NPV: -(capex + yes_or_no),
        TermName.COST: capex + yes_or_no,
        TermName.MAKESPAN: 4,
        TermName.DELAY: 0,
        TermName.CHANGES: 3,  # without a baseline everything that is selected is new
    }
    assert (kpis.objective, kpis.penalty, kpis.selected) == (6, 0, 3)
    assert kpis.projects == (
        ProjectKpi(project="A", raw_value=3, value=3, cost=8, benefit=0, effort=0.5 * 2 + 1 * 2),
        ProjectKpi(project="B", raw_value=1, value=1, cost=10, benefit=0, effort=0),
        ProjectKpi(project="D", raw_value=2, value=2, cost=0, benefit=0, effort=0),
    )
    assert kpis.funds == (
        FundUse(fund="main", bucket="total", available=200, spent=10),
        FundUse(fund="side", bucket="total", available=50, spent=8),
    )
    assert [(load.skill, load.load[:5]) for load in kpis.skills] == [
        ("dev", (0.5, 0.5, 0, 0, 0)),
        ("test", (0, 0, 1, 1, 0)),
    ]


def test_claims_do_not_matter() -> None:
    """What a plan claims about itself changes nothing in the report."""
    subject, plan = base()
    boast = plan.model_copy(update={"objective": 99.0, "kpis": Kpis(objective=99.0, selected=9)})
    assert check(subject, boast) == check(subject, plan)


@pytest.mark.parametrize("status", [Status.INFEASIBLE, Status.NO_PLAN_FOUND, Status.FAILED])
def test_no_plan_no_figures(status: Status) -> None:
    """A plan without decisions gives an empty report."""
    subject, _ = base()
    plan = Plan(status=status, termination=Termination.PROVED)
    assert check(subject, plan) == Report(Kpis(), ())


def test_decimal_context_is_left_alone() -> None:
    """The referee's exact arithmetic does not change that of its caller."""
    before = getcontext().prec
    subject, plan = base()
    check(subject, plan)
    assert getcontext().prec == before


def test_row_order_does_not_matter() -> None:
    """Shuffled rows of portfolio and plan give the same report."""
    subject, plan = base()
    data = subject.to_data()
    for name in ("projects", "people", "skills", "funds"):
        data[name] = data[name][::-1]
    back = plan.model_copy(
        update={
            "projects": plan.projects[::-1],
            "allocations": plan.allocations[::-1],
            "fund_splits": plan.fund_splits[::-1],
        }
    )
    assert check(Portfolio.parse(data), back) == check(subject, plan)


def test_value_is_discounted_by_finish() -> None:
    """6 x 1.1^(-4/12) for a finish in month 4, and 2 x 1.1^0 for a yes or no at the start."""
    subject = portfolio(
        value_rate="0.1", projects=[project("P", 3, value=6), {"id": "Q", "value": 2}]
    )
    plan = plan_of(subject, one_phase("P", 1, 4), yes("Q"))
    assert terms(subject, plan)[TermName.VALUE] == pytest.approx(6 * 1.1 ** (-4 / 12) + 2)


@pytest.mark.parametrize(
    ("grain", "a_year"), [("day", 365), ("week", 52), ("month", 12), ("quarter", 4), ("year", 1)]
)
def test_discounting_per_grain(grain: str, a_year: int) -> None:
    """A year has 365 days, 52 weeks, 12 months or 4 quarters."""
    calendar = {"start": "2027-01-01", "periods": 8, "grain": grain}
    subject = portfolio(calendar=calendar, value_rate="0.2", projects=[project("P", 3, value=5)])
    found = terms(subject, plan_of(subject, one_phase("P", 4, 7)))
    assert found[TermName.VALUE] == pytest.approx(5 * 1.2 ** (-7 / a_year))


@pytest.mark.parametrize(("adjusted", "factor"), [(True, 0.25), (False, 1)])
def test_value_is_adjusted_for_risk(adjusted: bool, factor: float) -> None:
    """The probability of success counts in the value only if the portfolio says so."""
    subject = portfolio(
        risk_adjusted=adjusted, projects=[project("P", value=8, probability="0.25")]
    )
    report = check(subject, plan_of(subject, one_phase("P", 0, 1)))
    assert report.kpis.terms[TermName.VALUE] == 8 * factor
    assert report.kpis.projects[0].raw_value == 8


def test_npv_by_hand() -> None:
    """Npv adds d(t) (probability x benefit - cost), benefits from the exclusive finish on."""
    costs = [{"per_period": 10}, {"id": "end", "lump": 4, "at": "finish"}]
    subject = portfolio(
        money_rate="0.08",
        projects=[project("P", 2, costs=costs, probability="0.5", benefit={"profile": [100, 50]})],
    )
    found = terms(subject, plan_of(subject, one_phase("P", 1, 3)))
    d = [1.08 ** (-t / 12) for t in range(6)]
    benefit = 0.5 * (100 * d[3] + 50 * d[4])
    assert found[TermName.BENEFIT] == pytest.approx(benefit)
    assert found[TermName.NPV] == pytest.approx(benefit - 10 * d[1] - (10 + 4) * d[2])
    assert found[TermName.COST] == 10 * 2 + 4


def test_benefit_from_start_and_beyond_the_grid() -> None:
    """A benefit anchored at the start begins there, and what comes after the grid counts."""
    benefit = {"profile": [0, 3, 5], "anchor": "start"}
    subject = portfolio(money_rate="0.1", projects=[project("P", benefit=benefit)])
    found = terms(subject, plan_of(subject, one_phase("P", 11, 12)))
    expected = 3 * 1.1 ** (-12 / 12) + 5 * 1.1 ** (-13 / 12)
    assert found[TermName.BENEFIT] == pytest.approx(expected)


def test_cost_of_several_projects() -> None:
    """10 x 4 for four periods of one project and 1 x 4 once for another."""
    subject = portfolio(
        projects=[
            project("P", 4, costs=[{"per_period": 10}]),
            {"id": "Q", "costs": [{"lump": 4}]},
            {"id": "R", "costs": [{"lump": 1000}]},
        ]
    )
    plan = plan_of(subject, one_phase("P", 0, 4), yes("Q"))
    assert terms(subject, plan)[TermName.COST] == 10 * 4 + 1 * 4


def test_makespan_and_delay() -> None:
    """Makespan is the latest finish; delay adds up what finishes after its due date."""
    subject = portfolio(
        projects=[
            project("P", due="2027-02-28", late_price=0),  # 5 - 2
            project("Q", due=4, late_price=0),  # 5 - 4
            project("R", due=9, late_price=0),  # in time
            project("S"),
        ]
    )
    plan = plan_of(
        subject,
        one_phase("P", 4, 5),
        one_phase("Q", 4, 5),
        one_phase("R", 6, 7),
        one_phase("S", 0, 1),
    )
    found = terms(subject, plan)
    assert found[TermName.MAKESPAN] == 7
    assert found[TermName.DELAY] == (5 - 2) + (5 - 4)


def test_nothing_selected() -> None:
    """An empty plan has makespan 0 and nothing else."""
    subject = portfolio(projects=[project("P", value=3)])
    report = check(subject, plan_of(subject))
    assert report.violations == ()
    assert set(report.kpis.terms.values()) == {0}
    assert report.kpis.selected == 0


def test_soft_due_date() -> None:
    """A missed due date costs price x periods: 0.5 x 3, off the value."""
    subject = portfolio(projects=[project("P", value=4, due=2, late_price="0.5")])
    report = check(subject, plan_of(subject, one_phase("P", 4, 5)))
    assert report.violations == ()
    assert report.kpis.breaches == (Breach(kind="due", id="P", amount=3, price=0.5, penalty=1.5),)
    assert report.kpis.objective == 4 - 0.5 * 3


BASELINE = [
    {"project": "P", "phases": [{"phase": "phase-1", "start": "2027-03-20", "mode": "normal"}]},
    {"project": "Q", "phases": [{"phase": "phase-1", "start": 0}, {"phase": "old", "start": 0}]},
    {"project": "R", "selected": False},
]


@pytest.mark.parametrize(
    ("entries", "number"),
    [
        ([one_phase("P", 2, 3), one_phase("Q", 0, 1)], 0),
        ([one_phase("P", 3, 4), one_phase("Q", 0, 1)], 1),  # P moved
        ([chosen("P", phase("phase-1", 2, 4, "slow")), one_phase("Q", 0, 1)], 1),  # its mode
        ([chosen("Q", phase("phase-1", 0, 2, "slow"))], 1),  # P out; Q's mode was not said
        ([one_phase("P", 2, 3), one_phase("Q", 0, 1), one_phase("R", 5, 6)], 1),  # R in
        ([one_phase("S", 0, 1), one_phase("R", 5, 6)], 4),  # P and Q out, R and S in
    ],
)
def test_changes(entries: list[Any], number: int) -> None:
    """Changed are projects that went in or out, moved, or are done in another mode."""
    modes = [{"id": "normal", "duration": 1}, {"id": "slow", "duration": 2}]
    subject = portfolio(
        projects=[
            *({"id": name, "phases": [{"modes": modes}]} for name in "PQRS"),
            {"id": "X", "state": "done"},
        ],
        baseline=BASELINE,
        objective={"terms": [{"term": "changes", "project_weight": 3}]},
    )
    plan = plan_of(subject, *entries, yes("X", -1))
    assert terms(subject, plan)[TermName.CHANGES] == 3 * number


def scored(**parts: Any) -> Portfolio:
    """Return two projects with scores on a usual and on a reversed scale."""
    return portfolio(
        projects=[
            {"id": "P", "scores": {"growth": 7, "risk": 2}},
            {"id": "Q", "scores": {"growth": 10}},
            {"id": "R", "scores": {"growth": 10}, "value": 2},
        ],
        **parts,
    )


def test_weighted_utility() -> None:
    """0.6 x 7/10 + 0.4 x (2 - 5)/(1 - 5) for P, 0.6 x 10/10 for Q, and R's own value 2."""
    criteria = [
        {"id": "growth", "weight": "0.6"},
        {"id": "risk", "weight": "0.4", "worst": 5, "best": 1},
    ]
    subject = scored(criteria=criteria)
    report = check(subject, plan_of(subject, yes("P"), yes("Q"), yes("R")))
    growth, risk = 0.6 * 7 / 10 + 0.6, 0.4 * 3 / 4
    assert [p.raw_value for p in report.kpis.projects] == pytest.approx([0.6 * 0.7 + 0.3, 0.6, 2])
    assert report.kpis.terms[TermName.VALUE] == pytest.approx(growth + risk + 2)
    total = growth + risk
    parts = {part.criterion: (part.value, part.share) for part in report.kpis.alignment}
    assert parts == {
        "growth": pytest.approx((growth, growth / total)),
        "risk": pytest.approx((risk, risk / total)),
    }


def test_weights_from_comparisons() -> None:
    """A criterion that is three times as important as the other has the weight 3/4."""
    subject = scored(
        criteria=[{"id": "growth"}, {"id": "risk", "worst": 5, "best": 1}],
        comparisons=[{"a": "growth", "b": "risk", "ratio": 3}],
    )
    report = check(subject, plan_of(subject, yes("P")))
    assert report.kpis.terms[TermName.VALUE] == pytest.approx(0.75 * 7 / 10 + 0.25 * 3 / 4)


def test_alignment_of_nothing() -> None:
    """Without a selected project every share is 0."""
    subject = scored(criteria=[{"id": "growth", "weight": 1}])
    report = check(subject, plan_of(subject))
    assert report.kpis.alignment == (Alignment(criterion="growth", value=0, share=0),)


def late(objective: dict[str, Any]) -> Kpis:
    """Return the figures of a plan with value 4, cost 10, makespan 5 and a penalty of 1.5."""
    costs = [{"lump": 10}]
    subject = portfolio(
        projects=[project("P", value=4, due=2, late_price="0.5", costs=costs)],
        objective=objective,
    )
    return check(subject, plan_of(subject, one_phase("P", 4, 5))).kpis


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        ({"terms": [{"term": "value"}, {"term": "cost"}]}, 4 - 1.5),
        ({"terms": [{"term": "cost"}, {"term": "value"}]}, 10 + 1.5),
        (
            {
                "method": "weighted",
                "terms": [
                    {"term": "value", "weight": 2},
                    {"term": "npv", "weight": "0.1"},
                    {"term": "makespan", "weight": 3},
                ],
            },
            2 * 4 + 0.1 * -10 - 3 * 5 - 2 * 1.5,
        ),
        (
            {
                "method": "weighted",
                "terms": [{"term": "cost", "weight": 2}, {"term": "value"}, {"term": "delay"}],
            },
            2 * 10 - 1 * 4 + 1 * 3 + 2 * 1.5,
        ),
    ],
)
def test_objective(objective: dict[str, Any], value: float) -> None:
    """First term after prices, or the weighted sum in the sense of the first term."""
    kpis = late(objective)
    assert kpis.penalty == 1.5
    assert kpis.objective == pytest.approx(value)


def test_done_projects_are_in_no_figure() -> None:
    """A done project has no value, cost, finish or count, but completes a synergy."""
    done = {"id": "C", "state": "done", "value": 9, "costs": [{"lump": 7}]}
    subject = portfolio(
        projects=[done, project("P", value=1)],
        synergies=[{"projects": ["C", "P"], "value": 2}],
        rules=[{"id": "n", "type": "count", "max": 1}],
    )
    report = check(subject, plan_of(subject, yes("C", -1), one_phase("P", 0, 1)))
    assert report.violations == ()
    assert report.kpis.terms[TermName.VALUE] == 1 + 2
    assert report.kpis.terms[TermName.COST] == 0
    assert report.kpis.selected == 1


def test_faulty_dates_do_not_stop_the_report() -> None:
    """A plan far outside the grid is reported with figures, not with an exception."""
    subject = portfolio(
        money_rate="0.1",
        value_rate="0.1",
        projects=[project("P", value=1, costs=[{"per_period": 2}], benefit={"profile": [3]})],
    )
    far = 10**400
    for start in (-far, far):
        report = check(subject, plan_of(subject, one_phase("P", start, start + 1)))
        assert len(report.violations) == 1
        assert report.kpis.selected == 1


def test_violations_are_sorted() -> None:
    """Violations come by path, then by rule."""
    subject, plan = base()
    bad = plan.model_copy(update={"digest": "", "projects": (no("Z"), no("A"))})
    found = check(subject, bad).violations
    keys = [(v.path, v.rule) for v in found]
    assert len(keys) > 5
    assert keys == sorted(keys)


def test_all_codes_are_planted() -> None:
    """Every rule code of the referee is named by a test."""
    text = "".join(path.read_text() for path in HERE.glob("test_referee*.py"))
    named = set(re.findall(r"Code\.([A-Z_]+)", text))
    assert {code.name for code in Code} <= named


def test_referee_imports_only_the_model() -> None:
    """The referee imports the vocabulary, itself, and the standard library's numbers."""
    package = Path(referee.__file__).parent
    allowed = ("pmo_optimizer.model", "pmo_optimizer.referee")
    standard = {"__future__", "collections", "dataclasses", "decimal", "enum", "fractions"}
    standard |= {"functools", "math", "collections.abc"}
    files = sorted(package.glob("*.py"))
    assert len(files) > 5
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Import)
            if isinstance(node, ast.ImportFrom):
                name = node.module or ""
                assert name in standard or name.startswith(allowed), f"{path.name}: {name}"


def test_planted_helper_sees_a_missing_fault() -> None:
    """The helper of these tests fails where an expected fault is not reported."""
    subject, plan = base()
    with pytest.raises(AssertionError):
        planted(subject, plan, plan, (Code.MUST, "projects/A"))
