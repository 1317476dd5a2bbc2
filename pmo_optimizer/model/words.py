"""What the parts of a portfolio are called in messages."""

from __future__ import annotations

from types import MappingProxyType

SINGULAR = MappingProxyType(
    {
        "absences": "absence",
        "all_or_none": "all-or-none rule",
        "attributes": "attribute",
        "baseline": "baseline entry",
        "caps": "cap",
        "changes": "change",
        "choose": "choose group",
        "comparisons": "comparison",
        "costs": "cost line",
        "criteria": "criterion",
        "dedications": "dedication",
        "excludes": "exclusion",
        "funds": "fund",
        "hires": "hire",
        "links": "link",
        "modes": "mode",
        "needs": "need",
        "people": "person",
        "phases": "phase",
        "pools": "pool",
        "preferences": "preference",
        "projects": "project",
        "requires": "requirement",
        "rules": "rule",
        "savings": "saving",
        "scenarios": "scenario",
        "scores": "score",
        "sites": "site",
        "skills": "skill",
        "synergies": "synergy",
        "terms": "term",
        "years": "year",
    }
)
"""What one entry of each list or mapping is called."""

WORDS = MappingProxyType(
    {
        "abs_tol": "absolute tolerance",
        "calendar": "the calendar",
        "charge_to": "charge",
        "due": "due date",
        "first": "first day",
        "fte": "FTE",
        "last": "last day",
        "lump": "lump sum",
        "objective": "the objective",
        "rel_tol": "relative tolerance",
    }
)
"""What fields are called, where their names are not good words."""

SHORT_PHASE = ("duration", "needs", "costs")
"""Fields of a mode that a phase with a single mode may have itself."""
