"""Columns of schedules: their rows let through exactly what enumeration allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.checks import check
from pmo_optimizer.model import Portfolio, Severity
from pmo_optimizer.problem import Problem, compile_problem
from pmo_solvers.time_indexed import LinearModel, TimeIndexed, build
from pmo_solvers.time_indexed import schedule as schedules
from pmo_solvers.time_indexed.schedule import Schedule, add_order
from pmo_solvers.time_indexed.spending import expenses
from tests.brute.enumerate import combinations
from tests.brute.evaluate import Combination, Evaluator
from tests.brute.money import spends_of
from tests.brute.schedules import Option, options
from tests.unit.networks import random_network, random_project
from tests.unit.problem_cases import Data, decided, decisions_of, portfolio, problem, project

ONE_BY_ONE = pytest.mark.parametrize("one_by_one", [False, True], ids=["patterns", "phases"])
"""Run with a column per schedule, and with a column per phase, mode and start."""


@pytest.fixture(autouse=True)
def _columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid columns for whole schedules where a test asks for it."""
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and callspec.params.get("one_by_one"):
        monkeypatch.setattr(schedules, "MAX_COMBINATIONS", 0)
        monkeypatch.setattr(schedules, "MAX_SCHEDULES", 0)


def accepts(indexed: TimeIndexed, decisions: Decisions) -> bool:
    """Return whether decisions have columns, keep all rows, and are read back unchanged."""
    encoded = indexed.encode(decisions)
    if encoded is None:
        return False
    values = [encoded.get(column, 0) for column in range(indexed.model.size)]
    for column, value in enumerate(values):
        if not indexed.model.lower[column] <= value <= indexed.model.upper[column]:
            return False
    if indexed.model.first_violated(values):
        return False
    assert indexed.decode(values) == decisions
    return True


def placements(subject: Problem) -> Iterator[Decisions]:
    """Yield every way to place the phases of the only project anywhere on the grid, and none."""
    (data,) = subject.projects
    yield Decisions((False,), ((),))
    every = [
        [
            PhaseDecision(number, start)
            for number, mode in enumerate(phase.modes)
            for start in range(subject.periods - mode.duration + 1)
        ]
        for phase in data.phases
    ]
    for placed in product(*every):
        yield Decisions((True,), (placed,))


def allowed(subject: Portfolio) -> set[Decisions]:
    """Return the decisions on the only project that its own rules allow, by brute force."""
    compiled = compile_problem(subject)
    evaluator = Evaluator(subject)
    hiring = evaluator.hiring({})
    fates = evaluator.fates[0]
    return {decisions_of(compiled, Combination((fate,), hiring)) for fate in fates}


def is_valid(subject: Portfolio) -> bool:
    """Return whether the checks find no error: engines see nothing else."""
    return all(finding.severity is not Severity.ERROR for finding in check(subject))


def lonely_ones(number: int) -> list[Portfolio]:
    """Return portfolios of one project with windows, pins, gaps or links by chance."""
    found: list[Portfolio] = []
    random = Random("lonely")
    while len(found) < number:
        data = random_project(random, "A", 5)
        subject = portfolio(calendar={"start": "2027-01-01", "periods": 5}, projects=[data])
        if data.get("state") != "done" and is_valid(subject):
            found.append(subject)
    return found


@ONE_BY_ONE
def test_one_project_may_do_exactly_what_its_rules_allow(one_by_one: bool) -> None:
    """Of all placements on the grid the rows keep those that keep windows, pins and links."""
    chosen = 0
    for subject in lonely_ones(150):
        compiled = compile_problem(subject)
        indexed = build(compiled)
        if indexed.model.infeasible:
            assert allowed(subject) == set()
            continue
        kept = {d for d in placements(compiled) if accepts(indexed, d)}
        assert kept == allowed(subject), subject.to_data()
        chosen += any(d.selected[0] for d in kept)
    assert chosen > 100, "most of the projects can be selected"


@ONE_BY_ONE
def test_projects_together_may_do_exactly_what_relations_allow(one_by_one: bool) -> None:
    """Of all schedules of linked projects the rows keep those that keep every link."""
    kept = refused = 0
    for seed in range(300):
        subject = random_network(seed)
        if not is_valid(subject):
            continue
        compiled = compile_problem(subject)
        indexed = build(compiled)
        evaluator = Evaluator(subject)
        hiring = evaluator.hiring({})
        if indexed.model.infeasible:
            assert list(combinations(evaluator)) == []
            continue
        every = list(product(*evaluator.fates))
        for fates in Random(seed).sample(every, min(len(every), 60)):
            combination = Combination(fates, hiring)
            wanted = evaluator.relations_hold(combination)
            assert (seed, accepts(indexed, decisions_of(compiled, combination))) == (seed, wanted)
            kept, refused = kept + wanted, refused + (not wanted)
    assert min(kept, refused) > 200, "both happen often"


# -- money ------------------------------------------------------------------------------------

LINES: list[Data] = [
    {"id": "a", "per_period": 3},
    {"id": "b", "profile": [5, 0, 7, 11, 13, 17, 19, 23]},  # may go beyond the grid
    {"id": "c", "lump": 100},
    {"id": "d", "lump": 1000, "at": "finish"},
]


def spent(indexed: TimeIndexed, decisions: Decisions) -> dict[tuple[str, int], Fraction]:
    """Return what decisions spend per line and period, by the expenses of their columns."""
    encoded = indexed.encode(decisions)
    assert encoded is not None
    total: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    (data,) = indexed.problem.projects
    for expense in expenses(indexed.schedule, data):
        if encoded.get(expense.column):
            total[expense.flow.line, expense.period] += expense.amount
    return {place: money for place, money in total.items() if money}


def expected(subject: Portfolio, option: Option) -> dict[int, Fraction]:
    """Return what an option spends per period, by brute force."""
    total: dict[int, Fraction] = defaultdict(Fraction)
    for spend in spends_of(subject, option):
        total[spend.period] += spend.amount
    return dict(total)


@ONE_BY_ONE
@pytest.mark.parametrize("line", LINES, ids=lambda line: line["id"])
def test_lines_of_a_project_fall_where_they_belong(line: Data, one_by_one: bool) -> None:
    """Every schedule of every shape spends in each period what brute force says."""
    looked_at = 0
    for plain in lonely_ones(150):
        base = plain.to_data()
        base["projects"][0]["costs"] = [line]
        for phase in base["projects"][0].get("phases", []):
            phase["modes"][0]["costs"] = [line]
        subject = Portfolio.parse({**base, "funds": [{"id": "F", "amounts": {"total": 1}}]})
        indexed = build(compile_problem(subject))
        if indexed.model.infeasible:
            continue
        (own,) = subject.projects
        hiring = Evaluator(subject).hiring({})
        evaluator = Evaluator(subject)
        for fate, option in zip(evaluator.fates[0], options(own, subject.calendar), strict=True):
            if not option.active:
                continue
            decisions = decisions_of(indexed.problem, Combination((fate,), hiring))
            per_period: dict[int, Fraction] = defaultdict(Fraction)
            for (_, period), money in spent(indexed, decisions).items():
                per_period[period] += money
            assert {t: m for t, m in per_period.items() if m} == expected(subject, option)
            looked_at += 1
    assert looked_at > 200


def test_expenses_name_their_lines() -> None:
    """Money of the project and of a mode are told apart, period by period."""
    phases = [{"id": "f", "duration": 2, "costs": [{"id": "m", "per_period": 5}]}]
    costs = [{"id": "p", "lump": 7, "at": "finish"}]
    indexed = build(
        problem(
            projects=[{"id": "A", "phases": phases, "costs": costs}],
            funds=[{"id": "F", "amounts": {"total": 100}}],
        )
    )
    assert spent(indexed, decided(indexed.problem, A=1)) == {
        ("A/f/normal/costs/m", 1): 5,
        ("A/f/normal/costs/m", 2): 5,
        ("A/costs/p", 2): 7,
    }


# -- columns ----------------------------------------------------------------------------------


def schedule_of(**parts: Any) -> Schedule:
    """Return the columns of a portfolio's projects."""
    return Schedule(problem(**parts), LinearModel())


def test_a_chain_has_a_column_for_each_start_and_mode_pattern() -> None:
    """Two phases of 1 or 2 periods: lengths 2, 3, 3, 4 leave 5, 4, 4, 3 starts of six periods."""
    modes = [{"duration": 1}, {"duration": 2}]
    made = schedule_of(projects=[{"id": "A", "phases": [{"modes": modes}, {"modes": modes}]}])
    assert len(made.patterns[0]) == 5 + 4 + 4 + 3
    assert len({pattern.phases for pattern in made.patterns[0]}) == 16


def test_what_is_never_selected_has_no_schedule() -> None:
    """A rejected project keeps one column, fixed at 0, and no event."""
    made = schedule_of(projects=[project("A", 1, decision="never"), project("B", 9)])
    assert [made.model.upper[column] for column in made.selected] == [0, 0]
    assert made.model.size == 2
    assert made.event(0, -1, finish=True) == {}


def test_a_must_is_fixed() -> None:
    """Selection at 1 leaves no choice but when."""
    made = schedule_of(projects=[project("A", 1, decision="must")])
    assert made.model.lower[made.selected[0]] == 1


@ONE_BY_ONE
def test_events_know_their_columns(one_by_one: bool) -> None:
    """Exactly the columns of an event's period are 1 when it happens."""
    made = schedule_of(projects=[project("A", 1, 2)])
    values = made.encode(decided(made.problem, A=(2, 3)))
    assert values is not None
    for phase, finish, period in [(0, False, 2), (0, True, 3), (1, True, 5), (-1, True, 5)]:
        event = made.event(0, phase, finish=finish)
        happened = [t for t, columns in event.items() if any(values[c] for c in columns)]
        assert happened == [period]


def test_decisions_without_columns_are_no_start() -> None:
    """A start from another portfolio may not fit: outside the window, or with other phases."""
    made = schedule_of(projects=[project("A", 2, latest_finish=4)])
    assert made.encode(decided(made.problem, A=2)) is not None
    assert made.encode(decided(made.problem, A=3)) is None
    assert made.encode(Decisions((True,), ((),))) is None


def test_order_rows_are_the_precedence_inequalities() -> None:
    """A row for each period in which the target can happen; complete ones are left out."""
    model = LinearModel()
    a = {t: [model.binary()] for t in range(3)}
    b = {t: [model.binary()] for t in range(5)}
    add_order(model, "r", [a], b, 1)
    for source in (None, 0, 1, 2):
        for target in (None, 0, 1, 2, 3, 4):
            values = [int(t == source) for t in a] + [int(t == target) for t in b]
            wanted = target is None or (source is not None and target >= source + 1)
            assert (model.first_violated(values) == "") == wanted
    assert len(model.rows) <= 4
