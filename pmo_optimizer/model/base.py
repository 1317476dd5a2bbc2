"""Building blocks of the vocabulary: frozen models, exact numbers, ids, filters, amounts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from math import isfinite
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    field_validator,
)

MAX_EXPONENT = 18
"""Numbers of 10^18 and above are refused while reading: no budget or effort is that large."""

MAX_DECIMALS = 15
"""Numbers with more than this many decimals are refused while reading."""


class Frozen(BaseModel):
    """Base of every object of the vocabulary: immutable, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a changed copy; what was derived from the old fields is derived anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(copied.__dict__) - set(type(self).model_fields):
            del copied.__dict__[name]
        return copied


def _not_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not yes or no")
    return value


def _countable(value: object) -> object:
    """Refuse numbers whose digits alone would fill the memory."""
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() >= MAX_EXPONENT:
        raise ValueError(f"the number is absurdly large (10^{MAX_EXPONENT} or more)")
    return _not_bool(value)


def _countable_or_date(value: object) -> object:
    """Refuse fractions, which would otherwise be read as seconds since 1970."""
    part = Decimal(value) if isinstance(value, Decimal | float) else Decimal(0)
    if part.is_finite() and part != part.to_integral_value():
        raise ValueError("a date, or a whole number of a period, is expected")
    return _countable(value)


def decimal_places(value: Decimal) -> int:
    """Return how many decimals a finite number has, zeros at the end left out."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or not value:
        return 0
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return max(0, -exponent - zeros)


def _sane(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("a finite number is expected")
    if value and value.adjusted() >= MAX_EXPONENT:
        raise ValueError(f"the number is absurdly large (10^{MAX_EXPONENT} or more)")
    if decimal_places(value) > MAX_DECIMALS:
        raise ValueError(f"the number has more than {MAX_DECIMALS} decimals")
    return value


def plain_number(value: Decimal) -> int | float | str:
    """Return the JSON form of an exact decimal.

    An int or float where that says exactly the same, else its digits as text.
    """
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    as_float = float(value)
    if Decimal(repr(as_float)) == value:
        return as_float
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


NUMBER_TEXT = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
"""Pattern of a number that is written as a text."""

Number: TypeAlias = Annotated[
    Decimal,
    Field(allow_inf_nan=True),
    BeforeValidator(_not_bool),
    AfterValidator(_sane),
    PlainSerializer(plain_number, when_used="json"),
    WithJsonSchema({"type": ["number", "string"], "pattern": NUMBER_TEXT}),
]
"""An exact decimal. Python floats are read by their shortest text, so 0.1 is one tenth."""


def _id_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ID_TEXT, ID_LENGTH = r"^\w[\w .:+>@#-]*$", 120
GENERATED_LENGTH = 400
NO_SLASH = r"^[^/]*$"

TEXT_OR_INT: Mapping[str, Any] = MappingProxyType({"type": ["string", "integer"]})
"""What a JSON Schema says of ids: those that are whole numbers need no quotes."""

Id: TypeAlias = Annotated[
    str,
    BeforeValidator(_id_text),
    Field(pattern=ID_TEXT, max_length=ID_LENGTH),
    WithJsonSchema({**TEXT_OR_INT, "pattern": ID_TEXT, "maxLength": ID_LENGTH, "minimum": 0}),
]
"""Name of an object: letters, digits and ``_ . : + - @ #``; no slash, which separates paths."""

Version: TypeAlias = Annotated[
    Literal["1"], BeforeValidator(_id_text), WithJsonSchema({"enum": ["1", 1]})
]
"""Version of a file format, also where it is written as a number."""

GeneratedId: TypeAlias = Annotated[
    str,
    BeforeValidator(_id_text),
    Field(max_length=GENERATED_LENGTH),
    WithJsonSchema({**TEXT_OR_INT, "maxLength": GENERATED_LENGTH}),
]
"""An id that may be left out; it is then made from what the object says."""

Count: TypeAlias = Annotated[int, BeforeValidator(_countable)]
"""A whole number."""

LocalId: TypeAlias = Annotated[
    str,
    BeforeValidator(_id_text),
    Field(pattern=NO_SLASH, max_length=ID_LENGTH),
    WithJsonSchema({**TEXT_OR_INT, "pattern": NO_SLASH, "maxLength": ID_LENGTH}),
]
"""An id within its parent, which may be left out; paths separate such ids by slashes."""

Year: TypeAlias = Annotated[int, WithJsonSchema({"type": "string", "pattern": r"^[0-9]+$"})]
"""A fiscal year as a key; in JSON, keys are texts."""

When: TypeAlias = Annotated[int | date, BeforeValidator(_countable_or_date)]
"""A date, or a 0-based period index."""


def _scalar(value: object) -> bool | Decimal | str:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        return _sane(Decimal(str(value)))
    raise ValueError("a text, a number, or yes or no is expected")


def _plain_scalar(value: bool | Decimal | str) -> bool | int | float | str:
    return plain_number(value) if isinstance(value, Decimal) else value


Scalar: TypeAlias = Annotated[
    bool | Decimal | str,
    PlainValidator(_scalar),
    PlainSerializer(_plain_scalar, when_used="json"),
    WithJsonSchema({"type": ["boolean", "number", "string"]}),
]
"""Value of a free attribute."""


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str | int | float | Decimal) else value


OneOrMore: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One text, or a list of which any may match."""


class Filter(Frozen):
    """Which projects, people or pools are meant: all conditions that are given must hold.

    Attributes
    ----------
    category
        The object's category is this one, or one of these.
    tag
        The object carries this tag, or one of these.
    attribute
        Each named attribute of the object has exactly the given value.
    """

    category: OneOrMore = ()
    tag: OneOrMore = ()
    attribute: dict[str, Scalar] = Field(default_factory=dict)

    def matches(
        self, category: str | None, tags: Sequence[str], attributes: dict[str, Any]
    ) -> bool:
        """Return whether an object with these three satisfies every condition."""
        if self.category and category not in self.category:
            return False
        if self.tag and not set(self.tag) & set(tags):
            return False
        return all(
            name in attributes and same_scalar(attributes[name], wanted)
            for name, wanted in self.attribute.items()
        )


def same_scalar(left: object, right: object) -> bool:
    """Return whether two attribute values are equal; yes is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


class Labelled(Frozen):
    """What projects, people and pools share: a name and what filters look at.

    Attributes
    ----------
    name
        Text for people; the id where empty.
    category
        One label, for instance the business line.
    tags
        Any number of labels.
    attributes
        Free scalars by name, for instance ``risk: 3``.
    """

    id: Id
    name: str = ""
    category: str | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, Scalar] = Field(default_factory=dict)

    def matches(self, where: Filter) -> bool:
        """Return whether this object is meant by the filter."""
        return where.matches(self.category, self.tags, self.attributes)

    @property
    def label(self) -> str:
        """Name for people, the id where there is none."""
        return self.name or self.id


class Amounts(Frozen):
    """Money over time; exactly one of the three forms is given.

    Attributes
    ----------
    total
        One amount for the whole horizon.
    years
        Amount per fiscal year, by the calendar year in which the fiscal year ends. A fiscal
        year that is left out has 0 in a fund and no limit in a cap.
    periods
        Amount per period, one for each period of the grid.
    """

    total: Number | None = None
    years: dict[Year, Number] | None = None
    periods: tuple[Number, ...] | None = None

    @field_validator("years", mode="before")
    @classmethod
    def _years_once(cls, value: object) -> object:
        if isinstance(value, dict):
            texts = {year.strip() for year in value if isinstance(year, str)}
            twice = sorted(
                y for y in value if isinstance(y, int) and 0 < y < 10**4 and str(y) in texts
            )
            if twice:
                raise ValueError(f"fiscal year {twice[0]} stands twice")
        return value


ORDERED_FIELDS = frozenset({"phases", "terms", "profile", "periods", "modes"})
"""Lists whose order has a meaning; all others are sets."""


def content_hash(value: object) -> str:
    """Return a hash of JSON-like content that depends on no order but those with a meaning.

    Neither the order of keys counts nor that of a list that is a set. The phases of a
    baseline, which name a phase each, are a set too.
    """
    return _hash_of(_Writer().text(value))


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class _Writer:
    """Writes JSON-like content as text with every list that is a set in one certain order.

    A set is in the order of the hashes of its entries' texts. The texts of parts make up the
    text of the whole, and objects of one kind share the beginnings of their fields.
    """

    def __init__(self) -> None:
        self._fields: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}

    def text(self, value: object, name: str = "") -> str:
        """Return content as text; ``name`` is the field that holds it."""
        if isinstance(value, dict):
            return self._object(value)
        if not isinstance(value, list | tuple):
            return _scalar_text(value)
        texts = [self.text(x) if type(x) in NESTED else _scalar_text(x) for x in value]
        rows = name == "phases" and all(isinstance(i, dict) and "phase" in i for i in value)
        if name not in ORDERED_FIELDS or rows:
            texts.sort(key=_hash_of)
        return "[" + ",".join(texts) + "]"

    def _object(self, value: dict[str, object]) -> str:
        names = tuple(value)
        if names not in self._fields:
            heads = ((name, encode_basestring_ascii(name) + ":") for name in sorted(names))
            self._fields[names] = [(name, head, head + "null") for name, head in heads]
        parts = []
        for name, head, nothing in self._fields[names]:
            item = value[name]
            if item is None:
                parts.append(nothing)
            elif type(item) in NESTED:
                parts.append(head + self.text(item, name))
            else:
                parts.append(head + _scalar_text(item))
        return "{" + ",".join(parts) + "}"


NESTED = frozenset({dict, list, tuple})
"""Types of JSON-like content that is made of parts."""


def _scalar_text(value: object) -> str:
    """Return a scalar as `json.dumps` writes it."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int or (type(value) is float and isfinite(value)):
        return repr(value)
    return json.dumps(value, default=str)


Item = TypeVar("Item", bound=BaseModel)


def with_ids(items: Iterable[Item], make: Callable[[Item], str]) -> tuple[Item, ...]:
    """Return the items with an id each: the given one, or one made from the content.

    Where several items would get the same id, the later ones in content order are numbered
    ``-2``, ``-3``, so that the order of rows in a file does not matter.
    """
    items = tuple(items)
    wanting = [index for index, item in enumerate(items) if not item.id]  # type: ignore[attr-defined]
    if not wanting:
        return items
    taken = {item.id for item in items if item.id}  # type: ignore[attr-defined]
    filled = list(items)
    by_content = sorted(wanting, key=lambda i: (make(items[i]), items[i].model_dump_json()))
    for index in by_content:
        base = made = make(items[index])
        number = 1
        while made in taken:
            number += 1
            made = f"{base}-{number}"
        taken.add(made)
        filled[index] = items[index].model_copy(update={"id": made})
    return tuple(filled)
