"""The command ``report``: a plan and its studies as one page for boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmo_optimizer import __version__
from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import EPILOG, app
from pmo_optimizer.cli.codes import ExitCode, exit_codes
from pmo_optimizer.cli.documents import keep, load
from pmo_optimizer.cli.options import OfPortfolio, PlanFile

if TYPE_CHECKING:
    from pmo_optimizer.model import Plan, Portfolio


class OnPaper(StrEnum):
    """What the pack is laid out for when it is printed."""

    A4 = "a4"
    WIDE = "wide"


def html_file(path: Path) -> Path:
    """Return the path if a page can be written there; a usage error before any work."""
    if path.suffix.lower() not in {".html", ".htm"}:
        raise typer.BadParameter("the file must end in .html")
    if path.is_dir() or not path.parent.is_dir():
        raise typer.BadParameter(f"{path} cannot be written: its folder does not exist")
    return path


Pack = Annotated[
    Path,
    typer.Option("--output", "-o", callback=html_file, help="Write the pack here (.html)."),
]
Layout = Annotated[
    OnPaper, typer.Option("--paper", help="Pages for printing: A4 landscape, or 16:9.")
]
Compared = Annotated[
    Path | None, typer.Option("--comparison", metavar="JSON", help="From `compare --json`.")
]
Curve = Annotated[
    Path | None, typer.Option("--frontier", metavar="JSON", help="From `frontier --json`.")
]
Priced = Annotated[
    Path | None, typer.Option("--prices", metavar="JSON", help="From `prices --json`.")
]
Anew = Annotated[
    Path | None, typer.Option("--replan", metavar="JSON", help="From `replan --json`.")
]
Whys = Annotated[
    list[Path] | None,
    typer.Option("--why", metavar="JSON", help="From `why --json`; may be given again."),
]


@app.command(epilog=EPILOG)
@exit_codes()
def report(
    plan_file: PlanFile,
    portfolio_file: OfPortfolio,
    output_file: Pack,
    comparison: Compared = None,
    frontier: Curve = None,
    prices: Priced = None,
    replan: Anew = None,
    why: Whys = None,
    paper: Layout = OnPaper.A4,
) -> None:
    """Write a board pack: a plan with charts and studies as one page to show and to print.

    Studies are what their commands print with `--json`. The file needs no network and no other
    file; every chart has a sentence and a table beside it.
    """
    from pmo_optimizer.cli.inspect import warn_if_foreign
    from pmo_optimizer.formats.answers import reasons
    from pmo_optimizer.model import Plan
    from pmo_optimizer.model.files import write_text
    from pmo_optimizer.report.pack import Studies, board_pack

    given = {"comparison": comparison, "frontier": frontier, "prices": prices, "replan": replan}
    named = {kind: path for kind, path in given.items() if path is not None}
    keep(output_file, plan_file, portfolio_file, *named.values(), *(why or ()), hint="--output")
    plan = Plan.load(plan_file)
    portfolio = load(portfolio_file)
    warn_if_foreign(portfolio, plan)
    found = read_studies([*named.items(), *(("why", path) for path in why or ())], portfolio)
    studies = Studies(**{kind: data for kind, data in found if kind != "why"})
    known = {
        **reasons(portfolio, plan, hints=False),
        **_proven([data for kind, data in found if kind == "why"]),
    }
    page = board_pack(
        portfolio,
        plan,
        reasons=known,
        studies=studies,
        paper=paper.value,
        made=f"{datetime.now(UTC):%Y-%m-%d} by pmo-optimizer {__version__}",
        checked=_refereed(portfolio, plan),
        sources={"plan": plan_file.name, "portfolio": portfolio_file.name}
        | {kind: path.name for kind, path in named.items()},
    )
    try:
        write_text(output_file, page)
    except OSError as error:
        output.note(f"error: {output_file} cannot be written: {error.strerror}", style="bold red")
        raise typer.Exit(ExitCode.USAGE) from error
    output.note(f"The board pack is in {output_file}.")


def read_studies(
    files: Sequence[tuple[str, Path]], portfolio: Portfolio
) -> list[tuple[str, dict[str, Any]]]:
    """Return the studies of files as plain data; InvalidInput with the findings about all."""
    from pmo_optimizer.model import Finding, InvalidInput, Severity, read_file, validated
    from pmo_scenarios import Comparison, Frontier, Prices, Replan, Why

    kinds: dict[str, type[Comparison | Frontier | Prices | Replan | Why]] = {
        "comparison": Comparison,
        "frontier": Frontier,
        "prices": Prices,
        "replan": Replan,
        "why": Why,
    }
    found: list[tuple[str, dict[str, Any]]] = []
    findings: list[Finding] = []
    for kind, path in files:
        try:
            study = validated(kinds[kind], read_file(path, begin="what its command prints"))
        except InvalidInput as error:
            findings += [replace(f, path=f"{path.name}/{f.path}") for f in error.findings]
            continue
        if kind == "comparison" and isinstance(study, Comparison) and not study.cases:
            message, fix = "The comparison has no case.", "Write it anew with `compare --json`."
            findings.append(Finding(Severity.ERROR, "comparison", path.name, message, fix))
        # A replan is of the portfolio with its past fixed, whose digest is another one.
        if kind != "replan" and study.digest != portfolio.digest():
            message = f"The {kind} was made from another portfolio, or this one was changed since."
            fix = "Give the study of this portfolio, or make it again."
            warning = Finding(Severity.WARNING, "digest", path.name, message, fix)
            output.show_findings([warning])
        found.append((kind, study.to_data()))
    if findings:
        raise InvalidInput(tuple(findings))
    return found


def _proven(whys: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return what the study `why` found, by project."""
    from pmo_optimizer.report import score
    from pmo_optimizer.report.why import REASONS

    out = {}
    for why in whys:
        text = REASONS[why["reason"]]
        loss = why["loss"]
        if loss is not None and loss["low"] is not None and loss["low"] > 0:
            text += f", by {score(loss['low'])} at least"
        out[str(why["project"])] = text
    return out


def _refereed(portfolio: Portfolio, plan: Plan) -> str:
    """Return what the referee says of the plan, and warn where it disagrees."""
    from pmo_optimizer import referee
    from pmo_optimizer.model import Finding, Severity

    if not plan.projects:
        return ""
    judged = referee.check(portfolio, plan)
    found = (*judged.violations, *referee.disagreements(plan, judged))
    if not found:
        return "accepts the plan: every rule and every figure was computed again"
    message = f"The referee finds {len(found)} violations; the first: {found[0].message}"
    fix = "See all with `pmo-optimizer check`; solve the portfolio again."
    output.show_findings([Finding(Severity.WARNING, "referee", "plan", message, fix)])
    return f"finds {len(found)} violations; the first: {found[0].message}"
