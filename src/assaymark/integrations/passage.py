"""
One request of a client through a guard, without the network: bytes in, bytes out.

* What goes to the model is judged before it is sent, and what comes back before the client sees it, by the
  same code as in the proxy: blocks have the form of the API, and streams keep the streaming law.
* A request that nothing here can judge is refused, and never sent.

tests/integrations/test_openai_client.py
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from assaymark.guard.asgi.headers import BodyKind, body_kind
from assaymark.guard.asgi.refusals import BLOCKED, RefusedError
from assaymark.guard.asgi.sse import Event, EventReader
from assaymark.guard.guard import Guard
from assaymark.guard.proxy.coverage import Rest
from assaymark.guard.proxy.dialect import Answer, Dialect, OpenAIErrors
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.faults import BLOCKED_STATUS
from assaymark.guard.proxy.judge import Caps, Judge
from assaymark.guard.proxy.reading import answered, invalid_answer, request_object
from assaymark.guard.sessions import Session

_FIRST_FAILURE = 400
_PARAMETERS = {
    "api-version": re.compile(
        r"\d{4}-\d\d-\d\d(?:-[a-z]{1,16})?|v\d{1,2}|preview|latest", re.ASCII
    ),
    "beta": re.compile(r"true|false|[01]"),
}
"""Parameters of these APIs, which say nothing where they look so."""


class Rules:
    """What holds for every request of one client.

    Args:
        guard: Who judges.
        session: Whose pseudonyms are used, or what says that for each request.
        exempt: Patterns of what passes unjudged, such as `GET */models`.
        log: Gets an entry for each request: places and names, never content.
        caps: How much is judged.
    """

    def __init__(
        self,
        guard: Guard,
        session: Session | Callable[[], Session | None] | None,
        exempt: Sequence[str],
        log: Callable[[Mapping[str, Any]], None],
        caps: Caps | None = None,
    ) -> None:
        self.guard, self._session, self._exempt, self.log = guard, session, tuple(exempt), log
        self.caps = Caps() if caps is None else caps
        self._dialects = sorted(served_dialects(), key=lambda each: -len(each.target))

    def is_exempt(self, method: str, path: str) -> bool:
        """Return whether a request passes unjudged."""
        return any(fnmatchcase(f"{method} {path}", each) for each in self._exempt)

    def dialect(self, method: str, path: str) -> Dialect | None:
        """Return the API that a request is of, if that is one that can be judged."""
        if method != "POST":
            return None
        return next((each for each in self._dialects if path.endswith(each.target)), None)

    def session(self) -> Session | None:
        """Return whose pseudonyms are used for a request."""
        return self._session() if callable(self._session) else self._session


class Passage:
    """One request and its answer.

    Args:
        rules: What holds.
        method: Of HTTP.
        path: Of the address that is asked.
        query: Of that address, as it stands there.
    """

    def __init__(self, rules: Rules, method: str, path: str, query: bytes = b"") -> None:
        self._rules, self._query = rules, query
        self._dialect = rules.dialect(method, path)
        self._judge = Judge(rules.guard, rules.session(), rules.caps)
        self._answer: Answer | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._reader = EventReader()
        self._outcome = "passed"
        self._is_logged = False

    # -- the request

    async def request(self, data: bytes) -> bytes:
        """Return the body as it may be sent.

        Raises:
            RefusedError: It may not.
        """
        dialect = self._dialect
        if dialect is None:
            raise RefusedError(
                BLOCKED_STATUS, "not_inspectable", "nothing here can judge requests of this kind"
            )
        if len(data) > self._rules.caps.request:
            raise RefusedError(413, "too_large", "the request is longer than what is judged")
        document = request_object(data)
        await self._judge_query()
        new = await dialect.request(document, self._judge)
        self._answer = dialect.answer(new, self._judge)
        return data if new is document else _written(new)

    async def _judge_query(self) -> None:
        """Refuse parameters that may not pass as they are: nobody could tell what they mean then.

        Raises:
            RefusedError: There are some.
        """
        pairs = parse_qsl(self._query.decode("latin-1"), keep_blank_values=True)
        texts = [
            list(pair)
            for pair in pairs
            if pair[0] not in _PARAMETERS or not _PARAMETERS[pair[0]].fullmatch(pair[1])
        ]
        asked = {"query": texts}
        if texts and await self._judge.rest(asked, [Rest(("query",), texts)]) is not asked:
            message = (
                "the request was blocked by the policy: parameters of its address may not pass"
            )
            raise RefusedError(BLOCKED_STATUS, BLOCKED, message)

    def refusal(self, refused: RefusedError) -> tuple[int, bytes]:
        """Return status and body of the error that the client sees instead of an answer."""
        self._end(refused.code)
        form = OpenAIErrors() if self._dialect is None else self._dialect
        return refused.status, _written(form.error(refused, ""))

    # -- the answer

    def is_stream(self, status: int, headers: Mapping[str, str]) -> bool:
        """Return whether an answer comes in pieces.

        Raises:
            RefusedError: It is of a kind that nothing can judge.
        """
        kind = _kind(headers)
        if status < _FIRST_FAILURE and kind is BodyKind.EVENTS:
            return True
        if kind is not BodyKind.JSON:
            raise invalid_answer("its content type is none of an answer")
        return False

    def demand_room(self, size: int) -> None:
        """Refuse an answer that is too large to be judged.

        Raises:
            RefusedError: It is.
        """
        if size > self._rules.caps.answer:
            raise invalid_answer("it is too large")

    async def whole(self, status: int, data: bytes) -> bytes:
        """Return an answer that came as a whole, as the client may see it.

        Raises:
            RefusedError: It may not.
        """
        document = answered(data)
        if status >= _FIRST_FAILURE:
            # An error may quote the request.
            new = await self._judge.answer_rest(document, [Rest((), document)])
        else:
            new = await self._begun().whole(document)
        self._end("passed" if status < _FIRST_FAILURE else "upstream_error")
        return data if new is document else _written(new)

    @property
    def is_over(self) -> bool:
        """Whether nothing more of a stream comes."""
        return self._answer is not None and self._answer.is_over

    async def piece(self, data: bytes) -> bytes:
        """Take the next bytes of a stream; return those that the client may see.

        Raises:
            RefusedError: It cannot go on.
        """
        answer = self._begun()
        left: list[Event] = []
        for event in self._reader.feed(self._decoded(data)):
            left += await answer.event(event)
            if answer.is_over:
                break
        self.demand_room(self._reader.pending)
        if answer.is_over:
            self._end("passed")
        return _events(left)

    async def end(self) -> bytes:
        """Say that a stream has ended; return the rest.

        Raises:
            RefusedError: It ended in the middle.
        """
        left = [] if self.is_over else await self._begun().end()
        self._end("passed")
        return _events(left)

    def broken(self, refused: RefusedError) -> bytes:
        """Return what ends a stream that cannot go on."""
        self._end(refused.code)
        return _events(self._begun().broken(refused))

    def left(self) -> None:
        """Note that nobody waits for more, or nobody sends it."""
        self._end("interrupted")

    def _begun(self) -> Answer:
        assert self._answer is not None  # noqa: S101 - made before anything is sent
        return self._answer

    def _decoded(self, data: bytes) -> str:
        try:
            return self._decoder.decode(data)
        except UnicodeDecodeError:
            raise invalid_answer("it is not UTF-8") from None

    def _end(self, outcome: str) -> None:
        if self._is_logged:
            return
        self._is_logged = True
        names = frozenset[str]() if self._dialect is None else self._dialect.names
        self._rules.log(
            {
                "api": "" if self._dialect is None else self._dialect.name,
                "policy": self._rules.guard.policy,
                "detectors": dict(self._rules.guard.detectors),
                "outcome": outcome,
                "request": self._judge.request.to_plain(names),
                "response": self._judge.response.to_plain(names),
            }
        )


def _kind(headers: Mapping[str, str]) -> BodyKind | str:
    # What the client decodes itself is no coding here.
    found = [
        (key.lower().encode(), value.encode("latin-1"))
        for key, value in headers.items()
        if key.lower() == "content-type"
    ]
    return body_kind(found)


def _written(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _events(events: Sequence[Event]) -> bytes:
    return "".join(each.written() for each in events).encode()
