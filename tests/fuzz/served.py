"""
The application that is served, as requests and answers of any kind meet it, and what has to hold for each.

* It answers: no 500, nothing raised out of it, and in time.
* What goes to an upstream, and what leaves in an answer, holds no value that the policy redacts.
* No answer and no line of a log quotes what was refused.

tests/fuzz/test_served.py; scripts/fuzz_served.py for as long as it takes.
"""

from __future__ import annotations

import asyncio
import functools
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from assaymark.engine.catalog import installed_catalog
from assaymark.guard import AnswerMemory, Guard
from assaymark.guard.apis import apis
from assaymark.guard.operations.application import WithPages
from assaymark.guard.proxy.application import ProxyApplication
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.settings import ServerLimits
from assaymark.guard.serving import Decision, OneGuard
from assaymark.guard.verdict import Verdict
from assaymark.guard.watch.pages import Pages
from assaymark.guard.watch.telemetry import Telemetry
from assaymark.policy.load import parse_policy

MAIL, CARD = "zed.quill@example.com", "4111 1111 1111 1111"
SECRET = "zq-Authorization-9317"
"""In headers; nobody ever says it again."""

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o}
detectors: {pii: {entities: [EMAIL_ADDRESS, CREDIT_CARD]}}
requirements:
  - {id: enough, metric: records.count, at_least: 1, on: dataset}
guard:
  uninspected: WAY
  input: [{detector: pii, do: redact}]
  output: [{detector: pii, do: redact}]
  tool_calls: [{detector: pii, do: redact}]
"""
PATIENCE = 20.0
"""Seconds in which every request has to be answered, on a machine with much else to do."""

FAULTS = frozenset({500, 501, 505})


class BrokenLawError(AssertionError):
    """Something does not hold."""


@functools.cache
def guard_that(way: str) -> Guard:
    """Return a guard that takes what nothing reads in one `way`: `block` or `allow`."""
    catalog = installed_catalog()
    policy = parse_policy(POLICY.replace("WAY", way).encode(), "policy.yaml", catalog)
    return Guard(policy, catalog, memory=AnswerMemory(0))


@dataclass(kw_only=True)
class Request:
    """A request, down to its pieces."""

    method: str = "POST"
    path: str = "/"
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(
        default_factory=lambda: [(b"content-type", b"application/json")]
    )
    pieces: Sequence[bytes] = ()
    breaks_off: bool = False
    """Whether the client leaves before the end of the body."""


@dataclass(kw_only=True)
class Answer:
    """What an upstream answers."""

    pieces: Sequence[bytes] = (b"{}",)
    kind: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False
    """Whether the last piece comes again and again."""


@dataclass
class Got:
    """What a client got."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class _Upstreams:
    """Answers as it is told, and keeps what it is sent."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.sent: list[bytes] = []
        self.waited, self.status = 0.0, 200
        self.headers: dict[str, str] = {}

    def __iter__(self) -> Iterator[Any]:
        """Nobody tells which models there are."""
        return iter(())

    async def ask(self, _api: str, _model: str, target: str, body: bytes, _headers: Any) -> Any:
        self.sent += [target.encode(), body]
        self.status = self.answer.status
        self.headers = {"content-type": self.answer.kind, **self.answer.headers}
        return self, self

    async def pieces(self) -> AsyncIterator[bytes]:
        for each in self.answer.pieces:
            yield each
            await asyncio.sleep(0)
        while self.answer.endless:
            yield self.answer.pieces[-1]
            await asyncio.sleep(0)

    async def body(self, most: int) -> bytes:
        from assaymark.guard.proxy.reading import invalid_answer

        data = b""
        async for each in self.pieces():
            data += each
            if len(data) > most:
                raise invalid_answer("it is too large")
        return data

    def failed(self) -> None:
        """Nothing is remembered."""

    async def close(self) -> None:
        """Nothing is open."""


class _Sink:
    """Keeps the last decision, rendered as the log has it."""

    def __init__(self) -> None:
        self.telemetry = Telemetry()
        self.kept: list[bytes] = []

    async def ready(self) -> None:
        """It always is."""

    async def begin(self, decision: Decision) -> None:
        from assaymark.guard.decisions.entry import begun, parse_entry, render_entry

        data = render_entry(begun(decision))
        parse_entry(data)
        self.kept.append(data)

    async def record(self, decision: Decision) -> None:
        from assaymark.guard.decisions.entry import logged, parse_entry, render_entry

        data = render_entry(logged(decision))
        parse_entry(data)
        self.kept.append(data)
        self.telemetry.decided(decision, None)


async def _everybody(_: object) -> None:
    """Let everybody see numbers and decisions."""


class Served:
    """The whole application without sockets.

    Args:
        way: What becomes of what nothing reads.
    """

    def __init__(self, way: str = "block") -> None:
        self.guard = guard_that(way)
        self.upstreams, self.sink = _Upstreams(), _Sink()
        upstreams: Any = self.upstreams
        proxy = ProxyApplication(
            served_dialects(),
            upstreams,
            OneGuard(self.guard),
            limits=ServerLimits(),
            sink=self.sink,
            contracts=apis,
            digest_key=bytes(32),
        )
        pages = Pages(telemetry=self.sink.telemetry, conditions=(), alarms=lambda: ())
        self.app = WithPages(proxy, pages, _everybody)

    async def ask(self, request: Request, answer: Answer | None = None) -> Got:
        """Send one request, and hold every law.

        Raises:
            BrokenLawError: One does not hold.
        """
        self.upstreams.answer = answer or self.upstreams.answer
        self.upstreams.sent, self.sink.kept = [], []
        got = Got()
        with _listening() as said:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._pass(request, got)
            except TimeoutError:
                raise BrokenLawError("it hangs") from None
        self._hold(got, said.getvalue(), left=request.breaks_off)
        return got

    async def _pass(self, request: Request, got: Got) -> None:
        waiting = list(request.pieces) or [b""]

        async def receive() -> Any:
            if waiting:
                more = len(waiting) > 1 or request.breaks_off
                return {"type": "http.request", "body": waiting.pop(0), "more_body": more}
            if request.breaks_off:
                return {"type": "http.disconnect"}
            await asyncio.Event().wait()
            return None

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                got.status, got.headers = message["status"], message["headers"]
            else:
                got.body += message["body"]

        scope = {
            "type": "http",
            "method": request.method,
            "path": request.path,
            "query_string": request.query,
            "headers": request.headers,
        }
        await self.app(scope, receive, send)

    def _hold(self, got: Got, said: str, *, left: bool) -> None:
        is_told = got.status == self.upstreams.answer.status
        demand(is_told or got.status not in FAULTS, f"status {got.status}: {said[-400:]}")
        demand(got.status != 0 or left, "no answer")
        demand(b"internal_error" not in got.body, f"a fault of ours: {said[-400:]}")
        demand("Traceback" not in said, f"a traceback in a log: {said[-2000:]}")
        told = said.encode() + b"".join(self.sink.kept)
        told += b"".join(name + value for name, value in got.headers)
        for value in (MAIL, CARD, SECRET):
            demand(value.encode() not in told, f"`{value}` in a log or a header")
        demand(SECRET.encode() not in got.body, "a key in an answer")
        for sent in self.upstreams.sent:
            # What nothing reads passes where the policy says so, and is named.
            if self.guard.rules.refuses_uninspected:
                self.demand_clean(sent, "an upstream got a value")
            demand(SECRET.encode() not in sent, "an upstream got a key")

    def demand_clean(self, data: bytes, what: str) -> None:
        """Demand that `data`, JSON or not, holds no value that the policy redacts.

        Raises:
            BrokenLawError: It holds one.
        """
        if not any(each in data for each in (b"example.com", b"4111", b"\\u")):
            return
        try:
            texts = list(leaves(json.loads(data)))
        except ValueError:
            texts = [data.decode("utf-8", "replace")]
        for text in texts:
            self.demand_clean_text(text, what)

    def demand_clean_text(self, text: str, what: str) -> None:
        """Likewise of one text: what looks like a value is none if the guard does not find it."""
        if MAIL not in text and CARD not in text:
            return
        checked = self.guard.check_text(text[:100_000])
        demand(checked.verdict is Verdict.ALLOW, f"{what}: {text[:200]!r}")


def leaves(value: Any) -> Iterator[str]:
    """Yield every text and key of a document."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each


def demand(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise where something does not hold.

    Raises:
        BrokenLawError: It does not.
    """
    if not holds:
        raise BrokenLawError(what)


class _listening:  # noqa: N801 - a context manager that reads as a word
    """Everything that is logged meanwhile."""

    def __enter__(self) -> io.StringIO:
        self._text = io.StringIO()
        self._handler = logging.StreamHandler(self._text)
        root = logging.getLogger()
        self._level = root.level
        root.addHandler(self._handler)
        root.setLevel(logging.INFO)
        return self._text

    def __exit__(self, *_: object) -> None:
        root = logging.getLogger()
        root.removeHandler(self._handler)
        root.setLevel(self._level)
