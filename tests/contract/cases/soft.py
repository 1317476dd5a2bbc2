"""Limits with a price: what the best plan is worth with the hard limit and with the price."""

from __future__ import annotations

from tests.contract.builders import (
    Data,
    calendar,
    choice,
    fund,
    lump,
    need,
    person,
    pool,
    portfolio,
    project,
    running_cost,
)
from tests.contract.cases.money import capped, monthly, quarterly, spending
from tests.contract.cases.people import alone, buffered
from tests.contract.cases.row import Soft
from tests.contract.cases.rules import (
    BROWN,
    GREEN,
    PURSES,
    SIZE,
    green_and_brown,
    ranked,
    rated,
    share,
    starting,
)
from tests.contract.cases.time import CHEAPEST, FREE, apart, only_in

JANUARY, FEBRUARY = "2027-01", "2027-02"

PEOPLE = (
    Soft(
        "capacity",
        alone(need("dev", 1.5), duration=2, people=[person("p")]),
        "skills/dev/overload_price",
        price=2,
        hard=0,
        soft=5 - 2 * (0.5 + 0.5),
        breaches=(
            ("overload", "dev", JANUARY, 0.5),
            ("overload", "dev", FEBRUARY, 0.5),
        ),
    ),
    Soft(
        "extra supply is of every proficiency",
        alone(
            need("dev", 1.5, min_proficiency=1),
            people=[person("p"), person("q", skills={"dev": 0.9})],
        ),
        "skills/dev/overload_price",
        price=2,
        hard=0,
        soft=5 - 2 * 0.5,
        breaches=(("overload", "dev", JANUARY, 0.5),),
    ),
    Soft(
        "who has both skills serves the one whose extra supply is dear",
        alone(
            need("dev", 1),
            need("test", 1),
            people=[
                person("p", skills={"dev": 1, "test": 1}),
                person("q", 0.1, skills={"test": 1}),
            ],
        )
        | {"skills": [{"id": "dev"}, {"id": "test", "overload_price": 3}]},
        "skills/dev/overload_price",
        price=2,
        hard=5 - 3 * 0.9,
        soft=5 - 2 * 0.9,
        breaches=(("overload", "dev", JANUARY, 0.9),),
    ),
    Soft(
        "utilization of people",
        buffered({"ceiling": 0.5}),
        "rules/buffer0/price",
        price=2,
        hard=0,
        soft=5 - 2 * 0.4,
        breaches=(("utilization", "buffer0", JANUARY, 0.4),),
    ),
    Soft(
        "utilization of people and pools, each by itself",
        buffered({"ceiling": 0.5}, fte=1.9, people=[person("p")], pools=[pool("dev", 1, 1, 1, 1)]),
        "rules/buffer0/price",
        price=2,
        hard=0,
        soft=5 - 2 * (1.9 - 2 * 0.5),
        breaches=(("utilization", "buffer0", JANUARY, 0.9),),
    ),
    Soft(
        "several ceilings, each by itself",
        buffered({"ceiling": 0.5, "price": 1}, {"ceiling": 0.6}),
        "rules/buffer1/price",
        price=2,
        hard=0,
        soft=5 - 1 * 0.4 - 2 * 0.3,
        breaches=(
            ("utilization", "buffer0", JANUARY, 0.4),
            ("utilization", "buffer1", JANUARY, 0.3),
        ),
    ),
    Soft(
        "who is below a ceiling goes first",
        buffered({"ceiling": 0.5, "where": {"category": "busy"}})
        | {"people": [person("p", category="busy"), person("q", 0.3)]},
        "rules/buffer0/price",
        price=2,
        hard=0,
        soft=5 - 2 * 0.1,
        breaches=(("utilization", "buffer0", JANUARY, 0.1),),
    ),
)

MONEY = (
    Soft(
        "fund in total",
        portfolio(1, choice("A", 5, 6), choice("B", 4, 6), funds=[fund(total=10)]),
        "funds/main/price",
        price=1,
        hard=5,
        soft=5 + 4 - 1 * 2,
        breaches=(("fund", "main", "total", 2),),
    ),
    Soft(
        "fund per fiscal year",
        spending(
            running_cost(6),
            month=2,
            duration=2,
            calendar=calendar(4, fiscal_start_month=4),
            funds=[fund(amounts={"years": {2027: 5, 2028: 4}})],
        ),
        "funds/main/price",
        price=0.5,
        hard=0,
        soft=5 - 0.5 * (1 + 2),
        breaches=(("fund", "main", "2027", 1), ("fund", "main", "2028", 2)),
    ),
    Soft(
        "an overspend is not repaid later",
        spending({"profile": [6, 9]}, duration=2, **monthly(4, 9, 0, 0, carry_over="all")),
        "funds/main/price",
        price=0.5,
        hard=0,
        soft=5 - 0.5 * 2,
        breaches=(("fund", "main", JANUARY, 2),),
    ),
    Soft(
        "what is carried over is spent before the price is paid",
        spending({"profile": [3, 9]}, duration=2, **monthly(4, 5, 0, 0, carry_over="all")),
        "funds/main/price",
        price=0.5,
        hard=0,
        soft=5 - 0.5 * 3,
        breaches=(("fund", "main", FEBRUARY, 3),),
    ),
    Soft(
        "an open line is paid by the fund whose price is low",
        spending(lump(10), funds=[fund("a", 4, price=1.5), fund("b", 4)]),
        "funds/b/price",
        price=0.5,
        hard=5 - 1.5 * 2,
        soft=5 - 0.5 * 2,
        breaches=(("fund", "b", "total", 2),),
    ),
    Soft(
        "cap in total",
        capped(lump(6), amounts={"total": 4}),
        "caps/cap/price",
        price=2,
        hard=0,
        soft=5 - 2 * 2,
        breaches=(("cap", "cap", "total", 2),),
    ),
    Soft(
        "cap per period",
        capped(running_cost(6), duration=2, amounts={"periods": [0, 6, 4, 0]}),
        "caps/cap/price",
        price=2,
        hard=0,
        soft=5 - 2 * 2,
        breaches=(("cap", "cap", "2027-03", 2),),
    ),
    *(
        Soft(
            f"cap on the {years} year of a project{' with phases side by side' * parallel}",
            quarterly({"project_years": years, "amounts": {"total": cost - 1}}, parallel=parallel),
            "caps/cap/price",
            price=2,
            hard=0,
            soft=5 - 2 * 1,
            breaches=(("cap", "cap", "total", 1),),
        )
        for years, cost in (("first", 4), ("later", 6 - 4))
        for parallel in (False, True)
    ),
)


def half_green(measure: str) -> Soft:
    """Green should have half of both: it lacks 2, or as a number it should have three quarters."""
    green, brown = SIZE[measure]
    part = 0.75 if measure == "count" else 0.5
    missing = part * (green + brown) - green
    return Soft(
        f"share of {measure}, at_least",
        green_and_brown(share(measure, GREEN, "at_least", part)),
        "rules/rule0/price",
        price=0.5,
        hard=2,
        soft=2 + 6 - 0.5 * missing,
        breaches=(("share", "rule0", "", missing),),
    )


def quarter_brown(measure: str) -> Soft:
    """Brown should have a quarter of both at most."""
    green, brown = SIZE[measure]
    excess = brown - 0.25 * (green + brown)
    return Soft(
        f"share of {measure}, at_most",
        green_and_brown(share(measure, BROWN, "at_most", 0.25)),
        "rules/rule0/price",
        price=0.5,
        hard=2,
        soft=2 + 6 - 0.5 * excess,
        breaches=(("share", "rule0", "", excess),),
    )


def starts_in(month: int, *names: str) -> list[Data]:
    """Return projects that are worth 4, cost 4 and start in one month."""
    when = {"earliest_start": month, "latest_start": month}
    return [project(name, 4, lines=[lump(4)], **when) for name in names]


RULES = (
    *(half_green(measure) for measure in SIZE),
    *(quarter_brown(measure) for measure in SIZE),
    Soft(
        "share of a constant",
        green_and_brown(share("value", GREEN, "at_least", 0.5, 4), funds=[fund(total=6)]),
        "rules/rule0/price",
        price=0.25,
        hard=2,
        soft=6 - 0.25 * 2,
        breaches=(("share", "rule0", "", 2),),
    ),
    Soft(
        "share of the budget",
        green_and_brown(share("cost", BROWN, "at_most", 0.5, "budget"), **PURSES),
        "rules/rule0/price",
        price=0.25,
        hard=2,
        soft=6 - 0.25 * 1,
        breaches=(("share", "rule0", "", 1),),
    ),
    Soft(
        "at most a number",
        ranked({"type": "count", "max": 1}),
        "rules/rule0/price",
        price=1,
        hard=5,
        soft=5 + 4 + 3 - 1 * 2,
        breaches=(("count", "rule0", "", 2),),
    ),
    Soft(
        "at least a number, where less is better",
        ranked({"type": "count", "min": 2}, **CHEAPEST),
        "rules/rule0/price",
        price=3.5,
        hard=3 + 4,
        soft=3 + 3.5 * 1,
        breaches=(("count", "rule0", "", 1),),
    ),
    Soft(
        "at most a number of starts in a period",
        starting(*starts_in(0, "A", "B", "C"), *starts_in(1, "D", "E"), max=1),
        "rules/rule0/price",
        price=1,
        hard=4 + 4,
        soft=5 * 4 - 1 * (2 + 1),
        breaches=(("starts", "rule0", JANUARY, 2), ("starts", "rule0", FEBRUARY, 1)),
    ),
    Soft(
        "at least a number of starts in a period",
        starting(*starts_in(0, "A", "B"), *starts_in(1, "C", "D"), min=2) | CHEAPEST,
        "rules/rule0/price",
        price=3,
        hard=4 * 4,
        soft=3 * (2 + 2),
        breaches=(("starts", "rule0", JANUARY, 2), ("starts", "rule0", FEBRUARY, 2)),
    ),
    Soft(
        "average at most, weighted by count",
        rated({"attribute": "risk", "limit": 2}),
        "rules/rule0/price",
        price=0.5,
        hard=3,
        soft=5 + 3 - 0.5 * ((5 - 2) + (1 - 2)),
        breaches=(("average", "rule0", "", 2),),
    ),
    Soft(
        "average at least, weighted by cost",
        rated({"attribute": "safety", "weight": "cost", "sense": "at_least", "limit": 4.5}),
        "rules/rule0/price",
        price=0.25,
        hard=3,
        soft=5 + 3 - 0.25 * (2 * (4.5 - 1) + 6 * (4.5 - 5)),
        breaches=(("average", "rule0", "", 4),),
    ),
    Soft(
        "due date",
        only_in(2, 3, duration=2, due=2),
        "projects/A/late_price",
        price=2,
        hard=0,
        soft=5 - 2 * (4 - 2),
        breaches=(("due", "A", "", 2),),
    ),
    Soft(
        "due date by date, of a project with phases side by side",
        apart(3, 1, links=FREE, due="2027-03-31"),
        "projects/A/late_price",
        price=2,
        hard=0,
        soft=5 - 2 * (4 - 3),
        breaches=(("due", "A", "", 1),),
    ),
    Soft(
        "due date at no price: it is only measured",
        only_in(2, 3, duration=2, due=2),
        "projects/A/late_price",
        price=0,
        hard=0,
        soft=5,
        breaches=(("due", "A", "", 2),),
    ),
)

SOFT = (*PEOPLE, *MONEY, *RULES)
"""Every limit that may have a price."""
