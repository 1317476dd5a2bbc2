"""The referee on effort and heads in capacity mode."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer.model import Allocation, Plan, Portfolio, SupplierKind
from pmo_optimizer.referee import OPEN_NEEDS, Code, check
from tests.unit.referee_cases import ANN, BOB, PEOPLE, chosen, phase, plan_of, planted, portfolio
from tests.unit.referee_cases import work as given

NEED = "projects/P/phases/f/needs/n"


def case(
    need: dict[str, Any], *allocations: Allocation, duration: int = 3
) -> tuple[Portfolio, Plan]:
    """Return a project whose only phase starts in 2 with this need of dev, and its plan."""
    needs = [{"id": "n", "skill": "dev", **need}]
    subject = portfolio(
        **PEOPLE,
        pools=[{"id": "lab", "skill": "dev", "fte": 1}],
        projects=[{"id": "P", "phases": [{"id": "f", "duration": duration, "needs": needs}]}],
    )
    entry = chosen("P", phase("f", 2, 2 + duration))
    return subject, plan_of(subject, entry, work=allocations)


def work(supplier: str, *shares: str, kind: SupplierKind = SupplierKind.CLASS) -> Allocation:
    """Return work on the one need from its first period on."""
    return given(supplier, "P/f/n", 2, *shares, kind=kind)


def test_effort_adds_up_over_the_phase() -> None:
    """Effort is delivered in any periods, at each supplier's proficiency: 1 + 0.4 + 0.5 + 0.1."""
    subject, good = case({"effort": 2}, work(ANN, "1", "0", "0.4"), work(BOB, "1", "0.2"))
    bad = good.model_copy(update={"allocations": (work(ANN, "1", "0", "0.9"),)})
    planted(subject, good, bad, (Code.NEED_UNMET, NEED))


def test_effort_tolerance() -> None:
    """The sum may miss the effort by 0.0001 FTE-periods, and not by a trifle more."""
    subject, good = case({"effort": 1}, work(ANN, "0.5", "0.4999"))
    bad = good.model_copy(update={"allocations": (work(ANN, "0.5", "0.49989999"),)})
    planted(subject, good, bad, (Code.NEED_UNMET, NEED))


def test_least_rate_of_effort() -> None:
    """Each period gets the least rate, to 0.0001 FTE, even where the sum is enough."""
    need = {"effort": "1.5", "min_fte": "0.25"}
    subject, good = case(need, work(ANN, "1", "0.2499", "0.2501"))
    bad = good.model_copy(update={"allocations": (work(ANN, "1", "0.2498", "0.3"),)})
    planted(subject, good, bad, (Code.NEED_UNMET, f"{NEED}/3"))


def test_greatest_rate_of_effort() -> None:
    """No period gets more than the greatest rate, to 0.0001 FTE; without one any."""
    need = {"effort": "1", "max_fte": "0.5"}
    subject, good = case(need, work(ANN, "0.5001", "0.5"))
    bad = good.model_copy(update={"allocations": (work(ANN, "0.5002", "0.5"),)})
    planted(subject, good, bad, (Code.EFFORT_RATE, f"{NEED}/2"))
    assert Code.EFFORT_RATE not in OPEN_NEEDS  # too much is no need that is open


def test_effort_beyond_the_grid() -> None:
    """Of a phase that leaves the grid the dates are the fault, not the effort."""
    subject, good = case({"effort": 1}, work(ANN, "1"))
    late = plan_of(subject, chosen("P", phase("f", 10, 13)))
    planted(subject, good, late, (Code.HORIZON, "projects/P/phases/f"))


@pytest.mark.parametrize("need", [{"effort": 3, "min_fte": 1}, {"heads": 2}])
def test_milestone_asks_for_nothing(need: dict[str, Any]) -> None:
    """A phase of duration 0 needs neither effort nor heads."""
    subject, plan = case(need, duration=0)
    assert check(subject, plan).violations == ()


def test_heads_count_by_the_head() -> None:
    """Two heads at 0.6 are 1.2 FTE a period, to which half a proficiency gives its full time."""
    subject, good = case({"heads": 2, "share": "0.6"}, *[work(who, *["0.6"] * 3) for who in BOTH])
    less = [work(ANN, *["0.6"] * 3), work(BOB, "0.6", "0.5", "0.6")]
    bad = good.model_copy(update={"allocations": tuple(less)})
    planted(subject, good, bad, (Code.NEED_UNMET, f"{NEED}/3"))


BOTH = (ANN, BOB)


def test_heads_are_whole_by_default() -> None:
    """Without a share each head is 1 FTE; pools serve heads too."""
    lab = work("lab", "1", kind=SupplierKind.POOL)
    subject, good = case({"heads": 2}, work(ANN, "1"), lab, duration=1)
    bad = good.model_copy(update={"allocations": (work(ANN, "0.9"), lab)})
    planted(subject, good, bad, (Code.NEED_UNMET, f"{NEED}/2"))


def test_heads_have_a_least_proficiency() -> None:
    """Only people at the minimum proficiency count as heads."""
    need = {"heads": 1, "share": "0.5", "min_proficiency": "0.6"}
    subject, good = case(need, work(ANN, "0.5"), duration=1)
    bad = good.model_copy(update={"allocations": (work(BOB, "0.5"),)})
    planted(
        subject,
        good,
        bad,
        (Code.NEED_UNMET, f"{NEED}/2"),
        (Code.BELOW_PROFICIENCY, f"allocations/P/f/n/{BOB}"),
    )


def test_loads_count_effort_and_heads() -> None:
    """The load of a skill is what effort and heads get, heads by the head."""
    subject, plan = case({"effort": 2}, work(ANN, "1", "0", "0.5"), work(BOB, "0", "1"))
    assert check(subject, plan).kpis.skills[0].load[2:5] == (1.0, 0.5, 0.5)
    subject, plan = case({"heads": 2}, work(ANN, "1"), work(BOB, "1"), duration=1)
    assert check(subject, plan).kpis.skills[0].load[2:4] == (2.0, 0.0)
