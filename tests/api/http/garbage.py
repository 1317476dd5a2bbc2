"""Bodies that no client should send, drawn from a seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pmo_optimizer.service.examples import PORTFOLIO

WRONG: tuple[Any, ...] = (
    None,
    True,
    "",
    "text",
    "\x00",
    "\ud800",
    "../../etc/passwd",
    "file:///etc/passwd",
    -1,
    0,
    0.5,
    10**30,
    -(10**300),
    1e308,
    [],
    [[]],
    {},
    {"": ""},
    ["a"] * 50,
    "x" * 5000,
    float("nan"),
    float("inf"),
)
"""Values that are wrong in most places."""


@dataclass(frozen=True)
class Body:
    """A body and how it was made."""

    kind: str
    content: bytes
    type: str = "application/json"


def bodies(seed: int, count: int) -> Iterator[Body]:
    """Return so many bodies, the same for the same seed."""
    dice = random.Random(seed)
    for _ in range(count):
        kind = dice.choice(sorted(MAKERS))
        content = MAKERS[kind](dice)
        media = dice.choice(TYPES) if kind == "media" else "application/json"
        yield Body(kind, content, media)


TYPES = (
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "application/jsonp",
    "json",
    "",
)


def good() -> dict[str, Any]:
    """Return what would be taken."""
    return copy.deepcopy(dict(PORTFOLIO))


def text() -> str:
    """Return what would be taken, as text."""
    return json.dumps(good())


def _mutated(dice: random.Random) -> bytes:
    """Put a wrong value in some place, or take something out."""
    data = good()
    for _ in range(dice.randint(1, 4)):
        place: Any = data
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = dice.choice(keys)
            inner = place[key]
            if isinstance(inner, dict | list) and inner and dice.random() < 0.8:
                place = inner
                continue
            if dice.random() < 0.2:
                del place[key]
            else:
                place[key] = dice.choice(WRONG)
            break
    # One that is certainly wrong, whatever the others made of it.
    data["calendar"] = dice.choice([None, 7, "now", [], {"periods": -1}, {"start": "soon"}])
    return json.dumps(data).encode()


def _broken(dice: random.Random) -> bytes:
    """Cut the text off, or take a character out that JSON needs."""
    whole = text()
    if dice.random() < 0.5:
        return whole[: dice.randint(1, len(whole) - 2)].encode()
    places = [i for i, char in enumerate(whole) if char in '{}[]:"']
    place = dice.choice(places)
    return (whole[:place] + whole[place + 1 :]).encode()


def _constant(dice: random.Random) -> bytes:
    word = dice.choice(["NaN", "Infinity", "-Infinity"])
    return text().replace('"total": 400', f'"total": {word}').encode()


def _huge(dice: random.Random) -> bytes:
    number = dice.choice(
        ["9" * dice.randint(40, 6000), "1e999999999999999999999", f"1e{dice.randint(19, 99999)}"]
    )
    return text().replace('"total": 400', f'"total": {number}').encode()


def _deep(dice: random.Random) -> bytes:
    depth = dice.choice([100, 1000, 20_000, 200_000])
    opening, closing = dice.choice([("[", "]"), ('{"a":', "}")])
    return f'{{"name": {opening * depth}{"1" if closing == "}" else ""}{closing * depth}}}'.encode()


def _encoding(dice: random.Random) -> bytes:
    name = dice.choice(["utf-16", "utf-32", "latin-1", "cp1252"])
    return text().replace("Digital", "Digität").encode(name)


def _bytes(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randint(0, 2000))


def _twice(dice: random.Random) -> bytes:
    key = dice.choice(["name", "calendar", "funds"])
    return (f'{{"{key}": 1, ' + text()[1:]).encode()


def _top(dice: random.Random) -> bytes:
    return json.dumps(dice.choice([None, True, 7, 0.5, "text", [], [{}], [text()]])).encode()


def _texts(dice: random.Random) -> bytes:
    word = dice.choice(["\\u0000", "\\ud800", "\\udfff\\ud800", "a\\u0000b"])
    return text().replace("Digital 2027", word).encode()


def _white(dice: random.Random) -> bytes:
    return dice.choice([b"", b" ", b"\n\n", b"\xef\xbb\xbf", b"\x00"])


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "broken": _broken,
    "bytes": _bytes,
    "constant": _constant,
    "deep": _deep,
    "encoding": _encoding,
    "huge": _huge,
    "media": lambda dice: text().encode(),
    "mutated": _mutated,
    "texts": _texts,
    "top": _top,
    "twice": _twice,
    "white": _white,
}
