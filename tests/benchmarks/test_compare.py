"""Comparisons of two files of lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cli import main
from benchmarks.compare import compare, verdict
from benchmarks.lines import Line, gap_to_best_known, read_lines


def line(instance: str, objective: float | None, **fields: object) -> Line:
    """Return a line of the suite ``s``."""
    common = {"suite": "s", "folder": "f", "backend": "auto", "status": "feasible"}
    return Line(**{**common, **fields, "instance": instance, "objective": objective})  # type: ignore[arg-type]


VERDICTS = [
    (line("a", 5), line("a", 6), "win"),  # less is better
    (line("a", 5, maximised=True), line("a", 6, maximised=True), "loss"),
    (line("a", 5), line("a", 5 + 1e-9), "tie"),  # what floats alone make of it
    (line("a", 5), line("a", None), "win"),
    (line("a", None), line("a", 5), "loss"),
    (line("a", None), line("a", None), "tie"),
    (line("a", 5, violations=1), line("a", 6), "loss"),  # it is no plan
    (
        line("a", 5, terms={"delay": 5, "makespan": 9}),
        line("a", 5, terms={"delay": 5, "makespan": 8}),
        "loss",
    ),
    (
        line("a", 4, terms={"delay": 4, "makespan": 9}),
        line("a", 5, terms={"delay": 5, "makespan": 8}),
        "win",
    ),
]


@pytest.mark.parametrize(("a", "b", "said"), VERDICTS)
def test_verdicts(a: Line, b: Line, said: str) -> None:
    """The better plan wins: by its objective, then by the later terms."""
    assert verdict(a, b) == said


@pytest.mark.parametrize(
    ("objective", "best_known", "maximised", "gap"),
    [
        (110, 100, False, 0.1),
        (90, 100, True, 0.1),
        (90, 100, False, -0.1),
        (0, 0, False, 0),
        (1, 0, False, None),
        (None, 100, False, None),
        (100, None, False, None),
    ],
)
def test_gap_to_best_known(
    objective: float | None, best_known: float | None, maximised: bool, gap: float | None
) -> None:
    """Above zero is worse than the best known, in either sense; without one there is none."""
    assert gap_to_best_known(objective, best_known, maximised=maximised) == gap


def test_compare_prints_means_wins_ties_and_losses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Means run over the instances where both sides have a figure; counts over all in both."""
    first = [line("a", 4, seconds=1.0), line("b", 8, seconds=3.0), line("c", 3), line("d", 1)]
    second = [line("a", 6, seconds=2.0), line("b", 8, seconds=4.0), line("c", None)]
    paths = []
    for name, lines in (("a.jsonl", first), ("b.jsonl", second)):
        paths.append(tmp_path / name)
        paths[-1].write_text("".join(f"{each.to_json()}\n" for each in lines))
    assert main(["compare", *map(str, paths)]) == 0
    rows = [" ".join(row.split()) for row in capsys.readouterr().out.splitlines()]
    assert "A wins 2, ties 1, losses 0" in rows
    assert "3 instances in both, 1 only in A, 0 only in B" in compare(first, second)
    assert "mean objective 6 7 2" in rows  # (4 + 8) / 2 and (6 + 8) / 2
    assert "mean seconds 2 3 2" in rows
    assert "plans 3 2 3" in rows


def test_equal_names_in_two_folders_are_two_instances() -> None:
    """Instances of one name are told apart by their folders."""
    first = [line("a", 1, folder="x"), line("a", 5, folder="y")]
    second = [line("a", 2, folder="x"), line("a", 4, folder="y")]
    assert "A wins 1, ties 0, losses 1" in compare(first, second)


def test_backends_of_one_file_are_compared_with_the_first() -> None:
    """A file beside itself sets its first backend against each of the peers."""
    lines = [line("a", 1), line("a", 2, backend="peer"), line("a", 3, backend="other")]
    titles = [row for row in compare(lines, lines).splitlines() if "A =" in row]
    assert [title.split(";")[0] for title in titles] == [
        "s: A = auto, B = peer",
        "s: A = auto, B = other",
    ]


def test_equal_backends_of_two_files_are_compared() -> None:
    """Where both files have a backend, it is compared with itself alone."""
    first = [line("a", 1), line("a", 2, backend="peer")]
    second = [line("a", 2), line("a", 2, backend="peer")]
    titles = [row for row in compare(first, second).splitlines() if "A =" in row]
    assert [title.split(";")[0] for title in titles] == [
        "s: A = auto, B = auto",
        "s: A = peer, B = peer",
    ]


def test_files_without_a_common_suite_say_so() -> None:
    """Where nothing can be compared, the text says so."""
    assert compare([line("a", 1)], []) == "The files have no suite in common."


def test_an_instance_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    """Of two lines about the same thing neither is dropped without a word."""
    path = tmp_path / "lines.jsonl"
    path.write_text(f"{line('a', 1).to_json()}\n{line('a', 2).to_json()}\n")
    with pytest.raises(ValueError, match="a of auto is there twice"):
        read_lines(path)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"suite": "s"}',
        '{"odd": 1}',
        "[1]",
        line("a", 1).to_json().replace("1,", '"x",', 1),
        line("a", 1).to_json()[:-1] + ', "odd": 1}',
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    """A file of something else is an error that names its line."""
    path = tmp_path / "lines.jsonl"
    path.write_text(f"\n{text}\n")
    with pytest.raises(ValueError, match=r"lines\.jsonl:2"):
        read_lines(path)
