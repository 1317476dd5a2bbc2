"""The kinds of runs: each calls the public door of `pmo_optimizer` or of `pmo_scenarios`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from pmo_optimizer import (
    Finding,
    Incumbent,
    InvalidInput,
    Plan,
    Portfolio,
    Severity,
    Status,
    Termination,
    optimize,
    staff,
)
from pmo_optimizer.backend import relative_gap
from pmo_optimizer.service.runs.choice import terms_of
from pmo_optimizer.service.runs.limits import Limits
from pmo_optimizer.service.runs.messages import Answer, document
from pmo_optimizer.service.runs.parameters import (
    MODELS,
    AlternativesParameters,
    CompareParameters,
    ConflictsParameters,
    FrontierParameters,
    Parameters,
    PricesParameters,
    ReplanParameters,
    RobustnessParameters,
    Searching,
    SolveParameters,
    StaffParameters,
    WhyParameters,
    parameter_findings,
    parse_parameters,
)
from pmo_scenarios import (
    Aim,
    Scenario,
    alternatives,
    compare,
    conflicts,
    frontier,
    prices,
    replan,
    robust,
    robustness,
    why,
)
from pmo_scenarios.runs import Step
from pmo_scenarios.studies.results import Study
from pmo_scenarios.studies.robustness.simulation import Played

__all__ = [
    "MODELS",
    "Hooks",
    "parameter_findings",
    "parse_parameters",
    "portfolio_of",
    "run_kind",
]


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a run is watched and stopped; the functions are called from any thread.

    Attributes
    ----------
    stop
        Set it to end soon with what is there.
    on_progress
        Gets the lines of a solve's log.
    on_plan
        Gets the portfolio, and plans of it that are better than all before.
    on_solved
        Gets the key of a study's solve that has ended, how many have, and how many there are.
    """

    stop: threading.Event
    on_progress: Callable[[Incumbent], None]
    on_plan: Callable[[Portfolio, Plan], None]
    on_solved: Callable[[str, int, int], None]

    def on_step(self, step: Step | Played) -> None:
        """Take news of a study."""
        key = step.key if isinstance(step, Step) else "cases played"
        self.on_solved(key, step.done, step.total)


class _Common(TypedDict):
    """What every study takes, as its keyword arguments."""

    time_limit: float
    gap: float
    workers: int | None
    backend: str
    seed: int
    stop: threading.Event


def portfolio_of(portfolio: str, scenario: str | None = None) -> Portfolio:
    """Return the portfolio of a JSON text, with the scenario of another one applied.

    Raises
    ------
    InvalidInput
        With every finding about form, changes and, where there is a scenario, the result.
    """
    base = Portfolio.parse(document(portfolio, "portfolio"))
    return base if scenario is None else Scenario.parse(document(scenario, "scenario")).apply(base)


def run_kind(
    portfolio: Portfolio, parameters: Parameters, start: Plan | None, limits: Limits, hooks: Hooks
) -> Answer:
    """Return the answer of a run, whose kind follows from its parameters.

    Parameters
    ----------
    portfolio
        With the scenario applied.
    parameters
        See `parse_parameters`.
    start
        Plan to begin with, to staff, to study, or to make anew.
    limits
        Cap what the parameters leave open.
    hooks
        See `Hooks`.

    Raises
    ------
    InvalidInput
        With every finding about the input.
    EngineError
        The engine failed or does not do what is asked.
    TypeError
        There is no kind with such parameters.
    """
    match parameters:
        case SolveParameters():
            return _solve(portfolio, parameters, start, limits, hooks)
        case StaffParameters():
            return _staff(portfolio, parameters, start, limits, hooks)
        case CompareParameters():
            return _compare(portfolio, parameters, limits, hooks)
        case FrontierParameters():
            return _frontier(portfolio, parameters, limits, hooks)
        case PricesParameters():
            return _prices(portfolio, parameters, limits, hooks)
        case WhyParameters():
            return _why(portfolio, parameters, limits, hooks)
        case ConflictsParameters():
            return _conflicts(portfolio, parameters, limits, hooks)
        case AlternativesParameters():
            return _alternatives(portfolio, parameters, limits, hooks)
        case RobustnessParameters():
            return _robustness(portfolio, parameters, start, limits, hooks)
        case ReplanParameters():
            return _replan(portfolio, parameters, start, limits, hooks)
        case _:
            raise TypeError(f"there is no kind with {type(parameters).__name__}")


def _solve(
    portfolio: Portfolio,
    parameters: SolveParameters,
    start: Plan | None,
    limits: Limits,
    hooks: Hooks,
) -> Answer:
    plan = optimize(
        portfolio,
        goals=parameters.goals,
        staffing=parameters.staffing,
        reproducible=parameters.reproducible,
        start=start,
        on_progress=hooks.on_progress,
        on_plan=lambda plan: hooks.on_plan(portfolio, plan),
        **_common(parameters, limits, hooks),
    )
    return _of_plan(portfolio, plan)


def _staff(
    portfolio: Portfolio,
    parameters: StaffParameters,
    start: Plan | None,
    limits: Limits,
    hooks: Hooks,
) -> Answer:
    plan = staff(
        portfolio,
        _required(parameters.plan or start),
        goals=parameters.goals,
        time_limit=parameters.seconds(limits),
        workers=parameters.threads(limits),
        seed=parameters.seed,
        reproducible=parameters.reproducible,
        stop=hooks.stop,
    )
    return _of_plan(portfolio, plan)


def _compare(
    portfolio: Portfolio, parameters: CompareParameters, limits: Limits, hooks: Hooks
) -> Answer:
    found = compare(
        portfolio,
        parameters.scenarios,
        staffing=parameters.staffing,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    return _of_study(portfolio, found, [case.plan for case in found.cases])


def _frontier(
    portfolio: Portfolio, parameters: FrontierParameters, limits: Limits, hooks: Hooks
) -> Answer:
    found = frontier(
        portfolio,
        funds=parameters.funds,
        skill=parameters.skill,
        limit=parameters.limit,
        field=parameters.field,
        levels=parameters.levels,
        unit=parameters.unit,
        scenarios=parameters.scenarios,
        staffing=parameters.staffing,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    today = found.current
    # Its plans are of the portfolio with the first term alone, so they are not kept.
    answer = _of_study(portfolio, found, ())
    return answer if today is None else _figures(answer, today.plan)


def _prices(
    portfolio: Portfolio, parameters: PricesParameters, limits: Limits, hooks: Hooks
) -> Answer:
    found = prices(
        portfolio,
        only=parameters.only,
        percent=parameters.percent,
        fte=parameters.fte,
        first=parameters.first,
        last=parameters.last,
        total_time=parameters.total_time,
        staffing=parameters.staffing,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    return Answer(
        status=None if found.status is None else found.status.value,
        objective=found.objective,
        bound=found.bound,
        gap=found.gap,
        result=_plain(found),
    )


def _why(portfolio: Portfolio, parameters: WhyParameters, limits: Limits, hooks: Hooks) -> Answer:
    found = why(
        portfolio,
        parameters.project,
        flips=parameters.flips,
        staffing=parameters.staffing,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    # The plan of the opposite decision is of a portfolio that nobody has.
    return _of_study(portfolio, found, [found.base.plan])


def _conflicts(
    portfolio: Portfolio, parameters: ConflictsParameters, limits: Limits, hooks: Hooks
) -> Answer:
    found = conflicts(
        portfolio,
        limit=parameters.limit,
        max_solves=parameters.max_solves,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    known = {"feasible": Status.FEASIBLE, "infeasible": Status.INFEASIBLE}
    status = known.get(found.answer.value, Status.NO_PLAN_FOUND)
    return Answer(
        status=status.value,
        termination=Termination.STOPPED.value if found.stopped else None,
        result=_plain(found),
    )


def _alternatives(
    portfolio: Portfolio, parameters: AlternativesParameters, limits: Limits, hooks: Hooks
) -> Answer:
    found = alternatives(
        portfolio,
        plans=parameters.plans,
        within=parameters.within,
        differences=parameters.differences,
        staffing=parameters.staffing,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    kept = _of_study(portfolio, found, [one.plan for one in found.plans])
    return Answer(
        status=None if found.status is None else found.status.value,
        termination=None if found.termination is None else found.termination.value,
        objective=found.best,
        bound=found.bound,
        gap=relative_gap(found.best, found.bound),
        message=found.message,
        result=kept.result,
        plans=kept.plans,
        facts=kept.facts,
    )


def _robustness(
    portfolio: Portfolio,
    parameters: RobustnessParameters,
    start: Plan | None,
    limits: Limits,
    hooks: Hooks,
) -> Answer:
    if parameters.robust is not None:
        return _robust(portfolio, parameters, Aim(parameters.robust), limits, hooks)
    found = robustness(
        portfolio,
        parameters.uncertainty,
        plan=parameters.plan or start,
        cases=parameters.cases,
        simulated=parameters.simulate,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    return _of_study(portfolio, found, [found.plan])


def _robust(
    portfolio: Portfolio,
    parameters: RobustnessParameters,
    aim: Aim,
    limits: Limits,
    hooks: Hooks,
) -> Answer:
    found = robust(
        portfolio,
        parameters.uncertainty,
        aim=aim,
        cases=parameters.cases,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    result = _plain(found)
    if found.portfolio is not None:
        result["changed"] = found.portfolio.to_data()
    texts, facts = _kept(portfolio, [found.plan])
    return Answer(
        status=found.status.value,
        objective=found.value,
        bound=found.bound,
        gap=found.gap,
        message=found.message,
        result=result,
        plans=texts,
        facts=facts,
    )


def _replan(
    portfolio: Portfolio,
    parameters: ReplanParameters,
    start: Plan | None,
    limits: Limits,
    hooks: Hooks,
) -> Answer:
    found = replan(
        portfolio,
        _required(parameters.plan or start),
        parameters.progress,
        method=parameters.method,
        extra=parameters.extra,
        loss=parameters.loss,
        price=parameters.price,
        points=parameters.points,
        staffing=parameters.staffing,
        reproducible=parameters.reproducible,
        on_progress=hooks.on_step,
        **_common(parameters, limits, hooks),
    )
    result = _plain(found)
    result["findings"] = [finding_data(finding) for finding in found.findings]
    if found.changed is not None:
        result["changed"] = found.changed.to_data()
    texts, facts = _kept(portfolio, [found.plan])
    return Answer(
        status=found.status.value,
        termination=None if found.plan is None else found.plan.termination.value,
        objective=found.objective,
        bound=found.bound,
        gap=relative_gap(found.objective, found.bound),
        message=found.message,
        result=result,
        plans=texts,
        facts=facts,
    )


def _common(parameters: Searching, limits: Limits, hooks: Hooks) -> _Common:
    return {
        "time_limit": parameters.seconds(limits),
        "gap": parameters.gap,
        "workers": parameters.threads(limits),
        "backend": parameters.backend,
        "seed": parameters.seed,
        "stop": hooks.stop,
    }


def _required(plan: Plan | None) -> Plan:
    if plan is None:
        finding = Finding(
            Severity.ERROR,
            "plan-missing",
            "parameters/plan",
            "This kind of run works on a plan, and there is none.",
            "Give `plan`, or let the run start from a stored plan.",
        )
        raise InvalidInput((finding,))
    return plan


def _of_plan(portfolio: Portfolio, plan: Plan) -> Answer:
    """Return the answer that is a plan; only what has decisions is kept as one."""
    texts, facts = _kept(portfolio, [plan])
    answer = Answer(None, plans=texts, facts=facts)
    return _figures(answer, plan)


def _of_study(portfolio: Portfolio, found: Study, plans: Sequence[Plan | None]) -> Answer:
    """Return the answer of a study; its figures are those of its first plan."""
    texts, facts = _kept(portfolio, plans)
    answer = Answer(
        status=None,
        result=_plain(found),
        plans=texts,
        facts=facts,
    )
    return _figures(answer, plans[0] if plans else None)


def _figures(answer: Answer, plan: Plan | None) -> Answer:
    if plan is None:
        return answer
    return Answer(
        status=plan.status.value,
        termination=plan.termination.value,
        objective=plan.objective,
        bound=plan.bound,
        gap=plan.gap,
        message=plan.message,
        result=answer.result,
        plans=answer.plans,
        facts=answer.facts,
    )


def _kept(
    portfolio: Portfolio, plans: Sequence[Plan | None]
) -> tuple[tuple[str, ...], tuple[dict[str, Any], ...]]:
    """Return those plans that decide something, as JSON texts, with what the store wants."""
    there = [plan for plan in plans if plan is not None and plan.projects]
    return tuple(plan.model_dump_json() for plan in there), tuple(
        facts_of(portfolio, plan) for plan in there
    )


def facts_of(portfolio: Portfolio, plan: Plan) -> dict[str, Any]:
    """Return what the runner and the store must know of a plan, as plain data."""
    return {
        "status": plan.status.value,
        "digest": plan.digest,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "maximise": portfolio.objective.maximised,
        "terms": terms_of(portfolio, plan),
    }


def finding_data(finding: Finding) -> dict[str, str]:
    """Return a finding as plain data."""
    return {
        "severity": finding.severity.value,
        "rule": finding.rule,
        "path": finding.path,
        "message": finding.message,
        "fix": finding.fix,
    }


def _plain(found: Study) -> dict[str, Any]:
    """Return a result as plain data without infinities, which JSON does not have."""
    data: dict[str, Any] = json.loads(found.to_json())
    return data
