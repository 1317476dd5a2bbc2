"""What is on each page of a board pack: a lead, a chart or tables, and lists of terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmo_optimizer.model import Plan, Portfolio, State, TermName
from pmo_optimizer.report import charts
from pmo_optimizer.report.charts import Chart, Table
from pmo_optimizer.report.charts.theme import counted
from pmo_optimizer.report.pack.assumptions import GLOSSARY, assumptions
from pmo_optimizer.report.pack.studies import compared, priced, replanned
from pmo_optimizer.report.projects import least_cost, modes_text
from pmo_optimizer.report.words import (
    amount,
    first_day,
    gap_text,
    last_day,
    score,
    title_of,
)

ROADMAP_ROWS = 30
"""Projects of one page of the roadmap, so that names stay readable on paper."""

MOST_WATERFALLS = 6
"""Scenarios that get a page of their own; the table of scenarios has all."""


@dataclass(frozen=True, slots=True)
class Studies:
    """Results of studies that a pack shows, as plain data; absent ones have no page.

    Attributes
    ----------
    comparison, frontier, prices, replan
        As `pmo_scenarios` returns them from ``to_data``.
    """

    comparison: Mapping[str, Any] | None = None
    frontier: Mapping[str, Any] | None = None
    prices: Mapping[str, Any] | None = None
    replan: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One view.

    Attributes
    ----------
    anchor
        For links within the pack.
    lead
        What the page says, in a sentence.
    tables
        Pairs of a caption and a table, shown in full.
    terms
        Pairs of a term and what it means.
    """

    anchor: str
    title: str
    lead: str = ""
    chart: Chart | None = None
    tables: tuple[tuple[str, Table], ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())


def pages(
    portfolio: Portfolio, plan: Plan, reasons: Mapping[str, str], studies: Studies
) -> tuple[Page, ...]:
    """Return every page after the title, in the order in which a board asks."""
    out: list[Page] = []
    if plan.projects:
        out += [*_decisions(portfolio, plan, reasons), *_plan_charts(portfolio, plan)]
    else:
        out.append(_drawn(charts.bubbles(portfolio)))
    out += _breaches(portfolio, plan)
    out += _studies(portfolio, studies)
    if plan.incumbents:
        out.append(_drawn(charts.progress(plan)))
    out.append(Page("assumptions", "Assumptions", terms=assumptions(portfolio, plan)))
    out.append(Page("glossary", "Glossary", terms=GLOSSARY))
    return tuple(out)


def _drawn(chart: Chart, anchor: str = "") -> Page:
    notes = (chart.note,) if chart.note else ()
    return Page(anchor or chart.name, chart.title, chart.summary, chart=chart, notes=notes)


def _plan_charts(portfolio: Portfolio, plan: Plan) -> Iterator[Page]:
    yield _drawn(charts.bubbles(portfolio, plan))
    dated = sorted(
        (p for p in plan.projects if p.selected and p.start is not None),
        key=lambda p: (p.start or 0, p.finish or 0, p.project),
    )
    parts = [
        [entry.project for entry in dated[i : i + ROADMAP_ROWS]]
        for i in range(0, len(dated), ROADMAP_ROWS)
    ]
    for number, names in enumerate(parts, start=1):
        page = _drawn(charts.roadmap(portfolio, plan, only=names), f"roadmap-{number}")
        of = f", {number} of {len(parts)}" if len(parts) > 1 else ""
        yield Page(page.anchor, f"Roadmap{of}", page.lead, page.chart, notes=page.notes)
    for chart in (charts.load_map(portfolio, plan), charts.spending(portfolio, plan)):
        yield _drawn(chart)
    graph = charts.dependencies(portfolio, plan)
    if not graph.empty:
        yield _drawn(graph)


def _decisions(portfolio: Portfolio, plan: Plan, reasons: Mapping[str, str]) -> Iterator[Page]:
    kpis = {kpi.project: kpi for kpi in plan.kpis.projects}
    money = portfolio.currency
    calendar = portfolio.calendar
    chosen = sorted(
        (p for p in plan.projects if p.selected),
        key=lambda p: (p.start is None, p.start or 0, p.project),
    )
    rows = []
    for entry in chosen:
        kpi = kpis.get(entry.project)
        rows.append(
            (
                title_of(portfolio, entry.project),
                first_day(calendar, entry.start),
                last_day(calendar, entry.start, entry.finish),
                modes_text(portfolio.project_by_id.get(entry.project), entry.phases),
                None if kpi is None else kpi.cost,
                None if kpi is None else kpi.raw_value,
                None if kpi is None else kpi.value,
                reasons.get(entry.project, ""),
            )
        )
    columns = (
        "project",
        "first day",
        "last day",
        "mode",
        f"cost {money}".strip(),
        "value points",
        "points after risk and time",
    )
    cost = sum(kpi.cost for kpi in kpis.values())
    own = f"{amount(cost)} {money} of their own"
    lead = f"{counted(len(rows), 'project')} for {own}, by first day of work."
    table = Table((*columns, "why"), tuple(rows))
    yield Page("selected", "Selected projects", lead, tables=(("", table),))
    out = [p.project for p in plan.projects if not p.selected]
    known = [portfolio.project_by_id[name] for name in out if name in portfolio.project_by_id]
    known.sort(key=lambda p: (-portfolio.raw_value(p), p.id))
    if not known:
        return
    rejected = tuple(
        (
            title_of(portfolio, project.id),
            float(least_cost(portfolio, project)),
            float(portfolio.raw_value(project)),
            reasons.get(project.id, ""),
        )
        for project in known
    )
    names = ("project", f"least cost {money}".strip(), "value points", "why not")
    lead = f"{counted(len(known), 'project')}, those with most value first."
    yield Page("rejected", "Not selected", lead, tables=(("", Table(names, rejected)),))


def _breaches(portfolio: Portfolio, plan: Plan) -> Iterator[Page]:
    """Yield what a board must know beside the decisions: limits exceeded, needs unmet, hires."""
    tables: list[tuple[str, Table]] = []
    if plan.violations:
        rows = tuple((v.rule, v.path, v.message) for v in plan.violations)
        tables.append(("Hard rules that the plan breaks", Table(("rule", "where", "what"), rows)))
    if plan.kpis.breaches:
        names = ("limit", "kind", "period", "exceeded by", "price per unit", "price in all")
        breached = tuple(
            (b.id, b.kind, b.period, b.amount, b.price, b.penalty)
            for b in sorted(plan.kpis.breaches, key=lambda b: -b.penalty)
        )
        tables.append(("Soft limits exceeded, at their price", Table(names, breached)))
    if plan.unmet:
        names = ("project", "phase", "skill", "period", "open FTE", "reason")
        unmet = tuple(
            (
                title_of(portfolio, u.project),
                u.phase,
                u.skill,
                "whole phase" if u.period is None else portfolio.calendar.label(u.period),
                float(u.fte),
                u.message or u.reason.value.replace("_", " "),
            )
            for u in plan.unmet
        )
        tables.append(("Needs that nobody serves", Table(names, unmet)))
    if plan.hires:
        hired = tuple(
            (h.hire, h.heads, first_day(portfolio.calendar, h.period)) for h in plan.hires
        )
        tables.append(("Hires", Table(("hire", "heads", "ordered"), hired)))
    if tables:
        counts = ", ".join(
            f"{caption[0].lower()}{caption[1:]}: {len(t.rows)}" for caption, t in tables
        )
        lead = f"{counts[0].upper()}{counts[1:]}."
        yield Page("limits", "Limits, hires and open needs", lead, tables=tuple(tables))


def _studies(portfolio: Portfolio, studies: Studies) -> Iterator[Page]:
    if studies.comparison is not None:
        lead, tables = compared(portfolio, studies.comparison)
        yield Page("scenarios", "Scenarios side by side", lead, tables=tables)
        cases: Sequence[Mapping[str, Any]] = studies.comparison["cases"]
        for number, case in enumerate(cases[1 : 1 + MOST_WATERFALLS], start=1):
            chart = charts.waterfall(studies.comparison, case["id"], portfolio=portfolio)
            if not chart.empty:
                yield _drawn(chart, f"waterfall-{number}")
    if studies.frontier is not None:
        yield _drawn(charts.frontier_chart(studies.frontier, portfolio=portfolio))
    if studies.prices is not None:
        lead, tables = priced(studies.prices)
        yield Page("prices", "What one step more of each limit is worth", lead, tables=tables)
    if studies.replan is not None:
        yield _drawn(charts.changes_curve(studies.replan))
        lead, tables = replanned(portfolio, studies.replan)
        if tables:
            yield Page("new-plan", "The new plan against the old one", lead, tables=tables)


def decided(portfolio: Portfolio, plan: Plan) -> str:
    """Return what the plan decides, in the words of its title page."""
    if not plan.projects:
        return plan.message or "There is no plan."
    cost = plan.kpis.terms.get(TermName.COST, sum(kpi.cost for kpi in plan.kpis.projects))
    there = sum(_held(use.available, use.carried, last) for use, last in _lasts(plan))
    money = f"{amount(cost)} {portfolio.currency}".strip()
    if plan.hires:
        money += ", hires included"
    done = [
        p.project
        for p in plan.projects
        if p.selected
        and p.project in portfolio.project_by_id
        and portfolio.project_by_id[p.project].state is State.DONE
    ]
    ended = f", {len(done):,} of them done before," if done else ","
    of = f" (the funds hold {amount(there)})" if plan.kpis.funds else ""
    dated = [p.finish for p in plan.projects if p.selected and p.finish is not None]
    end = f", finished by {last_day(portfolio.calendar, 0, max(dated))}" if dated else ""
    return (
        f"{len(plan.selected):,} of {counted(len(portfolio.projects), 'project')} are "
        f"selected{ended} for {money}{of}{end}."
    )


def _lasts(plan: Plan) -> Iterator[tuple[Any, bool]]:
    """Yield each use of a fund, and whether it is the fund's last one."""
    uses = plan.kpis.funds
    for number, use in enumerate(uses):
        yield use, number + 1 == len(uses) or uses[number + 1].fund != use.fund


def _held(available: float, carried: float, last: bool) -> float:
    """Return the new money of a bucket: what is carried on counts where it is from."""
    return available if last else available - carried


def key_figures(
    portfolio: Portfolio, plan: Plan, objective: str
) -> tuple[tuple[str, str, str], ...]:
    """Return name, figure and meaning of the figures of the title page."""
    bound = "no plan can be better than this" if plan.bound is not None else "nothing is proved"
    gap = "the best possible plan is at most this much better" if plan.gap is not None else ""
    chosen = f"{len(plan.selected):,} of {len(portfolio.projects):,}" if plan.projects else "–"
    broken = "every hard rule holds" if not plan.violations else "see the page on limits"
    return (
        (objective, score(plan.objective), "after prices of soft limits"),
        ("bound", score(plan.bound), bound),
        ("gap", gap_text(plan.gap), gap),
        ("projects selected", chosen, ""),
        ("rules broken", str(len(plan.violations)), broken),
    )
