"""A portfolio that is written as a workbook and read again is equal, in every field."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pmo_optimizer import InvalidInput, Portfolio
from pmo_optimizer.formats.workbook import compact, read, template, written
from pmo_optimizer.formats.workbook.cells import fits_float
from pmo_optimizer.formats.workbook.layout import Sheet
from pmo_optimizer.formats.workbook.rows import children_of
from pmo_optimizer.formats.workbook.sheets import SCENARIOS, SETTINGS, SHEETS
from pmo_optimizer.formats.workbook.sheets.scenarios import TARGETS
from pmo_scenarios import Scenario, load_pack
from pmo_scenarios.changes import Change
from tests.brute.draw_names import random_staffing
from tests.brute.random_portfolio import random_portfolio
from tests.unit.checks_full import FULL
from tests.unit.formats.books import SMALL, small


def again(portfolio: Portfolio) -> Portfolio:
    """Return a portfolio written and read; its workbook must have no error of form."""
    reading = read(written(portfolio))
    assert reading.portfolio is not None, reading.findings
    return reading.portfolio


def same(portfolio: Portfolio) -> None:
    """Say that a portfolio comes back equal, with the same digest."""
    found = again(portfolio)
    assert found == portfolio
    assert found.digest() == portfolio.digest()


@pytest.mark.parametrize("name", ["digital", "boston"])
def test_sample_portfolios_come_back(name: str) -> None:
    """Each sample portfolio is equal after writing and reading, and written the same again."""
    portfolio = load_pack(name)
    same(portfolio)
    assert written(again(portfolio)) == written(portfolio)


@pytest.mark.parametrize("seed", range(12))
def test_portfolios_with_every_feature_come_back(seed: int) -> None:
    """Small portfolios in which anything may occur are equal after writing and reading."""
    same(random_portfolio(seed))
    same(random_staffing(seed)[0])


def test_a_portfolio_with_every_field_comes_back() -> None:
    """Every field of the vocabulary with a value of its own survives."""
    same(Portfolio.parse(FULL))


def models_of(kind: object) -> Iterator[type[BaseModel]]:
    """Yield the models within an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from models_of(part)


def fields_without_column(sheet: Sheet, model: type[BaseModel], lists: list[str]) -> set[str]:
    """Return the fields of a model that have neither a column nor a sheet."""
    columns = {column.steps[0] for column in sheet.columns}
    known = columns | set(children_of(lists, SHEETS))
    names = {info.alias or name for name, info in model.model_fields.items()}
    return names - known


def test_every_field_has_a_column_a_sheet_or_is_known_to_go_to_yaml() -> None:
    """A field that is added to the vocabulary and forgotten in the workbook is noticed."""
    missing: set[str] = set()
    for sheet in SHEETS:
        for route in sheet.routes:
            path = [parent.field for parent in route.parents] + [route.field]
            kinds: list[type[BaseModel]] = [Portfolio]
            for step in "/".join(path).split("/"):
                kinds = [inner for kind in kinds for inner in models_of(field_of(kind, step))]
            for kind in () if sheet.scalar else kinds:
                fields = fields_without_column(sheet, kind, path)
                missing |= {f"{route.field}/{name}" for name in fields}
    assert missing == {"synergies/savings"}
    top = {setting.column.steps[0] for setting in SETTINGS} | {
        part.partition("/")[0] for part in children_of((), SHEETS)
    }
    assert set(Portfolio.model_fields) - top == {"schema_version"}


def field_of(model: type[BaseModel], name: str) -> object:
    """Return what a model says of a field, by its name in files."""
    for own, info in model.model_fields.items():
        if name in {own, info.alias}:
            return info.annotation
    return None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": '"quoted"'},
        {"name": "  spaces  "},
        {"name": "_x0041_ and \u0001\ufffe", "description": "line\nline\r\nline\ttab"},
        {"name": "[]"},
        {"name": "=1+1", "description": "#N/A"},
        {"currency": ""},
        {"value_rate": "0.123456789012345"},
        {"money_rate": "12345678901.123456789"},
        {"calendar": {"start": "1850-03-01", "periods": 3, "working_days": []}},
        {"calendar": {"start": "9999-12-31", "periods": 1, "grain": "day"}},
        {"objective": {"terms": []}},
        {"criteria": [{"id": "007", "weight": 1}, {"id": "1.10", "weight": "1e-7"}]},
        {"pools": [{"id": "p", "skill": "s", "profile": []}, {"id": "q", "skill": "s"}]},
        {"pools": [{"id": "p", "skill": "s", "profile": ["1.234", "0.125", "-1.5"] * 2}]},
        {"funds": [{"id": "f", "amounts": {"years": {}}}, {"id": "g", "amounts": {}}]},
        {"people": [{"id": "a", "skills": {}, "holidays": ["2027-01-04", "2027-01-05"]}]},
        {
            "projects": [
                {
                    "id": "P",
                    "tags": ["a; b", "", " c", "d=e", '"f"', "\n"],
                    "attributes": {
                        "risk": 3,
                        "Risk": "3",
                        "yes": True,
                        "text": "TRUE",
                        "": "x",
                        "a: b": "1,5",
                        "exact": "0.12345678901234567",
                        "date": "2027-01-01",
                        "long": Decimal("1234567890.12345678"),
                    },
                    "max_gap": None,
                    "phases": [
                        {"modes": [], "pin": {}},
                        {"id": "", "duration": 0},
                        {"modes": [{"duration": 1}, {"duration": 2, "name": "slow"}]},
                    ],
                    "links": [{"from": "phase-1", "to": "phase-2", "min_lag": None}],
                    "benefit": {"profile": []},
                }
            ]
        },
        {"links": [{"from": "a", "to": "b"}, {"from": "a", "to": "b"}]},
        {"caps": [{"amounts": {"total": 1}, "where": {"tag": "x", "attribute": {"a=b": "c;d"}}}]},
        {"synergies": [{"projects": [], "savings": [{"fund": "f", "period": 3, "amount": 1}]}]},
        {
            "rules": [
                {"type": "share", "measure": "cost", "where": {}, "sense": "at_most", "share": 1}
            ]
        },
        {"baseline": [{"project": "P", "selected": False}, {"project": "Q"}]},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_odd_values_come_back(changes: dict[str, Any]) -> None:
    """What is rare, empty, exact or looks like something else is equal after reading."""
    same(Portfolio.parse({**SMALL, **changes}))


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=6, max_value=10**9)


@given(st.lists(TEXTS, max_size=5))
def test_lists_of_texts_come_back(texts: list[str]) -> None:
    """Any list of texts in a cell is read as it was written."""
    assert compact.read_texts(compact.written_texts(texts)) == texts


@given(TEXTS)
def test_texts_come_back(text: str) -> None:
    """Any text in a cell is read as it was written."""
    assert compact.read_text(compact.written_text(text)) == text


@given(st.lists(NUMBERS, max_size=8))
def test_lists_of_numbers_come_back(numbers: list[Decimal]) -> None:
    """Any list of numbers in a cell is read as it was written."""
    assert compact.read_numbers(compact.written_numbers(numbers)) == numbers


@given(st.dictionaries(TEXTS, st.one_of(TEXTS, NUMBERS, st.booleans()), max_size=4))
def test_names_with_values_come_back(values: dict[str, bool | Decimal | str]) -> None:
    """Any mapping in a cell is read as it was written, types included."""
    found = compact.read_scalars(compact.written_scalars(values))
    assert found == values
    assert {k: type(v) for k, v in found.items()} == {k: type(v) for k, v in values.items()}


@settings(max_examples=30, deadline=None)
@example(Decimal("99999999999999999.999999999999999"))
@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=15, max_value=10**17, min_value=-(10**17)
    )
)
def test_numbers_are_exact(number: Decimal) -> None:
    """A number that a workbook's own numbers do not hold is written as its digits."""
    same(Portfolio.parse({**SMALL, "value_rate": number}))
    assert not fits_float(number) or Decimal(repr(float(number))) == number


def test_a_text_that_no_cell_holds_is_refused() -> None:
    """A text of more characters than a cell takes is an error, not cut."""
    with pytest.raises(InvalidInput) as caught:
        written(Portfolio.parse({**SMALL, "description": "x" * 40_000}))
    assert [finding.rule for finding in caught.value.findings] == ["text-too-long"]


def test_scenarios_come_back() -> None:
    """Scenarios beside the portfolio are read as they were written."""
    scenarios = [
        Scenario.parse(
            {
                "id": "cut",
                "name": "Less",
                "changes": [
                    {"change": "budget", "fund": "capex", "year": 2027, "percent": -25},
                    {"change": "decide", "projects": ["P1", "P2"], "decision": "must"},
                    {"change": "capacity", "skill": "dev", "fte": "0.5", "first": "2027-03-01"},
                    {"change": "add-people", "people": [{"id": "cy", "skills": {"dev": 1}}]},
                    {"change": "weights", "weights": {"x": 0.5}},
                    {"change": "work", "targets": ["P1/build"], "duration": 40},
                    {"change": "freeze", "until": 3, "closed": True},
                    {"change": "remove-people", "people": ["ann"], "heads": 1},
                ],
            }
        ),
        Scenario.parse({"id": "empty", "description": "Nothing"}),
    ]
    reading = read(written(small(), scenarios=[scenario.to_data() for scenario in scenarios]))
    assert reading.portfolio == small()
    assert [Scenario.parse(data) for data in reading.scenarios] == scenarios


def test_every_kind_of_change_can_be_chosen() -> None:
    """The drop-down list of changes has each that a scenario can make."""
    kinds = {model.model_fields["change"].default for model in get_args(get_args(Change)[0])}
    assert kinds == set(TARGETS)
    fields = {
        info.alias or name
        for model in get_args(get_args(Change)[0])
        for name, info in model.model_fields.items()
    }
    assert {column.field for column in SCENARIOS.columns} - {
        "name",
        "description",
        "target",
    } <= fields


def test_the_template_has_every_sheet_and_asks_for_the_calendar(tmp_path: Any) -> None:
    """An empty workbook has tables, lists and frozen panes; only start and periods are missing."""
    path = tmp_path / "empty.xlsx"
    template(path)
    assert [item.where for item in read(path).located if item.finding.severity == "error"] == [
        "Settings!B6",
        "Settings!B5",
    ]
    book = openpyxl.load_workbook(path)
    titles = ["README", "Settings", *(sheet.title for sheet in (*SHEETS, SCENARIOS)), "_meta"]
    assert book.sheetnames == titles
    assert book["_meta"].sheet_state == "veryHidden"
    for sheet in (*SHEETS, SCENARIOS):
        own = book[sheet.title]
        assert list(own.tables) == [f"{sheet.title}Table"]
        assert own.freeze_panes is not None
        assert own.data_validations.dataValidation


def test_readme_names_every_column() -> None:
    """The sheet README explains each sheet and column."""
    content = written(small())
    book = openpyxl.load_workbook(io.BytesIO(content))
    named = {cell.value for row in book["README"].iter_rows(max_col=2) for cell in row}
    for sheet in (*SHEETS, SCENARIOS):
        headers = {c.header + (": ..." if c.family else "") for c in sheet.columns}
        assert {sheet.title, *headers} <= named


def test_no_part_of_a_workbook_refers_to_another_host() -> None:
    """No formula, link or relation of a workbook leads out of it."""
    with zipfile.ZipFile(io.BytesIO(written(load_pack("digital")))) as archive:
        for name in archive.namelist():
            assert b"TargetMode=" not in archive.read(name)


def test_keys_with_two_spaces_come_back() -> None:
    """Two spaces in a row, which a header would lose, stay in the name of an attribute."""
    data = copy.deepcopy(SMALL)
    data["projects"][0]["attributes"] = {"a  b": 1, "a b": 2}
    portfolio = Portfolio.parse(data)
    assert read(written(portfolio)).portfolio == portfolio
