"""Problems in which some projects keep their dates and modes, and what plans are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from pmo_optimizer.backend import Certificate, Decisions, PhaseDecision
from pmo_optimizer.problem import PhaseData, Problem, ProjectData
from pmo_solvers.penalties import penalty
from pmo_solvers.time_indexed.build import build

Fixing = Callable[[ProjectData], int | None]


@dataclass(frozen=True, slots=True)
class Restricted:
    """A problem in which the selected projects of some decisions keep dates and modes.

    Phases that are kept have a single mode, number 0; `undo` translates.

    Attributes
    ----------
    decisions
        Those that were kept.
    """

    problem: Problem
    decisions: Decisions

    def own(self, decisions: Decisions) -> Decisions:
        """Return decisions of the whole problem with the mode numbers of this one."""
        kept = self.decisions.selected
        phases = tuple(
            tuple(PhaseDecision(0, p.start) for p in placed) if kept[index] else placed
            for index, placed in enumerate(decisions.phases)
        )
        return replace(decisions, phases=phases)

    def undo(self, found: Decisions) -> Decisions:
        """Return decisions of this problem with the mode numbers of the whole problem."""
        phases = []
        for index, placed in enumerate(found.phases):
            kept = self.decisions.phases[index] if self.decisions.selected[index] else ()
            phases.append(
                tuple(PhaseDecision(k.mode, p.start) for k, p in zip(kept, placed, strict=True))
                if kept and placed
                else placed
            )
        return replace(found, phases=tuple(phases))


def fixed(problem: Problem, decisions: Decisions) -> Restricted:
    """Return the problem in which everything but hires is as decided."""
    return _restricted(problem, decisions, selected=lambda _: 1, others=lambda _: 0)


def among(problem: Problem, decisions: Decisions, out: Collection[int]) -> Restricted:
    """Return the problem of which selected projects stay, those of ``out`` left out."""
    return _restricted(
        problem, decisions, selected=lambda p: 0 if p.index in out else p.fixed, others=lambda _: 0
    )


def around(problem: Problem, decisions: Decisions, free: Collection[int]) -> Restricted:
    """Return the problem in which projects of ``free`` are open, all others as decided."""
    kept = replace(
        decisions,
        selected=tuple(c and p not in free for p, c in enumerate(decisions.selected)),
    )
    return _restricted(
        problem,
        kept,
        selected=lambda _: 1,
        others=lambda p: p.fixed if p.index in free else 0,
    )


def beside(
    problem: Problem,
    decisions: Decisions,
    free: Collection[int],
    available: Sequence[tuple[int, ...]],
) -> Restricted:
    """Return the problem of `around` in which people work on open projects alone.

    Parameters
    ----------
    available
        FTE units that suppliers have left beside the projects that stay, per period.
    """
    kept = around(problem, decisions, free)
    projects = tuple(
        project
        if project.index in free or not decisions.selected[project.index]
        else _idle(project)
        for project in kept.problem.projects
    )
    suppliers = tuple(
        replace(supplier, available=left)
        for supplier, left in zip(problem.suppliers, available, strict=True)
    )
    return replace(kept, problem=replace(kept.problem, projects=projects, suppliers=suppliers))


def idle(problem: Problem) -> Problem:
    """Return the problem in which nothing needs anybody."""
    return replace(problem, projects=tuple(_idle(project) for project in problem.projects))


def _idle(project: ProjectData) -> ProjectData:
    return replace(project, phases=tuple(_idle_phase(phase) for phase in project.phases))


def _idle_phase(phase: PhaseData) -> PhaseData:
    return replace(phase, modes=tuple(replace(mode, demands=()) for mode in phase.modes))


def allows(problem: Problem, decisions: Decisions) -> bool:
    """Return whether decisions keep windows, modes, hires, and what must or may not be selected.

    All other rules are left to the model of `fixed`, which does not know of these.
    """
    if not _can_hire(problem, decisions):
        return False
    for project in problem.projects:
        chosen = decisions.selected[project.index]
        if project.fixed is not None and bool(project.fixed) != chosen:
            return False
        places = decisions.phases[project.index]
        for phase, place in zip(project.phases, places, strict=bool(chosen)):
            if place.start not in phase.starts(phase.modes[place.mode]):
                return False
    return True


def _can_hire(problem: Problem, decisions: Decisions) -> bool:
    """Return whether heads are ordered when they can be, and no more than there are."""
    ordered: dict[int, int] = defaultdict(int)
    for hire, order, count in decisions.heads:
        ordered[hire] += count
        if order not in problem.hires[hire].orders:
            return False
    return all(count <= problem.hires[hire].max_heads for hire, count in ordered.items())


def values_of(
    problem: Problem, decisions: Decisions, certificate: Certificate
) -> tuple[float, ...] | None:
    """Return what decisions are worth in every stage, prices by the certificate; None if invalid.

    The model is built for these decisions alone, which takes hardly any time.
    """
    kept = fixed(problem, decisions)
    indexed = build(kept.problem)
    encoded = indexed.encode(kept.own(decisions))
    if encoded is None:
        return None
    values = [encoded.get(column, 0) for column in range(indexed.model.size)]
    out = [stage.value(values) for stage in indexed.stages]
    factor = indexed.penalty_weight * (-1.0 if indexed.stages[0].maximised else 1.0)
    price = penalty(problem, decisions, certificate)
    out[0] += factor * (price - indexed.penalty.value(values))
    return tuple(out)


def _restricted(
    problem: Problem,
    decisions: Decisions,
    selected: Fixing,
    others: Fixing,
) -> Restricted:
    projects = []
    for project in problem.projects:
        if not decisions.selected[project.index]:
            projects.append(replace(project, fixed=others(project)))
            continue
        phases = tuple(
            replace(
                phase,
                modes=(phase.modes[place.mode],),
                first_start=place.start,
                last_start=place.start,
            )
            for phase, place in zip(project.phases, decisions.phases[project.index], strict=True)
        )
        projects.append(replace(project, fixed=selected(project), phases=phases))
    return Restricted(replace(problem, projects=tuple(projects)), decisions)
