"""
What callers give a guard, looked at before it is judged: no wrong argument passes as something to allow.

Messages name kinds of values and never a value, which may be what somebody said.

tests/guard/test_arguments.py
"""

from __future__ import annotations

import json
from typing import Any

from assaymark.errors import InputError, UsageError
from assaymark.policy.guarding import Phase

_HINT = "give what `json.loads` returns: texts, numbers, lists, objects with texts as keys"


def phase_of(given: Any) -> Phase:
    """Return the phase that is meant, also where its name is given.

    Raises:
        UsageError: It is none.
    """
    try:
        return Phase(given)
    except ValueError:
        got = "another text" if isinstance(given, str) else f"a `{type(given).__name__}`"
        names = ", ".join(f"`{each.value}`" for each in Phase)
        raise UsageError(
            f"expected a phase ({names}), got {got}", hint="give, say, `Phase.OUTPUT`"
        ) from None


def text_of(given: Any) -> str:
    """Return a text.

    Raises:
        InputError: It is none.
    """
    if not isinstance(given, str):
        raise InputError(
            f"expected a text, got a `{type(given).__name__}`",
            hint="decode bytes; `check` judges messages, and `check_json` documents",
        )
    return given


def json_of(value: Any) -> str:
    """Return `value` as JSON.

    Raises:
        InputError: It is no JSON value.
    """
    try:
        return json.dumps(value, ensure_ascii=False, default=_refuse)
    except TypeError:
        message = "the document has a key that is no text"
    except ValueError:
        message = "the document holds itself"
    except RecursionError:
        message = "the document is nested too deeply"
    raise InputError(message, hint=_HINT)


def _refuse(value: Any) -> Any:
    kind = type(value).__name__
    raise InputError(f"the document holds a `{kind}`, which is no JSON value", hint=_HINT)
