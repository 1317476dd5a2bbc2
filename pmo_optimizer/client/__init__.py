"""A typed client of the HTTP service, on httpx.

It knows the model and nothing else of the core: no engine is loaded where plans are only asked
for. Requests are repeated where that is safe, runs are followed by their events or by asking,
and what the service refuses is a `ServiceError` with every finding.
"""

from pmo_optimizer.client.client import ADDRESS, Client
from pmo_optimizer.client.errors import RunFailed, ServiceError, Unreachable
from pmo_optimizer.client.records import (
    Check,
    Decision,
    Engine,
    Event,
    Failure,
    Move,
    Override,
    Pins,
    PlanInfo,
    PortfolioInfo,
    Run,
    Scenario,
)
from pmo_optimizer.client.wire import Retries

__all__ = [
    "ADDRESS",
    "Check",
    "Client",
    "Decision",
    "Engine",
    "Event",
    "Failure",
    "Move",
    "Override",
    "Pins",
    "PlanInfo",
    "PortfolioInfo",
    "Retries",
    "Run",
    "RunFailed",
    "Scenario",
    "ServiceError",
    "Unreachable",
]
