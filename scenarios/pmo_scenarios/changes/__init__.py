"""The changes of which scenarios are made; each is a small frozen model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pmo_scenarios.changes.money import Budget, Limit
from pmo_scenarios.changes.people import AddPeople, Capacity, RemovePeople
from pmo_scenarios.changes.projects import (
    AddProjects,
    Decide,
    RemoveProjects,
    Scores,
    Success,
    Weights,
)
from pmo_scenarios.changes.references import References
from pmo_scenarios.changes.rules import Hard, Off, On, Price, Soft
from pmo_scenarios.changes.times import Dates, Freeze
from pmo_scenarios.changes.work import Work

Change = Annotated[
    Budget
    | Limit
    | Capacity
    | AddPeople
    | RemovePeople
    | AddProjects
    | RemoveProjects
    | Decide
    | Scores
    | Weights
    | Success
    | Dates
    | Freeze
    | Work
    | Off
    | On
    | Soft
    | Price
    | Hard,
    Field(discriminator="change"),
]
"""Any change of a scenario."""

__all__ = [
    "AddPeople",
    "AddProjects",
    "Budget",
    "Capacity",
    "Change",
    "Dates",
    "Decide",
    "Freeze",
    "Hard",
    "Limit",
    "Off",
    "On",
    "Price",
    "References",
    "RemovePeople",
    "RemoveProjects",
    "Scores",
    "Soft",
    "Success",
    "Weights",
    "Work",
]
