"""The views that put values together, each with what it shows and what it leaves alone."""

from __future__ import annotations

import pytest

from assaymark.detectors.views.broken import BROKEN
from assaymark.detectors.views.inserted import INSERTED
from assaymark.detectors.views.paths import PATHS
from assaymark.detectors.views.spaced import SPACED
from assaymark.detectors.views.spelled import SPELLED

from .test_decoding import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 end", "no 4111111111111111 end"),
        ("4 1 1 1  1 1 1 1", "4111 1111"),
        ("1 2 3 - 4 5 - 6 7 8 9", "123-45-6789"),
        ("4-1-1-1-1-1-1-1", "41111111"),
        ("4 . 1 . 1 . 1 . 1 . 1 . 1", "4111111"),
        ("j o h n @ e x a m p l e . c o m", "john@example.com"),
        ("j*o*h*n*@*e*x*a*m*p*l*e*.*c*o*m", "john@example.com"),
        ("4111.1111.1111.1111", "4111111111111111"),
        ("411 111 111 111 1111", "4111111111111111"),
        ("4111 - 1111 - 1111 - 1111", "4111111111111111"),
        ("john @ example . com", "john@example.com"),
        ("john@example . com", "john@example.com"),
        ("4111\t1111\t1111\t1111\t12/27\t123", "4111111111111111\t12/27\t123"),
        ("3782\t822463\t10005", "378282246310005"),
        ("4111#1111#1111#1111", "4111111111111111"),
        ("4`1`1`1`1`1`1`1", "41111111"),
        ("4\x0b1\x0c1\x851\u20281\u20291\r1\x0b1", "41111111"),
    ],
)
def test_pulled_apart_values_are_put_together(text: str, expected: str) -> None:
    """Single characters, groups that make a card number, and addresses."""
    assert shown(SPACED, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a plain line of words",
        "1 + 2 = 3, 4 * 5 = 20",
        "0 1 0 1",
        "1.2.3.4 and 10.0.0.1",
        "4111 1111 1111 1111",
        "12 34 56 78 90 12 34 56",
        "2005-06-03-15.42.50.675872",
        "meet me @ home. Then we go",
        "thanks @user . See you",
        "4111.1111.1111.1112",
        "4111\t1111\t1111\t1112",
        "4111\t1111\t1111\t1111\t2024",
        "2019\t4111\t1111\t1111\t1111",
        "411\t111\t111\t111\t1111",
        "548365##8661##15591",
    ],
)
def test_what_belongs_apart_stays_apart(text: str) -> None:
    """Words, sums, versions, tables, times, usual spacing, and what no check digit confirms."""
    assert shown(SPACED, text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it is four one one one ONE", "it is 41111"),
        ("five five five, zero one nine nine", "555-0199"),
        ("one two three dash four five dash six seven eight nine", "123-45-6789"),
        ("plus four four two oh seven nine", "+442079"),
        ("double five oh triple one two three", "55011123"),
        ("one two three 4 five", "12345"),
        ("mary at example dot com", "mary@example.com"),
        ("mary dot ann at example dot com", "mary.ann@example.com"),
        ("mary (at) example.com", "mary@example.com"),
        ("mary[at]example[dot]co[dot]uk", "mary@example.co.uk"),
        ("mary_at_example_dot_com", "mary@example.com"),
        ("mary@example dot com", "mary@example.com"),
    ],
)
def test_words_are_read_as_what_they_say(text: str, expected: str) -> None:
    """Digits, marks and the two words of an address."""
    assert shown(SPELLED, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "one two three, go",
        "twenty one hundred and five",
        "look at example dot com",
        "the dot product at noon",
        "come at eight or nine",
        "1 2 3 4 5 6 7",
        "one-two, one-two",
    ],
)
def test_ordinary_words_stay_words(text: str) -> None:
    """Counting, quantities, times and places."""
    assert shown(SPELLED, text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("41111111\n11111111", "4111111111111111"),
        ("4111 1111\r\n1111 1111", "4111 1111 1111 1111"),
        ("123-\n45-6789", "123-45-6789"),
        ("+44 20 7946\n0958", "+44 20 7946 0958"),
        ("123-4\n5-6789", "123-45-6789"),
        ("(212) 55\n5-0199", "(212) 555-0199"),
        ("192.168\n.10.20", "192.168.10.20"),
        ("GB29 NWBK 6016\n1331 9268 19", "GB29 NWBK 60161331 9268 19"),
        ("john@\nexample.com", "john@example.com"),
        ("john\n@example.com", "john@example.com"),
        ("john@exam\nple.com", "john@example.com"),
        ("john@example.\ncom", "john@example.com"),
        ("jo=\r\nhn@example.com", "john@example.com"),
        ("4111\u00ad\n1111", "41111111"),
        ("key=ab\\\ncd", "key=abcd"),
        ("4111 1111\r1111 1111", "4111 1111 1111 1111"),
        ("41111111\x0b11111111", "4111111111111111"),
        ("123-\x0c45-6789", "123-45-6789"),
        ("john@\x85example\u2028.com", "john@example.com"),
        ("john\u2029@example.com", "john@example.com"),
    ],
)
def test_broken_values_are_put_together(text: str, expected: str) -> None:
    """Numbers, addresses and what says itself that the line goes on."""
    assert shown(BROKEN, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "one line",
        "2021\n2022\n2023",
        "Regards,\nJohn\njohn@example.com\nthanks",
        "1,2,3\n4,5,6",
        "total: 41111111\n11111112",
        "v 1.2\n3.4 and\n5",
        "53144\n06-10446904",
        "GB29 NWBK 6016\n1331 9268 18",
        "@mention\nnext",
        "a-\nb",
    ],
)
def test_ordinary_lines_stay_lines(text: str) -> None:
    """Columns, signatures and hyphenated words."""
    assert shown(BROKEN, text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jane\0@example\x7f.org", "jane@example.org"),
        ("4111\x1f1111\x1f1111\x1f1111", "4111111111111111"),
        ("4\x011\x011\x011", "4111"),
        ("4\x00 \x001\x00 1", "4 1 1"),
        ("a\0\0\0\0\0\0\0\0\0\0b", "ab"),
        ("ja\x1b[1;31mne\x1b[0m@b.org", "jane@b.org"),
        ("jane\x9b@b.org", "jane@b.org"),
        ("jane<b></b>@<I class='x'>example</I>.org", "jane@example.org"),
        ("jane<!-- x -->@b.org", "jane@b.org"),
        ("4111 <b>1111</b> 1111 1111", "4111 1111 1111 1111"),
        ("4111<span>1111</span>11111111", "4111111111111111"),
        ("jane**@**example.org", "jane@example.org"),
        ("jane@exam~~ple~~.__org__", "jane@example.org__"),
        ("jane`@`example`.`org", "jane@example.org"),
    ],
)
def test_what_was_inserted_goes(text: str, expected: str) -> None:
    """Control characters, sequences of terminals, tags and comments, marks of Markdown."""
    assert shown(INSERTED, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "plain text, 4111",
        "line\none\ttwo\r\nthree\x0bfour\x0cfive",
        "\x1b[31mred\x1b[0m and more",
        "<b>bold</b> words, the <i>2</i>, x<br>y",
        "<td>41</td><td>11</td> 10<sup>6</sup>",
        "if a<b and c>d: x<y",
        "**bold** @name **more**, me@*",
        "sip:1@my_box.example.org",
        "a@b **x**.",
    ],
)
def test_what_parts_values_stays(text: str) -> None:
    """Line breaks, colours of whole words, cells, comparisons, emphasis."""
    assert shown(INSERTED, text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("users/jane@b.org/profile", "users jane@b.org/profile"),
        ("https://host:8080/users/jane@b.org", "https://host:8080/users jane@b.org"),
        ("x?jane@b.org", "x jane@b.org"),
        ("x#jane@b.org", "x jane@b.org"),
        ("a@b.org/joe@b.org?ann@b.org", "a@b.org joe@b.org ann@b.org"),
        ("/home/\u00e9va@b.org", "/home \u00e9va@b.org"),
    ],
)
def test_addresses_begin_behind_paths(text: str, expected: str) -> None:
    """Whatever stands before the last slash, question mark or number sign is no part of the local part."""
    assert shown(PATHS, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "jane@b.org",
        "and/or jane@b.org",
        "a/b/c",
        "medium.com/@name",
        f"/{'x' * 65}@b.org",
        "x/y@",
        "0.0.0.0/0.0.0.0@107",
    ],
)
def test_paths_without_addresses_stay(text: str) -> None:
    """Nothing is cut where no address begins, or none that mail would take (RFC 5321, section 4.5.3.1.1)."""
    assert shown(PATHS, text) is None
