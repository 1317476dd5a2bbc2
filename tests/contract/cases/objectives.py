"""Terms of the objective, each on its own and together, with what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.contract.builders import (
    GONE,
    Data,
    calendar,
    changed,
    choice,
    fund,
    link,
    lump,
    mode,
    need,
    person,
    phase,
    phases,
    portfolio,
    project,
    running_cost,
    skills,
    terms,
)

PERIODS_A_YEAR = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}


@dataclass(frozen=True, slots=True)
class Golden:
    """A portfolio and the value of its objective, by arithmetic."""

    name: str
    portfolio: Data
    objective: float


def yearly(*projects: Data, **parts: Any) -> Data:
    """Return five periods of a year each."""
    return portfolio(5, *projects, calendar=calendar(5, grain="year"), **parts)


def at(start: int, name: str = "A", value: float = 0, duration: int = 1, **fields: Any) -> Data:
    """Return a project that has to start in a period."""
    when = {"earliest_start": start, "latest_start": start, "decision": "must"}
    return project(name, value, duration, **when, **fields)


def after_a_year(grain: str, part: int = 1) -> Data:
    """Return a project worth 100 that ends after a part of a year, at 21 % a year."""
    end = PERIODS_A_YEAR[grain] // part
    return portfolio(
        end, at(end - 1, value=100), calendar=calendar(end, grain=grain), value_rate=0.21
    )


TEN_THEN_TWENTY = {"profile": [10, 20]}
AT_START = TEN_THEN_TWENTY | {"anchor": "start"}

SCORED = {
    "criteria": [
        {"id": "growth", "weight": 0.75},
        {"id": "risk", "weight": 0.25, "worst": 5, "best": 0},
    ]
}

VALUE = (
    Golden("values of what is selected", portfolio(1, choice("A", 5), choice("B", 4)), 5 + 4),
    Golden(
        "value from scores, on the scale of each criterion",
        portfolio(1, {"id": "A", "scores": {"growth": 8, "risk": 1}}, **SCORED),
        0.75 * 8 / 10 + 0.25 * (5 - 1) / (5 - 0),
    ),
    Golden(
        "a value that is given goes before scores",
        portfolio(1, {"id": "A", "value": 3, "scores": {"growth": 8, "risk": 1}}, **SCORED),
        3,
    ),
    Golden(
        "probability, where the portfolio is adjusted for risk",
        portfolio(
            1,
            choice("A", 8, probability=0.25),
            synergies=[{"projects": ["A"], "value": 1}],
            risk_adjusted=True,
        ),
        8 * 0.25 + 1,
    ),
    Golden("no probability otherwise", portfolio(1, choice("A", 8, probability=0.25)), 8),
    *(
        Golden(f"value a year of {grain}s away", after_a_year(grain), 100 / 1.21)
        for grain in PERIODS_A_YEAR
    ),
    Golden("value half a year away", after_a_year("month", part=2), 100 / 1.1),
    Golden(
        "value of a project without phases counts from the first period of its window",
        yearly(choice("A", 100, earliest_start=2), value_rate=0.1),
        100 / 1.1**2,
    ),
    Golden(
        "synergies are not discounted",
        yearly(at(1, value=121), synergies=[{"projects": ["A"], "value": 7}], value_rate=0.1),
        121 / 1.1**2 + 7,
    ),
    Golden(
        "the sooner the better where value is discounted",
        yearly(project("A", 11, 1), project("B", 11, 1), links=[link("A", "B")], value_rate=0.1),
        11 / 1.1 + 11 / 1.1**2,
    ),
    Golden(
        "of phases side by side the last one counts",
        yearly(
            phases("A", 121, phase("P", 2), phase("Q", 1), links=[link("P", "Q", "SS")]),
            value_rate=0.1,
        ),
        121 / 1.1**2,
    ),
)

MONEY = (
    Golden(
        "benefit from the finish on, with its probability",
        yearly(at(1, benefit=TEN_THEN_TWENTY, probability=0.5), **terms("benefit")),
        0.5 * (10 + 20),
    ),
    Golden(
        "benefit from the finish on, discounted",
        yearly(at(1, duration=2, benefit=TEN_THEN_TWENTY), money_rate=0.1, **terms("benefit")),
        10 / 1.1**3 + 20 / 1.1**4,
    ),
    Golden(
        "benefit from the start on, discounted",
        yearly(at(1, duration=2, benefit=AT_START), money_rate=0.1, **terms("benefit")),
        10 / 1.1 + 20 / 1.1**2,
    ),
    Golden(
        "benefit beyond the grid",
        yearly(at(4, benefit=TEN_THEN_TWENTY), money_rate=0.1, **terms("benefit")),
        10 / 1.1**5 + 20 / 1.1**6,
    ),
    Golden(
        "benefit of phases side by side",
        yearly(
            phases(
                "A",
                0,
                phase("P", 3),
                phase("Q", 1),
                links=[link("P", "Q", "FF", min_lag=-1, max_lag=-1)],
                benefit=TEN_THEN_TWENTY,
            ),
            money_rate=0.1,
            **terms("benefit"),
        ),
        10 / 1.1**3 + 20 / 1.1**4,
    ),
    Golden(
        "net present value",
        yearly(
            at(1, duration=2, benefit=TEN_THEN_TWENTY, probability=0.5, lines=[running_cost(3)]),
            money_rate=0.1,
            **terms("npv"),
        ),
        0.5 * (10 / 1.1**3 + 20 / 1.1**4) - 3 / 1.1 - 3 / 1.1**2,
    ),
    Golden(
        "net present value is 0 where nothing pays",
        yearly(project("A", benefit={"profile": [10]}, lines=[lump(11)]), **terms("npv")),
        0,
    ),
    Golden(
        "net present value of stopping early",
        yearly(
            choice(
                "A",
                cost=9,
                state="running",
                stoppable=True,
                exit_cost=4,
                benefit={"profile": [4], "anchor": "start"},
            ),
            **terms("npv"),
        ),
        -4,
    ),
    Golden(
        "a saving in the net present value",
        yearly(
            at(0, lines=[lump(20)]),
            synergies=[
                {"projects": ["A"], "savings": [{"fund": "main", "period": 2, "amount": 12.1}]}
            ],
            funds=[fund(total=99)],
            money_rate=0.1,
            **terms("npv"),
        ),
        12.1 / 1.1**2 - 20,
    ),
    Golden(
        "cost of every kind: lines, profile, charges, hires, savings, exits",
        portfolio(
            4,
            at(
                0,
                duration=2,
                lines=[lump(1), running_cost(2, id="run"), {"id": "more", "profile": [3, 4]}],
                needs=[need("dev", 0.5, charge_to="main")],
                costs=[lump(5, at="finish"), running_cost(6, id="whole")],
            ),
            choice("B", state="running", stoppable=True, exit_cost=7, decision="never", cost=99),
            hires=[
                {
                    "id": "temp",
                    "skill": "dev",
                    "max_heads": 1,
                    "term": 3,
                    "cost_once": 8,
                    "cost_per_period": 9,
                }
            ],
            funds=[fund(total=999)],
            synergies=[
                {"projects": ["A"], "savings": [{"fund": "main", "period": 0, "amount": 10}]}
            ],
            **skills("dev", rate=20),
            **terms("cost"),
        ),
        1 + 2 * 2 + 3 + 4 + 2 * 0.5 * 20 + 5 + 2 * 6 + 7 + 8 + 3 * 9 - 10,
    ),
    Golden(
        "cost beyond the grid",
        portfolio(
            2,
            at(1, costs=[{"profile": [1, 2, 4]}], needs=[need("dev")]),
            hires=[{"id": "temp", "skill": "dev", "max_heads": 1, "term": 3, "cost_per_period": 8}],
            funds=[fund(total=99)],
            **skills("dev"),
            **terms("cost"),
        ),
        1 + 2 + 4 + 3 * 8,
    ),
    Golden(
        "cost of a project runs through its gaps",
        portfolio(
            4,
            phases(
                "A",
                0,
                phase("P", 1),
                phase("Q", 1),
                links=[link("P", "Q", min_lag=2)],
                costs=[running_cost(2), lump(3, id="end", at="finish")],
                decision="must",
            ),
            **terms("cost"),
        ),
        4 * 2 + 3,
    ),
    Golden(
        "cost of a project without phases is paid once",
        portfolio(4, choice("A", decision="must", costs=[running_cost(6)]), **terms("cost")),
        6,
    ),
    Golden(
        "the cheaper mode",
        portfolio(
            4,
            {
                "id": "A",
                "decision": "must",
                "phases": [
                    {
                        "id": "work",
                        "modes": [
                            mode("slow", 3, lines=[running_cost(3)]),
                            mode("fast", 1, lines=[lump(8)]),
                        ],
                    }
                ],
            },
            **terms("cost"),
        ),
        8,
    ),
)


def two_by_one(**fields: Any) -> Data:
    """Return A (two months) and B (three months), which one developer does one after the other."""
    wanted: Data = {"decision": "must", "needs": [need("dev")]}
    return portfolio(
        8,
        project("A", duration=2, **wanted, **fields),
        project("B", duration=3, **wanted, **fields),
        people=[person("p")],
        **skills("dev"),
    )


TIME = (
    Golden("latest finish", two_by_one() | terms("makespan"), 2 + 3),
    Golden("latest finish of nothing", portfolio(4, project("A"), **terms("makespan")), 0),
    Golden(
        "latest finish of a project without phases",
        portfolio(4, choice("A", earliest_start=2, decision="must"), **terms("makespan")),
        2,
    ),
    Golden(
        "latest finish of phases side by side",
        portfolio(
            8,
            phases(
                "A",
                0,
                phase("P", 3),
                phase("Q", 1),
                links=[link("P", "Q", "SS", min_lag=1)],
                decision="must",
            ),
            **terms("makespan"),
        ),
        3,
    ),
    Golden(
        "delay against due dates: B first is late for A, A first is late for B",
        changed(two_by_one(due=2, late_price=0) | terms("delay"), {"projects/B/due": 4}),
        min((2 + 3) - 4, (3 + 2) - 2),
    ),
    Golden(
        "early is no delay below 0",
        changed(two_by_one(due=8, late_price=0) | terms("delay"), {"projects/A/due": 1}),
        2 - 1,
    ),
)


KEPT = portfolio(
    8,
    phases(
        "A",
        0,
        {"id": "P", "modes": [mode("slow", 2), mode("fast", 1)]},
        phase("Q", 1),
        decision="must",
        max_gap=None,
    ),
    project("B"),
    choice("C", decision="must"),
    choice("D", state="done"),
    baseline=[
        {
            "project": "A",
            "phases": [
                {"phase": "P", "start": 0, "mode": "slow"},
                {"phase": "Q", "start": "2027-04-15"},
            ],
        },
        {"project": "B", "selected": False},
        {"project": "C"},
    ],
    **terms({"term": "changes", "project_weight": 3}),
)
"""All can stay as it was; each project that cannot counts 3."""

PINNED_LATE: Data = {"projects/A/phases/P/pin": {"start": 1}}
PINNED_FAST: Data = {"projects/A/phases/P/pin": {"mode": "fast"}}

CHANGES = (
    Golden("nothing changes", KEPT, 0),
    Golden("another start", changed(KEPT, PINNED_LATE), 3),
    Golden("another mode", changed(KEPT, PINNED_FAST), 3),
    Golden(
        "another start and another mode are one change", changed(KEPT, PINNED_LATE | PINNED_FAST), 3
    ),
    Golden(
        "another mode where the baseline names none",
        changed(KEPT, PINNED_FAST | {"baseline/0/phases/0/mode": GONE}),
        0,
    ),
    Golden(
        "another start of a phase that the baseline does not list",
        changed(KEPT, PINNED_LATE | {"baseline/0/phases/0": GONE}),
        0,
    ),
    Golden("in, where it was out", changed(KEPT, {"projects/B/decision": "must"}), 3),
    Golden("in, where it was not listed", changed(KEPT, {"baseline/2": GONE}), 3),
    Golden("out, where it was in", changed(KEPT, {"projects/C/decision": "never"}), 3),
    Golden(
        "three changes",
        changed(
            KEPT,
            PINNED_LATE | {"projects/B/decision": "must", "projects/C/decision": "never"},
        ),
        3 * 3,
    ),
    Golden(
        "another start of phases without gaps",
        changed(KEPT, PINNED_LATE | {"projects/A/max_gap": 0, "baseline/0/phases/1/start": 2}),
        3,
    ),
    Golden(
        "nothing changes in phases without gaps",
        changed(KEPT, {"projects/A/max_gap": 0, "baseline/0/phases/1/start": 2}),
        0,
    ),
)

GOLDENS = (*VALUE, *MONEY, *TIME, *CHANGES)
"""Every term on its own."""
