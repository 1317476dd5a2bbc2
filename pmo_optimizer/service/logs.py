"""Structured logs: one JSON object a line, with the request and the run it belongs to.

A log is read by more people than a portfolio. So a line above DEBUG is a constant message with
the fields of `FIELDS`: ids, counts, times, codes. It never has the text of an exception, which
may quote the input and with it names of people, and keys and passwords are blotted out wherever
they turn up.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the HTTP request that is being answered here, or None."""

run_id: ContextVar[str | None] = ContextVar("run_id", default=None)
"""Id of the run that is being worked on here, or None."""

FIELDS = frozenset(
    {
        "action",
        "attempt",
        "code",
        "count",
        "error",
        "gap",
        "host",
        "kind",
        "method",
        "pid",
        "port",
        "reason",
        "request",
        "route",
        "run",
        "seconds",
        "signal",
        "size",
        "state",
        "status",
        "store",
        "tenant",
        "termination",
        "worker",
    }
)
"""What ``extra`` may carry at every level; other fields are written at DEBUG only."""

QUIET = MappingProxyType(
    {
        "alembic": logging.WARNING,
        "asyncio": logging.WARNING,
        "httpcore": logging.WARNING,
        "httpx": logging.WARNING,
        "procrastinate": logging.WARNING,
        "psycopg": logging.WARNING,
        "sqlalchemy": logging.WARNING,
        # A line per request is written here, with its route instead of its address.
        "uvicorn.access": logging.CRITICAL,
    }
)
"""Loggers of libraries, and from which level on they are heard."""

SECRETS = (
    re.compile(r"pmo_[\w-]+_[\w-]{43,}"),
    re.compile(r"(?<=://)[^\s/@]*:[^\s/@]*(?=@)"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+"),
)
"""Keys of the service, user and password of an address, and whatever a bearer carries."""

STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""Attributes that every record has; the others came by ``extra``."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON.

    Parameters
    ----------
    verbose
        Write every field, and the text of exceptions, whatever they quote. For DEBUG.
    """

    def __init__(self, *, verbose: bool = False) -> None:
        super().__init__()
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time (UTC), level, logger, message, ids, fields and the error."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        ids = {"request": request_id.get(), "run": run_id.get()}
        line |= {name: value for name, value in ids.items() if value is not None}
        line |= {
            name: value
            for name, value in record.__dict__.items()
            if name not in STANDARD and name not in line and (self._verbose or name in FIELDS)
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = self._error(record.exc_info[1])
        return blotted(json.dumps(line, default=str, ensure_ascii=False))

    def _error(self, error: BaseException) -> dict[str, object]:
        """Return type and place of an exception, and if verbose its text and its causes."""
        frames = traceback.extract_tb(error.__traceback__)
        said: dict[str, object] = {
            "type": type(error).__qualname__,
            "where": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames],
        }
        if self._verbose:
            said["text"] = "".join(traceback.format_exception(error))
        return said


def blotted(text: str) -> str:
    """Return a text in which keys and passwords are replaced by ``***``.

    Examples
    --------
    >>> blotted("postgresql://planner:geheim@db/pmo")
    'postgresql://***@db/pmo'
    """
    for pattern in SECRETS:
        text = pattern.sub("***", text)
    return text


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log of this process to one stream as lines of JSON; standard error by default.

    Parameters
    ----------
    level
        Name of the least level that is written. ``DEBUG`` also writes what may quote the input.

    Raises
    ------
    ValueError
        Where there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"there is no log level {level!r}")
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter(verbose=number <= logging.DEBUG))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(number, least))
    # uvicorn brings handlers of its own, which would write each line twice.
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


@contextmanager
def bound(*, request: str | None = None, run: str | None = None) -> Iterator[None]:
    """Name the request or the run in every line that is logged inside the block.

    What is None stays as it is outside.
    """
    tokens = [
        (variable, variable.set(value))
        for variable, value in ((request_id, request), (run_id, run))
        if value is not None
    ]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)
