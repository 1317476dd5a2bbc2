"""Scenarios and what they change; sample portfolios, and a generator of realistic ones."""

from pmo_scenarios.dask_cluster import ClusterError, cluster
from pmo_scenarios.generator import generate
from pmo_scenarios.packs import PACKS, load_pack
from pmo_scenarios.progress import Departure, PhaseProgress, Progress, ProjectProgress, Promise
from pmo_scenarios.scenario import (
    Scenario,
    ScenarioFile,
    baseline_of,
    load_scenarios,
    save_scenarios,
)
from pmo_scenarios.studies.alternatives import Alternative, Alternatives, Ended, alternatives
from pmo_scenarios.studies.axis import Axis, AxisKind
from pmo_scenarios.studies.binding import Limit, Relation
from pmo_scenarios.studies.compare import Case, Comparison, beside, compare
from pmo_scenarios.studies.conflicts import Conflict, Conflicts, conflicts
from pmo_scenarios.studies.flips import Flip, FlipStatus, Lever, Trial, Verdict
from pmo_scenarios.studies.frontier import Frontier, Point, frontier
from pmo_scenarios.studies.mending import Repair
from pmo_scenarios.studies.price_rows import Price, Prices, Unpriced
from pmo_scenarios.studies.prices import prices
from pmo_scenarios.studies.replan import replan
from pmo_scenarios.studies.replan_results import Replan, ReplanPoint
from pmo_scenarios.studies.robustness import (
    Aim,
    Robustness,
    RobustPlan,
    Simulation,
    Uncertain,
    Uncertainty,
    robust,
    robustness,
    simulate,
)
from pmo_scenarios.studies.stated import Member
from pmo_scenarios.studies.why import Reason, Side, Why, why

__all__ = [
    "PACKS",
    "Aim",
    "Alternative",
    "Alternatives",
    "Axis",
    "AxisKind",
    "Case",
    "ClusterError",
    "Comparison",
    "Conflict",
    "Conflicts",
    "Departure",
    "Ended",
    "Flip",
    "FlipStatus",
    "Frontier",
    "Lever",
    "Limit",
    "Member",
    "PhaseProgress",
    "Point",
    "Price",
    "Prices",
    "Progress",
    "ProjectProgress",
    "Promise",
    "Reason",
    "Relation",
    "Repair",
    "Replan",
    "ReplanPoint",
    "RobustPlan",
    "Robustness",
    "Scenario",
    "ScenarioFile",
    "Side",
    "Simulation",
    "Trial",
    "Uncertain",
    "Uncertainty",
    "Unpriced",
    "Verdict",
    "Why",
    "alternatives",
    "baseline_of",
    "beside",
    "cluster",
    "compare",
    "conflicts",
    "frontier",
    "generate",
    "load_pack",
    "load_scenarios",
    "prices",
    "replan",
    "robust",
    "robustness",
    "save_scenarios",
    "simulate",
    "why",
]
