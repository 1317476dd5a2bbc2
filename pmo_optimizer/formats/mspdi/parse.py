"""From XML to plain records, safely: no entities, no DTD, limits on size, depth and number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from pmo_optimizer.formats.mspdi.fields import NAMESPACE
from pmo_optimizer.model import InvalidInput
from pmo_optimizer.model.calendar import ONE_DAY
from pmo_optimizer.model.files import refused, require_file, unreadable

MAX_BYTES = 50 * 1024 * 1024
"""Larger files are refused."""

MAX_ELEMENTS = 2_000_000
MAX_TASKS = 20_000
"""Tasks of a file: checking more as one portfolio takes minutes."""

MAX_DEPTH = 40
MAX_TEXT = 100_000
"""Characters of one text at most; notes are the longest."""

MOST_DAYS_OFF = 20_000
"""Days that the exceptions of one calendar may name."""

DURATION = re.compile(
    r"(-?)P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?"
)

UNREAD = frozenset({"Notes", "HyperlinkAddress"})
"""Texts that may be long and are not needed."""

PARTS = frozenset({"Task", "Resource", "Assignment", "Calendar"})


@dataclass(slots=True)
class Record:
    """One task, resource or assignment: the texts of its simple parts, and its lists."""

    texts: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a text, empty where there is none."""
        return self.texts.get(name, "")

    def yes(self, name: str) -> bool:
        """Return whether a flag is set."""
        return self.text(name).strip().lower() in {"1", "true"}

    def whole(self, name: str, default: int) -> int:
        """Return a whole number, the default where it is missing or none."""
        text = self.text(name).strip()
        return int(text) if re.fullmatch(r"-?\d{1,12}", text) else default

    def number(self, name: str) -> Decimal | None:
        """Return a number, None where it is missing or none."""
        text = self.text(name).strip()
        if not re.fullmatch(r"-?\d{1,15}(\.\d{1,30})?([eE]-?\d{1,2})?", text):
            return None
        return Decimal(text)

    def moment(self, name: str) -> datetime | None:
        """Return a date and time, None where it is missing or none."""
        return moment(self.text(name))

    def minutes(self, name: str) -> Decimal | None:
        """Return a duration in minutes, None where it is missing or none."""
        return minutes(self.text(name))


FIRST_YEAR, LAST_YEAR = 1900, 2999


@dataclass(slots=True)
class WorkCalendar:
    """Days of the week that are worked (1 is Sunday), hours of them, and days off."""

    name: str = ""
    base: int = -1
    weekdays: dict[int, bool] = field(default_factory=dict)
    minutes: dict[int, int] = field(default_factory=dict)
    off: dict[date, str] = field(default_factory=dict)
    extra: int = 0


@dataclass(slots=True)
class Schedule:
    """What the file holds, by unique number."""

    texts: Record = field(default_factory=Record)
    tasks: list[Record] = field(default_factory=list)
    resources: dict[int, Record] = field(default_factory=dict)
    assignments: list[Record] = field(default_factory=list)
    calendars: dict[int, WorkCalendar] = field(default_factory=dict)


def moment(text: str) -> datetime | None:
    """Return a date and time as the format has them; offsets are dropped.

    None also for years so far away that no calendar can be laid around them.
    """
    found = re.match(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", text.strip())
    if not found:
        return None
    try:
        read = datetime.fromisoformat(found.group())
    except ValueError:
        return None
    return read if FIRST_YEAR <= read.year <= LAST_YEAR else None


def minutes(text: str) -> Decimal | None:
    """Return a duration in minutes; years and months have 365 and 30 days of 24 hours.

    Examples
    --------
    >>> minutes("PT8H30M0S"), minutes("P1D"), minutes("soon")
    (Decimal('510'), Decimal('1440'), None)
    """
    found = DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()[1:]):
        return None
    years, months, days, hours, parts = (int(found.group(i) or 0) for i in range(2, 7))
    total = Decimal(((years * 365 + months * 30 + days) * 24 + hours) * 60 + parts)
    seconds = Decimal(found.group(7) or 0)
    total += seconds / 60
    return -total if found.group(1) else total


def parse(path: Path) -> Schedule:
    """Return what a file holds.

    Raises
    ------
    InvalidInput
        There is no such file, it is too large, not XML, not MS Project XML, or it defines
        entities.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    name = path.name
    require_file(path, MAX_BYTES, "Export fewer projects, or without timephased data.")
    reader = _Reader(name)
    try:
        with path.open("rb") as stream:
            for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
                reader.take(event, element)
    except OSError as error:
        raise unreadable(path, error) from error
    except InvalidInput:  # which is a ValueError
        raise
    except DefusedXmlException as error:
        raise refused(
            "file-unsafe",
            name,
            "The file has a document type or entities, which could blow it up.",
            "Save it from MS Project as XML again.",
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise refused(
            "file-syntax",
            name,
            f"Not valid XML: {str(error).splitlines()[0]}.",
            "Save it from MS Project as XML again.",
        ) from error
    return reader.schedule


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.schedule = Schedule()
        self._count = 0
        self._stack: list[Element] = []

    def take(self, event: str, element: Element) -> None:
        if event == "start":
            self._start(element)
            return
        self._stack.pop()
        if len(element.text or "") > MAX_TEXT:
            raise self._refuse(f"A text has more than {MAX_TEXT:,} characters.")
        depth, name = len(self._stack), _local(element)
        if depth == 2 and name in PARTS:
            getattr(self, f"_{name.lower()}")(element)
        elif depth == 1:
            if not len(element):
                self.schedule.texts.texts[name] = (element.text or "").strip()
        else:
            return
        element.clear()
        if self._stack:
            self._stack[-1].clear()

    def _start(self, element: Element) -> None:
        self._stack.append(element)
        self._count += 1
        if len(self._stack) == 1 and _local(element) != "Project":
            raise refused(
                "file-shape",
                self.name,
                f"The file holds <{_local(element)[:80]}>, not <Project>: it is no MS Project XML.",
                "Save it from MS Project with the file type XML.",
            )
        if len(self._stack) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise self._refuse("It nests too deep or has too many parts.")

    def _refuse(self, message: str) -> InvalidInput:
        fix = "Export fewer projects, or without timephased data."
        return refused("file-too-large", self.name, message, fix)

    def _task(self, element: Element) -> None:
        if len(self.schedule.tasks) >= MAX_TASKS:
            raise self._refuse(f"It has more than {MAX_TASKS:,} tasks.")
        self.schedule.tasks.append(_record(element, {"PredecessorLink"}))

    def _resource(self, element: Element) -> None:
        record = _record(element, set())
        self.schedule.resources[record.whole("UID", -1)] = record

    def _assignment(self, element: Element) -> None:
        self.schedule.assignments.append(_record(element, {"TimephasedData"}))

    def _calendar(self, element: Element) -> None:
        head = _record(element, set())
        calendar = WorkCalendar(head.text("Name"), head.whole("BaseCalendarUID", -1))
        for part in element:
            if _local(part) == "WeekDays":
                for day in part:
                    self._week_day(calendar, day)
            elif _local(part) == "Exceptions":
                for day in part:
                    self._exception(calendar, day)
        self.schedule.calendars[head.whole("UID", -1)] = calendar

    def _week_day(self, calendar: WorkCalendar, element: Element) -> None:
        record = _record(element, set())
        number = record.whole("DayType", -1)
        if number == 0:
            self._exception(calendar, element)
            return
        calendar.weekdays[number] = record.yes("DayWorking")
        total = 0
        for part in element:
            for stretch in part if _local(part) == "WorkingTimes" else ():
                times = _record(stretch, set())
                total += _between(times.text("FromTime"), times.text("ToTime"))
        calendar.minutes[number] = total

    def _exception(self, calendar: WorkCalendar, element: Element) -> None:
        record = _record(element, set())
        if record.yes("DayWorking"):
            calendar.extra += 1
            return
        for part in element:
            if _local(part) != "TimePeriod":
                continue
            period = _record(part, set())
            first, last = period.moment("FromDate"), period.moment("ToDate")
            if first is None or last is None:
                continue
            day, end = first.date(), last.date()
            while day <= end and len(calendar.off) < MOST_DAYS_OFF and day < date.max:
                calendar.off.setdefault(day, record.text("Name"))
                day += ONE_DAY


def _between(begin: str, end: str) -> int:
    """Return the minutes between two times of a day; an end at midnight is that of the day."""
    times = [re.match(r"(\d\d?):(\d\d)", text.strip()) for text in (begin, end)]
    if times[0] is None or times[1] is None:
        return 0
    first, last = (int(t.group(1)) * 60 + int(t.group(2)) for t in times if t is not None)
    return last - first if last > first else 24 * 60 - first + last


def _local(element: Element) -> str:
    """Return the name of an element without its namespace, whichever that is."""
    tag = str(element.tag)
    return tag.rsplit("}", 1)[-1] if tag.startswith(("{" + NAMESPACE, "{")) else tag


def _record(element: Element, lists: set[str]) -> Record:
    record = Record()
    for part in element:
        name = _local(part)
        if name in lists:
            row = {_local(child): (child.text or "").strip() for child in part}
            record.lists.setdefault(name, []).append(row)
        elif name == "ExtendedAttribute":
            row = {_local(child): (child.text or "").strip() for child in part}
            record.attributes[row.get("FieldID", "")] = row.get("Value", "")
        elif not len(part) and name not in UNREAD:
            record.texts[name] = (part.text or "").strip()
    return record
