"""Settings that contradict each other are refused, and misspelt ones are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from pmo_optimizer.service import Settings
from pmo_optimizer.service.settings import unknown_names


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"heartbeat_seconds": 10.0, "stale_seconds": 29.0}, "stale_seconds"),
        ({"heartbeat_seconds": 11.0}, "stale_seconds"),
        ({"memory_mb": 255}, "memory_mb"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, float], place: str) -> None:
    """A runner must be able to beat before it is lost, and a run to begin at all."""
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(given)
    assert [error["loc"] for error in refused.value.errors()] == [(place,)]


def test_settings_at_their_limits_are_taken() -> None:
    """Three heartbeats, and the least memory that a run may ask for."""
    chosen = Settings.model_validate(
        {"heartbeat_seconds": 10.0, "stale_seconds": 30.0, "memory_mb": 256}
    )
    assert (chosen.stale_seconds, chosen.memory_mb) == (30.0, 256)


def test_names_that_are_no_settings_are_found() -> None:
    """Only those that begin as settings do."""
    given = ("PMO_PORT", "PMO_DATABASE_URL_FILE", "PMO_PROT", "PMO_PORT_FILE", "PATH", "pmo_host")
    assert unknown_names(dict.fromkeys(given, "1")) == ["PMO_PORT_FILE", "PMO_PROT"]


def test_the_command_names_contradictions_and_misspelt_settings(tmp_path: Path) -> None:
    """By the names that people set, on stderr."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PMO_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
        "PMO_STALE_SECONDS": "1",
        "PMO_HEARTBEAT_SECOND": "0.1",
    }
    command = [sys.executable, "-m", "pmo_optimizer.cli", "serve", "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "PMO_STALE_SECONDS" in done.stderr
    assert "PMO_HEARTBEAT_SECOND\n" in done.stderr
