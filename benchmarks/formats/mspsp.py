"""MiniZinc data of the multi-skill project scheduling problem: ``.dzn`` files.

Young, Feydy and Schutt (2017). An activity asks for different people of each skill for its
whole duration; a person has some skills, and serves one of them in one activity at a time. The
first and the last activity are a source and a sink of duration 0.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.horizon import horizon
from benchmarks.items import InstanceError
from benchmarks.network import Activity, ActivityMode, Job, Network, to_portfolio
from benchmarks.words import read_text
from pmo_optimizer import Portfolio


def read(path: Path, part: str = "") -> Portfolio:
    """Return a file as a portfolio of one project whose makespan is minimised.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    network = read_network(path)
    return to_portfolio(network, horizon(network))


def read_network(path: Path) -> Network:
    """Return what a file says; InstanceError where it does not follow the format."""
    data = _Data(path)
    acts, skills, people = (data.number(name) for name in ("nActs", "nSkills", "nResources"))
    durations = data.numbers("dur", acts)
    needs = data.table("sreq", acts, skills)
    masters = data.table("mastery", people, skills, words={"true": 1, "false": 0})
    before = _predecessors(data, acts)
    names = [f"S{k + 1}" for k in range(skills)]
    activities = tuple(
        Activity(
            str(index + 1),
            (ActivityMode(durations[index], dict(zip(names, needs[index], strict=True)), {}),),
            tuple(before[index]),
        )
        for index in range(acts)
    )
    staff = {
        f"W{k + 1}": frozenset(name for name, has in zip(names, row, strict=True) if has)
        for k, row in enumerate(masters)
    }
    heads = {name: sum(name in own for own in staff.values()) for name in names}
    return Network(path.name, (Job("project", activities),), heads, {}, people=staff)


def _predecessors(data: _Data, acts: int) -> list[list[int]]:
    """Return the predecessors of each activity, by 0-based index."""
    count = data.number("nPrecs")
    before: list[list[int]] = [[] for _ in range(acts)]
    for a, b in zip(data.numbers("pred", count), data.numbers("succ", count), strict=True):
        if not (1 <= a <= acts and 1 <= b <= acts) or a == b:
            raise InstanceError(f"{data.name}: activity {a} precedes {b}, of {acts}")
        before[b - 1].append(a - 1)
    return before


class _Data:
    """The assignments of a file."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        text = re.sub(r"%[^\n]*", "", read_text(path))
        self.values: dict[str, str] = {}
        for statement in text.split(";"):
            name, _, value = statement.partition("=")
            self.values[name.strip()] = value.strip()

    def number(self, name: str) -> int:
        """Return a whole number that is not negative."""
        return self._whole(name, self._value(name), {})

    def numbers(self, name: str, count: int) -> list[int]:
        """Return the entries of an array of so many."""
        found = re.fullmatch(r"\[([^|\[\]]*)\]", self._value(name))
        if found is None:
            raise InstanceError(f"{self.name}: {name} is no array")
        return self._row(name, found[1], count, {})

    def table(
        self, name: str, rows: int, columns: int, words: dict[str, int] | None = None
    ) -> list[list[int]]:
        """Return the rows of an array of arrays; ``words`` may stand for numbers."""
        found = re.fullmatch(r"\[\|(.*?)\|?\s*\]", self._value(name), re.DOTALL)
        if found is None:
            raise InstanceError(f"{self.name}: {name} is no table")
        parts = found[1].split("|")
        if len(parts) != rows:
            raise InstanceError(f"{self.name}: {name} has {len(parts)} rows, not {rows}")
        return [self._row(name, row, columns, words or {}) for row in parts]

    def _value(self, name: str) -> str:
        if name not in self.values:
            raise InstanceError(f"{self.name}: {name} is missing, or cut off before its end")
        return self.values[name]

    def _row(self, name: str, text: str, count: int, words: dict[str, int]) -> list[int]:
        entries = [entry.strip() for entry in text.split(",")] if text.strip() else []
        if entries and not entries[-1]:
            entries.pop()  # MiniZinc allows a comma after the last entry
        if len(entries) != count:
            raise InstanceError(f"{self.name}: {name} has {len(entries)} entries, not {count}")
        return [self._whole(name, entry, words) for entry in entries]

    def _whole(self, name: str, word: str, words: dict[str, int]) -> int:
        if word in words:
            return words[word]
        if not re.fullmatch(r"[0-9]{1,9}", word) or words:
            raise InstanceError(f"{self.name}: {word!r} in {name} is not what is expected")
        return int(word)
