"""The time-indexed model: one 0/1 column per start, every rule a row."""

from pmo_solvers.time_indexed.build import TimeIndexed, build
from pmo_solvers.time_indexed.linear import Kind, LinearModel, LinearTerm, Row

__all__ = ["Kind", "LinearModel", "LinearTerm", "Row", "TimeIndexed", "build"]
