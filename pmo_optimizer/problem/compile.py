"""Portfolio -> Problem: the one place where ids become indices and decimals integers."""

from __future__ import annotations

from fractions import Fraction

from pmo_optimizer.model import (
    Benefit,
    Decision,
    IfUnselected,
    Mode,
    Need,
    Phase,
    Portfolio,
    Project,
    State,
    discount,
)
from pmo_optimizer.problem.data import (
    BaselineData,
    Demand,
    Effort,
    Feature,
    ModeData,
    Names,
    PhaseData,
    Precedence,
    Problem,
    ProjectData,
    ProjectLink,
    SynergyData,
    TermData,
)
from pmo_optimizer.problem.features import features
from pmo_optimizer.problem.money import Money
from pmo_optimizer.problem.people import People, bucket_key
from pmo_optimizer.problem.rules import Rules
from pmo_optimizer.problem.scales import fte_scale, money_scale, whole
from pmo_optimizer.sequencing import ProjectWindow, split_reference, windows


def compile_problem(portfolio: Portfolio, *, named: bool = False) -> Problem:
    """Return the integer-indexed form of a portfolio that has passed the checks.

    Parameters
    ----------
    named
        Whether to list every individual, for named staffing. What is asked of single people
        binds there only (formulation, section 13).
    """
    return _Compiler(portfolio, named=named).problem()


class _Compiler:
    def __init__(self, portfolio: Portfolio, *, named: bool) -> None:
        self.portfolio = portfolio
        self.calendar = portfolio.calendar
        self.features = features(portfolio)
        self.named = named
        self.fte_scale = fte_scale(portfolio, named=named)
        self.money = Money(portfolio, money_scale(portfolio))
        self.people = People(portfolio, self.fte_scale)
        self.open = sorted(
            (p for p in portfolio.projects if p.state is not State.DONE), key=lambda p: p.id
        )
        self.index = {project.id: i for i, project in enumerate(self.open)}
        self.windows = windows(portfolio)
        self.baseline = {entry.project: entry for entry in portfolio.baseline}

    def problem(self) -> Problem:
        portfolio, calendar = self.portfolio, self.calendar
        funds = tuple(self.money.fund_data(fund) for fund in self.money.funds)
        budget = Fraction(self.money.budget(funds), self.money.scale)
        rules = Rules(portfolio, self.index, budget)
        payers = {h.id: self.money.payers(h.fund, h.cost_category) for h in portfolio.hires}
        a_year = calendar.grain.periods_a_year
        return Problem(
            digest=portfolio.digest(),
            periods=calendar.periods,
            periods_a_year=a_year,
            money_scale=self.money.scale,
            fte_scale=self.fte_scale,
            value_discount=tuple(
                discount(portfolio.value_rate, t, a_year) for t in range(calendar.periods + 1)
            ),
            money_rate=float(portfolio.money_rate),
            projects=tuple(self._project(project) for project in self.open),
            links=self._links(),
            selection=rules.selection(),
            synergies=self._synergies(),
            buckets=self.people.buckets,
            suppliers=self.people.suppliers,
            ceilings=self.people.ceilings,
            hires=self.people.hire_data(payers, self.money.scale),
            funds=funds,
            caps=tuple(self.money.cap_data(cap) for cap in self.money.caps),
            measures=rules.measures(),
            counts=rules.counts(),
            method=portfolio.objective.method,
            terms=tuple(
                TermData(
                    term.term,
                    float(term.weight),
                    float(term.abs_tol),
                    float(term.rel_tol),
                    float(term.project_weight),
                )
                for term in portfolio.objective.terms
            ),
            features=self.features | ({Feature.NAMED} if self.named else set()),
            people=self.people.individuals(self.index) if self.named else (),
            index=self.index,
        )

    def _project(self, project: Project) -> ProjectData:
        portfolio = self.portfolio
        window = self.windows[project.id]
        running = project.state is State.RUNNING
        probability = float(project.probability)
        benefit = project.benefit or Benefit(profile=())
        phase_index = {phase.id: i for i, phase in enumerate(project.phases)}
        late = project.late_price if project.due is not None else None
        return ProjectData(
            index=self.index[project.id],
            id=project.id,
            fixed=self._fixed(project, window),
            running=running,
            phases=tuple(self._phase(project, f, window) for f in project.phases),
            chain=project.is_chain,
            ordered=not project.links,
            inner=()
            if project.is_chain
            else tuple(
                Precedence(
                    phase_index[link.source],
                    phase_index[link.target],
                    link.type,
                    link.min_lag,
                    link.max_lag,
                )
                for link in sorted(project.inner_links(), key=lambda link: link.id)
            ),
            first_start=window.start.earliest,
            last_start=window.start.latest,
            last_finish=window.finish.latest,
            flows=self.money.project_flows(project),
            exit=self.money.exit_flow(project) if running else None,
            raw_value=portfolio.raw_value(project),
            value_factor=probability if portfolio.risk_adjusted else 1.0,
            benefit=tuple(probability * float(amount) for amount in benefit.profile),
            benefit_at_finish=benefit.anchor.value == "finish",
            due=project.due_period(self.calendar),
            late_price=float(late) if late is not None else 0.0,
            baseline=self._baseline(project, phase_index),
            staff_budget=None if project.staff_budget is None else Fraction(project.staff_budget),
        )

    @staticmethod
    def _fixed(project: Project, window: ProjectWindow) -> int | None:
        never = project.decision is Decision.NEVER
        if project.state is State.RUNNING and not project.stoppable:
            return 1
        if project.decision is Decision.MUST:
            return 1
        return 0 if never or not window.possible else None

    def _phase(self, project: Project, phase: Phase, window: ProjectWindow) -> PhaseData:
        start, finish = window.phases[phase.id]
        return PhaseData(
            id=phase.id,
            modes=tuple(self._mode(project, phase, m) for m in project.allowed_modes(phase)),
            first_start=start.earliest,
            last_start=start.latest,
            last_end=finish.latest,
            people=() if phase.pin is None else tuple(sorted(phase.pin.people)),
        )

    def _mode(self, project: Project, phase: Phase, mode: Mode) -> ModeData:
        needs = sorted(mode.needs, key=lambda n: n.id)
        demands = [d for d in (self._demand(need, mode.duration) for need in needs) if d.units]
        flows = self.money.mode_flows(project, phase.id, mode)
        return ModeData(mode.id, mode.duration, tuple(demands), flows)

    def _demand(self, need: Need, duration: int) -> Demand:
        scale = self.fte_scale
        effort = None
        if need.effort is not None and duration:
            effort = Effort(
                total=whole(need.effort, scale),
                least=whole(need.min_fte or 0, scale),
                most=None if need.max_fte is None else whole(need.max_fte, scale),
            )
        return Demand(
            need=need.id,
            bucket=self.people.bucket_index[bucket_key(need)],
            rates=() if effort else self._rates(need, duration),
            effort=effort,
            names=Names(
                heads=need.heads or 0,
                share=whole(need.head_share, scale) if need.heads is not None else 0,
                min_share=whole(need.min_share or 0, scale),
                continuous=need.continuous,
                must=tuple(sorted(need.must)),
                must_not=tuple(sorted(need.must_not)),
                prefer=tuple(sorted(need.prefer)),
            ),
        )

    def _rates(self, need: Need, duration: int) -> tuple[int, ...]:
        if need.profile is None:
            return (whole(need.rate(0), self.fte_scale),) * duration
        return tuple(whole(need.profile[k], self.fte_scale) for k in range(duration))

    def _baseline(self, project: Project, phase_index: dict[str, int]) -> BaselineData:
        entry = self.baseline.get(project.id)
        if entry is None or not entry.selected:
            return BaselineData(selected=False)
        phases = (
            (phase_index[f.phase], self.calendar.period_of(f.start), f.mode) for f in entry.phases
        )
        return BaselineData(selected=True, phases=tuple(sorted(phases, key=lambda f: f[0])))

    def _links(self) -> tuple[ProjectLink, ...]:
        portfolio = self.portfolio
        phases = {p.id: {f.id: i for i, f in enumerate(p.phases)} for p in self.open}

        def place(project: str, phase: str) -> tuple[int, int]:
            return self.index[project], phases[project][phase] if phase else -1

        out = []
        for link in sorted(portfolio.links, key=lambda link: link.id):
            source, source_phase = split_reference(link.source)
            target, target_phase = split_reference(link.target)
            sources = portfolio.members(source)
            if any(member not in self.index for member in sources):
                continue  # a done source satisfies every link
            out += [
                ProjectLink(
                    id=link.id,
                    sources=tuple(place(member, source_phase) for member in sources),
                    target=place(member, target_phase),
                    type=link.type,
                    min_lag=link.min_lag,
                    max_lag=link.max_lag,
                    block=link.if_unselected is IfUnselected.BLOCK,
                )
                for member in portfolio.members(target)
                if member in self.index
            ]
        return tuple(out)

    def _synergies(self) -> tuple[SynergyData, ...]:
        return tuple(
            SynergyData(
                id=synergy.id,
                projects=tuple(
                    sorted(self.index[p] for p in set(synergy.projects) if p in self.index)
                ),
                value=float(synergy.value),
                savings=tuple(
                    (
                        self.money.fund_index[saving.fund],
                        self.calendar.period_of(saving.period),
                        whole(saving.amount, self.money.scale),
                    )
                    for saving in synergy.savings
                ),
            )
            for synergy in sorted(self.portfolio.synergies, key=lambda s: s.id)
        )
