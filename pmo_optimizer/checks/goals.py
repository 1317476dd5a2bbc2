"""Portfolio rules and the objective: what cannot hold, and what says nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from pmo_optimizer.checks.facts import Facts, Hit, Path, digits, listed
from pmo_optimizer.model import (
    AverageRule,
    Cap,
    CountRule,
    Filter,
    Measure,
    Method,
    Project,
    Sense,
    ShareRule,
    StartsRule,
    Term,
    TermName,
    UtilizationRule,
)
from pmo_optimizer.model.base import Frozen

Place = tuple[Path, ShareRule]


def _matching(projects: tuple[Project, ...], where: Filter) -> list[Project]:
    return [project for project in projects if project.matches(where)]


def filter_empty(facts: Facts) -> Iterator[Hit]:
    """Find filters that no project (or no person and pool) matches."""
    portfolio = facts.portfolio
    for kind in (Cap, CountRule, StartsRule, AverageRule, ShareRule):
        for path, item in facts.every(kind):
            if facts.open_projects and not _unmatched_share(facts, item):
                found = _matching(facts.open_projects, item.__dict__["where"])
                yield from () if found else _no_match(facts, path, "project")
    for path, rule in facts.every(UtilizationRule):
        if not any(item.matches(rule.where) for item in (*portfolio.people, *portfolio.pools)):
            yield from _no_match(facts, path, "person or pool")


def _no_match(facts: Facts, path: Path, word: str) -> Iterator[Hit]:
    yield Hit(
        (*path, "where"),
        f"No {word} matches the filter of {facts.say(path)}.",
        "Check the spelling of its category, tag and attribute, or remove the entry.",
    )


def _unmatched_share(facts: Facts, item: Frozen) -> bool:
    """Return whether this is a hard at-least share of projects of which there are none."""
    return (
        isinstance(item, ShareRule)
        and item.sense is Sense.AT_LEAST
        and item.share > 0
        and item.price is None
        and bool(facts.open_projects)
        and not _matching(facts.candidates, item.where)
    )


def share_unmatched(facts: Facts) -> Iterator[Hit]:
    """Find hard at-least shares that no project could ever fill."""
    for path, rule in facts.every(ShareRule):
        if _unmatched_share(facts, rule):
            yield Hit(
                path,
                f"{facts.subject(path)} wants at least {digits(rule.share)} of the {rule.measure} "
                "in projects that match its filter, and none of those can be selected.",
                "Check the filter, set the share to 0, or give the rule a `price`.",
            )


def share_of_budget(facts: Facts) -> Iterator[Hit]:
    """Find shares of the budget where there is none, or of something other than cost."""
    for path, rule in facts.every(ShareRule):
        if rule.of == "budget" and (rule.measure is not Measure.COST or not facts.portfolio.funds):
            reason = (
                "there are no funds"
                if rule.measure is Measure.COST
                else f"it measures {rule.measure}, and a budget is money"
            )
            yield Hit(
                (*path, "of"),
                f"{facts.subject(path)} is a share of the budget, but {reason}.",
                "Use `measure: cost` and list the funds, or use `of: selected`.",
            )


def _hard_shares(facts: Facts, sense: Sense) -> list[Place]:
    """Return the hard share rules of one sense and relative to a total, by id."""
    found = [
        (path, rule)
        for path, rule in facts.every(ShareRule)
        if rule.sense is sense and rule.price is None and isinstance(rule.of, str)
    ]
    return sorted(found, key=lambda place: (str(place[1].id), place[1].share))


def share_sum(facts: Facts) -> Iterator[Hit]:
    """Find at-least shares of disjoint categories above 1, and at-most shares of all below 1."""
    bases = {(rule.measure, str(rule.of)) for _, rule in facts.every(ShareRule)}
    for measure, of in sorted(bases):
        least = [p for p in _hard_shares(facts, Sense.AT_LEAST) if _is(p, measure, of)]
        chosen = _disjoint(least)
        total = sum((rule.share for _, rule in chosen), Decimal(0))
        if total > 1 and _in_range(chosen):
            yield _sum_hit(chosen, total, "at least", "which is more than the whole")
        most = [p for p in _hard_shares(facts, Sense.AT_MOST) if _is(p, measure, of)]
        total = sum((rule.share for _, rule in most), Decimal(0))
        if of == "selected" and most and total < 1 and _in_range(most) and _cover(facts, most):
            yield _sum_hit(most, total, "at most", "and no project is outside them")


def _is(place: Place, measure: Measure, of: str) -> bool:
    return place[1].measure is measure and place[1].of == of


def _in_range(places: list[Place]) -> bool:
    return all(0 <= rule.share <= 1 for _, rule in places)


def _disjoint(places: list[Place]) -> list[Place]:
    """Return rules on categories that no two share, the largest shares first."""
    taken: set[str] = set()
    chosen = []
    for place in sorted(places, key=lambda p: (-p[1].share, p[1].id)):
        where = place[1].where
        if where.category and not where.tag and not where.attribute:
            if taken.isdisjoint(where.category):
                chosen.append(place)
            taken.update(where.category)
    return chosen


def _cover(facts: Facts, places: list[Place]) -> bool:
    """Return whether every project that may be selected is in one of the filters."""
    return bool(facts.candidates) and all(
        any(project.matches(rule.where) for _, rule in places) for project in facts.candidates
    )


def _sum_hit(places: list[Place], total: Decimal, sense: str, why: str) -> Hit:
    names = sorted(rule.id for _, rule in places)
    return Hit(
        ("rules", names[0]),
        f"The {sense} shares of {listed(names)} add up to {digits(total)}, {why}.",
        "Change the shares so that they can hold together, or give some of them a `price`.",
    )


def share_contradiction(facts: Facts) -> Iterator[Hit]:
    """Find an at-least share above an at-most share of the same projects."""
    for path, least in _hard_shares(facts, Sense.AT_LEAST):
        for _, most in _hard_shares(facts, Sense.AT_MOST):
            same = least.measure is most.measure and least.of == most.of
            if same and least.where == most.where and least.share > most.share:
                yield Hit(
                    path,
                    f"Rule {least.id} wants at least {digits(least.share)} and rule {most.id} at "
                    f"most {digits(most.share)} of the {least.measure} of the same projects.",
                    "Change one of the two shares, or give one rule a `price`.",
                )


def rule_range(facts: Facts) -> Iterator[Hit]:
    """Find number limits whose minimum is above the maximum or above what there is."""
    for kind in (CountRule, StartsRule):
        for path, rule in facts.every(kind):
            least, most = rule.__dict__["min"], rule.__dict__["max"]
            if least is not None and most is not None and least > most:
                yield Hit(
                    path,
                    f"{facts.subject(path)} wants at least {digits(least)} and at most "
                    f"{digits(most)} projects.",
                    "Give a minimum that is not above the maximum.",
                )
    for path, count in facts.every(CountRule):
        there = len(_matching(facts.candidates, count.where))
        if count.min is not None and count.price is None and count.min > there > 0:
            yield Hit(
                path,
                f"{facts.subject(path)} wants at least {digits(count.min)} projects; only {there} "
                "match that may be selected.",
                "Lower the minimum, widen the filter, or give the rule a `price`.",
            )


def rule_empty(facts: Facts) -> Iterator[Hit]:
    """Find number limits with neither a minimum nor a maximum."""
    for kind in (CountRule, StartsRule):
        for path, rule in facts.every(kind):
            if rule.__dict__["min"] is None and rule.__dict__["max"] is None:
                yield Hit(
                    path,
                    f"{facts.subject(path)} has neither a minimum nor a maximum.",
                    "Give `min`, `max` or both, or remove the rule.",
                )


def average_attribute(facts: Facts) -> Iterator[Hit]:
    """Find projects that lack the number which an average is made of."""
    measures = {measure.value for measure in Measure}
    for path, rule in facts.every(AverageRule):
        needed = [rule.attribute] + ([rule.weight] if rule.weight not in measures else [])
        for project in _matching(facts.open_projects, rule.where):
            wrong = [name for name in needed if not _is_number(project, name)]
            if wrong:
                yield Hit(
                    path,
                    f"{facts.subject(path)} needs a number for {listed(wrong)} of "
                    f"{facts.say(('projects', project.id))}, which has none.",
                    "Add it to the project's `attributes`, or narrow the rule's filter.",
                )


def _is_number(project: Project, attribute: str) -> bool:
    return isinstance(project.attributes.get(attribute), Decimal)


def objective_empty(facts: Facts) -> Iterator[Hit]:
    """Find an objective without terms."""
    if not facts.portfolio.objective.terms:
        yield Hit(
            ("objective", "terms"),
            "The objective has no terms, so no plan is better than another.",
            "List at least one term, for instance `- term: value`.",
        )


def term_repeated(facts: Facts) -> Iterator[Hit]:
    """Find terms that stand twice in the objective."""
    counts = Counter(term.term for term in facts.portfolio.objective.terms)
    for name, number in counts.items():
        if number > 1:
            yield Hit(
                ("objective", "terms"),
                f"The term {name} stands {number} times in the objective.",
                "Name each term once.",
            )


def term_weight_unused(facts: Facts) -> Iterator[Hit]:
    """Find weights of terms that are optimized one after the other."""
    objective = facts.portfolio.objective
    if objective.method is not Method.LEXICOGRAPHIC:
        return
    for path, term in facts.every(Term):
        if term.weight > 0 and term.weight != 1:
            yield Hit(
                (*path, "weight"),
                f"The weight {digits(term.weight)} of the term {term.term} has no effect: the "
                "terms are optimized one after the other.",
                "Set `method: weighted` in the objective, or remove the weight.",
            )


def tolerance_unused(facts: Facts) -> Iterator[Hit]:
    """Find tolerances of terms that are added up."""
    if facts.portfolio.objective.method is not Method.WEIGHTED:
        return
    for path, term in facts.every(Term):
        for field in ("abs_tol", "rel_tol"):
            tolerance = getattr(term, field)
            if tolerance > 0:
                yield Hit(
                    (*path, field),
                    f"The `{field}` {digits(tolerance)} of the term {term.term} has no effect: "
                    "the terms are weighted and added up.",
                    "Set `method: lexicographic` in the objective, or remove the tolerance.",
                )


def _wanted(facts: Facts, name: TermName) -> bool:
    return any(term.term is name for term in facts.portfolio.objective.terms)


def changes_without_baseline(facts: Facts) -> Iterator[Hit]:
    """Find the term `changes` where there is no plan to compare with."""
    if _wanted(facts, TermName.CHANGES) and not facts.portfolio.baseline:
        yield Hit(
            ("baseline",),
            "The objective counts changes, but there is no baseline to change from.",
            "Give the `baseline` plan, or remove the term `changes`.",
        )


def delay_without_due(facts: Facts) -> Iterator[Hit]:
    """Find the term `delay` where no project has a due date."""
    due = any(project.due is not None for project in facts.open_projects)
    if _wanted(facts, TermName.DELAY) and not due and facts.open_projects:
        yield Hit(
            ("objective", "terms"),
            "The objective counts delay, but no project has a due date.",
            "Give projects a `due` date, or remove the term `delay`.",
        )
