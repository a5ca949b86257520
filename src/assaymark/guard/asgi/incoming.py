"""
The body of a request: read within limits, judged as a whole, and told to the application as it is then.

tests/guard/asgi/test_middleware.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assaymark.guard.asgi.account import Account
from assaymark.guard.asgi.bodies import Judging, WholeBody
from assaymark.guard.asgi.headers import (
    WHOLE_ONLY,
    BodyKind,
    Headers,
    announced,
    body_kind,
    values,
    without,
)
from assaymark.guard.asgi.refusals import RefusedError, blocked, unreadable
from assaymark.inputs.paths import FieldPath

if TYPE_CHECKING:
    from assaymark.guard.asgi.middleware import Receive, Scope


class ClientLeftError(Exception):
    """Nobody waits for an answer."""


class Incoming:
    """One request's body.

    Args:
        judging: Who judges.
        headers: Of the request.
        account: Where it is noted what was said.
    """

    def __init__(self, judging: Judging, headers: Headers, account: Account) -> None:
        self._judging, self._headers, self._account = judging, headers, account

    async def read(self, receive: Receive, seconds: float) -> bytes:
        """Return the body.

        Raises:
            RefusedError: It is too large, or too slow.
            ClientLeftError: The client left before it was whole.
        """
        for each in values(self._headers, b"content-length"):
            self._judging.demand_room(announced(each))
        data = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientLeftError
                    data += message.get("body", b"")
                    self._judging.demand_room(len(data))
                    if not message.get("more_body", False):
                        return bytes(data)
        except TimeoutError:
            message_text = f"the request took more than {seconds:g} s to come"
            raise RefusedError(408, "timeout", message_text) from None

    async def judged(self, data: bytes, fields: Sequence[FieldPath], status: int) -> bytes:
        """Return the body as it may pass.

        Args:
            data: The body.
            fields: What of JSON is judged; see `Guard.check_json`.
            status: Of the answer to what is blocked.

        Raises:
            RefusedError: It does not pass.
        """
        if not data:
            return b""
        kind = body_kind(self._headers)
        if not isinstance(kind, BodyKind) or kind is BodyKind.EVENTS:
            reason = kind if isinstance(kind, str) else "content-type"
            self._account.reason = reason
            if self._judging.guard.rules.refuses_uninspected:
                raise unreadable("request", f"nothing reads its {reason}")
            return data
        body = WholeBody(self._judging, fields, is_json=kind is BodyKind.JSON)
        try:
            left = await body.feed(data) + await body.finish()
        finally:
            self._account.merge(body.account)
        if body.blocked:
            raise blocked("request", status, unjudged=body.account.blocked_unjudged)
        return left

    def headers_for(self, body: bytes) -> Headers:
        """Return the headers that the application sees."""
        gone = WHOLE_ONLY | {b"transfer-encoding", b"content-length"}
        headers = without(self._headers, gone)
        if body:
            headers.append((b"content-length", str(len(body)).encode()))
        return headers


def with_headers(scope: Scope, headers: Headers) -> Scope:
    """Return `scope` with other headers, and without extensions by which a response would pass by us."""
    known = scope.get("extensions") or {}
    extensions = {key: each for key, each in known.items() if key == "tls"}
    return {**scope, "headers": headers, "extensions": extensions}
