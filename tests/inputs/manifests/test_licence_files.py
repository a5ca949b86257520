from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from assaymark.errors import InputError

from .reading import licences, read, said

REUSE = """\
version = 1

[[annotations]]
path = "**"
SPDX-FileCopyrightText = "2024 Birds Ltd"
SPDX-License-Identifier = "CC-BY-4.0"

[[annotations]]
path = ["a.csv", "b/*.csv"]
SPDX-License-Identifier = ["MIT", "ISC"]
"""


def test_a_side_file_is_about_its_file() -> None:
    """With the line of its identifier, and whom to name."""
    found = read(
        "SPDX-FileCopyrightText: 2024 Birds Ltd\n\nSPDX-License-Identifier: CC0-1.0\n",
        "d/a.csv.license",
    )

    assert licences(found) == [("CC0-1.0", "file", "d/a.csv", "")]
    assert found.licences[0].place.line == 3
    assert [each[:2] for each in said(found)] == [("attribution", "2024 Birds Ltd")]


def test_a_text_without_identifier_is_known_by_its_digest() -> None:
    """So that two documents that hold the same text can be told to."""
    (licence,) = read("Do as you like.\n", "LICENSE").licences

    assert licence.expression == "LicenseRef-unrecognised-text"
    assert licence.text_digest == hashlib.sha256(b"Do as you like.\n").hexdigest()


@pytest.mark.parametrize(
    ("name", "expression", "said_of_it"),
    [
        ("CC-BY-4.0", "CC-BY-4.0", ""),
        ("OFL-1.1", "LicenseRef-ambiguous-text", "OFL-1.1/OFL-1.1-RFN"),
    ],
)
def test_a_text_is_the_licence_that_it_is_word_for_word(
    shared: Path, name: str, expression: str, said_of_it: str
) -> None:
    """Its digest stands with it; a text that several licences share is each of them by name."""
    text = published(shared)[name]

    (licence,) = read(text, "LICENSE").licences

    assert (licence.expression, licence.name) == (expression, said_of_it)
    assert licence.text_digest == hashlib.sha256(text.encode()).hexdigest()


def test_a_text_that_was_changed_is_like_a_licence_and_none(shared: Path) -> None:
    """What it is like is a hint beside the digest."""
    text = published(shared)["CC-BY-4.0"].replace("worldwide", "local")

    (licence,) = read(text, "LICENSE").licences

    assert (licence.expression, licence.name) == (
        "LicenseRef-unrecognised-text",
        "like-CC-BY-4.0",
    )


def published(shared: Path) -> dict[str, str]:
    """Return published texts by id."""
    with gzip.open(shared / "licence/spdx_license_texts.jsonl.gz", "rt") as lines:
        return {each["id"]: each["text"] for each in map(json.loads, lines)}


def test_reuse_toml() -> None:
    """`**` is the whole; other paths are files."""
    found = read(REUSE, "REUSE.toml")

    key = "annotations[{}].SPDX-License-Identifier"
    assert licences(found) == [
        ("CC-BY-4.0", "subject", "", key.format(0)),
        ("MIT", "file", "a.csv, b/*.csv", key.format(1)),
        ("ISC", "file", "a.csv, b/*.csv", key.format(1)),
    ]
    assert [each[:2] for each in said(found)] == [("attribution", "2024 Birds Ltd")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("annotations = 1", "`REUSE.toml#annotations` is no list of tables"),
        ("annotations = [1]", "`REUSE.toml#annotations[0]` is no table"),
        ("[[annotations]]\npath = 'x'", None),
        (
            "[[annotations]]\nSPDX-License-Identifier = 'MIT'",
            "`REUSE.toml#annotations[0]` names no path, or no licence",
        ),
        (
            "[[annotations]]\npath='x'\nSPDX-License-Identifier = [1]",
            "`REUSE.toml#annotations[0]` names no path, or no licence",
        ),
    ],
)
def test_annotations_of_another_form(text: str, problem: str | None) -> None:
    """Are problems by name."""
    assert read(text, "REUSE.toml").problems == ((problem,) if problem else ())


@pytest.mark.parametrize("data", [b"a = [", b"\xff", b"a = " + b"[" * 100_000])
def test_what_is_no_toml(data: bytes) -> None:
    """Refused by name."""
    with pytest.raises(InputError) as caught:
        read(data, "REUSE.toml")

    assert caught.value.message == "`REUSE.toml` is not TOML"
