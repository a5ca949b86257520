"""A policy that extends another may tighten it and never loosen it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent

import pytest

from assaymark.model.decision import Enforcement
from assaymark.model.finding import Severity
from assaymark.model.subject import SubjectKind
from assaymark.policy.policy import AllOf, Bound, Policy, Requirement

from .conftest import HEAD

Parse = Callable[..., Policy]
Errors = Callable[..., str]

CHILD = HEAD + "extends: [base.yaml]\n"

BASE = HEAD + dedent(
    """\
    confidence: 0.95
    detectors:
      pii: {entities: [CREDIT_CARD, US_SSN], min_score: 0.4}
      harm: {threshold: 0.5, ignored: [sarcasm]}
    checks:
      - {id: licence-permitted, permitted: [MIT, Apache-2.0], examples: 2}
    requirements:
      - id: no-cards
        metric: pii.row-rate
        where: {entity: CREDIT_CARD}
        on: [dataset]
        at_most: 0.01
        severity: medium
        enforce: warn
        controls: ["demo:1"]
        remediation: redact it
      - id: enough
        all_of:
          - {metric: records.count, at_least: 100}
          - not: {metric: harm.row-rate, at_least: 0.5}
        on: dataset
      - id: open
        metric: harm.row-rate
        on: dataset
        at_most: 0.1
        overridable: true
    """
)


def child(text: str) -> str:
    """A policy that extends the base."""
    return CHILD + dedent(text)


def requirement(policy: Policy, name: str) -> Requirement:
    """The requirement of that id."""
    return next(each for each in policy.requirements if each.id == name)


class TestRequirements:
    """The same id again."""

    def test_what_is_left_out_is_inherited(self, parse: Parse) -> None:
        """A child that names only a tighter bound changes only the bound, and where it was written."""
        parent = requirement(parse(BASE), "no-cards")

        policy = parse(child("requirements: [{id: no-cards, at_most: 0.001}]\n"), base=BASE)

        found = requirement(policy, "no-cards")
        assert isinstance(found.clause, Bound)
        assert found.clause.at_most == 0.001
        assert replace(found, clause=parent.clause, origin="") == replace(parent, origin="")
        assert found.origin == "team.yaml:5"
        assert requirement(policy, "enough").origin == "base.yaml:20"
        assert [each.id for each in policy.requirements] == ["no-cards", "enough", "open"]

    def test_everything_may_be_tightened(self, parse: Parse) -> None:
        """Bound, subjects, severity and enforcement; controls are added."""
        policy = parse(
            child(
                """\
                requirements:
                  - id: no-cards
                    metric: pii.row-rate
                    where: {entity: CREDIT_CARD}
                    on: [dataset, outputs]
                    at_most: 0
                    severity: critical
                    enforce: deny
                    controls: ["demo:2"]
                    remediation: do not ship it
                  - {id: more, metric: records.count, at_least: 5, on: dataset}
                """
            ),
            base=BASE,
        )

        found = requirement(policy, "no-cards")
        assert found.on == (SubjectKind.DATASET, SubjectKind.OUTPUTS)
        assert (found.severity, found.enforce) == (Severity.CRITICAL, Enforcement.DENY)
        assert found.controls == ("demo:1", "demo:2")
        assert found.remediation == "do not ship it"
        assert policy.requirements[-1].id == "more"

    def test_only_the_enforcement(self, parse: Parse) -> None:
        """A child may enforce what its parent only warns about, in one line."""
        policy = parse(child("requirements: [{id: no-cards, enforce: deny}]\n"), base=BASE)

        assert requirement(policy, "no-cards").enforce is Enforcement.DENY

    def test_every_way_of_loosening_is_said(self, errors: Errors) -> None:
        """The child's line is underlined and the parent's line named."""
        found = errors(
            child(
                """\
                requirements:
                  - id: no-cards
                    on: outputs
                    at_most: 0.1
                    severity: low
                    enforce: audit
                    overridable: true
                """
            ),
            base=BASE,
        )

        hint = "= hint: a policy that extends another may only tighten it"
        assert found == dedent(
            f"""\
            team.yaml:7:9: error[loosened]: leaves out the dataset, which it is about at base.yaml:11
              |
            7 |     on: outputs
              |         ^^^^^^^
              {hint}

            team.yaml:8:14: error[loosened]: at most 0.1 is looser than at most 0.01 at base.yaml:11
              |
            8 |     at_most: 0.1
              |              ^^^
              {hint}

            team.yaml:9:15: error[loosened]: `low` is weaker than `medium` at base.yaml:11
              |
            9 |     severity: low
              |               ^^^
              {hint}

            team.yaml:10:14: error[loosened]: `audit` is weaker than `warn` at base.yaml:11
               |
            10 |     enforce: audit
               |              ^^^^^
               {hint}

            team.yaml:11:18: error[loosened]: cannot be opened by a child; it is fixed at base.yaml:11
               |
            11 |     overridable: true
               |                  ^^^^
               {hint}"""
        )

    def test_another_demand_needs_another_id(self, errors: Errors) -> None:
        """The id of a parent's requirement cannot be given to something else."""
        found = errors(
            child("requirements: [{id: no-cards, where: {entity: US_SSN}}]\n"), base=BASE
        )

        assert found == dedent(
            """\
            team.yaml:5:16: error[loosened]: `no-cards` is another demand than the one at base.yaml:11
              |
            5 | requirements: [{id: no-cards, where: {entity: US_SSN}}]
              |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              = hint: keep its metric and `where`, or choose another id"""
        )

    def test_a_combination_is_tightened_in_its_bounds(self, parse: Parse, errors: Errors) -> None:
        """Under `not` a lower floor is the stricter one."""
        tight = """\
            requirements:
              - id: enough
                all_of:
                  - {metric: records.count, at_least: 200}
                  - not: {metric: harm.row-rate, at_least: 0.3}
            """

        policy = parse(child(tight), base=BASE)
        found = errors(child(tight.replace("0.3", "0.6")), base=BASE)

        clause = requirement(policy, "enough").clause
        assert isinstance(clause, AllOf)
        assert str(clause.clauses[0]) == "at least 200"
        assert found.splitlines()[0] == (
            "team.yaml:7:5: error[loosened]: a bound in this clause is looser than the one at base.yaml:20"
        )

    def test_a_bound_alone_does_not_say_which(self, errors: Errors) -> None:
        """Where the parent's clause has several bounds, the child must write all of it."""
        found = errors(child("requirements: [{id: enough, at_least: 200}]\n"), base=BASE)

        assert found.splitlines()[0] == (
            "team.yaml:5:39: error[missing-key]: `at_least` needs a `metric`: "
            "the clause at base.yaml:20 has several"
        )

    def test_the_other_side_is_no_tightening(self, errors: Errors) -> None:
        """A ceiling does not replace a floor, even where both make sense."""
        base = HEAD + "requirements: [{id: a, metric: records.count, at_least: 5, on: dataset}]\n"

        found = errors(child("requirements: [{id: a, at_most: 5}]\n"), base=base)

        assert "`a` is another demand than the one at base.yaml:4" in found

    def test_subjects_are_held_against_the_inherited_metric(self, errors: Errors) -> None:
        """A child that only adds a subject still asks the parent's check."""
        base = HEAD + "requirements: [{id: a, metric: licence.missing, at_most: 0, on: dataset}]\n"

        found = errors(child("requirements: [{id: a, on: [dataset, outputs]}]\n"), base=base)

        assert "the check `licence-permitted` cannot look at `outputs`" in found

    def test_overridable_means_everything(self, parse: Parse) -> None:
        """What a parent leaves open may be loosened, closed or replaced."""
        policy = parse(
            child(
                """\
                requirements:
                  - {id: open, metric: records.count, at_least: 1, on: outputs, overridable: false}
                """
            ),
            base=BASE,
        )

        found = requirement(policy, "open")
        assert (str(found.clause), found.on) == ("at least 1", (SubjectKind.OUTPUTS,))
        assert not found.overridable

    def test_what_is_open_stays_open(self, parse: Parse) -> None:
        """A child that says nothing leaves it as it is."""
        policy = parse(child("requirements: [{id: open, at_most: 0.9}]\n"), base=BASE)

        assert requirement(policy, "open").overridable


class TestSettings:
    """Detectors, checks and the numbers of the whole."""

    def test_settings_may_be_tightened(self, parse: Parse) -> None:
        """Entities added, scores lowered, exceptions dropped; the rest is inherited."""
        policy = parse(
            child(
                """\
                metadata: {name: c, version: 1.0.0, owner: o, report_days: 30, valid_until: 2027-01-01}
                confidence: 0.99
                detectors:
                  pii: {entities: [US_SSN, CREDIT_CARD, PERSON], min_score: 0.3, languages: [en, de]}
                  harm: {threshold: 0.4, timeout: 60}
                checks: [{id: licence-permitted, permitted: [MIT], examples: 5}]
                """
            ).replace("metadata: {name: team, version: 1.0.0, owner: team@example.org}\n", ""),
            base=BASE,
        )

        assert policy.confidence == 0.99
        assert policy.report_days == 30
        assert policy.detectors["pii"] == {
            "entities": ["US_SSN", "CREDIT_CARD", "PERSON"],
            "min_score": 0.3,
            "languages": ["en", "de"],
        }
        assert policy.detectors["harm"]["ignored"] == ["sarcasm"]
        assert policy.checks["licence-permitted"] == {"permitted": ["MIT"], "examples": 5}

    def test_every_way_of_loosening_is_said(self, errors: Errors) -> None:
        """Less looked for, higher scores, more exceptions: each at its place, with the parent's."""
        found = errors(
            child(
                """\
                confidence: 0.9
                detectors:
                  pii: {entities: [CREDIT_CARD, PERSON], min_score: 0.5}
                  harm:
                    threshold: 0.9
                    ignored: [sarcasm, irony]
                    model: unbiased
                    checkpoint: file
                checks:
                  - {id: licence-permitted, permitted: [MIT, GPL-3.0-only], examples: 1}
                """
            ),
            base=BASE,
        )

        lines = found.splitlines()
        assert [
            each.lstrip(" =") for each in lines if each.startswith("team.yaml") or " = hint" in each
        ] == [
            "team.yaml:5:13: error[loosened]: `confidence` is looser than 0.95 at base.yaml:4",
            "hint: a policy that extends another may only tighten it",
            "team.yaml:7:9: error[loosened]: `entities` is looser than `CREDIT_CARD, US_SSN` in base.yaml:6",
            "hint: add `US_SSN`",
            "team.yaml:7:42: error[loosened]: `min_score` is looser than `0.4` in base.yaml:6",
            "hint: a policy that extends another may only lower this",
            "team.yaml:9:5: error[loosened]: `threshold` is looser than `0.5` in base.yaml:7",
            "hint: a policy that extends another may only lower this",
            "team.yaml:10:5: error[loosened]: `ignored` is looser than `sarcasm` in base.yaml:7",
            "hint: a policy that extends another may only take away from this",
            "team.yaml:11:5: error[loosened]: `model` differs from `original` in a parent, by default",
            "hint: remove it, or mark the settings `overridable: true` in the parent",
            "team.yaml:12:5: error[loosened]: `checkpoint` differs from `None` in a parent, by default",
            "hint: remove it, or mark the settings `overridable: true` in the parent",
            "team.yaml:14:29: error[loosened]: `permitted` is looser than `MIT, Apache-2.0` in base.yaml:9",
            "hint: a policy that extends another may only take away from this",
            "team.yaml:14:61: error[loosened]: `examples` is looser than `2` in base.yaml:9",
            "hint: a policy that extends another may only raise this",
        ]

    def test_defaults_bind_like_what_is_written(self, errors: Errors) -> None:
        """A parent's requirement was written for its defaults, so they cannot be loosened either."""
        base = HEAD + "requirements: [{id: a, metric: pii.row-rate, at_most: 0, on: dataset}]\n"

        found = errors(
            child("confidence: 0.6\ndetectors: {pii: {min_score: 0.99}}\n").replace(
                "owner: team@example.org", "owner: o, report_days: 91"
            ),
            base=base,
        )

        assert [each for each in found.splitlines() if each.startswith("team.yaml")] == [
            "team.yaml:3:63: error[loosened]: `report_days` is looser than 90 at base.yaml, by default",
            "team.yaml:5:13: error[loosened]: `confidence` is looser than 0.95 at base.yaml, by default",
            "team.yaml:6:19: error[loosened]: `min_score` is looser than `0.4` in a parent, by default",
        ]

    def test_a_mistake_hides_no_loosening(self, errors: Errors) -> None:
        """What is sound beside a mistake is held against the parent; what the mistake touches is not."""
        found = errors(
            child("detectors: {pii: {entities: [CREDIT_CAR], min_score: 0.9}}\n"),
            base=BASE,
        )

        assert [each.partition(": ")[2] for each in found.splitlines() if "error[" in each] == [
            (
                "error[unknown-value]: expected `CREDIT_CARD`, `EMAIL_ADDRESS`, `PERSON` or `US_SSN`, "
                "got the text `CREDIT_CAR`"
            ),
            "error[loosened]: `min_score` is looser than `0.4` in base.yaml:6",
        ]

    def test_what_no_parent_uses_is_free(self, parse: Parse) -> None:
        """A detector that no parent configures or needs can be set as one likes."""
        base = HEAD + "requirements: [{id: a, metric: records.count, at_least: 1, on: dataset}]\n"

        policy = parse(
            child(
                """\
                detectors: {pii: {min_score: 0.9}}
                requirements: [{id: b, metric: pii.row-rate, at_most: 0, on: dataset}]
                """
            ),
            base=base,
        )

        assert policy.detectors["pii"]["min_score"] == 0.9

    def test_null_stands_for_a_default_set(self, parse: Parse, errors: Errors) -> None:
        """Where a setting does not list what it looks for, what is switched on decides."""
        base = HEAD + dedent(
            """\
            detectors: {names: {}}
            requirements: [{id: a, metric: records.count, at_least: 1, on: dataset}]
            """
        )

        policy = parse(child("detectors: {names: {entities: [LAST, FIRST]}}\n"), base=base)
        found = errors(child("detectors: {names: {entities: [LAST]}}\n"), base=base)

        assert policy.detectors["names"] == {
            "entities": ["LAST", "FIRST"],
            "extra": [],
            "reader": "none",
        }
        assert found == dedent(
            """\
            team.yaml:5:13: error[loosened]: `names` no longer looks for `FIRST`, which a parent has on
              |
            5 | detectors: {names: {entities: [LAST]}}
              |             ^^^^^
              = hint: switch it on again"""
        )

    def test_a_default_may_be_replaced_by_more(self, parse: Parse, errors: Errors) -> None:
        """A child may choose a model where its parent has none, and keeps the one that its parent chose."""
        none = HEAD + dedent(
            """\
            detectors: {names: {}}
            requirements: [{id: a, metric: records.count, at_least: 1, on: dataset}]
            """
        )
        chosen = none.replace("names: {}", "names: {reader: large}")

        policy = parse(child("detectors: {names: {reader: large}}\n"), base=none)
        found = errors(child("detectors: {names: {reader: none}}\n"), base=chosen)
        both = parse(HEAD + "extends: [a.yaml, b.yaml]\n", a=none, b=chosen)

        assert policy.detectors["names"]["reader"] == "large"
        assert both.detectors["names"]["reader"] == "large"
        assert found.splitlines()[0] == (
            "team.yaml:5:21: error[loosened]: `reader` differs from `large` in base.yaml:4"
        )

    def test_overridable_settings_are_free(self, parse: Parse, errors: Errors) -> None:
        """A parent may leave a detector's settings to its children, and a child may close them."""
        base = BASE.replace("{threshold: 0.5,", "{overridable: true, threshold: 0.5,")
        closed = child("detectors: {harm: {threshold: 0.9, overridable: false}}\n")

        policy = parse(closed, base=base)
        grandchild = errors(
            HEAD + "extends: [middle.yaml]\ndetectors: {harm: {overridable: true, threshold: 1}}\n",
            middle=closed,
            base=base,
        )

        assert policy.detectors["harm"]["threshold"] == 0.9
        assert policy.overridable == ()
        assert [each for each in grandchild.splitlines() if each.startswith("team.yaml")] == [
            "team.yaml:5:33: error[loosened]: a parent does not let others override `detectors.harm`",
            "team.yaml:5:39: error[loosened]: `threshold` is looser than `0.9` in middle.yaml:5",
        ]

    def test_the_end_may_only_come_earlier(self, parse: Parse, errors: Errors) -> None:
        """Without a day of its own a policy ends with its parent."""
        base = BASE.replace("owner: team@example.org", "owner: o, valid_until: 2027-03-01")

        silent = parse(CHILD, base=base)
        later = errors(
            CHILD.replace("owner: team@example.org", "owner: o, valid_until: 2027-03-02"), base=base
        )

        assert str(silent.valid_until) == "2027-03-01"
        assert later.splitlines()[0] == (
            "team.yaml:3:63: error[loosened]: `valid_until` is looser than 2027-03-01 at base.yaml:3"
        )

    @pytest.mark.parametrize(
        ("parent", "own", "merged"),
        [
            ("allow", "block", "block"),
            ("block", None, "block"),
            (None, "block", "block"),
            (None, "allow", None),
            ("allow", None, None),
            ("allow", "allow", "allow"),
        ],
    )
    def test_what_cannot_be_judged_passes_no_easier_in_a_child(
        self, parse: Parse, parent: str | None, own: str | None, merged: str | None
    ) -> None:
        """Where one of both leaves it to the rules, those that redact or block stay closed."""
        rule = "input: [{detector: pii, do: redact}]"
        written, own_line = (
            "" if each is None else f", on_error: {each}" for each in (parent, own)
        )

        policy = parse(
            child(f"guard: {{{rule}{own_line}}}\n"), base=BASE + f"guard: {{{rule}{written}}}\n"
        )

        assert policy.guard.get("on_error") == merged

    def test_guard_rules_add_up(self, parse: Parse) -> None:
        """A child adds rules and cannot take any away, nor open what fails closed."""
        rule = "{detector: pii, do: redact}"
        base = BASE + f"guard: {{input: [{rule}], on_error: block, deadline_ms: 900}}\n"

        policy = parse(
            child(
                f"guard: {{input: [{rule}, {{detector: harm, do: block}}], output: [{rule}],"
                " on_error: allow, stream: buffer, deadline_ms: 800, check_deadline_ms: 7000}\n"
            ),
            base=base,
        )

        pii = {"detector": "pii", "do": "redact"}
        assert policy.guard == {
            "input": [pii, {"detector": "harm", "do": "block"}],
            "output": [pii],
            "on_error": "block",
            "stream": "buffer",
            "invalid_json": "block",
            "uninspected": "block",
            "deadline_ms": 900,
            "check_deadline_ms": 7000,
        }
