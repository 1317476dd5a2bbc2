"""MS Project files by hand, as other programs write them."""

from __future__ import annotations

from pathlib import Path

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Project xmlns="http://schemas.microsoft.com/project">
<Title>Plant</Title><CurrencyCode>USD</CurrencyCode><StartDate>2027-03-01T08:00:00</StartDate>
<CalendarUID>1</CalendarUID><MinutesPerDay>480</MinutesPerDay><MinutesPerWeek>2400</MinutesPerWeek>
<DaysPerMonth>20</DaysPerMonth>
<Calendars><Calendar><UID>1</UID><Name>Standard</Name><IsBaseCalendar>1</IsBaseCalendar>
<WeekDays>{days}</WeekDays>
<Exceptions><Exception><TimePeriod><FromDate>2027-03-17T00:00:00</FromDate>
<ToDate>2027-03-17T23:59:00</ToDate></TimePeriod><Name>feast</Name><DayWorking>0</DayWorking>
</Exception></Exceptions></Calendar></Calendars>
"""

HOURS = (
    "<WorkingTimes><WorkingTime><FromTime>08:00:00</FromTime><ToTime>12:00:00</ToTime>"
    "</WorkingTime><WorkingTime><FromTime>13:00:00</FromTime><ToTime>17:00:00</ToTime>"
    "</WorkingTime></WorkingTimes>"
)

WEEK = "".join(
    f"<WeekDay><DayType>{n}</DayType><DayWorking>{int(1 < n < 7)}</DayWorking>"
    f"{HOURS if 1 < n < 7 else ''}</WeekDay>"
    for n in range(1, 8)
)


def task(uid: int, name: str, level: int, first: str = "", last: str = "", more: str = "") -> str:
    """Return a task from the morning of a day to the evening of another, dates of 2027."""
    dates = f"<Start>2027-{first}T08:00:00</Start><Finish>2027-{last}T17:00:00</Finish>"
    return (
        f"<Task><UID>{uid}</UID><ID>{uid}</ID><Name>{name}</Name>"
        f"<OutlineLevel>{level}</OutlineLevel>{dates if first else ''}{more}</Task>"
    )


def after(uid: int, kind: int = 1, lag: int = 0, style: int = 7) -> str:
    """Return a link from another task; the lag is in tenths of a minute."""
    return (
        f"<PredecessorLink><PredecessorUID>{uid}</PredecessorUID><Type>{kind}</Type>"
        f"<CrossProject>0</CrossProject><LinkLag>{lag}</LinkLag><LagFormat>{style}</LagFormat>"
        "</PredecessorLink>"
    )


def resource(uid: int, name: str, units: str = "1", more: str = "") -> str:
    """Return a work resource, unless ``more`` says another type."""
    return (
        f"<Resource><UID>{uid}</UID><ID>{uid}</ID><Name>{name}</Name><Type>1</Type>"
        f"<MaxUnits>{units}</MaxUnits>{more}</Resource>"
    )


def assignment(uid: int, on: int, who: int, units: str = "1", work: str = "") -> str:
    """Return an assignment of a resource to a task."""
    said = f"<Work>{work}</Work>" if work else ""
    return (
        f"<Assignment><UID>{uid}</UID><TaskUID>{on}</TaskUID><ResourceUID>{who}</ResourceUID>"
        f"<Units>{units}</Units>{said}</Assignment>"
    )


def schedule(tasks: str, resources: str = "", assignments: str = "") -> str:
    """Return a whole file, working Monday to Friday with a feast on 17 March 2027."""
    return (
        HEAD.format(days=WEEK)
        + f"<Tasks>{tasks}</Tasks><Resources>{resources}</Resources>"
        + f"<Assignments>{assignments}</Assignments></Project>"
    )


def saved(folder: Path, text: str | bytes) -> Path:
    """Return the path of a file with this content."""
    path = folder / "schedule.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
