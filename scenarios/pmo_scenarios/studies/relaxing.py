"""Portfolios in which only some of what users stated still holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pmo_optimizer import (
    AverageRule,
    CountRule,
    Decision,
    IfUnselected,
    InvalidInput,
    Objective,
    Phase,
    Portfolio,
    Project,
    Rule,
    Severity,
    ShareRule,
    StartsRule,
    State,
    Term,
    TermName,
    check,
)
from pmo_scenarios.studies.forced import CLASHES, UNFIT, settled
from pmo_scenarios.studies.stated import Member, free_pin, open_projects, stated

NOTHING = Objective(terms=(Term(term=TermName.BENEFIT),))
"""An objective that is 0 in every plan, where no project has a benefit."""

EXPLAINED = CLASHES - {"cycle"} | UNFIT
"""Errors of a portfolio that are clashes of what is stated; a cycle says all itself."""


class Relaxer:
    """Makes portfolios in which some of what users stated is dropped.

    A plan of a portfolio with more that is stated is one of a portfolio with less, but for
    the decisions on projects that no rule asks for, which are left out.

    Parameters
    ----------
    portfolio
        Form and content are fine, but for clashes.

    Attributes
    ----------
    members
        Everything that can be dropped.

    Raises
    ------
    InvalidInput
        With every finding, where one of them is an error that is no clash.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        found = check(portfolio)
        wrong = {f.rule for f in found if f.severity is Severity.ERROR} - EXPLAINED
        if wrong:
            raise InvalidInput(found)
        self.members: tuple[Member, ...] = stated(portfolio)
        self.paths = tuple(member.path for member in self.members)
        self._portfolio = portfolio
        self._base = _bare(portfolio)

    def with_only(self, kept: Iterable[str]) -> Portfolio | None:
        """Return the portfolio in which of all that is stated only this holds.

        None where the checks prove that it has no plan.
        """
        return fitted(smaller(self.without(frozenset(self.paths) - set(kept))))

    def without(self, off: frozenset[str]) -> Portfolio:
        """Return the portfolio in which some of what is stated holds no longer."""
        base = self._base
        loose = {g.id for g in base.choose if f"choose/{g.id}" in off}
        return base.model_copy(
            update={
                "funds": _priced(base.funds, "funds", "price", off),
                "skills": _priced(base.skills, "skills", "overload_price", off),
                "projects": tuple(_relaxed(p, off) for p in base.projects),
                "links": tuple(
                    x for x in _kept(base.links, "links", off) if not {x.source, x.target} & loose
                ),
                "requires": tuple(
                    x for x in _kept(base.requires, "requires", off) if not loose & set(x.needs)
                ),
            }
            | {
                field: _kept(getattr(base, field), field, off)
                for field in ("caps", "rules", "excludes", "all_or_none", "choose")
            }
        )


def _bare(portfolio: Portfolio) -> Portfolio:
    """Return the portfolio without what bears on no plan's feasibility."""
    return portfolio.model_copy(
        update={
            "objective": NOTHING,
            "baseline": (),
            "money_rate": Decimal(0),
            "value_rate": Decimal(0),
            "caps": tuple(cap for cap in portfolio.caps if cap.price is None),
            "rules": tuple(rule for rule in portfolio.rules if rule.price is None),
            "funds": _priced(portfolio.funds, "funds", "price", frozenset()),
            "skills": _priced(portfolio.skills, "skills", "overload_price", frozenset()),
            "synergies": tuple(
                synergy.model_copy(update={"value": Decimal(0)})
                for synergy in portfolio.synergies
                if synergy.savings
            ),
            "projects": tuple(_bare_project(project) for project in portfolio.projects),
        }
    )


def _bare_project(project: Project) -> Project:
    update: dict[str, object] = {"benefit": None}
    if project.late_price is not None:
        update |= {"due": None, "late_price": None}
    return project.model_copy(update=update)


def _priced(items: tuple[Any, ...], field: str, price: str, off: frozenset[str]) -> tuple[Any, ...]:
    """Return limits, of which those off and those that are soft may be exceeded for nothing."""
    return tuple(
        item.model_copy(update={price: Decimal(0)})
        if f"{field}/{item.id}" in off or getattr(item, price) is not None
        else item
        for item in items
    )


def _kept(items: tuple[Any, ...], field: str, off: frozenset[str]) -> tuple[Any, ...]:
    return tuple(item for item in items if f"{field}/{item.id}" not in off)


DATES: Mapping[str, str] = MappingProxyType(
    {
        "earliest_start": "earliest_start",
        "latest_start": "latest_start",
        "latest_finish": "latest_finish",
        "due": "due",
    }
)
"""Fields of a project that can be dropped by clearing them."""


def _relaxed(project: Project, off: frozenset[str]) -> Project:
    path = f"projects/{project.id}"
    if not any(name.startswith(f"{path}/") for name in off):
        return project
    update: dict[str, object] = {field: None for field in DATES if f"{path}/{field}" in off}
    if f"{path}/decision" in off:
        update["decision"] = Decision.FREE
    if f"{path}/state" in off:
        update |= {"stoppable": True, "exit_cost": Decimal(0)}
        if project.decision is Decision.MUST:  # says no more than that it is running
            update["decision"] = Decision.FREE
    update["phases"] = tuple(
        _unpinned(project, phase) if f"{path}/phases/{phase.id}/pin" in off else phase
        for phase in project.phases
    )
    update["links"] = tuple(
        # A project without links of its own would be a chain, so that the link stays, empty.
        link.model_copy(update={"min_lag": None, "max_lag": None})
        if f"{path}/links/{link.id}" in off
        else link
        for link in project.links
    )
    return project.model_copy(update=update)


def _unpinned(project: Project, phase: Phase) -> Phase:
    pin = None if phase.pin is None else free_pin(project, phase.id, phase.pin)
    return phase.model_copy(update={"pin": pin})


def smaller(portfolio: Portfolio) -> Portfolio:
    """Return the portfolio in which projects that nothing asks for are never selected.

    Without them every plan stays one: they take money and people, and no rule that is left
    wants them, counts them where they are left out, counts shares of them, or saves money by
    them.
    """
    wanted = _wanted(portfolio)
    projects = tuple(
        project.model_copy(update={"decision": Decision.NEVER})
        if project.id not in wanted
        and project.state is State.PROPOSED
        and project.decision is Decision.FREE
        else project
        for project in portfolio.projects
    )
    return portfolio.model_copy(update={"projects": projects})


def _wanted(portfolio: Portfolio) -> set[str]:
    """Return the projects that must be in, and those that these or rules could ask for."""
    wanted = {
        project.id
        for project in open_projects(portfolio)
        if project.decision is Decision.MUST or project.state is State.RUNNING
    }
    wanted |= {p.id for p in portfolio.projects if p.state is State.DONE}
    wanted |= {name for synergy in portfolio.synergies for name in synergy.projects}
    wanted |= {name for group in portfolio.choose if group.min > 0 for name in group.projects}
    wanted |= {name for group in portfolio.choose for name in group.unselected}
    wanted |= {p.id for p in portfolio.projects if any(_asks(r, p) for r in portfolio.rules)}
    asked = dict[str, set[str]]()
    for one, others in _demands(portfolio):
        asked.setdefault(one, set()).update(others)
    stack = list(wanted)
    while stack:
        new = asked.get(stack.pop(), set()) - wanted
        wanted |= new
        stack += new
    return wanted


def _asks(rule: Rule, project: Project) -> bool:
    """Return whether leaving the project out could break a rule."""
    match rule:
        case ShareRule():
            return True
        case AverageRule():
            return project.matches(rule.where)
        case CountRule() | StartsRule():
            return bool(rule.min) and project.matches(rule.where)
    return False


def _demands(portfolio: Portfolio) -> Iterator[tuple[str, set[str]]]:
    """Yield projects and those that they could need."""
    for rule in portfolio.requires:
        yield rule.project, {name for need in rule.needs for name in portfolio.members(need)}
    for link in portfolio.links:
        if link.if_unselected is IfUnselected.BLOCK:
            source = link.source.partition("/")[0]
            for target in portfolio.members(link.target.partition("/")[0]):
                yield target, set(portfolio.members(source))
    for together in portfolio.all_or_none:
        for name in together.projects:
            yield name, set(together.projects)


def fitted(portfolio: Portfolio) -> Portfolio | None:
    """Return a portfolio that passes the checks, with the same plans; None where it has none.

    Raises
    ------
    InvalidInput
        There is an error that proves nothing.
    """
    found, proof = settled(portfolio)
    return None if proof else found
