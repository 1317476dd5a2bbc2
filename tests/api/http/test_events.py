"""Event streams of runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pmo_optimizer.client.sse import ServerEvent, events
from pmo_optimizer.service import Settings
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import assert_problem, opened, portfolio, serving, work


@pytest.fixture
def store(each_store: Store) -> Store:
    """Return a fresh store, of each kind."""
    return each_store


def follow(client: httpx.Client, run_id: str, last: str | None = None) -> list[ServerEvent]:
    """Return the events of a stream to its end."""
    head = {} if last is None else {"Last-Event-ID": last}
    with client.stream("GET", f"/v1/runs/{run_id}/events", headers=head) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        return list(events(stream.iter_bytes()))


@pytest.fixture
def queued(client: httpx.Client, portfolio_id: str) -> str:
    """Return the id of a run in the queue."""
    body = {"portfolio_id": portfolio_id, "parameters": {"time_limit": 5}}
    return str(client.post("/v1/runs", json=body).json()["id"])


def test_an_ended_run_is_played_back(client: httpx.Client, store: Store, queued: str) -> None:
    """A run that has ended gives all its events in order, then `end` with the run, and closes."""
    work(store)
    *found, end = follow(client, queued)
    assert [event.id for event in found] == [str(n + 1) for n in range(len(found))]
    states = [json.loads(e.data)["data"]["state"] for e in found if e.type == "state"]
    assert states == ["queued", "starting", "running", "succeeded"]
    assert end.type == "end"
    assert end.id == found[-1].id
    assert json.loads(end.data) == client.get(f"/v1/runs/{queued}").json()


def test_events_come_as_they_happen(client: httpx.Client, store: Store, queued: str) -> None:
    """Many who follow a run from its queue on see the same events, to its end."""
    with ThreadPoolExecutor(8) as pool:
        streams = [pool.submit(follow, client, queued) for _ in range(8)]
        time.sleep(0.5)
        work(store)
        seen = [stream.result(60) for stream in streams]
    assert all(each == seen[0] for each in seen)
    assert seen[0] == follow(client, queued)


def test_a_stream_goes_on_where_it_broke_off(
    client: httpx.Client, store: Store, queued: str
) -> None:
    """With the number of the last event seen, the stream goes on behind it, whichever it was."""
    work(store)
    whole = follow(client, queued)
    for place, event in enumerate(whole[:-1]):
        rest = follow(client, queued, event.id)
        assert [(e.type, e.data) for e in rest] == [(e.type, e.data) for e in whole[place + 1 :]]
    assert [e.type for e in follow(client, queued, "999999999")] == ["end"]
    assert len(follow(client, queued, "0")) == len(whole)


def test_one_far_ahead_does_not_hold_up_others(
    client: httpx.Client, store: Store, queued: str
) -> None:
    """A listener with a number that was never given out gets the end, and others everything."""
    with ThreadPoolExecutor(2) as pool:
        far = pool.submit(follow, client, queued, "900000000")
        time.sleep(0.4)
        near = pool.submit(follow, client, queued)
        time.sleep(0.4)
        work(store)
        assert [event.type for event in far.result(60)] == ["end"]
        assert near.result(60) == follow(client, queued)


def test_long_histories_are_played_back_whole(
    client: httpx.Client, store: Store, queued: str
) -> None:
    """More events than are read at once come all, in order, each once."""
    run = store.claim("test", 10)
    assert run is not None
    store.started(run.id, run.attempt)
    for number in range(700):
        store.progress(run.id, run.attempt, "progress", {"value": float(number)})
    client.delete(f"/v1/runs/{queued}/nothing")
    with client.stream("GET", f"/v1/runs/{queued}/events") as stream:
        numbers = []
        for event in events(stream.iter_bytes()):
            numbers.append(int(event.id))
            if len(numbers) == 703:
                break
    assert numbers == list(range(1, 704))


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30])
def test_wrong_numbers(client: httpx.Client, queued: str, last: str) -> None:
    """A last event that is no number is refused before the stream begins."""
    answer = client.get(f"/v1/runs/{queued}/events", headers={"Last-Event-ID": last})
    assert_problem(answer, 422)


def test_a_deleted_run_ends_its_streams(client: httpx.Client, queued: str) -> None:
    """Whoever follows a run that is deleted is let go."""
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(follow, client, queued)
        time.sleep(0.4)
        assert client.delete(f"/v1/runs/{queued}").status_code == 204
        assert "end" not in {event.type for event in stream.result(60)}


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[tuple[httpx.Client, Store]]:
    """Return what asks a service with a quick heartbeat, and its store."""
    settings = Settings(sse_heartbeat=0.1)
    with opened("sqlite", tmp_path) as store, serving(store, settings) as client:
        yield client, store


def start(client: httpx.Client) -> str:
    """Return the id of a new run."""
    made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
    return str(client.post("/v1/runs", json={"portfolio_id": made}).json()["id"])


def test_a_silent_stream_lives(quick: tuple[httpx.Client, Store]) -> None:
    """A stream without news carries comments."""
    client, _ = quick
    beats = 0
    with client.stream("GET", f"/v1/runs/{start(client)}/events") as stream:
        for line in stream.iter_lines():
            beats += line == ": heartbeat"
            if beats == 3:
                break
    assert beats == 3


def test_who_leaves_is_forgotten(quick: tuple[httpx.Client, Store]) -> None:
    """Streams that clients break off are closed, and the service counts none of them."""
    client, _ = quick
    run_id = start(client)
    for _ in range(5):
        with client.stream("GET", f"/v1/runs/{run_id}/events") as stream:
            assert next(stream.iter_bytes())
    for _ in range(100):
        if "\npmo_event_streams 0\n" in client.get("/v1/metrics").text:
            return
        time.sleep(0.1)
    raise AssertionError("streams stay open")


def test_the_service_ends_though_streams_are_open(tmp_path: Path) -> None:
    """A service that is asked to end closes its streams and does not wait for the runs."""
    with opened("sqlite", tmp_path) as store:
        opened_stream = threading.Event()

        def listen(address: httpx.URL, run_id: str) -> None:
            with (
                httpx.Client(base_url=address, timeout=60) as other,
                other.stream("GET", f"/v1/runs/{run_id}/events") as stream,
            ):
                for _ in stream.iter_bytes():
                    opened_stream.set()

        with serving(store) as client:
            run_id = start(client)
            thread = threading.Thread(target=listen, args=(client.base_url, run_id))
            thread.start()
            assert opened_stream.wait(30)
        thread.join(30)
        assert not thread.is_alive()
