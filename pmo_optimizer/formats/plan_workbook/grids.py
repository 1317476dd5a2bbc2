"""The sheets with a column for each period: roadmap, load, staffing and people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name

from pmo_optimizer.formats.answers import Cell, Table
from pmo_optimizer.formats.plan_workbook.sheets import (
    FIRST_ROW,
    HEADER_ROW,
    TOTAL_ROW,
    Book,
    finite,
    span,
)
from pmo_optimizer.model import Calendar

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

MOST_COLUMNS = 400
"""Longer grids have several periods in one column."""

MOST_FORMULAS = 60_000
"""Beyond so many cells the roadmap has characters instead of formulas."""

BAR, MILESTONE = "■", "◆"


@dataclass(frozen=True, slots=True)
class Grid:
    """Which periods stand in which columns of a sheet.

    Attributes
    ----------
    first
        The first column with periods.
    step
        Periods in each column, 1 unless the grid is very long.
    starts
        First period of each column.
    """

    calendar: Calendar
    first: int
    step: int
    starts: tuple[int, ...]

    @classmethod
    def of(cls, calendar: Calendar, first: int) -> Grid:
        """Return the columns for a calendar, beginning with column ``first``."""
        step = max(1, -(-calendar.periods // MOST_COLUMNS))
        return cls(calendar, first, step, tuple(range(0, calendar.periods, step)))

    @property
    def last(self) -> int:
        """The last column with periods."""
        return self.first + len(self.starts) - 1

    def column(self, period: int) -> int | None:
        """Return the column of a period, None outside the grid."""
        return self.first + period // self.step if 0 <= period < self.calendar.periods else None

    def header(self, book: Book, sheet: Worksheet) -> None:
        """Write name and number of the periods above their columns."""
        for number, period in enumerate(self.starts, self.first):
            book.text(sheet, HEADER_ROW, number, self.calendar.label(period), "period")
            book.number(sheet, TOTAL_ROW, number, period, "number_of_period")
        sheet.set_row(HEADER_ROW, 62)
        sheet.set_column(self.first, self.last, 5.5)
        book.text(sheet, TOTAL_ROW, 0, "Number of the period", "note")

    def words(self) -> str:
        """Return what a column is."""
        grain = self.calendar.grain.value
        return f"a column is a {grain}" if self.step == 1 else f"a column is {self.step} {grain}s"


def _heads(book: Book, sheet: Worksheet, heads: Sequence[tuple[str, int]]) -> None:
    for number, (title, width) in enumerate(heads):
        book.text(sheet, HEADER_ROW, number, title, "head")
        sheet.set_column(number, number, width)


def _freeze(sheet: Worksheet, grid: Grid, columns: int) -> None:
    sheet.freeze_panes(FIRST_ROW, columns)
    sheet.repeat_rows(HEADER_ROW)
    sheet.repeat_columns(0, min(columns, grid.first) - 1)


def roadmap_sheet(book: Book, calendar: Calendar, phases: Table, decisions: Table) -> None:
    """Write a Gantt chart in cells: a row per phase, bars by formula and conditional format.

    Who changes start or end of a row sees its bar move.
    """
    grid = Grid.of(calendar, 8)
    note = f"{BAR} work, {MILESTONE} milestone; {grid.words()}; bars follow start and end."
    sheet = book.sheet("Roadmap", note)
    heads = (
        ("Project", 14),
        ("Name", 28),
        ("Phase", 16),
        ("Mode", 12),
        ("Start period", 8),
        ("End period", 8),
        ("First day", 11),
        ("Last day", 11),
    )
    _heads(book, sheet, heads)
    grid.header(book, sheet)
    rows = _bars(phases, decisions)
    live = len(rows) * len(grid.starts) <= MOST_FORMULAS
    for line, row in enumerate(rows, FIRST_ROW):
        for number, cell in enumerate(row):
            book.cell(sheet, line, number, cell)
        _bar(book, sheet, grid, line, (int(finite(row[4])), int(finite(row[5]))), live=live)
    if rows:
        last = FIRST_ROW + len(rows) - 1
        for mark, name in ((BAR, "bar_on"), (MILESTONE, "milestone_on")):
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": f'"{mark}"',
                "format": book.format(name),
            }
            sheet.conditional_format(FIRST_ROW, grid.first, last, grid.last, rule)
    _freeze(sheet, grid, 2)


def _bars(phases: Table, decisions: Table) -> list[tuple[Cell, ...]]:
    """Return project, name, phase, mode, start, end and days of all that has dates."""
    names = {row[0]: row[decisions.index("name")] for row in decisions.rows}
    named = ("phase", "mode", "start", "end", "first_day", "last_day")
    rows = [
        (row[0], names.get(row[0]), *(row[phases.index(name)] for name in named))
        for row in phases.rows
    ]
    phased = {row[0] for row in rows}
    dated = ("start", "finish", "first_day", "last_day")
    rows += [
        (row[0], names.get(row[0]), None, None, *(row[decisions.index(name)] for name in dated))
        for row in decisions.rows
        if row[0] not in phased and row[decisions.index("start")] is not None
    ]
    return sorted(rows, key=lambda row: (finite(row[4]), str(row[0]), finite(row[5])))


def _bar(
    book: Book, sheet: Worksheet, grid: Grid, line: int, ends: tuple[int, int], *, live: bool
) -> None:
    start, end = ends
    for number, period in enumerate(grid.starts, grid.first):
        after = period + grid.step
        inside = start < after and end > period
        mark = BAR if inside else MILESTONE if start == end and period <= start < after else ""
        if live:
            t = f"{xl_col_to_name(number)}${TOTAL_ROW + 1}"
            s, e = f"$E{line + 1}", f"$F{line + 1}"
            formula = (
                f'=IF(AND({s}<{t}+{grid.step},{e}>{t}),"{BAR}",'
                f'IF(AND({s}={e},{t}<={s},{s}<{t}+{grid.step}),"{MILESTONE}",""))'
            )
            book.formula(sheet, line, number, formula, mark, "bar")
        elif mark:
            book.text(sheet, line, number, mark, "bar")


def load_sheet(book: Book, calendar: Calendar, table: Table) -> None:
    """Write use of capacity per skill and period as a heat map, with load and capacity below."""
    grid = Grid.of(calendar, 2)
    note = f"Load over capacity in each period; {grid.words()}; FTE of both are below."
    sheet = book.sheet("Load", note)
    _heads(book, sheet, (("Skill", 24), ("Whole horizon", 10)))
    grid.header(book, sheet)
    sheet.set_column(grid.first, grid.last, 6)
    skills = list(dict.fromkeys(str(row[0]) for row in table.rows))
    load, capacity = (_by_column(table, grid, name) for name in ("load", "capacity"))
    loads = FIRST_ROW + len(skills) + 2
    capacities = loads + len(skills) + 3
    for offset, skill in enumerate(skills):
        line = FIRST_ROW + offset
        book.text(sheet, line, 0, skill, "label")
        a, b = loads + offset + 1, capacities + offset + 1
        used, there = load.get(skill, {}), capacity.get(skill, {})
        x, y = sum(used.values()), sum(there.values())
        formula = f'=IF(B{b}>0,B{a}/B{b},"")'
        book.formula(sheet, line, 1, formula, x / y if y > 0 else "", "percent")
        for number in range(grid.first, grid.last + 1):
            name = xl_col_to_name(number)
            x, y = used.get(number, 0.0), there.get(number, 0.0)
            value = x / y if y > 0 else "over" if x > 0 else ""
            formula = f'=IF({name}{b}>0,{name}{a}/{name}{b},IF({name}{a}>0,"over",""))'
            book.formula(sheet, line, number, formula, value, "percent")
    if skills:
        _heat(book, sheet, grid, FIRST_ROW, FIRST_ROW + len(skills) - 1)
        _amounts(book, sheet, grid, loads, ("Load FTE", skills, load))
        _amounts(book, sheet, grid, capacities, ("Capacity FTE", skills, capacity))
    _freeze(sheet, grid, 2)


def _by_column(table: Table, grid: Grid, name: str) -> dict[str, dict[int, float]]:
    """Return the mean FTE per first cell and column of the sheet."""
    out: dict[str, dict[int, float]] = {}
    position, period = table.index(name), table.index("period")
    for row in table.rows:
        column = grid.column(int(finite(row[period])))
        if column is not None:
            cells = out.setdefault(str(row[0]), {})
            periods = min(grid.step, grid.calendar.periods - grid.starts[column - grid.first])
            cells[column] = cells.get(column, 0.0) + finite(row[position]) / periods
    return out


def _heat(book: Book, sheet: Worksheet, grid: Grid, first: int, last: int) -> None:
    """Colour shares from white over yellow at 90 % to red from 100 % on; above it is bold."""
    scale = {
        "type": "3_color_scale",
        "min_type": "num",
        "mid_type": "num",
        "max_type": "num",
        "min_value": 0,
        "mid_value": 0.9,
        "max_value": 1.1,
        "min_color": "#FFFFFF",
        "mid_color": "#FFE699",
        "max_color": "#F4B084",
    }
    sheet.conditional_format(first, grid.first - 1, last, grid.last, scale)
    cell = f"{xl_col_to_name(grid.first - 1)}{first + 1}"
    over = f'=OR({cell}="over",AND(ISNUMBER({cell}),{cell}>1.0005))'
    rule = {"type": "formula", "criteria": over, "format": book.format("bad")}
    sheet.conditional_format(first, grid.first - 1, last, grid.last, rule)


def _amounts(
    book: Book,
    sheet: Worksheet,
    grid: Grid,
    row: int,
    block: tuple[str, list[str], dict[str, dict[int, float]]],
) -> None:
    """Write FTE per skill and column, with the mean of the horizon as a formula."""
    title, skills, amounts = block
    book.text(sheet, row - 1, 0, title, "head")
    book.text(sheet, row - 1, 1, "Mean", "head")
    for line, skill in enumerate(skills, row):
        book.text(sheet, line, 0, skill, "label")
        cells = amounts.get(skill, {})
        first, last = xl_col_to_name(grid.first), xl_col_to_name(grid.last)
        mean = sum(cells.values()) / len(grid.starts)
        formula = f"=AVERAGE({first}{line + 1}:{last}{line + 1})"
        book.formula(sheet, line, 1, formula, mean, "number")
        for number in range(grid.first, grid.last + 1):
            book.number(sheet, line, number, cells.get(number, 0.0), "fte")


def staffing_sheet(book: Book, calendar: Calendar, table: Table) -> None:
    """Write who works on what: a row per supplier and need, FTE per period, totals by formula."""
    if not table.rows:
        return
    grid = Grid.of(calendar, 8)
    note = f"FTE per period (mean where a column has several); {grid.words()}."
    sheet = book.sheet("Staffing", note)
    heads = (
        ("Who", 22),
        ("Kind", 14),
        ("Project", 14),
        ("Phase", 14),
        ("Need", 14),
        ("Skill", 14),
        ("FTE-periods", 11),
        ("Cost", 11),
    )
    _heads(book, sheet, heads)
    grid.header(book, sheet)
    order = ("who", "kind", "project", "phase", "need", "skill")
    lines = _grouped(table, grid, lambda row: tuple(str(row[table.index(n)]) for n in order))
    costs: dict[tuple[str, ...], float] = {}
    for row in table.rows:
        key = tuple(str(row[table.index(name)]) for name in order)
        costs[key] = costs.get(key, 0.0) + finite(row[table.index("cost")])
    for line, (key, cells) in enumerate(sorted(lines.items()), FIRST_ROW):
        for number, text in enumerate(key):
            book.text(sheet, line, number, text)
        _line_total(book, sheet, grid, line, cells)
        if costs[key]:
            book.number(sheet, line, 7, costs[key])
        for number, fte in cells.items():
            book.number(sheet, line, number, fte, "fte")
    last = FIRST_ROW + len(lines) - 1
    total = sum(sum(cells.values()) for cells in lines.values()) * grid.step
    book.formula(sheet, TOTAL_ROW, 6, f"=SUBTOTAL(109,{span(6, FIRST_ROW, last)})", total, "total")
    sheet.autofilter(HEADER_ROW, 0, last, 7)
    _freeze(sheet, grid, 3)


def _grouped(
    table: Table, grid: Grid, key_of: Callable[[tuple[Cell, ...]], tuple[str, ...]]
) -> dict[tuple[str, ...], dict[int, float]]:
    lines: dict[tuple[str, ...], dict[int, float]] = {}
    for row in table.rows:
        cells = lines.setdefault(key_of(row), {})
        column = grid.column(int(finite(row[table.index("period")])))
        if column is not None:
            cells[column] = cells.get(column, 0.0) + finite(row[table.index("fte")]) / grid.step
    return lines


def _line_total(
    book: Book, sheet: Worksheet, grid: Grid, line: int, cells: dict[int, float]
) -> None:
    first, last = xl_col_to_name(grid.first), xl_col_to_name(grid.last)
    times = "" if grid.step == 1 else f"*{grid.step}"
    formula = f"=SUM({first}{line + 1}:{last}{line + 1}){times}"
    book.formula(sheet, line, 6, formula, sum(cells.values()) * grid.step, "number")


def people_sheet(book: Book, calendar: Calendar, table: Table) -> None:
    """Write how much of each person (or class of people) is used in each period."""
    if not table.rows:
        return
    grid = Grid.of(calendar, 4)
    note = f"Used part of what is there in each period; {grid.words()}; empty where nobody is."
    sheet = book.sheet("People", note)
    heads = (("Who", 26), ("Used FTE-periods", 11), ("Available", 11), ("Used", 9))
    _heads(book, sheet, heads)
    grid.header(book, sheet)
    used, there = (_by_column(table, grid, name) for name in ("used", "available"))
    for line, who in enumerate(sorted(there), FIRST_ROW):
        book.text(sheet, line, 0, who, "label")
        x, y = sum(used[who].values()), sum(there[who].values())
        book.number(sheet, line, 1, x * grid.step, "number")
        book.number(sheet, line, 2, y * grid.step, "number")
        formula = f'=IF(C{line + 1}>0,B{line + 1}/C{line + 1},"")'
        book.formula(sheet, line, 3, formula, x / y if y > 0 else "", "percent")
        for number, fte in there[who].items():
            if fte > 0:
                book.number(sheet, line, number, used[who].get(number, 0.0) / fte, "percent")
    _heat(book, sheet, grid, FIRST_ROW, FIRST_ROW + len(there) - 1)
    _freeze(sheet, grid, 1)
