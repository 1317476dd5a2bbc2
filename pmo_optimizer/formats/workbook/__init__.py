"""The portfolio workbook: written, read with findings at cells, and commented.

Examples
--------
>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> from pmo_optimizer.model import Portfolio
>>> portfolio = Portfolio.parse({
...     "calendar": {"start": "2027-01-01", "periods": 12},
...     "projects": [{"id": "P1", "value": 5, "phases": [{"duration": 3}]}],
... })
>>> with TemporaryDirectory() as folder:
...     book = Path(folder) / "book.xlsx"
...     write(portfolio, book)
...     read(book).portfolio == portfolio
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pmo_optimizer.formats.workbook.annotate import annotate, annotated
from pmo_optimizer.formats.workbook.container import LIMITS, Limits
from pmo_optimizer.formats.workbook.generated import without_made_ids
from pmo_optimizer.formats.workbook.reader import content_of, read
from pmo_optimizer.formats.workbook.reading import Located, Reading
from pmo_optimizer.formats.workbook.writer import workbook_bytes
from pmo_optimizer.model import Portfolio
from pmo_optimizer.model.files import write_bytes


def written(portfolio: Portfolio, *, scenarios: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """Return the workbook of a portfolio.

    Parameters
    ----------
    portfolio
        What the sheets hold; reading them gives an equal one.
    scenarios
        Plain data of scenarios, as in a scenario file.

    Raises
    ------
    InvalidInput
        A text is longer than a cell.
    """
    from pmo_optimizer import __version__

    return workbook_bytes(
        without_made_ids(portfolio),
        scenarios=scenarios,
        digest=portfolio.digest(),
        version=__version__,
    )


def write(
    portfolio: Portfolio,
    path: str | Path,
    *,
    scenarios: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write a portfolio as a workbook, all at once or not at all; see `written`."""
    write_bytes(Path(path), written(portfolio, scenarios=scenarios))


def template(path: str | Path) -> None:
    """Write a workbook with every sheet and column and without any row."""
    from pmo_optimizer import __version__

    write_bytes(Path(path), workbook_bytes({}, version=__version__))


__all__ = [
    "LIMITS",
    "Limits",
    "Located",
    "Reading",
    "annotate",
    "annotated",
    "content_of",
    "read",
    "template",
    "write",
    "written",
]
