"""The application: routes, errors and middleware around a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from pmo_optimizer import __version__
from pmo_optimizer.service import docs_page, openapi, problems
from pmo_optimizer.service.dependencies import Service
from pmo_optimizer.service.events import Feeds
from pmo_optimizer.service.gates import Gate
from pmo_optimizer.service.metrics import Metrics
from pmo_optimizer.service.middleware import (
    BodyLimitMiddleware,
    HeadMiddleware,
    HostMiddleware,
    OriginMiddleware,
    RequestMiddleware,
)
from pmo_optimizer.service.routes import decisions, plans, portfolios, runs, scenarios, system
from pmo_optimizer.service.settings import Settings
from pmo_optimizer.service.store import Store, open_store


def create_app(settings: Settings | None = None, store: Store | None = None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings
        Those of the environment by default.
    store
        An open store whose tables are current, which stays open at the end and whose runs
        somebody else executes: for tests. By default the one that the settings name is opened
        at the start and closed at the end. On SQLite its tables are brought to this version,
        and runs are executed here; on PostgreSQL both is the work of `pmo-optimizer worker`.
    """
    chosen = Settings() if settings is None else settings
    metrics = Metrics()
    app = FastAPI(
        title="pmo-optimizer",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(chosen, store, metrics),
    )
    problems.install(app)
    # The last one added is the first that a request meets.
    app.add_middleware(BodyLimitMiddleware, limit=chosen.body_limit, large=chosen.large_bodies)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(OriginMiddleware, settings=chosen)
    app.add_middleware(HostMiddleware, settings=chosen)
    app.add_middleware(RequestMiddleware, metrics=metrics)
    for part in (portfolios, scenarios, runs, plans, decisions, system, docs_page):
        app.include_router(part.router)
    openapi.install(app, __version__)
    return app


def _lifespan(
    settings: Settings, store: Store | None, metrics: Metrics
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = open_store(settings.database_url) if store is None else store
        feeds = Feeds(opened, settings.sse_heartbeat, settings.streams)
        try:
            if store is None and not opened.postgres:
                await run_in_threadpool(opened.upgrade)
            embedded = store is None and not opened.postgres
            async with _running(settings, opened, embedded=embedded) as (wake, alive, warm):
                heavy = Gate("checks of large input", settings.heavy)
                app.state.service = Service(
                    settings, opened, feeds, metrics, wake, alive, heavy, warm
                )
                yield
        finally:
            app.state.service = None
            feeds.close()
            if store is None:
                opened.close()

    return lifespan


@asynccontextmanager
async def _running(
    settings: Settings, store: Store, *, embedded: bool
) -> AsyncIterator[tuple[Callable[[], None], Callable[[], bool], Callable[[], None]]]:
    """Execute runs in this process while it lasts; at the end they stop and keep their best.

    Gives what says that there is a new run, what tells whether runs are executed, and what says
    that one will come soon.
    """
    if not embedded:
        yield _nobody, _well, _nobody
        return
    from pmo_optimizer.service.runs.supervisor import Supervisor

    supervisor = Supervisor(store, settings)
    await run_in_threadpool(supervisor.start)
    try:
        yield supervisor.wake, lambda: supervisor.alive, supervisor.warm
    finally:
        await run_in_threadpool(supervisor.stop)


def _nobody() -> None:
    """Tell nobody of a new run: workers look for themselves."""


def _well() -> bool:
    """Return that nothing is amiss here, where runs are executed elsewhere."""
    return True
