"""Knapsacks with conflicts (Coniglio, Furini, San Segundo 2021), ``.dat`` files of AMPL's kind.

``param n``, ``param c``, a table of 0-based item, profit and weight, and the set E of pairs that
exclude each other.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.items import InstanceError
from benchmarks.selection import selection, yes_or_no
from benchmarks.words import decimal, read_text
from pmo_optimizer import Excludes, Portfolio

FUND = "capacity"


def read(path: Path, part: str = "") -> Portfolio:
    """Return a file as a portfolio: items are projects, conflicts exclude.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    text = read_text(path)
    count = int(_found(path, r"param\s+n\s*:=\s*(\d+)", text))
    capacity = decimal(path, _found(path, r"param\s+c\s*:=\s*([^\s;]+)", text))
    table = _found(path, r"param\s*:\s*V\s*:\s*p\s+w\s*:=([^;]*);", text).split()
    edges = _found(path, r"set\s+E\s*:=([^;]*);", text).split()
    if len(table) != 3 * count or len(edges) % 2:
        raise InstanceError(f"{path.name}: {count} rows of three, and pairs, are expected")
    items = [
        yes_or_no(name, decimal(path, profit), {FUND: decimal(path, weight)})
        for name, profit, weight in zip(table[::3], table[1::3], table[2::3], strict=True)
    ]
    pairs = {tuple(sorted(pair)) for pair in zip(edges[::2], edges[1::2], strict=True)}
    excludes = [Excludes(projects=pair) for pair in sorted(pairs)]
    return selection(path.stem, items, {FUND: capacity}, excludes=excludes)


def _found(path: Path, pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise InstanceError(f"{path.name}: there is nothing like {pattern}")
    return match[1]
