"""The plan as a file and as a frame."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.model import (
    Allocation,
    FundSplit,
    HireOrder,
    InvalidInput,
    PhasePlan,
    Plan,
    Portfolio,
    ProjectPlan,
    Status,
    SupplierKind,
    Termination,
)

SHARES = (Decimal("0.1"), Decimal("0.0001"), Decimal("0.3333333333"), Decimal(2))

PLAN = Plan(
    portfolio="P",
    digest="d",
    status=Status.FEASIBLE,
    termination=Termination.GAP,
    objective=1.5,
    bound=2.0,
    gap=0.25,
    projects=(
        ProjectPlan(
            project="B",
            selected=True,
            start=1,
            finish=4,
            phases=(
                PhasePlan(phase="f1", mode="normal", start=1, end=3),
                PhasePlan(phase="f2", mode="fast", start=3, end=4),
            ),
        ),
        ProjectPlan(project="A", selected=True, start=2, finish=2),
        ProjectPlan(project="C", selected=False),
        ProjectPlan(project="D", selected=True),
    ),
    allocations=(
        Allocation(
            kind=SupplierKind.CLASS,
            supplier="class:dev@1",
            project="B",
            phase="f1",
            need="dev",
            start=1,
            shares=SHARES,
        ),
    ),
    hires=(HireOrder(hire="h", period=1, heads=2),),
    fund_splits=(
        FundSplit(line="A/costs/c", fund="F", period=2, amount=Decimal("1234567890.123456789")),
    ),
)


@pytest.mark.parametrize("name", ["plan.json", "plan.yaml"])
def test_a_plan_survives_a_file(tmp_path: Path, name: str) -> None:
    """Decisions, certificate and figures are read back equal, exact numbers included."""
    PLAN.save(tmp_path / name)
    again = Plan.load(tmp_path / name)
    assert again == PLAN
    assert again.allocations[0].shares == SHARES
    assert again.fund_splits[0].amount == Decimal("1234567890.123456789")


def test_top_level_keys_name_the_outcome() -> None:
    """Machines find the proof and the decisions at the top of the JSON."""
    wanted = {"status", "termination", "objective", "bound", "gap", "terms", "digest", "projects"}
    assert wanted <= set(PLAN.to_data())


def test_selected_projects_are_sorted() -> None:
    """Done projects count as selected."""
    assert PLAN.selected == ("A", "B", "D")


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (Status.OPTIMAL, True),
        (Status.FEASIBLE, True),
        (Status.INFEASIBLE, False),
        (Status.NO_PLAN_FOUND, False),
        (Status.FAILED, False),
    ],
)
def test_only_two_statuses_come_with_a_plan(status: Status, found: bool) -> None:
    """A plan is found where it is optimal or feasible."""
    assert Plan(status=status, termination=Termination.PROVED).found is found


def test_the_frame_has_a_row_for_each_phase() -> None:
    """Projects without phases have one row; what does not apply is null, periods are whole."""
    frame = PLAN.to_frame()
    assert list(frame.columns) == ["project", "selected", "phase", "mode", "start", "end"]
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    assert rows == [
        ["B", True, "f1", "normal", 1, 3],
        ["B", True, "f2", "fast", 3, 4],
        ["A", True, None, None, 2, 2],
        ["C", False, None, None, None, None],
        ["D", True, None, None, None, None],
    ]
    assert [str(frame[name].dtype) for name in ("start", "end")] == ["Int64", "Int64"]


def test_the_frame_of_no_plan_is_empty() -> None:
    """An infeasible portfolio gives a frame with columns and no rows."""
    frame = Plan(status=Status.INFEASIBLE, termination=Termination.PROVED).to_frame()
    assert (len(frame), len(frame.columns)) == (0, 6)


BROKEN = [
    ({"status": "great"}, "status"),
    ({"termination": None}, "termination"),
    ({"projects": [{"project": "A"}]}, "projects/0/selected"),
    ({"objectiv": 1}, "objectiv"),
    ({"fund_splits": [{"line": "l", "fund": "F", "period": 0, "amount": "NaN"}]}, "amount"),
]


@pytest.mark.parametrize(("change", "path"), BROKEN)
def test_what_is_no_plan_is_refused_with_paths(change: dict[str, Any], path: str) -> None:
    """A file that is not a plan gives findings, not a traceback."""
    with pytest.raises(InvalidInput) as caught:
        Plan.parse({**PLAN.to_data(), **change})
    assert [finding.path.endswith(path) for finding in caught.value.findings] == [True]


@pytest.mark.parametrize("version", ["1", 1])
def test_the_version_may_be_a_number(version: object) -> None:
    """YAML reads ``schema_version: 1`` as a number; it means the same, for portfolios too."""
    assert Plan.parse(PLAN.to_data() | {"schema_version": version}) == PLAN
    calendar = {"start": "2027-01-01", "periods": 6}
    subject = Portfolio.parse({"schema_version": version, "calendar": calendar})
    assert subject.schema_version == "1"


@pytest.mark.parametrize("version", ["2", 2, True, "1.0"])
def test_other_versions_are_refused(version: object) -> None:
    """Files of a version that is not known are findings."""
    with pytest.raises(InvalidInput) as caught:
        Plan.parse(PLAN.to_data() | {"schema_version": version})
    assert [finding.path for finding in caught.value.findings] == ["schema_version"]
