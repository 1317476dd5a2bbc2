"""Which files of a data folder belong to which suite.

Most suites have an ending of their own. ``.txt`` files are told apart by their names or, where
a name says nothing, by how they begin; a file that nothing says anything about belongs to every
suite of ``.txt`` files, so that a broken one is reported and not passed over.
"""

from __future__ import annotations

import re
from pathlib import Path

BEGINNING = 20_000
"""Characters that are looked at to tell what a file is."""

NO_INSTANCES = re.compile(r"(readme|licen[cs]e|source|mkcbres|opts)([_. -].*)?", re.IGNORECASE)
"""Names of texts and result lists that stand among the instances."""

NAMES = (
    ("mplib", re.compile(r"mplib", re.IGNORECASE)),
    ("mkp", re.compile(r"mknap", re.IGNORECASE)),
    ("nrp", re.compile(r"nrp", re.IGNORECASE)),
)
"""What a ``.txt`` file is, by its name."""


WHOLE = re.compile(r"-?[0-9]{1,9}")
"""A whole number."""


def natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Return a sort key in which ``j30_2`` comes before ``j30_10``."""
    parts = re.split(r"(\d+)", path.stem)
    return [(int(p), "") if p.isdigit() else (-1, p) for p in parts], str(path)


def found(root: Path, *endings: str) -> list[Path]:
    """Return the files below a folder that have one of the endings, in natural order.

    ``root`` may also be a single file.
    """
    paths = [root] if root.is_file() else list(root.rglob("*"))
    kept = [
        path
        for path in paths
        if path.suffix.lower() in endings
        and path.is_file()
        and not NO_INSTANCES.fullmatch(path.stem)
    ]
    return sorted(kept, key=natural)


def text_files(root: Path, suite: str) -> list[Path]:
    """Return the ``.txt`` files that may be instances of a suite."""
    return [path for path in found(root, ".txt") if kind(path) in {suite, None}]


def kind(path: Path) -> str | None:
    """Return the suite that a ``.txt`` file belongs to, None where nothing says so."""
    for suite, pattern in NAMES:
        if pattern.search(path.stem):
            return suite
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(BEGINNING)
    except OSError:
        return None  # reading it as an instance says what is wrong
    if text.lstrip().startswith("META"):
        return "pabulib"
    if ".mm" in text:
        return "mista"
    return _kind_of_numbers([line.split() for line in text.splitlines() if line.strip()])


def _kind_of_numbers(rows: list[list[str]]) -> str | None:
    """Return the suite whose files begin with rows of such lengths."""
    rows = [row for row in rows[:8] if row[0] != "^"]
    if len(rows) < 4 or not all(WHOLE.fullmatch(row[0]) for row in rows[:4]):
        return None
    lengths = [len(row) for row in rows[:4]]
    announced = int(rows[1][0])
    if lengths[:3] == [1, 1, announced]:
        return {1: "nrp", 2: "mplib"}.get(lengths[3])
    return "mkp" if lengths[:2] == [1, 3] else None
