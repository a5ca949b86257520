"""
One request through the proxy. All state of it is here.

* Nothing is sent on before all of it was judged, and nothing of the answer leaves but what may.
* The decision is recorded once, before the end of the answer leaves; where it cannot be, the end does not.
* A client that leaves takes its request to the upstream with it.

tests/guard/proxy
"""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assaymark.errors import AssaymarkError
from assaymark.guard.asgi.headers import BodyKind, body_kind
from assaymark.guard.asgi.incoming import ClientLeftError
from assaymark.guard.asgi.refusals import BLOCKED, RefusedError
from assaymark.guard.asgi.sse import Event, EventReader
from assaymark.guard.proxy.client import Client
from assaymark.guard.proxy.coverage import Rest
from assaymark.guard.proxy.dialect import Answer, Dialect
from assaymark.guard.proxy.faults import fault, unserved
from assaymark.guard.proxy.forwarding import answer_headers, request_headers, target_of
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.keys import conversation_of
from assaymark.guard.proxy.reading import answered, demand_json, invalid_answer, request_object
from assaymark.guard.proxy.record import Record, Unserved, unlogged
from assaymark.guard.proxy.rerouting import refuse_rerouting
from assaymark.guard.serving import REQUEST, TENANT, NotServedError
from assaymark.guard.sessions import Session

if TYPE_CHECKING:
    from assaymark.guard.proxy.application import ProxyApplication
    from assaymark.guard.proxy.connections import UpstreamAnswer

_SUCCESS, _REFUSED = range(200, 300), range(400, 600)
_OURS = frozenset({401, 403, 407})
"""Statuses by which an upstream says something about our key, not the client's."""


class Exchange:
    """Serves one request.

    Args:
        proxy: The application.
        dialect: The API.
        client: Who asks.
    """

    def __init__(self, proxy: ProxyApplication, dialect: Dialect, client: Client) -> None:
        self._proxy, self._dialect, self._client = proxy, dialect, client
        self._record: Record | None = None
        self._judge: Judge | None = None
        self._answer: Answer | None = None
        self._begun: asyncio.Task[None] | None = None
        self._came = datetime.now(UTC)

    async def run(self) -> None:
        """Judge the request, ask an upstream, judge its answer."""
        try:
            await self._serve()
        except RefusedError as refused:
            await self._refuse(refused)
        except ClientLeftError:
            await self._gone("client_left")
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            await self._refuse(fault(error))
        except asyncio.CancelledError:
            await asyncio.shield(self._gone("cancelled"))
            raise

    async def _serve(self) -> None:
        caller = await self._proxy.keys.caller(self._client)
        limits = self._proxy.limits
        demand_json(self._client.raw_headers)
        data = await self._client.body(limits.caps.request, limits.seconds)
        document = request_object(data)
        async with self._proxy.slots.one():
            judge = self._began(caller.tenant, data)
            await self._demand_log()
            refuse_rerouting(document)
            new = await self._dialect.request(document, judge)
            await self._client.while_there(self._ask(new, judge))

    def _began(self, tenant: str, data: bytes) -> Judge:
        """Find the policy that holds; from here on there is something to record."""
        # The same request is treated alike, also where it names no conversation.
        same = hashlib.sha256(data).hexdigest()
        headers = {**self._client.headers, TENANT: tenant, REQUEST: same}
        name = conversation_of(self._client)
        try:
            served = self._proxy.source.guard_for(headers)
        except AssaymarkError as error:
            if isinstance(error, NotServedError):
                self._record = self._recording(tenant, data, Unserved(error.policy))
                self._record.outcome = error.outcome
            raise unserved(error) from None
        session = None if name is None else Session(served.tenant, name)
        self._judge = Judge(served.guard, session, self._proxy.limits.caps)
        self._record = self._recording(served.tenant, data, self._judge)
        self._record.is_off = served.is_off
        return self._judge

    def _recording(self, tenant: str, data: bytes, judge: Judge | Unserved) -> Record:
        return Record(
            came=self._came,
            request_id=self._client.request_id,
            tenant=tenant,
            dialect=self._dialect,
            judge=judge,
            digest=self._proxy.digest(data),
        )

    async def _demand_log(self) -> None:
        try:
            await self._proxy.sink.ready()
        except AssaymarkError as error:
            raise unlogged(error) from None

    # -- the upstream

    async def _ask(self, document: dict[str, Any], judge: Judge) -> None:
        dialect, proxy = self._dialect, self._proxy
        record = self._recorded()
        model = document.get("model")
        headers = self._client.headers
        target = target_of(dialect, self._client.query)
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        record.sent_on()
        if document.get("stream") is True:
            # While the upstream thinks, so that the first piece need not wait for the disk.
            self._begun = asyncio.create_task(record.begin(proxy.sink))
            self._begun.add_done_callback(lambda done: done.cancelled() or done.exception())
        upstream, answer = await proxy.upstreams.ask(
            dialect.name,
            model if isinstance(model, str) else "",
            target,
            body,
            lambda each: request_headers(dialect, headers, each, forwards_keys=proxy.keys.forwards),
        )
        record.answer_began()
        try:
            await self._pass_on(answer, dialect.answer(document, judge), judge)
        except RefusedError as refused:
            # What it answered as an error was counted when it began.
            if refused.code.startswith("upstream") and answer.status in _SUCCESS:
                upstream.failed()
            raise
        finally:
            record.waited(answer.waited)
            await answer.close()

    async def _pass_on(self, upstream: UpstreamAnswer, answer: Answer, judge: Judge) -> None:
        self._answer = answer
        kind = body_kind([(k.encode(), v.encode("latin-1")) for k, v in upstream.headers.items()])
        if upstream.status in _REFUSED:
            await self._pass_error(upstream, judge, is_json=kind is BodyKind.JSON)
        elif upstream.status not in _SUCCESS:
            raise invalid_answer("its status is none of an answer")
        elif kind is BodyKind.EVENTS:
            await self._stream(upstream, answer)
        elif kind is BodyKind.JSON:
            document = await self._document(upstream)
            new = await answer.whole(document)
            await self._send(200, new, answer_headers(upstream.headers))
        else:
            raise invalid_answer("its content type is none of an answer")

    async def _pass_error(self, upstream: UpstreamAnswer, judge: Judge, *, is_json: bool) -> None:
        if upstream.status in _OURS and not self._proxy.keys.forwards:
            raise RefusedError(
                502, "upstream_refused", "the upstream refused the proxy's key, or wants one"
            )
        if not is_json:
            raise RefusedError(
                502, "upstream_failed", "the upstream failed", cause="its error is no JSON"
            )
        document = await self._document(upstream)
        try:
            new = await judge.answer_rest(document, [Rest((), document)])
        except RefusedError as refused:
            if refused.code != BLOCKED:
                raise
            # Clients go by the status: whether they may try again, and when.
            told = RefusedError(
                upstream.status,
                "upstream_error",
                "the upstream failed; the policy blocks its words",
            )
            new = self._dialect.error(told, self._client.request_id)
        self._recorded().outcome = "upstream_error"
        await self._send(upstream.status, new, answer_headers(upstream.headers))

    async def _document(self, upstream: UpstreamAnswer) -> Any:
        return answered(await upstream.body(self._proxy.limits.caps.answer))

    # -- to the client

    async def _send(self, status: int, document: Any, headers: Mapping[str, str]) -> None:
        """Send an answer as a whole, once its decision is recorded."""
        await self._recorded().keep(self._proxy.sink, status)
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        await self._client.send_whole(status, body, {**headers, **self._recorded().told()})

    async def _stream(self, upstream: UpstreamAnswer, answer: Answer) -> None:
        """Send an answer while it is written; its end once its decision is recorded."""
        self._recorded().streamed = True
        await (self._begun or self._recorded().begin(self._proxy.sink))
        decoder, reader = codecs.getincrementaldecoder("utf-8-sig")(), EventReader()
        last: list[Event] = []
        async for piece in upstream.pieces():
            for event in reader.feed(_decoded(decoder, piece)):
                last += await answer.event(event)
                if answer.is_over:
                    break
                if not answer.is_closing:
                    await self._emit(last, upstream)
                    last = []
            if answer.is_over:
                break
            if reader.pending > self._proxy.limits.caps.answer:
                raise invalid_answer("an event is too large")
        if not answer.is_over:
            last += await answer.end()
        await self._recorded().keep(self._proxy.sink, 200)
        await self._emit(last, upstream)
        await self._client.send_last()

    async def _emit(self, events: list[Event], upstream: UpstreamAnswer) -> None:
        data = "".join(each.written() for each in events).encode()
        if not self._client.has_begun:
            headers = answer_headers(upstream.headers)
            await self._client.begin_stream({**headers, **self._recorded().told()})
        if data:
            await self._client.send_piece(data, self._proxy.limits.seconds)

    async def _refuse(self, refused: RefusedError) -> None:
        """Answer with an error, or, where an answer has begun, end it with one."""
        record = self._record
        if record is not None and not record.is_kept:
            record.outcome = refused.code if record.outcome == "passed" else record.outcome
            try:
                await record.keep(self._proxy.sink, self._client.status or refused.status)
            except RefusedError as not_kept:
                refused = not_kept
        if record is None or refused.cause:
            self._proxy.note(self._dialect, refused, self._client)
        if self._client.has_begun and self._answer is not None:
            events = self._answer.broken(refused)
            data = "".join(each.written() for each in events).encode()
            await self._client.send_piece(data, self._proxy.limits.seconds)
            await self._client.send_last()
        elif not self._client.has_begun:
            body = json.dumps(self._dialect.error(refused, self._client.request_id)).encode()
            told = {} if record is None else record.told()
            await self._client.send_error(refused, body, told)

    async def _gone(self, outcome: str) -> None:
        if self._record is not None and not self._record.is_kept:
            self._record.outcome = outcome
            try:
                await self._record.keep(self._proxy.sink, self._client.status)
            except RefusedError as not_kept:
                self._proxy.note(self._dialect, not_kept, self._client)

    def _recorded(self) -> Record:
        assert self._record is not None  # noqa: S101 - made before anything is sent on
        return self._record


def _decoded(decoder: Any, data: bytes) -> str:
    try:
        text: str = decoder.decode(data)
    except UnicodeDecodeError:
        raise invalid_answer("it is not UTF-8") from None
    return text
