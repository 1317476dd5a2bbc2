"""The docs page: made from the OpenAPI document, without scripts and without other hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

METHODS = ("get", "post", "put", "delete")

JSON = "application/json"


@router.get("/docs")
def page(request: Request) -> HTMLResponse:
    """Show every operation with its parameters, bodies, answers and examples."""
    return HTMLResponse(html(request.app.openapi()))


@router.get("/docs/style.css")
def style() -> Response:
    """Give the page its looks."""
    text = resources.files("pmo_optimizer.service").joinpath("docs_page.css").read_text("utf-8")
    return Response(text, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def html(document: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    return "\n".join(_lines(document))


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    info = document["info"]
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<link rel="stylesheet" href="/docs/style.css"></head><body>'
    yield f"<header><h1>{escape(info['title'])} {escape(info['version'])}</h1>"
    yield f"<p>{escape(info['summary'])}</p><p>{escape(info['description'])}</p>"
    yield '<p>For machines: <a href="/openapi.json">openapi.json</a></p></header>'
    yield from _contents(document)
    yield "<main>"
    for tag in document["tags"]:
        yield f'<section id="{escape(tag["name"])}"><h2>{escape(tag["name"])}</h2>'
        yield f"<p>{escape(tag['description'])}</p>"
        for method, path, operation in _operations(document, tag["name"]):
            yield from _operation(method, path, operation)
        yield "</section>"
    yield from _schemas(document)
    yield "</main></body></html>"


def _operations(
    document: Mapping[str, Any], tag: str
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item and tag in item[method].get("tags", ()):
                yield method, path, item[method]


def _contents(document: Mapping[str, Any]) -> Iterator[str]:
    yield "<nav><ul>"
    for tag in document["tags"]:
        yield f'<li><a href="#{escape(tag["name"])}">{escape(tag["name"])}</a><ul>'
        for _, _, operation in _operations(document, tag["name"]):
            name, text = operation["operationId"], operation["summary"]
            yield f'<li><a href="#{escape(name)}">{escape(text)}</a></li>'
        yield "</ul></li>"
    yield '<li><a href="#schemas">schemas</a></li></ul></nav>'


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<article id="{escape(operation["operationId"])}">'
    yield f"<h3>{escape(operation['summary'])}</h3>"
    yield f'<p><code class="{method}">{method.upper()} {escape(path)}</code></p>'
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if operation.get("parameters"):
        yield "<table><tr><th>parameter</th><th>in</th><th>what</th></tr>"
        for item in operation["parameters"]:
            text = item.get("description", "")
            cells = f"<td><code>{escape(item['name'])}</code></td><td>{escape(item['in'])}</td>"
            yield f"<tr>{cells}<td>{escape(text)}</td></tr>"
        yield "</table>"
    content = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if content is not None:
        yield f"<p>Body: {_reference(content['schema'])}</p>"
        for example in content.get("examples", {}).values():
            text = json.dumps(example["value"], indent=1)
            yield f"<details><summary>{escape(example['summary'])}</summary>"
            yield f"<pre>{escape(text)}</pre></details>"
    yield "<table><tr><th>answer</th><th>what</th><th>form</th></tr>"
    for status, answer in operation["responses"].items():
        shapes = [_reference(c.get("schema", {})) for c in answer.get("content", {}).values()]
        cells = f"<td>{escape(status)}</td><td>{escape(answer.get('description', ''))}</td>"
        yield f"<tr>{cells}<td>{', '.join(filter(None, shapes))}</td></tr>"
    yield "</table></article>"


def _reference(schema: Mapping[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f'<a href="#schema-{escape(name)}">{escape(name)}</a>' if name else ""


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<section id="schemas"><h2>schemas</h2>'
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<details id="schema-{escape(name)}"><summary>{escape(name)}</summary>'
        yield f"<pre>{escape(json.dumps(schema, indent=1))}</pre></details>"
    yield "</section>"
