"""Linear models in whole numbers: rows, divisors, upper bounds, checks."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmo_solvers.time_indexed import Kind, LinearModel, LinearTerm, Row


def model(*uppers: int) -> LinearModel:
    """Return a model with whole-number columns from 0 to these bounds."""
    made = LinearModel()
    for upper in uppers:
        made.integer(upper)
    return made


def keeps(row: Row, values: tuple[int, ...]) -> bool:
    """Return whether values keep a row."""
    total = sum(c * values[j] for j, c in zip(row.columns, row.coefs, strict=True))
    low = row.lower is None or total >= row.lower
    return low and (row.upper is None or total <= row.upper)


def test_columns_have_bounds_kinds_and_groups() -> None:
    """Indices count up, and a fixed column has one value left."""
    made = LinearModel()
    assert [made.binary(), made.binary(7), made.integer(5), made.continuous(300, 100)] == [
        0,
        1,
        2,
        3,
    ]
    made.fix(0, 1)
    assert made.size == 4
    assert made.kind == [Kind.BINARY, Kind.BINARY, Kind.INTEGER, Kind.CONTINUOUS]
    assert (made.lower, made.upper) == ([1, 0, 0, 0], [1, 1, 5, 300])
    assert (made.units, made.group) == ([1, 1, 1, 100], [-1, 7, -1, -1])


def test_rows_are_divided_with_limits_rounded_inward() -> None:
    """6x + 9y between 10 and 20 is 2x + 3y between 4 and 6 in whole numbers."""
    made = model(9, 9)
    made.add("r", {0: 6, 1: 9}, 10, 20)
    assert made.rows == [Row("r", (0, 1), (2, 3), 4, 6)]


def test_rows_with_continuous_columns_keep_their_limits() -> None:
    """Rounding a limit would cut off fractions: only a common divisor of all is taken out."""
    made = model(9)
    share = made.continuous(90, 10)
    made.add("r", {0: 6, share: 9}, None, 20)
    made.add("s", {0: 6, share: 9}, 3, 21)
    assert made.rows == [
        Row("r", (0, share), (6, 9), None, 20),
        Row("s", (0, share), (2, 3), 1, 7),
    ]


def test_zero_coefficients_are_left_out() -> None:
    """A column with coefficient 0 is not in the row, and columns are in order."""
    made = model(1, 1, 1)
    made.add("r", {2: 1, 1: 0, 0: -1}, 0, None)
    assert made.rows == [Row("r", (0, 2), (-1, 1), 0, None)]


@pytest.mark.parametrize(
    ("lower", "upper", "holds"),
    [(0, 0, True), (None, 5, True), (None, None, True), (1, None, False), (None, -1, False)],
)
def test_rows_without_columns_hold_or_never_do(
    lower: int | None, upper: int | None, holds: bool
) -> None:
    """0 is between the limits, or the model is infeasible and says by which rule."""
    made = model(1)
    made.add("first", {0: 0}, lower, upper)
    made.add("second", {}, 1, None)
    assert made.rows == []
    assert made.infeasible == ("second" if holds else "first")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    coefs=st.lists(st.integers(-12, 12), min_size=3, max_size=3),
    lower=st.none() | st.integers(-40, 40),
    upper=st.none() | st.integers(-40, 40),
)
def test_a_row_keeps_exactly_its_whole_points(
    coefs: list[int], lower: int | None, upper: int | None
) -> None:
    """Dividing a row neither loses nor adds a whole solution."""
    made = model(3, 3, 3)
    made.add("r", dict(enumerate(coefs)), lower, upper)
    for values in product(range(4), repeat=3):
        wanted = keeps(Row("", (0, 1, 2), tuple(coefs), lower, upper), values)
        stated = not made.infeasible and all(keeps(row, values) for row in made.rows)
        assert stated == wanted
        assert (made.first_violated(list(values)) == "") == wanted or made.infeasible


def test_exact_rows_take_their_own_least_multiplier() -> None:
    """Halves and thirds make sixths; the multiplier is returned for prices."""
    made = model(9, 9)
    scale = made.add_exact("r", {0: Fraction(1, 2), 1: Fraction(-1, 3)}, None, Fraction(5, 6))
    assert scale == 6
    assert made.rows == [Row("r", (0, 1), (3, -2), None, 5)]


def test_exact_rows_hold_huge_numbers() -> None:
    """No float takes part: one in 10^30 decides."""
    made = model(1)
    made.add_exact("r", {0: Fraction(10**30 + 1)}, None, Fraction(10**30))
    assert made.first_violated([1]) == "r"
    assert made.first_violated([0]) == ""


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_most_is_the_largest_sum(data: st.DataObject) -> None:
    """With at most one column per project at 1, nothing exceeds it and something reaches it."""
    made = model(3)
    groups = data.draw(st.lists(st.integers(0, 1), min_size=3, max_size=3))
    for group in groups:
        made.binary(group)
    terms = {column: data.draw(st.integers(-9, 9)) for column in range(4)}
    most = made.most(terms)
    sums = [
        sum(coef * values[column] for column, coef in terms.items())
        for values in product(range(4), *([range(2)] * 3))
        if all(
            sum(v for v, g in zip(values[1:], groups, strict=True) if g == k) <= 1 for k in (0, 1)
        )
    ]
    assert most == max(sums)


def test_most_counts_fixed_columns() -> None:
    """A column fixed at 1 with a negative coefficient lowers every sum."""
    made = model(4)
    fixed = made.binary()
    made.fix(fixed, 1)
    assert made.most({0: 2, fixed: -3}) == 8 - 3


def test_the_first_broken_row_is_named() -> None:
    """Rows with continuous columns are left to the exact completion."""
    made = model(1, 1)
    share = made.continuous(100, 100)
    made.add("shared", {0: 1, share: 1}, None, 0)
    made.add("low", {0: 1, 1: 1}, 1, None)
    made.add("high", {0: 1, 1: 1}, None, 1)
    assert made.first_violated([1, 0, 100]) == ""
    assert made.first_violated([0, 0, 0]) == "low"
    assert made.first_violated([1, 1, 0]) == "high"


def test_terms_add_up_with_their_constant() -> None:
    """Adding to a column twice adds both."""
    term = LinearTerm(None, maximised=True, constant=0.5)
    term.add(0, 2.0)
    term.add(0, 1.0)
    term.add(1, -4.0)
    assert term.value([3, 1]) == 0.5 + 3 * 3 - 4
