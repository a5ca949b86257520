"""What the `pii` detector declares about itself for reports."""

from __future__ import annotations

import pytest

from assaymark.detectors.pii.settings import PiiSettings
from assaymark.detectors.pii.spec import PII, blind_spots


@pytest.mark.parametrize(
    ("settings", "sentences"),
    [
        (
            {},
            (
                "people's names, places and organisations were not looked for: no language model was chosen",
            ),
        ),
        ({"nlp": "spacy:en_core_web_sm"}, ()),
        (
            {"nlp": "spacy:en_core_web_sm", "entities": ["PERSON", "ORGANIZATION"]},
            ("places were not looked for: the policy's `entities` leave them out",),
        ),
    ],
)
def test_names_that_are_not_looked_for_are_said(
    settings: dict[str, object], sentences: tuple[str, ...]
) -> None:
    """A clean result would else read as if nobody were named."""
    spots = blind_spots(PiiSettings.model_validate(settings))

    assert tuple(each for each in spots if "were not looked for" in each) == sentences


def test_every_entity_is_in_one_group() -> None:
    """A report that lists kinds by group lists each of them once, names first."""
    listed = [each for labels in PII.groups.values() for each in labels]

    assert sorted(listed) == sorted(PII.entities)
    assert next(iter(PII.groups.values()))[0] == "PERSON"
