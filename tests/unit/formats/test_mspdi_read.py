"""Schedules of other programs: what is read, how it is rounded, and what is told."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pmo_optimizer.formats.imported import Imported
from pmo_optimizer.formats.mspdi import read_schedule, schedule_xml
from pmo_optimizer.formats.mspdi.outline import slug
from pmo_optimizer.formats.mspdi.parse import minutes
from pmo_optimizer.model import Grain, Portfolio, Severity
from tests.unit.formats.plan_cases import plan, portfolio
from tests.unit.formats.schedules import (
    after,
    assignment,
    resource,
    saved,
    schedule,
    task,
)

TASKS = (
    task(1, "Boiler", 1, "03-01", "04-09")
    + task(2, "Design", 2, "03-01", "03-12")
    + task(3, "Build", 2, "03-15", "04-07", after(2))
    + task(4, "Accepted", 2, "04-09", "04-09", "<Milestone>1</Milestone>" + after(3, lag=9600))
    + task(5, "Turbine", 1, "03-01", "03-05")
    + task(6, "Buy", 2, "03-02", "03-04", after(2, kind=3, lag=4800))
)


def read(folder: Path, tasks: str = TASKS, *rest: str, **options: object) -> Imported:
    """Return what a schedule with these tasks, resources and assignments is read as."""
    path = saved(folder, schedule(tasks, *rest))
    return read_schedule(path, **options)  # type: ignore[arg-type]


def good(found: Imported) -> Portfolio:
    """Return the portfolio, which must be there."""
    assert found.portfolio is not None, found.findings
    return found.portfolio


def rules(found: Imported) -> Counter[str]:
    """Return how often each rule is among the findings."""
    return Counter(finding.rule for finding in found.findings)


def test_summary_tasks_are_projects(tmp_path: Path) -> None:
    """Tasks at the first level are projects, those below phases, in the order of the file."""
    back = good(read(tmp_path))
    assert {p.id: [f.id for f in p.phases] for p in back.projects} == {
        "boiler": ["design", "build", "accepted"],
        "turbine": ["buy"],
    }
    assert (back.name, back.currency) == ("Plant", "USD")


def test_the_whole_file_can_be_one_project(tmp_path: Path) -> None:
    """At level 0 there is one project, whose phases are all tasks, with their groups' names."""
    back = good(read(tmp_path, level=0))
    (project,) = back.projects
    assert project.id == "plant"
    assert [f.name for f in project.phases] == [
        "Boiler / Design",
        "Boiler / Build",
        "Boiler / Accepted",
        "Turbine / Buy",
    ]
    assert not back.links


def test_projects_may_stand_deeper(tmp_path: Path) -> None:
    """Above the level of the projects, names become categories; a task alone is a project too."""
    tasks = (
        task(1, "Energy", 1)
        + task(2, "Boiler", 2)
        + task(3, "Design", 3, "03-01", "03-05")
        + task(4, "Lamp", 2, "03-01", "03-12")
    )
    back = good(read(tmp_path, tasks, level=2))
    assert {p.id: (p.category, [f.id for f in p.phases]) for p in back.projects} == {
        "boiler": ("Energy", ["design"]),
        "lamp": ("Energy", ["work"]),
    }


def test_weeks_are_the_default_and_durations_are_rounded_up(tmp_path: Path) -> None:
    """Two full weeks are two; eighteen working days are four weeks; a milestone takes none."""
    found = read(tmp_path)
    back = good(found)
    assert (back.calendar.grain, back.calendar.start) == (Grain.WEEK, date(2027, 3, 1))
    durations = {f.id: f.modes[0].duration for p in back.projects for f in p.phases}
    assert durations == {"design": 2, "build": 4, "accepted": 0, "buy": 1}
    assert rules(found)["schedule-rounded"] == 2


@pytest.mark.parametrize(
    ("grain", "first", "last", "periods"),
    [
        (Grain.DAY, "03-01", "03-05", 5),
        (Grain.WEEK, "03-03", "03-09", 1),
        (Grain.WEEK, "03-03", "03-10", 2),
        (Grain.MONTH, "03-01", "03-31", 1),
        (Grain.MONTH, "03-01", "04-01", 2),
        (Grain.MONTH, "03-15", "04-14", 1),
        (Grain.QUARTER, "03-01", "05-31", 1),
        (Grain.YEAR, "03-01", "12-31", 1),
    ],
)
def test_a_duration_is_the_periods_that_reach_the_finish(
    grain: Grain, first: str, last: str, periods: int, tmp_path: Path
) -> None:
    """From the first day of a task on, as many periods as it takes to hold its last day."""
    tasks = task(1, "P", 1, first, last) + task(2, "work", 2, first, last)
    back = good(read(tmp_path, tasks, grain=grain))
    assert back.projects[0].phases[0].modes[0].duration == periods


def test_without_dates_the_working_time_counts(tmp_path: Path) -> None:
    """48 hours are six days, which are two weeks; elapsed time counts every day."""
    tasks = task(1, "P", 1) + "".join(
        task(
            n,
            f"t{n}",
            2,
            more=f"<Duration>{text}</Duration><DurationFormat>{style}</DurationFormat>",
        )
        for n, text, style in ((2, "PT48H0M0S", 7), (3, "PT168H0M0S", 8), (4, "PT40H0M0S", 7))
    )
    back = good(read(tmp_path, tasks))
    assert [f.modes[0].duration for f in back.projects[0].phases] == [2, 1, 1]


def test_links_and_lags_are_read(tmp_path: Path) -> None:
    """Types, lags to the nearest period, links in projects and between them."""
    back = good(read(tmp_path, grain=Grain.DAY))
    inner = {
        (x.source, x.target, x.type.value, x.min_lag) for x in back.project_by_id["boiler"].links
    }
    assert inner == {("design", "build", "FS", 0), ("build", "accepted", "FS", 3)}
    assert [(x.source, x.target, x.type.value, x.min_lag) for x in back.links] == [
        ("boiler/design", "turbine/buy", "SS", 1)
    ]


@pytest.mark.parametrize(
    ("lag", "style", "weeks"),
    [(24000, 7, 1), (-24000, 7, -1), (48000, 9, 2), (100800, 8, 1), (9600, 7, 0), (50, 19, 0)],
)
def test_a_lag_is_rounded_to_the_nearest_period(
    lag: int, style: int, weeks: int, tmp_path: Path
) -> None:
    """Working time over a mean week, elapsed time over seven days; percentages are told."""
    tasks = (
        task(1, "P", 1)
        + task(2, "a", 2, "03-01", "03-05")
        + task(3, "b", 2, "03-15", "03-19", after(2, lag=lag, style=style))
        + task(4, "c", 2, "03-15", "03-19")
    )
    found = read(tmp_path, tasks)
    assert good(found).projects[0].links[0].min_lag == weeks
    assert rules(found)["schedule-lag"] == (style == 19 or lag == 9600)


def test_a_plain_chain_needs_no_links(tmp_path: Path) -> None:
    """Phases that follow each other are in order, any time apart; without links they are free."""
    chained = (
        task(1, "P", 1)
        + task(2, "a", 2, "03-01", "03-05")
        + task(3, "b", 2, "03-08", "03-12", after(2))
    )
    project = good(read(tmp_path, chained)).projects[0]
    assert (project.links, project.max_gap) == ((), None)
    free = task(1, "P", 1) + task(2, "a", 2, "03-01", "03-05") + task(3, "b", 2, "03-01", "03-12")
    back = good(read(tmp_path, free))
    (link,) = back.projects[0].links
    assert (link.type.value, link.min_lag) == ("SS", -back.calendar.periods)


def test_links_of_summary_tasks_are_those_of_their_leaves(tmp_path: Path) -> None:
    """After a group of tasks means after each; what cannot be said so is left out and told."""
    tasks = (
        task(1, "P", 1)
        + task(2, "Parts", 2)
        + task(3, "a", 3, "03-01", "03-05")
        + task(4, "b", 3, "03-01", "03-12")
        + task(5, "c", 2, "03-15", "03-19", after(2) + after(2, kind=3))
    )
    found = read(tmp_path, tasks)
    links = {(x.source, x.target) for x in good(found).projects[0].links}
    assert links == {("a", "c"), ("b", "c")}
    assert rules(found)["schedule-link"] == 1


def test_resources_become_people_pools_and_skills(tmp_path: Path) -> None:
    """A person by name, a generic resource as a pool; the group is the skill, else the name."""
    resources = (
        resource(1, "Ann Smith", "0.5", "<Group>Welders</Group><StandardRate>50</StandardRate>")
        + resource(2, "Fitters", "3")
        + resource(3, "Steel").replace("<Type>1</Type>", "<Type>0</Type>")
    )
    assignments = (
        assignment(1, 2, 1, "0.5", "PT40H0M0S")
        + assignment(2, 2, 2, "2")
        + assignment(3, 2, 3)
        + assignment(4, 6, 2, "0.0001", "PT0H1M0S")
    )
    found = read(tmp_path, TASKS, resources, assignments)
    back = good(found)
    assert [(p.id, dict(p.skills), p.fte) for p in back.people] == [
        ("ann-smith", {"welders": Decimal(1)}, Decimal("0.5"))
    ]
    assert back.people[0].cost_rate == 2000
    assert [(p.id, p.skill, p.fte) for p in back.pools] == [("fitters", "fitters", Decimal(3))]
    needs = back.project_by_id["boiler"].phase("design").modes[0].needs
    # 40 hours over two weeks of 40 hours are 0.5 FTE; a unit of a task without work counts whole.
    assert {n.skill: (n.fte, n.prefer) for n in needs} == {
        "welders": (Decimal("0.5"), ("ann-smith",))
    }
    assert rules(found)["schedule-resource"] == 3


def test_work_is_kept_where_durations_are_rounded(tmp_path: Path) -> None:
    """Three days of a person in a phase of one week are 0.6 FTE."""
    found = read(tmp_path, TASKS, resource(1, "Ann"), assignment(1, 6, 1, "1", "PT24H0M0S"))
    (need,) = good(found).project_by_id["turbine"].phases[0].modes[0].needs
    assert need.fte == Decimal("0.6")


def test_calendar_costs_deadlines_and_baseline_are_read(tmp_path: Path) -> None:
    """Working days, holidays, hours, fixed costs, deadlines, and the dates as a baseline."""
    more = "<Deadline>2027-04-30T17:00:00</Deadline>"
    tasks = TASKS.replace("<Name>Boiler</Name>", f"<Name>Boiler</Name>{more}").replace(
        "<Name>Design</Name>",
        "<Name>Design</Name><FixedCost>123450</FixedCost><FixedCostAccrual>1</FixedCostAccrual>",
    )
    back = good(read(tmp_path, tasks))
    assert back.calendar.holidays == (date(2027, 3, 17),)
    assert (len(back.calendar.working_days), back.calendar.hours_per_day) == (5, Decimal(8))
    boiler = back.project_by_id["boiler"]
    assert (boiler.due, boiler.late_price) == (date(2027, 4, 30), Decimal(0))
    assert boiler.phase("design").modes[0].costs[0].lump == Decimal("1234.5")
    rows = {(b.project, f.phase): f.start for b in back.baseline for f in b.phases}
    assert rows[("boiler", "build")] == 2


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Inactive, foreign and repeated tasks, constraints, progress, links to nowhere."""
    tasks = (
        TASKS
        + task(7, "Later", 2, "03-02", "03-04", "<Active>0</Active>")
        + task(8, "Elsewhere", 2, "03-02", "03-04", "<IsSubproject>1</IsSubproject>")
        + task(6, "Again", 2, "03-02", "03-04")
        + task(9, "Pay", 2, "03-02", "03-04", "<ConstraintType>2</ConstraintType>")
        + task(10, "Half", 2, "03-02", "03-04", "<PercentComplete>50</PercentComplete>" + after(99))
    )
    found = read(tmp_path, tasks)
    assert found.valid
    assert rules(found) == {
        "schedule-task": 3,
        "schedule-constraint": 1,
        "schedule-progress": 1,
        "schedule-link": 1,
        "schedule-rounded": 2,
        "schedule-lag": 1,
        "schedule-value": 1,
    }
    assert all(f.severity is Severity.WARNING for f in found.findings)


def test_finished_projects_are_done(tmp_path: Path) -> None:
    """A project whose tasks are all complete is done."""
    tasks = task(1, "P", 1) + task(
        2, "a", 2, "03-01", "03-05", "<PercentComplete>100</PercentComplete>"
    )
    assert good(read(tmp_path, tasks)).projects[0].state.value == "done"


def test_grid_of_the_users_choice(tmp_path: Path) -> None:
    """Grain, first day and length of the grid can be given."""
    back = good(read(tmp_path, grain=Grain.MONTH, start=date(2027, 1, 1), periods=20))
    calendar = back.calendar
    assert (calendar.grain, calendar.start, calendar.periods) == (
        Grain.MONTH,
        date(2027, 1, 1),
        20,
    )


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><Project>&c;</Project>'
)

HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "bomb": (BOMB, "file-unsafe"),
    "external": (
        '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><Project>&x;</Project>',
        "file-unsafe",
    ),
    "dtd": ('<!DOCTYPE Project SYSTEM "http://127.0.0.1:9/x.dtd"><Project/>', "file-unsafe"),
    "cut": (schedule(TASKS)[:900], "file-syntax"),
    "empty": ("", "file-syntax"),
    "text": ("not xml", "file-syntax"),
    "binary": (b"\x00\xff" * 50, "file-syntax"),
    "encoding": ('<?xml version="1.0" encoding="none-such"?><Project/>', "file-syntax"),
    "foreign": ("<html><body/></html>", "file-shape"),
    "nothing": ("<Project/>", "schedule-empty"),
    "deep": ("<Project>" + "<a>" * 100 + "</a>" * 100 + "</Project>", "file-too-large"),
    "long": (f"<Project><Title>{'x' * 200_000}</Title></Project>", "file-too-large"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_and_broken_files_are_one_clear_error(name: str, tmp_path: Path) -> None:
    """Entities, DTDs, nesting, damage and other formats are refused with what to do."""
    content, rule = HOSTILE[name]
    found = read_schedule(saved(tmp_path, content))
    assert found.portfolio is None
    assert [finding.rule for finding in found.findings] == [rule]
    assert found.findings[0].fix


def test_missing_and_large_files_are_refused(tmp_path: Path) -> None:
    """A file that is not there, or of more than 50 MB, is not opened."""
    assert read_schedule(tmp_path / "none.xml").findings[0].rule == "file-missing"
    with (tmp_path / "large.xml").open("wb") as stream:
        stream.truncate(51 * 1024 * 1024)
    assert read_schedule(tmp_path / "large.xml").findings[0].rule == "file-too-large"


def test_too_many_tasks_are_refused(tmp_path: Path) -> None:
    """More than 20,000 tasks are one error, before anything is made of them."""
    tasks = "".join(f"<Task><UID>{n}</UID></Task>" for n in range(1, 20_002))
    (finding,) = read(tmp_path, tasks).findings
    assert (finding.rule, "20,000 tasks" in finding.message) == ("file-too-large", True)


ODD = (
    "",
    "-1",
    "x",
    "99999999999",
    "1e9",
    "NaN",
    "0",
    "2027-02-30T08:00:00",
    "PT1H0M0S",
    "P9Y",
    "\u0661",
)


@pytest.mark.parametrize("seed", range(60))
def test_odd_values_never_break_the_reader(seed: int, tmp_path: Path) -> None:
    """Whatever stands in the fields, there is a portfolio or an error, never an exception."""
    rng = random.Random(seed)
    text, _ = schedule_xml(portfolio(), plan())
    if seed % 2:
        text = schedule(TASKS, resource(1, "Ann"), assignment(1, 6, 1, "1", "PT24H0M0S"))
    lines = text.replace("><", ">\n<").splitlines()
    for _ in range(8):
        at = rng.randrange(2, len(lines) - 1)
        begin, _, rest = lines[at].partition(">")
        if "</" in rest:
            lines[at] = f"{begin}>{rng.choice(ODD)}</{rest.split('</')[1]}"
    found = read_schedule(saved(tmp_path, "\n".join(lines)))
    assert found.valid or any(f.severity is Severity.ERROR for f in found.findings)


def test_names_become_ids_that_the_model_takes() -> None:
    """Odd names still give ids; equal names give different ones."""
    assert slug("A / B") == "a-b"
    assert slug("***") == ""
    assert minutes("P1Y") == 365 * 24 * 60
    assert minutes("PT") is None


def test_equal_and_empty_names_are_told_apart(tmp_path: Path) -> None:
    """Two tasks of one name get ids with their numbers; a task without a name one as well."""
    tasks = task(1, "P", 1) + "".join(
        task(n, name, 2, "03-01", "03-05") for n, name in ((2, "a"), (3, "a"), (4, "!"))
    )
    assert [f.id for f in good(read(tmp_path, tasks)).projects[0].phases] == ["a", "a-3", "task-4"]


INNER = (
    task(1, "Plant", 1, "03-01", "04-09")
    + task(2, "Permit", 2, "03-01", "03-05")
    + task(3, "Civil", 2, "03-08", "03-19", after(2) + "<FixedCost>50000</FixedCost>")
    + task(4, "Dig", 3, "03-08", "03-12")
    + task(5, "Pour", 3, "03-15", "03-19", after(4))
)


def test_links_to_a_group_of_tasks_hold_for_each_of_them(tmp_path: Path) -> None:
    """What follows on another task as a group does so with every one of its tasks."""
    (project,) = good(read(tmp_path, INNER)).projects
    assert {(x.source, x.target) for x in project.links} == {
        ("permit", "dig"), ("permit", "pour"), ("dig", "pour"),
    }  # fmt: skip


def test_costs_and_assignments_of_a_group_of_tasks_are_not_lost(tmp_path: Path) -> None:
    """The fixed cost becomes one of the project; an assignment is told."""
    found = read(tmp_path, INNER, resource(1, "Ann"), assignment(1, 3, 1))
    (project,) = good(found).projects
    assert [line.lump for line in project.costs] == [500]
    assert any("1 assignments of summary tasks" in f.message for f in found.findings)


def test_tasks_below_one_that_is_left_out_are_left_out_too(tmp_path: Path) -> None:
    """They do not become phases of the project before; the warning names them."""
    tasks = TASKS + task(7, "Old", 1, more="<Active>0</Active>") + task(8, "Rust", 2)
    found = read(tmp_path, tasks)
    assert [f.id for f in good(found).projects[-1].phases] == ["buy"]
    (told,) = [f.message for f in found.findings if f.rule == "schedule-task"]
    assert "Rust" in told


def test_links_above_the_projects_are_told(tmp_path: Path) -> None:
    """A link to a task above the level of the projects is left out with a warning."""
    tasks = task(9, "Site", 1, "03-01", "03-05") + INNER
    found = read(tmp_path, tasks, level=3)
    assert any("'Civil' stands above" in f.message for f in found.findings)


def test_made_ids_never_collide(tmp_path: Path) -> None:
    """An id with a number appended may be there already: then it gets another one."""
    tasks = task(3, "x", 1) + task(4, "x-5", 1) + task(5, "x", 1)
    assert [p.id for p in good(read(tmp_path, tasks)).projects] == ["x", "x-5", "x-5-2"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2027-13-01"])
def test_dates_that_no_calendar_holds_are_refused(tmp_path: Path, day: str) -> None:
    """Years far away and days that do not exist are an error at their task, not a crash."""
    found = read(tmp_path, TASKS.replace("2027-03-12", day))
    assert found.portfolio is None
    assert [(f.rule, f.path) for f in found.findings] == [("schedule-date", "tasks/2/Finish")]


@pytest.mark.parametrize("grain", list(Grain))
def test_long_grids_end_within_the_calendar(tmp_path: Path, grain: Grain) -> None:
    """The most periods of any length are a portfolio, or an error that says why not."""
    found = read(tmp_path, grain=grain, periods=9000)
    assert found.portfolio is not None or any(f.severity is Severity.ERROR for f in found.findings)
