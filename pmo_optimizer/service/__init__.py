"""The HTTP service: plans for planners, durable runs, safe by default.

Routes are thin: what is solved is solved in child processes, what is kept is kept by the store.
"""

from pmo_optimizer.service.app import create_app
from pmo_optimizer.service.settings import Settings

__all__ = ["Settings", "create_app"]
