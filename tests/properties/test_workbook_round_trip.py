"""Generated portfolios come back equal from a workbook."""

from __future__ import annotations

from random import Random

import pytest

from pmo_optimizer.formats.workbook import read, written
from pmo_scenarios import generate


def _comes_back(seed: int) -> None:
    dice = Random(seed)
    portfolio = generate(
        projects=dice.randint(3, 40),
        periods=dice.randint(6, 36),
        skills=dice.randint(2, 8),
        seed=seed,
        grain=dice.choice(["week", "month", "quarter"]),
        share_flexible=dice.random() / 2,
        hires=dice.randint(0, 3),
        rules=dice.random() < 0.8,
        named=dice.random() < 0.5,
    )
    reading = read(written(portfolio))
    assert reading.portfolio == portfolio, reading.findings
    assert reading.portfolio.digest() == portfolio.digest()


@pytest.mark.parametrize("seed", range(4))
def test_generated_portfolios_come_back(seed: int) -> None:
    """A generated portfolio of any options is equal after writing and reading."""
    _comes_back(seed)


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_two_hundred_generated_portfolios_come_back(seed: int) -> None:
    """Two hundred generated portfolios are equal after writing and reading."""
    _comes_back(seed)
