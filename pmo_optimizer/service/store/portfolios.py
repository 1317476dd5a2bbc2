"""Portfolios, their revisions and their scenarios."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, update

from pmo_optimizer.service.ids import Prefix, is_id, new_id
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import Conflict, NotFound
from pmo_optimizer.service.store.part import Part, make, owned, page
from pmo_optimizer.service.store.records import (
    Audited,
    Once,
    Page,
    PortfolioRecord,
    PortfolioSummary,
    ScenarioRecord,
    ScenarioSummary,
)

MOST_REVISIONS = 2**31 - 1
"""Largest number of a revision that the tables hold."""

_PORTFOLIOS = tables.portfolios
_REVISIONS = tables.revisions
_SCENARIOS = tables.scenarios


class Portfolios(Part):
    """Portfolios; each replacement is a new revision, and old ones stay as they are."""

    def create_portfolio(
        self,
        tenant: str,
        name: str,
        document: str,
        digest: str,
        actor: str,
        *,
        once: Once[PortfolioRecord] | None = None,
        audited: Audited | None = None,
    ) -> PortfolioRecord:
        """Store a portfolio as revision 1.

        Parameters
        ----------
        tenant : str
            Whose it is.
        name : str
            Name for lists.
        document : str
            The portfolio, as JSON text.
        digest : str
            The portfolio's digest.
        actor : str
            Who stores it.
        once : Once, optional
            Do it once for an idempotency key.
        audited : Audited, optional
            Who does it, for the audit log.

        Raises
        ------
        Replayed, KeyReused
            The idempotency key was used before.
        BadText
            A text cannot be stored.
        """
        id = new_id(Prefix.PORTFOLIO)
        with self._write() as connection:
            now = self._now(connection)
            self._seen(connection, tenant, once, now)
            connection.execute(
                _PORTFOLIOS.insert().values(
                    id=id, tenant=tenant, name=name, revision=1, created=now, updated=now
                )
            )
            connection.execute(
                _REVISIONS.insert().values(
                    tenant=tenant,
                    portfolio_id=id,
                    revision=1,
                    digest=digest,
                    document=document,
                    created=now,
                    actor=actor,
                )
            )
            record = PortfolioRecord(
                id=id,
                tenant=tenant,
                name=name,
                revision=1,
                digest=digest,
                actor=actor,
                created=now,
                updated=now,
                document=document,
            )
            self._remember(connection, tenant, once, record, now)
            facts = {"digest": digest}
            self._audited(connection, tenant, audited, "portfolio.create", id, facts)
        return record

    def portfolios(
        self, tenant: str, cursor: str | None = None, limit: int = 50
    ) -> Page[PortfolioSummary]:
        """Return a page of the tenant's portfolios at their newest revisions, newest first.

        Raises
        ------
        BadCursor
            The cursor is not one of this list.
        """
        newest = _REVISIONS.c.revision == _PORTFOLIOS.c.revision
        query = select(_PORTFOLIOS, _REVISIONS.c.digest, _REVISIONS.c.actor).join_from(
            _PORTFOLIOS, _REVISIONS, newest & (_REVISIONS.c.portfolio_id == _PORTFOLIOS.c.id)
        )
        query = query.where(
            _PORTFOLIOS.c.tenant == tenant,
            _REVISIONS.c.tenant == tenant,
            _PORTFOLIOS.c.deleted.is_(None),
        )
        with self._read() as connection:
            return page(
                connection,
                query,
                _PORTFOLIOS,
                cursor,
                limit,
                lambda row: make(PortfolioSummary, row),
            )

    def portfolio(self, tenant: str, id: str, revision: int | None = None) -> PortfolioRecord:
        """Return a portfolio at a revision, by default the newest.

        Raises
        ------
        NotFound
            The tenant has no such portfolio or revision.
        """
        with self._read() as connection:
            return _portfolio(connection, tenant, id, revision)

    def replace_portfolio(
        self,
        tenant: str,
        id: str,
        document: str,
        digest: str,
        actor: str,
        expected_revision: int | None = None,
        *,
        name: str | None = None,
        audited: Audited | None = None,
    ) -> PortfolioRecord:
        """Store a new revision of a portfolio.

        What is stored already, word for word, makes no new revision: the same request again
        changes nothing.

        Parameters
        ----------
        expected_revision : int, optional
            Refuse if the newest revision is another.
        name : str, optional
            New name; by default it stays.
        audited : Audited, optional
            Who does it, for the audit log.

        Raises
        ------
        NotFound
            The tenant has no such portfolio.
        Conflict
            The newest revision is not the expected one (``revision``).
        BadText
            A text cannot be stored.
        """
        with self._write() as connection:
            _live(connection, tenant, id, lock=True)
            last = _portfolio(connection, tenant, id, None)
            name = last.name if name is None else name
            if (document, digest, name) == (last.document, last.digest, last.name):
                return last
            if expected_revision is not None and expected_revision != last.revision:
                raise Conflict(
                    "revision",
                    f"the portfolio is at revision {last.revision}, not {expected_revision}",
                )
            now = self._now(connection)
            connection.execute(
                _REVISIONS.insert().values(
                    tenant=tenant,
                    portfolio_id=id,
                    revision=last.revision + 1,
                    digest=digest,
                    document=document,
                    created=now,
                    actor=actor,
                )
            )
            connection.execute(
                update(_PORTFOLIOS)
                .where(_PORTFOLIOS.c.tenant == tenant, _PORTFOLIOS.c.id == id)
                .values(revision=last.revision + 1, name=name, updated=now)
            )
            facts = {"revision": last.revision + 1, "digest": digest}
            self._audited(connection, tenant, audited, "portfolio.replace", id, facts)
            return _portfolio(connection, tenant, id, None)

    def delete_portfolio(self, tenant: str, id: str, *, audited: Audited | None = None) -> None:
        """Delete a portfolio, its revisions and its scenarios.

        A row without the documents stays, so that the id is never given out again.

        Raises
        ------
        NotFound
            The tenant has no such portfolio.
        Conflict
            It has runs (``has_runs``).
        """
        with self._write() as connection:
            _live(connection, tenant, id, lock=True)
            runs = tables.runs
            used = select(runs.c.id).where(runs.c.tenant == tenant, runs.c.portfolio_id == id)
            if connection.execute(used.limit(1)).all():
                raise Conflict("has_runs", "the portfolio has runs; delete them first")
            for table in (_SCENARIOS, _REVISIONS):
                own = (table.c.tenant == tenant) & (table.c.portfolio_id == id)
                connection.execute(delete(table).where(own))
            connection.execute(
                update(_PORTFOLIOS)
                .where(_PORTFOLIOS.c.tenant == tenant, _PORTFOLIOS.c.id == id)
                .values(deleted=self._now(connection))
            )
            self._audited(connection, tenant, audited, "portfolio.delete", id)

    def create_scenario(
        self,
        tenant: str,
        portfolio_id: str,
        name: str,
        document: str,
        *,
        once: Once[ScenarioRecord] | None = None,
        audited: Audited | None = None,
    ) -> ScenarioRecord:
        """Store a scenario of a portfolio; ``document`` is JSON text.

        Raises
        ------
        NotFound
            The tenant has no such portfolio.
        Replayed, KeyReused
            The idempotency key was used before.
        BadText
            A text cannot be stored.
        """
        id = new_id(Prefix.SCENARIO)
        with self._write() as connection:
            now = self._now(connection)
            self._seen(connection, tenant, once, now)
            _live(connection, tenant, portfolio_id, lock=True)
            record = ScenarioRecord(
                id=id,
                tenant=tenant,
                portfolio_id=portfolio_id,
                name=name,
                created=now,
                updated=now,
                document=document,
            )
            connection.execute(
                _SCENARIOS.insert().values(
                    id=id,
                    tenant=tenant,
                    portfolio_id=portfolio_id,
                    name=name,
                    document=document,
                    created=now,
                    updated=now,
                )
            )
            self._remember(connection, tenant, once, record, now)
            facts = {"portfolio": portfolio_id}
            self._audited(connection, tenant, audited, "scenario.create", id, facts)
        return record

    def scenarios(
        self, tenant: str, portfolio_id: str, cursor: str | None = None, limit: int = 50
    ) -> Page[ScenarioSummary]:
        """Return a page of the scenarios of a portfolio, newest first.

        Raises
        ------
        NotFound
            The tenant has no such portfolio.
        BadCursor
            The cursor is not one of this list.
        """
        with self._read() as connection:
            _live(connection, tenant, portfolio_id)
            return page(
                connection,
                select(_SCENARIOS).where(
                    _SCENARIOS.c.tenant == tenant, _SCENARIOS.c.portfolio_id == portfolio_id
                ),
                _SCENARIOS,
                cursor,
                limit,
                lambda row: make(ScenarioSummary, row),
            )

    def scenario(self, tenant: str, id: str) -> ScenarioRecord:
        """Return a scenario.

        Raises
        ------
        NotFound
            The tenant has no such scenario.
        """
        with self._read() as connection:
            return make(ScenarioRecord, owned(connection, _SCENARIOS, "scenario", tenant, id))

    def replace_scenario(
        self,
        tenant: str,
        id: str,
        document: str,
        *,
        name: str | None = None,
        expected: str | None = None,
        audited: Audited | None = None,
    ) -> ScenarioRecord:
        """Replace a scenario; runs that used the old one hold their own copy.

        Parameters
        ----------
        expected : str, optional
            Refuse if the document to be replaced is another, and is not ``document`` already.

        Raises
        ------
        NotFound
            The tenant has no such scenario.
        Conflict
            It is not as expected (``revision``).
        BadText
            A text cannot be stored.
        """
        with self._write() as connection:
            row = owned(connection, _SCENARIOS, "scenario", tenant, id, lock=True)
            if expected is not None and row.document not in (expected, document):
                raise Conflict("revision", "the scenario was replaced meanwhile")
            connection.execute(
                update(_SCENARIOS)
                .where(_SCENARIOS.c.tenant == tenant, _SCENARIOS.c.id == id)
                .values(
                    document=document,
                    name=row.name if name is None else name,
                    updated=self._now(connection),
                )
            )
            self._audited(connection, tenant, audited, "scenario.replace", id)
            return make(ScenarioRecord, owned(connection, _SCENARIOS, "scenario", tenant, id))

    def delete_scenario(self, tenant: str, id: str, *, audited: Audited | None = None) -> None:
        """Delete a scenario; runs that used it hold their own copy.

        Raises
        ------
        NotFound
            The tenant has no such scenario.
        """
        with self._write() as connection:
            owned(connection, _SCENARIOS, "scenario", tenant, id, lock=True)
            connection.execute(
                delete(_SCENARIOS).where(_SCENARIOS.c.tenant == tenant, _SCENARIOS.c.id == id)
            )
            self._audited(connection, tenant, audited, "scenario.delete", id)


def _live(connection: Connection, tenant: str, id: str, *, lock: bool = False) -> Row[Any]:
    row = owned(connection, _PORTFOLIOS, "portfolio", tenant, id, lock=lock)
    if row.deleted is not None:
        raise NotFound("portfolio", id)
    return row


def _portfolio(
    connection: Connection, tenant: str, id: str, revision: int | None
) -> PortfolioRecord:
    # SQLite refuses a number beyond 64 bits with an error of its own.
    if not is_id(id) or not (revision is None or 0 < revision <= MOST_REVISIONS):
        raise NotFound("portfolio", id)
    wanted = _PORTFOLIOS.c.revision if revision is None else revision
    query: Select[Any] = (
        select(
            _PORTFOLIOS.c.id,
            _PORTFOLIOS.c.tenant,
            _PORTFOLIOS.c.name,
            _PORTFOLIOS.c.created,
            _REVISIONS.c.created.label("updated"),
            _REVISIONS.c.revision,
            _REVISIONS.c.digest,
            _REVISIONS.c.actor,
            _REVISIONS.c.document,
        )
        .join_from(_PORTFOLIOS, _REVISIONS, _REVISIONS.c.portfolio_id == _PORTFOLIOS.c.id)
        .where(
            _PORTFOLIOS.c.id == id,
            _PORTFOLIOS.c.tenant == tenant,
            _REVISIONS.c.tenant == tenant,
            _PORTFOLIOS.c.deleted.is_(None),
            _REVISIONS.c.revision == wanted,
        )
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("portfolio", id)
    return make(PortfolioRecord, row)
