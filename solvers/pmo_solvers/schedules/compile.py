"""Problem -> shop: what schedule generation needs, in plain whole numbers, and back.

A job is a phase, or all phases of a chain without gaps. It is done in one of its ways: a mode
for each of its phases. All renewable resources of a period are packed into one whole number, a
field of bits for each, so that one addition tells whether a job still fits: the highest bit of a
field, its guard, is set where the use exceeds the capacity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice, product
from math import prod

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.problem import Problem, ProjectData
from pmo_solvers.cp_sat.interval.constants import (
    constant_cost,
    constant_flows,
    mode_cost,
    selected,
    total,
)
from pmo_solvers.cp_sat.interval.forms import FIGURES, stage_forms
from pmo_solvers.cp_sat.interval.network import Event, ends_with, links
from pmo_solvers.cp_sat.interval.resources import Resource, binding_resources
from pmo_solvers.generation.shop import Bond, Goal, Job, Piece, Shop, Way

MAX_WAYS = 100
"""Most ways of a job; further combinations of modes of a chain are left out."""


class Compiled:
    """A problem and its shop.

    Attributes
    ----------
    shop
        The problem as jobs.
    resources
        Renewable capacity that can bind.
    fields
        Place of the lowest bit, and greatest number, of each resource in a packed rate.
    place
        Index of the job, and place within it, of each (project, phase).
    possible, whole
        Whether every job has a way, and whether no way was left out.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.resources = binding_resources(problem)
        self._pack(self.resources)
        self._money = _money(problem)
        self.place: dict[tuple[int, int], tuple[int, int]] = {}
        bare: list[tuple[ProjectData, tuple[int, ...]]] = []
        for project in selected(problem):
            everything = tuple(range(len(project.phases)))
            whole = [everything] if project.chain else [(f,) for f in everything]
            for phases in whole:
                if phases:
                    for position, phase in enumerate(phases):
                        self.place[project.index, phase] = len(bare), position
                    bare.append((project, phases))
        jobs = tuple(
            Job(project.index, phases, tuple(self._ways(project, phases)))
            for project, phases in bare
        )
        self.possible = all(job.ways for job in jobs)
        self.whole = all(_combinations(project, phases) <= MAX_WAYS for project, phases in bare)
        self._jobs = jobs
        bonds = list(self._bonds()) if self.possible else []
        order, ahead, ties = _sorted(len(jobs), bonds)
        self.shop = Shop(
            jobs,
            tuple(order),
            ahead,
            ties,
            self._used,
            self._guard,
            tuple(self._money),
            goal(problem),
        )

    # -- resources -------------------------------------------------------------------------

    def _pack(self, resources: Sequence[Resource]) -> None:
        """Give every resource a field, one bit wider than its greatest number."""
        self._shares: dict[tuple[int, int, int], float] = defaultdict(float)
        self._rates: dict[tuple[int, int, int], list[tuple[int, int, int]]] = defaultdict(list)
        self._guard = place = 0
        self.fields: list[tuple[int, int]] = []
        self._used = [0] * self.problem.periods
        for resource in resources:
            width = max(resource.most, *(p.rate for p in resource.pieces)).bit_length()
            full = (1 << width) - 1
            for t, units in enumerate(resource.capacity):
                self._used[t] += (full - units) << place
            for piece in resource.pieces:
                key = piece.project, piece.phase, piece.mode
                self._rates[key].append((piece.offset, piece.length, piece.rate << place))
                self._shares[key] += piece.length * piece.rate / max(resource.most, 1)
            self.fields.append((place, full))
            self._guard |= 1 << (place + width)
            place += width + 1

    def _pieces(
        self, project: ProjectData, modes: Sequence[tuple[int, int, int]]
    ) -> Iterator[Piece]:
        """Yield the runs of one packed rate of (phase, mode, offset) triples."""
        rates: dict[int, int] = defaultdict(int)
        for phase, mode, offset in modes:
            for begin, length, rate in self._rates.get((project.index, phase, mode), ()):
                for t in range(offset + begin, offset + begin + length):
                    rates[t] += rate
        runs = groupby(enumerate(sorted(rates)), lambda pair: (pair[1] - pair[0], rates[pair[1]]))
        for (_, rate), run in runs:
            periods = [t for _, t in run]
            yield Piece(periods[0], len(periods), rate)

    # -- ways ------------------------------------------------------------------------------

    def _ways(self, project: ProjectData, phases: tuple[int, ...]) -> Iterator[Way]:
        ranges = [range(len(project.phases[phase].modes)) for phase in phases]
        for modes in islice(product(*ranges), MAX_WAYS):
            way = self._way(project, phases, modes)
            if way.first <= way.last:
                yield way

    def _way(self, project: ProjectData, phases: tuple[int, ...], modes: tuple[int, ...]) -> Way:
        offsets = []
        first, last, duration = 0, self.problem.periods, 0
        spent = [0] * len(self._money)
        taken = [project.phases[f].modes[m] for f, m in zip(phases, modes, strict=True)]
        for phase, mode in zip(phases, taken, strict=True):
            offsets.append(duration)
            starts = project.phases[phase].starts(mode)
            first = max(first, starts.start - duration)
            last = min(last, starts.stop - 1 - duration)
            duration += mode.duration
            for flow in mode.flows:
                for fund in flow.payers:
                    spent[fund] += total(flow)
        pieces = tuple(self._pieces(project, list(zip(phases, modes, offsets, strict=True))))
        cost = sum(mode_cost(mode) for mode in taken)
        if any(money > most for money, most in zip(spent, self._money, strict=True)):
            last = -1
        share = sum(self._shares[project.index, f, m] for f, m in zip(phases, modes, strict=True))
        return Way(modes, tuple(offsets), duration, pieces, tuple(spent), cost, first, last, share)

    # -- bonds -----------------------------------------------------------------------------

    def _bonds(self) -> Iterator[Bond]:
        for source, target, least, most in links(self.problem):
            if least is not None:
                yield from self._bond(source, target, least)
            if most is not None:
                yield from self._bond(target, source, -most)

    def _bond(self, tail: Event, head: Event, lag: int) -> Iterator[Bond]:
        """Yield what an arc says for each pair of jobs.

        An arc from the start, or to the finish, of a project with several candidates holds
        for one of them only: it is left to the check of the whole schedule.
        """
        tails, heads = self._members(tail), self._members(head)
        if (not tail.finish and len(tails) > 1) or (head.finish and len(heads) > 1):
            return
        for before in tails:
            for after in heads:
                if self.place[before[:2]][0] != self.place[after[:2]][0]:
                    yield self._pair(before, after, lag)

    def _members(self, event: Event) -> list[Event]:
        """Return the events of phases that an event stands for."""
        if event.phase >= 0:
            return [event]
        project = self.problem.projects[event.project]
        if not project.phases:
            return []
        ends = ends_with(project, finish=event.finish)
        return [Event(event.project, phase, event.finish) for phase in ends]

    def _pair(self, tail: Event, head: Event, lag: int) -> Bond:
        (before, left), (after, right) = self.place[tail[:2]], self.place[head[:2]]
        leave = self._times(self._jobs[before], left, finish=tail.finish)
        reach = self._times(self._jobs[after], right, finish=head.finish)
        return Bond(before, after, lag, leave, reach)

    def _times(self, job: Job, position: int, *, finish: bool) -> tuple[int, ...]:
        """Return the offset of an event of one of a job's phases, in each way."""
        modes = self.problem.projects[job.project].phases[job.phases[position]].modes
        return tuple(
            way.offsets[position] + (modes[way.modes[position]].duration if finish else 0)
            for way in job.ways
        )

    # -- back ------------------------------------------------------------------------------

    def decisions(self, ways: Sequence[int], starts: Sequence[int]) -> Decisions:
        """Return decisions for the way and start of every job."""
        found: dict[tuple[int, int], PhaseDecision] = {}
        for job, number, start in zip(self.shop.jobs, ways, starts, strict=True):
            way = job.ways[number]
            for phase, mode, offset in zip(job.phases, way.modes, way.offsets, strict=True):
                found[job.project, phase] = PhaseDecision(mode, start + offset)
        projects = self.problem.projects
        return Decisions(
            tuple(project.fixed == 1 for project in projects),
            tuple(
                tuple(found[project.index, f] for f in range(len(project.phases)))
                if project.fixed == 1
                else ()
                for project in projects
            ),
        )

    def followed(self, decisions: Decisions) -> tuple[list[int], list[float]]:
        """Return ways and keys of an order that follow a plan as far as it says something.

        A job that it does not place gets its first way and comes first.
        """
        ways, keys = [], []
        for job in self.shop.jobs:
            own = decisions.phases[job.project] if job.project < len(decisions.phases) else ()
            chosen = [own[phase] for phase in job.phases if phase < len(own)]
            modes = tuple(decision.mode for decision in chosen)
            found = [k for k, way in enumerate(job.ways) if way.modes == modes]
            ways.append(found[0] if found else 0)
            keys.append(float(chosen[0].start) if chosen else -1.0)
        return ways, keys

    def placed(self, decisions: Decisions) -> tuple[list[int], list[int]] | None:
        """Return way and start of every job, or None where a way was left out."""
        ways, starts = [], []
        for job in self.shop.jobs:
            taken = [decisions.phases[job.project][phase] for phase in job.phases]
            modes = tuple(decision.mode for decision in taken)
            known = [number for number, way in enumerate(job.ways) if way.modes == modes]
            if not known:
                return None
            ways.append(known[0])
            starts.append(taken[0].start)
        return ways, starts


def _combinations(project: ProjectData, phases: Sequence[int]) -> int:
    return prod(len(project.phases[phase].modes) for phase in phases)


def goal(problem: Problem) -> Goal:
    """Return what schedules of a problem are judged by."""
    length = delay = 0
    due: dict[int, int] = {}
    for project in selected(problem):
        if not project.phases:
            length = max(length, project.first_start)
            if project.due is not None:
                delay += max(0, project.first_start - project.due)
        elif project.due is not None:
            due[project.index] = project.due
    forms = []
    for form in stage_forms(problem):
        per_length, per_delay, per_cost = (form.coefs.get(name, 0) for name in FIGURES)
        forms.append((per_length, per_delay, per_cost))
    return Goal(tuple(forms), length, delay, constant_cost(problem), due)


def _money(problem: Problem) -> list[int]:
    """Return what each fund has left for modes."""
    left = [fund.amounts[0] for fund in problem.funds]
    for flow in constant_flows(problem):
        for fund in flow.payers:
            left[fund] -= total(flow)
    return left


def _sorted(
    count: int, bonds: Sequence[Bond]
) -> tuple[list[int], tuple[Bond, ...], tuple[Bond, ...]]:
    """Return all jobs in an order, the bonds that follow it, and those that lead back.

    Bonds with a negative distance (maximum lags) never decide the order.
    """
    forward = [bond for bond in bonds if _pushes(bond)]
    entering = [0] * count
    leaving: Mapping[int, list[int]] = defaultdict(list)
    for bond in forward:
        entering[bond.head] += 1
        leaving[bond.tail].append(bond.head)
    order: list[int] = []
    ready = [job for job in range(count) if not entering[job]]
    left = set(range(count))
    while left:
        if not ready:
            # On a cycle the job that waits for least goes first.
            ready = [min(left, key=lambda job: (entering[job], job))]
        for job in ready:
            left.discard(job)
        order += ready
        following = []
        for job in ready:
            for head in leaving[job]:
                entering[head] -= 1
                if not entering[head] and head in left:
                    following.append(head)
        ready = following
    rank = {job: position for position, job in enumerate(order)}
    ahead = tuple(bond for bond in forward if rank[bond.tail] < rank[bond.head])
    kept = set(map(id, ahead))
    return order, ahead, tuple(bond for bond in bonds if id(bond) not in kept)


def _pushes(bond: Bond) -> bool:
    """Return whether a bond can keep its head from starting before its tail."""
    return max(bond.leave) + bond.lag - min(bond.reach) >= 0
