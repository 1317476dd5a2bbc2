"""What the service keeps: portfolios, scenarios, runs, plans, decisions, keys and the audit log."""

from pmo_optimizer.service.store.store import Store, open_store

__all__ = ["Store", "open_store"]
