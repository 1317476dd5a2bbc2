"""The CSV folder: complete, described, safe in spreadsheets, all at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pmo_optimizer.formats.answers import Kind, plan_tables
from pmo_optimizer.formats.tables import FORMULA_STARTS, write_tables
from pmo_optimizer.model import InvalidInput
from tests.unit.formats.plan_cases import COMPARISON, plan, portfolio, without_decisions


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file by the names of its columns."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the export of the plan and a comparison."""
    write_tables(portfolio(), plan(), tmp_path / "out", comparison=COMPARISON)
    return tmp_path / "out"


def test_every_file_is_described(folder: Path) -> None:
    """The data package lists each file once, with exactly its columns in their order."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    described = {
        r["path"]: [f["name"] for f in r["schema"]["fields"]] for r in package["resources"]
    }
    assert set(described) == {path.name for path in folder.glob("*.csv")}
    for name, fields in described.items():
        with (folder / name).open(encoding="utf-8", newline="") as stream:
            assert next(csv.reader(stream)) == fields
    texts = [f["description"] for r in package["resources"] for f in r["schema"]["fields"]]
    assert all(texts)


def test_cells_are_what_their_column_says(folder: Path) -> None:
    """Numbers, days and flags can be read back by the types of the data package."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    read: dict[str, Callable[[str], object]] = {
        "integer": int,
        "number": float,
        "date": date.fromisoformat,
        "boolean": {"true": True, "false": False}.__getitem__,
        "string": str,
        "any": str,
    }
    seen = set()
    for resource in package["resources"]:
        for row in rows_of(folder / resource["path"]):
            for field in resource["schema"]["fields"]:
                if row[field["name"]]:
                    read[field["type"]](row[field["name"]])
                    seen.add(field["type"])
    assert seen == set(read)


def test_decisions_have_reasons_and_days(folder: Path) -> None:
    """A selected project has its days, the last one included; a rejected one has none."""
    rows = {row["project"]: row for row in rows_of(folder / "decisions.csv")}
    assert (rows["P1"]["first_day"], rows["P1"]["last_day"]) == ("2027-01-01", "2027-05-31")
    assert rows["P4"]["first_day"] == ""
    assert rows["P4"]["reason"] == "excluded by P1"
    assert float(rows["P1"]["cost"]) == 260


def test_staffing_adds_up_to_the_allocations(folder: Path) -> None:
    """The FTE of all rows are those of the plan."""
    total = sum(float(row["fte"]) for row in rows_of(folder / "staffing.csv"))
    expected = sum(float(x) for item in plan().allocations for x in item.shares)
    assert total == pytest.approx(expected)


def test_no_text_begins_like_a_formula(folder: Path) -> None:
    """Texts that begin with = + - @ have an apostrophe in front; negative numbers do not."""
    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    texts: list[str] = []
    numbers: list[str] = []
    for resource in described["resources"]:
        for row in rows_of(folder / resource["path"]):
            for field in resource["schema"]["fields"]:
                kind = texts if field["type"] == "string" else numbers
                kind.append(row[field["name"]])
    assert not [text for text in texts if text.startswith(FORMULA_STARTS)]
    assert {"'=cmd|' /C calc'!A0", "'@Build", "'-2+3", "'+Half the money", "'=Growth"} <= set(texts)
    assert "-0.5" in numbers


def test_a_byte_order_mark_is_there_if_wanted(tmp_path: Path) -> None:
    """With the option every CSV file begins with the mark, without it none does."""
    for bom in (True, False):
        target = tmp_path / str(bom)
        write_tables(portfolio(), plan(), target, bom=bom)
        begins = {path.read_bytes()[:3] == b"\xef\xbb\xbf" for path in target.glob("*.csv")}
        assert begins == {bom}
        package = json.loads((target / "datapackage.json").read_text(encoding="utf-8"))
        assert {r["encoding"] for r in package["resources"]} == {"utf-8-sig" if bom else "utf-8"}


def test_an_earlier_export_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """A folder with foreign files is refused and stays as it was."""
    target = tmp_path / "out"
    write_tables(portfolio(), plan(), target, comparison=COMPARISON)
    write_tables(portfolio(), plan(), target)
    assert not (target / "scenarios.csv").exists()
    (target / "thesis.odt").write_text("years of work")
    with pytest.raises(InvalidInput, match="something else"):
        write_tables(portfolio(), plan(), target)
    assert (target / "thesis.odt").read_text() == "years of work"


def test_nothing_is_written_where_an_input_is_wrong(tmp_path: Path) -> None:
    """A comparison that is none, and a plan of something else, leave no folder behind."""
    with pytest.raises(InvalidInput) as caught:
        write_tables(portfolio(), plan(), tmp_path / "out", comparison={"cases": [{"id": 1}]})
    assert {f.rule for f in caught.value.findings} == {"comparison-form"}
    foreign = plan(allocations=[{**plan().to_data()["allocations"][0], "supplier": "nobody"}])
    with pytest.raises(InvalidInput, match="nobody"):
        write_tables(portfolio(), foreign, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_answer_without_a_plan_can_be_written(tmp_path: Path) -> None:
    """The summary says that there is none; the other tables are empty."""
    write_tables(portfolio(), without_decisions(), tmp_path / "out")
    summary = {row["figure"]: row["value"] for row in rows_of(tmp_path / "out" / "summary.csv")}
    assert summary["status"] == "infeasible"
    assert summary["message"] == "no way"
    assert rows_of(tmp_path / "out" / "decisions.csv") == []


def test_titles_can_name_sheets() -> None:
    """Titles of tables are short and different, and no column stands twice in one."""
    tables = plan_tables(portfolio(), plan())
    assert len({table.title for table in tables}) == len(tables)
    assert all(len(table.title) <= 31 for table in tables)
    for table in tables:
        assert len({column.name for column in table.columns}) == len(table.columns)
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert all(isinstance(column.kind, Kind) for column in table.columns)


def test_other_data_packages_are_left_alone(tmp_path: Path) -> None:
    """A package of another name, and a CSV file that ours does not list, are refused."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "datapackage.json").write_text('{"name": "measurements", "resources": []}')
    own = tmp_path / "own"
    write_tables(portfolio(), plan(), own)
    write_tables(portfolio(), plan(), own)
    (own / "notes.csv").write_text("mine\n")
    for target in (other, own):
        with pytest.raises(InvalidInput, match="earlier export"):
            write_tables(portfolio(), plan(), target)
    assert (own / "notes.csv").read_text() == "mine\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "own"]


def test_the_folder_where_one_is_may_be_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that is only a point is the folder itself."""
    target = tmp_path / "here"
    target.mkdir()
    monkeypatch.chdir(target)
    assert "datapackage.json" in write_tables(portfolio(), plan(), ".")
    assert (target / "datapackage.json").is_file()


@pytest.mark.parametrize("cases", [[], ["base", "cut", "cut"]])
def test_a_comparison_has_cases_each_once(tmp_path: Path, cases: list[str]) -> None:
    """A comparison without cases, or with one twice, is refused."""
    data = {"cases": [{"id": name, "status": "feasible"} for name in cases]}
    with pytest.raises(InvalidInput, match="comparison"):
        write_tables(portfolio(), plan(), tmp_path / "out", comparison=data)
    assert not list(tmp_path.iterdir())
