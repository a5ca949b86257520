"""Catalogues of controls: what is claimed is tested, and what is tested is claimed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from textwrap import dedent

from assaymark.policy.policy import Control, Framework, Policy

from .conftest import HEAD

Parse = Callable[..., Policy]
Errors = Callable[..., str]

CATALOGUE = dedent(
    """\
    frameworks:
      - id: demo
        title: a made-up text
        version: "1"
        source: https://example.org/demo
        mapped: 2026-05-01
        controls:
          - {id: "1", title: count, coverage: tested, note: rows only}
          - {id: "2", title: think, coverage: person}
          - {id: "3", title: rest, coverage: not-covered}
    """
)


def named(*controls: str) -> str:
    """One requirement that names `controls`."""
    listed = ", ".join(f'"{each}"' for each in controls)
    return (
        "requirements:\n"
        "  - id: enough\n"
        "    metric: records.count\n"
        "    on: dataset\n"
        "    at_least: 1\n" + (f"    controls: [{listed}]\n" if controls else "")
    )


def heads(found: str) -> list[str]:
    """The first line of each diagnostic."""
    return [each for each in found.splitlines() if "error[" in each]


def test_catalogue_arrives_with_full_ids(parse: Parse) -> None:
    """In the policy, a control's id names its framework."""
    policy = parse(HEAD + named("demo:1") + CATALOGUE)

    assert policy.frameworks == (
        Framework(
            id="demo",
            title="a made-up text",
            version="1",
            source="https://example.org/demo",
            mapped=date(2026, 5, 1),
            controls=(
                Control(id="demo:1", title="count", coverage="tested", note="rows only"),
                Control(id="demo:2", title="think", coverage="person"),
                Control(id="demo:3", title="rest", coverage="not-covered"),
            ),
        ),
    )


def test_controls_of_texts_without_a_catalogue_are_free(parse: Parse) -> None:
    """A policy may name controls of a text that nobody has catalogued."""
    policy = parse(HEAD + named("other:9.z"))

    assert policy.requirements[0].controls == ("other:9.z",)


def test_claims_are_held_to(errors: Errors) -> None:
    """Claimed and not tested, tested and not claimed, and unknown: each is said where it stands."""
    found = errors(HEAD + named("demo:2", "demo:4") + CATALOGUE)

    assert found == dedent(
        """\
        team.yaml:9:16: error[unclaimed-control]: `demo:2` is listed as `person`, not as `tested`
          |
        9 |     controls: ["demo:2", "demo:4"]
          |                ^^^^^^^^
          = hint: list it as `tested`, with a note that says what the test reaches

        team.yaml:9:26: error[unknown-control]: the catalogue of `demo` has no control `demo:4`
          |
        9 |     controls: ["demo:2", "demo:4"]
          |                          ^^^^^^^^
          = hint: did you mean `demo:3`?

        team.yaml:17:14: error[untested-control]: no requirement names `demo:1`, which is listed as `tested`
           |
        17 |       - {id: "1", title: count, coverage: tested, note: rows only}
           |              ^^^
           = hint: name it under `controls` of a requirement, or list it as `not-covered`"""
    )


def test_mistakes_in_a_catalogue(errors: Errors) -> None:
    """Ids, dates, addresses and repetitions are checked."""
    found = errors(
        HEAD
        + named()
        + dedent(
            """\
            frameworks:
              - id: Demo
                title: t
                version: 1
                source: example.org
                mapped: yesterday
                controls:
                  - {id: 5.1, title: t, coverage: person}
                  - {id: "2", title: t, coverage: some}
                  - {id: "3", title: t, coverage: person}
                  - {id: "3", title: t, coverage: person}
                  - word
              - {id: two, title: t, version: "1", source: "https://example.org", mapped: 2026-01-01,
                 controls: [{id: a, title: t, coverage: person}]}
              - {id: two, title: t, version: "1", source: "https://example.org", mapped: 2026-01-01}
            """
        )
    )

    assert [each.removeprefix("team.yaml:") for each in heads(found)] == [
        "10:9: error[invalid-id]: `Demo` is no framework id",
        "12:14: error[wrong-type]: expected text, got the number `1`",
        "13:13: error[invalid-value]: expected text like `^https?://\\S+$`, got the text `example.org`",
        "14:13: error[invalid-date]: expected a date, got the text `yesterday`",
        "16:14: error[wrong-type]: expected text, got the number `5.1`",
        "17:39: error[unknown-value]: expected `tested`, `person` or `not-covered`, got the text `some`",
        "19:14: error[duplicate-id]: the control `Demo:3` stands here twice",
        "20:9: error[wrong-type]: expected a mapping, got the text `word`",
        "23:5: error[missing-key]: the key `controls` is missing",
        "23:10: error[duplicate-id]: the framework `two` stands here twice",
    ]


class TestInherited:
    """Catalogues of parents."""

    BASE = HEAD + named("demo:1") + CATALOGUE

    def test_parents_catalogue_is_known(self, parse: Parse, errors: Errors) -> None:
        """A child may name what its parent lists as tested, and nothing that it does not list."""
        child = HEAD + "extends: [base.yaml]\n" + named("demo:1").replace("enough", "more")

        policy = parse(child, base=self.BASE)
        found = errors(child.replace("demo:1", "demo:9"), base=self.BASE)

        assert [each.id for each in policy.frameworks] == ["demo"]
        assert heads(found) == [
            "team.yaml:10:16: error[unknown-control]: the catalogue of `demo` has no control `demo:9`"
        ]

    def test_child_claims_more_by_listing_it(self, parse: Parse) -> None:
        """Coverage changes only where the child says so itself; what it does not list stays."""
        own = CATALOGUE.replace("a made-up text", "ours").splitlines(keepends=True)
        own = [*own[:7], '      - {id: "3", title: rest, coverage: tested, note: now}\n']
        child = (
            HEAD
            + "extends: [base.yaml]\n"
            + named("demo:3").replace("enough", "more")
            + "".join(own)
        )

        policy = parse(child, base=self.BASE)

        (framework,) = policy.frameworks
        assert framework.title == "ours"
        assert [(each.id, each.coverage) for each in framework.controls] == [
            ("demo:1", "tested"),
            ("demo:2", "person"),
            ("demo:3", "tested"),
        ]

    def test_one_policy_maps_one_version(self, errors: Errors) -> None:
        """Clauses of two versions of a text are not the same clauses."""
        child = HEAD + "extends: [base.yaml]\n" + CATALOGUE.replace('"1"\n', '"2"\n')

        found = errors(child, base=self.BASE)

        assert heads(found) == [
            "team.yaml:8:14: error[other-version]: `demo` is mapped to version `2` here and to `1` in a parent"  # noqa: E501 - whole
        ]
