"""Prices of soft ceilings in named staffing: whole numbers that lose none of them."""

from __future__ import annotations

import pytest
from ortools.sat.python import cp_model

from pmo_solvers.named.program import MOST_PRICE, _weighted


@pytest.mark.parametrize("ratio", [1, 3, 2500, 10**9])
def test_a_price_next_to_a_much_dearer_one_still_counts(ratio: int) -> None:
    """The least price is at least one, ratios are kept as far as numbers go, zero is free."""
    model = cp_model.CpModel()
    first, second, third = (model.new_bool_var(name) for name in "abc")
    weights = _weighted([(first, 0.04), (second, 0.04 * ratio), (third, 0.0)])
    (low, cheap), (high, dear) = weights
    assert (cheap, dear) == (first, second)
    assert 1 <= low <= high <= MOST_PRICE
    assert high / low == pytest.approx(min(ratio, MOST_PRICE), rel=1e-3)


def test_without_prices_there_is_nothing_to_add() -> None:
    """Ceilings that cost nothing leave no stage behind."""
    model = cp_model.CpModel()
    assert _weighted([]) == []
    assert _weighted([(model.new_bool_var("a"), 0.0)]) == []
