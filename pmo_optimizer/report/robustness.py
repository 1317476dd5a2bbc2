"""How robust a plan is: tables of plain rows, whoever worked them out."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import (
    ABSENT,
    amount,
    clean,
    first_day,
    gap_text,
    heading,
    percent,
    score,
    title_of,
)


def robustness_report(
    portfolio: Portfolio, result: dict[str, Any], *, limit: int | None
) -> RenderableType:
    """Return a robustness study as sections that rich can print.

    Parameters
    ----------
    portfolio
        As it is: dates and names.
    result
        Plain data, as `pmo_scenarios.Robustness.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    cases = result["cases"]
    title = (
        f"{result['portfolio']}: {len(cases)} cases solved, seed {result['seed']}, "
        f"{'most' if result['maximised'] else 'least'} {result['term']}, "
        f"{result['seconds']:.0f} s"
    )
    parts: list[RenderableType] = [heading(clean(title))]
    parts += section("In how many cases projects are in", CORE, _core(portfolio, result), limit)
    parts += section("The plan in each case", CASES, [_case(c) for c in cases], limit, "cases")
    if result["missing"]:
        parts.append(Text(f"Not solved: {', '.join(result['missing'])}", style="yellow"))
    if result["simulation"] is not None:
        parts += _simulation(portfolio, result["simulation"], limit)
    return Group(*parts)


def robust_report(result: dict[str, Any]) -> RenderableType:
    """Return a robust plan as sections that rich can print.

    Parameters
    ----------
    result
        Plain data of a `pmo_scenarios.RobustPlan`.
    """
    word = "proven" if result["proven"] else "not proven"
    line = (
        f"Best {result['aim']} over {len(result['objectives'])} cases: {score(result['value'])}, "
        f"bound {score(result['bound'])}, gap {gap_text(result['gap'])}, {word}"
    )
    parts: list[RenderableType] = [heading(line)]
    if result["value"] is None:
        parts.append(Text(clean(f"{result['status']} {result['message']}")))
    else:
        parts.append(Text(clean(f"  selected: {', '.join(result['selected'])}")))
    rows = [[name, score(value)] for name, value in result["objectives"].items()]
    columns = (("case", "name"), ("objective", "number"))
    return Group(*parts, *section("The plan in each case", columns, rows, None))


CORE = (("project", "name"), ("in cases", "number"), ("core", "text"), ("in the plan", "text"))

CASES = (
    ("case", "name"),
    ("best plan", "text"),
    ("objective", "number"),
    ("gap", "number"),
    ("same projects", "number"),
    ("plan as it is", "number"),
    ("regret", "number"),
    ("at most", "number"),
)

CHANCES = (
    ("what", "name"),
    ("probability", "number"),
    ("from", "number"),
    ("to", "number"),
    ("P10", "number"),
    ("P50", "number"),
    ("P90", "number"),
)


def _core(portfolio: Portfolio, result: dict[str, Any]) -> list[list[str]]:
    return [
        [
            title_of(portfolio, row["project"]),
            percent(row["share"], 1),
            row["core"],
            "yes" if row["in_plan"] else "no",
        ]
        for row in result["core"]
    ]


def _case(case: dict[str, Any]) -> list[str]:
    regret = case["regret"]
    return [
        case["id"],
        case["status"],
        score(case["objective"]),
        gap_text(case["gap"]),
        *(
            score(case[name]) if case[name] is not None else case[f"{name}_status"]
            for name in ("kept", "held")
        ),
        ABSENT if regret is None else score(regret["value"]),
        ABSENT if regret is None else score(regret["high"]),
    ]


def _simulation(
    portfolio: Portfolio, simulation: dict[str, Any], limit: int | None
) -> list[RenderableType]:
    names = ("value", "benefit", "npv", "cost")
    rows = [
        [name, amount(s["mean"]), *(amount(s[p]) for p in ("p10", "p50", "p90"))]
        for name, s in ((name, simulation[name]) for name in names)
    ]
    columns = (("", "name"), ("mean", "number"), *((p, "number") for p in ("P10", "P50", "P90")))
    out = section(f"The plan in {simulation['cases']} drawn cases", columns, rows, limit)
    late = [_finish(portfolio, row) for row in simulation["finishes"]]
    out += section("Finished in time", CHANCES, late, limit, "projects")
    loads = [_chance(s["skill"], s["any_period"]) for s in simulation["skills"]]
    out += section("Short of people in some period", CHANCES[:4], loads, limit, "skills")
    limits = [
        _chance(f"{x['kind']} {x['id']} {x['bucket']}".strip(), x["exceeded"])
        + _quantiles(x["spent"])
        for x in simulation["limits"]
    ]
    return out + section("Money exceeded", CHANCES, limits, limit, "rows")


def _chance(name: str, chance: dict[str, Any]) -> list[str]:
    return [name, *(percent(chance[key], 1) for key in ("probability", "low", "high"))]


def _quantiles(spread: dict[str, Any] | None) -> list[str]:
    return [ABSENT if spread is None else amount(spread[p]) for p in ("p10", "p50", "p90")]


def _finish(portfolio: Portfolio, row: dict[str, Any]) -> list[str]:
    due = row["due"]
    by = first_day(portfolio.calendar, row["planned"] if due is None else due)
    name = title_of(portfolio, row["project"]) if row["project"] else "all projects"
    chance = row["in_plan"] if due is None else row["in_time"]
    word = "planned" if due is None else "due"
    ends = [first_day(portfolio.calendar, int(row["spread"][p])) for p in ("p10", "p50", "p90")]
    return [*_chance(f"{name}, {word} before {by}", chance), *ends]
