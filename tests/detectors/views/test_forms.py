"""Views on top of one another, bounded."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import re
from collections.abc import Iterator
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.detectors.views import known
from assaymark.detectors.views.forms import DEPTH, Form, forms
from assaymark.detectors.views.known import VIEWS
from assaymark.detectors.views.offsets import Seen
from assaymark.detectors.views.settings import NAMES
from assaymark.detectors.views.triggers import able_to_change
from assaymark.detectors.views.view import View

ALL = tuple(VIEWS.values())
PIECES = (
    "4111 1111 1111 1111", "john@example.com", "&#52;", "%34", "%25", r"\u0034", "\\", "&amp;", "&",
    "NDExMSAxMTExIDExMTE=", "4 1 1 1 1 1 1 1", " one two three four five", " at ", " dot ", "\n", "=\n",
    "\uff14", "\u200b", "\u0336", "\u043e", "-", ".", "@", " ", "12", "a", "\u00ad\n", "\U000e0041", "\u00b2",
    "\0", "\x1b[1m", "\x85", "\u2028", "\r", "\x0b", "\t", "\u00b7", "\u2022", "\ufffd", "\ue000", "\u2024",
    "<b>", "</b>", "<!---->", "**", "`", "/", "?", "4111", "1111", "agBhAG4AZQBAAGIALgBvAHIAZwA=", r"\u0000",
)  # fmt: skip
TEXTS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=20).map("".join),
)


def test_views_are_named_as_in_settings() -> None:
    """The names that a policy may use are the views, in the order in which they are taken."""
    assert tuple(VIEWS) == NAMES
    assert [each.name for each in ALL] == list(NAMES)


@given(text=TEXTS)
@settings(max_examples=400)
@pytest.mark.parametrize("view", ALL, ids=NAMES)
def test_what_changes_a_text_is_triggered(view: View, text: str) -> None:
    """A text without the trigger is none that the view would change; a look at it alone overlooks none."""
    matched = pc.match_substring_regex(pa.array([text], pa.large_string()), view.trigger)[0].as_py()

    assert matched or view.see(text) is None
    assert view.may_change(text) or not matched
    assert view in able_to_change(ALL, text) or view.see(text) is None


@given(text=TEXTS)
@settings(max_examples=400)
def test_every_place_maps_into_the_text_in_order(text: str) -> None:
    """Any span of any form lies in the text, none is empty, and a later one never lies before."""
    found, _ = forms(text, ALL)

    for form in found:
        places = [form.trace(i, i + 1)[0] for i in range(len(form.text))]
        assert all(0 <= start < end <= len(text) for start, end in places)
        assert all(a.start <= b.start and a.end <= b.end for a, b in itertools.pairwise(places))
        if form.text:
            (start, end), _ = form.trace(0, len(form.text))
            assert (start, end) == (places[0].start, places[-1].end)


@given(text=TEXTS)
def test_what_no_view_changed_is_as_it_stands(text: str) -> None:
    """Where no view is named, the characters of the form are those of the text."""
    for form in forms(text, ALL)[0]:
        for i, character in enumerate(form.text):
            (start, end), view = form.trace(i, i + 1)
            assert view or text[start:end] == character


@given(text=st.text(alphabet=st.sampled_from("abcdefghij klm nop, qrst. uvwxyz ABC DEF!?'\"()")))
def test_plain_prose_has_no_other_form(text: str) -> None:
    """Letters, blanks and marks of prose are read once, unless a run happens to be encoded text."""
    longest = max(map(len, re.findall(r"[A-Za-z]+", text)), default=0)
    apart = re.search(r"(?:\b[A-Za-z][ ,.]+){5}", text)

    assert longest >= 12 or apart or forms(text, ALL) == ([], True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (quote(base64.b64encode(b"card 4111111111111111").decode()), "base64"),
        ("&#37;34&#37;31", "html+percent"),
        ("".join(f"%{octet:02x}" for octet in "\uff14\uff11".encode()), "percent+unicode"),
        (
            base64.b64encode("".join(f"&#{ord(each)};" for each in "41").encode()).decode(),
            "base64+html",
        ),
        (base64.b64encode(base64.b64encode(b"4111 1111 1111")).decode(), "base64"),
        ("\uff14 \uff11 \uff11 \uff11 \uff11 \uff11 \uff11 \uff11", "unicode+spaced"),
    ],
)
def test_views_work_on_top_of_one_another(text: str, name: str) -> None:
    """What was disguised twice is seen, and the name tells by which views."""
    found, whole = forms(text, ALL)
    last = found[-1]

    assert whole
    assert last.trace(0, len(last.text))[1] == name


def test_a_token_is_read_before_it_is_opened() -> None:
    """A disguised token that is encoded text itself has a form in which it is whole."""
    token = base64.b64encode(b'{"alg":"HS256","typ":"JWT"}').decode()
    found, _ = forms(f"{token[:9]}\u200b{token[9:]}", ALL)

    assert [each.text for each in found] == [token, '{"alg":"HS256","typ":"JWT"}']


def test_what_is_encoded_too_deeply_is_not_whole() -> None:
    """Up to the last layer everything is undone; one layer more, and the text counts as not read in full."""
    inner = b"my card is 4111 1111 1111 1111"
    for _ in range(DEPTH):
        inner = base64.b64encode(inner)
    deeper = base64.b64encode(inner)

    assert forms(inner.decode(), ALL)[1] is True
    assert forms(deeper.decode(), ALL)[1] is False


def _hostile() -> Iterator[tuple[str, str]]:
    nested = "4111 1111 1111 1111 "
    for _ in range(6):
        nested = base64.b64encode(nested.encode()).decode()
    yield from {
        "percent": "%25" * 20, "references": "&amp;" * 20, "backslashes": "\\" * 60, "at": "@" * 60,
        "singles": "1 " * 40, "marks": "a\u0336" * 30, "towers": "a" + "\u0336" * 60, "digits": "4" * 60,
        "breaks": "1\n" * 30, "words": "one " * 20, "dots": "a.a." * 20, "at dot": "a at a dot " * 8,
        "groups": "41-" * 20, "base64": "NDEx" * 20, "twins": "a\u043e" * 30, "nested": nested,
        "domain": "a@" + "a-" * 30, "blanks": " " * 60, "escapes": r"\u005c" * 12, "joints": "1\u2013" * 30,
        "controls": "a\0" * 30, "run of controls": "a" + "\0" * 60, "sequences": "a\x1b[0m" * 15,
        "tags": "a<b>" * 15, "open tags": "a<b " * 15, "comments": "a<!--" * 12, "Markdown": "a**@**a**." * 6,
        "slashes": "/a" * 30, "tabs": "4111\t" * 12,
        "bullets": "a@\u00b7a" * 15, "voids": "a\ufffd\ufffd" * 20, "lines": "1\u2028" * 30,
    }.items()  # fmt: skip


@pytest.mark.parametrize("text", [pytest.param(each, id=name) for name, each in _hostile()])
def test_hostile_texts_cost_in_proportion(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a text is repeated, it has three forms at most, read in a bounded number of passes."""
    passes: list[int] = []

    def counted(view: View) -> View:
        def see(text: str) -> Seen | None:
            passes.append(len(text))
            return view.see(text)

        return dataclasses.replace(view, see=see)

    watched = {name: counted(each) for name, each in VIEWS.items()}
    for group in ("CHARACTER_VIEWS", "ENVELOPE_VIEWS", "JOINING_VIEWS"):
        members = tuple(watched[each.name] for each in getattr(known, group))
        monkeypatch.setattr(f"assaymark.detectors.views.forms.{group}", members)

    found, _ = forms(text * 200, tuple(watched.values()))

    assert len(found) <= 3
    assert len(passes) <= (2 * DEPTH + 2) * len(ALL)
    assert sum(passes) <= (2 * DEPTH + 2) * len(ALL) * len(text * 200)
    assert sum(len(each.text) for each in found) <= 3 * len(text * 200)


def test_a_form_without_a_view_is_the_text() -> None:
    """Nothing changed, nothing named."""
    assert Form("text").name == ""
    assert Form("text").trace(1, 3) == ((1, 3), "")
