"""The least that named staffing must leave open when all dates are fixed (formulation, section 13).

Who works on which need in which period is tried in full; how much is left to an exact linear
program. A branch is given up only where the program without the rules still open is no better
than a staffing that was found, or where it keeps all rules by itself. Shares are continuous here,
not multiples of 0.0001 FTE; whoever works gives at least that much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pmo_optimizer.model import (
    Allocation,
    Need,
    Person,
    Plan,
    Pool,
    Portfolio,
    Staffing,
    SupplierKind,
    UtilizationRule,
)
from pmo_optimizer.model.people import availability
from tests.brute.people import working_heads
from tests.brute.simplex import LinearProgram

STEP = Fraction(1, 10_000)
"""Least share of somebody who works."""

NOTHING = Fraction(0)


class NoStaffing(ValueError):
    """Nobody can be staffed by the rules, not even with everything left open."""


@dataclass(frozen=True, slots=True)
class Task:
    """A need of a selected project at its dates.

    Attributes
    ----------
    phase
        Ids of project and phase.
    rates
        FTE by period (0-based) of the phase within the grid; of effort its least rate.
    pinned
        Person entries that the phase's pin names.
    """

    phase: tuple[str, str]
    need: Need
    rates: Mapping[int, Fraction]
    pinned: tuple[str, ...]

    @property
    def asked(self) -> list[int]:
        """Periods in which the need asks for work."""
        if self.need.effort is not None:
            return list(self.rates) if self.need.effort else []
        return [t for t, rate in self.rates.items() if rate]

    @property
    def share(self) -> Fraction | None:
        """Share of each head, where heads are counted."""
        return None if self.need.heads is None else Fraction(self.need.head_share)


@dataclass(frozen=True, slots=True)
class Worker:
    """An individual, or a pool or hire (without entry) at proficiency 1.

    Attributes
    ----------
    entry
        Person entry of an individual.
    usable
        FTE per period under the hard ceilings.
    heads
        Heads of a hire per period; None where they are not counted.
    """

    name: str
    entry: Person | None
    levels: Mapping[str, Fraction]
    usable: tuple[Fraction, ...]
    heads: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One decision: whether (or with how many heads) a worker works on a task.

    Attributes
    ----------
    worker, task
        Positions in their lists.
    periods
        One period, or all that a continuous need asks for.
    least
        Share of each period where the worker works; of heads exactly that.
    most
        Most heads: 1 for individuals.
    exact
        Whether the share is ``least`` for each head.
    """

    worker: int
    task: int
    periods: tuple[int, ...]
    least: Fraction
    most: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """Sum of money or time over some slots and periods, at most ``most``.

    Attributes
    ----------
    terms
        Weight of an FTE by position of the slot and period.
    """

    terms: Mapping[tuple[int, int], Fraction]
    most: Fraction

    def periods(self, scene: Scene) -> set[int]:
        """Return the periods that it joins: where one of its slots is decided, all of it is."""
        numbers = {number for number, _ in self.terms}
        return {t for _, t in self.terms} | {t for n in numbers for t in scene.slots[n].periods}


Choice = Mapping[int, int]
"""Heads decided, 0 for nobody, by position of the slot."""

Shares = Mapping[tuple[int, int], Fraction]
"""FTE by position of the slot and period."""


def least_unmet(portfolio: Portfolio, plan: Plan) -> Fraction:
    """Return the least unmet FTE-periods over all named staffings of a plan's dates.

    Rule 5 and the last part of rule 6 ask nothing of an entry of whom nobody could work on the
    need, or the phase, if on nothing else. Needs are served in full, without the tolerance.

    Parameters
    ----------
    portfolio
        A tiny portfolio: some three individuals, needs and periods.
    plan
        Its dates, modes and hires; the rest of it is not read.

    Raises
    ------
    NoStaffing
        The rules contradict each other.
    """
    return least_staffing(portfolio, plan)[0]


def least_staffing(portfolio: Portfolio, plan: Plan) -> tuple[Fraction, Plan]:
    """Return the result of `least_unmet` and the plan with a staffing that reaches it.

    Its shares are rounded down to ten decimals; extra supply is not in it.
    """
    scene = Scene(portfolio, plan)
    search = Search(scene)
    search.run({})
    if search.best is None:
        raise NoStaffing("no staffing keeps the rules")
    work = tuple(
        scene.allocation(scene.slots[number], t, share)
        for (number, t), share in sorted(search.shares.items())
        if share
    )
    update = {"staffing": Staffing.NAMED, "fully_staffed": not search.best, "allocations": work}
    return search.best, plan.model_copy(update=update)


class Scene:
    """Tasks, workers and slots of a plan's dates."""

    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        self.tasks = [task for task in _tasks(portfolio, plan) if task.asked]
        self.workers = [*_individuals(portfolio), *_pools(portfolio), *_hires(portfolio, plan)]
        priced = {s.id for s in portfolio.skills if s.overload_price is not None}
        self.prices = [0 if task.need.skill in priced else 1 for task in self.tasks]
        self.slots = [
            slot
            for task in range(len(self.tasks))
            for worker in range(len(self.workers))
            for slot in self._slots(worker, task)
        ]
        self.wanted = [*self._wanted_by_needs(), *self._wanted_by_pins()]
        self.sums = [*_dedications(portfolio, self), *_budgets(portfolio, self)]
        spread = [task.asked for task in self.tasks if task.need.effort is not None]
        self.blocks = _joined([*spread, *(row.periods(self) for row in self.sums)])

    def level(self, slot: Slot) -> Fraction:
        """Return what one FTE of a slot counts for."""
        need = self.tasks[slot.task].need
        return Fraction(1) if slot.exact else self.workers[slot.worker].levels[need.skill]

    def allocation(self, slot: Slot, period: int, share: Fraction) -> Allocation:
        """Return a share of one period as part of a plan."""
        worker, task = self.workers[slot.worker], self.tasks[slot.task]
        kind = SupplierKind.PERSON
        if worker.entry is None:
            kind = SupplierKind.POOL if worker.heads is None else SupplierKind.HIRE
        return Allocation(
            kind=kind,
            supplier=worker.name,
            project=task.phase[0],
            phase=task.phase[1],
            need=task.need.id,
            start=period,
            shares=(Decimal(int(share * 10**10)) / 10**10,),
        )

    def block(self, period: int) -> tuple[int, ...]:
        """Return the periods that effort joins with one."""
        return next((block for block in self.blocks if period in block), (period,))

    def _slots(self, worker: int, task: int) -> Iterator[Slot]:
        who, work = self.workers[worker], self.tasks[task]
        level = who.levels.get(work.need.skill, NOTHING)
        if not level or level < Fraction(work.need.min_proficiency or 0) or _barred(who, work):
            return
        least = _least(who, work)
        free = {t for t in work.rates if who.usable[t] >= least}
        groups: list[tuple[int, ...]] = [
            (t,) for t in work.rates if t in free and (t in work.asked or _obliged(work))
        ]
        if work.need.continuous and who.entry is not None:
            groups = [tuple(work.asked)] if free.issuperset(work.asked) else []
        for periods in groups:
            exact = work.share is not None
            most = 1 if who.entry is not None else self._most_heads(who, work, periods[0])
            if most:
                yield Slot(worker, task, periods, least, most, exact)

    def _most_heads(self, who: Worker, work: Task, period: int) -> int:
        if work.share is None:
            return 1
        room = int(who.usable[period] / work.share)
        counted = room if who.heads is None else min(room, who.heads[period])
        return min(counted, work.need.heads or 0)

    def _wanted_by_needs(self) -> Iterator[tuple[int, ...]]:
        """Yield the slots of which one must be used, for each entry that a need must have."""
        for number, task in enumerate(self.tasks):
            for entry in task.need.must:
                yield from self._of(entry, {number})

    def _wanted_by_pins(self) -> Iterator[tuple[int, ...]]:
        phases: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for number, task in enumerate(self.tasks):
            phases[task.phase].add(number)
        for numbers in phases.values():
            for entry in self.tasks[min(numbers)].pinned:
                yield from self._of(entry, numbers)

    def _of(self, entry: str, tasks: set[int]) -> Iterator[tuple[int, ...]]:
        """Yield the slots of an entry, if any of them is where work is asked for."""
        found = []
        able = False
        for number, slot in enumerate(self.slots):
            person = self.workers[slot.worker].entry
            if person is not None and person.id == entry and slot.task in tasks:
                found.append(number)
                able = able or slot.periods[0] in self.tasks[slot.task].asked
        if able:
            yield tuple(found)


def _dedications(portfolio: Portfolio, scene: Scene) -> Iterator[Sum]:
    """Yield what each individual may give to a project over some periods at most (rule 9)."""
    for number, worker in enumerate(scene.workers):
        for limit in worker.entry.dedications if worker.entry is not None else ():
            span = limit.span(portfolio.calendar)
            terms = {
                (position, t): Fraction(1)
                for position, slot in enumerate(scene.slots)
                if slot.worker == number and scene.tasks[slot.task].phase[0] == limit.project
                for t in slot.periods
                if t in span
            }
            if terms:
                yield Sum(terms, Fraction(limit.fte) * len(span))


def _budgets(portfolio: Portfolio, scene: Scene) -> Iterator[Sum]:
    """Yield the money for individuals on each project that has a budget for them (rule 10)."""
    for project in portfolio.projects:
        terms: dict[tuple[int, int], Fraction] = {}
        for position, slot in enumerate(scene.slots):
            entry = scene.workers[slot.worker].entry
            if entry is not None and scene.tasks[slot.task].phase[0] == project.id:
                rate = Fraction(entry.cost_rate or 0)
                terms |= {(position, t): rate for t in slot.periods if rate}
        if project.staff_budget is not None and terms:
            yield Sum(terms, Fraction(project.staff_budget))


def _obliged(task: Task) -> bool:
    """Return whether somebody may have to work, even where nothing is asked for."""
    return bool(task.need.must or task.pinned)


def _barred(who: Worker, task: Task) -> bool:
    if who.entry is None:
        return False
    outside = bool(task.pinned) and who.entry.id not in task.pinned
    return outside or who.entry.id in task.need.must_not


def _least(who: Worker, task: Task) -> Fraction:
    if task.share is not None:
        return task.share
    if who.entry is None:
        return NOTHING
    return max(STEP, Fraction(who.entry.min_share or 0), Fraction(task.need.min_share or 0))


def _joined(groups: Iterable[Iterable[int]]) -> list[tuple[int, ...]]:
    """Return sets of periods that share a group, directly or by others."""
    blocks: list[set[int]] = []
    for group in map(set, groups):
        near = [block for block in blocks if block & group]
        blocks = [block for block in blocks if not block & group]
        blocks.append(group.union(*near))
    return [tuple(sorted(block)) for block in blocks]


def _tasks(portfolio: Portfolio, plan: Plan) -> Iterator[Task]:
    for entry in plan.projects:
        for placed in entry.phases if entry.selected else ():
            phase = portfolio.project_by_id[entry.project].phase(placed.phase)
            pinned = () if phase.pin is None else phase.pin.people
            for need in phase.mode(placed.mode).needs:
                lowest = Fraction(need.min_fte or 0)
                rates = {
                    t: lowest if need.effort is not None else Fraction(need.rate(t - placed.start))
                    for t in range(placed.start, placed.end)
                }
                yield Task((entry.project, placed.phase), need, rates, pinned)


def _individuals(portfolio: Portfolio) -> Iterator[Worker]:
    for person in portfolio.people:
        free = availability(person, portfolio.calendar)
        usable = tuple(_ceiling(portfolio, person) * Fraction(fte) for fte in free)
        levels = {skill: Fraction(level) for skill, level in person.skills.items()}
        for name in person.individuals:
            yield Worker(name, person, levels, usable)


def _pools(portfolio: Portfolio) -> Iterator[Worker]:
    for pool in portfolio.pools:
        part = _ceiling(portfolio, pool)
        grid = range(portfolio.calendar.periods)
        usable = tuple(part * Fraction(pool.capacity(t)) for t in grid)
        yield Worker(pool.id, None, {pool.skill: Fraction(1)}, usable)


def _hires(portfolio: Portfolio, plan: Plan) -> Iterator[Worker]:
    for hire in portfolio.hires:
        orders: defaultdict[int, int] = defaultdict(int)
        for order in plan.hires:
            orders[order.period] += order.heads if order.hire == hire.id else 0
        grid = range(portfolio.calendar.periods)
        heads = tuple(working_heads(hire, orders, t) for t in grid)
        usable = tuple(map(Fraction, heads))
        yield Worker(hire.id, None, {hire.skill: Fraction(1)}, usable, heads)


def _ceiling(portfolio: Portfolio, who: Person | Pool) -> Fraction:
    rules = (r for r in portfolio.rules if isinstance(r, UtilizationRule) and r.price is None)
    return min([Fraction(1), *(Fraction(r.ceiling) for r in rules if who.matches(r.where))])


class Search:
    """Decides slots one after the other, those first that the linear program gets wrong."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.best: Fraction | None = None
        self.shares: Shares = {}
        tasks = (t for task in scene.tasks for t in task.rates)
        self.blocks = sorted({scene.block(t) for t in tasks})
        self._known: dict[object, tuple[Fraction, Shares] | None] = {}

    def run(self, choice: Choice) -> None:
        """Try every completion of a choice that could be better than the best one."""
        relaxed = self.relaxed(choice)
        if relaxed is None or (self.best is not None and relaxed[0] >= self.best):
            return
        wrong = self.wrong(relaxed[1], choice)
        if wrong is None:
            self.best, self.shares = relaxed
        else:
            for heads in range(self.scene.slots[wrong].most, -1, -1) if wrong >= 0 else ():
                self.run({**choice, wrong: heads})

    def relaxed(self, choice: Choice) -> tuple[Fraction, Shares] | None:
        """Return the least unmet FTE if slots not decided may give any share, with the shares."""
        total = NOTHING
        shares: dict[tuple[int, int], Fraction] = {}
        for block in self.blocks:
            inside = {
                number: heads
                for number, heads in choice.items()
                if not set(block).isdisjoint(self.scene.slots[number].periods)
            }
            key = (block, tuple(sorted(inside.items())))
            if key not in self._known:
                self._known[key] = _Program(self.scene, block, inside).least()
            solved = self._known[key]
            if solved is None:
                return None
            total += solved[0]
            shares |= solved[1]
        return total, shares

    def wrong(self, shares: Shares, choice: Choice) -> int | None:
        """Return an open slot of a broken rule, -1 where it has none, None if all are kept."""
        for number, slot in enumerate(self.scene.slots):
            given = [shares[number, t] for t in slot.periods]
            if number not in choice and not _sound(slot, given):
                return number
        for broken in (*self._crowded(shares), *self._idle(shares)):
            return next((number for number in broken if number not in choice), -1)
        return None

    def _crowded(self, shares: Shares) -> Iterator[list[int]]:
        """Yield the slots of somebody who is on more projects in a period than may be."""
        at_work: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for (number, t), share in shares.items():
            if share:
                at_work[self.scene.slots[number].worker, t].append(number)
        for (worker, _), numbers in at_work.items():
            entry = self.scene.workers[worker].entry
            projects = {self.scene.tasks[self.scene.slots[n].task].phase[0] for n in numbers}
            most = None if entry is None else entry.max_projects
            if most is not None and len(projects) > most:
                yield numbers

    def _idle(self, shares: Shares) -> Iterator[tuple[int, ...]]:
        """Yield the slots of which one must be used and none is."""
        for numbers in self.scene.wanted:
            if not any(shares[n, t] for n in numbers for t in self.scene.slots[n].periods):
                yield numbers


def _sound(slot: Slot, given: list[Fraction]) -> bool:
    """Return whether a slot's shares are those of nobody, or of a worker who keeps the rules."""
    if slot.exact:
        whole = slot.least == 0 or all((share / slot.least).denominator == 1 for share in given)
        return whole and len(set(given)) == 1
    return not any(given) or min(given) >= slot.least


class _Program:
    """The linear program of joined periods, for what is decided there."""

    def __init__(self, scene: Scene, block: tuple[int, ...], choice: Choice) -> None:
        self.scene = scene
        self.choice = choice
        self.inside = [
            (number, slot, t)
            for number, slot in enumerate(scene.slots)
            for t in slot.periods
            if t in block
        ]
        self.block = block
        self.lp = LinearProgram()

    def least(self) -> tuple[Fraction, Shares] | None:
        """Return the least unmet FTE and the shares, None where the decisions allow none."""
        for number, slot, t in self.inside:
            self._limit(number, slot, t)
        self._spend()
        self._sum_up()
        for number in range(len(self.scene.tasks)):
            self._serve(number)
        values = self.lp.solve()
        if values is None:
            return None
        shares = {(number, t): values[number, t] for number, _, t in self.inside}
        unmet = (
            values[key] * self.scene.prices[key[1]]
            for key in values
            if isinstance(key, tuple) and key[0] == "unmet"
        )
        return sum(unmet, NOTHING), shares

    def _limit(self, number: int, slot: Slot, t: int) -> None:
        """Hold a share to what is decided about its slot."""
        share: dict[Hashable, int] = {(number, t): 1}
        heads = self.choice.get(number)
        if heads == 0:
            self.lp.add(share, "=", 0)
        elif slot.exact:
            most = slot.most if heads is None else heads
            self.lp.add(share, "<=" if heads is None else "=", most * slot.least)
        elif heads is not None:
            self.lp.add(share, ">=", slot.least)

    def _spend(self) -> None:
        """Hold every worker to the time that is there."""
        time: defaultdict[tuple[int, int], dict[Hashable, int]] = defaultdict(dict)
        for number, slot, t in self.inside:
            time[slot.worker, t][number, t] = 1
        for (worker, t), shares in time.items():
            self.lp.add(shares, "<=", self.scene.workers[worker].usable[t])

    def _sum_up(self) -> None:
        """Hold sums over periods, all of which are in one block, to what they may be."""
        for row in self.scene.sums:
            if any(t in self.block for _, t in row.terms):
                terms: dict[Hashable, Fraction] = dict(row.terms.items())
                self.lp.add(terms, "<=", row.most)

    def _serve(self, number: int) -> None:
        """Ask for a task's work, or its unmet part; effort: the sum, and the least rates."""
        task = self.scene.tasks[number]
        got: defaultdict[int, dict[Hashable, Fraction]] = defaultdict(dict)
        for position, slot, t in self.inside:
            if slot.task == number:
                got[t][position, t] = self.scene.level(slot)
        periods = [t for t in task.rates if t in self.block]
        if task.need.effort is None:
            for t in periods:
                self._ask(got[t], ("unmet", number, t), task.rates[t])
        elif periods:
            total = {key: level for t in periods for key, level in got[t].items()}
            self._ask(total, ("unmet", number), Fraction(task.need.effort))
            lacking: dict[Hashable, int] = {("unmet", number): 1}
            for t in periods:
                self._ask(got[t], ("lacking", number, t), task.rates[t], price=0)
                lacking["lacking", number, t] = -1
                if task.need.max_fte is not None and got[t]:
                    self.lp.add(got[t], "<=", Fraction(task.need.max_fte))
            self.lp.add(lacking, ">=", 0)

    def _ask(
        self,
        got: Mapping[Hashable, Fraction],
        unmet: tuple[Hashable, ...],
        asked: Fraction,
        price: int | None = None,
    ) -> None:
        number = unmet[1]
        if isinstance(number, int):
            self.lp.price(unmet, self.scene.prices[number] if price is None else price)
        self.lp.add({**got, unmet: 1}, ">=", asked)
