"""Functions behind the guard: what they see, and what their callers get."""

from __future__ import annotations

import asyncio
import inspect
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from assaymark.errors import UsageError
from assaymark.guard import BlockedError, Phase, Session, guarded

from .conftest import MakeGuard, scripted

CARD, MAIL = "4111 1111 1111 1111", "john@example.com"
SECTION = (
    "{input: [{detector: pii, do: redact}, {detector: pii, do: block, entities: [CREDIT_CARD]}],"
    " output: [{detector: pii, do: redact}, {detector: pii, do: block, entities: [CREDIT_CARD]}]}"
)


def plain(text: str) -> str:
    """Return what came."""
    return f"{text} or a@b.org"


async def coroutine(text: str) -> str:
    """Return what came, later."""
    await asyncio.sleep(0)
    return plain(text)


def generator(text: str) -> Iterator[str]:
    """Yield what came, character by character."""
    yield from plain(text)


async def async_generator(text: str) -> AsyncIterator[str]:
    """Yield what came, character by character, later."""
    for each in plain(text):
        yield each


def iterator(text: str) -> Iterator[str]:
    """Return an iterator that is no generator."""
    return iter(plain(text))


def async_iterator(text: str) -> AsyncIterator[str]:
    """Return an asynchronous iterator from a function that is not."""
    return async_generator(text)


async def later_iterator(text: str) -> AsyncIterator[str]:
    """Return an asynchronous iterator, later."""
    return async_generator(text)


KINDS = [
    plain, coroutine, generator, async_generator, iterator, async_iterator, later_iterator,
]  # fmt: skip
kinds = pytest.mark.parametrize("function", KINDS, ids=lambda each: each.__name__)


def called(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Return all that comes out of a call, whatever kind of function it is."""

    async def all_of_it() -> str:
        result = function(*args, **kwargs)
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, AsyncIterator):
            return "".join([each async for each in result])
        return result if isinstance(result, str) else "".join(result)

    return asyncio.run(all_of_it())


@kinds
def test_both_ways_are_judged(make: MakeGuard, function: Callable[..., Any]) -> None:
    """What goes in, before the function sees it, and what comes out, also in pieces."""
    seen = []

    guard = make(SECTION)
    decorated = guarded(guard)(function)
    watched = guarded(guard)(lambda text: seen.append(text) or "ok")
    watched(f"to {MAIL}")

    assert called(decorated, f"to {MAIL}") == "to <EMAIL_ADDRESS> or <EMAIL_ADDRESS>"
    assert seen == ["to <EMAIL_ADDRESS>"]


@kinds
def test_a_blocked_input_raises(make: MakeGuard, function: Callable[..., Any]) -> None:
    """Without what was blocked in it."""
    with pytest.raises(BlockedError) as raised:
        called(guarded(make(SECTION))(function), f"pay {CARD}")

    assert raised.value.message == "the input was blocked by the policy"
    assert raised.value.phase is Phase.INPUT
    assert {each.entity for each in raised.value.findings} >= {"CREDIT_CARD"}
    assert raised.value.__cause__ is None


def test_why_it_is_blocked_is_said(make: MakeGuard) -> None:
    """For what it says, or because somebody, or nobody, could judge it."""

    def judge(text: str) -> Any:
        if "odd" in text:
            raise ValueError(text)
        return [(0, 3, "WORD")] if "bad" in text else []

    guard = make("{input: [{detector: scripted, do: block}]}", extra={"scripted": scripted(judge)})
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,a"}}]}
    given: list[Any] = [
        "bad", "odd", [image], [{"role": "user", "content": "odd"}, {"role": "user", "content": "bad"}],
    ]  # fmt: skip

    said = []
    for each in given:
        with pytest.raises(BlockedError) as raised:
            guarded(guard)(lambda prompt: f"{prompt}")(each)
        said.append((raised.value.message, raised.value.blocked_unjudged))

    assert said == [
        ("the input was blocked by the policy", False),
        ("the input was blocked by the policy: `scripted` could not judge it", True),
        ("the input was blocked by the policy: nothing could judge all of it", True),
        ("the input was blocked by the policy", False),
    ]


@kinds
def test_a_blocked_input_is_answered(make: MakeGuard, function: Callable[..., Any]) -> None:
    """With the text that the user chose, in the form that the function has."""
    decorated = guarded(make(SECTION), on_block="I cannot.")(function)

    assert called(decorated, f"pay {CARD}") == "I cannot."


@pytest.mark.parametrize("on_block", [None, "[cut]"])
def test_a_blocked_output(make: MakeGuard, on_block: str | None) -> None:
    """It raises or is replaced; of a stream the text before it has left, and its function is ended."""
    ended = []

    def pieces() -> Iterator[str]:
        try:
            yield from f"Now pay {CARD} and more"
        finally:
            ended.append("sync")

    async def later() -> AsyncIterator[str]:
        try:
            for each in f"Now pay {CARD} and more":
                yield each
        finally:
            ended.append("async")

    async def drained(source: AsyncIterator[str], into: list[str]) -> None:
        async for each in source:
            into.append(each)  # noqa: PERF401 - what came before an error counts

    guard = make(SECTION)
    left: list[str] = []
    left_later: list[str] = []

    def all_kinds() -> None:
        decorate = guarded(guard, on_block=on_block)
        whole = decorate(lambda: f"Now pay {CARD}")
        runs = [
            lambda: left.extend(decorate(pieces)()),
            lambda: asyncio.run(drained(decorate(later)(), left_later)),
            whole,
        ]
        for run in runs:
            if on_block is None:
                with pytest.raises(BlockedError, match="the output was blocked by the policy"):
                    run()
            else:
                run()

    all_kinds()

    assert "".join(left) == "".join(left_later) == "Now pay " + (on_block or "")
    assert ended == ["sync", "async"]


def test_who_stops_in_the_middle_ends_the_function(make: MakeGuard) -> None:
    """As without the guard."""
    ended = []

    def pieces() -> Iterator[str]:
        try:
            while True:
                yield "and so on "
        finally:
            ended.append("sync")

    async def later() -> AsyncIterator[str]:
        try:
            while True:
                yield "and so on "
        finally:
            ended.append("async")

    async def first() -> None:
        source: Any = guarded(make(SECTION))(later)()
        await anext(source)
        await source.aclose()

    source: Any = guarded(make(SECTION))(pieces)()
    next(source)
    source.close()
    asyncio.run(first())

    assert ended == ["sync", "async"]


def test_every_text_among_the_arguments_is_judged(make: MakeGuard) -> None:
    """By place, by name, by default, in `*` and `**`, and chat messages; what is no text is left alone."""
    seen = []

    def function(
        first: Any, *rest: Any, named: str = MAIL, number: float = 1.0, **others: Any
    ) -> str:
        seen.append((first, rest, named, number, others))
        return "ok"

    message = {"role": "user", "content": MAIL}

    guarded(make(SECTION))(function)([message], MAIL, 7, other=MAIL)

    gone = "<EMAIL_ADDRESS>"
    expected = ([{"role": "user", "content": gone}], (gone, 7), gone, 1.0, {"other": gone})
    assert seen == [expected]
    assert message["content"] == MAIL


def test_named_inputs_are_judged_and_no_others(make: MakeGuard) -> None:
    """A method's own object is no input."""

    class Bot:
        @guarded(make(SECTION), inputs=["text"])
        def answer(self, text: str, where: str) -> str:
            return f"{text == MAIL} {where == MAIL}"

    assert Bot().answer(MAIL, MAIL) == "False True"


def test_methods_are_functions(make: MakeGuard) -> None:
    """Without names, too; and frameworks still see what kind of function it is."""

    class Bot:
        @guarded(make(SECTION))
        async def answer(self, text: str) -> str:
            return text

    assert inspect.iscoroutinefunction(Bot.answer)
    assert inspect.isasyncgenfunction(guarded(make(SECTION))(async_generator))
    assert asyncio.run(Bot().answer(MAIL)) == "<EMAIL_ADDRESS>"
    assert str(inspect.signature(Bot.answer)) == "(self, text: 'str') -> 'str'"


def test_a_session_restores(make: MakeGuard, tmp_path: Any) -> None:
    """One for all calls, or one that each call asks for."""
    section = (
        "{input: [{detector: pii, do: redact, with: pseudonym}],"
        " output: [{detector: pii, do: redact, with: pseudonym}]}"
    )
    guard = make(section, vault=tmp_path / "vault")
    seen = []

    def echo(text: str) -> Iterator[str]:
        seen.append(text)
        yield from text

    session = Session("acme", "7")

    for each in (session, lambda: session):
        assert called(guarded(guard, session=each)(echo), f"to {MAIL}") == f"to {MAIL}"
    assert MAIL not in seen[0]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("result", [None, 7, {"text": "a"}, [CARD], iter([7]), b"a"])
def test_what_is_no_text_does_not_come_out(make: MakeGuard, result: Any) -> None:
    """Nothing judged it."""

    def function() -> Any:
        return result

    with pytest.raises(UsageError) as raised:
        list(guarded(make(SECTION))(function)())

    kind = "int" if isinstance(result, Iterator) else type(result).__name__
    name = "test_what_is_no_text_does_not_come_out.<locals>.function"
    assert raised.value.message == f"`{name}` gave a `{kind}`, expected text or its pieces"


def test_an_input_that_is_named_must_be_one(make: MakeGuard) -> None:
    """Found when the function is decorated, or when it is called."""
    guard = make(SECTION)

    with pytest.raises(UsageError) as unknown:
        guarded(guard, inputs=["prompt"])(plain)
    with pytest.raises(UsageError) as number:
        guarded(guard, inputs=["text"])(plain)(7)  # type: ignore[arg-type]

    assert unknown.value.message == "`plain` has no parameter `prompt`"
    assert number.value.message == "`text` of `plain` is neither a text nor a list of messages"


def test_the_error_travels_between_processes(make: MakeGuard) -> None:
    """With what was found, and without content."""
    with pytest.raises(BlockedError) as raised:
        guarded(make(SECTION))(plain)(CARD)

    sent = pickle.dumps(raised.value)
    found = pickle.loads(sent)

    assert (found.phase, found.findings) == (Phase.INPUT, raised.value.findings)
    assert b"4111" not in sent
