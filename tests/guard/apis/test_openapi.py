"""The document that describes the operations, held against what they do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from assaymark.guard.apis import application
from assaymark.guard.apis.described import OPERATIONS
from assaymark.guard.apis.openapi import openapi
from guard.asgi.conftest import served

from .conftest import Asked

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schema = schemathesis.openapi.from_dict(json.loads(json.dumps(openapi())))


@pytest.fixture(scope="module")
def address(asked: Asked) -> Iterator[str]:
    """Where they are served."""
    with served(application(asked.guard)) as address:
        yield address


def test_every_operation_is_described(asked: Asked) -> None:
    """And nothing else is."""
    served_here = {(each.method, each.path) for each in asked.operations}

    assert {(each.method, each.path) for each in OPERATIONS} == served_here - {
        ("GET", "/openapi.json")
    }


def test_the_document_is_served(asked: Asked) -> None:
    """As it is."""
    assert asked.get("/openapi.json") == (200, json.loads(json.dumps(openapi())))


def test_it_is_an_openapi_document() -> None:
    """Its schemas are JSON Schema of the dialect that OpenAPI 3.1 has."""
    for each in openapi()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(each)

    assert openapi()["openapi"] == "3.1.0"


@schema.parametrize()
@settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_brings_it_down(case: schemathesis.Case, address: str) -> None:
    """Whatever schemathesis makes of the document is answered, and as the document says."""
    case.call_and_validate(base_url=address, checks=CHECKS, timeout=60)
