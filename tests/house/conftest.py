"""Where the project is, and how to run something in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Return an environment in which the packages and their commands are found."""
    paths = (ROOT, ROOT / "solvers", ROOT / "scenarios")
    commands = Path(sys.executable).parent
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "FORCE_COLOR"}}
    return kept | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="session")
def python(environment: dict[str, str]) -> Callable[[str], str]:
    """Return what runs Python code in a fresh process and returns its stdout."""

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
