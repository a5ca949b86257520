"""Whatever the bytes, the answer is a policy or a `PolicyError` whose marks lie inside the file."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.contracts.catalog import Catalog
from assaymark.errors import PolicyError
from assaymark.policy.diagnostics import Diagnostic, InvalidPolicyError, Level, SourceText
from assaymark.policy.load import PolicySource, parse_policy
from assaymark.policy.merged import to_document
from assaymark.policy.policy import Policy
from assaymark.policy.self_test import run_self_tests

from .conftest import TODAY
from .test_inheritance import BASE, CHILD
from .test_load import TEN_MISTAKES
from .test_merged import FULL

FUZZ = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WORDS = [
    "", "a", "id", "metric", "where", "at_most", "at_least", "all_of", "any_of", "not", "on",
    "controls", "dataset", "outputs", "model", "deny", "warn", "pii.row-rate", "records.count",
    "entity", "CREDIT_CARD", "no-cards", "enough", "demo:1", "2026-02-30", "2026-01-01", "pii",
    "harm", "entities", "min_score", "overridable", "tests", "evidence", "hits", "of", "clean",
    "expect", "PASS", "\u202e", "\0", "\ud800", "名前", "x" * 300, "pack:baseline", "base.yaml",
]  # fmt: skip

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=8,
)


def load(catalog: Catalog, data: bytes) -> Policy | tuple[Diagnostic, ...]:
    """The policy, or what is wrong with it."""
    sources = {"base.yaml": BASE.encode(), "team.yaml": data}

    def resolve(reference: str, _: str) -> PolicySource:
        if reference not in sources:
            raise PolicyError("there is no such file")
        return PolicySource(reference, reference, sources[reference])

    try:
        return parse_policy(data, "team.yaml", catalog, resolve=resolve, today=TODAY)
    except InvalidPolicyError as caught:
        error = caught
    assert any(each.severity is Level.ERROR for each in error.diagnostics)
    for each in error.diagnostics:
        demand_sound(each, SourceText.of(each.file, sources[each.file]))
    shown = error.message.replace("\n", "")
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs"}
    return error.diagnostics


def demand_sound(diagnostic: Diagnostic, source: SourceText) -> None:
    """The mark of `diagnostic` lies inside its file, and its message is one short line."""
    mark = diagnostic.mark
    assert mark is not None
    line = source.lines[mark.line - 1]
    assert 1 <= mark.column <= len(line) + 1
    assert mark.width >= 1
    assert mark.column - 1 + mark.width <= max(len(line), mark.column)
    assert diagnostic.excerpt == line
    assert len(diagnostic.message) < 1000
    assert "\n" not in diagnostic.message


@FUZZ
@given(data=st.binary(max_size=200))
def test_arbitrary_bytes(catalog: Catalog, data: bytes) -> None:
    """Bytes that were never YAML are answered."""
    load(catalog, data)


@FUZZ
@given(
    st.sampled_from([FULL, BASE, CHILD, TEN_MISTAKES]),
    st.integers(0, 3000),
    st.integers(0, 40),
    st.text(st.sampled_from("ab:-[]{}'\"\n #&*!|>%@\t,\u2028é"), max_size=6),
)
def test_mutated_text(catalog: Catalog, text: str, start: int, length: int, new: str) -> None:
    """A policy with a piece torn out or put in is answered."""
    start %= len(text)

    load(catalog, (text[:start] + new + text[start + length :]).encode())


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every container in `value` with each of its keys or indices."""
    found = []
    keys = (
        list(value)
        if isinstance(value, dict)
        else range(len(value))
        if isinstance(value, list)
        else ()
    )
    for key in keys:
        found.append((value, key))
        found += spots(value[key])
    return found


@pytest.fixture(scope="module")
def documents(catalog: Catalog, parse: Callable[..., Policy]) -> list[str]:
    """Sound policies as JSON, which is YAML too."""
    texts = [json.dumps(to_document(parse(each))) for each in (FULL, BASE)]
    with_tests = json.loads(texts[0])
    with_tests["tests"] = [
        {
            "name": "t",
            "evidence": {"dataset": {"records.count": 5}},
            "waivers": [{"requirement": "enough", "subject": "dataset", "expires": "2026-01-01"}],
            "otherwise": "clean",
            "expect": "FAIL",
            "because": ["enough"],
        }
    ]
    with_parent = json.loads(texts[1])
    with_parent["extends"] = ["base.yaml"]
    return [*texts, json.dumps(with_tests), json.dumps(with_parent)]


@FUZZ
@given(data=st.data())
def test_mutated_documents(catalog: Catalog, documents: list[str], data: st.DataObject) -> None:
    """A policy in which any values are replaced by any others is answered; if it loads, it works."""
    document = json.loads(data.draw(st.sampled_from(documents)))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(spots(document)))
        container[key] = data.draw(VALUES)
    text = json.dumps(document).encode()

    found = load(catalog, text)

    if isinstance(found, Policy):
        run_self_tests(found).render()
        again = load(catalog, json.dumps(to_document(found)).encode())
        assert isinstance(again, Policy)
        assert again.digest == found.digest


@FUZZ
@given(
    document=st.dictionaries(
        st.sampled_from(
            [
                "apiVersion",
                "kind",
                "metadata",
                "extends",
                "confidence",
                "detectors",
                "checks",
                "requirements",
                "frameworks",
                "guard",
                "tests",
            ]
        ),
        VALUES,
    )
)
def test_arbitrary_documents(catalog: Catalog, document: dict[str, Any]) -> None:
    """Any values under the right keys are answered."""
    load(catalog, json.dumps(document).encode())
