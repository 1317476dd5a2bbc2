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
from pmo_scenarios.studies.price_rows import Price, Prices, Unpriced
from pmo_scenarios.studies.prices import prices

__all__ = [
    "PACKS",
    "Case",
    "Comparison",
    "Price",
    "Prices",
    "Scenario",
    "ScenarioFile",
    "Unpriced",
    "baseline_of",
    "compare",
    "generate",
    "load_pack",
    "load_scenarios",
    "prices",
    "save_scenarios",
]
