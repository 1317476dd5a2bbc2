"""Resources and assignments of a schedule that is read: people, pools, skills and needs."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from pmo_optimizer.formats.mspdi.fields import RATE_FORMATS, AssignmentField, ResourceField
from pmo_optimizer.formats.mspdi.grid import Grid
from pmo_optimizer.formats.mspdi.outline import slug
from pmo_optimizer.formats.mspdi.parse import Record, Schedule, minutes, moment
from pmo_optimizer.model import FTE_STEP, Finding, Grain, Severity
from pmo_optimizer.model.calendar import ONE_DAY

Data = dict[str, Any]

ONE, ZERO = Decimal(1), Decimal(0)
KINDS = {"0": "material", "2": "cost"}
RATES = {number: grain for grain, number in RATE_FORMATS.items() if grain is not Grain.QUARTER}


class _Resource:
    """A work resource: who it is and what it can do."""

    def __init__(self, record: Record, uid: int, taken: set[str], *, own: bool) -> None:
        self.record = record
        name = record.text("Name")
        given = record.attributes.get(ResourceField.ID, "") if own else ""
        made = given or slug(name) or f"resource-{uid}"
        self.id = f"{made}-{uid}" if made in taken else made
        taken.add(self.id)
        self.name = name
        self.kind = record.attributes.get(ResourceField.KIND, "") if own else ""
        self.units = record.number("MaxUnits")
        if self.units is None:
            self.units = ONE
        said = _skills(record.attributes.get(ResourceField.SKILLS, "")) if own else {}
        self.skills = said or {slug(record.text("Group").split(",")[0]) or self.id: ONE}

    @property
    def anonymous(self) -> bool:
        """Whether it is no single person: generic, or more than one full-time unit."""
        if self.kind:
            return self.kind != "person" and len(self.skills) == 1
        return self.record.yes("IsGeneric") or (self.units or ONE) > ONE


class Team:
    """Everybody in the file, and what each task needs."""

    def __init__(self, schedule: Schedule, grid: Grid, findings: list[Finding]) -> None:
        self.schedule = schedule
        self.grid = grid
        self.findings = findings
        self.resources: dict[int, _Resource] = {}
        self._skills: set[str] = set()
        self._rounded = 0
        self._lost: Counter[str] = Counter()
        taken: set[str] = set()
        for uid, record in sorted(schedule.resources.items()):
            self._resource(uid, record, taken)
        self._lengths = {
            task.whole("UID", -1): task.minutes("Duration") or ZERO for task in schedule.tasks
        }
        self._by_task: dict[int, list[Record]] = {}
        for item in schedule.assignments:
            self._by_task.setdefault(item.whole("TaskUID", -1), []).append(item)

    def _resource(self, uid: int, record: Record, taken: set[str]) -> None:
        name = record.text("Name")
        if uid <= 0 or record.yes("IsNull") or not name:
            return
        kind = KINDS.get(record.text("Type").strip())
        if kind is not None:
            self._warn(
                "schedule-resource",
                f"resources/{uid}",
                f"{name!r} is a {kind} resource: left out, with its assignments.",
                "Add a cost line where it costs money.",
            )
            return
        self.resources[uid] = _Resource(record, uid, taken, own=self.grid.own)
        self._skills |= set(self.resources[uid].skills)

    def needs(self, task: int, duration: int, start: int | None) -> list[Data]:
        """Return what a task needs, by skill: rates, or a profile where they differ.

        Parameters
        ----------
        task
            Its unique number.
        duration
            Its periods.
        start
            First period in a file of ours whose task nobody has moved: then shares are read
            as they were written. Otherwise the work is spread evenly over the duration.
        """
        items = self._by_task.pop(task, [])
        if not duration:
            self._lose("assignments of milestones", items)
            return []
        totals: dict[tuple[str, str], list[Decimal]] = {}
        people: dict[tuple[str, str], set[str]] = {}
        for item in items:
            resource = self.resources.get(item.whole("ResourceUID", -1))
            if resource is None:
                self._lost["assignments without a work resource"] += 1
                continue
            skill = item.attributes.get(AssignmentField.SKILL, "") if self.grid.own else ""
            if skill not in resource.skills:
                skill = next(iter(resource.skills))
            need = item.attributes.get(AssignmentField.NEED, "") if self.grid.own else ""
            key = (need or skill, skill)
            shares = self._shares(item, task, duration, start)
            level = resource.skills[skill]
            total = totals.setdefault(key, [ZERO] * duration)
            for t, share in enumerate(shares):
                total[t] += share * level
            if not resource.anonymous and resource.kind in {"", "person"}:
                people.setdefault(key, set()).add(resource.id)
        return [
            row
            for key, total in sorted(totals.items())
            if (row := self._need(key, total, people.get(key, set())))
        ]

    def _need(self, key: tuple[str, str], total: list[Decimal], people: set[str]) -> Data | None:
        need, skill = key
        profile = [value.quantize(FTE_STEP, ROUND_HALF_UP) for value in total]
        self._rounded += any(abs(a - b) > FTE_STEP / 4 for a, b in zip(profile, total, strict=True))
        if not any(profile):
            self._lost["assignments of less than 0.005 FTE"] += 1
            return None
        row: Data = {"id": need, "skill": skill}
        row |= {"fte": profile[0]} if len(set(profile)) == 1 else {"profile": profile}
        return row | ({"prefer": sorted(people)} if people else {})

    def _shares(self, item: Record, task: int, duration: int, start: int | None) -> list[Decimal]:
        """Return the FTE of an assignment in each period of its task."""
        units = item.number("Units")
        if start is not None:
            exact = self._written(item, duration, start, ONE if units is None else units)
            if exact is not None:
                return exact
        work = item.minutes("Work")
        if work is None:
            work = (ONE if units is None else units) * self._lengths.get(task, ZERO)
        return [max(work, ZERO) / self.grid.minutes_per_period / duration] * duration

    def _written(
        self, item: Record, duration: int, start: int, units: Decimal
    ) -> list[Decimal] | None:
        """Return the shares as we wrote them: flat from start to finish, or period by period."""
        calendar, clock = self.grid.calendar, self.grid.clock
        first, last = item.moment("Start"), item.moment("Finish")
        if first is None or last is None:
            return None
        shares = [ZERO] * duration
        for row in item.lists.get("TimephasedData", []):
            begin, work = moment(row.get("Start", "")), minutes(row.get("Value", ""))
            if begin is None or work is None or row.get("Type") != "1":
                continue
            until = moment(row.get("Finish", "")) or begin
            for t, part in self._days_worked(begin, until).items():
                there = clock.days_between(t, t + 1) * clock.minutes_per_day
                if not 0 <= t - start < duration or not there:
                    return None
                shares[t - start] += work * part / there
        if any(shares):
            return shares
        begin_at = calendar.index_of(first.date()) - start
        end_at = calendar.index_of(last.date() - ONE_DAY if _midnight(item) else last.date())
        end_at -= start
        if not 0 <= begin_at <= end_at < duration:
            return None
        there = clock.days_between(begin_at + start, end_at + start + 1) * clock.minutes_per_day
        work = item.minutes("Work")
        if work is not None and there and abs(work - units * there) > 1:
            units = work / there  # units are the most at once; work counts where it was spread
        for t in range(begin_at, end_at + 1):
            shares[t] = units
        return shares

    def _days_worked(self, begin: datetime, until: datetime) -> dict[int, Decimal]:
        """Return which part of a stretch of work falls in which period, by its working days."""
        day, last = begin.date(), max(begin, until - timedelta(minutes=1)).date()
        days: Counter[int] = Counter()
        while day <= last and len(days) <= self.grid.calendar.periods:
            if self.grid.clock.works(day):
                days[self.grid.calendar.index_of(day)] += 1
            day += ONE_DAY
        total = days.total()
        if not total:
            return {self.grid.calendar.index_of(begin.date()): ONE}
        return {t: Decimal(count) / total for t, count in days.items()}

    def data(self) -> Data:
        """Return skills, people and pools."""
        people, pools = [], []
        for resource in self.resources.values():
            if resource.anonymous:
                pools.append(self._pool(resource))
            else:
                people.append(self._person(resource))
        skills = [{"id": skill} for skill in sorted(self._skills)]
        return {"skills": skills, "people": people, "pools": pools}

    def _pool(self, resource: _Resource) -> Data:
        units = (resource.units or ZERO).quantize(FTE_STEP, ROUND_HALF_UP)
        skill = next(iter(resource.skills))
        name = {} if resource.name == resource.id else {"name": resource.name}
        return {"id": resource.id, "skill": skill, "fte": max(units, ZERO)} | name

    def _person(self, resource: _Resource) -> Data:
        units = (resource.units or ZERO).quantize(FTE_STEP, ROUND_HALF_UP)
        row: Data = {"id": resource.id, "skills": resource.skills, "fte": max(units, ZERO)}
        if units > 1:  # a class of people
            count = int(units.to_integral_value("ROUND_CEILING"))
            row |= {"count": count, "fte": (units / count).quantize(FTE_STEP, "ROUND_FLOOR")}
        if resource.name != resource.id:
            row["name"] = resource.name
        rate = self._rate(resource.record)
        if rate:
            row["cost_rate"] = rate
        off = self._days_off(resource.record)
        if off:
            row["absences"] = off
        return row

    def _rate(self, record: Record) -> Decimal | None:
        """Return the standard rate per FTE-period."""
        rate = record.number("StandardRate")
        if not rate:
            return None
        style = record.whole("StandardRateFormat", 2)
        grain = self.grid.calendar.grain
        if RATES.get(style) is grain:
            return rate
        hours = self.grid.minutes_per_period / 60
        a_day = Decimal(self.grid.minutes_per_day) / 60
        per_hour = {
            1: rate * 60,
            2: rate,
            3: rate / a_day,
            4: rate / (a_day * len(self.grid.calendar.working_days)),
            5: rate * 12 / (a_day * len(self.grid.calendar.working_days) * 365 / 7),
            7: rate / (a_day * len(self.grid.calendar.working_days) * 365 / 7),
        }.get(style)
        if per_hour is None:
            self._lost["standard rates in an unknown unit"] += 1
            return None
        return (per_hour * hours).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def _days_off(self, record: Record) -> list[Data]:
        """Return the days off in a resource's own calendar, stretches as one absence."""
        calendar = self.schedule.calendars.get(record.whole("CalendarUID", -1))
        base = self.schedule.texts.whole("CalendarUID", 1)
        if calendar is None or record.whole("CalendarUID", -1) == base:
            return []
        grid = self.grid.calendar
        first, end = grid.start, grid.edge(grid.periods)
        out: list[Data] = []
        last: tuple[date, str] | None = None
        for day, name in sorted(calendar.off.items()):
            if not first <= day < end:
                continue
            if last is not None and day == last[0] + ONE_DAY and name == last[1]:
                out[-1]["last"] = day
            else:
                out.append({"first": day, "last": day} | ({"reason": name} if name else {}))
            last = (day, name)
        if calendar.extra or calendar.weekdays:
            self._lost["resource calendars with working times of their own"] += 1
        return out

    def _lose(self, what: str, items: list[Record]) -> None:
        """Count the assignments of people and pools that nothing can hold."""
        lost = sum(item.whole("ResourceUID", -1) in self.resources for item in items)
        if lost:
            self._lost[what] += lost

    def report(self) -> None:
        """Say what was rounded or left out, once every task has been asked for its needs."""
        for items in self._by_task.values():
            self._lose("assignments of summary tasks or of tasks that are left out", items)
        if self._rounded:
            self._warn(
                "schedule-units",
                "assignments",
                f"{self._rounded} needs are rounded to 0.01 FTE.",
                "Nothing.",
            )
        for what, count in sorted(self._lost.items()):
            self._warn("schedule-resource", "resources", f"{count} {what}: left out.", "Nothing.")

    def _warn(self, rule: str, path: str, message: str, fix: str) -> None:
        self.findings.append(Finding(Severity.WARNING, rule, path, message, fix))


def _midnight(item: Record) -> bool:
    finish = item.moment("Finish")
    return finish is not None and (finish.hour, finish.minute) == (0, 0)


def _skills(text: str) -> dict[str, Decimal]:
    """Return the proficiencies in our custom field; nothing where it is not ours."""
    try:
        data = json.loads(text) if text else {}
        if not isinstance(data, dict):
            return {}
        return {str(skill): Decimal(str(level)) for skill, level in data.items()}
    except (ValueError, InvalidOperation, RecursionError):
        return {}
