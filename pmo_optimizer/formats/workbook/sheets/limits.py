"""Sheets of funds, caps and rules."""

from __future__ import annotations

from pmo_optimizer.formats.workbook.layout import Column, Kind, Route, Sheet
from pmo_optimizer.formats.workbook.sheets.common import (
    AMOUNTS,
    NAME,
    WHERE,
    id_column,
    options_of,
    price_column,
    when_column,
)
from pmo_optimizer.model import Measure, ProjectYears, Sense

FUNDS = Sheet(
    title="Funds",
    help="Money, or anything else that is used up: in total, per fiscal year or per period.",
    routes=(Route(field="funds"),),
    columns=(
        id_column("Name of the fund."),
        NAME,
        *AMOUNTS,
        Column(
            "Categories",
            "categories",
            Kind.TEXTS,
            "Cost categories that it may pay; empty: all.",
            width=20,
        ),
        Column(
            "Carry over",
            "carry_over",
            Kind.WORD_OR_NUMBER,
            "none, all, or the most that moves to the next year or period.",
            options=("none", "all"),
            unit="{currency}",
        ),
        price_column("overspend"),
    ),
    implied=("amounts",),
)

CAPS = Sheet(
    title="Caps",
    help="Limits on all cost that matches, beside the funds that pay.",
    routes=(Route(field="caps"),),
    columns=(
        id_column("Name of the cap.", required=False),
        NAME,
        *WHERE,
        Column(
            "Cost categories",
            "cost_categories",
            Kind.TEXTS,
            "Which cost categories; empty: all.",
            width=20,
        ),
        Column(
            "Project years",
            "project_years",
            Kind.CHOICE,
            "Only cost in the first year of a project, or only later cost.",
            options=options_of(ProjectYears),
        ),
        when_column("First", "first", "First period; the first of all by default."),
        when_column("Last", "last", "Last period, included; the last of all by default."),
        *AMOUNTS,
        price_column("excess"),
    ),
    implied=("amounts",),
)

RULES = Sheet(
    title="Rules",
    help="Rules of the portfolio: share, count, starts, average, utilization.",
    routes=(Route(field="rules"),),
    columns=(
        Column(
            "Id", "id", Kind.TEXT, "Name of the rule; made from the rest where empty.", width=20
        ),
        NAME,
        Column(
            "Type",
            "type",
            Kind.CHOICE,
            "share of a measure; count of projects; starts per period; average of an "
            "attribute; utilization of people and pools.",
            options=("share", "count", "starts", "average", "utilization"),
            required=True,
        ),
        *WHERE,
        Column(
            "Measure",
            "measure",
            Kind.CHOICE,
            "share: what is added up.",
            options=options_of(Measure),
        ),
        Column(
            "Sense",
            "sense",
            Kind.CHOICE,
            "share, average: direction of the limit.",
            options=options_of(Sense),
        ),
        Column("Share", "share", Kind.NUMBER, "share: part of the total.", unit="0 to 1"),
        Column(
            "Share of",
            "of",
            Kind.WORD_OR_NUMBER,
            "share: selected (default), budget, or a number.",
            options=("selected", "budget"),
        ),
        Column("Min", "min", Kind.WHOLE, "count, starts: at least.", unit="projects"),
        Column("Max", "max", Kind.WHOLE, "count, starts: at most.", unit="projects"),
        when_column("First", "first", "starts: first period."),
        when_column("Last", "last", "starts: last period, included."),
        Column("Average of", "attribute", Kind.TEXT, "average: name of a numeric attribute."),
        Column(
            "Weighted by",
            "weight",
            Kind.TEXT,
            "average: a measure or an attribute; count by default.",
        ),
        Column("Limit", "limit", Kind.NUMBER, "average: the limit."),
        Column(
            "Ceiling",
            "ceiling",
            Kind.NUMBER,
            "utilization: part of the availability.",
            unit="0 to 1",
        ),
        price_column("breach"),
    ),
    implied=("where",),
)
