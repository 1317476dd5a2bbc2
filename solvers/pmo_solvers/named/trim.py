"""Plans of which people can serve a part only: which projects stay, and names for these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

NEAR = 0.95
"""Part of what a choice is worth from which on names are near enough to it."""

NAMES_SHARE = 0.12
"""Part of the time left for the names of one choice."""

THIN_SHARE, DROP_SHARE = 0.35, 0.1
"""Part of the time left in which projects that lack people go a few at a time, and for letting
all go at once."""

BACK_SHARE, ONE_SHARE = 0.3, 0.06
"""Part of the time left for letting projects back in, and for one of them."""

PASSES = 5
"""Most passes over what was left out; in the first nobody leaves for it."""

AT_ONCE = 6
"""One of so many projects that lack people goes at a time."""


def inside(staffed: Staffed) -> set[int]:
    """Return the projects of a plan."""
    return {p for p, chosen in enumerate(staffed.decisions.selected) if chosen}


class Trim:
    """Takes projects out of plans, and back in where people are found.

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
    beats
        Says whether a plan of that first term, more is better, would be the best.
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
        beats: Callable[[float], bool],
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
        self.beats = beats
        self.values = values_of_projects(plain)
        self.certain = {p.index for p in plain.projects if p.fixed == 1}

    def choose(self, decisions: Decisions, work: Work) -> tuple[Decisions, Staffing] | None:
        """Keep the projects that people can serve together, and find names for these.

        Where names are not found, what lacks people goes, and the next choice leaves more free;
        where nothing can be chosen names are looked for as the plan is. What was left out comes
        back as far as that can be; where that is far from the choice another one is made. Returns
        None where names were found at once, else the first choice and its staffing.
        """
        whole = Staffed(decisions, work, {})
        small = cells(work.tasks) <= KEEP_CELLS
        keep = Keep(self.plain, decisions, work) if small else None
        losses = self._losses(keep)
        first: tuple[Decisions, Staffing] | None = None
        for number in range(TRIES):
            kept = self._kept(whole, keep)
            if number and kept is whole:
                break
            names = self.search_of(kept.decisions)
            names.clock = Clock(self._effort(NAMES_SHARE), self.clock.stop)
            staffing = names.run(self.known(names.work))
            if staffing.full and serves(kept.work, staffing.given):
                self.room.forget()
                self.take(replace(kept, given=staffing.given))
                return None
            first = first or (kept.decisions, staffing)
            self.room.learn(names.ledger)
            found = self._drop(names, kept.decisions, losses)
            if found is not None and not self.options.reproducible:
                found = self._put_back(kept, found, losses)
            near = found is not None and (
                self._total(found, losses) >= NEAR * self._total(kept, losses)
            )
            if near or keep is None or self.clock.over:
                break
        return first

    def _kept(self, whole: Staffed, keep: Keep | None) -> Staffed:
        """Return the plan of the projects that stay; all where no better choice is found."""
        if keep is None:
            return whole
        out = keep.out(self.room, self._effort(KEEP_SHARE), self.clock, self.options)
        worth = keep.worth(out, self.clock) if out else None
        if not out or worth is None or not self.beats(worth):
            return whole
        return self._without(out, whole) or whole

    def _losses(self, keep: Keep | None) -> dict[int, float]:
        """Return by project what is lost if it goes, for those that can go."""
        losses = {} if keep is None else keep.losses(self.clock)
        return losses or {p: v for p, v in enumerate(self.values) if p not in self.certain}

    def _put_back(self, whole: Staffed, less: Staffed, losses: Mapping[int, float]) -> Staffed:
        """Let projects that were left out back in, the dearest first, then in place of others."""
        end = self.clock.elapsed + BACK_SHARE * self.clock.left
        every = inside(whole)
        for number in range(PASSES):
            before = less
            for project in sorted(every - inside(less), key=lambda p: (-losses.get(p, 0.0), p)):
                if self.clock.elapsed > end:
                    return less
                if project in inside(less):
                    continue
                found = self._with(project, whole, less, losses if number else None, end)
                if found is not None and self._total(found, losses) > self._total(less, losses):
                    less = found
                    self.take(less)
            if number and less is before:
                break
        return less

    def _with(
        self,
        project: int,
        whole: Staffed,
        less: Staffed,
        losses: Mapping[int, float] | None,
        end: float,
    ) -> Staffed | None:
        """Return the plan with one project more, all needs served; None where that fails.

        Parameters
        ----------
        losses
            Where given, others may leave for it, the cheapest first; whoever then fits comes back.
        """
        every = inside(whole)
        found = self._without(every - inside(less) - {project}, replace(whole, given={}))
        if found is None or project not in inside(found):
            return None
        search = self.search_of(found.decisions)
        search.clock = Clock(self._effort(ONE_SHARE), self.clock.stop)
        staffing = search.run(moved(less.work, found.work, less.given))
        if staffing.full and serves(found.work, staffing.given):
            return replace(found, given=staffing.given)
        if losses is None:
            return None
        open_ = {p: loss for p, loss in losses.items() if p != project}
        fewer = self._dropped(search, found.decisions, open_)
        if fewer is None:
            return None
        for other in sorted(inside(less) - inside(fewer), key=lambda p: (-losses.get(p, 0.0), p)):
            if self.clock.elapsed > end:
                break
            if other not in inside(fewer):
                fewer = self._with(other, whole, fewer, None, end) or fewer
        return fewer

    def _total(self, staffed: Staffed, losses: Mapping[int, float]) -> float:
        """Return what a plan's projects are worth, about."""
        return sum(losses.get(p, 0.0) for p in inside(staffed))

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
        """Leave out what lacks people, and keep the plan of the others if they have theirs."""
        found = self._dropped(search, decisions, losses)
        if found is not None:
            self.take(found)
        return found

    def _dropped(
        self, search: Search, decisions: Decisions, losses: Mapping[int, float]
    ) -> Staffed | None:
        """Return the plan without what lacks people, None where the others lack them still.

        Parameters
        ----------
        losses
            What is lost with each project that may go.
        """
        search.clock = Clock(self._effort(DROP_SHARE), self.clock.stop)
        worth = [losses.get(p, value) for p, value in enumerate(self.values)]
        gone = search.drop(worth, {p for p in range(len(worth)) if p not in losses})
        found = self._without(gone, Staffed(decisions, search.work, search.ledger.given))
        return found if found is not None and serves(found.work, found.given) else None

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
