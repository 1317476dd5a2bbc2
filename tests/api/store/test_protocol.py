"""Any order of claims, heartbeats, silences, stops and ends keeps the promises of the queue.

The machine plays all runners and clients, against a model that is a few lines long. Old attempts
go on writing as if nothing had happened, as real ones do.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.errors import Fenced, LimitReached
from pmo_optimizer.service.store.records import (
    ACTIVE,
    TERMINAL,
    Failure,
    FailureCode,
    PlanFacts,
    RunState,
)
from tests.api.databases import fast_folder
from tests.api.store.conftest import Clock

TENANTS = ("a", "b")
QUEUED, RUNNING, ATTEMPTS = 3, 2, 3
STALE = 30.5

EXAMPLES = int(os.environ.get("PMO_TEST_PROTOCOL_EXAMPLES", "15"))
"""Histories that are tried; the long profile is set by hand."""

CRASH = Failure(FailureCode.CRASH, "signal 11")


@dataclass
class Model:
    """What must be true of a run."""

    tenant: str
    number: int
    state: RunState = RunState.QUEUED
    attempt: int = 0
    beat: float = 0.0
    stop: bool = False
    best: float | None = None
    given_back: int = 0

    def owned_by(self, attempt: int) -> bool:
        """Return whether the attempt owns the run."""
        return self.attempt == attempt and self.state in ACTIVE


class Queue(RuleBasedStateMachine):
    """Runs of two tenants, any number of runners, and a clock."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = ExitStack()
        path = self.folder.enter_context(fast_folder()) / "store.db"
        self.clock = Clock()
        self.seconds = 0.0
        self.store = open_store(f"sqlite:///{path}", clock=self.clock)
        self.folder.callback(self.store.close)
        self.store.upgrade()
        self.portfolios = {
            tenant: self.store.create_portfolio(tenant, "n", "{}", "d", "x").id
            for tenant in TENANTS
        }
        self.runs: dict[str, Model] = {}

    def teardown(self) -> None:
        """Close the store and delete its file."""
        self.folder.close()

    def of(self, tenant: str, *states: RunState) -> list[tuple[str, Model]]:
        """Return the tenant's runs in some states, oldest first."""
        found = [(id, run) for id, run in self.runs.items() if run.tenant == tenant]
        return sorted(
            ((id, run) for id, run in found if run.state in states), key=lambda x: x[1].number
        )

    @rule(tenant=st.sampled_from(TENANTS))
    def create(self, tenant: str) -> None:
        """A run is taken into the queue unless it is full."""
        full = len(self.of(tenant, RunState.QUEUED)) >= QUEUED
        try:
            run = self.store.create_run(
                tenant,
                "solve",
                self.portfolios[tenant],
                1,
                parameters={},
                digest="d",
                queued_limit=QUEUED,
            )
        except LimitReached:
            assert full
            return
        assert not full
        self.runs[run.id] = Model(tenant, len(self.runs))

    @rule(target=claims)
    def claim(self) -> object:
        """The oldest run of a tenant with room is given out, with a new attempt."""
        waiting = [
            pair
            for tenant in TENANTS
            if len(self.of(tenant, *ACTIVE)) < RUNNING
            for pair in self.of(tenant, RunState.QUEUED)
        ]
        run = self.store.claim("w", RUNNING)
        if run is None:
            assert not waiting
            return multiple()
        assert run.id == min(waiting, key=lambda pair: pair[1].number)[0]
        return self.took(run.id, run.attempt)

    @rule(target=claims, claim=claims)
    def claim_by_job(self, claim: tuple[str, int]) -> object:
        """A job for the next attempt works once; a job that is late is fenced."""
        id, attempt = claim
        model = self.runs[id]
        fits = model.state is RunState.QUEUED and model.attempt == attempt
        try:
            run = self.store.claim_run(id, attempt, "w")
        except Fenced:
            assert not fits
            return multiple()
        assert fits
        return self.took(run.id, run.attempt)

    def took(self, id: str, attempt: int) -> tuple[str, int]:
        """Note a claim."""
        model = self.runs[id]
        assert attempt == model.attempt + 1
        model.attempt, model.state, model.beat = attempt, RunState.STARTING, self.seconds
        return id, attempt

    @rule(claim=claims)
    def start(self, claim: tuple[str, int]) -> None:
        """The owner begins, and learns of a stop."""
        id, attempt = claim
        model = self.runs[id]
        try:
            stop = self.store.started(id, attempt)
        except Fenced:
            assert not model.owned_by(attempt)
            return
        assert model.owned_by(attempt)
        assert stop == model.stop
        model.beat = self.seconds
        if model.state is RunState.STARTING:
            model.state = RunState.RUNNING

    @rule(claim=claims)
    def beat(self, claim: tuple[str, int]) -> None:
        """Only the owner is heard, and learns of a stop."""
        id, attempt = claim
        model = self.runs[id]
        try:
            stop = self.store.heartbeat(id, attempt)
        except Fenced:
            assert not model.owned_by(attempt)
            return
        assert model.owned_by(attempt)
        assert stop == model.stop
        model.beat = self.seconds

    @rule(claim=claims, value=st.integers(0, 9))
    def plan(self, claim: tuple[str, int], value: int) -> None:
        """Only the owner's plan is kept, and only if it is not worse."""
        id, attempt = claim
        model = self.runs[id]
        facts = PlanFacts("feasible", "d", float(value))
        try:
            self.store.keep_plan(id, attempt, "{}", facts)
        except Fenced:
            assert not model.owned_by(attempt)
            return
        assert model.owned_by(attempt)
        model.best = value if model.best is None else max(model.best, value)
        model.beat = self.seconds

    @rule(claim=claims)
    def finish(self, claim: tuple[str, int]) -> None:
        """Only the owner ends the run, and only once."""
        id, attempt = claim
        model = self.runs[id]
        try:
            self.store.finish(id, attempt, RunState.SUCCEEDED, status="feasible")
        except Fenced:
            assert not model.owned_by(attempt)
            return
        assert model.owned_by(attempt)
        model.state = RunState.SUCCEEDED

    @rule(claim=claims)
    def crash(self, claim: tuple[str, int]) -> None:
        """The owner's solve breaks: it is tried again, or that was the last try."""
        id, attempt = claim
        model = self.runs[id]
        try:
            self.store.retry(id, attempt, ATTEMPTS, CRASH)
        except Fenced:
            assert not model.owned_by(attempt)
            return
        assert model.owned_by(attempt)
        self.lost(model)

    @rule(claim=claims)
    def give_back(self, claim: tuple[str, int]) -> None:
        """The owner ends in good order: the attempt does not count."""
        id, attempt = claim
        model = self.runs[id]
        try:
            self.store.give_back(id, attempt)
        except Fenced:
            assert not model.owned_by(attempt)
            return
        assert model.owned_by(attempt)
        if model.stop:
            self.stopped(model)
        else:
            model.state = RunState.QUEUED
            model.given_back += 1

    def lost(self, model: Model) -> None:
        """Note what becomes of a run that lost its runner."""
        if model.stop:
            self.stopped(model)
        elif model.attempt - model.given_back >= ATTEMPTS:
            model.state = RunState.FAILED
        else:
            model.state = RunState.QUEUED

    def stopped(self, model: Model) -> None:
        """Note the end of a run that was stopped without a runner."""
        model.state = RunState.CANCELLED if model.best is None else RunState.SUCCEEDED

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        """A client stops any run, at any time."""
        if not self.runs:
            return
        id = data.draw(st.sampled_from(sorted(self.runs, key=lambda x: self.runs[x].number)))
        model = self.runs[id]
        self.store.request_stop(model.tenant, id)
        if model.state is RunState.QUEUED:
            model.stop = True
            self.stopped(model)
        elif model.state in {RunState.STARTING, RunState.RUNNING}:
            model.stop, model.state = True, RunState.STOPPING

    @rule(seconds=st.sampled_from([1.0, 20.0, 60.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)
        self.seconds += seconds

    @rule()
    def sweep(self) -> None:
        """The runs of those who fell silent, and no others, are taken from them."""
        # Waits are whole seconds, so the milliseconds of looks at the clock never decide.
        silent = {
            id
            for id, run in self.runs.items()
            if run.state in ACTIVE and self.seconds - run.beat > STALE
        }
        assert set(self.store.requeue_stale(STALE, ATTEMPTS)) == silent
        for id in silent:
            self.lost(self.runs[id])

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        """State, attempt and best plan of every run; what ended has exactly one end."""
        for id, model in self.runs.items():
            run = self.store.run(model.tenant, id)
            assert (run.state, run.attempt) == (model.state, model.attempt)
            assert run.attempt - model.given_back <= ATTEMPTS
            plans = self.store.plans(model.tenant, id)
            assert [plan.objective for plan in plans] == (
                [] if model.best is None else [model.best]
            )
            assert (run.plan_id is not None) == (model.best is not None)
            events = self.store.events(model.tenant, id, limit=1000)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            told = [RunState(e.data["state"]) for e in events if e.type == "state"]
            assert told[-1] is model.state
            assert sum(state in TERMINAL for state in told) == (model.state in TERMINAL)

    @invariant()
    def no_tenant_has_more_than_it_may(self) -> None:
        """Claims by job have no limit here, so only the queue's is held by every history."""
        counts = self.store.metrics()
        assert sum(counts.values()) == len(self.runs)


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
