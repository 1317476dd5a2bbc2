"""The interval model: what it accepts, what it proves, and that it says the same as the rows."""

from __future__ import annotations

import threading
from dataclasses import replace
from importlib import import_module
from math import isclose
from random import Random
from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.backend import Clock, Decisions, Options, Outcome, PhaseDecision
from pmo_optimizer.model import (
    Incumbent,
    Method,
    Plan,
    Portfolio,
    Status,
    Termination,
    TermName,
)
from pmo_optimizer.problem import Feature, Problem, compile_problem
from pmo_solvers.cp_sat import CpSatBackend
from pmo_solvers.cp_sat.interval import LEAST_COLUMNS, solve_intervals, suits_intervals
from pmo_solvers.cp_sat.interval.forms import Form, figures, stage_forms
from pmo_solvers.cp_sat.interval.model import IntervalModel
from pmo_solvers.cp_sat.interval.suits import columns
from pmo_solvers.cp_sat.interval.targets import Targets
from pmo_solvers.cp_sat.interval.verify import certified
from tests.brute.random_portfolio import shuffled
from tests.unit.problem_cases import Data
from tests.unit.solvers.interval_cases import crashed, lone, phase, pool, schedule, solved
from tests.unit.solvers.random_schedules import random_schedule

MODULE = import_module("pmo_optimizer.optimize")
"""The module; the package's attribute of that name is the function."""

SEEDS = 40
"""Random schedules of a normal run."""

DRILL_SEEDS = 400
"""Random schedules of a drill."""


class IntervalBackend:
    """The interval model as an engine, whatever the size of the problem."""

    name = "intervals"
    capabilities = frozenset(Feature)
    exact = True

    def versions(self) -> dict[str, str]:
        """Return nothing: it is the engine cp-sat."""
        return {}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Solve a problem that the model must accept."""
        assert suits_intervals(problem, least_columns=0)
        return solve_intervals(problem, options)


def by_intervals(monkeypatch: pytest.MonkeyPatch, portfolio: Portfolio, **options: Any) -> Plan:
    """Return the plan of the interval model; the referee has accepted it."""
    with monkeypatch.context() as patch:
        patch.setattr(MODULE, "load_backend", lambda _name: IntervalBackend())
        return optimize(portfolio, backend="intervals", workers=2, **options)


def same(left: float | None, right: float | None) -> bool:
    """Return whether two numbers are equal but for floats, or both missing."""
    if left is None or right is None:
        return left is right
    return isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)


def differences(portfolio: Portfolio, plan: Plan, other: Plan) -> list[str]:
    """Return in what two optimal plans differ: status, or best and bound of every stage.

    Where no tolerance leaves room, every term has one value only.
    """
    if plan.status is not other.status:
        return [f"{plan.status} and {other.status}"]
    if plan.status is Status.INFEASIBLE:
        return []
    if portfolio.objective.method is Method.WEIGHTED:
        pairs = [("sum", plan.objective, other.objective), ("bound", plan.bound, plan.objective)]
    else:
        both = list(zip(plan.terms, other.terms, strict=True))
        pairs = [(mine.term.value, mine.best, theirs.best) for mine, theirs in both]
        pairs += [("bound", mine.bound, mine.best) for mine, _ in both]
        if not any(mine.tolerance for mine, _ in both):
            pairs += [(mine.term.value, mine.value, theirs.value) for mine, theirs in both]
    wrong = [f"{name}: {a} and {b}" for name, a, b in pairs if not same(a, b)]
    return wrong + [f"not proved: {plan.status}"] * (plan.status is not Status.OPTIMAL)


def _disagreements(monkeypatch: pytest.MonkeyPatch, seed: int) -> list[str]:
    portfolio = random_schedule(seed)
    plan = by_intervals(monkeypatch, portfolio, time_limit=60)
    others = [optimize(portfolio, backend=name, workers=2) for name in ("cp-sat", "milp")]
    return [text for other in others for text in differences(portfolio, plan, other)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_intervals_agree_with_the_time_indexed_engines(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Status, objective, and best of every stage are those of both engines on the rows."""
    assert _disagreements(monkeypatch, seed) == []


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(SEEDS, DRILL_SEEDS))
def test_intervals_agree_on_many(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The same on further schedules."""
    assert _disagreements(monkeypatch, seed) == []


def test_random_schedules_are_worth_a_test() -> None:
    """Most of the random schedules are feasible, some are not, and modes and funds occur."""
    problems = [compile_problem(random_schedule(seed)) for seed in range(SEEDS)]
    feasible = sum(solved(problem).status is Status.OPTIMAL for problem in problems)
    assert SEEDS / 2 < feasible < SEEDS
    assert sum(bool(problem.funds) for problem in problems) > SEEDS / 4
    assert sum(Feature.MODES in problem.features for problem in problems) > SEEDS / 2


# -- what it accepts -----------------------------------------------------------------------


def _value_at(rate: float) -> Data:
    return {"value_rate": rate, "objective": {"terms": [{"term": "value"}, {"term": "makespan"}]}}


def _money_at(rate: float) -> Data:
    return {"money_rate": rate, "objective": {"terms": [{"term": "npv"}, {"term": "makespan"}]}}


def _hire(skill: str) -> list[Data]:
    return [{"id": "h", "skill": skill, "max_heads": 1}]


def _people(**skills: float) -> list[Data]:
    return [{"id": "ann", "skills": skills}]


TWO_SKILLS = [{"id": "dev"}, {"id": "ops"}]
FUND: Data = {"id": "F", "amounts": {"total": 50}}

TWO_NEEDS = {
    "projects": [
        lone("P", 2, 1, decision="must"),
        {
            "id": "Q",
            "decision": "must",
            "phases": [{"id": "f", "duration": 1, "needs": [{"skill": "ops", "fte": 1}]}],
        },
    ],
    "skills": TWO_SKILLS,
}


def _two_modes(**fields: Any) -> Data:
    return {"projects": [{"decision": "must", **crashed(2, 9, 6), **fields}]}


ACCEPTED = {
    "plain": {},
    "never": {"projects": [{**lone("P", 2, 1), "decision": "never"}]},
    "modes and a fund": {"projects": [{"decision": "must", **crashed(2, 9, 6)}], "funds": [FUND]},
    "measured delay": {"projects": [lone("P", 2, 1, decision="must", due=1, late_price=0)]},
    "value at no rate": _value_at(0),
    "money at no rate": _money_at(0),
    "no discount on nothing": {"value_rate": 0.1, "money_rate": 0.1},
    "two skills": {**TWO_NEEDS, "people": _people(ops=1)},
    "a line within the grid": {
        **_two_modes(costs=[{"profile": [1] * 10}], latest_start=30),
        "funds": [FUND],
    },
    "a synergy of value": {"synergies": [{"projects": ["P"], "value": 1}], **_value_at(0)},
    "a skill that is not asked for": {"skills": TWO_SKILLS, "people": _people(dev=1, ops=1)},
    "a fund for all the fiscal years of the grid": {
        "funds": [{"id": "F", "amounts": {"years": {2027: 5}}}]
    },
    "a constant count": {"rules": [{"type": "count", "min": 1}]},
}
"""Parts of portfolios that the interval model says exactly."""


REFUSED = {
    "free selection": {"projects": [lone("P", 2, 1)]},
    "two sources that are in": {
        "projects": [lone(name, 1, decision="must") for name in "ABC"],
        "choose": [{"id": "G", "projects": ["A", "B"], "min": 2, "max": 2}],
        "links": [{"from": "G", "to": "C"}],
    },
    "a late price": {"projects": [lone("P", 2, 1, decision="must", due=1, late_price=3)]},
    "a soft fund": {"funds": [{**FUND, "price": 2}]},
    "a soft rule": {"rules": [{"type": "count", "min": 2, "price": 1}]},
    "a soft share": {
        "rules": [
            {
                "type": "share",
                "measure": "count",
                "where": {"tag": "x"},
                "sense": "at_least",
                "share": 0.5,
                "price": 1,
            }
        ]
    },
    "a soft ceiling": {"rules": [{"type": "utilization", "ceiling": 0.5, "price": 1}]},
    "extra supply": {"skills": [{"id": "dev", "overload_price": 1}]},
    "hires": {"hires": _hire("dev")},
    "part of a proficiency": {"people": _people(dev=0.5)},
    "people with two of the skills": {**TWO_NEEDS, "people": _people(dev=1, ops=1)},
    "thousandths of an FTE": {"pools": pool(fte=2.005)},
    "starts per period": {"rules": [{"type": "starts", "max": 1}]},
    "a share of cost that modes change": {
        **_two_modes(),
        "rules": [
            {
                "type": "share",
                "measure": "cost",
                "where": {},
                "sense": "at_most",
                "share": 1,
                "of": 20,
            }
        ],
    },
    "a cap": {"caps": [{"amounts": {"total": 50}}]},
    "a fund per period": {"funds": [{"id": "F", "amounts": {"periods": [5] * 40}}]},
    "a choice of funds": {**_two_modes(), "funds": [FUND, {**FUND, "id": "G"}]},
    "cost as long as it runs": {**_two_modes(costs=[{"per_period": 1}])},
    "cost beyond the grid": {
        **_two_modes(costs=[{"profile": [1] * 10}], latest_start=35),
        "funds": [FUND],
    },
    "savings": {
        "funds": [FUND],
        "synergies": [{"projects": ["P"], "savings": [{"fund": "F", "period": 0, "amount": 1}]}],
    },
    "value at a rate": _value_at(0.1),
    "money at a rate": _money_at(0.1),
    "changes": {"objective": {"terms": [{"term": "changes"}]}},
    "a sum beyond what a float holds": {
        "objective": {
            "method": "weighted",
            "terms": [{"term": "makespan", "weight": 1e9}, {"term": "cost", "weight": 1e-9}],
        }
    },
}
"""Parts of portfolios that it does not."""


def _with(parts: Data) -> Problem:
    """Return a project that must be done, with other parts; it would suit without them."""
    base = {"projects": [lone("P", 2, 1, value=1, decision="must")], "pools": pool(fte=2)}
    return schedule(**{**base, **parts})


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_can_be_said_is_accepted(name: str) -> None:
    """Fixed selection, plain capacity, undated money and unpriced terms suit the model."""
    assert suits_intervals(_with(ACCEPTED[name]), least_columns=0)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_refused(name: str) -> None:
    """Whatever the model would say differently, or not at all, is left to the rows."""
    assert not suits_intervals(_with(REFUSED[name]), least_columns=0)


def fine(days: int, periods: int) -> Problem:
    """Return ten projects of some days each, for three developers, on a grid of days."""
    work = (lone(f"P{n}", days, 1) for n in range(10))
    return schedule(*work, pools=pool(fte=3), periods=periods)


def test_small_grids_keep_the_rows() -> None:
    """Ten projects of 5 days have 10 x 20 starts in 24 days and are many from 104 on."""
    assert columns(fine(5, 24)) == 10 * 20
    assert not suits_intervals(fine(5, 24))
    assert suits_intervals(fine(5, 24), least_columns=200)
    assert not suits_intervals(fine(5, 24), least_columns=201)
    assert columns(fine(5, 104)) == LEAST_COLUMNS
    assert suits_intervals(fine(5, 104))


def test_the_engine_chooses_the_model() -> None:
    """On a fine grid cp-sat has a variable or two per phase, on a coarse one columns."""
    options = Options(Clock(60), workers=2)
    small, large = fine(5, 24), fine(5, 104)
    assert CpSatBackend().solve(small, options).columns > 10 * 20
    outcome = CpSatBackend().solve(large, options)
    assert outcome.columns == 10 + 1
    assert outcome.stages[0].best == 4 * 5


# -- how it runs ---------------------------------------------------------------------------


def mixed(*names: str, crew: tuple[int, ...] = (), fte: int = 1) -> Problem:
    """Return a schedule with every kind of variable; makespan, delay and cost by default.

    Parameters
    ----------
    crew
        Developers that the modes of the first project need.
    """
    first = crashed(2, 9, 6, due=1, late_price=0, benefit={"profile": [20]})
    for mode, developers in zip(first["phases"][0]["modes"], crew, strict=False):
        mode["needs"] = [{"skill": "dev", "fte": developers}]
    pinned = phase("a", 1, 1, pin={"start": 0})
    parallel = {"id": "Q", "phases": [pinned, phase("b", 2, 1)], "due": 3, "late_price": 0}
    parallel["links"] = [{"from": "a", "to": "b", "type": "FF", "min_lag": None, "max_lag": 9}]
    terms = [{"term": name} for name in names or ("makespan", "delay", "cost")]
    return schedule(
        first,
        parallel,
        lone("R", 3, 1),
        links=[{"from": "Q", "to": "R", "type": "SS", "min_lag": 1}],
        pools=pool(fte=fte),
        objective={"terms": terms},
    )


def _places(*starts: tuple[int, ...], mode: int = 0) -> Decisions:
    placed = [tuple(PhaseDecision(0, start) for start in own) for own in starts]
    placed[0] = (PhaseDecision(mode, starts[0][0]),)
    return Decisions((True,) * len(starts), tuple(placed))


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize(("crew", "fte"), [((), 1), ((2, 1), 3)])
def test_hints_are_complete_and_right(crew: tuple[int, ...], fte: int, merged: bool) -> None:
    """The values of a plan's hint are those of one solution, every variable included."""
    subject = mixed(crew=crew, fte=fte)
    model = IntervalModel(subject, merged=merged)
    # Length and rate of the phase that has a single interval.
    assert sum(map(len, model.given.values())) == (2 if merged and crew else 0)
    targets = Targets(model)
    for form in stage_forms(subject):
        targets.whole(form)
    assert targets.hint(_places((0,), (0, 1), (3,)))
    hint = model.cp.proto.solution_hint
    assert sorted(hint.vars) == list(range(len(model.cp.proto.variables)))
    for variable, value in zip(list(hint.vars), list(hint.values), strict=True):
        fixed = model.cp.get_int_var_from_proto_index(variable)
        model.cp.add(fixed == value)
    model.cp.clear_hints()  # type: ignore[no-untyped-call]
    solver = import_module("ortools.sat.python.cp_model").CpSolver()
    assert solver.status_name(solver.solve(model.cp)) == "OPTIMAL"


@pytest.mark.parametrize("seed", range(12))
def test_modes_as_single_intervals_and_apart_mean_the_same(seed: int) -> None:
    """Both ways to say what modes ask of resources have the same best first term."""
    subject = compile_problem(random_schedule(seed))
    best = {_least(IntervalModel(subject, merged=merged)) for merged in (False, True)}
    assert len(best) == 1


def test_random_schedules_have_single_intervals() -> None:
    """Most of those of the test above merge modes, so that it compares something."""
    subjects = [compile_problem(random_schedule(seed)) for seed in range(12)]
    merged = [bool(IntervalModel(subject, merged=True).given) for subject in subjects]
    assert sum(merged) >= 8


def _least(model: IntervalModel) -> tuple[str, int]:
    """Return the status, and the least whole sum of the first stage."""
    form = stage_forms(model.problem)[0]
    if model.infeasible:
        return "INFEASIBLE", 0
    model.cp.minimize(Targets(model).whole(form))
    solver = import_module("ortools.sat.python.cp_model").CpSolver()
    status = solver.status_name(solver.solve(model.cp))
    return status, round(solver.objective_value) if status == "OPTIMAL" else 0


def test_a_hint_that_does_not_fit_is_not_given() -> None:
    """Decisions that leave a project out, or a phase, hint at nothing."""
    model = IntervalModel(mixed())
    targets = Targets(model)
    partial = Decisions((True, True, True), ((PhaseDecision(0, 0),), (), (PhaseDecision(0, 0),)))
    for wrong in (Decisions((True, False, True), ((), (), ())), partial):
        assert not targets.hint(wrong)
        assert list(model.cp.proto.solution_hint.vars) == []


def test_the_constant_of_a_form_counts_in_gaps() -> None:
    """In units of the sum that is minimised: a maximised 5 of which tenths are taken is -50."""
    assert Form(True, 5.0, {TermName.COST: 1}, 10).offset == -50
    assert Form(False, 5.0, {TermName.COST: 1}, 10).offset == 50


def test_figures_of_decisions() -> None:
    """P ends on 2 (due 1), Q on 3 and R on 6; the fast mode costs 9."""
    found = figures(mixed(), _places((0,), (0, 1), (3,)))
    assert found == {TermName.MAKESPAN: 6, TermName.DELAY: 1, TermName.COST: 9}


@pytest.mark.parametrize(
    ("decisions", "rule"),
    [
        (_places((0,), (0, 1), (2,)), "people: b and R at once"),
        (_places((0,), (1, 2), (1,)), "the link from Q to R"),
        (_places((39,), (0, 1), (3,)), "the grid"),
        (_places((0,), (2, 0), (3,)), "the pin of a"),
        (_places((0,), (0, 12), (3,)), "the link inside Q"),
        (_places((0,), (0, 1), (3,), mode=2), "a mode that there is not"),
        (_places((0,), (0,), (3,)), "a phase without a date"),
        (Decisions((True, True, False), ((PhaseDecision(0, 0),), (), ())), "selection"),
    ],
)
def test_decisions_are_checked_apart_from_the_solver(decisions: Decisions, rule: str) -> None:
    """Decisions that break a rule get no certificate; those that keep all do."""
    assert certified(mixed(), decisions) is None, rule
    assert certified(mixed(), _places((0,), (0, 1), (3,))) is not None


def test_rules_around_the_schedule_are_checked_too() -> None:
    """Heads that nobody offers, a constant rule, and the latest start of a project count."""
    plan = _places((0,), (0, 1), (3,))
    assert certified(mixed(), replace(plan, heads=((0, 0, 1),))) is None
    rule = {"type": "count", "max": 0}
    one = Decisions((True,), ((PhaseDecision(0, 0),),))
    assert certified(schedule(lone("A", 1), rules=[rule]), one) is None
    assert certified(schedule(lone("A", 1)), one) is not None
    both = {"id": "P", "latest_start": 1, "phases": [phase("a", 1), phase("b", 1)]}
    both["links"] = [{"from": "a", "to": "b", "type": "FF", "min_lag": None, "max_lag": 30}]
    for start, kept in ((1, True), (2, False)):
        placed = (PhaseDecision(0, start), PhaseDecision(0, 5))
        found = certified(schedule(both), Decisions((True,), (placed,)))
        assert (found is not None) is kept


def test_a_worse_solution_does_not_replace_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the solver says, the plan is never worse than the one at hand."""
    start, worse = _places((0,), (0, 1), (3,)), _places((5,), (0, 1), (3,))
    monkeypatch.setattr(Targets, "decode", lambda *_: worse)
    outcome = solved(mixed("makespan", "delay"), start=start)
    assert outcome.decisions == start
    assert outcome.stages[0].best == 6


def test_the_search_begins_at_the_start() -> None:
    """The first plan of the search is the start's equal, or better."""
    found = solved(hard(), reproducible=True, work_limit=0.2)
    lines: list[Incumbent] = []
    options = Options(Clock(5), workers=2, start=found.decisions, on_progress=lines.append)
    solve_intervals(hard(), options)
    values = [line.value for line in lines if line.source == "cp-sat" and line.value is not None]
    assert values[0] <= (found.stages[0].best or 0)


def test_a_start_is_a_plan_at_once() -> None:
    """Without any time the plan is the start, if it keeps all rules, and there is a word of it."""
    lines: list[Incumbent] = []
    subject, start = mixed(), _places((0,), (0, 1), (3,))
    options = Options(Clock(0), start=start, on_progress=lines.append)
    outcome = solve_intervals(subject, options)
    assert (outcome.status, outcome.decisions) == (Status.FEASIBLE, start)
    assert (lines[0].value, lines[0].source) == (6, "start")
    assert outcome.termination is Termination.TIME_LIMIT
    broken = Options(Clock(0), start=_places((0,), (0, 1), (2,)))
    assert solve_intervals(subject, broken).status is Status.NO_PLAN_FOUND


def hard() -> Problem:
    """Return 45 activities on three skills that no engine proves within a minute."""
    random = Random(3)
    skills = ("dev", "ops", "qa")
    work: list[Data] = []
    for number in range(45):
        needs = [
            {"skill": skill, "fte": random.randint(1, 5)} for skill in random.sample(skills, 2)
        ]
        phases = [{"id": "f", "duration": random.randint(1, 9), "needs": needs}]
        work.append({"id": f"P{number:02}", "phases": phases})
    after = [random.randint(number + 1, min(number + 9, 44)) for number in range(44)]
    return schedule(
        *work,
        links=[{"from": f"P{a:02}", "to": f"P{b:02}"} for a, b in enumerate(after)],
        skills=[{"id": skill} for skill in skills],
        pools=[{"id": skill, "skill": skill, "fte": 6} for skill in skills],
        periods=260,
    )


def test_a_stop_ends_the_search() -> None:
    """With the signal set from the first plan on, the run ends with a plan and says why."""
    stop = threading.Event()

    def heard(line: Incumbent) -> None:
        if line.value is not None:
            stop.set()

    outcome = solved(hard(), clock=Clock(600, stop), on_progress=heard)
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.STOPPED)


@pytest.mark.parametrize("name", ["makespan", "npv"])
def test_progress_of_the_first_stage(name: str) -> None:
    """Values get better, bounds tighter, and the last of both is what the stage found."""
    lines: list[Incumbent] = []
    subject = mixed(name, "delay")
    outcome = solved(subject, on_progress=lines.append)
    better = subject.maximised
    values = [line.value for line in lines if line.value is not None]
    bounds = [line.bound for line in lines if line.bound is not None]
    assert values == sorted(values, reverse=not better)
    assert bounds == sorted(bounds, reverse=better)
    assert (values[-1], bounds[-1]) == (outcome.stages[0].best, outcome.stages[0].bound)


def test_a_gap_may_end_a_stage() -> None:
    """A gap of half is reached at once; the plan is not called optimal."""
    outcome = solved(hard(), gap=0.5)
    stage = outcome.stages[0]
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.GAP)
    assert stage.best is not None
    assert stage.bound is not None
    assert stage.best / 2 <= stage.bound < stage.best


@pytest.mark.parametrize("seed", [1, 5, 11])
def test_reproducible_runs_repeat(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The same plan comes out again, with rows shuffled too."""
    portfolio = random_schedule(seed)
    own = {"seconds", "build_seconds", "incumbents"}

    def made(subject: Portfolio) -> dict[str, Any]:
        plan = by_intervals(monkeypatch, subject, time_limit=60, reproducible=True)
        return plan.model_dump(exclude=own)

    expected = made(portfolio)
    assert made(portfolio) == expected
    assert made(shuffled(portfolio, seed)) == expected


def test_work_limits_repeat() -> None:
    """A search that its work limit ends gives the same plan and bound again."""
    options = {"reproducible": True, "work_limit": 0.3, "clock": Clock(600)}
    first, second = (solved(hard(), **options) for _ in range(2))
    assert first.termination is Termination.WORK_LIMIT
    assert (first.decisions, first.stages) == (second.decisions, second.stages)
    assert first.reproducible
