"""Chat models of LangChain with a guard around them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from pydantic import Field

from assaymark.errors import UsageError
from assaymark.guard import BlockedError, Guard, Session
from assaymark.integrations.langchain import guarded_model
from guard.conftest import guard_of

from .conftest import CARD, MAIL, PII

HIDDEN = "<EMAIL_ADDRESS>"
CALL = {"name": "mail", "args": {"to": MAIL}, "id": "c1", "type": "tool_call"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}


def bound(kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a caller bound."""
    return {key: each for key, each in kwargs.items() if key not in ("stop", "run_manager")}


class Scripted(BaseChatModel):
    """A model that answers as a test says, and remembers what it saw."""

    answer: Any = None
    pieces: Any = ()
    seen: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        """Bind them as they are."""
        return self.bind(
            tools=[{"type": "function", "name": each.name} for each in tools], **kwargs
        )

    def _generate(self, messages: Any, *_: Any, **kwargs: Any) -> ChatResult:
        self.seen.append((messages, bound(kwargs)))
        return ChatResult(
            generations=[ChatGeneration(message=self.answer, generation_info={"logprobs": [MAIL]})],
        )


class Streaming(Scripted):
    """One that streams."""

    def _stream(self, messages: Any, *_: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        self.seen.append((messages, bound(kwargs)))
        for each in self.pieces:
            message = AIMessageChunk(content=each) if isinstance(each, str) else each
            yield ChatGenerationChunk(message=message, generation_info={"logprobs": [MAIL]})


class Told(BaseCallbackHandler):
    """Remembers what callbacks are told."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.ended: list[Any] = []

    def on_llm_new_token(self, token: Any, **_: Any) -> None:
        """Remember."""
        self.tokens.append(str(token))

    def on_llm_end(self, response: Any, **_: Any) -> None:
        """Remember."""
        self.ended.append(response)


Ask = Callable[[Any, Any, Any], Any]


def _ainvoke(model: Any, given: Any, config: Any) -> Any:
    return asyncio.run(model.ainvoke(given, config))


def _stream(model: Any, given: Any, config: Any) -> Any:
    return list(model.stream(given, config))


def _astream(model: Any, given: Any, config: Any) -> Any:
    async def chunks() -> list[Any]:
        return [each async for each in model.astream(given, config)]

    return asyncio.run(chunks())


INVOKE: dict[str, Ask] = {
    "invoke": lambda model, given, config: model.invoke(given, config),
    "ainvoke": _ainvoke,
}
STREAM: dict[str, Ask] = {"stream": _stream, "astream": _astream}


@pytest.mark.parametrize("how", INVOKE)
def test_both_ways_are_redacted(guard: Guard, how: str) -> None:
    """The model sees no value, the caller none, and callbacks none of the answer."""
    inner, told = Scripted(answer=AIMessage(f"ask {MAIL}", tool_calls=[CALL])), Told()

    answer = INVOKE[how](guarded_model(inner, guard), f"I am {MAIL}", {"callbacks": [told]})

    assert [each.content for each in inner.seen[0][0]] == [f"I am {HIDDEN}"]
    assert (answer.content, answer.tool_calls[0]["args"]) == (f"ask {HIDDEN}", {"to": HIDDEN})
    assert MAIL not in str((answer, told.ended))


@pytest.mark.parametrize("how", STREAM)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_stream_is_redacted_however_it_is_cut(guard: Guard, how: str, size: int) -> None:
    """A value over many chunks leaves neither to the caller nor to callbacks."""
    text, told = f"Write to {MAIL}, now.", Told()
    inner = Streaming(pieces=[text[at : at + size] for at in range(0, len(text), size)])

    chunks = STREAM[how](guarded_model(inner, guard), "hi", {"callbacks": [told]})

    assert "".join(each.content for each in chunks) == f"Write to {HIDDEN}, now."
    assert "".join(told.tokens) == f"Write to {HIDDEN}, now."
    assert MAIL not in str((chunks, told.ended))


@pytest.mark.parametrize("how", STREAM)
def test_arguments_of_tools_are_redacted_over_chunks(guard: Guard, how: str) -> None:
    """Put together they are the call that may be made."""
    pieces = ['{"to": "jo', "hn@exam", 'ple.com"}']
    inner = Streaming(
        pieces=[
            AIMessageChunk(
                content="",
                tool_call_chunks=[
                    {
                        "name": None if n else "mail",
                        "args": each,
                        "id": None if n else "c1",
                        "index": 0,
                    }
                ],
                additional_kwargs={"tool_calls": [{"function": {"arguments": each}}]},
                chunk_position="last" if n == 2 else None,
            )
            for n, each in enumerate(pieces)
        ]
    )

    first, *others = STREAM[how](guarded_model(inner, guard), "hi", {})
    whole = first
    for each in others:
        whole = whole + each

    assert whole.tool_calls == [{**CALL, "args": {"to": HIDDEN}}]
    assert MAIL not in str(whole)


def test_blocks_of_texts_and_reasoning_are_judged(guard: Guard) -> None:
    """Each by its index, in chunks and as a whole; and what models put beside the content."""
    blocks: list[Any] = [
        {"type": "reasoning", "reasoning": f"hm {MAIL}", "index": 0},
        {"type": "text", "text": f"ask {MAIL}", "index": 1, "annotations": [{"t": f"so {MAIL}"}]},
        {"type": "tool_use", "id": "c1", "name": "mail", "input": {"to": MAIL}},
    ]
    more = {"reasoning_content": f"hm {MAIL}"}
    whole = guarded_model(Scripted(answer=AIMessage(blocks, additional_kwargs=more)), guard)
    pieces = [
        AIMessageChunk(content=[{"type": "text", "text": each, "index": 1}, *extra])
        for each, extra in (
            ("ask jo", [{"type": "reasoning", "reasoning": "hm jo", "index": 0}]),
            ("hn@example.com.", [{"type": "reasoning", "reasoning": "hn@example.com", "index": 0}]),
        )
    ]
    pieces += [
        AIMessageChunk(content=[{"type": "input_json_delta", "partial_json": each, "index": 2}])
        for each in ('{"to": "jo', 'hn@example.com"}')
    ]
    pieces.append(AIMessageChunk(content="", additional_kwargs={"reasoning_content": MAIL}))
    streamed = guarded_model(Streaming(pieces=pieces), guard)

    answer: Any = whole.invoke("hi")
    first, *others = list(streamed.stream("hi"))
    joined = first
    for each in others:
        joined = joined + each

    assert answer.content == [
        {"type": "reasoning", "reasoning": f"hm {HIDDEN}", "index": 0},
        {
            "type": "text",
            "text": f"ask {HIDDEN}",
            "index": 1,
            "annotations": [{"t": f"so {HIDDEN}"}],
        },
        {"type": "tool_use", "id": "c1", "name": "mail", "input": {"to": HIDDEN}},
    ]
    assert answer.additional_kwargs == {"reasoning_content": f"hm {HIDDEN}"}
    texts: dict[str, str] = {}
    for block in joined.content:
        for key in ("text", "reasoning", "partial_json"):
            if isinstance(block, dict) and key in block:
                texts[key] = texts.get(key, "") + str(block[key])
    assert texts == {
        "text": f"ask {HIDDEN}.",
        "reasoning": f"hm {HIDDEN}",
        "partial_json": f'{{"to": "{HIDDEN}"}}',
    }
    assert joined.additional_kwargs == {"reasoning_content": HIDDEN}


def test_every_kind_of_message_goes_in_judged(guard: Guard) -> None:
    """System, earlier calls and results of tools, blocks, names and what else they hold."""
    inner = Scripted(answer=AIMessage("ok"))
    messages: list[BaseMessage] = [
        SystemMessage(f"you are {MAIL}"),
        HumanMessage([f"a {MAIL}", {"type": "text", "text": MAIL}], name=f"{MAIL}"),
        AIMessage("", tool_calls=[CALL], additional_kwargs={"x": f"see {MAIL}"}),
        ToolMessage(f"sent to {MAIL}", tool_call_id="c1"),
    ]

    guarded_model(inner, guard).invoke(messages)

    system, human, ai, result = inner.seen[0][0]
    assert system.content == f"you are {HIDDEN}"
    assert human.content == [f"a {HIDDEN}", {"type": "text", "text": HIDDEN}]
    assert human.name == HIDDEN
    assert (ai.tool_calls[0]["args"], ai.additional_kwargs) == (
        {"to": HIDDEN},
        {"x": f"see {HIDDEN}"},
    )
    assert result.content == f"sent to {HIDDEN}"
    assert messages[0].content == f"you are {MAIL}"


def test_what_nobody_minds_stays_the_same_object(guard: Guard) -> None:
    """A message is not made anew for nothing."""
    inner = Scripted(answer=AIMessage("fine"))
    message = HumanMessage("hello")

    answer = guarded_model(inner, guard).invoke([message])

    assert inner.seen[0][0][0] is message
    assert answer.content == "fine"


@pytest.mark.parametrize("how", [*INVOKE, *STREAM])
def test_a_blocked_input_is_not_sent(guard: Guard, how: str) -> None:
    """It raises, or the user's text is the answer."""
    inner = Streaming(answer=AIMessage("x"), pieces=["x"])
    ask = {**INVOKE, **STREAM}[how]

    with pytest.raises(BlockedError) as caught:
        ask(guarded_model(inner, guard), f"pay {CARD}", {})
    instead = ask(guarded_model(inner, guard, on_block="No."), f"pay {CARD}", {})

    assert {each.entity for each in caught.value.findings} == {"CREDIT_CARD"}
    assert inner.seen == []
    text = instead.content if how in INVOKE else "".join(each.content for each in instead)
    assert text == "No."


@pytest.mark.parametrize("how", [*INVOKE, *STREAM])
def test_a_blocked_answer_does_not_come(guard: Guard, how: str) -> None:
    """Of a stream what stands before it does."""
    inner = Streaming(answer=AIMessage(f"pay {CARD}"), pieces=["pay 4111 11", "11 1111 1111", "."])
    ask = {**INVOKE, **STREAM}[how]

    with pytest.raises(BlockedError) as caught:
        ask(guarded_model(inner, guard), "hi", {})
    instead = ask(guarded_model(inner, guard, on_block=" ..."), "hi", {})

    assert caught.value.phase.value == "output"
    assert {each.entity for each in caught.value.findings} == {"CREDIT_CARD"}
    text = instead.content if how in INVOKE else "".join(each.content for each in instead)
    assert text == (" ..." if how in INVOKE else "pay  ...")


@pytest.mark.parametrize(
    "content",
    [
        [IMAGE],
        [{"type": "text", "text": "a"}, {"type": "audio", "data": "AA=="}],
    ],
)
def test_what_nothing_reads_is_blocked_or_passes(content: Any, guard: Guard) -> None:
    """As the policy says."""
    inner = Scripted(answer=AIMessage("ok"))
    lenient = guard_of("{uninspected: allow, input: [{detector: pii, do: redact}]}", detectors=PII)

    with pytest.raises(BlockedError):
        guarded_model(inner, guard).invoke([HumanMessage(content)])
    with lenient:
        guarded_model(inner, lenient).invoke([HumanMessage(content)])

    assert inner.seen[0][0][0].content == content


def test_what_can_be_read_beside_what_nothing_reads_is_judged() -> None:
    """Where the rest of a block may pass: its bytes go on as they are."""
    inner = Scripted(answer=AIMessage("ok"))
    block = {"type": "file", "data": b"\x00\x01", "filename": "john@example.com", "id": "f_1"}
    lenient = guard_of("{uninspected: allow, input: [{detector: pii, do: redact}]}", detectors=PII)

    with lenient:
        guarded_model(inner, lenient).invoke([HumanMessage([block])])

    assert inner.seen[0][0][0].content == [{**block, "filename": "<EMAIL_ADDRESS>"}]


def test_odd_pieces_of_a_stream_are_blocked_or_pass(guard: Guard) -> None:
    """What is neither text nor structure cannot be judged piece by piece."""
    pieces = [AIMessageChunk(content=[{"type": "odd", "value": "some words"}])]
    rules = "[{detector: pii, do: redact}]"
    lenient = guard_of(f"{{uninspected: allow, output: {rules}}}", detectors=PII)

    with pytest.raises(BlockedError) as caught:
        list(guarded_model(Streaming(pieces=pieces), guard).stream("hi"))
    with lenient:
        chunks = list(guarded_model(Streaming(pieces=pieces), lenient).stream("hi"))

    assert [each.reason for each in caught.value.unjudged] == ["nothing reads it in pieces"]
    assert chunks[0].content == [{"type": "odd", "value": "some words"}]


@tool
def look_up(name: str) -> str:
    """Look somebody up."""
    return name


def test_tools_stay_bound_and_are_judged(guard: Guard) -> None:
    """Whether they were bound before or after."""
    inner = Scripted(answer=AIMessage("", tool_calls=[CALL]))
    before = guarded_model(inner.bind_tools([look_up], hint=f"ask {MAIL}"), guard)
    after = guarded_model(inner, guard).bind_tools([look_up])

    answers = [before.invoke("hi"), after.invoke("hi")]

    assert [each.tool_calls[0]["args"] for each in answers] == [{"to": HIDDEN}] * 2
    assert inner.seen[0][1] == {
        "tools": [{"type": "function", "name": "look_up"}],
        "hint": f"ask {HIDDEN}",
    }
    assert inner.seen[1][1] == {"tools": [{"type": "function", "name": "look_up"}]}


def test_it_is_a_link_of_a_chain(guard: Guard) -> None:
    """Like any other model, also one that does not stream, and one of LangChain's own."""
    chain = guarded_model(Scripted(answer=AIMessage(f"ask {MAIL}")), guard) | StrOutputParser()
    fake = GenericFakeChatModel(messages=iter([f"ask {MAIL} now"]))

    assert chain.invoke("hi") == f"ask {HIDDEN}"
    assert "".join(chain.stream("hi")) == f"ask {HIDDEN}"
    assert chain.batch(["hi", f"I am {MAIL}"]) == [f"ask {HIDDEN}"] * 2
    assert "".join(each.content for each in guarded_model(fake, guard).stream("hi")) == (
        f"ask {HIDDEN} now"
    )


def test_a_model_without_a_stream_of_its_own_streams_its_calls(guard: Guard) -> None:
    """In one chunk, also off the event loop."""
    inner = Scripted(answer=AIMessage(f"ask {MAIL}", tool_calls=[CALL]))

    for ask in STREAM.values():
        first, *others = ask(guarded_model(inner, guard), "hi", {})
        whole = first
        for each in others:
            whole = whole + each
        assert (whole.content, whole.tool_calls[0]["args"]) == (f"ask {HIDDEN}", {"to": HIDDEN})


def test_a_model_that_streams_asynchronously_only_is_guarded(guard: Guard) -> None:
    """There the asynchronous stream is asked."""

    class Async(Scripted):
        async def _astream(self, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
            for each in ("a jo", "hn@example.com b"):
                yield ChatGenerationChunk(message=AIMessageChunk(content=each))

    chunks = _astream(guarded_model(Async(), guard), "hi", {})

    assert "".join(each.content for each in chunks) == f"a {HIDDEN} b"


def test_pseudonyms_come_back(tmp_path: Path) -> None:
    """Within the session of the call."""
    rules = "[{detector: pii, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"

    class Echo(Scripted):
        def _generate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
            self.seen.append(messages)
            return ChatResult(generations=[ChatGeneration(message=AIMessage(messages[0].content))])

    inner = Echo()
    with guard_of(f"{{input: {rules}, output: {rules}}}", vault=tmp_path / "v") as guard:
        model = guarded_model(inner, guard, session=lambda: Session("acme", "1"))
        answer = model.invoke(f"I am {MAIL}")

    assert MAIL not in inner.seen[0][0].content
    assert answer.content == f"I am {MAIL}"


def test_cached_answers_belong_to_a_policy(guard: Guard) -> None:
    """Under another one they are other answers."""
    model = guarded_model(Scripted(answer=AIMessage("ok")), guard)

    assert guard.policy in model._get_llm_string()
    assert model._llm_type == "guarded-scripted"


def test_what_is_no_model_is_refused(guard: Guard) -> None:
    """Nothing is guarded by halves."""
    with pytest.raises(UsageError) as caught:
        guarded_model(StrOutputParser(), guard)

    assert caught.value.message == "a `StrOutputParser` is no chat model of LangChain"


def test_without_langchain_the_install_line_is_named() -> None:
    """And nothing else of the package needs it."""
    code = (
        "import sys; sys.modules['langchain_core'] = None\n"
        "import assaymark.integrations.openai_client\n"
        "from assaymark.errors import MissingExtraError\n"
        "try:\n    import assaymark.integrations.langchain\n"
        "except MissingExtraError as error: print(error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "pip install 'assaymark[langchain]'\n"
    assert json.dumps(done.stderr) == '""'


_TEXT = f"Write to {MAIL}, she knows; or to {MAIL}."


@settings(max_examples=60)
@given(
    st.sets(st.integers(1, len(_TEXT) - 1), max_size=12),
    st.sampled_from(["text", "blocks", "tool", "reasoning_content"]),
)
def test_the_law_of_streams_holds_for_chunks(guard: Guard, cuts: set[int], kind: str) -> None:
    """However a text is cut, in whichever part of a chunk it comes, there is one outcome."""
    text = _TEXT if kind != "tool" else json.dumps({"to": _TEXT})
    places = [0, *sorted(cuts), len(text)]
    pieces = [_chunk_of(text[a:b], kind) for a, b in pairwise(places)]

    chunks = list(guarded_model(Streaming(pieces=pieces), guard).stream("hi"))

    seen = "".join(_piece_in(each, kind) for each in chunks)
    expected = _TEXT.replace(MAIL, HIDDEN)
    assert seen == (json.dumps({"to": expected}) if kind == "tool" else expected)


def _chunk_of(text: str, kind: str) -> AIMessageChunk:
    if kind == "blocks":
        return AIMessageChunk(content=[{"type": "text", "text": text, "index": 0}])
    if kind == "tool":
        call = {"name": None, "args": text, "id": None, "index": 0}
        return AIMessageChunk(content="", tool_call_chunks=[call])
    if kind == "text":
        return AIMessageChunk(content=text)
    return AIMessageChunk(content="", additional_kwargs={kind: text})


def _piece_in(chunk: AIMessageChunk, kind: str) -> str:
    if kind == "tool":
        return "".join(each["args"] or "" for each in chunk.tool_call_chunks)
    if kind == "blocks":
        return "".join(each["text"] for each in chunk.content if isinstance(each, dict))
    return str(chunk.content if kind == "text" else chunk.additional_kwargs.get(kind, ""))
