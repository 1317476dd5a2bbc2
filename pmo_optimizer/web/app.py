"""The application of the service, with the pages added."""

from __future__ import annotations

from fastapi import FastAPI

from pmo_optimizer.service import Settings
from pmo_optimizer.service import create_app as create_service
from pmo_optimizer.service.store import Store
from pmo_optimizer.web import errors, statics
from pmo_optimizer.web.board import Board
from pmo_optimizer.web.routes import (
    decisions,
    people,
    plans,
    portfolios,
    runs,
    sign_in,
    studies,
    uploads,
    workshop,
)

PARTS = (sign_in, portfolios, runs, plans, people, decisions, workshop, studies, uploads, statics)
"""Modules with a router each."""


def create_app(settings: Settings | None = None, store: Store | None = None) -> FastAPI:
    """Return the application: the service under ``/v1``, and pages for browsers.

    Parameters
    ----------
    settings
        Those of the environment by default.
    store
        As for `pmo_optimizer.service.create_app`.
    """
    app = create_service(settings, store)
    app.state.board = Board()
    for part in PARTS:
        app.include_router(part.router, include_in_schema=False)
    errors.install(app)
    return app
