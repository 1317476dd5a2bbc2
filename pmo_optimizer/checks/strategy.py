"""Criteria: weights, pairwise comparisons, scales and scores."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

from pmo_optimizer.checks.facts import Facts, Hit, digits, listed
from pmo_optimizer.model import MAX_CONSISTENCY_RATIO, Criterion, Project

SCALE_OF_COMPARISONS = (Decimal("0.11"), Decimal(9))
"""Least and greatest ratio of Saaty's scale, one ninth in two decimals."""

READABLE_RATIOS = (Decimal("0.001"), Decimal(1000))
"""Ratios beyond these are reported; no consistency is computed from them."""


def weights_and_comparisons(facts: Facts) -> Iterator[Hit]:
    """Find weights beside comparisons, which give the weights themselves."""
    weighted = [c.id for c in facts.portfolio.criteria if c.weight is not None]
    if facts.portfolio.comparisons and weighted:
        yield Hit(
            ("comparisons",),
            f"The weights come from comparisons, and yet {listed(sorted(weighted))} "
            "has a weight of its own.",
            "Remove either the comparisons or every `weight` of the criteria.",
        )


def weights_missing(facts: Facts) -> Iterator[Hit]:
    """Find criteria without a weight."""
    without = sorted(c.id for c in facts.portfolio.criteria if c.weight is None)
    if without and not facts.portfolio.comparisons:
        yield Hit(
            ("criteria",),
            f"No weight is given for {listed(without)}.",
            "Give every criterion a `weight` (together 1), or give pairwise `comparisons`.",
        )


def weights_sum(facts: Facts) -> Iterator[Hit]:
    """Find weights that do not add up to 1."""
    weights = [c.weight for c in facts.portfolio.criteria]
    given = [w for w in weights if w is not None]
    if not given or len(given) < len(weights) or facts.portfolio.comparisons:
        return
    total = sum(given, Decimal(0))
    if total != 1:
        over = total - 1
        yield Hit(
            ("criteria",),
            f"The weights of the criteria add up to {digits(total)}, not to 1.",
            f"{'Take away' if over > 0 else 'Add'} {digits(abs(over))} in all.",
        )


def _pairs(facts: Facts) -> dict[frozenset[str], list[tuple[int, str, Decimal]]]:
    """Return the comparisons of each pair: position, first criterion, ratio."""
    pairs: dict[frozenset[str], list[tuple[int, str, Decimal]]] = {}
    for index, item in enumerate(facts.portfolio.comparisons):
        pairs.setdefault(frozenset((item.a, item.b)), []).append((index, item.a, item.ratio))
    return pairs


def comparisons_contradictory(facts: Facts) -> Iterator[Hit]:
    """Find pairs that are compared twice, and criteria that are compared with themselves."""
    for pair, entries in _pairs(facts).items():
        names = " and ".join(sorted(pair))
        if len(pair) == 1:
            yield Hit(
                ("comparisons", entries[0][0]),
                f"Criterion {names} is compared with itself.",
                "Remove this comparison, or name two criteria.",
            )
        elif len(entries) > 1:
            yield Hit(
                ("comparisons", entries[-1][0]),
                f"Criteria {names} are compared {len(entries)} times.",
                "Keep one comparison of the pair; b against a follows from a against b.",
            )


def comparisons_missing(facts: Facts) -> Iterator[Hit]:
    """Find pairs of criteria that are not compared."""
    if not facts.portfolio.comparisons:
        return
    made = _pairs(facts)
    names = sorted({c.id for c in facts.portfolio.criteria})
    gaps = [f"{a} and {b}" for a, b in combinations(names, 2) if frozenset((a, b)) not in made]
    if gaps:
        yield Hit(
            ("comparisons",),
            f"These criteria are not compared with each other: {listed(gaps, 5)}.",
            "Compare each pair of criteria once.",
        )


def comparisons_scale(facts: Facts) -> Iterator[Hit]:
    """Find comparisons outside the scale of 1/9 to 9."""
    low, high = SCALE_OF_COMPARISONS
    for index, item in enumerate(facts.portfolio.comparisons):
        if item.ratio > high or 0 < item.ratio < low:
            yield Hit(
                ("comparisons", index, "ratio"),
                f"{item.a} is said to be {digits(item.ratio)} times as important as {item.b}; "
                "the scale runs from 1/9 to 9.",
                "Use 9 for an extreme preference, 1/9 (0.1111) for the reverse.",
            )


def comparisons_inconsistent(facts: Facts) -> Iterator[Hit]:
    """Find comparisons that clash: consistency ratio above 0.1 (Saaty 1980)."""
    low, high = READABLE_RATIOS
    portfolio = facts.portfolio
    names = [c.id for c in portfolio.criteria]
    wanted = {frozenset(pair) for pair in combinations(names, 2)}
    pairs = _pairs(facts)
    usable = all(low <= c.ratio <= high for c in portfolio.comparisons)
    if not pairs or not usable or len(set(names)) < len(names) or set(pairs) != wanted:
        return
    vector = portfolio.priority_vector
    if vector is not None and vector.consistency_ratio > MAX_CONSISTENCY_RATIO:
        yield Hit(
            ("comparisons",),
            f"The comparisons clash: their consistency ratio is {vector.consistency_ratio:.2f}, "
            f"above {MAX_CONSISTENCY_RATIO}.",
            "Look for circles such as a over b, b over c, c over a, and compare again.",
        )


def scale_empty(facts: Facts) -> Iterator[Hit]:
    """Find criteria whose best score is their worst."""
    for path, criterion in facts.every(Criterion):
        if criterion.best == criterion.worst:
            yield Hit(
                (*path, "best"),
                f"Best and worst score of {facts.say(path)} are both {digits(criterion.best)}.",
                "Give the two ends of the scale, for instance worst: 0, best: 10.",
            )


def scores_outside(facts: Facts) -> Iterator[Hit]:
    """Find scores beyond the scale of their criterion."""
    scales = {c.id: sorted((c.worst, c.best)) for c in facts.portfolio.criteria}
    for path, project in facts.every(Project):
        for name, score in project.scores.items():
            low, high = scales.get(name, (score, score))
            if not low <= score <= high:
                yield Hit(
                    (*path, "scores", name),
                    f"{facts.subject((*path, 'scores', name))} is {digits(score)}; the scale runs "
                    f"from {digits(low)} to {digits(high)}.",
                    "Correct the score, or widen the scale of the criterion.",
                )


def scores_missing(facts: Facts) -> Iterator[Hit]:
    """Find projects without a score for some criterion; it counts as the worst one."""
    names = sorted(c.id for c in facts.portfolio.criteria)
    for project in facts.open_projects:
        without = [name for name in names if name not in project.scores]
        if without and project.value is None:
            path = ("projects", project.id, "scores")
            yield Hit(
                path,
                f"No {listed(without)} score is given for {facts.say(path[:2])}; it counts as "
                "the worst.",
                "Score the project on every criterion, or give its `value` directly.",
            )


def value_and_scores(facts: Facts) -> Iterator[Hit]:
    """Find projects with both a direct value and scores."""
    for path, project in facts.every(Project):
        if project.value is not None and project.scores:
            yield Hit(
                (*path, "value"),
                f"The value of {facts.say(path)} is given directly, so its scores say nothing.",
                "Remove either `value` or `scores`.",
            )
