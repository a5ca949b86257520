"""
Finding entries in a decision log that holds.

Every entry is looked at, and the log is verified in the same pass: what is found stands in it. Times are
compared one by one, since a clock may have jumped while the log was written.

tests/guard/decisions/test_search.py
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from assaymark.guard.decisions.entry import id_of, parse_entry
from assaymark.guard.decisions.records import (
    Entry,
    GuardEvent,
    LoggedDecision,
    ShadowDecision,
    StreamBegun,
)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry and where it stands."""

    index: int
    entry: Entry
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; all of it has to fit."""

    since: str | None = None
    """As `written_time` writes it; this moment counts."""

    until: str | None = None
    """This moment does not count."""

    verdicts: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    policy: str | None = None
    """Digest, or how it begins."""

    tenant: str | None = None
    request_id: str | None = None
    api: str | None = None
    kinds: frozenset[str] = frozenset({"decision"})
    """`decision`, `begun`, `shadow` and `event`."""

    def fits(self, entry: Entry) -> bool:
        """Return whether an entry is one that is looked for."""
        if self.since is not None and entry.time < self.since:
            return False
        if self.until is not None and entry.time >= self.until:
            return False
        match entry:
            case LoggedDecision():
                fits_kind = "decision" in self.kinds and self._fits_decision(entry)
            case StreamBegun():
                fits_kind = "begun" in self.kinds and self._fits_begun(entry)
            case ShadowDecision():
                fits_kind = "shadow" in self.kinds and self._fits_shadow(entry)
            case GuardEvent():
                fits_kind = "event" in self.kinds and self._fits_event(entry)
        return fits_kind

    def _fits_decision(self, entry: LoggedDecision) -> bool:
        return (
            self._fits_request(entry)
            and (self.api is None or entry.api == self.api)
            and (
                not self.entities
                or any(each.entity in self.entities for each in entry.findings)
                or any(each.entity in self.entities for each in entry.more)
            )
        )

    def _fits_begun(self, entry: StreamBegun) -> bool:
        return (
            self._fits_request(entry)
            and (self.api is None or entry.api == self.api)
            and not self.entities
        )

    def _fits_shadow(self, entry: ShadowDecision) -> bool:
        return (
            self._fits_request(entry)
            and self.api is None
            and (not self.entities or any(each.entity in self.entities for each in entry.findings))
        )

    def _fits_request(self, entry: LoggedDecision | StreamBegun | ShadowDecision) -> bool:
        return (
            (not self.verdicts or entry.verdict.value in self.verdicts)
            and (self.policy is None or entry.policy.startswith(self.policy))
            and (self.tenant is None or entry.tenant == id_of(self.tenant))
            and (self.request_id is None or entry.request_id == id_of(self.request_id))
        )

    def _fits_event(self, entry: GuardEvent) -> bool:
        others = (self.verdicts, self.entities, self.tenant, self.request_id, self.api)
        digest = entry.detail.get("digest")
        return not any(others) and (
            self.policy is None or (isinstance(digest, str) and digest.startswith(self.policy))
        )


@dataclass(slots=True)
class Search:
    """Takes a log entry by entry, and keeps the last ones that fit.

    Args:
        wanted: What is looked for.
        most: How many are kept.
    """

    wanted: Wanted
    most: int = 100
    seen: int = 0
    fitting: int = 0
    _kept: deque[Found] = field(default_factory=deque)

    def take(self, data: bytes) -> None:
        """Take the next entry.

        Raises:
            LogError: It is no entry of a decision log.
        """
        entry = parse_entry(data)
        if self.wanted.fits(entry):
            self.fitting += 1
            self._kept.append(Found(self.seen, entry, data))
            if len(self._kept) > self.most:
                self._kept.popleft()
        self.seen += 1

    def found(self) -> Iterator[Found]:
        """Yield what was kept, in the order of the log."""
        return iter(self._kept)


@dataclass(slots=True)
class Summary:
    """Takes a log entry by entry, and counts."""

    verdicts: dict[str, int] = field(default_factory=dict)
    shadows: int = 0
    events: int = 0
    unlogged: int = 0
    refused: int = 0
    open: set[str] = field(default_factory=set)
    """Ids of requests whose answers began to leave, and on which there is no decision (yet)."""

    def take(self, data: bytes) -> None:
        """Take the next entry.

        Raises:
            LogError: It is no entry of a decision log.
        """
        entry = parse_entry(data)
        match entry:
            case LoggedDecision():
                name = entry.verdict.value
                self.verdicts[name] = self.verdicts.get(name, 0) + 1
                self.open.discard(entry.request_id)
            case StreamBegun():
                self.open.add(entry.request_id)
            case ShadowDecision():
                self.shadows += 1
            case GuardEvent():
                self.events += 1
                self.unlogged += _count(entry.detail.get("unlogged"))
                self.refused += _count(entry.detail.get("refused"))

    @property
    def decisions(self) -> int:
        """How many decisions there are."""
        return sum(self.verdicts.values())


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
