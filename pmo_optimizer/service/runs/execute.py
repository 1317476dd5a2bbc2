"""One run from claimed to its end: what the child says goes to the store, fenced by attempt."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from pmo_optimizer.service import logs
from pmo_optimizer.service.ids import Prefix, new_id
from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.choice import LEFT_OFF, stored_values, worse
from pmo_optimizer.service.runs.messages import Answer, Message, Task
from pmo_optimizer.service.runs.process import Child, Entry, Outcome, Process
from pmo_optimizer.service.runs.process import Failure as Crash
from pmo_optimizer.service.runs.words import frames
from pmo_optimizer.service.settings import Settings
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import Fenced, NotFound, Unavailable
from pmo_optimizer.service.store.records import (
    ACTIVE,
    Failure,
    FailureCode,
    PlanFacts,
    RunRecord,
    RunState,
)
from pmo_optimizer.service.store.runners import FinalPlan

TICK_SECONDS = 0.1
"""How long one look at the child waits for news."""

STOP_POLL_SECONDS = 0.4
"""How often the store is asked whether somebody wants the run to stop."""

RETRY_SECONDS = 0.5
"""Pause before a write is tried again that a busy or absent database refused."""

LAST_TRIES_SECONDS = 10.0
"""How long such writes are tried while the service ends."""

SOLVE = "solve"

_log = logging.getLogger(__name__)

T = TypeVar("T")


def execute(
    store: Store,
    run: RunRecord,
    settings: Settings,
    *,
    closing: threading.Event | None = None,
    entry: Entry = child.main,
    waiting: Callable[[], Process | None] | None = None,
) -> None:
    """Do one run in a child process, and write what comes of it into the store.

    Returns when the run has ended, was given back to the queue, or is no longer ours.

    Parameters
    ----------
    store
        Where the run is.
    run
        As it was claimed.
    settings
        Limits and paces.
    closing
        Set it to make the run end soon with its best plan, as the service ends.
    entry
        What the child runs.
    waiting
        Gives a process that waits for a task, if there is one.
    """
    with logs.bound(run=run.id):
        try:
            event = closing or threading.Event()
            _Execution(store, run, settings, event, entry, waiting or _nobody).run()
        except Fenced:
            _log.info("run was taken from its runner", extra={"attempt": run.attempt})


class _Execution:
    """The state of one attempt."""

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        settings: Settings,
        closing: threading.Event,
        entry: Entry,
        waiting: Callable[[], Process | None],
    ) -> None:
        self._store = store
        self._run = run
        self._settings = settings
        self._closing = closing
        self._entry = entry
        self._waiting = waiting
        self._progress: dict[str, Any] | None = None
        self._progress_due = 0.0
        self._beat_due = time.monotonic() + settings.heartbeat_seconds
        self._poll_due = 0.0
        self._kept: tuple[str, PlanFacts] | None = None
        self._refused: FinalPlan | None = None
        self._asked = False

    def run(self) -> None:
        """Work until the end.

        Raises
        ------
        Fenced
            The run is not ours any more.
        """
        try:
            task = self._surely(self._task)
        except NotFound as error:
            self._fail(FailureCode.INVALID, str(error), None)
            return
        try:
            process = Child(
                task,
                entry=self._entry,
                waiting=self._waiting(),
                stop_grace=self._settings.stop_grace,
                kill_grace=self._settings.kill_grace,
            )
        except OSError as error:
            self._retry(f"no process could be started: {error.strerror}")
            return
        with process:
            _log.info("run begins", extra={"attempt": self._run.attempt, "pid": process.pid})
            while not process.over:
                for message in process.messages(TICK_SECONDS):
                    self._take(process, message)
                self._write_progress()
                self._beat(process)
                if self._closing.is_set():
                    process.stop()
            self._write_progress(now=True)
            outcome = process.outcome()
        last = self._refused
        if last is not None:
            self._surely(lambda: self._keep_refused(last))
        self._end(outcome)

    def _task(self) -> Task:
        run, store = self._run, self._store
        document = store.portfolio(run.tenant, run.portfolio_id, run.revision).document
        start = None
        if run.warm_plan_id is not None:
            # What an earlier attempt has found; only solves begin with it.
            warm = store.plan(run.tenant, run.warm_plan_id)
            facts = PlanFacts(warm.status, warm.digest, warm.objective, warm.bound, warm.gap)
            self._kept = (warm.id, facts)
            start = warm.document if run.kind == SOLVE else None
        if start is None and run.start_plan_id is not None:
            start = store.plan(run.tenant, run.start_plan_id).document
        return Task(
            kind=run.kind,
            portfolio=document,
            parameters=run.parameters,
            scenario=run.scenario_document,
            start_plan=start,
            limits=self._settings.limits,
        )

    def _take(self, process: Child, message: Message) -> None:
        """Hand one message of the child on to the store."""
        match message:
            case ("begun",):
                if self._surely(lambda: self._store.started(self._run.id, self._run.attempt)):
                    self._stop(process)
            case ("progress", dict(line)):
                self._progress = line
            case ("plan", str(text), dict(facts)):
                self._keep(text, _stored(facts))
            case ("solves", str(key), int(done), int(total)):
                self._tell("solves", {"key": key, "done": done, "total": total})

    def _keep(self, text: str, facts: PlanFacts) -> None:
        """Store a plan on the way; one that the database refuses now waits for the end."""
        self._refused = FinalPlan(new_id(Prefix.PLAN), text, facts)
        with suppress(Unavailable):
            self._keep_refused(self._refused)

    def _keep_refused(self, plan: FinalPlan) -> None:
        """Store a plan on the way, which may have been stored without our knowing."""
        id, attempt, facts = self._run.id, self._run.attempt, plan.facts
        kept = self._store.keep_plan(id, attempt, plan.document, facts, id=plan.id)
        self._refused = None
        if self._kept is not None and kept == self._kept[0]:
            return
        self._kept = (kept, facts)
        data = {
            "plan_id": kept,
            "objective": facts.objective,
            "bound": facts.bound,
            "gap": facts.gap,
        }
        self._tell("plan", data)

    def _tell(self, type: str, data: dict[str, Any]) -> None:
        """Append an event; one that the database refuses now is lost."""
        figures = {name: data.get(name) for name in ("objective", "bound", "gap")}
        with suppress(Unavailable):
            self._store.progress(
                self._run.id,
                self._run.attempt,
                type,
                data,
                **figures,
                solves_done=data.get("done"),
                solves_total=data.get("total"),
            )

    def _write_progress(self, *, now: bool = False) -> None:
        """Write the newest line of the search's log, if it is time."""
        if self._progress is None or (time.monotonic() < self._progress_due and not now):
            return
        line, self._progress = self._progress, None
        self._progress_due = time.monotonic() + self._settings.progress_interval
        with suppress(Unavailable):
            self._store.progress(
                self._run.id,
                self._run.attempt,
                "progress",
                line,
                objective=line.get("value"),
                bound=line.get("bound"),
                gap=line.get("gap"),
            )

    def _beat(self, process: Child) -> None:
        """Say that we live, and look whether somebody wants the run to stop."""
        now = time.monotonic()
        stop = False
        with suppress(Unavailable):
            if now >= self._beat_due:
                # One that the database refuses is tried again soon: see `Sweeper`.
                self._beat_due = now + min(RETRY_SECONDS, self._settings.heartbeat_seconds)
                stop = self._store.heartbeat(self._run.id, self._run.attempt)
                self._beat_due = now + self._settings.heartbeat_seconds
            elif now >= self._poll_due:
                stop = self._asked_to_stop()
            else:
                return
            self._poll_due = now + STOP_POLL_SECONDS
        if stop:
            self._stop(process)

    def _stop(self, process: Child) -> None:
        self._asked = True
        process.stop()

    def _asked_to_stop(self) -> bool:
        run = self._run
        try:
            status = self._store.run_status(run.tenant, run.id)
        except NotFound as error:
            raise Fenced(run.id, run.attempt) from error
        if status.attempt != run.attempt or status.state not in ACTIVE:
            raise Fenced(run.id, run.attempt)
        return status.stop_requested

    def _end(self, outcome: Outcome) -> None:
        if self._left_off(outcome):
            self._give_back()
        elif outcome.answer is not None:
            self._succeed(outcome.answer)
        elif outcome.killed is not None:
            self._cut(outcome.killed)
        elif outcome.failure is not None and outcome.failure.code == "crash":
            self._crashed(outcome.failure)
        elif outcome.failure is not None:
            code = FailureCode(outcome.failure.code)
            why = "memory_limit" if code is FailureCode.MEMORY_LIMIT else "crash"
            detail = outcome.failure.detail
            self._fail(code, detail, None if code is FailureCode.INVALID else why)

    def _left_off(self, outcome: Outcome) -> bool:
        """Return whether the end of the service, and nobody else, left the run without a result.

        A solve that has a plan keeps it and is done; everything else is worth another try.
        """
        if self._asked or not self._closing.is_set():
            return False
        answer = outcome.answer
        cut = outcome.killed if answer is None else answer.termination
        has_plan = self._kept is not None or (answer is not None and bool(answer.plans))
        return cut == "stopped" and not (self._run.kind == SOLVE and has_plan)

    def _succeed(self, answer: Answer) -> None:
        """End with an answer, or with the plan before it where that one is better."""
        if answer.status == "failed":
            self._fail(FailureCode.ENGINE, answer.message, answer.termination, answer.result)
            return
        if self._run.kind == SOLVE and self._kept is not None and self._worse(answer):
            self._end_with_kept(RunState.SUCCEEDED, answer.termination)
            return
        plans = [
            FinalPlan(new_id(Prefix.PLAN), text, _stored(facts))
            for text, facts in zip(answer.plans, answer.facts, strict=True)
        ]
        result = answer.result
        if result is not None:
            result = {**result, "plan_ids": [plan.id for plan in plans]}
        self._finish(
            RunState.SUCCEEDED,
            status=answer.status,
            termination=answer.termination,
            objective=answer.objective,
            bound=answer.bound,
            gap=answer.gap,
            result=None if result is None else json.dumps(result),
            plans=plans,
        )

    def _worse(self, answer: Answer) -> bool:
        """Return whether the plan that is kept is better than that of the answer.

        An answer that came to its end is the best there is, whatever the first term of a plan on
        the way: later terms may give some of it up. One that was left off may fall behind what
        an earlier attempt found.
        """
        if self._kept is None or answer.status == "infeasible":
            return False
        if not answer.facts:
            return True
        if answer.termination not in LEFT_OFF:
            return False
        id = self._kept[0]
        document = self._surely(lambda: self._store.plan(self._run.tenant, id).document)
        return worse(answer.facts[0]["terms"], stored_values(document))

    def _cut(self, why: str) -> None:
        """End without an answer: the child did not heed the stop, or its time was over."""
        if self._kept is not None:
            self._end_with_kept(RunState.SUCCEEDED, why)
        elif why == "stopped":
            self._finish(RunState.CANCELLED, termination=why)
        else:
            self._fail(FailureCode.ENGINE, "the run did not end within its time", why)

    def _end_with_kept(self, state: RunState, termination: str | None) -> None:
        if self._kept is None:
            return
        id, facts = self._kept
        self._finish(
            state,
            status=facts.status,
            termination=termination,
            objective=facts.objective,
            bound=facts.bound,
            gap=facts.gap,
            plan_id=id,
        )

    def _fail(
        self,
        code: FailureCode,
        detail: str,
        termination: str | None,
        result: object | None = None,
    ) -> None:
        """End without an answer; the best plan stays."""
        facts = None if self._kept is None else self._kept[1]
        self._finish(
            RunState.FAILED,
            status=None if facts is None else facts.status,
            termination=termination,
            objective=None if facts is None else facts.objective,
            bound=None if facts is None else facts.bound,
            gap=None if facts is None else facts.gap,
            result=None if result is None else json.dumps(result),
            failure=Failure(code, detail),
        )

    def _crashed(self, crash: Crash) -> None:
        """Log what is known of a crash, and try again where that may help."""
        error = {"type": crash.kind, "where": frames(crash.words)}
        _log.warning("run crashed", extra={"attempt": self._run.attempt, "error": error})
        _log.debug("last words", extra={"attempt": self._run.attempt, "words": crash.words})
        if crash.again:
            self._retry(crash.detail)
        else:
            self._fail(FailureCode.CRASH, crash.detail, "crash")

    def _retry(self, detail: str) -> None:
        """Give the run back after a crash; it ends where its attempts are used up."""
        failure = Failure(FailureCode.CRASH, detail)
        most = self._settings.max_attempts
        self._surely(lambda: self._store.retry(self._run.id, self._run.attempt, most, failure))

    def _give_back(self) -> None:
        """Put the run back into the queue, for the service that comes after this one."""
        self._surely(lambda: self._store.give_back(self._run.id, self._run.attempt))

    def _finish(
        self,
        state: RunState,
        *,
        status: str | None = None,
        termination: str | None = None,
        objective: float | None = None,
        bound: float | None = None,
        gap: float | None = None,
        result: str | None = None,
        failure: Failure | None = None,
        plan_id: str | None = None,
        plans: Sequence[FinalPlan] = (),
    ) -> None:
        self._surely(
            lambda: self._store.finish(
                self._run.id,
                self._run.attempt,
                state,
                status=status,
                termination=termination,
                objective=objective,
                bound=bound,
                gap=gap,
                result=result,
                failure=failure,
                plan_id=plan_id,
                plans=plans,
            )
        )
        _log.info("run ended", extra={"state": state.value, "attempt": self._run.attempt})

    def _surely(self, write: Callable[[], T]) -> T:
        """Return what a call of the store returns, tried again while there is no database.

        Raises
        ------
        Fenced
            The run is not ours any more, or there was no database until the service ended.
        """
        last: float | None = None
        while True:
            try:
                return write()
            except Unavailable as error:
                if self._closing.is_set():
                    last = last or time.monotonic() + LAST_TRIES_SECONDS
                    if time.monotonic() > last:
                        raise Fenced(self._run.id, self._run.attempt) from error
                time.sleep(RETRY_SECONDS)


def _nobody() -> None:
    """Return that no process waits."""


def _stored(facts: Mapping[str, Any]) -> PlanFacts:
    """Return what the store must know of a plan, of what the child says."""
    return PlanFacts(**{name: value for name, value in facts.items() if name != "terms"})
