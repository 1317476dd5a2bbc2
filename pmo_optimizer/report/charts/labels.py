"""Where labels go beside points so that they do not run into each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CHARACTER, LINE = 6.6, 13.0
"""Pixels of a letter and of a line, at the size of labels."""

RADIUS = 10.0
"""Pixels around a point that stay free."""


AWAY = 15.0
"""Pixels from a point to its label."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in pixels, and the text that belongs to it."""

    x: float
    y: float
    text: str


Box = tuple[float, float, float, float]


def placed(spots: Sequence[Spot], most: int, width: float, height: float) -> list[str]:
    """Return on which side of each point its label goes; empty where there is no room.

    Earlier points come first; at most ``most`` are labelled, and all within the plot.

    Examples
    --------
    >>> placed([Spot(0, 0, "a"), Spot(500, 0, "b"), Spot(500, 1, "c")], 9, 600, 9)
    ['right', 'right', 'left']
    """
    points = [(s.x - RADIUS, s.y - RADIUS, s.x + RADIUS, s.y + RADIUS) for s in spots]
    taken: list[Box] = []
    out = []
    for number, spot in enumerate(spots):
        side = ""
        if len(taken) < most:
            others = [box for i, box in enumerate(points) if i != number]
            for name, box in _boxes(spot):
                inside = box[0] >= 0 and box[2] <= width and box[3] <= height
                if inside and not any(_meet(box, other) for other in (*others, *taken)):
                    side = name
                    taken.append(box)
                    break
        out.append(side)
    return out


def _boxes(spot: Spot) -> list[tuple[str, Box]]:
    width, half = CHARACTER * len(spot.text), LINE / 2
    x, y = spot.x, spot.y
    return [
        ("right", (x + AWAY, y - half, x + AWAY + width, y + half)),
        ("left", (x - AWAY - width, y - half, x - AWAY, y + half)),
        ("above", (x - width / 2, y - AWAY - LINE, x + width / 2, y - AWAY + half)),
        ("below", (x - width / 2, y + AWAY - half, x + width / 2, y + AWAY + LINE)),
    ]


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
