"""What each page says, and what its forms do."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

import httpx
import pytest

from pmo_optimizer.service.store import Store
from tests.api.http.helpers import portfolio, work
from tests.web.helpers import HOSTILE, Ids, everything, hostile_portfolio, paths, post, seen


def test_an_empty_store_offers_the_sample(client: httpx.Client, store: Store) -> None:
    """One button loads it, and its page opens."""
    assert "There is no portfolio yet" in seen(client.get("/portfolios")).text
    answer = post(client, "/portfolios/sample")
    assert answer.status_code == 303
    page = seen(client.get(answer.headers["location"]))
    record = store.portfolios("local").items[0]
    assert answer.headers["location"] == f"/portfolios/{record.id}"
    assert record.name in page.text
    assert "48" in page.text


def test_every_page_opens(client: httpx.Client, ids: Ids) -> None:
    """With one heading, a title, the language, a way past the navigation."""
    assert client.get("/").headers["location"] == "/portfolios"
    for path in paths(ids):
        page = seen(client.get(path))
        assert len(page.having("h1")) == 1, path
        assert page.having("html") == [{"lang": "en"}]
        assert page.having("a")[0]["href"] == "#content"
        names = {attributes.get("id") for _, attributes in page.tags}
        for label in page.having("label"):  # one that is around its field needs no `for`
            assert label.get("class") == "pick" or label["for"] in names


def test_a_portfolio(client: httpx.Client, ids: Ids) -> None:
    """Its page has its figures, projects, money, people, findings and runs."""
    text = seen(client.get(f"/portfolios/{ids.portfolio}")).text
    for words in ("Digital 2027", "Portal", "Archive", "budget", "400", "developer", "optimal"):
        assert words in text
    assert "No such" not in text


def test_findings_are_listed(client: httpx.Client, store: Store) -> None:
    """A portfolio with an oddity says what it is and how to mend it."""
    data = portfolio()
    data["skills"].append({"id": "nobody-has-it"})
    ids = everything(store, "local", data)
    text = seen(client.get(f"/portfolios/{ids.portfolio}")).text
    assert "nobody-has-it" in text
    assert "warning" in text


def test_a_plan(client: httpx.Client, ids: Ids) -> None:
    """Its page has status, value, bound, gap, decisions with reasons and charts with tables."""
    page = seen(client.get(f"/plans/{ids.plan}"))
    for words in ("optimal", "the bound proves it", "0.00 %", "Portal", "2027-0", "Why"):
        assert words in page.text
    specs = [json.loads(block) for block in page.blocks]
    assert len([spec for spec in specs if "vega-lite" in spec.get("$schema", "")]) >= 5
    assert page.text.count("Data table") >= 5


@pytest.mark.parametrize("form", ["pack", "xlsx", "mspdi", "csv", "json"])
def test_a_plan_as_a_file(client: httpx.Client, ids: Ids, form: str) -> None:
    """Each form comes as a file with a name, and is what it says."""
    answer = client.get(f"/plans/{ids.plan}/files/{form}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{ids.plan}.')
    if form == "pack":
        assert answer.text.lower().startswith("<!doctype html>")
    if form == "xlsx":
        assert "xl/workbook.xml" in zipfile.ZipFile(BytesIO(answer.content)).namelist()
    if form == "json":
        assert json.loads(answer.content)["status"] == "optimal"
    if form == "csv":
        assert answer.text.startswith("project,selected")
    if form == "mspdi":
        assert b"schemas.microsoft.com/project" in answer.content
    assert client.get(f"/plans/{ids.plan}/files/exe").status_code == 404


def test_people(client: httpx.Client, ids: Ids) -> None:
    """Loads by period and teams by project; a plan without names has no plans of persons."""
    text = seen(client.get(f"/plans/{ids.plan}/people")).text
    assert "Ada" in text
    assert "2027-03" in text
    answer = client.get(f"/plans/{ids.plan}/people/Ada")
    assert "Staff it by name first" in seen(answer, 422).text


def test_naming_people_is_a_run(client: httpx.Client, store: Store, ids: Ids) -> None:
    """It starts from the plan, at its revision."""
    answer = post(client, f"/plans/{ids.plan}/staff", time_limit="2")
    run = store.run("local", answer.headers["location"].rpartition("/")[2])
    assert (run.kind, run.start_plan_id, run.parameters) == ("staff", ids.plan, {"time_limit": 2.0})


def test_planning_from_the_page(client: httpx.Client, store: Store, ids: Ids) -> None:
    """The form puts a run in the queue; its page follows it to the plan."""
    answer = post(client, f"/portfolios/{ids.portfolio}/runs", time_limit="3")
    path = answer.headers["location"]
    page = seen(client.get(path))
    assert "queued" in page.text
    assert page.having("section")[0]["hx-get"] == f"{path}/live"
    assert work(store) == path.rpartition("/")[2]
    part = client.get(f"{path}/live")
    assert "optimal" in part.text
    assert "hx-get" not in part.text
    assert "<html" not in part.text


@pytest.mark.parametrize("limit", ["soon", "-1", "0", "nan", "inf", "1e999", "999999"])
def test_a_time_limit_that_is_none(
    client: httpx.Client, store: Store, ids: Ids, limit: str
) -> None:
    """The page says what is wrong and how to mend it; nothing is put in the queue."""
    answer = post(client, f"/portfolios/{ids.portfolio}/runs", time_limit=limit)
    assert "time" in seen(answer, 422).text
    assert len(store.runs("local").items) == 1


def test_stopping_a_run(client: httpx.Client, store: Store, ids: Ids) -> None:
    """A run in the queue ends at once."""
    path = post(client, f"/portfolios/{ids.portfolio}/runs").headers["location"]
    post(client, f"{path}/stop")
    assert store.run("local", path.rpartition("/")[2]).state == "cancelled"
    assert "cancelled" in seen(client.get(path)).text


def test_events_of_a_run(client: httpx.Client, ids: Ids) -> None:
    """Are those of the API, for the session of the page."""
    text = client.get(f"/runs/{ids.run}/events").text
    assert "event: end" in text
    assert text == client.get(f"/v1/runs/{ids.run}/events").text


def test_a_decision_from_proposal_to_baseline(client: httpx.Client, store: Store, ids: Ids) -> None:
    """Each move is in the log with its reason, and only moves that exist are offered."""
    answer = post(client, f"/plans/{ids.plan}/decisions", title="Plan of 2027", why="best plan")
    path = answer.headers["location"]
    page = seen(client.get(path))
    assert [button.get("value") for button in page.having("button") if "value" in button] == [
        "approved",
        "rejected",
    ]
    for to, why in (("approved", "board of 14 January"), ("baseline", "from now on")):
        assert post(client, f"{path}/move", to=to, why=why).status_code == 303
    page = seen(client.get(path))
    for words in ("best plan", "board of 14 January", "from now on", "baseline"):
        assert words in page.text
    assert page.having("form") == []
    assert seen(client.get("/decisions")).text.count("Plan of 2027") >= 1
    assert post(client, f"{path}/move", to="rejected", why="no").status_code == 409
    record = store.decision("local", path.rpartition("/")[2])
    assert [event.to_state for event in record.events] == [
        "draft",
        "proposed",
        "approved",
        "baseline",
    ]


def test_rejecting_needs_a_reason(client: httpx.Client, store: Store, ids: Ids) -> None:
    """Without one the decision stays where it is."""
    path = f"/decisions/{ids.decision}"
    assert "Say why" in seen(post(client, f"{path}/move", to="rejected", why="  "), 422).text
    assert store.decision("local", ids.decision).state == "draft"
    post(client, f"{path}/move", to="rejected", why="too dear")
    assert "too dear" in seen(client.get(path)).text


def test_a_page_that_is_old_decides_nothing(client: httpx.Client, store: Store, ids: Ids) -> None:
    """Where somebody decided since the page was shown, its buttons change nothing and say so."""
    path = f"/decisions/{ids.decision}"
    fields = {x["name"]: x["value"] for x in seen(client.get(path)).having("input")}
    assert fields["seen"] == "1"
    post(client, f"{path}/move", to="proposed", why="board", seen="1")
    answer = post(client, f"{path}/move", to="rejected", why="too dear", seen="1")
    assert "it was decided in the meantime" in seen(answer, 409).text
    assert store.decision("local", ids.decision).state == "proposed"
    assert post(client, f"{path}/move", to="rejected", why="too dear", seen="2").status_code == 303


@pytest.mark.parametrize("to", ["", "draft", "approved", "anything"])
def test_moves_that_there_are_not(client: httpx.Client, store: Store, ids: Ids, to: str) -> None:
    """Are refused, as by the API."""
    answer = post(client, f"/decisions/{ids.decision}/move", to=to)
    assert answer.status_code in {409, 422}
    assert store.decision("local", ids.decision).state == "draft"


def test_hostile_names_are_only_texts(client: httpx.Client, store: Store) -> None:
    """On no page does a name become a tag, an attribute or code, in data blocks neither."""
    ids = everything(store, "local", hostile_portfolio(), "".join(HOSTILE))
    for path in paths(ids):
        page = seen(client.get(path))
        assert page.codes == []
        assert all("onerror" not in attributes for _, attributes in page.tags)
        assert not {"img", "svg"} & {tag for tag, _ in page.tags}
        assert "7006652" not in page.text
        for block in page.blocks:
            json.loads(block)
    texts = [seen(client.get(path)).text for path in paths(ids)]
    assert HOSTILE[0] in texts[1]
    assert HOSTILE[1] in texts[1]
    assert HOSTILE[3] in texts[6]
    assert HOSTILE[0] in texts[8]


@pytest.mark.parametrize(
    "path",
    [
        "/portfolios/pf_x",
        "/portfolios/%00",
        "/portfolios/..%2f..%2fetc",
        "/runs/run_x",
        "/plans/pl_x",
        "/plans/pl_x/people",
        "/decisions/de_x",
        "/decisions/" + "a" * 3000,
    ],
)
def test_ids_that_nobody_has(client: httpx.Client, path: str) -> None:
    """Are pages that do not exist."""
    seen(client.get(path), 404)


@pytest.mark.parametrize(
    "path", ["/portfolios?cursor=x", "/runs?cursor=%00", "/decisions?cursor=ä"]
)
def test_cursors_that_no_list_gave_out(client: httpx.Client, path: str) -> None:
    """Are findings, not failures."""
    assert "cursor" in seen(client.get(path), 422).text


def test_a_revision_that_is_no_number(client: httpx.Client, ids: Ids) -> None:
    """Or that the portfolio does not have."""
    assert client.get(f"/portfolios/{ids.portfolio}?revision=x").status_code == 422
    for revision in (0, 2, -1, 10**30):
        answer = client.get(f"/portfolios/{ids.portfolio}?revision={revision}")
        assert answer.status_code == 404
