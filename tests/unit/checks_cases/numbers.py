"""Minimal portfolios for the rules about numbers."""

from __future__ import annotations

from tests.unit.checks_cases.parts import X_AND_Y, Case, costing, scored, share, staffed, work

NUMBER_CASES = (
    Case(
        "negative-number",
        "projects/P/phases/phase-1/modes/normal/duration",
        {"projects": [work("P", -2)]},
    ),
    Case(
        "negative-number",
        "projects/P/phases/phase-1/modes/normal/needs/dev/fte",
        staffed({"fte": -1}),
    ),
    Case("negative-number", "projects/P/costs/cost/lump", costing({"lump": -5})),
    Case(
        "negative-number", "projects/P/staff_budget", {"projects": [work("P", 2, staff_budget=-1)]}
    ),
    Case(
        "negative-number",
        "people/ann/dedications/0/fte",
        staffed(
            {"fte": 1},
            people=[
                {"id": "ann", "skills": {"dev": 1}, "dedications": [{"project": "P", "fte": -1}]}
            ],
        ),
    ),
    Case("negative-number", "projects/P/max_gap", {"projects": [work("P", 2, max_gap=-1)]}),
    Case(
        "negative-number",
        "funds/F/amounts/years/2027",
        {"funds": [{"id": "F", "amounts": {"years": {2027: -5}}}]},
    ),
    Case(
        "negative-number",
        "funds/F/price",
        {"funds": [{"id": "F", "amounts": {"total": 5}, "price": -1}]},
    ),
    Case(
        "negative-number",
        "rules/r/price",
        {
            "projects": [work("P", 2, attributes={"risk": 3})],
            "rules": [{"id": "r", "type": "average", "attribute": "risk", "limit": 2, "price": -1}],
        },
    ),  # a breach that would be rewarded
    Case(
        "negative-number",
        "objective/terms/0/rel_tol",
        {"objective": {"terms": [{"term": "value", "rel_tol": -0.1}]}},
    ),
    Case(
        "negative-number",
        "hires/h/lead_time",
        staffed({"fte": 1}, hires=[{"id": "h", "skill": "dev", "max_heads": 1, "lead_time": -1}]),
    ),
    Case(
        "negative-number",
        "pools/lab/profile/3",
        staffed(
            {"fte": 1}, pools=[{"id": "lab", "skill": "dev", "profile": [1, 1, 1, -1, *[1] * 8]}]
        ),
    ),
    Case(
        "not-positive",
        "people/ann/count",
        staffed({"fte": 0}, people=[{"id": "ann", "skills": {"dev": 1}, "count": 0}]),
    ),
    Case(
        "not-positive",
        "objective/terms/0/weight",
        {"objective": {"terms": [{"term": "value", "weight": 0}]}},
    ),
    Case(
        "not-positive",
        "comparisons/0/ratio",
        scored({"id": "g"}, {"id": "h"}, comparisons=[{"a": "g", "b": "h", "ratio": 0}]),
    ),
    Case("not-a-share", "projects/P/probability", {"projects": [work("P", 2, probability=1.2)]}),
    Case(
        "not-a-share",
        "people/ann/skills/dev",
        staffed({"fte": 1}, people=[{"id": "ann", "skills": {"dev": 80}}]),
    ),
    Case(
        "not-a-share",
        "people/ann/absences/0/share",
        staffed(
            {"fte": 1},
            people=[
                {
                    "id": "ann",
                    "skills": {"dev": 1},
                    "absences": [{"first": "2027-02-01", "last": "2027-02-05", "share": 50}],
                }
            ],
        ),
    ),
    Case(
        "not-a-share",
        "rules/r/ceiling",
        staffed({"fte": 1}, rules=[{"id": "r", "type": "utilization", "ceiling": 90}]),
    ),
    Case("not-a-share", "rules/r/share", {**X_AND_Y, "rules": [share("at_least", 30, "x", "r")]}),
    Case(
        "not-hundredths",
        "people/ann/skills/dev",
        staffed({"fte": 0.5}, people=[{"id": "ann", "skills": {"dev": 0.755}}]),
    ),
    Case(
        "not-hundredths",
        "people/ann/fte",
        staffed({"fte": 0.5}, people=[{"id": "ann", "skills": {"dev": 1}, "fte": "0.755"}]),
    ),
    Case(
        "not-hundredths",
        "projects/P/phases/phase-1/modes/normal/needs/dev/fte",
        staffed({"fte": 0.125}),
    ),
    Case("too-large", "projects/P/costs/cost/lump", costing({"lump": 10**15})),
    Case(
        "too-large",
        "projects/P/phases/phase-1/modes/normal/duration",
        {"projects": [work("P", 10**6)]},
    ),
    Case(
        "too-large",
        "projects/P/attributes/risk",
        {"projects": [work("P", 2, attributes={"risk": 10**16})]},
    ),
    Case("discount-rate", "value_rate", {"value_rate": 5}),
    Case("discount-rate", "money_rate", {"money_rate": -0.01}),
)
