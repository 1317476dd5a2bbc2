"""Named staffing of some tasks as a CP-SAT model; everybody else's work stays as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import gcd, isfinite

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Clock
from pmo_optimizer.model import EngineError
from pmo_solvers.cp_sat.engine import StopWatcher
from pmo_solvers.named.goals import BALANCED, Points
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.rows import sum_rows
from pmo_solvers.named.tasks import FULL, MISS, STEP, Given, Server, Task

Expr = cp_model.LinearExpr

PRICE_SCALE, MOST_PRICE = 1000, 10**8
"""Whole numbers per unit of the least price, and most of the largest one."""

POINT_SCALE = 10
"""Whole numbers per point."""

FEWEST_WORKERS = 3
"""Threads with which CP-SAT finds room for a search from the bound beside the others."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a program is solved: seconds, deterministic work, threads, seed."""

    seconds: float
    workers: int
    seed: int
    work: float = float("inf")


@dataclass(frozen=True, slots=True)
class Answer:
    """The best staffing of a program.

    Attributes
    ----------
    given
        Shares of the program's tasks; None where none was found.
    unmet
        Delivered units that are missing in all.
    bound
        What no staffing can better, in the same units.
    infeasible
        Whether it is proved that there is none (musts and pins can clash).
    """

    given: Given | None
    unmet: int = 0
    bound: int = 0
    infeasible: bool = False


@dataclass(slots=True)
class _Cell:
    """A server's part in a task: whole grains per period, and whether there is any."""

    shares: dict[int, Expr] = field(default_factory=dict)
    works: dict[int, cp_model.IntVar] = field(default_factory=dict)


class Program:
    """The model.

    Parameters
    ----------
    ledger
        The staffing; what its servers give to ``tasks`` may be changed, all else is fixed.
    tasks
        Tasks that are staffed anew.
    points
        Goals beyond unmet need; None: unmet need alone counts.
    teams
        Whether musts and pins are asked for: not where single periods are looked at.
    full
        Whether needs are served in full: what is missed within the tolerance is unmet.

    Attributes
    ----------
    worked
        Deterministic work that solving took so far.
    """

    def __init__(
        self,
        ledger: Ledger,
        tasks: Sequence[Task],
        points: Points | None = None,
        *,
        teams: bool = True,
        full: bool = False,
    ) -> None:
        self.ledger = ledger
        self.work = ledger.work
        self.tasks = tuple(tasks)
        self.points = points
        self.grain = self.work.grain if self._is_divisible(teams=teams) else 1
        self.model = cp_model.CpModel()
        self.cells: dict[tuple[Server, int], _Cell] = {}
        # Delivered units are counted in grains where everybody is at proficiency 1, else in what
        # all proficiencies, needs and the tolerance are multiples of.
        self.unit = self.grain * FULL if self.grain > 1 else self._common()
        self.unmet: list[cp_model.IntVar] = []
        self.missed: list[cp_model.IntVar] = []
        self.priced: list[tuple[cp_model.IntVar, float]] = []
        self.exact = True
        self.worked = 0.0
        self.full = full
        self._mine = self._own_use()
        for task in self.tasks:
            self._add_people(task)
            self._add_anonymous(task)
            self._serve(task)
        self._limit_time()
        self._limit_projects()
        self._limit_sums()
        self._price_ceilings()
        if teams:
            self._add_musts()
            self._add_pins()
        if 1 < self.grain <= len(self.unmet):
            # So many needs may miss a grain between them within their tolerances.
            self.exact = False

    def _is_divisible(self, *, teams: bool) -> bool:
        """Return whether grains lose nothing: nobody has to give a share that is no multiple.

        Who stays for a whole phase, or must work on it, may do so with the least useful share.
        """
        bound = [
            task
            for task in self.tasks
            if task.demand.names.continuous or (teams and (task.musts or task.pinned))
        ]
        least = {self.work.least_share(p, task) for task in bound for p in task.people}
        return not any(share % self.work.grain for share in least)

    # -- columns ---------------------------------------------------------------------------

    def _common(self) -> int:
        """Return the largest number of delivered units of which all numbers are multiples."""
        numbers = (n for t in self.tasks for n in (*t.levels, *t.rates, t.total))
        return gcd(MISS, *numbers)

    def _own_use(self) -> dict[tuple[Server, int], int]:
        """Return what the tasks use now of every server and period: it is theirs to change."""
        own: dict[tuple[Server, int], int] = defaultdict(int)
        mine = {task.index for task in self.tasks}
        for (server, index), shares in self.ledger.given.items():
            if index in mine:
                for period, units in shares.items():
                    own[server, period] += units
        return own

    def _room(self, server: Server, period: int) -> int | None:
        """Return the grains that a server has for the tasks in a period; None: no limit."""
        if server[0] == "p":
            left: int | None = int(self.ledger.free[server[1], period])
        else:
            left = self.ledger.left(server, period)
        if left is None:
            return None
        return (left + self._mine.get((server, period), 0)) // self.grain

    def _most(self, task: Task, period: int, level: int) -> int:
        """Return the grains beyond which more from one server would be of no use."""
        asked = task.rates[period - task.start]
        if task.total:
            asked = task.total if task.most is None else min(task.total, task.most + MISS)
        return -(-asked // (level * self.grain))

    def _add_people(self, task: Task) -> None:
        for person, level in zip(task.people, task.levels, strict=True):
            cell = self._cell(task, person, level)
            if cell.shares:
                self.cells[("p", person), task.index] = cell

    def _cell(self, task: Task, person: int, level: int) -> _Cell:
        """Return an individual's part in a task, with what is asked of single shares.

        Share in t is 0 or at least the smallest useful one, exactly ``share`` for heads; on a
        continuous need it is positive in all periods or in none.
        """
        server: Server = ("p", person)
        least = -(-self.work.least_share(person, task) // self.grain)
        names = task.demand.names
        rooms = {t: self._room(server, t) or 0 for t in task.periods}
        if names.continuous and any(room < least for room in rooms.values()):
            return _Cell()
        cell = _Cell()
        together = self.model.new_bool_var("") if names.continuous else None
        for period, room in rooms.items():
            if room < least:
                continue
            works = together
            if works is None and self._needs_works(person, least, task):
                works = self.model.new_bool_var("")
            if works is not None:
                cell.works[period] = works
            if task.heads:
                assert works is not None  # noqa: S101 - heads always have it
                cell.shares[period] = least * works
                continue
            most = min(room, max(self._most(task, period, level), least))
            share = self.model.new_int_var(0, most, "")
            cell.shares[period] = share
            if works is not None:
                self.model.add(share <= most * works)
                self.model.add(share >= least * works)
        return cell

    def _needs_works(self, person: int, least: int, task: Task) -> bool:
        """Return whether it matters if somebody works at all, beside how much."""
        limited = self.ledger.limits[person] >= 0
        asked = bool(task.musts) or any(task.index in team.tasks for team in self.work.teams)
        return bool(least > 1 or limited or task.heads or asked or self.points is not None)

    def _add_anonymous(self, task: Task) -> None:
        """Pools, hires and extra supply serve at proficiency 1; heads in whole numbers."""
        for server in task.anonymous:
            cell = _Cell()
            for period in task.periods:
                room = self._room(server, period)
                most = self._most(task, period, FULL)
                most = most if room is None else min(room, most)
                if task.heads:
                    share = self.work.unit(task.demand.names.share) // self.grain
                    least = min(task.heads, most // share, self.work.head_limit(server, period))
                    number = self.model.new_int_var(0, least, "")
                    cell.shares[period] = share * number
                elif most > 0:
                    cell.shares[period] = self.model.new_int_var(0, most, "")
            if cell.shares:
                self.cells[server, task.index] = cell
                self._price_extra(server, cell)

    def _price_extra(self, server: Server, cell: _Cell) -> None:
        if server[0] != "o":
            return
        price = self.work.problem.buckets[server[1]].overload_price or 0.0
        for share in cell.shares.values():
            extra = self.model.new_int_var(0, STEP * STEP, "")
            self.model.add(extra == share)
            self.priced.append((extra, price))

    # -- rows ------------------------------------------------------------------------------

    def _serve(self, task: Task) -> None:
        """Sum of level x share + unmet >= asked, in each period, for effort over the phase.

        Effort in a period is between its least and its most.
        """
        serving = self._serving(task)
        parts = {
            t: [
                self.ledger.level(server, task) * self.grain // self.unit * cell.shares[t]
                for server, cell in serving
                if t in cell.shares
            ]
            for t in task.periods
        }
        miss = 0 if self.full or self.grain > 1 or task.heads else MISS
        below = []
        for period, terms in parts.items():
            rate = task.rates[period - task.start]
            if rate:
                below.append(self._ask(terms, rate, miss))
            if task.total and task.most is not None and terms:
                self.model.add(_sum(terms) <= (task.most + miss) // self.unit)
        if task.total:
            every = [term for terms in parts.values() for term in terms]
            self._ask([*every, *below], task.total, miss)

    def _serving(self, task: Task) -> list[tuple[Server, _Cell]]:
        people: list[Server] = [("p", person) for person in task.people]
        pairs = [(server, (server, task.index)) for server in (*people, *task.anonymous)]
        return [(server, self.cells[key]) for server, key in pairs if key in self.cells]

    def _ask(self, terms: Sequence[Expr], asked: int, miss: int) -> cp_model.IntVar:
        """Add: sum of terms + missed + unmet >= asked; return what is unmet, in model units.

        What may be missed counts as served, but costs points.
        """
        wanted = -(-asked // self.unit)
        short = self.model.new_int_var(0, max(0, wanted - miss // self.unit), "")
        self.unmet.append(short)
        served = [*terms, short]
        if miss:
            missed = self.model.new_int_var(0, min(miss // self.unit, wanted), "")
            self.missed.append(missed)
            served.append(missed)
        self.model.add(_sum(served) >= wanted)
        return short

    def _limit_time(self) -> None:
        """Sum over tasks of share <= room, for every server and period."""
        used: dict[tuple[Server, int], list[Expr]] = defaultdict(list)
        for (server, _), cell in self.cells.items():
            for period, share in cell.shares.items():
                used[server, period].append(share)
        for (server, period), shares in used.items():
            room = self._room(server, period)
            if room is not None and (len(shares) > 1 or server[0] != "p"):
                self.model.add(_sum(shares) <= room)
        self.used = used

    def _limit_projects(self) -> None:
        """Sum over projects of (works on it) <= most projects, for individuals with a limit."""
        mine = {task.index for task in self.tasks}
        on: dict[tuple[int, int], dict[int, list[cp_model.IntVar]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for (server, index), cell in self.cells.items():
            if server[0] == "p" and self.ledger.limits[server[1]] >= 0:
                for period, works in cell.works.items():
                    on[server[1], period][self.work.tasks[index].project].append(works)
        if not on:
            return
        fixed: dict[tuple[int, int], set[int]] = defaultdict(set)
        for (server, index), shares in self.ledger.given.items():
            if server[0] == "p" and index not in mine:
                for period in shares:
                    fixed[server[1], period].add(self.work.tasks[index].project)
        for (person, period), projects in on.items():
            limit = int(self.ledger.limits[person])
            kept = fixed.get((person, period), set())
            fresh = {p: works for p, works in projects.items() if p not in kept}
            if len(fresh) + len(kept) <= limit:
                continue
            flags = [self._any(several) for several in fresh.values()]
            self.model.add(_sum(flags) <= max(0, limit - len(kept)))

    def _limit_sums(self) -> None:
        """Sum of weight x share <= what dedications and staff budgets leave to the tasks."""
        mine = {task.index for task in self.tasks}
        places = [(key, t) for key, cell in self.cells.items() for t in cell.shares]
        for row in sum_rows(self.ledger, places, mine):
            whole = row.rounded()
            # Rounded rows forbid a little too much: then nothing is proved.
            self.exact = self.exact and whole is row
            shares = [self.cells[key].shares[t] for key, t in row.places]
            total = cp_model.LinearExpr.weighted_sum(shares, list(whole.weights))
            self.model.add(total <= whole.cap // self.grain)

    def _price_ceilings(self) -> None:
        """Use of an individual or a pool - excess <= soft ceiling; each excess has a price."""
        problem = self.work.problem
        for (server, period), shares in self.used.items():
            if server[0] == "p":
                soft = problem.people[server[1]].soft_ceilings
            elif server[0] == "s":
                soft = problem.suppliers[server[1]].soft_ceilings
            else:
                continue
            room, capacity = self._room(server, period), self.work.capacity(server, period)
            if not soft or room is None or capacity is None:
                continue
            elsewhere = capacity - room * self.grain
            for rule, limits in soft:
                limit = limits[period] * STEP // problem.fte_scale
                excess = self.model.new_int_var(0, max(0, capacity - limit), "")
                self.model.add(self.grain * _sum(shares) + elsewhere - excess <= limit)
                self.priced.append((excess, problem.ceilings[rule].price / self.grain))

    def _add_musts(self) -> None:
        """For each entry that must work on a need somebody of it does, in some period."""
        for task in self.tasks:
            for people in task.musts:
                self._somebody(people, [task])

    def _add_pins(self) -> None:
        """Everybody whom a pin names works on some task of the phase; all tasks are here."""
        mine = {task.index for task in self.tasks}
        for team in self.work.teams:
            if mine.issuperset(team.tasks) and team.tasks:
                tasks = [self.work.tasks[index] for index in team.tasks]
                for people in team.entries:
                    self._somebody(people, tasks)

    def _somebody(self, people: Sequence[int], tasks: Sequence[Task]) -> None:
        """Somebody works on one of some tasks, unless nobody could if they did nothing else."""
        pairs = [(p, t) for t in tasks for p in people if self.work.could(p, t)]
        flags = [
            works
            for person, task in pairs
            for works in self.cells.get((("p", person), task.index), _Cell()).works.values()
        ]
        if pairs:
            self.model.add_bool_or(flags)

    # -- goals -----------------------------------------------------------------------------

    def _secondary(self) -> Expr:
        """Return the points of cost, fit, teams, hand-offs, balance and changes."""
        points = self.points
        assert points is not None  # noqa: S101 - callers have looked
        terms: list[Expr] = []
        members: dict[tuple[int, int, int], list[cp_model.IntVar]] = defaultdict(list)
        for (server, index), cell in self.cells.items():
            if server[0] != "p":
                continue
            task = self.work.tasks[index]
            each = _scaled(points.share(server[1], task) * self.grain)
            terms += [each * share for share in cell.shares.values() if each]
            members[server[1], task.project, task.phase] += list(dict.fromkeys(cell.works.values()))
            if not task.demand.names.continuous:
                terms += self._handoffs(task, cell)
        for (person, project, phase), works in members.items():
            weight = _scaled(points.member(person, project, phase))
            if weight and works:
                terms.append(weight * self._any(works))
        missed = [POINT_SCALE * missed for missed in self.missed]
        return _sum([*terms, *self._imbalance(), *missed])

    def _any(self, works: list[cp_model.IntVar]) -> cp_model.IntVar:
        if len(works) == 1:
            return works[0]
        flag = self.model.new_bool_var("")
        self.model.add_max_equality(flag, works)
        return flag

    def _handoffs(self, task: Task, cell: _Cell) -> list[Expr]:
        """Add: joins >= works in t - works in t-1, after the need's first period."""
        weight = _scaled(self.points.handoff) if self.points is not None else 0
        out: list[Expr] = []
        for before, period in zip(task.periods, task.periods[1:], strict=False):
            works = cell.works.get(period)
            if works is None or not weight:
                continue
            joins = self.model.new_bool_var("")
            earlier = cell.works.get(before)
            self.model.add(joins >= (works if earlier is None else works - earlier))
            out.append(weight * joins)
        return out

    def _imbalance(self) -> list[Expr]:
        """Add: excess >= use - `BALANCED` x time, for every individual and period."""
        weight = _scaled(self.points.busy * self.grain) if self.points is not None else 0
        out: list[Expr] = []
        for (server, period), shares in self.used.items() if weight else ():
            room = self._room(server, period)
            if server[0] != "p" or room is None:
                continue
            capacity = int(self.work.available[server[1], period]) // self.grain
            limit = int(BALANCED * capacity)
            excess = self.model.new_int_var(0, max(0, capacity - limit), "")
            self.model.add(_sum(shares) + (capacity - room) - excess <= limit)
            out.append(weight * excess)
        return out

    # -- solving ---------------------------------------------------------------------------

    def solve(
        self, effort: Effort, clock: Clock, *, polish: bool = False, least: int | None = None
    ) -> Answer:
        """Return the best staffing: least unmet need, then price, then points.

        Parameters
        ----------
        polish
            Whether price and points count; unmet need alone else.
        least
            Delivered units that the ledger's staffing leaves unmet, where less is not asked
            for; None: not known.
        """
        unmet = _sum(self.unmet)
        self._hint()
        answer: Answer | None = Answer(self._hinted(), least or 0, least or 0)
        if least is None:
            answer = self._stage(unmet, effort, clock)
        if answer is None or answer.given is None or not polish:
            return answer or Answer(None)
        self.model.add(unmet <= answer.unmet // self.unit)
        stages: list[Expr] = []
        weighted = _weighted(self.priced)
        if weighted:
            stages.append(_sum([weight * var for weight, var in weighted]))
        if self.points is not None:
            stages.append(self._secondary())
        for stage in stages:
            self._hint_from(answer.given)
            better = self._stage(stage, effort, clock)
            if better is None or better.given is None:
                break
            answer = Answer(better.given, answer.unmet, answer.bound)
            if stage is not stages[-1]:
                self.model.add(stage <= round(self._objective))
        return answer

    def _stage(self, goal: Expr, effort: Effort, clock: Clock) -> Answer | None:
        """Return the answer for one goal; None where the clock ran out first."""
        seconds = min(effort.seconds, clock.left)
        if clock.stop.is_set() or seconds <= 0:
            return None
        self.model.minimize(goal)
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = effort.workers
        parameters.random_seed = effort.seed
        if self.work.limits:
            # Without a search from the bound CP-SAT proves sums of fine shares unit by unit.
            parameters.num_workers = max(FEWEST_WORKERS, effort.workers)
            parameters.extra_subsolvers.append("lb_tree_search")
        if isfinite(seconds):
            parameters.max_time_in_seconds = seconds
        if isfinite(effort.work):
            parameters.max_deterministic_time = effort.work
            parameters.interleave_search = True
        parameters.catch_sigint_signal = False
        with StopWatcher(solver, clock):
            status = solver.solve(self.model)
        self.worked += solver.response_proto.deterministic_time
        if status == cp_model.MODEL_INVALID:
            raise EngineError(f"CP-SAT calls a staffing invalid: {self.model.validate()}")
        if status == cp_model.INFEASIBLE:
            return Answer(None, infeasible=self.exact and self._confirmed(solver, clock))
        if status == cp_model.UNKNOWN:
            return Answer(None)
        self._objective = solver.objective_value
        short = self.unit * sum(solver.value(var) for var in self.unmet)
        bound = self.unit * max(0, round(solver.best_objective_bound)) if self.exact else 0
        return Answer(self._read(solver), short, bound)

    def _confirmed(self, solver: cp_model.CpSolver, clock: Clock) -> bool:
        """Return whether the model is infeasible without presolve too, where CP-SAT has erred."""
        solver.parameters.cp_model_presolve = False
        with StopWatcher(solver, clock):
            return bool(solver.solve(self.model) == cp_model.INFEASIBLE)

    def _read(self, solver: cp_model.CpSolver) -> Given:
        given: Given = {}
        for key, cell in self.cells.items():
            shares = {t: solver.value(share) * self.grain for t, share in cell.shares.items()}
            positive = {t: units for t, units in shares.items() if units}
            if positive:
                given[key] = positive
        return given

    def _hint(self) -> None:
        self._hint_from(self._hinted())

    def _hinted(self) -> Given:
        """Return what the ledger gives to the tasks."""
        mine = {task.index for task in self.tasks}
        return {k: dict(v) for k, v in self.ledger.given.items() if k[1] in mine}

    def _hint_from(self, given: Given) -> None:
        """Hint shares and who works; what follows from them is left to the solver."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        hinted: set[int] = set()
        for key, cell in self.cells.items():
            shares = given.get(key, {})
            for period, works in cell.works.items():
                if works.index not in hinted:
                    hinted.add(works.index)
                    self.model.add_hint(works, int(bool(shares.get(period))))
            for period, share in cell.shares.items():
                # One times a column is that column, which may have its hint already.
                if isinstance(share, cp_model.IntVar) and share.index not in hinted:
                    hinted.add(share.index)
                    self.model.add_hint(share, shares.get(period, 0) // self.grain)


def _sum(terms: Sequence[Expr]) -> Expr:
    return cp_model.LinearExpr.sum(list(terms))


def _scaled(points: float) -> int:
    return round(points * POINT_SCALE)


def _weighted(priced: Sequence[tuple[cp_model.IntVar, float]]) -> list[tuple[int, cp_model.IntVar]]:
    """Return variables with their prices as whole numbers, of which none is lost by rounding."""
    prices = [price for _, price in priced if price > 0]
    if not prices:
        return []
    scale = min(PRICE_SCALE / min(prices), MOST_PRICE / max(prices))
    return [(max(1, round(price * scale)), var) for var, price in priced if price > 0]
