"""What operators fetch."""

from __future__ import annotations

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from assaymark.guard.apis.contract import Call, Reply
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder
from assaymark.guard.watch.alarms import Alarm, Notice
from assaymark.guard.watch.health import Condition, of_log
from assaymark.guard.watch.pages import Pages
from assaymark.guard.watch.telemetry import Telemetry
from guard.decisions.decided import NOW, SIGNER, decision, finding, new_log

from .test_telemetry import BLOCKED, EVENT, TWICE


def answer(pages: Pages, path: str, **query: str) -> Reply:
    """Ask for a page as a server would."""
    (api,) = [each for each in (*pages.probes(), *pages.reports()) if each.path == path]
    assert api.method == "GET"
    return asyncio.run(api.answer(Call(query=query)))  # type: ignore[arg-type]


def conditions(*found: Condition) -> Any:
    """What says how parts are."""
    return [lambda: found]


def test_healthz_says_that_somebody_answers() -> None:
    """Also while nothing else works, or a full disk would have the process restarted."""
    broken = Condition(name="decision-log", is_ok=False, words="full")

    reply = answer(Pages(telemetry=Telemetry(), conditions=conditions(broken)), "/healthz")

    assert (reply.status, reply.body) == (200, b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("found", "status", "body"),
    [
        ([], 200, {"status": "ready", "failing": []}),
        ([Condition(name="a", is_ok=True)], 200, {"status": "ready", "failing": []}),
        (
            [Condition(name="policy acme.yaml", is_ok=False, is_needed=False, words="old")],
            200,
            {"status": "degraded", "failing": ["policy"]},
        ),
        (
            [Condition(name="a", is_ok=False), Condition(name="b", is_ok=True)],
            503,
            {"status": "not ready", "failing": ["a"]},
        ),
    ],
)
def test_readyz_says_what_requests_need(
    found: list[Condition], status: int, body: dict[str, Any]
) -> None:
    """503 while something is missing that they need; kinds of parts, and nothing that names a tenant."""
    reply = answer(Pages(telemetry=Telemetry(), conditions=conditions(*found)), "/readyz")

    assert (reply.status, json.loads(reply.body)) == (status, body)


def test_readyz_of_a_log(scratch: Path) -> None:
    """A log that is open is ready; one that lost decisions says so."""
    with DecisionLog.open(new_log(scratch / "log"), SIGNER) as log:
        recorder = Recorder(log, when_full="continue")
        pages = Pages(telemetry=Telemetry(), conditions=[of_log(log, recorder)])
        before = json.loads(answer(pages, "/readyz").body)
    asyncio.run(recorder.record(decision()))
    after = json.loads(answer(pages, "/readyz").body)

    assert before == {"status": "ready", "failing": []}
    assert after == {"status": "degraded", "failing": ["decisions-logged"]}


def test_metrics() -> None:
    """The text, under the type that Prometheus asks for."""
    telemetry = Telemetry()
    telemetry.decided(TWICE, 0)

    reply = answer(Pages(telemetry=telemetry), "/metrics")

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'assaymark_guard_requests_total{api="chat.completions"' in reply.body


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and where it leads."""
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        """Note that a tag ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)


def outline(reply: Reply) -> Outline:
    """Read a page."""
    found = Outline()
    found.feed(reply.body.decode())
    assert found.open == []
    return found


@pytest.fixture
def busy() -> Pages:
    """Pages of a server at work."""
    telemetry = Telemetry()
    telemetry.decided(TWICE, 1234)
    telemetry.decided(BLOCKED, None)
    evil = decision(4, tenant="<script>", api="<img src=x>", findings=(finding(entity="<b>"),))
    telemetry.decided(evil, 5)
    telemetry.happened(EVENT)
    alarm = Notice(alarm=Alarm(name="drift", summary="5 < 6"), since=NOW)
    return Pages(
        telemetry=telemetry,
        alarms=lambda: [alarm],
        conditions=conditions(
            Condition(name="policy", is_ok=False, words="kept the last good one")
        ),
    )


def test_the_live_page(busy: Pages) -> None:
    """Latest decisions, rates, events, alarms and state; names that look like tags are text."""
    reply = answer(busy, "/live")
    page = outline(reply)
    text = " ".join(" ".join(page.text).split())

    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    for expected in (
        "not ok: policy, kept the last good one",
        "alarm since 2026-06-01T12:00:00.250000Z: drift, 5 < 6",
        "decided 3 100.0%",
        "blocked 1 33.3%",
        "request pii/CREDIT_CARD 1",
        "req-2 acme chat.completions redact CREDIT_CARD passed 1,234",
        "req-3 acme chat.completions block blocked not logged",
        "<img src=x>",
        "policy-loaded",
    ):
        assert expected in text
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "b" not in page.tags


def test_the_live_page_loads_nothing(busy: Pages) -> None:
    """No script, no picture, no font, no address but its own; and the header says so to the browser."""
    reply = answer(busy, "/live")
    page = outline(reply)

    assert set(page.links) <= {"?", "?every=5", "?every=30"}
    assert b"http:" not in reply.body
    assert b"https:" not in reply.body
    assert b"url(" not in reply.body
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_style_is_the_one_that_the_header_allows(busy: Pages) -> None:
    """The hash in the header is that of the style in the page."""
    import base64
    import hashlib

    reply = answer(busy, "/live")
    (style,) = re.findall(r"<style>(.*?)</style>", reply.body.decode(), re.DOTALL)

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in reply.headers["content-security-policy"]


def test_the_live_page_is_accessible(busy: Pages) -> None:
    """A language, a title, one main heading, captions and heads of columns; it moves only on demand."""
    text = answer(busy, "/live").body.decode()
    page = outline(answer(busy, "/live"))

    assert '<html lang="en">' in text
    assert page.tags.count("title") == page.tags.count("h1") == page.tags.count("main") == 1
    assert page.tags.count("caption") == page.tags.count("table") == 4
    assert text.count("<th ") == text.count('<th scope="col">')
    assert 'http-equiv="refresh"' not in text


@pytest.mark.parametrize(
    ("asked", "content"), [("5", "5"), ("30", "30"), ("0", None), ('5"><script>', None)]
)
def test_fetching_again_is_a_choice(busy: Pages, asked: str, content: str | None) -> None:
    """Only in the steps that the page offers; anything else is as if nobody asked."""
    text = answer(busy, "/live", every=asked).body.decode()

    found = re.findall(r'http-equiv="refresh" content="([^"]*)"', text)
    assert found == ([] if content is None else [content])
    assert text.count('aria-current="true"') == 1


def test_an_empty_page() -> None:
    """A server that has seen nothing says so."""
    text = " ".join(outline(answer(Pages(telemetry=Telemetry()), "/live")).text)

    assert "no alarm" in text
    assert text.count("none") == 3
