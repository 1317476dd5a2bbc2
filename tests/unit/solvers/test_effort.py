"""Work that may be spread: shares are exact, columns and rows say what it means."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from pmo_optimizer.backend import Decisions, PhaseDecision, Share
from pmo_optimizer.model import NEED_TOLERANCE, Portfolio, SupplierKind
from pmo_optimizer.problem import Effort, Placement, Problem, compile_problem
from pmo_solvers.completion import complete, share_people
from pmo_solvers.cp_sat.interval.suits import is_expressible
from pmo_solvers.networks import clusters, networks
from pmo_solvers.time_indexed import Kind, build
from tests.brute.people import Staffing, Work
from tests.unit.problem_cases import Data, portfolio, problem

MISS = Fraction(NEED_TOLERANCE)
PERIODS = 4
SKILLS = ("a", "b")


def spreading(phases: list[tuple[int, int, Data]], **supply: Any) -> Portfolio:
    """Return a portfolio with one project per (start, duration, need) of a phase."""
    projects = [
        {
            "id": f"P{n}",
            "value": 1,
            "earliest_start": start,
            "phases": [{"duration": duration, "needs": [need]}],
        }
        for n, (start, duration, need) in enumerate(phases)
    ]
    skills = supply.pop("skills", [{"id": skill} for skill in SKILLS])
    grid = {"start": "2027-01-01", "periods": PERIODS}
    return portfolio(calendar=grid, skills=skills, projects=projects, **supply)


def random_phases(random: Random) -> list[tuple[int, int, Data]]:
    """Return phases with needs of all kinds by chance."""
    out = []
    for _ in range(random.choice((2, 3, 4))):
        duration = random.choice((1, 2, 3, 3))
        need: Data = {"skill": random.choice(SKILLS)}
        rate = random.choice((0.2, 0.33, 0.5, 0.8))
        if random.random() < 0.25:
            need["fte"] = rate
        else:
            need["effort"] = round(rate * duration, 2)
            if random.random() < 0.3:
                need["min_fte"] = random.choice((0.1, rate))
            if random.random() < 0.3:
                need["max_fte"] = random.choice((rate, 0.9))
        out.append((random.randint(0, PERIODS - duration), duration, need))
    return out


def random_supply(random: Random) -> Data:
    """Return people, a pool, prices and rules by chance."""
    skills: list[Data] = [{"id": skill} for skill in SKILLS]
    if random.random() < 0.3:
        skills[0]["overload_price"] = random.choice((1, 5))
    levels = random.choice(((1.0,), (0.25, 0.5, 0.85, 1.0), (0.3, 0.7)))
    people = [
        {
            "id": f"p{number}",
            "fte": random.choice((0.5, 1)),
            "skills": {
                skill: random.choice(levels)
                for skill in random.sample(SKILLS, random.choice((1, 2)))
            },
        }
        for number in range(random.choice((1, 2)))
    ]
    rules: list[Data] = []
    if random.random() < 0.3:
        rules.append({"type": "utilization", "ceiling": 0.5, "price": 2})
    pool = [random.choice((0, 0.25, 1)) for _ in range(PERIODS)]
    pools = [{"id": "pool", "skill": random.choice(SKILLS), "profile": pool}]
    return {"people": people, "rules": rules, "pools": pools, "skills": skills}


def starting(made: Problem, phases: list[tuple[int, int, Data]]) -> Decisions:
    """Return the decisions that start every phase as wanted."""
    placed = tuple((PhaseDecision(0, start),) for start, _, _ in phases)
    return Decisions((True,) * len(made.projects), placed)


def price_of(made: Problem, phases: list[tuple[int, int, Data]], shares: list[Share]) -> float:
    """Return what shares cost, after checking needs, limits and everybody's time in fractions."""
    delivered: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    used: dict[tuple[SupplierKind, str, int], Fraction] = defaultdict(Fraction)
    for share in shares:
        (demand,) = made.projects[share.project].phases[0].modes[0].demands
        bucket = made.buckets[demand.bucket]
        levels = {
            (made.suppliers[i].kind, made.suppliers[i].id): Fraction(level, 100)
            for i, level in bucket.suppliers
        }
        if bucket.overload_price is not None:
            levels[SupplierKind.OVERLOAD, bucket.skill] = Fraction(1)
        level = levels[share.kind, share.supplier]
        delivered[share.project, share.period] += level * share.fte
        used[share.kind, share.supplier, share.period] += share.fte
    for number, (start, duration, need) in enumerate(phases):
        given = [delivered.pop((number, t), Fraction(0)) for t in range(start, start + duration)]
        if "fte" in need:
            assert min(given) >= Fraction(str(need["fte"])) - MISS
            continue
        assert sum(given) >= Fraction(str(need["effort"])) - MISS
        assert min(given) >= Fraction(str(need.get("min_fte", 0))) - MISS
        assert max(given) <= Fraction(str(need.get("max_fte", need["effort"]))) + MISS
    assert not delivered
    price = 0.0
    for supplier in made.suppliers:
        for t in range(made.periods):
            time = used.pop((supplier.kind, supplier.id, t), Fraction(0))
            assert time <= Fraction(supplier.available[t], made.fte_scale)
            for rule, limits in supplier.soft_ceilings:
                excess = time - Fraction(limits[t], made.fte_scale)
                price += made.ceilings[rule].price * float(max(excess, Fraction(0)))
    prices = {b.skill: b.overload_price or 0.0 for b in made.buckets}
    for (kind, name, _), time in used.items():
        assert kind is SupplierKind.OVERLOAD
        price += prices[name] * float(time)
    return price


def truth(subject: Portfolio, phases: list[tuple[int, int, Data]]) -> Fraction | None:
    """Return the least price by a linear program in fractions, or None."""
    demands: dict[int, dict[Any, Fraction]] = {t: defaultdict(Fraction) for t in range(PERIODS)}
    works = []
    for start, duration, need in phases:
        kind = (need["skill"], Fraction(0))
        periods = range(start, start + duration)
        if "fte" in need:
            for t in periods:
                demands[t][kind] += Fraction(str(need["fte"]))
            continue
        most = need.get("max_fte")
        works.append(
            Work(
                kind,
                Fraction(str(need["effort"])),
                Fraction(str(need.get("min_fte", 0))),
                None if most is None else Fraction(str(most)),
                periods,
            )
        )
    heads: dict[int, dict[str, int]] = {t: {} for t in range(PERIODS)}
    return Staffing(subject).penalty_of_all(demands, works, heads)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_spread_work_is_served_exactly_if_it_can_be(first: int) -> None:
    """Shares keep every limit in fractions and cost the least; refused is what is impossible."""
    for seed in range(first, first + 50):
        random = Random(f"effort {seed}")
        phases = random_phases(random)
        subject = spreading(phases, **random_supply(random))
        made = compile_problem(subject)
        shares = share_people(made, starting(made, phases))
        wanted = truth(subject, phases)
        assert (seed, shares is None) == (seed, wanted is None)
        if shares is not None and wanted is not None:
            price = price_of(made, phases, shares)
            assert price == pytest.approx(float(wanted), rel=1e-6, abs=1e-6)


def test_tight_fits_with_odd_proficiencies() -> None:
    """0.9 of work is all that Ann at 0.3 delivers in three months; 0.9002 is too much."""
    people = [{"id": "ann", "skills": {"a": 0.3}}]
    for amount, enough in ((0.9, True), (0.91, False)):
        phases: list[tuple[int, int, Data]] = [(0, 3, {"skill": "a", "effort": amount})]
        made = compile_problem(spreading(phases, people=people))
        shares = share_people(made, starting(made, phases))
        assert (shares is not None) is enough
        if shares is not None:
            price_of(made, phases, shares)


def test_what_has_no_spread_is_refused() -> None:
    """Work that its own limits exclude is refused, though people are plenty."""
    phases: list[tuple[int, int, Data]] = [(0, 3, {"skill": "a", "effort": 0.9})]
    for level in (1, 0.5):
        people = [{"id": "ann", "skills": {"a": level}, "count": 9}]
        made = compile_problem(spreading(phases, people=people))
        for effort in (Effort(100, 0, 30), Effort(100, 50, 40)):
            (project,) = made.projects
            (mode,) = project.phases[0].modes
            demand = replace(mode.demands[0], effort=effort)
            phase = replace(project.phases[0], modes=(replace(mode, demands=(demand,)),))
            changed = replace(made, projects=(replace(project, phases=(phase,)),))
            assert share_people(changed, starting(changed, phases)) is None


# -- networks ----------------------------------------------------------------------------------


def test_work_joins_the_networks_of_its_periods() -> None:
    """Work in periods 0 and 1 joins these two; all of a group are fine where one is."""
    people = [{"id": "ann", "skills": {"a": 1}}, {"id": "bob", "skills": {"b": 0.5}}]
    needs: list[tuple[int, int, Data]] = [(0, 2, {"skill": s, "effort": 1}) for s in SKILLS]
    made = compile_problem(spreading(needs, people=people))
    parts = [network for t in range(3) for network in networks(made, t, {0, 1})]
    assert [(n.period, n.buckets) for n in parts] == [(t, [b]) for t in range(3) for b in (0, 1)]
    groups = clusters(parts, [(0, range(2)), (1, (1, 2))])
    places = [[(n.period, n.buckets[0]) for n in group] for group in groups]
    assert places == [[(0, 0), (1, 0)], [(0, 1)], [(1, 1), (2, 1)], [(2, 0)]]
    assert [group[0].fine for group in groups] == [False, True, True, False]


# -- columns and rows --------------------------------------------------------------------------


ANN = {"people": [{"id": "ann", "skills": {"dev": 1}}], "skills": [{"id": "dev"}]}


def effort_problem(**need: Any) -> Problem:
    """Return a project of two periods in a grid of three whose work may be spread."""
    phases = [{"duration": 2, "needs": [{"skill": "dev"} | need]}]
    grid = {"start": "2027-01-01", "periods": 3}
    return problem(calendar=grid, projects=[{"id": "A", "value": 1, "phases": phases}], **ANN)


def test_rows_of_effort() -> None:
    """Limits in each period hang on who is at work then; the sum on whether it is done."""
    indexed = build(effort_problem(effort=1.5, min_fte=0.5, max_fte=0.9))
    selected, first, second = 0, 1, 2
    spent = [c for c, kind in enumerate(indexed.model.kind) if kind is Kind.CONTINUOUS]
    assert len(spent) == 3
    rows = [
        (dict(zip(row.columns, row.coefs, strict=True)), row.lower, row.upper)
        for row in indexed.model.rows
        if row.tag == "effort:A"
    ]
    at_work = ((first,), (first, second), (second,))
    expected = []
    for column, doing in zip(spent, at_work, strict=True):
        expected += [
            ({column: 1} | dict.fromkeys(doing, -90), None, 0),
            ({column: 1} | dict.fromkeys(doing, -50), 0, None),
        ]
    expected.append((dict.fromkeys(spent, 1) | {first: -150, second: -150}, 0, None))
    assert rows == expected
    assert selected not in spent


def test_decisions_say_nothing_of_the_spread() -> None:
    """Encoding leaves out the columns of work, and decoding does not look at them."""
    made = effort_problem(effort=1.5)
    indexed = build(made)
    decisions = Decisions((True,), ((PhaseDecision(0, 1),),))
    values = indexed.encode(decisions)
    assert values is not None
    assert all(indexed.model.kind[column] is not Kind.CONTINUOUS for column in values)
    assert indexed.decode([values.get(c, 7) for c in range(indexed.model.size)]) == decisions


def test_intervals_leave_effort_and_conflicts_to_columns() -> None:
    """A fixed selection has intervals, unless work is spread or placements exclude each other."""
    phases = [{"duration": 2, "needs": [{"skill": "dev", "heads": 1}]}]
    fixed = {"id": "A", "decision": "must", "value": 1}
    plain = problem(projects=[fixed | {"phases": phases}], **ANN)
    assert is_expressible(plain)
    assert not is_expressible(replace(plain, conflicts=((Placement(0, 0, 0, (1,)),),)))
    spread = [{"duration": 2, "needs": [{"skill": "dev", "effort": 1}]}]
    assert not is_expressible(problem(projects=[fixed | {"phases": spread}], **ANN))


# -- conflicts ---------------------------------------------------------------------------------


def chained(conflict: tuple[Placement, ...], **fields: Any) -> Problem:
    """Return a project of two phases and a conflict of it."""
    phases = [{"id": name, "duration": 1} for name in ("f", "g")]
    grid = {"start": "2027-01-01", "periods": 4}
    project = {"id": "A", "value": 1, "phases": phases} | fields
    return replace(problem(calendar=grid, projects=[project]), conflicts=(conflict,))


@pytest.mark.parametrize("fields", [{}, {"max_gap": None}])
def test_a_column_counts_for_each_member_that_it_places(fields: Data) -> None:
    """The first phase in 0 or 1 and the second in 1: one way of a chain does both."""
    conflict = (Placement(0, 0, 0, (0, 1)), Placement(0, 1, 0, (1,)))
    made = chained(conflict, **fields)
    indexed = build(made)
    (row,) = [r for r in indexed.model.rows if r.tag.startswith("conflict")]
    broken = 0
    for first in range(4):
        for second in range(4):
            decisions = Decisions((True,), ((PhaseDecision(0, first), PhaseDecision(0, second)),))
            values = indexed.encode(decisions)
            if values is None or indexed.model.first_violated(
                [values.get(c, 0) for c in range(indexed.model.size)]
            ) not in {"", row.tag}:
                continue
            refused = complete(made, decisions) is None
            total = sum(c * values[j] for j, c in zip(row.columns, row.coefs, strict=True))
            assert row.upper is not None
            assert refused is (total > row.upper) is ((first, second) == (0, 1))
            broken += refused
    assert broken == 1


def test_projects_that_are_out_are_in_no_conflict() -> None:
    """A conflict holds what is selected only."""
    made = chained((Placement(0, 0, 0, (0, 1, 2, 3)),))
    assert complete(made, Decisions((False,), ((),))) is not None
