"""Knapsacks with several funds: trivial to state, and as hard as their number of projects."""

from __future__ import annotations

from itertools import product

from tests.contract.builders import Data, choice, fund, lump, portfolio, terms

FUNDS = 5


def _costs(number: int) -> list[list[int]]:
    """Return the cost of each project for each fund, 11 to 107, without a pattern to exploit."""
    return [
        [
            (37 * i * i + 101 * i * (k + 1) + 53 * k * k + 7 * i**3 * k) % 97 + 11
            for k in range(FUNDS)
        ]
        for i in range(number)
    ]


def _values(costs: list[list[int]]) -> list[int]:
    """Return values that follow the costs closely, so that no project is an obvious choice."""
    return [sum(own) // FUNDS + 10 + i * i % 7 for i, own in enumerate(costs)]


def _totals(costs: list[list[int]]) -> list[int]:
    """Return half of what all projects would cost, per fund."""
    return [sum(column) // 2 for column in zip(*costs, strict=True)]


def knapsack(number: int) -> Data:
    """Return so many projects; with 60 no engine proves the best selection within minutes."""
    costs = _costs(number)
    projects = [
        choice(
            f"P{i:02}", value, costs=[lump(c, fund=f"F{k}", id=f"c{k}") for k, c in enumerate(own)]
        )
        for i, (own, value) in enumerate(zip(costs, _values(costs), strict=True))
    ]
    funds = [fund(f"F{k}", total) for k, total in enumerate(_totals(costs))]
    return portfolio(1, *projects, funds=funds)


def covering(number: int) -> Data:
    """Return the same projects; the cheapest selection with half of all value is wanted."""
    costs = _costs(number)
    values = _values(costs)
    projects = [
        choice(f"P{i:02}", value, sum(own))
        for i, (own, value) in enumerate(zip(costs, values, strict=True))
    ]
    rule = {"type": "share", "measure": "value", "where": {}, "sense": "at_least", "share": 0.5}
    return portfolio(1, *projects, rules=[rule | {"of": sum(values)}], **terms("cost"))


def knapsack_optimum(number: int) -> int:
    """Return the best value of a small knapsack, found by trying every selection."""
    costs = _costs(number)
    values, totals = _values(costs), _totals(costs)
    columns = list(zip(*costs, strict=True))

    def worth(chosen: tuple[int, ...]) -> int:
        spent = (sum(c for c, x in zip(column, chosen, strict=True) if x) for column in columns)
        fits = all(a <= b for a, b in zip(spent, totals, strict=True))
        return sum(v for v, x in zip(values, chosen, strict=True) if x) if fits else 0

    return max(worth(chosen) for chosen in product((0, 1), repeat=number))
