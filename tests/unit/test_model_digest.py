"""The digest of a portfolio: the same for the same content, however it is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.model import Portfolio
from tests.brute.random_portfolio import larger_portfolio
from tests.unit.checks_full import FULL
from tests.unit.problem_cases import Data, portfolio, project

HAVE_AN_ORDER = {"phases", "modes", "profile", "periods", "terms"}


def mirrored(value: Any, name: str = "") -> Any:
    """Return plain data with every list backwards whose order has no meaning."""
    if isinstance(value, dict):
        return {key: mirrored(value[key], key) for key in reversed(value)}
    if isinstance(value, list):
        items = [mirrored(item) for item in value]
        return items if name in HAVE_AN_ORDER else items[::-1]
    return value


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    """All rows and fields backwards give the same digest."""
    subject = larger_portfolio(seed)
    backwards = Portfolio.parse(mirrored(subject.to_data()))
    assert backwards.projects != subject.projects
    assert backwards.digest() == subject.digest()


def in_order(value: Any, name: str = "") -> Any:
    """Return content with every list that is a set in the order of its entries' hashes."""
    if isinstance(value, dict):
        return {key: in_order(item, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [in_order(item) for item in value]
        return items if name in HAVE_AN_ORDER else sorted(items, key=sha)
    return value


def sha(value: Any) -> str:
    """Return the hash of content as compact JSON with sorted keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("seed", range(5))
def test_the_digest_is_the_hash_of_canonical_json(seed: int) -> None:
    """Anybody can compute it: lists that are sets by hash, keys by name, no blanks."""
    subject = larger_portfolio(seed).model_copy(
        update={"name": 'A "quoted"\n Größe', "baseline": ()}
    )
    content = subject.model_dump(mode="json", by_alias=True)
    assert subject.digest() == sha(in_order(content))


def test_made_ids_are_part_of_the_content() -> None:
    """A file without ids and the same file with them mirrored have one digest."""
    assert Portfolio.parse(mirrored(FULL)).digest() == Portfolio.parse(FULL).digest()


def test_the_rows_of_a_baseline_are_a_set() -> None:
    """Phases of a baseline name their places themselves: their order has no meaning."""
    rows = [{"phase": "f1", "start": 0}, {"phase": "f2", "start": 1}]
    projects = [project("A", 1, 1)]
    first = portfolio(projects=projects, baseline=[{"project": "A", "phases": rows}])
    second = portfolio(projects=projects, baseline=[{"project": "A", "phases": rows[::-1]}])
    assert first.digest() == second.digest()


def fund(amount: Any) -> str:
    """Return the digest of a portfolio with one fund."""
    return portfolio(funds=[{"id": "F", "amounts": {"total": amount}}]).digest()


SPELLINGS = [
    (0.1, "0.1", "0.10", "1e-1", ".1", Decimal("0.100")),
    (100, 100.0, "100", "1E+2", "1.00e2", Decimal("1e2"), "+100"),
    (0, 0.0, "0", "-0", "0.000", "0e5"),
    ("9007199254740993", "9007199254740993.0", 9007199254740993),  # 2^53 + 1: no float
    ("1234567890.123456789", "1234567890.1234567890"),  # more digits than a float has
    ("0.123456789012345", "0.1234567890123450"),
]


@pytest.mark.parametrize("spellings", SPELLINGS)
def test_the_spelling_of_a_number_does_not_matter(spellings: tuple[Any, ...]) -> None:
    """The same number as float, text, with zeros or with an exponent has one digest."""
    assert len({fund(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [(0.1, 0.2), ("0.1", "0.100000000000001"), ("9007199254740993", "9007199254740992")],
)
def test_other_numbers_have_another_digest(left: Any, right: Any) -> None:
    """Numbers that differ in the last digit only, floats or not, are told apart."""
    assert fund(left) != fund(right)


def renamed(data: Data) -> None:
    """Change the name of a project."""
    data["projects"][0]["name"] = "other"


def swapped(data: Data) -> None:
    """Change the order of two phases."""
    data["projects"][0]["phases"].reverse()


def lengthened(data: Data) -> None:
    """Change a duration."""
    data["projects"][0]["phases"][0]["duration"] = 2


def postponed(data: Data) -> None:
    """Change the calendar."""
    data["calendar"] = {"start": "2027-02-01", "periods": 6}


def weighed(data: Data) -> None:
    """Change the order of terms."""
    data["objective"]["terms"].reverse()


@pytest.mark.parametrize("change", [renamed, swapped, lengthened, postponed, weighed])
def test_any_change_of_content_changes_the_digest(change: Callable[[Data], None]) -> None:
    """What may change a plan, or how people read it, changes the digest."""
    data: Data = {
        "calendar": {"start": "2027-01-01", "periods": 6},
        "projects": [project("A", 1, 3)],
        "objective": {"terms": [{"term": "value"}, {"term": "cost"}]},
    }
    before = Portfolio.parse(data).digest()
    change(data)
    assert Portfolio.parse(data).digest() != before


def test_defaults_may_be_written_or_left_out() -> None:
    """Saying what is the default changes nothing."""
    short = portfolio(projects=[{"id": "A"}])
    long = portfolio(
        schema_version="1",
        projects=[{"id": "A", "probability": 1, "state": "proposed", "tags": [], "phases": []}],
    )
    assert short.digest() == long.digest()


def test_every_form_of_file_has_one_digest(tmp_path: Path) -> None:
    """YAML, JSON with floats, and data in memory are the same portfolio."""
    subject = Portfolio.parse(FULL)
    subject.save(tmp_path / "p.yaml")
    (tmp_path / "p.json").write_text(json.dumps(FULL), encoding="utf-8")
    digests = {Portfolio.load(tmp_path / name).digest() for name in ("p.yaml", "p.json")}
    assert digests == {subject.digest()}
