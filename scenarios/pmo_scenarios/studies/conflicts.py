"""Why a portfolio has no plan: sets of rules that clash, and the cheapest repair."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from enum import StrEnum
from typing import TYPE_CHECKING

from pmo_optimizer import Frozen, Portfolio
from pmo_scenarios.runs import THREADS, Options, Step, shares
from pmo_scenarios.series import Batches
from pmo_scenarios.studies.clashes import Core, Tests, Tree, core_of, explore
from pmo_scenarios.studies.mending import Repair, repairs_of
from pmo_scenarios.studies.relaxing import Relaxer
from pmo_scenarios.studies.results import Study
from pmo_scenarios.studies.stated import Member
from pmo_scenarios.studies.stated_facts import facts_of

if TYPE_CHECKING:
    import pandas

LIMIT = 5
"""So many conflicts are looked for, unless asked otherwise."""

MOST_SOLVES = 500
"""Solves of one study, unless asked otherwise."""

AT_ONCE = 8
"""More questions than this are seldom open at one time."""


class Answer(StrEnum):
    """Whether a portfolio has a plan."""

    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


class Without(Frozen):
    """A witness: without one member the others of a conflict have a plan.

    Attributes
    ----------
    dropped
        Path of the member.
    selected
        Projects of that plan; it leaves out what no rule of the conflict asks for. Null where
        the checks, not a plan, had to do.
    """

    dropped: str
    selected: tuple[str, ...] | None = None


class Conflict(Frozen):
    """Rules that cannot hold together, whatever is decided about the rest.

    Attributes
    ----------
    members
        What clashes; empty where even without any rule there is no plan.
    irreducible
        Whether each member dropped was shown to leave a set that has a plan. Otherwise some
        member may not be needed: a solve ended before it was decided.
    facts
        What the projects of the conflict need of the limits in it, from the data.
    witnesses
        One for each member that was shown to be needed.
    words
        One sentence.
    """

    members: tuple[Member, ...]
    irreducible: bool
    facts: tuple[str, ...] = ()
    witnesses: tuple[Without, ...] = ()
    words: str = ""

    @property
    def paths(self) -> frozenset[str]:
        """Paths of the members."""
        return frozenset(member.path for member in self.members)


class Conflicts(Study):
    """Whether a portfolio has a plan, and why not.

    Attributes
    ----------
    portfolio, digest, currency
        Of the portfolio.
    answer
        ``feasible``, ``infeasible`` or ``unknown``.
    selected
        Where it is feasible: projects of some plan.
    conflicts
        Sets of rules that clash, each proved to have no plan. None is part of another where
        they are irreducible.
    complete
        Whether these are all irreducible conflicts that there are.
    repairs
        What makes a plan possible, the cheapest first.
    rules
        How many rules were looked at.
    solves
        How many solves that took.
    stopped
        Whether somebody asked to stop before it was done.
    seconds
        Wall clock.
    """

    portfolio: str
    digest: str
    currency: str
    answer: Answer
    selected: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    complete: bool = False
    repairs: tuple[Repair, ...] = ()
    rules: int = 0
    solves: int = 0
    stopped: bool = False
    seconds: float = 0.0

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per member of each conflict.

        Columns: conflict (from 1 on), irreducible, path, kind, words.
        """
        import pandas as pd

        columns = ["conflict", "irreducible", "path", "kind", "words"]
        rows = [
            (number, conflict.irreducible, member.path, member.kind, member.words)
            for number, conflict in enumerate(self.conflicts, start=1)
            for member in conflict.members
        ]
        return pd.DataFrame(rows, columns=columns)


def conflicts(
    portfolio: Portfolio,
    *,
    limit: int = LIMIT,
    repairs: bool = True,
    time_limit: float = 60.0,
    gap: float = 0.0,
    max_solves: int = MOST_SOLVES,
    workers: int | None = None,
    backend: str = "auto",
    seed: int = 0,
    reproducible: bool = False,
    executor: Executor | None = None,
    on_progress: Callable[[Step], None] | None = None,
    stop: threading.Event | None = None,
) -> Conflicts:
    """Return which rules of a portfolio clash, and what the cheapest repair is.

    A rule is what users stated: a fund, a cap, the capacity of a skill, a rule, a must, a
    deadline, a link and so on; not what projects need, and nothing that has a price. Sets of
    rules are tested by solving for any plan that keeps them. Only what is proved to have no
    plan counts as a conflict, and only what was shown to have one as free of it. Capacity is
    that of skills; staffing by name is not looked at.

    Parameters
    ----------
    portfolio
        Valid, but for findings that say themselves that decisions and rules clash.
    limit
        Most conflicts; at least one is there where the portfolio has no plan.
    repairs
        Whether to look for repairs.
    time_limit, backend, seed, reproducible
        Of each solve, as in `pmo_optimizer.optimize`.
    gap
        Relative gap at which a repair is cheap enough.
    max_solves
        Most solves in all, but for those of repairs.
    workers
        Threads on this machine, which the solves share; all cores by default. With an
        executor: threads of each solve, 2 by default.
    executor
        Where the solves run; by default processes on this machine. Scripts then need
        ``if __name__ == "__main__":``.
    on_progress
        Called after every solve.
    stop
        Set it, or press Ctrl-C, to get the conflicts that are there so far.

    Raises
    ------
    InvalidInput
        With every finding about the portfolio, where one is an error that is no clash.
    Unsupported
        The engine does not exist or does not support what the portfolio asks for.
    ValueError
        An option is out of range.
    """
    if limit < 1 or max_solves < 1:
        raise ValueError("limit and max_solves must be at least 1")
    began = time.monotonic()
    relaxer = Relaxer(portfolio)
    processes, threads = shares(AT_ONCE, workers)
    if executor is not None:
        threads = workers or THREADS
    options = Options(time_limit, gap, threads, backend, seed, reproducible)
    with Batches(executor, processes, on_progress, stop) as batches:
        tests = Tests(relaxer, options, batches, max_solves)
        tree = _explored(tests, relaxer.paths, limit)
        found = repairs_of(portfolio, tests, tree) if repairs and tree.cores else ()
    whole = tests.known(frozenset(relaxer.paths))
    plan = tests.plan_of(frozenset(relaxer.paths))
    return Conflicts(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        currency=portfolio.currency,
        answer={True: Answer.FEASIBLE, False: Answer.INFEASIBLE, None: Answer.UNKNOWN}[whole],
        selected=() if plan is None else plan.selected,
        conflicts=tuple(_conflict(portfolio, tests, core) for core in tree.cores),
        complete=tree.complete,
        repairs=found,
        rules=len(relaxer.paths),
        solves=tests.solves,
        stopped=tests.stopped,
        seconds=time.monotonic() - began,
    )


def _explored(tests: Tests, paths: Sequence[str], limit: int) -> Tree:
    """Return conflicts and corrections of all that is stated; none where there is a plan."""
    answer = tests.ask([frozenset(paths)])[0]
    if answer is not False:
        return Tree(complete=answer is True)
    return explore(tests, paths, limit, core_of(tests, paths))


def _conflict(portfolio: Portfolio, tests: Tests, core: Core) -> Conflict:
    known = {member.path: member for member in tests.members}
    members = tuple(known[path] for path in core.members)
    whole = frozenset(core.members)
    plans = {path: tests.plan_of(whole - {path}) for path in core.members}
    facts = facts_of(portfolio, members)
    return Conflict(
        members=members,
        irreducible=core.irreducible,
        facts=facts,
        witnesses=tuple(
            Without(dropped=path, selected=plan.selected)
            for path, plan in plans.items()
            if plan is not None
        ),
        words=_sentence(members, facts, irreducible=core.irreducible),
    )


def _sentence(members: Sequence[Member], facts: Sequence[str], *, irreducible: bool) -> str:
    if not members:
        return (
            "Even without any rule there is no plan: durations, needs and the calendar "
            "leave no room."
        )
    said = "; ".join([member.words for member in members])
    needs = f" ({'; '.join(facts)})" if facts else ""
    open_end = "" if irreducible else " Maybe not all of them are needed for that."
    if len(members) == 1:
        return f"This cannot hold, even alone: {said}{needs}.{open_end}"
    return f"These {len(members)} cannot hold together: {said}{needs}.{open_end}"
