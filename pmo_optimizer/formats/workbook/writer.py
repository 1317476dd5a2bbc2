"""Write a portfolio as a workbook: tables, drop-down lists, units, checks in colour."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from pmo_optimizer.formats.workbook import formulas, readme
from pmo_optimizer.formats.workbook.cells import Written, fits_float
from pmo_optimizer.formats.workbook.compact import written_number
from pmo_optimizer.formats.workbook.layout import (
    MORE,
    UNSAFE_BEGIN,
    Column,
    Kind,
    Parent,
    Sheet,
    with_units,
)
from pmo_optimizer.formats.workbook.rows import Row, Table, settings_of, tables_of
from pmo_optimizer.formats.workbook.sheets import (
    META_TITLE,
    README_TITLE,
    SCENARIOS,
    SETTINGS,
    SETTINGS_TITLE,
    SHEETS,
)
from pmo_optimizer.formats.workbook.sheets.scenarios import with_target
from pmo_optimizer.model import SCHEMA_VERSION, Finding, InvalidInput, Severity

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FORMAT = "pmo-optimizer portfolio"
LAYOUT_VERSION = "1"
"""Version of the sheets and columns."""

SPARE_ROWS = 500
"""Rows below the last one that have drop-down lists as well."""

LONGEST_TEXT = 32_767
"""Characters of a cell at most."""

LONGEST_LIST = 255
"""Characters of a drop-down list that is written out."""

FIRST_YEAR = 1901
"""Dates before this year are written as texts: workbooks do not agree on them."""

MORE_HELP = "Fields that have no column of their own, as in a portfolio file."

EXPLAINED, WRITTEN = 80, 50
"""Widths of the two columns of texts on the sheet README, in characters."""

LINE_HEIGHT, HEAD_LINES = 15, 3

WIDE = 18
"""Columns that fit on a page when printed."""

HEAD_COLOUR = "#DDEBF7"
TABLE_STYLE = "Table Style Light 9"
TEXT_KINDS = frozenset({Kind.TEXT, Kind.ID, Kind.TEXTS, Kind.NUMBERS, Kind.DATES, Kind.SCALARS})
"""Kinds whose columns are formatted as text, so that no program makes dates or numbers of it."""


@dataclass(frozen=True)
class Words:
    """What the units of a portfolio are called."""

    currency: str = "EUR"
    period: str = "month"

    def header(self, header: str, unit: str) -> str:
        """Return a header with its unit in brackets."""
        if unit in {"", header}:
            return header
        return f"{header} [{with_units(unit, self.currency, self.period)}]"


@dataclass
class _Styles:
    """Formats of cells."""

    head: Format
    text: Format
    date: Format
    wrap: Format
    bold: Format
    title: Format
    quoted: Format
    computed: Format
    figure: Format
    bad: Format
    missing: Format


@dataclass
class Place:
    """Where the rows of a sheet are, for formulas and drop-down lists."""

    title: str
    letters: Mapping[str, str]
    last: int
    """Number of the last row with content, as a workbook counts: 1 is that of the headers."""

    def column(self, header: str) -> str:
        """Return the reference to a column, spare rows included."""
        letter = self.letters[header]
        return f"{self.title}!${letter}$2:${letter}${self.last + SPARE_ROWS}"


@dataclass
class Book:
    """What is written: the tables, what they come to, and where each stands."""

    tables: tuple[Table, ...]
    words: Words
    sums: formulas.Sums
    places: dict[str, Place] = field(default_factory=dict)


def workbook_bytes(
    data: Mapping[str, Any],
    *,
    scenarios: Sequence[Mapping[str, Any]] = (),
    digest: str = "",
    version: str = "",
) -> bytes:
    """Return the workbook of a portfolio's plain data.

    Parameters
    ----------
    data
        As `Portfolio.to_data` gives it; empty for an empty workbook.
    scenarios
        Plain data of scenarios.
    digest, version
        Of the portfolio and of this package, noted in the hidden sheet.

    Raises
    ------
    InvalidInput
        A text is longer than a cell.
    """
    import xlsxwriter
    from xlsxwriter.utility import xl_col_to_name

    changed = [
        {k: v for k, v in scenario.items() if k not in {"schema_version", "changes"}}
        | _changes(scenario)
        for scenario in scenarios
    ]
    tables = (*tables_of(data), *tables_of({"scenarios": changed}, (SCENARIOS,)))
    calendar = data.get("calendar", {})
    words = Words(str(data.get("currency", "EUR"))[:20], str(calendar.get("grain", "month")))
    book = Book(tables, words, formulas.Sums.of(tables))
    for table in tables:
        headers = [header for header, _ in table.headers]
        headers += [MORE] if table.sheet.spill else []
        headers += [formula.header for formula in formulas.FORMULAS.get(table.sheet.title, ())]
        letters = {header: xl_col_to_name(n) for n, header in enumerate(headers)}
        last = max(len(table.rows), 1) + 1
        book.places[table.sheet.title] = Place(table.sheet.title, letters, last)
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(stream, options) as workbook:
        workbook.set_properties({"title": str(data.get("name", ""))[:200], "created": _EPOCH})
        writer = _Writer(workbook, book)
        writer.readme()
        writer.settings(data)
        for table in tables:
            writer.table(table)
        writer.meta(digest, version)
    return stream.getvalue()


_EPOCH = datetime(2000, 1, 1)


def _changes(scenario: Mapping[str, Any]) -> dict[str, Any]:
    changes = [with_target(change) for change in scenario.get("changes", ())]
    return {"changes": changes} if changes else {}


class _ExactDumper(yaml.SafeDumper):
    """Writes decimals with all their digits."""


def _represent(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = f"{value:f}"
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "." in text else f"{text}.0")


_ExactDumper.add_representer(Decimal, _represent)


class _Writer:
    """Fills the sheets of one workbook."""

    def __init__(self, workbook: Any, book: Book) -> None:  # noqa: ANN401 - an untyped library
        self.workbook = workbook
        self.book = book
        add = workbook.add_format
        top = {"valign": "top"}
        self.styles = _Styles(
            head=add(
                {"bold": True, "text_wrap": True, "bottom": 1, "bg_color": HEAD_COLOUR, **top}
            ),
            text=add({"num_format": "@"}),
            date=add({"num_format": "yyyy-mm-dd", "align": "left"}),
            wrap=add({"text_wrap": True, **top}),
            bold=add({"bold": True, **top}),
            title=add({"bold": True, "font_size": 14}),
            quoted=add({"num_format": "@", "quote_prefix": True}),
            computed=add({"font_color": "#595959", "italic": True}),
            figure=add({"font_color": "#595959", "italic": True, "align": "left", **top}),
            bad=add({"bg_color": "#FFC7CE", "font_color": "#9C0006"}),
            missing=add({"bg_color": "#FFEB9C"}),
        )

    # -- sheets ---------------------------------------------------------------------------------

    def readme(self) -> None:
        """Write what the workbook is, its figures, and what each column holds."""
        sheet = self._sheet(README_TITLE)
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 34)
        sheet.set_column(2, 2, 24)
        sheet.set_column(3, 3, EXPLAINED)
        sheet.set_column(4, 4, WRITTEN)
        row = 0
        for text in readme.LINES:
            sheet.write_string(row, 0, text, self.styles.title if row == 0 else None)
            row += 1
        row += 1
        sheet.write_row(row, 0, ["Figure", "", "Value", "What it is"], self.styles.head)
        for figure in formulas.figures(self.book):
            row += 1
            sheet.write_string(row, 0, figure.name)
            sheet.write_formula(row, 2, figure.formula, self.styles.figure, figure.value)
            sheet.write_string(row, 3, figure.help, self.styles.wrap)
            if figure.wrong:
                rule = {"type": "formula", "criteria": figure.wrong.format(cell=f"$C${row + 1}")}
                sheet.conditional_format(row, 2, row, 2, {**rule, "format": self.styles.bad})
        row += 2
        sheet.write_row(row, 0, readme.HEADINGS, self.styles.head)
        for line in readme.lines(SETTINGS, (*SHEETS, SCENARIOS), self.book.words.header):
            row += 1
            lines = max(1 + len(line[3]) // EXPLAINED, 1 + len(line[4]) // WRITTEN)
            sheet.set_row(row, LINE_HEIGHT * lines)
            for column, text in enumerate(line):
                style = self.styles.bold if column == 0 else self.styles.wrap
                sheet.write_string(row, column, text, style)
        self._printed(sheet)

    def settings(self, data: Mapping[str, Any]) -> None:
        """Write the fields of the portfolio itself, one a row."""
        sheet = self._sheet(SETTINGS_TITLE)
        cells, rest = settings_of(data)
        sheet.write_row(0, 0, ["Setting", "Value", "What it is"], self.styles.head)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 40)
        sheet.set_column(2, 2, 80)
        sheet.freeze_panes(1, 1)
        row = 0
        for row, setting in enumerate(SETTINGS, start=1):
            column = setting.column
            sheet.write_string(
                row, 0, self.book.words.header(column.header, column.unit), self.styles.bold
            )
            self._cell(sheet, row, 1, column, cells.get(column.header))
            sheet.write_string(row, 2, column.help, self.styles.wrap)
            self._validate(sheet, (row, 1, row, 1), column)
            if setting.required:
                rule = {"type": "blanks", "format": self.styles.missing}
                sheet.conditional_format(row, 1, row, 1, rule)
        sheet.write_string(row + 1, 0, MORE, self.styles.bold)
        self._write_more(sheet, row + 1, 1, rest, SETTINGS_TITLE)
        sheet.write_string(row + 1, 2, MORE_HELP, self.styles.wrap)
        self._printed(sheet)

    def table(self, table: Table) -> None:
        """Write a sheet of rows."""
        spec, place = table.sheet, self.book.places[table.sheet.title]
        sheet = self._sheet(spec.title)
        computed = formulas.FORMULAS.get(spec.title, ())
        heads: list[tuple[str, str, int, Column | Parent | None]] = [
            (header, self._header(header, part), getattr(part, "width", 16), part)
            for header, part in table.headers
        ]
        if spec.spill:
            heads.append((MORE, MORE, 24, None))
        heads += [(f.header, self.book.words.header(f.header, f.unit), 16, None) for f in computed]
        for number, (header, text, width, part) in enumerate(heads):
            style = self.styles.text if _is_text(part) else None
            longest = max(len(word) for word in text.split())
            sheet.set_column(number, number, max(width, longest + 3), style)
            self._explain(sheet, number, spec, header, part)
        names = [{"header": text, "header_format": self.styles.head} for _, text, _, _ in heads]
        options = {"name": f"{spec.title}Table", "columns": names, "style": TABLE_STYLE}
        sheet.add_table(0, 0, place.last - 1, len(heads) - 1, options)
        for number, row in enumerate(table.rows, start=1):
            self._row(sheet, number, heads, row, spec)
            for formula in computed:
                letter = list(place.letters).index(formula.header)
                text, value = formula.make(self.book, row, number + 1)
                sheet.write_formula(number, letter, text, self.styles.computed, value)
        for number, (header, _, _, part) in enumerate(heads):
            area = (1, number, place.last - 1 + SPARE_ROWS, number)
            self._validate_part(sheet, area, spec, header, part)
            self._colour(sheet, area, place, part, len(heads))
        sheet.set_row(0, HEAD_LINES * LINE_HEIGHT)
        sheet.freeze_panes(1, max(1, len(spec.parents)))
        self._printed(sheet, pages=1 + len(heads) // WIDE)

    def meta(self, digest: str, version: str) -> None:
        """Write the versions into the hidden sheet."""
        sheet = self.workbook.add_worksheet(META_TITLE)
        rows = {
            "format": FORMAT,
            "layout_version": LAYOUT_VERSION,
            "schema_version": SCHEMA_VERSION,
            "written_by": version,
            "digest": digest,
        }
        for number, (name, value) in enumerate(rows.items()):
            sheet.write_string(number, 0, name)
            sheet.write_string(number, 1, value)
        sheet.very_hidden()

    # -- parts ----------------------------------------------------------------------------------

    def _sheet(self, title: str) -> Worksheet:
        sheet: Worksheet = self.workbook.add_worksheet(title)
        return sheet

    @staticmethod
    def _printed(sheet: Worksheet, pages: int = 1) -> None:
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(pages, 0)
        sheet.repeat_rows(0)

    def _header(self, header: str, part: Column | Parent | None) -> str:
        return self.book.words.header(header, part.unit if part else "")

    def _row(
        self,
        sheet: Worksheet,
        number: int,
        heads: Iterable[tuple[str, str, int, Column | Parent | None]],
        row: Row,
        spec: Sheet,
    ) -> None:
        for column, (header, _, _, part) in enumerate(heads):
            if header == MORE:
                self._write_more(sheet, number, column, row.more, spec.title)
            elif header in row.cells:
                kind = part if isinstance(part, Column) else None
                self._cell(sheet, number, column, kind, row.cells[header])

    def _cell(
        self, sheet: Worksheet, row: int, column: int, spec: Column | None, value: Written | None
    ) -> None:
        if value is None:
            if spec is not None and spec.kind is Kind.DATE:
                sheet.write_blank(row, column, None, self.styles.date)
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, date) and value.year >= FIRST_YEAR:
            sheet.write_datetime(
                row, column, datetime(value.year, value.month, value.day), self.styles.date
            )
        elif isinstance(value, date):
            sheet.write_string(row, column, value.isoformat(), self.styles.text)
        elif isinstance(value, Decimal | int) and fits_float(Decimal(value)):
            sheet.write_number(row, column, float(value))
        elif isinstance(value, Decimal | int):
            sheet.write_string(row, column, written_number(Decimal(value)), self.styles.text)
        else:
            self._text(sheet, row, column, value)

    def _text(self, sheet: Worksheet, row: int, column: int, text: str) -> None:
        if len(text) > LONGEST_TEXT:
            finding = Finding(
                Severity.ERROR,
                "text-too-long",
                f"{sheet.get_name()}!row {row + 1}",
                f"A cell holds at most {LONGEST_TEXT:,} characters; this text has {len(text):,}.",
                "Shorten it, or keep the portfolio as YAML or JSON.",
            )
            raise InvalidInput((finding,))
        style = self.styles.quoted if text.startswith(UNSAFE_BEGIN) else self.styles.text
        sheet.write_string(row, column, text, style)

    def _write_more(
        self, sheet: Worksheet, row: int, column: int, more: Mapping[str, Any], title: str
    ) -> None:
        if more:
            text = yaml.dump(
                dict(more),
                Dumper=_ExactDumper,
                sort_keys=False,
                default_flow_style=True,
                width=10**6,
                allow_unicode=False,
            )
            self._text(sheet, row, column, text.strip())

    def _explain(
        self, sheet: Worksheet, number: int, spec: Sheet, header: str, part: Column | Parent | None
    ) -> None:
        """Show what a column holds when its header is chosen."""
        text = part.help if part is not None else MORE_HELP
        if header == spec.kind_header:
            text = spec.kind_help
        for formula in formulas.FORMULAS.get(spec.title, ()):
            text = formula.help if formula.header == header else text
        rule = {"validate": "any", "input_title": header[:32], "input_message": text[:255]}
        sheet.data_validation(0, number, 0, number, rule)

    def _validate_part(
        self,
        sheet: Worksheet,
        area: tuple[int, int, int, int],
        spec: Sheet,
        header: str,
        part: Column | Parent | None,
    ) -> None:
        if spec.kind_header and header == spec.kind_header:
            kinds = [route.kind for route in spec.routes]
            sheet.data_validation(*area, {"validate": "list", "source": kinds})
        elif isinstance(part, Column):
            self._validate(sheet, area, part)
        elif isinstance(part, Parent) and part.sheet != spec.title:
            self._refer(sheet, area, part.sheet, part.header if part.sheet == "Phases" else "Id")
        elif isinstance(part, Parent) and part.header == "Project":
            self._refer(sheet, area, "Projects", "Id")

    def _refer(
        self, sheet: Worksheet, area: tuple[int, int, int, int], title: str, header: str
    ) -> None:
        place = self.book.places[title]
        rule = {
            "validate": "list",
            "source": f"={place.column(header)}",
            "error_type": "warning",
            "error_title": "Not known yet",
            "error_message": f"There is no such row on the sheet {title}.",
        }
        sheet.data_validation(*area, rule)

    def _validate(self, sheet: Worksheet, area: tuple[int, int, int, int], column: Column) -> None:
        """Give cells a drop-down list, or limits, by what the column holds."""
        if column.kind is Kind.CHOICE and len(",".join(column.options)) <= LONGEST_LIST:
            rule = {"validate": "list", "source": list(column.options)}
            sheet.data_validation(*area, {**rule, "error_message": "Choose from the list."})
        elif column.kind is Kind.WORD_OR_NUMBER:
            rule = {"validate": "list", "source": list(column.options)}
            sheet.data_validation(*area, {**rule, "error_type": "information"})
        elif column.kind is Kind.YES_NO:
            sheet.data_validation(*area, {"validate": "list", "source": ["yes", "no"]})
        elif column.kind is Kind.ID and column.refers:
            self._refer(sheet, area, column.refers, "Id")

    def _colour(
        self,
        sheet: Worksheet,
        area: tuple[int, int, int, int],
        place: Place,
        part: Column | Parent | None,
        width: int,
    ) -> None:
        """Colour what is missing, stands twice, or is not known."""
        from xlsxwriter.utility import xl_col_to_name

        if part is None:
            return
        letter, last = xl_col_to_name(area[1]), xl_col_to_name(width - 1)
        required = part.required if isinstance(part, Column) else not part.alone
        if required and not (
            isinstance(part, Parent) and part.header in {"Site", "Within project"}
        ):
            criteria = f'=AND(${letter}2="",COUNTA($A2:${last}2)>0)'
            rule = {"type": "formula", "criteria": criteria, "format": self.styles.missing}
            sheet.conditional_format(*area, rule)
        if isinstance(part, Column) and part.header == "Id" and part.required:
            sheet.conditional_format(*area, {"type": "duplicate", "format": self.styles.bad})
        known = self._known(place, part)
        if known:
            criteria = f'=AND(${letter}2<>"",COUNTIF({known},${letter}2)=0)'
            rule = {"type": "formula", "criteria": criteria, "format": self.styles.bad}
            sheet.conditional_format(*area, rule)

    def _known(self, place: Place, part: Column | Parent) -> str:
        """Return the reference to the ids that a column may hold."""
        if isinstance(part, Column):
            refers = part.refers if part.kind is Kind.ID else ""
            return self.book.places[refers].column("Id") if refers else ""
        if part.sheet == place.title:
            return self.book.places["Projects"].column("Id") if part.header == "Project" else ""
        return self.book.places[part.sheet].column(part.header if part.sheet == "Phases" else "Id")


def _is_text(part: Column | Parent | None) -> bool:
    return isinstance(part, Parent) or (isinstance(part, Column) and part.kind in TEXT_KINDS)
