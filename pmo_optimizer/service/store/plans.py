"""Plans as their tenants see them; runners store them."""

from __future__ import annotations

from sqlalchemy import select

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.part import Part, make, owned
from pmo_optimizer.service.store.records import PlanRecord, PlanSummary

_PLANS = tables.plans
_LIGHT = [column for column in _PLANS.c if column.name != "document"]


class Plans(Part):
    """Plans as their tenants see them."""

    def plans(self, tenant: str, run_id: str) -> list[PlanSummary]:
        """Return the plans of a run, oldest first.

        Raises
        ------
        NotFound
            The tenant has no such run.
        """
        with self._read() as connection:
            runs = tables.runs
            owned(connection, runs, "run", tenant, run_id, columns=[runs.c.id])
            query = (
                select(*_LIGHT)
                .where(_PLANS.c.run_id == run_id, _PLANS.c.tenant == tenant)
                .order_by(_PLANS.c.created, _PLANS.c.id)
            )
            return [make(PlanSummary, row) for row in connection.execute(query)]

    def plan(self, tenant: str, id: str) -> PlanRecord:
        """Return a plan with its document.

        Raises
        ------
        NotFound
            The tenant has no such plan, or its run has replaced it by a better one.
        """
        with self._read() as connection:
            return make(PlanRecord, owned(connection, _PLANS, "plan", tenant, id))
