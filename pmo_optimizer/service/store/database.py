"""The connection to the database, and what differs between SQLite and PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pmo_optimizer.service.store.errors import BadText, Unavailable

BUSY_SECONDS = 30.0
"""How long a writer waits for another process that writes to the same SQLite file."""

OLDEST_SQLITE = (3, 35)
"""The first version in which an UPDATE returns what it changed."""

POOL_SIZE = 10
POOL_OVERFLOW = 50

WRITES = "pmo_writes"
"""Execution option of connections whose transaction writes."""

Clock = Callable[[], datetime]


def parse_url(address: str) -> URL:
    """Return the address of a database with the driver that is used for it.

    Raises
    ------
    ValueError
        It is neither a SQLite file nor a PostgreSQL server.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        # Without the address, which may hold a password.
        raise ValueError("the address of the database is not a URL") from error
    backend = url.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise ValueError("the database must be sqlite:///file or postgresql://host/database")
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite must be a file: sqlite:///file")
    return url.set(drivername="sqlite+pysqlite")


class Database:
    """One database, for any number of threads.

    Parameters
    ----------
    address : str
        ``sqlite:///file`` or ``postgresql://host/database``. The folder of a SQLite file is
        created, and so is the file, readable by its owner only.
    clock : callable, optional
        Gives the time. By default the server's on PostgreSQL, so that hosts whose clocks differ
        agree, and this machine's on SQLite.

    Raises
    ------
    ValueError
        The address cannot be used.
    """

    def __init__(self, address: str, clock: Clock | None = None) -> None:
        url = parse_url(address)
        self.postgres = url.get_backend_name() == "postgresql"
        self._clock = clock
        # Threads of one process queue here: SQLite's own waiting is not fair, and one of many
        # writers could starve.
        self._writer = nullcontext() if self.postgres else threading.Lock()
        self.engine = _postgres(url) if self.postgres else _sqlite(url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run a transaction that reads; all it reads is of one moment.

        Raises
        ------
        Unavailable
            The database does not answer.
        """
        with _available(), self.engine.connect() as connection:
            if self.postgres:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run a transaction that writes; it is committed at the end, or nothing is.

        Raises
        ------
        Unavailable
            The database does not answer or is too busy.
        """
        with _available(), self._writer, self.engine.connect() as connection:
            connection = connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    def lock(self, connection: Connection, *names: str) -> None:
        """Let transactions that write under the same names follow each other.

        On SQLite they do so anyway.
        """
        if self.postgres:
            key = func.hashtextextended("\x1f".join(names), 0)
            connection.execute(select(func.pg_advisory_xact_lock(key)))

    def now(self, connection: Connection) -> datetime:
        """Return the time."""
        if self._clock is not None:
            return self._clock()
        if self.postgres:
            found: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            return found.astimezone(UTC)
        return datetime.now(UTC)

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises
        ------
        Unavailable
            There is none.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable("the database does not answer or is too busy") from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise Unavailable("the connection to the database broke") from error
    except StatementError as error:
        # SQLAlchemy wraps what the column types refuse.
        if isinstance(error.orig, BadText | ValueError):
            raise error.orig from None
        raise


def _postgres(url: URL) -> Engine:
    # A connection is tried before it is used: the server may have been started again.
    return create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "pmo-optimizer"},
    )


def _sqlite(url: URL) -> Engine:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ValueError(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 is needed")
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # SQLite gives its side files the rights of this one.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, record: object) -> None:
    # The driver must not begin transactions by itself: `_begin` does, and at once.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # An accepted run survives a power cut, not only a crash.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that begins as a reader and then writes can fail at once where another
    # wrote meanwhile, whatever the timeout says; so writers say at the start what they are.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
