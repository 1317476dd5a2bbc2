"""Every test with an ``engine`` runs on each registered engine that proves its bounds.

One engine alone: ``pytest tests/contract -k milp``.
"""

from __future__ import annotations

import pytest

from tests.contract.solving import exact_engines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test one run for each exact engine."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", exact_engines())
