"""Events of runs for any number of listeners, as server-sent events.

One watcher per run asks the store, however many listen; a listener that is behind, or comes
back with ``Last-Event-ID``, reads what it missed from the store.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool

from pmo_optimizer.service.gates import Counted, too_many
from pmo_optimizer.service.schemas import EventOut, RunOut
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import NotFound, Unavailable
from pmo_optimizer.service.store.records import EventRecord, RunStatus

POLL_SECONDS = 0.1
"""How often a watcher asks for news of its run while it is quick to come."""

SLOW_POLL_SECONDS = 1.0
"""And while nothing comes."""

PATIENCE = 25
"""So many questions without news make a watcher slow."""

KEPT = 256
"""Latest events of a run that a watcher keeps for its listeners."""

BATCH = 256
"""Most events that are read from the store at once."""

END = "end"
"""Type of the last event of a stream: the run as it ended."""

HEARTBEAT = b": heartbeat\n\n"
"""A comment, by which proxies and clients see that the stream lives."""


@dataclass
class _Watch:
    """What is known of a run that somebody listens to.

    Attributes
    ----------
    seen
        Number of the last event that was read; events after it are not known.
    news
        Is set, and replaced, whenever something happened.
    ended
        The run as it ended; None while it goes on.
    gone
        Whether the run was deleted, or the service shuts down.
    """

    tenant: str
    run_id: str
    seen: int = 0
    listeners: int = 0
    ended: RunStatus | None = None
    gone: bool = False
    recent: deque[EventRecord] = field(default_factory=lambda: deque(maxlen=KEPT))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Wake every listener."""
        self.news.set()
        self.news = asyncio.Event()

    def since(self, after: int) -> list[EventRecord] | None:
        """Return the events after a number; None where they must be read from the store."""
        if after >= self.seen:
            return []
        if not self.recent or self.recent[0].seq > after + 1:
            return None
        return [event for event in self.recent if event.seq > after]


class Feeds:
    """The watchers of one process; used within its event loop only."""

    def __init__(self, store: Store, heartbeat: float, most: int) -> None:
        self._store = store
        self._open = Counted(most)
        self._heartbeat = heartbeat
        self._watches: dict[str, _Watch] = {}
        self._closed = False
        self.streams = 0

    def full(self, tenant: str) -> bool:
        """Return whether a tenant has as many streams and waits open as it may."""
        return self._open.full(tenant)

    def require_room(self, tenant: str) -> None:
        """Refuse one more stream of a tenant that has as many as it may.

        Raises
        ------
        ProblemError
            429.
        """
        if self.full(tenant):
            raise too_many("event streams and waits of the tenant")

    def close(self) -> None:
        """End every stream, so that a server that waits for its connections can stop."""
        self._closed = True
        for watch in self._watches.values():
            watch.gone = True
            watch.tell()

    async def stream(
        self, tenant: str, run_id: str, after: int, allowed: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Return the events of a run after a number as they come, to its end.

        Whoever listens is looked at again now and then; the stream ends where it may not any
        more (`allowed`), and where the tenant has too many.

        The last one is `END` with the run; it has no id, so that whoever comes back with the
        last id gets it again. A silent stream carries a comment now and then.
        """
        if self._open.full(tenant):
            return
        self.streams += 1
        try:
            with self._open.one(tenant):
                async with self._watched(tenant, run_id) as watch:
                    async for chunk in self._chunks(watch, after, allowed):
                        yield chunk
        finally:
            self.streams -= 1

    async def ended(self, tenant: str, run_id: str, seconds: float) -> RunStatus | None:
        """Wait for the end of a run; None where it has not ended within the seconds."""
        deadline = time.monotonic() + seconds
        with self._open.one(tenant):
            async with self._watched(tenant, run_id) as watch:
                while watch.ended is None and not watch.gone:
                    left = deadline - time.monotonic()
                    if left <= 0 or not await _happens(watch.news, left):
                        break
                return watch.ended

    async def _chunks(
        self, watch: _Watch, after: int, allowed: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        # The first bytes say that the stream is open, whatever the run does.
        yield b": open\nretry: 2000\n\n"
        looked = time.monotonic()
        while not watch.gone:
            if time.monotonic() - looked >= self._heartbeat:
                if not await _still(allowed):
                    return
                looked = time.monotonic()
            news = watch.news
            ended = watch.ended
            found = watch.since(after)
            if found is None:
                found = await self._read(watch, after)
            for event in found:
                after = event.seq
                yield _event(event)
            if found:
                continue
            if ended is not None:
                data = RunOut.of(ended).model_dump_json()
                yield format_sse_event(event=END, data_str=data)
                return
            if not await _happens(news, self._heartbeat):
                yield HEARTBEAT

    @asynccontextmanager
    async def _watched(self, tenant: str, run_id: str) -> AsyncIterator[_Watch]:
        """Share the watcher of a run; the last one who leaves ends it."""
        watch = self._watches.get(run_id)
        if watch is None:
            watch = _Watch(tenant, run_id, gone=self._closed)
            self._watches[run_id] = watch
            watch.task = asyncio.create_task(self._watch(watch))
        watch.listeners += 1
        try:
            yield watch
        finally:
            watch.listeners -= 1
            if not watch.listeners and watch.task is not None:
                self._watches.pop(run_id, None)
                watch.task.cancel()

    async def _watch(self, watch: _Watch) -> None:
        """Ask the store for news of a run until it ends."""
        quiet = 0
        while watch.ended is None and not watch.gone:
            try:
                told = await self._look(watch)
            except NotFound:
                watch.gone = True
                told = True
            except Unavailable:
                told = False
            quiet = 0 if told else quiet + 1
            if told:
                watch.tell()
            slow = quiet > PATIENCE
            await asyncio.sleep(SLOW_POLL_SECONDS if slow else POLL_SECONDS)

    async def _look(self, watch: _Watch) -> bool:
        """Read what is new of a run; return whether anything is."""
        # The run comes first: what it had written when it ended is then among the events.
        run = await run_in_threadpool(self._store.run_status, watch.tenant, watch.run_id)
        before = watch.seen
        while True:
            events = await self._read(watch, watch.seen)
            for event in events:
                watch.recent.append(event)
                watch.seen = event.seq
            if len(events) < BATCH:
                break
        if run.state.terminal:
            watch.ended = run
        return watch.seen > before or watch.ended is not None

    async def _read(self, watch: _Watch, after: int) -> list[EventRecord]:
        return await run_in_threadpool(self._store.events, watch.tenant, watch.run_id, after, BATCH)


async def _still(allowed: Callable[[], bool]) -> bool:
    """Return whether somebody may still listen; where the database is silent, nothing changes."""
    try:
        return await run_in_threadpool(allowed)
    except Unavailable:
        return True


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Return whether something happens within the seconds."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _event(record: EventRecord) -> bytes:
    data = EventOut.of(record).model_dump_json()
    return format_sse_event(event=record.type, data_str=data, id=str(record.seq))
