"""The store: one class, put together from its parts."""

from __future__ import annotations

from pmo_optimizer.service.store.audit import Audit
from pmo_optimizer.service.store.database import Clock, Database
from pmo_optimizer.service.store.decisions import Decisions
from pmo_optimizer.service.store.figures import Figures
from pmo_optimizer.service.store.idempotency import Idempotency
from pmo_optimizer.service.store.migrate import require_current, upgrade
from pmo_optimizer.service.store.plans import Plans
from pmo_optimizer.service.store.portfolios import Portfolios
from pmo_optimizer.service.store.runners import Runners
from pmo_optimizer.service.store.runs import Runs
from pmo_optimizer.service.store.sessions import Sessions
from pmo_optimizer.service.store.uploads import Uploads


class Store(
    Portfolios, Runs, Runners, Plans, Decisions, Sessions, Uploads, Audit, Idempotency, Figures
):
    """Everything the service keeps, in SQLite or PostgreSQL.

    Every method that a request can reach takes the tenant first and sees nothing of others; what
    others have is `NotFound`. Any thread may call any method, and several processes may use one
    database. Each method is one transaction. Each may raise `Unavailable`.
    """

    @property
    def postgres(self) -> bool:
        """Whether this is PostgreSQL, on which workers share a queue."""
        return self._database.postgres

    def upgrade(self) -> None:
        """Create the tables, or bring them to this version; several may do so at once."""
        upgrade(self._database)

    def require_current(self) -> None:
        """Check that the tables are those of this version.

        Raises
        ------
        NotCurrent
            They are older, newer, or missing.
        """
        require_current(self._database)

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises
        ------
        Unavailable
            There is none.
        """
        self._database.ping()

    def close(self) -> None:
        """Close every connection; the store cannot be used afterwards."""
        self._database.close()


def open_store(url: str, *, clock: Clock | None = None) -> Store:
    """Return the store at an address.

    Parameters
    ----------
    url : str
        ``sqlite:///file`` or ``postgresql://user@host/database``. A SQLite file that is not there
        is created, readable by its owner only. The tables are created by `Store.upgrade`.
    clock : callable, optional
        Gives the time, with its zone, for tests. By default that of the database server, or of
        this machine for SQLite.

    Raises
    ------
    ValueError
        The address is of another kind.
    """
    return Store(Database(url, clock))
