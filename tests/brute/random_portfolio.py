"""Random portfolios for tests: every feature of the model, switched on by chance."""

from __future__ import annotations

from functools import cache
from itertools import count
from random import Random
from typing import Any

from pmo_optimizer.checks import check
from pmo_optimizer.model import Calendar, Portfolio, Severity
from tests.brute.dice import Data, Dice, Draft, Size
from tests.brute.draw_projects import draw_criteria, draw_project, vary_needs
from tests.brute.draw_rules import draw_baseline, draw_objective, draw_relations, draw_rules
from tests.brute.draw_supply import (
    draw_caps,
    draw_funds,
    draw_hires,
    draw_people,
    draw_pools,
    draw_skills,
    size_funds,
)
from tests.brute.enumerate import MAX_COMBINATIONS, BruteResult, count_combinations, solve

TINY = (
    Size(projects=(2, 2), periods=(3, 6), phases=(1, 2, 2, 3), links=1, slack=None),
    Size(projects=(3, 3), periods=(3, 6), phases=(0, 1, 1, 2, 2, 2, 3), links=2, slack=None),
    Size(projects=(4, 4), periods=(3, 6), phases=(0, 1, 1, 1, 1, 2, 2, 2), links=3, slack=5),
    Size(projects=(5, 5), periods=(2, 5), phases=(0, 1, 1, 1, 1, 1, 2, 2), links=3, slack=4),
    Size(projects=(5, 5), periods=(2, 6), phases=(0, 1, 1, 1, 1, 1, 1, 2), links=3, slack=2),
)
LARGER = Size(projects=(8, 15), periods=(8, 12), phases=(0, 1, 1, 2, 2, 3), links=10, slack=None)

ORDERED_FIELDS = frozenset({"phases", "modes", "profile", "periods", "terms"})
"""Lists whose order has a meaning."""


MAY_BE_INFEASIBLE = 2
"""Seeds that are a multiple of this may give an infeasible portfolio, others do not."""

MAY_BE_TRIVIAL = 8
"""Seeds that are a multiple of this may have few combinations, or an empty optimum."""

MAY_BE_SPREAD = 4
"""Seeds that are one more than a multiple of this have needs given as effort or heads."""

ENOUGH_COMBINATIONS = 100
"""Least number of combinations of the other seeds."""


def random_portfolio(seed: int) -> Portfolio:
    """Return a valid portfolio small enough for brute force; the same for the same seed."""
    return random_case(seed)[0]


@cache
def random_case(seed: int) -> tuple[Portfolio, BruteResult]:
    """Return the portfolio of `random_portfolio` with its proven optimum."""
    least = 1 if seed % MAY_BE_TRIVIAL == 0 else ENOUGH_COMBINATIONS
    for attempt in count():
        dice = Dice(f"tiny {seed} {attempt}")
        varied = Dice(f"needs {seed} {attempt}") if seed % MAY_BE_SPREAD == 1 else None
        portfolio = _draw(dice, dice.pick(TINY), varied)
        if not least <= count_combinations(portfolio) <= MAX_COMBINATIONS:
            continue
        if _valid(portfolio) and _worth_a_test(result := solve(portfolio), seed):
            return portfolio, result
    raise AssertionError("counting does not end")


def _worth_a_test(result: BruteResult, seed: int) -> bool:
    if result.combination is None:
        return seed % MAY_BE_INFEASIBLE == 0
    active = [fate for fate in result.combination.fates if fate.option.active]
    return bool(active) or seed % MAY_BE_TRIVIAL == 0


def drawn_portfolio(text: str) -> Portfolio:
    """Return a tiny portfolio that nobody has solved or checked; the same for the same text."""
    dice = Dice(text)
    return _draw(dice, dice.pick(TINY))


def larger_portfolio(seed: int) -> Portfolio:
    """Return a valid portfolio of 8 to 15 projects over 8 to 12 periods."""
    for attempt in count():
        portfolio = _draw(Dice(f"larger {seed} {attempt}"), LARGER)
        if _valid(portfolio):
            return portfolio
    raise AssertionError("counting does not end")


def shuffled(portfolio: Portfolio, seed: int) -> Portfolio:
    """Return the same portfolio with the rows of every list in another order.

    Lists whose order has a meaning (phases, modes, profiles, terms) stay as they are.
    """
    mixed = Portfolio.parse(_shuffle(portfolio.to_data(), "", Random(seed)))
    if mixed.digest() != portfolio.digest():
        raise AssertionError("the digest depends on the order of rows")
    return mixed


def _shuffle(value: Any, name: str, random: Random) -> Any:
    mixed = value
    if isinstance(value, dict):
        keys = random.sample(list(value), len(value))
        mixed = {key: _shuffle(value[key], key, random) for key in keys}
    elif isinstance(value, list):
        items = [_shuffle(item, "", random) for item in value]
        mixed = items if name in ORDERED_FIELDS else random.sample(items, len(items))
    return mixed


def _valid(portfolio: Portfolio) -> bool:
    """Return whether the checks of the product find no error."""
    return not any(finding.severity is Severity.ERROR for finding in check(portfolio))


def _draw(dice: Dice, size: Size, varied: Dice | None = None) -> Portfolio:
    """Draw a portfolio; ``varied`` turns some of its needs into effort and heads."""
    calendar = _calendar(dice, size)
    draft = Draft(dice, size, Calendar.model_validate(calendar))
    objective = draw_objective(draft)
    draft.funds = draw_funds(draft)
    skills = draw_skills(draft)
    criteria, comparisons = draw_criteria(draft)
    number = dice.whole(*size.projects)
    draft.projects = [draw_project(draft, n + 1, criteria) for n in range(number)]
    size_funds(draft)
    data: Data = {
        "calendar": calendar,
        "objective": objective,
        "criteria": criteria,
        "comparisons": comparisons,
        "skills": skills,
        "people": draw_people(draft),
        "pools": draw_pools(draft),
        "hires": draw_hires(draft),
        "funds": draft.funds,
        "caps": draw_caps(draft),
        "projects": draft.projects,
        "rules": draw_rules(draft),
        **draw_relations(draft),
        **_rates(dice),
    }
    if dice.chance(0.1) or any(term["term"] == "changes" for term in objective["terms"]):
        data["baseline"] = draw_baseline(draft)
    if varied is not None:
        vary_needs(varied, draft.projects)
    return Portfolio.parse(data)


def _calendar(dice: Dice, size: Size) -> Data:
    calendar: Data = {
        "start": dice.pick(["2026-01-01", "2026-10-01", "2027-03-15", "2026-08-31"]),
        "periods": dice.whole(*size.periods),
        "grain": dice.pick(["month"] * 7 + ["quarter", "week", "year", "day"]),
        "fiscal_start_month": dice.pick([1, 1, 4, 10]),
    }
    if dice.chance(0.2):
        calendar["holidays"] = ["2026-12-25", "2026-10-03", "2027-03-29"]
    if dice.chance(0.2):
        calendar["sites"] = [{"id": "north", "holidays": ["2026-01-06", "2026-11-02"]}]
    if dice.chance(0.1):
        calendar["working_days"] = ["mon", "tue", "wed", "thu"]
    return calendar


def _rates(dice: Dice) -> Data:
    rates: Data = {}
    if dice.chance(0.3):
        rates["value_rate"] = dice.pick([0.1, 0.35])
    if dice.chance(0.4):
        rates["money_rate"] = dice.pick([0.08, 0.25])
    if dice.chance(0.4):
        rates["risk_adjusted"] = True
    return rates
