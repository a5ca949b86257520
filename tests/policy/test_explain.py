"""What a policy would run and demand, in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from textwrap import dedent

import pytest

from assaymark.contracts.catalog import Catalog
from assaymark.engine.catalog import installed_catalog
from assaymark.model.metric import Unit
from assaymark.policy.explain import explain
from assaymark.policy.load import parse_policy
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not, Policy
from assaymark.policy.wording import in_words

from .conftest import HEAD
from .test_frameworks import CATALOGUE, named
from .test_inheritance import BASE, CHILD

Parse = Callable[..., Policy]


def test_explanation_answers_who_did_not_write_the_policy(catalog: Catalog, parse: Parse) -> None:
    """Detectors, checks, demands by gravity with their origin, chance, frameworks and files."""
    child = (
        CHILD.replace(
            "owner: team@example.org", "owner: o, valid_until: 2027-01-01, description: for us"
        )
        + "requirements:\n  - {id: no-cards, enforce: deny, severity: critical}\n"
    )
    policy = parse(child, base=BASE + CATALOGUE)

    own, parent = (each.digest for each in policy.files)
    assert explain(policy, catalog).render() == dedent(
        f"""\
        team 1.0.0, owned by o
        for us
        valid until 2027-01-01; a report under it is valid for 90 days
        sha256:{policy.digest}

        Detectors
          harm: harmful, threat, toxicity
            model original, threshold 0.5, ignored sarcasm, timeout 30.0
          pii: CREDIT_CARD, US_SSN
            languages en, min_score 0.4

        Checks
          harmful-content: counts harmful-content, on dataset and outputs
          licence-permitted: counts licence-permitted, on dataset
            permitted MIT Apache-2.0, examples 2
          pii-exposure: counts pii-exposure, on dataset and outputs
          record-health: counts record-health, on dataset and outputs

        Requirements
          critical, deny: no-cards  (team.yaml:6)
            on dataset: `pii.row-rate` of CREDIT_CARD: at most 1% (1 in 100)
            for demo:1
            if not: redact it
          medium, deny: enough  (base.yaml:20)
            on dataset: all of (`records.count`: at least 100; not (`harm.row-rate`: at least 50%))
          medium, deny: open  (base.yaml:25)
            on dataset: `harm.row-rate`: at most 10% (1 in 10)

        Chance
          if a subject is sampled, its 3 bounds share an error of 5% among them (Holm)

        Frameworks
          demo: a made-up text, 1, mapped 2026-05-01
            1 controls tested, 1 need a person, 1 not covered
            https://example.org/demo

        Files
          team.yaml  sha256:{own}
          base.yaml  sha256:{parent}"""
    )


def test_explanation_as_plain_values(catalog: Catalog, parse: Parse) -> None:
    """`--json` has the same facts, and is JSON."""
    policy = parse(HEAD + named("demo:1") + CATALOGUE)

    plain = explain(policy, catalog).to_plain()

    assert json.loads(json.dumps(plain)) == plain
    assert plain["requirements"] == [
        {
            "id": "enough",
            "inWords": "`records.count`: at least 1",
            "clause": {"metric": "records.count", "at_least": 1.0},
            "on": ["dataset"],
            "severity": "medium",
            "enforce": "deny",
            "controls": ["demo:1"],
            "remediation": None,
            "overridable": False,
            "origin": "team.yaml:5",
        }
    ]
    assert plain["frameworks"][0]["coverage"] == {"tested": 1, "person": 1, "not-covered": 1}
    assert plain["detectors"] == []
    assert plain["checks"][0]["id"] == "record-health"
    assert plain["validUntil"] is None
    assert plain["statisticalBounds"] == 0


def test_settings_are_told_in_words_and_only_where_they_mean_something() -> None:
    """No dictionary of Python's, and no endpoint for a model on this machine; a program sees all of them."""
    text = HEAD + dedent(
        """\
            detectors:
              harm: {}
              pii:
                entities: [TICKET]
                recognizers:
                  - name: tickets
                    supported_entity: TICKET
                    patterns: [{name: t, regex: "T-[0-9]+", score: 0.5}]
            requirements:
              - {id: a, metric: pii.row-rate, at_most: 0.1, on: dataset}
              - {id: b, metric: harm.row-rate, at_most: 0.1, on: dataset}
            """
    )
    policy = parse_policy(text.encode(), "policy.yaml", installed_catalog())

    explanation = explain(policy, installed_catalog())

    lines = explanation.render().splitlines()
    assert "    model embedded, cascade false" in lines
    assert (
        "    languages en, nlp blank, recognizers [{name: tickets, supported_entity: TICKET, patterns: "
        "[{name: t, regex: T-[0-9]+, score: 0.5}], deny_list_score: 1.0}], min_score 0.4, "
        "views html percent escapes unicode base64 inserted spelled spaced broken paths"
    ) in lines
    harm = next(each for each in explanation.detectors if each.id == "harm")
    assert harm.settings["api_key_env"] == "OPENAI_API_KEY"


def test_text_of_the_policy_cannot_steer_the_terminal(catalog: Catalog, parse: Parse) -> None:
    """Escapes in a description are shown, not obeyed."""
    head = HEAD.replace("owner: team@example.org", 'owner: o, description: "a\\e[2Jb"')

    assert "a\ufffd[2Jb" in explain(parse(head + named()), catalog).render()


def bound(**limits: float) -> Bound:
    """A bound on a share."""
    return Bound(metric="m", labels=(), **limits)


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        (bound(at_most=0.0), "`m`: none at all"),
        (bound(at_most=0.0001), "`m`: at most 0.01% (1 in 10,000)"),
        (bound(at_least=0.995), "`m`: at least 99.5%"),
        (Bound(metric="m", labels=(), at_most=0.0, unit=Unit.COUNT), "`m`: none at all"),
        (
            Bound(metric="m", labels=(("entity", "A"),), at_least=12000.0, unit=Unit.COUNT),
            "`m` of A: at least 12,000",
        ),
        (
            AnyOf((Not(bound(at_least=0.5)), AllOf((bound(at_most=0.1),)))),
            "any of (not (`m`: at least 50%); all of (`m`: at most 10% (1 in 10)))",
        ),
    ],
)
def test_clauses_in_words(clause: Clause, words: str) -> None:
    """A demand reads like a sentence, with shares in per cent."""
    assert in_words(clause) == words
