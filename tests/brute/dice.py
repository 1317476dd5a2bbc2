"""Repeatable chance, and what the parts of a random portfolio have to know of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from pmo_optimizer.model import Calendar

Thing = TypeVar("Thing")

Data = dict[str, Any]
"""Plain data as in a portfolio file."""


class Dice:
    """A source of chance that depends on its seed alone."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return self._random.random() < probability

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return self._random.randint(low, high)

    def pick(self, things: Sequence[Thing]) -> Thing:
        """Return one of the things."""
        return self._random.choice(things)

    def some(self, things: Sequence[Thing], number: int) -> list[Thing]:
        """Return that many different things, or all of them, in random order."""
        return self._random.sample(things, min(number, len(things)))

    def factor(self, low: float, high: float) -> float:
        """Return a number between two others, with two decimals."""
        return round(self._random.uniform(low, high), 2)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the portfolio becomes: lowest and highest numbers.

    ``slack`` is the most periods by which a project may move within its window; None leaves
    the windows as wide as the grid.
    """

    projects: tuple[int, int]
    periods: tuple[int, int]
    phases: tuple[int, ...]
    links: int
    slack: int | None


@dataclass
class Draft:
    """A portfolio while it is drawn.

    Attributes
    ----------
    unit
        Typical size of the first term of the objective, by which prices are scaled.
    forced
        Whether doing nothing would be best, so that something should be asked for.
    labour
        Cost category of charges, by skill.
    """

    dice: Dice
    size: Size
    calendar: Calendar
    unit: float = 1.0
    forced: bool = False
    labour: dict[str, str] = field(default_factory=dict)
    funds: list[Data] = field(default_factory=list)
    projects: list[Data] = field(default_factory=list)

    @property
    def skills(self) -> list[str]:
        """Ids of the skills."""
        return list(self.labour)

    def price(self, low: float, high: float) -> float:
        """Return a price in the unit of the first term."""
        return round(self.unit * self.dice.factor(low, high), 2)

    def when_starting(self, period: int) -> int | str:
        """Return a period as its number, or as a day that rounds up to it."""
        if self.dice.chance(0.6):
            return period
        early = self.dice.whole(0, 3) if period else 0
        return self._day(self.calendar.edge(period), -early)

    def when_ending(self, end: int) -> int | str:
        """Return an exclusive end as its number, or as a day on which work may end."""
        if self.dice.chance(0.6):
            return end
        return self._day(self.calendar.edge(end), self.dice.whole(-1, 2))

    def when_within(self, period: int) -> int | str:
        """Return a period as its number, or as its first day."""
        return period if self.dice.chance(0.6) else self._day(self.calendar.edge(period), 0)

    def last_day(self, period: int) -> int | str:
        """Return a period as its number, or as its last day."""
        return period if self.dice.chance(0.6) else self._day(self.calendar.edge(period + 1), -1)

    def _day(self, day: date, shift: int) -> str:
        if self.calendar.grain == "day":
            shift = max(-1, min(shift, 0)) if shift == -1 else 0
        return (day + timedelta(days=shift)).isoformat()

    def payers(self, category: str) -> list[str]:
        """Return the funds that may pay a category."""
        return [f["id"] for f in self.funds if category in (f.get("categories") or [category])]

    def filter(self) -> Data:
        """Return a random filter over projects."""
        kind = self.dice.pick(["category", "tag", "attribute", "all", "any"])
        if kind == "category":
            return {"category": self.dice.pick(["grow", "run", ["grow", "run"]])}
        if kind == "tag":
            return {"tag": self.dice.pick(["it", "law"])}
        if kind == "attribute":
            return {"attribute": {"flagship": True}}
        if kind == "any":
            return {}
        return {"category": "grow", "attribute": {"region": self.dice.pick(["north", "south"])}}
