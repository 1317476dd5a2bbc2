"""Strategic criteria: scales, weights, and weights from pairwise comparisons (AHP)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel, Field

from pmo_optimizer.model.base import Frozen, Id, Number

RANDOM_INDEX = (
    0.0,
    0.0,
    0.0,
    0.58,
    0.90,
    1.12,
    1.24,
    1.32,
    1.41,
    1.45,
    1.49,
    1.51,
    1.48,
    1.56,
    1.57,
    1.59,
)
"""Mean consistency index of random matrices by size (Saaty 1980); larger sizes use the last."""

MAX_CONSISTENCY_RATIO = 0.1
"""Above this the comparisons contradict each other too much (Saaty 1980)."""

WEIGHT_DIGITS = 6
"""Weights from comparisons are rounded to this many decimals, so that they are exact data."""


class Criterion(Frozen):
    """One strategic goal against which projects are scored.

    Attributes
    ----------
    worst, best
        Ends of the scale, 0 and 10 by default; ``worst`` may be the larger number (a cost
        or a risk). A score s gives the utility (s - worst) / (best - worst).
    weight
        Share in the strategic value; the weights of all criteria add up to 1. Left out
        where ``comparisons`` of the portfolio give the weights.
    """

    id: Id
    name: str = ""
    weight: Number | None = None
    worst: Number = Decimal(0)
    best: Number = Decimal(10)

    def utility(self, score: Decimal) -> Fraction:
        """Return the score on a scale from 0 (worst) to 1 (best)."""
        return Fraction(score - self.worst) / Fraction(self.best - self.worst)


class Comparison(Frozen):
    """How many times more important criterion ``a`` is than ``b`` (1/9 to 9)."""

    a: Id
    b: Id
    ratio: Number = Field(description="1 equal, 3 moderate, 5 strong, 7 very strong, 9 extreme")


class PriorityVector(BaseModel):
    """Weights from pairwise comparisons.

    Attributes
    ----------
    weights
        Exact weights in the order of the criteria; they add up to 1.
    consistency_ratio
        (lambda_max - n) / (n - 1) / RI(n); above 0.1 the judgements clash.
    """

    weights: tuple[Decimal, ...]
    consistency_ratio: float


def priorities(matrix: Sequence[Sequence[float]]) -> PriorityVector:
    """Return the principal eigenvector of a pairwise comparison matrix (Saaty 1980).

    Parameters
    ----------
    matrix
        n x n positive numbers with ``matrix[i][j] == 1 / matrix[j][i]``.

    Examples
    --------
    >>> priorities([[1, 3], [1 / 3, 1]]).weights
    (Decimal('0.750000'), Decimal('0.250000'))
    """
    size = len(matrix)
    vector = [1.0 / size] * size
    for _ in range(1000):
        product = [sum(a * v for a, v in zip(row, vector, strict=True)) for row in matrix]
        total = sum(product)
        new = [p / total for p in product]
        settled = max(abs(a - b) for a, b in zip(new, vector, strict=True)) < 1e-13
        vector = new
        if settled:
            break
    product = [sum(a * v for a, v in zip(row, vector, strict=True)) for row in matrix]
    eigenvalue = sum(p / v for p, v in zip(product, vector, strict=True)) / size
    random_index = RANDOM_INDEX[min(size, len(RANDOM_INDEX) - 1)]
    ratio = (eigenvalue - size) / (size - 1) / random_index if random_index else 0.0
    unit = Decimal(1).scaleb(-WEIGHT_DIGITS)
    weights = [Decimal(repr(v)).quantize(unit) for v in vector]
    largest = max(range(size), key=lambda i: weights[i])
    weights[largest] += 1 - sum(weights)
    return PriorityVector(weights=tuple(weights), consistency_ratio=max(0.0, ratio))
