"""OR-Library's ``mknap`` files: knapsacks with several budgets.

Beasley's format: number of problems; for each n, m, the optimum (0 where unknown), n profits,
m x n amounts and m budgets. Line breaks mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from benchmarks.items import InstanceError
from benchmarks.selection import selection, yes_or_no
from benchmarks.words import Words, read_text
from pmo_optimizer import Portfolio


@dataclass(frozen=True, slots=True)
class _Knapsack:
    optimum: Decimal
    profits: list[Decimal]
    amounts: list[list[Decimal]]
    budgets: list[Decimal]


def parts(path: Path) -> list[tuple[str, float | None]]:
    """Return the 0-based numbers of a file's problems, each with the optimum it names.

    A file of one problem, and one that cannot be read, has the single part "".
    """
    try:
        words = Words(path, read_text(path))
        known = [_knapsack(words).optimum for _ in range(words.count())]
    except (InstanceError, OSError):
        return [("", None)]
    best = [float(optimum) if optimum else None for optimum in known]
    return [(str(k) if len(best) > 1 else "", value) for k, value in enumerate(best)]


def read(path: Path, part: str = "") -> Portfolio:
    """Return one problem of a file: items are projects, knapsacks are funds.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    words = Words(path, read_text(path))
    wanted, announced = int(part or 0), words.count()
    if wanted >= announced:
        raise InstanceError(f"{path.name}: there is no problem {wanted}")
    if not part and announced > 1:
        # Only a file with a broken problem is taken as a whole: say where it breaks.
        for _ in range(announced):
            _knapsack(words)
        raise InstanceError(f"{path.name}: there are {announced} problems, none was asked for")
    for _ in range(wanted):
        _knapsack(words)
    knapsack = _knapsack(words)
    names = [f"fund-{k}" for k in range(1, len(knapsack.budgets) + 1)]
    items = [
        yes_or_no(f"item-{j + 1}", profit, {f: row[j] for f, row in zip(names, rows, strict=True)})
        for rows in [knapsack.amounts]
        for j, profit in enumerate(knapsack.profits)
    ]
    return selection(path.stem, items, dict(zip(names, knapsack.budgets, strict=True)))


def _knapsack(words: Words) -> _Knapsack:
    items, funds, optimum = words.count(), words.count(), words.number()
    if not items or not funds:
        raise InstanceError(f"{words.path.name}: a problem has no items or no budgets")
    profits = [words.number() for _ in range(items)]
    amounts = [[words.number() for _ in range(items)] for _ in range(funds)]
    return _Knapsack(optimum, profits, amounts, [words.number() for _ in range(funds)])
