"""Results of studies on pages: in words and tables, for each kind, with hostile names escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.service.examples import PORTFOLIO
from pmo_optimizer.service.runs.parameters import MODELS
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.records import RunState
from pmo_optimizer.web.answers import Answer, answer_of
from pmo_optimizer.web.answers.kinds import MAKERS
from pmo_scenarios import (
    Scenario,
    alternatives,
    compare,
    conflicts,
    frontier,
    prices,
    robustness,
    why,
)
from pmo_scenarios.studies.results import Study
from pmo_scenarios.studies.robustness import Uncertainty
from tests.web.helpers import HOSTILE, Ids, csrf, hostile_portfolio, post, seen, stored

CUT = {"id": "cut", "name": "Less", "changes": [{"change": "budget", "fund": "budget", "to": 100}]}
BOTH = {"change": "decide", "projects": ["Portal", "Archive"], "decision": "must"}

Make = Callable[[Portfolio, ThreadPoolExecutor], Study]

STUDIES: dict[str, Make] = {
    "alternatives": lambda p, e: alternatives(p, plans=2, within=0.9, executor=e, **LIMITS),
    "compare": lambda p, e: compare(p, [Scenario.parse(CUT)], executor=e, **LIMITS),
    "conflicts": lambda p, e: conflicts(
        Scenario.parse({"id": "x", "changes": [BOTH]}).apply(p), executor=e, **LIMITS
    ),
    "frontier": lambda p, e: frontier(p, levels=[50, 100], executor=e, **LIMITS),
    "prices": lambda p, e: prices(p, percent=20, executor=e, **LIMITS),
    "robustness": lambda p, e: robustness(
        p,
        Uncertainty.parse({"uncertain": [{"what": "cost", "where": {}, "low": -10, "high": 10}]}),
        cases=1,
        simulated=10,
        executor=e,
        **LIMITS,
    ),
    "why": lambda p, e: why(p, "Archive", executor=e, **LIMITS),
}
LIMITS: dict[str, Any] = {"time_limit": 3, "workers": 1}


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    """Give threads of this process, in which solves begin at once."""
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture(scope="module")
def results(executor: ThreadPoolExecutor) -> dict[str, dict[str, Any]]:
    """Return a result of each study, as the service keeps it."""
    portfolio = Portfolio.parse(dict(PORTFOLIO))
    return {name: json.loads(make(portfolio, executor).to_json()) for name, make in STUDIES.items()}


def words(answer: Answer) -> str:
    """Return all that an answer says."""
    parts = [answer.headline, *answer.lines]
    for grid in answer.tables:
        parts += [grid.title, *grid.columns]
        parts += [str(cell) for row in grid.rows for cell in row]
        assert all(len(row) == len(grid.columns) for row in grid.rows)
    parts += [chart.summary for chart in answer.charts]
    return " ".join(parts)


def said(results: dict[str, dict[str, Any]], kind: str) -> str:
    """Return what the page says about a result."""
    return words(answer_of(kind, Portfolio.parse(dict(PORTFOLIO)), results[kind]))


def test_why(results: dict[str, dict[str, Any]]) -> None:
    """Whether it is in, why, what the opposite costs, and which limit is short."""
    text = said(results, "why")
    assert "Archive is out: the opposite decision is proven to be worse." in text
    assert "The opposite decision loses 3.0000" in text
    assert "budget fund" in text


def test_compare(results: dict[str, dict[str, Any]]) -> None:
    """Figures with their differences, names of what leaves, and a waterfall for each scenario."""
    text = said(results, "compare")
    assert "Less" in text
    assert "0.0000 (−8.0000)" in text
    assert "proven" in text
    assert "Portal" in text
    answer = answer_of("compare", Portfolio.parse(dict(PORTFOLIO)), results["compare"])
    assert [chart.name for chart in answer.charts] == ["waterfall-cut"]


def test_frontier(results: dict[str, dict[str, Any]]) -> None:
    """A chart, whose table has every level."""
    answer = answer_of("frontier", Portfolio.parse(dict(PORTFOLIO)), results["frontier"])
    (chart,) = answer.charts
    assert len(chart.table.rows) == 2


def test_the_others(results: dict[str, dict[str, Any]]) -> None:
    """Plans, prices, conflicts, and what has no page of its own."""
    assert "2 plans" in said(results, "alternatives")
    assert "One step more" in said(results, "prices")
    assert "There is no plan, as is proved: 1 conflict" in said(results, "conflicts")
    assert "seconds" in said(results, "robustness")


def test_every_kind_has_an_answer() -> None:
    """Names of the kinds are those of the service."""
    assert set(MAKERS) < set(MODELS)


@pytest.mark.parametrize("kind", sorted(STUDIES))
def test_pages(
    client: httpx.Client, store: Store, results: dict[str, dict[str, Any]], kind: str
) -> None:
    """The page of a result says it; hostile names in the portfolio and the result do nothing."""
    portfolio = stored(store, "local", hostile_portfolio())
    digest = store.portfolio("local", portfolio).digest
    run = store.create_run(
        "local", kind, portfolio, 1, parameters={}, digest=digest, queued_limit=9
    )
    page = seen(client.get(f"/runs/{run.id}/answer"))
    assert "being worked out" in page.text
    store.claim("test", 9)
    store.started(run.id, 1)
    text = json.dumps(results[kind]).replace('"budget"', json.dumps("b" + HOSTILE[1]))
    store.finish(run.id, 1, RunState.SUCCEEDED, result=text)
    page = seen(client.get(f"/runs/{run.id}/answer"))
    assert page.codes == []
    assert [x for x in page.having("img") if "onerror" in x] == []
    link = f"/runs/{run.id}/answer/document"
    assert any(x.get("href") == link for x in page.having("a"))
    assert client.get(link).text == text
    assert any(f"/runs/{run.id}/answer" in str(x.get("href")) for x in listed(client, run.id))


def listed(client: httpx.Client, run: str) -> list[dict[str, str | None]]:
    """Return the links of the page of a run."""
    return seen(client.get(f"/runs/{run}")).having("a")


def test_a_failed_study_says_why(client: httpx.Client, ids: Ids) -> None:
    """And one that was stopped before it began says that."""
    form = {"project": "Portal", "seconds": "1", "csrf": csrf(client)}
    answer = client.post(f"/portfolios/{ids.portfolio}/workshop/why", data=form)
    assert answer.status_code == 303
    run = answer.headers["Location"].split("/")[2]
    assert answer.headers["Location"] == f"/runs/{run}/answer"
    assert client.post(f"/runs/{run}/answer/stop", data=form).status_code == 303
    assert "stopped before" in seen(client.get(f"/runs/{run}/answer")).text


def test_a_solve_has_no_answer(client: httpx.Client, ids: Ids) -> None:
    """It has a plan."""
    assert client.get(f"/runs/{ids.run}/answer").status_code == 404


def test_a_comparison_of_saved_scenarios(client: httpx.Client, ids: Ids, store: Store) -> None:
    """Those that were chosen, with ids that differ."""
    path = f"/portfolios/{ids.portfolio}/compare"
    assert "No scenario is saved yet" in seen(client.get(path)).text
    for _ in range(2):
        assert client.post(f"/v1/portfolios/{ids.portfolio}/scenarios", json=CUT).is_success
    assert post(client, path).status_code == 422
    saved = [item.id for item in store.scenarios("local", ids.portfolio).items]
    form = {"csrf": csrf(client), "scenario": saved, "seconds": "2"}
    answer = client.post(path, data=form)
    assert answer.status_code == 303
    run = store.run("local", answer.headers["Location"].rpartition("=")[2])
    assert [x["id"] for x in run.parameters["scenarios"]] == ["cut", "cut-2"]
    assert run.parameters["time_limit"] == 2
    assert "being worked out" in seen(client.get(answer.headers["Location"])).text
    assert client.get(f"{path}?run={ids.run}").status_code == 404


@pytest.mark.parametrize(
    ("axis", "parameters"),
    [
        ("funds:", {}),
        ("fund:budget", {"funds": ["budget"]}),
        ("skill:developer", {"skill": "developer"}),
    ],
)
def test_a_frontier(
    client: httpx.Client, ids: Ids, store: Store, axis: str, parameters: dict[str, Any]
) -> None:
    """Of what was chosen, at the levels that were typed."""
    path = f"/portfolios/{ids.portfolio}/frontier"
    answer = post(client, path, axis=axis, levels="50; 100 150", seconds="2")
    assert answer.status_code == 303
    run = store.run("local", answer.headers["Location"].rpartition("=")[2])
    assert run.parameters == {"time_limit": 2.0, "levels": [50.0, 100.0, 150.0], **parameters}


@pytest.mark.parametrize(
    "fields", [{"axis": "moon:", "levels": "50"}, {"axis": "funds:", "levels": "half"}]
)
def test_a_frontier_that_means_nothing(
    client: httpx.Client, ids: Ids, fields: dict[str, str]
) -> None:
    """It is refused with what to type."""
    answer = post(client, f"/portfolios/{ids.portfolio}/frontier", seconds="2", **fields)
    assert answer.status_code == 422
