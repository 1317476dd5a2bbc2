"""Plans of which people can serve a part only: which projects stay, and names for these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pmo_optimizer.backend import Clock, Decisions, Options
from pmo_optimizer.problem import Problem
from pmo_solvers.named.hoods import cells
from pmo_solvers.named.keep import Keep
from pmo_solvers.named.renew import lacking, serves, values_of_projects
from pmo_solvers.named.restrict import Restricted, among
from pmo_solvers.named.room import Room
from pmo_solvers.named.roster import Staffed
from pmo_solvers.named.search import Search, Staffing
from pmo_solvers.named.tasks import Given, Reader, Work, moved

KEEP_SHARE = 0.15
"""Most part of the time left for choosing which projects stay."""

KEEP_CELLS = 200_000
"""Pairs of server and period of a plan's tasks up to which that is one program."""

TRIES = 2
"""Choices for one plan, each with names; what the first lacks counts in the next."""

NAMES_SHARE = 0.12
"""Part of the time left for the names of one choice."""

THIN_SHARE, DROP_SHARE = 0.35, 0.1
"""Part of the time left in which projects that lack people go a few at a time, and for letting
all go at once."""

AT_ONCE = 6
"""One of so many projects that lack people goes at a time."""


class Trim:
    """Takes projects out of plans.

    Parameters
    ----------
    plain
        The problem by capacity.
    room
        What is left free; learns where people were missed.
    search_of
        Returns a search for the names of some decisions.
    solve
        Returns the best plan of a problem in which dates are kept, or None.
    known
        Returns who is known to work on what, to begin with.
    take
        Called with every plan whose needs are all served.
    """

    def __init__(
        self,
        plain: Problem,
        reader: Reader,
        options: Options,
        room: Room,
        search_of: Callable[[Decisions], Search],
        solve: Callable[[Restricted], Decisions | None],
        known: Callable[[Work], Given],
        take: Callable[[Staffed], None],
    ) -> None:
        self.plain = plain
        self.reader = reader
        self.options = options
        self.clock = options.clock
        self.room = room
        self.search_of = search_of
        self.solve = solve
        self.known = known
        self.take = take
        self.values = values_of_projects(plain)
        self.certain = {p.index for p in plain.projects if p.fixed == 1}

    def choose(self, decisions: Decisions, work: Work) -> tuple[Decisions, Staffing] | None:
        """Keep the projects that people can serve together, and find names for these.

        Where names are not found, what lacks people goes, and the next choice leaves more free;
        where nothing can be chosen names are looked for as the plan is. Returns None where they
        were found, else the first choice and its staffing.
        """
        whole = Staffed(decisions, work, {})
        small = cells(work.tasks) <= KEEP_CELLS
        parts = (decisions.selected, self.values, self.certain)
        keep = Keep(self.plain, work, *parts) if small else None
        first: tuple[Decisions, Staffing] | None = None
        for _ in range(TRIES):
            out: set[int] | None = None
            if keep is not None:
                out = keep.out(self.room, self._effort(KEEP_SHARE), self.clock, self.options)
            found = (self._without(out, whole) if out else None) or whole
            names = self.search_of(found.decisions)
            names.clock = Clock(self._effort(NAMES_SHARE), self.clock.stop)
            staffing = names.run(self.known(names.work))
            if staffing.full and serves(found.work, staffing.given):
                self.room.forget()
                self.take(replace(found, given=staffing.given))
                return None
            first = first or (found.decisions, staffing)
            self.room.learn(names.ledger)
            self._drop(names, found.decisions)
            if out is None or self.clock.over:
                break
        return first

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
            self._drop(search, found.decisions)
        elif serves(found.work, found.given):
            self.take(found)

    def _drop(self, search: Search, decisions: Decisions) -> None:
        """Leave out what lacks people, and keep the plan of the others if they have theirs."""
        search.clock = Clock(self._effort(DROP_SHARE), self.clock.stop)
        gone = search.drop(self.values, self.certain)
        found = self._without(gone, Staffed(decisions, search.work, search.ledger.given))
        if found is not None and serves(found.work, found.given):
            self.take(found)

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
