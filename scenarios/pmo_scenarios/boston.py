"""Makes the sample portfolio ``boston`` from the capital plan of the City of Boston.

``python -m pmo_scenarios.boston CSV OUT`` writes it. The city publishes names, statuses and
amounts; what a plan needs beyond that is assumed here, by the rules that `HEADER` lists.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import sqrt
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pmo_optimizer import Portfolio

Data = dict[str, Any]

FIRST_YEAR = 2018
"""Fiscal year of period 0; it began on 1 July 2017."""

PERIODS = 7
"""FY18 to FY24: the five years of the plan, and two more to which work may slip."""

BUDGET_SHARE = Decimal("0.65")
"""Part of what all projects ask for that the funds hold."""

STAFF_SHARE = Decimal("0.8")
"""Part of the busiest year's wanted delivery staff that a department has."""

FLOOR_SHARE = Decimal("0.4")
"""Part of its share in all asked money that each theme gets at least."""

POOL_FROM = 5
"""Departments that manage fewer projects have no staff limit."""

RUNNING = frozenset({"In Construction", "Implementation Underway"})
AT_ONCE = frozenset({"In Design", "Annual Program"})

SPREADS: Mapping[int, tuple[Decimal, ...]] = MappingProxyType(
    {
        1: (Decimal(1),),
        2: (Decimal("0.5"), Decimal("0.5")),
        3: (Decimal("0.25"), Decimal("0.5"), Decimal("0.25")),
        4: (Decimal("0.15"), Decimal("0.35"), Decimal("0.35"), Decimal("0.15")),
    }
)
"""Parts per year into which the amount of FY19 to FY22 is divided, by number of years."""

YEARS_UP_TO = ((1_000_000, 1), (5_000_000, 2), (20_000_000, 3))
"""Years of work by the amount of FY19 to FY22; four above the last amount."""

STAFF_UP_TO = (
    (1_000_000, Decimal("0.1")),
    (5_000_000, Decimal("0.25")),
    (20_000_000, Decimal("0.5")),
)
"""FTE of delivery staff by the dearest year of a project; one above the last amount."""

THEMES: Mapping[str, int] = MappingProxyType(
    {
        "Housing": 9,
        "Education": 9,
        "Public Safety": 8,
        "Transportation": 8,
        "Health": 7,
        "Energy & Environment": 7,
        "Open Space": 6,
        "Economy": 6,
        "Arts & Culture": 5,
        "Technology": 5,
        "Government Effectiveness": 5,
    }
)
"""Assumed priority of each theme, 0 to 10."""

READINESS: Mapping[str, int] = MappingProxyType(
    {
        "Complete": 10,
        "In Construction": 10,
        "Implementation Underway": 10,
        "Annual Program": 8,
        "In Design": 7,
        "Study Underway": 4,
        "New Project": 4,
        "To Be Scheduled": 2,
    }
)
"""Assumed readiness by status, 0 to 10."""

REACH: Mapping[str, int] = MappingProxyType(
    {"Citywide": 9, "Various neighborhoods": 7, "Various": 7}
)
"""Assumed reach by location, 0 to 10; a single neighbourhood has 5."""

CRITERIA: tuple[Data, ...] = (
    {"id": "theme", "name": "Priority of the theme", "weight": 0.2},
    {"id": "reach", "name": "Residents reached", "weight": 0.1},
    {"id": "readiness", "name": "Ready to build", "weight": 0.1},
    {"id": "leverage", "name": "Money of others", "weight": 0.1},
    {"id": "scale", "name": "Size of the asset", "weight": 0.45},
    {
        "id": "running_cost",
        "name": "New cost of operation",
        "weight": 0.05,
        "worst": 1,
        "best": 0,
    },
)

HEADER = """\
# Capital plan of the City of Boston, fiscal year 2018 as adopted, as a portfolio.
#
# Data, as published by the city (budget.boston.gov, repository CityOfBoston/budget.boston.gov,
# folder _source, commit 9823e2ec): id, name, department, managing department, theme, location
# and status of 233 projects; the amounts of FY18 and of FY19 to FY22 together; the authorised
# amounts of city capital and of grants; whether a project raises the cost of operation.
# What was spent before FY18 is sunk and left out.
#
# Assumed, by these rules (module pmo_scenarios.boston makes this file from the city's table):
# - State: In Construction and Implementation Underway are running, Complete is done, and so is
#   a project that asks for no more money. All others are free to be chosen.
# - Duration: what is asked for FY18 is one year of work. What is asked for FY19 to FY22 takes one
#   year up to 1 million dollars, two up to 5, three up to 20, else four; a programme of every year
#   takes four. It is spent in equal halves, or 25-50-25, or 15-35-35-15 percent.
# - A project that is not running and asks for both has a phase `design` (FY18) and a phase
#   `build`, at most one year apart.
# - Earliest start: FY18 for In Design and Annual Program, and where money is asked for FY18;
#   FY19 for the others. Everything ends by FY24.
# - Money: each amount is split between city capital and grants as the authorised amounts are. A
#   fund holds in each year 65 percent of what all ask for if they start as early as they may, and
#   at least what running projects cost. Nothing of the city's fund is carried over; grants
#   carry over wholly.
# - Staff: a project takes 0.1, 0.25, 0.5 or 1 FTE of delivery staff of its managing department
#   while it runs, by its dearest year (up to 1, 5, 20 million dollars, above). A department with
#   five projects or more has 80 percent of what its busiest year asks for; the others no limit.
# - Scores: theme, reach, readiness by tables (see the module); leverage is the share of grants;
#   scale is the root of the total over that of the largest project, times 10.
# - Rules: each theme gets at least 40 percent of its share in all that is asked for.
#   Value is discounted by 5 percent a year.
"""


class Row(NamedTuple):
    """One project of the city's table; money in whole dollars."""

    id: str
    name: str
    department: str
    manager: str
    theme: str
    location: str
    status: str
    raises_cost: bool
    now: int
    later: int
    total: int
    city: int
    grants: int

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self.status in RUNNING

    @property
    def done(self) -> bool:
        """Whether nothing is left to decide."""
        return self.status == "Complete" or not self.now + self.later

    @property
    def earliest(self) -> int:
        """First period in which work may start."""
        return 0 if self.running or self.status in AT_ONCE or self.now else 1

    @property
    def later_years(self) -> int:
        """Years of work of what is asked for FY19 to FY22."""
        if not self.later:
            return 0
        if self.status == "Annual Program":
            return len(SPREADS)
        return next((years for limit, years in YEARS_UP_TO if self.later <= limit), len(SPREADS))

    @property
    def parts(self) -> tuple[tuple[int, ...], ...]:
        """Dollars per year of the work of FY18 and of the later work, what is empty left out."""
        first = (self.now,) if self.now else ()
        return tuple(part for part in (first, spread(self.later, self.later_years)) if part)

    @property
    def staff(self) -> Decimal:
        """FTE of delivery staff while the project runs."""
        dearest = max(amount for part in self.parts for amount in part)
        return next((fte for limit, fte in STAFF_UP_TO if dearest <= limit), Decimal(1))

    def grant_part(self, amount: int) -> int:
        """Return the dollars of an amount that grants pay."""
        whole = self.city + self.grants
        return amount * self.grants // whole if whole else 0


def spread(amount: int, years: int) -> tuple[int, ...]:
    """Return an amount divided over years in whole dollars; the last year takes the rest.

    Examples
    --------
    >>> spread(101, 2)
    (50, 51)
    """
    if not years:
        return ()
    head = [int(amount * part) for part in SPREADS[years][:-1]]
    return (*head, amount - sum(head))


def read_rows(csv_path: Path) -> tuple[Row, ...]:
    """Return the projects of the city's table, sorted by id."""
    with csv_path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [_row(line) for line in csv.DictReader(stream)]
    return tuple(sorted(rows))


def _row(line: Mapping[str, str]) -> Row:
    return Row(
        id=line["id"],
        name=line["name"],
        department=line["department"],
        manager=line["managing_department"],
        theme=line["category"],
        location=line["location"],
        status=line["status"],
        raises_cost=line["operating_impact"] == "Yes",
        now=int(line["fy_current"]),
        later=int(line["fy_plus1_to_4"]),
        total=int(line["total"]),
        city=int(line["city_capital_total"]),
        grants=int(line["grants_total"]),
    )


def make_boston(csv_path: Path) -> Portfolio:
    """Return the portfolio that the city's table and the assumptions make.

    Parameters
    ----------
    csv_path
        Table of the FY18 capital plan: one row per project, amounts in dollars.
    """
    rows = read_rows(csv_path)
    asking = tuple(row for row in rows if not row.done)
    managed = Counter(row.manager for row in asking)
    staffed = {name for name, count in managed.items() if count >= POOL_FROM}
    top = max(row.total for row in rows)
    return Portfolio.parse(
        {
            "name": "City of Boston, capital plan FY18",
            "description": "Real projects and amounts; scores, durations and staff are assumed.",
            "currency": "USD",
            "calendar": {
                "start": f"{FIRST_YEAR - 1}-07-01",
                "periods": PERIODS,
                "grain": "year",
                "fiscal_start_month": 7,
            },
            "value_rate": 0.05,
            "criteria": list(CRITERIA),
            "skills": [{"id": _slug(n), "name": f"Delivery, {n}"} for n in sorted(staffed)],
            "pools": [_pool(name, asking) for name in sorted(staffed)],
            "funds": [_fund("city-capital", "none", asking), _fund("grants", "all", asking)],
            "projects": [_project(row, top, staffed) for row in rows],
            "rules": _floors(asking),
        }
    )


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _project(row: Row, top: int, staffed: set[str]) -> Data:
    data: Data = {
        "id": row.id,
        "name": row.name,
        "category": row.theme,
        "attributes": {
            "department": row.department,
            "managing_department": row.manager,
            "location": row.location,
            "status": row.status,
        },
        "scores": _scores(row, top),
    }
    if row.done:
        return data | {"state": "done"}
    if row.running:
        data["state"] = "running"
    elif row.earliest:
        data["earliest_start"] = f"{FIRST_YEAR}-07-01"
    phases = [_phase(row, part, staffed) for part in _parts_of(row)]
    names = ("design", "build") if len(phases) > 1 else ("work",)
    if len(phases) > 1:
        data["max_gap"] = 1
    data["phases"] = [{"id": name} | phase for name, phase in zip(names, phases, strict=True)]
    return data


def _parts_of(row: Row) -> tuple[tuple[int, ...], ...]:
    """Return the dollars per year of each phase: running work is one phase."""
    if row.running:
        return (tuple(amount for part in row.parts for amount in part),)
    return row.parts


def _phase(row: Row, part: tuple[int, ...], staffed: set[str]) -> Data:
    grants = [row.grant_part(amount) for amount in part]
    city = [amount - grant for amount, grant in zip(part, grants, strict=True)]
    phase: Data = {"duration": len(part)}
    if row.manager in staffed:
        phase["needs"] = [{"skill": _slug(row.manager), "fte": row.staff}]
    lines = (("city-capital", city), ("grants", grants))
    phase["costs"] = [
        {"category": fund, "profile": amounts, "fund": fund}
        for fund, amounts in lines
        if any(amounts)
    ]
    return phase


def _scores(row: Row, top: int) -> dict[str, Decimal]:
    scale = 10 * sqrt(row.total / top)
    leverage = Decimal(10 * row.grant_part(row.total)) / row.total
    tenth = Decimal("0.1")
    return {
        "theme": Decimal(THEMES[row.theme]),
        "reach": Decimal(REACH.get(row.location, 5)),
        "readiness": Decimal(READINESS[row.status]),
        "leverage": leverage.quantize(tenth, ROUND_FLOOR),
        "scale": Decimal(repr(scale)).quantize(tenth),
        "running_cost": Decimal(row.raises_cost),
    }


def _wanted(row: Row) -> dict[int, int]:
    """Return dollars by period if the project starts as early as it may."""
    amounts = [amount for part in row.parts for amount in part]
    return dict(enumerate(amounts, start=row.earliest))


def _fund(name: str, carry_over: str, rows: Sequence[Row]) -> Data:
    """Return a fund with the assumed part of what is asked for in each year."""
    asked, running = [0] * PERIODS, [0] * PERIODS
    for row in rows:
        for period, amount in _wanted(row).items():
            grant = row.grant_part(amount)
            part = grant if name == "grants" else amount - grant
            asked[period] += part
            running[period] += part * row.running
    held = [max(int(a * BUDGET_SHARE), r) for a, r in zip(asked, running, strict=True)]
    years = {FIRST_YEAR + period: amount for period, amount in enumerate(held)}
    return {
        "id": name,
        "categories": [name],
        "carry_over": carry_over,
        "amounts": {"years": years},
    }


def _pool(name: str, rows: Sequence[Row]) -> Data:
    """Return the delivery staff of a department, enough for its running projects."""
    wanted = [Decimal(0)] * PERIODS
    running = [Decimal(0)] * PERIODS
    for row in rows:
        for period in _wanted(row) if row.manager == name else ():
            wanted[period] += row.staff
            running[period] += row.staff * row.running
    enough = max(STAFF_SHARE * max(wanted), *running)
    rounded = enough.quantize(Decimal("0.1"), ROUND_CEILING)
    return {"id": f"{_slug(name)}-staff", "name": name, "skill": _slug(name), "fte": rounded}


def _floors(rows: Sequence[Row]) -> list[Data]:
    """Return the least share of each theme in all selected cost, in whole percent."""
    total = sum(row.now + row.later for row in rows)
    rules = []
    for theme in sorted(THEMES):
        asked = sum(row.now + row.later for row in rows if row.theme == theme)
        share = (FLOOR_SHARE * asked / total).quantize(Decimal("0.01"), ROUND_FLOOR)
        if share:
            rules.append(
                {
                    "type": "share",
                    "id": f"floor-{_slug(theme).replace('&', 'and')}",
                    "name": f"Least share of {theme}",
                    "measure": "cost",
                    "where": {"category": theme},
                    "sense": "at_least",
                    "share": share,
                }
            )
    return rules


def write_boston(csv_path: Path, out: Path) -> None:
    """Write the portfolio with its header; `out` ends in ``.yaml``."""
    make_boston(csv_path).save(out)
    out.write_text(HEADER + out.read_text(encoding="utf-8"), encoding="utf-8")


def main() -> None:
    """Write the portfolio of the table named first to the file named second."""
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m pmo_scenarios.boston CSV OUT")
    write_boston(Path(sys.argv[1]), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
