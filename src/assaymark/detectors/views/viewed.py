"""
A detector that reads every text also as views see it.

* What it says without views, it says with them: views only add.
* A place that a view shows is the place in the original text, and the name of the view is with it. A span
  is kept only where a view changed something in it or beside it: what the plain text shows needs no view.
* Alone or in company: a text is read in its forms whatever else is in the batch.
* A text whose form could not be judged, or that is encoded more deeply than is followed, is unjudged.
* Ordinary text costs one linear scan more, of the batch as it lies in memory.

tests/detectors/views/test_viewed.py holds these.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from assaymark.canonical import digest_of
from assaymark.contracts.detector import Detections, Explains, Span
from assaymark.detectors.views.forms import DEPTH, Form, forms
from assaymark.detectors.views.known import VERSION, VIEWS
from assaymark.detectors.views.triggers import able_to_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from assaymark.contracts.detector import Detector
    from assaymark.detectors.views.view import View
    from assaymark.model.finding import Moved
    from assaymark.model.subject import Sha256

_FEW, _SHORT = 4, 8_192
"""Texts, and characters of them, that are looked at one by one: Arrow compiles a pattern for each batch."""

TOO_DEEP = f"it is encoded more than {DEPTH} layers deep"


class ViewedDetector:
    """A detector behind views.

    Args:
        detector: What judges.
        views: Names of the views, at least one.
    """

    def __init__(self, detector: Detector, views: Sequence[str]) -> None:
        self._detector = detector
        self._views = tuple(each for name, each in VIEWS.items() if name in views)
        self.digest: Sha256 = digest_of(
            {
                "detector": detector.digest,
                "views": [each.name for each in self._views],
                "version": VERSION,
                "unicode": unicodedata.unidata_version,
            }
        )

    def detect(self, texts: pa.StringArray) -> Detections:
        """Judge `texts`, each as it is and in its forms."""
        plain = self._detector.detect(texts)
        shown, unjudged = self._forms(texts)
        if not shown and not unjudged:
            return plain
        answer = self._ask([form for _, form in shown])
        # A label is settled only if every form was judged for it.
        judged_for = {**dict.fromkeys(unjudged, frozenset[str]()), **_as_sets(plain)}
        for place, labels in _as_sets(answer).items():
            index, form = shown[place]
            unjudged.setdefault(index, f"in its {form.name} form: {answer.unjudged[place]}")
            judged_for[index] = judged_for.get(index, labels) & labels
        scores, views = _highest(plain, answer, shown)
        return Detections(
            spans=sorted((*plain.spans, *_added(plain.spans, answer.spans, shown))),
            scores=scores,
            unjudged=dict(sorted({**unjudged, **plain.unjudged}.items())),
            judged_for={index: labels for index, labels in judged_for.items() if labels},
            views=views,
        )

    def explain(self, text: str, category: str) -> Sequence[Moved]:
        """Return the words that moved a score of the text as it is, where the detector can say."""
        return (
            self._detector.explain(text, category) if isinstance(self._detector, Explains) else ()
        )

    def _forms(self, texts: Any) -> tuple[list[tuple[int, Form]], dict[int, str]]:
        """Return the forms of the texts that have some, with their indices, and who is not read in full."""
        shown: list[tuple[int, Form]] = []
        unjudged: dict[int, str] = {}
        for index, text, able in self._suspicious(texts):
            found, whole = forms(text, self._views, able)
            shown.extend((index, form) for form in found)
            if not whole:
                unjudged[index] = TOO_DEEP
        return shown, unjudged

    def _suspicious(self, texts: Any) -> Iterator[tuple[int, str, list[View]]]:
        """Yield the texts that some view might change, with their indices and those views."""
        import pyarrow.compute as pc

        if len(texts) <= _FEW and sum(map(len, few := texts.to_pylist())) <= _SHORT:
            for index, text in enumerate(few):
                views = able_to_change(self._views, text)
                if views:
                    yield index, text, views
            return
        # One pattern a view: together they would need more states than the matcher keeps.
        able: defaultdict[int, list[View]] = defaultdict(list)
        by_signs = [each for each in self._views if each.signs and not each.is_led_by_sign]
        signed = _signed(by_signs, texts)
        for view in self._views:
            rows = None
            if view.is_beyond_ascii:
                is_longer = pc.greater(pc.binary_length(texts), pc.utf8_length(texts))
                rows = pc.indices_nonzero(is_longer)
            elif view in by_signs:
                rows = _signed([view], texts) if signed is None else signed
            looked_at = texts if rows is None else texts.take(rows)
            if len(looked_at):
                hits = pc.indices_nonzero(pc.match_substring_regex(looked_at, view.trigger))
                for index in (hits if rows is None else rows.take(hits)).to_pylist():
                    able[index].append(view)
        for index in sorted(able):
            yield index, texts[index].as_py(), able[index]

    def _ask(self, shown: Sequence[Form]) -> Detections:
        import pyarrow as pa

        if not shown:
            return Detections()
        return self._detector.detect(pa.array([each.text for each in shown], pa.large_string()))


def _signed(views: Sequence[View], texts: Any) -> Any:
    """Return the indices of the texts with a sign of any of `views`, `None` where that is most of them.

    To look for a class of characters takes a fraction of the time that a trigger takes.
    """
    import pyarrow.compute as pc

    if not views:
        return None
    signs = "|".join(each.sign for each in views)
    rows = pc.indices_nonzero(pc.match_substring_regex(texts, signs))
    # To take rows is to copy them.
    return rows if 4 * len(rows) < len(texts) else None


def _as_sets(answer: Detections) -> dict[int, frozenset[str]]:
    """Return for each unjudged text what it was judged for all the same."""
    return {index: frozenset(answer.judged_for.get(index, ())) for index in answer.unjudged}


def _added(
    plain: Iterable[Span], spans: Iterable[Span], shown: Sequence[tuple[int, Form]]
) -> Iterator[Span]:
    """Yield what the forms show and the plain text, or an earlier form, does not."""
    known: defaultdict[tuple[int, str], _Cover] = defaultdict(_Cover)
    for span in plain:
        known[span.text, span.entity].add(span.start, span.end)
    for span in sorted(spans):
        index, form = shown[span.text]
        if span.start == span.end:
            continue
        (start, end), view = form.trace(span.start, span.end)
        if view and known[index, span.entity].add(start, end):
            yield Span(index, start, end, span.entity, span.score, view)


class _Cover:
    """Ranges seen so far, of which none lies in another one that came before it."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> bool:
        """Add a range; return whether no range so far covers it."""
        place = bisect_right(self._starts, start)
        if place and self._ends[place - 1] >= end:
            return False
        # The furthest end of all that begin before, so that one look tells.
        self._starts.insert(place, start)
        self._ends.insert(place, end)
        place += 1
        while place < len(self._ends) and self._ends[place] < end:
            self._ends[place] = end
            place += 1
        return True


def _highest(
    plain: Detections, answer: Detections, shown: Sequence[tuple[int, Form]]
) -> tuple[dict[str, Sequence[float]], dict[str, dict[int, str]]]:
    """Return the highest score of each text over its forms, and whose it is where it is a form's."""
    scores: dict[str, Sequence[float]] = {}
    views: dict[str, dict[int, str]] = {}
    for category, values in plain.scores.items():
        highest = list(values)
        of_forms = answer.scores.get(category, ())
        for place, (score, (index, form)) in enumerate(zip(of_forms, shown, strict=False)):
            if place not in answer.unjudged and score > highest[index]:
                highest[index] = score
                views.setdefault(category, {})[index] = form.name
        scores[category] = highest
    return scores, views
