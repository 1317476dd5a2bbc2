"""The suite ``generated``: portfolios of any size from `pmo_scenarios.generate`."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.items import Item, Staffing
from pmo_optimizer import Portfolio
from pmo_scenarios import generate

NAME = "generated"


def items(
    projects: int,
    periods: int,
    skills: int,
    seeds: Sequence[int],
    *,
    people: int | None = None,
    staffing: Staffing = "capacity",
) -> list[Item]:
    """Return one instance per seed.

    Parameters
    ----------
    projects, periods, skills
        Sizes; periods are months.
    people
        Heads; by default as many as `pmo_scenarios.generate` chooses.
    staffing
        With ``named`` the portfolios ask what named staffing can do.
    """
    sizes = {"projects": projects, "periods": periods, "skills": skills}
    name = f"p{projects}-t{periods}-k{skills}"
    if people is not None:
        sizes["people"] = people
        name += f"-e{people}"
    if staffing == "named":
        name += "-named"
    return [
        Item(NAME, f"{name}-s{seed}", numbers=sizes | {"seed": seed}, staffing=staffing)
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
        people=sizes.get("people"),
        named=item.staffing == "named",
    )
