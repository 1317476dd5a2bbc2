"""Windows, pins, states, decisions, and the order of a project's own phases."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.referee import Code
from tests.contract.builders import (
    GONE,
    Data,
    choice,
    fund,
    link,
    mode,
    need,
    phase,
    phases,
    pool,
    portfolio,
    project,
    running_cost,
    skills,
    terms,
)
from tests.contract.cases.row import Binding

SOONEST = terms("makespan")
CHEAPEST = terms("cost")

FREE = [link("P", "Q", "SS", min_lag=-7)]
"""Own links that leave the order of the phases P and Q open: nothing is implied any more."""

LAGS = {"FS": 6 - 2, "SS": 6 - 0, "FF": 7 - 2, "SF": 7 - 0}
"""Lag by type between work in months 0 and 1 and work in month 6."""


def only_in(*months: int, duration: int = 1, **fields: Any) -> Data:
    """Return four months and a project worth 5 that finds people in some of them only."""
    profile = [int(t in months) for t in range(4)]
    work = project("A", 5, duration, needs=[need("dev")], **fields)
    return portfolio(4, work, pools=[pool("dev", *profile)], **skills("dev"))


def must(**fields: Any) -> Data:
    """Return a project of one month that has to be done, as soon as possible."""
    return portfolio(4, project("A", decision="must", **fields), **SOONEST)


def apart(first: int, second: int, length: int = 1, **fields: Any) -> Data:
    """Return eight months and a project worth 5 whose two phases have one possible month each.

    P begins in month ``first`` and lasts ``length``, Q is done in month ``second``.
    """
    parts = phase("P", length, needs=[need("p")]), phase("Q", 1, needs=[need("q")])
    early = [int(first <= t < first + length) for t in range(8)]
    late = [int(t == second) for t in range(8)]
    return portfolio(
        8,
        phases("A", 5, *parts, **fields),
        pools=[pool("p", *early), pool("q", *late)],
        **skills("p", "q"),
    )


def inner(kind: str, **lags: int | None) -> Data:
    """Return a project with P in months 0 and 1, Q in month 6, and a link between them."""
    return apart(0, 6, length=2, links=[link("P", "Q", kind, **lags)])


WINDOWS = (
    Binding(
        "earliest start",
        must(earliest_start=2),
        {"projects/A/earliest_start": GONE},
        kept=2 + 1,
        dropped=1,
        broken=(Code.EARLIEST_START,),
    ),
    Binding(
        "earliest start by date: within January is February",
        must(earliest_start="2027-01-02"),
        {"projects/A/earliest_start": "2027-01-01"},
        kept=1 + 1,
        dropped=1,
        broken=(Code.EARLIEST_START,),
    ),
    Binding(
        "latest start",
        only_in(2, 3, latest_start=1),
        {"projects/A/latest_start": 2},
        kept=0,
        dropped=5,
        broken=(Code.LATEST_START,),
    ),
    Binding(
        "latest start by date: the day before March is February",
        only_in(2, 3, latest_start="2027-02-28"),
        {"projects/A/latest_start": "2027-03-01"},
        kept=0,
        dropped=5,
        broken=(Code.LATEST_START,),
    ),
    Binding(
        "latest finish",
        only_in(2, 3, duration=2, latest_finish=3),
        {"projects/A/latest_finish": 4},
        kept=0,
        dropped=5,
        broken=(Code.LATEST_FINISH,),
    ),
    Binding(
        "latest finish by date: the day before the last of April leaves March",
        only_in(2, 3, duration=2, latest_finish="2027-04-29"),
        {"projects/A/latest_finish": "2027-04-30"},
        kept=0,
        dropped=5,
        broken=(Code.LATEST_FINISH,),
    ),
    Binding(
        "hard due date",
        only_in(2, 3, duration=2, due=3),
        {"projects/A/due": 4},
        kept=0,
        dropped=5,
        broken=(Code.HARD_DUE,),
    ),
    Binding(
        "horizon",
        portfolio(3, project("A", 5, 2), project("B", 3, 2), links=[link("A", "B")]),
        {"calendar/periods": 4},
        kept=5,
        dropped=5 + 3,
        broken=(Code.HORIZON,),
    ),
    Binding(
        "the latest start is that of the earliest phase, whatever the order of the list",
        apart(3, 1, links=FREE, latest_start=0),
        {"projects/A/latest_start": 1},
        kept=0,
        dropped=5,
        broken=(Code.LATEST_START,),
    ),
    Binding(
        "the hard due date is that of the latest phase, whatever the order of the list",
        apart(3, 1, links=FREE, due=3),
        {"projects/A/due": 4},
        kept=0,
        dropped=5,
        broken=(Code.HARD_DUE,),
    ),
)

MODES = {"id": "work", "modes": [mode("normal", 3), mode("fast", 1)]}

PINS = (
    Binding(
        "pin of a start",
        portfolio(
            4, phases("A", 0, phase("P", 1) | {"pin": {"start": 2}}, decision="must"), **SOONEST
        ),
        {"projects/A/phases/P/pin": GONE},
        kept=2 + 1,
        dropped=1,
        broken=(Code.PINNED_START,),
    ),
    Binding(
        "pin of a start by date: a day in March is March",
        portfolio(
            4,
            phases("A", 0, phase("P", 1) | {"pin": {"start": "2027-03-15"}}, decision="must"),
            **SOONEST,
        ),
        {"projects/A/phases/P/pin/start": "2027-02-15"},
        kept=2 + 1,
        dropped=1 + 1,
        broken=(Code.PINNED_START,),
    ),
    Binding(
        "pin of a mode",
        portfolio(
            4,
            phases("A", 0, MODES | {"pin": {"mode": "normal"}}, decision="must"),
            **SOONEST,
        ),
        {"projects/A/phases/work/pin": GONE},
        kept=3,
        dropped=1,
        broken=(Code.PINNED_MODE,),
    ),
)

STATES = (
    Binding(
        "must",
        portfolio(1, choice("A", cost=7, decision="must"), **CHEAPEST),
        {"projects/A/decision": "free"},
        kept=7,
        dropped=0,
        broken=(Code.MUST,),
    ),
    Binding(
        "never",
        portfolio(1, choice("A", 5, decision="never")),
        {"projects/A/decision": "free"},
        kept=0,
        dropped=5,
        broken=(Code.NEVER,),
    ),
    Binding(
        "a running project stays",
        portfolio(4, project("A", 0, 3, state="running", lines=[running_cost(2)]), **CHEAPEST),
        {"projects/A/stoppable": True},
        kept=3 * 2,
        dropped=0,
        broken=(Code.RUNNING_STOPPED,),
    ),
    Binding(
        "a running project begins with its first phase in period 0",
        only_in(1, 2, state="running", stoppable=True),
        {"projects/A/state": "proposed", "projects/A/stoppable": GONE},
        kept=0,
        dropped=5,
        broken=(Code.PINNED_START,),
    ),
    Binding(
        "limits on the start of a running project mean nothing",
        only_in(0, earliest_start=1),
        {"projects/A/state": "running"},
        kept=0,
        dropped=5,
        broken=(Code.EARLIEST_START,),
    ),
    Binding(
        "a pin of its own goes before that",
        only_in(1, 2, state="running", stoppable=True),
        {"projects/A/phases/work/pin": {"start": 1}},
        kept=0,
        dropped=5,
        broken=(Code.PINNED_START,),
    ),
    Binding(
        "a stoppable running project that must not go on is stopped",
        only_in(0, state="running", stoppable=True, decision="never"),
        {"projects/A/decision": "free"},
        kept=0,
        dropped=5,
        broken=(Code.NEVER,),
    ),
    Binding(
        "a done project counts as selected for its excludes",
        portfolio(
            1,
            choice("A", 9, state="done"),
            choice("B", 5),
            excludes=[{"projects": ["A", "B"]}],
        ),
        {"excludes": []},
        kept=0,
        dropped=5,
        broken=(Code.EXCLUDES,),
    ),
    Binding(
        "a done project counts as selected for all-or-none",
        portfolio(
            1,
            choice("A", state="done"),
            choice("B", cost=5),
            all_or_none=[{"projects": ["A", "B"]}],
            **CHEAPEST,
        ),
        {"all_or_none": []},
        kept=5,
        dropped=0,
        broken=(Code.ALL_OR_NONE,),
    ),
    Binding(
        "only a done project satisfies requires for good",
        portfolio(
            1,
            choice("A", cost=6),
            choice("B", 5, cost=6),
            requires=[{"project": "B", "needs": ["A"]}],
            funds=[fund(total=10)],
        ),
        {"projects/A/state": "done"},
        kept=0,
        dropped=5,
        broken=None,
    ),
    Binding(
        "only a done source satisfies a link for good",
        portfolio(2, project("A", 0, 2, decision="never"), project("B", 5), links=[link("A", "B")]),
        {"projects/A/state": "done", "projects/A/decision": "free"},
        kept=0,
        dropped=5,
        broken=None,
    ),
)

PHASES = (
    Binding(
        "phases follow each other without gaps",
        apart(0, 2),
        {"projects/A/max_gap": 1},
        kept=0,
        dropped=5,
        broken=(Code.MAX_GAP,),
    ),
    Binding(
        "gap of at most 2",
        apart(0, 4, max_gap=2),
        {"projects/A/max_gap": 3},
        kept=0,
        dropped=5,
        broken=(Code.MAX_GAP,),
    ),
    Binding(
        "gap of at most 3, or any",
        apart(0, 7, max_gap=3),
        {"projects/A/max_gap": None},
        kept=0,
        dropped=5,
        broken=(Code.MAX_GAP,),
    ),
    Binding(
        "order of phases, whatever the gap",
        apart(2, 0, max_gap=None),
        {"projects/A/links": FREE},
        kept=0,
        dropped=5,
        broken=(Code.PHASE_ORDER,),
    ),
    *(
        Binding(
            f"inner link {kind} with a minimum lag",
            inner(kind, min_lag=lag + 1),
            {"projects/A/links/0/min_lag": lag},
            kept=0,
            dropped=5,
            broken=(Code.PHASE_LINK,),
        )
        for kind, lag in LAGS.items()
    ),
    *(
        Binding(
            f"inner link {kind} with a maximum lag",
            inner(kind, min_lag=None, max_lag=lag - 1),
            {"projects/A/links/0/max_lag": lag},
            kept=0,
            dropped=5,
            broken=(Code.PHASE_LINK,),
        )
        for kind, lag in LAGS.items()
    ),
)

TIME = (*WINDOWS, *PINS, *STATES, *PHASES)
"""Every rule about when a project's work is done, and about projects that are decided."""
