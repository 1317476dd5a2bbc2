"""Requests are repeated where that is safe, and errors say what the service said."""

from __future__ import annotations

import pickle
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from pmo_optimizer.client.errors import RunFailed, ServiceError, Unreachable
from pmo_optimizer.client.wire import Retries, Wire, retry_after
from pmo_optimizer.model import Finding, Severity
from tests.api.client.server import Answer, Script, scripted

QUICK = Retries(attempts=4, first=0.01, most=0.02, patience=5)

GOOD = Answer(body={"good": True})

KEY = {"Idempotency-Key": "once"}


@contextmanager
def wired(*answers: Answer) -> Iterator[tuple[Wire, Script]]:
    """Give what sends requests to a server that answers so, and the requests it got."""
    with scripted(*answers) as (url, script):
        wire = Wire(url, "pmo_key", 5.0, QUICK, None)
        with closing(wire):
            yield wire, script


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("PUT", {}), ("POST", KEY)])
def test_busy_services_are_asked_again(status: int, method: str, headers: dict[str, str]) -> None:
    """429, 502, 503 and 504 are repeated until there is an answer, where twice is as once."""
    with wired(Answer(status), Answer(status), GOOD) as (wire, script):
        answer = wire.json(method, "/v1/runs", body={"kind": "solve"}, headers=headers)
        assert answer == {"good": True}
    assert len(script.asked) == 3
    assert len({asked.body for asked in script.asked}) == 1
    assert script.asked[0].headers["Authorization"] == "Bearer pmo_key"


@pytest.mark.parametrize(
    ("status", "again"), [(429, True), (502, False), (503, False), (504, False)]
)
def test_a_post_without_key_is_repeated_only_where_nothing_was_done(
    status: int, again: bool
) -> None:
    """A limit refuses before anything happens; behind the other answers the work may be done."""
    with wired(Answer(status), GOOD) as (wire, script):
        if again:
            assert wire.json("POST", "/v1/runs") == {"good": True}
        else:
            with pytest.raises(ServiceError):
                wire.json("POST", "/v1/runs")
        assert len(script.asked) == (2 if again else 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_refusals_are_final(status: int) -> None:
    """What the service refuses is not asked again."""
    with wired(Answer(status, {"title": "No"}), GOOD) as (wire, script):
        with pytest.raises(ServiceError, match=f"{status} No"):
            wire.json("GET", "/v1/runs")
        assert len(script.asked) == 1


def test_retries_end() -> None:
    """After the last attempt the error of the service is raised."""
    with wired(Answer(503, {"title": "Busy", "detail": "Later."})) as (wire, script):
        with pytest.raises(ServiceError) as caught:
            wire.json("GET", "/v1/runs")
        assert len(script.asked) == 4
    assert (caught.value.status, caught.value.detail) == (503, "Later.")


def test_retry_after_is_waited_for() -> None:
    """The second attempt comes no earlier than the service wants."""
    with wired(Answer(429, headers={"Retry-After": "1"}), GOOD) as (wire, _):
        before = time.monotonic()
        wire.json("GET", "/v1/runs")
        assert time.monotonic() - before >= 1


def test_too_long_a_retry_after_is_an_error() -> None:
    """Nobody waits an hour without knowing: the error is raised at once."""
    with wired(Answer(429, headers={"Retry-After": "3600"}), GOOD) as (wire, script):
        with pytest.raises(ServiceError):
            wire.json("GET", "/v1/runs")
        assert len(script.asked) == 1


def test_retry_after_may_be_a_date() -> None:
    """A date in the future is seconds from now, one in the past is at once, nonsense is none."""
    now = datetime.now(UTC)

    def after(text: str) -> float | None:
        return retry_after(httpx.Response(429, headers={"Retry-After": text}))

    assert 50 < (after(format_datetime(now + timedelta(seconds=60), usegmt=True)) or 0) <= 60
    assert after(format_datetime(now - timedelta(seconds=60))) == 0
    assert after("soon") is None
    assert after("-1") is None
    assert retry_after(httpx.Response(429)) is None


@pytest.mark.parametrize(
    ("method", "headers", "again"),
    [("GET", {}, True), ("PUT", {}, True), ("POST", KEY, True), ("POST", {}, False)],
)
def test_broken_connections(method: str, headers: dict[str, str], again: bool) -> None:
    """After a broken connection a request is repeated only if twice is the same as once."""
    with wired(Answer(broken=True), GOOD) as (wire, script):
        if again:
            assert wire.json(method, "/v1/runs", headers=headers) == {"good": True}
        else:
            with pytest.raises(Unreachable):
                wire.json(method, "/v1/runs", headers=headers)
        assert len(script.asked) == (2 if again else 1)


def test_deleting_twice_is_no_error() -> None:
    """Where the answer to a DELETE was lost, the 404 of its repetition means that it is done."""
    gone = Answer(404, {"title": "Gone"})
    with wired(Answer(broken=True), gone) as (wire, _):
        assert wire.request("DELETE", "/v1/runs/run_1").status_code == 404
    with wired(gone) as (wire, _), pytest.raises(ServiceError):
        wire.request("DELETE", "/v1/runs/run_1")


def test_a_repeated_request_waits_for_its_first_attempt() -> None:
    """409 with Retry-After after a repetition means that the first is still being answered."""
    busy = Answer(409, {"title": "Busy"}, {"Retry-After": "0"})
    with wired(Answer(broken=True), busy, GOOD) as (wire, _):
        assert wire.json("POST", "/v1/runs", headers=KEY) == {"good": True}
    with wired(busy, GOOD) as (wire, _), pytest.raises(ServiceError):
        wire.json("POST", "/v1/runs", headers=KEY)


def test_nobody_listening_is_tried_again_then_said() -> None:
    """A refused connection is tried several times; the error names the address, without query."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        closing(Wire(f"http://127.0.0.1:{port}", None, 5.0, QUICK, None)) as wire,
        pytest.raises(Unreachable, match=f"POST http://127.0.0.1:{port}/v1/runs: "),
    ):
        wire.json("POST", "/v1/runs", params={"secret": "x"})


def test_problem_documents_become_errors_with_findings() -> None:
    """Title, detail and the findings of checks are those of the problem document."""
    row = {
        "severity": "warning",
        "rule": "unused",
        "path": "skills/a",
        "message": "m",
        "fix": "f",
        "new": 1,
    }
    problem = {"type": "x", "title": "Invalid", "detail": "1 finding", "findings": [row, 5]}
    with wired(Answer(422, problem)) as (wire, _), pytest.raises(ServiceError) as caught:
        wire.json("POST", "/v1/portfolios")
    assert caught.value.title == "Invalid"
    assert caught.value.findings == (Finding(Severity.WARNING, "unused", "skills/a", "m", "f"),)
    assert "skills/a" in str(caught.value)


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", "[1]", ""])
def test_answers_of_proxies_become_errors(body: str) -> None:
    """What is no problem document is quoted."""
    answer = Answer(500, chunks=(body.encode(),) if body else ())
    with wired(answer) as (wire, _), pytest.raises(ServiceError) as caught:
        wire.json("GET", "/v1/runs")
    assert (caught.value.status, caught.value.detail) == (500, body)


def test_answers_that_are_no_json_are_errors() -> None:
    """A page where JSON should be is a ServiceError, not a parser's."""
    with (
        wired(Answer(200, chunks=(b"<html>",))) as (wire, _),
        pytest.raises(ServiceError, match="not JSON"),
    ):
        wire.json("GET", "/v1/runs")


def test_addresses_without_scheme_are_refused() -> None:
    """The address must say http or https."""
    with pytest.raises(ValueError, match="http"):
        Wire("127.0.0.1:8765", None, 5.0, QUICK, None)


def test_pauses_grow_up_to_their_limit() -> None:
    """Each pause is between half and the whole of a doubled one, up to the limit."""
    retries = Retries(first=1, most=5)
    for attempt, full in ((1, 1), (2, 2), (3, 4), (4, 5), (9, 5)):
        assert full / 2 <= retries.pause(attempt) <= full


@pytest.mark.parametrize(
    "error",
    [
        ServiceError(422, "Invalid", "x", (Finding(Severity.ERROR, "r", "p", "m", "f"),)),
        RunFailed("run_1", "failed", "crash", "signal 11"),
    ],
)
def test_errors_survive_pickling(error: ServiceError | RunFailed) -> None:
    """Errors keep their parts on the way between processes."""
    copy = pickle.loads(pickle.dumps(error))
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
