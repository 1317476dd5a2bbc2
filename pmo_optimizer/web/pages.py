"""Pages and parts of pages, made from templates. Every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pmo_optimizer import __version__
from pmo_optimizer.web import forms
from pmo_optimizer.web.statics import static_files
from pmo_optimizer.web.text import count, text
from pmo_optimizer.web.visitors import CSRF_FIELD, Visitor

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load: files of this service; no code and no style in the page itself."""

HTMX = "hx-request"
"""Header of requests by script, which want a part of a page."""


@cache
def environment() -> Environment:
    """Return the templates with what all of them use."""
    made = Environment(
        loader=PackageLoader("pmo_optimizer.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "t": text,
        "static": static_files(),
        "version": __version__,
        "csrf_field": CSRF_FIELD,
        "count": count,
        "themes": themes(),
    }
    made.filters |= forms.FILTERS
    return made


def themes() -> dict[str, Any]:
    """Return how charts look on light, dark, wide and narrow pages."""
    from pmo_optimizer.report.charts import theme

    return {
        f"{light}-{wide}": theme(dark=light == "dark", narrow=wide == "narrow")
        for light in ("light", "dark")
        for wide in ("wide", "narrow")
    }


def html(template: str, values: Mapping[str, Any]) -> str:
    """Return a template with values."""
    return environment().get_template(template).render(dict(values))


def page(
    request: Request,
    visitor: Visitor | None,
    template: str,
    values: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return a page.

    Parameters
    ----------
    request
        What is answered.
    visitor
        Who looks; None where nobody is signed in.
    template
        Name of the template.
    values
        What it shows.
    status
        Status code.
    headers
        More headers.
    """
    own = {
        "visitor": visitor,
        "path": request.scope["path"],
        "csrf": "" if visitor is None else visitor.csrf,
    }
    body = html(template, {**own, **(values or {})})
    policy = {
        "Content-Security-Policy": POLICY,
        # With no-referrer browsers would not say either which page a form comes from.
        "Referrer-Policy": "same-origin",
        "Vary": "HX-Request",
    }
    return HTMLResponse(body, status, {**policy, **(headers or {})})


def by_script(request: Request) -> bool:
    """Return whether a part of a page is wanted, not a whole one."""
    return request.headers.get(HTMX) == "true"


def go(request: Request, path: str) -> Response:
    """Send the browser to another page of this service."""
    if by_script(request):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)
