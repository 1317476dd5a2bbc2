"""A plan made anew: the past stays, changes are few, and the curve is true."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date
from typing import Any, Literal

import pytest

from pmo_optimizer import (
    Decision,
    InvalidInput,
    Plan,
    Portfolio,
    Status,
    TermName,
    optimize,
    referee,
)
from pmo_scenarios import Progress, Replan, baseline_of, replan
from pmo_scenarios.runs import Step

WORK: dict[str, tuple[int, int]] = {
    "A": (7, 3), "B": (5, 2), "C": (4, 4), "D": (3, 2), "E": (6, 2),
}  # fmt: skip
"""Value, and periods of the first phase; a second one takes one period."""

LEFT = {"as_of": 1, "left": [{"person": "ann", "last": "2027-04-30"}]}
"""Ann's last month is the fourth."""


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def shop(**fields: Any) -> Portfolio:
    """Return five projects of two phases, for two developers and twelve months."""
    need = {"needs": [{"skill": "dev", "fte": 1}]}
    data: dict[str, Any] = {
        "calendar": {"start": "2027-01-01", "periods": 12},
        "value_rate": 0.5,
        "skills": [{"id": "dev"}],
        "people": [{"id": name, "skills": {"dev": 1}} for name in ("ann", "bob")],
        "projects": [
            {
                "id": name,
                "value": value,
                "phases": [
                    {"id": "make", "duration": duration, **need},
                    {"id": "test", "duration": 1, **need},
                ],
            }
            for name, (value, duration) in WORK.items()
        ],
    }
    return Portfolio.parse(data | fields)


def planned(portfolio: Portfolio, staffing: Literal["capacity", "named"] = "capacity") -> Plan:
    """Return the best plan of an exact engine."""
    plan = optimize(portfolio, backend="milp", time_limit=20, workers=1, staffing=staffing)
    assert plan.found
    return plan


def replanned(
    pool: Executor, portfolio: Portfolio, plan: Plan, facts: dict[str, Any], **options: Any
) -> Replan:
    """Return the study by an exact engine, its plan refereed for the portfolio it is of."""
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    found = replan(portfolio, plan, Progress.parse(facts), executor=pool, **settings)
    if found.new is not None:
        assert found.plan is not None
        assert found.changed is not None
        report = referee.check(found.changed, found.plan)
        assert not report.violations
        assert not referee.disagreements(found.plan, report)
    return found


def changes_of(portfolio: Portfolio, before: Plan, after: Plan) -> float:
    """Return the referee's number of changes of a plan against another."""
    judge = portfolio.model_copy(update={"baseline": baseline_of(before)})
    own = after.model_copy(update={"digest": judge.digest()})
    return referee.check(judge, own).kpis.terms[TermName.CHANGES]


def require_monotone(study: Replan) -> None:
    """Require that more changes are never worse, and no plan is above its bound."""
    sign = 1 if study.maximised else -1
    scores = [sign * point.objective for point in study.points]
    bounds = [sign * p.bound for p in study.points if p.bound is not None]
    assert scores == sorted(scores)
    assert bounds == sorted(bounds)
    assert len(bounds) == len(scores)
    for point, score, bound in zip(study.points, scores, bounds, strict=True):
        assert score <= bound + 1e-6 * max(1.0, abs(bound))
        assert point.limit is None or point.changes <= point.limit


@pytest.mark.parametrize("staffing", ["capacity", "named"])
def test_nothing_changed_gives_the_same_plan(
    threads: Executor, staffing: Literal["capacity", "named"]
) -> None:
    """Decisions, hires and who works on what stay as they were, with no change at all."""
    base = shop()
    plan = planned(base, staffing)
    study = replanned(threads, base, plan, {})
    assert study.plan is not None
    assert (study.unchanged, study.changes, study.least_changes) == (True, 0, 0)
    for name in ("projects", "allocations", "hires", "fund_splits", "staffing", "digest"):
        assert getattr(study.plan, name) == getattr(plan, name)
    assert study.new is not None
    assert (study.new.enters, study.new.leaves, study.new.moves) == ((), (), ())


def test_a_worse_plan_in_force_stays_where_nothing_changed(threads: Executor) -> None:
    """Also a plan that is not the best stays; the curve says what changes would gain."""
    base = shop()
    never = {"decision": Decision.NEVER}
    poor = base.model_copy(
        update={"projects": tuple(p.model_copy(update=never) for p in base.projects[:1])
                + base.projects[1:]}
    )  # fmt: skip
    plan = planned(Portfolio.parse(poor.to_data())).model_copy(update={"digest": base.digest()})
    study = replanned(threads, base, plan, {})
    assert study.plan is not None
    assert study.plan.projects == plan.projects
    assert study.points[0].changes == 0
    assert study.points[0].lost is not None
    assert study.points[0].lost.proven
    require_monotone(study)
    better = replanned(threads, base, plan, {}, method="objective", points=0)
    assert better.objective == pytest.approx(planned(base).objective)


@pytest.mark.parametrize("staffing", ["capacity", "named"])
def test_after_somebody_leaves_changes_are_few(
    threads: Executor, staffing: Literal["capacity", "named"]
) -> None:
    """No more changes than a solve from scratch has; more changes are never worse."""
    base = shop()
    plan = planned(base, staffing)
    study = replanned(threads, base, plan, LEFT)
    assert study.plan is not None
    assert study.changed is not None
    scratch = planned(study.changed, staffing)
    assert study.changes is not None
    assert study.changes <= changes_of(study.changed, plan, scratch)
    assert study.changes == study.least_changes == changes_of(study.changed, plan, study.plan) == 1
    require_monotone(study)
    assert study.points[-1].objective == pytest.approx(scratch.objective)
    assert study.new is not None
    assert study.new.leaves == ("C",)


def test_points_are_exact_where_they_are_proven(threads: Executor) -> None:
    """Each point is the best of a solve from scratch that may change no more."""
    base = shop()
    plan = planned(base)
    study = replanned(threads, base, plan, LEFT)
    assert study.changed is not None
    for point in study.points[:-1]:
        assert point.proven
        goals = {"terms": [
            {"term": "changes", "abs_tol": (point.limit or 0) - study.least_changes},
            {"term": "value"},
        ]}  # fmt: skip
        baseline = [entry.model_dump(mode="json") for entry in baseline_of(plan)]
        data = study.changed.to_data() | {"objective": goals, "baseline": baseline}
        assert planned(Portfolio.parse(data)).terms[1].value == pytest.approx(point.objective)


def test_the_past_is_kept(threads: Executor) -> None:
    """What has begun stays where it was, longer if it takes longer; nothing else is in the past."""
    base = shop()
    plan = planned(base)
    starts = {(p.project, f.phase): f for p in plan.projects for f in p.phases}
    now = 2
    first = next(p.project for p in plan.projects if p.start == 0)
    late = {"as_of": now, "projects": [
        {"project": first, "phases": [{"phase": "make", "remaining": 4}]}
    ]}  # fmt: skip
    study = replanned(threads, base, plan, late)
    assert study.plan is not None
    after = {(p.project, f.phase): f for p in study.plan.projects for f in p.phases}
    for key, phase in starts.items():
        if phase.start < now:
            assert after[key].start == phase.start
    assert after[first, "make"].end == now + 4
    begun = {key for key, phase in starts.items() if phase.start < now}
    assert all(f.start >= now for key, f in after.items() if key not in begun)


def test_promises_are_kept(threads: Executor) -> None:
    """The project that would leave stays if it was promised, by the promised day."""
    base = shop()
    plan = planned(base)
    kept = replanned(threads, base, plan, LEFT | {"promised": [{"project": "C"}]}, points=0)
    assert kept.plan is not None
    assert "C" in kept.plan.selected
    finish = next(p.finish for p in plan.projects if p.project == "D")
    in_time = LEFT | {"promised": [{"project": "D", "on_time": True}]}
    study = replanned(threads, base, plan, in_time, points=0)
    assert study.plan is not None
    after = next(p.finish for p in study.plan.projects if p.project == "D")
    assert after is not None
    assert finish is not None
    assert after <= finish


def test_methods_choose_along_the_curve(threads: Executor) -> None:
    """The objective first takes the last point; a high price the first; a loss in between."""
    base = shop()
    plan = planned(base)
    few = replanned(threads, base, plan, LEFT, points=0)
    best = replanned(threads, base, plan, LEFT, method="objective", points=0)
    assert (few.chosen, best.chosen) == (0, 1)
    assert few.objective is not None
    assert best.objective is not None
    assert few.changes is not None
    assert best.changes is not None
    assert few.objective < best.objective
    step = (best.objective - few.objective) / (best.changes - few.changes)
    for price, other in ((step * 2, few), (step / 2, best)):
        study = replanned(threads, base, plan, LEFT, method="priced", price=price, points=0)
        assert study.changes == other.changes
        assert study.objective == pytest.approx(other.objective)
    loss = 1.1 * (best.objective - few.objective) / best.objective
    study = replanned(threads, base, plan, LEFT, method="objective", loss=loss, points=0)
    assert study.changes == few.changes
    more = replanned(threads, base, plan, LEFT, extra=5, points=0)
    assert more.objective == pytest.approx(best.objective)


def test_soft_limits_keep_the_curve_true(threads: Executor) -> None:
    """Where capacity has a price, points come from priced changes, each with a bound."""
    base = shop(skills=[{"id": "dev", "overload_price": 1}])
    plan = planned(base)
    study = replanned(threads, base, plan, LEFT)
    require_monotone(study)
    assert study.changed is not None
    assert study.points[-1].objective == pytest.approx(planned(study.changed).objective)
    assert study.points[0].changes == study.least_changes == 0


def test_a_minimised_objective_has_a_curve_too(threads: Executor) -> None:
    """With makespan first, fewer changes cost periods, and later terms follow."""
    base = shop(
        objective={"terms": [{"term": "makespan"}, {"term": "value"}]},
        rules=[{"type": "count", "id": "all", "min": 4}],
    )
    plan = planned(base)
    study = replanned(threads, base, plan, LEFT)
    require_monotone(study)
    assert not study.maximised
    assert study.changed is not None
    assert study.points[-1].objective == pytest.approx(planned(study.changed).objective)


def test_what_is_stopped_leaves_and_late_links_give_way(threads: Executor) -> None:
    """A stopped project is out; work that began too early for a link stays, with a warning."""
    base = shop(links=[{"from": "A", "to": "B"}])
    plan = planned(base)
    start = {p.project: p.start for p in plan.projects}
    assert start["A"] == 0
    facts = {
        "as_of": 2,
        "projects": [
            {"project": "E", "stopped": True},
            {"project": "B", "phases": [{"phase": "make", "started": 1}]},
        ],
    }
    study = replanned(threads, base, plan, facts, points=0)
    assert study.plan is not None
    assert "E" not in study.plan.selected
    after = {p.project: p.start for p in study.plan.projects}
    assert (after["A"], after["B"]) == (0, 1)
    assert {f.rule for f in study.findings} >= {"progress-link"}


def test_slipped_work_waits(threads: Executor) -> None:
    """A phase that ended early does not pull the next one into the past, nor before its date."""
    base = shop(people=[{"id": "ann", "skills": {"dev": 1}, "count": 3}])
    plan = planned(base)
    facts = {
        "as_of": 5,
        "projects": [
            {
                "project": "A",
                "phases": [
                    {"phase": "make", "started": 0, "finished": date(2027, 2, 10)},
                    {"phase": "test", "not_before": 7},
                ],
            },
        ],
    }
    study = replanned(threads, base, plan, facts, points=0)
    assert study.plan is not None
    phases = {f.phase: f for p in study.plan.projects if p.project == "A" for f in p.phases}
    assert (phases["make"].start, phases["make"].end) == (0, 2)
    assert phases["test"].start == 7


def test_bad_progress_ends_with_every_finding() -> None:
    """Names, dates and contradictions are told at once, each with its place."""
    base = shop()
    plan = planned(base)
    facts = {
        "as_of": 3,
        "projects": [
            {"project": "AA"},
            {"project": "A", "phases": [{"phase": "mak"}, {"phase": "make", "finished": 0}]},
            {"project": "B", "phases": [{"phase": "make", "started": 9}]},
            {"project": "C", "phases": [{"phase": "make", "started": 0, "percent": 120}]},
            {"project": "D", "not_before": "2031-01-01", "stopped": True},
            {"project": "E", "phases": [{"phase": "make", "remaining": 1, "not_before": 5}]},
        ],
        "left": [{"person": "anne"}],
        "promised": [{"project": "D"}, {"project": "Z"}],
    }
    with pytest.raises(InvalidInput) as caught:
        replan(base, plan, Progress.parse(facts))
    found = {f.path.removeprefix("progress/"): f for f in caught.value.findings}
    assert {path: finding.rule for path, finding in found.items()} == {
        "projects/AA": "unknown-target",
        "projects/A/phases/mak": "unknown-target",
        "projects/A/phases/make/finished": "progress-order",
        "projects/B/phases/make/started": "progress-order",
        "projects/C/phases/make/percent": "progress-amount",
        "projects/D/not_before": "progress-outside",
        "projects/E/phases/make": "progress-conflict",
        "left/anne": "unknown-target",
        "promised/D": "progress-conflict",
        "promised/Z": "unknown-target",
    }
    assert "Did you mean ann?" in found["left/anne"].fix
    with pytest.raises(InvalidInput, match="outside the calendar"):
        replan(base, plan, Progress.parse({"as_of": "2031-01-01"}))
    lost = Plan(status=Status.INFEASIBLE, termination="proved")
    with pytest.raises(InvalidInput, match="nothing to keep"):
        replan(base, lost)


@pytest.mark.parametrize(
    "options",
    [{"method": "priced"}, {"extra": -1}, {"points": -1}, {"loss": 1.0}, {"method": "none"}],
)
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    """Before anything is solved."""
    plan = Plan(status=Status.OPTIMAL, termination="proved")
    with pytest.raises(ValueError, match=r"must be|needs"):
        replan(shop(), plan, **options)


def test_no_plan_is_an_answer(threads: Executor) -> None:
    """Where work in progress has nobody left, the study is infeasible and says so."""
    base = shop()
    facts = {"as_of": 1, "left": [{"person": "ann"}, {"person": "bob"}]}
    study = replanned(threads, base, planned(base), facts)
    assert (study.status, study.points, study.new) == (Status.INFEASIBLE, (), None)
    assert "No plan keeps the past" in study.message


def test_a_stop_gives_what_is_there(threads: Executor) -> None:
    """After the two ends the curve is left out, and the plan is there."""
    base, stop = shop(), threading.Event()
    steps: list[Step] = []

    def watch(step: Step) -> None:
        steps.append(step)
        if len(steps) == 2:
            stop.set()

    plan = planned(base)
    facts = LEFT | {"projects": [{"project": "B", "not_before": 7}]}
    study = replanned(threads, base, plan, facts, on_progress=watch, stop=stop)
    assert study.plan is not None
    assert {step.key for step in steps} == {"free", "fewest"}
    assert all(name.startswith("limit") for name in study.missing)
    require_monotone(study)


def test_a_replan_is_a_frame_and_json(threads: Executor) -> None:
    """One row per point; JSON reads back as the same, but for plans."""
    base = shop()
    study = replanned(threads, base, planned(base), LEFT)
    frame = study.to_frame()
    assert list(frame["changes"]) == [point.changes for point in study.points]
    assert frame["limit"].isna().tolist()[-1]
    again = Replan.model_validate_json(study.to_json())
    assert again.to_data() == study.to_data()
    assert again.plan is None


def test_what_the_portfolio_no_longer_knows_is_out_of_the_plan(threads: Executor) -> None:
    """A project that was removed since is no change, and a new one can enter."""
    base = shop()
    plan = planned(base)
    data = base.to_data()
    data["projects"] = [p for p in data["projects"] if p["id"] != "D"]
    study = replanned(threads, Portfolio.parse(data), plan, {}, points=0)
    assert (study.unchanged, study.changes) == (False, 0)


def test_progress_is_a_file(tmp_path: Any) -> None:
    """Progress that was saved reads back as the same."""
    progress = Progress.parse(LEFT | {"promised": [{"project": "C", "on_time": True}]})
    progress.save(tmp_path / "progress.yaml")
    assert Progress.load(tmp_path / "progress.yaml") == progress
