"""Workbooks for tests: a portfolio with a bit of everything, and cells changed by hand."""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import openpyxl

from pmo_optimizer import Portfolio
from pmo_optimizer.formats.workbook import written
from pmo_optimizer.formats.workbook.layout import plain_header

SMALL: dict[str, Any] = {
    "name": "Small",
    "currency": "kEUR",
    "calendar": {"start": "2027-01-01", "periods": 12},
    "skills": [{"id": "dev"}, {"id": "ops"}],
    "people": [{"id": "ann", "skills": {"dev": 1}}, {"id": "bob", "skills": {"ops": 0.5}}],
    "funds": [{"id": "capex", "amounts": {"years": {"2027": 500}}}],
    "projects": [
        {
            "id": "P1",
            "value": 5,
            "phases": [
                {
                    "id": "build",
                    "duration": 3,
                    "needs": [{"skill": "dev", "fte": 0.5}],
                    "costs": [{"category": "capex", "per_period": 20}],
                }
            ],
        },
        {"id": "P2", "value": 3, "phases": [{"id": "run", "duration": 2}]},
    ],
}


def small() -> Portfolio:
    """Return a small portfolio without any finding but warnings."""
    return Portfolio.parse(SMALL)


def edited(content: bytes, changes: Mapping[str, Any]) -> bytes:
    """Return a workbook with other values in some cells, as ``Phases!D2``."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for place, value in changes.items():
        title, _, cell = place.partition("!")
        book[title][cell] = value
        if isinstance(value, int):
            book[title][cell].number_format = "General"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def place(content: bytes, title: str, header: str, row: int) -> str:
    """Return the cell of a column, by its header without unit, as ``Phases!D2``."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for cell in book[title][1]:
        if isinstance(cell.value, str) and plain_header(cell.value) == header:
            return f"{title}!{cell.column_letter}{row}"
    raise AssertionError(f"{title} has no column {header}")


def repacked(
    content: bytes, parts: Mapping[str, bytes | None], *, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return a workbook with other parts; None leaves a part out."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", method) as new,
    ):
        for info in old.infolist():
            if info.filename not in parts:
                new.writestr(info.filename, old.read(info.filename))
        for name, data in parts.items():
            if data is not None:
                new.writestr(name, data)
    return stream.getvalue()


def part(content: bytes, name: str) -> bytes:
    """Return a part of a workbook's file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def part_of(content: bytes, title: str) -> str:
    """Return the name of a sheet's part."""
    titles = re.findall(rb'<sheet name="([^"]+)"', part(content, "xl/workbook.xml"))
    return f"xl/worksheets/sheet{titles.index(title.encode()) + 1}.xml"


def with_sheet_xml(content: bytes, title: str, old: bytes, new: bytes) -> bytes:
    """Return a workbook with a text of a sheet's XML replaced."""
    name = part_of(content, title)
    text = part(content, name)
    assert old in text
    return repacked(content, {name: text.replace(old, new, 1)})


@functools.cache
def small_book() -> bytes:
    """Return the workbook of the small portfolio."""
    return written(small())
