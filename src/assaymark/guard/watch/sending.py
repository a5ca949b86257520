"""
Getting alerts out: a bounded queue, a thread, and retries. The guard never waits for it.

* What does not fit into the queue is dropped and counted; an alarm that lasts is told again anyway.
* An answer of 408, 429 or 5xx, or none, is tried again, later and later; any other refusal is not.
* No redirect is followed, and an address is nobody's to choose but the operator's. It may hold a secret, as
  those of Slack do, so only its host is ever shown.

tests/guard/watch/test_sending.py
"""

from __future__ import annotations

import http.client
import json
import queue
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from assaymark.errors import UsageError
from assaymark.guard.watch.alarms import Notice
from assaymark.guard.watch.messages import FORMS
from assaymark.guard.watch.metrics import Counter

Form: TypeAlias = Literal["webhook", "alertmanager", "slack"]

_MOST_WAITING = 256
_ATTEMPTS = 6
_AGAIN = frozenset({408, 429})
_MOST_ANSWER = 64 * 1024
_PATHS = {"alertmanager": "/api/v2/alerts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where alerts go.

    Raises:
        UsageError: The address is no http or https URL, or holds a user name.
    """

    form: Form

    url: str = field(repr=False)
    """Of an Alertmanager, where it lives; of others, where to post."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Such as `authorization`."""

    def __post_init__(self) -> None:
        """Refuse what nothing can be posted to."""
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            usable = None
        if not usable or "@" in parts.netloc or any(each.isspace() for each in self.url):
            raise UsageError(
                f"expected an http or https address for alerts by {self.form}",
                hint="put a token into a header, not into the address",
            )

    @property
    def host(self) -> str:
        """What may be shown of it."""
        return urlsplit(self.url).hostname or ""


class Sender:
    """Sends notices to every destination.

    Args:
        destinations: Where to.
        service: What this server is called in alerts.
        sent: Counts by `form` and `result`; see `counter`.
        seconds: How long one attempt may take.
        pause: Seconds before the second attempt; each further pause is twice as long.
    """

    def __init__(
        self,
        destinations: Sequence[Destination],
        *,
        service: str = "assaymark-guard",
        sent: Counter | None = None,
        seconds: float = 10.0,
        pause: float = 1.0,
    ) -> None:
        self._service, self._sent = service, sent or counter()
        self._seconds, self._pause = seconds, pause
        self._over = threading.Event()
        self._lines = [_Line(self, each) for each in destinations]

    def tell(self, notice: Notice) -> None:
        """Queue a notice for every destination."""
        for each in self._lines:
            try:
                each.queue.put_nowait(notice)
            except queue.Full:
                self._sent.add(each.destination.form, "dropped")

    def stop(self, *, wait: float = 5.0) -> None:
        """Give what is queued a last chance, and send no more."""
        for each in self._lines:
            each.close(wait)
        self._over.set()

    def deliver(self, destination: Destination, notice: Notice) -> None:
        """Send one notice, trying again where that may help."""
        body = json.dumps(FORMS[destination.form](notice, self._service)).encode()
        for attempt in range(_ATTEMPTS):
            if attempt and self._over.wait(self._pause * 2 ** (attempt - 1)):
                break
            status = self._post(destination, body)
            if status is not None and not (status in _AGAIN or status >= 500):  # noqa: PLR2004 - 5xx
                ok = 200 <= status < 300  # noqa: PLR2004 - 2xx
                self._sent.add(destination.form, "sent" if ok else "refused")
                return
            self._sent.add(destination.form, "retried")
        self._sent.add(destination.form, "failed")

    def _post(self, destination: Destination, body: bytes) -> int | None:
        """Return the status of the answer, or `None` where there was none."""
        parts = urlsplit(destination.url)
        path = parts.path.rstrip("/") + _PATHS.get(destination.form, "") or "/"
        if parts.query:
            path += f"?{parts.query}"
        headers = {"content-type": "application/json", **destination.headers}
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read(_MOST_ANSWER)
        except (OSError, http.client.HTTPException, ValueError):
            return None
        else:
            return answer.status
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self._seconds)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=self._seconds, context=context)


class _Line:
    """A queue and a thread for one destination, so that one that hangs delays no other."""

    def __init__(self, sender: Sender, destination: Destination) -> None:
        self.destination = destination
        self.queue: queue.Queue[Any] = queue.Queue(_MOST_WAITING)
        self._sender = sender
        self._thread = threading.Thread(target=self._work, name="assaymark-alerts", daemon=True)
        self._thread.start()

    def close(self, wait: float) -> None:
        try:
            self.queue.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(wait)

    def _work(self) -> None:
        while (notice := self.queue.get()) is not None:
            self._sender.deliver(self.destination, notice)


def counter() -> Counter:
    """Return the family that counts what became of alerts."""
    return Counter(
        "assaymark_guard_alerts_total",
        "What became of alerts: sent, refused, retried, failed or dropped.",
        ("form", "result"),
    )
