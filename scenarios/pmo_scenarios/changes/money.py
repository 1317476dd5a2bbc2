"""Budgets, caps and the limits of rules."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from pmo_optimizer import Amounts, Cap, Id, When
from pmo_scenarios.changes.amounts import AmountChange, shown
from pmo_scenarios.changes.draft import FUNDS, WORDS, Draft

LIMITS = ("limit", "share", "ceiling", "min", "max")
"""Fields of rules that hold a limit."""

WHOLE = frozenset({"min", "max"})
"""Those that are whole numbers."""


class Spans(AmountChange):
    """A change of amounts over time.

    Attributes
    ----------
    year
        The fiscal year that is meant; all of them by default.
    first, last
        For amounts per period: first and last period (or days in them), both included.
    """

    year: int | None = None
    first: When | None = None
    last: When | None = None

    def changed(self, draft: Draft, amounts: Amounts, what: str) -> Amounts | None:
        """Return the amounts after the change; None, and a finding, where it says nothing."""
        if not self.says_one(draft):
            return None
        if amounts.total is not None:
            return self._total(draft, amounts.total, what)
        if amounts.years is not None:
            return self._years(draft, amounts.years, what)
        return self._periods(draft, amounts.periods or (), what)

    def _total(self, draft: Draft, total: Decimal, what: str) -> Amounts | None:
        if not self._fits(draft, ("year", "first", "last"), f"{what} has one amount in total"):
            return None
        new = self.of(total)
        return Amounts(total=new) if self._positive(draft, {"total": new}, what) else None

    def _years(self, draft: Draft, years: dict[int, Decimal], what: str) -> Amounts | None:
        if not self._fits(draft, ("first", "last"), f"{what} has amounts per fiscal year"):
            return None
        if self.year is not None and self.year not in years:
            of_grid = draft.portfolio.calendar.fiscal_years()
            if self.year not in of_grid:
                draft.error(
                    "change-outside",
                    "year",
                    f"{what} has no fiscal year {self.year}, nor has the calendar.",
                    f"Name one of {', '.join(map(str, sorted({*years, *of_grid})))}.",
                )
                return None
            years = {**years, self.year: Decimal(0)}
        new = {y: self.of(v) if self.year in {None, y} else v for y, v in years.items()}
        fine = self._positive(draft, {str(y): v for y, v in new.items()}, what)
        return Amounts(years=new) if fine else None

    def _periods(self, draft: Draft, amounts: tuple[Decimal, ...], what: str) -> Amounts | None:
        calendar = draft.portfolio.calendar
        span = periods_of(draft, self.first, self.last)
        if self.year is not None:
            meant = [t for t in span if calendar.fiscal_year(t) == self.year]
            if span and not meant:
                draft.error(
                    "change-outside",
                    "year",
                    f"No period of the calendar that is meant is in fiscal year {self.year}.",
                    f"Name one of {', '.join(map(str, calendar.fiscal_years()))}.",
                )
        else:
            meant = list(span)
        if not meant:
            return None
        new = tuple(self.of(v) if t in meant else v for t, v in enumerate(amounts))
        fine = self._positive(draft, {calendar.label(t): v for t, v in enumerate(new)}, what)
        return Amounts(periods=new) if fine else None

    def _fits(self, draft: Draft, fields: tuple[str, ...], why: str) -> bool:
        wrong = [name for name in fields if getattr(self, name) is not None]
        for name in wrong:
            draft.error(
                "change-outside", name, f"{why}, so that `{name}` means nothing.", "Leave it out."
            )
        return not wrong

    def _positive(self, draft: Draft, amounts: dict[str, Decimal], what: str) -> bool:
        below = {name: value for name, value in amounts.items() if value < 0}
        if below:
            draft.error(
                "change-amount",
                "",
                f"{what} would have less than nothing ({shown(below)}).",
                "Take away less, or give the amount with `to`.",
            )
        return not below


class Budget(Spans):
    """Another amount of a fund.

    ``by`` and ``to`` are per entry: with amounts per fiscal year and no ``year`` each year
    gets so much more, or so much.

    Attributes
    ----------
    fund
        Id of the fund.
    """

    change: Literal["budget"] = "budget"
    fund: Id

    def apply_to(self, draft: Draft) -> None:
        """Change the amounts of the fund."""
        fund = draft.find(FUNDS, self.fund, "fund")
        if fund is None:
            return
        amounts = self.changed(draft, fund.amounts, f"Fund {fund.id}")
        if amounts is not None:
            draft.edit(FUNDS, fund, {"amounts": amounts}, "")


class Limit(Spans):
    """Another limit of a rule or cap.

    Attributes
    ----------
    target
        Id of the rule or cap.
    field
        Which number of a rule, where it has both ``min`` and ``max``.
    year, first, last
        For caps, as for budgets.
    """

    change: Literal["limit"] = "limit"
    target: str
    field: Literal["limit", "share", "ceiling", "min", "max"] | None = None

    def apply_to(self, draft: Draft) -> None:
        """Change the limit."""
        target = draft.targets(("rules", "caps"), self.target, "target")
        if target is None:
            return
        item, word = target.item, WORDS[target.field]
        make: Callable[[Draft, Any], dict[str, Any] | None]
        make = self._cap if target.field == "caps" else self._rule
        update = make(draft, item)
        if update is None:
            return
        if all(getattr(item, name) == value for name, value in update.items()):
            draft.idle("", f"It leaves the limit of {word} {item.id} as it was.")
            return
        draft.replace(target.field, item, item.model_copy(update=update))

    def _cap(self, draft: Draft, cap: Cap) -> dict[str, Any] | None:
        amounts = self.changed(draft, cap.amounts, f"Cap {cap.id}")
        return None if amounts is None else {"amounts": amounts}

    def _rule(self, draft: Draft, rule: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any rule
        held = [name for name in LIMITS if getattr(rule, name, None) is not None]
        if self.field is not None and self.field not in held:
            draft.error(
                "change-outside",
                "field",
                f"Rule {rule.id} has no `{self.field}`.",
                f"Name one of {', '.join(held)}.",
            )
            return None
        if self.field is None and len(held) != 1:
            draft.error(
                "ambiguous-target",
                "field",
                f"Rule {rule.id} has {' and '.join(held) or 'no limit'}.",
                "Say with `field` which one is meant.",
            )
            return None
        if not self.says_one(draft):
            return None
        name = self.field or held[0]
        number = self.of(Decimal(getattr(rule, name)))
        if name not in WHOLE:
            return {name: number}
        if number != number.to_integral_value():
            draft.error(
                "change-amount",
                "",
                f"`{name}` of rule {rule.id} would be {number:f}, not a whole number.",
                "Give it with `to`.",
            )
            return None
        return {name: int(number)}


def periods_of(draft: Draft, first: When | None, last: When | None) -> range:
    """Return the periods of the grid that a range means; a finding where it is empty."""
    calendar = draft.portfolio.calendar
    begin = 0 if first is None else calendar.period_of(first)
    end = calendar.periods - 1 if last is None else calendar.period_of(last)
    span = range(max(begin, 0), min(end, calendar.periods - 1) + 1)
    if not span:
        draft.error(
            "change-outside",
            "first" if first is not None else "last",
            f"From {first if first is not None else 'the start'} to "
            f"{last if last is not None else 'the end'} there is no period of the calendar.",
            f"Name days from {calendar.edge(0)} on, {calendar.periods} periods long.",
        )
    return span
