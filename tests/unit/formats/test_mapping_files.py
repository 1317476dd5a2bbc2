"""Files of tables: CSV and workbooks alike, and what is said of those that cannot be read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from pmo_optimizer.formats.mapping import read_tables
from pmo_optimizer.formats.mspdi import read_schedule
from pmo_optimizer.formats.workbook import read
from pmo_optimizer.model import Finding, InvalidInput, Portfolio
from tests.unit.formats.mapping_cases import (
    csv_file,
    good,
    profile,
    projects,
    told,
)


def test_workbooks_are_read_like_csv(tmp_path: Path) -> None:
    """Numbers and days of cells are taken as they are; a named sheet is found."""
    book = Workbook()
    book["Sheet"].title = "Cover"
    sheet = book.create_sheet("Data")
    for row in (("Key", "Name", "Value", "Due"), (7, "=1+1 is text", 1.5, date(2027, 6, 30))):
        sheet.append(row)
    sheet["B2"].data_type = "s"
    book.save(tmp_path / "in.xlsx")
    due = {"column": "Due", "type": "date"}
    found = read_tables([tmp_path / "in.xlsx"], profile(projects(due=due), table={"sheet": "Data"}))
    project = good(found).projects[0]
    assert (project.id, project.value, project.due) == ("7", Decimal("1.5"), date(2027, 6, 30))
    found = read_tables([tmp_path / "in.xlsx"], profile(projects(), table={"sheet": "Nope"}))
    assert told(found) == {("mapping-sheet", "in.xlsx")}
    assert "Cover, Data" in found.findings[0].message


def files_that_are_none(folder: Path) -> list[tuple[str, Path]]:
    """Return files that cannot be read, with the rule that says so."""
    with zipfile.ZipFile(folder / "zip.xlsx", "w") as archive:
        archive.writestr("a.txt", "x")
    with zipfile.ZipFile(folder / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    return [
        ("file-missing", folder / "none.csv"),
        ("mapping-file", csv_file(folder, "Key\n1\n", "in.ods")),
        ("mapping-headers", csv_file(folder, "\n\n", "empty.csv")),
        ("file-not-text", csv_file(folder, "Key\n\xe9\n", "latin.csv", "latin-1")),
        ("file-syntax", csv_file(folder, 'Key,Name,Value\nP1,"a,1\n', "quote.csv")),
        ("file-too-large", csv_file(folder, f"Key\n{'x' * 40_000}\n", "cell.csv")),
        ("file-too-large", csv_file(folder, "," * 3000, "wide.csv")),
        ("workbook-broken", csv_file(folder, "PK no zip", "text.xlsx")),
        ("workbook-broken", folder / "zip.xlsx"),
        ("workbook-bomb", folder / "bomb.xlsx"),
    ]


def test_files_that_cannot_be_read_are_one_error_each(tmp_path: Path) -> None:
    """Missing, damaged, hostile and foreign files are named, and nothing is raised."""
    for rule, path in files_that_are_none(tmp_path):
        found = read_tables([path], profile(projects()))
        assert found.portfolio is None
        assert (rule, path.name) in told(found), (path.name, found.findings)


def test_values_without_a_header_are_refused(tmp_path: Path) -> None:
    """A thousands separator that is also the delimiter moves cells: the row is named."""
    text = "Key,Name,Value\nI1,Shop,1\nI2,Web shop,8,3\n"
    found = read_tables([csv_file(tmp_path, text)], profile(projects()))
    assert found.portfolio is None
    assert ("mapping-no-header", "in.csv row 3 column 4") in told(found)


def test_values_under_an_empty_header_are_refused(tmp_path: Path) -> None:
    """A column whose header is empty must be empty."""
    found = read_tables([csv_file(tmp_path, "Key,Name,,Value\nI1,a,2,1\n")], profile(projects()))
    assert told(found) == {("mapping-no-header", "in.csv row 2 column 3")}


def test_formulas_without_values_are_told(tmp_path: Path) -> None:
    """A formula without a result and an error value are errors where the column is read."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Key", "Name", "Value", "Own"])
    sheet.append(["I1", "a", "=1+1", "=2"])
    sheet.append(["I2", "b", "#N/A", None])
    book.save(tmp_path / "in.xlsx")
    found = read_tables([tmp_path / "in.xlsx"], profile(projects()))
    assert told(found) == {
        ("mapping-formula", "in.xlsx row 2 column Value"),
        ("mapping-formula", "in.xlsx row 3 column Value"),
    }


def test_names_that_no_file_can_have_are_findings(tmp_path: Path) -> None:
    """What the system refuses to look at is said of tables, workbooks and schedules alike."""
    readers: Sequence[tuple[str, Callable[[Path], Sequence[Finding]]]] = (
        (".csv", lambda path: read_tables([path], profile(projects())).findings),
        (".xlsx", lambda path: found_in(read, path)),
        (".xml", lambda path: found_in(read_schedule, path)),
        (".yaml", lambda path: found_in(Portfolio.load, path)),
    )
    for suffix, read_file in readers:
        path = tmp_path / f"{'x' * 300}{suffix}"
        assert read_file(path)[0].rule == "file-unreadable", suffix


def found_in(reader: Callable[[Path], Any], path: Path) -> Sequence[Finding]:
    """Return the findings of what a reader gives or raises."""
    try:
        findings: Sequence[Finding] = reader(path).findings
    except InvalidInput as error:
        return error.findings
    return findings
