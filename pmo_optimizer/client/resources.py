"""The resources of the service, one class each; a `Client` holds one object of each."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event as Flag
from threading import Thread
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx

from pmo_optimizer.client import sse
from pmo_optimizer.client.errors import ServiceError, Unreachable, findings_of
from pmo_optimizer.client.records import (
    Check,
    Decision,
    Event,
    Override,
    PlanInfo,
    PortfolioInfo,
    Record,
    Run,
    Scenario,
    read,
)
from pmo_optimizer.client.wire import Wire
from pmo_optimizer.model import Finding, Plan, PmoError, Portfolio

R = TypeVar("R", bound=Record)

Params = dict[str, str | int]

SILENCE = 60.0
"""Seconds without a byte after which an event stream is opened anew; the service sends a comment
every 15."""

FIRST_POLL, LARGEST_POLL, POLL_GROWTH = 0.1, 3.0, 1.4
"""Seconds between two questions after the state of a run: at first, at most, and their growth."""


END = "end"
"""Type of the event that ends a stream, after the last event of the run."""

FLAG_SECONDS = 0.1
"""How often a thread that waits for a flag looks whether it still has to."""


class Resource:
    """Base of the resources."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def _pages(
        self, kind: type[R], path: str, params: Mapping[str, str | int | None]
    ) -> Iterator[R]:
        """Return the items of a list, page after page as they are wanted."""
        asked: Params = {name: value for name, value in params.items() if value is not None}
        while True:
            page = read(dict[str, Any], self._wire.json("GET", path, params=asked))
            for item in page.get("items") or ():
                yield read(kind, item)
            cursor = page.get("cursor")
            if not cursor:
                return
            asked["cursor"] = str(cursor)


class Portfolios(Resource):
    """Portfolios of the tenant; a change is a new revision, and old ones stay."""

    def create(self, portfolio: Portfolio, *, key: str | None = None) -> PortfolioInfo:
        """Store a portfolio.

        Parameters
        ----------
        key
            Idempotency key: the same key gives the same portfolio; a random one by default.

        Raises
        ------
        ServiceError
            422 with every finding where it cannot be planned.
        """
        body = portfolio.to_data()
        answer = self._wire.json("POST", "/v1/portfolios", body=body, headers=_once(key))
        return read(PortfolioInfo, answer)

    def get(self, portfolio_id: str, *, revision: int | None = None) -> PortfolioInfo:
        """Return what the service knows of a portfolio, at its latest revision by default."""
        return read(PortfolioInfo, self._full(portfolio_id, revision))

    def document(self, portfolio_id: str, *, revision: int | None = None) -> Portfolio:
        """Return a portfolio itself, at its latest revision by default."""
        full = read(dict[str, Any], self._full(portfolio_id, revision))
        return Portfolio.parse(full.get("document") or {})

    def list(self) -> Iterator[PortfolioInfo]:
        """Return the portfolios, newest first."""
        return self._pages(PortfolioInfo, "/v1/portfolios", {})

    def replace(
        self, portfolio_id: str, portfolio: Portfolio, *, expected_revision: int | None = None
    ) -> PortfolioInfo:
        """Store the next revision of a portfolio.

        Parameters
        ----------
        expected_revision
            The revision that is to be replaced; ServiceError 412 where there is a newer one.
        """
        headers = {} if expected_revision is None else {"If-Match": f'"{expected_revision}"'}
        path = _path("portfolios", portfolio_id)
        answer = self._wire.json("PUT", path, body=portfolio.to_data(), headers=headers)
        return read(PortfolioInfo, answer)

    def delete(self, portfolio_id: str) -> None:
        """Remove a portfolio; ServiceError 409 while it has runs."""
        self._wire.request("DELETE", _path("portfolios", portfolio_id))

    def validate(self, portfolio: Portfolio) -> tuple[Finding, ...]:
        """Return every finding about a portfolio, warnings too, without storing it."""
        answer = self._wire.json(
            "POST", "/v1/portfolios/validate", body=portfolio.to_data(), headers=_once(None)
        )
        return findings_of(read(dict[str, Any], answer).get("findings"))

    def _full(self, portfolio_id: str, revision: int | None) -> object:
        params: Params = {} if revision is None else {"revision": revision}
        return self._wire.json("GET", _path("portfolios", portfolio_id), params=params)


class Scenarios(Resource):
    """Scenarios of portfolios: named lists of changes, as plain data."""

    def create(
        self, portfolio_id: str, document: Mapping[str, Any], *, key: str | None = None
    ) -> Scenario:
        """Store a scenario of a portfolio, in the form of an entry of a scenario file."""
        path = _path("portfolios", portfolio_id, "scenarios")
        answer = self._wire.json("POST", path, body=dict(document), headers=_once(key))
        return read(Scenario, answer)

    def get(self, scenario_id: str) -> Scenario:
        """Return a scenario with its document."""
        return read(Scenario, self._wire.json("GET", _path("scenarios", scenario_id)))

    def list(self, portfolio_id: str) -> Iterator[Scenario]:
        """Return the scenarios of a portfolio, newest first, without their documents."""
        return self._pages(Scenario, _path("portfolios", portfolio_id, "scenarios"), {})

    def replace(self, scenario_id: str, document: Mapping[str, Any]) -> Scenario:
        """Store a scenario anew; runs that used it keep what they had."""
        path = _path("scenarios", scenario_id)
        return read(Scenario, self._wire.json("PUT", path, body=dict(document)))

    def delete(self, scenario_id: str) -> None:
        """Remove a scenario; runs that used it keep what they had."""
        self._wire.request("DELETE", _path("scenarios", scenario_id))


class Runs(Resource):
    """Solves and studies, which the service does one after the other."""

    def submit(
        self,
        portfolio_id: str,
        *,
        kind: str = "solve",
        revision: int | None = None,
        scenario_id: str | None = None,
        scenario: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        start_plan_id: str | None = None,
        key: str | None = None,
    ) -> Run:
        """Begin a run; it is queued when this returns.

        Parameters
        ----------
        kind
            ``solve`` or a study: ``staff``, ``compare``, ``frontier``, ``prices``, ``why``,
            ``conflicts``, ``alternatives``, ``robustness``, ``replan``.
        revision
            Of the portfolio; the latest by default.
        scenario_id, scenario
            A stored scenario, or one as plain data; at most one of them.
        parameters
            Those of the kind, as the command line has them: ``time_limit`` in seconds, ``gap``.
        start_plan_id
            A plan of the service to begin with.
        key
            Idempotency key: the same key gives the same run; a random one by default.

        Raises
        ------
        ServiceError
            422 where the input cannot be used, 429 where the queue stays full.
        """
        parts = {
            "kind": kind,
            "portfolio_id": portfolio_id,
            "revision": revision,
            "scenario_id": scenario_id,
            "scenario": None if scenario is None else dict(scenario),
            "parameters": dict(parameters or {}),
            "start_plan_id": start_plan_id,
        }
        body = {name: value for name, value in parts.items() if value is not None}
        return read(Run, self._wire.json("POST", "/v1/runs", body=body, headers=_once(key)))

    def get(self, run_id: str) -> Run:
        """Return a run as it is now."""
        return read(Run, self._wire.json("GET", _path("runs", run_id)))

    def list(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        portfolio_id: str | None = None,
    ) -> Iterator[Run]:
        """Return runs, newest first, all or those that match."""
        params = {"state": state, "kind": kind, "portfolio_id": portfolio_id}
        return self._pages(Run, "/v1/runs", params)

    def stop(self, run_id: str) -> Run:
        """Have a run end now and keep its best plan; a run that has ended stays as it is."""
        answer = self._wire.json("POST", _path("runs", run_id, "stop"), headers=_once(None))
        return read(Run, answer)

    def delete(self, run_id: str) -> None:
        """Remove a run with its plans, cancelling it; ServiceError 409 if a decision needs it."""
        self._wire.request("DELETE", _path("runs", run_id))

    def plan(self, run_id: str) -> Plan:
        """Return the best plan of a run so far; ServiceError 404 before there is one."""
        return _plan(self._wire.json("GET", _path("runs", run_id, "plan")))

    def plans(self, run_id: str) -> tuple[PlanInfo, ...]:
        """Return the plans of a run, oldest first, without their documents."""
        return tuple(self._pages(PlanInfo, "/v1/plans", {"run_id": run_id}))

    def result(self, run_id: str) -> dict[str, Any]:
        """Return what a study found, as ``--json`` of its command prints it."""
        answer = read(dict[str, Any], self._wire.json("GET", _path("runs", run_id, "result")))
        return read(dict[str, Any], answer.get("result"))

    def events(self, run_id: str, *, after: int = 0) -> Iterator[Event]:
        """Follow a run: what happened, then what happens, each event once, until it has ended.

        A stream that breaks is opened again after the last event that came.

        Parameters
        ----------
        after
            Number of the last event that is known already.

        Raises
        ------
        Unreachable
            Where the stream breaks again and again without an event in between.
        """
        return self._follow(run_id, after, float("inf"))

    def wait(
        self,
        run_id: str,
        *,
        timeout: float | None = None,
        follow: bool = True,
        on_event: Callable[[Event], None] | None = None,
        stop: Flag | None = None,
    ) -> Run:
        """Return a run when it has ended.

        Parameters
        ----------
        timeout
            Seconds to wait at most, give or take the heartbeat of the stream; no limit by
            default.
        follow
            Follow its events; False asks for its state again and again, with growing pauses,
            for networks that do not let streams through.
        on_event
            Gets every event; only where they are followed.
        stop
            Once set, the run is stopped, and its end waited for.

        Raises
        ------
        TimeoutError
            Where it has not ended in time; it goes on.
        """
        end = float("inf") if timeout is None else time.monotonic() + timeout
        with self._stopping(run_id, stop):
            if follow:
                for event in self._follow(run_id, 0, end):
                    if on_event is not None:
                        on_event(event)
            return self._poll(run_id, end)

    @contextmanager
    def _stopping(self, run_id: str, stop: Flag | None) -> Iterator[None]:
        """Stop the run from another thread if the flag is set inside the block."""
        if stop is None:
            yield
            return
        done = Flag()

        def watch() -> None:
            while not done.is_set():
                if stop.wait(FLAG_SECONDS):
                    # Whoever waits for the run sees what is wrong.
                    with suppress(PmoError):
                        self.stop(run_id)
                    return

        thread = Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _poll(self, run_id: str, end: float) -> Run:
        pause = FIRST_POLL
        while True:
            run = self.get(run_id)
            if run.ended:
                return run
            time.sleep(min(pause, _left(run_id, end)))
            pause = min(LARGEST_POLL, pause * POLL_GROWTH)

    def _follow(self, run_id: str, after: int, end: float) -> Iterator[Event]:
        retries = self._wire.retries
        failures = 0
        pause = 0.0
        while True:
            try:
                for sent in self._stream(run_id, after, end):
                    pause = (sent.retry or 0) / 1000
                    if sent.type == END:
                        return
                    event = _event(sent)
                    if event is None or event.seq <= after:
                        continue
                    after, failures = event.seq, 0
                    yield event
                    if event.last:
                        return
                broken = "it ended before the run"
            except httpx.TransportError as error:
                broken = str(error) or type(error).__name__
            left = _left(run_id, end)
            failures += 1
            if failures >= retries.attempts:
                raise Unreachable(f"event stream of {run_id}: {broken}")
            time.sleep(min(left, max(retries.pause(failures), min(pause, retries.most))))

    def _stream(self, run_id: str, after: int, end: float) -> Iterator[sse.ServerEvent]:
        """Open the stream once; an answer that says later counts as a broken connection."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        path = _path("runs", run_id, "events")
        silence = min(SILENCE, _left(run_id, end))
        try:
            with self._wire.stream(path, headers=headers, silence=silence) as response:
                chunks = _before(run_id, end, response.iter_bytes())
                yield from sse.events(chunks, last_id=str(after))
        except ServiceError as error:
            if not error.passing:
                raise
            raise httpx.ReadError(str(error)) from error


class Plans(Resource):
    """Plans, which belong to runs."""

    def get(self, plan_id: str) -> Plan:
        """Return a plan itself."""
        return _plan(self._wire.json("GET", _path("plans", plan_id)))

    def info(self, plan_id: str) -> PlanInfo:
        """Return what the service knows of a plan."""
        return read(PlanInfo, self._wire.json("GET", _path("plans", plan_id)))

    def check(self, plan_id: str) -> Check:
        """Have the referee of the service compute a plan again from portfolio and decisions."""
        return read(Check, self._wire.json("GET", _path("plans", plan_id, "check")))

    def csv(self, plan_id: str, table: Literal["schedule", "staffing"] = "schedule") -> str:
        """Return a plan as CSV: a row per phase, or per person, need and period."""
        params: Params = {"format": "csv", "table": table}
        return self._wire.request("GET", _path("plans", plan_id, "export"), params=params).text


class Decisions(Resource):
    """Decisions about plans: draft, proposed, approved, baseline or rejected."""

    def create(
        self, plan_id: str, title: str, *, why: str = "", key: str | None = None
    ) -> Decision:
        """Begin a decision about a plan, as a draft."""
        body = {"plan_id": plan_id, "title": title, "why": why}
        answer = self._wire.json("POST", "/v1/decisions", body=body, headers=_once(key))
        return read(Decision, answer)

    def get(self, decision_id: str) -> Decision:
        """Return a decision with its history."""
        return read(Decision, self._wire.json("GET", _path("decisions", decision_id)))

    def list(self, *, state: str | None = None, plan_id: str | None = None) -> Iterator[Decision]:
        """Return decisions, newest first, without their histories, all or those that match."""
        return self._pages(Decision, "/v1/decisions", {"state": state, "plan_id": plan_id})

    def move(
        self,
        decision_id: str,
        to: str,
        *,
        why: str = "",
        overrides: Iterable[Override] = (),
    ) -> Decision:
        """Move a decision on, for good.

        This is not repeated where the connection breaks: read the decision to see whether it
        was moved.

        Parameters
        ----------
        to
            ``proposed`` from a draft, from there ``approved``, from there ``baseline``; or
            ``rejected``.
        overrides
            What the board decides otherwise than the plan.

        Raises
        ------
        ServiceError
            409 where it is not in a state for this move, 403 where the key may not approve.
        """
        rows = [override.model_dump(exclude_none=True) for override in overrides]
        body = {"to": to, "why": why, "overrides": rows}
        path = _path("decisions", decision_id, "move")
        return read(Decision, self._wire.json("POST", path, body=body))


def _left(run_id: str, end: float) -> float:
    """Return the seconds that are left; TimeoutError where none are."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"run {run_id} has not ended in time; it goes on")
    return left


def _before(run_id: str, end: float, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass chunks on until the time is over; heartbeats are chunks too."""
    for chunk in chunks:
        _left(run_id, end)
        yield chunk


def _path(*parts: str) -> str:
    """Return the path of a resource; an id that is none cannot lead elsewhere."""
    if any(part in {"", ".", ".."} for part in parts):
        raise ValueError(f"not an id: {parts[-1]!r}")
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _once(key: str | None) -> dict[str, str]:
    """Return the header that makes a POST repeatable."""
    return {"Idempotency-Key": key or uuid.uuid4().hex}


def _plan(answer: object) -> Plan:
    return Plan.parse(read(dict[str, Any], read(dict[str, Any], answer).get("document")))


def _event(sent: sse.ServerEvent) -> Event | None:
    """Return an event of a run; None for what is none."""
    if not sent.id:
        return None
    try:
        return Event.model_validate_json(sent.data)
    except ValueError:
        return None
