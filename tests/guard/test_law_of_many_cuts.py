"""
The streaming law far from short texts: texts full of values, halves and disguises, cut into many pieces.

Every action and operator, texts and arguments of tools, JSON that is escaped in every way that JSON allows
(halves of surrogate pairs, too), that breaks off, or that is none. `ways` is what a longer run takes.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.guard import AnswerMemory, Guard, Phase, Session
from tests.detectors.horizon.pieces import DISGUISED, HIDDEN, VALUES, made_up

from .conftest import guard_of

_MAIL, _CARD = "john@example.com", "4111 1111 1111 1111"
_PII, _SECRETS = "{detector: pii-patterns, do: %s%s}", "{detector: secrets, do: %s%s}"
ACTIONS = {
    "replace": ("redact", ""),
    "mask": ("redact", ", with: mask"),
    "hash": ("redact", ", with: hash"),
    "encrypt": ("redact", ", with: encrypt"),
    "pseudonym": ("redact", ", with: pseudonym"),
    "block": ("block", ""),
    "flag": ("flag", ""),
}
SECTIONS = {
    **{name: f"{{output: [{_PII % each}, {_SECRETS % each}]}}" for name, each in ACTIONS.items()},
    "mixed": (
        "{invalid_json: text, output: [{detector: pii-patterns, do: redact},"
        " {detector: pii-patterns, do: block, entities: [CREDIT_CARD]},"
        " {detector: characters, do: redact, with: mask}, {detector: secrets, do: redact}]}"
    ),
    "buffer": "{stream: buffer, output: [{detector: pii-patterns, do: redact}]}",
}
CHANGES = [each for each in SECTIONS if each != "flag"]
SHORT = {"\n": "\\n", "\t": "\\t", "/": "\\/", '"': '\\"', "\\": "\\\\"}
WORDS = ("a", "to", "ssn", "note", "password", _MAIL, "\U0001f600", "")


@cache
def guard(name: str) -> Guard:
    """Return the guard of a section; nothing is remembered."""
    folder = Path(tempfile.mkdtemp(prefix="assaymark-law-"))
    return guard_of(SECTIONS[name], memory=AnswerMemory(0), vault=folder / "vault")


def whole(guard: Guard, text: str, session: Session, *, is_json: bool) -> Any:
    """Return what the unstreamed path makes of a text: what leaves, the verdict, and what was found where."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if is_json:
        call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": text}}
        message = {"role": "assistant", "tool_calls": [call]}
    checked = guard.check([message], Phase.OUTPUT, session=session)
    (left,) = checked.messages
    if is_json:
        return _told(left["tool_calls"][0]["function"]["arguments"], checked)
    return _told(left["content"], checked)


def streamed(guard: Guard, pieces: list[str], session: Session, *, is_json: bool) -> Any:
    """Return the same of a stream."""
    phase = Phase.TOOL_CALLS if is_json else Phase.OUTPUT
    stream = guard.stream(phase, session=session, is_json=is_json)
    left = "".join([*(stream.feed(each) for each in pieces), stream.finish()])
    return _told(left, stream)


def _told(left: str, said: Any) -> Any:
    found = sorted((e.start, e.end, e.entity, e.detector, e.action, e.view) for e in said.findings)
    return left, said.verdict, found


def a_text(source: random.Random) -> str:
    """Return a text."""
    if source.random() < 0.2:
        return made_up(source, 6, (*HIDDEN, *VALUES[:6]))
    return made_up(source, 8)


def some_json(source: random.Random) -> str:
    """Return JSON, whole in most cases, written in one of the ways in which it can be."""
    text = written(a_value(source, 3), source)
    odd = source.random()
    if odd < 0.15:
        text = text[: source.randrange(len(text) + 1)]
    elif odd < 0.25:
        at = source.randrange(len(text) + 1)
        text = (
            text[:at] + source.choice(["\\", '"', "}", "x", "\\ud83d", "\\u00", "\x00"]) + text[at:]
        )
    return text


def a_value(source: random.Random, depth: int) -> Any:
    """Return something that JSON can say."""
    kind = source.random()
    if depth == 0 or kind < 0.5:
        plain: list[Any] = [
            None,
            True,
            4111111111111111,
            -1.5e3,
            12,
            a_text(source),
            a_text(source),
        ]
        return source.choice(plain)
    if kind < 0.7:
        return [a_value(source, depth - 1) for _ in range(source.randint(0, 3))]
    return {source.choice(WORDS): a_value(source, depth - 1) for _ in range(source.randint(0, 3))}


def written(value: Any, source: random.Random) -> str:
    """Return `value` as JSON, with blanks and escapes anywhere."""
    blank = source.choice(["", "", " ", "\n  "])
    if isinstance(value, str):
        rate = source.choice([0.0, 0.1, 1.0])
        return '"' + "".join(_escaped(each, source, rate) for each in value) + '"'
    if isinstance(value, list):
        inner = f",{blank}".join(written(each, source) for each in value)
        return f"[{blank}{inner}{blank}]"
    if isinstance(value, dict):
        pairs = (f"{written(k, source)}{blank}:{written(v, source)}" for k, v in value.items())
        return f"{{{blank}{f',{blank}'.join(pairs)}}}"
    return json.dumps(value)


def _escaped(character: str, source: random.Random, rate: float) -> str:
    if source.random() < rate or ord(character) < 0x20:
        if character in SHORT and source.random() < 0.5:
            return SHORT[character]
        units = character.encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
    return SHORT[character] if character in '"\\' else character


def cut(text: str, source: random.Random) -> list[str]:
    """Return `text` in pieces: one for each character, a few, or many."""
    rate = source.choice([0.02, 0.1, 0.3, 0.7, 1.0])
    places = [n for n in range(1, len(text)) if source.random() < rate]
    return [text[a:b] for a, b in pairwise([0, *places, len(text)])]


def ways(name: str, source: random.Random, cuts: int, *, is_json: bool) -> Iterator[int]:
    """Hold the law for one text and some ways of cutting it; yield the pieces of each."""
    text = some_json(source) if is_json else a_text(source)
    session = Session("acme", "1")
    expected = whole(guard(name), text, session, is_json=is_json)
    for _ in range(cuts):
        pieces = cut(text, source)
        assert streamed(guard(name), pieces, session, is_json=is_json) == expected, (text, pieces)
        yield len(pieces)


@pytest.mark.parametrize("is_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("name", SECTIONS)
def test_many_cuts_change_nothing(name: str, *, is_json: bool) -> None:
    """What leaves, what becomes of it and what is told are those of the whole text."""

    @settings(max_examples=16)
    @given(st.randoms(use_true_random=True))
    def hold(source: random.Random) -> None:
        assert sum(ways(name, source, 3, is_json=is_json)) >= 3

    hold()


@settings(max_examples=60)
@given(
    name=st.sampled_from(CHANGES),
    source=st.randoms(use_true_random=True),
    is_json=st.booleans(),
)
def test_no_value_is_in_what_leaves(name: str, source: random.Random, *, is_json: bool) -> None:
    """Neither as it is nor in what a client reads from the JSON that leaves."""
    words = [source.choice([_MAIL, _CARD, "so", "\U0001f600", "and", "é"]) for _ in range(6)]
    plain = " ".join([*words, _MAIL])
    text = written({"note": [plain, {"x": plain}]}, source) if is_json else plain

    left, _, found = streamed(guard(name), cut(text, source), Session("acme", "1"), is_json=is_json)

    shown = left
    if is_json and name not in ("block", "mixed"):
        shown = json.dumps(json.loads(left), ensure_ascii=False)
    assert found
    for value in (_MAIL, _CARD):
        assert value not in shown
        assert value not in left


def test_these_texts_are_ones_in_which_something_is_found() -> None:
    """Else the law would hold for nothing."""
    source = random.Random(5)
    texts = [a_text(source) for _ in range(60)]
    documents = [some_json(source) for _ in range(90)]
    session = Session("acme", "1")

    found = [whole(guard("replace"), each, session, is_json=False)[2] for each in texts]
    inside = [whole(guard("replace"), each, session, is_json=True)[2] for each in documents]
    entities = {entity for each in (*found, *inside) for _, _, entity, *_ in each}

    assert sum(map(bool, found)) > 20
    assert sum(map(bool, inside)) > 15
    assert {"EMAIL_ADDRESS", "CREDIT_CARD", "PHONE_NUMBER", "PASSWORD"} <= entities
    assert any("\\ud8" in each for each in documents)
    assert len(DISGUISED) > 10
