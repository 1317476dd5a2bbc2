"""Criteria, weights from pairwise comparisons, and the raw value of a project."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmo_optimizer.model import Criterion, Portfolio
from pmo_optimizer.model.strategy import RANDOM_INDEX, priorities
from tests.unit.problem_cases import portfolio


@pytest.mark.parametrize(
    ("worst", "best", "score", "utility"),
    [
        (0, 10, 7, Fraction(7, 10)),
        (1, 4, 2, Fraction(1, 3)),
        (5, 1, 2, Fraction(3, 4)),  # less is better
        (-3, 3, -3, Fraction(0)),
        (0, "0.3", "0.1", Fraction(1, 3)),  # exact, not 0.30000000000000004
    ],
)
def test_utility_lies_between_worst_and_best(
    worst: object, best: object, score: object, utility: Fraction
) -> None:
    """The utility is the exact part of the way from worst to best, whichever is larger."""
    scale = Criterion.model_validate({"id": "c", "worst": worst, "best": best})
    assert scale.utility(Decimal(str(score))) == utility


def test_two_criteria_share_in_the_ratio() -> None:
    """Twice as important is two thirds against one third, and two never contradict."""
    found = priorities([[1, 2], [1 / 2, 1]])
    assert found.weights == (Decimal("0.666667"), Decimal("0.333333"))
    assert found.consistency_ratio == 0


def test_consistent_comparisons_give_back_their_weights() -> None:
    """Ratios made from weights 8 : 4 : 2 : 2 give 1/2, 1/4, 1/8, 1/8 and ratio 0."""
    weights = (8, 4, 2, 2)
    found = priorities([[a / b for b in weights] for a in weights])
    assert found.weights == (
        Decimal("0.500000"),
        Decimal("0.250000"),
        Decimal("0.125000"),
        Decimal("0.125000"),
    )
    assert found.consistency_ratio == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("matrix", "eigenvalue", "random_index"),
    [
        # A twice B, B twice C, C twice A: every row adds up to 1 + 2 + 1/2.
        ([[1, 2, 1 / 2], [1 / 2, 1, 2], [2, 1 / 2, 1]], 3.5, 0.58),
        ([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]], 10 + 1 / 9, 0.58),
        (  # a ring of four: every row adds up to 1 + 2 + 1 + 1/2
            [[1, 2, 1, 1 / 2], [1 / 2, 1, 2, 1], [1, 1 / 2, 1, 2], [2, 1, 1 / 2, 1]],
            4.5,
            0.90,
        ),
    ],
)
def test_consistency_ratio_of_rings(
    matrix: list[list[float]], eigenvalue: float, random_index: float
) -> None:
    """Equal row sums are the greatest eigenvalue: CR = (sum - n) / (n - 1) / RI(n) (Saaty)."""
    size = len(matrix)
    found = priorities(matrix)
    assert found.consistency_ratio == pytest.approx((eigenvalue - size) / (size - 1) / random_index)
    assert all(abs(weight - Decimal(1) / size) <= Decimal("0.000001") for weight in found.weights)


def test_a_triple_with_one_stretched_comparison() -> None:
    """For three criteria lambda = 1 + c + 1/c with c = (a13 / (a12 a23))^(1/3) (Saaty 1980)."""
    found = priorities([[1, 2, 8], [1 / 2, 1, 2], [1 / 8, 1 / 2, 1]])
    stretch = (8 / (2 * 2)) ** (1 / 3)
    assert found.consistency_ratio == pytest.approx(
        (stretch + 1 / stretch - 2) / 2 / RANDOM_INDEX[3], rel=1e-6
    )
    # The eigenvector of a triple is the geometric mean of its rows.
    means = [(2 * 8) ** (1 / 3), 1.0, (1 / 16) ** (1 / 3)]
    assert [float(w) for w in found.weights] == pytest.approx(
        [m / sum(means) for m in means], abs=1e-6
    )


RATIOS = st.sampled_from([Fraction(1, 9), Fraction(1, 3), Fraction(1), Fraction(3), Fraction(9)])


@settings(max_examples=50, deadline=None, derandomize=True)
@given(size=st.integers(1, 6), data=st.data())
def test_weights_add_up_to_one(size: int, data: st.DataObject) -> None:
    """Rounding never loses a millionth, and no comparisons give a negative ratio."""
    matrix = [[1.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row):
            ratio = data.draw(RATIOS)
            matrix[row][column], matrix[column][row] = float(ratio), float(1 / ratio)
    found = priorities(matrix)
    assert sum(found.weights) == 1
    assert all(weight > 0 for weight in found.weights)
    assert found.consistency_ratio >= 0


def compared(order: tuple[str, ...], ratios: dict[str, float]) -> Portfolio:
    """Return a portfolio with criteria in this order, each pair compared once."""
    criteria = [{"id": name} for name in order]
    comparisons = [{"a": pair[0], "b": pair[1], "ratio": r} for pair, r in ratios.items()]
    return portfolio(criteria=criteria, comparisons=comparisons)


@pytest.mark.parametrize("ratios", [{"ab": 2, "bc": 3, "ac": 4}, {"ab": 1, "bc": 1, "ac": 1}])
def test_the_order_of_criteria_does_not_matter(ratios: dict[str, float]) -> None:
    """Each criterion has the same exact weight whatever row it stands in."""
    expected = dict(compared(("a", "b", "c"), ratios).criteria_weights)
    for order in permutations("abc"):
        assert dict(compared(order, ratios).criteria_weights) == expected


def test_a_comparison_can_be_read_from_both_sides() -> None:
    """Saying that a is twice b, or b half of a, gives the same weights."""
    left = portfolio(
        criteria=[{"id": "a"}, {"id": "b"}], comparisons=[{"a": "a", "b": "b", "ratio": 2}]
    )
    right = portfolio(
        criteria=[{"id": "a"}, {"id": "b"}], comparisons=[{"a": "b", "b": "a", "ratio": 0.5}]
    )
    assert left.criteria_weights == right.criteria_weights
    assert left.criteria_weights["a"] == Decimal("0.666667")


def valued(project: dict[str, Any], **parts: Any) -> Fraction:
    """Return the raw value of one project in a portfolio."""
    subject = portfolio(projects=[{"id": "P", **project}], **parts)
    return subject.raw_value(subject.projects[0])


CRITERIA = [{"id": "a", "weight": 0.7}, {"id": "b", "weight": 0.3, "worst": 4, "best": 1}]


@pytest.mark.parametrize(
    ("project", "value"),
    [
        ({"scores": {"a": 5, "b": 2}}, Fraction(7, 20) + Fraction(2, 10)),
        ({"scores": {"a": 10}}, Fraction(7, 10)),  # a missing score adds nothing
        ({}, Fraction(0)),
        ({"value": 0.1, "scores": {"a": 10}}, Fraction(1, 10)),  # given directly
        ({"value": 0, "scores": {"a": 10}}, Fraction(0)),
    ],
)
def test_raw_value_is_exact(project: dict[str, Any], value: Fraction) -> None:
    """Weight x utility adds up in fractions, unless the value is given."""
    assert valued(project, criteria=CRITERIA) == value


def test_comparisons_give_the_weights() -> None:
    """Where there are comparisons they stand in for weights: 3 to 1 is 0.75 to 0.25."""
    ratio = [{"a": "a", "b": "b", "ratio": 3}]
    criteria = [{"id": "a"}, {"id": "b"}]
    value = valued({"scores": {"a": 10, "b": 0}}, criteria=criteria, comparisons=ratio)
    assert value == Fraction(3, 4)


def test_without_comparisons_there_is_no_priority_vector() -> None:
    """Weights that are given have no consistency ratio."""
    assert portfolio(criteria=CRITERIA).priority_vector is None
