"""A first schedule of single people: who is free and able, activity after activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Crew:
    """People with skills, and when they are busy.

    Attributes
    ----------
    skills
        Skills of every person, by name.
    """

    skills: Mapping[str, frozenset[str]]
    _busy: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def place(self, needs: Mapping[str, int], earliest: int, duration: int) -> int | None:
        """Return the first start from ``earliest`` on with enough free people, and book them.

        Parameters
        ----------
        needs
            Different people per skill, all of them for the whole duration (periods).

        Returns
        -------
        int or None
            None where not even all people together suffice.
        """
        if not any(needs.values()) or not duration:
            return earliest
        ends = {end for spans in self._busy.values() for _, end in spans if end > earliest}
        for start in sorted({earliest, *ends}):
            end = start + duration
            chosen = self._matched(needs, start, end)
            if chosen is not None:
                for name in chosen:
                    self._busy.setdefault(name, []).append((start, end))
                return start
        return None

    def _matched(self, needs: Mapping[str, int], start: int, end: int) -> list[str] | None:
        """Return people who are free in start..end-1 and together serve the needs, or None."""
        free = [
            name
            for name in sorted(self.skills, key=lambda name: (len(self.skills[name]), name))
            if all(end <= a or b <= start for a, b in self._busy.get(name, ()))
        ]
        places = [skill for skill, heads in needs.items() for _ in range(heads)]
        taken: dict[str, int] = {}
        for place in range(len(places)):
            if not self._augmented(places, free, place, taken, set()):
                return None
        return list(taken)

    def _augmented(
        self,
        places: Sequence[str],
        free: Sequence[str],
        place: int,
        taken: dict[str, int],
        tried: set[str],
    ) -> bool:
        """Give a place a person, moving others to further places where that is needed."""
        for name in free:
            if places[place] in self.skills[name] and name not in tried:
                tried.add(name)
                if name not in taken or self._augmented(places, free, taken[name], taken, tried):
                    taken[name] = place
                    return True
        return False
