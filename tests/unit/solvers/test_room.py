"""How much of the time of classes plans by capacity leave free."""

from __future__ import annotations

import numpy as np
import pytest

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.model import Portfolio, SupplierKind
from pmo_optimizer.problem import Problem, compile_problem
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.room import FIRST, LEAST, MOST, Room
from pmo_solvers.named.tasks import Reader


@pytest.fixture
def problem() -> Problem:
    """A developer, a tester, and a project of two months that needs one of each."""
    needs = [{"skill": "dev", "fte": 1}, {"skill": "test", "fte": 1}]
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 3},
            "skills": [{"id": "dev"}, {"id": "test"}],
            "people": [{"id": "ann", "skills": {"dev": 1}}, {"id": "bob", "skills": {"test": 1}}],
            "pools": [{"id": "help", "skill": "dev", "fte": 2}],
            "projects": [{"id": "P", "value": 1, "phases": [{"duration": 2, "needs": needs}]}],
        }
    )
    return compile_problem(portfolio, named=True)


def ledger(problem: Problem) -> Ledger:
    """Return the work of the project in the first two months, served by nobody."""
    return Ledger(Reader(problem).work_of(Decisions((True,), ((PhaseDecision(0, 0),),))))


def test_only_classes_lose_time(problem: Problem) -> None:
    """Where everybody was missed classes have less, in these months; pools keep all they have."""
    room = Room(problem)
    assert room.suppliers() == problem.suppliers
    room.learn(ledger(problem))
    for before, after in zip(problem.suppliers, room.suppliers(), strict=True):
        part = MOST - FIRST if before.kind is SupplierKind.CLASS else 0.0
        missed = tuple(int(fte / (1 + part)) for fte in before.available[:2])
        assert after.available == (*missed, before.available[2])


def test_room_can_be_cleared(problem: Problem) -> None:
    """Where it leaves no plan all of the time is there again."""
    room = Room(problem)
    room.learn(ledger(problem))
    room.clear()
    assert room.suppliers() == problem.suppliers


def test_more_is_left_free_where_somebody_was_missed(problem: Problem) -> None:
    """The tester was missed in the first month: only testers leave more, in that month alone."""
    room, staffing = Room(problem), ledger(problem)
    dev, test = staffing.work.tasks
    staffing.give(("s", 2), dev, dict(zip(dev.periods, [10**6, 10**6], strict=True)))
    given = {t: rate // 100 for t, rate in zip(test.periods, test.rates, strict=True)}
    staffing.give(("p", 1), test, {1: given[1]})
    room.learn(staffing)
    free = room.parts - FIRST
    assert free[test.demand.bucket, 0] == pytest.approx(MOST - FIRST)
    assert np.count_nonzero(free) == 1


def test_a_little_that_is_missed_counts_as_more(problem: Problem) -> None:
    """Where a thousandth of a need is missing, the least step is left free, not a thousandth."""
    room, staffing = Room(problem), ledger(problem)
    for task in staffing.work.tasks:
        rates = dict(zip(task.periods, task.rates, strict=True))
        shares = {t: (rate - rate // 1000) // 100 for t, rate in rates.items()}
        server = ("p", task.people[0])
        staffing.give(server, task, shares)
    room.learn(staffing)
    asked = [task.demand.bucket for task in staffing.work.tasks]
    assert room.parts[asked, :2] == pytest.approx(FIRST + LEAST)
    assert room.parts[:, 2] == pytest.approx(FIRST)


def test_success_makes_it_less(problem: Problem) -> None:
    """After names were found all parts are smaller, so that better plans can be tried."""
    room = Room(problem)
    before = room.part(0, 0)
    room.forget()
    assert 0 < room.part(0, 0) < before


def test_the_parts_have_a_limit(problem: Problem) -> None:
    """However often somebody is missed, most of their time can be planned with."""
    room = Room(problem)
    for _ in range(100):
        room.learn(ledger(problem))
    assert room.parts.max() == MOST
