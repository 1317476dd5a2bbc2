"""The workshop: change something, solve again, see what that does to the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pmo_optimizer.model import InvalidInput
from pmo_optimizer.report import charts
from pmo_optimizer.service.problems import refused
from pmo_optimizer.service.routes import scenarios as api
from pmo_optimizer.service.routes.runs import queue_run
from pmo_optimizer.service.store.errors import NotFound
from pmo_optimizer.service.store.records import RunRecord
from pmo_optimizer.web.numbers import seconds_of
from pmo_optimizer.web.pages import by_script, go, page
from pmo_optimizer.web.read import planned, stored
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import Fields, ReadVisit, Sent, SolveForm, Visitor
from pmo_optimizer.web.workshop.controls import plain
from pmo_optimizer.web.workshop.desk import (
    ID,
    Desk,
    Problems,
    from_fields,
    from_scenario,
    untouched,
)
from pmo_optimizer.web.workshop.difference import difference
from pmo_optimizer.web.workshop.names import scenario_id
from pmo_optimizer.web.workshop.planned import base_of, base_plan, plan_of_run
from pmo_optimizer.web.workshop.search import MOST, drawing

router = APIRouter()

SECONDS = "10"
"""Time limit that the page proposes."""

MOST_SAVED = 200
"""Scenarios that the page lists."""

Values = dict[str, Any]

QUESTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"conflicts": {}, "prices": {"percent": 10.0}, "alternatives": {"plans": 5, "within": 0.05}}
)
"""Studies that the workshop offers, and their parameters."""


@router.get("/portfolios/{portfolio_id}/workshop")
def read(
    request: Request,
    visitor: ReadVisit,
    portfolio_id: str,
    scenario: str | None = None,
    run: str | None = None,
) -> Response:
    """Show the workshop: as the portfolio is, with a saved scenario, or with that of a run."""
    visitor.caller.service.warm()
    shown = None if run is None else _run(visitor, portfolio_id, run)
    found = stored(request, visitor, portfolio_id, None if shown is None else shown.revision)
    name = ""
    if shown is not None:
        document = shown.scenario_document
        desk = untouched(found) if document is None else from_scenario(found, document)
    elif scenario is not None:
        record = visitor.store.scenario(visitor.tenant, scenario)
        if record.portfolio_id != portfolio_id:
            raise NotFound("scenario", scenario)
        name, desk = record.name, from_scenario(found, record.document)
    else:
        desk = untouched(found)
    return page(request, visitor, "workshop.html", _values(request, visitor, desk, shown, name))


@router.post("/portfolios/{portfolio_id}/workshop/check")
def check(request: Request, sent: SolveForm, portfolio_id: str) -> Response:
    """Give the list of changes with everything that is wrong with them."""
    sent.visitor.caller.service.warm()
    desk = _desk(request, sent, portfolio_id)
    return _checked(request, sent.visitor, desk, desk.problems())


@router.post("/portfolios/{portfolio_id}/workshop/solve")
def solve(request: Request, sent: SolveForm, portfolio_id: str) -> Response:
    """Put a solve with the changes in the queue, and give the part that follows it."""
    visitor = sent.visitor
    desk = _desk(request, sent, portfolio_id)
    problems = desk.placed(desk.findings)
    if not problems.blocking:
        try:
            run = _queue(
                sent, desk, "solve", {"time_limit": seconds_of(sent.fields.get("seconds"))}
            )
        except InvalidInput as error:
            problems = desk.placed(error.findings)
        else:
            where = f"/portfolios/{portfolio_id}/workshop?run={run.id}"
            if not by_script(request):
                return RedirectResponse(where, 303)
            values = _followed(visitor, run, sent.fields.get("base"))
            headers = {"HX-Push-Url": where}
            return page(request, visitor, "parts/workshop_live.html", values, headers=headers)
    return _checked(request, visitor, desk, problems)


@router.post("/portfolios/{portfolio_id}/workshop/why")
def why(request: Request, sent: SolveForm, portfolio_id: str) -> Response:
    """Ask why a project is in the best plan with the changes, or why not."""
    flips = bool(sent.fields.get("flips"))
    return _ask(
        request, sent, portfolio_id, "why", {"project": sent.fields.get("project"), "flips": flips}
    )


@router.post("/portfolios/{portfolio_id}/workshop/studies/{kind}")
def study(request: Request, sent: SolveForm, portfolio_id: str, kind: str) -> Response:
    """Study the portfolio with the changes."""
    if kind not in QUESTIONS:
        raise NotFound("study", kind)
    return _ask(request, sent, portfolio_id, kind, dict(QUESTIONS[kind]))


def _ask(
    request: Request, sent: Sent, portfolio_id: str, kind: str, parameters: Values
) -> Response:
    """Put a study of the portfolio with the changes in the queue, and give its answer's place."""
    desk = _desk(request, sent, portfolio_id)
    problems = desk.placed(desk.findings)
    if not problems.blocking:
        parameters["time_limit"] = seconds_of(sent.fields.get("seconds"))
        try:
            run = _queue(sent, desk, kind, parameters)
        except InvalidInput as error:
            problems = desk.placed(error.findings)
        else:
            return RedirectResponse(f"/runs/{run.id}/answer", 303)
    return _checked(request, sent.visitor, desk, problems)


@router.post("/portfolios/{portfolio_id}/workshop/save")
def save(request: Request, sent: SolveForm, portfolio_id: str) -> Response:
    """Save the changes as a scenario of the portfolio, and list the saved ones."""
    visitor, name = sent.visitor, sent.fields.get("name")[:200]
    desk = _desk(request, sent, portfolio_id)
    if not name:
        message, fix = text("workshop.save.nameless"), text("workshop.save.nameless.fix")
        raise refused("missing-field", "name", message, fix)
    problems = desk.placed(desk.findings)
    if not problems.blocking and not desk.changes:
        message, fix = text("workshop.save.empty"), text("workshop.save.empty.fix")
        raise refused("missing-field", "changes", message, fix)
    if not problems.blocking:
        try:
            body = desk.data(name, scenario_id(name))
            api.create(visitor.caller, portfolio_id, json.dumps(body).encode())
        except InvalidInput as error:
            problems = desk.placed(error.findings)
        else:
            if not by_script(request):
                return RedirectResponse(f"/portfolios/{portfolio_id}/workshop", 303)
            return _saved(
                request, visitor, portfolio_id, text("workshop.saved.done", {"name": name})
            )
    return _checked(request, visitor, desk, problems)


@router.post("/portfolios/{portfolio_id}/workshop/scenarios/{scenario_id}/delete")
def delete(request: Request, sent: SolveForm, portfolio_id: str, scenario_id: str) -> Response:
    """Delete a saved scenario, and list the others."""
    if sent.visitor.store.scenario(sent.visitor.tenant, scenario_id).portfolio_id != portfolio_id:
        raise NotFound("scenario", scenario_id)
    api.delete(sent.visitor.caller, scenario_id)
    if by_script(request):
        return _saved(request, sent.visitor, portfolio_id, "")
    return RedirectResponse(f"/portfolios/{portfolio_id}/workshop", 303)


@router.post("/portfolios/{portfolio_id}/workshop/runs/{run_id}/stop")
def stop(request: Request, sent: SolveForm, portfolio_id: str, run_id: str) -> Response:
    """End the solve now with the best plan that it has."""
    visitor = sent.visitor
    _run(visitor, portfolio_id, run_id)
    visitor.store.request_stop(visitor.tenant, run_id, audited=visitor.caller.audited)
    if by_script(request):
        return Response(status_code=204)
    return go(request, f"/portfolios/{portfolio_id}/workshop?run={run_id}")


@router.get("/portfolios/{portfolio_id}/workshop/runs/{run_id}/live")
def live(
    request: Request, visitor: ReadVisit, portfolio_id: str, run_id: str, base: str = ""
) -> Response:
    """Give the figures of a solve as it goes on."""
    values = _followed(visitor, _run(visitor, portfolio_id, run_id), base) | {"follows": True}
    return page(request, visitor, "parts/workshop_figures.html", values)


@router.get("/portfolios/{portfolio_id}/workshop/runs/{run_id}/changes")
def changes(
    request: Request, visitor: ReadVisit, portfolio_id: str, run_id: str, base: str = ""
) -> Response:
    """Give what the best plan of a solve so far changes against that of the base."""
    values = _result(request, visitor, _run(visitor, portfolio_id, run_id), base)
    return page(request, visitor, "parts/workshop_changes.html", values)


def _run(visitor: Visitor, portfolio_id: str, run_id: str) -> RunRecord:
    """Return a run of the portfolio."""
    run = visitor.store.run(visitor.tenant, run_id)
    if run.portfolio_id != portfolio_id:
        raise NotFound("run", run_id)
    return run


def _desk(request: Request, sent: Sent, portfolio_id: str) -> Desk:
    """Return the workshop as the page sent it."""
    given = sent.fields.get("revision")
    revision = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
    return from_fields(stored(request, sent.visitor, portfolio_id, revision), sent.fields)


def _queue(sent: Sent, desk: Desk, kind: str, parameters: Values) -> RunRecord:
    """Put a run with the changes in the queue, begun with the last plan, in place of the last run.

    Raises
    ------
    InvalidInput
        With every finding about the changes and the parameters.
    """
    visitor, record = sent.visitor, desk.stored.record
    body: Values = {
        "kind": kind,
        "portfolio_id": record.id,
        "revision": record.revision,
        "parameters": parameters,
    }
    if desk.changes:
        body["scenario"] = desk.data()
    if kind == "solve":
        start = _start(visitor, sent.fields)
        if start:
            body["start_plan_id"] = start
    return queue_run(visitor.caller, json.dumps(body).encode())


def _start(visitor: Visitor, fields: Fields) -> str | None:
    """Return the plan to begin with; end the run before, whose answer nobody waits for."""
    previous, base = fields.get("previous"), fields.get("base") or None
    if not previous:
        return base
    try:
        run = visitor.store.run_status(visitor.tenant, previous)
        if run.state.terminal:
            return run.plan_id or base
        visitor.store.request_stop(visitor.tenant, previous, audited=visitor.caller.audited)
    except NotFound:
        return base
    return base


def _checked(request: Request, visitor: Visitor, desk: Desk, problems: Problems) -> Response:
    """Give the list of changes with what is wrong with them, in its place on the page."""
    if not by_script(request):
        values = _values(request, visitor, desk, None, "") | {"problems": problems}
        status = 422 if problems.blocking else 200
        return page(request, visitor, "workshop.html", values, status=status)
    values = {"desk": desk, "problems": problems, "labels": _labels(desk)}
    headers = {"HX-Retarget": "#changes", "HX-Reswap": "innerHTML"}
    return page(request, visitor, "parts/workshop_list.html", values, headers=headers)


def _labels(desk: Desk) -> dict[str, str]:
    controls = desk.controls
    labels = {slider.key: slider.label for slider in controls.sliders}
    return labels | {choice.key: choice.label for choice in controls.choices}


def _saved(request: Request, visitor: Visitor, portfolio_id: str, message: str) -> Response:
    found = visitor.store.scenarios(visitor.tenant, portfolio_id, limit=MOST_SAVED)
    values = {"saved": found.items, "portfolio_id": portfolio_id, "message": message}
    headers = {"HX-Retarget": "#saved", "HX-Reswap": "innerHTML"}
    return page(request, visitor, "parts/workshop_saved.html", values, headers=headers)


def _values(
    request: Request, visitor: Visitor, desk: Desk, run: RunRecord | None, name: str
) -> Values:
    """Return what the page of the workshop shows."""
    record, portfolio = desk.stored.record, desk.stored.portfolio
    base = base_of(visitor, record, maximise=portfolio.objective.maximised)
    chosen: tuple[str, ...] = ()
    if base is not None:
        chosen = planned(request, visitor, base.plan_id).plan.selected
    newest = visitor.store.portfolio(visitor.tenant, record.id).revision
    values = {
        "title": text("workshop.title", {"name": portfolio.name}),
        "record": record,
        "portfolio": portfolio,
        "portfolio_id": record.id,
        "desk": desk,
        "plain": plain,
        "problems": desk.placed(desk.findings),
        "labels": _labels(desk),
        "base": base,
        "chosen": frozenset(chosen),
        "old": newest != record.revision,
        "seconds": SECONDS,
        "most_seconds": visitor.caller.service.settings.time_limit,
        "saved": visitor.store.scenarios(visitor.tenant, record.id, limit=MOST_SAVED).items,
        "message": "",
        "loaded": name,
        "run": None,
    }
    if run is not None:
        base_id = "" if base is None else base.plan_id
        values |= _followed(visitor, run, base_id) | _result(request, visitor, run, base_id)
    return values


def _followed(visitor: Visitor, run: RunRecord, base: str) -> Values:
    """Return the figures of a solve as it goes on."""
    events = visitor.store.events(visitor.tenant, run.id, limit=MOST)
    return {
        "run": visitor.store.run_status(visitor.tenant, run.id),
        "base_id": base,
        "portfolio_id": run.portfolio_id,
        "drawing": drawing(events),
        "follows": False,
    }


def _result(request: Request, visitor: Visitor, run: RunRecord, base: str) -> Values:
    """Return what the best plan of a solve so far changes."""
    values: Values = {
        "run": visitor.store.run_status(visitor.tenant, run.id),
        "portfolio_id": run.portfolio_id,
        "plan": None,
        "difference": None,
        "chart": None,
    }
    found = plan_of_run(request, visitor, run)
    if found is None:
        return values
    record, plan, changed = found
    if not (plan.found or plan.short):
        return values
    before = base_plan(request, visitor, base, run.portfolio_id)
    values |= {"plan": record, "portfolio": changed}
    if before is not None and before.plan.found:
        told = difference((before.portfolio, before.plan), (changed, plan), ID, "")
        values["difference"] = told
        if record.final and not told.same:
            values["chart"] = charts.waterfall(told.comparison, ID, portfolio=changed)
    return values
