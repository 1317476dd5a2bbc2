"""How long people wait in the workshop: figures to look at, not limits."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.store import open_store
from pmo_scenarios import generate
from tests.api.figures import told
from tests.web.browsers import Watched, browser, watched
from tests.web.helpers import board, stored

pytestmark = pytest.mark.drill

CHANGES = (
    ("b1", "800"),
    ("b1", "600"),
    ("CLM", "never"),
    ("POL", "must"),
    ("POL", "free"),
    ("c0", "2.7"),
    ("c1", "3.7"),
    ("w0", "60"),
    ("b2", "580"),
    ("c5", "1"),
)
"""Fields and what is typed into them, projects and what is decided."""

PAUSE = 3_000
"""Milliseconds between a change and the click: people read the list of changes."""


def change(tab: Watched, key: str, value: str) -> None:
    """Make one change by its control."""
    if key.isupper():
        row = tab.page.locator(f"#choices li[data-words^='{key} ']")
        row.locator(f"input[value={value}]").check()
        return
    tab.page.fill(f"#{key}", value)
    tab.page.press(f"#{key}", "Tab")


def test_the_first_plan_after_a_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After each of ten changes of the sample a first plan comes onto the page."""
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'service.db'}")
    waits: list[float] = []
    with (
        browser() as started,
        board(None, settings) as client,
        watched(started, str(client.base_url).rstrip("/")) as tab,
    ):
        page = tab.page
        tab.open("/portfolios")
        page.click("text=Load the sample portfolio")
        page.get_by_role("link", name="Workshop").click()
        page.fill("#seconds", "8")
        page.click("#solve")
        page.wait_for_selector("#result .actions", timeout=60_000)
        tab.open(page.url.removeprefix(tab.base).partition("?")[0])
        page.fill("#seconds", "5")
        for key, value in CHANGES:
            change(tab, key, value)
            page.wait_for_timeout(PAUSE)
            shown = page.locator("#result [data-run]")
            before = shown.get_attribute("data-run") if shown.count() else ""
            begin = time.perf_counter()
            page.click("#solve")
            page.wait_for_function(
                "before => { const part = document.querySelector('#result [data-run]');"
                " return part && part.dataset.run !== before; }",
                arg=before,
                timeout=60_000,
            )
            waits.append(time.perf_counter() - begin)
            page.wait_for_selector("#result .actions", timeout=60_000)
        tab.check()
    assert len(waits) == len(CHANGES)
    told(capsys, "change to first plan", [1000 * wait for wait in waits], unit="ms")


def test_a_large_portfolio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The workshop of 200 projects over 48 periods is below 2 MB in all."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    store = open_store(url)
    store.upgrade()
    made = generate(projects=200, periods=48, skills=12, seed=3)
    id = stored(store, "local", made.to_data())
    store.close()
    sizes: list[int] = []
    with (
        browser() as started,
        board(None, Settings(database_url=url)) as client,
        watched(started, str(client.base_url).rstrip("/")) as tab,
    ):
        network = tab.page.context.new_cdp_session(tab.page)
        network.send("Network.enable")
        network.on(
            "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"])
        )
        for _ in range(2):  # the first reads the portfolio into the service
            tab.open(f"/portfolios/{id}/workshop")
            timing = json.loads(
                tab.page.evaluate("JSON.stringify(performance.getEntriesByType('navigation')[0])")
            )
        tab.check()
    assert sum(sizes) < 2 * 1024 * 1024
    ready = timing["domContentLoadedEventEnd"] - timing["responseEnd"]
    told(capsys, "page of 200 x 48, data to usable", [ready], unit="ms", bytes=sum(sizes))
