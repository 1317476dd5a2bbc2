"""Time windows, cycles, critical paths, components and order of precedence networks."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest

from pmo_optimizer.model import Portfolio, Project
from pmo_optimizer.sequencing import (
    NO_WINDOW,
    Event,
    ProjectWindow,
    Window,
    certain_projects,
    components,
    critical_path,
    cycles,
    phase_order,
    windows,
)
from tests.brute.enumerate import combinations
from tests.brute.evaluate import Evaluator
from tests.unit.networks import random_network
from tests.unit.problem_cases import Data, portfolio, project

Bounds = tuple[int, int]


def of(subject: Portfolio, name: str) -> tuple[Bounds, Bounds]:
    """Return earliest and latest start, and earliest and latest finish of a project."""
    window = windows(subject)[name]
    return (
        (window.start.earliest, window.start.latest),
        (window.finish.earliest, window.finish.latest),
    )


def phases_of(window: ProjectWindow) -> dict[str, tuple[Bounds, Bounds]]:
    """Return the same for every phase of a project."""
    return {
        name: ((start.earliest, start.latest), (finish.earliest, finish.latest))
        for name, (start, finish) in window.phases.items()
    }


# -- one project ------------------------------------------------------------------------------


def test_a_chain_moves_as_a_whole() -> None:
    """Phases of 1, 2 and 1 of six periods may each be up to two periods late."""
    window = windows(portfolio(projects=[project("A", 1, 2, 1)]))["A"]
    assert phases_of(window) == {
        "f1": ((0, 2), (1, 3)),
        "f2": ((1, 3), (3, 5)),
        "f3": ((3, 5), (4, 6)),
    }
    assert (window.start, window.finish) == (window.phases["f1"][0], window.phases["f3"][1])
    assert window.possible


@pytest.mark.parametrize(
    ("parts", "start", "finish"),
    [
        ({"earliest_start": 2}, (2, 3), (5, 6)),
        ({"latest_start": 1}, (0, 1), (3, 4)),
        ({"latest_finish": 4}, (0, 1), (3, 4)),
        ({"due": 4}, (0, 1), (3, 4)),
        ({"due": 4, "late_price": 1}, (0, 3), (3, 6)),
        ({"state": "running"}, (0, 0), (3, 3)),
    ],
)
def test_windows_of_a_project_bind_its_phases(parts: Data, start: Bounds, finish: Bounds) -> None:
    """A chain of three periods obeys earliest start, latest start, latest finish and due date."""
    assert of(portfolio(projects=[project("A", 1, 2, **parts)]), "A") == (start, finish)


def test_pins_hold_the_whole_chain() -> None:
    """A pinned second phase fixes the first one through the chain."""
    phases = [{"duration": 1}, {"duration": 2, "pin": {"start": "2027-03-10"}}]
    subject = portfolio(projects=[{"id": "A", "phases": phases}])
    assert of(subject, "A") == ((1, 1), (4, 4))


def test_gaps_loosen_a_chain() -> None:
    """With at most one idle period between them the second phase starts at 1 or 2 of f1's 0."""
    phases = [{"duration": 1, "pin": {"start": 0}}, {"duration": 1}]
    one = windows(portfolio(projects=[{"id": "A", "phases": phases, "max_gap": 1}]))["A"]
    any_ = windows(portfolio(projects=[{"id": "A", "phases": phases, "max_gap": None}]))["A"]
    assert phases_of(one)["phase-2"] == ((1, 2), (2, 3))
    assert phases_of(any_)["phase-2"] == ((1, 5), (2, 6))


def test_modes_stretch_windows() -> None:
    """Earliest finish takes the shortest mode, latest start leaves room for it alone."""
    modes = [{"id": "slow", "duration": 4}, {"id": "fast", "duration": 2}]
    free = portfolio(projects=[{"id": "A", "phases": [{"modes": modes}]}])
    assert of(free, "A") == ((0, 4), (2, 6))
    slow = [{"modes": modes, "pin": {"mode": "slow"}}]
    assert of(portfolio(projects=[{"id": "A", "phases": slow}]), "A") == ((0, 2), (4, 6))


def test_a_project_without_phases_is_decided_in_its_first_period() -> None:
    """A pure yes or no has its start and finish in the first period of its window."""
    assert of(portfolio(projects=[{"id": "A", "earliest_start": 2}]), "A") == ((2, 2), (2, 2))


def test_a_milestone_may_lie_at_the_end_of_the_grid() -> None:
    """A phase of duration 0 starts as late as at the exclusive end."""
    assert of(portfolio(projects=[project("A", 0)]), "A") == ((0, 6), (0, 6))


INNER = [
    # type, lags, window of the second phase's start; the first is pinned at 2 and lasts 2,
    # the second lasts 1, of six periods
    ("FS", 0, None, (4, 5)),
    ("FS", 1, None, (5, 5)),
    ("FS", -2, None, (2, 5)),
    ("FS", 0, 0, (4, 4)),
    ("FS", None, 0, (0, 4)),
    ("SS", 0, None, (2, 5)),
    ("SS", 1, 2, (3, 4)),
    ("SS", None, -1, (0, 1)),
    ("FF", 0, None, (3, 5)),
    ("FF", -1, 1, (2, 4)),
    ("SF", 0, None, (1, 5)),
    ("SF", 2, 3, (3, 4)),
]


@pytest.mark.parametrize(("kind", "low", "high", "window"), INNER)
def test_lags_of_every_type_bind_phases(
    kind: str, low: int | None, high: int | None, window: Bounds
) -> None:
    """FS, SS, FF and SF bind start or end of both sides, from below and above."""
    phases = [
        {"id": "f1", "duration": 2, "pin": {"start": 2}},
        {"id": "f2", "duration": 1},
    ]
    link = {"from": "f1", "to": "f2", "type": kind, "min_lag": low, "max_lag": high}
    subject = portfolio(projects=[{"id": "A", "phases": phases, "links": [link]}])
    assert phases_of(windows(subject)["A"])["f2"][0] == window


def test_a_project_starts_with_its_earliest_phase() -> None:
    """With links of its own the first listed phase need not be the first one."""
    phases = [{"id": "f1", "duration": 1}, {"id": "f2", "duration": 3}]
    links = [{"from": "f2", "to": "f1"}]
    subject = portfolio(projects=[{"id": "A", "phases": phases, "links": links}])
    window = windows(subject)["A"]
    assert (window.start.earliest, window.start.latest) == (0, 2)
    assert (window.finish.earliest, window.finish.latest) == (4, 6)
    late = portfolio(projects=[{"id": "A", "phases": phases, "links": links, "earliest_start": 1}])
    assert phases_of(windows(late)["A"])["f1"] == ((4, 5), (5, 6))


# -- links between projects -------------------------------------------------------------------

PAIR = [
    # type, lags, start windows of A (2 periods) and B (1 period) of six; a chosen B needs A
    ("FS", 0, None, (0, 4), (2, 5)),
    ("FS", 2, None, (0, 4), (4, 5)),
    ("FS", -1, None, (0, 4), (1, 5)),
    ("FS", 0, 1, (0, 4), (2, 5)),
    ("SS", 3, None, (0, 4), (3, 5)),
    ("SS", None, 0, (0, 4), (0, 4)),
    ("FF", 1, None, (0, 4), (2, 5)),
    ("FF", 0, 0, (0, 4), (1, 5)),
    ("SF", 4, None, (0, 4), (3, 5)),
    ("SF", 0, 0, (0, 4), (0, 3)),  # B ends when A starts
]


@pytest.mark.parametrize(("kind", "low", "high", "a", "b"), PAIR)
def test_blocking_links_bind_the_target(
    kind: str, low: int | None, high: int | None, a: Bounds, b: Bounds
) -> None:
    """The target needs the source, which never needs the target: its own window stays."""
    link = {"from": "A", "to": "B", "type": kind, "min_lag": low, "max_lag": high}
    subject = portfolio(projects=[project("A", 2), project("B", 1)], links=[link])
    assert of(subject, "A")[0] == a
    assert of(subject, "B")[0] == b


@pytest.mark.parametrize(
    ("low", "high", "a"),
    [(0, None, (0, 3)), (3, None, (0, 0)), (0, 1, (0, 3)), (None, None, (0, 4))],
)
def test_a_certain_target_binds_its_source(low: int | None, high: int | None, a: Bounds) -> None:
    """Where every plan selects the target, the source must leave room for it."""
    link = {"from": "A", "to": "B", "min_lag": low, "max_lag": high}
    subject = portfolio(projects=[project("A", 2), project("B", 1, decision="must")], links=[link])
    assert of(subject, "A")[0] == a


def test_a_maximum_lag_of_a_certain_target_pulls_the_source() -> None:
    """B, which must start at 4 or later, follows A's end by at most one period."""
    link = {"from": "A", "to": "B", "max_lag": 1}
    late = project("B", 1, decision="must", earliest_start=4)
    subject = portfolio(projects=[project("A", 2), late], links=[link])
    assert of(subject, "A")[0] == (1, 3)


@pytest.mark.parametrize(("decision", "b"), [("free", (0, 5)), ("must", (2, 5))])
def test_an_ignored_link_binds_only_certain_sources(decision: str, b: Bounds) -> None:
    """Without the source an ``ignore`` link says nothing, so a free source moves nobody."""
    link = {"from": "A", "to": "B", "if_unselected": "ignore"}
    projects = [project("A", 2, decision=decision), project("B", 1)]
    assert of(portfolio(projects=projects, links=[link]), "B")[0] == b


def test_done_ends_say_nothing() -> None:
    """A done source satisfies every link, and nothing binds a done target."""
    projects = [project("A", 2), project("B", 1, state="done"), project("C", 2)]
    links = [{"from": "B", "to": "C", "min_lag": 4}, {"from": "A", "to": "B", "min_lag": 99}]
    subject = portfolio(projects=projects, links=links)
    assert set(windows(subject)) == {"A", "C"}
    assert of(subject, "A")[0] == (0, 4)
    assert of(subject, "C")[0] == (0, 4)


def test_links_may_name_phases() -> None:
    """The second phase of B waits for the first one of A."""
    projects = [project("A", 3, 1), project("B", 1, 1)]
    subject = portfolio(projects=projects, links=[{"from": "A/f1", "to": "B/f2"}])
    assert of(subject, "B")[0] == (2, 4)


def grouped(**parts: Any) -> Portfolio:
    """Return A (1 period) or B (3 periods), a choose-one group that C needs."""
    return portfolio(
        projects=[
            project("A", 1, **parts.pop("a", {})),
            project("B", 3, **parts.pop("b", {})),
            project("C", 1, **parts.pop("c", {})),
        ],
        choose=[{"id": "G", "projects": ["A", "B"]}],
        links=[{"from": "G", "to": "C", **parts}],
    )


def test_the_best_member_of_a_group_counts() -> None:
    """C may follow the shorter A; where A is out it must wait for B."""
    assert of(grouped(), "C")[0] == (1, 5)
    assert of(grouped(a={"decision": "never"}), "C")[0] == (3, 5)
    assert of(grouped(a={"earliest_start": 4}), "C")[0] == (3, 5)


def test_a_maximum_lag_after_a_group_takes_the_latest_member() -> None:
    """C follows at most one period after whichever member ends last."""
    assert of(grouped(max_lag=1, a={"latest_finish": 2}, b={"latest_finish": 3}), "C")[0] == (1, 4)


def test_an_ignored_link_from_a_group_binds_nobody() -> None:
    """No member may be selected at all."""
    assert of(grouped(if_unselected="ignore"), "C")[0] == (0, 5)


def test_every_member_of_a_target_group_is_bound() -> None:
    """A link to a group binds each member by itself."""
    subject = portfolio(
        projects=[project("A", 2), project("B", 1), project("C", 1)],
        choose=[{"id": "G", "projects": ["B", "C"]}],
        links=[{"from": "A", "to": "G"}],
    )
    assert of(subject, "B")[0] == of(subject, "C")[0] == (2, 5)


def possible(subject: Portfolio) -> set[str]:
    """Return the projects that some plan may select, as far as windows tell."""
    return {name for name, window in windows(subject).items() if window.possible}


def test_what_needs_the_impossible_is_impossible() -> None:
    """Impossibility spreads along blocking links and requires, not against them."""
    subject = portfolio(
        projects=[project("A", 9), project("B", 1), project("C", 1), project("D", 1)],
        links=[
            {"from": "A", "to": "B"},
            {"from": "D", "to": "B"},
            {"from": "A", "to": "D", "if_unselected": "ignore"},
        ],
        requires=[{"project": "C", "needs": ["B"]}],
    )
    assert possible(subject) == {"D"}


def test_the_impossible_says_why() -> None:
    """An empty window is kept beside the flag; who needs an impossible project is told which."""
    subject = portfolio(
        projects=[project("A", 4), project("B", 3), project("C", 1), project("D", 1)],
        links=[{"from": "A", "to": "B"}],
        requires=[{"project": "C", "needs": ["B"]}],
    )
    found = windows(subject)
    assert found["B"].squeezed == (Event("B", "", False), Window(4, 3))
    assert (found["C"].squeezed, found["C"].lacking) == (None, ("B",))
    assert (found["D"].squeezed, found["D"].lacking) == (None, ())
    assert found["B"].start == found["C"].start == NO_WINDOW


def test_one_possible_alternative_is_enough() -> None:
    """A group fails only with all its members; a done member never fails."""
    assert possible(grouped(a={"decision": "never"})) == {"B", "C"}
    assert possible(grouped(a={"decision": "never"}, b={"latest_finish": 2})) == set()
    assert possible(grouped(a={"state": "done"}, b={"decision": "never"})) == {"C"}


def contradiction(**parts: Any) -> Portfolio:
    """Return C that must start right after A's end and two periods after it at once."""
    links = [{"from": "A", "to": "C", "max_lag": 0}, {"from": "A", "to": "C", "min_lag": 2}]
    return portfolio(projects=[project("A", 1), project("C", 1, **parts)], links=links)


def test_contradictory_lags_are_a_cycle() -> None:
    """A minimum above the maximum lag is printed; A by itself stays possible."""
    subject = contradiction()
    assert "A" in possible(subject)
    (cycle,) = cycles(subject)
    assert (cycle.lag, cycle.certain) == (2, True)
    assert str(cycle) == "finish of A -> start of C -> finish of A"


def test_contradictory_lags_of_a_certain_project_end() -> None:
    """Windows that push each other for ever become empty, and propagation ends."""
    assert "C" not in possible(contradiction(decision="must"))


def test_certain_projects_pull_what_they_need() -> None:
    """Must, running, and what those need one by one; a group of two pulls nobody."""
    subject = portfolio(
        projects=[
            project("A", 1, decision="must"),
            project("B", 1),
            project("C", 1),
            project("D", 1, state="running"),
            project("E", 1, state="running", stoppable=True),
            project("F", 1),
            project("G", 1),
            project("H", 1),
        ],
        requires=[{"project": "A", "needs": ["B", "X"]}],
        choose=[{"id": "X", "projects": ["F", "G"]}],
        links=[
            {"from": "C", "to": "B/f1"},
            {"from": "H", "to": "A", "if_unselected": "ignore"},
        ],
    )
    assert certain_projects(subject) == {"A", "B", "C", "D"}


# -- cycles -----------------------------------------------------------------------------------


def linked(*links: Data, names: str = "ABC", **parts: Any) -> Portfolio:
    """Return projects of one period each with links between them."""
    projects = [project(name, 1) for name in names]
    return portfolio(projects=projects, links=list(links), **parts)


def test_a_cycle_is_printed_event_by_event() -> None:
    """The text runs once around and names the first event again."""
    ring = [("A", "B"), ("B", "C"), ("C", "A")]
    (cycle,) = cycles(linked(*({"from": a, "to": b} for a, b in ring)))
    text = str(cycle)
    assert text.startswith("start of A -> start of A/f1 -> finish of A/f1 -> finish of A")
    assert "finish of A -> start of B -> " in text
    assert text.endswith("finish of C -> start of A")
    assert {event.project for event in cycle.events} == {"A", "B", "C"}
    assert (cycle.lag, cycle.certain) == (3, True)


def test_a_long_ring_is_one_cycle() -> None:
    """A ring of 1,000 projects is walked once around, whatever order its links come in."""
    names = [f"P{number}" for number in range(1000)]
    links = [{"from": a, "to": b} for a, b in zip(names, names[1:] + names[:1], strict=True)]
    projects = [project(name, 1) for name in names]
    (cycle,) = cycles(portfolio(projects=projects, links=links[::-1]))
    assert cycle.lag == 1000
    assert [e.project for e in cycle.events if e.phase and not e.finish] == sorted(
        names, key=lambda name: int(name[1:])
    )


def test_a_cycle_over_ignored_links_is_not_certain() -> None:
    """Its projects exclude each other, but each is possible by itself."""
    subject = linked(
        {"from": "A", "to": "B"}, {"from": "B", "to": "A", "if_unselected": "ignore"}, names="AB"
    )
    (cycle,) = cycles(subject)
    assert not cycle.certain
    assert possible(subject) == {"A", "B"}


def test_each_part_shows_its_own_cycle() -> None:
    """Two separate rings are two findings, the certain one first."""
    found = cycles(
        linked(
            {"from": "A", "to": "B", "if_unselected": "ignore"},
            {"from": "B", "to": "A"},
            {"from": "C", "to": "D"},
            {"from": "D", "to": "C"},
            names="ABCD",
        )
    )
    owners = [({e.project for e in cycle.events}, cycle.certain) for cycle in found]
    assert owners == [({"C", "D"}, True), ({"A", "B"}, False)]


NO_CYCLES = [
    [{"from": "A", "to": "B"}, {"from": "A", "to": "C"}, {"from": "B", "to": "C"}],
    [{"from": "A", "to": "B", "type": "SS"}, {"from": "B", "to": "A", "type": "SS"}],  # together
    [{"from": "A", "to": "B", "min_lag": -1}, {"from": "B", "to": "A", "min_lag": -1}],
    [{"from": "A", "to": "B", "min_lag": 2, "max_lag": 2}],
    [{"from": "A", "to": "B"}, {"from": "B", "to": "A", "min_lag": None}],
]


@pytest.mark.parametrize("links", NO_CYCLES)
def test_networks_that_can_be_kept_have_no_cycle(links: list[Data]) -> None:
    """Only a positive sum of lags around a ring is a contradiction."""
    assert cycles(linked(*links)) == ()


def test_groups_break_cycles() -> None:
    """Any member will do, so a ring through a group of two contradicts nothing yet."""
    choose = [{"id": "G", "projects": ["A", "B"]}]
    ring = ({"from": "G", "to": "C"}, {"from": "C", "to": "A"})
    assert cycles(linked(*ring, choose=choose)) == ()
    (cycle,) = cycles(linked(*ring, choose=[{"id": "G", "projects": ["A"]}]))
    assert cycle.certain


def test_phases_can_form_a_cycle() -> None:
    """A project's own links may contradict its maximum lags."""
    links = [{"from": "f1", "to": "f2", "min_lag": 1}, {"from": "f2", "to": "f1"}]
    subject = portfolio(projects=[project("A", 1, 1, links=links)])
    (cycle,) = cycles(subject)
    assert {event.phase for event in cycle.events} == {"f1", "f2"}
    assert cycle.lag == 3  # both durations, and the lag
    assert possible(subject) == set()


def test_cycles_among_done_projects_do_not_count() -> None:
    """What is done cannot contradict anything."""
    projects = [project("A", 1, state="done"), project("B", 1)]
    links = [{"from": "A", "to": "B"}, {"from": "B", "to": "A"}]
    assert cycles(portfolio(projects=projects, links=links)) == ()


# -- order, paths, components -----------------------------------------------------------------


def network(durations: dict[str, int], *links: Data) -> Project:
    """Return a project with phases of these durations and links between them."""
    phases = [{"id": name, "duration": d} for name, d in durations.items()]
    return Project.model_validate({"id": "P", "phases": phases, "links": links})


def test_phase_order_follows_links_then_position() -> None:
    """Sources stand before targets, and otherwise the file's order holds."""
    arcs = [("d", "a"), ("c", "b")]
    subject = network(dict.fromkeys("abcd", 1), *({"from": a, "to": b} for a, b in arcs))
    assert phase_order(subject) == ("c", "b", "d", "a")
    assert phase_order(network(dict.fromkeys("ba", 1))) == ("b", "a")


def test_phase_order_of_a_cycle_is_refused() -> None:
    """There is no order of phases that wait for each other."""
    ring = ({"from": "a", "to": "b", "type": "SS"}, {"from": "b", "to": "a", "type": "SS"})
    with pytest.raises(nx.NetworkXUnfeasible):
        phase_order(network({"a": 1, "b": 1}, *ring))


def link(source: str, target: str, kind: str = "FS", lag: int | None = 0) -> Data:
    """Return a link with a minimum lag."""
    return {"from": source, "to": target, "type": kind, "min_lag": lag}


PATHS = [
    # a = 2, b = 3, c = 1 periods long
    ([], ("a", "b", "c"), 6),  # a chain
    ([link("a", "b"), link("b", "c")], ("a", "b", "c"), 6),
    ([link("a", "c"), link("b", "c")], ("b", "c"), 4),
    ([link("a", "c", lag=2), link("b", "c")], ("a", "c"), 5),
    ([link("a", "b", "SS", 1)], ("a", "b"), 4),
    ([link("a", "c", "FF", 4)], ("a", "c"), 6),
    ([link("a", "b", "SF", 5)], ("a", "b"), 5),
    ([link("a", "b", lag=-1)], ("a", "b"), 4),
    ([link("a", "b", lag=None)], ("b",), 3),
]


@pytest.mark.parametrize(("links", "path", "length"), PATHS)
def test_critical_paths(links: list[Data], path: tuple[str, ...], length: int) -> None:
    """The longest way through the phases, with its minimum lags."""
    found, periods = critical_path(network({"a": 2, "b": 3, "c": 1}, *links))
    assert (found, periods) == (path, length)


def test_critical_path_takes_the_shortest_modes() -> None:
    """A crashed mode shortens the path; without phases there is none."""
    modes = [{"duration": 4}, {"duration": 2}]
    subject = Project.model_validate({"id": "P", "phases": [{"modes": modes}, {"duration": 1}]})
    assert critical_path(subject) == (("phase-1", "phase-2"), 3)
    assert critical_path(Project.model_validate({"id": "P"})) == ((), 0)


def test_components_are_tied_by_relations_of_every_kind() -> None:
    """Links, requires, excludes, all-or-none, choose and synergies tie; money does not."""
    names = "ABCDEFGHIJKLMN"
    subject = portfolio(
        projects=[project(name, 1) for name in names],
        links=[{"from": "B/f1", "to": "A"}],
        requires=[{"project": "C", "needs": ["D"]}],
        excludes=[{"projects": ["E", "F"]}],
        all_or_none=[{"projects": ["G", "H"]}],
        synergies=[{"projects": ["I", "J"], "value": 1}],
        choose=[{"id": "X", "projects": ["K", "L"]}],
        funds=[{"id": "F", "amounts": {"total": 1}}],
    )
    parts = [("A", "B"), ("C", "D"), ("E", "F"), ("G", "H"), ("I", "J"), ("K", "L"), ("M",), ("N",)]
    assert components(subject) == tuple(parts)


def test_groups_tie_their_members_to_what_names_them() -> None:
    """A link from a group joins all its members with the target."""
    assert components(grouped()) == (("A", "B", "C"),)


# -- against enumeration ----------------------------------------------------------------------


def outside(subject: Portfolio) -> list[str]:
    """Return every event of a feasible schedule that its window denies."""
    windows_of = windows(subject)
    found: set[str] = set()
    for combination in combinations(Evaluator(subject)):
        for fate in combination.fates:
            option = fate.option
            if not option.active:
                continue
            window = windows_of[option.project.id]
            events = [
                (window.start, option.start, "start"),
                (window.finish, option.finish, "finish"),
            ]
            for placed in option.placed:
                begin, end = window.phases[placed.phase.id]
                events += [(begin, placed.start, f"start of {placed.phase.id}")]
                events += [(end, placed.end, f"finish of {placed.phase.id}")]
            found |= {
                f"{option.project.id}: {what} at {at}, window {limits}"
                for limits, at, what in events
                if not limits.earliest <= at <= limits.latest or not window.possible
            }
    return sorted(found)


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_no_feasible_schedule_lies_outside_the_windows(first: int) -> None:
    """Whatever enumeration finds feasible is inside every window and called possible."""
    for seed in range(first, first + 100):
        assert (seed, outside(random_network(seed))) == (seed, [])


def test_random_networks_are_worth_the_test() -> None:
    """Most of them have feasible schedules, and many have windows tighter than the grid."""
    feasible = tight = 0
    for seed in range(60):
        subject = random_network(seed)
        feasible += any(c.chosen for c in combinations(Evaluator(subject)))
        ends = [w.finish.latest for w in windows(subject).values() if w.possible]
        tight += any(end < subject.calendar.periods for end in ends)
    assert feasible > 30
    assert tight > 20
