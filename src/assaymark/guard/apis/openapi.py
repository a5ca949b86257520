"""
The OpenAPI 3.1 document of all operations, made of the models that read and describe their bodies.

tests/guard/apis/test_openapi.py
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from assaymark.guard.apis import presidio_forms
from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.described import OPERATIONS, Operation
from assaymark.guard.apis.reading import replied

if TYPE_CHECKING:
    from pydantic import BaseModel

PATH = "/openapi.json"


@functools.cache
def openapi() -> Mapping[str, Any]:
    """Return the document."""
    models = dict.fromkeys(model for each in OPERATIONS for model in each.models)
    models[presidio_forms.RecognizerResult] = None
    _, definitions = models_json_schema(
        [(each, _mode(each)) for each in models], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _described(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Assaymark guard",
            "version": "1",
            "description": "One policy behind several APIs.",
        },
        "paths": paths,
        "components": {"schemas": definitions["$defs"]},
    }


def openapi_api() -> Api:
    """Return the operation that says what there is."""

    async def answer(call: Call) -> Reply:  # noqa: ARG001 - the same for every call
        return replied(openapi())

    return Api(method="GET", path=PATH, answer=answer)


def _mode(model: type[BaseModel]) -> Any:
    return "validation" if model.model_config.get("strict") else "serialization"


def _described(operation: Operation) -> dict[str, Any]:
    answer = operation.schema if operation.response is None else _reference(operation.response)
    found: dict[str, Any] = {
        "summary": operation.summary,
        "responses": {
            "200": {
                "description": "The answer",
                "content": {operation.media_type: {"schema": answer}},
            },
            **{
                str(status): {
                    "description": _REASONS[status],
                    "content": {"application/json": {"schema": _reference(operation.error)}},
                }
                for status in operation.refusals
                if operation.error is not None
            },
        },
    }
    if operation.parameters:
        found["parameters"] = list(operation.parameters)
    if operation.request is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(operation.request)}},
        }
    return found


_REASONS: Mapping[int, str] = {
    400: "The request cannot be read or answered",
    403: "The policy does not let a client ask for that",
    404: "There is no such guard",
    413: "The request is too large",
    415: "The request is no JSON",
    422: "A field is missing or not as expected",
    503: "The guard cannot judge it",
}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
