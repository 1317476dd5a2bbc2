"""Spending against what each fund has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pmo_optimizer.model import FundUse, Plan, Portfolio
from pmo_optimizer.report.charts.chart import Chart, Table
from pmo_optimizer.report.charts.theme import (
    BLUE,
    GREY,
    NARROWEST_WITH_TEXT,
    RED,
    Spec,
    counted,
    figure,
    layer,
    listed,
    number_axis,
    rows_axis,
    scale,
    told,
)
from pmo_optimizer.report.words import amount, percent

MOST_ROWS = 40
"""Bars of one chart; with more, each fund has one for the whole horizon."""

KINDS = ("spent", "spent: more than there is", "available")


@dataclass(frozen=True, slots=True)
class _Use:
    """What a fund has and spends; ``bucket`` is empty for the whole horizon."""

    name: str
    bucket: str
    available: float
    spent: float
    overspent: float

    @property
    def row(self) -> str:
        return f"{self.name}, {self.bucket}" if self.bucket else self.name


def spending(portfolio: Portfolio, plan: Plan) -> Chart:
    """Return spending against funds: a bar for each fund and fiscal year, period or total."""
    names = {fund.id: fund.name or fund.id for fund in portfolio.funds}
    uses = [
        _Use(names.get(u.fund, u.fund), u.bucket, u.available, u.spent, u.overspent)
        for u in plan.kpis.funds
    ]
    shown, note = uses, ""
    if len(uses) > MOST_ROWS:
        shown = _totals(plan.kpis.funds, names)[:MOST_ROWS]
        note = "The chart has one bar for each fund and the whole horizon; the table every row."
    summary = _summary(portfolio, plan.kpis.funds, names)
    spec = figure(
        summary, _layers(portfolio, shown), 30 * max(1, len(shown)), narrowest=NARROWEST_WITH_TEXT
    )
    money = portfolio.currency
    columns = (
        "fund",
        "year or period",
        *(f"{w} {money}".strip() for w in ("available", "spent", "left")),
    )
    rows = tuple((u.name, u.bucket, u.available, u.spent, u.available - u.spent) for u in uses)
    return Chart("spending", "Spending against funds", spec, Table(columns, rows), summary, note)


def _totals(uses: Sequence[FundUse], names: dict[str, str]) -> list[_Use]:
    """Return one row per fund; what is carried over counts once."""
    out = []
    for fund in dict.fromkeys(use.fund for use in uses):
        mine = [use for use in uses if use.fund == fund]
        carried = sum(use.carried for use in mine[:-1])
        out.append(
            _Use(
                names.get(fund, fund),
                "",
                sum(use.available for use in mine) - carried,
                sum(use.spent for use in mine),
                sum(use.overspent for use in mine),
            )
        )
    return out


def _summary(portfolio: Portfolio, uses: Sequence[FundUse], names: dict[str, str]) -> str:
    if not uses:
        return "The portfolio has no funds, so that money has no limit."
    totals = _totals(uses, names)
    spent, there = sum(t.spent for t in totals), sum(t.available for t in totals)
    over = [t for t in totals if t.overspent > 0]
    what = (
        f"{listed([t.name for t in over])} overspent by "
        f"{amount(sum(t.overspent for t in over))} {portfolio.currency}"
        if over
        else "no fund is overspent"
    )
    return (
        f"{amount(spent)} of {amount(there)} {portfolio.currency} in "
        f"{counted(len(totals), 'fund')} are spent ({percent(spent, there)}); {what}."
    )


def _layers(portfolio: Portfolio, shown: Sequence[_Use]) -> list[Spec]:
    money = portfolio.currency
    top = max((max(u.available, u.spent) for u in shown), default=0.0)
    there: list[dict[str, Any]] = []
    spent: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for u in shown:
        over = u.overspent > 0
        words = f"{u.row}: {amount(u.spent)} of {amount(u.available)} {money} spent"
        words += f", {amount(u.overspent)} too much" if over else ""
        there.append({"row": u.row, "amount": u.available, "kind": KINDS[2], "words": words})
        spent.append({"row": u.row, "amount": u.spent, "kind": KINDS[int(over)], "words": words})
        share = percent(u.spent, u.available)
        text = f"{amount(u.spent)} of {amount(u.available)} ({share})" + (" ▲" if over else "")
        texts.append({"row": u.row, "amount": max(u.available, u.spent, 0.0), "text": text})
    x: Spec = {
        "field": "amount",
        "type": "quantitative",
        "axis": number_axis(money or "money"),
        # Room for the text at the end of the longest bar.
        "scale": {"domain": [min(0.0, *(u.spent for u in shown)) if shown else 0, top * 1.42 or 1]},
    }
    at = {"x": x, "y": rows_axis([u.row for u in shown])}
    colours = scale(KINDS, [BLUE, RED, GREY])
    colour = {"field": "kind", "type": "nominal", "scale": colours, "legend": {"title": None}}
    frame = {"type": "bar", "height": {"band": 0.8}, "fillOpacity": 0.18, "strokeWidth": 1.2}
    return [
        layer(frame, told({**at, "fill": colour, "stroke": colour}), there),
        layer({"type": "bar", "height": {"band": 0.45}}, told({**at, "fill": colour}), spent),
        layer(
            {"type": "text", "align": "left", "dx": 5, "aria": False},
            {**at, "text": {"field": "text", "type": "nominal"}},
            texts,
        ),
    ]
