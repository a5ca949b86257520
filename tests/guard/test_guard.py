"""What a guard says of messages: verdicts, what passes, findings without values, what nobody could judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assaymark.errors import PolicyError, UsageError
from assaymark.guard import Action, AnswerMemory, Guard, Phase, Session, Verdict
from assaymark.policy.load import parse_policy

from .conftest import HEAD, SECRET, MakeGuard, guard_of, installed, scripted

MAIL, CARD = "john@example.com", "4111 1111 1111 1111"


def words(word: str):
    """Return a script that finds `word`."""
    return lambda text: (
        [(text.index(word), text.index(word) + len(word), "WORD")] if word in text else []
    )


class TestVerdicts:
    """The strongest action of all rules that fit."""

    @pytest.mark.parametrize(
        ("rules", "verdict", "text"),
        [
            ("{detector: scripted, do: allow}", Verdict.ALLOW, "a red kite"),
            ("{detector: scripted, do: flag}", Verdict.FLAG, "a red kite"),
            ("{detector: scripted, do: redact}", Verdict.REDACT, "a <WORD>"),
            ("{detector: scripted, do: redact, with: mask}", Verdict.REDACT, "a ********"),
            ("{detector: scripted, do: block}", Verdict.BLOCK, "a "),
            (
                "{detector: scripted, do: block}, {detector: scripted, do: redact}",
                Verdict.BLOCK,
                "a ",
            ),
            ("{detector: scripted, do: block, above: 0.95}", Verdict.ALLOW, "a red kite"),
            ("{detector: scripted, do: flag, entities: [WORD]}", Verdict.FLAG, "a red kite"),
        ],
    )
    def test_actions(self, make: MakeGuard, rules: str, verdict: Verdict, text: str) -> None:
        """Each action does what it says."""
        guard = make(f"{{input: [{rules}]}}", extra={"scripted": scripted(words("red kite"))})

        checked = guard.check_text("a red kite")

        assert checked.verdict is verdict
        assert checked.messages[0]["content"] == text

    def test_findings_hold_no_value(self, make: MakeGuard) -> None:
        """Places, names and scores; nothing of the text."""
        guard = make("{input: [{detector: pii, do: redact}]}")

        checked = guard.check_text(f"write to {MAIL}")

        (found,) = (each for each in checked.findings if each.entity == "EMAIL_ADDRESS")
        assert (found.field, found.start, found.end, found.action) == (
            "/content",
            9,
            25,
            Action.REDACT,
        )
        assert "john" not in json.dumps(checked.to_plain())
        assert checked.policy == guard.policy
        assert checked.detectors == guard.detectors

    def test_scores_count_from_the_threshold(self, make: MakeGuard) -> None:
        """Where a rule says nothing, what the detector takes for harmful counts."""
        spec = scripted(lambda text: len(text) / 10, streams=False, scores=True)
        guard = make("{input: [{detector: scripted, do: block}]}", extra={"scripted": spec})

        assert guard.check_text("four").verdict is Verdict.ALLOW
        assert guard.check_text("sixsix").verdict is Verdict.BLOCK

    def test_a_score_on_a_stream_is_told_at_its_end(self, make: MakeGuard) -> None:
        """A flag needs no holding."""
        spec = scripted(lambda text: 0.9 if "bad" in text else 0.1, streams=False, scores=True)
        stream = make(
            "{output: [{detector: scripted, do: flag}]}", extra={"scripted": spec}
        ).stream()

        assert stream.feed("so b") + stream.feed("ad it is") == "so bad it is"
        assert stream.verdict is Verdict.ALLOW
        assert stream.finish() == ""
        assert stream.verdict is Verdict.FLAG
        assert [(each.start, each.end) for each in stream.findings] == [(0, 12)]

    def test_who_sees_the_whole_may_redact_held_answers(self, make: MakeGuard) -> None:
        """Spans of a detector without a horizon, in an answer that is held."""
        spec = scripted(words("red kite"), streams=False)
        guard = make(
            "{stream: buffer, output: [{detector: scripted, do: redact}, {detector: pii, do: redact}]}",
            extra={"scripted": spec},
        )
        stream = guard.stream()

        left = stream.feed("a red ") + stream.feed(f"kite, {MAIL}") + stream.finish()

        assert left == "a <WORD>, <EMAIL_ADDRESS>"


class TestMessages:
    """Every field of chat messages, under the rules of where it goes."""

    def test_fields(self, make: MakeGuard) -> None:
        """Text, parts, refusals, reasoning, names, tool calls: what is a text is judged."""
        guard = make("{output: [{detector: pii, do: redact}]}")
        message = {
            "role": "assistant",
            "content": [
                {"type": "text", "text": f"a {MAIL}"},
                {"type": "refusal", "refusal": f"b {MAIL}"},
            ],
            "refusal": f"c {MAIL}",
            "reasoning_content": f"d {MAIL}",
            "tool_calls": [
                {
                    "id": "1",
                    "type": "function",
                    "function": {"name": "f", "arguments": f'{{"e": "{MAIL}"}}'},
                },
                {"id": "2", "type": "custom", "custom": {"name": "g", "input": f"f {MAIL}"}},
            ],
            "function_call": {"name": "h", "arguments": f'["{MAIL}"]'},
        }

        checked = guard.check([message], Phase.OUTPUT)

        shown = json.dumps(checked.messages)
        assert MAIL not in shown
        assert shown.count("<EMAIL_ADDRESS>") == 7
        assert MAIL in json.dumps(message)
        assert not checked.unjudged

    def test_tools_have_rules_of_their_own(self, make: MakeGuard) -> None:
        """Calls, results, and what people say may be treated each in its way."""
        guard = make(
            "{input: [{detector: scripted, do: flag}], tool_results: [{detector: scripted, do: redact}],"
            " output: [{detector: scripted, do: flag}], tool_calls: [{detector: scripted, do: block}]}",
            extra={"scripted": scripted(words("kite"))},
        )
        asked = [{"role": "user", "content": "kite"}, {"role": "tool", "content": "kite"}]
        call = {"function": {"name": "f", "arguments": '"kite"'}}

        given = guard.check(asked)
        answered = guard.check(
            [{"role": "assistant", "content": "kite", "tool_calls": [call]}], Phase.OUTPUT
        )

        assert [each["content"] for each in given.messages] == ["kite", "<WORD>"]
        assert answered.verdict is Verdict.BLOCK
        assert [each.action.name for each in answered.findings] == ["FLAG", "BLOCK"]

    @pytest.mark.parametrize(
        "message",
        [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]},
            {"role": "user", "content": [{"type": "text", "text": 7}]},
            {"role": "user", "content": "x", "audio": {"data": "AAAA"}},
            {"role": "user", "content": "x", "surprise": object()},
            {"role": "user", "content": "x", ("odd",): "y"},
            {"role": "user", "content": "x", "surprise": float("nan")},
        ],
    )
    def test_what_nothing_reads_is_named_and_blocked(self, make: MakeGuard, message: dict) -> None:
        """Unless the policy lets it pass; either way it is told."""
        rule = "[{detector: scripted, do: flag}]"
        extra = {"scripted": scripted(lambda _: [])}
        strict = make(f"{{input: {rule}}}", extra=extra)
        lax = make(f"{{uninspected: allow, input: {rule}}}", extra=extra)

        refused, passed = strict.check([message]), lax.check([message])

        assert (refused.verdict, passed.verdict) == (Verdict.BLOCK, Verdict.ALLOW)
        assert [each.passed for each in (*refused.unjudged, *passed.unjudged)] == [False, True]
        assert refused.unjudged[0].reason == "nothing reads it"
        assert passed.messages == (message,)


class TestConversations:
    """A turn costs what is new in it, and an old blocked turn does not end the conversation."""

    def test_only_the_new_message_is_judged(self, make: MakeGuard) -> None:
        """The detector sees each text once, in all turns together."""
        spec = scripted(words("kite"))
        guard = make("{input: [{detector: scripted, do: redact}]}", extra={"scripted": spec})
        turns = [
            {"role": "user", "content": "one kite"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"},
        ]

        first, second = guard.check(turns[:1]), guard.check(turns)

        asked = [text for batch in spec.load(None).asked for text in batch]
        assert sorted(asked) == ["one kite", "three", "two"]
        assert (first.recalled, second.recalled) == (0, 1)
        assert second.messages[0]["content"] == "one <WORD>"

    def test_another_policy_judges_anew(self, make: MakeGuard) -> None:
        """Remembered answers are found under the policy's digest only."""
        memory = AnswerMemory()
        spec = scripted(words("kite"))
        one = make(
            "{input: [{detector: scripted, do: flag}]}", extra={"scripted": spec}, memory=memory
        )
        other = make(
            "{input: [{detector: scripted, do: redact}]}", extra={"scripted": spec}, memory=memory
        )

        one.check_text("kite")
        again = other.check_text("kite")

        assert again.recalled == 0
        assert len(spec.load(None).asked) == 2

    def test_an_old_blocked_turn_is_withheld(self, make: MakeGuard) -> None:
        """What was refused stays out of the conversation, and the conversation goes on."""
        guard = make(
            "{input: [{detector: scripted, do: block}]}",
            extra={"scripted": scripted(words("kite"))},
        )
        turns = [
            {"role": "user", "content": "a kite"},
            {
                "role": "assistant",
                "content": "I cannot help with that",
                "tool_calls": [{"function": {"name": "f", "arguments": '["kite"]'}}],
            },
            {"role": "user", "content": "a hat"},
        ]

        checked, fresh = guard.check(turns), guard.check(turns[:1])

        assert fresh.verdict is Verdict.BLOCK
        assert checked.verdict is Verdict.REDACT
        assert checked.messages[0]["content"] == "<WITHHELD>"
        assert checked.messages[1]["tool_calls"][0]["function"]["arguments"] == "{}"
        assert checked.messages[2]["content"] == "a hat"
        assert {each.action for each in checked.findings} == {Action.BLOCK}

    def test_an_old_image_is_withheld(self, make: MakeGuard) -> None:
        """What nothing reads is treated alike."""
        guard = make(
            "{input: [{detector: scripted, do: flag}]}", extra={"scripted": scripted(lambda _: [])}
        )
        turns = [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
            {"role": "assistant", "content": "no"},
        ]

        checked = guard.check(turns)

        assert checked.verdict is Verdict.REDACT
        assert checked.messages[0]["content"] == [{"type": "text", "text": "<WITHHELD>"}]


class TestBuilding:
    """A guard that could not keep its word is not made."""

    def test_a_policy_without_the_section(self) -> None:
        """There is nothing to guard by."""
        policy = parse_policy(HEAD.encode(), "bot.yaml", installed())

        with pytest.raises(PolicyError) as caught:
            Guard(policy, installed())

        assert caught.value.message == "the policy `bot` says nothing about run time"

    @pytest.mark.parametrize("operator", ["hash", "encrypt", "pseudonym"])
    def test_operators_need_a_key(self, operator: str) -> None:
        """And are refused without one."""
        text = f"{HEAD}guard: {{input: [{{detector: characters, do: redact, with: {operator}}}]}}\n"
        policy = parse_policy(text.encode(), "bot.yaml", installed())

        with pytest.raises(UsageError) as caught:
            Guard(policy, installed())

        assert caught.value.message == f"a rule says `with: {operator}`, which needs a key"

    def test_pseudonyms_need_a_vault_and_a_session(self, make: MakeGuard, tmp_path: Path) -> None:
        """A pseudonym that leads back needs a place to be kept, and somebody whose it is."""
        section = "{input: [{detector: characters, do: redact, with: pseudonym}]}"

        with pytest.raises(UsageError, match="which needs a vault"):
            guard_of(section)
        with pytest.raises(UsageError, match="which needs a session"):
            make(section, vault=tmp_path / "vault").check_text("x")

    def test_a_pattern_that_no_stream_can_hold(self) -> None:
        """A policy's own pattern that cannot be followed is refused by name, as the guard is made."""
        own = (
            "detectors: {pii-patterns: {recognizers: [{name: odd, supported_entity: ODD,"
            " patterns: [{name: odd, regex: '(a)?b(?(1)c|d)', score: 0.9}]}], entities: [ODD]}}\n"
        )
        rule = "[{detector: pii-patterns, do: redact}]"

        with pytest.raises(PolicyError) as caught:
            guard_of(f"{{output: {rule}}}", detectors=own)
        with guard_of(f"{{stream: buffer, output: {rule}}}", detectors=own) as held:
            shown = held.check([{"role": "assistant", "content": "x abc bd"}], Phase.OUTPUT)

        assert caught.value.message.startswith(
            "`pii-patterns` cannot be honoured on a stream: of the recognizer `odd` cannot be told"
        )
        assert shown.messages[0]["content"] == "x <ODD> <ODD>"

    def test_load_reads_a_file(self, tmp_path: Path) -> None:
        """A path is enough."""
        path = tmp_path / "policy.yaml"
        path.write_text(f"{HEAD}guard: {{input: [{{detector: characters, do: flag}}]}}\n")

        with Guard.load(str(path), secret=SECRET) as guard:
            assert guard.check_text("a\u202eb").verdict is Verdict.FLAG


def test_pseudonyms_in_conversations(make: MakeGuard, tmp_path: Path) -> None:
    """Stable over turns, apart for each session, restored in answers and in arguments of tools."""
    rules = "[{detector: pii, do: redact, with: pseudonym}]"
    guard = make(f"{{input: {rules}, output: {rules}}}", vault=tmp_path / "vault")
    ours, theirs = Session("acme", "1"), Session("acme", "2")

    first = guard.check_text(f"I am {MAIL}", session=ours).messages[0]["content"]
    again = guard.check_text(f"so: {MAIL}", session=ours).messages[0]["content"]
    other = guard.check_text(f"I am {MAIL}", session=theirs).messages[0]["content"]
    name = first.removeprefix("I am ")
    call = {"function": {"name": "f", "arguments": json.dumps({"to": name})}}
    answer = {"role": "assistant", "content": f"Hi {name}", "tool_calls": [call]}
    back = guard.check([answer], Phase.OUTPUT, session=ours).messages[0]
    stranger = guard.check([answer], Phase.OUTPUT, session=theirs).messages[0]
    kept = guard.check([answer, {"role": "user", "content": "x"}], session=ours).messages[0]

    assert again == f"so: {name}"
    assert MAIL not in first + other + json.dumps(stranger)
    assert other != first
    assert back["content"] == f"Hi {MAIL}"
    assert json.loads(back["tool_calls"][0]["function"]["arguments"]) == {"to": MAIL}
    assert kept["content"] == f"Hi {name}"


@pytest.mark.parametrize("given", [None, 1, "hello", b"", {}, iter(()), ["hello"], [None]])
def test_what_is_no_message_is_refused(make: MakeGuard, given: object) -> None:
    """With the way that takes a text, not with an error from deep inside."""
    guard = make("{input: [{detector: secrets, do: block}]}")

    with pytest.raises(UsageError) as caught:
        guard.check(given)

    assert caught.value.message == (
        "messages are a list of mappings, such as `{'role': 'user', 'content': '...'}`"
    )
    assert caught.value.hint == "`check_text` judges one text"
