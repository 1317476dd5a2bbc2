"""What a frontier varies: budget, capacity of a skill, or the limit of a rule or cap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Literal

from pmo_optimizer import (
    Amounts,
    AverageRule,
    Cap,
    CountRule,
    Finding,
    Frozen,
    Measure,
    Portfolio,
    Sense,
    Severity,
    ShareRule,
    StartsRule,
    suggestion,
)
from pmo_scenarios.changes.amounts import grown
from pmo_scenarios.changes.money import LIMITS, WHOLE
from pmo_scenarios.scenario import Scenario
from pmo_scenarios.studies.outlay import amount_in

ALL = Decimal(100)
"""Percent of what is there today."""

FINEST = Decimal("0.000000000001")
"""Percentages that make an amount are rounded to this: a millionth of 100 millions."""

LOWEST, HIGHEST, STEP = 40, 150, 10
"""Levels in percent, unless asked otherwise: twelve, and today's is one of them."""


class AxisKind(StrEnum):
    """What is varied."""

    BUDGET = "budget"
    CAPACITY = "capacity"
    LIMIT = "limit"


class Axis(Frozen):
    """What a frontier varies, and in which unit.

    Attributes
    ----------
    kind
        Funds, the capacity of a skill, or the limit of a rule or cap.
    targets
        Ids of the funds, the skill, or the rule or cap.
    field
        Which number of a rule.
    unit
        Of levels: ``percent`` of what is there today, or ``amount``: money of all the funds
        together in the fiscal years or periods of the calendar, FTE that are added in each
        period, or the limit itself.
    current
        The level of today.
    loosens
        1 where a plan of a lower level is one of every higher level, -1 where it is the other
        way round, 0 where neither is known.
    """

    kind: AxisKind
    targets: tuple[str, ...]
    field: str = ""
    unit: Literal["percent", "amount"] = "percent"
    current: float
    loosens: Literal[-1, 0, 1]

    @property
    def label(self) -> str:
        """What is varied, in words."""
        name = ", ".join(self.targets)
        return {"budget": "budget", "capacity": "capacity of", "limit": "limit of"}[
            self.kind.value
        ] + f" {name}{f' ({self.field})' if self.field else ''}"


@dataclass(frozen=True, slots=True)
class Level:
    """One place on the axis.

    Attributes
    ----------
    level
        In the unit of the axis.
    scenario
        What makes it; without changes it is today's level.
    """

    level: Decimal
    scenario: Scenario


def axis_of(
    portfolio: Portfolio,
    funds: Sequence[str],
    skill: str | None,
    limit: str | None,
    field: str | None,
    unit: Literal["percent", "amount"],
    *,
    named: bool,
) -> tuple[Axis | None, list[Finding]]:
    """Return the axis that is asked for, or everything that is wrong with the wish."""
    if sum(map(bool, (funds, skill, limit))) > 1:
        return None, [
            wrong(
                "frontier-axis",
                "axis",
                "Funds, a skill and a limit are asked for at once.",
                "Name funds, or one skill, or one rule or cap.",
            )
        ]
    if skill:
        axis, findings = _capacity(portfolio, skill, unit, named=named)
    elif limit:
        axis, findings = _limit(portfolio, limit, field, unit)
    else:
        axis, findings = _budget(portfolio, funds, unit)
    if field and not limit:
        fix = "Leave it out, or name a rule."
        findings.append(wrong("frontier-axis", "field", "There is no rule to have it.", fix))
    return (None if findings else axis), findings


def _budget(
    portfolio: Portfolio, funds: Sequence[str], unit: Literal["percent", "amount"]
) -> tuple[Axis | None, list[Finding]]:
    known = [fund.id for fund in portfolio.funds]
    chosen = tuple(dict.fromkeys(funds or known))
    findings = [_unknown("fund", name, known) for name in chosen if name not in known]
    if not known:
        findings = [
            wrong(
                "frontier-axis",
                "funds",
                "The portfolio has no funds, so that there is no budget to vary.",
                "Name a skill, a rule or a cap.",
            )
        ]
    if findings:
        return None, findings
    of_budget = [r for r in portfolio.rules if isinstance(r, ShareRule) and r.of == "budget"]
    # A part of the budget that is asked for at least grows with it.
    grows = any(r.sense is Sense.AT_LEAST and r.share > 0 for r in of_budget)
    total = _sum_of_funds(portfolio, chosen)
    if not total:
        text = "The funds have nothing today that can be used within the calendar."
        fix = "Name funds that have something in its fiscal years."
        return None, [wrong("frontier-axis", "funds", text, fix)]
    current = ALL if unit == "percent" else total
    return Axis(
        kind=AxisKind.BUDGET,
        targets=chosen,
        unit=unit,
        current=float(current),
        loosens=0 if grows else 1,
    ), []


def _capacity(
    portfolio: Portfolio, skill: str, unit: Literal["percent", "amount"], *, named: bool
) -> tuple[Axis | None, list[Finding]]:
    known = [entry.id for entry in portfolio.skills]
    if skill not in known:
        return None, [_unknown("skill", skill, known)]
    if unit == "percent" and not _capacity_of(portfolio, skill):
        fix = "Give levels as FTE, with the unit `amount`."
        text = f"There is no capacity of {skill} today, of which there could be percentages."
        return None, [wrong("frontier-axis", "skill", text, fix)]
    # By name, least shares of people who have less time are smaller: neither way is known.
    return Axis(
        kind=AxisKind.CAPACITY,
        targets=(skill,),
        unit=unit,
        current=100.0 if unit == "percent" else 0.0,
        loosens=0 if named else 1,
    ), []


def _limit(
    portfolio: Portfolio, name: str, field: str | None, unit: Literal["percent", "amount"]
) -> tuple[Axis | None, list[Finding]]:
    entries = _limited(portfolio)
    found = [(path, item) for path, item in entries if name in (item.id, path)]
    if not found:
        return None, [_unknown("rule or cap", name, [item.id for _, item in entries])]
    if len(found) > 1:
        paths = " or ".join(path for path, _ in found)
        text, fix = f"{name} may be a rule or a cap.", f"Say which one: {paths}."
        return None, [wrong("ambiguous-target", "limit", text, fix)]
    path, item = found[0]
    held = [entry for entry in LIMITS if getattr(item, entry, None) is not None]
    if isinstance(item, Cap):
        field = ""
    elif (field and field not in held) or (not field and len(held) != 1):
        text = f"Rule {item.id} has {' and '.join(held) or 'no limit'}"
        text += f", not {field}." if field else "."
        fix = f"Say with `field` which one is meant: {', '.join(held)}."
        return None, [wrong("frontier-axis", "field", text, fix)]
    chosen = field or (held[0] if held else "")
    today = _limit_of(portfolio, item, chosen)
    if not today and isinstance(item, Cap) and item.amounts.total is None:
        text = f"The amounts of cap {item.id} within the calendar are 0, and cannot be scaled."
        fix = "Give the cap amounts in the fiscal years or periods of the calendar."
        return None, [wrong("frontier-axis", "limit", text, fix)]
    if unit == "percent" and not today:
        text = f"The limit of {item.id} is 0 today, of which there are no percentages."
        fix = "Give levels as limits, with the unit `amount`."
        return None, [wrong("frontier-axis", "limit", text, fix)]
    return Axis(
        kind=AxisKind.LIMIT,
        targets=(path,),
        field=chosen,
        unit=unit,
        current=float(ALL if unit == "percent" else today),
        loosens=_loosens(portfolio, item, chosen),
    ), []


def _limited(portfolio: Portfolio) -> list[tuple[str, Any]]:
    """Return rules and caps with their paths."""
    return [
        *((f"rules/{rule.id}", rule) for rule in portfolio.rules),
        *((f"caps/{cap.id}", cap) for cap in portfolio.caps),
    ]


def _loosens(portfolio: Portfolio, item: Any, field: str) -> Literal[-1, 0, 1]:  # noqa: ANN401
    """Return in which direction a limit allows more, whatever is selected."""
    if isinstance(item, Cap):
        return 1
    if isinstance(item, CountRule | StartsRule):
        return 1 if field == "max" else -1
    sure = True
    if isinstance(item, ShareRule):
        total_is_positive = item.of == "budget" or (
            _never_negative(portfolio, item.measure.value)
            if item.of == "selected"
            else Decimal(item.of) >= 0
        )
        sure = total_is_positive
    elif isinstance(item, AverageRule):
        # A percentage more of a limit below 0 is less.
        sure = item.limit >= 0 and _never_negative(portfolio, item.weight)
    if not sure:
        return 0
    return -1 if getattr(item, "sense", Sense.AT_MOST) is Sense.AT_LEAST else 1


def _never_negative(portfolio: Portfolio, weight: str) -> bool:
    if weight == Measure.VALUE.value:
        return all(portfolio.raw_value(project) >= 0 for project in portfolio.projects)
    if weight in {measure.value for measure in Measure}:
        return True
    numbers = [project.attributes.get(weight, 0) for project in portfolio.projects]
    return all(isinstance(x, int | float | Decimal) and x >= 0 for x in numbers)


def levels_of(
    portfolio: Portfolio, axis: Axis, wished: Sequence[Decimal | float | str] | None
) -> tuple[list[Level], list[Finding]]:
    """Return the levels in ascending order, today's among them, or what is wrong with them."""
    findings: list[Finding] = []
    if wished is None:
        numbers, findings = _usual(portfolio, axis)
    else:
        numbers = []
        for place, wish in enumerate(wished):
            number, complaint = _number(axis, wish)
            if number is None:
                findings.append(wrong("frontier-level", f"levels/{place}", *complaint))
            else:
                numbers.append(number)
    if findings:
        return [], findings
    today = _today(portfolio, axis)
    made: dict[object, Level] = {}
    for number in (today, *numbers):
        scenario = _scenario(portfolio, axis, number, today)
        made.setdefault(scenario.changes, Level(number, scenario))
    return sorted(made.values(), key=lambda level: level.level), []


def _usual(portfolio: Portfolio, axis: Axis) -> tuple[list[Decimal], list[Finding]]:
    percents = [Decimal(x) for x in range(LOWEST, HIGHEST + 1, STEP)]
    if axis.unit == "percent":
        return percents, []
    today = _today(portfolio, axis)
    if not today:
        text = "There are no usual levels around 0."
        return [], [wrong("frontier-level", "levels", text, "Give the levels that are meant.")]
    return [_whole(axis, grown(today, percent - ALL)) for percent in percents], []


def _number(axis: Axis, wish: Decimal | float | str) -> tuple[Decimal | None, tuple[str, str]]:
    """Return a level as an exact number; None with message and fix where it is none."""
    try:
        number = Decimal(str(wish).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        return None, (f"{wish} is not a number.", "Give numbers, such as 80.")
    signed = axis.kind is AxisKind.CAPACITY and axis.unit == "amount"
    if number < 0 and not signed:
        return None, (f"{wish} is below 0.", "Give levels of 0 or more.")
    if abs(number) >= Decimal(10) ** 12:
        return None, (f"{wish} is absurdly large.", "Check the unit.")
    if axis.unit == "amount" and number != _whole(axis, number):
        return None, (f"{axis.field} cannot be {wish}.", "Give a whole number.")
    return number, ("", "")


def _whole(axis: Axis, number: Decimal) -> Decimal:
    return number.quantize(Decimal(1)) if axis.field in WHOLE else number


def _today(portfolio: Portfolio, axis: Axis) -> Decimal:
    """Return the level of today, exactly."""
    if axis.unit == "percent":
        return ALL
    if axis.kind is AxisKind.CAPACITY:
        return Decimal(0)
    return amount_at(portfolio, axis) or Decimal(0)


def _scenario(portfolio: Portfolio, axis: Axis, number: Decimal, today: Decimal) -> Scenario:
    """Return the changes that make a level; none for today's."""
    changes: list[dict[str, object]] = []
    if number == today:
        return Scenario(id="level")
    if axis.kind is AxisKind.CAPACITY:
        change = {"fte": number} if axis.unit == "amount" else {"percent": number - ALL}
        changes.append({"change": "capacity", "skill": axis.targets[0], **change})
    elif axis.field:
        held = amount_at(portfolio, axis) or Decimal(0)
        limit = number
        if axis.unit == "percent":
            limit = _whole(axis, grown(held, number - ALL))
        if limit == held:
            return Scenario(id="level")
        target = {"target": axis.targets[0], "field": axis.field, "to": limit}
        changes.append({"change": "limit", **target})
    else:
        kind, word = ("budget", "fund") if axis.kind is AxisKind.BUDGET else ("limit", "target")
        size = _size(portfolio, axis, number, today)
        changes += [{"change": kind, word: name, **size} for name in axis.targets]
    return Scenario.parse({"id": "level", "changes": changes})


def _size(portfolio: Portfolio, axis: Axis, number: Decimal, today: Decimal) -> dict[str, Decimal]:
    """Return the change of each amount of funds or of a cap."""
    if axis.unit == "percent":
        return {"percent": number - ALL}
    entries = portfolio.funds if axis.kind is AxisKind.BUDGET else portfolio.caps
    names = {name.rpartition("/")[2] for name in axis.targets}
    chosen = [entry for entry in entries if entry.id in names]
    if len(chosen) == 1 and chosen[0].amounts.total is not None:
        return {"to": number}
    return {"percent": (ALL * number / today - ALL).quantize(FINEST)}


def amount_at(portfolio: Portfolio, axis: Axis) -> Decimal | None:
    """Return how much there is in a portfolio of what is varied; None where it is missing.

    Money of the funds or of the cap together, as far as it is of the fiscal years or periods
    of the calendar: other money can be used by nothing that is planned. Or the limit of a
    rule, or the mean over the periods of the FTE that people and pools can deliver in a skill
    if they do nothing else.
    """
    if axis.kind is AxisKind.BUDGET:
        here = {fund.id for fund in portfolio.funds}
        return _sum_of_funds(portfolio, axis.targets) if here >= set(axis.targets) else None
    if axis.kind is AxisKind.CAPACITY:
        if axis.targets[0] not in {skill.id for skill in portfolio.skills}:
            return None
        return _capacity_of(portfolio, axis.targets[0])
    item = dict(_limited(portfolio)).get(axis.targets[0])
    if item is None or (axis.field and getattr(item, axis.field, None) is None):
        return None
    return _limit_of(portfolio, item, axis.field)


def level_at(portfolio: Portfolio, axis: Axis, base: Portfolio) -> float | None:
    """Return where a scenario's portfolio stands on the axis; None where it has no place."""
    here, today = amount_at(portfolio, axis), amount_at(base, axis)
    if here is None or today is None:
        return None
    if axis.unit == "percent":
        return float(ALL * here / today) if today else None
    return float(here - today) if axis.kind is AxisKind.CAPACITY else float(here)


def _sum_of_funds(portfolio: Portfolio, funds: Sequence[str]) -> Decimal:
    chosen = (fund.amounts for fund in portfolio.funds if fund.id in funds)
    return sum((_sum(amounts, portfolio) for amounts in chosen), Decimal(0))


def _sum(amounts: Amounts, portfolio: Portfolio) -> Decimal:
    return sum(amount_in(amounts, portfolio.calendar).values(), Decimal(0))


def _limit_of(portfolio: Portfolio, item: Any, field: str) -> Decimal:  # noqa: ANN401
    """Return the limit of a rule or cap."""
    if isinstance(item, Cap):
        return _sum(item.amounts, portfolio)
    return Decimal(getattr(item, field))


def _capacity_of(portfolio: Portfolio, skill: str) -> Decimal:
    periods = portfolio.calendar.periods
    total = Decimal(0)
    for group in portfolio.classes:
        total += dict(group.skills).get(skill, Decimal(0)) * sum(group.available, Decimal(0))
    for pool in portfolio.pools:
        if pool.skill == skill:
            total += sum((pool.capacity(t) for t in range(periods)), Decimal(0))
    return total / periods


def _unknown(word: str, name: str, known: Sequence[str]) -> Finding:
    return wrong(
        "unknown-target",
        name,
        f"There is no {word} {name} in the portfolio.",
        f"{suggestion(name, known)}Name one that there is.",
    )


def wrong(rule: str, path: str, message: str, fix: str) -> Finding:
    """Return an error about what is asked of a frontier."""
    return Finding(Severity.ERROR, rule, f"frontier/{path}", message, fix)
