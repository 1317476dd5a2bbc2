"""The base and its scenarios, solved and side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pmo_optimizer import (
    Finding,
    Frozen,
    InvalidInput,
    Plan,
    Portfolio,
    ProjectKpi,
    Severity,
    Status,
    Termination,
    TermName,
    require_valid,
)
from pmo_scenarios.runs import THREADS, Job, Options, Step, run_jobs, shares
from pmo_scenarios.scenario import Scenario, require_distinct
from pmo_scenarios.studies.figures import (
    Figures,
    Interval,
    Move,
    Reassignment,
    figures_of,
    gain,
    moves,
    reassigned,
)
from pmo_scenarios.studies.results import Study
from pmo_scenarios.studies.shown import comparison_html

if TYPE_CHECKING:
    import pandas

BASE = "base"
"""What the portfolio without changes is called among the cases."""


class Case(Frozen):
    """The base or a scenario, and what is different in it.

    Attributes
    ----------
    id, name
        Of the scenario; ``base`` for the portfolio without changes.
    status, termination, objective, bound, gap, message, seconds
        As in `Plan`.
    digest
        Of the portfolio that was solved.
    figures
        Key figures; null where there is no plan.
    selected
        Ids of the selected projects, sorted.
    parts
        What each selected project adds to the figures, as in `Plan.kpis`.
    enters, leaves
        Projects that are selected here and not in the base, and the other way round.
    moves
        Projects that are selected in both, at other times or in other modes.
    reassigned
        In plans by name, who works on other phases of projects that are selected in both.
    gained
        How much better the objective is than in the base.
    per_money, per_effort
        That, per unit of money that is spent more than in the base, and per FTE-period;
        null where that does not differ. Where less is spent, it is what a unit saved costs.
    plan
        The plan itself; left out of JSON.
    """

    id: str
    name: str = ""
    status: Status
    termination: Termination
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    message: str = ""
    seconds: float = 0.0
    digest: str = ""
    figures: Figures | None = None
    selected: tuple[str, ...] = ()
    parts: tuple[ProjectKpi, ...] = ()
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    reassigned: tuple[Reassignment, ...] = ()
    gained: Interval | None = None
    per_money: Interval | None = None
    per_effort: Interval | None = None
    plan: Plan | None = Field(default=None, exclude=True, repr=False)


class Comparison(Study):
    """Base and scenarios side by side.

    Attributes
    ----------
    portfolio, digest, currency
        Of the base.
    term, maximised
        The first term of the objective, and whether more of it is better.
    cases
        The base first, then the scenarios in their order; those that a stop left unsolved
        are in ``missing``.
    missing
        Ids of cases that were not solved.
    seconds
        Wall clock of all solves.
    """

    portfolio: str
    digest: str
    currency: str
    term: TermName
    maximised: bool
    cases: tuple[Case, ...] = ()
    missing: tuple[str, ...] = ()
    seconds: float = 0.0

    def _repr_html_(self) -> str:
        """Return what notebooks show: the cases as a table, with differences from the base."""
        return comparison_html(self)

    def case(self, name: str) -> Case:
        """Return the case of that id; KeyError where there is none."""
        for case in self.cases:
            if case.id == name:
                return case
        raise KeyError(name)

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per case.

        Columns: case, name, status, objective, bound, gap, value, benefit, npv, cost,
        effort, projects, gained, gained_low, gained_high, per_money, per_effort, enters,
        leaves, moves (numbers of projects).
        """
        import pandas as pd

        return pd.DataFrame([_row(case) for case in self.cases])


def _row(case: Case) -> Mapping[str, object]:
    figures, gained = case.figures, case.gained
    names = ("value", "benefit", "npv", "cost", "effort")
    return {
        "case": case.id,
        "name": case.name,
        "status": case.status.value,
        "objective": case.objective,
        "bound": case.bound,
        "gap": case.gap,
        **{name: None if figures is None else getattr(figures, name) for name in names},
        "projects": None if figures is None else figures.selected,
        "gained": None if gained is None else gained.value,
        "gained_low": None if gained is None else gained.low,
        "gained_high": None if gained is None else gained.high,
        "per_money": None if case.per_money is None else case.per_money.value,
        "per_effort": None if case.per_effort is None else case.per_effort.value,
        "enters": len(case.enters),
        "leaves": len(case.leaves),
        "moves": len(case.moves),
    }


def compare(
    portfolio: Portfolio,
    scenarios: Sequence[Scenario],
    *,
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
) -> Comparison:
    """Solve a portfolio and its scenarios, and return them side by side.

    The base comes first, and its plan is what the scenarios begin with, except in
    ``reproducible`` mode. Every plan is refereed.

    Parameters
    ----------
    portfolio
        The base.
    scenarios
        With different ids, none of which is ``base``.
    time_limit, gap, backend, seed, reproducible, staffing
        Of each solve, as in `pmo_optimizer.optimize`.
    workers
        Threads on this machine, which the solves share; all cores by default. With an
        executor: threads of each solve, 2 by default.
    executor
        Where the solves run; by default processes on this machine. Scripts then need
        ``if __name__ == "__main__":``.
    on_progress
        Called after every solve.
    stop
        Set it, or press Ctrl-C, to get what is there so far: cases that were not begun are
        missing, those that ran have their best plan.

    Raises
    ------
    InvalidInput
        With every finding about the portfolio, or about all scenarios.
    Unsupported
        The engine does not exist or does not support what a portfolio asks for.
    ValueError
        An option is out of range.
    """
    require_valid(portfolio)
    began = time.monotonic()
    changed = _apply(portfolio, require_distinct(scenarios))
    processes, threads = shares(max(1, len(changed)), workers)
    alone = processes * threads
    if executor is not None:
        threads = alone = workers or THREADS
    if reproducible:
        alone = threads

    def options(number: int) -> Options:
        return Options(time_limit, gap, number, backend, seed, reproducible, staffing)

    start = None if reproducible else BASE
    jobs = [
        Job(BASE, portfolio, options(alone)),
        *(Job(name, target, options(threads), start) for name, target in changed.items()),
    ]
    plans = run_jobs(
        jobs, executor=executor, processes=processes, on_progress=on_progress, stop=stop
    )
    names = {scenario.id: scenario.name for scenario in scenarios}
    return beside(
        portfolio,
        plans,
        names,
        missing=tuple(job.key for job in jobs if job.key not in plans),
        seconds=time.monotonic() - began,
    )


def beside(
    portfolio: Portfolio,
    plans: Mapping[str, Plan],
    names: Mapping[str, str] | None = None,
    *,
    missing: tuple[str, ...] = (),
    seconds: float = 0.0,
) -> Comparison:
    """Put plans that are there already side by side.

    Parameters
    ----------
    portfolio
        The base.
    plans
        By the id of their scenario; that of the base is called ``base``. They are trusted to be
        of the base and of its scenarios.
    names
        Of the scenarios, by id.
    missing
        Ids of cases without a plan.
    seconds
        Wall clock of all solves.
    """
    called = {} if names is None else names
    before = plans.get(BASE)
    return Comparison(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        currency=portfolio.currency,
        term=portfolio.objective.terms[0].term,
        maximised=portfolio.objective.maximised,
        cases=tuple(_case(portfolio, k, called.get(k, ""), p, before) for k, p in plans.items()),
        missing=missing,
        seconds=seconds,
    )


def _apply(base: Portfolio, scenarios: Sequence[Scenario]) -> dict[str, Portfolio]:
    """Return the changed portfolios by scenario; InvalidInput with the findings of all."""
    changed: dict[str, Portfolio] = {}
    findings: list[Finding] = []
    for scenario in scenarios:
        if scenario.id == BASE:
            findings.append(
                Finding(
                    Severity.ERROR,
                    "duplicate-id",
                    f"scenarios/{BASE}",
                    f"{BASE} is what the portfolio without changes is called.",
                    "Give the scenario another id.",
                )
            )
            continue
        try:
            changed[scenario.id] = scenario.apply(base)
        except InvalidInput as error:
            findings += error.findings
    if findings:
        raise InvalidInput(tuple(findings))
    return changed


def _case(base: Portfolio, key: str, name: str, plan: Plan, before: Plan | None) -> Case:
    case = Case(
        id=key,
        name=name,
        status=plan.status,
        termination=plan.termination,
        objective=plan.objective,
        bound=plan.bound,
        gap=plan.gap,
        message=plan.message,
        seconds=plan.seconds,
        digest=plan.digest,
        figures=figures_of(plan),
        selected=plan.selected if plan.found else (),
        parts=plan.kpis.projects if plan.found else (),
        plan=plan,
    )
    if key == BASE or before is None or not (before.found and plan.found):
        return case
    old, new = set(before.selected), set(plan.selected)
    gained = gain(base, before, plan)
    figures, past = figures_of(plan), figures_of(before)
    update: dict[str, object] = {
        "enters": tuple(sorted(new - old)),
        "leaves": tuple(sorted(old - new)),
        "moves": moves(before, plan),
        "reassigned": reassigned(before, plan),
        "gained": gained,
    }
    if gained is not None and figures is not None and past is not None:
        update["per_money"] = gained.per(figures.cost - past.cost)
        update["per_effort"] = gained.per(figures.effort - past.effort)
    return case.model_copy(update=update)
