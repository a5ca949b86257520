"""Licence texts known by their words, held against published texts and against changed ones."""

from __future__ import annotations

import base64
import gzip
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.licences.known_texts import Recognised, recognise
from assaymark.licences.names import resolve

DATA = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-4.0")
OTHERS = ("CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "ODC-By-1.0", "C-UDA-1.0", "etalab-2.0")
SOFTWARE = ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "Unlicense")
SAME_TEXT = {"BSD-2-Clause-NetBSD": "BSD-2-Clause"}
"""Texts that differ from another licence's in the name of a holder alone."""


@pytest.fixture(scope="session")
def texts(shared: Path) -> dict[str, str]:
    """551 published texts by id; they stay outside the repository."""
    with gzip.open(shared / "licence/spdx_license_texts.jsonl.gz", "rt") as lines:
        return {each["id"]: each["text"] for each in map(json.loads, lines)}


def test_published_texts_are_known_and_none_is_taken_for_another(texts: dict[str, str]) -> None:
    """Four of five at least; of the others some are too short, and some have no fixed words."""
    right = among = 0
    for name, text in texts.items():
        found = recognise(text).ids
        # SPDX gave some ids up for others: `GPL-2.0+` is `GPL-2.0-or-later` now.
        wanted = {resolve(name).id, name, SAME_TEXT.get(name)}
        assert not found or wanted.intersection(found), (name, found)
        right += found == (name,)
        among += len(found) > 1

    assert right + among >= 0.8 * len(texts)


@pytest.mark.parametrize("name", [*DATA, *OTHERS, *SOFTWARE])
def test_licences_of_data_and_usual_ones_of_code_are_known(
    name: str, texts: dict[str, str]
) -> None:
    """Each is itself, however it is wrapped, indented, and under whatever title and notice."""
    text = texts[name]
    own_notice = text.replace("<owner>. ", "<owner>.\n\n")
    wrapped = re.sub(r"(.{60,75})\s", "\\1\n      ", own_notice)
    shown = f"# License\n\nCopyright (c) 2024 Birds Ltd\n\n{wrapped}\n"

    assert recognise(text) == Recognised(ids=(name,))
    assert recognise(shown) == Recognised(ids=(name,))


@pytest.mark.parametrize("name", [*DATA, *OTHERS, *SOFTWARE])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: f"{text} Not for commercial use.",
        lambda text: f"For research and education. {text}",
        lambda text: text.replace(" without ", " with ", 1),
        lambda text: re.sub(r"\bnot\b", "", text, count=1),
        lambda text: text.replace(" use", " non-commercial use", 1),
        lambda text: text[: len(text) // 2],
        lambda text: f"{text}\n\n{text}",
        lambda text: f"Copyright 2024 Birds, academic use only\n{text}",
    ],
    ids=["appended", "prepended", "with", "not", "noncommercial", "half", "twice", "notice"],
)
def test_one_changed_word_and_it_is_no_longer_that_licence(
    name: str, change, texts: dict[str, str]
) -> None:
    """At most it resembles one."""
    changed = change(texts[name])

    if changed != texts[name]:
        assert recognise(changed).ids == ()


def test_what_resembles_a_licence_is_named_as_that(texts: dict[str, str]) -> None:
    """A hint for a person."""
    changed = texts["Apache-2.0"].replace("perpetual", "temporary")

    assert recognise(changed) == Recognised(resembles="Apache-2.0")


def test_texts_that_several_licences_share_are_all_of_them(texts: dict[str, str]) -> None:
    """Whether a font's name is reserved, the text does not say."""
    assert recognise(texts["OFL-1.1"]).ids == ("OFL-1.1", "OFL-1.1-RFN")


@pytest.mark.parametrize("text", ["", "   ", "MIT", "Do as you like.\n", "x " * 100_000])
def test_what_is_no_text_is_unknown(text: str) -> None:
    """Nor does it resemble anything."""
    assert recognise(text) == Recognised()


@given(st.text(max_size=400))
def test_no_text_that_somebody_makes_up_is_a_licence(text: str) -> None:
    """And none is too strange to be looked at."""
    assert recognise(text).ids == ()


def test_the_file_holds_numbers_and_names_of_licences_alone() -> None:
    """No word of a text: ids that SPDX knows, hashes, and counts."""
    data = json.loads((files("assaymark.licences") / "texts.json").read_bytes())

    assert data["sources"] == [
        "spdx/license-list-XML e4c1f27: the list is CC0-1.0",
        "npm spdx-license-list 6.12.0, texts of license-list-data: CC0-1.0",
    ]
    known = set()
    for each in data["texts"]:
        assert set(each) == {"ids", "stretches", "sketch", "titles"}
        assert any(resolve(name).id for name in each["ids"])
        assert all(
            isinstance(words, int) and f"{start}{whole}".isalnum() and set(flags) <= {"o", "g"}
            for words, start, whole, flags in each["stretches"]
        )
        assert len(base64.b64decode(each["sketch"])) <= 4 * 32
        known.update(each["ids"])
    assert len(known) > 650
