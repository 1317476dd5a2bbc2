"""Errors of form in a planner's words: which object, which field, what is there, what should be.

Pydantic finds them; its own texts never come out. Where a field may be of several kinds (a date
or a period) pydantic reports one error for each, of which one finding is made.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import MappingProxyType, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from pmo_optimizer.model.errors import MOST_FINDINGS, Finding, Severity, bounded
from pmo_optimizer.model.words import SHORT_PHASE, SINGULAR, WORDS

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Step = str | int

CLOSE = 0.6
"""A wrong name this similar to a known one is taken for it, misspelt."""

MOST_NAMED = 12
"""So many names are listed at most."""

MOST_ERRORS = 50_000
"""More errors of pydantic are only counted: each would take memory many times its size."""

LONGEST_GUESS = 100
"""Longer texts are not compared with known names."""

LONGEST = 40
"""Longer texts are cut in messages."""

VALUE_KINDS = frozenset({"value_error", "enum", "literal_error", "union_tag_invalid"})
"""Errors of pydantic about a value of the right kind."""

DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
WORD = re.compile(r"[A-Z][a-z]*")

TAG_FIELDS = ("type", "change")
"""Fields by which one of several kinds of objects is chosen."""

MOST_DIGITS = 18
"""Numbers with more digits are not written out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error is.

    Attributes
    ----------
    path
        Steps that the input really has: field names, ids or 0-based indices of entries.
    kind
        What the model says of the place: a type or annotation, None where it says nothing.
    owner
        The model of the object around it.
    is_key
        Whether the key is meant, not its value.
    whole
        What the whole input is called.
    """

    path: tuple[Step, ...]
    kind: object
    owner: type[BaseModel]
    is_key: bool = False
    whole: str = "the portfolio"


def form_findings(
    error: ValidationError, data: Mapping[str, Any], model: type[BaseModel]
) -> tuple[Finding, ...]:
    """Return pydantic's errors about data for a model as findings, one for each place.

    The first ones only, and how many more there are.
    """
    return bounded(*counted_findings(error, data, model))


def counted_findings(
    error: ValidationError, data: Mapping[str, Any], model: type[BaseModel]
) -> tuple[tuple[Finding, ...], int]:
    """Return the first findings that `form_findings` returns, and the number of other errors."""
    number = error.error_count()
    if number > MOST_ERRORS:
        whole = whole_of(model)
        message = f"{_begin(whole)} has {number:,} errors of form, too many to be listed."
        fix = "Check whether it is what it should be."
        return (Finding(Severity.ERROR, "wrong-type", ".", message, fix),), 0
    together: dict[tuple[str, str], tuple[Place, list[ErrorDetails]]] = {}
    details = error.errors(include_url=False)
    more = 0
    for done, detail in enumerate(details):
        if len(together) == MOST_FINDINGS:
            more = number - done
            break
        place = _place(detail["loc"], data, model)
        kind = detail["type"]
        group = kind if kind in {"extra_forbidden", "missing", "invalid_key"} else ""
        key = "/".join(map(str, place.path)), group
        if group == "extra_forbidden" and _is_beside_modes(place):
            key = "/".join(map(str, place.path[:-1])), "modes"
        together.setdefault(key, (place, []))[1].append(detail)
    return tuple(_finding(place, found) for place, found in together.values()), more


def _text(path: Iterable[Step]) -> str:
    return "/".join(map(str, path)) or "."


# -- where --------------------------------------------------------------------------------------


def _place(location: tuple[Step, ...], data: object, model: type[BaseModel]) -> Place:
    """Follow a location through the data and the model at once.

    Locations also hold steps that nobody wrote: the kinds of a union that were tried, the tag
    of a rule, and the modes of a phase that has its only mode's fields itself.
    """
    path: list[Step] = []
    kind: object = model
    owner, here, is_key = model, data, False
    around: object = None
    for step in location:
        kind = _bare(kind)
        chosen = _tagged(kind, step)
        if chosen is not None:
            kind = owner = chosen
            continue
        if step == "[key]":
            kind, is_key = _inner(around, key=True), True
            continue
        around = kind
        inner = _step_into(kind, step)
        if inner is _NOWHERE:
            continue  # a kind of a union that was tried
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            owner = kind
        if step == "modes" and _is_short(here):
            kind = inner
            continue  # the short form of a phase
        if isinstance(step, int) and isinstance(here, Mapping) and step not in here:
            kind = inner
            continue  # its only mode
        kind = inner
        here, name = _looked_up(here, step)
        path.append(name)
    return Place(tuple(path), _bare(kind), owner, is_key, whole_of(model))


def whole_of(model: type[BaseModel]) -> str:
    """Return what an input of a model is called: ``the scenario file`` for ScenarioFile."""
    return f"the {' '.join(WORD.findall(model.__name__)).lower()}"


_NOWHERE = object()


def _is_short(phase: object) -> bool:
    """Return whether a phase has no modes, but fields of one."""
    return (
        isinstance(phase, Mapping)
        and "modes" not in phase
        and any(name in phase for name in SHORT_PHASE)
    )


def _looked_up(here: object, step: Step) -> tuple[object, Step]:
    """Return a part of the data, and how a path names it: list entries by their id."""
    if isinstance(step, int) and isinstance(here, list | tuple) and step < len(here):
        found = here[step]
        name = found.get("id") if isinstance(found, Mapping) else None
        return found, name if isinstance(name, str) and name else step
    if isinstance(here, Mapping):
        if step in here:
            return here[step], str(step)
        for key in here:
            if str(key) == str(step):
                return here[key], str(step)
    return None, step


def _bare(kind: object) -> object:
    """Return an annotation without its metadata, and without None."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in {Union, UnionType}:
        kinds = [k for k in get_args(kind) if k is not NoneType]
        if len(kinds) == 1:
            return _bare(kinds[0])
    return kind


def _kinds(kind: object) -> tuple[object, ...]:
    """Return the kinds of a union, or the one there is."""
    kind = _bare(kind)
    if get_origin(kind) in {Union, UnionType}:
        return tuple(_bare(k) for k in get_args(kind) if k is not NoneType)
    return (kind,)


def _tagged(kind: object, step: Step) -> type[BaseModel] | None:
    """Return the member of a union of models whose tag (``type``, ``change``) is a step."""
    for member in _kinds(kind) if len(_kinds(kind)) > 1 else ():
        if isinstance(member, type) and issubclass(member, BaseModel) and step in _tags(member):
            return member
    return None


def _tag_field(kind: object) -> str:
    """Return the field by which members of a union of models are told apart."""
    models = [k for k in _kinds(kind) if isinstance(k, type) and issubclass(k, BaseModel)]
    return next(
        (name for name in TAG_FIELDS if all(name in m.model_fields for m in models)), TAG_FIELDS[0]
    )


def _tags(model: type[BaseModel]) -> tuple[object, ...]:
    name = _tag_field(model)
    return get_args(model.model_fields[name].annotation) if name in model.model_fields else ()


def _step_into(kind: object, step: Step) -> object:
    """Return what the model says of a step, None for an unknown field."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return fields_of(kind).get(str(step))
    if get_origin(kind) is tuple and isinstance(step, int):
        return get_args(kind)[0]
    if get_origin(kind) is dict:
        return _inner(kind, key=False)
    return _NOWHERE


def _inner(kind: object, *, key: bool) -> object:
    both = get_args(kind) if get_origin(kind) is dict else (None, None)
    return both[0 if key else 1]


def fields_of(model: type[BaseModel]) -> dict[str, object]:
    """Return what may be written in an object of a model: annotation by field name."""
    fields: dict[str, object] = {
        info.alias or name: info.annotation for name, info in model.model_fields.items()
    }
    mode = next(iter(get_args(_bare(fields.get("modes")))), None)
    if isinstance(mode, type) and issubclass(mode, BaseModel):
        fields |= {name: a for name, a in fields_of(mode).items() if name in SHORT_PHASE}
    return fields


# -- words --------------------------------------------------------------------------------------


def spoken(path: tuple[Step, ...], whole: str = "the portfolio") -> str:
    """Return a path in words: ``field `duration` of phase build of project P12``."""
    parts: list[str] = []
    done = 0
    while done < len(path):
        step = path[done]
        if step in SINGULAR and done + 1 < len(path):
            entry = path[done + 1]
            number = entry + 1 if isinstance(entry, int) else entry[:LONGEST]
            parts.append(f"{SINGULAR[str(step)]} {number}")
            done += 2
            continue
        single = WORDS.get(str(step), "") if step in ("calendar", "objective") else ""
        word = f"entry {step + 1}" if isinstance(step, int) else f"`{step[:LONGEST]}`"
        parts.append(single or word)
        done += 1
    return " of ".join(reversed(parts)) or whole


def _begin(words: str) -> str:
    return words[0].upper() + words[1:]


def shown(value: object) -> str:
    """Return what was found, in a few words."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value if len(value) <= LONGEST else f"{value[:LONGEST]}..."
        return f"the text {text!r}" if value else "an empty text"
    if isinstance(value, int | float | Decimal):
        return _shown_number(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
    if isinstance(value, list | tuple):
        return "an empty list" if not value else f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"a mapping with {_listed(value)}" if value else "an empty mapping"
    return f"the date {value}" if isinstance(value, date) else f"a {type(value).__name__}"


def _shown_number(value: Decimal) -> str:
    if not value.is_finite():
        return "not a number" if value.is_nan() else "infinite"
    plain = abs(value.adjusted()) < MOST_DIGITS
    return f"the number {str(value)[:LONGEST] if plain else f'{value:.3e}'}"


def _listed(names: Iterable[object]) -> str:
    texts = [str(name)[:LONGEST] for name in names]
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(texts[:MOST_NAMED]) + more


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is expected, and an example as it stands in a file."""

    words: str
    example: str
    plural: str = ""

    @property
    def several(self) -> str:
        """What several of them are called."""
        return self.plural or f"entries that are {self.words}"


PLAIN: Mapping[object, Wanted] = MappingProxyType(
    {
        Decimal: Wanted("a number", "0.5", "numbers"),
        float: Wanted("a number", "0.5", "numbers"),
        int: Wanted("a whole number", "3", "whole numbers"),
        str: Wanted("a text", "some-name", "texts"),
        bool: Wanted("yes or no", "true"),
        date: Wanted("a date", "2027-03-31", "dates"),
    }
)
"""What the simple kinds of values are called."""

YEAR = Wanted("a year", "2027", "years")
"""What a key that is a whole number is."""


def wanted(kind: object) -> Wanted:
    """Return what the model expects of a kind."""
    kinds = _kinds(kind)
    if set(kinds) == {int, date}:
        return Wanted("a date, or the number of a period (0 is the first)", "2027-03-31")
    if len(kinds) > 1 and any(isinstance(k, type) and issubclass(k, BaseModel) for k in kinds):
        tag = _tag_field(kind)
        return Wanted(f"a mapping with a `{tag}`", f"{{{tag}: ...}}", f"mappings with a `{tag}`")
    if len(kinds) > 1:
        several = [wanted(k) for k in kinds]
        return Wanted(" or ".join(dict.fromkeys(w.words for w in several)), several[0].example)
    return _wanted(kinds[0])


def _wanted(kind: object) -> Wanted:
    if kind in PLAIN:
        return PLAIN[kind]
    options = options_of(kind)
    if options:
        return Wanted(options[0] if len(options) == 1 else f"one of {_listed(options)}", options[0])
    if get_origin(kind) is tuple:
        item = wanted(get_args(kind)[0])
        return Wanted(f"a list of {item.several}", f"[{item.example}, ...]")
    if get_origin(kind) is dict:
        key, value = get_args(kind)
        of_years, item = _bare(key) is int, wanted(value)
        name = YEAR.example if of_years else "name"
        words = f"a mapping of {YEAR.plural if of_years else 'names'} to {item.several}"
        return Wanted(words, f"{{{name}: {item.example}}}")
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        names = list(fields_of(kind))
        needed = [
            info.alias or name for name, info in kind.model_fields.items() if info.is_required()
        ]
        example = ", ".join(f"{name}: ..." for name in needed or names[:1])
        such = f"with fields such as {_listed(names[:4])}"
        return Wanted(f"a mapping {such}", f"{{{example}}}", f"mappings {such}")
    return Wanted("another value", "...")


def options_of(kind: object) -> list[str]:
    """Return the names among which a field chooses, none where it takes other values."""
    names: list[str] = []
    for member in _kinds(kind):
        if get_origin(member) is Literal:
            names += [str(option) for option in get_args(member)]
        elif isinstance(member, type) and issubclass(member, Enum):
            names += [str(option.value) for option in member]
    return names


def meant(wrong: object, known: Iterable[str]) -> str:
    """Return the known name that a wrong one is probably meant to be, or nothing."""
    if not isinstance(wrong, str) or len(wrong) > LONGEST_GUESS:
        return ""
    names = {name.lower(): name for name in sorted(known)}
    text = wrong.lower().replace("-", "_").replace(" ", "_")
    swapped = [name for name in names if sorted(name) == sorted(text)]
    close = difflib.get_close_matches(text, names, n=1, cutoff=CLOSE)
    begin = [name for name in names if len(name) > 2 and text.startswith(name)]
    return names[(swapped or close or begin)[0]] if swapped or close or begin else ""


# -- findings -----------------------------------------------------------------------------------


def _finding(place: Place, details: list[ErrorDetails]) -> Finding:
    kinds = [detail["type"] for detail in details]
    if kinds[0] == "extra_forbidden" and _is_beside_modes(place):
        return _beside_modes(place, [str(detail["loc"][-1]) for detail in details])
    if kinds[0] in {"extra_forbidden", "invalid_key"}:
        return _unknown(place)
    if kinds[0] == "missing":
        return _missing(place)
    if kinds[0] == "union_tag_not_found":
        tags, tag = _all_tags(place.kind), _tag_field(place.kind)
        where = _begin(spoken(place.path, place.whole))
        text = f"{where} has no `{tag}`; one of {_listed(tags)} is expected."
        path = _text((*place.path, tag))
        return Finding(
            Severity.ERROR, "missing-field", path, text, f"Add for instance `{tag}: {tags[0]}`."
        )
    if kinds[0] == "union_tag_invalid":
        value = details[0]["input"]
        tags, tag = _all_tags(place.kind), _tag_field(place.kind)
        found = value.get(tag) if isinstance(value, Mapping) else value
        options = Place((*place.path, tag), Literal[tags], place.owner)
        return _wrong_option(options, found, [str(tag) for tag in tags])
    return _wrong(place, details)


def _all_tags(kind: object) -> tuple[str, ...]:
    return tuple(
        str(tag)
        for member in _kinds(kind)
        if isinstance(member, type) and issubclass(member, BaseModel)
        for tag in _tags(member)
    )


def _unknown(place: Place) -> Finding:
    name = place.path[-1] if place.path else ""
    fields = fields_of(place.owner)
    close = meant(name, fields)
    message = (
        f"{_begin(spoken(place.path[:-1], place.whole))} has no field `{str(name)[:LONGEST]}`."
    )
    fix = (
        f"Did you mean `{close}`? Otherwise remove it."
        if close
        else f"Remove it, or use one of {_listed(fields)}."
    )
    return Finding(Severity.ERROR, "unknown-field", _text(place.path), message, fix)


def _is_beside_modes(place: Place) -> bool:
    """Return whether an unknown field is one that a phase with one mode may have."""
    return "modes" in place.owner.model_fields and place.path[-1] in SHORT_PHASE


def _beside_modes(place: Place, names: list[str]) -> Finding:
    """Return the finding about a phase with modes that has a mode's fields itself as well."""
    phase = place.path[:-1]
    fields = _ticked(names)
    return Finding(
        Severity.ERROR,
        "unknown-field",
        _text(place.path),
        f"{_begin(spoken(phase))} has `modes`, and {fields} beside them.",
        f"Give either: move {fields} into each of the modes, or remove `modes`.",
    )


def _ticked(names: Sequence[str]) -> str:
    """Return names of fields as a sentence lists them."""
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def _no_mode(phase: tuple[Step, ...]) -> Finding:
    """Return the finding about a phase that does not say how long it takes."""
    return Finding(
        Severity.ERROR,
        "missing-field",
        _text(phase),
        f"{_begin(spoken(phase))} has neither `duration` nor `modes`; it must have one of them.",
        "Add for instance `duration: 3`.",
    )


def _missing(place: Place) -> Finding:
    name, expected = place.path[-1], wanted(place.kind)
    if name in {"duration", "modes"} and place.path[-3:-2] == ("phases",):
        return _no_mode(place.path[:-1])
    message = f"{_begin(spoken(place.path[:-1], place.whole))} has no `{name}`; it must have one"
    return Finding(
        Severity.ERROR,
        "missing-field",
        _text(place.path),
        f"{message}, {expected.words}.",
        f"Add for instance `{name}: {expected.example}`.",
    )


def _wrong_option(place: Place, found: object, options: list[str]) -> Finding:
    close = meant(found, options)
    message = (
        f"{_begin(spoken(place.path, place.whole))} is {shown(found)}; one of {_listed(options)} "
    )
    fix = f"Did you mean `{close}`?" if close else f"Write for instance `{options[0]}`."
    return Finding(Severity.ERROR, "wrong-value", _text(place.path), f"{message}is expected.", fix)


def _wrong(place: Place, details: list[ErrorDetails]) -> Finding:
    value = details[0]["input"]
    kinds = {detail["type"] for detail in details}
    options = options_of(place.kind)
    if options and len(_kinds(place.kind)) == 1:
        return _wrong_option(place, value, options)
    rule = "wrong-value" if kinds & VALUE_KINDS else "wrong-type"
    subject = _begin(spoken(place.path, place.whole))
    if place.is_key:
        subject = f"A key of {spoken(place.path[:-1], place.whole)}"
    own = next((d["msg"] for d in details if d["type"] == "value_error"), "")
    expected = YEAR if place.is_key and place.kind is int else wanted(place.kind)
    message, fix = _special(value, details, expected)
    if own:
        reason = own.removeprefix("Value error, ")
        message, fix = f"is {shown(value)}: {reason}", _advice(value, place, expected)
    elif not message:
        message = f"is {shown(value)}; {expected.words} is expected"
        fix = _advice(value, place, expected)
    return Finding(Severity.ERROR, rule, _text(place.path), f"{subject} {message}.", fix)


def _advice(value: object, place: Place, expected: Wanted) -> str:
    """Return how the field is written."""
    example = expected.example
    entry = get_args(place.kind)[0] if get_origin(place.kind) is tuple else None
    if _bare(entry) is str and isinstance(value, str) and value:
        example = f"[{str(value)[:LONGEST]}]"
    name = place.path[-1] if place.path else ""
    named = isinstance(name, str) and name and not place.is_key and name in fields_of(place.owner)
    advice = (
        f"Write for instance `{name}: {example}`" if named else f"Write for instance `{example}`"
    )
    return f"{advice}, or leave it out." if value is None and named else f"{advice}."


def _special(value: object, details: list[ErrorDetails], expected: Wanted) -> tuple[str, str]:
    """Return what is to be said of some kinds of errors, and of impossible dates."""
    detail = details[0]
    kind = detail["type"]
    if isinstance(value, str) and DAY.fullmatch(value) and "date" in expected.words:
        return f"is {value}, a day that does not exist", "Give a day of the calendar."
    if kind == "too_long" or kind == "string_too_long":
        limit = detail["ctx"]["max_length"]
        length = len(value) if isinstance(value, str) else len(str(value))
        return f"has {length} characters; at most {limit} are allowed", "Shorten it."
    if kind == "string_pattern_mismatch":
        if detail["ctx"]["pattern"].startswith("^[^/]"):
            return f"is {shown(value)}; it must not hold a slash", "Replace the slash."
        return (
            f"is {shown(value)}; it must begin with a letter, a digit or `_` and hold only those, "
            "spaces and `. : + > @ # -`",
            "Choose another name, here and where it is referred to.",
        )
    if kind == "date_from_datetime_inexact":
        return (
            f"is {shown(value)}; a date without a time of day is expected",
            f"Write for instance `{expected.example}`.",
        )
    return "", ""
