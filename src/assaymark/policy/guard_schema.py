"""The JSON Schema of the section `guard`."""

from __future__ import annotations

from typing import Any

from assaymark.contracts.catalog import Catalog
from assaymark.policy.document import GuardPart
from assaymark.policy.guarding import Action, Phase

Schema = dict[str, Any]

_SAID = {
    Phase.INPUT: "What people send to the model.",
    Phase.OUTPUT: "What the model sends to people.",
    Phase.TOOL_CALLS: "What the model sends to tools; as `output` where it is left out.",
    Phase.TOOL_RESULTS: "What tools send to the model; as `input` where it is left out.",
}


_ON_ERROR: Schema = {"enum": ["block", "allow"]}
_UNSAID = "Unsaid: `block` where the rule redacts or blocks, `allow` where it flags or allows."


def guard_schema(catalog: Catalog) -> Schema:
    """Return the schema; detectors are enumerated."""
    phases = {
        each.value: {
            "type": "array",
            "minItems": 1,
            "items": _rule(catalog),
            "description": f"{_SAID[each]} All rules apply, and the strongest action wins.",
        }
        for each in Phase
    }
    return {
        "type": "object",
        "description": "What happens at run time.",
        "additionalProperties": False,
        "properties": {
            **phases,
            "on_error": {**_ON_ERROR, "description": f"For rules that do not say it. {_UNSAID}"},
            "stream": _choice(
                "stream", "Send what is final, or hold answers until they are whole."
            ),
            "invalid_json": _choice("invalid_json", "Arguments of tools that are no JSON."),
            "uninspected": _choice("uninspected", "Content that no detector reads."),
            "deadline_ms": _time("deadline_ms", "For all checks of a request together."),
            "check_deadline_ms": _time("check_deadline_ms", "For each check."),
        },
    }


def _rule(catalog: Catalog) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["detector", "do"],
        "properties": {
            "detector": {"enum": sorted(catalog.detectors)},
            "do": {"enum": [each.name.lower() for each in reversed(Action)]},
            "with": {
                "enum": ["replace", "mask", "hash", "encrypt", "pseudonym"],
                "default": "replace",
                "description": "What takes the place of a redacted value.",
            },
            "above": {"type": "number", "minimum": 0, "maximum": 1},
            "entities": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "minLength": 1},
                "description": "Only these entities or categories.",
            },
            "on_error": {**_ON_ERROR, "description": f"What cannot be judged. {_UNSAID}"},
            "deadline_ms": {"type": "integer", "minimum": 1, "maximum": 600_000},
        },
    }


def _choice(name: str, description: str) -> Schema:
    field = GuardPart.model_fields[name]
    words = list(field.annotation.__args__) if field.annotation is not None else []
    return {"enum": words, "default": field.default, "description": description}


def _time(name: str, description: str) -> Schema:
    return {
        "type": "integer",
        "minimum": 1,
        "maximum": 600_000,
        "default": GuardPart.model_fields[name].default,
        "description": f"{description} In milliseconds.",
    }
