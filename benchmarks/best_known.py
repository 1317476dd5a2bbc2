"""Best known objectives out of the tables that stand beside the instances."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

NAMES = ("instance", "file")
"""Columns that may name the instance."""


class BestKnown:
    """Looks up instances in the ``.csv`` tables of a data folder.

    A table names its instances (with or without ending) in a column ``instance``, or ``file``
    and a 0-based ``index``. The nearest table that knows an instance counts: in its folder,
    then in each folder above up to the data folder, and below these.

    Parameters
    ----------
    root
        The data folder, or a file, which stands for its folder.
    columns
        Columns that may hold the value; where several tables of one folder have one, the
        best value counts.
    maximised
        Whether more is better.
    """

    def __init__(self, root: Path, columns: Sequence[str], *, maximised: bool = False) -> None:
        self.root = root.resolve().parent if root.is_file() else root.resolve()
        self.columns = columns
        self.best = max if maximised else min
        self.tables: dict[tuple[Path, bool], dict[str, float]] = {}

    def of(self, path: Path, name: str) -> float | None:
        """Return the best known objective of an instance in that file, or None."""
        folder = path.resolve().parent
        while folder.is_relative_to(self.root):
            for below in (False, True):
                value = self._table(folder, below).get(name)
                if value is not None:
                    return value
            folder = folder.parent
        return None

    def _table(self, folder: Path, below: bool) -> dict[str, float]:
        if (folder, below) not in self.tables:
            found = folder.rglob("*.csv") if below else folder.glob("*.csv")
            values: dict[str, float] = {}
            for file in sorted(found):
                for name, value in self._read(file):
                    values[name] = self.best(values.get(name, value), value)
            self.tables[folder, below] = values
        return self.tables[folder, below]

    def _read(self, file: Path) -> list[tuple[str, float]]:
        """Return (instance, value) of every row that has both."""
        with file.open(encoding="utf-8", errors="replace", newline="") as opened:
            reader = csv.DictReader(opened)
            try:
                heads = set(reader.fieldnames or ())
                column = next((c for c in self.columns if c in heads), None)
                named = next((c for c in NAMES if c in heads), None)
                if column is None or named is None:
                    return []
                rows = list(reader)
            except csv.Error:
                return []
        return [
            (name, value)
            for row in rows
            if (value := _number(row[column])) is not None
            for name in _names(row, named)
        ]


def _names(row: dict[str, str | None], column: str) -> set[str]:
    """Return the names of a row's instance, with the file's ending and without."""
    index = f"#{row['index']}" if row.get("index") else ""
    file = Path(row[column] or "")
    return {f"{file.name}{index}", f"{file.stem}{index}"}


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
