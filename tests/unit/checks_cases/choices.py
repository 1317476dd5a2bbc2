"""Minimal portfolios for the rules about the selection, rules and the objective."""

from __future__ import annotations

from tests.unit.checks_cases.parts import THREE, TWO, X_AND_Y, Case, share, work

MUST_A = {"projects": [work("A", 2, decision="must"), work("B", 2), work("C", 2)]}

SELECTION_CASES = (
    Case(
        "selection-conflict",
        "projects/A",
        {
            "projects": [work("A", 2, decision="must"), work("B", 2, decision="must")],
            "excludes": [{"projects": ["A", "B"]}],
        },
    ),
    Case(
        "selection-conflict",
        "projects/A",
        {
            "projects": [work("A", 2, decision="must"), work("B", 2, decision="never")],
            "requires": [{"project": "A", "needs": ["B"]}],
        },
    ),
    Case(
        "selection-conflict",
        "projects/A",
        {
            "projects": [
                work("A", 2, decision="must"),
                work("B", 2, state="running"),
                work("C", 2),
            ],
            "requires": [{"project": "A", "needs": ["C"]}],
            "excludes": [{"projects": ["B", "C"]}],
        },
    ),  # through what A requires
    Case(
        "selection-conflict",
        "projects/A",
        {
            "projects": [work("A", 2, decision="must"), work("B", 2, decision="never")],
            "all_or_none": [{"projects": ["A", "B"]}],
        },
    ),
    Case(
        "selection-conflict",
        "projects/A",
        {
            "projects": [work("A", 2, decision="must"), work("B", 2, decision="never")],
            "links": [{"from": "B", "to": "A"}],
        },
    ),  # a link lets A wait for B
    Case(
        "selection-conflict",
        "projects/A",
        {
            "projects": [work(name, 2, decision="must") for name in "ABC"],
            "choose": [{"id": "G", "projects": ["A", "B", "C"], "max": 2}],
        },
    ),
    Case(
        "selection-conflict",
        "projects/A",
        {
            "projects": [work(name, 2, decision="must") for name in "ABC"],
            "rules": [{"type": "count", "max": 2}],
        },
    ),
    Case(
        "selection-conflict",
        "projects/P",
        {
            "projects": [work("P", 2, decision="must"), work("A", 2), work("B", 2)],
            "all_or_none": [{"projects": ["P", "A"]}, {"projects": ["P", "B"]}],
            "excludes": [{"projects": ["A", "B"]}],
        },
    ),  # two all-or-none sets that exclude each other
    Case(
        "selection-impossible",
        "projects/A",
        {
            "projects": [work("P", 2), work("A", 2), work("B", 2)],
            "all_or_none": [{"projects": ["P", "A"]}, {"projects": ["P", "B"]}],
            "excludes": [{"projects": ["A", "B"]}],
        },
    ),
    Case(
        "selection-impossible",
        "projects/A",
        {
            **THREE,
            "requires": [{"project": "A", "needs": ["B", "C"]}],
            "choose": [{"id": "G", "projects": ["B", "C"]}],
        },
    ),
    Case(
        "selection-ruled-out",
        "projects/A",
        {
            "projects": [work("A", 2), work("B", 2, decision="never")],
            "requires": [{"project": "A", "needs": ["B"]}],
        },
    ),
    Case(
        "selection-ruled-out",
        "projects/B",
        {
            **MUST_A,
            "requires": [{"project": "B", "needs": ["C"]}],
            "excludes": [{"projects": ["A", "C"]}],
        },
    ),
    Case(
        "selection-ruled-out",
        "projects/A",
        {**TWO, "choose": [{"id": "G", "projects": ["A"], "max": 0}]},
    ),
    Case(
        "selection-ruled-out",
        "projects/A",
        {**TWO, "choose": [{"id": "G", "projects": [], "unselected": ["A"], "min": 1}]},
    ),
    Case(
        "selection-conflict",
        "projects/A",
        {**MUST_A, "choose": [{"id": "G", "projects": ["A"], "unselected": ["B"], "max": 0}]},
    ),
)

GOAL_CASES = (
    Case(
        "filter-empty",
        "caps/c/where",
        {"caps": [{"id": "c", "where": {"tag": "x"}, "amounts": {"total": 1}}]},
    ),
    Case(
        "filter-empty",
        "rules/r/where",
        {"rules": [{"id": "r", "type": "count", "max": 1, "where": {"attribute": {"risk": 1}}}]},
    ),
    Case(
        "filter-empty",
        "rules/r/where",
        {"rules": [{"id": "r", "type": "utilization", "ceiling": 0.9, "where": {"tag": "x"}}]},
    ),
    Case("share-unmatched", "rules/r", {"rules": [share("at_least", 0.1, "x", "r")]}),
    Case(
        "share-unmatched",
        "rules/r",
        {
            "projects": [work("P", 2), work("Q", 2, category="x", decision="never")],
            "rules": [share("at_least", 0.1, "x", "r")],
        },
    ),
    Case(
        "share-budget",
        "rules/r/of",
        {**X_AND_Y, "rules": [share("at_least", 0.1, "x", "r", measure="cost", of="budget")]},
    ),
    Case(
        "share-budget",
        "rules/r/of",
        {
            **X_AND_Y,
            "funds": [{"id": "F", "amounts": {"total": 1}}],
            "rules": [share("at_least", 0.1, "x", "r", of="budget")],
        },
    ),
    Case(
        "share-sum",
        "rules/r",
        {**X_AND_Y, "rules": [share("at_least", 0.7, "x", "r"), share("at_least", 0.4, "y", "s")]},
    ),
    Case(
        "share-sum",
        "rules/r",
        {**X_AND_Y, "rules": [share("at_most", 0.5, "x", "r"), share("at_most", 0.4, "y", "s")]},
    ),
    Case(
        "share-contradiction",
        "rules/r",
        {**X_AND_Y, "rules": [share("at_least", 0.5, "x", "r"), share("at_most", 0.4, "x", "s")]},
    ),
    Case("rule-range", "rules/r", {"rules": [{"id": "r", "type": "starts", "min": 3, "max": 2}]}),
    Case("rule-range", "rules/r", {"rules": [{"id": "r", "type": "count", "min": 2}]}),
    Case("rule-empty", "rules/r", {"rules": [{"id": "r", "type": "count"}]}),
    Case(
        "average-attribute",
        "rules/r",
        {"rules": [{"id": "r", "type": "average", "attribute": "risk", "limit": 3}]},
    ),
    Case(
        "average-attribute",
        "rules/r",
        {
            "projects": [work("P", 2, attributes={"risk": 3, "size": "large"})],
            "rules": [
                {"id": "r", "type": "average", "attribute": "risk", "weight": "size", "limit": 3}
            ],
        },
    ),
    Case("objective-empty", "objective/terms", {"objective": {"terms": []}}),
    Case(
        "term-repeated",
        "objective/terms",
        {"objective": {"terms": [{"term": "value"}, {"term": "value"}]}},
    ),
    Case(
        "term-weight-unused",
        "objective/terms/0/weight",
        {"objective": {"terms": [{"term": "value", "weight": 2}, {"term": "cost"}]}},
    ),
    Case(
        "tolerance-unused",
        "objective/terms/1/abs_tol",
        {
            "objective": {
                "method": "weighted",
                "terms": [{"term": "value", "weight": 2}, {"term": "cost", "abs_tol": 5}],
            }
        },
    ),
    Case(
        "tolerance-unused",
        "objective/terms/0/rel_tol",
        {"objective": {"method": "weighted", "terms": [{"term": "value", "rel_tol": 0.1}]}},
    ),
    Case("changes-without-baseline", "baseline", {"objective": {"terms": [{"term": "changes"}]}}),
    Case("delay-without-due", "objective/terms", {"objective": {"terms": [{"term": "delay"}]}}),
)
