"""The JSON lines: one per instance and backend."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

ERROR = "error"
"""Status of an instance that could not be read or solved; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one instance.

    Attributes
    ----------
    suite, folder, instance
        Suite, name of the file's folder, and the file's stem (``stem#k`` in files of several).
    backend
        Name of the engine, or of the peer.
    status
        Status of the plan, or ``error``.
    objective, bound, gap
        First term of the objective in the suite's own units and sense, its proven bound and
        the relative gap between them; null without a plan, or without a bound.
    terms
        Value of every term of the objective, in order; empty without a plan.
    best_known
        Best objective known before; null where none is.
    gap_to_best_known
        (objective - best_known) / abs(best_known), its sign turned where more is better: above
        zero is worse than the best known. Null where one of them is missing.
    maximised
        Whether more is better.
    seconds
        Wall clock from the call to the refereed plan; reading the file is not in it.
    first_plan_seconds
        The same to the first plan of the engine's log; null where it keeps none.
    peak_memory
        Most memory that the process of the instance and its largest child held, in MiB. It is
        rather too much: a child counts as large as its parent was when it began.
    violations
        Number of hard rules that the plan breaks, as the referee sees it; null without a plan.
    time_limit, workers
        As asked for.
    message
        What went wrong, or what the engine says.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    suite: str
    folder: str
    instance: str
    backend: str
    status: str
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    terms: dict[str, float] = field(default_factory=dict)
    best_known: float | None = None
    gap_to_best_known: float | None = None
    maximised: bool = False
    seconds: float | None = None
    first_plan_seconds: float | None = None
    peak_memory: float | None = None
    violations: int | None = None
    time_limit: float = 0.0
    workers: int = 1
    message: str = ""

    def to_json(self) -> str:
        """Return the line's text, without the line break."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What the line is about: suite, folder and instance."""
        return self.suite, self.folder, self.instance


def gap_to_best_known(
    objective: float | None, best_known: float | None, *, maximised: bool
) -> float | None:
    """Return how much worse an objective is than the best known, as a part of that one."""
    if objective is None or best_known is None:
        return None
    worse = best_known - objective if maximised else objective - best_known
    if not best_known:
        return 0.0 if not worse else None
    return worse / abs(best_known)


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a file; ValueError where it holds something else, or a line twice."""
    lines = [*_parsed(path, path.read_text(encoding="utf-8").splitlines())]
    seen = set()
    for line in lines:
        if (line.backend, line.key) in seen:
            raise ValueError(f"{path}: {line.instance} of {line.backend} is there twice")
        seen.add((line.backend, line.key))
    return lines


def _parsed(path: Path, texts: Iterable[str]) -> Iterable[Line]:
    form = TypeAdapter(Line)
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        try:
            yield form.validate_json(text)
        except ValidationError as error:
            said = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'line'}: {e['msg']}" for e in error.errors()
            )
            raise ValueError(f"{path}:{number}: no line of a benchmark: {said}") from None
