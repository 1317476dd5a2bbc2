"""Infeasible portfolios in which it is known what clashes."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from pmo_optimizer import Portfolio
from pmo_scenarios import generate

Data = dict[str, Any]

KINDS = ("budget", "capacity", "deadline", "exclusion", "must", "share")

SMALLEST, LARGEST = 5, 40
"""Projects of a portfolio, but for those of the clash."""

SERIES = 30
"""Portfolios of the full series."""


class Planted(NamedTuple):
    """A portfolio, and the members of the clash that was put into it."""

    portfolio: Portfolio
    clash: frozenset[str]


def planted(seed: int) -> Planted:
    """Return an infeasible portfolio; every second one is laid over a generated one.

    Sizes grow with the seed; every third portfolio has a second clash of another kind.
    """
    random = Random(f"planted {seed}")
    number = SMALLEST + (LARGEST - SMALLEST) * (seed % SERIES) // (SERIES - 1)
    if seed % 2:
        data = generate(projects=number, periods=12, skills=4, seed=seed).to_data()
    else:
        data = roomy(random, number)
    clash = PLANTERS[KINDS[seed % len(KINDS)]](data, random, "X")
    if seed % 3 == 2:
        PLANTERS[KINDS[(seed + 2) % len(KINDS)]](data, random, "Y")
    return Planted(Portfolio.parse(data), frozenset(clash))


def roomy(random: Random, number: int) -> Data:
    """Return a portfolio with room for everything, musts and rules included."""
    projects = [
        {
            "id": f"P{n}",
            "value": random.randint(1, 9),
            "category": random.choice(["run", "grow"]),
            "decision": "must" if random.random() < 0.2 else "free",
            "phases": [
                {
                    "duration": random.randint(1, 4),
                    "needs": [{"skill": "dev", "fte": random.randint(1, 4) / 4}],
                    "costs": [{"per_period": random.randint(1, 9)}],
                }
            ],
        }
        for n in range(number)
    ]
    return {
        "calendar": {"start": "2027-01-01", "periods": 12},
        "skills": [{"id": "dev"}],
        "pools": [{"id": "team", "skill": "dev", "fte": number}],
        "funds": [{"id": "capex", "amounts": {"years": {2027: 40 * number}}}],
        "caps": [{"id": "grow", "where": {"category": "grow"}, "amounts": {"total": 40 * number}}],
        "rules": [{"id": "few", "type": "count", "max": number + 8}],
        "requires": [{"id": "pair", "project": "P0", "needs": ["P1"]}],
        "links": [{"id": "after", "from": "P1", "to": "P2"}],
        "projects": projects,
    }


def _project(data: Data, name: str, **more: Any) -> str:
    project: Data = {"id": name, "decision": "must", "phases": [{"id": "do", "duration": 2}]}
    project["attributes"] = {"risk": 1}  # generated portfolios have a rule on it
    if not data.get("criteria"):
        project["value"] = 3
    data["projects"].append(project | more)
    return f"projects/{name}/decision"


def _add(data: Data, field: str, item: Data) -> str:
    data.setdefault(field, []).append(item)
    return f"{field}/{item['id']}"


def _budget(data: Data, random: Random, mark: str) -> list[str]:
    """Plant one to three musts, which cost more together than a fund has, any fewer do not."""
    musts = random.randint(1, 3)
    fund = {"id": f"{mark}fund", "amounts": {"total": 60 * musts - 1}, "categories": [mark]}
    paths = [_add(data, "funds", fund)]
    for n in range(musts):
        costs = [{"category": mark, "lump": 60, "fund": f"{mark}fund"}]
        paths.append(_project(data, f"{mark}{n}", costs=costs))
    return paths


def _capacity(data: Data, random: Random, mark: str) -> list[str]:
    """Plant musts that need more of a skill than its pool has: all in the same months."""
    musts = random.randint(1, 2)
    _add(data, "skills", {"id": f"{mark}skill"})
    _add(data, "pools", {"id": f"{mark}pool", "skill": f"{mark}skill", "fte": 1})
    paths = [f"skills/{mark}skill"]
    for n in range(musts):
        need = {"skill": f"{mark}skill", "fte": 0.6} if musts > 1 else {
            "skill": f"{mark}skill", "effort": 9
        }  # fmt: skip
        phases = [{"id": "do", "duration": 8, "needs": [need]}]
        paths.append(_project(data, f"{mark}{n}", phases=phases))
    return paths


def _deadline(data: Data, random: Random, mark: str) -> list[str]:
    """Plant a must that must be finished before what it waits for can be."""
    other = _project(data, f"{mark}0", earliest_start=4)
    must = _project(data, f"{mark}1", latest_finish=random.randint(5, 7))
    link = {"id": f"{mark}link", "from": f"{mark}0", "to": f"{mark}1", "if_unselected": "ignore"}
    dates = [f"projects/{mark}0/earliest_start", f"projects/{mark}1/latest_finish"]
    if random.random() < 0.5:
        return [other, must, *dates, _add(data, "links", link)]
    # A link that blocks needs what it waits for, must or not.
    data["projects"][-2]["decision"] = "free"
    return [must, *dates, _add(data, "links", link | {"if_unselected": "block"})]


def _exclusion(data: Data, _random: Random, mark: str) -> list[str]:
    """Plant two musts that exclude each other."""
    musts = [_project(data, f"{mark}{n}") for n in range(2)]
    rule = {"id": f"{mark}only", "projects": [f"{mark}0", f"{mark}1"]}
    return [*musts, _add(data, "excludes", rule)]


def _must(data: Data, random: Random, mark: str) -> list[str]:
    """Plant a must that needs what must never be, or what is excluded by another must."""
    must = _project(data, f"{mark}0")
    other = _project(data, f"{mark}1", decision="never")
    paths = [
        must,
        _add(data, "requires", {"id": f"{mark}r", "project": f"{mark}0", "needs": [f"{mark}1"]}),
    ]
    if random.random() < 0.5:
        return [*paths, other]
    data["projects"][-1]["decision"] = "free"
    rival = _project(data, f"{mark}2")
    rule = {"id": f"{mark}x", "projects": [f"{mark}1", f"{mark}2"]}
    return [*paths, rival, _add(data, "excludes", rule)]


def _share(data: Data, _random: Random, mark: str) -> list[str]:
    """Plant a must that makes a share of cost unreachable for the few that may have it."""
    free = {"decision": "free", "category": mark}
    _add(data, "funds", {"id": f"{mark}purse", "amounts": {"total": 1000}, "categories": [mark]})
    costs = [{"category": mark, "lump": 10}]
    must = _project(data, f"{mark}0", costs=[{"category": mark, "lump": 70}])
    for n in range(1, 4):
        _project(data, f"{mark}{n}", costs=costs, **free)
    where = {"category": mark}
    share = {"id": f"{mark}s", "type": "share", "measure": "cost", "where": where}
    few = {"id": f"{mark}few", "type": "count", "where": where, "max": 2}
    return [
        must,
        _add(data, "rules", share | {"sense": "at_least", "share": 0.25}),
        _add(data, "rules", few),
    ]


PLANTERS = {
    "budget": _budget,
    "capacity": _capacity,
    "deadline": _deadline,
    "exclusion": _exclusion,
    "must": _must,
    "share": _share,
}
