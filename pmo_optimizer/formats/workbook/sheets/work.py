"""Sheets of projects and what they take."""

from __future__ import annotations

from pmo_optimizer.formats.workbook.layout import Column, Kind, Parent, Route, Sheet
from pmo_optimizer.formats.workbook.sheets.common import (
    ATTRIBUTES,
    LABELS,
    MODE,
    NAME,
    PHASE,
    PROJECT,
    id_column,
    options_of,
    when_column,
)
from pmo_optimizer.model import Anchor, Decision, IfUnselected, LinkType, State

PROJECTS = Sheet(
    title="Projects",
    help="Candidate, running and finished projects, one a row.",
    routes=(Route(field="projects"),),
    columns=(
        id_column("Name of the project; all other sheets use it."),
        NAME,
        *LABELS,
        Column(
            "State",
            "state",
            Kind.CHOICE,
            "Where it is in its life; proposed by default.",
            options=options_of(State),
        ),
        Column(
            "Decision",
            "decision",
            Kind.CHOICE,
            "What is decided beforehand; free by default.",
            options=options_of(Decision),
        ),
        Column("Value", "value", Kind.NUMBER, "Strategic value, instead of scores."),
        Column(
            "Score",
            "scores",
            Kind.NUMBER,
            "Score on the scale of a criterion; one column each.",
            family=True,
            refers="Criteria",
        ),
        Column(
            "Probability",
            "probability",
            Kind.NUMBER,
            "Probability of success; 1 by default.",
            unit="0 to 1",
        ),
        when_column("Earliest start", "earliest_start", "Not before this day or period."),
        when_column("Latest start", "latest_start", "Starts by this day or period."),
        when_column("Latest finish", "latest_finish", "Last day of work at the latest."),
        when_column("Due", "due", "Last day of work, hard unless there is a late price."),
        Column(
            "Late price",
            "late_price",
            Kind.NUMBER,
            "Price of a period of delay; 0: it is only measured.",
            unit="objective per {period}",
        ),
        Column(
            "Max gap",
            "max_gap",
            Kind.WHOLE,
            "Most idle periods between phases; 0 by default, `any` for no limit.",
            unit="{period}s",
            null="any",
        ),
        Column(
            "Benefit",
            "benefit/profile",
            Kind.NUMBERS,
            "Money earned, one amount per period.",
            unit="{currency} per {period}",
            width=24,
        ),
        Column(
            "Benefit from",
            "benefit/anchor",
            Kind.CHOICE,
            "Whether the benefit begins at the project's start or finish (default).",
            options=options_of(Anchor),
        ),
        Column("Stoppable", "stoppable", Kind.YES_NO, "Whether a running project may be stopped."),
        Column(
            "Exit cost",
            "exit_cost",
            Kind.NUMBER,
            "What stopping costs, in the first period.",
            unit="{currency}",
        ),
        Column(
            "Exit category", "exit_category", Kind.TEXT, "Cost category of that; `exit` by default."
        ),
        Column("Exit fund", "exit_fund", Kind.ID, "Fund that pays it; empty: any.", refers="Funds"),
        Column(
            "Staff budget",
            "staff_budget",
            Kind.NUMBER,
            "Most money for named people on the project.",
            unit="{currency}",
        ),
        ATTRIBUTES,
    ),
)

PHASES = Sheet(
    title="Phases",
    help="Phases in their order, a row for each way (mode) to do a phase.",
    routes=(
        Route(
            field="modes",
            parents=(
                PROJECT,
                Parent(
                    header="Phase",
                    field="phases",
                    word="phase",
                    sheet="Phases",
                    help="Name of the phase; several rows with the same one are its modes.",
                    makes=True,
                ),
            ),
        ),
    ),
    columns=(
        Column("Phase name", "name", Kind.TEXT, "Text for people.", outer=True, width=24),
        Column(
            "Mode",
            "id",
            Kind.ID,
            "Name of the mode, as normal or crashed; may be empty where there is one.",
        ),
        Column("Mode name", "name", Kind.TEXT, "Text for people.", width=24),
        Column(
            "Duration",
            "duration",
            Kind.WHOLE,
            "How long it takes; 0 is a milestone.",
            unit="{period}s",
            required=True,
        ),
        Column(
            "Pin start",
            "pin/start",
            Kind.WHEN,
            "Fixes the start, if the project is selected.",
            outer=True,
        ),
        Column(
            "Pin mode",
            "pin/mode",
            Kind.ID,
            "Fixes the mode, if the project is selected.",
            outer=True,
        ),
        Column("Pin people", "pin/people", Kind.TEXTS, "People who work on it.", outer=True),
    ),
    spill_outer=True,
)

NEEDS = Sheet(
    title="Needs",
    help="Work that a phase asks for, by skill; one of FTE, profile, effort and heads.",
    routes=(Route(field="needs", parents=(PROJECT, PHASE, MODE)),),
    columns=(
        id_column("Name of the need; the skill by default.", required=False),
        Column("Skill", "skill", Kind.ID, "What is asked for.", refers="Skills", required=True),
        Column("FTE", "fte", Kind.NUMBER, "Constant rate.", unit="FTE"),
        Column(
            "Profile",
            "profile",
            Kind.NUMBERS,
            "Rate in each period of the phase.",
            unit="FTE per {period}",
            width=20,
        ),
        Column(
            "Effort",
            "effort",
            Kind.NUMBER,
            "Total work, spread freely over the phase.",
            unit="FTE-{period}s",
        ),
        Column("Min FTE", "min_fte", Kind.NUMBER, "For effort.", unit="FTE"),
        Column("Max FTE", "max_fte", Kind.NUMBER, "For effort.", unit="FTE"),
        Column("Heads", "heads", Kind.WHOLE, "Number of different people.", unit="people"),
        Column("Share", "share", Kind.NUMBER, "For heads; 1 by default.", unit="FTE per head"),
        Column(
            "Min proficiency",
            "min_proficiency",
            Kind.NUMBER,
            "Only people at this level or above count.",
            unit="0 to 1",
        ),
        Column(
            "Charge to",
            "charge_to",
            Kind.ID,
            "Fund that pays the skill's rate; empty: no charge.",
            refers="Funds",
        ),
        Column(
            "Min share", "min_share", Kind.NUMBER, "Smallest useful share of a person.", unit="FTE"
        ),
        Column("Continuous", "continuous", Kind.YES_NO, "The same people for the whole phase."),
        Column("Must", "must", Kind.TEXTS, "People who must work on it."),
        Column("Must not", "must_not", Kind.TEXTS, "People who must not."),
        Column("Prefer", "prefer", Kind.TEXTS, "Preferred people and teams."),
    ),
)

COSTS = Sheet(
    title="Costs",
    help="Money that a project or a phase spends; one of per period, profile and lump sum.",
    routes=(
        Route(field="costs", parents=(PROJECT, PHASE, MODE)),
        Route(field="costs", parents=(PROJECT,)),
    ),
    columns=(
        id_column("Name of the line; its category by default.", required=False),
        Column(
            "Category", "category", Kind.TEXT, "Cost category, as capex; funds and caps look at it."
        ),
        Column(
            "Each period",
            "per_period",
            Kind.NUMBER,
            "Amount in every period of the work.",
            unit="{currency} per {period}",
        ),
        Column(
            "Profile",
            "profile",
            Kind.NUMBERS,
            "Amounts from the start on, one per period.",
            unit="{currency} per {period}",
            width=24,
        ),
        Column("Lump", "lump", Kind.NUMBER, "One amount.", unit="{currency}"),
        Column(
            "Lump at",
            "at",
            Kind.CHOICE,
            "Whether it falls at the start (default) or the finish.",
            options=options_of(Anchor),
        ),
        Column("Fund", "fund", Kind.ID, "Fund that pays; empty: any that may.", refers="Funds"),
    ),
)

LINKS = Sheet(
    title="Links",
    help="Precedence between projects or phases; within a project, name it and its phases.",
    routes=(
        Route(
            field="links",
            parents=(
                Parent(
                    header="Within project",
                    field="projects",
                    word="project",
                    sheet="Projects",
                    help="For links between phases of one project: its id.",
                ),
            ),
        ),
        Route(field="links"),
    ),
    columns=(
        Column(
            "From",
            "from",
            Kind.TEXT,
            "Project, `project/phase` or choose group; within a project: a phase.",
            required=True,
        ),
        Column("To", "to", Kind.TEXT, "What waits, written in the same way.", required=True),
        Column(
            "Type",
            "type",
            Kind.CHOICE,
            "FS: start after finish (default), SS, FF, SF.",
            options=options_of(LinkType),
        ),
        Column(
            "Min lag",
            "min_lag",
            Kind.WHOLE,
            "At least so long after; 0 by default, `any` for no lower limit.",
            unit="{period}s",
            null="any",
        ),
        Column(
            "Max lag",
            "max_lag",
            Kind.WHOLE,
            "At most so long after; empty: no limit.",
            unit="{period}s",
        ),
        Column(
            "If unselected",
            "if_unselected",
            Kind.CHOICE,
            "block (default): what waits needs what it waits for; or ignore.",
            options=options_of(IfUnselected),
        ),
        Column(
            "Id", "id", Kind.TEXT, "Name of the link; made from the rest where empty.", width=24
        ),
    ),
)

GROUPS = Sheet(
    title="Groups",
    help="Which projects need, exclude or strengthen each other.",
    kind_header="Kind",
    kind_help="requires: the project needs all of those; excludes: at most one of the projects; "
    "all-or-none; choose: between min and max; synergy: extra value if all are selected.",
    routes=(
        Route(field="requires", kind="requires"),
        Route(field="excludes", kind="excludes"),
        Route(field="all_or_none", kind="all-or-none"),
        Route(field="choose", kind="choose"),
        Route(field="synergies", kind="synergy"),
    ),
    columns=(
        Column(
            "Id",
            "id",
            Kind.TEXT,
            "Name; needed for choose groups, else made from the rest.",
            width=24,
        ),
        Column(
            "Project",
            "project",
            Kind.ID,
            "For requires: the project that needs others.",
            refers="Projects",
        ),
        Column("Needs", "needs", Kind.TEXTS, "For requires: projects or choose groups.", width=24),
        Column("Projects", "projects", Kind.TEXTS, "For all other kinds: the members.", width=30),
        Column(
            "Unselected",
            "unselected",
            Kind.TEXTS,
            "For choose: projects that count where they are not selected.",
            width=20,
        ),
        Column("Min", "min", Kind.WHOLE, "For choose; 0 by default.", unit="projects"),
        Column("Max", "max", Kind.WHOLE, "For choose; 1 by default.", unit="projects"),
        Column("Value", "value", Kind.NUMBER, "For synergy: extra value, negative for a penalty."),
    ),
)
