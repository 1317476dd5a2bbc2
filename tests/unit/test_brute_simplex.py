"""The exact linear programs of brute force, against solutions by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from random import Random

import pytest

from tests.brute.simplex import LinearProgram, Row, Unbounded, minimise


def _fractions(*numbers: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(number) for number in numbers)


def test_a_cheapest_mix_is_found() -> None:
    """Least 3x + 7y with x + 2y >= 4 and x <= 1 is x = 1, y = 3/2: 3 + 21/2."""
    lp = LinearProgram()
    lp.price("x", 3)
    lp.price("y", 7)
    lp.add({"x": 1, "y": 2}, ">=", 4)
    lp.add({"x": 1}, "<=", 1)
    assert lp.minimum() == Fraction(27, 2)
    assert lp.solve() == {"x": Fraction(1), "y": Fraction(3, 2)}


def test_an_equality_and_a_negative_right_side_hold() -> None:
    """With x + y = 1 and -x <= -1/3, the least x - y is 1/3 - 2/3."""
    lp = LinearProgram()
    lp.price("x", 1)
    lp.price("y", -1)
    lp.add({"x": 1, "y": 1}, "=", 1)
    lp.add({"x": -1}, "<=", Fraction(-1, 3))
    assert lp.minimum() == Fraction(-1, 3)


def test_contradicting_rows_have_no_solution() -> None:
    """No x is at least 2 and at most 1."""
    lp = LinearProgram()
    lp.add({"x": 1}, ">=", 2)
    lp.add({"x": 1}, "<=", 1)
    assert lp.minimum() is None
    assert lp.solve() is None


def test_a_row_without_variables_can_contradict() -> None:
    """Nothing adds up to at least one half."""
    lp = LinearProgram()
    lp.add({}, ">=", Fraction(1, 2))
    assert lp.minimum() is None


def test_redundant_rows_do_no_harm() -> None:
    """The same equality three times leaves the optimum at 2."""
    lp = LinearProgram()
    lp.price("x", 1)
    for factor in (1, 2, 3):
        lp.add({"x": factor, "y": factor}, "=", 5 * factor)
    lp.add({"y": 1}, "<=", 3)
    assert lp.minimum() == 2


def test_a_cost_without_minimum_is_an_error() -> None:
    """Minus x falls without end where x is at least 1."""
    with pytest.raises(Unbounded):
        minimise(_fractions(-1), [Row({0: Fraction(1)}, ">=", Fraction(1))])


def test_bland_ends_where_others_cycle() -> None:
    """Beale's example, on which the plain rule cycles for ever, has the optimum -1/20."""
    costs = [Fraction(-3, 4), Fraction(150), Fraction(-1, 50), Fraction(6)]
    first = {0: Fraction(1, 4), 1: Fraction(-60), 2: Fraction(-1, 25), 3: Fraction(9)}
    second = {0: Fraction(1, 2), 1: Fraction(-90), 2: Fraction(-1, 50), 3: Fraction(3)}
    rows = [
        Row(first, "<=", Fraction(0)),
        Row(second, "<=", Fraction(0)),
        Row({2: Fraction(1)}, "<=", Fraction(1)),
    ]
    solution = minimise(costs, rows)
    assert solution is not None
    assert solution.cost == Fraction(-1, 20)
    assert solution.values == (Fraction(1, 25), *_fractions(0, 1, 0))


Line = tuple[int, int, int]


def _least_at_a_corner(costs: tuple[int, int], lines: list[Line]) -> Fraction | None:
    """Return the least cost over all corners of a polygon a x + b y <= c, x, y >= 0."""
    sides = [*lines, (-1, 0, 0), (0, -1, 0)]
    best: Fraction | None = None
    for (a, b, c), (d, e, f) in combinations(sides, 2):
        determinant = a * e - b * d
        if not determinant:
            continue
        x, y = Fraction(c * e - b * f, determinant), Fraction(a * f - c * d, determinant)
        if all(p * x + q * y <= r for p, q, r in sides):
            cost = costs[0] * x + costs[1] * y
            best = cost if best is None else min(best, cost)
    return best


@pytest.mark.parametrize("seed", range(150))
def test_random_polygons_agree_with_their_corners(seed: int) -> None:
    """The least cost over a bounded polygon is that of its best corner, or there is none."""
    random = Random(seed)
    lines = [(random.randint(-4, 5), random.randint(-4, 5), random.randint(-9, 9)) for _ in "abc"]
    lines.append((1, 1, 12))
    costs = (random.randint(-5, 5), random.randint(-5, 5))
    rows = [Row(dict(enumerate(_fractions(a, b))), "<=", Fraction(c)) for a, b, c in lines]
    solution = minimise(_fractions(*costs), rows)
    best = _least_at_a_corner(costs, lines)
    assert (None if solution is None else solution.cost) == best
