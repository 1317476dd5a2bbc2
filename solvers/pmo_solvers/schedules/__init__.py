"""The schedule search: plans on fine grids by schedule generation and CP-SAT together."""

from pmo_solvers.schedules.engine import solve_schedules, suits_schedules

__all__ = ["solve_schedules", "suits_schedules"]
