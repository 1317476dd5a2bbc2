"""The hybrid engine: starts, relaxations and neighbourhoods at portfolio scale."""

from pmo_solvers.hybrid.engine import HybridBackend

__all__ = ["HybridBackend"]
