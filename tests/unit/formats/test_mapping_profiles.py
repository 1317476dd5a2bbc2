"""Profiles: checked when they are loaded; those that come with the package work."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from pmo_optimizer.formats.mapping import load_profile, profile_names, read_tables
from pmo_optimizer.model import InvalidInput
from tests.unit.formats.mapping_cases import (
    CALENDAR,
    Data,
    csv_file,
    good,
    profile,
    projects,
    told,
)

FAULTS: Sequence[tuple[Data, str]] = (
    ({"into": "phases", "fields": {"id": "Key"}}, "belong to a project"),
    ({"into": "needs", "project": "Key", "fields": {"skill": "S"}}, "belong to a phase"),
    ({"into": "people", "project": "Key", "fields": {"id": "S"}}, "belong to no project"),
    ({"into": "projects", "fields": {"id": {}}}, "exactly one"),
    ({"into": "projects", "fields": {"id": "Key"}, "sum": ["value"]}, "sum names"),
    ({"into": "nothing", "fields": {"id": "Key"}}, "into"),
)


@pytest.mark.parametrize(("record", "words"), FAULTS)
def test_profiles_are_checked(record: Data, words: str) -> None:
    """What a profile cannot mean is a finding about the profile."""
    with pytest.raises(InvalidInput) as caught:
        profile(record)
    assert any(words in f"{f.message} {f.path}" for f in caught.value.findings)


def test_a_profile_needs_a_calendar(tmp_path: Path) -> None:
    """Without one the portfolio has no grid: a finding names the profile."""
    found = read_tables(
        [csv_file(tmp_path, "Key,Name,Value\nP1,a,1\n")], profile(projects(), portfolio={})
    )
    assert ("missing-field", "profile/portfolio/calendar/start") in told(found)


SAMPLES = {
    "jira": (
        "Issue key,Summary,Issue Type,Status,Project name,Priority,Labels,Labels,"
        "Custom field (Business Value),Due date,Parent key,Original estimate,"
        "Inward issue link (Blocks),Inward issue link (Blocks)\n"
        "S-1,Web shop,Epic,In Progress,Shop,Highest,online,growth,80,31/Dec/27 12:00 AM,,,,\n"
        "S-2,Design,Story,To Do,Shop,Medium,,,,,S-1,288000,,\n"
        "S-3,Build,Story,To Do,Shop,Medium,,,,,S-1,1152000,S-2,\n"
        "S-4,Mobile app,Epic,To Do,Shop,Medium,,,50,,,,S-1,\n"
        "S-5,Build,Task,To Do,Shop,Medium,,,,,S-4,864000,S-3,\n"
        "S-6,Old,Task,Done,Shop,Medium,,,,,S-4,3600,,\n"
    ),
    "azure-devops": (
        "ID,Work Item Type,Title,State,Area Path,Tags,Parent,Business Value,Start Date,"
        "Target Date,Original Estimate,Activity\n"
        "10,Epic,Portal,New,Sales,web; growth,,40,,,,\n"
        "11,Feature,Sign-in,Active,Sales,,10,,1/4/2027 12:00:00 AM,1/29/2027 12:00:00 AM,,\n"
        "12,Task,Build,New,Sales,,11,,,,120,Development\n"
        "13,Task,Test,New,Sales,,11,,,,40,Testing\n"
        "14,Task,Draw,New,Sales,,11,,,,16,Design\n"
        "15,Task,Build more,New,Sales,,11,,,,40,Development\n"
    ),
    "boston": (
        "id,name,department,managing_department,category,location,status,operating_impact,"
        "spent_before,fy_minus1,fy_current,fy_plus1_to_4,total,city_capital_total,grants_total,"
        "authorized_total,mission\n"
        "A1,Pool,Parks,Works,Health,Roxbury,In Design,No,0,0,150000,900000,1,1,0,1,Build it.\n"
        "A2,Library,Library,Works,Education,Citywide,In Construction,Yes,5,5,70000,0,1,1,0,1,\n"
        "A3,Street,Transport,Works,Transportation,Various,Complete,No,5,5,0,0,1,1,0,1,\n"
    ),
}


@pytest.mark.parametrize("name", profile_names())
def test_worked_examples_read_their_form(name: str, tmp_path: Path) -> None:
    """Each profile that comes with the package makes a valid portfolio of made-up rows."""
    found = read_tables([csv_file(tmp_path, SAMPLES[name])], load_profile(name))
    back = good(found)
    assert not told(found)
    work = {
        (p.id, f.id): (
            f.modes[0].duration,
            sum((n.effort or Decimal(0) for n in f.modes[0].needs), Decimal(0)),
        )
        for p in back.projects
        for f in p.phases
    }
    expected = {
        "jira": {
            ("S-1", "S-2"): (1, Decimal("0.46")),
            ("S-1", "S-3"): (2, Decimal("1.84")),
            ("S-4", "S-5"): (2, Decimal("1.38")),
        },
        "azure-devops": {("10", "11"): (4, Decimal("5.4"))},
        "boston": {
            ("A1", "now"): (1, Decimal(0)),
            ("A1", "later"): (2, Decimal(0)),
            ("A2", "now"): (1, Decimal(0)),
        },
    }
    assert work == expected[name]


def test_unknown_profiles_are_named(tmp_path: Path) -> None:
    """A name that is none lists those there are; a file that is none says what is wrong."""
    with pytest.raises(InvalidInput, match="azure-devops, boston, jira"):
        load_profile("trello")
    (tmp_path / "p.yaml").write_text("name: x\ntables: []\nodd: 1\n")
    with pytest.raises(InvalidInput) as caught:
        load_profile(tmp_path / "p.yaml")
    assert {f.path for f in caught.value.findings} == {"portfolio", "tables", "odd"}


CELLS = (
    "",
    "P1",
    "1,5",
    "-1",
    "1e999",
    "=1+1",
    "x" * 300,
    "\u0661",
    "31/31/2027",
    "nan",
    "a/b",
    "é",
)


@pytest.mark.parametrize("seed", range(40))
def test_odd_cells_never_break_the_reader(seed: int, tmp_path: Path) -> None:
    """Whatever stands in the cells, there is a portfolio or an error, never an exception."""
    rng = random.Random(seed)
    name = rng.choice(profile_names())
    header, *rows = SAMPLES[name].splitlines()
    cells = [row.split(",") for row in rows]
    for _ in range(6):
        row = rng.choice(cells)
        row[rng.randrange(len(row))] = f'"{rng.choice(CELLS)}"'
    text = "\n".join([header, *(",".join(row) for row in cells)])
    found = read_tables([csv_file(tmp_path, text)], load_profile(name))
    assert found.valid == (not told(found))


@pytest.mark.parametrize(
    ("constants", "place"),
    [
        ({"projects": 7}, "profile/portfolio/projects"),
        ({"projects": [{"id": "A", "value": 1, "phases": 5}]}, "projects/A/phases"),
        ({"skills": 3}, "skills"),
        ({"pools": [3]}, "pools/0"),
    ],
)
def test_constants_of_a_wrong_type_are_told(tmp_path: Path, constants: Data, place: str) -> None:
    """What the profile's own part of the portfolio has in place of a list is an error there."""
    own = profile(projects(), portfolio={"calendar": CALENDAR, **constants}, skills=True)
    found = read_tables([csv_file(tmp_path, "Key,Name,Value\nI1,a,1\n")], own)
    assert ("wrong-type", place) in told(found)
