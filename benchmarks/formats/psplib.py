"""PSPLIB's ProGen format: ``.sm`` (one mode) and ``.mm`` (several); MMLIB uses it too.

Kolisch and Sprecher (1996). The jobs include a source and a sink of duration 0. Renewable
resources R and non-renewable ones N are read; doubly constrained ones D are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.horizon import horizon
from benchmarks.items import InstanceError
from benchmarks.network import Activity, ActivityMode, Job, Network, to_portfolio
from benchmarks.words import integers, lines_of
from pmo_optimizer import Portfolio


@dataclass(frozen=True, slots=True)
class ProgenFile:
    """One project of the format.

    Attributes
    ----------
    activities
        Named by their 1-based numbers in the file.
    renewable, nonrenewable
        Units of R1, R2, ... and N1, N2, ...
    """

    activities: tuple[Activity, ...]
    renewable: dict[str, int]
    nonrenewable: dict[str, int]


def read(path: Path, part: str = "") -> Portfolio:
    """Return a file as a portfolio of one project whose makespan is minimised.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    data = read_progen(path)
    job = Job("project", data.activities)
    network = Network(path.name, (job,), data.renewable, data.nonrenewable)
    return to_portfolio(network, horizon(network))


def read_progen(path: Path) -> ProgenFile:
    """Return what a file says; InstanceError where it does not follow the format."""
    lines = lines_of(path)
    available = _rows(path, lines, "RESOURCEAVAILABILITIES")
    kinds = _resources(path, lines)
    if len(available) != 1 or len(available[0]) != len(kinds):
        raise InstanceError(f"{path.name}: one availability per resource is expected")
    before = _predecessors(path, lines)
    modes = _modes(path, lines, kinds, sorted(before))
    place = {number: index for index, number in enumerate(sorted(before))}
    sizes = dict(zip(kinds, available[0], strict=True))
    return ProgenFile(
        tuple(
            Activity(str(n), modes[n], tuple(place[b] for b in before[n])) for n in sorted(before)
        ),
        {name: units for name, units in sizes.items() if name.startswith("R")},
        {name: units for name, units in sizes.items() if name.startswith("N")},
    )


def _section(path: Path, lines: list[tuple[int, str]], title: str) -> list[tuple[int, str]]:
    """Return the lines between a title and the next line of stars; blanks in it do not count."""
    for index, (_, text) in enumerate(lines):
        if text.replace(" ", "").startswith(title):
            rest = lines[index + 1 :]
            break
    else:
        raise InstanceError(f"{path.name}: there is no section {title}")
    ends = (i for i, (_, text) in enumerate(rest) if text.startswith("***"))
    return rest[: next(ends, len(rest))]


def _rows(path: Path, lines: list[tuple[int, str]], title: str) -> list[list[int]]:
    """Return the rows of numbers of a section, headings left out."""
    section = _section(path, lines, title)
    rows = [(n, text) for n, text in section if not re.match(r"[A-Za-z-]", text)]
    return [integers(path, n, text) for n, text in rows]


def _resources(path: Path, lines: list[tuple[int, str]]) -> list[str]:
    """Return the names of the resources in the order of the columns: R1, R2, N1, N2."""
    counts: dict[str, int] = {}
    for number, text in _section(path, lines, "RESOURCES"):
        found = re.fullmatch(r"-\s*[a-z ]+:\s*(\d+)\s+([RND])", text)
        if found is None:
            raise InstanceError(
                f"{path.name}:{number}: a number of resources is expected: {text!r}"
            )
        counts[found[2]] = int(found[1])
    if counts.pop("D", 0):
        raise InstanceError(f"{path.name}: doubly constrained resources are not supported")
    return [f"{kind}{k + 1}" for kind in ("R", "N") for k in range(counts.get(kind, 0))]


def _predecessors(path: Path, lines: list[tuple[int, str]]) -> dict[int, list[int]]:
    """Return the predecessors of each job, by number."""
    successors: dict[int, list[int]] = {}
    for row in _rows(path, lines, "PRECEDENCERELATIONS"):
        if len(row) < 3 or len(row) != 3 + row[2] or row[0] in successors:
            raise InstanceError(f"{path.name}: the precedence row {row} is not as announced")
        successors[row[0]] = row[3:]
    before: dict[int, list[int]] = {number: [] for number in successors}
    for number, later in successors.items():
        for follower in later:
            if follower not in before:
                raise InstanceError(f"{path.name}: job {number} precedes {follower}, unknown")
            before[follower].append(number)
    return before


def _modes(
    path: Path, lines: list[tuple[int, str]], kinds: list[str], jobs: list[int]
) -> dict[int, tuple[ActivityMode, ...]]:
    """Return the modes of each job, by number."""
    modes: dict[int, list[ActivityMode]] = {number: [] for number in jobs}
    job = 0
    for row in _rows(path, lines, "REQUESTS/DURATIONS"):
        if len(row) == len(kinds) + 3:
            job, row = row[0], row[1:]
        if len(row) != len(kinds) + 2 or job not in modes or min(row) < 0:
            raise InstanceError(f"{path.name}: the request row {row} of job {job} is wrong")
        needs = dict(zip(kinds, row[2:], strict=True))
        rates = {name: units for name, units in needs.items() if name.startswith("R")}
        amounts = {name: units for name, units in needs.items() if name.startswith("N")}
        modes[job].append(ActivityMode(row[1], rates, amounts))
    missing = [number for number, found in modes.items() if not found]
    if missing:
        raise InstanceError(f"{path.name}: job {missing[0]} has no mode")
    return {number: tuple(found) for number, found in modes.items()}
