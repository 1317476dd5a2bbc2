"""Scenarios: a named list of changes that is laid over a portfolio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from pmo_optimizer import (
    BaselinePhase,
    BaselineProject,
    Finding,
    Frozen,
    Id,
    InvalidInput,
    Plan,
    Portfolio,
    Severity,
    SupplierKind,
    Version,
    check,
    read_file,
    validated,
    write_file,
)
from pmo_scenarios.changes import Change
from pmo_scenarios.changes.draft import Draft

FORMAT: Version = "1"
"""Version of the scenario file format."""

BEGIN = "`id:` and `changes:`"
"""How a scenario file begins, for messages."""


class Scenario(Frozen):
    """A named list of changes on a base portfolio.

    It holds the changes only, so that it never goes stale: applied to the base as it is
    today, it gives the changed portfolio of today.

    Attributes
    ----------
    schema_version
        Version of the file format.
    id, name, description
        What it is called in tables, and texts for people.
    changes
        They are made one after the other, in this order.

    Examples
    --------
    >>> base = Portfolio.parse({
    ...     "calendar": {"start": "2027-01-01", "periods": 12},
    ...     "funds": [{"id": "budget", "amounts": {"total": 300}}],
    ...     "projects": [{"id": "P1", "value": 5, "costs": [{"lump": 290}]}],
    ... })
    >>> cut = Scenario.parse(
    ...     {"id": "cut", "changes": [{"change": "budget", "fund": "budget", "percent": -10}]}
    ... )
    >>> cut.apply(base).funds[0].amounts.total, base.funds[0].amounts.total
    (Decimal('270'), Decimal('300'))
    """

    schema_version: Version = FORMAT
    id: Id
    name: str = ""
    description: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def label(self) -> str:
        """Name for people, the id where there is none."""
        return self.name or self.id

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read the one scenario of a ``.yaml``, ``.yml`` or ``.json`` file.

        Raises
        ------
        InvalidInput
            With every finding about the form, or because the file has several scenarios.
        """
        found = load_scenarios(path)
        if len(found) == 1:
            return found[0]
        raise _refused(
            "scenario-number",
            "scenarios",
            f"The file has {len(found)} scenarios, where one is expected.",
            "Read it with `load_scenarios`.",
        )

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Scenario:
        """Make a scenario from plain data; InvalidInput with every finding about the form."""
        return validated(cls, data)

    def save(self, path: str | Path) -> None:
        """Write the scenario as YAML or JSON, by the file's ending; all at once or not at all."""
        write_file(Path(path), self.to_data())

    def to_data(self) -> dict[str, Any]:
        """Return the scenario as plain data without defaults, fit for YAML and JSON."""
        return {"schema_version": self.schema_version} | self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        )

    def apply(self, portfolio: Portfolio) -> Portfolio:
        """Return the changed portfolio; the base stays as it is.

        Raises
        ------
        InvalidInput
            With every finding about the changes, or, where these are fine, about the
            portfolio that they make.
        """
        changed, findings, _ = self._applied(portfolio)
        if changed is None:
            raise InvalidInput(findings)
        return changed

    def check(self, portfolio: Portfolio) -> tuple[Finding, ...]:
        """Return everything that is wrong with or odd about the scenario for a portfolio.

        Never raises. Changes without effect are warnings; what is found in the changed
        portfolio, and not in the base, follows once the changes themselves are fine.
        """
        changed, findings, of_result = self._applied(portfolio)
        if changed is None:
            return findings
        return (*findings, *self._in_result(of_result, portfolio, Severity.WARNING))

    def _applied(
        self, portfolio: Portfolio
    ) -> tuple[Portfolio | None, tuple[Finding, ...], tuple[Finding, ...]]:
        """Return the changed portfolio, None where there are errors, and the findings.

        The last are all that were found in the changed portfolio, where that was looked at.
        """
        draft = Draft(portfolio, f"scenarios/{self.id}")
        for number, change in enumerate(self.changes):
            draft.begin(number)
            change.apply_to(draft)
        found = tuple(sorted(draft.findings, key=lambda f: f.severity is not Severity.ERROR))
        if any(finding.severity is Severity.ERROR for finding in found):
            return None, found, ()
        if draft.portfolio is portfolio:
            return portfolio, found, ()
        try:
            changed = Portfolio.parse(draft.portfolio.to_data())
        except InvalidInput as error:
            return None, (*self._placed(error.findings), *found), ()
        of_result = check(changed)
        errors = self._in_result(of_result, portfolio, Severity.ERROR)
        return (None if errors else changed), (*errors, *found), of_result

    def _in_result(
        self, of_result: tuple[Finding, ...], base: Portfolio, severity: Severity
    ) -> tuple[Finding, ...]:
        """Return findings about the changed portfolio; those of the base stand for themselves."""
        found = [finding for finding in of_result if finding.severity is severity]
        if not found:
            return ()
        before = set(check(base))
        new = self._placed(finding for finding in found if finding not in before)
        if severity is Severity.WARNING:
            return new
        return (*(finding for finding in found if finding in before), *new)

    def _placed(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return findings about the changed portfolio with a path that says whose it is."""
        return tuple(
            Finding(f.severity, f.rule, f"scenarios/{self.id}/result/{f.path}", f.message, f.fix)
            for f in findings
        )


class ScenarioFile(Frozen):
    """Several scenarios in one file."""

    schema_version: Version = FORMAT
    scenarios: tuple[Scenario, ...] = Field(min_length=1)


def load_scenarios(path: str | Path) -> tuple[Scenario, ...]:
    """Read all scenarios of a file: a list under ``scenarios``, or a single one.

    Raises
    ------
    InvalidInput
        With every finding about the form; two scenarios of one id are one.
    """
    data = read_file(Path(path), begin=BEGIN)
    if "scenarios" not in data:
        return (validated(Scenario, data),)
    return require_distinct(validated(ScenarioFile, data).scenarios)


def save_scenarios(scenarios: Sequence[Scenario], path: str | Path) -> None:
    """Write scenarios into one file, as YAML or JSON by its ending."""
    rows = [{k: v for k, v in s.to_data().items() if k != "schema_version"} for s in scenarios]
    write_file(Path(path), {"schema_version": FORMAT, "scenarios": rows})


def require_distinct(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Return the scenarios; InvalidInput where two have one id."""
    ids = [scenario.id for scenario in scenarios]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise InvalidInput(
            tuple(
                Finding(
                    Severity.ERROR,
                    "duplicate-id",
                    f"scenarios/{name}",
                    f"{ids.count(name)} scenarios have the id {name}.",
                    "Give each one an id of its own.",
                )
                for name in twice
            )
        )
    return tuple(scenarios)


def baseline_of(plan: Plan) -> tuple[BaselineProject, ...]:
    """Return a plan as a baseline: what is selected, when each phase starts, and who works on it.

    People are those of a plan by name; others have none.
    """
    people: dict[tuple[str, str], set[str]] = {}
    for item in plan.allocations:
        if item.kind is SupplierKind.PERSON:
            entry = item.supplier.partition("#")[0]
            people.setdefault((item.project, item.phase), set()).add(entry)
    return tuple(
        BaselineProject(
            project=project.project,
            phases=tuple(
                BaselinePhase(
                    phase=phase.phase,
                    start=phase.start,
                    mode=phase.mode,
                    people=tuple(sorted(people.get((project.project, phase.phase), ()))),
                )
                for phase in project.phases
            ),
        )
        for project in plan.projects
        if project.selected
    )


def _refused(rule: str, path: str, message: str, fix: str) -> InvalidInput:
    return InvalidInput((Finding(Severity.ERROR, rule, path, message, fix),))
