"""Suites: which files they find, and which best known objectives."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import generated
from benchmarks.items import InstanceError, Item
from benchmarks.runner import selected
from benchmarks.suites import portfolio_of, suites
from pmo_scenarios import generate
from tests.benchmarks import instances


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder that holds files of every suite, in folders of their own."""
    for name, text in {
        "rcpsp/j30/j301_10.sm": instances.single_mode(),
        "rcpsp/j30/j301_2.sm": instances.single_mode(),
        "rcpsp/j120/j1201_1.sm": instances.single_mode(),
        "rcpsp/best_known.csv": "set,instance,best_lb,best_ub\nj30,j301_2,5,5\nj30,j301_10,,\n",
        "mrcpsp/j301_2.mm": instances.two_modes(),
        "mrcpsp/best_known.csv": "instance,best_lb,best_ub\nj301_2,7,7\n",
        "mm/J501_5.mm": instances.two_modes(),
        "mp/MPLIB1_Set3_0.txt": instances.MPLIB,
        "mp/best_known.csv": "problem,category,instance,bks\nR,S,MPLIB1_Set3_0.txt,8\n",
        "mp/others.csv": "problem,instance,objective,lower_bound\nR,MPLIB1_Set3_0.txt,7.0,7.0\n",
        "mista/A-1.txt": instances.MISTA,
        "mista/j10.mm/one.mm": instances.two_modes(),
        "mista/bounds.csv": "instance,projects,TPD,TMS\nA-1,2,12,14\n",
        "or/mknapcb1.txt": instances.MKP,
        "or/mkcbres.txt": "best values",
        "or/known.csv": "file,index,n,best_known\nmknapcb1.txt,0,2,inf\nmknapcb1.txt,1,2,7\n",
        "kp/easy/pairs.dat": instances.CONFLICTS,
        "kp/hard/pairs.dat": instances.CONFLICTS,
        "nrp/nrp1.txt": instances.NRP,
        "nrp/readme.txt": "about the files",
        "pb/city.txt": instances.PABULIB,
        "ms/set-1/set-1a/inst_set1a_sf0.5_00.dzn": instances.MSPSP,
        "ms/set-2/set-2a/inst_set2a_sf0_00.dzn": instances.MSPSP,
        "ms/best.csv": "instance,lb,ub\nset-1/set-1a/inst_set1a_sf0.5_00.dzn,5,5\n"
        "set-9/inst_set2a_sf0_00.dzn,1,1\n",
        **{f"rp/iiia/{name}": text for name, text in instances.RPP.items()},
        "ps/PI_1.json": instances.ppssp(),
        "ps/solutions/PI_1.json": '{"instance": "PI_1", "value": 20.8}',
    }.items():
        instances.write(tmp_path, name, text)
    return tmp_path


FOUND = [
    ("psplib", ["j301_2", "j301_2", "j301_10", "j1201_1"]),  # .mm and .sm
    ("psplib-j30", ["j301_2", "j301_10"]),
    ("psplib-j120", ["j1201_1"]),
    ("mrcpsp", ["j301_2"]),
    ("mrcpsp-j30", ["j301_2"]),
    ("mmlib", ["J501_5"]),
    ("mmlib-50", ["J501_5"]),
    ("mmlib-100", []),
    ("mplib", ["MPLIB1_Set3_0"]),
    ("mista", ["A-1"]),
    ("mkp", ["mknapcb1#0", "mknapcb1#1"]),
    ("kp_conflicts", ["pairs", "pairs"]),
    ("nrp", ["nrp1#0.3", "nrp1#0.5", "nrp1#0.7"]),
    ("pabulib", ["city"]),
    ("ppssp", ["PI_1"]),
    ("mspsp", ["inst_set1a_sf0.5_00", "inst_set2a_sf0_00"]),
    ("mspsp-1a", ["inst_set1a_sf0.5_00"]),
    ("mspsp-2c", []),
    ("rpp", ["iiia"]),
]

KNOWN = [
    ("psplib-j30", [5, None]),  # the nearest table above counts
    ("mrcpsp", [7]),  # not the one of the other folder, where the name stands too
    ("mplib", [7]),  # the best of two tables
    ("mista", [12]),
    ("mkp", [19, 7]),  # from the file itself, and from the table
    ("kp_conflicts", [None, None]),
    ("ppssp", [20.8]),
    ("mspsp", [5, None]),  # a path in a table is one from the table on
]


@pytest.mark.parametrize(("suite", "names"), FOUND)
def test_each_suite_finds_its_files(data: Path, suite: str, names: list[str]) -> None:
    """Of a folder that holds everything, a suite takes its own files, in natural order."""
    assert [item.name for item in suites()[suite].items(data)] == names


@pytest.mark.parametrize(("suite", "best"), KNOWN)
def test_best_known_objectives_are_found(data: Path, suite: str, best: list[float | None]) -> None:
    """The nearest table that knows an instance says what is known."""
    assert [item.best_known for item in suites()[suite].items(data)] == best


@pytest.mark.parametrize("suite", sorted(suites()))
def test_every_found_instance_can_be_read(data: Path, suite: str) -> None:
    """What a suite finds, it reads into a portfolio with projects."""
    instances.write(data, "mista/one.mm", instances.two_modes())
    assert all(portfolio_of(item).projects for item in suites()[suite].items(data))


@pytest.mark.parametrize("suite", ["mplib", "mista", "mkp", "nrp", "pabulib"])
def test_a_broken_text_file_is_not_passed_over(tmp_path: Path, suite: str) -> None:
    """A text file that looks like nothing is an instance of each suite of text files."""
    instances.write(tmp_path, "odd.txt", "nothing of the kind")
    assert {item.stem for item in suites()[suite].items(tmp_path)} == {"odd"}


@pytest.mark.parametrize(
    ("text", "suite"),
    [
        (instances.MPLIB, "mplib"),
        (instances.MISTA, "mista"),
        (instances.MKP, "mkp"),
        (instances.NRP, "nrp"),
        (instances.PABULIB, "pabulib"),
    ],
)
def test_text_files_are_known_by_how_they_begin(tmp_path: Path, text: str, suite: str) -> None:
    """A text file whose name says nothing belongs to the suite whose format it has."""
    instances.write(tmp_path, "odd.txt", text)
    takers = {name for name, other in suites().items() if other.items(tmp_path)}
    assert takers == {suite}


def items(*names: str) -> list[Item]:
    """Return items of those names."""
    return [Item("suite", name) for name in names]


def test_every_takes_each_so_many_th() -> None:
    """Every second of five are the first, third and fifth."""
    chosen = selected(items("a", "b", "c", "d", "e"), every=2)
    assert [item.name for item in chosen] == ["a", "c", "e"]


def test_only_takes_names_and_stems() -> None:
    """A stem means every instance of the file, a name one of them."""
    chosen = selected(items("a#0", "a#1", "b#0", "b#1"), only=["a", "b#1"])
    assert [item.name for item in chosen] == ["a#0", "a#1", "b#1"]


def test_unknown_names_are_refused() -> None:
    """A name that fits no instance is an error that names it."""
    with pytest.raises(ValueError, match="nobody"):
        selected(items("a"), only=["a", "nobody"])


def test_generated_instances_are_those_of_the_generator() -> None:
    """An instance of the suite generated is what the generator makes of its sizes and seed."""
    (item,) = generated.items(12, 10, 4, [3])
    assert item.name == "p12-t10-k4-s3"
    wanted = generate(projects=12, periods=10, skills=4, seed=3)
    assert portfolio_of(item).digest() == wanted.digest()


def test_a_file_with_a_broken_problem_is_one_broken_instance(tmp_path: Path) -> None:
    """Half a file of knapsacks is no knapsack, and says where it ends."""
    path = instances.write(tmp_path, "mknapcb1.txt", instances.MKP[: len(instances.MKP) * 2 // 3])
    (item,) = suites()["mkp"].items(tmp_path)
    assert item.name == "mknapcb1"
    with pytest.raises(InstanceError, match="mknapcb1"):
        suites()["mkp"].read(path, item.part)


@pytest.mark.parametrize("text", ["--5\n3\n1 2\n4", "²\n³\n1\n2", ""])
def test_files_that_look_like_nothing_stop_no_listing(tmp_path: Path, text: str) -> None:
    """A text file of no known format is one instance of each suite of text files."""
    instances.write(tmp_path, "odd.txt", text)
    assert [item.name for item in suites()["nrp"].items(tmp_path)][:1] == ["odd#0.3"]


def test_solutions_without_a_value_tell_none(tmp_path: Path) -> None:
    """A solution file that is broken, or says no value, leaves the instance without one."""
    instances.write(tmp_path, "ps/PI_1.json", instances.ppssp())
    instances.write(tmp_path, "ps/solutions/a.json", '{"instance": "PI_1"}')
    instances.write(tmp_path, "ps/solutions/b.json", "[" * 100_000)
    assert [item.best_known for item in suites()["ppssp"].items(tmp_path)] == [None]


def test_a_blank_in_the_nearest_table_counts(tmp_path: Path) -> None:
    """What the own table does not know is not taken from tables of others."""
    instances.write(tmp_path, "one/j301_1.mm", instances.two_modes())
    instances.write(tmp_path, "one/best.csv", "instance,best_known\nj301_1.mm,\n")
    instances.write(tmp_path, "two/best.csv", "instance,best_known\nj301_1.sm,43\n")
    assert [item.best_known for item in suites()["mrcpsp"].items(tmp_path)] == [None]


def test_single_people_are_asked_for_where_a_suite_has_them(data: Path) -> None:
    """Instances of people say that they are staffed by name, others by capacity."""
    assert {item.staffing for item in suites()["mspsp"].items(data)} == {"named"}
    assert {item.staffing for item in suites()["psplib"].items(data)} == {"capacity"}
