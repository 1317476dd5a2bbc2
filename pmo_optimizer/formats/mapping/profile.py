"""What a mapping profile may say."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from pmo_optimizer.model import Frozen, Number, read_file, validated
from pmo_optimizer.model.files import parse_yaml, refused


class Kind(StrEnum):
    """How the text of a cell is read."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"
    LIST = "list"


class Unit(StrEnum):
    """What a number is given in.

    Times become periods in a field `duration`, rounded up, and FTE-periods (FTE, where they
    are per period) in all others. ``days`` and ``weeks`` are working time, ``calendar_days``
    count every day.
    """

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    CALENDAR_DAYS = "calendar_days"
    PERCENT = "percent"
    THOUSANDS = "thousands"
    MILLIONS = "millions"


class Otherwise(StrEnum):
    """What happens to a text that the value map does not name."""

    ERROR = "error"
    KEEP = "keep"
    EMPTY = "empty"


class Numbers(Frozen):
    """How numbers are written in texts. Without it, what could be read in two ways is an error.

    Attributes
    ----------
    decimal
        Sign before the decimals: a point or a comma.
    thousands
        Sign between groups of three digits; none by default.
    """

    decimal: str = Field(pattern=r"^[.,]$")
    thousands: str = Field(default="", pattern=r"^[.,' \u00a0\u202f]?$")

    @model_validator(mode="after")
    def _different(self) -> Numbers:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different signs")
        return self


class Span(Frozen):
    """Two columns with the first and the last day of something."""

    first: str
    last: str


class Source(Frozen):
    """Where the value of a field comes from: a column, a span of two, or a constant.

    Attributes
    ----------
    column
        Header of the column. Exports may repeat a header: a list takes all of them, other
        kinds one that is filled.
    span
        Periods from one day to another, both included, rounded up.
    constant
        The same value for all rows.
    type
        How the text is read.
    split
        For lists, the sign between the parts.
    until
        Only the text before this sign counts, for instance `` <`` in ``Ann <ann@x.org>``.
    map, otherwise
        Value by text, and what holds for texts that are not named (an error by default).
    unit, times
        Unit of the number, and a factor.
    default
        Value where the cell is empty.
    required
        Whether an empty cell is an error.
    slug
        Whether the text is made an id: small letters, dashes instead of spaces and signs.
    dates, numbers
        As in the profile, for this column.
    """

    column: str | None = None
    span: Span | None = None
    constant: Any = None
    type: Kind = Kind.TEXT
    split: str = ","
    until: str = ""
    map: dict[str, Any] = Field(default_factory=dict)
    otherwise: Otherwise = Otherwise.ERROR
    unit: Unit | None = None
    times: Number = Decimal(1)
    default: Any = None
    required: bool = False
    slug: bool = False
    dates: tuple[str, ...] = ()
    numbers: Numbers | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:  # noqa: ANN401 - raw input of any shape
        return {"column": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_source(self) -> Source:
        given = [self.column is not None, self.span is not None, self.constant is not None]
        if sum(given) != 1:
            raise ValueError("exactly one of column, span and constant is given")
        if not self.split:
            raise ValueError("split must be a sign")
        return self


class Condition(Frozen):
    """Which rows count; all that is given must hold.

    Attributes
    ----------
    column
        Header of the column.
    any_of, none_of
        Texts that the cell must, or must not, have.
    filled
        Whether the cell must be filled, or empty.
    above
        The cell is a number above this one; empty cells are not.
    """

    column: str
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    filled: bool | None = None
    above: Number | None = None


class Into(StrEnum):
    """What a row becomes."""

    PROJECTS = "projects"
    PHASES = "phases"
    NEEDS = "needs"
    COSTS = "costs"
    LINKS = "links"
    REQUIRES = "requires"
    PEOPLE = "people"
    POOLS = "pools"
    SKILLS = "skills"
    FUNDS = "funds"


class RecordRule(Frozen):
    """How rows become objects.

    Attributes
    ----------
    into
        List of the portfolio; phases, needs and costs belong to a project.
    when
        Which rows; all by default.
    project
        Id of the project, for phases, needs and costs. Those of a phase may leave it out
        where the phase's id stands once among all projects.
    phase
        Id of the phase, for needs, and for costs that are not the project's own.
    fields
        Where each field comes from; a point reaches inside, as in ``scores.growth``.
    sum
        Fields that are added up where several rows make the same object. All others must
        agree then.
    optional
        Whether it is passed over, with a warning, in tables that lack its columns.
    """

    into: Into
    when: tuple[Condition, ...] = ()
    project: Source | None = None
    phase: Source | None = None
    fields: dict[str, Source]
    sum: tuple[str, ...] = ()
    optional: bool = False

    @model_validator(mode="after")
    def _placed(self) -> RecordRule:
        inside = self.into in {Into.PHASES, Into.NEEDS, Into.COSTS}
        alone = self.phase is None or self.into is Into.PHASES
        if inside and self.project is None and alone:
            raise ValueError(f"{self.into.value} belong to a project: say `project`")
        if self.into is Into.NEEDS and self.phase is None:
            raise ValueError("needs belong to a phase: say `phase`")
        if not inside and (self.project is not None or self.phase is not None):
            raise ValueError(f"{self.into.value} belong to no project")
        unknown = [name for name in self.sum if name not in self.fields]
        if unknown:
            raise ValueError(f"sum names {unknown[0]!r}, which is no field here")
        return self


class TableRule(Frozen):
    """One table.

    Attributes
    ----------
    file
        Pattern of its file's name, as ``*.csv``.
    sheet
        Name of the sheet of a workbook; the first by default.
    header_row
        Row with the headers, 1-based; rows above are passed over.
    delimiter, encoding
        Of CSV files.
    optional
        Whether it may be missing.
    ignore
        Columns of which nobody needs to be told that they are not read; a star for all.
    records
        What its rows become, in this order.
    """

    file: str = "*"
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1, le=1000)
    delimiter: str = Field(default=",", pattern=r"^[,;|\t]$")
    encoding: str = Field(default="utf-8-sig", pattern=r"^[A-Za-z0-9_-]{1,30}$")
    optional: bool = False
    ignore: tuple[str, ...] = ()
    records: tuple[RecordRule, ...] = Field(min_length=1)


class Profile(Frozen):
    """How foreign tables become a portfolio.

    Attributes
    ----------
    name, description
        For people.
    portfolio
        Fields of the portfolio that the tables do not say, the calendar among them.
    numbers
        How numbers are written; without it, what is ambiguous is an error.
    dates
        Formats of days, as ``%d.%m.%Y``; ISO days always count. A text that two formats read
        differently is an error.
    skills
        Whether skills that needs and people name are added where the portfolio lacks them.
    tables
        The tables.
    """

    name: str
    description: str = ""
    portfolio: dict[str, Any]
    numbers: Numbers | None = None
    dates: tuple[str, ...] = ()
    skills: bool = True
    tables: tuple[TableRule, ...] = Field(min_length=1)


SHIPPED = "profiles"


def profile_names() -> tuple[str, ...]:
    """Return the names of the profiles that come with the package, sorted."""
    folder = resources.files(__package__).joinpath(SHIPPED)
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml")))


def load_profile(name: str | Path) -> Profile:
    """Return a profile that comes with the package, by name, or one of a file.

    Raises
    ------
    InvalidInput
        There is no such profile, or with every finding about its form.
    """
    if str(name) in profile_names():
        entry = resources.files(__package__).joinpath(SHIPPED, f"{name}.yaml")
        data = parse_yaml(entry.read_text(encoding="utf-8"), f"{name}.yaml")
        return validated(Profile, data if isinstance(data, dict) else {})
    path = Path(name)
    if not path.suffix:
        raise refused(
            "mapping-unknown",
            str(name),
            f"There is no profile {name}; there are: {', '.join(profile_names())}.",
            "Take one of them, or name a file (.yaml).",
        )
    return validated(Profile, read_file(path, begin="`name:` and `tables:`"))
