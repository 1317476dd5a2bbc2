"""Unit propagation over the selection: what follows from what, and why."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Literal = tuple[str, bool]
"""A project that is selected (True), or is not."""


class AtLeast(NamedTuple):
    """At least ``least`` of the literals hold.

    Every rule about the selection is one: "at most 2 of a, b, c" is "at least 1 of not a, not
    b, not c", and "a requires b" is "at least 1 of not a, b".

    Attributes
    ----------
    text
        The rule in words.
    limits
        Whether it is an upper limit on how many are selected.
    """

    least: int
    literals: tuple[Literal, ...]
    text: str
    limits: bool = False


class Reason(NamedTuple):
    """Why a project is in or out: a rule or decision, and the projects it follows from."""

    text: str
    projects: tuple[str, ...]
    limits: bool
    decision: bool


class Conflict(NamedTuple):
    """A rule that cannot hold any more, and the projects that make it so."""

    text: str
    projects: tuple[str, ...]


class Logic:
    """The rules about the selection, ready to be propagated."""

    def __init__(self, rules: Sequence[AtLeast]) -> None:
        self.rules = tuple(rules)
        self.watching: dict[Literal, list[int]] = defaultdict(list)
        for index, rule in enumerate(self.rules):
            for literal in rule.literals:
                self.watching[literal].append(index)


class Selection:
    """What is known about the selection; grows by `assume`, and may grow from another one.

    Parameters
    ----------
    base
        Another selection, whose knowledge is used and not changed.
    """

    def __init__(self, logic: Logic, base: Selection | None = None) -> None:
        self.logic = logic
        self.base = base
        self.known: dict[str, bool] = {}
        self.reasons: dict[str, Reason] = {}
        self._failed: dict[int, int] = {}

    def value(self, project: str) -> bool | None:
        """Return whether a project is in or out, None where that is open."""
        if project in self.known:
            return self.known[project]
        return self.base.value(project) if self.base else None

    def reason(self, project: str) -> Reason:
        """Return why a project is in or out."""
        if project in self.reasons or self.base is None:
            return self.reasons[project]
        return self.base.reason(project)

    def start(self) -> Conflict | None:
        """Draw what follows from rules that leave no choice from the outset."""
        for rule in self.logic.rules:
            reason = Reason(rule.text, (), rule.limits, decision=False)
            for literal in rule.literals if rule.least == len(rule.literals) else ():
                conflict = self.assume(literal, reason)
                if conflict is not None:
                    return conflict
        return None

    def assume(self, literal: Literal, reason: Reason) -> Conflict | None:
        """Add a literal and all that follows; return the first contradiction, if any."""
        project, wanted = literal
        if self.value(project) is not None:
            return None if self.value(project) is wanted else Conflict(reason.text, (project,))
        self._learn(project, wanted, reason)
        queue = deque([literal])
        while queue:
            project, wanted = queue.popleft()
            for index in self.logic.watching.get((project, not wanted), ()):
                conflict = self._fail(index, queue)
                if conflict is not None:
                    return conflict
        return None

    def _learn(self, project: str, wanted: bool, reason: Reason) -> None:
        self.known[project] = wanted
        self.reasons[project] = reason

    def _failures(self, index: int) -> int:
        if index in self._failed:
            return self._failed[index]
        return self.base._failures(index) if self.base else 0

    def _fail(self, index: int, queue: deque[Literal]) -> Conflict | None:
        """Note that one more literal of a rule fails; enqueue what the rule then forces."""
        rule = self.logic.rules[index]
        self._failed[index] = self._failures(index) + 1
        spare = len(rule.literals) - rule.least
        if self._failed[index] < spare:
            return None
        against = tuple(p for p, wanted in rule.literals if self.value(p) is (not wanted))
        if len(against) > spare:
            return Conflict(rule.text, against)
        if len(against) == spare:
            for project, wanted in rule.literals:
                if self.value(project) is None:
                    self._learn(project, wanted, Reason(rule.text, against, rule.limits, False))
                    queue.append((project, wanted))
        return None

    def history(self, projects: Iterable[str]) -> list[str]:
        """Return the projects from which these follow and themselves, causes first."""
        out: dict[str, None] = {}
        stack = [(project, False) for project in reversed(list(projects))]
        while stack:
            project, ready = stack.pop()
            if project in out:
                continue
            if ready:
                out[project] = None
                continue
            stack.append((project, True))
            stack += [(cause, False) for cause in reversed(self.reason(project).projects)]
        return list(out)

    def tell(self, projects: Iterable[str]) -> str:
        """Return the chain of reasons behind these projects in words."""
        steps = []
        for project in self.history(projects):
            reason = self.reason(project)
            if reason.decision:
                steps.append(reason.text)
            else:
                state = "in" if self.value(project) else "out"
                steps.append(f"{reason.text}, so {project} is {state}")
        return "; ".join(steps)
