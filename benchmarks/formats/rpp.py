"""Staffing of research projects with fixed dates: ``researchers.csv`` beside ``projects/*.csv``.

Lera-Leri et al., Research Project Planning (IIIA-CSIC). A folder is one instance. Work packages
ask for hours between two months; each researcher has a target dedication to a project in every
reporting period, and the project pays the hours of its researchers from its budget. The least
hours that no staffing can avoid to leave open are looked for.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from benchmarks.items import InstanceError, Score
from benchmarks.words import decimal, read_text
from pmo_optimizer import (
    Calendar,
    Decision,
    Dedication,
    Link,
    LinkType,
    Mode,
    Need,
    Person,
    Phase,
    PhasePlan,
    Pin,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    Skill,
    StaffingGoals,
    Status,
    Termination,
    staff,
)

RESEARCHERS = "researchers.csv"

HOURS = Decimal(130)
"""Hours that a full-time researcher works in a month: one FTE-month."""

CENT = Decimal("0.01")
"""Step of FTE, FTE-months and money; everything is rounded so that nothing becomes easier."""

FINEST = Decimal(1).scaleb(-15)
"""Smallest step of a number in a portfolio."""

MONTHS = 12

NO_GOALS = StaffingGoals(
    cost=Decimal(0),
    fit=Decimal(0),
    people=Decimal(0),
    handoffs=Decimal(0),
    balance=Decimal(0),
    changes=Decimal(0),
)
"""Hours alone count."""


@dataclass(frozen=True, slots=True)
class Package:
    """A work package: hours from a month to another, both included, counted from year 0."""

    name: str
    first: int
    last: int
    hours: Decimal


@dataclass(slots=True)
class Content:
    """What a project file says; targets are dedications by researcher, one per period."""

    name: str = ""
    budget: Decimal = Decimal(0)
    packages: list[Package] = field(default_factory=list)
    periods: list[tuple[int, int]] = field(default_factory=list)
    targets: dict[str, list[Decimal]] = field(default_factory=dict)


def folders(root: Path) -> list[Path]:
    """Return the folders at or below ``root`` that hold such an instance."""
    base = root.parent if root.is_file() else root
    return sorted(path.parent for path in base.rglob(RESEARCHERS) if path.is_file())


def read(path: Path, part: str = "") -> Portfolio:
    """Return a folder as a portfolio of obligatory projects whose dates are fixed.

    Raises
    ------
    InstanceError
        A file does not follow the format.
    """
    files = sorted((path / "projects").glob("*.csv"))
    if not files:
        raise InstanceError(f"{path.name}: there are no projects beside {RESEARCHERS}")
    contents = [_content(file) for file in files]
    begin = min(package.first for content in contents for package in content.packages)
    end = max(package.last for content in contents for package in content.packages)
    calendar = Calendar(start=_day(begin), periods=end - begin + 1)
    return Portfolio(
        name=path.name,
        calendar=calendar,
        skills=tuple(Skill(id=content.name) for content in contents),
        people=tuple(_people(path / RESEARCHERS, contents, begin)),
        projects=tuple(_project(content, begin) for content in contents),
    )


# -- files -------------------------------------------------------------------------------------


def _rows(file: Path) -> Iterator[list[str]]:
    for row in csv.reader(read_text(file).splitlines()):
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield cells


def _content(file: Path) -> Content:
    content = Content()
    for row in _rows(file):
        _take(file, row, content)
    count = len(content.periods)
    if not content.name or not content.packages:
        raise InstanceError(f"{file.name}: a name and work packages are expected")
    if any(len(target) != count for target in content.targets.values()):
        raise InstanceError(f"{file.name}: a target has not one entry for each of {count} periods")
    covered = {month for first, last in content.periods for month in range(first, last + 1)}
    if any(not covered.issuperset(range(p.first, p.last + 1)) for p in content.packages):
        raise InstanceError(f"{file.name}: a work package lies outside the reporting periods")
    return content


def _take(file: Path, row: list[str], content: Content) -> None:
    """Read one line of a project file; what its leader is called does not matter."""
    word, *rest = row
    lengths = {"name": 1, "pi": 1, "budget": 1, "wp": 4, "periods": 3}
    wrong = word not in {*lengths, "target"} or len(rest) != lengths.get(word, len(rest))
    if wrong or not rest:
        raise InstanceError(f"{file.name}: not understood: {','.join(row)!r}")
    if word == "name":
        content.name = rest[0]
    elif word == "budget":
        content.budget = _number(file, rest[0])
    elif word == "wp":
        first, last = _span(file, rest[1], rest[2])
        content.packages.append(Package(rest[0], first, last, _number(file, rest[3])))
    elif word == "periods":
        content.periods.append(_span(file, rest[1], rest[2]))
    elif word == "target":
        content.targets[rest[0]] = [_number(file, cell) for cell in rest[1:]]


def _number(file: Path, cell: str) -> Decimal:
    number = decimal(file, cell)
    if number < 0:
        raise InstanceError(f"{file.name}: a number is below 0: {cell!r}")
    return number


def _span(file: Path, first: str, last: str) -> tuple[int, int]:
    span = _month(file, first), _month(file, last)
    if span[0] > span[1]:
        raise InstanceError(f"{file.name}: {first} is after {last}")
    return span


def _month(file: Path, cell: str) -> int:
    """Return a month such as 2018/6, counted from January of year 0."""
    found = re.fullmatch(r"([0-9]{4})/([0-9]{1,2})", cell)
    if found is None or not 1 <= int(found[2]) <= MONTHS:
        raise InstanceError(f"{file.name}: a month such as 2018/6 is expected, not {cell!r}")
    return int(found[1]) * MONTHS + int(found[2]) - 1


def _day(month: int) -> date:
    return date(month // MONTHS, month % MONTHS + 1, 1)


# -- portfolio ---------------------------------------------------------------------------------


def _people(file: Path, contents: Sequence[Content], begin: int) -> Iterator[Person]:
    """Yield the researchers: availability, cost of an FTE-month, and target dedications."""
    unknown = {name for content in contents for name in content.targets}
    for row in _rows(file):
        if len(row) != len(("name", "cost of an hour", "hours a month", "contract")):
            raise InstanceError(f"{file.name}: not understood: {','.join(row)!r}")
        name, cost, hours, contract = row
        unknown.discard(name)
        mine = [content for content in contents if name in content.targets]
        yield Person(
            id=re.sub(r"[^A-Za-z0-9_.-]+", "-", name),  # ids have neither slash nor blank
            name=name,
            tags=("contract",) if contract == "1" else (),
            skills={content.name: Decimal(1) for content in mine},
            fte=_down(_number(file, hours) / HOURS),
            cost_rate=_up(_number(file, cost) * HOURS),
            dedications=tuple(
                Dedication(project=content.name, first=a - begin, last=b - begin, fte=_fine(target))
                for content in mine
                for (a, b), target in zip(content.periods, content.targets[name], strict=True)
            ),
        )
    if unknown:
        raise InstanceError(f"{file.name}: there is no {', '.join(sorted(unknown))}")


def _project(content: Content, begin: int) -> Project:
    """Return the project; links say the months between its packages, which run side by side."""
    packages = sorted(content.packages, key=lambda package: package.first)
    links = tuple(
        Link(
            source=a.name,
            target=b.name,
            type=LinkType.SS,
            min_lag=b.first - a.first,
            max_lag=b.first - a.first,
        )
        for a, b in pairwise(packages)
    )
    return Project(
        id=content.name,
        value=Decimal(1),
        decision=Decision.MUST,
        phases=tuple(_phase(content.name, package, begin) for package in packages),
        links=links,
        staff_budget=_down(content.budget),
    )


def _phase(skill: str, package: Package, begin: int) -> Phase:
    need = Need(id="hours", skill=skill, effort=_up(package.hours / HOURS))
    mode = Mode(id="normal", duration=package.last - package.first + 1, needs=(need,))
    return Phase(id=package.name, modes=(mode,), pin=Pin(start=package.first - begin))


def _fine(target: Decimal) -> Decimal:
    """Return a dedication with as many decimals as a portfolio may have.

    It is rounded up by less than 10^-15 FTE, which allows no whole share of 0.0001 FTE more.
    """
    return target.quantize(FINEST, rounding=ROUND_CEILING)


def _up(number: Decimal) -> Decimal:
    return number.quantize(CENT, rounding=ROUND_CEILING)


def _down(number: Decimal) -> Decimal:
    return number.quantize(CENT, rounding=ROUND_FLOOR)


# -- solving -----------------------------------------------------------------------------------


def solve(portfolio: Portfolio, time_limit: float, workers: int) -> tuple[Portfolio, Plan]:
    """Return the portfolio and its plan with names, for the dates that are given."""
    goals = NO_GOALS
    plan = staff(portfolio, _dates(portfolio), goals=goals, time_limit=time_limit, workers=workers)
    return portfolio, plan


def _dates(portfolio: Portfolio) -> Plan:
    projects = []
    for project in portfolio.projects:
        placed = []
        for phase in project.phases:
            start = project.pinned_start(phase, portfolio.calendar) or 0
            mode = phase.modes[0]
            end = start + mode.duration
            placed.append(PhasePlan(phase=phase.id, mode=mode.id, start=start, end=end))
        first, last = min(p.start for p in placed), max(p.end for p in placed)
        projects.append(
            ProjectPlan(
                project=project.id, selected=True, start=first, finish=last, phases=tuple(placed)
            )
        )
    return Plan(
        digest=portfolio.digest(),
        status=Status.FEASIBLE,
        termination=Termination.PROVED,
        projects=tuple(projects),
    )


def score(portfolio: Portfolio, plan: Plan) -> Score | None:
    """Return the hours that a plan leaves unmet, and the least that is proved; None without plan.

    The hours are those of the work packages, of which one FTE-month counts `HOURS`.
    """
    if not plan.projects:
        return None
    unmet = sum((Fraction(item.fte) for item in plan.unmet), Fraction(0)) * Fraction(HOURS)
    asked = sum(
        (
            Fraction(need.effort or 0)
            for project in portfolio.projects
            for phase in project.phases
            for need in phase.modes[0].needs
        ),
        Fraction(0),
    ) * Fraction(HOURS)
    proved = plan.termination is Termination.PROVED or not unmet
    return Score(
        objective=float(unmet),
        bound=float(unmet) if proved else None,
        terms={"unmet_hours": float(unmet), "asked_hours": float(asked)},
    )
