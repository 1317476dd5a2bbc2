"""What holds for every chart: valid specifications, no address, light, readable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report import charts
from pmo_optimizer.report.charts import MOST_MARKS, Chart, theme
from pmo_optimizer.report.charts.bubbles import COLOURS
from pmo_optimizer.report.charts.loads import FILLS, INKS
from pmo_optimizer.report.charts.theme import BLUE, GREEN, GREY, PINK, RED
from tests.cli.conftest import PORTFOLIO
from tests.unit.report.chart_cases import HOSTILE, every_chart, large, made, renamed

EMPTY = {"calendar": {"start": "2027-01-01", "periods": 4}}

UNSOLVED = Plan.parse({"status": "infeasible", "termination": "proved"})


def cases() -> dict[str, list[Chart]]:
    """Return every chart of plans of all sorts."""
    portfolio, plan = made()
    odd = Portfolio.parse(renamed(PORTFOLIO, HOSTILE))
    return {
        "by hand": every_chart(portfolio, plan),
        "no plan": every_chart(portfolio, UNSOLVED),
        "empty": every_chart(Portfolio.parse(EMPTY), UNSOLVED),
        "hostile": every_chart(odd, plan),
        "large": every_chart(*large()),
    }


CASES = cases()


@pytest.fixture(scope="module")
def schema() -> Any:
    """Return the validator of Vega-Lite 6 that Altair ships."""
    altair = pytest.importorskip("altair", reason="NO ALTAIR: install the extra notebook")
    jsonschema = pytest.importorskip("jsonschema")
    folder = Path(altair.__file__).parent / "vegalite" / "v6" / "schema"
    return jsonschema.Draft7Validator(json.loads((folder / "vega-lite-schema.json").read_text()))


@pytest.mark.parametrize("case", CASES)
def test_specifications_are_valid(schema: Any, case: str) -> None:
    """Every specification keeps the JSON Schema of Vega-Lite 6, without data too."""
    for chart in CASES[case]:
        assert [error.message for error in schema.iter_errors(chart.spec)] == [], chart.name


def strings(data: object) -> Iterator[tuple[str, str]]:
    """Yield every text in plain data, with the key it is under."""
    if isinstance(data, dict):
        for key, value in data.items():
            if isinstance(value, str):
                yield key, value
            yield from strings(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from strings(value)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_fetched(case: str) -> None:
    """No specification names an address, but for the one that says which language it is."""
    for chart in CASES[case]:
        found = [(key, text) for key, text in strings(chart.spec) if "://" in text]
        assert [key for key, _ in found] == ["$schema"], chart.name
        assert all(key != "url" for key, _ in strings(chart.spec))


@pytest.mark.parametrize("case", CASES)
def test_charts_are_light(case: str) -> None:
    """No chart draws more than the most marks, and what is left out is said."""
    for chart in CASES[case]:
        marks = sum(len(layer["data"]["values"]) for layer in chart.spec["layer"])
        assert marks <= MOST_MARKS, (chart.name, marks)
        json.dumps(chart.spec, allow_nan=False)
        assert len(json.dumps(chart.spec)) < 250_000, chart.name


def test_what_is_left_out_of_large_charts_is_said() -> None:
    """Of 200 projects and 48 periods the heat map has quarters, and the log not every step."""
    notes = {chart.name: chart.note for chart in CASES["large"]}
    assert "fiscal quarter" in notes["loads"]
    assert "401 of 3,001" in notes["progress"]
    assert "one bar for each fund" in notes["spending"]
    assert "of 200 projects" in notes["dependencies"]


def test_every_row_is_in_the_table_of_a_large_chart() -> None:
    """The table has what the chart leaves out: 100 projects of two phases, 3,001 steps."""
    rows = {chart.name: len(chart.table.rows) for chart in CASES["large"]}
    assert (rows["roadmap"], rows["progress"], rows["spending"]) == (200, 3001, 48)


@pytest.mark.parametrize("case", CASES)
def test_every_chart_has_a_sentence_and_a_table(case: str) -> None:
    """The summary is one sentence, also what the chart describes itself with."""
    for chart in CASES[case]:
        assert chart.summary.endswith("."), chart.summary
        assert len(chart.summary) < 300
        assert chart.spec["description"] == chart.summary
        assert all(len(row) == len(chart.table.columns) for row in chart.table.rows)
        assert chart.empty is (not chart.table.rows)


@pytest.mark.parametrize("case", CASES)
def test_every_mark_of_data_describes_itself(case: str) -> None:
    """Whatever has no description of its own is decoration, and hidden from screen readers."""
    for chart in CASES[case]:
        for layer in chart.spec["layer"]:
            if layer["mark"].get("aria", True) and layer["data"]["values"]:
                assert layer["encoding"]["description"] == {"field": "words", "type": "nominal"}
                assert all(row["words"] for row in layer["data"]["values"])


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#141414"])
def test_colours_of_marks_are_seen_on_light_and_dark(ground: str) -> None:
    """Colours of marks have a contrast of about 3 to 1 on white and on near-black."""
    for colour in (BLUE, RED, GREEN, GREY, PINK, *COLOURS):
        assert contrast(colour, ground) >= 2.95, (colour, ground)


def test_numbers_in_cells_are_read() -> None:
    """Texts on the fills of the heat map have a contrast of 4.5 to 1."""
    assert all(contrast(a, b) >= 4.5 for a, b in zip(FILLS, INKS, strict=True))


@pytest.mark.parametrize(("dark", "ground"), [(False, "#ffffff"), (True, "#141414")])
def test_texts_of_the_theme_are_read(dark: bool, ground: str) -> None:
    """Labels and titles have a contrast of 7 to 1 on their page."""
    config = theme(dark=dark)
    for part in ("axis", "legend"):
        for name in ("labelColor", "titleColor"):
            assert contrast(config[part][name], ground) >= 7
    assert config["background"] == "transparent"


def test_dark_and_light_differ_in_colours_only() -> None:
    """The two themes have the same keys, and other values only for colours."""
    light, dark = dict(strings(theme())), dict(strings(theme(dark=True)))
    assert light.keys() == dark.keys()
    assert all(value.startswith("#") for key, value in light.items() if dark[key] != value)


@pytest.mark.parametrize("case", ["by hand", "large"])
def test_colour_is_never_the_only_sign(case: str) -> None:
    """Points differ in shape and lines in dashes; beside bars and cells there are texts.

    Phases of the roadmap are in turn dark and light: there the edge between them is the sign.
    """
    seen = set()
    for chart in CASES[case]:
        texts = any("text" in layer["encoding"] for layer in chart.spec["layer"])
        for layer in chart.spec["layer"]:
            mark, encoding = layer["mark"], layer["encoding"]
            if not {"color", "fill", "stroke"} & encoding.keys() or mark["type"] == "text":
                continue
            seen.add(mark["type"])
            sign = {"point": "shape", "line": "strokeDash"}.get(mark["type"], "")
            told = sign in encoding or sign in mark if sign else texts or chart.name == "roadmap"
            assert told, (chart.name, mark)
    assert seen == {"point", "line", "bar", "rect"}


def test_charts_can_be_made_without_a_solver_or_a_notebook() -> None:
    """Names of the package are the charts; each is a function with a docstring."""
    functions = [name for name in charts.__all__ if name[0].islower()]
    assert len(functions) == 10
    assert all(getattr(charts, name).__doc__ for name in functions)
