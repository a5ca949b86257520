"""The page about the server says what happens."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.settings import Listen, Resilience, ServerLimits, Timeouts
from assaymark.guard.proxy.settings_file import parse_settings

from .test_server import Command, command
from .upstream import Upstream, chat, chunks, events, whole

if TYPE_CHECKING:
    import pytest

__all__ = ["command"]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_example_prints_what_the_page_says(
    repository: Path,
    tmp_path: Path,
    command: Command,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Policy, settings, program and output, as they stand on the page; only the addresses are ours."""
    page = (repository / "docs" / "proxy.md").read_text()
    policy, settings, _, program, printed = (text for _, text in BLOCK.findall(page)[:5])
    answer = ["Write to jo", "hn@exam", "ple.com."]
    upstream.answer = lambda asked: (
        events(chunks(answer)) if asked.body.get("stream") else whole(chat("never asked"))
    )
    monkeypatch.setenv("OPENAI_API_KEY", "sk-up")
    (tmp_path / "policy.yaml").write_text(policy)
    here = settings.replace("https://api.openai.com/v1", upstream.url)
    (tmp_path / "serve.yaml").write_text(f"{here}listen: {{port: 0}}\n")
    _, told = command(tmp_path / "serve.yaml")
    output = io.StringIO()

    with contextlib.redirect_stdout(output):
        exec(program.replace("http://127.0.0.1:8787", told["url"]), {})

    assert output.getvalue() == printed
    (asked,) = upstream.asked
    assert asked.body["messages"][0]["content"] in page
    assert asked.headers["authorization"] == "Bearer sk-up"


def test_the_other_settings_of_the_page_can_be_used(repository: Path) -> None:
    """Each is a section of a file."""
    page = (repository / "docs" / "proxy.md").read_text()
    trust, upstreams = (text for kind, text in BLOCK.findall(page)[5:] if kind == "yaml")
    head = "apiVersion: assaymark/v1\nkind: Serve\npolicy: pack:baseline\n"
    secrets = {"OPENAI_API_KEY": "sk-up", "PROXY_CREDENTIALS": "me:word"}

    found = parse_settings(f"{head}{trust}{upstreams}".encode(), "serve.yaml", Path(), secrets)

    assert found.trust is not None
    assert found.trust.tenant_header == "x-tenant"
    assert found.upstreams[0].via is not None
    assert found.upstreams[0].via.secret == "me:word"


def test_the_stated_defaults_are_those_in_force(repository: Path) -> None:
    """Numbers and names of the page are those of the code."""
    page = (repository / "docs" / "proxy.md").read_text()
    limits, timeouts, resilience = ServerLimits(), Timeouts(), Resilience()

    assert f"`127.0.0.1`, {Listen().port}" in page
    assert "1 MiB, 8 MiB, 32 KiB; 30; 200, 100, 5" in page
    assert (limits.caps.request, limits.caps.answer, limits.headers) == (1 << 20, 8 << 20, 32 << 10)
    assert (limits.seconds, limits.concurrent, limits.waiting, limits.patience) == (30, 200, 100, 5)
    assert (timeouts.connect, timeouts.first_byte, timeouts.idle, timeouts.total) == (
        5,
        120,
        60,
        900,
    )
    assert (resilience.attempts, resilience.failures, resilience.rest) == (3, 5, 30)
    for each in served_dialects():
        assert f"| `{each.name}` | `POST {each.path}`" in page
