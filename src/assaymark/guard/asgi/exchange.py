"""
One request and its response. All state of the middleware is here.

Nothing of a request reaches the application before the body is whole and judged; nothing of a response leaves
but through the body that judges it. An error after the first byte of a response ends it.

tests/guard/asgi/test_middleware.py and test_streams.py
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from assaymark.errors import UsageError
from assaymark.guard.asgi.account import Account
from assaymark.guard.asgi.bodies import Body, Judging, StreamedText, WholeBody
from assaymark.guard.asgi.event_stream import EventStream
from assaymark.guard.asgi.headers import (
    OF_THE_BYTES,
    BodyKind,
    Headers,
    body_kind,
    told,
    values,
    without,
)
from assaymark.guard.asgi.incoming import ClientLeftError, Incoming, with_headers
from assaymark.guard.asgi.refusals import RefusedError, blocked, unreadable
from assaymark.guard.asgi.routes import fields_of, route_of
from assaymark.policy.guarding import Phase

if TYPE_CHECKING:
    from assaymark.guard.asgi.middleware import GuardMiddleware, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BODILESS = frozenset({204, 205, 304})
_PARTIAL = 206


class Exchange:
    """Serves one request.

    Args:
        gate: The middleware.
        scope: Of the request.
        receive: From the client.
        send: To the client.
    """

    def __init__(self, gate: GuardMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate, self._scope = gate, scope
        self._receive_raw, self._send_raw = receive, send
        self._route = route_of(gate.routes, scope["path"])
        self._session = None if gate.session is None else gate.session(scope)
        self._request, self._response = Account(), Account()
        self._body = b""
        self._is_delivered = False
        self._start: Message | None = None
        self._answer: Body | None = None
        self._refusal: RefusedError | None = None
        """Why a response that has a body does not pass."""
        self._has_begun = False
        self._is_complete = False
        self._over = asyncio.Event()
        self._outcome, self._cause = "passed", ""
        self._status = 0

    async def run(self) -> None:
        """Judge the request, ask the application, judge its response."""
        began = time.monotonic()
        try:
            await self._ask(await self._judged_scope())
        except RefusedError as refused:
            await self._refuse(refused)
        except ClientLeftError:
            self._outcome = "client_left"
        except asyncio.CancelledError:
            self._outcome = "cancelled"
            raise
        finally:
            self._log(time.monotonic() - began)

    async def _judged_scope(self) -> Scope:
        """Return what the application sees, with a body that may pass."""
        if self._route.exempt:
            self._request.reason = self._response.reason = "exempt"
            self._is_delivered = True
            return with_headers(self._scope, without(self._scope["headers"], ()))
        limits = self._gate.limits
        headers: Headers = list(self._scope["headers"])
        incoming = Incoming(self._judging(Phase.INPUT), headers, self._request)
        try:
            data = await incoming.read(self._receive_raw, limits.seconds)
            fields = fields_of(self._route.request)
            self._body = await incoming.judged(data, fields, self._gate.status)
        except RefusedError as refused:
            self._request.give_up(refused.code)
            raise
        except ClientLeftError:
            self._request.give_up("client_left")
            raise
        return with_headers(self._scope, incoming.headers_for(self._body))

    async def _ask(self, scope: Scope) -> None:
        try:
            await self._gate.app(scope, self._receive, self._send)
        except Exception:
            # We told it that nobody waits any more; whatever it makes of that was to be expected.
            if not self._over.is_set():
                self._outcome = "application_failed"
                raise

    # -- both ways

    async def _receive(self) -> Message:
        if not self._is_delivered:
            self._is_delivered = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        message = asyncio.ensure_future(self._receive_raw())
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((message, over), return_when=asyncio.FIRST_COMPLETED)
            found = message.result() if message.done() else {"type": "http.disconnect"}
            if found["type"] == "http.disconnect" and not self._is_complete:
                self._outcome = "client_left" if self._outcome == "passed" else self._outcome
            return found
        finally:
            message.cancel()
            over.cancel()

    async def _send(self, message: Message) -> None:
        if self._over.is_set():
            raise OSError("nobody waits for the response any more")
        if message["type"] == "http.response.start":
            self._begin(message)
        elif message["type"] == "http.response.body":
            await self._pass_on(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise UsageError(f"the application sent `{message['type']}`, which nothing judges")

    def _begin(self, start: Message) -> None:
        self._start = start
        if self._response.reason:
            return
        try:
            answer = self._body_of(start)
        except RefusedError as refused:
            self._refusal = refused
            self._response.give_up(refused.code)
            return
        if not isinstance(answer, str):
            self._answer = answer
        elif self._gate.guard.rules.refuses_uninspected:
            self._refusal = unreadable("response", f"nothing reads its {answer}")
            self._response.reason = answer
        else:
            self._response.reason = answer

    def _body_of(self, start: Message) -> Body | str:
        """Return what judges the response, or, as one word, why nothing can."""
        headers: Headers = list(start.get("headers", ()))
        kind = "partial" if start["status"] == _PARTIAL else body_kind(headers)
        judging = self._judging(Phase.OUTPUT)
        if kind is BodyKind.EVENTS:
            has_fields = self._route.events is not None or self._route.arguments is not None
            return EventStream(judging, self._route) if has_fields else "events"
        if kind is BodyKind.TEXT and not values(headers, b"content-length"):
            return StreamedText(judging)
        if isinstance(kind, BodyKind):
            fields = fields_of(self._route.response)
            return WholeBody(judging, fields, is_json=kind is BodyKind.JSON)
        return str(kind)

    async def _pass_on(self, data: bytes, *, more: bool) -> None:
        if self._start is None:
            raise UsageError("the application sent a body before it began a response")
        if self._is_bodiless():
            data = b""
        if self._refusal is not None and data:
            await self._refuse(self._refusal)
        elif self._answer is None or self._is_bodiless():
            await self._emit(data, more=more, length=None, changed=False)
        else:
            await self._judge(self._answer, data, more=more)

    async def _judge(self, body: Body, data: bytes, *, more: bool) -> None:
        try:
            left = await self._left(body, data, more=more)
        except RefusedError as refused:
            if not body.streams:
                self._response.give_up(refused.code)
            await self._refuse(refused)
            return
        if body.blocked:
            if left:
                await self._emit(left, more=True, length=None, changed=True)
            unjudged = self._response.blocked_unjudged
            await self._refuse(blocked("response", self._gate.status, unjudged=unjudged))
        elif left or not more:
            length = None if body.streams else len(left)
            await self._emit(left, more=more, length=length, changed=body.changed)

    async def _left(self, body: Body, data: bytes, *, more: bool) -> bytes:
        """Return what may leave; whatever comes of it, what was said is kept."""
        try:
            left = await body.feed(data) if data else b""
            if not (more or body.blocked):
                left += await body.finish()
            return left
        finally:
            self._response = body.account

    def _is_bodiless(self) -> bool:
        return self._start is not None and (
            self._scope["method"] == "HEAD" or self._start["status"] in _BODILESS
        )

    async def _emit(self, data: bytes, *, more: bool, length: int | None, changed: bool) -> None:
        if not self._has_begun and self._start is not None:
            gone = (OF_THE_BYTES if changed else frozenset()) | {b"accept-ranges"}
            gone |= {b"content-length"} if length is not None else frozenset()
            headers = without(self._start.get("headers", ()), gone)
            if length is not None:
                headers.append((b"content-length", str(length).encode()))
            await self._send_start(self._start["status"], headers)
        self._is_complete = not more
        await self._send_raw({"type": "http.response.body", "body": data, "more_body": more})

    async def _send_start(self, status: int, headers: Headers) -> None:
        self._has_begun, self._status = True, status
        start = {"type": "http.response.start", "status": status}
        await self._send_raw({**start, "headers": [*headers, *self._told()]})

    async def _refuse(self, refused: RefusedError) -> None:
        """Answer with an error, or, where an answer has begun, end it."""
        self._outcome, self._cause = refused.code, refused.cause
        self._over.set()
        if self._has_begun:
            last = b"" if self._answer is None else self._answer.ending(refused)
        else:
            last = refused.envelope().encode()
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(last)).encode()),
                (b"cache-control", b"no-store"),
            ]
            # The rest of a body that was not read may still come.
            headers += [(b"connection", b"close")] if refused.status in {408, 413} else []
            await self._send_start(refused.status, headers)
        await self._send_raw({"type": "http.response.body", "body": last, "more_body": False})

    # -- what is told

    def _judging(self, phase: Phase) -> Judging:
        limits = self._gate.limits
        cap = limits.request if phase is Phase.INPUT else limits.response
        return Judging(self._gate.guard, phase, self._session, cap, self._route)

    def _told(self) -> Headers:
        lapses = [f"request={each}" for each in self._request.lapses]
        lapses += [f"response={each}" for each in self._response.lapses]
        streams = self._answer is not None and self._answer.streams
        known = "streamed" if streams else self._response.verdict.name.lower()
        return told(
            {
                "policy": self._gate.guard.policy,
                "request": "" if self._request.reason else self._request.verdict.name.lower(),
                "response": "" if self._answer is None or self._response.reason else known,
                "unjudged": ", ".join(lapses),
            }
        )

    def _log(self, seconds: float) -> None:
        route = self._route
        keys = route.keys()
        method = self._scope["method"]
        entry: dict[str, Any] = {
            "route": route.path,
            "method": method if method in _METHODS else "other",
            "status": self._status,
            "outcome": self._outcome,
            "cause": self._cause,
            "policy": self._gate.guard.policy,
            "detectors": dict(self._gate.guard.detectors),
            "request": self._request.to_plain(keys),
            "response": self._response.to_plain(keys),
            "seconds": round(seconds, 6),
        }
        self._gate.log(entry)
