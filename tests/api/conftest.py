"""Runs begin quickly; tests that were left out for want of a PostgreSQL are told loudly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.databases import KEPT, MISSING, NO_SERVER
from tests.warm.runs import warm_runs

REASONS = {
    MISSING: "no PostgreSQL answers (PMO_TEST_POSTGRES)",
    NO_SERVER: "no PostgreSQL can be started here (initdb, pg_ctl, and a user who is not root)",
}


@pytest.fixture(autouse=True, scope="module")
def copied_runs() -> Iterator[None]:
    """Begin processes of runs as copies; what hangs on fresh ones has another such fixture."""
    with warm_runs():
        yield


@pytest.fixture(autouse=True, scope="session")
def kept() -> Iterator[None]:
    """Drop, at the very end, what several tests have used."""
    with KEPT:
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print lines that nobody overlooks, with the number of tests that did not run."""
    skipped = terminalreporter.stats.get("skipped", [])
    for mark, why in REASONS.items():
        missed = [report for report in skipped if mark in str(report.longrepr)]
        if missed:
            line = f"{len(missed)} tests were NOT RUN: {why}"
            terminalreporter.section("PostgreSQL", red=True, bold=True)
            terminalreporter.line(line, red=True, bold=True)
