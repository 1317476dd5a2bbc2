"""Every amount of money that the decisions cause, by line and period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import Anchor, CostLine, Project, Saving, Synergy
from pmo_optimizer.referee.schedule import Active, PlacedPhase, Schedule
from pmo_optimizer.referee.supply import Order


@dataclass(frozen=True, slots=True)
class Cost:
    """One amount in one period.

    Attributes
    ----------
    line
        ``project/costs/line``, ``project/phase/mode/costs/line``,
        ``project/phase/mode/needs/need`` (a charge), ``project/exit`` or ``hire/<id>``.
    period
        0-based, possibly beyond the grid.
    fund
        Fund that pays; None where the line is open.
    """

    line: str
    category: str
    period: int
    amount: Decimal
    fund: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All costs and savings of a plan.

    Attributes
    ----------
    projects
        Lines and charges of each selected project, by its id.
    exits
        Exit cost of each stopped project.
    hires
        Costs of hired heads.
    synergies
        Synergies whose members are all selected.
    """

    schedule: Schedule
    projects: dict[str, tuple[Cost, ...]]
    exits: tuple[tuple[Project, Cost], ...]
    hires: tuple[Cost, ...]
    synergies: tuple[Synergy, ...]

    def costs(self) -> Iterator[Cost]:
        """Yield every cost; savings are apart."""
        for costs in self.projects.values():
            yield from costs
        for _, cost in self.exits:
            yield cost
        yield from self.hires

    def savings(self) -> Iterator[tuple[int, Saving]]:
        """Yield the period and the saving of every synergy that applies."""
        calendar = self.schedule.portfolio.calendar
        for synergy in self.synergies:
            for saving in synergy.savings:
                yield calendar.period_of(saving.period), saving

    def net_per_period(self) -> dict[int, Decimal]:
        """Return costs minus savings of each period that has any."""
        net: defaultdict[int, Decimal] = defaultdict(Decimal)
        for cost in self.costs():
            net[cost.period] += cost.amount
        for period, saving in self.savings():
            net[period] -= saving.amount
        return dict(net)

    def project_cost(self, project: str) -> Decimal:
        """Return all lines and charges of a selected project, beyond the grid included."""
        return sum((cost.amount for cost in self.projects[project]), Decimal(0))


def keep_books(schedule: Schedule, orders: tuple[Order, ...]) -> Ledger:
    """Return every cost of selected and stopped projects and of hires, amounts of 0 left out."""
    rates = {s.id: (s.rate, s.rate_category) for s in schedule.portfolio.skills}
    projects = {
        name: tuple(_project_costs(schedule, active, rates))
        for name, active in schedule.active.items()
    }
    exits = tuple(
        (p, Cost(f"{p.id}/exit", p.exit_category, 0, p.exit_cost, p.exit_fund))
        for p in schedule.stopped
        if p.exit_cost
    )
    hires = tuple(cost for order in orders for cost in _hire_costs(schedule, order))
    synergies = tuple(
        s for s in schedule.portfolio.synergies if all(map(schedule.selected, s.projects))
    )
    return Ledger(schedule, projects, exits, hires, synergies)


def _project_costs(
    schedule: Schedule, active: Active, rates: dict[str, tuple[Decimal, str]]
) -> Iterator[Cost]:
    project = active.project
    start, end = schedule.on_grid(active.start), schedule.on_grid(active.finish)
    if not project.phases:
        # A yes or no without phases pays as if it lasted its one period.
        end = start + 1
    for line in project.costs:
        yield from _line_costs(line, f"{project.id}/costs/{line.id}", start, end)
    for placed in active.phases.values():
        start = schedule.on_grid(placed.start)
        path = f"{project.id}/{placed.phase.id}/{placed.mode.id}"
        for line in placed.mode.costs:
            end = start + placed.mode.duration
            yield from _line_costs(line, f"{path}/costs/{line.id}", start, end)
        yield from _charges(placed, start, path, rates)


def _line_costs(line: CostLine, path: str, start: int, end: int) -> Iterator[Cost]:
    for period, amount in _amounts(line, start, end):
        if amount:
            yield Cost(path, line.category, period, amount, line.fund)


def _amounts(line: CostLine, start: int, end: int) -> Iterator[tuple[int, Decimal]]:
    """Yield period and amount of a line whose work runs from ``start`` to ``end`` (exclusive)."""
    if line.per_period is not None:
        for period in range(start, end):
            yield period, line.per_period
    if line.profile is not None:
        yield from enumerate(line.profile, start)
    if line.lump is not None:
        last = max(start, end - 1)
        yield start if line.at is Anchor.START else last, line.lump


def _charges(
    placed: PlacedPhase, start: int, path: str, rates: dict[str, tuple[Decimal, str]]
) -> Iterator[Cost]:
    for need in placed.mode.needs:
        if need.charge_to is None or need.skill not in rates:
            continue
        price, category = rates[need.skill]
        for offset in range(placed.mode.duration):
            amount = need.charge(offset, placed.mode.duration, price)
            if amount:
                line = f"{path}/needs/{need.id}"
                yield Cost(line, category, start + offset, amount, need.charge_to)


def _hire_costs(schedule: Schedule, order: Order) -> Iterator[Cost]:
    hire = order.hire
    once, each = hire.cost_once * order.heads, hire.cost_per_period * order.heads
    if once:
        yield Cost(f"hire/{hire.id}", hire.cost_category, order.period, once, hire.fund)
    for period in hire.work(order.period, schedule.portfolio.calendar) if each else ():
        yield Cost(f"hire/{hire.id}", hire.cost_category, period, each, hire.fund)
