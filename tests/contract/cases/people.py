"""Who can serve what: classes, pools, proficiency, absences, hires, ceilings."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.referee import Code
from tests.contract.builders import (
    GONE,
    Data,
    calendar,
    fund,
    need,
    person,
    phase,
    phases,
    pool,
    portfolio,
    project,
    skills,
)
from tests.contract.cases.row import Binding
from tests.contract.cases.time import CHEAPEST

OVERUSED = (Code.SUPPLIER_OVERUSED,)


def alone(*needs: Data, duration: int = 1, month: int = 0, **parts: Any) -> Data:
    """Return four months and a project worth 5 in one of them that has these needs."""
    work = project("A", 5, duration, needs=list(needs), earliest_start=month, latest_start=month)
    return portfolio(4, work, **skills("dev", "test", rate=3), **parts)


def rivals(*people: Data) -> Data:
    """Return A and C, who need a developer, and B, who needs a tester, in the same month."""
    wanted = (("A", 5, "dev"), ("B", 4, "test"), ("C", 3, "dev"))
    return portfolio(
        1,
        *(project(name, value, needs=[need(skill)]) for name, value, skill in wanted),
        people=list(people),
        **skills("dev", "test"),
    )


def shared(*levels: float, least: float = 0) -> Data:
    """Return a need of 0.6 developers and people with these proficiencies."""
    people = [person(f"p{i}", skills={"dev": level}) for i, level in enumerate(levels)]
    return alone(need("dev", 0.6, min_proficiency=least), people=people)


def one_hire(*needs: Data, month: int = 2, duration: int = 1, **fields: Any) -> Data:
    """Return a project in one month of four that only a hired head can do."""
    option = {"id": "temp", "skill": "dev", "max_heads": 1} | fields
    return alone(*(needs or (need("dev"),)), month=month, duration=duration, hires=[option])


def buffered(*ceilings: Data, fte: float = 0.9, **parts: Any) -> Data:
    """Return a need for one developer who is limited by utilization rules."""
    rules = [{"type": "utilization", "id": f"buffer{i}"} | c for i, c in enumerate(ceilings)]
    return alone(need("dev", fte), rules=rules, **({"people": [person("p")]} | parts))


CAPACITY = (
    Binding(
        "availability of people with one skill",
        portfolio(
            1,
            *(project(n, v, needs=[need("dev")]) for n, v in (("A", 5), ("B", 4), ("C", 3))),
            people=[person("p"), person("q", 0.5), person("r", 0.5)],
            **skills("dev"),
        ),
        {"people/q/fte": 1.5},
        kept=5 + 4,
        dropped=5 + 4 + 3,
        broken=OVERUSED,
    ),
    Binding(
        "number of people of an entry",
        portfolio(
            1,
            *(project(n, v, needs=[need("dev")]) for n, v in (("A", 5), ("B", 4), ("C", 3))),
            people=[person("p", count=2)],
            **skills("dev"),
        ),
        {"people/p/count": 3},
        kept=5 + 4,
        dropped=5 + 4 + 3,
        broken=OVERUSED,
    ),
    Binding(
        "nobody is used for two skills at once",
        rivals(person("p", skills={"dev": 1, "test": 1}), person("q")),
        {"people/p/fte": 2},
        kept=5 + 4,
        dropped=5 + 4 + 3,
        broken=OVERUSED,
    ),
    Binding(
        "who can do more may do either",
        rivals(person("p"), person("q"), person("r", 0.1, skills={"test": 1})),
        {"people/q/skills": {"dev": 1, "test": 1}},
        kept=5 + 3,
        dropped=5 + 4,
        broken=None,
    ),
    Binding(
        "needs of phases that run in the same period add up",
        portfolio(
            2,
            phases(
                "A",
                5,
                phase("P", 1, [need("dev", 0.6)]),
                phase("Q", 1, [need("dev", 0.6)]),
                max_gap=None,
                latest_finish=2,
                links=[{"from": "P", "to": "Q", "type": "SS", "max_lag": 0}],
            ),
            people=[person("p")],
            **skills("dev"),
        ),
        {"projects/A/links/0/max_lag": 1},
        kept=0,
        dropped=5,
        broken=(Code.PHASE_LINK,),
    ),
    Binding(
        "profile of a need",
        alone({"skill": "dev", "profile": [0.5, 1.2]}, duration=2, people=[person("p")]),
        {"projects/A/phases/work/needs/0/profile": [1, 0.5]},
        kept=0,
        dropped=5,
        broken=(Code.NEED_UNMET,),
    ),
    Binding(
        "pool with a profile",
        alone(need("dev"), duration=3, pools=[pool("dev", 1, 1, 0.9, 1)]),
        {"pools/dev-pool/profile": [1, 1, 1, 1]},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
    Binding(
        "pool and person together",
        alone(need("dev", 1.5), pools=[pool("dev", 1, 1, 1, 1)], people=[person("p", 0.4)]),
        {"people/p/fte": 0.5},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
    Binding(
        "a phase without length needs nobody",
        alone(need("dev", 2), people=[person("p")]),
        {"projects/A/phases/work/duration": 0},
        kept=0,
        dropped=5,
        broken=None,
    ),
)

PROFICIENCY = (
    Binding(
        "proficiency",
        shared(0.5),
        {"people/p0/skills/dev": 0.6},
        kept=0,
        dropped=5,
        broken=None,
    ),
    Binding(
        "proficiencies of several people add up",
        shared(0.3, 0.2),
        {"people/p1/skills/dev": 0.3},
        kept=0,
        dropped=5,
        broken=None,
    ),
    Binding(
        "least proficiency",
        alone(
            need("dev", 0.6, min_proficiency=0.8),
            people=[person("p", skills={"dev": 0.7}), person("q", 0.5, skills={"dev": 0.9})],
        ),
        {"projects/A/phases/work/needs/0/min_proficiency": 0.7},
        kept=0,
        dropped=5,
        broken=(Code.BELOW_PROFICIENCY, Code.NEED_UNMET),
    ),
    Binding(
        "the best tester may be the only developer of the proficiency that is asked for",
        alone(
            need("dev", 1, min_proficiency=1),
            need("test", 1),
            people=[
                person("p", skills={"dev": 1, "test": 1}),
                person("q", skills={"dev": 0.9, "test": 0.9}),
            ],
        ),
        {"people/q/skills/test": 1},
        kept=0,
        dropped=5,
        broken=None,
    ),
)

PRESENCE = (
    Binding(
        "absence",
        alone(
            need("dev"),
            month=1,
            people=[person("p", absences=[{"first": "2027-02-01", "last": "2027-02-28"}])],
        ),
        {"people/p/absences": []},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
    Binding(
        "absence with a share",
        alone(
            need("dev", 0.8),
            month=1,
            people=[
                person("p", absences=[{"first": "2027-02-01", "last": "2027-02-28", "share": 0.25}])
            ],
        ),
        {"people/p/absences/0/share": 0.2},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
    Binding(
        "one of 20 working days away leaves 0.95",
        alone(
            need("dev", 0.96),
            month=1,
            people=[person("p", absences=[{"first": "2027-02-01", "last": "2027-02-01"}])],
        ),
        {"projects/A/phases/work/needs/0/fte": 0.95},
        kept=0,
        dropped=5,
        broken=(Code.NEED_UNMET,),
    ),
    Binding(
        "one of 21 working days away leaves 0.952, rounded down to 0.95",
        alone(
            need("dev", 0.96),
            people=[person("p", absences=[{"first": "2027-01-04", "last": "2027-01-04"}])],
        ),
        {"projects/A/phases/work/needs/0/fte": 0.95},
        kept=0,
        dropped=5,
        broken=(Code.NEED_UNMET,),
    ),
    Binding(
        "holidays of a site: 5 of 20 days",
        alone(
            need("dev", 0.8),
            month=1,
            people=[person("p", site="north")],
            calendar=calendar(
                4, sites=[{"id": "north", "holidays": [f"2027-02-0{d}" for d in range(1, 6)]}]
            ),
        ),
        {"people/p/site": GONE},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
    Binding(
        "holidays of the calendar shorten the month for everybody alike",
        alone(
            need("dev", 0.8),
            month=1,
            people=[person("p", holidays=[f"2027-02-0{d}" for d in range(1, 6)])],
        ),
        {"calendar/holidays": [f"2027-02-0{d}" for d in range(1, 6)]},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
    Binding(
        "first working day",
        alone(need("dev"), people=[person("p", available_from="2027-01-04")]),
        {"people/p/available_from": "2027-01-01"},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
    Binding(
        "last working day",
        alone(need("dev"), people=[person("p", available_until="2027-01-28")]),
        {"people/p/available_until": "2027-01-29"},
        kept=0,
        dropped=5,
        broken=OVERUSED,
    ),
)

HIRES = (
    Binding(
        "lead time of a hire",
        one_hire(month=1, lead_time=2),
        {"hires/temp/lead_time": 1},
        kept=0,
        dropped=5,
        broken=(Code.HIRE_OVERUSED,),
    ),
    Binding(
        "term of a hire",
        one_hire(duration=2, term=1),
        {"hires/temp/term": 2},
        kept=0,
        dropped=5,
        broken=(Code.HIRE_OVERUSED,),
    ),
    Binding(
        "most heads of a hire",
        one_hire(need("dev", 2)),
        {"hires/temp/max_heads": 2},
        kept=0,
        dropped=5,
        broken=(Code.HIRE_MAX,),
    ),
    Binding(
        "most heads of a hire, over all its orders",
        one_hire(month=0, duration=2, term=1),
        {"hires/temp/max_heads": 2},
        kept=0,
        dropped=5,
        broken=(Code.HIRE_MAX,),
    ),
    Binding(
        "a head is 1 FTE",
        one_hire(need("dev", 1.01)),
        {"projects/A/phases/work/needs/0/fte": 1},
        kept=0,
        dropped=5,
        broken=(Code.NEED_UNMET,),
    ),
    Binding(
        "earliest order of a hire",
        one_hire(month=1, lead_time=1, earliest_order=1),
        {"hires/temp/earliest_order": 0},
        kept=0,
        dropped=5,
        broken=(Code.HIRE_WINDOW,),
    ),
    Binding(
        "latest order of a hire",
        one_hire(term=1, latest_order=1),
        {"hires/temp/latest_order": 2},
        kept=0,
        dropped=5,
        broken=(Code.HIRE_WINDOW,),
    ),
    Binding(
        "latest order by date: the last of February is February",
        one_hire(term=1, latest_order="2027-02-28"),
        {"hires/temp/latest_order": "2027-03-01"},
        kept=0,
        dropped=5,
        broken=(Code.HIRE_WINDOW,),
    ),
    Binding(
        "a fund pays for the order of a hire",
        one_hire(cost_once=10, fund="staff") | {"funds": [fund("staff", 9), fund("rest", 100)]},
        {"funds/staff/amounts/total": 10},
        kept=0,
        dropped=5,
        broken=(Code.FUND_OVERSPENT,),
    ),
    Binding(
        "a fund pays for the work of a hire, to the end of the grid",
        one_hire(cost_per_period=4, fund="staff") | {"funds": [fund("staff", 7)]},
        {"funds/staff/amounts/total": 2 * 4},
        kept=0,
        dropped=5,
        broken=(Code.FUND_OVERSPENT,),
    ),
    Binding(
        "any eligible fund pays for a hire that names none",
        one_hire(cost_once=10)
        | {"funds": [fund("staff", 10, categories=["salaries"]), fund("rest", 9)]},
        {"funds/staff/categories": ["salaries", "hiring"]},
        kept=0,
        dropped=5,
        broken=(Code.SPLIT_INELIGIBLE,),
    ),
    Binding(
        "cost of a hire without a term: from order to the end of the grid",
        portfolio(
            4,
            project(
                "A",
                needs=[need("dev")],
                decision="must",
                earliest_start=1,
                latest_start=1,
            ),
            hires=[{"id": "temp", "skill": "dev", "max_heads": 1, "cost_per_period": 3}],
            **skills("dev"),
            **CHEAPEST,
        ),
        {"hires/temp/term": 1},
        kept=3 * 3,
        dropped=3,
        broken=None,
    ),
)

PAIR = [person("p", category="junior"), person("q", category="senior")]

CEILINGS = (
    Binding(
        "utilization ceiling of people",
        buffered({"ceiling": 0.89}),
        {"rules/buffer0/ceiling": 0.9},
        kept=0,
        dropped=5,
        broken=(Code.UTILIZATION,),
    ),
    Binding(
        "utilization ceiling of pools",
        buffered({"ceiling": 0.89}, people=[], pools=[pool("dev", 1, 1, 1, 1)]),
        {"rules/buffer0/ceiling": 0.9},
        kept=0,
        dropped=5,
        broken=(Code.UTILIZATION,),
    ),
    Binding(
        "several ceilings each hold",
        buffered({"ceiling": 0.95}, {"ceiling": 0.85}),
        {"rules/buffer1/ceiling": 0.92},
        kept=0,
        dropped=5,
        broken=(Code.UTILIZATION,),
    ),
    Binding(
        "a ceiling limits whom it is for",
        buffered({"ceiling": 0.5, "where": {"category": "junior"}}, fte=1.6, people=PAIR),
        {"rules/buffer0/ceiling": 0.6},
        kept=0,
        dropped=5,
        broken=(Code.UTILIZATION,),
    ),
    Binding(
        "a ceiling limits nobody else",
        buffered({"ceiling": 0.5, "where": {}}, fte=1.5, people=PAIR),
        {"rules/buffer0/where": {"category": "junior"}},
        kept=0,
        dropped=5,
        broken=None,
    ),
    Binding(
        "a hired head has no ceiling",
        buffered({"ceiling": 0.5}, fte=1, people=[person("p")]),
        {"hires": [{"id": "temp", "skill": "dev", "max_heads": 1}]},
        kept=0,
        dropped=5,
        broken=None,
    ),
)

PEOPLE = (*CAPACITY, *PROFICIENCY, *PRESENCE, *HIRES, *CEILINGS)
"""Every rule about people, pools and hires."""
