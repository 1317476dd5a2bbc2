"""Which problems the interval model says exactly, and for which it is the better one."""

from __future__ import annotations

from collections.abc import Iterator

from pmo_optimizer.model import TermName
from pmo_optimizer.problem import Flow, Problem
from pmo_solvers.cp_sat.interval.constants import constant_flows, measured, selected, sources
from pmo_solvers.cp_sat.interval.forms import CONSTANT_TERMS, FIGURES, largest, stage_forms
from pmo_solvers.networks import FULL

LEAST_COLUMNS = 1000
"""Columns of phases, modes and starts from which on intervals are the better model."""

MAX_WHOLE = 2**52
"""Largest sum of whole numbers; beyond it CP-SAT's objective, a float, is not exact."""


def suits_intervals(problem: Problem, *, least_columns: int = LEAST_COLUMNS) -> bool:
    """Return whether the interval model is to be used.

    Parameters
    ----------
    least_columns
        Least number of time-indexed columns (modes x starts, over all phases) for which it
        pays; 0 asks only whether the whole meaning of the problem can be said exactly.
    """
    return columns(problem) >= least_columns and is_expressible(problem)


def columns(problem: Problem) -> int:
    """Return the number of modes x starts over all phases."""
    return sum(
        len(phase.starts(mode))
        for project in selected(problem)
        for phase in project.phases
        for mode in phase.modes
    )


def is_expressible(problem: Problem) -> bool:
    """Return whether selection is fixed, nothing is priced and no date changes an amount.

    Work that may be spread, and placements that exclude one another, have no intervals.
    """
    return is_undated(problem) and _people_are_plain(problem)


def is_undated(problem: Problem) -> bool:
    """Return the same with nothing asked of people, prices of extra supply aside."""
    return (
        not problem.conflicts
        and not _work_is_spread(problem)
        and _selection_is_fixed(problem)
        and _nothing_is_priced(problem)
        and _money_is_undated(problem)
        and _rules_are_constant(problem)
        and _terms_are_exact(problem)
    )


def _selection_is_fixed(problem: Problem) -> bool:
    """Every project is in or out, and at most one source of each link is in."""
    fixed = all(project.fixed is not None for project in problem.projects)
    return fixed and all(len(sources(problem, link)) <= 1 for link in problem.links)


def _nothing_is_priced(problem: Problem) -> bool:
    prices = [fund.price for fund in problem.funds]
    prices += [count.price for count in problem.counts]
    prices += [row.price for row in problem.measures]
    late = any(project.late_price and project.due is not None for project in selected(problem))
    return not (late or problem.ceilings or any(price is not None for price in prices))


def _people_are_plain(problem: Problem) -> bool:
    """Every bucket has suppliers of its own, at proficiency 1, and nothing else.

    With units finer than 0.01 FTE the tolerance of needs (formulation, section 4) would count.
    """
    used = used_buckets(problem)
    taken: set[int] = set()
    for index in sorted(used):
        bucket = problem.buckets[index]
        own = {supplier for supplier, _ in bucket.suppliers}
        plain = all(level == FULL for _, level in bucket.suppliers)
        if not plain or own & taken or bucket.overload_price is not None:
            return False
        taken |= own
    return not problem.hires and problem.fte_scale <= FULL


def _work_is_spread(problem: Problem) -> bool:
    return any(
        demand.effort is not None
        for project in selected(problem)
        for phase in project.phases
        for mode in phase.modes
        for demand in mode.demands
    )


def used_buckets(problem: Problem) -> set[int]:
    """Return the buckets that some mode of a selected project asks for."""
    return {
        demand.bucket
        for project in selected(problem)
        for phase in project.phases
        for mode in phase.modes
        for demand in mode.demands
    }


def _money_is_undated(problem: Problem) -> bool:
    """No caps, no savings, funds with one amount, and amounts that only modes change."""
    inside = {project.index for project in selected(problem)}
    saved = any(s.savings and inside.issuperset(s.projects) for s in problem.synergies)
    if problem.caps or saved or any(len(fund.amounts) != 1 for fund in problem.funds):
        return False
    flows = list(_latest_flows(problem))
    lasting = any(flow.kind == "running" for flow, _ in flows)
    return not lasting and all(
        len(flow.payers) <= 1 and (not flow.payers or last < problem.periods)
        for flow, last in flows
    )


def _latest_flows(problem: Problem) -> Iterator[tuple[Flow, int]]:
    """Yield every flow with the last period in which it can be paid.

    What is paid beyond the grid is limited by no fund.
    """
    for flow in constant_flows(problem):
        yield flow, 0
    for project in selected(problem):
        for flow in project.flows:
            yield flow, _last_payment(flow, project.last_start)
        for phase in project.phases:
            for mode in phase.modes:
                latest = max(phase.starts(mode), default=-1)
                for flow in mode.flows:
                    yield flow, _last_payment(flow, latest)


def _last_payment(flow: Flow, start: int) -> int:
    return start + max((offset for offset, _ in flow.amounts), default=0)


def _rules_are_constant(problem: Problem) -> bool:
    counted = all(count.periods is None for count in problem.counts)
    return counted and all(measured(problem, row) is not None for row in problem.measures)


def _terms_are_exact(problem: Problem) -> bool:
    """Terms are figures, or constants because nothing is discounted, and small enough."""
    if not all(_is_known(problem, term.name) for term in problem.terms):
        return False
    most = largest(problem)
    sums = [form.whole(most) for form in stage_forms(problem)]
    return max(most[TermName.COST], *sums) <= MAX_WHOLE


def _is_known(problem: Problem, name: TermName) -> bool:
    if name is TermName.VALUE:
        steady = all(factor == 1.0 for factor in problem.value_discount)
        return steady or not any(p.raw_value for p in selected(problem))
    if name is TermName.NPV or name in CONSTANT_TERMS:
        return not problem.money_rate
    return name in FIGURES
