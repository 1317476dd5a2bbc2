"""Schedules whose people do one thing at a time and stay for a whole phase, names included."""

from pmo_solvers.unary.engine import solve_unary
from pmo_solvers.unary.suits import suits_unary

__all__ = ["solve_unary", "suits_unary"]
