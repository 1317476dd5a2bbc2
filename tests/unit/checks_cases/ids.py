"""Minimal portfolios for the rules about ids."""

from __future__ import annotations

from tests.unit.checks_cases.parts import TWO, YEAR, Case, chain, costing, needing, staffed, work

ID_CASES = (
    Case("duplicate-id", "projects/P", {"projects": [work("P", 2), work("P", 3)]}),
    Case("duplicate-id", "choose/A", {**TWO, "choose": [{"id": "A", "projects": ["B"]}]}),
    Case(
        "duplicate-id",
        "projects/P/phases/a",
        {"projects": [work("P", phases=[{"id": "a", "duration": 1}, {"id": "a", "duration": 1}])]},
    ),
    Case(
        "duplicate-id",
        "projects/P/phases/a/modes/m",
        {"projects": [work("P", phases=[{"id": "a", "modes": [{"id": "m", "duration": 1}] * 2}])]},
    ),
    Case(
        "duplicate-id",
        "projects/P/phases/phase-1/modes/normal/needs/n",
        staffed(
            {},
            projects=[
                work(
                    "P",
                    phases=[
                        {
                            "duration": 2,
                            "needs": [
                                {"id": "n", "skill": "dev", "fte": 0.5},
                                {"id": "n", "skill": "dev", "fte": 0.4},
                            ],
                        }
                    ],
                )
            ],
        ),
    ),  # needs of one mode
    Case(
        "duplicate-id",
        "projects/P/costs/c",
        {"projects": [work("P", 2, costs=[{"id": "c", "lump": 1}, {"id": "c", "lump": 2}])]},
    ),
    Case(
        "duplicate-id",
        "pools/ann",
        staffed({"fte": 1}, pools=[{"id": "ann", "skill": "dev", "fte": 1}]),
    ),  # ceilings name people and pools by the same ids
    Case("duplicate-id", "baseline/P", {"baseline": [{"project": "P"}, {"project": "P"}]}),
    Case(
        "duplicate-id",
        "calendar/sites/s",
        {"calendar": {**YEAR, "sites": [{"id": "s"}, {"id": "s"}]}},
    ),
    Case(
        "duplicate-id",
        "rules/r",
        {"rules": [{"id": "r", "type": "count", "max": 1}, {"id": "r", "type": "count", "max": 2}]},
    ),
    Case(
        "unknown-id",
        "people/ann/skills",
        staffed({"fte": 1}, people=[{"id": "ann", "skills": {"dev": 1, "devv": 1}}]),
    ),
    Case(
        "unknown-id",
        "people/ann/site",
        staffed({"fte": 1}, people=[{"id": "ann", "skills": {"dev": 1}, "site": "north"}]),
    ),
    Case(
        "unknown-id",
        "people/ann/preferences/0/project",
        staffed(
            {"fte": 1},
            people=[
                {"id": "ann", "skills": {"dev": 1}, "preferences": [{"project": "Q", "score": 1}]}
            ],
        ),
    ),
    Case(
        "unknown-id",
        "people/ann/dedications/0/project",
        staffed(
            {"fte": 1},
            people=[
                {"id": "ann", "skills": {"dev": 1}, "dedications": [{"project": "Q", "fte": 1}]}
            ],
        ),
    ),
    Case("unknown-id", "pools/lab/skill", {"pools": [{"id": "lab", "skill": "rig", "fte": 1}]}),
    Case("unknown-id", "hires/h/skill", {"hires": [{"id": "h", "skill": "rig", "max_heads": 1}]}),
    Case(
        "unknown-id",
        "hires/h/fund",
        staffed({"fte": 1}, hires=[{"id": "h", "skill": "dev", "max_heads": 1, "fund": "F"}]),
    ),
    Case(
        "unknown-id",
        "projects/P/phases/phase-1/modes/normal/needs/devv/skill",
        {"projects": [needing({"skill": "devv", "fte": 1})]},
    ),
    Case(
        "unknown-id",
        "projects/P/phases/phase-1/modes/normal/needs/dev/charge_to",
        staffed({"fte": 1, "charge_to": "F"}),
    ),
    Case(
        "unknown-id",
        "projects/P/phases/phase-1/modes/normal/needs/dev/must",
        staffed({"fte": 1, "must": ["anne"]}),
    ),
    Case(
        "unknown-id",
        "projects/P/phases/phase-1/modes/normal/needs/dev/must_not",
        staffed({"fte": 1, "must_not": ["anne"]}),
    ),
    Case(
        "unknown-id",
        "projects/P/phases/phase-1/modes/normal/needs/dev/prefer",
        staffed({"fte": 1, "prefer": ["anne"]}),
    ),
    Case(
        "unknown-id",
        "choose/G/unselected",
        {**TWO, "choose": [{"id": "G", "projects": ["A"], "unselected": ["Z"]}]},
    ),
    Case("unknown-id", "links/FS:A>Z/to", {**TWO, "links": [{"from": "A", "to": "Z"}]}),
    Case("unknown-id", "links/FS:A/x>B/from", {**TWO, "links": [{"from": "A/x", "to": "B"}]}),
    Case("unknown-id", "projects/P/links/FS:a>z/to", chain(1, 1, links=[{"from": "a", "to": "z"}])),
    Case(
        "unknown-id",
        "requires/requires:A>Z/needs",
        {**TWO, "requires": [{"project": "A", "needs": ["Z"]}]},
    ),
    Case(
        "unknown-id",
        "requires/requires:Z>A/project",
        {**TWO, "requires": [{"project": "Z", "needs": ["A"]}]},
    ),
    Case(
        "unknown-id",
        "excludes/excludes:A+Z/projects",
        {**TWO, "excludes": [{"projects": ["A", "Z"]}]},
    ),
    Case(
        "unknown-id",
        "all_or_none/all-or-none:A+Z/projects",
        {**TWO, "all_or_none": [{"projects": ["A", "Z"]}]},
    ),
    Case(
        "unknown-id", "choose/G/projects", {**TWO, "choose": [{"id": "G", "projects": ["A", "Z"]}]}
    ),
    Case(
        "unknown-id",
        "synergies/s/projects",
        {**TWO, "synergies": [{"id": "s", "projects": ["A", "Z"], "value": 1}]},
    ),
    Case(
        "unknown-id",
        "synergies/s/savings/0/fund",
        {
            **TWO,
            "synergies": [
                {
                    "id": "s",
                    "projects": ["A", "B"],
                    "savings": [{"fund": "F", "period": 1, "amount": 1}],
                }
            ],
        },
    ),
    Case(
        "unknown-id",
        "projects/P/scores",
        {"projects": [{"id": "P", "scores": {"growth": 3}, "phases": [{"duration": 2}]}]},
    ),
    Case(
        "unknown-id",
        "comparisons/0/b",
        {
            "comparisons": [{"a": "g", "b": "h", "ratio": 2}],
            "criteria": [{"id": "g"}],
            "projects": [work("P", 2)],
        },
    ),
    Case("unknown-id", "projects/P/costs/cost/fund", costing({"lump": 1, "fund": "F"})),
    Case(
        "unknown-id",
        "projects/P/exit_fund",
        {"projects": [work("P", 2, state="running", stoppable=True, exit_fund="F")]},
    ),
    Case(
        "unknown-id",
        "projects/P/phases/a/pin/mode",
        {"projects": [work("P", phases=[{"id": "a", "duration": 2, "pin": {"mode": "fast"}}])]},
    ),
    Case(
        "unknown-id",
        "projects/P/phases/a/pin/people",
        {"projects": [work("P", phases=[{"id": "a", "duration": 2, "pin": {"people": ["ann"]}}])]},
    ),
    Case("unknown-id", "baseline/0/project", {"baseline": [{"project": "Q"}]}),
    Case(
        "unknown-id",
        "baseline/0/phases/0/phase",
        {"baseline": [{"project": "P", "phases": [{"phase": "z", "start": 1}]}]},
    ),
    Case(
        "unknown-id",
        "baseline/0/phases/0/mode",
        {
            "baseline": [
                {"project": "P", "phases": [{"phase": "phase-1", "start": 1, "mode": "fast"}]}
            ]
        },
    ),
    Case(
        "unknown-id",
        "baseline/0/phases/0/people",
        {
            "baseline": [
                {"project": "P", "phases": [{"phase": "phase-1", "start": 1, "people": ["ann"]}]}
            ]
        },
    ),
)
