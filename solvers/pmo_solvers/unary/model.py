"""The interval model with people: who of which group serves which need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ortools.sat.python import cp_model

from pmo_solvers.cp_sat.interval.model import IntervalModel
from pmo_solvers.cp_sat.interval.resources import Resource
from pmo_solvers.unary.crew import Ask, Crew
from pmo_solvers.unary.disjunct import disjunctive_resources
from pmo_solvers.unary.parallel import Parallel, weighted_resources
from pmo_solvers.unary.unions import joint_resources, pool_resources

Counts = dict[tuple[int, int], int]
"""How many people serve an ask, by (ask, group) index; what is left out is 0."""


def capacity(crew: Crew, parallel: Parallel | None) -> list[Resource]:
    """Return what limits phases at once, whoever does them."""
    return [
        *pool_resources(crew.problem),
        *joint_resources(crew),
        *disjunctive_resources(crew),
        *(weighted_resources(crew, parallel) if parallel else ()),
    ]


class UnaryModel(IntervalModel):
    """The interval model, and who serves what where nobody does two things at once.

    Attributes
    ----------
    crew
        People, groups and asks.
    taken
        0/1 variables by (ask, group): the k-th says whether more than k people of the group
        serve the ask.
    """

    def __init__(self, crew: Crew, resources: Sequence[Resource]) -> None:
        super().__init__(crew.problem, resources)
        self.crew = crew
        self.taken: dict[tuple[int, int], list[cp_model.IntVar]] = {}
        if self.infeasible:
            return
        for index, ask in enumerate(crew.asks):
            if self._happens(ask):
                self._add_takers(index, ask)
                self._add_cover(index, ask)
                self._add_must(index, ask)
        self._add_groups()
        self._add_pins()

    def _happens(self, ask: Ask) -> bool:
        """Return whether the mode of an ask can be chosen."""
        work = self.works[ask.place]
        return ask.mode in work.chosen if work.chosen else ask.mode == work.mode

    def _chosen(self, place: tuple[int, int], mode: int) -> cp_model.LinearExprT:
        """Return the 0/1 variable of a mode; 1 where it is the only one."""
        return self.works[place].chosen.get(mode, 1)

    # -- who ---------------------------------------------------------------------------------

    def _add_takers(self, index: int, ask: Ask) -> None:
        """Add z[k] for k < min(heads, people of the group), z[k+1] <= z[k], for every group."""
        start = self.works[ask.place].start
        phase = self.problem.projects[ask.project].phases[ask.phase]
        for g in self.crew.able[index]:
            group = self.crew.groups[g]
            row = [self.cp.new_bool_var("") for _ in range(min(ask.heads, group.size))]
            for earlier, later in pairwise(row):
                self.cp.add_implication(later, earlier)
            self.taken[index, g] = row
            free = group.starts(phase, ask.duration, ask.share)
            window = min(phase.last_start, phase.last_end - ask.duration) - phase.first_start + 1
            if len(free) < window:
                self._add_absence(start, row[0], free)

    def _add_absence(
        self, start: cp_model.IntVar, serves: cp_model.IntVar, free: list[int]
    ) -> None:
        """Whoever serves is there: z[0] = 1 only if start in the starts that all periods allow."""
        domain = cp_model.Domain.from_values(free)
        self.cp.add_linear_expression_in_domain(start, domain).only_enforce_if(serves)

    def _add_cover(self, index: int, ask: Ask) -> None:
        """Sum of z over groups and k = heads x_m."""
        row = [z for g in self.crew.able[index] for z in self.taken[index, g]]
        chosen = self._chosen(ask.place, ask.mode)
        if not row:
            self._never(ask, chosen)
            return
        self.cp.add(cp_model.LinearExpr.sum(row) == ask.heads * chosen)

    def _never(self, ask: Ask, chosen: cp_model.LinearExprT) -> None:
        if isinstance(chosen, int):
            self.fail(f"staffing:{self.problem.projects[ask.project].id}:{ask.need}")
        else:
            self.cp.add(chosen == 0)

    def _add_must(self, index: int, ask: Ask) -> None:
        """Sum of z[0] over the groups of the entry >= x_m, for every entry of ``must``."""
        for entry in ask.must:
            self._somebody(entry, [(index, ask)], self._chosen(ask.place, ask.mode))

    def _add_pins(self) -> None:
        """Sum of z[0] over the asks of the mode and the groups of the entry >= x_m."""
        asks: Mapping[tuple[int, int, int], list[tuple[int, Ask]]] = defaultdict(list)
        for index, ask in enumerate(self.crew.asks):
            asks[ask.project, ask.phase, ask.mode].append((index, ask))
        for place, entries in self.crew.pinned.items():
            work = self.works[place]
            for mode in work.chosen or (work.mode,):
                for entry in entries:
                    self._somebody(entry, asks[*place, mode], self._chosen(place, mode))

    def _somebody(
        self, entry: str, asks: Iterable[tuple[int, Ask]], chosen: cp_model.LinearExprT
    ) -> None:
        row = [
            self.taken[index, g][0]
            for index, ask in asks
            if self._happens(ask)
            for g in self.crew.of_entry(entry)
            if (index, g) in self.taken
        ]
        if row:
            self.cp.add(cp_model.LinearExpr.sum(row) >= chosen)
        elif isinstance(chosen, int):
            self.fail(f"staffing:{entry}")
        else:
            self.cp.add(chosen == 0)

    # -- one thing at a time -----------------------------------------------------------------

    def _add_groups(self) -> None:
        """Sum of z over what runs <= people of the group, at any time, and for each phase."""
        for g, group in enumerate(self.crew.groups):
            intervals = []
            rows: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
            for index, ask in enumerate(self.crew.asks):
                for z in self.taken.get((index, g), ()):
                    start = self.works[ask.place].start
                    intervals.append(
                        self.cp.new_optional_fixed_size_interval_var(start, ask.duration, z, "")
                    )
                    rows[ask.place].append(z)
            if group.size == 1:
                self.cp.add_no_overlap(intervals)
            else:
                self.cp.add_cumulative(intervals, [1] * len(intervals), group.size)
            for row in rows.values():
                if len(row) > group.size:
                    self.cp.add(cp_model.LinearExpr.sum(row) <= group.size)

    # -- back and forth ------------------------------------------------------------------------

    def counts(self, solver: cp_model.CpSolver) -> Counts:
        """Return how many people of each group serve each ask."""
        found = {
            place: sum(solver.boolean_value(z) for z in row) for place, row in self.taken.items()
        }
        return {place: count for place, count in found.items() if count}

    def hint_counts(self, counts: Counts) -> None:
        """Give every variable of who serves what its value."""
        for place, row in self.taken.items():
            for k, z in enumerate(row):
                self.cp.add_hint(z, int(k < counts.get(place, 0)))
