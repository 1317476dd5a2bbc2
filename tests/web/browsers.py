"""A real browser at a served page: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

MISSING = "NO CHROMIUM"
"""How the reason begins for which tests are left out."""

REQUIRED = "PMO_TEST_BROWSER_REQUIRED"
"""Environment variable that makes a missing browser a failure."""

NAMES = ("chromium", "chromium-browser", "google-chrome")

IMPACTS = {"serious", "critical"}
"""Findings of axe-core that may not be."""

VIOLATIONS = """
window.policyViolations = [];
document.addEventListener("securitypolicyviolation", function (event) {
  window.policyViolations.push(event.violatedDirective + " " + event.blockedURI);
});
"""


def chromium() -> str:
    """Return the browser's path; skips the test loudly where there is none."""
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return str(Path(found))
    if os.environ.get(REQUIRED):
        pytest.fail(f"{MISSING}: install the package chromium", pytrace=False)
    pytest.skip(f"{MISSING}: install the package chromium")


QUIET = """
() => document.readyState === "complete"
  && document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling") === null
  && Array.from(document.querySelectorAll("[data-chart]")).every(function (plot) {
    const box = plot.getBoundingClientRect();
    const seen = plot.checkVisibility() && box.bottom > 0 && box.top < window.innerHeight;
    return !seen || plot.matches(".drawn, .failed");
  })
"""
"""Whether a page is there with all that it loads, and every chart in the window is drawn."""


@dataclass
class Watched:
    """A page of the browser, and what went wrong on it so far."""

    page: Any
    base: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def open(self, path: str) -> None:
        """Open a page of the service and wait until it is quiet."""
        self.page.goto(self.base + path)
        self.page.wait_for_function(QUIET)

    def settle(self) -> None:
        """Wait until a while has passed without a request, where more than a page follows."""
        self.page.wait_for_load_state("networkidle")

    def draw(self) -> None:
        """Scroll past every chart, so that each is drawn."""
        for plot in self.page.query_selector_all("[data-chart]"):
            plot.scroll_into_view_if_needed()
            self.page.wait_for_function("plot => plot.matches('.drawn, .failed')", arg=plot)

    def check(self) -> None:
        """Assert that nothing went wrong: no error, no violation, no other host."""
        violations = self.page.evaluate("window.policyViolations")
        assert violations == [], violations
        unexpected = [e for e in self.errors if not any(word in e for word in self.expected)]
        assert unexpected == [], unexpected
        assert self.foreign == [], self.foreign
        assert self.page.query_selector_all(".plot.failed") == []

    def check_access(self) -> None:
        """Assert that axe-core finds nothing serious or critical."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        serious = [
            (item["id"], [node["html"][:200] for node in item["nodes"]][:3])
            for item in found
            if item["impact"] in IMPACTS
        ]
        assert serious == [], f"{self.page.url}: {serious}"


@contextmanager
def browser() -> Iterator[Any]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def watched(started: Any, base: str, *, width: int = 1280, dark: bool = False) -> Iterator[Watched]:
    """Open a tab of its own, with nothing kept from others."""
    context = started.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    page.set_default_timeout(30_000)
    made = Watched(page, base)
    page.on("pageerror", lambda error: made.errors.append(str(error)))
    page.on(
        "console",
        lambda message: made.errors.append(message.text) if message.type == "error" else None,
    )
    host = urlsplit(base).netloc

    def note(request: Any) -> None:
        place = urlsplit(request.url)
        if place.scheme not in {"data", "blob"} and place.netloc != host:
            made.foreign.append(request.url)

    page.on("request", note)
    yield made
    context.close()
