"""
Decisions and events as lines of JSON, or as spans of OpenTelemetry; events alone, where somebody should look.

tests/guard/watch/test_lines.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from assaymark.errors import MissingExtraError
from assaymark.guard.decisions.entry import logged
from assaymark.guard.decisions.records import GuardEvent
from assaymark.guard.serving import Decision
from assaymark.model.codec import to_plain
from assaymark.policy.excerpt import one_line

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_NANOSECONDS = 1_000_000_000

_WARNINGS: Mapping[str, str] = {
    "policy-kept": "what lies at `{location}` is not in use, the last good version is: {reason}",
    "vault-unusable": "{reason}; what needs a pseudonym is refused",
    "decisions-unlogged": "{unlogged} answers left whose decisions are not in the log: {reason}",
    "kill-switch": "the kill switch is on: {mode}",
}
"""Events that somebody should look at, and how they are told."""


def is_warning(event: GuardEvent) -> bool:
    """Return whether somebody should look at what happened."""
    return event.event in _WARNINGS and event.detail.get("mode") != "off"


class JsonLines:
    """Writes one line for each decision and event. An `Observer`.

    A line has what the decision log has, without places: `level`, `kind`, and counts of what was found.

    Args:
        stream: Flushed after every line. An error of it ends the lines and nothing else.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def decided(self, decision: Decision, index: int | None) -> None:
        """Write a decision."""
        entry = logged(decision)
        plain = to_plain(entry)
        for key in ("findings", "more", "moreUnjudged", "detectors"):
            del plain[key]
        found: dict[str, int] = {}
        for each in entry.findings:
            found[each.entity] = found.get(each.entity, 0) + 1
        self._write(
            {
                "level": "warning" if index is None else "info",
                "kind": "decision",
                **plain,
                "found": found,
                "unjudged": len(entry.unjudged) + entry.more_unjudged,
                "logged": index,
            }
        )

    def happened(self, event: GuardEvent) -> None:
        """Write an event."""
        level = "warning" if is_warning(event) else "info"
        self._write({"level": level, "kind": "event", **to_plain(event)})

    def _write(self, line: dict[str, Any]) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps(line, separators=(",", ":")) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads any longer; the decision log is what counts.
            self._stream = None


class Warnings:
    """Writes one line for each event that somebody should look at. An `Observer`.

    Args:
        stream: As for `JsonLines`.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def decided(self, decision: Decision, index: int | None) -> None:
        """Write nothing: what was decided is no trouble."""

    def happened(self, event: GuardEvent) -> None:
        """Write an event."""
        if not is_warning(event):
            return
        told = _WARNINGS[event.event].format_map({k: str(v) for k, v in event.detail.items()})
        # Nobody may read any longer; numbers and conditions say the same.
        with suppress(OSError, ValueError):
            self._stream.write(f"warning: {one_line(told)}\n")
            self._stream.flush()


class Spans:
    """Makes a span of each decision, below the span that is current. An `Observer`.

    Args:
        tracer: Of OpenTelemetry; by default the one of the process.

    Raises:
        MissingExtraError: OpenTelemetry is not installed.
    """

    def __init__(self, tracer: Tracer | None = None) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            raise MissingExtraError("spans", extra="otel") from None
        self._tracer = tracer or trace.get_tracer("assaymark.guard")

    def decided(self, decision: Decision, index: int | None) -> None:
        """Make a span from the request to the decision."""
        began = int(decision.time.timestamp() * _NANOSECONDS)
        entry = logged(decision)
        span = self._tracer.start_span(
            "assaymark.guard",
            start_time=began,
            attributes={
                "assaymark.guard.api": entry.api,
                "assaymark.guard.tenant": entry.tenant,
                "assaymark.guard.request_id": entry.request_id,
                "assaymark.guard.policy": entry.policy,
                "assaymark.guard.verdict": entry.verdict.value,
                "assaymark.guard.outcome": entry.outcome,
                "assaymark.guard.entities": sorted({each.entity for each in entry.findings}),
                "assaymark.guard.unjudged": len(entry.unjudged) + entry.more_unjudged,
                "assaymark.guard.overhead": entry.overhead,
                "assaymark.guard.logged": -1 if index is None else index,
            },
        )
        span.end(began + int(decision.latency * _NANOSECONDS))

    def happened(self, event: GuardEvent) -> None:
        """Add an event to the span that is current."""
        from opentelemetry import trace

        trace.get_current_span().add_event(event.event)
