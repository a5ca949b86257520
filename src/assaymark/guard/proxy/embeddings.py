"""
OpenAI's embeddings, `POST /v1/embeddings`.

Inputs are judged as texts; tokens are a coded text that nothing reads. A redacted input gets the embedding of
the redacted text. The numbers of an answer are left alone.

Fields: openai-openapi, `CreateEmbeddingRequest` and `CreateEmbeddingResponse`.
tests/guard/proxy/test_completions.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.asgi.sse import Event
from assaymark.guard.proxy.coverage import Leave, Shape, rest_of
from assaymark.guard.proxy.dialect import OpenAIErrors
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.prompts import prompt_turns
from assaymark.guard.proxy.reading import an_object, invalid_answer
from assaymark.guard.proxy.turns import judged_turns

_REQUEST: Shape = {
    **dict.fromkeys(("model", "encoding_format"), Leave.PLAIN),
    "dimensions": Leave.COUNT,
    "input": Leave.TAKEN,
}
_ANSWER: Shape = {
    **dict.fromkeys(("id", "object", "model", "usage"), Leave.PLAIN),
    "created": Leave.COUNT,
    "data": [{"object": Leave.PLAIN, "index": Leave.COUNT, "embedding": Leave.OPAQUE}],
}


class Embeddings(OpenAIErrors):
    """The operation."""

    name = "embeddings"
    path = "/v1/embeddings"
    target = "/embeddings"
    names = frozenset({"input", "data", "embedding"})

    async def request(self, document: dict[str, Any], judge: Judge) -> dict[str, Any]:
        """Return a request as it may be sent on.

        Raises:
            RefusedError: It may not.
        """
        turns = prompt_turns(document, "input", judge)
        new = await judge.rest(document, list(rest_of(document, _REQUEST)))
        passed: dict[str, Any] = await judged_turns(new, turns, judge)
        return passed

    def answer(self, request: Mapping[str, Any], judge: Judge) -> EmbeddingAnswer:  # noqa: ARG002 - the interface's
        """Return what judges the answer."""
        return EmbeddingAnswer(judge)


class EmbeddingAnswer:
    """One answer; it does not stream.

    Args:
        judge: Who judges.
    """

    is_closing = is_over = False

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    async def whole(self, document: Any) -> Any:
        """Return an answer as it may pass.

        Raises:
            RefusedError: It is none, or may not.
        """
        rests = list(rest_of(an_object(document), _ANSWER))
        return await self._judge.answer_rest(document, rests)

    async def event(self, event: Event) -> list[Event]:  # noqa: ARG002 - the interface's
        """Refuse a stream.

        Raises:
            RefusedError: Always.
        """
        raise invalid_answer("embeddings do not stream")

    async def end(self) -> list[Event]:
        """Refuse a stream.

        Raises:
            RefusedError: Always.
        """
        raise invalid_answer("embeddings do not stream")

    def broken(self, refused: RefusedError) -> list[Event]:
        """Return what ends a stream, which none has begun."""
        return [Event(data=refused.envelope())]
