"""What a plan means for the people: loads, teams, spare time, bottlenecks, personal plans.

Every function is pure: it takes a portfolio and one of its plans, and returns rows with exact
decimals. `to_data` makes plain data of them, `to_frame` a pandas frame. Periods are 0-based and
ends exclusive. In plans of named staffing people are individuals; in capacity plans the classes
of interchangeable people stand in their place.

Examples
--------
>>> import pmo_optimizer as pmo
>>> portfolio = pmo.Portfolio.parse({
...     "calendar": {"start": "2027-01-01", "periods": 1},
...     "skills": [{"id": "law"}],
...     "people": [{"id": "ann", "skills": {"law": 1}}],
...     "projects": [{"id": "P", "phases": [
...         {"duration": 1, "needs": [{"skill": "law", "fte": 0.4}]}]}],
... })
>>> plan = pmo.Plan.parse({
...     "status": "feasible", "termination": "time_limit", "staffing": "named",
...     "projects": [{"project": "P", "selected": True, "phases": [
...         {"phase": "phase-1", "mode": "normal", "start": 0, "end": 1}]}],
...     "allocations": [{"kind": "person", "supplier": "ann", "project": "P", "phase": "phase-1",
...         "need": "law", "start": 0, "shares": ["0.4"]}],
... })
>>> pmo.people.to_data(pmo.people.person_loads(portfolio, plan))
[{'person': 'ann', 'period': 0, 'available': 1, 'used': 0.4, 'spare': 0.6, 'projects': 1}]
"""

from pmo_optimizer.people.forms import to_data, to_frame
from pmo_optimizer.people.loads import PersonLoad, person_loads
from pmo_optimizer.people.personal import PersonalTask, personal_plan
from pmo_optimizer.people.skills import Bottleneck, SkillSpare, bottlenecks, spare_capacity
from pmo_optimizer.people.teams import HiredHeads, TeamMember, hires, teams

__all__ = [
    "Bottleneck",
    "HiredHeads",
    "PersonLoad",
    "PersonalTask",
    "SkillSpare",
    "TeamMember",
    "bottlenecks",
    "hires",
    "person_loads",
    "personal_plan",
    "spare_capacity",
    "teams",
    "to_data",
    "to_frame",
]
