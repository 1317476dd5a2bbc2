"""People planned together with selection and dates, against one step after the other."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.compare import TIE
from benchmarks.lines import Line
from benchmarks.peers import JOINT, PIPELINE

BACKENDS = (JOINT, PIPELINE)
"""What runs on every portfolio, in this order."""

CLEAR = 0.01
"""Lead, as a part of the other value, from which on one is clearly better."""


def summary(lines: Sequence[Line]) -> str:
    """Return the values of each portfolio, and how often the joint plan is as good or better.

    A plan that breaks a rule counts as none; any plan is clearly better than none.
    """
    values: dict[str, list[float | None]] = {line.instance: [None, None] for line in lines}
    for line in lines:
        if not line.violations:
            values[line.instance][BACKENDS.index(line.backend)] = line.objective
    rows = [f"{name}: {JOINT} {_said(a)}, {PIPELINE} {_said(b)}" for name, (a, b) in values.items()]
    leads = [_lead(a, b) for a, b in values.values()]
    good = sum(lead is not None and lead >= -TIE for lead in leads)
    clear = sum(lead is not None and lead >= CLEAR for lead in leads)
    rows.append(
        f"{JOINT} is at least as good on {good} of {len(leads)}, "
        f"and at least {CLEAR:.0%} above on {clear}"
    )
    return "\n".join(rows)


def _said(value: float | None) -> str:
    return "no plan" if value is None else f"{value:.4g}"


def _lead(joint: float | None, pipeline: float | None) -> float | None:
    """Return by how much the joint value is above, as a part; None without a joint plan."""
    if joint is None:
        return None
    if pipeline is None:
        return float("inf")
    return (joint - pipeline) / abs(pipeline) if pipeline else joint
