"""What `replan` returns: points between few changes and much value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pmo_optimizer import Finding, Frozen, Plan, Portfolio, Status, TermName
from pmo_scenarios.studies.figures import Figures, Interval, Move, Reassignment
from pmo_scenarios.studies.results import Study

if TYPE_CHECKING:
    import pandas


class ReplanPoint(Frozen):
    """The best plan that was found with at most so many changes.

    Attributes
    ----------
    limit
        Most changes that are allowed; null without a limit.
    changes
        Projects that differ from the plan as it has become: selected in one only, or with a
        phase at another start or in another mode.
    objective
        Of the plan, in the portfolio's own terms.
    bound
        What no plan with at most ``limit`` changes exceeds; null where nothing is proven.
    gap
        Relative distance of the two.
    proven
        Whether the plan is proven to be the best with at most ``limit`` changes.
    lost
        How much less of the objective it has than the plan without a limit.
    figures, selected, enters, leaves, moves, reassigned
        As in `Case`, against the plan as it has become.
    source
        Name of the solve that found it; ``plan`` for the old plan itself.
    plan
        The plan itself; left out of JSON.
    """

    limit: int | None
    changes: int
    objective: float
    bound: float | None = None
    gap: float | None = None
    proven: bool = False
    lost: Interval | None = None
    figures: Figures | None = None
    selected: tuple[str, ...] = ()
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    reassigned: tuple[Reassignment, ...] = ()
    source: str = ""
    plan: Plan | None = Field(default=None, exclude=True, repr=False)


class Replan(Study):
    """A plan after what has happened, and what more or fewer changes would be worth.

    Attributes
    ----------
    portfolio, digest, currency
        The portfolio with the past fixed.
    term, maximised
        The first term of the objective, and whether more of it is better.
    method, extra, loss, price
        How the new plan was chosen.
    now
        First period that is not past.
    unchanged
        Whether nothing has happened that the plan did not say.
    status
        Of the new plan: infeasible where no plan keeps the past, the promises and the limits.
    message
        Why there is no plan.
    least_changes
        No plan has fewer changes; proven.
    changes, objective, bound
        Of the new plan; ``bound`` is that without a limit on changes.
    points
        From few changes to many; the objective never gets worse.
    chosen
        Index of the point with the new plan; null where it is none of them.
    new
        The new plan against the old one; null where there is none.
    missing
        Solves that a stop left out.
    seconds
        Wall clock of all solves.
    findings
        Warnings about the progress; left out of JSON.
    plan, changed
        The new plan, and the portfolio of which it is; left out of JSON.
    """

    portfolio: str
    digest: str
    currency: str
    term: TermName
    maximised: bool
    method: str
    extra: int = 0
    loss: float = 0.0
    price: float | None = None
    now: int
    unchanged: bool
    status: Status
    message: str = ""
    least_changes: int = 0
    changes: int | None = None
    objective: float | None = None
    bound: float | None = None
    points: tuple[ReplanPoint, ...] = ()
    chosen: int | None = None
    new: ReplanPoint | None = None
    missing: tuple[str, ...] = ()
    seconds: float = 0.0
    findings: tuple[Finding, ...] = Field(default=(), exclude=True, repr=False)
    plan: Plan | None = Field(default=None, exclude=True, repr=False)
    changed: Portfolio | None = Field(default=None, exclude=True, repr=False)

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per point.

        Columns: limit (null without one), changes, objective, bound, gap, proven, lost,
        lost_low, lost_high, value, cost, npv, projects, enters, leaves, moves, reassigned
        (numbers), chosen.
        """
        import pandas as pd

        rows = [_row(point) | {"chosen": i == self.chosen} for i, point in enumerate(self.points)]
        frame = pd.DataFrame(rows)
        return frame.astype({"limit": "Int64"}) if rows else frame


def _row(point: ReplanPoint) -> dict[str, object]:
    figures, lost = point.figures, point.lost
    return {
        "limit": point.limit,
        "changes": point.changes,
        "objective": point.objective,
        "bound": point.bound,
        "gap": point.gap,
        "proven": point.proven,
        "lost": None if lost is None else lost.value,
        "lost_low": None if lost is None else lost.low,
        "lost_high": None if lost is None else lost.high,
        **{n: None if figures is None else getattr(figures, n) for n in ("value", "cost", "npv")},
        "projects": len(point.selected),
        "enters": len(point.enters),
        "leaves": len(point.leaves),
        "moves": len(point.moves),
        "reassigned": len(point.reassigned),
    }
