"""What notebooks show: charts, plans and comparisons, with and without Altair."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser

import pytest

from pmo_optimizer.model import Plan
from pmo_optimizer.report import charts
from pmo_scenarios import Comparison
from tests.cli.conftest import ROOT, process_environment
from tests.unit.report.chart_cases import COMPARISON, HOSTILE, made

WITHOUT = """
import sys
sys.modules["altair"] = None  # as if it were not installed
from pmo_optimizer.report import charts
bundle = charts.progress([{"seconds": 1, "value": 2, "bound": 3}])._repr_mimebundle_()
assert sorted(bundle) == ["application/vnd.vegalite.v6+json", "text/html", "text/plain"]
assert "<table>" in bundle["text/html"]
print("ok")
"""

LIGHT = """
import sys
from pmo_optimizer.report import charts
import pmo_optimizer.report.pack
heavy = ("altair", "networkx", "pandas", "jinja2", "ortools", "pmo_scenarios")
print([name for name in heavy if name in sys.modules])
"""


def python(code: str) -> str:
    """Run code in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=process_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_charts_show_without_altair() -> None:
    """The specification goes to the notebook as it is, with the table for those who lack Vega."""
    assert python(WITHOUT) == "ok\n"


def test_charts_load_nothing_heavy() -> None:
    """Neither Altair nor NetworkX, pandas or Jinja2 is loaded before it is used."""
    assert python(LIGHT) == "[]\n"


def test_charts_are_altair_charts() -> None:
    """Altair takes the specification, and shows it with the sentence as plain text."""
    pytest.importorskip("altair", reason="NO ALTAIR: install the extra notebook")
    portfolio, plan = made()
    chart = charts.roadmap(portfolio, plan)
    assert chart.to_altair().to_dict()["layer"]
    bundle = chart._repr_mimebundle_()
    shown = bundle[0] if isinstance(bundle, tuple) else bundle
    assert shown["text/plain"] == chart.summary


class Cells(HTMLParser):
    """The cells of the tables of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Take note of a text."""
        self.texts.append(data)


def test_plans_show_status_bound_gap_and_decisions() -> None:
    """A plan is two tables: what it is worth, and each decision with its periods."""
    _, plan = made()
    found = Cells(plan._repr_html_())
    assert found.tags.count("table") == 2
    for text in ("feasible", "0.7500", "1.0000", "25.00 %", "3 of 6 projects", "P1", "700.00"):
        assert text in found.texts
    assert "design normal, build fast, live normal" in found.texts


def test_plans_escape_what_comes_from_files() -> None:
    """Names and messages of a plan file cannot become markup."""
    plan = Plan.parse(
        {
            "portfolio": HOSTILE,
            "message": HOSTILE,
            "status": "feasible",
            "termination": "gap",
            "projects": [{"project": HOSTILE, "selected": True}],
        }
    )
    text = plan._repr_html_()
    assert "script" not in Cells(text).tags
    assert HOSTILE in Cells(text).texts


def test_plans_without_decisions_show_their_status() -> None:
    """Without a plan there is one table, with dashes."""
    plan = Plan.parse({"status": "no_plan_found", "termination": "time_limit"})
    found = Cells(plan._repr_html_())
    assert found.tags.count("table") == 1
    assert {"no plan found", "–"} <= set(found.texts)


def test_comparisons_show_a_table_with_differences() -> None:
    """A row for each case: what is gained at least and at most, and the cost more or less."""
    cases = [
        {key: value for key, value in case.items() if key != "termination"}
        | {"termination": "proved"}
        for case in COMPARISON["cases"]
    ]
    cases[1]["name"] = HOSTILE
    comparison = Comparison.model_validate({**COMPARISON, "cases": cases})
    found = Cells(comparison._repr_html_())
    assert found.tags.count("tr") == 4
    assert "script" not in found.tags
    for text in ("-1.5000", "-0.5000", "-25.00", "1: P6", "1: P2", "infeasible"):
        assert text in found.texts
