"""Upstreams behind a proxy, over real sockets: what the proxy learns, and what comes of one that fails."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from assaymark.errors import InputError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.settings import Resilience, Timeouts, UpstreamSettings, Via
from assaymark.guard.proxy.upstreams import Upstreams

from .conftest import Client
from .connect_proxy import ConnectProxy
from .fields import USER
from .test_server import certificates
from .upstream import Upstream, chat, whole


async def asked(*settings: UpstreamSettings, connect: float = 5.0, times: int = 1) -> str:
    """Ask upstreams; return who answered last, or why nobody did."""
    upstreams = Upstreams(settings, Timeouts(connect=connect, first_byte=10), Resilience())
    try:
        for _ in range(times):
            upstream, answer = await upstreams.ask(
                "chat.completions", "m", "/x", b"{}", _no_headers
            )
            await answer.body(1_000)
            await answer.close()
    except RefusedError as refused:
        return refused.code
    else:
        return upstream.settings.name
    finally:
        await upstreams.close()


def _no_headers(_: UpstreamSettings) -> dict[str, str]:
    return {"authorization": "Bearer sk-up"}


def server_side(folder: Path, *, demands: Path | None = None) -> ssl.SSLContext:
    """TLS of a server with the certificates in `folder`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if demands is not None:
        context.load_verify_locations(demands)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize("is_tls", [False, True])
def test_the_proxy_learns_the_address_and_no_more(tmp_path: Path, *, is_tls: bool) -> None:
    """One tunnel carries several requests; under TLS neither key nor prompt is to be seen in it."""
    authority, _ = certificates(tmp_path)
    context = server_side(tmp_path)
    with (
        Upstream(lambda _: whole({}), context) as upstream,
        ConnectProxy(context=context if is_tls else None) as proxy,
    ):
        via = Via(url=proxy.url, secret="me:word", authority=authority if is_tls else None)
        url = f"https://127.0.0.1:{upstream.port}/v1"
        one = UpstreamSettings(name="one", url=url, authority=authority, via=via)

        outcome = asyncio.run(asked(one, times=3))

    target = f"127.0.0.1:{upstream.port}"
    assert outcome == "one"
    assert len(upstream.asked) == 3
    assert upstream.asked[0].headers["authorization"] == "Bearer sk-up"
    assert "proxy-authorization" not in upstream.asked[0].headers
    assert proxy.asked == [
        f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
        "Proxy-Authorization: Basic bWU6d29yZA==\r\n\r\n".encode()
    ]
    assert b"sk-up" not in proxy.passed
    assert b"/x" not in proxy.passed


def test_an_upstream_in_the_clear_is_tunnelled_as_well(upstream: Upstream, client: Client) -> None:
    """By the whole server, asked by a real client."""
    upstream.answer = lambda _: whole(chat("hi"))
    with ConnectProxy() as proxy:
        through = UpstreamSettings(name="one", url=upstream.url, via=Via(url=proxy.url))

        answer = client(upstreams=(through,)).chat.completions.create(model="m", messages=USER)

        assert answer.choices[0].message.content == "hi"
        assert len(proxy.asked) == 1
        assert b"authorization" not in proxy.asked[0].lower()


def test_the_environment_names_no_proxy(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets variables does not get to see requests."""
    upstream.answer = lambda _: whole({})
    with ConnectProxy() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)

        outcome = asyncio.run(asked(UpstreamSettings(name="one", url=upstream.url)))

        assert (outcome, proxy.asked) == ("one", [])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.0\r\n\r\n",
        b"x" * 40_000,
        b"",
    ],
)
def test_a_proxy_that_opens_nothing(upstream: Upstream, answer: bytes) -> None:
    """Nothing was sent, so another upstream is asked; alone it is like one that is not there."""
    upstream.answer = lambda _: whole({})
    with ConnectProxy(answer) as proxy:
        behind = UpstreamSettings(name="behind", url=upstream.url, via=Via(url=proxy.url), weight=9)
        direct = UpstreamSettings(name="direct", url=upstream.url)

        both = asyncio.run(asked(behind, direct, connect=0.5))
        alone = asyncio.run(asked(behind, connect=0.5))

    assert (both, alone) == ("direct", "upstream_unavailable")
    assert len(upstream.asked) == 1


def test_a_proxy_whose_certificate_is_not_believed(tmp_path: Path, upstream: Upstream) -> None:
    """It gets no credentials."""
    certificates(tmp_path)
    with ConnectProxy(context=server_side(tmp_path)) as proxy:
        via = Via(url=proxy.url, secret="me:word")

        outcome = asyncio.run(asked(UpstreamSettings(name="one", url=upstream.url, via=via)))

        assert (outcome, proxy.asked) == ("upstream_unavailable", [])


def test_an_upstream_that_asks_for_a_certificate(tmp_path: Path) -> None:
    """It gets the one in the settings, also through a tunnel; without it there is no connection."""
    authority, both = certificates(tmp_path)
    context = server_side(tmp_path, demands=authority)
    certificate, key = both.read_text().split("-----BEGIN PRIVATE KEY-----")
    (tmp_path / "own.pem").write_text(certificate)
    (tmp_path / "own.key").write_text(f"-----BEGIN PRIVATE KEY-----{key}")
    with Upstream(lambda _: whole({}), context) as upstream, ConnectProxy() as proxy:
        url = f"https://127.0.0.1:{upstream.port}/v1"

        def one(**options: object) -> UpstreamSettings:
            return UpstreamSettings(name="one", url=url, authority=authority, **options)  # type: ignore[arg-type]

        outcomes = [
            asyncio.run(asked(each))
            for each in (
                one(certificate=both),
                one(certificate=tmp_path / "own.pem", private_key=tmp_path / "own.key"),
                one(certificate=both, via=Via(url=proxy.url)),
                one(),
            )
        ]

    assert outcomes[:3] == ["one"] * 3
    assert outcomes[3] in ("upstream_failed", "upstream_unavailable")
    assert len(upstream.asked) == 3


def test_a_certificate_that_cannot_be_used(tmp_path: Path) -> None:
    """A file that is not there, one without a key, and a key that wants a passphrase: at once, by name."""
    from cryptography.hazmat.primitives import serialization

    certificates(tmp_path)
    key = serialization.load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )
    (tmp_path / "locked.key").write_bytes(locked)
    (tmp_path / "bare.pem").write_bytes((tmp_path / "cert.pem").read_bytes())
    messages = []
    for certificate, private_key in (
        ("none.pem", None),
        ("bare.pem", None),
        ("cert.pem", tmp_path / "locked.key"),
    ):
        settings = UpstreamSettings(
            name="one",
            url="https://x.org/v1",
            certificate=tmp_path / certificate,
            private_key=private_key,
        )
        with pytest.raises(InputError) as caught:
            Upstreams([settings], Timeouts(), Resilience())
        messages.append(caught.value.message)

    assert messages == [
        f"the certificate `{tmp_path}/{name}`, or its key, cannot be used"
        for name in ("none.pem", "bare.pem", "cert.pem")
    ]
