"""Runs whose database does what it is told, and breaks before it says so."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from pmo_optimizer.service.runs.execute import execute
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.records import RunRecord
from tests.api.runs import entries
from tests.api.runs.helpers import tiny, wait_for
from tests.api.runs.sound import require_single, require_sound
from tests.api.runs.world import World


@contextmanager
def breaking(
    world: World, monkeypatch: pytest.MonkeyPatch, breaks: Callable[[list[str]], bool]
) -> Iterator[Store]:
    """Return the store with a database that breaks after a commit where it is told to.

    Parameters
    ----------
    breaks
        Gets the statements of the transaction that was just committed.
    """
    with closing(Database(world.address)) as database:
        error = psycopg.OperationalError if database.postgres else sqlite3.OperationalError
        statements: list[str] = []
        commit = database.engine.dialect.do_commit

        def noted(connection: object, cursor: object, statement: str, *more: object) -> None:
            statements.append(statement)

        def committed(connection: Any) -> None:
            commit(connection)
            done = statements.copy()
            statements.clear()
            if breaks(done):
                raise error("the connection broke")

        event.listen(database.engine, "before_cursor_execute", noted)
        monkeypatch.setattr(database.engine.dialect, "do_commit", committed)
        yield Store(database)


def claimed(world: World) -> RunRecord:
    """Return a run that was just taken from the queue."""
    world.queued()
    run = world.store.claim("worker", 9)
    assert run is not None
    return run


def test_what_was_done_unheard_is_not_done_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where half of all commits look like failures, a run ends once, with one plan."""
    chance = random.Random(4)
    run = claimed(world)
    with breaking(world, monkeypatch, lambda done: chance.random() < 0.5) as store:
        execute(store, run, world.settings())
    require_sound(world, run)


def test_a_plan_that_was_kept_unheard_is_the_plan_of_its_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first word of a plan looks like a failure; when the child is killed it is the best."""
    broken: list[str] = []

    def breaks(done: list[str]) -> bool:
        found = [line for line in done if line.startswith("INSERT INTO plans")]
        first = bool(found) and not broken
        broken.extend(found)
        return first

    run = claimed(world)
    with breaking(world, monkeypatch, breaks) as store:
        settings = world.settings(stop_grace=0.2, kill_grace=0.2)
        arguments = {"entry": entries.find_and_hang}
        runner = threading.Thread(target=execute, args=(store, run, settings), kwargs=arguments)
        runner.start()
        wait_for(lambda: bool(broken), "a first plan")
        world.store.request_stop(run.tenant, run.id)
        runner.join()
    require_single(world, run)
    ended = world.now(run)
    assert ended.termination == "stopped"
    assert world.plan(run, tiny()).objective == ended.objective
