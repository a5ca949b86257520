"""
Detectors, held to their contract.

INVARIANT: whatever a detector raises or returns, each text comes out either judged as declared, or
unjudged with a reason. A detector that fails, or that answers nonsense such as a score of NaN, cannot
look clean. Reasons name what was wrong and never what a text held. One thing goes through: that a
recognizer of the policy's own raised, which is for whoever wrote the policy to mend (ADR 0018).

tests/engine/test_held.py holds this against every breach that we know.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assaymark.contracts.detector import Detections, DetectorSpec, Explains, Span
from assaymark.detectors.views.settings import NAMES
from assaymark.errors import DetectorError, RecognizerError
from assaymark.model.finding import Moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assaymark.contracts.detector import Detector
    from assaymark.model.evidence import Settings
    from assaymark.model.subject import Sha256


class HeldDetector:
    """A loaded detector whose answers can be relied on in form.

    Args:
        spec: The detector as declared.
        settings: As stored in a policy.

    Raises:
        MissingExtraError: The detector needs a part that is not installed.
        DetectorError: The detector cannot start.
    """

    def __init__(self, spec: DetectorSpec, settings: Settings) -> None:
        parsed = spec.settings.model_validate(dict(settings))
        self._detector: Detector = spec.load(parsed)
        self.labels = spec.labels(parsed)
        """Entities or categories that are switched on."""
        self.categories = tuple(each for each in spec.categories if each in self.labels)
        """Those of `labels` that every answer has a score for."""
        self._entities = {*spec.entities, *self.labels}

    @property
    def digest(self) -> Sha256:
        """Digest of everything that can change an answer."""
        return self._detector.digest

    def detect(self, texts: Any) -> Detections:
        """Judge `texts`. Each category has a score for each text.

        Raises:
            RecognizerError: A recognizer that the policy brings along raised; nothing else is raised.
        """
        try:
            answer = self._detector.detect(texts)
        except RecognizerError:
            raise
        except DetectorError as error:
            return self._none(len(texts), error.message)
        except Exception as error:  # noqa: BLE001 - third-party code; its message may quote the text
            return self._none(len(texts), f"the detector raised {type(error).__name__}")
        try:
            return self._checked(texts, answer)
        except (AttributeError, TypeError, ValueError):
            return self._none(len(texts), _breach("its answer is malformed"))

    def explain(self, text: str, category: str) -> tuple[Moved, ...]:
        """Return the words that moved a score most; none where the detector cannot say. Never raises."""
        if not isinstance(self._detector, Explains):
            return ()
        try:
            given = self._detector.explain(text, category)
            said = [
                Moved(start=int(a.start), end=int(a.end), weight=float(a.weight)) for a in given
            ]
        except Exception:  # noqa: BLE001 - third-party code; a finding without a reason is still a finding
            return ()
        whole = all(
            0 <= each.start < each.end <= len(text) and math.isfinite(each.weight) for each in said
        )
        return tuple(said) if whole else ()

    def _none(self, count: int, reason: str) -> Detections:
        scores = {each: [0.0] * count for each in self.categories}
        return Detections(scores=scores, unjudged=dict.fromkeys(range(count), reason))

    def _checked(self, texts: Any, answer: Detections) -> Detections:
        count = len(texts)
        if any(not 0 <= index < count for index in answer.unjudged) or any(
            not 0 <= each.text < count for each in answer.spans
        ):
            return self._none(count, _breach("it names a text that was not asked about"))
        scores = {name: answer.scores.get(name, ()) for name in self.categories}
        if len(answer.unjudged) == count:
            # Where nothing could be judged, there need not be a score.
            scores = dict.fromkeys(self.categories, [0.0] * count)
        if any(len(each) != count for each in scores.values()):
            return self._none(count, _breach("scores are missing"))
        bad_spans = self._bad_spans(texts, answer.spans)
        bad_scores = _bad_scores(scores.values())
        unjudged = {**bad_scores, **bad_spans, **answer.unjudged}
        # What was seen in a text that could be judged only in part stays: it was seen.
        spans = (each for each in answer.spans if each.text not in bad_spans)
        return Detections(
            # Numbers of numpy have no JSON form.
            spans=sorted(
                Span(int(text), int(start), int(end), entity, float(score), str(view))
                for text, start, end, entity, score, view in spans
            ),
            scores={
                name: [
                    0.0 if index in unjudged else float(each) for index, each in enumerate(values)
                ]
                for name, values in scores.items()
            },
            unjudged=unjudged,
            judged_for={
                index: tuple(each for each in self.labels if each in labels)
                for index, labels in answer.judged_for.items()
                if index in answer.unjudged and index not in bad_spans and index not in bad_scores
            },
            views={
                name: {index: each for index, each in seen.items() if each and _is_form(each)}
                for name, seen in answer.views.items()
                if name in scores
            },
        )

    def _bad_spans(self, texts: Any, spans: Sequence[Span]) -> dict[int, str]:
        bad: dict[int, str] = {}
        lengths: dict[int, int] = {}
        for each in spans:
            length = lengths.get(each.text)
            if length is None:
                length = lengths[each.text] = len(texts[each.text].as_py())
            if not 0 <= each.start <= each.end <= length:
                bad[each.text] = _breach("a span lies outside its text")
            elif each.entity not in self._entities:
                bad[each.text] = _breach("a span has an entity that was not declared")
            elif not _is_score(each.score):
                bad[each.text] = _breach("a score is no number from 0 to 1")
            elif not _is_form(each.view):
                bad[each.text] = _breach("a span was seen in a form that there is not")
        return bad


def _bad_scores(scores: Iterable[Sequence[float]]) -> dict[int, str]:
    return {
        index: _breach("a score is no number from 0 to 1")
        for values in scores
        for index, each in enumerate(values)
        if not _is_score(each)
    }


def _is_form(view: str) -> bool:
    # Reports print it, so it must not be a way for content to get there.
    return not view or set(view.split("+")) <= set(NAMES)


def _is_score(value: float) -> bool:
    return math.isfinite(value) and 0.0 <= value <= 1.0


def _breach(what: str) -> str:
    return f"the detector broke its contract: {what}"
