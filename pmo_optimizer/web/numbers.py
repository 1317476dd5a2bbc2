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


def numbers_of(text: str, name: str, least: float = 0.0) -> list[float]:
    """Return the numbers of a list with commas or spaces between them.

    Parameters
    ----------
    text
        As it was typed.
    name
        Of the field, for the finding.
    least
        The smallest that may be.

    Raises
    ------
    ProblemError
        422 where one is no number or too small, or none is there.
    """
    try:
        found = [float(part) for part in text.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        found = []
    if not found or not all(math.isfinite(number) for number in found):
        message = f"“{text[:40]}” is no list of numbers."
        raise refused("wrong-value", name, message, "Type numbers such as 60, 80, 120.")
    if min(found) < least:
        message = f"{min(found):g} is less than {least:g}."
        raise refused("wrong-value", name, message, "Type numbers such as 60, 80, 120.")
    return found
