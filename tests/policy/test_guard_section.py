"""The section `guard` as written: mistakes at their places, defaults, and what streams can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent

import pytest
from jsonschema import Draft202012Validator

from assaymark.contracts.catalog import Catalog
from assaymark.policy.explain import explain
from assaymark.policy.guarding import Action, Phase, guard_rules, in_lines
from assaymark.policy.load import parse_policy
from assaymark.policy.policy import Policy
from assaymark.policy.schema import json_schema

from .conftest import HEAD, TODAY

Parse = Callable[..., Policy]
Errors = Callable[..., str]

ONE = "requirements:\n  - {id: enough, metric: records.count, at_least: 1, on: dataset}\n"


class Immediate:
    """A horizon of a detector that decides character by character."""

    def settled(self, text: str) -> int:
        """Return the length: all of it is final."""
        return len(text)


@pytest.fixture(scope="module")
def streaming(catalog: Catalog) -> Callable[[str], Policy]:
    """Parse a policy where `pii` can follow a stream."""
    pii = replace(catalog.detectors["pii"], horizon=lambda _: Immediate())
    able = replace(catalog, detectors={**catalog.detectors, "pii": pii})

    def parse(text: str) -> Policy:
        return parse_policy((HEAD + text + ONE).encode(), "team.yaml", able, today=TODAY)

    return parse


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "output: [{detector: harm, do: block}]",
            (
                "team.yaml:5:23: error[needs-whole-text]: `harm` cannot block what is streamed:"
                " its answer may hang on the whole text"
            ),
        ),
        (
            "tool_calls: [{detector: pii, do: redact}]",
            (
                "team.yaml:5:27: error[needs-whole-text]: `pii` cannot redact what is streamed:"
                " its answer may hang on the whole text"
            ),
        ),
        (
            "input: [{detector: harm, do: redact}]",
            (
                "team.yaml:5:32: error[nothing-to-redact]: `harm` scores whole texts, so there is nothing"
                " to redact"
            ),
        ),
        (
            "input: [{detector: pii, do: redact, entities: [US_SS]}]",
            "team.yaml:5:50: error[switched-off]: `pii` does not look for `US_SS`",
        ),
        (
            "input: [{detector: pii, do: block, with: mask}]",
            (
                "team.yaml:5:38: error[misplaced-key]: `with` says how to redact, and this rule says"
                " `do: block`"
            ),
        ),
        (
            "input: [{detector: pii, do: flag, above: 2}]",
            "team.yaml:5:44: error[out-of-range]: expected at most 1, got the number `2`",
        ),
        (
            "deadline_ms: 0",
            "team.yaml:5:16: error[out-of-range]: expected at least 1, got the number `0`",
        ),
        (
            "input: [{detector: endpoint, do: flag}]",
            (
                "team.yaml:5:22: error[missing-settings]: this needs the detector `endpoint`, which has no"
                " default settings"
            ),
        ),
    ],
)
def test_mistakes_are_shown_where_they_stand(errors: Errors, rule: str, message: str) -> None:
    """One mistake is one message, at its place."""
    found = errors(f"{HEAD}guard:\n  {rule}\n{ONE}")

    assert [each for each in found.splitlines() if each.startswith("team.yaml")] == [message]


@pytest.mark.parametrize(
    "section",
    [
        "{stream: buffer, output: [{detector: harm, do: block}]}",
        "{output: [{detector: harm, do: flag}, {detector: harm, do: allow}]}",
        "{input: [{detector: harm, do: block}]}",
    ],
)
def test_who_has_to_see_the_whole_may_do_what_needs_no_stream(parse: Parse, section: str) -> None:
    """Held answers, flags, and what people send are no matter of streams."""
    assert parse(f"{HEAD}guard: {section}\n{ONE}").guard["deadline_ms"] == 10_000


def test_a_parent_that_holds_answers_does_so_for_its_children(parse: Parse) -> None:
    """A child may rely on it."""
    base = f"{HEAD}guard: {{stream: buffer, input: [{{detector: pii, do: flag}}]}}\n{ONE}"

    policy = parse(
        f"{HEAD}extends: [base.yaml]\nguard: {{output: [{{detector: harm, do: block}}]}}\n",
        base=base,
    )

    assert policy.guard["stream"] == "buffer"


def test_what_rules_need_is_configured(parse: Parse) -> None:
    """A detector that only the guard uses is in the policy with its defaults, and so in its digest."""
    policy = parse(f"{HEAD}guard: {{input: [{{detector: pii, do: flag}}]}}\n{ONE}")

    assert policy.detectors["pii"]["min_score"] == 0.4


def test_the_section_is_part_of_the_digest(parse: Parse) -> None:
    """Another action, another policy."""
    one, other = (
        parse(f"{HEAD}guard: {{input: [{{detector: pii, do: {do}}}]}}\n{ONE}").digest
        for do in ("flag", "allow")
    )

    assert one != other


def test_rules_as_values(streaming: Callable[[str], Policy]) -> None:
    """What a rule leaves out comes from the section; tools are treated as people and the model are."""
    rules = guard_rules(
        streaming(
            "guard:\n"
            "  input: [{detector: harm, do: block, above: 0.8, on_error: allow, deadline_ms: 250}]\n"
            "  output: [{detector: pii, do: redact, with: mask, entities: [US_SSN]}]\n"
            "  tool_calls: [{detector: pii, do: block}]\n"
            "  invalid_json: text\n"
        ).guard
    )

    (harm,) = rules.rules[Phase.INPUT]
    (pii,) = rules.rules[Phase.OUTPUT]
    (call,) = rules.rules[Phase.TOOL_CALLS]
    assert (harm.action, harm.above, harm.fails_closed, harm.deadline) == (
        Action.BLOCK,
        0.8,
        False,
        0.25,
    )
    assert (pii.operator, pii.entities, pii.fails_closed, pii.deadline) == (
        "mask",
        ("US_SSN",),
        True,
        5,
    )
    assert call.action is Action.BLOCK
    assert rules.rules[Phase.TOOL_RESULTS] == (harm,)
    assert rules.detectors() == ("harm", "pii")
    assert (rules.refuses_bad_json, rules.refuses_uninspected, rules.deadline) == (False, True, 10)
    assert harm.is_about("threat", 0.8)
    assert not harm.is_about("threat", 0.79)
    assert not pii.is_about("PERSON", 1.0)


@pytest.mark.parametrize(
    ("section", "rule", "closes"),
    [
        ("", "do: block", True),
        ("", "do: redact", True),
        ("", "do: flag", False),
        ("", "do: allow", False),
        ("", "do: flag, on_error: block", True),
        ("", "do: redact, on_error: allow", False),
        ("on_error: block", "do: flag", True),
        ("on_error: block", "do: flag, on_error: allow", False),
        ("on_error: allow", "do: redact", False),
        ("on_error: allow", "do: redact, on_error: block", True),
    ],
)
def test_what_cannot_be_judged_is_blocked_by_rules_that_would_stop_or_change_it(
    parse: Parse,
    section: str,
    rule: str,
    closes: bool,  # noqa: FBT001 - what is expected
) -> None:
    """Unless the rule says otherwise, or the section does."""
    written = f"{HEAD}guard:\n  input: [{{detector: pii, {rule}}}]\n  {section}\n{ONE}"

    (found,) = guard_rules(parse(written).guard).rules[Phase.INPUT]

    assert found.fails_closed is closes


def test_the_section_is_explained(streaming: Callable[[str], Policy], catalog: Catalog) -> None:
    """`policy explain` says in words what happens."""
    policy = streaming(
        "guard:\n"
        "  output: [{detector: pii, do: redact, with: mask, entities: [US_SSN], above: 0.5},"
        " {detector: harm, do: flag}, {detector: harm, do: allow, on_error: block}]\n"
    )

    expected = dedent(
        """\
        Guard
          input: nothing is looked at
          output:
            redact pii US_SSN from 0.5 by mask; if unjudged after 5 s: block
            flag harm; if unjudged after 5 s: let pass
            allow harm; if unjudged after 5 s: block
          tool_calls: as output
          tool_results: nothing is looked at
          streamed answers are sent as far as they are final
          a request is judged within 10 s
          arguments that are no JSON are blocked; content that nothing reads is blocked
        """
    )
    assert expected in explain(policy, catalog).render()
    assert list(in_lines({})) == []


def test_editors_know_the_section(catalog: Catalog) -> None:
    """The schema takes what is right and refuses what is not."""
    schema = json_schema(catalog)["properties"]["guard"]
    right = {
        "tool_results": [{"detector": "pii", "do": "redact", "with": "pseudonym"}],
        "stream": "buffer",
        "deadline_ms": 9,
    }

    judge = Draft202012Validator(schema)

    assert judge.is_valid(right)
    assert judge.is_valid({**right, "on_error": "allow"})
    assert not judge.is_valid({**right, "stream": "maybe"})
    assert not judge.is_valid({**right, "on_error": "flag"})
    assert "default" not in schema["properties"]["on_error"]
    assert not judge.is_valid({"input": [{"detector": "pij", "do": "redact"}]})
    assert schema["properties"]["check_deadline_ms"]["default"] == 5_000
