"""Policies in files, for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assaymark.guard.life.watching import Maker
from guard.conftest import installed

REDACTS = "input: [{detector: secrets, do: redact}]\n  output: [{detector: secrets, do: redact}]"
BLOCKS = "input: [{detector: secrets, do: block}]\n  output: [{detector: secrets, do: block}]"
FLAGS = "input: [{detector: secrets, do: flag}]\n  output: [{detector: secrets, do: flag}]"
KEY = "AKIA" + "2E0A8F3B244C9986"
"""Looks like a key of AWS; the detector `secrets` finds it."""

PROMPT = [{"role": "user", "content": f"Use {KEY} please."}]


def written(path: Path, section: str, *, name: str = "bot", version: str = "1.0.0") -> str:
    """Write a policy, and return its location."""
    path.write_text(
        "apiVersion: assaymark/v1\n"
        "kind: Policy\n"
        f"metadata: {{name: {name}, version: {version}, owner: bot@example.org}}\n"
        "requirements:\n"
        "  - {id: enough, metric: records.count, at_least: 1, on: dataset}\n"
        f"guard:\n  {section}\n"
    )
    return str(path)


def maker(**options: Any) -> Maker:
    """What makes guards of the installed detectors."""
    return Maker(installed(), **options)


class Notes:
    """Events, as they were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(self, event: str, detail: Mapping[str, Any]) -> None:
        """Keep an event."""
        self.told.append((event, dict(detail)))

    @property
    def names(self) -> list[str]:
        """What happened."""
        return [event for event, _ in self.told]
