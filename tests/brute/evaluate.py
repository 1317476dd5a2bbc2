"""What one combination is worth: every term, and the least penalty at which it is possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from pmo_optimizer.model import BaselineProject, Portfolio, Term, TermName
from tests.brute.money import (
    Spend,
    Treasury,
    benefits_of,
    discounting,
    savings_of,
    spends_of,
    spends_of_head,
)
from tests.brute.people import Demand, Kind, Staffing, Work, demand_of, working_heads, works_of
from tests.brute.relations import active_synergies, blocked, link_holds, selection_allowed
from tests.brute.rules import Fate, measures_of, price_of_breaches, raw_value
from tests.brute.schedules import Option, options

Orders = Mapping[str, Mapping[int, int]]
"""Heads ordered, by hire and period."""


@dataclass(frozen=True)
class Figures:
    """Contribution of one fate of a project, or of all hires, to the terms."""

    value: float = 0.0
    benefit: float = 0.0
    cost: float = 0.0
    discounted_cost: float = 0.0
    finish: int = 0
    delay: int = 0
    changed: int = 0


@dataclass(frozen=True)
class Known(Fate):
    """A fate with everything about it that does not depend on other projects."""

    number: int
    figures: Figures
    late_penalty: Fraction
    demands: tuple[Demand, ...]
    works: tuple[Work, ...]


@dataclass(frozen=True)
class Hiring:
    """One choice of orders for every hire."""

    orders: Orders
    spends: tuple[Spend, ...]
    figures: Figures
    working: tuple[Mapping[str, int], ...]


@dataclass(frozen=True)
class Combination:
    """A fate for every project, in the order of the portfolio, and the hires."""

    fates: tuple[Known, ...]
    hiring: Hiring

    @cached_property
    def chosen(self) -> frozenset[str]:
        """Ids of the selected projects, done ones included."""
        return frozenset(f.option.project.id for f in self.fates if f.option.selected)


class Evaluator:
    """Judges combinations of one portfolio; remembers what it worked out before."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.treasury = Treasury(portfolio.funds, portfolio.calendar)
        self.staffing = Staffing(portfolio)
        self.baseline = {entry.project: entry for entry in portfolio.baseline}
        self._staffed: dict[object, Fraction | None] = {}
        self._breaches: dict[tuple[int, ...], Fraction | None] = {}

    @cached_property
    def fates(self) -> list[list[Known]]:
        """Everything that can happen to each project, in the portfolio's order."""
        calendar = self.portfolio.calendar
        number = 0
        every: list[list[Known]] = []
        for project in self.portfolio.projects:
            own: list[Known] = []
            for option in options(project, calendar):
                own.append(self._known(option, number))
                number += 1
            every.append(own)
        return every

    def _known(self, option: Option, number: int) -> Known:
        spends = spends_of(self.portfolio, option)
        delay = self._delay(option)
        grid = range(self.portfolio.calendar.periods)
        return Known(
            option=option,
            spends=spends,
            measures=measures_of(self.portfolio, option, spends),
            number=number,
            figures=self._figures(option, spends, delay),
            late_penalty=Fraction(option.project.late_price or 0) * delay,
            demands=tuple(demand_of(option, t) for t in grid),
            works=works_of(option),
        )

    def _delay(self, option: Option) -> int:
        due = option.project.due_period(self.portfolio.calendar)
        return max(0, option.finish - due) if option.active and due is not None else 0

    def _figures(self, option: Option, spends: Sequence[Spend], delay: int) -> Figures:
        if not option.active:
            money = self._money(spends)
            return Figures(cost=money[0], discounted_cost=money[1], changed=self._changed(option))
        portfolio, project = self.portfolio, option.project
        grain = portfolio.calendar.grain
        sure = float(project.probability)
        value = float(raw_value(portfolio, option)) * (sure if portfolio.risk_adjusted else 1.0)
        earned = sum(
            float(amount) * discounting(portfolio.money_rate, t, grain)
            for t, amount in benefits_of(option)
        )
        cost, discounted = self._money(spends)
        return Figures(
            value=value * discounting(portfolio.value_rate, option.finish, grain),
            benefit=sure * earned,
            cost=cost,
            discounted_cost=discounted,
            finish=option.finish,
            delay=delay,
            changed=self._changed(option),
        )

    def _money(self, spends: Sequence[Spend]) -> tuple[float, float]:
        """Return the sum of spending, undiscounted and discounted."""
        rate, grain = self.portfolio.money_rate, self.portfolio.calendar.grain
        plain = sum((s.amount for s in spends), Fraction(0))
        return float(plain), sum(
            float(s.amount) * discounting(rate, s.period, grain) for s in spends
        )

    def _changed(self, option: Option) -> int:
        if option.done:
            return 0
        entry = self.baseline.get(option.project.id)
        was_in = entry is not None and entry.selected
        if was_in != option.selected:
            return 1
        return int(entry is not None and option.selected and self._moved(option, entry))

    def _moved(self, option: Option, entry: BaselineProject) -> bool:
        placed = {p.phase.id: p for p in option.placed}
        for phase in entry.phases:
            now = placed[phase.phase]
            if now.start != self.portfolio.calendar.period_of(phase.start):
                return True
            if phase.mode is not None and phase.mode != now.mode.id:
                return True
        return False

    def hiring(self, orders: Orders) -> Hiring:
        """Return what a choice of orders costs, and who works when."""
        calendar = self.portfolio.calendar
        hires = {hire.id: hire for hire in self.portfolio.hires}
        spends: list[Spend] = []
        for name, per_period in orders.items():
            for period, heads in per_period.items():
                spends += spends_of_head(hires[name], period, calendar) * heads
        cost, discounted = self._money(spends)
        working = tuple(
            {name: working_heads(hires[name], per_period, t) for name, per_period in orders.items()}
            for t in range(calendar.periods)
        )
        figures = Figures(cost=cost, discounted_cost=discounted)
        return Hiring(orders, tuple(spends), figures, working)

    def relations_hold(self, combination: Combination) -> bool:
        """Return whether selection logic and all links between projects hold."""
        chosen = combination.chosen
        if not selection_allowed(self.portfolio, chosen) or blocked(self.portfolio, chosen):
            return False
        return self.links_hold(combination.fates)

    def links_hold(self, fates: Sequence[Known]) -> bool:
        """Return whether all links between selected projects hold."""
        if not self.portfolio.links:
            return True
        by_id = {fate.option.project.id: fate.option for fate in fates}
        return all(link_holds(self.portfolio, link, by_id) for link in self.portfolio.links)

    def term(self, term: Term, combination: Combination) -> float:
        """Return the value of one term, without prices."""
        figures = [fate.figures for fate in combination.fates]
        if term.term is TermName.MAKESPAN:
            return float(max((f.finish for f in figures), default=0))
        if term.term is TermName.DELAY:
            return float(sum(f.delay for f in figures))
        if term.term is TermName.CHANGES:
            return float(term.project_weight) * sum(f.changed for f in figures)
        synergies = active_synergies(self.portfolio, combination.chosen)
        if term.term is TermName.VALUE:
            return sum(f.value for f in figures) + float(sum(s.value for s in synergies))
        saved = self._money(savings_of(synergies, self.portfolio.calendar))
        paid = [*figures, combination.hiring.figures]
        if term.term is TermName.COST:
            return sum(f.cost for f in paid) + saved[0]
        benefit = sum(f.benefit for f in figures)
        if term.term is TermName.BENEFIT:
            return benefit
        return benefit - sum(f.discounted_cost for f in paid) - saved[1]

    def late_penalty(self, combination: Combination) -> float:
        """Return the price of lateness, a part of `penalty` that costs nothing to know."""
        return float(sum((fate.late_penalty for fate in combination.fates), Fraction(0)))

    def penalty(self, combination: Combination) -> float | None:
        """Return the least price of all breaches; None where a hard limit cannot be kept.

        Selection logic and links are not looked at, see `relations_hold`.
        """
        parts = self.price_of_rules(combination), self._people(combination)
        if parts[0] is None or parts[1] is None:
            return None
        money = self.treasury.penalty(self._all_spends(combination))
        if money is None:
            return None
        return float(parts[0] + parts[1] + money) + self.late_penalty(combination)

    def _all_spends(self, combination: Combination) -> list[Spend]:
        synergies = active_synergies(self.portfolio, combination.chosen)
        spends = [spend for fate in combination.fates for spend in fate.spends]
        spends += combination.hiring.spends
        return spends + list(savings_of(synergies, self.portfolio.calendar))

    def price_of_rules(self, combination: Combination) -> Fraction | None:
        """Return the price of breaches of rules and caps; None where a hard one is broken."""
        key = tuple(fate.number for fate in combination.fates)
        if key not in self._breaches:
            self._breaches[key] = price_of_breaches(self.portfolio, combination.fates)
        return self._breaches[key]

    def _people(self, combination: Combination) -> Fraction | None:
        works = [work for fate in combination.fates for work in fate.works]
        total = Fraction(0)
        for periods in _joined(works, len(combination.hiring.working)):
            demands = {
                t: _sum([f.demands[t] for f in combination.fates if f.demands[t]]) for t in periods
            }
            heads = {t: combination.hiring.working[t] for t in periods}
            own = [work for work in works if work.periods.start in periods]
            price = self._staff(demands, own, heads)
            if price is None:
                return None
            total += price
        return total

    def _staff(
        self,
        demands: Mapping[int, Demand],
        works: Sequence[Work],
        heads: Mapping[int, Mapping[str, int]],
    ) -> Fraction | None:
        key = (
            tuple((t, frozenset(demand.items())) for t, demand in demands.items()),
            frozenset(Counter(works).items()),
            tuple(frozenset(counts.items()) for counts in heads.values()),
        )
        if key not in self._staffed:
            self._staffed[key] = self.staffing.penalty_of_all(demands, works, heads)
        return self._staffed[key]


def _joined(works: Sequence[Work], periods: int) -> list[range]:
    """Return all periods in runs such that no work goes on from one run into the next."""
    cuts = [
        t for t in range(1, periods) if not any(w.periods.start < t < w.periods.stop for w in works)
    ]
    return [range(a, b) for a, b in pairwise([0, *cuts, periods])]


def _sum(demands: Sequence[Demand]) -> dict[Kind, Fraction]:
    total: dict[Kind, Fraction] = {}
    for demand in demands:
        for kind, fte in demand.items():
            total[kind] = total.get(kind, Fraction(0)) + fte
    return total
