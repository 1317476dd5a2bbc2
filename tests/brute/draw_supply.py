"""Random skills, people, pools, hires, funds and caps, sized to what the projects ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from tests.brute.dice import Data, Draft

COST_CATEGORIES = ("capex", "opex", "labour", "exit", "hiring")


def draw_skills(draft: Draft) -> list[Data]:
    """Return one to three skills, some with a rate, some with a price of overload."""
    dice = draft.dice
    skills: list[Data] = []
    for number in range(dice.pick([1, 2, 2, 3])):
        skill: Data = {"id": f"s{number + 1}"}
        if dice.chance(0.5):
            skill["rate"] = dice.pick([2, 5, 7.5])
        if dice.chance(0.2):
            skill["rate_category"] = "opex"
        if dice.chance(0.25):
            skill["overload_price"] = draft.price(0.1, 1.2)
        skills.append(skill)
        draft.labour[skill["id"]] = skill.get("rate_category", "labour")
    return skills


def draw_people(draft: Draft) -> list[Data]:
    """Return people whose capacity is a part of the demand of all projects together."""
    dice = draft.dice
    people: list[Data] = []
    for skill, (most, total) in _rates(draft).items():
        wanted = max(most * dice.factor(0.9, 1.15), total * dice.factor(0.15, 0.4))
        while wanted > 0.05 and len(people) < 2 * len(draft.skills) + len(draft.projects) // 3:
            person = _person(draft, f"h{len(people) + 1}", skill, wanted)
            wanted -= person["fte"] * person.get("count", 1) * person["skills"][skill]
            people.append(person)
    return people


def _person(draft: Draft, name: str, skill: str, wanted: float) -> Data:
    dice = draft.dice
    levels = {skill: dice.pick([1, 1, 1, 0.5, 0.8])}
    for other in draft.skills:
        if other != skill and dice.chance(0.5):
            levels[other] = dice.pick([1, 0.5, 0.8])
    fte = round(min(max(wanted, 0.2), dice.pick([0.5, 0.8, 1, 1])), 2)
    person: Data = {"id": name, "skills": levels, "fte": fte}
    person["category"] = dice.pick(["staff", "expert"])
    if dice.chance(0.15):
        person["count"] = 2
    if dice.chance(0.25):
        person["absences"] = [_absence(draft) for _ in range(dice.whole(1, 2))]
    if dice.chance(0.1):
        person["available_from"] = _some_day(draft, 0)
    if dice.chance(0.1):
        person["available_until"] = _some_day(draft, draft.calendar.periods - 1)
    if draft.calendar.sites and dice.chance(0.5):
        person["site"] = draft.calendar.sites[0].id
    if dice.chance(0.1):
        person["holidays"] = [_some_day(draft, dice.whole(0, draft.calendar.periods - 1))]
    return person


def _some_day(draft: Draft, period: int) -> str:
    first = draft.calendar.edge(period)
    length = (draft.calendar.edge(period + 1) - first).days
    return (first + timedelta(days=draft.dice.whole(0, length - 1))).isoformat()


def _absence(draft: Draft) -> Data:
    first = draft.dice.whole(0, draft.calendar.periods - 1)
    last = draft.dice.whole(first, draft.calendar.periods - 1)
    days = sorted([_some_day(draft, first), _some_day(draft, last)])
    absence: Data = {"first": days[0], "last": days[1]}
    if draft.dice.chance(0.5):
        absence["share"] = draft.dice.pick([0.2, 0.5])
    return absence


def _rates(draft: Draft) -> dict[str, tuple[float, float]]:
    """Return the largest need, and the sum of all, of each skill in FTE."""
    most: dict[str, float] = defaultdict(float)
    total: dict[str, float] = defaultdict(float)
    for mode in _modes(draft):
        for need in mode.get("needs", ()):
            rate = need["fte"] if "fte" in need else max(need["profile"], default=0)
            most[need["skill"]] = max(most[need["skill"]], rate)
            total[need["skill"]] += rate / 2
    return {skill: (most[skill], total[skill]) for skill in draft.skills}


def _modes(draft: Draft) -> Iterator[Data]:
    for project in draft.projects:
        for phase in project.get("phases", ()):
            yield from phase["modes"]


def draw_pools(draft: Draft) -> list[Data]:
    """Return up to two pools, constant or over time."""
    dice = draft.dice
    pools: list[Data] = []
    for name in ("crew", "rig")[: dice.pick([0, 0, 0, 1, 1, 2])]:
        pool: Data = {"id": name, "skill": dice.pick(draft.skills)}
        pool["category"] = dice.pick(["staff", "outside"])
        if dice.chance(0.5):
            pool["fte"] = dice.factor(0.2, 1)
        else:
            grid = range(draft.calendar.periods)
            pool["profile"] = [dice.pick([0, 0.25, 0.5, 1]) for _ in grid]
        pools.append(pool)
    return pools


def draw_hires(draft: Draft) -> list[Data]:
    """Return up to one option to hire, with a short order window."""
    dice = draft.dice
    if not dice.chance(0.35):
        return []
    hire: Data = {"id": "hire", "skill": dice.pick(draft.skills), "max_heads": dice.whole(1, 2)}
    first = dice.whole(0, min(1, draft.calendar.periods - 1))
    last = min(first + dice.whole(0, 1), draft.calendar.periods - 1)
    hire["earliest_order"] = draft.when_starting(first)
    hire["latest_order"] = draft.last_day(last)
    if dice.chance(0.4):
        hire["lead_time"] = 1
    if dice.chance(0.6):
        hire["term"] = dice.whole(1, 3)
    if dice.chance(0.7):
        hire["cost_once"] = dice.whole(1, 9)
    if dice.chance(0.7):
        hire["cost_per_period"] = dice.whole(1, 4)
    payers = draft.payers("hiring")
    if payers and dice.chance(0.5):
        hire["fund"] = dice.pick(payers)
    return [hire]


def draw_funds(draft: Draft) -> list[Data]:
    """Return no fund, or up to three that together may pay every category; no amounts yet."""
    dice = draft.dice
    number = dice.pick([0, 1, 1, 2, 2, 3])
    funds: list[Data] = [{"id": f"fund{n + 1}"} for n in range(number)]
    if dice.chance(0.6):
        for fund in funds[1:]:
            fund["categories"] = sorted(dice.some(COST_CATEGORIES, dice.whole(1, 3)))
    if number > 1 and dice.chance(0.3):
        covered = {category for fund in funds[1:] for category in fund.get("categories", ())}
        funds[0]["categories"] = sorted(set(COST_CATEGORIES) - covered) or ["capex"]
    for fund in funds:
        if dice.chance(0.4):
            fund["carry_over"] = dice.pick(["all", "all", 5, 12.5])
        if dice.chance(0.3):
            fund["price"] = draft.price(0.01, 0.15)
    return funds


def size_funds(draft: Draft) -> None:
    """Give every fund a part of what all projects together would cost."""
    for fund in draft.funds:
        part = draft.dice.factor(0.25, 0.9) / max(1, len(draft.funds) - 0.5)
        fund["amounts"] = _amounts(draft, _total_cost(draft) * part, gaps=True)


def _amounts(draft: Draft, total: float, *, gaps: bool) -> Data:
    """Return an amount in one of the three forms, spread unevenly where it is dated."""
    dice, calendar = draft.dice, draft.calendar
    form = dice.pick(["total", "years", "periods"])
    if form == "total":
        return {"total": round(total)}
    if form == "periods":
        mean = 1.5 * total / calendar.periods
        return {"periods": [round(mean * dice.factor(0.4, 1.6)) for _ in range(calendar.periods)]}
    years = list(calendar.fiscal_years())
    if gaps and len(years) > 1 and dice.chance(0.15):
        years.pop()
    return {
        "years": {year: round(1.2 * total / len(years) * dice.factor(0.5, 1.5)) for year in years}
    }


def _total_cost(draft: Draft) -> float:
    total = 0.0
    for project in draft.projects:
        total += sum(_line_cost(line, 2) for line in project.get("costs", ()))
        for phase in project.get("phases", ()):
            mode = phase["modes"][0]
            total += sum(_line_cost(line, mode["duration"]) for line in mode.get("costs", ()))
            charged = [need for need in mode.get("needs", ()) if "charge_to" in need]
            total += 3 * len(charged) * mode["duration"]
    return max(total, 10.0)


def _line_cost(line: Data, length: int) -> float:
    if "profile" in line:
        return float(sum(line["profile"]))
    return float(line.get("lump", 0) + line.get("per_period", 0) * length)


def draw_caps(draft: Draft) -> list[Data]:
    """Return up to two caps of any form."""
    dice = draft.dice
    caps: list[Data] = []
    for _ in range(dice.pick([0, 0, 0, 1, 1, 2])):
        amounts = _amounts(draft, _total_cost(draft) * dice.factor(0.1, 0.5), gaps=False)
        cap: Data = {"where": draft.filter(), "amounts": amounts}
        if dice.chance(0.4):
            cap["cost_categories"] = sorted(dice.some(COST_CATEGORIES, 2))
        if dice.chance(0.3):
            cap["project_years"] = dice.pick(["first", "later"])
        if dice.chance(0.3):
            cap["first"] = draft.when_starting(dice.whole(0, 1))
        if dice.chance(0.3):
            cap["last"] = draft.last_day(draft.calendar.periods - 1 - dice.whole(0, 1))
        if dice.chance(0.4):
            cap["price"] = draft.price(0.01, 0.15)
        if len(amounts.get("years", ())) > 1 and dice.chance(0.3):
            amounts["years"].pop(min(amounts["years"]))
        caps.append(cap)
    return caps
