from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from assaymark.report.display_text import NAME_LIMIT, PROSE_LIMIT, name, parts, prose, quoted

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=400)


@given(ANY_TEXT)
def test_a_shown_name_is_one_short_line_of_printing_characters(text: str) -> None:
    """Whatever a name holds, it cannot break a line, hide anything or grow."""
    shown = name(text)

    assert shown.isprintable()
    assert len(shown) <= NAME_LIMIT
    assert "`" not in shown


@given(ANY_TEXT)
def test_shown_prose_prints_and_its_backticks_pair_up(text: str) -> None:
    """A policy author's text cannot turn what follows it into code."""
    shown = prose(text)

    assert shown.isprintable()
    assert len(shown) <= PROSE_LIMIT
    assert shown.count("`") % 2 == 0


@given(st.text(st.characters(categories=("L", "N"), exclude_characters="`"), max_size=NAME_LIMIT))
def test_a_plain_name_is_shown_as_it_is(text: str) -> None:
    """Escaping touches only what needs it."""
    assert name(text) == text


def test_direction_marks_are_shown_as_code_points() -> None:
    """A name cannot be turned round on the screen."""
    assert name("\u202egnp.exe") == "\\u202egnp.exe"
    assert unicodedata.bidirectional("\u202e") == "RLO"


def test_a_long_name_loses_its_middle() -> None:
    """The end of a path tells more than its middle, and the cut is visible."""
    shown = name("/data/" + "x" * 10_000 + "/part-07.jsonl")

    assert shown.startswith("/data/xxx")
    assert shown.endswith("xxx/part-07.jsonl")
    assert "…" in shown


def test_long_prose_is_cut_at_its_end() -> None:
    """A remediation of a thousand words leaves room for the rest."""
    assert prose("word " * 1000, 20) == "word word word word…"


def test_an_odd_backtick_becomes_an_apostrophe() -> None:
    """Prose with an unpaired backtick has none at all."""
    assert prose("run `this` or ` that") == "run 'this' or ' that"


def test_parts_tell_names_from_words() -> None:
    """A form can set names as code without parsing anything else."""
    assert parts(f"in {quoted('a.csv')}, row 3") == [
        ("in ", False),
        ("a.csv", True),
        (", row 3", False),
    ]
