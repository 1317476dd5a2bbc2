"""How much memory the processes of a group use, as far as the system tells."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Use:
    """Memory of a group of processes, in bytes.

    Attributes
    ----------
    resident
        What is in memory and shared with no file, over all processes.
    mapped
        Address space of the largest process.
    """

    resident: int = 0
    mapped: int = 0


def group_use(group: int) -> Use:
    """Return what the processes of a group use; nothing where there is no ``/proc``.

    Parameters
    ----------
    group
        Id of the group.
    """
    resident = mapped = 0
    page = os.sysconf("SC_PAGE_SIZE") if PROC.is_dir() else 0
    for member in members(group):
        try:
            sizes = (PROC / str(member) / "statm").read_text().split()
        except OSError:  # it has just ended
            continue
        mapped = max(mapped, int(sizes[0]) * page)
        resident += (int(sizes[1]) - int(sizes[2])) * page
    return Use(resident, mapped)


def members(group: int) -> list[int]:
    """Return the ids of the processes of a group; none where there is no ``/proc``."""
    found = []
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if not entry.name.isdigit():
            continue
        try:
            # The name, in brackets, may hold anything; state, parent and group follow it.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in {"Z", "X"}:
            found.append(int(entry.name))
    return found
