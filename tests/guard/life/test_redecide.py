"""Decisions decided again from the log alone, compared with guards that judge the texts themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.guard import Verdict
from assaymark.guard.decisions.entry import logged
from assaymark.guard.decisions.records import LoggedDecision
from assaymark.guard.life.redecide import Known, Open, redecided
from assaymark.guard.serving import Decision
from assaymark.guard.verdict import Checked
from assaymark.model.subject import Sha256
from assaymark.policy.guarding import GuardRules, guard_rules
from guard.conftest import guard_of, scripted
from guard.decisions.decided import decision, finding

WORDS = {"alpha": "ALPHA", "beta": "BETA", "gamma": "GAMMA"}


def rules_of(section: str) -> GuardRules:
    """The rules of a section, as they are written in a policy."""
    return guard_of(section).rules


def judge(text: str) -> list[tuple[int, int, str]]:
    """Find three words."""
    found = []
    for word in WORDS:
        at = text.find(word)
        while at >= 0:
            found.append((at, at + len(word), "WORD"))
            at = text.find(word, at + 1)
    return found


actions = st.sampled_from(["allow", "flag", "redact", "block"])
sections = st.fixed_dictionaries(
    {},
    optional={
        phase: st.lists(
            st.fixed_dictionaries(
                {"detector": st.just("scripted"), "do": actions},
                optional={"above": st.sampled_from([0.1, 0.9, 0.95])},
            ),
            min_size=1,
            max_size=2,
        )
        for phase in ("input", "tool_results", "tool_calls")
    },
)
texts = st.lists(st.sampled_from(["alpha", "beta", "nothing", ""]), max_size=3).map(" ".join)
messages = st.lists(
    st.builds(
        lambda role, text: (
            {"role": role, "content": text} | ({"tool_call_id": "t"} if role == "tool" else {})
        ),
        st.sampled_from(["user", "assistant", "tool", "system"]),
        texts,
    ),
    min_size=1,
    max_size=4,
)


def as_decision(checked: Checked) -> LoggedDecision:
    """The entry that a server writes about a request that a guard has judged."""
    plain = [
        {"side": "request", **each.to_plain(), "field": f"/messages/{each.message}{each.field}"}
        for each in checked.findings
    ]
    lapses = [{"side": "request", **each.to_plain()} for each in checked.unjudged]
    return logged(
        decision(
            verdict=checked.verdict,
            policy=checked.policy,
            detectors=dict(checked.detectors),
            findings=tuple(plain),
            unjudged=tuple(lapses),
        )
    )


def written(section: Mapping[str, Any]) -> str:
    """A section of a policy, in YAML's flow style."""
    import json

    return json.dumps(dict(section) or {"uninspected": "block"})


@settings(max_examples=150, deadline=None)
@given(sections, sections, messages)
def test_what_is_said_to_be_so_is_so(
    old: Mapping[str, Any], new: Mapping[str, Any], given_messages: list[dict[str, Any]]
) -> None:
    """The verdict of a guard under the new policy is never outside of what was said from the log."""
    extra = {"scripted": scripted(judge)}
    before = guard_of(written(old), extra=extra)
    after = guard_of(written(new), extra=extra)
    try:
        entry = as_decision(before.check(given_messages))
        known = Known(rules=after.rules, detectors=after.detectors)

        found = redecided(entry, known, before.rules)
        truth = after.check(given_messages).verdict
    finally:
        before.close()
        after.close()

    assert found.low <= truth
    if not found.reasons:
        assert truth <= found.high
    if found.comparison == "same":
        assert truth is found.was
    elif found.comparison == "stricter":
        assert truth > found.was
    elif found.comparison == "laxer":
        assert truth < found.was


PII = "{detector: pii, do: %s}"


def redo(entry: Decision, new: str, old: str | None, **digests: str) -> tuple[Any, ...]:
    """What comes of a decision, and why it is not certain."""
    known = Known(
        rules=guard_rules(_section(new)),
        detectors={name: Sha256(each * 64) for name, each in ({"pii": "b"} | digests).items()},
        leasts={"harm": (0.5,)},
    )
    rules = None if old is None else guard_rules(_section(old))
    found = redecided(logged(entry), known, rules)
    return found.comparison, found.low, set(found.reasons)


def _section(text: str) -> dict[str, Any]:
    from assaymark.marked_yaml import parse_yaml

    plain: dict[str, Any] = parse_yaml(text.encode()).plain()
    return plain


REDACT, BLOCK, ALLOW, FLAG = Verdict.REDACT, Verdict.BLOCK, Verdict.ALLOW, Verdict.FLAG
HIGH = finding(score=0.6)
CASES = [
    pytest.param(
        decision(),
        "input: [{detector: pii, do: block}]",
        "input: [{detector: pii, do: redact}]",
        ("stricter", BLOCK, set()),
        id="another action",
    ),
    pytest.param(
        decision(),
        "input: [{detector: pii, do: flag}]",
        "input: [{detector: pii, do: redact}]",
        ("laxer", FLAG, set()),
        id="a weaker action",
    ),
    pytest.param(
        decision(findings=(HIGH,)),
        "input: [{detector: pii, do: redact, above: 0.7}]",
        "input: [{detector: pii, do: redact}]",
        ("laxer", ALLOW, set()),
        id="a higher threshold",
    ),
    pytest.param(
        decision(findings=(HIGH,)),
        "input: [{detector: pii, do: redact, above: 0.3}]",
        "input: [{detector: pii, do: redact, above: 0.5}]",
        ("unknown", REDACT, {Open.WIDER}),
        id="a lower threshold",
    ),
    pytest.param(
        decision(),
        "input: [{detector: pii, do: redact}]",
        "input: [{detector: pii, do: redact, entities: [CREDIT_CARD]}]",
        ("unknown", REDACT, {Open.WIDER}),
        id="more entities",
    ),
    pytest.param(
        decision(),
        "input: [{detector: pii, do: redact, entities: [CREDIT_CARD]}]",
        "input: [{detector: pii, do: redact, entities: [CREDIT_CARD, US_SSN]}]",
        ("same", REDACT, set()),
        id="fewer entities",
    ),
    pytest.param(
        decision(verdict=BLOCK, findings=(), detectors={}, outcome="stopped"),
        "input: [{detector: pii, do: redact}]",
        None,
        ("unknown", ALLOW, {Open.ENDED, Open.NOT_ASKED, Open.RULES_UNKNOWN}),
        id="a request that the kill switch stopped",
    ),
    pytest.param(
        decision(),
        "input: [{detector: pii, do: redact}]",
        None,
        ("unknown", REDACT, {Open.RULES_UNKNOWN}),
        id="rules that nobody knows",
    ),
    pytest.param(
        decision(),
        "input: [{detector: pii, do: redact}, {detector: secrets, do: flag}]",
        "input: [{detector: pii, do: redact}]",
        ("unknown", REDACT, {Open.NOT_ASKED}),
        id="another detector",
    ),
    pytest.param(
        decision(detectors={"pii": Sha256("d" * 64)}),
        "input: [{detector: pii, do: redact}]",
        "input: [{detector: pii, do: redact}]",
        ("unknown", REDACT, {Open.CHANGED}),
        id="another version of a detector",
    ),
    pytest.param(
        decision(verdict=BLOCK, findings=(finding(action="block"),)),
        "input: [{detector: pii, do: redact}]",
        "input: [{detector: pii, do: block}]",
        ("unknown", REDACT, {Open.ENDED}),
        id="what came after the block",
    ),
    pytest.param(
        decision(verdict=BLOCK, findings=(finding(action="block"),)),
        "input: [{detector: pii, do: block}, {detector: secrets, do: flag}]",
        "input: [{detector: pii, do: block}]",
        ("same", BLOCK, set()),
        id="blocked is blocked",
    ),
    pytest.param(
        decision(findings=(finding(earlier=True),)),
        "input: [{detector: pii, do: block}]",
        "input: [{detector: pii, do: redact}]",
        ("same", REDACT, set()),
        id="what is blocked in an earlier turn is withheld",
    ),
    pytest.param(
        decision(findings=tuple(finding(start=n) for n in range(300))),
        "input: [{detector: pii, do: block, above: 0.5}]",
        "input: [{detector: pii, do: redact}]",
        ("stricter", BLOCK, set()),
        id="of many, those that are named decide",
    ),
    pytest.param(
        decision(
            findings=tuple(finding(start=n) for n in range(200))
            + tuple(finding(entity="US_SSN", start=n) for n in range(9))
        ),
        "input: [{detector: pii, do: redact}, {detector: pii, entities: [US_SSN], do: block, above: 0.5}]",
        "input: [{detector: pii, do: redact}]",
        ("unknown", REDACT, set()),
        id="what was only counted has no score",
    ),
    pytest.param(
        decision(
            verdict=ALLOW,
            findings=(),
            unjudged=({"side": "request", "detector": "pii", "reason": "late", "passed": True},),
        ),
        "input: [{detector: pii, do: redact, on_error: block}]",
        "input: [{detector: pii, do: redact, on_error: allow}]",
        ("stricter", BLOCK, set()),
        id="what was unjudged and passed",
    ),
    pytest.param(
        decision(
            verdict=ALLOW,
            findings=(),
            unjudged=({"side": "request", "detector": "", "reason": "", "passed": True},),
        ),
        "{input: [{detector: pii, do: redact}], uninspected: block, invalid_json: block}",
        "{input: [{detector: pii, do: redact}], uninspected: allow, invalid_json: block}",
        ("stricter", BLOCK, set()),
        id="what nothing reads",
    ),
    pytest.param(
        decision(
            findings=(
                finding(
                    side="response", field="/choices/0/message/tool_calls/0/function/arguments"
                ),
            )
        ),
        "{output: [{detector: pii, do: block}], tool_calls: [{detector: pii, do: flag}]}",
        "output: [{detector: pii, do: redact}]",
        ("laxer", FLAG, set()),
        id="arguments of tools have rules of their own",
    ),
    pytest.param(
        decision(verdict=ALLOW, findings=()),
        "input: [{detector: harm, do: block}]",
        "input: [{detector: harm, do: flag, above: 0.5}]",
        ("unknown", ALLOW, {Open.NOT_ASKED}),
        id="a detector that was not asked",
    ),
    pytest.param(
        decision(verdict=ALLOW, findings=(), detectors={"harm": Sha256("e" * 64)}),
        "input: [{detector: harm, do: block, above: 0.3}]",
        "input: [{detector: harm, do: flag}]",
        ("unknown", ALLOW, {Open.WIDER}),
        id="less than a detector's own threshold",
    ),
    pytest.param(
        decision(verdict=ALLOW, findings=(), detectors={"harm": Sha256("e" * 64)}),
        "input: [{detector: harm, do: block}]",
        "input: [{detector: harm, do: flag}]",
        ("same", ALLOW, set()),
        id="a detector's own threshold is what it was",
    ),
    pytest.param(
        decision(
            verdict=FLAG,
            findings=(finding(detector="harm", entity="threat", score=0.3, action="flag"),),
            detectors={"harm": Sha256("e" * 64)},
        ),
        "input: [{detector: harm, do: flag}]",
        "input: [{detector: harm, do: flag, above: 0.2}]",
        ("laxer", ALLOW, set()),
        id="a score below a detector's own threshold",
    ),
]


@pytest.mark.parametrize(("entry", "new", "old", "expected"), CASES)
def test_what_the_log_tells(
    entry: Decision, new: str, old: str | None, expected: tuple[Any, ...]
) -> None:
    """The comparison, the least verdict, and why more may have been found."""
    assert redo(entry, new, old) == expected
