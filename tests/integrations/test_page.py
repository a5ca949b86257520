"""The page about integrations says what happens."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from guard.proxy.upstream import Upstream, chunks, events

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def blocks(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs of the page and what they print, where the policy is."""
    page = (repository / "docs" / "integrations.md").read_text()
    found = [text for _, text in BLOCK.findall(page)]
    (tmp_path / "policy.yaml").write_text(found.pop(0))
    monkeypatch.chdir(tmp_path)
    return found


def printed(program: str) -> str:
    """What a program prints."""
    into = io.StringIO()
    with contextlib.redirect_stdout(into):
        exec(compile(program, "integrations.md", "exec"), {})
    return into.getvalue()


def test_the_client_does_what_the_page_says(
    blocks: list[str], upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With OpenAI's own variables naming a model on this machine."""
    upstream.answer = lambda _: events(
        chunks(["Write to jo", "hn@exam", "ple.com, she ", "knows."])
    )
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.url)
    monkeypatch.setenv("OPENAI_API_KEY", "none")

    assert printed(blocks[0]) == blocks[1]
    (asked,) = upstream.asked
    assert asked.body["messages"][0]["content"] == "I am <EMAIL_ADDRESS>. Whom do I ask?"


def test_the_model_does_what_the_page_says(blocks: list[str]) -> None:
    """With LangChain's own model for tests."""
    assert printed(blocks[2]) == blocks[3]


def test_the_agent_does_what_the_page_says(blocks: list[str]) -> None:
    """With LangChain's own agent."""
    assert printed(blocks[4]) == blocks[5]
