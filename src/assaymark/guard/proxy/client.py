"""
The client's side of one request, over ASGI.

tests/guard/proxy/test_limits.py and test_faults.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, MutableMapping
from typing import Any

from assaymark.guard.asgi.headers import announced
from assaymark.guard.asgi.incoming import ClientLeftError
from assaymark.guard.asgi.refusals import RefusedError


class Client:
    """Who asks.

    Args:
        scope: Of the request, as ASGI 3 has it.
        receive: From the client.
        send: To the client.
        request_id: What the request is called.
    """

    def __init__(
        self, scope: MutableMapping[str, Any], receive: Any, send: Any, request_id: str
    ) -> None:
        self._receive, self._send_raw = receive, send
        self.request_id = request_id
        self.raw_headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self.raw_headers
        }
        self.peer: str = (scope.get("client") or ("",))[0]
        """The address from which it came; empty where nobody knows."""
        self.query: bytes = scope.get("query_string", b"")
        self.method: str = scope["method"]
        self.has_begun = False
        self.status = 0
        self._waits = self.headers.get("expect", "").lower() == "100-continue"

    async def body(self, most: int, seconds: float) -> bytes:
        """Return the body.

        Raises:
            RefusedError: It is larger than `most` bytes, or does not come in time.
            ClientLeftError: The client left before it was whole.
        """
        if announced(self.headers.get("content-length", "")) > most:
            raise _too_large(most)
        data = bytearray()
        self._waits = False
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ClientLeftError
                    data += message.get("body", b"")
                    if len(data) > most:
                        raise _too_large(most)
                    if not message.get("more_body", False):
                        return bytes(data)
        except TimeoutError:
            raise RefusedError(
                408, "timeout", f"the request took more than {seconds:g} s to come"
            ) from None

    async def while_there(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work`, but no longer than the client is there.

        Raises:
            ClientLeftError: It left.
        """
        working = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(self._left())
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ClientLeftError
            await working
        finally:
            leaving.cancel()
            working.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def send_whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send an answer that is there as a whole."""
        await self._begin(
            status,
            {
                "content-type": "application/json",
                **headers,
                "content-length": str(len(body)),
            },
        )
        await self._send(body, more=False)

    async def send_error(
        self, refused: RefusedError, body: bytes, headers: Mapping[str, str]
    ) -> None:
        """Send an error."""
        extra = {"cache-control": "no-store"}
        if refused.retry_after:
            extra["retry-after"] = str(refused.retry_after)
        if refused.status in {408, 413}:
            # The rest of a body that was not read may still come.
            extra["connection"] = "close"
        await self.send_whole(refused.status, body, {**headers, **extra})

    async def begin_stream(self, headers: Mapping[str, str]) -> None:
        """Begin an answer of server-sent events."""
        extra = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}
        await self._begin(200, {**headers, **extra})

    async def send_piece(self, data: bytes, seconds: float) -> None:
        """Send some of an answer.

        Raises:
            ClientLeftError: The client does not take it in time.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._send(data, more=True)
        except TimeoutError:
            raise ClientLeftError from None

    async def send_last(self) -> None:
        """End an answer."""
        await self._send(b"", more=False)

    async def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.has_begun, self.status = True, status
        known = {"x-request-id": self.request_id, "request-id": self.request_id, **headers}
        if self._waits:
            # It was not asked for its body and may send it, or leave it out: what comes next can be either.
            known["connection"] = "close"
        await self._send_raw(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(k.encode(), v.encode("latin-1")) for k, v in known.items()],
            }
        )

    async def _send(self, body: bytes, *, more: bool) -> None:
        await self._send_raw({"type": "http.response.body", "body": body, "more_body": more})


def _too_large(most: int) -> RefusedError:
    return RefusedError(413, "too_large", f"the request has more than {most:,} bytes")
