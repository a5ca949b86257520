"""How a law that does not hold is said."""

from __future__ import annotations


def demand(holds: object, message: str) -> None:
    """Raise `AssertionError` with `message` unless `holds`.

    A function, because `python -O` drops assert statements, and a law that nobody checks looks kept.
    """
    if not holds:
        raise AssertionError(message)
