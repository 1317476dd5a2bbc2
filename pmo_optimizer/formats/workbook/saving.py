"""Write a file all at once: into one beside it, which then takes its name."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

READABLE = 0o666


def save_bytes(path: Path, content: bytes) -> None:
    """Write a file all at once or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        mask = os.umask(0)
        os.umask(mask)
        beside.chmod(READABLE & ~mask)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
