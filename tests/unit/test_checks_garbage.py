"""The checks never raise, and say nothing wrong, on portfolios damaged at random."""

from __future__ import annotations

import copy
import random
from itertools import chain, combinations
from typing import Any

import pytest

from pmo_optimizer.checks import check, check_data
from pmo_optimizer.model import Finding, Portfolio, Severity
from tests.unit.checks_full import FULL

GARBAGE: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    -7,
    3,
    12,
    999,
    10**6,
    10**16,
    10**30,
    -(10**30),
    0.005,
    -0.5,
    1.5,
    1e17,
    "web",
    "sso",
    "nobody",
    "net/a",
    "net/zz",
    "sso/a",
    "dev",
    "plan",
    "growth",
    "must",
    "never",
    "running",
    "done",
    "budget",
    "day",
    "year",
    "0001-01-01",
    "2027-02-29",
    "2027-03-15",
    "2028-02-29",
    "9999-12-31",
    "x" * 200,
    "",
    [],
    {},
    [1, 2, 3],
    ["web", "web", "nobody"],
    {"nobody": 1},
    {"total": 5},
)
"""Values that take the place of good ones."""

Place = tuple[Any, Any]


def places(value: Any) -> list[Place]:
    """Return every (container, key) in plain data."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    own = [(value, key) for key in keys]
    boxes = [value[key] for key in keys if isinstance(value[key], dict | list)]
    return own + [place for box in boxes for place in places(box)]


def damage(data: dict[str, Any], dice: random.Random) -> None:
    """Replace, remove, copy or shuffle a part of the data."""
    container, key = dice.choice(places(data))
    action = dice.random()
    if action < 0.6:
        alike = [value for value in GARBAGE if type(value) is type(container[key])]
        choice = GARBAGE if action < 0.1 or not alike else alike
        container[key] = copy.deepcopy(dice.choice(choice))
    elif action < 0.75:
        del container[key]
    elif isinstance(container, list) and action < 0.9:
        container.append(copy.deepcopy(container[key]))
    elif isinstance(container[key], list):
        dice.shuffle(container[key])


@pytest.mark.parametrize("seed", range(60))
def test_checks_never_raise_on_damaged_portfolios(seed: int) -> None:
    """Whatever is damaged, findings come out, sorted, and errors of form are among them."""
    dice = random.Random(seed)
    for number in (1, 2, 4):
        data = copy.deepcopy(FULL)
        for _ in range(number):
            damage(data, dice)
        portfolio, findings = check_data(data)
        severities = [finding.severity for finding in findings]
        assert severities == sorted(severities)
        assert portfolio is not None or findings[0].severity is Severity.ERROR


def test_damage_reaches_the_meaning() -> None:
    """Enough of the damaged portfolios have a sound form, so that the rules are reached."""
    codes: set[str] = set()
    for seed in range(120):
        data = copy.deepcopy(FULL)
        damage(data, random.Random(seed))
        portfolio, findings = check_data(data)
        if portfolio is not None:
            codes.update(finding.rule for finding in findings)
    assert len(codes) > 12


def random_selection(dice: random.Random) -> dict[str, Any]:
    """Return five projects under random rules about their selection."""
    names = list("ABCDE")
    decisions = ["free", "free", "free", "must", "never"]

    def some(least: int = 2) -> list[str]:
        return sorted(dice.sample(names, dice.randint(least, 3)))

    choose = []
    for index in range(dice.randint(0, 2)):
        members = some()
        low = dice.randint(0, 1)
        high = dice.randint(low, len(members))
        choose.append({"id": f"G{index}", "projects": members, "min": low, "max": high})
    groups = [group["id"] for group in choose if group["max"] == 1]
    return {
        "calendar": {"start": "2027-01-01", "periods": 12},
        "projects": [
            {
                "id": name,
                "value": 1,
                "state": dice.choice(["proposed"] * 5 + ["done"]),
                "decision": dice.choice(decisions),
            }
            for name in names
        ],
        "requires": [
            {"project": dice.choice(names), "needs": [dice.choice(names + groups)]}
            for _ in range(dice.randint(0, 2))
        ],
        "excludes": [{"projects": some()} for _ in range(dice.randint(0, 2))],
        "all_or_none": [{"projects": some()} for _ in range(dice.randint(0, 2))],
        "choose": choose,
        "rules": [{"type": "count", "max": dice.randint(2, 4)}],
    }


def holds(portfolio: Portfolio, chosen: set[str], *, decided: bool) -> bool:
    """Return whether a selection satisfies every rule, written down once more and directly."""
    done = {p.id for p in portfolio.projects if p.state == "done"}
    inside = chosen | done
    for project in portfolio.projects if decided else ():
        fixed = {"must": True, "never": False}.get(project.decision)
        if project.id not in done and fixed is not None and (project.id in chosen) is not fixed:
            return False
    return (
        all(
            r.project not in inside or all(inside & set(portfolio.members(n)) for n in r.needs)
            for r in portfolio.requires
        )
        and all(len(inside & set(r.projects)) <= 1 for r in portfolio.excludes)
        and all(inside & set(r.projects) in (set(), set(r.projects)) for r in portfolio.all_or_none)
        and all(g.min <= len(inside & set(g.projects)) <= g.max for g in portfolio.choose)
        and all(len(chosen) <= (r.max or 0) for r in portfolio.rules if r.type == "count")
    )


def selections(portfolio: Portfolio, *, decided: bool) -> list[set[str]]:
    """Return every selection that satisfies the rules."""
    free = [p.id for p in portfolio.projects if p.state != "done"]
    every = chain.from_iterable(combinations(free, n) for n in range(len(free) + 1))
    return [s for s in map(set, every) if holds(portfolio, s, decided=decided)]


def subjects(findings: tuple[Finding, ...], code: str) -> list[str]:
    """Return the projects that findings of one code are about."""
    return [f.path.removeprefix("projects/") for f in findings if f.rule == code]


@pytest.mark.parametrize("seed", range(100))
def test_findings_about_the_selection_are_true(seed: int) -> None:
    """Enumeration agrees: what is called contradictory or impossible really is."""
    portfolio = Portfolio.parse(random_selection(random.Random(seed)))
    findings = check(portfolio)
    possible, allowed = (selections(portfolio, decided=d) for d in (True, False))
    if subjects(findings, "selection-conflict"):
        assert possible == []
    for name in subjects(findings, "selection-impossible"):
        assert not any(name in chosen for chosen in allowed)
    for name in subjects(findings, "selection-ruled-out") if possible else ():
        assert not any(name in chosen for chosen in possible)


def test_contradictory_decisions_are_mostly_found() -> None:
    """Propagation misses few of the portfolios that enumeration shows to be contradictory."""
    found = missed = 0
    for seed in range(100):
        portfolio = Portfolio.parse(random_selection(random.Random(seed)))
        if not selections(portfolio, decided=True):
            errors = any(f.severity is Severity.ERROR for f in check(portfolio))
            found, missed = found + errors, missed + (not errors)
    assert found > 9 * missed
    assert found > 10
