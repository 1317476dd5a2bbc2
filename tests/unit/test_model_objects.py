"""Small meanings of the vocabulary: windows, pins, chains, filters, funds, frozen objects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from pmo_optimizer.model import (
    Filter,
    Fund,
    InvalidInput,
    LinkType,
    Objective,
    Portfolio,
    Project,
    TermName,
)
from pmo_optimizer.model.base import plain_number, same_scalar
from tests.unit.checks_full import FULL
from tests.unit.problem_cases import Data, portfolio, project

CALENDAR = portfolio().calendar
"""Six months from January 2027."""


def made(**parts: Any) -> Project:
    """Return a project with two phases of 1 and 2 months."""
    return Project.model_validate(project("P", 1, 2, **parts))


@pytest.mark.parametrize(
    ("parts", "first", "last", "end"),
    [
        ({}, 0, 6, 6),
        ({"earliest_start": 2, "latest_start": 3, "latest_finish": 5}, 2, 3, 5),
        ({"earliest_start": "2027-02-02"}, 2, 6, 6),  # rounds up
        ({"latest_start": "2027-02-28"}, 0, 1, 6),  # rounds down
        ({"latest_finish": "2027-02-28"}, 0, 6, 2),  # a last day of work
        ({"latest_finish": "2027-02-27"}, 0, 6, 1),
        ({"earliest_start": -3, "latest_finish": 20}, 0, 6, 6),  # the grid is the limit
        ({"due": 4}, 0, 6, 4),  # a due date without a price is hard
        ({"due": 4, "late_price": 0}, 0, 6, 6),  # with one it is not
        ({"due": 4, "latest_finish": 3}, 0, 6, 3),
    ],
)
def test_the_window_of_a_project(parts: Data, first: int, last: int, end: int) -> None:
    """Earliest start rounds up, latest start and finish down; a hard due date ends the window."""
    subject = made(**parts)
    assert subject.first_start(CALENDAR) == first
    assert subject.last_start(CALENDAR) == last
    assert subject.last_finish(CALENDAR) == end


def test_due_periods_are_ends() -> None:
    """Work due on 31 March must end at index 3; without a due date there is none."""
    assert made(due="2027-03-31").due_period(CALENDAR) == 3
    assert made(due="2027-03-30").due_period(CALENDAR) == 2
    assert made().due_period(CALENDAR) is None


def pins(subject: Project) -> list[int | None]:
    """Return the pinned start of every phase."""
    return [subject.pinned_start(phase, CALENDAR) for phase in subject.phases]


def pinned(**pin: Any) -> list[Data]:
    """Return two phases of which the first has a pin."""
    return [{"duration": 1, "pin": pin}, {"duration": 1}]


def test_running_projects_go_on_in_period_zero() -> None:
    """The first listed phase of a running project is pinned at 0 unless it says otherwise."""
    assert pins(made()) == [None, None]
    assert pins(made(state="running")) == [0, None]
    assert pins(made(state="running", phases=pinned(start="2027-03-09"))) == [2, None]
    assert pins(made(state="running", phases=pinned(mode="normal"))) == [0, None]
    assert pins(made(phases=pinned(start=4))) == [4, None]


@pytest.mark.parametrize(
    ("links", "starts"),
    [
        ([{"from": "f2", "to": "f1"}], [None, 0]),  # listed first, done last
        ([{"from": "f2", "to": "f1", "type": "SS"}], [None, 0]),
        ([{"from": "f1", "to": "f2"}], [0, None]),
        ([{"from": "f2", "to": "f1", "type": "FF"}], [0, None]),  # only its end waits
        ([{"from": "f2", "to": "f1", "min_lag": None, "max_lag": 3}], [0, None]),
        ([{"from": "f2", "to": "f1"}, {"from": "f1", "to": "f2"}], [0, None]),  # a circle
    ],
)
def test_running_projects_go_on_with_a_phase_that_waits_for_no_other(
    links: list[Data], starts: list[int | None]
) -> None:
    """By a project's own links, the first phase need not be the one that is listed first."""
    assert pins(made(state="running", links=links)) == starts
    assert pins(made(links=links)) == [None, None]


def test_a_pin_leaves_one_mode() -> None:
    """A pinned mode is the only one allowed; without a pin all are."""
    modes = [{"id": "slow", "duration": 2}, {"id": "fast", "duration": 1}]
    phases = [{"modes": modes}, {"modes": modes, "pin": {"mode": "fast"}}]
    subject = made(phases=phases)
    allowed = [[m.id for m in subject.allowed_modes(phase)] for phase in subject.phases]
    assert allowed == [["slow", "fast"], ["fast"]]


@pytest.mark.parametrize(
    ("parts", "chain", "max_lag"),
    [({}, True, 0), ({"max_gap": 2}, False, 2), ({"max_gap": None}, False, None)],
)
def test_phases_without_links_run_in_order(parts: Data, chain: bool, max_lag: int | None) -> None:
    """Each phase follows the one before, with at most ``max_gap`` idle periods between."""
    subject = made(**parts)
    (link,) = subject.inner_links()
    assert (link.source, link.target, link.type) == ("f1", "f2", LinkType.FS)
    assert (link.min_lag, link.max_lag) == (0, max_lag)
    assert subject.is_chain is chain


def test_links_of_its_own_replace_the_chain() -> None:
    """A project with links has those and no others."""
    subject = made(links=[{"from": "f2", "to": "f1", "type": "SS", "min_lag": 1}])
    assert [(x.source, x.target, x.type) for x in subject.inner_links()] == [
        ("f2", "f1", LinkType.SS)
    ]
    assert not subject.is_chain


def test_phases_and_modes_are_found_by_id() -> None:
    """An id that is not there is a KeyError."""
    subject = made()
    assert subject.phase("f2").mode("normal").duration == 2
    with pytest.raises(KeyError, match="f3"):
        subject.phase("f3")
    with pytest.raises(KeyError, match="fast"):
        subject.phase("f1").mode("fast")


MATCHES = [
    ({}, True),
    ({"category": "it"}, True),
    ({"category": ["law", "it"]}, True),
    ({"category": "law"}, False),
    ({"tag": "a"}, True),
    ({"tag": ["z", "b"]}, True),
    ({"tag": "z"}, False),
    ({"attribute": {"risk": 3}}, True),
    ({"attribute": {"risk": 3.0}}, True),
    ({"attribute": {"risk": "3"}}, False),  # a text is not a number
    ({"attribute": {"big": True}}, True),
    ({"attribute": {"big": 1}}, False),  # yes is not 1
    ({"attribute": {"other": 1}}, False),
    ({"category": "it", "tag": "a", "attribute": {"risk": 3, "big": True}}, True),
    ({"category": "it", "tag": "z"}, False),  # every condition counts
]


@pytest.mark.parametrize(("where", "wanted"), MATCHES)
def test_filters_hold_every_condition(where: Data, wanted: bool) -> None:
    """All conditions that are given must hold, any entry of a list will do."""
    labels: Data = {"category": "it", "tags": ["a", "b"], "attributes": {"risk": 3, "big": True}}
    assert made(**labels).matches(Filter.model_validate(where)) is wanted


def test_scalars_keep_their_kind() -> None:
    """Yes and 1, and no and 0, are different attribute values."""
    assert same_scalar(Decimal("1.0"), Decimal(1))
    assert not same_scalar(True, Decimal(1))
    assert not same_scalar(Decimal(0), False)


@pytest.mark.parametrize(
    ("carry", "limit"), [("none", Decimal(0)), ("all", None), (25, Decimal(25)), (0, Decimal(0))]
)
def test_carry_over_is_nothing_everything_or_an_amount(carry: Any, limit: Decimal | None) -> None:
    """None stands for no limit."""
    fund = Fund.model_validate({"id": "F", "amounts": {"total": 1}, "carry_over": carry})
    assert fund.carry_limit == limit


def test_funds_pay_their_categories() -> None:
    """A fund without categories pays for everything."""
    amounts = {"total": 1}
    assert Fund.model_validate({"id": "F", "amounts": amounts}).pays("anything")
    narrow = Fund.model_validate({"id": "F", "amounts": amounts, "categories": ["it"]})
    assert narrow.pays("it")
    assert not narrow.pays("law")


def test_the_first_term_decides_the_sense() -> None:
    """Value, benefit and npv are maximised, everything else is minimised."""
    maximised = {name for name in TermName if name.maximised}
    assert maximised == {TermName.VALUE, TermName.BENEFIT, TermName.NPV}
    assert Objective().maximised
    assert not Objective.model_validate({"terms": [{"term": "cost"}, {"term": "value"}]}).maximised


def test_members_of_a_reference() -> None:
    """A choose group stands for its projects, sorted; a project for itself."""
    subject = portfolio(
        projects=[{"id": "A"}, {"id": "B"}], choose=[{"id": "G", "projects": ["B", "A"]}]
    )
    assert subject.members("G") == ("A", "B")
    assert subject.members("A") == ("A",)


def test_objects_are_frozen() -> None:
    """No part of a portfolio can be changed in place."""
    subject = Portfolio.parse(FULL)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(subject.projects[0], "name", "other")  # noqa: B010 - mypy refuses the plain form
    with pytest.raises(ValidationError, match="frozen"):
        setattr(subject.calendar, "periods", 3)  # noqa: B010


@pytest.mark.parametrize(
    ("number", "plain"),
    [
        ("0.1", 0.1),
        ("5.00", 5),
        ("1E+3", 1000),
        ("-0", 0),
        (str(2**53 - 1), 2**53 - 1),
        (str(2**53 + 1), str(2**53 + 1)),
        ("1234567890.123456789", "1234567890.123456789"),
        ("1234567890.1234567890", "1234567890.123456789"),
        ("0.000001", 0.000001),
    ],
)
def test_numbers_are_written_exactly(number: str, plain: float | str) -> None:
    """An int or a float where it says the same, else the digits as text, zeros left out."""
    written = plain_number(Decimal(number))
    assert (type(written), written) == (type(plain), plain)


@pytest.mark.parametrize("number", [Decimal("2.5"), Decimal("2.5e-42"), 0.5])
def test_a_fraction_is_no_period_and_no_date(number: Decimal | float) -> None:
    """A fraction is refused, and not read as seconds since 1970."""
    with pytest.raises(ValidationError, match="a whole number of a period"):
        made(earliest_start=number)


def test_unknown_fields_are_errors() -> None:
    """A typo anywhere is a finding with its path, and all of them come at once."""
    with pytest.raises(InvalidInput) as caught:
        portfolio(
            projcts=[],
            projects=[{"id": "A", "phases": [{"duration": 1, "mod": 2}]}, {"id": "B", "vlaue": 1}],
        )
    found = {(finding.rule, finding.path) for finding in caught.value.findings}
    assert found == {
        ("unknown-field", "projcts"),
        ("unknown-field", "projects/A/phases/0/mod"),
        ("unknown-field", "projects/B/vlaue"),
    }
