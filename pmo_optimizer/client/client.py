"""The client: one object per service, and `solve`, which does it all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event as Flag
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from pmo_optimizer.client.errors import RunFailed
from pmo_optimizer.client.records import Engine, Event, Run, read
from pmo_optimizer.client.resources import Decisions, Plans, Portfolios, Runs, Scenarios
from pmo_optimizer.client.wire import Retries, Wire
from pmo_optimizer.model import (
    Incumbent,
    Plan,
    PmoError,
    Portfolio,
    StaffingGoals,
    Status,
    Termination,
)

ADDRESS = "http://127.0.0.1:8765"
"""Where ``pmo-optimizer serve`` listens by default."""


class Client:
    """Talks to one service; thread-safe. Close it, or use it in a ``with`` block.

    Parameters
    ----------
    base_url
        Address of the service, with a path before ``/v1`` if it has one.
    api_key
        Key of the service (``pmo-optimizer keys create``); None where it needs none.
    timeout
        Seconds for connecting, and without a byte of an answer.
    retries
        When requests are repeated.
    transport
        Of httpx, for proxies and certificates of one's own.

    Attributes
    ----------
    portfolios, scenarios, runs, plans, decisions
        The resources of the service.

    Raises
    ------
    ServiceError
        By every method: what the service refuses.
    Unreachable
        By every method: no answer after all retries.

    Examples
    --------
    ::

        with Client("https://plans.example", api_key=key) as client:
            plan = client.solve(portfolio, time_limit=60, on_progress=print)
    """

    def __init__(
        self,
        base_url: str = ADDRESS,
        *,
        api_key: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._wire = Wire(base_url, api_key, timeout, retries or Retries(), transport)
        self.portfolios = Portfolios(self._wire)
        self.scenarios = Scenarios(self._wire)
        self.runs = Runs(self._wire)
        self.plans = Plans(self._wire)
        self.decisions = Decisions(self._wire)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; runs go on."""
        self._wire.close()

    def version(self) -> str:
        """Return the version of the service, which answers if it is well."""
        return str(read(dict[str, Any], self._wire.json("GET", "/v1/health")).get("version"))

    def engines(self) -> tuple[Engine, ...]:
        """Return the engines that the service has."""
        answer = read(dict[str, Any], self._wire.json("GET", "/v1/engines"))
        return read(tuple[Engine, ...], answer.get("engines"))

    def solve(
        self,
        portfolio: Portfolio | str,
        *,
        time_limit: float | None = None,
        gap: float | None = None,
        backend: str | None = None,
        workers: int | None = None,
        seed: int | None = None,
        reproducible: bool | None = None,
        staffing: Literal["capacity", "named"] | None = None,
        goals: StaffingGoals | None = None,
        scenario: Mapping[str, Any] | None = None,
        start_plan_id: str | None = None,
        on_progress: Callable[[Incumbent], None] | None = None,
        stop: Flag | None = None,
        follow: bool = True,
        timeout: float | None = None,
        key: str | None = None,
    ) -> Plan:
        """Return the plan of a portfolio, made by the service.

        Parameters
        ----------
        portfolio
            What to plan, which is stored first; or the id of a portfolio that is stored.
        time_limit, gap, backend, workers, seed, reproducible, staffing, goals
            As for `pmo_optimizer.optimize`; the defaults are those of the service.
        scenario
            Changes to lay over the portfolio, as plain data.
        start_plan_id
            A plan of the service to begin with.
        on_progress
            Gets every better incumbent and bound; only where events are followed.
        stop
            Once set, the service ends the search and the best plan so far is returned.
        follow
            Follow the events of the run; False asks for its state again and again.
        timeout
            Seconds to wait for the end of the run, in the queue too; no limit by default.
        key
            Idempotency key: the same key, after a crash for instance, gives the same run.

        Raises
        ------
        RunFailed
            Where the run fails without a plan, or is cancelled.
        TimeoutError
            Where it has not ended in time; it goes on.
        """
        chosen = {
            "time_limit": time_limit,
            "gap": gap,
            "backend": backend,
            "workers": workers,
            "seed": seed,
            "reproducible": reproducible,
            "staffing": staffing,
            "goals": None if goals is None else goals.model_dump(mode="json"),
        }
        run = self._submitted(
            portfolio,
            "solve",
            {name: value for name, value in chosen.items() if value is not None},
            scenario,
            start_plan_id,
            key,
        )

        def told(event: Event) -> None:
            if on_progress is not None and event.incumbent is not None:
                on_progress(event.incumbent)

        run = self._ended(run, timeout, follow, told, stop)
        if run.plan_id is not None:
            # A crash or the end of memory leaves the best plan there was.
            return self.plans.get(run.plan_id)
        if run.state != "succeeded" or run.status is None or run.termination is None:
            raise _failed(run)
        # That there is no plan is an answer, for which the service keeps no document.
        return Plan(
            status=Status(run.status),
            termination=Termination(run.termination),
            bound=run.bound,
            digest=run.digest,
        )

    def study(
        self,
        kind: str,
        portfolio: Portfolio | str,
        parameters: Mapping[str, Any] | None = None,
        *,
        scenario: Mapping[str, Any] | None = None,
        start_plan_id: str | None = None,
        on_event: Callable[[Event], None] | None = None,
        stop: Flag | None = None,
        follow: bool = True,
        timeout: float | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        """Return what a study finds, in the form of ``--json`` of the command of its name.

        Parameters
        ----------
        kind
            ``compare``, ``frontier``, ``prices``, ``why``, ``conflicts``, ``alternatives``,
            ``robustness`` or ``replan``.
        parameters
            Those of the study, as the command line has them.
        portfolio, scenario, start_plan_id, stop, follow, timeout, key
            As for `solve`.
        on_event
            Gets every event of the run.

        Raises
        ------
        RunFailed
            Where the run fails, or is cancelled.
        TimeoutError
            Where it has not ended in time; it goes on.
        """
        run = self._submitted(portfolio, kind, parameters or {}, scenario, start_plan_id, key)
        run = self._ended(run, timeout, follow, on_event, stop)
        if run.state != "succeeded":
            raise _failed(run)
        return self.runs.result(run.id)

    def _submitted(
        self,
        portfolio: Portfolio | str,
        kind: str,
        parameters: Mapping[str, Any],
        scenario: Mapping[str, Any] | None,
        start_plan_id: str | None,
        key: str | None,
    ) -> Run:
        once = key or uuid.uuid4().hex
        revision = None
        if isinstance(portfolio, Portfolio):
            stored = self.portfolios.create(portfolio, key=once)
            portfolio, revision = stored.id, stored.revision
        return self.runs.submit(
            portfolio,
            kind=kind,
            revision=revision,
            scenario=scenario,
            parameters=parameters,
            start_plan_id=start_plan_id,
            key=once,
        )

    def _ended(
        self,
        run: Run,
        timeout: float | None,
        follow: bool,
        on_event: Callable[[Event], None] | None,
        stop: Flag | None,
    ) -> Run:
        """Wait for a run; whoever is interrupted does not leave it running."""
        if run.ended:
            return run
        try:
            return self.runs.wait(
                run.id, timeout=timeout, follow=follow, on_event=on_event, stop=stop
            )
        except KeyboardInterrupt:
            with suppress(PmoError):
                self.runs.stop(run.id)
            raise


def _failed(run: Run) -> RunFailed:
    if run.failure is None:
        return RunFailed(run.id, run.state)
    return RunFailed(run.id, run.state, run.failure.code, run.failure.detail)
