"""A grid that is long enough for a best schedule, and as short as can be had cheaply.

Every model grows with the grid. For the makespan any schedule's makespan is long enough. For
the total delay, a project of a best schedule is late by no more than the total delay D of any
schedule, so that no project ends after its due date + D. And without idle periods no schedule
is longer than its longest modes in a row after the last release.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from random import Random

from benchmarks.items import InstanceError
from benchmarks.network import Activity, ActivityMode, Network
from benchmarks.staffed import Crew
from pmo_optimizer import TermName

REPAIR_ROUNDS = 20
"""Attempts to choose modes that keep within the non-renewable resources."""

MOST_ORDERS = 20
"""Most orders drawn at random for a choice of modes."""

ORDERS_WORK = 2000
"""Fewer are drawn for long lists: this many activities over all draws."""


def horizon(network: Network) -> int:
    """Return a number of periods within which a best schedule lies, at least 1."""
    longest = sum(max((m.duration for m in a.modes), default=0) for _, a in network.activities())
    bound = longest + max((job.release for job in network.jobs), default=0)
    jobs = _fitting(network)
    if jobs is None:
        return max(bound, 1)
    plan = _Flat(network, jobs)
    for modes in _choices(plan):
        for order in _orders(plan, modes):
            ends = _staffed(plan, modes, order) if plan.people else _serial(plan, modes, order)
            if ends is not None:
                bound = min(bound, _needed(network, plan, ends))
    return max(bound, 1)


def _needed(network: Network, plan: _Flat, ends: list[int]) -> int:
    """Return how long the grid must be, given the ends of a schedule."""
    finish = [max(ends[i] for i in members) for members in plan.members]
    if network.terms[0] is TermName.MAKESPAN:
        return max(finish)
    dues = [job.due or 0 for job in network.jobs]
    late = sum(max(0, end - due) for end, due in zip(finish, dues, strict=True))
    return max(max(dues) + late, 0)


def _fitting(network: Network) -> list[list[list[ActivityMode]]] | None:
    """Return the modes per project and activity that fit by themselves; None if some has none."""
    jobs = [
        [[mode for mode in activity.modes if _fits(network, mode)] for activity in job.activities]
        for job in network.jobs
    ]
    return jobs if all(all(job) for job in jobs) else None


def _fits(network: Network, mode: ActivityMode) -> bool:
    return all(units <= network.capacities[r] for r, units in mode.rates.items()) and all(
        units <= network.budgets[n] for n, units in mode.amounts.items()
    )


class _Flat:
    """All activities of a network in one row, in an order that respects precedence."""

    def __init__(self, network: Network, jobs: list[list[list[ActivityMode]]]) -> None:
        self.capacities = network.capacities
        self.budgets = network.budgets
        self.people = network.people
        self.modes: list[list[ActivityMode]] = []
        self.before: list[list[int]] = []
        self.release: list[int] = []
        self.members: list[list[int]] = []
        for job, modes in zip(network.jobs, jobs, strict=True):
            place: dict[int, int] = {}
            for index in _topological(f"{network.name}, {job.name}", job.activities):
                place[index] = len(self.modes)
                self.modes.append(modes[index])
                self.before.append([place[b] for b in job.activities[index].after])
                self.release.append(job.release)
            self.members.append(sorted(place.values()))
        self.after: list[list[int]] = [[] for _ in self.modes]
        for index, earlier in enumerate(self.before):
            for b in earlier:
                self.after[b].append(index)


def _topological(name: str, activities: Sequence[Activity]) -> list[int]:
    """Return the indices so that predecessors come first.

    Raises
    ------
    InstanceError
        The precedence relations form a cycle.
    """
    waiting = [len(set(activity.after)) for activity in activities]
    followers: list[list[int]] = [[] for _ in activities]
    for index, activity in enumerate(activities):
        for before in set(activity.after):
            followers[before].append(index)
    order = [index for index, count in enumerate(waiting) if not count]
    for index in order:
        for follower in followers[index]:
            waiting[follower] -= 1
            if not waiting[follower]:
                order.append(follower)
    if len(order) < len(activities):
        raise InstanceError(f"{name}: the precedence relations form a cycle")
    return order


# -- modes ---------------------------------------------------------------------------------


def _choices(plan: _Flat) -> list[list[int]]:
    """Return mode choices within the budgets: shortest first, and least work first."""
    shortest = [min(range(len(m)), key=lambda k: m[k].duration) for m in plan.modes]
    least = [min(range(len(m)), key=lambda k: _work(plan, m[k])) for m in plan.modes]
    starts = [shortest] if shortest == least else [shortest, least]
    repaired = [_repaired(plan, choice) for choice in starts]
    return [choice for choice in repaired if choice is not None]


def _work(plan: _Flat, mode: ActivityMode) -> float:
    """Return the largest share of a capacity that a mode takes, times its duration."""
    shares = [units / plan.capacities[r] for r, units in mode.rates.items() if units]
    return mode.duration * max(shares, default=0.0) + 0.01 * mode.duration


def _repaired(plan: _Flat, choice: list[int]) -> list[int] | None:
    """Return the choice with modes exchanged until no budget is exceeded, or None."""
    random = Random(1)  # noqa: S311 - no secret is made of it
    for _ in range(REPAIR_ROUNDS):
        current = list(choice)
        spent = _spent(plan, current)
        for _ in range(4 * len(current)):
            if not _excess(plan, spent):
                return current
            move = _best_move(plan, current, spent, random)
            if move is None:
                break
            _exchange(plan, current, spent, *move)
        if not _excess(plan, spent):
            return current
        choice = [random.randrange(len(modes)) for modes in plan.modes]
    return None


def _spent(plan: _Flat, choice: list[int]) -> dict[str, int]:
    spent = dict.fromkeys(plan.budgets, 0)
    for modes, k in zip(plan.modes, choice, strict=True):
        for name, units in modes[k].amounts.items():
            spent[name] += units
    return spent


def _excess(plan: _Flat, spent: dict[str, int]) -> float:
    """Return by how much budgets are exceeded, each relative to its size."""
    over = ((spent[n] - size) / max(size, 1) for n, size in plan.budgets.items())
    return sum(part for part in over if part > 0)


def _best_move(
    plan: _Flat, choice: list[int], spent: dict[str, int], random: Random
) -> tuple[int, int] | None:
    """Return the (activity, mode) that lowers the excess most per period that it lengthens."""
    best: tuple[int, int] | None = None
    most = 0.0
    for index, modes in enumerate(plan.modes):
        old = modes[choice[index]]
        for k, new in enumerate(modes):
            relief = 0.0 if k == choice[index] else _relief(plan, spent, old, new)
            if relief <= 0:
                continue
            longer = max(new.duration - old.duration, 0)
            worth = relief / (longer + 1) * random.uniform(0.8, 1)
            if worth > most:
                best, most = (index, k), worth
    return best


def _relief(plan: _Flat, spent: dict[str, int], old: ActivityMode, new: ActivityMode) -> float:
    """Return by how much the excess shrinks where one mode takes another's place."""
    relief = 0.0
    for name in old.amounts.keys() | new.amounts.keys():
        size, now = plan.budgets[name], spent[name]
        then = now - old.amounts.get(name, 0) + new.amounts.get(name, 0)
        relief += (max(now - size, 0) - max(then - size, 0)) / max(size, 1)
    return relief


def _exchange(plan: _Flat, choice: list[int], spent: dict[str, int], index: int, mode: int) -> None:
    modes = plan.modes[index]
    for name, units in modes[choice[index]].amounts.items():
        spent[name] -= units
    for name, units in modes[mode].amounts.items():
        spent[name] += units
    choice[index] = mode


# -- schedules -----------------------------------------------------------------------------


def _orders(plan: _Flat, choice: list[int]) -> Iterator[list[int]]:
    """Yield orders of all activities in which predecessors come first."""
    tails = _tails(plan, choice)
    yield _listed(plan, [-tail for tail in tails])
    if len(plan.members) > 1:
        yield _listed(plan, _project_by_project(plan, tails))
    random = Random(1)  # noqa: S311 - no secret is made of it
    for _ in range(min(MOST_ORDERS, ORDERS_WORK // len(tails))):
        yield _listed(plan, [-tail * random.uniform(0.7, 1.3) for tail in tails])


def _tails(plan: _Flat, choice: list[int]) -> list[float]:
    """Return the longest path from each activity's start to the end of its project."""
    tails = [0.0] * len(plan.modes)
    for index in reversed(range(len(tails))):
        longest = max((tails[a] for a in plan.after[index]), default=0.0)
        tails[index] = plan.modes[index][choice[index]].duration + longest
    return tails


def _project_by_project(plan: _Flat, tails: list[float]) -> list[float]:
    """Return priorities (least first) that finish the shortest projects first."""
    rank = [0.0] * len(tails)
    lengths = [max(plan.release[i] + tails[i] for i in members) for members in plan.members]
    longest = max(tails, default=0.0) + 1
    for place, project in enumerate(sorted(range(len(lengths)), key=lambda p: lengths[p])):
        for index in plan.members[project]:
            rank[index] = place * longest - tails[index]
    return rank


def _listed(plan: _Flat, priority: Sequence[float]) -> list[int]:
    """Return the activities by priority, least first, each after its predecessors."""
    waiting = [len(set(before)) for before in plan.before]
    ready = [(priority[i], i) for i, count in enumerate(waiting) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        _, index = heappop(ready)
        order.append(index)
        for follower in set(plan.after[index]):
            waiting[follower] -= 1
            if not waiting[follower]:
                heappush(ready, (priority[follower], follower))
    return order


def _serial(plan: _Flat, choice: list[int], order: list[int]) -> list[int]:
    """Return the ends of the serial schedule: each activity as early as it fits, in order."""
    free: dict[str, list[int]] = {name: [] for name in plan.capacities}
    ends = [0] * len(order)
    for index in order:
        mode = plan.modes[index][choice[index]]
        start = max([plan.release[index], *(ends[b] for b in plan.before[index])])
        rates = [(free[r], plan.capacities[r], u) for r, u in mode.rates.items() if u]
        start = _earliest(rates, start, mode.duration)
        ends[index] = start + mode.duration
        for used, _, units in rates:
            used.extend([0] * (ends[index] - len(used)))
            for t in range(start, ends[index]):
                used[t] += units
    return ends


def _staffed(plan: _Flat, choice: list[int], order: list[int]) -> list[int] | None:
    """Return the ends of the serial schedule of single people; None where some do not suffice."""
    crew = Crew(plan.people)
    ends = [0] * len(order)
    for index in order:
        mode = plan.modes[index][choice[index]]
        earliest = max([plan.release[index], *(ends[b] for b in plan.before[index])])
        start = crew.place(mode.rates, earliest, mode.duration)
        if start is None:
            return None
        ends[index] = start + mode.duration
    return ends


def _earliest(rates: list[tuple[list[int], int, int]], start: int, duration: int) -> int:
    """Return the first period from ``start`` on at which all rates fit throughout."""
    t = start
    while t < start + duration:
        if any(t < len(used) and used[t] + units > size for used, size, units in rates):
            start = t + 1
        t += 1
    return start
