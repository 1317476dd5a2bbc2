"""Writes that do not come from a page of this service, headers, and files."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from pmo_optimizer import web
from pmo_optimizer.service.store import Store
from pmo_optimizer.web.app import PARTS
from pmo_optimizer.web.routes.workshop import QUESTIONS
from pmo_optimizer.web.statics import static_files
from tests.api.http.helpers import assert_problem
from tests.web.helpers import Ids, csrf, paths, seen

SAFE = {"GET", "HEAD"}

ASKS = {"action": "POST", "formaction": "POST", "hx-post": "POST", "hx-get": "GET"}
"""Attributes that hold an address, and how it is asked for."""

UNSAFE_WITHOUT_TOKEN = {"/sign-in"}
"""There is no session yet; what other sites send is refused by its origin."""


def writes() -> list[tuple[str, str]]:
    """Return method and path of every route of the pages that changes something."""
    return [
        (method, route.path)
        for part in PARTS
        for route in part.router.routes
        if isinstance(route, APIRoute)
        for method in (route.methods or set()) - SAFE
    ]


def filled(path: str, ids: Ids) -> str:
    """Return the path of a route with ids in it."""
    known = {"portfolio_id": ids.portfolio, "run_id": ids.run, "plan_id": ids.plan}
    known |= {"decision_id": ids.decision, "upload_id": ids.upload}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: known.get(found[1], "x"), path)


def test_every_write_needs_the_token(client: httpx.Client, store: Store, ids: Ids) -> None:
    """Without it, or with another one, a write is 403 and changes nothing, whatever it is."""
    before = store.audit_log("local").items
    guarded = [(method, path) for method, path in writes() if path not in UNSAFE_WITHOUT_TOKEN]
    assert len(guarded) > 5
    for method, path in guarded:
        for fields in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "ä"}):
            answer = client.request(method, filled(path, ids), data=fields)
            assert "Nothing was changed" in seen(answer, 403).text, path
    assert store.audit_log("local").items == before


def test_the_token_may_come_in_a_header(client: httpx.Client) -> None:
    """As scripts of the page send it."""
    headers = {"X-CSRF-Token": csrf(client), "HX-Request": "true"}
    answer = client.post("/portfolios/sample", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"].startswith("/portfolios/pf_")


def test_pages_of_other_sites_write_nothing(client: httpx.Client, store: Store) -> None:
    """With a token or without: their origin gives them away, when signing in too."""
    token = csrf(client)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in ("/portfolios/sample", "/sign-in"):
            answer = client.post(path, data={"csrf": token, "key": "x"}, headers=headers)
            assert answer.status_code == 403
    assert store.portfolios("local").items == ()


def test_only_forms_are_taken(client: httpx.Client) -> None:
    """JSON and files are no forms; what cannot be read is refused."""
    token = {"X-CSRF-Token": csrf(client)}
    for content_type in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        headers = {**token, "Content-Type": content_type}
        answer = client.post("/portfolios/sample", content=b"{}", headers=headers)
        assert answer.status_code == 415
    many = "&".join(f"a{number}=1" for number in range(6000))
    headers = {**token, "Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/portfolios/sample", content=many, headers=headers).status_code == 400


def test_proxies_need_keys(client: httpx.Client) -> None:
    """Behind a proxy nobody is taken for whoever is on this machine."""
    answer = client.get("/portfolios", headers={"X-Forwarded-For": "192.0.2.1"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def known(method: str, address: str) -> bool:
    """Return whether a route of the pages answers this."""
    path = urlsplit(address).path
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    found = [r for part in PARTS for r in part.router.routes if r.matches(scope)[0] is Match.FULL]
    kind = path.partition("/workshop/studies/")[2]
    return bool(found) and (not kind or kind in QUESTIONS)


def test_every_address_of_a_page_is_known(client: httpx.Client, ids: Ids) -> None:
    """Whatever a form, a button or a part of a page asks for, there is a route for it."""
    asked = set()
    for path in paths(ids):
        for _, attributes in seen(client.get(path)).tags:
            for name, method in ASKS.items():
                if attributes.get(name):
                    asked.add((method, str(attributes[name])))
    changes = Path(web.__file__).parent / "templates" / "parts" / "workshop_changes.html"
    for found in re.findall(r'hx-post="([^"]+)"', changes.read_text("utf-8")):
        asked.add(("POST", found.replace("{{ portfolio_id }}", ids.portfolio)))
    assert len(asked) > 12
    assert [one for one in sorted(asked) if not known(*one)] == []


def test_headers_of_every_page(client: httpx.Client, ids: Ids) -> None:
    """Nothing from elsewhere, no code in the page, no frame around it, nothing kept."""
    for path in (*paths(ids), "/nowhere", "/plans/pl_x"):
        headers = client.get(path).headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
        )
        assert policy.pop("default-src") == "'none'"
        assert policy.pop("img-src") == "'self' data:"
        assert policy.pop("base-uri") == policy.pop("frame-ancestors") == "'none'"
        assert set(policy) == {"script-src", "style-src", "connect-src", "form-action"}
        assert set(policy.values()) == {"'self'"}
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_no_page_has_code_or_style_in_it(client: httpx.Client, ids: Ids) -> None:
    """No inline script, style or handler, and every file it loads is checked by its hash."""
    for path in paths(ids):
        page = seen(client.get(path))
        assert page.codes == []
        for tag, attributes in page.tags:
            assert not any(name.startswith("on") or name == "style" for name in attributes), tag
            assert not any(name.startswith("hx-on") for name in attributes), tag
            for name in ("src", "href", "action"):
                assert str(attributes.get(name) or "/").startswith(("/", "#")), attributes
            if tag == "script" and attributes.get("type") != "application/json":
                assert str(attributes["integrity"]).startswith("sha384-")
            if attributes.get("rel") == "stylesheet":
                assert str(attributes["integrity"]).startswith("sha384-")


def test_files_are_what_their_addresses_say(client: httpx.Client) -> None:
    """Each is kept for ever under an address with its hash, and fits the hash in the pages."""
    for file in static_files().values():
        plain = client.get(file.url, headers={"Accept-Encoding": "identity"})
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert hashlib.sha256(plain.content).hexdigest().startswith(file.url.split("/")[2])
        digest = base64.b64encode(hashlib.sha384(plain.content).digest()).decode()
        assert file.integrity == f"sha384-{digest}"
        assert gzip.decompress(file.packed) == plain.content
        assert client.get(file.url).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "path",
    ["/static/0000000000000000/board.css", "/static/x/vendor.lock", "/static/x/../board.py"],
)
def test_no_other_file_is_given(client: httpx.Client, path: str) -> None:
    """Neither one under a wrong hash, nor one that is not for pages."""
    assert client.get(path).status_code == 404


def test_programs_get_problems_as_before(client: httpx.Client) -> None:
    """Errors are pages for browsers only; under /v1 they never are."""
    assert_problem(client.get("/v1/plans/pl_x"), 404)
    assert_problem(client.get("/plans/pl_x", headers={"Accept": "application/json"}), 404)
    assert_problem(client.get("/nowhere", headers={"Accept": "*/*"}), 404)
    page = seen(client.get("/nowhere"), 404)
    assert page.having("h1")
    part = client.get("/plans/pl_x", headers={"HX-Request": "true"})
    assert part.headers["hx-retarget"] == "#messages"
    assert "<html" not in part.text
