"""Projects that come and go, what is decided about them, and what they are worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from pmo_optimizer import Decision, Id, Number, Project
from pmo_scenarios.changes.amounts import AmountChange, BaseChange, shown
from pmo_scenarios.changes.draft import CRITERIA, PROJECTS, Draft
from pmo_scenarios.changes.references import References, drop_projects, settle

WEIGHT_STEP = Decimal("0.000001")
"""Weights that are scaled are rounded to this; the largest takes what is left."""


class AddProjects(BaseChange):
    """New candidates.

    Attributes
    ----------
    projects
        As in a portfolio; links and rules about them come with a change ``on``.
    """

    change: Literal["add-projects"] = "add-projects"
    projects: tuple[Project, ...]

    def apply_to(self, draft: Draft) -> None:
        """Add them."""
        if not self.projects:
            draft.idle("projects", "It adds no project.")
        taken = {project.id for project in draft.items(PROJECTS)}
        for project in self.projects:
            if project.id in taken:
                draft.error(
                    "duplicate-id",
                    f"projects/{project.id}",
                    f"There is a project {project.id} already.",
                    "Choose another id, or remove the other one before.",
                )
            taken.add(project.id)
        draft.set("projects", (*draft.items(PROJECTS), *self.projects))


class RemoveProjects(BaseChange):
    """Projects that are candidates no longer, as if nobody had thought of them.

    Attributes
    ----------
    projects
        Ids.
    references
        What happens with links, rules and groups that name them: ``refuse`` (a finding) or
        ``drop`` (links, requirements of them and synergies go; other rules and groups go on
        without them).
    """

    change: Literal["remove-projects"] = "remove-projects"
    projects: tuple[Id, ...]
    references: References = References.REFUSE

    def apply_to(self, draft: Draft) -> None:
        """Remove them."""
        if not self.projects:
            draft.idle("projects", "It removes no project.")
        gone = [p.id for p in draft.find_each(PROJECTS, self.projects, "projects")]
        if gone:
            dropped, places = drop_projects(draft.portfolio, frozenset(gone))
            settle(draft, dropped, places, self.references, "projects", "project", gone)


class Decide(BaseChange):
    """What is decided beforehand: must, never, or free again.

    Attributes
    ----------
    projects
        Ids.
    decision
        What is decided about all of them.
    """

    change: Literal["decide"] = "decide"
    projects: tuple[Id, ...]
    decision: Decision

    def apply_to(self, draft: Draft) -> None:
        """Set the decision of each."""
        for project in draft.find_each(PROJECTS, self.projects, "projects"):
            draft.edit(PROJECTS, project, {"decision": self.decision}, "decision")


class Scores(BaseChange):
    """Other scores of a project, or another value given directly.

    Attributes
    ----------
    project
        Id.
    scores
        Score by criterion; the others stay.
    value
        Strategic value, which then counts instead of scores.
    """

    change: Literal["scores"] = "scores"
    project: Id
    scores: dict[Id, Number] = Field(default_factory=dict)
    value: Number | None = None

    def apply_to(self, draft: Draft) -> None:
        """Set what is given."""
        project = draft.find(PROJECTS, self.project, "project")
        for name in self.scores:
            draft.find(CRITERIA, name, "scores")
        if not self.scores and self.value is None:
            draft.idle("", "It gives neither scores nor a value.")
        elif project is not None:
            update: dict[str, object] = {}
            if self.scores:
                update["scores"] = {**project.scores, **self.scores}
            if self.value is not None:
                update["value"] = self.value
            draft.edit(PROJECTS, project, update, "")


class Weights(BaseChange):
    """Other weights of criteria; those that are not named share what is left, as before.

    Weights from pairwise comparisons are taken as they are, and the comparisons go.

    Attributes
    ----------
    weights
        Weight by criterion, 0 to 1.
    """

    change: Literal["weights"] = "weights"
    weights: dict[Id, Number]

    def apply_to(self, draft: Draft) -> None:
        """Set the weights."""
        known = [draft.find(CRITERIA, name, "weights") for name in self.weights]
        if None in known:
            return
        before = dict(draft.portfolio.criteria_weights)
        rest = {name: weight for name, weight in before.items() if name not in self.weights}
        left = 1 - sum(self.weights.values(), Decimal(0))
        total = sum(rest.values(), Decimal(0))
        if left < 0 or min(self.weights.values(), default=Decimal(0)) < 0 or (left and not total):
            draft.error(
                "change-amount",
                "weights",
                f"The weights are {shown(self.weights)}, which leaves {left.normalize():f} "
                f"for {len(rest)} other criteria.",
                "Give weights from 0 to 1 that add up to 1, with the others at most.",
            )
            return
        new = dict(self.weights)
        if rest:
            new |= {
                n: (w * left / total if total else w).quantize(WEIGHT_STEP) for n, w in rest.items()
            }
            largest = max(sorted(rest), key=lambda name: new[name])
            new[largest] += 1 - sum(new.values())
        if new == before:
            draft.idle("weights", "It leaves all weights as they were.")
            return
        criteria = draft.items(CRITERIA)
        draft.set("comparisons", ())
        draft.set("criteria", tuple(c.model_copy(update={"weight": new[c.id]}) for c in criteria))


class Success(AmountChange):
    """Another probability of success.

    Attributes
    ----------
    projects
        Ids.
    """

    change: Literal["success"] = "success"
    projects: tuple[Id, ...]

    def apply_to(self, draft: Draft) -> None:
        """Change the probability of each."""
        found = draft.find_each(PROJECTS, self.projects, "projects")
        if not self.says_one(draft):
            return
        for project in found:
            probability = self.of(project.probability)
            if 0 <= probability <= 1:
                draft.edit(PROJECTS, project, {"probability": probability}, "")
            else:
                draft.error(
                    "change-amount",
                    "",
                    f"The probability of project {project.id} would be {probability:f}.",
                    "A probability is from 0 to 1; write 80 percent as 0.8.",
                )
