"""
Connections to one address, each used by one caller at a time.

Directly with h11, the part of httpx that knows HTTP: a pool that is asked by 32 callers spends most of its
time looking through its own lists, and a benchmark is measured in what we spend beside the model
(benchmarks/probe_throughput.py). Through a proxy it is httpcore's pool, of one. Trust, proxies and time
limits are those of httpx.

* A response is read up to a limit, and never unpacked.
* A connection on which anything went wrong is never used again.
* No redirect is followed: a key goes to the address that was named.

tests/inputs/targets/test_openai.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from assaymark.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    import httpcore

_MOST_BYTES = 16 * 1024 * 1024  # of one response
_CONNECT = 10.0  # seconds to wait for a connection


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of several with one name, the last."""

    body: bytes | None
    """`None` where it is larger than we read, or packed."""


class NoResponseError(Exception):
    """Nothing came back. Holds a code, such as `unreachable`, and nothing that was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Connections:
    """Connections to the address that `url` names.

    Raises:
        MissingExtraError: The HTTP library is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            import httpx

            from assaymark.inputs.targets import exchange
        except ImportError:
            raise MissingExtraError("a model behind an address", extra="endpoint") from None

        self._base = urlsplit(url)
        scheme, host = self._base.scheme, self._base.hostname or ""
        self._context = httpx.create_ssl_context() if scheme == "https" else None
        self._proxy = _proxy_for(scheme, self._base.netloc)
        self._exchange = exchange
        self._host = host
        self._port = self._base.port or (443 if scheme == "https" else 80)
        self._fixed = [
            (b"Host", self._base.netloc.encode("idna")),
            # What is unpacked may be of any size.
            (b"Accept-Encoding", b"identity"),
        ]
        self._idle: list[Any] = []

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send one request and read the response.

        Args:
            path: Below the address, with its query.
            headers: What goes with it, beside `Host` and `Content-Length`.
            body: As it is sent.

        Raises:
            NoResponseError: Nothing came back, or not all of it.
        """
        connection = await self._take()
        target = f"{self._base.path}{path}".encode()
        sent = [
            *self._fixed,
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]
        try:
            if connection is None:
                connection = await self._open()
            status, found, read = await connection.post(target, sent, body, most=_MOST_BYTES)
        except BaseException as error:
            if connection is not None:
                await connection.close()
            if isinstance(error, self._exchange.NotConnectedError):
                raise NoResponseError("unreachable") from None
            if isinstance(error, self._exchange.BrokenExchangeError | OSError):
                raise NoResponseError("connection-lost") from None
            raise
        if found.get("content-encoding", "identity") != "identity":
            read = None
        if read is None:
            await connection.close()
        else:
            self._idle.append(connection)
        return Response(status, found, read)

    async def close(self) -> None:
        """Close what is open."""
        while self._idle:
            await self._idle.pop().close()

    async def _take(self) -> Any:
        """Return a connection that is idle, or `None`."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            await connection.close()
        return None

    async def _open(self) -> Any:
        if self._proxy is not None:
            return _Proxied(self._proxy, self._context, self._base, self._port)
        connection = self._exchange.Connection()
        try:
            await connection.open(self._host, self._port, self._context, within=_CONNECT)
        except BaseException:
            await connection.close()
            raise
        return connection


class _Proxied:
    """One connection through a proxy, for one caller."""

    is_usable = True

    def __init__(self, proxy: httpcore.Proxy, context: Any, base: SplitResult, port: int) -> None:
        import httpcore

        from assaymark.inputs.targets import exchange

        self._core, self._exchange = httpcore, exchange
        self._base, self._port = base, port
        self._pool = httpcore.AsyncConnectionPool(
            proxy=proxy, ssl_context=context, max_connections=1
        )

    async def post(
        self, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes, *, most: int
    ) -> tuple[int, Mapping[str, str], bytes | None]:
        """Send one request, as `exchange.Connection.post`."""
        core = self._core
        length = (b"Content-Length", b"%d" % len(body))
        host = (self._base.hostname or "").encode("idna")
        url = core.URL(scheme=self._base.scheme.encode(), host=host, port=self._port, target=path)
        extensions = {"timeout": {"connect": _CONNECT}}
        request = core.Request(
            "POST", url, headers=[*headers, length], content=body, extensions=extensions
        )
        try:
            response = await self._pool.handle_async_request(request)
            try:
                read = await _read(response, most)
            finally:
                await response.aclose()
        except (core.ConnectError, core.ConnectTimeout, core.ProxyError):
            raise self._exchange.NotConnectedError from None
        except (core.TimeoutException, core.NetworkError, core.ProtocolError):
            raise self._exchange.BrokenExchangeError from None
        found = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        return response.status, found, read

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.aclose()


async def _read(response: Any, most: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _proxy_for(scheme: str, netloc: str) -> Any:
    """Return the proxy that the environment names, or `None`.

    Raises:
        UsageError: It is no HTTP proxy.
    """
    from urllib.request import getproxies, proxy_bypass

    import httpcore

    found = getproxies()
    address = found.get(scheme) or found.get("all")
    if not address or proxy_bypass(netloc):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        # Not repeated: it may hold a password.
        raise UsageError(
            f"the environment names a proxy for {scheme} that is no HTTP proxy",
            hint=f"set `{scheme}_proxy`, or exempt the model's host with `no_proxy`",
        )
    auth = None
    if parts.username is not None:
        auth = (unquote(parts.username), unquote(parts.password or ""))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return httpcore.Proxy(f"{parts.scheme}://{parts.hostname}:{port}", auth=auth)
