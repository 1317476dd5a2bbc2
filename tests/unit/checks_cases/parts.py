"""Parts of the minimal portfolios in which one rule finds something."""

from __future__ import annotations

from typing import Any, NamedTuple

YEAR: dict[str, Any] = {"start": "2027-01-01", "periods": 12}
"""Twelve months of 2027."""


class Case(NamedTuple):
    """A portfolio that breaks one rule, and where the finding must point.

    ``parts`` stands beside the months of 2027 and, where it lists no projects, one free
    project of two months.
    """

    code: str
    path: str
    parts: dict[str, Any]


def data(parts: dict[str, Any]) -> dict[str, Any]:
    """Return plain data of a portfolio with these parts."""
    return {"calendar": YEAR, "projects": [work("P", 2)], **parts}


def work(project_id: str, *durations: int, **fields: Any) -> dict[str, Any]:
    """Return a project worth 1 with one phase for each duration, in months."""
    return {"id": project_id, "value": 1, "phases": [{"duration": d} for d in durations], **fields}


def needing(need: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a project of two months with one need."""
    return {"id": "P", "value": 1, "phases": [{"duration": 2, "needs": [need]}], **fields}


def staffed(need: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return parts with one skill, one full-time developer and one need."""
    return {
        "skills": [{"id": "dev"}],
        "people": [{"id": "ann", "skills": {"dev": 1}}],
        "projects": [needing({"skill": "dev", **need})],
        **parts,
    }


def costing(line: dict[str, Any], *funds: dict[str, Any]) -> dict[str, Any]:
    """Return parts with one project-wide cost line and funds of 100 in total."""
    return {
        "projects": [work("P", 2, costs=[line])],
        "funds": [{"amounts": {"total": 100}, **fund} for fund in funds],
    }


def scored(*criteria: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return parts with these criteria, on each of which the only project scores 5."""
    scores = {criterion["id"]: 5 for criterion in criteria}
    project = {"id": "P", "scores": scores, "phases": [{"duration": 2}]}
    return {"criteria": list(criteria), "projects": [project], **parts}


def chain(*durations: int, **fields: Any) -> dict[str, Any]:
    """Return the only project: phases a, b, c one after the other."""
    phases = [{"id": "abc"[i], "duration": d} for i, d in enumerate(durations)]
    return {"projects": [{"id": "P", "value": 1, "phases": phases, **fields}]}


TWO = {"projects": [work("A", 2), work("B", 2)]}
THREE = {"projects": [work("A", 2), work("B", 2), work("C", 2)]}
GROUP = {"id": "G", "projects": ["A", "B"]}


def share(sense: str, part: float, category: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a rule about the value share of a category."""
    return {
        "id": name,
        "type": "share",
        "measure": "value",
        "where": {"category": category},
        "sense": sense,
        "share": part,
        **more,
    }


X_AND_Y = {"projects": [work("A", 2, category="x"), work("B", 2, category="y")]}
