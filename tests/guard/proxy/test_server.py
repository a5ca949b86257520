"""A server from its settings, over real sockets: TLS, slow clients, the command, and the gate before it."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assaymark.cli.main import main
from assaymark.errors import InputError, UsageError
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.key_digests import ScryptDigest
from assaymark.guard.proxy.patience import patient
from assaymark.guard.proxy.server import serve
from assaymark.guard.proxy.settings import Listen, ServerLimits

from .conftest import MAIL, Serve
from .fields import USER
from .upstream import Upstream, chat, whole

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: bot, version: 1.0.0, owner: bot@example.org}
requirements:
  - {id: enough, metric: records.count, at_least: 1, on: dataset}
guard:
  input: [{detector: pii, do: redact}]
  output: [{detector: pii, do: redact}]
"""


@pytest.fixture
def settings(tmp_path: Path, upstream: Upstream) -> Path:
    """Settings of a server in front of the upstream."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))
    (tmp_path / "policy.yaml").write_text(POLICY)
    path = tmp_path / "serve.yaml"
    path.write_text(
        "apiVersion: assaymark/v1\nkind: Serve\npolicy: policy.yaml\n"
        f"listen: {{port: 0}}\nupstreams: [{{url: '{upstream.url}'}}]\ncontracts: true\n"
    )
    return path


Command = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


@pytest.fixture
def command() -> Iterator[Command]:
    """Run `assaymark guard serve`, and stop it after the test."""
    running: list[subprocess.Popen[str]] = []

    def command(*words: object) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "assaymark", "guard", "serve", "--json", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        text = ""
        while not text.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        return process, json.loads(text)

    yield command
    for each in running:
        each.kill()
        each.communicate()


def test_the_command(command: Command, settings: Path) -> None:
    """It says where it is, serves models and the guard's own APIs, and stops when it is told to."""
    process, told = command(settings)
    with httpx.Client(base_url=told["url"], timeout=30) as http:
        answer = http.post("/v1/chat/completions", json={"model": "m", "messages": USER})
        checked = http.post("/v1/check", json={"text": f"I am {MAIL}"})
        missing = http.post("/v1/nothing", json={})
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["url"])
    assert answer.json()["choices"][0]["message"]["content"] == "ask <EMAIL_ADDRESS>"
    assert answer.headers["assaymark-policy"] == told["policy"]["sha256"]
    assert checked.json()["verdict"] == "redact"
    assert missing.status_code == 404
    assert "Traceback" not in errors
    assert process.returncode == 143


def test_check_only_says_whether_it_would_serve(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing listens then; what is wrong is told as for policies."""
    good = main(["guard", "serve", str(settings), "--check"])
    settings.write_text(settings.read_text().replace("policy: policy", "polcy: policy"))
    bad = main(["guard", "serve", str(settings), "--check"])

    told = capsys.readouterr()
    assert (good, bad) == (0, 2)
    assert re.fullmatch(r"would serve policy sha256:[0-9a-f]{64}\n", told.out)
    assert f"{settings}:3:1: error[unknown-key]: unknown key `polcy`" in told.err


def test_a_key_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed once, with the digest for the settings."""
    from assaymark.guard.proxy.keys import digest_of

    assert main(["guard", "key", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["key"].startswith("amk-")
    assert told["sha256"] == digest_of(told["key"])


def test_a_key_that_somebody_has_gets_a_digest_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not shown again; one that can be guessed is refused."""
    key = "correct-horse-battery-staple"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{key}\n"))
    made = main(["guard", "key", "--given"])
    good = capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    refused = main(["guard", "key", "--given"])
    bad = capsys.readouterr()

    (line, *_) = good.out.splitlines()
    assert (made, refused) == (0, 2)
    assert ScryptDigest.parse(line.removeprefix("scrypt  ")).matches(key)
    assert key not in good.out + good.err
    assert "the key can be guessed, or is none" in bad.err
    assert "hunter2" not in bad.out + bad.err


def test_the_gate_needs_all_three(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report without whom to believe proves nothing."""
    status = main(["guard", "serve", str(settings), "--require-report", str(settings), "--check"])

    assert status == 2
    assert (
        "the gate needs a report, whom to believe, and what is deployed" in capsys.readouterr().err
    )


def test_a_client_that_says_nothing_is_let_go(serve: Serve) -> None:
    """At once, or after half a head, or after an answer."""
    served = serve(server={"http": patient(0.3)})
    for begin in (b"", b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx: "):
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
            line.sendall(begin)

            assert line.recv(1) == b""

    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        answer = b""
        while b'"ok"}' not in answer:
            answer += line.recv(4_096)
        line.sendall(b"GET /hea")
        while more := line.recv(4_096):
            answer += more

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1


def dribble(line: socket.socket) -> None:
    """Send byte after byte, for ten seconds at least."""
    for _ in range(1_000):
        line.sendall(b"x")
        time.sleep(0.01)


def test_a_body_that_nobody_reads_has_to_end(serve: Serve) -> None:
    """Its request was answered; the rest comes byte by byte, and not for ever."""
    served = serve(server={"http": patient(0.2)})
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(b"POST /nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n")
        answer = line.recv(4_096)
        with pytest.raises(ConnectionError):
            dribble(line)

    assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("under_tls", [False, True], ids=["plain", "TLS"])
def test_an_answer_that_nobody_takes_is_let_go(
    serve: Serve, upstream: Upstream, tmp_path: Path, *, under_tls: bool
) -> None:
    """A whole one too, which waits in the memory of the server."""
    tls: dict[str, Any] = {}
    if under_tls:
        certificates(tmp_path)
        tls = {"ssl_certfile": tmp_path / "cert.pem", "ssl_keyfile": tmp_path / "key.pem"}
        tls["loop"] = "asyncio"
    vector = {"object": "embedding", "index": 0, "embedding": "A" * 7_000_000}
    upstream.answer = lambda _: whole({"object": "list", "data": [vector]})
    served = serve(server={"http": patient(0.2), **tls})
    body = b'{"model": "m", "input": "hi"}'
    head = b"POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(socket.socket())
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.settimeout(20)
        line.connect(("127.0.0.1", served.port))
        if under_tls:
            context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
            line = stack.enter_context(context.wrap_socket(line, server_hostname="127.0.0.1"))
        line.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        begin = line.recv(20)
        for _ in range(1_000):
            if not served.connections:
                break
            time.sleep(0.01)

    assert begin.startswith(b"HTTP/1.1 200 ")
    assert not served.connections


def test_an_answer_that_is_taken_slowly_is_taken(serve: Serve, upstream: Upstream) -> None:
    """A pause is shorter than the limit, and all of it comes."""
    vector = {"object": "embedding", "index": 0, "embedding": "A" * 4_000_000}
    upstream.answer = lambda _: whole({"object": "list", "data": [vector]})
    served = serve(server={"http": patient(2)})
    taken = 0
    with httpx.stream(
        "POST", f"{served.url}/v1/embeddings", json={"model": "m", "input": "hi"}, timeout=20
    ) as got:
        for piece in got.iter_bytes(500_000):
            taken += len(piece)
            time.sleep(0.3)

    assert taken == int(got.headers["content-length"]) > 4_000_000


def test_a_connection_is_kept_for_longer_than_clients_keep_theirs(
    command: Command, settings: Path
) -> None:
    """Theirs are five seconds; a request that is on its way is not met by a closed door."""
    _, told = command(settings)
    line = http.client.HTTPConnection(told["url"].removeprefix("http://"), timeout=20)
    statuses, sockets = [], []
    with contextlib.closing(line):
        for pause in (6, 0):
            line.request("GET", "/healthz")
            sockets.append(line.sock)
            answer = line.getresponse()
            answer.read()
            statuses.append(answer.status)
            time.sleep(pause)

    assert statuses == [200, 200]
    assert sockets[0] is sockets[1]


def test_what_cannot_be_listened_on(tmp_path: Path) -> None:
    """A port that is taken, and a certificate that is none."""
    (tmp_path / "cert.pem").write_text("no")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(InputError) as busy:
            serve(None, Listen(port=port), ServerLimits())
    with pytest.raises(InputError) as bad:
        serve(None, Listen(port=0, certificate=tmp_path / "cert.pem"), ServerLimits())

    assert busy.value.message == f"cannot listen on `127.0.0.1` port {port}: address already in use"
    assert bad.value.message == (
        f"the certificate `{tmp_path}/cert.pem`, or what belongs to it, cannot be used"
    )


def test_an_api_that_does_not_exist() -> None:
    """A misspelt name must not read as none."""
    assert [each.name for each in served_dialects(["chat.*", "embeddings"])] == [
        "chat.completions",
        "embeddings",
    ]
    with pytest.raises(UsageError) as caught:
        served_dialects(["chat-completions"])

    assert caught.value.message == "no API that is served is called `chat-completions`"


def test_tls(command: Command, settings: Path, tmp_path: Path) -> None:
    """With a certificate it is served under TLS, to clients that have one, too, where that is said."""
    authority, client_pem = certificates(tmp_path)
    listen = (
        "listen: {port: 0, certificate: cert.pem, private_key: key.pem, client_authority: ca.pem}"
    )
    settings.write_text(settings.read_text().replace("listen: {port: 0}", listen))

    _, told = command(settings)
    context = ssl.create_default_context(cafile=str(authority))
    with httpx.Client(verify=context) as http, pytest.raises(httpx.TransportError):
        http.get(f"{told['url']}/healthz")
    context.load_cert_chain(str(client_pem))
    with httpx.Client(verify=context) as http:
        answer = http.get(f"{told['url']}/healthz")

    assert told["url"].startswith("https://")
    assert answer.json() == {"status": "ok"}


def certificates(folder: Path) -> tuple[Path, Path]:
    """Make an authority, a server's certificate and a client's."""
    import ipaddress
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.now(UTC)
    pem = serialization.Encoding.PEM

    def made(name: str, issuer: Any = None, signer: Any = None) -> tuple[Any, Any]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                critical=False,
            )
        )
        return key, builder.sign(signer or key, hashes.SHA256())

    def private(key: Any) -> bytes:
        form = serialization.PrivateFormat.PKCS8
        return bytes(key.private_bytes(pem, form, serialization.NoEncryption()))

    ca_key, ca = made("test authority")
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    key, certificate = made("server", ca.subject, ca_key)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(private(key))
    client_key, client = made("client", ca.subject, ca_key)
    (folder / "client.pem").write_bytes(client.public_bytes(pem) + private(client_key))
    return folder / "ca.pem", folder / "client.pem"
