"""Random links, selection rules, synergies, portfolio rules, objective and baseline."""

from __future__ import annotations

from tests.brute.dice import Data, Draft
from tests.brute.draw_projects import draw_lags

UNITS = {
    "value": 6.0,
    "benefit": 40.0,
    "npv": 30.0,
    "cost": 30.0,
    "makespan": 1.5,
    "delay": 1.0,
    "changes": 1.0,
}
"""Typical size of what one project brings to a term."""


def draw_objective(draft: Draft) -> Data:
    """Return one term, a lexicographic list or a weighted sum; sets the unit of prices."""
    dice = draft.dice
    popular = ["value"] * 9 + ["npv"] * 6 + ["benefit", "cost", "makespan", "delay", "changes"]
    first = dice.pick(popular)
    draft.unit = UNITS[first]
    draft.forced = first not in {"value", "npv", "benefit"}
    method = dice.pick(["single", "lexicographic", "lexicographic", "weighted"])
    if method == "single":
        return {"terms": [_term(draft, first)]}
    others = dice.some([name for name in UNITS if name != first], dice.whole(1, 2))
    terms = [_term(draft, name) for name in (first, *others)]
    if method == "weighted":
        for term in terms:
            term["weight"] = round(draft.unit / UNITS[term["term"]] * dice.factor(0.3, 1.5), 3)
        return {"method": "weighted", "terms": terms}
    for term in terms[:-1]:
        if dice.chance(0.3):
            term["abs_tol"] = round(UNITS[term["term"]] * dice.factor(0.1, 1.2), 2)
        if dice.chance(0.3):
            term["rel_tol"] = dice.pick([0.017, 0.053, 0.11])
    return {"method": "lexicographic", "terms": terms}


def _term(draft: Draft, name: str) -> Data:
    term: Data = {"term": name}
    if name == "changes" and draft.dice.chance(0.5):
        term["project_weight"] = draft.dice.pick([2, 0.5])
    return term


def draw_baseline(draft: Draft) -> list[Data]:
    """Return where most projects stood in an earlier plan."""
    dice = draft.dice
    baseline: list[Data] = []
    for project in draft.projects:
        if not dice.chance(0.75):
            continue
        entry: Data = {"project": project["id"]}
        if dice.chance(0.25):
            entry["selected"] = False
        else:
            entry["phases"] = _stood(draft, project)
        baseline.append(entry)
    return baseline


def _stood(draft: Draft, project: Data) -> list[Data]:
    dice, start = draft.dice, 0
    entries: list[Data] = []
    for phase in project["phases"]:
        mode = dice.pick(phase["modes"])
        entry: Data = {"phase": phase["id"], "start": draft.when_within(start)}
        if dice.chance(0.5):
            entry["mode"] = mode["id"]
        entries.append(entry)
        start = min(start + mode["duration"], draft.calendar.periods - 1)
    return entries if dice.chance(0.8) else entries[:1]


def draw_relations(draft: Draft) -> Data:
    """Return links, requires, excludes, all-or-none, choose and synergies."""
    dice = draft.dice
    names = dice.some([p["id"] for p in draft.projects], len(draft.projects))
    found: Data = {"choose": _groups(draft, names)}
    groups = {g["id"]: g["projects"] for g in found["choose"] if g.get("max", 1) == 1}
    found["links"] = [
        link
        for _ in range(dice.whole(0, draft.size.links))
        if (link := _link(draft, names, groups)) is not None
    ]
    if dice.chance(0.25):
        project, needed = dice.some(names, 2)
        outside = [g for g, members in groups.items() if project not in members]
        found["requires"] = [{"project": project, "needs": [dice.pick([needed, *outside])]}]
    if dice.chance(0.2):
        found["excludes"] = [{"projects": dice.some(names, dice.whole(2, 3))}]
    if dice.chance(0.15):
        found["all_or_none"] = [{"projects": dice.some(names, 2)}]
    found["synergies"] = [_synergy(draft, names) for _ in range(dice.pick([0, 0, 1, 2]))]
    return found


def _groups(draft: Draft, names: list[str]) -> list[Data]:
    dice = draft.dice
    groups: list[Data] = []
    if dice.chance(0.25):
        least = 1 if draft.forced and dice.chance(0.6) else 0
        groups.append({"id": "variants", "projects": dice.some(names, 2), "min": least})
    if dice.chance(0.4 if draft.forced else 0.12):
        some = dice.some(names, dice.whole(2, len(names)))
        most = dice.whole(1, len(some))
        groups.append({"id": "mix", "projects": some, "min": dice.whole(0, 1), "max": most})
    return groups


def _link(draft: Draft, names: list[str], groups: dict[str, list[str]]) -> Data | None:
    """Return a link that agrees with the order of names, so that no cycle arises."""
    dice = draft.dice
    first, second = sorted(dice.some(range(len(names)), 2))
    source, target = _end(draft, names[first]), _end(draft, names[second])
    if groups and dice.chance(0.35):
        group, members = dice.pick(list(groups.items()))
        places = sorted(names.index(member) for member in members)
        if places[-1] + 1 < len(names) and dice.chance(0.7):
            source, target = group, _end(draft, names[dice.whole(places[-1] + 1, len(names) - 1)])
        elif places[0] > 0:
            source, target = _end(draft, names[dice.whole(0, places[0] - 1)]), group
    elif dice.chance(0.05):
        phases = next(p["phases"] for p in draft.projects if p["id"] == names[first])
        if len(phases) > 1:
            source, target = (f"{names[first]}/{phases[k]['id']}" for k in (0, 1))
    if source.partition("/")[0] == target.partition("/")[0] and "/" not in source:
        return None
    link = {"from": source, "to": target} | draw_lags(draft)
    if dice.chance(0.35):
        link["if_unselected"] = "ignore"
    return link


def _end(draft: Draft, name: str) -> str:
    phases = next(p["phases"] for p in draft.projects if p["id"] == name)
    if phases and draft.dice.chance(0.35):
        return f"{name}/{draft.dice.pick(phases)['id']}"
    return name


def _synergy(draft: Draft, names: list[str]) -> Data:
    dice = draft.dice
    synergy: Data = {"projects": dice.some(names, dice.pick([2, 2, 3]))}
    if dice.chance(0.7):
        synergy["value"] = dice.factor(-8, 10)
    if draft.funds and dice.chance(0.6):
        period = draft.when_within(dice.whole(0, draft.calendar.periods - 1))
        fund = dice.pick(draft.funds)["id"]
        synergy["savings"] = [{"fund": fund, "period": period, "amount": dice.whole(1, 9)}]
    return synergy


def draw_rules(draft: Draft) -> list[Data]:
    """Return up to three rules of any kind, half of them soft."""
    dice = draft.dice
    makers = [_share, _count, _starts, _average, _utilization]
    rules = [make(draft) for make in dice.some(makers, dice.pick([0, 0, 1, 1, 2, 3]))]
    if draft.forced and dice.chance(0.5):
        rules.append({"type": "count", "min": dice.whole(1, 2)})
    return rules


def _soft(draft: Draft, rule: Data, low: float, high: float, probability: float = 0.5) -> Data:
    if draft.dice.chance(probability):
        rule["price"] = draft.price(low, high)
    return rule


def _share(draft: Draft) -> Data:
    dice = draft.dice
    measure = dice.pick(["value", "cost", "effort", "count"])
    sense = dice.pick(["at_least", "at_most", "at_most"])
    rule: Data = {"type": "share", "measure": measure, "where": draft.filter(), "sense": sense}
    rule["share"] = dice.factor(0.2, 0.8)
    constant = {"value": 15, "cost": 40, "effort": 4, "count": 2}[measure]
    if measure == "cost" and draft.funds and dice.chance(0.5):
        rule["of"] = "budget"
    elif dice.chance(0.25):
        rule["of"] = constant
    price = {"value": (0.05, 0.3), "cost": (0.01, 0.05), "effort": (0.1, 0.5), "count": (0.2, 1)}
    binding = sense == "at_least" and rule.get("of", "selected") != "selected"
    return _soft(draft, rule, *price[measure], probability=0.8 if binding else 0.5)


def _count(draft: Draft) -> Data:
    dice = draft.dice
    rule: Data = {"type": "count", "where": draft.filter()}
    if dice.chance(0.6):
        rule["max"] = dice.whole(1, max(1, len(draft.projects) - 2))
        return _soft(draft, rule, 0.2, 1)
    rule["min"] = dice.whole(1, 2)
    return _soft(draft, rule, 0.2, 1, probability=0.7)


def _starts(draft: Draft) -> Data:
    dice = draft.dice
    rule: Data = {"type": "starts"}
    if dice.chance(0.4):
        rule["where"] = draft.filter()
    last = draft.calendar.periods - 1
    if dice.chance(0.5):
        rule["first"] = draft.when_starting(dice.whole(0, min(1, last)))
    if dice.chance(0.5):
        rule["last"] = draft.last_day(dice.whole(min(1, last), last))
    if dice.chance(0.75):
        rule["max"] = 1
        return _soft(draft, rule, 0.2, 1)
    rule["min"] = 1
    return _soft(draft, rule, 0.1, 0.6, probability=0.8)


def _average(draft: Draft) -> Data:
    dice = draft.dice
    weight = dice.pick(["count", "value", "cost", "effort", "size"])
    rule: Data = {"type": "average", "attribute": "risk", "limit": dice.pick([2, 2.5, 3, 3.5])}
    rule["weight"] = weight
    if dice.chance(0.3):
        rule |= {"sense": "at_least", "limit": dice.pick([2, 2.5, 3])}
    if dice.chance(0.3):
        rule["where"] = draft.filter()
    return _soft(draft, rule, 0.02, 0.2)


def _utilization(draft: Draft) -> Data:
    dice = draft.dice
    rule: Data = {"type": "utilization", "ceiling": dice.pick([0.4, 0.6, 0.8, 0.9])}
    if dice.chance(0.6):
        rule["where"] = {"category": dice.pick(["staff", "expert", "outside"])}
    return _soft(draft, rule, 0.1, 0.8)
