"""What the referee reports: violations by code, breaches with their prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction

from pmo_optimizer.model import Breach, Kpis, UnmetNeed, Violation

Exact = Decimal | Fraction | int
"""A number without rounding error."""

PRECISION = 300
"""Digits of the referee's decimal arithmetic: no sum or product of input numbers is rounded."""


class Code(StrEnum):
    """Rule codes of violations: first those of decisions, then those of claims."""

    WRONG_PORTFOLIO = "wrong-portfolio"
    ABSURD_NUMBER = "absurd-number"

    UNKNOWN_PROJECT = "unknown-project"
    UNKNOWN_PHASE = "unknown-phase"
    UNKNOWN_MODE = "unknown-mode"
    UNKNOWN_NEED = "unknown-need"
    UNKNOWN_SUPPLIER = "unknown-supplier"
    UNKNOWN_HIRE = "unknown-hire"
    UNKNOWN_FUND = "unknown-fund"
    UNKNOWN_LINE = "unknown-line"

    PROJECT_MISSING = "project-missing"
    PROJECT_TWICE = "project-twice"
    PHASE_MISSING = "phase-missing"
    PHASE_TWICE = "phase-twice"
    PHASE_END = "phase-end"
    PROJECT_DATES = "project-dates"
    UNSELECTED_PHASES = "unselected-phases"
    MUST = "must"
    NEVER = "never"
    RUNNING_STOPPED = "running-stopped"
    DONE_DECISION = "done-decision"

    PINNED_MODE = "pinned-mode"
    PINNED_START = "pinned-start"
    NEGATIVE_START = "negative-start"
    HORIZON = "horizon"
    EARLIEST_START = "earliest-start"
    LATEST_START = "latest-start"
    LATEST_FINISH = "latest-finish"
    HARD_DUE = "hard-due"
    PHASE_ORDER = "phase-order"
    MAX_GAP = "max-gap"
    PHASE_LINK = "phase-link"

    LINK_MIN_LAG = "link-min-lag"
    LINK_MAX_LAG = "link-max-lag"
    LINK_BLOCKED = "link-blocked"
    REQUIRES = "requires"
    EXCLUDES = "excludes"
    ALL_OR_NONE = "all-or-none"
    CHOOSE = "choose"

    NEED_UNMET = "need-unmet"
    EFFORT_RATE = "effort-rate"
    ALLOCATION_UNSELECTED = "allocation-unselected"
    ALLOCATION_MODE = "allocation-mode"
    ALLOCATION_PERIOD = "allocation-period"
    NEGATIVE_SHARE = "negative-share"
    SUPPLIER_LACKS_SKILL = "supplier-lacks-skill"
    BELOW_PROFICIENCY = "below-proficiency"
    SUPPLIER_OVERUSED = "supplier-overused"
    OVERLOAD_UNPRICED = "overload-unpriced"
    HIRE_WINDOW = "hire-window"
    HIRE_HEADS = "hire-heads"
    HIRE_MAX = "hire-max"
    HIRE_OVERUSED = "hire-overused"
    UTILIZATION = "utilization"

    CLASS_IN_NAMED = "class-in-named"
    SHARE_STEP = "share-step"
    MAX_PROJECTS = "max-projects"
    DEDICATION = "dedication"
    STAFF_BUDGET = "staff-budget"
    SHARE_TOO_SMALL = "share-too-small"
    HEAD_SHARE = "head-share"
    HEADS_MISSING = "heads-missing"
    NOT_CONTINUOUS = "not-continuous"
    MUST_PERSON = "must-person"
    MUST_NOT_PERSON = "must-not-person"
    PINNED_PEOPLE = "pinned-people"

    SPLIT_CLOSED_LINE = "split-closed-line"
    SPLIT_INELIGIBLE = "split-ineligible"
    SPLIT_NEGATIVE = "split-negative"
    SPLIT_SUM = "split-sum"
    FUND_OVERSPENT = "fund-overspent"
    CAP_EXCEEDED = "cap-exceeded"

    RULE_SHARE = "rule-share"
    RULE_COUNT = "rule-count"
    RULE_STARTS = "rule-starts"
    RULE_AVERAGE = "rule-average"

    CLAIM_MISSING = "claim-missing"
    CLAIM_OBJECTIVE = "claim-objective"
    CLAIM_TERM = "claim-term"
    CLAIM_KPI = "claim-kpi"
    CLAIM_BOUND = "claim-bound"
    CLAIM_GAP = "claim-gap"
    CLAIM_OPTIMAL = "claim-optimal"
    CLAIM_STAFFED = "claim-staffed"
    CLAIM_UNMET = "claim-unmet"


OPEN_NEEDS = frozenset({Code.NEED_UNMET, Code.HEADS_MISSING})
"""Rules that plans break which leave needs open, and no others if that is all (formulation,
section 13)."""


@dataclass(frozen=True)
class Report:
    """What the referee found.

    Attributes
    ----------
    kpis
        Every key figure, recomputed from the portfolio and the decisions.
    violations
        Every hard rule that is broken, sorted by path; empty for an accepted plan.
    fully_staffed
        In named mode whether every need is served; None in capacity mode.
    unmet
        In named mode every need that is short, with the reason (formulation, section 13).
    """

    kpis: Kpis
    violations: tuple[Violation, ...]
    fully_staffed: bool | None = None
    unmet: tuple[UnmetNeed, ...] = ()


@dataclass
class Log:
    """Collects violations of hard rules and breaches of soft ones.

    Attributes
    ----------
    penalty
        Sum of price x breach, exact.
    """

    violations: list[Violation] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    penalty: Fraction = Fraction(0)

    def broken(self, code: Code, path: str, message: str) -> None:
        """Note that a hard rule is broken."""
        self.violations.append(Violation(rule=code.value, path=path, message=message))

    def breach(self, kind: str, name: str, period: str, amount: Exact, price: Decimal) -> None:
        """Note by how much a soft limit is exceeded."""
        penalty = Fraction(amount) * Fraction(price)
        self.penalty += penalty
        self.breaches.append(
            Breach(
                kind=kind,
                id=name,
                period=period,
                amount=float(amount),
                price=float(price),
                penalty=float(penalty),
            )
        )

    def sorted_violations(self) -> tuple[Violation, ...]:
        """Return each violation once, by path, rule and message."""
        unique = dict.fromkeys(self.violations)
        return tuple(sorted(unique, key=lambda v: (v.path, v.rule, v.message)))

    def sorted_breaches(self) -> tuple[Breach, ...]:
        """Return the breaches by kind, id and period."""
        return tuple(sorted(self.breaches, key=lambda b: (b.kind, b.id, b.period)))


def exact_context() -> Context:
    """Return a decimal context in which no sum or product of input numbers is rounded."""
    return Context(prec=PRECISION)


def plain(number: Exact) -> str:
    """Return a number for a message: without exponent, at most 12 significant digits."""
    return f"{float(number):.12g}"
