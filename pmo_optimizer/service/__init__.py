"""The HTTP service: plans for planners, durable runs, safe by default.

Routes are thin: what is solved is solved in child processes, what is kept is kept by the store.
The public names are loaded when they are first used: a child process needs no web server.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmo_optimizer.service.app import create_app
    from pmo_optimizer.service.settings import Settings

__all__ = ["Settings", "create_app"]

_HOME = MappingProxyType(
    {
        "Settings": "pmo_optimizer.service.settings",
        "create_app": "pmo_optimizer.service.app",
    }
)
"""Where a public name lives."""

if not TYPE_CHECKING:  # type checkers see the imports above, and refuse unknown names

    def __getattr__(name: str) -> object:
        """Load a public name on first use."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
