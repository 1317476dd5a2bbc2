"""Next release problem (Bagnall et al. 2001; files of Xuan et al. 2012).

Levels of requirements with their costs; dependencies "a b", where b needs a; customers with
their profit and the requirements they ask for. A customer pays only where all of these, and
what these need, are realised within the budget: a part of the cost of all requirements, rounded
to the nearest whole unit, as the published optima have it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from benchmarks.items import InstanceError
from benchmarks.selection import selection, yes_or_no
from benchmarks.words import Words, read_text
from pmo_optimizer import Portfolio, Requires

RATIOS = ("0.3", "0.5", "0.7")
"""Parts of the total cost that make up the budget, one instance each."""

FUND = "budget"


def parts(path: Path) -> list[tuple[str, float | None]]:
    """Return one part per budget ratio."""
    return [(ratio, None) for ratio in RATIOS]


def read(path: Path, part: str = RATIOS[0]) -> Portfolio:
    """Return a file with one budget: requirements cost, customers are worth their profit.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    lines = read_text(path).splitlines()
    words = Words(path, "\n".join(line for line in lines if not line.startswith("^")))
    costs = [cost for _ in range(words.count()) for cost in _numbers(words)]
    pairs = {(words.count(), words.count()) for _ in range(words.count())}
    requirements = [
        yes_or_no(_requirement(words, number, len(costs)), Decimal(0), {FUND: cost})
        for number, cost in enumerate(costs, start=1)
    ]
    requires = [
        Requires(
            project=_requirement(words, later, len(costs)),
            needs=(_requirement(words, earlier, len(costs)),),
        )
        for earlier, later in sorted(pairs)
    ]
    customers = []
    for number in range(1, words.count() + 1):
        customers.append(yes_or_no(f"customer-{number}", words.number(), {}))
        asked = sorted({words.count() for _ in range(words.count())})
        needs = tuple(_requirement(words, each, len(costs)) for each in asked)
        requires.append(Requires(id=f"asks-{number}", project=f"customer-{number}", needs=needs))
    share = sum(costs, Decimal(0)) * Decimal(part)
    budget = share.to_integral_value(rounding=ROUND_HALF_UP)
    projects = [*requirements, *customers]
    return selection(path.stem, projects, {FUND: budget}, requires=requires)


def _numbers(words: Words) -> list[Decimal]:
    return [words.number() for _ in range(words.count())]


def _requirement(words: Words, number: int, count: int) -> str:
    if not 1 <= number <= count:
        raise InstanceError(f"{words.path.name}: there is no requirement {number}")
    return f"requirement-{number}"
