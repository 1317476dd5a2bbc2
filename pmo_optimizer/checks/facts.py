"""What the checks look at: every object of a portfolio with its path, and shared lookups."""

from __future__ import annotations

import difflib
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar, cast

from pmo_optimizer.model import Decision, Grain, Portfolio, Project, State
from pmo_optimizer.model.base import Frozen, When
from pmo_optimizer.model.words import SINGULAR, WORDS
from pmo_optimizer.sequencing import certain_projects

Path = tuple[str | int, ...]
"""Steps from the portfolio to a part of it: field names, ids, and 0-based indices."""

MAX_PERIODS = 10_000
"""More periods than this are taken for a mistake."""

YEARS = range(1900, 3000)
"""Dates outside these years are taken for a mistake, or for a way to say "no limit"."""

MAX_COUNT = 1_000_000
"""Whole numbers of this size and above are taken for a mistake."""

DAYS_OF = MappingProxyType(
    {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 31, Grain.QUARTER: 92, Grain.YEAR: 366}
)
"""Most days of a period of each grain."""

ONLY_MODE = ("modes", "normal")
"""The mode of a phase that has only one; not worth a word."""

MOST_CANDIDATES = 1000
"""So many known ids at most are compared with a wrong one."""

MOST_SUGGESTIONS = 20
"""So many wrong ids at most are compared with known ones in one check."""

LONGEST_GUESS = 100
"""Longer ids are not compared."""

Node = TypeVar("Node", bound=Frozen)
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a rule found: where, what, and what to do about it."""

    path: Path
    message: str
    fix: str


def key_of(item: object, index: int) -> str | int:
    """Return how a path names a list entry: by its id, else by its 0-based index."""
    name = getattr(item, "id", None)
    return name if isinstance(name, str) and name else index


PLAIN = frozenset({str, bool, int, Decimal, date, type(None)})
"""Types of values that are no objects and no lists."""

NUMBERLESS = frozenset({str, bool, type(None)})
"""Types of values that hold neither numbers nor dates."""


Lists = list[tuple[Path, tuple[Frozen, ...]]]
"""Lists of objects, each with its path."""


def walk(root: Frozen) -> tuple[list[tuple[Path, Frozen]], Lists]:
    """Return an object and everything in it, and all its lists, each with its path."""
    found: list[tuple[Path, Frozen]] = []
    lists: Lists = []
    waiting: list[tuple[Path, Frozen]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        found.append((path, node))
        for field, value in node.__dict__.items():
            kind = type(value)
            if kind in PLAIN:
                continue
            if kind is tuple:
                if is_list(value):
                    place = (*path, field)
                    lists.append((place, value))
                    waiting += [((*place, key_of(x, i)), x) for i, x in enumerate(value)]
            elif isinstance(value, Frozen):
                waiting.append(((*path, field), value))
    return found, lists


def is_list(value: object) -> bool:
    """Return whether a value is a list of objects that is not empty."""
    return (
        isinstance(value, tuple)
        and bool(value)
        and type(value[0]) not in PLAIN
        and isinstance(value[0], Frozen)
    )


def listed(names: Iterable[object], most: int = 8) -> str:
    """Return names for a sentence, the tail of a long list counted only."""
    every = list(names)
    shown = ", ".join(str(name) for name in every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


def digits(value: Decimal | int) -> str:
    """Return a number for a sentence; Python refuses to print very long ones."""
    if not -(10**40) < value < 10**40:
        return "a number of more than 40 digits"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def sane(when: When | None) -> bool:
    """Return whether a date or period is safe to calculate with."""
    if when is None:
        return True
    return abs(when) < MAX_COUNT if isinstance(when, int) else when.year in YEARS


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Return "Did you mean ...? " where a known id is close to the wrong one, else nothing.

    Comparing takes long: of many known ids only those of the most similar length are looked at.
    """
    if len(wrong) > LONGEST_GUESS:
        return ""
    names = (name for name in known if len(name) <= LONGEST_GUESS)
    near = heapq.nsmallest(
        MOST_CANDIDATES, names, key=lambda name: (abs(len(name) - len(wrong)), name)
    )
    by_lower = {name.lower(): name for name in sorted(near)}
    close = difflib.get_close_matches(wrong.lower(), by_lower, n=1)
    return f"Did you mean {by_lower[close[0]]}? " if close else ""


class Facts:
    """A portfolio with the lookups that several rules share.

    Nothing here raises, whatever the portfolio says; what does not make sense is left out.

    Parameters
    ----------
    withheld
        Ids of objects that stood in the input but could not be read, wholly or in part.
    lost
        Top-level lists (and ``sites``) that could not be read.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        withheld: frozenset[str] = frozenset(),
        lost: frozenset[str] = frozenset(),
    ) -> None:
        self.portfolio = portfolio
        self.withheld = withheld
        self.lost = lost
        self._made: dict[object, object] = {}
        self._suggestions = 0
        self._fields: dict[type[Frozen], tuple[str, ...]] = {}

    def once(self, make: Callable[[Facts], Made]) -> Made:
        """Return what a function makes of these facts; it is called the first time only."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("Made", self._made[make])

    def suggestion(self, wrong: str, known: Iterable[str]) -> str:
        """Return what `suggestion` returns, for the first wrong ids; for others nothing."""
        self._suggestions += 1
        return "" if self._suggestions > MOST_SUGGESTIONS else suggestion(wrong, known)

    @cached_property
    def _walked(self) -> tuple[list[tuple[Path, Frozen]], Lists]:
        return walk(self.portfolio)

    @property
    def nodes(self) -> Sequence[tuple[Path, Frozen]]:
        """Every object of the portfolio with its path."""
        return self._walked[0]

    @property
    def lists(self) -> Sequence[tuple[Path, tuple[Frozen, ...]]]:
        """Every list of objects that is not empty, with its path."""
        return self._walked[1]

    @cached_property
    def values(self) -> tuple[tuple[Path, Frozen, str, object], ...]:
        """Every field that holds numbers or dates, alone or in a tuple or mapping.

        Given are the object's path, the object, the field's name, and its value.
        """
        found: list[tuple[Path, Frozen, str, object]] = []
        for path, node in self.nodes:
            content = node.__dict__
            for field in self.fields(type(node)):
                value = content[field]
                kind = type(value)
                if kind not in NUMBERLESS and not (kind is tuple and (not value or is_list(value))):
                    found.append((path, node, field, value))
        return tuple(found)

    def fields(self, kind: type[Frozen]) -> tuple[str, ...]:
        """Return the names of a type's fields, without what objects cache beside them."""
        if kind not in self._fields:
            self._fields[kind] = tuple(kind.model_fields)
        return self._fields[kind]

    @cached_property
    def _by_type(self) -> Mapping[type, list[tuple[Path, Frozen]]]:
        found: dict[type, list[tuple[Path, Frozen]]] = {}
        for path, node in self.nodes:
            found.setdefault(type(node), []).append((path, node))
        return found

    def every(self, kind: type[Node]) -> Iterator[tuple[Path, Node]]:
        """Yield every object of exactly this type with its path."""
        yield from cast("list[tuple[Path, Node]]", self._by_type.get(kind, ()))

    @cached_property
    def _names(self) -> Mapping[Path, str]:
        return {path: node.__dict__.get("name") or "" for path, node in self.nodes}

    def say(self, path: Path) -> str:
        """Return a path in words: ``phase build of project P12 (CRM)``."""
        parts: list[str] = []
        done = 0
        while done < len(path):
            word = str(path[done])
            step = 2 if word in SINGULAR and done + 1 < len(path) else 1
            done += step
            if step == 1:
                parts.append(self._field_word(path[done - 1]))
            elif path[done - 2 : done] != ONLY_MODE:
                parts.append(self._entry(SINGULAR[word], path[:done]))
        return " of ".join(reversed(parts)) or "the portfolio"

    def subject(self, path: Path) -> str:
        """Return a path in words, to begin a sentence: an object, or a field of one."""
        words = self.say(path)
        is_object = len(path) > 1 and path[-2] in SINGULAR
        return words[0].upper() + words[1:] if is_object else f"The {words}"

    def _field_word(self, part: str | int) -> str:
        if isinstance(part, int):
            return f"entry {part + 1}"
        return WORDS.get(part, part.replace("_", " "))

    def _entry(self, word: str, path: Path) -> str:
        """Return what one entry of a list is called, with its name where it has one."""
        key, name = path[-1], self._names.get(path, "")
        numbered = f"{word} {key + 1}" if isinstance(key, int) else f"{word} {key}"
        told = str(key) if str(key).startswith(f"{word}-") else numbered
        return f"{told} ({name})" if name and name != key else told

    # -- time -----------------------------------------------------------------------------

    @cached_property
    def calendar_ok(self) -> bool:
        """Whether the grid can be calculated with."""
        calendar = self.portfolio.calendar
        if not 1 <= calendar.periods <= MAX_PERIODS or calendar.start.year not in YEARS:
            return False
        return self.last_year in YEARS and 1 <= calendar.fiscal_start_month <= 12

    @property
    def last_year(self) -> int:
        """Year in which the grid ends at the latest."""
        calendar = self.portfolio.calendar
        return calendar.start.year + 1 + calendar.periods * DAYS_OF[calendar.grain] // 365

    def period(self, when: When) -> int:
        """Return the 0-based period of a sane date or period."""
        return self.portfolio.calendar.period_of(when)

    def when(self, index: int) -> str:
        """Return a period for a sentence: its name within the grid, else its number."""
        if self.calendar_ok and 0 <= index < self.portfolio.calendar.periods:
            return f"{self.portfolio.calendar.label(index)} (period {index})"
        return f"period {index}"

    def day(self, when: When) -> date | str:
        """Return a date or period as the planner wrote it."""
        return f"period {when}" if isinstance(when, int) else when

    # -- projects -------------------------------------------------------------------------

    @cached_property
    def open_projects(self) -> tuple[Project, ...]:
        """Projects that are not done, by id."""
        found = (p for p in self.portfolio.projects if p.state is not State.DONE)
        return tuple(sorted(found, key=lambda p: p.id))

    @cached_property
    def candidates(self) -> tuple[Project, ...]:
        """Projects that a plan may select: neither done nor never, by id."""
        return tuple(p for p in self.open_projects if p.decision is not Decision.NEVER)

    @cached_property
    def certain(self) -> frozenset[str]:
        """Projects that every plan selects: must, running, and what those need."""
        return certain_projects(self.portfolio) & {p.id for p in self.candidates}

    @cached_property
    def project_ids(self) -> frozenset[str]:
        """Ids of all projects."""
        return frozenset(p.id for p in self.portfolio.projects)

    @cached_property
    def phase_ids(self) -> Mapping[str, Mapping[str, None]]:
        """Ids of the phases of each project, in their order."""
        return {p.id: {phase.id: None for phase in p.phases} for p in self.portfolio.projects}

    @cached_property
    def group_ids(self) -> frozenset[str]:
        """Ids of all choose groups."""
        return frozenset(group.id for group in self.portfolio.choose)

    @cached_property
    def done_ids(self) -> frozenset[str]:
        """Ids of the done projects."""
        return frozenset(p.id for p in self.portfolio.projects if p.state is State.DONE)

    @cached_property
    def repeated_projects(self) -> frozenset[str]:
        """Ids that several projects carry."""
        counts = Counter(p.id for p in self.portfolio.projects)
        return frozenset(name for name, number in counts.items() if number > 1)

    def members(self, reference: str) -> tuple[str, ...]:
        """Return the projects that a project id or choose group stands for."""
        return self.portfolio.members(reference)
