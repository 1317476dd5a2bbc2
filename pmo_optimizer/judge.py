"""From an engine's outcome to a plan: shape, figures, proof, and the referee's word."""

from __future__ import annotations

from pmo_optimizer import referee
from pmo_optimizer.backend import Outcome, relative_gap
from pmo_optimizer.model import (
    EngineError,
    Kpis,
    Method,
    Plan,
    Portfolio,
    Staffing,
    Status,
    TermResult,
    Violation,
)
from pmo_optimizer.problem import Problem


def check_shape(problem: Problem, outcome: Outcome) -> None:
    """Refuse an outcome that contradicts itself or does not fit the problem.

    Raises
    ------
    EngineError
        Saying what is wrong.
    """
    planned = outcome.partial or outcome.status in {Status.OPTIMAL, Status.FEASIBLE}
    if planned != (outcome.decisions is not None):
        raise EngineError(f"the engine says {outcome.status} but its decisions say otherwise")
    if outcome.decisions is None:
        return
    if not (outcome.stages or outcome.partial):
        raise EngineError("the engine returned a plan without saying what it proved")
    decisions = outcome.decisions
    sizes = [len(project.phases) for project in problem.projects]
    wanted = [n if chosen else 0 for n, chosen in zip(sizes, decisions.selected, strict=False)]
    if len(decisions.selected) != len(sizes) or [len(p) for p in decisions.phases] != wanted:
        raise EngineError("the engine's decisions do not fit the projects and their phases")


def judged(portfolio: Portfolio, problem: Problem, outcome: Outcome, plan: Plan) -> Plan:
    """Return the plan with the referee's figures, and with the proof that goes with them."""
    if outcome.decisions is None:
        bound = outcome.stages[0].bound if outcome.stages else None
        return plan.model_copy(update={"bound": bound})
    if outcome.partial:
        return _partial(portfolio, plan)
    if plan.staffing is Staffing.NAMED:
        plan = plan.model_copy(update={"fully_staffed": True})
    report = referee.check(portfolio, plan)
    if report.violations:
        raise _refused(report.violations)
    objective = report.kpis.objective
    bound = _outward(problem, objective, outcome.stages[0].bound)
    plan = plan.model_copy(
        update={
            "objective": objective,
            "bound": bound,
            "gap": relative_gap(objective, bound),
            "terms": _terms(problem, outcome, report.kpis),
            "kpis": report.kpis,
        }
    )
    wrong = referee.disagreements(plan, report)
    if wrong:
        raise _refused(wrong)
    return plan


def _partial(portfolio: Portfolio, plan: Plan) -> Plan:
    """Return a plan that leaves needs unmet, with every one of them and the reason."""
    plan = plan.model_copy(update={"fully_staffed": False})
    report = referee.check(portfolio, plan)
    wrong = tuple(v for v in report.violations if v.rule not in referee.OPEN_NEEDS)
    if wrong or report.fully_staffed:
        raise _refused(wrong)
    return plan.model_copy(
        update={"unmet": report.unmet, "kpis": report.kpis, "violations": report.violations}
    )


def _outward(problem: Problem, value: float, bound: float | None) -> float | None:
    """Return the bound, moved to the value where floats alone put it on the wrong side."""
    if bound is None or abs(bound - value) > 1e-9 * max(1.0, abs(value)):
        return bound
    return max(bound, value) if problem.maximised else min(bound, value)


def _refused(violations: tuple[Violation, ...]) -> EngineError:
    lines = "\n".join(f"  [{v.rule}] {v.path}: {v.message}" for v in violations[:20])
    more = f"\n  and {len(violations) - 20} more" if len(violations) > 20 else ""
    return EngineError(f"the referee refused the engine's plan\n{lines}{more}")


def _terms(problem: Problem, outcome: Outcome, kpis: Kpis) -> tuple[TermResult, ...]:
    """Return every term with what its stage proved; a weighted sum has no stages of its own."""
    results = []
    for number, term in enumerate(problem.terms):
        value = kpis.terms[term.name]
        staged = problem.method is Method.LEXICOGRAPHIC and number < len(outcome.stages)
        if not staged:
            results.append(TermResult(term=term.name, value=value))
            continue
        stage = outcome.stages[number]
        results.append(
            TermResult(
                term=term.name,
                value=value,
                best=stage.best,
                bound=stage.bound,
                gap=relative_gap(stage.best, stage.bound),
                tolerance=stage.tolerance,
            )
        )
    return tuple(results)
