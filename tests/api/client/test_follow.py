"""Runs are followed across broken streams, or by asking, to their end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pmo_optimizer.client import Client, Event, Retries, RunFailed, ServiceError, Unreachable
from pmo_optimizer.model import Incumbent, Plan
from tests.api.client.server import Answer, Script, scripted

QUICK = Retries(attempts=4, first=0.01, most=0.02)

AT = "2027-01-01T00:00:00Z"


def run(state: str, **more: object) -> Answer:
    """Return the answer that says how a run is."""
    said = {"id": "run_1", "kind": "solve", "state": state, "portfolio_id": "pf_1", "revision": 1}
    return Answer(body={**said, "created": AT, **more})


def event(seq: int, type: str = "progress", data: dict[str, Any] | None = None) -> bytes:
    """Return an event as the service sends it."""
    body = {"seq": seq, "attempt": 1, "at": AT, "type": type, "data": data or {"value": seq}}
    return f"event: {type}\ndata: {json.dumps(body)}\nid: {seq}\n\n".encode()


def last(seq: int, state: str = "succeeded") -> bytes:
    """Return the event with which a run ends."""
    return event(seq, "state", {"state": state})


def stream(*chunks: bytes, broken: bool = False) -> Answer:
    """Return a stream that the service closes, or that breaks off."""
    return Answer(chunks=(b": open\n\n", *chunks), broken=broken)


@contextmanager
def client_of(*answers: Answer) -> Iterator[tuple[Client, Script]]:
    """Give a client of a server that answers so, and the requests it got."""
    with scripted(*answers) as (url, script), Client(url, retries=QUICK, timeout=5) as client:
        yield client, script


@pytest.mark.parametrize("broken", [False, True])
def test_a_broken_stream_is_taken_up_after_the_last_event(broken: bool) -> None:
    """Every event comes once and in order, however often the stream ends or breaks."""
    answers = (
        stream(event(1), event(2), event(3)[:20], broken=broken),
        Answer(503),
        Answer(broken=True),
        stream(event(2), event(3), last(4), event(5)),
    )
    with client_of(*answers) as (client, script):
        assert [e.seq for e in client.runs.events("run_1")] == [1, 2, 3, 4]
    assert [asked.headers["Last-Event-ID"] for asked in script.asked] == ["0", "2", "2", "2"]


def test_following_begins_after_what_is_known() -> None:
    """Who knows some events gets the others only, and none after the end."""
    with client_of(stream(event(1), event(2), last(3))) as (client, script):
        assert [e.seq for e in client.runs.events("run_1", after=1)] == [2, 3]
    assert script.asked[0].headers["Last-Event-ID"] == "1"
    with client_of(stream(b"event: end\ndata: {}\n\n")) as (client, _):
        assert list(client.runs.events("run_1", after=3)) == []


def test_streams_that_only_break_are_given_up() -> None:
    """Without any event in between, the last attempt's error is raised."""
    with (
        client_of(stream(broken=True)) as (client, script),
        pytest.raises(Unreachable, match="event stream of run_1"),
    ):
        list(client.runs.events("run_1"))
    assert len(script.asked) == 4


def test_streams_that_are_refused_are_errors() -> None:
    """A run of nobody is a 404, once."""
    with client_of(Answer(404, {"title": "Gone"})) as (client, script):
        with pytest.raises(ServiceError, match="404 Gone"):
            list(client.runs.events("run_1"))
        assert len(script.asked) == 1


def test_what_is_no_event_of_a_run_is_passed_over() -> None:
    """Events of later versions, comments and garbage do not disturb."""
    garbage = b"data: {\n\nid: 1\ndata: [1]\n\nevent: news\ndata: {}\n\n: heartbeat\n\n"
    with client_of(stream(garbage, event(1, "brand-new"), last(2))) as (client, _):
        assert [e.type for e in client.runs.events("run_1")] == ["brand-new", "state"]


def test_progress_becomes_incumbents() -> None:
    """An event of progress is a line of the log; others are none."""
    data = {"seconds": 1.5, "value": 3.0, "bound": 4.0, "source": "cp-sat", "gap": 0.25}
    heard = [Event(seq=1, at=AT, type=t, data=data) for t in ("progress", "plan")]
    assert heard[0].incumbent == Incumbent(seconds=1.5, value=3.0, bound=4.0, source="cp-sat")
    assert heard[1].incumbent is None


@pytest.mark.parametrize("follow", [True, False])
def test_waiting_returns_the_run_that_ended(follow: bool) -> None:
    """By events or by asking: the run is the one that has ended."""
    seen: list[int] = []
    answers = (stream(event(1), last(2)),) if follow else (run("queued"), run("running"))
    with client_of(*answers, run("succeeded", plan_id="pl_1")) as (client, _):
        got = client.runs.wait("run_1", follow=follow, on_event=lambda e: seen.append(e.seq))
    assert (got.ended, got.plan_id) == (True, "pl_1")
    assert seen == ([1, 2] if follow else [])


@pytest.mark.parametrize("follow", [True, False])
def test_waiting_ends_with_the_time(follow: bool) -> None:
    """A run that goes on is a TimeoutError, and is not stopped."""
    with (
        client_of(stream(event(1)) if follow else run("running")) as (client, script),
        pytest.raises(TimeoutError),
    ):
        client.runs.wait("run_1", follow=follow, timeout=0.01)
    assert {asked.method for asked in script.asked} <= {"GET"}


def test_a_flag_stops_the_run() -> None:
    """Once the flag is set the run is stopped, and the end of the run is waited for."""
    stop = threading.Event()
    stop.set()
    with client_of(*[run("running")] * 8, run("succeeded")) as (client, script):
        assert client.runs.wait("run_1", follow=False, stop=stop).ended
    stops = [a.path for a in script.asked if a.method == "POST"]
    assert stops == ["/v1/runs/run_1/stop"]


def test_solve_submits_follows_and_reads_the_plan() -> None:
    """The run goes out with the parameters that were given, and its plan comes back."""
    plan = Plan.model_validate({"status": "optimal", "termination": "proved", "objective": 3})
    heard: list[Incumbent] = []
    answers = (
        run("queued"),
        stream(event(1), last(2)),
        run("succeeded", plan_id="pl_1"),
        Answer(body={"id": "pl_1", "document": plan.to_data()}),
    )
    with client_of(*answers) as (client, script):
        got = client.solve("pf_1", time_limit=5, seed=0, on_progress=heard.append, key="k")
    assert got == plan
    assert [i.value for i in heard] == [1]
    assert json.loads(script.asked[0].body) == {
        "kind": "solve",
        "portfolio_id": "pf_1",
        "parameters": {"time_limit": 5, "seed": 0},
    }
    assert script.asked[0].headers["Idempotency-Key"] == "k"


@pytest.mark.parametrize(
    ("state", "failure", "code"),
    [
        ("failed", {"code": "memory_limit", "detail": "4096 MiB"}, "memory_limit"),
        ("cancelled", None, ""),
    ],
)
def test_runs_without_a_plan_are_errors(state: str, failure: object, code: str) -> None:
    """A run that failed or was cancelled without a plan says why."""
    with (
        client_of(run("queued"), stream(last(1, state)), run(state, failure=failure)) as (
            client,
            _,
        ),
        pytest.raises(RunFailed, match=f"run_1 {state}") as caught,
    ):
        client.solve("pf_1")
    assert caught.value.code == code


def test_lists_are_read_page_after_page() -> None:
    """A list goes on after its first page, and asks for no page that nobody wants."""
    item = run("succeeded").body
    pages = (Answer(body={"items": [item, item], "cursor": "c"}), Answer(body={"items": [item]}))
    with client_of(*pages) as (client, script):
        listed = client.runs.list(state="succeeded")
        next(listed)
        assert len(script.asked) == 1
        assert len(list(listed)) == 2
    assert script.asked[1].path == "/v1/runs?state=succeeded&cursor=c"


def test_answers_of_another_form_are_service_errors() -> None:
    """A service of another version is named as such, not a parser's error."""
    with (
        client_of(Answer(body={"items": [{"id": 5}]})) as (client, _),
        pytest.raises(ServiceError, match="another form"),
    ):
        list(client.portfolios.list())


@pytest.mark.parametrize("id", ["", "..", "a/../b", "a?x=1", "a#b", "ä"])
def test_ids_cannot_lead_elsewhere(id: str) -> None:
    """Whatever stands in an id, the request goes to a run or not at all."""
    with client_of(run("succeeded")) as (client, script):
        if id in {"", ".."}:
            with pytest.raises(ValueError, match="not an id"):
                client.runs.get(id)
        else:
            client.runs.get(id)
            assert script.asked[0].path.startswith("/v1/runs/")
            assert script.asked[0].path.count("/") == 3
            assert "?" not in script.asked[0].path
