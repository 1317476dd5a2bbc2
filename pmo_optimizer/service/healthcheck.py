"""Whether a container is well: ``python -m pmo_optimizer.service.healthcheck``.

One image serves, works and runs single commands, so this looks at what its first process does:
``serve`` must answer, ``worker`` must reach the database, and for anything else the engines must
be there. Exit code 0 means well, 1 not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import httpx

FIRST_PROCESS = Path("/proc/1/cmdline")
"""The words of the first process of a container, with NUL after each."""

PROGRAM = "pmo-optimizer"

ANSWER_SECONDS = 5.0


def words_of(path: Path) -> tuple[str, ...]:
    """Return the words of a command line after the program; none where it is another one."""
    try:
        words = path.read_text(encoding="utf-8", errors="replace").rstrip("\0").split("\0")
    except OSError:
        return ()
    places = [place for place, word in enumerate(words) if Path(word).name == PROGRAM]
    return tuple(words[places[0] + 1 :]) if places else ()


def port_of(words: Sequence[str]) -> int:
    """Return the port that ``serve`` listens on: that of its command line, or of the settings."""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        text = following if word == "--port" else word.removeprefix("--port=")
        if word.startswith("--port") and text.isdigit():
            return int(text)
    from pmo_optimizer.service.settings import Settings

    return Settings().port


def trouble(words: Sequence[str]) -> str:
    """Return what is wrong with the process of a command line; empty where it is well."""
    command = words[0] if words else ""
    if command == "serve":
        return _service(port_of(words))
    if command == "worker":
        return _database()
    from pmo_optimizer.backend import backend_names

    return "" if backend_names() else "no engine is installed"


def _service(port: int) -> str:
    address = f"http://127.0.0.1:{port}/v1/health"
    try:
        # Not through a proxy of the environment: it is this very machine.
        answer = httpx.get(address, timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        return f"{address} does not answer: {error}"
    return "" if answer.is_success else f"{address} answers {answer.status_code}"


def _database() -> str:
    from pmo_optimizer.service.settings import Settings
    from pmo_optimizer.service.store import open_store
    from pmo_optimizer.service.store.errors import Unavailable

    with closing(open_store(Settings().database_url)) as store:
        try:
            store.ping()
        except Unavailable as error:
            return str(error)
    return ""


def main() -> None:
    """Say whether the container is well, and end with the exit code for it."""
    found = trouble(words_of(FIRST_PROCESS))
    sys.stdout.write(f"{found or 'well'}\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
