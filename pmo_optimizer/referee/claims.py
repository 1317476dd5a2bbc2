"""What a plan says about itself against what the referee recomputed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from decimal import Decimal
from math import isclose

from pmo_optimizer.model import (
    Alignment,
    Breach,
    FundUse,
    Kpis,
    Plan,
    ProjectKpi,
    SkillLoad,
    Status,
    TermResult,
    UnmetNeed,
    Violation,
)
from pmo_optimizer.model.plan import usable
from pmo_optimizer.referee.report import Code, Report

MOST_SHOWN = 12
"""So many periods of a figure are written out in a message."""

UNMET_TOLERANCE = Decimal("1e-9")
"""So much may the FTE of an unmet need differ from what is recomputed."""


def disagreements(plan: Plan, report: Report, tolerance: float = 1e-6) -> tuple[Violation, ...]:
    """Return every claim of a plan that does not hold.

    Claimed are the objective, the terms, the key figures, the gaps, the side of the bounds,
    with status optimal that the bounds prove it, and in named mode which needs are short: the
    reasons that it gives are no claims, as a search may know more than a plan shows.

    Parameters
    ----------
    plan
        The plan with its claims.
    report
        What `check` found for this plan.
    tolerance
        Relative and absolute difference that is allowed.
    """
    if not plan.found:
        without = tuple(_claims_without_plan(plan))
        if not plan.short:
            return (*without, *_wrong_staffing(plan, report))
        return (
            *without,
            *_wrong_kpis(plan.kpis, report.kpis, tolerance),
            *_wrong_staffing(plan, report),
        )
    return (
        *_wrong_values(plan, report.kpis, tolerance),
        *_wrong_kpis(plan.kpis, report.kpis, tolerance),
        *_wrong_staffing(plan, report),
        *_wrong_proof(plan, tolerance),
        *(v for term in plan.terms for v in _wrong_stage(term, plan.status, tolerance)),
    )


def _claim(code: Code, path: str, message: str) -> Violation:
    return Violation(rule=code.value, path=path, message=message)


def _claims_without_plan(plan: Plan) -> Iterator[Violation]:
    for name, value in (("objective", plan.objective), ("gap", plan.gap)):
        if value is not None:
            message = f"There is no plan ({plan.status}), yet its {name} is {value}."
            yield _claim(Code.CLAIM_MISSING, name, message)
    if any(project.selected for project in plan.projects) and not plan.short:
        message = f"There is no plan ({plan.status}), yet projects are selected."
        yield _claim(Code.CLAIM_MISSING, "projects", message)


def _wrong_values(plan: Plan, kpis: Kpis, tolerance: float) -> Iterator[Violation]:
    if plan.objective is None:
        yield _claim(Code.CLAIM_MISSING, "objective", "The plan does not say its objective.")
    elif not _same(plan.objective, kpis.objective, tolerance):
        message = f"The plan says {plan.objective!r}, recomputed is {kpis.objective!r}."
        yield _claim(Code.CLAIM_OBJECTIVE, "objective", message)
    if not plan.terms:
        yield _claim(Code.CLAIM_MISSING, "terms", "The plan does not list its terms.")
    for term in plan.terms:
        value = kpis.terms.get(term.term)
        if value is None or not _same(term.value, value, tolerance):
            message = f"The plan says {term.value!r}, recomputed is {value!r}."
            yield _claim(Code.CLAIM_TERM, f"terms/{term.term}/value", message)


Figure = float | tuple[float, ...]
"""A key figure, or one for each period."""

Entry = ProjectKpi | FundUse | SkillLoad | Alignment | Breach
"""What the lists of key figures hold."""


def _wrong_kpis(claimed: Kpis, found: Kpis, tolerance: float) -> Iterator[Violation]:
    """Compare the key figures that the plan carries, entry by entry; it may carry none."""
    if claimed == Kpis():
        return
    said = _figures(claimed, claimed.model_fields_set)
    right = _figures(found, claimed.model_fields_set)
    for name in dict.fromkeys((*said, *right)):
        path = f"kpis/{name}"
        if name not in said:
            message = f"The plan leaves it out, recomputed is {_shown(right[name])}."
            yield _claim(Code.CLAIM_KPI, path, message)
        elif name not in right:
            message = f"The plan says {_shown(said[name])}, and there is no such figure."
            yield _claim(Code.CLAIM_KPI, path, message)
        elif not _same_figure(said[name], right[name], tolerance):
            message = f"The plan says {_shown(said[name])}, recomputed is {_shown(right[name])}."
            yield _claim(Code.CLAIM_KPI, path, message)


def _figures(kpis: Kpis, fields: Set[str]) -> dict[str, Figure]:
    """Return each figure in some fields by its path; entries are named by their texts."""
    found: dict[str, Figure] = {}
    for field in Kpis.model_fields:
        value = getattr(kpis, field)
        if field not in fields:
            continue
        if isinstance(value, dict):
            found |= {f"{field}/{key}": number for key, number in value.items()}
        elif isinstance(value, tuple):
            found |= _of_entries(field, value)
        elif value is not None:
            found[field] = value
    return found


def _of_entries(field: str, entries: Iterable[Entry]) -> dict[str, Figure]:
    """Return the figures of a list; entries of the same name are numbered."""
    found: dict[str, Figure] = {}
    times: Counter[str] = Counter()
    for entry in entries:
        parts = dict(entry)
        name = "/".join(part for part in parts.values() if isinstance(part, str) and part)
        times[name] += 1
        path = f"{field}/{name}" if times[name] == 1 else f"{field}/{name}/{times[name]}"
        found |= {f"{path}/{key}": part for key, part in parts.items() if not isinstance(part, str)}
    return found


def _same_figure(left: Figure, right: Figure, tolerance: float) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(_same(a, b, tolerance) for a, b in pairs)
    return (
        not isinstance(left, tuple)
        and not isinstance(right, tuple)
        and _same(left, right, tolerance)
    )


def _shown(figure: Figure) -> str:
    """Return a figure for a message; of many periods only the first ones."""
    if isinstance(figure, tuple) and len(figure) > MOST_SHOWN:
        return f"{list(figure[:MOST_SHOWN])} and {len(figure) - MOST_SHOWN} more"
    return repr(list(figure) if isinstance(figure, tuple) else figure)


def _wrong_staffing(plan: Plan, report: Report) -> Iterator[Violation]:
    """Compare whether every need is served, and each need that is short, with what was found."""
    if plan.fully_staffed is not report.fully_staffed:
        message = f"The plan says {plan.fully_staffed}, recomputed is {report.fully_staffed}."
        yield _claim(Code.CLAIM_STAFFED, "fully_staffed", message)
    right = {_unmet_path(item): item for item in report.unmet}
    times: Counter[str] = Counter()
    for item in plan.unmet:
        path = _unmet_path(item)
        times[path] += 1
        known = right.get(path)
        found = Decimal(0) if known is None else known.fte
        close = usable(item.fte) and abs(item.fte - found) <= UNMET_TOLERANCE
        if known is None or times[path] > 1 or not close:
            message = f"The plan says that {item.fte} FTE are short, recomputed is {found}."
            yield _claim(Code.CLAIM_UNMET, path, message)
        elif item.skill != known.skill:
            message = f"The plan says that {item.skill} is asked for, it is {known.skill}."
            yield _claim(Code.CLAIM_UNMET, path, message)
    for path, item in right.items():
        if path not in times:
            message = f"The plan leaves out that {item.fte} FTE are short."
            yield _claim(Code.CLAIM_UNMET, path, message)


def _unmet_path(item: UnmetNeed) -> str:
    path = f"unmet/{item.project}/{item.phase}/{item.need}"
    return path if item.period is None else f"{path}/{item.period}"


def _wrong_proof(plan: Plan, tolerance: float) -> Iterator[Violation]:
    """Check bound and gap of the plan as a whole, in the sense of its first term."""
    optimal = plan.status is Status.OPTIMAL
    if plan.objective is None:
        return
    if plan.bound is None:
        if optimal:
            yield _claim(Code.CLAIM_OPTIMAL, "bound", "Optimal, yet there is no bound.")
        if plan.gap is not None:
            yield _claim(Code.CLAIM_GAP, "gap", f"A gap of {plan.gap} without a bound.")
        return
    yield from _wrong_gap(plan.gap, plan.objective, plan.bound, "", tolerance)
    if not plan.terms:
        return
    first = plan.terms[0]
    yield from _wrong_side(plan.objective, plan.bound, first.term.maximised, "", tolerance)
    # Later stages may have worsened the first term by what its tolerance allows.
    slack = _slack(plan.objective, plan.bound, tolerance) + first.tolerance
    if optimal and not abs(plan.bound - plan.objective) <= slack:
        message = f"Optimal, yet the objective is {plan.objective} and the bound {plan.bound}."
        yield _claim(Code.CLAIM_OPTIMAL, "status", message)


def _wrong_stage(term: TermResult, status: Status, tolerance: float) -> Iterator[Violation]:
    """Check bound and gap of the stage that optimized one term."""
    if term.best is None or term.bound is None:
        return
    path = f"terms/{term.term}/"
    yield from _wrong_gap(term.gap, term.best, term.bound, path, tolerance)
    yield from _wrong_side(term.best, term.bound, term.term.maximised, path, tolerance)
    far = not abs(term.bound - term.best) <= _slack(term.best, term.bound, tolerance)
    if status is Status.OPTIMAL and far:
        message = f"Optimal, yet the stage ended at {term.best} with the bound {term.bound}."
        yield _claim(Code.CLAIM_OPTIMAL, f"{path}bound", message)


def _wrong_gap(
    gap: float | None, value: float, bound: float, path: str, tolerance: float
) -> Iterator[Violation]:
    """Compare a gap with abs(bound - value) / max(abs(bound), abs(value))."""
    scale = max(abs(bound), abs(value))
    right = abs(bound - value) / scale if scale else 0.0
    if gap is None or not _same(gap, right, tolerance):
        message = f"The gap between {value} and {bound} is {right!r}, not {gap!r}."
        yield _claim(Code.CLAIM_GAP, f"{path}gap", message)


def _wrong_side(
    value: float, bound: float, maximised: bool, path: str, tolerance: float
) -> Iterator[Violation]:
    room = bound - value if maximised else value - bound
    if not room >= -_slack(value, bound, tolerance):
        message = f"The bound {bound} is on the wrong side of {value}."
        yield _claim(Code.CLAIM_BOUND, f"{path}bound", message)


def _same(left: float, right: float, tolerance: float) -> bool:
    return isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)


def _slack(left: float, right: float, tolerance: float) -> float:
    return tolerance * max(1.0, abs(left), abs(right))
