"""What a plan is worth and how sure that is: the first lines of every report."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pmo_optimizer.model import Method, Plan, Portfolio, Staffing, Status, TermResult, Violation
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import ABSENT, amount, clean, gap_text, heading, score

STATUS_STYLES = {
    Status.OPTIMAL: "bold green",
    Status.FEASIBLE: "bold cyan",
    Status.INFEASIBLE: "bold red",
    Status.NO_PLAN_FOUND: "bold yellow",
    Status.FAILED: "bold red",
}

MEANINGS = {
    Status.OPTIMAL: "no plan is better: the bound proves it",
    Status.FEASIBLE: "a valid plan",
    Status.INFEASIBLE: "no plan satisfies every hard rule",
    Status.NO_PLAN_FOUND: "no plan was found within the limits; there may still be one",
    Status.FAILED: "the engine failed or its answer was refused",
}


SHORT = "not every need of the plan below is served by name"
"""What is said instead of a plan that lists what it leaves unmet."""

NEED_UNMET = "need-unmet"
"""Rule of the violations that a plan also lists as unmet needs, with reasons."""


def header(portfolio: Portfolio, plan: Plan) -> list[RenderableType]:
    """Return name, status, value, bound, gap, termination, engine, time and violations."""
    name = plan.portfolio or portfolio.name
    out: list[RenderableType] = [Text(clean(name), style="bold")]
    status = plan.status.value.replace("_", " ")
    out.append(Text.assemble((status, STATUS_STYLES[plan.status]), f": {meaning(plan)}"))
    if plan.message:
        out.append(Text(clean(plan.message)))
    out.append(_figures(portfolio, plan))
    return out


def meaning(plan: Plan) -> str:
    """Return what the status of a plan says, in words."""
    if plan.short:
        return SHORT
    text = MEANINGS[plan.status]
    if plan.status is not Status.FEASIBLE:
        return text
    if plan.gap is None:
        return f"{text}; without a bound nobody knows how much better another could be"
    return f"{text}; another is better by at most the gap"


def _figures(portfolio: Portfolio, plan: Plan) -> Table:
    grid = Table.grid(padding=(0, 3, 0, 0))
    left = [
        (objective_label(portfolio), score(plan.objective)),
        ("bound", score(plan.bound)),
        ("gap", gap_text(plan.gap)),
        ("violations", str(len(broken(plan))) if plan.found or plan.violations else ABSENT),
    ]
    right = [
        ("termination", plan.termination.value.replace("_", " ")),
        ("engine", _engine(plan)),
        ("seconds", f"{plan.seconds:.1f} (building the model {plan.build_seconds:.1f})"),
        ("selected", _selected(portfolio, plan)),
    ]
    if plan.staffing is Staffing.NAMED:
        left.append(("staffed value", score(plan.kpis.staffed_value)))
        right.append(("staffing", _staffing(plan)))
    # On narrow terminals only the last column, with the engine's versions, gives way.
    cells = [*zip(*left, strict=True), *zip(*right, strict=True)]
    widths = [max(map(len, column)) for column in cells[:3]]
    for style, width in zip(("dim", "", "dim", ""), [*widths, None], strict=True):
        grid.add_column(style=style, no_wrap=True, overflow="ellipsis", min_width=width)
    for (a, b), (c, d) in zip(left, right, strict=True):
        grid.add_row(a, Text(b, style="bold"), c, Text(d))
    return grid


def broken(plan: Plan) -> tuple[Violation, ...]:
    """Return the violations of a plan, but for those that it lists as unmet needs."""
    if not plan.unmet:
        return plan.violations
    return tuple(v for v in plan.violations if v.rule != NEED_UNMET)


def _staffing(plan: Plan) -> str:
    """Return how far a plan by name is staffed."""
    if plan.fully_staffed is None:
        return "by name"
    if plan.fully_staffed:
        return "by name, every need is served"
    projects = {item.project for item in plan.unmet}
    return f"by name, needs of {len(projects)} project{'s' * (len(projects) != 1)} unmet"


def objective_label(portfolio: Portfolio) -> str:
    """Return what ``Plan.objective`` measures: the first term, or the weighted sum."""
    objective = portfolio.objective
    if objective.method is Method.WEIGHTED and len(objective.terms) > 1:
        return "weighted sum"
    return objective.terms[0].term.value if objective.terms else "objective"


def _engine(plan: Plan) -> str:
    if plan.engine is None:
        return ABSENT
    versions = ", ".join(f"{name} {text}" for name, text in sorted(plan.engine.versions.items()))
    run = f"workers {plan.engine.workers}, seed {plan.engine.seed}"
    word = ", reproducible" if plan.engine.reproducible else ""
    return clean(f"{plan.engine.name}{f' ({versions})' if versions else ''}, {run}{word}")


def _selected(portfolio: Portfolio, plan: Plan) -> str:
    if not plan.projects:
        return ABSENT
    return f"{len(plan.selected)} of {len(portfolio.projects)} projects"


def terms(plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return every term of the objective, and what broken soft limits took off the first."""
    if not plan.terms:
        return []
    columns = [
        ("objective term", "text"),
        ("value", "number"),
        ("best of stage", "number"),
        ("bound", "number"),
        ("gap", "number"),
        ("tolerance", "number"),
    ]
    out = section("Objective", columns, [_term(term) for term in plan.terms], limit, "terms")
    if plan.kpis.penalty:
        out.append(Text(f"Prices of soft breaches: {amount(plan.kpis.penalty)}"))
    return out


def _term(term: TermResult) -> tuple[str, ...]:
    tolerance = amount(term.tolerance) if term.tolerance else ABSENT
    return (
        term.term.value,
        score(term.value),
        score(term.best),
        score(term.bound),
        gap_text(term.gap),
        tolerance,
    )


def violations(found: tuple[Violation, ...], limit: int | None) -> list[RenderableType]:
    """Return every hard rule that a plan breaks, one to a line."""
    if not found:
        return []
    shown = found if limit is None else found[:limit]
    lines = [f"[{v.rule}] {v.path}: {v.message}" for v in shown]
    if len(shown) < len(found):
        lines.append(f"… {len(found) - len(shown):,} more violations; --all lists them")
    return [heading(f"Violations ({len(found)})"), *(Text(clean(x), style="red") for x in lines)]
