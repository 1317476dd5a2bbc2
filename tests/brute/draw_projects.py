"""Random projects: phases, modes, needs, money, windows, states."""

from __future__ import annotations

from pmo_optimizer.model import Criterion
from tests.brute.dice import Data, Dice, Draft

SCALES = ((0, 10), (0, 10), (5, 1), (1, 5))
"""Worst and best score of a criterion."""


def draw_criteria(draft: Draft) -> tuple[list[Data], list[Data]]:
    """Return criteria and comparisons; none of either in half of the draws."""
    dice = draft.dice
    if dice.chance(0.5):
        return [], []
    weights: list[float] = dice.pick([[1], [0.5, 0.5], [0.3, 0.7], [0.2, 0.3, 0.5]])
    criteria: list[Data] = []
    for number, weight in enumerate(weights, start=1):
        worst, best = dice.pick(SCALES)
        criteria.append({"id": f"goal{number}", "weight": weight, "worst": worst, "best": best})
    if len(criteria) == 1 or dice.chance(0.6):
        return criteria, []
    names = [criterion["id"] for criterion in criteria]
    for criterion in criteria:
        del criterion["weight"]
    return criteria, [
        {"a": a, "b": b, "ratio": dice.pick([2, 3, 4])}
        for index, a in enumerate(names)
        for b in names[index + 1 :]
    ]


def draw_project(draft: Draft, number: int, criteria: list[Data]) -> Data:
    """Return one project."""
    dice = draft.dice
    project: Data = {
        "id": f"P{number}",
        "category": dice.pick(["grow", "run"]),
        "attributes": {
            "risk": dice.whole(1, 5),
            "size": dice.pick([0.5, 1, 2]),
            "region": dice.pick(["north", "south"]),
            "flagship": dice.chance(0.5),
        },
    }
    if dice.chance(0.5):
        project["tags"] = dice.some(["it", "law"], dice.whole(1, 2))
    _draw_worth(draft, project, criteria)
    _draw_phases(draft, project)
    _draw_state(draft, project)
    _draw_window(draft, project)
    project["costs"] = [_line(draft, None, n) for n in range(dice.pick([0, 1, 1, 2]))]
    return project


def _draw_worth(draft: Draft, project: Data, criteria: list[Data]) -> None:
    dice = draft.dice
    if criteria and dice.chance(0.8):
        scales = [Criterion(id=c["id"], worst=c["worst"], best=c["best"]) for c in criteria]
        project["scores"] = {
            c.id: dice.whole(int(min(c.worst, c.best)), int(max(c.worst, c.best))) for c in scales
        }
    else:
        project["value"] = dice.factor(0.1, 1.5) if criteria else dice.whole(1, 20)
    if dice.chance(0.6):
        profile = [dice.whole(8, 60) for _ in range(dice.whole(1, 4))]
        project["benefit"] = {"profile": profile, "anchor": dice.pick(["start", "finish"])}
    if dice.chance(0.4):
        project["probability"] = dice.pick([0.5, 0.75, 0.9])


def _draw_phases(draft: Draft, project: Data) -> None:
    dice = draft.dice
    number = dice.pick(draft.size.phases)
    project["phases"] = [_phase(draft, f"f{n + 1}", number) for n in range(number)]
    if number < 2:
        return
    if dice.chance(0.3):
        project["links"] = _inner_links(draft, number)
    elif dice.chance(0.4):
        project["max_gap"] = dice.pick([1, None])


def _phase(draft: Draft, name: str, siblings: int) -> Data:
    dice = draft.dice
    longest = max(1, min(3, draft.calendar.periods // max(1, siblings)))
    modes = [_mode(draft, "normal", dice.whole(1, longest) if dice.chance(0.92) else 0)]
    if dice.chance(0.3):
        quick = _mode(draft, "crash", max(1, modes[0]["duration"] - 1))
        quick["costs"].append({"id": "rush", "category": "opex", "lump": dice.whole(2, 9)})
        modes.append(quick)
    phase: Data = {"id": name, "modes": modes}
    pin: Data = {}
    if dice.chance(0.05):
        pin["start"] = draft.when_within(dice.whole(0, draft.calendar.periods - longest))
    if dice.chance(0.05):
        pin["mode"] = dice.pick(modes)["id"]
    if pin:
        phase["pin"] = pin
    return phase


def _mode(draft: Draft, name: str, duration: int) -> Data:
    dice = draft.dice
    needs = [
        _need(draft, skill, duration)
        for skill in dice.some(draft.skills, dice.pick([0, 1, 1, 1, 2]))
    ]
    costs = [_line(draft, duration, n) for n in range(dice.pick([0, 0, 1, 2]))]
    return {"id": name, "duration": duration, "needs": needs, "costs": costs}


def _need(draft: Draft, skill: str, duration: int) -> Data:
    dice = draft.dice
    need: Data = {"skill": skill}
    if dice.chance(0.7):
        need["fte"] = dice.whole(4, 30) / 20
    else:
        need["profile"] = [dice.whole(0, 30) / 20 for _ in range(duration)]
    if dice.chance(0.25):
        need["min_proficiency"] = dice.pick([0.6, 0.8, 1])
    payers = draft.payers(draft.labour[skill])
    if payers and dice.chance(0.3):
        need["charge_to"] = dice.pick(payers)
    return need


def vary_needs(dice: Dice, projects: list[Data]) -> None:
    """Turn some needs at a rate into effort around that rate, or into heads, in place."""
    for project in projects:
        for phase in project["phases"]:
            for mode in phase["modes"]:
                for need in mode["needs"]:
                    if "fte" in need and mode["duration"] and dice.chance(0.6):
                        rate = round(need.pop("fte") * 20)
                        need |= _varied(dice, rate, mode["duration"])


def _varied(dice: Dice, rate: int, duration: int) -> Data:
    """Return an amount like a rate (in 0.05 FTE) over some periods."""
    if dice.chance(0.3):
        heads = dice.whole(1, 2)
        return {"heads": heads, "share": max(1, rate // heads) / 20}
    effort: Data = {"effort": rate * duration / 20}
    if dice.chance(0.4):
        effort["min_fte"] = dice.whole(1, rate) / 20
    if dice.chance(0.4):
        effort["max_fte"] = dice.whole(rate, 30) / 20
    return effort


def _line(draft: Draft, duration: int | None, number: int) -> Data:
    """Return a cost line, of a mode if a duration is given, else of a project."""
    dice = draft.dice
    category = dice.pick(["capex", "opex"])
    line: Data = {"id": f"line{number + 1}", "category": category}
    form = dice.pick(["per_period", "profile", "lump", "lump"])
    if form == "per_period":
        line["per_period"] = dice.whole(1, 12)
    elif form == "profile":
        length = dice.whole(1, 4) if duration is None else duration
        line["profile"] = [dice.whole(0, 15) for _ in range(length)]
    else:
        line |= {"lump": dice.whole(3, 25), "at": dice.pick(["start", "finish"])}
    payers = draft.payers(category)
    if payers and dice.chance(0.4):
        line["fund"] = dice.pick(payers)
    return line


def _inner_links(draft: Draft, phases: int) -> list[Data]:
    dice = draft.dice
    links: list[Data] = []
    for target in range(1, phases):
        link = {"from": f"f{dice.whole(1, target)}", "to": f"f{target + 1}"} | draw_lags(draft)
        links.append(link)
    return links


def draw_lags(draft: Draft) -> Data:
    """Return type, minimum and maximum lag of a link."""
    dice = draft.dice
    lags: Data = {"type": dice.pick(["FS", "FS", "FS", "SS", "FF", "SF"])}
    least = dice.pick([0, 0, 0, 1, 2, -1, -2])
    if dice.chance(0.12):
        return lags | {"min_lag": None, "max_lag": dice.whole(-1, 2)}
    if least:
        lags["min_lag"] = least
    if dice.chance(0.3):
        lags["max_lag"] = least + dice.whole(0, 2)
    return lags


def _draw_state(draft: Draft, project: Data) -> None:
    dice = draft.dice
    if dice.chance(0.07):
        project["state"] = "done"
    elif dice.chance(0.1):
        project["state"] = "running"
        if dice.chance(0.5):
            project["stoppable"] = True
            project["exit_cost"] = dice.whole(1, 12)
            payers = draft.payers("exit")
            if payers and dice.chance(0.5):
                project["exit_fund"] = dice.pick(payers)
            if dice.chance(0.1):
                project["decision"] = "never"
    elif dice.chance(0.3 if draft.forced else 0.05):
        project["decision"] = "must"
    elif dice.chance(0.05):
        project["decision"] = "never"


def _draw_window(draft: Draft, project: Data) -> None:
    """Narrow the window, but leave room for the work."""
    dice, periods = draft.dice, draft.calendar.periods
    length = sum(max(m["duration"] for m in phase["modes"]) for phase in project["phases"])
    length += dice.whole(0, 1)
    room = max(0, periods - max(length, 1))
    _draw_due(draft, project, length)
    if project.get("state", "proposed") != "proposed":
        return
    first = dice.whole(0, room) if dice.chance(0.35) else 0
    slack = room - first
    if draft.size.slack is not None:
        slack = min(slack, draft.size.slack)
    if first:
        project["earliest_start"] = draft.when_starting(first)
    if first + slack < room or dice.chance(0.1):
        if dice.chance(0.5):
            project["latest_start"] = draft.when_within(first + slack)
        else:
            end = min(periods, first + slack + max(length, 1))
            project["latest_finish"] = draft.when_ending(end)


def _draw_due(draft: Draft, project: Data, length: int) -> None:
    dice = draft.dice
    if not dice.chance(0.35):
        return
    project["due"] = draft.when_ending(min(draft.calendar.periods, length + dice.whole(0, 1)))
    if dice.chance(0.7):
        project["late_price"] = dice.pick([0, draft.price(0.05, 0.5)])
