"""
The streaming law: for every way of cutting a text, what leaves is what leaves of the whole text.

And no character of a value that is redacted or blocked is among it. Cuts are tried exhaustively up to three
on short texts, one character at a time on all, and at random beyond.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from assaymark.guard import AnswerMemory, Guard, Phase, Session, Verdict
from assaymark.guard.lens import Lens
from tests.detectors.horizon.pieces import made_up

from .conftest import MakeGuard, guard_of, scripted

CARD, MAIL, PHONE = "4111 1111 1111 1111", "john@example.com", "+1 212 555 0187"
PASSWORD, TOKEN = "hunter2X!", "ghp_0123456789abcdefghijABCDEFGHIJ012345"
SHORT = {
    "card": (f"my card {CARD}, ok", [CARD]),
    "mail": (f"to {MAIL} now", [MAIL]),
    "phone": (f"call {PHONE}!", [PHONE]),
    "secret": (f"password: {PASSWORD} ok", [PASSWORD]),
    "two": ("a@b.org b@c.org", ["a@b.org", "b@c.org"]),
    "view": ("x am9obkBleGFtcGxlLmNvbQ== y", ["am9obkBleGFtcGxlLmNvbQ=="]),
    "broken": ("john@\nexample.com hi", ["john@\nexample.com"]),
    "ends": (f"mail {MAIL}", [MAIL]),
    "inserted": ("to john\0@exam<b>ple</b>.com hi", ["john\0@exam<b>ple</b>.com"]),
    "bullets": ("no 4111\u00b71111\u00b71111\u00b71111!", ["4111\u00b71111\u00b71111\u00b71111"]),
    "tabs": ("4111\t1111\t1111\t1111\t12/27", ["4111\t1111\t1111\t1111"]),
    "path": ("at users/john@example.com/x", ["john@example.com"]),
}
SECTIONS = {
    "replace": "{output: [{detector: pii, do: redact}, {detector: secrets, do: redact}]}",
    "mask": (
        "{output: [{detector: pii, do: redact, with: mask},"
        " {detector: secrets, do: redact, with: mask}]}"
    ),
    "hash": (
        "{output: [{detector: pii, do: redact, with: hash},"
        " {detector: secrets, do: redact, with: encrypt}]}"
    ),
    "block": "{output: [{detector: pii, do: block}, {detector: secrets, do: block}]}",
    "mixed": (
        "{output: [{detector: pii, do: redact}, {detector: pii, do: block, entities: [CREDIT_CARD]},"
        " {detector: secrets, do: block}, {detector: characters, do: redact, with: mask}]}"
    ),
}


@cache
def guard(name: str) -> Guard:
    """Return the guard of a section; no answer is remembered, so every one is asked for."""
    return guard_of(SECTIONS[name], memory=AnswerMemory(0))


def whole(guard: Guard, text: str, session: Session | None = None) -> tuple[str, Verdict]:
    """Return what the unstreamed path makes of `text`."""
    checked = guard.check([{"role": "assistant", "content": text}], Phase.OUTPUT, session=session)
    return checked.messages[0]["content"], checked.verdict


def streamed(
    guard: Guard, pieces: Sequence[str], session: Session | None = None
) -> tuple[str, Verdict]:
    """Return what leaves of a stream, put together."""
    stream = guard.stream(Phase.OUTPUT, session=session)
    left = "".join([*(stream.feed(each) for each in pieces), stream.finish()])
    return left, stream.verdict


def cut(text: str, places: Sequence[int]) -> list[str]:
    """Return `text` cut at `places`."""
    edges = [0, *places, len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def every_cut(text: str, most: int) -> Iterator[list[str]]:
    """Yield every way of cutting `text` at up to `most` places."""
    for count in range(1, most + 1):
        for places in combinations(range(1, len(text)), count):
            yield cut(text, places)


@pytest.mark.parametrize("section", ["replace", "block"])
@pytest.mark.parametrize("case", SHORT)
def test_every_single_cut_changes_nothing(section: str, case: str) -> None:
    """Wherever a text is cut in two, the outcome is that of the whole, and holds no value."""
    text, values = SHORT[case]
    expected = whole(guard(section), text)

    assert all(each not in expected[0] for each in values)
    for pieces in every_cut(text, 1):
        assert streamed(guard(section), pieces) == expected


@pytest.mark.parametrize(
    ("section", "text"), [("replace", "a a@b.org"), ("block", "x a@b.org"), ("mask", "1 a@b.org!")]
)
def test_up_to_three_cuts_change_nothing(section: str, text: str) -> None:
    """All ways of cutting a short text at one, two or three places."""
    expected = whole(guard(section), text)

    for pieces in every_cut(text, 3):
        assert streamed(guard(section), pieces) == expected


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("case", SHORT)
def test_character_by_character(section: str, case: str) -> None:
    """One character at a time, under every operator and action."""
    text, values = SHORT[case]

    left, verdict = streamed(guard(section), list(text))

    assert (left, verdict) == whole(guard(section), text)
    assert all(each not in left for each in values)
    assert verdict >= Verdict.REDACT


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("case", SHORT)
def test_a_text_that_is_there_as_a_whole(section: str, case: str) -> None:
    """A stream that gets all of it at once, and says so, has the same outcome, also in JSON."""
    text, _ = SHORT[case]
    stream = guard(section).stream(Phase.OUTPUT)
    in_json = json.dumps({"note": text, "n": [text, 1.5]})
    held, pieces = (guard(section).stream(Phase.TOOL_CALLS, is_json=True) for _ in range(2))

    assert (stream.whole(text), stream.verdict) == whole(guard(section), text)
    assert held.whole(in_json) == "".join([*map(pieces.feed, in_json), pieces.finish()])
    assert held.verdict == pieces.verdict


@pytest.mark.parametrize("section", SECTIONS)
def test_random_texts_and_cuts(section: str) -> None:
    """Texts full of values, disguises and beginnings of both, cut anywhere."""
    source = random.Random(7)
    for _ in range(12):
        text = made_up(source)
        places = sorted(
            source.sample(range(1, len(text)), min(len(text) - 1, source.randint(1, 12)))
        )

        assert streamed(guard(section), cut(text, places)) == whole(guard(section), text)


@pytest.mark.parametrize("section", ["replace", "block"])
def test_long_values_leave_nothing_behind(section: str) -> None:
    """Keys and tokens of a thousand characters are held as long as they last."""
    lines = "\n".join(
        f"{n:02}MIIEowIBAAKCAQEAx7Kq3vYt9ZpLw2Rf8NcUeHs5TdXbGjMoPaVyQiBz" for n in range(40)
    )
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----"
    text = f"here it is: {key}\nkeep it well"

    left, verdict = streamed(guard(section), cut(text, range(3, len(text), 37)))

    assert (left, verdict) == whole(guard(section), text)
    assert "MIIE" not in left
    assert left.startswith("here it is: ")
    assert left.endswith("keep it well") is (section == "replace")


def test_findings_are_those_of_the_whole() -> None:
    """A stream tells the same places, in the field as it came."""
    text = f"mail {MAIL}, card {CARD} and {PHONE}."
    stream = guard("replace").stream(Phase.OUTPUT)
    for each in text:
        stream.feed(each)
    stream.finish()

    checked = guard("replace").check([{"role": "assistant", "content": text}], Phase.OUTPUT)

    told = [(e.start, e.end, e.entity, e.score, e.detector, e.view) for e in stream.findings]
    assert told == [
        (e.start, e.end, e.entity, e.score, e.detector, e.view) for e in checked.findings
    ]
    assert {text[e.start : e.end] for e in stream.findings} >= {MAIL, CARD, PHONE}


def test_pages_end_where_they_end_in_the_whole(make: MakeGuard) -> None:
    """Texts of several pages: the borders hang on the text alone, and values beside them are found."""
    source = random.Random(3)
    words = ["river", "stone,", "walk.", "and", "green\n", "why", MAIL, CARD, "of", "lamp;"]
    text = " ".join(source.choice(words) for _ in range(2400))
    assert len(text) > 3 * 4096

    expected = whole(guard("replace"), text)
    checked = guard("replace").check([{"role": "assistant", "content": text}], Phase.OUTPUT)

    places = [each.start for each in checked.findings if each.entity == "EMAIL_ADDRESS"]
    assert places == [each.start() for each in re.finditer(re.escape(MAIL), text)]
    for size in (97, 1000, 4096):
        assert streamed(guard("replace"), cut(text, range(size, len(text), size))) == expected
    assert MAIL not in expected[0]
    assert CARD not in expected[0]


def test_prose_leaves_nearly_at_once() -> None:
    """The delay is a word or two, not a window."""
    prose = (
        "The meeting was moved to the large hall, since more people than expected will attend it. "
        * 3
    )
    stream = guard("replace").stream(Phase.OUTPUT)
    held = []
    for each in prose:
        stream.feed(each)
        held.append(stream.held)

    assert sum(held) / len(held) < 9
    assert max(held) <= 20


def test_a_text_that_cannot_be_parted_is_not_held_for_ever() -> None:
    """After the longest hold a text without an end is unjudged, whole or in pieces, and so blocked."""
    text = "see this, " + "QUJD" * 5_200

    for size in (4_000, 20_000):
        left = streamed(guard("replace"), cut(text, range(size, len(text), size)))
        assert left == whole(guard("replace"), text) == ("see this, ", Verdict.BLOCK)


def test_or_passes_if_the_policy_says_so(make: MakeGuard) -> None:
    """What cannot be parted passes under `on_error: allow`, is told, and is judged as well as can be."""
    guard = make("{output: [{detector: secrets, do: redact, on_error: allow}]}")
    text = f"x {'QUJD' * 5_200}, password: {PASSWORD}"
    stream = guard.stream(Phase.OUTPUT)

    left = stream.feed(text) + stream.finish()

    assert left == whole(guard, text)[0]
    assert PASSWORD not in left
    assert [each.passed for each in stream.unjudged] == [True]


def test_pseudonyms_in_streams(make: MakeGuard, tmp_path: Path) -> None:
    """New values get pseudonyms, known pseudonyms become what they stand for, wherever they are cut."""
    guard = make(
        "{input: [{detector: pii, do: redact, with: pseudonym}],"
        " output: [{detector: pii, do: redact, with: pseudonym}]}",
        vault=tmp_path / "vault",
        memory=AnswerMemory(0),
    )
    session = Session("acme", "1")
    asked = guard.check_text(f"I am {MAIL}, call {PHONE}", session=session).messages[0]["content"]
    mail, phone = asked[5:].split(", call ")
    answer = f"Dear {mail}, I call {phone}. Ask a@b.org"

    expected = whole(guard, answer, session)

    assert expected[0].startswith(f"Dear {MAIL}, I call {PHONE}. Ask ")
    assert "a@b.org" not in expected[0]
    for pieces in (list(answer), *every_cut(answer, 1)):
        assert streamed(guard, pieces, session) == expected


def test_held_answers_leave_at_the_end(make: MakeGuard) -> None:
    """With `stream: buffer` a score may block the whole answer, and nothing leaves before it is known."""
    guard = make(
        "{stream: buffer, output: [{detector: scripted, do: block, above: 0.5},"
        " {detector: pii, do: redact}]}",
        extra={
            "scripted": scripted(
                lambda text: 0.9 if "bad" in text else 0.1, streams=False, scores=True
            )
        },
    )
    good, bad = guard.stream(Phase.OUTPUT), guard.stream(Phase.OUTPUT)

    assert [good.feed("all is "), good.feed(f"well {MAIL}")] == ["", ""]
    assert good.finish() == "all is well <EMAIL_ADDRESS>"
    assert bad.feed("this is b") == ""
    assert bad.feed("ad") + bad.finish() == ""
    assert bad.verdict is Verdict.BLOCK


@pytest.mark.parametrize("section", ["replace", "block"])
def test_holding_one_character_less_would_leak(
    section: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The law would not hold with a horizon one place further, and these tests would show it."""
    expected = {text: whole(guard(section), text) for text, _ in SHORT.values()}
    settled = Lens.settled
    monkeypatch.setattr(Lens, "settled", lambda lens, text: min(settled(lens, text) + 1, len(text)))

    outcomes = {text: streamed(guard(section), list(text)) for text in expected}

    assert outcomes != expected
