"""The referee on decisions: form, windows, pins, precedence, relations between projects."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer.model import Plan, Portfolio, ProjectPlan
from pmo_optimizer.referee import Code
from tests.unit.referee_cases import (
    base,
    chosen,
    faults,
    no,
    one_phase,
    phase,
    plan_of,
    planted,
    portfolio,
    replaced,
    yes,
)

A1, A2 = phase("a1", 0, 2), phase("a2", 2, 4)


def test_plan_for_another_portfolio() -> None:
    """A plan whose digest is another portfolio's is refused."""
    subject, plan = base()
    bad = plan.model_copy(update={"digest": "0" * 64})
    planted(subject, plan, bad, (Code.WRONG_PORTFOLIO, "digest"))


def test_plan_without_digest() -> None:
    """A plan that names no portfolio at all is refused as well."""
    subject, plan = base()
    bad = plan.model_copy(update={"digest": ""})
    planted(subject, plan, bad, (Code.WRONG_PORTFOLIO, "digest"))


def test_unknown_project() -> None:
    """A decision on a project that does not exist is a fault."""
    subject, plan = base()
    bad = plan.model_copy(update={"projects": (*plan.projects, no("Z"))})
    planted(subject, plan, bad, (Code.UNKNOWN_PROJECT, "projects/Z"))


def test_project_missing() -> None:
    """Every project of the portfolio needs a decision."""
    subject, plan = base()
    left = tuple(entry for entry in plan.projects if entry.project != "E")
    bad = plan.model_copy(update={"projects": left})
    planted(subject, plan, bad, (Code.PROJECT_MISSING, "projects/E"))


def test_project_twice() -> None:
    """Two decisions on one project are a fault, even if they agree."""
    subject, plan = base()
    bad = plan.model_copy(update={"projects": (*plan.projects, no("E"))})
    planted(subject, plan, bad, (Code.PROJECT_TWICE, "projects/E"))


def test_unknown_phase() -> None:
    """A planned phase that the project does not have is a fault."""
    subject, plan = base()
    bad = replaced(plan, chosen("D", phase("d1", 0, 2), phase("d9", 0, 1)))
    planted(subject, plan, bad, (Code.UNKNOWN_PHASE, "projects/D/phases/d9"))


def test_phase_missing() -> None:
    """A selected project plans all its phases; without one nothing starts or ends."""
    subject, plan = base()
    bad = replaced(plan, yes("D", 0))
    planted(subject, plan, bad, (Code.PHASE_MISSING, "projects/D/phases/d1"))


def test_phase_twice() -> None:
    """A phase is planned once."""
    subject, plan = base()
    bad = replaced(plan, chosen("D", phase("d1", 0, 2), phase("d1", 0, 2)))
    planted(subject, plan, bad, (Code.PHASE_TWICE, "projects/D/phases/d1"))


def test_unknown_mode() -> None:
    """A phase in a mode that it does not have is a fault, and no other."""
    subject = portfolio(projects=[{"id": "P", "phases": [{"duration": 1}]}])
    good = plan_of(subject, one_phase("P", 0, 1))
    bad = plan_of(subject, chosen("P", phase("phase-1", 0, 0, "slow")))
    planted(subject, good, bad, (Code.UNKNOWN_MODE, "projects/P/phases/phase-1"))


def test_phase_end() -> None:
    """A phase ends its duration after its start, and the project's finish is that end."""
    subject, plan = base()
    bad = replaced(plan, chosen("D", phase("d1", 0, 3)))
    planted(
        subject,
        plan,
        bad,
        (Code.PHASE_END, "projects/D/phases/d1"),
        (Code.PROJECT_DATES, "projects/D"),
    )


@pytest.mark.parametrize(("start", "finish"), [(1, 2), (0, 3), (None, 2), (0, None)])
def test_project_dates(start: int | None, finish: int | None) -> None:
    """Start and finish of a project are its first start and last end."""
    subject, plan = base()
    entry = ProjectPlan(
        project="D", selected=True, start=start, finish=finish, phases=(phase("d1", 0, 2),)
    )
    planted(subject, plan, replaced(plan, entry), (Code.PROJECT_DATES, "projects/D"))


def test_dates_without_phases() -> None:
    """A project without phases stands in the first period of its window."""
    subject = portfolio(projects=[{"id": "P", "earliest_start": "2027-03-15"}])
    good, bad = plan_of(subject, yes("P", 3)), plan_of(subject, yes("P", 2))
    planted(subject, good, bad, (Code.PROJECT_DATES, "projects/P"))


@pytest.mark.parametrize(
    "entry",
    [
        ProjectPlan(project="E", selected=False, start=0),
        ProjectPlan(project="E", selected=False, finish=1),
        ProjectPlan(project="E", selected=False, phases=(phase("e1", 0, 1),)),
    ],
)
def test_unselected_phases(entry: ProjectPlan) -> None:
    """A project that is not selected has neither phases nor dates."""
    subject, plan = base()
    planted(subject, plan, replaced(plan, entry), (Code.UNSELECTED_PHASES, "projects/E"))


def test_must() -> None:
    """A must-project is selected."""
    subject = portfolio(projects=[{"id": "P", "decision": "must"}])
    planted(subject, plan_of(subject, yes("P")), plan_of(subject), (Code.MUST, "projects/P"))


def test_never() -> None:
    """A never-project is not selected."""
    subject = portfolio(projects=[{"id": "P", "decision": "never"}])
    planted(subject, plan_of(subject), plan_of(subject, yes("P")), (Code.NEVER, "projects/P"))


def test_running_stopped() -> None:
    """A running project goes on, unless it is stoppable."""
    subject, plan = base()
    planted(subject, plan, replaced(plan, no("D")), (Code.RUNNING_STOPPED, "projects/D"))


def test_stoppable_project_may_stop() -> None:
    """A stoppable running project may be stopped, also by the decision never."""
    stoppable = {"state": "running", "stoppable": True, "phases": [{"duration": 1}]}
    subject = portfolio(
        projects=[{"id": "P", **stoppable}, {"id": "Q", **stoppable, "decision": "never"}]
    )
    assert faults(subject, plan_of(subject)) == set()


@pytest.mark.parametrize(
    "entry",
    [
        no("C"),
        ProjectPlan(project="C", selected=True, start=0),
        ProjectPlan(project="C", selected=True, finish=0),
        ProjectPlan(project="C", selected=True, phases=(phase("c1", 0, 1),)),
    ],
)
def test_done_decision(entry: ProjectPlan) -> None:
    """A done project counts as selected and has no dates."""
    subject, plan = base()
    planted(subject, plan, replaced(plan, entry), (Code.DONE_DECISION, "projects/C"))


def single(phase_parts: dict[str, Any], **project: Any) -> Portfolio:
    """Return a portfolio of one project with one phase."""
    return portfolio(projects=[{"id": "P", "phases": [{"id": "f", **phase_parts}], **project}])


def at(subject: Portfolio, start: int, end: int, mode: str = "normal") -> Plan:
    """Return a plan for its one phase."""
    return plan_of(subject, chosen("P", phase("f", start, end, mode)))


def test_pinned_mode() -> None:
    """A pinned mode is the only one that is allowed."""
    modes = [{"id": "slow", "duration": 2}, {"id": "fast", "duration": 1}]
    subject = single({"modes": modes, "pin": {"mode": "slow"}})
    good, bad = at(subject, 0, 2, "slow"), at(subject, 0, 1, "fast")
    planted(subject, good, bad, (Code.PINNED_MODE, "projects/P/phases/f"))


def test_pinned_start() -> None:
    """A start pinned to a day holds for the period of that day."""
    subject = single({"duration": 1, "pin": {"start": "2027-04-20"}})
    good, bad = at(subject, 3, 4), at(subject, 4, 5)
    planted(subject, good, bad, (Code.PINNED_START, "projects/P/phases/f"))


def test_running_project_is_pinned() -> None:
    """The first phase of a running project starts in period 0, unless it has another pin."""
    subject = single({"duration": 1}, state="running")
    planted(
        subject, at(subject, 0, 1), at(subject, 1, 2), (Code.PINNED_START, "projects/P/phases/f")
    )
    other = single({"duration": 1, "pin": {"start": 2}}, state="running")
    assert faults(other, at(other, 2, 3)) == set()


def test_running_project_goes_on_with_its_first_open_phase() -> None:
    """By its own links that is the build, although the test is listed first."""
    subject = portfolio(
        projects=[
            {
                "id": "P",
                "value": 1,
                "state": "running",
                "phases": [{"id": "test", "duration": 1}, {"id": "build", "duration": 2}],
                "links": [{"from": "build", "to": "test"}],
            }
        ]
    )
    good, late = (
        plan_of(subject, chosen("P", phase("test", 2 + d, 3 + d), phase("build", d, 2 + d)))
        for d in (0, 1)
    )
    planted(subject, good, late, (Code.PINNED_START, "projects/P/phases/build"))


def test_negative_start() -> None:
    """Nothing starts before period 0."""
    subject = single({"duration": 2})
    planted(
        subject, at(subject, 0, 2), at(subject, -1, 1), (Code.NEGATIVE_START, "projects/P/phases/f")
    )


def test_horizon() -> None:
    """A phase ends at the end of the grid at the latest."""
    subject = single({"duration": 2})
    planted(
        subject, at(subject, 10, 12), at(subject, 11, 13), (Code.HORIZON, "projects/P/phases/f")
    )


def test_yes_or_no_after_the_grid() -> None:
    """A project without phases whose window begins after the grid cannot be selected."""
    subject = portfolio(projects=[{"id": "P", "earliest_start": 13}])
    planted(subject, plan_of(subject), plan_of(subject, yes("P", 13)), (Code.HORIZON, "projects/P"))


def test_yes_or_no_at_the_end_of_the_grid() -> None:
    """Like a milestone, a project without phases may stand at the end of the grid."""
    subject = portfolio(projects=[{"id": "P", "earliest_start": 12}])
    assert faults(subject, plan_of(subject, yes("P", 12))) == set()


def test_earliest_start() -> None:
    """Not before 2 February means from March on in a monthly grid."""
    subject = single({"duration": 1}, earliest_start="2027-02-02")
    planted(subject, at(subject, 2, 3), at(subject, 1, 2), (Code.EARLIEST_START, "projects/P"))


def test_latest_start() -> None:
    """Not after 15 May means in May at the latest."""
    subject = single({"duration": 1}, latest_start="2027-05-15")
    planted(subject, at(subject, 4, 5), at(subject, 5, 6), (Code.LATEST_START, "projects/P"))


@pytest.mark.parametrize("latest", ["2027-03-31", 3])
def test_latest_finish(latest: str | int) -> None:
    """A latest finish on the last day of March, or at the exclusive end 3, is the same."""
    subject = single({"duration": 1}, latest_finish=latest)
    planted(subject, at(subject, 2, 3), at(subject, 3, 4), (Code.LATEST_FINISH, "projects/P"))


def test_hard_due() -> None:
    """A due date without a price holds."""
    subject = single({"duration": 1}, due="2027-06-30")
    planted(subject, at(subject, 5, 6), at(subject, 6, 7), (Code.HARD_DUE, "projects/P"))


def test_window_holds_whole_project() -> None:
    """The window limits the first start and the last end, whatever the order of phases."""
    subject = portfolio(
        projects=[
            {
                "id": "P",
                "phases": [{"id": "a", "duration": 1}, {"id": "b", "duration": 1}],
                "links": [{"from": "b", "to": "a", "type": "SS", "min_lag": None, "max_lag": 9}],
                "earliest_start": 2,
                "latest_start": 3,
                "latest_finish": 6,
            }
        ]
    )
    good = plan_of(subject, chosen("P", phase("a", 5, 6), phase("b", 3, 4)))
    early = plan_of(subject, chosen("P", phase("a", 5, 6), phase("b", 1, 2)))
    planted(subject, good, early, (Code.EARLIEST_START, "projects/P"))
    late = plan_of(subject, chosen("P", phase("a", 6, 7), phase("b", 3, 4)))
    planted(subject, good, late, (Code.LATEST_FINISH, "projects/P"))


def test_phase_order() -> None:
    """Phases without links of their own run one after the other."""
    subject, plan = base()
    bad = replaced(plan, chosen("A", A1, phase("a2", 1, 3)))
    assert (Code.PHASE_ORDER, "projects/A/links/chain:a1>a2") in faults(subject, bad)
    assert faults(subject, plan) == set()


@pytest.mark.parametrize(("max_gap", "latest"), [(0, 2), (1, 3), (None, 11)])
def test_max_gap(max_gap: int | None, latest: int) -> None:
    """Between phases lie at most ``max_gap`` idle periods: none by default, any for null."""
    phases = [{"id": "a", "duration": 2}, {"id": "b", "duration": 1}]
    subject = portfolio(projects=[{"id": "P", "phases": phases, "max_gap": max_gap}])
    good = plan_of(subject, chosen("P", phase("a", 0, 2), phase("b", latest, latest + 1)))
    assert faults(subject, good) == set()
    if max_gap is not None:
        late = chosen("P", phase("a", 0, 2), phase("b", latest + 1, latest + 2))
        planted(subject, good, plan_of(subject, late), (Code.MAX_GAP, "projects/P/links/chain:a>b"))


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("FS", 2 + 1, 2 + 3),  # b starts 1 to 3 after a's end at 2
        ("SS", 0 + 1, 0 + 3),  # b starts 1 to 3 after a's start at 0
        ("FF", 2 + 1 - 3, 2 + 3 - 3),  # b ends 1 to 3 after a's end, and lasts 3
        ("SF", 0 + 1 - 3, 0 + 3 - 3),  # b ends 1 to 3 after a's start, and lasts 3
    ],
)
def test_phase_link(kind: str, low: int, high: int) -> None:
    """Minimum and maximum lag of all link types hold between phases of a project."""
    subject = portfolio(
        projects=[
            {
                "id": "P",
                "phases": [{"id": "a", "duration": 2}, {"id": "b", "duration": 3}],
                "links": [
                    {"id": "k", "from": "a", "to": "b", "type": kind, "min_lag": 1, "max_lag": 3}
                ],
            }
        ]
    )
    link, before_grid = (
        (Code.PHASE_LINK, "projects/P/links/k"),
        (
            Code.NEGATIVE_START,
            "projects/P/phases/b",
        ),
    )
    for start in range(low - 2, high + 3):
        found = faults(subject, plan_of(subject, chosen("P", phase("a", 0, 2), _b(start))))
        assert (link in found) == (not low <= start <= high)
        assert found <= {link, before_grid}


def _b(start: int) -> Any:
    return phase("b", start, start + 3)


def linked(*projects: dict[str, Any], **link: Any) -> Portfolio:
    """Return projects with one link, called k, in the portfolio."""
    return portfolio(projects=list(projects), links=[{"id": "k", **link}])


P: dict[str, Any] = {"id": "P", "phases": [{"id": "f", "duration": 2}]}
Q: dict[str, Any] = {"id": "Q", "phases": [{"id": "g", "duration": 3}]}


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("FS", 6 + 1, 6 + 2),  # Q starts 1 to 2 after P's end at 6
        ("SS", 4 + 1, 4 + 2),
        ("FF", 6 + 1 - 3, 6 + 2 - 3),  # Q lasts 3
        ("SF", 4 + 1 - 3, 4 + 2 - 3),
    ],
)
@pytest.mark.parametrize(("source", "target"), [("P", "Q"), ("P/f", "Q/g"), ("P/f", "Q")])
def test_link_lags(kind: str, low: int, high: int, source: str, target: str) -> None:
    """Minimum and maximum lag of all link types hold between projects and phases."""
    parts = {"from": source, "to": target, "type": kind, "min_lag": 1, "max_lag": 2}
    subject = linked(P, Q, **parts)
    for start in range(10):
        q = chosen("Q", phase("g", start, start + 3))
        found = faults(subject, plan_of(subject, chosen("P", phase("f", 4, 6)), q))
        expected = set()
        if start < low:
            expected.add((Code.LINK_MIN_LAG.value, "links/k"))
        if start > high:
            expected.add((Code.LINK_MAX_LAG.value, "links/k"))
        assert found == expected


def test_link_to_phase_in_the_middle() -> None:
    """A link to a phase looks at that phase, not at its project's start."""
    two = {"id": "Q", "phases": [{"id": "g", "duration": 3}, {"id": "h", "duration": 1}]}
    subject = linked(P, two, **{"from": "P/f", "to": "Q/h"})
    p = chosen("P", phase("f", 1, 3))
    good = plan_of(subject, p, chosen("Q", phase("g", 0, 3), phase("h", 3, 4)))
    assert faults(subject, good) == set()


def test_links_of_a_missing_phase() -> None:
    """Where a phase is not planned, that is the fault, and its links say nothing more."""
    two = {"id": "P", "phases": [{"id": "f", "duration": 2}, {"id": "h", "duration": 1}]}
    missing = {
        "f": (Code.PHASE_MISSING.value, "projects/P/phases/f"),
        "h": (Code.PHASE_MISSING.value, "projects/P/phases/h"),
    }
    for end, kept in (("h", phase("f", 0, 2)), ("f", phase("h", 0, 1))):
        for link in ({"from": f"P/{end}", "to": "Q/g"}, {"from": "Q/g", "to": f"P/{end}"}):
            subject = linked(two, Q, **link)
            plan = plan_of(subject, chosen("P", kept), _q(0))
            assert faults(subject, plan) == {missing[end]}


def test_link_blocked() -> None:
    """By default the successor needs its predecessor, and never the other way round."""
    subject = linked(P, Q, **{"from": "P", "to": "Q"})
    q = chosen("Q", phase("g", 0, 3))
    only_p = plan_of(subject, chosen("P", phase("f", 0, 2)))
    planted(subject, only_p, plan_of(subject, q), (Code.LINK_BLOCKED, "links/k"))


def test_link_without_minimum_blocks() -> None:
    """A link with a maximum lag only still needs its predecessor."""
    subject = linked(P, Q, **{"from": "P", "to": "Q", "min_lag": None, "max_lag": 3})
    planted(
        subject,
        plan_of(subject),
        plan_of(subject, chosen("Q", phase("g", 0, 3))),
        (Code.LINK_BLOCKED, "links/k"),
    )


def test_link_ignored_without_source() -> None:
    """With ``ignore`` the link holds only if both are selected."""
    subject = linked(P, Q, **{"from": "P", "to": "Q", "if_unselected": "ignore"})
    q = chosen("Q", phase("g", 0, 3))
    alone = plan_of(subject, q)
    both = plan_of(subject, chosen("P", phase("f", 0, 2)), q)
    planted(subject, alone, both, (Code.LINK_MIN_LAG, "links/k"))


def test_done_source_and_target() -> None:
    """A done source satisfies every link; a link to a done target says nothing."""
    done = {"id": "P", "state": "done"}
    subject = linked(done, Q, **{"from": "P", "to": "Q", "min_lag": 5})
    assert faults(subject, plan_of(subject, yes("P", -1), _q(0))) == set()
    back = linked(done, Q, **{"from": "Q", "to": "P"})
    assert faults(back, plan_of(back, yes("P", -1))) == set()


def _q(start: int) -> ProjectPlan:
    return chosen("Q", phase("g", start, start + 3))


def test_link_from_group() -> None:
    """Of a choose-one group the selected member counts as the source."""
    variants = [
        {"id": "V1", "phases": [{"duration": 2}]},
        {"id": "V2", "phases": [{"duration": 4}]},
    ]
    subject = portfolio(
        projects=[*variants, Q],
        choose=[{"id": "V", "projects": ["V1", "V2"]}],
        links=[{"id": "k", "from": "V", "to": "Q"}],
    )
    short, long = one_phase("V1", 0, 2), one_phase("V2", 0, 4)
    good = plan_of(subject, short, _q(2))
    planted(subject, good, plan_of(subject, long, _q(2)), (Code.LINK_MIN_LAG, "links/k"))
    planted(subject, good, plan_of(subject, _q(2)), (Code.LINK_BLOCKED, "links/k"))


def test_link_to_group() -> None:
    """As a target, a group means its selected member; a done member satisfies as a source."""
    variants = [
        {"id": "V1", "phases": [{"duration": 2}]},
        {"id": "V2", "state": "done"},
    ]
    subject = portfolio(
        projects=[*variants, Q],
        choose=[{"id": "V", "projects": ["V1", "V2"], "max": 2}],
        links=[{"id": "k", "from": "Q", "to": "V"}],
    )
    done = yes("V2", -1)
    good = plan_of(subject, done, _q(0), one_phase("V1", 3, 5))
    bad = plan_of(subject, done, _q(0), one_phase("V1", 2, 4))
    planted(subject, good, bad, (Code.LINK_MIN_LAG, "links/k"))
    assert faults(subject, plan_of(subject, done)) == set()


def test_link_from_milestone() -> None:
    """A milestone ends where it starts, at the end of the grid at the latest."""
    mark = {"id": "M", "phases": [{"id": "m", "duration": 0}]}
    subject = linked(mark, Q, **{"from": "M", "to": "Q", "max_lag": 0})
    good = plan_of(subject, chosen("M", phase("m", 4, 4)), _q(4))
    bad = plan_of(subject, chosen("M", phase("m", 4, 4)), _q(5))
    planted(subject, good, bad, (Code.LINK_MAX_LAG, "links/k"))
    at_end = plan_of(subject, chosen("M", phase("m", 12, 12)))
    assert faults(subject, at_end) == set()


def yes_or_no(*names: str, **parts: Any) -> Portfolio:
    """Return pure yes or no projects with relations."""
    return portfolio(projects=[{"id": name} for name in names], **parts)


def picked(subject: Portfolio, names: str) -> Plan:
    """Return a plan that selects the projects named by a letter each."""
    return plan_of(subject, *(yes(name) for name in names))


def test_requires() -> None:
    """A project needs each of the projects it requires."""
    subject = yes_or_no(*"ABC", requires=[{"id": "r", "project": "A", "needs": ["B", "C"]}])
    assert faults(subject, picked(subject, "BC")) == set()
    planted(subject, picked(subject, "ABC"), picked(subject, "AB"), (Code.REQUIRES, "requires/r"))


def test_requires_group() -> None:
    """Any selected member of a group satisfies a requirement of the group."""
    subject = yes_or_no(
        *"ABC",
        choose=[{"id": "G", "projects": ["B", "C"]}],
        requires=[{"id": "r", "project": "A", "needs": ["G"]}],
    )
    planted(subject, picked(subject, "AC"), picked(subject, "A"), (Code.REQUIRES, "requires/r"))


def test_excludes() -> None:
    """Of projects that exclude each other at most one is selected."""
    subject = yes_or_no(*"ABC", excludes=[{"id": "x", "projects": ["A", "B", "C"]}])
    planted(subject, picked(subject, "B"), picked(subject, "BC"), (Code.EXCLUDES, "excludes/x"))


def test_all_or_none() -> None:
    """All of a set are selected, or none."""
    subject = yes_or_no(*"ABC", all_or_none=[{"id": "s", "projects": ["A", "B", "C"]}])
    assert faults(subject, picked(subject, "ABC")) == set()
    planted(
        subject, picked(subject, ""), picked(subject, "AC"), (Code.ALL_OR_NONE, "all_or_none/s")
    )


@pytest.mark.parametrize("names", ["A", "ABCD"])
def test_choose(names: str) -> None:
    """Between min and max of a set are selected."""
    subject = yes_or_no(*"ABCD", choose=[{"id": "c", "projects": [*"ABCD"], "min": 2, "max": 3}])
    assert faults(subject, picked(subject, "ABC")) == set()
    planted(subject, picked(subject, "AB"), picked(subject, names), (Code.CHOOSE, "choose/c"))


def test_choose_counts_what_is_left_out() -> None:
    """C selected, or A or B left out: exactly one of these."""
    group = {"id": "c", "projects": ["C"], "unselected": ["A", "B"], "min": 1}
    subject = yes_or_no(*"ABC", choose=[group])
    planted(subject, picked(subject, "ABC"), picked(subject, "AB"), (Code.CHOOSE, "choose/c"))


def test_done_counts_in_relations() -> None:
    """A done project counts as selected in requires, excludes, all-or-none and choose."""
    subject = portfolio(
        projects=[{"id": "A"}, {"id": "B"}, {"id": "C", "state": "done"}],
        requires=[{"id": "r", "project": "A", "needs": ["C"]}],
        excludes=[{"id": "x", "projects": ["B", "C"]}],
        all_or_none=[{"id": "s", "projects": ["A", "C"]}],
        choose=[{"id": "c", "projects": ["A", "C"], "min": 2, "max": 2}],
    )
    good = plan_of(subject, yes("A"), yes("C", -1))
    assert faults(subject, good) == set()
    bad = plan_of(subject, yes("B"), yes("C", -1))
    assert faults(subject, bad) == {
        ("excludes", "excludes/x"),
        ("all-or-none", "all_or_none/s"),
        ("choose", "choose/c"),
    }


def test_every_fault_is_listed() -> None:
    """The referee does not stop at the first fault."""
    subject, plan = base()
    left = tuple(entry for entry in plan.projects if entry.project not in {"B", "E"})
    bad = replaced(plan.model_copy(update={"projects": left}), no("C"), no("D"))
    assert faults(subject, bad) == {
        ("project-missing", "projects/B"),
        ("project-missing", "projects/E"),
        ("done-decision", "projects/C"),
        ("running-stopped", "projects/D"),
    }
