"""MISTA 2013 challenge: projects in several modes with resources of their own and shared ones.

Wauters et al. (2016). Number of projects; for each its release, its critical path length and
its PSPLIB ``.mm`` file; number of resources; for each the shared capacity, or -1 where every
project has its own. The total project delay, the sum of finish - release - critical path, is
minimised first, then the makespan, counted from the first release.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.formats.psplib import ProgenFile, read_progen
from benchmarks.horizon import horizon
from benchmarks.items import InstanceError
from benchmarks.network import Activity, ActivityMode, Job, Network, to_portfolio
from benchmarks.words import Words, read_text
from pmo_optimizer import Portfolio, TermName

OWN = -1
"""Capacity of a resource of which each project has its own."""


@dataclass(frozen=True, slots=True)
class _Entry:
    release: int
    critical_path: int
    data: ProgenFile


def read(path: Path, part: str = "") -> Portfolio:
    """Return a file, and the ``.mm`` files that it names, as a portfolio.

    Raises
    ------
    InstanceError
        A file does not follow its format, or is not there.
    """
    words = Words(path, read_text(path))
    entries = [_entry(words) for _ in range(words.count())]
    shared = [int(words.number()) for _ in range(words.count())]
    names = {name for e in entries for name in (*e.data.renewable, *e.data.nonrenewable)}
    if not entries or any(len(_names(e.data)) != len(shared) for e in entries):
        raise InstanceError(f"{path.name}: {len(shared)} resources do not fit {sorted(names)}")
    network = _network(path.name, entries, shared)
    return to_portfolio(network, horizon(network))


def _entry(words: Words) -> _Entry:
    release, critical_path, name = words.count(), words.count(), words.word()
    file = words.path.parent / name
    if not file.is_file():
        raise InstanceError(f"{words.path.name}: there is no file {name}")
    return _Entry(release, critical_path, read_progen(file))


def _names(data: ProgenFile) -> list[str]:
    return [*data.renewable, *data.nonrenewable]


def _network(name: str, entries: list[_Entry], shared: list[int]) -> Network:
    first = min(entry.release for entry in entries)
    capacities: dict[str, int] = {}
    budgets: dict[str, int] = {}
    jobs = []
    for number, entry in enumerate(entries, start=1):
        label = f"P{number}"
        meant = {}
        for resource, size in zip(_names(entry.data), shared, strict=True):
            meant[resource] = resource if size != OWN else f"{label}.{resource}"
            own = (entry.data.renewable | entry.data.nonrenewable)[resource]
            sizes = capacities if resource in entry.data.renewable else budgets
            sizes[meant[resource]] = own if size == OWN else size
        release = entry.release - first
        activities = tuple(_renamed(activity, meant) for activity in entry.data.activities)
        jobs.append(Job(label, activities, release, release + entry.critical_path))
    terms = (TermName.DELAY, TermName.MAKESPAN)
    return Network(name, tuple(jobs), capacities, budgets, terms)


def _renamed(activity: Activity, meant: dict[str, str]) -> Activity:
    modes = tuple(
        ActivityMode(
            mode.duration,
            {meant[name]: units for name, units in mode.rates.items()},
            {meant[name]: units for name, units in mode.amounts.items()},
        )
        for mode in activity.modes
    )
    return Activity(activity.name, modes, activity.after)
