"""The suite ``generated``: portfolios of any size from `pmo_scenarios.generate`."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.items import Item
from pmo_optimizer import Portfolio
from pmo_scenarios import generate

NAME = "generated"


def items(projects: int, periods: int, skills: int, seeds: Sequence[int]) -> list[Item]:
    """Return one instance per seed.

    Parameters
    ----------
    projects, periods, skills
        Sizes; periods are months.
    """
    sizes = {"projects": projects, "periods": periods, "skills": skills}
    return [
        Item(NAME, f"p{projects}-t{periods}-k{skills}-s{seed}", numbers=sizes | {"seed": seed})
        for seed in seeds
    ]


def read(item: Item) -> Portfolio:
    """Return the portfolio of a generated instance.

    Raises
    ------
    ValueError
        A size is out of range.
    """
    sizes = item.numbers
    return generate(
        projects=sizes["projects"],
        periods=sizes["periods"],
        skills=sizes["skills"],
        seed=sizes["seed"],
    )
