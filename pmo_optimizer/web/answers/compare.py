"""Scenarios side by side: figures with differences, what enters and leaves, and waterfalls."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report import charts
from pmo_optimizer.report.words import amount, first_day, gap_text, score, title_of
from pmo_optimizer.web.answers.answer import Answer, Cell, Grid
from pmo_optimizer.web.text import text

FIGURES = ("value", "cost", "benefit", "npv", "penalty", "effort", "selected")
FINE = ("value", "penalty")
"""Figures with more digits than money."""

SMALL = 1e-6
MOST_CHARTS = 12


def compared(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return a comparison; its columns are the base and the scenarios."""
    cases: list[dict[str, Any]] = result["cases"]
    lines = [text("study.solved", {"n": f"{result['seconds']:.0f}"}) + "."]
    if result["missing"]:
        lines.append(text("compare.missing", {"names": ", ".join(result["missing"])}))
    shown = [case["id"] for case in cases[1:] if case["figures"] is not None][:MOST_CHARTS]
    return Answer(
        "",
        tuple(lines),
        tuple(charts.waterfall(result, id, portfolio=portfolio) for id in shown),
        (_side_by_side(portfolio, result, cases), _differences(portfolio, cases)),
    )


def _title(case: dict[str, Any]) -> str:
    return case["name"] or (text("table.base") if case["id"] == "base" else case["id"])


def _side_by_side(
    portfolio: Portfolio, result: dict[str, Any], cases: list[dict[str, Any]]
) -> Grid:
    currency = {"currency": result["currency"]}
    rows: list[tuple[Cell, ...]] = [
        (text("table.status"), *(case["status"].replace("_", " ") for case in cases)),
        (text("table.objective"), *(_number(case["objective"]) for case in cases)),
        (text("table.gap"), *(gap_text(case["gap"]) for case in cases)),
        (text("table.gained"), *(_interval(case["gained"]) for case in cases)),
        (text("table.per.money", currency), *(_per(case["per_money"]) for case in cases)),
    ]
    base = cases[0]["figures"] or {}
    for name in FIGURES:
        numbers = [(case["figures"] or {}).get(name) for case in cases]
        if any(numbers):
            label = text(f"table.{name}", currency)
            fine = name in FINE
            rows.append((label, *(_against(n, base.get(name), fine=fine) for n in numbers)))
    names = {fund.id: fund.name for fund in portfolio.funds}
    for key in _buckets(cases):
        spent = [_spent(case, key) for case in cases]
        label = text("table.spent", {"fund": names.get(key[0]) or key[0], "bucket": key[1]})
        rows.append((label, *(_against(n, spent[0], fine=False) for n in spent)))
    columns = (text("table.figure"), *(_title(case) for case in cases))
    return Grid(text("compare.table"), columns, tuple(rows), figures=True)


def _number(value: float | None) -> str | None:
    return None if value is None else score(value)


def _against(value: float | None, base: float | None, *, fine: bool) -> str | None:
    """Return a figure and how much more it is than that of the base."""
    if value is None:
        return None
    show = score if fine else amount
    more = 0.0 if base is None else value - base
    if abs(more) < SMALL:
        return show(value)
    sign = "+" if more > 0 else "−"
    return text("table.more", {"value": show(value), "more": sign + show(abs(more))})


def _interval(gained: dict[str, Any] | None) -> str | None:
    if gained is None:
        return None
    values = {name: score(gained[name]) for name in ("value", "low", "high")}
    proven = text("table.proven" if gained["proven"] else "table.open")
    return text("table.interval", values | {"proven": proven})


def _per(gained: dict[str, Any] | None) -> str | None:
    return None if gained is None else f"{gained['value']:.4g}"


def _buckets(cases: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = [
        (use["fund"], use["bucket"])
        for case in cases
        if case["figures"] is not None
        for use in case["figures"]["funds"]
    ]
    return list(dict.fromkeys(found))


def _spent(case: dict[str, Any], key: tuple[str, str]) -> float | None:
    uses = (case["figures"] or {}).get("funds", ())
    return next((u["spent"] for u in uses if (u["fund"], u["bucket"]) == key), None)


def _differences(portfolio: Portfolio, cases: list[dict[str, Any]]) -> Grid:
    def named(projects: list[str]) -> str:
        return ", ".join(
            title_of(portfolio, p) if p in portfolio.project_by_id else p for p in projects
        )

    def day(period: int | None) -> str:
        return first_day(portfolio.calendar, period)

    rows = tuple(
        (
            _title(case),
            named(case["enters"]),
            named(case["leaves"]),
            ", ".join(
                f"{named([m['project']])} {day(m['start_before'])} → {day(m['start_after'])}"
                for m in case["moves"]
            ),
        )
        for case in cases[1:]
    )
    columns = ("run.scenario", "table.enters", "table.leaves", "table.moves")
    return Grid(text("compare.differences"), tuple(text(key) for key in columns), rows)
