"""Precedence: cycles, order, time windows, critical path, independent components.

The precedence network has two events per phase and per project, start and finish (exclusive
end), and arcs ``later >= earlier + lag`` in periods (formulation, section 2). NetworkX finds its
cycles (where earliest times do not settle), orders and components; windows come from propagating
the arcs to a fixed point.
"""

from __future__ import annotations

from pmo_optimizer.sequencing.circles import Cycle, cycles
from pmo_optimizer.sequencing.network import (
    END_OF,
    START_OF,
    Arc,
    Event,
    certain_projects,
    durations,
    inner_arcs,
    split_reference,
)
from pmo_optimizer.sequencing.order import components, critical_path, phase_order
from pmo_optimizer.sequencing.propagation import NO_WINDOW, ProjectWindow, Window, windows

__all__ = [
    "END_OF",
    "NO_WINDOW",
    "START_OF",
    "Arc",
    "Cycle",
    "Event",
    "ProjectWindow",
    "Window",
    "certain_projects",
    "components",
    "critical_path",
    "cycles",
    "durations",
    "inner_arcs",
    "phase_order",
    "split_reference",
    "windows",
]
