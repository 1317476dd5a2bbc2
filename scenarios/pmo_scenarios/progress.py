"""What has happened since a plan was made: the progress file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pmo_optimizer import Frozen, Id, Number, Version, When, read_file, validated, write_file

FORMAT: Version = "1"
"""Version of the progress file format."""

BEGIN = "`as_of:` and `projects:`"
"""How a progress file begins, for messages."""


class PhaseProgress(Frozen):
    """What has become of a phase.

    Attributes
    ----------
    phase
        Id within the project.
    mode
        In which mode it is done, where that is not the planned one.
    started
        The period, or a day in it, in which work began; before the status date.
    finished
        Last day of work, or the exclusive end where it is a period; not after the status date.
    remaining
        Periods of work that are left from the status date on.
    percent
        Part of the work that is done, 0 to below 100; what is left goes on at the pace so far.
    not_before
        It has not begun, and cannot before this date or period.
    """

    phase: Id
    mode: Id | None = None
    started: When | None = None
    finished: When | None = None
    remaining: int | None = None
    percent: Number | None = None
    not_before: When | None = None


class ProjectProgress(Frozen):
    """What has become of a project; phases that are not listed went as planned.

    Attributes
    ----------
    project
        Id.
    stopped
        It is given up; what it has cost is in no fund and no term any more.
    not_before
        What has not begun of it cannot before this date or period. Of its phases, only those
        that are listed as started have begun.
    phases
        See `PhaseProgress`.
    """

    project: Id
    stopped: bool = False
    not_before: When | None = None
    phases: tuple[PhaseProgress, ...] = ()


class Departure(Frozen):
    """Somebody who leaves, or has left.

    Attributes
    ----------
    person
        Id of a person or pool.
    last
        Last working day; the day before the status date by default.
    heads
        How many leave, of an entry that stands for several; all by default.
    """

    person: Id
    last: date | None = None
    heads: int | None = None


class Promise(Frozen):
    """A project that must stay.

    Attributes
    ----------
    project
        Id.
    finish
        Last day of work that was promised, or an exclusive end where it is a period.
    on_time
        Whether it must finish when the plan says, or earlier.
    """

    project: Id
    finish: When | None = None
    on_time: bool = False


class Progress(Frozen):
    """What has happened since a plan was made.

    Attributes
    ----------
    schema_version
        Version of the file format.
    as_of
        Status date: periods that begin before it are past. A period, or a date; 0 by default,
        with nothing past.
    projects, left, promised
        What differs from the plan, who leaves, and what was promised.

    Examples
    --------
    >>> progress = Progress.parse({
    ...     "as_of": 2,
    ...     "projects": [
    ...         {"project": "web", "phases": [{"phase": "build", "started": 1, "remaining": 4}]}
    ...     ],
    ...     "left": [{"person": "ann"}],
    ... })
    >>> progress.projects[0].phases[0].remaining
    4
    """

    schema_version: Version = FORMAT
    as_of: When = 0
    projects: tuple[ProjectProgress, ...] = ()
    left: tuple[Departure, ...] = ()
    promised: tuple[Promise, ...] = ()

    @property
    def as_planned(self) -> bool:
        """Whether it says nothing but the status date."""
        return not (self.projects or self.left or self.promised)

    @classmethod
    def load(cls, path: str | Path) -> Progress:
        """Read a ``.yaml``, ``.yml`` or ``.json`` file.

        Raises
        ------
        InvalidInput
            With every finding about the form; what the content means is judged by `replan`,
            which knows portfolio and plan.
        """
        return validated(cls, read_file(Path(path), begin=BEGIN))

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Progress:
        """Make progress from plain data; InvalidInput with every finding about the form."""
        return validated(cls, data)

    def save(self, path: str | Path) -> None:
        """Write the progress as YAML or JSON, by the file's ending."""
        write_file(Path(path), self.to_data())

    def to_data(self) -> dict[str, Any]:
        """Return the progress as plain data without defaults, fit for YAML and JSON."""
        return {"schema_version": self.schema_version} | self.model_dump(
            mode="json", exclude_defaults=True
        )
