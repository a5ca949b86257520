"""The words of a licence text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.licences.text_tokens import Words, without_notices, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You may USE it", "you may\n   use it."),
        ("the “Software”, to deal", '# the "Software" to deal'),
        ("A licence to sublicence", "a license to sublicense"),
        ("1. Keep this. 2) Keep that.", "(a) Keep this.\n * Keep that."),
        ("as in section 2(a)(1) never", "as in Section 2 (b)\n  (iv) never"),
        ("read http://example.org/a now", "read https://www.example.net/b now"),
        ("keep it. All rights reserved.", "keep it."),
        ("Copyright (c) 2024 Birds Ltd\nkeep it", "© 2019-2021 Wings Ltd\nkeep it"),
    ],
)
def test_what_is_immaterial_is_evened_out(one: str, other: str) -> None:
    """As SPDX's matching guidelines say."""
    assert words_of(one).words == words_of(other).words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("you may use it", "you may not use it"),
        ("version 2.0", "version 2.1"),
        ("the above copyright notice", "the above notice"),
        ("copyright notice and keep it", "and keep it"),
    ],
)
def test_a_word_is_material(one: str, other: str) -> None:
    """One word can change what a licence says."""
    assert words_of(one).words != words_of(other).words


def test_notices_are_kept_apart() -> None:
    """So that nobody hides a condition in one."""
    assert words_of("Copyright 2024 Birds, not for sale\nkeep it") == Words(
        ["keep", "it"], ["2024", "birds", "not", "for", "sale"]
    )


def test_a_long_line_is_no_notice() -> None:
    """A whole licence on one line begins with its notice."""
    line = "Copyright (c) 2024 Birds. " + "keep it " * 40

    assert len(words_of(line).words) > 80


def test_notices_can_be_put_aside() -> None:
    """Where a gap is to stand in their place."""
    assert without_notices("Copyright (c) 2024 Birds\nKeep it", "X") == "X\nkeep it"


@given(st.text(max_size=300))
def test_any_text_has_words(text: str) -> None:
    """In lower case, without white space."""
    found = words_of(text)

    assert all(each and each == each.lower() for each in (*found.words, *found.notices))
