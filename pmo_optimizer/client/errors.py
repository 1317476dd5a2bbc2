"""What can go wrong between a client and the service."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

from pmo_optimizer.model import Finding, PmoError, Severity

REPEATED_STATUS = frozenset({429, 502, 503, 504})
"""Answers that say: later."""

LONGEST_DETAIL = 500
"""Characters of an answer that is not a problem document."""


class ServiceError(PmoError):
    """The service refused a request.

    Attributes
    ----------
    status
        Status of the answer, 400 to 599; 200 where the answer was not what was asked for.
    title, detail
        What is wrong in short, and in this case.
    findings
        What `pmo_optimizer.check` finds in a portfolio that was refused; else empty.
    """

    def __init__(
        self, status: int, title: str, detail: str = "", findings: tuple[Finding, ...] = ()
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.findings = findings
        said = f"{status} {title}" + (f": {detail}" if detail else "")
        super().__init__("\n".join([said, *(f"  {finding}" for finding in findings)]))

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in REPEATED_STATUS

    def __reduce__(self) -> tuple[type[ServiceError], tuple[int, str, str, tuple[Finding, ...]]]:
        """Keep every part on the way between processes."""
        return type(self), (self.status, self.title, self.detail, self.findings)


class Unreachable(PmoError, ConnectionError):
    """No answer, after every retry: nobody listens, or the connection broke each time."""


class RunFailed(PmoError, RuntimeError):
    """A run ended without a plan or a result.

    Attributes
    ----------
    run
        Its id.
    state
        ``failed`` or ``cancelled``.
    code
        ``engine``, ``crash``, ``memory_limit``, ``lost``, ``invalid`` or ``queue_timeout``;
        empty where it was cancelled.
    detail
        What happened, in words.
    """

    def __init__(self, run: str, state: str, code: str = "", detail: str = "") -> None:
        self.run = run
        self.state = state
        self.code = code
        self.detail = detail
        why = ": ".join(part for part in (code, detail) if part)
        super().__init__(f"run {run} {state}" + (f" ({why})" if why else ""))

    def __reduce__(self) -> tuple[type[RunFailed], tuple[str, str, str, str]]:
        """Keep every part on the way between processes."""
        return type(self), (self.run, self.state, self.code, self.detail)


def error_of(response: httpx.Response) -> ServiceError:
    """Return the error that an answer stands for: a problem document, or what came instead.

    A proxy between client and service answers in its own words; they become the detail.
    """
    body = _object(response.text)
    if body is None or "title" not in body:
        text = " ".join(response.text.split())[:LONGEST_DETAIL]
        return ServiceError(response.status_code, response.reason_phrase or "Error", text)
    return ServiceError(
        response.status_code,
        str(body["title"]),
        str(body.get("detail") or ""),
        findings_of(body.get("findings")),
    )


def findings_of(rows: object) -> tuple[Finding, ...]:
    """Return the findings of a document; rows that are none are left out."""
    if not isinstance(rows, list):
        return ()
    return tuple(_finding(row) for row in rows if isinstance(row, dict))


def _finding(row: Mapping[str, object]) -> Finding:
    parts = {n: str(row.get(n) or "") for n in ("rule", "path", "message", "fix")}
    severity = Severity.WARNING if row.get("severity") == Severity.WARNING else Severity.ERROR
    return Finding(severity, **parts)


def _object(text: str) -> dict[str, object] | None:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
