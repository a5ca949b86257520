"""What a policy may say under `detectors: pii:`, and what it is told when it may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assaymark.detectors.pii.settings import PatternSettings, PiiSettings, enabled_entities
from assaymark.detectors.pii.spec import blind_spots


def mistake(**values: Any) -> tuple[tuple[str | int, ...], str]:
    """Return place and message of the one mistake in `values`."""
    with pytest.raises(ValidationError) as caught:
        PiiSettings.model_validate(values)
    (error,) = caught.value.errors()
    return error["loc"], error["msg"]


def test_unknown_entity_names_the_nearest() -> None:
    """A typo points at the item and offers the right name."""
    assert mistake(entities=["EMAIL_ADDRESS", "US_SNN"]) == (
        ("entities", 1),
        "no recognizer finds `US_SNN`; did you mean `US_SSN`?",
    )


def test_lower_case_entity_is_corrected() -> None:
    """Case is a typo too."""
    assert mistake(entities=["credit_card"])[1] == (
        "no recognizer finds `credit_card`; did you mean `CREDIT_CARD`?"
    )


def test_entity_like_no_other_gets_examples() -> None:
    """Where no name is near, the message still says what a name looks like."""
    assert mistake(entities=["ZZZ"])[1] == (
        "no recognizer finds `ZZZ`; entities are named like `EMAIL_ADDRESS` or `US_SSN`"
    )


def test_person_needs_somebody_who_reads_the_language() -> None:
    """Names cannot be told by patterns, and the policy says so before any run."""
    assert mistake(entities=["PERSON"], languages=["de"]) == (
        ("entities", 0),
        (
            "`PERSON` cannot be found without a trained model; say with `names` who finds names, "
            "such as `names: spacy:de_core_news_md`"
        ),
    )
    assert mistake(entities=["PERSON"], names="none") == (
        ("entities", 0),
        (
            "`PERSON` cannot be found without a trained model; say with `names` who finds names, "
            "such as `names: embedded`"
        ),
    )


def test_entity_of_another_language_names_the_language() -> None:
    """A recognizer that would never be asked is a mistake, not silence."""
    assert mistake(entities=["DE_TAX_ID"])[1] == (
        "`DE_TAX_ID` is not looked for in `en`; add `de` to `languages`"
    )
    assert mistake(entities=["CREDIT_CARD"], languages=["de", "fr"])[1] == (
        "`CREDIT_CARD` is not looked for in `de`, `fr`; add `en` or `es` or `it` or `pl` to `languages`"
    )


def test_unknown_language_and_country() -> None:
    """Both are held to their tables."""
    assert mistake(languages=["en", "enn"]) == (
        ("languages", 1),
        "no recognizer reads the language `enn`; did you mean `en`?",
    )
    assert mistake(countries=["xx"])[1] == (
        "no recognizer knows the identifiers of the country `xx`; choose from au, ca, de, es, fi, in, "
        "it, kr, ng, ph, pl, se, sg, th, tr, uk, us, za"
    )


def test_country_of_another_language_names_the_language() -> None:
    """German identifiers are looked for in German texts only."""
    assert mistake(countries=["de"])[1] == (
        "the identifiers of `de` are not looked for in `en`; add `de` to `languages`"
    )


def test_wrong_languages_are_reported_once() -> None:
    """What follows from a mistake is not reported as another."""
    assert mistake(languages=["tlh"], entities=["DE_TAX_ID"], countries=["de"])[0] == (
        "languages",
        0,
    )


@pytest.mark.parametrize("value", ["spacy", "spacy:../model", "stanza:en", "Blank"])
def test_nlp_is_blank_or_a_package(value: str) -> None:
    """A model is named, never a path: a policy must not decide which files are opened."""
    assert mistake(nlp=value) == (
        ("nlp",),
        f"`{value}` is no way to read texts; choose `blank`, or `spacy:` and the name of an installed model",
    )


def test_model_reads_one_language() -> None:
    """One trained model cannot read two languages."""
    assert mistake(nlp="spacy:en_core_web_sm", languages=["en", "de"])[1] == (
        "`spacy:en_core_web_sm` reads one language, and `languages` has 2; keep the language of the model"
    )


def test_empty_list_and_unknown_key_are_errors() -> None:
    """Looking for nothing is no setting, and a misspelt key is no comment."""
    assert mistake(entities=[])[0] == ("entities",)
    assert mistake(entitys=["US_SSN"])[0] == ("entitys",)
    assert mistake(languages=[])[0] == ("languages",)


def test_countries_add_to_the_default() -> None:
    """A country pack joins what is on already, for the languages that are read."""
    usual = set(enabled_entities(PiiSettings()))

    added = set(enabled_entities(PiiSettings(countries=("uk", "in")))) - usual

    assert {"UK_NINO", "UK_PASSPORT", "IN_AADHAAR", "IN_VOTER"} <= added
    assert all(each.startswith(("UK_", "IN_")) for each in added)


def test_countries_add_to_named_entities() -> None:
    """Named entities stay what they are; the country's are added."""
    settings = PiiSettings(entities=("EMAIL_ADDRESS",), countries=("pl",), languages=("en", "pl"))

    assert enabled_entities(settings) == ("EMAIL_ADDRESS", "PL_PESEL")


def test_model_adds_names() -> None:
    """With a trained model, names are looked for unless the policy says otherwise."""
    assert enabled_entities(PiiSettings(nlp="spacy:en_core_web_sm"))[-3:] == (
        "PERSON",
        "LOCATION",
        "NRP",
    )
    named = PiiSettings(nlp="spacy:en_core_web_sm", entities=("ORGANIZATION", "US_SSN"))
    assert enabled_entities(named) == ("US_SSN", "ORGANIZATION")


def test_other_language_has_other_defaults() -> None:
    """Presidio switches on what it has for each language."""
    german = enabled_entities(PiiSettings(languages=("de",)))
    spanish = enabled_entities(PiiSettings(languages=("es",)))

    assert "US_SSN" not in german
    assert "CREDIT_CARD" not in german
    assert {"ES_NIF", "ES_NIE", "CREDIT_CARD"} <= set(spanish)


def test_a_threshold_out_of_reach_is_a_mistake() -> None:
    """An entity that the policy names and that can never score so high would be off in silence."""
    assert mistake(entities=["EMAIL_ADDRESS", "PHONE_NUMBER"], min_score=0.8) == (
        ("min_score",),
        (
            "`PHONE_NUMBER` never scores above 0.75, so none would be found; "
            "lower `min_score` to 0.75, or take `PHONE_NUMBER` out of `entities`"
        ),
    )
    assert PiiSettings(entities=("PHONE_NUMBER",), min_score=0.75)


def test_defaults_out_of_reach_are_blind_spots() -> None:
    """Entities that nobody named are no mistake, but the report says that they were not found."""
    assert blind_spots(PiiSettings(min_score=0.4))[1:] == ()
    assert blind_spots(PiiSettings(min_score=0.8))[1:] == (
        (
            "`PHONE_NUMBER`, `US_BANK_NUMBER`, `US_DRIVER_LICENSE`, `US_PASSPORT` could not be found: "
            "none ever scores 0.8 or more"
        ),
    )


def test_patterns_alone_send_names_to_the_other_detector() -> None:
    """`pii-patterns` has no model to install."""
    with pytest.raises(ValidationError) as caught:
        PatternSettings.model_validate({"entities": ["PERSON"]})

    assert [each["msg"] for each in caught.value.errors()] == [
        "`PERSON` cannot be found without a trained model; put it under the detector `pii`"
    ]
