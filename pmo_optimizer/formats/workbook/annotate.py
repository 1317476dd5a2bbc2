"""A copy of a workbook with a comment at each cell that something is wrong with."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmo_optimizer.formats.workbook.container import LIMITS, Limits, broken, inspect
from pmo_optimizer.formats.workbook.grids import BROKEN
from pmo_optimizer.formats.workbook.reader import content_of
from pmo_optimizer.formats.workbook.reading import Located
from pmo_optimizer.formats.workbook.sheets import FINDINGS_TITLE
from pmo_optimizer.model import Severity
from pmo_optimizer.model.files import write_bytes

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

AUTHOR = "pmo-optimizer"
COLOURS = {Severity.ERROR: "FFFFC7CE", Severity.WARNING: "FFFFEB9C"}
HEADINGS = ("Severity", "Cell", "What is wrong", "What to do about it", "Rule", "Path")
WIDTHS = (10, 18, 70, 60, 24, 40)
LONGEST_COMMENT = 2000
KEPT = "-- Comment that was here before"
"""Line above somebody else's comment, which comes back in the next copy."""

MARGIN, LINE_HEIGHT, LINE_LENGTH = 30, 18, 45


def annotate(
    source: bytes | str | Path,
    located: Sequence[Located],
    path: str | Path,
    *,
    limits: Limits = LIMITS,
) -> None:
    """Write a copy of a workbook with findings as comments, and a sheet that lists them.

    Parameters
    ----------
    source
        The workbook, or its path.
    located
        As `read` gives them.
    path
        The copy; written all at once or not at all.

    Raises
    ------
    InvalidInput
        The workbook cannot be read.
    """
    write_bytes(Path(path), annotated(source, located, limits=limits))


def annotated(
    source: bytes | str | Path, located: Sequence[Located], *, limits: Limits = LIMITS
) -> bytes:
    """Return the copy that `annotate` writes."""
    content = content_of(source, limits)
    inspect(content, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that openpyxl does not keep
            return _annotated(content, located)
    except RecursionError as error:
        raise broken("it is nested too deeply") from error
    except BROKEN as error:
        raise broken(f"{type(error).__name__}: {str(error).strip()[:100]}") from error


def _annotated(content: bytes, located: Sequence[Located]) -> bytes:
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(content), keep_links=False)
    if FINDINGS_TITLE in workbook.sheetnames:
        workbook.remove(workbook[FINDINGS_TITLE])
    for sheet in workbook.worksheets:
        _forget(sheet)
    cells: dict[tuple[str, str], list[Located]] = {}
    for item in located:
        if item.sheet in workbook.sheetnames:
            place = _written(workbook[item.sheet], item.cell)
            cells.setdefault((item.sheet, place), []).append(item)
    for (title, cell), items in cells.items():
        _comment(workbook[title][cell], items)
    _list(workbook, located)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _forget(sheet: Worksheet) -> None:
    """Remove the comments and colours of an earlier copy, and bring back what was there before."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    for row in sheet.iter_rows():
        for cell in row:
            if cell.comment is None or cell.comment.author != AUTHOR:
                continue
            _, kept, rest = cell.comment.text.partition(f"\n{KEPT}")
            who, _, text = rest.removeprefix(", by ").partition(":\n")
            cell.comment = Comment(text, who or "unknown") if kept else None
            if cell.fill.start_color.rgb in COLOURS.values():
                cell.fill = PatternFill()


def _written(sheet: Worksheet, place: str) -> str:
    """Return the cell that can have a comment: of a merged range it is the first one."""
    from openpyxl.worksheet.cell_range import CellRange

    for area in sheet.merged_cells.ranges:
        if CellRange(place).issubset(CellRange(area.coord)):
            return str(area.coord.partition(":")[0])
    return place


def _comment(cell: Any, items: Iterable[Located]) -> None:  # noqa: ANN401 - cells of many kinds
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    found = [item.finding for item in items]
    texts = [f"{f.severity}: {f.message}\nFix: {f.fix}" for f in found]
    text = "\n\n".join(texts)[:LONGEST_COMMENT]
    if cell.comment is not None:
        text += f"\n\n{KEPT}, by {cell.comment.author or 'unknown'}:\n{cell.comment.text}"
    lines = sum(1 + len(line) // LINE_LENGTH for line in text.splitlines())
    cell.comment = Comment(text, AUTHOR, height=MARGIN + LINE_HEIGHT * lines, width=340)
    worst = min((f.severity for f in found), key=lambda s: s is not Severity.ERROR)
    cell.fill = PatternFill("solid", start_color=COLOURS[worst])


def _list(workbook: Workbook, located: Sequence[Located]) -> None:
    """Add a sheet with every finding, each with a link to its cell."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.hyperlink import Hyperlink

    sheet = workbook.create_sheet(FINDINGS_TITLE, 0)
    sheet.append(HEADINGS)
    for number, item in enumerate(located, start=2):
        f = item.finding
        row = (str(f.severity), item.where, f.message, f.fix, f.rule, f.path)
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            # What was found is quoted in messages: it stays a text, whatever it begins with.
            cell.value, cell.data_type = _plain(text), "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(number, 1).fill = PatternFill("solid", start_color=COLOURS[f.severity])
        if item.sheet in workbook.sheetnames:
            link = sheet.cell(number, 2)
            quoted = item.sheet.replace("'", "''")
            place = f"'{quoted}'!{item.cell}"
            link.hyperlink = Hyperlink(ref=link.coordinate, location=place)
            link.font = Font(underline="single", color="FF0563C1")
    for column, width in enumerate(WIDTHS, start=1):
        sheet.column_dimensions[chr(ord("A") + column - 1)].width = width
        sheet.cell(1, column).font = Font(bold=True)
    sheet.freeze_panes = "A2"
    workbook.active = 0
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet


def _plain(text: str) -> str:
    """Return a text without the characters that a workbook does not take."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)[:32_000]
