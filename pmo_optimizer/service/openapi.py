"""What the OpenAPI document says beyond what the routes say: bodies, errors, examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from pmo_optimizer.service.bodies import WORKBOOK
from pmo_optimizer.service.problems import PROBLEM_TYPE, TITLES, URN, ProblemOut
from pmo_optimizer.service.runs.parameters import MODELS
from pmo_optimizer.service.schemas import DecisionRequest, EventOut, MoveRequest, RunRequest

REF = "#/components/schemas/{model}"

ALWAYS = (400, 401, 403, 413, 421, 503)
"""Errors that every route under a key can answer with."""

CODES: Mapping[int, str] = MappingProxyType(
    {
        400: "bad-request",
        401: "unauthenticated",
        403: "forbidden",
        404: "not-found",
        409: "conflict",
        412: "precondition-failed",
        413: "body-too-large",
        415: "unsupported-media-type",
        421: "misdirected",
        422: "invalid",
        429: "limit-reached",
        503: "unavailable",
    }
)
"""An example of what each status means."""

DESCRIPTIONS: Mapping[int, str] = MappingProxyType(
    {
        400: "The request or its JSON cannot be read.",
        401: "No valid API key.",
        403: "The key lacks the scope, or another site sent the request.",
        404: "There is no such thing, or it is another tenant's.",
        409: "It does not fit the present state.",
        412: "`If-Match` names another revision than the latest.",
        413: "The body is larger than allowed.",
        415: "The body is not `application/json` in UTF-8 (or, of portfolios, a workbook).",
        421: "The service does not answer to this host name.",
        422: "The input cannot be used; `findings` lists everything that is wrong with it.",
        429: "A limit is reached; see `Retry-After`. Nothing was done.",
        503: "The database does not answer; see `Retry-After`.",
    }
)

DESCRIPTION = """\
Optimized plans for project portfolios: what is selected, when each phase runs and who works on
it, with a proven bound.

Store a portfolio, create a run, follow it, read its plan. Every error is a problem document
(RFC 9457) that lists everything that is wrong with the input at once.
"""

ANSWERS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {"Problem": ProblemOut, "Event": EventOut}
)
"""What is answered beside what routes return."""

Json = dict[str, Any]
Responses = dict[int | str, Json]


def ref(model: str) -> dict[str, str]:
    """Return the reference to a schema of the document."""
    return {"$ref": REF.format(model=model)}


def problems(*statuses: int, keyed: bool = True) -> Responses:
    """Return what a route says of its errors; those that every route has are among them."""
    every = {*statuses, *(ALWAYS if keyed else (400, 413, 421))}
    return {status: _problem(status) for status in sorted(every)}


def _problem(status: int) -> dict[str, Any]:
    code = CODES[status]
    example: dict[str, Any] = {
        "type": URN + code,
        "title": TITLES[code],
        "status": status,
        "detail": DESCRIPTIONS[status],
        "instance": "/v1/runs",
        "request_id": "q2mJ0cX7yQnV4hZt",
    }
    if status == 422:
        finding = {"severity": "error", "rule": "unknown-id", "path": "projects/P12/requires"}
        finding |= {"message": "There is no project P99.", "fix": "Did you mean P9?"}
        example["findings"] = [finding]
    content = {PROBLEM_TYPE: {"schema": ref("Problem"), "example": example}}
    out: dict[str, Any] = {"description": DESCRIPTIONS[status], "content": content}
    if status in {429, 503}:
        seconds = {"type": "integer", "minimum": 1}
        out["headers"] = {"Retry-After": {"description": "Seconds.", "schema": seconds}}
    return out


def body(model: str, examples: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a route says of the JSON body that it parses itself."""
    content = {"schema": ref(model), "examples": {n: dict(e) for n, e in examples.items()}}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def any_object(examples: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a route says of a body that may be any JSON object."""
    made = body("", examples)
    made["requestBody"]["content"]["application/json"]["schema"] = {"type": "object"}
    return made


def portfolio_body(made: dict[str, Any]) -> dict[str, Any]:
    """Return what a route says of a body that may also be a workbook."""
    schema = {"type": "string", "format": "binary"}
    made["requestBody"]["content"][WORKBOOK] = {"schema": schema}
    return made


def links(parameter: str, *operations: str, body: Mapping[str, str] | None = None) -> Json:
    """Return the links from an answer to operations that take its id.

    Parameters
    ----------
    parameter
        What the id is called in their paths.
    body
        Operations that take it in their body, and the name of the field.
    """
    here = "$response.body#/id"
    made: Json = {
        name: {"operationId": name, "parameters": {parameter: here}} for name in operations
    }
    for name, field in (body or {}).items():
        made[name] = {"operationId": name, "requestBody": {field: here}}
    return made


def header(text: str, example: str, kind: str = "string") -> dict[str, Any]:
    """Return the description of a header of an answer."""
    return {"description": text, "schema": {"type": kind}, "example": example}


def install(app: FastAPI, version: str) -> None:
    """Make an app describe itself with these additions; the document is made once."""

    def make() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, version)
        return app.openapi_schema

    app.openapi = make  # type: ignore[method-assign]


def _document(app: FastAPI, version: str) -> dict[str, Any]:
    made = get_openapi(
        title="pmo-optimizer",
        version=version,
        summary="Which projects to fund, when each phase runs and who works on it, with proof.",
        description=DESCRIPTION,
        routes=app.routes,
        tags=[dict(tag) for tag in TAGS],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for item in made["paths"].values():
        for operation in item.values():
            # The framework says 422 of every route with an id; here a wrong id is 404.
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    for name, model in ANSWERS.items():
        _add(schemas, name, model.model_json_schema(mode="serialization"))
    for name, schema in (*_bodies(), *_documents()):
        _add(schemas, name, schema)
    return made


def _bodies() -> Iterable[tuple[str, dict[str, Any]]]:
    bodies: tuple[type[BaseModel], ...] = (RunRequest, DecisionRequest, MoveRequest)
    for model in (*bodies, *MODELS.values()):
        yield model.__name__, model.model_json_schema()


def _documents() -> Iterable[tuple[str, dict[str, Any]]]:
    from pmo_optimizer.schemas import portfolio_schema, scenario_schema

    yield "Portfolio", portfolio_schema()
    scenarios = scenario_schema()
    parts = scenarios.pop("$defs")
    parts.pop("ScenarioFile")
    yield "Scenario", {"$defs": parts} | parts.pop("Scenario")


def _add(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    """Add a schema with its parts, which get names of their own."""
    parts = schema.pop("$defs", {})
    schema.pop("$schema", None)
    names = {part: part if part in {name} else f"{name}.{part}" for part in parts}
    schemas[name] = _moved(schema, names)
    for part, inner in parts.items():
        schemas[names[part]] = _moved(inner, names)


def _moved(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        moved = {key: _moved(item, names) for key, item in value.items()}
        target = moved.get("$ref")
        if isinstance(target, str) and target.startswith("#/$defs/"):
            moved["$ref"] = REF.format(model=names[target.removeprefix("#/$defs/")])
        discriminator = moved.get("discriminator")
        if isinstance(discriminator, dict) and "mapping" in discriminator:
            discriminator["mapping"] = {
                key: REF.format(model=names[str(place).removeprefix("#/$defs/")])
                for key, place in discriminator["mapping"].items()
            }
        return moved
    return [_moved(item, names) for item in value] if isinstance(value, list) else value


TAGS: tuple[Mapping[str, str], ...] = (
    {"name": "portfolios", "description": "What is planned: stored, revised, validated."},
    {"name": "scenarios", "description": "Changes on a portfolio, for what-if runs."},
    {"name": "runs", "description": "Solves and studies: created, followed, stopped, discarded."},
    {"name": "plans", "description": "Answers of runs: read, checked by the referee, exported."},
    {"name": "decisions", "description": "What the board makes of a plan; append-only."},
    {"name": "service", "description": "The service itself."},
)
