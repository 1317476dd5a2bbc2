"""Sums of many numbers by row and column, in bulk and exact for whole numbers of any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import gcd
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Indices: TypeAlias = npt.NDArray[np.int64]
"""Columns, periods or keys of rows."""

Whole: TypeAlias = npt.NDArray[Any]
"""Whole numbers: int64, or Python's own integers where those might not do."""

SAFE = 2**62
"""Sums that stay below this fit int64 with room for one addition."""

STRIDE = 2**31
"""More columns than any model has."""


def whole_type(largest: int) -> type:
    """Return the element type that holds whole numbers of up to this size, either sign."""
    return np.int64 if largest < SAFE else object


def greatest_divisor(numbers: Whole) -> int:
    """Return the greatest common divisor of whole numbers; 0 where there are none."""
    if numbers.dtype == object:
        return gcd(*numbers.tolist())
    return int(np.gcd.reduce(numbers)) if numbers.size else 0


class Entries:
    """Numbers that are collected in bulk and added up by (key, column).

    Parameters
    ----------
    largest
        What no sum of entries exceeds in size.
    """

    def __init__(self, largest: int) -> None:
        self.type = whole_type(largest)
        self._places: list[Indices] = []
        self._values: list[Whole] = []

    def add(self, keys: Indices, columns: Indices, values: Sequence[int]) -> None:
        """Add entries.

        Parameters
        ----------
        keys
            One row per column and one entry per value, shape (columns, values); a negative
            key is left out.
        columns
            One per row of ``keys``.
        values
            One per entry of a row of ``keys``, the same for all columns.
        """
        if not keys.size:
            return
        places = keys * STRIDE + columns[:, np.newaxis]
        numbers: Whole = np.broadcast_to(np.array(values, dtype=self.type), keys.shape)
        if keys.min() < 0:
            kept = keys >= 0
            if kept.any():
                self._places.append(places[kept])
                self._values.append(numbers[kept])
        else:
            self._places.append(places.ravel())
            self._values.append(numbers.ravel())

    def sums(self) -> Iterator[tuple[int, Indices, Whole, Whole]]:
        """Yield each key, ascending, with its columns, their sums and how many entries each had.

        Columns ascend. What has been added is given away: a second call yields nothing.
        """
        if not self._places:
            return
        places, values = np.concatenate(self._places), np.concatenate(self._values)
        self._places, self._values = [], []
        order = np.argsort(places, kind="stable")
        places, values = places[order], values[order]
        first = np.flatnonzero(np.r_[True, places[1:] != places[:-1]])
        counts = np.diff(np.r_[first, len(places)]).astype(self.type)
        if len(first) < len(places):
            values, places = np.add.reduceat(values, first), places[first]
        keys, columns = np.divmod(places, STRIDE)
        cuts = [*np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]).tolist(), len(keys)]
        for begin, end in pairwise(cuts):
            part = slice(begin, end)
            yield int(keys[begin]), columns[part], values[part], counts[part]
