"""MPLIB: several projects that share renewable resources, makespan minimised.

Van Eynde and Vanhoucke (2020). Number of projects; number of resources; capacities; then for
each project its number of activities (source and sink included) and release, the resources it
uses, and one line per activity: duration, rates, number of successors, successors as
``project:activity``, both 1-based. The makespan is the end of the last project, from period 0.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.horizon import horizon
from benchmarks.items import InstanceError
from benchmarks.network import Activity, ActivityMode, Job, Network, to_portfolio
from benchmarks.words import Words, read_text
from pmo_optimizer import Portfolio


def read(path: Path, part: str = "") -> Portfolio:
    """Return a file as a portfolio whose last finish is minimised.

    Raises
    ------
    InstanceError
        The file does not follow the format.
    """
    words = Words(path, read_text(path))
    projects, kinds = words.count(), words.count()
    capacities = {f"R{r + 1}": words.count() for r in range(kinds)}
    jobs = tuple(_job(words, number, list(capacities)) for number in range(1, projects + 1))
    network = Network(path.name, jobs, capacities, {})
    return to_portfolio(network, horizon(network))


def _job(words: Words, number: int, resources: list[str]) -> Job:
    size, release = words.count(), words.count()
    for _ in resources:
        words.count()  # whether the project uses the resource; its rates say so as well
    modes: list[ActivityMode] = []
    before: list[list[int]] = [[] for _ in range(size)]
    for index in range(size):
        duration = words.count()
        rates = {name: words.count() for name in resources}
        modes.append(ActivityMode(duration, rates, {}))
        for _ in range(words.count()):
            before[_successor(words, number, size)].append(index)
    activities = (Activity(str(i + 1), (mode,), tuple(before[i])) for i, mode in enumerate(modes))
    return Job(f"P{number}", tuple(activities), release)


def _successor(words: Words, project: int, size: int) -> int:
    """Return the 0-based activity that a successor names."""
    word = words.word()
    owner, _, activity = word.partition(":")
    if owner != str(project) or not activity.isdigit() or not 1 <= int(activity) <= size:
        raise InstanceError(f"{words.path.name}: {word!r} is no activity of project {project}")
    return int(activity) - 1
