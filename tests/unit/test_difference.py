"""What differs between two portfolios."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.formats.difference import Change, ChangeKind, difference, shown
from pmo_scenarios import load_pack
from tests.unit.formats.books import SMALL


def data() -> dict[str, Any]:
    """Return plain data to change."""
    made = copy.deepcopy(SMALL)
    made["links"] = [{"source": "P1/build", "target": "P2/run"}]
    made["rules"] = [{"type": "count", "where": {"category": "it"}, "max": 1}]
    return made


def found(change: Any) -> tuple[Change, ...]:
    """Return the differences that a change of the data makes."""
    new = data()
    change(new)
    return difference(Portfolio.parse(data()), Portfolio.parse(new))


def brief(changes: tuple[Change, ...]) -> list[tuple[object, ...]]:
    """Return the parts of changes that are compared."""
    return [(str(c.kind), c.section, c.id, c.field, c.before, c.after) for c in changes]


def test_equal_portfolios_do_not_differ() -> None:
    """Whatever they hold."""
    for name in ("boston", "digital"):
        pack = load_pack(name)
        assert difference(pack, Portfolio.parse(pack.to_data())) == ()


def test_order_of_rows_does_not_count() -> None:
    """Projects, people, tags and links are sets."""

    def turn(new: dict[str, Any]) -> None:
        for name in ("projects", "people", "skills"):
            new[name].reverse()

    assert found(turn) == ()


def test_numbers_are_compared_exactly() -> None:
    """One tenth is 0.1 and 0.10, and a digit far behind the point is a difference."""
    assert found(lambda new: new["people"][1]["skills"].update(ops=Decimal("0.50"))) == ()
    (change,) = found(lambda new: new["projects"][0].update(value=Decimal("5.000000000000001")))
    assert Decimal(str(change.after)) == Decimal("5.000000000000001")


CHANGES: dict[str, tuple[Any, list[tuple[object, ...]]]] = {
    "a field of a project": (
        lambda new: new["projects"][0].update(value=7),
        [("changed", "projects", "P1", "value", 5, 7)],
    ),
    "a field far within": (
        lambda new: new["projects"][0]["phases"][0].update(duration=4),
        [("changed", "projects", "P1", "phases/build/modes/normal/duration", 3, 4)],
    ),
    "a label": (
        lambda new: new["projects"][0].update(tags=["a", "b"]),
        [("changed", "projects", "P1", "tags", [], ["a", "b"])],
    ),
    "an amount": (
        lambda new: new["funds"][0]["amounts"]["years"].update({"2028": 9}),
        [("changed", "funds", "capex", "amounts/years/2028", None, 9)],
    ),
    "a skill of a person": (
        lambda new: new["people"][0]["skills"].update(ops=1),
        [("changed", "people", "ann", "skills/ops", None, 1)],
    ),
    "the calendar": (
        lambda new: new["calendar"].update(periods=18),
        [("changed", "portfolio", "", "calendar/periods", 12, 18)],
    ),
    "the name": (
        lambda new: new.update(name="Other"),
        [("changed", "portfolio", "", "name", "Small", "Other")],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_named(name: str) -> None:
    """By object and field, from what to what, and nothing else is."""
    change, expected = CHANGES[name]
    assert brief(found(change)) == expected


def test_what_comes_and_goes() -> None:
    """It is one change with the whole object, and removal comes first."""

    def swap(new: dict[str, Any]) -> None:
        new["projects"][1] |= {"id": "P3", "name": "Third"}
        new["links"] = []

    changes = found(swap)
    assert [(str(c.kind), c.section, c.id, c.name) for c in changes] == [
        ("removed", "projects", "P2", ""),
        ("added", "projects", "P3", "Third"),
        ("removed", "links", changes[2].id, ""),
    ]
    assert changes[1].after["value"] == 3
    assert changes[0].after is changes[1].before is None


def test_order_counts_where_it_has_a_meaning() -> None:
    """Phases follow each other, and so do amounts of a profile."""

    def with_phases(new: dict[str, Any], order: list[str]) -> None:
        new["projects"][1]["phases"] = [{"id": id, "duration": 2} for id in order]

    one, other = data(), data()
    with_phases(one, ["a", "b"])
    with_phases(other, ["b", "a"])
    (change,) = difference(Portfolio.parse(one), Portfolio.parse(other))
    assert (change.field, change.before, change.after) == ("phases/order", ["a", "b"], ["b", "a"])
    one["funds"][0]["amounts"] = {"periods": list(range(12))}
    other["funds"][0]["amounts"] = {"periods": list(reversed(range(12)))}
    with_phases(other, ["a", "b"])
    (change,) = difference(Portfolio.parse(one), Portfolio.parse(other))
    assert change.field == "amounts/periods"


def test_entries_without_an_id_are_a_set() -> None:
    """An absence that is replaced goes and comes; those that stay are not named."""

    def absences(*shares: float) -> dict[str, Any]:
        new = data()
        new["people"][0]["absences"] = [
            {"first": f"2027-0{n + 1}-01", "last": f"2027-0{n + 1}-09", "share": share}
            for n, share in enumerate(shares)
        ]
        return new

    old, new = Portfolio.parse(absences(1, 0.5)), Portfolio.parse(absences(1, 0.25))
    changes = difference(old, new)
    assert [c.field for c in changes] == ["absences", "absences"]
    assert (changes[0].before["share"], changes[0].after) == (0.5, None)
    assert (changes[1].before, changes[1].after["share"]) == (None, 0.25)


def test_yes_is_not_one() -> None:
    """Free attributes of different types differ."""

    def attribute(value: object) -> Portfolio:
        new = data()
        new["projects"][0]["attributes"] = {"green": value}
        return Portfolio.parse(new)

    (change,) = difference(attribute(True), attribute(1))
    assert (change.before, change.after) == (True, 1)


def test_no_change_is_missed() -> None:
    """Portfolios differ if and only if their digests do, over all packs and a cut of each."""
    for name in ("boston", "digital"):
        pack = load_pack(name)
        plain = pack.to_data()
        for field in sorted(plain):
            if field in {"calendar", "schema_version"} or not isinstance(plain[field], list):
                continue
            other = pack.model_copy(update={field: getattr(pack, field)[1:]})
            assert difference(pack, other), field
            assert difference(other, pack), field
            assert {c.kind for c in difference(other, pack)} <= {
                ChangeKind.ADDED,
                ChangeKind.CHANGED,
            }


def test_values_are_texts_for_people() -> None:
    """What says nothing is left out."""
    assert shown(None) == ""
    assert shown(True) == "yes"
    assert shown([1, "a", {"b": 2, "c": None, "d": []}]) == "1, a, (b: 2)"
    assert shown({"years": {"2027": 5}, "total": 0}) == "years: (2027: 5), total: 0"
