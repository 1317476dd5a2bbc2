"""Read a workbook: a portfolio, its scenarios, and findings that name sheet and cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pmo_optimizer.checks import check_data
from pmo_optimizer.formats.workbook.builder import Builder, letter_of
from pmo_optimizer.formats.workbook.columns import (
    Headings,
    close_header,
    headings_of,
    year_header,
)
from pmo_optimizer.formats.workbook.container import LIMITS, Limits
from pmo_optimizer.formats.workbook.grids import Grid, read_grids
from pmo_optimizer.formats.workbook.layout import MORE, Sheet
from pmo_optimizer.formats.workbook.places import Places
from pmo_optimizer.formats.workbook.reading import Located, Reading
from pmo_optimizer.formats.workbook.sheets import (
    FINDINGS_TITLE,
    META_TITLE,
    README_TITLE,
    SCENARIOS,
    SETTINGS,
    SETTINGS_TITLE,
    SHEETS,
)
from pmo_optimizer.formats.workbook.sheets.scenarios import without_target
from pmo_optimizer.formats.workbook.writer import LAYOUT_VERSION
from pmo_optimizer.model import Finding, InvalidInput, Portfolio, Severity
from pmo_optimizer.model.errors import MOST_FINDINGS
from pmo_optimizer.model.files import size_of, unreadable
from pmo_optimizer.model.form import meant

GENERATED = ("caps", "links", "requires", "excludes", "all_or_none", "synergies", "rules")
"""Lists whose entries get an id where they have none."""

TITLES = (README_TITLE, SETTINGS_TITLE, *(sheet.title for sheet in SHEETS), SCENARIOS.title)


def read(source: bytes | str | Path, *, limits: Limits = LIMITS) -> Reading:
    """Return the portfolio of a workbook, and everything that is wrong with or odd about it.

    Never raises, whatever the file holds.

    Parameters
    ----------
    source
        Content of an ``.xlsx`` file, or its path.
    limits
        How much is read.
    """
    try:
        grids = read_grids(content_of(source, limits), limits)
    except InvalidInput as error:
        return Reading(None, tuple(Located(finding) for finding in error.findings))
    return read_sheets(grids)


def content_of(source: bytes | str | Path, limits: Limits = LIMITS) -> bytes:
    """Return the bytes of a file; of one that is too large, no more than is needed to say so.

    Raises
    ------
    InvalidInput
        There is no such file, or it cannot be read.
    """
    if isinstance(source, bytes):
        return source
    path = Path(source)
    size_of(path)
    try:
        with path.open("rb") as stream:
            return stream.read(limits.bytes + 1)
    except OSError as error:
        raise unreadable(path, error) from error


def read_sheets(grids: Sequence[Grid]) -> Reading:
    """Return the portfolio of the sheets of a workbook."""
    builder, others = Builder(), Builder()
    builder.places.settings_title = SETTINGS_TITLE
    by_title: dict[str, Grid] = {}
    for grid in sorted(grids, key=lambda grid: grid.title not in TITLES):
        by_title.setdefault(grid.title.strip().casefold(), grid)
    if not any(title.casefold() in by_title for title in TITLES[1:]):
        message = "The workbook has none of the sheets of a portfolio."
        fix = (
            f"Begin with `pmo-optimizer template`; it has sheets such as {', '.join(TITLES[1:5])}."
        )
        return Reading(
            None, (Located(Finding(Severity.ERROR, "workbook-shape", ".", message, fix)),)
        )
    _judge_titles(builder, grids)
    _judge_repeated(builder, grids, by_title)
    _judge_version(builder, by_title.get(META_TITLE))
    for route, title in _lists():
        builder.places.lists.setdefault(route, title)
    settings = by_title.get(SETTINGS_TITLE.casefold())
    if settings is not None:
        _judge_grid(builder, settings, SETTINGS_TITLE)
        # Without a calendar each of its fields that is needed is missing, not the whole.
        builder.data["calendar"] = {}
        builder.settings(settings, SETTINGS)
    for spec in SHEETS:
        _read_sheet(builder, by_title.get(spec.title.casefold()), spec)
    _read_sheet(others, by_title.get(SCENARIOS.title.casefold()), SCENARIOS)
    portfolio, findings = check_data(_without_empty(builder.data))
    _name_generated(builder, portfolio)
    located = [*builder.located, *others.located]
    located += _placed(findings, builder)
    names = {
        title: by_title[title.casefold()].title for title in TITLES if title.casefold() in by_title
    }
    located = [Located(i.finding, names.get(i.sheet, i.sheet), i.cell) for i in located]
    located.sort(key=lambda item: item.finding.severity is not Severity.ERROR)
    if any(i.finding.severity is Severity.ERROR for i in builder.located):
        portfolio = None
    scenarios = tuple(_scenario(scenario) for scenario in others.data.get("scenarios", ()))
    return Reading(
        portfolio,
        tuple(located[: MOST_FINDINGS + 1]),
        scenarios,
        builder.data,
        scenario_places=others.places,
    )


def _lists() -> Iterable[tuple[str, str]]:
    for sheet in SHEETS:
        for route in sheet.routes:
            if not route.parents:
                yield route.field, sheet.title
            elif route.parents[0].makes:
                yield route.parents[0].field, sheet.title


def _without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data without lists that only looking them up has made."""
    return {name: value for name, value in data.items() if value != []}


# -- what is odd about the sheets ---------------------------------------------------------------


def _judge_titles(builder: Builder, grids: Sequence[Grid]) -> None:
    """Find sheets that are not read."""
    known = {title.casefold() for title in (*TITLES, META_TITLE, FINDINGS_TITLE)}
    present = {grid.title.strip().casefold() for grid in grids}
    absent = [title for title in TITLES if title.casefold() not in present]
    for grid in grids:
        if grid.title.strip().casefold() in known or not grid.rows:
            continue
        close = meant(grid.title, absent)
        builder.note(
            grid.title,
            "A1",
            "unknown-sheet",
            f"There is no sheet {grid.title[:40]!r} in a portfolio workbook; it is not read.",
            f"Did you mean {close}? Rename it."
            if close
            else "Remove it, or leave it for yourself.",
            severity=Severity.WARNING,
        )


def _judge_repeated(builder: Builder, grids: Sequence[Grid], by_title: Mapping[str, Grid]) -> None:
    """Refuse sheets whose titles differ only in case or spaces: one of them would be lost."""
    known = {title.casefold() for title in TITLES}
    for grid in grids:
        folded = grid.title.strip().casefold()
        if folded in known and by_title[folded] is not grid and grid.rows:
            builder.note(
                grid.title,
                "A1",
                "sheet-repeated",
                f"The sheet {by_title[folded].title!r} is there as well; only that one is read.",
                "Move the rows into one of the two, and remove the other.",
            )


def _judge_version(builder: Builder, grid: Grid | None) -> None:
    """Refuse sheets of another version than this one reads."""
    for number, cells in grid.rows if grid is not None else ():
        if len(cells) < 2 or cells[0].value != "layout_version":
            continue
        found = str(cells[1].value).strip()
        if found != LAYOUT_VERSION:
            builder.note(
                META_TITLE,
                f"B{number}",
                "workbook-version",
                f"The workbook has the layout {found[:20]!r}; this version reads layout "
                f"{LAYOUT_VERSION}.",
                "Write it again with this version, or read it with the one that made it.",
            )


def _judge_grid(builder: Builder, grid: Grid, title: str) -> None:
    """Find merged and far cells of a sheet that is read."""
    for area in grid.merged:
        first = area.replace("$", "").partition(":")[0]
        builder.note(
            title,
            first,
            "merged-cells",
            f"The cells {area} are merged: only the first of them has a value.",
            "Unmerge them, and write the value into each cell that it is meant for.",
        )
    if grid.far:
        builder.note(
            title,
            grid.far,
            "far-cell",
            f"Something stands in {grid.far}, far away from the table; it is not read.",
            "Clear the cell.",
        )


def _read_sheet(builder: Builder, grid: Grid | None, spec: Sheet) -> None:
    if grid is None or not grid.rows:
        return
    _judge_grid(builder, grid, spec.title)
    headings = headings_of(grid, spec)
    if not headings.known:
        builder.note(
            spec.title,
            "A1",
            "missing-column",
            f"The sheet {spec.title} has no row with headers, such as "
            f"{', '.join(column.header for column in spec.columns[:3])}.",
            "Write the headers into the first row; see the sheet README.",
        )
        builder.incomplete.add(spec.title)
        return
    _judge_headings(builder, headings, spec)
    has_rows = any(number > headings.row for number, _ in grid.rows)
    if headings.absent and has_rows:
        builder.note(
            spec.title,
            f"A{headings.row}",
            "missing-column",
            f"The sheet {spec.title} has no column {', '.join(headings.absent)}; its rows are "
            "not read.",
            "Add the column; see the sheet README.",
        )
        builder.incomplete.add(spec.title)
        return
    builder.sheet(grid, spec, headings)


def _judge_headings(builder: Builder, headings: Headings, spec: Sheet) -> None:
    for number, row in headings.unnamed:
        builder.note(
            spec.title,
            f"{letter_of(number)}{row}",
            "unknown-column",
            "The column has no header; what stands in it is not read.",
            f"Give it a header, move it to {MORE}, or clear it.",
            severity=Severity.WARNING,
        )
    for number, text in headings.unknown:
        close = year_header(text, spec) or close_header(text, spec)
        builder.note(
            spec.title,
            f"{letter_of(number)}{headings.row}",
            "unknown-column",
            f"The sheet {spec.title} has no column {text[:40]!r}; it is not read.",
            f"Did you mean {close!r}?"
            if close and close not in headings.numbers
            else f"Remove it, or move its content to {MORE}.",
            severity=Severity.WARNING,
        )
    for number, text in headings.repeated:
        builder.note(
            spec.title,
            f"{letter_of(number)}{headings.row}",
            "column-repeated",
            f"The column {text[:40]!r} stands twice.",
            "Leave one of the two out.",
        )


# -- findings at cells --------------------------------------------------------------------------


def _name_generated(builder: Builder, portfolio: Portfolio | None) -> None:
    """Give the rows without id the names that the portfolio has given their objects."""
    if portfolio is None:
        return
    for name in GENERATED:
        _alias(builder.places, name, getattr(portfolio, name))
    for project in portfolio.projects:
        own = f"projects/{project.id}"
        _alias(builder.places, f"{own}/links", project.links)
        _alias(builder.places, f"{own}/costs", project.costs)
        for phase in project.phases:
            for number, mode in enumerate(phase.modes):
                path = f"{own}/phases/{phase.id}/modes"
                _alias_one(builder.places, path, number, mode.id)
                before = f"{path}/{number}"
                for kind, items in (("needs", mode.needs), ("costs", mode.costs)):
                    _alias(builder.places, f"{path}/{mode.id}/{kind}", items, f"{before}/{kind}")


def _alias(places: Places, path: str, items: Iterable[Any], before: str = "") -> None:
    for number, item in enumerate(items):
        _alias_one(places, path, number, item.id)
        if before:
            for known in (f"{before}/{number}", f"{before}/{item.id}"):
                if known in places.spots:
                    places.spots.setdefault(f"{path}/{item.id}", places.spots[known])


def _alias_one(places: Places, path: str, number: int, name: str) -> None:
    if f"{path}/{number}" in places.spots:
        places.spots.setdefault(f"{path}/{name}", places.spots[f"{path}/{number}"])


def _placed(findings: Iterable[Finding], builder: Builder) -> Iterable[Located]:
    """Yield the findings of the checks at their cells.

    Errors at cells that have one already are what follows from it.
    """
    for finding in findings:
        second = finding.rule == "duplicate-id"
        sheet, cell = builder.places.cell_of(finding.path, second=second)
        if finding.severity is Severity.ERROR and (sheet, cell) in builder.flagged:
            continue
        yield Located(finding, sheet, cell)


def _scenario(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario as a scenario file has it."""
    changes = [without_target(change) for change in data.get("changes", ())]
    return {**{k: v for k, v in data.items() if k != "changes"}, "changes": changes}
