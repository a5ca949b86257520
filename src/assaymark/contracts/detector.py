"""
Detectors: from texts to spans and scores.

* Pure: the answer depends on the text and on what `digest` covers, on nothing else.
* Alone or in company: the answer for one text never depends on the other texts of the batch.
* Honest: a text that cannot be judged is in `unjudged` with its reason, never silently clean.

`tests/detectors/test_contract.py` holds all three for every built-in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from assaymark.errors import AssaymarkError
from assaymark.model.evidence import Settings
from assaymark.model.finding import Moved

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

    from assaymark.model.subject import Sha256


class Span(NamedTuple):
    """Something seen in one text."""

    text: int
    """Index of the text in the batch."""

    start: int
    """First character, in Unicode code points of the original text."""

    end: int
    """One past the last character."""

    entity: str
    score: float

    view: str = ""
    """In which other form of the text it was seen, such as `base64`; empty where the text itself shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detections:
    """One detector's answer for one batch of texts."""

    spans: Sequence[Span] = ()
    """Sorted by text, start, end, entity."""

    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Category to one score in [0, 1] for each text; what stands at an unjudged text has no meaning."""

    unjudged: Mapping[int, str] = field(default_factory=dict)
    """Index of each text that could not be judged in full, with the reason. Reasons hold no content."""

    judged_for: Mapping[int, Collection[str]] = field(default_factory=dict)
    """Index of each unjudged text that was judged for some labels all the same, to these labels.

    Whoever does not look here takes the text for unjudged as a whole, which is never too little."""

    views: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """Category to the index of each text whose score is that of another form of it, with the form's name."""


@runtime_checkable
class Explains(Protocol):
    """A detector that can say which words moved a score. On demand: it costs many times a judgement."""

    def explain(self, text: str, category: str) -> Sequence[Moved]:
        """Return the words of `text` that moved its score for `category` most, in their order.

        Pure, as `detect` is. Few or none where no single word matters.
        """
        ...


class Detector(Protocol):
    """A loaded detector."""

    @property
    def digest(self) -> Sha256:
        """Digest of everything that can change an answer."""
        ...

    def detect(self, texts: pa.StringArray) -> Detections:
        """Judge `texts`, an Arrow array of type `large_string` without nulls.

        Raises:
            DetectorError: The detector cannot answer at all. A single text that cannot be judged is
                no error: it goes into `unjudged`.
            RecognizerError: Something that the policy brings along raised; it ends the run.
        """
        ...


class Horizon(Protocol):
    """How much of a detector's answer is final while a text is still arriving."""

    def settled(self, text: str) -> int:
        """Return a place before which every answer is final.

        For every `more`: the spans in `text + more` that begin before the place are those in `text` that do.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSpec:
    """A detector as declared: cheap to import, enough to type-check a policy."""

    id: str
    """Key under `detectors:` in a policy."""

    summary: str
    version: str
    """Changes whenever an answer may change for a reason that is not in the settings."""

    settings: type[BaseModel]
    """What the policy may set. Unknown keys are errors; defaults are filled in before use."""

    entities: tuple[str, ...] = ()
    """What its spans can be called, in order."""

    categories: tuple[str, ...] = ()
    """What its scores can be called, in order."""

    load: Callable[[Any], Detector]
    """Build it from an instance of `settings`. May be slow; imports its libraries here.

    Raises `MissingExtraError`, `MissingModelError` or `DetectorError`.
    """

    enabled: Callable[[Any], tuple[str, ...]] | None = None
    """Entities or categories that these settings switch on; `None` where all of them always are."""

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Title to the labels that a report lists under it, the most telling first."""

    blind_spots: Callable[[Any], tuple[str, ...]] | None = None
    """What these settings leave out although a reader takes it for granted: sentences without a stop."""

    idle: Callable[[Any], Collection[str]] | None = None
    """Names of settings that mean nothing with these, such as an endpoint's for a model on this machine."""

    obstacles: Callable[[Any], Sequence[AssaymarkError]] | None = None
    """What `load` would raise with these settings, as far as can be seen without loading; for `doctor`."""

    remarks: Callable[[Any], Sequence[str]] | None = None
    """What makes it slower than it could be with these settings, for `doctor`: sentences without a stop."""

    horizon: Callable[[Any], Horizon] | None = None
    """Build the horizon for these settings, may be slow; `None` where an answer may hang on the whole text.

    Raises `DetectorError` where something in the settings has none.
    """

    boundless: Callable[[Any], str | None] | None = None
    """Why these settings have no horizon, as far as can be seen without loading: a clause without a stop."""

    quality: Settings = field(default_factory=dict)
    """Measured quality with its source; empty where unmeasured."""

    quality_of: Callable[[Any], Settings] | None = None
    """The same, where it depends on the settings."""

    costly: bool = False
    """Whether a text takes about a millisecond or more, so that looking its answer up beats asking."""

    prompt: Callable[[Any], bool] | None = None
    """Whether with these settings any text of a few thousand characters is judged within milliseconds, and
    nothing is waited for; then an event loop may ask. Nothing is promised where it is `None`."""

    def measured(self, settings: Any) -> Settings:
        """Return the measured quality with `settings`."""
        return self.quality if self.quality_of is None else self.quality_of(settings)

    def without_horizon(self, settings: Any) -> str | None:
        """Return why answers under `settings` may hang on the whole text, `None` if they do not."""
        if self.horizon is None:
            return "its answer may hang on the whole text"
        return None if self.boundless is None else self.boundless(settings)

    def labels(self, settings: Any) -> tuple[str, ...]:
        """Return the entities or categories that `settings` switch on."""
        if self.enabled is not None:
            return self.enabled(settings)
        return self.entities + self.categories
