"""Rows and objectives in the numbers of CP-SAT and of PuLP: nothing feasible is cut off."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from pmo_optimizer import optimize
from pmo_optimizer.model import Status
from pmo_solvers.cp_sat import translate as cp_sat
from pmo_solvers.cp_sat.translate import ScaledObjective, fit
from pmo_solvers.milp.translate import Translation as MilpTranslation
from pmo_solvers.time_indexed import Kind, LinearModel, LinearTerm, Row
from pmo_solvers.time_indexed.driver import Hold, cut_rows
from tests.unit.problem_cases import Data, portfolio

FLOAT_NOISE = Fraction(1, 2**48)
"""Relative error that sums and products of a few dozen floats may have."""

ENGINES = pytest.mark.parametrize("engine", ["cp-sat", "milp"])


def objective(random: Random, *, maximised: bool) -> tuple[LinearModel, LinearTerm]:
    """Return columns of every kind, some in groups, and an objective of very mixed sizes."""
    model = LinearModel()
    term = LinearTerm(None, maximised, constant=random.choice((0.0, -7.25)))
    for number in range(random.randint(1, 12)):
        if random.random() < 0.7:
            column = model.binary(random.choice((-1, number % 3)))
        else:
            column = model.continuous(random.choice((10, 10**4, 10**9)), 100)
        size = 10.0 ** random.randint(-6, 6)
        term.add(column, random.choice((-1, 1)) * random.random() * size)
    return model, term


def solution(random: Random, model: LinearModel) -> list[int]:
    """Return column values with at most one column of each group at 1."""
    values = [random.randint(0, high) for high in model.upper]
    taken: set[int] = set()
    for column, group in enumerate(model.group):
        if group >= 0 and (group in taken or not values[column]):
            values[column] = 0
        elif group >= 0:
            taken.add(group)
    return values


def true_value(term: LinearTerm, values: list[int]) -> Fraction:
    """Return an objective exactly, its floats taken as they are."""
    parts = (Fraction(c) * values[j] for j, c in term.coefs.items())
    return Fraction(term.constant) + sum(parts, Fraction(0))


def largest(term: LinearTerm, model: LinearModel) -> Fraction:
    """Return the sum of all coefficients at their upper bounds, for the noise of floats."""
    parts = (abs(Fraction(c)) * model.upper[j] for j, c in term.coefs.items())
    return abs(Fraction(term.constant)) + sum(parts, Fraction(1))


def whole_value(scaled: ScaledObjective, values: list[int]) -> int:
    """Return what CP-SAT computes."""
    return sum(c * values[j] for j, c in scaled.coefs.items())


SEEDS = range(300)


def test_the_scaled_objective_is_off_by_its_error_at_most() -> None:
    """For any solution whole objective / scale lies within the stated error of the true one."""
    for seed in SEEDS:
        random = Random(seed)
        model, term = objective(random, maximised=True)
        scaled = ScaledObjective(term, model)
        noise = FLOAT_NOISE * largest(term, model)
        for _ in range(20):
            values = solution(random, model)
            found = Fraction(whole_value(scaled, values)) / Fraction(scaled.scale)
            off = abs(found + Fraction(term.constant) - true_value(term, values))
            assert off <= Fraction(scaled.error) + noise, seed


def test_the_scaled_objective_fits_into_64_bits() -> None:
    """Whatever the sizes, no sum reaches what CP-SAT cannot hold."""
    for seed in SEEDS:
        model, term = objective(Random(seed), maximised=True)
        scaled = ScaledObjective(term, model)
        assert sum(abs(c) * model.upper[j] for j, c in scaled.coefs.items()) < 2**62


@pytest.mark.parametrize("maximised", [True, False])
def test_bounds_move_outward(maximised: bool) -> None:
    """The bound from CP-SAT's best whole objective is never on the wrong side of a solution."""
    for seed in SEEDS:
        random = Random(seed)
        model, term = objective(random, maximised=maximised)
        scaled = ScaledObjective(term, model)
        noise = FLOAT_NOISE * largest(term, model)
        solutions = [solution(random, model) for _ in range(20)]
        whole = [whole_value(scaled, values) for values in solutions]
        bound = Fraction(scaled.bound(float(max(whole) if maximised else min(whole))))
        for values in solutions:
            room = bound - true_value(term, values)
            assert (room if maximised else -room) >= -noise, seed


@pytest.mark.parametrize("maximised", [True, False])
def test_held_terms_keep_what_is_good_enough(maximised: bool) -> None:
    """A limit on the whole objective lets every solution through that is at least as good."""
    for seed in SEEDS:
        random = Random(seed)
        model, term = objective(random, maximised=maximised)
        scaled = ScaledObjective(term, model)
        solutions = [solution(random, model) for _ in range(20)]
        values = sorted((true_value(term, s) for s in solutions), reverse=maximised)
        limit = scaled.limit(float(values[10]))
        for entry in solutions:
            exact = true_value(term, entry)
            if (exact >= values[10]) if maximised else (exact <= values[10]):
                whole = whole_value(scaled, entry)
                assert (whole >= limit) if maximised else (whole <= limit), seed


def test_an_empty_objective_is_its_constant() -> None:
    """Nothing to optimize is no division by zero."""
    scaled = ScaledObjective(LinearTerm(None, maximised=True, constant=3.0), LinearModel())
    assert (scaled.coefs, scaled.error) == ({}, 0.0)
    assert scaled.bound(0.0) == 3.0


def test_whole_coefficients_are_exact() -> None:
    """Makespan, delay and plain values in whole numbers are not rounded at all."""
    model = LinearModel()
    term = LinearTerm(None, maximised=False)
    for weight in (1.0, 250.0, 10.0**9):
        term.add(model.binary(), weight)
    assert ScaledObjective(term, model).error == 0.0


# -- rows for CP-SAT --------------------------------------------------------------------------

SIZES = st.integers(0, 80).map(lambda n: 2**n)


@st.composite
def large_rows(draw: st.DrawFn) -> tuple[LinearModel, Row, list[int]]:
    """Return a row with numbers of up to 80 bits and a solution near its limits."""
    model = LinearModel()
    number = draw(st.integers(1, 12))
    coefs = []
    for _ in range(number):
        model.integer(draw(st.sampled_from([1, 1, 7, 10**9, 10**18])))
        coefs.append(draw(st.sampled_from([-1, 1])) * (draw(SIZES) + draw(st.integers(0, 9))))
    values = [draw(st.integers(0, high)) for high in model.upper]
    total = sum(c * v for c, v in zip(coefs, values, strict=True))
    lower: int | None = total - draw(st.integers(0, 3))
    upper: int | None = total + draw(st.integers(0, 3))
    side = draw(st.sampled_from(["both", "lower", "upper"]))
    lower, upper = lower if side != "upper" else None, upper if side != "lower" else None
    return model, Row("r", tuple(range(number)), tuple(coefs), lower, upper), values


def keeps(row: Row, values: list[int]) -> bool:
    """Return whether values keep a row."""
    total = sum(c * values[j] for j, c in zip(row.columns, row.coefs, strict=True))
    low = row.lower is None or total >= row.lower
    return low and (row.upper is None or total <= row.upper)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=large_rows())
def test_rounding_rows_outward_cuts_off_nothing(case: tuple[LinearModel, Row, list[int]]) -> None:
    """Every solution of a row keeps the smaller rows that stand for it."""
    model, row, values = case
    assert keeps(row, values)
    for part in fit(row, model):
        assert keeps(part, values)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=large_rows())
def test_rows_for_cp_sat_fit_into_64_bits(case: tuple[LinearModel, Row, list[int]]) -> None:
    """The largest sum and every limit of the rows that stand for a row are below 2^62."""
    model, row, _ = case
    for part in fit(row, model):
        reach = sum(abs(c) * model.upper[j] for j, c in zip(part.columns, part.coefs, strict=True))
        assert max(reach, abs(part.lower or 0), abs(part.upper or 0)) < 2**62


def test_many_large_columns_fit_together() -> None:
    """Dividing a coefficient of -1 must not leave -1 where twelve columns reach 10^18 each."""
    model = LinearModel()
    columns = [model.continuous(10**18, 10**9) for _ in range(12)]
    row = Row("r", tuple(columns), (-1,) * 12, None, -1)
    for part in fit(row, model):
        assert sum(abs(c) * 10**18 for c in part.coefs) < 2**62


def test_a_row_without_limits_is_harmless() -> None:
    """A rule that says nothing is a warning, never a crash."""
    model = LinearModel()
    column = model.binary()
    model.add("r", {column: 1}, None, None)
    assert cp_sat.Translation(model).base.validate() == ""


def test_small_rows_stay_as_they_are() -> None:
    """A row that fits is not touched."""
    model = LinearModel()
    model.integer(10)
    row = Row("r", (0,), (10**15,), 5, 10**16)
    assert fit(row, model) == (row,)


def test_cp_sat_accepts_the_rows_of_huge_columns() -> None:
    """A money column with twelve decimals of billions does not fit into 64 bits as it is."""
    model = LinearModel()
    chosen = model.binary()
    share = model.continuous(7 * 10**21, 10**12)
    model.add("open", {share: 1, chosen: -5 * 10**21}, 0, None)
    translation = cp_sat.Translation(model)
    term = LinearTerm(None, maximised=True, coefs={chosen: 1.0})
    made = translation.stage(ScaledObjective(term, model), (), (), {})
    assert made.validate() == ""
    solver = cp_model.CpSolver()
    assert solver.solve(made) == cp_model.OPTIMAL
    assert solver.objective_value >= 1


# -- PuLP -------------------------------------------------------------------------------------


def knapsack() -> tuple[LinearModel, LinearTerm]:
    """Return 2x + 3y + s/100 <= 4 with a share s of at most 1 in hundredths; maximise x + y + s."""
    model = LinearModel()
    x, y = model.binary(), model.integer(3)
    share = model.continuous(100, 100)
    model.add("r", {x: 200, y: 300, share: 1}, None, 400)
    return model, LinearTerm(None, True, {x: 1.0, y: 1.0, share: 0.01}, constant=10.0)


def test_pulp_columns_are_in_natural_units() -> None:
    """A share in hundredths is a number from 0 to 1 to HiGHS, and whole numbers stay whole."""
    model, term = knapsack()
    made = MilpTranslation(model, term, (), ())
    assert [v.upBound for v in made.variables] == [1, 3, 1.0]
    assert [v.cat for v in made.variables] == ["Integer", "Integer", "Continuous"]
    assert made.whole([1.0, 0.9999999, 0.25]) == [1, 1, 25]


def test_pulp_always_minimises() -> None:
    """The sign of a maximised stage is turned here and back, with its constant."""
    model, term = knapsack()
    made = MilpTranslation(model, term, (), ())
    assert made.problem.sense == pulp.LpMinimize
    assert made.natural(-2.5) == 12.5
    other = LinearTerm(None, False, dict(term.coefs), constant=10.0)
    assert MilpTranslation(model, other, (), ()).natural(2.5) == 12.5


def test_pulp_rows_are_near_one() -> None:
    """Each row is divided by its largest coefficient, so that tolerances mean the same."""
    model, term = knapsack()
    made = MilpTranslation(model, term, (), ())
    (row,) = made.problem.constraints()
    assert sorted(row.values()) == pytest.approx([1 / 3, 2 / 3, 1])
    assert -row.constant == pytest.approx(4 / 3)


SMALL_MATRIX_VALUE = 1e-9
"""HiGHS takes smaller coefficients for zeros."""


@pytest.mark.parametrize("amount", [10**6, 5 * 10**9, 10**14])
def test_pulp_rows_keep_every_coefficient(amount: int) -> None:
    """A share of money stands beside a large amount without being dropped by HiGHS."""
    model = LinearModel()
    chosen = model.binary()
    share = model.continuous(amount, 1)
    model.add("open", {share: 1, chosen: -amount}, 0, None)
    made = MilpTranslation(model, LinearTerm(None, True, {chosen: 1.0}), (), ())
    for row in made.problem.constraints():
        assert min(abs(value) for value in row.values()) > SMALL_MATRIX_VALUE


# -- holds and cuts ---------------------------------------------------------------------------


def test_a_cut_forbids_one_solution_alone() -> None:
    """Of all 0/1 points a cut refuses exactly the one that it names."""
    ((terms, upper),) = cut_rows([([0, 2], [1])])
    refused = [
        (a, b, c)
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
        if sum(terms[j] * v for j, v in enumerate((a, b, c))) > upper
    ]
    assert refused == [(1, 0, 1)]


def best_of_two(
    engine: str, holds: tuple[Hold, ...], cuts: list[tuple[list[int], list[int]]]
) -> float:
    """Return the most of x + 2y that either translation allows, each in its own solver."""
    model = LinearModel()
    x, y = model.binary(), model.binary()
    term = LinearTerm(None, True, {x: 1.0, y: 2.0})
    if engine == "cp-sat":
        scaled = ScaledObjective(term, model)
        solver = cp_model.CpSolver()
        solver.solve(cp_sat.Translation(model).stage(scaled, holds, cuts, {}))
        return scaled.unscaled(solver.objective_value)
    made = MilpTranslation(model, term, holds, cuts)
    made.problem.solve(pulp.HiGHS(msg=False))
    return made.natural(pulp.value(made.problem.objective))


@ENGINES
def test_holds_and_cuts_are_stated(engine: str) -> None:
    """A held cost of y, a cut through the best point, and both together."""
    cost = LinearTerm(None, False, {0: 0.1, 1: 5.3}, constant=1.0)
    assert best_of_two(engine, (), []) == pytest.approx(3)
    assert best_of_two(engine, (), [([0, 1], [])]) == pytest.approx(2)
    assert best_of_two(engine, (Hold(cost, 1.1),), []) == pytest.approx(1)
    assert best_of_two(engine, (Hold(cost, 1.1),), [([0], [1])]) == pytest.approx(0)
    assert best_of_two(engine, (Hold(cost, 6.4),), []) == pytest.approx(3)


# -- both together ----------------------------------------------------------------------------


def fund(name: str, total: object, **parts: object) -> Data:
    """Return a fund with one amount."""
    return {"id": name, "amounts": {"total": total}, **parts}


def costing(name: str, value: float, amount: object) -> Data:
    """Return a yes or no with a cost."""
    return {"id": name, "value": value, "costs": [{"lump": amount}]}


@ENGINES
@pytest.mark.parametrize("tail", ["", ".000000000001"], ids=["whole", "twelve decimals"])
def test_five_euros_beside_five_billions(engine: str, tail: str) -> None:
    """Two funds of 12 billion pay B (7 billion) and C (5 euros), or A and B, but not all."""
    subject = portfolio(
        funds=[fund("F", 5 * 10**9), fund("G", f"7000000000{tail}")],
        projects=[
            costing("A", 1, 5 * 10**9),
            costing("B", 2, f"7000000000{tail}"),
            costing("C", 2, 5),
        ],
    )
    plan = optimize(subject, backend=engine, workers=2, time_limit=20)
    assert plan.selected == ("B", "C")
    assert (plan.status, plan.objective, plan.bound) == (Status.OPTIMAL, 4.0, 4.0)


@ENGINES
def test_small_values_beside_a_huge_penalty(engine: str) -> None:
    """A breach of a billion at price 1 is possible; 1.0049 is still better than 1.0011."""
    subject = portfolio(
        funds=[fund("F", 100, price=1)],
        projects=[
            {"id": "A", "value": "1.0049"},
            {"id": "B", "value": "1.0011"},
            costing("C", 5, "1000000000.01"),
        ],
        excludes=[{"projects": ["A", "B"]}],
    )
    plan = optimize(subject, backend=engine, workers=2, time_limit=20)
    assert plan.selected == ("A",)
    assert plan.status is Status.OPTIMAL


def test_kinds_of_columns_differ() -> None:
    """Continuous columns are whole units to CP-SAT: one step of a share is 1/units."""
    model, term = knapsack()
    assert model.kind[2] is Kind.CONTINUOUS
    solver = cp_model.CpSolver()
    scaled = ScaledObjective(term, model)
    solver.solve(cp_sat.Translation(model).stage(scaled, (), (), {}))
    # y alone leaves room for a full share: 1 + 1; x alone as well, both together do not fit.
    assert scaled.unscaled(solver.objective_value) == pytest.approx(12)
