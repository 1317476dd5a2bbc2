"""Foreign tables by a profile: nothing is guessed, everything wrong or left out is told."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pmo_optimizer.formats.mapping import Profile, read_tables
from pmo_optimizer.formats.mapping.profile import Numbers
from pmo_optimizer.formats.mapping.values import CellError, parse_number
from pmo_optimizer.model import validated
from tests.unit.formats.mapping_cases import (
    CALENDAR,
    Data,
    csv_file,
    good,
    profile,
    projects,
    told,
)


def test_columns_become_fields(tmp_path: Path) -> None:
    """Texts, numbers, days, lists, flags, value maps, constants and nested fields are read."""
    text = (
        "Key,Name,Value,Due,Labels,Stage,Old,Area\n"
        "P1,Shop,12.5,2027-06-30,web; b2b,On hold,yes,North\n"
        "P2,App,7,,,Go,no,\n"
    )
    record = projects(
        **{
            "due": {"column": "Due", "type": "date"},
            "tags": {"column": "Labels", "type": "list", "split": ";"},
            "decision": {"column": "Stage", "map": {"Go": "must", "On hold": "never"}},
            "stoppable": {"column": "Old", "type": "boolean"},
            "attributes.area": {"column": "Area", "default": "none"},
            "late_price": {"constant": 2},
        }
    )
    found = read_tables([csv_file(tmp_path, text)], profile(record))
    first, second = good(found).projects
    assert (first.id, first.name, first.value) == ("P1", "Shop", Decimal("12.5"))
    assert (first.due, first.tags, first.decision.value) == (
        date(2027, 6, 30),
        ("web", "b2b"),
        "never",
    )
    assert (first.stoppable, second.stoppable) == (True, False)
    assert (first.attributes, second.attributes) == ({"area": "North"}, {"area": "none"})


FLAT = (
    "Project,Phase,Skill,Hours,Note\n"
    "P1,design,law,80,x\n"
    "P1,build,dev,160,x\n"
    "P1,build,dev,40,x\n"
    "P1,build,law,10,x\n"
    "P2,build,dev,100,x\n"
)


GROUPS: tuple[Data, ...] = (
    {"into": "projects", "fields": {"id": "Project", "value": {"constant": 1}}},
    {
        "into": "phases",
        "project": "Project",
        "fields": {"id": "Phase", "duration": {"constant": 2}},
    },
    {
        "into": "needs",
        "project": "Project",
        "phase": "Phase",
        "fields": {
            "skill": "Skill",
            "effort": {"column": "Hours", "type": "number", "unit": "hours"},
        },
        "sum": ["effort"],
    },
)


POOLS = [{"id": "d", "skill": "dev", "fte": 9}, {"id": "l", "skill": "law", "fte": 9}]


def test_rows_are_grouped_and_hours_become_fte_periods(tmp_path: Path) -> None:
    """Rows of one project, phase and skill are one need; its hours are over a mean month."""
    constants = {"calendar": CALENDAR, "pools": POOLS}
    found = read_tables([csv_file(tmp_path, FLAT)], profile(*GROUPS, portfolio=constants))
    back = good(found)
    needs = {
        (p.id, f.id, n.skill): n.effort
        for p in back.projects
        for f in p.phases
        for n in f.modes[0].needs
    }
    # A mean month has 30.436875 x 5 / 7 working days of 8 hours: 173.92.
    assert needs == {
        ("P1", "design", "law"): Decimal("0.46"),
        ("P1", "build", "dev"): Decimal("1.15"),
        ("P1", "build", "law"): Decimal("0.06"),
        ("P2", "build", "dev"): Decimal("0.57"),
    }
    assert {skill.id for skill in back.skills} == {"dev", "law"}
    assert [(f.rule, f.message) for f in found.findings] == [
        ("mapping-columns-unread", "Columns that are not read: Note.")
    ]


def test_rows_of_one_object_must_agree(tmp_path: Path) -> None:
    """The same project with two names is an error that names both rows."""
    text = "Key,Name,Value\nP1,Shop,1\nP1,Shop,1\nP1,Store,1\n"
    found = read_tables([csv_file(tmp_path, text)], profile(projects()))
    assert told(found) == {("mapping-conflict", "in.csv row 4")}
    assert "in.csv row 2" in found.findings[0].message


@pytest.mark.parametrize(
    ("unit", "number", "periods"),
    [
        ("days", "21.75", 2),
        ("days", "21.7", 1),
        ("weeks", "5", 2),
        ("hours", "174", 2),
        ("minutes", "10000", 1),
        ("seconds", "3600", 1),
        ("calendar_days", "30", 1),
        ("calendar_days", "31", 2),
    ],
)
def test_durations_are_rounded_up(unit: str, number: str, periods: int, tmp_path: Path) -> None:
    """A duration in any unit becomes whole periods of a mean month, rounded up."""
    phases = {
        "into": "phases",
        "project": "Key",
        "fields": {
            "id": {"constant": "work"},
            "duration": {"column": "T", "type": "number", "unit": unit},
        },
    }
    text = f"Key,Name,Value,T\nP1,Shop,1,{number}\n"
    constants = {"calendar": {"start": "2027-01-01", "periods": 12}}
    found = read_tables(
        [csv_file(tmp_path, text)], profile(projects(), phases, portfolio=constants)
    )
    assert good(found).projects[0].phases[0].modes[0].duration == periods


@pytest.mark.parametrize(
    ("unit", "times", "value"),
    [("thousands", 1, 12500), ("millions", 1, 12_500_000), ("percent", 1, 0.125), (None, 4, 50)],
)
def test_numbers_are_scaled(unit: str | None, times: int, value: float, tmp_path: Path) -> None:
    """Thousands, millions, percent and factors."""
    source = {"column": "Value", "type": "number", "unit": unit, "times": times}
    text = "Key,Name,Value\nP1,Shop,12.5\n"
    found = read_tables([csv_file(tmp_path, text)], profile(projects(value=source)))
    assert good(found).projects[0].value == Decimal(str(value))


@pytest.mark.parametrize(
    ("text", "notation", "number"),
    [
        ("1234", None, "1234"),
        ("-3.5", None, "-3.5"),
        ("1234.567", None, "1234.567"),
        ("1.234", (".", ""), "1.234"),
        ("1.234", (",", "."), "1234"),
        ("1.234.567,89", (",", "."), "1234567.89"),
        ("1,234.5", (".", ","), "1234.5"),
        ("1 234,5", (",", " "), "1234.5"),
        ("1'234.5", (".", "'"), "1234.5"),
    ],
)
def test_numbers_are_read_in_their_notation(
    text: str, notation: tuple[str, str] | None, number: str
) -> None:
    """Decimals and groups as the profile says; without it only what has one meaning."""
    numbers = None if notation is None else Numbers(decimal=notation[0], thousands=notation[1])
    assert parse_number(text, numbers) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "notation", "rule"),
    [
        ("1,234", None, "mapping-ambiguous"),
        ("1.234", None, "mapping-ambiguous"),
        ("1.234,5", None, "mapping-ambiguous"),
        ("1 234", None, "mapping-ambiguous"),
        ("12,34.5", (".", ","), "mapping-number"),
        ("1.5", (",", "."), "mapping-number"),
        ("1,5", (".", ""), "mapping-number"),
        ("12 EUR", (".", ""), "mapping-number"),
        ("1e5", None, "mapping-number"),
        ("=1+1", None, "mapping-number"),
        ("\u0661", (".", ""), "mapping-number"),
    ],
)
def test_numbers_in_another_notation_are_refused(
    text: str, notation: tuple[str, str] | None, rule: str
) -> None:
    """What could be two numbers, or is none in the notation, is an error."""
    numbers = None if notation is None else Numbers(decimal=notation[0], thousands=notation[1])
    with pytest.raises(CellError) as caught:
        parse_number(text, numbers)
    assert caught.value.rule == rule


def test_days_that_two_formats_read_differently_are_refused(tmp_path: Path) -> None:
    """3/4/2027 is March or April where both formats are given; 13/4/2027 is one day."""
    source = {"column": "Due", "type": "date", "dates": ["%d/%m/%Y", "%m/%d/%Y"]}
    text = "Key,Name,Value,Due\nP1,a,1,3/4/2027\nP2,b,1,13/4/2027\nP3,c,1,4/4/2027\nP4,d,1,soon\n"
    found = read_tables([csv_file(tmp_path, text)], profile(projects(due=source)))
    assert told(found) == {
        ("mapping-ambiguous", "in.csv row 2 column Due"),
        ("mapping-date", "in.csv row 5 column Due"),
    }


def test_all_findings_come_out_at_once(tmp_path: Path) -> None:
    """Each wrong cell is named by file, row and column, with those about the content beside."""
    text = (
        "Key,Name,Value,Stage,Old\n"
        "P1,a,one,Go,yes\n"
        ",b,1,Go,yes\n"
        "P3,c,1,Maybe,perhaps\n"
        'P4,d,"1,5",Go,no\n'
        "P5,e,-3,Go,no\n"
        "P6,f,1,Go,no\n"
    )
    record = projects(
        id={"column": "Key", "required": True},
        decision={"column": "Stage", "map": {"Go": "must"}},
        stoppable={"column": "Old", "type": "boolean"},
        probability={"constant": 7},
    )
    found = read_tables([csv_file(tmp_path, text)], profile(record))
    assert found.portfolio is None
    assert told(found) == {
        ("mapping-number", "in.csv row 2 column Value"),
        ("mapping-empty", "in.csv row 3 column Key"),
        ("mapping-value", "in.csv row 4 column Stage"),
        ("mapping-value", "in.csv row 4 column Old"),
        ("mapping-ambiguous", "in.csv row 5 column Value"),
        ("not-a-share", "projects/P5/probability (in.csv row 6)"),
        ("not-a-share", "projects/P6/probability (in.csv row 7)"),
    } | {x for x in told(found) if x[0] == "negative-number"}
    assert all(finding.fix for finding in found.findings)


def test_links_are_read_in_both_directions_of_the_tree(tmp_path: Path) -> None:
    """Links of phases of one project are its own, others join projects; lists make many."""
    text = (
        "Key,Parent,Kind,Blocked by,Blocked by\n"
        "A,,epic,,\nB,,epic,A,\na1,A,story,,\na2,A,story,a1,\nb1,B,story,a2,x9\n"
    )
    records: list[Data] = [
        {
            "into": "projects",
            "when": [{"column": "Kind", "any_of": ["epic"]}],
            "fields": {"id": "Key", "value": {"constant": 1}},
        },
        {
            "into": "phases",
            "when": [{"column": "Kind", "none_of": ["epic"]}],
            "project": "Parent",
            "fields": {"id": "Key", "duration": {"constant": 1}},
        },
        {
            "into": "links",
            "fields": {"from": {"column": "Blocked by", "type": "list"}, "to": "Key"},
        },
    ]
    found = read_tables([csv_file(tmp_path, text)], profile(*records))
    back = good(found)
    assert [(x.source, x.target) for x in back.project_by_id["A"].links] == [("a1", "a2")]
    assert {(x.source, x.target) for x in back.links} == {("A", "B"), ("A/a2", "B/b1")}
    (lost,) = [f for f in found.findings if f.rule == "mapping-link"]
    assert (lost.path, "x9" in lost.message) == ("in.csv row 6", True)


def test_phases_without_a_project_are_errors(tmp_path: Path) -> None:
    """A reference to a row that is not there, and an empty one, are named by their row."""
    text = "Key,Name,Value,Of\nP1,a,1,P1\nP2,b,1,P9\nP3,c,1,\n"
    phases = {
        "into": "phases",
        "project": "Of",
        "fields": {"id": "Key", "duration": {"constant": 1}},
    }
    found = read_tables([csv_file(tmp_path, text)], profile(projects(), phases))
    assert told(found) == {("mapping-owner", "in.csv row 3"), ("mapping-owner", "in.csv row 4")}


def test_what_was_not_read_is_told(tmp_path: Path) -> None:
    """Rows that no record takes and columns that none names are counted and named."""
    record = {**projects(), "when": [{"column": "Kind", "any_of": ["project"]}]}
    text = "Key,Name,Value,Kind,Cost centre\nP1,a,1,project,7\nX,b,1,idea,7\nY,c,1,,7\n"
    found = read_tables([csv_file(tmp_path, text)], profile(record))
    assert {f.rule: f.message for f in found.findings} == {
        "mapping-columns-unread": "Columns that are not read: Cost centre.",
        "mapping-rows-unread": "2 of 3 rows are not read: rows 3, 4.",
    }


def test_missing_columns_are_errors_unless_the_record_is_optional(tmp_path: Path) -> None:
    """A header in other letters is suggested; an optional record is passed over with a warning."""
    text = "key,Name,Value\nP1,a,1\n"
    found = read_tables([csv_file(tmp_path, text)], profile(projects()))
    assert told(found) == {("mapping-column", "in.csv row 1")}
    assert found.findings[0].fix == "Write 'key' in the profile."
    links = {"into": "links", "optional": True, "fields": {"from": "Before", "to": "Key"}}
    text = "Key,Name,Value\nP1,a,1\n"
    found = read_tables([csv_file(tmp_path, text)], profile(projects(), links))
    assert good(found).projects[0].id == "P1"
    assert [f.rule for f in found.findings] == ["mapping-column"]


def test_several_files_make_one_portfolio(tmp_path: Path) -> None:
    """Each file is the table whose pattern it matches; a lacking and a foreign one are errors."""
    tables = [
        {"file": "projects*.csv", "records": [projects()]},
        {
            "file": "staff*.csv",
            "delimiter": ";",
            "encoding": "cp1252",
            "header_row": 2,
            "records": [
                {
                    "into": "people",
                    "fields": {
                        "id": {"column": "Who", "slug": True},
                        "name": "Who",
                        "skills.dev": {"constant": 1},
                        "fte": {
                            "column": "Part",
                            "type": "number",
                            "unit": "percent",
                            "numbers": {"decimal": ","},
                        },
                    },
                }
            ],
        },
    ]
    both = validated(Profile, {"name": "t", "portfolio": {"calendar": CALENDAR}, "tables": tables})
    first = csv_file(tmp_path, "Key,Name,Value\nP1,a,1\n", "projects-7.csv")
    staff = csv_file(tmp_path, "Staff list;\nWho;Part\nJörg Möß;80,0\n", "staff.csv", "cp1252")
    back = good(read_tables([first, staff], both))
    assert [(p.id, p.name, p.fte) for p in back.people] == [
        ("jörg-möß", "Jörg Möß", Decimal("0.8"))
    ]
    other = csv_file(tmp_path, "x\n1\n", "other.csv")
    found = read_tables([first, other], both)
    assert told(found) == {("mapping-file", "profile/tables/1"), ("mapping-file", "other.csv")}


def test_findings_of_a_cell_are_told_once(tmp_path: Path) -> None:
    """A column that several records read is named once for each wrong cell."""
    second = {
        "into": "people",
        "fields": {"id": "Key", "fte": {"column": "Value", "type": "number"}},
    }
    text = "Key,Name,Value\nP1,a,x\n"
    found = read_tables([csv_file(tmp_path, text)], profile(projects(), second))
    places = Counter((f.rule, f.path) for f in found.findings)
    assert places["mapping-number", "in.csv row 2 column Value"] == 1
