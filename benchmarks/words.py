"""Numbers out of text files, with errors that name the file and the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from benchmarks.items import InstanceError


def read_text(path: Path) -> str:
    """Return the text of a file; bytes that are no UTF-8 are kept as they can be."""
    return path.read_text(encoding="utf-8", errors="replace")


def lines_of(path: Path) -> list[tuple[int, str]]:
    """Return (1-based number, text) of the lines that are not blank."""
    numbered = enumerate(read_text(path).splitlines(), start=1)
    return [(number, line.strip()) for number, line in numbered if line.strip()]


def integers(path: Path, number: int, text: str) -> list[int]:
    """Return the whole numbers of a line.

    Raises
    ------
    InstanceError
        Some word is no whole number.
    """
    try:
        return [int(word) for word in text.split()]
    except ValueError:
        raise InstanceError(f"{path.name}:{number}: whole numbers expected: {text!r}") from None


def decimal(path: Path, word: str) -> Decimal:
    """Return an exact number; InstanceError where the word is none."""
    try:
        value = Decimal(word)
    except InvalidOperation:
        raise InstanceError(f"{path.name}: a number is expected, not {word!r}") from None
    if not value.is_finite():
        raise InstanceError(f"{path.name}: a finite number is expected, not {word!r}")
    return value


class Words:
    """The numbers of a file whose line breaks mean nothing, one after the other."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._words: Iterator[str] = (found[0] for found in re.finditer(r"\S+", text))

    def word(self) -> str:
        """Return the next word; InstanceError at the end of the file."""
        found = next(self._words, None)
        if found is None:
            raise InstanceError(f"{self.path.name}: the file ends too early")
        return found

    def number(self) -> Decimal:
        """Return the next number, exact."""
        return decimal(self.path, self.word())

    def count(self) -> int:
        """Return the next number, which must be whole and not negative."""
        value = self.number()
        if value < 0 or value != value.to_integral_value():
            raise InstanceError(f"{self.path.name}: a count is expected, not {value}")
        return int(value)
