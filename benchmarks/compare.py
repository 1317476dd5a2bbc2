"""Two files of lines side by side: means, wins, ties and losses of the first one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmarks.lines import ERROR, Line

TIE = 1e-6
"""Relative difference up to which two objectives are equal."""

WIN, EVEN, LOSS = "win", "tie", "loss"


@dataclass(frozen=True, slots=True)
class Side:
    """The lines of one file for one suite and backend, by what they are about."""

    backend: str
    lines: dict[tuple[str, str, str], Line]


def compare(first: Sequence[Line], second: Sequence[Line]) -> str:
    """Return a text that compares two files, suite by suite.

    A file compared with itself sets its first backend against each other one. Of two files,
    equal names are compared; where they have none in common, every backend of the first with
    every one of the second.
    """
    texts = [
        _text(suite, a, b)
        for suite in sorted({line.suite for line in first} & {line.suite for line in second})
        for a, b in _pairs(suite, first, second)
    ]
    return "\n\n".join(texts) or "The files have no suite in common."


def _pairs(suite: str, first: Sequence[Line], second: Sequence[Line]) -> list[tuple[Side, Side]]:
    left, right = _sides(suite, first), _sides(suite, second)
    if first == second and len(left) > 1:
        return [(left[0], other) for other in left[1:]]
    every = [(a, b) for a in left for b in right]
    return [(a, b) for a, b in every if a.backend == b.backend] or every


def _sides(suite: str, lines: Iterable[Line]) -> list[Side]:
    """Return the lines of a suite by backend, in the order in which backends appear."""
    sides: dict[str, Side] = {}
    for line in lines:
        if line.suite == suite:
            side = sides.setdefault(line.backend, Side(line.backend, {}))
            side.lines[line.key] = line
    return list(sides.values())


def verdict(a: Line, b: Line) -> str:
    """Return whether ``a`` wins, ties or loses against ``b``.

    A plan without violations wins against none; of two plans the better objective wins, and
    where it is equal the better one of the later terms, in order.
    """
    if not (_has_plan(a) and _has_plan(b)):
        return EVEN if _has_plan(a) == _has_plan(b) else (WIN if _has_plan(a) else LOSS)
    for left, right, maximised in _figures(a, b):
        if abs(left - right) > TIE * max(1.0, abs(left), abs(right)):
            return WIN if (left > right) == maximised else LOSS
    return EVEN


def _has_plan(line: Line) -> bool:
    return line.objective is not None and not line.violations


def _figures(a: Line, b: Line) -> Iterable[tuple[float, float, bool]]:
    """Yield what is compared in order: both values, and whether more is better."""
    if a.objective is not None and b.objective is not None:
        yield a.objective, b.objective, a.maximised
    for name in [*a.terms][1:]:
        if name in b.terms:
            yield a.terms[name], b.terms[name], name in {"value", "benefit", "npv"}


def _text(suite: str, a: Side, b: Side) -> str:
    keys = [key for key in a.lines if key in b.lines]
    pairs = [(a.lines[key], b.lines[key]) for key in keys]
    said = [verdict(left, right) for left, right in pairs]
    lonely = (len(a.lines) - len(keys), len(b.lines) - len(keys))
    rows = [
        f"{suite}: A = {a.backend}, B = {b.backend}; {len(keys)} instances in both"
        + (f", {lonely[0]} only in A, {lonely[1]} only in B" if any(lonely) else ""),
        f"  A wins {said.count(WIN)}, ties {said.count(EVEN)}, losses {said.count(LOSS)}",
        f"  {'':34}{'A':>14}{'B':>14}{'on':>6}",
    ]
    rows += [_mean_row(name, figure, pairs) for name, figure in _MEANS]
    rows += [_count_row(name, counts, pairs) for name, counts in _COUNTS]
    return "\n".join(rows)


_MEANS: tuple[tuple[str, Callable[[Line], float | None]], ...] = (
    ("mean objective", lambda line: line.objective),
    ("mean gap %", lambda line: None if line.gap is None else 100 * line.gap),
    (
        "mean gap to best known %",
        lambda line: None if line.gap_to_best_known is None else 100 * line.gap_to_best_known,
    ),
    ("mean seconds", lambda line: line.seconds),
    ("mean peak memory MiB", lambda line: line.peak_memory),
)
"""Figures of which the mean is shown, over the instances where both sides have them."""

_COUNTS: tuple[tuple[str, Callable[[Line], bool]], ...] = (
    ("plans", lambda line: line.objective is not None),
    ("proved", lambda line: line.status in {"optimal", "infeasible"}),
    ("plans with violations", lambda line: bool(line.violations)),
    ("errors", lambda line: line.status == ERROR),
)
"""What is counted."""


def _mean_row(
    name: str, figure: Callable[[Line], float | None], pairs: Sequence[tuple[Line, Line]]
) -> str:
    both = [
        (left, right)
        for a, b in pairs
        if (left := figure(a)) is not None and (right := figure(b)) is not None
    ]
    if not both:
        return f"  {name:34}{'-':>14}{'-':>14}{0:>6}"
    left, right = (fmean(values) for values in zip(*both, strict=True))
    return f"  {name:34}{left:>14.4g}{right:>14.4g}{len(both):>6}"


def _count_row(
    name: str, counts: Callable[[Line], bool], pairs: Sequence[tuple[Line, Line]]
) -> str:
    left, right = (sum(counts(pair[side]) for pair in pairs) for side in (0, 1))
    return f"  {name:34}{left:>14}{right:>14}{len(pairs):>6}"
