"""
An answer of a LangChain model that comes in chunks.

The pieces of one text are one text over all chunks, told apart as LangChain merges them, by `index`, and the
streaming law holds for each. What is no text and no plain structure cannot be judged piece by piece: it is
refused, or, where the policy says `uninspected: allow`, passes.

tests/integrations/test_langchain.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from assaymark.guard.blocking import BlockedError
from assaymark.guard.guard import Guard
from assaymark.guard.sessions import Session
from assaymark.guard.stream import GuardStream
from assaymark.guard.structure import is_plain
from assaymark.guard.verdict import Unjudged
from assaymark.integrations.langchain_messages import TEXTS, blocks_of, without_repeats
from assaymark.policy.guarding import Phase

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

_MORE_TEXTS = frozenset({"reasoning_content", "reasoning", "refusal"})
"""Texts that models put beside the content."""

_JSON_PIECE = "partial_json"
_STRUCTURE = frozenset({"type", "index", "id"})


class _Lane(NamedTuple):
    stream: GuardStream
    shape: Callable[[str], dict[str, Any]]
    """From a piece to what of a chunk holds it."""


class ChunkStream:
    """One answer.

    Args:
        guard: The guard.
        session: Whose pseudonyms are used.
    """

    def __init__(self, guard: Guard, session: Session | None) -> None:
        self._guard, self._session = guard, session
        self._lanes: dict[tuple[Any, ...], _Lane] = {}

    @property
    def blocked(self) -> bool:
        """Whether nothing more leaves."""
        return any(each.stream.blocked for each in self._lanes.values())

    def feed(self, chunk: AIMessageChunk) -> list[AIMessageChunk]:
        """Take the next chunk; return those that may leave.

        Raises:
            BlockedError: It holds something that nothing can judge.
        """
        new: dict[str, Any] = {
            "content": self._content(chunk.content),
            "tool_call_chunks": [self._call(each) for each in chunk.tool_call_chunks],
            "additional_kwargs": dict(self._more(chunk)),
            "response_metadata": self._structure(without_repeats(chunk.response_metadata)),
            "tool_calls": [],
            "invalid_tool_calls": [],
        }
        if chunk.chunk_position != "last" or self.blocked:
            return [_made(chunk, new)]
        # What ends an answer has to be the last that comes of it.
        return [_made(chunk, new), *self.finish(), _last(chunk)]

    def finish(self) -> list[AIMessageChunk]:
        """Say that the answer is whole; return the rest."""
        from langchain_core.messages import AIMessageChunk

        left = []
        for lane in self._lanes.values():
            text = "" if self.blocked else lane.stream.finish()
            if text:
                left.append(AIMessageChunk(**{"content": "", **lane.shape(text)}))
        self._lanes = {key: each for key, each in self._lanes.items() if each.stream.blocked}
        return left

    def error(self) -> BlockedError:
        """Return what says why nothing more leaves."""
        lanes = [each.stream for each in self._lanes.values() if each.stream.blocked]
        findings = tuple(finding for each in lanes for finding in each.findings)
        unjudged = tuple(lapse for each in lanes for lapse in each.unjudged)
        return BlockedError(Phase.OUTPUT, findings, unjudged)

    # -- parts of a chunk

    def _content(self, content: Any) -> Any:
        if isinstance(content, str):
            return self._text(("content",), content, lambda text: {"content": text})
        return [self._block(n, each) for n, each in enumerate(blocks_of(content))]

    def _block(self, number: int, block: Mapping[str, Any]) -> dict[str, Any]:
        kind, index = str(block.get("type")), block.get("index", number)
        key = _JSON_PIECE if _JSON_PIECE in block else TEXTS.get(kind)
        text = None if key is None else block.get(key)
        frame = {name: value for name, value in block.items() if name != key}
        self._structure({name: v for name, v in frame.items() if name not in _STRUCTURE})
        if key is None or not isinstance(text, str):
            self._structure(block)
            return dict(block)
        shaped = {"type": kind, "index": index}

        def shape(piece: str) -> dict[str, Any]:
            return {"content": [{**shaped, key: piece}]}

        lane = ("content", index, key)
        return {**frame, key: self._text(lane, text, shape, is_json=key == _JSON_PIECE)}

    def _call(self, call: Any) -> Any:
        self._structure({"name": call.get("name"), "id": call.get("id")})
        index = call.get("index")

        def shape(piece: str) -> dict[str, Any]:
            rest = {"name": None, "args": piece, "id": None, "index": index}
            return {"tool_call_chunks": [{**rest, "type": "tool_call_chunk"}]}

        arguments = self._text(("tool", index), call.get("args") or "", shape, is_json=True)
        return {**call, "args": arguments}

    def _more(self, chunk: AIMessageChunk) -> Iterator[tuple[str, Any]]:
        for key, value in chunk.additional_kwargs.items():
            if key in _MORE_TEXTS and isinstance(value, str):
                yield (
                    key,
                    self._text(
                        ("more", key),
                        value,
                        lambda text, key=key: {"additional_kwargs": {key: text}},  # type: ignore[misc]
                    ),
                )
            elif key == "tool_calls" and chunk.tool_call_chunks:
                # They say the same once more.
                continue
            else:
                self._structure({key: value})
                yield key, value

    def _text(
        self,
        key: tuple[Any, ...],
        text: str,
        shape: Callable[[str], dict[str, Any]],
        *,
        is_json: bool = False,
    ) -> str:
        if not text or self.blocked:
            return ""
        if key not in self._lanes:
            phase = Phase.TOOL_CALLS if is_json else Phase.OUTPUT
            stream = self._guard.stream(phase, session=self._session, is_json=is_json)
            self._lanes[key] = _Lane(stream, shape)
        return self._lanes[key].stream.feed(text)

    def _structure(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return what passes as it is.

        Raises:
            BlockedError: It is not plain, and the policy does not let it pass.
        """
        odd = [key for key, each in value.items() if each and not is_plain(each)]
        if odd and self._guard.rules.refuses_uninspected:
            lapse = Unjudged(detector="", reason="nothing reads it in pieces", passed=False)
            raise BlockedError(Phase.OUTPUT, (), (lapse,))
        return dict(value)


def _made(chunk: AIMessageChunk, new: Mapping[str, Any]) -> AIMessageChunk:
    from langchain_core.messages import AIMessageChunk

    return AIMessageChunk(
        **new,
        id=chunk.id,
        name=chunk.name,
        usage_metadata=chunk.usage_metadata,
    )


def _last(chunk: AIMessageChunk) -> AIMessageChunk:
    from langchain_core.messages import AIMessageChunk

    content: Any = "" if isinstance(chunk.content, str) else []
    return AIMessageChunk(content=content, id=chunk.id, chunk_position="last")
