"""Puts a board pack together: pages, charts, runtime and styles in one file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING

from pmo_optimizer.assets import asset_bytes
from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report.charts import theme
from pmo_optimizer.report.header import meaning, objective_label
from pmo_optimizer.report.pack.content import Studies, decided, key_figures, pages
from pmo_optimizer.report.words import clean

if TYPE_CHECKING:
    import jinja2

RUNTIME = ("vega.min.js", "vega-lite.min.js", "vega-embed.min.js")
"""What draws the charts, in this order."""

BREAKS_OUT = ("</script", "<!--")
"""Texts that would end or change a script inside a page, in lower case."""


class Paper(StrEnum):
    """What the pack is laid out for when it is printed."""

    A4 = "a4"
    WIDE = "wide"


SIZES: dict[Paper, dict[str, str | int]] = {
    Paper.A4: {
        "size": "297mm 210mm",
        "margin": "12mm 14mm 14mm",
        "chart": "148mm",
        "row": "0.9mm",
        "width": 1016,
        "height": 460,
    },
    Paper.WIDE: {
        "size": "338.7mm 190.5mm",
        "margin": "11mm 15mm 13mm",
        "chart": "132mm",
        "row": "0.7mm",
        "width": 1166,
        "height": 400,
    },
}
"""Page, margins, tallest chart, room above rows; charts' width and plots' height in CSS pixels."""


def board_pack(
    portfolio: Portfolio,
    plan: Plan,
    *,
    reasons: Mapping[str, str] | None = None,
    studies: Studies | None = None,
    paper: Paper | str = Paper.A4,
    made: str = "",
    checked: str = "",
    sources: Mapping[str, str] | None = None,
) -> str:
    """Return a board pack as HTML: one file that needs nothing else and asks nobody.

    It holds what was decided, the status with bound and gap, the charts with a sentence and a
    table each, studies if there are any, assumptions and a glossary. Charts are drawn by the
    vendored runtime; without JavaScript sentences and tables remain. A Content-Security-Policy
    forbids every request and every script but its own.

    Parameters
    ----------
    portfolio, plan
        A portfolio and a plan of it; without one the pack says so.
    reasons
        Why each project is in or out, by id.
    studies
        Results of studies to show.
    paper
        ``a4`` (landscape) or ``wide`` (16:9).
    made
        When and by what the pack was made, for its title page.
    checked
        What the referee says of the plan.
    sources
        What each part was read from, by a word for it: file names.

    Raises
    ------
    ValueError
        There is no such paper.
    """
    size = SIZES[Paper(paper)]
    views = pages(portfolio, plan, reasons or {}, studies or Studies())
    script = _text("pack.js")
    scripts = [*(_script(asset_bytes(name)) for name in RUNTIME), script]
    style = _environment().get_template("pack.css.j2").render(size=size)
    drawings = [
        {"id": view.anchor, "spec": {k: v for k, v in view.chart.spec.items() if k != "config"}}
        for view in views
        if view.chart is not None and not view.chart.empty
    ]
    data = {
        "charts": drawings,
        "themes": {
            "light": theme(),
            "dark": theme(dark=True),
            "light-narrow": theme(narrow=True),
            "dark-narrow": theme(dark=True, narrow=True),
        },
        "width": size["width"],
        "height": size["height"],
    }
    template = _environment().get_template("pack.html.j2")
    return template.render(
        policy=_policy(scripts, style),
        scripts=scripts,
        style=style,
        data=_json(data),
        portfolio=portfolio,
        plan=plan,
        name=clean(plan.portfolio or portfolio.name),
        decided=decided(portfolio, plan),
        meaning=meaning(plan),
        figures=key_figures(portfolio, plan, objective_label(portfolio)),
        facts=_facts(portfolio, plan, {"Referee": checked, "Made": made}, sources or {}),
        views=views,
        drawn={drawing["id"] for drawing in drawings},
    )


def _facts(
    portfolio: Portfolio, plan: Plan, given: Mapping[str, str], sources: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return where the pack comes from: input, its digest, engine and versions."""
    facts = [("Digest of the portfolio", portfolio.digest())]
    if plan.digest and plan.digest != portfolio.digest():
        facts.append(
            ("Warning", "the plan was made from another portfolio: its digest is " + plan.digest)
        )
    if plan.engine is not None:
        versions = ", ".join(f"{k} {v}" for k, v in sorted(plan.engine.versions.items()))
        facts.append(("Engine", f"{plan.engine.name}{f' ({versions})' if versions else ''}"))
    facts.append(("Search", f"{plan.seconds:.1f} s, {plan.termination.value.replace('_', ' ')}"))
    if sources:
        facts.append(("Files", ", ".join(f"{word} {name}" for word, name in sources.items())))
    facts += [(word, text) for word, text in given.items() if text]
    return [(word, clean(text)) for word, text in facts]


def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(name: str) -> str:
    folder = resources.files("pmo_optimizer.report.pack")
    return folder.joinpath("templates", name).read_text("utf-8")


def _script(content: bytes) -> str:
    """Return a script as it can stand in a page, where line ends are read as line feeds."""
    text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    for trap in BREAKS_OUT:
        if trap in text.lower():
            raise ValueError(f"the runtime holds {trap}, which would end its script")
    return text


def _policy(scripts: list[str], style: str) -> str:
    """Return the Content-Security-Policy: nothing but these scripts and this style."""
    allowed = " ".join(f"'{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{_hash(style)}'; "
        "connect-src 'none'; img-src 'none'; font-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _json(data: object) -> str:
    """Return JSON that cannot end the script element that holds it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
