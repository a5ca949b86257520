"""
`POST /anonymize` and `/deanonymize` as Presidio's anonymizer has them.

Pure functions of the request: what is replaced, and by what, the client says. The policy plays no part, and
nothing is kept. Of Presidio's operators `custom` is missing, which takes a Python function.

Source: presidio-anonymizer 2.2.366, REST API. tests/guard/apis/test_presidio_anonymizer.py compares with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assaymark.errors import InputError
from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.presidio_forms import presidio_error
from assaymark.guard.apis.presidio_operators import (
    ANONYMIZERS,
    DEANONYMIZERS,
    Operate,
    Operator,
    operator_of,
)
from assaymark.guard.apis.presidio_spans import Place, Replaced, resolved, rewritten
from assaymark.guard.apis.reading import RefusedError, answering, read, replied
from assaymark.guard.guard import Guard
from assaymark.guard.running import NOBODY

ANONYMIZE, DEANONYMIZE = "/anonymize", "/deanonymize"
ANONYMIZER_NAMES, DEANONYMIZER_NAMES = "/anonymizers", "/deanonymizers"

_MOST = 10_000
_ROOM = 1 << 22
"""Characters that are put into one text: a few bytes of a request could ask for gigabytes."""

Index = Annotated[int, Field(ge=0)]


class Located(BaseModel):
    """A place in a text."""

    model_config = ConfigDict(strict=True)

    start: Index
    end: Index
    entity_type: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Located:
        if self.start > self.end:
            raise ValueError("`start` is behind `end`")
        return self


class AnalyzerResult(Located):
    """A place that an analyzer found."""

    score: float


class OperatorResult(Located):
    """A place in which an anonymizer put something."""

    text: str | None = None
    operator: str | None = None
    score: float | None = None


class AnonymizeRequest(BaseModel):
    """What is to be replaced, and how."""

    model_config = ConfigDict(strict=True)

    text: str
    analyzer_results: Annotated[list[AnalyzerResult], Field(max_length=_MOST)]
    anonymizers: dict[str, Operator] | None = None
    """Entity, or `DEFAULT`, to what is done with it; by itself it is replaced by its name."""


class DeanonymizeRequest(BaseModel):
    """What is to be turned back, and how."""

    model_config = ConfigDict(strict=True)

    text: str
    anonymizer_results: Annotated[list[OperatorResult], Field(max_length=_MOST)]
    deanonymizers: dict[str, Operator]
    """Entity, or `DEFAULT`, to what is done with it."""


class OperatedItem(BaseModel):
    """What stands in the new text."""

    start: int
    end: int
    entity_type: str
    text: str
    operator: str
    score: float | None


class OperatedText(BaseModel):
    """The new text."""

    text: str
    items: list[OperatedItem]


def anonymizer_apis(guard: Guard, cap: int) -> Sequence[Api]:
    """Return the operations.

    Args:
        guard: On whose threads the work is done.
        cap: Bytes of a request at most.
    """

    async def anonymize(call: Call) -> Reply:
        request = read(AnonymizeRequest, call, cap)
        work = partial(_anonymized, request)
        return replied(await guard.runner.do(work, len(call.body), NOBODY))

    async def deanonymize(call: Call) -> Reply:
        request = read(DeanonymizeRequest, call, cap)
        work = partial(_deanonymized, request)
        return replied(await guard.runner.do(work, len(call.body), NOBODY))

    async def anonymizers(call: Call) -> Reply:  # noqa: ARG001 - the same for every call
        return replied(sorted(ANONYMIZERS))

    async def deanonymizers(call: Call) -> Reply:  # noqa: ARG001 - the same for every call
        return replied(sorted(DEANONYMIZERS))

    return (
        Api(method="POST", path=ANONYMIZE, answer=answering(anonymize, presidio_error)),
        Api(method="POST", path=DEANONYMIZE, answer=answering(deanonymize, presidio_error)),
        Api(method="GET", path=ANONYMIZER_NAMES, answer=anonymizers),
        Api(method="GET", path=DEANONYMIZER_NAMES, answer=deanonymizers),
    )


def _anonymized(request: AnonymizeRequest) -> dict[str, Any]:
    places = _places(request.text, request.analyzer_results)
    default = Operator(type="replace")
    operators = {
        entity: operator_of(given, ANONYMIZERS)
        for entity, given in {"DEFAULT": default, **(request.anonymizers or {})}.items()
    }
    return _operated(request.text, resolved(request.text, places), operators)


def _deanonymized(request: DeanonymizeRequest) -> dict[str, Any]:
    places = _places(request.text, request.anonymizer_results)
    operators = {
        entity: operator_of(given, DEANONYMIZERS) for entity, given in request.deanonymizers.items()
    }
    try:
        return _operated(request.text, places, operators)
    except InputError as error:
        raise RefusedError(422, error.message, code="not_decrypted") from None


def _places(text: str, given: Sequence[Located]) -> list[Place]:
    if any(each.end > len(text) for each in given):
        raise RefusedError(422, "a result ends behind the text", code="invalid_request")
    return [
        Place(
            start=each.start,
            end=each.end,
            entity=each.entity_type,
            score=getattr(each, "score", None),
        )
        for each in given
    ]


def _operated(
    text: str, places: Sequence[Place], operators: dict[str, tuple[str, Operate]]
) -> dict[str, Any]:
    room = _ROOM

    def operate(place: Place, value: str) -> tuple[str, str]:
        nonlocal room
        chosen = operators.get(place.entity, operators.get("DEFAULT"))
        if chosen is None:
            raise RefusedError(
                422, "an entity has no operator, and there is no `DEFAULT`", code="invalid_request"
            )
        name, function = chosen
        made = function(place.entity, value)
        room -= len(made)
        if room < 0:
            raise RefusedError(
                422, f"the answer would have more than {_ROOM:,} characters", code="too_large"
            )
        return name, made

    new, items = rewritten(text, places, operate)
    return {"text": new, "items": [_plain(each) for each in items]}


def _plain(item: Replaced) -> dict[str, Any]:
    return {
        "start": item.start,
        "end": item.end,
        "entity_type": item.entity,
        "text": item.text,
        "operator": item.operator,
        "score": item.score,
    }
