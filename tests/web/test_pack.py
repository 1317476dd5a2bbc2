"""The board pack in a browser: from disk, without network, on screens and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.report.pack import Studies, board_pack
from tests.unit.report.chart_cases import COMPARISON, FRONTIER, PRICES, REPLAN, large, made
from tests.web.browsers import IMPACTS, VIOLATIONS, browser

DRAWN = "document.documentElement.dataset.drawn === 'yes'"

STUDIES = Studies(comparison=COMPARISON, frontier=FRONTIER, prices=PRICES, replan=REPLAN)


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    """Return the browser."""
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a pack with everything in it, on disk."""
    portfolio, plan = made()
    path = tmp_path_factory.mktemp("pack") / "pack.html"
    path.write_text(board_pack(portfolio, plan, studies=STUDIES), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 400])
def test_pack_draws_its_charts_and_asks_nobody(
    started: Any, file: Path, width: int, dark: bool
) -> None:
    """Every chart is drawn under the policy: no error, no request, nothing wider than the page."""
    context = started.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    assert said == []
    assert asked == [file.as_uri()]
    assert page.evaluate("window.policyViolations") == []
    charts = page.evaluate("JSON.parse(document.getElementById('pack-data').textContent).charts")
    empty = "[...document.querySelectorAll('.screen')].filter(x => !x.querySelector('svg')).length"
    assert page.locator(".screen > svg, .screen svg.marks").count() == len(charts)
    assert page.evaluate(empty) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_axe_finds_nothing_serious(started: Any, file: Path) -> None:
    """axe-core finds nothing serious or critical, with tables folded and open."""
    from axe_playwright_python.sync_playwright import Axe

    page = started.new_page()
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    for opened in (False, True):
        page.evaluate(
            "o => document.querySelectorAll('details').forEach(d => { d.open = o; })", opened
        )
        found = Axe().run(page).response["violations"]
        assert [v["id"] for v in found if v["impact"] in IMPACTS] == []
    page.close()


def test_marks_say_what_they_are(started: Any, file: Path) -> None:
    """Screen readers get a sentence for each chart and words for each bar of the roadmap."""
    page = started.new_page()
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    labels = page.evaluate(
        "[...document.querySelectorAll('#roadmap-1 .screen [aria-label]')]"
        ".map(x => x.getAttribute('aria-label'))"
    )
    assert "P1 Payments, design: 2027-02-01 to 2027-03-31" in labels
    assert "P1 Payments is due by 2027-04-30, and ends 2 months later" in labels
    page.close()


def test_tables_remain_without_scripts(started: Any, file: Path) -> None:
    """Without JavaScript the tables of charts are open and the sentences are there."""
    context = started.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#roadmap-1 table").is_visible()
    assert page.locator("#roadmap-1 .lead").inner_text().startswith("2 projects from")
    context.close()


def pages_of(pdf: bytes) -> tuple[int, set[tuple[float, float]]]:
    """Return how many pages a PDF has, and their sizes in millimetres."""
    boxes = re.findall(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    sizes = {(round(float(a) / 72 * 25.4, 0), round(float(b) / 72 * 25.4, 0)) for a, b in boxes}
    return len(re.findall(rb"/Type\s*/Page\b", pdf)), sizes


@pytest.mark.parametrize(("paper", "size"), [("a4", (297.0, 210.0)), ("wide", (339.0, 190.0))])
@pytest.mark.parametrize("dark", [False, True])
def test_pack_prints_one_view_a_page(
    started: Any, tmp_path: Path, paper: str, size: tuple[float, float], dark: bool
) -> None:
    """Every view is one page of the wanted size, the charts in light colours and within it."""
    portfolio, plan = made()
    file = tmp_path / "pack.html"
    file.write_text(board_pack(portfolio, plan, studies=STUDIES, paper=paper), encoding="utf-8")
    context = started.new_context(color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    views = page.locator("section.page").count()
    pages, sizes = pages_of(page.pdf(prefer_css_page_size=True))
    assert (pages, sizes) == (views, {size})
    page.emulate_media(media="print")
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(26, 26, 26)"
    page.set_viewport_size({"width": round((size[0] - 30) / 25.4 * 96), "height": 700})
    tallest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.paper svg')].map(x => x.clientHeight))"
    )
    assert 100 < tallest <= (size[1] - 40) / 25.4 * 96
    context.close()


def test_large_pack_is_usable_soon(started: Any, tmp_path: Path) -> None:
    """200 projects x 48 periods: all charts are drawn, with fewer than 10,000 elements."""
    portfolio, plan = large()
    file = tmp_path / "pack.html"
    file.write_text(board_pack(portfolio, plan), encoding="utf-8")
    page = started.new_page()
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    assert page.evaluate("document.querySelectorAll('svg *').length") < 10_000
    page.close()
