"""Portfolios and scenarios over HTTP."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.service.examples import SCENARIO
from tests.api.http.helpers import assert_problem, portfolio

UNKNOWN = "pf_" + "A" * 22


def test_what_is_stored_is_read_again(client: httpx.Client) -> None:
    """A stored portfolio is answered with its place, and read again with the same digest."""
    answer = client.post("/v1/portfolios", json=portfolio())
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/v1/portfolios/{made['id']}"
    read = client.get(answer.headers["location"])
    assert read.status_code == 200
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'
    again = Portfolio.parse(read.json()["document"])
    digest = Portfolio.parse(portfolio()).digest()
    assert again.digest() == made["digest"] == read.json()["digest"] == digest


def test_numbers_stay_exact(client: httpx.Client) -> None:
    """A number that no float holds comes back as it was sent."""
    text = json.dumps(portfolio()).replace('"total": 400', '"total": 400.123456789012345')
    head = {"Content-Type": "application/json"}
    made = client.post("/v1/portfolios", content=text, headers=head).json()
    document = client.get(f"/v1/portfolios/{made['id']}").json()["document"]
    assert document["funds"][0]["amounts"]["total"] == "400.123456789012345"


def test_a_replacement_is_a_new_revision(client: httpx.Client, portfolio_id: str) -> None:
    """Each replacement counts the revision up, older ones stay, and the tag follows."""
    changed = portfolio() | {"name": "Changed"}
    answer = client.put(f"/v1/portfolios/{portfolio_id}", json=changed)
    assert answer.status_code == 200
    assert answer.json()["revision"] == 2
    assert answer.headers["etag"] == '"2"'
    assert answer.json()["name"] == "Changed"
    first = client.get(f"/v1/portfolios/{portfolio_id}", params={"revision": 1}).json()
    assert first["document"]["name"] == portfolio()["name"]
    gone = client.get(f"/v1/portfolios/{portfolio_id}", params={"revision": 3})
    assert_problem(gone, 404)


@pytest.mark.parametrize(
    ("match", "status"),
    [('"1"', 200), ("*", 200), ('"7", "1"', 200), ('"2"', 412), ("1", 412), ("", 412)],
)
def test_if_match_guards_a_replacement(
    client: httpx.Client, portfolio_id: str, match: str, status: int
) -> None:
    """A replacement that names another revision than the latest is refused and changes nothing."""
    path = f"/v1/portfolios/{portfolio_id}"
    changed = portfolio() | {"name": "Changed"}
    answer = client.put(path, json=changed, headers={"If-Match": match})
    if status == 200:
        assert answer.status_code == 200
    else:
        assert_problem(answer, status)
    assert client.get(path).json()["revision"] == (2 if status == 200 else 1)


def test_only_one_of_many_writers_wins(client: httpx.Client, portfolio_id: str) -> None:
    """Of writers that all saw revision 1, one makes revision 2 and the others are told."""
    path = f"/v1/portfolios/{portfolio_id}"

    def write(number: int) -> int:
        body = portfolio() | {"name": f"Writer {number}"}
        return client.put(path, json=body, headers={"If-Match": '"1"'}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(write, range(8)))
    assert answers == [200] + [412] * 7


def test_a_replacement_may_be_sent_again(client: httpx.Client, portfolio_id: str) -> None:
    """The same PUT with `If-Match` twice is the same as once: its answer may have been lost."""
    path = f"/v1/portfolios/{portfolio_id}"
    changed = portfolio() | {"name": "Changed"}
    first, second = (client.put(path, json=changed, headers={"If-Match": '"1"'}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert second.headers["etag"] == '"2"'
    actions = [item["action"] for item in client.get("/v1/audit").json()["items"]]
    assert actions.count("portfolio.replace") == 1


def test_what_is_known_is_not_sent_again(client: httpx.Client, portfolio_id: str) -> None:
    """A client that has the revision gets 304 without a body."""
    path = f"/v1/portfolios/{portfolio_id}"
    known = client.get(path, headers={"If-None-Match": '"9", "1"'})
    assert (known.status_code, known.content) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"9"'}).status_code == 200


def test_lists_come_in_pages(client: httpx.Client) -> None:
    """Pages hold every portfolio once, newest first, whatever their size."""
    names = [f"Number {number}" for number in range(5)]
    for name in names:
        assert client.post("/v1/portfolios", json=portfolio() | {"name": name}).status_code == 201
    for limit in (1, 2, 5, 200):
        seen, cursor = [], None
        while True:
            asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = client.get("/v1/portfolios", params=asked).json()
            assert len(page["items"]) <= limit
            seen += [item["name"] for item in page["items"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        assert seen == names[::-1]


def test_every_finding_comes_at_once(client: httpx.Client) -> None:
    """A portfolio with errors of form and of meaning gets all of them, with path and fix."""
    wrong = portfolio()
    wrong["calender"] = {}
    wrong["projects"][0]["phases"][0]["duration"] = "long"
    wrong["projects"][1]["phases"][0]["needs"][0]["skill"] = "wizard"
    wrong["projects"][1]["value"] = float(10**30)
    for method, path in (("POST", "/v1/portfolios"), ("PUT", f"/v1/portfolios/{UNKNOWN}")):
        answer = client.request(method, path, json=wrong)
        if method == "PUT":
            assert_problem(answer, 404)
            continue
        found = {(f["rule"], f["path"]) for f in assert_problem(answer, 422)["findings"]}
        assert ("unknown-field", "calender") in found
        assert ("wrong-type", "projects/Portal/phases/build/duration") in found
        assert any(path == "projects/Archive/value" for _, path in found)
        assert any("wizard" in f["message"] for f in answer.json()["findings"])


def test_validate_says_the_same_and_stores_nothing(client: httpx.Client) -> None:
    """Validation finds what storing finds, and leaves nothing behind."""
    wrong = portfolio()
    wrong["projects"][0]["phases"][0]["duration"] = 50
    checked = client.post("/v1/portfolios/validate", json=wrong)
    assert checked.status_code == 200
    assert checked.json()["valid"] is False
    refused = assert_problem(client.post("/v1/portfolios", json=wrong), 422)
    assert checked.json()["findings"] == refused["findings"]
    good = client.post("/v1/portfolios/validate", json=portfolio()).json()
    assert good["valid"] is True
    assert good["digest"] == Portfolio.parse(portfolio()).digest()
    assert client.get("/v1/portfolios").json()["items"] == []


def test_warnings_do_not_hold_up_and_are_told(client: httpx.Client) -> None:
    """A portfolio with warnings is stored, and they are in the answer."""
    odd = portfolio()
    odd["skills"].append({"id": "unused"})
    odd["projects"][0]["earliest_start"] = "2027-01-15"
    answer = client.post("/v1/portfolios", json=odd)
    assert answer.status_code == 201
    assert {finding["severity"] for finding in answer.json()["findings"]} == {"warning"}


def test_a_key_creates_once(client: httpx.Client) -> None:
    """The same request under one idempotency key is done once and answered alike."""
    head = {"Idempotency-Key": str(uuid.uuid4())}
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda _: client.post("/v1/portfolios", json=portfolio(), headers=head), range(4)
            )
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(client.get("/v1/portfolios").json()["items"]) == 1
    other = client.post("/v1/portfolios", json=portfolio() | {"name": "Other"}, headers=head)
    problem = assert_problem(other, 422)
    assert problem["type"].endswith("idempotency-key-reused")


def test_deleting(client: httpx.Client, portfolio_id: str) -> None:
    """A portfolio without runs can be deleted; one with runs cannot."""
    path = f"/v1/portfolios/{portfolio_id}"
    run = client.post("/v1/runs", json={"portfolio_id": portfolio_id}).json()
    assert_problem(client.delete(path), 409)
    assert client.delete(f"/v1/runs/{run['id']}").status_code == 204
    gone = client.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (client.get(path), client.delete(path), client.put(path, json=portfolio())):
        assert_problem(answer, 404)


def test_scenarios(client: httpx.Client, portfolio_id: str) -> None:
    """A scenario is stored, read, listed, replaced and deleted."""
    place = f"/v1/portfolios/{portfolio_id}/scenarios"
    answer = client.post(place, json=dict(SCENARIO))
    assert answer.status_code == 201
    path = answer.headers["location"]
    assert path == f"/v1/scenarios/{answer.json()['id']}"
    document = client.get(path).json()["document"]
    assert {k: document[k] for k in ("id", "changes")} == {
        k: SCENARIO[k] for k in ("id", "changes")
    }
    assert [item["id"] for item in client.get(place).json()["items"]] == [answer.json()["id"]]
    changed = dict(SCENARIO) | {"name": "Another name"}
    assert client.put(path, json=changed).json()["name"] == "Another name"
    assert client.delete(path).status_code == 204
    assert_problem(client.get(path), 404)


def test_if_match_guards_a_scenario(client: httpx.Client, portfolio_id: str) -> None:
    """Who saw an older scenario is refused; what is there already may be sent again."""
    made = client.post(f"/v1/portfolios/{portfolio_id}/scenarios", json=dict(SCENARIO))
    path, tag = made.headers["location"], made.headers["etag"]
    read = client.get(path)
    assert read.headers["etag"] == tag
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    changed = dict(SCENARIO) | {"name": "Changed"}
    first, second = (client.put(path, json=changed, headers={"If-Match": tag}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["etag"] == second.headers["etag"] != tag
    third = client.put(path, json=changed | {"name": "Third"}, headers={"If-Match": tag})
    assert_problem(third, 412)
    assert client.get(path).json()["name"] == "Changed"


def test_only_one_of_many_writers_of_a_scenario_wins(
    client: httpx.Client, portfolio_id: str
) -> None:
    """Of writers that all saw the same scenario, one replaces it and the others are told."""
    made = client.post(f"/v1/portfolios/{portfolio_id}/scenarios", json=dict(SCENARIO))
    path, tag = made.headers["location"], made.headers["etag"]

    def write(number: int) -> int:
        body = dict(SCENARIO) | {"name": f"Writer {number}"}
        return client.put(path, json=body, headers={"If-Match": tag}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(write, range(8)))
    assert answers == [200] + [412] * 7


def test_head_answers_as_get_without_the_body(client: httpx.Client, portfolio_id: str) -> None:
    """HEAD has the status and headers of GET, also of errors, and no body."""
    for path in ("/v1/health", f"/v1/portfolios/{portfolio_id}", "/v1/portfolios/none"):
        head, get = client.head(path), client.get(path)
        assert head.status_code == get.status_code
        assert head.content == b""
        same = ("content-type", "content-length", "etag")
        assert [head.headers.get(n) for n in same] == [get.headers.get(n) for n in same]


def test_a_scenario_must_fit_its_portfolio(client: httpx.Client, portfolio_id: str) -> None:
    """A scenario that names what is not there is refused with findings, stored or not."""
    wrong = {"id": "x", "changes": [{"change": "budget", "fund": "none", "percent": -10}]}
    wrong["changes"].append({"change": "budget", "fund": "neither", "percent": -10})  # type: ignore[attr-defined]
    answer = client.post(f"/v1/portfolios/{portfolio_id}/scenarios", json=wrong)
    assert len(assert_problem(answer, 422)["findings"]) == 2
    body = {"portfolio_id": portfolio_id, "scenario": wrong, "parameters": {"gap": 7}}
    findings = assert_problem(client.post("/v1/runs", json=body), 422)["findings"]
    assert len(findings) == 3
    assert "parameters/gap" in {finding["path"] for finding in findings}
    assert client.get("/v1/runs").json()["items"] == []
