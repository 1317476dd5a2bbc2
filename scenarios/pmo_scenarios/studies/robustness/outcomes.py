"""What becomes of a plan in one case: times, money and shortages, without any solve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pmo_optimizer import (
    CostLine,
    FundSplit,
    FundUse,
    Mode,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    State,
    Status,
    Termination,
    TermName,
    referee,
)
from pmo_scenarios.studies.outlay import amounts
from pmo_scenarios.studies.robustness.draws import changed, changes_of, sampled
from pmo_scenarios.studies.robustness.loads import (
    EffortShapes,
    Kind,
    Shortages,
    needs_of,
    suppliers_of,
)
from pmo_scenarios.studies.robustness.retiming import Node, Retiming
from pmo_scenarios.studies.robustness.uncertainty import Uncertainty, Variable

CAP_EXCEEDED = "cap-exceeded"
"""The referee's name of a broken cap."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case of a simulation.

    Attributes
    ----------
    case
        Its 1-based number.
    finishes
        Exclusive end of each selected project, in the order of their ids.
    terms
        Value, benefit, npv and cost.
    funds
        Use of each fund, as the referee works it out.
    caps
        Id and bucket of each cap that is exceeded.
    alone, joint
        Skill and period of each shortage, see `Shortages.short`.
    """

    case: int
    finishes: tuple[int, ...]
    terms: tuple[float, ...]
    funds: tuple[FundUse, ...]
    caps: frozenset[tuple[str, str]]
    alone: frozenset[tuple[str, int]]
    joint: frozenset[tuple[str, int]]


TERMS = (TermName.VALUE, TermName.BENEFIT, TermName.NPV, TermName.COST)
"""Terms of the objective that an outcome has."""


class Simulator:
    """Plays a plan through cases.

    Parameters
    ----------
    portfolio, plan
        A portfolio and a plan of it.
    variables
        What varies.
    seed
        Of the draws.
    """

    def __init__(
        self, portfolio: Portfolio, plan: Plan, variables: Sequence[Variable], seed: int
    ) -> None:
        self._seed = seed
        self._slim = _slim(portfolio, plan)
        known = self._slim.project_by_id
        self._variables = tuple(v for v in variables if not v.target or v.project in known)
        self._plan = plan
        self._retiming = Retiming(portfolio, plan)
        self._shapes = EffortShapes(portfolio, plan)
        self._periods = portfolio.calendar.periods
        self._splits = _Splits(self._slim, plan)
        self._shortages = Shortages(suppliers_of(portfolio, plan), _kinds(self._slim))

    def planned(self) -> Outcome:
        """Return what becomes of the plan where nothing varies; its number is 0."""
        return self.outcome(self._slim, 0)

    def play(self, case: int) -> Outcome:
        """Return what becomes of the plan in the case of that 1-based number."""
        draw = sampled(self._variables, self._seed, case)
        return self.outcome(changed(self._slim, changes_of(self._slim, draw)), case)

    def outcome(self, portfolio: Portfolio, case: int) -> Outcome:
        """Return what becomes of the plan with the projects as they are in a portfolio."""
        modes = {
            node: portfolio.project_by_id[node[0]].phase(node[1]).mode(mode)
            for node, mode in self._retiming.modes.items()
        }
        durations = {node: mode.duration for node, mode in modes.items()}
        starts = self._retiming.starts(durations)
        projects = self._retiming.projects(starts, durations)
        report = self._judged(_without_needs(portfolio), projects, modes)
        alone, joint = set(), set()
        placed = [(node, mode, starts[node]) for node, mode in modes.items()]
        for t, needs in enumerate(needs_of(placed, self._shapes, self._periods)):
            one, all_ = self._shortages.short(t, needs)
            alone |= {(skill, t) for skill in one}
            joint |= {(skill, t) for skill in all_}
        return Outcome(
            case=case,
            finishes=tuple(p.finish or 0 for p in sorted(projects, key=lambda p: p.project)),
            terms=tuple(report.kpis.terms[name] for name in TERMS),
            funds=report.kpis.funds,
            caps=frozenset(_broken_caps(report)),
            alone=frozenset(alone),
            joint=frozenset(joint),
        )

    def _judged(
        self, portfolio: Portfolio, projects: Sequence[ProjectPlan], modes: dict[Node, Mode]
    ) -> referee.Report:
        """Let the referee work out money and value; people are looked at apart."""
        idle = [
            ProjectPlan(project=p.project, selected=False)
            for p in self._plan.projects
            if not p.selected and p.project in portfolio.project_by_id
        ]
        plan = Plan(
            status=Status.FEASIBLE,
            termination=Termination.GAP,
            projects=(*projects, *idle),
            hires=self._plan.hires,
            fund_splits=self._splits.of(portfolio, projects, modes),
        )
        return referee.check(portfolio, plan)


def _slim(portfolio: Portfolio, plan: Plan) -> Portfolio:
    """Return what money and value of a plan depend on: its projects, funds, caps, synergies."""
    selected = set(plan.selected)
    modes = {(p.project, part.phase): part.mode for p in plan.projects for part in p.phases}
    weights = portfolio.criteria_weights
    nothing: tuple[()] = ()
    update: dict[str, object] = dict.fromkeys(
        ("people", "pools", "rules", "links", "requires", "excludes", "all_or_none", "choose"),
        nothing,
    )
    update |= {
        "projects": tuple(
            _slim_project(p, modes)
            for p in portfolio.projects
            if p.id in selected or p.state is not State.PROPOSED
        ),
        "criteria": tuple(
            c.model_copy(update={"weight": weights[c.id]}) for c in portfolio.criteria
        ),
        "comparisons": nothing,
        "baseline": nothing,
    }
    return portfolio.model_copy(update=update)


def _slim_project(project: Project, modes: Mapping[Node, str]) -> Project:
    """Return a project with the modes of the plan only."""
    phases = tuple(
        phase.model_copy(update={"modes": (phase.mode(modes[project.id, phase.id]),)})
        if (project.id, phase.id) in modes
        else phase
        for phase in project.phases
    )
    return project.model_copy(update={"phases": phases, "name": ""})


def _without_needs(portfolio: Portfolio) -> Portfolio:
    """Return a portfolio without the needs that no fund is charged for."""
    projects = []
    for project in portfolio.projects:
        phases = []
        for phase in project.phases:
            modes = []
            for mode in phase.modes:
                charged = tuple(need for need in mode.needs if need.charge_to is not None)
                same = len(charged) == len(mode.needs)
                modes.append(mode if same else mode.model_copy(update={"needs": charged}))
            phases.append(phase.model_copy(update={"modes": tuple(modes)}))
        projects.append(project.model_copy(update={"phases": tuple(phases)}))
    return portfolio.model_copy(update={"projects": tuple(projects)})


def _kinds(portfolio: Portfolio) -> set[Kind]:
    return {
        Kind(need.skill, float(need.min_proficiency or 0), need.heads is not None)
        for project in portfolio.projects
        for phase in project.phases
        for mode in phase.modes
        for need in mode.needs
    }


def _broken_caps(report: referee.Report) -> Iterator[tuple[str, str]]:
    for violation in report.violations:
        if violation.rule == CAP_EXCEEDED:
            _, name, bucket = violation.path.split("/", 2)
            yield name, bucket
    for breach in report.kpis.breaches:
        if breach.kind == "cap":
            yield breach.id, breach.period


class _Splits:
    """Who pays open lines: the funds that pay them in the plan, in the nearest period."""

    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        self._funds = portfolio.funds
        self._periods = portfolio.calendar.periods
        self._planned: defaultdict[str, defaultdict[int, dict[str, Decimal]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for split in plan.fund_splits:
            self._planned[split.line][split.period][split.fund] = split.amount
        kept = ("hire/", *(f"{p.id}/exit" for p in portfolio.projects))
        self._as_planned = tuple(s for s in plan.fund_splits if s.line.startswith(kept))

    def of(
        self, portfolio: Portfolio, projects: Sequence[ProjectPlan], modes: dict[Node, Mode]
    ) -> tuple[FundSplit, ...]:
        """Return the splits of every open line of the projects."""
        if not self._funds:
            return ()
        found = list(self._as_planned)
        for entry in projects:
            project = portfolio.project_by_id[entry.project]
            for line, path, start, end in _open_lines(project, entry, modes):
                for t, amount in amounts(line, start, end):
                    if amount and 0 <= t < self._periods:
                        found += self._split(path, line.category, t, amount)
        return tuple(found)

    def _split(self, line: str, category: str, period: int, amount: Decimal) -> list[FundSplit]:
        planned = self._planned.get(line)
        if planned:
            near = planned[min(planned, key=lambda t: (abs(t - period), t))]
        else:
            able = sorted(fund.id for fund in self._funds if fund.pays(category))
            near = dict.fromkeys(able[:1], Decimal(1))
        total = sum(near.values(), Decimal(0))
        if not total:
            return []
        return [
            FundSplit(line=line, fund=fund, period=period, amount=amount * part / total)
            for fund, part in sorted(near.items())
        ]


def _open_lines(
    project: Project, entry: ProjectPlan, modes: dict[Node, Mode]
) -> Iterator[tuple[CostLine, str, int, int]]:
    """Yield every open line, its name, and when its work runs."""
    start, end = entry.start or 0, entry.finish or 0
    for line in project.costs:
        if line.fund is None:
            last = end if entry.phases else start + 1
            yield line, f"{project.id}/costs/{line.id}", start, last
    for phase in entry.phases:
        mode = modes[project.id, phase.phase]
        for line in mode.costs:
            if line.fund is None:
                path = f"{project.id}/{phase.phase}/{mode.id}/costs/{line.id}"
                yield line, path, phase.start, phase.end


def play_cases(
    portfolio: Portfolio,
    plan: Plan,
    uncertainty: Uncertainty,
    seed: int,
    cases: tuple[int, int],
    flag: str,
) -> list[Outcome]:
    """Return the outcomes of a range of cases, in whatever process; ends at the flag file."""
    simulator = Simulator(portfolio, plan, uncertainty.variables(portfolio), seed)
    found = []
    for case in range(*cases):
        if Path(flag).exists():
            break
        found.append(simulator.play(case))
    return found
