"""Schedule generation: passes, orders, ways and keys on jobs made by hand."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from pmo_solvers.generation.breed import Breeder
from pmo_solvers.generation.judge import Judge
from pmo_solvers.generation.maker import Maker
from pmo_solvers.generation.modes import Ways
from pmo_solvers.generation.orders import Orders
from pmo_solvers.generation.shop import Bond, Goal, Job, Piece, Shop, Way

WIDTH = 4
"""Bits of the one resource; its capacity is what they can count to, 15."""

FULL = 2**WIDTH - 1


def way(duration: int, rate: int = 0, **parts: Any) -> Way:
    """Return a way with a constant rate."""
    pieces = (Piece(0, duration, rate),) if rate and duration else ()
    settings: dict[str, Any] = {
        "modes": (0,),
        "offsets": (0,),
        "pieces": pieces,
        "spent": (),
        "cost": 0,
        "first": 0,
        "last": 99,
        "share": float(duration * rate),
    }
    return Way(duration=duration, **(settings | parts))


def after(tail: int, head: int, ways: list[list[Way]]) -> Bond:
    """Return that a job starts after another has ended."""
    return Bond(tail, head, 0, tuple(own.duration for own in ways[tail]), (0,) * len(ways[head]))


def shop(ways: list[list[Way]], links: list[tuple[int, int]], **parts: Any) -> Shop:
    """Return jobs of one project, in an order in which links lead forward."""
    settings: dict[str, Any] = {
        "jobs": tuple(Job(0, (n,), tuple(own)) for n, own in enumerate(ways)),
        "order": tuple(range(len(ways))),
        "bonds": tuple(after(a, b, ways) for a, b in links),
        "ties": (),
        "used": [0] * 100,
        "guard": 1 << WIDTH,
        "money": (),
        "goal": Goal(((1, 0, 0),), 0, 0, 0, {}),
    }
    return Shop(**(settings | parts))


def maker(subject: Shop) -> Maker:
    """Return what makes schedules of a shop."""
    return Maker(subject, Judge(subject), Orders(subject))


def starts(subject: Shop, order: list[int]) -> list[int] | None:
    """Return the serial schedule in the first ways."""
    made = maker(subject)
    return made.forward(made.setting([0] * len(order)), order)


def test_jobs_wait_for_predecessors_and_for_room() -> None:
    """B waits 3 for A, C for the 10 of 15 that A uses, D fits beside A."""
    jobs = [[way(3, 10)], [way(2, 1)], [way(2, 6)], [way(3, 5)]]
    assert starts(shop(jobs, [(0, 1)]), [0, 1, 2, 3]) == [0, 3, 3, 0]
    assert starts(shop(jobs, [(0, 1)]), [2, 0, 1, 3]) == [2, 5, 0, 0]


def test_a_job_goes_into_the_first_hole_that_is_long_enough() -> None:
    """Between full days 2 and 5 there are two days, which is too short for three."""
    used = [FULL if t in (2, 5) else 0 for t in range(100)]
    assert starts(shop([[way(3, 1)]], [], used=used), [0]) == [6]
    assert starts(shop([[way(2, 1)], [way(2, FULL)]], [], used=used), [0, 1]) == [0, 3]


def test_a_varying_rate_uses_what_another_leaves() -> None:
    """A job with a pause in the middle lets another of full rate in."""
    hollow = way(3, pieces=(Piece(0, 1, FULL), Piece(2, 1, FULL)))
    assert starts(shop([[hollow], [way(1, FULL)], [way(2, 1)]], []), [0, 1, 2]) == [0, 1, 3]


def test_a_grid_that_is_too_short() -> None:
    """Without room there is no schedule, and neither where a window is over."""
    assert starts(shop([[way(3, 9)], [way(3, 9)]], [], used=[0] * 5), [0, 1]) is None
    assert starts(shop([[way(3, 9)], [way(3, 9, last=2)]], []), [0, 1]) is None
    assert starts(shop([[way(3, 9)], [way(3, 9, last=3)]], []), [0, 1]) == [0, 3]


def test_maximum_lags_hold_back_what_starts_too_early() -> None:
    """A ends at most 1 before B, which waits 4 for C: A starts at 4 - 1 - 2."""
    jobs = [[way(2)], [way(1, 9)], [way(4, 9)]]
    tie = Bond(1, 0, -1, (0,), (2,))
    assert starts(shop(jobs, [(0, 1)], ties=(tie,)), [2, 0, 1]) == [1, 4, 0]


def test_passes_back_and_forth_never_lengthen() -> None:
    """Justified schedules of random orders keep all links, and are no longer."""
    random = Random(5)
    jobs = [[way(random.randint(0, 5), random.randint(0, 9))] for _ in range(30)]
    links = [(a, a + random.randint(1, 5)) for a in range(25)]
    subject = shop(jobs, links)
    made = maker(subject)
    setting = made.setting([0] * 30)
    better = 0
    for _ in range(20):
        order = made.orders.sampled([0.0] * 30, random)
        first = made.forward(setting, order)
        assert first is not None
        moved, key = made.improved(setting, first)
        assert key <= made.judge.key(setting, first)
        assert all(moved[b] >= moved[a] + setting.durations[a] for a, b in links)
        better += key < made.judge.key(setting, first)
    assert better


@pytest.mark.parametrize("back", [False, True])
def test_orders_keep_links(back: bool) -> None:
    """By priority, at random and shaken: predecessors come first, mirrored they come last."""
    random = Random(1)
    links = [(a, b) for a in range(8) for b in range(a + 1, 8) if random.random() < 0.3]
    subject = shop([[way(random.randint(0, 3))] for _ in range(8)], links)
    orders = Orders(subject)
    keys = [random.random() for _ in range(8)]
    found = [orders.by_priority(keys, back=back)]
    if not back:
        found.append(orders.sampled(keys, random))
    for order in found:
        orders.shaken(order, 0.9, random, back=back)
        assert sorted(order) == list(range(8))
        pairs = [(order.index(a), order.index(b)) for a, b in links]
        assert all((a > b) == back for a, b in pairs)


def test_orders_of_jobs_that_may_end_before_their_predecessors() -> None:
    """A start-to-start link does not say who ends last; the mirrored order keeps it."""
    jobs = [[way(9)], [way(1)]]
    orders = Orders(shop(jobs, [], bonds=(Bond(0, 1, 0, (0,), (0,)),)))
    assert orders.by_end([0, 0], [9, 1]) == [1, 0]
    assert orders.by_start([0, 0]) == [0, 1]


def test_ways_are_mended_until_money_suffices() -> None:
    """Of ten jobs at 3 or 1 the funds of 16 allow three at 3; with 9 there is nothing."""
    dear, cheap = way(1, spent=(3,)), way(2, spent=(1,))
    for money, possible in ((16, True), (9, False)):
        ways = Ways(shop([[dear, cheap]] * 10, [], money=(money,)))
        found = ways.mended([0] * 10, Random(0))
        assert (found is not None) is possible
        if found is not None:
            assert sum((3, 1)[each] for each in found) <= money


def test_keys_count_delay_and_cost_in_order() -> None:
    """A delay of 5 - 3, then a cost of 7 + 1, then a makespan of 5, which is nowhere short."""
    goal = Goal(((0, 1, 0), (0, 0, 1), (1, 0, 0)), 0, 0, 1, {0: 3})
    subject = shop([[way(2, cost=7)], [way(3)]], [(0, 1)], goal=goal)
    made = maker(subject)
    setting = made.setting([0, 0])
    assert made.judge.key(setting, [0, 2]) == (2, 8, 5)
    assert not made.judge.shortens


class Keeper:
    """A sink that keeps the best schedule and ends after some looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.best: tuple[int, ...] | None = None

    @property
    def over(self) -> bool:
        """Whether it has been looked at often enough."""
        self.looks -= 1
        return self.looks < 0

    def better(self, key: tuple[int, ...]) -> bool:
        """Return whether a key is the best."""
        return self.best is None or key < self.best

    def offer(self, ways: Any, starts: Any, key: tuple[int, ...], source: str) -> bool:
        """Keep a key."""
        self.best = key
        return True

    def news(self) -> None:
        """Return nothing: there are no others."""
        return


@pytest.mark.parametrize("goal", [((1, 0, 0),), ((0, 1, 0), (1, 0, 0))])
def test_populations_find_a_full_packing(goal: tuple[tuple[int, int, int], ...]) -> None:
    """Pairs of 9 + 6 and 8 + 7 for 3 periods each fill the resource for 2 x 3 x 4 periods."""
    jobs = [[way(3, rate)] for rate in (9, 8, 7, 6) * 4]
    subject = shop(jobs, [], goal=Goal(goal, 0, 0, 0, {0: 20}))
    keeper = Keeper(4000)
    Breeder(subject, 3).breed(keeper, lambda: 0.2)
    assert keeper.best == ((24,), (4, 24))[len(goal) - 1]
