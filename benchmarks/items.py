"""What a suite is made of: items to run, and the portfolios that they are read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Staffing = Literal["capacity", "named"]
"""Whether classes of people serve needs, or single people."""


class InstanceError(ValueError):
    """An instance file does not follow its format; the message says where."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a plan is worth in a suite's own measure; less is better.

    Attributes
    ----------
    objective
        The measure.
    bound
        What no plan can better; None where nothing is proved.
    terms
        Parts and fellows of the measure, by name.
    """

    objective: float
    bound: float | None
    terms: dict[str, float]

    @property
    def gap(self) -> float | None:
        """Distance of objective and bound as a part of the larger; None without a bound."""
        if self.bound is None:
            return None
        largest = max(abs(self.bound), abs(self.objective))
        return abs(self.bound - self.objective) / largest if largest else 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """One instance of a suite, not read yet.

    Attributes
    ----------
    suite
        Name of the suite that reads it.
    name
        File's stem; ``stem#k`` where the file holds several instances.
    path
        The file; None for generated instances.
    part
        Which instance of the file, as the reader of the suite understands it.
    best_known
        Best objective known, in the suite's units; None where none is known.
    numbers
        Sizes and seed of a generated instance, by name.
    staffing
        How its plans are staffed.
    """

    suite: str
    name: str
    path: Path | None = None
    part: str = ""
    best_known: float | None = None
    numbers: dict[str, int] = field(default_factory=dict)
    staffing: Staffing = "capacity"

    @property
    def stem(self) -> str:
        """Name without the part."""
        return self.name.partition("#")[0]

    @property
    def folder(self) -> str:
        """Name of the folder that holds the file; empty for generated instances."""
        return "" if self.path is None else self.path.resolve().parent.name
