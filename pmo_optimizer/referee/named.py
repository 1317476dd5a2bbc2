"""The rules of named staffing, person by person and period by period (formulation, section 13).

Availability and skills are checked with every other supplier's; here is what binds individuals.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.referee.crew import STEP, Crew, Hours, barred, smallest
from pmo_optimizer.referee.demand import Demand, Demands
from pmo_optimizer.referee.report import Code, Log, plain
from pmo_optimizer.referee.supply import Key, Supplier


class NamedCheck:
    """Holds the work of individuals against their limits and those of the needs.

    Parameters
    ----------
    demands
        The needs of all selected projects; heads are counted into them.
    crew
        The work, complete.
    log
        Where violations go.
    """

    def __init__(self, demands: Demands, crew: Crew, log: Log) -> None:
        self._demands = demands
        self._crew = crew
        self._log = log

    def check(self) -> None:
        """Note every broken rule."""
        for name, supplier in self._crew.everybody():
            self._check_projects(name, supplier)
            self._check_dedications(name, supplier)
        self._check_budgets()
        for demand in self._demands:
            if demand.need.heads is not None:
                self._count_heads(demand)
            for name, supplier, hours in self._crew.persons(demand):
                self._check_shares(name, supplier, hours, demand)
                self._check_continuity(name, hours, demand)
                self._check_barred(name, supplier, demand)
        short = {gap.demand.key for gap in self._demands.gaps()}
        for demand in self._demands:
            self._check_must(demand, short=demand.key in short)
        self._check_pins({key[:2] for key in short})

    def _check_projects(self, name: str, supplier: Supplier) -> None:
        key = (SupplierKind.PERSON, name)
        most = supplier.person.max_projects if supplier.person is not None else None
        for period in self._crew.periods(key) if most is not None else ():
            projects = self._crew.projects(key, period)
            if most is not None and len(projects) > most:
                message = (
                    f"{name} works on {len(projects)} projects in period {period} "
                    f"({', '.join(sorted(projects))}), at most {most} at once."
                )
                self._log.broken(Code.MAX_PROJECTS, f"{supplier.path}/{period}", message)

    def _check_dedications(self, name: str, supplier: Supplier) -> None:
        """Hold what an individual gives to a project over some periods against the most."""
        calendar = self._crew.supply.portfolio.calendar
        person = supplier.person
        for number, limit in enumerate(person.dedications if person is not None else ()):
            span = limit.span(calendar)
            given = self._crew.given((SupplierKind.PERSON, name), limit.project, span)
            if span and given > limit.most(calendar):
                message = (
                    f"{name} gives {plain(given)} FTE-periods to {limit.project} in periods "
                    f"{span.start} to {span.stop - 1}, {plain(limit.fte)} x {len(span)} at most."
                )
                path = f"{supplier.path}/dedications/{number}"
                self._log.broken(Code.DEDICATION, path, message)

    def _check_budgets(self) -> None:
        """Hold the money for individuals on each project against its staff budget."""
        for project in self._crew.supply.portfolio.projects:
            budget = project.staff_budget
            cost = Decimal(0) if budget is None else self._crew.cost(project.id)
            if budget is not None and cost > budget:
                message = (
                    f"Individuals on {project.id} cost {plain(cost)}, its staff budget is "
                    f"{plain(budget)}."
                )
                self._log.broken(Code.STAFF_BUDGET, f"projects/{project.id}/staff_budget", message)

    def _check_shares(self, name: str, supplier: Supplier, hours: Hours, demand: Demand) -> None:
        least, path = smallest(supplier, demand), _path(demand, name)
        for period, share in hours.items():
            given = f"{name} gives {plain(share)} FTE in period {period}"
            if share % STEP:
                message = f"{given}, which is no multiple of {plain(STEP)}."
                self._log.broken(Code.SHARE_STEP, path, message)
            elif demand.need.heads is not None:
                if share != demand.need.head_share:
                    message = f"{given}, each head gives {plain(demand.need.head_share)}."
                    self._log.broken(Code.HEAD_SHARE, path, message)
            elif share < least:
                message = f"{given}, the smallest useful share is {plain(least)}."
                self._log.broken(Code.SHARE_TOO_SMALL, path, message)

    def _check_continuity(self, name: str, hours: Hours, demand: Demand) -> None:
        """Ask of whoever works on a continuous need to work whenever it asks for work."""
        if not demand.need.continuous:
            return
        idle = [t for t in self._crew.on_grid(demand.asked) if not hours.get(t)]
        if idle:
            message = (
                f"{name} works in period {min(hours)} but not in {', '.join(map(str, idle))}; "
                "the same people are asked for the whole phase."
            )
            self._log.broken(Code.NOT_CONTINUOUS, _path(demand, name), message)

    def _check_barred(self, name: str, supplier: Supplier, demand: Demand) -> None:
        if not barred(supplier, demand):
            return
        if supplier.person is not None and supplier.person.id in demand.need.must_not:
            message = f"{name} must not work on {demand.path}."
            self._log.broken(Code.MUST_NOT_PERSON, _path(demand, name), message)
        else:
            message = f"{name} works on {demand.path}, pinned to {', '.join(demand.pinned)}."
            self._log.broken(Code.PINNED_PEOPLE, _path(demand, name), message)

    def _count_heads(self, demand: Demand) -> None:
        """Count the different heads in each period of the phase.

        A person is one head; pools, hires and extra supply give whole heads, a hire no more
        than are at work.
        """
        demand.present.extend([0] * len(demand.rates))
        for key, hours in self._crew.workers(demand).items():
            for period, share in hours.items():
                heads = self._heads(key, period, share, demand)
                demand.present[period - demand.start] += heads

    def _heads(self, key: Key, period: int, share: Decimal, demand: Demand) -> int:
        each = demand.need.head_share
        if key[0] is SupplierKind.PERSON or not each:
            return 1
        if share % each:
            message = (
                f"{key[1]} gives {plain(share)} FTE in period {period}, "
                f"which are no whole heads of {plain(each)}."
            )
            self._log.broken(Code.HEAD_SHARE, _path(demand, key[1]), message)
        heads = int(share // each)
        supplier = self._crew.supply.find(*key) if key[0] is SupplierKind.HIRE else None
        return heads if supplier is None else min(heads, int(supplier.available[period]))

    def _check_must(self, demand: Demand, *, short: bool) -> None:
        """Ask somebody of each entry in ``must`` to work on the need.

        Where the need is short, an entry is let off of whom nobody could work on it at all.
        """
        at_work = _entries(self._crew, demand)
        for entry in demand.need.must if demand.asked else ():
            if entry in at_work or (short and not self._crew.able(demand, entry)):
                continue
            message = f"{entry} must work on {demand.path}, and does in no period."
            self._log.broken(Code.MUST_PERSON, demand.path, message)

    def _check_pins(self, short: set[tuple[str, str]]) -> None:
        """Ask somebody of each pinned entry to work on the phase, as in `_check_must`."""
        phases: defaultdict[tuple[str, str], list[Demand]] = defaultdict(list)
        for demand in self._demands:
            if demand.asked and demand.pinned:
                phases[demand.key[:2]].append(demand)
        for (project, phase), demands in phases.items():
            at_work = {entry for demand in demands for entry in _entries(self._crew, demand)}
            for entry in sorted(set(demands[0].pinned) - at_work):
                able = any(self._crew.able(demand, entry) for demand in demands)
                if (project, phase) in short and not able:
                    continue
                message = f"{entry} is pinned to {project}/{phase}, and works on it in no period."
                path = f"projects/{project}/phases/{phase}"
                self._log.broken(Code.PINNED_PEOPLE, path, message)


def _entries(crew: Crew, demand: Demand) -> set[str]:
    """Return the person entries of whom somebody works on a need."""
    persons = (supplier.person for _, supplier, _ in crew.persons(demand))
    return {person.id for person in persons if person is not None}


def _path(demand: Demand, supplier: str) -> str:
    return f"allocations/{'/'.join(demand.key)}/{supplier}"
