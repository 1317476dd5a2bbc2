"""Which projects stay in the plan whatever happens, and what a plan loses where data differ."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from pmo_optimizer import (
    Decision,
    Finding,
    Frozen,
    InvalidInput,
    Plan,
    Portfolio,
    Severity,
    State,
    Status,
    Termination,
    TermName,
    require_valid,
)
from pmo_scenarios.changes import Decide, Freeze
from pmo_scenarios.runs import THREADS, Job, Options, Step, shares
from pmo_scenarios.scenario import baseline_of
from pmo_scenarios.series import Batches
from pmo_scenarios.studies.figures import Interval, gain
from pmo_scenarios.studies.forced import impossible, settled, unanswered
from pmo_scenarios.studies.results import Study
from pmo_scenarios.studies.robustness.draws import Draw, changed, changes_of, extreme, sampled
from pmo_scenarios.studies.robustness.simulation import Played, Simulation, simulate
from pmo_scenarios.studies.robustness.uncertainty import Uncertainty

if TYPE_CHECKING:
    import pandas

BASE = "base"
"""What the solve of the portfolio as it is, is called."""

KEPT, HELD = "kept", "held"
"""Solves with the plan's projects at any time, and with the plan as it is."""


class Core(StrEnum):
    """Whether a project is in the plans of all cases, of some, or of none."""

    ALWAYS = "always"
    BORDERLINE = "borderline"
    NEVER = "never"


class CoreIndex(Frozen):
    """How often a project is in the best plan found.

    Attributes
    ----------
    share
        Part of the cases with a plan, 0 to 1.
    in_plan
        Whether the plan that is studied selects it.
    """

    project: str
    share: float
    core: Core
    in_plan: bool


class CaseResult(Frozen):
    """One case: the best plan found in it, and what the studied plan is worth there.

    Attributes
    ----------
    id
        ``favourable``, ``adverse``, or ``case-1``, ``case-2``, ...
    status, termination, objective, bound, gap, message
        Of the best plan found in the case, as in `Plan`.
    selected
        Its projects.
    kept
        What the studied plan's projects are worth in the case, at whatever times; null where
        they cannot all be done, or no plan was found.
    kept_status
        Of that.
    held
        What the plan as it is, dates and modes included, is worth; null where it does not
        hold any more.
    held_status
        ``infeasible`` proves that the plan does not hold.
    regret
        How much better the best plan is than the kept projects; low and high as in `Interval`.
    """

    id: str
    status: Status
    termination: Termination
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    message: str = ""
    selected: tuple[str, ...] = ()
    kept: float | None = None
    kept_status: Status = Status.NO_PLAN_FOUND
    held: float | None = None
    held_status: Status = Status.NO_PLAN_FOUND
    regret: Interval | None = None


class Robustness(Study):
    """A plan, and the cases in which it was looked at.

    Attributes
    ----------
    portfolio, digest, currency
        Of the portfolio as it is.
    term, maximised
        The first term of the objective, and whether more of it is better.
    objective, selected
        Of the studied plan.
    cases
        The extremes first; those that a stop left unsolved are in ``missing``.
    core
        Every project that is not done, by falling share.
    simulation
        Null where none was asked for.
    plan
        The studied plan; left out of JSON.
    seconds
        Wall clock.
    """

    portfolio: str
    digest: str
    currency: str
    term: TermName
    maximised: bool
    seed: int
    status: Status
    objective: float | None = None
    selected: tuple[str, ...] = ()
    cases: tuple[CaseResult, ...] = ()
    missing: tuple[str, ...] = ()
    core: tuple[CoreIndex, ...] = ()
    simulation: Simulation | None = None
    plan: Plan | None = Field(default=None, exclude=True, repr=False)
    seconds: float = 0.0

    @property
    def worst_gap(self) -> float | None:
        """Largest gap of the cases: how sure the core index is; None without a bound."""
        gaps = [case.gap for case in self.cases if case.selected or case.objective is not None]
        known = [gap for gap in gaps if gap is not None]
        return max(known) if known and len(known) == len(gaps) else None

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per project: project, share, core, in_plan."""
        import pandas as pd

        return pd.DataFrame([row.model_dump(mode="json") for row in self.core])

    def cases_frame(self) -> pandas.DataFrame:
        """Return one row per case.

        Columns: case, status, objective, bound, gap, projects, kept, kept_status, held,
        held_status, regret, regret_low, regret_high.
        """
        import pandas as pd

        return pd.DataFrame([_row(case) for case in self.cases])


def _row(case: CaseResult) -> dict[str, object]:
    regret = case.regret
    return {
        "case": case.id,
        "status": case.status.value,
        "objective": case.objective,
        "bound": case.bound,
        "gap": case.gap,
        "projects": len(case.selected),
        "kept": case.kept,
        "kept_status": case.kept_status.value,
        "held": case.held,
        "held_status": case.held_status.value,
        "regret": None if regret is None else regret.value,
        "regret_low": None if regret is None else regret.low,
        "regret_high": None if regret is None else regret.high,
    }


def robustness(
    portfolio: Portfolio,
    uncertainty: Uncertainty,
    *,
    plan: Plan | None = None,
    cases: int = 20,
    simulated: int = 1000,
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int | None = None,
    backend: str = "auto",
    seed: int = 0,
    reproducible: bool = False,
    executor: Executor | None = None,
    on_progress: Callable[[Step | Played], None] | None = None,
    stop: threading.Event | None = None,
) -> Robustness:
    """Look at a plan where data differ from what was expected.

    Each drawn case and the two extremes are solved: that gives the core index. In each the
    plan's projects are kept, and the plan as it is, is held: that gives the regret, and how
    often the plan holds. Then the plan is played through many cases, see `simulate`.

    Parameters
    ----------
    portfolio, uncertainty
        The portfolio, and what varies.
    plan
        The plan to study; by default the portfolio is solved first.
    cases
        Drawn cases that are solved, beside the extremes; with 0 nothing is solved but these.
        Each is up to three solves.
    simulated
        Drawn cases that are played; 0 for none. Case ``k`` is the same in both.
    time_limit, gap, backend, reproducible
        Of each solve, as in `pmo_optimizer.optimize`.
    workers
        Threads on this machine; all cores by default. With an executor: of each solve.
    seed
        Of the draws, and of the engines.
    executor
        Where solves and cases run; by default processes on this machine. Scripts then need
        ``if __name__ == "__main__":``.
    on_progress
        Called after every solve, and as cases are played.
    stop
        Set it, or press Ctrl-C, to get what is there so far.

    Raises
    ------
    InvalidInput
        With every finding about the portfolio or the uncertainty; or the plan is of another
        portfolio.
    Unsupported
        The engine does not exist or does not support what a portfolio asks for.
    ValueError
        An option is out of range.
    """
    require_valid(portfolio)
    variables = uncertainty.variables(portfolio)
    if plan is not None:
        _require_own(portfolio, plan)
    began = time.monotonic()
    stop = stop or threading.Event()
    draws = [extreme(variables, favourable=True), extreme(variables, favourable=False)]
    draws += [sampled(variables, seed, case) for case in range(1, cases + 1)]
    processes, threads = shares(len(draws), workers)
    alone = processes * threads
    if executor is not None:
        threads = alone = workers or THREADS
    if reproducible:
        alone = threads

    def options(number: int) -> Options:
        return Options(time_limit, gap, number, backend, seed, reproducible)

    with Batches(executor, processes, on_progress, stop) as batches:
        if plan is None:
            plan = batches.run([Job(BASE, portfolio, options(alone))]).get(BASE)
        study = _Study(portfolio, plan, options(threads), warm=not reproducible)
        if plan is not None and plan.found:
            study.add(draws, batches.run(study.jobs(draws)))
        if plan is not None and plan.found and simulated and not batches.over:
            study.simulation = simulate(
                portfolio,
                plan,
                uncertainty,
                cases=simulated,
                seed=seed,
                workers=processes,
                executor=executor,
                on_progress=on_progress,
                stop=stop,
            )
    return study.result(seed, time.monotonic() - began)


def _require_own(portfolio: Portfolio, plan: Plan) -> None:
    if plan.digest != portfolio.digest() or not plan.found:
        raise InvalidInput(
            (
                Finding(
                    Severity.ERROR,
                    "wrong-portfolio" if plan.found else "no-plan",
                    "plan",
                    "The plan is of another portfolio, or of another version of this one."
                    if plan.found
                    else f"The plan has no decisions: {plan.status.value}.",
                    "Solve this portfolio, and study that plan.",
                ),
            )
        )


class _Study:
    """The solves of the cases, and what they say together."""

    def __init__(
        self, portfolio: Portfolio, plan: Plan | None, options: Options, *, warm: bool
    ) -> None:
        self.simulation: Simulation | None = None
        self._portfolio = portfolio
        self._plan = plan
        self._options = options
        self._warm = warm
        self._told: dict[str, Plan] = {}
        self._cases: list[CaseResult] = []
        self._missing: list[str] = []

    def jobs(self, draws: Sequence[Draw]) -> list[Job]:
        """Return up to three solves for each case; the best one begins with the kept one.

        Where checks prove that there is no plan, or refuse a case, that is the answer.
        """
        jobs: list[Job] = []
        for draw in draws:
            case = changed(self._portfolio, changes_of(self._portfolio, draw))
            kept = self._job(f"{draw.id} {KEPT}", case, self._keeping())
            held = self._job(f"{draw.id} {HELD}", case, [*self._keeping(), *self._holding()])
            best = self._job(draw.id, case, [])
            jobs += [job for job in (kept, held) if job is not None]
            if best is not None:
                start = kept.key if kept is not None and self._warm else self._start
                jobs.append(replace(best, start=start))
        return jobs

    @property
    def _start(self) -> Plan | None:
        return self._plan if self._warm else None

    def _job(self, key: str, case: Portfolio, more: list[Decide | Freeze]) -> Job | None:
        """Return a solve of a case with something kept or held; None where it is answered."""
        try:
            portfolio, proof = settled(changed(case, more))
        except InvalidInput as error:
            self._told[key] = unanswered(case, error.findings[0].message)
            return None
        if proof:
            self._told[key] = impossible(portfolio, proof)
            return None
        return Job(key, portfolio, self._options, self._start)

    def _keeping(self) -> list[Decide | Freeze]:
        """Return the decisions that keep the plan's projects."""
        free = [
            p
            for p in self._portfolio.projects
            if p.decision is Decision.FREE
            and (p.state is State.PROPOSED or (p.state is State.RUNNING and p.stoppable))
        ]
        inside = set(self._plan.selected) if self._plan is not None else set()
        found: list[Decide | Freeze] = []
        for decision, chosen in ((Decision.MUST, True), (Decision.NEVER, False)):
            names = tuple(p.id for p in free if (p.id in inside) is chosen)
            if names:
                found.append(Decide(projects=names, decision=decision))
        return found

    def _holding(self) -> list[Decide | Freeze]:
        """Return what pins every phase of the plan, if it has any."""
        baseline = () if self._plan is None else baseline_of(self._plan)
        phased = tuple(entry for entry in baseline if entry.phases)
        until = self._portfolio.calendar.periods
        return [Freeze(until=until, baseline=phased)] if phased else []

    def add(self, draws: Sequence[Draw], plans: dict[str, Plan]) -> None:
        """Take in what was solved, and what needed no solve."""
        known = self._told | plans
        for draw in draws:
            best = known.get(draw.id)
            if best is None:
                self._missing.append(draw.id)
            else:
                kept, held = (known.get(f"{draw.id} {word}") for word in (KEPT, HELD))
                self._cases.append(self._case(draw.id, best, kept, held))

    def _case(self, name: str, best: Plan, kept: Plan | None, held: Plan | None) -> CaseResult:
        return CaseResult(
            id=name,
            status=best.status,
            termination=best.termination,
            objective=best.objective,
            bound=best.bound,
            gap=best.gap,
            message=best.message,
            selected=best.selected if best.found else (),
            kept=None if kept is None else kept.objective,
            kept_status=Status.NO_PLAN_FOUND if kept is None else kept.status,
            held=None if held is None else held.objective,
            held_status=Status.NO_PLAN_FOUND if held is None else held.status,
            regret=None if kept is None else gain(self._portfolio, kept, best),
        )

    def result(self, seed: int, seconds: float) -> Robustness:
        """Return everything together."""
        base, plan = self._portfolio, self._plan
        return Robustness(
            portfolio=base.name,
            digest=base.digest(),
            currency=base.currency,
            term=base.objective.terms[0].term,
            maximised=base.objective.maximised,
            seed=seed,
            status=Status.NO_PLAN_FOUND if plan is None else plan.status,
            objective=None if plan is None else plan.objective,
            selected=() if plan is None or not plan.found else plan.selected,
            cases=tuple(self._cases),
            missing=tuple(self._missing),
            core=self._core(),
            simulation=self.simulation,
            plan=plan,
            seconds=seconds,
        )

    def _core(self) -> tuple[CoreIndex, ...]:
        solved = [set(case.selected) for case in self._cases if case.objective is not None]
        if not solved or self._plan is None:
            return ()
        inside = set(self._plan.selected)
        rows = []
        for project in self._portfolio.projects:
            if project.state is State.DONE:
                continue
            times = sum(project.id in selected for selected in solved)
            core = Core.ALWAYS if times == len(solved) else Core.BORDERLINE
            rows.append(
                CoreIndex(
                    project=project.id,
                    share=times / len(solved),
                    core=core if times else Core.NEVER,
                    in_plan=project.id in inside,
                )
            )
        return tuple(sorted(rows, key=lambda row: (-row.share, row.project)))
