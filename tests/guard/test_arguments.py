"""Arguments that are none: an error that says what was expected, and never a word of what was given."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from assaymark.errors import AssaymarkError, InputError, PolicyError, UsageError
from assaymark.guard import Guard, Phase, Verdict
from assaymark.guard.arguments import phase_of
from assaymark.policy.load import check_policy, load_policy

from .conftest import HEAD, MakeGuard, installed, scripted

SECTION = "{input: [{detector: scripted, do: block}]}"
CYCLE: dict[str, Any] = {"a": []}
CYCLE["a"].append(CYCLE)
DEEP: Any = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.fixture
def guard(make: MakeGuard) -> Guard:
    """It blocks a word, and looks at nothing that leaves."""
    return make(SECTION, extra={"scripted": scripted(lambda _: [])})


@pytest.mark.parametrize(("given", "kind"), [(None, "NoneType"), (b"a", "bytes"), (1, "int")])
def test_what_is_no_text_is_refused(guard: Guard, given: Any, kind: str) -> None:
    """Whole, as a piece, and on an event loop."""
    stream = guard.stream()
    for ask in (
        lambda: guard.check_text(given),
        lambda: stream.feed(given),
        lambda: stream.whole(given),
        lambda: asyncio.run(stream.afeed(given)),
        lambda: asyncio.run(stream.awhole(given)),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.message == f"expected a text, got a `{kind}`"
        assert caught.value.hint == (
            "decode bytes; `check` judges messages, and `check_json` documents"
        )


@pytest.mark.parametrize(
    ("given", "got"), [("bogus secret", "another text"), (None, "a `NoneType`")]
)
def test_what_is_no_phase_is_refused(guard: Guard, given: Any, got: str) -> None:
    """By everything that takes one; what was given may be what somebody said."""
    for ask in (
        lambda: guard.check([{"role": "user", "content": "a"}], given),
        lambda: guard.check([], given),
        lambda: guard.check_text("a", given),
        lambda: guard.check_json({"a": "b"}, (), given),
        lambda: guard.stream(given),
        lambda: asyncio.run(guard.acheck([], given)),
        lambda: asyncio.run(guard.acheck_json({}, (), given)),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.message == (
            f"expected a phase (`input`, `output`, `tool_calls`, `tool_results`), got {got}"
        )


def test_a_phase_may_be_named(make: MakeGuard) -> None:
    """Under its name it is the same phase, so old turns are old and tools have their own rules."""
    spec = scripted(lambda text: [(0, 3, "WORD")] if "bad" in text else [])
    guard = make(SECTION, extra={"scripted": spec})
    turns = [{"role": "user", "content": "bad"}, {"role": "assistant", "content": "no"}]
    name: Any = "input"

    assert guard.check(turns, name).phase is Phase.INPUT
    assert guard.check(turns, name).verdict is Verdict.REDACT
    assert phase_of("tool_calls") is Phase.TOOL_CALLS


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"a": {"secret"}}, "the document holds a `set`, which is no JSON value"),
        ({"a": [b"secret"]}, "the document holds a `bytes`, which is no JSON value"),
        ({("secret", 1): 1}, "the document has a key that is no text"),
        (CYCLE, "the document holds itself"),
        (DEEP, "the document is nested too deeply"),
    ],
    ids=["set", "bytes", "key", "cycle", "deep"],
)
@pytest.mark.parametrize("fields", ["", "a", "$"])
def test_what_is_no_json_is_refused(guard: Guard, document: Any, message: str, fields: str) -> None:
    """Also in a field, and on an event loop; nothing of it is quoted."""
    for ask in (
        lambda: guard.check_json(document, fields or ()),
        lambda: asyncio.run(guard.acheck_json(document, fields or ())),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.message == message
        assert caught.value.hint is not None
        assert caught.value.__cause__ is None


def test_a_finished_stream_takes_no_more(guard: Guard) -> None:
    """What came behind the end would have been judged without the text before it."""
    stream = guard.stream()
    stream.feed("a b")
    stream.finish()

    with pytest.raises(UsageError) as caught:
        stream.feed(" c")

    assert caught.value.message == "a finished stream takes no more text"
    assert stream.finish() == ""
    assert asyncio.run(stream.afinish()) == ""


def test_a_policy_may_be_named_by_a_path(tmp_path: Path) -> None:
    """Everywhere where its place is asked for; errors name it."""
    path = tmp_path / "policy.yaml"
    path.write_text(f"{HEAD}guard: {{input: [{{detector: secrets, do: block}}]}}\n")
    bare = tmp_path / "bare.yaml"
    bare.write_text(HEAD)

    with Guard.load(path) as guard:
        assert guard.check_text("a").verdict is Verdict.ALLOW
    assert load_policy(path, installed()).digest == load_policy(str(path), installed()).digest
    assert check_policy(path, installed()) == check_policy(str(path), installed())
    with pytest.raises(PolicyError) as caught:
        Guard.load(bare)

    assert caught.value.message == f"`{bare}`: the policy `bot` says nothing about run time"


def test_what_is_no_place_of_a_policy_is_refused() -> None:
    """As a wrong argument."""
    given: Any = None

    with pytest.raises(UsageError) as caught:
        Guard.load(given)

    assert caught.value.message == "expected a path or `pack:NAME`, got a `NoneType`"
    assert isinstance(caught.value, AssaymarkError)


def test_what_is_blocked_is_not_returned(guard: Guard) -> None:
    """Neither pictures nor bytes, nor what stands under a key that nobody knows."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    messages: list[Any] = [
        {"role": "user", "content": [{"type": "text", "text": "hi"}, picture]},
        {"role": "user", "content": b"QUJD"},
        {"role": "user", "content": "hi", "audio": {"data": "QUJD"}, "x": {b"QUJD"}},
    ]

    checked = guard.check(messages)

    assert checked.verdict is Verdict.BLOCK
    assert checked.blocked_unjudged
    assert checked.messages == (
        {
            "role": "user",
            "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "<WITHHELD>"}],
        },
        {"role": "user"},
        {"role": "user", "content": "hi"},
    )
    assert messages[1]["content"] == b"QUJD"
