"""The client against a live service: what planners do, from portfolio to decision."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pmo_optimizer import Incumbent, Portfolio, referee
from pmo_optimizer.client import Client, Override, ServiceError
from pmo_optimizer.model import Status, Termination
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import open_store
from tests.api.live import served, settings_in

BIGGER = {"id": "more", "changes": [{"change": "budget", "fund": "money", "to": 15}]}

QUICK = {"time_limit": 10, "workers": 1, "backend": "cp-sat"}


@pytest.mark.parametrize("follow", [True, False])
def test_solve_returns_the_plan(client: Client, tiny: Portfolio, follow: bool) -> None:
    """By events or by asking: the optimum, proven, for this portfolio, right by the referee."""
    plan = client.solve(tiny, time_limit=10, workers=1, backend="cp-sat", follow=follow)
    assert (plan.status, plan.termination, plan.objective) == ("optimal", "proved", 5)
    assert plan.selected == ("P1",)
    assert plan.digest == tiny.digest()
    assert not referee.check(tiny, plan).violations


def test_solve_under_a_scenario(client: Client, tiny: Portfolio) -> None:
    """With enough money both projects are selected."""
    plan = client.solve(tiny, scenario=BIGGER, time_limit=10, workers=1, backend="cp-sat")
    assert plan.selected == ("P1", "P2")


def test_an_infeasible_portfolio_is_an_answer(client: Client, tiny: Portfolio) -> None:
    """Infeasible is the plan's status, not an error."""
    data = tiny.to_data()
    for project in data["projects"]:
        project["decision"] = "must"
    plan = client.solve(Portfolio.parse(data), time_limit=10, workers=1, backend="cp-sat")
    assert (plan.status, plan.termination) == (Status.INFEASIBLE, Termination.PROVED)
    assert not plan.found


def test_progress_is_told_and_a_flag_stops(client: Client, endless: Portfolio) -> None:
    """Incumbents come while it runs; once the flag is set the best plan comes back."""
    stop = threading.Event()
    heard: list[Incumbent] = []

    def told(line: Incumbent) -> None:
        heard.append(line)
        if line.value is not None:
            stop.set()

    plan = client.solve(endless, time_limit=300, workers=1, on_progress=told, stop=stop)
    assert plan.termination is Termination.STOPPED
    assert plan.found
    assert plan.objective is not None
    assert plan.objective >= max(line.value for line in heard if line.value is not None) - 1e-6
    assert not referee.check(endless, plan).violations


def test_the_same_key_gives_the_same_run(client: Client, tiny: Portfolio) -> None:
    """Whoever repeats a request with its key, after a crash for instance, starts nothing twice."""
    stored = client.portfolios.create(tiny, key="tiny-1")
    assert client.portfolios.create(tiny, key="tiny-1") == stored
    runs = [client.runs.submit(stored.id, parameters=QUICK, key="run-1") for _ in range(2)]
    assert runs[0].id == runs[1].id
    assert client.runs.wait(runs[0].id).state == "succeeded"
    assert [run.id for run in client.runs.list(portfolio_id=stored.id)] == [runs[0].id]
    with pytest.raises(ServiceError) as caught:
        client.runs.submit(stored.id, parameters={"time_limit": 9}, key="run-1")
    assert caught.value.status == 422


def test_portfolios_have_revisions(client: Client, tiny: Portfolio) -> None:
    """A replaced portfolio is the next revision, the old one stays, a stale one is refused."""
    changed = tiny.model_copy(update={"name": "changed"})
    first = client.portfolios.create(tiny)
    second = client.portfolios.replace(first.id, changed, expected_revision=1)
    assert (first.revision, second.revision, second.name) == (1, 2, "changed")
    assert client.portfolios.document(first.id).digest() == changed.digest()
    assert client.portfolios.document(first.id, revision=1) == tiny
    assert first.id in {listed.id for listed in client.portfolios.list()}
    with pytest.raises(ServiceError) as caught:
        client.portfolios.replace(first.id, tiny, expected_revision=1)
    assert caught.value.status == 412
    client.portfolios.delete(first.id)
    with pytest.raises(ServiceError, match="404"):
        client.portfolios.get(first.id)


def test_what_is_wrong_comes_with_every_finding(client: Client, tiny: Portfolio) -> None:
    """A portfolio that cannot be planned is refused with the findings of the checks."""
    data = tiny.to_data()
    data["links"] = [{"from": "P1", "to": "P9"}, {"from": "P8", "to": "P2"}]
    broken = Portfolio.parse(data)
    with pytest.raises(ServiceError) as caught:
        client.portfolios.create(broken)
    assert caught.value.status == 422
    assert {f.rule for f in caught.value.findings} >= {"unknown-id"}
    assert len(caught.value.findings) >= 2
    assert client.portfolios.validate(broken) == caught.value.findings
    assert all(f.severity == "warning" for f in client.portfolios.validate(tiny))


def test_scenarios_are_kept_for_runs(client: Client, tiny: Portfolio) -> None:
    """A stored scenario is laid over the portfolio by its id."""
    stored = client.portfolios.create(tiny)
    scenario = client.scenarios.create(stored.id, BIGGER)
    assert client.scenarios.get(scenario.id).document["id"] == "more"
    assert [s.id for s in client.scenarios.list(stored.id)] == [scenario.id]
    run = client.runs.submit(stored.id, scenario_id=scenario.id, parameters=QUICK)
    assert client.runs.wait(run.id).objective == 8
    renamed = client.scenarios.replace(scenario.id, {**BIGGER, "name": "More money"})
    assert renamed.name == "More money"
    client.scenarios.delete(scenario.id)
    assert list(client.scenarios.list(stored.id)) == []


def test_studies_return_what_their_command_prints(client: Client, tiny: Portfolio) -> None:
    """A study's result is plain data, and its base plan a plan of the run."""
    result = client.study("why", tiny, {"project": "P2", **QUICK})
    assert isinstance(result, dict)
    assert "P2" in str(result)


def test_plans_are_read_checked_and_exported(client: Client, tiny: Portfolio) -> None:
    """A plan is the run's, the referee accepts it, and a table of it is CSV."""
    stored = client.portfolios.create(tiny)
    run = client.runs.wait(client.runs.submit(stored.id, parameters=QUICK).id)
    assert run.plan_id is not None
    assert client.plans.get(run.plan_id) == client.runs.plan(run.id)
    assert client.plans.info(run.plan_id).final
    assert [plan.id for plan in client.runs.plans(run.id)] == [run.plan_id]
    assert client.plans.check(run.plan_id).accepted
    assert client.plans.csv(run.plan_id).splitlines()[0].startswith("project,selected,phase")


def test_decisions_go_from_draft_to_baseline(client: Client, tiny: Portfolio) -> None:
    """Each move is kept with who, why and what was overridden; wrong moves are refused."""
    stored = client.portfolios.create(tiny)
    run = client.runs.wait(client.runs.submit(stored.id, parameters=QUICK).id)
    assert run.plan_id is not None
    decision = client.decisions.create(run.plan_id, "Plan 2027")
    with pytest.raises(ServiceError, match="409"):
        client.decisions.move(decision.id, "baseline")
    client.decisions.move(decision.id, "proposed", why="Reviewed")
    client.decisions.move(decision.id, "approved", overrides=[Override(what="P2 later", cost=1)])
    last = client.decisions.move(decision.id, "baseline")
    assert [move.to_state for move in last.events] == ["draft", "proposed", "approved", "baseline"]
    assert last.events[2].overrides[0]["what"] == "P2 later"
    assert last.events[-1].pins.input_digest == tiny.digest()
    assert client.decisions.get(decision.id) == last
    assert [d.id for d in client.decisions.list(plan_id=run.plan_id)] == [decision.id]
    with pytest.raises(ServiceError, match="409"):
        client.runs.delete(run.id)


def test_runs_are_discarded(client: Client, endless: Portfolio) -> None:
    """Deleting a run that goes on cancels it; then it is gone."""
    stored = client.portfolios.create(endless)
    run = client.runs.submit(stored.id, parameters={"time_limit": 300, "workers": 1})
    client.runs.delete(run.id)
    with pytest.raises(ServiceError, match="404"):
        client.runs.get(run.id)


def test_the_service_says_what_it_is(client: Client) -> None:
    """Version and engines are those that are installed."""
    from pmo_optimizer import __version__

    assert client.version() == __version__
    engines = {engine.name: engine for engine in client.engines()}
    assert engines["cp-sat"].available
    assert engines["cp-sat"].exact


def test_keys_open_a_service_that_asks_for_them(tmp_path: Path) -> None:
    """Without a key 401, with one that may only read 403, with the right one a portfolio."""
    settings = settings_in(tmp_path, require_keys=True)
    store = open_store(settings.database_url)
    store.upgrade()
    reader, solver = (
        store.create_key("a", "test", scopes)[1]
        for scopes in ((Scope.READ,), (Scope.READ, Scope.SOLVE))
    )
    store.close()
    portfolio = Portfolio.parse({"calendar": {"start": "2027-01-01", "periods": 1}})
    with served(settings) as url:
        for key, status in ((None, 401), ("pmo_nonsense", 401), (reader, 403)):
            with Client(url, api_key=key) as client, pytest.raises(ServiceError) as caught:
                client.portfolios.create(portfolio)
            assert caught.value.status == status
            assert key is None or key not in str(caught.value)
        with Client(url, api_key=solver) as client:
            assert client.portfolios.create(portfolio).revision == 1
