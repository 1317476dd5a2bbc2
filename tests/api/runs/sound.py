"""What must be true of a run that has ended, whatever happened on the way."""

from __future__ import annotations

from pmo_optimizer.service.store.records import EventRecord, RunRecord, RunState
from tests.api.runs.helpers import tiny
from tests.api.runs.world import World

MOST_EVENTS = 1000


def require_sound(world: World, run: RunRecord) -> None:
    """A run of the tiny portfolio has ended once, with one plan, the best one."""
    now = world.now(run)
    assert (now.state, now.status, now.objective) == (RunState.SUCCEEDED, "optimal", 39)
    assert world.plan(run, tiny()).objective == 39
    require_single(world, run)


def require_single(world: World, run: RunRecord) -> None:
    """A run has succeeded once, with one plan, none before was better; its attempts add up."""
    now = world.now(run)
    assert now.state is RunState.SUCCEEDED
    plans = world.store.plans(run.tenant, run.id)
    assert [(plan.id, plan.final) for plan in plans] == [(now.plan_id, True)]
    events = all_events(world, run)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    attempts = [event.attempt for event in events]
    assert attempts == sorted(attempts)
    states = [str(event.data["state"]) for event in events if event.type == "state"]
    assert states.count("starting") == now.attempt
    assert states.count("queued") == now.attempt
    assert [state for state in states if RunState(state).terminal] == ["succeeded"]
    assert (states[-1], events[-1].type) == ("succeeded", "state")
    assert now.objective is not None
    kept = [float(event.data["objective"]) for event in events if event.type == "plan"]
    assert max(kept, default=now.objective) <= now.objective


def all_events(world: World, run: RunRecord) -> list[EventRecord]:
    """Return every event of a run."""
    found: list[EventRecord] = []
    while True:
        more = world.store.events(run.tenant, run.id, found[-1].seq if found else 0, MOST_EVENTS)
        found += more
        if len(more) < MOST_EVENTS:
            return found
