"""The sample portfolio from loading to the plan, with solves that really run; and its picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmo_optimizer.service import Settings
from tests.web.browsers import Watched, browser, watched
from tests.web.helpers import board

ROOT = Path(__file__).parents[2]

PICTURE = ROOT / "docs" / "images" / "board.png"

WRITE = "PMO_TEST_WRITE_IMAGES"
"""Environment variable that makes the test take the picture of the documents again."""

LARGEST = 200 * 1024
"""Bytes of the picture at most."""

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Open a tab at a service that runs solves itself, as `demo --serve` does."""
    folder = tmp_path_factory.mktemp("live")
    settings = Settings(database_url=f"sqlite:///{folder / 'service.db'}", workers=2)
    with (
        browser() as started,
        board(None, settings) as client,
        watched(started, str(client.base_url).rstrip("/")) as made,
    ):
        yield made


def test_from_the_sample_to_a_plan(tab: Watched, tmp_path: Path) -> None:
    """By clicks: load it, plan it, follow the run to its end without a reload, open the plan."""
    page = tab.page
    tab.open("/")
    page.get_by_role("button", name="Load the sample portfolio").click()
    page.wait_for_url("**/portfolios/pf_*")
    page.fill("#time-limit", "8" if os.environ.get(WRITE) else "4")
    page.get_by_role("button", name="Make a plan").click()
    page.wait_for_url("**/runs/run_*")
    page.wait_for_selector("#run .badge:is(.feasible, .optimal)", timeout=120_000)
    tab.check()
    page.locator("#run").get_by_role("link", name="Open the plan").click()
    page.wait_for_url("**/plans/pl_*")
    tab.settle()
    tab.draw()
    tab.check()
    tab.check_access()
    page.evaluate("window.scrollTo(0, 0)")
    taken = PICTURE if os.environ.get(WRITE) else tmp_path / PICTURE.name
    page.screenshot(path=taken, clip={"x": 0, "y": 0, "width": 1280, "height": 900})
    assert taken.read_bytes().startswith(PNG)


def test_the_picture_of_the_documents() -> None:
    """It is there, it is a picture of the size that the test above takes, and it is small."""
    content = PICTURE.read_bytes()
    assert content.startswith(PNG)
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1280, 900)
    assert len(content) < LARGEST
    for document in ("README.md", "docs/board.md"):
        assert "images/board.png" in (ROOT / document).read_text("utf-8")
