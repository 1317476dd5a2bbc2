"""Minimal portfolios for the rules about strategy, people and money."""

from __future__ import annotations

from tests.unit.checks_cases.parts import YEAR, Case, costing, needing, scored, staffed, work

COMPARED = (
    {"a": "g", "b": "h", "ratio": 2},
    {"a": "g", "b": "i", "ratio": 4},
    {"a": "h", "b": "i", "ratio": 2},
)
GOALS = ({"id": "g"}, {"id": "h"}, {"id": "i"})

STRATEGY_CASES = (
    Case("weight-missing", "criteria", scored({"id": "g", "weight": 1}, {"id": "h"})),
    Case("weights-sum", "criteria", scored({"id": "g", "weight": 0.5}, {"id": "h", "weight": 0.4})),
    Case(
        "weights-twice",
        "comparisons",
        scored({"id": "g", "weight": 1}, {"id": "h"}, comparisons=[COMPARED[0]]),
    ),
    Case("comparison-missing", "comparisons", scored(*GOALS, comparisons=COMPARED[:2])),
    Case(
        "comparison-contradictory",
        "comparisons/1",
        scored(*GOALS[:2], comparisons=[COMPARED[0], {"a": "h", "b": "g", "ratio": 3}]),
    ),
    Case(
        "comparison-contradictory",
        "comparisons/1",
        scored(*GOALS[:2], comparisons=[COMPARED[0], {"a": "h", "b": "h", "ratio": 1}]),
    ),
    Case(
        "comparison-scale",
        "comparisons/0/ratio",
        scored(*GOALS[:2], comparisons=[{"a": "g", "b": "h", "ratio": 20}]),
    ),
    Case(
        "comparison-inconsistent",
        "comparisons",
        scored(*GOALS, comparisons=[*COMPARED[:2], {"a": "h", "b": "i", "ratio": 0.2}]),
    ),  # g over h, g far over i, and yet i far over h
    Case("scale-empty", "criteria/g/best", scored({"id": "g", "weight": 1, "worst": 5, "best": 5})),
    Case("score-outside", "projects/P/scores/g", scored({"id": "g", "weight": 1, "best": 4})),
    Case(
        "score-missing",
        "projects/P/scores",
        {
            "criteria": [{"id": "g", "weight": 1}],
            "projects": [{"id": "P", "phases": [{"duration": 2}]}],
        },
    ),
    Case(
        "value-and-scores",
        "projects/P/value",
        {"criteria": [{"id": "g", "weight": 1}], "projects": [work("P", 2, scores={"g": 3})]},
    ),
)

PEOPLE_CASES = (
    Case(
        "need-unservable",
        "projects/P/phases/phase-1/modes/normal/needs/dev",
        staffed({"fte": 1}, people=[]),
    ),  # nobody at all
    Case(
        "need-unservable",
        "projects/P/phases/phase-1/modes/normal/needs/dev",
        staffed({"fte": 1, "min_proficiency": 0.8}, people=[{"id": "ann", "skills": {"dev": 0.7}}]),
    ),  # nobody good enough
    Case(
        "need-unservable",
        "projects/P/phases/phase-1/modes/normal/needs/dev",
        staffed(
            {"heads": 1, "share": 0.5}, people=[], pools=[{"id": "lab", "skill": "dev", "fte": 0}]
        ),
    ),  # an empty pool
    Case(
        "must-need-too-large",
        "projects/P/phases/phase-1/modes/normal/needs",
        staffed({}, projects=[needing({"skill": "dev", "fte": 1.5}, decision="must")]),
    ),
    Case("need-too-large", "projects/P/phases/phase-1/modes/normal/needs", staffed({"fte": 1.5})),
    Case(
        "need-too-large",
        "projects/P/phases/phase-1/modes/normal/needs",
        staffed({"fte": 1}, rules=[{"type": "utilization", "ceiling": 0.9}]),
    ),  # 1 FTE is more than 0.9 x 1
    Case(
        "need-too-large",
        "projects/P/phases/a/modes/two/needs",
        staffed(
            {},
            projects=[
                {
                    "id": "P",
                    "value": 1,
                    "decision": "must",
                    "phases": [
                        {
                            "id": "a",
                            "modes": [
                                {"id": "one", "duration": 2, "needs": [{"skill": "dev", "fte": 1}]},
                                {"id": "two", "duration": 1, "needs": [{"skill": "dev", "fte": 2}]},
                            ],
                        }
                    ],
                }
            ],
        ),
    ),  # a must project can use its other mode
    *(
        Case(
            "need-field-unused",
            f"projects/P/phases/phase-1/modes/normal/needs/dev/{field}",
            staffed({**amount, field: 0.5}),
        )
        for amount in ({"fte": 1}, {"profile": [1, 1]})
        for field in ("min_fte", "max_fte", "share")
    ),
    Case(
        "need-field-unused",
        "projects/P/phases/phase-1/modes/normal/needs/dev/max_fte",
        staffed({"heads": 1, "share": 0.5, "max_fte": 1}),
    ),
    Case(
        "need-field-unused",
        "projects/P/phases/phase-1/modes/normal/needs/dev/share",
        staffed({"effort": 1, "max_fte": 1, "share": 0.5}),
    ),
    Case(
        "need-contradiction",
        "projects/P/phases/phase-1/modes/normal/needs/dev/min_fte",
        staffed({"effort": 2, "min_fte": 0.8, "max_fte": 0.5}),
    ),
    Case(
        "need-contradiction",
        "projects/P/phases/phase-1/modes/normal/needs/dev/must",
        staffed({"fte": 1, "must": ["ann"], "must_not": ["ann"]}),
    ),
    *(
        Case(
            "effort-unspreadable",
            "projects/P/phases/phase-1/modes/normal/needs/dev/effort",
            staffed(amount),
        )
        for amount in ({"effort": 1.1, "max_fte": 0.5}, {"effort": 0.9, "min_fte": 0.5})
    ),  # 0.5 FTE in each of two periods are 1
    Case(
        "effort-unspreadable",
        "projects/P/phases/phase-1/modes/normal/needs/dev/effort",
        staffed(
            {},
            projects=[
                work("P", phases=[{"duration": 0, "needs": [{"skill": "dev", "effort": 1}]}])
            ],
        ),
    ),
    *(
        Case("need-too-large", "projects/P/phases/phase-1/modes/normal/needs", staffed(amount))
        for amount in (
            {"heads": 2, "share": 0.6},
            {"effort": 2.1},
            {"effort": 3, "min_fte": 1.2},
        )
    ),  # one developer in each of two periods
    Case(
        "skill-unused", "skills/test", staffed({"fte": 1}, skills=[{"id": "dev"}, {"id": "test"}])
    ),
    Case(
        "person-without-skill",
        "people/bob/skills",
        staffed(
            {"fte": 1}, people=[{"id": "ann", "skills": {"dev": 1}}, {"id": "bob", "skills": {}}]
        ),
    ),
    Case(
        "hire-useless",
        "hires/h",
        staffed({"fte": 1}, hires=[{"id": "h", "skill": "dev", "max_heads": 1, "lead_time": 12}]),
    ),
)

MONEY_CASES = (
    Case("amount-choice", "projects/P/costs/cost", costing({})),
    Case("amount-choice", "projects/P/costs/cost", costing({"lump": 1, "per_period": 1})),
    Case("amount-choice", "projects/P/phases/phase-1/modes/normal/needs/dev", staffed({})),
    Case("amount-choice", "funds/F/amounts", {"funds": [{"id": "F", "amounts": {}}]}),
    Case(
        "amount-choice",
        "pools/lab",
        staffed({"fte": 1}, pools=[{"id": "lab", "skill": "dev", "fte": 1, "profile": [1] * 12}]),
    ),
    Case(
        "profile-length",
        "projects/P/phases/phase-1/modes/normal/needs/dev/profile",
        staffed({"profile": [1, 1, 1]}),
    ),
    Case(
        "profile-length",
        "projects/P/phases/phase-1/modes/normal/costs/cost/profile",
        {"projects": [work("P", phases=[{"duration": 2, "costs": [{"profile": [1]}]}])]},
    ),
    Case(
        "profile-length",
        "pools/lab/profile",
        staffed({"fte": 1}, pools=[{"id": "lab", "skill": "dev", "profile": [1] * 11}]),
    ),
    Case(
        "profile-length",
        "funds/F/amounts/periods",
        {"funds": [{"id": "F", "amounts": {"periods": [1] * 13}}]},
    ),
    Case(
        "benefit-empty",
        "projects/P/benefit/profile",
        {"projects": [work("P", 2, benefit={"profile": []})]},
    ),
    Case(
        "fund-ineligible",
        "projects/P/costs/capex",
        costing(
            {"category": "capex", "lump": 5, "fund": "F"},
            {"id": "F", "categories": ["exit"]},
        ),
    ),
    Case(
        "fund-ineligible",
        "projects/P/phases/phase-1/modes/normal/needs/dev/charge_to",
        staffed(
            {"fte": 1, "charge_to": "F"},
            funds=[{"id": "F", "amounts": {"total": 9}, "categories": ["hiring"]}],
            hires=[{"id": "h", "skill": "dev", "max_heads": 1}],
        ),
    ),
    Case(
        "line-unpayable",
        "projects/P/costs/capex",
        costing({"category": "capex", "lump": 5}, {"id": "F", "categories": ["exit"]}),
    ),
    Case(
        "line-unpayable",
        "projects/P/exit_cost",
        {
            "projects": [
                work("P", 2, state="running", stoppable=True, exit_cost=4),
                work("Q", 2, costs=[{"category": "capex", "lump": 1}]),
            ],
            "funds": [{"id": "F", "amounts": {"total": 9}, "categories": ["capex"]}],
        },
    ),
    Case(
        "category-unused",
        "funds/F/categories",
        costing({"category": "capex", "lump": 5}, {"id": "F", "categories": ["capex", "capx"]}),
    ),
    Case(
        "category-unused",
        "caps/c/cost_categories",
        {"caps": [{"id": "c", "cost_categories": ["capx"], "amounts": {"total": 1}}]},
    ),
    Case(
        "fund-year-missing",
        "funds/F/amounts/years",
        {
            "calendar": {**YEAR, "periods": 13},
            "funds": [{"id": "F", "amounts": {"years": {2027: 5}}}],
        },
    ),
    Case(
        "year-outside",
        "caps/c/amounts/years",
        {"caps": [{"id": "c", "amounts": {"years": {2028: 5}}}]},
    ),
)
