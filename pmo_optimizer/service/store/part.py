"""What the parts of the store share: transactions, rows to records, pages, idempotency."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, delete, or_, select

from pmo_optimizer.service.ids import is_id
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.chain import append_link
from pmo_optimizer.service.store.columns import storable
from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.errors import BadCursor, KeyReused, NotFound, Replayed
from pmo_optimizer.service.store.records import Audited, Once, Page, Reply

LARGEST_PAGE = 200
"""Rows of a page at most, whatever is asked for."""

REPLY_LIFE = timedelta(hours=24)
"""How long an idempotency key is remembered."""


class _Record(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


T = TypeVar("T", bound=_Record)
S = TypeVar("S")
R = TypeVar("R")


class Part:
    """A part of the store. Its methods may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _read(self) -> AbstractContextManager[Connection]:
        return self._database.read()

    def _write(self) -> AbstractContextManager[Connection]:
        return self._database.write()

    def _now(self, connection: Connection) -> datetime:
        return self._database.now(connection)

    def _seen(
        self, connection: Connection, tenant: str, once: Once[Any] | None, now: datetime
    ) -> None:
        """Refuse to do what was done before under the same idempotency key.

        Raises
        ------
        Replayed
            It was done.
        KeyReused
            The key was used with another body.
        """
        if once is None:
            return
        self._database.lock(connection, "idempotency", tenant, once.route, once.key)
        reply = find_reply(connection, tenant, once.route, once.key, once.body_hash, now)
        if reply is not None:
            raise Replayed(reply)

    def _remember(
        self, connection: Connection, tenant: str, once: Once[R] | None, record: R, now: datetime
    ) -> None:
        if once is not None:
            reply = once.reply(record)
            write_reply(connection, tenant, once.route, once.key, once.body_hash, reply, now)

    def _audited(
        self,
        connection: Connection,
        tenant: str,
        audited: Audited | None,
        action: str,
        object: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the link about a write, as the last thing that its transaction does.

        Last, since all writes of a tenant wait for each other here: who has this lock waits for
        no other.
        """
        if audited is None:
            return
        content = {
            "actor": audited.actor,
            "action": action,
            "object": object,
            "request_id": audited.request_id,
            "detail": {**audited.detail, **(facts or {})},
        }
        self._link(connection, tenant, content)

    def _link(self, connection: Connection, tenant: str, content: Mapping[str, Any]) -> int:
        self._database.lock(connection, "audit", tenant)
        return append_link(connection, tenant, {**content, "at": self._now(connection)})


def make(kind: type[T], row: Row[Any], changes: Mapping[str, object] | None = None) -> T:
    """Return the record of a row; ``changes`` are fields that are not as the row has them."""
    values: dict[str, Any] = dict(changes or {})
    found = row._mapping
    for field in fields(kind):
        if field.name not in values:
            values[field.name] = found[field.name]
    return kind(**values)


def owned(
    connection: Connection,
    table: Table,
    kind: str,
    tenant: str,
    id: str,
    *,
    lock: bool = False,
    columns: Sequence[ColumnElement[Any]] | None = None,
) -> Row[Any]:
    """Return a tenant's row.

    Parameters
    ----------
    kind : str
        What it is, for the message.
    lock : bool, default False
        Keep others from changing it until the end of the transaction.
    columns : sequence of columns, optional
        What is read of it; by default all, which may be large.

    Raises
    ------
    NotFound
        The tenant has none with this id.
    """
    if not is_id(id):
        raise NotFound(kind, id)
    query = select(*(table.c if columns is None else columns))
    query = query.where(table.c.id == id, table.c.tenant == tenant)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(kind, id)
    return row


def named(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a column equals a text that a client gave."""
    if not storable(text):
        return column != column
    return column == text


def page(
    connection: Connection,
    query: Select[Any],
    table: Table,
    cursor: str | None,
    limit: int,
    record: Callable[[Row[Any]], S],
) -> Page[S]:
    """Return one page of a query, newest first.

    Raises
    ------
    BadCursor
        The cursor is not one of ours.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    if cursor is not None:
        created, id = read_cursor(cursor)
        query = query.where(
            or_(table.c.created < created, and_(table.c.created == created, table.c.id < id))
        )
    query = query.order_by(table.c.created.desc(), table.c.id.desc()).limit(limit + 1)
    rows = connection.execute(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    following = write_cursor(rows[-1].created, rows[-1].id) if more else None
    return Page(tuple(record(row) for row in rows), following)


def write_cursor(created: datetime, id: str) -> str:
    """Return the cursor of the page after a row."""
    text = json.dumps([created.isoformat(), id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the time and the id of the row before a page.

    Raises
    ------
    BadCursor
        The text is not a cursor.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        created, id = parts
        when = datetime.fromisoformat(created)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor from error
    if when.tzinfo is None or not isinstance(id, str) or not is_id(id):
        raise BadCursor
    return when, id


def find_reply(
    connection: Connection, tenant: str, route: str, key: str, body_hash: str, now: datetime
) -> Reply | None:
    """Return what was answered under an idempotency key within its life.

    Raises
    ------
    KeyReused
        The key was used with another body.
    """
    table = tables.idempotency
    row = connection.execute(
        select(table).where(
            table.c.tenant == tenant,
            table.c.route == route,
            named(table.c.key, key),
            table.c.created > now - REPLY_LIFE,
        )
    ).one_or_none()
    if row is None:
        return None
    if row.body_hash != body_hash:
        raise KeyReused
    return Reply(status=row.status, headers=row.headers, body=row.body)


def write_reply(
    connection: Connection,
    tenant: str,
    route: str,
    key: str,
    body_hash: str,
    reply: Reply,
    now: datetime,
) -> None:
    """Keep what was answered under an idempotency key; an older, expired answer goes."""
    table = tables.idempotency
    connection.execute(
        delete(table).where(table.c.tenant == tenant, table.c.route == route, table.c.key == key)
    )
    connection.execute(
        table.insert().values(
            tenant=tenant,
            route=route,
            key=key,
            body_hash=body_hash,
            status=reply.status,
            headers=dict(reply.headers),
            body=reply.body,
            created=now,
        )
    )
