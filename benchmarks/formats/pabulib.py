"""Pabulib's participatory budgets (pabulib.org): which projects to fund within one budget.

Sections of lines with semicolons: META with the budget, PROJECTS with cost and votes. The
number of votes of the funded projects is maximised.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from benchmarks.items import InstanceError
from benchmarks.selection import selection, yes_or_no
from benchmarks.words import decimal, read_text
from pmo_optimizer import Portfolio, Project

FUND = "budget"

SECTIONS = ("META", "PROJECTS", "VOTES")


def read(path: Path, part: str = "") -> Portfolio:
    """Return a file as a portfolio of its projects.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    sections = _sections(path)
    meta = dict(row[:2] for row in sections.get("META", []) if len(row) > 1)
    rows = sections.get("PROJECTS", [])
    if "budget" not in meta or len(rows) < 2:
        raise InstanceError(f"{path.name}: a budget and projects are expected")
    heads = rows[0]
    missing = {"project_id", "cost", "votes"} - set(heads)
    if missing:
        raise InstanceError(f"{path.name}: projects have no {', '.join(sorted(missing))}")
    projects = [_project(path, dict(zip(heads, row, strict=False))) for row in rows[1:]]
    return selection(path.stem, projects, {FUND: _money(path, meta["budget"])})


def _sections(path: Path) -> dict[str, list[list[str]]]:
    """Return the rows of each section, its heading first."""
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for line in read_text(path).splitlines():
        if line.strip() in SECTIONS:
            current = sections.setdefault(line.strip(), [])
        elif line.strip():
            current += csv.reader([line], delimiter=";")
    return sections


def _project(path: Path, row: Mapping[str, str]) -> Project:
    if not {"project_id", "cost", "votes"} <= row.keys():
        raise InstanceError(f"{path.name}: a project's row is too short: {list(row.values())}")
    name = "P" + re.sub(r"[^\w.-]", "-", row["project_id"])
    costs = {FUND: _money(path, row["cost"])}
    return yes_or_no(name, decimal(path, row["votes"]), costs, row.get("name", ""))


def _money(path: Path, text: str) -> Decimal:
    return decimal(path, text.strip().replace(",", "."))
