"""The pages in a real browser: no error, nothing from elsewhere, usable by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import key_of, opened, portfolio
from tests.web.browsers import Watched, browser, watched
from tests.web.helpers import Ids, board, everything, hostile_portfolio, paths


@dataclass(frozen=True)
class Open:
    """A browser at a served store."""

    browser: Any
    base: str
    store: Store
    ids: Ids
    hostile: Ids


@pytest.fixture(scope="module")
def opened_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Start one browser and one service for all tests here."""
    with (
        browser() as started,
        opened("sqlite", tmp_path_factory.mktemp("board")) as store,
        board(store) as client,
    ):
        ids = everything(store, "local", portfolio())
        hostile = everything(store, "local", hostile_portfolio(), "<b onclick=alert(1)>")
        yield Open(started, str(client.base_url).rstrip("/"), store, ids, hostile)


@pytest.fixture
def tab(opened_board: Open) -> Iterator[Watched]:
    """Open a tab, and assert at the end that nothing went wrong on its last page."""
    with watched(opened_board.browser, opened_board.base) as made:
        yield made
        made.check()


@pytest.mark.parametrize(
    ("width", "dark"),
    [
        pytest.param(1280, False, id="1280-light"),
        pytest.param(400, True, id="400-dark"),
        pytest.param(1280, True, id="1280-dark", marks=pytest.mark.drill),
        pytest.param(400, False, id="400-light", marks=pytest.mark.drill),
    ],
)
def test_every_page_is_sound(opened_board: Open, width: int, dark: bool) -> None:
    """No console error, no violation of the policy, no other host, nothing serious by axe-core.

    And no page is wider than the window.
    """
    with watched(opened_board.browser, opened_board.base, width=width, dark=dark) as made:
        for path in paths(opened_board.ids):
            made.open(path)
            made.draw()
            made.check()
            made.check_access()
            wide = made.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path


def test_hostile_names_do_nothing(opened_board: Open, tab: Watched) -> None:
    """In charts, their tooltips and tables neither."""
    said: list[str] = []

    def note(dialog: Any) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    tab.page.on("dialog", note)
    for path in paths(opened_board.hostile):
        tab.open(path)
        tab.draw()
        for mark in tab.page.query_selector_all(".plot svg path, .plot svg text")[:60]:
            mark.dispatch_event("mousemove")
        assert tab.page.query_selector_all("main img, [onerror], [onclick], [onload]") == []
        tab.check()
    assert said == []


def reached(tab: Watched, most: int = 250) -> set[str]:
    """Press Tab until it comes round, and return what had the focus."""
    tab.page.evaluate(
        "document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea,"
        ' summary, [tabindex="0"]\').forEach((e, n) => { e.dataset.order = n; })'
    )
    found: set[str] = set()
    for _ in range(most):
        tab.page.keyboard.press("Tab")
        order = tab.page.evaluate("document.activeElement && document.activeElement.dataset.order")
        if order in found:
            break
        if order is not None:  # the end of the page, from where it goes on at its beginning
            found.add(order)
    return found


def test_the_keyboard_reaches_everything(opened_board: Open, tab: Watched) -> None:
    """Every link, button, field, list that opens and table that scrolls, in the order seen."""
    for path in paths(opened_board.ids):
        tab.open(path)
        found = reached(tab)
        visible = tab.page.evaluate(
            "Array.from(document.querySelectorAll('[data-order]'))"
            ".filter(e => !e.disabled && (e.type !== 'radio' || e.checked))"
            ".filter(e => e.checkVisibility({contentVisibilityAuto: true}))"
            ".map(e => e.dataset.order)"
        )
        assert set(visible) <= found, path
        tab.page.keyboard.press("Escape")


def test_the_way_past_the_navigation(opened_board: Open, tab: Watched) -> None:
    """The first stop of the keyboard is a link that leads to the content."""
    tab.open(f"/plans/{opened_board.ids.plan}")
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.activeElement.id") == "content"


def test_a_chart_follows_the_look_of_the_page(opened_board: Open, tab: Watched) -> None:
    """It is drawn again where the system changes between light and dark."""
    tab.open(f"/plans/{opened_board.ids.plan}")
    tab.draw()
    label = "#chart-roadmap svg .role-axis-label text"
    before = tab.page.get_attribute(label, "fill")
    tab.page.emulate_media(color_scheme="dark")
    tab.page.wait_for_function(
        "([label, before]) => document.querySelector(label) &&"
        " document.querySelector(label).getAttribute('fill') !== before",
        arg=[label, before],
    )


def test_charts_are_on_paper(opened_board: Open, tab: Watched, tmp_path: Path) -> None:
    """The printed page has every chart, and no button."""
    tab.open(f"/plans/{opened_board.ids.plan}")
    tab.draw()
    tab.page.emulate_media(media="print")
    assert not tab.page.is_visible("button")
    assert not tab.page.is_visible("header nav")
    assert tab.page.locator(".plot svg").count() >= 5
    tab.page.pdf(path=tmp_path / "plan.pdf", format="A4")
    assert (tmp_path / "plan.pdf").read_bytes().startswith(b"%PDF")


def test_the_workshop_on_paper(opened_board: Open, tab: Watched) -> None:
    """Its changes and its result are printed, its controls are not."""
    ids = opened_board.ids
    tab.open(f"/portfolios/{ids.portfolio}/workshop?run={ids.run}")
    assert tab.page.is_visible("[data-print]")
    tab.page.emulate_media(media="print")
    for shown in ("#changes", "#result"):
        assert tab.page.is_visible(shown)
    assert tab.page.locator("#figures-table tr").count() > 3
    assert tab.page.is_visible("#figures-table")
    for hidden in (".bar", ".tools", "#save", "#saved button"):
        assert not tab.page.is_visible(hidden)


def test_charts_fit_the_paper(opened_board: Open, tab: Watched) -> None:
    """Drawn for a wide window they shrink to the sheet; those of dark pages become light."""
    tab.page.set_viewport_size({"width": 1700, "height": 900})
    tab.page.emulate_media(color_scheme="dark")
    tab.open(f"/plans/{opened_board.ids.plan}")
    tab.draw()
    tab.page.set_viewport_size({"width": 700, "height": 900})
    tab.page.emulate_media(media="print", color_scheme="dark")
    charts = tab.page.locator(".plot svg")
    assert charts.count() >= 5
    for number in range(charts.count()):
        assert charts.nth(number).evaluate("svg => svg.getBoundingClientRect().right") <= 700
        look = charts.nth(number).evaluate("svg => getComputedStyle(svg).filter")
        assert look.startswith("invert(1)")


def test_back_gives_controls_that_work(opened_board: Open, tab: Watched) -> None:
    """After two solves and a step back, slider, number and list of changes go together."""
    page = tab.page
    tab.open(f"/portfolios/{opened_board.ids.portfolio}/workshop")
    for budget in ("150", "160"):
        page.fill("#b0", budget)
        page.press("#b0", "Tab")
        page.wait_for_selector(f"#changes li:has-text('{budget}')")
        before = page.url
        page.click("#solve")
        page.wait_for_url(lambda url, before=before: url != before)
        tab.settle()
    page.go_back()
    page.wait_for_function("() => document.querySelector('#b0').value === '150'")
    tab.settle()
    slider = page.locator("[data-control=b0] [data-slider]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('#b0').value !== '150'")
    assert page.input_value("#b0") == slider.input_value()
    assert page.locator("[data-undo-last]").is_enabled()
    page.wait_for_selector(f"#changes li:has-text('{slider.input_value()}')")


def test_errors_go_with_the_next_step(opened_board: Open, tab: Watched) -> None:
    """What was wrong comes into view with the focus, and is gone when it is mended."""
    page = tab.page
    tab.expected = ("422",)
    tab.open(f"/portfolios/{opened_board.ids.portfolio}/workshop")
    page.click("#save")
    page.wait_for_selector("#messages .notice.error")
    page.wait_for_selector("#messages:focus")
    page.fill("#b0", "150")
    page.press("#b0", "Tab")
    page.wait_for_selector("#messages .notice", state="detached")


def test_deleting_a_scenario_is_asked(opened_board: Open, tab: Watched) -> None:
    """No leaves it; yes deletes it, and the focus goes to the heading of the list."""
    page = tab.page
    tab.open(f"/portfolios/{opened_board.ids.portfolio}/workshop")
    page.fill("#b0", "150")
    page.fill("#save-name", "Once")
    page.locator("#save").dblclick()
    page.wait_for_selector("#saved th:has-text('Once')")
    tab.settle()
    assert page.locator("#saved tbody tr").count() == 1
    button = page.get_by_role("button", name="Delete Once")
    button.click()  # the browser answers no
    tab.settle()
    assert page.is_visible("#saved th:has-text('Once')")
    page.once("dialog", lambda dialog: dialog.accept())
    button.click()
    page.wait_for_selector("#saved th", state="detached")
    page.wait_for_selector("#saved-title:focus")


def test_from_sign_in_to_sign_out(tmp_path: Path, opened_board: Open) -> None:
    """With a key: sign in, load the sample, decide on a plan, sign out, all by clicks."""
    with (
        opened("sqlite", tmp_path) as store,
        board(store, Settings(require_keys=True)) as client,
        watched(opened_board.browser, str(client.base_url).rstrip("/")) as tab,
    ):
        page = tab.page
        ids = everything(store, "a", portfolio())
        tab.open(f"/plans/{ids.plan}")
        page.fill("#key", key_of(store, "a", *Scope))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**/plans/{ids.plan}")
        page.fill("#title", "Plan of 2027")
        page.fill("#why", "the best there is")
        page.click("text=Propose this plan to the board")
        page.wait_for_url("**/decisions/de_*")
        page.fill("#why", "board of 14 January")
        page.click("button:has-text('Approve')")
        page.wait_for_load_state()
        assert "board of 14 January" in page.inner_text("main")
        page.get_by_role("link", name="Portfolios").click()
        page.click("text=Load the sample portfolio")
        page.wait_for_url("**/portfolios/pf_*")
        tab.settle()
        tab.check()
        page.get_by_role("button", name="Sign out").click()
        assert "You are signed out" in page.inner_text("main")
        tab.open("/runs")
        assert "sign-in" in page.url
        tab.check()
        assert store.decisions("a", plan_id=ids.plan).items[0].state == "approved"
