"""Adapters: what a file says, with an optimum that is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.formats import (
    kp_conflicts,
    mista,
    mkp,
    mplib,
    mspsp,
    nrp,
    pabulib,
    ppssp,
    psplib,
    rpp,
)
from benchmarks.items import InstanceError
from pmo_optimizer import Plan, Portfolio, Status, TermName, optimize
from pmo_optimizer.model.people import availability
from tests.benchmarks import instances

Read = Callable[[Path, str], Portfolio]

CASES: list[tuple[str, str, Read, str, float]] = [
    ("one.sm", instances.single_mode(), psplib.read, "", 3 + 2),
    ("two.mm", instances.two_modes(), psplib.read, "", 2 + 5),
    ("rich.mm", instances.two_modes(budget=8), psplib.read, "", 2 + 2),
    ("poor.mm", instances.two_modes(budget=4), psplib.read, "", 5 + 5),
    ("MPLIB_1.txt", instances.MPLIB, mplib.read, "", 3 + 4),
    ("mknap.txt", instances.MKP, mkp.read, "0", 10 + 9),
    ("mknap.txt", instances.MKP, mkp.read, "1", 7),
    ("pairs.dat", instances.CONFLICTS, kp_conflicts.read, "", 8 + 6),
    ("nrp.txt", instances.NRP, nrp.read, "0.5", 5),
    ("nrp.txt", instances.NRP, nrp.read, "0.7", 9),
    ("city.pb", instances.PABULIB, pabulib.read, "", 40 + 30),
    ("PI.json", instances.ppssp(), ppssp.read, "", 10 * 0.8 + 20 * 0.8**2),
]

BROKEN: list[tuple[str, str, Read]] = [
    ("cut.sm", instances.single_mode()[:200], psplib.read),
    ("loop.sm", instances.single_mode().replace("5 1 0\n", "5 1 1 2\n"), psplib.read),
    ("far.sm", instances.single_mode().replace("2 1 1 5", "2 1 1 9"), psplib.read),
    ("letters.mm", instances.two_modes().replace("2 1 2 1 4", "2 1 two 1 4"), psplib.read),
    ("cut.txt", instances.MPLIB[:40], mplib.read),
    ("foreign.txt", instances.MPLIB.replace("2:4", "1:4"), mplib.read),
    ("missing.txt", instances.MISTA, mista.read),
    ("cut.txt", instances.MKP[:12], mkp.read),
    ("letters.txt", instances.MKP.replace("10 6 9", "10 six 9"), mkp.read),
    ("cut.dat", instances.CONFLICTS[:40], kp_conflicts.read),
    ("unknown.txt", instances.NRP.replace("9 1 3", "9 1 4"), nrp.read),
    ("cut.pb", instances.PABULIB[:40], pabulib.read),
    ("money.pb", instances.PABULIB.replace("1;60", "1;sixty"), pabulib.read),
    ("fields.json", "{}", ppssp.read),
    ("list.json", "[1]", ppssp.read),
    ("cut.dzn", instances.MSPSP[:80], mspsp.read),
    ("short.dzn", instances.MSPSP.replace("[0,3,2,2,0]", "[0,3,2,2]"), mspsp.read),
    ("rows.dzn", instances.MSPSP.replace("| 0,1,\n        | 0,0, |", "| 0,1, |"), mspsp.read),
    ("words.dzn", instances.MSPSP.replace("true,false", "true,perhaps"), mspsp.read),
    ("letters.dzn", instances.MSPSP.replace("nPrecs = 6", "nPrecs = six"), mspsp.read),
    ("far.dzn", instances.MSPSP.replace("succ = [2", "succ = [7"), mspsp.read),
    ("loop.dzn", instances.MSPSP.replace("pred = [1,1,1", "pred = [1,1,5"), mspsp.read),
]


def solved(portfolio: Portfolio) -> Plan:
    """Return the proven plan of a tiny portfolio."""
    plan = optimize(portfolio, time_limit=60, workers=2, backend="cp-sat")
    assert plan.status is Status.OPTIMAL
    return plan


def terms(plan: Plan) -> tuple[float, float]:
    """Return a plan's total delay and makespan."""
    return plan.kpis.terms[TermName.DELAY], plan.kpis.terms[TermName.MAKESPAN]


@pytest.mark.parametrize(("name", "text", "read", "part", "optimum"), CASES)
def test_optimum_is_the_known_one(
    tmp_path: Path, name: str, text: str, read: Read, part: str, optimum: float
) -> None:
    """A file of each format, read and solved, gives the optimum that its arithmetic says."""
    portfolio = read(instances.write(tmp_path, name, text), part)
    assert solved(portfolio).objective == pytest.approx(optimum)


def test_mista_minimises_delay_then_makespan(tmp_path: Path) -> None:
    """Two projects that share a unit are 3 and 9 periods late in all, and end in period 14."""
    instances.write(tmp_path, "one.mm", instances.two_modes())
    portfolio = mista.read(instances.write(tmp_path, "A-1.txt", instances.MISTA))
    plan = solved(portfolio)
    assert plan.objective == 3 + 9
    assert terms(plan) == (3 + 9, 14)


def test_mista_counts_from_the_first_release(tmp_path: Path) -> None:
    """Releases that are all later by 10 change neither delay nor makespan."""
    instances.write(tmp_path, "one.mm", instances.two_modes())
    later = instances.MISTA.replace("2\n0\n4", "2\n10\n4").replace("1\n4\n", "11\n4\n")
    plan = solved(mista.read(instances.write(tmp_path, "A-1.txt", later)))
    assert terms(plan) == (3 + 9, 14)


def test_mista_keeps_own_and_shared_resources_apart(tmp_path: Path) -> None:
    """With a unit of R1 for each project instead of a shared one, each is 3 late, in all 6."""
    instances.write(tmp_path, "one.mm", instances.two_modes())
    own = instances.MISTA.replace("\n1 -1\n", "\n-1 -1\n")
    plan = solved(mista.read(instances.write(tmp_path, "A-1.txt", own)))
    assert terms(plan) == (3 + 3, 1 + 7)


def test_too_little_money_is_infeasible(tmp_path: Path) -> None:
    """Where the slow modes cost 4 units and there are 3, no plan is invented."""
    path = instances.write(tmp_path, "none.mm", instances.two_modes(budget=3))
    plan = optimize(psplib.read(path), time_limit=60, workers=2, backend="cp-sat")
    assert plan.status is Status.INFEASIBLE


def test_jobs_without_precedence_may_overlap(tmp_path: Path) -> None:
    """Two jobs between source and sink run side by side where the capacity allows it."""
    successors = {1: [2, 3], 2: [4], 3: [4], 4: []}
    rows = [(1, 1, 0, 0), (2, 1, 3, 1), (3, 1, 2, 1), (4, 1, 0, 0)]
    path = instances.write(tmp_path, "free.sm", instances.progen(successors, rows, (2,)))
    assert solved(psplib.read(path)).objective == 3


@pytest.mark.parametrize(("name", "text", "read"), BROKEN, ids=[row[0] for row in BROKEN])
def test_broken_files_are_refused(tmp_path: Path, name: str, text: str, read: Read) -> None:
    """A file that does not follow its format raises an error that names the file."""
    path = instances.write(tmp_path, name, text)
    with pytest.raises(InstanceError, match=path.name):
        read(path, "0.5" if read is nrp.read else "")


def test_budgets_of_nrp_are_rounded_to_the_nearest_unit(tmp_path: Path) -> None:
    """Half of a total cost of 11 is a budget of 6, 3 in 10 of it one of 3."""
    path = instances.write(tmp_path, "nrp.txt", instances.NRP.replace("4 3", "5 3"))
    totals = [nrp.read(path, ratio).funds[0].amounts.total for ratio in ("0.5", "0.3")]
    assert totals == [6, 3]


def test_parts_of_a_file_name_their_optimum(tmp_path: Path) -> None:
    """A file of two knapsacks lists both, 0-based, with the optimum where the file knows it."""
    assert mkp.parts(instances.write(tmp_path, "mknap.txt", instances.MKP)) == [
        ("0", 19.0),
        ("1", None),
    ]


def test_solutions_beside_ppssp_files_are_known(tmp_path: Path) -> None:
    """The best value of the solution files of an instance is its best known one."""
    path = instances.write(tmp_path, "PI.json", instances.ppssp())
    instances.write(tmp_path, "solutions/a.json", '{"instance": "PI", "value": 20.8}')
    instances.write(tmp_path, "solutions/b.json", '{"instance": "PI", "value": 8}')
    instances.write(tmp_path, "solutions/c.json", '{"instance": "other", "value": 99}')
    assert ppssp.parts(path) == [("", 20.8)]


def test_people_of_mspsp_are_single_and_there_in_full(tmp_path: Path) -> None:
    """Skills are people's, needs ask for heads who stay, and every day is a working day."""
    portfolio = mspsp.read(instances.write(tmp_path, "a.dzn", instances.MSPSP))
    assert [sorted(person.skills) for person in portfolio.people] == [["S1"], ["S1", "S2"]]
    needs = {n.id: n for p in portfolio.projects[0].phases for n in p.modes[0].needs}
    assert all(need.heads == 1 and need.continuous for need in needs.values())
    assert not portfolio.pools
    rows = [availability(person, portfolio.calendar) for person in portfolio.people]
    assert {fte for row in rows for fte in row} == {1}


def test_the_grid_of_mspsp_holds_a_best_schedule(tmp_path: Path) -> None:
    """The grid is that of a schedule of the two people: 5 periods are the best, 7 in a row."""
    portfolio = mspsp.read(instances.write(tmp_path, "a.dzn", instances.MSPSP))
    assert 3 + 2 <= portfolio.calendar.periods <= 3 + 2 + 2


def test_mspsp_without_enough_people_has_a_grid(tmp_path: Path) -> None:
    """Where nobody can do what is asked for, the grid is as long as all tasks in a row."""
    nobody = instances.MSPSP.replace("true,true", "true,false")
    portfolio = mspsp.read(instances.write(tmp_path, "a.dzn", nobody))
    assert portfolio.calendar.periods == 3 + 2 + 2


def rpp_folder(root: Path, **changes: str) -> Path:
    """Return a folder of `instances.RPP`, with some files replaced by their stem."""
    for name, text in instances.RPP.items():
        instances.write(root, f"rpp/{name}", changes.get(Path(name).stem, text))
    return root / "rpp"


def test_rpp_says_dates_dedications_and_money(tmp_path: Path) -> None:
    """Packages are pinned to their months, their last included, and nothing becomes easier."""
    portfolio = rpp.read(rpp_folder(tmp_path))
    (project,), (ann, new) = portfolio.projects, portfolio.people
    placed = [(phase.pin.start, phase.modes[0].duration) for phase in project.phases if phase.pin]
    assert (portfolio.calendar.start, portfolio.calendar.periods) == (date(2020, 12, 1), 3)
    assert placed == [(0, 2), (1, 2)]
    assert [phase.modes[0].needs[0].effort for phase in project.phases] == [Decimal("1.5"), 1]
    assert project.staff_budget == Decimal(3000)
    assert (ann.cost_rate, new.cost_rate) == (Decimal(1300), Decimal("2600.52"))
    assert (new.id, new.fte, new.skills) == ("P-NEW-1", Decimal("0.5"), {"P": Decimal(1)})
    spans = [(d.project, d.first, d.last, d.fte) for d in ann.dedications]
    assert spans == [("P", 0, 1, Decimal("0.5")), ("P", 2, 2, Decimal("0.25"))]


def test_rpp_leaves_the_least_hours_open_and_proves_it(tmp_path: Path) -> None:
    """Money and dedications leave 2.5 - 1.25 - 0.5287 FTE-months open, a proved minimum."""
    portfolio, plan = rpp.solve(rpp.read(rpp_folder(tmp_path)), 20, 2)
    score = rpp.score(portfolio, plan)
    assert score is not None
    assert score.objective == score.bound == pytest.approx(0.7213 * 130)
    assert (score.gap, plan.termination.value) == (0.0, "proved")


@pytest.mark.parametrize(
    "changes",
    [
        {"P": "name,P\nbudget,1\n"},
        {"P": instances.RPP["projects/P.csv"].replace("2020/12,2021/1,195", "2020/12,2021/13,195")},
        {"P": instances.RPP["projects/P.csv"].replace("2020/12,2021/1,195", "2020/11,2021/1,195")},
        {"P": instances.RPP["projects/P.csv"].replace("target,ann,0.5,0.25", "target,ann,0.5")},
        {"P": instances.RPP["projects/P.csv"].replace("target,ann", "target,bob")},
        {"P": instances.RPP["projects/P.csv"].replace("budget,3000", "budget,-1")},
        {"researchers": "ann,10,130\n"},
    ],
)
def test_broken_folders_of_rpp_are_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    """Whatever does not follow the format is said, with the file's name."""
    with pytest.raises(InstanceError, match=r"\.csv"):
        rpp.read(rpp_folder(tmp_path, **changes))
