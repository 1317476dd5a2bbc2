"""The board page: the service with pages for browsers in front of it.

Pages are made on the server; what a page does by script it does with files of this package only.
All numbers come from the core and the studies, all rules from the service.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmo_optimizer.web.app import create_app

__all__ = ["create_app"]

if not TYPE_CHECKING:  # type checkers see the import above, and refuse unknown names

    def __getattr__(name: str) -> object:
        """Load the public name on first use: it needs a web server and templates."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module("pmo_optimizer.web.app"), name)
