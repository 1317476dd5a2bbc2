"""The commands for the API keys of the service."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import app
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.options import AsJson
from pmo_optimizer.service.auth import Scope

if TYPE_CHECKING:
    from pmo_optimizer.service.store import Store
    from pmo_optimizer.service.store.records import Audited, KeyRecord

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

LONGEST_NAME = 200
"""Characters of a key's name at most."""

LONGEST_DAYS = 36525
"""Days that a key may live at most."""


keys = typer.Typer(
    help="Create, list and revoke the API keys of the service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(keys, name="keys")


def known_tenant(tenant: str | None) -> str | None:
    """Return a tenant as it was given; BadParameter where it cannot be the name of one."""
    if tenant is not None and _TENANT.fullmatch(tenant) is None:
        raise typer.BadParameter(
            "a tenant is 1 to 64 letters, digits, dots, dashes or underscores, "
            "and begins with a letter or a digit"
        )
    return tenant


def _fit_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"a name is 1 to {LONGEST_NAME} characters that can be printed")
    return name


DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        help="Database of the service; by default PMO_DATABASE_URL, else the user's SQLite file.",
    ),
]


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.", callback=_fit_name)],
    tenant: Annotated[
        str, typer.Option("--tenant", help="Whose objects it opens.", callback=known_tenant)
    ] = "local",
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What it allows; may be repeated. Default: read and solve."),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option("--days", help="Days until it expires; by default it does not."),
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it: this is the only time that it can be seen."""
    if days is not None and not 0 < days <= LONGEST_DAYS:
        raise typer.BadParameter(f"--days is a number above 0 and at most {LONGEST_DAYS}")
    scopes = list(scope or (Scope.READ, Scope.SOLVE))
    expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with opened(database_url) as store:
        record, text = store.create_key(tenant, name, scopes, expires, audited=_audited())
    if as_json:
        output.result_json({"key": text} | _data(record))
        return
    # The key alone goes to stdout, so that a script can take it as it is.
    typer.echo(text)
    output.note(f"Key {record.id} of tenant {tenant}. Keep it now: it is not shown again.")


@keys.command(name="list")
def list_keys(
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", help="Only those of this tenant.", callback=known_tenant),
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the keys, oldest first, without their secrets."""
    with opened(database_url) as store:
        records = store.keys(tenant)
    if as_json:
        output.result_json({"keys": [_data(record) for record in records]})
        return
    if not records:
        output.note("There are no keys.")
    for record in records:
        output.result_line(_line(record))


@keys.command()
def revoke(
    id: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """End a key now; requests with it are refused from here on."""
    with opened(database_url) as store:
        found = [record for record in store.keys(None) if record.id == id]
        if not found:
            output.note(f"There is no key {id!r}; `keys list` shows which there are.", "bold red")
            raise typer.Exit(ExitCode.USAGE)
        record = store.revoke_key(found[0].tenant, id, audited=_audited())
    if as_json:
        output.result_json(_data(record))
        return
    output.note(f"Key {record.id} of tenant {record.tenant} is revoked.")


def _audited() -> Audited:
    """Return who makes and ends keys here, for the audit log: the user of this machine."""
    from pmo_optimizer.service.store.records import Audited

    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):
        # Users of containers need not have a name.
        user = ""
    return Audited("command-line", detail={"user": user})


@contextmanager
def opened(database_url: str | None) -> Iterator[Store]:
    """Open the service's store; its tables are created where there are none."""
    from pmo_optimizer.service.store import open_store
    from pmo_optimizer.service.store.errors import NotCurrent, Unavailable

    try:
        store = open_store(database_url or _configured())
    except (OSError, ValueError) as error:
        # Not the address itself, which may hold a password.
        output.note(f"The database cannot be opened: {error}.", "bold red")
        raise typer.Exit(ExitCode.USAGE) from error
    try:
        _prepare(store)
        yield store
    except NotCurrent as error:
        output.note(f"{error}; start the service once to bring it there.", "bold red")
        raise typer.Exit(ExitCode.USAGE) from error
    except Unavailable as error:
        output.note(f"The database cannot be used: {error}.", "bold red")
        raise typer.Exit(ExitCode.INTERNAL) from error
    finally:
        store.close()


def _configured() -> str:
    """Return the address that the environment gives.

    Raises
    ------
    ValueError
        The environment cannot be used.
    """
    from pydantic import ValidationError
    from pydantic_settings.exceptions import SettingsError

    from pmo_optimizer.service.settings import Settings

    try:
        return Settings().database_url
    except ValidationError as error:
        names = ", ".join(f"PMO_{'.'.join(map(str, e['loc'])).upper()}" for e in error.errors())
        raise ValueError(f"these settings are wrong: {names}") from error
    except SettingsError as error:
        raise ValueError(str(error)) from error


def _prepare(store: Store) -> None:
    """Create the tables of an empty database; those of a running service stay as they are."""
    from pmo_optimizer.service.store.errors import NotCurrent

    try:
        store.require_current()
    except NotCurrent as error:
        if error.found is not None:
            raise
        store.upgrade()


def _data(record: KeyRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "tenant": record.tenant,
        "name": record.name,
        "scopes": sorted(record.scopes),
        "created": _time(record.created),
        "expires": _time(record.expires),
        "revoked": _time(record.revoked),
        "last_used": _time(record.last_used),
    }


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds")


def _line(record: KeyRecord) -> str:
    parts = [record.id, record.tenant, ",".join(sorted(record.scopes)), record.name]
    if record.revoked is not None:
        parts.append(f"revoked {_time(record.revoked)}")
    elif record.expires is not None:
        over = record.expires <= datetime.now(UTC)
        parts.append(f"{'expired' if over else 'expires'} {_time(record.expires)}")
    used = _time(record.last_used)
    parts.append("never used" if used is None else f"last used {used}")
    return "  ".join(parts)
