"""Linear parts of named staffing: whole shares, and a bound that no dual can make wrong."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.model import Portfolio
from pmo_optimizer.problem import compile_problem
from pmo_solvers.named.allowed import fits
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.linear import _Table, is_linear, solve_linear
from pmo_solvers.named.tasks import FULL, STEP, Reader, Work


def work(need: dict[str, Any], **person: Any) -> Work:
    """Return one need over two months, and ann and bob who serve it."""
    ann = {"id": "ann", "skills": {"dev": 1}, "cost_rate": 3, **person}
    bob = {"id": "bob", "skills": {"dev": 1}, "fte": 0.25, "cost_rate": 1}
    phase = {"duration": 2, "needs": [{"skill": "dev", **need}]}
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}],
            "people": [ann, bob],
            "projects": [{"id": "P", "value": 1, "staff_budget": 2, "phases": [phase]}],
        }
    )
    problem = compile_problem(portfolio, named=True)
    return Reader(problem).work_of(Decisions((True,), ((PhaseDecision(0, 0),),)))


@pytest.mark.parametrize("need", [{"effort": 2}, {"fte": 1}])
def test_the_budget_decides_what_stays_open(need: dict[str, Any]) -> None:
    """Bob costs 0.5 of 2 and ann serves 0.5 with the rest, so that 1 FTE-month stays open."""
    subject = work(need)
    solved = solve_linear(Ledger(subject), subject.tasks, 10.0)
    assert solved is not None
    ledger = Ledger(subject)
    ledger.restore(solved.given)
    assert fits(subject, solved.given)
    assert ledger.unmet() == solved.bound == STEP * FULL


def test_what_asks_who_works_is_no_linear_part() -> None:
    """Smallest shares, most projects, heads and people who stay are yes/no decisions."""
    assert is_linear(Ledger(work({"fte": 1})), work({"fte": 1}).tasks)
    people: list[dict[str, Any]] = [{"min_share": 0.5}, {"max_projects": 1}]
    needs: list[dict[str, Any]] = [{"heads": 1}, {"fte": 1, "continuous": True}]
    cases = [work({"fte": 1}, **own) for own in people] + [work(need) for need in needs]
    assert not any(is_linear(Ledger(case), case.tasks) for case in cases)


@pytest.mark.parametrize("dual", [Fraction(n, 4) for n in range(-4, 13)])
def test_no_dual_gives_a_wrong_bound(dual: Fraction) -> None:
    """Least x + y with 2 x + y >= 6 and x <= 2 is 4, and no bound is above it."""
    table = _Table()
    x, y = table.column(2, 1, 1), table.column(9, 1, 1)
    table.add({x: 2, y: 1}, 6, at_least=True)
    assert table.bound([dual]) <= 4
    assert table.bound([Fraction(1)]) == 4
