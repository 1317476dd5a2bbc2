"""The sample portfolio of the pages."""

from __future__ import annotations

from pmo_optimizer.model import Portfolio
from pmo_optimizer.service.auth import LOCAL
from pmo_optimizer.service.documents import text_of
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.records import Audited

SAMPLE = "digital"
"""Which of the packs it is."""


def sample_portfolio() -> Portfolio:
    """Return the sample portfolio."""
    from pmo_scenarios.packs import load_pack

    return load_pack(SAMPLE)


def newest_or_sample(store: Store) -> str:
    """Return the id of the newest portfolio of this machine; of the sample where it has none."""
    found = store.portfolios(LOCAL.tenant, limit=1).items
    if found:
        return found[0].id
    portfolio = sample_portfolio()
    record = store.create_portfolio(
        LOCAL.tenant,
        portfolio.name,
        text_of(portfolio),
        portfolio.digest(),
        LOCAL.actor,
        audited=Audited(LOCAL.actor),
    )
    return record.id
