"""
Requests byte by byte, to a real server on a port: what no client writes, and what HTTP/1.1 forbids.

Each is sent on a connection of its own. The server says something or hangs up; it never fails, waits for
ever, or takes one request for two of which somebody before it saw only one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.requests import Requests
from fuzz.served import MAIL, POLICY, SECRET, BrokenLawError, demand

LONGEST = 20.0
"""Seconds in which something is said, or the connection is over."""
_QUIET = 3.0
"""Seconds after which nothing more is expected behind an answer."""

_SETTINGS = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
listen: {{port: 0}}
upstreams: [{{url: "{url}"}}]
limits: {{seconds: 1, patience: 10, waiting: 500}}
contracts: true
"""
_LINES = (
    *(b"content-length: 5", b"content-length: 5, 5", b"content-length: +5", b"content-length : 5"),
    *(b"transfer-encoding: chunked", b"transfer-encoding: xchunked", b"transfer-encoding:\tchunked"),
    *(b"transfer-encoding: gzip, chunked", b"Transfer-Encoding: identity", b" folded: line", b"nocolon"),
    *(b"x: \0", b"x: a\rb", b"\xff: x", b": x", b"x" * 9_000 + b": y", b"x: " + b"y" * 50_000),
    *(b"host: a", b"host: b", b"expect: 100-continue", b"connection: upgrade", b"upgrade: h2c"),
    *(b"upgrade: websocket", b"sec-websocket-key: x", b"connection: keep-alive", b"assaymark-tenant: x"),
    *(f"authorization: Bearer {SECRET}".encode(), f"x-request-id: {MAIL}".encode()),
)  # fmt: skip
_FIRST = (
    *(b"POST %s HTTP/1.1", b"POST %s HTTP/1.0", b"POST %s HTTP/2.0", b"POST %s", b"post %s HTTP/1.1"),
    *(b"GET %s HTTP/1.1", b"POST http://169.254.169.254%s HTTP/1.1", b"CONNECT %s HTTP/1.1"),
    *(b"POST %s?a=b#c HTTP/1.1", b"POST /..%s HTTP/1.1", b"POST  %s  HTTP/1.1", b"\x16\x03\x01 %s"),
    *(b"POST %s\xff HTTP/1.1", b"PRI * HTTP/2.0 %s", b"OPTIONS * HTTP/1.1 %s"),
    *(b"POST %s RTSP/1.0", b"POST %s RTSP/1.1", b"SOURCE %s ICE/1.0", b"\nPOST %s HTTP/1.1"),
)  # fmt: skip
_CHUNKS = (
    *(b"%x\r\n%b\r\n0\r\n\r\n", b"%x;a=b\r\n%b\r\n0\r\nx: y\r\n\r\n", b"0%x\r\n%b\r\n0\r\n\r\n"),
    *(
        b"%x\n%b\n0\n\n",
        b"%X \r\n%b\r\n0\r\n\r\n",
        b"0x%x\r\n%b\r\n0\r\n\r\n",
        b"%x\r\n%b0\r\n\r\n",
    ),
    *(b"-%x\r\n%b\r\n0\r\n\r\n", b"ffffffffffffffff%x\r\n%b\r\n", b"%x\r\n%b\r\n"),
)
_SMUGGLED = b"POST /v1/smuggled HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n"


class Wire:
    """Makes what is sent.

    Args:
        number: The same number makes the same.
    """

    def __init__(self, number: int) -> None:
        self._random, self._requests = random.Random(number), Requests(number)

    def next(self) -> list[bytes]:
        """Return the pieces of what is sent on one connection."""
        chance = self._random
        request = self._requests.next()
        body = b"".join(request.pieces)[:60_000]
        path = request.path.encode().replace(b"\0", b"%00")
        first = chance.choice(_FIRST) if chance.random() < 0.3 else _FIRST[0]
        lines = [first.replace(b"%s", path), b"host: localhost"]
        lines += [b"%b: %b" % each for each in request.headers if b"\r" not in each[1]]
        if chance.random() < 0.7:
            lines.append(b"connection: close")
        if chance.random() < 0.5:
            lines.append(b"content-length: %d" % len(body))
        else:
            lines.append(b"transfer-encoding: chunked")
            form = chance.choice(_CHUNKS) if chance.random() < 0.5 else _CHUNKS[0]
            body = form % (len(body), body)
        while chance.random() < 0.3:
            lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(_LINES))
        end = b"\r\n" if chance.random() < 0.95 else b"\n"
        data = end.join([*lines, b"", b""]) + body
        if chance.random() < 0.1:
            data += chance.choice((_SMUGGLED, data, b"\0\r\n", b"GET / HTTP/0.9\r\n\r\n"))
        if chance.random() < 0.1:
            data = data[: chance.randrange(len(data) + 1)]
        size = chance.choice((1 << 20, 1 << 20, 1_000, 100))
        return [data[at : at + size] for at in range(0, len(data), size)]


@dataclass
class Heard:
    """What the server said."""

    statuses: Counter[int] = field(default_factory=Counter)
    """0 where it hung up."""

    broken: list[str] = field(default_factory=list)


async def say(port: int, pieces: list[bytes]) -> bytes:
    """Send `pieces`; return what comes until the server hangs up, or waits for another request.

    Raises:
        BrokenLawError: It says nothing, and does not hang up.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        async with asyncio.timeout(2 * LONGEST):
            with contextlib.suppress(ConnectionError):
                for each in pieces:
                    writer.write(each)
                    await writer.drain()
                while some := await _more(reader, _QUIET if got else LONGEST):
                    got += some
    except TimeoutError:
        raise BrokenLawError(f"it hangs: {b''.join(pieces)[:300]!r}") from None
    finally:
        writer.close()
    return got


async def talk(port: int, number: int, count: int, at_once: int = 40) -> Heard:
    """Send so many requests, and hold what has to hold for each."""
    made, heard = Wire(number), Heard()
    left = iter(range(count))

    async def one() -> None:
        for _ in left:
            pieces = made.next()
            try:
                got = await say(port, pieces)
                _hold(got, pieces)
            except BrokenLawError as error:
                heard.broken.append(str(error))
                continue
            heard.statuses[int(got[9:12]) if got[9:12].isdigit() else 0] += 1

    await asyncio.gather(*(one() for _ in range(at_once)))
    return heard


async def _more(reader: asyncio.StreamReader, seconds: float) -> bytes:
    """Return what comes; nothing where a server that has answered waits for another request."""
    try:
        async with asyncio.timeout(seconds):
            return await reader.read(65_536)
    except TimeoutError:
        if seconds < LONGEST:
            return b""
        raise


def _hold(got: bytes, pieces: list[bytes]) -> None:
    sent = b"".join(pieces)[:600]
    demand(b"HTTP/1.1 500" not in got and b"internal_error" not in got, f"a fault: {sent!r}")
    demand(SECRET.encode() not in got, f"a key: {sent!r}")
    for answer in got.split(b"HTTP/1.1 ")[1:]:
        if not answer.startswith(b"2"):
            demand(MAIL.encode() not in answer, f"a value in an error: {sent!r}")


@contextlib.contextmanager
def served(folder: Path, upstream: str) -> Iterator[tuple[int, Path]]:
    """Run `assaymark guard serve`; yield its port, and the file with what it says of errors."""
    (folder / "policy.yaml").write_text(POLICY.replace("WAY", "block"))
    (folder / "serve.yaml").write_text(_SETTINGS.format(url=upstream))
    errors = folder / "errors"
    words = [sys.executable, "-m", "assaymark", "guard", "serve", "--json", "serve.yaml"]
    with (
        errors.open("wb") as file,
        subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=file) as running,
    ):
        try:
            assert running.stdout is not None
            text = b""
            while not text.endswith(b"\n}\n"):
                line = running.stdout.readline()
                assert line, errors.read_text()
                text += line
            yield int(json.loads(text)["url"].rpartition(":")[2]), errors
        finally:
            running.kill()
