"""A portfolio file as what it says, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath

from pmo_optimizer.model import Finding, Portfolio, Severity
from pmo_optimizer.service.bodies import PortfolioBody, parsed_object
from pmo_optimizer.service.documents import has_errors, judged, text_of
from pmo_optimizer.service.problems import ProblemError, clean
from pmo_optimizer.web.text import text
from pmo_optimizer.web.uploads.sent import SentFile

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xltx", ".xlsb"})
"""Endings of workbooks; of those that are not taken the reader says why."""

YAML = frozenset({".yaml", ".yml"})
JSON = frozenset({".json"})

ACCEPTED = (".xlsx", ".yaml", ".yml", ".json")
"""Endings that are asked for."""

Judged = tuple[Portfolio | None, tuple[Finding, ...]]


@dataclass(frozen=True)
class Read:
    """What a file says.

    Attributes
    ----------
    document, digest
        The portfolio as it is stored, and its digest; None where it has errors.
    findings
        Everything that is wrong with or odd about it; those about a workbook name sheet and cell.
    source
        The file, where findings stand at its cells.
    """

    document: str | None
    digest: str | None
    findings: tuple[Finding, ...]
    source: bytes | None = field(repr=False)

    @property
    def rows(self) -> list[dict[str, str]]:
        """The findings as they are stored."""
        return [
            {name: clean(str(value)) for name, value in asdict(finding).items()}
            for finding in self.findings
        ]


def read_file(sent: SentFile, most: int) -> Read:
    """Return what a file says; whatever it is, the answer is findings.

    Parameters
    ----------
    sent
        The file.
    most
        Most characters of a portfolio as it is stored.
    """
    suffix = PurePosixPath(sent.name).suffix.lower()
    portfolio, findings = _judged(sent.content, suffix)
    located = any("!" in finding.path for finding in findings)
    source = sent.content if suffix in WORKBOOKS and located else None
    if portfolio is None or has_errors(findings):
        return Read(None, None, findings, source)
    document = text_of(portfolio)
    wrong = _unfit(document, most)
    if wrong:
        return Read(None, None, (*wrong, *findings), source)
    return Read(document, portfolio.digest(), findings, source)


def _judged(content: bytes, suffix: str) -> Judged:
    if suffix in WORKBOOKS or suffix in JSON:
        try:
            portfolio, findings = judged(PortfolioBody(content, is_workbook=suffix in WORKBOOKS))
        except ProblemError as error:
            return None, error.findings
        return portfolio, tuple(_for_pages(findings))
    if suffix in YAML:
        from pmo_optimizer.formats.workbook.sandbox import yaml_safely

        reading = yaml_safely(content)
        return reading.portfolio, reading.findings
    return None, (_error("file-kind", text("upload.kind"), text("upload.kind.fix")),)


def _for_pages(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Return findings whose advice is about pages, not about operations of the API."""
    for finding in findings:
        if finding.rule == "scenarios-left-out":
            yield replace(finding, fix=text("upload.scenarios.fix"))
        else:
            yield finding


def _unfit(document: str, most: int) -> tuple[Finding, ...]:
    """Return what keeps a portfolio without errors from being stored."""
    if len(document) > most:
        message = text("upload.large", {"n": f"{len(document):,}", "most": f"{most:,}"})
        return (_error("file-too-large", message, text("upload.large.fix")),)
    try:
        # Texts that no database takes are refused here as they are in requests.
        parsed_object(document.encode())
    except ProblemError as error:
        return error.findings
    return ()


def _error(rule: str, message: str, fix: str) -> Finding:
    return Finding(Severity.ERROR, rule, ".", message, fix)
