"""PuLP with HiGHS on the time-indexed model."""

from pmo_solvers.milp.engine import MilpBackend

__all__ = ["MilpBackend"]
