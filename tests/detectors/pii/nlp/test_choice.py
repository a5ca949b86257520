"""What a policy may say about names, and what it is told when it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from assaymark.detectors.pii.settings import (
    NameSettings,
    PatternSettings,
    PiiSettings,
    chosen_names,
    enabled_entities,
)
from assaymark.detectors.pii.spec import PII, PII_NAMES, blind_spots
from assaymark.policy.strictness import is_loosened, stricter_way


def mistake(model: type[BaseModel] = PiiSettings, **values: Any) -> tuple[str, str]:
    """Return key and message of the one mistake in `values`."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    (error,) = caught.value.errors()
    return str(error["loc"][0]), error["msg"]


@pytest.mark.parametrize("written", ["spacy", "spacy:../x", "stanza:en", "None", "gliner:", ""])
def test_an_engine_is_one_of_a_few(written: str) -> None:
    """A spaCy model is named as a package, others by their folder."""
    assert mistake(names=written) == (
        "names",
        (
            f"`{written}` finds no names; choose `embedded`, `none`, `spacy:` and the name of an installed "
            "model, or `transformers:` or `gliner:` and the folder of a model"
        ),
    )


def test_a_spacy_model_reads_one_language() -> None:
    """Texts in the other one would be judged by a model that never saw it."""
    assert mistake(names="spacy:en_core_web_sm", languages=["en", "de"]) == (
        "names",
        (
            "`spacy:en_core_web_sm` reads one language, and `languages` has 2; "
            "keep the language of the model"
        ),
    )
    assert PiiSettings(names="transformers:models/x", languages=("en", "de"))


def test_two_engines_are_a_mistake() -> None:
    """Which of them counts would be a guess; the same one twice is one."""
    assert mistake(nlp="spacy:en_core_web_sm", names="gliner:models/x") == (
        "names",
        "`spacy:en_core_web_sm` under `nlp` finds names too; take `nlp` out",
    )
    assert mistake(nlp="spacy:en_core_web_sm", names="none")[0] == "names"
    assert PiiSettings(nlp="spacy:en_core_web_sm", names="spacy:en_core_web_sm")


def test_who_is_chosen() -> None:
    """`names`, or else the model of `nlp`, or else nobody."""
    assert str(chosen_names(PiiSettings())) == "none"
    assert str(chosen_names(PiiSettings(names="none"))) == "none"
    assert str(chosen_names(PiiSettings(nlp="spacy:x"))) == "spacy:x"
    assert str(chosen_names(PiiSettings(names="gliner:a:b"))) == "gliner:a:b"


def test_a_policy_that_asks_for_names_gets_them() -> None:
    """The tagger in the package, in English, unless the policy says otherwise; written out in settings."""
    asked = PiiSettings(entities=("PERSON", "US_SSN"), languages=("de", "en"))

    assert asked.names == "embedded"
    assert asked.model_dump()["names"] == "embedded"
    assert PiiSettings.model_validate_json('{"entities": ["NRP"]}', strict=True).names == "embedded"
    assert PiiSettings(entities=("US_SSN",)).names is None
    assert PiiSettings(entities=("PERSON",), nlp="spacy:x").names is None
    assert PiiSettings(entities=("PERSON",), names="gliner:x").names == "gliner:x"


def test_the_embedded_tagger_reads_english() -> None:
    """Where no text is in English, nobody would ever be found."""
    assert mistake(names="embedded", languages=["de", "fr"]) == (
        "names",
        (
            "the embedded tagger reads `en`, and `languages` leaves it out; choose a model that reads "
            "your languages, such as `spacy:de_core_news_md`"
        ),
    )


def test_a_heir_of_a_policy_cannot_choose_a_worse_engine() -> None:
    """Which engine finds more cannot be said, so one that is chosen stays; somebody is more than nobody."""
    way = stricter_way(PiiSettings, "names")

    assert is_loosened(way, "embedded", "gliner:x")
    assert not is_loosened(way, None, "gliner:x")
    assert is_loosened(stricter_way(NameSettings, "names"), "embedded", "gliner:x")


def test_patterns_alone_choose_nobody() -> None:
    """There is nothing to choose."""
    assert mistake(PatternSettings, names="spacy:en_core_web_sm")[0] == "names"


def test_names_alone_know_names_alone() -> None:
    """An identifier belongs under another detector."""
    usual = NameSettings(names="spacy:en_core_web_sm")

    assert enabled_entities(usual) == ("PERSON", "LOCATION", "NRP")
    assert mistake(NameSettings, names="spacy:x", entities=["PERSONS"]) == (
        "entities",
        "no name is called `PERSONS`; did you mean `PERSON`?",
    )
    assert mistake(NameSettings, names="spacy:x", entities=["US_SSN"]) == (
        "entities",
        "no name is called `US_SSN`; choose from LOCATION, NRP, ORGANIZATION, PERSON",
    )
    assert mistake(NameSettings, names="spacy:x", countries=["us"])[0] == "countries"
    assert PII_NAMES.labels(usual) == ("PERSON", "LOCATION", "NRP")


def test_a_setting_that_is_not_used_leaves_no_trace() -> None:
    """The digests of policies from before there was a choice stay what they were."""
    assert "names" not in PiiSettings().model_dump()
    assert PiiSettings(names="none").model_dump()["names"] == "none"


def test_scores_beyond_those_of_the_engine_are_a_mistake() -> None:
    """Presidio gives all that spaCy finds 0.85; the others say how sure they are."""
    assert mistake(names="spacy:x", entities=["PERSON"], min_score=0.9)[1].startswith(
        "`PERSON` never scores above 0.85, so none would be found"
    )
    assert PiiSettings(names="gliner:x", entities=("PERSON",), min_score=0.9)


def test_blind_spots_follow_the_choice() -> None:
    """Whether names were looked for, by whom, and what that engine misses as far as it was measured."""
    assert blind_spots(PiiSettings(names="none")) == (
        "people's names, places and organisations were not looked for: no language model was chosen",
    )
    assert blind_spots(PiiSettings(names="gliner:models/x", languages=("en", "de"))) == (
        (
            "names were looked for by `gliner:models/x` alone: in `en`, how many it misses was not measured; "
            "in `de`, how many it misses was not measured"
        ),
    )
    assert blind_spots(PiiSettings(names="gliner:models/x", entities=("NRP",))) == (
        (
            "people's names, places and organisations were not looked for: "
            "the policy's `entities` leave them out"
        ),
    )


def test_doctor_sees_what_is_missing(tmp_path: Path) -> None:
    """Nothing is opened for that."""
    assert PII.obstacles is not None

    (package,) = PII.obstacles(PiiSettings(names="spacy:en_no_such_model"))
    *_, folder = PII.obstacles(PiiSettings(names=f"gliner:{tmp_path}"))

    assert package.message == "the spaCy model `en_no_such_model` is not installed"
    assert folder.message == f"there is no model for names in `{tmp_path}`"
    assert folder.hint == (
        "name the folder that holds its `gliner_config.json`; nothing is downloaded"
    )
    assert PII.obstacles(PiiSettings()) == ()
