"""Plans of which people can serve a part only: which projects stay, and names for these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pmo_optimizer.backend import Clock, Decisions, Options
from pmo_optimizer.problem import Problem
from pmo_solvers.named.allowed import fits
from pmo_solvers.named.hoods import cells
from pmo_solvers.named.keep import MOST_MARGIN, Keep
from pmo_solvers.named.renew import lacking, serves, values_of_projects
from pmo_solvers.named.roster import Staffed
from pmo_solvers.named.search import Search, Staffing
from pmo_solvers.named.tasks import Given, Reader, Work, moved
from pmo_solvers.restrict import Restricted, among

KEEP_SHARE = 0.15
"""Most part of the time left for choosing which projects stay."""

KEEP_CELLS = 200_000
"""Pairs of server and period of a plan's tasks up to which that is one program."""

MOST_VAIN = 3
"""Choices in a row that would not be the best, or for which no names are found, after which another
plan by capacity is made."""

FIRST_MARGIN, NARROW, WIDEN = 0.04, 0.5, 1.5
"""Part of what needs ask for that is left free beside them at first, and factors on it after names
were found and after they were not: single people cannot share their time as fractions can."""

LEAST_MARGIN = 0.008
"""The least of it; below that nothing is left free."""

MOST_FAILS = 1
"""Searches for names of the same choice that are gone on from."""

NAMES_SHARE = 0.25
"""Part of the time left for the names of one choice."""

THIN_SHARE, DROP_SHARE = 0.35, 0.12
"""Part of the time left in which projects that lack people go a few at a time, and for letting
all go at once."""

AT_ONCE = 6
"""One of so many projects that lack people goes at a time."""


@dataclass(slots=True)
class _Tries:
    """What was tried for one plan by capacity.

    Attributes
    ----------
    full, short
        The last plan all of whose needs are served, and the last one that lacks people.
    first
        The first choice that lacked people, and its staffing.
    again
        The choice whose names are looked for once more.
    fails, vain
        Searches in a row after which people lacked; see `MOST_VAIN`.
    """

    full: Staffed | None = None
    short: Staffed | None = None
    first: tuple[Decisions, Staffing] | None = None
    again: Staffed | None = None
    fails: int = 0
    vain: int = 0

    @property
    def before(self) -> list[Staffed]:
        """Plans whose names may be gone on from."""
        return [plan for plan in (self.full, self.short) if plan is not None]


class Trim:
    """Takes projects out of plans that people cannot serve.

    Parameters
    ----------
    plain
        The problem by capacity.
    search_of
        Returns a search for the names of some decisions.
    solve
        Returns the best plan of a problem in which dates are kept, or None.
    known
        Returns who is known to work on what, to begin with.
    take
        Called with every plan whose needs are all served.
    beats
        Says whether a plan of that first term, more is better, would be the best.
    """

    def __init__(
        self,
        plain: Problem,
        reader: Reader,
        options: Options,
        search_of: Callable[[Decisions], Search],
        solve: Callable[[Restricted], Decisions | None],
        known: Callable[[Work], Given],
        take: Callable[[Staffed], None],
        beats: Callable[[float], bool],
    ) -> None:
        self.plain = plain
        self.reader = reader
        self.options = options
        self.clock = options.clock
        self.margin = FIRST_MARGIN
        self.search_of = search_of
        self.solve = solve
        self.known = known
        self.take = take
        self.beats = beats
        self.values = values_of_projects(plain)
        self.certain = {p.index for p in plain.projects if p.fixed == 1}

    def choose(self, decisions: Decisions, work: Work) -> tuple[Decisions, Staffing] | None:
        """Keep the projects that people can serve together, and find names for these.

        First much of the time of people is left free, so that names are found soon; then less and
        less, and names are looked for from those of the choices before. What lacks people
        nevertheless goes. Returns the first choice that lacked people and its staffing; None where
        none did.
        """
        whole = Staffed(decisions, work, {})
        small = cells(work.tasks) <= KEEP_CELLS
        keep = Keep(self.plain, decisions, work) if small else None
        losses = self._losses(keep)
        tries = _Tries()
        while tries.vain < MOST_VAIN and not self.clock.over:
            kept = tries.again or self._kept(whole, keep, self.margin)
            if kept is None and not tries.before:
                kept = whole
            if kept is None:
                self._narrow()
                tries.vain += 1
                continue
            served = self._try(kept, tries, losses)
            if keep is None or self.options.reproducible or (served and kept is whole):
                break
            if served:
                keep.begin_with_last()
                self._narrow()
                tries.vain = 0
            elif tries.again is None:
                self.margin = min(MOST_MARGIN, max(LEAST_MARGIN, self.margin * WIDEN))
                tries.vain += 1
        return tries.first

    def _narrow(self) -> None:
        """Leave less free in the next choice, in the end nothing."""
        self.margin *= NARROW
        if self.margin < LEAST_MARGIN:
            self.margin = 0.0

    def _try(self, kept: Staffed, tries: _Tries, losses: Mapping[int, float]) -> bool:
        """Look for names of a choice, and drop what lacks people; return whether nothing does."""
        names, staffing = self._named(kept, tries.before)
        named = replace(kept, given=staffing.given)
        if staffing.full and serves(kept.work, staffing.given):
            self.take(named)
            tries.full, tries.again, tries.fails = named, None, 0
            return True
        tries.first = tries.first or (kept.decisions, staffing)
        tries.short = named
        tries.fails += 1
        tries.full = self._drop(names, kept.decisions, losses) or tries.full
        tries.again = kept if tries.fails <= MOST_FAILS else None
        tries.fails %= MOST_FAILS + 1
        return False

    def _named(self, kept: Staffed, tried: Sequence[Staffed]) -> tuple[Search, Staffing]:
        """Look for names, beginning with those of the plan before that serve most."""
        begins = [moved(plan.work, kept.work, plan.given) for plan in tried]
        if len(begins) > 1:
            begins.sort(key=lambda given: self.search_of(kept.decisions).begin(given))
        begin = begins[0] if begins else self.known(kept.work)
        names = self.search_of(kept.decisions)
        names.clock = Clock(self._effort(NAMES_SHARE), self.clock.stop)
        return names, names.run(begin)

    def _kept(self, whole: Staffed, keep: Keep | None, margin: float) -> Staffed | None:
        """Return the plan of the projects that stay, None where that would not be the best."""
        if keep is None:
            return whole
        out = keep.out(margin, self._effort(KEEP_SHARE), self.clock, self.options)
        worth = None if out is None else keep.worth(out, self.clock)
        if out is None or worth is None or not self.beats(worth):
            return None
        return self._without(out, whole) if out else whole

    def _losses(self, keep: Keep | None) -> dict[int, float]:
        """Return by project what is lost if it goes, for those that can go."""
        losses = {} if keep is None else keep.losses(self.clock)
        return losses or {p: v for p, v in enumerate(self.values) if p not in self.certain}

    def thin_out(self, search: Search, decisions: Decisions) -> None:
        """Leave out projects that lack people until all others are staffed.

        First a few of the least value at a time, and names are looked for anew after each; where
        that takes too long, all at once. Links and rules may take others along: which stay, at
        their dates, is planned anew.
        """
        end = self.clock.elapsed + THIN_SHARE * self.clock.left
        found = Staffed(decisions, search.work, search.ledger.copy_given())
        while short := lacking(search.ledger) - self.certain:
            if self.options.reproducible or self.clock.elapsed > end:
                break
            order = sorted(short, key=lambda p: (self.values[p], p))
            less = self._without(set(order[: -(-len(order) // AT_ONCE)]), found)
            if less is None:
                return
            search = self.search_of(less.decisions)
            search.run(less.given)
            found = replace(less, given=search.ledger.copy_given())
        if lacking(search.ledger):
            self._drop(search, found.decisions, self._losses(None))
        elif serves(found.work, found.given):
            self.take(found)

    def _drop(
        self, search: Search, decisions: Decisions, losses: Mapping[int, float]
    ) -> Staffed | None:
        """Leave out what lacks people, and keep the plan of the others if they have theirs.

        Parameters
        ----------
        losses
            What is lost with each project that may go.
        """
        search.clock = Clock(self._effort(DROP_SHARE), self.clock.stop)
        worth = [losses.get(p, value) for p, value in enumerate(self.values)]
        gone = search.drop(worth, {p for p in range(len(worth)) if p not in losses})
        found = self._without(gone, Staffed(decisions, search.work, search.ledger.given))
        if found is None:
            return None
        if not (fits(found.work, found.given) and serves(found.work, found.given)):
            # Other heads may be hired without the projects that went.
            names = self.search_of(found.decisions)
            names.clock = Clock(self._effort(DROP_SHARE), self.clock.stop)
            staffing = names.run(found.given)
            if not (staffing.full and serves(found.work, staffing.given)):
                return None
            found = replace(found, given=staffing.given)
        self.take(found)
        return found

    def _effort(self, share: float) -> float:
        """Return a part of the time left, all of it in reproducible mode, where work is counted."""
        return self.clock.left if self.options.reproducible else share * self.clock.left

    def _without(self, out: set[int], staffed: Staffed) -> Staffed | None:
        """Return the plan without some projects, and the names that the others have so far."""
        rest = self.solve(among(self.plain, staffed.decisions, out))
        if rest is None:
            return None
        work = self.reader.work_of(rest)
        return Staffed(rest, work, moved(staffed.work, work, staffed.given))
