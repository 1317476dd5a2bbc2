"""Robustness: what a plan and its projects are worth when data are uncertain."""

from pmo_scenarios.studies.robustness.optimum import Aim, RobustPlan, robust
from pmo_scenarios.studies.robustness.simulation import Simulation, simulate
from pmo_scenarios.studies.robustness.study import Robustness, robustness
from pmo_scenarios.studies.robustness.uncertainty import Uncertain, Uncertainty

__all__ = [
    "Aim",
    "RobustPlan",
    "Robustness",
    "Simulation",
    "Uncertain",
    "Uncertainty",
    "robust",
    "robustness",
    "simulate",
]
