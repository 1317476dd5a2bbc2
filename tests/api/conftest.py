"""Says loudly, at the end of a test run, that tests were left out for want of a PostgreSQL."""

from __future__ import annotations

import pytest

from tests.api.databases import MISSING


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line that nobody overlooks, with the number of tests that did not run."""
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if MISSING in str(report.longrepr)]
    if missed:
        line = f"{len(missed)} tests were NOT RUN: no PostgreSQL answers (PMO_TEST_POSTGRES)"
        terminalreporter.section("PostgreSQL", red=True, bold=True)
        terminalreporter.line(line, red=True, bold=True)
