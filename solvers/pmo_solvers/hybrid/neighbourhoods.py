"""Which part of a plan to free next: neighbourhoods, and how they learn what pays.

A neighbourhood is a set of columns around an incumbent. Those made of projects free all
columns of some selected and some rejected projects; the core frees those columns of all
projects that lose little against the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

import numpy as np

from pmo_solvers.hybrid.matrix import Floats, Indices, Mask
from pmo_solvers.hybrid.space import SHARED, Point, Space

FIRST_SIZE = 16.0
FIRST_SHARE = 0.05
"""Projects that a neighbourhood frees at first, at least so many or such a part; it learns."""

CORE_UNIT = 10
"""Columns that the core frees per unit of its size."""

CORE_FACTOR = 2.0
"""Columns of the first core, relative to those that the relaxation uses."""

SMALL_CORE = 400
"""Columns of a core that is among the first neighbourhoods."""

CORE_PATIENCE = 3.0
"""How much longer than other neighbourhoods the core may take."""

ROOM_SHARE = 0.5
"""Columns that use up more than this part of the gap are left out of neighbourhoods."""

LOOSENESS = (1.0, 2.0, 4.0, 16.0)
"""Factors on the mean loss that a better plan's columns can have, up to which all are taken."""

SUPPORT_WIDTH = 2
"""Columns per project that are solved together around what the relaxation uses, at least."""

PLAUSIBLE = 4.0
"""Factor on the mean loss that a better plan's columns can have, up to which all are plausible."""

USED = 0.02
"""Value from which on the relaxation uses a column."""

SCALES = (1.0, 2.0, 4.0)
"""Factors on the sizes of neighbourhoods."""

PATIENCE_GROWTH = 1.15
MOST_PATIENCE = 5.0
"""Change of the time that neighbourhoods get, and most of it, relative to the first."""

LEAST_SIZE = 4.0

MOST_FREED = 1_000_000
"""Entries of the columns of projects that are freed at once, so that engines of several threads can
hold them: one of 20,000 columns took 0.9 GB."""

GROWTH = 1.3
"""Factor on the size after a neighbourhood that was easy; its inverse after a hard one."""

FORGET = 0.85
"""Weight of the past in what a neighbourhood is known to pay."""

TIGHT = 0.05
"""A scaled row with less room than this is scarce."""

CURIOSITY = 0.1
"""Worth of what has not paid, relative to the best."""

LEAST_SECONDS = 0.02
"""Seconds that any use counts as at least."""


@dataclass(slots=True)
class Arm:
    """One of several ways to go on, and what is known of it.

    Attributes
    ----------
    worth
        Recent gain per second.
    seconds
        Recent seconds of a use.
    """

    name: str
    worth: float = 0.0
    seconds: float = 0.0
    tried: int = 0

    def note(self, gain: float, seconds: float) -> None:
        """Learn what a use of it gained."""
        seconds = max(seconds, LEAST_SECONDS)
        self.worth = FORGET * self.worth + (1 - FORGET) * gain / seconds
        self.seconds = FORGET * self.seconds + (1 - FORGET) * seconds if self.seconds else seconds


@dataclass(slots=True, kw_only=True)
class Kind(Arm):
    """A kind of neighbourhood.

    Attributes
    ----------
    size
        Projects to free (of the core: columns in units of `CORE_UNIT`).
    patience
        Factor on the time that it may take.
    steady
        Whether that is all: the time that the run has learned does not count.
    """

    name: str
    draw: Callable[[Point, int], Indices]
    size: float = FIRST_SIZE
    patience: float = 1.0
    steady: bool = False


@dataclass(slots=True, kw_only=True)
class Scale(Arm):
    """A factor on the size of neighbourhoods: what pays early is too small later."""

    name: str
    factor: float


A = TypeVar("A", bound=Arm)


@dataclass(slots=True)
class Guide:
    """What a relaxation tells: a fractional solution, prices of rows, losses of columns."""

    x: Floats
    duals: Floats
    loss: Floats
    project: Floats = field(default_factory=lambda: np.zeros(0))


class Neighbourhoods:
    """Draws neighbourhoods and learns which of them pay; not for use from several threads."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.random = Random(seed)  # noqa: S311 - reproducible, not secret
        self.count = len(space.problem.projects)
        self.open = self._open_projects()
        self.columns = np.flatnonzero(
            space.matrix.integral & (space.owner != SHARED) & (space.box.lower < space.box.upper)
        )
        self.guide: Guide | None = None
        self.room = np.inf
        self.patience = 1.0
        self.wanted = np.zeros(0, np.int64)
        self.linked = self._links()
        # HiGHS comes first: it ends the first cores in a second, where CP-SAT may take many.
        self.solvers = [Arm("highs"), Arm("cp-sat")]
        self.scales = [Scale(name=f"x{factor:g}", factor=factor) for factor in SCALES]
        first = max(FIRST_SIZE, FIRST_SHARE * self.count)
        self.core = Kind(name="core", draw=self._core, patience=CORE_PATIENCE)
        self.kinds = [
            Kind(name="row", draw=self._by_row, size=first),
            Kind(name="window", draw=self._by_window, size=first),
            Kind(name="links", draw=self._by_links, size=first),
            Kind(name="random", draw=self._at_random, size=first),
        ]

    def _open_projects(self) -> Mask:
        """Return the projects with something left to decide."""
        space = self.space
        loose = space.box.lower < space.box.upper
        loose &= space.matrix.integral & (space.owner != SHARED)
        return np.bincount(space.owner[loose], minlength=self.count) > 0

    def _links(self) -> list[set[int]]:
        problem = self.space.problem
        near: list[set[int]] = [set() for _ in problem.projects]
        groups = [[p for p, _ in link.sources] + [link.target[0]] for link in problem.links]
        groups += [[p for p, _ in row.terms] for row in problem.selection]
        groups += [list(synergy.projects) for synergy in problem.synergies]
        for group in groups:
            for p in group:
                near[p].update(group)
        return near

    def learn(self, guide: Guide) -> None:
        """Take the result of a relaxation; kinds that need one join the others."""
        space = self.space
        fresh = self.guide is None
        chosen = np.array(space.indexed.schedule.selected, np.int64)
        guide.project = guide.x[chosen]
        self.guide = guide
        used = int(np.count_nonzero(guide.x[self.columns] > USED))
        core = max(FIRST_SIZE, CORE_FACTOR * min(used, 2 * self.count) / CORE_UNIT)
        if fresh:
            first = max(FIRST_SIZE, FIRST_SHARE * self.count)
            self.core.size = core
            fraction = Kind(name="fraction", draw=self._by_fraction, size=first)
            self.kinds = [fraction, *self.kinds]
            # A small core is the best to begin with, a large one takes long.
            place = 0 if core * CORE_UNIT <= SMALL_CORE else len(self.kinds)
            self.kinds.insert(place, self.core)
        self.core.size = min(self.core.size, core)

    # -- choice ----------------------------------------------------------------------------

    def pick(self) -> Kind:
        """Return a kind, the better ones more often."""
        return self._pick(self.kinds)

    def pick_solver(self) -> Arm:
        """Return the solver of the next neighbourhood, the better one more often."""
        return self._pick(self.solvers)

    def pick_scale(self) -> Scale:
        """Return the scale of the next neighbourhood, the better one more often."""
        return self._pick(self.scales)

    def _pick(self, kinds: Sequence[A]) -> A:
        """Return one such that time, not the number of uses, goes to where it pays."""
        untried = [kind for kind in kinds if not kind.tried]
        if untried:
            return untried[0]
        # One in its first use, in another thread, can wait until that is over.
        known = [kind for kind in kinds if kind.seconds] or kinds
        most = max(kind.worth for kind in known)
        share = [kind.worth + CURIOSITY * most + 1e-12 for kind in known]
        weights = [w / max(k.seconds, LEAST_SECONDS) for w, k in zip(share, known, strict=True)]
        return self.random.choices(known, weights)[0]

    def wait(self, *, vain: bool) -> None:
        """Give neighbourhoods more time after one that neither ended nor gained, else less."""
        factor = PATIENCE_GROWTH if vain else 1.0 / PATIENCE_GROWTH
        self.patience = min(MOST_PATIENCE, max(1.0, self.patience * factor))

    def resize(self, kind: Kind, *, easy: bool, hard: bool) -> None:
        """Free more where a neighbourhood was too small, less where it was too large."""
        if hard:
            kind.size = max(LEAST_SIZE, kind.size / GROWTH)
        elif easy:
            kind.size = min(float(max(self.count, 8)), kind.size * GROWTH)

    # -- kinds -----------------------------------------------------------------------------

    def _free(self, point: Point, chosen: list[int]) -> Indices:
        """Return the columns of projects, without those that are too dear to be chosen."""
        mask = np.zeros(self.count, dtype=np.bool_)
        mask[chosen] = True
        columns = self.space.columns_of(mask & self.open)
        if self.guide is None:
            return self._bounded(columns)
        cheap = self.guide.loss[columns] <= self._limit(point)
        return self._bounded(columns[cheap | (point.x[columns] > 0)])

    def _bounded(self, columns: Indices) -> Indices:
        """Return the columns of as many projects, drawn at random, as an engine can hold."""
        matrix, owner = self.space.matrix, self.space.owner[columns]
        lengths = matrix.column_start[columns + 1] - matrix.column_start[columns]
        if int(lengths.sum()) <= MOST_FREED:
            return columns
        sizes = np.bincount(owner, weights=lengths, minlength=self.count)
        order = np.unique(owner).tolist()
        self.random.shuffle(order)
        stays = np.zeros(self.count, dtype=np.bool_)
        stays[order] = np.cumsum(sizes[order]) <= MOST_FREED
        stays[order[0]] = True
        return columns[stays[owner]]

    def _limit(self, point: Point) -> float:
        """Return the loss up to which a neighbourhood takes columns.

        The losses of a better plan's columns add up to less than the gap: few of them are much
        above the mean. The factor on it is drawn anew each time.
        """
        factor = self.random.choice(LOOSENESS)
        return min(ROOM_SHARE * self.room, factor * self._mean_loss(point))

    def _mean_loss(self, point: Point) -> float:
        """Return the mean loss that the columns of a better plan can have at most."""
        return self.room / max(1, int(np.count_nonzero(self.space.selected(point.x))))

    def _mixed(self, inside: list[int], outside: list[int], size: int) -> list[int]:
        """Return about as many selected as rejected projects, drawn by what they promise."""
        half = min(len(inside), max(size // 2, size - len(outside)))
        chosen = self.random.sample(inside, half)
        return chosen + self._promising(outside, size - half)

    def _promising(self, projects: list[int], number: int) -> list[int]:
        """Return projects without repetition, those with a high fractional value more often."""
        if self.guide is None or number >= len(projects):
            return self.random.sample(projects, min(number, len(projects)))
        weight = self.guide.project[projects] + 0.05
        keys = [self.random.random() ** (1.0 / w) for w in weight.tolist()]
        order = sorted(range(len(projects)), key=lambda k: -keys[k])
        return [projects[k] for k in order[:number]]

    def _split(self, mask: Mask, selected: Mask) -> tuple[list[int], list[int]]:
        mask = mask & self.open
        inside = np.flatnonzero(mask & selected).tolist()
        outside = np.flatnonzero(mask & ~selected).tolist()
        return inside, outside

    def _at_random(self, point: Point, size: int) -> Indices:
        inside, outside = self._split(self.open, self.space.selected(point.x))
        return self._free(point, self._mixed(inside, outside, size))

    def _by_row(self, point: Point, size: int) -> Indices:
        """Projects that compete for the same scarce rows."""
        space, matrix = self.space, self.space.matrix
        room = np.minimum(matrix.row_upper - point.activity, point.activity - matrix.row_lower)
        tight = np.flatnonzero((room < TIGHT) & (np.diff(matrix.row_start) > 2))
        if not len(tight):
            return self._at_random(point, size)
        weights = np.ones(len(tight))
        if self.guide is not None:
            weights = np.abs(self.guide.duals[tight]) + 1e-9
        using = np.zeros(self.count + 1, dtype=np.bool_)
        able = np.zeros(self.count + 1, dtype=np.bool_)
        for _ in range(10):
            row = self.random.choices(tight.tolist(), weights.tolist())[0]
            entries = slice(matrix.row_start[row], matrix.row_start[row + 1])
            columns = matrix.row_column[entries]
            owners = space.owner[columns]
            using[owners[(point.x[columns] > 0.5) & (owners != SHARED)]] = True
            able[owners[owners != SHARED]] = True
            if np.count_nonzero(able[:-1] & self.open) >= size:
                break
        selected = space.selected(point.x)
        inside, _ = self._split(using[:-1], selected)
        _, outside = self._split(able[:-1], selected)
        return self._free(point, self._mixed(inside, outside, size))

    def _by_window(self, point: Point, size: int) -> Indices:
        """Projects that run, or could run, around the same time."""
        starts = np.full(self.count, -1)
        for index, placed in enumerate(point.decisions.phases):
            if placed:
                starts[index] = min(decision.start for decision in placed)
        running = np.flatnonzero((starts >= 0) & self.open)
        if not len(running):
            return self._at_random(point, size)
        centre = starts[self.random.choice(running.tolist())]
        inside = sorted(running.tolist(), key=lambda p: (abs(starts[p] - centre), p))
        inside = inside[: max(1, (2 * size) // 3)]
        _, outside = self._split(self.open, self.space.selected(point.x))
        return self._free(point, inside + self._promising(outside, size - len(inside)))

    def _by_links(self, point: Point, size: int) -> Indices:
        """Projects that belong together by links, requires, choices and synergies."""
        candidates = np.flatnonzero(self.open).tolist()
        chosen: list[int] = []
        seen: set[int] = set()
        while len(chosen) < size and candidates:
            queue = [self.random.choice(candidates)]
            while queue and len(chosen) < size:
                project = queue.pop()
                if project in seen:
                    continue
                seen.add(project)
                chosen.append(project)
                near = sorted(self.linked[project] - seen)
                self.random.shuffle(near)
                queue += near
            if len(seen) >= len(candidates):
                break
        return self._free(point, chosen)

    def _by_fraction(self, point: Point, size: int) -> Indices:
        """Projects about which the relaxation and the plan disagree."""
        assert self.guide is not None  # noqa: S101 - the kind exists only with a guide
        selected = self.space.selected(point.x)
        doubt = np.abs(self.guide.project - selected) + 0.02
        candidates = np.flatnonzero(self.open)
        keys = [self.random.random() ** (1.0 / w) for w in doubt[candidates].tolist()]
        order = np.argsort(np.negative(keys), kind="stable")
        return self._free(point, candidates[order[:size]].tolist())

    def _core(self, point: Point, size: int) -> Indices:
        """Columns of least loss, whatever their project, and those of the plan."""
        guide = self.guide
        assert guide is not None  # noqa: S101 - the kind exists only with a guide
        columns = self.columns
        number = min(len(columns), CORE_UNIT * size)
        noise = np.array([self.random.random() for _ in range(8)])
        blur = 1.0 + 0.5 * noise[columns % 8]
        price = np.where(guide.x[columns] > USED, -1.0, guide.loss[columns] * blur)
        near = columns[np.argpartition(price, number - 1)[:number]] if number else columns
        return self._bounded(self._around(point, near))

    def support(self, point: Point, _size: int = 0) -> Indices:
        """Columns that the relaxation uses, those of the plan, and more of projects in doubt.

        In doubt are projects whose columns the relaxation uses in part only.
        """
        guide, columns = self.guide, self.columns
        assert guide is not None  # noqa: S101 - callers have looked
        x = guide.x[columns]
        used = x > USED
        doubt = np.zeros(self.count, dtype=np.bool_)
        doubt[self.space.owner[columns[used & (x < 1.0 - USED)]]] = True
        touched = np.unique(self.space.owner[columns[used]])
        more = SUPPORT_WIDTH * len(touched) - int(np.count_nonzero(used))
        others = columns[~used & doubt[self.space.owner[columns]]]
        if more > 0:
            used[np.searchsorted(columns, others[np.argsort(guide.loss[others])[:more]])] = True
        return self._around(point, columns[used])

    def plausible(self, point: Point) -> Indices:
        """Columns that lose no more than a few times the mean that a better plan's can have."""
        guide = self.guide
        assert guide is not None  # noqa: S101 - callers have looked
        limit = PLAUSIBLE * max(self._mean_loss(point), 0.0)
        return self._around(point, self.columns[guide.loss[self.columns] <= limit])

    def _around(self, point: Point, near: Indices) -> Indices:
        """Return columns with those wanted and all of the plan, whose projects may be left out."""
        space = self.space
        mask = np.zeros(space.matrix.num_columns, dtype=np.bool_)
        mask[near] = True
        mask[self.wanted] = True
        touched = np.zeros(self.count + 1, dtype=np.bool_)
        touched[space.owner[near]] = True
        touched[space.owner[self.wanted]] = True
        touched[:-1] |= space.selected(point.x)
        mask |= touched[space.owner] & (point.x > 0.5)
        heads = np.array(space.indexed.schedule.selected, np.int64)
        mask[heads[touched[:-1]]] = True
        return np.flatnonzero(mask & (space.owner != SHARED))
