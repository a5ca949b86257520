"""Which upstream is asked: by weight, by model and API, and not while it rests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assaymark.errors import InputError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.connections import Origin
from assaymark.guard.proxy.settings import Resilience, Timeouts, UpstreamSettings
from assaymark.guard.proxy.upstreams import Upstreams

from .test_server import certificates
from .upstream import Reply, Upstream, whole


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def pool(*settings: UpstreamSettings, clock: Any = None, **resilience: Any) -> Upstreams:
    """Return upstreams."""
    return Upstreams(settings, Timeouts(first_byte=5), Resilience(**resilience), clock or Clock())


async def ask(upstreams: Upstreams, api: str = "chat.completions", model: str = "m") -> str:
    """Return the name of who answers."""
    upstream, answer = await upstreams.ask(api, model, "/chat/completions", b"{}", lambda _: {})
    await answer.body(1_000)
    await answer.close()
    return upstream.settings.name


def test_weights_are_kept(upstream: Upstream) -> None:
    """Of ten requests each upstream gets its share, evenly."""
    upstream.answer = lambda _: whole({})
    names = {"a": 5, "b": 3, "c": 2}
    upstreams = pool(
        *(UpstreamSettings(name=n, url=upstream.url, weight=w) for n, w in names.items())
    )

    async def all_of_them() -> list[str]:
        found = [await ask(upstreams) for _ in range(20)]
        await upstreams.close()
        return found

    found = asyncio.run(all_of_them())

    assert Counter(found) == {"a": 10, "b": 6, "c": 4}
    assert found[:10] == found[10:]
    assert found[:3] == ["a", "b", "c"]


def test_models_and_apis(upstream: Upstream) -> None:
    """Each is sent where it is served, or nowhere."""
    upstream.answer = lambda _: whole({})
    upstreams = pool(
        UpstreamSettings(name="gpt", url=upstream.url, models=("gpt-*",), apis=("chat.*",)),
        UpstreamSettings(name="claude", url=upstream.url, apis=("messages",)),
    )

    async def all_of_them() -> list[str]:
        found = [await ask(upstreams, model="gpt-4"), await ask(upstreams, "messages", "x")]
        with pytest.raises(RefusedError) as caught:
            await ask(upstreams, "embeddings", "gpt-4")
        await upstreams.close()
        return [*found, caught.value.code]

    assert asyncio.run(all_of_them()) == ["gpt", "claude", "model_not_found"]


def test_one_request_tries_who_has_rested(upstream: Upstream) -> None:
    """The others wait for what comes of it."""
    clock = Clock()
    status = 500
    upstream.answer = lambda _: whole({}, status=status)
    upstreams = pool(UpstreamSettings(name="a", url=upstream.url), clock=clock, failures=2, rest=10)

    async def tried() -> list[str]:
        nonlocal status
        outcomes = []
        for at in (0, 1, 2, 10, 12, 22, 23):
            clock.now = at
            status = 200 if at == 22 else 500
            try:
                outcomes.append(await ask(upstreams))
            except RefusedError as refused:
                outcomes.append(refused.code)
        await upstreams.close()
        return outcomes

    # Asked at 0 and 1, left alone until 11, tried at 12 and 22, and well again.
    resting = "upstream_unavailable"
    assert asyncio.run(tried()) == ["a", "a", resting, resting, "a", "a", "a"]


def test_a_connection_is_used_again(upstream: Upstream) -> None:
    """One whose answer came to its end; no other."""
    upstream.answer = lambda _: Reply([b"1" * 200_000, b"2", b"3"])
    lines = []

    async def used() -> None:
        origin = Origin(UpstreamSettings(name="one", url=upstream.url), Timeouts())
        for reads in (True, True, False, True):
            answer = await origin.ask("POST", "/x", {}, b"{}", 1e12)
            lines.append(answer._line.stream.get_extra_info("sockname"))
            if reads:
                await answer.body(1_000_000)
            await answer.close()
        await origin.close()

    asyncio.run(used())

    first, second, third, fourth = lines
    assert first == second == third != fourth


def test_an_old_connection_is_not_used(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server may be about to close it, and would lose the request."""
    upstream.answer = lambda _: whole({})
    now = time.monotonic()
    lines = []

    async def used() -> None:
        origin = Origin(UpstreamSettings(name="one", url=upstream.url), Timeouts())
        for later in (0.0, 3.0, 10.0):
            monkeypatch.setattr(time, "monotonic", lambda later=later: now + later)
            answer = await origin.ask("POST", "/x", {}, b"{}", 1e12)
            lines.append(answer._line.stream.get_extra_info("sockname"))
            await answer.body(1_000)
            await answer.close()
        await origin.close()

    asyncio.run(used())

    first, second, third = lines
    assert first == second != third


def test_certificates_of_upstreams(tmp_path: Path) -> None:
    """An upstream under TLS is believed if its authority is, and else never gets the request."""
    authority, _ = certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    with Upstream(lambda _: whole({}), context) as upstream:
        url = f"https://127.0.0.1:{upstream.port}/v1"
        known = pool(UpstreamSettings(name="known", url=url, authority=authority))
        strange = pool(UpstreamSettings(name="strange", url=url), attempts=1)

        async def both() -> tuple[str, str]:
            name = await ask(known)
            with pytest.raises(RefusedError) as caught:
                await ask(strange)
            await known.close()
            return name, caught.value.code

        assert asyncio.run(both()) == ("known", "upstream_unavailable")
        assert len(upstream.asked) == 1
    with pytest.raises(InputError):
        pool(UpstreamSettings(name="none", url=url, authority=tmp_path / "none.pem"))


def test_an_address_that_does_not_answer_in_time() -> None:
    """A server that takes no connection is like one that is not there."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        port = listening.getsockname()[1]
        full = [socket.socket() for _ in range(4)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        upstreams = Upstreams(
            [UpstreamSettings(name="a", url=f"http://127.0.0.1:{port}/v1")],
            Timeouts(connect=0.1),
            Resilience(attempts=2),
        )

        with pytest.raises(RefusedError) as caught:
            asyncio.run(ask(upstreams))
        for each in full:
            each.close()

    assert caught.value.code == "upstream_unavailable"
    assert threading.active_count() < 100


def test_what_an_upstream_says_beyond_an_answer_is_nobodys() -> None:
    """Bytes behind an answer are not the beginning of the next one, which may be another client's."""
    lines: list[asyncio.Task[Any] | None] = []

    def said(text: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"{}"):
                answer = said(b"answer")
                writer.write(answer + said(b"of another") if len(lines) == 1 else answer)
        writer.close()

    async def found() -> list[bytes]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        origin = Origin(UpstreamSettings(name="one", url=url), Timeouts())
        bodies = []
        for _ in range(3):
            answer = await origin.ask("POST", "/x", {}, b"{}", time.monotonic() + 10)
            bodies.append(await answer.body(1_000))
            await answer.close()
        await origin.close()
        server.close()
        await asyncio.gather(*(each for each in lines if each))
        return bodies

    assert asyncio.run(found()) == [b"answer"] * 3
    assert len(lines) == 2
