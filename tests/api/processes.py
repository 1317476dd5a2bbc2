"""A service in processes of its own, as users start it, and what it costs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pmo_optimizer.client import Client, Retries

ROOT = Path(__file__).parents[2]

SERVE = ("pmo_optimizer.cli", "serve", "--upgrade")
WORKER = ("pmo_optimizer.cli", "worker")

PATIENCE = 120.0
"""Seconds that a process may take to end in peace."""


@dataclass(frozen=True)
class Serving:
    """A service in a process of its own."""

    url: str
    pid: int

    def processor(self) -> float:
        """Return the seconds of processor that the process took so far, its children's not."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def processes(
    folder: Path,
    address: str,
    *,
    workers: int = 0,
    settings: Mapping[str, object] | None = None,
    module: Sequence[str] = SERVE,
) -> Iterator[Serving]:
    """Run a service on a free port, and workers where it is on PostgreSQL; all end in peace.

    Parameters
    ----------
    folder
        Takes what they log, each in a file.
    address
        Of an empty database.
    workers
        How many of them, each of which does one run at a time.
    settings
        Those of the service and of the workers beside the address, by name.
    module
        What is run as the service, with its arguments; ``--port`` is appended.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    chosen = {"database_url": address, "log_level": "warning", **(settings or {})}
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "solvers", "scenarios")),
        **{f"PMO_{name.upper()}": str(value) for name, value in chosen.items()},
    }
    with ExitStack() as stack:

        def begin(name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            return stack.enter_context(
                _ended(
                    subprocess.Popen(
                        [sys.executable, "-m", *command],
                        env=environment,
                        stdout=log,
                        stderr=log,
                        cwd=folder,
                    )
                )
            )

        server = begin("service", [*module, "--port", str(port)])
        with Client(url, retries=Retries(attempts=60, first=0.5, most=1)) as client:
            client.version()
        for number in range(workers):
            begin(f"worker-{number}", WORKER)
        yield Serving(url, server.pid)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a process by SIGTERM at the end, which must give code 0 where nothing else failed."""
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
    assert code == 0, f"{process.args!r} ended with code {code}"
