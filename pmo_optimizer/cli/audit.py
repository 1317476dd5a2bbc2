"""The command that verifies the audit log of the service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pmo_optimizer.cli import output
from pmo_optimizer.cli.app import app
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.keys import DatabaseUrl, known_tenant, opened
from pmo_optimizer.cli.options import AsJson

audit = typer.Typer(
    help="Verify the audit log of the service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(audit, name="audit")


@audit.callback()
def _group() -> None:
    """Keep `verify` a command of its own, though it is the only one."""


@audit.command()
def verify(
    tenant: Annotated[
        str, typer.Option("--tenant", help="Whose log.", callback=known_tenant)
    ] = "local",
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compute every hash of a tenant's audit log again; exit code 3 where the chain is broken.

    Keep the last hash elsewhere: it shows later whether the end was cut off.
    """
    with opened(database_url) as store:
        report = store.verify_audit(tenant)
    if as_json:
        output.result_json({"tenant": tenant, **asdict(report)})
    elif report.broken is None:
        output.result_line(f"{report.entries} entries, unbroken, last hash {report.head}")
    else:
        output.note(f"The chain is broken at entry {report.broken}.", "bold red")
    if report.broken is not None:
        raise typer.Exit(ExitCode.INVALID_INPUT)
