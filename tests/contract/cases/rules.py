"""Share, count, starts and average rules."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.referee import Code
from tests.contract.builders import (
    Data,
    changed,
    choice,
    fund,
    link,
    lump,
    mode,
    need,
    phase,
    phases,
    pool,
    portfolio,
    project,
    running_cost,
    skills,
)
from tests.contract.cases.row import Binding
from tests.contract.cases.time import CHEAPEST

GREEN: Data = {"category": "green"}
BROWN: Data = {"category": "brown"}

SIZE = {"value": (2, 6), "cost": (2, 6), "effort": (2, 6), "count": (1, 1)}
"""Green's and brown's part of each measure; both last two months."""


def green_and_brown(*rules: Data, **parts: Any) -> Data:
    """Return a green and a brown project, worth, costing and working 2 and 6."""
    return portfolio(
        2,
        *(
            project(
                name,
                size,
                2,
                category=name,
                needs=[need("dev", size / 2)],
                lines=[running_cost(size / 2)],
            )
            for name, size in (("green", 2), ("brown", 6))
        ),
        pools=[pool("dev", 9, 9)],
        rules=[{"id": f"rule{i}"} | rule for i, rule in enumerate(rules)],
        **skills("dev"),
        **parts,
    )


def share(measure: str, where: Data, sense: str, part: float, of: object = "selected") -> Data:
    """Return a share rule."""
    return {
        "type": "share",
        "measure": measure,
        "where": where,
        "sense": sense,
        "share": part,
        "of": of,
    }


def shares_of_selected() -> tuple[Binding, ...]:
    """Green at least, or brown at most, a little more than its part of both."""
    rows = []
    for measure, (green, brown) in SIZE.items():
        part = green / (green + brown)
        for where, sense, edge, step in (
            (GREEN, "at_least", part, 0.01),
            (BROWN, "at_most", 1 - part, -0.01),
        ):
            rows.append(
                Binding(
                    f"share of {measure}, {sense} of the selected",
                    green_and_brown(share(measure, where, sense, edge + step)),
                    {"rules/rule0/share": edge},
                    kept=2,
                    dropped=2 + 6,
                    broken=(Code.RULE_SHARE,),
                )
            )
    return tuple(rows)


def shares_of_a_constant() -> tuple[Binding, ...]:
    """Green at least all it has, where there is money for one; or brown less than it has."""
    rows = []
    for measure, (green, brown) in SIZE.items():
        rows.append(
            Binding(
                f"share of {measure}, at_least of a constant",
                green_and_brown(
                    share(measure, GREEN, "at_least", 0.5, 2 * green), funds=[fund(total=6)]
                ),
                {"rules/rule0/share": 0},
                kept=2,
                dropped=6,
                broken=(Code.RULE_SHARE,),
            )
        )
        rows.append(
            Binding(
                f"share of {measure}, at_most of a constant",
                green_and_brown(share(measure, BROWN, "at_most", 0.49, 2 * brown)),
                {"rules/rule0/share": 0.5},
                kept=2,
                dropped=2 + 6,
                broken=(Code.RULE_SHARE,),
            )
        )
    return tuple(rows)


def unaffordable_green(*others: Data) -> Data:
    """Return A, which is brown and worth 5, and a share for green, which nobody can pay for."""
    return portfolio(
        1,
        choice("A", 5, 1, **BROWN),
        choice("B", 9, 9, **GREEN),
        *others,
        funds=[fund(total=5)],
        rules=[{"id": "rule0"} | share("count", GREEN, "at_least", 0.5)],
    )


SLOW_FAST = {
    "id": "work",
    "modes": [mode("slow", 4, [need("dev", 1)]), mode("fast", 2, [need("dev", 3)])],
}
"""Four periods with one developer, or two with three."""

PURSES = {"funds": [fund("main", 6, categories=["cost"]), fund("rest", 4, categories=["rest"])]}
"""Ten in all, of which six pay for projects."""

YEARS = {"funds": [fund(amounts={"years": {2027: 10, 2029: 90}})]}
"""Ten within the grid."""

SHARES = (
    *shares_of_selected(),
    *shares_of_a_constant(),
    Binding(
        "share of cost, at_least of the budget",
        green_and_brown(share("cost", GREEN, "at_least", 0.2, "budget"), **PURSES),
        {"rules/rule0/share": 0},
        kept=2,
        dropped=6,
        broken=(Code.RULE_SHARE,),
    ),
    Binding(
        "share of cost, at_most of the budget",
        green_and_brown(share("cost", BROWN, "at_most", 0.59, "budget"), **PURSES),
        {"rules/rule0/share": 0.6},
        kept=2,
        dropped=6,
        broken=(Code.RULE_SHARE,),
    ),
    Binding(
        "share of the budget within the grid",
        green_and_brown(share("cost", BROWN, "at_most", 0.59, "budget"), **YEARS),
        {"rules/rule0/share": 0.6},
        kept=2,
        dropped=2 + 6,
        broken=(Code.RULE_SHARE,),
    ),
    Binding(
        "nothing at all has every share of what is selected",
        unaffordable_green(),
        {"rules": []},
        kept=0,
        dropped=5,
        broken=(Code.RULE_SHARE,),
    ),
    Binding(
        "measures are not adjusted for risk",
        changed(
            green_and_brown(share("value", GREEN, "at_least", 0.26), risk_adjusted=True),
            {"projects/green/probability": 0.5, "projects/brown/probability": 0.25},
        ),
        {"rules/rule0/share": 0.25},
        kept=2 * 0.5,
        dropped=2 * 0.5 + 6 * 0.25,
        broken=(Code.RULE_SHARE,),
    ),
    Binding(
        "measures of running projects count",
        changed(
            green_and_brown(share("value", GREEN, "at_least", 0.25), **CHEAPEST),
            {"projects/brown/state": "running"},
        ),
        {"rules": []},
        kept=2 + 6,
        dropped=6,
        broken=(Code.RULE_SHARE,),
    ),
    Binding(
        "measures of done projects do not count",
        unaffordable_green(choice("C", 9, state="done", **GREEN)),
        {"rules": []},
        kept=0,
        dropped=5,
        broken=(Code.RULE_SHARE,),
    ),
    Binding(
        "effort and cost are those of the chosen mode",
        portfolio(
            4,
            {"id": "A", "value": 5, "category": "green", "latest_finish": 2, "phases": [SLOW_FAST]},
            pools=[pool("dev", 9, 9, 9, 9)],
            rules=[{"id": "rule0"} | share("effort", GREEN, "at_most", 1, 5)],
            **skills("dev"),
        ),
        {"projects/A/latest_finish": 4},
        kept=0,
        dropped=5,
        broken=(Code.LATEST_FINISH,),
    ),
)


def ranked(*rules: Data, **parts: Any) -> Data:
    """Return A, B and C, worth 5, 4 and 3, each of which costs its value; A is red."""
    return portfolio(
        1,
        choice("A", 5, 5, category="red"),
        choice("B", 4, 4),
        choice("C", 3, 3),
        rules=[{"id": f"rule{i}"} | rule for i, rule in enumerate(rules)],
        **parts,
    )


COUNTS = (
    Binding(
        "at most a number",
        ranked({"type": "count", "max": 2}),
        {"rules/rule0/max": 3},
        kept=5 + 4,
        dropped=5 + 4 + 3,
        broken=(Code.RULE_COUNT,),
    ),
    Binding(
        "at least a number",
        ranked({"type": "count", "min": 2}, **CHEAPEST),
        {"rules/rule0/min": 1},
        kept=3 + 4,
        dropped=3,
        broken=(Code.RULE_COUNT,),
    ),
    Binding(
        "a number of some projects",
        ranked({"type": "count", "min": 1, "where": {"category": "red"}}, **CHEAPEST),
        {"rules": []},
        kept=5,
        dropped=0,
        broken=(Code.RULE_COUNT,),
    ),
    Binding(
        "running projects are counted",
        changed(ranked({"type": "count", "max": 2}), {"projects/C/state": "running"}),
        {"rules/rule0/max": 3},
        kept=3 + 5,
        dropped=5 + 4 + 3,
        broken=(Code.RULE_COUNT,),
    ),
    Binding(
        "done projects are not counted",
        changed(ranked({"type": "count", "max": 1}), {"projects/C/state": "done"}),
        {"rules/rule0/max": 2},
        kept=5,
        dropped=5 + 4,
        broken=(Code.RULE_COUNT,),
    ),
)


def starting(*works: Data, periods: int = 2, **rule: Any) -> Data:
    """Return projects and a rule on their starts."""
    return portfolio(periods, *works, rules=[{"id": "rule0", "type": "starts"} | rule])


RED_AND_BLUE = project("A", 5, category="red"), project("B", 4, category="blue", latest_start=0)
"""A may start in either of two months, B in the first alone."""

STARTS = (
    Binding(
        "at most one start in a period",
        starting(project("A", 5), project("B", 4), project("C", 3), max=1),
        {"rules/rule0/max": 2},
        kept=5 + 4,
        dropped=5 + 4 + 3,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "starts of some projects",
        starting(*RED_AND_BLUE, max=0, first=0, last=1, where={"category": "red"}),
        {"rules/rule0/where/category": "blue"},
        kept=4,
        dropped=5,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "starts from a period on",
        starting(project("A", 5, earliest_start=1), max=0, first=1, periods=3),
        {"rules/rule0/first": 2},
        kept=0,
        dropped=5,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "starts until a period",
        starting(project("A", 5, latest_start=1), max=0, last=1, periods=3),
        {"rules/rule0/last": 0},
        kept=0,
        dropped=5,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "starts from a date on: within February is March",
        starting(project("A", 5, earliest_start=1), max=0, first="2027-02-01"),
        {"rules/rule0/first": "2027-02-02"},
        kept=0,
        dropped=5,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "starts until a date: the day before February is January",
        starting(project("A", 5, earliest_start=1), max=0, last="2027-02-01"),
        {"rules/rule0/last": "2027-01-31"},
        kept=0,
        dropped=5,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "at least one start in a period",
        starting(project("A", lines=[lump(4)]), min=1, first=1, last=1) | CHEAPEST,
        {"rules/rule0/min": 0},
        kept=4,
        dropped=0,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "a running project does not start",
        starting(project("A", 5), project("B", decision="must"), max=1, periods=1),
        {"projects/B/state": "running"},
        kept=0,
        dropped=5,
        broken=(Code.RULE_STARTS,),
    ),
    Binding(
        "a project without phases starts in the first period of its window",
        starting(choice("A", 5), choice("B", 4), max=1),
        {"projects/B/earliest_start": 1},
        kept=5,
        dropped=5 + 4,
        broken=None,
    ),
    Binding(
        "a project starts with its earliest phase, whatever the order of the list",
        starting(
            phases(
                "A",
                5,
                phase("P", 1),
                phase("Q", 2),
                links=[link("P", "Q", "SS", min_lag=-1, max_lag=-1)],
            ),
            max=0,
            last=0,
        ),
        {"rules/rule0/max": 1},
        kept=0,
        dropped=5,
        broken=(Code.RULE_STARTS,),
    ),
)


def rated(rule: Data) -> Data:
    """Return A (worth 5, risk 5, size 1) and B (worth 3, risk 1, size 3), and an average."""
    return portfolio(
        1,
        *(
            project(
                name,
                value,
                needs=[need("dev", size)],
                lines=[lump(2 * size)],
                attributes={"risk": risk, "size": size, "safety": 6 - risk},
                category=name,
            )
            for name, value, risk, size in (("A", 5, 5, 1), ("B", 3, 1, 3))
        ),
        pools=[pool("dev", 9)],
        rules=[{"id": "rule0", "type": "average"} | rule],
        **skills("dev"),
    )


MEAN_RISK = {
    "count": (5 + 1) / 2,
    "value": (5 * 5 + 3 * 1) / 8,
    "cost": (2 * 5 + 6 * 1) / 8,
    "effort": (1 * 5 + 3 * 1) / 4,
    "size": (1 * 5 + 3 * 1) / 4,
}
"""Average risk of A and B by what it is weighted with."""

AVERAGES = (
    *(
        Binding(
            f"average risk at most, weighted by {weight}",
            rated({"attribute": "risk", "weight": weight, "limit": mean - 0.01}),
            {"rules/rule0/limit": mean},
            kept=3,
            dropped=5 + 3,
            broken=(Code.RULE_AVERAGE,),
        )
        for weight, mean in MEAN_RISK.items()
    ),
    *(
        Binding(
            f"average safety at least, weighted by {weight}",
            rated(
                {
                    "attribute": "safety",
                    "weight": weight,
                    "sense": "at_least",
                    "limit": 6 - mean + 0.01,
                }
            ),
            {"rules/rule0/limit": 6 - mean},
            kept=3,
            dropped=5 + 3,
            broken=(Code.RULE_AVERAGE,),
        )
        for weight, mean in MEAN_RISK.items()
    ),
    Binding(
        "average of some projects",
        rated({"attribute": "risk", "limit": 4, "where": {"category": "A"}}),
        {"rules/rule0/where/category": "B"},
        kept=3,
        dropped=5 + 3,
        broken=(Code.RULE_AVERAGE,),
    ),
)

RULES = (*SHARES, *COUNTS, *STARTS, *AVERAGES)
"""Every rule about what is selected."""
