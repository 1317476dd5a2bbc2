"""Stores and served pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pmo_optimizer.service.store import Store
from tests.api.http.helpers import opened, portfolio
from tests.warm.runs import warm_runs
from tests.web.browsers import MISSING
from tests.web.helpers import Ids, board, everything


@pytest.fixture(autouse=True, scope="module")
def copied_runs() -> Iterator[None]:
    """Begin processes of runs as copies."""
    with warm_runs():
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a fresh store."""
    with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def client(store: Store) -> Iterator[httpx.Client]:
    """Return a browser without scripts at a board page that needs no keys."""
    with board(store) as made:
        yield made


@pytest.fixture
def ids(store: Store) -> Ids:
    """Return one of everything, of whoever is on this machine."""
    return everything(store, "local", portfolio())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line that nobody overlooks where there was no browser."""
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if MISSING in str(report.longrepr)]
    if missed:
        line = f"{len(missed)} tests were NOT RUN: there is no Chromium (apt-get install chromium)"
        terminalreporter.section("Browser", red=True, bold=True)
        terminalreporter.line(line, red=True, bold=True)
