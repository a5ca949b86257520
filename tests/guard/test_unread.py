"""What can be read in a part that is not understood: all of it, but bytes and what is encrypted."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from assaymark.guard import Phase, Verdict
from assaymark.guard.unread import Readable, unread

from .test_messages import MAIL, RULES, guard, message

IMAGE = base64.b64encode(bytes(range(256))).decode()
URL = f"data:image/png;base64,{IMAGE}"
LINES = base64.encodebytes(bytes(range(256))).decode()
LENIENT = f"{{uninspected: allow, input: {RULES}, output: {RULES}}}"


@pytest.mark.parametrize(
    ("part", "readable", "coded"),
    [
        ({"type": "image_url", "image_url": {"url": URL}}, [], [("image_url", "url")]),
        (
            {"type": "image_url", "image_url": {"url": "https://x.org/a.png", "detail": "low"}},
            [Readable(("image_url",), {"url": "https://x.org/a.png"}, ("url",))],
            [()],
        ),
        (
            {"type": "image_url", "image_url": {"url": URL, "alt": "a b"}, "text": "c"},
            [Readable(("image_url",), {"alt": "a b"}, ("alt",)), Readable((), {"text": "c"}, ("text",))],
            [("image_url", "url")],
        ),
        ({"type": "image", "source": {"type": "base64", "data": LINES}}, [], [("source", "data")]),
        ({"type": "image", "source": {"type": "file", "file_id": "file_01"}}, [], [()]),
        ({"type": "x", "content": [{"data": IMAGE}, 1]}, [Readable(("content", 1), 1)],
         [("content", 0, "data")]),
        ({"type": "x", "images": [URL, "a b"]}, [Readable(("images", 1), "a b")], [("images", 0)]),
        ({"type": "compaction", "encrypted_content": "gAAA-_="}, [], [("encrypted_content",)]),
        ({"encrypted_content": "a b"}, [Readable((), {"encrypted_content": "a b"}, ("encrypted_content",))],
         [()]),
        # Short enough for a word; numbers; a text in a data URL; bytes under a key of somebody's own.
        ({"data": "Jane"}, [Readable((), {"data": "Jane"}, ("data",))], [()]),
        ({"data": "4" * 64}, [Readable((), {"data": "4" * 64}, ("data",))], [()]),
        ({"url": "data:text/plain,Jane"}, [Readable((), {"url": "data:text/plain,Jane"}, ("url",))], [()]),
        ({"url": "data:a/b;name=J;base64,AA"},
         [Readable((), {"url": "data:a/b;name=J;base64,AA"}, ("url",))], [()]),
        ({MAIL: {"data": IMAGE}}, [Readable((), {MAIL: {"data": IMAGE}}, (MAIL,))], [()]),
        ({"type": "a b", "id": 4111111111111111},
         [Readable((), {"type": "a b", "id": 4111111111111111}, ("type", "id"))], [()]),
        ({"x": b"\x00", "y": "z"}, [Readable((), {"y": "z"}, ("y",))], [("x",)]),
        ("text", [Readable((), "text")], [()]),
        (None, [], [()]),
    ],
)  # fmt: skip
def test_what_can_be_read(part: Any, readable: list[Readable], coded: list[Any]) -> None:
    """Everything but coded bytes under the keys of APIs, and structure that looks like it."""
    found = unread(part)

    assert list(found.readable) == readable
    assert list(found.coded) == coded


def test_what_lies_deep_is_read() -> None:
    """However it is nested, nothing in it is lost."""
    part: Any = {"data": IMAGE}
    for _ in range(40):
        part = {"content": [part]}

    found = unread(part)

    assert found.coded == ((),)
    assert IMAGE in json.dumps(found.readable)


@pytest.mark.parametrize("phase", [Phase.INPUT, Phase.OUTPUT])
@pytest.mark.parametrize(
    ("given", "passed", "field"),
    [
        (
            {"content": [{"type": "image_url", "image_url": {"url": URL, "alt": MAIL}, "note": MAIL}]},
            {"content": [{"type": "image_url", "image_url": {"url": URL, "alt": "<EMAIL_ADDRESS>"},
                          "note": "<EMAIL_ADDRESS>"}]},
            "/content/0/image_url/url",
        ),
        ({"content": [{"type": "weird", MAIL: 1}]}, {"content": [{"type": "weird", "<EMAIL_ADDRESS>": 1}]},
         "/content/0"),
        ({"content": [7]}, {"content": [7]}, "/content/0"),
        ({"content": "x", "audio": {"id": "a", "data": IMAGE, "transcript": MAIL}},
         {"content": "x", "audio": {"id": "a", "data": IMAGE, "transcript": "<EMAIL_ADDRESS>"}},
         "/audio/data"),
        ({"content": "x", "images": [{"image_url": {"url": f"https://x.org/{MAIL}"}}]},
         {"content": "x", "images": [{"image_url": {"url": "<EMAIL_ADDRESS>"}}]}, "/images"),
    ],
)  # fmt: skip
def test_what_can_be_read_is_judged_where_the_rest_may_pass(
    given: dict[str, Any], passed: dict[str, Any], field: str, phase: Phase
) -> None:
    """And what passes unread is named, with its place."""
    checked = guard(LENIENT).check([message(given)], phase)

    assert checked.messages == (message(passed),)
    assert [(each.field, each.passed) for each in checked.unjudged] == [(field, True)]
    assert checked.to_plain()["unjudged"][0]["field"] == field


def test_a_part_of_an_old_turn_that_is_blocked() -> None:
    """Is replaced as a whole by what an API takes."""
    section = "{uninspected: allow, input: [{detector: pii-patterns, do: block}]}"
    part = {"type": "image_url", "image_url": {"url": URL, "alt": MAIL}, "note": "fine"}
    turns = [
        message({"content": [part, {"type": "text", "text": "x"}], "audio": {"transcript": MAIL}}),
        {"role": "assistant", "content": "no"},
    ]

    fresh, later = guard(section).check(turns[:1]), guard(section).check(turns)

    assert fresh.verdict is Verdict.BLOCK
    assert later.messages[0] == message(
        {
            "content": [{"type": "text", "text": "<WITHHELD>"}, {"type": "text", "text": "x"}],
            "audio": None,
        }
    )
