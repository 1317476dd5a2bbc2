"""Phases that cannot run at once, since no assignment of people serves both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, product

from pmo_optimizer.model import LinkType
from pmo_solvers.cp_sat.interval.constants import selected
from pmo_solvers.cp_sat.interval.network import inner_links
from pmo_solvers.cp_sat.interval.resources import Piece, Resource
from pmo_solvers.unary.crew import Ask, Crew
from pmo_solvers.unary.unions import NO_BUCKET

Place = tuple[int, int]
"""Project and phase."""

MOST_PHASES = 150
"""With more phases the pairs, which grow with the square, are left out."""

MOST_MODES = 3
"""Phases with more modes are left out."""

MOST_CLIQUES = 40
"""Most sets of phases that exclude each other."""


def disjunctive_resources(crew: Crew) -> list[Resource]:
    """Return sets of phases of which no two can run at once, as resources of one unit.

    In any period at most one phase of a set runs, since the people of no two of them can be had
    together, or one waits for the other. Every such pair is in a set, as long as there are
    no more than `MOST_CLIQUES`.
    """
    modes = modes_of(crew)
    if len(modes) > MOST_PHASES:
        return []
    apart: dict[Place, set[Place]] = {place: set() for place in modes}
    scarce: set[tuple[Place, Place]] = set()
    for one, other in combinations(modes, 2):
        pairs = product(modes[one].values(), modes[other].values())
        if all(_exclude(crew, *pair) for pair in pairs):
            scarce.add((one, other))
            apart[one].add(other)
            apart[other].add(one)
    for earlier, later in ordered(crew, modes):
        apart[earlier].add(later)
        apart[later].add(earlier)
    length = {
        place: min(asks[0][1].duration for asks in own.values()) for place, own in modes.items()
    }
    return [_resource(crew, modes, clique) for clique in _cliques(apart, scarce, length)]


Asks = Sequence[tuple[int, Ask]]
"""Asks with their indices."""


def modes_of(crew: Crew) -> dict[Place, dict[int, Asks]]:
    """Return the asks of each mode of the phases that need people in every mode."""
    found: dict[Place, dict[int, list[tuple[int, Ask]]]] = defaultdict(lambda: defaultdict(list))
    for index, ask in enumerate(crew.asks):
        found[ask.place][ask.mode].append((index, ask))
    kept: dict[Place, dict[int, Asks]] = {}
    for (project, phase), modes in sorted(found.items()):
        if len(modes) == len(crew.problem.projects[project].phases[phase].modes) <= MOST_MODES:
            kept[project, phase] = {mode: tuple(asks) for mode, asks in modes.items()}
    return kept


def _exclude(crew: Crew, one: Asks, other: Asks) -> bool:
    """Return whether no people serve all these asks together.

    A flow of heads from the asks through the groups that can serve them, by augmenting paths.
    """
    rows = [*one, *other]
    taken: dict[int, dict[int, int]] = {g: defaultdict(int) for g in range(len(crew.groups))}
    for row, (_, ask) in enumerate(rows):
        for _ in range(ask.heads):
            if not augmented(crew, rows, taken, row, set()):
                return True
    return False


def augmented(
    crew: Crew, rows: Asks, taken: dict[int, dict[int, int]], row: int, tried: set[int]
) -> bool:
    """Give one head to an ask, moving heads of others to other groups where that is needed."""
    for g in crew.able[rows[row][0]]:
        if g in tried:
            continue
        tried.add(g)
        own = taken[g]
        if sum(own.values()) < crew.groups[g].size:
            own[row] += 1
            return True
        for other in [r for r, heads in own.items() if heads and r != row]:
            if augmented(crew, rows, taken, other, tried):
                own[other] -= 1
                own[row] += 1
                return True
    return False


def ordered(crew: Crew, modes: Mapping[Place, object]) -> list[tuple[Place, Place]]:
    """Return pairs of phases of a project of which the second waits for the first's end."""
    pairs = []
    for project in selected(crew.problem):
        after: dict[int, set[int]] = defaultdict(set)
        for link in inner_links(project):
            if link.type is LinkType.FS and link.min_lag is not None and link.min_lag >= 0:
                after[link.source].add(link.target)
        for first in range(len(project.phases)):
            reached: set[int] = set()
            waiting = list(after[first])
            while waiting:
                phase = waiting.pop()
                if phase not in reached:
                    reached.add(phase)
                    waiting += after[phase]
            pairs += [((project.index, first), (project.index, phase)) for phase in reached]
    return [pair for pair in pairs if pair[0] in modes and pair[1] in modes and len(set(pair)) > 1]


def _cliques(
    apart: Mapping[Place, set[Place]],
    scarce: set[tuple[Place, Place]],
    length: Mapping[Place, int],
) -> list[list[Place]]:
    """Return sets of phases that are pairwise apart, longest first, that cover scarce pairs."""
    open_ = sorted(scarce, key=lambda pair: (-length[pair[0]] - length[pair[1]], pair))
    covered: set[tuple[Place, Place]] = set()
    cliques: list[list[Place]] = []
    for pair in open_:
        if pair in covered:
            continue
        clique = _grown(pair, apart, length)
        covered.update(combinations(clique, 2))
        cliques.append(clique)
    cliques.sort(key=lambda clique: (-sum(length[place] for place in clique), clique))
    return cliques[:MOST_CLIQUES]


def _grown(
    pair: tuple[Place, Place], apart: Mapping[Place, set[Place]], length: Mapping[Place, int]
) -> list[Place]:
    """Return a maximal set that holds a pair, in increasing order.

    The next one is always that which leaves the longest others to choose from.
    """
    clique = list(pair)
    left = apart[pair[0]] & apart[pair[1]]
    while left:

        def worth(place: Place, left: set[Place] = left) -> tuple[int, Place]:
            return length[place] + sum(length[p] for p in left & apart[place]), place

        chosen = max(left, key=worth)
        clique.append(chosen)
        left = left & apart[chosen]
    return sorted(clique)


def _resource(
    crew: Crew, modes: Mapping[Place, Mapping[int, Asks]], clique: Sequence[Place]
) -> Resource:
    """Return a resource of one unit that every phase of a set takes while it runs."""
    pieces = []
    energy = {}
    for place in clique:
        lengths = {mode: asks[0][1].duration for mode, asks in modes[place].items()}
        pieces += [Piece(*place, mode, 0, length, 1) for mode, length in sorted(lengths.items())]
        energy[place] = tuple(lengths[mode] for mode in sorted(lengths))
    return Resource(NO_BUCKET, (1,) * crew.problem.periods, tuple(pieces), energy)
