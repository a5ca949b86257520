"""
`POST /analyze` and its companions as Presidio's analyzer has them: what the policy's detectors see.

* Asked are the detectors that the policy's rules for `input` name and that find places, with the settings of
  the policy. A client can ask for less of what they find, and bring recognizers along.
* The answer has no place for a text that could not be judged: the call is refused.
* Words of `context` and the reasons of `return_decision_process` are Presidio's own affair: it is asked for
  them beside the detectors, whose finds stay. That is slow, so the texts of such a call are short.

Source: presidio-analyzer 2.2.366, REST API. tests/guard/apis/test_presidio_analyzer.py and
test_presidio_explained.py compare with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from assaymark.detectors.pii.ad_hoc import AdHocRecognizers, Place
from assaymark.detectors.pii.offer import entities_in, recognizers_in
from assaymark.detectors.pii.settings import PiiSettings
from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.presidio_allowed import not_allowed
from assaymark.guard.apis.presidio_forms import (
    AnalysisExplanation,
    AnalyzeRequest,
    presidio_error,
)
from assaymark.guard.apis.reading import (
    RefusedError,
    answering,
    read,
    refuse_unjudged,
    replied,
)
from assaymark.guard.guard import Guard
from assaymark.guard.running import NOBODY, NOT_PROMPT
from assaymark.guard.survey import Sight, Survey, finds_places

if TYPE_CHECKING:
    from assaymark.detectors.pii.explained import Explained, PresidioItself

Reasons: TypeAlias = "dict[tuple[int, int, int, str], dict[str, Any]]"
"""Number of the text, place and entity to why it was told."""

ANALYZE, RECOGNIZERS, SUPPORTED, HEALTH = (
    "/analyze",
    "/recognizers",
    "/supportedentities",
    "/health",
)

_EXPLAINED_CHARACTERS = 100_000
"""Of all texts together, where Presidio itself is asked."""

_CONTEXT_CHARACTERS = 10_000


def analyzer_apis(guard: Guard, cap: int) -> Sequence[Api]:
    """Return the operations.

    Args:
        guard: The guard.
        cap: Bytes of a request at most.
    """
    handler = _Analyzer(guard, cap)

    def answering_errors(inner: Any) -> Any:
        return answering(inner, presidio_error, {422: 400})

    return (
        Api(method="POST", path=ANALYZE, answer=answering_errors(handler.analyze)),
        Api(method="GET", path=RECOGNIZERS, answer=answering_errors(handler.recognizers)),
        Api(method="GET", path=SUPPORTED, answer=answering_errors(handler.supported)),
        Api(method="GET", path=HEALTH, answer=_health),
    )


async def _health(call: Call) -> Reply:  # noqa: ARG001 - the same for every call
    text = b"the guard is up"
    return Reply(status=200, headers={"content-type": "text/plain; charset=utf-8"}, body=text)


class _Analyzer:
    def __init__(self, guard: Guard, cap: int) -> None:
        self._guard, self._cap = guard, cap
        self._survey = Survey(guard, finds_places)
        optics = guard.optics
        settings = {name: optics.settings(name) for name in self._survey.detectors}
        self._pii = [each for each in settings.values() if isinstance(each, PiiSettings)]
        self._others = [
            name for name, each in settings.items() if not isinstance(each, PiiSettings)
        ]
        spoken = [language for each in self._pii for language in each.languages]
        self._languages = tuple(dict.fromkeys(spoken)) or ("en",)
        self._presidio: list[PresidioItself] = []

    # -- what there is

    async def recognizers(self, call: Call) -> Reply:
        found = [
            name
            for language in self._asked(call)
            for each in self._pii
            for name in recognizers_in(each, language)
        ]
        return replied(list(dict.fromkeys([*found, *self._others])))

    async def supported(self, call: Call) -> Reply:
        return replied(
            [name for language in self._asked(call) for name in self._entities(language)]
        )

    def _asked(self, call: Call) -> tuple[str, ...]:
        language = call.query.get("language")
        if not language:
            return self._languages
        self._demand(language)
        return (language,)

    def _demand(self, language: str) -> None:
        if language not in self._languages:
            known = ", ".join(f"`{each}`" for each in self._languages)
            raise RefusedError(
                400, f"the policy reads texts in {known} and in no other language", code="language"
            )

    def _demand_looked_for(self, request: AnalyzeRequest) -> None:
        """Refuse a call that asks only for what nobody looks for: that it is not there could not be said.

        Raises:
            RefusedError: It does. Of what is looked for in part, that part is answered, as by Presidio.
        """
        asked = set(request.entities or ())
        brought = {each.supported_entity for each in request.ad_hoc_recognizers or ()}
        known = self._entities(request.language)
        if asked and not asked & (brought | set(known)):
            names = ", ".join(f"`{each}`" for each in known)
            raise RefusedError(
                400,
                f"the policy looks for none of `entities`; it looks for {names}",
                code="entities",
                field="entities",
            )

    def _entities(self, language: str) -> tuple[str, ...]:
        found = [name for each in self._pii for name in entities_in(each, language)]
        found += [name for each in self._others for name in self._survey.detectors[each]]
        return tuple(dict.fromkeys(found))

    # -- what is in a text

    async def analyze(self, call: Call) -> Reply:
        request = read(AnalyzeRequest, call, self._cap)
        if not request.text:
            raise RefusedError(400, "`text` is empty", code="invalid_request", field="text")
        self._demand(request.language)
        texts = [request.text] if isinstance(request.text, str) else request.text
        _demand_little(request, texts)
        self._demand_looked_for(request)
        sights = await self._survey.aof(texts)
        refuse_unjudged([lapse.reason for each in sights for lapse in each.lapses])
        # Presidio itself and a client's patterns may take their time; all else is a look at what was found.
        is_slow = (
            request.ad_hoc_recognizers
            or request.allow_list
            or request.context
            or request.return_decision_process
        )
        asking = NOT_PROMPT if is_slow else NOBODY
        work = partial(self._answered, request, texts, sights)
        plain = await self._guard.runner.do(work, len(call.body), asking)
        return replied(plain[0] if isinstance(request.text, str) else plain)

    def _answered(
        self, request: AnalyzeRequest, texts: Sequence[str], sights: Sequence[Sight]
    ) -> list[list[dict[str, Any]]]:
        given = [each.model_dump() for each in request.ad_hoc_recognizers or ()]
        places = [[Place(e.start, e.end, e.entity, e.score) for e in each.spans] for each in sights]
        if given:
            places = AdHocRecognizers(given).add(request.language, texts, places)
        reasons: Reasons = {
            (n, each.start, each.end, each.entity): {"recognizer": each.detector}
            for n, sight in enumerate(sights)
            for each in sight.spans
        }
        if request.context or request.return_decision_process:
            for presidio in self._asked_itself():
                found = presidio.of(
                    texts, request.language, context=request.context or (), ad_hoc=given
                )
                places = [_joined(*each) for each in zip(places, found, strict=True)]
                reasons.update(_reasons(found))
        chosen = _chosen(request, texts, places)
        if not request.return_decision_process:
            return [[_plain(each) for each in some] for some in chosen]
        unknown = {"recognizer": "ad hoc"}
        return [
            [_plain(each, reasons.get((n, *each[:3]), unknown)) for each in some]
            for n, some in enumerate(chosen)
        ]

    def _asked_itself(self) -> list[PresidioItself]:
        from assaymark.detectors.pii.explained import PresidioItself

        if not self._presidio:
            # Where two threads come here at once, one of the lists is dropped: nothing is built yet.
            self._presidio = [PresidioItself(each) for each in self._pii]
        return self._presidio


def _demand_little(request: AnalyzeRequest, texts: Sequence[str]) -> None:
    """Refuse what would keep Presidio busy for long.

    Raises:
        RefusedError: The texts are too long for that.
    """
    if sum(map(len, request.context or ())) > _CONTEXT_CHARACTERS:
        raise RefusedError(
            400, f"`context` has more than {_CONTEXT_CHARACTERS:,} characters", code="too_large"
        )
    is_slow = request.context or request.return_decision_process
    if is_slow and sum(map(len, texts)) > _EXPLAINED_CHARACTERS:
        raise RefusedError(
            400,
            f"with `context` or `return_decision_process` a call has at most"
            f" {_EXPLAINED_CHARACTERS:,} characters",
            code="too_large",
        )


def _joined(places: Sequence[Place], found: Sequence[Explained]) -> list[Place]:
    """Return what the detectors and Presidio find, each thing once, with its highest score."""
    from assaymark.detectors.pii.patterns.finding import Match, without_duplicates

    both = [Match(*each) for each in places] + [Match(*each[:4]) for each in found]
    return [Place(*each) for each in without_duplicates(both)]


def _reasons(found: Sequence[Sequence[Explained]]) -> Reasons:
    return {(n, *each[:3]): dict(each.reasons) for n, some in enumerate(found) for each in some}


def _chosen(
    request: AnalyzeRequest, texts: Sequence[str], places: Sequence[Sequence[Place]]
) -> list[list[Place]]:
    """Return what the client wants of what was found, in Presidio's order."""
    wanted = set(request.entities or ())
    least = request.score_threshold or 0.0
    return [
        sorted(
            (
                each
                for each in not_allowed(request, text, some)
                if (not wanted or each.entity in wanted) and each.score >= least
            ),
            key=lambda each: (-each.score, each.start, -each.end, each.entity),
        )
        for text, some in zip(texts, places, strict=True)
    ]


def _plain(place: Place, reasons: Mapping[str, Any] | None = None) -> dict[str, Any]:
    told = None
    if reasons is not None:
        told = AnalysisExplanation.model_validate({**reasons, "score": place.score}).model_dump()
    return {
        "analysis_explanation": told,
        "end": place.end,
        "entity_type": place.entity,
        "score": place.score,
        "start": place.start,
    }
