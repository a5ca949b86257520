"""Every byte of a bundle matters, or changes nothing that was signed."""

from __future__ import annotations

import pytest

from assaymark.attest.verify import VerifiedStatement, verify
from assaymark.errors import NotAuthenticError
from attest.by_hand import NOW, make_key, make_statement


def opened(data: bytes) -> VerifiedStatement | None:
    """What `verify` makes of `data`; any other error than a refusal ends the test."""
    try:
        return verify(data, [make_key()], now=NOW)
    except NotAuthenticError:
        return None


@pytest.mark.parametrize(
    "change",
    [lambda old: old ^ 0x01, lambda old: old ^ 0x20, lambda old: old ^ 0x80, lambda _: 0x22],
)
def test_no_changed_byte_changes_what_is_said(bundle: bytes, change: object) -> None:
    """One byte replaced, at every place: refused, or the signed content is the same."""
    survivors = []
    for index, old in enumerate(bundle):
        new = change(old)  # type: ignore[operator]
        if new != old:
            found = opened(bundle[:index] + bytes([new]) + bundle[index + 1 :])
            if found is not None:
                survivors.append(index)
                assert found.payload == make_statement()

    assert survivors == []


def test_no_lost_byte_changes_what_is_said(bundle: bytes) -> None:
    """One byte left out, at every place."""
    for index in range(len(bundle)):
        found = opened(bundle[:index] + bundle[index + 1 :])
        assert found is None


@pytest.mark.parametrize("added", [b" ", b"0", b'"', b"\\", b"=", b"\x00", b"\n"])
def test_no_added_byte_changes_what_is_said(bundle: bytes, added: bytes) -> None:
    """One byte added, at every place: white space between tokens and an escaped slash say nothing."""
    survivors = 0
    for index in range(len(bundle) + 1):
        found = opened(bundle[:index] + added + bundle[index:])
        if found is not None:
            survivors += 1
            assert found.payload == make_statement()
            assert added in (b" ", b"\n") or bundle[index : index + 1] == b"/"

    assert (survivors > 0) == (added in (b" ", b"\n", b"\\"))


def test_no_shortened_bundle_is_read(bundle: bytes) -> None:
    """A file that was cut off anywhere is refused."""
    assert all(opened(bundle[:length]) is None for length in range(0, len(bundle), 3))
