"""From decisions to numbers, lines and spans."""

from __future__ import annotations

import asyncio
import builtins
import io
import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from assaymark.errors import MissingExtraError
from assaymark.guard import Verdict
from assaymark.guard.decisions.entry import written_time
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder
from assaymark.guard.decisions.records import GuardEvent
from assaymark.guard.watch.lines import JsonLines, Spans, Warnings
from assaymark.guard.watch.telemetry import Telemetry, rates_of
from guard.decisions.decided import NOW, SIGNER, decision, finding, new_log

from .test_metrics import read

EVENT = GuardEvent(time=written_time(NOW), event="policy-loaded", detail={"name": "bot"})
LAPSE = {
    "side": "response",
    "field": "/choices/0/message/content",
    "detector": "harm",
    "reason": "it was not judged in time",
    "passed": True,
}
TWICE = decision(2, findings=(finding(), finding(start=40, end=59)), unjudged=(LAPSE,))
BLOCKED = decision(3, verdict=Verdict.BLOCK, phase="input", findings=(), outcome="blocked")


def test_numbers_of_decisions() -> None:
    """What is counted, under which labels; labels hold nothing of a request."""
    telemetry = Telemetry()
    telemetry.decided(TWICE, 0)
    telemetry.decided(BLOCKED, None)
    telemetry.happened(EVENT)
    telemetry.committed(2, 0.003)

    found = {
        (name, tuple(value for _, value in labels)): number
        for (name, labels), number in read(telemetry.metrics).items()
        if not name.endswith("_bucket")
    }

    prefix = "assaymark_guard_"
    assert found == {
        (f"{prefix}requests_total", ("chat.completions", "passed", "acme", "redact")): 1,
        (f"{prefix}requests_total", ("chat.completions", "blocked", "acme", "block")): 1,
        (f"{prefix}findings_total", ("redact", "pii", "CREDIT_CARD", "request")): 2,
        (f"{prefix}unjudged_total", ("harm", "true")): 1,
        (f"{prefix}overhead_seconds_sum", ()): 0.004,
        (f"{prefix}overhead_seconds_count", ()): 2,
        (f"{prefix}request_seconds_sum", ("chat.completions",)): 0.5,
        (f"{prefix}request_seconds_count", ("chat.completions",)): 2,
        (f"{prefix}events_total", ("policy-loaded",)): 1,
        (f"{prefix}log_commit_seconds_sum", ()): 0.003,
        (f"{prefix}log_commit_seconds_count", ()): 1,
        (f"{prefix}log_commit_entries_sum", ()): 2,
        (f"{prefix}log_commit_entries_count", ()): 1,
    }


def test_rates_count_requests() -> None:
    """What was found twice in one request is one request; an answer is counted where there was one."""
    telemetry = Telemetry()
    telemetry.decided(TWICE, 0)
    telemetry.decided(BLOCKED, 1)

    rates = rates_of(telemetry.window)

    assert (rates.requests, rates.answered, rates.blocked, rates.redacted) == (2, 1, 1, 1)
    assert (rates.flagged, rates.unjudged) == (0, 1)
    assert rates.failed == {"harm": 1}
    assert rates.found == {("request", "pii/CREDIT_CARD"): 1}


def test_numbers_of_the_log(scratch: Path) -> None:
    """Size, what is unsealed, and what could not be logged."""
    telemetry = Telemetry()
    root = new_log(scratch / "log")
    with DecisionLog.open(root, SIGNER, seal_every=60, on_commit=telemetry.committed) as log:
        recorder = Recorder(log, when_full="continue", observers=[telemetry])
        telemetry.watch_log(log, recorder)
        asyncio.run(recorder.record(decision()))
        found = read(telemetry.metrics)
    asyncio.run(recorder.record(decision()))

    prefix = "assaymark_guard_log_"
    assert {
        name.removeprefix(prefix): number
        for (name, labels), number in found.items()
        if name.startswith(prefix) and not labels and "commit" not in name
    } == {
        "entries_total": 1,
        "unsealed": 1,
        "waiting": 0,
        "writable": 1,
        "unlogged_total": 0,
        "refused_total": 0,
    }
    assert read(telemetry.metrics)[f"{prefix}unlogged_total", ()] == 1


def test_lines() -> None:
    """One line of JSON for each decision and event, with counts in the place of places."""
    stream = io.StringIO()
    lines = JsonLines(stream)
    lines.decided(TWICE, 7)
    lines.decided(BLOCKED, None)
    lines.happened(EVENT)

    first, second, third = map(json.loads, stream.getvalue().splitlines())

    assert first == {
        "level": "info",
        "kind": "decision",
        "time": "2026-06-01T12:00:00.250000Z",
        "requestId": "req-2",
        "tenant": "acme",
        "api": "chat.completions",
        "route": "/v1/chat/completions",
        "phase": "output",
        "outcome": "passed",
        "status": 200,
        "policy": "a" * 64,
        "requestDigest": "c" * 64,
        "verdict": "redact",
        "unjudged": 1,
        "withheld": False,
        "streamed": False,
        "latency": 0.25,
        "overhead": 0.002,
        "found": {"CREDIT_CARD": 2},
        "logged": 7,
    }
    assert (second["level"], second["logged"]) == ("warning", None)
    assert third == {
        "level": "info",
        "kind": "event",
        "time": "2026-06-01T12:00:00.250000Z",
        "event": "policy-loaded",
        "detail": {"name": "bot"},
    }


@pytest.mark.parametrize(
    ("event", "detail", "told"),
    [
        (
            "policy-kept",
            {"location": "p.yaml", "reason": "p.yaml:16: unknown-key: unknown key `guad`"},
            (
                "what lies at `p.yaml` is not in use, the last good version is: "
                "p.yaml:16: unknown-key: unknown key `guad`"
            ),
        ),
        (
            "vault-unusable",
            {"reason": "the vault `v` is gone"},
            "the vault `v` is gone; what needs a pseudonym is refused",
        ),
        (
            "decisions-unlogged",
            {"unlogged": 2, "refused": 0, "reason": "full\x1b"},
            "2 answers left whose decisions are not in the log: full\ufffd",
        ),
        ("kill-switch", {"mode": "pass"}, "the kill switch is on: pass"),
        ("kill-switch", {"mode": "off"}, ""),
        ("policy-loaded", {"name": "bot"}, ""),
    ],
)
def test_what_somebody_should_look_at(event: str, detail: dict[str, Any], told: str) -> None:
    """It is a line of its own, and of a level of its own among those of JSON; all else is no warning."""
    plain, lines = io.StringIO(), io.StringIO()
    happened = GuardEvent(time=EVENT.time, event=event, detail=detail)
    for each in (Warnings(plain), JsonLines(lines)):
        each.happened(happened)
        each.decided(TWICE, 7)

    assert plain.getvalue() == (f"warning: {told}\n" if told else "")
    assert json.loads(lines.getvalue().splitlines()[0])["level"] == ("warning" if told else "info")


def test_warnings_that_nobody_reads() -> None:
    """The server goes on."""
    stream = io.StringIO()
    stream.close()

    Warnings(stream).happened(
        GuardEvent(time=EVENT.time, event="kill-switch", detail={"mode": "pass"})
    )

    assert stream.closed


def test_lines_that_nobody_reads() -> None:
    """A stream that is gone ends the lines and nothing else."""
    stream = io.StringIO()
    lines = JsonLines(stream)
    stream.close()

    lines.happened(EVENT)
    lines.happened(EVENT)

    assert lines._stream is None


def test_spans() -> None:
    """A span from the request to the decision, below the current one, with names and numbers."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    spans = Spans(tracer)

    with tracer.start_as_current_span("server"):
        spans.decided(TWICE, 7)
        spans.happened(EVENT)

    ours, server = exporter.get_finished_spans()
    assert ours.parent is not None
    assert ours.parent.span_id == server.context.span_id
    assert ours.start_time == int(NOW.timestamp() * 1_000_000_000)
    assert ours.end_time - ours.start_time == 250_000_000
    assert dict(ours.attributes) == {
        "assaymark.guard.api": "chat.completions",
        "assaymark.guard.tenant": "acme",
        "assaymark.guard.request_id": "req-2",
        "assaymark.guard.policy": "a" * 64,
        "assaymark.guard.verdict": "redact",
        "assaymark.guard.outcome": "passed",
        "assaymark.guard.entities": ("CREDIT_CARD",),
        "assaymark.guard.unjudged": 1,
        "assaymark.guard.overhead": 0.002,
        "assaymark.guard.logged": 7,
    }
    assert [each.name for each in server.events] == ["policy-loaded"]


def test_spans_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenTelemetry is not installed, the error names the line that installs it."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(MissingExtraError) as raised:
        Spans()

    assert raised.value.hint == "pip install 'assaymark[otel]'"
