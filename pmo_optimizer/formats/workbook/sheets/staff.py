"""Sheets of people and other capacity."""

from __future__ import annotations

from pmo_optimizer.formats.workbook.layout import Column, Kind, Parent, Route, Sheet
from pmo_optimizer.formats.workbook.sheets.common import (
    ATTRIBUTES,
    LABELS,
    NAME,
    PERSON,
    id_column,
    when_column,
)

SKILLS = Sheet(
    title="Skills",
    help="What work asks for and people can do.",
    routes=(Route(field="skills"),),
    columns=(
        id_column("Name of the skill."),
        NAME,
        Column(
            "Rate",
            "rate",
            Kind.NUMBER,
            "Standard cost, for needs that are charged to a fund.",
            unit="{currency} per FTE-{period}",
        ),
        Column(
            "Rate category",
            "rate_category",
            Kind.TEXT,
            "Cost category of such charges; `labour` by default.",
        ),
        Column(
            "Overload price",
            "overload_price",
            Kind.NUMBER,
            "Price of work beyond the capacity; empty: the capacity is hard.",
            unit="objective per FTE-{period}",
        ),
    ),
)

PEOPLE = Sheet(
    title="People",
    help="Members of staff, or several identical ones; a column for each skill.",
    routes=(Route(field="people"),),
    columns=(
        id_column("Name of the person or group."),
        NAME,
        *LABELS,
        Column("FTE", "fte", Kind.NUMBER, "Contracted; 1 by default.", unit="FTE"),
        Column(
            "Count",
            "count",
            Kind.WHOLE,
            "How many the row stands for; 1 by default.",
            unit="people",
        ),
        Column(
            "Skill",
            "skills",
            Kind.NUMBER,
            "Proficiency: at 0.5 half is delivered; one column for each skill.",
            unit="0 to 1",
            family=True,
            refers="Skills",
        ),
        Column("From", "available_from", Kind.DATE, "First working day."),
        Column("Until", "available_until", Kind.DATE, "Last working day."),
        Column("Site", "site", Kind.ID, "Place whose holidays apply.", refers="Sites"),
        Column("Team", "team", Kind.TEXT, "For named staffing."),
        Column(
            "Cost rate",
            "cost_rate",
            Kind.NUMBER,
            "For named staffing.",
            unit="{currency} per FTE-{period}",
        ),
        Column(
            "Max projects",
            "max_projects",
            Kind.WHOLE,
            "Most at once (named staffing).",
            unit="projects",
        ),
        Column(
            "Min share",
            "min_share",
            Kind.NUMBER,
            "Smallest useful share on one need (named staffing).",
            unit="FTE",
        ),
        Column("Days off", "holidays", Kind.DATES, "Personal days off.", width=20),
        ATTRIBUTES,
    ),
    implied=("skills",),
)

ABSENCES = Sheet(
    title="Absences",
    help="Dates on which people are away, or busy with the running business.",
    routes=(Route(field="absences", parents=(PERSON,)),),
    columns=(
        Column("First", "first", Kind.DATE, "First day.", required=True),
        Column("Last", "last", Kind.DATE, "Last day, included.", required=True),
        Column(
            "Share",
            "share",
            Kind.NUMBER,
            "Part of the time; 1 (all of it) by default.",
            unit="0 to 1",
        ),
        Column("Reason", "reason", Kind.TEXT, "Text for people.", width=24),
    ),
)

PREFERENCES = Sheet(
    title="Preferences",
    help="How much people like or dislike projects (named staffing).",
    routes=(Route(field="preferences", parents=(PERSON,)),),
    columns=(
        Column(
            "Project", "project", Kind.ID, "Id of the project.", refers="Projects", required=True
        ),
        Column("Score", "score", Kind.NUMBER, "Above 0 likes, below 0 dislikes.", required=True),
    ),
)

DEDICATIONS = Sheet(
    title="Dedications",
    help="Most time that people give to a project over some periods (named staffing).",
    routes=(Route(field="dedications", parents=(PERSON,)),),
    columns=(
        Column(
            "Project", "project", Kind.ID, "Id of the project.", refers="Projects", required=True
        ),
        when_column("First", "first", "First period; the first of all by default."),
        when_column("Last", "last", "Last period, included; the last of all by default."),
        Column(
            "FTE",
            "fte",
            Kind.NUMBER,
            "Mean over these periods, at most.",
            unit="FTE",
            required=True,
        ),
    ),
)

POOLS = Sheet(
    title="Pools",
    help="Anonymous capacity of one skill: teams, contractors, equipment.",
    routes=(Route(field="pools"),),
    columns=(
        id_column("Name of the pool."),
        NAME,
        *LABELS,
        Column("Skill", "skill", Kind.ID, "What it can do.", refers="Skills", required=True),
        Column("FTE", "fte", Kind.NUMBER, "Capacity per period, where it is constant.", unit="FTE"),
        Column(
            "Profile",
            "profile",
            Kind.NUMBERS,
            "Capacity of every period of the grid, where it is not.",
            unit="FTE per {period}",
            width=24,
        ),
        ATTRIBUTES,
    ),
)

HIRES = Sheet(
    title="Hires",
    help="Options to take on people, whole heads.",
    routes=(Route(field="hires"),),
    columns=(
        id_column("Name of the option."),
        NAME,
        Column("Skill", "skill", Kind.ID, "What they can do.", refers="Skills", required=True),
        Column(
            "Max heads",
            "max_heads",
            Kind.WHOLE,
            "Most over the whole horizon.",
            unit="people",
            required=True,
        ),
        Column("Lead time", "lead_time", Kind.WHOLE, "From order to first day.", unit="{period}s"),
        Column(
            "Term", "term", Kind.WHOLE, "How long each works; empty: to the end.", unit="{period}s"
        ),
        Column(
            "Cost once",
            "cost_once",
            Kind.NUMBER,
            "In the period of the order.",
            unit="{currency} per head",
        ),
        Column(
            "Cost each period",
            "cost_per_period",
            Kind.NUMBER,
            "In each period of work.",
            unit="{currency} per head",
        ),
        when_column("Earliest order", "earliest_order", "First period of orders."),
        when_column("Latest order", "latest_order", "Last period of orders."),
        Column("Fund", "fund", Kind.ID, "Fund that pays; empty: any that may.", refers="Funds"),
        Column("Cost category", "cost_category", Kind.TEXT, "`hiring` by default."),
    ),
)

SITES = Sheet(
    title="Sites",
    help="Places with holidays of their own.",
    routes=(Route(field="calendar/sites"),),
    columns=(id_column("Name of the site."), NAME),
)

HOLIDAYS = Sheet(
    title="Holidays",
    help="Days on which nobody works, or nobody at a site.",
    routes=(
        Route(
            field="holidays",
            parents=(
                Parent(
                    header="Site",
                    field="calendar/sites",
                    word="site",
                    sheet="Sites",
                    help="Id of the site; empty: everywhere.",
                ),
            ),
        ),
        Route(field="calendar/holidays"),
    ),
    columns=(Column("Date", "", Kind.DATE, "The day.", required=True),),
    spill=False,
    scalar=True,
)
