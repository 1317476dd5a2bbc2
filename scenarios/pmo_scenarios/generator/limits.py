"""A few rules of the portfolio, drawn so that the fixed projects alone keep the hard ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from pmo_optimizer import (
    AverageRule,
    CountRule,
    Filter,
    Measure,
    Rule,
    Sense,
    ShareRule,
    StartsRule,
)
from pmo_scenarios.generator.drafts import ProjectDraft
from pmo_scenarios.generator.options import CATEGORIES, Options

STARTS_SHARE = 8
"""At most one project in so many starts in any period."""

SHARE_PRICE = Decimal("0.5")
"""Price of a missing unit of value in the category that is to be served."""

USUAL_RISK = Decimal("2.7")
"""Highest average risk, unless the fixed projects are riskier."""


def make_rules(rng: Random, options: Options, projects: Sequence[ProjectDraft]) -> tuple[Rule, ...]:
    """Return rules on starts, the mix of categories, their number and the average risk."""
    if not options.rules:
        return ()
    wanted, limited = rng.sample(CATEGORIES, 2)
    fixed = [project for project in projects if not project.free]
    return (
        StartsRule(
            id="starts-per-period",
            name="Most projects that start in one period",
            max=max(2, math.ceil(options.projects / STARTS_SHARE)),
        ),
        ShareRule(
            id=f"share-of-{wanted}",
            name=f"A tenth of the value in {wanted}, or a price",
            measure=Measure.VALUE,
            where=Filter(category=(wanted,)),
            sense=Sense.AT_LEAST,
            share=Decimal("0.1"),
            price=SHARE_PRICE,
        ),
        CountRule(
            id=f"number-of-{limited}",
            name=f"Most projects in {limited}",
            where=Filter(category=(limited,)),
            max=_most(projects, fixed, limited),
        ),
        AverageRule(
            id="average-risk",
            name="Highest average risk of the selected projects",
            attribute="risk",
            limit=_risk_limit(fixed),
        ),
    )


def _most(projects: Sequence[ProjectDraft], fixed: Sequence[ProjectDraft], category: str) -> int:
    candidates = sum(project.category == category for project in projects)
    already = sum(project.category == category for project in fixed)
    return max(already + 1, math.ceil(0.5 * candidates))


def _risk_limit(fixed: Sequence[ProjectDraft]) -> Decimal:
    if not fixed:
        return USUAL_RISK
    tenths = math.ceil(10 * sum(project.risk for project in fixed) / len(fixed))
    return max(USUAL_RISK, Decimal(tenths) / 10)
