"""A served board page to ask, what a page says, and portfolios that mean harm."""

from __future__ import annotations

import asyncio
import copy
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from pmo_optimizer import Portfolio
from pmo_optimizer.service import Settings
from pmo_optimizer.service.examples import PORTFOLIO
from pmo_optimizer.service.server import bind, make_server
from pmo_optimizer.service.store import Store
from pmo_optimizer.web import create_app
from tests.api.http.helpers import work

HTML = {"Accept": "text/html"}

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '"><svg onload=alert(3)>',
    "{{ 1234 * 5678 }}{% raw %}",
    "'-alert(4)-'\u2028\u2029",
    "javascript:alert(5)",
    "]]><!--",
)
"""Names that would do harm on a page that did not escape them."""


@contextmanager
def board(store: Store | None, settings: Settings | None = None) -> Iterator[httpx.Client]:
    """Serve the board page on a free port of this machine, and give a browser without scripts."""
    chosen = (settings or Settings()).model_copy(update={"host": "127.0.0.1", "port": 0})
    listening = bind(chosen)
    server = make_server(create_app(chosen, store))
    thread = threading.Thread(target=asyncio.run, args=(server.serve([listening]),))
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        with httpx.Client(base_url=address, headers=HTML, timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


@dataclass
class Seen(HTMLParser):
    """What a browser would find in a page."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    _inside: list[str] = field(default_factory=list)
    _data: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._inside.append(tag)
            self._data = dict(attrs).get("type") == "application/json"

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Note a text, a data block, or code."""
        if not self._inside:
            self.texts.append(data)
        elif self._data:
            self.blocks.append(data)
        elif data.strip():
            self.codes.append(data)

    @property
    def text(self) -> str:
        """All that is read."""
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def having(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def seen(answer: httpx.Response, status: int = 200) -> Seen:
    """Return what a page says; it must have this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = Seen()
    found.feed(answer.text)
    found.close()
    return found


def csrf(client: httpx.Client, path: str = "/portfolios") -> str:
    """Return the CSRF token of a page."""
    found = re.search(
        r"X-CSRF-Token&#34;: &#34;|X-CSRF-Token\": \"([0-9a-f]{64})", get(client, path)
    )
    assert found is not None
    return found[1]


def get(client: httpx.Client, path: str) -> str:
    """Return a page as text."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def post(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send a form as a page of the service does."""
    return client.post(path, data={"csrf": csrf(client), **fields})


def hostile_portfolio() -> dict[str, Any]:
    """Return a small portfolio in which every name means harm."""
    made: dict[str, Any] = copy.deepcopy(dict(PORTFOLIO))
    made["name"] = "".join(HOSTILE)
    made["description"] = HOSTILE[0]
    made["currency"] = HOSTILE[1]
    made["skills"] = [
        {"id": "developer", "name": HOSTILE[0]},
        {"id": "architect", "name": HOSTILE[2]},
    ]
    made["people"][0] |= {"name": HOSTILE[1], "team": HOSTILE[2]}
    made["people"][1] |= {"name": HOSTILE[3]}
    made["funds"][0] |= {"name": HOSTILE[1]}
    for project, name in zip(made["projects"], HOSTILE, strict=False):
        project |= {"name": name, "category": HOSTILE[2]}
        project["phases"][0]["name"] = HOSTILE[1]
    return made


@dataclass(frozen=True)
class Ids:
    """One of everything that pages show."""

    portfolio: str
    run: str
    plan: str
    decision: str
    upload: str


def stored(store: Store, tenant: str, data: dict[str, Any]) -> str:
    """Store a portfolio and return its id."""
    made = Portfolio.parse(data)
    text = json.dumps(made.to_data())
    return store.create_portfolio(tenant, made.name, text, made.digest(), "test").id


def everything(store: Store, tenant: str, data: dict[str, Any], why: str = "because") -> Ids:
    """Store a portfolio, solve it, and put its plan before the board."""
    portfolio = stored(store, tenant, data)
    record = store.portfolio(tenant, portfolio)
    store.create_run(
        tenant, "solve", portfolio, 1, parameters={}, digest=record.digest, queued_limit=9
    )
    run = work(store)
    plan = store.run(tenant, run).plan_id
    assert plan is not None
    decision = store.create_decision(
        tenant, plan, why, actor="test", actor_name=why, why=why, versions={}
    )
    return Ids(portfolio, run, plan, decision.id, _upload(store, tenant, portfolio, data, why))


def _upload(store: Store, tenant: str, portfolio: str, data: dict[str, Any], why: str) -> str:
    """Send a file that changes, adds and removes something, with a warning about it."""
    new = copy.deepcopy(data)
    new["projects"][0] |= {"value": 77, "category": why}
    new["projects"][1] |= {"id": "Other"}
    made = Portfolio.parse(new)
    warning = {"severity": "warning", "rule": why, "path": "Projects!A2", "message": why}
    return store.keep_upload(
        tenant,
        "local",
        f"{why}.xlsx",
        portfolio_id=portfolio,
        findings=[{**warning, "fix": why}],
        document=json.dumps(made.to_data()),
        digest=made.digest(),
        source=b"PK",
    )


def paths(ids: Ids) -> list[str]:
    """Return the address of every page."""
    return [
        "/portfolios",
        f"/portfolios/{ids.portfolio}",
        f"/portfolios/{ids.portfolio}?revision=1",
        f"/portfolios/{ids.portfolio}/upload",
        "/upload",
        f"/uploads/{ids.upload}",
        f"/portfolios/{ids.portfolio}/workshop",
        f"/portfolios/{ids.portfolio}/workshop?run={ids.run}",
        f"/portfolios/{ids.portfolio}/compare",
        f"/portfolios/{ids.portfolio}/frontier",
        "/runs",
        f"/runs/{ids.run}",
        f"/plans/{ids.plan}",
        f"/plans/{ids.plan}/people",
        "/decisions",
        f"/decisions/{ids.decision}",
        "/sign-in",
    ]
