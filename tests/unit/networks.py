"""Random precedence networks, small enough to look at every schedule."""

from __future__ import annotations

from random import Random
from typing import Any

from pmo_optimizer.model import Portfolio
from tests.unit.problem_cases import Data

LAGS = (None, -2, -1, 0, 0, 0, 1, 2)


def random_link(random: Random, ends: list[str], **parts: Any) -> Data:
    """Return a link between two of the ends with lags of any kind."""
    source, target = random.sample(ends, 2)
    low, high = random.choice(LAGS), random.choice((None, None, 0, 1, 3))
    if low is not None and high is not None:
        high = max(low, high)
    kind = random.choice(("FS", "FS", "SS", "FF", "SF"))
    return {"from": source, "to": target, "type": kind, "min_lag": low, "max_lag": high, **parts}


def random_project(random: Random, name: str, periods: int) -> Data:
    """Return a project of up to three phases with windows, pins, gaps or links by chance."""
    number = random.choice((0, 1, 1, 2, 2, 3))
    phases: list[Data] = []
    for index in range(number):
        durations = random.sample(range(4), random.choice((1, 1, 2)))
        phase: Data = {"id": f"f{index + 1}", "modes": [{"duration": d} for d in durations]}
        if random.random() < 0.15:
            phase["pin"] = {"start": random.randrange(periods)}
        phases.append(phase)
    made: Data = {"id": name, "value": 1, "phases": phases}
    if number > 1 and random.random() < 0.3:
        made["links"] = [random_link(random, [f["id"] for f in phases]) for _ in range(number - 1)]
    elif random.random() < 0.3:
        made["max_gap"] = random.choice((None, 1))
    for field in ("earliest_start", "latest_start", "latest_finish", "due"):
        if random.random() < 0.15:
            made[field] = random.randrange(periods + 1)
    made["decision"] = random.choice(("free", "free", "free", "must"))
    if number and random.random() < 0.2:
        made["state"] = "running"
    elif random.random() < 0.1:
        made["state"] = "done"
    return made


def random_network(seed: int) -> Portfolio:
    """Return two or three projects on a few periods with links of every kind."""
    random = Random(f"network {seed}")
    periods = random.choice((4, 5, 6))
    names = ["A", "B", "C"][: random.choice((2, 3, 3))]
    projects = [random_project(random, name, periods) for name in names]
    choose, ends = [], names[:]
    if len(names) == 3 and random.random() < 0.3:
        choose = [{"id": "G", "projects": ["A", "B"], "max": random.choice((1, 2))}]
        ends = ["G", "C"]
    ends += [f"{p['id']}/f1" for p in projects if p["phases"] and len(ends) > 2]
    links = [
        random_link(random, ends, if_unselected=random.choice(("block", "block", "ignore")))
        for _ in range(random.choice((1, 2, 3)))
    ]
    links = [x for x in links if x["from"].split("/")[0] != x["to"].split("/")[0]]
    requires = []
    if random.random() < 0.3:
        requires = [{"project": names[0], "needs": names[1:2]}]
    return Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": periods},
            "projects": projects,
            "choose": choose,
            "links": links,
            "requires": requires,
        }
    )
