"""Which sets of what is stated have a plan and which have none: tests, cores, a tree of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pmo_optimizer import InvalidInput, Plan, Status
from pmo_scenarios.runs import Job, Options
from pmo_scenarios.series import Batches
from pmo_scenarios.studies.keeping import kept_by
from pmo_scenarios.studies.relaxing import Relaxer
from pmo_scenarios.studies.stated import Member

Paths = frozenset[str]
"""A set of members, by their paths."""


class Tests:
    """Says whether sets of members have a plan, each question solved at most once.

    What holds for a set holds for its subsets where it has a plan, and for its supersets where
    it is proved to have none.

    Parameters
    ----------
    relaxer
        Makes the portfolios.
    options
        Of each solve.
    batches
        Where they run.
    most
        Most solves; later questions stay open.
    """

    def __init__(
        self,
        relaxer: Relaxer,
        options: Options,
        batches: Batches,
        most: int,
    ) -> None:
        self.solves = 0
        self.relaxer = relaxer
        self.options = options
        self._batches = batches
        self._most = most
        self._plans: list[tuple[Paths, Plan]] = []
        self._infeasible: list[Paths] = []
        self._open: set[Paths] = set()

    @property
    def members(self) -> tuple[Member, ...]:
        """Everything that is stated."""
        return self.relaxer.members

    @property
    def spent(self) -> bool:
        """Whether no further solve is allowed."""
        return self.stopped or self.solves >= self._most

    def plan_of(self, kept: Paths) -> Plan | None:
        """Return a plan that keeps these members, where one is known."""
        return next((plan for known, plan in self._plans if kept <= known), None)

    def known(self, kept: Paths) -> bool | None:
        """Return whether a set has a plan, as far as that is known."""
        if self.plan_of(kept) is not None:
            return True
        return False if any(clash <= kept for clash in self._infeasible) else None

    def ask(self, sets: Iterable[Paths]) -> list[bool | None]:
        """Return for each set whether it has a plan; None where that stays open."""
        sets = list(sets)
        wanted: list[Job] = []
        meant: dict[str, Paths] = {}
        for kept in dict.fromkeys(sets):
            job = self._job(kept) if self._is_new(kept) else None
            if job is not None:
                wanted.append(job)
                meant[job.key] = kept
        for key, plan in self.run(wanted).items():
            self._learn(meant[key], plan)
        return [self.known(kept) for kept in sets]

    def _is_new(self, kept: Paths) -> bool:
        return self.known(kept) is None and kept not in self._open and not self.spent

    def _job(self, kept: Paths) -> Job | None:
        try:
            portfolio = self.relaxer.with_only(kept)
        except InvalidInput:
            self._open.add(kept)
            return None
        if portfolio is None:
            self._infeasible.append(kept)
            return None
        self.solves += 1
        key = f"test {self.solves}, {len(kept)} of {len(self.relaxer.paths)} rules"
        return Job(key, portfolio, self.options, self.near(kept))

    def near(self, kept: Paths) -> Plan | None:
        """Return the known plan whose set is most like this one; None in reproducible mode."""
        if self.options.reproducible or not self._plans:
            return None
        return min(self._plans, key=lambda known: len(known[0] ^ kept))[1]

    @property
    def stopped(self) -> bool:
        """Whether somebody wants to stop."""
        return self._batches.over

    def run(self, jobs: Sequence[Job]) -> dict[str, Plan]:
        """Return the plans of jobs by key."""
        return self._batches.run(jobs)

    def _learn(self, kept: Paths, plan: Plan) -> None:
        if plan.found:
            self._plans.append((kept_by(self.relaxer, kept, plan), plan))
        elif plan.status is Status.INFEASIBLE:
            self._infeasible.append(kept)
        else:
            self._open.add(kept)


@dataclass(frozen=True, slots=True)
class Core:
    """A set that is proved to have no plan.

    Attributes
    ----------
    members
        Paths, in the order of the members of the portfolio.
    irreducible
        Whether each member dropped was shown to leave a set with a plan.
    """

    members: tuple[str, ...]
    irreducible: bool


def core_of(tests: Tests, clash: Sequence[str]) -> Core:
    """Return an irreducible part of a set that is proved to have no plan.

    Each round finds by bisection the shortest beginning of the candidates that has no plan
    beside the core so far; its last one joins the core, and what comes after it goes.

    Parameters
    ----------
    clash
        Paths; the last ones are dropped first.
    """
    core: list[str] = []
    rest = list(clash)
    while rest and tests.ask([frozenset(core)]) != [False]:
        low, high = 0, len(rest)  # with `high` of the rest it has no plan, with `low` maybe one
        while high - low > 1:
            middle = (low + high) // 2
            has_none = tests.ask([frozenset(core + rest[:middle])]) == [False]
            low, high = (low, middle) if has_none else (middle, high)
        core.append(rest[high - 1])
        rest = rest[: high - 1]
    members = [path for path in clash if path in core]
    return _checked(tests, members)


def _checked(tests: Tests, members: list[str]) -> Core:
    """Drop each member; where the others still have no plan, it goes."""
    while True:
        answers = tests.ask(frozenset(members) - {path} for path in members)
        if False not in answers:
            return Core(tuple(members), all(answers))
        del members[answers.index(False)]


@dataclass(slots=True)
class Tree:
    """Cores, and sets of members that hit each of them.

    Attributes
    ----------
    cores
        Different ones, none part of another where they are irreducible.
    corrections
        Sets of members without which the others have a plan; the first has the fewest.
    complete
        Whether there are no other cores, and the corrections are all that are minimal.
    """

    cores: list[Core] = field(default_factory=list)
    corrections: list[Paths] = field(default_factory=list)
    complete: bool = False


def explore(tests: Tests, paths: Sequence[str], limit: int, first: Core) -> Tree:
    """Return up to ``limit`` cores of a portfolio, and what mends it.

    A tree of hitting sets, breadth first: a node drops some members; where the others have no
    plan, a core among them gives its children, which drop one of its members more. A node
    that has a plan is a correction, and as smaller nodes came before, the first has the
    fewest members.

    Parameters
    ----------
    paths
        All members.
    first
        A core of all of them.
    """
    tree = Tree([first])
    nodes = deque([Paths()])
    seen = {Paths()}
    open_ends = False
    while nodes and not (len(tree.cores) >= limit and tree.corrections):
        dropped = nodes.popleft()
        if any(found <= dropped for found in tree.corrections):
            continue
        core = next((c for c in tree.cores if dropped.isdisjoint(c.members)), None)
        if core is None:
            left = [path for path in paths if path not in dropped]
            answer = tests.ask([frozenset(left)])[0]
            if answer is not False:
                open_ends |= answer is None
                tree.corrections += [dropped] if answer else []
                if tests.spent and answer is None:
                    break
                continue
            core = core_of(tests, left)
            tree.cores.append(core)
        for path in core.members:
            if dropped | {path} not in seen:
                seen.add(dropped | {path})
                nodes.append(dropped | {path})
    certain = all(core.irreducible for core in tree.cores)
    tree.complete = not nodes and not open_ends and certain and len(tree.cores) <= limit
    tree.cores = tree.cores[:limit]
    return tree
