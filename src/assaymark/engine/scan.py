"""
What the detectors see, record by record: no counting, no policy, no verdict.

* One line for each record of the subject, in order, whatever is in it: a record without text has no spans,
  one that could not be read says why, and what a detector could not judge is named.
* No text and no matched value is in any line.

tests/cli/test_scan.py holds both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assaymark.engine.held import HeldDetector
from assaymark.errors import RegistryError

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.detector import Detections
    from assaymark.contracts.source import Batch, Source
    from assaymark.model.evidence import Settings

_DIGITS = 6  # of a score: more than any detector means, few enough to read


def scan(
    source: Source, detectors: Mapping[str, Settings], catalog: Catalog, *, name_files: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield what `detectors` see in every record of `source`.

    A record with one text has `field`, `spans` and `scores`. One with several has `field: null`; then
    each span names its field, and a score is the highest over the record's texts.

    Args:
        source: What to read.
        detectors: Settings by detector id; missing settings are defaults.
        catalog: What is installed.
        name_files: Whether lines say which file of the subject they are about.

    Raises:
        RegistryError: A detector is not installed.
        InputError: The subject cannot be read.
        MissingExtraError: A detector needs a part that is not installed.
        DetectorError: A detector cannot start.
        RecognizerError: A recognizer that the policy brings along raised.
    """
    loaded = {name: _load(catalog, name, settings) for name, settings in detectors.items()}
    file, following = None, 0
    for batch in source.batches():
        if batch.file != file:
            file, following = batch.file, 0
        texts = batch.texts.column("text")
        answers = {name: detector.detect(texts) for name, detector in loaded.items()}
        head = {"file": batch.file} if name_files else {}
        for row, line in _lines(batch, answers, following):
            following = row + 1
            yield {**head, "row": row, **line}


def _load(catalog: Catalog, name: str, settings: Settings) -> HeldDetector:
    if name not in catalog.detectors:
        known = ", ".join(catalog.detectors)
        raise RegistryError(f"no detector `{name}` is installed", hint=f"choose from {known}")
    return HeldDetector(catalog.detectors[name], settings)


def _lines(
    batch: Batch, answers: Mapping[str, Detections], following: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield row number and line of every record that `batch` covers, the first at `following`."""
    texts: dict[int, list[int]] = {}
    for index, row in enumerate(batch.texts.column("row").to_pylist()):
        texts.setdefault(row, []).append(index)
    skipped = {each.row: each.reason for each in batch.skipped}
    spans = _spans(answers)
    fields = batch.texts.column("field").to_pylist()
    for row in sorted({*texts, *skipped, *_silent_rows(batch, {*texts, *skipped}, following)}):
        if row in skipped:
            yield row, {"field": None, "spans": [], "scores": {}, "skipped": skipped[row]}
        else:
            yield row, _record(texts.get(row, []), fields, spans, answers)


def _silent_rows(batch: Batch, known: set[int], following: int) -> Iterator[int]:
    """Yield the records that were read and have no text: they fill the gaps between the others."""
    missing = batch.rows - len(known) + len(batch.skipped)
    row = following
    while missing > 0:
        if row not in known:
            missing -= 1
            yield row
        row += 1


def _spans(answers: Mapping[str, Detections]) -> dict[int, list[dict[str, Any]]]:
    """Return the spans by text."""
    found: dict[int, list[dict[str, Any]]] = {}
    for name, answer in answers.items():
        for span in answer.spans:
            place = {"start": span.start, "end": span.end, "entity": span.entity}
            score = round(float(span.score), _DIGITS)
            view = {"view": span.view} if span.view else {}
            found.setdefault(span.text, []).append(
                {**place, "score": score, "detector": name, **view}
            )
    for each in found.values():
        each.sort(key=lambda span: (span["start"], span["end"], span["entity"], span["detector"]))
    return found


def _record(
    indices: list[int],
    fields: list[str],
    spans: Mapping[int, list[dict[str, Any]]],
    answers: Mapping[str, Detections],
) -> dict[str, Any]:
    scores: dict[str, float] = {}
    unjudged: dict[str, str] = {}
    for name, answer in answers.items():
        for index in indices:
            if index in answer.unjudged:
                unjudged[name] = answer.unjudged[index]
                continue
            for category, values in answer.scores.items():
                value = round(float(values[index]), _DIGITS)
                scores[category] = max(value, scores.get(category, 0.0))
    single = len(indices) == 1
    line: dict[str, Any] = {
        "field": fields[indices[0]] if single else None,
        "spans": [
            span if single else {"field": fields[index], **span}
            for index in indices
            for span in spans.get(index, ())
        ],
        "scores": scores,
    }
    return {**line, "unjudged": unjudged} if unjudged else line
