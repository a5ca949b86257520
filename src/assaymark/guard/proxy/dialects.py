"""The APIs that are served."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from assaymark.errors import UsageError
from assaymark.guard.proxy.anthropic_messages import AnthropicMessages
from assaymark.guard.proxy.chat_completions import ChatCompletions
from assaymark.guard.proxy.completions import Completions
from assaymark.guard.proxy.dialect import Dialect
from assaymark.guard.proxy.embeddings import Embeddings
from assaymark.guard.proxy.responses import Responses


def served_dialects(patterns: Sequence[str] = ("*",)) -> tuple[Dialect, ...]:
    """Return the APIs that any of `patterns` names.

    Raises:
        UsageError: A pattern names none.
    """
    known: tuple[Dialect, ...] = (
        ChatCompletions(),
        Completions(),
        Embeddings(),
        Responses(),
        AnthropicMessages(),
    )
    for pattern in patterns:
        if not any(fnmatchcase(each.name, pattern) for each in known):
            names = ", ".join(f"`{each.name}`" for each in known)
            raise UsageError(
                f"no API that is served is called `{pattern}`", hint=f"there are {names}"
            )
    return tuple(
        each for each in known if any(fnmatchcase(each.name, pattern) for pattern in patterns)
    )
