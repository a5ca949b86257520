"""The card of the personal-data detectors: what reports say of their quality."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from assaymark.detectors.pii.quality import names_missed, quality_of, read_card, said_of_names
from assaymark.detectors.pii.settings import NameSettings, PatternSettings, PiiSettings
from assaymark.detectors.pii.spec import PII, PII_PATTERNS

IN_PART = {"sgd_contact_slots"}
"""Of this set not everything is labelled."""


@pytest.fixture(scope="module")
def measured(repository: Path) -> dict[str, Any]:
    """The numbers behind the published page."""
    numbers: dict[str, Any] = json.loads(
        (repository / "reports/benchmarks/pii_quality.json").read_text()
    )
    return numbers


@pytest.mark.parametrize("part", ["all", "unseen"])
def test_the_card_says_what_was_measured(measured: dict[str, Any], part: str) -> None:
    """Each number on it is a quotient of counts on the page."""
    unseen = read_card()["unseen_sets"]
    of_part = set(unseen["sets"]) if part == "unseen" else set(measured["sets"]) - IN_PART
    card = (unseen if part == "unseen" else read_card())["languages"]
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for name in of_part:
        for system, result in measured["sets"][name].items():
            for kind, counts in result["kinds"].items():
                total = sums[measured["languages"][name], system, kind]
                for at, what in enumerate(("labelled", "reported", "found")):
                    total[at] += counts[what]

    shown = [
        (sums[language, system, kind], numbers)
        for language, systems in card.items()
        for system, kinds in systems.items()
        for kind, numbers in kinds.items()
    ]
    assert len(shown) > 15
    for (labelled, reported, found), numbers in shown:
        assert numbers["labelled"] == labelled
        assert numbers["recall"] == round(found / labelled, 3)
        assert numbers["precision"] == (round(found / reported, 3) if reported else 0.0)


def test_presidio_alone_said_the_same_in_every_row(measured: dict[str, Any]) -> None:
    """Where Presidio has such an engine, no row of any set was answered otherwise."""
    compared = {
        (name, system): result["differing"]
        for name, systems in measured["sets"].items()
        for system, result in systems.items()
        if result["differing"] is not None
    }

    assert len(compared) > 40
    assert set(compared.values()) == {0}


def test_a_report_says_what_was_measured_and_what_not() -> None:
    """Of what is switched on, in the languages that are read."""
    quality = PII.measured(PiiSettings(entities=("EMAIL_ADDRESS", "CRYPTO")))

    assert list(quality["languages"]) == ["en"]
    assert list(quality["languages"]["en"]) == ["EMAIL_ADDRESS"]
    assert quality["unmeasured"] == ["CRYPTO"]
    assert quality["report"] == "reports/benchmarks/pii_quality.md"
    assert quality["min_score"] == 0.4
    assert quality == PII_PATTERNS.measured(PatternSettings(entities=("EMAIL_ADDRESS", "CRYPTO")))


def test_names_have_the_numbers_of_who_finds_them() -> None:
    """The same kind has other numbers by another engine, and none by one that was not measured."""
    by_spacy = quality_of(PiiSettings(names="spacy:en_core_web_md", entities=("PERSON", "URL")))
    by_other = quality_of(PiiSettings(names="gliner:models/x", entities=("PERSON", "URL")))

    assert set(by_spacy["languages"]["en"]) == {"PERSON", "URL"}
    assert by_spacy["unmeasured"] == []
    assert set(by_other["languages"]["en"]) == {"URL"}
    assert by_other["unmeasured"] == ["PERSON"]
    assert quality_of(NameSettings(names="gliner:models/x")) == {}
    assert quality_of(PiiSettings(languages=("fi",))) == {}


def test_the_embedded_tagger_has_numbers_on_sets_that_it_never_saw() -> None:
    """It was trained on other rows of most sets, which flatters it there."""
    quality = quality_of(NameSettings())

    assert set(quality["languages"]["en"]) == {"PERSON", "LOCATION", "NRP"}
    assert set(quality["unseen_sets"]["en"]) == {"PERSON", "LOCATION"}
    assert quality["unmeasured"] == []


def test_doctor_says_how_well_names_are_found() -> None:
    """In one sentence for each language that was measured."""
    numbers = read_card()["languages"]["en"]["spacy:en_core_web_md"]["PERSON"]
    settings = PiiSettings(names="spacy:en_core_web_md", entities=("PERSON",))

    assert said_of_names(settings) == (
        (
            "recall and precision of `spacy:en_core_web_md` in `en`: "
            f"PERSON {numbers['recall']:.2f} and {numbers['precision']:.2f}"
        ),
    )
    assert said_of_names(PiiSettings()) == ()


def test_a_verdict_stands_beside_what_is_missed_of_names() -> None:
    """Recall and precision in words, on sets that no engine was trained on where there are numbers."""
    card = read_card()
    unseen = card["unseen_sets"]["languages"]["en"]
    people, places = unseen["embedded"]["PERSON"], unseen["embedded"]["LOCATION"]
    lone = unseen["spacy:en_core_web_md"]["PERSON"]

    by_embedded = names_missed(PiiSettings(names="embedded", languages=("en", "de")))
    by_spacy = names_missed(PiiSettings(names="spacy:en_core_web_md", entities=("PERSON",)))

    assert by_embedded == (
        (
            "names were looked for in English only, by `embedded`: on public text it finds "
            f"{people['recall']:.0%} of people ({people['precision']:.0%} of what it reports is right) and "
            f"{places['recall']:.0%} of places ({places['precision']:.0%}); other text counts as not judged "
            "for names"
        ),
    )
    assert by_spacy == (
        (
            "names were looked for by `spacy:en_core_web_md` alone: in `en`, on public text it finds "
            f"{lone['recall']:.0%} of people ({lone['precision']:.0%} of what it reports is right)"
        ),
    )
    assert names_missed(PiiSettings()) == ()
