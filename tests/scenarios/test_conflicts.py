"""Rules that clash: what is found, that it is irreducible, and what mends it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, Portfolio
from pmo_scenarios import Conflicts, conflicts
from pmo_scenarios.runs import Step
from tests.scenarios.planted import KINDS, SERIES, planted
from tests.scenarios.test_runs import knapsack

SHORT = (0, 1, 2, 3, 4, 5)
"""Seeds of a normal run: every kind of clash, roomy and generated portfolios."""

ENOUGH = 28
"""So many of the planted clashes must be among those that are found."""

SHOP: dict[str, Any] = {
    "calendar": {"start": "2027-01-01", "periods": 12},
    "skills": [{"id": "dev"}],
    "pools": [{"id": "team", "skill": "dev", "fte": 2}],
    "funds": [{"id": "capex", "amounts": {"years": {2027: 200}}}],
    "projects": [
        {
            "id": "P7",
            "value": 3,
            "decision": "must",
            "phases": [
                {
                    "duration": 5,
                    "needs": [{"skill": "dev", "fte": 1}],
                    "costs": [{"per_period": 50}],
                }
            ],
        },
        {"id": "A", "value": 3, "phases": [{"duration": 4}]},
    ],
}


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def found(pool: Executor, portfolio: Portfolio | dict[str, Any], **options: Any) -> Conflicts:
    """Return the conflicts of a portfolio by an exact engine."""
    if not isinstance(portfolio, Portfolio):
        portfolio = Portfolio.parse(portfolio)
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    return conflicts(portfolio, executor=pool, **settings)


def test_a_must_that_a_budget_cannot_pay_is_explained(threads: Executor) -> None:
    """5 x 50 of 200: two rules clash, 50 more mend it, and no other conflict is there."""
    answer = found(threads, SHOP)
    (conflict,) = answer.conflicts
    assert answer.answer == "infeasible"
    assert conflict.paths == {"projects/P7/decision", "funds/capex"}
    assert conflict.irreducible
    assert answer.complete
    assert conflict.words == (
        "These 2 cannot hold together: P7 must be done; fund capex has 200 in 2027 "
        f"(P7 needs at least {5 * 50} of fund capex)."
    )
    best = answer.repairs[0]
    assert [(s.path, s.amount, s.dropped) for s in best.steps] == [
        ("funds/capex", 5 * 50 - 200, False)
    ]
    assert best.cost == pytest.approx(50 / 200)
    assert best.proven
    assert "raise fund capex by 50 in 2027" in best.words


def test_a_raised_limit_makes_a_plan_possible(threads: Executor) -> None:
    """With the amounts of the repair the portfolio is feasible, with a cent less it is not."""
    for amount, answer in ((250, "feasible"), (249.99, "infeasible")):
        funds = [{"id": "capex", "amounts": {"years": {2027: amount}}}]
        assert found(threads, SHOP | {"funds": funds}, repairs=False).answer == answer


def test_a_repair_names_both_ends_that_are_late(threads: Executor) -> None:
    """6 periods of work that are due after 3 and must end after 5 are late by 3 and by 1."""
    project = {"id": "A", "value": 1, "decision": "must", "phases": [{"duration": 6}]}
    project |= {"due": 3, "latest_finish": 5, "earliest_start": 0}
    data = {"calendar": {"start": "2027-01-01", "periods": 12}, "projects": [project]}
    answer = found(threads, data)
    assert {frozenset(c.paths) for c in answer.conflicts} == {
        frozenset({"projects/A/decision", f"projects/A/{end}"}) for end in ("due", "latest_finish")
    }
    limits = next(r for r in answer.repairs if any(s.kind == "due" for s in r.steps))
    assert {s.path: s.amount for s in limits.steps} == {
        "projects/A/due": 6 - 3,
        "projects/A/latest_finish": 6 - 5,
    }


def test_the_date_of_a_project_without_phases_is_no_limit(threads: Executor) -> None:
    """What happens in period 2 and is due in period 0 is late; that it is in period 2 stays."""
    project = {"id": "A", "value": 1, "decision": "must", "earliest_start": 2, "due": 0}
    first = {"id": "B", "value": 1, "phases": [{"duration": 1}]}
    link = {"from": "B", "to": "A", "type": "SS", "min_lag": 1}
    calendar = {"start": "2027-01-01", "periods": 4}
    data = {"calendar": calendar, "projects": [project, first], "links": [link]}
    answer = found(threads, data)
    assert [set(c.paths) for c in answer.conflicts] == [{"projects/A/decision", "projects/A/due"}]
    assert answer.complete


def test_a_feasible_portfolio_has_no_conflicts(threads: Executor) -> None:
    """The answer says so, with the projects of a plan and after one solve."""
    answer = found(threads, knapsack(10))
    assert (answer.answer, answer.conflicts, answer.repairs) == ("feasible", (), ())
    assert answer.complete
    assert answer.solves == 1
    assert not answer.stopped


def test_what_is_soft_clashes_with_nothing(threads: Executor) -> None:
    """A fund with a price can be overspent."""
    funds = [SHOP["funds"][0] | {"price": 9}]
    assert found(threads, SHOP | {"funds": funds}).answer == "feasible"


def test_several_conflicts_are_found_up_to_the_limit(threads: Executor) -> None:
    """Three musts of 6 + 5 + 5 in a budget of 10: each two that are dearer than 10 clash."""
    data = knapsack(10).to_data()
    for project in data["projects"]:
        project["decision"] = "must"
    answer = found(threads, data)
    fund, (a, b, c) = "funds/budget", (f"projects/{name}/decision" for name in "ABC")
    assert {conflict.paths for conflict in answer.conflicts} == {
        frozenset({fund, a, b}),
        frozenset({fund, a, c}),
    }
    assert answer.complete
    one = found(threads, data, limit=1)
    assert len(one.conflicts) == 1
    assert not one.complete
    fewest = min(answer.repairs, key=lambda repair: len(repair.steps))
    assert len(fewest.steps) == 1


def test_decisions_that_the_checks_refuse_are_explained_too(threads: Executor) -> None:
    """Two musts that exclude each other are an error elsewhere, and a conflict here."""
    projects = [p | {"decision": "must"} for p in SHOP["projects"]]
    data = SHOP | {"funds": [], "projects": projects}
    for project in projects:
        project["phases"] = [{"duration": 1}]
    answer = found(threads, data | {"excludes": [{"id": "x", "projects": ["P7", "A"]}]})
    assert {c.paths for c in answer.conflicts} == {
        frozenset({"projects/P7/decision", "projects/A/decision", "excludes/x"})
    }


def test_a_running_project_that_must_never_be_done_is_a_clash(threads: Executor) -> None:
    """State and decision contradict each other; without either there is a plan."""
    base = SHOP | {"projects": [SHOP["projects"][0] | {"state": "running", "decision": "never"}]}
    roomy = base | {"funds": []}
    answer = found(threads, roomy)
    (clash,) = answer.conflicts
    assert clash.paths == {"projects/P7/decision", "projects/P7/state"}
    assert {w.dropped: w.selected for w in clash.witnesses} == {
        "projects/P7/decision": ("P7",),
        "projects/P7/state": (),
    }
    assert (clash.irreducible, answer.complete) == (True, True)
    assert "P7 must never be done; P7 is running and cannot be stopped" in clash.words
    assert [step.path for step in answer.repairs[0].steps] == ["projects/P7/decision"]
    poor = found(threads, base)
    assert {conflict.paths for conflict in poor.conflicts} == {
        frozenset({"projects/P7/decision", "projects/P7/state"}),
        frozenset({"projects/P7/state", "funds/capex"}),
    }


def test_other_errors_of_the_input_are_refused(threads: Executor) -> None:
    """An unknown id is no clash: all findings come out."""
    with pytest.raises(InvalidInput, match="unknown-id"):
        found(threads, SHOP | {"requires": [{"project": "A", "needs": ["B"]}]})
    with pytest.raises(ValueError, match="limit"):
        found(threads, SHOP, limit=0)


def test_a_stop_gives_what_is_there(threads: Executor) -> None:
    """Stopped after three solves, the study says so and claims nothing that is not proved."""
    stop, steps = threading.Event(), list[Step]()

    def watch(step: Step) -> None:
        steps.append(step)
        if len(steps) == 3:
            stop.set()

    answer = found(threads, planted(2).portfolio, on_progress=watch, stop=stop)
    assert answer.stopped
    assert [step.done for step in steps] == list(range(1, len(steps) + 1))
    assert not answer.complete
    assert all(len(c.witnesses) == len(c.members) for c in answer.conflicts if c.irreducible)


def test_a_solve_that_ends_undecided_proves_nothing(threads: Executor) -> None:
    """With a single solve the conflict is named, but not called irreducible."""
    answer = found(threads, SHOP, max_solves=1, repairs=False)
    (conflict,) = answer.conflicts
    assert not conflict.irreducible
    assert not answer.complete
    assert {"projects/P7/decision", "funds/capex"} <= conflict.paths
    assert "Maybe not all of them are needed" in conflict.words


def test_conflicts_are_a_frame_and_json(threads: Executor) -> None:
    """One row per member; JSON reads back as the same."""
    answer = found(threads, SHOP)
    frame = answer.to_frame()
    assert list(frame["path"]) == ["projects/P7/decision", "funds/capex"]
    assert set(frame["conflict"]) == {1}
    assert Conflicts.model_validate_json(answer.to_json()) == answer


def test_a_group_that_counts_what_is_left_out_is_taken_at_its_word(threads: Executor) -> None:
    """Leaving projects out may break such a group: it is no reason to call nothing a plan."""
    data: dict[str, Any] = {
        "calendar": {"start": "2027-01-01", "periods": 2},
        "projects": [{"id": name, "value": 1} for name in "ABC"],
        "choose": [{"id": "near", "unselected": ["A", "B"], "projects": ["C"], "max": 1}],
    }
    assert found(threads, data).answer == "feasible"
    data["projects"] = [p | {"decision": "never"} for p in data["projects"]]
    clash = found(threads, data)
    assert clash.answer == "infeasible"
    assert {m.path for m in clash.conflicts[0].members} == {
        "choose/near",
        "projects/A/decision",
        "projects/B/decision",
    }
    assert "A and B left out" in clash.conflicts[0].words


def _missed(pool: Executor, seed: int) -> str:
    """Return what is wrong with the answer to a planted clash; nothing where it is found."""
    portfolio, clash = planted(seed)
    answer = found(pool, portfolio)
    if not all(conflict.irreducible for conflict in answer.conflicts):
        return "not irreducible"
    return "" if clash in {c.paths for c in answer.conflicts} else f"missed {sorted(clash)}"


def test_planted_clashes_are_found(threads: Executor) -> None:
    """Every kind of clash is among the conflicts that are found, each irreducible."""
    assert {KINDS[seed % len(KINDS)] for seed in SHORT} == {*KINDS}
    assert {seed: text for seed in SHORT if (text := _missed(threads, seed))} == {}


@pytest.mark.drill
def test_planted_clashes_are_found_in_many(threads: Executor) -> None:
    """Of 30 planted clashes at least 28 are among the conflicts; all of these are irreducible."""
    wrong = {seed: text for seed in range(SERIES) if (text := _missed(threads, seed))}
    assert "not irreducible" not in wrong.values()
    assert SERIES - len(wrong) >= ENOUGH, wrong
