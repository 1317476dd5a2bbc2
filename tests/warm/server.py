"""Imports all packages once, and becomes, in copies of itself, what is asked of it."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import multiprocessing
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
import types
from typing import Any, NoReturn

PACKAGES = (
    "pmo_optimizer.cli",
    "pmo_optimizer.formats",
    "pmo_optimizer.people",
    "pmo_optimizer.referee",
    "pmo_optimizer.report",
    "pmo_scenarios",
    "pmo_solvers",
    "benchmarks",
)

HEAVY = ("openpyxl", "pandas", "rich.progress", "xlsxwriter")

FRESH = multiprocessing.get_context


def copying(method: str | None = None) -> Any:
    """Return how processes of a command begin: as copies too, unless a thread could hold a lock.

    Beside the one that solves there may be one that watches it, which waits when that begins.
    """
    quiet = threading.active_count() <= 2 and "distributed" not in sys.modules
    return FRESH("fork" if method == "spawn" and quiet else method)


def load() -> None:
    """Import all that commands use."""
    setattr(multiprocessing, "get_context", copying)  # noqa: B010 (mypy)
    for name in HEAVY:
        importlib.import_module(name)
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def serve(listener: socket.socket) -> list[str]:
    """Answer until stdin ends; return, in a copy, the command that it becomes."""
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os._exit(0)
        line, _ = listener.accept()
        # The one in between waits for the command.
        if os.fork() == 0:
            listener.close()
            return attend(line)
        line.close()


def attend(line: socket.socket) -> list[str]:
    """Return, in a copy, the command that is asked for; here wait for its end and tell it."""
    head, streams, _, _ = socket.recv_fds(line, 8, 3)
    request = bytearray()
    while len(request) < int.from_bytes(head, "big"):
        request += line.recv(65536)
    command, folder, environment = json.loads(request)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    end, mine = os.pipe()
    number = os.fork()
    if number == 0:
        os.close(end)
        os.set_inheritable(mine, False)
        line.close()
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
            os.close(stream)
        sys.stdin = os.fdopen(0, closefd=False)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return list(command)
    os.close(mine)
    ready, _, _ = select.select([line.fileno(), end], [], [])
    if end not in ready:  # who asked is gone
        os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(number, 0)
    line.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(command: list[str]) -> None:
    """Do what ``pmo-optimizer`` or ``python`` does with such arguments."""
    sys.path[0] = ""
    match command:
        case ["pmo-optimizer", *arguments]:
            name = "pmo_optimizer.cli"
        case ["python", "-m", name, *arguments]:
            pass
        case ["python", "-c", text, *arguments]:
            sys.argv = ["-c", *arguments]
            main = sys.modules["__main__"] = types.ModuleType("__main__")
            exec(compile(text, "<string>", "exec"), main.__dict__)
            return
        case _:
            raise SystemExit(f"not known here: {command}")
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def finish(code: int) -> NoReturn:
    """End as Python does, except that nothing is taken apart: of so much that is slow."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def code_of(ended: SystemExit) -> int:
    """Return the exit code that Python makes of it."""
    if isinstance(ended.code, int | None):
        return ended.code or 0
    sys.stderr.write(f"{ended.code}\n")
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        asked = serve(listening)
    try:
        become(asked)
        finish(0)
    except SystemExit as ended:
        finish(code_of(ended))
