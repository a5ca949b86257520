"""The JSON Schema for editors agrees with the loader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from assaymark.contracts.catalog import Catalog
from assaymark.engine.catalog import installed_catalog
from assaymark.errors import PolicyError
from assaymark.marked_yaml import parse_yaml
from assaymark.policy.merged import to_document
from assaymark.policy.packs import pack_names, read_pack
from assaymark.policy.policy import Policy
from assaymark.policy.schema import json_schema

from .conftest import HEAD
from .test_inheritance import BASE
from .test_merged import FULL
from .test_requirements import CASES as REQUIREMENTS
from .test_requirements import one
from .test_settings import CASES as SETTINGS
from .test_settings import ONE

Parse = Callable[..., Policy]

BEYOND = {
    # What a schema cannot say, or what only the whole policy knows.
    "value that is switched off",
    "needs a detector without defaults",
    "setting that is missing",
    "what only the whole can know",
    "check twice",
    "count beyond exact numbers",
    "subject that the check cannot look at",
    "what the model says itself",
}


@pytest.fixture(scope="module")
def validator(catalog: Catalog) -> Draft202012Validator:
    """Of the schema for the small catalogue."""
    schema = json_schema(catalog)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def plain(text: str) -> Any:
    """The document as an editor's parser sees it."""
    return parse_yaml(text.encode()).plain()


@pytest.mark.parametrize("text", [FULL, BASE, HEAD + ONE])
def test_what_loads_is_valid(parse: Parse, validator: Draft202012Validator, text: str) -> None:
    """No editor underlines a policy that works, nor its merged view."""
    document = to_document(parse(text))

    assert list(validator.iter_errors(plain(text))) == []
    assert list(validator.iter_errors(json.loads(json.dumps(document)))) == []


@pytest.mark.parametrize(
    "text",
    [one(text) for name, (text, _) in REQUIREMENTS.items() if name not in BEYOND]
    + [HEAD + text + ONE for name, (text, _) in SETTINGS.items() if name not in BEYOND],
)
def test_what_does_not_load_is_invalid(
    parse: Parse, validator: Draft202012Validator, text: str
) -> None:
    """An editor shows a mistake where the loader does."""
    with pytest.raises(PolicyError):
        parse(text)

    assert list(validator.iter_errors(plain(text)))


def test_a_child_may_leave_out_what_it_inherits(validator: Draft202012Validator) -> None:
    """Only a policy that extends another may have a requirement without a metric."""
    short = HEAD + "requirements: [{id: no-cards, at_most: 0}]\n"

    assert list(validator.iter_errors(plain(short)))
    assert not list(validator.iter_errors(plain(short + "extends: [pack:baseline]\n")))
    assert list(validator.iter_errors(plain(short.replace("at_most", "atmost") + "extends: [x]\n")))


def test_schema_explains_what_is_installed(catalog: Catalog) -> None:
    """Metrics, labels and detectors are enumerated with their documentation."""
    schema = json_schema(catalog)

    metric = schema["$defs"]["metric-pii.row-rate"]
    assert metric["description"] == "how much pii.row-rate"
    assert metric["properties"]["where"]["properties"]["entity"]["enum"] == [
        "CREDIT_CARD",
        "EMAIL_ADDRESS",
        "PERSON",
        "US_SSN",
    ]
    assert set(metric["properties"]) == {"metric", "where", "at_most"}
    assert set(schema["$defs"]["metric-pii.row-rate-negated"]["properties"]) == {
        "metric",
        "where",
        "at_least",
    }
    assert schema["properties"]["detectors"]["properties"]["pii"]["description"] == "finds pii"
    assert schema["properties"]["guard"]["properties"]["input"]["items"]["properties"][
        "detector"
    ] == {"enum": ["endpoint", "harm", "idle", "names", "pii"]}


def test_schema_of_an_empty_installation_is_valid() -> None:
    """Without any check or detector there is still a schema."""
    Draft202012Validator.check_schema(json_schema(Catalog(detectors={}, checks={})))


@pytest.fixture(scope="module")
def installed() -> Draft202012Validator:
    """Of the schema for this installation."""
    schema = json_schema(installed_catalog())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(json.loads(json.dumps(schema)))


@pytest.mark.parametrize("name", pack_names())
def test_shipped_packs_are_valid(installed: Draft202012Validator, name: str) -> None:
    """Editors accept the packs that we ship."""
    assert list(installed.iter_errors(parse_yaml(read_pack(name)).plain())) == []


def test_shipped_examples_are_valid(installed: Draft202012Validator, repository: Path) -> None:
    """And the sample policies of this repository."""
    files = sorted((repository / "sample").glob("**/*policy*.yaml"))

    for each in files:
        assert list(installed.iter_errors(parse_yaml(each.read_bytes()).plain())) == [], each
