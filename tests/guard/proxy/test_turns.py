"""Requests of one connection, one after the other: who waits for whom, and what ends it."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from assaymark.guard.proxy.patience import patient

from .conftest import Kept, Serve
from .test_server import Command, certificates, command, settings
from .test_wire import BODY, CHUNKED, CLOSING, HEALTH, LENGTH, POST, all_of, line_to, until
from .upstream import Reply, Upstream, chat, chunks, event, whole

__all__ = ["command", "settings"]

ASK = POST + LENGTH + b"\r\n" + BODY


def test_who_leaves_after_another_request_has_left(
    serve: Serve, upstream: Upstream, kept: Kept
) -> None:
    """Also if that one came when the first was at work already; nobody works for who is gone."""
    upstream.answer = lambda _: Reply([], then="hang")
    with line_to(serve()) as line:
        line.sendall(ASK)
        until(lambda: len(upstream.asked) == 1)
        line.sendall(HEALTH)
        time.sleep(0.2)
    until(lambda: len(kept.decisions) == 1)

    assert [each.outcome for each in kept.decisions] == ["client_left"]


def test_a_request_that_begins_before_an_answer_ends_is_answered(
    serve: Serve, upstream: Upstream
) -> None:
    """The time in which another has to begin is over for it, however long its own answer takes."""
    first = Reply([0.3, b"{}"])
    second = Reply([1.5, *whole(chat("late")).pieces])
    answers = iter([first, second])
    upstream.answer = lambda _: next(answers)
    with line_to(serve(server={"timeout_keep_alive": 1})) as line:
        line.sendall(ASK + CLOSING[:20])
        came = line.recv(65_536)
        line.sendall(CLOSING[20:] + LENGTH + b"\r\n" + BODY)
        came += all_of(line)

    assert b"late" in came


def test_a_body_that_we_do_not_read_is_not_late(serve: Serve, upstream: Upstream) -> None:
    """It waits behind an answer that takes longer than a body may."""
    slow = [event(each) for each in chunks("a b c d e f g h i j")]
    spaced = [part for each in slow for part in (0.2, each)]
    replies = iter([Reply(spaced, kind="text/event-stream"), whole(chat("late"))])
    upstream.answer = lambda _: next(replies)
    stream = BODY[:-1] + b', "stream": true}'
    large = BODY + b" " * 900_000
    with line_to(serve(server={"http": patient(0.4)})) as line:
        line.sendall(POST + b"content-length: %d\r\n\r\n" % len(stream) + stream)
        line.sendall(CLOSING + b"content-length: %d\r\n\r\n" % len(large) + large)
        came = all_of(line)

    assert came.count(b"HTTP/1.1 200 ") == 2
    assert b"late" in came


WAITING = POST.replace(b"chat/completions", b"nothing") + b"expect: 100-continue\r\n"


def test_who_is_not_asked_for_a_body_says_nothing_more(serve: Serve) -> None:
    """It may leave the body out or send it: what comes next can be a body or a request, and is not read."""
    with line_to(serve()) as line:
        line.sendall(WAITING + b"content-length: %d\r\n\r\n" % len(HEALTH))
        answer = line.recv(65_536)
        answer += all_of(line)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nconnection: close\r\n" in answer


def test_who_is_asked_for_a_body_goes_on(serve: Serve, upstream: Upstream) -> None:
    """And the connection is kept."""
    upstream.answer = lambda _: whole(chat("ok"))
    with line_to(serve()) as line:
        line.sendall(POST + b"expect: 100-continue\r\n" + LENGTH + b"\r\n")
        asked = line.recv(65_536)
        line.sendall(BODY)
        answer = line.recv(65_536)

    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" not in answer


def test_an_old_client_is_not_told_to_go_on(serve: Serve, upstream: Upstream) -> None:
    """HTTP/1.0 has one answer to a request."""
    upstream.answer = lambda _: whole(chat("ok"))
    head = POST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"expect: 100-continue\r\n"
    with line_to(serve()) as line:
        line.sendall(head + LENGTH + b"\r\n" + BODY)
        answer = all_of(line)

    assert answer.startswith(b"HTTP/1.1 200 ")


def test_what_follows_the_last_request_is_not_read(serve: Serve, upstream: Upstream) -> None:
    """Whatever it is, it costs nobody the answer."""
    upstream.answer = lambda _: whole(chat("ok"))
    with line_to(serve()) as line:
        line.sendall(CLOSING + LENGTH + b"\r\n" + BODY + b"\0 no request\r\n\r\n")
        answer = all_of(line)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_last_answer_that_nobody_takes_is_let_go(serve: Serve, upstream: Upstream) -> None:
    """Though what is left of it is so little that the server never stopped writing."""
    upstream.answer = lambda _: whole(chat("so " * 16_000))
    served = serve(server={"http": patient(0.3)})
    served._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.settimeout(10)
        line.connect(("127.0.0.1", served.port))
        line.sendall(CLOSING + LENGTH + b"\r\n" + BODY)
        begin = line.recv(20)
        until(lambda: not served.connections)

    assert begin.startswith(b"HTTP/1.1 200 ")
    assert not served.connections


@pytest.mark.parametrize("begin", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["nothing", "half"])
def test_who_does_not_agree_on_tls_is_let_go(
    command: Command, settings: Path, tmp_path: Path, begin: bytes
) -> None:
    """As soon as one that says nothing without TLS."""
    certificates(tmp_path)
    under_tls = "listen: {port: 0, certificate: cert.pem, private_key: key.pem}"
    settings.write_text(
        settings.read_text().replace("listen: {port: 0}", under_tls) + "limits: {seconds: 1}\n"
    )
    _, told = command(settings)
    port = int(told["url"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(begin)

        assert line.recv(1) == b""


@pytest.mark.parametrize(
    ("broken", "status"),
    [(b"1\r\n{{\r\n", b"400"), (b"zz\r\n", b"400"), (b"1;" + b"x" * 90_000, b"431")],
    ids=["too long", "no size", "a long extension"],
)
def test_a_body_that_breaks_is_answered(
    serve: Serve, upstream: Upstream, kept: Kept, broken: bytes, status: bytes
) -> None:
    """Once, in the place of its own answer, which nobody works for any more."""
    served = serve()
    with line_to(served) as line:
        line.sendall(CHUNKED + b"1\r\n{\r\n")
        time.sleep(0.2)
        line.sendall(broken)
        answer = all_of(line)
    until(lambda: not served.connections)

    assert answer.startswith(b"HTTP/1.1 %s " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert upstream.asked == []


def test_a_request_that_breaks_is_not_answered_in_the_place_of_another(
    serve: Serve, upstream: Upstream
) -> None:
    """Who would take the refusal for the answer to the first is told nothing."""
    upstream.answer = lambda _: Reply([], then="hang")
    with line_to(serve()) as line:
        line.sendall(ASK + CHUNKED + b"zz\r\n")

        assert all_of(line) == b""
