"""Who serves which need in one period, given what is asked for and who is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from pmo_optimizer.backend import Share
from pmo_optimizer.model import NEED_TOLERANCE, SupplierKind
from pmo_optimizer.problem import Problem
from pmo_solvers.flows import Arc, min_cost_flow
from pmo_solvers.networks import FULL, Network, networks

MARGIN = Fraction(1, 10**8)
"""FTE by which a linear program aims above what is needed, so that rounding cannot miss it."""

GRID = 10**10
"""Shares from a linear program are whole multiples of 1/GRID FTE."""

Server = tuple[str, int]
"""("s", supplier index), ("h", hire index) or ("o", bucket index) for extra supply."""

Given = dict[int, list[tuple[Server, int]]]
"""Who gives how much time to each bucket, in units of 1/`_time_unit` FTE."""


@dataclass(frozen=True, slots=True)
class Claim:
    """FTE units of one need in one period."""

    bucket: int
    rate: int
    project: int
    phase: int
    need: str


def serve(
    problem: Problem, period: int, wanted: Sequence[Claim], heads: Mapping[int, int]
) -> list[Share] | None:
    """Return shares that serve all claims at least price, or None where they cannot be served.

    Parameters
    ----------
    wanted
        All claims of the period.
    heads
        Hired heads at work, by hire index.
    """
    shares: list[Share] = []
    by_bucket: dict[int, list[Claim]] = defaultdict(list)
    for claim in wanted:
        by_bucket[claim.bucket].append(claim)
    for network in networks(problem, period, set(by_bucket)):
        found = (
            _fractional(problem, period, network, by_bucket, heads)
            if network.fine
            else _whole(problem, period, network, by_bucket, heads)
        )
        if found is None:
            return None
        shares += found
    return shares


def _available(problem: Problem, period: int, server: Server, heads: Mapping[int, int]) -> int:
    kind, index = server
    if kind == "h":
        return heads.get(index, 0) * problem.fte_scale
    return problem.suppliers[index].available[period]


def _whole(
    problem: Problem,
    period: int,
    network: Network,
    by_bucket: Mapping[int, Sequence[Claim]],
    heads: Mapping[int, int],
) -> list[Share] | None:
    """Serve claims of proficiency 1 without prices: a flow in FTE units."""
    servers = list(network.servers)
    node = {server: i for i, server in enumerate(servers)}
    first = len(servers)
    supplies = [_available(problem, period, server, heads) for server in servers]
    arcs: list[Arc] = []
    for position, bucket in enumerate(network.buckets):
        demand = sum(claim.rate for claim in by_bucket[bucket])
        supplies.append(-demand)
        arcs += [
            Arc(node[server], first + position, demand)
            for server in servers
            if bucket in network.servers[server]
        ]
    flows = min_cost_flow(arcs, supplies)
    if flows is None:
        return None
    given: Given = defaultdict(list)
    times = _time_unit(problem) // problem.fte_scale
    for arc, flow in zip(arcs, flows, strict=True):
        if flow:
            bucket = network.buckets[arc.head - first]
            given[bucket].append((servers[arc.tail], flow * times))
    return _divide(problem, period, network, by_bucket, given, Fraction(0))


def _fractional(
    problem: Problem,
    period: int,
    network: Network,
    by_bucket: Mapping[int, Sequence[Claim]],
    heads: Mapping[int, int],
) -> list[Share] | None:
    """Serve claims by a linear program.

    With prices claims are served in full, else a little above the least, then exactly.
    """
    miss = Fraction(NEED_TOLERANCE)
    if not network.priced and _hopeless(problem, period, network, by_bucket, heads):
        return None
    if network.priced:
        given = _program(problem, period, network, by_bucket, heads, Fraction(0))
        if given is None:
            return None
        return _divide(problem, period, network, by_bucket, given, Fraction(0))
    for margin in (MARGIN, Fraction(0)):
        given = _program(problem, period, network, by_bucket, heads, miss - margin)
        if given is None:
            continue
        shares = _divide(problem, period, network, by_bucket, given, miss)
        if shares is not None:
            return shares
    return None


def _program(
    problem: Problem,
    period: int,
    network: Network,
    by_bucket: Mapping[int, Sequence[Claim]],
    heads: Mapping[int, int],
    miss: Fraction,
) -> Given | None:
    """Return what each server gives to each bucket, by GLOP."""
    from ortools.linear_solver.python import model_builder

    model = model_builder.Model()  # type: ignore[no-untyped-call]
    pairs: dict[tuple[Server, int], model_builder.Variable] = {}
    costs: list[model_builder.LinearExprT] = []

    def column() -> model_builder.Variable:
        return model.new_num_var(0.0, float("inf"), "")

    for server, buckets in network.servers.items():
        own = [column() for _ in buckets]
        pairs |= {(server, bucket): var for bucket, var in zip(buckets, own, strict=True)}
        total = sum(own)
        model.add(total <= _available(problem, period, server, heads) / problem.fte_scale)
        if server[0] == "s":
            for rule, limits in problem.suppliers[server[1]].soft_ceilings:
                excess = column()
                model.add(total - excess <= limits[period] / problem.fte_scale)
                costs.append(problem.ceilings[rule].price * excess)
    for bucket in network.buckets:
        price = problem.buckets[bucket].overload_price
        if price is not None:
            extra = column()
            pairs[("o", bucket), bucket] = extra
            costs.append(price * extra)
    for bucket in network.buckets:
        levels = _levels(problem, bucket)
        given = [levels[s] / FULL * var for (s, b), var in pairs.items() if b == bucket]
        needed = _needed(problem, by_bucket[bucket], miss)
        if given:
            model.add(sum(given) >= float(needed))
        elif needed > 0:
            return None
    model.minimize(sum(costs))
    solver = model_builder.Solver("GLOP")
    if solver.solve(model) != model_builder.SolveStatus.OPTIMAL:
        return None
    values = {pair: max(solver.value(var), 0.0) for pair, var in pairs.items()}
    return _rounded(problem, period, values, heads)


def _hopeless(
    problem: Problem,
    period: int,
    network: Network,
    by_bucket: Mapping[int, Sequence[Claim]],
    heads: Mapping[int, int],
) -> bool:
    """Return whether a bucket asks for more than all who can serve it have together."""
    for bucket in network.buckets:
        levels = _levels(problem, bucket)
        most = sum(
            levels[server] * _available(problem, period, server, heads)
            for server, served in network.servers.items()
            if bucket in served
        )
        claims = by_bucket[bucket]
        missing = Fraction(sum(c.rate for c in claims) * FULL - most, FULL * problem.fte_scale)
        if missing > Fraction(NEED_TOLERANCE) * len(claims):
            return True
    return False


def _needed(problem: Problem, claims: Sequence[Claim], miss: Fraction) -> Fraction:
    """Return the FTE that must be delivered: each claim may miss a little."""
    return Fraction(sum(c.rate for c in claims), problem.fte_scale) - miss * len(claims)


def _levels(problem: Problem, bucket: int) -> dict[Server, int]:
    """Return the proficiency of every possible server of a bucket, in hundredths."""
    data = problem.buckets[bucket]
    levels: dict[Server, int] = {("s", index): level for index, level in data.suppliers}
    levels |= {("h", index): FULL for index in data.hires}
    levels["o", bucket] = FULL
    return levels


def _rounded(
    problem: Problem,
    period: int,
    values: Mapping[tuple[Server, int], float],
    heads: Mapping[int, int],
) -> Given:
    """Round shares to the grid; a server that would exceed its time gives less."""
    unit = _time_unit(problem)
    left: dict[Server, int] = {}
    given: Given = defaultdict(list)
    for (server, bucket), value in sorted(values.items()):
        share = round(value * GRID) * (unit // GRID)
        if server[0] != "o":
            if server not in left:
                units = _available(problem, period, server, heads)
                left[server] = units * (unit // problem.fte_scale)
            share = min(share, left[server])
            left[server] -= share
        if share > 0:
            given[bucket].append((server, share))
    return given


def _time_unit(problem: Problem) -> int:
    """Return how many units make an FTE, so that all times and tolerances are whole."""
    return lcm(GRID, problem.fte_scale, NEED_TOLERANCE.as_integer_ratio()[1])


def _divide(
    problem: Problem,
    period: int,
    network: Network,
    by_bucket: Mapping[int, Sequence[Claim]],
    given: Given,
    miss: Fraction,
) -> list[Share] | None:
    """Divide what a bucket gets over its claims, each its rate but for ``miss``.

    What is delivered counts in time units x hundredths of proficiency. None where rounding
    leaves a claim with less than the tolerance allows.
    """
    shares: list[Share] = []
    unit = _time_unit(problem)
    per_rate, step = unit // problem.fte_scale * FULL, unit // GRID
    missing = int(miss * unit * FULL)
    spare = int(Fraction(NEED_TOLERANCE) * unit * FULL) - missing
    for bucket in network.buckets:
        levels = _levels(problem, bucket)
        purses = list(reversed(given.get(bucket, ())))
        for claim in by_bucket[bucket]:
            left = claim.rate * per_rate - missing
            while left > 0 and purses:
                server, time = purses.pop()
                level = levels[server]
                used = min(time, -(-left // (level * step)) * step)  # up to the grid
                shares.append(_share(problem, server, claim, period, Fraction(used, unit)))
                left -= used * level
                if time > used:
                    purses.append((server, time - used))
            if left > spare:
                return None
    return shares


def _share(problem: Problem, server: Server, claim: Claim, period: int, time: Fraction) -> Share:
    kind, index = server
    if kind == "h":
        who, name = SupplierKind.HIRE, problem.hires[index].id
    elif kind == "o":
        who, name = SupplierKind.OVERLOAD, problem.buckets[index].skill
    else:
        who, name = problem.suppliers[index].kind, problem.suppliers[index].id
    return Share(who, name, claim.project, claim.phase, claim.need, period, time)
