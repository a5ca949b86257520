"""Type checks: what a requirement may say, given what is installed."""

# ruff: noqa: E501 - messages are asserted whole, as the user sees them

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from assaymark.contracts.catalog import Catalog
from assaymark.model.metric import Unit
from assaymark.policy.clauses import MAX_NESTING
from assaymark.policy.load import check_policy
from assaymark.policy.policy import Bound, Not, Policy

from .conftest import HEAD

Parse = Callable[..., Policy]
Errors = Callable[..., str]


def one(text: str, settings: str = "") -> str:
    """A policy with one requirement, its `id` on line 5 unless there are settings."""
    body = indent(dedent(text), "    ")
    return f"{HEAD}{settings}requirements:\n  - id: one\n{body}"


def heads(found: str) -> list[str]:
    """The first line of each diagnostic without the name of the file."""
    return [
        each.removeprefix("team.yaml:")
        for each in found.splitlines()
        if each.startswith("team.yaml:")
    ]


CASES = {
    "unknown metric of a known family": (
        "metric: licence.colour\non: dataset\nat_most: 0\n",
        """\
        team.yaml:6:13: error[unknown-metric]: no installed check reports `licence.colour`
          |
        6 |     metric: licence.colour
          |             ^^^^^^^^^^^^^^
          = hint: `licence` has `licence.missing` and `licence.not-permitted`""",
    ),
    "unknown metric of no family": (
        "metric: quality\non: dataset\nat_most: 0\n",
        """\
        team.yaml:6:13: error[unknown-metric]: no installed check reports `quality`
          |
        6 |     metric: quality
          |             ^^^^^^^
          = hint: run `assaymark checks list` for all metrics""",
    ),
    "label of another metric": (
        "metric: records.count\nwhere: {entity: PERSON}\non: dataset\nat_least: 1\n",
        """\
        team.yaml:7:13: error[unknown-label]: `records.count` has no label `entity`
          |
        7 |     where: {entity: PERSON}
          |             ^^^^^^
          = hint: remove `where`""",
    ),
    "label unlike any": (
        "metric: pii.row-rate\nwhere: {colour: PERSON}\non: dataset\nat_most: 0\n",
        """\
        team.yaml:7:13: error[unknown-label]: `pii.row-rate` has no label `colour`
          |
        7 |     where: {colour: PERSON}
          |             ^^^^^^
          = hint: its labels are `entity`""",
    ),
    "label without value": (
        "metric: pii.row-rate\nwhere: {entity: }\non: dataset\nat_most: 0\n",
        """\
        team.yaml:7:13: error[missing-value]: `entity` has no value
          |
        7 |     where: {entity: }
          |             ^^^^^^
          = hint: write one, or remove the line""",
    ),
    "empty where": (
        "metric: pii.row-rate\nwhere: {}\non: dataset\nat_most: 0\n",
        """\
        team.yaml:7:12: error[empty]: `where` is an empty mapping
          |
        7 |     where: {}
          |            ^^
          = hint: remove it: without `where` the metric covers everything""",
    ),
    "several values": (
        "metric: pii.row-rate\nwhere: {entity: [PERSON]}\non: dataset\nat_most: 0\n",
        """\
        team.yaml:7:21: error[wrong-type]: expected text, got a list
          |
        7 |     where: {entity: [PERSON]}
          |                     ^^^^^^^^""",
    ),
    "value unlike any": (
        "metric: pii.row-rate\nwhere: {entity: SHOE_SIZE}\non: dataset\nat_most: 0\n",
        """\
        team.yaml:7:21: error[unknown-label-value]: no entity is called `SHOE_SIZE`
          |
        7 |     where: {entity: SHOE_SIZE}
          |                     ^^^^^^^^^
          = hint: the names are `CREDIT_CARD`, `EMAIL_ADDRESS`, `PERSON` and `US_SSN`""",
    ),
    "value that is switched off": (
        "metric: pii.row-rate\nwhere: {entity: PERSON}\non: dataset\nat_most: 0\n",
        """\
        team.yaml:7:21: error[switched-off]: `PERSON` is not switched on in this policy
          |
        7 |     where: {entity: PERSON}
          |                     ^^^^^^
          = hint: switch it on in `detectors.pii`: under `entities`, beside those that are on already""",
    ),
    "wrong direction, higher is better": (
        "metric: records.readable-rate\non: dataset\nat_most: 0.5\n",
        """\
        team.yaml:8:5: error[wrong-direction]: `at_most` would demand harm: more `records.readable-rate` is better
          |
        8 |     at_most: 0.5
          |     ^^^^^^^
          = hint: use `at_least`""",
    ),
    "both bounds": (
        "metric: records.count\non: dataset\nat_most: 9\nat_least: 1\n",
        """\
        team.yaml:9:5: error[ambiguous-bound]: expected `at_most` or `at_least`, got both
          |
        9 |     at_least: 1
          |     ^^^^^^^^
          = hint: write one requirement for each, or combine two clauses with `all_of`""",
    ),
    "no bound": (
        "metric: records.count\non: dataset\n",
        """\
        team.yaml:6:5: error[missing-bound]: expected `at_most` or `at_least`, got neither
          |
        6 |     metric: records.count
          |     ^^^^^^
          = hint: say how much is allowed, such as `at_least: 1`""",
    ),
    "no bound, lower is better": (
        "metric: pii.row-rate\non: dataset\n",
        """\
        team.yaml:6:5: error[missing-bound]: expected `at_most` or `at_least`, got neither
          |
        6 |     metric: pii.row-rate
          |     ^^^^^^
          = hint: say how much is allowed, such as `at_most: 0`""",
    ),
    "no bound, a share, higher is better": (
        "metric: records.readable-rate\non: dataset\n",
        """\
        team.yaml:6:5: error[missing-bound]: expected `at_most` or `at_least`, got neither
          |
        6 |     metric: records.readable-rate
          |     ^^^^^^
          = hint: say how much is allowed, such as `at_least: 0.9`""",
    ),
    "misspelt bound of a count": (
        "metric: records.count\nat_lest: 5\non: dataset\n",
        """\
        team.yaml:7:5: error[unknown-key]: unknown key `at_lest`
          |
        7 |     at_lest: 5
          |     ^^^^^^^
          = hint: did you mean `at_least`?""",
    ),
    "share with a per cent sign": (
        "metric: pii.row-rate\non: dataset\nat_most: 5%\n",
        """\
        team.yaml:8:14: error[wrong-type]: expected a number, got the text `5%`
          |
        8 |     at_most: 5%
          |              ^^
          = hint: a share is written as a decimal: `0.05`""",
    ),
    "wrong entity of a wrong metric": (
        "metric: pii.row-rat\nwhere: {entity: EMAIL_ADRESS, colour: X}\non: dataset\nat_most: 0\n",
        """\
        team.yaml:6:13: error[unknown-metric]: no installed check reports `pii.row-rat`
          |
        6 |     metric: pii.row-rat
          |             ^^^^^^^^^^^
          = hint: did you mean `pii.row-rate`?

        team.yaml:7:21: error[unknown-label-value]: no entity is called `EMAIL_ADRESS`
          |
        7 |     where: {entity: EMAIL_ADRESS, colour: X}
          |                     ^^^^^^^^^^^^
          = hint: did you mean `EMAIL_ADDRESS`?""",
    ),
    "share in per cent": (
        "metric: pii.row-rate\non: dataset\nat_most: 5\n",
        """\
        team.yaml:8:14: error[out-of-range]: a share lies between 0 and 1, got `5`
          |
        8 |     at_most: 5
          |              ^
          = hint: write 0.05 for 5 %""",
    ),
    "share below 0": (
        "metric: pii.row-rate\non: dataset\nat_most: -0.1\n",
        """\
        team.yaml:8:14: error[out-of-range]: a share lies between 0 and 1, got `-0.1`
          |
        8 |     at_most: -0.1
          |              ^^^^""",
    ),
    "count that is not whole": (
        "metric: records.count\non: dataset\nat_least: 1.5\n",
        """\
        team.yaml:8:15: error[out-of-range]: a count is a whole number from 0, got `1.5`
          |
        8 |     at_least: 1.5
          |               ^^^""",
    ),
    "count beyond exact numbers": (
        "metric: records.count\non: dataset\nat_least: 9007199254740993000\n",
        """\
        team.yaml:8:15: error[out-of-range]: a count is a whole number from 0, got `9007199254740993000`
          |
        8 |     at_least: 9007199254740993000
          |               ^^^^^^^^^^^^^^^^^^^""",
    ),
    "bound in quotes": (
        'metric: records.count\non: dataset\nat_least: "5"\n',
        """\
        team.yaml:8:15: error[wrong-type]: expected a number, got the text `5`
          |
        8 |     at_least: "5"
          |               ^^^
          = hint: write it without quotes""",
    ),
    "bound that is a truth value": (
        "metric: records.count\non: dataset\nat_least: true\n",
        """\
        team.yaml:8:15: error[wrong-type]: expected a number, got `true`
          |
        8 |     at_least: true
          |               ^^^^""",
    ),
    "subject that the check cannot look at": (
        "metric: licence.missing\non: [dataset, model]\nat_most: 0\n",
        """\
        team.yaml:7:19: error[unsupported-subject]: the check `licence-permitted` cannot look at `model`
          |
        7 |     on: [dataset, model]
          |                   ^^^^^
          = hint: `licence.missing` can be asked of `dataset`""",
    ),
    "unknown subject": (
        "metric: licence.missing\non: datasets\nat_most: 0\n",
        """\
        team.yaml:7:9: error[unknown-value]: expected `dataset`, `outputs` or `model`, got the text `datasets`
          |
        7 |     on: datasets
          |         ^^^^^^^^
          = hint: did you mean `dataset`?""",
    ),
    "no subject": (
        "metric: licence.missing\nat_most: 0\n",
        """\
        team.yaml:5:5: error[missing-key]: the key `on` is missing
          |
        5 |   - id: one
          |     ^^
          = hint: write `dataset`, `outputs` or `model`""",
    ),
    "no clause": (
        "on: dataset\n",
        """\
        team.yaml:5:5: error[missing-key]: the key `metric` is missing
          |
        5 |   - id: one
          |     ^^
          = hint: or combine clauses with `all_of`, `any_of` or `not`""",
    ),
    "two forms of clause": (
        "metric: records.count\nat_least: 1\nnot: {metric: records.count, at_least: 2}\non: dataset\n",
        """\
        team.yaml:8:5: error[ambiguous-clause]: expected one of `metric`, `all_of`, `any_of` and `not`, got `metric` and `not`
          |
        8 |     not: {metric: records.count, at_least: 2}
          |     ^^^
          = hint: combine clauses with `all_of`""",
    ),
    "bound beside a combination": (
        "all_of: [{metric: records.count, at_least: 1}]\nat_least: 1\non: dataset\n",
        """\
        team.yaml:7:5: error[misplaced-key]: `at_least` belongs beside a `metric`, not beside `all_of`
          |
        7 |     at_least: 1
          |     ^^^^^^^^""",
    ),
    "empty inner clause": (
        "all_of: [{}]\non: dataset\n",
        """\
        team.yaml:6:14: error[missing-key]: expected one of `metric`, `all_of`, `any_of` or `not`
          |
        6 |     all_of: [{}]
          |              ^^""",
    ),
    "unknown key in an inner clause": (
        "any_of: [{metric: records.count, at_lest: 1}]\non: dataset\n",
        """\
        team.yaml:6:38: error[unknown-key]: unknown key `at_lest`
          |
        6 |     any_of: [{metric: records.count, at_lest: 1}]
          |                                      ^^^^^^^
          = hint: did you mean `at_least`?""",
    ),
    "inner clause that is no mapping": (
        "any_of: [records.count]\non: dataset\n",
        """\
        team.yaml:6:14: error[wrong-type]: expected a mapping, got the text `records.count`
          |
        6 |     any_of: [records.count]
          |              ^^^^^^^^^^^^^""",
    ),
    "not turns the direction around": (
        "not: {metric: pii.row-rate, at_most: 0.1}\non: dataset\n",
        """\
        team.yaml:6:33: error[wrong-direction]: `at_most` would demand harm: less `pii.row-rate` is better, and `not` turns the bound around
          |
        6 |     not: {metric: pii.row-rate, at_most: 0.1}
          |                                 ^^^^^^^
          = hint: use `at_least`""",
    ),
    "weak words": (
        "metric: records.count\nat_least: 1\non: dataset\nseverity: hi\nenforce: block\n",
        """\
        team.yaml:9:15: error[unknown-value]: expected `info`, `low`, `medium`, `high` or `critical`, got the text `hi`
          |
        9 |     severity: hi
          |               ^^
          = hint: did you mean `high`?

        team.yaml:10:14: error[unknown-value]: expected `deny`, `warn` or `audit`, got the text `block`
           |
        10 |     enforce: block
           |              ^^^^^
           = hint: did you mean `deny`?""",
    ),
    "control without a framework": (
        "metric: records.count\nat_least: 1\non: dataset\ncontrols: [5.1.c]\n",
        """\
        team.yaml:9:16: error[invalid-control]: `5.1.c` is no control
          |
        9 |     controls: [5.1.c]
          |                ^^^^^
          = hint: write `framework:clause`, such as `gdpr:5.1.c`""",
    ),
    "needs a detector without defaults": (
        "metric: remote.row-rate\non: dataset\nat_most: 0\n",
        """\
        team.yaml:6:13: error[missing-settings]: this needs the detector `endpoint`, which has no default settings
          |
        6 |     metric: remote.row-rate
          |             ^^^^^^^^^^^^^^^
          = hint: set `url` under `detectors.endpoint`""",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_mistake(errors: Errors, name: str) -> None:
    """Each mistake is said once, at its place, with the next step where there is one."""
    text, expected = CASES[name]

    assert errors(one(text)) == dedent(expected)


@pytest.mark.parametrize("name", ["No-Cards", "no_cards", "1st", "a--b", "x" * 81])
def test_ids_are_kebab_case(errors: Errors, name: str) -> None:
    """Ids are words that can stand in a URL, a file name and a report."""
    found = errors(one("metric: records.count\non: dataset\nat_least: 1\n").replace("one", name))

    shown = name if len(name) <= 80 else name[:80] + "…"
    assert heads(found) == [f"5:9: error[invalid-id]: `{shown}` is no requirement id"]


def test_id_must_be_text(errors: Errors) -> None:
    """A number is no id, and a requirement without one is told so."""
    found = errors(
        HEAD
        + "requirements:\n"
        + "  - {id: 5, metric: records.count, on: dataset, at_least: 1}\n"
        + "  - {metric: records.count, on: dataset, at_least: 1}\n"
    )

    assert heads(found) == [
        "5:10: error[wrong-type]: expected text, got the number `5`",
        "6:5: error[missing-key]: the key `id` is missing",
    ]


def test_everything_wrong_with_one_requirement_is_said(errors: Errors) -> None:
    """A misspelt key hides no wrong bound, and a wrong bound no wrong subject."""
    found = errors(one("metric: pii.row-rate\nat_least: 7\non: model\nenforc: deny\n"))

    assert [each.split(": ")[1] for each in heads(found)] == [
        "error[wrong-direction]",
        "error[unsupported-subject]",
        "error[unknown-key]",
    ]


def test_subjects_are_held_against_every_metric_of_a_combination(errors: Errors) -> None:
    """One check that cannot look is enough, and is said once."""
    found = errors(
        one(
            """\
            any_of:
              - {metric: licence.missing, at_most: 0}
              - not: {metric: licence.missing, at_least: 5}
              - {metric: records.count, at_least: 1}
            on: outputs
            """
        )
    )

    assert heads(found) == [
        "10:9: error[unsupported-subject]: the check `licence-permitted` cannot look at `outputs`"
    ]


def test_combinations_are_bounded_in_depth(errors: Errors, parse: Parse) -> None:
    """What nobody can explain is refused; one level less is fine."""
    inner = "{metric: records.count, at_least: 1}"
    fine = "not: " + "{not: " * (MAX_NESTING - 1) + inner + "}" * (MAX_NESTING - 1)

    policy = parse(one(f"{fine}\non: dataset\n"))
    found = errors(one(f"{fine.replace(inner, f'{{not: {inner}}}')}\non: dataset\n"))

    clause = policy.requirements[0].clause
    for _ in range(MAX_NESTING):
        assert isinstance(clause, Not)
        clause = clause.clause
    assert isinstance(clause, Bound)
    assert heads(found) == ["6:41: error[too-deep]: clauses are nested deeper than 6 levels"]


@pytest.mark.parametrize(
    ("clause", "place"),
    [
        ("metric: pii.row-rate\nat_most: 1\n", "7:14"),
        ("metric: records.count\nat_least: 0\n", "7:15"),
    ],
)
def test_a_bound_that_cannot_be_broken_is_warned_about(
    catalog: Catalog, tmp_path: Path, clause: str, place: str
) -> None:
    """It demands a measurement and nothing of it, which is rarely meant."""
    path = tmp_path / "team.yaml"
    path.write_text(one(f"{clause}on: dataset\n"))

    checked = check_policy(str(path), catalog)

    (found,) = checked.diagnostics
    assert checked.policy is not None
    assert found.mark is not None
    assert (found.code, f"{found.mark.line}:{found.mark.column}") == ("void-bound", place)


def test_a_value_that_nobody_declares_is_taken_as_written(parse: Parse) -> None:
    """A check without detectors has no vocabulary; a wrong value stays undecided, and so closed."""
    policy = parse(
        one("metric: licence.not-permitted\nwhere: {rule: any}\non: dataset\nat_most: 0\n")
    )

    assert policy.requirements[0].clause == Bound(
        metric="licence.not-permitted",
        labels=(("rule", "any"),),
        at_most=0.0,
        unit=Unit.COUNT,
        check="licence-permitted",
        rules=("any",),
    )


def test_switched_on_by_settings(parse: Parse) -> None:
    """What the policy switches on can be asked for."""
    policy = parse(
        one(
            "metric: pii.row-rate\nwhere: {entity: PERSON}\non: dataset\nat_most: 0\n",
            "detectors: {pii: {entities: [PERSON]}}\n",
        )
    )

    assert policy.detectors["pii"]["entities"] == ["PERSON"]
