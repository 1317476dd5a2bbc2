"""At which value or cost of its own a project enters the best plan, or leaves it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from pmo_optimizer import (
    AverageRule,
    CostLine,
    Frozen,
    InvalidInput,
    Measure,
    Method,
    Plan,
    Portfolio,
    Project,
    ShareRule,
    Status,
    TermName,
)
from pmo_scenarios.bounds import FUZZ
from pmo_scenarios.changes.work import Work
from pmo_scenarios.scenario import Scenario
from pmo_scenarios.series import Request, Series
from pmo_scenarios.studies.forced import replaced, settled

MOST_FACTOR = 10.0
"""Factors up to this one are looked at."""

MOST_TRIALS = 20
"""Most solves of one search."""

MOST_AIMED = 6
"""So many solves aim at where the last plan says that it flips; the others halve."""

ASIDE = 0.3
"""How far beside that they aim, in widths that are small enough."""

DIGITS = 6
"""Decimals of a factor."""

SMALLEST = 2e-6
"""No bracket is narrower."""

DECIMALS = 12
"""Decimals of a value that is scaled."""


class Lever(StrEnum):
    """What of the project is scaled: its strategic value, or its cost lines."""

    VALUE = "value"
    COST = "cost"


class Verdict(StrEnum):
    """What is proven of the best plan: the project is in, out, or neither is proven.

    Where plans with and without it are equally good, it is in.
    """

    IN = "in"
    OUT = "out"
    OPEN = "open"


class FlipStatus(StrEnum):
    """What a search for a flip found.

    ``found``: a bracket, proven at both ends. ``none``: the other end of the range is proven
    to decide alike. ``open``: not proven within the limits, or stopped. ``skipped``: the lever
    does not bear on the decision.
    """

    FOUND = "found"
    NONE = "none"
    OPEN = "open"
    SKIPPED = "skipped"


class Trial(Frozen):
    """One factor, and what the best plan does there.

    Attributes
    ----------
    factor
        On the project's value or cost; 1 is as it is.
    verdict
        What is proven.
    amount
        Value of the project, undiscounted and unadjusted; or what it costs in the plan.
    objective, bound
        Of the best plan with the project; null where there is none.
    """

    factor: float
    verdict: Verdict
    amount: float | None = None
    objective: float | None = None
    bound: float | None = None


class Flip(Frozen):
    """Where the decision about a project turns as its value, or its cost, is scaled.

    Attributes
    ----------
    lever
        What is scaled.
    status, reason
        What was found, and in words why not more.
    inside, outside
        The nearest factors at which it is proven in, and out; the flip lies between them.
    inside_amount, outside_amount
        Value or cost of the project there.
    low, high
        Range of factors that was looked at.
    only
        Whether more value (or less cost) never makes it leave, so that this is the only flip,
        and ``none`` holds for the whole range.
    trials
        Every factor that was solved, in order.
    """

    lever: Lever
    status: FlipStatus
    reason: str = ""
    inside: float | None = None
    outside: float | None = None
    inside_amount: float | None = None
    outside_amount: float | None = None
    low: float | None = None
    high: float | None = None
    only: bool = False
    trials: tuple[Trial, ...] = ()


@dataclass(slots=True)
class Question:
    """What the searches of one project share.

    Attributes
    ----------
    portfolio
        With the project forced in, and the objective that decides.
    project
        Its id.
    inside, outside
        Best plans with the project forced in, and out. The latter depends on neither its value
        nor its cost: both are in no term, limit or rule of a plan without it.
    precision
        Width of a bracket that is small enough, as a part of its larger factor.
    """

    portfolio: Portfolio
    project: str
    inside: Plan
    outside: Plan
    precision: float = 0.01


def verdict_of(inside: Plan, outside: Plan, *, maximised: bool) -> Verdict:
    """Return what best plans with and without a project prove about it."""
    sign = 1 if maximised else -1
    if inside.status is Status.INFEASIBLE:
        return Verdict.OUT if outside.found else Verdict.OPEN
    if outside.status is Status.INFEASIBLE:
        return Verdict.IN if inside.found else Verdict.OPEN
    numbers = [inside.objective, inside.bound, outside.objective, outside.bound]
    fuzz = FUZZ * max([1.0, *(abs(n) for n in numbers if n is not None)])
    low, high = _room(inside, outside)
    if low is not None and sign * low >= -fuzz:
        return Verdict.IN
    return Verdict.OUT if high is not None and sign * high < -fuzz else Verdict.OPEN


def _room(inside: Plan, outside: Plan) -> tuple[float | None, float | None]:
    """Return objective less bound, and bound less objective, of plans in and out."""
    low = high = None
    if inside.found and inside.objective is not None and outside.bound is not None:
        low = inside.objective - outside.bound
    if outside.found and outside.objective is not None and inside.bound is not None:
        high = inside.bound - outside.objective
    return low, high


def search_flips(question: Question, series: Series) -> tuple[Flip, ...]:
    """Return the flip of each lever; their solves run side by side."""
    searches = [_Search(question, lever) for lever in Lever]
    running = {search.lever: search.run() for search in searches}
    answers: dict[Lever, Plan | None] = dict.fromkeys(Lever)
    done: dict[Lever, Flip] = {}
    while len(done) < len(running):
        asked: dict[Lever, Request] = {}
        for lever in [lever for lever in Lever if lever not in done]:
            try:
                asked[lever] = running[lever].send(answers[lever])
            except StopIteration as end:
                done[lever] = end.value
        plans = series.solve(list(asked.values()))
        answers = {lever: plans.get(request.key) for lever, request in asked.items()}
    return tuple(done[lever] for lever in Lever)


@dataclass(slots=True)
class _Search:
    """Looks for the flip of one lever; `run` asks for solves."""

    question: Question
    lever: Lever
    trials: list[Trial] = field(default_factory=list)
    plans: dict[float, Plan] = field(default_factory=dict)
    slope: float = 0.0

    @property
    def project(self) -> Project:
        """The project as it is."""
        return self.question.portfolio.project_by_id[self.question.project]

    @property
    def maximised(self) -> bool:
        """Whether more of the objective is better."""
        return self.question.portfolio.objective.maximised

    @property
    def sign(self) -> int:
        """1 where more of the objective is better, else -1."""
        return 1 if self.maximised else -1

    def run(self) -> Generator[Request, Plan | None, Flip]:
        """Ask for one solve after the other, and return the flip."""
        reason = idle(self.question.portfolio, self.project, self.lever)
        if reason:
            return self._flip(FlipStatus.SKIPPED, reason)
        here = self._note(1.0, self.question.inside)
        if here is Verdict.OPEN:
            return self._flip(FlipStatus.OPEN, "it is not proven whether the project is in or out")
        excluded = self.question.inside.status is Status.INFEASIBLE
        if (
            excluded
            and self.lever is Lever.VALUE
            and monotone(self.question.portfolio, self.project, self.lever)
        ):
            return self._flip(FlipStatus.NONE, "no plan has the project, whatever it is worth")
        up = (here is Verdict.OUT) == (self.lever is Lever.VALUE)
        far = MOST_FACTOR if up else 0.0
        request = self._ask(far)
        if isinstance(request, str):
            return self._flip(FlipStatus.OPEN, request)
        plan = yield request
        if plan is None:
            return self._flip(FlipStatus.OPEN, "stopped")
        there = self._note(far, plan)
        if there is here:
            return self._flip(FlipStatus.NONE, "")
        if there is Verdict.OPEN:
            return self._flip(FlipStatus.OPEN, f"it is not proven what happens at {far:g}")
        while self._wide() and len(self.trials) < MOST_TRIALS:
            point = self._next()
            request = self._ask(point)
            if isinstance(request, str):
                return self._flip(FlipStatus.FOUND, request)
            plan = yield request
            if plan is None:
                return self._flip(FlipStatus.FOUND, "stopped before the bracket was narrow")
            if self._note(point, plan) is Verdict.OPEN:
                return self._flip(FlipStatus.FOUND, f"it is not proven what happens at {point:g}")
        more = f"after {MOST_TRIALS} factors the bracket was not narrow" if self._wide() else ""
        return self._flip(FlipStatus.FOUND, more)

    def _ask(self, factor: float) -> Request | str:
        """Return the solve at a factor, or why there is none."""
        try:
            changed = scaled(self.question.portfolio, self.project, self.lever, factor)
        except InvalidInput as error:
            return f"at {factor:g}: {error.findings[0].message}"
        found = {f: plan for f, plan in self.plans.items() if plan.found}
        start = min(found, key=lambda f: abs(f - factor)) if found else None
        return Request(
            key=f"{self.lever.value} x {factor:g}",
            portfolio=changed,
            start=self.question.outside if start is None else found[start],
            bound=self._bound(factor),
        )

    def _bound(self, factor: float) -> float | None:
        """Return the best bound of factors that are kinder to the project, if that is sound."""
        if not monotone(self.question.portfolio, self.project, self.lever):
            return None
        value = self.lever is Lever.VALUE
        kinder = [
            plan.bound
            for f, plan in self.plans.items()
            if plan.bound is not None and (f >= factor if value else f <= factor)
        ]
        return self.sign * min(self.sign * bound for bound in kinder) if kinder else None

    def _note(self, factor: float, plan: Plan) -> Verdict:
        """Keep the answer at a factor."""
        verdict = verdict_of(plan, self.question.outside, maximised=self.maximised)
        kpis = {k.project: k for k in plan.kpis.projects} if plan.found else {}
        own = kpis.get(self.question.project)
        amount = None if own is None else own.cost
        if self.lever is Lever.VALUE:
            amount = float(self.question.portfolio.raw_value(self.project)) * factor
            if own is not None and factor > 0:
                self.slope = own.value / factor * value_weight(self.question.portfolio)
        self.plans[factor] = plan
        self.trials.append(
            Trial(
                factor=factor,
                verdict=verdict,
                amount=amount,
                objective=plan.objective,
                bound=plan.bound,
            )
        )
        return verdict

    def _ends(self) -> tuple[Trial | None, Trial | None]:
        """Return the nearest trials that are proven in and out."""
        more_is_in = self.lever is Lever.VALUE
        inside = [t for t in self.trials if t.verdict is Verdict.IN]
        outside = [t for t in self.trials if t.verdict is Verdict.OUT]
        if not inside or not outside:
            return (inside[-1] if inside else None), (outside[-1] if outside else None)
        pairs = [
            (abs(a.factor - b.factor), a, b)
            for a in inside
            for b in outside
            if (a.factor > b.factor) is more_is_in
        ]
        _, a, b = min(pairs, key=lambda pair: pair[0])
        return a, b

    def _range(self) -> tuple[float, float]:
        a, b = self._ends()
        factors = [t.factor for t in (a, b) if t is not None]
        return min(factors), max(factors)

    def _wide(self) -> bool:
        low, high = self._range()
        return high - low > max(self.question.precision * high, SMALLEST)

    def _next(self) -> float:
        """Return the next factor: beside the one that the last plan points at, or the middle."""
        low, high = self._range()
        width = self.question.precision * high
        last = max((f for f, p in self.plans.items() if p.found), default=None, key=self._recent)
        out = self.question.outside.objective
        if self.slope > 0 and last is not None and out is not None:
            own = self.plans[last].objective
            if own is not None and len(self.trials) < MOST_AIMED:
                guess = last + self.sign * (out - own) / self.slope
                aside = ASIDE * width
                point = round(guess + (aside if high - guess > width else -aside), DIGITS)
                if low < point < high:
                    return point
        return round((low + high) / 2, DIGITS)

    def _recent(self, factor: float) -> int:
        return list(self.plans).index(factor)

    def _flip(self, status: FlipStatus, reason: str) -> Flip:
        factors = [t.factor for t in self.trials]
        a, b = self._ends() if status is FlipStatus.FOUND else (None, None)
        return Flip(
            lever=self.lever,
            status=status,
            reason=reason,
            inside=None if a is None else a.factor,
            outside=None if b is None else b.factor,
            inside_amount=None if a is None else a.amount,
            outside_amount=None if b is None else b.amount,
            low=min(factors) if factors else None,
            high=max(factors) if factors else None,
            only=bool(factors) and monotone(self.question.portfolio, self.project, self.lever),
            trials=tuple(self.trials),
        )


def idle(portfolio: Portfolio, project: Project, lever: Lever) -> str:
    """Return why a lever does not bear on the decision; nothing where it does."""
    if lever is Lever.VALUE:
        if not value_weight(portfolio):
            return "value is not what decides"
        return "" if portfolio.raw_value(project) > 0 else "the project has no value to scale"
    if not any(amount for line in cost_lines(project) for amount in amounts_of(line)):
        return "the project has no cost lines"
    terms = {term.term for term in portfolio.objective.terms}
    money = bool(terms & {TermName.COST, TermName.NPV}) or portfolio.funds or portfolio.caps
    return "" if money or _measured(portfolio, Measure.COST) else "cost is limited by nothing"


def value_weight(portfolio: Portfolio) -> float:
    """Return how much better the objective is per unit of value; 0 where that counts later."""
    goals = portfolio.objective
    if goals.method is Method.WEIGHTED:
        return sum(float(t.weight) for t in goals.terms if t.term is TermName.VALUE)
    return 1.0 if goals.terms[0].term is TermName.VALUE else 0.0


def monotone(portfolio: Portfolio, project: Project, lever: Lever) -> bool:
    """Return whether more value, or less cost, can only help the project.

    It can hurt where a rule looks at the measure, or where costs are negative.
    """
    if lever is Lever.VALUE:
        return not _measured(portfolio, Measure.VALUE)
    negative = any(amount < 0 for line in cost_lines(project) for amount in amounts_of(line))
    return not negative and not _measured(portfolio, Measure.COST)


def _measured(portfolio: Portfolio, measure: Measure) -> bool:
    return any(
        (isinstance(rule, ShareRule) and rule.measure is measure)
        or (isinstance(rule, AverageRule) and rule.weight == measure.value)
        for rule in portfolio.rules
    )


def cost_lines(project: Project) -> tuple[CostLine, ...]:
    """Return the cost lines of a project and of all its modes."""
    modes = [mode for phase in project.phases for mode in phase.modes]
    return (*project.costs, *(line for mode in modes for line in mode.costs))


def amounts_of(line: CostLine) -> tuple[Decimal, ...]:
    """Return the amounts that a cost line gives."""
    given = (line.per_period, line.lump, *(line.profile or ()))
    return tuple(amount for amount in given if amount is not None)


def scaled(portfolio: Portfolio, project: Project, lever: Lever, factor: float) -> Portfolio:
    """Return the portfolio with the project's value or cost times a factor.

    Raises
    ------
    InvalidInput
        Numbers become too large.
    """
    exact = Decimal(str(factor))
    if lever is Lever.COST:
        work = Work(targets=(project.id,), cost=(exact - 1) * 100)
        return Scenario(id="why", changes=(work,)).apply(portfolio)
    raw = portfolio.raw_value(project)
    value = Decimal(raw.numerator) / Decimal(raw.denominator) * exact
    update = {"value": round(value, DECIMALS), "scores": {}}
    changed, _ = settled(replaced(portfolio, project.model_copy(update=update)))
    return changed
