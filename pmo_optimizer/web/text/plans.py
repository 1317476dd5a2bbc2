"""Texts of the pages of plans, people and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXT: Mapping[str, str] = MappingProxyType(
    {
        "plan.title": "Plan of {name}",
        "plan.status": "Status",
        "plan.status.optimal": "No plan is better: the bound proves it.",
        "plan.status.feasible": "A valid plan; another is better by at most the gap.",
        "plan.status.feasible.nobound": "A valid plan; without a bound nobody knows how much "
        "better another could be.",
        "plan.status.infeasible": "No plan satisfies every hard rule.",
        "plan.status.no_plan_found": "No plan was found within the limits; there may still be one.",
        "plan.status.failed": "The engine failed, or its answer was refused.",
        "plan.value": "Value",
        "plan.bound": "Bound",
        "plan.bound.help": "no plan can be worth more",
        "plan.gap": "Gap",
        "plan.gap.help": "distance from the bound",
        "plan.selected": "Selected",
        "plan.selected.of": "{n} of {all} projects",
        "plan.cost": "Cost, {currency}",
        "plan.ended": "Search ended",
        "plan.seconds": "{n} s",
        "plan.draft": "The run goes on: this plan may still be replaced by a better one.",
        "plan.decisions": "Decisions",
        "plan.selected.title": "In the plan",
        "plan.rejected.title": "Not in the plan",
        "plan.first": "First day",
        "plan.last": "Last day",
        "plan.why": "Why",
        "plan.remark": "Remark",
        "plan.charts": "Charts",
        "plan.people": "People",
        "plan.downloads": "Downloads",
        "plan.download.json": "Plan as JSON",
        "plan.download.csv": "Schedule as CSV",
        "plan.download.xlsx": "Workbook (Excel)",
        "plan.download.pack": "Board pack (HTML)",
        "plan.download.mspdi": "Microsoft Project (XML)",
        "plan.violations": "Rules it breaks",
        "plan.breaches": "Soft limits it exceeds",
        "plan.unmet": "Needs it leaves open",
        "people.title": "People",
        "decisions.title": "Decisions",
        "decisions.empty": "Nothing has been decided yet.",
    }
)
