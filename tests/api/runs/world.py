"""A store, and short ways to runs in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pmo_optimizer import Plan, Portfolio, referee
from pmo_optimizer.service.settings import Settings
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.records import PortfolioRecord, RunRecord
from tests.api.runs.helpers import text_of, tiny, wait_for

QUICK = {"workers": 1, "time_limit": 20.0}
"""Parameters of a solve that a tiny portfolio ends at once."""


@dataclass
class World:
    """A store, its address, and portfolios by tenant and name."""

    store: Store
    address: str
    portfolios: dict[tuple[str, str], PortfolioRecord] = field(default_factory=dict)

    def settings(self, **changes: Any) -> Settings:
        """Return settings of a service on this store."""
        chosen: dict[str, Any] = {
            "database_url": self.address,
            "workers": 2,
            "time_limit": 300.0,
            "memory_mb": 2048,
            "running": 2,
        }
        return Settings(**(chosen | changes))

    def queued(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        kind: str = "solve",
        portfolio: Portfolio | None = None,
        tenant: str = "a",
    ) -> RunRecord:
        """Return a new run in the queue."""
        planned = portfolio or tiny()
        key = (tenant, planned.name)
        if key not in self.portfolios:
            self.portfolios[key] = self.store.create_portfolio(
                tenant, planned.name, text_of(planned), planned.digest(), "ann"
            )
        return self.store.create_run(
            tenant,
            kind,
            self.portfolios[key].id,
            1,
            parameters=QUICK if parameters is None else parameters,
            digest=planned.digest(),
            queued_limit=10_000,
        )

    def now(self, run: RunRecord) -> RunRecord:
        """Return a run as it is now."""
        return self.store.run(run.tenant, run.id)

    def ended(self, run: RunRecord) -> RunRecord:
        """Wait for the end of a run, and return it."""
        wait_for(lambda: self.now(run).state.terminal, f"the end of {run.kind}")
        return self.now(run)

    def plan(self, run: RunRecord, portfolio: Portfolio) -> Plan:
        """Return the plan of a run, which the referee must accept."""
        record = self.now(run)
        assert record.plan_id is not None
        plan = Plan.parse(json.loads(self.store.plan(run.tenant, record.plan_id).document))
        assert referee.check(portfolio, plan).violations == ()
        return plan

    def states(self, run: RunRecord) -> list[str]:
        """Return the states that a run went through."""
        events = self.store.events(run.tenant, run.id, limit=1000)
        return [str(event.data["state"]) for event in events if event.type == "state"]
