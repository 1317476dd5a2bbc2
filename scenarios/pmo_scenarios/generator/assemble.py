"""From drafts to the vocabulary: exact decimals, ids, cost lines."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from pmo_optimizer import (
    Anchor,
    Benefit,
    CostLine,
    Criterion,
    Link,
    LinkType,
    Mode,
    Need,
    Phase,
    Project,
    Skill,
    State,
)
from pmo_scenarios.generator.drafts import PhaseDraft, ProjectDraft
from pmo_scenarios.generator.money import (
    CAPEX,
    CHARGE_RATE,
    INNOVATION,
    OPEX,
    RESEARCH,
    capex_profile,
    charged_skill,
)
from pmo_scenarios.generator.options import Options
from pmo_scenarios.generator.relations import PHASE_NAMES
from pmo_scenarios.generator.work import lognormal

CRITERIA = (
    ("customer-benefit", "Benefit for customers", "0.30", 0, 100),
    ("growth", "Contribution to growth", "0.25", 0, 100),
    ("efficiency", "Lower running cost", "0.20", 0, 100),
    ("resilience", "Security and compliance", "0.15", 0, 100),
    ("complexity", "Complexity, 100 is worst", "0.10", 100, 0),
)
"""Criteria: id, name, weight, worst score, best score."""

BENEFIT_SHARE = 0.6
"""Part of the projects that earn money."""

PAYBACK_YEARS = (1.5, 4.0)
"""Years after which a benefit has paid for the external cost, from quick to slow."""


def make_criteria() -> tuple[Criterion, ...]:
    """Return five criteria on scales of 100 points."""
    return tuple(
        Criterion(
            id=name,
            name=text,
            weight=Decimal(weight),
            worst=Decimal(worst),
            best=Decimal(best),
        )
        for name, text, weight, worst, best in CRITERIA
    )


def make_skills(options: Options) -> tuple[Skill, ...]:
    """Return the skills; the charged one has a standard rate."""
    charged = charged_skill(options)
    return tuple(
        Skill(id=name, name=name.replace("-", " ").capitalize(), rate=Decimal(rate))
        for index, name in enumerate(options.skill_ids)
        for rate in [CHARGE_RATE if index == charged else 0]
    )


def make_project(rng: Random, options: Options, draft: ProjectDraft) -> Project:
    """Return the project of a draft, its scores and benefit drawn around the draft's value."""
    done = draft.state is State.DONE
    return Project(
        id=draft.id,
        name=draft.name,
        category=draft.category,
        tags=draft.tags,
        attributes={"risk": Decimal(draft.risk)},
        scores=_scores(rng, draft.value),
        probability=Decimal(draft.probability) / 100,
        benefit=None if done else _benefit(rng, options, draft),
        state=draft.state,
        decision=draft.decision,
        stoppable=draft.stoppable,
        exit_cost=Decimal(draft.exit_cost),
        exit_fund=OPEX if draft.stoppable else None,
        earliest_start=draft.earliest_start,
        latest_start=draft.latest_start,
        latest_finish=draft.latest_finish,
        due=draft.due,
        late_price=None if draft.late_price is None else Decimal(draft.late_price) / 1000,
        max_gap=draft.max_gap,
        phases=_phases(options, draft),
        links=_inner_links(draft),
        costs=() if done else _costs(draft),
    )


def _scores(rng: Random, value: float) -> dict[str, Decimal]:
    scores = {}
    for name, _, _, worst, best in CRITERIA:
        utility = min(1.0, value * lognormal(rng, 0.35))
        scores[name] = Decimal(round(10 * (worst + (best - worst) * utility))) / 10
    return scores


def _benefit(rng: Random, options: Options, draft: ProjectDraft) -> Benefit | None:
    if rng.random() > BENEFIT_SHARE:
        return None
    year = options.grain.periods_a_year
    cost = draft.capex + sum(phase.opex * phase.duration for phase in draft.phases)
    amount = 100 * round(cost / rng.uniform(*PAYBACK_YEARS) / year / 100)
    return Benefit(profile=(Decimal(amount),) * min(2 * year, options.periods))


def _phases(options: Options, draft: ProjectDraft) -> tuple[Phase, ...]:
    names = PHASE_NAMES[len(draft.phases)]
    return tuple(
        Phase(id=name, modes=_modes(options, draft, number, phase))
        for number, (name, phase) in enumerate(zip(names, draft.phases, strict=True))
    )


def _modes(
    options: Options, draft: ProjectDraft, number: int, phase: PhaseDraft
) -> tuple[Mode, ...]:
    normal = _mode(options, "normal", phase.duration, phase.rates, phase.opex)
    second = draft.second
    if second is None or second.phase != number:
        return (normal,)
    return normal, _mode(options, second.name, second.duration, second.rates, second.opex)


def _mode(options: Options, name: str, duration: int, rates: dict[int, int], opex: int) -> Mode:
    names, charged = options.skill_ids, charged_skill(options)
    return Mode(
        id=name,
        duration=duration,
        needs=tuple(
            Need(
                skill=names[skill],
                fte=Decimal(rate) / 100,
                charge_to=OPEX if skill == charged else None,
            )
            for skill, rate in sorted(rates.items())
        ),
        costs=(CostLine(category=OPEX, per_period=Decimal(opex), fund=OPEX),) if opex else (),
    )


def _inner_links(draft: ProjectDraft) -> tuple[Link, ...]:
    """Return an overlap of the first two phases, and whatever follows after both."""
    if draft.overlap is None:
        return ()
    names: tuple[str, ...] = PHASE_NAMES[len(draft.phases)]
    first, second, *others = names
    links = [Link(source=first, target=second, type=LinkType.SS, min_lag=draft.overlap)]
    for before, after in zip(names[1:], others, strict=False):
        links.append(Link(source=before, target=after, max_lag=2))
    if others:
        links.append(Link(source=first, target=others[0]))
    return tuple(links)


def _costs(draft: ProjectDraft) -> tuple[CostLine, ...]:
    fund = None if draft.open_capex else CAPEX
    profile = tuple(Decimal(amount) for amount in capex_profile(draft))
    lines = [CostLine(id="external", category=CAPEX, profile=profile, fund=fund)]
    if draft.capex_at_start:
        amount = Decimal(draft.capex_at_start)
        lines.append(CostLine(id="purchase", category=CAPEX, lump=amount, fund=fund))
    if draft.research:
        amount = Decimal(draft.research)
        lines.append(
            CostLine(
                id="research", category=RESEARCH, lump=amount, at=Anchor.FINISH, fund=INNOVATION
            )
        )
    return tuple(lines)
