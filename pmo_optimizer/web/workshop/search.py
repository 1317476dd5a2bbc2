"""The search of a run as a small drawing: best plan and bound over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmo_optimizer.service.store.records import EventRecord

WIDTH, HEIGHT, EDGE = 320.0, 72.0, 4.0
"""Units of the drawing."""

MOST = 10_000
"""Events that are looked at."""


@dataclass(frozen=True)
class Drawing:
    """The search as a drawing.

    Attributes
    ----------
    value, bound
        Points of the two lines, as SVG writes them; empty where there is none.
    seconds
        What the width stands for.
    """

    value: str
    bound: str
    seconds: float
    width: float = WIDTH
    height: float = HEIGHT


def drawing(events: Sequence[EventRecord]) -> Drawing | None:
    """Return the search of a run as steps; None before there is anything to draw.

    Parameters
    ----------
    events
        Of the run, oldest first.
    """
    lines = [e.data for e in events if e.type == "progress" and "seconds" in e.data]
    times = [float(line["seconds"]) for line in lines]
    values = [(t, line.get("value")) for t, line in zip(times, lines, strict=True)]
    bounds = [(t, line.get("bound")) for t, line in zip(times, lines, strict=True)]
    numbers = [float(n) for _, n in (*values, *bounds) if n is not None]
    if not numbers:
        return None
    seconds = max(times[-1], 0.1)
    low, high = min(numbers), max(numbers)

    def steps(points: Sequence[tuple[float, float | None]]) -> str:
        found: list[str] = []
        last: float | None = None
        for at, number in points:
            if number is None:
                continue
            x = EDGE + (WIDTH - 2 * EDGE) * at / seconds
            y = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (number - low) / ((high - low) or 1.0)
            if last is not None:
                found.append(f"{x:.1f},{last:.1f}")
            found.append(f"{x:.1f},{y:.1f}")
            last = y
        if last is not None:
            found.append(f"{WIDTH - EDGE:.1f},{last:.1f}")
        return " ".join(found)

    return Drawing(steps(values), steps(bounds), seconds)
