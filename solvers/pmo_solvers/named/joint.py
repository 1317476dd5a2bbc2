"""Selection, dates and names in one plan: what cannot be staffed comes back as a constraint.

An engine plans by capacity, and names are given to its plan. Capacity is a relaxation of named
staffing: the engine's bound holds for named plans too, also with conflicts that are proved. Where
no proof is at hand a placement is avoided for a while, in searches whose bounds do not count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from pmo_optimizer.backend import (
    Backend,
    Certificate,
    Clock,
    Decisions,
    Options,
    Outcome,
    Stage,
    better_of,
    relative_gap,
    stages_of,
)
from pmo_optimizer.model import Method, Status, Termination
from pmo_optimizer.problem import Feature, Placement, Problem
from pmo_solvers.cp_sat import CpSatBackend
from pmo_solvers.hybrid.starts import RULES
from pmo_solvers.named.allowed import fits
from pmo_solvers.named.certificate import certificate_of, given_of, members_of
from pmo_solvers.named.conflicts import Conflict, Explainer, lacking_phases
from pmo_solvers.named.goals import Points
from pmo_solvers.named.heads import keep_rules, one_more, without_heads
from pmo_solvers.named.hoods import cells
from pmo_solvers.named.renew import Renewals, scores_of, serves
from pmo_solvers.named.roster import Rosters, Staffed, following
from pmo_solvers.named.search import Search, Staffing, Terms
from pmo_solvers.named.stall import Stall
from pmo_solvers.named.tasks import Given, Reader, Work
from pmo_solvers.named.trim import Trim
from pmo_solvers.ranking.fill import Rule
from pmo_solvers.restrict import Restricted, allows, fixed, values_of
from pmo_solvers.time_indexed.driver import OPTIMAL_GAP, cut_short, ended_at, settled

FIRST_SHARE = 0.18
"""Part of the time for the first plan by capacity."""

NEXT_SHARE = 0.3
"""Part of the time left for each further plan."""

MORE = 2.0
"""Factor on these shares after the engine has found no plan."""

HERE_SHARE = 0.25
"""Most part of the time left for plans of which little is open."""

STAFF_SHARE = 0.15
"""Part of the time left for names, each time that they are looked for."""

POLISH_SHARE = 0.5
"""Part of the time left for the goals of the final staffing."""

ENTER_SHARE = 0.25
"""Most part of the time left for one plan that grows by name."""

RENEW_SHARE, LARGE_SHARE = 0.5, 0.15
"""Part of the time that stays for plans that are renewed in part; less for large plans, of which
other plans by capacity gain more."""

POLISH_PART = 0.1
"""Part of the time that stays for the goals of the final staffing."""

MOST_CELLS = 20_000
"""Pairs of server and period of a plan's tasks up to which it is staffed as a whole, with proof of
what cannot be."""

MOST_HEADS = 12
"""Heads that are added to one plan by capacity to find names for it."""

RENEWALS, MOST_RENEWALS = 20, 100_000
"""Renewals in reproducible mode, and where the clock ends them."""

WORSE = 0.03
"""Part of the best value by which plans that are gone on from may be worse, at first."""


MOST_ROUNDS = 30
"""Plans by capacity in reproducible mode, where the clock does not end a run."""

COUNTED_ROUNDS = 3
"""The same for large plans."""

LEAST_SECONDS = 0.5
"""Seconds below which another plan by capacity is not begun."""


UNSTAFFED = "No plan was found whose needs can all be served by name."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fully staffed plan, and what it is worth in every stage."""

    staffed: Staffed
    certificate: Certificate
    stages: tuple[float, ...]

    @property
    def decisions(self) -> Decisions:
        """Selection, dates, modes and hires."""
        return self.staffed.decisions


class Joint:
    """One run.

    Parameters
    ----------
    problem
        Compiled with individuals.
    engine
        Plans by capacity.
    """

    def __init__(self, problem: Problem, options: Options, engine: Backend) -> None:
        self.problem = problem
        self.plain = replace(problem, people=(), features=problem.features - {Feature.NAMED})
        self.options = options
        self.engine = engine
        self.clock = options.clock
        self.proved: list[Conflict] = []
        self.avoided: list[Conflict] = []
        self.best: Candidate | None = None
        self.start: Candidate | None = None
        self.large = False
        self.vain = 0
        self.first: Outcome | None = None
        self.last: Outcome | None = None
        self.bound: float | None = None
        self.words: list[str] = []
        self.partial: tuple[Decisions, Staffing] | None = None
        self.reader = Reader(problem)
        self.rosters = Rosters(self.reader, self.plain, options.goals)
        self.trim = Trim(
            self.plain,
            self.reader,
            options,
            self._search,
            self._solved_here,
            self._known,
            self._take,
            lambda worth: not self._no_better(worth),
        )

    def outcome(self) -> Outcome:
        """Plan and staff until a fully staffed plan meets the bound or the limit is reached."""
        self._take_start()
        for rule in RULES:
            self._enter(rule)
        for number in range(MOST_ROUNDS):
            found = self._plan(number)
            if found.decisions is None:
                if not self._goes_on(found):
                    break
                continue
            self._enter(following(found.decisions, scores_of(self.plain, found.decisions)))
            if self._closed or self._named(found.decisions):
                break
            if self._late or self._past(LARGE_SHARE if self.large else RENEW_SHARE):
                break
        self._renew()
        return self._final()

    def _named(self, decisions: Decisions) -> bool:
        """Give names to a plan; return whether that ends the rounds: no other can be better."""
        work = self.reader.work_of(decisions)
        if cells(work.tasks) > MOST_CELLS:
            return self._named_in_part(decisions, work)
        search = self._search(decisions)
        staffing = search.run(self._known(search.work))
        if staffing.full:
            self._offer(Staffed(decisions, staffing.work, staffing.given))
        elif not self._hire(decisions, staffing):
            self._note(decisions, staffing)
            self._learn(staffing, decisions)
            self.trim.thin_out(search, decisions)
            return False
        # Where work is counted the engine would find the same plan again.
        return self._closed or (self.options.reproducible and not self.avoided)

    def _hire(self, decisions: Decisions, staffing: Staffing) -> bool:
        """Hire more heads until names are found; return whether they are."""
        if not self.problem.hires:
            return False
        if self._staffed_by_more(decisions, staffing):
            return True
        bare = without_heads(decisions)
        return bare != decisions and self._staffed_by_more(bare, self._names_of(bare))

    def _staffed_by_more(self, decisions: Decisions, staffing: Staffing) -> bool:
        """Add one head after the other to what is missing; return whether that is a plan."""
        for _ in range(MOST_HEADS):
            more = one_more(self.plain, decisions, staffing)
            if more is None or self._late:
                return False
            names = self._names_of(more)
            if names.unmet >= staffing.unmet:
                return False
            decisions, staffing = more, names
            if staffing.full:
                break
        if not (staffing.full and keep_rules(self.plain, decisions)):
            return False
        self._offer(Staffed(decisions, staffing.work, staffing.given))
        return True

    def _names_of(self, decisions: Decisions) -> Staffing:
        search = self._search(decisions)
        return search.run(self._known(search.work))

    def _named_in_part(self, decisions: Decisions, work: Work) -> bool:
        """Give names to as much of a large plan as people can serve.

        Where work is counted, names for one plan end the rounds, and so do a few rounds.
        """
        self.large = True
        short = self.trim.choose(decisions, work)
        if short is not None:
            self._note(*short)
        counted = short is None or len(self.words) >= COUNTED_ROUNDS
        return self._closed or (self.options.reproducible and counted)

    def _note(self, decisions: Decisions, staffing: Staffing) -> None:
        """Keep the plan that lacks least, the first of these, for want of a better one."""
        least = self.partial is None or staffing.unmet < self.partial[1].unmet
        if least and not (staffing.loose or staffing.impossible):
            self.partial = decisions, staffing

    def _take(self, staffed: Staffed) -> None:
        """Keep a plan that is staffed; what was left out, and all others, may enter elsewhere."""
        self._offer(staffed)
        kept = staffed.decisions
        self._enter(following(kept, scores_of(self.plain, kept)), staffed)

    def _take_start(self) -> None:
        """Keep the plan to begin with, its names as they are, where it still is a plan."""
        decisions = self.options.start
        if decisions is None or self.options.reproducible:
            return
        if not allows(self.plain, decisions):
            return
        work = self.reader.work_of(decisions)
        given = given_of(work, self.options.start_shares)
        # Whether all needs are served can be asked of shares that fit alone.
        if not (fits(work, given) and serves(work, given)):
            return
        if self._solved_here(fixed(self.plain, decisions)) is not None:
            self._offer(Staffed(decisions, work, given))
            self.start = self.best

    @property
    def _late(self) -> bool:
        if self.options.reproducible:
            return self.clock.over
        return self.clock.over or self.clock.left < LEAST_SECONDS

    def _past(self, left: float) -> bool:
        """Return whether less than a part of the time is left; work is counted otherwise."""
        return not self.options.reproducible and self.clock.left < left * self.clock.limit

    @property
    def _closed(self) -> bool:
        gap = relative_gap(self.best.stages[0] if self.best else None, self.bound)
        return gap is not None and gap <= max(self.options.gap, OPTIMAL_GAP)

    # -- plans by capacity -----------------------------------------------------------------

    def _plan(self, number: int) -> Outcome:
        """Return the engine's plan under all conflicts; keep its bound where that is proven."""
        conflicts = (*self.proved, *self.avoided)
        share = FIRST_SHARE if number == 0 else NEXT_SHARE
        options = self._part(min(1.0, share * MORE**self.vain))
        if number:
            start = None if self.options.reproducible else self._latest
            options = replace(options, start=start)
        problem = replace(self.plain, conflicts=conflicts)
        found = self._solved(problem, options)
        self.words.append(f"plan {number + 1}: {found.word}")
        if self.first is None:
            self.first = found
        if found.decisions is not None:
            self.last = found
        if not self.avoided:
            self._take_bound(found)
        return found

    def _solved(self, problem: Problem, options: Options) -> Outcome:
        """Return the engine's answer; where plans are large it ends soon without a better one.

        Small ones are worth the time for a proof, large ones need it for names.
        """
        rough = self.best is not None and cells(self.best.staffed.work.tasks) > MOST_CELLS
        # Engines report the first stage alone: of several nobody would know that they go on.
        if not rough or self.options.reproducible or stages_of(self.problem) > 1:
            return self.engine.solve(problem, options)
        with Stall(options) as stall:
            return self.engine.solve(problem, stall.options)

    @property
    def _latest(self) -> Decisions | None:
        """Return what the next plan begins with: the latest one, or the best with names."""
        last, best = self.last, self.best
        if last is None or not last.stages:
            return best.decisions if best is not None else None
        planned = tuple(stage.best or 0.0 for stage in last.stages)
        if best is not None and self._better(best.stages, planned):
            return best.decisions
        return last.decisions

    def _part(self, share: float) -> Options:
        """Return the options for a part of the time, or of the work."""
        options, clock = self.options, self.clock
        seconds = clock.left if self.options.reproducible else share * clock.left
        return replace(
            options,
            clock=Clock(seconds, clock.stop),
            work_limit=share * options.work_limit,
            on_progress=None,
            on_offer=None,
            start=options.start,
        )

    def _take_bound(self, found: Outcome) -> None:
        if found.stages and found.stages[0].bound is not None:
            maximised = self.problem.maximised
            self.bound = better_of(self.bound, found.stages[0].bound, higher=not maximised)
            self._report("capacity")

    def _report(self, source: str) -> None:
        value = self.best.stages[0] if self.best else None
        self.options.report(value, self.bound, source)

    def _goes_on(self, found: Outcome) -> bool:
        """Return whether to plan once more where no plan was found.

        What is merely avoided is forgotten first; then the engine has more of the time.
        """
        if self.avoided and not self._late:
            self.avoided = []
            return True
        if not self.avoided and found.status is Status.INFEASIBLE:
            self.first = found
            return False
        self.vain += 1
        return not self._late and FIRST_SHARE * MORE ** (self.vain - 1) < 1.0

    # -- names -----------------------------------------------------------------------------

    def _search(self, decisions: Decisions, *, polish: bool = False) -> Search:
        """Return a search for the names of some decisions, with its part of the time."""
        work = self.reader.work_of(decisions)
        share = POLISH_SHARE if polish else STAFF_SHARE
        limit = self.clock.left if self.options.reproducible else share * self.clock.left
        terms = Terms(
            self.options.workers,
            self.options.seed,
            polish=polish,
            share=1.0,
            reproducible=self.options.reproducible,
            work=self.options.work_limit,
        )
        points = Points(work, self.options.goals, members_of(work, self._known(work)))
        return Search(work, points, Clock(limit, self.clock.stop), terms)

    def _solved_here(self, kept: Restricted) -> Decisions | None:
        """Return the best plan of a problem in which dates are kept; it is solved in no time."""
        found = CpSatBackend().solve(kept.problem, replace(self._part(HERE_SHARE), start=None))
        return None if found.decisions is None else kept.undo(found.decisions)

    def _known(self, work: Work) -> Given:
        """Return what the plan to begin with says of who works on what."""
        return given_of(work, self.options.start_shares)

    def _learn(self, staffing: Staffing, decisions: Decisions) -> None:
        """Turn what is missing into proved conflicts; else avoid the phases that lack people."""
        clock = (
            self.clock
            if self.options.reproducible
            else Clock(STAFF_SHARE * self.clock.left, self.clock.stop)
        )
        explainer = Explainer(staffing, decisions, clock, reproducible=self.options.reproducible)
        found = [c for c in explainer.conflicts() if c not in self.proved]
        self.proved += found
        if found:
            return
        for project, phase in sorted(lacking_phases(staffing)):
            place = decisions.phases[project][phase]
            avoid = (Placement(project, phase, place.mode, (place.start,)),)
            if avoid not in self.avoided:
                self.avoided.append(avoid)

    # -- plans that are staffed --------------------------------------------------------------

    def _offer(self, staffed: Staffed) -> None:
        """Keep a fully staffed plan if it is the best so far."""
        if self._no_better(staffed.value):
            return
        certificate = certificate_of(staffed.work, staffed.given, staffed.decisions)
        if certificate is None:
            return
        values = values_of(self.problem, staffed.decisions, certificate)
        if values is None:
            return
        if self.best is None or self._better(values, self.best.stages):
            worth = values[0] if self.problem.maximised else -values[0]
            known = staffed.value if isfinite(staffed.value) else worth
            self.best = Candidate(replace(staffed, value=known), certificate, values)
            self.options.offer(staffed.decisions, certificate)
            self._report("named")

    def _no_better(self, value: float) -> bool:
        """Return whether a plan of that worth, before prices of breaches, is no better.

        Where it is not known, or later stages count as well, that is not said.
        """
        if self.best is None or len(self.best.stages) > 1:
            return False
        mine = self.best.stages[0] if self.problem.maximised else -self.best.stages[0]
        return value <= mine + OPTIMAL_GAP * max(1.0, abs(mine))

    def _better(self, values: tuple[float, ...], than: tuple[float, ...]) -> bool:
        for value, other, term in zip(values, than, self._maximised(), strict=False):
            if abs(value - other) > OPTIMAL_GAP * max(1.0, abs(other)):
                return (value > other) == term
        return False

    def _maximised(self) -> tuple[bool, ...]:
        if self.problem.method is Method.WEIGHTED:
            return (self.problem.maximised,)
        return tuple(term.name.maximised for term in self.problem.terms)

    # -- plans that grow by name -----------------------------------------------------------

    def _enter(self, rule: Rule, known: Staffed | None = None) -> None:
        """Let projects enter by a rule, each with names, and keep that if it is the best plan."""
        found = self._grown(rule, known)
        if found is not None:
            self._offer(found)

    def _grown(self, rule: Rule, known: Staffed | None = None) -> Staffed | None:
        """Return the plan of a rule if all its needs are served.

        Parameters
        ----------
        known
            A plan whose projects keep their people where they enter as there.
        """
        if self.clock.over:
            return None
        limit = self.clock.left if self.options.reproducible else ENTER_SHARE * self.clock.left
        found = self.rosters.plan(rule, Clock(limit, self.clock.stop), known)
        return found if found is not None and serves(found.work, found.given) else None

    def _renew(self) -> None:
        """Plan parts of a plan anew while time is left.

        A plan that is a little worse is gone on from as well, less and less so; the rule of
        threshold accepting (Dueck and Scheuer 1990).
        """
        if self.best is None:
            return
        renewals = Renewals(self.plain, self.reader, self.options, self._grown)
        begin, current = self.clock.elapsed, self.best.staffed
        end = self.clock.limit * (1.0 - POLISH_PART)
        count = RENEWALS if self.options.reproducible else MOST_RENEWALS
        for number in range(count):
            if self._closed or self._late or self._past(POLISH_PART):
                return
            way, began, before = renewals.draw(), self.clock.elapsed, self.best
            found = way.renew(current)
            if found is not None:
                self._offer(found)
            seconds = 1.0 if self.options.reproducible else self.clock.elapsed - began
            way.note(self._gain(before), seconds)
            if found is None:
                continue
            done = (
                number / count
                if self.options.reproducible
                else (self.clock.elapsed - begin) / max(end - begin, 1e-9)
            )
            best = self.best.staffed.value
            if found.value >= best - WORSE * max(0.0, 1.0 - done) * abs(best):
                current = found

    def _gain(self, before: Candidate) -> float:
        """Return how much better the best plan is than it was."""
        assert self.best is not None  # noqa: S101 - it was there before
        return abs(self.best.stages[0] - before.stages[0])

    # -- the end ---------------------------------------------------------------------------

    def _final(self) -> Outcome:
        first = self.first
        assert first is not None  # noqa: S101 - there is a first round
        if self.best is None:
            return self._unstaffed(first)
        best = self._polished(self.best)
        bound = settled(self.bound, best.stages[0])
        if bound is not None and (bound < best.stages[0]) == self.problem.maximised:
            bound = bound if bound == best.stages[0] else None
        stages = [Stage(best.stages[0], bound)]
        for number, value in enumerate(best.stages[1:], 1):
            # A later bound supposes what the plan by capacity reached in all stages before.
            same = bound is not None and ended_at(first.stages, best.stages[:number])
            known = first.stages[number] if same and number < len(first.stages) else None
            later = None if known is None else settled(known.bound, value)
            stages.append(Stage(value, later, 0.0 if known is None else known.tolerance))
        gaps = [relative_gap(stage.best, stage.bound) for stage in stages]
        proved = len(stages) == stages_of(self.problem) and all(
            gap is not None and gap <= OPTIMAL_GAP for gap in gaps
        )
        near = gaps[0] is not None and gaps[0] <= self.options.gap
        early = Termination.GAP if near else cut_short(self.options.clock)
        return Outcome(
            status=Status.OPTIMAL if proved else Status.FEASIBLE,
            termination=Termination.PROVED if proved else early,
            stages=tuple(stages),
            decisions=best.decisions,
            certificate=best.certificate,
            word="; ".join(self.words),
            build_seconds=first.build_seconds,
            columns=first.columns,
            rows=first.rows,
            reproducible=self.options.reproducible and not self.clock.over,
        )

    def _polished(self, best: Candidate) -> Candidate:
        """Improve the goals of the best plan's staffing with the time that is left."""
        if self.clock.over or best is self.start:
            return best
        search = self._search(best.decisions, polish=True)
        staffing = search.run(best.staffed.given)
        if not staffing.full:
            return best
        certificate = certificate_of(staffing.work, staffing.given, best.decisions)
        if certificate is None:
            return best
        values = values_of(self.problem, best.decisions, certificate)
        if values is None or self._better(best.stages, values):
            return best
        return Candidate(
            Staffed(best.decisions, staffing.work, staffing.given), certificate, values
        )

    def _served_best(self, decisions: Decisions, staffing: Staffing) -> Staffing:
        """Improve the names of a plan that lacks people with the time that is left."""
        if self.clock.over:
            return staffing
        better = self._search(decisions, polish=True).run(staffing.given)
        return staffing if better.loose or better.unmet > staffing.unmet else better

    def _unstaffed(self, first: Outcome) -> Outcome:
        """Return a plan that could not be staffed, with what it lacks, or that there is none."""
        infeasible = first.status is Status.INFEASIBLE
        certificate = None
        if self.partial is not None:
            decisions, staffing = self.partial[0], self._served_best(*self.partial)
            certificate = certificate_of(staffing.work, staffing.given, decisions)
        if self.partial is None or certificate is None:
            if first.decisions is None:
                return first
            return replace(
                first,
                status=Status.NO_PLAN_FOUND,
                termination=cut_short(self.clock),
                stages=(),
                decisions=None,
                certificate=Certificate(),
                message=UNSTAFFED,
                reproducible=self.options.reproducible and not self.clock.over,
            )
        return Outcome(
            status=Status.INFEASIBLE if infeasible else Status.NO_PLAN_FOUND,
            termination=Termination.PROVED if infeasible else cut_short(self.clock),
            decisions=decisions,
            certificate=certificate,
            partial=True,
            word="; ".join(self.words),
            build_seconds=first.build_seconds,
            message=UNSTAFFED,
            reproducible=self.options.reproducible and not self.clock.over,
        )
