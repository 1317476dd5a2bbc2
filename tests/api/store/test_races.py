"""Many threads and two processes at once: nothing is claimed twice, lost or counted wrong."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing

from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.errors import Conflict, Fenced, LimitReached, NotFound
from pmo_optimizer.service.store.records import RunState
from tests.api.databases import fast_folder
from tests.api.store.conftest import FACTS, World


def together(count: int, work: Callable[[int], None]) -> None:
    """Run the work in threads that begin at the same moment; an error of one is raised."""
    gate = threading.Barrier(count)
    errors: list[BaseException] = []

    def one(n: int) -> None:
        gate.wait()
        try:
            work(n)
        except BaseException as error:  # noqa: BLE001 - given to the test below
            errors.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_no_run_is_claimed_twice(world: World) -> None:
    """Eight threads empty a queue of 40 runs: each run has one claim and one attempt."""
    made = [world.queued("ab"[n % 2]).id for n in range(40)]
    claimed: list[str] = []

    def work(n: int) -> None:
        while (run := world.store.claim(f"w{n}", 1000)) is not None:
            claimed.append(run.id)

    together(8, work)
    assert Counter(claimed) == Counter(made)
    assert {run.attempt for run in world.store.runs("a", limit=200).items} == {1}


def test_one_run_is_claimed_by_one(world: World) -> None:
    """By either way to claim it."""
    run = world.queued()
    got: list[str] = []

    def work(n: int) -> None:
        try:
            if n % 2:
                got.append(world.store.claim_run(run.id, 0, f"w{n}").id)
            elif (found := world.store.claim(f"w{n}", 1000)) is not None:
                got.append(found.id)
        except Fenced:
            return

    together(8, work)
    assert got == [run.id]


def test_a_tenant_never_runs_more_than_it_may(world: World) -> None:
    """Though ten claims count at the same time; none waits for another in a circle."""
    for _ in range(4):
        for tenant in "aabbccaabbcc":
            world.queued(tenant)
        claimed: list[str] = []
        together(10, _claimer(world, claimed))
        assert Counter(claimed) == {"a": 2, "b": 2, "c": 2}
        for tenant in "abc":
            for run in world.store.runs(tenant).items:
                world.store.delete_run(tenant, run.id)


def _claimer(world: World, claimed: list[str]) -> Callable[[int], None]:
    """Return what claims one run and notes its tenant."""

    def work(n: int) -> None:
        run = world.store.claim(f"w{n}", 2)
        if run is not None:
            claimed.append(run.tenant)

    return work


def test_the_queue_never_holds_more_than_it_may(world: World) -> None:
    """Though eight requests count at the same time."""
    made = [world.store.create_portfolio("a", "n", "{}", "d", "x").id for _ in range(8)]
    refused: list[int] = []

    def work(n: int) -> None:
        try:
            # Of a portfolio each, so that nothing but the queue makes them wait.
            world.store.create_run(
                "a", "solve", made[n], 1, parameters={}, digest="d", queued_limit=3
            )
        except LimitReached:
            refused.append(n)

    together(8, work)
    assert len(refused) == 5
    assert len(world.store.runs("a", RunState.QUEUED).items) == 3


def test_a_run_ends_once(world: World) -> None:
    """Of eight that end it at once, seven are fenced."""
    run = world.claimed()
    fenced: list[int] = []

    def work(n: int) -> None:
        try:
            world.store.finish(run.id, 1, RunState.SUCCEEDED, status=f"s{n}")
        except Fenced:
            fenced.append(n)

    together(8, work)
    assert len(fenced) == 7
    ends = [e for e in world.store.events("a", run.id) if e.data.get("state") == "succeeded"]
    assert len(ends) == 1


def test_stale_runs_are_taken_once(world: World) -> None:
    """Eight that look at once take each run once, so no attempt is wasted."""
    made = [world.claimed(tenant).id for tenant in "abcdef"]
    world.clock.advance(60)
    taken: list[str] = []
    together(8, lambda n: taken.extend(world.store.requeue_stale(30, 3)))
    assert Counter(taken) == Counter(made)


def test_events_of_one_run_are_numbered_without_holes(world: World) -> None:
    """Though four threads write them, and a stop comes between."""
    run = world.claimed()

    def work(n: int) -> None:
        for _ in range(5):
            world.store.progress(run.id, 1, "log", {"n": n})
        world.store.request_stop("a", run.id)

    together(4, work)
    events = world.store.events("a", run.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(events) == 2 + 4 * 5 + 1


def test_the_audit_chain_holds_when_many_write(world: World) -> None:
    """No number is taken twice."""

    def work(n: int) -> None:
        for _ in range(4):
            world.store.audit("a", "x", "y", str(n), "r", {})

    together(8, work)
    report = world.store.verify_audit("a")
    assert (report.entries, report.broken) == (32, None)


def test_a_decision_and_a_deletion_do_not_both_succeed(world: World) -> None:
    """Either the plan is pinned, or it is gone."""
    for _ in range(5):
        assert len(_decide_and_delete(world)) == 1


def _decide_and_delete(world: World) -> list[str]:
    """Do both at once, and return what was refused."""
    run = world.ended()
    refused: list[str] = []

    def work(n: int) -> None:
        try:
            if n:
                world.store.delete_run("a", run.id)
            else:
                world.store.create_decision(
                    "a", str(run.plan_id), "t", actor="x", why="", versions={}
                )
        except (Conflict, NotFound) as error:
            refused.append(type(error).__name__)

    together(2, work)
    return refused


def _work_through(address: str, worker: str) -> None:
    """Claim and end runs until none is left; in a process of its own."""
    with closing(open_store(address)) as store:
        store.upgrade()
        while (run := store.claim(worker, 1000)) is not None:
            store.started(run.id, run.attempt)
            store.keep_plan(run.id, run.attempt, "{}", FACTS)
            store.progress(run.id, run.attempt, "log", {"worker": worker})
            store.finish(run.id, run.attempt, RunState.SUCCEEDED, status="feasible")


def _create(address: str) -> None:
    with closing(open_store(address)) as store:
        store.upgrade()
        store.create_portfolio("a", "n", "{}", "d", "x")


def _processes(count: int, target: Callable[..., None], *args: object) -> list[int | None]:
    context = multiprocessing.get_context("spawn")
    extra = [(f"w{n}",) if target is _work_through else () for n in range(count)]
    processes = [context.Process(target=target, args=(*args, *more)) for more in extra]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def test_two_processes_work_through_one_queue(world: World) -> None:
    """Every run ends after one attempt, and each has one plan."""
    made = [world.queued().id for _ in range(20)]
    assert _processes(2, _work_through, world.address) == [0, 0]
    found = world.store.runs("a", RunState.SUCCEEDED).items
    assert Counter(run.id for run in found) == Counter(made)
    assert {run.attempt for run in found} == {1}
    assert all(len(world.store.plans("a", id)) == 1 for id in made)


def test_two_processes_may_create_the_tables_at_once() -> None:
    """The file is not there yet, and each brings it to this version before it writes."""
    with fast_folder() as folder:
        address = f"sqlite:///{folder / 'sub' / 'new.db'}"
        assert _processes(2, _create, address) == [0, 0]
        with closing(open_store(address)) as store:
            store.require_current()
            assert len(store.portfolios("a").items) == 2
