"""Windows and due dates, and a plan of the fixed projects that proves that one exists."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from pmo_optimizer import Calendar, Decision, Fund, State
from pmo_scenarios.generator.drafts import ProjectDraft
from pmo_scenarios.generator.money import INNOVATION, payments
from pmo_scenarios.generator.options import Options
from pmo_scenarios.generator.work import ungrouped

FIXED_LOAD = 0.7
"""Most of each capacity and budget that running projects may take."""

MUST_LOAD = 0.85
"""Most of each capacity and budget that running and must projects may take together."""

MUST_SHARE = 0.03
"""Part of the projects that must be done."""

WINDOW_SHARE = 0.7
"""Part of the proposed projects that can start in some periods only."""

WINDOW_WIDTH = 0.2
"""Usual width of such a window, as a part of the horizon."""

LATE_PRICE = 5
"""Price of a period of delay, in thousandths of the value unit."""


class Ledger:
    """What is left of capacities and budgets while projects are placed one by one.

    Everyone works at the main skill, open lines are paid by the capex fund, and nothing is
    carried over: a plan that fits here fits all the more with those freedoms.

    Parameters
    ----------
    capacity
        Hundredths of an FTE by skill and period, pools included.
    """

    def __init__(
        self,
        options: Options,
        calendar: Calendar,
        capacity: Sequence[Sequence[int]],
        funds: Sequence[Fund],
    ) -> None:
        self.options = options
        self.periods = calendar.periods
        self.capacity = [list(row) for row in capacity]
        self.load = [[0] * calendar.periods for _ in capacity]
        self.years = [calendar.fiscal_year(t) for t in range(calendar.periods)]
        self.budget = {
            (fund.id, year): float(amount)
            for fund in funds
            for year, amount in (
                fund.amounts.years or {0: fund.amounts.total or Decimal(0)}
            ).items()
        }
        self.spent = dict.fromkeys(self.budget, 0.0)

    def fits(self, project: ProjectDraft, start: int, part: float) -> bool:
        """Return whether the project fits at ``start`` into this part of all that there is."""
        if start + project.length > self.periods:
            return False
        return all(
            self.load[skill][t] + rate <= part * self.capacity[skill][t]
            for (skill, t), rate in self._work(project, start).items()
        ) and all(
            self.spent[bucket] + amount <= part * self.budget[bucket]
            for bucket, amount in self._money(project, start).items()
        )

    def place(self, project: ProjectDraft, start: int) -> None:
        """Take what the project uses."""
        for (skill, t), rate in self._work(project, start).items():
            self.load[skill][t] += rate
        for bucket, amount in self._money(project, start).items():
            self.spent[bucket] += amount

    def _work(self, project: ProjectDraft, start: int) -> dict[tuple[int, int], int]:
        work: dict[tuple[int, int], int] = {}
        for offset, phase in zip(project.offsets, project.phases, strict=True):
            for skill, rate in phase.rates.items():
                for t in range(start + offset, start + offset + phase.duration):
                    work[skill, t] = work.get((skill, t), 0) + rate
        return work

    def _money(self, project: ProjectDraft, start: int) -> dict[tuple[str, int], float]:
        money: dict[tuple[str, int], float] = {}
        for payment in payments(project, self.options):
            year = 0 if payment.fund == INNOVATION else self.years[start + payment.offset]
            key = payment.fund, year
            money[key] = money.get(key, 0.0) + float(payment.amount)
        return money


def draw_windows(rng: Random, options: Options, projects: list[ProjectDraft]) -> None:
    """Give most proposed projects a window of starts, some a latest finish or a due date."""
    for project in projects:
        slack = options.periods - project.length
        if project.state is not State.PROPOSED or project.variant_of is not None or slack < 2:
            continue
        if not project.narrow and rng.random() < WINDOW_SHARE:
            _draw_start(rng, options, project, slack)
        _draw_end(rng, options, project)


def _draw_start(rng: Random, options: Options, project: ProjectDraft, slack: int) -> None:
    """Draw a range of starts; ranges at both ends are as frequent as their neighbours need."""
    width = max(2, round(WINDOW_WIDTH * options.periods * rng.uniform(0.6, 1.4)))
    first = rng.randint(-width, slack)
    project.earliest_start = min(max(0, first), slack - 1) or None
    project.latest_start = max(1, min(slack, first + width))


def _draw_end(rng: Random, options: Options, project: ProjectDraft) -> None:
    first = (project.earliest_start or 0) + project.length
    later = rng.randint(first + (options.periods - first) // 3, options.periods)
    kind = rng.random()
    if kind < 0.05:
        project.latest_finish = later
    elif kind < 0.10:
        project.due = later
    elif kind < 0.25:
        project.due, project.late_price = later, LATE_PRICE


def last_start(project: ProjectDraft, options: Options) -> int:
    """Return the last period in which a project can start in normal modes."""
    if project.state is not State.PROPOSED:
        return 0
    due = project.due if project.late_price is None else None
    ends = [options.periods, project.latest_finish, due]
    latest = min(end for end in ends if end is not None) - project.length
    return latest if project.latest_start is None else min(latest, project.latest_start)


def keep_running(ledger: Ledger, projects: list[ProjectDraft]) -> None:
    """Place the running projects; those that are too much become proposed ones."""
    for project in projects:
        if project.state is not State.RUNNING:
            continue
        if ledger.fits(project, 0, FIXED_LOAD):
            ledger.place(project, 0)
        else:
            project.state = State.PROPOSED
            project.stoppable, project.exit_cost = False, 0


def shrink_costs(ledger: Ledger, options: Options, projects: list[ProjectDraft]) -> bool:
    """Lower the cost of projects that no year has room for; return whether there were any."""
    changed = False
    for project in projects:
        first = project.earliest_start or 0
        last = last_start(project, options)
        for _ in range(20):
            if project.state is not State.PROPOSED or any(
                ledger.fits(project, start, 1.0) for start in range(first, last + 1)
            ):
                break
            _halve_costs(project)
            changed = True
    return changed


def _halve_costs(project: ProjectDraft) -> None:
    project.capex //= 2
    project.capex_at_start //= 2
    project.research //= 2
    for phase in project.phases:
        phase.opex //= 2
    if project.second is not None:
        project.second.opex //= 2


def decide_musts(rng: Random, ledger: Ledger, projects: list[ProjectDraft]) -> None:
    """Make a few proposed projects obligatory, each with a due date that a plan can keep."""
    able = [p for p in ungrouped(projects) if p.free]
    rng.shuffle(able)
    wanted = int(MUST_SHARE * len(projects) + 0.5)
    for project in able:
        if wanted == 0:
            break
        starts = range(project.earliest_start or 0, last_start(project, ledger.options) + 1)
        start = next((s for s in starts if ledger.fits(project, s, MUST_LOAD)), None)
        if start is None:
            continue
        ledger.place(project, start)
        project.decision = Decision.MUST
        project.latest_start, project.latest_finish, project.late_price = None, None, None
        project.due = min(ledger.periods, start + project.length + ledger.periods // 6)
        wanted -= 1


def _years(fund: Fund) -> dict[int, Decimal]:
    """Return what a fund has per fiscal year; a total counts as year 0."""
    return fund.amounts.years or {0: fund.amounts.total or Decimal(0)}
