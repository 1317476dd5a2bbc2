"""Runs as their runners see them: claims, fences, plans, ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pmo_optimizer.service.ids import Prefix, new_id
from pmo_optimizer.service.store.errors import Fenced, LimitReached, NotFound
from pmo_optimizer.service.store.records import Failure, FailureCode, PlanFacts, RunState
from pmo_optimizer.service.store.runners import FinalPlan
from tests.api.store.conftest import FACTS, World

CRASH = Failure(FailureCode.CRASH, "signal 11")


def stale(world: World, attempts: int = 3) -> list[str]:
    """Let every runner fall silent, and take their runs."""
    world.clock.advance(60)
    return world.store.requeue_stale(30, attempts)


def test_the_oldest_run_is_claimed_first(world: World) -> None:
    """Across tenants."""
    made = [world.queued(tenant).id for tenant in ("a", "b", "a")]
    claimed = [world.store.claim("worker", 9) for _ in range(4)]
    assert [run and run.id for run in claimed] == [*made, None]
    first = claimed[0]
    assert first is not None
    assert (first.state, first.attempt, first.worker) == (RunState.STARTING, 1, "worker")
    assert first.heartbeat is not None


def test_a_tenant_at_its_limit_waits_and_others_pass(world: World) -> None:
    """A queue of one tenant never blocks another."""
    first, second, other = world.queued("a"), world.queued("a"), world.queued("b")
    order = [world.store.claim("worker", 1) for _ in range(3)]
    assert [run and run.id for run in order] == [first.id, other.id, None]
    world.store.finish(first.id, 1, RunState.SUCCEEDED, status="infeasible", termination="proved")
    following = world.store.claim("worker", 1)
    assert following is not None
    assert following.id == second.id


def test_a_job_claims_its_run_once(world: World) -> None:
    """The same job delivered twice, and an older job, are fenced."""
    run = world.queued()
    claimed = world.store.claim_run(run.id, 0, "w1")
    assert (claimed.attempt, claimed.worker) == (1, "w1")
    for attempt in (0, 1):
        with pytest.raises(Fenced):
            world.store.claim_run(run.id, attempt, "w2")
    stale(world)
    with pytest.raises(Fenced):
        world.store.claim_run(run.id, 0, "w2")
    assert world.store.claim_run(run.id, 1, "w2").attempt == 2


def test_a_job_of_a_tenant_at_its_limit_is_told_to_come_later(world: World) -> None:
    """The run stays in the queue."""
    world.claimed()
    run = world.queued()
    with pytest.raises(LimitReached) as refused:
        world.store.claim_run(run.id, 0, "w", 1)
    assert refused.value.which == "running"
    assert world.store.run("a", run.id) == run
    assert world.store.claim_run(run.id, 0, "w", 2).state is RunState.STARTING


WRITES: dict[str, Callable[[World, str, int], object]] = {
    "started": lambda w, run, n: w.store.started(run, n),
    "heartbeat": lambda w, run, n: w.store.heartbeat(run, n),
    "progress": lambda w, run, n: w.store.progress(run, n, "log", {}, objective=1.0),
    "keep_plan": lambda w, run, n: w.store.keep_plan(run, n, "{}", FACTS),
    "final_plan": lambda w, run, n: w.store.keep_plan(run, n, "{}", FACTS, final=True),
    "finish": lambda w, run, n: w.store.finish(run, n, RunState.SUCCEEDED),
    "retry": lambda w, run, n: w.store.retry(run, n, 3, CRASH),
    "give_back": lambda w, run, n: w.store.give_back(run, n),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("case", ["requeued", "claimed again", "ended", "never", "gone"])
def test_who_does_not_own_a_run_cannot_write(world: World, write: str, case: str) -> None:
    """Every write of an old attempt is fenced, and nothing changes by it."""
    run = world.claimed()
    attempt = 1
    if case in {"requeued", "claimed again"}:
        stale(world)
    if case == "claimed again":
        assert world.store.claim("other", 9) is not None
    if case == "ended":
        world.store.finish(run.id, 1, RunState.SUCCEEDED, status="feasible", termination="gap")
    if case == "never":
        attempt = 2
    if case == "gone":
        world.store.delete_run("a", run.id)
        with pytest.raises(Fenced):
            WRITES[write](world, run.id, attempt)
        return
    before = world.store.run("a", run.id), world.store.events("a", run.id)
    with pytest.raises(Fenced):
        WRITES[write](world, run.id, attempt)
    assert (world.store.run("a", run.id), world.store.events("a", run.id)) == before
    assert world.store.plans("a", run.id) == []


def test_progress_notes_figures_and_leaves_the_others(world: World) -> None:
    """Numbers that are not finite are nothing."""
    run = world.claimed()
    world.store.progress(run.id, 1, "progress", {}, objective=1.5, bound=float("inf"), gap=0.5)
    world.store.progress(run.id, 1, "progress", {}, solves_done=1, solves_total=9)
    found = world.store.run("a", run.id)
    assert (found.objective, found.bound, found.gap) == (1.5, None, 0.5)
    assert (found.solves_done, found.solves_total) == (1, 9)


def test_a_better_plan_replaces_the_one_before(world: World) -> None:
    """A worse one does not, an equal one does; greater is better, or less, as the plan says."""
    run = world.claimed()
    keep = world.store.keep_plan
    for facts, objectives in (
        (FACTS, (5, 4, 5, 6)),
        (replace(FACTS, maximise=False), (6, 7, 6, 5)),
    ):
        kept = [
            keep(run.id, 1, f'{{"z": {z}}}', replace(facts, objective=float(z))) for z in objectives
        ]
        assert kept[1] == kept[0]
        assert len(set(kept)) == 3
        (plan,) = world.store.plans("a", run.id)
        assert (plan.id, plan.objective, plan.final) == (kept[3], objectives[3], False)
    assert world.store.run("a", run.id).plan_id == kept[3]
    with pytest.raises(NotFound):
        world.store.plan("a", kept[0])


def test_a_plan_without_objective_never_replaces_one_that_has_it(world: World) -> None:
    """Nothing says that it is as good."""
    run = world.claimed()
    kept = world.store.keep_plan(run.id, 1, "{}", FACTS)
    other = PlanFacts(status="feasible", digest="d")
    assert world.store.keep_plan(run.id, 1, "{}", other) == kept


def test_final_plans_stand_beside_each_other(world: World) -> None:
    """A study has several; the best so far goes when the first comes, and cannot come again."""
    run = world.claimed()
    best = world.store.keep_plan(run.id, 1, '{"n": 0}', FACTS)
    finals = [
        world.store.keep_plan(run.id, 1, f'{{"n": {n}}}', replace(FACTS, objective=1.0), final=True)
        for n in (1, 2)
    ]
    assert world.store.keep_plan(run.id, 1, "{}", FACTS) == finals[-1]
    assert [plan.id for plan in world.store.plans("a", run.id)] == finals
    with pytest.raises(NotFound):
        world.store.plan("a", best)
    plan = world.store.plan("a", finals[0])
    assert (plan.document, plan.final, plan.run_id) == ('{"n": 1}', True, run.id)
    assert (plan.portfolio_id, plan.revision, plan.digest) == (run.portfolio_id, 1, FACTS.digest)


@pytest.mark.parametrize("final", [False, True])
def test_a_plan_that_is_stored_again_under_its_id_is_there_once(world: World, final: bool) -> None:
    """Whoever did not hear that it was stored may say it again."""
    run = world.claimed()
    id = new_id(Prefix.PLAN)
    for document in ("1", "2"):
        facts = replace(FACTS, objective=float(document))
        assert world.store.keep_plan(run.id, 1, document, facts, final=final, id=id) == id
    assert [plan.id for plan in world.store.plans("a", run.id)] == [id]
    assert world.store.plan("a", id).document == "1"
    assert world.store.run("a", run.id).plan_id == id


def test_final_plans_of_a_lost_attempt_do_not_appear_twice(world: World) -> None:
    """The next attempt stores its own."""
    run = world.claimed()
    for _ in range(2):
        world.store.keep_plan(run.id, 1, "{}", FACTS, final=True)
    stale(world)
    assert world.store.claim("worker", 9) is not None
    final = world.store.keep_plan(run.id, 2, "{}", FACTS, final=True)
    assert [plan.id for plan in world.store.plans("a", run.id)] == [final]


def test_an_end_holds_everything_that_was_said(world: World) -> None:
    """And a second end is fenced."""
    run = world.claimed()
    world.store.started(run.id, 1)
    world.store.progress(run.id, 1, "progress", {}, objective=1.0, bound=3.0, gap=0.7)
    plan = world.store.keep_plan(run.id, 1, "{}", FACTS)
    ended = world.store.finish(
        run.id,
        1,
        RunState.SUCCEEDED,
        status="feasible",
        termination="time_limit",
        objective=10.0,
        gap=0.1,
        result='{"answer": 1}',
    )
    assert (ended.state, ended.status) == (RunState.SUCCEEDED, "feasible")
    assert ended.termination == "time_limit"
    assert (ended.objective, ended.bound, ended.gap) == (10.0, 3.0, 0.1)
    assert (ended.result, ended.failure) == ('{"answer": 1}', None)
    assert (ended.plan_id, world.store.plan("a", plan).final) == (plan, True)
    assert ended.created < ended.started < ended.completed  # type: ignore[operator]
    for state in (RunState.SUCCEEDED, RunState.CANCELLED):
        with pytest.raises(Fenced):
            world.store.finish(run.id, 1, state)
    assert world.store.run("a", run.id) == ended


def test_an_end_must_make_sense(world: World) -> None:
    """A failed run has a failure, no other has, and running is no end."""
    run = world.claimed()
    for state, failure in (
        (RunState.RUNNING, None),
        (RunState.FAILED, None),
        (RunState.SUCCEEDED, CRASH),
    ):
        with pytest.raises(ValueError, match=r"fail|end"):
            world.store.finish(run.id, 1, state, failure=failure)
    assert world.store.run("a", run.id).state is RunState.STARTING


def test_a_silent_runner_loses_its_run_and_the_next_starts_from_its_plan(world: World) -> None:
    """Another attempt gets it with the last stored plan; who beats keeps his."""
    run, other = world.claimed(), world.claimed("b")
    plan = world.store.keep_plan(run.id, 1, "{}", FACTS)
    world.clock.advance(20)
    world.store.heartbeat(other.id, 1)
    world.clock.advance(20)
    assert world.store.requeue_stale(30, 3) == [run.id]
    found = world.store.run("a", run.id)
    assert (found.state, found.worker, found.heartbeat) == (RunState.QUEUED, None, None)
    assert (found.warm_plan_id, found.plan_id) == (plan, plan)
    again = world.store.claim("worker", 9)
    assert again is not None
    assert (again.id, again.attempt, again.warm_plan_id) == (run.id, 2, plan)
    assert world.store.plan("a", plan).document == "{}"
    better = world.store.keep_plan(run.id, 2, "{}", FACTS)
    assert world.store.run("a", run.id).warm_plan_id is None
    assert world.store.finish(run.id, 2, RunState.SUCCEEDED).plan_id == better


def test_a_run_that_is_lost_too_often_has_failed_and_keeps_its_plan(world: World) -> None:
    """After the last attempt, with the code lost."""
    run = world.claimed()
    plan = world.store.keep_plan(run.id, 1, "{}", FACTS)
    assert stale(world, 2) == [run.id]
    assert world.store.claim("worker", 9) is not None
    assert stale(world, 2) == [run.id]
    found = world.store.run("a", run.id)
    assert found.failure is not None
    assert (found.state, found.failure.code) == (RunState.FAILED, FailureCode.LOST)
    assert (found.plan_id, found.termination) == (plan, "crash")
    assert (found.status, found.objective) == ("feasible", FACTS.objective)
    assert world.store.plan("a", plan).final
    assert stale(world, 2) == []


@pytest.mark.parametrize("with_plan", [True, False])
def test_a_lost_run_that_was_stopped_is_not_tried_again(world: World, with_plan: bool) -> None:
    """With a plan it has succeeded, without one it is cancelled."""
    run = world.claimed()
    if with_plan:
        world.store.keep_plan(run.id, 1, "{}", FACTS)
    world.store.request_stop("a", run.id)
    assert stale(world) == [run.id]
    found = world.store.run("a", run.id)
    assert found.state is (RunState.SUCCEEDED if with_plan else RunState.CANCELLED)
    assert found.termination == "stopped"
    assert world.store.claim("worker", 9) is None


def test_a_broken_solve_is_tried_again_until_the_attempts_are_used_up(world: World) -> None:
    """Then the run has failed as the last attempt did."""
    run = world.claimed()
    assert world.store.retry(run.id, 1, 2, CRASH).state is RunState.QUEUED
    assert world.store.claim("worker", 9) is not None
    failed = world.store.retry(run.id, 2, 2, CRASH)
    assert (failed.state, failed.failure) == (RunState.FAILED, CRASH)
    assert world.store.claim("worker", 9) is None


def test_runs_without_a_job_are_found(world: World) -> None:
    """Until the job is noted; a run that goes back to the queue needs a new one."""
    run = world.queued()
    assert world.store.undeferred(5) == []
    world.clock.advance(10)
    assert [found.id for found in world.store.undeferred(5)] == [run.id]
    assert world.store.mark_deferred(run.id, 0)
    assert world.store.undeferred(0) == []
    assert world.store.mark_deferred(run.id, 0, deferred=False)
    assert [found.id for found in world.store.undeferred(0)] == [run.id]
    world.store.mark_deferred(run.id, 0)
    world.store.claim_run(run.id, 0, "w")
    assert not world.store.mark_deferred(run.id, 0)
    stale(world)
    assert [found.attempt for found in world.store.undeferred(0)] == [1]


def test_a_run_that_is_given_back_has_not_used_up_an_attempt(world: World) -> None:
    """However often its runners end in good order, crashes alone end it."""
    run = world.claimed()
    for attempt in (1, 2, 3):
        assert world.store.give_back(run.id, attempt).state is RunState.QUEUED
        assert world.store.claim("worker", 9) is not None
    assert world.store.retry(run.id, 4, 2, CRASH).state is RunState.QUEUED
    assert world.store.claim("worker", 9) is not None
    assert world.store.retry(run.id, 5, 2, CRASH).failure == CRASH


def test_a_run_that_was_stopped_and_is_given_back_has_ended(world: World) -> None:
    """Nobody would begin it again only to stop it."""
    run = world.claimed()
    world.store.request_stop("a", run.id)
    assert world.store.give_back(run.id, 1).state is RunState.CANCELLED


def test_a_long_run_may_go_back_to_the_queue(world: World) -> None:
    """The time that a run may wait counts from when it was put into the queue last."""
    run = world.claimed()
    world.clock.advance(90_000)
    assert stale(world) == [run.id]
    assert world.store.expire_queued(86_400) == []
    assert world.store.run("a", run.id).state is RunState.QUEUED
    world.clock.advance(90_000)
    assert world.store.expire_queued(86_400) == [run.id]


def test_a_sweep_spares_runs_whose_runners_are_known_to_live(world: World) -> None:
    """Whatever their heartbeat says; and takes others at once where it is told to."""
    first, second = world.claimed(), world.claimed()
    assert [run.id for run in world.store.active()] == [first.id, second.id]
    assert world.store.requeue_stale(None, 3, spare=[first.id]) == [second.id]
    world.clock.advance(90)
    assert world.store.requeue_stale(30, 3, spare=[first.id]) == []
    assert stale(world) == [first.id]


def test_the_plans_of_an_answer_and_the_end_are_one(world: World) -> None:
    """The plans replace what was kept, in their order, and the first is the run's."""
    run = world.claimed()
    world.store.keep_plan(run.id, 1, '{"n": 0}', FACTS)
    plans = [FinalPlan(new_id(Prefix.PLAN), f'{{"n": {n}}}', FACTS) for n in range(5)]
    with pytest.raises(Fenced):
        world.store.finish(run.id, 2, RunState.SUCCEEDED, plans=plans)
    assert len(world.store.plans("a", run.id)) == 1
    ended = world.store.finish(run.id, 1, RunState.SUCCEEDED, plans=plans)
    assert ended.plan_id == plans[0].id
    stored = world.store.plans("a", run.id)
    assert [(plan.id, plan.final) for plan in stored] == [(plan.id, True) for plan in plans]
    with pytest.raises(Fenced):
        world.store.finish(run.id, 1, RunState.SUCCEEDED, plans=plans)
    assert len(world.store.plans("a", run.id)) == 5


def test_a_plan_is_stored_once_under_its_id(world: World) -> None:
    """Who does not know whether a write was done may do it again."""
    run = world.claimed()
    id = new_id(Prefix.PLAN)
    for final in (False, True):
        assert world.store.keep_plan(run.id, 1, "{}", FACTS, id=id, final=final) == id
    assert [plan.id for plan in world.store.plans("a", run.id)] == [id]
