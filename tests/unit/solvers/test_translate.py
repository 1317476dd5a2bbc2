"""Rows and objectives in the numbers of CP-SAT and of PuLP: nothing feasible is cut off."""

from __future__ import annotations

from collections.abc import Sequence
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
from pmo_solvers.milp.translate import REACH
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

ORDINARY = (1, 1, 7, 10**9, cp_sat.MAX_COLUMN)
"""Upper bounds of columns that CP-SAT takes as they are."""

HUGE = (1, 10**9, cp_sat.MAX_COLUMN + 1, 10**18, 7 * 10**21)
"""The same with some that it counts in coarser units."""

Case = tuple[LinearModel, Row, list[int]]
"""Columns, a row over them, and a solution of the row near its limits."""


def columns(highs: Sequence[int]) -> LinearModel:
    """Return a model with columns 0..high; large ones are continuous, as those of money are."""
    model = LinearModel()
    for high in highs:
        if high > 10**9:
            model.continuous(high, 100)
        else:
            model.integer(high)
    return model


@st.composite
def large_rows(draw: st.DrawFn, highs: Sequence[int]) -> Case:
    """Return a row with coefficients of up to 80 bits over columns with upper bounds of these."""
    number = draw(st.integers(1, 12))
    model = columns([draw(st.sampled_from(highs)) for _ in range(number)])
    signs = [draw(st.sampled_from([-1, 1])) for _ in range(number)]
    coefs = [sign * (draw(SIZES) + draw(st.integers(0, 9))) for sign in signs]
    values = [draw(st.integers(0, high)) for high in model.upper]
    total = sum(c * v for c, v in zip(coefs, values, strict=True))
    lower: int | None = total - draw(st.integers(0, 3))
    upper: int | None = total + draw(st.integers(0, 3))
    side = draw(st.sampled_from(["both", "lower", "upper"]))
    lower, upper = lower if side != "upper" else None, upper if side != "lower" else None
    return model, Row("r", tuple(range(number)), tuple(coefs), lower, upper), values


def keeps(row: Row, values: Sequence[int]) -> bool:
    """Return whether values keep a row."""
    total = sum(c * values[j] for j, c in zip(row.columns, row.coefs, strict=True))
    low = row.lower is None or total >= row.lower
    return low and (row.upper is None or total <= row.upper)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=large_rows(ORDINARY))
def test_rounding_rows_outward_cuts_off_nothing(case: Case) -> None:
    """Every solution of a row keeps the smaller rows that stand for it."""
    model, row, values = case
    assert keeps(row, values)
    for part in fit(row, model, [1] * model.size):
        assert keeps(part, values)


STEPS = st.sampled_from([1, 2, 7, 10**6, 10**12])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=large_rows(HUGE), data=st.data())
def test_coarse_variables_cut_off_nothing(case: Case, data: st.DataObject) -> None:
    """Whatever the steps, both neighbours of every column value keep the rows of variables.

    A column value that is no multiple of its step is rounded down or up, each for itself.
    """
    model, row, values = case
    assert keeps(row, values)
    steps = data.draw(st.just(cp_sat.Translation(model).steps) | st.tuples(*[STEPS] * model.size))
    ups = data.draw(st.tuples(*[st.booleans()] * model.size))
    coarse = [
        -(-value // step) if up else value // step
        for value, step, up in zip(values, steps, ups, strict=True)
    ]
    for part in fit(row, model, steps):
        assert keeps(part, coarse)


def test_coarse_rows_are_wider_by_less_than_a_step() -> None:
    """Of 5 <= 3x - 2y <= 20 with steps 4 and 6 each limit gives way by 3 x 3 + 2 x 5 = 19."""
    row = Row("r", (0, 1), (3, -2), 5, 20)
    wider = Row("r", (0, 1), (12, -12), 5 - 19, 20 + 19)
    assert fit(row, columns([10, 10]), [4, 6]) == (wider,)


def largest_number(part: Row, highs: Sequence[int]) -> int:
    """Return the largest of a row's possible sum and its limits."""
    reach = sum(abs(c) * highs[j] for j, c in zip(part.columns, part.coefs, strict=True))
    return max(reach, abs(part.lower or 0), abs(part.upper or 0))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=large_rows(ORDINARY))
def test_rows_for_cp_sat_fit_into_64_bits(case: Case) -> None:
    """The largest sum and every limit of the rows that stand for a row are at most 2^60."""
    model, row, _ = case
    assert cp_sat.MAX_ACTIVITY < 2**62
    for part in fit(row, model, [1] * model.size):
        assert largest_number(part, model.upper) <= cp_sat.MAX_ACTIVITY


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=large_rows(HUGE))
def test_rows_of_coarse_variables_fit_into_64_bits(case: Case) -> None:
    """The same over the variables of columns that do not fit; CP-SAT itself agrees."""
    model, row, _ = case
    model.rows.append(row)
    translation = cp_sat.Translation(model)
    highs = [list(variable.proto.domain)[-1] for variable in translation.variables]
    assert max(highs) <= cp_sat.MAX_COLUMN
    for part in fit(row, model, translation.steps):
        assert largest_number(part, highs) <= cp_sat.MAX_ACTIVITY
    assert translation.base.validate() == ""


@settings(max_examples=100, deadline=None, derandomize=True)
@given(case=large_rows(HUGE))
def test_coarse_variables_reach_their_columns(case: Case) -> None:
    """Ordinary columns stay as they are, and a coarse one misses its end by less than a step."""
    model, _, _ = case
    translation = cp_sat.Translation(model)
    ends = translation.values([list(v.proto.domain)[-1] for v in translation.variables])
    for high, step, end in zip(model.upper, translation.steps, ends, strict=True):
        assert high <= end < high + step
        assert (step == 1) is (high <= cp_sat.MAX_COLUMN)


def test_many_large_columns_fit_together() -> None:
    """Twelve coefficients of -1 stay -1 beside one of 100 bits, which must leave them room."""
    model = columns([1, *[cp_sat.MAX_COLUMN] * 12])
    row = Row("r", tuple(range(13)), (-(2**100), *(-1,) * 12), None, -1)
    (part,) = fit(row, model, [1] * 13)
    assert part.coefs[1:] == (-1,) * 12
    assert largest_number(part, model.upper) <= cp_sat.MAX_ACTIVITY


def test_the_largest_columns_fit_together() -> None:
    """Twelve columns that reach 10^18 each are more than 64 bits in their own units."""
    model = columns([10**18] * 12)
    row = Row("r", tuple(range(12)), (-1,) * 12, None, -1)
    translation = cp_sat.Translation(model)
    highs = [list(variable.proto.domain)[-1] for variable in translation.variables]
    for part in fit(row, model, translation.steps):
        assert largest_number(part, highs) <= cp_sat.MAX_ACTIVITY


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
    assert fit(row, model, [1]) == (row,)


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


def knapsack(units: int = 100) -> tuple[LinearModel, LinearTerm]:
    """Return 2x + 3y + s <= 4 with a share s of at most 1 in units of it; maximise x + y + s."""
    model = LinearModel()
    x, y = model.binary(), model.integer(3)
    share = model.continuous(units, units)
    model.add("r", {x: 2 * units, y: 3 * units, share: 1}, None, 4 * units)
    return model, LinearTerm(None, True, {x: 1.0, y: 1.0, share: 1 / units}, constant=10.0)


@pytest.mark.parametrize("units", [REACH, 10**6, 10**12])
def test_pulp_columns_reach_a_hundred(units: int) -> None:
    """A share is a number from 0 to 100 to HiGHS, and whole numbers stay whole."""
    model, term = knapsack(units)
    made = MilpTranslation(model, term, (), ())
    assert [v.upBound for v in made.variables] == [1, 3, REACH]
    assert [v.cat for v in made.variables] == ["Integer", "Integer", "Continuous"]
    assert made.whole([1.0, 0.9999999, 25.0]) == [1, 1, units // 4]


@pytest.mark.parametrize("upper", [1, 40, 100, 199, 200, 12345, 7 * 10**21])
def test_pulp_columns_are_about_as_large(upper: int) -> None:
    """Small columns keep their units, large ones are scaled to 100..200, whole() turns back."""
    model = LinearModel()
    column = model.continuous(upper, 100)
    made = MilpTranslation(model, LinearTerm(None, True, {column: 1.0}), (), ())
    (variable,) = made.variables
    if upper < 2 * REACH:
        assert variable.upBound == upper
    else:
        assert REACH <= variable.upBound < 2 * REACH
    assert made.whole([variable.upBound]) == [pytest.approx(upper, rel=1e-15)]


def test_pulp_always_minimises() -> None:
    """The sign of a maximised stage is turned here and back, with its constant."""
    model, term = knapsack()
    made = MilpTranslation(model, term, (), ())
    assert made.problem.sense == pulp.LpMinimize
    assert made.natural(-2.5) == 12.5
    other = LinearTerm(None, False, dict(term.coefs), constant=10.0)
    assert MilpTranslation(model, other, (), ()).natural(2.5) == 12.5


@pytest.mark.parametrize("units", [REACH, 10**6, 10**12])
def test_pulp_rows_are_near_one(units: int) -> None:
    """Each row is divided by its largest coefficient, so that tolerances mean the same.

    All of a share is 100 to HiGHS whatever its units are, and a third of 3y.
    """
    model, term = knapsack(units)
    made = MilpTranslation(model, term, (), ())
    (row,) = made.problem.constraints()
    assert sorted(row.values()) == pytest.approx([1 / 3 / REACH, 2 / 3, 1])
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
