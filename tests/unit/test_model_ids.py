"""Ids that are made where a file leaves them out."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from pmo_optimizer.model import InvalidInput, Mode, Portfolio, Project
from tests.unit.problem_cases import Data, portfolio, project

TWO = [project("A", 1), project("B", 1)]

MADE = [
    ("links", {"from": "A", "to": "B"}, "FS:A>B"),
    ("links", {"from": "A/f1", "to": "B", "type": "SS"}, "SS:A/f1>B"),
    ("requires", {"project": "A", "needs": ["C", "B"]}, "requires:A>B+C"),
    ("excludes", {"projects": ["B", "A"]}, "excludes:A+B"),
    ("all_or_none", {"projects": ["B", "A"]}, "all-or-none:A+B"),
    ("synergies", {"projects": ["B", "A"], "value": 1}, "synergy:A+B"),
]


@pytest.mark.parametrize(("field", "row", "made"), MADE)
def test_relations_are_named_by_what_they_say(field: str, row: Data, made: str) -> None:
    """An id that is left out says what the relation binds."""
    (item,) = getattr(portfolio(projects=TWO, **{field: [row]}), field)
    assert item.id == made


@pytest.mark.parametrize(("field", "row", "made"), MADE)
def test_given_ids_stay(field: str, row: Data, made: str) -> None:
    """An id in the file is kept, and a made one steps aside for it."""
    rows = [row, {**row, "id": made}, {**row, "id": "mine"}]
    found = getattr(portfolio(projects=TWO, **{field: rows}), field)
    assert [item.id for item in found] == [f"{made}-2", made, "mine"]


def test_equal_rows_are_numbered() -> None:
    """Rows that would get one id are numbered from 2 on, and no number is given twice."""
    link = {"from": "A", "to": "B"}
    taken = {"id": "FS:A>B-2", "from": "B", "to": "A"}
    found = portfolio(projects=TWO, links=[link, taken, link, link]).links
    assert [item.id for item in found] == ["FS:A>B", "FS:A>B-2", "FS:A>B-3", "FS:A>B-4"]


def named(field: str, rows: tuple[Data, ...]) -> dict[str, Data]:
    """Return the content of every row by its made id."""
    found = getattr(portfolio(projects=TWO, **{field: list(rows)}), field)
    return {item.id: item.model_dump(exclude={"id"}) for item in found}


@pytest.mark.parametrize(
    ("field", "rows"),
    [
        ("links", [{"from": "A", "to": "B", "min_lag": lag} for lag in (2, 0, 1)]),
        (
            "excludes",
            [{"projects": ["A", "B"]}, {"projects": ["B", "A"]}, {"projects": ["A", "C"]}],
        ),
        ("caps", [{"amounts": {"total": n}} for n in (3, 1, 2)]),
        ("rules", [{"type": "count", "max": n} for n in (3, 1, 2)]),
        ("rules", [{"type": "count", "max": 1, "name": name} for name in ("x", "y", "z")]),
    ],
)
def test_made_ids_do_not_depend_on_the_order_of_rows(field: str, rows: list[Data]) -> None:
    """Whatever the order in the file, the same content gets the same id."""
    expected = named(field, tuple(rows))
    assert len(expected) == 3
    for order in permutations(rows):
        assert named(field, order) == expected


LABELS = {"tag": ["x", "y"], "category": ["m", "n"]}
MIRRORED = {"tag": ["y", "x"], "category": ["n", "m"]}


@pytest.mark.parametrize(
    ("field", "left", "right"),
    [
        (
            "rules",
            {"type": "count", "where": LABELS, "max": 1},
            {"type": "count", "where": MIRRORED, "max": 1},
        ),
        (
            "caps",
            {"where": LABELS, "cost_categories": ["c", "d"], "amounts": {"total": 1}},
            {"where": MIRRORED, "cost_categories": ["d", "c"], "amounts": {"total": 1}},
        ),
        (
            "rules",
            {"type": "count", "where": {"attribute": {"a": 1, "b": 2}}, "max": 1},
            {"type": "count", "where": {"attribute": {"b": 2.0, "a": 1}}, "max": 1},
        ),
    ],
)
def test_made_ids_do_not_depend_on_the_order_of_labels(field: str, left: Data, right: Data) -> None:
    """Lists of which any may match are sets: their order changes neither id nor digest."""
    first = portfolio(**{field: [left]})
    second = portfolio(**{field: [right]})
    assert [x.id for x in getattr(first, field)] == [x.id for x in getattr(second, field)]
    assert first.digest() == second.digest()


def test_rules_are_named_by_type_and_content() -> None:
    """Name and price-free spelling aside, another content gives another id."""
    rows: list[Data] = [
        {"type": "count", "max": 1},
        {"type": "count", "max": 2},
        {"type": "starts", "max": 1},
    ]
    ids = [rule.id for rule in portfolio(rules=rows).rules]
    assert [name.rpartition("-")[0] for name in ids] == ["count", "count", "starts"]
    assert len(set(ids)) == 3
    (renamed,) = portfolio(rules=[{"type": "count", "max": 1, "name": "few"}]).rules
    assert renamed.id == ids[0]


def test_phases_and_modes_are_numbered_by_position() -> None:
    """Phases are phase-1, phase-2; a single mode is normal, several are mode-1, mode-2."""
    modes = [{"duration": 1}, {"id": "fast", "duration": 1}, {"duration": 2}]
    made = Project.model_validate(
        {"id": "P", "phases": [{"duration": 1}, {"modes": modes}, {"modes": [{"duration": 3}]}]}
    )
    assert [phase.id for phase in made.phases] == ["phase-1", "phase-2", "phase-3"]
    assert [[mode.id for mode in phase.modes] for phase in made.phases] == [
        ["normal"],
        ["mode-1", "fast", "mode-3"],
        ["normal"],
    ]


def test_needs_and_cost_lines_are_named_by_skill_and_category() -> None:
    """The second need of a skill, in the order of content, is numbered."""
    rows = [{"skill": "dev", "fte": 2}, {"skill": "dev", "fte": 1}, {"skill": "law", "fte": 1}]
    for order in permutations(rows):
        mode = Mode.model_validate(
            {"duration": 1, "needs": order, "costs": [{"lump": 1}, {"category": "it", "lump": 2}]}
        )
        assert {need.id: need.fte for need in mode.needs} == {"dev": 1, "dev-2": 2, "law": 1}
        assert [line.id for line in mode.costs] == ["cost", "it"]


def test_links_of_a_project_are_named_like_others() -> None:
    """Inner links get ids of the same form."""
    made = Project.model_validate(project("P", 1, 1, links=[{"from": "f1", "to": "f2"}]))
    assert [link.id for link in made.links] == ["FS:f1>f2"]


def test_numbers_may_be_ids() -> None:
    """A bare number in a file is read as text."""
    made = portfolio(projects=[{"id": 7}, {"id": 8}], excludes=[{"projects": [7, 8]}])
    assert [p.id for p in made.projects] == ["7", "8"]
    assert made.excludes[0].id == "excludes:7+8"


@pytest.mark.parametrize("name", ["", "a/b", " a", "a\nb", "x" * 121, True, 1.5, None, "a,b"])
def test_odd_ids_are_refused(name: Any) -> None:
    """An id has no slash, which separates paths, no leading blank and no line break."""
    with pytest.raises(InvalidInput):
        portfolio(projects=[{"id": name}])


@pytest.mark.parametrize("name", ["P1", "Umbau Süd", "a.b:c+d@e#f>g-h_i", "部"])
def test_plain_ids_are_accepted(name: str) -> None:
    """Letters of any language, digits, blanks and a few signs make an id."""
    assert portfolio(projects=[{"id": name}]).projects[0].id == name


def test_made_ids_survive_writing_and_reading() -> None:
    """A saved portfolio names its parts, so that later changes do not rename them."""
    made = portfolio(
        projects=TWO,
        links=[{"from": "A", "to": "B"}, {"from": "A", "to": "B", "min_lag": 1}],
        rules=[{"type": "count", "max": 1}],
        caps=[{"amounts": {"total": 1}}],
    )
    again = Portfolio.parse(made.to_data())
    assert again == made
    assert [link["id"] for link in made.to_data()["links"]] == ["FS:A>B", "FS:A>B-2"]
