"""The tables of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pmo_optimizer import people
from pmo_optimizer.formats.answers.reasons import reasons
from pmo_optimizer.formats.answers.table import Cell, Column, Kind, Table
from pmo_optimizer.model import Calendar, Plan, Portfolio, ProjectPlan, SupplierKind
from pmo_optimizer.model.calendar import ONE_DAY

TEXT, INTEGER, NUMBER, SHARE = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.SHARE
DATE, BOOLEAN = Kind.DATE, Kind.BOOLEAN

PROJECT = Column("project", "Project", TEXT, "Id of the project.")
PHASE = Column("phase", "Phase", TEXT, "Id of the phase.")
START = Column("start", "Start period", INTEGER, "First period, 0-based.")
END = Column("end", "End period", INTEGER, "Period after the last one, 0-based.")
FIRST = Column("first_day", "First day", DATE, "First day of the first period.")
LAST = Column("last_day", "Last day", DATE, "Last day of the last period.")
PERIOD = Column("period", "Period", INTEGER, "0-based.")
LABEL = Column("label", "Name of period", TEXT, "The period as people write it.")


def plan_tables(portfolio: Portfolio, plan: Plan) -> tuple[Table, ...]:
    """Return the tables of a plan, each with every row.

    Parameters
    ----------
    portfolio
        What the plan was made from: names, dates, reasons.
    plan
        Any plan; without decisions only what it says about itself has rows.

    Raises
    ------
    InvalidInput
        The allocations are not of this portfolio.
    """
    return (
        _summary(portfolio, plan),
        _terms(plan),
        _violations(plan),
        _decisions(portfolio, plan),
        _phases(portfolio, plan),
        _load(portfolio, plan),
        _funds(portfolio, plan),
        _staffing(portfolio, plan),
        _person_loads(portfolio, plan),
        _unmet(portfolio, plan),
        _hires(portfolio, plan),
        _breaches(plan),
        _alignment(portfolio, plan),
    )


def first_day(calendar: Calendar, period: int | None) -> date | None:
    """Return the first day of a period; None outside the grid (a plan file may say anything)."""
    if period is None or not 0 <= period <= calendar.periods:
        return None
    return calendar.edge(period)


def last_day(calendar: Calendar, start: int | None, end: int | None) -> date | None:
    """Return the last day of what occupies ``start`` to ``end`` (exclusive).

    A milestone ends on the day on which it starts.
    """
    if start is None or end is None or end <= start:
        return first_day(calendar, end)
    edge = first_day(calendar, end)
    return None if edge is None else edge - ONE_DAY


def _summary(portfolio: Portfolio, plan: Plan) -> Table:
    engine = plan.engine
    rows: list[tuple[str, Cell, str]] = [
        ("portfolio", plan.portfolio or portfolio.name, ""),
        ("status", plan.status.value.replace("_", " "), "optimal means that the bound proves it"),
        ("termination", plan.termination.value.replace("_", " "), "why the search ended"),
        ("objective", plan.objective, "first term after prices, or the weighted sum"),
        ("bound", plan.bound, "no plan can be better than this"),
        ("gap", plan.gap, "part by which the best possible plan can be better at most"),
        ("selected", len(plan.selected), f"projects, of {len(portfolio.projects)}"),
        ("violations", len(plan.violations), "hard rules that the plan breaks"),
        ("penalty", plan.kpis.penalty, "prices of soft limits that are exceeded"),
        ("currency", portfolio.currency, "of all money"),
        ("grain", portfolio.calendar.grain.value, "length of a period"),
        ("staffing", plan.staffing.value, "who serves the needs: classes, or people by name"),
        ("fully_staffed", plan.fully_staffed, "whether every need is served by name"),
        ("seconds", plan.seconds, "wall clock of the optimization"),
        ("engine", None if engine is None else engine.name, ""),
        ("message", plan.message or None, ""),
        ("digest", plan.digest or None, "hash of the portfolio that was solved"),
        ("matches", plan.digest == portfolio.digest(), "whether it is the portfolio given here"),
    ]
    columns = (
        Column("figure", "Figure", TEXT, "What is said."),
        Column("value", "Value", Kind.ANY, "A number, a text, or true or false."),
        Column("note", "Note", TEXT, "What the figure means."),
    )
    return Table("summary", "Summary", "What the plan says of itself.", columns, tuple(rows))


def _terms(plan: Plan) -> Table:
    columns = (
        Column("term", "Term", TEXT, "Term of the objective."),
        Column("value", "Value", NUMBER, "The plan's value of the term, without prices."),
        Column("best", "Best of stage", NUMBER, "Incumbent of the stage that optimized it."),
        Column("bound", "Bound", NUMBER, "Proven bound of that stage."),
        Column("gap", "Gap", SHARE, "Relative gap of that stage, as a part."),
        Column("tolerance", "Tolerance", NUMBER, "How much later stages might worsen it."),
    )
    rows = tuple((t.term.value, t.value, t.best, t.bound, t.gap, t.tolerance) for t in plan.terms)
    return Table("terms", "Objective", "One row per term of the objective.", columns, rows)


def _violations(plan: Plan) -> Table:
    columns = (
        Column("rule", "Rule", TEXT, "Code of the rule."),
        Column("path", "Place", TEXT, "What breaks it."),
        Column("message", "Message", TEXT, "How, in words."),
    )
    rows = tuple((v.rule, v.path, v.message) for v in plan.violations)
    return Table("violations", "Violations", "One row per broken hard rule.", columns, rows)


def _decisions(portfolio: Portfolio, plan: Plan) -> Table:
    money = portfolio.currency
    columns = (
        PROJECT,
        Column("name", "Name", TEXT, "Name of the project."),
        Column("category", "Category", TEXT, "Its category."),
        Column("state", "State", TEXT, "proposed, running or done."),
        Column("decision", "Decided", TEXT, "free, must or never: what was decided beforehand."),
        Column("selected", "Selected", BOOLEAN, "Whether the plan has it."),
        Column("reason", "Reason", TEXT, "Why, as far as plan and portfolio say."),
        START,
        Column("finish", "End period", INTEGER, "Period after the last one, 0-based."),
        FIRST,
        LAST,
        Column("cost", f"Cost {money}", NUMBER, f"Undiscounted, in {money}.", summed=True),
        Column("benefit", f"Benefit {money}", NUMBER, f"As planned, in {money}.", summed=True),
        Column("value", "Value", NUMBER, "Discounted, adjusted for risk if asked.", summed=True),
        Column("effort", "Effort FTE-periods", NUMBER, "Of all its needs.", summed=True),
        Column(
            "raw_value", "Raw value", NUMBER, "Weighted scores, neither discounted nor adjusted."
        ),
    )
    why = reasons(portfolio, plan)
    ordered = sorted(
        plan.projects, key=lambda p: (not p.selected, p.start is None, p.start or 0, p.project)
    )
    rows = tuple(_decision(portfolio, plan, entry, why[entry.project]) for entry in ordered)
    return Table("decisions", "Decisions", "One row per project.", columns, rows)


def _decision(
    portfolio: Portfolio, plan: Plan, entry: ProjectPlan, reason: str
) -> tuple[Cell, ...]:
    project = portfolio.project_by_id.get(entry.project)
    kpi = next((k for k in plan.kpis.projects if k.project == entry.project), None)
    calendar = portfolio.calendar
    return (
        entry.project,
        "" if project is None else project.name,
        "" if project is None else project.category or "",
        "" if project is None else project.state.value,
        "" if project is None else project.decision.value,
        entry.selected,
        reason,
        entry.start,
        entry.finish,
        first_day(calendar, entry.start),
        last_day(calendar, entry.start, entry.finish),
        None if kpi is None else kpi.cost,
        None if kpi is None else kpi.benefit,
        None if kpi is None else kpi.value,
        None if kpi is None else kpi.effort,
        None if project is None else float(portfolio.raw_value(project)),
    )


def _phases(portfolio: Portfolio, plan: Plan) -> Table:
    columns = (
        PROJECT,
        PHASE,
        Column("name", "Name", TEXT, "Name of the phase."),
        Column("mode", "Mode", TEXT, "The way in which it is done."),
        START,
        END,
        FIRST,
        LAST,
        Column("milestone", "Milestone", BOOLEAN, "Whether it takes no time."),
    )
    calendar = portfolio.calendar
    names = {(p.id, f.id): f.name for p in portfolio.projects for f in p.phases}
    rows = tuple(
        (
            entry.project,
            phase.phase,
            names.get((entry.project, phase.phase), ""),
            phase.mode,
            phase.start,
            phase.end,
            first_day(calendar, phase.start),
            last_day(calendar, phase.start, phase.end),
            phase.end <= phase.start,
        )
        for entry in sorted(plan.projects, key=lambda p: (p.start or 0, p.project))
        for phase in entry.phases
    )
    return Table("phases", "Phases", "One row per phase of a selected project.", columns, rows)


def _load(portfolio: Portfolio, plan: Plan) -> Table:
    columns = (
        Column("skill", "Skill", TEXT, "Id of the skill."),
        PERIOD,
        LABEL,
        FIRST,
        Column("load", "Load FTE", NUMBER, "What the plan needs.", summed=True),
        Column("capacity", "Capacity FTE", NUMBER, "What could be delivered.", summed=True),
    )
    calendar = portfolio.calendar
    rows = tuple(
        (use.skill, t, _label(calendar, t), first_day(calendar, t), load, capacity)
        for use in plan.kpis.skills
        for t, (load, capacity) in enumerate(zip(use.load, use.capacity, strict=False))
    )
    return Table("load", "Load", "One row per skill and period.", columns, rows)


def _label(calendar: Calendar, period: int) -> str:
    return calendar.label(period) if 0 <= period < calendar.periods else f"period {period}"


def _funds(portfolio: Portfolio, plan: Plan) -> Table:
    money = portfolio.currency
    names = {fund.id: fund.name for fund in portfolio.funds}
    columns = (
        Column("fund", "Fund", TEXT, "Id of the fund."),
        Column("name", "Name", TEXT, "Its name."),
        Column("bucket", "Year", TEXT, "Fiscal year, period, or the whole horizon."),
        Column("available", f"Available {money}", NUMBER, "With what is carried over to it."),
        Column("spent", f"Spent {money}", NUMBER, "What the plan spends.", summed=True),
        Column("carried", f"Carried {money}", NUMBER, "What moves on to the next."),
        Column("overspent", f"Overspent {money}", NUMBER, "Beyond a soft fund.", summed=True),
    )
    rows = tuple(
        (
            use.fund,
            names.get(use.fund, ""),
            use.bucket or "all",
            use.available,
            use.spent,
            use.carried,
            use.overspent,
        )
        for use in plan.kpis.funds
    )
    return Table("funds", "Spend", "One row per fund and year.", columns, rows)


def _planned(plan: Plan) -> bool:
    return plan.found or plan.short


KINDS = {
    SupplierKind.CLASS: "class of people",
    SupplierKind.PERSON: "person",
    SupplierKind.POOL: "pool",
    SupplierKind.HIRE: "hired",
    SupplierKind.OVERLOAD: "extra supply",
}


def _staffing(portfolio: Portfolio, plan: Plan) -> Table:
    money = portfolio.currency
    columns = (
        Column("kind", "Kind", TEXT, "person, class of people, pool, hired or extra supply."),
        Column("who", "Who", TEXT, "Id of the person, class, pool or hire."),
        PROJECT,
        PHASE,
        Column("need", "Need", TEXT, "Id of the need."),
        Column("skill", "Skill", TEXT, "What is needed."),
        PERIOD,
        LABEL,
        FIRST,
        Column("fte", "FTE", NUMBER, "Share of time.", summed=True),
        Column("cost", f"Cost {money}", NUMBER, "Share x cost rate of the person.", summed=True),
    )
    rows: list[tuple[Cell, ...]] = []
    calendar = portfolio.calendar
    for row in people.teams(portfolio, plan) if _planned(plan) else ():
        rate = None if row.cost is None or not row.total else row.cost / row.total
        rows += [
            (
                KINDS[row.kind],
                row.who,
                row.project,
                row.phase,
                row.need,
                row.skill,
                t,
                _label(calendar, t),
                first_day(calendar, t),
                share,
                None if rate is None else share * rate,
            )
            for t, share in enumerate(row.shares, row.start)
            if share
        ]
    rows.sort(key=lambda row: tuple(str(cell) for cell in row[:6]))
    title = "One row per supplier, need and period."
    return Table("staffing", "Staffing", title, columns, tuple(rows))


def _person_loads(portfolio: Portfolio, plan: Plan) -> Table:
    columns = (
        Column("who", "Who", TEXT, "The person; in a capacity plan the class of people."),
        PERIOD,
        LABEL,
        FIRST,
        Column("available", "Available FTE", NUMBER, "What absences and ceilings leave."),
        Column("used", "Used FTE", NUMBER, "What the plan uses.", summed=True),
        Column("spare", "Spare FTE", NUMBER, "Available less used."),
        Column("projects", "Projects", INTEGER, "Number of projects worked on."),
    )
    calendar = portfolio.calendar
    loads = people.person_loads(portfolio, plan) if _planned(plan) else ()
    rows = tuple(
        (
            row.person,
            row.period,
            _label(calendar, row.period),
            first_day(calendar, row.period),
            row.available,
            row.used,
            row.spare,
            row.projects,
        )
        for row in loads
    )
    title = "One row per person (or class of people) and period."
    return Table("people", "People", title, columns, rows)


def _unmet(portfolio: Portfolio, plan: Plan) -> Table:
    columns = (
        PROJECT,
        PHASE,
        Column("need", "Need", TEXT, "Id of the need."),
        Column("skill", "Skill", TEXT, "What is missing."),
        Column("period", "Period", INTEGER, "0-based; empty for effort over the whole phase."),
        FIRST,
        Column("fte", "Missing FTE", NUMBER, "FTE, or FTE-periods of effort.", summed=True),
        Column("reason", "Reason", TEXT, "Why nobody serves it."),
        Column("message", "Message", TEXT, "The reason in words."),
    )
    rows = tuple(
        (
            item.project,
            item.phase,
            item.need,
            item.skill,
            item.period,
            first_day(portfolio.calendar, item.period),
            item.fte,
            item.reason.value.replace("_", " "),
            item.message,
        )
        for item in plan.unmet
    )
    return Table("unmet", "Unmet needs", "One row per need left open.", columns, rows)


def _hires(portfolio: Portfolio, plan: Plan) -> Table:
    money = portfolio.currency
    columns = (
        Column("hire", "Hire", TEXT, "Id of the option."),
        Column("skill", "Skill", TEXT, "What the heads can do."),
        Column("heads", "Heads", INTEGER, "How many are ordered.", summed=True),
        Column("ordered", "Order period", INTEGER, "0-based."),
        Column("ordered_day", "Ordered", DATE, "First day of that period."),
        Column("first_day", "First day", DATE, "First day of work."),
        Column("cost", f"Cost {money}", NUMBER, "Once and per period of work.", summed=True),
    )
    calendar = portfolio.calendar
    orders = people.hires(portfolio, plan) if _planned(plan) else ()
    rows = tuple(
        (
            row.hire,
            row.skill,
            row.heads,
            row.ordered,
            first_day(calendar, row.ordered),
            first_day(calendar, row.start),
            row.cost,
        )
        for row in orders
    )
    return Table("hires", "Hires", "One row per order of heads.", columns, rows)


def _breaches(plan: Plan) -> Table:
    columns = (
        Column("id", "Soft limit", TEXT, "Id of the limit."),
        Column("kind", "Kind", TEXT, "What is exceeded."),
        Column("period", "Period", TEXT, "When, where that means something."),
        Column("amount", "Breach", NUMBER, "By how much, in the limit's own unit."),
        Column("price", "Price", NUMBER, "Per unit, in the unit of the first term."),
        Column("penalty", "Penalty", NUMBER, "Breach x price.", summed=True),
    )
    rows = tuple((b.id, b.kind, b.period, b.amount, b.price, b.penalty) for b in plan.kpis.breaches)
    return Table("breaches", "Breaches", "One row per exceeded soft limit.", columns, rows)


def _alignment(portfolio: Portfolio, plan: Plan) -> Table:
    names = {criterion.id: criterion.name for criterion in portfolio.criteria}
    columns = (
        Column("criterion", "Criterion", TEXT, "Id of the criterion."),
        Column("name", "Name", TEXT, "Its name."),
        Column("value", "Value", NUMBER, "Weighted utility of the selected.", summed=True),
        Column("share", "Share", SHARE, "Part of the whole.", summed=True),
    )
    rows = tuple(
        (a.criterion, names.get(a.criterion, ""), a.value, a.share) for a in plan.kpis.alignment
    )
    return Table("alignment", "Alignment", "One row per strategic criterion.", columns, rows)


def by_name(tables: Iterable[Table]) -> dict[str, Table]:
    """Return tables by their name."""
    return {table.name: table for table in tables}
