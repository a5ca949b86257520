"""
What clients and upstreams sent, read as their API has it; anything else is no request, or no answer.

tests/guard/proxy/test_faults.py
"""

from __future__ import annotations

from typing import Any

from assaymark.canonical import parse_strict
from assaymark.errors import EvidenceError
from assaymark.guard.asgi.headers import BodyKind, Headers, body_kind
from assaymark.guard.asgi.refusals import RefusedError, unreadable

MOST_TEXTS = 1_000
"""Of one answer."""


def invalid_answer(why: str) -> RefusedError:
    """Return the refusal of what an upstream sent and is no answer of its API."""
    return RefusedError(
        502, "upstream_invalid", "the upstream's answer could not be read", cause=why
    )


def demand_json(headers: Headers) -> None:
    """Demand that headers announce JSON in UTF-8.

    Raises:
        RefusedError: They announce something else, or nothing.
    """
    kind = body_kind(headers)
    if kind is BodyKind.JSON:
        return
    needed = "it has to have one content type, `application/json`"
    if kind == "charset":
        needed = "its charset has to be UTF-8"
    elif kind == "content-encoding":
        needed = "it has to come without a content encoding"
    raise unreadable("request", needed)


def request_object(data: bytes) -> dict[str, Any]:
    """Return what a client sent.

    Raises:
        RefusedError: It is no JSON object, or one that readers may understand differently.
    """
    try:
        document = parse_strict(data)
    except EvidenceError:
        document = None
    if not isinstance(document, dict):
        raise RefusedError(
            400, "invalid_json", "the request is no JSON object that means one thing only"
        )
    return document


def answered(data: bytes) -> Any:
    """Return what an upstream sent as a whole.

    Raises:
        RefusedError: It is no JSON, or some that readers may understand differently.
    """
    try:
        return parse_strict(data)
    except EvidenceError:
        raise invalid_answer("it is no JSON that means one thing only") from None


def an_object(value: Any) -> dict[str, Any]:
    """Return `value`, which an answer has as an object.

    Raises:
        RefusedError: It is none.
    """
    if not isinstance(value, dict):
        raise invalid_answer("an object is missing")
    return value


def a_list(value: Any) -> list[Any]:
    """Return `value`, which an answer has as a list; nothing counts as empty.

    Raises:
        RefusedError: It is none.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid_answer("a list is missing")
    return value


def a_number(value: Any, default: int) -> int:
    """Return `value`, which an answer has as an index; `default` where there is none.

    Raises:
        RefusedError: It is none.
    """
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_TEXTS:
        raise invalid_answer("an index is missing")
    return value
