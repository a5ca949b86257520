"""
`POST /v1/moderations` as OpenAI has it, with the scores of the policy's own detectors.

* What was not judged has no input type in `category_applied_input_types`: a category that no detector of the
  policy tells apart, and all of a text that they cannot judge, which is flagged where the policy blocks what
  cannot be judged (`on_error`). A policy none of whose detectors scores harm refuses the call.
* `flagged` is what the policy says of the text, or that a category reaches its threshold.
* An image is never scored. It is refused, or, where the policy says `uninspected: allow`, only the text
  beside it is.

Source: OpenAI API reference, moderations. tests/guard/apis/test_moderations.py
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.reading import RefusedError, answering, read, replied
from assaymark.guard.guard import Guard
from assaymark.guard.survey import Sight, Survey, scores_texts
from assaymark.guard.verdict import Checked, Verdict
from assaymark.policy.guarding import Phase

PATH = "/v1/moderations"
HARMFUL = "harmful"

SOURCES: Mapping[str, tuple[str, ...]] = {
    "harassment": ("insult",),
    "harassment/threatening": ("threat",),
    "hate": ("identity_attack",),
    "hate/threatening": ("identity_attack", "threat"),
    "illicit": ("illicit",),
    "illicit/violent": ("illicit", "violence"),
    "self-harm": ("self_harm",),
    "self-harm/instructions": (),
    "self-harm/intent": (),
    "sexual": ("sexual",),
    "sexual/minors": (),
    "violence": ("violence",),
    "violence/graphic": (),
}
"""OpenAI's category to those of ours that have to be there together; the least of them is its score. Empty
where ours do not tell it from the category above it."""

_NULLABLE = frozenset({"illicit", "illicit/violent"})
"""Categories that OpenAI's older models do not know, and answer with null."""


class TextPart(BaseModel):
    """A text among several parts."""

    model_config = ConfigDict(strict=True)

    type: Literal["text"]
    text: str


class ImageAddress(BaseModel):
    """Where an image is."""

    model_config = ConfigDict(strict=True)

    url: str


class ImagePart(BaseModel):
    """An image among several parts."""

    model_config = ConfigDict(strict=True)

    type: Literal["image_url"]
    image_url: ImageAddress


Inputs = Annotated[list[str], Field(min_length=1, max_length=1_000)]
Parts = Annotated[list[TextPart | ImagePart], Field(min_length=1, max_length=100)]


class ModerationRequest(BaseModel):
    """What is to be moderated."""

    model_config = ConfigDict(strict=True)

    input: str | Inputs | Parts
    """One text, several texts, or one input of several parts."""

    model: str | None = None
    """Taken and not used: the policy says what judges."""


class ModerationResult(BaseModel):
    """What is said of one input."""

    flagged: bool
    categories: dict[str, bool | None]
    category_scores: dict[str, float | None]
    category_applied_input_types: dict[str, list[str]]
    assaymark: dict[str, Any]
    """What the policy says: verdict, findings, what was not judged. OpenAI has no such field."""


class ModerationResponse(BaseModel):
    """What is said of all inputs."""

    id: str
    model: str
    results: list[ModerationResult]


class ModerationError(BaseModel):
    """An error as OpenAI writes it."""

    error: dict[str, str | None]


def openai_error(refused: RefusedError) -> dict[str, Any]:
    """Return the body of an error as OpenAI writes it."""
    kind = "invalid_request_error" if refused.status < 500 else "server_error"  # noqa: PLR2004 - HTTP
    return {
        "error": {
            "message": refused.message,
            "type": kind,
            "param": refused.field,
            "code": refused.code,
        }
    }


def moderations_api(guard: Guard, cap: int) -> Api:
    """Return the operation.

    Args:
        guard: The guard.
        cap: Bytes of a request at most.
    """
    handler = _Moderations(guard, cap)
    return Api(method="POST", path=PATH, answer=answering(handler.answer, openai_error, {422: 400}))


class _Moderations:
    def __init__(self, guard: Guard, cap: int) -> None:
        self._guard, self._cap = guard, cap
        self._survey = Survey(guard, scores_texts)
        known = set(self._survey.thresholds)
        self._judged = {
            name: parts for name, parts in SOURCES.items() if parts and known.issuperset(parts)
        }

    async def answer(self, call: Call) -> Reply:
        request = read(ModerationRequest, call, self._cap)
        if not self._judged and HARMFUL not in self._survey.thresholds:
            raise RefusedError(
                400,
                "the policy asks no detector that scores harm",
                code="not_inspectable",
                field="input",
            )
        inputs = [_messages(each) for each in _inputs(request)]
        texts = [_text(each) for each in inputs]
        if any(each is None for each in texts):
            raise RefusedError(400, "an input holds no text", code="not_inspectable", field="input")
        results = await asyncio.gather(
            *(
                call.judge(self._guard).acheck(each, Phase.INPUT, session=call.session)
                for each in inputs
            )
        )
        refuse_images(results)
        sights = await self._survey.aof([each or "" for each in texts])
        answer = {
            "id": f"modr-{uuid.uuid4().hex}",
            "model": f"assaymark-{self._guard.policy[:12]}",
            "results": [self._result(*each) for each in zip(results, sights, strict=True)],
        }
        return replied(answer, checked=tuple(results))

    def _result(self, checked: Checked, sight: Sight) -> dict[str, Any]:
        judged = {} if sight.lapses else self._judged
        scores = {
            name: min(sight.scores.get(each, 0.0) for each in parts)
            for name, parts in judged.items()
        }
        bounds = {
            name: max(self._survey.thresholds[each] for each in parts)
            for name, parts in judged.items()
        }
        shown = {name: scores.get(name, _absent(name, 0.0)) for name in SOURCES}
        reached = {
            name: scores[name] >= bounds[name] if name in scores else _absent(name, False)
            for name in SOURCES
        }
        harmful = sight.scores.get(HARMFUL, 0.0) >= self._survey.thresholds.get(HARMFUL, 2.0)
        return {
            "flagged": checked.verdict > Verdict.ALLOW or harmful or any(reached.values()),
            "categories": reached,
            "category_scores": shown,
            "category_applied_input_types": {
                name: ["text"] if name in scores else [] for name in SOURCES
            },
            "assaymark": checked.to_plain(),
        }


def refuse_images(results: Sequence[Checked]) -> None:
    """Refuse what nothing reads, unless the policy lets it pass.

    Raises:
        RefusedError: There is such a thing.
    """
    unread = [each for checked in results for each in checked.unjudged if not each.detector]
    if any(not each.passed for each in unread):
        raise RefusedError(
            400, "no detector of the policy reads images", code="not_inspectable", field="input"
        )


def _absent(name: str, otherwise: Any) -> Any:
    return None if name in _NULLABLE else otherwise


def _inputs(request: ModerationRequest) -> list[str | list[Any]]:
    given = request.input
    if isinstance(given, str):
        return [given]
    if isinstance(given[0], str):
        return list(given)
    return [list(given)]


def _messages(given: str | list[Any]) -> list[Mapping[str, Any]]:
    content = given if isinstance(given, str) else [each.model_dump() for each in given]
    return [{"role": "user", "content": content}]


def _text(messages: Sequence[Mapping[str, Any]]) -> str | None:
    content = messages[0]["content"]
    if isinstance(content, str):
        return content
    texts = [each["text"] for each in content if each["type"] == "text"]
    return "\n".join(texts) if texts else None
