"""Repairs of a portfolio that has no plan: what to raise or drop, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pmo_optimizer import Frozen, InvalidInput, Plan, Portfolio, Status
from pmo_scenarios.runs import Job
from pmo_scenarios.studies.clashes import Paths, Tests, Tree
from pmo_scenarios.studies.elastic import (
    AMOUNTS,
    WHOLE,
    Stretch,
    counted,
    elastic,
    stretches,
)
from pmo_scenarios.studies.stated import MOST_LISTED, Member, number


class Span(Frozen):
    """By how much a limit is exceeded in a year or period; ``when`` is empty for the total."""

    when: str
    amount: float


class RepairStep(Frozen):
    """One thing to change.

    Attributes
    ----------
    path, kind
        The member that is raised or dropped.
    dropped
        Whether it is dropped; otherwise it is raised by ``amount``.
    amount
        In all, in the unit of the limit: money, FTE-periods, projects, periods of delay.
    spans
        Where that is.
    cost
        In whole limits: 0.1 is a tenth of a typical year or period of the limit, 1 is what a
        decision or relation that is dropped costs.
    words
        For people.
    """

    path: str
    kind: str
    dropped: bool
    amount: float = 0.0
    spans: tuple[Span, ...] = ()
    cost: float
    words: str


class Repair(Frozen):
    """Changes that make a plan possible; a solve found one.

    Attributes
    ----------
    kind
        ``cheapest`` of all that can be priced; ``limits``, where only amounts are raised and
        every decision and relation stays; ``fewest``, where the fewest rules are touched.
    steps
        What to change.
    cost
        Sum over the steps.
    least
        No repair of this kind costs less, as is proven; null where nothing is known.
    proven
        Whether it is the cheapest of its kind (of ``fewest``: for the rules that it touches).
    selected
        Projects of the plan that it makes possible; it leaves out what no rule asks for.
    words
        One sentence.
    """

    kind: str
    steps: tuple[RepairStep, ...]
    cost: float
    least: float | None = None
    proven: bool = False
    selected: tuple[str, ...] = ()
    words: str = ""


class _Try(NamedTuple):
    """A way to repair: what may stretch, and what is dropped."""

    kind: str
    soft: Paths
    off: Paths


PROOF = 1e-4
"""A repair is called the cheapest where its cost and the bound differ by this, or this part."""


def repairs_of(portfolio: Portfolio, tests: Tests, tree: Tree) -> tuple[Repair, ...]:
    """Return the repairs that were found, the cheapest first."""
    tries = _tries(portfolio, tests.members, tree)
    jobs: dict[str, Job] = {}
    for attempt in tries:
        try:
            target = elastic(tests.relaxer, attempt.soft, attempt.off)
        except InvalidInput:
            continue
        if target is not None:
            key = f"repair {attempt.kind}"
            start = tests.near(frozenset(tests.relaxer.paths))
            jobs[key] = Job(key, target, tests.options, start)
    plans = tests.run(list(jobs.values()))
    found = [
        _repair(portfolio, tests.members, attempt, plans[f"repair {attempt.kind}"])
        for attempt in tries
        if f"repair {attempt.kind}" in plans and plans[f"repair {attempt.kind}"].found
    ]
    unique = {repair.steps: repair for repair in reversed(found)}
    return tuple(
        sorted(unique.values(), key=lambda r: (r.cost, [a.kind for a in tries].index(r.kind)))
    )


def _tries(portfolio: Portfolio, members: Sequence[Member], tree: Tree) -> list[_Try]:
    amounts = frozenset(m.path for m in members if m.kind in AMOUNTS)
    soft = amounts | {m.path for m in members if counted(portfolio, m.path, m.kind)}
    tries = [_Try("cheapest", soft, Paths()), _Try("limits", amounts, Paths())]
    if tree.corrections:
        few = min(tree.corrections, key=len)
        tries.append(_Try("fewest", few & soft, few - soft))
    return tries


def _repair(portfolio: Portfolio, members: Sequence[Member], attempt: _Try, plan: Plan) -> Repair:
    known = {member.path: member for member in members}
    found = stretches(portfolio, plan, attempt.soft, attempt.off)
    steps = tuple(_step(known[stretch.path], stretch) for stretch in found)
    cost = sum(step.cost for step in steps)
    least = None if plan.bound is None else max(0.0, -plan.bound / WHOLE + len(attempt.off))
    near = least is not None and cost - least <= PROOF * max(1.0, cost)
    said = "; ".join(step.words for step in steps)
    return Repair(
        kind=attempt.kind,
        steps=steps,
        cost=cost,
        least=least,
        proven=plan.status is Status.OPTIMAL and near,
        selected=plan.selected,
        words=f"This makes a plan possible: {said}.",
    )


def _step(member: Member, stretch: Stretch) -> RepairStep:
    spans = tuple(Span(when=when, amount=amount) for when, amount in stretch.spans)
    amount = sum(span.amount for span in spans)
    return RepairStep(
        path=member.path,
        kind=member.kind,
        dropped=not spans,
        amount=amount,
        spans=spans,
        cost=stretch.cost,
        words=_raise(member, spans, amount) if spans else f"drop: {member.words}",
    )


def _raise(member: Member, spans: Sequence[Span], amount: float) -> str:
    """Return by how much to raise a limit, in words."""
    name = member.path.split("/")[1]
    match member.kind:
        case "fund" | "cap":
            return f"raise {member.kind} {name} by {_spread(spans, amount)}"
        case "capacity":
            return f"add {_spread(spans, amount)} FTE of {name}"
        case "due" | "latest_finish":
            return f"let {name} finish {number(amount)} periods later"
    return f"loosen rule {name} by {_spread(spans, amount)}"


def _spread(spans: Sequence[Span], amount: float) -> str:
    if len(spans) <= MOST_LISTED:
        parts = [f"{number(s.amount)} in {s.when}" if s.when else number(s.amount) for s in spans]
        return " and ".join(parts)
    most = max(span.amount for span in spans)
    return (
        f"{number(amount)} in {len(spans)} periods from {spans[0].when} to {spans[-1].when}, "
        f"at most {number(most)} in one,"
    )
