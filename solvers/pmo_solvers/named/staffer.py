"""The entry point of named staffing: whole plans, and names for dates that are fixed."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata

from pmo_optimizer.backend import Backend, Certificate, Decisions, Options, Outcome, Stage
from pmo_optimizer.model import StaffingGoals, Status, Termination
from pmo_optimizer.problem import Problem
from pmo_solvers.named.certificate import certificate_of, given_of, members_of
from pmo_solvers.named.goals import Points
from pmo_solvers.named.joint import Joint
from pmo_solvers.named.limits import is_limited
from pmo_solvers.named.search import Terms, staff
from pmo_solvers.named.tasks import FULL, STEP, Reader
from pmo_solvers.restrict import values_of
from pmo_solvers.time_indexed.driver import cut_short
from pmo_solvers.unary import solve_unary, suits_unary


class NamedStaffer:
    """Gives names to plans; see `pmo_optimizer.backend.Staffer`."""

    name = "named"

    def versions(self) -> dict[str, str]:
        """Return the version of OR-Tools."""
        return {"ortools": metadata.version("ortools")}

    def solve(self, problem: Problem, options: Options, engine: Backend) -> Outcome:
        """Return a plan with names; see `pmo_optimizer.backend.Staffer`.

        Schedules whose people do one thing at a time are planned with names at once.
        """
        impossible = False
        if suits_unary(problem) and not is_limited(problem):
            found = solve_unary(problem, options)
            # Where no plan serves all needs the other way says which are open, and why.
            impossible = found.status is Status.INFEASIBLE
            if found.decisions is not None or not impossible:
                return found
        outcome = Joint(problem, options, engine).outcome()
        if impossible and outcome.status is Status.NO_PLAN_FOUND:
            return replace(
                outcome, status=Status.INFEASIBLE, termination=Termination.PROVED, stages=()
            )
        return outcome

    def staff(self, problem: Problem, decisions: Decisions, options: Options) -> Outcome:
        """Return names for fixed decisions; see `pmo_optimizer.backend.Staffer`."""
        work = Reader(problem).work_of(decisions)
        known = given_of(work, options.start_shares)
        points = Points(work, options.goals, members_of(work, known))
        keep = options.goals.changes > 0
        terms = Terms(
            options.workers,
            options.seed,
            polish=_has_goals(problem, options.goals),
            reproducible=options.reproducible,
            work=options.work_limit,
            keep=keep,
        )
        found = staff(work, points, options.clock, terms, known or None)
        certificate = certificate_of(work, found.given, decisions)
        termination = Termination.PROVED if found.proved else cut_short(options.clock)
        word = (
            f"unmet {found.unmet / STEP / FULL:g} FTE-periods, proved {found.bound / STEP / FULL:g}"
        )
        if certificate is None:
            outcome = Outcome(Status.NO_PLAN_FOUND, termination, word=word, message=NO_MONEY)
        elif found.impossible:
            outcome = Outcome(Status.INFEASIBLE, Termination.PROVED, word=word, message=CLASH)
        elif found.loose:
            outcome = Outcome(Status.NO_PLAN_FOUND, cut_short(options.clock), message=LOOSE)
        elif not found.full:
            outcome = Outcome(
                status=Status.NO_PLAN_FOUND,
                termination=termination,
                decisions=decisions,
                certificate=certificate,
                partial=True,
                word=word,
            )
        else:
            outcome = Outcome(
                status=Status.FEASIBLE,
                termination=termination,
                stages=_stages(problem, decisions, certificate),
                decisions=decisions,
                certificate=certificate,
                word=word,
            )
        return replace(outcome, reproducible=options.reproducible and not options.clock.over)


NO_MONEY = "The funds do not suffice for these dates."

CLASH = "People who must work, by `must` or by a pin, cannot all do so at these dates."

LOOSE = "No staffing was found in which all who must work, by `must` or by a pin, do so."


def _has_goals(problem: Problem, goals: StaffingGoals) -> bool:
    """Return whether anything but unmet need makes one staffing better than another."""
    weights = (goals.cost, goals.fit, goals.people, goals.handoffs, goals.balance, goals.changes)
    priced = any(bucket.overload_price is not None for bucket in problem.buckets)
    return any(weights) or priced or bool(problem.ceilings)


def _stages(problem: Problem, decisions: Decisions, certificate: Certificate) -> tuple[Stage, ...]:
    values = values_of(problem, decisions, certificate)
    return tuple(Stage(value, None) for value in values) if values else (Stage(None, None),)
