"""The whole story of a board, in a real browser with solves that really run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.auth import Scope
from tests.api.http.helpers import key_of, opened
from tests.web.browsers import Watched, browser, watched
from tests.web.helpers import board

LONG = 120_000
"""Milliseconds that a solve may take on a busy machine."""

SECONDS = "4"


@dataclass(frozen=True)
class Desk:
    """A tab at the workshop of the sample portfolio, whose base is solved."""

    tab: Watched
    path: str


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Sign in, load the sample, and solve it as it is, all by clicks."""
    folder = tmp_path_factory.mktemp("story")
    with opened("sqlite", folder) as store:
        key = key_of(store, "board", *Scope)
    url = f"sqlite:///{folder / 'service.db'}"
    settings = Settings(database_url=url, workers=2, require_keys=True)
    with (
        browser() as started,
        board(None, settings) as client,
        watched(started, str(client.base_url).rstrip("/")) as tab,
    ):
        page = tab.page
        page.set_default_timeout(LONG)
        tab.open("/")
        page.fill("#key", key)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Load the sample portfolio").click()
        page.wait_for_url("**/portfolios/pf_*")
        page.get_by_role("link", name="Workshop").click()
        solve(tab)
        path = page.url.removeprefix(tab.base).partition("?")[0]
        tab.check()
        yield Desk(tab, path)
        tab.open("/portfolios")
        page.get_by_role("button", name="Sign out").click()
        assert "You are signed out" in page.inner_text("main")
        tab.check()


def solve(tab: Watched) -> None:
    """Press the button, see the search go on, and wait until the plan is final."""
    page = tab.page
    page.fill("#seconds", SECONDS)
    page.get_by_role("button", name="Solve", exact=True).click()
    page.wait_for_selector("#figures")
    page.wait_for_selector("#result [data-run]")
    page.wait_for_selector("#result .actions")
    tab.settle()


def project(tab: Watched, id: str, decision: str) -> None:
    """Decide about a project by its radio button."""
    row = tab.page.locator(f"#choices li[data-words^='{id} ']")
    row.locator(f"input[value={decision}]").check()


def test_from_a_slider_to_an_approved_plan(desk: Desk) -> None:
    """Move a budget, force a project out, solve, see, ask why, save, compare, propose, approve."""
    tab, page = desk.tab, desk.tab.page
    tab.open(desk.path)
    slider = page.get_by_label("Investment budget, 2028, slider")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert page.input_value("#b1") != "720"
    project(tab, "CLM", "never")
    page.wait_for_selector("#changes li:nth-child(2)")
    assert "Claims workflow renewal: must not be in the plan" in page.inner_text("#changes")
    solve(tab)
    assert "run=run_" in page.url
    table = page.inner_text("#changes-table")
    assert "leaves" in table
    assert "It was set to never." in table
    tab.draw()
    tab.check()
    tab.check_access()
    shown = page.get_attribute("#result [data-run]", "data-plan")

    page.locator("#changes-table button[value=CLM]").click()
    page.wait_for_selector("#answer h3")
    answer = page.inner_text("#answer h3")
    assert answer.startswith("CLM Claims workflow renewal")
    assert answer.endswith("it is set to never.")

    page.fill("#save-name", "Less money, no claims")
    page.keyboard.press("Enter")
    page.wait_for_selector("#saved th:has-text('Less money, no claims')")
    tab.check()
    tab.check_access()

    page.get_by_role("link", name="Compare scenarios").click()
    page.fill("#seconds", "3")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("#study table")
    assert "Less money, no claims" in page.inner_text("#study")
    tab.draw()
    tab.check()
    tab.check_access()

    tab.open(f"/plans/{shown}#board")
    page.fill("#title", "Plan of the workshop")
    page.click("text=Propose this plan to the board")
    page.wait_for_url("**/decisions/de_*")
    page.fill("#why", "board of 14 January")
    page.click("button:has-text('Approve')")
    page.wait_for_selector(".badge.approved")
    tab.check()


def test_undo_and_reset(desk: Desk) -> None:
    """The last change, one of the list, or all of them are taken back."""
    tab, page = desk.tab, desk.tab.page
    tab.open(desk.path)
    page.fill("#b1", "600")
    page.press("#b1", "Tab")
    project(tab, "POL", "must")
    page.wait_for_selector("#changes li:nth-child(2)")
    page.get_by_role("button", name="Undo the last change").click()
    page.wait_for_selector("#changes li:nth-child(2)", state="detached")
    assert page.is_checked("#choices li[data-words^='POL '] input[value=free]")
    assert page.input_value("[data-control=b1] [data-slider]") == "600"
    page.get_by_role("button", name="Take back").click()
    page.wait_for_selector("#changes li", state="detached")
    assert page.input_value("#b1") == "720"
    page.fill("#b1", "1")
    page.get_by_role("link", name="Back to the base").click()
    page.wait_for_load_state()
    assert page.input_value("#b1") == "720"
    tab.check()


def test_findings_stand_beside_their_controls(desk: Desk) -> None:
    """As soon as a change is made, and they go with it."""
    tab, page = desk.tab, desk.tab.page
    tab.open(desk.path)
    page.fill("#b1", "-5")
    page.press("#b1", "Tab")
    page.wait_for_selector("#b1-found:has-text('less than nothing')")
    assert page.get_attribute("#b1", "aria-invalid") == "true"
    tab.check_access()
    page.fill("#b1", "700")
    page.press("#b1", "Tab")
    page.wait_for_selector("#b1-found", state="hidden")
    assert page.get_attribute("#b1", "aria-invalid") is None
    tab.check()


def test_stop_early(desk: Desk) -> None:
    """A long search ends at once with the best plan so far."""
    tab, page = desk.tab, desk.tab.page
    tab.open(desk.path)
    page.fill("#b1", "650")
    page.fill("#seconds", "300")
    page.get_by_role("button", name="Solve", exact=True).click()
    page.wait_for_selector("#result [data-run]")
    page.get_by_role("button", name="Stop now, keep the best plan").click()
    page.wait_for_selector("#result .actions")
    assert page.is_visible("#figures .badge:is(.feasible, .optimal)")
    tab.settle()
    tab.check()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_workshop_on_a_narrow_page(desk: Desk, tmp_path: Path, dark: bool) -> None:
    """Nothing is wider than the window, light and dark."""
    tab, page = desk.tab, desk.tab.page
    page.set_viewport_size({"width": 400, "height": 900})
    page.emulate_media(color_scheme="dark" if dark else "light")
    tab.open(desk.path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    tab.check()
    tab.check_access()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
