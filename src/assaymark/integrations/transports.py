"""
Transports for HTTP clients of the httpx family that pass every request through a guard.

A client asks through the transport, the transport through the HTTP client that the user made, with all that
is set there: proxies, certificates, limits. Which library that client is of plays no part.

tests/integrations/test_openai_client.py
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

from assaymark.errors import UsageError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.integrations.passage import Passage, Rules

T = TypeVar("T")

_OF_THE_BYTES = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_NOT_AGAIN = {"content-type": "application/json", "x-should-retry": "false"}
"""Of an answer that is ours: the same request would be answered alike."""


def guarded_http_client(inner: Any, rules: Rules) -> Any:
    """Return an HTTP client that asks through `inner`, and through a guard.

    Args:
        inner: A `Client` or `AsyncClient` of httpx, or of a library with its interface.
        rules: What holds.

    Raises:
        UsageError: It is none.
    """
    for kind in type(inner).__mro__:
        library = sys.modules.get(kind.__module__.partition(".")[0])
        if kind.__name__ == "Client" and hasattr(library, "BaseTransport"):
            return _client(library, "Client", _Transport, "BaseTransport", inner, rules)
        if kind.__name__ == "AsyncClient" and hasattr(library, "AsyncBaseTransport"):
            return _client(
                library, "AsyncClient", _AsyncTransport, "AsyncBaseTransport", inner, rules
            )
    raise UsageError(f"a `{type(inner).__name__}` is no HTTP client that can be guarded")


def is_guarded(http: Any, rules: Rules) -> bool:
    """Return whether an HTTP client asks through a guard under these very `rules`."""
    transport = getattr(http, "_transport", None)
    return isinstance(transport, _Transport | _AsyncTransport) and transport.rules is rules


class _Loop:
    """An event loop on a thread of its own, for callers that have none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="assaymark-client", daemon=True
        )
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Stop the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def _headers(response: Any) -> list[tuple[str, str]]:
    items = response.headers.multi_items()
    return [(key, value) for key, value in items if key.lower() not in _OF_THE_BYTES]


def _sent(library: Any, request: Any, body: bytes) -> Any:
    headers = [
        (key, value)
        for key, value in request.headers.multi_items()
        if key.lower() not in _OF_THE_BYTES
    ]
    return library.Request(
        request.method, request.url, headers=headers, content=body, extensions=request.extensions
    )


def _client(library: Any, name: str, transport: type, base: str, inner: Any, rules: Rules) -> Any:
    kind = type(transport.__name__, (transport, getattr(library, base)), {})
    return getattr(library, name)(transport=kind(library, inner, rules))


class _Stream:
    """An answer in pieces, for those who do not await."""

    def __init__(self, loop: _Loop, passage: Passage, response: Any) -> None:
        self._loop, self._passage, self._response = loop, passage, response

    def __iter__(self) -> Iterator[bytes]:
        passage, run = self._passage, self._loop.run
        try:
            for data in self._response.iter_bytes():
                if left := run(passage.piece(data)):
                    yield left
                if passage.is_over:
                    return
            yield run(passage.end())
        except RefusedError as refused:
            yield passage.broken(refused)
        finally:
            self.close()

    def close(self) -> None:
        self._passage.left()
        self._response.close()


class _Transport:
    """Asks through a client of the user's."""

    def __init__(self, library: Any, inner: Any, rules: Rules) -> None:
        self._library, self._inner, self.rules = library, inner, rules
        self._loop = _Loop()
        self._stream = type(_Stream.__name__, (_Stream, library.SyncByteStream), {})

    def handle_request(self, request: Any) -> Any:
        data = request.read()
        if self.rules.is_exempt(request.method, request.url.path):
            answer = self._inner.send(_sent(self._library, request, data))
            return self._reply(answer, content=answer.content)
        passage = Passage(self.rules, request.method, request.url.path, request.url.query)
        try:
            body = self._loop.run(passage.request(data))
            sent = _sent(self._library, request, body)
            return self._answer(passage, self._inner.send(sent, stream=True))
        except RefusedError as refused:
            status, body = passage.refusal(refused)
            return self._library.Response(status, headers=_NOT_AGAIN, content=body)

    def _answer(self, passage: Passage, response: Any) -> Any:
        is_stream = False
        try:
            is_stream = passage.is_stream(response.status_code, response.headers)
            if is_stream:
                return self._reply(response, stream=self._stream(self._loop, passage, response))
            data = bytearray()
            for piece in response.iter_bytes():
                data += piece
                passage.demand_room(len(data))
            new = self._loop.run(passage.whole(response.status_code, bytes(data)))
            return self._reply(response, content=new)
        finally:
            if not is_stream:
                response.close()

    def _reply(self, response: Any, **body: Any) -> Any:
        return self._library.Response(response.status_code, headers=_headers(response), **body)

    def close(self) -> None:
        self._loop.close()
        self._inner.close()


class _AsyncStream:
    """An answer in pieces, for those who await."""

    def __init__(self, passage: Passage, response: Any) -> None:
        self._passage, self._response = passage, response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        passage = self._passage
        try:
            async for data in self._response.aiter_bytes():
                if left := await passage.piece(data):
                    yield left
                if passage.is_over:
                    return
            yield await passage.end()
        except RefusedError as refused:
            yield passage.broken(refused)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        self._passage.left()
        await self._response.aclose()


class _AsyncTransport:
    """Asks through a client of the user's."""

    def __init__(self, library: Any, inner: Any, rules: Rules) -> None:
        self._library, self._inner, self.rules = library, inner, rules
        self._stream = type(_AsyncStream.__name__, (_AsyncStream, library.AsyncByteStream), {})

    async def handle_async_request(self, request: Any) -> Any:
        data = await request.aread()
        if self.rules.is_exempt(request.method, request.url.path):
            answer = await self._inner.send(_sent(self._library, request, data))
            return self._reply(answer, content=answer.content)
        passage = Passage(self.rules, request.method, request.url.path, request.url.query)
        try:
            sent = _sent(self._library, request, await passage.request(data))
            return await self._answer(passage, await self._inner.send(sent, stream=True))
        except RefusedError as refused:
            status, body = passage.refusal(refused)
            return self._library.Response(status, headers=_NOT_AGAIN, content=body)

    async def _answer(self, passage: Passage, response: Any) -> Any:
        is_stream = False
        try:
            is_stream = passage.is_stream(response.status_code, response.headers)
            if is_stream:
                return self._reply(response, stream=self._stream(passage, response))
            data = bytearray()
            async for piece in response.aiter_bytes():
                data += piece
                passage.demand_room(len(data))
            new = await passage.whole(response.status_code, bytes(data))
            return self._reply(response, content=new)
        finally:
            if not is_stream:
                await response.aclose()

    def _reply(self, response: Any, **body: Any) -> Any:
        return self._library.Response(response.status_code, headers=_headers(response), **body)

    async def aclose(self) -> None:
        await self._inner.aclose()
