"""Any result as plain tables: every list of objects is one."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.web.answers.answer import Answer, Cell, Grid
from pmo_optimizer.web.text import text

LEFT_OUT = frozenset({"changed", "plan", "plans", "plan_ids", "digest"})
"""What is no figure for people: documents and hashes."""

MOST_ROWS = 500


def plain_answer(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return a result as a table of its own figures, and one for each list of objects in it."""
    del portfolio
    kept = {name: value for name, value in result.items() if name not in LEFT_OUT}
    own = tuple(
        (name.replace("_", " "), cell(value))
        for name, value in kept.items()
        if not isinstance(value, dict) and not _objects(value)
    )
    tables = [Grid(text("table.figure"), (text("table.figure"), text("workshop.after")), own)]
    for name, value in kept.items():
        if _objects(value):
            tables.append(_grid(name, value))
        elif isinstance(value, dict):
            tables += [_grid(f"{name} {key}", row) for key, row in value.items() if _objects(row)]
    return Answer(tables=tuple(tables))


def _objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _grid(name: str, rows: list[dict[str, Any]]) -> Grid:
    columns = [key for key, value in rows[0].items() if key not in LEFT_OUT and not _objects(value)]
    return Grid(
        name.replace("_", " "),
        tuple(column.replace("_", " ") for column in columns),
        tuple(tuple(cell(row.get(key)) for key in columns) for row in rows[:MOST_ROWS]),
    )


def cell(value: object) -> Cell:
    """Return a value as a cell."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, list):
        return ", ".join(str(cell(item)) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items())
    return str(value)
