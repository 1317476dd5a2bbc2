"""The parameters of runs: as many as the command line has options, and every finding at once."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from pmo_optimizer import Finding
from pmo_optimizer.cli import app
from pmo_optimizer.service.runs.limits import Limits
from pmo_optimizer.service.runs.parameters import MODELS, parameter_findings, parse_parameters

LIMITS = Limits(time_limit=100.0, workers=2, memory_mb=4096)

NOT_OVER_HTTP = {
    # files, which are documents or ids there
    "file", "output_file", "portfolio_output", "start", "help",
    # where it is shown, and clusters
    "as_json", "progress", "everything", "cluster",
}  # fmt: skip

NAMED_OTHERWISE = {
    "plan_file": "plan",
    "progress_file": "progress",
    "uncertainty": "uncertainty",
}


def options(kind: str) -> list[Any]:
    """Return the options and arguments of a command."""
    group: Any = typer.main.get_command(app)
    return list(group.commands[kind].params)


def findings(kind: str, parameters: dict[str, Any], **changes: bool) -> dict[str, Finding]:
    """Return what is found, by path."""
    found = parameter_findings(kind, parameters, LIMITS, **changes)
    return {finding.path: finding for finding in found}


@pytest.mark.parametrize("kind", MODELS)
def test_every_option_is_a_parameter(kind: str) -> None:
    """What a command can be told, a run can be told too, files and clusters aside."""
    names = {parameter.name for parameter in options(kind)} - NOT_OVER_HTTP
    wanted = {NAMED_OTHERWISE.get(name, name) for name in names}
    assert wanted <= set(MODELS[kind].model_fields)


@pytest.mark.parametrize("kind", MODELS)
def test_defaults_are_those_of_the_command(kind: str) -> None:
    """A run without parameters is the command without options."""
    fields = MODELS[kind].model_fields
    for parameter in options(kind):
        name = parameter.name
        if name in NOT_OVER_HTTP or parameter.required or name not in fields:
            continue
        here = fields[name].default
        there = parameter.default
        assert (here or None) == (there or None), name


@pytest.mark.parametrize("kind", ["solve", "prices", "conflicts", "alternatives", "frontier"])
def test_nothing_needs_to_be_said(kind: str) -> None:
    """Kinds that need no other document have a default for everything."""
    assert findings(kind, {}) == {}


def test_everything_wrong_is_found_at_once() -> None:
    """Each parameter that is wrong has a finding of its own, with its path."""
    found = findings(
        "solve",
        {"time_limit": "5", "workers": 1.5, "gap": 1.5, "seed": True, "backend": "x", "foo": 1},
    )
    names = {"time_limit", "workers", "gap", "seed", "backend", "foo"}
    assert set(found) == {f"parameters/{name}" for name in names}


@pytest.mark.parametrize(
    ("name", "value"), [("time_limit", 101), ("workers", 3), ("memory_mb", 5000)]
)
def test_above_a_limit_is_a_finding(name: str, value: float) -> None:
    """Whoever asks for more than the service allows hears so; nothing is cut in silence."""
    assert findings("solve", {name: value})[f"parameters/{name}"].rule == "above-limit"


def test_what_is_left_open_keeps_the_limits() -> None:
    """Defaults never go beyond what the service allows."""
    limits = Limits(time_limit=10.0, workers=1, memory_mb=512)
    parameters = parse_parameters("solve", {}, limits)
    assert parameters.seconds(limits) == 10.0
    assert parameters.threads(limits) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0, -1])
def test_times_are_finite_and_above_zero(value: float) -> None:
    """A time limit that is no time is refused."""
    assert set(findings("solve", {"time_limit": value})) == {"parameters/time_limit"}


@pytest.mark.parametrize("kind", ["staff", "replan"])
def test_a_plan_must_be_there(kind: str) -> None:
    """Kinds that work on a plan need one, as parameter or as the plan to start from."""
    assert findings(kind, {})["parameters/plan"].rule == "plan-missing"
    assert findings(kind, {}, has_plan=True) == {}


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("prices", {"reproducible": True, "total_time": 5}),
        ("replan", {"price": 2.0}),
        ("replan", {"method": "priced"}),
    ],
)
def test_parameters_that_clash_are_refused(kind: str, parameters: dict[str, Any]) -> None:
    """Parameters that exclude each other are a finding about all of them."""
    assert set(findings(kind, parameters, has_plan=True)) == {"parameters"}


def test_documents_are_checked_inside() -> None:
    """A finding about a document within the parameters has the path to the place."""
    scenario = {"id": "cut", "changes": [{"change": "budgt"}]}
    paths = findings("compare", {"scenarios": [scenario]})
    assert "parameters/scenarios/cut/changes/0/change" in paths


def test_an_unknown_kind_is_a_finding() -> None:
    """A kind that is none is told which there are."""
    assert findings("guess", {})["kind"].rule == "unknown-kind"
