"""Portfolios and scenarios: from a body to the store and back."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pmo_optimizer.checks import check_data, require_valid
from pmo_optimizer.model import Finding, InvalidInput, Portfolio, Severity
from pmo_optimizer.model.files import parse_json
from pmo_optimizer.service.bodies import PortfolioBody, parsed_object
from pmo_optimizer.service.store.records import PortfolioRecord
from pmo_scenarios import Scenario

LARGEST_SCENARIO = 1024 * 1024
"""Characters of a scenario at most: every run with it holds a copy."""


@dataclass(frozen=True)
class Checked:
    """A portfolio without errors, and the warnings about it."""

    portfolio: Portfolio
    findings: tuple[Finding, ...]

    @property
    def text(self) -> str:
        """The portfolio as it is stored."""
        return text_of(self.portfolio)


def text_of(document: Portfolio | Scenario) -> str:
    """Return a document as it is stored: JSON in ASCII, without what is as by default."""
    return json.dumps(document.to_data(), allow_nan=False)


def scenario_text(scenario: Scenario) -> str:
    """Return a scenario as it is stored.

    Raises
    ------
    InvalidInput
        It is too large.
    """
    text = text_of(scenario)
    if len(text) > LARGEST_SCENARIO:
        finding = Finding(
            Severity.ERROR,
            "scenario-too-large",
            "scenario",
            f"The scenario has {len(text):,} characters, more than {LARGEST_SCENARIO:,}.",
            "Store the changed portfolio as one of its own.",
        )
        raise InvalidInput((finding,))
    return text


def judged(body: PortfolioBody) -> tuple[Portfolio | None, tuple[Finding, ...]]:
    """Return the portfolio of a body, None where it has errors of form, and every finding.

    A workbook is read in a process of its own, and its findings name sheet and cell.

    Raises
    ------
    ProblemError
        400 where the body is not JSON.
    """
    if not body.is_workbook:
        return check_data(parsed_object(body.content))
    from pmo_optimizer.formats.workbook.sandbox import read_safely

    reading = read_safely(body.content)
    if reading.portfolio is None or not reading.scenarios:
        return reading.portfolio, reading.findings
    more = Finding(
        Severity.WARNING,
        "scenarios-left-out",
        "Scenarios!A1",
        f"The {len(reading.scenarios)} scenarios of the workbook are not stored.",
        "Create them with the operation `create_scenario`.",
    )
    return reading.portfolio, (*reading.findings, more)


def checked(body: PortfolioBody) -> Checked:
    """Return the portfolio of a body.

    Raises
    ------
    ProblemError
        400 where the body is not JSON.
    InvalidInput
        With every finding, where one is an error.
    """
    portfolio, findings = judged(body)
    if portfolio is None or has_errors(findings):
        raise InvalidInput(findings)
    return Checked(portfolio, findings)


def has_errors(findings: tuple[Finding, ...]) -> bool:
    """Return whether one of the findings is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def portfolio_of(record: PortfolioRecord) -> Portfolio:
    """Return a stored portfolio.

    Raises
    ------
    InvalidInput
        It was stored by a version of the package that took what this one does not.
    """
    return Portfolio.parse(_data(record.document))


def scenario_of(document: str) -> Scenario:
    """Return a stored scenario; errors as for `portfolio_of`."""
    return Scenario.parse(_data(document))


def applied(scenario: Scenario, portfolio: Portfolio) -> Portfolio:
    """Return a portfolio with a scenario applied.

    Raises
    ------
    InvalidInput
        With every finding, where the scenario does not fit or makes a wrong portfolio.
    """
    changed = scenario.apply(portfolio)
    require_valid(changed)
    return changed


def _data(document: str) -> dict[str, object]:
    found = parse_json(document, "document")
    return found if isinstance(found, dict) else {}
