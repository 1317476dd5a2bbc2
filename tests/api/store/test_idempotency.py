"""The same request again does nothing again and gets the same answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from pmo_optimizer.service.store.errors import KeyReused, LimitReached, Replayed
from pmo_optimizer.service.store.records import Once, Reply
from tests.api.store.conftest import World


def once(key: str = "k", body: str = "h", route: str = "POST /v1/runs") -> Once[Any]:
    """Return what makes a method do its work once; the reply names the new object."""
    return Once(route, key, body, lambda made: Reply(202, {"location": made.id}, f"<{made.id}>"))


def creators(world: World) -> dict[str, Callable[[Once[Any]], Any]]:
    """Return the methods that create something."""
    run = world.ended()
    plan = str(run.plan_id)
    store = world.store
    return {
        "portfolio": lambda o: store.create_portfolio("a", "n", "{}", "d", "x", once=o),
        "scenario": lambda o: store.create_scenario("a", run.portfolio_id, "n", "[]", once=o),
        "run": lambda o: world.queued(once=o),
        "decision": lambda o: store.create_decision(
            "a", plan, "t", actor="x", why="", versions={}, once=o
        ),
    }


@pytest.mark.parametrize("kind", ["portfolio", "scenario", "run", "decision"])
def test_a_repeated_creation_gives_the_first_answer(world: World, kind: str) -> None:
    """Nothing is stored twice; the reply is that of the first request."""
    create = creators(world)[kind]
    made = create(once())
    with pytest.raises(Replayed) as again:
        create(once())
    assert again.value.reply == Reply(202, {"location": made.id}, f"<{made.id}>")
    assert world.store.replay("a", "POST /v1/runs", "k", "h") == again.value.reply


def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    """Before anything is stored."""
    made = world.queued(once=once())
    with pytest.raises(KeyReused):
        world.queued(once=once(body="other"))
    with pytest.raises(KeyReused):
        world.store.replay("a", "POST /v1/runs", "k", "other")
    assert [run.id for run in world.store.runs("a").items] == [made.id]


def test_keys_count_per_tenant_and_route(world: World) -> None:
    """The same key elsewhere is another key."""
    first = world.queued("a", once=once())
    second = world.queued("b", once=once())
    third = world.queued("a", once=once(route="POST /v1/other"))
    assert len({first.id, second.id, third.id}) == 3
    assert world.store.replay("c", "POST /v1/runs", "k", "h") is None


def test_a_key_is_forgotten_after_a_day(world: World) -> None:
    """Then the request is a new one; the old answers can be cleared away."""
    first = world.queued(once=once())
    world.clock.advance(24 * 3600 - 1)
    assert world.store.forget_replies() == 0
    assert world.store.replay("a", "POST /v1/runs", "k", "h") is not None
    world.clock.advance(2)
    assert world.store.replay("a", "POST /v1/runs", "k", "h") is None
    second = world.queued(once=once())
    assert second.id != first.id
    assert world.store.forget_replies() == 0
    world.clock.advance(24 * 3600 + 1)
    assert world.store.forget_replies() == 1


def test_what_failed_is_not_remembered(world: World) -> None:
    """The same request may succeed later."""
    with pytest.raises(LimitReached):
        world.queued(once=once(), queued_limit=0)
    assert world.store.replay("a", "POST /v1/runs", "k", "h") is None
    world.queued(once=once())


def test_an_answer_without_an_object_is_remembered_too(world: World) -> None:
    """Whoever comes second learns the first answer."""
    reply = Reply(200, {}, "ok")
    world.store.remember("a", "r", "k", "h", reply)
    assert world.store.replay("a", "r", "k", "h") == reply
    with pytest.raises(Replayed):
        world.store.remember("a", "r", "k", "h", Reply(200, {}, "other"))
    with pytest.raises(KeyReused):
        world.store.remember("a", "r", "k", "i", reply)
    assert world.store.replay("a", "r", "\x00\ud800", "h") is None


def test_of_many_equal_requests_at_once_one_is_done(world: World) -> None:
    """The others get its answer."""
    world.portfolio()
    made: list[str] = []
    replayed: list[str] = []
    gate = threading.Barrier(8)

    def request() -> None:
        gate.wait()
        try:
            made.append(world.queued(once=once()).id)
        except Replayed as again:
            replayed.append(again.reply.headers["location"])

    threads = [threading.Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert replayed == made * 7
    assert len(world.store.runs("a").items) == 1
