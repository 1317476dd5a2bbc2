"""What every exact engine declares, refuses, proves and repeats."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.backend import backend_names, load_backend
from pmo_optimizer.model import EngineInfo, Plan, Status, Termination, Unsupported
from pmo_optimizer.problem import Feature
from tests.contract.builders import (
    Data,
    changed,
    choice,
    fund,
    link,
    lump,
    need,
    parsed,
    person,
    portfolio,
    project,
    skills,
)
from tests.contract.cases.hard import knapsack
from tests.contract.solving import best, close, exact_engines, run
from tests.contract.test_starts import MIXED


def test_both_exact_engines_are_registered() -> None:
    """The tests of this folder run on CP-SAT and on the MILP engine, at the least."""
    assert {"cp-sat", "milp"} <= set(exact_engines())


# -- capabilities ------------------------------------------------------------------------------


def test_an_exact_engine_plans_all_but_named_staffing(engine: str) -> None:
    """What is missing is named people, and nothing else."""
    missing = set(Feature) - load_backend(engine).capabilities
    assert missing == {Feature.NAMED}


def test_an_engine_tells_its_versions(engine: str) -> None:
    """The plan names the engine and the libraries that it stands on."""
    info = best(portfolio(1, choice("A", 5)), engine).engine
    assert info is not None
    assert info.name == engine
    assert info.versions == load_backend(engine).versions()
    assert all(info.versions.values())
    assert info.word


def test_what_an_engine_lacks_is_refused(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that does not declare a feature is not asked for it; all of them are named."""
    backend = type(load_backend(engine))
    monkeypatch.setattr(backend, "capabilities", frozenset({Feature.SKILLS}))
    subject = portfolio(
        2,
        project("A", 5, needs=[need("dev")]),
        project("B", 4),
        links=[link("A", "B")],
        funds=[fund(total=5)],
        people=[person("p")],
        **skills("dev"),
    )
    with pytest.raises(Unsupported, match=rf"'{engine}' does not support funds, links, open_lines"):
        run(subject, engine)


def test_an_unknown_engine_is_refused() -> None:
    """The message names the engines that there are."""
    subject = parsed(portfolio(1, choice("A", 5)))
    with pytest.raises(Unsupported) as caught:
        optimize(subject, backend="abacus")
    assert "'abacus'" in str(caught.value)
    assert {name for name in ("auto", *backend_names()) if name in str(caught.value)} == {
        "auto",
        *backend_names(),
    }


# -- nothing to do, nothing that can be done ---------------------------------------------------


def test_a_portfolio_without_projects(engine: str) -> None:
    """Nothing is worth nothing, and that is proved."""
    plan = best(portfolio(3), engine)
    assert (plan.objective, plan.termination) == (0, Termination.PROVED)
    assert plan.projects == ()


@pytest.mark.parametrize("term", ["value", "cost", "makespan"])
def test_a_portfolio_in_which_all_is_done(engine: str, term: str) -> None:
    """Done projects count as selected and are in no term."""
    done = [choice(name, 5, 7, state="done") for name in ("A", "B")]
    plan = best(portfolio(3, *done, objective={"terms": [{"term": term}]}), engine)
    assert (plan.objective, plan.termination) == (0, Termination.PROVED)
    assert plan.selected == ("A", "B")


def test_a_synergy_of_done_projects_is_a_constant(engine: str) -> None:
    """Where all members are done the bonus is there whatever is decided."""
    done = [choice(name, 5, state="done") for name in ("A", "B")]
    subject = portfolio(1, *done, synergies=[{"projects": ["A", "B"], "value": 2}])
    assert best(subject, engine).objective == 2


def musts(**parts: Any) -> Data:
    """Return two projects of one month that must be done in the first one, with one developer."""
    wanted: Data = {"decision": "must", "needs": [need("dev")], "lines": [lump(6)]}
    return portfolio(
        2,
        *(project(name, 5, latest_start=0, **wanted) for name in ("A", "B")),
        people=[person("p", count=2)],
        **skills("dev"),
        **parts,
    )


INFEASIBLE = {
    "people": changed(musts(), {"people/p/count": 1}),
    "money": musts(funds=[fund(total="11.999999999999")]),
    "caps": musts(caps=[{"amounts": {"total": 11}}]),
    "starts": musts(rules=[{"type": "starts", "max": 1}]),
    "shares": musts(
        rules=[
            {
                "type": "share",
                "measure": "cost",
                "where": {},
                "sense": "at_most",
                "share": 0.5,
                "of": 23,
            }
        ]
    ),
    "stopping": portfolio(
        1,
        choice("A", 1, 9, state="running", stoppable=True, exit_cost=8),
        funds=[fund(total=7)],
    ),
}


@pytest.mark.parametrize("subject", INFEASIBLE.values(), ids=INFEASIBLE)
def test_an_infeasible_portfolio_is_proved_to_be_one(engine: str, subject: Data) -> None:
    """There is no plan, no objective and no bound, and the status says that this is proved."""
    plan = run(subject, engine)
    assert (plan.status, plan.termination) == (Status.INFEASIBLE, Termination.PROVED)
    assert (plan.objective, plan.bound, plan.gap) == (None, None, None)
    assert (plan.projects, plan.terms, plan.selected) == ((), (), ())
    assert not plan.found


def test_the_same_portfolio_with_enough_of_all_is_feasible(engine: str) -> None:
    """What makes the others infeasible is the limit that each of them adds."""
    assert best(musts(funds=[fund(total=12)]), engine).objective == 10


# -- the same again ----------------------------------------------------------------------------


OWN_TO_A_RUN = {"seconds", "build_seconds", "incumbents"}
"""What tells how a run went, not what it found."""


def told(plan: Plan) -> str:
    """Return a plan as JSON without what tells how a run went."""
    return plan.model_dump_json(exclude=OWN_TO_A_RUN)


def info(plan: Plan) -> EngineInfo:
    """Return what a plan says of its engine."""
    assert plan.engine is not None
    return plan.engine


@pytest.mark.parametrize("subject", [knapsack(20), MIXED], ids=["selection", "everything"])
def test_a_reproducible_proof_repeats_itself(engine: str, subject: Data) -> None:
    """The same input gives the same plan, to the last digit."""
    first, second = (run(subject, engine, reproducible=True) for _ in range(2))
    assert told(first) == told(second)
    assert info(first).reproducible


def test_a_reproducible_search_repeats_itself(engine: str) -> None:
    """A search that ends by its work limit gives the same plan, however fast the machine is."""
    subject = knapsack(60)
    first, second = (run(subject, engine, reproducible=True, time_limit=0.5) for _ in range(2))
    assert first.termination is Termination.WORK_LIMIT
    assert told(first) == told(second)
    assert info(first).reproducible


def test_a_search_by_the_clock_is_not_called_reproducible(engine: str) -> None:
    """Only the mode of that name makes the promise."""
    assert not info(best(MIXED, engine)).reproducible


def test_the_best_plan_does_not_depend_on_the_seed(engine: str) -> None:
    """Seeds change the way, not the proof."""
    subject = parsed(MIXED)
    plans = [optimize(subject, backend=engine, workers=1, seed=seed) for seed in (1, 2)]
    assert plans[0].objective == close(plans[1].objective or 0)
    assert [info(plan).seed for plan in plans] == [1, 2]
