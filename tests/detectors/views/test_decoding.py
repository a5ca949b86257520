"""The views that undo what was done to characters, each with what it shows and what it leaves alone."""

from __future__ import annotations

import base64
import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.detectors.views.base64 import BASE64
from assaymark.detectors.views.escapes import ESCAPES
from assaymark.detectors.views.html import HTML
from assaymark.detectors.views.percent import PERCENT
from assaymark.detectors.views.unicode import UNICODE
from assaymark.detectors.views.view import View


def shown(view: View, text: str) -> str | None:
    """Return what `view` makes of `text`, `None` where nothing changes."""
    seen = view.see(text)
    return None if seen is None else seen.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("\uff14\uff11\uff11\uff11", "4111", id="full-width digits"),
        pytest.param("\u0664\u0661\u0661", "411", id="Arabic digits"),
        pytest.param("\u096a\u0967\u0967", "411", id="Devanagari digits"),
        pytest.param("\u2460\u2776\U0001d7cf", "111", id="circled and mathematical digits"),
        pytest.param("\u00b2\u00b3\u2074", "234", id="raised digits in a row"),
        pytest.param("\U0001f130\U0001f150\U0001f170", "AAA", id="squared and circled letters"),
        pytest.param("\U0001d42cecret", "secret", id="mathematical letters"),
        pytest.param("o\ufb03ce", "office", id="a ligature"),
        pytest.param("jo\uff20a\uff0ecom", "jo@a.com", id="full-width marks"),
        pytest.param("4\u200b1\u200d1\u20601", "4111", id="characters without width"),
        pytest.param("12\u00ad34", "1234", id="a soft hyphen"),
        pytest.param("4\u03361\u0336", "41", id="a stroke through each digit"),
        pytest.param("4\ufe0f\u20e31\ufe0f\u20e3", "41", id="key caps"),
        pytest.param("j\u043ehn@ex\u0430mple.com", "john@example.com", id="Cyrillic look-alikes"),
        pytest.param("\u1d0a\u1d0f\u029c\u0274@a.com", "JOHN@a.com", id="small capitals"),
        pytest.param("123\u201345\u20136789", "123-45-6789", id="dashes of typography"),
        pytest.param("4111\u00a01111\u20091111", "4111 1111 1111", id="spaces of typography"),
        pytest.param("\U000e0034\U000e0031", "41", id="tag characters"),
        pytest.param("jo@a\u2024com", "jo@a.com", id="a leader of one dot"),
        pytest.param("4111\u00b71111\u20221111", "4111-1111-1111", id="bullets between digits"),
        pytest.param("4111 \u00b7 1111", "4111 - 1111", id="bullets with blanks"),
        pytest.param(
            "jane\u00b7@ex\u2022ample.org", "jane@example.org", id="bullets in an address"
        ),
        pytest.param("jane@example\u00b7co\u00b7uk", "jane@example.co.uk", id="bullets for dots"),
        pytest.param("ja\ue000ne@a\ufffd.org", "jane@a.org", id="voids in an address"),
        pytest.param("AKIA\U0010fffdQ7ZK", "AKIAQ7ZK", id="a void in a key"),
        pytest.param(
            "jane@example\u00b7org.", "jane@example.org.", id="a bullet for a dot, a full stop"
        ),
        pytest.param("(212)\u00b7555", "(212)-555", id="a bullet behind a bracket"),
        pytest.param(
            "4111\ufffd\ufffd1111", "4111-1111", id="what was not decoded, between digits"
        ),
        pytest.param("4111\ue0001111", "41111111", id="private use between digits"),
    ],
)
def test_look_alikes_are_read_as_what_they_look_like(text: str, expected: str) -> None:
    """What a reader takes for an ASCII letter, digit or mark is one in the view."""
    assert shown(UNICODE, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "plain words, 4111",
        "na\u00efve caf\u00e9 \u2026 \u201cquoted\u201d \u2013 done",
        "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! 2-\u0445 \u0447\u0430\u0441\u043e\u0432",
        "\u03b1\u03b2\u03b3 \u03ba\u03b1\u03b9 \u03b4",
        "5 m\u00b2, \u2116 5, Acme\u2122",
        "1998\u20132004 and 1998\u201304",
        "1998 \u00b7 2004 and 1998\ufffd2004",
        "Home\u2022About \u00b7 col\u00b7legi",
        "\uf095 call us, \uf0b7 item, caf\ufffd is closed",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
        "\u4f60\u597d\uff0c\u4e16\u754c\uff1a\u518d\u89c1\u3002",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ],
)
def test_honest_writing_stays(text: str) -> None:
    """Accents, quotation marks, other scripts, emoji, years and exponents are no disguise."""
    assert shown(UNICODE, text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&#52;&#49;&#x31;", "411"),
        ("&#52&#49", "41"),
        ("jo&commat;a&period;com", "jo@a.com"),
        ("&amp;#52; &amp;amp;#49;", "4 1"),
        ("12&shy;34 &#xff14;", "12\u00ad34 \uff14"),
    ],
)
def test_references_are_resolved(text: str, expected: str) -> None:
    """Decimal, hexadecimal and named references, also escaped ones and without the semicolon."""
    assert shown(HTML, text) == expected


@pytest.mark.parametrize(
    "text",
    ["a &lt;b&gt; &amp; &quot;c&quot;", "caf&eacute;&nbsp;&hellip;", "AT&T, &unknown;", "&#xd800;"],
)
def test_ordinary_references_stay(text: str) -> None:
    """What stands in every page is left alone."""
    assert shown(HTML, text) is None


@given(text=st.text(alphabet="abcXYZ0189@.-_+", min_size=1))
def test_any_value_comes_out_of_its_references(text: str) -> None:
    """Written as references, a value is the value again, each character at its reference."""
    coded = "".join(f"&#{ord(each)};" for each in text)
    seen = HTML.see(coded)

    assert seen is not None
    assert seen.text == text
    for place in range(len(text)):
        start, end = seen.origin(place, place + 1)
        assert html.unescape(coded[start:end]) == text[place]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("john%40example%2Ecom", "john@example.com"),
        ("%2534%252531", "41"),
        ("%EF%BC%94%d0%b0", "\uff14\u0430"),
        ("%34%20%35", "4 5"),
        ("020%207946%200958", "020 7946 0958"),
        ("a%3Ab%40c.de", "a:b@c.de"),
    ],
)
def test_percent_escapes_are_resolved(text: str, expected: str) -> None:
    """Octets become characters, escapes of escapes likewise, and spaces stay as they are."""
    assert shown(PERCENT, text) == expected


@pytest.mark.parametrize("text", ["100% sure", "a%20b%2Fc", "%e4%ff", "no escapes"])
def test_ordinary_percent_signs_stay(text: str) -> None:
    """Spaces, slashes, bytes that are no UTF-8, and per cent."""
    assert shown(PERCENT, text) is None


@given(text=st.text(alphabet="abcXYZ0189@.\uff14\u0430", min_size=1))
def test_any_value_comes_out_of_its_octets(text: str) -> None:
    """Percent-encoded as a whole, a value is the value again."""
    coded = "".join(f"%{octet:02X}" for octet in text.encode())

    assert shown(PERCENT, coded) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\u0034\u{31}\x31\061\U00000031", "41111"),
        (r"\\u0034", "4"),
        (r"\ud835\udfd2", "\U0001d7d2"),
        (r"john\@example\.com", "john@example.com"),
        (r"card\n4111", "card 4111"),
        (r"4111\u00001111\x1b1111", "4111\x001111\x1b1111"),
        (r"jane\u0000@a.org", "jane\x00@a.org"),
        (r"4111\u20281111\u00b71111", "4111\u20281111\u00b71111"),
        (json.dumps("\uff14\uff11"), '"\uff14\uff11"'),
    ],
)
def test_escapes_are_resolved(text: str, expected: str) -> None:
    """Escapes of JSON, JavaScript, Python and Markdown."""
    assert shown(ESCAPES, text) == expected


@pytest.mark.parametrize(
    "text", [r"print('a\n')", r"\d+\s*", r"C:\temp", r"\ud800", r"\u00e9", "none", r"\.py", r"\x"]
)
def test_ordinary_backslashes_stay(text: str) -> None:
    """Line breaks in code, patterns, paths, half a character, and accents."""
    assert shown(ESCAPES, text) is None


@given(
    text=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=9),
    is_url_safe=st.booleans(),
    is_padded=st.booleans(),
)
def test_any_text_comes_out_of_base64(text: str, *, is_url_safe: bool, is_padded: bool) -> None:
    """Both alphabets, padded or not; each character is in the digits that it maps to, and in no fewer."""
    encode = base64.urlsafe_b64encode if is_url_safe else base64.b64encode
    coded = encode(text.encode()).decode()
    coded = coded if is_padded else coded.rstrip("=")
    seen = BASE64.see(f"see {coded} there")

    assert seen is not None
    assert seen.text == f"see {text} there"
    for place in range(len(text)):
        start, end = seen.origin(4 + place, 5 + place)
        last = len(coded) if place == len(text) - 1 else (place * 8 + 7) // 6 + 1
        assert (start - 4, end - 4) == (place * 8 // 6, last)


@given(
    text=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=6),
    encoding=st.sampled_from(["utf-16-le", "utf-16-be"]),
    mark=st.sampled_from(["", "\ufeff"]),
    is_padded=st.booleans(),
)
def test_any_text_comes_out_of_base64_of_utf_16(
    text: str, encoding: str, mark: str, *, is_padded: bool
) -> None:
    """Either byte order, with its mark or without; each character is in the digits that it maps to."""
    octets = (mark + text).encode(encoding)
    coded = base64.b64encode(octets).decode()
    coded = coded if is_padded else coded.rstrip("=")
    seen = BASE64.see(f"see {coded} there")

    assert seen is not None
    assert seen.text == f"see {text} there"
    for place in range(len(text)):
        start, end = seen.origin(4 + place, 5 + place)
        first = 2 * (place + len(mark))
        last = len(coded) if place == len(text) - 1 else (first * 8 + 15) // 6 + 1
        assert (start - 4, end - 4) == (first * 8 // 6, last)


def test_wrapped_base64_is_read_over_its_lines() -> None:
    """Lines as mail has them are one run."""
    text = (
        "the number of my card is 4111 1111 1111 1111, and that is all there is to say about it. "
        * 2
    )
    coded = base64.encodebytes(text.encode()).decode()

    assert shown(BASE64, coded.rstrip("\n")) == text


@pytest.mark.parametrize(
    "text",
    [
        "internationalization /usr/local/share/applications",
        "d41d8cd98f00b204e9800998ecf8427e 9e107d9d372bb6826bd81d3542a419d6",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "NDExMTEx",
        base64.b64encode(bytes(range(200, 232))).decode(),
        base64.b64encode("\x01\x02\x03\x04\x05\x06\x07".encode("utf-16-le")).decode(),
        base64.b64encode(b"a\0b\0c\0d\0e\0\xff\xff").decode(),
    ],
)
def test_what_only_looks_like_base64_stays(text: str) -> None:
    """Words, paths, digests, short runs and encoded bytes that are no text."""
    assert shown(BASE64, text) is None
