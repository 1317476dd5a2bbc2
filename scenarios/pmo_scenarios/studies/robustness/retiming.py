"""When the phases of a plan run once durations differ: shifted right, in the plan's order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pmo_optimizer import Link, LinkType, PhasePlan, Plan, Portfolio, ProjectPlan, State

Node = tuple[str, str]
"""Ids of project and phase."""

Durations = Mapping[Node, int]


@dataclass(frozen=True, slots=True)
class _Arc:
    """An event of the target waits for the first of these events, and a lag after it.

    Attributes
    ----------
    sources
        For each alternative its phases: the event is the first start or the last end of them.
    targets
        Phases of the target; of an end, only that of the last one counts.
    """

    type: LinkType
    sources: tuple[tuple[Node, ...], ...]
    targets: tuple[Node, ...]
    lag: int


class Retiming:
    """The order of a plan's phases.

    A phase starts when it is planned, or later: as soon as the links' least lags allow. Most
    lags, windows and pins hold nobody back.

    Parameters
    ----------
    portfolio
        Whose links hold.
    plan
        Which projects, and when.
    """

    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        self._portfolio = portfolio
        self._entries = {p.project: p for p in plan.projects if p.selected}
        self._phases = {
            name: tuple((name, phase.phase) for phase in entry.phases)
            for name, entry in self._entries.items()
        }
        self.modes = {
            (name, phase.phase): phase.mode
            for name, entry in self._entries.items()
            for phase in entry.phases
        }
        self.planned = {
            (name, phase.phase): phase.start
            for name, entry in self._entries.items()
            for phase in entry.phases
        }
        arcs = (*self._inner(), *self._outer())
        self._arcs = tuple(sorted(arcs, key=lambda a: min(self.planned[n] for n in a.targets)))

    def _inner(self) -> Iterator[_Arc]:
        for name in self._entries:
            known = set(self._phases[name])
            for link in self._portfolio.project_by_id[name].inner_links():
                source, target = (name, link.source), (name, link.target)
                if link.min_lag is not None and {source, target} <= known:
                    yield _Arc(link.type, ((source,),), (target,), link.min_lag)

    def _outer(self) -> Iterator[_Arc]:
        for link in self._portfolio.links:
            sources, finished = self._sources(link)
            if link.min_lag is None or finished or not sources:
                continue
            for target in self._ends(link.target):
                yield _Arc(link.type, sources, target, link.min_lag)

    def _sources(self, link: Link) -> tuple[tuple[tuple[Node, ...], ...], bool]:
        """Return the alternatives that a link waits for, and whether one is done already."""
        names = self._portfolio.members(link.source.partition("/")[0])
        projects = self._portfolio.project_by_id
        done = any(name in projects and projects[name].state is State.DONE for name in names)
        return tuple(self._ends(link.source)), done

    def _ends(self, reference: str) -> Iterator[tuple[Node, ...]]:
        """Yield the phases of each selected project that one end of a link means."""
        name, slash, phase = reference.partition("/")
        for member in (name,) if slash else self._portfolio.members(name):
            nodes = self._phases.get(member, ())
            meant = tuple(node for node in nodes if not slash or node[1] == phase)
            if meant:
                yield meant

    def starts(self, durations: Durations) -> dict[Node, int]:
        """Return the start of every phase."""
        start = dict(self.planned)
        for _ in range(len(start) + 1):
            moved = [arc for arc in self._arcs if _pushed(arc, start, durations)]
            if not moved:
                break
        return start

    def projects(self, starts: Mapping[Node, int], durations: Durations) -> list[ProjectPlan]:
        """Return the projects of the plan at other times."""
        plans = []
        for name, entry in self._entries.items():
            phases = tuple(
                PhasePlan(
                    phase=node[1],
                    mode=self.modes[node],
                    start=starts[node],
                    end=starts[node] + durations[node],
                )
                for node in self._phases[name]
            )
            if phases:
                first, last = min(p.start for p in phases), max(p.end for p in phases)
                entry = ProjectPlan(
                    project=name, selected=True, start=first, finish=last, phases=phases
                )
            plans.append(entry)
        return plans


def _pushed(arc: _Arc, start: dict[Node, int], durations: Durations) -> bool:
    """Move what comes too early for an arc; return whether anything did."""
    if arc.type in {LinkType.FS, LinkType.FF}:
        event = min(max(start[n] + durations[n] for n in nodes) for nodes in arc.sources)
    else:
        event = min(min(start[n] for n in nodes) for nodes in arc.sources)
    least, moved = event + arc.lag, False
    if arc.type in {LinkType.FS, LinkType.SS}:
        for node in arc.targets:
            if start[node] < least:
                start[node], moved = least, True
        return moved
    last = max(arc.targets, key=lambda n: (start[n] + durations[n], n))
    if start[last] + durations[last] < least:
        start[last], moved = least - durations[last], True
    return moved
