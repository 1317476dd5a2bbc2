"""Why a project is in a plan or not, as far as the plan and the portfolio say.

Each reason is a fact that can be looked up. Where none is known, another solve is needed (the
study `why`), and the text says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pmo_optimizer.model import (
    CostLine,
    Decision,
    Fund,
    IfUnselected,
    Mode,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    State,
)

MOST_NAMES = 5
"""So many ids stand in one reason; the others are counted."""

ZERO = Decimal(0)
CENT = Decimal("0.01")


def reasons(portfolio: Portfolio, plan: Plan, *, hints: bool = True) -> dict[str, str]:
    """Return a reason for the decision about each project of a plan, by project id.

    Parameters
    ----------
    portfolio
        What the plan was made from.
    plan
        Any plan of it; projects that the portfolio does not have get a reason that says so.
    hints
        Whether to name the command that finds a reason where none is known.
    """
    facts = _Facts(portfolio, plan, hints=hints)
    return {entry.project: facts.reason(entry) for entry in plan.projects}


class _Facts:
    def __init__(self, portfolio: Portfolio, plan: Plan, *, hints: bool = True) -> None:
        self.portfolio = portfolio
        self.hints = hints
        self.selected = set(plan.selected)
        self.rates = {skill.id: skill.rate for skill in portfolio.skills}
        spent = sum((Decimal(repr(use.spent)) for use in plan.kpis.funds), ZERO)
        held = sum((_held(fund) for fund in portfolio.funds), ZERO)
        self.hard_money = bool(portfolio.funds) and all(f.price is None for f in portfolio.funds)
        self.left = max(held - spent, ZERO)
        soft = {skill.id for skill in portfolio.skills if skill.overload_price is not None}
        self.free = {
            use.skill: sum(
                (
                    Decimal(repr(max(c - x, 0.0)))
                    for x, c in zip(use.load, use.capacity, strict=False)
                ),
                ZERO,
            )
            for use in plan.kpis.skills
            if use.skill not in soft
        }
        if portfolio.hires:
            self.free = {}
        self.users = self._users()

    def _users(self) -> dict[str, set[str]]:
        """Return which projects need which, by the one that is needed."""
        users: dict[str, set[str]] = {}
        for needs, needed in self._needs():
            users.setdefault(needed, set()).add(needs)
        return users

    def _needs(self) -> Iterator[tuple[str, str]]:
        """Yield (who needs, what is needed): projects or choose groups."""
        for link in self.portfolio.links:
            if link.if_unselected is IfUnselected.BLOCK:
                yield link.target.split("/")[0], link.source.split("/")[0]
        for rule in self.portfolio.requires:
            for needed in rule.needs:
                yield rule.project, needed

    def reason(self, entry: ProjectPlan) -> str:
        project = self.portfolio.project_by_id.get(entry.project)
        if project is None:
            return "not in the portfolio"
        found = self._in(project, entry) if entry.selected else self._out(project)
        return "; ".join(dict.fromkeys(found))

    def _in(self, project: Project, entry: ProjectPlan) -> list[str]:
        if project.state is State.DONE:
            return ["done already"]
        words = []
        if project.state is State.RUNNING:
            words.append("is running" + (", could be stopped" if project.stoppable else ""))
        if project.decision is Decision.MUST:
            words.append("must be done")
        group_ids = {group.id for group in self.portfolio.choose if project.id in group.projects}
        users = {
            user
            for name in (project.id, *sorted(group_ids))
            for user in self.users.get(name, ())
            if user in self.selected and user != project.id
        }
        if users:
            words.append(f"is needed by {_names(users)}")
        if not words:
            words.append("chosen: its value is worth its money and people")
        due = project.due_period(self.portfolio.calendar)
        if due is not None and entry.finish is not None and entry.finish > due:
            words.append(f"late by {entry.finish - due} periods")
        return words

    def _out(self, project: Project) -> list[str]:
        words = []
        if project.decision is Decision.NEVER:
            words.append("decided: never")
        if project.state is State.RUNNING:
            words.append(f"stopped, exit cost {project.exit_cost:f} {self.portfolio.currency}")
        words += self._shut_out(project)
        least = least_cost(self.portfolio, project)
        if self.hard_money and least > self.left:
            words.append(
                f"costs at least {least.quantize(CENT):f} {self.portfolio.currency}, "
                f"the funds have {self.left.quantize(CENT):f} left"
            )
        for skill, effort in least_effort(project).items():
            free = self.free.get(skill)
            if free is not None and effort > free:
                words.append(
                    f"takes at least {effort.quantize(CENT):f} FTE-periods of {skill}, "
                    f"{free.quantize(CENT):f} are free"
                )
        if not words:
            words.append("other projects use the money and people")
            if self.hints:
                words.append(f"ask `pmo-optimizer why … {project.id}`")
        return words

    def _shut_out(self, project: Project) -> Iterator[str]:
        rivals = {
            name
            for rule in self.portfolio.excludes
            if project.id in rule.projects
            for name in rule.projects
            if name in self.selected
        }
        if rivals:
            yield f"excluded by {_names(rivals)}"
        for group in self.portfolio.choose:
            taken = {name for name in group.projects if name in self.selected}
            if project.id in group.projects and not group.unselected and len(taken) >= group.max:
                yield f"{_names(taken)} chosen out of {group.id}"
        missing = {
            needed
            for needs, needed in self._needs()
            if needs == project.id
            and needed != project.id
            and not self.selected & set(self.portfolio.members(needed))
        }
        if missing:
            yield f"needs {_names(missing)}, not selected"
        for together in self.portfolio.all_or_none:
            others = {name for name in together.projects if name not in self.selected}
            if project.id in together.projects and others - {project.id}:
                yield f"goes only together with {_names(others - {project.id})}"


def _names(ids: set[str]) -> str:
    ordered = sorted(ids)
    more = len(ordered) - MOST_NAMES
    return ", ".join(ordered[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _held(fund: Fund) -> Decimal:
    amounts = fund.amounts
    if amounts.total is not None:
        return amounts.total
    if amounts.years is not None:
        return sum(amounts.years.values(), ZERO)
    return sum(amounts.periods or (), ZERO)


def least_cost(portfolio: Portfolio, project: Project) -> Decimal:
    """Return the cost of a project in its cheapest modes, undiscounted, charges included.

    Lines of the project that are paid per period count over its shortest duration without
    idle periods: a lower estimate where links force waiting.
    """
    rates = {skill.id: skill.rate for skill in portfolio.skills}
    total = ZERO
    shortest: list[int] = []
    for phase in project.phases:
        modes = project.allowed_modes(phase)
        total += min((_mode_cost(mode, rates) for mode in modes), default=ZERO)
        shortest.append(min((mode.duration for mode in modes), default=0))
    periods = max(shortest, default=1) if project.links else sum(shortest) or 1
    return total + sum((line_cost(line, periods) for line in project.costs), ZERO)


def _mode_cost(mode: Mode, rates: dict[str, Decimal]) -> Decimal:
    lines = sum((line_cost(line, mode.duration) for line in mode.costs), ZERO)
    charges = (
        need.charge(offset, mode.duration, rates.get(need.skill, ZERO))
        for need in mode.needs
        if need.charge_to is not None and _well_formed(need.profile, mode.duration)
        for offset in range(mode.duration)
    )
    return lines + sum(charges, ZERO)


def _well_formed(profile: tuple[Decimal, ...] | None, duration: int) -> bool:
    return profile is None or len(profile) == duration


def line_cost(line: CostLine, periods: int) -> Decimal:
    """Return the amount of a cost line over so many periods."""
    if line.per_period is not None:
        return line.per_period * periods
    if line.profile is not None:
        return sum(line.profile, ZERO)
    return line.lump or ZERO


def least_effort(project: Project) -> dict[str, Decimal]:
    """Return the fewest FTE-periods per skill over the modes of each phase, added up."""
    total: dict[str, Decimal] = {}
    for phase in project.phases:
        options = [_effort(mode) for mode in project.allowed_modes(phase)]
        for skill in set().union(*options) if options else ():
            least = min(option.get(skill, ZERO) for option in options)
            total[skill] = total.get(skill, ZERO) + least
    return {skill: effort for skill, effort in sorted(total.items()) if effort}


def _effort(mode: Mode) -> dict[str, Decimal]:
    out: dict[str, Decimal] = {}
    for need in mode.needs:
        if need.effort is not None:
            effort = need.effort
        elif need.profile is not None:
            effort = sum(need.profile, ZERO)
        else:
            effort = need.rate(0) * mode.duration
        out[need.skill] = out.get(need.skill, ZERO) + effort
    return out
