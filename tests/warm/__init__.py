"""Commands whose process is a copy of one that has imported all packages, not a fresh one.

To import them is most of the work of a short command, and a test of documents or of the command
line runs many. A copy has its own arguments, folder, environment, streams and exit code. What
hangs on a fresh process, such as signals or variables that are read when a package is imported, is
tested with fresh ones.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

PATHS = (ROOT, ROOT / "solvers", ROOT / "scenarios")

NAMES = ("pmo-optimizer", "python")


@contextmanager
def warm_commands() -> Iterator[Path]:
    """Return a folder with the commands of `NAMES`, each of which asks one process for a copy."""
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "FORCE_COLOR"}}
    with (
        # The address of a socket is short.
        tempfile.TemporaryDirectory(prefix="pmo-") as name,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        folder = Path(name)
        listener.bind(str(folder / "socket"))
        listener.listen()
        for command in NAMES:
            script = folder / command
            asking = f"'{sys.executable}' -IS '{Path(__file__).with_name('ask.py')}'"
            script.write_text(f"#!/bin/sh\nexec {asking} '{folder / 'socket'}' {command} \"$@\"\n")
            script.chmod(0o755)
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.warm.server", str(listener.fileno())],
            cwd=ROOT,
            env=kept | {"PYTHONPATH": os.pathsep.join(map(str, PATHS))},
            stdin=subprocess.PIPE,
            pass_fds=(listener.fileno(),),
        )
        listener.close()
        with server:
            yield folder
            server.kill()
