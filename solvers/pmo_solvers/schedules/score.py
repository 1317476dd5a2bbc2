"""Whether a schedule of jobs keeps every rule, and what its key means."""

from __future__ import annotations

from collections.abc import Sequence

from pmo_optimizer.backend import Decisions
from pmo_solvers.cp_sat.interval.forms import figures, stage_forms
from pmo_solvers.cp_sat.interval.verify import keeps_dates
from pmo_solvers.generation.judge import Key
from pmo_solvers.schedules.compile import Compiled


class Score:
    """Keys and checks of schedules."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.forms = stage_forms(compiled.problem)

    def of(self, decisions: Decisions) -> Key:
        """Return the key of decisions."""
        found = figures(self.compiled.problem, decisions)
        return tuple(form.whole(found) for form in self.forms)

    def holds(self, ways: Sequence[int], starts: Sequence[int]) -> bool:
        """Return whether a schedule keeps all windows, links, capacities and funds, exactly."""
        shop = self.compiled.shop
        taken = [job.ways[number] for job, number in zip(shop.jobs, ways, strict=True)]
        for fund, most in enumerate(shop.money):
            if sum(way.spent[fund] for way in taken) > most:
                return False
        load = list(shop.used)
        for way, start in zip(taken, starts, strict=True):
            if not way.first <= start <= way.last:
                return False
            for piece in way.pieces:
                for t in range(start + piece.offset, start + piece.offset + piece.length):
                    load[t] += piece.rate
                    if load[t] & shop.guard:
                        return False
        return keeps_dates(self.compiled.problem, self.compiled.decisions(ways, starts))
