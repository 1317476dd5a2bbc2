"""Numbers that are negative, not a share, not a multiple of 0.01, or absurdly large."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

from pmo_optimizer.checks.facts import MAX_COUNT, Facts, Hit, Path, digits
from pmo_optimizer.model import (
    FTE_STEP,
    Absence,
    Amounts,
    AverageRule,
    Calendar,
    Cap,
    Comparison,
    CostLine,
    CountRule,
    Criterion,
    Dedication,
    Fund,
    Hire,
    Mode,
    Need,
    Person,
    Pool,
    Project,
    Saving,
    ShareRule,
    Skill,
    StartsRule,
    Term,
    UtilizationRule,
)
from pmo_optimizer.model.base import Frozen

MAX_AMOUNT = Decimal(10) ** 15
"""Amounts of this size and above are taken for a mistake."""

Table = Mapping[type[Frozen], tuple[str, ...]]
"""Fields by the object that has them; entries of lists and mappings count one by one."""

NOT_NEGATIVE: Table = MappingProxyType(
    {
        Amounts: ("total", "years", "periods"),
        AverageRule: ("price",),
        Cap: ("price",),
        CostLine: ("per_period", "profile", "lump"),
        CountRule: ("min", "max", "price"),
        Criterion: ("weight",),
        Dedication: ("fte",),
        Fund: ("carry_over", "price"),
        Hire: ("max_heads", "lead_time", "cost_once", "cost_per_period"),
        Mode: ("duration",),
        Need: ("fte", "profile", "effort", "min_fte", "max_fte"),
        Person: ("fte", "cost_rate"),
        Pool: ("fte", "profile"),
        Project: ("exit_cost", "late_price", "max_gap", "staff_budget"),
        Saving: ("amount",),
        ShareRule: ("of", "price"),
        Skill: ("rate", "overload_price"),
        StartsRule: ("min", "max", "price"),
        Term: ("abs_tol", "rel_tol", "project_weight", "person_weight"),
        UtilizationRule: ("price",),
    }
)

POSITIVE: Table = MappingProxyType(
    {
        Comparison: ("ratio",),
        Hire: ("term",),
        Need: ("heads",),
        Person: ("count", "max_projects"),
        Term: ("weight",),
    }
)

SHARES: Table = MappingProxyType(
    {
        Absence: ("share",),
        Need: ("share", "min_share", "min_proficiency"),
        Person: ("skills", "min_share"),
        Project: ("probability",),
        ShareRule: ("share",),
        UtilizationRule: ("ceiling",),
    }
)

HUNDREDTHS: Table = MappingProxyType(
    {
        Need: ("fte", "profile", "effort", "min_fte", "max_fte", "min_proficiency"),
        Person: ("fte", "skills"),
        Pool: ("fte", "profile"),
    }
)


def _numbers(path: Path, value: object) -> list[tuple[Path, Decimal | int]]:
    """Return the numbers in a field, each with its path."""
    if value is None or isinstance(value, str | bool):
        return []
    if isinstance(value, Decimal | int):
        return [(path, value)]
    if isinstance(value, dict):
        keys = {key: digits(key) if isinstance(key, int) else str(key) for key in value}
        items = [_numbers((*path, keys[key]), item) for key, item in value.items()]
    elif isinstance(value, tuple):
        items = [_numbers((*path, index), item) for index, item in enumerate(value)]
    else:
        return []
    return [number for found in items for number in found]


def _any(value: object, bad: Callable[[Decimal | int], bool]) -> bool:
    """Return whether a field holds a bad number, without a path for each of them."""
    if value is None or isinstance(value, str | bool):
        return False
    if isinstance(value, Decimal | int):
        return bad(value)
    if isinstance(value, dict):
        return any(_any(item, bad) for item in value.values())
    return isinstance(value, tuple) and any(
        bad(item) if type(item) is Decimal else _any(item, bad) for item in value
    )


def _first_offence(
    facts: Facts,
    table: Table,
    bad: Callable[[Decimal | int], bool],
    must: str,
    fix: str,
) -> Iterator[Hit]:
    """Yield one finding for each field of the table that holds a bad number."""
    for node_type, fields in table.items():
        for path, node in facts.every(node_type):
            for field in fields:
                value = node.__dict__[field]
                if value is not None and _any(value, bad):
                    found = [x for x in _numbers((*path, field), value) if bad(x[1])]
                    yield _offence(facts, found, must, fix)


def _offence(facts: Facts, found: list[tuple[Path, Decimal | int]], must: str, fix: str) -> Hit:
    path, value = found[0]
    more = f" ({len(found)} such entries)" if len(found) > 1 else ""
    return Hit(path, f"{facts.subject(path)} is {digits(value)}{more}; it must be {must}.", fix)


def negative_numbers(facts: Facts) -> Iterator[Hit]:
    """Find negative amounts, FTE, durations, prices and tolerances."""
    yield from _first_offence(
        facts, NOT_NEGATIVE, lambda x: x < 0, "0 or more", "Remove the minus sign, or give 0."
    )


def not_positive(facts: Facts) -> Iterator[Hit]:
    """Find numbers that count or weigh something and are not above 0."""
    yield from _first_offence(
        facts, POSITIVE, lambda x: x <= 0, "above 0", "Give a number above 0, or remove the entry."
    )


def not_a_share(facts: Facts) -> Iterator[Hit]:
    """Find shares, proficiencies and probabilities outside 0 to 1."""
    yield from _first_offence(
        facts,
        SHARES,
        lambda x: not 0 <= x <= 1,
        "between 0 and 1",
        "Write 80 percent as 0.8.",
    )


def not_hundredths(facts: Facts) -> Iterator[Hit]:
    """Find FTE and proficiencies with more than two decimals (formulation, section 9)."""
    per_fte = int(1 / FTE_STEP)
    yield from _first_offence(
        facts,
        HUNDREDTHS,
        lambda x: x.as_integer_ratio()[0] * per_fte % x.as_integer_ratio()[1] != 0,
        f"a multiple of {FTE_STEP}",
        "Round it to two decimals.",
    )


def too_large(facts: Facts) -> Iterator[Hit]:
    """Find numbers so large that they must be a mistake."""
    for path, node, field, value in facts.values:
        if isinstance(node, Calendar) and field == "periods":
            continue
        if _any(value, _absurd):
            found = [x for x in _numbers((*path, field), value) if _absurd(x[1])]
            whole = isinstance(found[0][1], int)
            yield _offence(
                facts,
                found,
                f"below {MAX_COUNT if whole else MAX_AMOUNT:,}",
                "Check the unit; give large amounts in thousands or millions throughout.",
            )


def _absurd(value: Decimal | int) -> bool:
    if isinstance(value, int):
        return abs(value) >= MAX_COUNT
    return abs(value) >= MAX_AMOUNT


def discount_rates(facts: Facts) -> Iterator[Hit]:
    """Find discount rates outside 0 to 1 a year."""
    for field in ("value_rate", "money_rate"):
        rate = facts.portfolio.__dict__[field]
        if not 0 <= rate <= 1:
            yield Hit(
                (field,),
                f"{facts.subject((field,))} is {digits(rate)} a year; it must be between 0 and 1.",
                "Write 5 percent as 0.05.",
            )
