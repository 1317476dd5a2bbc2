"""What an engine is: a protocol, its options and answer, and a registry of entry points.

An engine reads a `Problem` and returns an `Outcome`: raw decisions with a certificate, a bound
and a reason for ending. It never sees the portfolio, and it never judges itself: the caller
turns decisions into a `Plan` and has the referee look at it.

Engines are found through the entry-point group ``pmo_optimizer.backends``; ours come through
the same door as anybody's.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import metadata
from typing import Protocol, runtime_checkable

from pmo_optimizer.model import (
    EngineError,
    Incumbent,
    Method,
    StaffingGoals,
    Status,
    SupplierKind,
    Termination,
    Unsupported,
)
from pmo_optimizer.problem import Feature, Problem

ENTRY_POINTS = "pmo_optimizer.backends"
"""Entry-point group in which engines register."""


STAFFERS = "pmo_optimizer.staffers"
"""Entry-point group of named staffing."""


@dataclass(frozen=True, slots=True)
class PhaseDecision:
    """Mode index and first period (0-based) of a phase."""

    mode: int
    start: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """The whole-number decisions of a plan, by index.

    Attributes
    ----------
    selected
        Whether each project of `Problem.projects` is selected.
    phases
        For each project one decision per phase; empty where it is not selected.
    heads
        (hire index, order period, heads) triples, heads positive, sorted.
    """

    selected: tuple[bool, ...]
    phases: tuple[tuple[PhaseDecision, ...], ...]
    heads: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """FTE of a supplier's time that one need gets in one period."""

    kind: SupplierKind
    supplier: str
    project: int
    phase: int
    need: str
    period: int
    fte: Fraction


@dataclass(frozen=True, slots=True)
class Split:
    """Whole money units that a fund pays of a line in one period."""

    line: str
    fund: int
    period: int
    amount: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who serves which need, and which fund pays what; checked by the referee."""

    shares: tuple[Share, ...] = ()
    splits: tuple[Split, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A plan that an engine has found on its way, complete."""

    decisions: Decisions
    certificate: Certificate


Offer = Callable[[], Found | None]
"""Makes a found plan when it is called, possibly later and from another thread; None where it
turns out to be none."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is known of one optimized term (or of the weighted sum).

    ``best`` is the incumbent's value, prices included in the first stage; ``bound`` proven.
    """

    best: float | None
    bound: float | None
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """An engine's answer.

    Attributes
    ----------
    status
        ``optimal``, ``feasible``, ``infeasible`` or ``no_plan_found``.
    stages
        One per optimized stage, in the order of the objective's terms.
    word
        The engine's own word on the outcome, for the record.
    reproducible
        Whether only work limits, never the clock, ended the run.
    partial
        Whether decisions and certificate are of a plan that leaves needs unmet; its status is
        ``no_plan_found`` (formulation, section 13).
    """

    status: Status
    termination: Termination
    stages: tuple[Stage, ...] = ()
    decisions: Decisions | None = None
    certificate: Certificate = field(default_factory=Certificate)
    word: str = ""
    build_seconds: float = 0.0
    columns: int = 0
    rows: int = 0
    reproducible: bool = False
    message: str = ""
    partial: bool = False


class Clock:
    """Seconds since the call, the limit, and the stop signal.

    Parameters
    ----------
    limit
        Seconds from now; infinite for no limit.
    stop
        Set from outside to end the run with the best plan so far.
    """

    def __init__(self, limit: float, stop: threading.Event | None = None) -> None:
        self.begin = time.monotonic()
        self.limit = limit
        self.stop = stop or threading.Event()

    @property
    def elapsed(self) -> float:
        """Seconds since the call."""
        return time.monotonic() - self.begin

    @property
    def left(self) -> float:
        """Seconds until the limit, at least 0."""
        return max(0.0, self.limit - self.elapsed)

    @property
    def over(self) -> bool:
        """Whether the limit is reached or a stop was asked for."""
        return self.stop.is_set() or self.left <= 0


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic garbage collector from running while many objects are made at once.

    Each of its rounds looks at all of them again, which took up to half the time of building a
    model. It is the process's collector: where it is off already it stays off.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Options:
    """How an engine is run.

    Attributes
    ----------
    clock
        Time limit and stop signal, running since the user's call.
    gap
        Relative gap at which a stage may end (formulation, section 10).
    workers
        Threads, at least 1.
    seed
        Of the engine's random choices.
    reproducible
        Budget work instead of seconds: ``work_limit``, in seconds of a reference machine, ends
        the search, and the clock is only a safeguard. The same input then gives the same
        decisions.
    start
        Decisions to begin with, complete or in part feasible; engines check them.
    on_progress
        Called with every new incumbent and bound, from any thread.
    on_offer
        Called with what makes the plan of a new incumbent, from any thread; None: nobody wants
        plans before the end.
    goals
        What named staffing aims at once every need is served.
    start_shares
        Who works on what in the plan to begin with, for named staffing.
    """

    clock: Clock
    work_limit: float = 0.0
    gap: float = 0.0
    workers: int = 1
    seed: int = 0
    reproducible: bool = False
    start: Decisions | None = None
    on_progress: Callable[[Incumbent], None] | None = None
    on_offer: Callable[[Offer], None] | None = None
    goals: StaffingGoals = field(default_factory=StaffingGoals)
    start_shares: tuple[Share, ...] = ()

    def report(self, value: float | None, bound: float | None, source: str) -> None:
        """Tell the caller about an incumbent and a bound."""
        if self.on_progress is not None:
            self.on_progress(
                Incumbent(seconds=self.clock.elapsed, value=value, bound=bound, source=source)
            )

    def offer(self, decisions: Decisions, certificate: Certificate) -> None:
        """Show the plan of a new incumbent to whoever wants plans before the end."""
        if self.on_offer is not None:
            found = Found(decisions, certificate)
            self.on_offer(lambda: found)


@runtime_checkable
class Backend(Protocol):
    """An engine.

    Attributes
    ----------
    name
        As users type it.
    capabilities
        Features that it plans exactly; a portfolio that uses others is refused before
        anything is built.
    exact
        Whether it proves bounds.
    """

    name: str
    capabilities: frozenset[Feature]
    exact: bool

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that it stands on."""
        ...

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan found within the options' limits.

        Raises
        ------
        EngineError
            The engine failed.
        """
        ...


@runtime_checkable
class Staffer(Protocol):
    """What gives names to plans; found through the entry-point group `STAFFERS`."""

    name: str

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that it stands on."""
        ...

    def solve(self, problem: Problem, options: Options, engine: Backend) -> Outcome:
        """Return a plan with names; the engine selects and dates by capacity.

        Raises
        ------
        EngineError
            One of the two failed.
        """
        ...

    def staff(self, problem: Problem, decisions: Decisions, options: Options) -> Outcome:
        """Return names for decisions that are fixed; ``partial`` where needs are unmet.

        Raises
        ------
        EngineError
            It failed.
        """
        ...


def load_staffer() -> Staffer:
    """Return what gives names to plans.

    Raises
    ------
    Unsupported
        Nothing is installed that does, or it cannot be imported.
    """
    for entry in metadata.entry_points(group=STAFFERS):
        try:
            made = entry.load()()
        except (ImportError, AttributeError) as error:
            raise Unsupported(f"staffing {entry.name!r} cannot be imported: {error}") from error
        if isinstance(made, Staffer):
            return made
        raise EngineError(f"staffing {entry.name!r} does not follow the Staffer protocol")
    raise Unsupported("nothing is installed that staffs plans by name")


def backend_names() -> tuple[str, ...]:
    """Return the names of all registered engines, sorted; nothing is imported."""
    return tuple(sorted({entry.name for entry in metadata.entry_points(group=ENTRY_POINTS)}))


def load_backend(name: str) -> Backend:
    """Return the engine of that name.

    Raises
    ------
    Unsupported
        There is no such engine, or it cannot be imported.
    """
    found = tuple(metadata.entry_points(group=ENTRY_POINTS, name=name))
    if not found:
        known = ", ".join(("auto", *backend_names()))
        raise Unsupported(f"there is no engine {name!r}; there are: {known}")
    try:
        made = next(iter(found)).load()()
    except (ImportError, AttributeError) as error:
        raise Unsupported(f"engine {name!r} cannot be imported: {error}") from error
    if not isinstance(made, Backend):
        raise EngineError(f"engine {name!r} does not follow the Backend protocol")
    return made


def require_capable(backend: Backend, problem: Problem) -> None:
    """Refuse a portfolio that uses what the engine does not do.

    Raises
    ------
    Unsupported
        With every missing feature.
    """
    missing = sorted(problem.features - backend.capabilities)
    if missing:
        raise Unsupported(
            f"engine {backend.name!r} does not support {', '.join(missing)}; "
            "choose another engine or remove these from the portfolio"
        )


def stages_of(problem: Problem) -> int:
    """Return the number of stages that an objective takes: one where it is weighted."""
    return 1 if problem.method is Method.WEIGHTED else len(problem.terms)


def better_of(old: float | None, new: float | None, *, higher: bool) -> float | None:
    """Return the higher or the lower of two numbers; one that is missing does not count."""
    if old is None or new is None:
        return old if new is None else new
    return max(old, new) if higher else min(old, new)


def relative_gap(value: float | None, bound: float | None) -> float | None:
    """Return |bound - value| / max(|bound|, |value|), 0 if both are 0 (formulation, section 7)."""
    if value is None or bound is None:
        return None
    largest = max(abs(value), abs(bound))
    return abs(bound - value) / largest if largest else 0.0
