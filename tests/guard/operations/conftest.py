"""A real server, as `assaymark guard serve` starts it, in front of a scripted upstream."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from assaymark.attest.keys import generate, load_signer
from assaymark.attest.public_key import Algorithm
from assaymark.attest.tlog.directory import LogDirectory
from attest.tlog.conftest import scratch
from guard.life.policies import REDACTS, written
from guard.proxy.upstream import Upstream, chat, whole

__all__ = ["scratch"]

SOURCE = Path(__file__).resolve().parents[3] / "src"


class Server:
    """A server in a process of its own."""

    def __init__(self, folder: Path, upstream: Upstream, more: str) -> None:
        self.folder = folder
        (folder / "serve.yaml").write_text(
            "apiVersion: assaymark/v1\nkind: Serve\npolicy: policy.yaml\n"
            "listen: {host: 127.0.0.1, port: 0}\n"
            f"upstreams:\n  - {{name: one, url: '{upstream.url}', allow_plain_http: true}}\n"
            "log: {directory: decisions, key: log.pem, seal_seconds: 0.05}\n"
            "reload_seconds: 0.05\n" + more
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "assaymark", "guard", "serve", "serve.yaml", "--json"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        told = ""
        while not told.endswith("\n}\n"):
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1]
            told += line
        self.url: str = json.loads(told)["url"]
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def ask(self, text: str, **headers: str) -> httpx.Response:
        """Ask for a completion."""
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        return self.client.post("/v1/chat/completions", json=body, headers=headers)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Fetch a page."""
        return self.client.get(path, headers=headers)

    def stop(self) -> None:
        """End it as an operator does."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.communicate(timeout=60)


Start = Callable[..., Server]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream that answers the same to all."""
    with Upstream(lambda _: whole(chat("It is fine."))) as server:
        yield server


@pytest.fixture
def folder(scratch: Path) -> Path:
    """A policy, a key and a log."""
    generate(scratch / "log.pem", passphrase=None, algorithm=Algorithm.ED25519)
    signer = load_signer(scratch / "log.pem", passphrase=None)
    key = LogDirectory.create(scratch / "decisions", "example.com/decisions", signer)
    (scratch / "log.vkey").write_text(key.vkey)
    written(scratch / "policy.yaml", REDACTS)
    return scratch


@pytest.fixture
def start(folder: Path, upstream: Upstream) -> Iterator[Start]:
    """Start servers that end with the test."""
    running: list[Server] = []

    def start(more: str = "") -> Server:
        running.append(Server(folder, upstream, more))
        return running[-1]

    yield start
    for each in running:
        each.stop()
