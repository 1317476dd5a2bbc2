"""What `generate` can be asked for, and the names that it uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pmo_optimizer import Grain

SCARCE_NAMES = (
    "solution-architecture",
    "data-engineering",
    "backend-development",
    "security-engineering",
    "cloud-platform",
    "machine-learning",
    "mobile-development",
    "integration",
    "core-systems",
    "identity-management",
    "network-engineering",
    "actuarial-modelling",
    "quantitative-risk",
    "embedded-software",
    "process-automation",
)
"""Skills of which there is too little, most wanted first."""

GENERAL_NAMES = (
    "project-management",
    "business-analysis",
    "testing",
    "change-management",
    "frontend-development",
    "user-research",
    "procurement",
    "legal-advice",
    "training",
    "operations",
    "reporting",
    "communication",
    "finance-control",
    "quality-management",
    "documentation",
)
"""Skills of which there is mostly enough."""

CATEGORIES = ("customer", "operations", "risk-and-compliance", "technology", "growth")
"""Business lines of the projects."""

SUBJECTS = (
    "claims handling",
    "customer portal",
    "pricing engine",
    "data warehouse",
    "partner interface",
    "payment hub",
    "document archive",
    "service desk",
    "fraud detection",
    "field app",
    "supplier network",
    "master data",
    "planning suite",
    "contact centre",
    "reporting factory",
    "access control",
    "product catalogue",
    "energy management",
    "workplace",
    "training platform",
)
"""What projects are about."""

VERBS = ("Renewal", "Roll-out", "Consolidation", "Migration", "Redesign", "Automation", "Pilot")
"""What projects do with it."""

SITES = ("north", "south")
"""Places of work, each with its own holiday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The arguments of `generate`, checked; see there for what each means."""

    projects: int
    periods: int
    skills: int
    seed: int
    people: int | None
    scarce: int | None
    grain: Grain
    start: date
    tightness_low: float
    tightness_high: float
    share_linked: float
    share_two_modes: float
    share_multi_skilled: float
    share_running: float
    share_flexible: float
    hires: int
    rules: bool
    named: bool

    def __post_init__(self) -> None:
        for name, least in (("projects", 1), ("periods", 2), ("skills", 1), ("hires", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if self.people is not None and self.people < 1:
            raise ValueError(f"people must be at least 1, not {self.people}")
        if self.scarce is not None and not 1 <= self.scarce <= self.skills:
            raise ValueError(f"scarce must be from 1 to {self.skills}, not {self.scarce}")
        if not 1 <= self.tightness_low <= self.tightness_high:
            raise ValueError("1 <= tightness_low <= tightness_high is needed")
        for name in ("linked", "two_modes", "multi_skilled", "running", "flexible"):
            share = getattr(self, f"share_{name}")
            if not 0 <= share <= 1:
                raise ValueError(f"share_{name} must be from 0 to 1, not {share}")

    @property
    def num_scarce(self) -> int:
        """Number of scarce skills: a quarter, fewer in small portfolios."""
        if self.scarce is not None:
            return self.scarce
        return max(1, min(round(0.25 * self.skills), self.projects // 10))

    @property
    def heads(self) -> int:
        """Number of people: three for four projects, and at least two per skill."""
        return self.people or max(2 * self.skills, 3 * self.projects // 4)

    @property
    def skill_ids(self) -> tuple[str, ...]:
        """Skill ids, the scarce ones first."""
        num_general = self.skills - self.num_scarce
        return _named(SCARCE_NAMES, self.num_scarce, "specialty") + _named(
            GENERAL_NAMES, num_general, "skill"
        )


def _named(names: tuple[str, ...], number: int, word: str) -> tuple[str, ...]:
    further = tuple(f"{word}-{index + 1}" for index in range(len(names), number))
    return names[:number] + further
