"""The one orchestration: options, refusals, and engines that do not tell the truth."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from math import inf, nan
from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.backend import Certificate, Decisions, Options, Outcome, Share, Split, Stage
from pmo_optimizer.model import (
    EngineError,
    Incumbent,
    InvalidInput,
    Plan,
    Portfolio,
    Status,
    SupplierKind,
    Termination,
    TermName,
    Unsupported,
)
from pmo_optimizer.problem import Feature, Problem
from tests.unit.problem_cases import decided, portfolio, project, worker

MODULE = import_module("pmo_optimizer.optimize")
"""The module; the package's attribute of that name is the function."""

Answer = Callable[[Problem, Options], Outcome]


class FakeBackend:
    """An engine that says what a test wants it to say."""

    name = "fake"
    exact = True

    def __init__(self, answer: Answer, capabilities: frozenset[Feature]) -> None:
        self._answer = answer
        self.capabilities = capabilities
        self.options: Options | None = None

    def versions(self) -> dict[str, str]:
        """Return a version."""
        return {"fake": "1.0"}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the answer that the test gave."""
        self.options = options
        return self._answer(problem, options)


Install = Callable[..., FakeBackend]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what makes an answer the engine called fake."""

    def put(answer: Answer, capabilities: frozenset[Feature] = frozenset(Feature)) -> FakeBackend:
        engine = FakeBackend(answer, capabilities)
        monkeypatch.setattr(MODULE, "load_backend", lambda _name: engine)
        return engine

    return put


def subject() -> Portfolio:
    """Return A and B (value 1 each), of which one developer can do one at a time.

    A costs 3 and B costs 2, from two funds of 2 and 3.
    """
    return portfolio(
        skills=[{"id": "dev"}],
        people=[{"id": "ann", "skills": {"dev": 1}}],
        funds=[{"id": "F", "amounts": {"total": 2}}, {"id": "G", "amounts": {"total": 3}}],
        projects=[
            worker("A", 1, duration=2, costs=[{"id": "c", "lump": 3}]),
            worker("B", 1, duration=2, costs=[{"id": "c", "lump": 2}]),
        ],
    )


def share(project_index: int, period: int) -> Share:
    """Return all of Ann's time in a period."""
    return Share(SupplierKind.CLASS, "class:dev@1", project_index, 0, "dev", period, Fraction(1))


def honest(problem: Problem, _options: Options | None = None) -> Outcome:
    """Return the optimal plan: A in 0 and 1, B in 2 and 3, money to the last cent."""
    shares = tuple(share(p, t) for p, t in ((0, 0), (0, 1), (1, 2), (1, 3)))
    splits = (Split("A/costs/c", 1, 0, 3), Split("B/costs/c", 0, 2, 2))
    return Outcome(
        Status.OPTIMAL,
        Termination.PROVED,
        (Stage(2.0, 2.0),),
        decided(problem, A=0, B=2),
        Certificate(shares, splits),
        word="fine",
        build_seconds=0.25,
        columns=7,
        rows=5,
        reproducible=True,
    )


def run(**options: Any) -> Plan:
    """Return the plan of the fake engine."""
    return optimize(subject(), **{"backend": "fake", **options})


# -- the good case ----------------------------------------------------------------------------


def test_an_honest_engine_is_believed(install: Install) -> None:
    """The plan carries decisions, the referee's figures, proof and engine."""
    install(honest)
    plan = run(workers=3, seed=7)
    assert (plan.status, plan.termination) == (Status.OPTIMAL, Termination.PROVED)
    assert (plan.objective, plan.bound, plan.gap) == (2.0, 2.0, 0.0)
    assert plan.selected == ("A", "B")
    assert plan.digest == subject().digest()
    assert (plan.kpis.terms[TermName.VALUE], plan.kpis.terms[TermName.COST]) == (2.0, 5.0)
    assert [(t.term, t.value, t.best, t.bound, t.gap) for t in plan.terms] == [
        (TermName.VALUE, 2.0, 2.0, 2.0, 0.0)
    ]
    engine = plan.engine
    assert engine is not None
    assert (engine.name, engine.versions, engine.word) == ("fake", {"fake": "1.0"}, "fine")
    assert (engine.workers, engine.seed, engine.reproducible) == (3, 7, True)
    assert (engine.columns, engine.rows) == (7, 5)
    assert plan.violations == ()
    assert plan.seconds >= 0
    assert plan.build_seconds >= 0.25


def test_options_reach_the_engine(install: Install) -> None:
    """The engine gets the user's limits and the start by index."""
    engine = install(honest)
    start = run()
    stop = threading.Event()
    run(time_limit=5, gap=0.25, workers=2, seed=9, start=start, stop=stop)
    options = engine.options
    assert options is not None
    assert (options.gap, options.workers, options.seed) == (0.25, 2, 9)
    assert not options.reproducible
    # A little of the time stays for the referee.
    assert 4.5 <= options.clock.limit < 5
    assert options.clock.stop is stop
    assert options.start is not None
    assert options.start.selected == (True, True)


def test_reproducible_mode_budgets_work(install: Install) -> None:
    """The limit is one of work; the clock is a safeguard that fires much later."""
    engine = install(honest)
    stop = threading.Event()
    run(time_limit=5, reproducible=True, stop=stop)
    options = engine.options
    assert options is not None
    assert options.reproducible
    assert options.work_limit == 5
    assert (options.clock.limit, options.clock.stop) == (5 * MODULE.WALL_FACTOR, stop)
    assert MODULE.WALL_FACTOR > 1


def test_workers_are_all_cores_by_default(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one where the number of cores is unknown."""
    engine = install(honest)
    for cores, workers in ((6, 6), (None, 1)):
        monkeypatch.setattr(MODULE.os, "cpu_count", lambda cores=cores: cores)
        run()
        assert engine.options is not None
        assert engine.options.workers == workers


def test_progress_is_kept_and_handed_on(install: Install) -> None:
    """Every line is in the plan and reaches the caller, in order; the judged plan ends the log."""

    def talking(problem: Problem, options: Options) -> Outcome:
        options.report(None, 9.0, "fake")
        options.report(1.0, 3.0, "fake")
        return honest(problem)

    install(talking)
    lines: list[Incumbent] = []
    plan = run(on_progress=lines.append)
    assert [(line.value, line.bound) for line in lines] == [(None, 9.0), (1.0, 3.0), (2.0, 2.0)]
    assert plan.incumbents == tuple(lines)


# -- options ----------------------------------------------------------------------------------

BAD_OPTIONS = [
    {"time_limit": 0},
    {"time_limit": -1},
    {"time_limit": nan},
    {"time_limit": -inf},
    {"gap": -0.1},
    {"gap": 1},
    {"gap": nan},
    {"gap": inf},
    {"workers": 0},
    {"workers": -2},
    {"seed": -1},
    {"seed": 2**31},
]


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=str)
def test_options_out_of_range_are_refused(install: Install, options: dict[str, Any]) -> None:
    """The message names the option, and no engine is asked."""
    engine = install(honest)
    (name,) = options
    with pytest.raises(ValueError, match=name):
        run(**options)
    assert engine.options is None


@pytest.mark.parametrize(
    "options",
    [
        {"time_limit": inf},
        {"time_limit": 1e-3},
        {"gap": 0.999},
        {"workers": 1},
        {"seed": 2**31 - 1},
    ],
    ids=str,
)
def test_options_at_the_edge_are_fine(install: Install, options: dict[str, Any]) -> None:
    """No limit, the smallest and the largest values are accepted."""
    install(honest)
    assert run(**options).status is Status.OPTIMAL


def test_invalid_portfolios_never_reach_an_engine(install: Install) -> None:
    """Every finding is in the exception."""
    engine = install(honest)
    broken = portfolio(
        projects=[project("A", 9, decision="must")], links=[{"from": "A", "to": "X"}]
    )
    with pytest.raises(InvalidInput) as caught:
        optimize(broken, backend="fake")
    assert len(caught.value.findings) >= 2
    assert engine.options is None


def test_missing_capabilities_are_refused_before_solving(install: Install) -> None:
    """An engine without funds is not asked about a portfolio with funds."""
    engine = install(honest, frozenset({Feature.SKILLS}))
    with pytest.raises(Unsupported, match="funds"):
        run()
    assert engine.options is None


def test_unknown_engines_are_refused() -> None:
    """The message lists the engines that there are."""
    with pytest.raises(Unsupported, match="cp-sat"):
        optimize(subject(), backend="none")


# -- outcomes without a plan ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "termination"),
    [
        (Status.INFEASIBLE, Termination.PROVED),
        (Status.NO_PLAN_FOUND, Termination.TIME_LIMIT),
        (Status.NO_PLAN_FOUND, Termination.STOPPED),
        (Status.FAILED, Termination.CRASH),
    ],
)
def test_no_plan_is_an_answer_too(
    install: Install, status: Status, termination: Termination
) -> None:
    """Status and reason come back, with a bound where there is one, and nothing is raised."""
    install(lambda *_: Outcome(status, termination, (Stage(None, 7.0),)))
    plan = run()
    assert (plan.status, plan.termination, plan.bound) == (status, termination, 7.0)
    assert (plan.objective, plan.gap, plan.projects) == (None, None, ())
    install(lambda *_: Outcome(status, termination))
    assert run().bound is None


# -- engines that do not tell the truth -------------------------------------------------------


def lying(**change: Any) -> Answer:
    """Return an answer that differs from the honest one in some fields."""
    return lambda problem, _options: replace(honest(problem), **change)


def refused(install: Install, answer: Answer, *words: str) -> None:
    """Assert that the referee refuses the answer and says why."""
    install(answer)
    with pytest.raises(EngineError, match="referee refused") as caught:
        run()
    for word in words:
        assert word in str(caught.value)


def test_over_capacity_is_refused(install: Install) -> None:
    """Both projects at once need Ann twice."""

    def answer(problem: Problem, _options: Options) -> Outcome:
        shares = tuple(share(p, t) for p in (0, 1) for t in (0, 1))
        good = honest(problem)
        splits = (Split("A/costs/c", 1, 0, 3), Split("B/costs/c", 0, 0, 2))
        return replace(
            good, decisions=decided(problem, A=0, B=0), certificate=Certificate(shares, splits)
        )

    refused(install, answer, "class:dev@1")


def test_work_that_nobody_does_is_refused(install: Install) -> None:
    """A certificate without shares proves nothing."""
    splits = (Split("A/costs/c", 1, 0, 3), Split("B/costs/c", 0, 2, 2))
    refused(install, lying(certificate=Certificate((), splits)), "A")


def test_money_that_is_not_there_is_refused(install: Install) -> None:
    """Both lines from the fund of 3, or a line paid in part."""

    def paying(*splits: Split) -> Answer:
        def answer(problem: Problem, _options: Options) -> Outcome:
            good = honest(problem)
            return replace(good, certificate=Certificate(good.certificate.shares, splits))

        return answer

    refused(install, paying(Split("A/costs/c", 1, 0, 3), Split("B/costs/c", 1, 2, 2)), "G")
    refused(install, paying(Split("A/costs/c", 1, 0, 3), Split("B/costs/c", 0, 2, 1)), "B")


def test_a_bound_on_the_wrong_side_is_refused(install: Install) -> None:
    """A plan of value 2 cannot be bounded by 1.5."""
    stages = (Stage(2.0, 1.5),)
    refused(install, lying(status=Status.FEASIBLE, stages=stages), "1.5")


def test_a_bound_that_is_no_number_is_refused(install: Install) -> None:
    """NaN proves nothing and is on no side."""
    refused(install, lying(stages=(Stage(2.0, nan),)))


def test_optimal_without_proof_is_refused(install: Install) -> None:
    """An engine's word is no proof: the bound must be there, and near."""
    refused(install, lying(stages=(Stage(2.0, 2.5),)), "ptimal")
    refused(install, lying(stages=(Stage(2.0, None),)), "ptimal")


def test_infeasible_with_a_plan_is_refused(install: Install) -> None:
    """There cannot be a plan of what is called infeasible."""
    install(lying(status=Status.INFEASIBLE))
    with pytest.raises(EngineError, match="says infeasible but its decisions say otherwise"):
        run()


def test_a_plan_without_decisions_is_refused(install: Install) -> None:
    """Optimal or feasible without any plan is a contradiction, not a success."""
    for status in (Status.OPTIMAL, Status.FEASIBLE):
        install(lying(status=status, decisions=None))
        with pytest.raises(EngineError):
            run()


def test_a_plan_without_stages_is_refused(install: Install) -> None:
    """An engine that proves nothing says so in a stage; no stage at all is a failure."""
    install(lying(status=Status.FEASIBLE, stages=()))
    with pytest.raises(EngineError):
        run()


def test_decisions_of_another_shape_are_an_engine_failure(install: Install) -> None:
    """Too few phases are not a plan."""

    def answer(problem: Problem, _options: Options) -> Outcome:
        good = honest(problem)
        return replace(good, decisions=Decisions((True, True), ((), ())))

    install(answer)
    with pytest.raises(EngineError):
        run()


def test_broken_links_and_rules_are_refused(install: Install) -> None:
    """Selection and precedence are the referee's business as well."""
    chained = subject().model_copy(
        update={
            "links": portfolio(
                projects=[project("A", 1), project("B", 1)], links=[{"from": "B", "to": "A"}]
            ).links
        }
    )
    install(honest)
    with pytest.raises(EngineError, match="link"):
        optimize(chained, backend="fake")


def test_a_bound_within_the_noise_of_floats_is_moved(install: Install) -> None:
    """A bound that misses the value by less than 1e-9 is the value."""
    install(lying(stages=(Stage(2.0, 2.0 - 1e-12),)))
    assert run().bound == 2.0


def test_an_unproved_plan_may_stand_without_bound(install: Install) -> None:
    """A heuristic plan is feasible with neither bound nor gap."""
    change = {"status": Status.FEASIBLE, "termination": Termination.TIME_LIMIT}
    install(lying(**change, stages=(Stage(2.0, None),)))
    plan = run()
    assert (plan.status, plan.objective, plan.bound, plan.gap) == (Status.FEASIBLE, 2.0, None, None)
