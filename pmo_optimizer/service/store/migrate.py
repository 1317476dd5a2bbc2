"""Bringing the tables to this version of the package, with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.errors import NotCurrent

FOLDER = Path(__file__).parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to a revision, in one transaction.

    Several processes may do so at once: they wait for each other.
    """
    with database.write() as connection:
        database.lock(connection, "migrations")
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Take the tables back to a revision, in one transaction; what they held is lost."""
    with database.write() as connection:
        database.lock(connection, "migrations")
        command.downgrade(_config(connection), revision)


def require_current(database: Database) -> None:
    """Check that the tables are at the newest revision.

    Raises
    ------
    NotCurrent
        They are not.
    """
    wanted = ScriptDirectory(str(FOLDER)).get_current_head()
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        raise NotCurrent(found, str(wanted))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
