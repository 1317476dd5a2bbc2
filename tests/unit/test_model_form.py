"""Errors of form come out in a planner's words: where, what is there, what is expected."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from pmo_optimizer.model import Finding, InvalidInput, Plan, Portfolio
from pmo_optimizer.model.form import fields_of, form_findings, meant, shown
from tests.unit.checks_full import FULL
from tests.unit.test_checks_garbage import GARBAGE, places

Data = dict[str, Any]

HEAD: Data = {"calendar": {"start": "2027-01-01", "periods": 6}}

VALUES: tuple[Any, ...] = (
    *GARBAGE,
    Decimal("1.5"),
    Decimal("NaN"),
    Decimal("1e-999999"),
    float("inf"),
    date(2027, 1, 1),
    datetime(2027, 1, 1, 3),
    "2027-02-30",
    "2027-01-01T12:00:00",
    "P x/y",
    "1e400",
    "12" * 3000,
    10**400,
    {1: 2},
    b"x",
    (1,),
    {1},
)
"""What takes the place of good values."""

KINDS = {
    "bool_parsing",
    "bool_type",
    "date_from_datetime_inexact",
    "date_from_datetime_parsing",
    "date_type",
    "decimal_parsing",
    "decimal_type",
    "dict_type",
    "enum",
    "extra_forbidden",
    "finite_number",
    "int_from_float",
    "int_parsing",
    "int_parsing_size",
    "int_type",
    "invalid_key",
    "literal_error",
    "missing",
    "model_attributes_type",
    "model_type",
    "string_pattern_mismatch",
    "string_type",
    "too_long",
    "tuple_type",
    "union_tag_invalid",
    "union_tag_not_found",
    "value_error",
}
"""Every kind of error that pydantic finds in damaged portfolios."""

FOREIGN = re.compile(
    r"input|permitted|should|valid|tuple|dict|instance of|parse|literal\[|"
    r"keys|unable|discriminator|another value|\.\.\.`?;",
    re.IGNORECASE,
)
"""Words that planners never read."""


def findings(data: Data) -> tuple[Finding, ...]:
    """Return the findings about data for a portfolio; there must be some."""
    with pytest.raises(InvalidInput) as caught:
        Portfolio.parse(data)
    return caught.value.findings


def one(**parts: Any) -> Finding:
    """Return the one finding about a portfolio with some parts."""
    (finding,) = findings(HEAD | parts)
    return finding


def project(**fields: Any) -> Data:
    """Return the part ``projects`` with one project."""
    return {"projects": [{"id": "A"} | fields]}


def mode(**fields: Any) -> Data:
    """Return the part ``projects`` with a phase that has two modes."""
    modes = [{"id": "slow", "duration": 2}, {"id": "fast", "duration": 1} | fields]
    return project(phases=[{"id": "build", "modes": modes}])


MESSAGES: dict[str, tuple[Data, tuple[str, str, str]]] = {
    "a text for a number": (
        project(value="much"),
        (
            "projects/A/value",
            "`value` of project A is the text 'much'; a number is expected.",
            "Write for instance `value: 0.5`.",
        ),
    ),
    "a text for a whole number, deep inside": (
        mode(duration="long"),
        (
            "projects/A/phases/build/modes/fast/duration",
            "`duration` of mode fast of phase build of project A is the text 'long'; a whole "
            "number is expected.",
            "Write for instance `duration: 3`.",
        ),
    ),
    "the only mode's field": (
        project(phases=[{"duration": 1.5}]),
        (
            "projects/A/phases/0/duration",
            "`duration` of phase 1 of project A is the number 1.5; a whole number is expected.",
            "Write for instance `duration: 3`.",
        ),
    ),
    "a field of the only mode's need": (
        project(phases=[{"duration": 1, "needs": [{"skill": "dev", "fte": "x"}]}]),
        (
            "projects/A/phases/0/needs/0/fte",
            "`fte` of need 1 of phase 1 of project A is the text 'x'; a number is expected.",
            "Write for instance `fte: 0.5`.",
        ),
    ),
    "a phase that does not say how long it takes": (
        project(phases=[{"id": "build", "needs": [{"skill": "dev", "fte": 1}], "costs": []}]),
        (
            "projects/A/phases/build",
            "Phase build of project A has neither `duration` nor `modes`; it must have one of "
            "them.",
            "Add for instance `duration: 3`.",
        ),
    ),
    "a phase that says nothing": (
        project(phases=[{"id": "build"}]),
        (
            "projects/A/phases/build",
            "Phase build of project A has neither `duration` nor `modes`; it must have one of "
            "them.",
            "Add for instance `duration: 3`.",
        ),
    ),
    "a phase with modes and a duration": (
        project(phases=[{"id": "build", "modes": [{"duration": 1}], "duration": 2}]),
        (
            "projects/A/phases/build/duration",
            "Phase build of project A has `modes`, and `duration` beside them.",
            "Give either: move `duration` into each of the modes, or remove `modes`.",
        ),
    ),
    "a phase with modes and needs and costs": (
        project(phases=[{"id": "build", "modes": [{"duration": 1}], "needs": [], "costs": []}]),
        (
            "projects/A/phases/build/needs",
            "Phase build of project A has `modes`, and `needs` and `costs` beside them.",
            "Give either: move `needs` and `costs` into each of the modes, or remove `modes`.",
        ),
    ),
    "yes for a number": (
        project(value=True),
        (
            "projects/A/value",
            "`value` of project A is true: a number is expected, not yes or no.",
            "Write for instance `value: 0.5`.",
        ),
    ),
    "nothing for a list": (
        {"projects": None},
        (
            "projects",
            "`projects` is empty; a list of mappings with fields such as id, name, category, tags "
            "is expected.",
            "Write for instance `projects: [{id: ...}, ...]`, or leave it out.",
        ),
    ),
    "a text for a list of texts": (
        project(tags="it"),
        (
            "projects/A/tags",
            "`tags` of project A is the text 'it'; a list of texts is expected.",
            "Write for instance `tags: [it]`.",
        ),
    ),
    "a list for a mapping": (
        project(scores=[1, 2]),
        (
            "projects/A/scores",
            "`scores` of project A is a list of 2; a mapping of names to numbers is expected.",
            "Write for instance `scores: {name: 0.5}`.",
        ),
    ),
    "a text for an object": (
        {"funds": ["cash"]},
        (
            "funds/0",
            "Fund 1 is the text 'cash'; a mapping with fields such as id, name, amounts, "
            "categories is expected.",
            "Write for instance `{id: ..., amounts: ...}`.",
        ),
    ),
    "an entry of a mapping": (
        project(scores={"growth": "good"}),
        (
            "projects/A/scores/growth",
            "Score growth of project A is the text 'good'; a number is expected.",
            "Write for instance `0.5`.",
        ),
    ),
    "a key of a mapping": (
        {"funds": [{"id": "F", "amounts": {"years": {"soon": 5}}}]},
        (
            "funds/F/amounts/years/soon",
            "A key of `years` of `amounts` of fund F is the text 'soon'; a year is expected.",
            "Write for instance `2027`.",
        ),
    ),
    "a text for a date": (
        {"calendar": {"start": "soon", "periods": 6}},
        (
            "calendar/start",
            "`start` of the calendar is the text 'soon'; a date is expected.",
            "Write for instance `start: 2027-03-31`.",
        ),
    ),
    "a time for a date": (
        {"calendar": {"start": datetime(2027, 1, 1, 3), "periods": 6}},
        (
            "calendar/start",
            "`start` of the calendar is the date 2027-01-01 03:00:00; a date without a time of "
            "day is expected.",
            "Write for instance `2027-03-31`.",
        ),
    ),
    "a text for a date or period": (
        project(due="soon"),
        (
            "projects/A/due",
            "`due` of project A is the text 'soon'; a date, or the number of a period (0 is the "
            "first) is expected.",
            "Write for instance `due: 2027-03-31`.",
        ),
    ),
    "a text for yes or no": (
        {"risk_adjusted": "perhaps"},
        (
            "risk_adjusted",
            "`risk_adjusted` is the text 'perhaps'; yes or no is expected.",
            "Write for instance `risk_adjusted: true`.",
        ),
    ),
    "a misspelt option": (
        project(state="runing"),
        (
            "projects/A/state",
            "`state` of project A is the text 'runing'; one of proposed, running, done is "
            "expected.",
            "Did you mean `running`?",
        ),
    ),
    "an option or a number": (
        {"funds": [{"id": "F", "amounts": {"total": 5}, "carry_over": "some"}]},
        (
            "funds/F/carry_over",
            "`carry_over` of fund F is the text 'some'; one of none, all or a number is expected.",
            "Write for instance `carry_over: none`.",
        ),
    ),
    "a rule of no kind": (
        {"rules": [{"max": 3}]},
        (
            "rules/0/type",
            "Rule 1 has no `type`; one of share, count, starts, average, utilization is expected.",
            "Add for instance `type: share`.",
        ),
    ),
    "a rule of an unknown kind": (
        {"rules": [{"id": "few", "type": "counts", "max": 3}]},
        (
            "rules/few/type",
            "`type` of rule few is the text 'counts'; one of share, count, starts, average, "
            "utilization is expected.",
            "Did you mean `count`?",
        ),
    ),
    "a field of a rule": (
        {"rules": [{"type": "count", "max": "few"}]},
        (
            "rules/0/max",
            "`max` of rule 1 is the text 'few'; a whole number is expected.",
            "Write for instance `max: 3`.",
        ),
    ),
    "a missing field": (
        {"hires": [{"id": "new", "skill": "dev"}]},
        (
            "hires/new/max_heads",
            "Hire new has no `max_heads`; it must have one, a whole number.",
            "Add for instance `max_heads: 3`.",
        ),
    ),
    "a misspelt field": (
        mode(cost=[]),
        (
            "projects/A/phases/build/modes/fast/cost",
            "Mode fast of phase build of project A has no field `cost`.",
            "Did you mean `costs`? Otherwise remove it.",
        ),
    ),
    "an unknown field": (
        {"calendar": HEAD["calendar"] | {"colour": "red"}},
        (
            "calendar/colour",
            "The calendar has no field `colour`.",
            "Remove it, or use one of start, periods, grain, fiscal_start_month, working_days, "
            "holidays, hours_per_day, sites.",
        ),
    ),
    "a name with a slash": (
        {"projects": [{"id": "A/B"}]},
        (
            "projects/A/B/id",
            "`id` of project A/B is the text 'A/B'; it must begin with a letter, a digit or `_` "
            "and hold only those, spaces and `. : + > @ # -`.",
            "Choose another name, here and where it is referred to.",
        ),
    ),
    "a phase with a slash": (
        project(phases=[{"id": "a/b", "duration": 1}]),
        (
            "projects/A/phases/a/b/id",
            "`id` of phase a/b of project A is the text 'a/b'; it must not hold a slash.",
            "Replace the slash.",
        ),
    ),
    "a long name": (
        {"skills": [{"id": "x" * 130}]},
        (
            f"skills/{'x' * 130}/id",
            f"`id` of skill {'x' * 40} has 130 characters; at most 120 are allowed.",
            "Shorten it.",
        ),
    ),
    "a huge number": (
        project(value=10**5000),
        (
            "projects/A/value",
            "`value` of project A is the number 1.000e+5000: the number is absurdly large (10^18 "
            "or more).",
            "Write for instance `value: 0.5`.",
        ),
    ),
    "an infinite whole number": (
        {"calendar": {"start": "2027-01-01", "periods": float("inf")}},
        (
            "calendar/periods",
            "`periods` of the calendar is infinite; a whole number is expected.",
            "Write for instance `periods: 3`.",
        ),
    ),
}


@pytest.mark.parametrize(("parts", "said"), MESSAGES.values(), ids=MESSAGES)
def test_what_is_said(parts: Data, said: tuple[str, str, str]) -> None:
    """Path, message and fix name the object, the field, what is there and what should be."""
    finding = one(**parts)
    assert (finding.path, finding.message, finding.fix) == said


def details(data: Data) -> tuple[list[Any], tuple[Finding, ...]]:
    """Return pydantic's errors about data, and the findings made of them."""
    try:
        Portfolio.model_validate(data)
    except ValidationError as error:
        return list(error.errors(include_url=False)), form_findings(error, data, Portfolio)
    return [], ()


def damaged() -> Iterator[Data]:
    """Yield a full portfolio with each value replaced, and with each field taken out."""
    dice = random.Random(7)
    data = copy.deepcopy(FULL)
    for container, key in places(data):
        old = container[key]
        for value in dice.sample(VALUES, 4):
            container[key] = value
            yield data
        if isinstance(container, dict):
            del container[key]
            yield data
        container[key] = old
    for end in (".inf", "x", -1, 7.5, 10**20, float("nan"), float("inf")):
        data["calendar"]["periods"] = end
        yield data


def test_pydantic_never_speaks() -> None:
    """No kind of error comes out in pydantic's words, and each place has one finding."""
    kinds: set[str] = set()
    for data in damaged():
        errors, found = details(data)
        kinds.update(error["type"] for error in errors)
        assert bool(errors) == bool(found)
        places_ = [finding.path for finding in found]
        assert len(set(places_)) == len(places_)
        for finding in found:
            said = re.sub(r"'[^']*'|`[^`]*`", "", f"{finding.message} {finding.fix}")
            assert not FOREIGN.search(said), str(finding)
            assert finding.message.endswith(".")
            assert len(finding.message) < 500
    assert kinds == KINDS


def models(kind: Any, seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Return every model that a kind leads to."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            for field in kind.model_fields.values():
                models(field.annotation, seen)
    else:
        for part in get_args(kind):
            models(part, seen)
    return seen


MODELS = sorted(models(Portfolio, set()) | models(Plan, set()), key=lambda m: m.__name__)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_typo_suggests_the_field(model: type[BaseModel]) -> None:
    """Letters swapped, lost or doubled, and capitals lead to the field that is meant."""
    names = fields_of(model)
    for name in names:
        typos = {name.upper(), name.replace("_", "-"), name.title(), f"{name}{name[-1]}"}
        if len(name) > 4:
            typos |= {name[:2] + name[3:], name[0] + name[2] + name[1] + name[3:]}
        for typo in typos - set(names):
            assert meant(typo, names) == name, typo


def test_a_suggestion_needs_a_likeness() -> None:
    """What is like nothing suggests nothing; a key that is no text neither."""
    assert meant("colour", ["start", "periods"]) == ""
    assert meant(7, ["start"]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "empty"),
        ("", "an empty text"),
        ("x" * 50, f"the text '{'x' * 40}...'"),
        (False, "false"),
        (0.1, "the number 0.1"),
        (Decimal("1e-999999"), "the number 1.000e-999999"),
        (float("nan"), "not a number"),
        ([], "an empty list"),
        ({"a": 1, "b": 2}, "a mapping with a, b"),
        ({}, "an empty mapping"),
        (date(2027, 1, 2), "the date 2027-01-02"),
        (b"x", "a bytes"),
    ],
)
def test_what_is_there_is_shown_shortly(value: object, text: str) -> None:
    """Values of every kind fit into a sentence."""
    assert shown(value) == text


def test_plans_are_told_about_alike() -> None:
    """A plan file with errors of form gives the same kind of findings."""
    with pytest.raises(InvalidInput) as caught:
        Plan.parse({"projcts": [], "projects": [{"project": "A", "selected": "perhaps"}]})
    found = {finding.path: finding.fix for finding in caught.value.findings}
    assert found["projcts"] == "Did you mean `projects`? Otherwise remove it."
    assert found["projects/0/selected"] == "Write for instance `selected: true`."


def test_fields_of_a_model_with_other_modes() -> None:
    """A field `modes` that holds no objects has no short form of a phase."""

    class Flag(BaseModel):
        modes: bool = False

    class Names(BaseModel):
        modes: tuple[str, ...] = ()

    assert list(fields_of(Flag)) == list(fields_of(Names)) == ["modes"]
