"""
The texts of a request in the order of a conversation, whatever an API calls them.

A guard judges chat messages: what stands before the last answer of the model was judged in its turn, and what
comes from tools has rules of its own. So each text of another API becomes one message, and goes back to where
it came from.

tests/guard/proxy/test_coverage.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from assaymark.guard.documents import Steps, with_values
from assaymark.guard.proxy.judge import Judge
from assaymark.redaction.redactor import WITHHELD


class Form(Enum):
    """How a value is judged."""

    TEXT = "text"
    JSON = "json"
    """A value of JSON, such as the arguments of a tool."""

    JSON_TEXT = "json-text"
    """A text that holds one."""

    OTHER = "other"
    """An image, or what nobody knows: refused, or judged as far as it can be read."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One value of a request."""

    steps: Steps
    role: str
    """Who says it, as chat messages have it; `tool` for what tools say."""

    value: Any
    form: Form = Form.TEXT
    instead: Any = WITHHELD
    """What stands there where it is of an earlier turn and may not pass."""

    @property
    def message(self) -> dict[str, Any]:
        """The value as a chat message."""
        if self.form is Form.OTHER:
            return {"role": self.role, "content": [{"type": "other", "value": self.value}]}
        if self.form is Form.TEXT:
            return {"role": self.role, "content": self.value}
        text = (
            self.value
            if self.form is Form.JSON_TEXT
            else json.dumps(self.value, ensure_ascii=False)
        )
        return {"role": self.role, "tool_calls": [{"function": {"arguments": text}}]}

    def passed(self, message: Any) -> Any:
        """Return the value that a judged `message` stands for."""
        if self.form is Form.OTHER:
            part = message["content"][0]
            return part["value"] if part["type"] == "other" else self.instead
        if self.form is Form.TEXT:
            return message["content"]
        text = message["tool_calls"][0]["function"]["arguments"]
        return text if self.form is Form.JSON_TEXT else json.loads(text)


async def judged_turns(document: Any, turns: Sequence[Turn], judge: Judge) -> Any:
    """Return `document` with `turns` as they may pass.

    Raises:
        RefusedError: They may not.
    """
    known = [each for each in turns if each.form is not Form.TEXT or each.value]
    messages = [each.message for each in known]
    passed = await judge.messages(messages, [each.steps for each in known])
    new = {
        turn.steps: turn.passed(after)
        for turn, before, after in zip(known, messages, passed, strict=True)
        if after is not before
    }
    return with_values(document, new)
