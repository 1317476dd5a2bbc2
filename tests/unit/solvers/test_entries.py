"""Numbers added up in bulk, and rows that are made of arrays."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import numpy as np
import pytest

from pmo_solvers.time_indexed import LinearModel
from pmo_solvers.time_indexed.entries import SAFE, Entries, Whole, whole_type

SIZES = [1, SAFE // 100, 10**30]
"""Factors with which sums stay small, nearly fill int64, and go far beyond."""


@pytest.mark.parametrize("size", SIZES)
def test_entries_are_added_up_by_key_and_column(size: int) -> None:
    """Sums and counts are those of plain Python, whatever the size; negative keys are left out."""
    dice = Random(5)
    entries = Entries(99 * size)
    sums: dict[tuple[int, int], int] = defaultdict(int)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for _ in range(9):
        columns = sorted(dice.sample(range(20), 4))
        values = [dice.randint(-3, 3) * size for _ in range(3)]
        keys = [[dice.randint(-1, 3) for _ in values] for _ in columns]
        entries.add(np.array(keys), np.array(columns), values)
        for column, row in zip(columns, keys, strict=True):
            for key, value in zip(row, values, strict=True):
                if key >= 0:
                    sums[key, column] += value
                    counts[key, column] += 1
    found = list(entries.sums())
    assert [key for key, *_ in found] == sorted({key for key, _ in sums})
    for key, columns_, money, number in found:
        assert columns_.tolist() == sorted(column for other, column in sums if other == key)
        for column, amount, count in zip(columns_.tolist(), money, number, strict=True):
            assert (int(amount), int(count)) == (sums[key, column], counts[key, column])


def test_nothing_adds_up_to_nothing() -> None:
    """Without entries, or with left-out ones alone, there are no sums."""
    entries = Entries(1)
    assert list(entries.sums()) == []
    entries.add(np.full((2, 1), -1), np.array([0, 1]), [1])
    assert list(entries.sums()) == []


def pattern_model(projects: int = 6) -> LinearModel:
    """Return a model with four grouped columns for each project, and some on their own."""
    made = LinearModel()
    for project in range(projects):
        made.binary()
        for _ in range(4):
            made.binary(project)
    return made


@pytest.mark.parametrize("size", [1, 10**30])
@pytest.mark.parametrize("seed", range(20))
def test_rows_of_arrays_are_the_rows_of_terms(seed: int, size: int) -> None:
    """A row and its upper bound are the same whether stated as arrays or as a mapping."""
    dice = Random(seed)
    plain, arrays = pattern_model(), pattern_model()
    columns = sorted(dice.sample(range(plain.size), 12))
    coefs = [dice.choice((-4, 0, 2, 6, 10)) * size for _ in columns]
    frame = arrays.frame()
    rest = {}
    for made in (plain, arrays):
        rest = {made.continuous(90, 10): -2 * size, made.integer(3): 4 * size}
    if seed % 2:
        rest = {}
    terms = dict(zip(columns, coefs, strict=True))
    limit = dice.randint(-9, 30) * size
    plain.add("r", terms | rest, None, limit)
    numbers: Whole = np.array(coefs, dtype=whole_type(99 * size))
    arrays.add_sorted("r", np.array(columns), numbers, rest, limit)
    assert arrays.rows == plain.rows
    assert frame.most(np.array(columns), numbers) == plain.most(terms)


def test_a_row_of_arrays_without_terms_can_be_impossible() -> None:
    """Zeros drop out; what is left must allow 0."""
    made = pattern_model()
    made.add_sorted("kept", np.array([1]), np.array([0]), {}, 0)
    assert (made.rows, made.infeasible) == ([], "")
    made.add_sorted("lost", np.array([1]), np.array([0]), {}, -1)
    assert (made.rows, made.infeasible) == ([], "lost")


def test_the_matrix_has_all_rows() -> None:
    """Row pointers, columns, values and limits say what the rows say."""
    made = pattern_model(1)
    made.add("a", {1: 2, 3: -5}, None, 7)
    made.add("b", {0: 1}, 1, None)
    matrix = made.matrix()
    assert matrix.starts.tolist() == [0, 2, 3]
    assert matrix.columns.tolist() == [1, 3, 0]
    assert matrix.values.tolist() == [2.0, -5.0, 1.0]
    assert matrix.lower.tolist() == [-np.inf, 1.0]
    assert matrix.upper.tolist() == [7.0, np.inf]
    assert matrix.exact


def test_the_matrix_says_where_it_is_rounded() -> None:
    """Whole numbers above 2^53 have no exact float."""
    made = pattern_model(1)
    made.add("a", {0: 2**53 + 1, 1: 2}, None, 7)
    assert not made.matrix().exact
    limited = pattern_model(1)
    limited.add("a", {0: 2, 1: 3}, None, 2**54)
    assert not limited.matrix().exact


def test_a_model_without_rows_has_an_empty_matrix() -> None:
    """There is one row pointer and nothing else."""
    matrix = LinearModel().matrix()
    assert matrix.starts.tolist() == [0]
    assert matrix.values.size == matrix.lower.size == 0
