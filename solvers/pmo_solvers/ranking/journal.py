"""Changes that can be taken back."""

from __future__ import annotations

from typing import Protocol, TypeVar

K = TypeVar("K", contravariant=True)
V = TypeVar("V")


class Place(Protocol[K, V]):
    """A list or a dictionary."""

    def __getitem__(self, key: K, /) -> V:
        """Return a value."""
        ...

    def __setitem__(self, key: K, value: V, /) -> None:
        """Change a value."""
        ...


class Journal:
    """Remembers the old value of everything that is set through it."""

    def __init__(self) -> None:
        self._old: list[tuple[Place[object, object], object, object]] = []

    @property
    def mark(self) -> int:
        """A place to go back to."""
        return len(self._old)

    @property
    def clean(self) -> bool:
        """Whether nothing has been set since `settle`."""
        return not self._old

    def settle(self) -> None:
        """Take what has been set so far as lasting."""
        self._old.clear()

    def set(self, place: Place[K, V], key: K, value: V) -> None:
        """Set a value that exists; `back` restores it."""
        self._old.append((place, key, place[key]))  # type: ignore[arg-type]
        place[key] = value

    def back(self, mark: int) -> None:
        """Restore all that has been set after the mark, last first."""
        while len(self._old) > mark:
            place, key, value = self._old.pop()
            place[key] = value
