"""What is wrong in a workbook comes out at the cells where it is."""

from __future__ import annotations

import datetime
import io
from collections import Counter

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pmo_optimizer.formats.workbook import Located, read, written
from pmo_optimizer.model import Severity
from pmo_scenarios import load_pack
from tests.unit.formats.books import (
    edited,
    part,
    place,
    repacked,
    small,
    small_book,
    with_sheet_xml,
)

FAULTS: tuple[tuple[str, str, int, object, str], ...] = (
    ("Settings", "Value", 12, "5%", "wrong-type"),
    ("Settings", "Value", 13, "maybe", "wrong-value"),
    ("Settings", "Value", 7, "fortnight", "wrong-value"),
    ("Criteria", "Best", 2, "ten", "wrong-type"),
    ("Comparisons", "B", 3, "complience", "unknown-id"),
    ("Skills", "Overload price", 3, "0,12", "ambiguous-number"),
    ("Skills", "Rate", 4, -3, "negative-number"),
    ("Projects", "State", 3, "runing", "wrong-value"),
    ("Projects", "Decision", 4, "always", "wrong-value"),
    ("Projects", "Score: customer", 5, "high", "wrong-type"),
    ("Projects", "Score: resilience", 6, "1.234", "ambiguous-number"),
    ("Projects", "Probability", 7, 1.5, "not-a-share"),
    ("Projects", "Due", 8, "03/04/2028", "ambiguous-date"),
    ("Projects", "Max gap", 9, 1.5, "wrong-type"),
    ("Projects", "Benefit", 10, "40; x; 60", "wrong-type"),
    ("Projects", "Exit fund", 11, "capx", "unknown-id"),
    ("Projects", "Stoppable", 12, 7, "wrong-value"),
    ("Projects", "More (YAML)", 13, "{nonsense: 1}", "unknown-field"),
    ("Projects", "More (YAML)", 14, "{a: [", "file-syntax"),
    ("Phases", "Duration", 40, datetime.datetime(2027, 5, 1), "date-for-number"),
    ("Phases", "Duration", 42, None, "missing-field"),
    ("Phases", "Pin mode", 46, "quick", "unknown-id"),
    ("Phases", "Project", 97, "nobody", "unknown-id"),
    ("Needs", "Skill", 60, "develper", "unknown-id"),
    ("Needs", "FTE", 61, "#N/A", "formula-error"),
    ("Needs", "FTE", 62, "half", "wrong-type"),
    ("Needs", "Phase", 63, "nowhere", "unknown-id"),
    ("Needs", "Min proficiency", 65, 3, "not-a-share"),
    ("Costs", "Fund", 20, "oops", "unknown-id"),
    ("Costs", "Lump at", 22, "middle", "wrong-value"),
    ("People", "Skill: developer", 3, "yes", "wrong-type"),
    ("People", "FTE", 4, -1, "negative-number"),
    ("People", "Site", 5, "berlin", "unknown-id"),
    ("People", "Id", 8, "bruno", "duplicate-id"),
    ("Absences", "First", 2, 46000, "number-for-date"),
    ("Absences", "Person", 4, "nobody", "unknown-id"),
    ("Pools", "Profile", 2, "1,5; 2", "ambiguous-number"),
    ("Holidays", "Date", 12, "31.12.2027", "ambiguous-date"),
    ("Funds", "Carry over", 2, "some", "wrong-value"),
    ("Links", "Type", 8, "SFF", "wrong-value"),
    ("Groups", "Kind", 4, "excluding", "wrong-value"),
    ("Rules", "Type", 4, "sher", "wrong-value"),
    ("Objective", "Relative tolerance", 2, "=1/3", "formula-without-value"),
    ("Projects", "Reiks", 1, None, "unknown-column"),
)
"""Sheet, header, row, what is written there, and the rule that finds it."""


def planted() -> tuple[bytes, dict[str, str]]:
    """Return a workbook with the faults, and the rule that is to be found at each cell."""
    content = written(load_pack("digital"))
    changes: dict[str, object] = {}
    wanted: dict[str, str] = {}
    for title, header, row, value, rule in FAULTS:
        if rule == "unknown-column":
            cell = place(content, title, "Attribute: risk", row)
            changes[cell] = header
        elif title == "Settings":
            cell = f"Settings!B{row}"
            changes[cell] = value
        else:
            cell = place(content, title, header, row)
            changes[cell] = value
        assert cell not in wanted
        wanted[cell] = rule
    return edited(content, changes), wanted


def found(items: tuple[Located, ...]) -> dict[str, str]:
    """Return the rules by cell, of errors and of what the layout does not know."""
    wanted = [
        item
        for item in items
        if item.finding.severity is Severity.ERROR or item.finding.rule.startswith("unknown-")
    ]
    cells = Counter(item.where for item in wanted)
    assert max(cells.values()) == 1, cells.most_common(3)
    return {item.where: item.finding.rule for item in wanted}


def test_each_planted_fault_is_found_at_its_cell_and_nothing_else() -> None:
    """Forty faults and more give one finding each, at the right cell, and no consequence."""
    content, wanted = planted()
    assert len(wanted) >= 40
    reading = read(content)
    assert found(reading.located) == wanted
    assert reading.portfolio is None


def rules_at(content: bytes) -> dict[str, str]:
    """Return the rules that are found in a workbook, by cell, those about the plan left out."""
    return {
        item.where: item.finding.rule
        for item in read(content).located
        if item.finding.rule not in {"skill-unused", "fund-year-missing"}
    }


def test_a_sound_workbook_has_no_finding() -> None:
    """Nothing is found in a workbook that is as it was written."""
    assert rules_at(small_book()) == {}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"Projects!A3": "P1", "Phases!A3": "P1"}, {"Projects!A3": "duplicate-id"}),
        ({"Projects!A2": None, "Phases!A2": "P2"}, {"Projects!A2": "missing-field"}),
        (
            {"Phases!D2": "a/b", "Needs!C2": None, "Costs!C2": None},
            {"Phases!D2": "wrong-type"},
        ),
        ({"Settings!B5": None}, {"Settings!B5": "missing-field"}),
        ({"Settings!B5": 3}, {"Settings!B5": "number-for-date"}),
        ({"Settings!B5": "2027-02-30"}, {"Settings!B5": "wrong-type"}),
        (
            {"Settings!A5": "Begin"},
            {"Settings!A5": "unknown-setting", "Settings!A1": "missing-field"},
        ),
        ({"Settings!A17": "Start", "Settings!B17": 1}, {"Settings!B17": "row-repeated"}),
        ({"Phases!F1": "Length"}, {"Phases!F1": "unknown-column", "Phases!A1": "missing-column"}),
        ({"Phases!G1": "Duration"}, {"Phases!G1": "column-repeated"}),
        ({"Needs!A2": None}, {"Needs!A2": "missing-field"}),
        ({"Groups!A2": "excludes", "Groups!E2": "P1; P9"}, {"Groups!E2": "unknown-id"}),
        ({"Groups!E2": "P1; P2"}, {"Groups!A2": "missing-field"}),
        ({"_meta!B2": "7"}, {"_meta!B2": "workbook-version"}),
        ({"Projects!A2": 1.5}, {"Projects!A2": "wrong-type"}),
        ({"Projects!C2": '"no end'}, {}),
        ({"Projects!D2": 'a; "b'}, {"Projects!D2": "wrong-value"}),
        ({"Phases!K9": "x", "Phases!C9": " "}, {"Phases!K9": "unknown-column"}),
        ({"Links!A2": "P1"}, {"Links!B2": "missing-field", "Links!C2": "missing-field"}),
    ],
    ids=str,
)
def test_what_is_written_into_a_cell_is_judged_there(
    changes: dict[str, object], wanted: dict[str, str]
) -> None:
    """Each change of a sound workbook is found where it was made."""
    found_here = rules_at(edited(small_book(), changes))
    assert found_here == wanted


def test_phases_of_one_project_are_numbered_where_they_have_no_name() -> None:
    """Empty cells for phase, mode and id mean what they mean in a file."""
    changes = {"Phases!B3": None, "Phases!D3": None, "Needs!B2": None, "Needs!C2": None}
    reading = read(edited(small_book(), changes))
    assert reading.portfolio is not None
    first, second = reading.portfolio.projects
    assert first.phases[0].modes[0].needs[0].skill == "dev"
    assert second.phases[0].id == "phase-1"


def test_merged_cells_are_refused() -> None:
    """Merged cells are an error at their first cell: what the others say is lost."""
    content = small_book()
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["Phases"].merge_cells("A2:A3")
    stream = io.BytesIO()
    book.save(stream)
    found_here = rules_at(stream.getvalue())
    assert found_here == {"Phases!A2": "merged-cells", "Phases!A3": "missing-field"}


def test_far_cells_are_refused() -> None:
    """What stands far away from the table is an error, not silently left out."""
    assert rules_at(edited(small_book(), {"Phases!XFD1048576": 1})) == {
        "Phases!XFD1048576": "far-cell"
    }


def test_sheets_that_are_not_known_are_named() -> None:
    """A sheet of another name is a warning that says which one is meant; an empty one is none."""
    book = openpyxl.load_workbook(io.BytesIO(small_book()))
    book["Caps"].title = "Capps"
    book["Capps"]["A2"] = "x"
    book.create_sheet("Notes")["B2"] = "call Ann"
    book.create_sheet("Empty")
    stream = io.BytesIO()
    book.save(stream)
    items = [i for i in read(stream.getvalue()).located if i.finding.rule == "unknown-sheet"]
    assert {item.sheet: "Caps" in item.finding.fix for item in items} == {
        "Capps": True,
        "Notes": False,
    }


@pytest.mark.parametrize("days", [0, 1462])
def test_dates_are_read_by_the_epoch_of_the_workbook(days: int) -> None:
    """Numbers of days count from 1900, or from 1904 where the workbook says so."""
    content = small_book()
    expected = datetime.date(2027, 1, 1)
    if days:
        book = openpyxl.load_workbook(io.BytesIO(content))
        book.epoch = CALENDAR_MAC_1904
        stream = io.BytesIO()
        book.save(stream)
        content = stream.getvalue()
        serial = (expected - datetime.date(1904, 1, 1)).days
        assert f"<v>{serial}".encode() in part(content, "xl/worksheets/sheet2.xml")
    reading = read(content)
    assert reading.portfolio is not None
    assert reading.portfolio.calendar.start == expected


def test_titles_and_headers_are_known_in_any_case_and_with_other_units() -> None:
    """Case, spaces and units of headers do not matter, nor does the order of columns."""
    content = edited(
        small_book(),
        {"Phases!F1": "  DURATION  [weeks]", "Phases!A1": "project", "Settings!A5": "START"},
    )
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["Projects"].insert_rows(1)
    book["Projects"]["A1"] = "Our projects"
    stream = io.BytesIO()
    book.save(stream)
    content = stream.getvalue()
    titles = part(content, "xl/workbook.xml").replace(b'name="Phases"', b'name="PHASES"')
    reading = read(repacked(content, {"xl/workbook.xml": titles}))
    assert reading.portfolio == small()
    assert [item.sheet for item in reading.located] == ["Skills"]


def test_a_formula_without_value_is_refused_in_what_is_read_only() -> None:
    """Formulas count by the value that the file holds; computed columns are not read at all."""
    content = with_sheet_xml(small_book(), "Phases", b"<v>3</v>", b"<f>1+2</f><v>3</v>")
    assert rules_at(content) == {}
    content = with_sheet_xml(small_book(), "Phases", b"<v>3</v>", b"<f>1+2</f>")
    assert rules_at(content) == {"Phases!F2": "formula-without-value"}


def test_sheets_of_nearly_the_same_name_are_refused() -> None:
    """A second sheet whose title differs only in spaces or case is an error, not lost."""
    book = openpyxl.load_workbook(io.BytesIO(small_book()))
    book.copy_worksheet(book["Projects"]).title = "projects "
    stream = io.BytesIO()
    book.save(stream)
    assert rules_at(stream.getvalue())["projects !A1"] == "sheet-repeated"
    assert read(stream.getvalue()).portfolio is None


def test_columns_without_a_text_as_header_are_named() -> None:
    """A year as a number gets the header that it is meant to be; no header is a warning."""
    changes = {"Funds!Y1": 2031, "Funds!Y2": 5, "Projects!BB2": "aside", "Settings!D3": "aside"}
    content = edited(small_book(), changes)
    rules = rules_at(content)
    assert rules["Funds!Y1"] == "unknown-column"
    assert rules["Projects!BB2"] == "unknown-column"
    assert rules["Settings!D3"] == "unknown-setting"
    fixes = {item.where: item.finding.fix for item in read(content).located}
    assert fixes["Funds!Y1"] == "Did you mean 'FY: 2031'?"
