"""Requests that no client should send: each is answered by a 4xx problem document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmo_optimizer.service import Settings
from pmo_optimizer.service.bodies import parsed_object
from pmo_optimizer.service.problems import ProblemError
from tests.api.http.garbage import bodies, text
from tests.api.http.helpers import assert_problem, opened, portfolio, serving

LIMIT = Settings().body_limit

JSON = {"Content-Type": "application/json"}

ID = "A" * 22

TAKERS = (
    ("POST", "/v1/portfolios"),
    ("POST", "/v1/runs"),
    ("POST", "/v1/decisions"),
    ("POST", "/v1/portfolios/{portfolio}/scenarios"),
    ("PUT", "/v1/portfolios/{portfolio}"),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Return what asks one service that all these tests share."""
    folder: Path = tmp_path_factory.mktemp("malformed")
    with opened("sqlite", folder) as store, serving(store) as client:
        yield client


@pytest.fixture(scope="module")
def stored(shared: httpx.Client) -> str:
    """Return the id of a portfolio."""
    return str(shared.post("/v1/portfolios", json=portfolio()).json()["id"])


def fire(client: httpx.Client, stored: str, seed: int, count: int) -> None:
    """Send bodies to the routes in turn, and look that the service is well afterwards."""
    for number, body in enumerate(bodies(seed, count)):
        method, path = TAKERS[number % len(TAKERS)]
        answer = client.request(
            method,
            path.format(portfolio=stored),
            content=body.content,
            headers={"Content-Type": body.type},
        )
        assert 400 <= answer.status_code < 500, (body.kind, body.content[:200], answer.text)
        assert_problem(answer, answer.status_code)
    assert client.get("/v1/health").status_code == 200
    assert client.get(f"/v1/portfolios/{stored}").json()["revision"] == 1


@pytest.mark.parametrize("seed", range(4))
def test_malformed_bodies(shared: httpx.Client, stored: str, seed: int) -> None:
    """Fifty drawn bodies each: every one is refused as a problem, none changes anything."""
    fire(shared, stored, seed, 50)


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(100, 104))
def test_many_malformed_bodies(shared: httpx.Client, stored: str, seed: int) -> None:
    """Two thousand drawn bodies in all: as above."""
    fire(shared, stored, seed, 500)


@pytest.mark.parametrize(("method", "path"), TAKERS)
def test_a_body_of_one_byte_too_much(
    shared: httpx.Client, stored: str, method: str, path: str
) -> None:
    """A body of the limit and one byte is refused, announced or sent in parts."""
    place = path.format(portfolio=stored)
    answer = shared.request(method, place, content=b" " * (LIMIT + 1), headers=JSON)
    assert_problem(answer, 413)

    def parts() -> Iterator[bytes]:
        for _ in range(LIMIT // 65536):
            yield b" " * 65536
        yield b" "

    assert_problem(shared.request(method, place, content=parts(), headers=JSON), 413)


def test_a_body_of_the_limit_is_read(shared: httpx.Client) -> None:
    """A body of exactly the limit is taken, announced or sent in parts."""
    padded = text().encode().ljust(LIMIT)
    assert shared.post("/v1/portfolios/validate", content=padded, headers=JSON).json()["valid"]
    parts = (padded[i : i + 65536] for i in range(0, LIMIT, 65536))
    assert shared.post("/v1/portfolios/validate", content=parts, headers=JSON).json()["valid"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"[1]", "a list"),
        (b"null", "null"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' stands twice"),
        (b'{"a": ' + b"9" * 401 + b"}", "more than 400 digits"),
        (b'{"a": 0.' + b"1" * 500 + b"}", "more than 400 digits"),
        (b'{"a": 1e99999999999999999999}', "exponent"),
        (b'{"a": ' + b"[" * 61 + b"]" * 61 + b"}", "60 levels"),
        (b'{"a": ' + b"[" * 100_000, "60 levels"),
        (b'{"a": "\xff"}', "not UTF-8: byte 8"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": {"\\udc00": 1}}', "NUL or half"),
        (b'{"a": 1', "line 1, column"),
        (b'{"a": 01}', "line 1, column"),
        (b"{'a': 1}", "line 1, column"),
        (b'{"a": 1}}', "Extra data"),
    ],
)
def test_what_is_wrong_with_json_is_said(shared: httpx.Client, content: bytes, words: str) -> None:
    """A body that is not the JSON of an object is 400 and says why."""
    answer = shared.post("/v1/portfolios/validate", content=content, headers=JSON)
    assert words in assert_problem(answer, 400)["detail"]


def read(content: bytes) -> dict[str, Any] | None:
    """Return what the reader makes of a body; None where that is a problem of status 400."""
    try:
        return parsed_object(content)
    except ProblemError as problem:
        if problem.status != 400:
            raise
        return None


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_read_as_it_is_or_refused(value: Any) -> None:
    """What the reader takes is what was written; anything else is a problem of status 400."""
    found = read(json.dumps(value).encode())
    if found is not None:
        assert json.loads(json.dumps(found, default=float)) == json.loads(json.dumps(value))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No bytes make the reader fail otherwise than by a problem of status 400."""
    read(content)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "", "application/json;charset=x"]
)
def test_other_media_types(shared: httpx.Client, kind: str) -> None:
    """A body that does not say that it is JSON in UTF-8 is 415: no form of a page can send one."""
    head = {"Content-Type": kind} if kind else {}
    answer = shared.post("/v1/portfolios", content=text().encode(), headers=head)
    assert_problem(answer, 415)


def test_compressed_bodies(shared: httpx.Client) -> None:
    """A compressed body, which could grow without end, is 415."""
    head = JSON | {"Content-Encoding": "gzip"}
    assert_problem(shared.post("/v1/portfolios", content=b"\x1f\x8b", headers=head), 415)


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v2/runs", "/v1/run", "/v1/runs/", "/v1/runs/x/y", "/v1/portfolios/../../etc"],
)
def test_unknown_paths(shared: httpx.Client, path: str) -> None:
    """A path without a route is a problem of status 404."""
    assert_problem(shared.get(path), 404)


@pytest.mark.parametrize(
    "name", ["x", "run_short", f"pf_{ID}", f"run_{ID}x", "%00", "%ff", "a" * 3000]
)
def test_impossible_ids(shared: httpx.Client, name: str) -> None:
    """An id that no run can have is 404, like one that no run has."""
    for path in ("", "/plan", "/events", "/result"):
        assert_problem(shared.get(f"/v1/runs/{name}{path}"), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/portfolios", {"GET", "POST"}),
        ("DELETE", "/v1/runs", {"GET", "POST"}),
        ("GET", "/v1/portfolios/validate", {"POST"}),
        ("GET", f"/v1/runs/run_{ID}/stop", {"POST"}),
        ("POST", f"/v1/plans/pl_{ID}", {"GET"}),
        ("TRACE", "/v1/health", {"GET"}),
        ("BREW", "/v1/health", {"GET"}),
    ],
)
def test_wrong_methods(shared: httpx.Client, method: str, path: str, allowed: set[str]) -> None:
    """A method that a path does not have is 405 and says which it has."""
    answer = shared.request(method, path)
    assert_problem(answer, 405)
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == allowed


@pytest.mark.parametrize(
    ("path", "params", "finding"),
    [
        ("/v1/runs", {"limit": "0"}, "query/limit"),
        ("/v1/runs", {"limit": "201"}, "query/limit"),
        ("/v1/runs", {"limit": "9" * 500}, "query/limit"),
        ("/v1/runs", {"limit": "x"}, "query/limit"),
        ("/v1/runs", {"kind": "\x00"}, "query/kind"),
        ("/v1/runs", {"portfolio_id": "' OR 1=1"}, "query/portfolio_id"),
        ("/v1/runs", {"cursor": "x" * 501}, "query/cursor"),
        ("/v1/portfolios", {"cursor": "WzFd"}, "query/cursor"),
        ("/v1/audit", {"cursor": "-5"}, "query/cursor"),
        ("/v1/plans", {}, "query/run_id"),
        ("/v1/portfolios/{portfolio}", {"revision": "99999999999"}, "query/revision"),
        ("/v1/portfolios/{portfolio}", {"revision": "-1"}, "query/revision"),
    ],
)
def test_wrong_queries(
    shared: httpx.Client, stored: str, path: str, params: dict[str, str], finding: str
) -> None:
    """A wrong parameter is 422 with a finding that names it."""
    answer = shared.get(path.format(portfolio=stored), params=params)
    assert [f["path"] for f in assert_problem(answer, 422)["findings"]] == [finding]


def test_every_wrong_parameter_is_named(shared: httpx.Client) -> None:
    """Several wrong parameters give a finding each."""
    answer = shared.get("/v1/runs", params={"limit": "0", "state": "x", "kind": "y"})
    found = {finding["path"] for finding in assert_problem(answer, 422)["findings"]}
    assert found == {"query/limit", "query/state", "query/kind"}


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ümlaut".encode().decode("latin-1")])
def test_wrong_idempotency_keys(shared: httpx.Client, key: str) -> None:
    """A key that is not a short word of visible characters is refused."""
    head = httpx.Headers({"Idempotency-Key": key}, encoding="latin-1")
    answer = shared.post("/v1/portfolios", json=portfolio(), headers=head)
    assert_problem(answer, 422)


def test_every_wrong_field_of_a_run_is_named(shared: httpx.Client) -> None:
    """A run request with several errors gets a finding for each."""
    body = {"kind": "guess", "portfolio_id": "x", "revision": "1", "parameters": [], "extra": 1}
    found = assert_problem(shared.post("/v1/runs", json=body), 422)["findings"]
    assert {finding["path"] for finding in found} == set(body)
