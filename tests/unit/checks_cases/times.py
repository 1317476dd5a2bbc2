"""Minimal portfolios for the rules about projects, windows and links."""

from __future__ import annotations

from tests.unit.checks_cases.parts import GROUP, THREE, TWO, Case, chain, work

PROJECT_CASES = (
    Case("no-projects", "projects", {"projects": []}),
    Case("no-projects", "projects", {"projects": [{"id": "P", "state": "done"}]}),
    Case(
        "phase-without-modes",
        "projects/P/phases/a/modes",
        {"projects": [work("P", phases=[{"id": "a", "modes": []}])]},
    ),
    Case(
        "running-never",
        "projects/P/decision",
        {"projects": [work("P", 2, state="running", decision="never")]},
    ),
    Case(
        "done-decided",
        "projects/Q/decision",
        {"projects": [work("P", 2), {"id": "Q", "state": "done", "decision": "never"}]},
    ),
    Case("late-price-unused", "projects/P/late_price", {"projects": [work("P", 2, late_price=3)]}),
    Case("stop-unused", "projects/P/stoppable", {"projects": [work("P", 2, stoppable=True)]}),
    Case("stop-unused", "projects/P/exit_cost", {"projects": [work("P", 2, exit_cost=1)]}),
    Case(
        "stop-unused",
        "projects/P/exit_cost",
        {"projects": [work("P", 2, state="running", exit_cost=1, exit_category="fees")]},
    ),  # it may not be stopped
    Case(
        "stop-unused",
        "projects/P/exit_fund",
        {
            "projects": [work("P", 2, state="running", exit_fund="F")],
            "funds": [{"id": "F", "amounts": {"total": 1}}],
        },
    ),
)

TIME_CASES = (
    Case(
        "window-empty", "projects/P", {"projects": [work("P", 2, earliest_start=5, latest_start=4)]}
    ),
    Case("window-empty", "projects/P", {"projects": [work("P", 2, earliest_start="2028-01-01")]}),
    Case("window-empty", "projects/P", {"projects": [work("P", 2, latest_finish="2026-12-31")]}),
    Case(
        "window-empty", "projects/P", {"projects": [{"id": "P", "value": 1, "earliest_start": 12}]}
    ),  # a yes or no after the last period
    Case(
        "pin-outside",
        "projects/P/phases/a/pin/start",
        {
            "projects": [
                work("P", phases=[{"id": "a", "duration": 2, "pin": {"start": "2026-11-01"}}])
            ]
        },
    ),
    Case(
        "pin-window",
        "projects/P/phases/a/pin/start",
        {
            "projects": [
                work(
                    "P", phases=[{"id": "a", "duration": 2, "pin": {"start": 3}}], earliest_start=4
                )
            ]
        },
    ),
    Case(
        "pin-window",
        "projects/P/phases/a/pin/start",
        {"projects": [work("P", phases=[{"id": "a", "duration": 2, "pin": {"start": 11}}])]},
    ),  # 11 + 2 is beyond 12
    Case(
        "pin-window",
        "projects/P/phases/phase-1",
        {"projects": [work("P", 2, state="running", latest_finish=1)]},
    ),  # a running project goes on in period 0
    Case(
        "pin-conflict",
        "projects/P/phases/b",
        {
            "projects": [
                work(
                    "P",
                    phases=[
                        {"id": "a", "duration": 2, "pin": {"start": 3}},
                        {"id": "b", "duration": 2, "pin": {"start": 4}},
                    ],
                )
            ]
        },
    ),
    Case(
        "running-pin",
        "projects/P/phases/a/pin/start",
        {
            "projects": [
                work("P", phases=[{"id": "a", "duration": 2, "pin": {"start": 3}}], state="running")
            ]
        },
    ),
    Case("phase-too-long", "projects/P/phases/phase-1", {"projects": [work("P", 13)]}),
    Case(
        "phase-too-long",
        "projects/P/phases/phase-1",
        {"projects": [work("P", 3, earliest_start=4, latest_finish=6)]},
    ),
    Case(
        "mode-too-long",
        "projects/P/phases/a/modes/slow",
        {
            "projects": [
                work(
                    "P",
                    phases=[
                        {
                            "id": "a",
                            "modes": [
                                {"id": "fast", "duration": 3},
                                {"id": "slow", "duration": 13},
                            ],
                        }
                    ],
                )
            ]
        },
    ),
    Case("phases-do-not-fit", "projects/P", chain(5, 5, 3)),  # 13 months in 12
    Case(
        "phases-do-not-fit",
        "projects/P",
        {
            "projects": [
                work(
                    "P",
                    phases=[
                        {"id": "a", "duration": 4},
                        {"id": "b", "duration": 2, "pin": {"start": 3}},
                    ],
                )
            ]
        },
    ),  # a would have to start in period -1
)

LINK_CASES = (
    Case("link-self", "links/FS:A>A", {**TWO, "links": [{"from": "A", "to": "A"}]}),
    Case("link-self", "links/FS:A>A/phase-1", {**TWO, "links": [{"from": "A", "to": "A/phase-1"}]}),
    Case(
        "link-self", "links/FS:G>A", {**TWO, "choose": [GROUP], "links": [{"from": "G", "to": "A"}]}
    ),
    Case("link-self", "projects/P/links/FS:a>a", chain(1, 1, links=[{"from": "a", "to": "a"}])),
    Case(
        "link-repeated",
        "links/two",
        {
            **TWO,
            "links": [{"id": "one", "from": "A", "to": "B"}, {"id": "two", "from": "A", "to": "B"}],
        },
    ),
    Case(
        "link-empty",
        "links/FS:A>B",
        {**TWO, "links": [{"from": "A", "to": "B", "min_lag": None, "if_unselected": "ignore"}]},
    ),
    Case(
        "lag-order",
        "links/FS:A>B",
        {**TWO, "links": [{"from": "A", "to": "B", "min_lag": 3, "max_lag": 2}]},
    ),
    Case(
        "group-phase",
        "links/FS:G/a>C/from",
        {**THREE, "choose": [GROUP], "links": [{"from": "G/a", "to": "C"}]},
    ),
    Case(
        "group-not-one",
        "links/FS:G>C/from",
        {**THREE, "choose": [{**GROUP, "max": 2}], "links": [{"from": "G", "to": "C"}]},
    ),
    Case(
        "group-not-one",
        "requires/requires:C>G/needs",
        {**THREE, "choose": [{**GROUP, "max": 2}], "requires": [{"project": "C", "needs": ["G"]}]},
    ),
    Case("group-empty", "excludes/excludes:/projects", {"excludes": [{"projects": []}]}),
    Case("group-empty", "choose/G/projects", {"choose": [{"id": "G", "projects": []}]}),
    Case(
        "group-empty", "requires/requires:P>/needs", {"requires": [{"project": "P", "needs": []}]}
    ),
    Case(
        "member-repeated",
        "excludes/x/projects",
        {**TWO, "excludes": [{"id": "x", "projects": ["A", "A", "B"]}]},
    ),
    Case(
        "member-repeated",
        "choose/G/projects",
        {**TWO, "choose": [{"id": "G", "projects": ["A"], "unselected": ["A", "B"]}]},
    ),
    Case(
        "group-not-one",
        "requires/requires:C>G/needs",
        {
            **THREE,
            "choose": [{"id": "G", "projects": ["A"], "unselected": ["B"]}],
            "requires": [{"project": "C", "needs": ["G"]}],
        },
    ),
    Case("choose-range", "choose/G", {**TWO, "choose": [{**GROUP, "min": 2, "max": 1}]}),
    Case("choose-range", "choose/G", {**TWO, "choose": [{**GROUP, "max": -1}]}),
    Case("choose-range", "choose/G", {**TWO, "choose": [{**GROUP, "min": 3, "max": 3}]}),
    Case(
        "group-done",
        "excludes/x",
        {
            "projects": [
                work("P", 2),
                {"id": "Q", "state": "done"},
                {"id": "R", "state": "done"},
            ],
            "excludes": [{"id": "x", "projects": ["P", "Q", "R"]}],
        },
    ),
    Case(
        "cycle",
        "links/FS:A>B",
        {
            **THREE,
            "links": [{"from": "A", "to": "B"}, {"from": "B", "to": "C"}, {"from": "C", "to": "A"}],
        },
    ),
    Case(
        "cycle",
        "projects/P",
        chain(1, 1, links=[{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]),
    ),
    Case(
        "cycle",
        "links/FS:A>B",
        {
            **TWO,
            "links": [
                {"from": "A", "to": "B", "min_lag": 4},
                {"from": "A", "to": "B", "type": "SS", "max_lag": 3},
            ],
        },
    ),  # at least 2 + 4 after the start of A, and at most 3
    Case(
        "cycle-optional",
        "links/FS:A>B",
        {
            **TWO,
            "links": [
                {"from": "A", "to": "B", "if_unselected": "ignore"},
                {"from": "B", "to": "A", "if_unselected": "ignore"},
            ],
        },
    ),
    Case(
        "must-unschedulable",
        "projects/B",
        {
            "projects": [work("A", 8), work("B", 8, decision="must")],
            "links": [{"from": "A", "to": "B"}],
        },
    ),  # 16 months in 12, and B needs A
    Case(
        "must-unschedulable",
        "projects/P",
        {
            "projects": [
                work("P", 2, state="running"),
                work("Q", 2, decision="must", latest_start=1),
            ],
            "links": [{"from": "P", "to": "Q"}],
        },
    ),
    Case(
        "never-schedulable",
        "projects/B",
        {"projects": [work("A", 8), work("B", 8)], "links": [{"from": "A", "to": "B"}]},
    ),
)
