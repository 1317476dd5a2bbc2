"""Named staffing: individuals, not classes, serve the needs of a plan (formulation, section 13)."""

from pmo_solvers.named.staffer import NamedStaffer

__all__ = ["NamedStaffer"]
