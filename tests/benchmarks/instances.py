"""Tiny instances of every format, written by hand, whose optimum is a small sum."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

STARS = "*" * 20


def progen(
    successors: dict[int, list[int]],
    rows: Sequence[tuple[int, ...]],
    renewable: tuple[int, ...],
    nonrenewable: tuple[int, ...] = (),
) -> str:
    """Return a file of PSPLIB's form.

    Parameters
    ----------
    rows
        Job, mode, duration, units of each resource.
    """
    modes = {job: sum(row[0] == job for row in rows) for job in successors}
    kinds = (("renewable", len(renewable), "R"), ("nonrenewable", len(nonrenewable), "N"))
    lines = ["RESOURCES"]
    lines += [f"  - {word:18}:  {count}   {letter}" for word, count, letter in kinds]
    lines += ["  - doubly constrained        :  0   D", STARS, "PRECEDENCE RELATIONS:"]
    lines += ["jobnr.    #modes  #successors   successors"]
    for job, later in successors.items():
        lines.append(" ".join(map(str, (job, modes[job], len(later), *later))))
    lines += [STARS, "REQUESTS/DURATIONS:", "jobnr. mode duration  R 1", "-----"]
    for job, *rest in rows:
        first = rest[0] == 1
        lines.append(" ".join(map(str, (job, *rest) if first else rest)))
    lines += [STARS, "RESOURCEAVAILABILITIES:", "  R 1"]
    lines += [" ".join(map(str, (*renewable, *nonrenewable))), STARS]
    return "\n".join(lines)


def single_mode() -> str:
    """Three jobs of 3, 2 and 2 periods, 2 + 1 + 1 of 2 units; the last two fit side by side.

    The makespan is 3 + 2 = 5.
    """
    successors = {1: [2, 3, 4], 2: [5], 3: [5], 4: [5], 5: []}
    rows = [(1, 1, 0, 0), (2, 1, 3, 2), (3, 1, 2, 1), (4, 1, 2, 1), (5, 1, 0, 0)]
    return progen(successors, rows, (2,))


def two_modes(capacity: int = 1, budget: int = 6) -> str:
    """Two jobs in sequence, each in 2 periods for 4 units of money or in 5 for 2.

    With 6 units of money one of them can be fast: the makespan is 2 + 5 = 7.
    """
    successors = {1: [2], 2: [3], 3: [4], 4: []}
    rows = [
        (1, 1, 0, 0, 0),
        *((2, 1, 2, 1, 4), (2, 2, 5, 1, 2)),
        *((3, 1, 2, 1, 4), (3, 2, 5, 1, 2)),
        (4, 1, 0, 0, 0),
    ]
    return progen(successors, rows, (capacity,), (budget,))


MPLIB = """2
1
2

3 0
1
0 0 1 1:2
3 2 1 1:3
0 0 0

4 2
1
0 0 2 2:2 2:3
4 1 1 2:4
2 1 1 2:4
0 0 0
"""
"""Two projects on 2 units: one works 3 periods with 2 units, the other, released in 2, works 4
and 2 periods with one unit each. The second starts when the first is done: 3 + 4 = 7."""

MISTA = """2
0
4
one.mm
1
4
one.mm
2
1 -1
"""
"""Two equal projects of two jobs in sequence, released in 0 and 1, critical path 4, on one shared
unit of R1 and money of their own. Each has one fast and one slow job (2 + 5 periods), so 14
periods of work on the shared unit. One ends in 7 (3 late), the other in 14 (14 - 1 - 4 = 9 late):
12 in all, and a makespan of 14."""

MKP = """2
3 2 19
10 6 9
4 3 5
1 4 1
9 3
2 1 0
5 7
3 4
4
"""
"""The first: items 1 and 3 take 9 of 9 and 2 of 3: 19. The second: only one of two fits: 7."""

CONFLICTS = """param n := 3;
param c := 10;
param : V : p w :=
   0   8   5
   1   7   5
   2   6   5
;

set E :=
   0   1
;
"""
"""Two of three fit; 0 and 1 exclude each other: 8 + 6 = 14."""

NRP = """2
2
4 3
1
^ a line of explanation
3
1
1 3
3
9 1 3
5 1 2
2 2 1 2
"""
"""Requirements of 4, 3 and 3; 3 needs 1. Half of 10 is 5: only customer 2, who asks for 2, can be
served: 5. With 0.7, 7: requirements 1 and 3 for customer 1: 9."""

PABULIB = """META
key;value
description;made up
budget;100
PROJECTS
project_id;cost;votes;name
1;60;50;Park
2;50;40;"Bridge; and road"
3;50;30;Library
"""
"""Two of 50 fit (70 votes), the first one does not fit beside any (50)."""

MSPSP = """% seed = 1
nActs = 5;
dur = [0,3,2,2,0];
nSkills = 2;
sreq = [| 0,0,
        | 1,0,
        | 1,1,
        | 0,1,
        | 0,0, |];
nResources = 2;
mastery = [| true,false,
           | true,true, |];
nPrecs = 6;
pred = [1,1,1,2,3,4];
succ = [2,3,4,5,5,5];
USEFUL_RES = [{}, {1,2}, {1,2}, {2}, {}];
"""
"""Three tasks of 3, 2 and 2 periods between source and sink. The second takes both people, the
others one each, of whom only the second person can do the third. The first and the third run side
by side: 3 + 2 = 5."""


def ppssp() -> str:
    """Return three projects of two years each, of which one may start a year.

    A earns 10 in its second year; B, which needs A, 20 in its first; C, which excludes B, 8 in
    its first. At 25 % a year later counts 0.8 times. Best is A in year 0 and B in year 2:
    10 x 0.8 + 20 x 0.8^2 = 20.8. What the two spend in the window, 3 + 1 + 3, is all there is.
    """
    projects = [
        {"name": "A", "value": [0.0, 10.0], "prerequisites": [], "exclusions": []},
        {"name": "B", "value": [20.0, 0.0], "prerequisites": [0], "exclusions": [2]},
        {"name": "C", "value": [8.0, 0.0], "prerequisites": [], "exclusions": [1]},
    ]
    common = {"stream": 0, "duration": 2, "cost": [3.0, 1.0], "completion_window": None}
    return json.dumps(
        {
            "planning_window": 3,
            "budget_window": 5,
            "discount_rate": 0.25,
            "initiation_range": [0, 3],
            "budget": [4.0] * 5,
            "initiation_budget": [3.5] * 5,
            "ongoing_budget": [1.5] * 5,
            "stream_budgets": [7.0],
            "projects": [project | common for project in projects],
        }
    )


def write(folder: Path, name: str, text: str) -> Path:
    """Write an instance file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


RPP = {
    "researchers.csv": "ann,10,130,0\nP/NEW 1,20.004,65,1\n",
    "projects/P.csv": "name,P\npi,ann\nbudget,3000\nwp,1,2020/12,2021/1,195\n"
    "wp,2,2021/1,2021/2,130\nperiods,1,2020/12,2021/1\nperiods,2,2021/2,2021/2\n"
    "target,ann,0.5,0.25\ntarget,P/NEW 1,1,0\n",
}
"""One project of 1.5 and 1 FTE-months over three months.

Ann may give 2 x 0.5 + 0.25, the other 2 x 0.5, both together 2.25: 0.25 FTE-months, 32.5 hours,
stay open. The money, 1.25 x 1300 + 1 x 2600.52, is more than 3000: what 1.25 leaves, 1375, pays
for 0.5287 of the other, so that 0.7213 FTE-months, 93.769 hours, stay open.
"""
