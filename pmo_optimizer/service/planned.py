"""Which portfolio a stored plan is of: that of its run, or one that the run made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pmo_optimizer.model import Portfolio
from pmo_optimizer.service.documents import portfolio_of, scenario_of
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.records import PlanRecord, RunRecord
from pmo_scenarios import Scenario

SCENARIOS = "scenarios"
"""Parameter of studies that plan each scenario beside the portfolio."""

CHANGED = "changed"
"""Where studies that plan a changed portfolio put it in their result."""


def planned_portfolio(store: Store, tenant: str, plan: PlanRecord) -> Portfolio:
    """Return the portfolio whose digest the plan carries.

    That is the revision of its run with the run's scenario, what a study made of that and has
    in its result, or one of the scenarios that a study compares. Where none of them fits, the
    first: the referee then says that the plan is of another portfolio.

    Raises
    ------
    NotFound
        The tenant has no such run or revision.
    """
    stored = store.portfolio(tenant, plan.portfolio_id, plan.revision)
    run = store.run(tenant, plan.run_id)
    base = portfolio_of(stored)
    if run.scenario_document is not None:
        base = scenario_of(run.scenario_document).apply(base)
    for portfolio in _candidates(base, run):
        if portfolio.digest() == plan.digest:
            return portfolio
    return base


def _candidates(base: Portfolio, run: RunRecord) -> Iterator[Portfolio]:
    yield base
    result = json.loads(run.result) if run.result is not None else {}
    if CHANGED in result:
        yield Portfolio.parse(result[CHANGED])
    for item in run.parameters.get(SCENARIOS) or ():
        yield Scenario.parse(item).apply(base)
