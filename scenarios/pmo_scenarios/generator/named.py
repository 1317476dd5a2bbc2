"""What named staffing asks of single people: limits, rates, teams, wishes, who does what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from pmo_optimizer import (
    Decision,
    Mode,
    Need,
    Person,
    Phase,
    Portfolio,
    Preference,
    Project,
    State,
)
from pmo_scenarios.generator.options import Options

MOST_PROJECTS = ((2, 3), (3, 4), (4, 2), (None, 1))
"""Most projects at once of a person, with its relative frequency."""

LEAST_SHARES = ((Decimal("0.1"), 4), (Decimal("0.2"), 3), (None, 3))
"""Smallest useful share of a person, with its relative frequency."""

TEAM_SIZE = 8
"""Most people of one team; all of them have the same main skill."""

MONTH_RATE = (7500, 11500)
"""Cost of one FTE-month of an experienced person, by skill, in money units."""

JUNIOR, EXPERIENCED, SENIOR = 0.8, 1.0, 1.3
"""Cost of a person relative to an experienced one."""

EXTERNAL_PREMIUM = 1.3
"""Cost of an external person relative to an internal one."""

WISHES_SHARE = 0.2
"""Part of the people who like or dislike a project or two."""

CONTINUOUS_SHARE = 0.6
"""Part of the phases whose largest need wants the same people for the whole phase."""

HEADS_SHARE = 0.15
"""Part of the phases in which a suitable need asks for heads at half their time."""

EFFORT_SHARE = 0.15
"""Part of the phases in which a need of several periods is a total that may be spread."""

NAMES_SHARE = 0.08
"""Part of the proposed projects for each of must, must_not and prefer; at least one each."""

HALF = Decimal("0.5")
"""Share of each head."""

HEADS_RANGE = (Decimal("0.7"), Decimal("2.2"))
"""FTE that whole heads at half their time may stand for."""


def name_people(rng: Random, options: Options, portfolio: Portfolio) -> Portfolio:
    """Return the portfolio with everything that binds single people.

    Demand stays as it is, but for heads, which are rounded to half an FTE. The running and
    the obligatory projects get no ``must``: they are to be staffed in any case.
    """
    people = _people(rng, options, portfolio)
    projects = [_project(rng, project) for project in portfolio.projects]
    _draw_names(rng, people, projects)
    return portfolio.model_copy(update={"people": tuple(people), "projects": tuple(projects)})


def _people(rng: Random, options: Options, portfolio: Portfolio) -> list[Person]:
    rates = {skill.id: rng.uniform(*MONTH_RATE) for skill in portfolio.skills}
    month = 12 / options.grain.periods_a_year
    able = [p.id for p in portfolio.projects if p.state is State.PROPOSED]
    joined: Counter[str] = Counter()
    people = []
    for person in portfolio.people:
        main = main_skill(person)
        cost = rates[main] * month * _seniority(rng, person)
        if person.category == "external":
            cost *= EXTERNAL_PREMIUM
        update = {
            "cost_rate": Decimal(10 * round(cost / 10)),
            "max_projects": _pick(rng, MOST_PROJECTS),
            "min_share": _pick(rng, LEAST_SHARES),
            "team": f"{person.team}-{1 + joined[main] // TEAM_SIZE}",
            "preferences": _wishes(rng, able),
        }
        joined[main] += person.count
        people.append(person.model_copy(update=update))
    return people


def main_skill(person: Person) -> str:
    """Return the skill that a person knows best; the first of equals."""
    return max(person.skills, key=lambda skill: person.skills[skill])


def _seniority(rng: Random, person: Person) -> float:
    """Return the relative cost: juniors know one skill in part, seniors often several."""
    if max(person.skills.values()) < 1:
        return JUNIOR
    return rng.choices((EXPERIENCED, SENIOR), (1, 2) if len(person.skills) > 1 else (4, 1))[0]


def _pick(
    rng: Random, pairs: Sequence[tuple[int | None, int]] | Sequence[tuple[Decimal | None, int]]
) -> int | Decimal | None:
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


def _wishes(rng: Random, projects: Sequence[str]) -> tuple[Preference, ...]:
    if not projects or rng.random() >= WISHES_SHARE:
        return ()
    chosen = rng.sample(projects, min(len(projects), rng.choice((1, 2))))
    return tuple(
        Preference(project=project, score=Decimal(rng.choice((-2, -1, 1, 2, 3))))
        for project in chosen
    )


def _project(rng: Random, project: Project) -> Project:
    phases = tuple(_phase(rng, phase) for phase in project.phases)
    return project.model_copy(update={"phases": phases})


def _phase(rng: Random, phase: Phase) -> Phase:
    """Return the phase with some needs said in another way, in all of its modes alike."""
    needs = phase.modes[0].needs
    key = key_need(needs)
    draws = [rng.random() for _ in range(3)]
    if key is None:
        return phase
    heads = [n for n in needs if HEADS_RANGE[0] <= (n.fte or 0) <= HEADS_RANGE[1]]
    spread = [n for n in needs if n.id != key.id] if phase.modes[0].duration > 1 else []
    as_heads = rng.choice(heads).id if heads and draws[0] < HEADS_SHARE else None
    as_effort = rng.choice(spread).id if spread and draws[1] < EFFORT_SHARE else None
    steady = key.id if draws[2] < CONTINUOUS_SHARE else None
    modes = tuple(
        mode.model_copy(
            update={
                "needs": tuple(
                    _need(need, mode, as_heads, as_effort).model_copy(
                        update={"continuous": need.id == steady}
                    )
                    for need in mode.needs
                )
            }
        )
        for mode in phase.modes
    )
    return phase.model_copy(update={"modes": modes})


def key_need(needs: Sequence[Need]) -> Need | None:
    """Return the largest need by rate, the first of equals; None where there is none."""
    return max(needs, key=lambda need: need.rate(0), default=None)


def _need(need: Need, mode: Mode, as_heads: str | None, as_effort: str | None) -> Need:
    rate = need.fte or Decimal(0)
    if need.id == as_heads:
        heads = max(1, round(rate / HALF))
        return need.model_copy(update={"fte": None, "heads": heads, "share": HALF})
    if need.id == as_effort:
        total = rate * mode.duration
        return need.model_copy(update={"fte": None, "effort": total, "max_fte": 2 * rate})
    return need


def _draw_names(rng: Random, people: Sequence[Person], projects: list[Project]) -> None:
    """Let a few needs of proposed projects name people: wanted, barred or preferred ones."""
    free = [
        index
        for index, p in enumerate(projects)
        if p.state is State.PROPOSED and p.decision is Decision.FREE and p.phases
    ]
    number = min(max(1, round(NAMES_SHARE * len(free))), len(free) // 3)
    drawn = rng.sample(free, 3 * number)
    for turn, index in enumerate(drawn):
        project = projects[index]
        position = rng.randrange(len(project.phases))
        field = ("must", "must_not", "prefer")[turn % 3]
        phase = _with_names(rng, people, project.phases[position], field)
        phases = (*project.phases[:position], phase, *project.phases[position + 1 :])
        projects[index] = project.model_copy(update={"phases": phases})


def _with_names(rng: Random, people: Sequence[Person], phase: Phase, field: str) -> Phase:
    """Return the phase with somebody named at its key need; it is the same in all modes.

    Who must work on a need may be away for a while, so that need is not ``continuous``.
    """
    key = key_need(phase.modes[0].needs)
    able = [p for p in people if key is not None and main_skill(p) == key.skill]
    if key is None or not able:
        return phase
    person = rng.choice(able)
    named = person.team if field == "prefer" and rng.random() < HALF else person.id
    update: dict[str, object] = {field: (named,)}
    if field == "must":
        update["continuous"] = False
    modes = tuple(
        mode.model_copy(
            update={
                "needs": tuple(
                    need.model_copy(update=update) if need.id == key.id else need
                    for need in mode.needs
                )
            }
        )
        for mode in phase.modes
    )
    return phase.model_copy(update={"modes": modes})
