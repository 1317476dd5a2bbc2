"""How `backend="auto"` shares what there is between the engines of a race."""

from __future__ import annotations

import pytest

from pmo_optimizer.auto import PREFERRED, _Race, threads_of
from pmo_optimizer.backend import Certificate, Clock, Decisions, Options, Outcome, Stage
from pmo_optimizer.model import Status, Termination
from pmo_optimizer.problem import Feature, Problem
from tests.unit.problem_cases import problem, project


@pytest.mark.parametrize("workers", range(2, 9))
def test_threads_of_a_race_are_as_many_as_workers(workers: int) -> None:
    """CP-SAT and the MIP solver share the workers; CP-SAT has two threads at least."""
    threads = {name: threads_of(name, workers) for name in PREFERRED}
    assert threads == {"cp-sat": max(2, workers - 1), "milp": 1}
    assert sum(threads.values()) == max(3, workers)


class _Told:
    """An engine that reports one line, then ends with an outcome, or waits for the stop."""

    capabilities = frozenset(Feature)
    exact = True

    def __init__(self, name: str, line: tuple[float | None, float | None], outcome: Outcome):
        self.name = name
        self.line = line
        self.outcome = outcome

    def versions(self) -> dict[str, str]:
        """Return nothing."""
        return {}

    def solve(self, _problem: Problem, options: Options) -> Outcome:
        """Report and wait."""
        options.report(*self.line, self.name)
        options.clock.stop.wait(min(10, options.clock.left))
        return self.outcome


def test_a_race_keeps_the_bound_that_ended_it() -> None:
    """One engine streams the bound that meets the other's plan, then ends without it: proved."""
    subject = problem(projects=[project("A", value=5)])
    decisions = Decisions(selected=(True,), phases=((),))
    plan = Outcome(
        Status.FEASIBLE, Termination.TIME_LIMIT, (Stage(5.0, 9.0),), decisions, Certificate()
    )
    bound = Outcome(Status.NO_PLAN_FOUND, Termination.STOPPED, (Stage(None, 7.0),))
    engines = (_Told("cp-sat", (None, 5.0), bound), _Told("milp", (5.0, None), plan))
    outcome = _Race(subject, Options(clock=Clock(60.0), workers=2), engines).run()
    assert (outcome.status, outcome.termination) == (Status.OPTIMAL, Termination.PROVED)
    assert outcome.stages == (Stage(5.0, 5.0),)


def test_a_race_is_not_proved_by_its_first_stage_alone() -> None:
    """The first stage is closed, the second is not: the reason is the one of the best engine."""
    terms = [{"term": "value"}, {"term": "cost"}]
    subject = problem(projects=[project("A", value=5)], objective={"terms": terms})
    decisions = Decisions(selected=(True,), phases=((),))
    stages = (Stage(5.0, 5.0), Stage(9.0, 1.0))
    plan = Outcome(Status.FEASIBLE, Termination.TIME_LIMIT, stages, decisions, Certificate())
    engines = (_Told("cp-sat", (5.0, 5.0), plan), _Told("milp", (5.0, None), plan))
    options = Options(clock=Clock(0.2), workers=2)
    outcome = _Race(subject, options, engines).run()
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.TIME_LIMIT)
