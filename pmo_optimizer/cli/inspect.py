"""The commands that solve nothing: findings, referee, engines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text

from pmo_optimizer import checks, people, referee
from pmo_optimizer.backend import backend_names, load_backend
from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.documents import scenarios_of
from pmo_optimizer.formats import is_workbook
from pmo_optimizer.model import EngineError, Finding, InvalidInput, Plan, Portfolio, Severity, files
from pmo_optimizer.report import DEFAULT_LIMIT, clean, person_report, score, table

WITHOUT_OBJECTIVE = Finding(
    rule="plan-without-objective",
    severity=Severity.ERROR,
    path="objective",
    message="The plan has no objective: there is nothing to compare with.",
    fix="Give a plan that was found.",
)


def validate_file(path: Path, *, as_json: bool, annotate: Path | None = None) -> ExitCode:
    """Print every finding about a portfolio file on stdout; comment a workbook at its cells."""
    portfolio, findings = _judge(path) if annotate is None else _annotated(path, annotate)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if as_json:
        listed = [asdict(finding) for finding in findings]
        output.result_json({"file": str(path), "valid": not errors, "findings": listed})
    else:
        output.show_findings(findings, stderr=False)
        output.result_line(output.counted(findings, str(path)))
        if portfolio is not None and not errors:
            output.result_line(_size(portfolio))
    return ExitCode.INVALID_INPUT if errors else ExitCode.PLAN


def _annotated(path: Path, copy: Path) -> tuple[Portfolio | None, tuple[Finding, ...]]:
    """Write a copy of a workbook with comments; a file that cannot be read has none."""
    from pmo_optimizer.formats.workbook import annotate, read

    reading = read(path)
    _, faults = scenarios_of(reading)
    findings = (*reading.findings, *(item.placed for item in faults))
    try:
        annotate(path, (*reading.located, *faults), copy)
    except InvalidInput as error:
        more = [finding for finding in error.findings if finding not in findings]
        return None, (*findings, *more)
    output.note(
        f"A copy with comments at the cells is in {copy}. Formulas in it have no results until a "
        "spreadsheet program has opened and saved it."
    )
    return reading.portfolio, findings


def _judge(path: Path) -> tuple[Portfolio | None, tuple[Finding, ...]]:
    if is_workbook(path):
        from pmo_optimizer.formats.workbook import read

        reading = read(path)
        _, faults = scenarios_of(reading)
        return reading.portfolio, (*reading.findings, *(item.placed for item in faults))
    try:
        return checks.check_data(files.read(path))
    except InvalidInput as error:
        return None, error.findings


def _size(portfolio: Portfolio) -> str:
    calendar = portfolio.calendar
    return (
        f"{portfolio.name}: {len(portfolio.projects)} projects, {calendar.periods} periods of a "
        f"{calendar.grain.value} from {calendar.start}, {len(portfolio.skills)} skills, "
        f"{len(portfolio.funds)} funds, {len(portfolio.links)} links, {len(portfolio.rules)} rules."
    )


def warn_if_foreign(portfolio: Portfolio, plan: Plan) -> None:
    """Warn where a plan was made from other data than this portfolio."""
    if plan.digest and plan.digest != portfolio.digest():
        message = "The plan was made from another portfolio, or this one was changed since."
        fix = "Give the portfolio that was solved, or solve this one again."
        output.show_findings([Finding(Severity.WARNING, "digest", "digest", message, fix)])


def show_person(
    portfolio: Portfolio, plan: Plan, person: str, *, as_json: bool, everything: bool
) -> None:
    """Print what one person does in a plan by name."""
    if as_json:
        rows = people.personal_plan(portfolio, plan, person)
        output.result_json({"person": person, "periods": people.to_data(rows)})
        return
    limit = None if everything else DEFAULT_LIMIT
    output.result(person_report(portfolio, plan, person, limit=limit))


def show_hires(
    portfolio: Portfolio, plan: Plan, *, time_limit: float, workers: int | None, as_json: bool
) -> None:
    """Print what each hire of a plan is worth, the most valuable first."""
    from pmo_optimizer.hiring import hire_worth

    if plan.objective is None:
        raise InvalidInput((WITHOUT_OBJECTIVE,))
    found = hire_worth(portfolio, plan, time_limit=time_limit, workers=workers)
    if as_json:
        output.result_json({"hires": [asdict(w) | {"proven": w.proven} for w in found]})
        return
    if not found:
        output.result_line("The plan hires nobody.")
        return
    labels = [portfolio.calendar.label(worth.first_work) for worth in found]
    columns = [
        ("hire", "name"),
        ("skill", "text"),
        ("heads", "number"),
        ("from", "text"),
        ("worth", "number"),
        ("between", "text"),
    ]
    cells = [
        (
            worth.hire,
            worth.skill,
            str(worth.heads),
            label,
            "indispensable" if worth.indispensable else score(worth.estimate),
            "" if worth.indispensable else f"{score(worth.low)} and {score(worth.high)}",
        )
        for worth, label in zip(found, labels, strict=True)
    ]
    output.result(table(columns, cells))


def referee_plan(portfolio: Portfolio, plan: Plan, *, as_json: bool) -> ExitCode:
    """Print what the referee finds in a plan: broken rules, and claims that do not hold."""
    report = referee.check(portfolio, plan)
    found = (*report.violations, *referee.disagreements(plan, report))
    if as_json:
        output.result_json(
            {
                "accepted": not found,
                "violations": [violation.model_dump(mode="json") for violation in found],
                "kpis": report.kpis.model_dump(mode="json"),
                "fully_staffed": report.fully_staffed,
                "unmet": [item.model_dump(mode="json") for item in report.unmet],
            }
        )
    else:
        for violation in found:
            output.result_line(f"[{violation.rule}] {violation.path}: {violation.message}")
        verdict = f"{len(found)} violations" if found else "accepted"
        output.result_line(f"Referee: {verdict}; objective {score(report.kpis.objective)}.")
    return ExitCode.INVALID_INPUT if found else ExitCode.PLAN


def list_engines(*, as_json: bool) -> None:
    """Print every registered engine: versions, whether it proves bounds, capabilities."""
    rows = [_engine(name) for name in backend_names()]
    if as_json:
        output.result_json({"engines": rows})
        return
    columns = [("engine", "text"), ("usable", "text"), ("proves", "text"), ("versions", "name")]
    cells = [
        (
            row["name"],
            "yes" if row["available"] else "no",
            "yes" if row["exact"] else "no",
            ", ".join(f"{library} {text}" for library, text in row["versions"].items()),
        )
        for row in rows
    ]
    output.result(table(columns, cells))
    for row in rows:
        plans = row["problem"] or ", ".join(row["capabilities"])
        output.result(Text(f"\n{row['name']} plans: {clean(plans)}"))


def _engine(name: str) -> dict[str, Any]:
    try:
        backend = load_backend(name)
        return {
            "name": name,
            "available": True,
            "exact": backend.exact,
            "versions": backend.versions(),
            "capabilities": sorted(str(feature) for feature in backend.capabilities),
            "problem": "",
        }
    except EngineError as error:
        return {
            "name": name,
            "available": False,
            "exact": False,
            "versions": {},
            "capabilities": [],
            "problem": str(error),
        }
