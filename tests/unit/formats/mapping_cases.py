"""Profiles and small tables for the tests of mapping profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pmo_optimizer.formats.imported import Imported
from pmo_optimizer.formats.mapping import Profile
from pmo_optimizer.model import Portfolio, Severity, validated

Data = dict[str, Any]


CALENDAR = {"start": "2027-01-01", "periods": 12}


FIELDS: Data = {"id": "Key", "name": "Name", "value": {"column": "Value", "type": "number"}}


def profile(*records: Data, **more: Any) -> Profile:
    """Return a profile with one table of any file, with these records."""
    table = {"records": list(records), **more.pop("table", {})}
    data = {"name": "test", "portfolio": {"calendar": CALENDAR}, "tables": [table], **more}
    return validated(Profile, data)


def projects(**fields: Any) -> Data:
    """Return the record of projects with further fields."""
    return {"into": "projects", "fields": {**FIELDS, **fields}}


def csv_file(folder: Path, text: str, name: str = "in.csv", encoding: str = "utf-8") -> Path:
    """Return the path of a table."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def good(found: Imported) -> Portfolio:
    """Return the portfolio, which must be there."""
    assert found.portfolio is not None, found.findings
    return found.portfolio


def told(found: Imported) -> set[tuple[str, str]]:
    """Return rule and place of every error."""
    return {(f.rule, f.path) for f in found.findings if f.severity is Severity.ERROR}
