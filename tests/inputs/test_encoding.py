from __future__ import annotations

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.encoding import as_utf8

from .conftest import Write
from .said import said

MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@given(st.text(), st.sampled_from(sorted(MARKS)))
def test_a_byte_order_mark_names_the_encoding(text: str, encoding: str) -> None:
    """What was written comes back, without the mark."""
    data = MARKS[encoding] + text.encode(encoding)

    assert as_utf8(io.BufferedReader(io.BytesIO(data))).read().decode() == text


@pytest.mark.parametrize("encoding", sorted(MARKS))
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt"])
def test_every_text_format_is_decoded(write: Write, encoding: str, name: str) -> None:
    """Excel and PowerShell write UTF-16."""
    content = {
        "a.jsonl": '{"text": "naïve 😀"}\n',
        "a.json": '[{"text": "naïve 😀"}]',
        "a.csv": "text\nnaïve 😀\n",
        "a.txt": "naïve 😀\n",
    }[name]

    found = said(write(name, MARKS[encoding] + content.encode(encoding)))

    assert found.places == [(0, "text", "naïve 😀")]


def test_what_cannot_be_decoded_costs_its_line(write: Write) -> None:
    """Half a surrogate pair, and half a character at the end."""
    body = "one\n".encode("utf-16-le") + b"\x00\xd8" + "\ntwo\n".encode("utf-16-le") + b"\x61"
    path = write("a.txt", codecs.BOM_UTF16_LE + body)

    found = said(path)

    assert found.reasons == [(1, 2, "invalid UTF-8"), (3, 4, "invalid UTF-8")]
    assert found.places == [(0, "text", "one"), (2, "text", "two")]


def test_only_reading_is_forgiving() -> None:
    """The error handler that marks what cannot be decoded refuses to encode."""
    with pytest.raises(UnicodeEncodeError):
        "\ud800".encode("utf-8", "assaymark-surrogate")


def test_a_character_beyond_unicode_costs_its_line(write: Write) -> None:
    """UTF-32 can write numbers that are no characters; what follows is still read."""
    body = b"\x00\x00\x11\x00" + "\ntwo\n".encode("utf-32-le")

    found = said(write("a.txt", codecs.BOM_UTF32_LE + body))

    assert found.reasons == [(0, 1, "invalid UTF-8")]
    assert found.places == [(1, "text", "two")]
