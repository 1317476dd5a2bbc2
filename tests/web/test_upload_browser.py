"""A workbook in a real browser: sent, mended, compared, accepted."""

from __future__ import annotations

from pathlib import Path

from pmo_optimizer import Portfolio
from pmo_optimizer.formats.workbook import written
from tests.api.http.helpers import opened, portfolio
from tests.unit.formats.books import edited, place
from tests.web.browsers import browser, watched
from tests.web.helpers import board, stored

DROP = """
([name, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name));
  const event = (kind) => new DragEvent(kind, {
    dataTransfer: carried, bubbles: true, cancelable: true,
  });
  document.querySelector("h1").dispatchEvent(event("dragover"));
  document.querySelector("h1").dispatchEvent(event("drop"));
}
"""


def test_from_faults_to_a_revision(tmp_path: Path) -> None:
    """Choose a faulty workbook, see the cells, drop the mended one, see what changes, accept."""
    data = portfolio()
    data["projects"][0]["value"] = 9
    good = written(Portfolio.parse(data))
    cell = place(good, "Phases", "Duration", 2)
    faulty = tmp_path / "faulty.xlsx"
    faulty.write_bytes(edited(good, {cell: "soon"}))
    with (
        opened("sqlite", tmp_path) as store,
        board(store) as client,
        browser() as started,
        watched(started, str(client.base_url).rstrip("/")) as tab,
    ):
        page = tab.page
        id = stored(store, "local", portfolio())
        tab.open(f"/portfolios/{id}")
        page.get_by_role("link", name="Upload a new revision").click()
        page.get_by_label("Workbook or portfolio file").set_input_files(faulty)
        page.get_by_role("button", name="Check the file").click()
        page.wait_for_url("**/uploads/up_*")
        said = page.inner_text("main")
        assert "1 error" in said
        assert cell in said
        assert page.get_by_role("button", name="Accept").count() == 0
        tab.check_access()
        with page.expect_download() as copy:
            page.get_by_role("link", name="with comments").click()
        assert copy.value.suggested_filename == "commented.xlsx"
        page.get_by_role("link", name="Upload a file again").click()
        page.wait_for_url("**/upload")
        tab.settle()
        page.evaluate(DROP, ["good.xlsx", list(good)])
        assert page.evaluate("document.getElementById('file').files[0].name") == "good.xlsx"
        page.keyboard.press("Enter")
        page.wait_for_url("**/uploads/up_*")
        said = page.inner_text("main")
        assert "What changes from revision 1" in said
        assert page.locator("td code", has_text="value").count() == 1
        tab.check_access()
        page.get_by_role("button", name="Accept as revision 2").click()
        page.wait_for_url(f"**/portfolios/{id}")
        assert "Revision 2 of" in page.inner_text("main")
        tab.check()
        assert store.portfolio("local", id).digest == Portfolio.parse(data).digest()


def test_what_is_too_large_is_not_sent(tmp_path: Path) -> None:
    """The page says so at the field."""
    large = tmp_path / "large.json"
    large.write_bytes(bytes(11 * 1024 * 1024))
    with (
        opened("sqlite", tmp_path) as store,
        board(store) as client,
        browser() as started,
        watched(started, str(client.base_url).rstrip("/")) as tab,
    ):
        tab.open("/upload")
        field = tab.page.locator("#file")
        field.set_input_files(large)
        assert "larger than 10 MiB" in field.evaluate("field => field.validationMessage")
        tab.page.get_by_role("button", name="Check the file").click()
        assert tab.page.url.endswith("/upload")
        assert field.evaluate("field => field.files.length") == 1
        tab.check()
