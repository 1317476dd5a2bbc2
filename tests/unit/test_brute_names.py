"""The brute force of named staffing: by hand, against plain enumeration, and by the referee."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest

from pmo_optimizer.model import HireOrder, Plan, Portfolio, Status
from pmo_optimizer.referee import Code, check
from tests.brute.draw_names import random_staffing
from tests.brute.names import STEP, NoStaffing, Scene, Search, least_staffing, least_unmet
from tests.unit.referee_cases import chosen, phase, plan_of, portfolio

FEW_SUPPORTS = 128
"""Only so many combinations are enumerated without any pruning."""

SEEDS = 50
"""So many random cases are looked at."""

drawn = cache(random_staffing)

AWAY = {"first": "2027-02-01", "last": "2027-02-28"}
"""One person is away in period 1."""


def case(
    people: dict[str, dict[str, Any]], *needs: dict[str, Any], **parts: Any
) -> tuple[Portfolio, Plan]:
    """Return projects P, Q, R of periods 0 and 1 with one need of dev each."""
    pin = parts.pop("pin", None)
    orders = parts.pop("orders", ())
    projects = []
    for name, need in zip("PQR", needs, strict=False):
        mode = {"duration": 2, "needs": [{"id": "n", "skill": "dev", **need}]}
        projects.append({"id": name, "phases": [{"id": "f", "modes": [mode], "pin": pin}]})
    persons = [{"id": name, "skills": {"dev": 1}, **person} for name, person in people.items()]
    skills = parts.pop("skills", [{"id": "dev"}])
    subject = portfolio(skills=skills, people=persons, projects=projects, **parts)
    entries = [chosen(p.id, phase("f", 0, 2)) for p in subject.projects]
    return subject, plan_of(subject, *entries, hires=orders)


ANN: dict[str, dict[str, Any]] = {"ann": {}}
HALF: dict[str, dict[str, Any]] = {"ann": {}, "bob": {"skills": {"dev": "0.5"}}}
BUSY = {"ann": {"max_projects": 1}}

BY_HAND = [
    # 1: time is shared between needs: 2 x (0.75 + 0.75 - 1)
    (ANN, [{"fte": "0.75"}, {"fte": "0.75"}], {}, "1"),
    # 8: 1 + 0.5 of 2 in each period
    (HALF, [{"fte": 2}], {}, "1"),
    ({"ann": {"count": 2}}, [{"fte": 2}], {}, "0"),
    ({"ann": {"absences": [AWAY]}}, [{"fte": "0.5"}], {}, "0.5"),
    (HALF, [{"fte": 1, "min_proficiency": "0.6", "must_not": ["ann"]}], {}, "2"),
    # 2: one project at a time, so that the larger need is served in both periods
    (BUSY, [{"fte": "0.25"}, {"fte": "0.5"}], {}, "0.5"),
    # 3: a share of 0.75 or nothing, of 1 FTE
    (ANN, [{"fte": "0.5", "min_share": "0.75"}, {"fte": "0.5", "min_share": "0.75"}], {}, "1"),
    ({"ann": {"min_share": "0.75"}}, [{"fte": "0.5"}, {"fte": "0.5"}], {}, "1"),
    # 4: who is away once cannot serve a continuous need at all
    ({"ann": {"absences": [AWAY]}}, [{"fte": "0.5", "continuous": True}], {}, "1"),
    # 5: bob has to give 0.5 to P, and ann gives the rest; or where nothing is asked for
    (
        {"ann": {}, "bob": {"min_share": "0.5"}},
        [{"fte": 1, "must": ["bob"]}, {"fte": 1}],
        {},
        "0",
    ),
    ({"bob": {"min_share": "0.5"}}, [{"profile": [0, "0.5"], "must": ["bob"]}], {}, "0"),
    # 6: bob alone is pinned, at half proficiency
    (HALF, [{"fte": 1}], {"pin": {"people": ["bob"]}}, "1"),
    # 7: three heads of two, by the head
    (HALF, [{"heads": 3, "share": "0.5"}], {}, "1"),
    (HALF, [{"heads": 3, "share": "0.5"}], {"pools": [{"skill": "dev", "fte": "0.4"}]}, "1"),
    (HALF, [{"heads": 3, "share": "0.5"}], {"pools": [{"skill": "dev", "fte": "0.5"}]}, "0"),
    # effort: over both periods; at the greatest rate; at the least rate
    ({"ann": {"absences": [AWAY]}}, [{"effort": "1.5"}], {}, "0.5"),
    (ANN, [{"effort": "1.5", "max_fte": "0.5"}], {}, "0.5"),
    ({"ann": {"absences": [AWAY]}}, [{"effort": "0.5", "min_fte": "0.25"}], {}, "0.25"),
    # extra supply that can be bought leaves nothing open
    (ANN, [{"fte": 3}], {"skills": [{"id": "dev", "overload_price": 1}]}, "0"),
    # a hard ceiling
    (ANN, [{"fte": 1}], {"rules": [{"type": "utilization", "ceiling": "0.8"}]}, "0.4"),
]


@pytest.mark.parametrize(("people", "needs", "parts", "unmet"), BY_HAND)
def test_by_hand(
    people: dict[str, Any], needs: list[dict[str, Any]], parts: dict[str, Any], unmet: str
) -> None:
    """The least unmet FTE of small cases is what a pencil says."""
    subject, plan = case(people, *needs, **{key: _pools(part) for key, part in parts.items()})
    assert least_unmet(subject, plan) == Fraction(unmet)


def _pools(part: Any) -> Any:
    """Return pools with an id, and any other part as it is."""
    if isinstance(part, list) and "fte" in part[0]:
        return [{"id": "lab", **part[0]}]
    return part


def test_a_hired_head_is_one_head() -> None:
    """A hired head is one head of a need, however little it gives."""
    hires = [{"id": "temp", "skill": "dev", "max_heads": 2}]
    for heads, unmet in ((0, 2), (1, 1), (2, 0)):
        order = HireOrder(hire="temp", period=0, heads=heads)
        subject, plan = case({}, {"heads": 2, "share": "0.5"}, hires=hires, orders=(order,))
        assert least_unmet(subject, plan) == unmet


def test_who_must_work_gives_a_step_at_least() -> None:
    """A must takes somebody away from another need, by the smallest share."""
    must = {"fte": 1, "must": ["bob"], "min_proficiency": 1}
    people: dict[str, dict[str, Any]] = {"ann": {}, "bob": {}}
    subject, plan = case(people, must, {"fte": 1, "must_not": ["ann"]})
    assert least_unmet(subject, plan) == STEP


def test_contradictions_have_no_staffing() -> None:
    """Two musts in one period of somebody with one project at once contradict each other."""
    must = {"profile": ["0.5", 0], "must": ["ann"], "continuous": True}
    with pytest.raises(NoStaffing):
        least_unmet(*case(BUSY, must, must))


def test_same_seed_same_case() -> None:
    """A seed stands for one portfolio and one plan, another seed for others."""
    first, again, other = random_staffing(3), random_staffing(3), random_staffing(4)
    assert first == again
    assert first[0].digest() != other[0].digest()


def test_plain_enumeration_finds_no_less() -> None:
    """Without pruning, all combinations of who works where give the same least unmet FTE."""
    compared = 0
    for seed in range(SEEDS):
        subject, plan = drawn(seed)
        scene = Scene(subject, plan)
        options = [range(slot.most + 1) for slot in scene.slots]
        supports = 1
        for option in options:
            supports *= len(option)
        if supports <= FEW_SUPPORTS:
            compared += 1
            assert least_unmet(subject, plan) == _enumerated(scene, options), seed
    assert compared > SEEDS / 4


def _enumerated(scene: Scene, options: list[range]) -> Fraction:
    """Return the least unmet FTE over all combinations that keep the rules."""
    search = Search(scene)
    costs = []
    for heads in product(*options):
        choice = dict(enumerate(heads))
        solved = search.relaxed(choice)
        if solved is not None and search.wrong(solved[1], choice) is None:
            costs.append(solved[0])
    return min(costs)


def test_the_referee_agrees() -> None:
    """The referee finds the staffing without fault, and the same unmet FTE, to the tolerance.

    Shares may be finer than the step of 0.0001, here and nowhere else.
    """
    fine = {Code.NEED_UNMET.value, Code.SHARE_STEP.value}
    whole = 0
    for seed in range(SEEDS):
        subject, plan = drawn(seed)
        least, best = least_staffing(subject, plan)
        if least == 0:
            best = best.model_copy(update={"status": Status.FEASIBLE})
            whole += 1
        report = check(subject, best)
        assert {v.rule for v in report.violations} <= fine, seed
        found = sum((Fraction(item.fte) for item in report.unmet), Fraction(0))
        assert abs(found - least) <= 9 * STEP, seed
    assert SEEDS / 5 < whole < SEEDS * 4 / 5


def test_every_feature_is_drawn() -> None:
    """Limits of people and needs of every kind occur among a few dozen seeds."""
    needs, people, pins, pools = [], [], 0, 0
    for seed in range(SEEDS):
        subject, _ = drawn(seed)
        phases = [phase for project in subject.projects for phase in project.phases]
        needs += [need for phase in phases for need in phase.modes[0].needs]
        pins += any(phase.pin is not None and phase.pin.people for phase in phases)
        people += list(subject.people)
        pools += bool(subject.pools)
    kinds = ("fte", "profile", "effort", "heads", "max_fte", "min_fte", "min_share", "continuous")
    for name in (*kinds, "must", "must_not", "min_proficiency"):
        assert sum(bool(getattr(need, name)) for need in needs) > 2, name
    for name in ("max_projects", "min_share", "absences"):
        assert sum(bool(getattr(person, name)) for person in people) > 9, name
    assert any(person.count > 1 for person in people)
    assert min(pins, pools) > 2
