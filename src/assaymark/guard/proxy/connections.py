"""
HTTP to one upstream: a request, and an answer that is read piece by piece within time limits.

* A connection on which anything went wrong is never used again; neither is one whose answer was not read to
  its end, or behind which something else came.
* No redirect is followed, and nothing is unpacked: a key goes to the address that was named, directly or
  through the proxy that was named, whatever the environment says.
* `NotSentError` says that the upstream never saw the request, so that another one may be asked.

tests/guard/proxy/test_upstreams.py and test_faults.py
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpcore

from assaymark.errors import InputError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.line import BrokenError, Line
from assaymark.guard.proxy.settings import Timeouts, UpstreamSettings, Via
from assaymark.guard.proxy.streams import Streams
from assaymark.guard.proxy.tunnel import Tunnels

_MOST_IDLE = 64
_IDLE = 4.0
"""Seconds after which an idle connection is not used any more: many servers close theirs after five, and a
request that meets its end is lost."""


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
        line: It comes on.
        timeouts: How long pieces may take.
        until: When all of it must be there; monotonic.
    """

    def __init__(self, origin: Origin, line: Line, timeouts: Timeouts, until: float) -> None:
        self._origin, self._line = origin, line
        self._timeouts, self._until = timeouts, until
        self.waited = 0.0
        """Seconds for which the upstream was waited for."""
        self.status = line.status
        self.headers: Mapping[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in line.headers
        }

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body.

        Raises:
            RefusedError: It broke off, or took too long.
        """
        while True:
            piece = await (self._awaited() if self._line.is_waited_for else self._line.piece())
            if not piece:
                return
            yield piece

    async def _awaited(self) -> bytes:
        began = time.monotonic()
        seconds = min(self._timeouts.idle, self._until - began)
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                return await self._line.piece()
        except TimeoutError:
            raise late("it stopped in the middle") from None
        except (BrokenError, OSError):
            raise failed("it broke off in the middle") from None
        finally:
            self.waited += time.monotonic() - began

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
        await self._origin.put_back(self._line)


class Origin:
    """Connections to one address.

    Args:
        settings: Of the upstream.
        timeouts: How long it may take.

    Raises:
        InputError: A certificate or a key cannot be used.
    """

    def __init__(self, settings: UpstreamSettings, timeouts: Timeouts) -> None:
        self._base, self._timeouts = urlsplit(settings.url), timeouts
        self._streams = _reaching(settings.via)
        is_tls = self._base.scheme == "https"
        self._context = _trusting(settings.authority) if is_tls else None
        if self._context is not None and settings.certificate is not None:
            _show(self._context, settings.certificate, settings.private_key)
        name, port = self._base.hostname or "", self._base.port
        self._host = name if name.isascii() else name.encode("idna").decode("ascii")
        self._port = port or (443 if is_tls else 80)
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self._named = f"{shown}:{port}".encode() if port else shown.encode()
        self._path = self._base.path.rstrip("/").encode()
        self._idle: list[tuple[float, Line]] = []

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, until: float
    ) -> UpstreamAnswer:
        """Send a request; return the answer when it has begun.

        Args:
            method: `POST`, or `GET`, which has no body.
            target: The path below the address.
            headers: That go with it.
            body: Of the request; JSON.
            until: When all of the answer must be there; monotonic.

        Raises:
            NotSentError: Nobody is there.
            RefusedError: It failed after that.
        """
        line = await self._take()
        seconds = min(self._timeouts.first_byte, until - time.monotonic())
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await line.ask(method, *self._request(method, target, headers, body), body)
        except TimeoutError:
            await line.close()
            raise late("it did not begin to answer") from None
        except (BrokenError, OSError):
            await line.close()
            raise failed("it broke off before it answered") from None
        except BaseException:
            await line.close()
            raise
        return UpstreamAnswer(self, line, self._timeouts, until)

    async def put_back(self, line: Line) -> None:
        """Keep a connection for the next request, or close it."""
        if line.is_free and len(self._idle) < _MOST_IDLE:
            self._idle.append((time.monotonic(), line))
        else:
            await line.close()

    async def close(self) -> None:
        """Close what is open and not at work."""
        while self._idle:
            _, line = self._idle.pop()
            await line.close()

    async def _take(self) -> Line:
        while self._idle:
            since, line = self._idle.pop()
            if not line.has_ended and time.monotonic() - since < _IDLE:
                return line
            await line.close()
        seconds = self._timeouts.connect
        try:
            stream = await self._streams.connect_tcp(self._host, self._port, seconds)
        except httpcore.ConnectError:
            raise NotSentError from None
        if self._context is not None:
            try:
                stream = await stream.start_tls(self._context, self._host, seconds)
            except httpcore.ConnectError:
                raise NotSentError from None
            except BaseException:
                await stream.aclose()
                raise
        return Line(stream)

    def _request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """Return the path and the headers of a request."""
        told = [
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
        ]
        return self._path + target.encode(), [
            (b"Host", self._named),
            *(() if method == "GET" else told),
            # What is packed could not be judged.
            (b"Accept-Encoding", b"identity"),
            *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
        ]


def _reaching(via: Via | None) -> httpcore.AsyncNetworkBackend:
    """Return what opens connections."""
    if via is None:
        return Streams()
    return Tunnels(
        Streams(), via, _trusting(via.authority) if via.url.startswith("https:") else None
    )


def _trusting(authority: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    except (OSError, ssl.SSLError):
        raise InputError(f"the certificate `{authority}` cannot be used") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _show(context: ssl.SSLContext, certificate: Path, private_key: Path | None) -> None:
    """Have a certificate shown to whoever asks for one."""
    try:
        # Nobody is there to be asked for a passphrase.
        context.load_cert_chain(certificate, private_key, password=b"")
    except (OSError, ssl.SSLError):
        raise InputError(f"the certificate `{certificate}`, or its key, cannot be used") from None
