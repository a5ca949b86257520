"""Detectors that raise, hang or are gone: as the policy says, and always told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from assaymark.errors import DetectorError, RecognizerError
from assaymark.guard import AnswerMemory, Phase, Verdict
from assaymark.guard.answers import Answer
from assaymark.guard.desk import Desk

from .conftest import MakeGuard, Scripted, scripted


def raising(text: str) -> Any:
    """Raise for some texts, with the text in the message."""
    if "odd" in text:
        raise ValueError(text)
    if "gone" in text:
        raise DetectorError("the model is gone")
    if "mine" in text:
        raise RecognizerError("the policy's recognizer `r` raised KeyError on a text")
    return []


@pytest.fixture
def hanging() -> Iterator[Any]:
    """A script that hangs on `slow` until the test is over."""
    over = threading.Event()

    def judge(text: str) -> Any:
        if "slow" in text:
            over.wait(30)
        return []

    yield judge
    over.set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("an odd secret", "the detector raised ValueError"),
        ("it is gone", "the model is gone"),
        ("mine", "the policy's recognizer `r` raised KeyError on a text"),
    ],
)
@pytest.mark.parametrize("on_error", ["block", "allow"])
def test_a_detector_that_raises(make: MakeGuard, text: str, reason: str, on_error: str) -> None:
    """It is blocked, or passes and is told as unjudged; no word of the text is in what is told."""
    section = f"{{on_error: {on_error}, input: [{{detector: scripted, do: flag}}]}}"
    guard = make(section, extra={"scripted": scripted(raising)})

    checked = guard.check_text(text)

    passes = on_error == "allow"
    assert checked.verdict is (Verdict.ALLOW if passes else Verdict.BLOCK)
    assert [(each.reason, each.passed) for each in checked.unjudged] == [(reason, passes)]
    assert checked.messages[0]["content"] == (text if passes else "")
    assert "secret" not in str(checked.to_plain())


@pytest.mark.parametrize(
    "limit",
    ["check_deadline_ms: 40", "deadline_ms: 40"],
)
def test_a_detector_that_hangs(make: MakeGuard, hanging: Any, limit: str) -> None:
    """After the deadline of the check, or of the request, it counts as unjudged."""
    guard = make(
        f"{{{limit}, input: [{{detector: scripted, do: block}}]}}",
        extra={"scripted": scripted(hanging)},
    )

    checked = guard.check_text("slow")

    assert checked.verdict is Verdict.BLOCK
    assert [each.reason for each in checked.unjudged] == ["it was not judged in time"]


def test_a_request_has_one_deadline(make: MakeGuard, hanging: Any) -> None:
    """However many fields of it are judged one after the other."""
    guard = make(
        "{deadline_ms: 60, on_error: allow, output: [{detector: scripted, do: flag}]}",
        extra={"scripted": scripted(hanging)},
    )
    arguments = "[" + ", ".join(f'"slow {n}"' for n in range(100)) + "]"
    call = {"function": {"name": "f", "arguments": arguments}}
    began = time.monotonic()

    checked = guard.check([{"role": "assistant", "tool_calls": [call]}], Phase.OUTPUT)

    # Each of a hundred strings with a deadline of its own would take six seconds.
    assert time.monotonic() - began < 5
    assert {each.reason for each in checked.unjudged} == {"it was not judged in time"}


def test_each_rule_fails_in_its_own_way(make: MakeGuard, hanging: Any) -> None:
    """A detector that hangs may be let pass while another one is still heeded."""
    guard = make(
        "{input: [{detector: scripted, do: block, on_error: allow, deadline_ms: 40},"
        " {detector: pii, do: redact}]}",
        extra={"scripted": scripted(hanging)},
    )

    checked = guard.check_text("slow mail to john@example.com")

    assert checked.verdict is Verdict.REDACT
    assert checked.messages[0]["content"] == "slow mail to <EMAIL_ADDRESS>"
    assert [(each.detector, each.passed) for each in checked.unjudged] == [("scripted", True)]


@pytest.mark.parametrize("text", ["Wie ist das Wetter heute in Berlin?", "你好", "👍"])
def test_a_rule_that_flags_stops_nothing_that_it_cannot_read(make: MakeGuard, text: str) -> None:
    """The model that ships knows English: other texts pass, and are told as unjudged."""
    guard = make(
        "{deadline_ms: 60000, check_deadline_ms: 60000,"
        " input: [{detector: harm, do: flag}, {detector: pii-patterns, do: redact}]}"
    )

    checked = guard.check_text(text)
    mixed = guard.check_text("Wie ist das Wetter heute bei john@example.com?")

    assert checked.verdict is Verdict.ALLOW
    assert checked.messages[0]["content"] == text
    assert [(each.detector, each.passed) for each in checked.unjudged] == [("harm", True)]
    # What others find in such a text is redacted all the same.
    assert mixed.messages[0]["content"] == "Wie ist das Wetter heute bei <EMAIL_ADDRESS>?"


def test_what_could_not_be_judged_is_told_from_what_it_says(make: MakeGuard) -> None:
    """Where both stand in a request, it is blocked for what it says; an earlier turn blocks nothing."""

    def judge(text: str) -> Any:
        return [(0, 3, "WORD")] if "bad" in text else raising(text)

    guard = make(
        "{input: [{detector: scripted, do: block}], output: [{detector: scripted, do: block}]}",
        extra={"scripted": scripted(judge)},
    )
    stream = guard.stream(Phase.OUTPUT)
    stream.feed("odd one ")
    stream.finish()
    turns = [
        {"role": "user", "content": "odd"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "even"},
    ]

    # A detector that raises over one text judges none of those that it was given with it.
    for each in ("bad", "yes", "even"):
        guard.check_text(each)
    asked = [
        guard.check([{"role": "user", "content": each} for each in some])
        for some in (["odd"], ["bad"], ["odd", "bad"])
    ]

    assert [each.verdict for each in asked] == [Verdict.BLOCK] * 3
    assert [each.blocked_unjudged for each in asked] == [True, False, False]
    assert (stream.blocked, stream.blocked_unjudged) == (True, True)
    assert guard.check(turns).verdict is Verdict.REDACT
    assert not guard.check(turns).blocked_unjudged


@pytest.mark.parametrize("other", ["do: block, above: 0.9", "do: flag, on_error: block"])
def test_one_rule_that_closes_is_enough(make: MakeGuard, other: str) -> None:
    """Another rule of the same detector that flags does not open it."""
    guard = make(
        f"{{input: [{{detector: scripted, do: flag}}, {{detector: scripted, {other}}}]}}",
        extra={"scripted": scripted(raising)},
    )

    assert guard.check_text("odd").verdict is Verdict.BLOCK
    assert guard.check_text("even").verdict is Verdict.ALLOW


def test_a_stream_stops_where_nobody_can_judge(make: MakeGuard) -> None:
    """What has left was judged; nothing leaves behind it."""
    guard = make(
        "{output: [{detector: scripted, do: redact}]}", extra={"scripted": scripted(raising)}
    )
    stream = guard.stream(Phase.OUTPUT)

    left = [stream.feed("all is "), stream.feed("well "), stream.feed("odd "), stream.feed("more ")]

    assert left == ["all is ", "well ", "", ""]
    assert stream.finish() == ""
    assert stream.verdict is Verdict.BLOCK
    assert [each.passed for each in stream.unjudged] == [False]


def test_a_stream_passes_where_the_policy_says_so(make: MakeGuard) -> None:
    """And tells so once, however many pieces were unjudged."""
    guard = make(
        "{on_error: allow, output: [{detector: scripted, do: redact}]}",
        extra={"scripted": scripted(raising)},
    )
    stream = guard.stream(Phase.OUTPUT)

    left = stream.feed("odd ") + stream.feed("odd ") + stream.finish()

    assert left == "odd odd "
    assert [(each.reason, each.passed) for each in stream.unjudged] == [
        ("the detector raised ValueError", True)
    ]


def test_one_bad_text_is_one_request_s_matter() -> None:
    """In a batch with one that makes the detector raise, the others are judged all the same."""
    begun, may_go_on = threading.Event(), threading.Event()

    def judge(text: str) -> Any:
        if text == "first":
            begun.set()
            may_go_on.wait(20)
        return raising(text)

    desk = Desk("scripted", Scripted(judge))
    desk.ask(["first"])
    begun.wait(20)
    waiting = [desk.ask([each]) for each in ("fine", "odd", "well")]
    may_go_on.set()
    results = [each.result(20)[0] for each in waiting]
    desk.close()

    assert results == [Answer(), Answer(unjudged="the detector raised ValueError"), Answer()]


def test_what_was_not_judged_is_asked_again(make: MakeGuard) -> None:
    """A failure is not remembered."""
    failing = [True]

    def judge(text: str) -> Any:
        if failing[0]:
            raise ValueError(text)
        return []

    guard = make(
        "{input: [{detector: scripted, do: flag, on_error: block}]}",
        extra={"scripted": scripted(judge)},
        memory=AnswerMemory(10),
    )
    first = guard.check_text("text")
    failing[0] = False

    assert first.verdict is Verdict.BLOCK
    assert guard.check_text("text").verdict is Verdict.ALLOW


def test_a_text_too_long_to_see_whole(make: MakeGuard) -> None:
    """Who has to see the whole text sees no more than a million characters."""
    section = "{output: [{detector: scripted, do: flag, on_error: allow}]}"
    spec = scripted(lambda _: 0.1, streams=False, scores=True)
    stream = make(section, extra={"scripted": spec}).stream(Phase.OUTPUT)
    for _ in range(11):
        stream.feed("word " * 20_000)

    stream.finish()

    assert [each.reason for each in stream.unjudged] == ["longer than 1,000,000 characters"]


def test_a_closed_guard_judges_nothing(make: MakeGuard) -> None:
    """It answers, and the answer is that nobody judged."""
    section = "{input: [{detector: scripted, do: block}]}"
    guard = make(section, extra={"scripted": scripted(raising)})
    guard.close()

    checked = guard.check_text("text")

    assert checked.verdict is Verdict.BLOCK
    assert [each.reason for each in checked.unjudged] == ["the guard is closed"]
