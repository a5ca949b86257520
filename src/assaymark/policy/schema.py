"""
The JSON Schema of policy files, for editors: what is installed, with its documentation.

The schema is 2020-12 and knows every metric with its labels and direction, every detector and check with
its settings. It is an aid to writing; what counts is `load_policy`, which knows more (bounds, inheritance,
what is switched on) and says more. What the schema refuses, `load_policy` refuses too, apart from values
that a parent might supply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assaymark.contracts.catalog import Catalog
from assaymark.model.decision import Enforcement, Verdict
from assaymark.model.finding import Severity
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind
from assaymark.policy.clauses import MAX_NESTING
from assaymark.policy.document import API_VERSION, DEFAULT_CONFIDENCE, DEFAULT_REPORT_DAYS
from assaymark.policy.guard_schema import guard_schema
from assaymark.policy.labels import vocabulary
from assaymark.policy.packs import PREFIX, pack_names
from assaymark.policy.requirements import KEBAB, MAX_ID
from assaymark.policy.settings import OVERRIDABLE
from assaymark.policy.strictness import stricter_way

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assaymark.contracts.check import CheckType

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_ID: Schema = {"type": "string", "pattern": f"^{KEBAB.pattern}$", "maxLength": MAX_ID}
_DATE: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_KINDS: Schema = {"enum": [each.value for each in SubjectKind]}


def json_schema(catalog: Catalog) -> Schema:
    """Return the JSON Schema of a policy file.

    Args:
        catalog: What is installed; its metrics, labels, detectors, checks and settings are enumerated.
    """
    definitions: Schema = {}
    detectors = {
        name: _settings(spec.settings, f"detector-{name}", spec.summary, definitions)
        for name, spec in sorted(catalog.detectors.items())
    }
    checks = [_check(name, check, definitions) for name, check in sorted(catalog.checks.items())]
    definitions |= _clauses(catalog)
    definitions["requirement"] = _requirement(complete=True)
    definitions["override"] = _requirement(complete=False)
    return {
        "$schema": DIALECT,
        "$id": "https://assaymark.dev/schema/policy/v1",
        "title": "Assaymark policy",
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": "Policy"},
            "metadata": _METADATA,
            "extends": _list(
                {"anyOf": [{"enum": [f"{PREFIX}{each}" for each in pack_names()]}, _TEXT]},
                "Parents, merged from left to right. A policy may only tighten what it inherits.",
            ),
            "confidence": {
                "type": "number",
                "exclusiveMinimum": 0.5,
                "exclusiveMaximum": 1,
                "default": DEFAULT_CONFIDENCE,
                "description": "Of all requirements together, where subjects are sampled.",
            },
            "detectors": {
                "type": "object",
                "description": "Settings of detectors; what is left out keeps its default.",
                "additionalProperties": False,
                "properties": detectors,
            },
            "checks": _list(
                {"anyOf": checks} if checks else False, "Checks to run, with settings."
            ),
            "requirements": _list(True, "What must hold."),
            "frameworks": _list(
                _FRAMEWORK, "Published texts, and which of their controls are tested."
            ),
            "guard": guard_schema(catalog),
            "tests": _list(_TEST, "The policy's own tests."),
        },
        # What a child leaves out may be inherited.
        "if": {"required": ["extends"]},
        "then": {"properties": {"requirements": {"items": {"$ref": "#/$defs/override"}}}},
        "else": {"properties": {"requirements": {"items": {"$ref": "#/$defs/requirement"}}}},
        "$defs": definitions,
    }


def _list(items: Any, description: str) -> Schema:
    return {"type": "array", "minItems": 1, "items": items, "description": description}


def _settings(model: type[BaseModel], name: str, summary: str, definitions: Schema) -> Schema:
    """Return the schema of `model`, its own definitions moved to `definitions`."""
    schema = model.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    for inner, each in schema.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = each
    schema.pop("title", None)
    # A policy that extends another may leave out what its parents set.
    schema.pop("required", None)
    schema["description"] = summary
    for field, each in schema.get("properties", {}).items():
        if stricter_way(model, field).refuses_empty:
            each["minItems"] = 1
    schema.setdefault("type", "object")
    schema["properties"] = {**schema.get("properties", {}), OVERRIDABLE: _OVERRIDABLE}
    return schema


def _check(name: str, check: CheckType, definitions: Schema) -> Schema:
    schema = _settings(check.Settings, f"check-{name}", check.meta.summary, definitions)
    schema["properties"] = {"id": {"const": name}, **schema["properties"]}
    schema["required"] = ["id"]
    return schema


def _clauses(catalog: Catalog) -> Schema:
    """Return the definitions of clauses, plain and under `not`, and of every metric in both places."""
    definitions: Schema = {}
    for negated in (False, True):
        suffix = "-negated" if negated else ""
        references = []
        for name, (metric, check) in sorted(catalog.metrics.items()):
            key = f"metric-{name}{suffix}"
            definitions[key] = _metric(catalog, metric, check, negated=negated)
            references.append({"$ref": f"#/$defs/{key}"})
        other = "" if negated else "-negated"
        inner = {"$ref": f"#/$defs/clause{suffix}"}
        definitions[f"combination{suffix}"] = {
            "anyOf": [
                {
                    "required": ["all_of"],
                    "properties": {"all_of": _list(inner, "Met if every clause is met.")},
                },
                {
                    "required": ["any_of"],
                    "properties": {"any_of": _list(inner, "Met if one clause is met.")},
                },
                {
                    "required": ["not"],
                    "properties": {
                        "not": {
                            "$ref": f"#/$defs/clause{other}",
                            "description": "Met if the clause is broken.",
                        }
                    },
                },
            ],
        }
        definitions[f"form{suffix}"] = {
            "oneOf": _ONE_FORM,
            "anyOf": [*references, {"$ref": f"#/$defs/combination{suffix}"}],
        }
        definitions[f"clause{suffix}"] = {
            "type": "object",
            "description": f"At most {MAX_NESTING} levels deep.",
            "$ref": f"#/$defs/form{suffix}",
            "unevaluatedProperties": False,
        }
    return definitions


def _metric(catalog: Catalog, metric: Metric, check: CheckType, *, negated: bool) -> Schema:
    better = metric.direction
    if negated and better is not Direction.EITHER:
        better = Direction.HIGHER if better is Direction.LOWER else Direction.LOWER
    limit: Schema = (
        {"type": "number", "minimum": 0, "maximum": 1}
        if metric.unit is Unit.SHARE
        else {"type": "integer", "minimum": 0}
    )
    sides = {Direction.LOWER: ["at_most"], Direction.HIGHER: ["at_least"]}.get(
        better, ["at_most", "at_least"]
    )
    properties: Schema = {
        "metric": {"const": metric.name, "description": metric.summary},
        **dict.fromkeys(sides, limit),
    }
    if metric.labels:
        properties["where"] = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                each: {"enum": list(words)} if words else _TEXT
                for each in metric.labels
                for words in [vocabulary(catalog, check, each)]
            },
        }
    return {
        "description": metric.summary,
        "required": ["metric"],
        "oneOf": [{"required": [each]} for each in sides],
        "properties": properties,
    }


def _requirement(*, complete: bool) -> Schema:
    common: Schema = {
        "id": {**_ID, "description": "Kebab-case; names what is demanded."},
        "on": {
            "anyOf": [_KINDS, {"type": "array", "minItems": 1, "items": _KINDS}],
            "description": "The kinds of subject that it is about.",
        },
        "severity": {
            "enum": [each.value for each in Severity],
            "default": "medium",
            "description": "How bad it is when it is broken.",
        },
        "enforce": {
            "enum": [each.value for each in Enforcement],
            "default": "deny",
            "description": "What happens when it is not met.",
        },
        "controls": _list(
            {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*:[A-Za-z0-9][A-Za-z0-9._()/-]*$"},
            "Controls that it tests, as `framework:clause`.",
        ),
        "remediation": {**_TEXT, "description": "What to do when it is broken."},
        OVERRIDABLE: _OVERRIDABLE,
    }
    schema: Schema = {
        "type": "object",
        "properties": common,
        "required": ["id", "on"],
        "unevaluatedProperties": False,
    }
    if complete:
        return {**schema, "$ref": "#/$defs/form"}
    bound: Schema = {
        "where": {"type": "object", "minProperties": 1},
        "at_most": {"type": "number"},
        "at_least": {"type": "number"},
    }
    # What an override leaves out is inherited, so it may be as short as its id.
    partial = {"not": {"anyOf": _ONE_FORM}, "properties": bound}
    return {**schema, "required": ["id"], "anyOf": [{"$ref": "#/$defs/form"}, partial]}


_ONE_FORM = [{"required": [each]} for each in ("metric", "all_of", "any_of", "not")]

_OVERRIDABLE: Schema = {
    "type": "boolean",
    "default": False,
    "description": "Whether a policy that extends this one may loosen it.",
}

_METADATA: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "version", "owner"],
    "properties": {
        "name": _TEXT,
        "version": _TEXT,
        "owner": {**_TEXT, "description": "Who answers for it."},
        "description": {"type": "string"},
        "valid_until": {**_DATE, "description": "Last day on which anything may pass under it."},
        "report_days": {
            "type": "integer",
            "minimum": 1,
            "maximum": 3650,
            "default": DEFAULT_REPORT_DAYS,
            "description": "How long a report under it is valid, in days.",
        },
    },
}

_FRAMEWORK: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "title", "version", "source", "mapped", "controls"],
    "properties": {
        "id": _ID,
        "title": _TEXT,
        "version": _TEXT,
        "source": {"type": "string", "pattern": r"^https?://\S+$"},
        "mapped": {**_DATE, "description": "When the mapping was made or last checked."},
        "controls": _list(
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "title", "coverage"],
                "properties": {
                    "id": _TEXT,
                    "title": _TEXT,
                    "coverage": {"enum": ["tested", "person", "not-covered"]},
                    "note": {"type": "string"},
                },
            },
            "Controls of the text, in our own words.",
        ),
    },
}

_TEST: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "expect"],
    "properties": {
        "name": _TEXT,
        "evidence": {
            "type": "object",
            "propertyNames": _KINDS,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {
                    "anyOf": [
                        {"enum": ["clean", "missing"]},
                        {"type": "integer", "minimum": 0},
                        {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["hits", "of"],
                            "properties": {
                                "hits": {"type": "integer", "minimum": 0},
                                "of": {"type": "integer", "minimum": 0},
                                "unjudged": {"type": "integer", "minimum": 0},
                            },
                        },
                    ]
                },
            },
        },
        "otherwise": {"enum": ["clean", "missing"], "default": "missing"},
        "sampled": {"type": "boolean", "default": False},
        "waivers": _list(
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["requirement", "subject"],
                "properties": {"requirement": _ID, "subject": _KINDS, "expires": _TEXT},
            },
            "Waivers that are supposed to be granted.",
        ),
        "now": {**_TEXT, "description": "A date or a time."},
        "expect": {"enum": [each.value for each in Verdict]},
        "because": _list(_ID, "The requirements that make the verdict."),
    },
}
