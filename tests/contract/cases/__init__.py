"""Tables of rules: what the best plan is worth with each of them and without it."""

from __future__ import annotations

from tests.contract.cases.money import MONEY
from tests.contract.cases.people import PEOPLE
from tests.contract.cases.relations import RELATIONS
from tests.contract.cases.rules import RULES
from tests.contract.cases.soft import SOFT
from tests.contract.cases.time import TIME

BINDING = (*TIME, *RELATIONS, *PEOPLE, *MONEY, *RULES)
"""Every hard rule of the formulation, and what is worth the same whether or not it is kept."""

__all__ = ["BINDING", "SOFT"]
