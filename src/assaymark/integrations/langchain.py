"""
A chat model of LangChain with a guard around it, which is a chat model itself.

    model = guarded_model(init_chat_model("..."), guard)
    model.invoke("..."); model.stream("..."); model.bind_tools([...])

* The model inside sees what may go in; callers, callbacks and tracers of the guarded one get what may come
  out.
* It is asked without callbacks of its own, since these would be told what nobody has judged yet.
* What is blocked raises `BlockedError`, or is replaced by the text that the user chose.

tests/integrations/test_langchain.py
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Any

from assaymark.errors import MissingExtraError, UsageError
from assaymark.guard.blocking import BlockedError
from assaymark.guard.guard import Guard
from assaymark.guard.sessions import Session
from assaymark.integrations.langchain_call import Call, chunk_of
from assaymark.integrations.langchain_messages import without_repeats
from assaymark.integrations.langchain_stream import ChunkStream

try:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
    from langchain_core.runnables import RunnableBinding
except ImportError:
    raise MissingExtraError("a guarded model of LangChain", extra="langchain") from None

from pydantic import ConfigDict, Field

SessionOf = Session | Callable[[], Session | None] | None


def guarded_model(
    model: Any, guard: Guard, *, session: SessionOf = None, on_block: str | None = None
) -> GuardedChatModel:
    """Return a chat model like `model` whose input and output a guard judges.

    Args:
        model: A chat model, also one with bound arguments, such as tools.
        guard: The guard; whoever made it closes it.
        session: Whose pseudonyms are used, or what says that for each call.
        on_block: Answered instead of what is blocked; by default that raises `BlockedError`.

    Raises:
        UsageError: It is no chat model.
    """
    bound: dict[str, Any] = {}
    while isinstance(model, RunnableBinding):
        bound = {**model.kwargs, **bound}
        model = model.bound
    if not isinstance(model, BaseChatModel):
        raise UsageError(f"a `{type(model).__name__}` is no chat model of LangChain")
    return GuardedChatModel(
        inner=model,
        guard=guard,
        session=session,
        on_block=on_block,
        bound=bound,
        profile=getattr(model, "profile", None),
    )


class GuardedChatModel(BaseChatModel):
    """A chat model behind a guard. Made by `guarded_model`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    inner: BaseChatModel
    guard: Any
    session: Any = None
    on_block: str | None = None
    bound: dict[str, Any] = Field(default_factory=dict)
    """Arguments of every call."""

    @property
    def _llm_type(self) -> str:
        return f"guarded-{self.inner._llm_type}"  # noqa: SLF001 - LangChain's interface between models

    @property
    def _identifying_params(self) -> dict[str, Any]:
        # Answers that were cached under another policy are no answers.
        return {**self.inner._identifying_params, "assaymark": self.guard.policy}  # noqa: SLF001

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        """Return the same with tools, in the form that the model inside wants."""
        made = self.inner.bind_tools(tools, **kwargs)
        return self.bind(**getattr(made, "kwargs", {}))

    # -- LangChain's interface of models

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,  # noqa: ARG002 - not passed on, see above
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, kwargs)
        try:
            call.judge_input()
            result = self.inner._generate(call.messages, stop=stop, **call.kwargs)  # noqa: SLF001
            return call.judged(result)
        except BlockedError as error:
            return self._instead(error)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, kwargs)
        try:
            await self.guard.off_loop(call.judge_input)
            result = await self.inner._agenerate(call.messages, stop=stop, **call.kwargs)  # noqa: SLF001
            made: ChatResult = await self.guard.off_loop(partial(call.judged, result))
        except BlockedError as error:
            return self._instead(error)
        return made

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._call(messages, kwargs)
        try:
            call.judge_input()
            stream = ChunkStream(self.guard, call.session)
            for chunk in _chunks(self.inner, call.messages, stop, call.kwargs):
                yield from _generated(stream.feed(chunk_of(chunk)), chunk)
                if stream.blocked:
                    break
            yield from _generated(stream.finish())
            if stream.blocked:
                raise stream.error()
        except BlockedError as error:
            yield from _generated([self._instead_chunk(error)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = self._call(messages, kwargs)
        off_loop = self.guard.off_loop
        try:
            await off_loop(call.judge_input)
            stream = ChunkStream(self.guard, call.session)
            async for chunk in _achunks(self.inner, call.messages, stop, call.kwargs):
                for each in _generated(
                    await off_loop(partial(stream.feed, chunk_of(chunk))), chunk
                ):
                    yield each
                if stream.blocked:
                    break
            for each in _generated(await off_loop(stream.finish)):
                yield each
            if stream.blocked:
                raise stream.error()
        except BlockedError as error:
            for each in _generated([self._instead_chunk(error)]):
                yield each

    def _call(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> Call:
        session = self.session() if callable(self.session) else self.session
        return Call(self.guard, session, messages, {**self.bound, **kwargs})

    # -- what is blocked

    def _instead(self, error: BlockedError) -> ChatResult:
        if self.on_block is None:
            raise error
        message = AIMessage(self.on_block, response_metadata={"finish_reason": "content_filter"})
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _instead_chunk(self, error: BlockedError) -> AIMessageChunk:
        if self.on_block is None:
            raise error
        return AIMessageChunk(
            content=self.on_block, response_metadata={"finish_reason": "content_filter"}
        )


def _chunks(model: Any, messages: Any, stop: Any, kwargs: Any) -> Iterator[Any]:
    if type(model)._stream is BaseChatModel._stream:  # noqa: SLF001
        yield from model._generate(messages, stop=stop, **kwargs).generations  # noqa: SLF001
    else:
        yield from model._stream(messages, stop=stop, **kwargs)  # noqa: SLF001


async def _achunks(model: Any, messages: Any, stop: Any, kwargs: Any) -> AsyncIterator[Any]:
    kind = type(model)
    # The asynchronous default asks the other one.
    if kind._stream is BaseChatModel._stream and kind._astream is BaseChatModel._astream:  # noqa: SLF001
        result = await model._agenerate(messages, stop=stop, **kwargs)  # noqa: SLF001
        for each in result.generations:
            yield each
    else:
        async for each in model._astream(messages, stop=stop, **kwargs):  # noqa: SLF001
            yield each


def _generated(messages: Sequence[AIMessageChunk], of: Any = None) -> Iterator[ChatGenerationChunk]:
    info = without_repeats(getattr(of, "generation_info", None) or {})
    for n, each in enumerate(messages):
        is_last = n == len(messages) - 1
        yield ChatGenerationChunk(message=each, generation_info=info if is_last and info else None)
