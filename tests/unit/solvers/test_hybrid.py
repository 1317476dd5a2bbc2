"""Parts of the hybrid engine: arrays, bounds, subproblems, repair and the search itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from pmo_optimizer import Plan, Portfolio, optimize
from pmo_optimizer.backend import Clock, Decisions, Options, Outcome
from pmo_optimizer.decode import start_of
from pmo_optimizer.problem import Problem, compile_problem
from pmo_scenarios import generate, load_pack
from pmo_solvers.hybrid import HybridBackend, neighbourhoods
from pmo_solvers.hybrid.bounds import Box, dual_bound, propagate
from pmo_solvers.hybrid.cp import solve_cp
from pmo_solvers.hybrid.highs import Effort, Program, Solved, relax, solve_mip
from pmo_solvers.hybrid.lagrange import Ascent
from pmo_solvers.hybrid.matrix import matrix_of
from pmo_solvers.hybrid.neighbourhoods import Neighbourhoods
from pmo_solvers.hybrid.search import Limits, Search
from pmo_solvers.hybrid.space import Space
from pmo_solvers.hybrid.starts import Starts
from pmo_solvers.hybrid.subproblem import cut_out, cut_whole, whole_program
from pmo_solvers.time_indexed.build import TimeIndexed, build
from pmo_solvers.time_indexed.linear import LinearModel, WholeRows
from tests.unit.problem_cases import decided, problem, project

ENDLESS = Clock(float("inf"))
"""No limit."""


@lru_cache(maxsize=4)
def medium(seed: int = 0) -> Portfolio:
    """Return a generated portfolio that an exact engine solves in a second or two."""
    return generate(projects=16, periods=12, skills=4, seed=seed)


@lru_cache(maxsize=4)
def space_of(seed: int = 0) -> Space:
    """Return the first stage of a generated portfolio."""
    indexed = indexed_of(medium(seed))
    return Space(indexed, indexed.stages[0], ())


def first_plan(space: Space) -> Decisions:
    """Return the plan of a ranking."""
    return next(Starts(space.problem, ENDLESS).rankings())[0]


def searched(subject: Problem, work: float = 10.0, start: Decisions | None = None) -> Outcome:
    """Return what the search alone finds with a given amount of work."""
    options = Options(clock=Clock(120.0), work_limit=work, reproducible=True, start=start)
    return HybridBackend(exact_entries=0).solve(subject, options)


# -- arrays --------------------------------------------------------------------------------


def test_arrays_say_what_rows_say() -> None:
    """A row's sum at any values is that of its whole numbers, at the row's own scale."""
    space = space_of()
    model, matrix = space.indexed.model, space.matrix
    random = np.random.default_rng(7)
    values = np.array(
        [random.integers(low, high + 1) for low, high in zip(model.lower, model.upper, strict=True)]
    )
    sums = matrix.activity(values / matrix.units)
    for number, row in enumerate(model.rows):
        exact = sum(c * int(values[j]) for j, c in zip(row.columns, row.coefs, strict=True))
        limit = row.upper if row.upper is not None else row.lower
        bound = matrix.row_upper[number] if row.upper is not None else matrix.row_lower[number]
        if limit:
            assert sums[number] / bound == pytest.approx(exact / limit)
        else:
            assert np.sign(round(float(sums[number]), 9)) == np.sign(exact)


def test_rows_are_checked_in_whole_numbers() -> None:
    """A sum above its limit by one part in 10^17 is above it."""
    model = LinearModel()
    first, second = model.binary(), model.binary()
    model.add("large", {first: 10**17, second: 1}, None, 10**17)
    model.add("plain", {first: 3, second: 5}, 3, None)
    rows = WholeRows(model)
    assert rows.first_violated([1, 0]) == ""
    assert rows.first_violated([1, 1]) == "large"
    assert rows.first_violated([0, 0]) == "plain"


def test_numbers_beyond_64_bits_are_checked_too() -> None:
    """A row whose sums do not fit into 64 bits is added up in Python integers."""
    model = LinearModel()
    first, second = model.binary(), model.binary()
    model.add("huge", {first: 10**30, second: 1}, None, 10**30)
    assert matrix_of(model).whole is None
    assert WholeRows(model).first_violated([1, 1]) == "huge"
    assert WholeRows(model).first_violated([1, 0]) == ""


# -- bounds --------------------------------------------------------------------------------


def test_what_alone_breaks_a_row_is_fixed() -> None:
    """A column that does not fit is 0, one without which a row fails is 1, others stay open."""
    model = LinearModel()
    dear, cheap, needed = model.binary(), model.binary(), model.binary()
    model.add("budget", {dear: 7, cheap: 2, needed: 2}, None, 5)
    model.add("least", {needed: 2, dear: 3}, 2, None)
    matrix = matrix_of(model)
    box = propagate(matrix, matrix.lower, matrix.upper)
    assert not box.empty
    assert (box.lower.tolist(), box.upper.tolist()) == ([0, 0, 1], [0, 1, 1])


def test_rows_that_cannot_hold_are_seen() -> None:
    """Propagation says so where no values hold a row."""
    model = LinearModel()
    model.add("more than all", {model.binary(): 1, model.binary(): 1}, 3, None)
    matrix = matrix_of(model)
    assert propagate(matrix, matrix.lower, matrix.upper).empty


def test_any_prices_give_a_bound_and_those_of_the_relaxation_the_best() -> None:
    """The bound of the relaxation's prices is its value; others are never above it."""
    space = space_of()
    matrix = space.matrix
    relaxed = relax(whole_program(matrix, space.cost, space.box), ENDLESS)
    assert relaxed is not None
    best = dual_bound(matrix, space.cost, relaxed.duals, space.box)
    assert best.value == pytest.approx(relaxed.value, rel=1e-6)
    random = np.random.default_rng(1)
    for _ in range(5):
        duals = relaxed.duals * random.uniform(0, 2, len(relaxed.duals))
        assert dual_bound(matrix, space.cost, duals, space.box).value <= relaxed.value + 1e-9


def test_prices_come_near_the_relaxation_from_below() -> None:
    """The Lagrangian bound stays below the linear program and comes within 4 % of it."""
    space = space_of()
    relaxed = relax(whole_program(space.matrix, space.cost, space.box), ENDLESS)
    point = space.point(first_plan(space), ENDLESS)
    assert relaxed is not None
    assert point is not None
    ascent = Ascent(space.structure(), space.cost, space.box, point.cost)
    before = ascent.best
    ascent.run(800)
    bound = ascent.relaxation().value
    assert before <= bound <= relaxed.value + 1e-9
    assert bound == pytest.approx(relaxed.value, rel=0.04)


def test_losses_do_not_rule_out_the_best_plan() -> None:
    """No column of the best plan loses more than lies between the bound and that plan."""
    space = space_of()
    plan = optimize(medium(), time_limit=60, backend="cp-sat", workers=2)
    decisions = start_of(space.problem, plan)
    assert decisions is not None
    point = space.point(decisions, ENDLESS)
    assert point is not None
    structure = space.structure()
    ascent = Ascent(structure, space.cost, space.box, point.cost)
    ascent.run(400)
    found = ascent.relaxation()
    loss = structure.losses(found.reduced, space.box)
    chosen = space.matrix.integral & (point.x > 0.5)
    assert np.all(loss[chosen] <= point.cost - found.value + 1e-9)
    assert np.any(loss > point.cost - found.value)


# -- subproblems ---------------------------------------------------------------------------


def test_both_solvers_agree_on_a_subproblem() -> None:
    """HiGHS and CP-SAT prove the same optimum of some projects beside a fixed rest."""
    space = space_of()
    point = space.point(first_plan(space), ENDLESS)
    assert point is not None
    some = np.arange(len(space.problem.projects)) % 3 == 0
    columns = space.with_shared(space.columns_of(some))
    sub = cut_out(space.matrix, space.cost, space.box, columns, point.x, point.activity)
    whole = cut_whole(space.matrix, space.cost, space.box, columns, point.x)
    start = point.x[columns]
    assert whole is not None
    first = solve_mip(sub.program, Effort(60), ENDLESS, 0, start)
    second = solve_cp(whole, Effort(60), ENDLESS, 0, start)
    assert first.proved
    assert second.proved
    assert first.value == pytest.approx(second.value, rel=1e-4, abs=1e-6)
    assert first.value <= float(np.dot(sub.program.cost, start)) + 1e-9


def test_shares_in_fractions_are_free_where_whole_numbers_count() -> None:
    """Fixed and rounded, shares of odd proficiencies leave no solution; freed, they do."""
    indexed = indexed_of(load_pack("digital"))
    space = Space(indexed, indexed.stages[0], ())
    point = space.point(first_plan(space), ENDLESS)
    assert point is not None
    units = point.x * space.matrix.units
    assert np.any(np.abs(units - np.rint(units)) > 1e-3)
    some = np.arange(len(space.problem.projects)) % 9 == 0
    columns = space.with_shared(space.columns_of(some), shares=False)
    wider = space.with_fractions(columns, point.x)
    assert len(wider) > len(columns)
    found = []
    for free in (columns, wider):
        whole = cut_whole(space.matrix, space.cost, space.box, free, point.x)
        assert whole is not None
        found.append(solve_cp(whole, Effort(60), ENDLESS, 0, point.x[free]))
    assert found[0].infeasible
    assert found[1].proved
    assert found[1].value <= float(np.dot(space.cost[wider], point.x[wider])) + 1e-6


def test_idle_time_is_given_away_without_harm() -> None:
    """Giving idle people to the needs that lack them most keeps every row."""
    space = space_of()
    point = space.point(first_plan(space), ENDLESS)
    assert point is not None
    x, activity = space.spread(point.x, point.activity, None)
    assert np.allclose(space.matrix.activity(x), activity)
    assert np.all(activity <= space.matrix.row_upper + 1e-7)
    assert np.all(activity >= space.matrix.row_lower - 1e-7)


def test_neighbourhoods_are_no_larger_than_an_engine_can_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where projects have many columns fewer are freed at once, each with all of them, or one."""
    space = space_of()
    point = space.point(first_plan(space), ENDLESS)
    assert point is not None
    matrix, hoods = space.matrix, Neighbourhoods(space, seed=1)
    lengths = np.diff(matrix.column_start)
    every = [kind.draw(point, len(space.problem.projects)) for kind in hoods.kinds]
    most = int(max(lengths[columns].sum() for columns in every)) // 2
    monkeypatch.setattr(neighbourhoods, "MOST_FREED", most)
    for kind in hoods.kinds:
        columns = kind.draw(point, len(space.problem.projects))
        assert 0 < lengths[columns].sum() <= most
        freed = np.bincount(space.owner[columns], minlength=hoods.count) > 0
        assert np.array_equal(columns, space.columns_of(freed))
    monkeypatch.setattr(neighbourhoods, "MOST_FREED", 0)
    assert len(np.unique(space.owner[hoods.kinds[0].draw(point, 8)])) == 1


# -- the search ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, pytest.param(2, marks=pytest.mark.drill)])
def test_the_search_is_near_the_optimum(seed: int) -> None:
    """Without its exact end it comes within 2 % of the optimum of two dozen projects."""
    subject = medium(seed)
    best = optimize(subject, time_limit=120, backend="cp-sat", workers=2)
    found = searched(compile_problem(subject), work=8.0)
    assert best.objective is not None
    assert found.stages[0].best is not None
    assert found.stages[0].bound is not None
    assert 0.98 * best.objective <= found.stages[0].best <= best.objective + 1e-6
    assert found.stages[0].bound >= best.objective - 1e-6


def test_the_same_work_gives_the_same_plan() -> None:
    """The search repeats itself where work, not time, ends it."""
    subject = compile_problem(medium())
    first, second = searched(subject, 3.0), searched(subject, 3.0)
    assert (first.decisions, first.stages) == (second.decisions, second.stages)


def test_a_plan_of_another_budget_is_repaired() -> None:
    """A start that no longer fits is cut to what does, and the search goes on from there."""
    rich = _two_projects(10)
    poor = _two_projects(6)
    start = decided(rich, A=0, B=2)
    found = searched(poor, 1.0, start=start)
    assert found.decisions is not None
    assert found.decisions.selected == (False, True)
    assert found.stages[0].best == pytest.approx(3.0)


def _two_projects(budget: int) -> Problem:
    return problem(
        projects=[
            {**project("A", 2), "value": 2, "costs": [{"lump": 4}]},
            {**project("B", 2), "value": 3, "costs": [{"lump": 6}]},
        ],
        funds=[{"id": "money", "amounts": {"total": budget}}],
    )


def test_an_empty_portfolio_has_an_empty_plan() -> None:
    """Nothing to choose is no error."""
    found = searched(problem(projects=[]))
    assert found.decisions == Decisions((), ())


def test_a_box_that_is_given_is_kept() -> None:
    """Propagation only tightens what it gets."""
    space = space_of()
    fixed = Box(space.matrix.lower, np.minimum(space.matrix.upper, 0.5))
    box = propagate(space.matrix, fixed.lower, fixed.upper)
    assert np.all(box.upper <= fixed.upper)


def test_what_the_engine_did_is_on_record() -> None:
    """The plan names the engine, its libraries and every better incumbent."""
    plan: Plan = optimize(medium(), backend="hybrid", time_limit=20, workers=2)
    assert plan.engine is not None
    assert plan.engine.name == "hybrid"
    assert {"ortools", "highspy"} <= set(plan.engine.versions)
    values = [line.value for line in plan.incumbents if line.value is not None]
    assert values == sorted(values)


def indexed_of(subject: Portfolio) -> TimeIndexed:
    """Return the time-indexed model of a portfolio."""
    return build(compile_problem(subject))


def test_every_column_of_a_project_has_its_owner() -> None:
    """The columns of a project are its own, all others are shared."""
    indexed = indexed_of(medium())
    owner = indexed.schedule.owners()
    for index, column in enumerate(indexed.schedule.selected):
        assert owner[column] == index
        assert all(owner[work.column] == index for work in indexed.schedule.works[index])
    assert set(owner[list(indexed.synergies)].tolist()) <= {-1}


def test_what_highs_proves_of_the_whole_model_counts() -> None:
    """With patience HiGHS solves all columns, and its bound is the optimum of another engine."""
    portfolio = generate(projects=10, periods=10, skills=3, seed=2)
    known = optimize(portfolio, backend="cp-sat", workers=2, time_limit=60)
    assert known.objective is not None
    indexed = indexed_of(portfolio)
    space = Space(indexed, indexed.stages[0], ())
    search = Search(space, Limits(2, 0, 0.0), Clock(60.0), lambda *_: None)
    point = space.point(first_plan(space), ENDLESS)
    assert point is not None
    search.keep(point, "ranking")
    search._improve_bound()
    relaxed = -search.bound
    search.patience = 1
    search._solve_whole()
    assert relaxed > known.objective + 1e-3
    assert -search.bound == pytest.approx(known.objective, rel=1e-3)
    assert -search.bound >= known.objective - 1e-9


def test_relaxations_do_not_mind_other_numbers_of_threads() -> None:
    """HiGHS solves a relaxation in a thread in which it ran with two threads before."""
    space = space_of()
    optimize(medium(), backend="milp", workers=2, time_limit=2)
    assert relax(whole_program(space.matrix, space.cost, space.box), ENDLESS) is not None


def test_a_large_model_is_also_solved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without patience one thread solves all plausible columns; the plan stays within the bound."""
    space = space_of(1)
    sources: list[str] = []
    sizes: list[int] = []

    def watched(program: Program, *others: Any) -> Solved:
        if len(others) == 5:  # the last one takes each better solution
            sizes.append(len(program.cost))
        return solve_mip(program, *others)

    monkeypatch.setattr("pmo_solvers.hybrid.search.solve_mip", watched)
    search = Search(space, Limits(2, 0, 0.0), Clock(10.0), lambda _v, _b, s: sources.append(s))
    point = space.point(first_plan(space), ENDLESS)
    assert point is not None
    search.keep(point, "ranking")
    search.run(6.0)
    assert search.best is not None
    assert search.best.cost <= point.cost
    assert search.bound <= search.best.cost
    assert {"lp", "prices"} & set(sources)
    assert len(sizes) == 1
