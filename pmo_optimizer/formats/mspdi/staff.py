"""Resources and assignments of the file that is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer import people
from pmo_optimizer.formats.clock import Clock, duration_text
from pmo_optimizer.formats.mspdi.fields import (
    CONTOURED,
    RATE_FORMATS,
    WORK_RESOURCE,
    AssignmentField,
    ResourceField,
)
from pmo_optimizer.formats.mspdi.xml import Element, add, add_all, attribute
from pmo_optimizer.model import Grain, Person, Plan, Portfolio, Staffing, SupplierKind

Key = tuple[SupplierKind, str]

ONE, ZERO = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True)
class Resource:
    """Somebody who can be assigned.

    Attributes
    ----------
    skills
        Proficiency by skill.
    units
        Most FTE at once.
    """

    key: Key
    name: str
    skills: Mapping[str, Decimal]
    units: Decimal
    person: Person | None = None


def resources_of(portfolio: Portfolio, plan: Plan) -> Iterator[Resource]:
    """Yield whom a plan can or does use: people or classes, pools, ordered heads, extra supply."""
    if plan.staffing is Staffing.NAMED:
        for person in portfolio.people:
            for name in person.individuals:
                title = person.name if person.count == 1 and person.name else name
                key = (SupplierKind.PERSON, name)
                yield Resource(key, title, dict(person.skills), person.fte, person)
    else:
        for group in portfolio.classes:
            key = (SupplierKind.CLASS, group.id)
            most = max(group.available, default=ZERO)
            yield Resource(key, group.id, dict(group.skills), most)
    for pool in portfolio.pools:
        most = max((pool.capacity(t) for t in range(portfolio.calendar.periods)), default=ZERO)
        yield Resource((SupplierKind.POOL, pool.id), pool.label, {pool.skill: ONE}, most)
    skills = {hire.id: hire.skill for hire in portfolio.hires}
    heads: dict[str, int] = {}
    for order in plan.hires:
        heads[order.hire] = heads.get(order.hire, 0) + order.heads
    for name, count in sorted(heads.items()):
        key = (SupplierKind.HIRE, name)
        yield Resource(key, name, {skills.get(name, name): ONE}, Decimal(count))
    extra: dict[str, Decimal] = {}
    for item in plan.allocations:
        if item.kind is SupplierKind.OVERLOAD:
            extra[item.supplier] = max(extra.get(item.supplier, ZERO), *item.shares, ZERO)
    for skill, most in sorted(extra.items()):
        key = (SupplierKind.OVERLOAD, skill)
        yield Resource(key, f"Extra supply of {skill}", {skill: ONE}, most)


def add_resources(
    root: Element, portfolio: Portfolio, plan: Plan, calendars: Mapping[str, int]
) -> dict[Key, int]:
    """Write the resources, and return the number of each."""
    numbers: dict[Key, int] = {}
    element = add(root, "Resources")
    grain = portfolio.calendar.grain
    for resource in resources_of(portfolio, plan):
        numbers[resource.key] = len(numbers) + 1
        _resource(element, resource, len(numbers), calendars, grain)
    return numbers


def _resource(
    parent: Element, resource: Resource, uid: int, calendars: Mapping[str, int], grain: Grain
) -> None:
    kind, name = resource.key
    element = add(parent, "Resource")
    add_all(
        element,
        {
            "UID": uid,
            "ID": uid,
            "Name": resource.name.replace(",", " ").replace("[", "(").replace("]", ")")[:255],
            "Type": WORK_RESOURCE,
            "IsNull": 0,
            "Group": ", ".join(sorted(resource.skills))[:255],
            "MaxUnits": f"{resource.units:f}",
        },
    )
    person = resource.person
    if person is not None and person.cost_rate is not None:
        divisor = 3 if grain is Grain.QUARTER else 1
        add(element, "StandardRate", f"{person.cost_rate / divisor:.4f}")
        add(element, "StandardRateFormat", RATE_FORMATS[grain])
    if person is not None and person.id in calendars:
        add(element, "CalendarUID", calendars[person.id])
    add(element, "IsGeneric", int(person is None))
    attribute(element, ResourceField.ID, name)
    attribute(element, ResourceField.KIND, kind.value)
    levels = {skill: f"{level.normalize():f}" for skill, level in sorted(resource.skills.items())}
    attribute(element, ResourceField.SKILLS, json.dumps(levels, separators=(",", ":")))


def add_assignments(
    root: Element,
    portfolio: Portfolio,
    plan: Plan,
    clock: Clock,
    numbers: tuple[Mapping[str, int], Mapping[Key, int]],
) -> None:
    """Write who works on which task; work that varies is given period by period.

    Parameters
    ----------
    numbers
        Of the tasks by ``project/phase``, and of the resources.
    """
    tasks, resources = numbers
    element = add(root, "Assignments")
    for number, row in enumerate(people.teams(portfolio, plan), start=1):
        task = tasks.get(f"{row.project}/{row.phase}")
        if task is None:
            continue
        assignment = add(element, "Assignment")
        flat = len(set(row.shares)) == 1
        minutes = [
            share * clock.days_between(t, t + 1) * clock.minutes_per_day
            for t, share in enumerate(row.shares, row.start)
        ]
        add_all(
            assignment,
            {
                "UID": number,
                "TaskUID": task,
                "ResourceUID": resources[row.kind, row.who],
                "Finish": clock.finish(row.start, row.end),
                "RemainingWork": duration_text(sum(minutes, ZERO)),
                "Start": clock.begin(row.start),
                "Units": f"{max(row.shares):f}",
                "Work": duration_text(sum(minutes, ZERO)),
                "WorkContour": 0 if flat else CONTOURED,
            },
        )
        attribute(assignment, AssignmentField.NEED, row.need)
        attribute(assignment, AssignmentField.SKILL, row.skill)
        if not flat:
            for t, work in enumerate(minutes, row.start):
                add_all(
                    add(assignment, "TimephasedData"),
                    {
                        "Type": 1,
                        "UID": number,
                        "Start": clock.begin(t),
                        "Finish": clock.finish(t, t + 1),
                        "Unit": 3,
                        "Value": duration_text(work),
                    },
                )
