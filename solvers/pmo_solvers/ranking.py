"""What boards do today, honestly carried out: rank projects and fund them in order.

Three rules, of which `RankingBackend` returns the best plan:

- ``score``: by value, and cut at the first project that does not fit (the waterline);
- ``ratio``: by value per unit of cost, skipping what does not fit;
- ``priority``: by value, skipping what does not fit.

Running and mandatory projects come first. A project enters together with what it needs, each
at its earliest finish that money, people, links and rules allow. Soft limits are kept as if
they were hard, where that leaves a plan. Nobody is hired, and there is no bound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from pmo_optimizer.backend import Decisions, Options, Outcome, PhaseDecision, Stage
from pmo_optimizer.model import LinkType, Status, Termination
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem, ProjectData
from pmo_solvers.completion import claims, complete, split_funds
from pmo_solvers.staffing import Claim, serve
from pmo_solvers.time_indexed import Kind, TimeIndexed, build

Placement = tuple[PhaseDecision, ...]


DERIVED = ("synergy:", "makespan", "unchanged:")
"""Rows of columns that follow from the decisions and limit none of them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to rank: by value or by value per cost; ``cut`` stops at the first misfit."""

    name: str
    per_cost: bool
    cut: bool


RULES = (Rule("score", False, True), Rule("ratio", True, False), Rule("priority", False, False))


class RankingBackend:
    """The best of three rankings; a baseline, not an optimizer."""

    name = "ranking"
    capabilities = frozenset(Feature) - NAMED_STAFFING
    exact = False

    def versions(self) -> dict[str, str]:
        """Return nothing: no library decides."""
        return {}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan of the rules, without a bound."""
        for candidate in (hardened(problem), problem):
            found = self._best(candidate, options)
            if found is not None:
                word, decisions = found
                certificate = complete(problem, decisions)
                if certificate is None:
                    continue
                return Outcome(
                    status=Status.FEASIBLE,
                    termination=Termination.STOPPED
                    if options.clock.stop.is_set()
                    else Termination.WORK_LIMIT,
                    stages=(Stage(None, None),),
                    decisions=decisions,
                    certificate=certificate,
                    word=word,
                    reproducible=options.reproducible,
                )
        return Outcome(Status.NO_PLAN_FOUND, Termination.WORK_LIMIT, word="no ranking fits")

    @staticmethod
    def _best(problem: Problem, options: Options) -> tuple[str, Decisions] | None:
        indexed = build(problem)
        stage = indexed.stages[0]
        best: tuple[float, str, Decisions] | None = None
        for rule in RULES:
            ranking = _Ranking(indexed, options)
            if not ranking.run(rule):
                continue
            value = _value(indexed, ranking.decisions())
            if options.clock.over and best is not None:
                break
            if best is None or (value > best[0]) == stage.maximised:
                best = value, rule.name, ranking.decisions()
                options.report(value, None, f"ranking by {rule.name}")
        return None if best is None else best[1:]


def _value(indexed: TimeIndexed, decisions: Decisions) -> float:
    """Return the first stage's objective; limits are kept, so that no breach has a price."""
    encoded = indexed.encode(decisions) or {}
    return indexed.stages[0].value([encoded.get(j, 0) for j in range(indexed.model.size)])


def hardened(problem: Problem) -> Problem:
    """Return the problem with every soft limit hard; delays keep their price."""
    return replace(
        problem,
        buckets=tuple(replace(b, overload_price=None) for b in problem.buckets),
        suppliers=tuple(
            replace(
                s,
                available=tuple(
                    min([a, *(limits[t] for _, limits in s.soft_ceilings)])
                    for t, a in enumerate(s.available)
                ),
                soft_ceilings=(),
            )
            for s in problem.suppliers
        ),
        funds=tuple(replace(f, price=None) for f in problem.funds),
        caps=tuple(replace(c, price=None) for c in problem.caps),
        measures=tuple(replace(m, price=None) for m in problem.measures),
        counts=tuple(replace(c, price=None) for c in problem.counts),
    )


class _Ranking:
    """A plan under construction, project by project."""

    def __init__(self, indexed: TimeIndexed, options: Options) -> None:
        self.indexed = indexed
        self.problem = indexed.problem
        self.clock = options.clock
        self.placed: dict[int, Placement] = {}
        self.values = [0] * indexed.model.size
        self.demand: list[list[Claim]] = [[] for _ in range(self.problem.periods)]
        model = indexed.model
        self.rows = [
            row
            for row in model.rows
            if not row.tag.startswith(DERIVED)
            and all(model.kind[c] is not Kind.CONTINUOUS for c in row.columns)
        ]
        self.activity = [0] * len(self.rows)
        self.touched: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, row in enumerate(self.rows):
            for column, coef in zip(row.columns, row.coefs, strict=True):
                self.touched[column].append((number, coef))
        self.broken = self._broken()
        self.needs = self._needs()

    # -- order -----------------------------------------------------------------------------

    def run(self, rule: Rule) -> bool:
        """Place projects in order; return whether the plan keeps all rules."""
        projects = self.problem.projects
        first = [p for p in projects if p.fixed == 1]
        rest = [p for p in projects if p.fixed is None]
        keep = [p for p in rest if p.running]
        others = sorted((p for p in rest if not p.running), key=lambda p: self._rank(p, rule))
        for project in (*first, *keep):
            self._enter(project, certain=True)
        for project in others:
            if self.clock.over or (not self._enter(project) and rule.cut):
                break
        missing = any(project.index not in self.placed for project in first)
        return not missing and not self._broken()

    def _rank(self, project: ProjectData, rule: Rule) -> tuple[float, int]:
        worth = float(project.raw_value) * project.value_factor or sum(project.benefit)
        if rule.per_cost:
            flows = [*project.flows, *(f for x in project.phases for f in x.modes[0].flows)]
            cost = sum(amount for flow in flows for _, amount in flow.amounts)
            worth /= max(cost, 1)
        return -worth, project.index

    def _needs(self) -> dict[int, list[int]]:
        """Return what each project needs: all-or-none mates, requirements, link sources."""
        needs: dict[int, list[int]] = defaultdict(list)
        for row in self.problem.selection:
            ones = [p for p, c in row.terms if c == 1]
            minus = [p for p, c in row.terms if c == -1]
            if len(minus) == 1 and row.lower == 0 and ones:
                needs[minus[0]].append(ones[0])
                if row.upper == 0:
                    needs[ones[0]].append(minus[0])
        for link in self.problem.links:
            if link.block:
                needs[link.target[0]].append(link.sources[0][0])
        return needs

    def _bundle(self, project: int) -> list[int]:
        """Return the project and all it needs that is not placed, needed ones first."""
        bundle: list[int] = []
        open_ = [project]
        while open_:
            index = open_.pop()
            if index in bundle or index in self.placed:
                continue
            bundle.append(index)
            open_ += self.needs[index]
        return bundle[::-1]

    # -- place -----------------------------------------------------------------------------

    def _enter(self, project: ProjectData, *, certain: bool = False) -> bool:
        """Place a project with what it needs; undo everything where one of them fails.

        Rules may break while running and mandatory projects enter: later ones can mend them.
        """
        if project.index in self.placed:
            return True
        before = dict(self.placed), list(self.values), [list(c) for c in self.demand]
        activity = list(self.activity)
        bundle = self._bundle(project.index)
        if all(self._place(self.problem.projects[p]) for p in bundle):
            broken = self._broken()
            if (certain or broken <= self.broken) and self._payable():
                self.broken = broken
                return True
        self.placed, self.values, self.demand = before
        self.activity = activity
        return False

    def _place(self, project: ProjectData) -> bool:
        if project.fixed == 0:
            return False
        for placement in self._placements(project):
            columns = self._columns(project, placement)
            if columns is None or not self._timely(columns):
                continue
            if self._staffed(project, placement):
                self.placed[project.index] = placement
                for column in columns:
                    self.values[column] = 1
                    for number, coef in self.touched[column]:
                        self.activity[number] += coef
                return True
        return False

    def _columns(self, project: ProjectData, placement: Placement) -> list[int] | None:
        """Return the columns that a placement sets to 1."""
        alone = Decisions(
            tuple(p.index == project.index for p in self.problem.projects),
            tuple(placement if p.index == project.index else () for p in self.problem.projects),
        )
        values = self.indexed.schedule.encode(alone)
        return None if values is None else [column for column, v in values.items() if v]

    def _timely(self, columns: list[int]) -> bool:
        """Return whether no link to a placed project breaks."""
        added: dict[int, int] = defaultdict(int)
        for column in columns:
            for number, coef in self.touched[column]:
                if self.rows[number].tag.startswith("link:"):
                    added[number] += coef
        return all(
            self._holds(number, self.activity[number] + more) for number, more in added.items()
        )

    def _staffed(self, project: ProjectData, placement: Placement) -> bool:
        """Add the project's claims if people can serve all claims of its periods."""
        alone = Decisions(
            tuple(p.index == project.index for p in self.problem.projects),
            tuple(placement if p.index == project.index else () for p in self.problem.projects),
        )
        added = claims(self.problem, alone)
        for period, more in enumerate(added):
            if more and serve(self.problem, period, [*self.demand[period], *more], {}) is None:
                return False
        for period, more in enumerate(added):
            self.demand[period] += more
        return True

    def _placements(self, project: ProjectData) -> Iterator[Placement]:
        """Yield schedules by earliest finish, then start."""
        if not project.phases:
            return iter([()])
        found: dict[Placement, tuple[int, int]] = {}
        for modes in product(*(range(len(phase.modes)) for phase in project.phases)):
            for start in range(project.first_start, project.last_start + 1):
                placement = self._early(project, modes, start)
                if placement is not None:
                    ends = (
                        d.start + project.phases[f].modes[d.mode].duration
                        for f, d in enumerate(placement)
                    )
                    found[placement] = max(ends), start
        return iter(sorted(found, key=lambda p: found[p]))

    @staticmethod
    def _early(project: ProjectData, modes: tuple[int, ...], start: int) -> Placement | None:
        """Return the earliest schedule from a start on, or None where it misses a window."""
        length = [f.modes[m].duration for f, m in zip(project.phases, modes, strict=True)]
        begins = [max(start, phase.first_start) for phase in project.phases]
        if project.chain:
            begins = [start + sum(length[:f]) for f in range(len(length))]
        for _ in range(len(begins) * len(project.inner) + 1):
            moved = False
            for link in project.inner:
                if link.min_lag is None:
                    continue
                source = begins[link.source] + (
                    length[link.source] if link.type in {LinkType.FS, LinkType.FF} else 0
                )
                finish = link.type in {LinkType.FF, LinkType.SF}
                least = source + link.min_lag - (length[link.target] if finish else 0)
                if begins[link.target] < least:
                    begins[link.target], moved = least, True
            if not moved:
                break
        for phase, begin, periods in zip(project.phases, begins, length, strict=True):
            late = begin > phase.last_start or begin + periods > phase.last_end
            if late or begin < phase.first_start:
                return None
        return tuple(PhaseDecision(m, b) for m, b in zip(modes, begins, strict=True))

    # -- check -----------------------------------------------------------------------------

    def _broken(self) -> set[int]:
        """Return the numbers of whole-number rows that do not hold."""
        return {n for n, total in enumerate(self.activity) if not self._holds(n, total)}

    def _holds(self, number: int, total: int) -> bool:
        row = self.rows[number]
        if row.lower is not None and total < row.lower:
            return False
        return row.upper is None or total <= row.upper

    def decisions(self) -> Decisions:
        """Return what has been placed."""
        projects = self.problem.projects
        return Decisions(
            tuple(p.index in self.placed for p in projects),
            tuple(self.placed.get(p.index, ()) for p in projects),
        )

    def _payable(self) -> bool:
        return split_funds(self.problem, self.decisions()) is not None
