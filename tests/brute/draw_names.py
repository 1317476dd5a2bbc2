"""Random tiny portfolios for named staffing, with all dates fixed."""

from __future__ import annotations

from itertools import count

from pmo_optimizer.checks import check
from pmo_optimizer.model import (
    PhasePlan,
    Plan,
    Portfolio,
    ProjectPlan,
    Severity,
    Staffing,
    Status,
    Termination,
)
from tests.brute.dice import Data, Dice
from tests.brute.names import NoStaffing, Scene, least_unmet

SKILLS = ("dev", "test")
NAMES = ("ann", "bob", "cy")
MOST_NEEDS = 3
MOST_SLOTS = 10


def random_staffing(seed: int) -> tuple[Portfolio, Plan]:
    """Return a portfolio and the plan of its fixed dates, without work; the same for one seed.

    Every project is selected, as it must be, and each phase is pinned to its start. Musts and
    pinned people could work where they have to if they did nothing else, and some staffing
    keeps all rules.
    """
    for attempt in count():
        dice = Dice(f"named {seed} {attempt}")
        portfolio = _limited(_draw(dice), Dice(f"limits {seed} {attempt}"))
        plan = _plan(portfolio)
        if any(finding.severity is Severity.ERROR for finding in check(portfolio)):
            continue
        if _possible(portfolio, plan):
            return portfolio, plan
    raise AssertionError("counting does not end")


def free_portfolio(dice: Dice) -> Portfolio:
    """Return such a portfolio whose projects, dates and, in some, hires are open."""
    data = _draw(dice).model_dump(mode="json", by_alias=True, exclude_unset=True)
    for project in data["projects"]:
        project["value"] = dice.whole(1, 9)
        if dice.chance(0.8):
            del project["decision"]
        for phase in project["phases"]:
            del phase["pin"]["start"]
            if not phase["pin"]:
                del phase["pin"]
    if dice.chance(0.4):
        hire: Data = {"id": "more", "skill": dice.pick(SKILLS), "max_heads": dice.pick([1, 1, 2])}
        hire |= {"latest_order": dice.pick([0, 0, 1]), "lead_time": dice.pick([0, 0, 1])}
        data["hires"] = [hire]
    return Portfolio.parse(data)


def _limited(portfolio: Portfolio, dice: Dice) -> Portfolio:
    """Return the portfolio, in half of the small cases with dedications and staff budgets.

    They join periods, all of whose decisions brute force then tries together.
    """
    if not dice.chance(0.5) or len(Scene(portfolio, _plan(portfolio)).slots) > MOST_SLOTS:
        return portfolio
    data = portfolio.model_dump(mode="json", by_alias=True, exclude_unset=True)
    projects = [project["id"] for project in data["projects"]]
    periods = portfolio.calendar.periods
    for person in data["people"]:
        if dice.chance(0.6):
            person["dedications"] = [_dedication(dice, projects, periods)]
        person["cost_rate"] = dice.pick([0, 2, 3, 3.75])
    for project in data["projects"]:
        if dice.chance(0.4):
            project["staff_budget"] = dice.pick([0, 1.5, 2, 3.7, 5])
    return Portfolio.parse(data)


def _dedication(dice: Dice, projects: list[str], periods: int) -> Data:
    limit: Data = {"project": dice.pick(projects), "fte": dice.pick([0, 0.25, 0.3333, 0.5, 0.75])}
    if dice.chance(0.5):
        limit["first"] = dice.whole(0, periods - 1)
        limit["last"] = dice.whole(limit["first"], periods - 1)
    return limit


def _possible(portfolio: Portfolio, plan: Plan) -> bool:
    """Return whether musts and pins can be kept."""
    scene = Scene(portfolio, plan)
    musts = sum(len(task.need.must) for task in scene.tasks)
    pins = sum(len(pinned) for pinned in {task.phase: task.pinned for task in scene.tasks}.values())
    if len(scene.wanted) < musts + pins:
        return False
    try:
        least_unmet(portfolio, plan)
    except NoStaffing:
        return False
    return True


def _plan(portfolio: Portfolio) -> Plan:
    projects = []
    for project in portfolio.projects:
        placed = []
        for phase in project.phases:
            mode = phase.modes[0]
            start = project.pinned_start(phase, portfolio.calendar) or 0
            end = start + mode.duration
            placed.append(PhasePlan(phase=phase.id, mode=mode.id, start=start, end=end))
        first, last = min(p.start for p in placed), max(p.end for p in placed)
        projects.append(
            ProjectPlan(
                project=project.id, selected=True, start=first, finish=last, phases=tuple(placed)
            )
        )
    return Plan(
        digest=portfolio.digest(),
        status=Status.NO_PLAN_FOUND,
        termination=Termination.TIME_LIMIT,
        projects=tuple(projects),
        staffing=Staffing.NAMED,
        fully_staffed=False,
    )


def _draw(dice: Dice) -> Portfolio:
    periods = dice.whole(1, 3)
    people = _people(dice, periods)
    data: Data = {
        "calendar": {"start": "2027-01-01", "periods": periods},
        "skills": [{"id": skill} for skill in SKILLS],
        "people": people,
        "projects": _projects(dice, periods, [person["id"] for person in people]),
    }
    if dice.chance(0.25):
        fte = dice.pick([0.25, 0.5, 1])
        data["pools"] = [{"id": "lab", "skill": dice.pick(SKILLS), "fte": fte}]
    if dice.chance(0.15):
        data["rules"] = [{"id": "buffer", "type": "utilization", "ceiling": 0.75}]
    return Portfolio.parse(data)


def _people(dice: Dice, periods: int) -> list[Data]:
    """Return two or three individuals; two of them may be one entry."""
    people = [_person(dice, name, periods) for name in NAMES[: dice.whole(2, 3)]]
    if len(people) == len(NAMES) and dice.chance(0.4):
        people.pop()
        people[-1]["count"] = 2
    return people


def _person(dice: Dice, name: str, periods: int) -> Data:
    known = dice.some(list(SKILLS), dice.pick([1, 2, 2]))
    person: Data = {"id": name, "skills": {skill: dice.pick([0.5, 1, 1]) for skill in known}}
    person["fte"] = dice.pick([0.5, 0.75, 1, 1])
    if dice.chance(0.4):
        person["max_projects"] = dice.pick([1, 1, 2])
    if dice.chance(0.35):
        person["min_share"] = dice.pick([0.25, 0.5])
    if dice.chance(0.35):
        person["absences"] = [_absence(dice, periods)]
    return person


def _absence(dice: Dice, periods: int) -> Data:
    month = dice.whole(1, periods)
    absence: Data = {"first": f"2027-{month:02d}-01", "last": f"2027-{month:02d}-28"}
    if month == 1:
        absence["last"] = "2027-01-31"
    if month > 2:
        absence["last"] = "2027-03-31"
    if dice.chance(0.4):
        absence["share"] = 0.5
    return absence


def _projects(dice: Dice, periods: int, people: list[str]) -> list[Data]:
    number = dice.whole(1, 3)
    sizes = [1] * number
    for _ in range(dice.whole(0, MOST_NEEDS - number)):
        sizes[dice.whole(0, number - 1)] += 1
    return [_project(dice, f"P{n + 1}", size, periods, people) for n, size in enumerate(sizes)]


def _project(dice: Dice, name: str, needs: int, periods: int, people: list[str]) -> Data:
    duration = dice.whole(1, periods)
    pin: Data = {"start": dice.whole(0, periods - duration)}
    if dice.chance(0.2):
        pin["people"] = dice.some(people, dice.whole(1, 2))
    phase: Data = {"id": "work", "duration": duration, "pin": pin}
    phase["needs"] = [_need(dice, f"n{n + 1}", duration, people) for n in range(needs)]
    return {"id": name, "value": 1, "decision": "must", "phases": [_with_pin(phase)]}


def _with_pin(phase: Data) -> Data:
    """Return the phase with its mode written out, as a pin stands beside the modes."""
    mode = {key: phase[key] for key in ("duration", "needs")}
    return {"id": phase["id"], "pin": phase["pin"], "modes": [{"id": "normal", **mode}]}


def _need(dice: Dice, name: str, duration: int, people: list[str]) -> Data:
    need: Data = {"id": name, "skill": dice.pick(SKILLS), **_amount(dice, duration)}
    if dice.chance(0.2):
        need["min_proficiency"] = dice.pick([0.5, 1])
    if dice.chance(0.25):
        need["min_share"] = dice.pick([0.25, 0.5])
    if dice.chance(0.35):
        need["continuous"] = True
    if dice.chance(0.2):
        need["must"] = [dice.pick(people)]
    if dice.chance(0.2):
        need["must_not"] = [dice.pick(people)]
    return need


def _amount(dice: Dice, duration: int) -> Data:
    kind = dice.pick(["fte", "fte", "profile", "effort", "heads"])
    if kind == "profile":
        return {"profile": [dice.pick([0, 0.25, 0.5, 1, 1.5]) for _ in range(duration)]}
    if kind == "effort":
        return _effort(dice, duration)
    if kind == "heads":
        return {"heads": dice.pick([1, 2]), "share": dice.pick([0.25, 0.5, 1])}
    return {"fte": dice.pick([0.25, 0.5, 0.75, 1, 1.5])}


def _effort(dice: Dice, duration: int) -> Data:
    amount: Data = {"effort": dice.pick([0.25, 0.5, 0.75, 1]) * duration}
    if dice.chance(0.4):
        amount["max_fte"] = dice.pick([1, 1.25])
    if dice.chance(0.3):
        amount["min_fte"] = 0.25
    return amount
