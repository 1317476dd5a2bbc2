"""Signing in with a key, staying signed in, and out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import Store
from pmo_optimizer.web.board import MOST_FAILURES, WINDOW_SECONDS, Failures
from tests.api.http.helpers import key_of, portfolio
from tests.web.helpers import board, csrf, everything, post, seen, stored

KEYED = Settings(require_keys=True)


@pytest.fixture
def keyed(store: Store) -> Iterator[httpx.Client]:
    """Return a browser at a board page that needs keys."""
    with board(store, KEYED) as made:
        yield made


def sign_in(client: httpx.Client, key: str, to: str = "/portfolios") -> httpx.Response:
    """Sign in, and give the answer."""
    return client.post("/sign-in", data={"key": key, "to": to})


def test_pages_ask_for_a_key(keyed: httpx.Client) -> None:
    """Whoever is not signed in is sent to sign in, and back to the page that was asked for."""
    answer = keyed.get("/runs?cursor=abc")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?to=%2Fruns%3Fcursor%3Dabc"
    page = seen(keyed.get(answer.headers["location"]))
    assert page.having("input")[0]["value"] == "/runs?cursor=abc"


@pytest.mark.parametrize(
    ("shown", "to"),
    [
        ("{base}/portfolios/pf_1/workshop?run=run_1", "/portfolios/pf_1/workshop?run=run_1"),
        ("https://evil.example/runs", "/"),
        ("//evil.example/runs", "/"),
        ("", "/"),
    ],
)
def test_scripts_come_back_to_their_page(keyed: httpx.Client, shown: str, to: str) -> None:
    """Not to the part of it that they asked for, and to no other host."""
    base = str(keyed.base_url).rstrip("/")
    headers = {"HX-Request": "true", "HX-Current-URL": shown.format(base=base)}
    answer = keyed.get("/portfolios/pf_1/workshop/runs/run_1/live", headers=headers)
    assert answer.status_code == 401
    asked = dict(httpx.URL(answer.headers["hx-redirect"]).params)
    assert asked.get("to", "/") == to


def test_a_key_opens_a_session(keyed: httpx.Client, store: Store) -> None:
    """The cookie is out of reach for scripts and other sites, and is not the key."""
    key = key_of(store, "a")
    answer = sign_in(keyed, key, "/runs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert not any(part and part in cookie for part in (key, key.rpartition("_")[2]))
    assert seen(keyed.get("/runs")).text.count("Sign out") == 1


def test_over_tls_the_cookie_is_secure(store: Store) -> None:
    """Behind a proxy with TLS the cookie never travels without it, nor comes from elsewhere."""
    with board(store, Settings(allowed_hosts=("board.example",))) as client:
        origin = {"Host": "board.example", "Origin": "https://board.example"}
        answer = client.post("/sign-in", data={"key": key_of(store, "a")}, headers=origin)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-pmo_session=")
    assert "; Secure" in cookie
    assert "Domain" not in cookie


def test_over_tls_only_its_own_cookie_counts(keyed: httpx.Client, store: Store) -> None:
    """A plain cookie, which anybody on the way can set, opens nothing there."""
    sign_in(keyed, key_of(store, "a"))
    assert keyed.get("/runs").status_code == 200
    assert keyed.get("/runs", headers={"X-Forwarded-Proto": "https"}).status_code == 303


def test_only_hashes_of_tokens_are_stored(
    keyed: httpx.Client, store: Store, tmp_path: Path
) -> None:
    """Whoever reads the database cannot take over a session."""
    sign_in(keyed, key_of(store, "a"))
    token = keyed.cookies["pmo_session"]
    with sqlite3.connect(tmp_path / "service.db") as connection:
        dump = "\n".join(connection.iterdump())
    assert 'INSERT INTO "sessions"' in dump
    assert token not in dump


@pytest.mark.parametrize(
    "key", ["", "pmo_key", "x" * 5000, "pmo_key_" + "a" * 22 + "_" + "b" * 43, "ä\x00"]
)
def test_wrong_keys_open_nothing(keyed: httpx.Client, key: str) -> None:
    """The page says so with 401, and sets no cookie."""
    answer = sign_in(keyed, key)
    assert "unknown, expired or revoked" in seen(answer, 401).text
    assert "set-cookie" not in answer.headers


def test_failed_tries_are_slowed_down(keyed: httpx.Client, store: Store) -> None:
    """After ten from one address the next has to wait, and hears how long; a good key never."""
    for _ in range(MOST_FAILURES):
        assert sign_in(keyed, "wrong").status_code == 401
    answer = sign_in(keyed, "wrong")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW_SECONDS
    assert sign_in(keyed, key_of(store, "a")).status_code == 303


def test_failures_are_forgotten() -> None:
    """A minute after the first of ten failures the address may try again; others always may."""
    now = [0.0]
    failures = Failures(lambda: now[0])
    for _ in range(MOST_FAILURES):
        assert failures.wait("here") == 0
        failures.note("here")
        now[0] += 1
    assert failures.wait("here") == WINDOW_SECONDS - MOST_FAILURES
    assert failures.wait("there") == 0
    now[0] = WINDOW_SECONDS + 0.5
    assert failures.wait("here") == 0


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nX: y", ""]
)
def test_nobody_is_sent_elsewhere(keyed: httpx.Client, store: Store, to: str) -> None:
    """After signing in only pages of the service come."""
    assert sign_in(keyed, key_of(store, "a"), to).headers["location"] == "/"


def test_the_session_ends_with_its_key(keyed: httpx.Client, store: Store) -> None:
    """A key that is revoked opens no further page."""
    sign_in(keyed, key_of(store, "a"))
    assert keyed.get("/runs").status_code == 200
    store.revoke_key("a", store.keys("a")[0].id)
    assert keyed.get("/runs").status_code == 303


def test_signing_out_ends_the_session(keyed: httpx.Client, store: Store) -> None:
    """For whoever has copied the cookie as well."""
    sign_in(keyed, key_of(store, "a"))
    token = keyed.cookies["pmo_session"]
    answer = post(keyed, "/sign-out")
    assert answer.headers["location"] == "/sign-in?out=1"
    assert "pmo_session" not in keyed.cookies
    assert "You are signed out" in seen(keyed.get("/sign-in?out=1")).text
    again = keyed.get("/runs", headers={"Cookie": f"pmo_session={token}"})
    assert again.status_code == 303


def test_a_session_is_no_key(keyed: httpx.Client, store: Store) -> None:
    """Routes of the API take keys only: no page of another site rides on the cookie."""
    sign_in(keyed, key_of(store, "a"))
    assert keyed.get("/v1/runs").status_code == 401


def test_what_a_reader_may_not(keyed: httpx.Client, store: Store) -> None:
    """Pages show a reader no form but that to sign out, and every write is 403."""
    ids = everything(store, "a", portfolio())
    sign_in(keyed, key_of(store, "a", Scope.READ))
    for path in ("/portfolios", f"/portfolios/{ids.portfolio}", f"/plans/{ids.plan}"):
        forms = seen(keyed.get(path)).having("form")
        assert [form["action"] for form in forms] == ["/sign-out"]
    for path in (
        "/portfolios/sample",
        f"/portfolios/{ids.portfolio}/runs",
        f"/plans/{ids.plan}/decisions",
        f"/decisions/{ids.decision}/move",
    ):
        assert "scope" in seen(post(keyed, path, to="proposed", title="t"), 403).text
    assert len(store.portfolios("a").items) == 1
    assert len(store.runs("a").items) == 1


def test_who_may_approve(keyed: httpx.Client, store: Store) -> None:
    """A key with `solve` proposes, one with `approve` decides; neither does the other's part."""
    ids = everything(store, "a", portfolio())
    sign_in(keyed, key_of(store, "a", Scope.READ, Scope.SOLVE))
    move = f"/decisions/{ids.decision}/move"
    assert post(keyed, move, to="proposed").status_code == 303
    assert post(keyed, move, to="approved").status_code == 403
    sign_in(keyed, key_of(store, "a", Scope.READ, Scope.APPROVE))
    assert post(keyed, move, to="approved", why="board of 14 January").status_code == 303
    log = store.decision("a", ids.decision).events
    assert [event.to_state for event in log] == ["draft", "proposed", "approved"]
    assert [event.actor_name for event in log][1:] == ["test", "test"]


def test_other_tenants_have_nothing(keyed: httpx.Client, store: Store) -> None:
    """Ids of another tenant are pages that do not exist, and its objects are in no list."""
    ids = everything(store, "a", portfolio())
    own = stored(store, "b", portfolio() | {"name": "Mine"})
    sign_in(keyed, key_of(store, "b"))
    for path in (
        f"/portfolios/{ids.portfolio}",
        f"/runs/{ids.run}",
        f"/runs/{ids.run}/live",
        f"/runs/{ids.run}/events",
        f"/plans/{ids.plan}",
        f"/plans/{ids.plan}/people",
        f"/plans/{ids.plan}/people/Ada",
        f"/plans/{ids.plan}/files/xlsx",
        f"/plans/{ids.plan}/files/json",
        f"/decisions/{ids.decision}",
    ):
        assert "no such" in seen(keyed.get(path), 404).text.lower()
    for path in (
        f"/portfolios/{ids.portfolio}/runs",
        f"/runs/{ids.run}/stop",
        f"/plans/{ids.plan}/decisions",
        f"/plans/{ids.plan}/staff",
        f"/decisions/{ids.decision}/move",
    ):
        seen(post(keyed, path, title="t", to="proposed"), 404)
    assert "Digital 2027" not in seen(keyed.get("/portfolios")).text
    assert "Mine" in seen(keyed.get(f"/portfolios/{own}")).text
    assert store.decision("a", ids.decision).state == "draft"


def test_a_plan_that_was_seen_is_still_of_its_tenant(keyed: httpx.Client, store: Store) -> None:
    """What one tenant has read lately is not shown to another that knows its id."""
    ids = everything(store, "a", portfolio())
    sign_in(keyed, key_of(store, "a"))
    paths = (f"/plans/{ids.plan}", f"/portfolios/{ids.portfolio}")
    for path in paths:
        assert keyed.get(path).status_code == 200
    sign_in(keyed, key_of(store, "b"))
    for path in paths:
        assert keyed.get(path).status_code == 404


def test_signing_in_again_ends_the_session_before(keyed: httpx.Client, store: Store) -> None:
    """And forms of that one are no longer taken."""
    key = key_of(store, "a")
    sign_in(keyed, key)
    token, form = keyed.cookies["pmo_session"], csrf(keyed)
    sign_in(keyed, key)
    assert keyed.cookies["pmo_session"] != token
    assert keyed.get("/runs", headers={"Cookie": f"pmo_session={token}"}).status_code == 303
    assert keyed.post("/portfolios/sample", data={"csrf": form}).status_code == 403


def test_sessions_are_in_the_audit_log(keyed: httpx.Client, store: Store) -> None:
    """Who signed in and out, with the request that did it."""
    sign_in(keyed, key_of(store, "a"))
    post(keyed, "/sign-out")
    found = [item for item in store.audit_log("a").items if item.action.startswith("session")]
    assert [item.action for item in found] == ["session.close", "session.open"]
    assert all(item.request_id and item.object.startswith("key_") for item in found)
