from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from assaymark.contracts.detector import Detections, DetectorSpec, Span
from assaymark.engine.held import HeldDetector
from assaymark.errors import DetectorError, RecognizerError

from .fakes import NoSettings

TEXTS = pa.array(["one", "żółw", ""], pa.large_string())
CLEAN = {"bad": [0.0, 0.0, 0.0]}


def held(answer: Any) -> HeldDetector:
    """A detector that says `answer`, or raises it, about everything."""

    @dataclass
    class Detector:
        digest: str = "0" * 64

        def detect(self, _: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

    spec = DetectorSpec(
        id="d",
        summary="",
        version="1",
        settings=NoSettings,
        entities=("X", "Y"),
        categories=("bad", "off"),
        load=lambda _: Detector(),
        enabled=lambda _: ("X", "bad"),
    )
    return HeldDetector(spec, {})


def none(reason: str) -> Detections:
    """All three texts unjudged."""
    return Detections(scores=CLEAN, unjudged=dict.fromkeys(range(3), reason))


def test_an_answer_in_order_passes_as_it_is() -> None:
    """Spans, scores and reasons are kept; a category that is switched off is left out."""
    answer = Detections(
        spans=[Span(0, 0, 3, "X", 0.5), Span(1, 0, 4, "Y", 1.0)],
        scores={"bad": [0.1, 0.2, 0.3], "off": [1.0, 1.0, 1.0]},
        unjudged={2: "empty"},
    )

    assert held(answer).detect(TEXTS) == Detections(
        spans=[Span(0, 0, 3, "X", 0.5), Span(1, 0, 4, "Y", 1.0)],
        scores={"bad": [0.1, 0.2, 0.0]},
        unjudged={2: "empty"},
    )


def test_spans_are_put_in_order() -> None:
    """Findings must not depend on the order in which a detector thinks."""
    spans = [Span(1, 2, 3, "X", 0.5), Span(0, 1, 2, "Y", 0.5), Span(0, 1, 2, "X", 0.5)]

    answer = held(Detections(spans=spans, scores=CLEAN)).detect(TEXTS)

    assert answer.spans == sorted(spans)


def test_only_an_unjudged_text_is_judged_for_less() -> None:
    """What a text was judged for stands with the reason, in declared labels; not where an answer is bad."""
    answer = Detections(
        spans=[Span(1, 0, 9, "X", 0.5)],
        unjudged={0: "long", 1: "long"},
        judged_for={0: {"Z", "X"}, 1: {"X"}, 2: {"X"}},
        scores=CLEAN,
    )

    assert held(answer).detect(TEXTS).judged_for == {0: ("X",)}


def test_what_was_seen_in_a_text_judged_in_part_is_kept() -> None:
    """A hit before the point where judging stopped is a hit, also where no text was judged in full."""
    span = Span(0, 0, 3, "X", 0.5)

    answer = held(Detections(spans=[span], unjudged={0: "long", 1: "long", 2: "long"}))

    assert answer.detect(TEXTS).spans == [span]
    assert answer.detect(TEXTS).scores == CLEAN


def test_numbers_of_other_libraries_become_plain_ones() -> None:
    """An integer or a float of numpy has no JSON form."""
    numpy = pytest.importorskip("numpy")
    answer = Detections(
        spans=[Span(numpy.int64(0), numpy.int64(0), numpy.int64(2), "X", numpy.float32(0.5))],
        scores={"bad": numpy.array([0.5, 0.25, 1.0], dtype=numpy.float32)},
    )

    found = held(answer).detect(TEXTS)

    assert [type(each) for each in found.spans[0]] == [int, int, int, str, float, str]
    assert [type(each) for each in found.scores["bad"]] == [float, float, float]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DetectorError("the endpoint does not answer"), "the endpoint does not answer"),
        (ValueError("my card is 4111"), "the detector raised ValueError"),
        (MemoryError(), "the detector raised MemoryError"),
    ],
)
def test_what_raises_judges_nothing(error: Exception, reason: str) -> None:
    """An error we promised keeps its message; of any other only the kind is told."""
    assert held(error).detect(TEXTS) == none(reason)


def test_what_the_policy_brings_along_and_raises_goes_through() -> None:
    """It is for whoever wrote the policy to mend, so no text takes the blame (ADR 0018)."""
    with pytest.raises(RecognizerError, match="raised KeyError"):
        held(RecognizerError("the policy's recognizer `r` raised KeyError on a text")).detect(TEXTS)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (None, "its answer is malformed"),
        ("clean", "its answer is malformed"),
        (Detections(spans=[("X",)], scores=CLEAN), "its answer is malformed"),  # type: ignore[list-item]
        (Detections(scores={"bad": [0.0, "high", 0.0]}), "its answer is malformed"),  # type: ignore[list-item]
        (Detections(scores={}), "scores are missing"),
        (Detections(scores={"bad": [0.0, 0.0]}), "scores are missing"),
        (Detections(scores={"off": [0.0, 0.0, 0.0]}), "scores are missing"),
        (
            Detections(spans=[Span(3, 0, 1, "X", 0.5)], scores=CLEAN),
            "it names a text that was not asked about",
        ),
        (
            Detections(spans=[Span(-1, 0, 1, "X", 0.5)], scores=CLEAN),
            "it names a text that was not asked about",
        ),
        (
            Detections(scores=CLEAN, unjudged={7: "why"}),
            "it names a text that was not asked about",
        ),
    ],
)
def test_an_answer_that_makes_no_sense_judges_nothing(answer: Any, what: str) -> None:
    """If one part of an answer cannot be placed, none of it is believed."""
    assert held(answer).detect(TEXTS) == none(f"the detector broke its contract: {what}")


@pytest.mark.parametrize(
    ("span", "what"),
    [
        (Span(1, 0, 5, "X", 0.5), "a span lies outside its text"),
        (Span(1, -1, 2, "X", 0.5), "a span lies outside its text"),
        (Span(1, 3, 2, "X", 0.5), "a span lies outside its text"),
        (Span(1, 0, 1, "Z", 0.5), "a span has an entity that was not declared"),
        (Span(1, 0, 1, "X", 1.5), "a score is no number from 0 to 1"),
        (Span(1, 0, 1, "X", 0.5, "base64+card"), "a span was seen in a form that there is not"),
        (Span(1, 0, 1, "X", math.nan), "a score is no number from 0 to 1"),
    ],
)
def test_a_span_that_makes_no_sense_leaves_its_text_unjudged(span: Span, what: str) -> None:
    """The other texts keep their answers."""
    good = Span(0, 0, 1, "X", 0.5)

    answer = held(Detections(spans=[good, span], scores=CLEAN)).detect(TEXTS)

    assert answer.spans == [good]
    assert answer.unjudged == {1: f"the detector broke its contract: {what}"}


@pytest.mark.parametrize("score", [math.nan, math.inf, -0.1, 1.1])
def test_a_score_that_is_none_leaves_its_text_unjudged(score: float) -> None:
    """NaN is below every threshold, and must not read as clean for it."""
    answer = held(Detections(scores={"bad": [0.9, score, 0.1]})).detect(TEXTS)

    assert answer.scores == {"bad": [0.9, 0.0, 0.1]}
    assert answer.unjudged == {
        1: "the detector broke its contract: a score is no number from 0 to 1"
    }


def test_a_detector_keeps_its_own_reason() -> None:
    """Where a text is unjudged already, what else is wrong with it adds nothing."""
    answer = held(Detections(scores={"bad": [0.0, math.nan, 0.0]}, unjudged={1: "too long"}))

    assert answer.detect(TEXTS).unjudged == {1: "too long"}
