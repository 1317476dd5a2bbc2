"""Texts of the pages of portfolios and runs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXT: Mapping[str, str] = MappingProxyType(
    {
        "portfolios.title": "Portfolios",
        "portfolios.empty": "There is no portfolio yet.",
        "portfolios.sample": "Load the sample portfolio",
        "portfolios.sample.help": "An insurer with 48 digital projects, 28 people and four funds: "
        "to look around and to play with.",
        "portfolios.revision": "Revision",
        "portfolios.updated": "Changed",
        "projects": "{n} projects",
        "projects.one": "{n} project",
        "skills": "{n} skills",
        "skills.one": "{n} skill",
        "funds": "{n} funds",
        "funds.one": "{n} fund",
        "portfolio.total": "in total",
        "portfolio.facts.projects": "Projects",
        "portfolio.facts.horizon": "Horizon",
        "portfolio.facts.periods": "{n} periods of one {grain}",
        "portfolio.facts.people": "People",
        "portfolio.facts.money": "Budget",
        "portfolio.facts.revision": "Revision {n} of {date}",
        "portfolio.findings": "Findings",
        "portfolio.findings.none": "The portfolio has no errors and no warnings.",
        "portfolio.budgets": "Budgets",
        "portfolio.fund": "Fund",
        "portfolio.bucket": "Year or period",
        "portfolio.amount": "Amount, {currency}",
        "portfolio.people": "People and pools",
        "portfolio.skill": "Skill",
        "portfolio.people.count": "People with it",
        "portfolio.people.fte": "Mean capacity, FTE",
        "portfolio.runs": "Last runs",
        "portfolio.runs.none": "Nothing has been planned yet.",
        "portfolio.projects": "Candidate projects",
        "portfolio.plan": "Make a plan",
        "portfolio.plan.seconds": "Time limit, seconds",
        "portfolio.plan.help": "The search ends when the plan is proved best, or at the limit with "
        "the best plan so far.",
        "portfolio.charts": "Charts",
        "project.id": "Id",
        "project.name": "Project",
        "project.category": "Category",
        "project.state": "State",
        "project.decision": "Decided",
        "project.value": "Value",
        "project.cost": "Least cost, {currency}",
        "project.probability": "Probability of success",
        "runs.title": "Runs",
        "runs.empty": "Nothing has been run yet.",
        "run.kind": "Kind",
        "run.created": "Begun",
        "run.value": "Value",
        "run.bound": "Bound",
        "run.gap": "Gap",
        "run.plan": "Plan",
        "run.open": "Open the plan",
        "run.title": "Run: {kind}",
        "run.stop": "Stop and keep the best plan",
        "run.failure": "Why it failed",
    }
)
