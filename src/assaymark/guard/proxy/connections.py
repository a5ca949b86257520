"""
HTTP to one upstream: a request, and an answer that is read piece by piece within time limits.

* A connection on which anything went wrong is never used again; neither is one whose answer was not read to
  its end.
* No redirect is followed, and nothing is unpacked: a key goes to the address that was named.
* `NotSentError` says that the upstream never saw the request, so that another one may be asked.

tests/guard/proxy/test_upstreams.py and test_faults.py
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from assaymark.errors import InputError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.answer_head import Head, NotHttpError
from assaymark.guard.proxy.settings import Timeouts
from assaymark.guard.proxy.wire import Wire

_MOST_IDLE = 64
_TARGET = re.compile(r"POST /[\x21-\x7e]* HTTP/1.1")
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class NotSentError(Exception):
    """An upstream could not be reached; nothing was sent."""


def failed(why: str) -> RefusedError:
    """Return the refusal where an upstream failed while it worked."""
    return RefusedError(502, "upstream_failed", "the upstream failed", cause=why)


def late(why: str) -> RefusedError:
    """Return the refusal where an upstream took too long."""
    return RefusedError(504, "upstream_timeout", "the upstream took too long", cause=why)


class UpstreamAnswer:
    """An answer that has begun.

    Args:
        origin: Where its connection goes back to.
        wire: It comes on.
        head: That has come.
        timeouts: How long pieces may take.
        until: When all of it must be there; monotonic.
    """

    def __init__(
        self, origin: Origin, wire: Wire, head: Head, timeouts: Timeouts, until: float
    ) -> None:
        self._origin, self._wire = origin, wire
        self._timeouts, self._until = timeouts, until
        self.waited = 0.0
        """Seconds for which the upstream was waited for."""
        self.status = head.status
        self.headers: Mapping[str, str] = dict(head.fields)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body.

        Raises:
            RefusedError: It broke off, or took too long.
        """
        stream = self._wire.pieces()
        while True:
            began = time.monotonic()
            seconds = min(self._timeouts.idle, self._until - began)
            try:
                async with asyncio.timeout(max(seconds, 0.0)):
                    piece = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise late("it stopped in the middle") from None
            except (NotHttpError, OSError):
                raise failed("it broke off in the middle") from None
            finally:
                self.waited += time.monotonic() - began
            yield piece

    async def body(self, most: int) -> bytes:
        """Return the whole body.

        Raises:
            RefusedError: It broke off, took too long, or is larger than `most` bytes.
        """
        data = bytearray()
        async for piece in self.pieces():
            data += piece
            if len(data) > most:
                raise RefusedError(502, "too_large", f"the answer has more than {most:,} bytes")
        return bytes(data)

    async def close(self) -> None:
        """Give the connection back, or close it."""
        self._origin.put_back(self._wire)


class Origin:
    """Connections to one address.

    Args:
        url: The address, without user or query.
        timeouts: How long it may take.
        authority: Whose certificates are believed; by default those that the system believes.

    Raises:
        InputError: The authority's certificate cannot be used.
    """

    def __init__(self, url: str, timeouts: Timeouts, authority: Path | None = None) -> None:
        self._base, self._timeouts = urlsplit(url), timeouts
        is_tls = self._base.scheme == "https"
        self._context = _trusting(authority) if is_tls else None
        self._host = self._base.hostname or ""
        self._port = self._base.port or (443 if is_tls else 80)
        self._idle: list[Wire] = []

    async def post(
        self, target: str, headers: Mapping[str, str], body: bytes, until: float
    ) -> UpstreamAnswer:
        """Send a request; return the answer when it has begun.

        Raises:
            NotSentError: Nobody is there.
            RefusedError: It failed after that.
        """
        wire = self._taken() or await self._opened(until)
        seconds = min(self._timeouts.first_byte, until - time.monotonic())
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                head = await wire.ask(self._request(target, headers, body))
        except TimeoutError:
            wire.close()
            raise late("it did not begin to answer") from None
        except (NotHttpError, OSError):
            wire.close()
            raise failed("it broke off before it answered") from None
        except BaseException:
            wire.close()
            raise
        return UpstreamAnswer(self, wire, head, self._timeouts, until)

    def put_back(self, wire: Wire) -> None:
        """Keep a connection for the next request, or close it."""
        if wire.is_usable and len(self._idle) < _MOST_IDLE:
            self._idle.append(wire)
        else:
            wire.close()

    async def close(self) -> None:
        """Close what is open and not at work."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> Wire | None:
        """Return a connection that is idle, if there is one."""
        while self._idle:
            wire = self._idle.pop()
            if wire.is_usable and not wire.has_news:
                return wire
            wire.close()
        return None

    async def _opened(self, until: float) -> Wire:
        wire = Wire()
        seconds = min(self._timeouts.connect, until - time.monotonic())
        try:
            await wire.open(self._host, self._port, self._context, within=max(seconds, 0.0))
        except (OSError, TimeoutError):
            wire.close()
            raise NotSentError from None
        except BaseException:
            wire.close()
            raise
        return wire

    def _request(self, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        netloc = self._base.netloc
        lines = [
            f"POST {self._base.path.rstrip('/')}{target} HTTP/1.1",
            f"Host: {netloc if netloc.isascii() else netloc.encode('idna').decode()}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            # What is packed could not be judged.
            "Accept-Encoding: identity",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        # An address or a key that somebody wrote down may hold anything.
        if not _TARGET.fullmatch(lines[0]) or not all(map(_SENDABLE.fullmatch, lines)):
            raise failed("its address or key cannot be sent")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _trusting(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if authority is None else str(authority))
    except (OSError, ssl.SSLError):
        raise InputError(f"the certificate `{authority}` cannot be used") from None
