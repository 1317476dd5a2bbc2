"""Random portfolios with a fixed selection: what the interval model is there for."""

from __future__ import annotations

from itertools import count
from typing import Any

from pmo_optimizer.checks import check
from pmo_optimizer.model import Portfolio, Severity
from tests.brute.dice import Data, Dice

TERMS = ("makespan", "delay", "cost", "value", "benefit", "npv")
LINKS = ("FS", "FS", "SS", "FF", "SF")
SKILLS = ("build", "test", "crane")


def random_schedule(seed: int) -> Portfolio:
    """Return a valid portfolio in which only starts and modes are free."""
    for attempt in count():
        drawn = Portfolio.parse(_Draw(Dice(f"schedule {seed} {attempt}")).data())
        if not any(finding.severity is Severity.ERROR for finding in check(drawn)):
            return drawn
    raise AssertionError("counting does not end")


class _Draw:
    """One portfolio in the making."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.periods = dice.whole(9, 13)
        self.terms = self._terms()

    def data(self) -> Data:
        dice = self.dice
        projects = [self._project(n) for n in range(1, dice.whole(3, 5))]
        projects += [self._extra("V1", "must"), self._extra("V2", "never")]
        data: Data = {
            "calendar": {
                "start": "2027-01-04",
                "periods": self.periods,
                "grain": dice.pick(["day", "week", "month"]),
                "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            },
            "skills": [{"id": skill} for skill in SKILLS],
            "people": [{"id": "ann", "skills": {"build": 1}, "fte": dice.pick([0.5, 1])}],
            "pools": [*(self._pool(skill) for skill in SKILLS[:2]), self._crane()],
            "projects": projects,
            "choose": [{"id": "variant", "projects": ["V1", "V2"], "min": 1, "max": 1}],
            "links": [self._link(projects) for _ in range(dice.whole(0, 3))],
            "rules": [{"type": "count", "min": 1}],
            "synergies": [{"projects": ["P1", "V1"], "value": 2}],
            "objective": self.terms,
        }
        if dice.chance(0.6):
            data["funds"] = [{"id": "main", "amounts": {"total": dice.whole(8, 30)}}]
            data["objective"]["terms"].append({"term": "cost", "weight": 0.25})
            data["objective"]["terms"] = _once(data["objective"]["terms"])
        return data

    def _terms(self) -> Data:
        dice = self.dice
        chosen = dice.some(TERMS, dice.whole(1, 3))
        if not set(chosen) & {"makespan", "delay"}:
            chosen.append(dice.pick(["makespan", "delay"]))
        terms: list[Data] = [{"term": name, "weight": dice.factor(0.1, 3)} for name in chosen]
        if dice.chance(0.3):
            return {"method": "weighted", "terms": terms}
        for term in terms:
            if dice.chance(0.3):
                term |= dice.pick([{"abs_tol": 1}, {"rel_tol": 0.1}])
        return {"terms": terms}

    def _pool(self, skill: str) -> Data:
        levels = [self.dice.pick([0, 1, 2, 2, 2.5]) for _ in range(self.periods)]
        capacity = {"fte": 2} if self.dice.chance(0.5) else {"profile": levels}
        return {"id": f"{skill}-pool", "skill": skill, **capacity}

    def _crane(self) -> Data:
        """Return a resource that one phase at a time can have, away for some periods."""
        away = self.dice.whole(0, self.periods)
        levels = [0 if t == away else 1 for t in range(self.periods)]
        return {"id": "the-crane", "skill": "crane", "profile": levels}

    def _project(self, number: int) -> Data:
        dice = self.dice
        phases = [self._phase(f"f{n}") for n in range(dice.pick([0, 1, 2, 2, 3, 3]))]
        project: Data = {
            "id": f"P{number}",
            "decision": "must",
            "value": dice.whole(0, 3),
            "phases": phases,
        }
        if len(phases) > 1 and dice.chance(0.5):
            project["links"] = [self._inner(len(phases)) for _ in range(dice.whole(1, 2))]
        elif dice.chance(0.5):
            project["max_gap"] = dice.pick([0, 1, None])
        if dice.chance(0.5):
            project |= {"due": dice.whole(1, self.periods), "late_price": 0}
        if dice.chance(0.2):
            project["earliest_start"] = dice.whole(0, 3)
        elif dice.chance(0.2):
            project["latest_start"] = dice.whole(0, 5)
        lasts = not phases or all(mode["duration"] for mode in phases[0]["modes"])
        if lasts and dice.chance(0.3):
            # A project of length 0 could end the grid, where no fund limits what it pays.
            project["costs"] = [{"lump": dice.whole(1, 3), "at": "finish" if phases else "start"}]
        if dice.chance(0.2):
            project["benefit"] = {"profile": [dice.whole(1, 4)]}
        if phases and dice.chance(0.15):
            project |= {"state": "running"}
            project.pop("decision")
        return project

    def _phase(self, name: str) -> Data:
        phase: Data = {"id": name}
        modes = [self._mode(f"m{n}") for n in range(self.dice.pick([1, 1, 2, 3]))]
        phase["modes"] = modes
        if self.dice.chance(0.1):
            phase["pin"] = {"start": self.dice.whole(0, 4)}
        return phase

    def _mode(self, name: str) -> Data:
        dice = self.dice
        duration = dice.pick([0, 1, 1, 2, 2, 3])
        needs = [self._need(skill, duration) for skill in dice.some(SKILLS, dice.whole(0, 2))]
        costs = [{"per_period": dice.whole(0, 3)}] if duration else []
        return {"id": name, "duration": duration, "needs": needs, "costs": costs}

    def _need(self, skill: str, duration: int) -> Data:
        if skill == "crane":
            return {"skill": skill, "fte": 1}
        if duration > 1 and self.dice.chance(0.4):
            rates = [self.dice.pick([0, 0.5, 1, 1.5]) for _ in range(duration)]
            return {"skill": skill, "profile": rates}
        return {"skill": skill, "fte": self.dice.pick([0.5, 1, 1.25])}

    def _inner(self, phases: int) -> Data:
        source, target = sorted(self.dice.some(range(phases), 2))
        return {"from": f"f{source}", "to": f"f{target}", **self._lags()}

    def _lags(self) -> Data:
        dice = self.dice
        least = dice.pick([0, 0, 1, 2, -1, None])
        lags: Data = {"type": dice.pick(LINKS), "min_lag": least}
        if least is None or dice.chance(0.3):
            lags["max_lag"] = (least or 0) + dice.whole(0, 3)
        return lags

    def _extra(self, name: str, decision: str) -> Data:
        return {
            "id": name,
            "decision": decision,
            "value": 1,
            "phases": [{"id": "f0", "duration": 2, "needs": [{"skill": "test", "fte": 1}]}],
        }

    def _link(self, projects: list[Data]) -> Data:
        dice = self.dice
        source, target = (self._end(project) for project in dice.some(projects[:-1], 2))
        if dice.chance(0.3):
            source = "variant"
        unselected = dice.pick(["block", "ignore"])
        return {"from": source, "to": target, "if_unselected": unselected, **self._lags()}

    def _end(self, project: dict[str, Any]) -> str:
        name = str(project["id"])
        if project["phases"] and self.dice.chance(0.4):
            return f"{name}/{self.dice.pick(project['phases'])['id']}"
        return name


def _once(terms: list[Data]) -> list[Data]:
    """Return the terms, later ones of a name left out."""
    return list({term["term"]: term for term in reversed(terms)}.values())[::-1]
