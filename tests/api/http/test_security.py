"""Hosts, origins, headers, and files and addresses that nobody may make the service open."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.examples import SCENARIO
from pmo_optimizer.service.settings import is_loopback
from tests.api.http.helpers import assert_problem, key_of, opened, portfolio, serving


@pytest.fixture
def own(tmp_path: Path) -> Iterator[httpx.Client]:
    """Return what asks a service, with a key, that knows one more name and one more origin."""
    settings = Settings(
        allowed_hosts=("plans.example",), allowed_origins=("https://board.example",)
    )
    with (
        opened("sqlite", tmp_path) as store,
        serving(store, settings, key=key_of(store, "a")) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:8765", "plans.example:443"]
)
def test_known_hosts(own: httpx.Client, host: str) -> None:
    """Names of this machine and those that are allowed reach the service, with any port."""
    assert own.get("/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a b", "localhost:x", "@"],
)
def test_unknown_hosts(own: httpx.Client, host: str) -> None:
    """Any other name is refused, on every path: it may be one that was made to lead here."""
    for path in ("/v1/health", "/v1/runs", "/docs", "/openapi.json", "/nowhere"):
        problem = assert_problem(own.get(path, headers={"Host": host}), 421)
        assert "PMO_ALLOWED_HOSTS" in problem["detail"]


def test_two_hosts(own: httpx.Client) -> None:
    """A request with two hosts, or none, does not get through."""
    for lines in (b"Host: localhost\r\nHost: evil.example\r\n", b""):
        with socket.create_connection((own.base_url.host, own.base_url.port or 0), 10) as wire:
            wire.sendall(b"GET /v1/health HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
            status = wire.makefile("rb").readline()
        assert status.split()[1] in {b"400", b"421"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "file://"},
        {"Origin": "http://[bad"},
        {"Origin": "https://board.example.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_writes_of_other_sites(own: httpx.Client, headers: dict[str, str]) -> None:
    """A write that a page of another site sends is 403 and changes nothing; reads say nothing."""
    for method in ("POST", "PUT", "DELETE"):
        answer = own.request(method, "/v1/portfolios", json=portfolio(), headers=headers)
        assert "PMO_ALLOWED_ORIGINS" in assert_problem(answer, 403)["detail"]
    assert own.get("/v1/portfolios").json()["items"] == []
    read = own.get("/v1/portfolios", headers=headers)
    assert not any(name.startswith("access-control") for name in read.headers)


def test_writes_of_own_pages(own: httpx.Client) -> None:
    """A write of the service's own page, an allowed one, or no page at all gets through."""
    address = f"http://127.0.0.1:{own.base_url.port}"
    for headers in (
        {"Origin": address, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://board.example", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        answer = own.post("/v1/portfolios", json=portfolio(), headers=headers)
        assert answer.status_code == 201, headers


def test_no_cross_origin_requests(own: httpx.Client) -> None:
    """A preflight gets no permission."""
    head = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = own.request("OPTIONS", "/v1/portfolios", headers=head)
    assert answer.status_code == 405
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("path", ["/v1/health", "/v1/runs", "/docs", "/openapi.json", "/nowhere"])
def test_headers_of_every_answer(own: httpx.Client, path: str) -> None:
    """Every answer, errors too, forbids what browsers need not do, and carries an id."""
    answer = own.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers


@pytest.mark.parametrize("given", ["x" * 65, "two words", "semi;colon", 'quo"te'])
def test_odd_request_ids(own: httpx.Client, given: str) -> None:
    """A request id that could disturb a log is replaced."""
    assert own.get("/v1/health", headers={"X-Request-ID": given}).headers["x-request-id"] != given


def test_the_docs_page_needs_no_other_host(own: httpx.Client) -> None:
    """The docs page has no scripts, and loads nothing but its own style sheet."""
    page = own.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert page.text.count("<link") == 1
    style = own.get("/docs/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text


class Watch:
    """What the process opened, as the interpreter reports it."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self.note)

    def note(self, event: str, details: tuple[Any, ...]) -> None:
        """Note the event; the hook cannot be taken off again, only be switched off."""
        watched = ("open", "os.", "socket.connect", "socket.getaddrinfo", "urllib", "subprocess")
        if self.on and event.startswith(watched):
            self.seen.append(f"{event} {details!r}")


@contextmanager
def listener() -> Iterator[tuple[int, list[object]]]:
    """Listen on a port, and note who comes."""
    visits: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    visits.append(server.accept())
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], visits
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def planted(value: Any, bait: str) -> Iterator[Any]:
    """Return copies of a document, each with the bait in another place, one in all places."""
    if isinstance(value, dict):
        for name in value:
            for inner in planted(value[name], bait):
                yield value | {name: inner}
        yield value | {bait: bait}
        yield value | {"$ref": bait}
    elif isinstance(value, list):
        for index in range(len(value)):
            for inner in planted(value[index], bait):
                yield [*value[:index], inner, *value[index + 1 :]]
    else:
        yield bait


def test_no_request_opens_a_file_or_an_address(own: httpx.Client, tmp_path: Path) -> None:
    """A path or an address in any field, parameter or header is never opened."""
    secret = tmp_path / "bait.yaml"
    secret.write_text("calendar: {start: 2027-01-01, periods: 3}")
    made = own.post("/v1/portfolios", json=portfolio()).json()["id"]
    watch = Watch()
    with listener() as (port, visits):
        baits = (str(secret), f"file://{secret}", f"http://127.0.0.1:{port}/bait")
        for bait in baits:
            watch.on = True
            for body in planted(portfolio(), bait):
                own.post("/v1/portfolios/validate", json=body)
            for body in planted(dict(SCENARIO), bait):
                own.post(f"/v1/portfolios/{made}/scenarios", json=body)
            run = {"kind": "staff", "portfolio_id": made, "start_plan_id": bait}
            extra = {"plan": bait, "scenarios": [bait], "backend": bait, "output": bait}
            for kind in ("solve", "staff", "compare", "robustness", "replan", bait):
                for body in planted(run | {"kind": kind, "parameters": extra}, bait):
                    own.post("/v1/runs", json=body)
            for path in ("/v1/runs", "/v1/portfolios", "/v1/plans", "/v1/decisions"):
                names = ("cursor", "limit", "run_id", "state", "url", "file")
                own.get(path, params=dict.fromkeys(names, bait))
            heads = ("If-Match", "Prefer", "Idempotency-Key", "Referer", "X-Forwarded-Host")
            own.put(f"/v1/portfolios/{made}", json=portfolio(), headers=dict.fromkeys(heads, bait))
            watch.on = False
        assert not [seen for seen in watch.seen if "bait" in seen or f", {port})" in seen]
        assert visits == []


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.7", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, local: bool) -> None:
    """Only loopback addresses count as this machine."""
    assert is_loopback(host) is local
    assert Settings(host=host).local is local
