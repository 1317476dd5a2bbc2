"""The commands. Heavy libraries are imported inside them, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pmo_optimizer import __version__
from pmo_optimizer.cli import output
from pmo_optimizer.cli.codes import code_of, exit_codes, last_resort
from pmo_optimizer.cli.documents import keep, load, save
from pmo_optimizer.cli.options import (
    AsJson,
    Backend,
    Everything,
    Gap,
    Loads,
    OfPortfolio,
    OnePerson,
    Output,
    Pack,
    PlanFile,
    PortfolioFile,
    Reproducible,
    Seed,
    ShowProgress,
    Staffing,
    StaffingKind,
    StartPlan,
    TimeLimit,
    Workers,
    WorthOfHires,
)

if TYPE_CHECKING:
    from pmo_optimizer.cli.running import Settings
    from pmo_optimizer.model import Plan, Portfolio

EPILOG = (
    "Exit codes: 0 a plan, 2 usage, 3 invalid input, 4 proved infeasible, "
    "5 no plan within the limit or needs unmet, 130 interrupted (best plan written), "
    "70 internal error."
)

app = typer.Typer(
    name="pmo-optimizer",
    help="Which projects to fund, when each phase runs and who works on it, with proof.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; the entry point of ``pmo-optimizer``."""
    sys.excepthook = last_resort
    output.forgive_encodings()
    output.keep_stdout()
    # Calling the app itself would put typer's own hook in place of ours.
    typer.main.get_command(app)(prog_name="pmo-optimizer")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Which projects to fund, when each phase runs and who works on it, with proof."""


@app.command(epilog=EPILOG)
@exit_codes()
def solve(
    file: PortfolioFile,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    staffing: StaffingKind = Staffing.CAPACITY,
    start: StartPlan = None,
    output_file: Output = None,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Find the best plan of a portfolio and print it."""
    from pmo_optimizer.cli.running import Settings
    from pmo_optimizer.model import Plan

    keep(output_file, file, hint="--output")
    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        seed=seed,
        reproducible=reproducible,
        staffing=staffing.value,
        start=None if start is None else Plan.load(start),
    )
    portfolio = load(file)
    plan, interrupted = _solve(portfolio, settings, progress)
    _deliver(portfolio, plan, interrupted, output_file, as_json, everything)


@app.command(epilog=EPILOG)
@exit_codes()
def staff(
    file: PortfolioFile,
    plan_file: PlanFile,
    time_limit: TimeLimit = 60.0,
    workers: Workers = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    output_file: Output = None,
    as_json: AsJson = False,
    everything: Everything = False,
) -> None:
    """Give a plan names: who of the people works on what.

    Projects, dates, modes and hires stay as they are. Where needs cannot be served, the plan
    says which and why, and the exit code is 5.
    """
    from pmo_optimizer.cli.inspect import warn_if_foreign
    from pmo_optimizer.cli.progress import Progress
    from pmo_optimizer.cli.running import Settings, staff_watched
    from pmo_optimizer.model import Plan

    keep(output_file, file, hint="--output")
    settings = Settings(
        time_limit=time_limit, workers=workers, seed=seed, reproducible=reproducible
    )
    plan = Plan.load(plan_file)
    portfolio = load(file)
    warn_if_foreign(portfolio, plan)
    named, interrupted = staff_watched(portfolio, plan, settings, Progress(shown=False))
    _deliver(portfolio, named, interrupted, output_file, as_json, everything)


@app.command(epilog=EPILOG)
@exit_codes()
def demo(
    pack: Annotated[Pack, typer.Option("--pack", help="Which sample portfolio.")] = Pack.DIGITAL,
    time_limit: TimeLimit = 45.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            callback=output.writable_portfolio,
            help="Write the sample portfolio to this file instead of solving it.",
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show it on pages in the browser instead.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="With --serve: port; 8765 by default."),
    ] = None,
    browser: Annotated[
        bool,
        typer.Option("--browser/--no-browser", help="With --serve: open the browser."),
    ] = True,
    output_file: Output = None,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Solve a sample portfolio, write it to a file, or show it in the browser."""
    if serve:
        from pmo_optimizer.cli.serve import serve_demo

        serve_demo(port, browser=browser)
        return
    from pmo_optimizer.cli.running import Settings
    from pmo_scenarios.packs import load_pack

    portfolio = load_pack(pack.value)
    if export is not None:
        save(portfolio, export)
        output.note(f"The {pack.value} portfolio is now in {export}.")
        return
    settings = Settings(time_limit=time_limit, gap=gap, backend=backend)
    plan, interrupted = _solve(portfolio, settings, progress)
    _deliver(portfolio, plan, interrupted, output_file, as_json, everything)


def _solve(portfolio: Portfolio, settings: Settings, shown: bool) -> tuple[Plan, bool]:
    from pmo_optimizer.cli.progress import Progress
    from pmo_optimizer.cli.running import solve_watched

    return solve_watched(portfolio, settings, Progress(shown=shown))


def _deliver(
    portfolio: Portfolio,
    plan: Plan,
    interrupted: bool,
    output_file: Path | None,
    as_json: bool,
    everything: bool,
) -> NoReturn:
    """Write the plan where asked, print it, and leave with its exit code.

    It is written first: whoever reads the report may close the pipe early.
    """
    if output_file is not None:
        save(plan, output_file)
        output.note(f"The plan is in {output_file}.")
    output.show_plan(portfolio, plan, as_json=as_json, everything=everything)
    raise typer.Exit(code_of(plan, interrupted=interrupted))


@app.command(epilog=EPILOG)
@exit_codes()
def validate(
    file: PortfolioFile,
    as_json: AsJson = False,
    annotate: Annotated[
        Path | None,
        typer.Option(
            "--annotate",
            callback=output.writable_workbook,
            help="Write a copy of the workbook here, with a comment at each cell (.xlsx).",
        ),
    ] = None,
) -> None:
    """Check a portfolio file.

    Every finding is printed at once, with the place in the file and what to do about it; the
    exit code is 3 where one of them is an error. Of a workbook the place is sheet and cell.
    """
    from pmo_optimizer.cli.inspect import validate_file
    from pmo_optimizer.formats import is_workbook

    if annotate is not None and not is_workbook(file):
        raise typer.BadParameter("only a workbook has cells", param_hint="--annotate")
    keep(annotate, file, hint="--annotate")
    raise typer.Exit(validate_file(file, as_json=as_json, annotate=annotate))


@app.command(epilog=EPILOG)
@exit_codes()
def show(
    plan_file: PlanFile,
    portfolio_file: OfPortfolio,
    as_json: AsJson = False,
    everything: Everything = False,
    loads: Loads = False,
    person: OnePerson = None,
    hires: WorthOfHires = False,
    time_limit: TimeLimit = 30.0,
    workers: Workers = None,
) -> None:
    """Print a plan that was saved before.

    Of a plan by name, also the load of each person, or what one person does. What a hire is
    worth takes a solve for each, within --time-limit.
    """
    from pmo_optimizer.cli.inspect import show_hires, show_person, warn_if_foreign
    from pmo_optimizer.model import Plan

    if hires and person is not None:
        raise typer.BadParameter("choose one of --person and --hires")
    plan = Plan.load(plan_file)
    portfolio = load(portfolio_file)
    if hires:
        show_hires(portfolio, plan, time_limit=time_limit, workers=workers, as_json=as_json)
        return
    warn_if_foreign(portfolio, plan)
    if person is not None:
        show_person(portfolio, plan, person, as_json=as_json, everything=everything)
        return
    output.show_plan(portfolio, plan, as_json=as_json, everything=everything, loads=loads)


@app.command(epilog=EPILOG)
@exit_codes()
def check(plan_file: PlanFile, portfolio_file: OfPortfolio, as_json: AsJson = False) -> None:
    """Let the referee judge a saved plan.

    Every figure is computed again from the portfolio and the decisions; the exit code is 3
    where the plan breaks a hard rule or claims what does not hold.
    """
    from pmo_optimizer.cli.inspect import referee_plan
    from pmo_optimizer.model import Plan

    plan = Plan.load(plan_file)
    raise typer.Exit(referee_plan(load(portfolio_file), plan, as_json=as_json))


@app.command(epilog=EPILOG)
def schema(
    plan: Annotated[bool, typer.Option("--plan", help="Of plan files instead.")] = False,
    scenario: Annotated[
        bool, typer.Option("--scenario", help="Of scenario files instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of portfolio files."""
    from pmo_optimizer.schemas import plan_schema, portfolio_schema, scenario_schema

    if plan and scenario:
        raise typer.BadParameter("choose one of --plan and --scenario")
    make = plan_schema if plan else scenario_schema if scenario else portfolio_schema
    output.result_json(make())


@app.command(epilog=EPILOG)
def engines(as_json: AsJson = False) -> None:
    """List the engines and what each can plan."""
    from pmo_optimizer.cli.inspect import list_engines

    list_engines(as_json=as_json)
