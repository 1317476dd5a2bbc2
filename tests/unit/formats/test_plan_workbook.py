"""The workbook of a plan: sheets, totals by formula, texts that stay texts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pmo_optimizer.formats.plan_workbook import export_plan
from pmo_optimizer.formats.plan_workbook.sheets import Book
from pmo_optimizer.model import InvalidInput
from tests.unit.formats.plan_cases import COMPARISON, plan, portfolio, without_decisions


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the workbook of the plan, with a comparison."""
    path = tmp_path / "plan.xlsx"
    export_plan(portfolio(), plan(), path, comparison=COMPARISON)
    return path


def column(sheet: Any, header: str, row: int = 4) -> list[Any]:
    """Return the cells below a header."""
    number = next(cell.column for cell in sheet[row] if cell.value == header)
    return [sheet.cell(r, number).value for r in range(row + 1, sheet.max_row + 1)]


def test_the_sheets_are_there(file: Path) -> None:
    """Summary, decisions, roadmap, load, spend, staffing, people and scenarios, in this order."""
    assert load_workbook(file).sheetnames == [
        "Summary",
        "Decisions",
        "Roadmap",
        "Load",
        "Spend",
        "Staffing",
        "People",
        "Alignment",
        "Scenarios",
        "Scenario changes",
        "Scenario spend",
    ]


def test_texts_stay_texts(file: Path) -> None:
    """No cell that holds a text of the portfolio is a formula, whatever it begins with."""
    book = load_workbook(file)
    hostile = {"=cmd|' /C calc'!A0", "@Build", "-2+3", "+Half the money", "=Growth"}
    seen = {
        cell.value: cell.data_type
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value in hostile
    }
    assert seen.keys() == {"=cmd|' /C calc'!A0", "-2+3", "+Half the money", "=Growth"}
    assert set(seen.values()) == {"s"}


def test_totals_are_formulas_with_their_values(file: Path) -> None:
    """The total of costs is a formula over the column, and its stored value is the sum."""
    formulas, values = load_workbook(file), load_workbook(file, data_only=True)
    costs = [c for c in column(values["Decisions"], "Cost EUR") if c is not None]
    number = next(c.column for c in values["Decisions"][4] if c.value == "Cost EUR")
    assert str(formulas["Decisions"].cell(3, number).value).startswith("=SUBTOTAL(109,")
    assert values["Decisions"].cell(3, number).value == sum(costs) == 270
    summary = {row[0].value: row[1].value for row in values["Summary"].iter_rows(max_col=2)}
    assert summary["cost of selected"] == 270
    assert summary["spent from funds"] == 270
    assert (summary["status"], summary["gap"], summary["bound"]) == ("feasible", 0.2, 2)


def test_the_roadmap_draws_the_phases(file: Path) -> None:
    """A bar covers exactly the periods of its phase, and a milestone is one mark."""
    sheet = load_workbook(file, data_only=True)["Roadmap"]
    rows = {}
    for row in sheet.iter_rows(min_row=5, values_only=True):
        marks = [t for t, mark in enumerate(row[8:]) if mark]
        rows[row[0], row[2]] = ("".join(sorted({str(m) for m in row[8:] if m})), marks)
    assert rows["P1", "build"] == ("■", [2, 3, 4])
    assert rows["P1", "live"] == ("◆", [5])
    assert rows["P2", "c"] == ("■", [7, 8, 9, 10])
    assert rows["P3", None] == ("◆", [0])
    first = load_workbook(file)["Roadmap"]["I5"].value
    assert first.startswith("=IF(AND($E5<I$3+1")


def test_the_heat_map_is_load_over_capacity(file: Path) -> None:
    """Each cell divides load by capacity, and has a colour scale."""
    sheet = load_workbook(file, data_only=True)["Load"]
    row = next(r for r in sheet.iter_rows(min_row=5, values_only=True) if r[0] == "dev")
    assert row[2:7] == pytest.approx((0, 0, 1 / 1.8, 1 / 1.8, 0.5 / 1.8))
    kinds = {
        rule.type
        for name in ("Load", "Spend", "Decisions", "Roadmap", "People")
        for rules in load_workbook(file)[name].conditional_formatting
        for rule in rules.rules
    }
    assert {"colorScale", "dataBar", "expression", "cellIs"} <= kinds


def test_panes_are_frozen_and_tables_are_tables(file: Path) -> None:
    """Headers stay in view; the decisions are an Excel table over all rows."""
    book = load_workbook(file)
    assert all(book[name].freeze_panes for name in book.sheetnames if name != "Summary")
    (table,) = book["Decisions"].tables.values()
    assert table.ref == "A4:P13"


def test_staffing_rows_add_up(file: Path) -> None:
    """The FTE-periods of all rows are those of the plan."""
    sheet = load_workbook(file, data_only=True)["Staffing"]
    total = sum(column(sheet, "FTE-periods"))
    assert total == pytest.approx(sum(float(x) for a in plan().allocations for x in a.shares))
    assert sheet["G3"].value == pytest.approx(total)


def test_an_answer_without_a_plan_has_a_workbook(tmp_path: Path) -> None:
    """The summary says why there is none."""
    export_plan(portfolio(), without_decisions(), tmp_path / "none.xlsx")
    sheet = load_workbook(tmp_path / "none.xlsx")["Summary"]
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert {"infeasible", "no way"} <= set(cells)


def test_a_long_grid_fits_a_sheet(tmp_path: Path) -> None:
    """Several periods share a column where there are very many, and bars still cover them."""
    data = portfolio().to_data()
    data["calendar"] |= {"periods": 1000, "grain": "day"}
    long = portfolio().parse(data)
    export_plan(long, plan(), tmp_path / "long.xlsx")
    sheet = load_workbook(tmp_path / "long.xlsx", data_only=True)["Roadmap"]
    assert sheet.max_column == 8 + 334
    row = next(r for r in sheet.iter_rows(min_row=5, values_only=True) if r[2] == "build")
    assert [t for t, mark in enumerate(row[8:]) if mark] == [0, 1]


def test_nothing_is_left_behind_where_it_fails(tmp_path: Path) -> None:
    """A wrong comparison, and a folder that is not there, leave no file."""
    with pytest.raises(InvalidInput):
        export_plan(portfolio(), plan(), tmp_path / "plan.xlsx", comparison={"cases": 3})
    with pytest.raises(OSError, match="missing"):
        export_plan(portfolio(), plan(), tmp_path / "missing" / "plan.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_figures_that_are_no_numbers_are_written_as_texts(tmp_path: Path) -> None:
    """A plan file may hold infinities; the workbook says so."""
    odd = plan(objective=float("inf"))
    export_plan(portfolio(), odd, tmp_path / "odd.xlsx")
    sheet = load_workbook(tmp_path / "odd.xlsx")["Summary"]
    assert "inf" in {cell.value for row in sheet.iter_rows() for cell in row}


@pytest.mark.drill
@pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
def test_libreoffice_computes_the_same(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From formulas without values LibreOffice computes those that we store; formats are kept."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed: the workbook is not opened in it")
    written: Any = Book.formula

    def without_value(*arguments: Any) -> None:
        *rest, _, name = arguments
        written(*rest, "", name)

    monkeypatch.setattr(Book, "formula", without_value)
    bare = tmp_path / "bare.xlsx"
    export_plan(portfolio(), plan(), bare, comparison=COMPARISON)
    for kind, folder in (("xlsx:Calc MS Excel 2007 XML", "again"), ("pdf", "printed")):
        profile = f"-env:UserInstallation=file://{tmp_path}/profile"
        command = [office, "--headless", profile, "--convert-to", kind, "--outdir"]
        subprocess.run(
            [*command, str(tmp_path / folder), str(bare)],
            check=True,
            capture_output=True,
            timeout=300,
        )
    assert (tmp_path / "printed" / "bare.pdf").read_bytes().startswith(b"%PDF")
    stored = load_workbook(file, data_only=True)
    computed = load_workbook(tmp_path / "again" / "bare.xlsx", data_only=True)
    compared = 0
    for sheet in load_workbook(file):
        for cell in (c for row in sheet.iter_rows() for c in row if c.data_type == "f"):
            old = stored[sheet.title][cell.coordinate].value or ""
            new = computed[sheet.title][cell.coordinate].value or ""
            assert old == new or new == pytest.approx(old), (sheet.title, cell.coordinate)
            compared += 1
        kept = len(computed[sheet.title].conditional_formatting)
        assert kept >= len(sheet.conditional_formatting), sheet.title
    assert compared > 100
