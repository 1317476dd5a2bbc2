"""A plan as a folder of CSV files, described by a ``datapackage.json`` (Frictionless v1).

Commas between cells, quotes where needed, LF after each row, UTF-8, ISO dates, decimals with
a point and without thousands separators, ``true`` and ``false``, and nothing for what is
missing. A text that begins like a formula gets an apostrophe in front, so that spreadsheets
keep it as a text; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pmo_optimizer.formats.answers import Cell, Table, comparison_tables, plan_tables
from pmo_optimizer.model import Finding, InvalidInput, Plan, Portfolio, Severity

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")
"""Beginnings of texts that spreadsheets would run (OWASP ASVS, CSV injection)."""

DESCRIPTION_FILE = "datapackage.json"

PACKAGE = "pmo-optimizer-plan"
"""Name of our data packages: by it an earlier export is known."""


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("P1"), safe_text("-5")
    ("'=1+1", 'P1', "'-5")
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def cell_text(cell: Cell) -> str:
    """Return a cell as it stands in the file.

    Examples
    --------
    >>> cell_text(1e-7), cell_text(True), cell_text(None), cell_text(date(2027, 1, 31))
    ('0.0000001', 'true', '', '2027-01-31')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float | Decimal):
        return f"{Decimal(repr(cell)) if isinstance(cell, float) else cell:f}"
    if isinstance(cell, date):
        return cell.isoformat()
    return safe_text(cell)


def csv_text(table: Table) -> str:
    """Return a table as CSV, names of columns first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([cell_text(cell) for cell in row] for row in table.rows)
    return out.getvalue()


def write_tables(
    portfolio: Portfolio,
    plan: Plan,
    folder: str | Path,
    *,
    comparison: Mapping[str, Any] | None = None,
    bom: bool = False,
) -> tuple[str, ...]:
    """Write a plan as CSV files into a new or empty folder, all at once or not at all.

    Parameters
    ----------
    portfolio
        What the plan was made from.
    plan
        The plan.
    folder
        Where to write; a folder that holds an earlier export is replaced.
    comparison
        JSON document of a comparison of scenarios, for further tables.
    bom
        Whether the CSV files begin with a byte-order mark, which older versions of Excel
        need to see that they are UTF-8.

    Returns
    -------
    tuple of str
        Names of the files that were written.

    Raises
    ------
    InvalidInput
        The folder holds something else, or plan or comparison are not of this portfolio.
    OSError
        It cannot be written.
    """
    target = Path(folder).resolve()
    _require_own(target)
    tables = plan_tables(portfolio, plan)
    if comparison is not None:
        tables += comparison_tables(portfolio, comparison)
    beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    old = beside.with_name(f"{beside.name}.old")
    try:
        for table in tables:
            path = beside / f"{table.name}.csv"
            path.write_text(csv_text(table), encoding="utf-8-sig" if bom else "utf-8", newline="")
        document = data_package(portfolio, plan, tables, bom=bom)
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        (beside / DESCRIPTION_FILE).write_text(text, encoding="utf-8", newline="")
        beside.chmod(0o755)
        names = tuple(sorted(path.name for path in beside.iterdir()))
        if target.exists():
            target.replace(old)
        try:
            beside.replace(target)
        except OSError:
            if old.exists():
                old.replace(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return names


def _require_own(target: Path) -> None:
    """Refuse to replace anything but an empty folder or an earlier export."""
    if not target.exists():
        return
    if target.is_dir():
        inside = {path.name for path in target.iterdir() if path.is_file()}
        if len(inside) == sum(1 for _ in target.iterdir()) and inside <= _listed(target):
            return
    raise InvalidInput(
        (
            Finding(
                Severity.ERROR,
                "folder-in-use",
                str(target),
                "There is something else than an earlier export.",
                "Name a new folder, or an empty one.",
            ),
        )
    )


def _listed(folder: Path) -> set[str]:
    """Return the names of the files of an export as its description has them; else nothing."""
    try:
        data = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        if data["name"] != PACKAGE:
            return set()
        return {DESCRIPTION_FILE, *(str(resource["path"]) for resource in data["resources"])}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return set()


def data_package(
    portfolio: Portfolio, plan: Plan, tables: Sequence[Table], *, bom: bool = False
) -> dict[str, Any]:
    """Return the description of the files: every table, column, type and unit."""
    return {
        "profile": "tabular-data-package",
        "name": PACKAGE,
        "title": f"Plan of {plan.portfolio or portfolio.name}",
        "description": (
            f"Status {plan.status.value}; money in {portfolio.currency}; periods of a "
            f"{portfolio.calendar.grain.value} from {portfolio.calendar.start}, counted from 0. "
            "Texts that begin like a formula have an apostrophe in front."
        ),
        "resources": [_resource(table, bom=bom) for table in tables],
    }


def _resource(table: Table, *, bom: bool) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": table.name.replace("_", "-"),
        "title": table.title,
        "description": table.description,
        "path": f"{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig" if bom else "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "header": True},
        "schema": {
            "fields": [
                {
                    "name": column.name,
                    "title": column.title,
                    "type": column.kind.type,
                    "description": column.description,
                }
                for column in table.columns
            ],
            "missingValues": [""],
        },
    }
