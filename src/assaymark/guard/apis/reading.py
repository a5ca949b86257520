"""
From the bytes of a request to a value, or to the reason why there is none; and back.

A refusal names fields that the API has, never what the client wrote. Each API puts it into its own form.

tests/guard/apis/test_hostile.py
"""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from assaymark.canonical import parse_strict
from assaymark.errors import AssaymarkError, EvidenceError, UsageError
from assaymark.guard.apis.contract import Answer, Call, Reply
from assaymark.guard.verdict import Checked

MAX_BODY = 1 << 20
"""Bytes of a request."""

MAX_DEPTH = 32
"""Levels of nesting in a request."""

_UNREADABLE = 400
M = TypeVar("M", bound=BaseModel)


class RefusedError(Exception):
    """A call that is not answered.

    Args:
        status: Of the answer; 422 where a field is not as the API wants it.
        message: For people; ours, without content.
        code: For programs.
        field: Which field is meant, as a path of names that the API knows.
    """

    def __init__(self, status: int, message: str, *, code: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.field = status, message, code, field


Form: TypeAlias = Callable[[RefusedError], Any]
"""From a refusal to the body of an answer, as an API writes errors."""


def answering(
    inner: Callable[[Call], Awaitable[Reply]], form: Form, statuses: Mapping[int, int] | None = None
) -> Answer:
    """Return a handler that answers refusals in the form of its API.

    Args:
        inner: May raise `RefusedError`, and what the guard raises.
        form: The body of an error.
        statuses: Where the API has other statuses than ours.
    """

    async def answer(call: Call) -> Reply:
        try:
            return await inner(call)
        except RefusedError as error:
            refused = error
        except UsageError as error:
            refused = RefusedError(400, error.message, code="bad_request")
        except AssaymarkError:
            # A vault that cannot be used, say; the message is for whoever runs the server.
            refused = RefusedError(503, "the guard cannot judge now", code="guard_unavailable")
        status = (statuses or {}).get(refused.status, refused.status)
        return replied(form(refused), status=status)

    return answer


def replied(document: Any, *, status: int = 200, checked: tuple[Checked, ...] = ()) -> Reply:
    """Return an answer in JSON."""
    body = json.dumps(document).encode()
    return Reply(
        status=status, headers={"content-type": "application/json"}, body=body, checked=checked
    )


def document_of(call: Call, cap: int) -> Any:
    """Return the JSON value that a call holds.

    Args:
        call: The call.
        cap: Bytes at most.

    Raises:
        RefusedError: It is too large, of another type, or JSON that readers may understand differently.
    """
    if len(call.body) > cap:
        raise RefusedError(413, f"the request has more than {cap:,} bytes", code="too_large")
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Anything else a page of another site could send to a server on this machine.
    if kind != "application/json":
        raise RefusedError(
            415, "the content type is not `application/json`", code="not_inspectable"
        )
    try:
        return parse_strict(call.body, max_bytes=cap, max_depth=MAX_DEPTH)
    except (EvidenceError, RecursionError) as error:
        reason = error.message if isinstance(error, EvidenceError) else "nested too deeply"
        raise RefusedError(
            _UNREADABLE, f"the request cannot be read: {reason}", code="invalid_json"
        ) from None


def read(model: type[M], call: Call, cap: int) -> M:
    """Return what a call asks for.

    Raises:
        RefusedError: As for `document_of`, and where a field is missing or is not as the API wants it.
    """
    document = document_of(call, cap)
    try:
        return model.model_validate(document)
    except (ValidationError, RecursionError) as error:
        raise _refusal(model, error) from None


def _refusal(model: type[BaseModel], error: Exception) -> RefusedError:
    if not isinstance(error, ValidationError):
        return RefusedError(_UNREADABLE, "the request is nested too deeply", code="invalid_json")
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(_known(first["loc"], _names(model)))
    what = f"`{field}`" if field else "the request"
    kind = first["type"]
    if kind == "missing":
        message = f"{what} is missing"
    elif kind == "extra_forbidden":
        message = f"{what} has a field that is not known"
    elif kind == "value_error":
        # Raised by models here, about names of fields.
        message = first["msg"].removeprefix("Value error, ")
    else:
        message = f"{what} is not as expected: {_wanted(model, first)}"
    return RefusedError(422, message, code="invalid_request", field=field or None)


def _wanted(model: type[BaseModel], error: Mapping[str, Any]) -> str:
    """Return what a field should have been, by what the API says of it and nothing that the client wrote."""
    at = error["loc"][0] if len(error["loc"]) == 1 else None
    field = model.model_fields.get(str(at))
    choices = get_args(field.annotation) if field is not None else ()
    if error["type"] == "literal_error" and choices:
        return f"expected one of {', '.join(f'`{each}`' for each in choices)}"
    return str(error["type"]).replace("_", " ")


def _known(location: tuple[int | str, ...], names: frozenset[str]) -> Iterator[str]:
    """Yield the steps of a path as far as they are not of the client's making."""
    for step in location:
        if isinstance(step, str) and step not in names:
            return
        yield str(step)


@functools.cache
def _names(model: type[BaseModel]) -> frozenset[str]:
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


def refuse_unjudged(reasons: list[str]) -> None:
    """Refuse where the API has no place for what could not be judged.

    Raises:
        RefusedError: Something could not be judged.
    """
    if reasons:
        raise RefusedError(
            422, f"a text could not be judged: {', '.join(sorted(set(reasons)))}", code="unjudged"
        )
