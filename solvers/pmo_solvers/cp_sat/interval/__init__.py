"""The interval model: schedules on a fine grid with fixed selection and no dated value."""

from pmo_solvers.cp_sat.interval.stages import solve_intervals
from pmo_solvers.cp_sat.interval.suits import LEAST_COLUMNS, suits_intervals

__all__ = ["LEAST_COLUMNS", "solve_intervals", "suits_intervals"]
