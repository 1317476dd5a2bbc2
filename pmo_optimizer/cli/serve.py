"""The command that serves plans over HTTP."""

from __future__ import annotations

import os
import signal
import sys
import webbrowser
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import app
from pmo_optimizer.cli.codes import ExitCode

if TYPE_CHECKING:
    from pmo_optimizer.service import Settings
    from pmo_optimizer.service.store import Store

HOW_TO_KEYS = """\
{host} can be reached from other machines, and there is no valid API key.
Make one first:
  pmo-optimizer keys create planner --scope read --scope solve
or serve this machine only, without other names in PMO_ALLOWED_HOSTS:
  pmo-optimizer serve --host 127.0.0.1"""


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on; 127.0.0.1 by default.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port; 8765 by default.")
    ] = None,
    require_keys: Annotated[
        bool | None,
        typer.Option(
            "--require-keys/--no-require-keys",
            help="Ask for an API key on this machine too; other addresses always do.",
        ),
    ] = None,
    upgrade: Annotated[
        bool,
        typer.Option(
            "--upgrade",
            help="Bring the tables of PostgreSQL to this version first; SQLite's always are.",
        ),
    ] = False,
) -> None:
    """Serve the board page and plans over HTTP. Settings come from PMO_... variables.

    Open its address in a browser; programs find everything at /docs.

    Listens on this machine only unless told otherwise; other addresses need API keys, and so
    do names of other machines, as behind a proxy. Ctrl-C ends it: running solves stop and keep
    their best plan.
    """
    settings = settings_of({"host": host, "port": port, "require_keys": require_keys})
    run_service(_guarded(settings, upgrade=upgrade))


def serve_demo(port: int | None, *, browser: bool) -> None:
    """Serve this machine, with the sample portfolio where the store holds none yet.

    Parameters
    ----------
    port
        Port to listen on; that of the settings by default.
    browser
        Whether to show it in the browser, where there is a screen.
    """
    settings = _guarded(settings_of({"host": "127.0.0.1", "port": port}), upgrade=False)
    run_service(settings, sample=True, browser=browser)


def run_service(settings: Settings, *, sample: bool = False, browser: bool = False) -> None:
    """Serve until somebody ends it.

    Raises
    ------
    typer.Exit
        The address or the port cannot be had; which is on stderr.
    """
    from pmo_optimizer.service import logs
    from pmo_optimizer.service.server import PublicWithoutKeys, bind, make_server
    from pmo_optimizer.web import create_app

    logs.configure(settings.log_level)
    try:
        listening = bind(settings)
    except PublicWithoutKeys as error:
        raise refused(HOW_TO_KEYS.format(host=settings.host)) from error
    except OSError as error:
        raise refused(f"{settings.host}:{settings.port} cannot be had: {error.strerror}") from error
    name = f"[{settings.host}]" if ":" in settings.host.strip("[]") else settings.host
    address = f"http://{name}:{listening.getsockname()[1]}"
    path = f"/portfolios/{_sample(settings)}" if sample else ""
    output.note(f"Serving at {address}; Ctrl-C ends it.")
    if path:
        output.note(f"Open {address}{path}")
    if browser and _has_screen():
        # It listens already: the page waits for the server that starts below.
        webbrowser.open(address + path)
    # The server ends by itself at these signals, and then hands them on to whoever was there.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ended)
    make_server(create_app(settings)).run([listening])


def _sample(settings: Settings) -> str:
    """Return the id of the newest portfolio of this machine; of the sample where it has none."""
    from pmo_optimizer.service.store import open_store
    from pmo_optimizer.web.sample import newest_or_sample

    store = open_store(settings.database_url)
    try:
        return newest_or_sample(store)
    finally:
        store.close()


def _has_screen() -> bool:
    """Return whether a browser can open a window, and not one that takes over the terminal."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _ended(number: int, frame: object) -> None:
    """Let the process end in peace, with code 0."""


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Return the settings of the environment, with those that are given, not None, put first.

    Raises
    ------
    typer.Exit
        One of them cannot be used; which is on stderr.
    """
    from pydantic import ValidationError
    from pydantic_settings.exceptions import SettingsError

    from pmo_optimizer.service import Settings
    from pmo_optimizer.service.settings import unknown_names

    for name in unknown_names(os.environ):
        output.note(f"warning: there is no setting {name}", style="bold yellow")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        lines = [f"PMO_{str(d['loc'][0]).upper()}: {d['msg']}" for d in error.errors()]
        raise refused("\n".join(lines)) from error
    except SettingsError as error:
        raise refused(str(error)) from error


def _guarded(settings: Settings, *, upgrade: bool) -> Settings:
    """Return the settings, with keys required where others reach the service.

    The database is looked at first: what is wrong with it is said before anything listens.
    """
    from pmo_optimizer.service.settings import is_loopback
    from pmo_optimizer.service.store import open_store
    from pmo_optimizer.service.store.errors import NotCurrent, Unavailable

    try:
        store = open_store(settings.database_url)
    except (ValueError, OSError) as error:
        raise refused(f"PMO_DATABASE_URL: {error}") from error
    try:
        if upgrade or not store.postgres:
            store.upgrade()
        store.require_current()
        if settings.published and not _has_keys(store):
            names = (settings.host, *settings.allowed_hosts)
            others = ", ".join(name for name in names if not is_loopback(name))
            raise refused(HOW_TO_KEYS.format(host=others))
    except NotCurrent as error:
        raise refused(f"{error}; start once with --upgrade") from error
    except Unavailable as error:
        output.note(f"error: {error}", style="bold red")
        raise typer.Exit(ExitCode.INTERNAL) from error
    finally:
        store.close()
    return settings.model_copy(update={"require_keys": settings.keyed})


def _has_keys(store: Store) -> bool:
    now = datetime.now(UTC)
    listed = store.keys()
    return any(key.revoked is None and (key.expires is None or key.expires > now) for key in listed)


def refused(text: str) -> typer.Exit:
    """Say on stderr why the command cannot do its work, and return its end."""
    output.note(f"error: {text}", style="bold red")
    return typer.Exit(ExitCode.USAGE)
