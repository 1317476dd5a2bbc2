"""JSON Schemas of the files, generated from the models, for every face that shows them."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.model.words import SHORT_PHASE

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect that pydantic generates."""

ONE_OR_MORE = ("category", "tag")
"""Fields of a filter that take one text or a list."""


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of plan files."""
    return _titled(Plan.model_json_schema(), "Plan of pmo-optimizer")


def portfolio_schema() -> dict[str, Any]:
    """Return the JSON Schema of portfolio files, their short forms included.

    The models read the short forms before pydantic sees the fields, so its schema does not
    know them: a phase may say duration, needs and costs itself, and a filter may name one
    category or tag without a list.
    """
    schema = _titled(Portfolio.model_json_schema(), "Portfolio of pmo-optimizer")
    _add_short_forms(schema["$defs"])
    _close(schema)
    return schema


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files: one scenario, or a list of them."""
    from pmo_scenarios import ScenarioFile

    schema = ScenarioFile.model_json_schema()
    parts = schema.pop("$defs")
    _add_short_forms(parts)
    several = "ScenarioFile"
    whole = {
        "$defs": parts | {several: schema},
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("Scenario", several)],
    }
    _close(whole)
    return _titled(whole, "Scenarios of pmo-optimizer")


def _add_short_forms(parts: dict[str, Any]) -> None:
    phase, mode, where = parts["Phase"], parts["Mode"], parts["Filter"]
    phase["properties"] |= {name: mode["properties"][name] for name in SHORT_PHASE}
    phase["required"] = [name for name in phase["required"] if name != "modes"]
    phase["dependentRequired"] = {name: ["duration"] for name in SHORT_PHASE[1:]}
    phase["oneOf"] = [{"required": ["modes"]}, {"required": ["duration"]}]
    for name in ONE_OR_MORE:
        many = where["properties"][name]
        shape = {key: many.pop(key) for key in ("type", "items")}
        many["anyOf"] = [{"type": "string"}, shape]


def _close(part: object) -> None:
    """Refuse keys of mappings that have not the pattern which theirs must have."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part["additionalProperties"] = False
        for inner in part.values():
            _close(inner)
    elif isinstance(part, list):
        for inner in part:
            _close(inner)


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT} | schema | {"title": title}
