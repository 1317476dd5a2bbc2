"""A portfolio as a file: sent, checked, compared, accepted, downloaded."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import openpyxl
import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.formats.workbook import read, written
from pmo_optimizer.formats.workbook.sandbox import yaml_safely
from pmo_optimizer.service import Settings
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.uploads import MOST_UPLOADS
from pmo_optimizer.web.uploads.preview import MOST_ROWS, preview
from pmo_optimizer.web.uploads.sent import plain_name
from tests.api.http.helpers import key_of, portfolio
from tests.unit.formats.books import edited, place, repacked
from tests.web.helpers import HOSTILE, Seen, board, csrf, post, seen, stored

MIB = 1024 * 1024


def changed(**fields: object) -> Portfolio:
    """Return the small portfolio with its first project changed."""
    data = portfolio()
    data["projects"][0] |= fields
    return Portfolio.parse(data)


def send(
    client: httpx.Client, content: bytes, name: str = "book.xlsx", path: str = "/upload"
) -> httpx.Response:
    """Send a file as the form of the page does."""
    return client.post(path, data={"csrf": csrf(client)}, files={"file": (name, content)})


def shown(client: httpx.Client, answer: httpx.Response) -> Seen:
    """Return the page about a file that was sent."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith("/uploads/up_")
    return seen(client.get(answer.headers["location"]))


def accept(client: httpx.Client, answer: httpx.Response) -> httpx.Response:
    """Send the form by which what is shown is accepted."""
    fields = {
        str(item["name"]): str(item["value"] or "")
        for item in shown(client, answer).having("input")
        if item.get("name") == "revision"
    }
    return post(client, answer.headers["location"] + "/accept", **fields)


@pytest.fixture
def id(store: Store) -> str:
    """Return the id of a stored portfolio."""
    return stored(store, "local", portfolio())


@pytest.mark.parametrize("suffix", ["xlsx", "yaml", "json"])
def test_down_and_up_again_changes_nothing(client: httpx.Client, id: str, suffix: str) -> None:
    """A file that was downloaded says the same as what is stored: there is nothing to accept."""
    file = client.get(f"/portfolios/{id}/files/{suffix}?revision=1")
    assert file.status_code == 200
    assert f'filename="{id}-1.{suffix}"' in file.headers["content-disposition"]
    page = shown(client, send(client, file.content, f"a.{suffix}", f"/portfolios/{id}/upload"))
    assert "says the same as revision 1" in page.text
    assert "Accept" not in page.text


def test_a_workbook_becomes_a_portfolio(client: httpx.Client, store: Store) -> None:
    """Nothing is stored before it is accepted; then exactly what was sent is, once."""
    made = changed(value="8.125")
    answer = send(client, written(made))
    page = shown(client, answer)
    assert "no errors" in page.text
    assert "2 proposed" in page.text
    assert store.portfolios("local").items == ()
    first = accept(client, answer)
    again = accept(client, answer)
    assert first.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    (record,) = store.portfolios("local").items
    assert first.headers["location"] == f"/portfolios/{record.id}"
    assert record.digest == made.digest()
    assert [link.action for link in store.audit_log("local").items].count("portfolio.create") == 1


def test_a_new_revision_is_compared_and_stored(client: httpx.Client, store: Store, id: str) -> None:
    """The page says which field changes from what to what, and what comes and goes."""
    data = portfolio()
    data["projects"][0] |= {"value": 9, "name": "Portal two"}
    data["projects"][1] |= {"id": "Vault"}
    answer = send(client, written(Portfolio.parse(data)), path=f"/portfolios/{id}/upload")
    page = shown(client, answer)
    assert "What changes from revision 1" in page.text
    assert "Projects 1 1 1" in page.text
    assert "Changed Projects Portal Portal two value 8 9" in page.text
    assert "Removed Projects Archive" in page.text
    assert "Added Projects Vault" in page.text
    assert store.portfolio("local", id).revision == 1
    assert accept(client, answer).headers["location"] == f"/portfolios/{id}"
    record = store.portfolio("local", id)
    assert (record.revision, record.digest) == (2, Portfolio.parse(data).digest())
    assert store.audit_log("local").items[0].action == "portfolio.replace"


def test_what_was_stored_meanwhile_is_not_overwritten(
    client: httpx.Client, store: Store, id: str
) -> None:
    """The revision that was compared must be the latest; else nothing is stored, and it is said."""
    answer = send(client, written(changed(value=9)), path=f"/portfolios/{id}/upload")
    page = answer.headers["location"]
    other = changed(value=4)
    text = json.dumps(other.to_data())
    store.replace_portfolio("local", id, text, other.digest(), "else")
    for revision in ("1", "", "x", "-1", "9" * 30):
        refused = post(client, page + "/accept", revision=revision)
        said = seen(refused, 409).text
        assert "Revision 2 was stored meanwhile" in said
        assert "value 4 9" in said
        assert store.portfolio("local", id).revision == 2
    assert accept(client, answer).status_code == 303
    assert store.portfolio("local", id).revision == 3


def test_faults_are_shown_at_their_cells(client: httpx.Client, store: Store, id: str) -> None:
    """All at once, with what to do, and as comments in a copy; nothing can be accepted."""
    book = written(changed())
    duration = place(book, "Phases", "Duration", 2)
    value = place(book, "Projects", "Value", 3)
    faulty = edited(book, {duration: "soon", value: "much"})
    answer = send(client, faulty, path=f"/portfolios/{id}/upload")
    page = shown(client, answer)
    assert "2 errors" in page.text
    assert duration in page.text
    assert value in page.text
    assert "Accept" not in page.text
    refused = post(client, answer.headers["location"] + "/accept", revision="1")
    assert "cannot be accepted" in seen(refused, 409).text
    copy = client.get(answer.headers["location"] + "/comments")
    assert copy.status_code == 200
    commented = openpyxl.load_workbook(io.BytesIO(copy.content))
    for where in (duration, value):
        title, _, cell = where.partition("!")
        assert "error" in commented[title][cell].comment.text
    assert store.portfolio("local", id).revision == 1


def test_faults_of_other_files_have_no_copy(client: httpx.Client) -> None:
    """Findings about YAML and JSON name the object; there are no cells."""
    data = portfolio()
    data["projects"][0]["value"] = "much"
    answer = send(client, json.dumps(data).encode(), "a.json")
    assert "projects/Portal" in shown(client, answer).text
    assert seen(client.get(answer.headers["location"] + "/comments"), 404)


def macro(book: bytes) -> bytes:
    """Return a workbook with a macro."""
    return repacked(book, {"xl/vbaProject.bin": b"Sub a"})


def bomb(book: bytes) -> bytes:
    """Return a workbook that would be large."""
    return repacked(book, {"xl/media/a.bin": bytes(40 * MIB)})


def test_hostile_files_are_findings(client: httpx.Client, store: Store) -> None:
    """Each gives a page that says why it is not taken, and the service goes on."""
    book = written(changed())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", b"x")
    nested = "a: " + "[" * 5000
    aliases = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
    )
    hostile: list[tuple[str, bytes]] = [
        ("bomb.xlsx", bomb(book)),
        ("macro.xlsx", macro(book)),
        ("zip.xlsx", stream.getvalue()),
        ("no.xlsx", b"PK no zip"),
        ("empty.xlsx", b""),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("nested.yaml", nested.encode()),
        ("aliases.yaml", aliases.encode()),
        ("python.yaml", b"a: !!python/object/apply:os.system ['true']"),
        ("nul.yaml", b'name: "a\\0b"\ncalendar: {start: 2027-01-01, periods: 3}\n'),
        ("latin.yaml", b"name: \xff"),
        ("nan.json", b'{"value_rate": NaN}'),
        ("list.json", b"[]"),
        ("empty.json", b""),
        ("page.html", b"<script>"),
        ("noending", b"PK"),
    ]
    for name, content in hostile:
        page = shown(client, send(client, content, name))
        assert "1 error" in page.text, name
        assert "Accept" not in page.text, name
    assert store.portfolios("local").items == ()


def test_time_of_yaml_is_limited() -> None:
    """What takes longer is a finding."""
    reading = yaml_safely(b"a: 1", seconds=0.01)
    assert reading.portfolio is None
    assert "more than 0.01 s" in reading.findings[0].message


def test_names_of_files_do_nothing(client: httpx.Client) -> None:
    """They are shown as texts, without folders, and short."""
    for name in HOSTILE:
        page = shown(client, send(client, b"[]", name.replace("/", "") + ".json"))
        assert not [tag for tag, given in page.tags if tag in {"img", "svg"} or "onerror" in given]
    assert plain_name("C:\\fakepath\\a.xlsx") == "a.xlsx"
    assert plain_name("../../etc/passwd") == "passwd"
    assert plain_name("a" * 500 + ".xlsx").endswith("a.xlsx")
    assert len(plain_name("a" * 500)) <= 120
    assert plain_name("\0\n") == "file"


def test_a_file_without_a_form_is_refused(client: httpx.Client, store: Store, id: str) -> None:
    """No token, another kind of body, no file, a broken form: nothing is kept."""
    book = written(changed())
    for path in ("/upload", f"/portfolios/{id}/upload"):
        for fields in ({}, {"csrf": "0" * 64}):
            answer = client.post(path, data=fields, files={"file": ("a.xlsx", book)})
            assert "Nothing was changed" in seen(answer, 403).text
        token = {"X-CSRF-Token": csrf(client)}
        assert client.post(path, content=book, headers=token).status_code == 415
        packed = {**token, "Content-Encoding": "gzip"}
        assert client.post(path, files={"file": ("a", b"")}, headers=packed).status_code == 415
        nothing = client.post(path, files={"other": ("a.xlsx", book)}, headers=token)
        assert "No file was chosen" in seen(nothing, 400).text
        broken = {**token, "Content-Type": "multipart/form-data; boundary=x"}
        assert client.post(path, content=b"--y", headers=broken).status_code == 400
        two = [("file", ("a.xlsx", book)), ("file", ("b.xlsx", book))]
        assert client.post(path, files=two, headers=token).status_code == 400
    assert seen(send(client, book, path="/portfolios/pf_x/upload"), 404)


def test_a_large_file_is_refused(store: Store) -> None:
    """A body may have as many bytes as any other; a portfolio as many characters."""
    with board(store, Settings(body_limit=64 * 1024)) as client:
        assert send(client, bytes(65 * 1024), "a.json").status_code == 413
        assert seen(client.get("/upload")).having("input")[-1]["data-most"] == "65536"
        data = portfolio() | {"description": "é" * 20_000}
        page = shown(client, send(client, json.dumps(data, ensure_ascii=False).encode(), "a.json"))
        assert "more than 65,536" in page.text


@pytest.fixture
def keyed(store: Store) -> Iterator[httpx.Client]:
    """Return a browser at a board page that needs keys."""
    with board(store, Settings(require_keys=True)) as made:
        yield made


def sign_in(client: httpx.Client, key: str) -> None:
    """Begin a session."""
    client.cookies.clear()
    assert client.post("/sign-in", data={"key": key, "to": "/"}).status_code == 303


def test_only_the_sender_sees_it(keyed: httpx.Client, store: Store) -> None:
    """Neither another tenant nor another key; and who is not signed in least of all."""
    id = stored(store, "a", portfolio())
    sign_in(keyed, key_of(store, "a"))
    faulty = edited(written(changed()), {"Projects!A2": "=1"})
    sent = send(keyed, faulty, path=f"/portfolios/{id}/upload").headers["location"]
    assert keyed.get(sent).status_code == 200
    for tenant in ("b", "a"):
        sign_in(keyed, key_of(store, tenant))
        assert keyed.get(sent).status_code == 404
        assert keyed.get(sent + "/comments").status_code == 404
        assert post(keyed, sent + "/accept", revision="1").status_code == 404
    sign_in(keyed, key_of(store, "b"))
    assert keyed.get(f"/portfolios/{id}/upload").status_code == 404
    assert keyed.get(f"/portfolios/{id}/files/xlsx").status_code == 404
    assert send(keyed, faulty, path=f"/portfolios/{id}/upload").status_code == 404
    keyed.cookies.clear()
    answer = keyed.post("/upload", files={"file": ("a.xlsx", faulty)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_readers_send_nothing(keyed: httpx.Client, store: Store) -> None:
    """Without the scope `solve` files can be downloaded only."""
    id = stored(store, "a", portfolio())
    sign_in(keyed, key_of(store, "a", Scope.READ))
    assert "Upload" not in seen(keyed.get("/portfolios")).text
    page = seen(keyed.get(f"/portfolios/{id}"))
    assert "Upload" not in page.text
    assert keyed.get(f"/portfolios/{id}/files/yaml").status_code == 200
    for path in ("/upload", f"/portfolios/{id}/upload"):
        assert keyed.get(path).status_code == 403
        assert send(keyed, b"{}", "a.json", path).status_code == 403


def test_few_files_wait(client: httpx.Client) -> None:
    """The oldest goes when there are too many."""
    sent = [send(client, b"[]", "a.json") for _ in range(MOST_UPLOADS + 1)]
    found = [client.get(answer.headers["location"]).status_code for answer in sent]
    assert found == [404] + [200] * MOST_UPLOADS


def test_the_template_can_be_filled(client: httpx.Client) -> None:
    """It is a workbook whose sheets have headers."""
    content = client.get("/upload/template.xlsx").content
    assert {"Projects", "Phases", "People"} <= set(
        openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    )
    assert read(content).findings


def test_no_other_form_is_given(client: httpx.Client, id: str) -> None:
    """Nor one of a revision or portfolio that is not there."""
    for path in (f"{id}/files/exe", f"{id}/files/xlsx?revision=2", "pf_x/files/xlsx"):
        assert client.get(f"/portfolios/{path}").status_code == 404


def test_long_differences_are_counted_not_listed() -> None:
    """At most so many rows, each value short."""
    data: dict[str, Any] = portfolio()
    base = data["projects"][0]
    data["projects"] = [{**base, "id": f"P{n}", "name": "x" * 900} for n in range(MOST_ROWS + 7)]
    found = preview(changed(), Portfolio.parse(data))
    assert (len(found.rows), found.more) == (MOST_ROWS, 9)
    assert max(len(row.after) for row in found.rows) <= 200
    (projects,) = found.counts
    assert (projects.added, projects.removed, projects.changed) == (MOST_ROWS + 7, 2, 0)
