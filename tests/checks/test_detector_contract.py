# ruff: noqa: D102 - a mutant does what its name says
"""`detector_contract` says which law a detector breaks. Each detector here breaks one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from assaymark.canonical import digest_of
from assaymark.contracts.detector import Detections, DetectorSpec, Span
from assaymark.testing import detector_contract


class Strict(BaseModel):
    """No settings."""

    model_config = ConfigDict(extra="forbid")


class Loose(BaseModel):
    """Settings that accept a misspelt key."""


class Letters:
    """Sees every `a` in the first 100 characters, scores by length, gives up on what is longer."""

    digest = digest_of("letters")

    def detect(self, texts: Any) -> Detections:
        every = texts.to_pylist()
        return Detections(
            spans=self.spans(every), scores=self.scores(every), unjudged=self.unjudged(every)
        )

    def spans(self, texts: list[str]) -> list[Span]:
        return [
            Span(index, place, place + 1, "A", 1.0)
            for index, text in enumerate(texts)
            for place, letter in enumerate(text[:100])
            if letter == "a"
        ]

    def scores(self, texts: list[str]) -> dict[str, list[float]]:
        return {"long": [min(1.0, len(text) / 100) for text in texts]}

    def unjudged(self, texts: list[str]) -> dict[int, str]:
        return {index: "too long" for index, text in enumerate(texts) if len(text) > 100}


def _spec(detector: Any = Letters, **change: Any) -> DetectorSpec:
    spec = DetectorSpec(
        id="letters",
        summary="letters",
        version="1",
        settings=Strict,
        entities=("A",),
        categories=("long",),
        load=lambda _: detector(),
    )
    return replace(spec, **change)


def test_a_detector_that_keeps_every_law_passes() -> None:
    """Spans, scores and unjudged texts may stand together."""
    detector_contract(_spec(), texts=["banana"])


class Unsorted(Letters):
    def spans(self, texts: list[str]) -> list[Span]:
        return super().spans(texts)[::-1]


class Outside(Letters):
    def spans(self, texts: list[str]) -> list[Span]:
        return [Span(index, 0, len(text) + 1, "A", 1.0) for index, text in enumerate(texts)]


class NoSuchText(Letters):
    def spans(self, texts: list[str]) -> list[Span]:
        return [Span(len(texts), 0, 1, "A", 1.0)]


class OtherEntity(Letters):
    def spans(self, texts: list[str]) -> list[Span]:
        return [each._replace(entity="B") for each in super().spans(texts)]


class TooSure(Letters):
    def spans(self, texts: list[str]) -> list[Span]:
        return [each._replace(score=1.5) for each in super().spans(texts)]


class NotANumber(Letters):
    def scores(self, texts: list[str]) -> dict[str, list[float]]:
        return {"long": [math.nan for _ in texts]}


class ShortRow(Letters):
    def scores(self, texts: list[str]) -> dict[str, list[float]]:
        return {"long": super().scores(texts)["long"][:-1]}


class NoScores(Letters):
    def scores(self, _: list[str]) -> dict[str, list[float]]:
        return {}


class OtherCategory(Letters):
    def scores(self, texts: list[str]) -> dict[str, list[float]]:
        return {"short": super().scores(texts)["long"]}


class RelativeScores(Letters):
    def scores(self, texts: list[str]) -> dict[str, list[float]]:
        most = max([1, *map(len, texts)])
        return {"long": [len(text) / most for text in texts]}


class OncePerBatch(Letters):
    def spans(self, texts: list[str]) -> list[Span]:
        return super().spans(texts)[:1]


class Quotes(Letters):
    def unjudged(self, texts: list[str]) -> dict[int, str]:
        return {index: f"cannot read {text}" for index, text in enumerate(texts)}


class NoReason(Letters):
    def unjudged(self, texts: list[str]) -> dict[int, str]:
        return dict.fromkeys(range(len(texts)), " ")


class UnjudgedNothing(Letters):
    def unjudged(self, texts: list[str]) -> dict[int, str]:
        return {len(texts): "too long"}


class ShortDigest(Letters):
    digest = "abc"  # type: ignore[assignment]


_NUMBERS = itertools.count()


class OtherDigest(Letters):
    def __init__(self) -> None:
        self.digest = digest_of(next(_NUMBERS))


@pytest.mark.parametrize(
    ("detector", "law"),
    [
        (Unsorted, "the spans of `letters` are not sorted"),
        (Outside, "a span of `letters` lies outside its text"),
        (NoSuchText, "`letters` sees something in a text that does not exist"),
        (OtherEntity, "`letters` sees `B`, which is not switched on"),
        (TooSure, "a score of `letters` is not in [0, 1]"),
        (NotANumber, "a score of `letters` is not in [0, 1]"),
        (ShortRow, "`letters` scores 10 of 11 texts"),
        (NoScores, "`letters` gives no scores for `long`"),
        (OtherCategory, "`letters` scores `short`, which is not switched on"),
        (RelativeScores, "the answer of `letters` for text 0 depends on the other texts"),
        (OncePerBatch, "the answer of `letters` for text 0 depends on the other texts"),
        (Quotes, "a reason of `letters` quotes the text"),
        (NoReason, "`letters` does not say why it leaves a text unjudged"),
        (UnjudgedNothing, "`letters` leaves a text unjudged that does not exist"),
        (ShortDigest, "the digest of `letters` is no SHA-256"),
        (OtherDigest, "`letters` has another digest each time"),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else "",
)
def test_names_the_law_that_is_broken(detector: Any, law: str) -> None:
    """Each mutant breaks one law, and is told which."""
    with pytest.raises(AssertionError) as caught:
        detector_contract(_spec(detector), texts=["banana"])

    assert str(caught.value) == law


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ({"id": "Letters"}, "the id `Letters` is not kebab-case"),
        ({"summary": ""}, "`letters` has no summary"),
        ({"version": ""}, "`letters` has no version"),
        ({"entities": (), "categories": ()}, "`letters` declares nothing that it can see"),
        ({"entities": ("A", "A")}, "`letters` declares a name twice"),
        (
            {"settings": Loose},
            "the settings of `letters` accept unknown keys, so a misspelt setting would do nothing",
        ),
        (
            {"enabled": lambda _: ("C",)},
            "`letters` switches on `C`, which it does not declare",
        ),
    ],
)
def test_names_what_is_declared_wrongly(change: Mapping[str, Any], law: str) -> None:
    """A declaration that a policy could not be checked against is refused."""
    with pytest.raises(AssertionError) as caught:
        detector_contract(_spec(**change))

    assert str(caught.value) == law
