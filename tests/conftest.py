"""Commands that need not begin afresh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warm import warm_commands


@pytest.fixture(scope="session")
def warm() -> Iterator[Path]:
    """Return a folder with the commands, whose processes have imported all packages already."""
    with warm_commands() as folder:
        yield folder
