"""What is optimized: an ordered or weighted list of terms, and the baseline of changes."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pmo_optimizer.model.base import Frozen, Id, Number, When


class TermName(StrEnum):
    """Terms of an objective (formulation, section 7)."""

    VALUE = "value"
    BENEFIT = "benefit"
    NPV = "npv"
    COST = "cost"
    MAKESPAN = "makespan"
    DELAY = "delay"
    CHANGES = "changes"

    @property
    def maximised(self) -> bool:
        """Whether more is better."""
        return self in {TermName.VALUE, TermName.BENEFIT, TermName.NPV}


class Term(Frozen):
    """One term of the objective.

    Attributes
    ----------
    term
        Which one; ``value``, ``benefit`` and ``npv`` are maximised, the rest minimised.
    weight
        For a weighted objective: factor in raw units, positive.
    abs_tol, rel_tol
        For a lexicographic objective: later terms may worsen this one by at most
        max(abs_tol, rel_tol x abs(its best)); 0 by default.
    project_weight, person_weight
        For ``changes``: weight of a changed project and of a changed (person, phase) pair.
    """

    term: TermName
    weight: Number = Decimal(1)
    abs_tol: Number = Decimal(0)
    rel_tol: Number = Decimal(0)
    project_weight: Number = Decimal(1)
    person_weight: Number = Decimal(1)


class Method(StrEnum):
    """How several terms are combined."""

    LEXICOGRAPHIC = "lexicographic"
    WEIGHTED = "weighted"


class Objective(Frozen):
    """The terms, and how they are combined.

    A weighted objective has the sense of its first term: sum of weight x term, terms of the
    other sense subtracted. Prices of soft breaches worsen the first term (weighted: they are
    multiplied by its weight).
    """

    method: Method = Method.LEXICOGRAPHIC
    terms: tuple[Term, ...] = (Term(term=TermName.VALUE),)

    @property
    def maximised(self) -> bool:
        """Whether the first term, and with it ``Plan.objective``, is maximised."""
        return self.terms[0].term.maximised


class BaselinePhase(Frozen):
    """Where a phase stood in the baseline plan."""

    phase: Id
    start: When
    mode: Id | None = None
    people: tuple[Id, ...] = ()


class BaselineProject(Frozen):
    """Where a project stood in the baseline plan; projects that are not listed were out."""

    project: Id
    selected: bool = True
    phases: tuple[BaselinePhase, ...] = ()
