"""From files to a policy, or to every reason why not."""

# ruff: noqa: E501 - messages are asserted whole, as the user sees them

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from assaymark.canonical import sha256_of
from assaymark.contracts.catalog import Catalog
from assaymark.marked_yaml import MAX_BYTES
from assaymark.model.decision import Enforcement
from assaymark.model.finding import Severity
from assaymark.model.metric import Unit
from assaymark.model.subject import SubjectKind
from assaymark.policy.diagnostics import InvalidPolicyError, Level, render
from assaymark.policy.load import check_policy, load_policy
from assaymark.policy.policy import AllOf, AnyOf, Bound, Not, Policy, Requirement

from .conftest import HEAD, TODAY

Parse = Callable[..., Policy]
Errors = Callable[..., str]

ONE = """\
requirements:
  - id: no-cards
    metric: pii.row-rate
    where: {entity: CREDIT_CARD}
    on: dataset
    at_most: 0.0001
"""


def test_policy_is_read_with_its_defaults(parse: Parse) -> None:
    """What is left out has its default, and what a requirement needs is configured."""
    policy = parse(HEAD + ONE)

    assert (policy.name, policy.version, policy.owner) == ("team", "1.0.0", "team@example.org")
    assert (policy.confidence, policy.report_days, policy.valid_until) == (0.95, 90, None)
    assert policy.detectors == {
        "pii": {
            "entities": ["CREDIT_CARD", "EMAIL_ADDRESS", "US_SSN"],
            "languages": ["en"],
            "min_score": 0.4,
        }
    }
    assert policy.checks == {"pii-exposure": {}}
    assert policy.requirements == (
        Requirement(
            id="no-cards",
            clause=Bound(
                metric="pii.row-rate",
                labels=(("entity", "CREDIT_CARD"),),
                at_most=0.0001,
                unit=Unit.SHARE,
                check="pii-exposure",
                rules=("CREDIT_CARD",),
            ),
            on=(SubjectKind.DATASET,),
            severity=Severity.MEDIUM,
            enforce=Enforcement.DENY,
            origin="team.yaml:5",
        ),
    )
    assert [each.name for each in policy.files] == ["team.yaml"]
    assert policy.files[0].digest == sha256_of((HEAD + ONE).encode())


def test_everything_that_can_be_written_is_read(parse: Parse) -> None:
    """Metadata, settings, composed clauses, frameworks, guard and tests arrive in the policy."""
    policy = parse(
        dedent(
            """\
            apiVersion: assaymark/v1
            kind: Policy
            metadata:
              name: full
              version: "2.0"
              owner: team@example.org
              description: all of it
              valid_until: 2027-06-30
              report_days: 30
            confidence: 0.99
            detectors:
              harm: {threshold: 0.3, overridable: true}
            checks:
              - {id: licence-permitted, permitted: [MIT]}
            requirements:
              - id: composed
                any_of:
                  - all_of:
                      - {metric: records.count, at_least: 100}
                      - {metric: records.count, at_most: 5000}
                  - not: {metric: harm.row-rate, at_least: 0.2}
                on: [outputs, dataset]
                severity: critical
                enforce: warn
                controls: [demo:1.a]
                remediation: look at it
                overridable: true
            frameworks:
              - id: demo
                title: a made-up text
                version: "1"
                source: https://example.org/demo
                mapped: 2026-05-01
                controls:
                  - {id: 1.a, title: look, coverage: tested, note: only the rate}
                  - {id: 1.b, title: think, coverage: person}
            guard:
              input: [{detector: pii, do: redact}]
            tests:
              - {name: nothing given, expect: UNDECIDED}
            """
        )
    )

    (requirement,) = policy.requirements
    hundred = Bound(
        metric="records.count", labels=(), at_least=100.0, unit=Unit.COUNT, check="record-health"
    )
    many = Bound(
        metric="records.count", labels=(), at_most=5000.0, unit=Unit.COUNT, check="record-health"
    )
    harm = Bound(
        metric="harm.row-rate",
        labels=(),
        at_least=0.2,
        unit=Unit.SHARE,
        check="harmful-content",
        rules=("*",),
    )
    assert requirement.clause == AnyOf((AllOf((hundred, many)), Not(harm)))
    assert requirement.on == (SubjectKind.DATASET, SubjectKind.OUTPUTS)
    assert requirement.overridable
    assert requirement.remediation == "look at it"
    assert policy.valid_until == date(2027, 6, 30)
    assert policy.checks["licence-permitted"] == {"permitted": ["MIT"], "examples": 1}
    assert policy.overridable == ("detectors.harm",)
    assert policy.detectors["harm"]["threshold"] == 0.3
    assert [each.id for each in policy.frameworks[0].controls] == ["demo:1.a", "demo:1.b"]
    assert policy.guard == {
        "stream": "hold",
        "invalid_json": "block",
        "uninspected": "block",
        "deadline_ms": 10_000,
        "check_deadline_ms": 5_000,
        "input": [{"detector": "pii", "do": "redact"}],
    }
    assert policy.tests == ({"name": "nothing given", "expect": "UNDECIDED"},)


TEN_MISTAKES = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: team, version: 1.2, owner: team@example.org, valid_until: 2027-02-30}
detectors:
  pii: {entities: [CREDIT_CARD, EMAIL]}
  hram: {}
requirements:
  - id: no-cards
    metric: pii.row-rat
    on: dataset
    at_most: 0
  - id: no-threats
    metric: harm.row-rate
    where: {category: threats}
    on: dataset
    at_least: 0.3
    enforc: deny
  - id: no-threats
    any_of: []
    on: model
"""


def test_ten_mistakes_are_ten_diagnostics(errors: Errors) -> None:
    """Every mistake is named at its place, in the order of the file, with what to write instead."""
    assert errors(TEN_MISTAKES) == dedent(
        """\
        team.yaml:3:33: error[wrong-type]: expected text, got the number `1.2`
          |
        3 | metadata: {name: team, version: 1.2, owner: team@example.org, valid_until: 2027-02-30}
          |                                 ^^^
          = hint: put it in quotes

        team.yaml:3:76: error[invalid-date]: there is no such day as `2027-02-30`
          |
        3 | metadata: {name: team, version: 1.2, owner: team@example.org, valid_until: 2027-02-30}
          |                                                                            ^^^^^^^^^^

        team.yaml:5:33: error[unknown-value]: expected `CREDIT_CARD`, `EMAIL_ADDRESS`, `PERSON` or `US_SSN`, got the text `EMAIL`
          |
        5 |   pii: {entities: [CREDIT_CARD, EMAIL]}
          |                                 ^^^^^
          = hint: did you mean `EMAIL_ADDRESS`?

        team.yaml:6:3: error[unknown-detector]: no installed detector is called `hram`
          |
        6 |   hram: {}
          |   ^^^^
          = hint: did you mean `harm`?

        team.yaml:9:13: error[unknown-metric]: no installed check reports `pii.row-rat`
          |
        9 |     metric: pii.row-rat
          |             ^^^^^^^^^^^
          = hint: did you mean `pii.row-rate`?

        team.yaml:14:23: error[unknown-label-value]: no category is called `threats`
           |
        14 |     where: {category: threats}
           |                       ^^^^^^^
           = hint: did you mean `threat`?

        team.yaml:16:5: error[wrong-direction]: `at_least` would demand harm: less `harm.row-rate` is better
           |
        16 |     at_least: 0.3
           |     ^^^^^^^^
           = hint: use `at_most`

        team.yaml:17:5: error[unknown-key]: unknown key `enforc`
           |
        17 |     enforc: deny
           |     ^^^^^^
           = hint: did you mean `enforce`?

        team.yaml:18:9: error[duplicate-id]: the id `no-threats` stands on line 12 already
           |
        18 |   - id: no-threats
           |         ^^^^^^^^^^
           = hint: give each requirement its own id

        team.yaml:19:13: error[empty]: `any_of` is an empty list
           |
        19 |     any_of: []
           |             ^^
           = hint: an empty list demands nothing; fill it or remove it"""
    )


def test_error_carries_its_diagnostics(parse: Parse) -> None:
    """Code reads the diagnostics as values; the message is their rendering."""
    with pytest.raises(InvalidPolicyError) as caught:
        parse(HEAD)

    assert [each.code for each in caught.value.diagnostics] == ["no-requirements"]
    assert caught.value.message == render(caught.value.diagnostics)


def test_top_level_mistakes(errors: Errors) -> None:
    """The frame of the file is checked too."""
    found = errors("apiVersion: assaymark/v2\nkind: Polcy\nconfidence: 0.5\nrequirement: []\n")

    assert found == dedent(
        """\
        team.yaml:1:1: error[missing-key]: the key `metadata` is missing
          |
        1 | apiVersion: assaymark/v2
          | ^^^^^^^^^^

        team.yaml:1:13: error[unknown-value]: expected `assaymark/v1`, got the text `assaymark/v2`
          |
        1 | apiVersion: assaymark/v2
          |             ^^^^^^^^^^^^
          = hint: did you mean `assaymark/v1`?

        team.yaml:2:7: error[unknown-value]: expected `Policy`, got the text `Polcy`
          |
        2 | kind: Polcy
          |       ^^^^^
          = hint: did you mean `Policy`?

        team.yaml:3:13: error[out-of-range]: expected more than 0.5, got the number `0.5`
          |
        3 | confidence: 0.5
          |             ^^^

        team.yaml:4:1: error[unknown-key]: unknown key `requirement`
          |
        4 | requirement: []
          | ^^^^^^^^^^^
          = hint: did you mean `requirements`?

        team.yaml:4:14: error[empty]: `requirement` is an empty list
          |
        4 | requirement: []
          |              ^^
          = hint: an empty list demands nothing; fill it or remove it"""
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "team.yaml:1:1: error[yaml]: the document is empty"),
        ("- a\n", "team.yaml:1:1: error[wrong-type]: expected a policy, which is a mapping"),
        ("a: [\n", "team.yaml:2:1: error[yaml]: not YAML: did not find expected node content"),
        ("a: &x 1\n", "team.yaml:1:4: error[yaml]: anchors and aliases are not allowed"),
        ("a: 1\na: 2\n", "team.yaml:2:1: error[yaml]: the key `a` stands on line 1 already"),
        ("x" * (MAX_BYTES + 1), "team.yaml:1:1: error[yaml]: expected at most 1000000 bytes"),
    ],
)
def test_what_is_no_yaml_is_said_at_its_place(errors: Errors, text: str, first: str) -> None:
    """Mistakes of YAML are diagnostics like all others."""
    found = errors(text).splitlines()[0]

    if text == "a: [\n":
        first = first.split("not YAML", maxsplit=1)[0]  # the reason is the parser's own
    assert found.startswith(first)


def test_a_key_without_value_is_an_error_of_its_own(errors: Errors) -> None:
    """`requirements:` with nothing behind it does not read as absent."""
    assert errors(HEAD + "requirements:\nguard:\n") == dedent(
        """\
        team.yaml:4:1: error[missing-value]: `requirements` has no value
          |
        4 | requirements:
          | ^^^^^^^^^^^^
          = hint: write one, or remove the line

        team.yaml:5:1: error[missing-value]: `guard` has no value
          |
        5 | guard:
          | ^^^^^
          = hint: write one, or remove the line"""
    )


def test_half_a_surrogate_pair_is_no_text(errors: Errors) -> None:
    """What cannot be written as UTF-8 cannot be digested, and is refused."""
    found = errors(HEAD + ONE + '    remediation: "\\ud800"\n')

    assert "error[not-text]: half of a surrogate pair is no text" in found


def test_a_policy_that_enforces_nothing_is_warned_about(catalog: Catalog, tmp_path: Path) -> None:
    """It can be used, and says that it can neither pass nor fail."""
    path = tmp_path / "soft.yaml"
    path.write_text(HEAD + ONE + "    enforce: warn\n")

    checked = check_policy(str(path), catalog, today=TODAY)

    assert checked.policy is not None
    assert render(checked.diagnostics) == dedent(
        f"""\
        {path}:4:1: warning[nothing-enforced]: no requirement is enforced with `deny`, so nothing can pass or fail
          |
        4 | requirements:
          | ^^^^^^^^^^^^
          = hint: set `enforce: deny` on one"""
    )


def test_an_expired_policy_is_warned_about(catalog: Catalog, tmp_path: Path) -> None:
    """The last day counts as valid, the day after does not."""
    path = tmp_path / "old.yaml"
    path.write_text(HEAD.replace("}", ", valid_until: 2026-05-31}") + ONE)

    last_day = check_policy(str(path), catalog, today=date(2026, 5, 31))
    day_after = check_policy(str(path), catalog, today=date(2026, 6, 1))

    assert last_day.diagnostics == ()
    assert [(each.code, each.severity) for each in day_after.diagnostics] == [
        ("expired", Level.WARNING)
    ]
    assert day_after.policy == last_day.policy


def test_a_detector_that_nothing_uses_is_warned_about(catalog: Catalog, tmp_path: Path) -> None:
    """Settings without effect are probably a misunderstanding."""
    path = tmp_path / "idle.yaml"
    path.write_text(HEAD + "detectors: {idle: {}}\n" + ONE)

    (found,) = check_policy(str(path), catalog, today=TODAY).diagnostics

    assert found.message == "no requirement, check or guard of this policy uses `idle`"


def test_today_is_read_from_the_clock_by_default(catalog: Catalog, tmp_path: Path) -> None:
    """A policy that ended long ago is expired without being told the day."""
    path = tmp_path / "old.yaml"
    path.write_text(HEAD.replace("}", ", valid_until: 2001-01-01}") + ONE)

    checked = check_policy(str(path), catalog)

    assert [each.code for each in checked.diagnostics] == ["expired"]
    assert load_policy(str(path), catalog) == checked.policy
