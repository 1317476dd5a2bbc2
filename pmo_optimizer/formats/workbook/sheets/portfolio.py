"""Sheets of the portfolio as a whole: strategy, objective, baseline."""

from __future__ import annotations

from pmo_optimizer.formats.workbook.layout import Column, Kind, Parent, Route, Setting, Sheet
from pmo_optimizer.formats.workbook.sheets.common import NAME, id_column, options_of
from pmo_optimizer.model import Grain, Method, TermName, Weekday

SETTINGS: tuple[Setting, ...] = tuple(
    Setting(column=column, required=column.required)
    for column in (
        Column("Name", "name", Kind.TEXT, "Name of the portfolio."),
        Column("Description", "description", Kind.TEXT, "Text for people."),
        Column("Currency", "currency", Kind.TEXT, "Unit of money: EUR."),
        Column(
            "Start", "calendar/start", Kind.DATE, "First day of the first period.", required=True
        ),
        Column(
            "Periods",
            "calendar/periods",
            Kind.WHOLE,
            "Number of periods of the grid.",
            required=True,
        ),
        Column(
            "Grain",
            "calendar/grain",
            Kind.CHOICE,
            "Length of a period; month by default.",
            options=options_of(Grain),
        ),
        Column(
            "Fiscal start month",
            "calendar/fiscal_start_month",
            Kind.WHOLE,
            "Month in which the fiscal year begins; January by default.",
            unit="1 to 12",
        ),
        Column(
            "Working days",
            "calendar/working_days",
            Kind.TEXTS,
            f"Some of {'; '.join(options_of(Weekday))}; Monday to Friday by default.",
        ),
        Column(
            "Hours per day",
            "calendar/hours_per_day",
            Kind.NUMBER,
            "Working hours of a full-time day; 8 by default.",
            unit="hours",
        ),
        Column(
            "Value rate",
            "value_rate",
            Kind.NUMBER,
            "Discount of strategic value; 0.05 is five percent.",
            unit="per year",
        ),
        Column(
            "Money rate",
            "money_rate",
            Kind.NUMBER,
            "Discount of money; 0.05 is five percent.",
            unit="per year",
        ),
        Column(
            "Risk adjusted",
            "risk_adjusted",
            Kind.YES_NO,
            "Whether value is multiplied by the probability of success.",
        ),
        Column(
            "Objective method",
            "objective/method",
            Kind.CHOICE,
            "How the terms of the sheet Objective are combined.",
            options=options_of(Method),
        ),
    )
)
"""Fields of the portfolio itself, each a row of the sheet `Settings`."""

CRITERIA = Sheet(
    title="Criteria",
    help="Strategic goals against which projects are scored.",
    routes=(Route(field="criteria"),),
    columns=(
        id_column("Name of the criterion."),
        NAME,
        Column(
            "Weight",
            "weight",
            Kind.NUMBER,
            "Share in the value; all add up to 1. Empty where there are comparisons.",
        ),
        Column("Worst", "worst", Kind.NUMBER, "Score worth 0; 0 by default."),
        Column("Best", "best", Kind.NUMBER, "Score worth 1; 10 by default."),
    ),
)

COMPARISONS = Sheet(
    title="Comparisons",
    help="Pairs of criteria, instead of weights: how many times more important is A than B?",
    routes=(Route(field="comparisons"),),
    columns=(
        Column(
            "A", "a", Kind.ID, "The more important criterion.", refers="Criteria", required=True
        ),
        Column("B", "b", Kind.ID, "The other criterion.", refers="Criteria", required=True),
        Column(
            "Ratio",
            "ratio",
            Kind.NUMBER,
            "1 equal, 3 moderate, 5 strong, 7 very strong, 9 extreme.",
            unit="1/9 to 9",
            required=True,
        ),
    ),
)

OBJECTIVE = Sheet(
    title="Objective",
    help="What is optimized, the most important term first; strategic value where it is empty.",
    routes=(Route(field="objective/terms"),),
    columns=(
        Column(
            "Term",
            "term",
            Kind.CHOICE,
            "value, benefit and npv are maximised, the others minimised.",
            options=options_of(TermName),
            required=True,
        ),
        Column("Weight", "weight", Kind.NUMBER, "For the weighted method; 1 by default."),
        Column(
            "Absolute tolerance",
            "abs_tol",
            Kind.NUMBER,
            "Later terms may worsen this one by so much.",
        ),
        Column("Relative tolerance", "rel_tol", Kind.NUMBER, "The same, as a part of its best."),
        Column(
            "Project weight", "project_weight", Kind.NUMBER, "changes: weight of a changed project."
        ),
        Column(
            "Person weight",
            "person_weight",
            Kind.NUMBER,
            "changes: weight of a changed person on a phase.",
        ),
    ),
)

BASELINE = Sheet(
    title="Baseline",
    help="The plan against which changes count; projects that are not here were out.",
    routes=(
        Route(
            field="phases",
            parents=(
                Parent(
                    header="Project",
                    field="baseline",
                    key="project",
                    word="project",
                    sheet="Baseline",
                    help="Id of the project.",
                    makes=True,
                ),
            ),
        ),
    ),
    columns=(
        Column("Selected", "selected", Kind.YES_NO, "Yes by default.", outer=True),
        Column("Phase", "phase", Kind.ID, "Id of the phase.", required=True),
        Column("Start", "start", Kind.WHEN, "When it began.", required=True),
        Column("Mode", "mode", Kind.ID, "How it was done."),
        Column("People", "people", Kind.TEXTS, "Who worked on it."),
    ),
)
