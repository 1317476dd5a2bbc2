"""Projects: how long, how large, which skills; then fitted to what the staff can do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from pmo_optimizer import State
from pmo_scenarios.generator.drafts import PhaseDraft, ProjectDraft, SecondMode
from pmo_scenarios.generator.options import CATEGORIES, SUBJECTS, VERBS, Options

LENGTH_SHARE = 0.7
"""Median length of a project as a part of the horizon (of 36 periods at most)."""

LENGTH_SPREAD = 0.25
"""Sigma of the lognormal length of a project."""

SIZE_SPREAD = 0.7
"""Sigma of the lognormal size of a project, which multiplies all its needs."""

MIX_SPREAD = 0.4
"""Sigma of the lognormal weight of each skill in a project."""

PHASE_SWING = 0.2
"""Most that a phase needs more or less of a skill than the project does on average."""

SCARCE_SHARE = 1.0
"""Part of the projects that need any one scarce skill."""

GENERAL_SHARE = 0.4
"""Part of the projects that need any one of the other skills."""

NARROW_SHARE = 0.35
"""Part of the projects that need a single scarce skill: they use what broad ones leave."""

NARROW_LENGTH = 0.45
NARROW_SIZE = 0.7
"""Length and size of such projects, relative to the others."""

PEAK_SHARE = 0.2
"""Most of the capacity of a scarce skill that one project takes at once."""

LONG_HORIZON = 36
"""Beyond this many periods projects do not get longer with the horizon."""

LEAST_PARALLEL = 2.5
"""Selected projects that should work on a scarce skill at once; small portfolios get longer
projects to come near it."""

TAIL = 1.5
"""Standard deviations beyond which a lognormal draw is cut off: no single project decides."""

NUM_PHASES = ((1, 20), (2, 35), (3, 30), (4, 15))
"""Number of phases of a project, with its relative frequency."""

VARIANT_SIZE = (1.0, 0.7, 0.45)
"""Size of the variants of one project in a choose-one group."""

CRASH_FACTOR = 0.65
"""Duration of a crashed mode relative to the normal one."""

EXTRA_EFFORT = 1.12
"""Effort of a second mode relative to the normal one."""


def lognormal(rng: Random, sigma: float) -> float:
    """Return a lognormal number of median 1, without the outermost tails."""
    return math.exp(sigma * max(-TAIL, min(TAIL, rng.gauss(0.0, 1.0))))


def pick(rng: Random, pairs: Sequence[tuple[int, int]]) -> int:
    """Return one of the numbers, drawn by its relative frequency."""
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


def draw_projects(rng: Random, options: Options) -> list[ProjectDraft]:
    """Return the drafts: names, phases, relative needs, variants and states."""
    projects = [_project(rng, options, index) for index in range(options.projects)]
    _make_variants(rng, projects)
    _make_running(rng, options, projects)
    _make_done(rng, projects)
    _make_flexible(rng, options, [p for p in projects if p.state is not State.DONE])
    return projects


def _project(rng: Random, options: Options, index: int) -> ProjectDraft:
    name = f"{rng.choice(VERBS)} of the {rng.choice(SUBJECTS)}"
    narrow = rng.random() < NARROW_SHARE
    length = _length(rng, options, NARROW_LENGTH if narrow else 1.0)
    phases = min(pick(rng, NUM_PHASES), length)
    skills = _skill_mix(rng, options, index % options.num_scarce if narrow else None)
    size = lognormal(rng, SIZE_SPREAD) * (NARROW_SIZE if narrow else 1.0)
    return ProjectDraft(
        index=index,
        name=name,
        category=rng.choice(CATEGORIES),
        tags=_tags(rng),
        narrow=narrow,
        phases=[
            PhaseDraft(
                duration=duration,
                weights={
                    skill: size * w * rng.uniform(1 - PHASE_SWING, 1 + PHASE_SWING)
                    for skill, w in skills.items()
                },
            )
            for duration in _split(rng, length, phases)
        ],
    )


def _tags(rng: Random) -> tuple[str, ...]:
    tags = (("regulatory", 0.15), ("cloud", 0.25), ("customer-facing", 0.35), ("ai", 0.15))
    return tuple(tag for tag, share in tags if rng.random() < share)


def median_length(options: Options) -> float:
    """Return the median length of a project in periods."""
    usual = LENGTH_SHARE * min(options.periods, LONG_HORIZON)
    users = options.projects * scarce_share(options)
    demand = (options.tightness_low + options.tightness_high) / 2
    needed = LEAST_PARALLEL * demand * options.periods / users
    return min(max(usual, needed, 1.0), 0.7 * options.periods)


def scarce_share(options: Options) -> float:
    """Return the part of the projects that needs any one scarce skill."""
    return min(1.0, max(SCARCE_SHARE, 20 / options.projects))


def _length(rng: Random, options: Options, factor: float) -> int:
    length = round(factor * median_length(options) * lognormal(rng, LENGTH_SPREAD))
    return max(1, min(length, int(0.85 * options.periods)))


def _split(rng: Random, length: int, parts: int) -> list[int]:
    """Return ``parts`` durations of at least 1 that add up to ``length``."""
    cuts = sorted(rng.sample(range(1, length), parts - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, length], strict=True)]


def _skill_mix(rng: Random, options: Options, only: int | None) -> dict[int, float]:
    """Return relative needs: the scarce skills (or one) in a mix of its own, some others."""
    share = scarce_share(options)
    scarce = [s for s in range(options.num_scarce) if rng.random() < share]
    if only is not None or not scarce:
        scarce = [rng.randrange(options.num_scarce) if only is None else only]
    general = [s for s in range(options.num_scarce, options.skills) if rng.random() < GENERAL_SHARE]
    return {skill: lognormal(rng, MIX_SPREAD) for skill in (*scarce, *general)}


def _make_variants(rng: Random, projects: list[ProjectDraft]) -> None:
    """Turn some projects into smaller variants of another one (choose-one groups)."""
    groups = len(projects) // 25
    members = rng.sample(range(len(projects)), groups * len(VARIANT_SIZE))
    for first in range(0, len(members), len(VARIANT_SIZE)):
        full = projects[members[first]]
        for number, size in enumerate(VARIANT_SIZE[1:], start=1):
            variant = projects[members[first + number]]
            variant.name = f"{full.name}, variant {'abc'[number]}"
            variant.category, variant.tags = full.category, full.tags
            variant.variant_of, variant.size = full.index, size
            variant.narrow = full.narrow
            variant.phases = [
                PhaseDraft(
                    duration=max(1, round(phase.duration * math.sqrt(size))),
                    weights={s: w * math.sqrt(size) for s, w in phase.weights.items()},
                )
                for phase in full.phases
            ]
        full.name = f"{full.name}, variant a"


def ungrouped(projects: Sequence[ProjectDraft]) -> list[ProjectDraft]:
    """Return the projects that have no variants."""
    grouped = {project.variant_of for project in projects}
    return [p for p in projects if p.variant_of is None and p.index not in grouped]


def _make_running(rng: Random, options: Options, projects: list[ProjectDraft]) -> None:
    """Make some projects running ones, of which only the later phases remain."""
    single = ungrouped(projects)
    wanted = min(len(single), math.ceil(options.share_running * len(projects)))
    for project in rng.sample(single, wanted):
        project.state = State.RUNNING
        project.phases = project.phases[-max(1, len(project.phases) // 2) :]
        for phase in project.phases:
            phase.duration = max(1, min(phase.duration, options.periods // 3))


def _make_done(rng: Random, projects: list[ProjectDraft]) -> None:
    """Make about one project in fifty a finished one, which others may build upon."""
    able = [p for p in ungrouped(projects) if p.state is State.PROPOSED]
    for project in rng.sample(able, min(len(able), round(len(projects) / 50))):
        project.state = State.DONE
        project.phases = []


def _make_flexible(rng: Random, options: Options, projects: list[ProjectDraft]) -> None:
    """Let some projects pause between phases or overlap them, and give some a second mode."""
    for project in projects:
        several = len(project.phases) > 1 and project.state is State.PROPOSED
        if several and rng.random() < options.share_flexible:
            if rng.random() < 0.7:
                project.max_gap = rng.randint(1, 3)
            else:
                project.overlap = max(1, project.phases[0].duration // 2)
    able = [p for p in projects if max(phase.duration for phase in p.phases) >= 2]
    wanted = min(len(able), math.ceil(options.share_two_modes * len(projects)))
    for project in rng.sample(able, wanted):
        project.second = _second_mode(rng, project)


def _second_mode(rng: Random, project: ProjectDraft) -> SecondMode:
    longest = max(range(len(project.phases)), key=lambda i: project.phases[i].duration)
    duration = project.phases[longest].duration
    if rng.random() < 0.7:
        shorter = min(duration - 1, round(duration * CRASH_FACTOR))
        return SecondMode(phase=longest, name="crashed", duration=max(1, shorter))
    second = SecondMode(phase=longest, name="stretched", duration=duration)
    _stretch(project, second)
    return second


def _stretch(project: ProjectDraft, second: SecondMode) -> None:
    duration = project.phases[second.phase].duration
    second.name, second.duration = "stretched", duration + max(1, duration // 2)


def level_peaks(projects: list[ProjectDraft], options: Options, ratios: Sequence[float]) -> None:
    """Cut relative needs so that no project takes more than its part of a skill at once.

    Parameters
    ----------
    ratios
        Wanted demand over capacity by skill: demand / (ratio x periods) is the capacity per
        period.
    """
    for skill, ratio in enumerate(ratios):
        _level(projects, skill, ratio * options.periods)


def relative_demand(projects: list[ProjectDraft], skill: int) -> float:
    """Return the relative effort of all projects in one skill."""
    return sum(p.weights.get(skill, 0.0) * p.duration for q in projects for p in q.phases)


def fit_rates(
    projects: list[ProjectDraft], demand: Sequence[float], supply: Sequence[float]
) -> None:
    """Scale the needs so that all projects together want the given effort of each skill.

    Parameters
    ----------
    demand
        Hundredths of FTE-periods, by skill.
    supply
        Hundredths of an FTE per period, by skill; a second mode must not ask for more.
    """
    for skill, wanted in enumerate(demand):
        total = relative_demand(projects, skill)
        for phase in (phase for project in projects for phase in project.phases):
            if skill in phase.weights:
                phase.rates[skill] = _rounded(phase.weights[skill] * wanted / total)
    for project in projects:
        if project.second is not None:
            _fit_second(project, project.second)
            if any(rate > supply[skill] for skill, rate in project.second.rates.items()):
                _stretch(project, project.second)
                _fit_second(project, project.second)


def _rounded(hundredths: float) -> int:
    """Round to 0.05 FTE, small rates to 0.01 FTE, and never to nothing."""
    return 5 * round(hundredths / 5) if hundredths > 20 else max(1, round(hundredths))


def _level(projects: list[ProjectDraft], skill: int, span: float) -> None:
    """Cut the peaks of one skill; that lowers demand and capacity too, so it is repeated."""
    users = [p for q in projects for p in q.phases if skill in p.weights]
    if not users:
        return
    parallel = sum(p.duration for p in users) / span
    limit = min(0.9, max(PEAK_SHARE, 1.6 / parallel))
    if limit * parallel < 1:
        return  # too few users: a pool has to make room for the largest
    for _ in range(40):
        most = limit * sum(p.weights[skill] * p.duration for p in users) / span
        over = [p for p in users if p.weights[skill] > most]
        if not over:
            return
        for phase in over:
            phase.weights[skill] = 0.97 * most


def _fit_second(project: ProjectDraft, second: SecondMode) -> None:
    normal = project.phases[second.phase]
    factor = EXTRA_EFFORT * normal.duration / second.duration
    second.rates = {s: max(1, math.ceil(rate * factor)) for s, rate in normal.rates.items()}
