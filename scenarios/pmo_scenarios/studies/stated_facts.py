"""What the projects of a conflict need of its limits: from the data alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from pmo_optimizer import CostLine, Fund, Mode, Portfolio, Project
from pmo_scenarios.studies.elastic import effort_of
from pmo_scenarios.studies.stated import Member, number

INSIDE = frozenset({"must", "running"})
"""Kinds of members that say that a project is selected."""


def facts_of(portfolio: Portfolio, members: Sequence[Member]) -> tuple[str, ...]:
    """Return the least that the musts of a conflict need of its funds and capacities.

    Examples of a fact: ``P7 needs at least 250 of fund capex``.
    """
    return tuple(_facts(portfolio, members))


def _facts(portfolio: Portfolio, members: Sequence[Member]) -> Iterator[str]:
    names = [m.path.split("/")[1] for m in members if m.kind in INSIDE]
    projects = [portfolio.project_by_id[name] for name in names]
    for member in members:
        name = member.path.partition("/")[2]
        for project in projects:
            if member.kind == "fund":
                fund = next(fund for fund in portfolio.funds if fund.id == name)
                least = least_of(portfolio, project, fund)
                if least > 0:
                    yield f"{project.id} needs at least {number(least)} of fund {name}"
            elif member.kind == "capacity":
                effort = effort_of(project, name)
                if effort > 0:
                    said = f"at least {number(effort)} FTE-periods of {name}"
                    yield f"{project.id} needs {said}"


def least_of(portfolio: Portfolio, project: Project, fund: Fund) -> Decimal:
    """Return the least that the cost lines of a project take from a fund, if it is selected.

    Lines that the fund alone can pay, in the modes that take the least; charges of needs and
    lines whose amount depends on how long the project takes are left out.
    """
    own = sum((_amount(line, None) for line in _its(portfolio, project.costs, fund)), Decimal(0))
    modes = sum(
        (
            min(_of_mode(portfolio, mode, fund) for mode in project.allowed_modes(phase))
            for phase in project.phases
        ),
        Decimal(0),
    )
    return own + modes


def _of_mode(portfolio: Portfolio, mode: Mode, fund: Fund) -> Decimal:
    lines = _its(portfolio, mode.costs, fund)
    return sum((_amount(line, mode.duration) for line in lines), Decimal(0))


def _its(portfolio: Portfolio, lines: Iterable[CostLine], fund: Fund) -> Iterator[CostLine]:
    """Yield the lines that only this fund can pay."""
    for line in lines:
        payers = {f.id for f in portfolio.funds if f.pays(line.category)}
        if line.fund == fund.id or (line.fund is None and payers == {fund.id}):
            yield line


def _amount(line: CostLine, duration: int | None) -> Decimal:
    if line.lump is not None:
        return line.lump
    if line.profile is not None:
        return sum(line.profile, Decimal(0))
    return (line.per_period or Decimal(0)) * (duration or 0)
