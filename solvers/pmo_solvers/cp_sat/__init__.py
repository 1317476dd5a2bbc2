"""OR-Tools CP-SAT on the time-indexed model."""

from pmo_solvers.cp_sat.engine import CpSatBackend

__all__ = ["CpSatBackend"]
