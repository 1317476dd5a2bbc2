"""Texts of every page: head, navigation, sign-in, errors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXT: Mapping[str, str] = MappingProxyType(
    {
        "app.name": "pmo-optimizer",
        "app.title": "{page} · pmo-optimizer",
        "skip": "Skip to the content",
        "nav.main": "Main",
        "nav.portfolio": "Portfolio",
        "nav.portfolios": "Portfolios",
        "nav.runs": "Runs",
        "nav.decisions": "Decisions",
        "nav.api": "API",
        "nav.overview": "Overview",
        "nav.workshop": "Workshop",
        "nav.compare": "Compare",
        "nav.frontier": "Frontier",
        "foot.version": "pmo-optimizer {version}",
        "sign.in": "Sign in",
        "sign.out": "Sign out",
        "sign.out.done": "You are signed out.",
        "sign.as": "{name}, {tenant}",
        "sign.local": "this machine",
        "sign.key": "API key",
        "sign.help": "Paste a key that “pmo-optimizer keys create” printed. The page stays "
        "signed in for 12 hours, or until the key ends.",
        "sign.wrong": "This API key is unknown, expired or revoked.",
        "sign.wait": "Too many failed tries from this address. Try again in {n} s.",
        "problem.request": "Request {id}",
        "problem.back": "To the portfolios",
        "problem.findings": "What is wrong",
        "finding.place": "Place",
        "finding.message": "What",
        "finding.fix": "How to fix it",
        "finding.severity": "Kind",
        "chart.table": "Data table",
        "again": "Look again",
        "print": "Print",
        "more": "Older",
        "none": "None",
        "yes": "yes",
        "no": "no",
        "date": "Date",
        "name": "Name",
        "state": "State",
    }
)
