"""Numbers that people type into forms."""

from __future__ import annotations

import math

from pmo_optimizer.service.problems import refused

DEFAULT_SECONDS = 30.0


def seconds_of(text: str) -> float:
    """Return a time limit in seconds; the default where nothing was typed.

    Raises
    ------
    ProblemError
        422 where the text is no number above 0.
    """
    if not text:
        return DEFAULT_SECONDS
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        message = "The time limit is not a number above 0."
        raise refused("wrong-value", "time_limit", message, "Type seconds, such as 30.")
    return value
