"""The one list of all rules: code, severity, and the function that finds breaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pmo_optimizer.checks import (
    dates,
    goals,
    ids,
    links,
    money,
    numbers,
    people,
    precedence,
    projects,
    selection,
    strategy,
    timing,
)
from pmo_optimizer.checks.facts import Facts, Hit
from pmo_optimizer.model import Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING

HERE = "."
"""In `Rule.missing`: the very object that the finding is about."""


class Rule(NamedTuple):
    """One check.

    Attributes
    ----------
    missing
        Lists of the portfolio (and `HERE`) whose incompleteness can cause the finding: where
        a part of them could not be read, the finding may be a consequence of that, and is
        left out.
    """

    code: str
    severity: Severity
    find: Callable[[Facts], Iterable[Hit]]
    missing: tuple[str, ...] = ()


TIMES = (HERE, "calendar")
STAFF = (HERE, "calendar", "people", "pools", "hires", "skills")
CHOICE = (HERE, "choose", "rules")

RULES: tuple[Rule, ...] = (
    # ids
    Rule("duplicate-id", ERROR, ids.duplicate_ids),
    Rule("unknown-id", ERROR, ids.unknown_ids),
    # numbers
    Rule("negative-number", ERROR, numbers.negative_numbers),
    Rule("not-positive", ERROR, numbers.not_positive),
    Rule("not-a-share", ERROR, numbers.not_a_share),
    Rule("not-hundredths", ERROR, numbers.not_hundredths),
    Rule("too-large", ERROR, numbers.too_large),
    Rule("discount-rate", ERROR, numbers.discount_rates),
    # calendar and dates
    Rule("calendar-periods", ERROR, dates.calendar_periods),
    Rule("calendar-fiscal-month", ERROR, dates.calendar_fiscal_month),
    Rule("calendar-hours", ERROR, dates.calendar_hours),
    Rule("calendar-working-days", ERROR, dates.calendar_working_days, ("calendar",)),
    Rule("calendar-idle-days", WARNING, dates.calendar_idle_days, ("calendar",)),
    Rule("date-absurd", ERROR, dates.absurd_dates, ("calendar",)),
    Rule("date-order", ERROR, dates.date_order, ("calendar",)),
    Rule("date-rounded", WARNING, dates.rounded_dates, TIMES),
    Rule("date-without-effect", WARNING, dates.dates_without_effect, TIMES),
    Rule("saving-outside", ERROR, dates.saving_outside, ("calendar",)),
    # strategy
    Rule("weight-missing", ERROR, strategy.weights_missing, ("criteria", "comparisons")),
    Rule("weights-sum", ERROR, strategy.weights_sum, ("criteria", "comparisons")),
    Rule("weights-twice", ERROR, strategy.weights_and_comparisons),
    Rule("comparison-missing", ERROR, strategy.comparisons_missing, ("criteria", "comparisons")),
    Rule("comparison-contradictory", ERROR, strategy.comparisons_contradictory),
    Rule("comparison-scale", WARNING, strategy.comparisons_scale),
    Rule("comparison-inconsistent", WARNING, strategy.comparisons_inconsistent),
    Rule("scale-empty", ERROR, strategy.scale_empty, (HERE,)),
    Rule("score-outside", ERROR, strategy.scores_outside, ("criteria",)),
    Rule("score-missing", WARNING, strategy.scores_missing, (HERE,)),
    Rule("value-and-scores", WARNING, strategy.value_and_scores),
    # people
    Rule("need-unservable", ERROR, people.need_unservable, STAFF),
    Rule("must-need-too-large", ERROR, people.must_need_too_large, STAFF),
    Rule("need-too-large", WARNING, people.need_too_large, STAFF),
    Rule("need-contradiction", ERROR, people.need_contradiction),
    Rule("effort-unspreadable", ERROR, people.effort_unspreadable, (HERE,)),
    Rule("need-field-unused", WARNING, people.need_field_unused, (HERE,)),
    Rule("skill-unused", WARNING, people.skill_unused, ("projects",)),
    Rule("person-without-skill", WARNING, people.person_without_skill, (HERE,)),
    Rule("hire-useless", WARNING, people.hire_useless, TIMES),
    # money
    Rule("amount-choice", ERROR, money.amount_choice, (HERE,)),
    Rule("profile-length", ERROR, money.profile_length, TIMES),
    Rule("benefit-empty", WARNING, money.benefit_empty, (HERE,)),
    Rule("fund-ineligible", ERROR, money.fund_ineligible, (HERE, "funds", "skills")),
    Rule("line-unpayable", ERROR, money.line_unpayable, (HERE, "funds")),
    Rule("category-unused", WARNING, money.category_unused, ("projects", "skills", "hires")),
    Rule("fund-year-missing", WARNING, money.fund_year_missing, TIMES),
    Rule("year-outside", WARNING, money.year_outside, TIMES),
    # projects and their own times
    Rule("no-projects", WARNING, projects.no_projects, ("projects",)),
    Rule("phase-without-modes", ERROR, projects.phase_without_modes, (HERE,)),
    Rule("running-never", ERROR, projects.running_never, (HERE,)),
    Rule("done-decided", WARNING, projects.done_decided),
    Rule("late-price-unused", WARNING, projects.late_price_unused, (HERE,)),
    Rule("stop-unused", WARNING, projects.stop_unused, (HERE,)),
    Rule("window-empty", ERROR, timing.window_empty, TIMES),
    Rule("pin-outside", ERROR, timing.pin_outside, TIMES),
    Rule("pin-window", ERROR, timing.pin_in_window, TIMES),
    Rule("pin-conflict", ERROR, timing.pin_conflict, TIMES),
    Rule("running-pin", WARNING, timing.running_pin, TIMES),
    Rule("phase-too-long", ERROR, timing.phase_too_long, TIMES),
    Rule("mode-too-long", WARNING, timing.mode_too_long, TIMES),
    Rule("phases-do-not-fit", ERROR, precedence.phases_do_not_fit, TIMES),
    # links and groups
    Rule("link-self", ERROR, links.link_self),
    Rule("link-repeated", WARNING, links.link_repeated, (HERE,)),
    Rule("link-empty", WARNING, links.link_empty, (HERE,)),
    Rule("lag-order", ERROR, links.lag_order, (HERE,)),
    Rule("group-phase", ERROR, links.group_phase),
    Rule("group-not-one", ERROR, links.group_not_one),
    Rule("group-empty", ERROR, links.group_empty, (HERE,)),
    Rule("member-repeated", ERROR, links.member_repeated),
    Rule("choose-range", ERROR, links.choose_range, (HERE,)),
    Rule("group-done", ERROR, links.group_done, (HERE,)),
    Rule("cycle", ERROR, precedence.cycle, (HERE,)),
    Rule("cycle-optional", WARNING, precedence.cycle_optional, (HERE,)),
    Rule("must-unschedulable", ERROR, precedence.must_not_schedulable, (*TIMES, "links")),
    Rule("never-schedulable", WARNING, precedence.never_schedulable, (*TIMES, "links")),
    # selection
    Rule("selection-conflict", ERROR, selection.selection_conflict, CHOICE),
    Rule("selection-impossible", ERROR, selection.selection_impossible, CHOICE),
    Rule("selection-ruled-out", WARNING, selection.selection_ruled_out, CHOICE),
    # rules and objective
    Rule("filter-empty", WARNING, goals.filter_empty, (HERE, "projects", "people", "pools")),
    Rule("share-unmatched", ERROR, goals.share_unmatched, (HERE, "projects")),
    Rule("share-budget", ERROR, goals.share_of_budget, (HERE, "funds")),
    Rule("share-sum", ERROR, goals.share_sum, ("rules", "projects")),
    Rule("share-contradiction", ERROR, goals.share_contradiction, ("rules",)),
    Rule("rule-range", ERROR, goals.rule_range, ("projects",)),
    Rule("rule-empty", WARNING, goals.rule_empty, (HERE,)),
    Rule("average-attribute", ERROR, goals.average_attribute, ("projects", HERE)),
    Rule("objective-empty", ERROR, goals.objective_empty, ("objective",)),
    Rule("term-repeated", ERROR, goals.term_repeated, ("objective",)),
    Rule("term-weight-unused", WARNING, goals.term_weight_unused, ("objective",)),
    Rule("tolerance-unused", WARNING, goals.tolerance_unused, ("objective",)),
    Rule("changes-without-baseline", ERROR, goals.changes_without_baseline, ("baseline",)),
    Rule("delay-without-due", WARNING, goals.delay_without_due, ("projects",)),
)
"""Every rule about the meaning of a portfolio; ``docs/checks.md`` explains each code."""

FORM_CODES = (
    "alias-bomb",
    "file-empty",
    "file-missing",
    "file-not-text",
    "file-shape",
    "file-syntax",
    "file-too-deep",
    "file-too-large",
    "file-unreadable",
    "missing-field",
    "unknown-field",
    "wrong-type",
    "wrong-value",
)
"""Codes of findings about the form of the input, which reading it gives."""
