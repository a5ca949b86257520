"""Hostile bytes and hostile shapes: a refusal of ours, never another error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.attest.bundle import sign
from assaymark.attest.report import read_report
from assaymark.attest.verify import verify
from assaymark.canonical import parse_strict
from assaymark.errors import EvidenceError, NotAuthenticError
from attest.by_hand import NOW, make_key, make_signer, make_statement

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_PIECES = st.sampled_from(
    [
        '{"a":',
        "[",
        "]",
        "}",
        '"',
        "\\",
        "\\ud800",
        "1e999",
        "9" * 30,
        ",",
        ":",
        "null",
        "\ufeff",
        " ",
    ]
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in `value` with each of its keys."""
    keys: Any = value if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            found += places(value[key])
    return found


def put(data: Any, index: int, value: Any) -> Any:
    """`data` with one value in it, anywhere, replaced."""
    found = places(data)
    container, key = found[index % len(found)]
    container[key] = value
    return data


def step_against(bundle: bytes) -> int | None:
    """Which step refuses `bundle`; `None` where its report is read to the end."""
    try:
        read_report(verify(bundle, [make_key()], now=NOW))
    except NotAuthenticError as error:
        return error.step
    return None


@given(st.binary(max_size=200) | st.lists(_PIECES, max_size=30).map(lambda p: "".join(p).encode()))
def test_any_bytes_as_json(data: bytes) -> None:
    """The strict reader answers everything; what it reads, the lax one reads the same."""
    try:
        value = parse_strict(data)
    except EvidenceError:
        return
    assert value == json.loads(data)


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_a_bundle(data: bytes) -> None:
    """What is no bundle is refused in the first two steps."""
    assert step_against(data) in (1, 2)


@given(st.integers(0, 1000), _JSON)
def test_any_value_anywhere_in_a_bundle(index: int, value: Any) -> None:
    """A bundle with one value replaced is refused, or says what was signed."""
    bundle = put(json.loads(sign(make_statement(), make_signer())), index, value)
    data = json.dumps(bundle).encode()
    step = step_against(data)

    assert step in (None, 1, 2, 3)
    if step is None:
        assert verify(data, [make_key()], now=NOW).payload == make_statement()


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_signed_bytes_as_a_statement(payload: bytes) -> None:
    """A trusted key that signs anything at all gets no further than the statement."""
    assert step_against(sign(payload, make_signer())) == 5


@settings(max_examples=300)
@given(st.integers(0, 1000), _JSON)
def test_any_value_anywhere_in_a_signed_report(index: int, value: Any) -> None:
    """A signed report with one value replaced is read as a whole or refused with a step."""
    statement = put(json.loads(make_statement()), index, value)

    assert step_against(sign(json.dumps(statement).encode(), make_signer())) in (None, 5, 7, 9)
