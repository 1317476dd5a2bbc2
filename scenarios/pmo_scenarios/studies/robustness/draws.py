"""Cases: every uncertain number drawn, by seed, case and name alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist

from pmo_optimizer import InvalidInput, Portfolio, Severity
from pmo_scenarios.changes import Change, Scores, Success, Weights, Work
from pmo_scenarios.changes.draft import Draft
from pmo_scenarios.studies.robustness.uncertainty import (
    OF_WORK,
    PERCENT,
    Distribution,
    Variable,
    What,
)

STEPS: Mapping[bool, Decimal] = {True: Decimal("0.01"), False: Decimal("0.000001")}
"""Numbers are rounded to these: percent, and others."""

VALUE_STEP = Decimal("0.000000001")
"""Values that percent make are rounded to this."""

WEIGHT_STEP = Decimal("0.000001")
"""Weights are rounded to this; the largest takes what is left."""

LOW_QUANTILE = 0.1
"""Quantile that the low end of a lognormal number is; the high end is its mirror."""

FAVOURABLE, ADVERSE = "favourable", "adverse"
"""Names of the two extreme cases."""

BITS = 53
"""Random bits of a float."""

PIECES = 2048
"""Pieces in which the density of a PERT distribution is added up."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One case: a number for every variable.

    Attributes
    ----------
    id
        What the case is called.
    numbers
        By variable, sorted by its key.
    """

    id: str
    numbers: tuple[tuple[Variable, Decimal], ...]


def sampled(variables: Sequence[Variable], seed: int, case: int) -> Draw:
    """Return the numbers of a case: they depend on seed, case and names, and on no order."""
    return Draw(f"case-{case}", tuple((v, _number(v, _uniform(v, seed, case))) for v in variables))


def extreme(variables: Sequence[Variable], *, favourable: bool) -> Draw:
    """Return the case in which every number is at its better end, or at its worse one.

    Weights, of which no end is better, stay as they are.
    """
    numbers = tuple(
        (v, v.entry.high if v.rises is favourable else v.entry.low)
        for v in variables
        if v.rises is not None
    )
    return Draw(FAVOURABLE if favourable else ADVERSE, numbers)


def _uniform(variable: Variable, seed: int, case: int) -> float:
    """Return a number between 0 and 1, never one of both."""
    group = variable.entry.group
    name = f"group:{group}" if group else variable.key
    digest = hashlib.blake2b(f"{seed}/{case}/{name}".encode(), digest_size=8).digest()
    return ((int.from_bytes(digest) >> (64 - BITS)) + 0.5) / (1 << BITS)


def _number(variable: Variable, u: float) -> Decimal:
    entry = variable.entry
    if entry.distribution is Distribution.TWO_POINT:
        return entry.low if u < 1 / 2 else entry.high
    low, high, mode = float(entry.low), float(entry.high), float(variable.mode)
    if low == high:
        return entry.low
    shift = 100.0 if entry.what in PERCENT else -float(variable.least)
    if entry.distribution is Distribution.UNIFORM:
        exact = low + u * (high - low)
    elif entry.distribution is Distribution.TRIANGULAR:
        exact = _triangular(low, mode, high, u)
    elif entry.distribution is Distribution.PERT:
        exact = low + (high - low) * _pert((mode - low) / (high - low), u)
    else:
        exact = _lognormal(low + shift, high + shift, u) - shift
    if variable.most is not None:  # the tails of a lognormal number may lie outside
        exact = min(max(exact, float(variable.least)), float(variable.most))
    return Decimal(repr(exact)).quantize(STEPS[entry.what in PERCENT], rounding=ROUND_HALF_EVEN)


def _triangular(low: float, mode: float, high: float, u: float) -> float:
    """Return the u-quantile of a triangular distribution."""
    if u * (high - low) < mode - low:
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1 - u) * (high - low) * (high - mode))


def _lognormal(low: float, high: float, u: float) -> float:
    """Return the u-quantile where low and high are those of 10 and 90 percent."""
    spread = (math.log(high) - math.log(low)) / (2 * -NormalDist().inv_cdf(LOW_QUANTILE))
    return math.exp((math.log(low) + math.log(high)) / 2 + spread * NormalDist().inv_cdf(u))


def _pert(mode: float, u: float) -> float:
    """Return the u-quantile of a PERT distribution from 0 to 1 (beta with 1 + 4 m, 5 - 4 m)."""
    sums = _pert_sums(mode)
    target = u * sums[-1]
    below, above = 0, PIECES
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if sums[middle] <= target else (below, middle)
    part = (target - sums[below]) / (sums[above] - sums[below])
    return (below + part) / PIECES


@lru_cache(maxsize=256)
def _pert_sums(mode: float) -> tuple[float, ...]:
    """Return the density added up to the edge of each piece, by the midpoint rule."""
    sums = [0.0]
    for piece in range(PIECES):
        x = (piece + 0.5) / PIECES
        sums.append(sums[-1] + x ** (4 * mode) * (1 - x) ** (4 - 4 * mode))
    return tuple(sums)


def changes_of(portfolio: Portfolio, draw: Draw) -> tuple[Change, ...]:
    """Return what a case changes in a portfolio; numbers of projects it lacks are left out."""
    numbers = [
        (v, n) for v, n in draw.numbers if not v.target or v.project in portfolio.project_by_id
    ]
    changes: list[Change] = [*_weights(portfolio, numbers), *_scores(numbers)]
    changes += _success(numbers)
    factors = [(v.target, n) for v, n in numbers if v.entry.what is What.VALUE and n]
    if factors:
        scored = changed(portfolio, changes)
        for name, percent in factors:
            raw = scored.raw_value(scored.project_by_id[name]) * (100 + Fraction(percent)) / 100
            changes.append(Scores(project=name, value=rounded(raw)))
    return (*changes, *_work(numbers))


def changed(portfolio: Portfolio, changes: Sequence[Change]) -> Portfolio:
    """Return a portfolio with changes; what they make of it is not checked.

    Raises
    ------
    InvalidInput
        A change cannot be made.
    """
    draft = Draft(portfolio, "cases")
    for change in changes:
        change.apply_to(draft)
    errors = tuple(f for f in draft.findings if f.severity is Severity.ERROR)
    if errors:
        raise InvalidInput(errors)
    return draft.portfolio


def rounded(value: Fraction) -> Decimal:
    """Return a value with nine decimals."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(VALUE_STEP, rounding=ROUND_HALF_EVEN)


Numbers = Sequence[tuple[Variable, Decimal]]


def _weights(portfolio: Portfolio, numbers: Numbers) -> list[Change]:
    """Return the drawn weights beside the others, scaled so that all add up to 1."""
    drawn = {v.entry.criterion or "": n for v, n in numbers if v.entry.what is What.WEIGHT}
    if not drawn:
        return []
    raw = {**portfolio.criteria_weights, **drawn}
    total = sum(raw.values(), Decimal(0))
    if not total:
        return []
    new = {name: (weight / total).quantize(WEIGHT_STEP) for name, weight in sorted(raw.items())}
    largest = max(new, key=lambda name: (new[name], name))
    new[largest] += 1 - sum(new.values())
    return [Weights(weights=new)]


def _scores(numbers: Numbers) -> list[Change]:
    scores: dict[str, dict[str, Decimal]] = {}
    for variable, number in numbers:
        if variable.entry.what is What.SCORE:
            scores.setdefault(variable.target, {})[variable.entry.criterion or ""] = number
    return [Scores(project=name, scores=given) for name, given in scores.items()]


def _success(numbers: Numbers) -> list[Change]:
    return [Success(projects=(v.target,), to=n) for v, n in numbers if v.entry.what is What.SUCCESS]


def _work(numbers: Numbers) -> list[Change]:
    work: dict[str, dict[str, Decimal]] = {}
    for variable, number in numbers:
        if variable.entry.what in OF_WORK and number:
            work.setdefault(variable.target, {})[variable.entry.what.value] = number
    return [Work(targets=(target,), **percent) for target, percent in sorted(work.items())]
