"""Read workbooks of strangers in a process of their own, with little memory and time.

Whatever a file does to the parser ends with that process: the one that asked for it goes on. As
``python -m pmo_optimizer.formats.workbook.sandbox`` it is that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from pmo_optimizer.formats.workbook.container import LIMITS, OLE, refused
from pmo_optimizer.formats.workbook.reading import Located, Reading
from pmo_optimizer.model import Finding, InvalidInput, Portfolio, Severity, files
from pmo_optimizer.model.files import parse_json

MIB = 1024 * 1024

MEMORY_MIB = 1024
"""Address space of the process."""

SECONDS = 20.0
"""Time after which it is killed."""

WRITABLE_ANSWER = 256 * MIB
"""Bytes that the process may write into files, if it should try."""

COMMENT = "--annotate"
"""Argument by which a copy with comments is wanted."""

YAML = "--yaml"
"""Argument by which the content is a portfolio file in YAML."""

YAML_NAME = "file.yaml"
"""Name of such a file in findings."""

MARK = b"PMO1"
"""Beginning of an answer: what else comes out is none."""


def read_safely(
    content: bytes, *, seconds: float = SECONDS, memory_mib: int = MEMORY_MIB
) -> Reading:
    """Return what a workbook says, read in a process of its own.

    Never raises, whatever the content is. Findings are those of `read`, and one that the file
    took too much time or memory.

    Parameters
    ----------
    content
        The ``.xlsx`` file.
    seconds, memory_mib
        Most time, and most address space, of the process.
    """
    return _safely(content, seconds, memory_mib)[0]


def yaml_safely(
    content: bytes, *, seconds: float = SECONDS, memory_mib: int = MEMORY_MIB
) -> Reading:
    """Return what a portfolio file in YAML says, read in a process of its own; see `read_safely`.

    Its findings have no cells.
    """
    return _run(content, seconds, memory_mib, YAML)[0]


def annotated_safely(
    content: bytes, *, seconds: float = SECONDS, memory_mib: int = MEMORY_MIB
) -> tuple[Reading, bytes | None]:
    """Return what a workbook says, and a copy with comments, None where that cannot be made."""
    return _safely(content, seconds, memory_mib, COMMENT)


def _safely(
    content: bytes, seconds: float, memory_mib: int, *arguments: str
) -> tuple[Reading, bytes | None]:
    early = _refused_at_once(content)
    return _run(content, seconds, memory_mib, *arguments) if early is None else (early, None)


def _run(
    content: bytes, seconds: float, memory_mib: int, *arguments: str
) -> tuple[Reading, bytes | None]:
    """Return the answer of a process about a content."""
    command = [sys.executable, "-P", "-m", __name__, str(memory_mib), str(seconds), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - this very module, and two numbers
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _too_much(f"took more than {seconds:g} s to read", arguments), None
    if done.returncode != 0 or not done.stdout.startswith(MARK):
        return _too_much(f"could not be read with {memory_mib:,} MiB of memory", arguments), None
    return _answer(done.stdout[len(MARK) :])


def _refused_at_once(content: bytes) -> Reading | None:
    """Return the answer about a file for which no process is needed."""
    if len(content) <= LIMITS.bytes and content.startswith(b"PK"):
        return None
    from pmo_optimizer.formats.workbook.container import inspect

    try:
        inspect(content if content.startswith(OLE) else content[: LIMITS.bytes + 1])
    except InvalidInput as error:
        return Reading(None, tuple(Located(finding) for finding in error.findings))
    return None


def _too_much(what: str, arguments: Sequence[str] = ()) -> Reading:
    fix = "Copy the sheets that are needed into a new workbook, without formats of whole columns."
    if YAML in arguments:
        fix = "Leave out what is not needed, or send it as JSON."
    error = refused("workbook-too-costly", f"The file {what}.", fix)
    return Reading(None, tuple(Located(finding) for finding in error.findings))


def _environment() -> dict[str, str]:
    """Return the environment of the process: nothing that it does not need, secrets least of all.

    Numeric libraries would take address space for threads that nobody needs.
    """
    kept = {"PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP", "VIRTUAL_ENV"}
    own = {name: value for name, value in os.environ.items() if name in kept}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {**own, **threads, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _answer(text: bytes) -> tuple[Reading, bytes | None]:
    """Return the answer of the process; its portfolio is validated here again."""
    head, _, copy = text.partition(b"\n")
    data = parse_json(head.decode("ascii"), "answer")
    if not isinstance(data, dict):
        return _too_much("could not be read"), None
    located = tuple(
        Located(_finding(item["finding"]), item["sheet"], item["cell"]) for item in data["located"]
    )
    portfolio = None if data["portfolio"] is None else Portfolio.parse(data["portfolio"])
    reading = Reading(portfolio, located, tuple(data["scenarios"]))
    return reading, copy or None


def _finding(data: Mapping[str, str]) -> Finding:
    return Finding(
        Severity(data["severity"]), data["rule"], data["path"], data["message"], data["fix"]
    )


# -- within the process -------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> None:
    """Read a workbook from the standard input, and write the answer to the standard output."""
    # Everything that reading needs is loaded before memory gets short.
    import openpyxl  # noqa: F401

    from pmo_optimizer.formats.workbook.annotate import annotated
    from pmo_optimizer.formats.workbook.reader import read

    _limit(int(arguments[0]), float(arguments[1]))
    content = sys.stdin.buffer.read(LIMITS.bytes + 1)
    reading = _read_yaml(content) if YAML in arguments[2:] else read(content)
    data = {
        "portfolio": None if reading.portfolio is None else reading.portfolio.to_data(),
        "located": [
            {"finding": asdict(item.finding), "sheet": item.sheet, "cell": item.cell}
            for item in reading.located
        ],
        "scenarios": reading.scenarios,
    }
    copy = b""
    if COMMENT in arguments[2:]:
        with suppress(InvalidInput):
            copy = annotated(content, reading.located)
    text = json.dumps(data, default=_plain).encode("ascii")
    sys.stdout.buffer.write(MARK + text + b"\n" + copy)


def _read_yaml(content: bytes) -> Reading:
    """Return what a portfolio file in YAML says."""
    from pmo_optimizer.checks import check_data

    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / YAML_NAME
            path.write_bytes(content)
            portfolio, findings = check_data(files.read(path))
    except InvalidInput as error:
        portfolio, findings = None, error.findings
    return Reading(portfolio, tuple(Located(finding) for finding in findings))


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON holds
    """Return a date or a number of a scenario as JSON holds it."""
    if isinstance(value, Decimal):
        return str(value) if value != value.to_integral_value() else int(value)
    return str(value)


def _limit(memory_mib: int, seconds: float) -> None:
    """Refuse this process more memory, time and files than it needs."""
    try:
        import resource
    except ImportError:  # not on Windows, where the parent's clock stands alone
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_mib * MIB),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, WRITABLE_ANSWER),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


if __name__ == "__main__":
    main(sys.argv[1:])
