"""The referee on rules: shares, counts, starts per period, averages, hard and soft."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer.model import Breach, Portfolio
from pmo_optimizer.referee import Code, check
from tests.unit.referee_cases import faults, one_phase, plan_of, portfolio

TAGGED = [
    {"id": "P", "value": 5, "category": "x", "attributes": {"risk": 4, "size": 2}},
    {"id": "Q", "value": 3, "category": "y", "attributes": {"risk": 1, "size": 6}},
    {"id": "R", "value": 2, "category": "y", "state": "running", "attributes": {"risk": 2}},
]


def ruled(rule: dict[str, Any], **parts: Any) -> Portfolio:
    """Return three projects of one phase, costing 4 per period, under one rule called r."""
    needs = [{"skill": "dev", "fte": 2}]
    lines = [{"per_period": 4}]
    return portfolio(
        skills=[{"id": "dev", "overload_price": 0}],
        projects=[
            {**entry, "phases": [{"duration": 2, "needs": needs, "costs": lines}]}
            for entry in TAGGED
        ],
        rules=[{"id": "r", **rule}],
        **parts,
    )


def under(subject: Portfolio, names: str = "PQR", start: int = 0) -> set[tuple[str, str]]:
    """Return the broken rules of a plan that selects some projects; R always starts in 0."""
    starts = {name: 0 if name == "R" else start for name in names}
    entries = [one_phase(name, at, at + 2) for name, at in starts.items()]
    return {f for f in faults(subject, plan_of(subject, *entries)) if f[1].startswith("rules/r")}


Y = {"category": "y"}


@pytest.mark.parametrize(
    ("rule", "exact"),
    [
        # the matching projects Q and R against all three
        ({"measure": "value", "sense": "at_least"}, "0.5"),  # (3 + 2) / (5 + 3 + 2)
        ({"measure": "value", "sense": "at_most"}, "0.5"),
        ({"measure": "value", "sense": "at_most", "of": 10}, "0.5"),
        ({"measure": "cost", "sense": "at_most", "of": 20}, "0.8"),  # 2 x 4 x 2 = 16
        ({"measure": "effort", "sense": "at_most", "of": 10}, "0.8"),  # 2 x 2 x 2 = 8
        ({"measure": "count", "sense": "at_least", "of": 4}, "0.5"),  # 2
    ],
)
def test_rule_share(rule: dict[str, Any], exact: str) -> None:
    """A share holds where it is met exactly, and is broken a trifle beyond."""
    rule = {"type": "share", "where": Y, **rule}
    beyond = 0.001 if rule["sense"] == "at_least" else -0.001
    tight = f"{float(exact) + beyond:.3f}"
    assert under(ruled({**rule, "share": exact})) == set()
    assert under(ruled({**rule, "share": tight})) == {(Code.RULE_SHARE.value, "rules/r")}


def test_rule_share_of_budget() -> None:
    """The budget is all that the funds have within the grid: 12 x 1 + 5 + 3 = 20."""
    funds = [
        {"id": "a", "amounts": {"periods": [1] * 12}, "price": 0},
        {"id": "b", "amounts": {"total": 5}, "price": 0},
        {"id": "c", "amounts": {"years": {2027: 3, 2031: 100}}, "price": 0},
    ]
    rule = {"type": "share", "measure": "cost", "where": Y, "sense": "at_most", "of": "budget"}
    assert under(ruled({**rule, "share": "0.8"}, funds=funds)) == set()
    assert under(ruled({**rule, "share": "0.79"}, funds=funds)) == {("rule-share", "rules/r")}


def test_empty_selection_satisfies_a_share() -> None:
    """Where nothing is selected any share of the selected holds."""
    rule = {"type": "share", "measure": "value", "where": Y, "sense": "at_least", "share": 1}
    subject = portfolio(projects=[{"id": "P"}], rules=[{"id": "r", **rule}])
    assert faults(subject, plan_of(subject)) == set()


@pytest.mark.parametrize(
    ("rule", "names", "broken"),
    [
        ({"min": 2}, "PR", False),
        ({"min": 3}, "PR", True),
        ({"max": 2}, "PQR", True),
        ({"max": 2, "where": Y}, "PQR", False),  # Q and R, the running one included
        ({"max": 1, "where": Y}, "PQR", True),
    ],
)
def test_rule_count(rule: dict[str, Any], names: str, broken: bool) -> None:
    """The number of matching selected projects lies within its range."""
    expected = {(Code.RULE_COUNT.value, "rules/r")} if broken else set()
    assert under(ruled({"type": "count", **rule}), names) == expected


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ({"max": 2}, ()),
        ({"max": 1}, (3,)),  # P and Q start in 3; R is running and does not count
        ({"max": 1, "where": Y}, ()),
        ({"max": 1, "first": 4}, ()),
        ({"max": 1, "last": 2}, ()),
        ({"max": 1, "first": "2027-04-01", "last": "2027-04-30"}, (3,)),
        ({"min": 1, "first": 2, "last": 4}, (2, 4)),
        ({"min": 1}, (0, 1, 2, *range(4, 12))),
    ],
)
def test_rule_starts(rule: dict[str, Any], broken: tuple[int, ...]) -> None:
    """The number of starts lies within its range in each period of the rule."""
    expected = {(Code.RULE_STARTS.value, f"rules/r/{period}") for period in broken}
    assert under(ruled({"type": "starts", **rule}), start=3) == expected


@pytest.mark.parametrize(
    ("rule", "exact"),
    [
        ({"attribute": "risk", "where": Y}, "1.5"),  # (1 + 2) / 2
        ({"attribute": "risk", "weight": "value"}, "2.7"),  # (5 x 4 + 3 x 1 + 2 x 2) / 10
        ({"attribute": "risk", "weight": "size"}, "1.75"),  # (2 x 4 + 6 x 1) / 8, R has no size
        ({"attribute": "risk", "weight": "effort", "where": Y}, "1.5"),
    ],
)
def test_rule_average(rule: dict[str, Any], exact: str) -> None:
    """A weighted average holds where it is met exactly, from either side."""
    rule = {"type": "average", **rule}
    for sense, beyond in (("at_most", -0.01), ("at_least", 0.01)):
        tight = f"{float(exact) + beyond:.2f}"
        sided = {**rule, "sense": sense}
        assert under(ruled({**sided, "limit": exact})) == set()
        assert under(ruled({**sided, "limit": tight})) == {(Code.RULE_AVERAGE.value, "rules/r")}


@pytest.mark.parametrize(
    ("rule", "amount"),
    [
        ({"type": "count", "min": 5}, 5 - 3),
        ({"type": "count", "max": 1}, 3 - 1),
        # cost of Q and R is 16, half of all 24 is 12
        (
            {"type": "share", "measure": "cost", "where": Y, "sense": "at_most", "share": 0.5},
            16 - 12,
        ),
        (
            {"type": "share", "measure": "cost", "where": Y, "sense": "at_least", "share": 0.75},
            0.75 * 24 - 16,
        ),
        ({"type": "average", "attribute": "risk", "limit": 1}, (4 - 1) + (1 - 1) + (2 - 1)),
        (
            {"type": "average", "attribute": "risk", "limit": 3, "sense": "at_least"},
            -((4 - 3) + (1 - 3) + (2 - 3)),
        ),
    ],
)
def test_soft_rule(rule: dict[str, Any], amount: float) -> None:
    """A soft rule pays its price per unit of breach and is no violation."""
    subject = ruled({**rule, "price": "0.25"})
    plan = plan_of(subject, *(one_phase(name, 0, 2) for name in "PQR"))
    report = check(subject, plan)
    assert not [v for v in report.violations if v.path.startswith("rules")]
    assert report.kpis.breaches == (
        Breach(kind=rule["type"], id="r", amount=amount, price=0.25, penalty=amount * 0.25),
    )


def test_soft_starts_per_period() -> None:
    """The breach of a soft starts rule is itemised by period: one start too many, one missing."""
    subject = ruled({"type": "starts", "min": 1, "max": 1, "first": 3, "last": 4, "price": 2})
    plan = plan_of(subject, one_phase("P", 3, 5), one_phase("Q", 3, 5), one_phase("R", 0, 2))
    assert check(subject, plan).kpis.breaches == (
        Breach(kind="starts", id="r", period="2027-04", amount=1, price=2, penalty=2),
        Breach(kind="starts", id="r", period="2027-05", amount=1, price=2, penalty=2),
    )


@pytest.mark.parametrize(
    ("need", "effort"),
    [({"effort": 6}, 6), ({"heads": 3, "share": "0.5"}, 3 * 0.5 * 4), ({"heads": 3}, 3 * 1 * 4)],
)
def test_effort_of_named_staffing(need: dict[str, Any], effort: float) -> None:
    """Needs given as effort, or as heads at a share for four periods, count in the effort."""
    needs = [{"skill": "dev", **need}]
    subject = portfolio(
        skills=[{"id": "dev"}],
        projects=[{"id": "P", "phases": [{"duration": 4, "needs": needs}]}],
    )
    report = check(subject, plan_of(subject, one_phase("P", 0, 4)))
    assert report.kpis.projects[0].effort == effort


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"type": "count", "min": 4}, "3 are selected, at least 4 are asked."),
        ({"type": "count", "max": 2}, "3 are selected, at most 2 are asked."),
        (
            {"type": "share", "measure": "count", "where": Y, "sense": "at_least", "share": 1},
            "The count is 2, at least 3 is asked.",
        ),
        (
            {"type": "share", "measure": "count", "where": Y, "sense": "at_most", "share": 0},
            "The count is 2, at most 0 is asked.",
        ),
        (
            {"type": "average", "attribute": "risk", "limit": 2},
            "The weighted sum of risk - 2 is 1, at most 0 is asked.",
        ),
    ],
)
def test_messages(rule: dict[str, Any], message: str) -> None:
    """A message says what is and what is asked."""
    subject = ruled(rule)
    report = check(subject, plan_of(subject, *(one_phase(name, 0, 2) for name in "PQR")))
    assert message in {v.message for v in report.violations}
