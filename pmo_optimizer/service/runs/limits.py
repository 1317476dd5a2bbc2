"""What one run may use."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_MEMORY = 256
"""MiB below which no run can do its work."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use.

    Attributes
    ----------
    time_limit
        Seconds of the whole run, and of each solve of a study.
    workers
        Threads.
    memory_mb
        Resident memory of all its processes in MiB.
    """

    time_limit: float = 3600.0
    workers: int = 8
    memory_mb: int = 4096
