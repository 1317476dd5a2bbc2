"""Why a project is in the best plan, or why not: the best plan with the opposite decision."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

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
    suggestion,
)
from pmo_scenarios.bounds import FUZZ
from pmo_scenarios.runs import Options, Step
from pmo_scenarios.series import Request, Series
from pmo_scenarios.studies.binding import Limit, Relation, limits_of, relations_of
from pmo_scenarios.studies.figures import Figures, Interval, Move, figures_of, gain, moves
from pmo_scenarios.studies.flips import Flip, Question, search_flips
from pmo_scenarios.studies.forced import impossible, leading, settled, with_project
from pmo_scenarios.studies.results import Study

if TYPE_CHECKING:
    import pandas

BASE, OPPOSITE = "base", "opposite"
"""What the two solves are called."""


class Reason(StrEnum):
    """Why the project is in or out.

    ``must``, ``never``, ``running``: decided beforehand. ``better``: the opposite decision is
    proven to be worse. ``equal``: proven to be as good. ``impossible``: proven to leave no
    plan. ``open``: none of this is proven within the limits. ``no_plan``: there is no plan
    without the opposite decision either.
    """

    MUST = "must"
    NEVER = "never"
    RUNNING = "running"
    BETTER = "better"
    EQUAL = "equal"
    IMPOSSIBLE = "impossible"
    OPEN = "open"
    NO_PLAN = "no_plan"


class Side(Frozen):
    """The best plan with one decision about the project.

    Attributes
    ----------
    selected
        Whether the project is; null without a plan.
    status, termination, objective, bound, gap, message, seconds
        As in `Plan`.
    figures
        Key figures; null where there is no plan.
    plan
        The plan itself; left out of JSON.
    """

    selected: bool | None = None
    status: Status
    termination: Termination
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    message: str = ""
    seconds: float = 0.0
    figures: Figures | None = None
    plan: Plan | None = Field(default=None, exclude=True, repr=False)


class Why(Study):
    """Why a project is in the best plan, or why not.

    Attributes
    ----------
    portfolio, digest, currency
        Of what was solved.
    term, maximised
        The first term of the objective, and whether more of it is better.
    project, name, state, decision
        Of the project.
    selected
        Whether it is in the best plan; null where there is none.
    reason
        Why.
    base
        The best plan as the portfolio is.
    opposite
        The best plan with the opposite decision; null where it was not solved. A running
        project that is not stoppable is stopped there all the same, at its exit cost.
    loss
        How much worse the objective is with the opposite decision; negative where that is
        better, as it can be of projects that are decided beforehand.
    enters, leaves
        Other projects that only the opposite plan selects, and that only the base plan does.
    moves
        Projects that are selected in both, at other times or in other modes.
    limits
        What the project takes of limits, and what the plan without it leaves of them; those
        that do not leave enough come first.
    relations
        Rules of the selection and links that name the project.
    flips
        At which value or cost of the project the decision turns; ties count as in.
    stopped
        Whether somebody asked to stop before all was solved.
    seconds
        Wall clock of all solves.
    """

    portfolio: str
    digest: str
    currency: str
    term: TermName
    maximised: bool
    project: str
    name: str = ""
    state: State
    decision: Decision
    selected: bool | None = None
    reason: Reason
    base: Side
    opposite: Side | None = None
    loss: Interval | None = None
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    limits: tuple[Limit, ...] = ()
    relations: tuple[Relation, ...] = ()
    flips: tuple[Flip, ...] = ()
    stopped: bool = False
    seconds: float = 0.0

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per factor that was solved.

        Columns: lever, factor, verdict, amount, objective, bound.
        """
        import pandas as pd

        columns = ["lever", "factor", "verdict", "amount", "objective", "bound"]
        rows = [
            (f.lever.value, t.factor, t.verdict.value, t.amount, t.objective, t.bound)
            for f in self.flips
            for t in f.trials
        ]
        return pd.DataFrame(rows, columns=columns)


def why(
    portfolio: Portfolio,
    project: str,
    *,
    flips: bool = True,
    precision: float = 0.01,
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
) -> Why:
    """Say why a project is in the best plan, or why not.

    The portfolio is solved as it is, and with the opposite decision about the project. What
    that loses, displaces and needs is the answer; where wanted, the value and the cost of the
    project are scaled until the decision turns. Every plan is refereed.

    Parameters
    ----------
    portfolio
        What to plan.
    project
        Id of the project. What is decided about it beforehand is no obstacle.
    flips
        Whether to look for the value and the cost that turn the decision, up to ten times of
        what they are. What counts is the first term, or the weighted sum, prices included.
    precision
        Width of the bracket around such a factor that is narrow enough, as a part of it.
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
        Set it, or press Ctrl-C, to get what is there so far.

    Raises
    ------
    InvalidInput
        With every finding about the portfolio, or because nothing is to be decided about the
        project.
    Unsupported
        The engine does not exist or does not support what the portfolio asks for.
    ValueError
        An option is out of range.
    """
    if not 0 < precision < 1:
        raise ValueError(f"precision must be above 0 and below 1, not {precision}")
    require_valid(portfolio)
    _require_open(portfolio, project)
    began = time.monotonic()
    options = Options(time_limit, gap, 1, backend, seed, reproducible, staffing)
    with Series(
        options, workers=workers, executor=executor, on_progress=on_progress, stop=stop
    ) as series:
        series.expected = 2
        study = _Study(portfolio, project, series)
        study.solve()
        if flips:
            study.search(precision)
    return study.result(time.monotonic() - began)


def _require_open(portfolio: Portfolio, name: str) -> None:
    """Refuse a project that is unknown or done."""
    project = portfolio.project_by_id.get(name)
    if project is None:
        near = suggestion(name, portfolio.project_by_id)
        finding = Finding(
            Severity.ERROR,
            "unknown-target",
            f"projects/{name}",
            f"There is no project {name}.",
            f"{near}Give the id of a project.",
        )
    elif project.state is State.DONE:
        finding = Finding(
            Severity.ERROR,
            "project-done",
            f"projects/{name}",
            f"Project {name} is done, so that nothing is to be decided about it.",
            "Ask about a project that is proposed or running.",
        )
    else:
        return
    raise InvalidInput((finding,))


@dataclass(slots=True)
class _Study:
    """The solves of one question, and what follows from them."""

    portfolio: Portfolio
    name: str
    series: Series
    plans: dict[str, Plan] = field(default_factory=dict)
    flips: tuple[Flip, ...] = ()

    @property
    def decided(self) -> Reason | None:
        """What is decided about the project beforehand."""
        project = self.portfolio.project_by_id[self.name]
        if project.decision is Decision.MUST:
            return Reason.MUST
        if project.decision is Decision.NEVER:
            return Reason.NEVER
        running = project.state is State.RUNNING and not project.stoppable
        return Reason.RUNNING if running else None

    @property
    def selected(self) -> bool | None:
        """Whether the project is in the base plan; null where there is none."""
        base = self.plans.get(BASE)
        return self.name in base.selected if base is not None and base.found else None

    def solve(self) -> None:
        """Solve the portfolio as it is, and with the opposite decision."""
        base = self.series.solve([Request(BASE, self.portfolio)]).get(BASE)
        if base is None:
            return
        self.plans[BASE] = base
        if not base.found and self.decided is None:
            return
        out = self.selected if base.found else self.decided is not Reason.NEVER
        bound = base.bound if self.decided is None else None
        opposite = self._forced(OPPOSITE, self.portfolio, not out, base, bound)
        if opposite is not None:
            self.plans[OPPOSITE] = opposite

    def _forced(
        self, key: str, portfolio: Portfolio, inside: bool, start: Plan, bound: float | None
    ) -> Plan | None:
        """Return the best plan with the project forced in or out."""
        target, proof = settled(with_project(portfolio, self.name, selected=inside))
        if proof:
            return impossible(target, proof)
        return self.series.solve([Request(key, target, start, bound)]).get(key)

    def search(self, precision: float) -> None:
        """Look for the value and the cost of the project that turn the decision."""
        base, opposite = self.plans.get(BASE), self.plans.get(OPPOSITE)
        if base is None or opposite is None or not (base.found or opposite.found):
            return
        chosen = self.selected if base.found else self.decided is not Reason.NEVER
        inside, outside = (base, opposite) if chosen else (opposite, base)
        deciding = leading(self.portfolio)
        if deciding is not self.portfolio:
            first = self._forced("in, first term", deciding, True, inside, None)
            second = self._forced("out, first term", deciding, False, outside, None)
            if first is None or second is None:
                return
            inside, outside = first, second
        target, proof = settled(with_project(deciding, self.name, selected=True))
        if proof:
            return  # whatever it is worth or costs: the reason says it
        question = Question(target, self.name, inside, outside, precision)
        self.flips = search_flips(question, self.series)

    def result(self, seconds: float) -> Why:
        """Return the answer as far as there is one."""
        portfolio, project = self.portfolio, self.portfolio.project_by_id[self.name]
        base, opposite = self.plans.get(BASE), self.plans.get(OPPOSITE)
        answer = Why(
            portfolio=portfolio.name,
            digest=portfolio.digest(),
            currency=portfolio.currency,
            term=portfolio.objective.terms[0].term,
            maximised=portfolio.objective.maximised,
            project=project.id,
            name=project.name,
            state=project.state,
            decision=project.decision,
            selected=self.selected,
            reason=Reason.OPEN,
            base=self._side(base),
            opposite=None if opposite is None else self._side(opposite),
            relations=relations_of(portfolio, project.id),
            flips=self.flips,
            stopped=self.series.over,
            seconds=seconds,
        )
        update: dict[str, object] = {"reason": self._reason(None)}
        if base is not None and opposite is not None:
            loss = gain(portfolio, opposite, base)
            inside, outside = (base, opposite) if self._base_is_in(base) else (opposite, base)
            update["limits"] = limits_of(portfolio, project.id, inside, outside)
            update["loss"], update["reason"] = loss, self._reason(loss)
            if base.found and opposite.found:
                old, new = set(base.selected), set(opposite.selected)
                update["enters"] = tuple(sorted(new - old - {project.id}))
                update["leaves"] = tuple(sorted(old - new - {project.id}))
                update["moves"] = moves(base, opposite)
        return answer.model_copy(update=update)

    def _base_is_in(self, base: Plan) -> bool:
        return self.name in base.selected if base.found else self.decided is not Reason.NEVER

    def _reason(self, loss: Interval | None) -> Reason:
        base, opposite = self.plans.get(BASE), self.plans.get(OPPOSITE)
        if self.decided is not None:
            return self.decided
        if base is not None and base.status is Status.INFEASIBLE:
            return Reason.NO_PLAN
        if opposite is not None and opposite.status is Status.INFEASIBLE:
            return Reason.IMPOSSIBLE
        if base is None or opposite is None or loss is None:
            return Reason.OPEN
        if loss.low is None or loss.high is None:
            return Reason.OPEN
        fuzz = FUZZ * max(1.0, abs(base.objective or 0.0))
        if loss.low > fuzz:
            return Reason.BETTER
        return Reason.EQUAL if max(abs(loss.low), abs(loss.high)) <= fuzz else Reason.OPEN

    def _side(self, plan: Plan | None) -> Side:
        if plan is None:
            return Side(status=Status.NO_PLAN_FOUND, termination=Termination.STOPPED)
        return Side(
            selected=self.name in plan.selected if plan.found else None,
            status=plan.status,
            termination=plan.termination,
            objective=plan.objective,
            bound=plan.bound,
            gap=plan.gap,
            message=plan.message,
            seconds=plan.seconds,
            figures=figures_of(plan),
            plan=plan,
        )
