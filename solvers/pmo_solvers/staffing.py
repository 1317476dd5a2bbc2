"""Who serves which need, given what is asked for and who is there.

Periods are looked at one by one, but for those that work which may be spread joins: these are
solved together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from pmo_optimizer.backend import Share
from pmo_optimizer.model import NEED_TOLERANCE, SupplierKind
from pmo_optimizer.problem import Problem
from pmo_solvers.flows import Arc, min_cost_flow
from pmo_solvers.networks import FULL, Network, clusters, networks

MARGIN = Fraction(1, 10**8)
"""FTE by which a linear program aims above what is needed, so that rounding cannot miss it."""

GRID = 10**10
"""Shares from a linear program are whole multiples of 1/GRID FTE."""

TOLERANCE = Fraction(NEED_TOLERANCE)
"""FTE that a need may miss (formulation, section 4)."""

SPREAD_MISS = TOLERANCE / 2
"""FTE that work which is spread misses at most in a linear program; the rest is for rounding."""

Server = tuple[str, int]
"""("s", supplier index), ("h", hire index) or ("o", bucket index) for extra supply."""

Place = tuple[int, int]
"""Period and bucket."""

Given = dict[Place, list[tuple[Server, int]]]
"""Who gives how much time to each bucket, in units of 1/`_time_unit` FTE."""


@dataclass(frozen=True, slots=True)
class Claim:
    """FTE units of one need in one period."""

    bucket: int
    rate: int
    project: int
    phase: int
    need: str


@dataclass(frozen=True, slots=True)
class Spread:
    """FTE units of one need over some periods, in each of them ``least`` to ``most``."""

    bucket: int
    total: int
    least: int
    most: int
    periods: range
    project: int
    phase: int
    need: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What one need is to get in one period, in time units x hundredths of proficiency.

    ``spare`` is what it may miss.
    """

    amount: int
    spare: int
    project: int
    phase: int
    need: str


MOST_REMEMBERED = 250_000
"""Shares and claims that a `Memory` holds of late, and of before."""


class Memory:
    """Answers of one problem, so that plans which are mostly alike are mostly served at once.

    Most neighbours of a plan ask the same of most periods. What has not been asked for long is
    forgotten: large plans have so many shares that all answers of a long search would take
    gigabytes. It may be used by several threads.
    """

    def __init__(self) -> None:
        self._late: dict[Hashable, tuple[Share, ...] | None] = {}
        self._before: dict[Hashable, tuple[Share, ...] | None] = {}
        self._size = 0

    def recall(
        self, key: Hashable, work_out: Callable[[], Sequence[Share] | None], parts: int
    ) -> Sequence[Share] | None:
        """Return the answer to a question, worked out where it is new.

        Parameters
        ----------
        parts
            Claims of the question, which take room like shares.
        """
        late, before = self._late, self._before
        if key in late:
            return late[key]
        if key in before:
            found = before[key]
        else:
            new = work_out()
            found = None if new is None else tuple(new)
        late[key] = found
        self._size += parts + len(found or ())
        if self._size >= MOST_REMEMBERED:
            self._before, self._late, self._size = late, {}, 0
        return found


def serve(
    problem: Problem, period: int, wanted: Sequence[Claim], heads: Mapping[int, int]
) -> list[Share] | None:
    """Return shares that serve all claims of one period; see `serve_all`."""
    return serve_all(problem, {period: wanted}, (), {period: heads})


def serve_all(
    problem: Problem,
    wanted: Mapping[int, Sequence[Claim]],
    spreads: Sequence[Spread],
    heads: Mapping[int, Mapping[int, int]],
    memory: Memory | None = None,
) -> list[Share] | None:
    """Return shares that serve everything at least price, or None where it cannot be served.

    Parameters
    ----------
    wanted
        All claims of each period.
    spreads
        Work that may be spread over periods.
    heads
        Hired heads at work, by period and hire index.
    memory
        Answers of this problem so far.
    """
    memory = memory or Memory()
    claims: dict[Place, list[Claim]] = defaultdict(list)
    for period, asked_for in wanted.items():
        for claim in asked_for:
            claims[period, claim.bucket].append(claim)
    asked: dict[int, set[int]] = defaultdict(set)
    for period, bucket in claims:
        asked[period].add(bucket)
    spread_at: dict[Place, list[Spread]] = defaultdict(list)
    for spread in spreads:
        spread_at[spread.periods.start, spread.bucket].append(spread)
        for period in spread.periods:
            asked[period].add(spread.bucket)
    parts = [n for period in sorted(asked) for n in networks(problem, period, asked[period])]
    shares: list[Share] = []
    for group in clusters(parts, ((s.bucket, s.periods) for s in spreads)):
        places = [(n.period, bucket) for n in group for bucket in n.buckets]
        own = [s for place in places for s in spread_at.get(place, ())]
        key = (
            tuple((place, *claims.get(place, ())) for place in places),
            tuple(own),
            tuple(tuple(sorted(heads.get(n.period, {}).items())) for n in group),
        )
        size = len(places) + len(own) + sum(len(claims.get(place, ())) for place in places)
        found = memory.recall(key, _Group(problem, group, claims, own, heads).shares, size)
        if found is None:
            return None
        shares += found
    return shares


class _Group:
    """Networks that are to be solved together, and what is asked of them."""

    def __init__(
        self,
        problem: Problem,
        parts: Sequence[Network],
        claims: Mapping[Place, Sequence[Claim]],
        spreads: Sequence[Spread],
        heads: Mapping[int, Mapping[int, int]],
    ) -> None:
        self.problem = problem
        self.parts = parts
        self.claims = claims
        self.spreads = spreads
        self.heads = heads
        self.unit = _time_unit(problem)

    def shares(self) -> list[Share] | None:
        """Return shares that serve all needs at least price, or None."""
        return self._fractional() if self.parts[0].fine else self._whole()

    def _places(self) -> Iterator[Place]:
        for part in self.parts:
            for bucket in part.buckets:
                yield part.period, bucket

    def _claims(self, place: Place) -> Sequence[Claim]:
        return self.claims.get(place, ())

    def _available(self, period: int, server: Server) -> int:
        kind, index = server
        if kind == "h":
            return self.heads[period].get(index, 0) * self.problem.fte_scale
        return self.problem.suppliers[index].available[period]

    # -- proficiency 1 without prices ------------------------------------------------------

    def _whole(self) -> list[Share] | None:
        """Serve needs of proficiency 1 without prices: a flow in FTE units.

        It runs from who is there to the buckets of each period, and from these on to the work
        that is spread; what such work needs in every period is part of the bucket's own demand.
        """
        arcs: list[Arc] = []
        supplies: list[int] = []
        node: dict[Place, int] = {}
        most = self._most()
        for place in self._places():
            node[place] = len(supplies)
            supplies.append(-sum(claim.rate for claim in self._claims(place)))
        gives: list[tuple[Place, Server]] = []
        for part in self.parts:
            for server, buckets in part.servers.items():
                for bucket in buckets:
                    place = part.period, bucket
                    gives.append((place, server))
                    arcs.append(Arc(len(supplies), node[place], most[place]))
                supplies.append(self._available(part.period, server))
        spread_arcs: list[list[int]] = []
        for spread in self.spreads:
            rest = max(spread.total - spread.least * len(spread.periods), 0)
            own = []
            for period in spread.periods:
                place = period, spread.bucket
                supplies[node[place]] -= spread.least
                own.append(len(arcs))
                arcs.append(Arc(node[place], len(supplies), min(spread.most - spread.least, rest)))
            spread_arcs.append(own)
            supplies.append(-rest)
        flows = None if self._contradicted() else min_cost_flow(arcs, supplies)
        if flows is None:
            return None
        given: Given = defaultdict(list)
        times = self.unit // self.problem.fte_scale
        for (place, server), flow in zip(gives, flows, strict=False):
            if flow:
                given[place].append((server, flow * times))
        spent = [
            [Fraction(s.least + flows[arc], self.problem.fte_scale) for arc in own]
            for s, own in zip(self.spreads, spread_arcs, strict=True)
        ]
        return self._divide(given, spent, Fraction(0))

    def _most(self) -> dict[Place, int]:
        """Return the most FTE units that each bucket can use."""
        most = {place: sum(claim.rate for claim in self._claims(place)) for place in self._places()}
        for spread in self.spreads:
            for period in spread.periods:
                most[period, spread.bucket] += spread.most
        return most

    def _contradicted(self) -> bool:
        """Return whether some work can have no spread, whoever is there."""
        return any(s.most < s.least or s.total > s.most * len(s.periods) for s in self.spreads)

    # -- other proficiencies, or prices ----------------------------------------------------

    def _fractional(self) -> list[Share] | None:
        """Serve needs by a linear program.

        With prices needs are served in full, else a little above the least, then exactly.
        """
        if self._contradicted() or self._hopeless():
            return None
        if self.parts[0].priced:
            attempts = [(Fraction(0), Fraction(0))]
        else:
            attempts = [(TOLERANCE - margin, SPREAD_MISS) for margin in (MARGIN, Fraction(0))]
        for miss, spread_miss in attempts:
            found = self._program(miss, spread_miss)
            if found is None:
                continue
            shares = self._divide(*found, Fraction(0) if self.parts[0].priced else TOLERANCE)
            if shares is not None:
                return shares
        return None

    def _program(
        self, miss: Fraction, spread_miss: Fraction
    ) -> tuple[Given, list[list[Fraction]]] | None:
        """Return what each server gives to each bucket, and how work is spread, by GLOP."""
        from ortools.linear_solver.python import model_builder

        problem, scale = self.problem, self.problem.fte_scale
        model = model_builder.Model()  # type: ignore[no-untyped-call]
        pairs: dict[tuple[int, Server, int], model_builder.Variable] = {}
        costs: list[model_builder.LinearExprT] = []
        terms: dict[Place, list[model_builder.LinearExpr]] = defaultdict(list)

        def column() -> model_builder.Variable:
            return model.new_num_var(0.0, float("inf"), "")

        for part in self.parts:
            period = part.period
            for server, buckets in part.servers.items():
                own = [column() for _ in buckets]
                pairs |= {(period, server, b): var for b, var in zip(buckets, own, strict=True)}
                total = sum(own)
                model.add(total <= self._available(period, server) / scale)
                if server[0] == "s":
                    for rule, limits in problem.suppliers[server[1]].soft_ceilings:
                        excess = column()
                        model.add(total - excess <= limits[period] / scale)
                        costs.append(problem.ceilings[rule].price * excess)
            for bucket in part.buckets:
                price = problem.buckets[bucket].overload_price
                if price is not None:
                    extra = column()
                    pairs[period, ("o", bucket), bucket] = extra
                    costs.append(price * extra)
        for (period, server, bucket), var in pairs.items():
            terms[period, bucket].append(_levels(problem, bucket)[server] / FULL * var)
        spent: list[list[model_builder.Variable]] = []
        for spread in self.spreads:
            own = [
                model.new_num_var(spread.least / scale, spread.most / scale, "")
                for _ in spread.periods
            ]
            spent.append(own)
            enough = float(Fraction(spread.total, scale) - spread_miss)
            most = max(spread.total, spread.least * len(own)) / scale
            model.add_linear_constraint(sum(own), enough, most)
            for period, var in zip(spread.periods, own, strict=True):
                terms[period, spread.bucket].append(-1.0 * var)
        for place in self._places():
            needed = self._needed(place, miss)
            if terms[place]:
                model.add(sum(terms[place]) >= float(needed))
            elif needed > 0:
                return None
        model.minimize(sum(costs))
        solver = model_builder.Solver("GLOP")
        if solver.solve(model) != model_builder.SolveStatus.OPTIMAL:
            return None
        values = {pair: max(solver.value(var), 0.0) for pair, var in pairs.items()}
        return self._rounded(values), [
            [_clamped(solver.value(var), spread, scale) for var in own]
            for spread, own in zip(self.spreads, spent, strict=True)
        ]

    def _hopeless(self) -> bool:
        """Return whether a bucket asks for more than all who can serve it have together."""
        scale = self.problem.fte_scale
        for part in self.parts if not self.parts[0].priced else ():
            for bucket in part.buckets:
                levels = _levels(self.problem, bucket)
                most = sum(
                    levels[server] * self._available(part.period, server)
                    for server, served in part.servers.items()
                    if bucket in served
                )
                claims = self._claims((part.period, bucket))
                missing = Fraction(sum(c.rate for c in claims) * FULL - most, FULL * scale)
                if missing > TOLERANCE * len(claims):
                    return True
        return False

    def _needed(self, place: Place, miss: Fraction) -> Fraction:
        """Return the FTE that claims must get: each may miss a little."""
        claims = self._claims(place)
        return Fraction(sum(c.rate for c in claims), self.problem.fte_scale) - miss * len(claims)

    def _rounded(self, values: Mapping[tuple[int, Server, int], float]) -> Given:
        """Round shares to the grid; a server that would exceed its time gives less."""
        left: dict[tuple[int, Server], int] = {}
        given: Given = defaultdict(list)
        for (period, server, bucket), value in sorted(values.items()):
            share = round(value * GRID) * (self.unit // GRID)
            if server[0] != "o":
                if (period, server) not in left:
                    units = self._available(period, server)
                    left[period, server] = units * (self.unit // self.problem.fte_scale)
                share = min(share, left[period, server])
                left[period, server] -= share
            if share > 0:
                given[period, bucket].append((server, share))
        return given

    # -- the end ---------------------------------------------------------------------------

    def _divide(
        self, given: Given, spent: Sequence[Sequence[Fraction]], miss: Fraction
    ) -> list[Share] | None:
        """Divide what a bucket gets over its needs, each its rate but for ``miss``.

        Work that is spread comes first: it misses nothing but what rounding takes, of which each
        period gets its part. None where a need would get less than the tolerance allows.

        Parameters
        ----------
        spent
            FTE of every spread in each of its periods.
        """
        if not all(
            _enough(s, own, self.problem) for s, own in zip(self.spreads, spent, strict=True)
        ):
            return None
        wanted = self._wanted(spent, miss)
        shares: list[Share] = []
        for place in self._places():
            found = self._shares_of(place, wanted[place], given.get(place, ()))
            if found is None:
                return None
            shares += found
        return shares

    def _wanted(
        self, spent: Sequence[Sequence[Fraction]], miss: Fraction
    ) -> dict[Place, list[_Part]]:
        """Return what every need is to get in each period."""
        full = self.unit * FULL
        wanted: dict[Place, list[_Part]] = defaultdict(list)
        for spread, own in zip(self.spreads, spent, strict=True):
            spare = int((TOLERANCE - SPREAD_MISS) / 2 / len(own) * full)
            for period, fte in zip(spread.periods, own, strict=True):
                part = _Part(int(fte * full), spare, spread.project, spread.phase, spread.need)
                wanted[period, spread.bucket].append(part)
        missing = int(miss * full)
        spare = int(TOLERANCE * full) - missing
        for place in self._places():
            for claim in self._claims(place):
                amount = claim.rate * (full // self.problem.fte_scale) - missing
                part = _Part(amount, spare, claim.project, claim.phase, claim.need)
                wanted[place].append(part)
        return wanted

    def _shares_of(
        self, place: Place, wanted: Sequence[_Part], given: Sequence[tuple[Server, int]]
    ) -> list[Share] | None:
        period, bucket = place
        shares: list[Share] = []
        levels, step = _levels(self.problem, bucket), self.unit // GRID
        purses = list(reversed(given))
        for part in wanted:
            left = part.amount
            while left > 0 and purses:
                server, time = purses.pop()
                level = levels[server]
                used = min(time, -(-left // (level * step)) * step)  # up to the grid
                shares.append(_share(self.problem, server, part, period, Fraction(used, self.unit)))
                left -= used * level
                if time > used:
                    purses.append((server, time - used))
            if left > part.spare:
                return None
        return shares


def _clamped(fte: float, spread: Spread, scale: int) -> Fraction:
    """Return what work gets in a period on the grid of shares, within its limits."""
    least, most = Fraction(spread.least, scale), Fraction(spread.most, scale)
    return min(max(Fraction(round(fte * GRID), GRID), least), most)


def _enough(spread: Spread, spent: Sequence[Fraction], problem: Problem) -> bool:
    """Return whether work gets all but a part of what rounding may take."""
    most_missed = (TOLERANCE + SPREAD_MISS) / 2
    return sum(spent) >= Fraction(spread.total, problem.fte_scale) - most_missed


def _levels(problem: Problem, bucket: int) -> dict[Server, int]:
    """Return the proficiency of every possible server of a bucket, in hundredths."""
    data = problem.buckets[bucket]
    levels: dict[Server, int] = {("s", index): level for index, level in data.suppliers}
    levels |= {("h", index): FULL for index in data.hires}
    levels["o", bucket] = FULL
    return levels


def _time_unit(problem: Problem) -> int:
    """Return how many units make an FTE, so that all times and tolerances are whole."""
    return lcm(GRID, problem.fte_scale, TOLERANCE.denominator)


def _share(problem: Problem, server: Server, part: _Part, period: int, time: Fraction) -> Share:
    kind, index = server
    if kind == "h":
        who, name = SupplierKind.HIRE, problem.hires[index].id
    elif kind == "o":
        who, name = SupplierKind.OVERLOAD, problem.buckets[index].skill
    else:
        who, name = problem.suppliers[index].kind, problem.suppliers[index].id
    return Share(who, name, part.project, part.phase, part.need, period, time)
