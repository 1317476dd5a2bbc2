"""The sheet of scenarios: one change a row, its most used fields in columns."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pmo_optimizer.formats.workbook.layout import Column, Kind, Parent, Route, Sheet

TARGETS: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "budget": ("fund", False),
        "limit": ("target", False),
        "capacity": ("skill", False),
        "add-people": ("", True),
        "remove-people": ("people", True),
        "add-projects": ("", True),
        "remove-projects": ("projects", True),
        "decide": ("projects", True),
        "scores": ("project", False),
        "weights": ("", True),
        "success": ("projects", True),
        "dates": ("projects", True),
        "freeze": ("", True),
        "work": ("targets", True),
        "off": ("targets", True),
        "on": ("", True),
        "soft": ("targets", True),
        "price": ("targets", True),
        "hard": ("targets", True),
    }
)
"""Field that the column `Target` stands for, by kind of change, and whether it is a list."""

TARGET = "Target"
CHANGE = "change"


def _number(header: str, field: str, help_: str, unit: str = "") -> Column:
    return Column(header, field, Kind.NUMBER, help_, unit=unit)


SCENARIOS = Sheet(
    title="Scenarios",
    help="What-if changes, made one after the other; a row for each change.",
    routes=(
        Route(
            field="changes",
            parents=(
                Parent(
                    header="Scenario",
                    field="scenarios",
                    word="scenario",
                    sheet="Scenarios",
                    help="Name of the scenario, on each of its rows.",
                    makes=True,
                ),
            ),
        ),
    ),
    columns=(
        Column("Name", "name", Kind.TEXT, "Text for people.", outer=True, width=30),
        Column("Description", "description", Kind.TEXT, "Text for people.", outer=True, width=30),
        Column(
            "Change",
            CHANGE,
            Kind.CHOICE,
            "What is changed; docs/workbook.md lists what each kind needs.",
            options=tuple(TARGETS),
            required=True,
            width=18,
        ),
        Column(
            TARGET,
            "target",
            Kind.TEXTS,
            "The fund, skill, projects, rules or people that it is about.",
            width=24,
        ),
        _number("By", "by", "So much more; negative: less."),
        _number("To", "to", "The new amount."),
        _number("Percent", "percent", "So many percent more; negative: less.", "%"),
        _number("FTE", "fte", "capacity: so much more.", "FTE"),
        Column("Year", "year", Kind.WHOLE, "budget, limit: only this fiscal year."),
        Column("First", "first", Kind.WHEN, "From this day or period on."),
        Column("Last", "last", Kind.WHEN, "Until this day or period."),
        Column(
            "Decision",
            "decision",
            Kind.CHOICE,
            "decide: must, never or free.",
            options=("free", "must", "never"),
        ),
        _number("Price", "price", "soft, price: price per unit."),
        _number("Duration", "duration", "work: so many percent longer.", "%"),
        _number("Effort", "effort", "work: so many percent more.", "%"),
        _number("Cost", "cost", "work: so many percent dearer.", "%"),
        Column("Until", "until", Kind.WHEN, "freeze: what begins before this day stays."),
    ),
)


def with_target(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change with its target under ``target``, as the sheet has it."""
    out = dict(change)
    field, _ = TARGETS.get(str(out.get(CHANGE)), ("", True))
    if field and field in out:
        value = out.pop(field)
        out["target"] = list(value) if isinstance(value, list | tuple) else [value]
    return out


def without_target(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change as a scenario file has it; the inverse of `with_target`."""
    out = dict(change)
    field, many = TARGETS.get(str(out.get(CHANGE)), ("", True))
    value = out.get("target")
    if not field or not isinstance(value, list):
        return out
    del out["target"]
    out[field] = value if many or len(value) != 1 else value[0]
    return out


def field_of_target(change: Mapping[str, Any]) -> str:
    """Return the field of a change for which the column `Target` stands."""
    return TARGETS.get(str(change.get(CHANGE)), ("", True))[0] or "target"
