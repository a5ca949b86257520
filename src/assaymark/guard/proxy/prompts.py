"""
Inputs that are a text, some texts, or tokens, as legacy completions and embeddings take them.

Tokens are a coded text that nothing here reads: refused, or, where the policy says so, passed and named.

tests/guard/proxy/test_completions.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.turns import Form, Turn


def prompt_turns(document: Mapping[str, Any], key: str, judge: Judge) -> list[Turn]:
    """Return the texts at `key` of a request.

    Raises:
        RefusedError: There are tokens, and the policy does not let them pass.
    """
    value = document.get(key)
    if value is None:
        return []
    if isinstance(value, str):
        return [Turn((key,), "user", value)]
    if not isinstance(value, list):
        return [Turn((key,), "user", value, Form.JSON)]
    if any(_is_token(each) for each in value) or any(
        isinstance(each, list) and all(map(_is_token, each)) for each in value
    ):
        judge.opaque(key)
        return []
    return [
        Turn((key, n), "user", each, Form.TEXT if isinstance(each, str) else Form.JSON)
        for n, each in enumerate(value)
    ]


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
