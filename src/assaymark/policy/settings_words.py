"""
Settings in one line for a person: what was set, without braces of Python's.

tests/policy/test_explain.py
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assaymark.model.evidence import Settings

_NOTHING: tuple[Any, ...] = (None, [], {})


def settings_line(settings: Settings, *, skip: Collection[str] = ()) -> str:
    """Return a line feed and the settings that say something, but those in `skip`; empty if none does."""
    shown = [
        f"{name} {_words(each)}"
        for name, each in settings.items()
        if name not in skip and each not in _NOTHING
    ]
    return f"\n    {', '.join(shown)}" if shown else ""


def _words(value: Any) -> str:
    """Return a plain list as words, and anything deeper as YAML writes it on one line."""
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return " ".join(map(_on_one_line, value))
    return _on_one_line(value)


def _on_one_line(value: Any) -> str:
    match value:
        case dict():
            pairs = (f"{k}: {_on_one_line(v)}" for k, v in value.items() if v not in _NOTHING)
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(_on_one_line, value))}]"
        case bool():
            return "true" if value else "false"
        case "":
            return '""'
        case _:
            return str(value)
