"""
Checks: from detections to findings and measurements.

A check is a monoid. Its state counts; `merge` adds counts; the order of batches, the number of workers,
a kill and a resume change nothing. `tests/checks/test_contract.py` holds that for every built-in.

A check never raises for odd input and never touches the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assaymark.contracts.detector import Detections
    from assaymark.contracts.source import Batch
    from assaymark.contracts.transcript import ProbeCheck
    from assaymark.model.evidence import Coverage
    from assaymark.model.finding import Finding
    from assaymark.model.manifest import Manifest
    from assaymark.model.measurement import Result
    from assaymark.model.metric import Metric
    from assaymark.model.subject import Subject, SubjectKind

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMeta:
    """A check as declared."""

    id: str
    """Kebab-case; names what is measured or wrong, not the fix; never reused."""

    family: str
    """Folder under `checks/`, and first part of its metrics' names."""

    summary: str
    version: str
    """Changes whenever a number may change for the same detections."""

    added: str
    """First version of assaymark that has it."""

    metrics: tuple[Metric, ...]
    on: tuple[SubjectKind, ...]

    detectors: tuple[str, ...] = ()
    """Ids of the detectors whose detections it reads."""

    places: bool = True
    """Whether it has findings; a number about a whole table has none."""


DetectionsById: TypeAlias = "Mapping[str, Detections]"
"""Detector id to its answer for the batch at hand."""


class RowCheck(Protocol[S]):
    """A check over rows.

    The class is constructed with an instance of its `Settings`, and with the labels that each of its
    detectors has switched on: `RateCheck(settings, {"pii": ("CREDIT_CARD", ...)})`.
    """

    meta: ClassVar[CheckMeta]
    Settings: ClassVar[type[BaseModel]]

    # A check whose findings only the whole subject shows, such as texts that come twice, has a method
    # `conclude(state)` that yields them in an order of their own; `concluded` looks for it.

    # A check some of whose labels are words of its own, such as axes, has a mapping `words` from label to all
    # of them; `words_of` looks for it. Without it, a label can be what the check's detectors know. Where its
    # settings choose among those words, a static method `asks_about(settings)` returns the chosen ones by
    # label; `asked_of` looks for it.

    # A check that reads `Batch.cells` has, besides, a static method `columns(settings)` that returns the
    # names of the columns that it asks for; `columns_of` looks for it. One that holds rows against what
    # documents say has a method `compare(state, manifest, subject, *, sampled)` that returns findings and
    # results; `finish` then says what follows where no document says anything.

    def start(self) -> S:
        """Return the state that has seen nothing; the identity of `merge`."""
        ...

    def update(self, state: S, batch: Batch, detections: DetectionsById) -> S:
        """Return `state` having seen `batch` too. May change `state` in place."""
        ...

    def merge(self, a: S, b: S) -> S:
        """Return the state that has seen what `a` and what `b` has seen. Associative, commutative."""
        ...

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:
        """Yield the findings of one batch, in the order of their places."""
        ...

    def finish(self, state: S, *, sampled: bool) -> Iterable[Result]:
        """Return one result for every metric, and for every label a metric is declared with.

        Args:
            state: What was seen.
            sampled: Whether the rows were drawn at random rather than read in full.
        """
        ...


class SubjectCheck(Protocol):
    """A check over a subject as a whole: its size, its documents.

    A check reads no clock. One that must know which day it is has a setting `as_of`, and where the policy
    leaves it at `None`, the engine fills in the day that the run declares, if it declares one.
    """

    meta: ClassVar[CheckMeta]
    Settings: ClassVar[type[BaseModel]]

    def inspect(
        self, subject: Subject, coverage: Coverage, manifest: Manifest
    ) -> tuple[Iterable[Finding], Iterable[Result]]:
        """Return findings and one result for every metric."""
        ...


def concluded(check: RowCheck[Any], state: Any) -> Iterator[Finding]:
    """Yield the findings that only the whole subject shows; mostly none."""
    conclude = getattr(check, "conclude", None)
    return iter(()) if conclude is None else iter(conclude(state))


def words_of(check: CheckType) -> Mapping[str, tuple[str, ...]]:
    """Return what those labels of `check` can be that are words of its own; mostly none."""
    return getattr(check, "words", {})


def asked_of(check: CheckType, settings: BaseModel) -> Mapping[str, tuple[str, ...]]:
    """Return which of the words of a label `check` measures under `settings`; a label left out is whole."""
    chosen = getattr(check, "asks_about", None)
    return {} if chosen is None else chosen(settings)


def columns_of(check: CheckType, settings: BaseModel) -> tuple[str, ...]:
    """Return the names of the columns whose cells `check` asks for under `settings`; mostly none."""
    asks = getattr(check, "columns", None)
    return () if asks is None else tuple(asks(settings))


CheckType: TypeAlias = "type[RowCheck[Any] | SubjectCheck | ProbeCheck[Any]]"
"""A probe check is one that has `prompts`; see `assaymark.contracts.transcript`."""
