"""The command `audit verify`: whether a tenant's chain of writes holds."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pmo_optimizer.cli import app


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the database is, which holds two writes of a tenant."""
    place = tmp_path / "audit.db"
    monkeypatch.setenv("PMO_DATABASE_URL", f"sqlite:///{place}")
    for name in ("one", "two"):
        made = CliRunner().invoke(app, ["keys", "create", name, "--tenant", "acme"])
        assert made.exit_code == 0
    return place


def verify(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["audit", "verify", *words])


def test_an_unbroken_chain(place: Path) -> None:
    """The number of entries and the last hash are said; a tenant without writes has none."""
    assert place.exists()
    told = verify("--tenant", "acme", "--json")
    assert told.exit_code == 0
    report = json.loads(told.stdout)
    assert (report["tenant"], report["entries"], report["broken"]) == ("acme", 2, None)
    assert report["head"] in verify("--tenant", "acme").stdout
    assert json.loads(verify("--json").stdout)["entries"] == 0


def test_a_changed_past(place: Path) -> None:
    """An entry that was changed behind the service's back is found: exit code 3."""
    with closing(sqlite3.connect(place)) as raw, raw:
        triggers = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE audit SET actor = 'nobody' WHERE tenant = 'acme' AND seq = 1")
    told = verify("--tenant", "acme")
    assert told.exit_code == 3
    assert "entry 1" in told.stderr
