"""Funds, who may pay, carry-over, and caps."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.referee import Code
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
)
from tests.contract.cases.row import Binding

OVERSPENT = (Code.FUND_OVERSPENT,)
CAPPED = (Code.CAP_EXCEEDED,)


def spending(*lines: Data, month: int = 0, duration: int = 1, **parts: Any) -> Data:
    """Return four months and a project worth 5 in one of them whose phase has these lines."""
    work = project(
        "A", 5, duration, lines=list(lines), earliest_start=month, latest_start=month, category="it"
    )
    return portfolio(4, work, **parts)


def monthly(*amounts: float, name: str = "main", **fields: Any) -> Data:
    """Return the part ``funds`` with one fund that has an amount for every month."""
    return {"funds": [fund(name, amounts={"periods": list(amounts)}, **fields)]}


def charged(**fields: Any) -> Data:
    """Return two months of half a developer at 6 a month, charged to a fund."""
    return portfolio(
        2,
        project("A", 5, 2, needs=[need("dev", 0.5, charge_to="main")]),
        people=[person("p")],
        **skills("dev", rate=6, rate_category="salaries"),
        **fields,
    )


def stopping(**parts: Any) -> Data:
    """Return a running project A, worth 1 or 7 to stop, whose end is the price of B, worth 5."""
    going = choice("A", 1, 2, state="running", stoppable=True, exit_cost=7, exit_category="exit")
    return portfolio(1, going, choice("B", 5, 4), excludes=[{"projects": ["A", "B"]}], **parts)


FUNDS = (
    Binding(
        "fund in total",
        portfolio(1, choice("A", 5, 6), choice("B", 4, 6), funds=[fund(total=11)]),
        {"funds/main/amounts/total": 12},
        kept=5,
        dropped=5 + 4,
        broken=OVERSPENT,
    ),
    Binding(
        "fund per period",
        spending(running_cost(6), duration=2, month=1, **monthly(9, 6, 5, 9)),
        {"funds/main/amounts/periods": [0, 6, 6, 0]},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "fund per fiscal year: April to March",
        spending(
            lump(6),
            month=3,
            calendar=calendar(4, fiscal_start_month=4),
            funds=[fund(amounts={"years": {2027: 100, 2028: 5}})],
        ),
        {"funds/main/amounts/years": {2027: 0, 2028: 6}},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a fund has nothing in a fiscal year that it does not list",
        spending(
            lump(6),
            month=3,
            calendar=calendar(4, fiscal_start_month=4),
            funds=[fund(amounts={"years": {2027: 100}})],
        ),
        {"funds/main/amounts/years": {2027: 0, 2028: 6}},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a lump is paid in the first period, or the last one",
        spending(lump(6, fund="main"), month=1, duration=2, **monthly(9, 5, 6, 9)),
        {"projects/A/phases/work/costs/0/at": "finish"},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a lump at the finish of a milestone is paid at its start",
        spending(lump(6, at="finish"), month=2, duration=0, **monthly(9, 9, 5, 9)),
        {"funds/main/amounts/periods": [0, 0, 6, 0]},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a lump at the finish of milestones side by side is paid at their start",
        portfolio(
            4,
            phases(
                "A",
                5,
                phase("P", 0),
                phase("Q", 0),
                links=[link("P", "Q", "SS")],
                costs=[lump(6, at="finish")],
                earliest_start=2,
                latest_finish=2,
            ),
            **monthly(9, 9, 5, 9),
        ),
        {"funds/main/amounts/periods": [0, 0, 6, 0]},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a profile is paid from the start on",
        spending({"profile": [2, 6]}, month=1, duration=2, **monthly(9, 2, 5, 9)),
        {"funds/main/amounts/periods": [0, 2, 6, 0]},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a project's cost per period runs through its gaps",
        portfolio(
            3,
            phases(
                "A",
                5,
                phase("P", 1),
                phase("Q", 1),
                links=[link("P", "Q", min_lag=1)],
                costs=[running_cost(2)],
            ),
            funds=[fund(total=5)],
        ),
        {"funds/main/amounts/total": 3 * 2},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "cost beyond the grid is paid by nobody",
        portfolio(
            4,
            project("A", 5, costs=[{"profile": [4, 4]}], latest_start=2),
            funds=[fund(total=4)],
        ),
        {"projects/A/latest_start": 3},
        kept=0,
        dropped=5,
        broken=(Code.LATEST_START,),
    ),
    Binding(
        "every mode has a cost of its own",
        portfolio(
            2,
            {
                "id": "A",
                "value": 5,
                "latest_finish": 1,
                "phases": [
                    {
                        "id": "work",
                        "modes": [mode("normal", 2), mode("fast", 1, lines=[lump(7)])],
                    }
                ],
            },
            funds=[fund(total=6)],
        ),
        {"funds/main/amounts/total": 7},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
)

PAYERS = (
    Binding(
        "eligible categories",
        spending(
            lump(6, category="opex"),
            funds=[fund("a", 9, categories=["capex"]), fund("b", 5)],
        ),
        {"funds/a/categories": ["capex", "opex"]},
        kept=0,
        dropped=5,
        broken=(Code.SPLIT_INELIGIBLE,),
    ),
    Binding(
        "an open line is split over the funds",
        spending(lump(7), funds=[fund("a", 4), fund("b", 2)]),
        {"funds/b/amounts/total": 3},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "an open line is split anew in every period",
        spending(
            running_cost(5),
            duration=2,
            funds=[
                fund("a", amounts={"periods": [4, 1, 0, 0]}),
                fund("b", amounts={"periods": [1, 3, 0, 0]}),
            ],
        ),
        {"funds/b/amounts/periods": [1, 4, 0, 0]},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a named line is paid by its fund alone",
        spending(lump(6, fund="a"), funds=[fund("a", 5), fund("b", 9)]),
        {"projects/A/phases/work/costs/0/fund": GONE},
        kept=0,
        dropped=5,
        broken=None,
    ),
    Binding(
        "named and open lines draw on the same fund",
        portfolio(
            1,
            {"id": "A", "value": 5, "costs": [lump(4, fund="a"), lump(6, id="rest")]},
            funds=[fund("a", 5), fund("b", 4)],
        ),
        {"funds/a/amounts/total": 6},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "charges of needs",
        charged(funds=[fund(total=5)]),
        {"funds/main/amounts/total": 2 * 3},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "a fund pays for stopping a project",
        stopping(funds=[fund(total=7 + 4 - 1)]),
        {"funds/main/amounts/total": 7 + 4},
        kept=1,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "the named fund alone pays for stopping a project",
        changed(stopping(funds=[fund("a", 6), fund("b", 9)]), {"projects/A/exit_fund": "a"}),
        {"funds/a/amounts/total": 7},
        kept=1,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "an eligible fund pays for stopping a project",
        stopping(funds=[fund("a", 9, categories=["cost"]), fund("b", 6)]),
        {"funds/a/categories": ["cost", "exit"]},
        kept=1,
        dropped=5,
        broken=None,
    ),
)

CARRY = (
    Binding(
        "no carry-over, or all",
        spending(lump(9), month=1, **monthly(4, 5, 0, 0)),
        {"funds/main/carry_over": "all"},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "limited carry-over",
        spending(lump(9), month=1, **monthly(6, 5, 0, 0, carry_over=3)),
        {"funds/main/carry_over": 4},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "what is carried is carried again, within the limit",
        spending(lump(9), month=2, **monthly(4, 3, 2, 0, carry_over=6)),
        {"funds/main/carry_over": 7},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "what is spent is not carried",
        portfolio(
            2,
            choice("A", 5, 3),
            choice("B", 4, 6, earliest_start=1),
            **monthly(4, 4, carry_over="all"),
        ),
        {"funds/main/amounts/periods": [5, 4]},
        kept=5,
        dropped=5 + 4,
        broken=OVERSPENT,
    ),
    Binding(
        "carry-over between fiscal years",
        spending(
            lump(9),
            month=3,
            calendar=calendar(4, fiscal_start_month=4),
            funds=[fund(amounts={"years": {2027: 4, 2028: 5}}, carry_over=3)],
        ),
        {"funds/main/carry_over": 4},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
    Binding(
        "nothing is carried backwards",
        spending(lump(9), month=1, **monthly(0, 5, 9, 0, carry_over="all")),
        {"funds/main/amounts/periods": [4, 5, 0, 0]},
        kept=0,
        dropped=5,
        broken=OVERSPENT,
    ),
)


def quarterly(cap: Data, *, parallel: bool = False) -> Data:
    """Return a project of six quarters that costs 1 in each of them.

    With ``parallel`` it has phases side by side, of which the longest has the cost.
    """
    work = [phase("P", 6, lines=[running_cost(1)])]
    own = {}
    if parallel:
        work = [phase("Q", 1), *work]
        own = {"links": [link("P", "Q", "SS", max_lag=2)]}
    grid = calendar(8, grain="quarter")
    return portfolio(8, phases("A", 5, *work, **own), calendar=grid, caps=[{"id": "cap"} | cap])


def capped(*lines: Data, month: int = 1, duration: int = 1, **cap: Any) -> Data:
    """Return a project that spends, and a cap."""
    return spending(*lines, month=month, duration=duration, caps=[{"id": "cap"} | cap])


CAPS = (
    Binding(
        "cap in total",
        portfolio(
            1,
            choice("A", 5, 6),
            choice("B", 4, 6),
            caps=[{"id": "cap", "amounts": {"total": 11}}],
        ),
        {"caps/cap/amounts/total": 12},
        kept=5,
        dropped=5 + 4,
        broken=CAPPED,
    ),
    Binding(
        "cap on some projects",
        capped(lump(6), where={"category": "it"}, amounts={"total": 5}),
        {"caps/cap/where/category": "law"},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap on cost categories",
        capped(lump(6, category="capex"), cost_categories=["capex"], amounts={"total": 5}),
        {"caps/cap/cost_categories": ["opex"]},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap on charges by their category",
        charged(caps=[{"id": "cap", "cost_categories": ["salaries"], "amounts": {"total": 5}}])
        | {"funds": [fund(total=100)]},
        {"caps/cap/amounts/total": 2 * 3},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap per period",
        capped(running_cost(6), duration=2, amounts={"periods": [0, 6, 5, 0]}),
        {"caps/cap/amounts/periods": [0, 6, 6, 0]},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap per fiscal year",
        spending(
            lump(6),
            month=3,
            calendar=calendar(4, fiscal_start_month=4),
            caps=[{"id": "cap", "amounts": {"years": {2027: 100, 2028: 5}}}],
        ),
        {"caps/cap/amounts/years": {2027: 0, 2028: 6}},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "no limit in a fiscal year that a cap does not list",
        spending(
            lump(6),
            month=3,
            calendar=calendar(4, fiscal_start_month=4),
            caps=[{"id": "cap", "amounts": {"years": {2027: 0, 2028: 5}}}],
        ),
        {"caps/cap/amounts/years": {2027: 0}},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap from a period on",
        capped(lump(6), first=1, amounts={"total": 5}),
        {"caps/cap/first": 2},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap until a period",
        capped(lump(6), last=1, amounts={"total": 5}),
        {"caps/cap/last": 0},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap from a date on: within February is March",
        capped(lump(6), first="2027-02-01", amounts={"total": 5}),
        {"caps/cap/first": "2027-02-02"},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap until a date: the day before February is January",
        capped(lump(6), last="2027-02-01", amounts={"total": 5}),
        {"caps/cap/last": "2027-01-31"},
        kept=0,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "cap on the exit cost of a stopped project",
        stopping(caps=[{"id": "cap", "cost_categories": ["exit"], "amounts": {"total": 6}}]),
        {"caps/cap/amounts/total": 7},
        kept=1,
        dropped=5,
        broken=CAPPED,
    ),
    Binding(
        "an exit cost is in no year of a project",
        stopping(caps=[{"id": "cap", "amounts": {"total": 6}}]),
        {"caps/cap/project_years": "first"},
        kept=1,
        dropped=5,
        broken=CAPPED,
    ),
    *(
        Binding(
            f"cap on the {years} year of a project{' with phases side by side' * parallel}",
            quarterly({"project_years": years, "amounts": {"total": cost - 1}}, parallel=parallel),
            {"caps/cap/amounts/total": cost},
            kept=0,
            dropped=5,
            broken=CAPPED,
        )
        for years, cost in (("first", 4), ("later", 6 - 4))
        for parallel in (False, True)
    ),
)

MONEY = (*FUNDS, *PAYERS, *CARRY, *CAPS)
"""Every rule about money."""
