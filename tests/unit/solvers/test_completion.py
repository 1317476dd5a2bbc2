"""Fixed decisions -> certificate: found exactly where it exists, and at the least price."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from pmo_optimizer import referee
from pmo_optimizer.backend import Clock, Outcome, Share, Split, Stage
from pmo_optimizer.decode import plan_parts
from pmo_optimizer.model import Portfolio, Status, SupplierKind, Termination
from pmo_optimizer.problem import Feature, Problem, compile_problem
from pmo_scenarios import generate
from pmo_solvers import staffing
from pmo_solvers.completion import complete, payments, split_funds
from pmo_solvers.hybrid.starts import Starts
from pmo_solvers.staffing import Memory
from tests.brute.evaluate import Combination, Evaluator
from tests.brute.random_portfolio import random_portfolio
from tests.unit.problem_cases import Data, decided, decisions_of, portfolio, project
from tests.unit.solvers.test_build import sampled

SEEDS = 40
"""Random portfolios that are looked at."""


def judged(
    subject: Portfolio, compiled: Problem, combination: Combination
) -> tuple[set[str], float] | None:
    """Return rules that the referee finds broken and its penalty; None without certificate."""
    decisions = decisions_of(compiled, combination)
    certificate = complete(compiled, decisions)
    if certificate is None:
        return None
    outcome = Outcome(
        Status.FEASIBLE,
        Termination.TIME_LIMIT,
        (Stage(0.0, None),),
        decisions,
        certificate,
    )
    report = referee.check(subject, plan_parts(subject, compiled, outcome))
    return {f"{v.rule} {v.path}" for v in report.violations}, report.kpis.penalty


def test_certificates_are_found_and_cheapest() -> None:
    """Brute force says whether people and funds suffice and at which price; so do we."""
    feasible = infeasible = 0
    for seed in range(SEEDS):
        subject = random_portfolio(seed)
        compiled = compile_problem(subject)
        evaluator = Evaluator(subject)
        for combination in sampled(evaluator, seed):
            if not evaluator.relations_hold(combination):
                continue
            if evaluator.price_of_rules(combination) is None:
                continue
            wanted = evaluator.penalty(combination)
            found = judged(subject, compiled, combination)
            if wanted is None:
                # Needs without prices may miss 1/10,000 FTE where proficiencies take part.
                assert found is None or Feature.PROFICIENCY in compiled.features
                infeasible += 1
                continue
            assert found is not None
            assert found[0] == set()
            assert found[1] == pytest.approx(wanted, rel=1e-6, abs=1e-6)
            feasible += 1
    assert feasible > 30
    assert infeasible > 10


def test_a_memory_changes_no_certificate() -> None:
    """What was asked before is answered as it would be anew, also that it cannot be served."""
    answers: set[bool] = set()
    for seed in range(SEEDS // 2):
        subject = random_portfolio(seed)
        compiled = compile_problem(subject)
        evaluator, memory = Evaluator(subject), Memory()
        for combination in sampled(evaluator, seed):
            if not evaluator.relations_hold(combination):
                continue
            decisions = decisions_of(compiled, combination)
            anew = complete(compiled, decisions)
            assert complete(compiled, decisions, memory) == anew
            assert complete(compiled, decisions, memory) == anew
            answers.add(anew is None)
    assert answers == {True, False}


def test_a_memory_asks_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan like one before is served without any program where nothing has changed."""
    subject = generate(projects=20, periods=12, skills=4, seed=1)
    compiled = compile_problem(subject)
    decisions, _ = next(Starts(compiled, Clock(60.0)).rankings())
    memory = Memory()
    first = complete(compiled, decisions, memory)

    def refuse(*_: object) -> None:
        raise AssertionError("a question was asked again")

    monkeypatch.setattr(staffing, "min_cost_flow", refuse)
    monkeypatch.setattr(staffing._Group, "_program", refuse)
    assert complete(compiled, decisions, memory) == first
    with pytest.raises(AssertionError, match="asked again"):
        complete(compiled, decisions)


def test_a_memory_forgets_what_was_not_asked_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is asked, few shares are held; what is asked all the time stays."""
    monkeypatch.setattr(staffing, "MOST_REMEMBERED", 10)
    share = Share(SupplierKind.POOL, "P", 0, 0, "n", 0, Fraction(1))
    memory = Memory()
    worked: list[object] = []

    def work_out(key: object) -> Sequence[Share] | None:
        worked.append(key)
        return [share] * 2

    for number in range(100):
        for key in ("often", number):
            assert memory.recall(key, partial(work_out, key), 1) == (share, share)
        held = [answer or () for part in (memory._late, memory._before) for answer in part.values()]
        assert sum(map(len, held)) <= 2 * 10
    assert worked.count("often") == 1
    assert worked.count(0) == 1
    memory.recall(0, partial(work_out, 0), 1)
    assert worked.count(0) == 2


def splits(subject: Portfolio, **starts: int | tuple[int, ...]) -> list[Split] | None:
    """Return how funds pay for decisions."""
    compiled = compile_problem(subject)
    return split_funds(compiled, decided(compiled, **starts))


def fund(name: str, total: Any, **parts: Any) -> Data:
    """Return a fund with one amount."""
    return {"id": name, "amounts": {"total": total}, **parts}


def test_splits_pay_each_line_in_full() -> None:
    """What the funds pay of a line in a period adds up to it, and no fund overspends."""
    subject = portfolio(
        funds=[fund("F", 5), fund("G", 6)],
        projects=[
            project("A", 2, costs=[{"id": "a", "per_period": 3}]),
            project("B", 1, costs=[{"id": "b", "lump": 5}]),
        ],
    )
    found = splits(subject, A=1, B=3)
    assert found is not None
    lines: dict[tuple[str, int], int] = {}
    spent = [0, 0]
    for split in found:
        assert split.amount > 0
        key = split.line, split.period
        lines[key] = lines.get(key, 0) + split.amount
        spent[split.fund] += split.amount
    assert lines == {("A/costs/a", 1): 3, ("A/costs/a", 2): 3, ("B/costs/b", 3): 5}
    assert spent == [5, 6]


def test_named_lines_need_no_split() -> None:
    """Who pays is said in the file; an open line with one eligible fund says so itself."""
    costs = [{"id": "n", "lump": 1, "fund": "F"}, {"id": "o", "lump": 2, "category": "it"}]
    funds = [fund("F", 5, categories=["law"]), fund("G", 5)]
    found = splits(portfolio(funds=funds, projects=[project("A", 1, costs=costs)]), A=0)
    assert found == [Split("A/costs/o", 1, 0, 2)]


def test_one_cent_too_many_is_refused() -> None:
    """Billions with twelve decimals are compared exactly."""
    for tail, enough in (("2", True), ("1", False)):
        subject = portfolio(
            funds=[fund("F", "5000000000.000000000001"), fund("G", f"7.00000000000{tail}")],
            projects=[project("A", 1, costs=[{"lump": "5000000007.000000000003"}])],
        )
        assert (splits(subject, A=0) is not None) is enough


@pytest.mark.parametrize("dear", [1, 10**7])
def test_own_money_is_spent_before_any_priced_one(dear: int) -> None:
    """A soft fund with enough money never overspends, however small its price beside others."""
    subject = portfolio(
        funds=[
            fund("F", 100, price="0.001", categories=["it"]),
            fund("G", 100, price=dear, categories=["law"]),
            fund("H", 0, price="0.001", categories=["it"]),
        ],
        projects=[project("A", 1, costs=[{"category": "it", "lump": 100}])],
    )
    found = splits(subject, A=0)
    assert found == [Split("A/costs/it", 0, 0, 100)]


@pytest.mark.parametrize(("left", "right", "payer"), [(1, 2, 0), (2, 1, 1), ("0.001", 5000, 0)])
def test_the_cheaper_fund_overspends(left: Any, right: Any, payer: int) -> None:
    """Where money is short the least price is paid."""
    subject = portfolio(
        funds=[fund("F", 0, price=left), fund("G", 0, price=right)],
        projects=[project("A", 1, costs=[{"lump": 10}])],
    )
    assert splits(subject, A=0) == [Split("A/costs/cost", payer, 0, 10)]


@pytest.mark.parametrize("large", [5000, 10**7])
@pytest.mark.parametrize(("left", "right", "payer"), [("0.002", "0.001", 1), ("0.001", "0.002", 0)])
def test_tiny_prices_are_still_compared(left: str, right: str, payer: int, large: int) -> None:
    """Of two cheap funds the cheaper one overspends, also beside a dear third one."""
    subject = portfolio(
        funds=[
            fund("F", 0, price=left, categories=["it"]),
            fund("G", 0, price=right, categories=["it"]),
            fund("H", 0, price=large, categories=["law"]),
        ],
        projects=[project("A", 1, costs=[{"category": "it", "lump": 10}])],
    )
    assert splits(subject, A=0) == [Split("A/costs/it", payer, 0, 10)]


def test_payments_are_all_that_funds_see() -> None:
    """Lines, charges, hires and exits fall in their periods; beyond the grid nothing is paid."""
    subject = portfolio(
        skills=[{"id": "dev", "rate": 4}],
        people=[{"id": "p", "skills": {"dev": 1}}],
        funds=[fund("F", 100)],
        projects=[
            {
                "id": "A",
                "value": 1,
                "costs": [{"id": "late", "profile": [0, 0, 7]}],
                "phases": [
                    {"duration": 1, "needs": [{"skill": "dev", "fte": 0.5, "charge_to": "F"}]}
                ],
            },
            project("B", 1, state="running", stoppable=True, exit_cost=3),
        ],
    )
    compiled = compile_problem(subject)
    due = payments(compiled, decided(compiled, A=4))
    money = [(p.line, p.period, Fraction(p.amount, compiled.money_scale)) for p in due]
    assert sorted(money) == [("", 4, Fraction(2)), ("B/exit", 0, Fraction(3))]


@pytest.mark.parametrize(
    ("carry", "enough"), [("none", False), (3, False), (4, True), ("all", True)]
)
def test_carry_over_is_limited(carry: Any, enough: bool) -> None:
    """10 less 6 leaves 4 for the next month, of which 5 + 4 must pay 9."""
    amounts = {"periods": [10, 5, 0, 0, 0, 0]}
    subject = portfolio(
        funds=[{"id": "F", "amounts": amounts, "carry_over": carry}],
        projects=[
            project("A", 1, costs=[{"lump": 6}]),
            project("B", 1, costs=[{"lump": 9}]),
        ],
    )
    assert (splits(subject, A=0, B=1) is not None) is enough


@pytest.mark.parametrize(("duration", "period"), [(0, 2), (1, 2), (3, 4)])
def test_lumps_at_the_finish_fall_in_the_last_period_of_work(duration: int, period: int) -> None:
    """A project of length 0 pays in the period in which it starts."""
    costs = [{"lump": 5, "at": "finish"}]
    subject = portfolio(funds=[fund("F", 9)], projects=[project("A", duration, costs=costs)])
    compiled = compile_problem(subject)
    (payment,) = payments(compiled, decided(compiled, A=2))
    assert (payment.period, payment.amount) == (period, 5)


def test_people_who_do_not_suffice_are_refused() -> None:
    """Two projects at once need more than the one developer has."""
    needs = [{"skill": "dev", "fte": 0.6}]
    phases = [{"duration": 2, "needs": needs}]
    subject = compile_problem(
        portfolio(
            skills=[{"id": "dev"}],
            people=[{"id": "p", "skills": {"dev": 1}}],
            projects=[{"id": name, "value": 1, "phases": phases} for name in "AB"],
        )
    )
    assert complete(subject, decided(subject, A=0, B=2)) is not None
    assert complete(subject, decided(subject, A=0, B=1)) is None
