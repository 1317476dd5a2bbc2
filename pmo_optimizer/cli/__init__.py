"""The command line ``pmo-optimizer``.

Results go to stdout; progress, warnings and errors to stderr. What each exit code means is in
`pmo_optimizer.cli.codes`.
"""

from pmo_optimizer.cli import audit, books, export, importing, keys, report, serve, studies, worker
from pmo_optimizer.cli.app import app, main

__all__ = [
    "app",
    "audit",
    "books",
    "export",
    "importing",
    "keys",
    "main",
    "report",
    "serve",
    "studies",
    "worker",
]
