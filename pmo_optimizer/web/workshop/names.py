"""Ids of scenarios that people name."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60
"""Characters of an id that is made of a name."""

UNNAMED = "scenario"


def scenario_id(name: str) -> str:
    """Return an id that is made of a name.

    Examples
    --------
    >>> scenario_id("10 % weniger für 2027!"), scenario_id("…")
    ('10-weniger-fur-2027', 'scenario')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()
    return words[:LONGEST].strip("-") or UNNAMED
