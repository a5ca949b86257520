"""Alerts over real connections: to the end, not without an end, and telling nothing secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assaymark.errors import UsageError
from assaymark.guard.watch.alarms import Alarm, Notice, Severity
from assaymark.guard.watch.messages import FORMS
from assaymark.guard.watch.metrics import Counter
from assaymark.guard.watch.sending import Destination, Sender, counter
from guard.decisions.decided import NOW

NOTICE = Notice(
    alarm=Alarm(
        name="detector-failure",
        labels=(("detector", "pii"),),
        severity=Severity.CRITICAL,
        summary="`pii` could not judge 3 < 4 & more",
        value=3.0,
    ),
    since=NOW,
)


class Receiver:
    """A real server that answers what a test says."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.arrived = threading.Semaphore(0)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append((self.path, headers, json.loads(body)))
                status = receiver.answers.pop(0) if receiver.answers else 200
                if status:
                    self.send_response(status)
                    if status in (301, 302, 307):
                        self.send_header("location", "/elsewhere")
                    self.send_header("content-length", "0")
                    self.end_headers()
                receiver.arrived.release()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """End the server."""
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server for alerts."""
    made = Receiver()
    yield made
    made.close()


def sent(counted: Counter) -> dict[str, float]:
    """Results and how often each was counted."""
    return {values[1]: number for values, number in counted._values.items()}


def sending(receiver: Receiver, *notices: Notice, form: Any = "webhook", path: str = "") -> Counter:
    """Send notices, and return what was counted."""
    counted = counter()
    destination = Destination(
        form=form, url=receiver.url + path, headers={"authorization": "Bearer t"}
    )
    sender = Sender([destination], sent=counted, pause=0.001)
    for each in notices:
        sender.tell(each)
    sender.stop(wait=30)
    return counted


def test_a_webhook(receiver: Receiver) -> None:
    """The whole message, with the header that the operator set."""
    counted = sending(receiver, NOTICE, path="/hook?x=1")

    ((path, headers, body),) = receiver.got
    assert path == "/hook?x=1"
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Bearer t"
    assert body == {
        "version": "assaymark/alert/v1",
        "status": "firing",
        "service": "assaymark-guard",
        "alert": "detector-failure",
        "severity": "critical",
        "labels": {"detector": "pii"},
        "summary": "`pii` could not judge 3 < 4 & more",
        "value": 3.0,
        "since": "2026-06-01T12:00:00Z",
        "until": None,
    }
    assert sent(counted) == {"sent": 1}


def test_alertmanager(receiver: Receiver) -> None:
    """The body of its API, to the path of its API; the same labels when it is over."""
    over = replace(NOTICE, until=NOW + timedelta(minutes=1))

    sending(receiver, NOTICE, over, form="alertmanager", path="/prefix/")

    labels = {
        "alertname": "AssaymarkDetectorFailure",
        "service": "assaymark-guard",
        "severity": "critical",
        "detector": "pii",
    }
    begun = {
        "labels": labels,
        "annotations": {"summary": "`pii` could not judge 3 < 4 & more"},
        "startsAt": "2026-06-01T12:00:00.250Z",
    }
    assert [each[0] for each in receiver.got] == ["/prefix/api/v2/alerts"] * 2
    assert [each[2] for each in receiver.got] == [
        [begun],
        [begun | {"endsAt": "2026-06-01T12:01:00.250Z"}],
    ]


def test_slack(receiver: Receiver) -> None:
    """A text and a block, with its three special characters written as it asks."""
    sending(receiver, NOTICE, form="slack", path="/services/T0/B0/secret")

    ((path, _, body),) = receiver.got
    assert path == "/services/T0/B0/secret"
    assert body == {
        "text": "firing: detector-failure (critical): 'pii' could not judge 3 &lt; 4 &amp; more",
        "blocks": [
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "*firing: detector-failure (critical)* on assaymark-guard\n"
                    "'pii' could not judge 3 &lt; 4 &amp; more\ndetector pii",
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("answers", "attempts", "expected"),
    [
        pytest.param([200], 1, {"sent": 1}, id="taken"),
        pytest.param([503, 429, 0, 204], 4, {"retried": 3, "sent": 1}, id="taken in the end"),
        pytest.param([400], 1, {"refused": 1}, id="refused"),
        pytest.param([302], 1, {"refused": 1}, id="a redirect is not followed"),
        pytest.param([500] * 9, 6, {"retried": 6, "failed": 1}, id="given up"),
    ],
)
def test_trying_again(
    receiver: Receiver, answers: list[int], attempts: int, expected: dict[str, float]
) -> None:
    """Only where that may help, and not for ever."""
    receiver.answers = answers

    counted = sending(receiver, NOTICE)

    assert len(receiver.got) == attempts
    assert sent(counted) == expected


def test_nobody_there() -> None:
    """A destination that is gone costs nothing but the attempts."""
    counted = counter()
    gone = Destination(form="webhook", url="http://127.0.0.1:9/")
    sender = Sender([gone], sent=counted, pause=0.001, seconds=5)
    sender.tell(NOTICE)
    sender.stop(wait=30)

    assert sent(counted) == {"retried": 6, "failed": 1}


def test_a_destination_that_hangs_holds_up_no_other(receiver: Receiver) -> None:
    """Each has a queue and a thread; what does not fit is dropped and counted, and nobody waits."""
    free = threading.Event()
    counted = counter()
    sender = Sender(
        [
            Destination(form="slack", url="https://127.0.0.1:1/"),
            Destination(form="webhook", url=receiver.url),
        ],
        sent=counted,
    )
    original: Callable[..., Any] = sender.deliver

    def deliver(destination: Destination, notice: Notice) -> None:
        if destination.form == "slack":
            free.wait(30)
        else:
            original(destination, notice)

    sender.deliver = deliver  # type: ignore[method-assign]
    for _ in range(300):
        sender.tell(NOTICE)
        assert receiver.arrived.acquire(timeout=30)
    dropped = counted.value("slack", "dropped")
    free.set()
    sender.stop(wait=30)

    # One is in the hands of the thread, or still in the queue.
    assert dropped in (300 - 256, 300 - 257)
    assert counted.value("webhook", "sent") == 300


@pytest.mark.parametrize(
    "url",
    ["ftp://host/", "host", "http://", "http://user:pass@host/", "http://ho st/", "http://[::1/"],
)
def test_addresses_that_are_none(url: str) -> None:
    """Refused before anything is sent, without quoting what may be a secret."""
    with pytest.raises(UsageError) as raised:
        Destination(form="slack", url=url)

    assert raised.value.message == "expected an http or https address for alerts by slack"


def test_secrets_are_not_shown() -> None:
    """Of an address only the host is shown."""
    destination = Destination(
        form="slack", url="https://hooks.example.com/secret", headers={"authorization": "secret"}
    )

    assert repr(destination) == "Destination(form='slack')"
    assert destination.host == "hooks.example.com"


def test_an_untrusted_certificate_is_refused(receiver: Receiver) -> None:
    """A server that speaks no TLS, or shows no certificate that holds, gets nothing."""
    counted = counter()
    url = receiver.url.replace("http://", "https://")
    sender = Sender([Destination(form="webhook", url=url)], sent=counted, pause=0.001)
    sender.tell(NOTICE)
    sender.stop(wait=30)

    assert receiver.got == []
    assert sent(counted) == {"retried": 6, "failed": 1}


def test_every_form_tells_no_more_than_the_notice() -> None:
    """Each body is made of the notice and the name of the service."""
    for form in FORMS.values():
        text = json.dumps(form(NOTICE, "svc"))
        assert "svc" in text
        assert "detector" in text
