"""The interval model on schedules whose optimum is arithmetic."""

from __future__ import annotations

import pytest

from pmo_optimizer.model import Status, Termination
from pmo_solvers.cp_sat.interval.network import (
    Event,
    Load,
    ends_with,
    energy_bound,
    path_bound,
    tails,
)
from pmo_solvers.cp_sat.interval.resources import binding_resources
from tests.unit.problem_cases import Data
from tests.unit.solvers.interval_cases import best, crashed, lone, phase, pool, schedule, solved

ACTIVITIES = (
    phase("begin", 0),
    phase("A", 3, 2),
    phase("B", 3, 2),
    phase("C", 4, 1),
    phase("D", 4, 3),
    phase("E", 2, 4),
    phase("F", 5, 2),
    phase("G", 5, 2),
    phase("H", 1, 4),
    phase("end", 0),
)
"""Work of 3x2 + 3x2 + 4x1 + 4x3 + 2x4 + 5x2 + 5x2 + 1x4 = 60 FTE-days."""

ORDER = (
    *(("begin", name) for name in "ABCDEFGH"),
    *(("A", "C"), ("B", "C"), ("E", "F"), ("F", "H")),
    *((name, "end") for name in "ABCDEFGH"),
)


EFFORT = {"measure": "effort", "where": {}, "sense": "at_least", "share": 1}
"""A rule that asks for an amount of effort; ``of`` says how much."""


def test_a_resource_constrained_schedule() -> None:
    """Four people do 60 days of work in 15, in four blocks; paths alone would take 8."""
    links = [{"from": a, "to": b} for a, b in ORDER]
    subject = schedule({"id": "P", "phases": ACTIVITIES, "links": links}, pools=pool(fte=4))
    assert path_bound(subject, tails(subject)) == 2 + 5 + 1
    assert best(subject) == [60 / 4]


def test_energy_of_a_resource_with_heads_and_tails() -> None:
    """Work that starts at 2 at the earliest and is followed by 3 periods takes 2 + 12 + 3."""
    loads = [Load(2, 3, 4), Load(2, 4, 5), Load(5, 3, 3)]
    assert energy_bound([1] * 30, loads) == 2 + (4 + 5 + 3) + 3
    assert energy_bound([1] * 3 + [0] * 4 + [1] * 30, loads) == 2 + 4 + 12 + 3
    assert energy_bound([1] * 10, loads) > 10


def test_tails_follow_links_of_every_type() -> None:
    """The start of A is followed by FS 1 + 2 + 3, SS 4 + 3, FF 1 + 1 or SF 6 periods."""
    for kind, lag, tail in (("FS", 2, 1 + 2 + 3), ("SS", 4, 4 + 3), ("FF", 1, 1 + 1), ("SF", 6, 6)):
        link = {"from": "A", "to": "B", "type": kind, "min_lag": lag}
        subject = schedule(lone("A", 1), lone("B", 3), links=[link])
        assert tails(subject)[Event(0, 0, False)] == tail
        assert path_bound(subject, tails(subject)) == max(tail, 3)
        assert best(subject) == [max(tail, 3)]


def test_tails_follow_maximum_lags() -> None:
    """B starts at most 2 after the start of A, which takes 7: 5 periods follow at least."""
    link = {"from": "A", "to": "B", "type": "SS", "min_lag": None, "max_lag": 2}
    subject = schedule(lone("A", 7), lone("B", 1), links=[link])
    assert tails(subject)[Event(1, 0, False)] == 7 - 2


def test_periods_of_less_capacity_are_left_out() -> None:
    """Two full days of work around three days with half a developer end on day 5."""
    subject = schedule(lone("A", 1, 1), lone("B", 1, 1), pools=pool(1, 0.5, 0.5, 0.5, *[1] * 36))
    assert best(subject) == [5]


def test_a_profile_uses_what_another_leaves() -> None:
    """Needs of 2, 0, 2 and of 2 for a day fit into three days of two developers."""
    gap = {"skill": "dev", "profile": [2, 0, 2]}
    hollow = {"id": "A", "phases": [{"id": "f", "duration": 3, "needs": [gap]}]}
    assert best(schedule(hollow, lone("B", 1, 2), pools=pool(fte=2))) == [3]
    assert best(schedule(hollow, lone("B", 2, 2), pools=pool(fte=2))) == [3 + 2]


def test_one_at_a_time() -> None:
    """What needs more than half of the developers is done one after the other: 2 + 3 + 4."""
    work = [lone("A", 2, 1.5), lone("B", 3, 2), lone("C", 4, 1.75)]
    subject = schedule(*work, pools=pool(fte=2.5))
    assert [resource.unary for resource in binding_resources(subject)] == [True]
    assert best(subject) == [2 + 3 + 4]


def test_one_at_a_time_around_a_hole_that_only_some_fit() -> None:
    """A developer who is there at 0.75 for two days cannot do A, which comes before B."""
    work = (lone("A", 1, 1), lone("B", 2, 0.75))
    first = {"from": "A", "to": "B"}
    later = schedule(*work, pools=pool(0.75, 0.75, *[1] * 38), links=[first])
    assert best(later) == [2 + 1 + 2]
    assert best(schedule(*work, pools=pool(0.75, 0.75, *[1] * 38))) == [2 + 1]


def test_halves_go_together() -> None:
    """Three pieces of 2 days at half of the capacity take two rounds, not three."""
    subject = schedule(*(lone(name, 2, 1) for name in "ABC"), pools=pool(fte=2))
    assert [resource.unary for resource in binding_resources(subject)] == [False]
    assert best(subject) == [2 + 2]


def test_energy_of_chosen_modes() -> None:
    """Three times 2 FTE-days, in one day or in two, keep two developers busy for 3 days."""
    modes = [
        {"id": f"m{days}", "duration": days, "needs": [{"skill": "dev", "fte": 2 / days}]}
        for days in (1, 2)
    ]
    work = ({"id": name, "phases": [{"id": "f", "modes": modes}]} for name in "ABC")
    assert best(schedule(*work, pools=pool(fte=2))) == [3 * 2 / 2]


def test_resources_that_never_bind_are_left_out() -> None:
    """Windows that keep 2 + 2 FTE apart leave nothing of a capacity of 2 to state."""
    early, late = lone("A", 2, 2, latest_finish=2), lone("B", 2, 2, earliest_start=2)
    assert binding_resources(schedule(early, late, pools=pool(fte=2))) == []
    assert binding_resources(schedule(early, lone("B", 2, 2), pools=pool(fte=2))) != []


def test_capacity_that_is_never_enough() -> None:
    """A need above the capacity of every day is proved infeasible."""
    outcome = solved(schedule(lone("A", 1, 2), pools=pool(fte=1.5)))
    assert (outcome.status, outcome.termination) == (Status.INFEASIBLE, Termination.PROVED)
    outcome = solved(schedule(lone("A", 2, 1), lone("B", 2, 1), pools=pool(fte=1), periods=3))
    assert outcome.status is Status.INFEASIBLE


def test_a_mode_that_asks_for_too_much_is_out() -> None:
    """Of 1 day with 3 developers and 4 days with 1 only the latter can be had."""
    modes = [
        {"id": "m1", "duration": 1, "needs": [{"skill": "dev", "fte": 3}]},
        {"id": "m2", "duration": 4, "needs": [{"skill": "dev", "fte": 1}]},
    ]
    subject = {"id": "P", "phases": [{"id": "f", "modes": modes}]}
    assert best(schedule(subject, pools=pool(fte=2))) == [4]


def test_a_fund_limits_the_modes() -> None:
    """With 9 the fast mode for 9 is possible, with 8 only the slow one."""
    for money, days in ((9, 2), (8, 6)):
        fund = [{"id": "F", "amounts": {"total": money}}]
        assert best(schedule(crashed(2, 9, 6), funds=fund)) == [days]


def test_a_fund_pays_what_is_certain_first() -> None:
    """Of 10 a line of the project takes 3, which leaves 7: not enough for the fast mode."""
    fund = [{"id": "F", "amounts": {"total": 10}}]
    own: Data = {"costs": [{"lump": 3}]}
    assert best(schedule(crashed(2, 7, 6, **own), funds=fund)) == [2]
    assert best(schedule(crashed(2, 8, 6, **own), funds=fund)) == [6]
    fund = [{"id": "F", "amounts": {"total": 2}}]
    assert solved(schedule(lone("P", 1, **own), funds=fund)).status is Status.INFEASIBLE


def test_a_project_starts_with_its_first_phase() -> None:
    """Parallel phases of 3 and 5 days: a follower of the start (SS 1) needs no wait."""
    both = {"id": "P", "phases": [phase("a", 3, 1), phase("b", 5, 1), phase("c", 0)]}
    both["links"] = [{"from": "a", "to": "c"}, {"from": "b", "to": "c"}]
    after = {"from": "P", "to": "Q", "type": "SS", "min_lag": 1}
    subject = schedule(both, lone("Q", 2), pools=pool(fte=1), links=[after])
    assert best(subject) == [3 + 5]
    assert ends_with(subject.projects[0], finish=False) == (0, 1)
    assert ends_with(subject.projects[0], finish=True) == (2,)
    after = {"from": "P", "to": "Q", "min_lag": 1}
    assert best(schedule(both, lone("Q", 2), pools=pool(fte=1), links=[after])) == [3 + 5 + 1 + 2]


def test_phases_that_tie_each_other_keep_one_end() -> None:
    """Of two phases that start together one stands for both."""
    tied = [{"from": "a", "to": "b", "type": "SS"}, {"from": "b", "to": "a", "type": "SS"}]
    parts = [phase("a", 1), phase("b", 2), phase("c", 3)]
    subject = schedule({"id": "P", "phases": parts, "links": tied})
    assert ends_with(subject.projects[0], finish=False) == (1, 2)


def test_the_latest_start_holds_for_the_first_phase() -> None:
    """One of two parallel phases starts by day 1, though both would rather wait for people."""
    both = {"id": "P", "latest_start": 1, "phases": [phase("a", 1, 1), phase("b", 1, 1)]}
    both["links"] = [{"from": "a", "to": "b", "type": "FF", "min_lag": None, "max_lag": 30}]
    assert best(schedule(both, pools=pool(0, 1, 0, 1, *[1] * 36))) == [4]
    assert solved(schedule(both, pools=pool(0, 0, *[1] * 38))).status is Status.INFEASIBLE


def test_a_group_stands_for_its_member_that_is_in() -> None:
    """After one of two variants: the one that is done takes 4 days, the other would take 1."""
    variants = [lone("A", 4), {**lone("B", 1), "decision": "never"}]
    group = [{"id": "G", "projects": ["A", "B"], "min": 1, "max": 1}]
    for unselected in ("block", "ignore"):
        link = {"from": "G", "to": "C", "if_unselected": unselected}
        subject = schedule(*variants, lone("C", 2), choose=group, links=[link])
        assert best(subject) == [4 + 2]


def test_a_link_from_what_is_out() -> None:
    """It blocks its target, which is said by name, or says nothing."""
    out = {**lone("A", 4), "decision": "never"}
    link = {"id": "L", "from": "A", "to": "B"}
    outcome = solved(schedule(out, lone("B", 2), links=[link]))
    assert (outcome.status, outcome.word) == (Status.INFEASIBLE, "rule link:L cannot hold")
    assert best(schedule(out, lone("B", 2), links=[{**link, "if_unselected": "ignore"}])) == [2]


def test_pure_decisions_have_a_date() -> None:
    """Projects without phases stand in the first period of their window."""
    sooner, later = ({"id": name, "earliest_start": t} for name, t in (("A", 3), ("B", 5)))
    link = {"from": "A", "to": "B", "type": "SS", "min_lag": 3}
    assert best(schedule(sooner, later)) == [5]
    late = {**later, "due": 4, "late_price": 0}
    assert best(schedule(late, objective={"terms": [{"term": "delay"}]})) == [1]
    assert solved(schedule(sooner, later, links=[link])).status is Status.INFEASIBLE


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"rules": [{"id": "r", "type": "count", "min": 3}]}, "rule:r"),
        ({"rules": [{"id": "r", "type": "count", "max": 1}]}, "rule:r"),
        ({"excludes": [{"id": "r", "projects": ["A", "B"]}]}, "selection:r"),
        ({"rules": [{"id": "r", "type": "share", **EFFORT, "of": 6}]}, "rule:r"),
    ],
)
def test_constant_rules_are_judged_at_once(parts: Data, rule: str) -> None:
    """A rule that the fixed selection breaks is named, and nothing is searched."""
    outcome = solved(schedule(lone("A", 2, 1), lone("B", 3, 1), pools=pool(fte=2), **parts))
    assert (outcome.status, outcome.word) == (Status.INFEASIBLE, f"rule {rule} cannot hold")


def test_constant_rules_that_hold_say_nothing() -> None:
    """Five FTE-days of effort satisfy a rule that asks for five."""
    rule = {"id": "r", "type": "share", **EFFORT, "of": 5}
    subject = schedule(lone("A", 2, 1), lone("B", 3, 1), pools=pool(fte=2), rules=[rule])
    assert best(subject) == [3]


# -- terms ---------------------------------------------------------------------------------


def test_terms_in_order() -> None:
    """First the 2 days of delay that nothing avoids, then the cheapest way to have them."""
    late = crashed(2, 9, 6, due=0, late_price=0)
    terms = [{"term": "delay"}, {"term": "cost"}, {"term": "makespan"}]
    assert best(schedule(late, objective={"terms": terms})) == [2, 9, 2]
    assert best(schedule(late, objective={"terms": terms[1:]})) == [0, 6]


def test_a_tolerance_is_exact() -> None:
    """A fifth of 5 days, or 1, allows one more day; a little less than a fifth allows none."""
    for tolerance, cost in (({"rel_tol": 0.19}, 7), ({"rel_tol": 0.2}, 0), ({"abs_tol": 1}, 0)):
        terms = [{"term": "makespan", **tolerance}, {"term": "cost"}]
        assert best(schedule(crashed(5, 7, 6), objective={"terms": terms})) == [5, cost]


def test_a_tolerance_of_money_is_exact() -> None:
    """Of 0.30 a third is 0.10: 0.40 is within it, at 0.33 it is not."""
    modes = [
        {"id": name, "duration": days, "costs": [{"lump": money}]}
        for name, days, money in (("slow", 6, 0.3), ("fast", 5, 0.4))
    ]
    subject = {"id": "P", "phases": [{"id": "f", "modes": modes}]}
    for tolerance, days in ((0.1, 5), (0.09, 6)):
        terms = [{"term": "cost", "abs_tol": tolerance}, {"term": "makespan"}]
        outcome = solved(schedule(subject, objective={"terms": terms}))
        assert [stage.best for stage in outcome.stages] == [0.3, days]
        assert outcome.stages[0].tolerance == tolerance


@pytest.mark.parametrize(
    ("weight", "total"),
    [(0.1, 6 * 0.1), (1.5, 6 * 1.5), (2.5, 2 * 2.5 + 9), (3.75, 2 * 3.75 + 9)],
)
def test_a_weighted_sum(weight: float, total: float) -> None:
    """Two days for 9 or six for nothing: four days are worth 9 if a day is worth 2.25."""
    terms = [{"term": "makespan", "weight": weight}, {"term": "cost"}]
    subject = schedule(crashed(2, 9, 6), objective={"method": "weighted", "terms": terms})
    assert best(subject) == [pytest.approx(total)]


def test_a_weighted_sum_that_is_maximised() -> None:
    """Value 5 less a quarter of the 6 days, since 9 is more than four quarters."""
    terms = [{"term": "value"}, {"term": "makespan", "weight": 0.25}, {"term": "cost"}]
    subject = crashed(2, 9, 6, value=5)
    found = schedule(subject, objective={"method": "weighted", "terms": terms})
    assert best(found) == [5 - 6 * 0.25]


def test_constant_terms_are_stages_of_their_own() -> None:
    """Value 5 and its synergy of 2, benefit 7, and 7 less the cost, all proved."""
    subject = crashed(2, 9, 6, value=5, benefit={"profile": [3, 4]})
    terms = [{"term": name} for name in ("value", "benefit", "npv", "makespan")]
    synergy = {"projects": ["P"], "value": 2}
    found = schedule(subject, synergies=[synergy], objective={"terms": terms})
    assert best(found) == [5 + 2, 3 + 4, 7 - 0, 6]
    found = schedule(crashed(2, 9, 50, benefit={"profile": [7]}), objective={"terms": terms[2:]})
    assert best(found) == [7 - 9, 2]


def test_nothing_to_do_takes_no_time() -> None:
    """Without a selected project makespan, delay and cost are 0."""
    out = {**lone("A", 4), "decision": "never"}
    terms = [{"term": name} for name in ("makespan", "delay", "cost")]
    assert best(schedule(out, objective={"terms": terms})) == [0, 0, 0]


def test_stopping_a_running_project_costs() -> None:
    """Its exit cost is part of the cost, and drawn on its fund."""
    ended = {**lone("A", 4), "decision": "never", "state": "running", "stoppable": True}
    ended |= {"exit_cost": 5}
    objective = {"terms": [{"term": "cost"}]}
    for money, status in ((5, Status.OPTIMAL), (4, Status.INFEASIBLE)):
        funds = [{"id": "F", "amounts": {"total": money}}]
        subject = schedule(ended, lone("B", 1), funds=funds, objective=objective)
        outcome = solved(subject)
        assert outcome.status is status
        if status is Status.OPTIMAL:
            assert outcome.stages[0].best == 5
