"""What capacity does not see and names do: later stages, heads, musts, limits that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, hire_worth, optimize, referee, staff
from pmo_optimizer.backend import Clock, Options, Outcome
from pmo_optimizer.model import Plan, Portfolio, Status
from pmo_optimizer.problem import Problem, compile_problem
from pmo_solvers.cp_sat import CpSatBackend
from pmo_solvers.named import NamedStaffer
from tests.contract.builders import Data, lump, mode, parsed, person, portfolio, project, skills
from tests.contract.solving import close


def named(made: Portfolio, **options: Any) -> Plan:
    """Return the named plan of a portfolio, which the referee accepts."""
    plan = optimize(made, staffing="named", time_limit=20, workers=2, **options)
    assert not referee.disagreements(plan, referee.check(made, plan))
    return plan


def subject(periods: int, *jobs: Data, people: list[Data], **parts: Any) -> Portfolio:
    """Return a portfolio of developers."""
    return parsed(portfolio(periods, *jobs, **(skills("dev") | {"people": people} | parts)))


def test_bounds_of_later_stages_hold_for_named_plans() -> None:
    """Where names make a plan slower, what is proved of the cost of the quick one is not said."""
    fast = mode("fast", 1, [{"skill": "dev", "heads": 2, "share": 0.5}], [lump(10)])
    slow = mode("slow", 2, [{"skill": "dev", "fte": 0.5}], [lump(1)])
    job = {"id": "A", "value": 5, "phases": [{"id": "work", "modes": [fast, slow]}]}
    terms = [{"term": name} for name in ("value", "makespan", "cost")]
    made = subject(2, job, people=[person("ann")], objective={"terms": terms})
    plan = named(made)
    assert [term.value for term in plan.terms] == [close(5), close(2), close(1)]
    assert all(
        term.bound is None or term.bound <= term.value + 1e-6
        for term in plan.terms
        if term.term != "value"
    )


def test_a_hired_head_is_one_of_the_heads() -> None:
    """Two heads at half their time are not one hired head twice."""
    job = project("A", 5, 1, needs=[{"skill": "dev", "heads": 2, "share": 0.5}])
    hires = [{"id": "more", "skill": "dev", "max_heads": 1}]
    plan = named(subject(1, job, people=[person("ann", fte=0.1)], hires=hires))
    assert plan.selected == ()
    plan = named(subject(1, job, people=[person("ann", fte=0.5)], hires=hires))
    assert plan.status in {Status.OPTIMAL, Status.FEASIBLE}
    assert plan.selected == ("A",)
    assert {a.supplier for a in plan.allocations} == {"ann", "more"}


def test_who_must_work_and_is_away_rules_the_dates_out() -> None:
    """The project waits until Ann, who must work on it, is back; it is out where she never is."""
    away = [{"first": "2027-01-01", "last": "2027-01-31"}]
    people = [person("ann", absences=away), person("bob")]
    job = project("A", 5, 1, needs=[{"skill": "dev", "fte": 0.5, "must": ["ann"]}])
    later = named(subject(2, job, people=people))
    assert [p.start for p in later.projects] == [1]
    assert named(subject(1, job, people=people)).selected == ()


def test_a_start_above_a_limit_that_fell_is_not_kept() -> None:
    """Names of a plan whose effort came faster than is allowed now are found anew."""

    def made(most: float) -> Portfolio:
        need = {"skill": "dev", "effort": 1, "max_fte": most}
        return subject(2, project("A", 5, 2, needs=[need]), people=[person("ann", fte=0.9)])

    first = named(made(1.0))
    data = first.to_data()
    data["allocations"] = [data["allocations"][0] | {"start": 0, "shares": [0.9, 0.1]}]
    fast = Plan.parse(data)
    assert named(made(0.5), start=fast).fully_staffed
    assert staff(made(0.5), fast, time_limit=10, workers=2).fully_staffed


@pytest.mark.parametrize(("change", "selected"), [("must", ("B",)), ("never", ("B",))])
def test_a_start_that_breaks_what_was_decided_since_is_not_kept(
    change: str, selected: tuple[str, ...]
) -> None:
    """Where B must be in now, or A must not, the plan with A alone is left behind."""
    need = [{"skill": "dev", "fte": 1}]
    jobs = [project("A", 5, 2, needs=need), project("B", 1, 2, needs=need)]
    before = named(subject(2, *jobs, people=[person("ann")]))
    assert before.selected == ("A",)
    jobs[change == "must"] |= {"decision": change}
    after = named(subject(2, *jobs, people=[person("ann")]), start=before)
    assert (after.status, after.selected) == (Status.OPTIMAL, selected)


def changed_work(**change: Any) -> Portfolio:
    """Return four periods of work for Ann or Bob, or what became of it."""
    need = {"skill": "dev", "fte": 1} | change.get("need", {})
    job = project("A", 5, change.get("duration", 4), needs=[need])
    people = [person("ann"), person("bob", fte=0.5)]
    return subject(4, job, people=people)


@pytest.mark.parametrize(
    "change",
    [
        {"duration": 2},
        {"need": {"must_not": ["ann"], "fte": 0.5}},
        {"need": {"min_proficiency": 0.9, "must": ["bob"]}},
        {"need": {"heads": 1, "share": 0.5, "fte": None}},
    ],
    ids=["shorter", "barred", "must", "heads"],
)
def test_a_start_of_other_work_is_not_kept(change: dict[str, Any]) -> None:
    """Work that became shorter, or that others may do now, is staffed anew."""
    before = named(changed_work())
    assert before.fully_staffed
    after = named(changed_work(**change), start=before)
    assert after.fully_staffed
    assert after.selected == ("A",)


def test_a_start_whose_hire_comes_later_is_not_kept() -> None:
    """A head that was ordered at once, and can only be ordered later now, is ordered anew."""

    def made(first: int) -> Portfolio:
        job = project("A", 5, 1, needs=[{"skill": "dev", "fte": 1}])
        hires = [{"id": "more", "skill": "dev", "max_heads": 1, "earliest_order": first}]
        return subject(4, job, people=[person("ann", fte=0.5)], hires=hires)

    before = named(made(0))
    order = before.hires[0].model_copy(update={"period": 0})
    after = named(made(2), start=before.model_copy(update={"hires": (order,)}))
    assert after.fully_staffed
    assert [hire.period >= 2 for hire in after.hires] == [True]


def test_hires_of_one_head_serve_needs_of_two() -> None:
    """Heads count as single FTE where everything else comes in pairs."""
    jobs = [project("A", 5, 1, needs=[{"skill": "dev", "fte": 2}])]
    jobs += [project("B", 3, 1, needs=[{"skill": "dev", "fte": 4}])]
    hires = [{"id": name, "skill": "dev", "max_heads": 1} for name in ("one", "two")]
    pools = [{"id": "lab", "skill": "dev", "fte": 4}]
    plan = named(subject(1, *jobs, people=[], hires=hires, pools=pools))
    assert (plan.status, plan.selected) == (Status.OPTIMAL, ("A", "B"))


def test_a_hire_that_capacity_does_without_is_found() -> None:
    """Where only somebody hired may do the work, heads are added that a flow does not need."""
    need = {"skill": "dev", "fte": 0.5, "must_not": ["ann"]}
    hires = [{"id": "more", "skill": "dev", "max_heads": 2, "cost_once": 1}]
    made = subject(2, project("A", 5, 2, needs=[need]), people=[person("ann")], hires=hires)
    plan = named(made)
    assert (plan.status, plan.selected) == (Status.OPTIMAL, ("A",))
    assert sum(hire.heads for hire in plan.hires) == 1
    poor = parsed({**made.to_data(), "funds": [{"id": "cash", "amounts": {"total": 0}}]})
    assert optimize(poor, staffing="named", time_limit=2, workers=2).selected == ()


def test_an_engine_that_is_slow_at_first_is_asked_again() -> None:
    """Where the first part of the time gives no plan by capacity, the engine gets more of it."""

    class Late(CpSatBackend):
        """CP-SAT, too late the first time."""

        asked = 0

        def solve(self, problem: Problem, options: Options) -> Outcome:
            self.asked += 1
            clock = Clock(0.0) if self.asked == 1 else options.clock
            return super().solve(problem, replace(options, clock=clock))

    jobs = [project(name, 5, 1, needs=[{"skill": "dev", "fte": 1}]) for name in "AB"]
    made = subject(2, *jobs, people=[person("ann")])
    problem = compile_problem(made, named=True)
    engine = Late()
    outcome = NamedStaffer().solve(problem, Options(clock=Clock(20.0), workers=2), engine)
    assert engine.asked > 1
    assert outcome.status is Status.OPTIMAL


def test_a_run_that_counts_work_says_so_where_needs_are_open() -> None:
    """What is unmet in a reproducible run is as reproducible as a whole plan."""
    job = project("A", 1, 1, decision="must", needs=[{"skill": "dev", "heads": 2, "share": 0.5}])
    plan = named(subject(1, job, people=[person("ann")]), reproducible=True)
    assert plan.unmet
    assert plan.engine is not None
    assert plan.engine.reproducible


def test_dedications_bind_people_of_more_than_one_fte() -> None:
    """Somebody of 1.5 FTE with 1.2 for a project does not serve 1.5."""
    away = [{"project": "A", "fte": 1.2}]
    job = project("A", 5, 1, needs=[{"skill": "dev", "fte": 1.5}])
    plan = named(subject(1, job, people=[person("ann", fte=1.5, dedications=away)]))
    assert plan.selected == ()


def test_hires_that_nothing_goes_without_come_first() -> None:
    """A hire that a mandatory project needs is indispensable; plans of others are refused."""
    jobs = [project("A", 1, 1, decision="must", needs=[{"skill": "dev", "fte": 1}])]
    hires = [{"id": "more", "skill": "dev", "max_heads": 1}]
    made = subject(1, *jobs, people=[person("ann", fte=0.5)], hires=hires)
    plan = optimize(made, time_limit=10, workers=2)
    (worth,) = hire_worth(made, plan, time_limit=10, workers=2)
    assert worth.indispensable
    assert worth.proven
    with pytest.raises(InvalidInput, match="another portfolio"):
        hire_worth(subject(1, *jobs, people=[person("ann")]), plan)
