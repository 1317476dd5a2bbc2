"""Bodies of requests: JSON with exact numbers, read strictly.

What other readers let pass is refused here: NaN and Infinity, a key that stands twice, numbers
of absurd length, nesting without end, texts that no database takes, other encodings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.message import Message
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from pmo_optimizer.model import Finding, Severity, validated
from pmo_optimizer.service.problems import ProblemError

MAX_DEPTH = 60
"""Deepest nesting of a body."""

MAX_DIGITS = 400
"""Longest number, in characters."""

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""Media type of portfolio workbooks."""

ESCAPES = (b"\\u0000", b"\\ud", b"\\uD")
"""How a body writes characters that databases refuse: NUL and halves of pairs."""

Model = TypeVar("Model", bound=BaseModel)


async def json_body(request: Request) -> bytes:
    """Return the bytes of a body that says it is JSON; the dependency of routes that take one.

    It is parsed by the route, which runs in a thread: a large one must not hold up others.

    Raises
    ------
    ProblemError
        415 where it does not say that it is JSON in UTF-8, 413 where it is too large.
    """
    header = _content_type(request)
    charset = str(header.get_param("charset", "utf-8")).lower()
    if header.get_content_type() != "application/json" or charset not in {"utf-8", "utf8"}:
        raise ProblemError(
            415,
            "unsupported-media-type",
            "Send the body as `Content-Type: application/json`, in UTF-8.",
        )
    return await _uncompressed(request)


@dataclass(frozen=True, slots=True)
class PortfolioBody:
    """The body of a request that holds a portfolio: JSON, or a workbook."""

    content: bytes
    is_workbook: bool = False


async def portfolio_body(request: Request) -> PortfolioBody:
    """Return a body that holds a portfolio; errors as for `json_body`."""
    if _content_type(request).get_content_type() != WORKBOOK:
        return PortfolioBody(await json_body(request))
    return PortfolioBody(await _uncompressed(request), is_workbook=True)


def _content_type(request: Request) -> Message:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    return header


async def _uncompressed(request: Request) -> bytes:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(415, "unsupported-media-type", "Send the body uncompressed.")
    return await request.body()


def parsed(body: bytes, model: type[Model]) -> Model:
    """Return a body as a model.

    Raises
    ------
    ProblemError
        400 where it is not JSON.
    InvalidInput
        With every finding about its form.
    """
    return validated(model, parsed_object(body))


def parsed_plain(body: bytes, model: type[Model]) -> Model:
    """Return a body as a model whose numbers are floats; errors as for `parsed`."""
    return validated(model, plain(parsed_object(body)))


def parsed_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, fractions as exact decimals.

    Raises
    ------
    ProblemError
        400 where it is not the JSON of an object, with the line and column.
    """
    data = _value(_text(body))
    if not isinstance(data, dict):
        raise broken(f"The body is {_kind(data)}, where an object is expected.")
    _require_shallow(data)
    if any(escape in body for escape in ESCAPES):
        _require_storable(data)
    return data


def broken(message: str) -> ProblemError:
    """Return the problem of a body that cannot be read."""
    finding = Finding(
        Severity.ERROR, "body-syntax", ".", message, "Mend the body and send it again."
    )
    return ProblemError(400, "bad-request", message, (finding,))


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return parsed JSON with floats in place of decimals, for what counts in floats."""
    return {name: _plain(item) for name, item in data.items()}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise broken(f"The body is not UTF-8: byte {error.start + 1} is wrong.") from error
    if not text.strip():
        raise broken("The body is empty.")
    return text


def _value(text: str) -> object:
    try:
        return json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise broken(f"The body is not valid JSON: {error.msg} in {place}.") from error
    except ValueError as error:
        raise broken(f"The body is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise _deep() from error


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError("a number has an exponent out of range") from error


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key[:40]!a} stands twice in one object")
            seen.add(key)
    return out


def _require_shallow(data: dict[str, Any]) -> None:
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)
        ]
        if not level:
            return
    raise _deep()


def _deep() -> ProblemError:
    return broken(f"The body is nested more than {MAX_DEPTH} levels deep.")


def _require_storable(value: object) -> None:
    """Refuse texts with NUL, or with half of a pair of surrogates."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise broken("A text in the body holds NUL or half of a surrogate pair.")
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_storable(name)
            _require_storable(item)
    elif isinstance(value, list):
        for item in value:
            _require_storable(item)


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a text"
    return "null" if value is None else "a single value"
