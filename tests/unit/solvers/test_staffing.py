"""Shares of people in one period: exact, within everybody's time, at the least price."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from pmo_optimizer.backend import Share
from pmo_optimizer.model import NEED_TOLERANCE, Portfolio, SupplierKind
from pmo_optimizer.problem import Problem, compile_problem
from pmo_solvers.staffing import Claim, serve
from tests.brute.people import Kind, Staffing
from tests.unit.problem_cases import Data, portfolio

MISS = Fraction(NEED_TOLERANCE)

SKILLS = ("a", "b", "c")


def asking(needs: list[Data], **supply: Any) -> Portfolio:
    """Return a portfolio with one project per need, all in one period."""
    projects = [
        {"id": f"P{number}", "value": 1, "phases": [{"duration": 1, "needs": [need]}]}
        for number, need in enumerate(needs)
    ]
    skills = supply.pop("skills", [{"id": skill} for skill in SKILLS])
    grid = {"start": "2027-01-01", "periods": 1}
    return portfolio(calendar=grid, skills=skills, projects=projects, **supply)


def claims_of(subject: Problem) -> list[Claim]:
    """Return the claims of all projects in period 0."""
    return [
        Claim(demand.bucket, demand.rates[0], project.index, 0, demand.need)
        for project in subject.projects
        for demand in project.phases[0].modes[0].demands
    ]


def given_to(subject: Problem, claim: Claim, shares: list[Share]) -> Fraction:
    """Return what is delivered to a claim; each share must come from somebody able."""
    bucket = subject.buckets[claim.bucket]
    levels: dict[tuple[SupplierKind, str], Fraction] = {
        (subject.suppliers[i].kind, subject.suppliers[i].id): Fraction(level, 100)
        for i, level in bucket.suppliers
    }
    levels |= {(SupplierKind.HIRE, subject.hires[i].id): Fraction(1) for i in bucket.hires}
    if bucket.overload_price is not None:
        levels[SupplierKind.OVERLOAD, bucket.skill] = Fraction(1)
    own = [s for s in shares if (s.project, s.need) == (claim.project, claim.need)]
    return sum((levels[s.kind, s.supplier] * s.fte for s in own), Fraction(0))


def used(shares: list[Share]) -> dict[tuple[SupplierKind, str], Fraction]:
    """Return how much of everybody's time is used."""
    total: dict[tuple[SupplierKind, str], Fraction] = defaultdict(Fraction)
    for share in shares:
        assert share.fte > 0
        total[share.kind, share.supplier] += share.fte
    return total


def price_of(subject: Problem, shares: list[Share]) -> float:
    """Return what the shares cost, after checking every one of them exactly."""
    for claim in claims_of(subject):
        needed = Fraction(claim.rate, subject.fte_scale)
        assert given_to(subject, claim, shares) >= needed - MISS
    time = used(shares)
    price = 0.0
    for supplier in subject.suppliers:
        spent = time.pop((supplier.kind, supplier.id), Fraction(0))
        assert spent <= Fraction(supplier.available[0], subject.fte_scale)
        for rule, limits in supplier.soft_ceilings:
            excess = spent - Fraction(limits[0], subject.fte_scale)
            price += subject.ceilings[rule].price * float(max(excess, Fraction(0)))
    prices = {b.skill: b.overload_price for b in subject.buckets}
    for (kind, name), spent in time.items():
        if kind is SupplierKind.OVERLOAD:
            price += (prices[name] or 0.0) * float(spent)
        else:
            assert kind is SupplierKind.HIRE
    return price


def random_supply(random: Random) -> Portfolio:
    """Return people, pools, hires, prices and needs by chance."""
    skills = [{"id": s} for s in SKILLS]
    if random.random() < 0.4:
        skills[0]["overload_price"] = random.choice((1, 5))  # type: ignore[assignment]
    full = random.random() < 0.4
    people = [
        {
            "id": f"p{number}",
            "fte": random.choice((0.5, 1, 1.75)),
            "skills": {
                s: 1 if full else random.choice((0.25, 0.5, 0.85, 1))
                for s in random.sample(SKILLS, random.choice((1, 2, 3)))
            },
        }
        for number in range(random.choice((1, 2, 3)))
    ]
    rules: list[Data] = []
    if random.random() < 0.4:
        rules.append({"type": "utilization", "ceiling": random.choice((0.5, 0.9)), "price": 2})
    needs: list[Data] = []
    for _ in range(random.choice((1, 2, 3, 4))):
        need: Data = {"skill": random.choice(SKILLS), "fte": random.choice((0.2, 0.33, 0.5, 1))}
        if random.random() < 0.3:
            need["min_proficiency"] = 0.5
        needs.append(need)
    pools = [{"id": "pool", "skill": random.choice(SKILLS), "fte": random.choice((0.25, 1))}]
    hires = [{"id": "new", "skill": random.choice(SKILLS), "max_heads": 2}]
    return asking(needs, people=people, rules=rules, pools=pools, hires=hires, skills=skills)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_shares_are_allowed_and_cheapest(first: int) -> None:
    """Needs are served exactly if a linear program in fractions says so, at its least price."""
    for seed in range(first, first + 50):
        random = Random(f"supply {seed}")
        subject = random_supply(random)
        compiled = compile_problem(subject)
        heads = {0: random.choice((0, 1))}
        shares = serve(compiled, 0, claims_of(compiled), heads)
        demand: dict[Kind, Fraction] = defaultdict(Fraction)
        for claim in claims_of(compiled):
            bucket = compiled.buckets[claim.bucket]
            rate = Fraction(claim.rate, compiled.fte_scale)
            demand[bucket.skill, bucket.min_proficiency] += rate
        wanted = Staffing(subject).penalty(0, dict(demand), {"new": heads[0]})
        assert (seed, shares is None) == (seed, wanted is None)
        if shares is None or wanted is None:
            continue
        assert price_of(compiled, shares) == pytest.approx(float(wanted), rel=1e-6, abs=1e-6)
        assert used(shares).get((SupplierKind.HIRE, "new"), Fraction(0)) <= heads[0]


def served(subject: Portfolio) -> list[Share] | None:
    """Return the shares of a portfolio's only period."""
    compiled = compile_problem(subject)
    return serve(compiled, 0, claims_of(compiled), {})


def test_nothing_wanted_is_nothing_given() -> None:
    """Without claims there are no shares."""
    assert serve(compile_problem(asking([])), 0, [], {}) == []


def test_nobody_can_serve() -> None:
    """A skill that nobody has is a refusal, not an error."""
    assert served(asking([{"skill": "a", "fte": 1}])) is None


def test_whole_shares_are_plain_numbers() -> None:
    """Where everybody is fully proficient shares are multiples of 0.01, not solver floats."""
    people = [{"id": "p", "skills": {"a": 1, "b": 1}}, {"id": "q", "skills": {"a": 1}, "fte": 0.3}]
    shares = served(asking([{"skill": "a", "fte": 0.7}, {"skill": "b", "fte": 0.6}], people=people))
    assert shares is not None
    assert sum(s.fte for s in shares) == Fraction(13, 10)
    assert all((s.fte * 100).denominator == 1 for s in shares)
    assert used(shares)[SupplierKind.CLASS, "class:a@1"] == Fraction(3, 10)


def test_thirds_of_a_proficiency_are_delivered_in_full() -> None:
    """At proficiency 0.3 a need of 0.1 takes a third of the time, rounded up if at all."""
    people = [{"id": "p", "skills": {"a": 0.3}}]
    shares = served(asking([{"skill": "a", "fte": 0.1}], people=people))
    assert shares is not None
    (share,) = shares
    assert Fraction(1, 10) - MISS <= share.fte * Fraction(3, 10) <= Fraction(1, 10) + MISS


def test_an_exact_fit_is_found() -> None:
    """All of everybody's time is just enough: 0.5 x 1 + 1 x 0.25 = 0.75."""
    people = [{"id": "p", "skills": {"a": 0.5}}, {"id": "q", "skills": {"a": 1}, "fte": 0.25}]
    fits = asking([{"skill": "a", "fte": 0.25}, {"skill": "a", "fte": 0.5}], people=people)
    over = asking([{"skill": "a", "fte": 0.25}, {"skill": "a", "fte": 0.51}], people=people)
    assert served(fits) is not None
    assert served(over) is None


def test_rounding_never_exceeds_anybodys_time() -> None:
    """Shares of 2/3, 1/6 and 1/6 are all of Ann's time; rounded up they would be more."""
    people = [{"id": "ann", "skills": {"a": 0.3, "b": 0.6, "c": 0.6}}]
    needs = [{"skill": "a", "fte": 0.2}, {"skill": "b", "fte": 0.1}, {"skill": "c", "fte": 0.1}]
    rules = [{"type": "utilization", "ceiling": 0.5, "price": 2}]
    compiled = compile_problem(asking(needs, people=people, rules=rules))
    shares = serve(compiled, 0, claims_of(compiled), {})
    assert shares is not None
    assert price_of(compiled, shares) == pytest.approx(0.5 * 2)
