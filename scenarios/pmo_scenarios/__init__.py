"""Scenarios and what they change; sample portfolios, and a generator of realistic ones."""

from pmo_scenarios.generator import generate
from pmo_scenarios.packs import PACKS, load_pack
from pmo_scenarios.scenario import (
    Scenario,
    ScenarioFile,
    baseline_of,
    load_scenarios,
    save_scenarios,
)
from pmo_scenarios.studies.compare import Case, Comparison, compare

__all__ = [
    "PACKS",
    "Case",
    "Comparison",
    "Scenario",
    "ScenarioFile",
    "baseline_of",
    "compare",
    "generate",
    "load_pack",
    "load_scenarios",
    "save_scenarios",
]
