"""Figures of measurements, as lines of JSON."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence

import pytest

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least a share of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def told(
    capsys: pytest.CaptureFixture[str], name: str, values: Sequence[float] = (), **more: object
) -> None:
    """Print the figures of a measurement past pytest, and the load of the machine meanwhile.

    On a machine that also does other work the load says how much the figures are worth.
    """
    line: dict[str, object] = {"measured": name}
    if values:
        line["count"] = len(values)
        line |= {n: round(percentile(values, share), 1) for n, share in SHARES.items()}
    line["load"] = round(os.getloadavg()[0], 1)
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(line | more)}\n")
