"""
Names in detector settings, and what to say about one that does not exist.

The policy loader shows these messages as they are, below the place in the file.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import TypeVar

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

T = TypeVar("T", bound=Collection[object])


def refusal(kind: str, message: str, hint: str) -> PydanticCustomError:
    """Return the error for a wrong setting; unlike a `ValueError`, pydantic puts no words before it."""
    return PydanticCustomError(kind, "{message}; {hint}", {"message": message, "hint": hint})


def known_name(
    value: str, valid: Collection[str], *, kind: str, message: str, otherwise: str | None = None
) -> str:
    """Return `value` if it is one of `valid`.

    Args:
        value: What the policy says.
        valid: Every name that it could say.
        kind: Code of the error.
        message: What is wrong with `value`.
        otherwise: Hint where no valid name is near; lists all of them by default.

    Raises:
        PydanticCustomError: It is not; names the nearest valid name.
    """
    if value in valid:
        return value
    folded = {each.lower(): each for each in valid}
    close = get_close_matches(value.lower(), folded, n=1, cutoff=0.5)
    if close:
        raise refusal(kind, message, f"did you mean `{folded[close[0]]}`?")
    raise refusal(kind, message, otherwise or f"choose from {', '.join(sorted(valid))}")


def _refuse_empty(value: T) -> T:
    if not value:
        raise refusal(
            "empty-list", "an empty list asks for nothing", "name something or drop the key"
        )
    return value


# Pydantic's own `min_length` counts after validation, so one wrong item would be two mistakes.
NOT_EMPTY = AfterValidator(_refuse_empty)
