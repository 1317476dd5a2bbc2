"""The command that runs solves for a service on PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import app
from pmo_optimizer.cli.codes import ExitCode


@app.command()
def worker(
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=64, help="Runs at the same time.")
    ] = 1,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Bring the tables to this version first.")
    ] = False,
) -> None:
    """Run the solves of a service on PostgreSQL; any number of workers, on any hosts.

    The address comes from PMO_DATABASE_URL. Ctrl-C or SIGTERM ends it: runs that go on stop and
    keep their best plan.
    """
    from pmo_optimizer.cli.serve import refused, settings_of
    from pmo_optimizer.service import logs
    from pmo_optimizer.service.store import open_store
    from pmo_optimizer.service.store.errors import NotCurrent, Unavailable

    try:
        from pmo_optimizer.service.runs.procrastination import Worker
    except ImportError as error:
        raise refused("workers need more packages: pip install pmo-optimizer[postgres]") from error

    settings = settings_of({})
    logs.configure(settings.log_level)
    try:
        store = open_store(settings.database_url)
    except (ValueError, OSError) as error:
        raise refused(f"PMO_DATABASE_URL: {error}") from error
    try:
        if not store.postgres:
            raise refused("workers need PostgreSQL in PMO_DATABASE_URL; on SQLite, serve does it")
        if upgrade:
            store.upgrade()
        store.require_current()
        output.note(f"Working, {concurrency} at a time; Ctrl-C ends it.")
        Worker(store, settings, concurrency=concurrency).run()
    except NotCurrent as error:
        raise refused(f"{error}; start once with --upgrade") from error
    except Unavailable as error:
        output.note(f"error: {error}", style="bold red")
        raise typer.Exit(ExitCode.INTERNAL) from error
    finally:
        store.close()
