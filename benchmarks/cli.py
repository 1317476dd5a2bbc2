"""The command line, ``python -m benchmarks``: run, resolve, joint, compare and suites."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from benchmarks import generated, joint
from benchmarks.compare import compare
from benchmarks.items import Item
from benchmarks.lines import Line, read_lines
from benchmarks.peers import PEERS
from benchmarks.resolve import Times, resolve, summary
from benchmarks.runner import GRACE_SECONDS, jobs_of, run_apart, selected
from benchmarks.suites import suites

USAGE = 2
"""Exit code of a wrong command line, of unknown instances and unreadable files."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.action(options))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Public benchmark suites of pmo-optimizer."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="solve the instances of a suite"))
    _add_resolve(commands.add_parser("resolve", help="answers after one change, from a plan"))
    _add_joint(commands.add_parser("joint", help="people planned at once, or step by step"))
    pair = commands.add_parser("compare", help="means, wins, ties and losses of two files")
    pair.add_argument("first", type=Path, metavar="A.jsonl")
    pair.add_argument("second", type=Path, metavar="B.jsonl")
    pair.set_defaults(action=_compare)
    listing = commands.add_parser("suites", help="list the suites")
    listing.set_defaults(action=_list_suites)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.set_defaults(action=_run)
    run.add_argument("suite", metavar="SUITE", choices=[*suites(), generated.NAME])
    run.add_argument("--data", type=Path, metavar="DIR", help="folder searched for instances")
    run.add_argument("--time-limit", type=_seconds, default=60.0, metavar="S")
    run.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, metavar="N")
    run.add_argument("--backend", default="auto", metavar="B", help="engine; auto by default")
    run.add_argument("--peer", action="append", default=[], choices=PEERS, help="run beside it")
    which = run.add_mutually_exclusive_group()
    which.add_argument("--every", type=_positive, default=1, metavar="N")
    which.add_argument("--only", type=_names, default=(), metavar="NAMES", help="a,b,c")
    _add_sizes(run.add_argument_group("sizes of the suite generated"))
    run.add_argument("--grace", type=_seconds, default=GRACE_SECONDS, metavar="S")
    run.add_argument("--jsonl", type=Path, required=True, metavar="OUT", help="is overwritten")


def _add_resolve(run: argparse.ArgumentParser) -> None:
    run.set_defaults(action=_resolve)
    _add_sizes(run.add_argument_group("sizes of the generated portfolios"))
    run.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, metavar="N")
    run.add_argument("--time-limit", type=_seconds, default=1.0, metavar="S", help="per answer")
    run.add_argument("--base", type=_seconds, default=30.0, metavar="S", help="for the base")
    run.add_argument("--reference", type=_seconds, default=60.0, metavar="S", help="from scratch")
    run.add_argument("--jsonl", type=Path, required=True, metavar="OUT", help="is overwritten")


def _add_joint(run: argparse.ArgumentParser) -> None:
    run.set_defaults(action=_joint)
    sizes = run.add_argument_group("sizes of the generated portfolios")
    _add_sizes(sizes)
    sizes.add_argument("--people", type=_positive, metavar="N", help="3/4 of the projects")
    run.add_argument("--time-limit", type=_seconds, default=60.0, metavar="S")
    run.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, metavar="N")
    run.add_argument("--grace", type=_seconds, default=GRACE_SECONDS, metavar="S")
    run.add_argument("--jsonl", type=Path, required=True, metavar="OUT", help="is overwritten")


def _add_sizes(sizes: argparse._ArgumentGroup) -> None:
    sizes.add_argument("--projects", type=_positive, default=60, metavar="N")
    sizes.add_argument("--periods", type=_positive, default=24, metavar="N", help="months")
    sizes.add_argument("--skills", type=_positive, default=8, metavar="N")
    sizes.add_argument("--seeds", type=_numbers, default=(0,), metavar="LIST", help="0,1,5-9")


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError("positive seconds are expected")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1 is expected")
    return value


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError("at least one name is expected")
    return names


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a list with ranges, for instance 0,1,5-9, each once."""
    numbers: list[int] = []
    for part in _names(text):
        first, _, last = part.partition("-")
        some = range(int(first), int(last or first) + 1)
        if not some:
            raise argparse.ArgumentTypeError(f"the range {part} is empty")
        numbers += some
    return tuple(dict.fromkeys(numbers))


def _run(options: argparse.Namespace) -> int:
    items = selected(_items(options), every=options.every, only=options.only)
    _run_apart(options, items, list(dict.fromkeys([options.backend, *options.peer])))
    return 0


def _joint(options: argparse.Namespace) -> int:
    sizes = (options.projects, options.periods, options.skills)
    items = generated.items(*sizes, options.seeds, people=options.people, staffing="named")
    print(joint.summary(_run_apart(options, items, joint.BACKENDS)))
    return 0


def _run_apart(
    options: argparse.Namespace, items: Sequence[Item], backends: Sequence[str]
) -> list[Line]:
    """Run every instance on every backend, each in its process; return and write the lines."""
    jobs = jobs_of(items, backends, options.time_limit, options.workers)
    return _written(options, (run_apart(job, grace=options.grace) for job in jobs))


def _written(options: argparse.Namespace, lines: Iterable[Line]) -> list[Line]:
    """Write lines as they come, tell of each, and return them."""
    found = []
    # A file's name may hold bytes that are no text: they become escapes, which JSON knows as well.
    with options.jsonl.open("w", encoding="utf-8", errors="backslashreplace") as out:
        for line in lines:
            found.append(line)
            out.write(f"{line.to_json()}\n")
            out.flush()
            print(_progress(line), file=sys.stderr, flush=True)
    return found


def _resolve(options: argparse.Namespace) -> int:
    times = Times(options.base, options.time_limit, options.reference)
    sizes = (options.projects, options.periods, options.skills)
    items = generated.items(*sizes, options.seeds)
    answers = (
        resolve(generated.read(item), item.name, times, options.workers, item.numbers["seed"])
        for item in items
    )
    lines = _written(options, chain.from_iterable(answers))
    print(summary(lines))
    return 0


def _items(options: argparse.Namespace) -> list[Item]:
    """Return the instances of a suite; ValueError where there are none."""
    if options.suite == generated.NAME:
        sizes = (options.projects, options.periods, options.skills)
        return generated.items(*sizes, options.seeds)
    if options.data is None or not options.data.exists():
        raise ValueError(f"--data must be a folder of instances, not {options.data}")
    items = suites()[options.suite].items(options.data)
    if not items:
        raise ValueError(f"there is no instance of {options.suite} below {options.data}")
    return items


def _progress(line: Line) -> str:
    figures = [
        f"{name} {value:g}"
        for name, value in (
            ("objective", line.objective),
            ("bound", line.bound),
            ("best known", line.best_known),
            ("seconds", line.seconds),
        )
        if value is not None
    ]
    said = "" if line.objective is not None else line.message[:200]
    return " ".join([line.instance, line.backend, line.status, *figures, said]).rstrip()


def _compare(options: argparse.Namespace) -> int:
    print(compare(read_lines(options.first), read_lines(options.second)))
    return 0


def _list_suites(options: argparse.Namespace) -> int:
    for name, suite in suites().items():
        print(f"{name:16} {suite.says}")
    print(f"{generated.NAME:16} portfolios of any size from a seed; needs no --data")
    return 0
