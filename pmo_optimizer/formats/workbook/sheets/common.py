"""Columns and parents that several sheets have."""

from __future__ import annotations

from enum import StrEnum

from pmo_optimizer.formats.workbook.layout import Column, Kind, Parent


def options_of(kind: type[StrEnum]) -> tuple[str, ...]:
    """Return the values of an enumeration, for a drop-down list."""
    return tuple(str(option.value) for option in kind)


def id_column(help_: str, *, required: bool = True) -> Column:
    """Return the column of the row's id."""
    return Column("Id", "id", Kind.ID, help_, required=required)


NAME = Column("Name", "name", Kind.TEXT, "Text for people.", width=30)

LABELS = (
    Column(
        "Category",
        "category",
        Kind.TEXT,
        "One label, for instance the business line; rules and caps look at it.",
    ),
    Column("Tags", "tags", Kind.TEXTS, "Any number of labels.", width=18),
)

ATTRIBUTES = Column(
    "Attribute",
    "attributes",
    Kind.SCALAR,
    "Free value by name; add columns such as `Attribute: risk`.",
    family=True,
)

WHERE = (
    Column(
        "Where category",
        "where/category",
        Kind.TEXTS,
        "Only those of this category, or one of these.",
        width=18,
    ),
    Column(
        "Where tag", "where/tag", Kind.TEXTS, "Only those with this tag, or one of these.", width=18
    ),
    Column(
        "Where attribute",
        "where/attribute",
        Kind.SCALARS,
        "Only those with exactly these attribute values, as `region=north; risk=3`.",
        width=20,
    ),
)

AMOUNTS = (
    Column(
        "Total",
        "amounts/total",
        Kind.NUMBER,
        "One amount for the whole horizon; else give fiscal years or periods.",
        unit="{currency}",
    ),
    Column(
        "FY",
        "amounts/years",
        Kind.NUMBER,
        "Amount of a fiscal year, named by the year in which it ends; add `FY: 2029`.",
        unit="{currency}",
        family=True,
    ),
    Column(
        "Per period",
        "amounts/periods",
        Kind.NUMBERS,
        "One amount for each period of the grid.",
        unit="{currency}",
        width=24,
    ),
)


def price_column(what: str) -> Column:
    """Return the column that makes a limit soft."""
    return Column(
        "Price",
        "price",
        Kind.NUMBER,
        f"Price per unit of {what}; empty: hard.",
        unit="objective per unit",
    )


def when_column(header: str, field: str, help_: str) -> Column:
    """Return a column of days or periods."""
    return Column(header, field, Kind.WHEN, help_)


PROJECT = Parent(
    header="Project",
    field="projects",
    word="project",
    sheet="Projects",
    help="Id of the project.",
)

PHASE = Parent(
    header="Phase",
    field="phases",
    word="phase",
    sheet="Phases",
    help="Id of the phase; may be empty where the project has one.",
    alone=True,
)

MODE = Parent(
    header="Mode",
    field="modes",
    word="mode",
    sheet="Phases",
    help="Id of the mode; may be empty where the phase has one.",
    alone=True,
)

PERSON = Parent(
    header="Person", field="people", word="person", sheet="People", help="Id of the person."
)
