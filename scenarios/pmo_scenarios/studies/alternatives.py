"""Plans that are nearly as good as the best one, and select something else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pmo_optimizer import (
    Choose,
    Frozen,
    Plan,
    Portfolio,
    State,
    Status,
    Termination,
    TermName,
    TermResult,
    require_valid,
)
from pmo_scenarios.bounds import FUZZ, gap_between
from pmo_scenarios.runs import Options, Step
from pmo_scenarios.series import Request, Series
from pmo_scenarios.studies.figures import Figures, figures_of
from pmo_scenarios.studies.forced import settled
from pmo_scenarios.studies.results import Study

if TYPE_CHECKING:
    import pandas

GROUP = "differs-from-plan"
"""Id of the choose groups that keep plans apart, with a number."""


class Ended(StrEnum):
    """Why no further plan is listed.

    ``enough``: as many as were wanted are there. ``proved``: no further plan exists. ``limit``:
    time or work ran out before one was found or excluded. ``open``: the search ended by itself
    or failed, without a further plan, and none is excluded. ``stopped``: somebody asked to
    stop. ``no_best``: the portfolio itself has no plan, or none was found.
    """

    ENOUGH = "enough"
    PROVED = "proved"
    LIMIT = "limit"
    OPEN = "open"
    STOPPED = "stopped"
    NO_BEST = "no_best"


class Alternative(Frozen):
    """One plan of the list.

    Attributes
    ----------
    id
        ``plan-1`` for the first one, which was sought without conditions.
    status, termination, objective, message, seconds
        As in `Plan`. From the second plan on ``optimal`` means: among the plans that differ
        enough from all before.
    bound
        No plan that differs enough from all before is better. Where a plan that was found
        earlier is too far behind to be listed, this is the bound of the first solve.
    figures
        Key figures.
    selected
        Ids of the selected projects, sorted.
    enters, leaves
        Projects that are selected here and not in the first plan, and the other way round.
    behind
        How much worse the objective is than the best found; 0 for the best.
    behind_at_most
        How much worse it can be than the best possible; null without a bound.
    within_best_possible
        Whether it is proven to be near enough to the best possible, not only to the best found.
    plan
        The plan itself, as one of the portfolio: its bound and gap are those of the first
        solve. Left out of JSON.
    """

    id: str
    status: Status
    termination: Termination
    objective: float
    bound: float | None = None
    message: str = ""
    seconds: float = 0.0
    figures: Figures | None = None
    selected: tuple[str, ...] = ()
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    behind: float = 0.0
    behind_at_most: float | None = None
    within_best_possible: bool = False
    plan: Plan | None = Field(default=None, exclude=True, repr=False)


class Chosen(Frozen):
    """In how many of the plans a project is selected."""

    project: str
    plans: int


class Alternatives(Study):
    """Plans near the best one that pairwise differ in enough projects.

    Attributes
    ----------
    portfolio, digest, currency
        Of what was solved.
    term, maximised
        The first term of the objective, and whether more of it is better.
    wanted, within, differences
        What was asked for.
    status, termination, message
        Of the first solve.
    best, bound
        Best objective found, and the proven bound on what is possible.
    floor
        What a plan must reach to be listed: the best found, worsened by ``within`` times its
        amount.
    plans
        In the order in which they were found; each is the best found among those that differ
        enough from all before.
    distances
        Row and column i: in how many projects plan i selects otherwise than each other plan.
    core
        Projects that every plan selects.
    optional
        Projects that some plans select and some do not, most often selected first.
    ended, reason
        Why there are no more, and that in words.
    seconds
        Wall clock of all solves.
    """

    portfolio: str
    digest: str
    currency: str
    term: TermName
    maximised: bool
    wanted: int
    within: float
    differences: int
    status: Status | None = None
    termination: Termination | None = None
    message: str = ""
    best: float | None = None
    bound: float | None = None
    floor: float | None = None
    plans: tuple[Alternative, ...] = ()
    distances: tuple[tuple[int, ...], ...] = ()
    core: tuple[str, ...] = ()
    optional: tuple[Chosen, ...] = ()
    ended: Ended
    reason: str = ""
    seconds: float = 0.0

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per project that some plan selects, one column per plan.

        Columns: project, plan-1, plan-2, ... (whether it is selected), plans (in how many).
        """
        import pandas as pd

        names = sorted({name for plan in self.plans for name in plan.selected})
        columns: dict[str, list[object]] = {"project": list(names)}
        for plan in self.plans:
            columns[plan.id] = [name in plan.selected for name in names]
        columns["plans"] = [sum(name in p.selected for p in self.plans) for name in names]
        return pd.DataFrame(columns)


def alternatives(
    portfolio: Portfolio,
    *,
    plans: int = 5,
    within: float = 0.05,
    differences: int = 1,
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int | None = None,
    backend: str = "auto",
    seed: int = 0,
    reproducible: bool = False,
    staffing: Literal["capacity", "named"] = "capacity",
    executor: Executor | None = None,
    on_progress: Callable[[Step], None] | None = None,
    stop: threading.Event | None = None,
) -> Alternatives:
    """Return plans that are nearly as good as the best one and select other projects.

    The best plan comes first. Each further one is the best among those that differ from all
    before in enough projects, as long as it is good enough. Every plan is refereed.

    What counts is the objective, prices included: the first term, or the weighted sum. Where
    several terms are optimized in order, ``within`` takes the place of the first one's
    tolerance, which is set to 0.

    Parameters
    ----------
    portfolio
        What to plan.
    plans
        Most plans, the best one included; at least 1.
    within
        How much worse than the best found a plan may be, as a part of it: 0.05 for 5 %. Where
        the objective is maximised a plan reaches best - within x abs(best), where it is
        minimised it is at most best + within x abs(best).
    differences
        In how many projects, at least, any two plans select differently; at least 1. One
        project for another one counts 2.
    time_limit, gap, backend, seed, reproducible, staffing
        Of each solve, as in `pmo_optimizer.optimize`.
    workers
        Threads on this machine; all cores by default. With an executor: threads of each solve,
        2 by default.
    executor
        Where the solves run; by default processes on this machine. Scripts then need
        ``if __name__ == "__main__":``.
    on_progress
        Called after every solve.
    stop
        Set it, or press Ctrl-C, to get the plans that are there so far.

    Raises
    ------
    InvalidInput
        With every finding about the portfolio.
    Unsupported
        The engine does not exist or does not support what the portfolio asks for.
    ValueError
        An option is out of range.
    """
    if plans < 1 or differences < 1:
        raise ValueError("plans and differences must be at least 1")
    if not 0 <= within < 1:
        raise ValueError(f"within must be at least 0 and below 1, not {within}")
    require_valid(portfolio)
    began = time.monotonic()
    options = Options(time_limit, gap, 1, backend, seed, reproducible, staffing)
    with Series(
        options, workers=workers, executor=executor, on_progress=on_progress, stop=stop
    ) as series:
        series.expected = plans
        search = _Search(portfolio, series, plans, within, differences)
        search.run()
    return search.result(time.monotonic() - began)


SHORT = frozenset({Termination.TIME_LIMIT, Termination.WORK_LIMIT})
"""Terminations of a solve that could have gone on."""


class _Search:
    """The best plan, then one more as long as there is a good one."""

    def __init__(
        self, portfolio: Portfolio, series: Series, wanted: int, within: float, differences: int
    ) -> None:
        self.portfolio = portfolio
        self.solved = strict(portfolio)
        self.series = series
        self.wanted = wanted
        self.within = within
        self.differences = differences
        self.sign = 1 if portfolio.objective.maximised else -1
        self.first: Plan | None = None
        self.plans: list[Plan] = []
        self._apart_from: list[frozenset[int]] = []
        self.ended = Ended.ENOUGH
        self.reason = ""

    def run(self) -> None:
        """Solve until the end is known."""
        self.first = self.series.solve([Request("plan-1", self.solved)]).get("plan-1")
        if self.first is None or not self.first.found:
            stopped = self.series.over
            self.ended = Ended.STOPPED if stopped else Ended.NO_BEST
            self.reason = "" if self.first is None else self.first.message
            return
        self._add(self.first, frozenset())
        while len(self.kept) < self.wanted and self._another():
            pass

    def _add(self, plan: Plan, apart_from: frozenset[int]) -> None:
        self.plans.append(plan)
        self._apart_from.append(apart_from)

    @property
    def kept(self) -> tuple[int, ...]:
        """Places of the plans that are good enough: a better one leaves some too far behind."""
        return tuple(n for n, plan in enumerate(self.plans) if self._reaches(plan.objective))

    def _another(self) -> bool:
        """Look for one more plan; note why there is none.

        It must differ from the plans that are still good enough, and from no others: only then
        it is known of what is left out that it is too far behind.
        """
        kept = frozenset(self.kept)
        target = apart(self.solved, [self.plans[n] for n in sorted(kept)], self.differences)
        if target is None:
            return self._end(Ended.PROVED, "fewer projects than that are open to decide")
        target, proof = settled(target)
        if proof:
            return self._end(Ended.PROVED, proof)
        key, last = f"plan-{len(self.plans) + 1}", self.plans[-1]
        tighter = self._apart_from[-1] <= kept
        bound = last.bound if tighter else self.plans[0].bound
        plan = self.series.solve([Request(key, target, last, bound)]).get(key)
        if plan is not None and plan.found and self._reaches(plan.objective):
            self._add(plan, kept)
            return not self.series.over or len(self.kept) >= self.wanted or self._stopped()
        if plan is not None and self._excluded(plan):
            return self._end(Ended.PROVED, "")
        if self.series.over:
            return self._stopped()
        short = plan is not None and plan.termination in SHORT
        return self._end(Ended.LIMIT if short else Ended.OPEN, _why_open(plan))

    def _stopped(self) -> bool:
        return self._end(Ended.STOPPED, "")

    def _end(self, ended: Ended, reason: str) -> bool:
        self.ended, self.reason = ended, reason
        return False

    @property
    def best(self) -> float:
        """Best objective found."""
        return self.sign * max(self.sign * value for value in map(_objective, self.plans))

    @property
    def floor(self) -> float:
        """Worst objective that is good enough."""
        return floor_of(self.best, self.within, self.sign)

    @property
    def _fuzz(self) -> float:
        return FUZZ * max(1.0, abs(self.best))

    def _reaches(self, objective: float | None) -> bool:
        return objective is not None and self.sign * (objective - self.floor) >= -self._fuzz

    def _excluded(self, plan: Plan) -> bool:
        """Return whether it is proven that no further plan is good enough."""
        if plan.status is Status.INFEASIBLE:
            return True
        return plan.bound is not None and self.sign * (plan.bound - self.floor) < -self._fuzz

    def result(self, seconds: float) -> Alternatives:
        """Return what was found; a plan that a later one leaves too far behind is left out."""
        portfolio, first = self.portfolio, self.first
        places = self.kept
        kept = [self.plans[n] for n in places]
        inside = [frozenset(plan.selected) for plan in kept]
        counts = {n: sum(n in one for one in inside) for one in inside for n in one}
        optional = [Chosen(project=n, plans=k) for n, k in counts.items() if k < len(kept)]
        return Alternatives(
            portfolio=portfolio.name,
            digest=portfolio.digest(),
            currency=portfolio.currency,
            term=portfolio.objective.terms[0].term,
            maximised=portfolio.objective.maximised,
            wanted=self.wanted,
            within=self.within,
            differences=self.differences,
            status=None if first is None else first.status,
            termination=None if first is None else first.termination,
            message="" if first is None else first.message,
            best=self.best if kept else None,
            bound=None if first is None else first.bound,
            floor=self.floor if kept else None,
            plans=tuple(self._alternative(n, place) for n, place in enumerate(places, start=1)),
            distances=tuple(tuple(len(a ^ b) for b in inside) for a in inside),
            core=tuple(sorted(n for n, k in counts.items() if k == len(kept))),
            optional=tuple(sorted(optional, key=lambda c: (-c.plans, c.project))),
            ended=self.ended,
            reason=self.reason,
            seconds=seconds,
        )

    def _alternative(self, number: int, place: int) -> Alternative:
        plan = self.plans[place]
        objective, bound = _objective(plan), self.plans[0].bound
        own = self._apart_from[place] <= frozenset(self.kept)
        whole = _as_plan_of(self.portfolio, plan, bound)
        old, new = set(self.plans[0].selected), set(plan.selected)
        near, most = False, None
        if bound is not None:
            most = max(0.0, self.sign * (bound - objective))
            least = floor_of(bound, self.within, self.sign)
            near = self.sign * (objective - least) >= -self._fuzz
        return Alternative(
            id=f"plan-{number}",
            status=plan.status if own else whole.status,
            termination=plan.termination,
            objective=objective,
            bound=plan.bound if own else bound,
            message=plan.message,
            seconds=plan.seconds,
            figures=figures_of(plan),
            selected=plan.selected,
            enters=tuple(sorted(new - old)),
            leaves=tuple(sorted(old - new)),
            behind=max(0.0, self.sign * (self.best - objective)),
            behind_at_most=most,
            within_best_possible=near,
            plan=whole,
        )


def _as_plan_of(portfolio: Portfolio, plan: Plan, bound: float | None) -> Plan:
    """Return a plan of a tighter portfolio as one of this one, with what is proven here."""
    distance = gap_between(plan.objective, bound)
    best = distance is not None and distance <= FUZZ
    return plan.model_copy(
        update={
            "digest": portfolio.digest(),
            "status": Status.OPTIMAL if best else Status.FEASIBLE,
            "bound": bound,
            "gap": distance,
            "terms": tuple(TermResult(term=t.term, value=t.value) for t in plan.terms),
        }
    )


def strict(portfolio: Portfolio) -> Portfolio:
    """Return the portfolio whose later terms may not worsen the first one."""
    goals = portfolio.objective
    first = goals.terms[0].model_copy(update={"abs_tol": Decimal(0), "rel_tol": Decimal(0)})
    if first == goals.terms[0]:
        return portfolio
    goals = goals.model_copy(update={"terms": (first, *goals.terms[1:])})
    return portfolio.model_copy(update={"objective": goals})


def _objective(plan: Plan) -> float:
    return 0.0 if plan.objective is None else plan.objective


def _why_open(plan: Plan | None) -> str:
    if plan is None:
        return ""
    return plan.message or f"the solve ended with {plan.status.value} ({plan.termination.value})"


def floor_of(best: float, within: float, sign: int) -> float:
    """Return the worst objective that is within a part of another one.

    Examples
    --------
    >>> floor_of(100, 0.05, 1), floor_of(100, 0.05, -1), floor_of(-100, 0.05, 1)
    (95.0, 105.0, -105.0)
    """
    return best - sign * within * abs(best)


def apart(portfolio: Portfolio, plans: Sequence[Plan], differences: int) -> Portfolio | None:
    """Return the portfolio whose plans differ from each given one in enough projects.

    Done projects are decided, and count as no difference. None where fewer projects are left
    than must differ.
    """
    names = sorted(p.id for p in portfolio.projects if p.state is not State.DONE)
    if len(names) < differences:
        return None
    taken = {group.id for group in portfolio.choose} | set(portfolio.project_by_id)
    groups = []
    for number, plan in enumerate(plans, start=1):
        inside = set(plan.selected)
        groups.append(
            Choose(
                id=_free_id(f"{GROUP}-{number}", taken),
                projects=tuple(name for name in names if name not in inside),
                unselected=tuple(name for name in names if name in inside),
                min=differences,
                max=len(names),
            )
        )
    return portfolio.model_copy(update={"choose": (*portfolio.choose, *groups)})


def _free_id(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-"
    return name
