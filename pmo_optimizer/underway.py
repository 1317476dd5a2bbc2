"""Plans on the way: what an engine offers while it searches, refereed before anyone sees it.

Engines offer more often than anyone could look. A thread of its own takes the latest offer,
turns it into a plan and has the referee look at it, so that searches do not wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pmo_optimizer.backend import Found, Offer, Outcome, Stage, relative_gap
from pmo_optimizer.decode import plan_parts
from pmo_optimizer.judge import judged
from pmo_optimizer.model import EngineError, Plan, Portfolio, Staffing, Status, Termination
from pmo_optimizer.problem import Problem

REST = 5.0
"""Times as long as a plan took, nothing is looked at after it: a sixth of one core at most."""

LEAST_REST = 0.25
"""Seconds between two plans at least."""

NOISE = 1e-9
"""Relative gain below which a plan is no better."""


class PlansUnderWay:
    """Hands on every plan that is better than all before; a context manager.

    Parameters
    ----------
    bound
        Returns the bound proven so far, in the sense of the objective, or None.
    on_plan
        Called with plans of status ``feasible`` and termination ``stopped``, as if the search
        had ended there; from a thread of this object's.

    Attributes
    ----------
    refused
        Offers that the referee refused; nobody sees them.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        problem: Problem,
        staffing: Staffing,
        bound: Callable[[], float | None],
        on_plan: Callable[[Plan], None],
    ) -> None:
        self.refused = 0
        self._portfolio = portfolio
        self._problem = problem
        self._staffing = staffing
        self._bound = bound
        self._on_plan = on_plan
        self._best: float | None = None
        self._latest: Offer | None = None
        self._wanted = threading.Condition()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="plans under way", daemon=True)

    def offer(self, make: Offer) -> None:
        """Take an offer; it replaces one that nobody has looked at yet."""
        with self._wanted:
            self._latest = make
            self._wanted.notify()

    def __enter__(self) -> PlansUnderWay:
        """Begin to look at offers."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; the plan in hand is finished."""
        self._ended.set()
        with self._wanted:
            self._wanted.notify()
        self._thread.join()

    def require_well(self) -> None:
        """Raise what went wrong in the thread, the caller's own function included."""
        if self._error is not None:
            raise self._error

    # -- the thread ------------------------------------------------------------------------

    def _work(self) -> None:
        """Look at offers until the end; what goes wrong is kept for the caller."""
        try:
            self._look()
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            self._error = error

    def _look(self) -> None:
        while not self._ended.is_set():
            with self._wanted:
                while self._latest is None and not self._ended.is_set():
                    self._wanted.wait()
                make, self._latest = self._latest, None
            if make is None or self._ended.is_set():
                return
            begin = time.monotonic()
            found = make()
            if found is not None:
                self._hand_on(found)
            self._ended.wait(max(LEAST_REST, REST * (time.monotonic() - begin)))

    def _hand_on(self, found: Found) -> None:
        """Referee a plan, and hand it on if it is the best."""
        plan = self._judged(found)
        if plan is not None and plan.objective is not None and self._better(plan.objective):
            self._best = plan.objective
            self._on_plan(plan)

    def _judged(self, found: Found) -> Plan | None:
        """Return the plan with the referee's figures, None where the referee refuses it."""
        outcome = Outcome(
            Status.FEASIBLE,
            Termination.STOPPED,
            (Stage(None, None),),
            found.decisions,
            found.certificate,
        )
        plan = plan_parts(self._portfolio, self._problem, outcome)
        plan = plan.model_copy(update={"staffing": self._staffing})
        try:
            plan = judged(self._portfolio, self._problem, outcome, plan)
        except EngineError:
            self.refused += 1
            return None
        return self._with_bound(plan)

    def _with_bound(self, plan: Plan) -> Plan:
        """Return the plan with the bound proven so far, unless the plan disproves it."""
        bound, value = self._bound(), plan.objective
        if bound is None or value is None:
            return plan
        if bound < value if self._problem.maximised else bound > value:
            return plan
        return plan.model_copy(update={"bound": bound, "gap": relative_gap(value, bound)})

    def _better(self, value: float) -> bool:
        if self._best is None:
            return True
        gain = value - self._best if self._problem.maximised else self._best - value
        return gain > NOISE * max(1.0, abs(self._best))
