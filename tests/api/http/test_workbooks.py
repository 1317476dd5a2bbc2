"""Portfolios sent as workbooks."""

from __future__ import annotations

import httpx

from pmo_optimizer import Portfolio
from pmo_optimizer.formats.workbook import written
from pmo_optimizer.service.bodies import WORKBOOK
from tests.api.http.helpers import assert_problem, portfolio
from tests.unit.formats.books import edited, small_book

HEAD = {"Content-Type": WORKBOOK}


def book() -> bytes:
    """Return the example portfolio as a workbook."""
    return written(Portfolio.parse(portfolio()))


def test_a_workbook_is_stored_like_its_json(client: httpx.Client) -> None:
    """A portfolio that comes as a workbook has the digest and document of the one as JSON."""
    first = client.post("/v1/portfolios", json=portfolio())
    second = client.post("/v1/portfolios", content=book(), headers=HEAD)
    assert second.status_code == 201, second.text
    assert second.json()["digest"] == first.json()["digest"]
    documents = [
        client.get(f"/v1/portfolios/{made.json()['id']}").json()["document"]
        for made in (first, second)
    ]
    assert Portfolio.parse(documents[0]) == Portfolio.parse(documents[1])
    path = f"/v1/portfolios/{first.json()['id']}"
    again = client.put(path, content=book(), headers=HEAD)
    assert again.status_code == 200
    assert again.json()["revision"] == 1


def test_findings_about_a_workbook_name_cells(client: httpx.Client) -> None:
    """What is wrong comes back with sheet and cell, when it is checked and when it is stored."""
    faulty = edited(small_book(), {"Phases!F2": "three"})
    answer = client.post("/v1/portfolios/validate", content=faulty, headers=HEAD)
    assert answer.status_code == 200
    assert not answer.json()["valid"]
    assert answer.json()["findings"][0]["path"].startswith("Phases!F2 (")
    answer = client.post("/v1/portfolios", content=faulty, headers=HEAD)
    assert_problem(answer, 422)
    assert answer.json()["findings"][0]["path"].startswith("Phases!F2 (")


def test_scenarios_of_a_workbook_are_not_stored_in_silence(client: httpx.Client) -> None:
    """A workbook with scenarios is stored with a warning that these are left out."""
    cut = {"id": "cut", "changes": [{"change": "off", "targets": ["x"]}]}
    content = written(Portfolio.parse(portfolio()), scenarios=[cut])
    answer = client.post("/v1/portfolios", content=content, headers=HEAD)
    assert answer.status_code == 201
    assert "scenarios-left-out" in [finding["rule"] for finding in answer.json()["findings"]]


def test_the_service_outlives_files_that_mean_harm(client: httpx.Client) -> None:
    """Each such file is answered with 422 and one error, and the service goes on."""
    for content in (b"", b"PK", b"{}", bytes.fromhex("D0CF11E0A1B11AE1"), book()[:-4000]):
        answer = client.post("/v1/portfolios", content=content, headers=HEAD)
        assert_problem(answer, 422)
        assert len(answer.json()["findings"]) == 1
    assert client.get("/v1/health").status_code == 200


def test_only_portfolios_come_as_workbooks(client: httpx.Client, portfolio_id: str) -> None:
    """Bodies of other operations must be JSON, and compressed ones are not taken."""
    answer = client.post(f"/v1/portfolios/{portfolio_id}/scenarios", content=book(), headers=HEAD)
    assert_problem(answer, 415)
    head = HEAD | {"Content-Encoding": "gzip"}
    assert_problem(client.post("/v1/portfolios", content=book(), headers=head), 415)
