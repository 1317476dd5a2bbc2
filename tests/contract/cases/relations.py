"""Links between projects, requires, excludes, groups and synergies."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.referee import Code
from tests.contract.builders import (
    Data,
    choice,
    fund,
    link,
    phase,
    phases,
    portfolio,
    project,
    terms,
)
from tests.contract.cases.row import Binding
from tests.contract.cases.time import CHEAPEST, LAGS, SOONEST

TWO_THEN_ONE = {"FS": 2 + 3 + 1, "SS": 3 + 1, "FF": 2 + 3, "SF": 3}
"""Earliest end of B (one month) by link type, with a lag of 3 to A (two months from 0 on)."""


def both(**parts: Any) -> Data:
    """Return A of two months and B of one month, both to be done as soon as possible."""
    first = project("A", duration=2, decision="must")
    return portfolio(8, first, project("B", decision="must"), **SOONEST, **parts)


def fixed(kind: str, **lags: Any) -> Data:
    """Return A (worth 5) in months 0 and 1, B (worth 3) in month 6, and a link between them."""
    first = project("A", 5, 2, latest_start=0)
    second = project("B", 3, earliest_start=6, latest_start=6)
    return portfolio(8, first, second, links=[link("A", "B", kind, **lags)])


def budgeted(*choices: tuple[str, float, float], total: float = 10, **parts: Any) -> Data:
    """Return yes-or-no projects (id, value, cost) that compete for one fund."""
    listed = (choice(name, value, cost) for name, value, cost in choices)
    return portfolio(1, *listed, funds=[fund(total=total)], **parts)


def group(*members: str, **fields: Any) -> Data:
    """Return a part ``choose`` with the group G; at most one of its members by default."""
    return {"choose": [{"id": "G", "projects": list(members)} | fields]}


LINKS = (
    *(
        Binding(
            f"link {kind} with a minimum lag",
            both(links=[link("A", "B", kind, min_lag=3)]),
            {"links": []},
            kept=TWO_THEN_ONE[kind],
            dropped=2,
            broken=(Code.LINK_MIN_LAG,),
        )
        for kind in LAGS
    ),
    *(
        Binding(
            f"link {kind} with a minimum lag, one more than there is",
            fixed(kind, min_lag=lag + 1),
            {"links/0/min_lag": lag},
            kept=5,
            dropped=5 + 3,
            broken=(Code.LINK_MIN_LAG,),
        )
        for kind, lag in LAGS.items()
    ),
    *(
        Binding(
            f"link {kind} with a maximum lag, one less than there is",
            fixed(kind, max_lag=lag - 1),
            {"links/0/max_lag": lag},
            kept=5,
            dropped=5 + 3,
            broken=(Code.LINK_MAX_LAG,),
        )
        for kind, lag in LAGS.items()
    ),
    *(
        Binding(
            f"link {kind} with a maximum lag that holds only if both are selected",
            fixed(kind, max_lag=lag - 1, if_unselected="ignore"),
            {"links/0/max_lag": lag},
            kept=5,
            dropped=5 + 3,
            broken=(Code.LINK_MAX_LAG,),
        )
        for kind, lag in LAGS.items()
    ),
    Binding(
        "a lag below zero allows an overlap",
        both(links=[link("A", "B", min_lag=0)]),
        {"links/0/min_lag": -1},
        kept=2 + 1,
        dropped=2,
        broken=(Code.LINK_MIN_LAG,),
    ),
    Binding(
        "without a minimum lag the target may come first",
        portfolio(
            8,
            project("A", 5, earliest_start=4),
            project("B", 3, latest_start=0),
            links=[link("A", "B", max_lag=0)],
        ),
        {"links/0/min_lag": None},
        kept=5,
        dropped=5 + 3,
        broken=(Code.LINK_MIN_LAG,),
    ),
    Binding(
        "block: the target needs the source",
        budgeted(("A", 1, 6), ("B", 5, 6), links=[link("A", "B")]),
        {"links/0/if_unselected": "ignore"},
        kept=1,
        dropped=5,
        broken=(Code.LINK_BLOCKED,),
    ),
    Binding(
        "block: the target needs the source of a link with a maximum lag alone",
        budgeted(("A", 1, 6), ("B", 5, 6), links=[link("A", "B", min_lag=None, max_lag=3)]),
        {"links/0/if_unselected": "ignore"},
        kept=1,
        dropped=5,
        broken=(Code.LINK_BLOCKED,),
    ),
    Binding(
        "ignore: the lag holds where both are selected",
        both(links=[link("A", "B", if_unselected="ignore")]),
        {"links": []},
        kept=2 + 1,
        dropped=2,
        broken=(Code.LINK_MIN_LAG,),
    ),
    Binding(
        "the source may be a phase",
        portfolio(
            8,
            phases("A", 0, phase("P", 1), phase("Q", 2), decision="must"),
            project("B", decision="must"),
            links=[link("A", "B")],
            **SOONEST,
        ),
        {"links/0/from": "A/P"},
        kept=1 + 2 + 1,
        dropped=1 + 2,
        broken=(Code.LINK_MIN_LAG,),
    ),
    Binding(
        "the target may be a phase",
        portfolio(
            8,
            project("A", duration=2, decision="must"),
            phases("B", 0, phase("P", 1), phase("Q", 1), decision="must"),
            links=[link("A", "B")],
            **SOONEST,
        ),
        {"links/0/to": "B/Q"},
        kept=2 + 1 + 1,
        dropped=2 + 1,
        broken=(Code.LINK_MIN_LAG,),
    ),
)

GROUPS = (
    Binding(
        "the selected member of a group is the source",
        portfolio(
            4,
            project("A1", 1, 2),
            project("A2", 4, 3),
            project("B", 5, latest_finish=3),
            links=[link("G", "B")],
            **group("A1", "A2"),
        ),
        {"links": []},
        kept=1 + 5,
        dropped=4 + 5,
        broken=(Code.LINK_MIN_LAG,),
    ),
    Binding(
        "the selected member of a group is the source of a maximum lag",
        portfolio(
            4,
            project("A1", 1, latest_finish=2),
            project("A2", 4, latest_finish=1),
            project("B", 5, earliest_start=3),
            links=[link("G", "B", max_lag=1)],
            **group("A1", "A2"),
        ),
        {"links/0/max_lag": 2},
        kept=1 + 5,
        dropped=4 + 5,
        broken=(Code.LINK_MAX_LAG,),
    ),
    Binding(
        "the target needs some member of its source",
        budgeted(
            ("A1", 1, 6),
            ("A2", 2, 7),
            ("B", 5, 6),
            links=[link("G", "B")],
            **group("A1", "A2"),
        ),
        {"links": []},
        kept=2,
        dropped=5,
        broken=(Code.LINK_BLOCKED,),
    ),
    Binding(
        "every selected member of a group is the target",
        portfolio(
            4,
            project("A", 3, 2),
            project("B1", 4, latest_finish=2),
            project("B2", 1),
            links=[link("A", "G", if_unselected="ignore")],
            **group("B1", "B2", min=1),
        ),
        {"links": []},
        kept=3 + 1,
        dropped=3 + 4,
        broken=(Code.LINK_MIN_LAG,),
    ),
    Binding(
        "every member of a group that is the target needs the source",
        budgeted(
            ("A", 1, 6), ("B1", 5, 6), ("B2", 4, 5), links=[link("A", "G")], **group("B1", "B2")
        ),
        {"links": []},
        kept=1,
        dropped=5,
        broken=(Code.LINK_BLOCKED,),
    ),
    Binding(
        "requires is satisfied by any member of a group, not by one alone",
        budgeted(
            ("A1", 1, 6),
            ("A2", 2, 4),
            ("B", 5, 6),
            requires=[{"project": "B", "needs": ["A1"]}],
            **group("A1", "A2"),
        ),
        {"requires/0/needs": ["G"]},
        kept=2,
        dropped=2 + 5,
        broken=(Code.REQUIRES,),
    ),
    Binding(
        "requires of a group needs some member",
        budgeted(
            ("A1", 1, 6),
            ("A2", 2, 7),
            ("B", 5, 6),
            requires=[{"project": "B", "needs": ["G"]}],
            **group("A1", "A2"),
        ),
        {"requires": []},
        kept=2,
        dropped=5,
        broken=(Code.REQUIRES,),
    ),
)

SELECTION = (
    Binding(
        "requires",
        budgeted(("A", 1, 6), ("B", 5, 6), requires=[{"project": "B", "needs": ["A"]}]),
        {"requires": []},
        kept=1,
        dropped=5,
        broken=(Code.REQUIRES,),
    ),
    Binding(
        "requires all that it lists",
        budgeted(
            ("A", 1, 2),
            ("B", 5, 6),
            ("C", 0, 4),
            requires=[{"project": "B", "needs": ["A", "C"]}],
        ),
        {"requires/0/needs": ["A"]},
        kept=1,
        dropped=1 + 5,
        broken=(Code.REQUIRES,),
    ),
    Binding(
        "excludes",
        portfolio(1, choice("A", 4), choice("B", 3), excludes=[{"projects": ["A", "B"]}]),
        {"excludes": []},
        kept=4,
        dropped=4 + 3,
        broken=(Code.EXCLUDES,),
    ),
    Binding(
        "excludes leaves one of three",
        portfolio(
            1,
            *(choice(name, value) for name, value in (("A", 5), ("B", 4), ("C", 3))),
            excludes=[{"projects": ["A", "B", "C"]}],
        ),
        {"excludes/0/projects": ["A", "B"]},
        kept=5,
        dropped=5 + 3,
        broken=(Code.EXCLUDES,),
    ),
    Binding(
        "all or none",
        budgeted(("A", 5, 6), ("B", 1, 6), ("C", 2, 4), all_or_none=[{"projects": ["A", "B"]}]),
        {"all_or_none": []},
        kept=2,
        dropped=5 + 2,
        broken=(Code.ALL_OR_NONE,),
    ),
    Binding(
        "choose at least one",
        portfolio(
            1, choice("A", cost=4), choice("B", cost=6), **group("A", "B", min=1), **CHEAPEST
        ),
        {"choose/G/min": 0},
        kept=4,
        dropped=0,
        broken=(Code.CHOOSE,),
    ),
    Binding(
        "choose at most two",
        portfolio(
            1,
            *(choice(name, value) for name, value in (("A", 5), ("B", 4), ("C", 3))),
            **group("A", "B", "C", max=2),
        ),
        {"choose/G/max": 3},
        kept=5 + 4,
        dropped=5 + 4 + 3,
        broken=(Code.CHOOSE,),
    ),
    Binding(
        "differ in two projects from A and B",
        portfolio(
            1,
            *(choice(name, value) for name, value in (("A", 5), ("B", 4), ("C", 3), ("D", -1))),
            **group("C", "D", unselected=["A", "B"], min=2, max=4),
        ),
        {"choose/G/min": 1},
        kept=5 + 4 + 3 - 1,
        dropped=5 + 4 + 3,
        broken=(Code.CHOOSE,),
    ),
    Binding(
        "differ in one project at most from A",
        portfolio(
            1,
            *(choice(name, value) for name, value in (("A", -2), ("B", 4), ("C", 3))),
            **group("B", "C", unselected=["A"], max=1),
        ),
        {"choose/G/max": 3},
        kept=-2 + 4,
        dropped=4 + 3,
        broken=(Code.CHOOSE,),
    ),
)

THREE = (("A", 5, 6), ("B", 1, 4), ("C", 3, 4))
"""The fund of 10 is enough for A with B or for A with C."""

SYNERGIES = (
    Binding(
        "a bonus where all are selected",
        budgeted(*THREE, synergies=[{"projects": ["A", "B"], "value": 10}]),
        {"synergies": []},
        kept=5 + 1 + 10,
        dropped=5 + 3,
        broken=(),
    ),
    Binding(
        "no bonus where only some are selected",
        budgeted(*THREE, synergies=[{"projects": ["A", "B", "C"], "value": 10}]),
        {"synergies/0/projects": ["A", "B"]},
        kept=5 + 3,
        dropped=5 + 1 + 10,
        broken=(),
    ),
    Binding(
        "a penalty where all are selected",
        portfolio(
            1,
            choice("A", 5),
            choice("B", 3),
            synergies=[{"projects": ["A", "B"], "value": -4}],
        ),
        {"synergies": []},
        kept=5,
        dropped=5 + 3,
        broken=(),
    ),
    Binding(
        "a penalty that is worth it",
        portfolio(
            1,
            choice("A", 5),
            choice("B", 3),
            synergies=[{"projects": ["A", "B"], "value": -2}],
        ),
        {"synergies": []},
        kept=5 + 3 - 2,
        dropped=5 + 3,
        broken=(),
    ),
    Binding(
        "a bonus with a member that is done",
        portfolio(
            1,
            choice("A", 9, state="done"),
            choice("B", 3),
            choice("C", 4),
            excludes=[{"projects": ["B", "C"]}],
            synergies=[{"projects": ["A", "B"], "value": 2}],
        ),
        {"synergies": []},
        kept=3 + 2,
        dropped=4,
        broken=(),
    ),
    Binding(
        "a saving lets a fund pay more",
        budgeted(
            ("A", 5, 6),
            ("B", 3, 6),
            synergies=[
                {
                    "projects": ["A", "B"],
                    "savings": [{"fund": "main", "period": 0, "amount": 1}],
                }
            ],
        ),
        {"synergies/0/savings/0/amount": 2},
        kept=5,
        dropped=5 + 3,
        broken=(Code.FUND_OVERSPENT,),
    ),
    Binding(
        "a saving in another period does not",
        portfolio(
            2,
            choice("A", 5, 6),
            choice("B", 3, 6),
            funds=[fund(amounts={"periods": [10, 0]})],
            synergies=[
                {
                    "projects": ["A", "B"],
                    "savings": [{"fund": "main", "period": 1, "amount": 2}],
                }
            ],
        ),
        {"synergies/0/savings/0/period": 0},
        kept=5,
        dropped=5 + 3,
        broken=(Code.FUND_OVERSPENT,),
    ),
    Binding(
        "a saving comes only with all members",
        portfolio(
            1,
            choice("A", cost=6, decision="must"),
            choice("B", cost=3),
            synergies=[
                {
                    "projects": ["A", "B"],
                    "savings": [{"fund": "main", "period": 0, "amount": 4}],
                }
            ],
            funds=[fund(total=100)],
            **terms("cost"),
        ),
        {"synergies": []},
        kept=6 + 3 - 4,
        dropped=6,
        broken=(),
    ),
)

RELATIONS = (*LINKS, *GROUPS, *SELECTION, *SYNERGIES)
"""Every rule between projects."""
