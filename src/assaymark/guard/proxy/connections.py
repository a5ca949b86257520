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
from typing import Any
from urllib.parse import urlsplit

import httpcore

from assaymark.errors import InputError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.settings import Timeouts, UpstreamSettings, Via
from assaymark.guard.proxy.streams import Streams
from assaymark.guard.proxy.tunnel import Tunnels

_MOST_IDLE = 64


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
        connection: It came on.
        response: Of httpcore.
        timeouts: How long pieces may take.
        until: When all of it must be there; monotonic.
    """

    def __init__(
        self, origin: Origin, connection: Any, response: Any, timeouts: Timeouts, until: float
    ) -> None:
        self._origin, self._connection, self._response = origin, connection, response
        self._timeouts, self._until = timeouts, until
        self._is_read = False
        self.waited = 0.0
        """Seconds for which the upstream was waited for."""
        self.status: int = response.status
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body.

        Raises:
            RefusedError: It broke off, or took too long.
        """
        stream = self._response.aiter_stream()
        while True:
            began = time.monotonic()
            seconds = min(self._timeouts.idle, self._until - began)
            try:
                async with asyncio.timeout(max(seconds, 0.0)):
                    piece = await anext(stream)
            except StopAsyncIteration:
                self._is_read = True
                return
            except TimeoutError:
                raise late("it stopped in the middle") from None
            except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
                raise failed("it broke off in the middle") from None
            finally:
                self.waited += time.monotonic() - began
            if piece:
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
        await self._origin.put_back(self._connection, self._response, is_whole=self._is_read)


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
        host = self._base.hostname or ""
        self._host = host.encode("idna") if not host.replace(":", "").isalnum() else host.encode()
        self._port = self._base.port or (443 if is_tls else 80)
        self._idle: list[Any] = []

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
        connection = await self._take()
        seconds = min(self._timeouts.first_byte, until - time.monotonic())
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                response = await connection.handle_async_request(
                    self._request(method, target, headers, body)
                )
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            await connection.aclose()
            raise NotSentError from None
        except TimeoutError:
            await connection.aclose()
            raise late("it did not begin to answer") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            await connection.aclose()
            raise failed("it broke off before it answered") from None
        except BaseException:
            await connection.aclose()
            raise
        return UpstreamAnswer(self, connection, response, self._timeouts, until)

    async def put_back(self, connection: Any, response: Any, *, is_whole: bool) -> None:
        """Keep a connection for the next request, or close it."""
        if is_whole:
            await response.aclose()
            has_room = len(self._idle) < _MOST_IDLE
            if has_room and connection.is_available() and not _says_more(connection):
                self._idle.append(connection)
                return
        await connection.aclose()

    async def close(self) -> None:
        """Close what is open and not at work."""
        while self._idle:
            await self._idle.pop().aclose()

    async def _take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_available() and not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(
            httpcore.Origin(self._base.scheme.encode(), self._host, self._port),
            ssl_context=self._context,
            network_backend=self._streams,
        )

    def _request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> httpcore.Request:
        told = [
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
        ]
        path = f"{self._base.path.rstrip('/')}{target}"
        netloc = self._base.netloc.encode("idna") if self._base.netloc.isascii() else self._host
        return httpcore.Request(
            method,
            httpcore.URL(
                scheme=self._base.scheme.encode(),
                host=self._host,
                port=self._base.port,
                target=path.encode(),
            ),
            headers=[
                (b"Host", netloc),
                *(() if method == "GET" else told),
                # What is packed could not be judged.
                (b"Accept-Encoding", b"identity"),
                *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
            ],
            content=body,
            extensions={"timeout": {"connect": self._timeouts.connect}},
        )


def _says_more(connection: Any) -> bool:
    """Return whether an upstream has sent more than its answer: the next client's would begin with that."""
    # httpcore does not tell what its parser, h11, has left; a connection of which nobody knows is closed.
    http = getattr(getattr(connection, "_connection", None), "_h11_state", None)
    return http is None or bool(http.trailing_data[0])


def _reaching(via: Via | None) -> httpcore.AsyncNetworkBackend:
    """Return what opens connections."""
    if via is None:
        return Streams()
    return Tunnels(
        Streams(), via, _trusting(via.authority) if via.url.startswith("https:") else None
    )


def _trusting(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if authority is None else str(authority))
    except (OSError, ssl.SSLError):
        raise InputError(f"the certificate `{authority}` cannot be used") from None


def _show(context: ssl.SSLContext, certificate: Path, private_key: Path | None) -> None:
    """Have a certificate shown to whoever asks for one."""
    try:
        # Nobody is there to be asked for a passphrase.
        context.load_cert_chain(certificate, private_key, password=b"")
    except (OSError, ssl.SSLError):
        raise InputError(f"the certificate `{certificate}`, or its key, cannot be used") from None
