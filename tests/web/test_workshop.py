"""The workshop over HTTP: changes, findings beside their controls, solves, saved scenarios."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import key_of, portfolio, work
from tests.web.helpers import Ids, board, csrf, everything, get, post, seen

SCRIPT = {"HX-Request": "true"}


def send(client: httpx.Client, path: str, **fields: str | list[str]) -> httpx.Response:
    """Send a form as the script of the page does."""
    return client.post(path, data={"csrf": csrf(client), **fields}, headers=SCRIPT)


def workshop(ids: Ids) -> str:
    """Return the address of the workshop."""
    return f"/portfolios/{ids.portfolio}/workshop"


def field(page: str, name: str) -> str | None:
    """Return the value of a field of a page."""
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    return None if found is None else found[1]


def test_the_page_has_a_field_for_everything(client: httpx.Client, ids: Ids) -> None:
    """With what the portfolio says, each with a label; and the plan to compare with."""
    page = seen(client.get(workshop(ids)))
    fields = {x["name"]: x for x in page.having("input") if x.get("name")}
    assert fields["b0"]["value"] == "400"
    assert fields["base"]["value"] == ids.plan
    radios = [x for x in page.having("input") if x.get("type") == "radio"]
    assert len(radios) == 6
    labelled = {x.get("for") for x in page.having("label")}
    numbers = [x for x in page.having("input") if x.get("type") == "number"]
    assert {x["id"] for x in numbers} <= labelled
    assert "The base is the best plan of the portfolio as it is: 8.0000." in page.text


def test_the_list_of_changes(client: httpx.Client, ids: Ids) -> None:
    """It says what was changed from what to what."""
    answer = send(client, f"{workshop(ids)}/check", b0="300", d0="never")
    page = seen(answer)
    assert answer.headers["HX-Retarget"] == "#changes"
    assert "2 changes" in page.text
    assert "budget, in total: 400 → 300 (−100)" in page.text.replace(" EUR", "")
    assert "Portal: must not be in the plan" in page.text


def test_findings_name_their_control(client: httpx.Client, ids: Ids) -> None:
    """Those of a change and those of a field that means nothing; nothing is begun."""
    runs = len(client.get("/v1/runs").json()["items"])
    answer = send(client, f"{workshop(ids)}/solve", b0="-1")
    assert answer.headers["HX-Retarget"] == "#changes"
    assert 'data-for="b0"' in answer.text
    assert "less than nothing" in answer.text
    answer = send(client, f"{workshop(ids)}/solve", b0="lots", c1="-9")
    assert 'data-for="b0"' in answer.text
    assert len(client.get("/v1/runs").json()["items"]) == runs


def test_without_scripts(client: httpx.Client, ids: Ids, store: Store) -> None:
    """A wrong form comes back as a page with what is wrong; a right one leads to its run."""
    page = seen(post(client, f"{workshop(ids)}/solve", b0="-1"), 422)
    wrong = [x for x in page.having("input") if x.get("aria-invalid") == "true"]
    assert [(x["id"], x["value"]) for x in wrong] == [("b0", "-1")]
    answer = post(client, f"{workshop(ids)}/solve", b0="100", seconds="2", base=ids.plan)
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert field(get(client, where), "b0") == "100"
    work(store)
    page = seen(client.get(where))
    assert "0 enter, 1 leave, 0 move." in page.text
    assert "Too little is left" in page.text


def test_a_solve_is_a_run_as_the_api_makes_it(client: httpx.Client, ids: Ids, store: Store) -> None:
    """With the scenario, begun with the last plan; it is followed, and its address can be kept."""
    answer = send(client, f"{workshop(ids)}/solve", b0="500", d1="must", seconds="2", base=ids.plan)
    where = answer.headers["HX-Push-Url"]
    id = where.rpartition("=")[2]
    record = store.run("local", id)
    assert record.start_plan_id == ids.plan
    assert record.parameters == {"time_limit": 2.0}
    assert json.loads(record.scenario_document or "")["changes"] == [
        {"change": "budget", "fund": "budget", "to": 500},
        {"change": "decide", "projects": ["Archive"], "decision": "must"},
    ]
    assert f'sse-connect="/runs/{id}/events"' in answer.text
    part = seen(client.get(f"{workshop(ids)}/runs/{id}/live?base={ids.plan}", headers=SCRIPT))
    assert "queued" in part.text
    assert "no plan" in seen(client.get(f"{workshop(ids)}/runs/{id}/changes")).text
    assert work(store) == id
    part = seen(client.get(f"{workshop(ids)}/runs/{id}/changes?base={ids.plan}"))
    assert "1 enter, 0 leave" in part.text
    assert "It was set to must." in part.text
    assert any((x.get("href") or "").endswith("#board") for x in part.having("a"))
    # The next one begins with this plan.
    answer = send(client, f"{workshop(ids)}/solve", b0="210", base=ids.plan, previous=id)
    later = store.run("local", answer.headers["HX-Push-Url"].rpartition("=")[2])
    assert later.start_plan_id == store.run("local", id).plan_id


def test_a_new_solve_stops_the_one_before(client: httpx.Client, ids: Ids, store: Store) -> None:
    """Nobody waits for its answer any more."""
    first = send(client, f"{workshop(ids)}/solve", b0="200").headers["HX-Push-Url"]
    id = first.rpartition("=")[2]
    send(client, f"{workshop(ids)}/solve", b0="210", previous=id)
    assert store.run("local", id).state == "cancelled"


def test_stop(client: httpx.Client, ids: Ids, store: Store) -> None:
    """The button ends the run."""
    where = send(client, f"{workshop(ids)}/solve", b0="200").headers["HX-Push-Url"]
    id = where.rpartition("=")[2]
    assert send(client, f"{workshop(ids)}/runs/{id}/stop").status_code == 204
    assert store.run("local", id).state == "cancelled"


def test_a_scenario_is_saved_loaded_and_deleted(
    client: httpx.Client, ids: Ids, store: Store
) -> None:
    """As the API stores them, with an id made of the name."""
    answer = send(client, f"{workshop(ids)}/save", b0="200", name="Half the money")
    assert "Half the money" in answer.text
    (record,) = store.scenarios("local", ids.portfolio).items
    document = json.loads(store.scenario("local", record.id).document)
    assert (document["id"], document["name"]) == ("half-the-money", "Half the money")
    page = get(client, f"{workshop(ids)}?scenario={record.id}")
    assert field(page, "b0") == "200"
    send(client, f"{workshop(ids)}/scenarios/{record.id}/delete")
    assert store.scenarios("local", ids.portfolio).items == ()


@pytest.mark.parametrize("fields", [{"name": "", "b0": "200"}, {"name": "Nothing"}])
def test_what_cannot_be_saved(client: httpx.Client, ids: Ids, fields: dict[str, str]) -> None:
    """A scenario without a name, and one without a change."""
    answer = send(client, f"{workshop(ids)}/save", **fields)
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#messages"


def test_changes_without_a_control_are_kept(client: httpx.Client, ids: Ids, store: Store) -> None:
    """They come first, the fields show what they make, and each can be left out."""
    changes: list[dict[str, Any]] = [
        {"change": "budget", "fund": "budget", "percent": -10},
        {"change": "decide", "projects": ["Archive"], "decision": "must"},
    ]
    body = {"id": "mix", "name": "Mixed", "changes": changes}
    stored = client.post(f"/v1/portfolios/{ids.portfolio}/scenarios", json=body).json()
    page = get(client, f"{workshop(ids)}?scenario={stored['id']}")
    assert field(page, "b0") == "360"
    assert "Budget: fund budget, percent -10" in page
    extra = json.dumps(changes[0])
    answer = send(client, f"{workshop(ids)}/solve", extra=extra, d1="must", b0="360")
    run = store.run("local", answer.headers["HX-Push-Url"].rpartition("=")[2])
    assert json.loads(run.scenario_document or "")["changes"] == changes
    answer = send(client, f"{workshop(ids)}/solve", extra=extra, drop="0", d1="must", b0="360")
    run = store.run("local", answer.headers["HX-Push-Url"].rpartition("=")[2])
    assert json.loads(run.scenario_document or "")["changes"] == changes[1:]


def test_a_scenario_that_does_not_fit_any_more(client: httpx.Client, ids: Ids) -> None:
    """It is shown with what is wrong with it, and not solved."""
    body = {"id": "x", "changes": [{"change": "work", "targets": ["Portal"], "duration": 10}]}
    stored = client.post(f"/v1/portfolios/{ids.portfolio}/scenarios", json=body).json()
    document = client.get(f"/v1/portfolios/{ids.portfolio}").json()["document"]
    document["projects"] = document["projects"][1:]
    answer = client.put(f"/v1/portfolios/{ids.portfolio}", json=document)
    assert answer.status_code == 200, answer.text
    page = seen(client.get(f"{workshop(ids)}?scenario={stored['id']}"))
    assert "Portal" in page.text
    assert "The changes do not fit" in page.text


@pytest.mark.parametrize("extra", ["no json", "[1]", '{"change": "magic"}', "9" * 9000])
def test_forged_changes_are_refused(client: httpx.Client, ids: Ids, extra: str) -> None:
    """The page never sends them."""
    assert send(client, f"{workshop(ids)}/solve", extra=extra).status_code == 422


def test_rights(store: Store, ids: Ids) -> None:
    """Who may only read sees the workshop without a button that does something, and sends none."""
    with board(store, Settings(require_keys=True)) as client:
        answer = client.post("/sign-in", data={"key": key_of(store, "local", Scope.READ)})
        assert answer.status_code == 303
        page = seen(client.get(workshop(ids)))
        assert [x for x in page.having("button") if x.get("id") == "solve"] == []
        assert send(client, f"{workshop(ids)}/solve", b0="1").status_code == 403
        assert send(client, f"{workshop(ids)}/save", name="x", b0="1").status_code == 403
        stranger = client.post("/sign-in", data={"key": key_of(store, "other", *Scope)})
        assert stranger.status_code == 303
        assert client.get(workshop(ids)).status_code == 404
        assert client.get(f"{workshop(ids)}/runs/{ids.run}/changes").status_code == 404
        assert client.get(f"/runs/{ids.run}/answer").status_code == 404


@pytest.mark.parametrize("kind", ["prices", "alternatives", "conflicts"])
def test_questions(client: httpx.Client, ids: Ids, store: Store, kind: str) -> None:
    """A study of the portfolio with the changes."""
    answer = send(client, f"{workshop(ids)}/studies/{kind}", b0="100", seconds="2")
    assert answer.status_code == 303
    run = store.run("local", answer.headers["Location"].split("/")[2])
    assert run.kind == kind
    assert run.parameters["time_limit"] == 2
    assert '"to": 100' in (run.scenario_document or "")
    assert send(client, f"{workshop(ids)}/studies/{kind}", b0="-1").headers["HX-Retarget"]
    assert send(client, f"{workshop(ids)}/studies/magic").status_code == 404


def test_a_form_without_its_token_is_refused(client: httpx.Client, ids: Ids) -> None:
    """Every write of the workshop needs it."""
    for path in ("check", "solve", "save", "why", "studies/prices", f"runs/{ids.run}/stop"):
        answer = client.post(f"{workshop(ids)}/{path}", data={"b0": "1", "csrf": "x"})
        assert answer.status_code == 403, path


def test_long_and_odd_numbers_in_hidden_fields(client: httpx.Client, ids: Ids) -> None:
    """What no page sends does no harm: it is as if it was not there."""
    for odd in ("9" * 5000, "²", "٣", "-1"):
        answer = send(client, f"{workshop(ids)}/check", drop=odd, revision=odd, b0="300")
        assert "1 change" in seen(answer).text


def test_a_reader_gets_no_controls(store: Store) -> None:
    """The controls are dead and say why; nothing is asked that would be refused."""
    with board(store, Settings(require_keys=True)) as client:
        made = everything(store, "a", portfolio())
        client.post("/sign-in", data={"key": key_of(store, "a", Scope.READ)})
        page = seen(client.get(workshop(made)))
        assert "This key may look only" in page.text
        assert [x for x in page.having("fieldset") if "disabled" in x]
        assert not [x for _, x in page.tags if "hx-post" in x and x.get("id") != "workshop"]


def test_what_belongs_to_another_portfolio_stays(
    client: httpx.Client, store: Store, ids: Ids
) -> None:
    """Its scenarios are not deleted and its runs not ended by an address that says otherwise."""
    send(client, f"{workshop(ids)}/save", b0="300", name="Kept")
    (record,) = store.scenarios("local", ids.portfolio).items
    other = "/portfolios/pf_x/workshop"
    assert send(client, f"{other}/scenarios/{record.id}/delete").status_code == 404
    assert send(client, f"{other}/runs/{ids.run}/stop").status_code == 404
    assert store.scenarios("local", ids.portfolio).items == (record,)


def test_levels_of_a_frontier_are_not_negative(
    client: httpx.Client, store: Store, ids: Ids
) -> None:
    """That is said at once, not by a run that fails."""
    fields = {"axis": "funds:", "levels": "50, -50", "seconds": "1"}
    page = seen(post(client, f"/portfolios/{ids.portfolio}/frontier", **fields), 422)
    assert "-50 is less than 0" in page.text
    assert store.runs("local", kind="frontier").items == ()
