"""Brute force confirms conflicts: each set has no plan, and any member dropped leaves one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, Portfolio, Severity, check
from pmo_scenarios import Conflicts, Member, conflicts
from tests.brute.enumerate import combinations, count_combinations
from tests.brute.evaluate import Evaluator
from tests.brute.random_portfolio import drawn_portfolio

SEEDS = 12
"""Infeasible portfolios of a normal run."""

DRILL_SEEDS = 100
"""Infeasible portfolios of a drill."""

RANGE = 10
"""Portfolios of one test of a drill."""

SMALL = 200
"""Most combinations of a portfolio, each of which brute force goes through several times."""

EXPLAINED = frozenset({"selection-conflict", "must-unschedulable", "must-need-too-large"})
"""Errors of the input that conflicts explain."""

Data = dict[str, Any]

RELATIONS = ("caps", "rules", "excludes", "all_or_none", "requires", "links", "choose")


def strict(text: str) -> Portfolio:
    """Return a random portfolio in which every project is a must and nothing has a price."""
    data = drawn_portfolio(text).to_data()
    for field in ("funds", "caps", "rules"):
        for item in data.get(field, []):
            item.pop("price", None)
    for skill in data.get("skills", []):
        skill.pop("overload_price", None)
    for project in data["projects"]:
        project.pop("late_price", None)
        if project.get("state", "proposed") == "proposed" and project.get("decision") != "never":
            project["decision"] = "must"
    data.pop("baseline", None)
    data["objective"] = {"terms": [{"term": "cost"}]}
    return Portfolio.parse(data)


def without(portfolio: Portfolio, dropped: set[str]) -> Portfolio:
    """Return the portfolio without some members, written anew here from what they mean."""
    data = portfolio.to_data()
    groups = {path.removeprefix("choose/") for path in dropped if path.startswith("choose/")}
    for field in RELATIONS:
        data[field] = [
            item
            for item in data.get(field, [])
            if f"{field}/{item['id']}" not in dropped
            and not groups & {item.get("from"), item.get("to"), *item.get("needs", ())}
        ]
    for field, price in (("funds", "price"), ("skills", "overload_price")):
        for item in data.get(field, []):
            if f"{field}/{item['id']}" in dropped:
                item[price] = 0
    for project in data["projects"]:
        _free(project, {path for path in dropped if path.startswith(f"projects/{project['id']}/")})
    return Portfolio.parse(data)


def _free(project: Data, dropped: set[str]) -> None:
    path = f"projects/{project['id']}"
    for name in ("earliest_start", "latest_start", "latest_finish", "due"):
        if f"{path}/{name}" in dropped:
            project.pop(name)
    if f"{path}/state" in dropped:
        project |= {"stoppable": True, "exit_cost": 0}
    if {f"{path}/state", f"{path}/decision"} & dropped:
        project.pop("decision", None)
    for phase in project.get("phases", []):
        if f"{path}/phases/{phase['id']}/pin" in dropped:
            del phase["pin"]
    for link in project.get("links", []):
        if f"{path}/links/{link['id']}" in dropped:
            link |= {"min_lag": None, "max_lag": None}


def possible(portfolio: Portfolio, kept: set[str], every: set[str]) -> bool:
    """Return whether brute force finds a plan that keeps these members."""
    return has_plan(without(portfolio, every - kept))


def has_plan(portfolio: Portfolio) -> bool:
    """Return whether any combination keeps every limit."""
    evaluator = Evaluator(portfolio)
    return any(evaluator.penalty(c) is not None for c in combinations(evaluator))


def case(seed: int) -> tuple[Portfolio, Conflicts]:
    """Return an infeasible tiny portfolio, and its conflicts."""
    with ThreadPoolExecutor(2) as pool:
        for attempt in count():
            portfolio = strict(f"conflicts {seed} {attempt}")
            wrong_rules = {f.rule for f in check(portfolio) if f.severity is Severity.ERROR}
            if wrong_rules - EXPLAINED:
                continue
            if count_combinations(portfolio) > SMALL or has_plan(portfolio):
                continue
            try:
                options: Data = {"backend": "milp", "time_limit": 60, "workers": 1}
                return portfolio, conflicts(portfolio, executor=pool, **options)
            except InvalidInput:
                continue
    raise AssertionError("counting does not end")


def wrong(seed: int) -> list[str]:
    """Return everything that brute force denies."""
    portfolio, answer = case(seed)
    return list(_wrong(portfolio, answer))


def _wrong(portfolio: Portfolio, answer: Conflicts) -> Iterator[str]:
    if answer.answer != "infeasible" or not answer.conflicts:
        yield f"{answer.answer}, with {len(answer.conflicts)} conflicts"
    every = paths_of(portfolio)
    for conflict in answer.conflicts:
        kept = set(conflict.paths)
        if not conflict.irreducible:
            yield f"{sorted(kept)} is not irreducible"
        if possible(portfolio, kept, every):
            yield f"{sorted(kept)} has a plan"
        for path in kept:
            if not possible(portfolio, kept - {path}, every):
                yield f"{sorted(kept - {path})} has no plan"
    for repair in answer.repairs:
        touched = {step.path for step in repair.steps}
        if not possible(portfolio, every - touched, every):
            yield f"without {sorted(touched)} there is no plan"
        if not all(touched & conflict.paths for conflict in answer.conflicts):
            yield f"{sorted(touched)} leaves a conflict"
    if answer.complete:
        yield from _missed(portfolio, answer, every)


def _missed(portfolio: Portfolio, answer: Conflicts, every: set[str]) -> Iterator[str]:
    """Yield what contradicts that there are no other conflicts.

    Were there another one, then some set of members that hits each of the known conflicts
    would leave a rest without a plan.
    """
    hits: list[set[str]] = [set()]
    for conflict in answer.conflicts:
        done = [hit for hit in hits if hit & conflict.paths]
        grown = [hit | {p} for hit in hits if not hit & conflict.paths for p in conflict.paths]
        hits = done + [hit for hit in grown if not any(known <= hit for known in done)]
    for hit in hits:
        if not possible(portfolio, every - hit, every):
            yield f"without {sorted(hit)} there is no plan, but all conflicts are known"


def paths_of(portfolio: Portfolio) -> set[str]:
    """Return the paths of everything that is stated."""
    from pmo_scenarios.studies.stated import stated

    members: tuple[Member, ...] = stated(portfolio)
    return {member.path for member in members}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_brute_force_confirms_conflicts(seed: int) -> None:
    """Conflicts are irreducible, repairs mend, and "no others" is true."""
    assert wrong(seed) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
def test_brute_force_confirms_conflicts_of_many(first: int) -> None:
    """The same of further portfolios; every seed with a difference is listed."""
    seeds = range(first, min(first + RANGE, DRILL_SEEDS))
    found = {seed: wrong(seed) for seed in seeds}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
