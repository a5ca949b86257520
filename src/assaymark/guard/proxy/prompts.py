"""
Inputs that are a text, some texts, or tokens, as legacy completions and embeddings take them.

Tokens are a coded text that nothing here reads: refused, or, where the policy says so, passed and named. The
texts beside them are judged.

tests/guard/proxy/test_completions.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.turns import Form, Turn

_MOST_TOKENS = 10_000_000
"""That a vocabulary has; larger numbers are something else, and read."""


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
    read = [n for n, each in enumerate(value) if not _are_tokens(each)]
    if len(read) < len(value):
        judge.opaque(key)
    return [
        Turn((key, n), "user", value[n], Form.TEXT if isinstance(value[n], str) else Form.JSON)
        for n in read
    ]


def _are_tokens(value: Any) -> bool:
    return all(map(_is_token, value)) if isinstance(value, list) else _is_token(value)


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS
