"""The copy with comments: what is wrong stands at the cells, and the rest is kept."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from pmo_optimizer import InvalidInput
from pmo_optimizer.formats.workbook import annotate, annotated, read
from tests.unit.formats.books import edited, small, small_book
from tests.unit.formats.test_workbook_faults import planted


def test_every_finding_has_a_comment_at_its_cell() -> None:
    """Each cell with a finding has its message and fix as a comment, and is listed with a link."""
    content, _ = planted()
    reading = read(content)
    book = openpyxl.load_workbook(io.BytesIO(annotated(content, reading.located)))
    for item in reading.located:
        comment = book[item.sheet][item.cell].comment
        assert comment is not None
        assert item.finding.message in comment.text
        assert item.finding.fix in comment.text
    listed = book["Findings"]
    assert listed.max_row == len(reading.located) + 1
    cells = [row[1] for row in listed.iter_rows(min_row=2)]
    links = {cell.hyperlink.location for cell in cells if cell.hyperlink is not None}
    assert links == {f"'{item.sheet}'!{item.cell}" for item in reading.located}


def test_the_copy_keeps_what_was_there_and_can_be_mended(tmp_path: Path) -> None:
    """Tables, lists, formats and texts stay; once mended, the copy is a sound workbook."""
    content = edited(small_book(), {"Phases!F2": "three", "Settings!B2": "=name"})
    path = tmp_path / "copy.xlsx"
    annotate(content, read(content).located, path)
    assert list(tmp_path.iterdir()) == [path]
    before = openpyxl.load_workbook(io.BytesIO(content))
    after = openpyxl.load_workbook(path)
    for sheet in before:
        own = after[sheet.title]
        assert list(own.tables) == list(sheet.tables)
        assert len(own.data_validations.dataValidation) == len(
            sheet.data_validations.dataValidation
        )
        assert len(own.conditional_formatting) == len(sheet.conditional_formatting)
        assert own.freeze_panes == sheet.freeze_panes
        cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert [[cell.value for cell in row] for row in own.iter_rows()] == cells
    mended = edited(path.read_bytes(), {"Phases!F2": 3, "Settings!B2": "Small"})
    assert read(mended).portfolio == small()


def test_comments_of_an_earlier_copy_go_away() -> None:
    """A copy of a copy has the comments of today, and other people's comments stay."""
    content = edited(small_book(), {"Phases!F2": "three", "Phases!F3": "two"})
    book = openpyxl.load_workbook(io.BytesIO(content))
    from openpyxl.comments import Comment

    book["Phases"]["F3"].comment = Comment("ask Ann", "Bob")
    stream = io.BytesIO()
    book.save(stream)
    first = annotated(stream.getvalue(), read(stream.getvalue()).located)
    mended = edited(first, {"Phases!F2": 3})
    second = openpyxl.load_workbook(io.BytesIO(annotated(mended, read(mended).located)))
    assert second["Phases"]["F2"].comment is None
    text = second["Phases"]["F3"].comment.text
    assert "two" in text
    assert second.sheetnames.count("Findings") == 1


def test_findings_cannot_smuggle_in_formulas() -> None:
    """What was found is quoted as a text, also where it begins like a formula."""
    content = edited(small_book(), {"Projects!Z1": "x", "Phases!D2": "-2+3"})
    copy = openpyxl.load_workbook(io.BytesIO(annotated(content, read(content).located)))
    kinds = {cell.data_type for row in copy["Findings"].iter_rows() for cell in row}
    assert kinds <= {"s", "n"}


def test_what_is_no_workbook_has_no_copy(tmp_path: Path) -> None:
    """A file that cannot be read is an error, and nothing is written."""
    with pytest.raises(InvalidInput):
        annotate(b"PK", (), tmp_path / "copy.xlsx")
    assert not list(tmp_path.iterdir())


def test_other_comments_and_colours_come_back() -> None:
    """Another person's comment stays below the finding, and is as it was once that is mended."""
    from openpyxl.comments import Comment

    content = edited(small_book(), {"Phases!F2": "three"})
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["Phases"]["F2"].comment = Comment("ask Ann:\nsoon", "Bob")
    stream = io.BytesIO()
    book.save(stream)
    copy = stream.getvalue()
    for _ in range(2):
        copy = annotated(copy, read(copy).located)
        text = openpyxl.load_workbook(io.BytesIO(copy))["Phases"]["F2"].comment.text
        assert text.count("ask Ann:\nsoon") == 1
    mended = edited(copy, {"Phases!F2": 3})
    last = openpyxl.load_workbook(io.BytesIO(annotated(mended, read(mended).located)))
    cell = last["Phases"]["F2"]
    assert (cell.comment.text, cell.comment.author) == ("ask Ann:\nsoon", "Bob")
    assert cell.fill.fill_type is None


def test_findings_at_merged_cells_stand_at_the_first_of_them() -> None:
    """A cell within a merged range takes no comment: the first one of the range has it."""
    book = openpyxl.load_workbook(io.BytesIO(small_book()))
    book["Phases"].merge_cells("A2:F2")
    stream = io.BytesIO()
    book.save(stream)
    content = stream.getvalue()
    located = read(content).located
    assert {"A2", "B2"} <= {item.cell for item in located if item.sheet == "Phases"}
    copy = openpyxl.load_workbook(io.BytesIO(annotated(content, located)))
    text = copy["Phases"]["A2"].comment.text
    assert "merged" in text
    assert all(item.finding.message in text for item in located if item.sheet == "Phases")
    assert "Comment that was here" not in text
