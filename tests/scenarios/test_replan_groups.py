"""A plan made anew where links and requirements name a choose-one group."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from pmo_optimizer import Plan, Portfolio, Status
from pmo_scenarios import Replan
from tests.scenarios.test_replan import planned, replanned


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def variants(**fields: Any) -> Portfolio:
    """Return two variants of three periods, of which the first is worth more, and what follows."""
    data: dict[str, Any] = {
        "calendar": {"start": "2027-01-01", "periods": 12},
        "value_rate": 0.5,
        "projects": [
            {"id": name, "value": value, "phases": [{"id": "make", "duration": 3}]}
            for name, value in (("new", 9), ("old", 5), ("next", 4))
        ],
        "choose": [{"id": "one", "projects": ["new", "old"]}],
        "links": [{"id": "wait", "from": "one", "to": "next"}],
    }
    return Portfolio.parse(data | fields)


def starts(study: Replan) -> dict[str, int | None]:
    """Return when the selected projects start."""
    assert study.plan is not None
    return {entry.project: entry.start for entry in study.plan.projects if entry.selected}


def told(*projects: dict[str, Any], as_of: int = 4) -> dict[str, Any]:
    """Return progress."""
    return {"as_of": as_of, "projects": list(projects)}


def phase(project: str, **fields: Any) -> dict[str, Any]:
    """Return progress of the one phase of a project."""
    return {"project": project, "phases": [{"phase": "make"} | fields]}


def plan_of(portfolio: Portfolio) -> Plan:
    """Return the best plan: the better variant at once, and what follows when it ends."""
    plan = planned(portfolio)
    assert {p.project: p.start for p in plan.projects if p.selected} == {"new": 0, "next": 3}
    return plan


def test_what_waits_for_a_late_variant_has_not_begun(threads: Executor) -> None:
    """The chosen variant ends in period 6, so what follows starts there, not in 3 as planned."""
    base = variants()
    study = replanned(threads, base, plan_of(base), told(phase("new", remaining=2)), points=0)
    assert starts(study) == {"new": 0, "next": 6}
    assert not study.findings


def test_another_variant_satisfies_the_link(threads: Executor) -> None:
    """The planned variant was given up, another has begun: what follows waits for that one."""
    base = variants()
    facts = told({"project": "new", "stopped": True}, phase("old", started=2))
    study = replanned(threads, base, plan_of(base), facts, points=0)
    assert starts(study) == {"old": 2, "next": 5}


def test_a_link_from_a_group_that_the_past_has_broken_gives_way(threads: Executor) -> None:
    """What began before the variant ended stays where it is, with a warning."""
    base = variants()
    facts = told(phase("next", started=1), phase("new", remaining=2))
    study = replanned(threads, base, plan_of(base), facts, points=0)
    assert starts(study) == {"new": 0, "next": 1}
    assert [f.rule for f in study.findings] == ["progress-link"]
    assert study.changed is not None
    assert not study.changed.links


@pytest.mark.parametrize(
    "link", [{"from": "one", "to": "next"}, {"from": "next", "to": "one"}], ids=["from", "to"]
)
def test_longest_lags_of_groups_are_widened_to_the_status_date(
    threads: Executor, link: dict[str, Any]
) -> None:
    """What was to follow at once in period 3, and could not, may follow from period 6 on."""
    limit = {"id": "wait", "min_lag": 0, "max_lag": 0}
    base = variants(links=[limit | link])
    plan = planned(base)
    first = "new" if link["from"] == "one" else "next"
    other = "next" if first == "new" else "new"
    assert {p.project: p.start for p in plan.projects if p.selected} == {first: 0, other: 3}
    facts = told({"project": other, "not_before": 6}, as_of=3)
    study = replanned(threads, base, plan, facts, points=0)
    assert starts(study) == {first: 0, other: 6}


def test_a_done_variant_satisfies_the_link(threads: Executor) -> None:
    """Nothing waits for a group of which one member is done."""
    base = variants()
    plan = plan_of(base)
    done = base.to_data()
    done["projects"][1]["state"] = "done"
    done["projects"][0] |= {"decision": "never"}
    changed = Portfolio.parse(done)
    study = replanned(threads, changed, plan, told(phase("next", started=1)), points=0)
    assert starts(study)["next"] == 1
    assert not [f for f in study.findings if f.rule == "progress-link"]


def test_another_variant_meets_a_requirement(threads: Executor) -> None:
    """What has begun requires the group: the planned variant was given up, so another enters."""
    base = variants(links=[], requires=[{"project": "next", "needs": ["one"]}])
    plan = planned(base)
    facts = told({"project": "new", "stopped": True}, as_of=2)
    study = replanned(threads, base, plan, facts, points=0)
    assert study.status is not Status.INFEASIBLE
    assert starts(study) == {"old": 2, "next": 0}
