"""
What Presidio's anonymizer puts in the place of values, with the parameters of its API.

Source: presidio-anonymizer 2.2.366. tests/guard/apis/test_presidio_anonymizer.py compares with it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from assaymark.guard.apis.reading import RefusedError
from assaymark.redaction.aes_cbc import KEY_SIZES, decrypt, encrypt

Operate: TypeAlias = Callable[[str, str], str]
"""From an entity and a value to what takes its place."""

_SALT = 16
_RANDOM_SALT = 32
"""Bytes."""


class Operator(BaseModel):
    """What is done with an entity. Which of the parameters there have to be, `type` says."""

    model_config = ConfigDict(strict=True)

    type: str
    """`replace`, `redact`, `mask`, `hash`, `encrypt`, `keep`; back again `decrypt`, `deanonymize_keep`."""

    new_value: str | None = None
    """For `replace`; the entity in angle brackets if there is none."""

    masking_char: str | None = None
    """For `mask`: one character, or none."""

    chars_to_mask: int | None = None
    from_end: bool | None = None
    hash_type: str = "sha256"
    """For `hash`: `sha256` or `sha512`."""

    salt: str | None = None
    """For `hash`: 16 bytes or more; a random one for each value if there is none."""

    key: str | None = None
    """For `encrypt` and `decrypt`: 16, 24 or 32 bytes."""


def operator_of(
    given: Operator, known: Mapping[str, Callable[[Operator], Operate]]
) -> tuple[str, Operate]:
    """Return the name of an operator, and what it does.

    Raises:
        RefusedError: It is not among `known`, or a parameter is missing or cannot be used.
    """
    if given.type == "custom":
        raise RefusedError(
            400,
            "`custom` needs a function of Python, and a request brings none",
            code="unsupported",
        )
    make = known.get(given.type)
    if make is None:
        raise _wrong("type", f"one of {', '.join(f'`{each}`' for each in sorted(known))}")
    return given.type, make(given)


def _wrong(parameter: str, expected: str) -> RefusedError:
    return RefusedError(
        422, f"`{parameter}` is not {expected}", code="invalid_request", field=parameter
    )


def _replace(given: Operator) -> Operate:
    return lambda entity, _: given.new_value or f"<{entity}>"


def _redact(given: Operator) -> Operate:  # noqa: ARG001 - it has no parameters
    return lambda _entity, _value: ""


def _keep(given: Operator) -> Operate:  # noqa: ARG001 - it has no parameters
    return lambda _, value: value


def _mask(given: Operator) -> Operate:
    character, count, from_end = given.masking_char, given.chars_to_mask, given.from_end
    if character is None or len(character) > 1:
        raise _wrong("masking_char", "one character")
    if count is None:
        raise _wrong("chars_to_mask", "a number")
    if from_end is None:
        raise _wrong("from_end", "true or false")

    def mask(_: str, value: str) -> str:
        size = min(len(value), max(count, 0))
        if from_end:
            return value[: len(value) - size] + character * size
        return character * size + value[size:]

    return mask


def _hash(given: Operator) -> Operate:
    if given.hash_type not in ("sha256", "sha512"):
        raise _wrong("hash_type", "`sha256` or `sha512`")
    fixed = None if given.salt is None else given.salt.encode()
    if fixed is not None and len(fixed) < _SALT:
        raise _wrong("salt", f"{_SALT} bytes or more")

    def digest(_: str, value: str) -> str:
        salt = os.urandom(_RANDOM_SALT) if fixed is None else fixed
        return hashlib.new(given.hash_type, value.encode() + salt).hexdigest()

    return digest


def _key(given: Operator) -> bytes:
    key = b"" if given.key is None else given.key.encode()
    if len(key) not in KEY_SIZES:
        raise _wrong("key", "of 16, 24 or 32 bytes")
    return key


def _encrypt(given: Operator) -> Operate:
    key = _key(given)
    return lambda _, value: encrypt(key, value)


def _decrypt(given: Operator) -> Operate:
    key = _key(given)
    return lambda _, value: decrypt(key, value)


ANONYMIZERS: Mapping[str, Callable[[Operator], Operate]] = {
    "replace": _replace,
    "redact": _redact,
    "mask": _mask,
    "hash": _hash,
    "encrypt": _encrypt,
    "keep": _keep,
}
DEANONYMIZERS: Mapping[str, Callable[[Operator], Any]] = {
    "decrypt": _decrypt,
    "deanonymize_keep": _keep,
}
