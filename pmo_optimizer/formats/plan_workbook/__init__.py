"""A plan as a workbook: decisions, roadmap, load, spend, staffing and scenarios.

Totals, shares and the bars of the roadmap are formulas, colours are conditional formats, so
that the sheets stay true when somebody changes a number. Texts are written as texts, whatever
they begin with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pmo_optimizer.formats.answers import comparison_tables, plan_tables
from pmo_optimizer.formats.answers.tables import by_name
from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.model.files import file_beside

__all__ = ["export_plan"]

IF_ANY = ("unmet", "hires", "breaches")
"""Tables that get a sheet only where they have rows."""


def export_plan(
    portfolio: Portfolio,
    plan: Plan,
    path: str | Path,
    *,
    comparison: Mapping[str, Any] | None = None,
) -> None:
    """Write a plan as an ``.xlsx`` workbook, all at once or not at all.

    Parameters
    ----------
    portfolio
        What the plan was made from.
    plan
        The plan; without decisions the summary says why.
    path
        The file.
    comparison
        JSON document of a comparison of scenarios (`pmo-optimizer compare --json`).

    Raises
    ------
    InvalidInput
        Plan or comparison are not of this portfolio.
    OSError
        The file cannot be written.
    """
    from pmo_optimizer.formats.plan_workbook.grids import (
        load_sheet,
        people_sheet,
        roadmap_sheet,
        staffing_sheet,
    )
    from pmo_optimizer.formats.plan_workbook.sheets import (
        Book,
        alignment_sheet,
        decisions_sheet,
        funds_sheet,
        summary_sheet,
        table_sheet,
    )

    tables = by_name(plan_tables(portfolio, plan))
    scenarios = () if comparison is None else comparison_tables(portfolio, comparison)
    title = f"Plan of {plan.portfolio or portfolio.name}"
    with file_beside(Path(path)) as beside, Book(beside, title) as book:
        summary = book.sheet("Summary")
        decided = decisions_sheet(book, tables["decisions"])
        roadmap_sheet(book, portfolio.calendar, tables["phases"], tables["decisions"])
        load_sheet(book, portfolio.calendar, tables["load"])
        spent = funds_sheet(book, tables["funds"])
        staffing_sheet(book, portfolio.calendar, tables["staffing"])
        people_sheet(book, portfolio.calendar, tables["people"])
        for name in IF_ANY:
            if tables[name].rows:
                table_sheet(book, tables[name])
        alignment_sheet(book, tables["alignment"])
        for table in scenarios:
            table_sheet(book, table)
        summary_sheet(book, summary, tables, decided, spent)
