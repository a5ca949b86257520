"""The policy's own tests."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.model.decision import Verdict
from assaymark.policy.policy import Policy
from assaymark.policy.self_test import run_self_tests
from assaymark.policy.self_test_notation import key_text, parse_key

from .conftest import HEAD

Parse = Callable[..., Policy]
Errors = Callable[..., str]

POLICY = HEAD + dedent(
    """\
    requirements:
      - id: no-cards
        metric: pii.row-rate
        where: {entity: CREDIT_CARD}
        on: dataset
        at_most: 0.0001
      - id: enough
        metric: records.count
        on: dataset
        at_least: 100
      - id: polite
        metric: harm.row-rate
        on: outputs
        at_most: 0.01
        enforce: warn
    """
)


def with_tests(text: str) -> str:
    """The policy with tests, the first on line 20."""
    return POLICY + "tests:\n" + indent(dedent(text), "  ")


def test_tests_call_the_real_decision(parse: Parse) -> None:
    """What a test shows is what an audit would say, reasons included."""
    report = run_self_tests(
        parse(
            with_tests(
                """\
                - name: a leaking dataset fails
                  evidence:
                    dataset:
                      pii.row-rate{entity=CREDIT_CARD}: {hits: 3, of: 1000}
                      records.count: 500
                  expect: FAIL
                  because: [no-cards]
                - name: a clean one passes
                  otherwise: clean
                  expect: PASS
                - name: a small one fails
                  evidence: {dataset: {records.count: 5}, outputs: {harm.row-rate: {hits: 9, of: 9}}}
                  otherwise: clean
                  expect: FAIL
                  because: [enough]
                """
            )
        )
    )

    assert report.passed
    assert report.render() == dedent(
        """\
        ok      a leaking dataset fails
        ok      a clean one passes
        ok      a small one fails
        3 tests, all passed
        3 of 3 requirements covered"""
    )
    assert report.results[0].decision.summary == "not met: no-cards"
    assert report.uncovered == ()


def test_wrong_expectations_are_shown_beside_what_came(parse: Parse) -> None:
    """A failing test shows both verdicts with their reasons, and what nothing covers."""
    report = run_self_tests(
        parse(
            with_tests(
                """\
                - name: wrong verdict
                  evidence: {dataset: {}}
                  expect: PASS
                - name: wrong reason
                  evidence: {dataset: {records.count: 5}}
                  otherwise: clean
                  expect: FAIL
                  because: [no-cards]
                """
            )
        )
    )

    assert not report.passed
    assert report.render() == dedent(
        """\
        FAILED  wrong verdict
                expected PASS
                got      UNDECIDED because of no-cards, enough
        FAILED  wrong reason
                expected FAIL because of no-cards
                got      FAIL because of enough
        2 tests, 2 failed
        1 of 3 requirements covered
                no test sees `no-cards` broken
                no test sees `polite` broken"""
    )
    assert report.to_plain()["tests"][0] == {
        "name": "wrong verdict",
        "passed": False,
        "expected": "PASS",
        "verdict": "UNDECIDED",
        "expectedBecause": None,
        "because": ["no-cards", "enough"],
        "summary": "could not be decided: no-cards, enough",
    }


def test_undecided_covers_what_the_test_names(parse: Parse) -> None:
    """Missing evidence makes everything undecided, so only what a test names counts as covered."""
    report = run_self_tests(
        parse(
            with_tests(
                """\
                - name: nobody counted cards
                  evidence: {dataset: {pii.row-rate{entity=CREDIT_CARD}: missing}}
                  otherwise: clean
                  expect: UNDECIDED
                  because: [no-cards]
                """.replace(
                    "{dataset: {pii.row-rate{entity=CREDIT_CARD}: missing}}",
                    ('{dataset: {"pii.row-rate{entity=CREDIT_CARD}": missing}}'),
                )
            )
        )
    )

    assert report.passed
    assert report.covered == ("no-cards",)


def test_samples_rows_nobody_could_judge_and_waivers(parse: Parse) -> None:
    """A sample must prove, a row that could not be judged may be a hit, and waivers end."""
    report = run_self_tests(
        parse(
            with_tests(
                """\
                - name: ten clean rows prove nothing
                  sampled: true
                  evidence:
                    dataset:
                      pii.row-rate{entity=CREDIT_CARD}: {hits: 0, of: 10}
                  otherwise: clean
                  expect: UNDECIDED
                  because: [no-cards]
                - name: a million prove it
                  sampled: true
                  otherwise: clean
                  expect: PASS
                - name: what could not be read may be a card
                  evidence:
                    dataset:
                      pii.row-rate{entity=CREDIT_CARD}: {hits: 0, of: 1000, unjudged: 7}
                  otherwise: clean
                  expect: UNDECIDED
                - name: a waiver excuses
                  evidence:
                    dataset:
                      records.count: 5
                  otherwise: clean
                  waivers: [{requirement: enough, subject: dataset}]
                  expect: PASS
                - name: an expired waiver does not
                  evidence:
                    dataset:
                      records.count: 5
                  otherwise: clean
                  now: 2026-02-01T00:00:00Z
                  waivers: [{requirement: enough, subject: dataset, expires: 2026-01-31}]
                  expect: FAIL
                  because: [enough]
                """
            )
        )
    )

    assert report.passed
    assert report.uncovered == ("polite",)


def test_a_test_without_now_is_judged_on_a_valid_day(parse: Parse) -> None:
    """Tests of a policy do not begin to fail when it ends; what happens then can be tested too."""
    text = with_tests(
        """\
        - {name: in time, otherwise: clean, expect: PASS}
        - {name: too late, otherwise: clean, now: 2027-01-02, expect: UNDECIDED, because: []}
        """.replace(", because: []", "")
    ).replace("owner: team@example.org", "owner: o, valid_until: 2027-01-01")

    report = run_self_tests(parse(text))

    assert report.passed
    assert report.results[1].decision.summary == "the policy was valid until 2027-01-01"


@pytest.mark.parametrize(
    "clause",
    [
        "metric: records.count\nat_most: 7",
        "metric: records.readable-rate\nat_least: 0.99",
        "not: {metric: harm.row-rate, at_least: 0.2}",
        "not: {metric: records.count, at_most: 7}",
        "not: {metric: records.count, at_least: 7}",
        "all_of: [{metric: records.count, at_least: 7}, {metric: records.count, at_most: 9}]",
        "any_of: [{metric: licence.missing, at_most: 0}, {metric: records.count, at_least: 3}]",
    ],
)
def test_clean_keeps_every_bound(parse: Parse, clause: str) -> None:
    """`clean` finds a value that passes, whichever way a bound points."""
    text = (
        HEAD
        + "requirements:\n  - id: one\n    on: dataset\n"
        + indent(clause, "    ")
        + "\ntests: [{name: clean, otherwise: clean, expect: PASS}]\n"
    )

    assert run_self_tests(parse(text)).passed


def test_what_nothing_keeps_is_missing(parse: Parse) -> None:
    """Two demands that exclude each other have no clean value."""
    text = HEAD + dedent(
        """\
        requirements:
          - {id: many, metric: records.count, at_least: 9, on: dataset}
          - {id: few, metric: records.count, at_most: 7, on: dataset}
        tests: [{name: impossible, otherwise: clean, expect: UNDECIDED, because: [many, few]}]
        """
    )

    assert run_self_tests(parse(text)).passed


def test_inherited_requirements_are_left_to_their_own_tests(parse: Parse) -> None:
    """A child answers for what it writes, also where it tightens what it inherits."""
    child = HEAD + dedent(
        """\
        extends: [base.yaml]
        requirements:
          - {id: enough, at_least: 200}
          - {id: polite, enforce: deny}
        tests:
          - name: too few
            evidence: {dataset: {records.count: 150}}
            otherwise: clean
            expect: FAIL
            because: [enough]
        """
    )

    report = run_self_tests(parse(child, base=POLICY))

    assert (report.covered, report.uncovered, report.inherited) == (
        ("enough",),
        ("polite",),
        ("no-cards",),
    )
    assert report.render().splitlines()[2:] == [
        "1 of 2 requirements covered, 1 inherited ones left to their own policy",
        "        no test sees `polite` broken",
    ]


def test_no_tests_is_no_success(parse: Parse) -> None:
    """A policy without tests has proven nothing about itself."""
    report = run_self_tests(parse(POLICY))

    assert not report.passed
    assert report.render().splitlines()[:2] == [
        "this policy has no tests",
        "0 of 3 requirements covered",
    ]


def test_mistakes_in_tests_are_said_at_their_places(errors: Errors) -> None:
    """Tests are checked when the policy is loaded, like everything else."""
    found = errors(
        with_tests(
            """\
            - name: a
              evidence:
                datset: {}
                dataset:
                  pii.row-rate: clean
                  pii.row-rate{entity=PERSON}: clean
                  pii.row-rate{entity}: clean
                  pii.row-rate{entity=A,entity=B}: clean
                  records.count: 1.5
                  pii.row-rate{entity=CREDIT_CARD}: 0.3
              expect: MAYBE
            - name: a
              evidence:
                dataset:
                  pii.row-rate{entity=CREDIT_CARD}: {hits: 3, off: 1, unjudged: x}
              expect: PASS
              because: [enough, enouhg]
              now: noon
              waivers:
                - {requirement: x, subject: outputs, expires: 2026-02-30}
                - {requirement: enough}
                - word
            - name: b
              evidence: {dataset: {"pii.row-rate{entity=CREDIT_CARD}": {hits: 3, of: 4, unjudged: 2}}}
              expect: FAIL
            - word
            """
        )
    )

    assert [each.removeprefix("team.yaml:") for each in found.splitlines() if "error[" in each] == [
        "22:7: error[unknown-value]: expected `dataset`, `outputs` or `model`, got the text `datset`",
        "24:9: error[unknown-metric]: no requirement of this policy asks for `pii.row-rate`",
        "25:9: error[unknown-metric]: no requirement of this policy asks for `pii.row-rate{entity=PERSON}`",
        "26:9: error[invalid-key]: `pii.row-rate{entity}` is no metric",
        "27:9: error[invalid-key]: `pii.row-rate{entity=A,entity=B}` is no metric",
        "28:24: error[wrong-type]: expected a whole number, `clean` or `missing`, got the number `1.5`",
        "29:43: error[wrong-type]: expected counts of rows, `clean` or `missing`, got the number `0.3`",
        "30:13: error[unknown-value]: expected `PASS`, `FAIL` or `UNDECIDED`, got the text `MAYBE`",
        "31:11: error[duplicate-id]: the test `a` stands on line 20 already",
        "34:43: error[missing-key]: the key `of` is missing",
        "34:53: error[unknown-key]: unknown key `off`",
        "34:71: error[wrong-type]: expected a whole number from 0, got the text `x`",
        "36:5: error[misplaced-key]: a PASS has no `because`",
        "36:23: error[unknown-requirement]: this policy has no requirement `enouhg`",
        "37:10: error[invalid-date]: expected a date or a time, got the text `noon`",
        "39:23: error[unknown-requirement]: this policy has no requirement `x`",
        "39:35: error[unknown-subject]: this test has no `outputs`",
        "39:53: error[invalid-date]: expected a date or a time, got the text `2026-02-30`",
        "40:9: error[missing-key]: the key `subject` is missing",
        "41:9: error[wrong-type]: expected a mapping, got the text `word`",
        "43:62: error[out-of-range]: `hits` and `unjudged` together are more than `of`",
        "45:5: error[wrong-type]: expected a mapping, got the text `word`",
    ]


def test_other_mistakes_do_not_cascade_into_tests(errors: Errors) -> None:
    """Where a requirement is wrong, tests that ask for it are not called wrong too."""
    text = with_tests(
        """\
        - name: a
          evidence: {dataset: {records.count: 5}}
          expect: FAIL
          because: [enough]
        """
    ).replace("metric: records.count", "metric: records.cont")

    assert errors(text).count("error[") == 1


NAME = st.text("abcXYZ.-_0", min_size=1, max_size=8)


@given(NAME, st.dictionaries(NAME, NAME, max_size=3))
def test_notation_of_keys_is_read_as_written(metric: str, labels: dict[str, str]) -> None:
    """Whatever the labels, writing and reading agree."""
    key = (metric, tuple(sorted(labels.items())))

    assert parse_key(key_text(key)) == key


def test_verdicts_are_all_reachable(parse: Parse) -> None:
    """One policy can be seen to pass, to fail and to stay undecided."""
    report = run_self_tests(
        parse(
            with_tests(
                """\
                - {name: p, otherwise: clean, expect: PASS}
                - {name: f, evidence: {dataset: {records.count: 1}}, expect: FAIL}
                - {name: u, expect: UNDECIDED}
                """
            )
        )
    )

    assert [each.decision.verdict for each in report.results] == [
        Verdict.PASS,
        Verdict.FAIL,
        Verdict.UNDECIDED,
    ]
