"""How a change says a number: by so much, to so much, or by percent; all exact."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from pmo_optimizer import Frozen, Number
from pmo_scenarios.changes.draft import Draft

SMALLEST = Decimal("0.000001")
"""Numbers that percentages make are exact up to six decimals, and rounded to these beyond."""

CENT = Decimal("0.01")
"""Step of FTE data."""


class BaseChange(Frozen):
    """One change of a scenario; its ``change`` says of which kind it is."""

    @model_serializer(mode="wrap")
    def _keep_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write ``change`` even where defaults are left out: readers choose the kind by it."""
        fields: dict[str, Any] = handler(self)
        return {"change": getattr(self, "change", "")} | fields

    def apply_to(self, draft: Draft) -> None:
        """Change the draft; what cannot be done is noted there."""
        raise NotImplementedError


class AmountChange(BaseChange):
    """A change of numbers; exactly one of the three is given.

    Attributes
    ----------
    by
        What is added to each number that is meant; taken away where negative.
    to
        What each of them is from now on.
    percent
        By how many percent of itself each grows; shrinks where negative.
    """

    by: Number | None = None
    to: Number | None = None
    percent: Number | None = None

    def says_one(self, draft: Draft) -> bool:
        """Return whether exactly one amount is given; a finding otherwise."""
        given = [name for name in ("by", "to", "percent") if getattr(self, name) is not None]
        if len(given) != 1:
            said = "nothing" if not given else " and ".join(f"`{name}`" for name in given)
            draft.error(
                "change-amount",
                "",
                f"The change gives {said}; exactly one of `by`, `to` and `percent` is expected.",
                "Write for instance `percent: -10`.",
            )
        return len(given) == 1

    def of(self, value: Decimal) -> Decimal:
        """Return what becomes of a number."""
        if self.to is not None:
            return self.to
        return value + self.by if self.by is not None else grown(value, self.percent or Decimal(0))


def grown(value: Decimal, percent: Decimal) -> Decimal:
    """Return a number plus so many percent of itself, exact up to six decimals.

    Examples
    --------
    >>> grown(Decimal(300), Decimal(-10)), grown(Decimal("0.1"), Decimal("2.5"))
    (Decimal('270'), Decimal('0.1025'))
    """
    exact = (value * (100 + percent) / 100).normalize()
    rounded = exact.quantize(SMALLEST, rounding=ROUND_HALF_EVEN)
    exact = rounded.normalize() if rounded != exact else exact
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact


def hundredths(value: Decimal) -> Decimal:
    """Return a number of FTE rounded to the step of FTE data."""
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN)


def shown(numbers: Mapping[str, Decimal]) -> str:
    """Return named numbers for a message."""
    return ", ".join(f"{name}: {value.normalize():f}" for name, value in numbers.items())
