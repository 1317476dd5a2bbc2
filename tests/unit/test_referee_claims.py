"""What a plan claims against what the referee recomputed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pmo_optimizer.model import Kpis, Plan, Status, Termination, TermName, TermResult
from pmo_optimizer.referee import Code, Report, check, disagreements
from tests.unit.referee_cases import ANN, PEOPLE, base, no, one_phase, plan_of, portfolio, work, yes

VALUE, COST = 6.0, 18.0


def honest(**claims: Any) -> tuple[Plan, Report]:
    """Return the base plan with true claims, but for the given ones, and its report."""
    subject, plan = base()
    report = check(subject, plan)
    true: dict[str, Any] = {
        "status": Status.OPTIMAL,
        "objective": VALUE,
        "bound": VALUE,
        "gap": 0.0,
        "terms": (first(), second()),
        "kpis": report.kpis,
    }
    return plan.model_copy(update={**true, **claims}), report


def first(**parts: Any) -> TermResult:
    """Return the true result of the first term."""
    true = TermResult(term=TermName.VALUE, value=VALUE, best=VALUE, bound=VALUE, gap=0.0)
    return true.model_copy(update=parts)


def second(**parts: Any) -> TermResult:
    """Return the true result of the second term."""
    true = TermResult(term=TermName.COST, value=COST, best=COST, bound=COST, gap=0.0)
    return true.model_copy(update=parts)


def claims(**parts: Any) -> set[tuple[str, str]]:
    """Return rule and path of every false claim."""
    return {(v.rule, v.path) for v in disagreements(*honest(**parts))}


def test_true_claims() -> None:
    """True claims agree, a difference within the tolerance included."""
    assert claims() == set()
    assert claims(objective=VALUE * (1 + 5e-7), bound=VALUE) == set()


@pytest.mark.parametrize("objective", [VALUE + 1e-4, -VALUE, float("nan")])
def test_claim_objective(objective: float) -> None:
    """A wrong objective is named, and so is what no longer fits it."""
    assert (Code.CLAIM_OBJECTIVE.value, "objective") in claims(objective=objective)


def test_tolerance_is_the_callers() -> None:
    """A wider tolerance forgives what the usual one does not."""
    plan, report = honest(objective=VALUE + 1e-4)
    assert disagreements(plan, report)
    assert disagreements(plan, report, tolerance=1e-3) == ()


def test_claim_term() -> None:
    """A wrong value of any term is named."""
    found = claims(terms=(first(), second(value=COST - 1)))
    assert found == {(Code.CLAIM_TERM.value, "terms/cost/value")}


def test_claim_missing() -> None:
    """A plan says its objective and lists its terms."""
    assert claims(objective=None) == {(Code.CLAIM_MISSING.value, "objective")}
    assert claims(terms=()) == {(Code.CLAIM_MISSING.value, "terms")}


def test_claim_kpi() -> None:
    """Key figures that a plan carries are the recomputed ones; it may carry none."""
    _, report = honest()
    wrong = report.kpis.model_copy(update={"selected": 4, "penalty": 1.0})
    assert claims(kpis=wrong) == {
        (Code.CLAIM_KPI.value, "kpis/selected"),
        (Code.CLAIM_KPI.value, "kpis/penalty"),
    }
    terms = {**report.kpis.terms, TermName.DELAY: 1.0}
    wrong = report.kpis.model_copy(update={"terms": terms})
    assert claims(kpis=wrong) == {(Code.CLAIM_KPI.value, "kpis/terms/delay")}
    assert claims(kpis=Kpis()) == set()


def falsified(data: Any, number: float) -> Iterator[Any]:
    """Yield copies of key figures as data, each with another number in one place."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        changed = [number] if isinstance(value, float) else []
        if isinstance(value, dict | list):
            changed = list(falsified(value, number))
        for other in changed:
            copy = data.copy()
            copy[key] = other
            yield copy


def spent() -> tuple[Plan, Report]:
    """Return a true plan with figures in every list: projects, money, people, value, a breach."""
    need = {"id": "dev", "skill": "dev", "fte": 1}
    subject = portfolio(
        **PEOPLE,
        criteria=[{"id": "growth", "weight": 1, "worst": 0, "best": 10}],
        funds=[{"id": "F", "amounts": {"total": 3}, "price": 2}],
        projects=[
            {
                "id": "A",
                "scores": {"growth": 5},
                "phases": [{"duration": 2, "needs": [need]}],
                "costs": [{"category": "opex", "lump": 5, "fund": "F"}],
            }
        ],
    )
    plan = plan_of(subject, one_phase("A", 0, 2), work=[work(ANN, "A/phase-1/dev", 0, "1", "1")])
    report = check(subject, plan)
    assert report.violations == ()
    figures = set(Kpis.model_fields) - {"staffed_value"}  # of named staffing
    assert all(report.kpis.__dict__[name] for name in figures)
    value = report.kpis.objective
    term = TermResult(term=TermName.VALUE, value=0.5, best=value, bound=value, gap=0.0)
    claimed = {"objective": value, "bound": value, "gap": 0.0, "terms": (term,)}
    return plan.model_copy(update={**claimed, "kpis": report.kpis}), report


@pytest.mark.parametrize("number", [12345.0, float("nan"), float("inf")])
def test_no_key_figure_can_be_falsified(number: float) -> None:
    """A wrong number in any one place of the key figures is a false claim, NaN included."""
    plan, report = spent()
    assert disagreements(plan, report) == ()
    wrong = list(falsified(report.kpis.model_dump(mode="json"), number))
    assert len(wrong) > 50
    for data in wrong:
        false = plan.model_copy(update={"kpis": Kpis.model_validate(data)})
        assert [v.rule for v in disagreements(false, report)] == [Code.CLAIM_KPI.value]


@pytest.mark.parametrize("name", ["projects", "funds", "skills", "alignment", "breaches"])
def test_no_key_figure_can_be_left_out_or_made_up(name: str) -> None:
    """Where a plan carries a list of key figures, it has an entry for everything, once."""
    plan, report = spent()
    entries = report.kpis.__dict__[name]
    for changed in ((), (*entries, entries[0])):
        false = report.kpis.model_copy(update={name: changed})
        found = disagreements(plan.model_copy(update={"kpis": false}), report)
        assert {v.rule for v in found} == {Code.CLAIM_KPI.value}
        assert all(v.path.startswith(f"kpis/{name}/") for v in found)


def test_key_figures_that_a_plan_does_not_carry_are_no_claim() -> None:
    """A plan may say some fields of the key figures alone."""
    plan, report = spent()
    some = Kpis(objective=report.kpis.objective, terms=report.kpis.terms)
    assert disagreements(plan.model_copy(update={"kpis": some}), report) == ()


def test_claim_bound_of_the_plan() -> None:
    """A maximised objective is not above its bound, by more than the tolerance."""
    good = {"status": Status.FEASIBLE, "bound": 8.0, "gap": (8 - 6) / 8}
    assert claims(**good) == set()
    bad = {"status": Status.FEASIBLE, "bound": 5.0, "gap": (6 - 5) / 6}
    assert claims(**bad) == {(Code.CLAIM_BOUND.value, "bound")}


def test_claim_bound_of_a_minimised_term() -> None:
    """A minimised term is not below its bound."""
    below = second(bound=15.0, gap=(18 - 15) / 18)
    assert claims(status=Status.FEASIBLE, terms=(first(), below)) == set()
    above = second(bound=20.0, gap=(20 - 18) / 20)
    assert claims(status=Status.FEASIBLE, terms=(first(), above)) == {
        (Code.CLAIM_BOUND.value, "terms/cost/bound")
    }


def test_claim_bound_that_is_no_number() -> None:
    """A bound that is no number proves nothing."""
    nan = float("nan")
    assert claims(bound=nan, gap=nan) == {
        (Code.CLAIM_BOUND.value, "bound"),
        (Code.CLAIM_GAP.value, "gap"),
        (Code.CLAIM_OPTIMAL.value, "status"),
    }


@pytest.mark.parametrize("gap", [None, 0.5, 0.0, float("nan")])
def test_claim_gap(gap: float | None) -> None:
    """The gap is abs(bound - objective) / max of both: (8 - 6) / 8 here."""
    found = claims(status=Status.FEASIBLE, bound=8.0, gap=gap)
    assert found == {(Code.CLAIM_GAP.value, "gap")}


def test_gap_of_zero_and_zero() -> None:
    """Where objective and bound are 0 the gap is 0."""
    zero = second(value=COST, best=0.0, bound=0.0, gap=0.0)
    assert claims(terms=(first(), zero)) == set()
    half = second(value=COST, best=0.0, bound=0.0, gap=1.0)
    assert claims(terms=(first(), half)) == {(Code.CLAIM_GAP.value, "terms/cost/gap")}


def test_gap_without_bound() -> None:
    """Without a bound there is no gap."""
    assert claims(status=Status.FEASIBLE, bound=None, gap=None) == set()
    assert claims(status=Status.FEASIBLE, bound=None, gap=0.1) == {(Code.CLAIM_GAP.value, "gap")}


def test_claim_optimal() -> None:
    """Optimal means that the bound proves it."""
    assert claims(bound=6.1, gap=0.1 / 6.1) == {(Code.CLAIM_OPTIMAL.value, "status")}
    assert claims(bound=None, gap=None) == {(Code.CLAIM_OPTIMAL.value, "bound")}


@pytest.mark.parametrize("parts", [{"best": None}, {"bound": None}])
def test_stage_without_proof(parts: dict[str, None]) -> None:
    """A term that no stage optimized, or that has no bound, is not held against one."""
    assert claims(terms=(first(), second(gap=None, **parts))) == set()


def test_optimal_stages() -> None:
    """Every stage of an optimal plan ends at its bound; a tolerance excuses later worsening."""
    far = second(bound=17.0, gap=1 / 18)
    assert claims(terms=(first(), far)) == {(Code.CLAIM_OPTIMAL.value, "terms/cost/bound")}
    worsened = first(best=6.5, bound=6.5, tolerance=0.5)
    parts = {"bound": 6.5, "gap": 0.5 / 6.5}
    assert claims(terms=(worsened, second()), **parts) == set()
    strict = first(best=6.5, bound=6.5)
    assert claims(terms=(strict, second()), **parts) == {(Code.CLAIM_OPTIMAL.value, "status")}


@pytest.mark.parametrize("status", [Status.INFEASIBLE, Status.NO_PLAN_FOUND])
def test_claims_without_a_plan(status: Status) -> None:
    """Without a plan there is no objective, no gap and no selection, but there may be a bound."""
    subject, _ = base()
    empty = Plan(status=status, termination=Termination.PROVED, bound=3.0, projects=(no("A"),))
    assert disagreements(empty, check(subject, empty)) == ()
    boast = empty.model_copy(update={"objective": 1.0, "gap": 0.0, "projects": (yes("B"),)})
    found = {(v.rule, v.path) for v in disagreements(boast, check(subject, boast))}
    assert found == {(Code.CLAIM_MISSING.value, name) for name in ("objective", "gap", "projects")}
