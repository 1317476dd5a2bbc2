"""The peer PyJobShop: schedules of obligatory projects, solved by CP-SAT through that package.

It takes the portfolio, and its schedule becomes a plan that the referee judges like any other.
Only what both models say alike is translated: obligatory projects whose phases have links with
minimum lags, pools, funds with one amount that modes draw on in lumps, and makespan or total
delay (then makespan) as the objective. Anything else is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pmo_optimizer import (
    Allocation,
    Decision,
    LinkType,
    Mode,
    PhasePlan,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    Status,
    SupplierKind,
    Termination,
    TermName,
    Unsupported,
    referee,
)

INSTALL = "PyJobShop is not installed; install it with: pip install 'pmo-optimizer[peers]'"

LEAST_SECONDS = 0.1
"""Time that the solver gets at least, where building its model took the whole limit."""


def load() -> Callable[[Portfolio, float, int], tuple[Portfolio, Plan]]:
    """Return what solves a portfolio with PyJobShop.

    Raises
    ------
    ImportError
        The package is not installed; the message says how to install it.
    """
    try:
        import pyjobshop
    except ImportError as error:
        raise ImportError(INSTALL) from error

    def solve(portfolio: Portfolio, time_limit: float, workers: int) -> tuple[Portfolio, Plan]:
        begin = time.monotonic()
        built = _Built(portfolio, pyjobshop.Model())
        left = max(time_limit - (time.monotonic() - begin), LEAST_SECONDS)
        result = built.model.solve(
            solver="ortools", time_limit=left, display=False, num_workers=workers
        )
        return built.answer(result)

    return solve


@dataclass
class _Built:
    """A portfolio as PyJobShop's model, and the way back.

    The model's objects are PyJobShop's, which has no types of its own for us to name.
    """

    portfolio: Portfolio
    model: Any
    resources: dict[str, Any] = field(default_factory=dict)
    tasks: dict[tuple[str, str], Any] = field(default_factory=dict)
    modes: list[tuple[str, str, str]] = field(default_factory=list)
    delay_weight: int = 1

    def __post_init__(self) -> None:
        self._refuse_others()
        for pool in self.portfolio.pools:
            self.resources[pool.skill] = self.model.add_renewable(int(pool.capacity(0)))
        for fund in self.portfolio.funds:
            self.resources[fund.id] = self.model.add_consumable(int(fund.amounts.total or 0))
        for project in self.portfolio.projects:
            self._add_project(project)
        self._set_objective()

    def _refuse_others(self) -> None:
        """Refuse what is not translated; Unsupported names it."""
        found = [what for what, there in _untranslated(self.portfolio) if there]
        if found:
            raise Unsupported(f"the peer pyjobshop does not plan {', '.join(found)}")

    def _add_project(self, project: Project) -> None:
        calendar = self.portfolio.calendar
        release = project.first_start(calendar)
        job = self.model.add_job(
            release_date=release, due_date=project.due_period(calendar), name=project.id
        )
        for phase in project.phases:
            task = self.model.add_task(job=job, earliest_start=release, name=phase.id)
            self.tasks[project.id, phase.id] = task
            for mode in phase.modes:
                self._add_mode(task, mode)
                self.modes.append((project.id, phase.id, mode.id))
        for link in project.inner_links():
            if link.type is not LinkType.FS or link.min_lag is None or link.max_lag is not None:
                raise Unsupported("the peer pyjobshop plans finish-start links without maximum")
            self.model.add_end_before_start(
                self.tasks[project.id, link.source],
                self.tasks[project.id, link.target],
                link.min_lag,
            )

    def _add_mode(self, task: Any, mode: Mode) -> None:  # noqa: ANN401 - PyJobShop's
        if any(need.fte is None or need.fte != int(need.fte) for need in mode.needs):
            raise Unsupported("the peer pyjobshop plans whole constant rates")
        units = {need.skill: int(need.rate(0)) for need in mode.needs}
        for line in mode.costs:
            if line.lump is None or line.fund is None:
                raise Unsupported("the peer pyjobshop plans lump costs with a fund")
            units[line.fund] = units.get(line.fund, 0) + int(line.lump)
        self.model.add_mode(
            task,
            [self.resources[name] for name in units],
            mode.duration,
            list(units.values()),
        )

    def _set_objective(self) -> None:
        """Weigh the terms so that the earlier one decides: no makespan exceeds the grid."""
        terms = [term.term for term in self.portfolio.objective.terms]
        if terms == [TermName.MAKESPAN]:
            self.model.set_objective(weight_makespan=1)
        elif terms == [TermName.DELAY, TermName.MAKESPAN]:
            self.delay_weight = self.portfolio.calendar.periods + 1
            self.model.set_objective(weight_makespan=1, weight_total_tardiness=self.delay_weight)
        else:
            raise Unsupported("the peer pyjobshop plans makespan, or delay and then makespan")

    # -- the way back --------------------------------------------------------------------------

    def answer(self, result: Any) -> tuple[Portfolio, Plan]:  # noqa: ANN401 - PyJobShop's
        """Return a result as a plan with the referee's figures, and what it is judged by."""
        word = result.status.value
        if word.lower() == "infeasible":
            status, why = Status.INFEASIBLE, Termination.PROVED
            return self.portfolio, Plan(status=status, termination=why, message=word)
        if not result.best.tasks:
            status, why = Status.NO_PLAN_FOUND, Termination.TIME_LIMIT
            return self.portfolio, Plan(status=status, termination=why, message=word)
        proved = word.lower() == "optimal"
        judged = _long_enough(self.portfolio, max(task.end for task in result.best.tasks))
        plan = Plan(
            portfolio=judged.name,
            digest=judged.digest(),
            status=Status.OPTIMAL if proved else Status.FEASIBLE,
            termination=Termination.PROVED if proved else Termination.TIME_LIMIT,
            **self._decisions(result.best.tasks),
        )
        objective = referee.check(judged, plan).kpis.objective
        bound = objective if proved else self._bound(result.lower_bound)
        largest = max(abs(objective), abs(bound))
        gap = abs(objective - bound) / largest if largest else 0.0
        update = {"objective": objective, "bound": bound, "gap": gap}
        return judged, plan.model_copy(update=update)

    def _bound(self, lower: float) -> float:
        """Return the bound of the first term: the later one adds less than the weight."""
        return lower if self.delay_weight == 1 else max(0.0, lower // self.delay_weight)

    def _decisions(self, scheduled: list[Any]) -> dict[str, Any]:
        phases: dict[str, list[PhasePlan]] = {}
        shares: list[Allocation] = []
        pools = {pool.skill: pool.id for pool in self.portfolio.pools}
        for task in scheduled:
            project, phase, name = self.modes[task.mode]
            placed = PhasePlan(phase=phase, mode=name, start=task.start, end=task.end)
            phases.setdefault(project, []).append(placed)
            mode = self.portfolio.project_by_id[project].phase(phase).mode(name)
            shares += [
                Allocation(
                    kind=SupplierKind.POOL,
                    supplier=pools[need.skill],
                    project=project,
                    phase=phase,
                    need=need.id,
                    start=task.start,
                    shares=tuple(need.rate(k) for k in range(mode.duration)),
                )
                for need in mode.needs
            ]
        projects = tuple(_project_plan(name, placed) for name, placed in sorted(phases.items()))
        return {"projects": projects, "allocations": tuple(shares)}


def _long_enough(portfolio: Portfolio, end: int) -> Portfolio:
    """Return the portfolio with a grid of at least so many periods.

    The grid of a benchmark is no rule of its instance, and PyJobShop does not know it.
    """
    calendar = portfolio.calendar
    if end <= calendar.periods:
        return portfolio
    return portfolio.model_copy(update={"calendar": calendar.model_copy(update={"periods": end})})


def _untranslated(portfolio: Portfolio) -> Iterator[tuple[str, bool]]:
    """Yield what is not translated, and whether the portfolio has it."""
    yield "people or hires", bool(portfolio.people or portfolio.hires)
    yield "caps or rules", bool(portfolio.caps or portfolio.rules)
    relations = (
        *(portfolio.links, portfolio.requires, portfolio.excludes),
        *(portfolio.all_or_none, portfolio.choose, portfolio.synergies),
    )
    yield "relations between projects", any(relations)
    yield (
        "projects that are not obligatory",
        any(p.decision is not Decision.MUST or not p.phases for p in portfolio.projects),
    )
    yield (
        "prices",
        any(
            (
                *(project.late_price for project in portfolio.projects),
                *(fund.price for fund in portfolio.funds),
                *(skill.overload_price is not None for skill in portfolio.skills),
            )
        ),
    )
    skills = [pool.skill for pool in portfolio.pools]
    yield "several pools of a skill", len(set(skills)) < len(skills)
    yield (
        "capacities that change, or parts of units",
        any(pool.fte is None or pool.fte != int(pool.fte) for pool in portfolio.pools),
    )
    yield "dated funds", any(fund.amounts.total is None for fund in portfolio.funds)


def _project_plan(name: str, phases: list[PhasePlan]) -> ProjectPlan:
    return ProjectPlan(
        project=name,
        selected=True,
        start=min(phase.start for phase in phases),
        finish=max(phase.end for phase in phases),
        phases=tuple(phases),
    )
