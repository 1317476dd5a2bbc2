"""Plans that are best on average over given cases, in the worst of them, or in regret."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from pydantic import Field

from pmo_optimizer import (
    Finding,
    InvalidInput,
    Measure,
    Plan,
    Portfolio,
    Project,
    Severity,
    ShareRule,
    State,
    Status,
    referee,
    require_valid,
)
from pmo_scenarios.bounds import FUZZ, gap_between
from pmo_scenarios.runs import Job, Options, Step, shares
from pmo_scenarios.series import Batches
from pmo_scenarios.studies.forced import settled
from pmo_scenarios.studies.results import Study
from pmo_scenarios.studies.robustness.draws import Draw, changed, changes_of, extreme, sampled
from pmo_scenarios.studies.robustness.uncertainty import OF_WORK, Uncertainty, Variable

STEP = Decimal("0.000000000001")
"""Mean values are rounded up to this, so that bounds hold; a higher value is never worse."""

PARTS = 10**3
"""Weights of cases are multiples of one over this, so that mean probabilities are exact."""

SPEED = 0.5
"""How quickly weights move to the cases in which plans are bad."""


class Aim(StrEnum):
    """What is optimized over the cases.

    ``mean`` and ``worst`` are of the objectives. ``regret`` is the most that the plan loses in
    any case against the best plan of that case, as little as possible.
    """

    MEAN = "mean"
    WORST = "worst"
    REGRET = "regret"


class RobustPlan(Study):
    """The best plan found for all cases together.

    Attributes
    ----------
    value
        What the plan is worth: the mean of its objectives over the cases, or the worst; or its
        regret, which is at most that.
    bound, gap
        No plan is better than the bound; null without one.
    proven
        Whether they meet.
    objectives
        The plan's objective in each case, by the case's id.
    best
        Of regret: the bound on the best plan of each case, against which it is measured.
    rounds
        How many solves.
    plan
        The plan, of ``portfolio``; left out of JSON.
    portfolio
        The portfolio with the longest durations and the most effort and cost of the cases;
        left out of JSON.
    """

    aim: Aim
    status: Status
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
    proven: bool = False
    objectives: dict[str, float] = Field(default_factory=dict)
    best: dict[str, float] = Field(default_factory=dict)
    selected: tuple[str, ...] = ()
    rounds: int = 0
    seconds: float = 0.0
    message: str = ""
    plan: Plan | None = Field(default=None, exclude=True, repr=False)
    portfolio: Portfolio | None = Field(default=None, exclude=True, repr=False)


def robust(
    portfolio: Portfolio,
    uncertainty: Uncertainty,
    *,
    aim: Aim = Aim.MEAN,
    cases: int = 20,
    rounds: int = 12,
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int | None = None,
    backend: str = "auto",
    seed: int = 0,
    executor: Executor | None = None,
    on_progress: Callable[[Step], None] | None = None,
    stop: threading.Event | None = None,
) -> RobustPlan:
    """Return the plan that is best on average over cases, in the worst of them, or in regret.

    Cases are the two extremes and drawn ones. The plan is feasible in the hardest of all:
    longest durations, most effort and cost of any case. These are the same in every case, so
    that the cases differ in values, scores, weights and chances of success only.

    Parameters
    ----------
    portfolio, uncertainty
        The portfolio, and what varies.
    aim
        The mean over the cases, the worst case, or the largest regret of any case.
    cases
        Drawn cases beside the extremes.
    rounds
        Most solves for the worst case or regret, which takes one more for each case; the mean
        takes one.
    time_limit, gap, backend
        Of each solve, as in `pmo_optimizer.optimize`.
    workers
        Threads of each solve.
    seed
        Of the draws, and of the engines.
    executor, on_progress, stop
        As in `robustness`.

    Raises
    ------
    InvalidInput
        With every finding about portfolio and uncertainty; also where a rule limits values
        that vary, or where the hardest case is impossible for a project that must be done.

    Notes
    -----
    For any weights w of the cases that add up to 1, the best weighted mean is at least the
    best worst case (Lagrangian duality): each solve of a mean bounds it, and each plan is one
    to choose. Weights move to the cases in which the plans are bad (multiplicative weights).
    A gap may stay: the bound is that of a mix of plans. Regret in a case is the objective less
    that of the case's best plan: the same holds, with the bound of each case's own solve for
    the regret of a plan, and with its value for the bound on all plans, so that both hold
    where a case is not solved to the end.
    """
    require_valid(portfolio)
    variables = uncertainty.variables(portfolio)
    _require_linear(portfolio, variables)
    began = time.monotonic()
    draws = [extreme(variables, favourable=way) for way in (True, False)]
    draws += [sampled(variables, seed, case) for case in range(1, cases + 1)]
    unsettled = hard = _hardest(
        portfolio, variables, [dict(_keyed(draw.numbers)) for draw in draws]
    )
    hard, impossible = settled(hard)
    if impossible:
        require_valid(unsettled)
    soft = [tuple((v, n) for v, n in d.numbers if v.entry.what not in OF_WORK) for d in draws]
    views = {
        draw.id: changed(hard, changes_of(hard, Draw(draw.id, numbers)))
        for draw, numbers in zip(draws, soft, strict=True)
    }
    _, threads = shares(1, workers)
    options = Options(time_limit, gap, threads, backend, seed)
    search = _Search(hard, views, aim)
    with Batches(executor, 1, on_progress, stop) as batches:
        if aim is Aim.REGRET and not search.measure(batches, options):
            return search.result(time.monotonic() - began)
        for number in range(1 if aim is Aim.MEAN else max(1, rounds)):
            key = f"{aim} {number + 1}"
            mean = search.mean()
            plan = batches.run([Job(key, mean, options, search.start(mean))]).get(key)
            if plan is None or not search.take(mean, plan) or batches.over:
                break
            if (distance := search.gap()) is not None and distance <= max(gap, FUZZ):
                break
    return search.result(time.monotonic() - began)


def _keyed(numbers: Sequence[tuple[Variable, Decimal]]) -> list[tuple[str, Decimal]]:
    return [(variable.key, number) for variable, number in numbers]


def _require_linear(portfolio: Portfolio, variables: Sequence[Variable]) -> None:
    """Refuse rules whose limits would be others in each case."""
    if all(variable.entry.what in OF_WORK for variable in variables):
        return
    found = tuple(
        Finding(
            Severity.ERROR,
            "varying-rule",
            f"rules/{rule.id}",
            f"Rule {rule.id} limits values, which differ from case to case.",
            "Switch the rule off, or measure cost, effort or count.",
        )
        for rule in portfolio.rules
        if (isinstance(rule, ShareRule) and rule.measure is Measure.VALUE)
        or getattr(rule, "weight", "") == Measure.VALUE.value
    )
    if found:
        raise InvalidInput(found)


def _hardest(
    portfolio: Portfolio, variables: Sequence[Variable], numbers: Sequence[dict[str, Decimal]]
) -> Portfolio:
    """Return the portfolio with the most work of any case."""
    most = tuple(
        (v, max(case[v.key] for case in numbers)) for v in variables if v.entry.what in OF_WORK
    )
    harder = changed(portfolio, changes_of(portfolio, Draw("hardest", most)))
    return Portfolio.parse(harder.to_data())


class _Search:
    """Weights of the cases, and what the solves of their means proved."""

    def __init__(self, hard: Portfolio, views: dict[str, Portfolio], aim: Aim) -> None:
        self._hard = hard
        self._views = views
        self._aim = aim
        self._sign = 1 if hard.objective.maximised else -1
        self._least = dict.fromkeys(views, 0.0)
        self._most = dict.fromkeys(views, 0.0)
        self._losses = dict.fromkeys(views, 0.0)
        self._weights = dict.fromkeys(views, 1 / len(views))
        self._best: tuple[float, dict[str, float], Plan] | None = None
        self._bound: float | None = None
        self._status = Status.NO_PLAN_FOUND
        self._message = ""
        self._rounds = 0

    def measure(self, batches: Batches, options: Options) -> bool:
        """Solve each case by itself; return whether each has a plan and a bound.

        Scores are objectives, more being better, less what is possible in the case: that is
        between the value and the bound of its solve.
        """
        jobs = [Job(f"best of {name}", view, options) for name, view in self._views.items()]
        plans = batches.run(jobs)
        for name in self._views:
            plan = plans.get(f"best of {name}")
            if plan is None or plan.objective is None or plan.bound is None:
                self._message = f"The best plan of {name} is not known."
                if plan is not None and not plan.found:
                    self._status, self._message = plan.status, plan.message or self._message
                return False
            self._least[name] = self._sign * plan.objective
            self._most[name] = max(self._sign * plan.bound, self._least[name])
        return not batches.over

    def mean(self) -> Portfolio:
        """Return the portfolio whose objective is the weighted mean of the cases' objectives."""
        parts = self._whole_weights()
        projects = tuple(self._mean_project(p, parts) for p in self._hard.projects)
        return self._hard.model_copy(update={"projects": projects})

    def _whole_weights(self) -> dict[str, Fraction]:
        """Return the weights as fractions that add up to 1."""
        if self._aim is Aim.MEAN:
            return {name: Fraction(1, len(self._views)) for name in self._views}
        parts = {name: Fraction(round(w * PARTS), PARTS) for name, w in self._weights.items()}
        largest = max(parts, key=lambda name: (parts[name], name))
        parts[largest] += 1 - sum(parts.values())
        return parts

    def _mean_project(self, project: Project, parts: dict[str, Fraction]) -> Project:
        """Return a project with its mean value, rounded up, and its mean probability."""
        if project.state is State.DONE:
            return project
        chance, value, sure = Fraction(0), Fraction(0), self._hard.risk_adjusted
        for name, part in parts.items():
            view = self._views[name]
            own = view.project_by_id[project.id]
            chance += part * Fraction(own.probability)
            value += part * view.raw_value(own) * (Fraction(own.probability) if sure else 1)
        probability = _up(chance)
        if sure:
            value = value / Fraction(probability) if probability else Fraction(0)
        return project.model_copy(update={"value": _up(value), "probability": probability})

    def start(self, portfolio: Portfolio) -> Plan | None:
        """Return the best plan so far as a start."""
        if self._best is None:
            return None
        return self._best[2].model_copy(update={"digest": portfolio.digest()})

    def take(self, mean: Portfolio, plan: Plan) -> bool:
        """Take in a solve; return whether it found a plan."""
        self._rounds += 1
        if plan.bound is not None:
            parts = self._whole_weights()
            least = math.fsum(float(part) * self._least[name] for name, part in parts.items())
            bound = self._sign * plan.bound - least
            self._bound = bound if self._bound is None else min(self._bound, bound)
        if not plan.found:
            if self._best is None:
                self._status, self._message = plan.status, plan.message
            return False
        self._status = Status.FEASIBLE
        objectives = {name: self._worth(view, plan) for name, view in self._views.items()}
        scores = {n: self._sign * x - self._most[n] for n, x in objectives.items()}
        worth = math.fsum(scores.values()) / len(scores)
        if self._aim is not Aim.MEAN:
            worth = min(scores.values())
        if self._best is None or worth > self._best[0]:
            self._best = worth, objectives, plan
        self._move(scores)
        return True

    def _worth(self, view: Portfolio, plan: Plan) -> float:
        own = plan.model_copy(update={"digest": view.digest()})
        return referee.check(view, own).kpis.objective

    def _move(self, scores: dict[str, float]) -> None:
        """Give more weight to cases in which the plans so far are bad."""
        least = min(scores.values())
        spread = max(scores.values()) - least or 1.0
        for name, score in scores.items():
            self._losses[name] -= (score - least) / spread
        top = max(self._losses.values())
        speed = SPEED * math.log(len(self._losses) + 1)
        raw = {name: math.exp(speed * (loss - top)) for name, loss in self._losses.items()}
        total = math.fsum(raw.values())
        self._weights = {name: weight / total for name, weight in raw.items()}

    @property
    def _unit(self) -> int:
        """What turns scores into what is reported: regret is a loss, and less of it better."""
        return -1 if self._aim is Aim.REGRET else self._sign

    @property
    def value(self) -> float | None:
        """What the best plan is worth."""
        return None if self._best is None else self._unit * self._best[0]

    @property
    def bound(self) -> float | None:
        """What no plan is better than; no regret is below 0."""
        if self._bound is None:
            return None
        bound = self._unit * self._bound
        return max(0.0, bound) if self._aim is Aim.REGRET else bound

    def gap(self) -> float | None:
        """Return the gap between the best plan and the bound.

        Regret is a difference of objectives, so that what is small beside them is none.
        """
        value, bound = self.value, self.bound
        if value is None or bound is None or self._aim is not Aim.REGRET:
            return gap_between(value, bound)
        scale = max(1.0, *map(abs, self._most.values()))
        return 0.0 if value - bound <= FUZZ * scale else gap_between(value, bound)

    def result(self, seconds: float) -> RobustPlan:
        """Return what was found."""
        if self._best is None:
            return RobustPlan(
                aim=self._aim,
                status=self._status,
                bound=self.bound,
                rounds=self._rounds,
                seconds=seconds,
                message=self._message,
            )
        _, objectives, plan = self._best
        distance = self.gap()
        proven = distance is not None and distance <= FUZZ
        own = plan.model_copy(update={"digest": self._hard.digest()})
        kpis = referee.check(self._hard, own).kpis
        return RobustPlan(
            aim=self._aim,
            status=Status.OPTIMAL if proven else Status.FEASIBLE,
            value=self.value,
            bound=self.bound,
            gap=distance,
            proven=proven,
            objectives=objectives,
            best={n: self._sign * most for n, most in self._most.items()}
            if self._aim is Aim.REGRET
            else {},
            selected=plan.selected,
            rounds=self._rounds,
            seconds=seconds,
            plan=own.model_copy(
                update={
                    "objective": kpis.objective,
                    "status": Status.FEASIBLE,
                    "bound": None,
                    "gap": None,
                    "terms": (),
                    "kpis": kpis,
                }
            ),
            portfolio=self._hard,
        )


def _up(value: Fraction) -> Decimal:
    """Return a number rounded up."""
    whole = value / Fraction(STEP)
    return Decimal(math.ceil(whole)) * STEP
