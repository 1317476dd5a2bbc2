"""The board pack as a file: what is in it, and that it asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser
from typing import Any

import pytest

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report.pack import Studies, board_pack
from pmo_optimizer.report.pack.content import pages
from tests.cli.conftest import PORTFOLIO
from tests.unit.report.chart_cases import (
    COMPARISON,
    FRONTIER,
    HOSTILE,
    PRICES,
    REPLAN,
    large,
    made,
    renamed,
)

STUDIES = Studies(comparison=COMPARISON, frontier=FRONTIER, prices=PRICES, replan=REPLAN)

UNSOLVED = Plan.parse(
    {"status": "infeasible", "termination": "proved", "message": "No plan keeps rule X."}
)


class Page(HTMLParser):
    """What a parser that follows HTML sees: scripts, styles, tags, texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.data = ""
        self.policy = ""
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        found = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in found.items()]
        self.ids += [found["id"]] if "id" in found else []
        self._inside = "data" if found.get("type") == "application/json" else tag
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Take note of what stands in a tag."""
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside == "style":
            self.styles.append(data)
        elif self._inside == "data":
            self.data += data
        else:
            self.texts.append(data)

    def json(self) -> dict[str, Any]:
        """Return what the charts are drawn from."""
        found: dict[str, Any] = json.loads(self.data)
        return found


@pytest.fixture(scope="module")
def text() -> str:
    """Return a pack with everything in it."""
    portfolio, plan = made()
    reasons = {"P1": "must be done", "P3": "needs P6, not selected"}
    return board_pack(
        portfolio, plan, reasons=reasons, studies=STUDIES, made="today", sources={"plan": "p.json"}
    )


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    """Return it as a parser sees it."""
    return Page(text)


def test_policy_allows_its_own_scripts_and_nothing_else(page: Page) -> None:
    """Each script and the style have their hash in the policy, and no request is allowed."""
    rules = dict(part.split(" ", 1) for part in page.policy.split("; "))
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in (*page.scripts, *page.styles)
    ]
    assert rules["script-src"].split() == hashes[:-1]
    assert rules["style-src"].split() == hashes[-1:]
    assert len(page.scripts) == 4
    assert {name: rules[name] for name in rules if not name.endswith("-src")} == {
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert {rules[n] for n in ("default-src", "connect-src", "img-src", "font-src")} == {"'none'"}
    assert "unsafe" not in page.policy


def test_no_tag_leads_away(page: Page) -> None:
    """No tag loads anything or handles events in line; links lead to parts of the page."""
    for tag, name, value in page.attributes:
        assert name not in {"src", "srcset", "action", "style"}, (tag, name)
        assert not name.startswith("on"), (tag, name)
        if name == "href":
            assert value[0] == "#"
            assert value[1:] in page.ids
    assert len(page.ids) == len(set(page.ids))


def test_pack_says_what_was_decided(page: Page) -> None:
    """The first page has decision, status, bound, gap, where it is from, and the digest."""
    portfolio, _ = made()
    said = " ".join(page.texts)
    assert (
        "3 of 6 projects are selected, 1 of them done before, for 770 EUR, hires included" in said
    )
    assert "(the funds hold 1,000)" in said
    assert "feasible" in said
    assert "25.00 %" in said
    assert portfolio.digest() in said
    assert "ortools 9.15" in said
    assert "plan p.json" in said


def test_pack_has_every_view(page: Page) -> None:
    """Decisions with reasons, nine kinds of charts, studies, assumptions and glossary."""
    views = {
        "selected", "rejected", "bubbles", "roadmap-1", "loads", "spending", "limits",
        "scenarios", "waterfall-1", "frontier", "prices", "changes", "new-plan", "assumptions",
        "glossary",
    }  # fmt: skip
    assert views <= set(page.ids)
    said = " ".join(page.texts)
    assert "needs P6, not selected" in said
    assert "Weights: Growth 60 %, risk 40 %" in said
    drawn = {chart["id"] for chart in page.json()["charts"]}
    assert {"bubbles", "roadmap-1", "loads", "spending", "waterfall-1", "frontier"} <= drawn


def test_tables_remain_without_scripts(text: str) -> None:
    """Every chart has its table in the page, open until a script folds it."""
    assert text.count('<details class="data" open>') == len(Page(text).json()["charts"])
    assert "<td" in text.split('<details class="data" open>')[1].split("</details>")[0]


def test_names_cannot_break_out() -> None:
    """A name with tags, comments, templates and line separators stays a name everywhere."""
    portfolio = Portfolio.parse(renamed(PORTFOLIO, HOSTILE))
    plan = made()[1].model_copy(update={"portfolio": HOSTILE, "message": HOSTILE})
    reasons = {"P1": HOSTILE}
    page = Page(
        board_pack(portfolio, plan, reasons=reasons, made=HOSTILE, sources={HOSTILE: HOSTILE})
    )
    assert len(page.scripts) == 4
    assert not any("alert(1)" in script for script in page.scripts)
    assert any("{{ 7*7 }}" in text for text in page.texts)
    rows = json.dumps(page.json(), ensure_ascii=False)
    assert "</script>" in rows


def test_pack_without_a_plan_says_why() -> None:
    """An infeasible portfolio gives a pack with its message and its candidates."""
    portfolio, _ = made()
    page = Page(board_pack(portfolio, UNSOLVED))
    said = " ".join(page.texts)
    assert "No plan keeps rule X." in said
    assert "infeasible" in said
    assert "selected" not in page.ids
    assert "bubbles" in page.ids


def test_pack_of_an_empty_portfolio_can_be_made() -> None:
    """No projects, people or funds: the pack still has its pages."""
    portfolio = Portfolio.parse({"calendar": {"start": "2027-01-01", "periods": 1}})
    plan = Plan.parse({"status": "optimal", "termination": "proved"})
    assert "There are no projects." in " ".join(Page(board_pack(portfolio, plan)).texts)


def test_plan_of_another_portfolio_is_told() -> None:
    """Where the digests differ, the first page warns."""
    portfolio, plan = made()
    other = plan.model_copy(update={"digest": "abc"})
    said = " ".join(Page(board_pack(portfolio, other)).texts)
    assert "the plan was made from another portfolio: its digest is abc" in said


@pytest.mark.parametrize(("paper", "size"), [("a4", "297mm 210mm"), ("wide", "338.7mm 190.5mm")])
def test_paper_sets_the_page(paper: str, size: str) -> None:
    """The style says the size of the page; another paper is an error."""
    portfolio, plan = made()
    style = Page(board_pack(portfolio, plan, paper=paper)).styles[0]
    assert f"@page {{ size: {size};" in style
    with pytest.raises(ValueError, match="letter"):
        board_pack(portfolio, plan, paper="letter")


def test_large_pack_is_light_and_has_pages_of_the_roadmap() -> None:
    """200 projects x 48 periods fit in 2 MB, 30 rows of the roadmap to a page."""
    portfolio, plan = large()
    text = board_pack(portfolio, plan)
    assert len(text.encode()) < 2_000_000
    assert "roadmap-4" in Page(text).ids
    assert "roadmap-5" not in Page(text).ids


def test_same_input_gives_the_same_pack(text: str) -> None:
    """Nothing in a pack depends on the moment or on the order of a set."""
    portfolio, plan = made()
    reasons = {"P1": "must be done", "P3": "needs P6, not selected"}
    again = board_pack(
        portfolio, plan, reasons=reasons, studies=STUDIES, made="today", sources={"plan": "p.json"}
    )
    assert again == text


def test_pack_has_one_meaning_of_value_points() -> None:
    """Selected or not, value points are those of the portfolio; the plan's have their own title."""
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 4},
            "projects": [
                {"id": "A", "value": 100, "probability": 0.5, "costs": [{"lump": 5}]},
                {"id": "B", "value": 90, "probability": 0.5, "costs": [{"lump": 7}]},
            ],
        }
    )
    kpi = {"project": "A", "raw_value": 100, "value": 50, "cost": 5, "benefit": 0, "effort": 0}
    plan = Plan.model_validate(
        {
            "status": "feasible",
            "termination": "time_limit",
            "projects": [
                {"project": "A", "selected": True},
                {"project": "B", "selected": False},
            ],
            "kpis": {"projects": [kpi]},
        }
    )
    views = {page.anchor: page for page in pages(portfolio, plan, {}, Studies())}
    (_, chosen), (_, rejected) = views["selected"].tables[0], views["rejected"].tables[0]
    assert dict(zip(chosen.columns, chosen.rows[0], strict=True))["value points"] == 100
    assert (
        dict(zip(chosen.columns, chosen.rows[0], strict=True))["points after risk and time"] == 50
    )
    assert dict(zip(rejected.columns, rejected.rows[0], strict=True))["value points"] == 90
