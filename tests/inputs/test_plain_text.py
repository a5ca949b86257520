from __future__ import annotations

import pytest

from assaymark.errors import InputError

from .conftest import Write
from .said import Found, said


def test_each_line_is_a_record(write: Write) -> None:
    """Blank lines too, so that the row is the line less one; the last line needs no end."""
    path = write("a.txt", "one\r\n\ntwo\u2028still two\n")

    found = said(path)

    assert found.texts == [
        Found(str(path), 0, 1, "text", "one"),
        Found(str(path), 1, 2, "text", ""),
        Found(str(path), 2, 3, "text", "two\u2028still two"),
    ]
    assert (found.rows, found.empty) == (3, 1)


@pytest.mark.parametrize("suffix", [".txt", ".md", ".log", ".TXT"])
def test_these_suffixes_are_plain_text(write: Write, suffix: str) -> None:
    """In any case."""
    assert said(write("a" + suffix, "[1]\n")).places == [(0, "text", "[1]")]


def test_lines_that_are_no_text_are_skipped(write: Write) -> None:
    """UTF-16 without a mark is full of NUL, and must not look like clean text."""
    path = write("a.txt", b"caf\xe9\n" + "4111".encode("utf-16-le") + b"\nfine\n")

    found = said(path)

    assert found.reasons == [(0, 1, "invalid UTF-8"), (1, 2, "NUL character")]
    assert found.places == [(2, "text", "fine")]


def test_it_has_no_fields(write: Write) -> None:
    """The one field it has may be named, another may not."""
    path = write("a.txt", "x\n")

    assert said(path, field="text").places == [(0, "text", "x")]
    with pytest.raises(InputError) as raised:
        said(path, field="body")
    assert raised.value.message == f"`{path}` is plain text and has no field `body`"
    assert raised.value.hint == "leave `--field` out, or name the format with `--format`"


def test_a_line_beyond_the_limit_is_skipped(write: Write) -> None:
    """As in every format with lines."""
    path = write("a.txt", b"a" * 70_000_000 + b"\nafter\n")

    assert said(path).reasons == [(0, 1, "longer than 64 MiB")]
