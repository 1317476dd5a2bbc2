"""Renewals: some projects of a staffed plan are planned anew, everything else stays.

Two ways take turns. One lets projects enter by rank, each with names at once. The other has an
engine plan the part by capacity, beside what stays, and finds names for what has changed. What
pays comes up more often.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pmo_optimizer.backend import Clock, Decisions, Options
from pmo_optimizer.model import Status, SupplierKind
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat import CpSatBackend
from pmo_solvers.named.allowed import unbound
from pmo_solvers.named.goals import Points
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.roster import Staffed
from pmo_solvers.named.search import Search, Terms
from pmo_solvers.named.tasks import STEP, Given, Reader, Work, moved
from pmo_solvers.ranking.fill import Rule
from pmo_solvers.restrict import Restricted, around, beside

MOST_LEAVING = 4
"""Most projects that leave a plan to enter by rank."""

FIRST_PART = 0.7
"""How often a project that is out comes before all others."""

KEPT = 10.0
"""Score above which projects are kept."""

SAME_PLACE = 0.5
"""How often projects that leave try their old place first."""

FEWEST, MOST, FIRST = 4.0, 40.0, 8.0
"""Fewest and most projects of the plan that an engine plans anew on average, and at first."""

NEW = 3
"""Projects that are out, for each that is planned anew."""

PART_SECONDS, PART_WORK = 3.0, 1.0
"""Time of an engine for one part, and its work in reproducible mode."""

NAME_SECONDS = 2.0
"""Time to find names for a part."""

OLD = 0.7
"""Weight of what a way has gained before, each time it is used again."""

LEAST_ODDS = 0.15
"""Least part of the renewals that each way gets."""


@dataclass(slots=True)
class Way:
    """A way to renew, and what it has gained a second."""

    renew: Callable[[Staffed], Staffed | None]
    gained: float = 0.0
    spent: float = 0.0

    def note(self, gain: float, seconds: float) -> None:
        """Remember a renewal; older ones count less and less."""
        self.gained = OLD * self.gained + gain
        self.spent = OLD * self.spent + seconds

    @property
    def rate(self) -> float:
        """Gain per second."""
        return self.gained / self.spent if self.spent else 0.0


class Renewals:
    """What leaves a plan and how it is planned anew.

    Parameters
    ----------
    plain
        The problem by capacity.
    grow
        Returns the plan of a rule if all its needs are served; the other plan's projects keep
        their people where they enter as there.
    """

    def __init__(
        self,
        plain: Problem,
        reader: Reader,
        options: Options,
        grow: Callable[[Rule, Staffed | None], Staffed | None],
    ) -> None:
        self.plain = plain
        self.reader = reader
        self.options = options
        self.grow = grow
        self.dice = random.Random(options.seed)  # noqa: S311 - no secret hangs on it
        self.size = FIRST
        self.bought = bool(plain.hires) or any(
            bucket.overload_price is not None for bucket in plain.buckets
        )
        self.by_rank = Way(self._by_rank)
        self.by_engine = Way(self._by_engine)

    def draw(self) -> Way:
        """Return the way of the next renewal; each first once, then by what it has gained."""
        ways = (self.by_engine, self.by_rank)
        for way in ways:
            if not way.spent:
                return way
        total = sum(way.rate for way in ways)
        odds = self.by_engine.rate / total if total else 0.5
        odds = min(max(odds, LEAST_ODDS), 1.0 - LEAST_ODDS)
        return self.by_engine if self.dice.random() < odds else self.by_rank

    # -- by rank ---------------------------------------------------------------------------

    def _by_rank(self, current: Staffed) -> Staffed | None:
        return self.grow(self._rule(current.decisions), current)

    def _rule(self, decisions: Decisions) -> Rule:
        """Return a rule that keeps most projects, and often lets one that is out come first."""
        dice = self.dice
        inside, outside = self._sides(decisions)
        base = scores_of(self.plain, decisions)
        count = min(dice.randint(1, MOST_LEAVING), len(inside))
        leaving = set(dice.sample(inside, count))
        scores = [
            KEPT + base[p] if p in inside and p not in leaving else dice.uniform(0.6, 1.4) * base[p]
            for p in range(len(base))
        ]
        if outside and dice.random() < FIRST_PART:
            weights = [max(base[p], 0.0) + 1e-3 for p in outside]
            scores[dice.choices(outside, weights)[0]] += 2 * KEPT
        wanted = tuple(
            placed if p not in leaving or dice.random() < SAME_PLACE else ()
            for p, placed in enumerate(decisions.phases)
        )
        return Rule("renewed", scores=tuple(scores), wanted=wanted)

    def _sides(self, decisions: Decisions) -> tuple[list[int], list[int]]:
        """Return the projects of a plan, and those that are out but need not be."""
        inside = [p for p, chosen in enumerate(decisions.selected) if chosen]
        outside = [
            p.index
            for p in self.plain.projects
            if not decisions.selected[p.index] and p.fixed is None
        ]
        return inside, outside

    # -- by an engine ----------------------------------------------------------------------

    def _by_engine(self, current: Staffed) -> Staffed | None:
        """Plan a part by capacity, then find names for it; what lacks people is left out."""
        part = self._restricted(current, self._part(current.decisions))
        options = replace(self._options(PART_SECONDS), start=part.own(current.decisions))
        found = CpSatBackend().solve(part.problem, options)
        if found.decisions is None:
            return None
        self._resize(easy=found.status is Status.OPTIMAL)
        decisions = part.undo(found.decisions)
        if decisions == current.decisions:
            return None
        worth = found.stages[0].best or 0.0
        named = self._named(current, decisions, worth if self.plain.maximised else -worth)
        if named is None:
            self._resize(easy=False)
        return named

    def _resize(self, *, easy: bool) -> None:
        """Make parts larger where an engine is done with them, smaller where they are too much."""
        self.size = min(MOST, self.size + 1.0) if easy else max(FEWEST, self.size - 1.0)

    def _restricted(self, current: Staffed, free: set[int]) -> Restricted:
        """Return the problem of a part; people have what the others' names leave them.

        Where supply can be bought nobody can say what is left, and names are found later.
        """
        if self.bought:
            return around(self.plain, current.decisions, free)
        ledger = Ledger(current.work)
        tasks = current.work.tasks
        ledger.restore(
            {key: s for key, s in current.given.items() if tasks[key[1]].project not in free}
        )
        return beside(self.plain, current.decisions, free, left_over(self.reader.members, ledger))

    def _part(self, decisions: Decisions) -> set[int]:
        """Return the projects that are planned anew: some that are in, and some that are out."""
        inside, outside = self._sides(decisions)
        count = min(len(inside), max(1, round(self.dice.uniform(0.5, 1.5) * self.size)))
        free = set(self.dice.sample(inside, count))
        base = scores_of(self.plain, decisions)
        for _ in range(NEW * count):
            if outside:
                weights = [max(base[p], 0.0) + 1e-3 for p in outside]
                free.add(self.dice.choices(outside, weights)[0])
        return free

    def _options(self, seconds: float) -> Options:
        options = self.options
        clock = options.clock
        limit = clock.left if options.reproducible else min(seconds, clock.left)
        return replace(
            options,
            clock=Clock(limit, clock.stop),
            work_limit=PART_WORK,
            gap=0.0,
            start=None,
            on_progress=None,
            on_offer=None,
        )

    def _named(self, current: Staffed, decisions: Decisions, worth: float) -> Staffed | None:
        """Return the plan with names for what has changed, or None where somebody is missing."""
        work = self.reader.work_of(decisions)
        options = self._options(NAME_SECONDS)
        terms = Terms(
            options.workers,
            self.dice.randrange(2**31),
            polish=False,
            reproducible=options.reproducible,
            keep=True,
        )
        search = Search(work, Points(work, options.goals), options.clock, terms)
        staffing = search.run(moved(current.work, work, current.given))
        if staffing.full and serves(work, staffing.given):
            return Staffed(decisions, work, staffing.given, worth)
        return None


def left_over(members: Mapping[int, Sequence[int]], ledger: Ledger) -> tuple[tuple[int, ...], ...]:
    """Return the FTE units that suppliers have left for projects that are not in yet, by period.

    Of an individual only what is enough for a useful share counts, and nothing where they are
    on as many projects as they may be.

    Parameters
    ----------
    members
        Individuals of each class.
    """
    work = ledger.work
    limits = ledger.limits[:, np.newaxis]
    least = np.maximum(np.array(work.least, np.int64), 1)[:, np.newaxis]
    able = ((limits < 0) | (ledger.projects < limits)) & (ledger.free >= least)
    usable = np.where(able, ledger.free, 0)
    scale = work.problem.fte_scale
    out = []
    for index, supplier in enumerate(work.problem.suppliers):
        if supplier.kind is SupplierKind.CLASS:
            units = usable[list(members[index])].sum(axis=0)
        else:
            left = (ledger.left(("s", index), t) or 0 for t in range(work.problem.periods))
            units = np.fromiter(left, np.int64, work.problem.periods)
        out.append(tuple((units * scale // STEP).tolist()))
    return tuple(out)


def scores_of(problem: Problem, decisions: Decisions) -> tuple[float, ...]:
    """Return scores by which the projects of a plan come first, the worthiest before others."""
    values = values_of_projects(problem)
    most = max([abs(value) for value in values] or [1.0]) or 1.0
    return tuple(
        chosen + value / (2.0 * most)
        for chosen, value in zip(decisions.selected, values, strict=True)
    )


def values_of_projects(problem: Problem) -> list[float]:
    """Return the value of each project, the time of its finish left aside."""
    return [float(p.raw_value) * p.value_factor for p in problem.projects]


def lacking(ledger: Ledger) -> set[int]:
    """Return the projects that lack people, or people who must be there."""
    tasks = ledger.work.tasks
    short = [task for task in tasks if ledger.missing(task)]
    return {task.project for task in (*short, *unbound(ledger, tasks))}


def serves(work: Work, given: Given) -> bool:
    """Return whether shares serve all needs, and all who must work do."""
    ledger = Ledger(work)
    ledger.restore(given)
    return not lacking(ledger)
