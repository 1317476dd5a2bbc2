"""A PostgreSQL server of a test's own, which may be killed and started again as one likes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from tests.api.databases import NO_SERVER, fast_folder

USERS = ("postgres", "nobody")
"""Who runs the server where the tests run as root, which PostgreSQL refuses."""

SERVERS = Path("/usr/lib/postgresql")
"""Where the packages of Debian put servers, by version; none of it is on the path."""

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "''",
    # Nobody pulls the plug of the machine: what is written survives the end of every process.
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
}

PATIENCE = "120"
"""Seconds that the server may take to start or to end."""

Mode = Literal["smart", "fast", "immediate"]


@dataclass(frozen=True)
class Server:
    """A server with one empty database, on a port of its own.

    Attributes
    ----------
    folder
        Holds the data and the log; it belongs to the user who runs the server.
    """

    folder: Path
    port: int
    programs: Path
    user: str | None

    @property
    def address(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def log(self) -> str:
        """What the server has said."""
        return (self.folder / "log").read_text(errors="replace")

    def create(self) -> None:
        """Create the data, with no database but the empty one."""
        self._do("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8")

    def start(self) -> None:
        """Start the server; it answers when this returns."""
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        log = str(self.folder / "log")
        self._do(
            "pg_ctl", "start", "-w", "-t", PATIENCE, "-l", log, "-o", f"-p {self.port} {options}"
        )

    def stop(self, mode: Mode) -> None:
        """Stop the server: ``fast`` rolls back and says so, ``immediate`` is as good as a crash."""
        self._do("pg_ctl", "stop", "-w", "-t", PATIENCE, "-m", mode)

    def _do(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        if self.user is not None:
            command = ["runuser", "-u", self.user, "--", *command]
        # Into a file: a server that keeps a pipe open would keep us waiting for its end.
        with (self.folder / "said").open("ab") as said:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self.folder,
                check=False,
            )
        assert done.returncode == 0, (self.folder / "said").read_text(errors="replace")


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Run a server; at the end it is gone with its data. Skips loudly where none can be run."""
    programs, user = _programs(), _user()
    with fast_folder() as folder:
        if user is not None:
            shutil.chown(folder, user)
        server = Server(folder, _free_port(), programs, user)
        server.create()
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop("immediate")


def _programs() -> Path:
    """Return the folder of the programs of the newest server here."""
    on_path = shutil.which("pg_ctl")
    found = [path.parent for path in SERVERS.glob("*/bin/pg_ctl")]
    if on_path is not None:
        found.append(Path(on_path).resolve().parent)
    found = [folder for folder in found if (folder / "initdb").exists()]
    if not found:
        _refuse("no initdb and pg_ctl for a server of the test's own")
    return max(found, key=_version)


def _version(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0.0


def _user() -> str | None:
    """Return who is to run the server; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    if shutil.which("runuser") is None:
        _refuse("root may not run a server, and there is no runuser")
    found = [user for user in USERS if _exists(user)]
    if not found:
        _refuse("root may not run a server, and there is no other user")
    return found[0]


def _exists(user: str) -> bool:
    return subprocess.run(["id", "-u", user], capture_output=True, check=False).returncode == 0


def _refuse(why: str) -> NoReturn:
    pytest.skip(f"{NO_SERVER}: {why}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
