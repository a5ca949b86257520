"""
An alert as others take it: a plain webhook, Alertmanager, Slack. Names and numbers only.

Sources: Alertmanager, "Alerts API" v2 (`POST /api/v2/alerts`, a list of alerts with `labels`, `annotations`,
`startsAt` and `endsAt`); Slack, "Incoming webhooks" and "Formatting text".
tests/guard/watch/test_messages.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from assaymark.guard.watch.alarms import Notice
from assaymark.model.codec import format_time

_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def webhook(notice: Notice, service: str) -> Any:
    """Return one object; `status` is `firing` or `resolved`."""
    alarm = notice.alarm
    return {
        "version": "assaymark/alert/v1",
        "status": _status(notice),
        "service": service,
        "alert": alarm.name,
        "severity": alarm.severity.value,
        "labels": dict(alarm.labels),
        "summary": alarm.summary,
        "value": alarm.value,
        "since": format_time(notice.since),
        "until": None if notice.until is None else format_time(notice.until),
    }


def alertmanager(notice: Notice, service: str) -> Any:
    """Return the body of `POST /api/v2/alerts`."""
    alarm = notice.alarm
    body: dict[str, Any] = {
        "labels": {
            "alertname": "Assaymark" + "".join(map(str.capitalize, alarm.name.split("-"))),
            "service": service,
            "severity": alarm.severity.value,
            **dict(alarm.labels),
        },
        "annotations": {"summary": alarm.summary},
        "startsAt": _rfc3339(notice.since),
    }
    if notice.until is not None:
        body["endsAt"] = _rfc3339(notice.until)
    return [body]


def slack(notice: Notice, service: str) -> Any:
    """Return a message with a plain text for notifications, and one block."""
    alarm = notice.alarm
    summary = alarm.summary.replace("`", "'").translate(_SLACK)
    head = f"{_status(notice)}: {alarm.name} ({alarm.severity.value})"
    labels = ", ".join(f"{name} {value}" for name, value in alarm.labels).translate(_SLACK)
    lines = [f"*{head}* on {service.translate(_SLACK)}", summary, *([labels] if labels else [])]
    return {
        "text": f"{head}: {summary}",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)}}],
    }


FORMS: Mapping[str, Callable[[Notice, str], Any]] = {
    "webhook": webhook,
    "alertmanager": alertmanager,
    "slack": slack,
}
"""Name to what makes the body."""


def _status(notice: Notice) -> str:
    return "firing" if notice.until is None else "resolved"


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
