"""The page about the APIs says what happens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from assaymark.guard.apis.reading import MAX_BODY, MAX_DEPTH
from guard.asgi.conftest import served

if TYPE_CHECKING:
    import pytest

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_application_answers_what_the_page_says(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request of the page, over a real socket; of each answer the fields that it shows."""
    page = (repository / "docs" / "apis.md").read_text()
    (_, policy), (_, program), (_, dialogue) = BLOCK.findall(page)[:3]
    (tmp_path / "policy.yaml").write_text(
        policy.replace("guard:\n", "guard:\n  deadline_ms: 60000\n")
    )
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    exec(compile(program, "apis.md", "exec"), scope)
    lines = dialogue.strip().split("\n")

    with served(scope["app"]) as address, httpx.Client(base_url=address, timeout=60) as client:
        for asked, expected in zip(lines[::2], lines[1::2], strict=True):
            _, path, body = asked.split(" ", 2)
            status, _, shown = expected.partition(" ")
            answer = client.post(path, json=json.loads(body))
            document = answer.json()
            fields = json.loads(shown)
            if isinstance(fields, dict):
                document = {key: document[key] for key in fields}
            assert (str(answer.status_code), document) == (status, fields), asked


def test_every_path_is_on_the_page(repository: Path) -> None:
    """And the limits are those in force."""
    from assaymark.guard.apis.openapi import OPERATIONS

    page = (repository / "docs" / "apis.md").read_text()

    assert [each.path for each in OPERATIONS if f"{each.path}`" not in page] == []
    assert (MAX_BODY, MAX_DEPTH) == (1 << 20, 32)
    assert "at most 1 MiB and 32 levels" in page
