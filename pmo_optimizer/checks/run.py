"""Run the rules and put their findings in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from pydantic import ValidationError

from pmo_optimizer.checks.facts import Facts, Hit, Path
from pmo_optimizer.checks.repair import Repair, repaired
from pmo_optimizer.checks.table import HERE, RULES, Rule
from pmo_optimizer.model import Finding, InvalidInput, Portfolio, Severity
from pmo_optimizer.model.errors import MOST_FINDINGS, bounded
from pmo_optimizer.model.form import counted_findings

Found = tuple[Rule, Hit]


def check(portfolio: Portfolio) -> tuple[Finding, ...]:
    """Return everything that is wrong with or odd about a portfolio.

    Never raises, whatever the portfolio says.

    Returns
    -------
    tuple of Finding
        Errors first, then by place; the order does not depend on the order of rows. Of more
        than a thousand the first ones, and one that says how many more there are.

    Examples
    --------
    >>> portfolio = Portfolio.parse({
    ...     "calendar": {"start": "2027-01-01", "periods": 12},
    ...     "projects": [{"id": "P1", "value": 5, "phases": [{"duration": 30}]}],
    ... })
    >>> [(finding.rule, finding.path) for finding in check(portfolio)]
    [('phase-too-long', 'projects/P1/phases/phase-1')]
    """
    found, more = _found(Facts(portfolio))
    return bounded(_ordered(found), more)


def check_data(data: Mapping[str, Any]) -> tuple[Portfolio | None, tuple[Finding, ...]]:
    """Return plain data as a portfolio, and everything that is wrong with or odd about it.

    Where the form has errors (unknown fields, wrong types), what can be read is checked
    all the same, and findings that are only consequences of the unread parts are left out.

    Returns
    -------
    portfolio
        None where the form has errors.
    findings
        As `check` returns them, errors of form included.
    """
    try:
        portfolio = Portfolio.model_validate(data)
    except ValidationError as error:
        first, more = counted_findings(error, data, Portfolio)
        form = sorted(first, key=lambda f: (f.path, f.rule, f.message))
        repair = repaired(data, error)
        beside, others = _beside(repair) if repair else ([], 0)
        return None, bounded(_errors_first((*form, *_ordered(beside))), more + others)
    return portfolio, check(portfolio)


def require_valid(portfolio: Portfolio) -> tuple[Finding, ...]:
    """Return the warnings about a portfolio.

    Raises
    ------
    InvalidInput
        With every finding, where at least one is an error.
    """
    findings = check(portfolio)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise InvalidInput(findings)
    return findings


def _found(facts: Facts, repair: Repair | None = None) -> tuple[list[Found], int]:
    """Return the first findings of each rule, and the number of the others.

    Findings that are consequences of what was left out in a repair do not count.
    """
    found: list[Found] = []
    more = 0
    for rule in RULES:
        hits = (
            hit
            for hit in rule.find(facts)
            if repair is None or not _is_consequence(rule, hit, repair)
        )
        found += ((rule, hit) for hit in islice(hits, MOST_FINDINGS))
        more += sum(1 for _ in hits)
    return found, more


def _beside(repair: Repair) -> tuple[list[Found], int]:
    """Return the findings about the readable parts that are not consequences of the rest."""
    return _found(Facts(repair.portfolio, repair.withheld, repair.lost), repair)


def _is_consequence(rule: Rule, hit: Hit, repair: Repair) -> bool:
    if repair.lists & set(rule.missing):
        return True
    return HERE in rule.missing and repair.concerns(hit.path)


def _ordered(found: Iterable[Found]) -> tuple[Finding, ...]:
    """Return findings, each once: errors first, then by place, rule and text.

    List positions count last, so that shuffled rows change the order as little as possible.
    """

    def key(item: Found) -> tuple[str, list[str], str, str, str]:
        rule, hit = item
        place = [part for part in hit.path if isinstance(part, str)]
        return rule.severity, place, rule.code, hit.message, _text(hit.path)

    findings = (
        Finding(rule.severity, rule.code, _text(hit.path), hit.message, hit.fix)
        for rule, hit in sorted(found, key=key)
    )
    return _errors_first(tuple(dict.fromkeys(findings)))


def _errors_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: f.severity is not Severity.ERROR))


def _text(path: Path) -> str:
    return "/".join(str(part) for part in path) or "."
