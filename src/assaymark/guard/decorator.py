"""
The guard around a function: texts go in, a text or pieces of one come out.

    @guarded(guard)
    def answer(prompt: str) -> Iterator[str]: ...

* The function sees what may go in; its caller gets what may come out. Pieces leave as far as they are final.
* What is blocked raises, or ends with the text that the user chose for it. What was blocked is in neither.
* What comes out and is no text is refused: nothing judged it.

tests/guard/test_decorator.py
"""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Iterator,
    Mapping,
)
from contextlib import aclosing
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from assaymark.errors import UsageError
from assaymark.guard.blocking import BlockedError
from assaymark.guard.guard import Guard
from assaymark.guard.sessions import Session
from assaymark.guard.verdict import Checked, Verdict
from assaymark.policy.guarding import Phase

P = ParamSpec("P")
R = TypeVar("R")


def guarded(
    guard: Guard,
    *,
    inputs: Collection[str] | None = None,
    session: Session | Callable[[], Session | None] | None = None,
    on_block: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for functions that take texts and return one, or an iterator of its pieces.

    It is for functions and methods, also asynchronous ones and generators. A function that is not
    asynchronous is judged on the thread that calls it.

    Args:
        guard: The guard.
        inputs: Names of the parameters that are judged: texts, or chat messages. By default all arguments
            that are one of both.
        session: Whose pseudonyms are used, or what says that for each call.
        on_block: Returned instead of what is blocked, or as the last piece; by default that raises.

    Raises:
        UsageError: The function has no parameter of a name in `inputs`; later, an argument there is neither
            text nor messages, or what comes out is no text.
        BlockedError: Later, from the function: something was blocked, and there is no `on_block`.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return cast(
            "Callable[P, R]", _Guarded(function, guard, inputs, session, on_block).wrapper()
        )

    return decorate


class _Guarded:
    def __init__(
        self,
        function: Callable[..., Any],
        guard: Guard,
        inputs: Collection[str] | None,
        session: Session | Callable[[], Session | None] | None,
        on_block: str | None,
    ) -> None:
        self._function, self._guard, self._on_block = function, guard, on_block
        self._signature = inspect.signature(function)
        self._session_of = session
        self._inputs = None if inputs is None else frozenset(inputs)
        for each in sorted((self._inputs or frozenset()) - set(self._signature.parameters)):
            raise UsageError(f"`{_name(function)}` has no parameter `{each}`")

    def wrapper(self) -> Callable[..., Any]:
        function = self._function
        if inspect.isasyncgenfunction(function):
            wrapper: Callable[..., Any] = self._call_async_generator
        elif inspect.iscoroutinefunction(function):
            wrapper = self._call_coroutine
        else:
            wrapper = self._call
        # A method of ours would be called with our object; and frameworks ask what kind of function it is.
        return wraps(function)(_function_like(wrapper, function))

    # -- the kinds of functions

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        call, session = self._bound(args, kwargs), self._session()
        for place, messages in self._judged(call):
            checked = self._guard.check(messages, Phase.INPUT, session=session)
            if checked.verdict is Verdict.BLOCK:
                return self._blocked(checked)
            place(checked)
        result = self._function(*call.args, **call.kwargs)
        if isinstance(result, AsyncIterator):
            return self._pieces_async(result, session)
        if isinstance(result, Iterator):
            return self._pieces(result, session)
        checked = self._guard.check(self._answer(result), Phase.OUTPUT, session=session)
        return self._blocked(checked) if checked.verdict is Verdict.BLOCK else _text(checked)

    async def _call_coroutine(self, *args: Any, **kwargs: Any) -> Any:
        call, session = self._bound(args, kwargs), self._session()
        checked = await self._judge_inputs(call, session)
        if checked is not None:
            return self._blocked(checked)
        result = await self._function(*call.args, **call.kwargs)
        if isinstance(result, AsyncIterator):
            return self._pieces_async(result, session)
        checked = await self._guard.acheck(self._answer(result), Phase.OUTPUT, session=session)
        return self._blocked(checked) if checked.verdict is Verdict.BLOCK else _text(checked)

    async def _call_async_generator(self, *args: Any, **kwargs: Any) -> AsyncGenerator[str, None]:
        call, session = self._bound(args, kwargs), self._session()
        checked = await self._judge_inputs(call, session)
        if checked is not None:
            yield self._blocked(checked)
            return
        pieces = self._pieces_async(self._function(*call.args, **call.kwargs), session)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    # -- what goes in

    def _bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        call = self._signature.bind(*args, **kwargs)
        call.apply_defaults()
        return call

    def _session(self) -> Session | None:
        session = self._session_of
        return session() if callable(session) else session

    async def _judge_inputs(
        self, call: inspect.BoundArguments, session: Session | None
    ) -> Checked | None:
        """Put what may go in into `call`; return what was said of that which may not."""
        for place, messages in self._judged(call):
            checked = await self._guard.acheck(messages, Phase.INPUT, session=session)
            if checked.verdict is Verdict.BLOCK:
                return checked
            place(checked)
        return None

    def _judged(
        self, call: inspect.BoundArguments
    ) -> Iterator[tuple[Callable[[Checked], None], list[Mapping[str, Any]]]]:
        """Yield each input as messages, with what puts it back."""
        for name, kind in self._signature.parameters.items():
            value = call.arguments[name]
            if self._inputs is not None and name not in self._inputs:
                continue
            if kind.kind is kind.VAR_POSITIONAL:
                items = list(value)
                call.arguments[name] = items
                for index, each in enumerate(items):
                    yield from self._input(name, each, items, index)
            elif kind.kind is kind.VAR_KEYWORD:
                for key in value:
                    yield from self._input(name, value[key], value, key)
            else:
                yield from self._input(name, value, call.arguments, name)

    def _input(
        self, name: str, value: Any, target: Any, key: Any
    ) -> Iterator[tuple[Callable[[Checked], None], list[Mapping[str, Any]]]]:
        if isinstance(value, str):
            messages: list[Mapping[str, Any]] = [{"role": "user", "content": value}]
        elif _are_messages(value):
            messages = list(value)
        elif self._inputs is None:
            return
        else:
            raise UsageError(
                f"`{name}` of `{_name(self._function)}` is neither a text nor a list of messages"
            )

        def place(checked: Checked) -> None:
            target[key] = _text(checked) if isinstance(value, str) else list(checked.messages)

        yield place, messages

    # -- what comes out

    def _answer(self, result: Any) -> list[Mapping[str, Any]]:
        if isinstance(result, str):
            return [{"role": "assistant", "content": result}]
        raise UsageError(
            f"`{_name(self._function)}` gave a `{type(result).__name__}`, expected text or its pieces"
        )

    def _blocked(self, said: Any) -> str:
        if self._on_block is None:
            raise BlockedError(said.phase, said.findings, said.unjudged)
        return self._on_block

    def _pieces(self, pieces: Iterator[Any], session: Session | None) -> Generator[str, None, None]:
        stream = self._guard.stream(Phase.OUTPUT, session=session)
        try:
            for piece in pieces:
                self._answer(piece)
                if left := stream.feed(piece):
                    yield left
                if stream.blocked:
                    break
            if left := stream.finish():
                yield left
            if stream.blocked:
                yield self._blocked(stream)
        finally:
            if isinstance(pieces, Generator):
                pieces.close()

    async def _pieces_async(
        self, pieces: AsyncIterator[Any], session: Session | None
    ) -> AsyncGenerator[str, None]:
        stream = self._guard.stream(Phase.OUTPUT, session=session)
        try:
            async for piece in pieces:
                self._answer(piece)
                if left := await stream.afeed(piece):
                    yield left
                if stream.blocked:
                    break
            if left := await stream.afinish():
                yield left
            if stream.blocked:
                yield self._blocked(stream)
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()


def _function_like(wrapper: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function, of the same kind as `function`, that calls `wrapper`."""
    if inspect.isasyncgenfunction(function):

        async def pieces(*args: Any, **kwargs: Any) -> AsyncGenerator[str, None]:
            # Whoever stops in the middle ends the function, too.
            async with aclosing(wrapper(*args, **kwargs)) as guarded_pieces:
                async for each in guarded_pieces:
                    yield each

        return pieces
    if inspect.iscoroutinefunction(function):

        async def answer(*args: Any, **kwargs: Any) -> Any:
            return await wrapper(*args, **kwargs)

        return answer

    def call(*args: Any, **kwargs: Any) -> Any:
        return wrapper(*args, **kwargs)

    return call


def _are_messages(value: Any) -> bool:
    is_list = isinstance(value, list | tuple) and bool(value)
    return is_list and all(isinstance(each, Mapping) and "role" in each for each in value)


def _text(checked: Checked) -> str:
    return str(checked.messages[0]["content"])


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", type(function).__name__)
