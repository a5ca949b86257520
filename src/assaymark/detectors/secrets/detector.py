"""
The `secrets` detector: every rule over every text, the surest of overlapping answers kept.

* Only the standard library, no state, no network: a secret is never tried out.
* The span covers the secret, not the name in front of it; an address with a password is one span.
* A longer text costs more in proportion and no worse.

tests/detectors/test_secrets_rules.py shows each rule; test_secrets_speed.py holds the last promise.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

from assaymark.canonical import digest_of
from assaymark.contracts.detector import Detections, Span
from assaymark.detectors.secrets.assignments import ASSIGNMENTS
from assaymark.detectors.secrets.other_services import OTHER_SERVICES
from assaymark.detectors.secrets.private_keys import PRIVATE_KEYS
from assaymark.detectors.secrets.rule import Shelf
from assaymark.detectors.secrets.services import SERVICES
from assaymark.detectors.secrets.settings import SecretsSettings, enabled_entities
from assaymark.detectors.secrets.spec import VERSION
from assaymark.detectors.secrets.structures import STRUCTURES
from assaymark.detectors.secrets.web_tokens import WEB_TOKENS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from assaymark.detectors.secrets.rule import Rule
    from assaymark.model.subject import Sha256

RULES: tuple[Rule, ...] = (
    *PRIVATE_KEYS,
    *WEB_TOKENS,
    *STRUCTURES,
    *SERVICES,
    *OTHER_SERVICES,
    *ASSIGNMENTS,
)
_SHELF = Shelf(RULES)


class _Match(NamedTuple):
    start: int
    end: int
    entity: str
    score: float


class SecretsDetector:
    """The rules behind the detector contract."""

    def __init__(self, settings: SecretsSettings) -> None:
        self._enabled = frozenset(enabled_entities(settings))
        self._min_score = settings.min_score
        self.digest: Sha256 = digest_of(
            {
                "detector": f"secrets {VERSION}",
                "entities": sorted(self._enabled),
                "min_score": settings.min_score,
                "rules": [
                    [each.entity, list(each.literals), each.fold, each.pattern.pattern]
                    for each in RULES
                ],
            }
        )

    def detect(self, texts: pa.StringArray) -> Detections:
        """Judge `texts`; every text is judged."""
        values: list[str] = texts.to_pylist()
        # Most rules have no literal in the whole batch, which one search tells for all its texts.
        shelf = _SHELF if len(values) == 1 else Shelf(_SHELF.applicable("\n".join(values)))
        spans = [
            Span(index, *match)
            for index, text in enumerate(values)
            for match in self._find(text, shelf)
        ]
        return Detections(spans=spans)

    def _find(self, text: str, shelf: Shelf) -> list[_Match]:
        # Rules that are switched off still compete, so that asking for less never renames a span.
        chosen = _surest(_matches(text, shelf.applicable(text)))
        return [
            each
            for each in chosen
            if each.entity in self._enabled and each.score >= self._min_score
        ]


def _matches(text: str, rules: Sequence[Rule]) -> list[_Match]:
    found: list[_Match] = []
    for rule in rules:
        group = "secret" if "secret" in rule.pattern.groupindex else 0
        for match in rule.pattern.finditer(text):
            score = rule.weigh(match)
            if score is not None:
                found.append(_Match(match.start(group), match.end(group), rule.entity, score))
    return found


def _surest(found: list[_Match]) -> list[_Match]:
    """Return matches that do not overlap, in order; the surer, then the longer, wins."""
    kept: list[_Match] = []
    for each in sorted(found, key=lambda m: (-m.score, m.start - m.end, m)):
        place = bisect_left(kept, each)
        free_before = place == 0 or kept[place - 1].end <= each.start
        free_after = place == len(kept) or each.end <= kept[place].start
        if free_before and free_after:
            insort(kept, each)
    return kept
