"""The commands of studies: many solves of one portfolio. Their work is in a module for each."""

from __future__ import annotations

from typing import Annotated

import typer

from pmo_optimizer.cli import frontier as of_frontier
from pmo_optimizer.cli import output
from pmo_optimizer.cli import replan as of_replan
from pmo_optimizer.cli.app import EPILOG, app
from pmo_optimizer.cli.codes import exit_codes
from pmo_optimizer.cli.documents import keep, load, save
from pmo_optimizer.cli.options import (
    AsJson,
    Backend,
    Cases,
    Cluster,
    Everything,
    Gap,
    Output,
    PlanFile,
    PortfolioFile,
    Reproducible,
    Robust,
    ScenarioFiles,
    Seed,
    ShowProgress,
    Simulated,
    Staffing,
    StaffingKind,
    StudiedPlan,
    TimeLimit,
    UncertaintyFile,
    Workers,
    fraction,
)
from pmo_optimizer.cli.prices import First, Fte, Last, Only, Percent, TotalTime
from pmo_optimizer.cli.running import Settings


@app.command(epilog=EPILOG)
@exit_codes()
def compare(
    file: PortfolioFile,
    scenarios: ScenarioFiles,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    staffing: StaffingKind = Staffing.CAPACITY,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Solve a portfolio and its scenarios, and put them side by side.

    The time limit is that of each solve. Scenarios that are proved infeasible are an answer;
    the exit code is that of the worst other case. Ctrl-C shows what is there so far.
    """
    from pmo_optimizer.cli.study import code_of_comparison, compare_files, show_comparison

    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
        staffing=staffing.value,
    )
    portfolio = load(file)
    found, interrupted = compare_files(portfolio, scenarios, settings, shown=progress)
    show_comparison(portfolio, found, as_json=as_json, everything=everything)
    raise typer.Exit(code_of_comparison(found, interrupted=interrupted))


@app.command(epilog=EPILOG)
@exit_codes()
def prices(
    file: PortfolioFile,
    only: Only = None,
    percent: Percent = 1.0,
    fte: Fte = 1.0,
    first: First = None,
    last: Last = None,
    time_limit: TimeLimit = 60.0,
    total_time: TotalTime = None,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    staffing: StaffingKind = Staffing.CAPACITY,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Say what one step more of every limit is worth, the highest price first.

    One percent of a budget, one FTE of a skill, one unit of a rule, or a link or a forced
    project dropped. The time limit is that of each solve. Ctrl-C shows what is there so far.
    """
    from pmo_optimizer.cli.prices import Wish, code_of_prices, price_limits, show_prices

    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
        staffing=staffing.value,
    )
    wish = Wish(only or (), percent, fte, first, last, total_time)
    found, interrupted = price_limits(load(file), wish, settings, shown=progress)
    show_prices(found, as_json=as_json, everything=everything)
    raise typer.Exit(code_of_prices(found, interrupted=interrupted))


@app.command(epilog=EPILOG)
@exit_codes()
def frontier(
    file: PortfolioFile,
    funds: of_frontier.Funds = None,
    skill: of_frontier.Skill = None,
    limit: of_frontier.Limit = None,
    field: of_frontier.Field = None,
    levels: of_frontier.Levels = None,
    unit: of_frontier.OfUnit = of_frontier.Unit.PERCENT,
    scenarios: of_frontier.Marked = None,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    staffing: StaffingKind = Staffing.CAPACITY,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Draw the best value against a budget, a capacity or a limit.

    All funds together, unless funds, a skill, or a rule or cap is named. The time limit is that
    of each solve. Levels without any plan are an answer; Ctrl-C shows what is there so far.
    """
    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
        staffing=staffing.value,
    )
    axis = of_frontier.Wish(funds or [], skill, limit, field, levels, unit)
    portfolio = load(file)
    found, interrupted = of_frontier.draw(
        portfolio, axis, scenarios or [], settings, shown=progress
    )
    of_frontier.show_frontier(portfolio, found, as_json=as_json, everything=everything)
    raise typer.Exit(of_frontier.code_of_frontier(found, interrupted=interrupted))


@app.command(epilog=EPILOG)
@exit_codes()
def robustness(
    file: PortfolioFile,
    uncertainty: UncertaintyFile,
    plan_file: StudiedPlan = None,
    cases: Cases = 20,
    simulate: Simulated = 1000,
    robust: Robust = None,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Look at a plan where data differ from what was expected.

    Says which projects are in the best plans of drawn and extreme cases, what the plan loses in
    them, and how likely it lacks people, is late or overspends. The time limit is that of each
    solve. Ctrl-C shows what is there so far.
    """
    from pmo_optimizer.cli.robustness import (
        code_of_robustness,
        find_robust,
        show_robustness,
        study_robustness,
    )
    from pmo_optimizer.model import Plan

    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
    )
    portfolio = load(file)
    if robust is not None:
        raise typer.Exit(
            find_robust(
                portfolio,
                uncertainty,
                robust.value,
                settings,
                cases=cases,
                shown=progress,
                as_json=as_json,
            )
        )
    plan = None if plan_file is None else Plan.load(plan_file)
    result, interrupted = study_robustness(
        portfolio, uncertainty, plan, settings, cases=cases, simulated=simulate, shown=progress
    )
    show_robustness(portfolio, result, as_json=as_json, everything=everything)
    raise typer.Exit(code_of_robustness(result, interrupted=interrupted))


@app.command(epilog=EPILOG)
@exit_codes()
def replan(
    file: PortfolioFile,
    plan_file: PlanFile,
    progress_file: of_replan.ProgressFile = None,
    method: of_replan.First = of_replan.Method.CHANGES,
    extra: of_replan.Extra = 0,
    loss: of_replan.Loss = 0.0,
    price: of_replan.Price = None,
    points: of_replan.Points = 6,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    staffing: of_replan.SameStaffing = None,
    output_file: Output = None,
    portfolio_output: of_replan.Changed = None,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Make a plan anew after what has happened, with few changes.

    The past is fixed and what was promised stays. The table shows what the objective is with
    few changes and with many. The time limit is that of each solve; Ctrl-C shows what is there.
    """
    from pmo_optimizer.cli.inspect import warn_if_foreign
    from pmo_optimizer.model import Plan

    of_replan.require_price(method, price)
    keep(output_file, file, progress_file, hint="--output")
    keep(portfolio_output, file, plan_file, progress_file, hint="--portfolio-output")
    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
    )
    wish = of_replan.Wish(method, extra, loss, price, points, staffing)
    plan = Plan.load(plan_file)
    portfolio = load(file)
    warn_if_foreign(portfolio, plan)
    study, interrupted = of_replan.replan_files(
        portfolio, plan, progress_file, wish, settings, shown=progress
    )
    if output_file is not None and study.new is not None and study.plan is not None:
        save(study.plan, output_file)
        output.note(f"The plan is in {output_file}.")
    if portfolio_output is not None and study.changed is not None:
        save(study.changed, portfolio_output)
        output.note(f"The portfolio with the past fixed is in {portfolio_output}.")
    of_replan.show_replan(study, portfolio, as_json=as_json, everything=everything)
    raise typer.Exit(of_replan.code_of_replan(study, interrupted=interrupted))


@app.command(epilog=EPILOG)
@exit_codes()
def conflicts(
    file: PortfolioFile,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Most conflicts.")] = 5,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    max_solves: Annotated[int, typer.Option("--max-solves", min=1, help="Most solves.")] = 500,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Say which rules of a portfolio without a plan clash, and what would mend it.

    The time limit is that of each solve. The exit code is 0 where the question is answered:
    rules that clash, or a plan; 5 where it stays open; Ctrl-C shows what is there so far.
    """
    from pmo_optimizer.cli.conflicts import code_of_conflicts, conflicts_of, show_conflicts

    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
    )
    found = conflicts_of(file, settings, limit=limit, max_solves=max_solves, shown=progress)
    show_conflicts(found, as_json=as_json, everything=everything)
    raise typer.Exit(code_of_conflicts(found))


@app.command(epilog=EPILOG)
@exit_codes()
def why(
    file: PortfolioFile,
    project: Annotated[str, typer.Argument(help="Id of the project.", metavar="PROJECT")],
    flips: Annotated[
        bool,
        typer.Option("--flips/--no-flips", help="Look for the value and cost that turn it."),
    ] = True,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    staffing: StaffingKind = Staffing.CAPACITY,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Say why a project is in the best plan, or why not.

    Solves with the opposite decision: what that loses, what it displaces, which limits bind,
    and at which value or cost of the project the decision turns. The time limit is that of
    each solve. Ctrl-C shows what is there so far.
    """
    from pmo_optimizer.cli.why import ask_why, code_of_why, show_why

    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
        staffing=staffing.value,
    )
    portfolio = load(file)
    found, _ = ask_why(portfolio, project, settings, flips=flips, shown=progress)
    show_why(portfolio, found, as_json=as_json, everything=everything)
    raise typer.Exit(code_of_why(found))


@app.command(epilog=EPILOG)
@exit_codes()
def alternatives(
    file: PortfolioFile,
    plans: Annotated[
        int, typer.Option("--plans", min=1, help="Most plans, the best one included.")
    ] = 5,
    within: Annotated[
        float,
        typer.Option("--within", callback=fraction, help="Part of the best that may be lost."),
    ] = 0.05,
    differences: Annotated[
        int, typer.Option("--differences", min=1, help="Projects in which two plans differ.")
    ] = 1,
    time_limit: TimeLimit = 60.0,
    gap: Gap = 0.0,
    backend: Backend = "auto",
    workers: Workers = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    reproducible: Reproducible = False,
    staffing: StaffingKind = Staffing.CAPACITY,
    as_json: AsJson = False,
    progress: ShowProgress = True,
    everything: Everything = False,
) -> None:
    """Find plans that are nearly as good as the best one and select other projects.

    The time limit is that of each solve. Ctrl-C shows the plans that are there so far.
    """
    from pmo_optimizer.cli.alternatives import (
        code_of_alternatives,
        find_alternatives,
        show_alternatives,
    )

    settings = Settings(
        time_limit=time_limit,
        gap=gap,
        backend=backend,
        workers=workers,
        cluster=cluster,
        seed=seed,
        reproducible=reproducible,
        staffing=staffing.value,
    )
    portfolio = load(file)
    found, _ = find_alternatives(
        portfolio,
        settings,
        plans=plans,
        within=within,
        differences=differences,
        shown=progress,
    )
    show_alternatives(portfolio, found, as_json=as_json, everything=everything)
    raise typer.Exit(code_of_alternatives(found))
