"""What one step more of each limit is worth: the rows of the study, and how they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmo_optimizer import (
    Frozen,
    Number,
    Plan,
    Portfolio,
    Status,
    Termination,
    TermName,
    referee,
)
from pmo_scenarios.bounds import FUZZ, gap_between
from pmo_scenarios.changes import Change
from pmo_scenarios.studies.figures import Interval, Move, moves
from pmo_scenarios.studies.limits import Kind, Limit
from pmo_scenarios.studies.results import Study

if TYPE_CHECKING:
    import pandas

MOST_NAMES = 5
"""So many projects are named in one sentence."""


class Price(Frozen):
    """What one step more of a limit is worth.

    Attributes
    ----------
    path, kind, words, unit, amount, changes
        The limit and the step; see `pmo_scenarios.studies.limits.Limit`.
    status, termination, seconds, message
        Of the solve after the step; null and 0 where no solve was needed. A solve that failed,
        or that proved that there is no plan where the referee accepts one, is ``failed``.
    objective, bound, gap
        After the step: the best plan that is known, and what no plan can beat.
    price
        How much better the objective gets; null where the portfolio as it is has no plan, where
        it is proved that there is none after the step, and where the solve failed.
    per_unit
        That per unit of ``amount``.
    enables
        Whether the portfolio is proved to have no plan as it is, and has one after the step.
    worthless
        Whether it is proved that the step is worth nothing.
    argument
        Why no solve was needed.
    enters, leaves, moves
        Projects that the better plan selects, drops or moves; none where there is no better one.
    text
        All that in one sentence.
    """

    path: str
    kind: Kind
    words: str
    unit: str = ""
    amount: Number | None = None
    changes: tuple[Change, ...] = ()
    status: Status | None = None
    termination: Termination | None = None
    seconds: float = 0.0
    message: str = ""
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    price: Interval | None = None
    per_unit: Interval | None = None
    enables: bool = False
    worthless: bool = False
    argument: str = ""
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    text: str = ""


class Unpriced(Frozen):
    """A limit without a price, and why."""

    path: str
    kind: Kind
    reason: str


class Prices(Study):
    """The price of every limit, the highest first.

    Attributes
    ----------
    portfolio, digest, currency
        Of the portfolio as it is.
    term, maximised
        The first term of the objective, in whose unit prices are, and whether more is better.
    status, objective, bound, gap
        Of the portfolio as it is: the best plan that any of the solves found, and the best
        bound that any of them proved. It is infeasible, too, where that is proved after a step
        that lets every plan in.
    message
        Why there is no plan as it is, as far as that is known; empty where there is one.
    prices
        One row per limit.
    unpriced
        Limits whose step cannot be stated.
    missing
        Paths of limits that a stop or the total time left unsolved.
    seconds
        Wall clock of all solves.
    """

    portfolio: str
    digest: str
    currency: str
    term: TermName
    maximised: bool
    status: Status | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    message: str = ""
    prices: tuple[Price, ...] = ()
    unpriced: tuple[Unpriced, ...] = ()
    missing: tuple[str, ...] = ()
    seconds: float = 0.0

    def of(self, path: str) -> Price:
        """Return the price of the limit of that path; KeyError where there is none."""
        for row in self.prices:
            if row.path == path:
                return row
        raise KeyError(path)

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per price.

        Columns: path, kind, words, unit, amount, price, low, high, proven, worthless, enables,
        per_unit, status, objective, bound, gap, enters, leaves, moves (numbers of projects),
        text.
        """
        import pandas as pd

        columns = [
            "path", "kind", "words", "unit", "amount", "price", "low", "high", "proven",
            "worthless", "enables", "per_unit", "status", "objective", "bound", "gap", "enters",
            "leaves", "moves", "text",
        ]  # fmt: skip
        return pd.DataFrame([_cells(row) for row in self.prices], columns=columns)


def _cells(row: Price) -> dict[str, object]:
    price = row.price
    return {
        "path": row.path,
        "kind": row.kind.value,
        "words": row.words,
        "unit": row.unit,
        "amount": None if row.amount is None else float(row.amount),
        "price": None if price is None else price.value,
        "low": None if price is None else price.low,
        "high": None if price is None else price.high,
        "proven": price is not None and price.proven,
        "worthless": row.worthless,
        "enables": row.enables,
        "per_unit": None if row.per_unit is None else row.per_unit.value,
        "status": None if row.status is None else row.status.value,
        "objective": row.objective,
        "bound": row.bound,
        "gap": row.gap,
        "enters": len(row.enters),
        "leaves": len(row.leaves),
        "moves": len(row.moves),
        "text": row.text,
    }


@dataclass(frozen=True, slots=True)
class Step:
    """A limit and the portfolio after one step more of it.

    Attributes
    ----------
    argument
        Why it is worth nothing without a solve; empty where a solve must tell.
    """

    limit: Limit
    portfolio: Portfolio
    argument: str = ""


@dataclass(slots=True)
class Ledger:
    """What is known of the portfolio as it is: the best plan and the best bound.

    Attributes
    ----------
    portfolio
        As it is, with the first term alone where terms are optimized in order.
    plan
        Its own solve's, later a better one that another solve found.
    bound
        The best that any solve proved.
    """

    portfolio: Portfolio
    plan: Plan
    bound: float | None = None
    solved: dict[str, Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bound = self.plan.bound

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.portfolio.objective.maximised else -1

    @property
    def status(self) -> Status:
        """What is known of the portfolio as it is, from all solves."""
        gap = gap_between(self.value, self.bound)
        if self.value is None:
            return self.plan.status
        return Status.OPTIMAL if gap is not None and gap <= FUZZ else Status.FEASIBLE

    @property
    def message(self) -> str:
        """Why there is no plan; empty where there is one."""
        if self.value is not None:
            return ""
        proved = self.plan.status is Status.INFEASIBLE
        return self.plan.message or ("No plan exists, proven." if proved else "")

    @property
    def value(self) -> float | None:
        """Objective of the best plan, None without one."""
        return self.plan.objective if self.plan.found else None

    def take(self, step: Step, plan: Plan) -> None:
        """Take in the solve of a step.

        A plan that keeps all limits as they are is one of the portfolio as it is. Where the
        step lets every such plan in, its bound holds for the portfolio as it is; and if there
        is no plan after it, there is none before, unless the referee accepts one.
        """
        self.solved[step.limit.path] = plan
        here = self.carried(plan, self.portfolio)
        if here is not None and (self.value is None or self._better(here, self.plan)):
            self.plan = here
        nothing = step.limit.contains and plan.status is Status.INFEASIBLE
        if nothing and self.value is None and self.plan.status is not Status.INFEASIBLE:
            proof = f"No plan exists: with {step.limit.words} there is none either, proven."
            self.plan = plan.model_copy(
                update={"digest": self.portfolio.digest(), "message": proof}
            )
        if step.limit.contains and plan.bound is not None and plan.status is not Status.INFEASIBLE:
            if self.bound is None:
                self.bound = plan.bound
            else:
                least = min(self.sign * self.bound, self.sign * plan.bound)
                self.bound = self.sign * least

    def carried(self, plan: Plan, portfolio: Portfolio) -> Plan | None:
        """Return a plan as one of another portfolio; None where the referee refuses it there."""
        if not plan.found:
            return None
        here = plan.model_copy(update={"digest": portfolio.digest()})
        report = referee.check(portfolio, here)
        if report.violations:
            return None
        return here.model_copy(
            update={"objective": report.kpis.objective, "kpis": report.kpis, "bound": None}
        )

    def _better(self, plan: Plan, other: Plan) -> bool:
        if plan.objective is None or other.objective is None:
            return other.objective is None
        margin = FUZZ * max(1.0, abs(other.objective))
        return self.sign * (plan.objective - other.objective) > margin

    def row(self, step: Step) -> Price:
        """Return the price of a limit, of what is known by now."""
        limit = step.limit
        told = {name: getattr(limit, name) for name in SHARED}
        if step.argument:
            return Price(
                **told,
                objective=self.value,
                bound=self.bound,
                gap=gap_between(self.value, self.bound),
                price=None if self.value is None else Interval(value=0, low=0, high=0),
                worthless=True,
                argument=step.argument,
                text=f"{_capital(limit.words)} is worth nothing: {step.argument}",
            )
        plan = self.solved[limit.path]
        wrong = plan.message if plan.status is Status.FAILED else self._contradiction(step, plan)
        if wrong or plan.status is Status.FAILED:
            row = Price(
                **told,
                status=Status.FAILED,
                termination=Termination.CRASH,
                seconds=plan.seconds,
                message=wrong,
            )
            return row.model_copy(update={"text": sentence(row)})
        best = self._best(step, plan)
        bound = self._bound(plan, best)
        value = None if best is None else best.objective
        row = Price(
            **told,
            status=plan.status,
            termination=plan.termination,
            seconds=plan.seconds,
            message=plan.message,
            objective=value,
            bound=bound,
            gap=gap_between(value, bound),
            enables=value is not None and self.plan.status is Status.INFEASIBLE,
        )
        if value is not None and best is not None and self.value is not None:
            row = self._priced(row, limit, value, bound)
            if self._better(best, self.plan):
                old, new = set(self.plan.selected), set(best.selected)
                update: dict[str, object] = {
                    "enters": tuple(sorted(new - old)),
                    "leaves": tuple(sorted(old - new)),
                    "moves": moves(self.plan, best),
                }
                row = row.model_copy(update=update)
        return row.model_copy(update={"text": sentence(row, compared=self.value is not None)})

    def _contradiction(self, step: Step, plan: Plan) -> str:
        """Return what is wrong with a solve that finds nothing where there is a plan."""
        if plan.status is not Status.INFEASIBLE or self.value is None:
            return ""
        if not step.limit.contains and self.carried(self.plan, step.portfolio) is None:
            return ""
        return (
            "a solve proved that there is no plan, although the one of "
            f"{number(self.value)} as it is holds after the step too"
        )

    def _best(self, step: Step, plan: Plan) -> Plan | None:
        """Return the better of the solve's plan and the one as it is, where that still holds."""
        same = self.carried(self.plan, step.portfolio)
        if not plan.found:
            return same
        return plan if same is None or self._better(plan, same) else same

    def _bound(self, plan: Plan, best: Plan | None) -> float | None:
        """Return the bound of a solve; None where a plan disproves it."""
        if plan.bound is None or best is None or best.objective is None:
            return plan.bound
        beyond = self.sign * (best.objective - plan.bound)
        if beyond > FUZZ * max(1.0, abs(plan.bound)):
            return None
        return best.objective if beyond > 0 else plan.bound

    def _priced(self, row: Price, limit: Limit, value: float, bound: float | None) -> Price:
        """Return the row with the interval in which the price lies.

        The best possible plans differ by at least the value after the step less the bound as
        it is, and at most the bound after the step less the value as it is; by at least 0
        where the step lets every plan in.
        """
        before = self.value or 0.0
        gained = self.sign * (value - before)
        low = None if self.bound is None else self.sign * (value - self.bound)
        high = None if bound is None else max(self.sign * (bound - before), gained)
        if limit.contains:
            gained = max(gained, 0.0)
            low = 0.0 if low is None else max(low, 0.0)
            high = None if high is None else max(high, 0.0)
        low = None if low is None else min(low, gained)
        fuzz = FUZZ * max(1.0, abs(before), abs(value))
        proven = (low is not None and low > fuzz) or (high is not None and high < -fuzz)
        nothing = limit.contains and high is not None and high <= fuzz
        price = Interval(value=gained, low=low, high=high, proven=proven)
        update: dict[str, object] = {"price": price, "worthless": nothing}
        if limit.amount is not None:
            update["per_unit"] = price.per(float(limit.amount))
        return row.model_copy(update=update)


SHARED = ("path", "kind", "words", "unit", "amount", "changes")
"""What a price says of its limit."""


def ranked(rows: Sequence[Price], *, maximised: bool) -> tuple[Price, ...]:
    """Return the prices, the highest first; what makes a plan possible before all, best first."""

    def key(row: Price) -> tuple[object, ...]:
        price = row.price
        value = 0.0 if price is None else price.value
        if row.enables:
            value = (row.objective or 0.0) * (1 if maximised else -1)
        high = float("inf") if price is None or price.high is None else price.high
        proven = price is not None and price.proven
        return (not row.enables, -value, not proven, row.worthless, -high, row.path)

    return tuple(sorted(rows, key=key))


def sentence(row: Price, *, compared: bool = False) -> str:
    """Return a price in one sentence.

    Parameters
    ----------
    compared
        Whether the portfolio as it is has a plan.
    """
    words = _capital(row.words)
    if row.enables:
        return f"{words} makes a plan possible, of {number(row.objective)}."
    if row.status is Status.FAILED:
        return f"{words} was not priced: {row.message or 'the solve failed'}."
    if row.price is None and compared:
        return f"{words} leaves no plan at all, proven."
    if row.price is None:
        found = "no plan either" if row.objective is None else f"a plan of {number(row.objective)}"
        return f"{words} gives {found}; there is none to compare with."
    if row.worthless:
        return f"{words} is worth nothing, proven."
    most = "" if row.price.high is None else f", {number(row.price.high)} at most"
    if row.price.value == 0:
        return f"{words} is worth nothing as far as found{most}."
    said = f"{words} is worth {number(row.price.value)}"
    if row.price.proven:
        least = f"at least {number(row.price.low)}{most}"
        said += ", proven" if row.price.low == row.price.high else f" (proven, {least})"
    else:
        said += f" as far as found{most}"
    return f"{said}{_projects(row)}."


def _projects(row: Price) -> str:
    lists = (
        ("lets", "in", row.enters),
        ("drops", "", row.leaves),
        ("moves", "", tuple(move.project for move in row.moves)),
    )
    said = []
    for verb, after, names in lists:
        if names:
            more = len(names) - MOST_NAMES
            text = ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
            said.append(f"{verb} {text}{' ' if after else ''}{after}")
    return f", {', '.join(said)}" if said else ""


def number(value: float | None) -> str:
    """Return a number with four significant digits, all digits before the point.

    Examples
    --------
    >>> number(4.2), number(0.012346), number(123456.7), number(None)
    ('4.2', '0.01235', '123,457', 'unknown')
    """
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 10**4 else f"{value:.4g}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
