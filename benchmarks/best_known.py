"""Best known objectives out of the tables that stand beside the instances."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

NAMES = ("instance", "file")
"""Columns that may name the instance."""


class BestKnown:
    """Looks up instances in the ``.csv`` tables of a data folder.

    A table names its instances (with or without ending) in a column ``instance``, or ``file``
    and a 0-based ``index``; a name with folders in it is a path that begins where the table
    is. The nearest table that knows an instance counts: in its folder,
    then in each folder above up to the data folder; where it tells no value none is known.

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
        self.tables: dict[Path, dict[str, float | None]] = {}

    def of(self, path: Path, name: str) -> float | None:
        """Return the best known objective of an instance in that file, or None."""
        file = path.resolve()
        folder = file.parent
        while folder.is_relative_to(self.root):
            table = self._table(folder)
            within = (file.parent.relative_to(folder) / name).as_posix()
            for known in (within, name):
                if known in table:
                    return table[known]
            folder = folder.parent
        return None

    def _table(self, folder: Path) -> dict[str, float | None]:
        if folder not in self.tables:
            values: dict[str, float | None] = {}
            for file in sorted(folder.glob("*.csv")):
                for name, value in self._read(file):
                    known = [v for v in (values.get(name), value) if v is not None]
                    values[name] = self.best(known, default=None)
            self.tables[folder] = values
        return self.tables[folder]

    def _read(self, file: Path) -> list[tuple[str, float | None]]:
        """Return (instance, value) of every row that names one; None where none is known."""
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
        return [(name, _number(row[column])) for row in rows for name in _names(row, named)]


def _names(row: dict[str, str | None], column: str) -> set[str]:
    """Return the names of a row's instance, with the file's ending and without."""
    index = f"#{row['index']}" if row.get("index") else ""
    file = PurePosixPath(row[column] or "")
    return {f"{name.as_posix()}{index}" for name in (file, file.parent / file.stem)}


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
